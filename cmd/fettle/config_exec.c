/* fettle config exec: a program whose environment is configuration. */
#include "base/base.h"

#include "agent/agent_cache.h"
#include "base/path.h"
#include "config_agent.h"
#include "crypto/secret.h"
#include "pal/argv.h"
#include "pal/loop.h"
#include "pal/proc.h"
#include "supervise/supervise.h"

#include <ctype.h>

struct exec_args {
	struct strs command;
	const char *path, *prefix, *signal, *kill_signal;
	int on_change, restart;
	int64_t kill_timeout, splay;
	bool keep_case, pristine, no_cache;
	struct config_source_args source;
};

static const struct cli_choice changes[] = { { "restart", SUPERVISE_RESTART,
	                                       "end it and start it again" },
	                                     { "signal", SUPERVISE_SIGNAL, "send it --signal" },
	                                     { "none", SUPERVISE_NOTHING, "nothing" },
	                                     { NULL, 0, NULL } };

static const struct cli_choice restarts[] = { { "never", SUPERVISE_NEVER, "its end is our end" },
	                                      { "on-failure", SUPERVISE_ON_FAILURE,
	                                        "when it fails" },
	                                      { "always", SUPERVISE_ALWAYS, "whenever it ends" },
	                                      { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct exec_args, command), .arg = "command",
	  .help = "behind --: the program and its arguments", .flags = CLI_REQUIRED },
	{ CLI_STR(struct exec_args, path), .name = "path", .arg = "path",
	  .help = "only keys below this path", .def = "" },
	{ CLI_STR(struct exec_args, prefix), .name = "prefix", .arg = "text",
	  .help = "what the names of the variables begin with", .def = "" },
	{ CLI_FLAG(struct exec_args, keep_case), .name = "keep-case",
	  .help = "do not make names upper case", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct exec_args, pristine), .name = "pristine",
	  .help = "nothing of our own environment but PATH, HOME, TERM and the like",
	  .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct exec_args, on_change, changes), .name = "on-change", .arg = "what",
	  .help = "what a change does to the program", .def = "restart" },
	{ CLI_STR(struct exec_args, signal), .name = "signal", .arg = "name",
	  .help = "with --on-change signal", .def = "HUP" },
	{ CLI_ENUM(struct exec_args, restart, restarts), .name = "restart", .arg = "when",
	  .help = "start it again when it ended by itself", .def = "never" },
	{ CLI_STR(struct exec_args, kill_signal), .name = "kill-signal", .arg = "name",
	  .help = "how it is asked to end", .def = "TERM", .flags = CLI_RARE },
	{ CLI_DURATION(struct exec_args, kill_timeout), .name = "kill-timeout", .arg = "duration",
	  .help = "KILL follows after this time", .def = "30s", .min = 1, .max = 86400000,
	  .flags = CLI_RARE },
	{ CLI_DURATION(struct exec_args, splay), .name = "splay", .arg = "duration",
	  .help = "act on a change after a random part of this time", .max = 86400000,
	  .flags = CLI_RARE },
	{ CLI_FLAG(struct exec_args, no_cache), .name = "no-cache",
	  .help = "keep no last known good content on disk", .flags = CLI_NO_NEGATION | CLI_RARE },
	CONFIG_SOURCE_OPTS(struct exec_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "DB_HOST and the like from etcd, restarted when they change",
	  "fettle config exec --from etcd://127.0.0.1:2379/shop -- ./server --port 80" },
	{ "values of an encrypted file, HUP when it changes",
	  "fettle config exec --from file:prod.yaml --on-change signal -- nginx" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "the program ended well; any other code of it is passed on, 128 + N for signal N" },
	{ 2, "bad usage" },
	{ 3, "the source cannot be read" },
	{ 4, "the source refuses the credentials" },
	{ 126, "the program cannot be started" },
	{ 127, "there is no such program" },
	{ 0, NULL }
};

struct runner {
	struct ui *ui;
	const struct exec_args *args;
	struct config_source source;
	struct agent_cache *cache;
	struct kv_watch *watch;
	struct proc_family *family;
	struct supervise_spec spec;
	struct supervise *child;
	err *problem;
	bool is_started;
};

/* --- the environment --- */

static void wipe_env(struct strs *env)
{
	for (size_t i = 0; i < env->len; i++)
		secret_wipe(env->ptr[i], strlen(env->ptr[i]));
	strs_clear(env);
}

/* "db/host" is DB_HOST. */
static void add_variable(const struct runner *r, const struct kv_pair *pair, struct strs *env)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, r->args->prefix);
	for (const char *c = pair->key; *c; c++) {
		bool is_kept = isalnum((unsigned char)*c) || *c == '_';
		char letter = r->args->keep_case ? *c : (char)toupper((unsigned char)*c);
		str_addch(&text, is_kept ? letter : '_');
	}
	if (text.len == 0 || isdigit((unsigned char)text.ptr[0]) ||
	    memchr(pair->value, '\0', pair->len)) {
		ui_warn(r->ui, "the key '%s' cannot be a variable", pair->key);
		return;
	}
	str_addch(&text, '=');
	str_add(&text, pair->value, pair->len);
	strs_push(env, text.ptr);
	secret_wipe(text.ptr, text.len);
}

static bool is_kept_when_pristine(const char *variable)
{
	static const char *const kept[] = { "PATH=",   "HOME=", "USER=",       "LOGNAME=",
		                            "SHELL=",  "TERM=", "LANG=",       "TZ=",
		                            "TMPDIR=", "PWD=",  "SYSTEMROOT=", "TEMP=" };
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (str_starts(variable, kept[i]))
			return true;
	return str_starts(variable, "LC_");
}

static void build_env(const struct runner *r, const struct kv_set *set, struct strs *env)
{
	AUTO(strs) ours = STRS_INIT;
	if (r->args->pristine)
		env_list(&ours);
	for (size_t i = 0; i < ours.len; i++)
		if (!is_kept_when_pristine(ours.ptr[i])) {
			AUTOFREE char *name = mem_strndup(ours.ptr[i], strcspn(ours.ptr[i], "="));
			strs_push(env, name);
		}
	for (size_t i = 0; i < kv_set_len(set); i++)
		if (*kv_set_at(set, i)->key)
			add_variable(r, kv_set_at(set, i), env);
}

/* --- news --- */

static void use(struct runner *r, const struct kv_set *set)
{
	struct strs env = STRS_INIT;
	build_env(r, set, &env);
	if (r->is_started)
		supervise_change(r->child, &env);
	else
		supervise_start(r->child, &env);
	r->is_started = true;
	wipe_env(&env);
}

static void on_set(void *ctx, struct kv_watch *watch, struct kv_set *set)
{
	struct runner *r = ctx;
	(void)watch;
	use(r, set);
	err *e = r->cache ? agent_cache_put(r->cache, kv_display(r->source.kv), KV_TREE,
	                                    r->args->path, set)
	                  : NULL;
	if (e)
		ui_warn(r->ui, "%s", err_message(e));
	err_free(e);
}

static bool start_from_cache(struct runner *r)
{
	struct kv_set *set = NULL;
	int64_t saved_ns;
	err *e = r->cache ? agent_cache_get(r->cache, kv_display(r->source.kv), KV_TREE,
	                                    r->args->path, &set, &saved_ns)
	                  : err_new(ERR_NOT_FOUND, "no cache");
	err_ignore(e, "then it waits for the source");
	if (!set)
		return false;
	ui_warn(r->ui, "starting with last known good configuration");
	kv_watch_seed(r->watch, set);
	use(r, set);
	kv_set_free(set);
	return true;
}

static void on_error(void *ctx, struct kv_watch *watch, const err *e, int64_t retry_ms)
{
	struct runner *r = ctx;
	bool is_final = !r->is_started &&
	                (err_is(e, ERR_AUTH) || err_is(e, ERR_DENIED) || err_is(e, ERR_USAGE) ||
	                 err_is(e, ERR_INVALID) || err_is(e, ERR_NOT_FOUND));
	(void)watch;
	if (!r->is_started && start_from_cache(r))
		return;
	if (is_final) {
		r->problem = err_new(err_kind(e), "%s", err_message(e));
		for (size_t i = 0; i < err_hint_count(e); i++)
			r->problem = err_hint(r->problem, "%s", err_hint_text(e, i));
		loop_stop(r->source.loop);
		return;
	}
	ui_warn(r->ui, "%s%s", err_message(e), retry_ms >= 0 ? "; trying again" : "");
}

static void on_child_event(void *ctx, const struct supervise_event *event)
{
	struct runner *r = ctx;
	switch (event->kind) {
	case SUPERVISE_STARTED:
		ui_debug(r->ui, "started '%s' as process %" PRId64, event->name, event->pid);
		break;
	case SUPERVISE_ENDED:
		if (event->signal)
			ui_debug(r->ui, "'%s' was ended by %s", event->name,
			         proc_signal_name(event->signal));
		else
			ui_debug(r->ui, "'%s' ended with %d", event->name, event->exit_code);
		break;
	case SUPERVISE_SIGNALLED:
		break;
	case SUPERVISE_KILLED:
		ui_warn(r->ui, "'%s' did not end in time and was killed", event->name);
		break;
	case SUPERVISE_PAUSED:
		ui_warn(r->ui, "'%s' ended; it is started again in %.1f s", event->name,
		        (double)event->pause_ms / 1000);
		break;
	case SUPERVISE_FAILED:
		ui_print_err(r->ui, event->error);
		break;
	case SUPERVISE_OVER:
		loop_stop(r->source.loop);
		break;
	}
}

static void on_signal(void *ctx, const char *name)
{
	struct runner *r = ctx;
	if (r->is_started)
		supervise_signal(r->child, name);
	else
		loop_stop(r->source.loop);
}

/* --- the run --- */

static void runner_clear(struct runner *r)
{
	supervise_free(r->child);
	proc_family_free(r->family);
	agent_cache_free(r->cache);
	config_source_clear(&r->source);
	err_free(r->problem);
}

static err *open_cache(struct cli_ctx *ctx, struct runner *r)
{
	AUTOFREE char *state = NULL;
	TRY(config_state_dir(ctx, &state));
	AUTOFREE char *dir = path_join(state, "known-good");
	return agent_cache_open(dir, &r->cache);
}

static err *start(struct cli_ctx *ctx, struct runner *r)
{
	const struct exec_args *args = r->args;
	struct proc_family_opts family = { .on_signal = on_signal,
		                           .ctx = r,
		                           .adopts_orphans = true };
	struct supervise_events events = { on_child_event, r };
	struct kv_events news = { on_set, on_error, r };
	int number;
	TRY(proc_signal_number(args->signal, &number));
	TRY(proc_signal_number(args->kill_signal, &number));
	TRY(config_source_open(ctx, &args->source, &r->source));
	if (!args->no_cache)
		TRY(open_cache(ctx, r));
	TRY(proc_family_new(r->source.loop, &family, &r->family));
	r->spec = (struct supervise_spec){ .name = path_base(args->command.ptr[0]),
		                           .argv = (const char *const *)args->command.ptr,
		                           .on_change = (enum supervise_on_change)args->on_change,
		                           .change_signal = args->signal,
		                           .kill_signal = args->kill_signal,
		                           .kill_timeout_ms = args->kill_timeout,
		                           .splay_ms = args->splay,
		                           .restart = (enum supervise_restart)args->restart };
	r->child = supervise_new(r->source.loop, r->family, &r->spec, &events);
	r->watch = kv_watch_new(r->source.kv, KV_TREE, args->path, &news);
	return NULL;
}

static err *run_exec(struct cli_ctx *ctx, const void *data)
{
	AUTO(runner) r = { .ui = ctx->ui, .args = data };
	TRY(start(ctx, &r));
	TRY(loop_run(r.source.loop));
	ctx->exit_code = r.is_started ? supervise_exit_code(r.child) : EXIT_CODE_INTERRUPTED;
	return steal(&r.problem);
}

const struct cli_cmd cmd_config_exec = {
	.name = "exec",
	.brief = "run a program with configuration in its environment",
	.about =
		"Read the keys below a path, put them into the environment of a program (db/host is DB_HOST) and "
		"run it without a shell. When a key changes the program is restarted, gets a signal, or nothing "
		"happens. Signals for us go to the program, its exit code is ours, and as process 1 of a "
		"container we reap what nobody waits for. While the source is down the program starts with what "
		"was there last.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config run, vault exec",
	.args_size = sizeof(struct exec_args),
	.run = run_exec,
};
