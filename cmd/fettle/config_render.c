/* fettle config render: once, what `config run` does for ever. */
#include "base/base.h"

#include "base/arena.h"
#include "config_agent.h"
#include "json/json.h"
#include "pal/fs.h"
#include "ui/diff.h"

struct render_args {
	const char *path, *unit, *template, *data, *from, *flavour, *missing_key;
	bool dry_run, diff, show_secrets;
	int64_t timeout;
	int output;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct render_args, path), .arg = "path",
	  .help = "file or folder of the configuration; fettle.yaml by default",
	  .words = CLI_WORDS_FILES },
	{ CLI_STR(struct render_args, unit), .name = "unit", .arg = "name",
	  .help = "only this unit", .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct render_args, template), .name = "template", .arg = "file",
	  .help = "render this one template to standard output instead", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct render_args, data), .name = "data", .arg = "file",
	  .help = "with --template: YAML or JSON that is its dot", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct render_args, from), .name = "from", .arg = "source",
	  .help = "with --template: URL of the source it reads", .env = "FETTLE_CONFIG_FROM",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct render_args, flavour), .name = "flavour", .arg = "name",
	  .help = "with --template: plain, consul-template, confd, mustache or shell",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct render_args, missing_key), .name = "missing-key", .arg = "what",
	  .help = "with --template: error or no-value; by its flavour when absent",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct render_args, dry_run), .letter = 'n', .name = "dry-run",
	  .help = "only tell which files would change", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct render_args, diff), .name = "diff",
	  .help = "show how files would change, and change nothing", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct render_args, show_secrets), .name = "show-secrets",
	  .help = "show values of keys that look secret", .flags = CLI_NO_NEGATION },
	{ CLI_DURATION(struct render_args, timeout), .name = "timeout", .arg = "duration",
	  .help = "give up after this time", .def = "30s", .min = 1, .max = 3600000 },
	{ CLI_ENUM(struct render_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "what the agent would change on this machine", "fettle config render --diff agent.yaml" },
	{ "one template with data, to look at",
	  "fettle config render --template app.ctmpl --from etcd://127.0.0.1:2379/shop" },
	{ "do it once, in a start script", "fettle config render agent.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "everything is as the sources say" },
	                                 { 1, "with --dry-run or --diff: files would change" },
	                                 { 2, "bad usage, or a broken configuration or template" },
	                                 { 3, "a source or a file cannot be read or written" },
	                                 { 4, "a source refuses the credentials" },
	                                 { 5, "a check or the daemon refused the new content" },
	                                 { 124, "the sources did not say everything in time" },
	                                 { 0, NULL } };

struct preview {
	struct ui *ui;
	const struct render_args *args;
	const struct agent *agent;
	struct json_writer *json;
	size_t changed;
};

static err *read_old(const char *path, struct str *text)
{
	err *e = fs_read_file(path, (size_t)256 << 20, text);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		str_reset(text);
		return NULL;
	}
	return e;
}

static void show(struct preview *p, size_t unit, const char *path, struct view before,
                 struct view after)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) masked_old = STR_INIT;
	AUTO(str) masked_new = STR_INIT;
	struct linediff diff;
	if (!p->args->diff) {
		ui_out(p->ui, "%s\n", path);
		return;
	}
	if (!p->args->show_secrets) {
		agent_mask(p->agent, unit, config_is_secret, before, &masked_old);
		agent_mask(p->agent, unit, config_is_secret, after, &masked_new);
		before = view_str(&masked_old);
		after = view_str(&masked_new);
	}
	linediff_make(before, after, 3, &arena, &diff);
	ui_diff(p->ui, &diff, path, path);
	if (diff.is_equal)
		ui_out(p->ui, "%s: only hidden values differ\n", path);
}

static err *preview_file(struct preview *p, size_t unit, size_t index)
{
	AUTO(str) old = STR_INIT;
	const char *path = agent_output_path(p->agent, unit, index);
	struct view after = agent_output(p->agent, unit, index);
	TRY(read_old(path, &old));
	bool differs = !view_equal(view_str(&old), after) || !fs_exists(path);
	p->changed += differs;
	if (p->json) {
		json_begin_object(p->json);
		json_key_string(p->json, "unit", agent_unit_info(p->agent, unit).name);
		json_key_string(p->json, "path", path);
		json_key_bool(p->json, "changes", differs);
		json_end_object(p->json);
	} else if (differs) {
		show(p, unit, path, view_str(&old), after);
	}
	return NULL;
}

static err *preview_all(struct cli_ctx *ctx, const struct render_args *args,
                        const struct agent *agent)
{
	AUTO(str) text = STR_INIT;
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	struct preview p = { ctx->ui, args, agent, args->output == OUT_JSON ? &json : NULL, 0 };
	if (p.json)
		json_begin_array(p.json);
	for (size_t u = 0; u < agent_unit_count(agent); u++)
		for (size_t i = 0; i < agent_output_count(agent, u); i++)
			TRY(preview_file(&p, u, i));
	if (p.json)
		json_end_array(p.json);
	ui_out_bytes(ctx->ui, text.ptr, text.len);
	if (p.changed)
		ctx->exit_code = EXIT_CODE_NO;
	return NULL;
}

static err *outcome(struct cli_ctx *ctx, const struct config_agent *a)
{
	for (size_t i = 0; i < agent_unit_count(a->agent); i++) {
		struct agent_unit_info info = agent_unit_info(a->agent, i);
		if (info.state != AGENT_UNIT_GOOD)
			ctx->exit_code = EXIT_CODE_CONFLICT;
	}
	return NULL;
}

/* One template, no configuration. */
static err *render_template(struct cli_ctx *ctx, const struct render_args *args)
{
	AUTO(config_agent) a = { 0 };
	AUTOPTR(agent_config) config = NULL;
	struct agent_options options = { .is_once = true, .is_dry = true };
	struct agent_template_file template = { args->template, args->data, args->flavour,
		                                args->missing_key };
	if (args->from)
		TRY(agent_config_of_url(args->from, &config));
	else
		config = agent_config_new();
	TRY(agent_config_add_template(config, &template));
	TRY(config_agent_open_with(ctx, steal(&config), false, &a));
	TRY(config_agent_make(&a, &options));
	TRY(config_agent_run_once(&a, args->timeout));
	struct view out = agent_output(a.agent, 0, 0);
	ui_out_bytes(ctx->ui, out.ptr, out.len);
	return NULL;
}

static err *run_render(struct cli_ctx *ctx, const void *data)
{
	const struct render_args *args = data;
	AUTO(config_agent) a = { 0 };
	bool is_dry = args->dry_run || args->diff;
	if (args->template)
		return render_template(ctx, args);
	struct agent_options options = { .is_once = true,
		                         .is_dry = is_dry,
		                         .only_unit = args->unit };
	TRY(config_agent_open(ctx, args->path, false, &a));
	TRY(config_agent_make(&a, &options));
	TRY(config_agent_run_once(&a, args->timeout));
	return is_dry ? preview_all(ctx, args, a.agent) : outcome(ctx, &a);
}

const struct cli_cmd cmd_config_render = {
	.name = "render",
	.brief = "render, check and swap files once",
	.about =
		"Read the sources, render the templates of each unit together, check the result as the unit "
		"says, put it in place and reload once; if the daemon does not get well, put the old files "
		"back. Exactly what `config run` does at each change. With --dry-run or --diff nothing is "
		"written.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config run, config explain",
	.args_size = sizeof(struct render_args),
	.run = run_render,
};
