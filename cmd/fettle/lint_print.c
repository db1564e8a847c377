#include "base/base.h"

#include "lint_print.h"

#include "lint/lint_config.h"
#include "lint/lint_rule.h"
#include "lint/report.h"

static enum ui_style style_of(uint8_t severity)
{
	static const enum ui_style styles[] = { UI_PLAIN, UI_STYLE_WARNING, UI_STYLE_ERROR };
	return styles[severity];
}

/* The line with a caret below what is meant. Tabs stay tabs, so that the caret stands right. */
static void print_snippet(struct ui *ui, const struct lint_finding *finding)
{
	const char *line = finding->line_text;
	if (!line || !*line)
		return;
	AUTO(str) mark = STR_INIT;
	size_t column = 1, width = 1;
	for (const char *at = line; *at && column < finding->at.column; at++) {
		if (((unsigned char)at[1] & 0xc0) != 0x80)
			column++;
		if (((unsigned char)*at & 0xc0) != 0x80)
			str_addch(&mark, *at == '\t' ? '\t' : ' ');
	}
	if (finding->at.end_line == finding->at.line && finding->at.end_column > finding->at.column)
		width = finding->at.end_column - finding->at.column;
	str_addch(&mark, '^');
	str_add_repeat(&mark, '~', MIN(width, (size_t)60) - 1);
	ui_out(ui, "%6" PRIu32 " | %s\n       | ", finding->at.line, line);
	ui_out_styled(ui, style_of(finding->severity), "%s", mark.ptr);
	ui_out(ui, "\n");
}

/* What to do, and the command that does it. */
static void print_fix(struct ui *ui, const struct lint_result *file,
                      const struct lint_finding *finding)
{
	if (!finding->fix)
		return;
	ui_out(ui, "  ✅ Fix: %s\n", finding->fix->text);
	if (finding->rule->flags & LINT_FIXABLE)
		ui_out(ui, "          fettle lint --fix --select %s %s\n", finding->rule->slug,
		       file->path);
}

static void print_pretty(struct ui *ui, const struct lint_result *file,
                         const struct lint_finding *finding)
{
	ui_out_styled(ui, UI_STYLE_PATH, "%s:%" PRIu32 ":%" PRIu32, file->path, finding->at.line,
	              finding->at.column);
	ui_out(ui, ": ");
	ui_out_styled(ui, style_of(finding->severity), "%s[%s]",
	              lint_severity_name(finding->severity), finding->rule->slug);
	ui_out(ui, " %s\n", finding->message);
	print_snippet(ui, finding);
	AUTO(str) object = STR_INIT;
	lint_add_object(finding, &object);
	if (object.len)
		ui_out(ui, "  in %s\n", object.ptr);
	print_fix(ui, file, finding);
	ui_out(ui, "\n");
}

static void print_line(struct ui *ui, const struct lint_result *file,
                       const struct lint_finding *finding)
{
	ui_out(ui, "%s:%" PRIu32 ":%" PRIu32 ": %s[%s] %s", file->path, finding->at.line,
	       finding->at.column, lint_severity_name(finding->severity), finding->rule->slug,
	       finding->message);
	AUTO(str) object = STR_INIT;
	lint_add_object(finding, &object);
	if (object.len)
		ui_out(ui, " (%s)", object.ptr);
	ui_out(ui, "\n");
	print_fix(ui, file, finding);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_summary(struct ui *ui, const struct lint_report *report)
{
	AUTO(str) text = STR_INIT;
	const size_t *counts = report->counts;
	str_addf(&text, "%zu file%s checked: ", report->n_checked, plural(report->n_checked));
	if (counts[0] + counts[1] + counts[2] == 0)
		str_addz(&text, "nothing found");
	else
		str_addf(&text, "%zu error%s, %zu warning%s, %zu info%s", counts[LINT_ERROR],
		         plural(counts[LINT_ERROR]), counts[LINT_WARNING],
		         plural(counts[LINT_WARNING]), counts[LINT_INFO],
		         plural(counts[LINT_INFO]));
	const struct {
		size_t count;
		const char *what;
	} skipped[] = {
		{ report->n_known, "known" },       { report->n_suppressed, "suppressed" },
		{ report->n_binary, "binary" },     { report->n_too_large, "too large" },
		{ report->n_symlinks, "symlinks" }, { report->n_unreadable, "unreadable" }
	};
	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (skipped[i].count)
			str_addf(&text, "; %zu %s", skipped[i].count, skipped[i].what);
	ui_info(ui, "%s", text.ptr);
}

void lint_print_text(struct ui *ui, const struct lint_report *report)
{
	bool is_pretty = ui_out_is_terminal(ui);
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++) {
			const struct lint_finding *finding = &report->files[f].findings[i];
			if (is_pretty)
				print_pretty(ui, &report->files[f], finding);
			else
				print_line(ui, &report->files[f], finding);
		}
	print_summary(ui, report);
}

void lint_complete_rules(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)app;
	(void)prefix;
	for (size_t f = 0; f < lint_family_count(); f++) {
		const struct lint_family *family = lint_family_at(f);
		cli_candidate(out, family->name, family->brief);
		for (size_t i = 0; i < family->n_rules; i++)
			cli_candidate(out, family->rules[i].slug, family->rules[i].brief);
	}
}

void lint_complete_profiles(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)app;
	(void)prefix;
	for (size_t i = 0; lint_profile_names[i]; i++)
		cli_candidate(out, lint_profile_names[i], NULL);
}
