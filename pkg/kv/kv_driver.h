/*
 * What a source must be able to do, for the files kv_<driver>.c. A driver reads once and waits once;
 * repeating, back-off, guards and comparing are kv.c's. Answers come through the kv_*_done functions,
 * from the loop or at once.
 */
#ifndef KV_KV_DRIVER_H
#define KV_KV_DRIVER_H

#include "http/http_loop.h"
#include "kv/kv.h"

/* The parts of a URL "scheme://host:port/path?a=b&c=d". Strings are decoded. */
struct kv_url {
	char *scheme, *host, *path; /* path without its first '/' */
	unsigned port;              /* 0: none given */
	char *query;                /* not decoded; kv_url_get */
};

struct kv_task;

struct kv_driver {
	const char *const *schemes; /* NULL-terminated */
	unsigned features;
	size_t max_changes; /* at once; 0: any number */
	/* Checks the URL and settings; connects to nothing. */
	err *(*open)(struct kv *kv);
	void (*close)(struct kv *kv);
	/* Ends with kv_read_done. */
	void (*read)(struct kv_watch *watch);
	/*
	 * Something may have changed since that read: kv_wait_done, or kv_read_done with the new content.
	 * NULL: look again every poll_ms.
	 */
	void (*wait)(struct kv_watch *watch);
	/* Drop what runs for the watch and free its state; nothing may be called for it afterwards. */
	void (*stop)(struct kv_watch *watch);
	/* Do task->changes; ends with kv_task_done. NULL without KV_CAN_CHANGE. */
	void (*change)(struct kv_task *task);
	/* Drop a task that takes too long, and the state of one that is done. */
	void (*stop_task)(struct kv_task *task);
};

struct kv {
	const struct kv_driver *driver;
	struct loop *loop;
	struct http_loop *http;    /* made by kv_http on first use */
	struct kv_options options; /* strings owned */
	struct kv_url url;
	char *display;
	void *state;            /* the driver's */
	struct kv_watch *first; /* all watches */
};

struct kv_watch {
	struct kv *kv;
	struct kv_watch *next;
	enum kv_scope scope;
	char *path;
	uint64_t at;                  /* kv_read_at: this version; 0: the newest */
	void *state;                  /* the driver's; stop frees it */
	struct http_call *call;       /* kv_call: what runs now */
	struct kv_progress *progress; /* kv.c's */
};

struct kv_task {
	struct kv *kv;
	const struct kv_change *changes;
	size_t count;
	size_t done; /* for drivers that go one by one */
	struct http_call *call;
	void *state;
	err *error;
	bool is_done;
};

/* `take_set` is sealed, or NULL with an error. */
void kv_read_done(struct kv_watch *watch, struct kv_set *take_set, err *take_error);
void kv_wait_done(struct kv_watch *watch, err *take_error);
/* In place of waiting: this one cannot tell; look again after poll_ms. */
void kv_wait_later(struct kv_watch *watch);
void kv_task_done(struct kv_task *task, err *take_error);

/* --- help for drivers that speak HTTP --- */

NODISCARD err *kv_http(struct kv *kv, struct http_loop **ret_http);
/* "http://host:port" or https, from the URL; `default_port` when it has none. Caller frees. */
char *kv_http_base(const struct kv *kv, bool is_tls, unsigned default_port);

struct kv_request {
	const char *method;
	const char *url;
	const struct http_header *headers;
	size_t header_count;
	struct view body;
	struct view cert_pem, key_pem; /* empty: those of the options */
	int64_t timeout_ms; /* 0: the policy's; -1: none (a stream) */
	size_t limit;       /* 0: LIMIT_HTTP_BODY_BYTES */
	bool (*on_data)(void *context, int status, struct view data);
	void (*on_end)(void *context, const struct http_response *response, err *take_error);
	void *context;
};
/* Starts it with the credentials (certificate, basic) of the options. */
NODISCARD err *kv_call(struct kv *kv, const struct kv_request *request,
                       struct http_call **ret_call);
/* What a status other than 2xx means, with the first line of the body. AUTH, DENIED, UNAVAILABLE … */
NODISCARD err *kv_status_error(const struct kv *kv, const struct http_response *response);

/* Percent-encode for a path (keeps '/') or a query value. */
void kv_add_path(struct str *out, const char *text);
void kv_add_query(struct str *out, const char *text);

NODISCARD err *kv_url_parse(const char *text, struct kv_url *ret_url);
void kv_url_clear(struct kv_url *url);
/* Decoded value of a query parameter, NULL: not given. Caller frees. */
char *kv_url_get(const struct kv_url *url, const char *name);

/* The end of an address that asks for the leaves of every document, below its name without ending. */
#define KV_ALL_LEAVES "#*"
/* A file as one key, or `as_leaves` those of a document (.yaml, .json, .toml, .env, .properties). */
NODISCARD err *kv_add_file(struct kv_set *all, const char *key, struct view text, bool as_leaves);

/* Keep what is at or below `path` (as scope says) of `all`, relative to it. */
NODISCARD err *kv_select(const struct kv_set *all, enum kv_scope scope, const char *path,
                         struct kv_set **ret_set);

/* The registry: kv_drivers.c. */
extern const struct kv_driver *const kv_drivers[];
extern const size_t kv_driver_count;

#endif
