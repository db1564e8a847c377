/*
 * How the process was called, in UTF-8 on every system: arguments and environment.
 */
#ifndef PAL_ARGV_H
#define PAL_ARGV_H

#include "base/base.h"

/*
 * The arguments, the program's name first. POSIX: copies of what main got. Windows: the real
 * command line, as main only gets it in the old code page; also sets the console to UTF-8.
 */
void argv_get(int argc, char *const *argv, struct strs *ret_args);

/* NULL when it is not set. Borrowed, valid until the process ends. */
const char *env_get(const char *name);
/* The same, but an empty value counts as not set. */
const char *env_get_nonempty(const char *name);

/* All "NAME=value" as they are now, in no order. */
void env_list(struct strs *ret_variables);

/* Between the paths of a variable such as PATH: ':', on Windows ';'. */
char env_list_separator(void);

#endif
