#include "base/base.h"

#include "cmds.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "cli/help.h"

struct help_args {
	struct strs words;
};

static void complete_help(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)prefix;
	for (const struct cli_cmd *const *cmd = app->program->cmds; *cmd; cmd++)
		if (!(*cmd)->is_hidden)
			cli_candidate(out, (*cmd)->name, (*cmd)->brief);
	for (const struct topic *topic = topics; topic->name; topic++)
		cli_candidate(out, topic->name, topic->brief);
}

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct help_args, words), .arg = "topic",
	  .help = "a command or a topic; without one, the list of both",
	  .complete = complete_help },
	CLI_END,
};

static const struct cli_example examples[] = {
	{ "everything about one command", "fettle help settings show" },
	{ "what the exit codes mean", "fettle help exit-codes" },
	{ NULL, NULL },
};

static const struct cli_exit exits[] = {
	{ EXIT_CODE_OK, "printed" },
	{ EXIT_CODE_USAGE, "no such command or topic" },
	{ EXIT_CODE_FAILED, "standard output could not be written" },
	{ 0, NULL },
};

void print_help(struct ui *ui, const struct cli_parsed *parsed, bool is_long)
{
	AUTO(str) text = STR_INIT;
	if (is_long)
		cli_help_long(&fettle_program, parsed, ui_width(ui), &text);
	else
		cli_help_short(&fettle_program, parsed, ui_width(ui), &text);
	ui_out(ui, "%s", text.ptr);
}

static void print_list(struct ui *ui)
{
	AUTO(str) text = STR_INIT;
	cli_help_overview(&fettle_program, &text);
	ui_out(ui, "%s\nTopics:\n", text.ptr);
	for (const struct topic *topic = topics; topic->name; topic++)
		ui_out(ui, "  %-14s%s\n", topic->name, topic->brief);
}

static void print_topic(struct ui *ui, const struct topic *topic)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, topic->text);
	if (topic->add_more)
		topic->add_more(&text);
	ui_out(ui, "%s", text.ptr);
}

static err *unknown_topic(const struct strs *words)
{
	VEC(const char *) names = VEC_INIT;
	AUTO(str) typed = STR_INIT;
	for (size_t i = 0; i < words->len; i++)
		str_addf(&typed, "%s%s", i > 0 ? " " : "", words->ptr[i]);
	for (const struct topic *topic = topics; topic->name; topic++)
		vec_push(&names, topic->name);
	for (const struct cli_cmd *const *cmd = fettle_program.cmds; *cmd; cmd++)
		vec_push(&names, (*cmd)->name);
	const char *nearest = suggest_nearest(typed.ptr, names.ptr, names.len);
	vec_clear(&names);
	err *e = err_new(ERR_USAGE, "no help for '%s'", typed.ptr);
	if (nearest)
		return err_hint(e, "did you mean 'fettle help %s'?", nearest);
	return err_hint(e, "'fettle help' lists commands and topics");
}

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct strs *words = &((const struct help_args *)args)->words;
	struct cli_parsed path = { 0 };
	if (words->len == 0) {
		print_list(ctx->ui);
		return NULL;
	}
	for (const struct topic *topic = topics; words->len == 1 && topic->name; topic++)
		if (str_equal(topic->name, words->ptr[0])) {
			print_topic(ctx->ui, topic);
			return NULL;
		}
	if (!cli_find(&fettle_program, (const char *const *)words->ptr, words->len, &path))
		return unknown_topic(words);
	print_help(ctx->ui, &path, true);
	return NULL;
}

const struct cli_cmd cmd_help = {
	.name = "help",
	.group = "Help",
	.brief = "explain a command or a topic",
	.about = "Explains a command as its --help does, or one of the topics that belong to no "
		 "single command.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "version, settings show",
	.args_size = sizeof(struct help_args),
	.run = run,
};
