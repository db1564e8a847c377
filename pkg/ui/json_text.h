/*
 * Just enough JSON writing for error objects, log lines and the command specification: strings.
 * Documents are written by pkg/json; this module may not include it (equal rank).
 */
#ifndef UI_JSON_TEXT_H
#define UI_JSON_TEXT_H

#include "base/base.h"

/* Add `text` as a JSON string with quotes; NULL adds null. Broken UTF-8 becomes U+FFFD. */
void json_text_add(struct str *out, const char *text);
void json_text_add_bytes(struct str *out, const char *ptr, size_t len);

#endif
