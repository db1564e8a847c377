/* Work on texts and documents that the function tables of several flavours share. */
#ifndef TMPL_TMPL_TEXT_H
#define TMPL_TMPL_TEXT_H

#include "tmpl/tmpl_private.h"

/* As strings.ToUpper and its like: ASCII here; other letters are refused where they would change. */
NODISCARD err *text_case(const struct tmpl_call *call, struct view text, bool is_upper,
                         struct str *out);
/* strings.Title: the first letter of each word. */
NODISCARD err *text_title(const struct tmpl_call *call, struct view text, struct str *out);
void text_replace(struct view text, struct view from, struct view to, struct str *out);
/* strings.Split: by characters when `separator` is empty. */
struct val *text_split(struct arena *a, struct view text, struct view separator);
/* Elements as %v. */
void text_join(const struct val *list, struct view separator, struct str *out);
struct view text_trim(struct view text, const char *set);
/* Spaces before every line that is not empty of consul-template; all lines for Sprig. */
void text_indent(struct view text, size_t spaces, bool skips_empty, struct str *out);
/* ReplaceAllString: $1, ${name} in `with`. */
NODISCARD err *text_regex_replace(const struct tmpl_call *call, const char *pattern,
                                  struct view text, struct view with, bool is_literal,
                                  struct str *out);
/* Time by Go's layout ("2006-01-02"), UTC. */
NODISCARD err *text_time(const struct tmpl_call *call, int64_t unix_s, const char *layout,
                         struct str *out);

/* encoding/json: sorted keys, <, > and & escaped unless `is_plain`; `indent` NULL: one line. */
void text_json(const struct val *v, bool is_plain, const char *indent, struct str *out);
/* As gopkg.in/yaml.v2, sorted; INVALID for texts it would quote. */
NODISCARD err *text_yaml(const struct tmpl_call *call, const struct val *v, struct str *out);
/* A document as a value; in the arena of the rendering. */
NODISCARD err *text_parse_json(const struct tmpl_call *call, struct view text,
                               const struct val **ret);
NODISCARD err *text_parse_yaml(const struct tmpl_call *call, struct view text,
                               const struct val **ret);

/* --- functions that stand in the tables of several flavours --- */

/* strconv.ParseBool of the argument. */
err *text_parse_bool(const struct tmpl_call *call, const struct val **ret);
/* The tag holds base64_flags. */
err *text_base64(const struct tmpl_call *call, const struct val **ret);
err *text_base64_decode(const struct tmpl_call *call, const struct val **ret);
err *text_sha256(const struct tmpl_call *call, const struct val **ret);
/* pattern, text */
err *text_regex_match(const struct tmpl_call *call, const struct val **ret);

#endif
