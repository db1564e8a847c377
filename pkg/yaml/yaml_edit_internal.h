/* What the files of the editor share. */
#ifndef YAML_YAML_EDIT_INTERNAL_H
#define YAML_YAML_EDIT_INTERNAL_H

#include "yaml/yaml_edit.h"

#include "base/vec.h"

/* One replacement in the text of the document. */
struct yaml_piece {
	size_t start, end;
	char *text; /* owned */
	size_t len;
};

struct yaml_editor {
	const char *text; /* of the document */
	size_t len;
	const struct val *root;
	bool is_json;
	const char *newline; /* "\n" or "\r\n" */
	size_t step;         /* columns of one level */
	size_t list_step;    /* of a list below its key: 0 or `step` */
	VEC(struct yaml_piece) pieces;
};

/* What the text looks like: line ends, indentation. */
void yaml_editor_look(struct yaml_editor *editor);

void yaml_editor_replace(struct yaml_editor *editor, size_t start, size_t end, const char *text,
                         size_t len);

/* First byte of the line of `at`; the line feed that ends it, or the end of the text. */
size_t yaml_line_start(const struct yaml_editor *editor, size_t at);
size_t yaml_line_end(const struct yaml_editor *editor, size_t at);
/* `at` without white space before it. */
size_t yaml_content_end(const struct yaml_editor *editor, size_t at);
/* Is there a `#` in the range? */
bool yaml_has_comment(const struct yaml_editor *editor, size_t start, size_t end);
/* Behind the colon of a key. */
size_t yaml_after_colon(const struct yaml_editor *editor, const struct val_entry *entry);

/* Where the text of a value ends; for an empty one the end of its key and colon. */
size_t yaml_entry_end(const struct yaml_editor *editor, const struct val_entry *entry);
/* The own entry or item that ends last; NULL for none. */
const struct val_entry *yaml_last_entry(const struct val *map);

bool yaml_is_flow(const struct yaml_editor *editor, const struct val *v);
/* A null that is not written. */
bool yaml_is_empty(const struct val *v);

/* --- writing --- */

/* `a: {b: 1}`, on one line, without line end. */
void yaml_add_flow(const struct yaml_editor *editor, const struct val *v, struct str *out);
void yaml_add_key(const struct yaml_editor *editor, const char *key, struct str *out);
/* A scalar in the quotes of the one it replaces. */
void yaml_add_scalar_like(const struct yaml_editor *editor, const struct val *old,
                          const struct val *v, struct str *out);
/* Lines `keys[0]:` … `keys[n]: value` from `indent` on, each with its line end. */
void yaml_add_member(const struct yaml_editor *editor, const char *const *keys, const struct val *v,
                     size_t indent, struct str *out);
/* A line or lines `- value`. */
void yaml_add_item(const struct yaml_editor *editor, const struct val *v, size_t indent,
                   struct str *out);

/* --- the changes --- */

NODISCARD err *yaml_edit_set(struct yaml_editor *editor, const struct val *at,
                             const struct val_entry *holder, const char *const *keys,
                             const struct val *value);
NODISCARD err *yaml_edit_append(struct yaml_editor *editor, const struct val *list,
                                const struct val *value);
NODISCARD err *yaml_edit_remove_entry(struct yaml_editor *editor, const struct val *map,
                                      const struct val_entry *holder,
                                      const struct val_entry *entry);
NODISCARD err *yaml_edit_remove_item(struct yaml_editor *editor, const struct val *list,
                                     const struct val_entry *holder, size_t index);

#endif
