/* fettle config explain: which key made which line. */
#include "base/base.h"

#include "config_agent.h"
#include "json/json.h"
#include "ui/table.h"

struct explain_args {
	const char *path, *unit;
	int64_t timeout;
	int output;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct explain_args, path), .arg = "path",
	  .help = "file or folder of the configuration; fettle.yaml by default",
	  .words = CLI_WORDS_FILES },
	{ CLI_STR(struct explain_args, unit), .name = "unit", .arg = "name",
	  .help = "only this unit", .flags = CLI_NOT_EMPTY },
	{ CLI_DURATION(struct explain_args, timeout), .name = "timeout", .arg = "duration",
	  .help = "tell what is known after this time", .def = "5s", .min = 1, .max = 3600000 },
	{ CLI_ENUM(struct explain_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "where does each line come from", "fettle config explain agent.yaml" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "explained" },
	                                 { 2, "bad usage, or a broken configuration or template" },
	                                 { 3, "a source or a file cannot be read" },
	                                 { 4, "a source refuses the credentials" },
	                                 { 0, NULL } };

/* The line of the made file in which the answer begins. */
static size_t line_of(const struct agent *agent, size_t unit, const struct agent_lookup *lookup)
{
	size_t line = 1;
	for (size_t i = 0; i < agent_output_count(agent, unit); i++) {
		struct view out = agent_output(agent, unit, i);
		if (strcmp(agent_output_path(agent, unit, i), lookup->file) != 0)
			continue;
		for (size_t k = 0; k < lookup->out_offset && k < out.len; k++)
			line += out.ptr[k] == '\n';
	}
	return line;
}

static void add_text(struct ui_table *table, const struct agent_lookup *lookup, size_t line)
{
	ui_table_add(table, UI_STYLE_PATH, "%s:%zu", lookup->file, line);
	ui_table_add(table, UI_PLAIN, "%s %s", lookup->function, lookup->path);
	ui_table_add(table, UI_PLAIN, "%s", lookup->source);
	ui_table_add(table, UI_PLAIN, "line %zu%s", lookup->template_line,
	             lookup->is_absent ? ", absent" : "");
}

static void add_json(struct json_writer *w, const char *unit, const struct agent_lookup *lookup,
                     size_t line)
{
	json_begin_object(w);
	json_key_string(w, "unit", unit);
	json_key_string(w, "file", lookup->file);
	json_key_int(w, "line", (int64_t)line);
	json_key_string(w, "function", lookup->function);
	json_key_string(w, "key", lookup->path);
	json_key_string(w, "source", lookup->source);
	json_key_int(w, "templateLine", (int64_t)lookup->template_line);
	json_key_bool(w, "absent", lookup->is_absent);
	json_end_object(w);
}

static void explain(struct cli_ctx *ctx, const struct agent *agent, bool is_json)
{
	static const char *const heads[] = { "FILE", "ASKED", "SOURCE", "TEMPLATE" };
	AUTOPTR(ui_table) table = ui_table_new(4, heads);
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_array(&w);
	for (size_t u = 0; u < agent_unit_count(agent); u++)
		for (size_t i = 0; i < agent_lookup_count(agent, u); i++) {
			struct agent_lookup lookup = agent_lookup(agent, u, i);
			size_t line = line_of(agent, u, &lookup);
			add_text(table, &lookup, line);
			add_json(&w, agent_unit_info(agent, u).name, &lookup, line);
		}
	json_end_array(&w);
	if (is_json)
		ui_out_bytes(ctx->ui, text.ptr, text.len);
	else if (ui_table_rows(table) > 0)
		ui_table_print(ctx->ui, table);
}

static err *run_explain(struct cli_ctx *ctx, const void *data)
{
	const struct explain_args *args = data;
	AUTO(config_agent) a = { 0 };
	struct agent_options options = { .is_once = true, .is_dry = true, .only_unit = args->unit };
	TRY(config_agent_open(ctx, args->path, false, &a));
	TRY(config_agent_make(&a, &options));
	err *e = config_agent_run_once(&a, args->timeout);
	if (e && !err_is(e, ERR_TIMEOUT))
		return e;
	if (e)
		ui_warn(ctx->ui, "%s; what is asked for so far:", err_message(e));
	err_free(e);
	explain(ctx, a.agent, args->output == OUT_JSON);
	return NULL;
}

const struct cli_cmd cmd_config_explain = {
	.name = "explain",
	.brief = "show which key made which line",
	.about =
		"Render the templates without writing anything and list what each of them asked of which "
		"source, and in which line of the made file the answer begins. No values are shown.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config render",
	.args_size = sizeof(struct explain_args),
	.run = run_explain,
};
