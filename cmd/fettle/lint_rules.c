/* fettle lint rules, fettle lint explain: the catalogue. */
#include "base/base.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "cmds.h"
#include "json/json.h"
#include "lint/lint_rule.h"
#include "lint_print.h"
#include "ui/table.h"

struct rules_args {
	int output;
};

struct explain_args {
	int output;
	const char *slug;
};

static const char *fix_text(const struct lint_rule *rule)
{
	if (!(rule->flags & LINT_FIXABLE))
		return "-";
	return rule->flags & LINT_UNSAFE_FIX ? "unsafe" : "safe";
}

static const char *profile_text(const struct lint_rule *rule)
{
	if (rule->flags & LINT_OFF)
		return "selected only";
	if (rule->flags & LINT_STYLE)
		return "style";
	return rule->flags & LINT_RESTRICTED ? "restricted" : "default";
}

static void add_rule(struct json_writer *w, const struct lint_family *family,
                     const struct lint_rule *rule)
{
	json_begin_object(w);
	json_key_string(w, "rule", rule->slug);
	json_key_string(w, "family", family->name);
	json_key_string(w, "severity", lint_severity_name(rule->severity));
	json_key_string(w, "profile", profile_text(rule));
	json_key_string(w, "fix", rule->flags & LINT_FIXABLE ? fix_text(rule) : NULL);
	json_key_string(w, "brief", rule->brief);
	json_key_string(w, "why", rule->why);
	json_key_string(w, "bad", rule->bad);
	json_key_string(w, "good", rule->good);
	json_key_string(w, "origins", rule->origins);
	json_end_object(w);
}

static void print_json(struct ui *ui, const struct lint_rule *only)
{
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.lint-rules/1");
	json_key(&w, "rules");
	json_begin_array(&w);
	for (size_t f = 0; f < lint_family_count(); f++) {
		const struct lint_family *family = lint_family_at(f);
		for (size_t i = 0; i < family->n_rules; i++)
			if (!only || only == &family->rules[i])
				add_rule(&w, family, &family->rules[i]);
	}
	json_end_array(&w);
	json_end_object(&w);
	ui_out_bytes(ui, text.ptr, text.len);
}

static err *run_rules(struct cli_ctx *ctx, const void *data)
{
	const struct rules_args *args = data;
	if (args->output == OUT_JSON) {
		print_json(ctx->ui, NULL);
		return ui_flush(ctx->ui);
	}
	static const char *const headings[] = {
		"RULE", "FAMILY", "SEVERITY", "PROFILE", "FIX", ""
	};
	AUTOPTR(ui_table) table = ui_table_new(ARRAY_LEN(headings), headings);
	for (size_t f = 0; f < lint_family_count(); f++) {
		const struct lint_family *family = lint_family_at(f);
		for (size_t i = 0; i < family->n_rules; i++) {
			const struct lint_rule *rule = &family->rules[i];
			ui_table_add(table, UI_STYLE_PATH, "%s", rule->slug);
			ui_table_add(table, UI_PLAIN, "%s", family->name);
			ui_table_add(table, UI_PLAIN, "%s", lint_severity_name(rule->severity));
			ui_table_add(table, UI_PLAIN, "%s", profile_text(rule));
			ui_table_add(table, UI_PLAIN, "%s", fix_text(rule));
			ui_table_add(table, UI_PLAIN, "%s", rule->brief);
		}
	}
	ui_table_print(ctx->ui, table);
	return ui_flush(ctx->ui);
}

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
		ui_out(ui, ", %s fix", fix_text(rule));
	ui_out(ui, "): %s\n\n%s\n", rule->brief, rule->why);
	print_block(ui, "Bad", rule->bad);
	print_block(ui, "Good", rule->good);
	ui_out(ui, "\nIn profile: %s\n", profile_text(rule));
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
		print_json(ctx->ui, rule);
	else
		print_rule(ctx->ui, rule);
	return ui_flush(ctx->ui);
}

static const struct cli_opt rules_opts[] = { { CLI_ENUM(struct rules_args, output, out_text_json),
	                                       .letter = 'o', .name = "output", .arg = "format",
	                                       .help = "output format", .def = "text" },
	                                     CLI_END };

static const struct cli_opt explain_opts[] = {
	{ CLI_ARG(struct explain_args, slug), .arg = "rule", .flags = CLI_REQUIRED,
	  .help = "slug, or the id another tool has for it", .complete = lint_complete_rules },
	{ CLI_ENUM(struct explain_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example rules_examples[] = {
	{ "every rule with its family, severity and fix", "fettle lint rules" }, { NULL, NULL }
};

static const struct cli_example explain_examples[] = {
	{ "why a rule exists, and how to meet it", "fettle lint explain syntax" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { EXIT_CODE_OK, "printed" },
	                                 { EXIT_CODE_USAGE, "wrong usage, or no such rule" },
	                                 { EXIT_CODE_FAILED,
	                                   "standard output could not be written" },
	                                 { 0, NULL } };

const struct cli_cmd cmd_lint_rules = {
	.name = "rules",
	.brief = "list the rules",
	.about =
		"Prints every rule with its family, severity, the profile it belongs to, and whether it "
		"can be fixed.",
	.examples = rules_examples,
	.opts = rules_opts,
	.exits = exits,
	.see_also = "lint, lint explain",
	.args_size = sizeof(struct rules_args),
	.run = run_rules,
};

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
