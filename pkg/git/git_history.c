/* Every blob once, and where it came from. */
#include "base/base.h"

#include "git/git_private.h"

#include "base/map.h"

#define ID_DIGITS 40u

struct each_blob {
	git_odb *odb;
	size_t limit, n_too_large;
	repo_blob_fn *visit;
	void *context;
	err *e;
};

static int visit_object(const git_oid *id, void *payload)
{
	struct each_blob *each = payload;
	size_t size;
	git_object_t type;
	/* A partial clone knows objects it does not have. */
	if (git_odb_read_header(&size, &type, each->odb, id) < 0 || type != GIT_OBJECT_BLOB)
		return 0;
	if (size > each->limit) {
		each->n_too_large++;
		return 0;
	}
	git_odb_object *object = NULL;
	int code = git_odb_read(&object, each->odb, id);
	if (code < 0) {
		each->e = repo_failure(code, "cannot read an object of the repository");
		return GIT_EUSER;
	}
	char hex[ID_DIGITS + 1];
	git_oid_tostr(hex, sizeof(hex), id);
	bool goes_on = each->visit(each->context, hex, git_odb_object_data(object),
	                           git_odb_object_size(object));
	git_odb_object_free(object);
	if (!goes_on)
		each->e = err_new(ERR_CANCELLED, "interrupted");
	return goes_on ? 0 : GIT_EUSER;
}

err *repo_each_blob(struct repo *repo, size_t limit, repo_blob_fn *visit, void *context,
                    size_t *ret_too_large)
{
	struct each_blob each = { .limit = limit, .visit = visit, .context = context };
	int code = git_repository_odb(&each.odb, repo->handle);
	if (code < 0)
		return repo_failure(code, "cannot open the objects of the repository");
	/* What is read is searched, not trusted: its hash need not be computed again. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	code = git_odb_foreach(each.odb, visit_object, &each);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	git_odb_free(each.odb);
	if (each.e)
		return each.e;
	if (code < 0)
		return repo_failure(code, "cannot list the objects of the repository");
	*ret_too_large = each.n_too_large;
	return NULL;
}

void repo_origin_clear(struct repo_origin *origin)
{
	mem_free(origin->path);
	mem_free(origin->commit);
	mem_free(origin->author);
	*origin = (struct repo_origin){ 0 };
}

struct find {
	git_repository *repository;
	struct map wanted; /* id → origin */
	struct map seen;   /* trees looked at already */
	size_t n_left;
	git_commit *commit;
	struct str path;
};

static void note_origin(struct find *find, struct repo_origin *origin)
{
	const git_signature *author = git_commit_author(find->commit);
	char id[ID_DIGITS + 1];
	git_oid_tostr(id, sizeof(id), git_commit_id(find->commit));
	origin->path = mem_strdup(find->path.ptr);
	origin->commit = mem_strdup(id);
	origin->author =
		str_format("%s <%s>", author ? author->name : "", author ? author->email : "");
	origin->time_s = author ? author->when.time : 0;
	find->n_left--;
}

/* A tree seen before has nothing new, whatever commit it is in. */
static err *search_tree(struct find *find, const git_oid *id)
{
	char hex[ID_DIGITS + 1];
	git_oid_tostr(hex, sizeof(hex), id);
	if (map_has(&find->seen, hex))
		return NULL;
	map_set(&find->seen, hex, find);
	git_tree *tree = NULL;
	int code = git_tree_lookup(&tree, find->repository, id);
	if (code < 0)
		return repo_failure(code, "cannot read a folder of the repository");
	err *e = NULL;
	size_t base = find->path.len;
	for (size_t i = 0, n = git_tree_entrycount(tree); i < n && !e && find->n_left; i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		git_object_t type = git_tree_entry_type(entry);
		if (base)
			str_addch(&find->path, '/');
		str_addz(&find->path, git_tree_entry_name(entry));
		git_oid_tostr(hex, sizeof(hex), git_tree_entry_id(entry));
		struct repo_origin *origin =
			type == GIT_OBJECT_BLOB ? map_get(&find->wanted, hex) : NULL;
		if (origin && !origin->commit)
			note_origin(find, origin);
		else if (type == GIT_OBJECT_TREE)
			e = search_tree(find, git_tree_entry_id(entry));
		str_truncate(&find->path, base);
	}
	git_tree_free(tree);
	return e;
}

static err *search_commits(struct find *find, git_revwalk *walk)
{
	git_oid id;
	while (find->n_left && git_revwalk_next(&id, walk) == 0) {
		int code = git_commit_lookup(&find->commit, find->repository, &id);
		if (code < 0)
			return repo_failure(code, "cannot read a commit of the repository");
		err *e = search_tree(find, git_commit_tree_id(find->commit));
		git_commit_free(find->commit);
		find->commit = NULL;
		if (e)
			return e;
	}
	return NULL;
}

/* All refs and HEAD, oldest first. */
static err *walk_from_oldest(git_repository *repository, git_revwalk **ret_walk)
{
	git_revwalk *walk = NULL;
	int code = git_revwalk_new(&walk, repository);
	if (code == 0)
		code = git_revwalk_sorting(walk,
		                           GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME | GIT_SORT_REVERSE);
	if (code == 0)
		code = git_revwalk_push_glob(walk, "*");
	if (code == 0)
		(void)git_revwalk_push_head(walk); /* there may be none */
	*ret_walk = walk;
	return code < 0 ? repo_failure(code, "cannot walk the history") : NULL;
}

err *repo_find_origins(struct repo *repo, const struct strs *ids, struct repo_origin *origins)
{
	struct find find = {
		.repository = repo->handle, .wanted = MAP_INIT, .seen = MAP_INIT, .path = STR_INIT
	};
	for (size_t i = 0; i < ids->len; i++)
		if (!map_set(&find.wanted, ids->ptr[i], &origins[i]))
			find.n_left++;
	git_revwalk *walk = NULL;
	err *e = walk_from_oldest(repo->handle, &walk);
	if (!e)
		e = search_commits(&find, walk);
	git_revwalk_free(walk);
	map_clear(&find.wanted);
	map_clear(&find.seen);
	str_clear(&find.path);
	return e;
}

/* --- every change of a file --- */

struct each_change {
	git_repository *repository;
	repo_change_fn *visit;
	void *context;
};

static bool is_file(const git_diff_file *file)
{
	return file->mode == GIT_FILEMODE_BLOB || file->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static err *visit_delta(const struct each_change *each, const git_diff_delta *delta,
                        struct repo_change *change)
{
	char before[ID_DIGITS + 1], after[ID_DIGITS + 1];
	git_oid_tostr(before, sizeof(before), &delta->old_file.id);
	git_oid_tostr(after, sizeof(after), &delta->new_file.id);
	change->path = delta->new_file.path ? delta->new_file.path : delta->old_file.path;
	change->before = is_file(&delta->old_file) ? before : NULL;
	change->after = is_file(&delta->new_file) ? after : NULL;
	return each->visit(each->context, change);
}

static err *visit_commit(const struct each_change *each, git_commit *commit)
{
	git_commit *parent = NULL;
	git_tree *before = NULL, *after = NULL;
	git_diff *diff = NULL;
	char id[ID_DIGITS + 1], parent_id[ID_DIGITS + 1] = "";
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	git_oid_tostr(id, sizeof(id), git_commit_id(commit));
	int code = git_commit_tree(&after, commit);
	if (code == 0 && git_commit_parentcount(commit) > 0) {
		code = git_commit_parent(&parent, commit, 0);
		if (code == 0)
			code = git_commit_tree(&before, parent);
		git_oid_tostr(parent_id, sizeof(parent_id), git_commit_parent_id(commit, 0));
	}
	/* The last commits of a shallow clone name parents that are not there. */
	if (code == GIT_ENOTFOUND)
		code = 0;
	if (code == 0)
		code = git_diff_tree_to_tree(&diff, each->repository, before, after, &options);
	err *e =
		code < 0 ? repo_failure(code, "cannot compare a commit with the one before") : NULL;
	const git_signature *author = git_commit_author(commit);
	struct repo_change change = { .commit = id,
		                      .parent = *parent_id ? parent_id : NULL,
		                      .time_s = author ? author->when.time : 0 };
	for (size_t i = 0, n = diff ? git_diff_num_deltas(diff) : 0; i < n && !e; i++)
		e = visit_delta(each, git_diff_get_delta(diff, i), &change);
	git_diff_free(diff);
	git_tree_free(before);
	git_tree_free(after);
	git_commit_free(parent);
	return e;
}

static err *visit_all(const struct each_change *each, git_revwalk *walk)
{
	git_oid id;
	while (git_revwalk_next(&id, walk) == 0) {
		git_commit *commit = NULL;
		int code = git_commit_lookup(&commit, each->repository, &id);
		if (code < 0)
			return repo_failure(code, "cannot read a commit of the repository");
		err *e = visit_commit(each, commit);
		git_commit_free(commit);
		if (e)
			return e;
	}
	return NULL;
}

err *repo_each_change(struct repo *repo, repo_change_fn *visit, void *context)
{
	const struct each_change each = { repo->handle, visit, context };
	git_revwalk *walk = NULL;
	err *e = walk_from_oldest(repo->handle, &walk);
	if (!e)
		e = visit_all(&each, walk);
	git_revwalk_free(walk);
	return e;
}

err *repo_read_blob(struct repo *repo, const char *id, size_t limit, struct str *ret_text)
{
	git_oid oid;
	git_blob *blob = NULL;
	int code = git_oid_fromstr(&oid, id);
	if (code == 0)
		code = git_blob_lookup(&blob, repo->handle, &oid);
	if (code < 0)
		return err_as(repo_failure(code, "cannot read the object '%s'", id),
		              code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_CORRUPT);
	size_t size = (size_t)git_blob_rawsize(blob);
	str_reset(ret_text);
	if (size <= limit)
		str_add(ret_text, git_blob_rawcontent(blob), size);
	git_blob_free(blob);
	return size <= limit ? NULL
	                     : err_new(ERR_LIMIT, "the object '%s' has %zu bytes, more than %zu",
	                               id, size, limit);
}
