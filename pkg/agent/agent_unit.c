/* One unit: its templates are rendered together, and what comes out is swapped together. */
#include "base/base.h"

#include "agent/agent_private.h"
#include "agent/agent_slot.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/random.h"
#include "pal/root.h"
#include "pal/user.h"
#include "swap/swap_config.h"
#include "yaml/yaml.h"

enum {
	ALIVE_MS = 1000, /* so long a program must live with new content */
	REMOTE_QUIET_MS = 5,
	QUIET_MAX_MS = 200,
	GRACE_MS = 30,   /* at the start sources may answer so long, before the cache is used */
	RETRY_MS = 5000, /* when we ourselves could not write */
};

/* --- loading --- */

static err *load_template(struct unit *unit, size_t index)
{
	struct unit_template *template = &unit->templates[index];
	const struct agent_template *config = template->config;
	AUTO(str) text = STR_INIT;
	struct tmpl *tmpl = NULL;
	struct tmpl_options options = { .flavour = config->flavour,
		                        .missing = config->missing,
		                        .left_delim = config->left_delim,
		                        .right_delim = config->right_delim };
	if (config->from)
		TRY(fs_read_file(config->from, LIMIT_DOC_BYTES, &text));
	struct view source = config->from ? view_str(&text) : view_of(config->text);
	TRY(tmpl_parse(&options, template->name, source, &tmpl));
	tmpl_free(template->tmpl);
	template->tmpl = tmpl;
	return NULL;
}

static err *load_data(struct unit *unit)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	unit->data = unit->data ? unit->data : unit->config->data;
	if (!unit->config->data_file)
		return NULL;
	TRY(fs_read_file(unit->config->data_file, LIMIT_DOC_BYTES, &text));
	TRY(yaml_load_one(text.ptr, text.len, unit->config->data_file, &arena, &root));
	arena_clear(&unit->data_arena);
	unit->data_arena = arena;
	arena_init(&arena);
	unit->data = root;
	return NULL;
}

err *unit_load(struct unit *unit)
{
	for (size_t i = 0; i < unit->config->template_count; i++)
		TRY(load_template(unit, i));
	return load_data(unit);
}

static err *read_owner(const struct val *settings, struct swap_file *file)
{
	const char *mode = val_get_str(settings, "mode", NULL),
		   *owner = val_get_str(settings, "owner", NULL);
	const char *group = val_get_str(settings, "group", NULL);
	unsigned bits;
	file->mode = mode && schema_parse_octal_mode(mode, strlen(mode), &bits) ? bits : FS_KEEP;
	file->uid = file->gid = FS_KEEP;
	err *e = owner ? user_id(NULL, owner, &file->uid) : NULL;
	if (!e && group)
		e = user_group_id(NULL, group, &file->gid);
	return e ? val_place(e, val_get(settings, owner ? "owner" : "group")) : NULL;
}

/* With a generation, files are named relative to it: `to` must lie below. */
static err *generation_path(const struct unit *unit, const struct agent_template *config,
                            const char **path)
{
	const char *link = unit->group.generation;
	size_t len = link ? strlen(link) : 0;
	*path = config->to;
	if (!link)
		return NULL;
	if (!str_starts(config->to, link) || config->to[len] != '/')
		return val_error(val_get(config->settings, "to"),
		                 "this must lie in the folder '%s' (generation)", link);
	*path = config->to + len + 1;
	return NULL;
}

static err *check_file(void *ctx, const struct swap_file *file)
{
	const struct unit *unit = ctx;
	const struct agent_check *check = unit->templates[file - unit->files].check;
	return check ? agent_check_file(check, file) : NULL;
}

static err *init_files(struct unit *unit)
{
	unit->files = mem_zalloc(unit->config->template_count, sizeof(*unit->files));
	for (size_t i = 0; i < unit->config->template_count; i++) {
		const struct agent_template *config = &unit->config->templates[i];
		struct swap_file *file = &unit->files[i];
		TRY(read_owner(config->settings, file));
		TRY(generation_path(unit, config, &file->path));
		TRY(agent_check_new(config, &unit->templates[i].check));
		file->syntax = swap_syntax_named(val_get_str(config->settings, "syntax", NULL));
	}
	unit->group.files = unit->files;
	unit->group.file_count = unit->config->template_count;
	unit->group.check = check_file;
	unit->group.check_ctx = unit;
	return NULL;
}

static void on_timer(void *ctx);

static err *reload_child(void *ctx)
{
	const struct unit *unit = ctx;
	const struct agent_options *options = &unit->agent->options;
	return options->reload_child(options->children, unit->config->name);
}

static err *child_is_alive(void *ctx)
{
	const struct unit *unit = ctx;
	const struct agent_options *options = &unit->agent->options;
	return options->child_is_alive(options->children, unit->config->name);
}

/* A unit with a program of its own: that is what is reloaded, and must live on. */
static void use_child(struct unit *unit)
{
	const struct val *run = val_get(unit->config->settings, "run");
	int64_t alive_ms = schema_duration_of(run, "aliveFor");
	struct swap_group *group = &unit->group;
	if (!run || !unit->agent->options.reload_child)
		return;
	group->reload =
		(struct swap_reload){ .kind = SWAP_RELOAD_CALL, .call = reload_child, .ctx = unit };
	if (group->health.kind != SWAP_HEALTH_NONE)
		return;
	group->health = (struct swap_health){ .kind = SWAP_HEALTH_CALL,
		                              .call = child_is_alive,
		                              .ctx = unit };
	group->health.for_ms = alive_ms ? alive_ms : ALIVE_MS;
}

static err *find_slots(struct unit *unit)
{
	const struct val *settings = val_get(unit->config->settings, "slots");
	const char *name = val_get_str(settings, "source", unit->config->source);
	if (!settings)
		return NULL;
	if (!name)
		return val_error(settings, "slots need a source that keeps them");
	err *e = agent_config_source(unit->agent->options.config, name, &unit->slots);
	return e ? val_place(e, settings) : NULL;
}

err *unit_init(struct unit *unit, struct agent *agent, const struct agent_unit *config)
{
	*unit = (struct unit){ .agent = agent, .config = config, .report = SWAP_REPORT_INIT };
	unit->timer = loop_timer_new(agent->loop, on_timer, unit);
	unit->templates = mem_zalloc(config->template_count, sizeof(*unit->templates));
	for (size_t i = 0; i < config->template_count; i++) {
		struct unit_template *template = &unit->templates[i];
		template->config = &config->templates[i];
		template->name = template->config->from
		                         ? mem_strdup(template->config->from)
		                         : str_format("%s: template %zu of '%s'", config->file,
		                                      i + 1, config->name);
		str_init(&template->out);
	}
	unit->group.name = config->name;
	unit->group.state_dir = agent->swap_dir;
	TRY(swap_config_read(config->settings, config->dir, &agent->arena, &unit->group));
	use_child(unit);
	TRY(find_slots(unit));
	TRY(init_files(unit));
	return unit_load(unit);
}

static void forget_notes(struct unit *unit)
{
	for (size_t i = 0; i < unit->notes.len; i++) {
		mem_free(unit->notes.ptr[i].function);
		mem_free(unit->notes.ptr[i].path);
	}
	unit->notes.len = 0;
}

void unit_clear(struct unit *unit)
{
	if (!unit->agent)
		return;
	loop_timer_free(unit->timer);
	for (size_t i = 0; i < unit->config->template_count && unit->templates; i++) {
		tmpl_free(unit->templates[i].tmpl);
		agent_check_free(unit->templates[i].check);
		mem_free(unit->templates[i].name);
		str_clear(&unit->templates[i].out);
	}
	mem_free(unit->templates);
	mem_free(unit->files);
	arena_clear(&unit->data_arena);
	vec_clear(&unit->needs);
	forget_notes(unit);
	vec_clear(&unit->notes);
	swap_report_clear(&unit->report);
	err_free(unit->swap_error);
	mem_free(unit->revision);
	mem_free(unit->error);
}

/* --- when --- */

static bool is_remote(const struct unit *unit)
{
	for (size_t i = 0; i < unit->needs.len; i++)
		if (strcmp(kv_scheme(unit->needs.ptr[i]->source->kv), "file") != 0)
			return true;
	return false;
}

static int64_t delay_ms(const struct unit *unit, int64_t now_ms)
{
	const struct agent_unit *config = unit->config;
	int64_t quiet_ms = config->quiet_ms  ? config->quiet_ms
	                   : is_remote(unit) ? REMOTE_QUIET_MS
	                                     : 0;
	int64_t max_ms = config->quiet_max_ms ? config->quiet_max_ms
	                                      : MAX((int64_t)QUIET_MAX_MS, 4 * quiet_ms);
	int64_t wait_ms = MIN(quiet_ms, unit->first_change_ms + max_ms - now_ms);
	if (unit->was_rendered && config->min_interval_ms)
		wait_ms = MAX(wait_ms, unit->last_swap_ms + config->min_interval_ms - now_ms);
	if (unit->was_rendered && config->splay_ms)
		wait_ms += (int64_t)random_below((uint64_t)config->splay_ms + 1);
	return MAX(wait_ms, (int64_t)0);
}

void unit_touch(struct unit *unit, bool is_now)
{
	int64_t now_ms = clock_monotonic_ms();
	if (is_now && unit->was_rendered)
		return; /* nothing new came */
	if (unit->is_running) {
		unit->is_dirty = true;
		return;
	}
	bool is_waiting_splay =
		unit->first_change_ms && unit->config->splay_ms && unit->was_rendered;
	if (!unit->first_change_ms)
		unit->first_change_ms = now_ms;
	if (!is_waiting_splay)
		loop_timer_set(unit->timer, is_now ? 0 : delay_ms(unit, now_ms));
}

/* --- rendering --- */

static void settle(struct unit *unit)
{
	const struct agent_options *options = &unit->agent->options;
	unit->is_done = true;
	if (options->on_settled)
		options->on_settled(options->ctx, unit->config->name);
}

static void set_error(struct unit *unit, const char *text)
{
	mem_free(unit->error);
	unit->error = text ? mem_strdup(text) : NULL;
}

static void tell_failure(struct unit *unit, err *take_error)
{
	bool is_news = !unit->error || strcmp(unit->error, err_message(take_error)) != 0;
	unit->state = AGENT_UNIT_FAILED;
	unit->render_errors++;
	if (is_news)
		agent_tell(unit->agent, &(struct agent_event){ .kind = AGENT_RENDER_FAILED,
		                                               .unit = unit->config->name,
		                                               .error = take_error });
	set_error(unit, err_message(take_error));
	err_free(take_error);
	if (unit->agent->options.is_once)
		settle(unit);
}

static err *render_all(struct unit *unit, size_t *ret_pending)
{
	struct tmpl_host host = { .ctx = unit,
		                  .lookup = agent_lookup_answer,
		                  .now_s = clock_wall_ns() / CLOCK_NS_PER_S };
	size_t pending = 0;
	forget_notes(unit);
	unit->needs.len = 0;
	*ret_pending = 0;
	for (size_t i = 0; i < unit->config->template_count; i++) {
		struct unit_template *template = &unit->templates[i];
		unit->rendering = i;
		str_reset(&template->out);
		err *e = tmpl_render(template->tmpl, unit->data, &host, &template->out, &pending);
		*ret_pending += pending; /* also of one that failed: what is missing may be why */
		TRY(e);
	}
	return NULL;
}

/* Sources that said nothing yet, though the cache could stand in for them. */
static bool waits_for_fresh(struct unit *unit)
{
	int64_t waited_ms = clock_monotonic_ms() - unit->started_ms;
	if (unit->was_rendered || waited_ms >= GRACE_MS)
		return false;
	for (size_t i = 0; i < unit->needs.len; i++)
		if (unit->needs.ptr[i]->is_cached && !unit->needs.ptr[i]->is_failing) {
			loop_timer_set(unit->timer, GRACE_MS - waited_ms);
			return true;
		}
	return false;
}

/* Only who has something to change takes a slot. */
static err *take_slot(struct unit *unit, struct agent_slot **ret_slot)
{
	const struct val *settings = val_get(unit->config->settings, "slots");
	const struct agent_options *options = &unit->agent->options;
	bool differs[SWAP_MAX_FILES], is_needed = false;
	*ret_slot = NULL;
	if (!settings || unit->group.file_count > SWAP_MAX_FILES)
		return NULL;
	TRY(swap_compare(&unit->group, differs));
	for (size_t i = 0; i < unit->group.file_count; i++)
		is_needed = is_needed || differs[i];
	if (!is_needed)
		return NULL;
	const struct agent_slot_options slot = { .source = unit->slots,
		                                 .decrypt = options->decrypt,
		                                 .settings = settings,
		                                 .unit = unit->config->name,
		                                 .cancel = options->cancel };
	return agent_slot_take(&slot, ret_slot);
}

static void run_swap(void *job)
{
	struct unit *unit = job;
	struct agent_slot *slot = NULL;
	unit->swap_error = take_slot(unit, &slot);
	if (!unit->swap_error)
		unit->swap_error =
			swap_apply(&unit->group, unit->agent->options.cancel, &unit->report);
	agent_slot_give(slot);
}

static void on_swapped(void *ctx);

static void run_job(void *job)
{
	struct unit *unit = job;
	run_swap(unit);
	loop_queue_post(unit->agent->queue, on_swapped, unit);
}

static void start_swap(struct unit *unit)
{
	for (size_t i = 0; i < unit->config->template_count; i++)
		unit->files[i].content = view_str(&unit->templates[i].out);
	unit->is_running = true;
	pool_submit(unit->agent->pool, run_job, unit);
}

static void render(struct unit *unit)
{
	size_t pending = 0;
	unit->first_change_ms = 0;
	err *e = render_all(unit, &pending);
	if (e && pending == 0) {
		tell_failure(unit, e);
		return;
	}
	err_ignore(e, "what is missing may be what made it fail");
	if (pending > 0) {
		if (!unit->was_rendered)
			unit->state = AGENT_UNIT_WAITING;
		return;
	}
	if (waits_for_fresh(unit))
		return;
	unit->was_rendered = true;
	agent_sweep(unit->agent);
	if (unit->agent->options.is_dry)
		settle(unit);
	else
		start_swap(unit);
}

static void on_timer(void *ctx)
{
	struct unit *unit = ctx;
	if (unit->is_running)
		unit->is_dirty = true;
	else if (!(unit->agent->options.is_once && unit->is_done))
		render(unit);
}

/* --- afterwards --- */

static void count_outcome(struct unit *unit)
{
	const struct swap_report *report = &unit->report;
	switch (report->outcome) {
	case SWAP_UNCHANGED:
	case SWAP_COMMITTED:
		unit->committed += report->outcome == SWAP_COMMITTED;
		unit->state = AGENT_UNIT_GOOD;
		if (report->outcome == SWAP_COMMITTED || !unit->changed_ns)
			unit->changed_ns = clock_wall_ns();
		mem_free(unit->revision);
		unit->revision = mem_strdup(report->revision);
		set_error(unit, NULL);
		agent_save(unit);
		return;
	case SWAP_REJECTED:
		unit->rejected += !report->was_known;
		break;
	case SWAP_ROLLED_BACK:
	case SWAP_HELD:
		unit->rolled_back++;
		break;
	}
	unit->state = report->outcome == SWAP_HELD ? AGENT_UNIT_HELD : AGENT_UNIT_REJECTED;
	set_error(unit, err_message(report->error));
}

static void tell_outcome(struct unit *unit)
{
	const struct swap_report *report = &unit->report;
	bool is_old = report->was_known && unit->state == AGENT_UNIT_REJECTED;
	if (report->outcome != SWAP_UNCHANGED && !is_old)
		agent_tell(unit->agent, &(struct agent_event){ .kind = AGENT_SWAPPED,
		                                               .unit = unit->config->name,
		                                               .error = report->error,
		                                               .report = report });
}

static void take_back_jobs(struct pool *pool)
{
	void *job = pool;
	err *e = NULL;
	while (job && !e)
		e = pool_next(pool, deadline_after(0), NULL, &job);
	err_ignore(e, "the next one takes it back");
}

static void on_swapped(void *ctx)
{
	struct unit *unit = ctx;
	struct agent *agent = unit->agent;
	err *e = steal(&unit->swap_error);
	unit->is_running = false;
	unit->last_swap_ms = clock_monotonic_ms();
	take_back_jobs(agent->pool);
	if (e) {
		agent_tell(agent, &(struct agent_event){ .kind = AGENT_TROUBLE,
		                                         .unit = unit->config->name,
		                                         .error = e,
		                                         .retry_ms = RETRY_MS });
		unit->state = AGENT_UNIT_FAILED;
		set_error(unit, err_message(e));
		err_free(e);
		if (agent->options.is_once)
			settle(unit);
		else
			loop_timer_set(unit->timer, RETRY_MS);
		return;
	}
	tell_outcome(unit);
	count_outcome(unit);
	if (unit->is_dirty) {
		unit->is_dirty = false;
		unit_touch(unit, false);
	}
	if (agent->options.is_once || unit->state == AGENT_UNIT_GOOD)
		settle(unit);
}
