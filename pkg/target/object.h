/*
 * What a repository asks for: objects with an identity (group, kind, namespace, name), a manifest
 * with source marks, and what they say about order and ownership. An object_set is everything one
 * apply sees: duplicates are found here, and edges between objects are kept here. It knows no
 * target; drivers attach their own compiled form.
 *
 * Everything lives in the set's arenas; strings of manifests are borrowed from the loaded documents,
 * which must outlive the set.
 */
#ifndef TARGET_OBJECT_H
#define TARGET_OBJECT_H

#include "base/base.h"
#include "base/arena.h"
#include "base/map.h"
#include "val/val.h"

/* Annotations every target understands. */
#define ANNOTATION_DEPENDS_ON "config.kubernetes.io/depends-on" /* cli-utils: group/Kind/name, … */
#define ANNOTATION_AFTER "fettle.dev/depends-on"                /* short: Kind/name, … */
#define ANNOTATION_PRUNE "fettle.dev/prune"                     /* "disabled": never prune it */

struct object;

struct object_edge {
	struct object *to;     /* must be done before */
	bool is_trigger;       /* a change of `to` makes this object act (restart, reload) */
	bool needs_ready;      /* `to` must not only be there but ready (target_ops.await) */
};

struct object {
	const char *group;     /* "" for core */
	const char *version;
	const char *kind;
	const char *name_space; /* "" when there is none */
	const char *name;
	const char *key;       /* "group/Kind/namespace/name": unique in a target; the inventory's key */
	const char *display;   /* "Kind/name" or "Kind/namespace/name" */
	const struct val *doc; /* the whole manifest */
	const char *file;      /* source file relative to the top of the source, for contentFrom */
	size_t index;          /* position in the set */
	bool is_sensitive;     /* content must be masked and never stored in clear */
	bool is_decrypted;     /* its file was encrypted: sensitive, whatever its kind */
	bool keep_on_prune;
	struct object_edge *edges;
	size_t edge_count, edge_cap;
	void *compiled;        /* the driver's; in set->arena */
};

struct object_set {
	struct arena names;    /* objects and their keys */
	struct arena arena;    /* what drivers compile, and edges; see object_set_uncompile */
	struct object **items;
	size_t len, cap;
	struct map by_key;
	struct map by_display; /* the first object of that short name */
};

void object_set_init(struct object_set *set);
void object_set_clear(struct object_set *set);

/*
 * Take one manifest into the set: checks apiVersion, kind and metadata, unfolds `kind: List`.
 * INVALID with the place in the file; a second object of the same identity is INVALID and names
 * both places.
 */
NODISCARD err *object_set_add(struct object_set *set, const struct val *doc, const char *file);

/* Forget compiled forms and edges, to compile anew: an agent does so for as long as it runs. */
void object_set_uncompile(struct object_set *set);

/*
 * The target knows better in which namespace the object is ("": in none): its key and display follow.
 * INVALID when that makes it the same as another object.
 */
NODISCARD err *object_set_move(struct object_set *set, struct object *object,
                               const char *name_space);

/* NULL when the set has none of that key. */
struct object *object_set_find(const struct object_set *set, const char *key);

/*
 * Find what a reference written in the manifest of `from` means: "Kind/name" (in its namespace),
 * "Kind/namespace/name", "group/Kind/name" or cli-utils' "group/namespaces/NS/Kind/name". NULL
 * when nothing matches.
 */
struct object *object_set_resolve(const struct object_set *set, const struct object *from,
                                  struct view reference);
/* The same, or INVALID with did-you-mean, placed at `at`. */
NODISCARD err *object_set_refer(const struct object_set *set, const struct object *from,
                                const struct val *at, struct view reference,
                                struct object **ret_object);

/* `from` comes after `to`. An edge that exists already only gains the trigger mark. */
void object_edge_add(struct object_set *set, struct object *from, struct object *to,
                     bool is_trigger);

/* `from` comes after `to` is ready: what depends-on annotations mean. */
void object_edge_add_ready(struct object_set *set, struct object *from, struct object *to);

/*
 * Turn the depends-on annotations into edges (INVALID for an unknown one, with did-you-mean), then
 * refuse cycles, naming every object on the cycle. Call after the driver's link.
 */
NODISCARD err *object_set_order(struct object_set *set);

/* An error placed at the object's manifest (its kind: value). */
NODISCARD err *object_error(const struct object *object, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* metadata.annotations[name], or NULL; not a string is NULL too (object_set_add refused it). */
const char *object_annotation(const struct object *object, const char *name);

/* "group/Kind/namespace/name" → "Kind/name" for records whose manifest is gone. Appends. */
void object_key_display(const char *key, struct str *out);
/* The same in an arena. */
const char *object_key_text(struct arena *arena, const char *key);

#endif
