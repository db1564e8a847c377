#include "base/base.h"

#include "lint/lint_input.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "pal/fs.h"
#include "pal/pool.h"

/* One path of the command line: how it is spelled there, and where it is in the tree. */
struct root {
	const char *spelled;
	char *in_tree; /* "" is the top */
};

struct lint_input {
	struct repo *repo;
	struct repo_tree *tree; /* one of the two */
	struct repo_index *index;
	struct view text; /* instead of both */
	struct root *roots;
	size_t n_roots;
	struct strs paths;     /* as spelled */
	struct map tree_paths; /* spelled → path in the tree, in `kept` */
	struct strs kept;
	struct mutex *mutex; /* libgit2 objects are for one thread at a time */
};

const struct strs *lint_input_paths(const struct lint_input *input)
{
	return &input->paths;
}

void lint_input_free(struct lint_input *input)
{
	if (!input)
		return;
	for (size_t i = 0; i < input->n_roots; i++)
		mem_free(input->roots[i].in_tree);
	mem_free(input->roots);
	repo_tree_free(input->tree);
	repo_index_free(input->index);
	repo_free(input->repo);
	map_clear(&input->tree_paths);
	strs_clear(&input->kept);
	strs_clear(&input->paths);
	mutex_free(input->mutex);
	mem_free(input);
}

static err *add_root(struct lint_input *input, const char *top, const char *spelled)
{
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(spelled, &absolute));
	size_t len = strlen(top);
	bool is_inside = strncmp(absolute.ptr, top, len) == 0 &&
	                 (!absolute.ptr[len] || absolute.ptr[len] == '/');
	if (!is_inside)
		return err_new(ERR_USAGE, "'%s' is outside of the repository '%s'", spelled, top);
	const char *rest = absolute.ptr + len;
	struct root *root = &input->roots[input->n_roots++];
	root->spelled = spelled;
	root->in_tree = mem_strdup(rest + (*rest == '/'));
	return NULL;
}

static err *open_around(const struct strs *paths, struct lint_input *input)
{
	AUTO(str) here = STR_INIT;
	AUTOFREE char *top = NULL;
	TRY(fs_real_path(".", &here));
	TRY(repo_open_around(here.ptr, &input->repo, &top));
	input->roots = mem_zalloc(paths->len + 1, sizeof(*input->roots));
	for (size_t i = 0; i < paths->len; i++)
		TRY(add_root(input, top, paths->ptr[i]));
	return paths->len ? NULL : add_root(input, top, ".");
}

/* Is the file of the tree below a root? Then under which name? */
static bool spell(const struct root *root, const char *path, struct str *ret_path)
{
	size_t len = strlen(root->in_tree);
	if (len == 0 || str_equal(path, root->in_tree)) {
		str_addz(ret_path, len == 0 && !str_equal(root->spelled, ".") ? root->spelled : "");
		if (len == 0 && ret_path->len)
			str_addch(ret_path, '/');
		str_addz(ret_path, len == 0 ? path : root->spelled);
		return true;
	}
	if (strncmp(path, root->in_tree, len) != 0 || path[len] != '/')
		return false;
	if (!str_equal(root->spelled, "."))
		str_addf(ret_path, "%s/", root->spelled);
	str_addz(ret_path, path + len + 1);
	return true;
}

static void add_path(struct lint_input *input, const char *path)
{
	for (size_t i = 0; i < input->n_roots; i++) {
		AUTO(str) spelled = STR_INIT;
		if (!spell(&input->roots[i], path, &spelled))
			continue;
		AUTOFREE char *clean = path_clean(spelled.ptr);
		if (map_has(&input->tree_paths, clean))
			continue;
		strs_push(&input->kept, path);
		map_set(&input->tree_paths, clean, input->kept.ptr[input->kept.len - 1]);
		strs_push(&input->paths, clean);
	}
}

static bool visit(void *context, const char *path, enum repo_entry_kind kind)
{
	if (kind == REPO_FILE || kind == REPO_EXECUTABLE)
		add_path(context, path);
	return true;
}

static err *open_commit(struct lint_input *input, const char *ref, const struct strs *paths)
{
	struct repo_commit commit;
	TRY(open_around(paths, input));
	TRY(repo_resolve(input->repo, ref, &commit));
	err *e = repo_tree_open(input->repo, commit.id, NULL, &input->tree);
	repo_commit_clear(&commit);
	TRY(e);
	return repo_tree_walk(input->tree, LIMIT_LINT_FILES, visit, input);
}

static err *open_index(struct lint_input *input, const struct strs *paths)
{
	AUTO(strs) staged = STRS_INIT;
	TRY(open_around(paths, input));
	TRY(repo_index_open(input->repo, &input->index));
	TRY(repo_index_staged(input->index, &staged));
	for (size_t i = 0; i < staged.len; i++)
		add_path(input, staged.ptr[i]);
	return NULL;
}

static struct lint_input *new_input(void)
{
	struct lint_input *input = MEM_NEW(struct lint_input);
	input->mutex = mutex_new();
	return input;
}

static err *hand_out(struct lint_input *input, err *take_e, struct lint_input **ret_input)
{
	if (take_e) {
		lint_input_free(input);
		return take_e;
	}
	strs_sort(&input->paths);
	*ret_input = input;
	return NULL;
}

err *lint_input_commit(const char *ref, const struct strs *paths, struct lint_input **ret_input)
{
	struct lint_input *input = new_input();
	return hand_out(input, open_commit(input, ref, paths), ret_input);
}

err *lint_input_index(const struct strs *paths, struct lint_input **ret_input)
{
	struct lint_input *input = new_input();
	return hand_out(input, open_index(input, paths), ret_input);
}

struct lint_input *lint_input_text(const char *name, struct view text)
{
	struct lint_input *input = new_input();
	input->text = text;
	strs_push(&input->paths, name);
	return input;
}

err *lint_input_read(struct lint_input *input, const char *path, size_t limit, struct str *ret_text)
{
	AUTO(mutex_hold) hold = mutex_hold(input->mutex);
	if (!input->tree && !input->index) {
		str_add(ret_text, input->text.ptr, input->text.len);
		return NULL;
	}
	const char *in_tree = map_get(&input->tree_paths, path);
	if (!in_tree)
		return err_new(ERR_NOT_FOUND, "there is no '%s' in this commit", path);
	return input->tree ? repo_tree_read(input->tree, in_tree, limit, ret_text)
	                   : repo_index_read(input->index, in_tree, limit, ret_text);
}
