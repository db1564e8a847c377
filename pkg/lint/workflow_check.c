/* What expressions use: contexts and functions that are there, and names that exist. */
#include "base/base.h"

#include "lint/workflow.h"
#include "lint/workflow_expression.h"

#include "base/suggest.h"

/* --- what may be used where --- */

static const char *const contexts_at[WF_N_PLACES] = {
	[WF_AT_TOP] = "github inputs vars",
	[WF_AT_TOP_ENV] = "github secrets inputs vars",
	[WF_AT_STRATEGY] = "github needs inputs vars",
	[WF_AT_JOB] = "github needs strategy matrix inputs vars",
	[WF_AT_CONTAINER] = "github needs strategy matrix inputs vars env secrets job runner",
	[WF_AT_JOB_IF] = "github needs inputs vars",
	[WF_AT_JOB_OUTPUTS] =
		"github needs strategy matrix job runner env vars secrets steps inputs",
	[WF_AT_JOB_ENV] = "github needs strategy matrix inputs vars secrets",
	[WF_AT_STEP] = "github needs strategy matrix job runner env vars secrets steps inputs",
	[WF_AT_STEP_IF] = "github needs strategy matrix job runner env vars steps inputs",
	[WF_AT_ACTION] = "github inputs job matrix runner strategy steps env needs",
};

static const char all_contexts[] =
	"github needs strategy matrix job runner env vars secrets steps inputs jobs";

static const char github_members[] =
	"action action_path action_ref action_repository action_status actor actor_id api_url "
	"base_ref env event event_name event_path graphql_url head_ref job path ref ref_name "
	"ref_protected ref_type repository repository_id repository_owner repository_owner_id "
	"repositoryurl repository_visibility retention_days run_id run_number run_attempt "
	"secret_source server_url sha token triggering_actor workflow workflow_ref workflow_sha "
	"workspace output state step_summary artifact_cache_size_limit";

static const char runner_members[] = "name os arch temp tool_cache debug environment workspace";

struct function {
	const char *name;
	size_t min, max;
	bool is_status;
};

static const struct function functions[] = {
	{ "contains", 2, 2, false }, { "startswith", 2, 2, false },  { "endswith", 2, 2, false },
	{ "format", 1, 100, false }, { "join", 1, 2, false },        { "tojson", 1, 1, false },
	{ "fromjson", 1, 1, false }, { "hashfiles", 1, 255, false }, { "case", 3, 100, false },
	{ "success", 0, 100, true }, { "always", 0, 0, true },       { "cancelled", 0, 0, true },
	{ "failure", 0, 100, true },
};

static char *lower(const char *text)
{
	char *copy = mem_strdup(text);
	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

static bool has_word(const char *list, const char *word)
{
	AUTOFREE char *wanted = lower(word);
	struct view rest = view_of(list), part;
	while (view_split(&rest, ' ', &part))
		if (view_is(part, wanted))
			return true;
	return false;
}

/* The nearest word of the list, to say "did you mean"; NULL: none. Caller frees. */
static char *nearest_word(const char *list, const char *word)
{
	AUTO(strs) words = STRS_INIT;
	struct view rest = view_of(list), part;
	while (view_split(&rest, ' ', &part))
		strs_push_take(&words, mem_strndup(part.ptr, part.len));
	const char *nearest = suggest_nearest(word, (const char *const *)words.ptr, words.len);
	return nearest ? mem_strdup(nearest) : NULL;
}

static const struct val_entry *entry_fold(const struct val *map, const char *key)
{
	AUTOFREE char *wanted = lower(key);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		AUTOFREE char *own = lower(entry->key);
		if (str_equal(own, wanted))
			return entry;
	}
	return NULL;
}

/* --- one reference --- */

struct check {
	const struct workflow_scope *scope;
	size_t offset; /* of the expression's first byte in the file */
};

PRINTF_LIKE(4, 5)
static void complain(const struct check *c, size_t start, size_t end, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	workflow_hit_bytes(c->scope->workflow, WF_CONTEXT, c->offset + start, c->offset + end, "%s",
	                   message.ptr);
}

static void complain_unknown(const struct check *c, const struct workflow_reference *r,
                             const char *what, const char *name, const char *list)
{
	AUTOFREE char *nearest = nearest_word(list, name);
	if (nearest)
		complain(c, r->start, r->end, "there is no %s '%s': did you mean '%s'?", what, name,
		         nearest);
	else
		complain(c, r->start, r->end, "there is no %s '%s'", what, name);
}

static void check_steps_context(const struct check *c, const struct workflow_reference *r)
{
	const struct workflow_scope *scope = c->scope;
	bool is_anywhere = scope->place == WF_AT_JOB_OUTPUTS;
	const struct val *step;
	AUTO(str) ids = STR_INIT;
	for (VAL_EACH_ITEM(i, step, scope->steps)) {
		const char *id = val_get_str(step, "id", NULL);
		if (id && (is_anywhere || i < scope->step)) {
			AUTOFREE char *own = lower(id);
			AUTOFREE char *wanted = lower(r->steps[1]);
			if (str_equal(own, wanted))
				return;
			str_addf(&ids, "%s%s", ids.len ? " " : "", id);
		} else if (id && str_equal(id, r->steps[1])) {
			complain(c, r->start, r->end, "step '%s' runs later", id);
			return;
		}
	}
	complain_unknown(c, r, "step with the id", r->steps[1], ids.ptr);
}

static bool is_needed(const struct val *job, const char *name)
{
	const struct val *needs = val_get(job, "needs"), *item;
	if (val_is(needs, VAL_STR))
		return str_equal(needs->as.str.ptr, name);
	for (VAL_EACH_ITEM(i, item, needs))
		if (val_is(item, VAL_STR) && str_equal(item->as.str.ptr, name))
			return true;
	return false;
}

static void check_needs_context(const struct check *c, const struct workflow_reference *r)
{
	const struct workflow_scope *scope = c->scope;
	const char *name = r->steps[1];
	if (!scope->job)
		return;
	if (!is_needed(scope->job, name)) {
		complain(c, r->start, r->end, "'%s' is not among the needs of job '%s'", name,
		         scope->job_id);
		return;
	}
	const struct val *outputs = val_get(val_get(scope->workflow->jobs, name), "outputs");
	bool is_call = val_get(val_get(scope->workflow->jobs, name), "uses") != NULL;
	if (r->n_steps > 3 && str_equal(r->steps[2], "outputs") && r->steps[3] && !is_call &&
	    !str_equal(r->steps[3], "*") && !val_is(outputs, VAL_STR) &&
	    !entry_fold(outputs, r->steps[3]))
		complain(c, r->start, r->end, "job '%s' has no output '%s'", name, r->steps[3]);
}

static bool matrix_has(const struct val *matrix, const char *key, bool *ret_is_open)
{
	const struct val *include = val_get(matrix, "include"), *item;
	if (entry_fold(matrix, key))
		return true;
	*ret_is_open = include && !val_is(include, VAL_LIST);
	for (VAL_EACH_ITEM(i, item, include)) {
		*ret_is_open |= !val_is(item, VAL_MAP);
		if (entry_fold(item, key))
			return true;
	}
	return false;
}

static void check_matrix(const struct check *c, const struct workflow_reference *r)
{
	const struct val *strategy = val_get(c->scope->job, "strategy");
	const struct val *matrix = val_get(strategy, "matrix");
	bool is_open = false;
	if (!c->scope->job || val_is(strategy, VAL_STR) || val_is(matrix, VAL_STR))
		return;
	if (!matrix)
		complain(c, r->start, r->end, "job '%s' has no matrix", c->scope->job_id);
	else if (!matrix_has(matrix, r->steps[1], &is_open) && !is_open)
		complain(c, r->start, r->end, "the matrix has no '%s'", r->steps[1]);
}

static const struct val *on_of(const struct workflow *w)
{
	const struct val *on = val_get(w->root, "on");
	return on ? on : val_get(w->root, "true");
}

static void check_inputs(const struct check *c, const struct workflow_reference *r)
{
	const struct workflow *w = c->scope->workflow;
	const struct val *own = val_get(w->root, "inputs");
	const struct val *called = val_path(on_of(w), "workflow_call.inputs");
	const struct val *dispatched = val_path(on_of(w), "workflow_dispatch.inputs");
	if (!entry_fold(w->is_action ? own : called, r->steps[1]) &&
	    !entry_fold(dispatched, r->steps[1]))
		complain(c, r->start, r->end, "there is no input '%s'", r->steps[1]);
}

static void check_reference(const struct check *c, const struct workflow_reference *r)
{
	const char *context = r->steps[0];
	const char *member = r->n_steps > 1 ? r->steps[1] : NULL;
	if (!has_word(all_contexts, context)) {
		complain_unknown(c, r, "context", context, all_contexts);
		return;
	}
	if (!has_word(contexts_at[c->scope->place], context)) {
		complain(c, r->start, r->end, "'%s' cannot be used here; there are: %s", context,
		         contexts_at[c->scope->place]);
		return;
	}
	if (!member || str_equal(member, "*"))
		return;
	AUTOFREE char *name = lower(context);
	if (str_equal(name, "github") && !has_word(github_members, member))
		complain_unknown(c, r, "member of github:", member, github_members);
	else if (str_equal(name, "runner") && !has_word(runner_members, member))
		complain_unknown(c, r, "member of runner:", member, runner_members);
	else if (str_equal(name, "steps"))
		check_steps_context(c, r);
	else if (str_equal(name, "needs"))
		check_needs_context(c, r);
	else if (str_equal(name, "matrix"))
		check_matrix(c, r);
	else if (str_equal(name, "inputs"))
		check_inputs(c, r);
}

/* {0} … {n} of format() are arguments that are there. */
static void check_format(const struct check *c, const struct workflow_call *call)
{
	for (const char *at = strchr(call->first_text, '{'); at; at = strchr(at + 1, '{')) {
		if (at[1] == '{') {
			at++;
			continue;
		}
		char *end;
		unsigned long index = strtoul(at + 1, &end, 10);
		if (end > at + 1 && *end == '}' && index + 1 >= call->n_args)
			complain(c, call->start, call->end, "format has no argument for {%lu}",
			         index);
	}
}

static void check_call(const struct check *c, const struct workflow_call *call)
{
	AUTOFREE char *name = lower(call->name);
	const struct function *function = NULL;
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		function = str_equal(functions[i].name, name) ? &functions[i] : function;
		str_addf(&names, "%s%s", i ? " " : "", functions[i].name);
	}
	bool is_if = c->scope->place == WF_AT_JOB_IF || c->scope->place == WF_AT_STEP_IF;
	if (!function) {
		AUTOFREE char *nearest = nearest_word(names.ptr, name);
		complain(c, call->start, call->end,
		         nearest ? "there is no function '%s': did you mean '%s'?"
		                 : "there is no function '%s'",
		         call->name, nearest ? nearest : "");
	} else if (function->is_status && !is_if) {
		complain(c, call->start, call->end, "'%s' works in conditions only", call->name);
	} else if (call->n_args < function->min || call->n_args > function->max) {
		complain(c, call->start, call->end, "'%s' takes %zu%s argument%s, not %zu",
		         call->name, function->min, function->max > function->min ? " or more" : "",
		         function->min == 1 ? "" : "s", call->n_args);
	} else if (str_equal(name, "format") && call->first_text) {
		check_format(c, call);
	}
}

/* --- expressions in texts --- */

struct each {
	const struct workflow *workflow;
	void (*fn)(void *context, const char *text, size_t len, size_t offset);
	void *context;
};

/* Behind the `}}` that closes an expression, texts in it left alone; 0: never closed. */
static size_t expression_end(const char *text, size_t len, size_t at)
{
	bool is_text = false;
	for (; at + 1 < len; at++) {
		if (text[at] == '\'')
			is_text = !is_text;
		else if (!is_text && text[at] == '}' && text[at + 1] == '}')
			return at;
	}
	return 0;
}

void workflow_each_expression(const struct workflow *w, const struct val *v,
                              void (*each)(void *context, const char *text, size_t len,
                                           size_t offset),
                              void *context)
{
	if (!val_is(v, VAL_STR) || (v->flags & VAL_IS_ALIAS))
		return;
	const char *text = w->file->text;
	size_t end = MIN((size_t)v->mark.end, w->file->len), at = v->mark.start;
	const char *open;
	while (at < end && (open = str_find(text + at, end - at, "${{", 3))) {
		size_t start = (size_t)(open - text) + 3;
		size_t close = expression_end(text, end, start);
		if (!close) {
			workflow_hit_bytes(w, WF_EXPRESSION, start - 3, start,
			                   "this '${{' is never closed");
			return;
		}
		each(context, text + start, close - start, start);
		at = close + 2;
	}
}

static void check_expression(void *context, const char *text, size_t len, size_t offset)
{
	const struct workflow_scope *scope = context;
	const struct workflow *w = scope->workflow;
	const struct check c = { scope, offset };
	struct workflow_expression expression;
	workflow_expression_parse(text, len, w->file->arena, &expression);
	if (expression.problem) {
		workflow_hit_bytes(w, WF_EXPRESSION, offset + expression.problem_at,
		                   offset + MIN(expression.problem_at + 1, len), "%s",
		                   expression.problem);
		return;
	}
	for (size_t i = 0; i < expression.n_references; i++)
		check_reference(&c, &expression.references[i]);
	for (size_t i = 0; i < expression.n_calls; i++)
		check_call(&c, &expression.calls[i]);
}

void workflow_check_expressions(const struct workflow_scope *scope, const struct val *v,
                                bool is_bare)
{
	if (val_is(v, VAL_STR) && is_bare && !strstr(v->as.str.ptr, "${{")) {
		bool is_quoted = v->style == VAL_STYLE_SINGLE || v->style == VAL_STYLE_DOUBLE;
		check_expression((void *)(uintptr_t)scope, v->as.str.ptr, v->as.str.len,
		                 v->mark.start + is_quoted);
		return;
	}
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ENTRY(i, entry, v))
		workflow_check_expressions(scope, entry->value, false);
	for (VAL_EACH_ITEM(k, item, v))
		workflow_check_expressions(scope, item, false);
	workflow_each_expression(scope->workflow, v, check_expression, (void *)(uintptr_t)scope);
}
