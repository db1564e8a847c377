/*
 * A ui whose terminal, clock and streams are made up: what was written ends in two strings.
 */
#ifndef TESTS_UNIT_UI_FAKE_H
#define TESTS_UNIT_UI_FAKE_H

#include "ui/ui.h"

struct fake {
	struct ui_io io;
	struct ui *ui;
	struct str out, talk;
	bool is_terminal[3];
	size_t columns;
	int write_error; /* of stdout */
	const char *const *answers;
	size_t n_answers, n_asked;
	int64_t now_ms;
	const char *no_color, *clicolor_force;
};

/* Everything off a terminal at level info; change fields before the first use of fake->ui. */
void fake_init(struct fake *fake);
void fake_init_terminal(struct fake *fake);
void fake_clear(struct fake *fake);

#endif
