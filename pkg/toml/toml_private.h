/* What is read below the level of tables. */
#ifndef TOML_TOML_PRIVATE_H
#define TOML_TOML_PRIVATE_H

#include "toml/toml.h"
#include "val/val_reader.h"

/* Blanks and tabs. */
void toml_skip_blanks(struct val_reader *r);
/* Blanks, comments and line ends. */
NODISCARD err *toml_skip_lines(struct val_reader *r);
/* Only blanks and a comment may follow on this line. */
NODISCARD err *toml_end_line(struct val_reader *r);

/* At a quote: a string of one line, or (unless `is_key`) of several. */
NODISCARD err *toml_read_string(struct val_reader *r, bool is_key, struct view *ret_text);
/* true, false, numbers, dates and times. */
NODISCARD err *toml_read_word(struct val_reader *r, struct val **ret_v);

#endif
