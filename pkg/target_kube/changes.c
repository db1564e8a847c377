#include "base/base.h"

#include "target_kube/changes.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "target_kube/applyset.h"
#include "target_kube/fields.h"
#include "yaml/yaml.h"

#define ANNOTATION_SENSITIVE "fettle.dev/sensitive" /* paths, comma-separated: "spec.password" */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

enum { SHORTEST_SECRET = 4 };

struct differ {
	struct plan_item *item;
	const unsigned char *tag_key;
	const struct val *live;      /* with its owners, for explanations; or NULL */
	const char *sensitive;       /* paths of the annotation, or NULL */
	bool is_secret, explains;
	bool hides_all; /* the manifest was encrypted, and is of a kind that does not say where */
	struct str path;
};

static const char *path_of(const struct differ *d)
{
	return d->path.len ? d->path.ptr : "";
}

/* --- what must not be shown --- */

static bool is_secret_kind(const char *group, const char *kind)
{
	return str_equal(group, "") && str_equal(kind, "Secret");
}

static const char *sensitive_paths(const struct val *doc)
{
	const struct val *annotations = val_get(val_get(doc, "metadata"), "annotations");
	return val_get_str(annotations, ANNOTATION_SENSITIVE, NULL);
}

bool changes_is_sensitive(const char *group, const char *kind, const struct val *doc)
{
	return is_secret_kind(group, kind) || sensitive_paths(doc) != NULL;
}

static bool covers(struct view paths, const char *path)
{
	struct view part;
	while (view_split(&paths, ',', &part)) {
		while (part.len && *part.ptr == ' ')
			part = (struct view){ part.ptr + 1, part.len - 1 };
		bool is_prefix = part.len && strncmp(path, part.ptr, part.len) == 0;
		if (is_prefix && (!path[part.len] || path[part.len] == '.' || path[part.len] == '['))
			return true;
	}
	return false;
}

static bool is_hidden(const struct differ *d, const char *path)
{
	if (strstr(path, LAST_APPLIED))
		return true;
	if (d->is_secret && (str_starts(path, "data") || str_starts(path, "stringData")))
		return true;
	if (d->hides_all && !str_starts(path, "metadata"))
		return true;
	return d->sensitive && covers(view_of(d->sensitive), path);
}

static void add_tag(const struct differ *d, const struct val *value, struct str *text)
{
	AUTO(str) plain = STR_INIT;
	json_write(value, JSON_SORTED, &plain);
	str_addz(text, "secret ");
	crypto_tag(d->tag_key, view_str(&plain), text);
}

/* --- one difference --- */

static void add_text(const struct val *value, struct str *text)
{
	if (val_is(value, VAL_STR))
		str_add(text, value->as.str.ptr, value->as.str.len);
	else if (val_is(value, VAL_MAP) || val_is(value, VAL_LIST))
		val_len(value) ? yaml_write(value, text) : json_write(value, JSON_ONE_LINE, text);
	else
		json_write(value, JSON_ONE_LINE, text);
}

static void explain(struct differ *d, struct plan_change *change)
{
	struct field_owner owners[4];
	AUTO(str) text = STR_INIT;
	size_t count = d->live ? fields_owners(d->live, d->path.ptr, owners, ARRAY_LEN(owners)) : 0;
	for (size_t i = 0; i < MIN(count, ARRAY_LEN(owners)); i++)
		str_addf(&text, "%s%s (%s%s%s) since %s", i ? ", " : "owned by ", owners[i].manager,
		         owners[i].operation, *owners[i].subresource ? " of " : "",
		         owners[i].subresource, owners[i].time);
	if (count == 0)
		str_addz(&text, "owned by nobody: a default, or set by the server");
	change->note = arena_strdup(&d->item->arena, text.ptr);
}

static void add(struct differ *d, const struct val *before, const struct val *after)
{
	AUTO(str) old = STR_INIT;
	AUTO(str) new = STR_INIT;
	const char *path = d->path.len ? d->path.ptr : "object";
	bool hides = is_hidden(d, path);
	if (before)
		hides ? add_tag(d, before, &old) : add_text(before, &old);
	if (after)
		hides ? add_tag(d, after, &new) : add_text(after, &new);
	struct view none = { NULL, 0 };
	struct plan_change *change =
		plan_change_add(d->item, path, before ? (struct view){ old.ptr ? old.ptr : "", old.len } : none,
		                after ? (struct view){ new.ptr ? new.ptr : "", new.len } : none);
	change->is_sensitive = hides;
	change->is_text = !hides && ((old.ptr && strchr(old.ptr, '\n')) ||
	                             (new.ptr && strchr(new.ptr, '\n')));
	if (d->explains && before)
		explain(d, change);
}

/* --- lists by the keys of their items --- */

static const char *const item_keys[][2] = {
	{ "name", NULL }, { "containerPort", "protocol" }, { "port", "protocol" }, { "key", NULL },
	{ "mountPath", NULL }, { "devicePath", NULL }, { "topologyKey", "whenUnsatisfiable" },
	{ "uid", NULL }, { "ip", NULL }, { "type", NULL },
};

static bool has_same_keys(const struct val *x, const struct val *y, const char *const keys[2])
{
	const struct val *a = val_get(x, keys[0]), *b = val_get(y, keys[0]);
	const struct val *c = keys[1] ? val_get(x, keys[1]) : NULL;
	const struct val *e = keys[1] ? val_get(y, keys[1]) : NULL;
	return a && b && val_equal(a, b) && (!c || !e || val_equal(c, e));
}

static bool is_unique_by(const struct val *list, const char *const keys[2])
{
	const struct val *item, *other;
	for (VAL_EACH_ITEM(i, item, list)) {
		if (!val_get(item, keys[0]))
			return false;
		for (VAL_EACH_ITEM(k, other, list))
			if (k < i && has_same_keys(item, other, keys))
				return false;
	}
	return true;
}

static const char *const *keys_of(const struct val *before, const struct val *after)
{
	for (size_t i = 0; i < ARRAY_LEN(item_keys); i++)
		if (val_len(before) && is_unique_by(before, item_keys[i]) &&
		    is_unique_by(after, item_keys[i]))
			return item_keys[i];
	return NULL;
}

static void add_item_step(struct differ *d, const struct val *item, const char *const keys[2])
{
	str_addf(&d->path, "[%s=", keys[0]);
	json_write(val_get(item, keys[0]), JSON_ONE_LINE, &d->path);
	str_addch(&d->path, ']');
}

static void compare(struct differ *d, const struct val *before, const struct val *after);

static const struct val *find_match(const struct val *list, const struct val *item,
                                    const char *const keys[2])
{
	const struct val *other;
	for (VAL_EACH_ITEM(i, other, list))
		if (has_same_keys(other, item, keys))
			return other;
	return NULL;
}

static void compare_items(struct differ *d, const struct val *before, const struct val *after,
                          const char *const keys[2])
{
	const struct val *item;
	size_t start = d->path.len;
	for (VAL_EACH_ITEM(i, item, before)) {
		add_item_step(d, item, keys);
		compare(d, item, find_match(after, item, keys));
		str_truncate(&d->path, start);
	}
	for (VAL_EACH_ITEM(i, item, after)) {
		if (find_match(before, item, keys))
			continue;
		add_item_step(d, item, keys);
		compare(d, NULL, item);
		str_truncate(&d->path, start);
	}
}

static bool is_of_maps(const struct val *list)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (!val_is(item, VAL_MAP))
			return false;
	return val_len(list) > 0;
}

static void compare_lists(struct differ *d, const struct val *before, const struct val *after)
{
	const char *const *keys = is_of_maps(before) && is_of_maps(after) ? keys_of(before, after) : NULL;
	size_t start = d->path.len;
	if (keys) {
		compare_items(d, before, after, keys);
		return;
	}
	if (!is_of_maps(before) || !is_of_maps(after) || val_len(before) != val_len(after)) {
		add(d, before, after);
		return;
	}
	for (size_t i = 0; i < val_len(before); i++) {
		val_path_add_index(&d->path, i);
		compare(d, val_at(before, i), val_at(after, i));
		str_truncate(&d->path, start);
	}
}

/* --- the tree --- */

static bool is_noise(const struct differ *d, const char *key)
{
	if (d->path.len == 0)
		return str_equal(key, "status");
	/* Our mark on every object says nothing new. */
	if (str_equal(path_of(d), "metadata.labels"))
		return str_equal(key, APPLYSET_PART_OF);
	return str_equal(path_of(d), "metadata") && fields_is_noise(key);
}

static void compare_maps(struct differ *d, const struct val *before, const struct val *after)
{
	const struct val_entry *entry;
	size_t start = d->path.len;
	for (VAL_EACH_ENTRY(i, entry, before)) {
		if (is_noise(d, entry->key))
			continue;
		val_path_add_key(&d->path, entry->key, entry->key_len);
		compare(d, entry->value, val_getn(after, entry->key, entry->key_len));
		str_truncate(&d->path, start);
	}
	for (VAL_EACH_ENTRY(k, entry, after)) {
		if (is_noise(d, entry->key) || val_getn(before, entry->key, entry->key_len))
			continue;
		val_path_add_key(&d->path, entry->key, entry->key_len);
		compare(d, NULL, entry->value);
		str_truncate(&d->path, start);
	}
}

/* Hidden maps are gone through, so that it shows which of their values change. */
static bool hides_inside(const struct differ *d, const struct val *v)
{
	return val_is(v, VAL_MAP) && d->is_secret &&
	       (str_equal(path_of(d), "data") || str_equal(path_of(d), "stringData"));
}

static bool is_only_our_mark(const struct differ *d, const struct val *v)
{
	return str_equal(path_of(d), "metadata.labels") && val_len(v) == 1 &&
	       val_get(v, APPLYSET_PART_OF) != NULL;
}

static void compare(struct differ *d, const struct val *before, const struct val *after)
{
	if (before && after && val_equal(before, after))
		return;
	if (is_only_our_mark(d, before ? before : after) && (!before || !after))
		return;
	if (val_is(before, VAL_MAP) && val_is(after, VAL_MAP))
		compare_maps(d, before, after);
	else if (hides_inside(d, before ? before : after))
		compare_maps(d, before, after);
	else if (val_is(before, VAL_LIST) && val_is(after, VAL_LIST))
		compare_lists(d, before, after);
	else
		add(d, before, after);
}

/* --- a whole object that comes or goes --- */

static struct val *masked(struct differ *d, struct arena *a, const struct val *v)
{
	const struct val_entry *entry;
	if (d->path.len && is_hidden(d, d->path.ptr) && !hides_inside(d, v)) {
		AUTO(str) tag = STR_INIT;
		add_tag(d, v, &tag);
		return val_new_strn(a, tag.ptr, tag.len);
	}
	if (!val_is(v, VAL_MAP))
		return (struct val *)(uintptr_t)v;
	struct val *copy = val_new_map(a);
	size_t start = d->path.len;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		if (is_noise(d, entry->key))
			continue;
		val_path_add_key(&d->path, entry->key, entry->key_len);
		struct val *value = masked(d, a, entry->value);
		if (val_len(value) || !val_len(entry->value)) /* not the map that only had our mark */
			val_setn(a, copy, entry->key, entry->key_len, value);
		str_truncate(&d->path, start);
	}
	return copy;
}

static void add_whole(struct differ *d, const struct val *object, bool comes)
{
	struct arena arena = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct view none = { NULL, 0 };
	yaml_write(masked(d, &arena, object), &text);
	struct plan_change *change = plan_change_add(d->item, "object", comes ? none : view_str(&text),
	                                             comes ? view_str(&text) : none);
	change->is_text = true;
	arena_clear(&arena);
}

void changes_add(struct plan_item *item, const struct val *live, const struct val *next,
                 const unsigned char *tag_key, bool explains)
{
	const struct val *any = next ? next : live;
	const char *api = val_get_str(any, "apiVersion", "");
	struct differ d = { .item = item, .tag_key = tag_key, .live = explains ? live : NULL,
		            .explains = explains, .sensitive = sensitive_paths(any) };
	d.is_secret = str_equal(api, "v1") && str_equal(val_get_str(any, "kind", ""), "Secret");
	d.hides_all = !d.is_secret && item->object && item->object->is_decrypted;
	if (live && next)
		compare(&d, live, next);
	else if (any)
		add_whole(&d, any, next != NULL);
	str_clear(&d.path);
}

/* --- messages of the server --- */

static void replace_all(struct str *text, const char *what, size_t len)
{
	static const char mask[] = "[secret]";
	AUTO(str) out = STR_INIT;
	if (len < SHORTEST_SECRET || !text->len)
		return;
	for (size_t i = 0; i < text->len;) {
		if (text->len - i >= len && memcmp(text->ptr + i, what, len) == 0) {
			str_addz(&out, mask);
			i += len;
		} else {
			str_addch(&out, text->ptr[i++]);
		}
	}
	str_reset(text);
	str_add_str(text, &out);
}

static void redact_value(const struct val *value, struct str *text)
{
	AUTO(str) bytes = STR_INIT;
	if (!val_is(value, VAL_STR))
		return;
	replace_all(text, value->as.str.ptr, value->as.str.len);
	err *e = base64_decode((struct view){ value->as.str.ptr, value->as.str.len }, BASE64_LINES,
	                       &bytes);
	if (!e && bytes.len)
		replace_all(text, bytes.ptr, bytes.len);
	err_ignore(e, "it was no base64");
	str_reset(&bytes);
	base64_add(&bytes, value->as.str.ptr, value->as.str.len, 0);
	replace_all(text, bytes.ptr, bytes.len);
}

static void redact_tree(const struct val *v, struct str *text)
{
	const struct val_entry *entry;
	const struct val *item;
	redact_value(v, text);
	for (VAL_EACH_ENTRY(i, entry, v))
		redact_tree(entry->value, text);
	for (VAL_EACH_ITEM(k, item, v))
		redact_tree(item, text);
}

void changes_redact(const struct val *object, struct str *text)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, object))
		if (!str_equal(entry->key, "metadata") && !str_equal(entry->key, "kind") &&
		    !str_equal(entry->key, "apiVersion") && !str_equal(entry->key, "type"))
			redact_tree(entry->value, text);
}
