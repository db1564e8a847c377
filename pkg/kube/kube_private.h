/* What the files of the API client share. */
#ifndef KUBE_KUBE_PRIVATE_H
#define KUBE_KUBE_PRIVATE_H

#include "base/map.h"
#include "http/http_engine.h"
#include "kube/kube.h"
#include "kube/kube_config_private.h"
#include "kube/kube_credentials.h"
#include "pal/pool.h"

/*
 * How many requests may be on their way (AIMD): more while answers come as fast as ever, half of it
 * when the server says 429.
 */
struct kube_limiter {
	struct mutex *mutex;
	struct cond *freed;
	unsigned allowed, in_flight;
	unsigned since_change;     /* answers since it grew or shrank */
	int64_t best_ns;           /* the fastest answer lately */
	int64_t halved_ns;         /* when; one storm halves once */
};
void kube_limiter_init(struct kube_limiter *limiter);
void kube_limiter_clear(struct kube_limiter *limiter);
void kube_limiter_enter(struct kube_limiter *limiter);
/* `took_ns` of an answer; 0: there was none. */
void kube_limiter_leave(struct kube_limiter *limiter, int64_t took_ns, bool is_overload);

struct kube_discovery;

struct kube {
	const struct kube_config *config;
	struct kube_options options;
	char *cache_dir;
	struct kube_credentials *credentials;
	struct http_engine *engine, *watch_engine; /* watches never wait behind requests */
	struct kube_limiter limiter;
	struct mutex *mutex;           /* guards warnings and deadline_ns */
	struct map warnings;
	int64_t deadline_ns;
	struct kube_discovery *discovery;
};

int64_t kube_deadline(struct kube *kube);

/*
 * Fill an engine request; everything lives in `arena` or is the caller's. The generation is that of its
 * credentials, for kube_credentials_refresh.
 */
NODISCARD err *kube_call_prepare(struct kube *kube, const struct kube_request *request,
                                 struct arena *arena, struct http_engine_request *ret_request,
                                 uint64_t *ret_generation);

/* Path and selectors of a list or watch. */
void kube_selection_path(const struct kube_selection *selection, struct str *path);

struct kube_discovery *kube_discovery_new(void);
void kube_discovery_free(struct kube_discovery *discovery);

/* --- lines of a watch, for tests and fuzzing --- */
enum kube_line {
	KUBE_LINE_EVENT,
	KUBE_LINE_BOOKMARK, /* only its resource version matters */
	KUBE_LINE_GONE,     /* 410: list again */
	KUBE_LINE_ERROR,
	KUBE_LINE_BAD,      /* not understood: reconnect */
};
/* One line of a watch; `ret_item` lives in the arena. */
enum kube_line kube_watch_line(struct view line, struct arena *arena, enum kube_event *ret_event,
                               const struct val **ret_item);

#endif
