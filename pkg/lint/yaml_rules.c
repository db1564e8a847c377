/* Rules about tokens: blanks around signs, document markers, plain values, anchors. */
#include "base/base.h"

#include "lint/family_yaml.h"

/* --- blanks between two tokens --- */

struct gap {
	enum yaml_rule rule;
	int32_t min, max; /* -1: any */
	const char *what; /* "inside braces" */
};

/* Between this token and the next on the same line. */
static void check_gap_after(struct yaml_check *c, const struct gap *gap)
{
	const struct yaml_token *token = &c->token, *next = &c->next;
	if (next->kind == YAML_T_NONE || token->end_line != next->line)
		return;
	int64_t spaces = (int64_t)next->start - token->end;
	if (gap->max != -1 && spaces > gap->max)
		yaml_hit(c, gap->rule, next->start - 1, next->start,
		         yaml_fix_spaces(c, token->end, next->start, (size_t)MAX(gap->max, 0)),
		         "too many spaces %s", gap->what);
	else if (gap->min != -1 && spaces < gap->min)
		yaml_hit(c, gap->rule, next->start, next->start,
		         yaml_fix_spaces(c, token->end, next->start, (size_t)gap->min),
		         "too few spaces %s", gap->what);
}

/* Between the token before and this one on the same line. */
static void check_gap_before(struct yaml_check *c, const struct gap *gap)
{
	const struct yaml_token *prev = &c->prev, *token = &c->token;
	if (prev->kind == YAML_T_NONE || prev->end_line != token->line)
		return;
	if (prev->end > 0 && c->file->text[prev->end - 1] == '\n')
		return;
	int64_t spaces = (int64_t)token->start - prev->end;
	/* `*a :` needs its space, or the colon would belong to the name; so does `a: ,`. */
	bool is_needed = prev->kind == YAML_T_VALUE ||
	                 (prev->kind == YAML_T_ALIAS && token->kind == YAML_T_VALUE);
	size_t wanted = (size_t)MAX(gap->max, is_needed);
	if (gap->max != -1 && spaces > gap->max)
		yaml_hit(c, gap->rule, token->start - 1, token->start,
		         yaml_fix_spaces(c, prev->end, token->start, wanted), "too many spaces %s",
		         gap->what);
	else if (gap->min != -1 && spaces < gap->min)
		yaml_hit(c, gap->rule, token->start, token->start,
		         yaml_fix_spaces(c, prev->end, token->start, (size_t)gap->min),
		         "too few spaces %s", gap->what);
}

struct brackets {
	enum yaml_rule rule;
	enum yaml_token_kind start, end;
	enum yaml_option first; /* of its five options */
	const char *forbidden, *inside, *inside_empty;
};

static void check_brackets(struct yaml_check *c, const struct brackets *b)
{
	enum yaml_token_kind kind = c->token.kind;
	if ((kind != b->start && kind != b->end) || !yaml_is_on(c, b->rule))
		return;
	const int32_t *options = c->style->options + b->first;
	int32_t forbid = options[0];
	bool is_empty = kind == b->start && c->next.kind == b->end;
	struct gap gap = { b->rule, options[1], options[2], b->inside };
	if (kind == b->start && (forbid == 1 || (forbid == YAML_NON_EMPTY && !is_empty))) {
		yaml_hit(c, b->rule, c->token.end, c->token.end, NULL, "%s", b->forbidden);
	} else if (is_empty) {
		gap.min = options[3] != -1 ? options[3] : gap.min;
		gap.max = options[4] != -1 ? options[4] : gap.max;
		gap.what = b->inside_empty;
		check_gap_after(c, &gap);
	} else if (kind == b->start) {
		check_gap_after(c, &gap);
	} else if (c->prev.kind != b->start) {
		check_gap_before(c, &gap);
	}
}

static void check_colons(struct yaml_check *c)
{
	const struct gap before = { YR_COLONS, -1, yaml_option(c, YO_COLONS_BEFORE),
		                    "before colon" };
	struct gap after = { YR_COLONS, -1, yaml_option(c, YO_COLONS_AFTER), "after colon" };
	bool is_needed = c->prev.kind == YAML_T_ALIAS && c->token.start == c->prev.end + 1;
	if (c->token.kind == YAML_T_VALUE && !is_needed) {
		check_gap_before(c, &before);
		check_gap_after(c, &after);
	} else if (c->token.kind == YAML_T_KEY && yaml_is_explicit_key(c, &c->token)) {
		after.what = "after question mark";
		check_gap_after(c, &after);
	}
}

static void check_commas(struct yaml_check *c)
{
	if (c->token.kind != YAML_T_FLOW_ENTRY)
		return;
	const struct gap before = { YR_COMMAS, -1, yaml_option(c, YO_COMMAS_BEFORE),
		                    "before comma" };
	const struct gap after = { YR_COMMAS, yaml_option(c, YO_COMMAS_MIN_AFTER),
		                   yaml_option(c, YO_COMMAS_MAX_AFTER), "after comma" };
	if (before.max != -1 && c->prev.end_line < c->token.line)
		yaml_hit(c, YR_COMMAS, c->token.start - (c->token.column > 0), c->token.end, NULL,
		         "too many spaces before comma");
	else
		check_gap_before(c, &before);
	check_gap_after(c, &after);
}

/* A tab between two tokens: some readers refuse it. */
static void check_tabs(struct yaml_check *c)
{
	if (c->next.kind == YAML_T_NONE || c->next.start <= c->token.end)
		return;
	const char *text = c->file->text, *end = text + c->next.start;
	const char *from = text + c->token.end;
	const char *tab = memchr(from, '\t', (size_t)(end - from));
	const char *stop = tab ? memchr(from, '#', (size_t)(end - from)) : NULL;
	const char *newline = tab ? memchr(from, '\n', (size_t)(end - from)) : NULL;
	if (!tab || (stop && stop < tab) || (newline && newline < tab))
		return;
	if (tab[strspn(tab, " \t")] == '\n' || tab[strspn(tab, " \t")] == '\r' ||
	    tab[strspn(tab, " \t")] == '\0')
		return;
	size_t start = (size_t)(tab - text);
	yaml_hit(c, YR_TABS, start, start + 1,
	         yaml_fix(c, start, start + 1, view_of(" "), "write a space"),
	         "a tab between two values: some readers refuse it");
}

void yaml_check_spaces(struct yaml_check *c)
{
	static const struct brackets braces = { YR_BRACES,
		                                YAML_T_FLOW_MAP,
		                                YAML_T_FLOW_MAP_END,
		                                YO_BRACES_FORBID,
		                                "a map in braces is forbidden",
		                                "inside braces",
		                                "inside empty braces" };
	static const struct brackets brackets = { YR_BRACKETS,
		                                  YAML_T_FLOW_LIST,
		                                  YAML_T_FLOW_LIST_END,
		                                  YO_BRACKETS_FORBID,
		                                  "a list in brackets is forbidden",
		                                  "inside brackets",
		                                  "inside empty brackets" };
	const struct gap hyphen = { YR_HYPHENS, -1, yaml_option(c, YO_HYPHENS_AFTER),
		                    "after hyphen" };
	check_brackets(c, &braces);
	check_brackets(c, &brackets);
	if (yaml_is_on(c, YR_COLONS))
		check_colons(c);
	if (yaml_is_on(c, YR_COMMAS))
		check_commas(c);
	if (c->token.kind == YAML_T_BLOCK_ENTRY && yaml_is_on(c, YR_HYPHENS))
		check_gap_after(c, &hyphen);
	if (yaml_is_on(c, YR_TABS))
		check_tabs(c);
}

/* --- documents --- */

/* The whole line of a marker, when there is nothing else on it. */
static const struct lint_fix *fix_marker(struct yaml_check *c)
{
	const char *text = c->file->text;
	size_t end = c->token.end + strspn(text + c->token.end, " \t\r");
	if (end < c->file->len && text[end] != '\n')
		return NULL;
	return yaml_fix(c, c->token.start, MIN(end + 1, c->file->len), view_of(""),
	                "remove the line");
}

static void check_document_start(struct yaml_check *c)
{
	enum yaml_token_kind kind = c->token.kind, prev = c->prev.kind;
	bool is_directive = kind == YAML_T_VERSION || kind == YAML_T_TAG_DIRECTIVE;
	if (!yaml_option(c, YO_DOCUMENT_START)) {
		if (kind == YAML_T_DOCUMENT_START)
			yaml_hit(c, YR_DOCUMENT_START, c->token.start, c->token.end,
			         prev == YAML_T_STREAM_START ? fix_marker(c) : NULL,
			         "the document start \"---\" is forbidden");
		return;
	}
	bool is_begin = prev == YAML_T_STREAM_START || prev == YAML_T_DOCUMENT_END ||
	                prev == YAML_T_VERSION || prev == YAML_T_TAG_DIRECTIVE;
	if (!is_begin || is_directive || kind == YAML_T_DOCUMENT_START || kind == YAML_T_STREAM_END)
		return;
	size_t line = yaml_start_of_line(c, c->token.start);
	bool has_bom = line == 0 && (unsigned char)c->file->text[0] == 0xef;
	line += has_bom ? 3 : 0;
	yaml_hit(c, YR_DOCUMENT_START, line, c->token.end,
	         yaml_fix(c, line, line, view_of("---\n"), "put \"---\" in front of the document"),
	         "the document start \"---\" is missing");
}

static void hit_missing_end(struct yaml_check *c, size_t at, size_t insert)
{
	const char *text = c->file->text;
	/* In front of blank lines, which are too many at the end of the file. */
	while (insert > 0 && text[insert - 1] == '\n') {
		size_t line = yaml_start_of_line(c, insert - 1);
		if (line + strspn(text + line, " \t\r") != insert - 1)
			break;
		insert = line;
	}
	bool has_line_end = insert == 0 || text[insert - 1] == '\n';
	yaml_hit(c, YR_DOCUMENT_END, at, at,
	         has_line_end ? yaml_fix(c, insert, insert, view_of("...\n"),
	                                 "put \"...\" behind the document")
	                      : NULL,
	         "the document end \"...\" is missing");
}

static void check_document_end(struct yaml_check *c)
{
	enum yaml_token_kind kind = c->token.kind, prev = c->prev.kind;
	if (!yaml_option(c, YO_DOCUMENT_END)) {
		if (kind == YAML_T_DOCUMENT_END)
			yaml_hit(c, YR_DOCUMENT_END, c->token.start, c->token.end, fix_marker(c),
			         "the document end \"...\" is forbidden");
		return;
	}
	bool is_ended = prev == YAML_T_DOCUMENT_END || prev == YAML_T_STREAM_START;
	bool is_directive = prev == YAML_T_VERSION || prev == YAML_T_TAG_DIRECTIVE;
	size_t line = yaml_start_of_line(c, c->token.start);
	if (kind == YAML_T_STREAM_END && !is_ended)
		hit_missing_end(c, line > 0 ? yaml_start_of_line(c, line - 1) : 0, c->token.start);
	else if (kind == YAML_T_DOCUMENT_START && !is_ended && !is_directive)
		hit_missing_end(c, line, line);
}

void yaml_check_documents(struct yaml_check *c)
{
	if (yaml_is_on(c, YR_DOCUMENT_START))
		check_document_start(c);
	if (yaml_is_on(c, YR_DOCUMENT_END))
		check_document_end(c);
}

/* --- values --- */

static void check_empty_values(struct yaml_check *c)
{
	enum yaml_token_kind kind = c->token.kind, next = c->next.kind;
	bool is_end = next == YAML_T_KEY || next == YAML_T_BLOCK_END;
	size_t at = c->token.end;
	if (kind == YAML_T_VALUE && is_end && yaml_option(c, YO_EMPTY_IN_BLOCK_MAPS))
		yaml_hit(c, YR_EMPTY_VALUES, at, at, NULL, "empty value in a block map");
	if (kind == YAML_T_VALUE && (next == YAML_T_FLOW_ENTRY || next == YAML_T_FLOW_MAP_END) &&
	    yaml_option(c, YO_EMPTY_IN_FLOW_MAPS))
		yaml_hit(c, YR_EMPTY_VALUES, at, at, NULL, "empty value in a flow map");
	if (kind == YAML_T_BLOCK_ENTRY && (is_end || next == YAML_T_BLOCK_ENTRY) &&
	    yaml_option(c, YO_EMPTY_IN_BLOCK_LISTS))
		yaml_hit(c, YR_EMPTY_VALUES, at, at, NULL, "empty value in a block list");
}

static size_t skip_digits(struct view v, size_t at)
{
	while (at < v.len && v.ptr[at] >= '0' && v.ptr[at] <= '9')
		at++;
	return at;
}

static bool is_one_of(struct view v, const char *const *words)
{
	for (; *words; words++)
		if (view_is(v, *words))
			return true;
	return false;
}

struct number {
	bool has_whole;    /* digits in front of the point */
	bool has_fraction; /* a point; behind it digits, unless there is a whole part */
	bool has_exponent;
};

/* [sign] digits [. digits] [e [sign] digits]: all of it? */
static bool read_number(struct view v, struct number *n)
{
	*n = (struct number){ 0 };
	size_t at = v.len > 0 && (v.ptr[0] == '+' || v.ptr[0] == '-'), start = at;
	at = skip_digits(v, at);
	n->has_whole = at > start;
	if (at < v.len && v.ptr[at] == '.') {
		size_t digits = skip_digits(v, at + 1);
		if (!n->has_whole && digits == at + 1)
			return false;
		n->has_fraction = true;
		at = digits;
	}
	if (!n->has_whole && !n->has_fraction)
		return false;
	if (at < v.len && (v.ptr[at] == 'e' || v.ptr[at] == 'E')) {
		at++;
		at += at < v.len && (v.ptr[at] == '+' || v.ptr[at] == '-');
		size_t digits = skip_digits(v, at);
		n->has_exponent = digits > at;
		at = n->has_exponent ? digits : v.len + 1;
	}
	return at == v.len;
}

static void hit_value(struct yaml_check *c, enum yaml_rule rule, const char *what)
{
	yaml_hit(c, rule, c->token.start, c->token.end, NULL, "%s \"%.*s\"", what,
	         (int)MIN(c->token.value.len, (size_t)64), c->token.value.ptr);
}

static void check_float(struct yaml_check *c)
{
	static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };
	static const char *const infs[] = { ".inf", ".Inf", ".INF", NULL };
	struct view v = c->token.value, unsigned_ = v;
	if (v.len && (v.ptr[0] == '+' || v.ptr[0] == '-'))
		unsigned_ = (struct view){ v.ptr + 1, v.len - 1 };
	struct number n;
	if (yaml_option(c, YO_FLOAT_NAN) && is_one_of(v, nans))
		hit_value(c, YR_FLOAT_VALUES, "forbidden value that is no number");
	if (yaml_option(c, YO_FLOAT_INF) && is_one_of(unsigned_, infs))
		hit_value(c, YR_FLOAT_VALUES, "forbidden infinite value");
	if (!read_number(v, &n))
		return;
	if (yaml_option(c, YO_FLOAT_SCIENTIFIC) && n.has_exponent)
		hit_value(c, YR_FLOAT_VALUES, "forbidden scientific notation");
	if (yaml_option(c, YO_FLOAT_NUMERAL) && !n.has_whole)
		hit_value(c, YR_FLOAT_VALUES, "a digit is missing in front of the point of");
}

static bool is_octal(struct view v, size_t from)
{
	for (size_t i = from; i < v.len; i++)
		if (v.ptr[i] < '0' || v.ptr[i] > '7')
			return false;
	return v.len > from;
}

static void check_octal(struct yaml_check *c)
{
	struct view v = c->token.value;
	const char *what = NULL;
	if (v.len < 2 || v.ptr[0] != '0')
		return;
	if (yaml_option(c, YO_OCTAL_IMPLICIT) && is_octal(v, 1))
		what = "forbidden implicit octal value";
	else if (yaml_option(c, YO_OCTAL_EXPLICIT) && v.ptr[1] == 'o' && is_octal(v, 2))
		what = "forbidden explicit octal value";
	if (what)
		yaml_hit(c, YR_OCTAL_VALUES, c->token.end, c->token.end, NULL, "%s \"%.*s\"", what,
		         (int)MIN(v.len, (size_t)64), v.ptr);
}

/* --- truthy words --- */

static const char *const truthy[] = { "TRUE", "True", "true", "FALSE", "False", "false",
	                              "YES",  "Yes",  "yes",  "NO",    "No",    "no",
	                              "ON",   "On",   "on",   "OFF",   "Off",   "off" };
#define TRUTHY_1_2 6u

static bool is_true_word(const char *word)
{
	static const char *const words[] = { "TRUE", "True", "true", "YES", "Yes",
		                             "yes",  "ON",   "On",   "on" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_equal(words[i], word))
			return true;
	return false;
}

/* `True` is the same everywhere; `yes` is a text for readers of YAML 1.2. */
static const struct lint_fix *fix_truthy(struct yaml_check *c, size_t word)
{
	const unsigned known = LINT_KUBERNETES | LINT_KUSTOMIZATION | LINT_SOPS;
	const char *value = is_true_word(truthy[word]) ? "true" : "false";
	bool is_safe = word < TRUTHY_1_2 || (c->file->kind & known);
	if (c->prev.kind == YAML_T_KEY ||
	    !strs_contains(&c->style->lists[YO_TRUTHY_ALLOWED], value))
		return NULL;
	const struct lint_edit edit = { c->token.start, c->token.end, value, strlen(value) };
	return lint_fix_edits(c->file, !is_safe, &edit, 1, "write %s", value);
}

static void check_truthy(struct yaml_check *c)
{
	if (c->prev.kind == YAML_T_KEY && !yaml_option(c, YO_TRUTHY_KEYS))
		return;
	const struct strs *allowed = &c->style->lists[YO_TRUTHY_ALLOWED];
	bool is_likely = c->token.value.len <= 5 && strchr("TFYNOtfyno", c->token.value.ptr[0]);
	if (!c->has_truthy_words) {
		c->has_truthy_words = true;
		c->are_truthy_1_2 = c->is_yaml_1_2;
	}
	size_t n = !is_likely ? 0 : c->are_truthy_1_2 ? TRUTHY_1_2 : ARRAY_LEN(truthy);
	for (size_t i = 0; i < n; i++) {
		if (!view_is(c->token.value, truthy[i]) || strs_contains(allowed, truthy[i]))
			continue;
		AUTO(str) list = STR_INIT;
		for (size_t k = 0; k < allowed->len; k++)
			str_addf(&list, "%s%s", k ? ", " : "", allowed->ptr[k]);
		yaml_hit(c, YR_TRUTHY, c->token.start, c->token.end, fix_truthy(c, i),
		         "\"%s\" should be one of [%s], or in quotes if it is a text", truthy[i],
		         list.len ? list.ptr : "");
		return;
	}
}

void yaml_check_scalars(struct yaml_check *c)
{
	if (yaml_is_on(c, YR_EMPTY_VALUES))
		check_empty_values(c);
	if (c->token.kind == YAML_T_VERSION)
		c->is_yaml_1_2 = c->token.major == 1 && c->token.minor == 2;
	if (c->token.kind == YAML_T_DOCUMENT_END)
		c->is_yaml_1_2 = c->has_truthy_words = false;
	bool is_plain = c->token.kind == YAML_T_SCALAR && c->token.style == '\0';
	if (!is_plain || c->prev.kind == YAML_T_TAG || c->token.value.len == 0)
		return;
	char first = c->token.value.ptr[0];
	bool is_number = (first >= '0' && first <= '9') || strchr("+-.", first);
	if (is_number && yaml_is_on(c, YR_FLOAT_VALUES))
		check_float(c);
	if (is_number && yaml_is_on(c, YR_OCTAL_VALUES))
		check_octal(c);
	if (yaml_is_on(c, YR_TRUTHY))
		check_truthy(c);
}

/* --- anchors --- */

struct yaml_anchor_use {
	uint32_t start, end;
	bool is_used;
};

/* Without a configuration, what is no mistake for any reader is less than an error. */
static void hit_anchor(struct yaml_check *c, const char *what, const char *name,
                       const struct yaml_anchor_use *at, enum lint_severity severity)
{
	yaml_hit(c, YR_ANCHORS, at->start, at->end, NULL, "%s \"%.64s\"", what, name);
	if (severity == LINT_ERROR || c->style->path)
		return;
	struct yaml_pending *last = &c->pending.ptr[c->pending.len - 1];
	last->has_severity = true;
	last->severity = (uint8_t)severity;
}

static void report_unused(struct yaml_check *c)
{
	for (struct map_entry *at = map_first(&c->anchors); at; at = map_next(&c->anchors, at)) {
		const struct yaml_anchor_use *use = at->value;
		if (!use->is_used)
			hit_anchor(c, "nothing uses the anchor", at->key, use, LINT_INFO);
	}
}

void yaml_check_anchors(struct yaml_check *c)
{
	enum yaml_token_kind kind = c->token.kind, next = c->next.kind;
	const struct yaml_token *token = &c->token;
	if (kind == YAML_T_STREAM_START || kind == YAML_T_DOCUMENT_START ||
	    kind == YAML_T_DOCUMENT_END)
		map_clear(&c->anchors);
	const struct yaml_anchor_use here = { token->start, token->end, false };
	bool is_name = kind == YAML_T_ALIAS || kind == YAML_T_ANCHOR;
	struct yaml_anchor_use *use = is_name ? map_get(&c->anchors, token->value.ptr) : NULL;
	if (kind == YAML_T_ALIAS && !use && yaml_option(c, YO_ANCHORS_UNDECLARED))
		hit_anchor(c, "there is no anchor for the alias", token->value.ptr, &here,
		           LINT_ERROR);
	if (kind == YAML_T_ANCHOR && use && yaml_option(c, YO_ANCHORS_DUPLICATED))
		hit_anchor(c, "there is already an anchor", token->value.ptr, &here, LINT_WARNING);
	bool is_end = next == YAML_T_STREAM_END || next == YAML_T_DOCUMENT_START ||
	              next == YAML_T_DOCUMENT_END;
	if (is_end && yaml_option(c, YO_ANCHORS_UNUSED))
		report_unused(c);
	else if (kind == YAML_T_ALIAS && use)
		use->is_used = true;
	if (kind == YAML_T_ANCHOR) {
		use = ARENA_NEW(c->file->arena, struct yaml_anchor_use);
		*use = here;
		map_set(&c->anchors, token->value.ptr, use);
	}
}
