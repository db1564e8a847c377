/*
 * The rule `indentation`: what is open (maps, lists, keys, values) and how far the lines of each
 * must be indented. The depth of a level is known when its first line is seen; how many spaces a
 * level has may be learned from the first one of the file.
 */
#include "base/base.h"

#include "lint/family_yaml.h"

enum { ROOT, BLOCK_MAP, FLOW_MAP, BLOCK_LIST, FLOW_LIST, ITEM, KEY, VALUE };

static struct yaml_level *level(struct yaml_check *c, size_t above)
{
	struct yaml_indentation *in = &c->indentation;
	return &in->levels.ptr[in->levels.len > above ? in->levels.len - 1 - above : 0];
}

static void push(struct yaml_check *c, uint8_t type, int32_t indent)
{
	struct yaml_level new = { .type = type, .indent = indent };
	vec_push(&c->indentation.levels, new);
}

static void pop(struct yaml_check *c, size_t count)
{
	struct yaml_indentation *in = &c->indentation;
	in->levels.len -= MIN(count, in->levels.len - 1);
}

/* What one level more than `base` means; learned from `found` when nobody said it. */
static int32_t deeper(struct yaml_check *c, int32_t base, int32_t found)
{
	struct yaml_indentation *in = &c->indentation;
	if (in->spaces == YAML_CONSISTENT)
		in->spaces = found - base;
	return base + in->spaces;
}

/* --- texts of several lines --- */

/* False: nothing sensible can be expected. */
static bool text_indent(struct yaml_check *c, int32_t found, int32_t *ret_indent)
{
	const struct yaml_token *token = &c->token;
	int32_t column = (int32_t)token->column;
	const struct yaml_level *top = level(c, 0);
	if (token->style == '\0') {
		*ret_indent = column;
	} else if (token->style == '"' || token->style == '\'') {
		*ret_indent = column + 1;
	} else if (top->type == KEY && !top->is_explicit) {
		return false;
	} else if (top->type == ITEM || top->type == KEY) {
		*ret_indent = deeper(c, column, found);
	} else if (top->type != VALUE || (int64_t)token->line + 1 > c->indentation.line) {
		*ret_indent = deeper(c, top->indent, found);
	} else if (level(c, 1)->is_explicit) {
		*ret_indent = deeper(c, column, found);
	} else {
		*ret_indent = deeper(c, level(c, 1)->indent, found);
	}
	return true;
}

static bool check_text(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	const char *text = c->file->text;
	if (token->line == token->end_line)
		return true;
	bool is_known = false;
	int32_t expected = 0;
	size_t at = token->start;
	while (at + 1 < token->end) {
		const char *newline = memchr(text + at, '\n', token->end - 1 - at);
		if (!newline)
			break;
		at = (size_t)(newline - text) + 1;
		int32_t found = (int32_t)strspn(text + at, " ");
		if (text[at + (size_t)found] == '\n')
			continue;
		if (!is_known && !text_indent(c, found, &expected))
			return false;
		is_known = true;
		size_t start = at + (size_t)found;
		if (found != expected)
			yaml_hit(c, YR_INDENTATION, start, start, NULL,
			         "indented by %d spaces, expected %d", (int)found, (int)expected);
	}
	return true;
}

/* --- one token --- */

static void check_first(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	const struct yaml_level *top = level(c, 0);
	int32_t found = (int32_t)token->column, expected = top->indent;
	if (token->kind == YAML_T_FLOW_MAP_END || token->kind == YAML_T_FLOW_LIST_END)
		expected = top->line_indent;
	else if (top->type == KEY && top->is_explicit && token->kind != YAML_T_VALUE)
		expected = deeper(c, expected, found);
	if (found == expected)
		return;
	if (expected < 0)
		yaml_hit(c, YR_INDENTATION, token->start, token->end, NULL,
		         "indented by %d spaces, expected more", (int)found);
	else
		yaml_hit(c, YR_INDENTATION, token->start, token->end, NULL,
		         "indented by %d spaces, expected %d", (int)found, (int)expected);
}

/* libyaml ends scalars on a later line: the line of the last character counts. */
static int64_t last_line(const struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	int64_t line = (int64_t)token->end_line + 1;
	if (token->kind != YAML_T_SCALAR)
		return line;
	const char *text = c->file->text;
	for (int64_t at = (int64_t)token->end - 1; at >= (int64_t)token->start - 1 && at >= 0;
	     at--) {
		char here = text[at];
		if (here != ' ' && (here < '\t' || here > '\r'))
			break;
		line -= here == '\n';
	}
	return line;
}

static void open_flow(struct yaml_check *c, uint8_t type)
{
	const struct yaml_token *token = &c->token, *next = &c->next;
	int32_t column = (int32_t)next->column;
	int32_t indent =
		next->line == token->line ? column : deeper(c, c->indentation.line_indent, column);
	push(c, type, indent);
	level(c, 0)->line_indent = c->indentation.line_indent;
}

static void open_item(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token, *next = &c->next;
	if (next->kind == YAML_T_BLOCK_ENTRY || next->kind == YAML_T_BLOCK_END)
		return; /* empty */
	int32_t column = (int32_t)token->column;
	/* A list as deep as its key has no token of its own. */
	if (level(c, 0)->type != BLOCK_LIST) {
		push(c, BLOCK_LIST, column);
		level(c, 0)->is_implicit = true;
	}
	bool is_same = next->line == token->end_line || next->column == token->column;
	push(c, ITEM, is_same ? (int32_t)next->column : deeper(c, column, (int32_t)next->column));
}

/* A list below its key: may, must or must it not be indented? */
static int32_t list_indent(struct yaml_check *c, const struct yaml_token *next)
{
	struct yaml_indentation *in = &c->indentation;
	int32_t key = level(c, 0)->indent, column = (int32_t)next->column;
	if (in->lists == 0)
		return key;
	if (in->lists == 1) {
		/* Not indented, and how far it should be is not known yet: anything is better. */
		if (in->spaces == YAML_CONSISTENT && column == key)
			return -1;
		return deeper(c, key, column);
	}
	bool is_indented = column != key;
	if (in->lists == YAML_LISTS_CONSISTENT)
		in->lists = is_indented;
	return is_indented ? deeper(c, key, column) : key;
}

static bool open_value(struct yaml_check *c)
{
	const struct yaml_token *prev = &c->prev, *next = &c->next;
	if (level(c, 0)->type != KEY)
		return false;
	/* `key: &anchor` with the value on the next line. */
	if ((next->kind == YAML_T_ANCHOR || next->kind == YAML_T_TAG) && next->line == prev->line &&
	    next->line < c->after.line && c->after.kind != YAML_T_NONE)
		next = &c->after;
	if (next->kind == YAML_T_BLOCK_END || next->kind == YAML_T_FLOW_MAP_END ||
	    next->kind == YAML_T_FLOW_LIST_END || next->kind == YAML_T_KEY)
		return true; /* empty */
	int32_t key = level(c, 0)->indent, column = (int32_t)next->column, indent;
	if (level(c, 0)->is_explicit)
		indent = deeper(c, key, column);
	else if (next->line == prev->line)
		indent = column;
	else if (next->kind == YAML_T_BLOCK_LIST || next->kind == YAML_T_BLOCK_ENTRY)
		indent = list_indent(c, next);
	else
		indent = deeper(c, key, column);
	push(c, VALUE, indent);
	return true;
}

static bool open_levels(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token, *next = &c->next;
	switch (token->kind) {
	case YAML_T_BLOCK_MAP:
		if (next->kind != YAML_T_KEY || next->line != token->line)
			return false;
		push(c, BLOCK_MAP, (int32_t)token->column);
		return true;
	case YAML_T_BLOCK_LIST:
		if (next->kind != YAML_T_BLOCK_ENTRY || next->line != token->line)
			return false;
		push(c, BLOCK_LIST, (int32_t)token->column);
		return true;
	case YAML_T_FLOW_MAP:
		open_flow(c, FLOW_MAP);
		return true;
	case YAML_T_FLOW_LIST:
		open_flow(c, FLOW_LIST);
		return true;
	case YAML_T_BLOCK_ENTRY:
		open_item(c);
		return true;
	case YAML_T_KEY:
		push(c, KEY, level(c, 0)->indent);
		level(c, 0)->is_explicit = yaml_is_explicit_key(c, token);
		return true;
	case YAML_T_VALUE:
		return open_value(c);
	default:
		return true;
	}
}

static bool ends_collection(const struct yaml_token *token, const struct yaml_level *top)
{
	if (top->type == FLOW_LIST)
		return token->kind == YAML_T_FLOW_LIST_END;
	if (top->type == FLOW_MAP)
		return token->kind == YAML_T_FLOW_MAP_END;
	return (top->type == BLOCK_MAP || top->type == BLOCK_LIST) && !top->is_implicit &&
	       token->kind == YAML_T_BLOCK_END;
}

/* Close what this token ends; false when the levels do not fit each other. */
static bool close_levels(struct yaml_check *c)
{
	enum yaml_token_kind kind = c->token.kind, next = c->next.kind;
	bool is_property = kind == YAML_T_ANCHOR || kind == YAML_T_TAG;
	bool is_consumed = false;
	for (;;) {
		const struct yaml_level *top = level(c, 0);
		if (!is_consumed && ends_collection(&c->token, top)) {
			is_consumed = true;
			pop(c, 1);
		} else if (top->type == ITEM && kind != YAML_T_BLOCK_ENTRY && !is_property &&
		           level(c, 1)->is_implicit && next != YAML_T_BLOCK_ENTRY) {
			pop(c, 2);
		} else if (top->type == ITEM &&
		           (next == YAML_T_BLOCK_ENTRY || next == YAML_T_BLOCK_END)) {
			pop(c, 1);
		} else if (top->type == VALUE && kind != YAML_T_VALUE && !is_property) {
			if (level(c, 1)->type != KEY)
				return false;
			pop(c, 2);
		} else if (top->type == KEY &&
		           (next == YAML_T_BLOCK_END || next == YAML_T_FLOW_MAP_END ||
		            next == YAML_T_FLOW_LIST_END || next == YAML_T_KEY)) {
			pop(c, 1); /* a key without a value */
		} else {
			return true;
		}
	}
}

static void begin(struct yaml_check *c)
{
	struct yaml_indentation *in = &c->indentation;
	in->line = -1;
	in->spaces = yaml_option(c, YO_INDENT_SPACES);
	in->lists = yaml_option(c, YO_INDENT_LISTS);
	push(c, ROOT, 0);
}

static bool check(struct yaml_check *c)
{
	struct yaml_indentation *in = &c->indentation;
	const struct yaml_token *token = &c->token;
	bool is_visible = token->kind != YAML_T_STREAM_START && token->kind != YAML_T_STREAM_END &&
	                  token->kind != YAML_T_BLOCK_END &&
	                  !(token->kind == YAML_T_SCALAR && token->value.len == 0);
	bool is_first = is_visible && (int64_t)token->line + 1 > in->line;
	if (is_first)
		check_first(c);
	if (token->kind == YAML_T_SCALAR && yaml_option(c, YO_INDENT_TEXTS) && !check_text(c))
		return false;
	if (is_visible) {
		in->line = last_line(c);
		if (is_first)
			in->line_indent = (int32_t)token->column;
	}
	return open_levels(c) && close_levels(c);
}

void yaml_check_indentation(struct yaml_check *c)
{
	if (c->indentation.levels.len == 0)
		begin(c);
	if (!check(c))
		yaml_hit(c, YR_INDENTATION, c->token.start, c->token.end, NULL,
		         "the indentation cannot be understood here");
}
