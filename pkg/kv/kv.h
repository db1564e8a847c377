/*
 * Configuration sources as trees of keys: one way to read, follow and change them all. A watch reads,
 * waits until something may have changed, reads again, and tells only of content that differs and
 * that the guards let through; whatever fails is tried again for ever, with jitter. Everything happens
 * on one `struct loop`.
 */
#ifndef KV_KV_H
#define KV_KV_H

#include "base/base.h"
#include "kv/kv_set.h"

struct arena;
struct deadline;
struct kv;
struct kv_watch;
struct loop;
struct val;

/* Delays, and which content is believed. All zero: the defaults. */
struct kv_policy {
	int64_t base_ms, cap_ms;      /* of the back-off: random up to base * 2^n; 250 and 60000 */
	int64_t poll_ms;              /* between two looks at a source that cannot tell; 30000 */
	int64_t request_ms;           /* one answer; 30000 */
	bool allows_empty;            /* content may vanish completely */
	bool allows_filtered;         /* the server may hide keys for lack of rights */
	size_t min_entries;           /* refuse less */
	unsigned max_removed_percent; /* refuse when more of the keys go at once; 0: no limit */
};

/*
 * Where it is and who we are. The scheme of `url` picks the driver: file, env, http, https, etcd,
 * etcds, consul, consuls … (kv_schemes). Copied.
 */
struct kv_options {
	const char *url;
	const char *user;
	struct view password, token; /* secrets */
	struct view ca_pem, cert_pem, key_pem;
	const char *tls_server_name, *proxy;
	bool is_insecure;
	const char *base_dir; /* of relative file paths; NULL: the current folder */
	const struct val
		*extra; /* settings of one driver, as its documentation has them; lives on */
	/* Plain text of an encrypted document; NULL: encrypted documents are refused. */
	err *(*decrypt)(void *ctx, const char *path, struct view text, struct str *ret_plain);
	void *decrypt_ctx;
	struct kv_policy policy;
};

/* INVALID or USAGE for a URL that no driver takes, with the list of those there are. */
NODISCARD err *kv_open(struct loop *loop, const struct kv_options *options, struct kv **ret_kv);
/* Ends its watches. */
void kv_free(struct kv *kv);
AUTOPTR_DEFINE(kv)

enum kv_features {
	KV_CAN_PUSH = 1u << 0,    /* tells of changes itself */
	KV_CAN_CHANGE = 1u << 1,  /* kv_change */
	KV_CAN_COMPARE = 1u << 2, /* changes only what has the expected version */
	KV_CAN_MANY = 1u << 3,    /* several changes all or none */
	KV_HAS_PAST = 1u << 5,    /* kv_read_at */
	KV_IS_FLAT = 1u << 6,     /* keys have no '/' */
	KV_IS_LOCAL = 1u << 4,    /* on this machine: asking it costs nothing */
};
unsigned kv_features(const struct kv *kv);
/* How many changes it takes at once; 0: as many as there are. */
size_t kv_change_limit(const struct kv *kv);
const char *kv_scheme(const struct kv *kv);
/* Without password. */
const char *kv_display(const struct kv *kv);
/* "etcd, etcds, file, ..." */
void kv_list_schemes(struct str *text);

enum kv_scope {
	KV_KEY,  /* one key; the set holds "" or nothing */
	KV_TREE, /* all keys below the path; "a/b" relative to it */
};

struct kv_events {
	/* New content; `set` is borrowed, kv_set_ref keeps it. */
	void (*on_set)(void *ctx, struct kv_watch *watch, struct kv_set *set);
	/*
	 * Trouble (what was there stays valid), or content a guard refused (REFUSED). `retry_ms`: when it
	 * is tried next. May be NULL.
	 */
	void (*on_error)(void *ctx, struct kv_watch *watch, const err *e, int64_t retry_ms);
	void *ctx;
};

/* Follow `path`. Callbacks come from the loop, never from here; they must not free the watch or the source. */
struct kv_watch *kv_watch_new(struct kv *kv, enum kv_scope scope, const char *path,
                              const struct kv_events *events);
void kv_watch_free(struct kv_watch *watch);

const char *kv_watch_path(const struct kv_watch *watch);
enum kv_scope kv_watch_scope(const struct kv_watch *watch);
/* What was told last, or given by kv_watch_seed; NULL: nothing yet. */
struct kv_set *kv_watch_current(const struct kv_watch *watch);
/* Since when the content is known good (wall clock); 0: never. */
int64_t kv_watch_fresh_ns(const struct kv_watch *watch);
/* Last known good from disk: the guards compare with it, and the same content is not told again. */
void kv_watch_seed(struct kv_watch *watch, struct kv_set *set);
/* Look now (HUP, tests). */
void kv_watch_nudge(struct kv_watch *watch);

/* Read once and wait for it, running the loop. NOT_FOUND is an empty set, no error. */
NODISCARD err *kv_read(struct kv *kv, enum kv_scope scope, const char *path,
                       struct deadline deadline, struct kv_set **ret_set);

/*
 * One key as it was at a version (etcd: any revision; Vault: a version of its secret); 0: as it is. NOT_FOUND when
 * the source has thrown that away, UNSUPPORTED without KV_HAS_PAST.
 */
NODISCARD err *kv_read_at(struct kv *kv, const char *path, uint64_t version,
                          struct deadline deadline, struct kv_set **ret_set);

/* "a" and "b/c": "a/b/c"; either may be empty. Caller frees. */
char *kv_join(const char *a, const char *b);

/*
 * Add the leaves of a document as keys: maps by name, lists by position, joined with '/'. Text of
 * scalars as a person would write it.
 */
NODISCARD err *kv_add_document(struct kv_set *set, const char *prefix, const struct val *root);
/* Parse by the ending of `name` (.json, .yaml, .env, .properties) or by its content. */
NODISCARD err *kv_parse_document(const char *name, struct view text, struct arena *arena,
                                 struct val **ret_root);
#define KV_ANY_VERSION UINT64_MAX

struct kv_change {
	const char *path;
	struct view value;
	bool is_removal;
	uint64_t version; /* it must have: KV_ANY_VERSION: whatever; 0: it must not exist */
};

/*
 * Change keys and wait for it. With KV_CAN_MANY all or none, else one by one and the first failure ends
 * it. CONFLICT when a version is another one.
 */
NODISCARD err *kv_change(struct kv *kv, const struct kv_change *changes, size_t count,
                         struct deadline deadline);

#endif
