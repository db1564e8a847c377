/* Which files: folders are walked without following symlinks, .gitignore and excludes are obeyed. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/glob.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "lint/lint_input.h"
#include "pal/fs.h"
#include "pal/sig.h"

#define PATTERNS_MAX    10000u
#define IGNORE_FILE_MAX (1u << 20)
#define WALK_DEPTH_MAX  200u
#define WALK_ABOVE_MAX  64u

/* The ignore files from the top of the repository down to a folder. */
struct ignore_level {
	const struct ignore_level *above;
	const char *folder; /* of the walk, what its patterns are relative to */
	const char *prefix; /* from the folder of its file down to `folder`; NULL: the same */
	struct strs patterns;
};

struct walk {
	const struct lint_options *options;
	const struct cancel *cancel;
	struct lint_paths *paths;
	err **unreadable;
	unsigned depth;
};

static const char *relative_to(const char *folder, const char *path)
{
	if (str_equal(folder, "."))
		return path;
	size_t len = strlen(folder);
	if (strncmp(path, folder, len) != 0)
		return NULL;
	return path[len] == '/'                    ? path + len + 1
	       : len > 0 && folder[len - 1] == '/' ? path + len
	                                           : NULL;
}

static bool is_ignored(const struct ignore_level *level, const char *path, bool is_folder)
{
	for (; level; level = level->above) {
		const char *relative = relative_to(level->folder, path);
		if (!relative || level->patterns.len == 0)
			continue;
		AUTOFREE char *full = level->prefix ? path_join(level->prefix, relative) : NULL;
		enum glob_verdict verdict =
			glob_verdict(&level->patterns, full ? full : relative, is_folder);
		if (verdict != GLOB_NO_MATCH)
			return verdict == GLOB_IGNORED;
	}
	return false;
}

static void read_ignore_file(const char *folder, const char *name, struct strs *patterns)
{
	AUTOFREE char *path = path_join(folder, name);
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(path, IGNORE_FILE_MAX, &text);
	if (e)
		err_ignore(e, "no ignore file, nothing ignored");
	else if (!glob_parse_lines(text.ptr, text.len, PATTERNS_MAX, patterns))
		err_ignore(NULL, "the first ten thousand patterns count");
}

static void level_init(struct ignore_level *level, const struct ignore_level *above,
                       const char *folder, bool has_file)
{
	*level = (struct ignore_level){ .above = above, .folder = folder, .patterns = STRS_INIT };
	if (has_file)
		read_ignore_file(folder, ".gitignore", &level->patterns);
}

static void add_file(struct walk *walk, const char *path, bool is_named)
{
	struct lint_path entry = { arena_strdup(&walk->paths->arena, path), is_named };
	vec_push(walk->paths, entry);
}

static void note_unreadable(struct walk *walk, err *take_e)
{
	*walk->unreadable = err_join(*walk->unreadable, take_e);
}

static err *walk_folder(struct walk *walk, const char *folder, const struct ignore_level *above);

static err *walk_entry(struct walk *walk, const char *folder, const struct fs_entry *entry,
                       const struct ignore_level *level)
{
	if (entry->type == FS_OTHER || str_equal(entry->name, ".git"))
		return NULL;
	AUTOFREE char *path =
		str_equal(folder, ".") ? mem_strdup(entry->name) : path_join(folder, entry->name);
	bool is_folder = entry->type == FS_DIR;
	if (is_ignored(level, path, is_folder))
		return NULL;
	if (entry->type == FS_SYMLINK) {
		walk->paths->n_symlinks++;
		return NULL;
	}
	if (is_folder)
		return walk_folder(walk, path, level);
	if (walk->paths->len == LIMIT_LINT_FILES)
		return err_new(ERR_LIMIT, "more than %u files below '%s'", LIMIT_LINT_FILES,
		               folder);
	add_file(walk, path, false);
	return NULL;
}

static bool has_name(const struct fs_list *list, const char *name)
{
	for (size_t i = 0; i < list->len; i++)
		if (str_equal(list->ptr[i].name, name))
			return true;
	return false;
}

static err *walk_folder(struct walk *walk, const char *folder, const struct ignore_level *above)
{
	AUTO(fs_list) list = { 0 };
	TRY(cancel_check(walk->cancel));
	if (walk->depth == WALK_DEPTH_MAX)
		return err_new(ERR_LIMIT, "'%s' is nested deeper than %u folders", folder,
		               WALK_DEPTH_MAX);
	err *e = fs_list(folder, &list);
	if (e && above) {
		note_unreadable(walk, err_wrap(e, "cannot list '%s'", folder));
		return NULL;
	}
	TRY(e);
	struct ignore_level level;
	level_init(&level, above, folder,
	           !walk->options->no_gitignore && has_name(&list, ".gitignore"));
	walk->depth++;
	for (size_t i = 0; i < list.len && !e; i++)
		e = walk_entry(walk, folder, &list.ptr[i], &level);
	walk->depth--;
	strs_clear(&level.patterns);
	return e;
}

/* Levels above the folder named, from the top of its repository down: their files count, too. */
struct above {
	struct ignore_level levels[WALK_ABOVE_MAX];
	char *folders[WALK_ABOVE_MAX];
	char *prefixes[WALK_ABOVE_MAX];
	size_t len;
};

static void above_clear(struct above *above)
{
	for (size_t i = 0; i < above->len; i++) {
		strs_clear(&above->levels[i].patterns);
		mem_free(above->folders[i]);
		mem_free(above->prefixes[i]);
	}
}

static bool is_repository(const char *folder)
{
	AUTOFREE char *git = path_join(folder, ".git");
	return fs_exists(git);
}

/* The folders between `folder` (not it) and the top of its repository; nearest first. */
static err *find_above(const char *folder, struct above *above)
{
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(folder, &absolute));
	AUTOFREE char *here = mem_strdup(absolute.ptr);
	size_t full = strlen(here);
	bool is_found = is_repository(here);
	while (!is_found && above->len < WALK_ABOVE_MAX) {
		char *parent = path_dir(here);
		if (strlen(parent) >= strlen(here)) {
			mem_free(parent);
			break;
		}
		mem_free(here);
		here = parent;
		above->folders[above->len] = mem_strdup(here);
		size_t skip = strlen(here);
		skip += absolute.ptr[skip] == '/';
		above->prefixes[above->len] = mem_strndup(absolute.ptr + skip, full - skip);
		above->levels[above->len++].patterns = (struct strs)STRS_INIT;
		is_found = is_repository(here);
	}
	if (!is_found) {
		above_clear(above);
		above->len = 0;
	}
	return NULL;
}

static err *walk_root_folder(struct walk *walk, const char *folder)
{
	const struct lint_options *options = walk->options;
	AUTOFREE char *below =
		path_join(options->config_prefix ? options->config_prefix : "", folder);
	AUTOFREE char *prefix = path_clean(below);
	const struct ignore_level by_config = {
		.folder = folder,
		.prefix = str_equal(prefix, ".") ? NULL : prefix,
		.patterns = options->config_exclude,
	};
	const struct ignore_level by_option = {
		.above = &by_config,
		.folder = folder,
		.prefix = str_equal(folder, ".") ? NULL : folder,
		.patterns = options->exclude,
	};
	const struct ignore_level *level = &by_option;
	struct above above = { .len = 0 };
	if (!walk->options->no_gitignore)
		TRY(find_above(folder, &above));
	for (size_t i = above.len; i-- > 0;) {
		level_init(&above.levels[i], level, folder, false);
		above.levels[i].prefix = above.prefixes[i];
		read_ignore_file(above.folders[i], ".gitignore", &above.levels[i].patterns);
		level = &above.levels[i];
	}
	err *e = walk_folder(walk, folder, level);
	above_clear(&above);
	return e;
}

static err *walk_root(struct walk *walk, const char *root)
{
	AUTOFREE char *path = path_clean(root);
	struct fs_stat stat;
	TRY(fs_stat(path, &stat));
	if (stat.type == FS_DIR)
		return walk_root_folder(walk, path);
	add_file(walk, path, true);
	return NULL;
}

static int by_path(const void *a, const void *b)
{
	const struct lint_path *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static void sort_and_unite(struct lint_paths *paths)
{
	if (paths->len == 0)
		return;
	qsort(paths->ptr, paths->len, sizeof(paths->ptr[0]), by_path);
	size_t kept = 1;
	for (size_t i = 1; i < paths->len; i++) {
		if (str_equal(paths->ptr[i].path, paths->ptr[kept - 1].path))
			paths->ptr[kept - 1].is_named |= paths->ptr[i].is_named;
		else
			paths->ptr[kept++] = paths->ptr[i];
	}
	paths->len = kept;
}

err *lint_walk(const struct lint_options *options, const struct cancel *cancel,
               struct lint_paths *paths, err **unreadable)
{
	struct walk walk = {
		.options = options, .cancel = cancel, .paths = paths, .unreadable = unreadable
	};
	if (options->input) {
		const struct strs *files = lint_input_paths(options->input);
		for (size_t i = 0; i < files->len; i++)
			add_file(&walk, files->ptr[i], false);
		return NULL;
	}
	for (size_t i = 0; i < options->paths.len; i++)
		TRY(walk_root(&walk, options->paths.ptr[i]));
	if (options->paths.len == 0)
		TRY(walk_root(&walk, "."));
	sort_and_unite(paths);
	return NULL;
}

void lint_paths_clear(struct lint_paths *paths)
{
	vec_clear(paths);
	arena_clear(&paths->arena);
}
