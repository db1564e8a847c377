#include "base/base.h"

#include "target_kube/custom.h"

#include "schema/crd.h"

void custom_forget(struct kube_target *kt)
{
	for (size_t i = 0; i < kt->definitions.len; i++)
		crd_release(kt->definitions.ptr[i]);
	vec_clear(&kt->definitions);
	arena_clear(&kt->definition_arena);
}

/* A definition that is no good is the server's to refuse. */
static void compile(struct kube_target *kt, struct kube_object *definition, const struct val *doc)
{
	const struct crd *crd;
	err *e = crd_compile(doc, &kt->definition_arena, &crd);
	if (e) {
		err_ignore(e, "the server says what is wrong with it");
		return;
	}
	definition->definition = crd;
	vec_push(&kt->definitions, crd);
}

void custom_prepare(struct kube_target *kt, const struct object_set *set)
{
	custom_forget(kt);
	for (size_t i = 0; i < set->len; i++) {
		const struct object *crd = compiled_of(set->items[i])->crd;
		if (crd && !compiled_of(crd)->definition)
			compile(kt, compiled_of(crd), crd->doc);
	}
}

struct check {
	const struct object *object;
	err *all;
};

static void report(void *context, const struct kube_problem *problem)
{
	struct check *check = context;
	const char *name = check->object->display;
	bool is_sensitive = check->object->is_sensitive; /* messages and suggestions name values */
	AUTOFREE char *text = is_sensitive
	                              ? str_format("%s does not fit its definition", problem->path)
	                              : mem_strdup(problem->message);
	err *e = problem->map && problem->entry
	                 ? val_key_error(problem->map, problem->entry, "%s: %s", name, text)
	                 : val_error(problem->at, "%s: %s", name, text);
	if (problem->suggestion && !is_sensitive)
		e = err_hint(e, "did you mean '%s'?", problem->suggestion);
	check->all = err_join(check->all, is_sensitive ? err_without_snippet(e) : e);
}

err *custom_check(const struct object *object)
{
	const struct kube_object *compiled = compiled_of(object);
	const struct crd *crd = compiled->crd ? compiled_of(compiled->crd)->definition : NULL;
	const struct crd_version *version = crd ? crd_find_version(crd, object->version) : NULL;
	struct check check = { .object = object };
	if (!crd)
		return NULL;
	if (!version || !version->is_served)
		return object_error(object, ERR_INVALID, "%s does not serve version %s",
		                    compiled->crd->display, object->version);
	struct kube_check how = { .minor = kube_minor_newest(), .report = report, .ctx = &check };
	crd_check_object(&how, version, object->doc);
	return check.all;
}
