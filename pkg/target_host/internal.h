/*
 * What the files of the host target share: the open target, the table of kinds, the compiled form
 * all kinds begin with, and the helpers for paths, attributes, fingerprints, programs and handlers.
 * Nothing outside this folder includes it.
 */
#ifndef TARGET_HOST_INTERNAL_H
#define TARGET_HOST_INTERNAL_H

#include "base/base.h"
#include "base/arena.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "pal/proc.h"
#include "pal/root.h"
#include "schema/schema.h"
#include "target/target.h"
#include "val/val.h"

#include <stdatomic.h>

#define HOST_GROUP       "host.fettle.dev"
#define HOST_TEXT_BYTES  (1u << 20) /* larger contents are described, not shown */
#define HOST_UNIT_FOLDER "etc/systemd/system"

struct host;
struct host_batch;

/* What this operating system has; one per platform_*.c. */
struct host_platform {
	const char *name; /* "Linux" */
	bool has_units;   /* can run systemd */
	bool has_modes;   /* permission bits; else only "read-only" */
	bool has_owners;
};
extern const struct host_platform host_platform;

/* --- what is compared --- */

/* What of an object's live state its manifest manages, and so its fingerprint covers. */
enum host_shape {
	SHAPE_MODE = 1u << 0,
	SHAPE_OWNER = 1u << 1,
	SHAPE_GROUP = 1u << 2,
	SHAPE_KEYED = 1u << 3,   /* content goes in by keyed hash */
	SHAPE_CONTENT = 1u << 4, /* Unit: it has a unit file */
	SHAPE_ENABLED = 1u << 5,
	SHAPE_STATE = 1u << 6,
};

/* Where an object is and what of it counts. */
struct host_place {
	const char *key;                    /* of the object */
	const char *rel;                    /* path in the root; NULL when it has none */
	const char *location;               /* as recorded: a path, the name of a unit, or "" */
	unsigned shape;                     /* enum host_shape */
	const struct target_record *record; /* NULL: from an object */
};

/* Permissions a manifest asks for; FS_KEEP where it says nothing. */
struct host_attributes {
	uint32_t mode, uid, gid;
	const char *owner, *group; /* as written; NULL when not */
	const struct val *owner_at, *group_at;
	bool owner_unknown, group_unknown; /* no such user yet: asked again at apply */
};

/* What every compiled object begins with. */
struct host_object {
	const struct host_kind *kind;
	const char *rel;           /* the path it owns in the root; NULL when none */
	const char *location;      /* as people wrote it */
	const struct val *path_at; /* where, for messages */
	unsigned shape;
	struct host_attributes attributes;
	const char **handlers; /* NULL-terminated, or NULL */
};

struct host_kind {
	const char *group, *name;
	const struct schema *schema; /* of the whole manifest */
	err *(*compile)(struct host *host, struct object_set *set, struct object *object);
	err *(*plan)(struct host *host, const struct object *object,
	             const struct target_record *record, unsigned flags, struct plan_item *item);
	err *(*apply)(struct host *host, struct plan_item *item);
	err *(*revert)(struct host *host, struct plan_item *item); /* NULL: nothing to put back */

	/* Fingerprint of what is at `place` ("" = nothing), in `arena`; `ret_note` may be NULL. */
	err *(*live)(struct host *host, const struct host_place *place, struct arena *arena,
	             const char **ret_live, const char **ret_note);
	/* Fingerprint of what the manifest asks for. */
	const char *(*desired)(struct host *host, const struct object *object, struct arena *arena);
	/* Take it away, after the checks; may put what revert needs into item->undo. */
	err *(*remove)(struct host *host, const struct host_place *place, struct plan_item *item);
	/* Show what goes: changes of a removal. May be NULL. */
	err *(*show_removal)(struct host *host, const struct host_place *place,
	                     struct plan_item *item);
	/* Places to watch besides the path itself. May be NULL. */
	void (*watch)(struct host *host, const struct object *object,
	              void (*add)(void *context, const char *path), void *context);
};

extern const struct host_kind host_kind_file, host_kind_directory, host_kind_symlink,
	host_kind_unit, host_kind_command, host_kind_config_map, host_kind_secret;

struct host {
	struct target target; /* first: a struct target * is a struct host * */
	struct fs_root *root;
	struct arena arena;
	bool is_machine;
	struct map by_path; /* rel → struct object *; made by link */
	struct map above;   /* rel of every folder above a managed path → struct object * */
	struct map owners;  /* names of users and groups that were looked up; while compiling */
	struct arena owner_arena;
	struct map timeouts; /* handler key → const int64_t *, in `arena` */
	struct map units;    /* unit name → struct unit_live *; made by prepare */
	struct arena unit_arena;
	struct host_batch *batch; /* folders to flush, units to reload; has its own lock */
};

static inline struct host *host_of(struct target *target)
{
	return (struct host *)target;
}

const struct host_kind *host_kind_find(const char *group, const char *name);
/* The kind in an inventory key "group/Kind/namespace/name"; NULL when it is none of ours. */
const struct host_kind *host_kind_of_key(const char *key);

/* --- paths.c --- */

/*
 * Path of a manifest → path in the root, in the arena. INVALID for the root itself, control
 * characters, or a drive other than the root's.
 */
NODISCARD err *host_path(const struct host *host, const char *path, struct arena *arena,
                         const char **ret_rel);
/* The folder above `rel`, "" for the root; in the arena. */
const char *host_parent(struct arena *arena, const char *rel);
/* Missing folders above `rel` that no object of the set manages, outermost first. */
NODISCARD err *host_missing_parents(struct host *host, const char *rel, struct arena *arena,
                                    const char ***ret_dirs, size_t *ret_count);
/* Make the folders above `rel` (0755). */
NODISCARD err *host_make_parents(struct host *host, const char *rel);
/* Remember that the folder of `rel` must be flushed. */
void host_touch(struct host *host, const char *rel);

/* --- record.c: the driver's own words in the inventory --- */

struct host_uid {
	unsigned shape;
	bool has_shape;
	const char **dirs; /* folders fettle made for this object, outermost first */
	size_t dir_count;
};
void host_uid_parse(const char *uid, struct arena *arena, struct host_uid *ret_uid);
/* The text for `shape` and the folders of the old record and the new ones; in item->arena. */
const char *host_uid_make(struct plan_item *item, unsigned shape,
                          const struct target_record *record, const char *const *dirs,
                          size_t dir_count);
/* Remove the folders fettle made for the object, as far as they are empty. */
NODISCARD err *host_remove_dirs(struct host *host, const char *uid);

/* --- fingerprint.c --- */

/* Hash of content: SHA-256, or keyed by the project when `is_keyed`; lower hex, 64 + NUL. */
void host_content_hash(const struct host *host, struct view bytes, bool is_keyed,
                       char ret_hex[SHA256_HEX_SIZE]);
/* Fingerprint of a canonical text, in the arena. */
const char *host_fingerprint(struct arena *arena, const struct str *canonical);
/* Append "mode=0644\nowner=root\ngroup=root\n", as far as `shape` has them. */
void host_print_wanted(struct str *canonical, unsigned shape, enum fs_type type,
                       const struct host_attributes *wanted);
void host_print_live(struct host *host, struct str *canonical, unsigned shape,
                     const struct fs_stat *live);
/* Add a content difference: text, a description, or tags. NULL views are absent. */
void host_change_content(const struct host *host, struct plan_item *item, const char *path,
                         struct view before, struct view after, bool is_sensitive);

/* --- attributes.c --- */

/* Read mode, owner and group from `spec`; adds to `shape`. All mistakes joined. */
NODISCARD err *host_attributes_compile(struct host *host, struct arena *arena,
                                       const struct val *spec, struct host_object *object);
/* A number written as 0644 or the string "0644". */
NODISCARD err *host_mode_parse(const struct val *v, uint32_t *ret_mode);
/* Ask again for names that were unknown; NOT_FOUND. */
NODISCARD err *host_attributes_resolve(struct host *host, const struct host_attributes *wanted,
                                       struct host_attributes *ret_resolved);
bool host_attributes_match(const struct host_attributes *wanted, const struct fs_stat *live);
/* Mode as far as this system keeps it. */
uint32_t host_mode_visible(uint32_t mode, enum fs_type type);
/* Add differences; `live` NULL when nothing is there. */
void host_change_attributes(struct host *host, struct plan_item *item,
                            const struct host_attributes *wanted, const struct fs_stat *live);
/* Change what differs, in place. */
NODISCARD err *host_attributes_apply(struct host *host, const char *rel,
                                     const struct host_attributes *wanted,
                                     const struct fs_stat *live);

/* --- content.c --- */

/* The one of content, contentFrom, contentBase64 that is set; `ret_has` false when none. */
NODISCARD err *host_content_compile(struct host *host, struct object_set *set,
                                    const struct object *object, const struct val *spec,
                                    struct view *ret_content, bool *ret_has);
NODISCARD err *host_base64_decode(const struct val *v, struct arena *arena, struct view *ret_bytes);

/* --- common.c: what all kinds with a path do alike --- */

/* Fill location, sensitivity and, when they are wanted, fingerprints of what is in sync. */
NODISCARD err *host_plan_same(struct host *host, const struct object *object,
                              const struct target_record *record, unsigned flags,
                              struct plan_item *item);
/*
 * Fill fingerprints, drift and handlers of what is not in sync. `exists`: something is there.
 */
NODISCARD err *host_plan_differs(struct host *host, const struct object *object,
                                 const struct target_record *record, bool exists,
                                 struct plan_item *item);
void host_plan_refuse(struct plan_item *item, const char *reason, const char *hint);
/* What a removal is about, from the record alone; INVALID or CORRUPT for a damaged record. */
NODISCARD err *host_place_of_record(struct host *host, const struct target_record *record,
                                    struct arena *arena, struct host_place *ret_place);
/* CONFLICT unless the live fingerprint still is item->live. */
NODISCARD err *host_check_unchanged(struct host *host, const struct plan_item *item,
                                    const struct host_place *place);
struct host_place host_place_of(const struct object *object);
NODISCARD err *host_plan_removal(struct target *target, const struct target_record *record,
                                 struct plan_item *item);
NODISCARD err *host_remove(struct target *target, struct plan_item *item,
                           const struct target_record *record);
NODISCARD err *host_inspect(struct target *target, const struct target_record *record,
                            struct arena *arena, const char **ret_live, const char **ret_note);

/* --- run.c: programs --- */

struct host_program {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;  /* "NAME=value"; FETTLE_ROOT is added; may be NULL */
	const char *dir;         /* absolute OS path, or NULL */
	int64_t timeout_ms;
};
/* argv of a list of strings, in the arena; NULL for a missing list. */
const char *const *host_argv(struct arena *arena, const struct val *list);
/* Duration of a member, or the fallback. */
int64_t host_duration(const struct val *spec, const char *name, int64_t fallback_ms);
/* Run; ends with the run's deadline or cancellation at the latest. */
NODISCARD err *host_run(const struct host *host, const struct host_program *program,
                        struct proc_result *ret_result);
/* Run and turn a bad exit into an error that carries the program's last lines. */
NODISCARD err *host_run_ok(const struct host *host, const struct host_program *program);
/* "'nginx' exited with 1" and its last lines; NULL when it exited with 0. */
NODISCARD err *host_run_err(const struct host *host, const struct proc_result *result,
                            const char *name);
/* argv as JSON text, appended. */
void host_argv_text(const char *const *argv, struct str *out);

/* --- handlers.c --- */

/* Keys of an onChange value, in the arena; remembers time limits in the host unless it is NULL. */
const char **host_handlers_compile(struct host *host, const struct val *on_change,
                                   struct arena *arena);
/* Does one of them need a running systemd? */
bool host_handlers_need_units(const char *const *handlers);
NODISCARD err *host_run_handler(struct target *target, const char *handler);

/* --- batch.c: what is put off until flush --- */

struct host_batch *host_batch_new(void);
void host_batch_free(struct host_batch *batch);
NODISCARD err *host_clean_up(struct target *target, const struct target_record *record);
NODISCARD err *host_flush(struct target *target);
/* A unit file changed: systemd must read its files again before the next action. */
void host_units_changed(struct host *host);
/* Do so, once for all changes until now. */
NODISCARD err *host_daemon_reload(struct host *host);

/* --- units.c: systemd --- */

struct unit_live {
	const char *load, *active, *sub, *file_state; /* as `systemctl show` says; never NULL */
};
/* NULL when units can be started and stopped here; else why not, and a hint. */
const char *host_units_refusal(const struct host *host, const char **ret_hint);
/* Ask systemd about many units at once; fills host->units. */
NODISCARD err *host_units_read(struct host *host, const char *const *names, size_t count,
                               struct map *ret_units, struct arena *arena);
/* Add the end of the unit's log: why it does not start is there, not in systemctl's words. */
NODISCARD err *host_unit_log(const struct host *host, err *take_e, const char *unit);
/* systemctl ACTION UNIT on the machine (or --root), with its words in the error. */
NODISCARD err *host_systemctl(struct host *host, const char *action, const char *unit);

/* --- link.c, snapshot.c, prepare in kind_unit.c --- */

NODISCARD err *host_link(struct target *target, struct object_set *set);
NODISCARD err *host_prepare(struct target *target, const struct object_set *set, const bool *only,
                            const struct target_record *const *removals, size_t removal_count);
NODISCARD err *host_snapshot(struct target *target, const struct object *object, struct str *out);
/* References of a Unit: the edges they make. */
NODISCARD err *host_unit_link(struct host *host, struct object_set *set, struct object *object);

#endif
