#include "base/base.h"

#include "git/git_private.h"

#include "base/path.h"
#include "base/vec.h"

void repo_commit_clear(struct repo_commit *info)
{
	mem_free(info->id);
	mem_free(info->ref);
	mem_free(info->author);
	mem_free(info->subject);
	*info = (struct repo_commit){ 0 };
}

void repo_place_clear(struct repo_place *place)
{
	mem_free(place->top);
	repo_commit_clear(&place->head);
	*place = (struct repo_place){ 0 };
}

void repo_free(struct repo *repo)
{
	if (!repo)
		return;
	git_repository_free(repo->handle);
	mem_free(repo->path);
	mem_free(repo);
}

static err *open_error(int code, const char *path)
{
	if (code == GIT_ENOTFOUND)
		return err_new(ERR_NOT_FOUND, "there is no git repository at '%s'", path);
	err *e = repo_failure(code, "cannot open the repository '%s'", path);
	if (code == GIT_EOWNER)
		return err_hint(e, "if you trust it: git config --global --add safe.directory '%s'",
		                path);
	return e;
}

err *repo_open(const char *path, struct repo **ret_repo)
{
	TRY(repo_start());
	git_repository *handle = NULL;
	int code = git_repository_open_ext(&handle, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (code < 0)
		return open_error(code, path);
	struct repo *repo = MEM_NEW(struct repo);
	repo->handle = handle;
	repo->path = mem_strdup(path);
	*ret_repo = repo;
	return NULL;
}

/* Text of a commit as UTF-8 without control characters: it ends up on terminals. */
static char *clean_text(const char *text)
{
	AUTO(str) clean = STR_INIT;
	for (; *text && clean.len < 1000; text++)
		str_addch(&clean, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
	return str_detach(&clean);
}

err *repo_read_commit(git_repository *repository, const git_oid *id, const char *ref,
                      struct repo_commit *ret_info)
{
	git_commit *commit = NULL;
	char hex[GIT_OID_SHA1_HEXSIZE + 1];
	git_oid_tostr(hex, sizeof hex, id);
	int code = git_commit_lookup(&commit, repository, id);
	if (code == GIT_EINVALIDSPEC)
		return err_new(ERR_INVALID, "'%s' is not a commit", hex);
	if (code < 0)
		return err_as(repo_failure(code, "cannot read commit '%s'", hex),
		              code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_CORRUPT);

	const git_signature *author = git_commit_author(commit);
	const char *summary = git_commit_summary(commit);
	const char *short_ref = repo_short_ref(ref);
	AUTOFREE char *who = str_format("%s <%s>", author->name, author->email);
	*ret_info = (struct repo_commit){
		.id = mem_strdup(hex),
		.ref = short_ref ? mem_strdup(short_ref) : NULL,
		.author = clean_text(who),
		.subject = clean_text(summary ? summary : ""),
		.time_s = author->when.time,
	};
	git_commit_free(commit);
	return NULL;
}

struct ref_list {
	VEC(struct repo_ref) refs;
	git_oid *ids; /* so that the pointers in `refs` stay */
	struct strs names;
};

static void ref_list_clear(struct ref_list *list)
{
	vec_clear(&list->refs);
	mem_free(list->ids);
	strs_clear(&list->names);
}

/* Id of a ref, to the commit itself; false when it is broken or names no commit. */
static bool peel_ref(git_repository *repository, const char *name, git_oid *ret_id)
{
	git_reference *ref = NULL;
	git_object *object = NULL;
	bool found = git_reference_lookup(&ref, repository, name) == 0 &&
	             git_reference_peel(&object, ref, GIT_OBJECT_COMMIT) == 0;
	if (found)
		git_oid_cpy(ret_id, git_object_id(object));
	git_object_free(object);
	git_reference_free(ref);
	return found;
}

/* The refs of a local repository in the shape a remote advertises them. */
static err *list_refs(git_repository *repository, struct ref_list *list)
{
	git_strarray names = { 0 };
	int code = git_reference_list(&names, repository);
	if (code < 0)
		return repo_failure(code, "cannot list the branches and tags");
	strs_push(&list->names, "HEAD");
	for (size_t i = 0; i < names.count; i++)
		strs_push(&list->names, names.strings[i]);
	git_strarray_dispose(&names);

	list->ids = mem_zalloc(list->names.len, sizeof(git_oid));
	for (size_t i = 0; i < list->names.len; i++) {
		if (!peel_ref(repository, list->names.ptr[i], &list->ids[i]))
			continue;
		struct repo_ref ref = { list->names.ptr[i], &list->ids[i], NULL };
		vec_push(&list->refs, ref);
	}
	return NULL;
}

/* The branch HEAD stands on; NULL when detached. */
static char *head_branch(git_repository *repository)
{
	git_reference *head = NULL;
	char *name = NULL;
	if (git_repository_head(&head, repository) == 0 && git_reference_is_branch(head))
		name = mem_strdup(git_reference_name(head));
	git_reference_free(head);
	return name;
}

/* A commit that no ref names, by its id or the beginning of it. */
static err *find_commit(git_repository *repository, const char *ref, const char *display,
                        git_oid *ret_id)
{
	git_oid id;
	git_commit *commit = NULL;
	int code = git_oid_fromstrn(&id, ref, strlen(ref));
	if (code == 0)
		code = git_commit_lookup_prefix(&commit, repository, &id, strlen(ref));
	if (code == GIT_EAMBIGUOUS)
		return err_new(ERR_INVALID, "'%s' is the beginning of several commits in '%s'", ref,
		               display);
	if (code < 0)
		return err_new(ERR_NOT_FOUND, "no branch, tag or commit '%s' in '%s'", ref,
		               display);
	git_oid_cpy(ret_id, git_commit_id(commit));
	git_commit_free(commit);
	return NULL;
}

err *repo_find(git_repository *repository, const char *ref, const char *display,
               struct repo_commit *ret_commit)
{
	struct ref_list list = { .names = STRS_INIT };
	struct repo_choice choice = { 0 };
	AUTOFREE char *branch = NULL;
	err *e = list_refs(repository, &list);
	if (!e && list.refs.len > 0 && str_equal(list.refs.ptr[0].name, "HEAD"))
		list.refs.ptr[0].target = branch = head_branch(repository);
	if (!e)
		e = repo_choose(list.refs.ptr, list.refs.len, ref, display, &choice);
	if (!e && choice.is_prefix)
		e = find_commit(repository, ref, display, &choice.commit);
	if (!e && !choice.name && repo_is_full_id(ref))
		e = find_commit(repository, ref, display, &choice.commit);
	if (!e)
		e = repo_read_commit(repository, &choice.commit, choice.name, ret_commit);
	repo_choice_clear(&choice);
	ref_list_clear(&list);
	return e;
}

err *repo_resolve(struct repo *repo, const char *ref, struct repo_commit *ret_commit)
{
	return repo_find(repo->handle, ref, repo->path, ret_commit);
}

/* Do files below `path` differ from the commit or the index? Nothing is refreshed or written. */
static err *check_dirty(git_repository *repository, const char *path, bool *ret_is_dirty)
{
	AUTOFREE char *spec = mem_strdup(path);
	git_status_options options;
	git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_EXCLUDE_SUBMODULES |
	                GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
	if (*spec)
		options.pathspec = (git_strarray){ &spec, 1 };
	git_status_list *list = NULL;
	int code = git_status_list_new(&list, repository, &options);
	if (code < 0)
		return repo_failure(code, "cannot compare the files with the commit");
	*ret_is_dirty = git_status_list_entrycount(list) > 0;
	git_status_list_free(list);
	return NULL;
}

/* `path` as the repository calls it: relative to `top`, "" for all of it. */
static const char *below_top(const char *path, const char *top)
{
	size_t len = strlen(top);
	return strncmp(path, top, len) == 0 && path[len] == '/' ? path + len + 1 : "";
}

static err *describe_place(git_repository *repository, const char *path,
                           struct repo_place *ret_place)
{
	const char *top = git_repository_workdir(repository);
	if (!top)
		return err_new(ERR_NOT_FOUND, "'%s' is inside a bare repository", path);
	struct repo_place place = { 0 };
	AUTOFREE char *branch = head_branch(repository);
	git_oid id;
	if (!peel_ref(repository, "HEAD", &id))
		return err_new(ERR_NOT_FOUND, "the repository around '%s' has no commit yet", path);
	TRY(repo_read_commit(repository, &id, branch, &place.head));
	place.top = path_clean(top);
	err *e = check_dirty(repository, below_top(path, place.top), &place.is_dirty);
	if (e)
		repo_place_clear(&place);
	else
		*ret_place = place;
	return e;
}

err *repo_discover(const char *folder, const char *path, struct repo_place *ret_place)
{
	TRY(repo_start());
	git_repository *handle = NULL;
	int code = git_repository_open_ext(&handle, folder, 0, NULL);
	if (code < 0)
		return open_error(code, folder);
	err *e = describe_place(handle, path, ret_place);
	git_repository_free(handle);
	return e;
}

err *repo_user_setting(const char *name, char **ret_value)
{
	TRY(repo_start());
	git_config *config = NULL;
	git_buf value = { 0 };
	int code = git_config_open_default(&config);
	if (code == 0)
		code = git_config_get_string_buf(&value, config, name);
	git_config_free(config);
	*ret_value = code == 0 ? mem_strndup(value.ptr, value.size) : NULL;
	git_buf_dispose(&value);
	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_failure(code, "cannot read git's own settings");
	return NULL;
}
