/* A configuration of yamllint: which rules, how hard, with which options. */
#include "base/base.h"

#include "lint/family_yaml.h"

#include "base/glob.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/suggest.h"
#include "pal/fs.h"

#define EXTENDS_MAX  10u
#define PATTERNS_MAX 10000u

/* --- the options --- */

enum kind { BOOL = 1u, NUMBER = 2u, WORDS = 4u, TEXTS = 8u };

struct option {
	enum yaml_rule rule;
	const char *name;
	unsigned kinds;           /* enum kind */
	const char *const *words; /* values from 2 on, or YAML_CONSISTENT with NUMBER */
	int32_t value;            /* when nothing is said */
};

static const char *const non_empty[] = { "non-empty", NULL };
static const char *const consistent[] = { "consistent", NULL };
static const char *const lists[] = { "whatever", "consistent", NULL };
static const char *const line_ends[] = { "unix", "dos", "platform", NULL };
static const char *const quotes[] = { "any", "single", "double", "consistent", NULL };
static const char *const needed[] = { "only-when-needed", NULL };

#define BRACKETS(rule)                                                 \
	{ rule, "forbid", BOOL | WORDS, non_empty, 0 },                \
		{ rule, "min-spaces-inside", NUMBER, NULL, 0 },        \
		{ rule, "max-spaces-inside", NUMBER, NULL, 0 },        \
		{ rule, "min-spaces-inside-empty", NUMBER, NULL, -1 }, \
	{                                                              \
		rule, "max-spaces-inside-empty", NUMBER, NULL, -1      \
	}

/* clang-format off */
static const struct option table[YO_N] = {
	[YO_ANCHORS_UNDECLARED] = { YR_ANCHORS, "forbid-undeclared-aliases", BOOL, NULL, 1 },
	[YO_ANCHORS_DUPLICATED] = { YR_ANCHORS, "forbid-duplicated-anchors", BOOL, NULL, 0 },
	[YO_ANCHORS_UNUSED] = { YR_ANCHORS, "forbid-unused-anchors", BOOL, NULL, 0 },
	[YO_BRACES_FORBID] = BRACKETS(YR_BRACES),
	[YO_BRACKETS_FORBID] = BRACKETS(YR_BRACKETS),
	[YO_COLONS_BEFORE] = { YR_COLONS, "max-spaces-before", NUMBER, NULL, 0 },
	[YO_COLONS_AFTER] = { YR_COLONS, "max-spaces-after", NUMBER, NULL, 1 },
	[YO_COMMAS_BEFORE] = { YR_COMMAS, "max-spaces-before", NUMBER, NULL, 0 },
	[YO_COMMAS_MIN_AFTER] = { YR_COMMAS, "min-spaces-after", NUMBER, NULL, 1 },
	[YO_COMMAS_MAX_AFTER] = { YR_COMMAS, "max-spaces-after", NUMBER, NULL, 1 },
	[YO_COMMENTS_SPACE] = { YR_COMMENTS, "require-starting-space", BOOL, NULL, 1 },
	[YO_COMMENTS_SHEBANGS] = { YR_COMMENTS, "ignore-shebangs", BOOL, NULL, 1 },
	[YO_COMMENTS_DISTANCE] = { YR_COMMENTS, "min-spaces-from-content", NUMBER, NULL, 2 },
	[YO_DOCUMENT_END] = { YR_DOCUMENT_END, "present", BOOL, NULL, 1 },
	[YO_DOCUMENT_START] = { YR_DOCUMENT_START, "present", BOOL, NULL, 1 },
	[YO_EMPTY_MAX] = { YR_EMPTY_LINES, "max", NUMBER, NULL, 2 },
	[YO_EMPTY_MAX_START] = { YR_EMPTY_LINES, "max-start", NUMBER, NULL, 0 },
	[YO_EMPTY_MAX_END] = { YR_EMPTY_LINES, "max-end", NUMBER, NULL, 0 },
	[YO_EMPTY_IN_BLOCK_MAPS] = { YR_EMPTY_VALUES, "forbid-in-block-mappings", BOOL, NULL, 1 },
	[YO_EMPTY_IN_FLOW_MAPS] = { YR_EMPTY_VALUES, "forbid-in-flow-mappings", BOOL, NULL, 1 },
	[YO_EMPTY_IN_BLOCK_LISTS] = { YR_EMPTY_VALUES, "forbid-in-block-sequences", BOOL, NULL, 1 },
	[YO_FLOAT_NUMERAL] = { YR_FLOAT_VALUES, "require-numeral-before-decimal", BOOL, NULL, 0 },
	[YO_FLOAT_SCIENTIFIC] = { YR_FLOAT_VALUES, "forbid-scientific-notation", BOOL, NULL, 0 },
	[YO_FLOAT_NAN] = { YR_FLOAT_VALUES, "forbid-nan", BOOL, NULL, 0 },
	[YO_FLOAT_INF] = { YR_FLOAT_VALUES, "forbid-inf", BOOL, NULL, 0 },
	[YO_HYPHENS_AFTER] = { YR_HYPHENS, "max-spaces-after", NUMBER, NULL, 1 },
	[YO_INDENT_SPACES] = { YR_INDENTATION, "spaces", NUMBER | WORDS, consistent, YAML_CONSISTENT },
	[YO_INDENT_LISTS] = { YR_INDENTATION, "indent-sequences", BOOL | WORDS, lists, 1 },
	[YO_INDENT_TEXTS] = { YR_INDENTATION, "check-multi-line-strings", BOOL, NULL, 0 },
	[YO_DUPLICATES_MERGE] = { YR_KEY_DUPLICATES, "forbid-duplicated-merge-keys", BOOL, NULL, 0 },
	[YO_ORDER_IGNORED] = { YR_KEY_ORDERING, "ignored-keys", TEXTS, NULL, 0 },
	[YO_LENGTH_MAX] = { YR_LINE_LENGTH, "max", NUMBER, NULL, 80 },
	[YO_LENGTH_WORDS] = { YR_LINE_LENGTH, "allow-non-breakable-words", BOOL, NULL, 1 },
	[YO_LENGTH_MAPS] = { YR_LINE_LENGTH, "allow-non-breakable-inline-mappings", BOOL, NULL, 0 },
	[YO_NEW_LINES_TYPE] = { YR_NEW_LINES, "type", WORDS, line_ends, YAML_UNIX },
	[YO_OCTAL_IMPLICIT] = { YR_OCTAL_VALUES, "forbid-implicit-octal", BOOL, NULL, 1 },
	[YO_OCTAL_EXPLICIT] = { YR_OCTAL_VALUES, "forbid-explicit-octal", BOOL, NULL, 1 },
	[YO_QUOTES_TYPE] = { YR_QUOTED_STRINGS, "quote-type", WORDS, quotes, YAML_QUOTES_ANY },
	[YO_QUOTES_REQUIRED] = { YR_QUOTED_STRINGS, "required", BOOL | WORDS, needed, 1 },
	[YO_QUOTES_EXTRA_REQUIRED] = { YR_QUOTED_STRINGS, "extra-required", TEXTS, NULL, 0 },
	[YO_QUOTES_EXTRA_ALLOWED] = { YR_QUOTED_STRINGS, "extra-allowed", TEXTS, NULL, 0 },
	[YO_QUOTES_QUOTED] = { YR_QUOTED_STRINGS, "allow-quoted-quotes", BOOL, NULL, 0 },
	[YO_QUOTES_KEYS] = { YR_QUOTED_STRINGS, "check-keys", BOOL, NULL, 0 },
	[YO_TRUTHY_ALLOWED] = { YR_TRUTHY, "allowed-values", TEXTS, NULL, 0 },
	[YO_TRUTHY_KEYS] = { YR_TRUTHY, "check-keys", BOOL, NULL, 1 },
};
/* clang-format on */

/* --- the two built-in ones --- */

#define DEFAULT_OFF                                                                    \
	(YR_BIT(YR_DOCUMENT_END) | YR_BIT(YR_EMPTY_VALUES) | YR_BIT(YR_FLOAT_VALUES) | \
	 YR_BIT(YR_KEY_ORDERING) | YR_BIT(YR_OCTAL_VALUES) | YR_BIT(YR_QUOTED_STRINGS))
#define ALL_STYLE (YR_BIT(YR_N_STYLE) - 1)

static void set_defaults(struct yaml_style *style, enum yaml_rule rule)
{
	for (int i = 0; i < YO_N; i++) {
		if (table[i].rule != rule)
			continue;
		style->options[i] = table[i].value;
		strs_clear(&style->lists[i]);
	}
	if (rule == YR_TRUTHY) {
		strs_push(&style->lists[YO_TRUTHY_ALLOWED], "true");
		strs_push(&style->lists[YO_TRUTHY_ALLOWED], "false");
	}
	strs_clear(&style->ignored[rule]);
	style->level[rule] = LINT_ERROR;
}

static void use_default(struct yaml_style *style)
{
	static const enum yaml_rule warnings[] = { YR_COMMENTS, YR_COMMENTS_INDENTATION,
		                                   YR_DOCUMENT_START, YR_TRUTHY };
	for (unsigned i = 0; i < YR_N_STYLE; i++)
		set_defaults(style, i);
	for (size_t i = 0; i < ARRAY_LEN(warnings); i++)
		style->level[warnings[i]] = LINT_WARNING;
	style->enabled = ALL_STYLE & ~DEFAULT_OFF;
}

static void use_relaxed(struct yaml_style *style)
{
	static const enum yaml_rule warnings[] = { YR_BRACES,      YR_BRACKETS,    YR_COLONS,
		                                   YR_COMMAS,      YR_EMPTY_LINES, YR_HYPHENS,
		                                   YR_INDENTATION, YR_LINE_LENGTH };
	use_default(style);
	for (size_t i = 0; i < ARRAY_LEN(warnings); i++)
		style->level[warnings[i]] = LINT_WARNING;
	style->options[YO_BRACES_MAX] = style->options[YO_BRACKETS_MAX] = 1;
	style->options[YO_INDENT_LISTS] = YAML_LISTS_CONSISTENT;
	style->options[YO_LENGTH_MAPS] = 1;
	style->enabled &= ~(YR_BIT(YR_COMMENTS) | YR_BIT(YR_COMMENTS_INDENTATION) |
	                    YR_BIT(YR_DOCUMENT_START) | YR_BIT(YR_TRUTHY));
}

static void default_files(struct yaml_style *style)
{
	strs_clear(&style->yaml_files);
	strs_push(&style->yaml_files, "*.yaml");
	strs_push(&style->yaml_files, "*.yml");
	strs_push(&style->yaml_files, ".yamllint");
}

void yaml_style_init(struct yaml_style *style)
{
	*style = (struct yaml_style){ 0 };
	use_default(style);
	default_files(style);
}

void yaml_style_clear(struct yaml_style *style)
{
	for (int i = 0; i < YO_N; i++)
		strs_clear(&style->lists[i]);
	for (int i = 0; i < YR_N_STYLE; i++)
		strs_clear(&style->ignored[i]);
	yaml_patterns_clear(&style->order_ignored);
	yaml_patterns_clear(&style->extra_required);
	yaml_patterns_clear(&style->extra_allowed);
	strs_clear(&style->ignored_files);
	strs_clear(&style->yaml_files);
	mem_free(style->path);
	mem_free(style->folder);
	mem_free(style->prefix);
	err_free(style->failure);
	*style = (struct yaml_style){ 0 };
}

/* --- reading one rule --- */

static err *wrong_value(const struct option *option, const struct val *v)
{
	AUTO(str) wanted = STR_INIT;
	if (option->kinds & BOOL)
		str_addz(&wanted, "true, false");
	if (option->kinds & NUMBER)
		str_addz(&wanted, "a number");
	if (option->kinds & TEXTS)
		str_addz(&wanted, "a list of texts");
	for (size_t i = 0; (option->kinds & WORDS) && option->words[i]; i++)
		str_addf(&wanted, "%s%s", wanted.len ? ", " : "", option->words[i]);
	return val_error(v, "'%s' of '%s' must be one of: %s", option->name,
	                 yaml_rules[option->rule].slug, wanted.ptr);
}

static err *read_texts(const struct option *option, const struct val *v, struct strs *ret_texts)
{
	if (!val_is(v, VAL_LIST))
		return wrong_value(option, v);
	strs_clear(ret_texts);
	const struct val *text;
	for (VAL_EACH_ITEM(i, text, v)) {
		if (!val_is(text, VAL_STR))
			return wrong_value(option, text);
		strs_push(ret_texts, text->as.str.ptr);
	}
	return NULL;
}

static err *read_option(struct yaml_style *style, int index, const struct val *v)
{
	const struct option *option = &table[index];
	if (option->kinds & TEXTS)
		return read_texts(option, v, &style->lists[index]);
	if ((option->kinds & BOOL) && val_is(v, VAL_BOOL)) {
		style->options[index] = v->as.boolean;
		return NULL;
	}
	if ((option->kinds & NUMBER) && val_is(v, VAL_INT)) {
		int64_t number = v->as.integer;
		style->options[index] = (int32_t)MAX(MIN(number, (int64_t)INT32_MAX), (int64_t)-1);
		return NULL;
	}
	for (int32_t i = 0; (option->kinds & WORDS) && option->words[i]; i++)
		if (val_is(v, VAL_STR) && str_equal(v->as.str.ptr, option->words[i])) {
			style->options[index] = option->kinds & NUMBER ? YAML_CONSISTENT : 2 + i;
			return NULL;
		}
	return wrong_value(option, v);
}

static err *unknown_option(enum yaml_rule rule, const struct val *map,
                           const struct val_entry *entry)
{
	const char *names[YO_N + 3] = { "level", "ignore", "ignore-from-file" };
	size_t n = 3;
	for (int i = 0; i < YO_N; i++)
		if (table[i].rule == rule)
			names[n++] = table[i].name;
	const char *nearest = suggest_nearest(entry->key, names, n);
	err *e = val_key_error(map, entry, "the rule '%s' has no option '%s'",
	                       yaml_rules[rule].slug, entry->key);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest) : e;
}

/* A text of lines, or a list of lines. */
static err *read_patterns(const struct val *v, struct strs *ret_patterns)
{
	strs_clear(ret_patterns);
	if (val_is(v, VAL_STR)) {
		glob_parse_lines(v->as.str.ptr, v->as.str.len, PATTERNS_MAX, ret_patterns);
		return NULL;
	}
	const struct val *line;
	if (!val_is(v, VAL_LIST))
		return val_error(v, "'ignore' must be a text or a list of patterns");
	for (VAL_EACH_ITEM(i, line, v)) {
		if (!val_is(line, VAL_STR))
			return val_error(line, "a pattern must be a text");
		glob_parse_lines(line->as.str.ptr, line->as.str.len, PATTERNS_MAX, ret_patterns);
	}
	return NULL;
}

static err *read_pattern_file(const char *folder, const struct val *v, struct strs *patterns)
{
	AUTO(str) text = STR_INIT;
	if (!val_is(v, VAL_STR))
		return val_error(v, "'ignore-from-file' must be a file or a list of files");
	AUTOFREE char *path = path_join(folder, v->as.str.ptr);
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	glob_parse_lines(text.ptr, text.len, PATTERNS_MAX, patterns);
	return NULL;
}

static err *read_pattern_files(const char *folder, const struct val *v, struct strs *ret_patterns)
{
	strs_clear(ret_patterns);
	if (!val_is(v, VAL_LIST))
		return read_pattern_file(folder, v, ret_patterns);
	const struct val *name;
	for (VAL_EACH_ITEM(i, name, v))
		TRY(read_pattern_file(folder, name, ret_patterns));
	return NULL;
}

static err *read_level(struct yaml_style *style, enum yaml_rule rule, const struct val *v)
{
	bool is_error = val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "error");
	bool is_warning = val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "warning");
	if (!is_error && !is_warning)
		return val_error(v, "'level' must be 'error' or 'warning'");
	style->level[rule] = is_error ? LINT_ERROR : LINT_WARNING;
	return NULL;
}

static err *read_entry(struct yaml_style *style, enum yaml_rule rule, const char *folder,
                       const struct val *map, const struct val_entry *entry)
{
	if (str_equal(entry->key, "level"))
		return read_level(style, rule, entry->value);
	if (str_equal(entry->key, "ignore"))
		return read_patterns(entry->value, &style->ignored[rule]);
	if (str_equal(entry->key, "ignore-from-file"))
		return read_pattern_files(folder, entry->value, &style->ignored[rule]);
	for (int i = 0; i < YO_N; i++)
		if (table[i].rule == rule && str_equal(table[i].name, entry->key))
			return read_option(style, i, entry->value);
	return unknown_option(rule, map, entry);
}

static err *check_quotes(const struct yaml_style *style, const struct val *v)
{
	int32_t required = style->options[YO_QUOTES_REQUIRED];
	bool has_allowed = style->lists[YO_QUOTES_EXTRA_ALLOWED].len > 0;
	bool has_required = style->lists[YO_QUOTES_EXTRA_REQUIRED].len > 0;
	if (has_allowed && required != YAML_ONLY_WHEN_NEEDED)
		return val_error(v, "'extra-allowed' needs 'required: only-when-needed'");
	if (has_required && required == 1)
		return val_error(v, "'extra-required' cannot be used with 'required: true'");
	return NULL;
}

static err *read_rule(struct yaml_style *style, enum yaml_rule rule, const char *folder,
                      const struct val *v)
{
	bool is_off = (val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "disable")) ||
	              (val_is(v, VAL_BOOL) && !v->as.boolean);
	if (is_off) {
		style->enabled &= ~YR_BIT(rule);
		return NULL;
	}
	bool is_plain = val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "enable");
	if (!is_plain && !val_is(v, VAL_MAP))
		return val_error(v, "the rule '%s' must be 'enable', 'disable' or a map of options",
		                 yaml_rules[rule].slug);
	if (!(style->enabled & YR_BIT(rule)))
		set_defaults(style, rule);
	style->enabled |= YR_BIT(rule);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, is_plain ? NULL : v))
		TRY(read_entry(style, rule, folder, v, entry));
	return rule == YR_QUOTED_STRINGS ? check_quotes(style, v) : NULL;
}

/* --- reading the file --- */

static err *read_rules(struct yaml_style *style, const char *folder, const struct val *rules)
{
	if (!rules)
		return NULL;
	if (!val_is(rules, VAL_MAP))
		return val_error(rules, "'rules' must be a map");
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, rules)) {
		unsigned rule = 0;
		while (rule < YR_N_STYLE && !str_equal(yaml_rules[rule].slug, entry->key))
			rule++;
		if (rule < YR_N_STYLE) {
			TRY(read_rule(style, rule, folder, entry->value));
			continue;
		}
		const char *names[YR_N_STYLE];
		for (unsigned k = 0; k < YR_N_STYLE; k++)
			names[k] = yaml_rules[k].slug;
		const char *nearest = suggest_nearest(entry->key, names, YR_N_STYLE);
		err *e = val_key_error(rules, entry, "there is no rule '%s'", entry->key);
		return nearest ? err_hint(e, "did you mean '%s'?", nearest) : e;
	}
	return NULL;
}

static err *read_files(struct yaml_style *style, const char *folder, const struct val *root)
{
	const struct val *ignore = val_get(root, "ignore");
	const struct val *from = val_get(root, "ignore-from-file"), *files, *name;
	if (ignore && from)
		return val_error(from, "'ignore' and 'ignore-from-file' exclude each other");
	if (ignore)
		TRY(read_patterns(ignore, &style->ignored_files));
	if (from)
		TRY(read_pattern_files(folder, from, &style->ignored_files));
	if (!(files = val_get(root, "yaml-files")))
		return NULL;
	if (!val_is(files, VAL_LIST))
		return val_error(files, "'yaml-files' must be a list of patterns");
	strs_clear(&style->yaml_files);
	for (VAL_EACH_ITEM(i, name, files)) {
		if (!val_is(name, VAL_STR))
			return val_error(name, "a pattern must be a text");
		strs_push(&style->yaml_files, name->as.str.ptr);
	}
	return NULL;
}

static err *read_style(const char *path, struct yaml_style *style, unsigned depth);

static err *extend(struct yaml_style *style, const char *folder, const struct val *v,
                   unsigned depth)
{
	if (!val_is(v, VAL_STR))
		return val_error(v, "'extends' must be 'default', 'relaxed' or a file");
	if (depth >= EXTENDS_MAX)
		return val_error(v, "more than %u files extend each other", EXTENDS_MAX);
	if (str_equal(v->as.str.ptr, "default"))
		use_default(style);
	else if (str_equal(v->as.str.ptr, "relaxed"))
		use_relaxed(style);
	else {
		AUTOFREE char *path = path_join(folder, v->as.str.ptr);
		return read_style(path, style, depth + 1);
	}
	return NULL;
}

static err *read_style(const char *path, struct yaml_style *style, unsigned depth)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct val *root;
	AUTOFREE char *folder = path_dir(path);
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	TRY(yaml_load_one(text.ptr, text.len, path, &a, &root));
	if (!val_is(root, VAL_MAP))
		return val_error(root, "a configuration of yamllint must be a map");
	const struct val *base = val_get(root, "extends");
	if (base)
		TRY(extend(style, folder, base, depth));
	TRY(read_rules(style, folder, val_get(root, "rules")));
	default_files(style);
	return read_files(style, folder, root);
}

static err *compile_patterns(struct yaml_style *style)
{
	TRY(yaml_patterns_compile(&style->lists[YO_ORDER_IGNORED], &style->order_ignored));
	TRY(yaml_patterns_compile(&style->lists[YO_QUOTES_EXTRA_REQUIRED], &style->extra_required));
	return yaml_patterns_compile(&style->lists[YO_QUOTES_EXTRA_ALLOWED], &style->extra_allowed);
}

err *yaml_style_load(const char *path, struct yaml_style *style)
{
	yaml_style_init(style);
	style->enabled = 0;
	style->path = mem_strdup(path);
	err *e = read_style(path, style, 0);
	if (!e && (e = compile_patterns(style)))
		e = err_at(e, path, 1, 1);
	if (!e)
		return NULL;
	yaml_style_clear(style);
	yaml_style_init(style);
	return e;
}
