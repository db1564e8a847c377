/*
 * The tokens of YAML text with their places in bytes, for rules about how a file is written rather
 * than what it says. libyaml's scanner makes them; nothing of it shows here. Scanning ends at the
 * first token that cannot be read.
 */
#ifndef YAML_YAML_TOKENS_H
#define YAML_YAML_TOKENS_H

#include "base/base.h"

enum yaml_token_kind {
	YAML_T_NONE, /* there is no such token: before the first, behind the last */
	YAML_T_STREAM_START,
	YAML_T_STREAM_END,
	YAML_T_VERSION, /* %YAML: major and minor */
	YAML_T_TAG_DIRECTIVE,
	YAML_T_DOCUMENT_START,
	YAML_T_DOCUMENT_END,
	YAML_T_BLOCK_LIST,
	YAML_T_BLOCK_MAP,
	YAML_T_BLOCK_END,
	YAML_T_FLOW_LIST,
	YAML_T_FLOW_LIST_END,
	YAML_T_FLOW_MAP,
	YAML_T_FLOW_MAP_END,
	YAML_T_BLOCK_ENTRY, /* - */
	YAML_T_FLOW_ENTRY,  /* , */
	YAML_T_KEY,
	YAML_T_VALUE, /* : */
	YAML_T_ALIAS,
	YAML_T_ANCHOR,
	YAML_T_TAG,
	YAML_T_SCALAR,
};

struct yaml_token {
	enum yaml_token_kind kind;
	char style;           /* of a scalar: 0 for a plain one, else ' " | or > */
	bool has_long_handle; /* of a tag: !!str */
	uint8_t major, minor; /* of %YAML */
	/* Lines and columns count characters from 0; `start` and `end` are bytes. */
	uint32_t start, end, line, column, end_line, end_column;
	struct view value; /* of a scalar, alias or anchor; lives until four more were read */
};

struct yaml_tokens;

/*
 * `text` must stay; a byte order mark is skipped. NULL for bytes that yaml_load refuses as well:
 * not UTF-8, control characters, too large.
 */
struct yaml_tokens *yaml_tokens_new(const char *text, size_t len);
/* False behind the last token, and for good where the text cannot be read or nests too deeply. */
bool yaml_tokens_next(struct yaml_tokens *tokens, struct yaml_token *ret_token);
/* Was it the end of the text, not an error, that ended the tokens? */
bool yaml_tokens_are_whole(const struct yaml_tokens *tokens);
void yaml_tokens_free(struct yaml_tokens *tokens); /* NULL is fine */
AUTOPTR_DEFINE(yaml_tokens)

#endif
