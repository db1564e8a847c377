/*
 * The bare cache of one remote. Every commit that was fetched whole has a ref
 * refs/fettle/commits/<id>: packs appear by rename only when complete, and the
 * ref comes after the pack, so a killed fetch leaves nothing that looks done.
 */
#include "base/base.h"

#include "git/git_private.h"

#include "base/path.h"
#include "pal/fs.h"
#include "pal/lock.h"

#define MARK "refs/fettle/commits/"
/* Each update adds a pack, and every read looks into all of them. */
static const size_t packs_max = 64;
static const int64_t lock_wait_ms = 300000;

struct fetch {
	struct repo_session session;
	const char *ref;
	const char *path;
	git_repository *repository;
	bool is_fresh;   /* made in this run: nothing in it can be damaged */
	bool has_chosen; /* the remote knows the ref; what fails from here on may be the cache */
};

static err *create(const char *path, git_repository **ret_repository)
{
	git_repository_init_options options;
	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
	options.initial_head = "main";
	int code = git_repository_init_ext(ret_repository, path, &options);
	return code < 0 ? repo_failure(code, "cannot create the repository cache '%s'", path)
	                : NULL;
}

static err *open_error(int code, const char *path)
{
	err *e = repo_failure(code, "cannot open the repository cache '%s'", path);
	return code == GIT_EOWNER ? err_hint(e, "choose another cache folder, or remove this one")
	                          : e;
}

static bool has_many_packs(const char *path)
{
	AUTOFREE char *folder = path_join(path, "objects/pack");
	AUTO(fs_list) names = { 0 };
	err *e = fs_list(folder, &names);
	bool is_bad = e != NULL;
	err_ignore(e, "a cache without its folders is rebuilt");
	size_t packs = 0;
	for (size_t i = 0; i < names.len; i++)
		packs += str_ends(names.ptr[i].name, ".pack");
	return is_bad || packs > packs_max;
}

static err *rebuild(struct fetch *fetch)
{
	git_repository_free(steal(&fetch->repository));
	TRY(fs_remove_tree(fetch->path));
	fetch->is_fresh = true;
	return create(fetch->path, &fetch->repository);
}

/* Open the cache, or make it anew when it is missing, damaged, or full of small packs. */
static err *open_cache(struct fetch *fetch)
{
	int code = git_repository_open_ext(&fetch->repository, fetch->path,
	                                   GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE,
	                                   NULL);
	if (code == GIT_EOWNER)
		return open_error(code, fetch->path);
	if (code == 0 && git_repository_is_bare(fetch->repository) && !has_many_packs(fetch->path))
		return NULL;
	return rebuild(fetch);
}

/* Is this commit here, whole as far as its top folder shows? */
static bool is_cached(git_repository *repository, const git_oid *commit_id)
{
	char hex[GIT_OID_SHA1_HEXSIZE + 1];
	git_oid_tostr(hex, sizeof hex, commit_id);
	AUTOFREE char *name = str_format(MARK "%s", hex);
	git_reference *mark = NULL;
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	bool is_here = git_reference_lookup(&mark, repository, name) == 0 &&
	               git_commit_lookup(&commit, repository, commit_id) == 0 &&
	               git_commit_tree(&tree, commit) == 0;
	git_tree_free(tree);
	git_commit_free(commit);
	git_reference_free(mark);
	return is_here;
}

static err *mark(git_repository *repository, const git_oid *commit_id)
{
	char hex[GIT_OID_SHA1_HEXSIZE + 1];
	git_oid_tostr(hex, sizeof hex, commit_id);
	AUTOFREE char *name = str_format(MARK "%s", hex);
	git_reference *ref = NULL;
	int code = git_reference_create(&ref, repository, name, commit_id, 1, NULL);
	git_reference_free(ref);
	return code < 0 ? repo_failure(code, "cannot write to the repository cache") : NULL;
}

static int download(struct fetch *fetch, git_remote *remote, char **specs, size_t count, int depth)
{
	git_fetch_options options;
	git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
	repo_session_callbacks(&fetch->session, &options.callbacks);
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.update_fetchhead = 0;
	options.depth = depth;
	git_strarray list = { specs, count };
	return git_remote_download(remote, &list, &options);
}

/* The remote end has one conversation per connection only; a second try needs a new one. */
static err *reconnect(struct fetch *fetch, git_remote **remote)
{
	git_remote_free(steal(remote));
	return repo_session_connect(&fetch->session, fetch->repository, remote);
}

/* One ref or commit without its history; with it where the server cannot cut it off. */
static err *download_one(struct fetch *fetch, git_remote **remote, char *spec)
{
	int code = fetch->session.is_local ? -1 : download(fetch, *remote, &spec, 1, 1);
	if (code == 0)
		return NULL;
	if (fetch->session.failure)
		return repo_session_error(&fetch->session, code, "fetch from");
	TRY(reconnect(fetch, remote));
	code = download(fetch, *remote, &spec, 1, GIT_FETCH_DEPTH_FULL);
	return code < 0 ? repo_session_error(&fetch->session, code, "fetch from") : NULL;
}

static err *download_all(struct fetch *fetch, git_remote **remote)
{
	char heads[] = "+refs/heads/*:refs/fettle/heads/*";
	char tags[] = "+refs/tags/*:refs/fettle/tags/*";
	char *specs[] = { heads, tags };
	TRY(rebuild(fetch)); /* a shallow cache would keep the history away from us */
	TRY(reconnect(fetch, remote));
	int code = download(fetch, *remote, specs, ARRAY_LEN(specs), GIT_FETCH_DEPTH_FULL);
	return code < 0 ? repo_session_error(&fetch->session, code, "fetch from") : NULL;
}

/* The name under which the remote shows `choice`, if any. */
static err *advertised_name(struct fetch *fetch, git_remote *remote,
                            const struct repo_choice *choice, char **ret_name)
{
	*ret_name = NULL;
	if (choice->name) {
		*ret_name = mem_strdup(choice->name);
		return NULL;
	}
	const git_remote_head **heads = NULL;
	size_t count = 0;
	int code = git_remote_ls(&heads, &count, remote);
	if (code < 0)
		return repo_session_error(&fetch->session, code, "list the refs of");
	for (size_t i = 0; i < count && !*ret_name; i++)
		if (git_oid_equal(&heads[i]->oid, &choice->id) && !strchr(heads[i]->name, '^'))
			*ret_name = mem_strdup(heads[i]->name);
	return NULL;
}

/* Get the objects of `choice`; for an id that no ref shows, by id, else by taking everything. */
static err *download_choice(struct fetch *fetch, git_remote **remote, struct repo_choice *choice)
{
	char hex[GIT_OID_SHA1_HEXSIZE + 1];
	git_oid_tostr(hex, sizeof hex, &choice->id);
	AUTOFREE char *name = NULL;
	if (!choice->is_prefix) {
		TRY(advertised_name(fetch, *remote, choice, &name));
		AUTOFREE char *spec = str_format("%s:refs/fettle/fetched", name ? name : hex);
		err *e = download_one(fetch, remote, spec);
		if (!e || name || err_is(e, ERR_TIMEOUT) || err_is(e, ERR_CANCELLED))
			return e;
		err_ignore(e, "many servers give away only what their refs show");
	}
	TRY(download_all(fetch, remote));
	if (!choice->is_prefix)
		return NULL;

	git_commit *commit = NULL;
	git_oid start;
	size_t len = strlen(fetch->ref);
	int code = git_oid_fromstrn(&start, fetch->ref, len);
	if (code == 0)
		code = git_commit_lookup_prefix(&commit, fetch->repository, &start, len);
	if (code == GIT_EAMBIGUOUS)
		return err_new(ERR_INVALID, "'%s' is the beginning of several commits", fetch->ref);
	if (code < 0)
		return err_new(ERR_NOT_FOUND, "no branch, tag or commit '%s' in '%s'", fetch->ref,
		               fetch->session.display);
	git_oid_cpy(&choice->commit, git_commit_id(commit));
	git_commit_free(commit);
	return NULL;
}

/* An annotated tag may be fetched without the remote having said which commit it means. */
static err *peel(struct fetch *fetch, struct repo_choice *choice)
{
	git_object *object = NULL, *commit = NULL;
	int code = git_object_lookup(&object, fetch->repository, &choice->commit, GIT_OBJECT_ANY);
	if (code == 0)
		code = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(&choice->commit, git_object_id(commit));
	git_object_free(commit);
	git_object_free(object);
	if (code == 0)
		return NULL;
	return err_new(ERR_NOT_FOUND, "'%s' of '%s' is not a commit that can be fetched",
	               fetch->ref ? fetch->ref : "HEAD", fetch->session.display);
}

/* A commit id that is here already needs no network at all. */
static bool find_without_network(struct fetch *fetch, struct repo_choice *choice)
{
	return fetch->ref && repo_is_full_id(fetch->ref) && !fetch->session.options->refresh &&
	       git_oid_fromstr(&choice->commit, fetch->ref) == 0 &&
	       is_cached(fetch->repository, &choice->commit);
}

static err *bring(struct fetch *fetch, struct repo_choice *choice)
{
	if (find_without_network(fetch, choice))
		return NULL;
	git_remote *remote = NULL;
	TRY(repo_session_connect(&fetch->session, fetch->repository, &remote));
	err *e = repo_session_choose(&fetch->session, remote, fetch->ref, choice);
	fetch->has_chosen = !e;
	if (!e && (choice->is_prefix || !is_cached(fetch->repository, &choice->commit))) {
		e = download_choice(fetch, &remote, choice);
		if (!e)
			e = peel(fetch, choice);
		if (!e)
			e = mark(fetch->repository, &choice->commit);
	}
	git_remote_free(remote);
	return e;
}

/* Not the network, not the user, not a wrong name: what is stored cannot be used. */
static bool is_damage(const struct fetch *fetch, const err *e)
{
	return fetch->has_chosen && !fetch->is_fresh && !fetch->session.has_failed &&
	       !err_is(e, ERR_TIMEOUT) && !err_is(e, ERR_CANCELLED);
}

static err *fetch_once(struct fetch *fetch, struct repo_commit *ret_commit)
{
	struct repo_choice choice = { 0 };
	err *e = bring(fetch, &choice);
	if (!e)
		e = repo_read_commit(fetch->repository, &choice.commit, choice.name, ret_commit);
	repo_choice_clear(&choice);
	return e;
}

/* Fetch; when what is stored turns out to be damaged, once more from nothing. */
static err *fetch_locked(struct fetch *fetch, struct repo_commit *ret_commit)
{
	TRY(fetch->session.options->rebuild ? rebuild(fetch) : open_cache(fetch));
	err *e = fetch_once(fetch, ret_commit);
	if (!e || !is_damage(fetch, e))
		return e;
	err_ignore(e, "the cache is only a copy");
	TRY(rebuild(fetch));
	return fetch_once(fetch, ret_commit);
}

static err *take_lock(const struct fetch *fetch, struct lock **ret_lock)
{
	AUTOFREE char *folder = path_dir(fetch->path);
	AUTOFREE char *lock_path = str_format("%s.lock", fetch->path);
	AUTOFREE char *what = str_format("the cache of '%s'", fetch->session.display);
	TRY(fs_mkdir_all(folder, 0700));
	struct lock_opts options = {
		.what = what,
		.command = "fetching",
		.wait_ms = repo_time_left_ms(fetch->session.options, lock_wait_ms),
		.cancel = fetch->session.options->cancel,
	};
	return lock_take(lock_path, &options, ret_lock);
}

err *repo_fetch(const char *url, const char *ref, const char *cache_path,
                const struct repo_options *options, struct repo **ret_repo,
                struct repo_commit *ret_commit)
{
	struct fetch fetch = { .ref = ref, .path = cache_path };
	AUTOPTR(lock) lock = NULL;
	err *e = repo_session_init(&fetch.session, url, options);
	if (!e)
		e = take_lock(&fetch, &lock);
	if (!e)
		e = fetch_locked(&fetch, ret_commit);
	repo_session_clear(&fetch.session);
	if (e) {
		git_repository_free(fetch.repository);
		return e;
	}
	struct repo *repo = MEM_NEW(struct repo);
	repo->handle = fetch.repository;
	repo->path = mem_strdup(cache_path);
	*ret_repo = repo;
	return NULL;
}
