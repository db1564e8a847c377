#include "base/base.h"

#include "target_kube/applyset.h"

#include "crypto/encode.h"
#include "crypto/hash.h"

void applyset_id(const char *name, const char *name_space, const char *kind, const char *group,
                 struct str *out)
{
	uint8_t digest[SHA256_BYTES];
	AUTOFREE char *text = str_format("%s.%s.%s.%s", name, name_space, kind, group);
	sha256(text, strlen(text), digest);
	str_addz(out, "applyset-");
	base64_add(out, digest, sizeof(digest), BASE64_URL | BASE64_NO_PADDING);
	str_addz(out, "-v1");
}

/* --- lists of the parent's annotations --- */

static void add_sorted(struct strs *list, struct str *out)
{
	strs_sort(list);
	const char *last = NULL;
	for (size_t i = 0; i < list->len; i++) {
		if (last && str_equal(last, list->ptr[i]))
			continue;
		str_addf(out, "%s%s", last ? "," : "", list->ptr[i]);
		last = list->ptr[i];
	}
	strs_clear(list);
}

/* "group/Kind/namespace/name" */
static bool split(const char *key, struct view parts[4])
{
	struct view rest = view_of(key);
	for (size_t i = 0; i < 3; i++)
		if (!view_split(&rest, '/', &parts[i]))
			return false;
	parts[3] = rest;
	return true;
}

void applyset_group_kinds(const char *const *keys, size_t count, struct str *out)
{
	struct strs list = { 0 };
	struct view part[4];
	for (size_t i = 0; i < count; i++)
		if (split(keys[i], part))
			strs_pushf(&list, "%.*s%s%.*s", (int)part[1].len, part[1].ptr,
			           part[0].len ? "." : "", (int)part[0].len, part[0].ptr);
	add_sorted(&list, out);
}

void applyset_namespaces(const char *const *keys, size_t count, const char *parent_namespace,
                         struct str *out)
{
	struct strs list = { 0 };
	struct view part[4];
	for (size_t i = 0; i < count; i++)
		if (split(keys[i], part) && part[2].len && !view_equal(part[2], view_of(parent_namespace)))
			strs_pushf(&list, "%.*s", (int)part[2].len, part[2].ptr);
	add_sorted(&list, out);
}

/* --- marks --- */

static const char *annotation(const struct val *object, const char *name)
{
	return val_get_str(val_get(val_get(object, "metadata"), "annotations"), name, "");
}

static const char *label(const struct val *object, const char *name)
{
	return val_get_str(val_get(val_get(object, "metadata"), "labels"), name, "");
}

/* Is `word` one of the comma-separated ones? */
static bool has_word(const char *list, const char *word)
{
	struct view rest = view_of(list), part;
	while (view_split(&rest, ',', &part)) {
		while (part.len && *part.ptr == ' ')
			part = (struct view){ part.ptr + 1, part.len - 1 };
		if (view_equal(part, view_of(word)))
			return true;
	}
	return false;
}

struct mark {
	const char *annotation, *word, *text;
};

static const struct mark keep_marks[] = {
	{ "fettle.dev/prune", "disabled", "fettle.dev/prune: disabled" },
	{ "helm.sh/resource-policy", "keep", "helm.sh/resource-policy: keep" },
	{ "argocd.argoproj.io/sync-options", "Prune=false", "Argo CD's Prune=false" },
	{ "argocd.argoproj.io/sync-options", "Prune=confirm", "Argo CD's Prune=confirm" },
	{ "argocd.argoproj.io/sync-options", "Delete=false", "Argo CD's Delete=false" },
	{ "kustomize.toolkit.fluxcd.io/prune", "disabled", "Flux's prune: disabled" },
	{ "client.lifecycle.config.k8s.io/deletion", "detach", "lifecycle deletion: detach" },
	{ "cli-utils.sigs.k8s.io/on-remove", "keep", "cli-utils' on-remove: keep" },
};

static const struct mark ignore_marks[] = {
	{ "client.lifecycle.config.k8s.io/mutation", "ignore", "lifecycle mutation: ignore" },
	{ "kustomize.toolkit.fluxcd.io/reconcile", "disabled", "Flux's reconcile: disabled" },
};

static const char *find_mark(const struct mark *marks, size_t count, const struct val *object)
{
	for (size_t i = 0; i < count; i++)
		if (has_word(annotation(object, marks[i].annotation), marks[i].word))
			return marks[i].text;
	return NULL;
}

const char *applyset_keep_mark(const struct val *object)
{
	return find_mark(keep_marks, ARRAY_LEN(keep_marks), object);
}

const char *applyset_ignore_mark(const struct val *object)
{
	return find_mark(ignore_marks, ARRAY_LEN(ignore_marks), object);
}

bool applyset_other_owner(const struct val *object, const char *own_id, struct str *ret_owner)
{
	const char *set = label(object, APPLYSET_PART_OF);
	const char *argo = annotation(object, "argocd.argoproj.io/tracking-id");
	const char *helm = annotation(object, "meta.helm.sh/release-name");
	const char *flux = label(object, "kustomize.toolkit.fluxcd.io/name");
	const char *inventory = annotation(object, "config.k8s.io/owning-inventory");
	if (*set && !str_equal(set, own_id))
		str_addf(ret_owner, "another ApplySet (%s)", set);
	else if (*argo)
		str_addf(ret_owner, "Argo CD application %.*s", (int)strcspn(argo, ":"), argo);
	else if (*helm)
		str_addf(ret_owner, "Helm release %s/%s",
		         annotation(object, "meta.helm.sh/release-namespace"), helm);
	else if (*flux)
		str_addf(ret_owner, "Flux Kustomization %s/%s",
		         label(object, "kustomize.toolkit.fluxcd.io/namespace"), flux);
	else if (*inventory)
		str_addf(ret_owner, "cli-utils inventory %s", inventory);
	return ret_owner->len > 0;
}
