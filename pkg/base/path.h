/*
 * Pure path arithmetic on '/'-separated UTF-8 paths; never touches the file system. Inside
 * fettle paths always use '/', also on Windows (pkg/pal translates at the border).
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* "a" + "b/c" -> "a/b/c"; an absolute `b` wins. Caller frees. */
char *path_join(const char *a, const char *b);
/*
 * Remove ".", "//", trailing "/"; resolve ".." as far as possible ("../x" stays).
 * Behind a drive a backslash separates like "/". Caller frees.
 */
char *path_clean(const char *path);
/* As a file in `dir` means it: an absolute path stays as it is, another one is joined and cleaned. Caller frees. */
char *path_resolve(const char *dir, const char *path);
/* Everything before the last '/': "." for "x", "/" for "/x". Caller frees. */
char *path_dir(const char *path);
/* Pointer into `path` behind the last '/'. */
const char *path_base(const char *path);
/* "/x", or "C:/x" and "C:\x". */
bool path_is_absolute(const char *path);
/* True when the cleaned relative path stays below its start: no leading "..", not absolute. */
bool path_is_inside(const char *path);
/* Bytes of a leading drive ("C:"), else 0. */
size_t path_drive_len(const char *path);
/* The text from the last '.' of the base name on, "" when there is none. */
const char *path_extension(const char *path);

#endif
