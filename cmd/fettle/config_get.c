/* fettle config get: the value of one key. */
#include "base/base.h"

#include "config_common.h"
#include "json/json.h"
#include "pal/clock.h"

struct get_args {
	const char *key;
	int output;
	int64_t at;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct get_args, key), .arg = "key", .help = "its path below the source: db/host",
	  .flags = CLI_REQUIRED },
	{ CLI_ENUM(struct get_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_INT(struct get_args, at), .name = "at", .arg = "version",
	  .help = "as it was at this version (see config history)", .def = "0", .min = 0,
	  .max = INT64_MAX },
	CONFIG_SOURCE_OPTS(struct get_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "for a script", "host=$(fettle config get db/host --from etcd://127.0.0.1:2379/shop)" },
	{ "a value of an encrypted document",
	  "fettle config get db/password --from file:secrets/prod.yaml" },
	{ NULL, NULL }
};

static void add_json(const struct kv_pair *pair, const char *key, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "key", key);
	json_key(&w, "value");
	json_textn(&w, pair->value, pair->len);
	if (pair->version)
		json_key_int(&w, "version", (int64_t)pair->version);
	json_end_object(&w);
}

static err *run_get(struct cli_ctx *ctx, const void *data)
{
	const struct get_args *args = data;
	AUTO(config_source) source = { 0 };
	AUTOPTR(kv_set) set = NULL;
	AUTO(str) text = STR_INIT;
	TRY(config_source_open(ctx, &args->source, &source));
	struct deadline deadline = deadline_after(source.timeout_ms);
	TRY(args->at ? kv_read_at(source.kv, args->key, (uint64_t)args->at, deadline, &set)
	             : kv_read(source.kv, KV_KEY, args->key, deadline, &set));
	const struct kv_pair *pair = kv_set_find(set, "");
	if (!pair) {
		ui_error(ctx->ui, "there is no key '%s' in '%s'", args->key, kv_display(source.kv));
		ctx->exit_code = EXIT_CODE_NO;
		return NULL;
	}
	if (args->output == OUT_JSON)
		add_json(pair, args->key, &text);
	else
		str_add(&text, pair->value, pair->len);
	if (ui_out_is_terminal(ctx->ui) && text.len && text.ptr[text.len - 1] != '\n')
		str_addch(&text, '\n');
	ui_out_bytes(ctx->ui, text.ptr, text.len);
	return NULL;
}

const struct cli_cmd cmd_config_get = {
	.name = "get",
	.brief = "print the value of one key",
	.about =
		"Read one key from a source and print its value, exactly, with a line end only on a "
		"terminal. Documents are trees: the key of a leaf is its names joined by '/'.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config list, config set, config history",
	.args_size = sizeof(struct get_args),
	.run = run_get,
};
