/* What the files of the Kubernetes driver share. */
#ifndef TARGET_KUBE_INTERNAL_H
#define TARGET_KUBE_INTERNAL_H

#include "base/base.h"
#include "base/map.h"
#include "base/vec.h"
#include "kube/kube.h"
#include "pal/pool.h"
#include "target_kube/health.h"
#include "target_kube/kube_target.h"
#include "target_kube/ready.h"

struct kube_target {
	struct target target; /* first */
	struct arena arena;
	struct kube_target_options options; /* copied */
	const struct kube_config *config;
	struct kube *kube;
	const char *name_space;             /* of objects that name none, and of the records */
	const char *parent;                 /* name of the Secret with the records, the ApplySet's parent */
	const char *set_id;                 /* value of the part-of label */
	struct mutex *mutex;                /* guards live_arena and made_kinds */
	struct arena live_arena;            /* copies of live objects of this plan */
	struct map removals;                /* by key: struct live *; what prepare looked for */
	VEC(const struct crd *) definitions; /* custom.c: compiled in definition_arena */
	struct arena definition_arena;
	struct map told; /* by text: warnings that are told once; guarded by mutex */
	struct ready *ready;
	struct kube_state *state;           /* state.c; NULL: the records were not asked for */
	struct tree *tree;                  /* tree.c; NULL: nobody asked for children */
	struct follow *follow;              /* follow.c; NULL: nobody follows */
};

struct crd;

/* What is known of an object on the server. */
enum live_state {
	LIVE_UNSEEN,  /* nobody looked yet */
	LIVE_ABSENT,
	LIVE_PROVED,  /* there, and applying would change nothing */
	LIVE_DIFFERS, /* there; `object` is a copy */
};

struct live {
	enum live_state state;
	const struct val *object; /* LIVE_DIFFERS, and of removals; in live_arena */
	const char *uid;          /* in live_arena */
	const char *owned;        /* 64 hex digits: hash of what we own as it is now */
	bool is_unready;
	const char *
		former; /* managers whose fields are ours in `object`, not yet on the server; or NULL */
	const char *other_owner;  /* somebody else's mark, or NULL */
	const char *keep_mark, *ignore_mark; /* or NULL */
};

/* object->compiled */
struct kube_object {
	const struct kube_resource *resource;
	struct object *crd;       /* in the set, makes the kind; or NULL */
	const struct crd *definition; /* of a CRD that has objects in the set, compiled; or NULL */
	bool awaits_definition;       /* fits the definition of the set, but not yet the server's */
	struct object *name_space; /* Namespace in the set that this one is in; or NULL */
	const struct val *body;   /* what is sent */
	const char *path;         /* "/apis/…/name" */
	const char *fingerprint;  /* of body */
	bool may_replace;
	bool must_force;          /* every conflict is to be taken over */
	int64_t generation;       /* of our last write; 0: none */
	int64_t written_ms;       /* server's time of our last write; 0: none */
	struct live live;
};

static inline struct kube_target *kube_of(struct target *target)
{
	return (struct kube_target *)target;
}

static inline struct kube_object *compiled_of(const struct object *object)
{
	return object->compiled;
}

/* --- compile.c --- */
bool kube_handles(const char *group, const char *kind, const char **ret_hint);
NODISCARD err *kube_compile(struct target *target, struct object_set *set, struct object *object);
/* Resources, namespaces, bodies, edges: for the whole set. */
NODISCARD err *kube_link(struct target *target, struct object_set *set);
NODISCARD err *kube_snapshot(struct target *target, const struct object *object, struct str *out);

/* --- look.c --- */
NODISCARD err *kube_prepare(struct target *target, const struct object_set *set, const bool *only,
                            const struct target_record *const *removals, size_t removal_count);
/* Look again or for the first time, alone. */
NODISCARD err *kube_look(struct kube_target *kt, const struct object *object);
/* The same, and keep the object even if it is proved unchanged. */
NODISCARD err *kube_look_fully(struct kube_target *kt, const struct object *object);
/* The live object of a recorded one whose manifest is gone; state ABSENT when the kind is gone too. */
NODISCARD err *kube_look_removal(struct kube_target *kt, const struct target_record *record,
                                 struct live **ret_live);
/* Path of a recorded object: NOT_FOUND when the server has no such kind, UNAVAILABLE: nobody knows. */
NODISCARD err *kube_record_path(struct kube_target *kt, const char *key,
                                const struct kube_resource **ret_resource, struct str *path);
/* Fill from a live object; `body` NULL for removals. */
void kube_take_live(struct kube_target *kt, const struct val *body, const struct val *item,
                    struct live *live);
/* Append the inventory's key of a live object of that kind. */
void kube_item_key(const struct kube_resource *resource, const struct val *item, struct str *key);
/* Hash of what we own, 64 hex digits into `text`. */
void kube_owned_hash(const struct kube_target *kt, const struct val *object, char text[65]);

/* Recorded uid is "UID OWNED-HASH". Borrowed parts; lengths 0 when absent. */
struct recorded_uid {
	struct view uid, owned;
};
struct recorded_uid kube_recorded_uid(const struct target_record *record);

/* --- compare.c --- */
NODISCARD err *kube_plan(struct target *target, const struct object *object,
                         const struct target_record *record, unsigned flags, struct plan_item *item);
NODISCARD err *kube_plan_removal(struct target *target, const struct target_record *record,
                                 struct plan_item *item);
NODISCARD err *kube_inspect(struct target *target, const struct target_record *record,
                            struct arena *arena, const char **ret_live, const char **ret_note);

/* --- write.c --- */
enum patch_flags {
	PATCH_DRY_RUN = 1u << 0,
	PATCH_FORCE = 1u << 1,
};
/* Server-side apply; any answer is success. `ret_object` is NULL unless 2xx. */
NODISCARD err *kube_patch(struct kube_target *kt, const struct kube_object *compiled, unsigned flags,
                          const char *uid, struct arena *arena, struct kube_status *ret_status,
                          const struct val **ret_object);
/* What the server would make of a whole object in its place; `object` stays in *ret_next where it says no. */
NODISCARD err *kube_dry_update(struct kube_target *kt, const struct kube_object *compiled,
                               const struct val *object, struct arena *arena,
                               const struct val **ret_next);
NODISCARD err *kube_apply(struct target *target, struct plan_item *item);
NODISCARD err *kube_remove(struct target *target, struct plan_item *item,
                           const struct target_record *record);
/* The server's no to this object, at its manifest, without secrets. */
NODISCARD err *kube_refusal(const struct object *object, const struct kube_status *status);

/* --- follow.c --- */
NODISCARD err *kube_follow(struct target *target, const struct object_set *set,
                           void (*on_change)(void *context, const char *key), void *context);
void follow_free(struct follow *follow);

/* --- await.c --- */
void kube_await(struct target *target, const struct plan_item *item,
                void (*done)(void *context, err *take_error), void *context);
/* Wait until the object of that uid is gone. */
NODISCARD err *kube_wait_gone(struct kube_target *kt, const struct plan_item *item, const char *uid);

#endif
