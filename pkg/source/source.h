/*
 * Where manifests come from: a folder, a file, standard input or a commit of
 * a git repository. Opening a source gives an immutable snapshot: what it is,
 * which commit, which files hold manifests, and a way to read any file of its
 * tree that can never leave that tree.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/base.h"
#include <stdatomic.h>

enum source_kind {
	SOURCE_FOLDER, /* a folder as it is on disk; source_parse says this for every local path */
	SOURCE_FILE,   /* one file on disk; its folder is the tree */
	SOURCE_STDIN,  /* one stream, and no tree beside it */
	SOURCE_GIT,    /* the tree of a commit */
};

/* What the user named, taken apart but not touched yet. */
struct source_spec {
	enum source_kind kind;
	char *display;  /* as written, passwords replaced by `***` */
	char *location; /* path, or URL without subdir and query; may hold a password */
	char *subdir;   /* folder inside the repository, "" for its top; '/' separated, clean */
	char *ref;      /* branch, tag or commit; NULL = the default branch */
};

/*
 * Take `text` apart: `-`, a path, `file://`, `https://`, `ssh://` or
 * `user@host:path` URL, with `//subdir` and `?ref=NAME`. A local path is a git
 * source only with `?ref=` or as `file://`. Plain `http://` is for loopback.
 * Fails with USAGE, with REFUSED for an address that would not be safe.
 */
NODISCARD err *source_parse(const char *text, struct source_spec *ret_spec);
void source_spec_clear(struct source_spec *spec);

struct source_progress {
	const char *phase; /* "connecting", "receiving", "resolving"; static text */
	uint64_t done;     /* objects */
	uint64_t total;    /* 0 = not known */
	uint64_t received_bytes;
};

/* Zeroed is usable for local sources; git over the network needs `cache_dir`. */
struct source_options {
	const char *cache_dir;    /* repositories are kept in `<cache_dir>/git` */
	const char *ca_file;      /* CA bundle from fettle's settings; NULL = the system's */
	const char *proxy;        /* from fettle's settings; NULL = the environment's */
	int64_t deadline_ns;      /* clock_monotonic_ns() at which to give up; 0 = never */
	const atomic_int *cancel; /* not 0: stop (CANCELLED); may be NULL */
	bool refresh;             /* ask the remote even for a commit that is cached */
	bool identify; /* folder and file: also name the commit around it, and if it is dirty */
	bool no_input; /* never let git or ssh ask on the terminal */
	void (*on_progress)(void *context,
	                    const struct source_progress *progress); /* may be NULL */
	void *context;
};

struct source_info {
	enum source_kind kind;
	const char *name;         /* for people and records: display form of the spec */
	const char *commit;       /* full id in hex; NULL when not in a repository */
	const char *commit_short; /* 10 digits of it; NULL as above */
	const char *ref;          /* branch or tag this came from; NULL for a bare commit */
	const char *author;       /* "Name <address>"; NULL as above */
	const char *subject;      /* first line of the message; NULL as above */
	int64_t time_s;           /* author date, seconds since 1970 UTC */
	bool is_dirty;            /* folder, identified: the work tree differs from the commit */
	bool has_kustomization;   /* the top folder holds a kustomization file */
};

struct source;

/*
 * Take the snapshot. Standard input is read here, whole. For git the commit is
 * fetched into the shared cache when it is not there yet.
 * Fails with NOT_FOUND (path, repository, ref), AUTH, UNAVAILABLE, TIMEOUT,
 * CANCELLED, REFUSED, CORRUPT, LIMIT, IO.
 */
NODISCARD err *source_open(const struct source_spec *spec, const struct source_options *options,
                           struct source **ret_source);
void source_free(struct source *source);

/* Lives as long as the source. */
const struct source_info *source_info(const struct source *source);

/*
 * Manifest files (*.yaml, *.yml, *.json), sorted by path, '/' separated and
 * relative to the top of the source. Hidden files and folders, fettle.yaml,
 * kustomization files and what .fettleignore names are not among them.
 */
size_t source_file_count(const struct source *source);
const char *source_file(const struct source *source, size_t index);

/*
 * Every file below the top of a git source, not only manifests, but for hidden ones and those in hidden folders;
 * in git's order. UNSUPPORTED for other sources; LIMIT.
 */
NODISCARD err *source_list_all(const struct source *source, struct strs *ret_paths);

/* Things worth telling the user once, such as skipped submodules. */
size_t source_note_count(const struct source *source);
const char *source_note(const struct source *source, size_t index);

/*
 * How messages should call `relpath`: a path that opens from here, or
 * `repo@commit:path`, or `<stdin>`. Appends to `text`.
 */
void source_add_display(const struct source *source, const char *relpath, struct str *text);

/*
 * Turn `reference`, written in the file `from`, into a path relative to the
 * top of the source. Pure text. Fails with REFUSED when it would leave the tree.
 */
NODISCARD err *source_resolve(const struct source *source, const char *from, const char *reference,
                              struct str *ret_relpath);

struct source_entry {
	uint64_t size_bytes;
	bool is_executable;
};

/* Size and mode of a file. Fails as source_read does. */
NODISCARD err *source_stat(const struct source *source, const char *relpath,
                           struct source_entry *ret_entry);

/*
 * Read a file of the tree. Any file may be asked for, not only manifests.
 * Fails with NOT_FOUND, with REFUSED for a path or symlink that leaves the
 * tree, a folder or special file, a submodule or a Git LFS pointer, with LIMIT
 * when larger than `limit`, with IO or CORRUPT.
 */
NODISCARD err *source_read(const struct source *source, const char *relpath, size_t limit,
                           struct str *ret_text);

/*
 * Which commit would source_open take now? Asks the remote for its refs only,
 * fetches nothing. Caller frees. Fails with UNSUPPORTED when the source is not git.
 */
NODISCARD err *source_latest(const struct source_spec *spec, const struct source_options *options,
                             char **ret_commit);

/*
 * Replace `*source` by a newer snapshot. Git: only when the ref moved, found
 * with one exchange; others are taken anew. On failure the old one stays.
 */
NODISCARD err *source_update(const struct source_spec *spec, const struct source_options *options,
                             struct source **source, bool *ret_changed);

#endif
