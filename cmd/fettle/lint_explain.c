/* fettle lint explain: why a rule exists, and how to meet it. */
#include "base/base.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "cmds.h"
#include "lint/lint_rule.h"
#include "lint_print.h"

struct explain_args {
	int output;
	const char *slug;
};

static void print_block(struct ui *ui, const char *title, const char *text)
{
	ui_out(ui, "\n%s:\n", title);
	struct view rest = view_of(text), line;
	while (view_split(&rest, '\n', &line))
		if (line.len || rest.len)
			ui_out(ui, "    %.*s\n", (int)line.len, line.ptr);
}

static void print_rule(struct ui *ui, const struct lint_rule *rule)
{
	ui_out_styled(ui, UI_STYLE_PATH, "%s", rule->slug);
	ui_out(ui, " (%s, %s", lint_rule_family(rule)->name, lint_severity_name(rule->severity));
	if (rule->flags & LINT_FIXABLE)
		ui_out(ui, ", %s fix", lint_fix_text(rule));
	ui_out(ui, "): %s\n\n%s\n", rule->brief, rule->why);
	print_block(ui, "Bad", rule->bad);
	print_block(ui, "Good", rule->good);
	ui_out(ui, "\nIn profile: %s\n", lint_profile_text(rule));
	if (rule->origins)
		ui_out(ui, "Elsewhere: %s\n", rule->origins);
}

static err *unknown_rule(const char *slug)
{
	VEC(const char *) names = VEC_INIT;
	for (size_t f = 0; f < lint_family_count(); f++)
		for (size_t i = 0; i < lint_family_at(f)->n_rules; i++)
			vec_push(&names, lint_family_at(f)->rules[i].slug);
	const char *nearest = suggest_nearest(slug, names.ptr, names.len);
	vec_clear(&names);
	err *e = err_new(ERR_USAGE, "there is no rule '%s'", slug);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest)
	               : err_hint(e, "'fettle lint rules' lists them");
}

static err *run_explain(struct cli_ctx *ctx, const void *data)
{
	const struct explain_args *args = data;
	const struct lint_rule *rule = lint_rule_find(args->slug);
	if (!rule)
		return unknown_rule(args->slug);
	if (args->output == OUT_JSON)
		lint_print_rules_json(ctx->ui, rule);
	else
		print_rule(ctx->ui, rule);
	return ui_flush(ctx->ui);
}

static const struct cli_opt explain_opts[] = {
	{ CLI_ARG(struct explain_args, slug), .arg = "rule", .flags = CLI_REQUIRED,
	  .help = "slug, or the id another tool has for it", .complete = lint_complete_rules },
	{ CLI_ENUM(struct explain_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example explain_examples[] = {
	{ "why a rule exists, and how to meet it", "fettle lint explain syntax" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { EXIT_CODE_OK, "printed" },
	                                 { EXIT_CODE_USAGE, "wrong usage, or no such rule" },
	                                 { EXIT_CODE_FAILED,
	                                   "standard output could not be written" },
	                                 { 0, NULL } };

const struct cli_cmd cmd_lint_explain = {
	.name = "explain",
	.brief = "why a rule exists, and how to meet it",
	.about =
		"Prints the reason of a rule, what is wrong and what is right, and the ids other tools "
		"have for it.",
	.examples = explain_examples,
	.opts = explain_opts,
	.exits = exits,
	.see_also = "lint, lint rules",
	.args_size = sizeof(struct explain_args),
	.run = run_explain,
};
