#include "base/base.h"

#include "source/source_private.h"

#include "base/limits.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "pal/fs.h"

void source_git_free(struct source_git *git)
{
	if (!git)
		return;
	repo_tree_free(git->tree);
	repo_free(git->repo);
	source_spec_clear(&git->spec);
	mem_free(git->cache_dir);
	mem_free(git->ca_file);
	mem_free(git->proxy);
	mem_free(git);
}

static struct source_git *git_new(const struct source_spec *spec,
                                  const struct source_options *options)
{
	struct source_git *git = MEM_NEW(struct source_git);
	git->spec = (struct source_spec){
		.kind = SOURCE_GIT,
		.display = mem_strdup(spec->display),
		.location = mem_strdup(spec->location),
		.subdir = mem_strdup(spec->subdir),
		.ref = spec->ref ? mem_strdup(spec->ref) : NULL,
	};
	git->cache_dir = options->cache_dir ? mem_strdup(options->cache_dir) : NULL;
	git->ca_file = options->ca_file ? mem_strdup(options->ca_file) : NULL;
	git->proxy = options->proxy ? mem_strdup(options->proxy) : NULL;
	git->options = *options;
	git->options.cache_dir = git->cache_dir;
	git->options.ca_file = git->ca_file;
	git->options.proxy = git->proxy;
	return git;
}

/* `<cache_dir>/git/<sha256 of the address>`: one cache per remote, shared by all projects. */
static char *cache_path(const struct source_spec *spec, const char *cache_dir)
{
	char hex[SHA256_HEX_SIZE];
	AUTOFREE char *url = repo_url_normalise(spec->location);
	sha256_hex(url, strlen(url), hex);
	AUTOFREE char *folder = path_join(cache_dir, "git");
	return path_join(folder, hex);
}

static err *open_local(struct source_git *git, struct repo_commit *ret_commit)
{
	err *e = repo_open(git->spec.location, &git->repo);
	if (err_is(e, ERR_NOT_FOUND) && fs_exists(git->spec.location))
		e = err_hint(e, "with '?ref=' the path must name the top of a repository; write "
		                "'<repository>//<folder>?ref=…' for a folder in it");
	if (e)
		return e;
	return repo_resolve(git->repo, git->spec.ref, ret_commit);
}

static err *open_remote(struct source_git *git, const char *ref, bool rebuild,
                        struct repo_commit *ret_commit)
{
	if (!git->options.cache_dir)
		return err_new(ERR_INTERNAL, "no folder for the cache of repositories");
	AUTOFREE char *path = cache_path(&git->spec, git->options.cache_dir);
	struct source_net net;
	TRY(source_net_init(&net, &git->spec, &git->options));
	net.options.rebuild = rebuild;
	err *e = repo_fetch(git->spec.location, ref, path, &net.options, &git->repo, ret_commit);
	source_net_clear(&net);
	return e;
}

struct listing {
	struct source *source;
};

static bool list_entry(void *context, const char *path, enum repo_entry_kind kind)
{
	struct source *source = ((struct listing *)context)->source;
	const char *name = path_base(path);
	if (name[0] == '.' || source_is_ignored(source, path, kind == REPO_FOLDER))
		return false;
	if (kind == REPO_SUBMODULE)
		strs_pushf(&source->notes, "the submodule '%s' is not read", path);
	if (kind == REPO_SUBMODULE || kind == REPO_FOLDER)
		return true;
	if (name == path && source_is_kustomization(name))
		source->info.has_kustomization = true;
	if (source_is_manifest(name))
		strs_push(&source->files, path);
	return true;
}

static bool list_any(void *context, const char *path, enum repo_entry_kind kind)
{
	if (path_base(path)[0] == '.')
		return false;
	if (kind == REPO_FILE || kind == REPO_EXECUTABLE || kind == REPO_SYMLINK)
		strs_push(context, path);
	return true;
}

err *source_list_all(const struct source *source, struct strs *ret_paths)
{
	if (!source->git)
		return err_new(ERR_UNSUPPORTED, "'%s' is no git repository", source->info.name);
	return repo_tree_walk(source->git->tree, LIMIT_TREE_FILES, list_any, ret_paths);
}

static err *read_ignore(struct source *source)
{
	AUTO(str) text = STR_INIT;
	err *e = repo_tree_read(source->git->tree, SOURCE_IGNORE_FILE, SOURCE_IGNORE_BYTES, &text);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "most sources need none");
		return NULL;
	}
	return e ? e : source_parse_ignore(source, &text);
}

static err *list(struct source *source)
{
	struct listing listing = { source };
	strs_clear(&source->files);
	strs_clear(&source->notes);
	strs_clear(&source->ignored);
	TRY(read_ignore(source));
	TRY(repo_tree_walk(source->git->tree, LIMIT_TREE_FILES, list_entry, &listing));
	strs_sort(&source->files);
	return NULL;
}

static err *open_tree(struct source *source, const char *commit)
{
	struct source_git *git = source->git;
	repo_tree_free(steal(&git->tree));
	TRY(repo_tree_open(git->repo, commit, git->spec.subdir, &git->tree));
	return list(source);
}

/* Throw the cache away and fetch the same commit again. */
static err *repair(struct source_git *git, const char *commit)
{
	struct repo_commit again = { 0 };
	repo_tree_free(steal(&git->tree));
	repo_free(steal(&git->repo));
	TRY(open_remote(git, commit, true, &again));
	repo_commit_clear(&again);
	return NULL;
}

static void fill_info(struct source *source, const struct repo_commit *commit)
{
	struct source_info *info = &source->info;
	info->commit = source_keep(source, commit->id);
	info->author = source_keep(source, commit->author);
	info->subject = source_keep(source, commit->subject);
	info->ref = commit->ref ? source_keep(source, commit->ref) : NULL;
	info->time_s = commit->time_s;
}

err *source_open_git(struct source *source, const struct source_spec *spec,
                     const struct source_options *options)
{
	struct source_git *git = source->git = git_new(spec, options);
	bool is_remote = repo_url_is_remote(spec->location);
	struct repo_commit commit = { 0 };
	TRY(is_remote ? open_remote(git, spec->ref, false, &commit) : open_local(git, &commit));
	fill_info(source, &commit);
	repo_commit_clear(&commit);

	err *e = open_tree(source, source->info.commit);
	if (is_remote && err_is(e, ERR_CORRUPT)) {
		err_ignore(e, "the cache is only a copy");
		e = repair(git, source->info.commit);
		if (!e)
			e = open_tree(source, source->info.commit);
	}
	return e;
}

/* --- reading --- */

/*
 * The first symlink in `path`, which may be a folder on the way, replaced by where it leads.
 * `*ret_next` is NULL when there is none.
 */
static err *follow_once(struct repo_tree *tree, const char *path, char **ret_next)
{
	*ret_next = NULL;
	for (const char *end = path; *end;) {
		end += strcspn(end, "/");
		AUTOFREE char *part = mem_strndup(path, (size_t)(end - path));
		enum repo_entry_kind kind;
		uint64_t size;
		TRY(repo_tree_stat(tree, part, &kind, &size));
		if (kind == REPO_SYMLINK) {
			AUTO(str) target = STR_INIT;
			AUTOFREE char *start = NULL;
			TRY(repo_tree_read(tree, part, LIMIT_PATH_BYTES, &target));
			TRY(source_follow(part, target.ptr, &start));
			AUTOFREE char *whole = str_format("%s%s", start, end);
			*ret_next = path_clean(whole);
			return NULL;
		}
		end += *end == '/';
	}
	return NULL;
}

static err *resolve_links(struct repo_tree *tree, const char *relpath, char **ret_path)
{
	AUTOFREE char *path = mem_strdup(relpath);
	for (unsigned hops = 0; hops <= SOURCE_LINKS_MAX; hops++) {
		char *next = NULL;
		TRY(follow_once(tree, path, &next));
		if (!next) {
			*ret_path = steal(&path);
			return NULL;
		}
		mem_free(path);
		path = next;
	}
	return err_new(ERR_REFUSED, "'%s' is one of too many symlinks in a row", relpath);
}

static err *read_path(struct repo_tree *tree, const char *path, size_t limit, struct str *ret_text,
                      struct source_entry *ret_entry, bool *ret_is_link)
{
	enum repo_entry_kind kind;
	uint64_t size = 0;
	TRY(repo_tree_stat(tree, path, &kind, &size));
	*ret_is_link = kind == REPO_SYMLINK;
	if (*ret_is_link)
		return NULL;
	if (kind == REPO_FOLDER)
		return err_new(ERR_REFUSED, "'%s' is a folder, not a file", path);
	if (kind == REPO_SUBMODULE)
		return err_new(ERR_REFUSED, "'%s' is a submodule, which fettle does not read",
		               path);
	ret_entry->size_bytes = size;
	ret_entry->is_executable = kind == REPO_EXECUTABLE;
	return ret_text ? repo_tree_read(tree, path, limit, ret_text) : NULL;
}

static err *read_once(struct repo_tree *tree, const char *relpath, size_t limit,
                      struct str *ret_text, struct source_entry *ret_entry)
{
	bool is_link = false;
	err *e = read_path(tree, relpath, limit, ret_text, ret_entry, &is_link);
	if (!is_link && !err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "a folder on the way may be a symlink");
	AUTOFREE char *path = NULL;
	TRY(resolve_links(tree, relpath, &path));
	return read_path(tree, path, limit, ret_text, ret_entry, &is_link);
}

err *source_read_git(const struct source *source, const char *relpath, size_t limit,
                     struct str *ret_text, struct source_entry *ret_entry)
{
	struct source_git *git = source->git;
	err *e = git->tree
	                 ? read_once(git->tree, relpath, limit, ret_text, ret_entry)
	                 : err_new(ERR_CORRUPT, "the cache of the repository could not be mended");
	if (!err_is(e, ERR_CORRUPT) || !repo_url_is_remote(git->spec.location))
		return e;
	err *failed = repair(git, source->info.commit);
	if (!failed)
		failed = repo_tree_open(git->repo, source->info.commit, git->spec.subdir,
		                        &git->tree);
	if (failed)
		return err_join(e, failed);
	err_ignore(e, "the cache is only a copy");
	return read_once(git->tree, relpath, limit, ret_text, ret_entry);
}

err *source_latest(const struct source_spec *spec, const struct source_options *options,
                   char **ret_commit)
{
	if (spec->kind != SOURCE_GIT)
		return err_new(ERR_UNSUPPORTED, "'%s' is not a git source", spec->display);
	if (!repo_url_is_remote(spec->location)) {
		struct repo_commit commit = { 0 };
		struct repo *repo = NULL;
		TRY(repo_open(spec->location, &repo));
		err *e = repo_resolve(repo, spec->ref, &commit);
		repo_free(repo);
		if (!e)
			*ret_commit = steal(&commit.id);
		repo_commit_clear(&commit);
		return e;
	}
	struct source_net net;
	TRY(source_net_init(&net, spec, options));
	err *e = repo_ask(spec->location, spec->ref, &net.options, ret_commit);
	source_net_clear(&net);
	return e;
}
