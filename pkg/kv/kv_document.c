#include "base/base.h"

#include "kv/kv_driver.h"

#include "base/limits.h"
#include "base/path.h"
#include "json/json.h"
#include "toml/toml.h"
#include "val/val.h"
#include "yaml/yaml.h"

#include <ctype.h>

/* --- leaves of a document --- */

static err *add_leaf(struct kv_set *set, const struct str *path, const struct val *v)
{
	AUTO(str) text = STR_INIT;
	switch ((enum val_kind)v->kind) {
	case VAL_STR:
		return kv_set_add(set, path->ptr, path->len,
		                  (struct view){ v->as.str.ptr, v->as.str.len }, 0);
	case VAL_BOOL:
		str_addz(&text, v->as.boolean ? "true" : "false");
		break;
	case VAL_INT:
		str_addf(&text, "%" PRId64, v->as.integer);
		break;
	case VAL_FLOAT:
		val_format_float(v->as.number, &text);
		break;
	default:
		break; /* null, and empty lists and maps, are an empty text */
	}
	return kv_set_add(set, path->ptr, path->len, view_str(&text), 0);
}

static err *add_below(struct kv_set *set, struct str *path, const struct val *v, unsigned depth)
{
	const struct val_entry *entry;
	const struct val *item;
	size_t len = path->len;
	if (depth > LIMIT_DEPTH)
		return err_new(ERR_LIMIT, "nested deeper than %u levels", LIMIT_DEPTH);
	bool is_nothing = depth == 0 && val_len(v) == 0 && !val_is(v, VAL_STR);
	if (val_len(v) == 0)
		return is_nothing ? NULL
		                  : add_leaf(set, path, v); /* an empty document has no keys */
	for (VAL_EACH_ENTRY(i, entry, v)) {
		str_addf(path, "%s%s", len ? "/" : "", entry->key);
		TRY(add_below(set, path, entry->value, depth + 1));
		str_truncate(path, len);
	}
	for (VAL_EACH_ITEM(i, item, v)) {
		str_addf(path, "%s%zu", len ? "/" : "", i);
		TRY(add_below(set, path, item, depth + 1));
		str_truncate(path, len);
	}
	return NULL;
}

err *kv_add_document(struct kv_set *set, const char *prefix, const struct val *root)
{
	AUTO(str) path = STR_INIT;
	str_addz(&path, prefix);
	return add_below(set, &path, root, 0);
}

/* --- reading one --- */

static struct view trim(struct view text)
{
	while (text.len && isspace((unsigned char)text.ptr[0]))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	while (text.len && isspace((unsigned char)text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* NAME=value lines (dotenv, .properties): comments, optional "export", matching quotes taken off. */
static err *parse_lines(const char *name, struct view text, struct arena *arena,
                        struct val **ret_root)
{
	struct val *root = val_new_map(arena);
	struct view line;
	for (size_t number = 1; view_split(&text, '\n', &line); number++) {
		line = trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (line.len > 7 && memcmp(line.ptr, "export ", 7) == 0)
			line = trim((struct view){ line.ptr + 7, line.len - 7 });
		const char *equals = memchr(line.ptr, '=', line.len);
		if (!equals || equals == line.ptr)
			return err_at(err_new(ERR_INVALID, "expected NAME=value"), name, number, 1);
		struct view key = trim((struct view){ line.ptr, (size_t)(equals - line.ptr) });
		struct view value = trim(
			(struct view){ equals + 1, line.len - (size_t)(equals - line.ptr) - 1 });
		if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
		    value.ptr[value.len - 1] == value.ptr[0])
			value = (struct view){ value.ptr + 1, value.len - 2 };
		val_setn(arena, root, arena_strndup(arena, key.ptr, key.len), key.len,
		         val_new_strn(arena, value.ptr, value.len));
	}
	*ret_root = root;
	return NULL;
}

static bool is_any(const char *name, const char *a, const char *b)
{
	return str_ends(name, a) || str_ends(name, b);
}

err *kv_parse_document(const char *name, struct view text, struct arena *arena,
                       struct val **ret_root)
{
	struct view start = trim(text);
	bool looks_json = start.len && (start.ptr[0] == '{' || start.ptr[0] == '[');
	if (is_any(name, ".env", ".properties"))
		return parse_lines(name, text, arena, ret_root);
	if (str_ends(name, ".toml"))
		return toml_load(text.ptr, text.len, name, arena, ret_root);
	if (str_ends(name, ".json") || (looks_json && !is_any(name, ".yaml", ".yml")))
		return json_load(text.ptr, text.len, name, arena, ret_root);
	if (start.len == 0) {
		*ret_root = val_new_map(arena);
		return NULL;
	}
	return yaml_load_one(text.ptr, text.len, name, arena, ret_root);
}

static bool is_document(const char *name)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json",
		                               ".toml", ".env", ".properties" };
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (str_ends(name, endings[i]))
			return true;
	return false;
}

err *kv_add_file(struct kv_set *all, const char *key, struct view text, bool as_leaves)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	if (!as_leaves || !is_document(key))
		return kv_set_add(all, key, strlen(key), text, 0);
	AUTOFREE char *below = mem_strndup(key, strlen(key) - strlen(path_extension(key)));
	err *e = kv_parse_document(key, text, &arena, &root);
	if (!e)
		e = kv_add_document(all, below, root);
	arena_wipe(&arena);
	return e;
}

/* --- a part of a set --- */

err *kv_select(const struct kv_set *all, enum kv_scope scope, const char *path,
               struct kv_set **ret_set)
{
	AUTOPTR(kv_set) set = kv_set_new();
	size_t len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < kv_set_len(all); i++) {
		const struct kv_pair *pair = kv_set_at(all, i);
		const char *rest = pair->key + len;
		if (strncmp(pair->key, path, len) != 0 || (len && *rest && *rest != '/'))
			continue;
		if (scope == KV_KEY ? *rest != '\0' : len && !*rest)
			continue; /* a tree is what lies below its path */
		rest += len && *rest == '/';
		TRY(kv_set_add(set, rest, strlen(rest), (struct view){ pair->value, pair->len },
		               pair->version));
	}
	if (kv_set_is_filtered(all))
		kv_set_mark_filtered(set);
	kv_set_seal(set);
	*ret_set = steal(&set);
	return NULL;
}
