#include "base/base.h"

#include "git/git_private.h"

#include "base/limits.h"

struct repo_tree {
	git_tree *root;
	git_odb *odb;
};

static err *object_error(int code, const char *path)
{
	err *e = repo_failure(code, "cannot read '%s' from the repository", path);
	if (code != GIT_ENOTFOUND)
		return err_is(e, ERR_IO) ? err_as(e, ERR_CORRUPT) : e;
	return err_hint(err_as(e, ERR_CORRUPT),
	                "the repository lacks an object: it is a partial clone, or damaged");
}

static err *open_subdir(git_tree *root, const char *subdir, git_tree **ret_tree)
{
	git_tree_entry *entry = NULL;
	int code = git_tree_entry_bypath(&entry, root, subdir);
	if (code == GIT_ENOTFOUND)
		return err_new(ERR_NOT_FOUND, "there is no folder '%s' in this commit", subdir);
	if (code < 0)
		return object_error(code, subdir);

	err *e = NULL;
	if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
		e = err_new(ERR_NOT_FOUND, "'%s' is not a folder in this commit", subdir);
	} else {
		code = git_tree_lookup(ret_tree, git_tree_owner(root), git_tree_entry_id(entry));
		if (code < 0)
			e = object_error(code, subdir);
	}
	git_tree_entry_free(entry);
	return e;
}

static err *open_root(git_repository *repository, const char *commit_id, git_tree **ret_root)
{
	git_oid id;
	git_commit *commit = NULL;
	int code = git_oid_fromstr(&id, commit_id);
	if (code == 0)
		code = git_commit_lookup(&commit, repository, &id);
	if (code == 0)
		code = git_commit_tree(ret_root, commit);
	git_commit_free(commit);
	return code < 0 ? object_error(code, commit_id) : NULL;
}

err *repo_tree_open(struct repo *repo, const char *commit, const char *subdir,
                    struct repo_tree **ret_tree)
{
	git_tree *root = NULL;
	TRY(open_root(repo->handle, commit, &root));
	if (subdir && *subdir) {
		git_tree *below = NULL;
		err *e = open_subdir(root, subdir, &below);
		git_tree_free(root);
		if (e)
			return e;
		root = below;
	}
	git_odb *odb = NULL;
	int code = git_repository_odb(&odb, repo->handle);
	if (code < 0) {
		git_tree_free(root);
		return repo_failure(code, "cannot open the objects of the repository");
	}
	struct repo_tree *tree = MEM_NEW(struct repo_tree);
	tree->root = root;
	tree->odb = odb;
	*ret_tree = tree;
	return NULL;
}

void repo_tree_free(struct repo_tree *tree)
{
	if (!tree)
		return;
	git_tree_free(tree->root);
	git_odb_free(tree->odb);
	mem_free(tree);
}

static enum repo_entry_kind kind_of(const git_tree_entry *entry)
{
	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE:
		return REPO_FOLDER;
	case GIT_FILEMODE_BLOB_EXECUTABLE:
		return REPO_EXECUTABLE;
	case GIT_FILEMODE_LINK:
		return REPO_SYMLINK;
	case GIT_FILEMODE_COMMIT:
		return REPO_SUBMODULE;
	default:
		return REPO_FILE;
	}
}

struct walk {
	repo_visit_fn *visit;
	void *context;
	size_t left;
	struct str path;
};

/* git never writes such names; a crafted tree could use them to name something else. */
static bool name_is_safe(const char *name)
{
	return *name && !str_equal(name, ".") && !str_equal(name, "..") && !strchr(name, '/') &&
	       !strchr(name, '\\');
}

static err *walk_folder(struct walk *walk, git_tree *tree, unsigned depth);

static err *walk_entry(struct walk *walk, git_tree *tree, const git_tree_entry *entry,
                       unsigned depth)
{
	enum repo_entry_kind kind = kind_of(entry);
	if (walk->left-- == 0)
		return err_new(ERR_LIMIT, "the repository holds more files than fettle reads");
	if (!name_is_safe(git_tree_entry_name(entry)))
		return err_new(ERR_REFUSED, "the repository holds a file named '%s'",
		               git_tree_entry_name(entry));
	if (!walk->visit(walk->context, walk->path.ptr, kind) || kind != REPO_FOLDER)
		return NULL;

	git_tree *below = NULL;
	int code = git_tree_lookup(&below, git_tree_owner(tree), git_tree_entry_id(entry));
	if (code < 0)
		return object_error(code, walk->path.ptr);
	err *e = walk_folder(walk, below, depth + 1);
	git_tree_free(below);
	return e;
}

static err *walk_folder(struct walk *walk, git_tree *tree, unsigned depth)
{
	if (depth > LIMIT_DEPTH)
		return err_new(ERR_LIMIT, "the folders of the repository are more than %u deep",
		               LIMIT_DEPTH);
	size_t base_len = walk->path.len;
	size_t count = git_tree_entrycount(tree);
	for (size_t i = 0; i < count; i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		if (base_len > 0)
			str_addch(&walk->path, '/');
		str_addz(&walk->path, git_tree_entry_name(entry));
		TRY(walk_entry(walk, tree, entry, depth));
		str_truncate(&walk->path, base_len);
	}
	return NULL;
}

err *repo_tree_walk(struct repo_tree *tree, size_t limit_entries, repo_visit_fn *visit,
                    void *context)
{
	struct walk walk = { visit, context, limit_entries, STR_INIT };
	err *e = walk_folder(&walk, tree->root, 0);
	str_clear(&walk.path);
	return e;
}

/* Id, kind and size of what is at `path`. */
static err *find_entry(struct repo_tree *tree, const char *path, git_oid *ret_id,
                       enum repo_entry_kind *ret_kind, size_t *ret_size)
{
	git_tree_entry *entry = NULL;
	int code = git_tree_entry_bypath(&entry, tree->root, path);
	if (code == GIT_ENOTFOUND)
		return err_new(ERR_NOT_FOUND, "there is no '%s' in this commit", path);
	if (code < 0)
		return object_error(code, path);
	git_oid_cpy(ret_id, git_tree_entry_id(entry));
	*ret_kind = kind_of(entry);
	git_tree_entry_free(entry);

	git_object_t type;
	*ret_size = 0;
	if (*ret_kind == REPO_FOLDER || *ret_kind == REPO_SUBMODULE)
		return NULL;
	code = git_odb_read_header(ret_size, &type, tree->odb, ret_id);
	if (code < 0)
		return object_error(code, path);
	return type == GIT_OBJECT_BLOB
	               ? NULL
	               : err_new(ERR_CORRUPT, "'%s' is no file in the repository", path);
}

err *repo_tree_stat(struct repo_tree *tree, const char *path, enum repo_entry_kind *ret_kind,
                    uint64_t *ret_size)
{
	git_oid id;
	enum repo_entry_kind kind;
	size_t size = 0;
	TRY(find_entry(tree, path, &id, &kind, &size));
	*ret_kind = kind;
	*ret_size = size;
	return NULL;
}

err *repo_tree_read(struct repo_tree *tree, const char *path, size_t limit, struct str *ret_text)
{
	git_oid id;
	enum repo_entry_kind kind;
	size_t size = 0;
	TRY(find_entry(tree, path, &id, &kind, &size));
	if (kind == REPO_FOLDER)
		return err_new(ERR_REFUSED, "'%s' is a folder, not a file", path);
	if (kind == REPO_SUBMODULE)
		return err_new(ERR_REFUSED, "'%s' is a submodule, which fettle does not read",
		               path);
	if (size > limit)
		return err_new(ERR_LIMIT, "'%s' has %zu bytes, more than %zu", path, size, limit);

	git_odb_object *object = NULL;
	int code = git_odb_read(&object, tree->odb, &id);
	if (code < 0)
		return object_error(code, path);
	str_reset(ret_text);
	str_add(ret_text, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return NULL;
}
