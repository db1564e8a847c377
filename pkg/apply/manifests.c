#include "base/base.h"

#include "apply/manifests.h"

#include "base/limits.h"
#include "base/path.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "yaml/yaml.h"

/* So many errors are enough to see what is wrong; the rest would only scroll it away. */
enum { MAX_ERRORS = 50 };

void manifests_init(struct manifests *manifests)
{
	*manifests = (struct manifests){ 0 };
	arena_init(&manifests->documents);
	object_set_init(&manifests->objects);
}

void manifests_clear(struct manifests *manifests)
{
	object_set_clear(&manifests->objects);
	map_clear(&manifests->references);
	if (manifests->has_secrets)
		arena_wipe(&manifests->documents);
	else
		arena_clear(&manifests->documents);
}

static err *add_text(struct manifests *manifests, struct view text, const char *name,
                     const char *file)
{
	if (str_equal(path_extension(file), ".json")) {
		struct val *root;
		TRY(json_load(text.ptr, text.len, name, &manifests->documents, &root));
		return object_set_add(&manifests->objects, root, file);
	}
	struct yaml_docs docs;
	TRY(yaml_load(text.ptr, text.len, name, &manifests->documents, &docs));
	err *all = NULL;
	for (size_t i = 0; i < docs.len && err_count(all) < MAX_ERRORS; i++)
		if (docs.ptr[i].root->kind != VAL_NULL)
			all = err_join(all,
			               object_set_add(&manifests->objects, docs.ptr[i].root, file));
	return all;
}

static void mark_decrypted(struct manifests *manifests, size_t first)
{
	manifests->has_secrets = true;
	for (size_t i = first; i < manifests->objects.len; i++) {
		manifests->objects.items[i]->is_decrypted = true;
		manifests->objects.items[i]->is_sensitive = true;
	}
}

static err *load_file(struct manifests *manifests, const char *file)
{
	AUTO(str) name = STR_INIT;
	AUTO(str) text = STR_INIT;
	source_add_display(manifests->source, file, &name);
	bool is_decrypted = false;
	size_t first = manifests->objects.len;
	TRY(source_read(manifests->source, file, LIMIT_DOC_BYTES, &text));
	if (manifests->opener.open)
		TRY(manifests->opener.open(manifests->opener.data, name.ptr, &text, &is_decrypted));
	err *e = add_text(manifests, view_str(&text), name.ptr, file);
	if (is_decrypted) {
		mark_decrypted(manifests, first);
		secret_wipe(text.ptr, text.len);
		return e ? err_without_snippet(e) : NULL;
	}
	/* The line that cannot be parsed may be the one with the password. */
	return e && strstr(text.ptr, "Secret") ? err_without_snippet(e) : e;
}

err *manifests_load(struct manifests *manifests, const struct source *source)
{
	manifests->source = source;
	if (source_info(source)->has_kustomization)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
		                "'%s' holds a kustomization, which this version cannot build",
		                source_info(source)->name),
			"render it first: kustomize build DIR | fettle apply -");
	err *all = NULL;
	for (size_t i = 0; i < source_file_count(source) && err_count(all) < MAX_ERRORS; i++)
		all = err_join(all, load_file(manifests, source_file(source, i)));
	return all;
}

err *manifests_add_recorded(struct manifests *manifests, struct view text, const char *name)
{
	struct val *root;
	TRY(json_load(text.ptr, text.len, name, &manifests->documents, &root));
	return object_set_add(&manifests->objects, root, name);
}

static err *unknown_kind(const struct target *target, const struct object *object, const char *hint)
{
	err *e = object_error(object, ERR_INVALID, "the %s target has no kind '%s' in '%s%s%s'",
	                      target->ops->name, object->kind, object->group,
	                      *object->group ? "/" : "", object->version);
	if (hint)
		e = err_hint(e, "%s", hint);
	return e;
}

err *manifests_compile(struct manifests *manifests, struct target *target)
{
	struct object_set *set = &manifests->objects;
	err *all = NULL;
	object_set_uncompile(set);
	for (size_t i = 0; i < set->len && err_count(all) < MAX_ERRORS; i++) {
		struct object *object = set->items[i];
		const char *hint = NULL;
		err *e = target->ops->handles(object->group, object->kind, &hint)
		                 ? target->ops->compile(target, set, object)
		                 : unknown_kind(target, object, hint);
		all = err_join(all, e);
	}
	if (all)
		return all;
	TRY(target->ops->link(target, set));
	return object_set_order(set);
}

err *manifests_read_source(void *context, const struct object *object, const char *reference,
                           size_t limit, struct str *ret_text)
{
	struct manifests *manifests = context;
	if (!manifests->source)
		return object_error(object, ERR_INTERNAL, "a recorded manifest refers to '%s'",
		                    reference);
	AUTO(str) path = STR_INIT;
	TRY(source_resolve(manifests->source, object->file, reference, &path));
	map_set(&manifests->references, path.ptr, NULL);
	return source_read(manifests->source, path.ptr, limit, ret_text);
}
