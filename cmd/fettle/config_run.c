/* fettle config run: the agent that keeps files hot. */
#include "base/base.h"

#include "config_agent.h"
#include "config_children.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/idle.h"
#include "pal/loop.h"
#include "pal/notify.h"
#include "pal/sig.h"
#include "serve/serve.h"

struct run_args {
	const char *path, *metrics;
	int log_format;
	bool no_cache;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct run_args, path), .arg = "path",
	  .help = "file or folder of the configuration; fettle.yaml by default",
	  .words = CLI_WORDS_FILES },
	{ CLI_STR(struct run_args, metrics), .name = "metrics", .arg = "address",
	  .help = "serve /metrics, /status and /healthz here: :9095 or unix:/run/x.sock",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct run_args, no_cache), .name = "no-cache",
	  .help = "keep no last known good content on disk", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct run_args, log_format, log_formats), .name = "log-format", .arg = "format",
	  .help = "format of log lines", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "under systemd, with Type=notify-reload",
	  "fettle config run /etc/fettle/config.d --metrics :9095" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "ended by a signal" },
	{ 2, "bad usage, or a broken configuration or template at the start" },
	{ 3, "it cannot work at all: no state folder, no metrics address" },
	{ 0, NULL }
};

struct runner {
	struct config_agent a;
	struct children *children; /* NULL: no unit runs a program */
	struct serve *serve;
	struct notify *notify;
	struct loop_timer *watchdog;
	struct loop_timer *idle;
};

enum { IDLE_AFTER_MS = 3000 };

/* --- what others see --- */

static void add_metric(struct str *out, const char *name, const char *type, const char *help)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_unit_counter(struct str *out, const struct agent *agent, const char *name,
                             const char *help,
                             uint64_t (*value)(const struct agent_unit_info *info))
{
	add_metric(out, name, "counter", help);
	for (size_t i = 0; i < agent_unit_count(agent); i++) {
		struct agent_unit_info info = agent_unit_info(agent, i);
		str_addf(out, "%s{unit=\"%s\"} %" PRIu64 "\n", name, info.name, value(&info));
	}
}

static uint64_t committed(const struct agent_unit_info *info)
{
	return info->committed;
}

static uint64_t rejected(const struct agent_unit_info *info)
{
	return info->rejected;
}

static uint64_t rolled_back(const struct agent_unit_info *info)
{
	return info->rolled_back;
}

static uint64_t render_errors(const struct agent_unit_info *info)
{
	return info->render_errors;
}

static void write_metrics(const struct runner *r, struct str *out)
{
	const struct agent *agent = r->a.agent;
	add_unit_counter(out, agent, "fettle_config_committed_total",
	                 "Revisions that were put in place.", committed);
	add_unit_counter(out, agent, "fettle_config_rejected_total", "Revisions a check refused.",
	                 rejected);
	add_unit_counter(out, agent, "fettle_config_rolled_back_total",
	                 "Revisions that were put back.", rolled_back);
	add_unit_counter(out, agent, "fettle_config_render_errors_total", "Failed renderings.",
	                 render_errors);
	add_metric(out, "fettle_config_good", "gauge",
	           "1 when what is on disk is what the sources say.");
	for (size_t i = 0; i < agent_unit_count(agent); i++) {
		struct agent_unit_info info = agent_unit_info(agent, i);
		str_addf(out, "fettle_config_good{unit=\"%s\"} %d\n", info.name,
		         info.state == AGENT_UNIT_GOOD);
	}
	if (r->children)
		add_metric(out, "fettle_config_program_up", "gauge",
		           "1 when the program of the unit runs.");
	for (size_t i = 0; i < children_count(r->children); i++) {
		int64_t pid;
		const char *unit = children_at(r->children, i, &pid);
		str_addf(out, "fettle_config_program_up{unit=\"%s\"} %d\n", unit, pid != 0);
	}
	add_metric(out, "fettle_config_source_up", "gauge", "1 when the source answers.");
	for (size_t i = 0; i < agent_source_count(agent); i++) {
		struct agent_source_info info = agent_source_info(agent, i);
		str_addf(out, "fettle_config_source_up{source=\"%s\"} %d\n", info.name,
		         !info.is_failing);
	}
}

static void add_time(struct json_writer *w, const char *key, int64_t wall_ns)
{
	char text[CLOCK_TEXT_SIZE];
	if (wall_ns)
		clock_format_ms(wall_ns, text);
	json_key_string(w, key, wall_ns ? text : NULL);
}

static void write_status(const struct agent *agent, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key(&w, "units");
	json_begin_array(&w);
	for (size_t i = 0; i < agent_unit_count(agent); i++) {
		struct agent_unit_info info = agent_unit_info(agent, i);
		json_begin_object(&w);
		json_key_string(&w, "name", info.name);
		json_key_string(&w, "state", agent_unit_state_name(info.state));
		json_key_string(&w, "revision", info.revision);
		add_time(&w, "since", info.changed_ns);
		json_key_bool(&w, "stale", info.is_stale);
		json_key_string(&w, "error", info.error);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_key(&w, "sources");
	json_begin_array(&w);
	for (size_t i = 0; i < agent_source_count(agent); i++) {
		struct agent_source_info info = agent_source_info(agent, i);
		json_begin_object(&w);
		json_key_string(&w, "name", info.name);
		json_key_string(&w, "url", info.display);
		json_key_bool(&w, "failing", info.is_failing);
		add_time(&w, "lastAnswer", info.fresh_ns);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
}

static bool all_good(const struct agent *agent)
{
	for (size_t i = 0; i < agent_unit_count(agent); i++)
		if (agent_unit_info(agent, i).state != AGENT_UNIT_GOOD)
			return false;
	return true;
}

static void answer(void *ctx, const struct serve_request *request, struct serve_reply *reply)
{
	const struct runner *r = ctx;
	if (strcmp(request->path, "/metrics") == 0) {
		write_metrics(r, &reply->body);
	} else if (strcmp(request->path, "/status") == 0) {
		reply->content_type = "application/json";
		write_status(r->a.agent, &reply->body);
	} else if (strcmp(request->path, "/healthz") == 0) {
		reply->status = all_good(r->a.agent) ? 200 : 503;
		str_addz(&reply->body, reply->status == 200 ? "ok\n" : "not good\n");
	} else {
		reply->status = 404;
		str_addz(&reply->body, "not found: try /metrics, /status or /healthz\n");
	}
}

/* --- systemd --- */

/* Nothing happened for a while: it mostly waits. */
static void on_idle(void *ctx)
{
	(void)ctx;
	process_shrink();
}

/* Ready when every unit stands on good content once. */
static void on_settled(void *ctx, const char *unit)
{
	struct runner *r = ctx;
	if (r->children)
		children_settled(r->children, unit);
	if (!all_good(r->a.agent))
		return;
	notify_ready(r->notify, "every unit is as its sources say");
	loop_timer_set(r->idle, IDLE_AFTER_MS);
}

static void on_event(void *ctx, const struct agent_event *event)
{
	struct runner *r = ctx;
	config_agent_log(&r->a, event);
	if (event->error)
		notify_status(r->notify, err_message(event->error));
}

static void on_watchdog(void *ctx)
{
	struct runner *r = ctx;
	notify_watchdog(r->notify);
	loop_timer_set(r->watchdog, notify_watchdog_ms(r->notify));
}

static void on_hup(void *ctx)
{
	struct runner *r = ctx;
	notify_reloading(r->notify);
	agent_refresh(r->a.agent);
	notify_ready(r->notify, NULL);
}

/* --- the run --- */

static void runner_clear(struct runner *r)
{
	serve_free(r->serve);
	if (r->watchdog)
		loop_timer_free(r->watchdog);
	if (r->idle)
		loop_timer_free(r->idle);
	notify_free(r->notify);
	children_end(r->children);
	agent_free(steal(&r->a.agent));
	children_free(r->children);
	config_agent_clear(&r->a);
}

static err *add_children(struct runner *r, struct agent_options *options)
{
	const struct children_options children = {
		.loop = r->a.loop, .config = r->a.config, .ui = r->a.ui, .on_hup = on_hup, .ctx = r
	};
	if (!children_are_wanted(r->a.config))
		return NULL;
	TRY(children_new(&children, &r->children));
	options->reload_child = children_reload;
	options->child_is_alive = children_is_alive;
	options->children = r->children;
	return NULL;
}

static err *start(struct cli_ctx *ctx, const struct run_args *args, struct runner *r)
{
	struct agent_options options = { .uses_cache = !args->no_cache,
		                         .on_event = on_event,
		                         .on_settled = on_settled,
		                         .ctx = r };
	ui_set_log_format(ctx->ui, (enum ui_log_format)args->log_format);
	TRY(config_agent_open(ctx, args->path, true, &r->a));
	TRY(add_children(r, &options));
	TRY(config_agent_make(&r->a, &options));
	loop_on_hup(r->a.loop, on_hup, r);
	r->notify = notify_from_env();
	r->idle = loop_timer_new(r->a.loop, on_idle, r);
	if (args->metrics) {
		TRY(serve_new(r->a.loop, args->metrics, NULL, answer, r, &r->serve));
		ui_info(ctx->ui, "metrics on %s", serve_address(r->serve));
	}
	if (notify_watchdog_ms(r->notify) > 0) {
		r->watchdog = loop_timer_new(r->a.loop, on_watchdog, r);
		on_watchdog(r);
	}
	agent_start(r->a.agent);
	return NULL;
}

static err *run_run(struct cli_ctx *ctx, const void *data)
{
	AUTO(runner) r = { .a = { .ui = ctx->ui } };
	TRY(start(ctx, data, &r));
	err *e = loop_run(r.a.loop);
	notify_stopping(r.notify);
	if (e && cancel_is_set(r.a.cancel)) {
		err_ignore(e, "this is how an agent ends");
		return NULL;
	}
	return e;
}

const struct cli_cmd cmd_config_run = {
	.name = "run",
	.brief = "keep files and processes hot: the agent",
	.about =
		"Follow the sources and render, check, swap and reload at each change, for ever. A source that "
		"is down, content a guard or a check refuses and a daemon that does not get well are told and "
		"survived: the last good content stays, also across a restart of the agent (encrypted, in the "
		"state folder). HUP reads everything again.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config render, config watch",
	.args_size = sizeof(struct run_args),
	.run = run_run,
};
