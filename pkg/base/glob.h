/*
 * Patterns as .gitignore has them: `*`, `?`, `[a-z]`, `**`, a `/` that is not at the end ties the
 * pattern to the folder of its file, a `/` at the end means folders only, `!` takes back, `\` quotes
 * the next character, `#` begins a comment line, the last line that matches decides.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/str.h"

/* Does all of `path` match `pattern`? `*` and `?` stop at '/', `**` does not. */
bool glob_matches(const char *pattern, const char *path);

/* One pattern line against a path relative to the folder of its file; `!` must be cut off. */
bool glob_matches_path(const char *pattern, const char *path, bool is_folder);

/*
 * Append the pattern lines of a file to `patterns`: no comments, no blank lines, no blanks at the
 * end. False when there would be more than `max`.
 */
bool glob_parse_lines(const char *text, size_t len, size_t max, struct strs *patterns);

enum glob_verdict { GLOB_NO_MATCH, GLOB_IGNORED, GLOB_TAKEN_BACK };

/* What the last matching line says. */
enum glob_verdict glob_verdict(const struct strs *patterns, const char *path, bool is_folder);

#endif
