#include "base/base.h"

#include <yaml.h>

#include "base/limits.h"
#include "yaml/yaml_internal.h"
#include "yaml/yaml_tokens.h"

/* Texts of tokens stay readable for so many more. */
#define ALIVE 5u

struct yaml_tokens {
	const char *text;
	size_t len, bom;
	bool is_ascii, is_over, is_whole;
	size_t chars, bytes; /* the byte of a character: where it was last */
	unsigned flow_depth, block_depth;
	yaml_parser_t parser;
	yaml_token_t alive[ALIVE];
	unsigned next_alive;
	/* Where the text ends: libyaml puts the end of a last line without `\n` on a line more. */
	uint32_t end_line, end_column;
};

/* Bytes of a line end as YAML 1.1 counts them; 0: none. */
static size_t break_len(const char *text, size_t at, size_t len)
{
	size_t left = len - at;
	if (left >= 2 && memcmp(text + at, "\r\n", 2) == 0)
		return 2;
	if (left >= 1 && (text[at] == '\n' || text[at] == '\r'))
		return 1;
	if (left >= 2 && memcmp(text + at, "\xc2\x85", 2) == 0)
		return 2;
	bool is_separator =
		left >= 3 && memcmp(text + at, "\xe2\x80", 2) == 0 && (text[at + 2] & 0xfe) == 0xa8;
	return is_separator ? 3 : 0;
}

static void find_end(struct yaml_tokens *t)
{
	const char *text = t->text;
	uint32_t line = 0;
	size_t at = t->bom, line_start = at;
	while (at < t->len) {
		unsigned char c = (unsigned char)text[at];
		bool may_break = c == '\n' || c == '\r' || c == 0xc2 || c == 0xe2;
		size_t feed = may_break ? break_len(text, at, t->len) : 0;
		at += feed ? feed : 1;
		if (feed) {
			line++;
			line_start = at;
		}
	}
	uint32_t column = 0;
	for (at = line_start; at < t->len; at++)
		column += ((unsigned char)text[at] & 0xc0) != 0x80;
	t->end_line = line;
	t->end_column = column;
}

struct yaml_tokens *yaml_tokens_new(const char *text, size_t len)
{
	struct val_source source = { "", text, len };
	size_t bom;
	bool is_ascii;
	err *e = yaml_check_bytes(&source, &bom, &is_ascii);
	if (e) {
		err_ignore(e, "yaml_load tells what is wrong");
		return NULL;
	}
	struct yaml_tokens *t = MEM_NEW(struct yaml_tokens);
	if (!yaml_parser_initialize(&t->parser)) {
		mem_free(t);
		return NULL;
	}
	t->text = text;
	t->len = len;
	t->bom = t->bytes = bom;
	t->is_ascii = is_ascii;
	find_end(t);
	yaml_parser_set_encoding(&t->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&t->parser, (const unsigned char *)text + bom, len - bom);
	return t;
}

static size_t byte_of(struct yaml_tokens *t, size_t chars)
{
	if (t->is_ascii)
		return MIN(chars + t->bom, t->len);
	while (t->chars < chars && t->bytes < t->len) {
		t->bytes++;
		while (t->bytes < t->len && (t->text[t->bytes] & 0xc0) == 0x80)
			t->bytes++;
		t->chars++;
	}
	while (t->chars > chars && t->bytes > t->bom) {
		t->bytes--;
		while (t->bytes > t->bom && (t->text[t->bytes] & 0xc0) == 0x80)
			t->bytes--;
		t->chars--;
	}
	return t->bytes;
}

static void set_place(struct yaml_tokens *t, const yaml_token_t *from, struct yaml_token *token)
{
	token->start = (uint32_t)byte_of(t, from->start_mark.index);
	token->line = (uint32_t)from->start_mark.line;
	token->column = (uint32_t)from->start_mark.column;
	token->end = (uint32_t)byte_of(t, from->end_mark.index);
	token->end_line = (uint32_t)from->end_mark.line;
	token->end_column = (uint32_t)from->end_mark.column;
	if (token->start >= t->len) {
		token->line = t->end_line;
		token->column = t->end_column;
	}
	if (token->end >= t->len) {
		token->end_line = t->end_line;
		token->end_column = t->end_column;
	}
}

static char style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return '\'';
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return '"';
	case YAML_LITERAL_SCALAR_STYLE:
		return '|';
	case YAML_FOLDED_SCALAR_STYLE:
		return '>';
	default:
		return '\0';
	}
}

static enum yaml_token_kind kind_of(yaml_token_type_t type)
{
	static const uint8_t kinds[] = {
		[YAML_NO_TOKEN] = YAML_T_NONE,
		[YAML_STREAM_START_TOKEN] = YAML_T_STREAM_START,
		[YAML_STREAM_END_TOKEN] = YAML_T_STREAM_END,
		[YAML_VERSION_DIRECTIVE_TOKEN] = YAML_T_VERSION,
		[YAML_TAG_DIRECTIVE_TOKEN] = YAML_T_TAG_DIRECTIVE,
		[YAML_DOCUMENT_START_TOKEN] = YAML_T_DOCUMENT_START,
		[YAML_DOCUMENT_END_TOKEN] = YAML_T_DOCUMENT_END,
		[YAML_BLOCK_SEQUENCE_START_TOKEN] = YAML_T_BLOCK_LIST,
		[YAML_BLOCK_MAPPING_START_TOKEN] = YAML_T_BLOCK_MAP,
		[YAML_BLOCK_END_TOKEN] = YAML_T_BLOCK_END,
		[YAML_FLOW_SEQUENCE_START_TOKEN] = YAML_T_FLOW_LIST,
		[YAML_FLOW_SEQUENCE_END_TOKEN] = YAML_T_FLOW_LIST_END,
		[YAML_FLOW_MAPPING_START_TOKEN] = YAML_T_FLOW_MAP,
		[YAML_FLOW_MAPPING_END_TOKEN] = YAML_T_FLOW_MAP_END,
		[YAML_BLOCK_ENTRY_TOKEN] = YAML_T_BLOCK_ENTRY,
		[YAML_FLOW_ENTRY_TOKEN] = YAML_T_FLOW_ENTRY,
		[YAML_KEY_TOKEN] = YAML_T_KEY,
		[YAML_VALUE_TOKEN] = YAML_T_VALUE,
		[YAML_ALIAS_TOKEN] = YAML_T_ALIAS,
		[YAML_ANCHOR_TOKEN] = YAML_T_ANCHOR,
		[YAML_TAG_TOKEN] = YAML_T_TAG,
		[YAML_SCALAR_TOKEN] = YAML_T_SCALAR,
	};
	return (enum yaml_token_kind)kinds[type];
}

static void set_value(const yaml_token_t *from, struct yaml_token *token)
{
	switch (token->kind) {
	case YAML_T_SCALAR:
		token->style = style_of(from->data.scalar.style);
		token->value = (struct view){ (const char *)from->data.scalar.value,
			                      from->data.scalar.length };
		break;
	case YAML_T_ALIAS:
		token->value = view_of((const char *)from->data.alias.value);
		break;
	case YAML_T_ANCHOR:
		token->value = view_of((const char *)from->data.anchor.value);
		break;
	case YAML_T_TAG:
		token->has_long_handle = str_equal((const char *)from->data.tag.handle, "!!");
		break;
	case YAML_T_VERSION:
		token->major = (uint8_t)from->data.version_directive.major;
		token->minor = (uint8_t)from->data.version_directive.minor;
		break;
	default:
		break;
	}
}

/* libyaml becomes slow, and wants memory, where brackets nest without end. */
static bool is_too_deep(struct yaml_tokens *t, enum yaml_token_kind kind)
{
	bool is_start = kind == YAML_T_FLOW_LIST || kind == YAML_T_FLOW_MAP;
	bool is_end = kind == YAML_T_FLOW_LIST_END || kind == YAML_T_FLOW_MAP_END;
	t->flow_depth += is_start;
	t->flow_depth -= is_end && t->flow_depth > 0;
	t->block_depth += kind == YAML_T_BLOCK_LIST || kind == YAML_T_BLOCK_MAP;
	t->block_depth -= kind == YAML_T_BLOCK_END && t->block_depth > 0;
	return t->flow_depth > 2 * LIMIT_DEPTH || t->block_depth > 2 * LIMIT_DEPTH;
}

bool yaml_tokens_next(struct yaml_tokens *t, struct yaml_token *ret_token)
{
	if (t->is_over)
		return false;
	yaml_token_t *from = &t->alive[t->next_alive];
	yaml_token_delete(from);
	if (!yaml_parser_scan(&t->parser, from)) {
		memset(from, 0, sizeof(*from));
		t->is_over = true;
		return false;
	}
	t->next_alive = (t->next_alive + 1) % ALIVE;
	struct yaml_token token = { .kind = kind_of(from->type) };
	if (token.kind == YAML_T_NONE || is_too_deep(t, token.kind)) {
		t->is_over = true;
		return false;
	}
	set_place(t, from, &token);
	set_value(from, &token);
	t->is_whole = t->is_over = token.kind == YAML_T_STREAM_END;
	*ret_token = token;
	return true;
}

bool yaml_tokens_are_whole(const struct yaml_tokens *tokens)
{
	return tokens->is_whole;
}

void yaml_tokens_free(struct yaml_tokens *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < ALIVE; i++)
		yaml_token_delete(&t->alive[i]);
	yaml_parser_delete(&t->parser);
	mem_free(t);
}
