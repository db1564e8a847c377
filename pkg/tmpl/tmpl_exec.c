/* Running what tmpl_parse.c made, with the meaning of Go's exec.go. */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static err *run_list(struct exec *x, const struct val *dot, const struct node_list *list,
                     enum flow *flow);
static err *eval_pipe(struct exec *x, const struct val *dot, const struct pipe *pipe,
                      const struct val **ret);

/* --- limits --- */

static err *over_limit(struct exec *x, size_t at, const char *what, unsigned limit)
{
	return err_as(tmpl_error(x->tmpl, at, "%s (%u)", what, limit), ERR_LIMIT);
}

err *tmpl_step(struct exec *x, size_t at)
{
	if (++x->steps > TMPL_MAX_STEPS)
		return over_limit(x, at, "the template takes too many steps", TMPL_MAX_STEPS);
	if (x->out->len > TMPL_MAX_OUTPUT)
		return over_limit(x, at, "the output is too large", TMPL_MAX_OUTPUT);
	return NULL;
}

/* --- variables --- */

static void push_variable(struct exec *x, const char *name, const struct val *value)
{
	if (x->variable_count == x->variable_cap) {
		x->variable_cap = x->variable_cap * 2 + 8;
		x->variables = mem_realloc(x->variables, x->variable_cap, sizeof(*x->variables));
	}
	x->variables[x->variable_count++] = (struct variable){ name, value };
}

static struct variable *find_variable(struct exec *x, const char *name)
{
	for (size_t i = x->variable_count; i > 0; i--)
		if (strcmp(x->variables[i - 1].name, name) == 0)
			return &x->variables[i - 1];
	return NULL;
}

static void take_value(struct exec *x, const struct pipe *pipe, size_t i, const struct val *value)
{
	struct variable *variable =
		pipe->is_assignment ? find_variable(x, pipe->variables[i]) : NULL;
	if (variable)
		variable->value = value;
	else
		push_variable(x, pipe->variables[i], value);
}

/* --- fields --- */

static err *eval_field(struct exec *x, size_t at, const struct val *receiver, const char *name,
                       const struct val **ret)
{
	bool must_be = x->tmpl->options.missing == TMPL_MISSING_ERROR;
	*ret = NULL;
	if (!receiver)
		return must_be ? tmpl_error(x->tmpl, at, "nil data; no entry for key '%s'", name)
		               : NULL;
	if (receiver->kind == VAL_NULL)
		return tmpl_error(x->tmpl, at, "nil has no field '%s'", name);
	if (receiver->kind != VAL_MAP)
		return tmpl_error(x->tmpl, at, "can't evaluate field %s in type %s", name,
		                  tmpl_type(receiver));
	*ret = val_get(receiver, name);
	if (!*ret && must_be && x->pending == 0)
		return tmpl_error(x->tmpl, at, "map has no entry for key '%s'", name);
	return NULL;
}

static err *eval_chain(struct exec *x, const struct operand *operand, const struct val *value,
                       const struct val **ret)
{
	for (size_t i = 0; i < operand->name_count; i++)
		TRY(eval_field(x, operand->at, value, operand->names[i], &value));
	*ret = value;
	return NULL;
}

/* --- functions --- */

static const char *letter_name(char letter)
{
	switch (letter) {
	case 's':
		return "string";
	case 'i':
		return "int";
	case 'f':
		return "number";
	case 'b':
		return "bool";
	case 'l':
		return "list";
	case 'm':
		return "map";
	default:
		return "value";
	}
}

static bool fits(char letter, const struct val *v)
{
	switch (letter) {
	case '.':
		return true;
	case 's':
		return val_is(v, VAL_STR);
	case 'i':
		return val_is(v, VAL_INT);
	case 'f':
		return val_is(v, VAL_INT) || val_is(v, VAL_FLOAT);
	case 'b':
		return val_is(v, VAL_BOOL);
	case 'l':
		return val_is(v, VAL_LIST);
	case 'm':
		return val_is(v, VAL_MAP);
	default:
		return false;
	}
}

/* The letter of argument i; '\0': there may be no such argument. *ret_min: how many there must be. */
static char letter_of(const char *args, size_t i, size_t *ret_min)
{
	size_t position = 0, min = 0;
	bool is_optional = false;
	char found = '\0', last = '\0';
	for (const char *c = args; *c; c++) {
		if (*c == '?') {
			is_optional = true;
		} else if (*c == '*') {
			found = found || i < position - 1 ? found : last;
			min -= !is_optional;
		} else {
			found = position == i ? *c : found;
			last = *c;
			position++;
			min += !is_optional;
		}
	}
	*ret_min = min;
	return found;
}

static err *check_call(const struct tmpl_call *call)
{
	size_t min = 0;
	(void)letter_of(call->func->args, 0, &min);
	if (call->count < min)
		return call_error(call, "wrong number of args for %s: want at least %zu got %zu",
		                  call->func->name, min, call->count);
	for (size_t i = 0; i < call->count; i++) {
		char letter = letter_of(call->func->args, i, &min);
		if (!letter)
			return call_error(call, "wrong number of args for %s: got %zu",
			                  call->func->name, call->count);
		if (!fits(letter, call->args[i]) && !(call->x->pending && !call->args[i]))
			return call_error(call,
			                  "wrong type for argument %zu of %s; expected %s; got %s",
			                  i + 1, call->func->name, letter_name(letter),
			                  tmpl_type(call->args[i]));
	}
	return NULL;
}

static err *eval_operand(struct exec *x, const struct val *dot, const struct operand *operand,
                         const struct val **ret);

/* and, or: the rest is not evaluated when the answer is known. */
static err *eval_logic(struct exec *x, const struct val *dot, const struct command *command,
                       const struct val *final, bool has_final, const struct val **ret)
{
	bool is_or = command->operands[0].func->name[0] == 'o';
	size_t count = command->count - 1 + has_final;
	if (count == 0)
		return tmpl_error(x->tmpl, command->operands[0].at,
		                  "wrong number of args for %s: want at least 1 got 0",
		                  command->operands[0].func->name);
	for (size_t i = 0; i < count; i++) {
		bool is_final = i == command->count - 1;
		*ret = final;
		if (!is_final)
			TRY(eval_operand(x, dot, &command->operands[i + 1], ret));
		if (tmpl_truth(*ret) == is_or)
			return NULL;
	}
	return NULL;
}

static bool is_logic(const struct tmpl_func *func)
{
	return strcmp(func->name, "and") == 0 || strcmp(func->name, "or") == 0;
}

static err *eval_call(struct exec *x, const struct val *dot, const struct command *command,
                      const struct val *final, bool has_final, const struct val **ret)
{
	const struct operand *first = &command->operands[0];
	size_t count = command->count - 1 + has_final;
	if (is_logic(first->func))
		return eval_logic(x, dot, command, final, has_final, ret);
	const struct val **args = arena_alloc(&x->arena, MAX(count, (size_t)1) * sizeof(*args));
	for (size_t i = 1; i < command->count; i++)
		TRY(eval_operand(x, dot, &command->operands[i], &args[i - 1]));
	if (has_final)
		args[count - 1] = final;
	struct tmpl_call call = { x, first->func, first->at, args, count };
	TRY(check_call(&call));
	/* What is not there yet has the empty value, whatever is done with it. */
	for (size_t i = 0; i < count; i++)
		if (!args[i] && x->pending)
			args[i] = val_new_str(&x->arena, "");
	err *e = NULL;
	if (x->pending) {
		e = check_call(&call);
		if (e) {
			err_ignore(e, "the real value will fit, or the next pass tells");
			*ret = NULL;
			return NULL;
		}
	}
	return first->func->call(&call, ret);
}

static err *eval_operand(struct exec *x, const struct val *dot, const struct operand *operand,
                         const struct val **ret)
{
	const struct val *value = NULL;
	struct variable *variable;
	struct command alone;
	switch (operand->kind) {
	case OPERAND_DOT:
		value = dot;
		break;
	case OPERAND_NIL:
		value = val_new_null(&x->arena);
		break;
	case OPERAND_VALUE:
		value = operand->value;
		break;
	case OPERAND_FIELD:
		value = dot;
		break;
	case OPERAND_VARIABLE:
		variable = find_variable(x, operand->name);
		value = variable ? variable->value : NULL;
		break;
	case OPERAND_CALL:
		alone = (struct command){ (struct operand *)(uintptr_t)operand, 1 };
		TRY(eval_call(x, dot, &alone, NULL, false, &value));
		break;
	case OPERAND_PIPE:
		TRY(eval_pipe(x, dot, operand->pipe, &value));
		break;
	}
	return eval_chain(x, operand, value, ret);
}

static err *eval_command(struct exec *x, const struct val *dot, const struct command *command,
                         const struct val *final, bool has_final, const struct val **ret)
{
	const struct operand *first = &command->operands[0];
	TRY(tmpl_step(x, first->at));
	if (first->kind == OPERAND_CALL) {
		TRY(eval_call(x, dot, command, final, has_final, ret));
		return eval_chain(x, first, *ret, ret);
	}
	if (command->count > 1 || has_final)
		return tmpl_error(x->tmpl, first->at, "can't give argument to non-function");
	if (first->kind == OPERAND_NIL)
		return tmpl_error(x->tmpl, first->at, "nil is not a command");
	return eval_operand(x, dot, first, ret);
}

static err *eval_pipe(struct exec *x, const struct val *dot, const struct pipe *pipe,
                      const struct val **ret)
{
	const struct val *value = NULL;
	if (++x->depth > TMPL_MAX_DEPTH * 4)
		return over_limit(x, pipe->at, "nested too deep", TMPL_MAX_DEPTH * 4);
	for (size_t i = 0; i < pipe->count; i++)
		TRY(eval_command(x, dot, &pipe->commands[i], value, i > 0, &value));
	x->depth--;
	*ret = value;
	return NULL;
}

/* Declared variables of a pipeline that is no range take its value. */
static err *eval_declared(struct exec *x, const struct val *dot, const struct pipe *pipe,
                          const struct val **ret)
{
	TRY(eval_pipe(x, dot, pipe, ret));
	for (size_t i = 0; i < pipe->variable_count; i++)
		take_value(x, pipe, i, *ret);
	return NULL;
}

/* --- nodes --- */

static err *run_action(struct exec *x, const struct val *dot, const struct node *node)
{
	const struct val *value = NULL;
	TRY(eval_declared(x, dot, node->pipe, &value));
	if (node->pipe->variable_count)
		return NULL;
	if (!value || value->kind == VAL_NULL) {
		if (!x->pending)
			str_addz(x->out, "<no value>");
		return NULL;
	}
	tmpl_print(value, x->out);
	return NULL;
}

static err *run_if(struct exec *x, const struct val *dot, const struct node *node, enum flow *flow)
{
	const struct val *value = NULL;
	size_t mark = x->variable_count;
	TRY(eval_declared(x, dot, node->pipe, &value));
	if (tmpl_truth(value))
		TRY(run_list(x, node->kind == NODE_WITH ? value : dot, node->body, flow));
	else if (node->otherwise)
		TRY(run_list(x, dot, node->otherwise, flow));
	x->variable_count = mark;
	return NULL;
}

/* One round. False in *ret_goes_on: a break. */
static err *run_round(struct exec *x, const struct node *node, const struct val *key,
                      const struct val *item, bool *ret_goes_on)
{
	const struct pipe *pipe = node->pipe;
	enum flow flow = FLOW_ON;
	size_t mark = x->variable_count;
	TRY(tmpl_step(x, node->at));
	if (pipe->variable_count == 2) {
		take_value(x, pipe, 0, key);
		take_value(x, pipe, 1, item);
	} else if (pipe->variable_count == 1) {
		take_value(x, pipe, 0, item);
	}
	TRY(run_list(x, item, node->body, &flow));
	x->variable_count = mark;
	*ret_goes_on = flow != FLOW_BREAK;
	return NULL;
}

static err *range_list(struct exec *x, const struct node *node, const struct val *list)
{
	bool goes_on = true;
	for (size_t i = 0; i < list->as.list.len && goes_on; i++)
		TRY(run_round(x, node, val_new_int(&x->arena, (int64_t)i), list->as.list.items[i],
		              &goes_on));
	return NULL;
}

static err *range_map(struct exec *x, const struct node *node, const struct val *map)
{
	const struct val_entry **entries = tmpl_sorted(&x->arena, map);
	bool goes_on = true;
	for (size_t i = 0; i < val_len(map) && goes_on; i++)
		TRY(run_round(x, node,
		              val_new_strn(&x->arena, entries[i]->key, entries[i]->key_len),
		              entries[i]->value, &goes_on));
	return NULL;
}

static err *range_int(struct exec *x, const struct node *node, int64_t count)
{
	bool goes_on = true;
	for (int64_t i = 0; i < count && goes_on; i++) {
		const struct val *number = val_new_int(&x->arena, i);
		TRY(run_round(x, node, number, number, &goes_on));
	}
	return NULL;
}

static err *run_range(struct exec *x, const struct val *dot, const struct node *node)
{
	const struct val *value = NULL;
	size_t mark = x->variable_count;
	enum flow flow = FLOW_ON;
	TRY(eval_pipe(x, dot, node->pipe, &value));
	bool is_empty =
		!value || value->kind == VAL_NULL ||
		((value->kind == VAL_LIST || value->kind == VAL_MAP) && val_len(value) == 0) ||
		(value->kind == VAL_INT && value->as.integer <= 0);
	if (is_empty) {
		err *e = node->otherwise ? run_list(x, dot, node->otherwise, &flow) : NULL;
		x->variable_count = mark;
		return e;
	}
	switch (value->kind) {
	case VAL_LIST:
		return range_list(x, node, value);
	case VAL_MAP:
		return range_map(x, node, value);
	case VAL_INT:
		return range_int(x, node, value->as.integer);
	default:
		/* What is not there yet is an empty text. */
		return x->pending && value->kind == VAL_STR
		               ? NULL
		               : tmpl_error(x->tmpl, node->at, "range can't iterate over %s",
		                            tmpl_type(value));
	}
}

static err *run_template(struct exec *x, const struct val *dot, const struct node *node)
{
	const struct node_list *body = tmpl_definition(x->tmpl, node->name);
	const struct val *value = NULL;
	enum flow flow = FLOW_ON;
	if (!body)
		return tmpl_error(x->tmpl, node->at, "template '%s' not defined", node->name);
	if (++x->depth > TMPL_MAX_DEPTH * 4)
		return over_limit(x, node->at, "exceeded maximum template depth",
		                  TMPL_MAX_DEPTH * 4);
	if (node->pipe)
		TRY(eval_pipe(x, dot, node->pipe, &value));
	/* It sees no variables but its own $. */
	struct variable *variables = x->variables;
	size_t count = x->variable_count, cap = x->variable_cap;
	x->variables = NULL;
	x->variable_count = x->variable_cap = 0;
	push_variable(x, "$", value);
	err *e = run_list(x, value, body, &flow);
	mem_free(x->variables);
	x->variables = variables;
	x->variable_count = count;
	x->variable_cap = cap;
	x->depth--;
	return e;
}

static err *run_node(struct exec *x, const struct val *dot, const struct node *node,
                     enum flow *flow)
{
	switch (node->kind) {
	case NODE_TEXT:
		str_add(x->out, node->text.ptr, node->text.len);
		return NULL;
	case NODE_ACTION:
		return run_action(x, dot, node);
	case NODE_IF:
	case NODE_WITH:
		return run_if(x, dot, node, flow);
	case NODE_RANGE:
		return run_range(x, dot, node);
	case NODE_TEMPLATE:
		return run_template(x, dot, node);
	case NODE_BREAK:
		*flow = FLOW_BREAK;
		return NULL;
	case NODE_CONTINUE:
		*flow = FLOW_CONTINUE;
		return NULL;
	}
	return NULL;
}

static err *run_list(struct exec *x, const struct val *dot, const struct node_list *list,
                     enum flow *flow)
{
	for (size_t i = 0; i < list->len && *flow == FLOW_ON; i++) {
		TRY(tmpl_step(x, list->ptr[i].at));
		TRY(run_node(x, dot, &list->ptr[i], flow));
	}
	return NULL;
}

/* --- a rendering --- */

static err *run(struct exec *x, const struct tmpl *tmpl, const struct val *data, struct str *out)
{
	enum flow flow = FLOW_ON;
	switch (tmpl->options.flavour) {
	case TMPL_MUSTACHE:
		return tmpl_mustache(x, tmpl, data, out);
	case TMPL_SHELL:
		return tmpl_shell(x, tmpl, data, out);
	default:
		push_variable(x, "$", data);
		return run_list(x, data, tmpl->body, &flow);
	}
}

err *tmpl_render(const struct tmpl *tmpl, const struct val *data, const struct tmpl_host *host,
                 struct str *out, size_t *ret_pending)
{
	struct exec x = { .tmpl = tmpl, .host = host, .out = out };
	arena_init(&x.arena);
	err *e = run(&x, tmpl, data, out);
	*ret_pending = x.pending;
	mem_free(x.variables);
	arena_wipe(&x.arena);
	return e;
}

/* --- help for functions --- */

err *call_error(const struct tmpl_call *call, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return tmpl_error(call->x->tmpl, call->at, "%s", text.ptr);
}

const char *call_str(const struct tmpl_call *call, size_t i)
{
	return call->args[i]->as.str.ptr;
}

struct view call_view(const struct tmpl_call *call, size_t i)
{
	return (struct view){ call->args[i]->as.str.ptr, call->args[i]->as.str.len };
}

int64_t call_int(const struct tmpl_call *call, size_t i)
{
	return call->args[i]->as.integer;
}

double call_number(const struct tmpl_call *call, size_t i)
{
	const struct val *v = call->args[i];
	return v->kind == VAL_INT ? (double)v->as.integer : v->as.number;
}

const struct val *call_text(const struct tmpl_call *call, const char *text, size_t len)
{
	return val_new_strn(&call->x->arena, text, len);
}

const struct val *call_str_result(const struct tmpl_call *call, const struct str *text)
{
	return val_new_strn(&call->x->arena, text->ptr, text->len);
}

const struct val *call_bool(const struct tmpl_call *call, bool boolean)
{
	return val_new_bool(&call->x->arena, boolean);
}

const struct val *call_integer(const struct tmpl_call *call, int64_t integer)
{
	return val_new_int(&call->x->arena, integer);
}

static void place_of(const struct tmpl *tmpl, size_t at, size_t *ret_line, size_t *ret_column)
{
	*ret_line = 1;
	*ret_column = 1;
	for (size_t i = 0; i < at && i < tmpl->text.len; i++) {
		bool is_end = tmpl->text.ptr[i] == '\n';
		*ret_line += is_end;
		*ret_column = is_end ? 1 : *ret_column + 1;
	}
}

err *call_lookup(const struct tmpl_call *call, const char *function, const char *path,
                 enum tmpl_state *ret_state, const struct val **ret_value)
{
	struct exec *x = call->x;
	struct tmpl_query query = { .function = function, .path = path, .out_offset = x->out->len };
	if (!x->host || !x->host->lookup)
		return call_error(call, "the function '%s' needs a source, and there is none",
		                  call->func->name);
	place_of(x->tmpl, call->at, &query.line, &query.column);
	*ret_value = NULL;
	err *e = x->host->lookup(x->host->ctx, &query, &x->arena, ret_state, ret_value);
	if (e)
		return err_source(e, x->tmpl->name, x->tmpl->text.ptr, x->tmpl->text.len, call->at,
		                  call->at);
	if (*ret_state != TMPL_KNOWN)
		*ret_value = NULL;
	x->pending += *ret_state == TMPL_PENDING;
	return NULL;
}

static int by_key(const void *a, const void *b)
{
	const struct val_entry *const *x = a, *const *y = b;
	return strcmp((*x)->key, (*y)->key);
}

const struct val_entry **tmpl_sorted(struct arena *a, const struct val *map)
{
	size_t len = val_len(map);
	const struct val_entry **entries = arena_alloc(a, MAX(len, (size_t)1) * sizeof(*entries));
	for (size_t i = 0; i < len; i++)
		entries[i] = val_entry_at(map, i);
	if (len > 1)
		qsort(entries, len, sizeof(*entries), by_key);
	return entries;
}
