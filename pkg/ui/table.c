#include "base/base.h"

#include "ui/table.h"

#include "base/vec.h"
#include "ui/escape.h"
#include "ui/internal.h"

enum { GAP = 2 };

struct cell {
	char *text;
	size_t width;
	enum ui_style style;
};

struct ui_table {
	size_t n_columns;
	const char *const *headings;
	VEC(struct cell) cells;
};

struct ui_table *ui_table_new(size_t n_columns, const char *const *headings)
{
	struct ui_table *table = MEM_NEW(struct ui_table);
	table->n_columns = n_columns;
	table->headings = headings;
	return table;
}

void ui_table_free(struct ui_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cells.len; i++)
		mem_free(table->cells.ptr[i].text);
	vec_clear(&table->cells);
	mem_free(table);
}

void ui_table_add(struct ui_table *table, enum ui_style style, const char *fmt, ...)
{
	AUTO(str) raw = STR_INIT;
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&raw, fmt, args);
	va_end(args);
	escape_add(&text, raw.ptr, raw.len, 0);
	struct cell cell = { .width = escape_width(text.ptr, text.len), .style = style };
	cell.text = str_detach(&text);
	vec_push(&table->cells, cell);
}

size_t ui_table_rows(const struct ui_table *table)
{
	return table->cells.len / table->n_columns;
}

static size_t column_width(const struct ui_table *table, size_t column)
{
	size_t width = strlen(table->headings[column]);
	for (size_t i = column; i < table->cells.len; i += table->n_columns)
		width = MAX(width, table->cells.ptr[i].width);
	return width;
}

/* Columns left for the last column, SIZE_MAX for as many as it likes. */
static size_t last_room(struct ui *ui, size_t before)
{
	enum { LEAST = 10 };
	if (!ui_out_is_terminal(ui))
		return SIZE_MAX;
	size_t columns = ui->io.columns(ui->io.data);
	if (columns == 0)
		return SIZE_MAX;
	return columns > before + LEAST ? columns - before : LEAST;
}

static void print_cell(struct ui *ui, const struct cell *cell, size_t width, bool is_last)
{
	size_t len = strlen(cell->text);
	if (!is_last) {
		ui_out_styled(ui, cell->style, "%s", cell->text);
		ui_out(ui, "%*s", (int)(width - cell->width + GAP), "");
	} else if (cell->width > width) {
		size_t fits = escape_fit(cell->text, len, width - 3);
		ui_out_styled(ui, cell->style, "%.*s...", (int)fits, cell->text);
	} else {
		ui_out_styled(ui, cell->style, "%s", cell->text);
	}
	if (is_last)
		ui_out(ui, "\n");
}

void ui_table_print(struct ui *ui, const struct ui_table *table)
{
	size_t n = table->n_columns, before = 0;
	if (table->cells.len == 0)
		return;
	AUTOFREE size_t *widths = mem_zalloc(n, sizeof(*widths));
	for (size_t i = 0; i + 1 < n; i++) {
		widths[i] = column_width(table, i);
		before += widths[i] + GAP;
	}
	widths[n - 1] = last_room(ui, before);
	for (size_t i = 0; i < n; i++)
		ui_out(ui, "%s%*s", table->headings[i],
		       i + 1 < n ? (int)(widths[i] - strlen(table->headings[i]) + GAP) : 0,
		       i + 1 < n ? "" : "");
	ui_out(ui, "\n");
	for (size_t i = 0; i < table->cells.len; i++)
		print_cell(ui, &table->cells.ptr[i], widths[i % n], i % n == n - 1);
}
