/* GitHub Actions: workflows and actions, as GitHub reads them. */
#include "base/base.h"

#include "lint/cron.h"
#include "lint/workflow.h"

#include <ctype.h>

#include "base/suggest.h"
#include "lint/lint_families.h"
#include "lint/lint_private.h"
#include "schema/schema.h"

/* --- hits --- */

void workflow_hit_bytes(const struct workflow *w, enum workflow_rule rule, size_t start, size_t end,
                        const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &workflow_rules[rule], .start = start, .end = end };
	lint_report_hit(w->file, &hit, "%s", message.ptr);
}

void workflow_hit(const struct workflow *w, enum workflow_rule rule, const struct val *at,
                  const struct lint_fix *fix, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &workflow_rules[rule],
		                      .start = at->mark.start,
		                      .end = at->mark.end,
		                      .fix = fix };
	lint_report_hit(w->file, &hit, "%s", message.ptr);
}

void workflow_hit_key(const struct workflow *w, enum workflow_rule rule,
                      const struct val_entry *entry, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &workflow_rules[rule],
		                      .start = entry->key_mark.start,
		                      .end = entry->key_mark.end };
	lint_report_hit(w->file, &hit, "%s", message.ptr);
}

/* What the table of keys says. */
static void check_schema(const struct workflow *w)
{
	AUTOERR err *e = schema_check(w->is_action ? &action_schema : &workflow_schema, w->root);
	for (const err *one = e; one; one = err_next(one)) {
		size_t start = lint_place_offset(w->file, err_place(one)), end = start;
		const struct err_place *place = err_place(one);
		if (place && place->end_column > place->column)
			end = start + place->end_column - place->column;
		const char *hint = err_hint_count(one) ? err_hint_text(one, 0) : NULL;
		workflow_hit_bytes(w, WF_SYNTAX, start, end, "%s%s%s", err_message(one),
		                   hint ? ": " : "", hint ? hint : "");
	}
}

/* --- on --- */

struct event {
	const char *name;
	const char *types; /* NULL: none; "*": any */
};

static const struct event events[] = {
	{ "branch_protection_rule", "created edited deleted" },
	{ "check_run", "created rerequested completed requested_action" },
	{ "check_suite", "completed requested rerequested" },
	{ "create", NULL },
	{ "delete", NULL },
	{ "deployment", NULL },
	{ "deployment_status", NULL },
	{ "discussion",
	  "created edited deleted transferred pinned unpinned labeled unlabeled locked "
	  "unlocked category_changed answered unanswered" },
	{ "discussion_comment", "created edited deleted" },
	{ "fork", NULL },
	{ "gollum", NULL },
	{ "image_version", "*" },
	{ "issue_comment", "created edited deleted" },
	{ "issues",
	  "opened edited deleted transferred pinned unpinned closed reopened assigned "
	  "unassigned labeled unlabeled locked unlocked milestoned demilestoned typed untyped" },
	{ "label", "created edited deleted" },
	{ "merge_group", "checks_requested" },
	{ "milestone", "created closed opened edited deleted" },
	{ "page_build", NULL },
	{ "project", "created closed reopened edited deleted" },
	{ "project_card", "created moved converted edited deleted" },
	{ "project_column", "created updated moved deleted" },
	{ "public", NULL },
	{ "pull_request",
	  "assigned unassigned labeled unlabeled opened edited closed reopened "
	  "synchronize converted_to_draft locked unlocked enqueued dequeued milestoned "
	  "demilestoned ready_for_review review_requested review_request_removed "
	  "auto_merge_enabled auto_merge_disabled" },
	{ "pull_request_review", "submitted edited dismissed" },
	{ "pull_request_review_comment", "created edited deleted" },
	{ "pull_request_target",
	  "assigned unassigned labeled unlabeled opened edited closed reopened "
	  "synchronize converted_to_draft ready_for_review locked unlocked "
	  "milestoned demilestoned review_requested review_request_removed "
	  "auto_merge_enabled auto_merge_disabled enqueued dequeued" },
	{ "push", NULL },
	{ "registry_package", "published updated" },
	{ "release", "published unpublished created edited deleted prereleased released" },
	{ "repository_dispatch", "*" },
	{ "schedule", NULL },
	{ "status", NULL },
	{ "watch", "started" },
	{ "workflow_call", NULL },
	{ "workflow_dispatch", NULL },
	{ "workflow_run", "completed requested in_progress" },
};

static const struct event *find_event(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (str_equal(events[i].name, name))
			return &events[i];
	return NULL;
}

static const struct event *check_event_name(const struct workflow *w, const char *name,
                                            size_t start, size_t end)
{
	const struct event *event = find_event(name);
	const char *names[ARRAY_LEN(events)];
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		names[i] = events[i].name;
	const char *nearest = event ? NULL : suggest_nearest(name, names, ARRAY_LEN(names));
	if (!event && nearest)
		workflow_hit_bytes(w, WF_EVENT, start, end,
		                   "there is no event '%s': did you mean '%s'?", name, nearest);
	else if (!event)
		workflow_hit_bytes(w, WF_EVENT, start, end, "there is no event '%s'", name);
	return event;
}

static bool has_word(const char *list, const char *word)
{
	struct view rest = view_of(list), part;
	while (view_split(&rest, ' ', &part))
		if (view_is(part, word))
			return true;
	return false;
}

static void check_type(const struct workflow *w, const struct event *event, const struct val *type)
{
	if (!val_is(type, VAL_STR) || (event->types && str_equal(event->types, "*")))
		return;
	if (!event->types)
		workflow_hit(w, WF_EVENT, type, NULL, "event '%s' has no types", event->name);
	else if (!has_word(event->types, type->as.str.ptr))
		workflow_hit(w, WF_EVENT, type, NULL, "event '%s' has no type '%s'; there are: %s",
		             event->name, type->as.str.ptr, event->types);
}

static void check_schedule(const struct workflow *w, const struct val *schedule)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, schedule)) {
		const struct val *cron = val_get(item, "cron");
		if (val_is(cron, VAL_STR) && !cron_is_valid(cron->as.str.ptr))
			workflow_hit(w, WF_CRON, cron, NULL,
			             "'%s' is no schedule: minute hour day month weekday",
			             cron->as.str.ptr);
	}
}

/* --- filters --- */

struct filters {
	const char *event;
	const char *keys;
};

static const struct filters filters[] = {
	{ "push", "branches branches-ignore tags tags-ignore paths paths-ignore" },
	{ "pull_request", "types branches branches-ignore paths paths-ignore" },
	{ "pull_request_target", "types branches branches-ignore paths paths-ignore" },
	{ "merge_group", "types branches branches-ignore" },
	{ "workflow_run", "types workflows branches branches-ignore" },
	{ "workflow_dispatch", "inputs" },
	{ "workflow_call", "inputs outputs secrets" },
	{ "image_version", "types names versions" },
};

static void check_filters(const struct workflow *w, const struct event *event,
                          const struct val *value)
{
	const char *keys = event->types ? "types" : "";
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (str_equal(filters[i].event, event->name))
			keys = filters[i].keys;
	static const char *const pairs[] = { "branches", "tags", "paths" };
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(k, entry, value)) {
		if (!has_word(keys, entry->key))
			workflow_hit_key(w, WF_EVENT, entry,
			                 "event '%s' takes no '%s'; there are: %s", event->name,
			                 entry->key, *keys ? keys : "none");
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
			if (str_equal(entry->key, pairs[i])) {
				AUTOFREE char *other = str_format("%s-ignore", pairs[i]);
				if (val_get(value, other))
					workflow_hit_key(
						w, WF_EVENT, entry,
						"'%s' and '%s' exclude each other: use '!' in one",
						pairs[i], other);
			}
	}
}

static void check_on(const struct workflow *w)
{
	const struct val_entry *on = val_entry(w->root, "on");
	on = on ? on : val_entry(w->root, "true");
	if (!on) {
		workflow_hit_bytes(w, WF_SYNTAX, w->root->mark.start, w->root->mark.start,
		                   "the workflow has no 'on': it never runs");
		return;
	}
	const struct val *item, *type;
	const struct val_entry *entry;
	if (val_is(on->value, VAL_STR))
		check_event_name(w, on->value->as.str.ptr, on->value->mark.start,
		                 on->value->mark.end);
	for (VAL_EACH_ITEM(i, item, on->value))
		if (val_is(item, VAL_STR))
			check_event_name(w, item->as.str.ptr, item->mark.start, item->mark.end);
	for (VAL_EACH_ENTRY(k, entry, on->value)) {
		const struct event *event =
			check_event_name(w, entry->key, entry->key_mark.start, entry->key_mark.end);
		const struct val *types = val_get(entry->value, "types");
		if (event && val_is(types, VAL_STR))
			check_type(w, event, types);
		for (VAL_EACH_ITEM(t, type, types))
			if (event)
				check_type(w, event, type);
		if (event && val_is(entry->value, VAL_MAP))
			check_filters(w, event, entry->value);
		if (event && str_equal(event->name, "schedule"))
			check_schedule(w, entry->value);
	}
}

/* --- needs --- */

static const struct val *find_job(const struct workflow *w, const struct val *name)
{
	return val_is(name, VAL_STR) ? val_get(w->jobs, name->as.str.ptr) : NULL;
}

/* Does the way along needs from `job` lead to `target`? `left` bounds the depth. */
static bool leads_to(const struct workflow *w, const struct val *job, const struct val *target,
                     size_t left)
{
	const struct val *needs = val_get(job, "needs"), *item;
	if (left == 0)
		return false;
	if (val_is(needs, VAL_STR)) {
		const struct val *next = find_job(w, needs);
		return next && (next == target || leads_to(w, next, target, left - 1));
	}
	for (VAL_EACH_ITEM(i, item, needs)) {
		const struct val *next = find_job(w, item);
		if (next && (next == target || leads_to(w, next, target, left - 1)))
			return true;
	}
	return false;
}

static void check_need(const struct workflow *w, const struct val *name)
{
	if (!val_is(name, VAL_STR) || find_job(w, name))
		return;
	workflow_hit(w, WF_NEEDS, name, NULL, "there is no job '%s'", name->as.str.ptr);
}

static void check_needs(const struct workflow *w, const struct val_entry *job)
{
	const struct val *needs = val_get(job->value, "needs"), *item;
	if (!needs)
		return;
	check_need(w, needs);
	for (VAL_EACH_ITEM(i, item, needs))
		check_need(w, item);
	if (leads_to(w, job->value, job->value, MIN(val_len(w->jobs), (size_t)20)))
		workflow_hit(w, WF_NEEDS, needs, NULL, "job '%s' needs itself, by way of others",
		             job->key);
}

/* --- steps --- */

static void check_uses(const struct workflow *w, const struct val *uses)
{
	if (!val_is(uses, VAL_STR))
		return;
	const char *text = uses->as.str.ptr, *at = strchr(text, '@'), *slash = strchr(text, '/');
	bool is_local = str_starts(text, "./") || str_starts(text, "../");
	bool is_fine = is_local || str_starts(text, "docker://") ||
	               (slash && slash > text && slash[1] && at && at > slash + 1 && at[1]);
	if (!is_fine)
		workflow_hit(w, WF_USES, uses, NULL,
		             "'%s' is no action: owner/repo@ref, ./path or docker://image", text);
}

static void check_shell(const struct workflow *w, const struct val *shell)
{
	static const char known[] = "bash sh pwsh powershell cmd python";
	if (!val_is(shell, VAL_STR) || strchr(shell->as.str.ptr, '{'))
		return;
	AUTOFREE char *name = mem_strdup(shell->as.str.ptr);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (has_word(known, name))
		return;
	workflow_hit(w, WF_SHELL, shell, NULL,
	             "there is no shell '%s'; there are: %s, or a command "
	             "with {0}",
	             shell->as.str.ptr, known);
}

static void check_commands(const struct workflow *w, const struct val *run)
{
	static const char *const commands[] = { "::set-output ", "::save-state ", "::set-env ",
		                                "::add-path::" };
	if (!val_is(run, VAL_STR))
		return;
	const char *text = w->file->text + run->mark.start;
	size_t len = run->mark.end - run->mark.start;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const char *found = str_find(text, len, commands[i], strlen(commands[i]));
		if (found) {
			size_t start = (size_t)(found - w->file->text);
			workflow_hit_bytes(w, WF_COMMAND, start, start + strlen(commands[i]) - 1,
			                   "write to the file the runner names instead of '%s'",
			                   commands[i]);
		}
	}
}

/* `${{ a }} == b`: the whole is a text. */
static void check_condition(const struct workflow *w, const struct val *condition)
{
	if (!val_is(condition, VAL_STR))
		return;
	const char *text = condition->as.str.ptr, *open = strstr(text, "${{");
	if (!open)
		return;
	const char *close = strstr(open, "}}");
	bool has_more = open != text || (close && close[2]);
	if (has_more)
		workflow_hit(
			w, WF_CONSTANT_IF, condition, NULL,
			"text around ${{ }} makes this a text, which is always true: put all of it "
			"inside, or leave ${{ }} away");
}

static void check_ids(const struct workflow *w, const struct val *steps)
{
	const struct val *step;
	for (VAL_EACH_ITEM(i, step, steps)) {
		const struct val *id = val_get(step, "id");
		for (size_t k = 0; k < i && val_is(id, VAL_STR); k++)
			if (str_equal(val_get_str(val_at(steps, k), "id", ""), id->as.str.ptr)) {
				workflow_hit(w, WF_DUPLICATE_ID, id, NULL,
				             "there is a step '%s' already", id->as.str.ptr);
				break;
			}
	}
}

static void check_steps(struct workflow_scope scope, const struct val *steps)
{
	const struct workflow *w = scope.workflow;
	const struct val *step;
	enum workflow_place place = scope.place;
	scope.steps = steps;
	check_ids(w, steps);
	for (VAL_EACH_ITEM(i, step, steps)) {
		const struct val_entry *entry;
		scope.step = i;
		check_uses(w, val_get(step, "uses"));
		check_shell(w, val_get(step, "shell"));
		check_commands(w, val_get(step, "run"));
		check_condition(w, val_get(step, "if"));
		for (VAL_EACH_ENTRY(k, entry, step)) {
			bool is_if = str_equal(entry->key, "if");
			scope.place = is_if ? WF_AT_STEP_IF : place;
			workflow_check_expressions(&scope, entry->value, is_if);
		}
		workflow_check_step_security(w, step);
	}
}

/* --- jobs --- */

static const char gone_runners[] =
	"ubuntu-16.04 ubuntu-18.04 ubuntu-20.04 macos-10.15 macos-11 macos-11.0 macos-12 macos-13 "
	"windows-2016 windows-2019";

static void check_runner(const struct workflow *w, const struct val *label)
{
	if (val_is(label, VAL_STR) && has_word(gone_runners, label->as.str.ptr))
		workflow_hit(w, WF_RUNNER, label, NULL, "GitHub has no runner '%s' any more",
		             label->as.str.ptr);
}

static bool is_scalar(const struct val *v)
{
	return v && v->kind != VAL_LIST && v->kind != VAL_MAP &&
	       !(v->kind == VAL_STR && strstr(v->as.str.ptr, "${{"));
}

/* One member of an entry of `exclude`: the matrix has it, with this value. */
static void check_excluded(const struct workflow *w, const struct val *matrix,
                           const struct val_entry *excluded)
{
	const struct val *values = val_get(matrix, excluded->key), *value;
	if (!values) {
		workflow_hit_key(w, WF_MATRIX, excluded, "the matrix has no '%s'", excluded->key);
		return;
	}
	if (!val_is(values, VAL_LIST) || !is_scalar(excluded->value))
		return;
	for (VAL_EACH_ITEM(i, value, values))
		if (!is_scalar(value) || val_equal(value, excluded->value))
			return;
	workflow_hit(w, WF_MATRIX, excluded->value, NULL, "'%s' of the matrix has no such value",
	             excluded->key);
}

static void check_matrix(const struct workflow *w, const struct val *matrix)
{
	const struct val *item;
	const struct val_entry *entry;
	for (VAL_EACH_ITEM(i, item, val_get(matrix, "exclude")))
		for (VAL_EACH_ENTRY(k, entry, item))
			check_excluded(w, matrix, entry);
}

static enum workflow_place place_of(const char *key)
{
	if (str_equal(key, "if"))
		return WF_AT_JOB_IF;
	if (str_equal(key, "outputs") || str_equal(key, "environment"))
		return WF_AT_JOB_OUTPUTS;
	if (str_equal(key, "env") || str_equal(key, "secrets"))
		return WF_AT_JOB_ENV;
	if (str_equal(key, "container") || str_equal(key, "services") || str_equal(key, "defaults"))
		return WF_AT_CONTAINER;
	return str_equal(key, "strategy") ? WF_AT_STRATEGY : WF_AT_JOB;
}

static void check_job(const struct workflow *w, const struct val_entry *job)
{
	struct workflow_scope scope = { .workflow = w,
		                        .job_id = job->key,
		                        .job = job->value,
		                        .steps = val_get(job->value, "steps") };
	const struct val *runs_on = val_get(job->value, "runs-on"), *label;
	const struct val_entry *entry;
	check_needs(w, job);
	check_matrix(w, val_path(job->value, "strategy.matrix"));
	check_condition(w, val_get(job->value, "if"));
	check_runner(w, runs_on);
	for (VAL_EACH_ITEM(i, label, runs_on))
		check_runner(w, label);
	check_shell(w, val_path(job->value, "defaults.run.shell"));
	for (VAL_EACH_ENTRY(k, entry, job->value)) {
		if (str_equal(entry->key, "steps"))
			continue;
		scope.place = place_of(entry->key);
		workflow_check_expressions(&scope, entry->value, scope.place == WF_AT_JOB_IF);
	}
	scope.place = WF_AT_STEP;
	check_steps(scope, scope.steps);
}

static void check_workflow(const struct workflow *w)
{
	static const char *const top[] = { "run-name", "env", "concurrency" };
	struct workflow_scope scope = { .workflow = w, .place = WF_AT_TOP };
	const struct val_entry *entry;
	check_on(w);
	for (size_t i = 0; i < ARRAY_LEN(top); i++) {
		scope.place = str_equal(top[i], "env") ? WF_AT_TOP_ENV : WF_AT_TOP;
		workflow_check_expressions(&scope, val_get(w->root, top[i]), false);
	}
	check_shell(w, val_path(w->root, "defaults.run.shell"));
	for (VAL_EACH_ENTRY(k, entry, w->jobs))
		check_job(w, entry);
	workflow_check_security(w);
}

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	if (file->n_docs == 0)
		return;
	struct workflow w = { .file = file,
		              .root = file->docs[0].root,
		              .is_action = file->kind == LINT_ACTION };
	w.jobs = val_get(w.root, "jobs");
	check_schema(&w);
	if (!w.is_action) {
		check_workflow(&w);
		return;
	}
	const struct workflow_scope scope = { .workflow = &w, .place = WF_AT_ACTION };
	check_steps(scope, val_path(w.root, "runs.steps"));
}

const struct lint_family lint_family_workflow = {
	.name = "workflow",
	.brief = "GitHub Actions: syntax, expressions, security",
	.rules = workflow_rules,
	.n_rules = WF_N_RULES,
	.kinds = LINT_WORKFLOW | LINT_ACTION,
	.check_file = check_file,
};
