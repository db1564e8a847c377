#include "base/base.h"

#include "ui/ui.h"

#include <errno.h>

#include "ui/escape.h"
#include "ui/internal.h"

enum { OUT_CHUNK_BYTES = 64 * 1024, WIDTH_DEFAULT = 80, WIDTH_MIN = 40, WIDTH_MAX = 100 };

static const char *const style_on[UI_STYLE_COUNT] = {
	[UI_PLAIN] = "",
	[UI_STYLE_ERROR] = "\x1b[1;31m",
	[UI_STYLE_WARNING] = "\x1b[1;33m",
	[UI_STYLE_SUCCESS] = "\x1b[32m",
	[UI_STYLE_PATH] = "\x1b[36m",
	[UI_STYLE_ADDED] = "\x1b[32m",
	[UI_STYLE_REMOVED] = "\x1b[31m",
};

struct ui *ui_new(const struct ui_config *config)
{
	struct ui *ui = MEM_NEW(struct ui);
	ui->config = *config;
	ui->io = config->io ? *config->io : ui_process_io;
	str_init(&ui->out);
	str_init(&ui->phase.text);
	return ui;
}

void ui_free(struct ui *ui)
{
	if (!ui)
		return;
	str_clear(&ui->out);
	str_clear(&ui->phase.text);
	mem_free(ui);
}

void ui_set_color(struct ui *ui, enum ui_when color)
{
	ui->config.color = color;
	memset(ui->color, 0, sizeof(ui->color));
}

void ui_set_level(struct ui *ui, enum ui_level level)
{
	ui->config.level = level;
}

void ui_set_log_format(struct ui *ui, enum ui_log_format format)
{
	ui->config.log_format = format;
}

void ui_set_no_input(struct ui *ui, bool no_input)
{
	ui->config.no_input = no_input;
}

void ui_set_json_errors(struct ui *ui, bool json_errors)
{
	ui->has_json_errors = json_errors;
}

enum ui_level ui_level(const struct ui *ui)
{
	return ui->config.level;
}

bool ui_is_terminal(struct ui *ui, int stream)
{
	if (ui->terminal[stream] == ANSWER_UNKNOWN)
		ui->terminal[stream] =
			ui->io.is_terminal(ui->io.data, stream) ? ANSWER_YES : ANSWER_NO;
	return ui->terminal[stream] == ANSWER_YES;
}

static bool is_color_terminal(struct ui *ui, int stream)
{
	if (ui->terminal_color[stream] == ANSWER_UNKNOWN)
		ui->terminal_color[stream] =
			ui_is_terminal(ui, stream) && ui->io.has_color(ui->io.data, stream)
				? ANSWER_YES
				: ANSWER_NO;
	return ui->terminal_color[stream] == ANSWER_YES;
}

bool ui_can_redraw(struct ui *ui)
{
	return is_color_terminal(ui, UI_STDERR);
}

static bool is_env_set(struct ui *ui, const char *name, const char *not_this)
{
	const char *value = ui->io.env(ui->io.data, name);
	return value && *value && !(not_this && str_equal(value, not_this));
}

/* no-color.org and bixense.com/clicolors; the option wins over both. */
static bool decide_color(struct ui *ui, int stream)
{
	if (ui->config.color != UI_AUTO)
		return ui->config.color == UI_ALWAYS;
	if (is_env_set(ui, "NO_COLOR", NULL))
		return false;
	if (is_env_set(ui, "CLICOLOR_FORCE", "0"))
		return true;
	if (!is_color_terminal(ui, stream))
		return false;
	return !ui->config.color_setting ||
	       ui->config.color_setting(ui->config.color_data) != UI_NEVER;
}

bool ui_has_color(struct ui *ui, int stream)
{
	if (ui->color[stream] == ANSWER_UNKNOWN)
		ui->color[stream] = decide_color(ui, stream) ? ANSWER_YES : ANSWER_NO;
	return ui->color[stream] == ANSWER_YES;
}

bool ui_out_is_terminal(struct ui *ui)
{
	return ui_is_terminal(ui, UI_STDOUT);
}

bool ui_out_has_color(struct ui *ui)
{
	return ui_has_color(ui, UI_STDOUT);
}

size_t ui_width(struct ui *ui)
{
	if (!ui_is_terminal(ui, UI_STDOUT))
		return WIDTH_DEFAULT;
	size_t columns = ui->io.columns(ui->io.data);
	if (columns == 0)
		return WIDTH_DEFAULT;
	return MIN(MAX(columns, WIDTH_MIN), WIDTH_MAX);
}

void ui_add_style(struct ui *ui, int stream, enum ui_style style, struct str *text)
{
	if (style != UI_PLAIN && ui_has_color(ui, stream))
		str_addz(text, style_on[style]);
}

void ui_add_plain(struct ui *ui, int stream, enum ui_style style, struct str *text)
{
	if (style != UI_PLAIN && ui_has_color(ui, stream))
		str_addz(text, "\x1b[0m");
}

static void write_out(struct ui *ui)
{
	if (ui->out.len > 0 && !ui->is_out_closed && !ui->out_error) {
		if (ui_is_terminal(ui, UI_STDOUT))
			ui_erase_progress(ui);
		int code = ui->io.write(ui->io.data, UI_STDOUT, ui->out.ptr, ui->out.len);
		if (code == EPIPE)
			ui->is_out_closed = true;
		else
			ui->out_error = code;
	}
	str_reset(&ui->out);
}

err *ui_flush(struct ui *ui)
{
	write_out(ui);
	int code = ui->out_error;
	if (!code)
		return NULL;
	ui->out_error = 0;
	ui->is_out_closed = true; /* said once; the rest has nowhere to go */
	return err_as(err_sys(code, "cannot write to standard output"), ERR_IO);
}

bool ui_out_is_closed(const struct ui *ui)
{
	return ui->is_out_closed || ui->out_error != 0;
}

void ui_out_bytes(struct ui *ui, const char *ptr, size_t len)
{
	if (ui_out_is_closed(ui))
		return;
	if (ui_is_terminal(ui, UI_STDOUT) || ui_has_color(ui, UI_STDOUT))
		escape_add(&ui->out, ptr, len, ESCAPE_KEEP_NEWLINES | ESCAPE_KEEP_TABS);
	else
		str_add(&ui->out, ptr, len);
	if (ui->out.len >= OUT_CHUNK_BYTES)
		write_out(ui);
}

void ui_out(struct ui *ui, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	ui_out_bytes(ui, text.ptr, text.len);
}

void ui_out_styled(struct ui *ui, enum ui_style style, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	if (ui_out_is_closed(ui))
		return;
	ui_add_style(ui, UI_STDOUT, style, &ui->out);
	ui_out_bytes(ui, text.ptr, text.len);
	ui_add_plain(ui, UI_STDOUT, style, &ui->out);
}

void ui_write_stderr(struct ui *ui, const char *ptr, size_t len)
{
	/* Nobody is left to tell when stderr itself fails. */
	(void)ui->io.write(ui->io.data, UI_STDERR, ptr, len);
}

void ui_make_way(struct ui *ui)
{
	if (ui->out.len > 0 && ui_is_terminal(ui, UI_STDOUT))
		write_out(ui);
	ui_erase_progress(ui);
}

void ui_say(struct ui *ui, const struct str *lines)
{
	ui_make_way(ui);
	ui_write_stderr(ui, lines->ptr, lines->len);
}
