/* fettle config history: the values one key had. */
#include "base/base.h"

#include "base/vec.h"
#include "config_common.h"
#include "json/json.h"
#include "pal/clock.h"
#include "ui/table.h"

struct history_args {
	const char *key;
	int64_t limit;
	int output;
	bool show_secrets;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct history_args, key), .arg = "key",
	  .help = "its path below the source: db/host", .flags = CLI_REQUIRED },
	{ CLI_INT(struct history_args, limit), .name = "limit", .arg = "number",
	  .help = "show so many, the newest first", .def = "20", .min = 1, .max = 10000 },
	{ CLI_FLAG(struct history_args, show_secrets), .name = "show-secrets",
	  .help = "also values of keys that look secret", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct history_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CONFIG_SOURCE_OPTS(struct history_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "what it was before", "fettle config history db/host --from etcd://127.0.0.1:2379/shop" },
	{ "put an old value back",
	  "fettle config get db/host --at 42 --from main | fettle config set db/host --from main" },
	{ NULL, NULL }
};

/* Of one key at several versions. */
struct past {
	VEC(struct kv_set *) sets;
	bool is_cut; /* the source has thrown away what was before */
};

static void past_clear(struct past *past)
{
	for (size_t i = 0; i < past->sets.len; i++)
		kv_set_free(past->sets.ptr[i]);
	vec_clear(&past->sets);
}

/* Each version tells when the one before it ended. */
static err *collect(const struct history_args *args, struct config_source *source,
                    struct past *past)
{
	struct deadline deadline = deadline_after(source->timeout_ms);
	uint64_t at = 0;
	while ((int64_t)past->sets.len < args->limit) {
		struct kv_set *set;
		err *e = kv_read_at(source->kv, args->key, at, deadline, &set);
		if (at && err_is(e, ERR_NOT_FOUND)) {
			err_ignore(e, "older ones are gone");
			past->is_cut = true;
			return NULL;
		}
		TRY(e);
		const struct kv_pair *pair = kv_set_find(set, "");
		if (!pair) {
			kv_set_free(set);
			return NULL;
		}
		vec_push(&past->sets, set);
		if (pair->version <= 1)
			return NULL;
		at = pair->version - 1;
	}
	return NULL;
}

static void print_json(const struct history_args *args, const struct past *past, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	bool is_hidden = !args->show_secrets && config_is_secret(args->key);
	json_begin_array(&w);
	for (size_t i = 0; i < past->sets.len; i++) {
		const struct kv_pair *pair = kv_set_find(past->sets.ptr[i], "");
		json_begin_object(&w);
		json_key_int(&w, "version", (int64_t)pair->version);
		json_key(&w, "value");
		if (is_hidden)
			json_nil(&w);
		else
			json_textn(&w, pair->value, pair->len);
		json_end_object(&w);
	}
	json_end_array(&w);
}

static void print_text(struct ui *ui, const struct history_args *args, const struct past *past)
{
	static const char *const heads[] = { "VERSION", "VALUE" };
	AUTOPTR(ui_table) table = ui_table_new(ARRAY_LEN(heads), heads);
	for (size_t i = 0; i < past->sets.len; i++) {
		AUTO(str) value = STR_INIT;
		const struct kv_pair *pair = kv_set_find(past->sets.ptr[i], "");
		const struct kv_pair named = { args->key, pair->value, pair->len, pair->version };
		config_add_value(&value, &named, args->show_secrets);
		ui_table_add(table, UI_PLAIN, "%" PRIu64, pair->version);
		ui_table_add(table, UI_PLAIN, "%s", value.ptr ? value.ptr : "");
	}
	ui_table_print(ui, table);
	if (past->is_cut)
		ui_info(ui, "the source keeps no older ones");
}

static err *run_history(struct cli_ctx *ctx, const void *data)
{
	const struct history_args *args = data;
	AUTO(config_source) source = { 0 };
	AUTO(past) past = { .is_cut = false };
	AUTO(str) text = STR_INIT;
	TRY(config_source_open(ctx, &args->source, &source));
	TRY(collect(args, &source, &past));
	if (past.sets.len == 0) {
		ui_error(ctx->ui, "there is no key '%s' in '%s'", args->key, kv_display(source.kv));
		ctx->exit_code = EXIT_CODE_NO;
		return NULL;
	}
	if (args->output == OUT_JSON)
		print_json(args, &past, &text);
	else
		print_text(ctx->ui, args, &past);
	ui_out_bytes(ctx->ui, text.ptr, text.len);
	return NULL;
}

const struct cli_cmd cmd_config_history = {
	.name = "history",
	.brief = "show the values one key had",
	.about =
		"Ask the source for the values a key had before, newest first, as far back as it keeps them: etcd "
		"until its compaction or the deletion of the key, Vault and OpenBao (KV version 2) as many as "
		"the mount keeps. Values of keys that look secret are hidden unless --show-secrets is given.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config get, config set, history",
	.args_size = sizeof(struct history_args),
	.run = run_history,
};
