/* Shared by the files of this module: the reader, and what is read below the level of tables. */
#ifndef TOML_TOML_PRIVATE_H
#define TOML_TOML_PRIVATE_H

#include "toml/toml.h"

struct toml_reader {
	struct arena *arena;
	const struct val_source *source;
	const char *text; /* valid UTF-8, NUL behind it */
	size_t len, at;
	size_t line, line_start;
	size_t nodes;
	unsigned depth;
};

/* INVALID at byte `at`. */
NODISCARD err *toml_error(const struct toml_reader *r, size_t at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
struct val_mark toml_mark(const struct toml_reader *r, size_t start);
NODISCARD err *toml_new(struct toml_reader *r, enum val_kind kind, size_t start,
                        struct val **ret_v);

/* Blanks and tabs. */
void toml_skip_blanks(struct toml_reader *r);
/* Blanks, comments and line ends. */
NODISCARD err *toml_skip_lines(struct toml_reader *r);
/* Only blanks and a comment may follow on this line. */
NODISCARD err *toml_end_line(struct toml_reader *r);
bool toml_at(const struct toml_reader *r, const char *token);

/* At a quote: a string of one line, or (unless `is_key`) of several. */
NODISCARD err *toml_read_string(struct toml_reader *r, bool is_key, struct view *ret_text);
/* true, false, numbers, dates and times. */
NODISCARD err *toml_read_word(struct toml_reader *r, struct val **ret_v);

#endif
