/*
 * The value tree every document becomes: null, bool, int, float, str, list, map, each with the
 * byte range it was read from, so that errors can point and later edits can keep everything else.
 * Values live in an arena and are read-only once built; several parents may share one value.
 * Nothing here knows YAML or JSON; pkg/yaml and pkg/json read and write this tree.
 */
#ifndef VAL_VAL_H
#define VAL_VAL_H

#include "base/arena.h"
#include "base/base.h"

enum val_kind {
	VAL_NULL,
	VAL_BOOL,
	VAL_INT,   /* fits int64 */
	VAL_FLOAT, /* also whole numbers beyond int64, as the API server reads them */
	VAL_STR,
	VAL_LIST,
	VAL_MAP,
};

/* How it was written; VAL_STYLE_NONE for values built by code. */
enum val_style {
	VAL_STYLE_NONE,
	VAL_STYLE_PLAIN,
	VAL_STYLE_SINGLE,
	VAL_STYLE_DOUBLE, /* also every JSON string */
	VAL_STYLE_LITERAL,
	VAL_STYLE_FOLDED,
	VAL_STYLE_BLOCK, /* list or map by indentation */
	VAL_STYLE_FLOW,  /* list or map in brackets */
};

enum val_flags {
	VAL_IS_ALIAS = 1u << 0, /* written `*name`: mark is the alias, children are the anchor's */
	VAL_HAS_ANCHOR = 1u << 1, /* written `&name ...` */
	VAL_HAS_TAG = 1u << 2,    /* written `!!str ...` */
	VAL_IS_MERGED = 1u << 3,  /* on a map entry: came in through `<<` */
};

/* The text a tree was read from; shared by all its values, lives in their arena. */
struct val_source {
	const char *name;
	const char *text;
	size_t len;
};

/*
 * A byte range of the source. `line` and `column` (bytes) are 1-based and belong to `start`;
 * line 0 means "built by code". Anchors and tags in front of a value are not part of its range;
 * a block scalar ends after its last non-blank line, a block list or map with its last child.
 */
struct val_mark {
	uint32_t start, end;
	uint32_t line, column;
};

struct val;

struct val_entry {
	const char *key; /* NUL-terminated; may contain NULs, see key_len */
	struct val *value;
	struct val_mark key_mark;
	uint32_t key_len;
	uint8_t key_style; /* enum val_style */
	uint8_t flags;     /* VAL_IS_MERGED */
};

struct val {
	uint8_t kind;  /* enum val_kind */
	uint8_t style; /* enum val_style */
	uint8_t flags; /* enum val_flags */
	uint8_t unused;
	struct val_mark mark;
	const struct val_source *source; /* NULL: built by code */
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct {
			const char *ptr; /* NUL-terminated; may contain NULs */
			size_t len;
		} str;
		struct {
			struct val **items;
			uint32_t len, cap;
		} list;
		struct {
			struct val_entry *entries; /* as written; an index may hide in front */
			uint32_t len, cap;
		} map;
	} as;
};

/* --- Reading. All accept NULL for "no such value" and answer as if it were missing. --- */

static inline bool val_is(const struct val *v, enum val_kind kind)
{
	return v && v->kind == kind;
}

/* "a string", "a number", "a list", ...; "nothing" for NULL and VAL_NULL. For messages. */
const char *val_kind_text(const struct val *v);
/* Items of a list or entries of a map, else 0. */
size_t val_len(const struct val *v);
/* Item of a list; NULL when out of range. */
const struct val *val_at(const struct val *list, size_t index);
/* NULL when `map` is no map or has no such key. */
const struct val *val_get(const struct val *map, const char *key);
const struct val *val_getn(const struct val *map, const char *key, size_t len);
/* The entry itself, for its key mark; NULL when there is none. */
const struct val_entry *val_entry(const struct val *map, const char *key);
const struct val_entry *val_entryn(const struct val *map, const char *key, size_t len);
/* Entry by position; NULL when out of range. */
const struct val_entry *val_entry_at(const struct val *map, size_t index);
/* Follow "spec.files[2].path" or `metadata.annotations["a.b/c"]`; NULL when a step is missing. */
const struct val *val_path(const struct val *v, const char *path);

/* Quick forms: the fallback when missing or of another kind (use after schema validation). */
const char *val_get_str(const struct val *map, const char *key, const char *fallback);
int64_t val_get_int(const struct val *map, const char *key, int64_t fallback);
bool val_get_bool(const struct val *map, const char *key, bool fallback);

/*
 * Strict forms: INVALID at the value when `v` is of another kind ("expected a string, found a
 * number"); a NULL `v` is INVALID without place. val_str refuses strings with NUL inside.
 */
NODISCARD err *val_str(const struct val *v, const char **ret_text);
NODISCARD err *val_int(const struct val *v, int64_t *ret_integer);
NODISCARD err *val_bool(const struct val *v, bool *ret_boolean);
/* The member of a map; INVALID at the map when missing or at the member when of another kind. */
NODISCARD err *val_need(const struct val *map, const char *key, enum val_kind kind,
                        const struct val **ret_value);
NODISCARD err *val_need_str(const struct val *map, const char *key, const char **ret_text);

/* for (VAL_EACH_ITEM(i, item, list)): `item` is const struct val * */
#define VAL_EACH_ITEM(i, item, list_)                                                  \
	size_t i = 0, i##_len_ = val_is((list_), VAL_LIST) ? (list_)->as.list.len : 0; \
	i < i##_len_ && ((item) = (list_)->as.list.items[i], true);                    \
	i++
/* for (VAL_EACH_ENTRY(i, entry, map)): `entry` is const struct val_entry * */
#define VAL_EACH_ENTRY(i, entry, map_)                                             \
	size_t i = 0, i##_len_ = val_is((map_), VAL_MAP) ? (map_)->as.map.len : 0; \
	i < i##_len_ && ((entry) = &(map_)->as.map.entries[i], true);              \
	i++

/* --- Errors at a value: ERR_INVALID with file, line, column and snippet (when it has a source). */

NODISCARD err *val_error(const struct val *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* At the key of an entry of `map`. */
NODISCARD err *val_key_error(const struct val *map, const struct val_entry *entry, const char *fmt,
                             ...) PRINTF_LIKE(3, 4);
/* Give an error this value's place, unless it has one. */
NODISCARD err *val_place(err *take_e, const struct val *v);
/* The exact text it was written as; empty for values built by code. */
struct view val_source_text(const struct val *v);

/* --- Paths --- */

/* Append one step: ".name", "name" when `path` is empty, or `["odd.name"]`; "[2]". */
void val_path_add_key(struct str *path, const char *key, size_t len);
void val_path_add_index(struct str *path, size_t index);
/* Append the path from `root` to the very node `v`; false when it is not in the tree. */
bool val_path_of(const struct val *root, const struct val *v, struct str *path);

/*
 * Append the shortest text that reads back as an equal number, nearly as Kubernetes' JSON has it:
 * whole numbers below 1e21 without fraction. `number` must be finite.
 */
void val_format_float(double number, struct str *out);

/* --- Building. Strings are copied into the arena. --- */

struct val *val_new_null(struct arena *a);
struct val *val_new_bool(struct arena *a, bool boolean);
struct val *val_new_int(struct arena *a, int64_t integer);
struct val *val_new_float(struct arena *a, double number);
struct val *val_new_str(struct arena *a, const char *text);
struct val *val_new_strn(struct arena *a, const char *text, size_t len);
struct val *val_new_list(struct arena *a);
struct val *val_new_map(struct arena *a);
/* Append to a list. */
void val_push(struct arena *a, struct val *list, struct val *item);
/* Set a member: replaces the value in place, or appends. Keys are looked up fast in big maps. */
void val_set(struct arena *a, struct val *map, const char *key, struct val *value);
void val_setn(struct arena *a, struct val *map, const char *key, size_t len, struct val *value);
/* Append an entry whose key is new, with its marks; copies neither key nor value. */
void val_add_entry(struct arena *a, struct val *map, const struct val_entry *entry);
/* val_set(val_new_str(...)); a NULL text sets nothing. */
void val_set_str(struct arena *a, struct val *map, const char *key, const char *text);
/* Remove a member, keeping the order of the others; false when there was none. */
bool val_remove(struct val *map, const char *key);
bool val_removen(struct val *map, const char *key, size_t len);
/*
 * For readers: give an empty map all its entries, or an empty list all its items, at once (the
 * array is copied, keys and values are not). False when two keys are the same; *ret_duplicate is
 * then the position of the second one.
 */
NODISCARD bool val_fill_map(struct arena *a, struct val *map, const struct val_entry *entries,
                            size_t len, size_t *ret_duplicate);
void val_fill_list(struct arena *a, struct val *list, struct val *const *items, size_t len);

/* --- Whole trees --- */

/* Same content: maps in any order, 1 equals 1.0, marks and styles ignored. */
bool val_equal(const struct val *x, const struct val *y);
/* A deep copy that needs nothing of the original: "built by code", without marks and source. */
struct val *val_copy(struct arena *a, const struct val *v);
/* A copy of this one level, with marks, that may be changed; the children stay shared. */
struct val *val_shallow_copy(struct arena *a, const struct val *v);
/* RFC 7396: the merged tree; shares unchanged parts with both inputs. */
struct val *val_merge(struct arena *a, const struct val *target, const struct val *patch);

/* One difference: `before` NULL = added, `after` NULL = removed. */
struct val_change {
	const char *path;
	const struct val *before, *after;
};

struct val_changes {
	struct val_change *ptr;
	size_t len;
};

/*
 * Differences in the order of `before`, then what `after` adds. Lists are compared by position;
 * a list or map present on one side only is one change. Lives in the arena.
 */
struct val_changes val_diff(struct arena *a, const struct val *before, const struct val *after);

#endif
