#include "base/base.h"

#include "target_kube/adopt.h"

#include "json/json.h"
#include "target_kube/fields.h"

enum { WRITE_TRIES = 8 };

/* Tools that apply whole objects; no people ("kubectl-edit") and no controllers, which own single fields. */
static const char *const former[] = {
	"kubectl-client-side-apply",
	"kubectl",
	"kubectl-create",
	"kubectl-replace",
	"kubectl-last-applied",
	"before-first-apply",
	"helm",
	"Helm",
	"helm-controller",
	"kustomize-controller",
	"argocd-controller",
	"argocd-application-controller",
	"argocd-server",
	"kapp",
	"kapp-server",
	"cli-utils",
};

bool adopt_is_former(const char *manager, const char *const *more)
{
	for (size_t i = 0; i < ARRAY_LEN(former); i++)
		if (str_equal(manager, former[i]))
			return true;
	for (const char *const *at = more; at && *at; at++)
		if (str_equal(manager, *at))
			return true;
	return false;
}

/* Status and scale stay with whoever writes them. */
static bool is_theirs(const struct val *entry, const char *const *more)
{
	return !*val_get_str(entry, "subresource", "") &&
	       adopt_is_former(val_get_str(entry, "manager", ""), more);
}

/* Sets of fields are maps of maps; `{}` is a leaf, and owning a leaf adds nothing to owning what is below. */
static struct val *unite(struct arena *a, const struct val *x, const struct val *y)
{
	const struct val_entry *entry;
	struct val *all = val_is(x, VAL_MAP) ? val_shallow_copy(a, x) : val_new_map(a);
	for (VAL_EACH_ENTRY(i, entry, y)) {
		const struct val *mine = val_getn(x, entry->key, entry->key_len);
		val_setn(a, all, entry->key, entry->key_len,
		         mine ? unite(a, mine, entry->value)
		              : (struct val *)(uintptr_t)entry->value);
	}
	return all;
}

static struct val *our_entry(struct arena *a, const char *version, const char *time,
                             struct val *fields)
{
	struct val *entry = val_new_map(a);
	val_set_str(a, entry, "manager", KUBE_FIELD_MANAGER);
	val_set_str(a, entry, "operation", "Apply");
	val_set_str(a, entry, "apiVersion", version);
	val_set_str(a, entry, "fieldsType", "FieldsV1");
	val_set(a, entry, "fieldsV1", fields);
	if (*time)
		val_set_str(a, entry, "time", time);
	return entry;
}

const struct val *adopt_united(struct arena *arena, const struct val *live, const char *const *more)
{
	const struct val *entry;
	struct val *fields = NULL, *rest = val_new_list(arena);
	const char *time = "";
	bool has_theirs = false;
	for (VAL_EACH_ITEM(i, entry, fields_entries(live))) {
		bool theirs = is_theirs(entry, more);
		has_theirs = has_theirs || theirs;
		if (!theirs && !fields_is_ours(entry)) {
			val_push(arena, rest, (struct val *)(uintptr_t)entry);
			continue;
		}
		fields = unite(arena, fields, val_get(entry, "fieldsV1"));
		const char *at = val_get_str(entry, "time", "");
		time = strcmp(at, time) > 0 ? at : time;
	}
	if (!has_theirs)
		return NULL;
	struct val *all = val_new_list(arena);
	val_push(arena, all, our_entry(arena, val_get_str(live, "apiVersion", ""), time, fields));
	for (VAL_EACH_ITEM(k, entry, rest))
		val_push(arena, all, (struct val *)(uintptr_t)entry);
	struct val *metadata = val_shallow_copy(arena, val_get(live, "metadata"));
	val_set(arena, metadata, "managedFields", all);
	struct val *united = val_shallow_copy(arena, live);
	val_set(arena, united, "metadata", metadata);
	return united;
}

void adopt_managers(const struct val *live, const char *const *more, struct str *out)
{
	const struct val *entry;
	size_t start = out->len;
	for (VAL_EACH_ITEM(i, entry, fields_entries(live)))
		if (is_theirs(entry, more))
			str_addf(out, "%s%s", out->len > start ? ", " : "",
			         val_get_str(entry, "manager", ""));
}

/* --- writing it --- */

static void add_step(const char *operation, const char *path, const struct val *value,
                     struct str *out)
{
	str_addf(out, "%s{\"op\":\"%s\",\"path\":\"%s\",\"value\":", out->len ? "," : "[",
	         operation, path);
	json_write(value, JSON_ONE_LINE, out);
	str_addch(out, '}');
}

/* The server compares the resourceVersion, so nothing that came meanwhile is lost. */
static void patch_text(const struct val *united, const char *uid, struct arena *a, struct str *out)
{
	const struct val *metadata = val_get(united, "metadata");
	add_step("test", "/metadata/uid", val_new_str(a, uid), out);
	add_step("replace", "/metadata/managedFields", val_get(metadata, "managedFields"), out);
	add_step("replace", "/metadata/resourceVersion", val_get(metadata, "resourceVersion"), out);
	str_addch(out, ']');
}

static err *send(struct kube_target *kt, const char *path, const struct str *body, struct arena *a,
                 struct kube_status *ret_status)
{
	AUTO(str) url = STR_INIT;
	struct kube_response response = { 0 };
	str_addz(&url, path);
	kube_query_add(&url, "fieldManager", KUBE_FIELD_MANAGER);
	struct kube_request request = { .method = "PATCH",
		                        .path = url.ptr,
		                        .content_type = "application/json-patch+json",
		                        .body = view_str(body),
		                        .is_idempotent = true };
	err *e = kube_do(kt->kube, &request, &response);
	if (!e)
		kube_status_parse(&response, a, ret_status);
	kube_response_clear(&response);
	return e;
}

/* Done when nothing is theirs any more; *ret_again when somebody wrote in between. */
static err *try_write(struct kube_target *kt, const char *path, const char *uid,
                      const char *display, struct arena *a, bool *ret_again)
{
	const struct val *live;
	struct kube_request request = { .path = path };
	struct kube_status status = { 0 };
	AUTO(str) body = STR_INIT;
	*ret_again = false;
	TRY(kube_get_json(kt->kube, &request, display, a, &live));
	if (!str_equal(val_get_str(val_get(live, "metadata"), "uid", ""), uid))
		return err_new(ERR_CONFLICT, "%s: another object has its name by now", display);
	const struct val *united = adopt_united(a, live, kt->options.adopt_from);
	if (!united)
		return NULL;
	patch_text(united, uid, a, &body);
	TRY(send(kt, path, &body, a, &status));
	*ret_again = status.code == 409;
	return *ret_again || status.code / 100 == 2 ? NULL : kube_status_error(&status, display);
}

err *adopt_write(struct kube_target *kt, const char *path, const char *uid, const char *display)
{
	bool again = true;
	for (int i = 0; i < WRITE_TRIES && again; i++) {
		struct arena arena = ARENA_INIT;
		err *e = try_write(kt, path, uid, display, &arena, &again);
		arena_clear(&arena);
		TRY(e);
	}
	return again ? err_new(ERR_CONFLICT, "%s: somebody keeps changing it", display) : NULL;
}

/* --- what is left to do --- */

bool adopt_farewell(const struct val *live, struct str *out)
{
	const struct val *metadata = val_get(live, "metadata");
	const struct val *labels = val_get(metadata, "labels");
	const struct val *annotations = val_get(metadata, "annotations");
	const char *argo = val_get_str(annotations, "argocd.argoproj.io/tracking-id", "");
	const char *helm = val_get_str(annotations, "meta.helm.sh/release-name", "");
	const char *flux = val_get_str(labels, "kustomize.toolkit.fluxcd.io/name", "");
	const char *release = val_get_str(labels, "helm.toolkit.fluxcd.io/name", "");
	const char *kapp = val_get_str(labels, "kapp.k14s.io/app", "");
	if (*argo)
		str_addf(
			out,
			"Argo CD would write again: delete the application with 'argocd app delete "
			"%.*s --cascade=false'",
			(int)strcspn(argo, ":"), argo);
	else if (*release)
		str_addf(
			out,
			"Flux would write again: suspend HelmRelease %s in namespace %s, then delete "
			"it once its release is forgotten",
			release, val_get_str(labels, "helm.toolkit.fluxcd.io/namespace", ""));
	else if (*flux)
		str_addf(
			out,
			"Flux would write again: delete the Kustomization after this, 'kubectl -n %s "
			"delete kustomizations.kustomize.toolkit.fluxcd.io %s'; it spares what is adopted",
			val_get_str(labels, "kustomize.toolkit.fluxcd.io/namespace", ""), flux);
	else if (*helm)
		str_addf(
			out,
			"Helm still lists these objects, and 'helm uninstall' would delete them: "
			"forget the release with 'kubectl -n %s delete secret -l owner=helm,name=%s'",
			val_get_str(annotations, "meta.helm.sh/release-namespace", ""), helm);
	else if (*kapp)
		str_addf(out,
		         "kapp still has a record of app %s: delete its ConfigMap, not the app",
		         kapp);
	return out->len > 0;
}
