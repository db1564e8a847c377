/*
 * Everything fettle says goes through one `struct ui`: data to stdout, talk to stderr. It decides
 * about colour, width and verbosity once, keeps progress lines out of the way of other lines, and
 * makes control characters in content harmless before a terminal sees them.
 * Not thread safe: one thread talks. Nothing here ends the process.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/base.h"

struct ui;

enum ui_when { UI_AUTO, UI_ALWAYS, UI_NEVER };

/* Least talk first: --quiet is UI_LEVEL_ERROR, the default UI_LEVEL_INFO, -v debug, -vv trace. */
enum ui_level { UI_LEVEL_ERROR, UI_LEVEL_WARN, UI_LEVEL_INFO, UI_LEVEL_DEBUG, UI_LEVEL_TRACE };

/* Styles say what a text means, never which colour it has. Words must carry the meaning too. */
enum ui_style {
	UI_PLAIN,
	UI_STYLE_ERROR,
	UI_STYLE_WARNING,
	UI_STYLE_SUCCESS,
	UI_STYLE_PATH,
	UI_STYLE_ADDED,
	UI_STYLE_REMOVED,
	UI_STYLE_COUNT
};

enum ui_log_format { UI_LOG_TEXT, UI_LOG_JSON };

/*
 * The outside world of a ui, so that tests can pretend to be a terminal or a full disk.
 * `write` returns 0 or an errno value; stream is 1 (stdout) or 2 (stderr). `ask` shows the prompt
 * and reads one line of the terminal as term_ask does.
 */
struct ui_io {
	void *data;
	int (*write)(void *data, int stream, const char *ptr, size_t len);
	bool (*is_terminal)(void *data, int stream); /* 0, 1 or 2 */
	bool (*has_color)(void *data, int stream);   /* a terminal that understands escapes */
	bool (*is_foreground)(void *data);           /* may we draw on the terminal now? */
	size_t (*columns)(void *data);               /* 0 when unknown */
	err *(*ask)(void *data, const char *prompt, struct str *ret_line, bool *ret_is_end);
	int64_t (*monotonic_ms)(void *data);
	int64_t (*wall_ns)(void *data); /* since 1970, for log lines */
	const char *(*env)(void *data, const char *name);
};

struct ui_config {
	const struct ui_io *io; /* NULL: this process's own streams */
	enum ui_when color;
	enum ui_level level;
	enum ui_log_format log_format;
	bool no_input;
	/* What the settings say about colour; asked only when nothing else decides. May be NULL. */
	enum ui_when (*color_setting)(void *data);
	void *color_data;
};

/* A fresh ui; costs no system call until something is said. Free flushes nothing: see ui_flush. */
struct ui *ui_new(const struct ui_config *config);
void ui_free(struct ui *ui);
AUTOPTR_DEFINE(ui)

/* The rules can change after parsing: until then the first error already needs a ui. */
void ui_set_color(struct ui *ui, enum ui_when color);
void ui_set_level(struct ui *ui, enum ui_level level);
void ui_set_log_format(struct ui *ui, enum ui_log_format format);
void ui_set_no_input(struct ui *ui, bool no_input);
/* Errors become one JSON object on stderr; switched on by `--output json`. */
void ui_set_json_errors(struct ui *ui, bool json_errors);

enum ui_level ui_level(const struct ui *ui);
bool ui_out_is_terminal(struct ui *ui);
bool ui_out_has_color(struct ui *ui);
/* Columns to fill on stdout: the terminal's width up to 100, 80 when it is not a terminal. */
size_t ui_width(struct ui *ui);

/*
 * Data for stdout, buffered. On a terminal (or with colour on) control characters other than
 * newline and tab are shown escaped; into a pipe or file the bytes go as they are.
 * A write error is kept and reported by ui_flush.
 */
void ui_out(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_out_bytes(struct ui *ui, const char *ptr, size_t len);
void ui_out_styled(struct ui *ui, enum ui_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Hand everything buffered to stdout. Fails with IO when it could not be written (full disk).
 * A reader that went away (broken pipe) is not an error: later output is dropped.
 */
NODISCARD err *ui_flush(struct ui *ui);
/* True when nobody reads stdout any more: long streams (--watch) should end. */
bool ui_out_is_closed(const struct ui *ui);

/* Talk on stderr, one thought per call, lower case, no full stop, no newline at the end. */
void ui_error(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_warn(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_info(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_debug(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_trace(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "  hint: …" below the line said before. */
void ui_hint(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One fact of a log line; text: ` key=value` after the message, JSON: a member of the object. A NULL
 * value leaves it out. */
struct ui_field {
	const char *key;
	const char *value;
};
void ui_log(struct ui *ui, enum ui_level level, const struct ui_field *fields, size_t n_fields,
            const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The only printer of errors: message chain, place, source line with caret, hints. */
void ui_print_err(struct ui *ui, const err *e);

/*
 * Progress of one phase at a time. On a terminal it is drawn on stderr after a second, at most ten
 * times a second, and erased before any other line. Elsewhere a phase that takes longer than a
 * second is one line. `total` 0 means unknown. A new phase ends the one before; the same text
 * again is the same phase.
 */
void ui_phase(struct ui *ui, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ui_progress(struct ui *ui, uint64_t done, uint64_t total);
void ui_phase_end(struct ui *ui);

/*
 * Ask a yes/no question on the terminal; an empty answer is no. `option` is what a script passes
 * instead ("--yes"). Fails with USAGE, naming the option, when asking is forbidden or impossible,
 * with CANCELLED on Ctrl-C.
 */
NODISCARD err *ui_confirm(struct ui *ui, const char *option, bool *ret_yes, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* What stands in for a value nobody may see. */
#define UI_HIDDEN "(hidden)"

#endif
