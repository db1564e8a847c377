#include "base/base.h"

#include "base/num.h"
#include "val/val.h"

/* Names that need no quotes in a path: letters, digits, '_' and '-', not starting with a digit. */
static bool is_plain_name(const char *key, size_t len)
{
	if (len == 0 || (key[0] >= '0' && key[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = key[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		             (c >= '0' && c <= '9') || c == '_' || c == '-';
		if (!plain)
			return false;
	}
	return true;
}

void val_path_add_key(struct str *path, const char *key, size_t len)
{
	if (is_plain_name(key, len)) {
		if (path->len)
			str_addch(path, '.');
		str_add(path, key, len);
		return;
	}
	str_addz(path, "[\"");
	for (size_t i = 0; i < len; i++) {
		if (key[i] == '"' || key[i] == '\\')
			str_addch(path, '\\');
		str_addch(path, key[i]);
	}
	str_addz(path, "\"]");
}

void val_path_add_index(struct str *path, size_t index)
{
	str_addf(path, "[%zu]", index);
}

bool val_path_of(const struct val *root, const struct val *v, struct str *path)
{
	if (!root || !v)
		return false;
	if (root == v)
		return true;
	size_t before = path->len;
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, root)) {
		val_path_add_index(path, i);
		if (val_path_of(item, v, path))
			return true;
		str_truncate(path, before);
	}
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, root)) {
		val_path_add_key(path, entry->key, entry->key_len);
		if (val_path_of(entry->value, v, path))
			return true;
		str_truncate(path, before);
	}
	return false;
}

/* `["..."]` behind the opening quote; NULL when it is not closed. */
static const char *read_quoted(const char *at, struct str *key)
{
	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		str_addch(key, *at);
	}
	return at[0] == '"' && at[1] == ']' ? at + 2 : NULL;
}

/* One step of a path; NULL when the path is malformed. */
static const char *step(const char *at, const struct val **v)
{
	if (at[0] == '[' && at[1] == '"') {
		AUTO(str) key = STR_INIT;
		at = read_quoted(at + 2, &key);
		*v = at ? val_getn(*v, key.ptr, key.len) : NULL;
		return at;
	}
	if (at[0] == '[') {
		size_t len = strcspn(at, "]");
		uint64_t index;
		if (at[len] != ']' || !num_parse_u64(at + 1, len - 1, 10, &index))
			return NULL;
		*v = index <= SIZE_MAX ? val_at(*v, (size_t)index) : NULL;
		return at + len + 1;
	}
	if (*at == '.')
		at++;
	size_t len = strcspn(at, ".[");
	if (len == 0)
		return NULL;
	*v = val_getn(*v, at, len);
	return at + len;
}

const struct val *val_path(const struct val *v, const char *path)
{
	while (v && *path) {
		path = step(path, &v);
		if (!path)
			return NULL;
	}
	return v;
}
