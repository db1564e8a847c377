#include "base/base.h"

#include "lint/lint_fix.h"

#include "yaml/yaml_edit.h"

PRINTF_LIKE(3, 0)
static struct lint_fix *new_fix(struct lint_file *file, bool is_unsafe, const char *fmt,
                                va_list args)
{
	AUTO(str) text = STR_INIT;
	str_addvf(&text, fmt, args);
	struct lint_fix *fix = ARENA_NEW(file->keep, struct lint_fix);
	fix->text = arena_strndup(file->keep, text.ptr, text.len);
	fix->is_unsafe = is_unsafe;
	return fix;
}

/* --- changes of the tree --- */

static const char *const *keep_keys(struct arena *keep, const char *const *keys)
{
	size_t n = 0;
	while (keys && keys[n])
		n++;
	const char **copy = arena_zalloc(keep, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(keep, keys[i]);
	return copy;
}

static bool find_doc(const struct lint_file *file, const struct val *at, struct str *path,
                     size_t *ret_doc)
{
	for (size_t i = 0; i < file->n_docs; i++) {
		const struct val *root = file->docs[i].root;
		if (root == at || val_path_of(root, at, path)) {
			*ret_doc = i;
			return true;
		}
	}
	return false;
}

/* The list a change names: at.path. */
static const struct val *find_list(const struct lint_change *change, struct str *path)
{
	const struct val *list = change->at;
	for (const char *const *key = change->path; key && *key; key++) {
		val_path_add_key(path, *key, strlen(*key));
		list = val_get(list, *key);
	}
	return list;
}

static bool find_item(const struct val *list, const struct val *item, size_t *ret_index)
{
	const struct val *other;
	for (VAL_EACH_ITEM(i, other, list))
		if (other == item) {
			*ret_index = i;
			return true;
		}
	return false;
}

/* The same change, by path instead of node, so that it outlives the tree. */
static bool keep_change(struct lint_file *file, const struct lint_change *change,
                        struct yaml_change *ret_change, size_t *ret_doc)
{
	static const enum yaml_change_kind kinds[] = { YAML_SET, YAML_APPEND, YAML_REMOVE,
		                                       YAML_RENAME };
	AUTO(str) path = STR_INIT;
	if (!find_doc(file, change->at, &path, ret_doc))
		return false;
	*ret_change = (struct yaml_change){ .kind = kinds[change->kind] };
	if (change->item) {
		const struct val *list = find_list(change, &path);
		if (!find_item(list, change->item, &ret_change->index))
			return false;
	} else {
		ret_change->keys = keep_keys(file->keep, change->path);
	}
	ret_change->at = arena_strndup(file->keep, path.ptr, path.len);
	ret_change->key = change->key ? arena_strdup(file->keep, change->key) : NULL;
	ret_change->value = change->value ? val_copy(file->keep, change->value) : NULL;
	return true;
}

static void compute(struct lint_file *file, struct lint_fix *fix, const struct lint_change *changes,
                    size_t n_changes)
{
	struct yaml_change *kept = arena_zalloc(file->keep, n_changes, sizeof(*kept));
	for (size_t i = 0; i < n_changes; i++) {
		size_t doc;
		if (!keep_change(file, &changes[i], &kept[i], &doc) || (i > 0 && doc != fix->doc))
			return;
		fix->doc = doc;
	}
	struct yaml_edit edit;
	err *e = yaml_edit(file->text, file->len, &file->docs[fix->doc], file->is_json, kept,
	                   n_changes, file->keep, &edit);
	if (e) {
		err_ignore(e, "the user is told what to do, not offered the edit");
		return;
	}
	struct lint_edit *made = ARENA_NEW(file->keep, struct lint_edit);
	*made = (struct lint_edit){ edit.start, edit.end, edit.text, edit.len };
	fix->edits = made;
	fix->n_edits = 1;
	fix->changes = kept;
	fix->n_changes = n_changes;
}

const struct lint_fix *lint_fix_make(struct lint_file *file, bool is_unsafe,
                                     const struct lint_change *changes, size_t n_changes,
                                     const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct lint_fix *fix = new_fix(file, is_unsafe, fmt, args);
	va_end(args);
	if (file->options->wants_fixes && n_changes > 0)
		compute(file, fix, changes, n_changes);
	return fix;
}

/* --- edits of the text --- */

static void keep_edits(struct lint_file *file, struct lint_fix *fix, const struct lint_edit *edits,
                       size_t n_edits)
{
	struct lint_edit *copy = arena_zalloc(file->keep, n_edits + 1, sizeof(*copy));
	for (size_t i = 0; i < n_edits; i++) {
		copy[i] = edits[i];
		copy[i].text =
			arena_strndup(file->keep, edits[i].text ? edits[i].text : "", edits[i].len);
	}
	fix->edits = copy;
	fix->n_edits = n_edits;
}

const struct lint_fix *lint_fix_edits(struct lint_file *file, bool is_unsafe,
                                      const struct lint_edit *edits, size_t n_edits,
                                      const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct lint_fix *fix = new_fix(file, is_unsafe, fmt, args);
	va_end(args);
	if (file->options->wants_fixes)
		keep_edits(file, fix, edits, n_edits);
	return fix;
}
