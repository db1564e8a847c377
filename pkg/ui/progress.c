#include "base/base.h"

#include "ui/ui.h"

#include "ui/escape.h"
#include "ui/internal.h"

enum { SHOW_AFTER_MS = 1000, REDRAW_MS = 100, COLUMNS_DEFAULT = 80 };

static void erase(struct ui *ui)
{
	static const char erase_line[] = "\r\x1b[K";
	if (ui->phase.is_drawn)
		ui_write_stderr(ui, erase_line, sizeof(erase_line) - 1);
	ui->phase.is_drawn = false;
}

void ui_erase_progress(struct ui *ui)
{
	erase(ui);
}

static void announce(struct ui *ui)
{
	if (ui->phase.is_announced)
		return;
	ui->phase.is_announced = true;
	ui_info(ui, "%s", ui->phase.text.ptr);
}

static void draw(struct ui *ui, int64_t now_ms, uint64_t done, uint64_t total)
{
	AUTO(str) line = STR_INIT;
	escape_add(&line, ui->phase.text.ptr, ui->phase.text.len, 0);
	if (total > 0)
		str_addf(&line, " %u%% (%" PRIu64 "/%" PRIu64 ")",
		         (unsigned)((double)MIN(done, total) * 100.0 / (double)total), done, total);
	else if (done > 0)
		str_addf(&line, " %" PRIu64, done);
	size_t columns = ui->io.columns(ui->io.data);
	/* One column less: a full line would wrap and could not be erased. */
	str_truncate(&line,
	             escape_fit(line.ptr, line.len, (columns ? columns : COLUMNS_DEFAULT) - 1));
	erase(ui);
	ui_write_stderr(ui, line.ptr, line.len);
	ui->phase.is_drawn = true;
	ui->phase.drawn_ms = now_ms;
}

void ui_phase(struct ui *ui, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	if (ui->phase.is_active && str_equal(text.ptr, ui->phase.text.ptr))
		return;
	ui_phase_end(ui);
	str_add_str(&ui->phase.text, &text);
	ui->phase.is_active = true;
	ui->phase.start_ms = ui->io.monotonic_ms(ui->io.data);
	ui->phase.drawn_ms = ui->phase.start_ms - REDRAW_MS;
	if (ui->config.level >= UI_LEVEL_DEBUG)
		announce(ui);
}

static bool is_shown(const struct ui *ui)
{
	return ui->phase.is_active && ui->config.level >= UI_LEVEL_INFO;
}

void ui_progress(struct ui *ui, uint64_t done, uint64_t total)
{
	if (!is_shown(ui))
		return;
	int64_t now_ms = ui->io.monotonic_ms(ui->io.data);
	if (now_ms - ui->phase.start_ms < SHOW_AFTER_MS || now_ms - ui->phase.drawn_ms < REDRAW_MS)
		return;
	if (!ui_can_redraw(ui) || ui->config.log_format == UI_LOG_JSON)
		announce(ui);
	else if (ui->io.is_foreground(ui->io.data))
		draw(ui, now_ms, done, total);
}

void ui_phase_end(struct ui *ui)
{
	if (is_shown(ui) && !ui_can_redraw(ui) &&
	    ui->io.monotonic_ms(ui->io.data) - ui->phase.start_ms >= SHOW_AFTER_MS)
		announce(ui);
	erase(ui);
	str_reset(&ui->phase.text);
	ui->phase.is_active = ui->phase.is_announced = false;
}
