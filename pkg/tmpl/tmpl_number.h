/* Texts as numbers, to the letter of Go's strconv: what it takes, we take, and nothing else. */
#ifndef TMPL_TMPL_NUMBER_H
#define TMPL_TMPL_NUMBER_H

#include "base/base.h"

/* ParseInt with base 0: 0x, 0o, 0b, 0 for octal, underscores between digits. False also beyond 64 bits. */
bool go_parse_int(struct view text, int64_t *ret_number);
/* ParseFloat: hexadecimal only with an exponent, no blanks. False also for what becomes infinite. */
bool go_parse_float(struct view text, double *ret_number);
/* Atoi without its error: 0 for what is no number, the nearest one beyond 64 bits. */
int64_t go_atoi(struct view text);

#endif
