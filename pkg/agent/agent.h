/*
 * The agent: follows sources, renders templates of each unit together when something they asked for
 * changed, and hands the result to validated reload. It never ends by itself because a source is down,
 * content is broken or a daemon refuses it: what was good stays. One loop thread; a reload runs on a
 * thread of its own.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/agent_config.h"
#include "swap/swap.h"

#include <stdatomic.h>

struct agent;
struct loop;

enum agent_event_kind {
	AGENT_SOURCE_FAILED, /* told again only when the message changes */
	AGENT_SOURCE_BACK,
	AGENT_RENDER_FAILED,
	AGENT_SWAPPED,    /* a report is there: committed, rejected, rolled back, held */
	AGENT_FROM_CACHE, /* a unit starts with last known good content */
	AGENT_TROUBLE,    /* of our own: cache, watching files */
};

struct agent_event {
	enum agent_event_kind kind;
	const char *unit, *source; /* NULL: not about one */
	const char *text;
	const err *error;
	const struct swap_report *report;
	int64_t retry_ms; /* -1: not by itself */
	int64_t age_s;    /* FROM_CACHE */
};

struct agent_options {
	struct loop *loop;
	const struct agent_config *config;
	const char *state_dir;
	const struct kv_options *decrypt; /* may be NULL */
	const atomic_int *cancel;
	bool is_once;          /* each unit is done after its first complete rendering */
	bool is_dry;           /* nothing is written: agent_output tells what would be */
	bool uses_cache;       /* last known good */
	const char *only_unit; /* NULL: all */
	/*
	 * Programs of units (`run:`), by whoever has them: start, restart or tell the one of the unit; does it
	 * run? From the thread of a reload. NULL: they are not there.
	 */
	err *(*reload_child)(void *children, const char *unit);
	err *(*child_is_alive)(void *children, const char *unit);
	void *children;
	void (*on_event)(void *ctx, const struct agent_event *event);
	/* A unit's new content stands (committed), or in once mode a unit is done. May be NULL. */
	void (*on_settled)(void *ctx, const char *unit);
	void *ctx;
};

/* Parses all templates: INVALID with place. `options` are copied, what they point to lives on. */
NODISCARD err *agent_new(const struct agent_options *options, struct agent **ret_agent);
/* Waits for a reload that runs. */
void agent_free(struct agent *agent);
AUTOPTR_DEFINE(agent)

/* Begin; everything further comes from the loop. */
void agent_start(struct agent *agent);
/* Read every source and template again (HUP). */
void agent_refresh(struct agent *agent);
/* Once mode: all units are done, or one cannot be (agent_problem). */
bool agent_is_done(const struct agent *agent);

enum agent_unit_state {
	AGENT_UNIT_WAITING,  /* for answers of sources */
	AGENT_UNIT_GOOD,     /* what is on disk is what the sources say */
	AGENT_UNIT_FAILED,   /* rendering fails */
	AGENT_UNIT_REJECTED, /* the last content was refused; the one before stands */
	AGENT_UNIT_HELD,
};
const char *agent_unit_state_name(enum agent_unit_state state);

/* For status pages, metrics and tests. */
struct agent_unit_info {
	const char *name;
	enum agent_unit_state state;
	const char *revision; /* that stands; "" before the first */
	int64_t changed_ns;   /* when it came to stand (wall clock); 0: never */
	uint64_t committed, rejected, rolled_back, render_errors;
	const char *error; /* of the last failure; NULL: none */
	bool is_stale;     /* a source is down: it stands on last known good */
};
size_t agent_unit_count(const struct agent *agent);
struct agent_unit_info agent_unit_info(const struct agent *agent, size_t index);

struct agent_source_info {
	const char *name, *display;
	bool is_failing;
	uint64_t changes, failures;
	int64_t fresh_ns; /* last good answer (wall clock); 0: none yet */
};
size_t agent_source_count(const struct agent *agent);
struct agent_source_info agent_source_info(const struct agent *agent, size_t index);

/* After a dry run: the files of a unit as they would be. */
size_t agent_output_count(const struct agent *agent, size_t unit);
const char *agent_output_path(const struct agent *agent, size_t unit, size_t index);
struct view agent_output(const struct agent *agent, size_t unit, size_t index);

/* `text` with the values of those keys of the unit replaced whose name `is_secret`. Appends to `out`. */
void agent_mask(const struct agent *agent, size_t unit, bool (*is_secret)(const char *key),
                struct view text, struct str *out);

/* Which key made which line: what each template asked for, in the order of asking. */
struct agent_lookup {
	const char *file; /* that is made */
	const char *function, *path;
	const char *source;
	size_t template_line, out_offset;
	bool is_absent;
};
size_t agent_lookup_count(const struct agent *agent, size_t unit);
struct agent_lookup agent_lookup(const struct agent *agent, size_t unit, size_t index);

#endif
