/* fettle lint rules: the catalogue. */
#include "base/base.h"

#include "cmds.h"
#include "json/json.h"
#include "lint/lint_rule.h"
#include "lint_print.h"
#include "ui/table.h"

struct rules_args {
	int output;
};

const char *lint_fix_text(const struct lint_rule *rule)
{
	if (!(rule->flags & LINT_FIXABLE))
		return "-";
	return rule->flags & LINT_UNSAFE_FIX ? "unsafe" : "safe";
}

const char *lint_profile_text(const struct lint_rule *rule)
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
	json_key_string(w, "profile", lint_profile_text(rule));
	json_key_string(w, "fix", rule->flags & LINT_FIXABLE ? lint_fix_text(rule) : NULL);
	json_key_string(w, "brief", rule->brief);
	json_key_string(w, "why", rule->why);
	json_key_string(w, "bad", rule->bad);
	json_key_string(w, "good", rule->good);
	json_key_string(w, "origins", rule->origins);
	json_end_object(w);
}

void lint_print_rules_json(struct ui *ui, const struct lint_rule *only)
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
		lint_print_rules_json(ctx->ui, NULL);
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
			ui_table_add(table, UI_PLAIN, "%s", lint_profile_text(rule));
			ui_table_add(table, UI_PLAIN, "%s", lint_fix_text(rule));
			ui_table_add(table, UI_PLAIN, "%s", rule->brief);
		}
	}
	ui_table_print(ctx->ui, table);
	return ui_flush(ctx->ui);
}

static const struct cli_opt rules_opts[] = { { CLI_ENUM(struct rules_args, output, out_text_json),
	                                       .letter = 'o', .name = "output", .arg = "format",
	                                       .help = "output format", .def = "text" },
	                                     CLI_END };

static const struct cli_example rules_examples[] = {
	{ "every rule with its family, severity and fix", "fettle lint rules" }, { NULL, NULL }
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
