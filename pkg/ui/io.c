#include "base/base.h"

#include "ui/internal.h"

#include <errno.h>

#include "pal/argv.h"
#include "pal/clock.h"
#include "pal/term.h"

static int process_write(void *data, int stream, const char *ptr, size_t len)
{
	(void)data;
	AUTOERR err *e = term_write(stream, ptr, len);
	if (!e)
		return 0;
	return err_code(e) ? err_code(e) : EIO;
}

static bool process_is_terminal(void *data, int stream)
{
	(void)data;
	return term_is_terminal(stream);
}

static bool process_has_color(void *data, int stream)
{
	(void)data;
	return term_has_color(stream);
}

static bool process_is_foreground(void *data)
{
	(void)data;
	return term_is_foreground(UI_STDERR);
}

static size_t process_columns(void *data)
{
	(void)data;
	size_t columns = term_columns(UI_STDOUT);
	return columns ? columns : term_columns(UI_STDERR);
}

static err *process_ask(void *data, const char *prompt, struct str *ret_line, bool *ret_is_end)
{
	(void)data;
	return term_ask(prompt, ret_line, ret_is_end);
}

static int64_t process_monotonic_ms(void *data)
{
	(void)data;
	return clock_monotonic_ms();
}

static int64_t process_wall_ns(void *data)
{
	(void)data;
	return clock_wall_ns();
}

static const char *process_env(void *data, const char *name)
{
	(void)data;
	return env_get(name);
}

const struct ui_io ui_process_io = {
	.write = process_write,
	.is_terminal = process_is_terminal,
	.has_color = process_has_color,
	.is_foreground = process_is_foreground,
	.columns = process_columns,
	.ask = process_ask,
	.monotonic_ms = process_monotonic_ms,
	.wall_ns = process_wall_ns,
	.env = process_env,
};
