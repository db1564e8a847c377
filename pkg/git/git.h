/*
 * Git repositories, read only: find one, fetch a ref into a bare cache, and
 * read files out of a commit's tree without any work tree. No hook, filter or
 * configured command of a repository ever runs. Sole owner of git2.h.
 */
#ifndef GIT_GIT_H
#define GIT_GIT_H

#include "base/base.h"

/*
 * HTTP as this module needs it, so that it need not know the client. `open`
 * sends the request and returns when the status is known; `read` gives the
 * body, 0 bytes at its end.
 */
struct git_http_request {
	const char *url;
	const char *content_type; /* NULL = GET */
	const char *accept;
	const char *body;
	size_t body_len;
	const char *user;     /* NULL = without credentials */
	const char *password; /* the caller wipes it */
};

struct git_http {
	void *client;
	err *(*open)(void *client, const struct git_http_request *request, void **ret_stream,
		     int *ret_status);
	const char *(*header)(void *stream, const char *name); /* of the response, or NULL */
	err *(*read)(void *stream, char *buf, size_t buf_size, size_t *ret_len);
	void (*close)(void *stream);
};

struct git_progress {
	const char *phase; /* static text */
	uint64_t done;
	uint64_t total;
	uint64_t received_bytes;
};

struct git_options {
	const struct git_http *http; /* NULL: https:// is refused as unsupported */
	int64_t deadline_ns;         /* clock_monotonic_ns(); 0 = never */
	bool refresh;
	bool no_input;
	bool (*is_cancelled)(void *context);
	void (*on_progress)(void *context, const struct git_progress *progress);
	void *context;
};

struct git_commit_info {
	char *id;       /* full hex */
	char *ref;      /* branch or tag, NULL when a bare commit was named */
	char *author;   /* "Name <address>" */
	char *subject;
	int64_t time_s; /* author date */
};
void git_commit_info_clear(struct git_commit_info *info);

/* Parts of a repository address. `url` keeps the password, `display` does not. */
struct git_url {
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
NODISCARD err *git_url_parse(const char *text, struct git_url *ret_url);
void git_url_clear(struct git_url *url);

/* The one spelling under which a remote is cached. Caller frees. */
char *git_url_normalise(const char *url);

/* Is this text an address of a repository rather than a plain path? */
bool git_url_is_remote(const char *text);

struct git_repo;
void git_repo_free(struct git_repo *repo);

/* Open a repository of this machine, bare or not. NOT_FOUND, REFUSED (owner), CORRUPT. */
NODISCARD err *git_repo_open(const char *path, struct git_repo **ret_repo);

/*
 * Ask `url` which commit `ref` is (NULL = its HEAD). One exchange, no objects.
 * `ret_full_ref` (may be NULL) gets the ref's full name.
 */
NODISCARD err *git_remote_resolve(const char *url, const char *ref,
				  const struct git_options *options, char **ret_commit,
				  char **ret_full_ref);

/*
 * Have `ref` of `url` in the bare repository at `cache_path` (created, locked
 * while fetching, rebuilt when damaged) and open it. `ret_commit` is the commit.
 */
NODISCARD err *git_fetch(const char *url, const char *ref, const char *cache_path,
			 const struct git_options *options, struct git_repo **ret_repo,
			 struct git_commit_info *ret_commit);

/* Resolve `ref` (NULL = HEAD) in a local repository; NOT_FOUND suggests near names. */
NODISCARD err *git_resolve(struct git_repo *repo, const char *ref,
			   struct git_commit_info *ret_commit);

/* The repository around `path`, its HEAD, and if `ret_is_dirty` whether files differ. */
struct git_place {
	char *top;  /* of the work tree */
	struct git_commit_info head;
	bool is_dirty;
};
NODISCARD err *git_discover(const char *path, bool want_dirty, struct git_place *ret_place);
void git_place_clear(struct git_place *place);

/* A folder of a commit. Blobs are read when asked for. */
struct git_tree;
NODISCARD err *git_tree_open(struct git_repo *repo, const char *commit, const char *subdir,
			     struct git_tree **ret_tree);
void git_tree_free(struct git_tree *tree);

enum git_entry_kind {
	GIT_FILE,
	GIT_EXECUTABLE,
	GIT_SYMLINK,
	GIT_FOLDER,
	GIT_SUBMODULE,
};

/*
 * Visit everything below, folders before what is in them, in git's order.
 * `visit` returning false for a folder leaves it out. `path` is relative.
 */
typedef bool git_visit_fn(void *context, const char *path, enum git_entry_kind kind);
NODISCARD err *git_tree_walk(struct git_tree *tree, size_t limit_entries, git_visit_fn *visit,
			     void *context);

/* One entry by path, symlinks not followed. NOT_FOUND. */
NODISCARD err *git_tree_stat(struct git_tree *tree, const char *path, enum git_entry_kind *ret_kind,
			     uint64_t *ret_size);

/* Bytes of a blob (of a symlink: its target). NOT_FOUND, LIMIT, CORRUPT, REFUSED. */
NODISCARD err *git_tree_read(struct git_tree *tree, const char *path, size_t limit,
			     struct str *ret_text);

/* Version of libgit2 in use, for `fettle version --verbose`. */
const char *git_library_version(void);

#endif
