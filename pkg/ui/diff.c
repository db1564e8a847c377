#include "base/base.h"

#include "ui/diff.h"

static void print_line(struct ui *ui, const struct linediff_line *line)
{
	static const char marks[] = {
		[LINEDIFF_SAME] = ' ', [LINEDIFF_REMOVED] = '-', [LINEDIFF_ADDED] = '+'
	};
	static const enum ui_style styles[] = { [LINEDIFF_SAME] = UI_PLAIN,
		                                [LINEDIFF_REMOVED] = UI_STYLE_REMOVED,
		                                [LINEDIFF_ADDED] = UI_STYLE_ADDED };
	AUTO(str) text = STR_INIT;
	str_addch(&text, marks[line->kind]);
	str_add(&text, line->text.ptr, line->text.len);
	ui_out_styled(ui, styles[line->kind], "%s", text.ptr);
	ui_out(ui, line->is_missing_newline ? "\n\\ No newline at end of file\n" : "\n");
}

static void print_hunk(struct ui *ui, const struct linediff_hunk *hunk)
{
	ui_out_styled(ui, UI_STYLE_PATH, "@@ -%zu,%zu +%zu,%zu @@", hunk->old_start,
	              hunk->old_count, hunk->new_start, hunk->new_count);
	ui_out(ui, "\n");
	for (size_t i = 0; i < hunk->line_count; i++)
		print_line(ui, &hunk->lines[i]);
}

void ui_diff(struct ui *ui, const struct linediff *diff, const char *old_name, const char *new_name)
{
	if (diff->is_equal)
		return;
	if (diff->is_binary) {
		ui_out(ui, "binary content differs\n");
		return;
	}
	if (old_name && new_name) {
		ui_out_styled(ui, UI_STYLE_REMOVED, "--- %s", old_name);
		ui_out(ui, "\n");
		ui_out_styled(ui, UI_STYLE_ADDED, "+++ %s", new_name);
		ui_out(ui, "\n");
	}
	for (size_t i = 0; i < diff->hunk_count; i++)
		print_hunk(ui, &diff->hunks[i]);
}
