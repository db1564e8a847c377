/* fettle config list: the keys of a source. */
#include "base/base.h"

#include "config_common.h"
#include "json/json.h"
#include "pal/clock.h"
#include "ui/table.h"

struct list_args {
	const char *path;
	int output;
	bool names, show_secrets;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct list_args, path), .arg = "path", .help = "only what is below this path" },
	{ CLI_FLAG(struct list_args, names), .name = "names", .help = "keys only, one in a line",
	  .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct list_args, show_secrets), .name = "show-secrets",
	  .help = "show values of keys that look secret", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct list_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CONFIG_SOURCE_OPTS(struct list_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "everything below shop/", "fettle config list shop --from consul://127.0.0.1:8500" },
	{ "the keys of a document", "fettle config list --names --from file:values.yaml" },
	{ NULL, NULL }
};

static void list_json(const struct kv_set *set, bool shows, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_array(&w);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		bool is_hidden = !shows && config_is_secret(pair->key);
		json_begin_object(&w);
		json_key_string(&w, "key", pair->key);
		json_key(&w, "value");
		if (is_hidden)
			json_nil(&w);
		else
			json_textn(&w, pair->value, pair->len);
		if (is_hidden)
			json_key_bool(&w, "hidden", true);
		if (pair->version)
			json_key_int(&w, "version", (int64_t)pair->version);
		json_end_object(&w);
	}
	json_end_array(&w);
}

static void list_table(struct ui *ui, const struct kv_set *set, bool shows)
{
	static const char *const heads[] = { "KEY", "VALUE" };
	AUTOPTR(ui_table) table = ui_table_new(2, heads);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		AUTO(str) value = STR_INIT;
		const struct kv_pair *pair = kv_set_at(set, i);
		config_add_value(&value, pair, shows);
		ui_table_add(table, UI_STYLE_PATH, "%s", pair->key);
		ui_table_add(table, UI_PLAIN, "%s", value.ptr);
	}
	ui_table_print(ui, table);
}

static err *run_list(struct cli_ctx *ctx, const void *data)
{
	const struct list_args *args = data;
	AUTO(config_source) source = { 0 };
	AUTOPTR(kv_set) set = NULL;
	AUTO(str) text = STR_INIT;
	TRY(config_source_open(ctx, &args->source, &source));
	TRY(kv_read(source.kv, KV_TREE, args->path ? args->path : "",
	            deadline_after(source.timeout_ms), &set));
	if (args->output == OUT_JSON)
		list_json(set, args->show_secrets, &text);
	else if (args->names)
		for (size_t i = 0; i < kv_set_len(set); i++)
			str_addf(&text, "%s\n", kv_set_at(set, i)->key);
	else if (kv_set_len(set) > 0)
		list_table(ctx->ui, set, args->show_secrets);
	ui_out_bytes(ctx->ui, text.ptr, text.len);
	if (kv_set_is_filtered(set))
		ui_warn(ctx->ui, "the server left out keys for lack of rights");
	return NULL;
}

const struct cli_cmd cmd_config_list = {
	.name = "list",
	.brief = "list the keys of a source",
	.about =
		"Read all keys below a path. Values of keys that look secret (password, token, …) are "
		"hidden unless --show-secrets is given.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config get, config watch",
	.args_size = sizeof(struct list_args),
	.run = run_list,
};
