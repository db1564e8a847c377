/* What lets strangers in: untrusted text in scripts, moving references, too many rights. */
#include "base/base.h"

#include "lint/workflow.h"
#include "lint/workflow_expression.h"

#include <ctype.h>

#include "lint/lint_fix.h"

/* --- template injection --- */

/* What anybody who opens an issue or a pull request decides; "*" is any one step. */
static const char *const untrusted[] = {
	"github.head_ref",
	"github.event.issue.title",
	"github.event.issue.body",
	"github.event.pull_request.title",
	"github.event.pull_request.body",
	"github.event.pull_request.head.ref",
	"github.event.pull_request.head.label",
	"github.event.pull_request.head.repo.default_branch",
	"github.event.comment.body",
	"github.event.review.body",
	"github.event.review_comment.body",
	"github.event.discussion.title",
	"github.event.discussion.body",
	"github.event.pages.*.page_name",
	"github.event.commits.*.message",
	"github.event.commits.*.author.email",
	"github.event.commits.*.author.name",
	"github.event.head_commit.message",
	"github.event.head_commit.author.email",
	"github.event.head_commit.author.name",
	"github.event.workflow_run.head_branch",
	"github.event.workflow_run.display_title",
	"github.event.workflow_run.head_commit.message",
	"github.event.workflow_run.head_commit.author.email",
	"github.event.workflow_run.head_commit.author.name",
};

static bool is_path(const struct workflow_reference *r, const char *path)
{
	struct view rest = view_of(path), part;
	size_t i = 0;
	while (view_split(&rest, '.', &part)) {
		if (i == r->n_steps)
			return false;
		const char *step = r->steps[i++];
		if (view_is(part, "*") || !step || str_equal(step, "*"))
			continue;
		if (strlen(step) != part.len)
			return false;
		for (size_t k = 0; k < part.len; k++)
			if (tolower((unsigned char)step[k]) != part.ptr[k])
				return false;
	}
	return i == r->n_steps && !r->is_longer;
}

static void check_injection(void *context, const char *text, size_t len, size_t offset)
{
	const struct workflow *w = context;
	struct workflow_expression expression;
	workflow_expression_parse(text, len, w->file->arena, &expression);
	for (size_t i = 0; i < expression.n_references; i++) {
		const struct workflow_reference *r = &expression.references[i];
		for (size_t k = 0; k < ARRAY_LEN(untrusted); k++) {
			if (!is_path(r, untrusted[k]))
				continue;
			workflow_hit_bytes(
				w, WF_INJECTION, offset + r->start, offset + r->end,
				"'%s' is written by strangers and becomes part of the script: hand "
				"it over in env",
				untrusted[k]);
			break;
		}
	}
}

/* --- secrets --- */

static void check_secrets(void *context, const char *text, size_t len, size_t offset)
{
	const struct workflow *w = context;
	struct workflow_expression expression;
	workflow_expression_parse(text, len, w->file->arena, &expression);
	for (size_t i = 0; i < expression.n_calls; i++) {
		const struct workflow_call *call = &expression.calls[i];
		if (!call->first_reference)
			continue;
		const struct workflow_reference *r =
			&expression.references[call->first_reference - 1];
		bool is_secrets = r->steps[0] && str_equal(r->steps[0], "secrets");
		bool is_all = r->n_steps == 1;
		bool is_to = call->name[0] == 't' || call->name[0] == 'T';
		if (is_secrets && is_all && is_to)
			workflow_hit_bytes(w, WF_ALL_SECRETS, offset + call->start, offset + r->end,
			                   "this hands over every secret of the repository");
		else if (is_secrets && !is_all && tolower((unsigned char)call->name[0]) == 'f' &&
		         (call->name[1] == 'r' || call->name[1] == 'R'))
			workflow_hit_bytes(w, WF_ALL_SECRETS, offset + call->start, offset + r->end,
			                   "parts of a secret are not hidden in logs");
	}
}

static void check_all_secrets(const struct workflow *w, const struct val *v)
{
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ENTRY(i, entry, v))
		check_all_secrets(w, entry->value);
	for (VAL_EACH_ITEM(k, item, v))
		check_all_secrets(w, item);
	workflow_each_expression(w, v, check_secrets, (void *)(uintptr_t)w);
}

/* --- uses --- */

static bool is_commit(const char *ref)
{
	size_t digits = strspn(ref, "0123456789abcdef");
	return !ref[digits] && (digits == 40 || digits == 64);
}

static void check_pin(const struct workflow *w, const struct val *uses)
{
	if (!val_is(uses, VAL_STR))
		return;
	const char *text = uses->as.str.ptr, *at = strchr(text, '@');
	if (str_starts(text, "./") || str_starts(text, "../") || str_starts(text, "docker://") ||
	    !at || is_commit(at + 1))
		return;
	/* Of GitHub itself: what runs the workflow could be changed by them anyway. */
	bool is_official = str_starts(text, "actions/") || str_starts(text, "github/");
	const struct lint_hit hit = { .rule = &workflow_rules[WF_UNPINNED],
		                      .start = uses->mark.start,
		                      .end = uses->mark.end,
		                      .has_severity = is_official,
		                      .severity = LINT_INFO };
	lint_report_hit(w->file, &hit, "'%s' can be moved to other code: pin it to a commit", text);
}

static void check_checkout(const struct workflow *w, const struct val *step)
{
	const struct val *uses = val_get(step, "uses");
	const char *text = val_get_str(step, "uses", "");
	const struct val *persist = val_path(step, "with.persist-credentials");
	if (!str_starts(text, "actions/checkout@") || persist)
		return;
	const struct lint_change change = {
		.kind = LINT_SET,
		.at = step,
		.path = (const char *const[]){ "with", "persist-credentials", NULL },
		.value = val_new_bool(w->file->arena, false),
	};
	workflow_hit(w, WF_PERSISTED_CREDENTIALS, uses,
	             lint_fix_make(w->file, true, &change, 1,
	                           "set with.persist-credentials of this step to false"),
	             "the token stays in .git/config for every later step");
}

/* --- containers --- */

static void check_image(const struct workflow *w, const struct val *image)
{
	if (!val_is(image, VAL_STR) || strstr(image->as.str.ptr, "${{"))
		return;
	const char *text = image->as.str.ptr, *slash = strrchr(text, '/');
	const char *tag = strchr(slash ? slash : text, ':');
	if (!strchr(text, '@') && *text && (!tag || str_equal(tag, ":latest")))
		workflow_hit(w, WF_UNPINNED_IMAGE, image, NULL, "'%s' is another image tomorrow",
		             text);
}

static void check_container(const struct workflow *w, const struct val *container)
{
	check_image(w, val_is(container, VAL_STR) ? container : val_get(container, "image"));
	const struct val *password = val_path(container, "credentials.password");
	if (val_is(password, VAL_STR) && !strstr(password->as.str.ptr, "${{"))
		workflow_hit(w, WF_CREDENTIALS, password, NULL,
		             "everyone who reads the repository has this password");
}

/* --- rights --- */

static void check_permissions(const struct workflow *w, const struct val *permissions)
{
	if (val_is(permissions, VAL_STR) && str_equal(permissions->as.str.ptr, "write-all"))
		workflow_hit(w, WF_PERMISSIONS, permissions, NULL,
		             "name the rights that are needed");
}

static void check_missing_permissions(const struct workflow *w)
{
	const struct val_entry *job;
	if (val_get(w->root, "permissions"))
		return;
	for (VAL_EACH_ENTRY(i, job, w->jobs)) {
		if (val_get(job->value, "permissions"))
			continue;
		const struct lint_hit hit = { .rule = &workflow_rules[WF_PERMISSIONS],
			                      .start = job->key_mark.start,
			                      .end = job->key_mark.end,
			                      .has_severity = true,
			                      .severity = LINT_INFO };
		lint_report_hit(w->file, &hit,
		                "no permissions: the token of job '%s' may do whatever the "
		                "repository's settings say",
		                job->key);
	}
}

static void check_trigger(const struct workflow *w, const char *name, size_t start, size_t end)
{
	if (str_equal(name, "pull_request_target") || str_equal(name, "workflow_run"))
		workflow_hit_bytes(w, WF_TRIGGER, start, end,
		                   "'%s' runs with secrets on behalf of anybody's pull request",
		                   name);
}

static void check_triggers(const struct workflow *w)
{
	const struct val *on = val_get(w->root, "on"), *item;
	on = on ? on : val_get(w->root, "true");
	const struct val_entry *entry;
	if (val_is(on, VAL_STR))
		check_trigger(w, on->as.str.ptr, on->mark.start, on->mark.end);
	for (VAL_EACH_ITEM(i, item, on))
		if (val_is(item, VAL_STR))
			check_trigger(w, item->as.str.ptr, item->mark.start, item->mark.end);
	for (VAL_EACH_ENTRY(k, entry, on))
		check_trigger(w, entry->key, entry->key_mark.start, entry->key_mark.end);
}

static void check_environment(const struct workflow *w, const struct val *env)
{
	const struct val_entry *entry = val_entry(env, "ACTIONS_ALLOW_UNSECURE_COMMANDS");
	if (entry && !val_is(entry->value, VAL_NULL) &&
	    !(val_is(entry->value, VAL_BOOL) && !entry->value->as.boolean))
		workflow_hit_key(w, WF_INSECURE_COMMANDS, entry,
		                 "what is printed can set the environment of later steps");
}

static void check_self_hosted(const struct workflow *w, const struct val *label)
{
	if (val_is(label, VAL_STR) && str_equal(label->as.str.ptr, "self-hosted"))
		workflow_hit(w, WF_SELF_HOSTED, label, NULL,
		             "in a public repository anybody's pull "
		             "request runs on it");
}

static void check_job(const struct workflow *w, const struct val *job)
{
	const struct val *runs_on = val_get(job, "runs-on"), *item;
	const struct val_entry *service;
	check_permissions(w, val_get(job, "permissions"));
	check_environment(w, val_get(job, "env"));
	check_container(w, val_get(job, "container"));
	for (VAL_EACH_ENTRY(i, service, val_get(job, "services")))
		check_container(w, service->value);
	check_self_hosted(w, runs_on);
	for (VAL_EACH_ITEM(k, item, runs_on))
		check_self_hosted(w, item);
	check_pin(w, val_get(job, "uses"));
	const struct val *secrets = val_get(job, "secrets");
	if (val_is(secrets, VAL_STR) && str_equal(secrets->as.str.ptr, "inherit"))
		workflow_hit(w, WF_SECRETS_INHERIT, secrets, NULL,
		             "name the secrets the workflow needs");
}

/* Whose bot acts: an expression, so its text is enough. */
static void check_bots(const struct workflow *w, const struct val *condition)
{
	if (!val_is(condition, VAL_STR))
		return;
	const char *text = condition->as.str.ptr;
	const char *actor = strstr(text, "github.actor");
	bool is_actor = actor && !isalnum((unsigned char)actor[12]) && actor[12] != '_';
	if (is_actor && strstr(text, "[bot]'"))
		workflow_hit(w, WF_BOT_CONDITION, condition, NULL,
		             "github.actor is whoever touched it last, not who opened it");
}

void workflow_check_step_security(const struct workflow *w, const struct val *step)
{
	const char *uses = val_get_str(step, "uses", "");
	void *context = (void *)(uintptr_t)w;
	workflow_each_expression(w, val_get(step, "run"), check_injection, context);
	if (str_starts(uses, "actions/github-script@"))
		workflow_each_expression(w, val_path(step, "with.script"), check_injection,
		                         context);
	check_pin(w, val_get(step, "uses"));
	check_checkout(w, step);
	check_environment(w, val_get(step, "env"));
	check_bots(w, val_get(step, "if"));
}

void workflow_check_security(const struct workflow *w)
{
	const struct val_entry *job;
	check_permissions(w, val_get(w->root, "permissions"));
	check_missing_permissions(w);
	check_triggers(w);
	check_environment(w, val_get(w->root, "env"));
	for (VAL_EACH_ENTRY(i, job, w->jobs)) {
		check_job(w, job->value);
		check_bots(w, val_get(job->value, "if"));
	}
	check_all_secrets(w, w->root);
}
