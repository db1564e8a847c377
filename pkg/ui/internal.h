/*
 * What the files of pkg/ui share. Not for other modules.
 */
#ifndef UI_INTERNAL_H
#define UI_INTERNAL_H

#include "ui/ui.h"

enum { UI_STDIN, UI_STDOUT, UI_STDERR, UI_STREAMS };
enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

struct phase {
	bool is_active, is_drawn, is_announced;
	struct str text;
	int64_t start_ms, drawn_ms;
};

struct ui {
	struct ui_io io;
	struct ui_config config;
	bool has_json_errors;
	enum answer terminal[UI_STREAMS], color[UI_STREAMS], terminal_color[UI_STREAMS];
	struct str out;
	int out_error; /* errno of the first failed write to stdout */
	bool is_out_closed;
	struct phase phase;
};

/* The streams of this process. */
extern const struct ui_io ui_process_io;

bool ui_is_terminal(struct ui *ui, int stream);
/* A terminal that understands escape sequences, whatever the user wants to see. */
bool ui_can_redraw(struct ui *ui);
bool ui_has_color(struct ui *ui, int stream);

/* Switch a style on in `text` if the stream is coloured; ui_add_plain switches it off again. */
void ui_add_style(struct ui *ui, int stream, enum ui_style style, struct str *text);
void ui_add_plain(struct ui *ui, int stream, enum ui_style style, struct str *text);

/* Before anything else appears on the terminal: data first, progress away. */
void ui_make_way(struct ui *ui);
/* One finished line (or several) on stderr. */
void ui_say(struct ui *ui, const struct str *lines);
/* Straight to stderr. */
void ui_write_stderr(struct ui *ui, const char *ptr, size_t len);
/* Remove a drawn progress line; it comes back with the next ui_progress. */
void ui_erase_progress(struct ui *ui);

#endif
