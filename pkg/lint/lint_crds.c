#include "base/base.h"

#include "lint/lint_crds.h"

#include "base/path.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "json/json.h"
#include "lint/lint_private.h"
#include "pal/fs.h"
#include "yaml/yaml.h"

#define CRD_FILE_MAX   (16u << 20)
#define CANDIDATES_MAX 256u

struct found {
	const struct crd *crd;
	const char *path;
	uint32_t index; /* of the file; those of --crds come last */
	uint32_t start; /* of the definition in the file */
};

struct lint_crds {
	struct mutex *mutex;
	VEC(struct found) all;
	bool is_sorted;
	struct arena arena; /* of what --crds named */
};

struct lint_crds *lint_crds_new(void)
{
	struct lint_crds *crds = MEM_NEW(struct lint_crds);
	crds->mutex = mutex_new();
	return crds;
}

void lint_crds_free(struct lint_crds *crds)
{
	if (!crds)
		return;
	for (size_t i = 0; i < crds->all.len; i++)
		crd_release(crds->all.ptr[i].crd);
	mutex_free(crds->mutex);
	vec_clear(&crds->all);
	arena_clear(&crds->arena);
	mem_free(crds);
}

static void add(struct lint_crds *crds, const struct crd *crd, const char *path, uint32_t index,
                const struct val *object)
{
	const struct found found = { crd, path, index, object->mark.start };
	AUTO(mutex_hold) hold = mutex_hold(crds->mutex);
	vec_push(&crds->all, found);
	crds->is_sorted = false;
}

void lint_crds_add(struct lint_crds *crds, const struct lint_file *file, const struct val *object)
{
	const struct crd *crd;
	err *e = crd_compile(object, file->keep, &crd);
	if (e)
		err_ignore(e, "what is wrong with a definition is found by its own schema");
	else
		add(crds, crd, arena_strdup(file->keep, file->path), file->index, object);
}

/* --- what --crds names --- */

static err *read_docs(const char *path, struct arena *a, struct yaml_docs *ret_docs)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(path, CRD_FILE_MAX, &text));
	if (!str_ends(path, ".json"))
		return yaml_load(text.ptr, text.len, path, a, ret_docs);
	struct yaml_doc *doc = ARENA_NEW(a, struct yaml_doc);
	TRY(json_load(text.ptr, text.len, path, a, &doc->root));
	*ret_docs = (struct yaml_docs){ doc, 1 };
	return NULL;
}

static err *read_object(struct lint_crds *crds, const char *path, const struct val *object,
                        size_t *n_found)
{
	const struct val *item;
	const struct crd *crd;
	for (VAL_EACH_ITEM(i, item, val_get(object, "items")))
		TRY(read_object(crds, path, item, n_found));
	if (!crd_is(object))
		return NULL;
	TRY(crd_compile(object, &crds->arena, &crd));
	add(crds, crd, path, UINT32_MAX, object);
	++*n_found;
	return NULL;
}

/* "argoproj.io/application_v1alpha1.json" of a catalogue; false for any other name. */
static bool split_name(struct lint_crds *crds, const char *path, struct crd_name *ret_name)
{
	AUTOFREE char *folder = path_dir(path);
	const char *base = path_base(path), *under = strrchr(base, '_');
	if (!under || under == base || !str_ends(base, ".json") || !strchr(path_base(folder), '.'))
		return false;
	size_t len = strlen(under + 1) - strlen(".json");
	*ret_name = (struct crd_name){
		.group = arena_strdup(&crds->arena, path_base(folder)),
		.kind = arena_strndup(&crds->arena, base, (size_t)(under - base)),
		.version = arena_strndup(&crds->arena, under + 1, len),
	};
	return true;
}

static err *read_schema(struct lint_crds *crds, const char *path, const struct val *root,
                        size_t *n_found)
{
	struct crd_name name;
	const struct crd *crd;
	bool is_schema = val_get(root, "properties") && !val_get(root, "apiVersion");
	if (!is_schema || !split_name(crds, path, &name))
		return NULL;
	TRY(crd_from_schema(root, &name, &crds->arena, &crd));
	add(crds, crd, path, UINT32_MAX, root);
	++*n_found;
	return NULL;
}

static err *read_file(struct lint_crds *crds, const char *path, size_t *n_found)
{
	AUTO(arena) scratch = ARENA_INIT;
	struct yaml_docs docs;
	TRY(read_docs(path, &scratch, &docs));
	const char *kept = arena_strdup(&crds->arena, path);
	for (size_t i = 0; i < docs.len; i++) {
		TRY(read_object(crds, kept, docs.ptr[i].root, n_found));
		TRY(read_schema(crds, kept, docs.ptr[i].root, n_found));
	}
	return NULL;
}

static bool is_data_file(const char *path)
{
	return str_ends(path, ".yaml") || str_ends(path, ".yml") || str_ends(path, ".json");
}

/* One path at a time, to say which of them has nothing. */
static err *read_path(struct lint_crds *crds, const struct lint_options *options, char *path)
{
	size_t n_found = 0;
	struct lint_paths paths = { 0 };
	err *unreadable = NULL;
	const struct lint_options walk = { .paths = { &path, 1, 1 },
		                           .no_gitignore = true,
		                           .exclude = options->exclude };
	err *e = lint_walk(&walk, NULL, &paths, &unreadable);
	if (!e)
		e = steal(&unreadable);
	for (size_t i = 0; i < paths.len && !e; i++)
		if (paths.ptr[i].is_named || is_data_file(paths.ptr[i].path))
			e = read_file(crds, paths.ptr[i].path, &n_found);
	err_free(unreadable);
	lint_paths_clear(&paths);
	TRY(e);
	if (!n_found)
		return err_hint(err_new(ERR_NOT_FOUND, "no CustomResourceDefinition in '%s'", path),
		                "--crds names files or folders that hold some");
	return NULL;
}

err *lint_crds_read(struct lint_crds *crds, const struct lint_options *options)
{
	for (size_t i = 0; i < options->crds.len; i++)
		TRY(read_path(crds, options, options->crds.ptr[i]));
	return NULL;
}

/* --- finding --- */

static int compare(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	int order = strcmp(a->crd->kind, b->crd->kind);
	if (!order)
		order = strcmp(a->crd->group, b->crd->group);
	if (!order)
		order = (a->index > b->index) - (a->index < b->index);
	if (!order)
		order = strcmp(a->path, b->path);
	return order ? order : (a->start > b->start) - (a->start < b->start);
}

static void sort(struct lint_crds *crds)
{
	AUTO(mutex_hold) hold = mutex_hold(crds->mutex);
	if (!crds->is_sorted && crds->all.len)
		qsort(crds->all.ptr, crds->all.len, sizeof(*crds->all.ptr), compare);
	crds->is_sorted = true;
}

/* How many folders two paths have in common, counted in bytes. */
static size_t nearness(const char *a, const char *b)
{
	size_t shared = 0;
	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			shared = i + 1;
	return shared;
}

static bool is_group(struct view group, const char *api_version)
{
	const char *slash = strchr(api_version, '/');
	return slash &&
	       view_equal(group, (struct view){ api_version, (size_t)(slash - api_version) });
}

static bool is_better(const struct found *found, const struct crd_version *version,
                      const struct lint_crd_match *best, const struct found *best_found,
                      const char *path)
{
	if (!best->crd)
		return true;
	if (!version != !best->version)
		return version != NULL;
	bool is_given = found->index == UINT32_MAX, best_is_given = best_found->index == UINT32_MAX;
	if (is_given != best_is_given)
		return best_is_given;
	return nearness(found->path, path) > nearness(best->path, path);
}

static size_t first_of_kind(const struct lint_crds *crds, const char *kind)
{
	size_t low = 0, high = crds->all.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(crds->all.ptr[middle].crd->kind, kind) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void look_for(const struct lint_crds *crds, const char *path, const char *api_version,
                     const char *kind, struct lint_crd_match *best)
{
	const struct found *best_found = NULL;
	const char *slash = strchr(api_version, '/');
	for (size_t i = first_of_kind(crds, kind); slash && i < crds->all.len; i++) {
		const struct found *found = &crds->all.ptr[i];
		if (!str_equal(found->crd->kind, kind))
			break;
		if (!is_group(view_of(found->crd->group), api_version))
			continue;
		const struct crd_version *version = crd_find_version(found->crd, slash + 1);
		if (!is_better(found, version, best, best_found, path))
			continue;
		*best = (struct lint_crd_match){ found->crd, version, found->path };
		best_found = found;
	}
}

struct lint_crd_match lint_crds_find(struct lint_crds *crds, const char *path,
                                     const char *api_version, const char *kind)
{
	struct lint_crd_match best = { 0 };
	sort(crds);
	look_for(crds, path, api_version, kind, &best);
	if (best.crd)
		return best;
	/* Catalogues have kinds in small letters. */
	AUTOFREE char *small = mem_strdup(kind);
	for (char *c = small; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	look_for(crds, path, api_version, small, &best);
	return best;
}

const char *lint_crds_nearest(struct lint_crds *crds, const char *api_version, const char *kind)
{
	const char *names[CANDIDATES_MAX];
	size_t n = 0;
	sort(crds);
	for (size_t i = 0; i < crds->all.len && n < CANDIDATES_MAX; i++)
		if (is_group(view_of(crds->all.ptr[i].crd->group), api_version))
			names[n++] = crds->all.ptr[i].crd->kind;
	return suggest_nearest(kind, names, n);
}
