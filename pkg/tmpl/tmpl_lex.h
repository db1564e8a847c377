/* What an action is made of, for tmpl_lex.c and tmpl_parse.c. */
#ifndef TMPL_TMPL_LEX_H
#define TMPL_TMPL_LEX_H

#include "tmpl/tmpl_private.h"

enum token_kind {
	TOKEN_END, /* of the action: right delimiter */
	TOKEN_SPACE,
	TOKEN_PIPE,
	TOKEN_LEFT,
	TOKEN_RIGHT,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,
	TOKEN_DOT,
	TOKEN_FIELD,    /* .name: text is the name */
	TOKEN_VARIABLE, /* $name */
	TOKEN_NAME,     /* function or keyword */
	TOKEN_VALUE,    /* constant */
};

struct token {
	enum token_kind kind;
	size_t at;
	const char *text;
	const struct val *value;
};

struct parser {
	struct tmpl *tmpl;
	struct arena *arena;
	struct view text;
	size_t pos;
	const char *left, *right;
	size_t left_len, right_len;
	struct token token;
	bool has_token; /* `token` was looked at and not taken */
	unsigned depth, range_depth;
	struct strs variables; /* in scope */
	bool trims_next;       /* the action before ended with " -}}" */
};

/* The next token of the action into p->token. */
NODISCARD err *tmpl_lex(struct parser *p);
NODISCARD err *tmpl_fail(const struct parser *p, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

static inline bool tmpl_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* '\0' behind the end. */
static inline char tmpl_at(const struct parser *p, size_t pos)
{
	return pos < p->text.len ? p->text.ptr[pos] : '\0';
}

static inline bool tmpl_starts_at(const struct parser *p, size_t pos, const char *what, size_t len)
{
	return p->text.len - pos >= len && memcmp(p->text.ptr + pos, what, len) == 0;
}

#endif
