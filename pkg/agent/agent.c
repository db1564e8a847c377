#include "base/base.h"

#include "agent/agent_private.h"

#include "base/path.h"
#include "pal/clock.h"

enum { MAX_THREADS = 4 };

const char *agent_unit_state_name(enum agent_unit_state state)
{
	static const char *const names[] = { "waiting", "good", "failed", "rejected", "held" };
	return names[state];
}

void agent_tell(struct agent *agent, const struct agent_event *event)
{
	if (agent->options.on_event)
		agent->options.on_event(agent->options.ctx, event);
}

/* --- templates and data on disk --- */

static void note_change(void *ctx, const char *path, void *cookie, unsigned changes)
{
	struct unit *unit = cookie;
	(void)ctx, (void)path, (void)changes;
	err *e = unit_load(unit);
	if (e) {
		agent_tell(unit->agent, &(struct agent_event){ .kind = AGENT_RENDER_FAILED,
		                                               .unit = unit->config->name,
		                                               .error = e });
		err_free(e);
		return;
	}
	unit_touch(unit, false);
}

static void look(struct agent *agent)
{
	err *e = watch_read(agent->watch, 0, note_change, NULL, NULL);
	if (e)
		agent_tell(agent, &(struct agent_event){ .kind = AGENT_TROUBLE, .error = e });
	err_free(e);
	int due_ms = watch_due_ms(agent->watch);
	if (due_ms >= 0)
		loop_timer_set(agent->watch_timer, due_ms);
}

static void on_watch(void *ctx, unsigned ready)
{
	(void)ready;
	look(ctx);
}

static void on_watch_timer(void *ctx)
{
	look(ctx);
}

static void follow(struct agent *agent, struct unit *unit, const char *path)
{
	err *e = path ? watch_add(agent->watch, path, 0, unit) : NULL;
	if (e && !err_is(e, ERR_EXISTS))
		agent_tell(agent, &(struct agent_event){ .kind = AGENT_TROUBLE, .error = e });
	err_free(e);
}

static err *follow_files(struct agent *agent)
{
	TRY(watch_new(NULL, &agent->watch));
	agent->watch_timer = loop_timer_new(agent->loop, on_watch_timer, agent);
	if (watch_handle(agent->watch) != PAL_HANDLE_NONE)
		agent->watch_io =
			loop_add_handle(agent->loop, watch_handle(agent->watch), on_watch, agent);
	for (size_t i = 0; i < agent->unit_count; i++) {
		struct unit *unit = &agent->units[i];
		for (size_t k = 0; k < unit->config->template_count; k++)
			follow(agent, unit, unit->config->templates[k].from);
		follow(agent, unit, unit->config->data_file);
	}
	look(agent);
	return NULL;
}

/* --- life --- */

static err *unknown_unit(const struct agent_config *config, const char *name)
{
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < config->unit_count; i++)
		str_addf(&names, "%s%s", i ? ", " : "", config->units[i].name);
	return err_hint(err_new(ERR_USAGE, "there is no unit '%s'", name), "there are: %s",
	                names.ptr);
}

static err *init_units(struct agent *agent)
{
	const struct agent_config *config = agent->options.config;
	const char *only = agent->options.only_unit;
	err *all = NULL;
	agent->units = mem_zalloc(config->unit_count + 1, sizeof(*agent->units));
	for (size_t i = 0; i < config->unit_count; i++)
		if (!only || strcmp(config->units[i].name, only) == 0)
			all = err_join(all, unit_init(&agent->units[agent->unit_count++], agent,
			                              &config->units[i]));
	if (!all && agent->unit_count == 0)
		return only ? unknown_unit(config, only)
		            : err_hint(err_new(ERR_USAGE, "there are no units"),
		                       "add some under 'units:'");
	return all;
}

err *agent_new(const struct agent_options *options, struct agent **ret_agent)
{
	AUTOPTR(agent) agent = MEM_NEW(struct agent);
	agent->options = *options;
	agent->loop = options->loop;
	agent->swap_dir = path_join(options->state_dir, "swap");
	TRY(loop_queue_new(agent->loop, &agent->queue));
	if (options->uses_cache) {
		AUTOFREE char *dir = path_join(options->state_dir, "known-good");
		TRY(agent_cache_open(dir, &agent->cache));
	}
	TRY(init_units(agent));
	agent->pool = pool_new(MIN(agent->unit_count, (size_t)MAX_THREADS));
	if (!options->is_once)
		TRY(follow_files(agent));
	*ret_agent = steal(&agent);
	return NULL;
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	pool_free(agent->pool);
	for (size_t i = 0; i < agent->dependencies.len; i++)
		dependency_free(agent->dependencies.ptr[i]);
	vec_clear(&agent->dependencies);
	for (size_t i = 0; i < agent->sources.len; i++)
		open_source_free(agent->sources.ptr[i]);
	vec_clear(&agent->sources);
	for (size_t i = 0; i < agent->unit_count; i++)
		unit_clear(&agent->units[i]);
	mem_free(agent->units);
	loop_io_free(agent->watch_io);
	if (agent->watch_timer)
		loop_timer_free(agent->watch_timer);
	watch_free(agent->watch);
	loop_queue_free(agent->queue);
	agent_cache_free(agent->cache);
	arena_clear(&agent->arena);
	mem_free(agent->swap_dir);
	mem_free(agent);
}

void agent_start(struct agent *agent)
{
	for (size_t i = 0; i < agent->unit_count; i++) {
		agent->units[i].started_ms = clock_monotonic_ms();
		loop_timer_set(agent->units[i].timer, 0);
	}
}

void agent_refresh(struct agent *agent)
{
	for (size_t i = 0; i < agent->dependencies.len; i++)
		kv_watch_nudge(agent->dependencies.ptr[i]->watch);
	for (size_t i = 0; i < agent->unit_count; i++)
		note_change(agent, NULL, &agent->units[i], 0);
}

bool agent_is_done(const struct agent *agent)
{
	for (size_t i = 0; i < agent->unit_count; i++)
		if (!agent->units[i].is_done)
			return false;
	return true;
}

/* --- what others may know --- */

size_t agent_unit_count(const struct agent *agent)
{
	return agent->unit_count;
}

struct agent_unit_info agent_unit_info(const struct agent *agent, size_t index)
{
	const struct unit *unit = &agent->units[index];
	bool is_stale = false;
	for (size_t i = 0; i < unit->needs.len; i++)
		is_stale |= unit->needs.ptr[i]->is_cached || unit->needs.ptr[i]->is_failing;
	return (struct agent_unit_info){ .name = unit->config->name,
		                         .state = unit->state,
		                         .revision = unit->revision ? unit->revision : "",
		                         .changed_ns = unit->changed_ns,
		                         .committed = unit->committed,
		                         .rejected = unit->rejected,
		                         .rolled_back = unit->rolled_back,
		                         .render_errors = unit->render_errors,
		                         .error = unit->error,
		                         .is_stale = is_stale };
}

size_t agent_source_count(const struct agent *agent)
{
	return agent->sources.len;
}

struct agent_source_info agent_source_info(const struct agent *agent, size_t index)
{
	const struct open_source *source = agent->sources.ptr[index];
	return (struct agent_source_info){ .name = source->name,
		                           .display = kv_display(source->kv),
		                           .is_failing = source->is_failing,
		                           .changes = source->changes,
		                           .failures = source->failures,
		                           .fresh_ns = source->fresh_ns };
}

size_t agent_output_count(const struct agent *agent, size_t unit)
{
	return agent->units[unit].config->template_count;
}

const char *agent_output_path(const struct agent *agent, size_t unit, size_t index)
{
	return agent->units[unit].config->templates[index].to;
}

struct view agent_output(const struct agent *agent, size_t unit, size_t index)
{
	return view_str(&agent->units[unit].templates[index].out);
}

size_t agent_lookup_count(const struct agent *agent, size_t unit)
{
	return agent->units[unit].notes.len;
}

struct agent_lookup agent_lookup(const struct agent *agent, size_t unit, size_t index)
{
	const struct unit *u = &agent->units[unit];
	const struct lookup_note *note = &u->notes.ptr[index];
	return (struct agent_lookup){ .file = u->config->templates[note->template_index].to,
		                      .function = note->function,
		                      .path = note->path,
		                      .source = note->source,
		                      .template_line = note->line,
		                      .out_offset = note->offset,
		                      .is_absent = note->is_absent };
}

/* --- masking --- */

enum { SHORTEST_SECRET = 4 };

static void mask_value(const struct kv_pair *pair, struct str *text)
{
	AUTO(str) masked = STR_INIT;
	size_t pos = 0;
	for (;;) {
		const char *found =
			str_find(text->ptr + pos, text->len - pos, pair->value, pair->len);
		if (!found)
			break;
		str_add(&masked, text->ptr + pos, (size_t)(found - text->ptr) - pos);
		str_addz(&masked, "(hidden)");
		pos = (size_t)(found - text->ptr) + pair->len;
	}
	if (pos == 0)
		return;
	str_add(&masked, text->ptr + pos, text->len - pos);
	str_reset(text);
	str_add_str(text, &masked);
}

void agent_mask(const struct agent *agent, size_t index, bool (*is_secret)(const char *key),
                struct view text, struct str *out)
{
	const struct unit *unit = &agent->units[index];
	AUTO(str) masked = STR_INIT;
	str_add(&masked, text.ptr, text.len);
	for (size_t i = 0; i < unit->needs.len; i++) {
		const struct kv_set *set = kv_watch_current(unit->needs.ptr[i]->watch);
		for (size_t k = 0; k < kv_set_len(set); k++) {
			const struct kv_pair *pair = kv_set_at(set, k);
			AUTOFREE char *key =
				kv_join(kv_watch_path(unit->needs.ptr[i]->watch), pair->key);
			if (pair->len >= SHORTEST_SECRET && is_secret(key))
				mask_value(pair, &masked);
		}
	}
	str_add_str(out, &masked);
}
