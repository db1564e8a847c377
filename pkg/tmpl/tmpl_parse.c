/* The language of https://pkg.go.dev/text/template: text, actions, pipelines, definitions. */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "tmpl/tmpl_lex.h"

static err *parse_list(struct parser *p, struct node_list *list, const char **ret_end,
                       size_t *ret_at);
static err *parse_pipe(struct parser *p, const char *where, enum token_kind end,
                       struct pipe **ret_pipe);

static err *peek(struct parser *p)
{
	if (!p->has_token) {
		TRY(tmpl_lex(p));
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
	if (operand->name_count)
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
		return tmpl_fail(p, token->at, "the function '%s' is not supported", token->text);
	err *e = tmpl_fail(p, token->at, "function '%s' is not defined", token->text);
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
	               : tmpl_fail(p, token->at, "undefined variable '%s'", token->text);
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
			return tmpl_fail(p, token.at, "nested deeper than %u levels",
			                 TMPL_MAX_DEPTH);
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
			return tmpl_fail(p, p->token.at, "unexpected . after a constant");
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
		return tmpl_fail(p, where_at, "unexpected %s in %s",
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
		return tmpl_fail(p, pipe->at, "missing value for %s", where);
	for (size_t i = 1; i < pipe->count; i++) {
		enum operand_kind kind = pipe->commands[i].operands[0].kind;
		if (kind == OPERAND_VALUE || kind == OPERAND_NIL || kind == OPERAND_DOT)
			return tmpl_fail(p, pipe->commands[i].operands[0].at,
			                 "non executable command in pipeline stage %zu", i + 1);
	}
	return NULL;
}

static err *declare(struct parser *p, struct pipe *pipe, const struct token *variable)
{
	if (pipe->variable_count == 2)
		return tmpl_fail(p, variable->at, "too many declarations");
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
				return tmpl_fail(p, p->token.at,
				                 "range can only initialize variables");
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
		return tmpl_fail(p, start, "expected := after the variables");
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
			return tmpl_fail(p, p->token.at, "missing value for %s", where);
		struct command *commands =
			arena_alloc(p->arena, (pipe->count + 1) * sizeof(*commands));
		if (pipe->count)
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
		return tmpl_fail(p, p->token.at, "unexpected operand in %s", where);
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
		return tmpl_fail(p, word_at, "nested deeper than %u levels", TMPL_MAX_DEPTH);
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
		return tmpl_fail(p, word_at, "expected end; found else");
	return expect_end(p, "end");
}

static err *parse_name(struct parser *p, const char *where, const char **ret_name)
{
	TRY(peek_word(p));
	if (p->token.kind != TOKEN_VALUE || !val_is(p->token.value, VAL_STR))
		return tmpl_fail(p, p->token.at, "expected a quoted name in %s", where);
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
			if (!tmpl_is_space(list->ptr[i].text.ptr[k]))
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
			return tmpl_fail(p, where, "multiple definition of template '%s'", name);
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
	                 ? tmpl_fail(p, where, "nested deeper than %u levels", TMPL_MAX_DEPTH)
	                 : parse_list(p, body, &end, &end_at);
	p->depth--;
	strs_clear(&p->variables);
	p->variables = outer;
	p->range_depth = range_depth;
	TRY(e);
	if (strcmp(end, "end") != 0)
		return tmpl_fail(p, end_at, "unexpected else in the definition of '%s'", name);
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
			return tmpl_fail(p, where, "missing value for block clause");
		take(p);
	}
	return is_block ? parse_definition_body(p, where, node->name) : NULL;
}

static err *parse_define(struct parser *p, size_t where)
{
	const char *name;
	if (p->depth > 0)
		return tmpl_fail(p, where, "unexpected {{define}}: it belongs on the top level");
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
			return tmpl_fail(p, token.at, "{{%s}} outside {{range}}", word);
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
	*ret_is_comment = tmpl_starts_at(p, p->pos, begin, 2);
	if (!*ret_is_comment)
		return NULL;
	const char *close = str_find(p->text.ptr + p->pos, p->text.len - p->pos, end, 2);
	if (!close)
		return tmpl_fail(p, start, "unclosed comment");
	size_t pos = (size_t)(close - p->text.ptr) + 2;
	p->trims_next = false;
	if (tmpl_is_space(tmpl_at(p, pos)) && tmpl_at(p, pos + 1) == '-' &&
	    tmpl_starts_at(p, pos + 2, p->right, p->right_len)) {
		p->trims_next = true;
		pos += 2;
	}
	if (!tmpl_starts_at(p, pos, p->right, p->right_len))
		return tmpl_fail(p, start, "comment ends before closing delimiter");
	p->pos = pos + p->right_len;
	return NULL;
}

static void add_text(struct parser *p, struct node_list *list, size_t from, size_t to,
                     bool trims_end)
{
	if (p->trims_next)
		while (from < to && tmpl_is_space(p->text.ptr[from]))
			from++;
	if (trims_end)
		while (to > from && tmpl_is_space(p->text.ptr[to - 1]))
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
		bool trims = found && tmpl_at(p, open + p->left_len) == '-' &&
		             tmpl_is_space(tmpl_at(p, open + p->left_len + 1));
		bool is_comment;
		add_text(p, list, start, open, trims);
		if (!found) {
			*ret_end = NULL;
			p->pos = p->text.len;
			return p->depth == 0
			               ? NULL
			               : tmpl_fail(
						 p, p->text.len,
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
		e = tmpl_fail(&parser, end_at, "unexpected {{%s}}", end);
	strs_clear(&parser.variables);
	return e;
}
