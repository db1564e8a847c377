/*
 * What the files of the family yaml share: its table, how a configuration of yamllint looks here,
 * and the state of the one pass over a file. Rules of tokens, of comments and of lines are called
 * in the order of the text; what they find waits until its line ends, because a comment at the end
 * of the line may switch a rule off.
 */
#ifndef LINT_FAMILY_YAML_H
#define LINT_FAMILY_YAML_H

#include "base/map.h"
#include "base/vec.h"
#include "lint/lint_fix.h"
#include "lint/lint_rule.h"
#include "yaml/yaml_tokens.h"

/* Rows of the table in family_yaml.c; those of yamllint first, in the order of their names. */
enum yaml_rule {
	YR_ANCHORS,
	YR_BRACES,
	YR_BRACKETS,
	YR_COLONS,
	YR_COMMAS,
	YR_COMMENTS,
	YR_COMMENTS_INDENTATION,
	YR_DOCUMENT_END,
	YR_DOCUMENT_START,
	YR_EMPTY_LINES,
	YR_EMPTY_VALUES,
	YR_FLOAT_VALUES,
	YR_HYPHENS,
	YR_INDENTATION,
	YR_KEY_DUPLICATES,
	YR_KEY_ORDERING,
	YR_LINE_LENGTH,
	YR_NEW_LINE_AT_END,
	YR_NEW_LINES,
	YR_OCTAL_VALUES,
	YR_QUOTED_STRINGS,
	YR_TRAILING_SPACES,
	YR_TRUTHY,
	YR_N_STYLE, /* from here on our own */
	YR_BYTE_ORDER_MARK = YR_N_STYLE,
	YR_CONFIG,
	YR_FILE_MODE,
	YR_INVISIBLE,
	YR_MERGE_KEYS,
	YR_TABS,
	YR_N
};

#define YR_BIT(rule) (UINT32_C(1) << (rule))
#define YR_LINE_RULES                                                                   \
	(YR_BIT(YR_EMPTY_LINES) | YR_BIT(YR_LINE_LENGTH) | YR_BIT(YR_NEW_LINE_AT_END) | \
	 YR_BIT(YR_NEW_LINES) | YR_BIT(YR_TRAILING_SPACES))

extern const struct lint_rule yaml_rules[YR_N];

/* Options of the rules, in the order of the table in yaml_style.c. */
enum yaml_option {
	YO_ANCHORS_UNDECLARED,
	YO_ANCHORS_DUPLICATED,
	YO_ANCHORS_UNUSED,
	YO_BRACES_FORBID, /* the four behind it have this order in both rules */
	YO_BRACES_MIN,
	YO_BRACES_MAX,
	YO_BRACES_MIN_EMPTY,
	YO_BRACES_MAX_EMPTY,
	YO_BRACKETS_FORBID,
	YO_BRACKETS_MIN,
	YO_BRACKETS_MAX,
	YO_BRACKETS_MIN_EMPTY,
	YO_BRACKETS_MAX_EMPTY,
	YO_COLONS_BEFORE,
	YO_COLONS_AFTER,
	YO_COMMAS_BEFORE,
	YO_COMMAS_MIN_AFTER,
	YO_COMMAS_MAX_AFTER,
	YO_COMMENTS_SPACE,
	YO_COMMENTS_SHEBANGS,
	YO_COMMENTS_DISTANCE,
	YO_DOCUMENT_END,
	YO_DOCUMENT_START,
	YO_EMPTY_MAX,
	YO_EMPTY_MAX_START,
	YO_EMPTY_MAX_END,
	YO_EMPTY_IN_BLOCK_MAPS,
	YO_EMPTY_IN_FLOW_MAPS,
	YO_EMPTY_IN_BLOCK_LISTS,
	YO_FLOAT_NUMERAL,
	YO_FLOAT_SCIENTIFIC,
	YO_FLOAT_NAN,
	YO_FLOAT_INF,
	YO_HYPHENS_AFTER,
	YO_INDENT_SPACES,
	YO_INDENT_LISTS,
	YO_INDENT_TEXTS,
	YO_DUPLICATES_MERGE,
	YO_ORDER_IGNORED,
	YO_LENGTH_MAX,
	YO_LENGTH_WORDS,
	YO_LENGTH_MAPS,
	YO_NEW_LINES_TYPE,
	YO_OCTAL_IMPLICIT,
	YO_OCTAL_EXPLICIT,
	YO_QUOTES_TYPE,
	YO_QUOTES_REQUIRED,
	YO_QUOTES_EXTRA_REQUIRED,
	YO_QUOTES_EXTRA_ALLOWED,
	YO_QUOTES_QUOTED,
	YO_QUOTES_KEYS,
	YO_TRUTHY_ALLOWED,
	YO_TRUTHY_KEYS,
	YO_N
};

/* Values of options with words; false is 0 and true 1. */
enum {
	YAML_NON_EMPTY = 2,
	YAML_WHATEVER = 2,
	YAML_LISTS_CONSISTENT = 3,
	YAML_ONLY_WHEN_NEEDED = 2,
	YAML_UNIX = 2,
	YAML_DOS = 3,
	YAML_PLATFORM = 4,
	YAML_QUOTES_ANY = 2,
	YAML_QUOTES_SINGLE = 3,
	YAML_QUOTES_DOUBLE = 4,
	YAML_QUOTES_CONSISTENT = 5,
	YAML_CONSISTENT = INT32_MIN, /* where a number could be, too */
};

struct regex;

/* Compiled; found anywhere in a text. */
struct yaml_patterns {
	struct regex **ptr;
	size_t len, cap;
};

/* INVALID for a pattern that is none; clear them also then. */
NODISCARD err *yaml_patterns_compile(const struct strs *patterns,
                                     struct yaml_patterns *ret_patterns);
void yaml_patterns_clear(struct yaml_patterns *patterns);
bool yaml_patterns_find(const struct yaml_patterns *patterns, struct view text);

/* What a configuration of yamllint says. */
struct yaml_style {
	char *path;                /* NULL: built in */
	char *folder;              /* its folder, with '/' at the end, or "" */
	char *prefix;              /* way from there down to the working directory, or "" */
	uint32_t enabled;          /* bit per rule */
	uint8_t level[YR_N_STYLE]; /* enum lint_severity */
	int32_t options[YO_N];
	struct strs lists[YO_N];
	struct yaml_patterns order_ignored, extra_required, extra_allowed;
	struct strs ignored[YR_N_STYLE];
	struct strs ignored_files, yaml_files;
	err *failure;        /* why it cannot be read; the rest is built in then */
	uint32_t first_user; /* index of the first file it counts for */
};

/* The built-in `default`. */
void yaml_style_init(struct yaml_style *style);
void yaml_style_clear(struct yaml_style *style);
/* INVALID with what is wrong with the file; clear it also after a failure. */
NODISCARD err *yaml_style_load(const char *path, struct yaml_style *style);
struct yaml_key {
	struct view text;
	uint32_t hash, start;
};

/* One map or list that is open, for the rules about keys. */
struct yaml_keys {
	bool is_map, has_highest;
	struct yaml_key highest; /* of those in order */
	size_t first;            /* in yaml_check.keys */
	uint32_t *places;        /* by hash, from 32 keys on; 0: none, else position in keys + 1 */
	size_t n_places;
};

struct yaml_level {
	uint8_t type; /* enum in yaml_indentation.c */
	bool is_explicit, is_implicit;
	int32_t indent, line_indent;
};

struct yaml_indentation {
	VEC(struct yaml_level) levels;
	int64_t line; /* the last with a token, from 1; -1: none */
	int32_t line_indent, spaces, lists;
};

struct yaml_line {
	size_t number; /* from 1 */
	size_t start, end;
};

struct yaml_comment {
	size_t number;        /* of its line */
	size_t start, column; /* from 0 */
	bool is_inline;
	bool has_before; /* a comment since the last token… */
	bool is_before_inline;
	size_t before_column; /* …and its column */
};

struct yaml_pending {
	enum yaml_rule rule;
	size_t start, end;
	bool has_severity;
	uint8_t severity;
	const char *message;
	const struct lint_fix *fix;
};

struct yaml_check {
	struct lint_file *file;
	const struct yaml_style *style;
	uint32_t on; /* bit per rule */

	struct yaml_token prev, token, next, after;
	struct yaml_token text; /* the last scalar of more than one line */
	bool is_lost;           /* tokens ended early: what follows is not understood */

	VEC(struct yaml_pending) pending;
	uint32_t disabled, disabled_line, disabled_next;
	size_t next_flaw;

	struct map anchors; /* name → struct yaml_anchor_use */
	VEC(struct yaml_keys) open;
	VEC(struct yaml_key) keys;
	struct yaml_indentation indentation;
	unsigned flow_depth;
	char quote;       /* the first seen; '\0': none */
	bool is_yaml_1_2; /* %YAML 1.2 */
	bool has_truthy_words, are_truthy_1_2;
};

void yaml_hit(struct yaml_check *c, enum yaml_rule rule, size_t start, size_t end,
              const struct lint_fix *fix, const char *fmt, ...) PRINTF_LIKE(6, 7);
static inline bool yaml_is_on(const struct yaml_check *c, enum yaml_rule rule)
{
	return (c->on & YR_BIT(rule)) != 0;
}
static inline int32_t yaml_option(const struct yaml_check *c, enum yaml_option option)
{
	return c->style->options[option];
}

/* Replace text[start..end) by `text`; safe. */
const struct lint_fix *yaml_fix(struct yaml_check *c, size_t start, size_t end, struct view text,
                                const char *what);
/* Make blanks at [start, end) so many spaces; NULL when there is anything else. */
const struct lint_fix *yaml_fix_spaces(struct yaml_check *c, size_t start, size_t end,
                                       size_t spaces);
size_t yaml_start_of_line(const struct yaml_check *c, size_t at);
bool yaml_is_explicit_key(const struct yaml_check *c, const struct yaml_token *token);

/* The rules. */
void yaml_check_anchors(struct yaml_check *c);
void yaml_check_spaces(struct yaml_check *c);
void yaml_check_documents(struct yaml_check *c);
void yaml_check_scalars(struct yaml_check *c);
void yaml_check_keys(struct yaml_check *c);
void yaml_check_quotes(struct yaml_check *c);
void yaml_check_indentation(struct yaml_check *c);
void yaml_check_comment(struct yaml_check *c, const struct yaml_comment *comment);
void yaml_check_line(struct yaml_check *c, const struct yaml_line *line);
/* What must not stay behind. */
void yaml_keys_clear(struct yaml_check *c);

/* The pass itself: `on` and `style` are set. */
void yaml_check_text(struct yaml_check *c);
/* `# yamllint disable-file` in the first line? */
bool yaml_is_disabled(const struct lint_file *file);

#endif
