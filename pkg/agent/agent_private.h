/* What the files of this module share. */
#ifndef AGENT_AGENT_PRIVATE_H
#define AGENT_AGENT_PRIVATE_H

#include "agent/agent.h"

#include "agent/agent_cache.h"
#include "agent/agent_check.h"
#include "base/vec.h"
#include "pal/loop.h"
#include "pal/loop_queue.h"
#include "pal/pool.h"
#include "pal/watch.h"

/* A source that is open. Those for `file` have no configuration. */
struct open_source {
	struct agent *agent;
	char *name;
	const struct agent_source *config;
	struct kv *kv;
	bool is_failing;
	char *last_error;
	uint64_t changes, failures;
	int64_t fresh_ns;
};

/* Something a template asked of a source. */
struct dependency {
	struct open_source *source;
	struct kv_watch *watch;
	bool is_cached; /* nothing fresh came yet */
	bool is_failing;
	bool is_used;                /* marked and swept when a unit was rendered */
	uint8_t saved[SHA256_BYTES]; /* what the cache holds */
	bool is_saved;
};

struct dependencies {
	struct dependency **ptr;
	size_t len, cap;
};

struct lookup_note {
	size_t template_index;
	char *function, *path;
	const char *source;
	size_t line, offset;
	bool is_absent;
};

struct unit_template {
	const struct agent_template *config;
	char *name;
	struct tmpl *tmpl;
	struct agent_check *check; /* NULL: nothing beyond syntax */
	struct str out;
};

struct unit {
	struct agent *agent;
	const struct agent_unit *config;
	struct unit_template *templates;
	struct arena data_arena;
	const struct val *data;
	struct dependencies needs; /* of the last rendering */
	VEC(struct lookup_note) notes;
	size_t rendering;         /* template that is being rendered */
	struct loop_timer *timer; /* renders */
	int64_t first_change_ms;  /* of those not rendered yet; 0: none */
	int64_t last_swap_ms;
	int64_t started_ms;
	enum agent_unit_state state;
	bool is_running; /* a reload, on the pool */
	bool is_dirty;   /* changed meanwhile */
	bool is_done;    /* once */
	bool was_rendered;
	bool told_cache;
	struct agent_source
		*slots; /* that keeps the slots of the fleet; NULL: none are asked for */
	struct swap_group group;
	struct swap_file *files;
	struct swap_report report;
	err *swap_error; /* of the run, from the thread */
	char *revision, *error;
	int64_t changed_ns;
	uint64_t committed, rejected, rolled_back, render_errors;
};

struct agent {
	struct agent_options options;
	struct loop *loop;
	struct loop_queue *queue;
	struct pool *pool;
	struct agent_cache *cache; /* NULL: none */
	char *swap_dir;
	struct arena arena; /* groups */
	VEC(struct open_source *) sources;
	struct dependencies dependencies;
	struct unit *units;
	size_t unit_count;
	struct watch *watch; /* templates and data */
	struct loop_io *watch_io;
	struct loop_timer *watch_timer;
};

void agent_tell(struct agent *agent, const struct agent_event *event);

/* --- agent_lookup.c --- */
NODISCARD err *agent_lookup_answer(void *unit, const struct tmpl_query *query, struct arena *a,
                                   enum tmpl_state *ret_state, const struct val **ret_value);

/* --- agent_source.c --- */
NODISCARD err *agent_depend(struct unit *unit, const char *source, enum kv_scope scope,
                            const char *path, struct dependency **ret_dependency);
/* A file beside the templates, followed like any source. */
NODISCARD err *agent_depend_file(struct unit *unit, const char *path,
                                 struct dependency **ret_dependency);
void agent_sweep(struct agent *agent);
void agent_save(struct unit *unit);
void dependency_free(struct dependency *dependency);
void open_source_free(struct open_source *source);

/* --- agent_unit.c --- */
NODISCARD err *unit_init(struct unit *unit, struct agent *agent, const struct agent_unit *config);
void unit_clear(struct unit *unit);
/* Something it needs changed; `is_now`: nothing more is expected. */
void unit_touch(struct unit *unit, bool is_now);
/* Read its templates and data again. */
NODISCARD err *unit_load(struct unit *unit);

#endif
