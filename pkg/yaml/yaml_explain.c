/*
 * libyaml's complaints in our words: what was expected, what was found, and what people who see
 * this most often did wrong.
 */
#include "base/base.h"

#include "yaml/yaml_internal.h"

/* `place_at_context`: point at where the unfinished thing began, not where the text ran out. */
static const struct translation {
	const char *problem; /* a part of libyaml's text */
	const char *context; /* a part of its context, or NULL for any */
	bool place_at_context;
	const char *message;
	const char *hint;
} translations[] = {
	{ "found unexpected end of stream", "quoted scalar", true, "this quote is never closed",
	  "close it; inside '...' a single quote is written '', inside \"...\" a double quote \\\"" },
	{ "found unexpected document indicator", "quoted scalar", true,
	  "this quote is not closed before the next document", "close it at the end of the text" },
	{ "mapping values are not allowed", NULL, false, "a ': ' is not allowed here",
	  "quote the text if the colon belongs to it (key: \"a: b\"), or check the indentation" },
	{ "block sequence entries are not allowed", NULL, false,
	  "a list item '- ' is not allowed here", "start the list on the line below its key" },
	{ "mapping keys are not allowed", NULL, false, "a key '? ' is not allowed here",
	  "check the indentation of this line" },
	{ "did not find expected key", "block mapping", false,
	  "expected a key of the map that starts on line %zu",
	  "indent this line exactly as the other keys of its map" },
	{ "did not find expected '-' indicator", NULL, false,
	  "expected '- ' or the end of the list that starts on line %zu",
	  "indent this line exactly as the other items, or less to end the list" },
	{ "could not find expected ':'", NULL, true,
	  "expected 'key: value', found no ': ' behind this text",
	  "a line of a map is 'key: value' with a space behind the colon" },
	{ "did not find expected ',' or ']'", NULL, false,
	  "expected ',' or ']' in the list that starts on line %zu", "close the list with ']'" },
	{ "did not find expected ',' or '}'", NULL, false,
	  "expected ',' or '}' in the map that starts on line %zu",
	  "close the map with '}'; quote a text that begins with '{'" },
	{ "found a tab character where", NULL, false, "a tab is not allowed as indentation",
	  "indent with spaces" },
	{ "found a tab character that violates", NULL, false, "a tab is not allowed as indentation",
	  "indent with spaces" },
	{ "found unknown escape character", NULL, false,
	  "an unknown escape in a text in double quotes",
	  "write \\\\ for a backslash, or use single quotes: nothing is escaped there" },
	{ "did not find expected hexdecimal number", NULL, false,
	  "expected hexadecimal digits in this escape", "use \\xNN, \\uNNNN or \\UNNNNNNNN" },
	{ "found invalid Unicode character escape", NULL, false,
	  "this escape is no Unicode character",
	  "write the character itself, or \\UNNNNNNNN instead of a surrogate pair" },
	{ "did not find expected alphabetic or numeric", "alias", true,
	  "expected a name behind '*'", "quote a text that begins with '*'" },
	{ "did not find expected alphabetic or numeric", "anchor", true,
	  "expected a name behind '&'", "quote a text that begins with '&'" },
	{ "did not find expected <document start>", NULL, false,
	  "expected the end of the document, found more text",
	  "check the indentation of this line, or begin a new document with '---'" },
	{ "did not find expected node content", NULL, false, "expected a value",
	  "write null or \"\" for an empty one" },
	{ "did not find expected comment or line break", NULL, false,
	  "expected the end of the line", "begin the text on the line below '|' or '>'" },
	{ "found undefined tag handle", NULL, false, "this tag is not defined",
	  "quote a text that begins with '!'" },
	{ "did not find expected whitespace or line break", "tag", false, "this tag is malformed",
	  "quote a text that begins with '!'" },
	{ "found incompatible YAML document", NULL, false, "this version of YAML is not supported",
	  "remove the %YAML line" },
	{ "indentation indicator", NULL, false, "the indentation behind '|' or '>' must be 1 to 9",
	  NULL },
};

static bool has_part(const char *text, const char *part)
{
	return !part || (text && strstr(text, part));
}

static const struct translation *find_translation(const struct yaml_problem *problem)
{
	for (size_t i = 0; i < ARRAY_LEN(translations); i++)
		if (has_part(problem->problem, translations[i].problem) &&
		    has_part(problem->context, translations[i].context))
			return &translations[i];
	return NULL;
}

/* The tab in the white space that begins the line of `at`, or SIZE_MAX. */
static size_t find_indent_tab(const struct val_source *source, size_t at)
{
	size_t start = at;
	while (start > 0 && source->text[start - 1] != '\n')
		start--;
	for (; start < source->len && (source->text[start] == ' ' || source->text[start] == '\t');
	     start++)
		if (source->text[start] == '\t')
			return start;
	return SIZE_MAX;
}

static err *at_byte(const struct val_source *source, err *take_e, size_t at)
{
	return err_source(take_e, source->name, source->text, source->len, at, at + 1);
}

static bool is_template(const struct val_source *source, size_t at)
{
	size_t start = at;
	while (start > 0 && source->text[start - 1] != '\n')
		start--;
	size_t stop = at;
	while (stop < source->len && source->text[stop] != '\n')
		stop++;
	for (; start + 1 < stop; start++)
		if (source->text[start] == '{' && source->text[start + 1] == '{')
			return true;
	return false;
}

/* "found character that cannot start any token" */
static err *explain_character(const struct val_source *source, size_t at)
{
	char c = at < source->len ? source->text[at] : '\0';
	err *e = err_new(ERR_INVALID, "a text cannot begin with '%c' without quotes", c);
	return at_byte(source, err_hint(e, "put the text in quotes"), at);
}

/* Messages with %zu get the line where the list or map began. */
static err *from_translation(const struct translation *found, const struct yaml_problem *problem)
{
	const char *number = strstr(found->message, "%zu");
	if (!number)
		return err_new(ERR_INVALID, "%s", found->message);
	return err_new(ERR_INVALID, "%.*s%zu%s", (int)(number - found->message), found->message,
	               problem->context_line, number + 3);
}

err *yaml_explain(const struct val_source *source, const struct yaml_problem *problem)
{
	size_t tab = find_indent_tab(source, problem->at);
	if (tab != SIZE_MAX) {
		err *e = err_new(ERR_INVALID, "a tab is not allowed as indentation");
		return at_byte(source, err_hint(e, "indent with spaces"), tab);
	}
	if (has_part(problem->problem, "cannot start any token"))
		return explain_character(source, problem->at);
	const struct translation *found = find_translation(problem);
	if (!found) {
		err *e = err_new(ERR_INVALID, "not valid YAML: %s",
		                 problem->problem ? problem->problem : "unknown problem");
		return at_byte(source, e, problem->at);
	}
	err *e = from_translation(found, problem);
	if (is_template(source, problem->at) || is_template(source, problem->context_at))
		e = err_hint(e,
		             "this looks like a template: quote \"{{ ... }}\", or render it first");
	if (found->hint)
		e = err_hint(e, "%s", found->hint);
	return at_byte(source, e, found->place_at_context ? problem->context_at : problem->at);
}
