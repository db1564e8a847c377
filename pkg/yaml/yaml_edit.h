/*
 * Changes of one document made in its text: only the bytes that must change do, so comments,
 * quoting, indentation, flow or block style and line ends stay. JSON is edited as the flow style it is.
 *
 * Every change is proved: the new text is read again and must be the old tree with exactly that
 * change. What cannot be done so is refused as UNSUPPORTED, with the reason: values under an anchor
 * (others would change too), a comment that would be lost, keys over several lines.
 */
#ifndef YAML_YAML_EDIT_H
#define YAML_YAML_EDIT_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"
#include "yaml/yaml.h"

enum yaml_change_kind {
	YAML_SET,    /* the value at `keys`; missing maps on the way are made */
	YAML_APPEND, /* to the list at `keys`, which is made when missing */
	YAML_REMOVE, /* the member at `keys`; with no keys, item `index` of the list */
	YAML_RENAME, /* the key of the member at `keys` becomes `key` */
};

struct yaml_change {
	enum yaml_change_kind kind;
	const char *at;          /* as val_path_of writes it; "" is the root */
	const char *const *keys; /* below it, NULL-terminated; NULL: none */
	const struct val *value; /* set, append */
	const char *key;         /* rename */
	size_t index;            /* remove from a list */
};

struct yaml_edit {
	size_t start, end; /* bytes of the file */
	const char *text;  /* what comes in their place; in the arena */
	size_t len;
};

/*
 * The one edit of `text` that makes all `changes` of the document `doc`, in order. INVALID when a
 * path is not there, UNSUPPORTED as told above. `is_json`: keys and texts are quoted as JSON.
 */
NODISCARD err *yaml_edit(const char *text, size_t len, const struct yaml_doc *doc, bool is_json,
                         const struct yaml_change *changes, size_t n_changes, struct arena *a,
                         struct yaml_edit *ret_edit);

/* The tree with the change made, sharing what did not change; for those who keep trees. */
NODISCARD err *yaml_change_tree(struct arena *a, const struct val *root,
                                const struct yaml_change *change, const struct val **ret_root);

#endif
