/*
 * Git repositories, read only: find one, fetch a ref into a bare cache, and
 * read files out of a commit's tree without any work tree. No hook, filter or
 * configured command of a repository ever runs; of a repository only settings of ours are
 * ever written. Sole owner of git2.h.
 */
#ifndef GIT_GIT_H
#define GIT_GIT_H

#include "base/base.h"
#include <stdatomic.h>

/*
 * HTTP as this module needs it, so that it need not know the client. `open`
 * sends the request and returns when the status is known; `read` gives the
 * body, 0 bytes at its end.
 */
struct repo_http_request {
	const char *url;
	const char *content_type; /* NULL = GET */
	const char *accept;
	const char *body;
	size_t body_len;
	const char *user;     /* NULL = those of netrc, if any */
	const char *password; /* the caller wipes it */
};

struct repo_http {
	void *client;
	err *(*open)(void *client, const struct repo_http_request *request, void **ret_stream,
	             int *ret_status);
	const char *(*header)(void *stream, const char *name); /* of the response, or NULL */
	const char *(*url)(void *stream);                      /* where redirects led */
	err *(*read)(void *stream, char *buf, size_t buf_size, size_t *ret_len);
	void (*close)(void *stream);
};

struct repo_progress {
	const char *phase; /* static text */
	uint64_t done;
	uint64_t total;
	uint64_t received_bytes;
};

struct repo_options {
	const struct repo_http *http; /* NULL: https:// is refused as unsupported */
	int64_t deadline_ns;          /* clock_monotonic_ns(); 0 = never */
	const atomic_int *cancel;     /* not 0: stop (CANCELLED); may be NULL */
	bool refresh;                 /* ask the remote even for a commit that is cached */
	bool rebuild;                 /* throw the cached repository away first */
	bool no_input;                /* nothing may ask on the terminal */
	void (*on_progress)(void *context, const struct repo_progress *progress);
	void *context;
};

struct repo_commit {
	char *id;     /* full hex */
	char *ref;    /* branch or tag, NULL when a bare commit was named */
	char *author; /* "Name <address>" */
	char *subject;
	int64_t time_s; /* author date */
};
void repo_commit_clear(struct repo_commit *info);

/* Parts of a repository address. `url` keeps the password, `display` does not. */
struct repo_url {
	char *url;     /* without subdir and query; scp form kept as it is */
	char *display; /* the same, password replaced by `***` */
	char *subdir;  /* "" or clean '/' separated path */
	char *ref;     /* NULL = not given */
	bool is_local; /* file:// or a path; `url` is then the path */
};

/*
 * Take a repository address apart: `scheme://…`, `user@host:path` or a path,
 * with `//subdir` and `?ref=`. Pure text. Fails with USAGE, or with REFUSED for
 * schemes that are not safe (git://, http:// beyond loopback, option-like hosts).
 */
NODISCARD err *repo_url_parse(const char *text, struct repo_url *ret_url);
void repo_url_clear(struct repo_url *url);

/* The one spelling under which a remote is cached. Caller frees. */
char *repo_url_normalise(const char *url);

/* Is this text an address of a repository rather than a plain path? */
bool repo_url_is_remote(const char *text);

struct repo;
void repo_free(struct repo *repo);

/* Open a repository of this machine, bare or not. NOT_FOUND, REFUSED (owner), CORRUPT. */
NODISCARD err *repo_open(const char *path, struct repo **ret_repo);

/* Ask `url` which commit `ref` is (NULL = its HEAD). One exchange, no objects. Caller frees. */
NODISCARD err *repo_ask(const char *url, const char *ref, const struct repo_options *options,
                        char **ret_commit);

/*
 * Have `ref` of `url` in the bare repository at `cache_path` (created, locked
 * while fetching, rebuilt when damaged) and open it. `ret_commit` is the commit.
 */
NODISCARD err *repo_fetch(const char *url, const char *ref, const char *cache_path,
                          const struct repo_options *options, struct repo **ret_repo,
                          struct repo_commit *ret_commit);

/* Resolve `ref` (NULL = HEAD) in a local repository; NOT_FOUND suggests near names. */
NODISCARD err *repo_resolve(struct repo *repo, const char *ref, struct repo_commit *ret_commit);

/*
 * The repository around `folder` (absolute, without symlinks), its HEAD, and whether `path` (the
 * folder, or a file in it) differs from the commit. NOT_FOUND, REFUSED (owner).
 */
struct repo_place {
	char *top; /* of the work tree */
	struct repo_commit head;
	bool is_dirty;
};
NODISCARD err *repo_discover(const char *folder, const char *path, struct repo_place *ret_place);
void repo_place_clear(struct repo_place *place);

/* A folder of a commit. Blobs are read when asked for. */
struct repo_tree;
NODISCARD err *repo_tree_open(struct repo *repo, const char *commit, const char *subdir,
                              struct repo_tree **ret_tree);
void repo_tree_free(struct repo_tree *tree);

enum repo_entry_kind {
	REPO_FILE,
	REPO_EXECUTABLE,
	REPO_SYMLINK,
	REPO_FOLDER,
	REPO_SUBMODULE,
};

/*
 * Visit everything below, folders before what is in them, in git's order.
 * `visit` returning false for a folder leaves it out. `path` is relative.
 */
typedef bool repo_visit_fn(void *context, const char *path, enum repo_entry_kind kind);
NODISCARD err *repo_tree_walk(struct repo_tree *tree, size_t limit_entries, repo_visit_fn *visit,
                              void *context);

/* One entry by path, symlinks not followed. NOT_FOUND. */
NODISCARD err *repo_tree_stat(struct repo_tree *tree, const char *path,
                              enum repo_entry_kind *ret_kind, uint64_t *ret_size);

/* Bytes of a blob (of a symlink: its target). NOT_FOUND, LIMIT, CORRUPT, REFUSED. */
NODISCARD err *repo_tree_read(struct repo_tree *tree, const char *path, size_t limit,
                              struct str *ret_text);

/*
 * The repository around `folder` (absolute), for its work tree: *ret_top is the folder of the work
 * tree, without '/' at the end; caller frees. NOT_FOUND, REFUSED (owner), INVALID for a bare one.
 */
NODISCARD err *repo_open_around(const char *folder, struct repo **ret_repo, char **ret_top);

/*
 * What is staged: files of the index that HEAD does not have, or has otherwise, in order of their
 * paths (from the top). Conflicted ones are left out. CORRUPT, IO.
 */
struct repo_index;
NODISCARD err *repo_index_open(struct repo *repo, struct repo_index **ret_index);
void repo_index_free(struct repo_index *index);
NODISCARD err *repo_index_staged(struct repo_index *index, struct strs *ret_paths);
/* Bytes as staged. NOT_FOUND, LIMIT, CORRUPT. */
NODISCARD err *repo_index_read(struct repo_index *index, const char *path, size_t limit,
                               struct str *ret_text);

/* What the other side of a merge has (stage 3). NOT_FOUND when the file is not in conflict. */
NODISCARD err *repo_index_read_theirs(struct repo_index *index, const char *path, size_t limit,
                                      struct str *ret_text);

/*
 * Three texts into one, line by line as git does. Not clean: *ret_text has conflict markers. It may hold
 * secrets: the caller wipes it.
 */
NODISCARD err *repo_merge_text(struct view base, struct view ours, struct view theirs,
                               struct str *ret_text, bool *ret_is_clean);

/* A setting in the repository's own configuration; NULL removes it. */
NODISCARD err *repo_set(struct repo *repo, const char *name, const char *value);
/* `.git` of the main work tree, for what must stay on this machine. Caller frees. */
NODISCARD err *repo_private_folder(struct repo *repo, char **ret_path);

/*
 * Every file there ever was: `visit` gets each blob of the object database once, in any order, by its
 * id (40 hex digits); larger ones than `limit` are left out and counted. Objects a partial clone lacks
 * are not fetched. `visit` returns false to stop (CANCELLED).
 */
typedef bool repo_blob_fn(void *context, const char *id, const char *ptr, size_t len);
NODISCARD err *repo_each_blob(struct repo *repo, size_t limit, repo_blob_fn *visit, void *context,
                              size_t *ret_too_large);

/* Where a blob first was. */
struct repo_origin {
	char *path;
	char *commit; /* id */
	char *author; /* "Name <address>" */
	int64_t time_s;
};
void repo_origin_clear(struct repo_origin *origin);

/*
 * For each of the blobs, the first commit (of all refs, oldest first) that has it. A blob no commit
 * has (it was only staged, or its branch is gone) keeps NULLs. `origins` has as many as `ids`.
 */
NODISCARD err *repo_find_origins(struct repo *repo, const struct strs *ids,
                                 struct repo_origin *origins);

/*
 * Every change of a file in all commits of all refs, oldest first, each commit beside its first parent. Ids
 * are 40 hex digits; NULL: not there, or no plain file. What it points to is valid during the call.
 */
struct repo_change {
	const char *path;
	const char *before, *after; /* blobs */
	const char *commit, *parent;
	int64_t time_s; /* author date of the commit */
};
typedef err *repo_change_fn(void *context, const struct repo_change *change);
NODISCARD err *repo_each_change(struct repo *repo, repo_change_fn *visit, void *context);
/* NOT_FOUND (also in partial clones), LIMIT, CORRUPT. */
NODISCARD err *repo_read_blob(struct repo *repo, const char *id, size_t limit,
                              struct str *ret_text);

/*
 * A setting of the user's own git configuration ("http.sslCAInfo"), not of a repository's; NULL when
 * not set. Caller frees.
 */
NODISCARD err *repo_user_setting(const char *name, char **ret_value);

/* Version of libgit2 in use, for `fettle version --verbose`. */
const char *repo_library_version(void);

#endif
