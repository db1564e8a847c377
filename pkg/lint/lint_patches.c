#include "base/base.h"

#include "lint/lint_patches.h"

#include "base/map.h"
#include "base/path.h"
#include "pal/pool.h"

struct lint_patches {
	struct mutex *mutex;
	struct map parts; /* cleaned path -> one of the marks below */
};

/* What a path is: the value of the map is one of these. */
static const char patch_mark = 0, settings_mark = 1;

struct lint_patches *lint_patches_new(void)
{
	struct lint_patches *patches = MEM_NEW(struct lint_patches);
	patches->mutex = mutex_new();
	return patches;
}

void lint_patches_free(struct lint_patches *patches)
{
	if (!patches)
		return;
	mutex_free(patches->mutex);
	map_clear(&patches->parts);
	mem_free(patches);
}

static void add(struct lint_patches *patches, const char *folder, const char *name, const char *mark)
{
	if (!name || strchr(name, '\n'))
		return;
	AUTOFREE char *joined = path_join(folder, name);
	AUTOFREE char *path = path_clean(joined);
	AUTO(mutex_hold) hold = mutex_hold(patches->mutex);
	/* Named as both, it is a patch. */
	if (mark == &patch_mark || !map_has(&patches->parts, path))
		map_set(&patches->parts, path, (void *)(uintptr_t)mark);
}

/* Items that are names themselves, or have one under `key`. */
static void add_list(struct lint_patches *patches, const char *folder, const struct val *list,
                     const char *key, const char *mark)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		if (item->kind == VAL_STR)
			add(patches, folder, item->as.str.ptr, mark);
		else if (key)
			add(patches, folder, val_get_str(item, key, NULL), mark);
	}
}

void lint_patches_add(struct lint_patches *patches, const struct lint_file *file)
{
	static const char *const patch_lists[] = { "patches", "patchesStrategicMerge",
		                                   "patchesJson6902", "patchesJSON6902" };
	static const char *const settings_lists[] = { "transformers", "generators", "validators",
		                                      "configurations", "replacements" };
	AUTOFREE char *folder = path_dir(file->path);
	for (size_t i = 0; i < file->n_docs; i++) {
		const struct val *root = file->docs[i].root;
		for (size_t k = 0; k < ARRAY_LEN(patch_lists); k++)
			add_list(patches, folder, val_get(root, patch_lists[k]), "path",
			         &patch_mark);
		for (size_t k = 0; k < ARRAY_LEN(settings_lists); k++)
			add_list(patches, folder, val_get(root, settings_lists[k]), "path",
			         &settings_mark);
	}
}

static void add_steps(struct lint_patches *patches, const char *folder, const struct val *v)
{
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, v))
		add_steps(patches, folder, item);
	for (VAL_EACH_ENTRY(i, entry, v)) {
		bool is_part = str_equal(entry->key, "assert") || str_equal(entry->key, "error");
		bool is_patch = str_equal(entry->key, "patch");
		if (is_part || is_patch)
			add(patches, folder, val_get_str(entry->value, "file", NULL),
			    is_patch ? &patch_mark : &settings_mark);
		else
			add_steps(patches, folder, entry->value);
	}
}

void lint_patches_add_object(struct lint_patches *patches, const struct lint_file *file,
                             const struct val *object)
{
	if (!str_starts(val_get_str(object, "apiVersion", ""), "chainsaw.kyverno.io/"))
		return;
	AUTOFREE char *folder = path_dir(file->path);
	add_steps(patches, folder, val_get(object, "spec"));
}

enum lint_part lint_patches_find(const struct lint_patches *patches, const char *path)
{
	AUTOFREE char *clean = path_clean(path);
	const char *mark = map_get(&patches->parts, clean);
	return !mark ? LINT_WHOLE : mark == &patch_mark ? LINT_PATCH : LINT_SETTINGS;
}
