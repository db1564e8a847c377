/* fettle config watch: changes as they happen. */
#include "base/base.h"

#include "config_common.h"
#include "json/json.h"
#include "pal/loop.h"
#include "pal/sig.h"

struct watch_args {
	const char *path;
	int output;
	bool show_secrets, once;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct watch_args, path), .arg = "path", .help = "only what is below this path" },
	{ CLI_FLAG(struct watch_args, once), .name = "once",
	  .help = "end after the first change that comes", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct watch_args, show_secrets), .name = "show-secrets",
	  .help = "show values of keys that look secret", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct watch_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format; json: one object a line", .def = "text" },
	CONFIG_SOURCE_OPTS(struct watch_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "everything in a source", "fettle config watch --from etcd://127.0.0.1:2379/shop" },
	{ "wait until something changes", "fettle config watch db --once --from file:conf.d" },
	{ NULL, NULL }
};

struct watching {
	struct ui *ui;
	const struct watch_args *args;
	struct loop *loop;
	struct kv_set *seen;
	err *error; /* of writing: ends it */
};

static void print(struct watching *w, const char *what, enum ui_style style,
                  const struct kv_pair *pair, bool has_value)
{
	AUTO(str) text = STR_INIT;
	bool shows = w->args->show_secrets || !config_is_secret(pair->key);
	if (w->args->output == OUT_JSON) {
		struct json_writer json = json_writer_init(&text, JSON_ONE_LINE);
		json_begin_object(&json);
		json_key_string(&json, "change", what);
		json_key_string(&json, "key", pair->key);
		if (has_value && shows) {
			json_key(&json, "value");
			json_textn(&json, pair->value, pair->len);
		}
		if (pair->version)
			json_key_int(&json, "version", (int64_t)pair->version);
		json_end_object(&json);
		ui_out(w->ui, "%s\n", text.ptr);
		return;
	}
	if (has_value)
		config_add_value(&text, pair, shows);
	ui_out_styled(w->ui, style, "%-7s %s", what, pair->key);
	ui_out(w->ui, "%s%s\n", has_value ? " = " : "", text.ptr);
}

static void print_changes(struct watching *w, const struct kv_set *set)
{
	for (size_t i = 0; i < kv_set_len(w->seen); i++)
		if (!kv_set_find(set, kv_set_at(w->seen, i)->key))
			print(w, "removed", UI_STYLE_REMOVED, kv_set_at(w->seen, i), false);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i),
				     *before = kv_set_find(w->seen, pair->key);
		if (!before)
			print(w, w->seen ? "added" : "is", w->seen ? UI_STYLE_ADDED : UI_PLAIN,
			      pair, true);
		else if (!view_equal((struct view){ before->value, before->len },
		                     (struct view){ pair->value, pair->len }))
			print(w, "changed", UI_STYLE_WARNING, pair, true);
	}
}

static void on_set(void *ctx, struct kv_watch *watch, struct kv_set *set)
{
	struct watching *w = ctx;
	bool is_first = !w->seen;
	(void)watch;
	print_changes(w, set);
	kv_set_free(w->seen);
	w->seen = kv_set_ref(set);
	w->error = ui_flush(w->ui);
	if (w->error || ui_out_is_closed(w->ui) || (!is_first && w->args->once))
		loop_stop(w->loop);
}

static void on_error(void *ctx, struct kv_watch *watch, const err *e, int64_t retry_ms)
{
	struct watching *w = ctx;
	(void)watch;
	if (retry_ms >= 0)
		ui_warn(w->ui, "%s; trying again in %.1f s", err_message(e),
		        (double)retry_ms / 1000);
	else
		ui_warn(w->ui, "%s", err_message(e));
}

static err *run_watch(struct cli_ctx *ctx, const void *data)
{
	const struct watch_args *args = data;
	AUTO(config_source) source = { 0 };
	TRY(config_source_open(ctx, &args->source, &source));
	struct watching watching = { .ui = ctx->ui, .args = args, .loop = source.loop };
	struct kv_events events = { on_set, on_error, &watching };
	(void)kv_watch_new(source.kv, KV_TREE, args->path ? args->path : "", &events);
	err *e = loop_run(source.loop);
	kv_set_free(watching.seen);
	if (e && cancel_is_set(source.cancel)) {
		err_ignore(e, "the user ends it this way");
		ctx->app->stop_code = cancel_exit_code(source.cancel);
		return watching.error;
	}
	return e ? err_join(e, watching.error) : watching.error;
}

const struct cli_cmd cmd_config_watch = {
	.name = "watch",
	.brief = "print changes of a source as they happen",
	.about =
		"Print what is below a path, then each key that is added, changed or removed, until Ctrl-C. "
		"What goes wrong is told and tried again for ever. Values of keys that look secret are hidden "
		"unless --show-secrets is given.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config list",
	.args_size = sizeof(struct watch_args),
	.run = run_watch,
};
