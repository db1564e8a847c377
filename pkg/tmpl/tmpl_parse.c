/* The language of https://pkg.go.dev/text/template: text, actions, pipelines, definitions. */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/num.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

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

static err *parse_list(struct parser *p, struct node_list *list, const char **ret_end,
                       size_t *ret_at);
static err *parse_pipe(struct parser *p, const char *where, enum token_kind end,
                       struct pipe **ret_pipe);

static err *fail(const struct parser *p, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

static err *fail(const struct parser *p, size_t at, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return tmpl_error(p->tmpl, at, "%s", text.ptr);
}

static bool starts_at(const struct parser *p, size_t pos, const char *what, size_t len)
{
	return p->text.len - pos >= len && memcmp(p->text.ptr + pos, what, len) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static char at(const struct parser *p, size_t pos)
{
	return pos < p->text.len ? p->text.ptr[pos] : '\0';
}

/* --- tokens of an action --- */

static size_t word_end(const struct parser *p, size_t pos)
{
	while (pos < p->text.len && is_word(p->text.ptr[pos]))
		pos++;
	return pos;
}

static const char *copy(const struct parser *p, size_t from, size_t to)
{
	return arena_strndup(p->arena, p->text.ptr + from, to - from);
}

/* The end of the action here: "}}" or " -}}"; its length, 0: no. */
static size_t end_len(const struct parser *p, size_t pos, bool *ret_trims)
{
	*ret_trims = at(p, pos) == '-' && starts_at(p, pos + 1, p->right, p->right_len);
	if (*ret_trims)
		return 1 + p->right_len;
	return starts_at(p, pos, p->right, p->right_len) ? p->right_len : 0;
}

static void add_rune(struct str *out, uint32_t rune)
{
	char bytes[4];
	str_add(out, bytes, utf8_encode(rune, bytes));
}

/* The escape behind a backslash at *pos; in a string \x and octal are bytes, in a character a number. */
static err *parse_escape(const struct parser *p, size_t *pos, char quote, struct str *out)
{
	static const char letters[] = "abfnrtv\\";
	static const char bytes[] = "\a\b\f\n\r\t\v\\";
	char c = at(p, *pos);
	const char *known = c ? strchr(letters, c) : NULL;
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '7' ? 3 : 0;
	unsigned base = c >= '0' && c <= '7' ? 8 : 16;
	uint64_t number = 0;
	if (known || c == quote) {
		str_addch(out, known ? bytes[known - letters] : quote);
		(*pos)++;
		return NULL;
	}
	size_t start = *pos + (base == 16);
	if (!digits || start + digits > p->text.len ||
	    !num_parse_u64(p->text.ptr + start, digits, base, &number) || number > 0x10ffff ||
	    (base == 8 && number > 255))
		return fail(p, *pos - 1, "unknown escape in a constant");
	if (c == 'u' || c == 'U')
		add_rune(out, (uint32_t)number);
	else
		str_addch(out, (char)number);
	*pos = start + digits;
	return NULL;
}

static err *lex_string(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	while (at(p, pos) != '"') {
		char c = at(p, pos);
		if (pos >= p->text.len || c == '\n')
			return fail(p, start, "unterminated quoted string");
		pos++;
		if (c == '\\')
			TRY(parse_escape(p, &pos, '"', &text));
		else
			str_addch(&text, c);
	}
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL,
		                   val_new_strn(p->arena, text.ptr, text.len) };
	return NULL;
}

/* `…`; carriage returns stay, as text/template keeps them (strconv.Unquote drops them). */
static err *lex_raw(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	for (; at(p, pos) != '`'; pos++) {
		if (pos >= p->text.len)
			return fail(p, start, "unterminated raw quoted string");
		if (at(p, pos) != '\r')
			str_addch(&text, at(p, pos));
	}
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL,
		                   val_new_strn(p->arena, text.ptr, text.len) };
	return NULL;
}

static err *lex_char(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	uint32_t rune = 0;
	char c = at(p, pos);
	bool is_byte =
		c == '\\' && (at(p, pos + 1) == 'x' || isdigit((unsigned char)at(p, pos + 1)));
	if (c == '\\') {
		pos++;
		TRY(parse_escape(p, &pos, '\'', &text));
	} else {
		while (pos < p->text.len && at(p, pos) != '\'' && at(p, pos) != '\n')
			str_addch(&text, at(p, pos++));
	}
	if (is_byte)
		rune = (unsigned char)text.ptr[0];
	else if (text.len == 0 || utf8_decode(text.ptr, text.len, &rune) != text.len)
		return fail(p, start, "malformed character constant");
	if (at(p, pos) != '\'')
		return fail(p, start, "unterminated character constant");
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL, val_new_int(p->arena, rune) };
	return NULL;
}

/* Without '_' ("1_000"), which may stand between digits. */
static char *digits_of(const struct parser *p, size_t from, size_t to)
{
	AUTO(str) text = STR_INIT;
	for (size_t i = from; i < to; i++)
		if (p->text.ptr[i] != '_')
			str_addch(&text, p->text.ptr[i]);
	return str_detach(&text);
}

static bool parse_integer(const char *text, int64_t *ret_number)
{
	bool is_negative = *text == '-';
	uint64_t number;
	text += *text == '-' || *text == '+';
	unsigned base = 10;
	if (text[0] == '0' && text[1]) {
		char c = (char)tolower((unsigned char)text[1]);
		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		text += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	if (!num_parse_u64(text, strlen(text), base, &number) ||
	    number > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
		return false;
	*ret_number = is_negative ? (int64_t)(0 - number) : (int64_t)number;
	return true;
}

static err *lex_number(struct parser *p, size_t start)
{
	size_t pos = start + (at(p, start) == '-' || at(p, start) == '+');
	bool is_hex = at(p, pos) == '0' && tolower((unsigned char)at(p, pos + 1)) == 'x';
	const char *exponents = is_hex ? "pP" : "eE";
	while (isalnum((unsigned char)at(p, pos)) || at(p, pos) == '.' || at(p, pos) == '_' ||
	       ((at(p, pos) == '-' || at(p, pos) == '+') && strchr(exponents, at(p, pos - 1))))
		pos++;
	AUTOFREE char *text = digits_of(p, start, pos);
	struct token token = { TOKEN_VALUE, start, NULL, NULL };
	int64_t integer;
	bool is_float = strpbrk(text, is_hex ? ".pP" : ".eE") != NULL;
	if (!is_float && parse_integer(text, &integer)) {
		token.value = val_new_int(p->arena, integer);
	} else {
		char *end;
		double number = strtod(text, &end);
		if (!is_float || *end || end == text || !isfinite(number))
			return fail(p, start, "bad number '%.60s'", text);
		token.value = val_new_float(p->arena, number);
	}
	p->pos = pos;
	p->token = token;
	return NULL;
}

static err *lex_word(struct parser *p, size_t start)
{
	size_t end = word_end(p, start + (at(p, start) == '$' || at(p, start) == '.'));
	const char *text = copy(p, start, end);
	p->pos = end;
	p->token = (struct token){ TOKEN_NAME, start, text, NULL };
	if (*text == '$')
		p->token.kind = TOKEN_VARIABLE;
	else if (*text == '.')
		p->token = (struct token){ TOKEN_FIELD, start, text + 1, NULL };
	else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		p->token = (struct token){ TOKEN_VALUE, start, text,
			                   val_new_bool(p->arena, *text == 't') };
	return NULL;
}

static err *lex(struct parser *p)
{
	static const struct {
		char c;
		enum token_kind kind;
	} single[] = { { '|', TOKEN_PIPE },
		       { '(', TOKEN_LEFT },
		       { ')', TOKEN_RIGHT },
		       { ',', TOKEN_COMMA },
		       { '=', TOKEN_ASSIGN } };
	size_t start = p->pos;
	bool trims;
	char c = at(p, start);
	if (start >= p->text.len)
		return fail(p, start, "unclosed action");
	if (is_space(c)) {
		while (is_space(at(p, p->pos)))
			p->pos++;
		size_t len = end_len(p, p->pos, &trims);
		if (!len || !trims) {
			p->token = (struct token){ TOKEN_SPACE, start, NULL, NULL };
			return NULL;
		}
		p->pos += len;
		p->trims_next = true;
		p->token = (struct token){ TOKEN_END, start, NULL, NULL };
		return NULL;
	}
	size_t len = end_len(p, start, &trims);
	if (len && !trims) {
		p->pos += len;
		p->trims_next = false;
		p->token = (struct token){ TOKEN_END, start, NULL, NULL };
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		if (c == single[i].c) {
			p->pos++;
			p->token = (struct token){ single[i].kind, start, NULL, NULL };
			return NULL;
		}
	if (c == ':' && at(p, start + 1) == '=') {
		p->pos += 2;
		p->token = (struct token){ TOKEN_DECLARE, start, NULL, NULL };
		return NULL;
	}
	if (c == '"')
		return lex_string(p, start);
	if (c == '`')
		return lex_raw(p, start);
	if (c == '\'')
		return lex_char(p, start);
	bool has_digit = isdigit((unsigned char)at(p, start + 1)) ||
	                 (at(p, start + 1) == '.' && isdigit((unsigned char)at(p, start + 2)));
	if (isdigit((unsigned char)c) || ((c == '-' || c == '+') && has_digit) ||
	    (c == '.' && isdigit((unsigned char)at(p, start + 1))))
		return lex_number(p, start);
	if (c == '.' && !is_word(at(p, start + 1))) {
		p->pos++;
		p->token = (struct token){ TOKEN_DOT, start, NULL, NULL };
		return NULL;
	}
	if (c == '$' || c == '.' || is_word(c))
		return lex_word(p, start);
	return fail(p, start, "unexpected character '%c' in an action", c);
}

static err *peek(struct parser *p)
{
	if (!p->has_token) {
		TRY(lex(p));
		p->has_token = true;
	}
	return NULL;
}

static void take(struct parser *p)
{
	p->has_token = false;
}

/* The next token that is no space. */
static err *peek_word(struct parser *p)
{
	TRY(peek(p));
	while (p->token.kind == TOKEN_SPACE) {
		take(p);
		TRY(peek(p));
	}
	return NULL;
}

/* --- operands and pipelines --- */

static void add_name(struct parser *p, struct operand *operand, const char *name)
{
	const char **names = arena_alloc(p->arena, (operand->name_count + 1) * sizeof(*names));
	memcpy(names, operand->names, operand->name_count * sizeof(*names));
	names[operand->name_count++] = name;
	operand->names = names;
}

static err *find_function(const struct parser *p, const struct token *token,
                          struct operand *operand)
{
	enum tmpl_flavour flavour = p->tmpl->options.flavour;
	AUTO(strs) known = STRS_INIT;
	operand->func = tmpl_find_function(flavour, token->text);
	if (operand->func && operand->func->args[0] != '!')
		return NULL;
	if (operand->func)
		return fail(p, token->at, "the function '%s' is not supported", token->text);
	err *e = fail(p, token->at, "function '%s' is not defined", token->text);
	tmpl_list_functions(flavour, &known);
	const char *nearest =
		suggest_nearest(token->text, (const char *const *)known.ptr, known.len);
	if (nearest)
		e = err_hint(e, "did you mean '%s'?", nearest);
	return e;
}

static err *check_variable(const struct parser *p, const struct token *token)
{
	return strs_contains(&p->variables, token->text)
	               ? NULL
	               : fail(p, token->at, "undefined variable '%s'", token->text);
}

static err *parse_term(struct parser *p, struct operand *operand, bool *ret_is_one)
{
	const struct token token = p->token;
	*operand = (struct operand){ .at = token.at };
	*ret_is_one = true;
	switch (token.kind) {
	case TOKEN_DOT:
		operand->kind = OPERAND_DOT;
		break;
	case TOKEN_VALUE:
		operand->kind = OPERAND_VALUE;
		operand->value = token.value;
		break;
	case TOKEN_FIELD:
		operand->kind = OPERAND_FIELD;
		add_name(p, operand, token.text);
		break;
	case TOKEN_VARIABLE:
		operand->kind = OPERAND_VARIABLE;
		operand->name = token.text;
		TRY(check_variable(p, &token));
		break;
	case TOKEN_NAME:
		operand->kind = strcmp(token.text, "nil") == 0 ? OPERAND_NIL : OPERAND_CALL;
		if (operand->kind == OPERAND_CALL)
			TRY(find_function(p, &token, operand));
		break;
	case TOKEN_LEFT:
		operand->kind = OPERAND_PIPE;
		take(p);
		if (++p->depth > TMPL_MAX_DEPTH)
			return fail(p, token.at, "nested deeper than %u levels", TMPL_MAX_DEPTH);
		TRY(parse_pipe(p, "parenthesized pipeline", TOKEN_RIGHT, &operand->pipe));
		p->depth--;
		return NULL;
	default:
		*ret_is_one = false;
		return NULL;
	}
	take(p);
	return NULL;
}

/* What follows without a space: ".a.b" behind (…), $x or a field. */
static err *parse_chain(struct parser *p, struct operand *operand)
{
	TRY(peek(p));
	while (p->token.kind == TOKEN_FIELD) {
		bool is_constant = operand->kind == OPERAND_VALUE || operand->kind == OPERAND_NIL ||
		                   operand->kind == OPERAND_DOT;
		if (is_constant)
			return fail(p, p->token.at, "unexpected . after a constant");
		add_name(p, operand, p->token.text);
		take(p);
		TRY(peek(p));
	}
	return NULL;
}

struct operands {
	struct operand *ptr;
	size_t len, cap;
};

static err *parse_command(struct parser *p, enum token_kind end, const char *where,
                          struct operands *operands)
{
	for (;;) {
		struct operand operand;
		bool is_one;
		TRY(peek_word(p));
		size_t where_at = p->token.at;
		TRY(parse_term(p, &operand, &is_one));
		if (is_one) {
			TRY(parse_chain(p, &operand));
			vec_push(operands, operand);
			TRY(peek(p));
			if (p->token.kind == TOKEN_SPACE) {
				take(p);
				continue;
			}
			TRY(peek(p));
		}
		if (p->token.kind == end || p->token.kind == TOKEN_PIPE)
			return NULL;
		return fail(p, where_at, "unexpected %s in %s",
		            p->token.kind == TOKEN_END     ? "end of the action"
		            : p->token.kind == TOKEN_RIGHT ? "right parenthesis"
		                                           : "operand",
		            where);
	}
}

/* Constants and nil can only be the first command of a pipeline. */
static err *check_commands(const struct parser *p, const struct pipe *pipe, const char *where)
{
	if (pipe->count == 0)
		return fail(p, pipe->at, "missing value for %s", where);
	for (size_t i = 1; i < pipe->count; i++) {
		enum operand_kind kind = pipe->commands[i].operands[0].kind;
		if (kind == OPERAND_VALUE || kind == OPERAND_NIL || kind == OPERAND_DOT)
			return fail(p, pipe->commands[i].operands[0].at,
			            "non executable command in pipeline stage %zu", i + 1);
	}
	return NULL;
}

static err *declare(struct parser *p, struct pipe *pipe, const struct token *variable)
{
	if (pipe->variable_count == 2)
		return fail(p, variable->at, "too many declarations");
	pipe->variables[pipe->variable_count++] = variable->text;
	return NULL;
}

/* "$x :=", "$i, $x :=", "$x ="; else the variable is the first operand: nothing is taken. */
static err *parse_declarations(struct parser *p, struct pipe *pipe, const char *where)
{
	bool is_range = strcmp(where, "range") == 0;
	TRY(peek_word(p));
	size_t start = p->token.at;
	while (p->token.kind == TOKEN_VARIABLE) {
		struct token variable = p->token;
		take(p);
		TRY(peek_word(p));
		TRY(declare(p, pipe, &variable));
		if (p->token.kind == TOKEN_COMMA && is_range && pipe->variable_count == 1) {
			take(p);
			TRY(peek_word(p));
			if (p->token.kind != TOKEN_VARIABLE)
				return fail(p, p->token.at, "range can only initialize variables");
			continue;
		}
		if (p->token.kind == TOKEN_DECLARE || p->token.kind == TOKEN_ASSIGN) {
			pipe->is_assignment = p->token.kind == TOKEN_ASSIGN;
			take(p);
			return NULL;
		}
		break;
	}
	/* No declaration after all: back to the start of it. */
	if (pipe->variable_count > 1)
		return fail(p, start, "expected := after the variables");
	if (pipe->variable_count == 1) {
		p->pos = start;
		take(p);
		pipe->variable_count = 0;
	}
	return NULL;
}

static err *take_variables(struct parser *p, const struct pipe *pipe)
{
	for (size_t i = 0; i < pipe->variable_count; i++) {
		struct token token = { TOKEN_VARIABLE, pipe->at, pipe->variables[i], NULL };
		if (pipe->is_assignment)
			TRY(check_variable(p, &token));
		else
			strs_push(&p->variables, pipe->variables[i]);
	}
	return NULL;
}

static err *parse_commands(struct parser *p, const char *where, enum token_kind end,
                           struct pipe *pipe)
{
	for (;;) {
		struct operands operands = VEC_INIT;
		TRY(peek_word(p));
		if (p->token.kind == end && pipe->count == 0)
			return NULL;
		err *e = parse_command(p, end, where, &operands);
		struct command command = { arena_alloc(p->arena, MAX(operands.len, (size_t)1) *
			                                                 sizeof(struct operand)),
			                   operands.len };
		if (operands.len)
			memcpy(command.operands, operands.ptr,
			       operands.len * sizeof(struct operand));
		vec_clear(&operands);
		TRY(e);
		if (command.count == 0)
			return fail(p, p->token.at, "missing value for %s", where);
		struct command *commands =
			arena_alloc(p->arena, (pipe->count + 1) * sizeof(*commands));
		memcpy(commands, pipe->commands, pipe->count * sizeof(*commands));
		commands[pipe->count++] = command;
		pipe->commands = commands;
		if (p->token.kind == end)
			return NULL;
		take(p); /* the pipe */
	}
}

static err *parse_pipe(struct parser *p, const char *where, enum token_kind end,
                       struct pipe **ret_pipe)
{
	struct pipe *pipe = ARENA_NEW(p->arena, struct pipe);
	pipe->commands = NULL;
	pipe->at = p->pos;
	TRY(parse_declarations(p, pipe, where));
	TRY(parse_commands(p, where, end, pipe));
	take(p); /* the end */
	TRY(check_commands(p, pipe, where));
	TRY(take_variables(p, pipe));
	*ret_pipe = pipe;
	return NULL;
}

/* --- actions --- */

static err *expect_end(struct parser *p, const char *where)
{
	TRY(peek_word(p));
	if (p->token.kind != TOKEN_END)
		return fail(p, p->token.at, "unexpected operand in %s", where);
	take(p);
	return NULL;
}

static void forget_variables(struct parser *p, size_t count)
{
	while (p->variables.len > count) {
		mem_free(p->variables.ptr[--p->variables.len]);
		p->variables.ptr[p->variables.len] = NULL;
	}
}

/* "else" alone, or "else if …" and "else with …", which are a list of one node. */
static err *parse_else(struct parser *p, struct node *node, const char *word, size_t word_at,
                       struct node_list *otherwise);

static err *parse_control(struct parser *p, const char *word, size_t word_at, struct node *node)
{
	size_t mark = p->variables.len;
	const char *end;
	size_t end_at;
	bool is_range = strcmp(word, "range") == 0;
	node->kind = is_range ? NODE_RANGE : strcmp(word, "if") == 0 ? NODE_IF : NODE_WITH;
	node->at = word_at;
	node->body = ARENA_NEW(p->arena, struct node_list);
	if (++p->depth > TMPL_MAX_DEPTH)
		return fail(p, word_at, "nested deeper than %u levels", TMPL_MAX_DEPTH);
	TRY(parse_pipe(p, word, TOKEN_END, &node->pipe));
	p->range_depth += is_range;
	TRY(parse_list(p, node->body, &end, &end_at));
	p->range_depth -= is_range;
	if (strcmp(end, "else") == 0) {
		node->otherwise = ARENA_NEW(p->arena, struct node_list);
		TRY(parse_else(p, node, word, end_at, node->otherwise));
	} else {
		TRY(expect_end(p, "end"));
	}
	p->depth--;
	forget_variables(p, mark);
	return NULL;
}

static void push_node(struct parser *p, struct node_list *list, const struct node *node)
{
	if (list->len == list->cap) {
		size_t cap = list->cap * 2 + 4;
		struct node *ptr = arena_alloc(p->arena, cap * sizeof(*ptr));
		if (list->len)
			memcpy(ptr, list->ptr, list->len * sizeof(*ptr));
		list->ptr = ptr;
		list->cap = cap;
	}
	list->ptr[list->len++] = *node;
}

static err *parse_else(struct parser *p, struct node *node, const char *word, size_t word_at,
                       struct node_list *otherwise)
{
	const char *end;
	size_t end_at;
	(void)node;
	TRY(peek_word(p));
	if (p->token.kind == TOKEN_NAME && strcmp(p->token.text, word) == 0 &&
	    strcmp(word, "range") != 0) {
		struct node inner = { 0 };
		size_t inner_at = p->token.at;
		take(p);
		TRY(parse_control(p, word, inner_at, &inner));
		push_node(p, otherwise, &inner);
		return NULL;
	}
	TRY(expect_end(p, "else"));
	TRY(parse_list(p, otherwise, &end, &end_at));
	if (strcmp(end, "end") != 0)
		return fail(p, word_at, "expected end; found else");
	return expect_end(p, "end");
}

static err *parse_name(struct parser *p, const char *where, const char **ret_name)
{
	TRY(peek_word(p));
	if (p->token.kind != TOKEN_VALUE || !val_is(p->token.value, VAL_STR))
		return fail(p, p->token.at, "expected a quoted name in %s", where);
	*ret_name = p->token.value->as.str.ptr;
	take(p);
	return NULL;
}

static bool is_blank(const struct node_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->ptr[i].kind != NODE_TEXT)
			return false;
		for (size_t k = 0; k < list->ptr[i].text.len; k++)
			if (!is_space(list->ptr[i].text.ptr[k]))
				return false;
	}
	return true;
}

static err *add_definition(struct parser *p, size_t where, const char *name, struct node_list *body)
{
	struct tmpl *tmpl = p->tmpl;
	for (size_t i = 0; i < tmpl->definition_count; i++) {
		struct definition *known = &tmpl->definitions[i];
		if (strcmp(known->name, name) != 0)
			continue;
		if (!is_blank(known->body) && !is_blank(body))
			return fail(p, where, "multiple definition of template '%s'", name);
		if (is_blank(known->body))
			known->body = body;
		return NULL;
	}
	if (tmpl->definition_count == tmpl->definition_cap) {
		size_t cap = tmpl->definition_cap * 2 + 4;
		struct definition *ptr = arena_alloc(p->arena, cap * sizeof(*ptr));
		if (tmpl->definition_count)
			memcpy(ptr, tmpl->definitions, tmpl->definition_count * sizeof(*ptr));
		tmpl->definitions = ptr;
		tmpl->definition_cap = cap;
	}
	tmpl->definitions[tmpl->definition_count++] = (struct definition){ name, body };
	return NULL;
}

/* The body of a definition sees no variable but $. */
static err *parse_definition_body(struct parser *p, size_t where, const char *name)
{
	struct strs outer = p->variables;
	struct node_list *body = ARENA_NEW(p->arena, struct node_list);
	unsigned range_depth = p->range_depth;
	const char *end = "";
	size_t end_at = 0;
	p->variables = (struct strs)STRS_INIT;
	p->range_depth = 0;
	strs_push(&p->variables, "$");
	err *e = ++p->depth > TMPL_MAX_DEPTH
	                 ? fail(p, where, "nested deeper than %u levels", TMPL_MAX_DEPTH)
	                 : parse_list(p, body, &end, &end_at);
	p->depth--;
	strs_clear(&p->variables);
	p->variables = outer;
	p->range_depth = range_depth;
	TRY(e);
	if (strcmp(end, "end") != 0)
		return fail(p, end_at, "unexpected else in the definition of '%s'", name);
	TRY(expect_end(p, "end"));
	return add_definition(p, where, name, body);
}

static err *parse_template(struct parser *p, bool is_block, size_t where, struct node *node)
{
	node->kind = NODE_TEMPLATE;
	node->at = where;
	TRY(parse_name(p, is_block ? "block" : "template", &node->name));
	TRY(peek_word(p));
	if (p->token.kind != TOKEN_END) {
		TRY(parse_pipe(p, is_block ? "block" : "template", TOKEN_END, &node->pipe));
	} else {
		if (is_block)
			return fail(p, where, "missing value for block clause");
		take(p);
	}
	return is_block ? parse_definition_body(p, where, node->name) : NULL;
}

static err *parse_define(struct parser *p, size_t where)
{
	const char *name;
	if (p->depth > 0)
		return fail(p, where, "unexpected {{define}}: it belongs on the top level");
	TRY(parse_name(p, "define", &name));
	TRY(expect_end(p, "define"));
	return parse_definition_body(p, where, name);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || (c && strcmp(word, c) == 0);
}

/* One action; *ret_end is "end" or "else" when it was one of them. */
static err *parse_action(struct parser *p, struct node_list *list, const char **ret_end,
                         size_t *ret_at)
{
	struct node node = { 0 };
	*ret_end = NULL;
	TRY(peek_word(p));
	struct token token = p->token;
	const char *word = token.kind == TOKEN_NAME ? token.text : "";
	*ret_at = node.at = token.at;
	bool is_keyword = is_one_of(word, "if", "with", "range") ||
	                  is_one_of(word, "end", "else", "define") ||
	                  is_one_of(word, "template", "block", NULL) ||
	                  is_one_of(word, "break", "continue", NULL);
	if (is_keyword)
		take(p);
	if (is_one_of(word, "end", "else", NULL)) {
		*ret_end = word;
		return NULL;
	}
	if (strcmp(word, "define") == 0)
		return parse_define(p, token.at);
	if (is_one_of(word, "if", "with", "range")) {
		TRY(parse_control(p, word, token.at, &node));
	} else if (is_one_of(word, "template", "block", NULL)) {
		TRY(parse_template(p, *word == 'b', token.at, &node));
	} else if (is_one_of(word, "break", "continue", NULL)) {
		if (p->range_depth == 0)
			return fail(p, token.at, "{{%s}} outside {{range}}", word);
		node.kind = *word == 'b' ? NODE_BREAK : NODE_CONTINUE;
		TRY(expect_end(p, word));
	} else {
		node.kind = NODE_ACTION;
		TRY(parse_pipe(p, "command", TOKEN_END, &node.pipe));
	}
	push_node(p, list, &node);
	return NULL;
}

/* --- text --- */

/* Behind the delimiter: a trim marker, then perhaps a comment, which is skipped whole. */
static err *skip_comment(struct parser *p, size_t start, bool *ret_is_comment)
{
	static const char begin[] = "/*", end[] = "*/";
	*ret_is_comment = starts_at(p, p->pos, begin, 2);
	if (!*ret_is_comment)
		return NULL;
	const char *close = str_find(p->text.ptr + p->pos, p->text.len - p->pos, end, 2);
	if (!close)
		return fail(p, start, "unclosed comment");
	size_t pos = (size_t)(close - p->text.ptr) + 2;
	p->trims_next = false;
	if (is_space(at(p, pos)) && at(p, pos + 1) == '-' &&
	    starts_at(p, pos + 2, p->right, p->right_len)) {
		p->trims_next = true;
		pos += 2;
	}
	if (!starts_at(p, pos, p->right, p->right_len))
		return fail(p, start, "comment ends before closing delimiter");
	p->pos = pos + p->right_len;
	return NULL;
}

static void add_text(struct parser *p, struct node_list *list, size_t from, size_t to,
                     bool trims_end)
{
	if (p->trims_next)
		while (from < to && is_space(p->text.ptr[from]))
			from++;
	if (trims_end)
		while (to > from && is_space(p->text.ptr[to - 1]))
			to--;
	if (from < to)
		push_node(p, list,
		          &(struct node){ .kind = NODE_TEXT,
		                          .at = from,
		                          .text = { p->text.ptr + from, to - from } });
}

static err *parse_list(struct parser *p, struct node_list *list, const char **ret_end,
                       size_t *ret_at)
{
	for (;;) {
		size_t start = p->pos;
		const char *found =
			str_find(p->text.ptr + start, p->text.len - start, p->left, p->left_len);
		size_t open = found ? (size_t)(found - p->text.ptr) : p->text.len;
		bool trims = found && at(p, open + p->left_len) == '-' &&
		             is_space(at(p, open + p->left_len + 1));
		bool is_comment;
		add_text(p, list, start, open, trims);
		if (!found) {
			*ret_end = NULL;
			p->pos = p->text.len;
			return p->depth == 0
			               ? NULL
			               : fail(p, p->text.len,
			                      "unexpected end of the template: an {{end}} is missing");
		}
		p->pos = open + p->left_len + (trims ? 2 : 0);
		p->trims_next = false;
		TRY(skip_comment(p, open, &is_comment));
		if (is_comment)
			continue;
		TRY(parse_action(p, list, ret_end, ret_at));
		if (*ret_end)
			return NULL;
	}
}

err *tmpl_parse_go(struct tmpl *tmpl)
{
	const char *left = tmpl->options.left_delim ? tmpl->options.left_delim : "{{";
	const char *right = tmpl->options.right_delim ? tmpl->options.right_delim : "}}";
	struct parser parser = { .tmpl = tmpl,
		                 .arena = &tmpl->arena,
		                 .text = tmpl->text,
		                 .left = left,
		                 .right = right,
		                 .left_len = strlen(left),
		                 .right_len = strlen(right) };
	const char *end = NULL;
	size_t end_at = 0;
	strs_push(&parser.variables, "$");
	tmpl->body = ARENA_NEW(&tmpl->arena, struct node_list);
	err *e = parse_list(&parser, tmpl->body, &end, &end_at);
	if (!e && end)
		e = fail(&parser, end_at, "unexpected {{%s}}", end);
	strs_clear(&parser.variables);
	return e;
}
