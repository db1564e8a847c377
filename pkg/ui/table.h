/*
 * Rows of text in aligned columns on stdout. Cells are kept until the table is printed, since a
 * column is as wide as its widest cell (in terminal columns, not bytes). On a terminal too narrow
 * for all, the last column is cut; into a pipe nothing is.
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include "ui/ui.h"

struct ui_table;

/* `headings` (n of them) name the columns and are borrowed until printed. */
struct ui_table *ui_table_new(size_t n_columns, const char *const *headings);
void ui_table_free(struct ui_table *table);
AUTOPTR_DEFINE(ui_table)

/* The next cell, filled row by row. Control characters and newlines in it are shown escaped. */
void ui_table_add(struct ui_table *table, enum ui_style style, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
size_t ui_table_rows(const struct ui_table *table);
/* Heading and rows; a table without rows prints nothing. */
void ui_table_print(struct ui *ui, const struct ui_table *table);

#endif
