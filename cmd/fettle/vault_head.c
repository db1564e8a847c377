/* What git has of a file. */
#include "base/base.h"

#include "vault_head.h"

#include "base/limits.h"
#include "base/path.h"
#include "git/git.h"
#include "pal/fs.h"

struct vault_head {
	char *folder; /* what `repo` was looked for from; NULL: nothing yet */
	char *top;    /* of its work tree */
	struct repo *repo;
	struct repo_tree *tree; /* NULL: no repository, or no commit */
};

struct vault_head *vault_head_new(void)
{
	return MEM_NEW(struct vault_head);
}

static void forget(struct vault_head *head)
{
	repo_tree_free(head->tree);
	repo_free(head->repo);
	mem_free(head->top);
	mem_free(head->folder);
	*head = (struct vault_head){ 0 };
}

void vault_head_free(struct vault_head *head)
{
	if (!head)
		return;
	forget(head);
	mem_free(head);
}

static err *open_tree(struct vault_head *head)
{
	struct repo_commit commit = { 0 };
	TRY(repo_open_around(head->folder, &head->repo, &head->top));
	TRY(repo_resolve(head->repo, NULL, &commit));
	err *e = repo_tree_open(head->repo, commit.id, "", &head->tree);
	repo_commit_clear(&commit);
	return e;
}

static err *read_file(struct vault_head *head, const char *path, struct str *ret_text)
{
	AUTO(str) real = STR_INIT;
	TRY(fs_real_path(path, &real));
	const char *slash = strrchr(real.ptr, '/');
	if (!slash)
		return err_new(ERR_NOT_FOUND, "'%s' has no folder", path);
	size_t len = (size_t)(slash - real.ptr);
	if (!head->folder || strlen(head->folder) != len || memcmp(head->folder, real.ptr, len)) {
		forget(head);
		head->folder = mem_strndup(real.ptr, len);
		TRY(open_tree(head));
	}
	if (!head->tree)
		return err_new(ERR_NOT_FOUND, "no commit");
	AUTO(str) top = STR_INIT;
	TRY(fs_real_path(head->top, &top));
	if (!str_starts(real.ptr, top.ptr) || real.ptr[top.len] != '/')
		return err_new(ERR_NOT_FOUND, "'%s' is outside of the work tree", path);
	return repo_tree_read(head->tree, real.ptr + top.len + 1, LIMIT_DOC_BYTES, ret_text);
}

bool vault_head_read(struct vault_head *head, const char *path, struct str *ret_text)
{
	err *e = read_file(head, path, ret_text);
	if (!e)
		return true;
	err_ignore(e, "without it every ciphertext is new");
	return false;
}
