/* The index: what the next commit would hold. */
#include "base/base.h"

#include "git/git_private.h"

struct repo_index {
	git_repository *repository;
	git_index *index;
	git_odb *odb;
};

err *repo_open_around(const char *folder, struct repo **ret_repo, char **ret_top)
{
	TRY(repo_start());
	git_repository *handle = NULL;
	int code = git_repository_open_ext(&handle, folder, 0, NULL);
	if (code == GIT_ENOTFOUND)
		return err_new(ERR_NOT_FOUND, "'%s' is in no git repository", folder);
	if (code < 0)
		return repo_failure(code, "cannot open the repository around '%s'", folder);
	const char *top = git_repository_workdir(handle);
	if (!top) {
		git_repository_free(handle);
		return err_new(ERR_INVALID, "the repository around '%s' has no work tree", folder);
	}
	size_t len = strlen(top);
	while (len > 1 && top[len - 1] == '/')
		len--;
	struct repo *repo = MEM_NEW(struct repo);
	repo->handle = handle;
	repo->path = mem_strndup(top, len);
	*ret_repo = repo;
	*ret_top = mem_strndup(top, len);
	return NULL;
}

err *repo_index_open(struct repo *repo, struct repo_index **ret_index)
{
	git_index *index = NULL;
	git_odb *odb = NULL;
	int code = git_repository_index(&index, repo->handle);
	if (code == 0)
		code = git_index_read(index, 1);
	if (code == 0)
		code = git_repository_odb(&odb, repo->handle);
	if (code < 0) {
		git_index_free(index);
		return repo_failure(code, "cannot read the index of the repository");
	}
	struct repo_index *opened = MEM_NEW(struct repo_index);
	*opened = (struct repo_index){ repo->handle, index, odb };
	*ret_index = opened;
	return NULL;
}

void repo_index_free(struct repo_index *index)
{
	if (!index)
		return;
	git_index_free(index->index);
	git_odb_free(index->odb);
	mem_free(index);
}

/* The tree of HEAD; NULL before the first commit. */
static err *head_tree(git_repository *repository, git_tree **ret_tree)
{
	git_reference *head = NULL;
	git_object *tree = NULL;
	*ret_tree = NULL;
	int code = git_repository_head(&head, repository);
	if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND)
		return NULL;
	if (code == 0)
		code = git_reference_peel(&tree, head, GIT_OBJECT_TREE);
	git_reference_free(head);
	if (code < 0)
		return repo_failure(code, "cannot read HEAD");
	*ret_tree = (git_tree *)tree;
	return NULL;
}

err *repo_index_staged(struct repo_index *index, struct strs *ret_paths)
{
	git_tree *tree;
	git_diff *diff = NULL;
	TRY(head_tree(index->repository, &tree));
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	int code = git_diff_tree_to_index(&diff, index->repository, tree, index->index, &options);
	git_tree_free(tree);
	if (code < 0)
		return repo_failure(code, "cannot compare the index with HEAD");
	for (size_t i = 0, n = git_diff_num_deltas(diff); i < n; i++) {
		const git_diff_delta *delta = git_diff_get_delta(diff, i);
		bool is_file = delta->new_file.mode == GIT_FILEMODE_BLOB ||
		               delta->new_file.mode == GIT_FILEMODE_BLOB_EXECUTABLE;
		bool is_there =
			delta->status != GIT_DELTA_DELETED && delta->status != GIT_DELTA_CONFLICTED;
		if (is_file && is_there)
			strs_push(ret_paths, delta->new_file.path);
	}
	git_diff_free(diff);
	return NULL;
}

enum { STAGED = 0, THEIRS = 3 };

static err *read_stage(struct repo_index *index, const char *path, int stage, size_t limit,
                       struct str *ret_text)
{
	const git_index_entry *entry = git_index_get_bypath(index->index, path, stage);
	if (!entry)
		return err_new(ERR_NOT_FOUND,
		               stage == STAGED ? "'%s' is not in the index"
		                               : "'%s' is not in conflict",
		               path);
	git_odb_object *object = NULL;
	int code = git_odb_read(&object, index->odb, &entry->id);
	if (code < 0)
		return repo_failure(code, "cannot read '%s' from the index", path);
	size_t size = git_odb_object_size(object);
	if (size <= limit) {
		str_reset(ret_text);
		str_add(ret_text, git_odb_object_data(object), size);
	}
	git_odb_object_free(object);
	if (size > limit)
		return err_new(ERR_LIMIT, "'%s' has %zu bytes, more than %zu", path, size, limit);
	return NULL;
}

err *repo_index_read(struct repo_index *index, const char *path, size_t limit, struct str *ret_text)
{
	return read_stage(index, path, STAGED, limit, ret_text);
}

err *repo_index_read_theirs(struct repo_index *index, const char *path, size_t limit,
                            struct str *ret_text)
{
	return read_stage(index, path, THEIRS, limit, ret_text);
}
