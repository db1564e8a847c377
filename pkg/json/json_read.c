/* JSON without marks: what servers send. jansson reads, its tree becomes ours and is gone again. */
#include "base/base.h"

#include <jansson.h>

#include "base/limits.h"
#include "json/json.h"

struct reader {
	struct arena *arena;
	const char *name;
	size_t nodes;
	unsigned depth;
};

static err *read_value(struct reader *r, const json_t *node, struct val **ret_value);

static err *read_list(struct reader *r, const json_t *node, struct val *v)
{
	size_t len = json_array_size(node);
	struct val **items = arena_alloc(r->arena, (len + 1) * sizeof(struct val *));
	for (size_t i = 0; i < len; i++)
		TRY(read_value(r, json_array_get(node, i), &items[i]));
	v->kind = VAL_LIST;
	v->as.list.items = items;
	v->as.list.len = v->as.list.cap = (uint32_t)len;
	return NULL;
}

static err *read_map(struct reader *r, json_t *node, struct val *v)
{
	size_t len = json_object_size(node), next = 0, duplicate = 0;
	struct val_entry *entries = arena_zalloc(r->arena, len + 1, sizeof(*entries));
	const char *key;
	size_t key_len;
	json_t *value;
	json_object_keylen_foreach(node, key, key_len, value)
	{
		struct val_entry *entry = &entries[next++];
		if (key_len > LIMIT_KEY_BYTES)
			return err_new(ERR_LIMIT, "%s: a key is longer than %u bytes", r->name,
			               LIMIT_KEY_BYTES);
		entry->key = arena_strndup(r->arena, key, key_len);
		entry->key_len = (uint32_t)key_len;
		TRY(read_value(r, value, &entry->value));
	}
	v->kind = VAL_MAP;
	if (!val_fill_map(r->arena, v, entries, len, &duplicate))
		return err_new(ERR_INTERNAL, "%s: jansson kept a key twice", r->name);
	return NULL;
}

static err *read_value(struct reader *r, const json_t *node, struct val **ret_value)
{
	if (++r->nodes > LIMIT_NODES)
		return err_new(ERR_LIMIT, "%s has more than %u values", r->name, LIMIT_NODES);
	struct val *v = *ret_value = ARENA_NEW(r->arena, struct val);
	switch (json_typeof(node)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	case JSON_STRING:
		v->kind = VAL_STR;
		v->as.str.len = json_string_length(node);
		v->as.str.ptr = arena_strndup(r->arena, json_string_value(node), v->as.str.len);
		return NULL;
	case JSON_INTEGER:
		v->kind = VAL_INT;
		v->as.integer = json_integer_value(node);
		return NULL;
	case JSON_REAL:
		v->kind = VAL_FLOAT;
		v->as.number = json_real_value(node);
		return NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		v->kind = VAL_BOOL;
		v->as.boolean = json_is_true(node);
		return NULL;
	case JSON_NULL:
		v->kind = VAL_NULL;
		return NULL;
	}
	if (++r->depth > LIMIT_DEPTH)
		return err_new(ERR_LIMIT, "%s is nested deeper than %u levels", r->name, LIMIT_DEPTH);
	err *e = json_is_array(node) ? read_list(r, node, v)
	                             : read_map(r, (json_t *)(uintptr_t)node, v);
	r->depth--;
	return e;
}

/* A whole number beyond int64 is a double for an API server, too. */
err *json_read(const char *text, size_t len, const char *name, struct arena *a,
               struct val **ret_root)
{
	json_error_t error;
	struct reader reader = { .arena = a, .name = name };
	if (len > LIMIT_DOC_BYTES)
		return err_new(ERR_LIMIT, "%s is larger than %u bytes", name, LIMIT_DOC_BYTES);
	json_t *root = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!root)
		return err_new(ERR_INVALID, "%s is not JSON: %s at byte %d", name, error.text,
		               error.position);
	err *e = read_value(&reader, root, ret_root);
	json_decref(root);
	return e;
}
