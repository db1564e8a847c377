/* What the files of the center driver share. */
#ifndef TARGET_CENTER_INTERNAL_H
#define TARGET_CENTER_INTERNAL_H

#include "base/base.h"

#include "base/vec.h"
#include "kv/kv.h"
#include "pal/pool.h"
#include "target_center/center_target.h"

struct center {
	struct target target; /* first */
	struct arena arena;
	struct kv *kv;
	struct mutex *mutex;       /* one request at a time: there is one loop */
	VEC(struct kv_set *) sets; /* of compiled objects */
	char *state_path;          /* state.c; NULL: the records were not asked for */
	uint64_t state_version;
};

/* object->compiled */
struct center_object {
	const char *path;       /* below the center; "" is its top */
	struct kv_set *desired; /* keys relative to path */
	struct kv_set *live; /* of the keys we name or named, as planned; NULL: not planned yet */
	const char *fingerprint;
};

static inline struct center *center_of(struct target *target)
{
	return (struct center *)target;
}

static inline struct center_object *compiled_of(const struct object *object)
{
	return object->compiled;
}

/* --- center_target.c --- */
/* Seal, and keep it until the target ends. */
struct kv_set *center_keep(struct center *center, struct kv_set *take_set);
struct deadline center_deadline(const struct center *center);
/* 64 hex digits in the arena; "" for a set without keys. Keyed when sensitive. */
const char *center_fingerprint(const struct center *center, const struct kv_set *set,
                               bool is_sensitive, struct arena *arena);

/* --- compare.c --- */
NODISCARD err *center_plan(struct target *target, const struct object *object,
                           const struct target_record *record, unsigned flags,
                           struct plan_item *item);
NODISCARD err *center_plan_removal(struct target *target, const struct target_record *record,
                                   struct plan_item *item);
NODISCARD err *center_inspect(struct target *target, const struct target_record *record,
                              struct arena *arena, const char **ret_live, const char **ret_note);
/* What is there of the keys of the record, and of `also` (may be NULL). */
NODISCARD err *center_look(struct center *center, const char *path,
                           const struct target_record *record, const struct kv_set *also,
                           struct kv_set **ret_live);
/* A record's uid is its path and its keys, one in a line. */
const char *center_record_path(const struct target_record *record, struct arena *arena);

/* --- write.c --- */
NODISCARD err *center_apply(struct target *target, struct plan_item *item);
NODISCARD err *center_remove(struct target *target, struct plan_item *item,
                             const struct target_record *record);

/* --- state.c --- */
NODISCARD err *center_state_load(struct target *target, const char *project, const char *command,
                                 bool for_change, struct str *ret_image);
NODISCARD err *center_state_save(struct target *target, const struct target_state *state);

#endif
