/* A definition of a custom kind and an object of it, and the same object as one of Kubernetes' own. */
#include "base/base.h"

#include "schema/crd.h"
#include "schema/kube_schema.h"
#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *ctx, const struct kube_problem *problem)
{
	*(size_t *)ctx += strlen(problem->message) + strlen(problem->path) + problem->at->kind;
}

static void check_built_in(const struct kube_check *check, const struct val *object)
{
	struct kube_api api;
	const char *version = val_get_str(object, "apiVersion", "v1");
	const char *kind = val_get_str(object, "kind", "Pod");
	if (kube_api_find(version, kind, &api) && kube_api_is_served(&api, check->minor))
		kube_check_object(check, &api, object);
	else
		(void)kube_kind_nearest(version, kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct yaml_docs docs = { 0 };
	const struct crd *crd = NULL;
	size_t told = 0;
	struct kube_check check = { .minor = kube_minor_oldest(), .report = count, .ctx = &told };
	err *e = yaml_load((const char *)data, size, "fuzz", &a, &docs);
	for (size_t i = 0; !e && i < docs.len; i++) {
		check.minor = kube_minor_newest() - (unsigned)(i % 3);
		check.is_patch = i % 2;
		check_built_in(&check, docs.ptr[i].root);
	}
	if (!e && docs.len)
		e = crd_compile(docs.ptr[0].root, &a, &crd);
	if (!e && docs.len)
		for (size_t v = 0; v < crd->n_versions; v++)
			for (size_t i = 0; i < docs.len; i++)
				crd_check_object(&check, &crd->versions[v], docs.ptr[i].root);
	err_ignore(e, "only made");
	crd_release(crd);
	arena_clear(&a);
	return 0;
}
