/* Sources that are open, what is followed in them, and who needs it. */
#include "base/base.h"

#include "agent/agent_private.h"

#include "base/path.h"
#include "pal/clock.h"

/* --- news of a source --- */

static void touch_units(struct dependency *dependency, bool is_now)
{
	struct agent *agent = dependency->source->agent;
	for (size_t i = 0; i < agent->unit_count; i++)
		for (size_t k = 0; k < agent->units[i].needs.len; k++)
			if (agent->units[i].needs.ptr[k] == dependency) {
				unit_touch(&agent->units[i], is_now);
				break;
			}
}

static void source_is_well(struct open_source *source)
{
	source->fresh_ns = clock_wall_ns();
	if (!source->is_failing)
		return;
	source->is_failing = false;
	mem_free(source->last_error);
	source->last_error = NULL;
	agent_tell(source->agent,
	           &(struct agent_event){ .kind = AGENT_SOURCE_BACK, .source = source->name });
}

static void on_set(void *ctx, struct kv_watch *watch, struct kv_set *set)
{
	struct dependency *dependency = ctx;
	(void)watch, (void)set;
	dependency->is_cached = dependency->is_failing = false;
	dependency->source->changes++;
	source_is_well(dependency->source);
	touch_units(dependency, false);
}

/* The same trouble is told once, not at every attempt. */
static void on_error(void *ctx, struct kv_watch *watch, const err *e, int64_t retry_ms)
{
	struct dependency *dependency = ctx;
	struct open_source *source = dependency->source;
	(void)watch;
	bool is_news = !source->last_error || strcmp(source->last_error, err_message(e)) != 0;
	dependency->is_failing = source->is_failing = true;
	source->failures++;
	if (is_news) {
		mem_free(source->last_error);
		source->last_error = mem_strdup(err_message(e));
		agent_tell(source->agent, &(struct agent_event){ .kind = AGENT_SOURCE_FAILED,
		                                                 .source = source->name,
		                                                 .error = e,
		                                                 .retry_ms = retry_ms });
	}
	touch_units(dependency, true); /* those that could start from the cache wait no longer */
}

/* --- opening --- */

static struct open_source *find_open(struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->sources.len; i++)
		if (strcmp(agent->sources.ptr[i]->name, name) == 0)
			return agent->sources.ptr[i];
	return NULL;
}

static err *open_source(struct agent *agent, const char *name, const struct agent_source *config,
                        struct open_source **ret_source)
{
	struct open_source *source = MEM_NEW(struct open_source);
	source->agent = agent;
	source->name = mem_strdup(name);
	source->config = config;
	err *e = agent_source_open(config, agent->loop, agent->options.decrypt, &source->kv);
	if (e) {
		open_source_free(source);
		return err_wrap(e, "cannot open the source '%s'", name);
	}
	vec_push(&agent->sources, source);
	*ret_source = source;
	return NULL;
}

void open_source_free(struct open_source *source)
{
	kv_free(source->kv);
	mem_free(source->name);
	mem_free(source->last_error);
	mem_free(source);
}

/* --- dependencies --- */

static struct dependency *find_dependency(struct agent *agent, const struct open_source *source,
                                          enum kv_scope scope, const char *path)
{
	for (size_t i = 0; i < agent->dependencies.len; i++) {
		struct dependency *known = agent->dependencies.ptr[i];
		if (known->source == source && kv_watch_scope(known->watch) == scope &&
		    strcmp(kv_watch_path(known->watch), path) == 0)
			return known;
	}
	return NULL;
}

static void seed(struct unit *unit, struct dependency *dependency)
{
	struct agent *agent = unit->agent;
	struct kv_set *set = NULL;
	int64_t saved_ns = 0;
	if (!agent->cache)
		return;
	err *e = agent_cache_get(agent->cache, dependency->source->name,
	                         kv_watch_scope(dependency->watch),
	                         kv_watch_path(dependency->watch), &set, &saved_ns);
	if (e && !err_is(e, ERR_NOT_FOUND))
		agent_tell(agent, &(struct agent_event){ .kind = AGENT_TROUBLE, .error = e });
	if (e) {
		err_free(e);
		return;
	}
	kv_watch_seed(dependency->watch, set);
	memcpy(dependency->saved, kv_set_hash(set), SHA256_BYTES);
	dependency->is_saved = dependency->is_cached = true;
	kv_set_free(set);
	if (!unit->told_cache)
		agent_tell(agent, &(struct agent_event){ .kind = AGENT_FROM_CACHE,
		                                         .unit = unit->config->name,
		                                         .source = dependency->source->name,
		                                         .age_s = (clock_wall_ns() - saved_ns) /
		                                                  CLOCK_NS_PER_S });
	unit->told_cache = true;
}

static void need(struct unit *unit, struct dependency *dependency)
{
	for (size_t i = 0; i < unit->needs.len; i++)
		if (unit->needs.ptr[i] == dependency)
			return;
	vec_push(&unit->needs, dependency);
}

static void depend(struct unit *unit, struct open_source *source, enum kv_scope scope,
                   const char *path, struct dependency **ret_dependency)
{
	struct agent *agent = unit->agent;
	struct dependency *dependency = find_dependency(agent, source, scope, path);
	if (!dependency) {
		struct kv_events events = { on_set, on_error, NULL };
		dependency = MEM_NEW(struct dependency);
		dependency->source = source;
		events.ctx = dependency;
		dependency->watch = kv_watch_new(source->kv, scope, path, &events);
		vec_push(&agent->dependencies, dependency);
		seed(unit, dependency);
	}
	need(unit, dependency);
	*ret_dependency = dependency;
}

err *agent_depend(struct unit *unit, const char *name, enum kv_scope scope, const char *path,
                  struct dependency **ret_dependency)
{
	struct agent *agent = unit->agent;
	struct open_source *source = find_open(agent, name);
	struct agent_source *config;
	if (!source) {
		TRY(agent_config_source(agent->options.config, name, &config));
		TRY(open_source(agent, name, config, &source));
	}
	depend(unit, source, scope, path, ret_dependency);
	return NULL;
}

err *agent_depend_file(struct unit *unit, const char *path, struct dependency **ret_dependency)
{
	struct agent *agent = unit->agent;
	AUTOFREE char *dir = path_dir(path);
	AUTOFREE char *url = str_format("file:%s", dir);
	struct open_source *source = find_open(agent, url);
	if (!source) {
		struct agent_source *config = ARENA_NEW(&agent->arena, struct agent_source);
		config->name = config->options.url = arena_strdup(&agent->arena, url);
		config->options.policy.allows_empty = true; /* a file that is gone is gone */
		TRY(open_source(agent, url, config, &source));
	}
	depend(unit, source, KV_KEY, path_base(path), ret_dependency);
	return NULL;
}

void dependency_free(struct dependency *dependency)
{
	kv_watch_free(dependency->watch);
	mem_free(dependency);
}

/* What no unit asked for in its last rendering is followed no longer. */
void agent_sweep(struct agent *agent)
{
	size_t kept = 0;
	for (size_t i = 0; i < agent->dependencies.len; i++)
		agent->dependencies.ptr[i]->is_used = false;
	for (size_t i = 0; i < agent->unit_count; i++)
		for (size_t k = 0; k < agent->units[i].needs.len; k++)
			agent->units[i].needs.ptr[k]->is_used = true;
	for (size_t i = 0; i < agent->dependencies.len; i++) {
		struct dependency *dependency = agent->dependencies.ptr[i];
		if (dependency->is_used)
			agent->dependencies.ptr[kept++] = dependency;
		else
			dependency_free(dependency);
	}
	agent->dependencies.len = kept;
}

/* Last known good: only what was applied, and only when it is not there yet. */
void agent_save(struct unit *unit)
{
	struct agent *agent = unit->agent;
	for (size_t i = 0; i < unit->needs.len && agent->cache; i++) {
		struct dependency *d = unit->needs.ptr[i];
		const struct kv_set *set = kv_watch_current(d->watch);
		bool is_same =
			set && d->is_saved && memcmp(d->saved, kv_set_hash(set), SHA256_BYTES) == 0;
		if (!set || is_same || d->is_cached)
			continue;
		err *e = agent_cache_put(agent->cache, d->source->name, kv_watch_scope(d->watch),
		                         kv_watch_path(d->watch), set);
		if (e)
			agent_tell(agent,
			           &(struct agent_event){ .kind = AGENT_TROUBLE, .error = e });
		d->is_saved = !e;
		memcpy(d->saved, kv_set_hash(set), SHA256_BYTES);
		err_free(e);
	}
}
