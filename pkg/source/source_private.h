/*
 * What the kinds of sources share. A kind fills `files`, `notes` and `info`, and reads files; the
 * rest is in source.c.
 */
#ifndef SOURCE_SOURCE_PRIVATE_H
#define SOURCE_SOURCE_PRIVATE_H

#include "source/source.h"

#include "git/git.h"
#include "pal/root.h"

/* Symlinks followed for one file before it is called a loop. */
#define SOURCE_LINKS_MAX 16

/* The one file of a source that is a stream. */
#define SOURCE_STDIN_NAME "-"

/* At the top of a source: patterns of files that are no manifests. */
#define SOURCE_IGNORE_FILE  ".fettleignore"
#define SOURCE_IGNORE_BYTES (64u << 10)

/* The state of a git source; it may be opened anew while the source is read. */
struct source_git {
	struct repo *repo;
	struct repo_tree *tree;
	struct source_spec spec;
	struct source_options options;
	char *cache_dir;
	char *ca_file;
	char *proxy;
};

struct source {
	struct source_info info;
	struct strs files;
	struct strs notes;
	struct strs ignored;  /* lines of .fettleignore */
	struct strs texts;    /* what the strings of `info` point to */
	struct fs_root *root; /* folder, file */
	char *location;       /* folder, file: as the user wrote it, for messages */
	struct str stdin_text;
	struct source_git *git;
};

/* Keep a copy as long as the source lives. */
const char *source_keep(struct source *source, const char *text);

/* Does a file of this name hold manifests? */
bool source_is_manifest(const char *name);
bool source_is_kustomization(const char *name);

/* Take in the lines of .fettleignore. LIMIT. */
NODISCARD err *source_parse_ignore(struct source *source, struct str *text);
bool source_is_ignored(const struct source *source, const char *path, bool is_folder);

/* Git LFS stores a small text in place of a file's content; REFUSED when this is one. */
NODISCARD err *source_check_lfs(const char *relpath, const struct str *text);

/* Where the symlink at `relpath` leads; REFUSED when out of the tree. */
NODISCARD err *source_follow(const char *relpath, const char *target, char **ret_relpath);

NODISCARD err *source_open_folder(struct source *source, const struct source_spec *spec,
                                  const struct source_options *options);
NODISCARD err *source_read_folder(const struct source *source, const char *relpath, size_t limit,
                                  struct str *ret_text, struct source_entry *ret_entry);

NODISCARD err *source_open_git(struct source *source, const struct source_spec *spec,
                               const struct source_options *options);
NODISCARD err *source_read_git(const struct source *source, const char *relpath, size_t limit,
                               struct str *ret_text, struct source_entry *ret_entry);
void source_git_free(struct source_git *git);

/* Options of pkg/git with our HTTP client wired in; undone by source_net_clear. */
struct source_net {
	struct repo_options options;
	struct repo_http http;
	struct http_client *client;
	const struct source_options *caller;
};
NODISCARD err *source_net_init(struct source_net *net, const struct source_spec *spec,
                               const struct source_options *options);
void source_net_clear(struct source_net *net);

#endif
