#include "base/base.h"

#include "ui/ui.h"

#include "base/utf8.h"
#include "ui/escape.h"
#include "ui/internal.h"
#include "ui/json_text.h"

enum { ERRORS_SHOWN_MAX = 50, SNIPPET_COLUMNS = 100, SNIPPET_BEFORE = 60 };

/* Columns count bytes inside and characters outside. */
static size_t display_column(const struct err_place *place)
{
	if (!place->snippet || place->column == 0)
		return place->column;
	size_t before = MIN(place->column - 1, strlen(place->snippet));
	return utf8_count(place->snippet, before) + (place->column - before);
}

static void add_place(struct ui *ui, const struct err_place *place, struct str *out)
{
	str_addz(out, "  --> ");
	ui_add_style(ui, UI_STDERR, UI_STYLE_PATH, out);
	escape_add(out, place->file, strlen(place->file), 0);
	if (place->line)
		str_addf(out, ":%zu", place->line);
	if (place->line && place->column)
		str_addf(out, ":%zu", display_column(place));
	ui_add_plain(ui, UI_STDERR, UI_STYLE_PATH, out);
	str_addch(out, '\n');
}

/* Where the visible part of a long line begins, so that the column is in sight. */
static size_t window_start(const char *line, size_t column)
{
	size_t start = 0;
	while (escape_width(line + start, column - start) > SNIPPET_BEFORE + 20)
		start += escape_fit(line + start, column - start, 20);
	return start;
}

static size_t marked_width(const struct err_place *place, const char *from, size_t len)
{
	size_t marked = place->end_column > place->column ? place->end_column - place->column : 1;
	AUTO(str) shown = STR_INIT;
	escape_add(&shown, from, MIN(marked, len), 0);
	return MAX(escape_width(shown.ptr, shown.len), 1);
}

/*
 *    |
 * 14 |   - name: api
 *    |   ^^^^
 */
static void add_snippet(struct ui *ui, const struct err_place *place, struct str *out)
{
	const char *line = place->snippet;
	size_t len = strlen(line), column = MIN(place->column ? place->column - 1 : 0, len);
	size_t start = window_start(line, column);
	AUTO(str) number = STR_INIT;
	AUTO(str) before = STR_INIT;
	AUTO(str) shown = STR_INIT;
	str_addf(&number, "%zu", place->line);
	if (start > 0)
		str_addz(&before, "...");
	escape_add(&before, line + start, column - start, ESCAPE_KEEP_TABS);
	str_add_str(&shown, &before);
	escape_add(&shown, line + column, len - column, ESCAPE_KEEP_TABS);
	size_t fits = escape_fit(shown.ptr, shown.len, SNIPPET_COLUMNS);
	bool is_cut = fits < shown.len;
	str_truncate(&shown, fits);

	str_add_repeat(out, ' ', number.len);
	str_addf(out, " |\n%s | %s%s\n", number.ptr, shown.ptr, is_cut ? "..." : "");
	str_add_repeat(out, ' ', number.len);
	str_addz(out, " | ");
	/* Tabs stay tabs, so that the caret stands below its character whatever a tab is worth. */
	for (size_t at = 0, size; at < before.len; at += size) {
		size = MAX(escape_fit(before.ptr + at, before.len - at, 1), 1);
		if (before.ptr[at] == '\t')
			str_addch(out, '\t');
		else
			str_add_repeat(out, ' ', escape_width(before.ptr + at, size));
	}
	size_t room = SNIPPET_COLUMNS > escape_width(before.ptr, before.len)
	                      ? SNIPPET_COLUMNS - escape_width(before.ptr, before.len)
	                      : 1;
	ui_add_style(ui, UI_STDERR, UI_STYLE_ERROR, out);
	str_add_repeat(out, '^', MIN(marked_width(place, line + column, len - column), room));
	ui_add_plain(ui, UI_STDERR, UI_STYLE_ERROR, out);
	str_addch(out, '\n');
}

static void add_lines(struct str *out, const char *text)
{
	struct view rest = view_of(text), line;
	for (bool is_first = true; view_split(&rest, '\n', &line); is_first = false) {
		if (line.len == 0 && rest.len == 0)
			break; /* a line end at the very end */
		if (!is_first)
			str_addz(out, "\n    ");
		escape_add(out, line.ptr, line.len, ESCAPE_KEEP_TABS);
	}
	str_addch(out, '\n');
}

static void add_text(struct ui *ui, const err *e, struct str *out)
{
	str_addz(out, "fettle: ");
	ui_add_style(ui, UI_STDERR, UI_STYLE_ERROR, out);
	str_addz(out, err_is(e, ERR_INTERNAL) ? "internal error: " : "error: ");
	ui_add_plain(ui, UI_STDERR, UI_STYLE_ERROR, out);
	add_lines(out, err_message(e));
	const struct err_place *place = err_place(e);
	if (place)
		add_place(ui, place, out);
	if (place && place->snippet && place->line)
		add_snippet(ui, place, out);
	for (size_t i = 0; i < err_hint_count(e); i++) {
		str_addz(out, "  hint: ");
		add_lines(out, err_hint_text(e, i));
	}
}

static void add_members(const err *e, struct str *out)
{
	const struct err_place *place = err_place(e);
	str_addf(out, "{\"kind\":\"%s\",\"message\":", err_kind_name(err_kind(e)));
	json_text_add(out, err_message(e));
	str_addz(out, ",\"file\":");
	json_text_add(out, place ? place->file : NULL);
	if (place && place->line)
		str_addf(out, ",\"line\":%zu", place->line);
	else
		str_addz(out, ",\"line\":null");
	if (place && place->line && place->column)
		str_addf(out, ",\"column\":%zu", display_column(place));
	else
		str_addz(out, ",\"column\":null");
	str_addz(out, ",\"hints\":[");
	for (size_t i = 0; i < err_hint_count(e); i++) {
		if (i > 0)
			str_addch(out, ',');
		json_text_add(out, err_hint_text(e, i));
	}
	str_addch(out, ']');
}

/* The first error is "error"; independent ones found with it are its "others". */
static void add_json(const err *e, struct str *out)
{
	str_addz(out, "{\"error\":");
	add_members(e, out);
	if (err_next(e))
		str_addz(out, ",\"others\":[");
	for (const err *other = err_next(e); other; other = err_next(other)) {
		add_members(other, out);
		str_addz(out, err_next(other) ? "}," : "}]");
	}
	str_addz(out, "}}\n");
}

static void add_all_texts(struct ui *ui, const err *e, struct str *out)
{
	size_t count = err_count(e), shown = 0;
	for (; e && shown < ERRORS_SHOWN_MAX; e = err_next(e), shown++)
		add_text(ui, e, out);
	if (count > shown)
		str_addf(out, "fettle: %zu errors, the first %zu are shown\n", count, shown);
	else if (count > 1)
		str_addf(out, "fettle: %zu errors\n", count);
}

void ui_print_err(struct ui *ui, const err *e)
{
	AUTO(str) out = STR_INIT;
	if (ui->has_json_errors || ui->config.log_format == UI_LOG_JSON)
		add_json(e, &out);
	else
		add_all_texts(ui, e, &out);
	ui_say(ui, &out);
}
