#include "base/base.h"

#include "target_kube/internal.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "target_kube/applyset.h"
#include "target_kube/changes.h"
#include "target_kube/custom.h"
#include "target_kube/order.h"

/* Groups of fettle's own kinds, which only other targets know. */
static bool is_ours(const char *group)
{
	return str_equal(group, "fettle.dev") || str_ends(group, ".fettle.dev");
}

bool kube_handles(const char *group, const char *kind, const char **ret_hint)
{
	(void)kind;
	*ret_hint = is_ours(group) ? "that is a kind of another target; --root applies it to a folder"
	                           : NULL;
	return !is_ours(group);
}

/* --- one manifest --- */

static err *refuse_field(const struct object *object, const char *field, const char *hint)
{
	const struct val *metadata = val_get(object->doc, "metadata");
	const struct val_entry *entry = val_entry(metadata, field);
	if (!entry || val_is(entry->value, VAL_NULL))
		return NULL;
	return err_hint(val_key_error(metadata, entry, "%s: metadata.%s cannot be applied",
	                              object->display, field), "%s", hint);
}

static err *refuse_part_of(const struct object *object)
{
	const struct val *labels = val_get(val_get(object->doc, "metadata"), "labels");
	const struct val_entry *entry = val_entry(labels, APPLYSET_PART_OF);
	if (!entry)
		return NULL;
	return err_hint(val_key_error(labels, entry, "%s: the label %s is set by the tool that applies",
	                              object->display, APPLYSET_PART_OF),
	                "remove it from the manifest");
}

err *kube_compile(struct target *target, struct object_set *set, struct object *object)
{
	(void)target;
	struct kube_object *compiled = ARENA_NEW(&set->arena, struct kube_object);
	object->compiled = compiled;
	object->is_sensitive = object->is_decrypted ||
	                       changes_is_sensitive(object->group, object->kind, object->doc);
	err *all = refuse_field(object, "generateName", "give it a name");
	all = err_join(all, refuse_field(object, "managedFields", "remove it; the server keeps it"));
	return err_join(all, refuse_part_of(object));
}

/* --- which resource, which namespace --- */

/* The kind a CRD of the set will make, if it is the one wanted. */
static const struct kube_resource *resource_of_crd(struct object_set *set, const struct object *crd,
                                                   const struct object *object)
{
	const struct val *spec = val_get(crd->doc, "spec"), *names = val_get(spec, "names");
	if (!str_equal(val_get_str(spec, "group", ""), object->group) ||
	    !str_equal(val_get_str(names, "kind", ""), object->kind))
		return NULL;
	struct kube_resource *resource = ARENA_NEW(&set->arena, struct kube_resource);
	*resource = (struct kube_resource){
		.group = object->group,
		.version = object->version,
		.kind = object->kind,
		.plural = val_get_str(names, "plural", ""),
		.is_namespaced = str_equal(val_get_str(spec, "scope", "Namespaced"), "Namespaced"),
		.verbs = ",get,list,watch,patch,delete,",
	};
	return resource;
}

static err *unknown_kind(struct kube_target *kt, const struct object *object, err *take_e)
{
	VEC(const char *) names = VEC_INIT;
	for (size_t i = 0; i < kube_resource_count(kt->kube); i++)
		if (str_equal(kube_resource_at(kt->kube, i)->group, object->group))
			vec_push(&names, kube_resource_at(kt->kube, i)->kind);
	const char *nearest = suggest_nearest(object->kind, names.ptr, names.len);
	vec_clear(&names);
	err_free(take_e);
	err *e = object_error(object, ERR_INVALID, "the server has no kind '%s' in %s%s%s", object->kind,
	                      object->group, *object->group ? "/" : "", object->version);
	if (nearest && !str_equal(nearest, object->kind))
		return err_hint(e, "did you mean '%s'?", nearest);
	return err_hint(e, "put its CustomResourceDefinition into the source, or install it first; "
	                "'kubectl api-resources' lists what there is");
}

static err *find_resource(struct kube_target *kt, struct object_set *set, const struct map *crds,
                          struct object *object)
{
	struct kube_object *compiled = compiled_of(object);
	AUTOFREE char *kind = str_format("%s/%s", object->group, object->kind);
	compiled->crd = map_get(crds, kind);
	err *e = kube_resource_find(kt->kube, object->group, object->version, object->kind,
	                            &compiled->resource);
	if (err_is(e, ERR_NOT_FOUND) && compiled->crd) {
		err_ignore(e, "the set makes it");
		compiled->resource = resource_of_crd(set, compiled->crd, object);
		return NULL;
	}
	if (err_is(e, ERR_NOT_FOUND))
		return unknown_kind(kt, object, e);
	return e;
}

static err *settle_namespace(struct kube_target *kt, struct object_set *set, struct object *object)
{
	const struct kube_resource *resource = compiled_of(object)->resource;
	if (!resource->is_namespaced)
		return object_set_move(set, object, "");
	return *object->name_space ? NULL : object_set_move(set, object, kt->name_space);
}

/* --- what is sent --- */

/* What a file may carry along from `kubectl get -o yaml`, and a server would refuse or ignore. */
static const char *const not_sent[] = { "resourceVersion", "uid", "generation", "creationTimestamp",
	                                "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds" };

static struct val *make_metadata(const struct kube_target *kt, struct arena *a,
                                 const struct object *object)
{
	struct val *metadata = val_shallow_copy(a, val_get(object->doc, "metadata"));
	for (size_t i = 0; i < ARRAY_LEN(not_sent); i++)
		val_remove(metadata, not_sent[i]);
	if (*object->name_space)
		val_set_str(a, metadata, "namespace", object->name_space);
	else
		val_remove(metadata, "namespace");
	const struct val *labels = val_get(metadata, "labels");
	struct val *labelled = val_is(labels, VAL_MAP) ? val_shallow_copy(a, labels) : val_new_map(a);
	val_set_str(a, labelled, APPLYSET_PART_OF, kt->set_id);
	val_set(a, metadata, "labels", labelled);
	return metadata;
}

static void print_body(struct kube_target *kt, struct arena *a, const struct object *object)
{
	struct kube_object *compiled = compiled_of(object);
	AUTO(str) text = STR_INIT;
	json_write(compiled->body, JSON_SORTED, &text);
	char hex[SHA256_HEX_SIZE];
	if (object->is_sensitive) {
		struct view key = { (const char *)kt->target.context->tag_key, CRYPTO_TAG_KEY_BYTES };
		uint8_t digest[SHA256_BYTES];
		hmac_sha256(key, view_str(&text), digest);
		AUTO(str) keyed = STR_INIT;
		hex_add(&keyed, digest, sizeof(digest));
		memcpy(hex, keyed.ptr, sizeof(hex));
	} else {
		sha256_hex(text.ptr, text.len, hex);
	}
	compiled->fingerprint = arena_strdup(a, hex);
}

/*
 * Written in clear in the manifest, kept as base64 by the server, which leaves `stringData` owned for
 * ever: keys removed from it would stay. As `data` they are like any other field.
 */
static void fold_string_data(struct arena *a, struct val *body)
{
	const struct val *plain = val_get(body, "stringData");
	const struct val_entry *entry;
	if (!val_is(plain, VAL_MAP))
		return;
	const struct val *data = val_get(body, "data");
	struct val *folded = val_is(data, VAL_MAP) ? val_shallow_copy(a, data) : val_new_map(a);
	for (VAL_EACH_ENTRY(i, entry, plain)) {
		AUTO(str) text = STR_INIT;
		if (!val_is(entry->value, VAL_STR))
			return; /* the server says what is wrong with it */
		base64_add(&text, entry->value->as.str.ptr, entry->value->as.str.len, 0);
		val_setn(a, folded, entry->key, entry->key_len,
		         val_new_strn(a, text.ptr ? text.ptr : "", text.len));
	}
	val_set(a, body, "data", folded);
	val_remove(body, "stringData");
}

static void make_body(struct kube_target *kt, struct object_set *set, struct object *object)
{
	struct arena *a = &set->arena;
	struct kube_object *compiled = compiled_of(object);
	struct val *body = val_shallow_copy(a, object->doc);
	val_remove(body, "status");
	if (str_equal(object->group, "") && str_equal(object->kind, "Secret"))
		fold_string_data(a, body);
	val_set(a, body, "metadata", make_metadata(kt, a, object));
	compiled->body = body;
	AUTO(str) path = STR_INIT;
	kube_resource_path(compiled->resource, *object->name_space ? object->name_space : NULL,
	                   object->name, &path);
	compiled->path = arena_strdup(a, path.ptr);
	const char *replace = object_annotation(object, ANNOTATION_REPLACE);
	compiled->may_replace = replace && str_equal(replace, "allowed");
	for (const char *const *at = kt->options.replace; at && *at; at++) {
		AUTOFREE char *short_name = str_format("%s/%s", object->kind, object->name);
		compiled->may_replace = compiled->may_replace || str_equal(*at, object->display) ||
		                        str_equal(*at, short_name);
	}
	AUTOFREE char *key = str_format("/Namespace//%s", object->name_space);
	compiled->name_space = object_set_find(set, key);
	print_body(kt, a, object);
}

err *kube_link(struct target *target, struct object_set *set)
{
	struct kube_target *kt = kube_of(target);
	struct map crds = MAP_INIT;
	err *all = NULL;
	order_find_crds(set, &crds);
	for (size_t i = 0; i < set->len && !err_is(all, ERR_UNAVAILABLE); i++) {
		err *e = find_resource(kt, set, &crds, set->items[i]);
		if (!e)
			e = settle_namespace(kt, set, set->items[i]);
		all = err_join(all, e);
	}
	map_clear(&crds);
	TRY(all);
	for (size_t i = 0; i < set->len; i++)
		make_body(kt, set, set->items[i]);
	custom_prepare(kt, set);
	return order_infer(set);
}

err *kube_snapshot(struct target *target, const struct object *object, struct str *out)
{
	(void)target;
	struct arena arena = ARENA_INIT;
	const struct kube_object *compiled = compiled_of(object);
	struct val *body = val_shallow_copy(&arena, compiled->body);
	struct val *metadata = val_shallow_copy(&arena, val_get(body, "metadata"));
	struct val *labels = val_shallow_copy(&arena, val_get(metadata, "labels"));
	val_remove(labels, APPLYSET_PART_OF);
	val_set(&arena, metadata, "labels", labels);
	if (val_len(labels) == 0)
		val_remove(metadata, "labels");
	val_set(&arena, body, "metadata", metadata);
	json_write(body, JSON_SORTED, out);
	arena_clear(&arena);
	return NULL;
}
