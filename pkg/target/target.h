/*
 * The target driver: all that differs between a machine, a cluster and a configuration center.
 * The planner and executor of pkg/apply call these functions and know nothing else; a driver knows
 * nothing of inventories, prompts, plans as files or exit codes.
 *
 * The order of calls: open → compile (each object) → link (once) → prepare (once) → plan (each
 * object, concurrently; again when its fingerprints are wanted after all) → plan_removal (each pruned
 * record, concurrently) → clean_up (each record a killed run left) → apply / remove (as the DAG
 * allows, concurrently) → flush → run_handler → (revert) → close.
 *
 * Fingerprints are 64 hex digits (SHA-256 over a canonical text of the content and metadata the
 * driver manages) that are equal exactly when the states are equal as far as the driver manages
 * them; they carry no secret (sensitive content goes in through a keyed hash). "" means: nothing
 * there. They are stored in the inventory and in saved plans.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include "base/base.h"
#include "base/arena.h"
#include "target/object.h"

struct cancel;
struct target;

enum plan_action {
	PLAN_NONE,    /* in sync */
	PLAN_CREATE,
	PLAN_UPDATE,
	PLAN_REPLACE, /* must be removed and made again (a folder where a file should be) */
	PLAN_DELETE,
	PLAN_RUN,     /* state is right, something must be run: a restart, a pending onChange */
	PLAN_FORGET,  /* recorded, but gone already: only the record goes */
	PLAN_REFUSED, /* a guard says no: `reason` says which and how to insist */
};

/* One difference. Texts are NULL when absent on that side. */
struct plan_change {
	const char *path;    /* "content", "mode", "data.key", "spec.replicas" */
	const char *before, *after;
	size_t before_len, after_len;
	bool is_text;        /* show as a line diff; else as `before → after` */
	bool is_sensitive;   /* before and after are keyed tags, not the values */
	bool is_binary;      /* before and after describe ("1.2 kB, sha256:…") */
	const char *note;    /* more about the field ("owned by helm since …"); may be NULL */
	struct plan_change *next;
};

/* What a driver says of one object. Texts live in `arena`, which is empty until needed. */
struct plan_item {
	const struct object *object;   /* NULL for a removal */
	const char *key, *display;
	const char *location;          /* where on the target ("/etc/motd"); may be NULL */
	enum plan_action action;
	const char *reason;            /* why, for people; may be NULL */
	const char *hint;              /* how to insist, for PLAN_REFUSED; may be NULL */
	struct plan_change *changes;
	const char *desired;           /* fingerprint of what the manifest asks for, and of what is */
	const char *live;              /* there; both filled unless the object is in sync, has a
	                                  finished record, and TARGET_WANT_FINGERPRINTS is not set */
	bool is_foreign;               /* something is there that fettle has no record of */
	bool has_drifted;              /* live differs from what was recorded (somebody changed it) */
	bool is_sensitive;
	bool is_predicted;             /* the target could not be asked; changes are what it would most
	                                  likely make of it. Why: reason */
	bool is_unready;               /* PLAN_NONE, but not ready yet: an apply waits for it */
	bool has_old_record;           /* set by the planner: recorded with another manifest text */
	const char **handlers;         /* keys of what must run once after a change; NULL-terminated */
	const struct object **triggers; /* set by the planner: objects this one reacts to (is_trigger
	                                   edges) that will change; NULL-terminated, or NULL */
	const char *uid;               /* set by apply: short text of the driver's own to be recorded
	                                  and handed back in target_record; may stay NULL */
	void *undo;                    /* the driver's: how to put the old state back (set by apply) */
	struct arena arena;
};

/* What is recorded of an object from earlier applies. */
struct target_record {
	const char *key;
	const char *location;
	const char *fingerprint;       /* of what was last applied; "" when never finished */
	const char *pending_fingerprint; /* what a cut-off run wanted to put there; "" */
	const char *uid;               /* plan_item.uid of that apply; NULL when there was none */
	const char *manifest;          /* snapshot() of that apply, only for plan_removal and inspect;
	                                  NULL when sensitive (nothing is kept in clear) */
	bool is_pending;               /* an earlier run was cut off in the middle of this object */
	bool is_sensitive;
	bool keep_on_prune;            /* the planner's; known without the manifest when sensitive */
};

enum target_plan_flags {
	TARGET_WANT_FINGERPRINTS = 1u << 0, /* fill desired and live also for PLAN_NONE */
};

enum target_note_kind {
	TARGET_NOTE_WARNING,  /* of the target itself ("policy/v1beta1 is deprecated"), each once */
	TARGET_NOTE_PROGRESS, /* of one object: "2 of 3 ready" */
	TARGET_NOTE_TROUBLE,  /* of one object: it will hardly get ready; may have several lines (log) */
};

struct target_note {
	enum target_note_kind kind;
	const char *key, *display; /* NULL: of no object */
	const char *text;
};

/* For `status`; lives as long as the target. */
struct target_child {
	const char *display; /* "Pod/web-0" */
	const char *note;    /* "ready" */
	unsigned depth;
	bool is_trouble;
};

/* Borrowed by the target for its whole life. */
struct target_context {
	/* Bytes of a repository file named in a manifest (`contentFrom`), relative to the manifest. */
	err *(*read_source)(void *context, const struct object *object, const char *reference,
	                    size_t limit, struct str *ret_text);
	void *context;
	int64_t deadline_ns;           /* clock_monotonic_ns() at which to give up; 0 = never */
	const struct cancel *cancel;   /* pal/sig.h; NULL = never */
	const unsigned char *tag_key;  /* 32 bytes for fingerprints and tags of sensitive content */
	/* Something to tell now, from any thread. May be NULL. */
	void (*on_note)(void *context, const struct target_note *note);
	void *note_context;
};

/*
 * What a target keeps of the records itself (ops->state_load), so that any machine can go on where
 * another one stopped.
 */
struct target_state {
	const char *project;
	struct view image;             /* the records, opaque */
	const char *const *keys;       /* of all objects the project owns or is about to */
	size_t key_count;
};

struct target_ops {
	const char *name;              /* "host" */
	/* How many objects may be compared or changed at once, because it is the network that is waited
	   for; 0: what suits the processors. */
	unsigned concurrency;

	/* Is this a kind of ours? If not, `ret_hint` (static, or NULL) says what the user may have meant. */
	bool (*handles)(const char *group, const char *kind, const char **ret_hint);

	/* Check the manifest and attach object->compiled (in `set`'s arena). All errors of it, joined. */
	err *(*compile)(struct target *target, struct object_set *set, struct object *object);

	/* Edges between objects (a folder before what is in it), and clashes between them. */
	err *(*link)(struct target *target, struct object_set *set);

	/*
	 * Look at the target for the whole set, and for the records that may have to go, at once, where
	 * that is cheaper. `only` as in plan_options (by object index; NULL: all). May be NULL.
	 */
	err *(*prepare)(struct target *target, const struct object_set *set, const bool *only,
	                const struct target_record *const *removals, size_t removal_count);

	/*
	 * Compare one object with the live state into `item` (zeroed but for object, key, display).
	 * Thread-safe. An error here is an error of the plan, never "no difference".
	 */
	err *(*plan)(struct target *target, const struct object *object,
	             const struct target_record *record, unsigned flags, struct plan_item *item);

	/* The same for a recorded object whose manifest is gone: DELETE, FORGET or REFUSED. */
	err *(*plan_removal)(struct target *target, const struct target_record *record,
	                     struct plan_item *item);

	/*
	 * An earlier run was cut off at this object: remove what it left half made (temp files).
	 * Called before the first apply. May be NULL.
	 */
	err *(*clean_up)(struct target *target, const struct target_record *record);

	/*
	 * Make it so. Thread-safe. Must refuse (CONFLICT) when live moved since the plan was made.
	 * Durable only after the next flush. Afterwards the live fingerprint is item->desired.
	 */
	err *(*apply)(struct target *target, struct plan_item *item);
	/* May find that it must stay, and turn the item into PLAN_FORGET with a reason. */
	err *(*remove)(struct target *target, struct plan_item *item,
	               const struct target_record *record);

	/*
	 * After apply or remove (or instead of it, for PLAN_NONE): tell when the object is ready, or gone.
	 * Returns at once and calls `done` exactly once, from any thread, maybe before it returns; with an
	 * error when it will not get there, TIMEOUT and CANCELLED as the context says. May be NULL: what
	 * was applied is ready.
	 */
	void (*await)(struct target *target, const struct plan_item *item,
	              void (*done)(void *context, err *take_error), void *context);

	/* Make what was applied so far survive a power cut. Thread-safe. May be NULL. */
	err *(*flush)(struct target *target);

	/* Run what item->handlers named; called once per key, after all its items are done. */
	err *(*run_handler)(struct target *target, const char *handler);

	/* Put back the state before apply, after a handler failed. May be NULL. */
	err *(*revert)(struct target *target, struct plan_item *item);

	/*
	 * The manifest with everything it refers to put in line (contentFrom → content), so that it
	 * can be applied again without its repository. Appends JSON to `out`.
	 */
	err *(*snapshot)(struct target *target, const struct object *object, struct str *out);

	/*
	 * Removals go in falling order of this number, equal ones concurrently (what is inside a
	 * folder before the folder). May be NULL: all at once.
	 */
	int (*removal_rank)(const struct target_record *record);

	/*
	 * Health and drift of a recorded object without its manifest: `ret_live` is the fingerprint
	 * of what is there ("" = gone), `ret_note` may say more ("active (running)"). In `arena`.
	 */
	err *(*inspect)(struct target *target, const struct target_record *record,
	                struct arena *arena, const char **ret_live, const char **ret_note);

	/*
	 * What grew out of a recorded object (replica sets, pods): each with its depth, 1 for its own
	 * children, what is below an object right after it. From one thread. May be NULL: nothing does.
	 */
	err *(*children)(struct target *target, const struct target_record *record,
	                 void (*each)(void *context, const struct target_child *child),
	                 void *context);

	/* Places to watch for drift of this object, one call of `add` each (absolute OS paths). May be NULL. */
	err *(*watch_paths)(struct target *target, const struct object *object,
	                    void (*add)(void *context, const char *path), void *context);

	/*
	 * Follow the objects of the set from now on: `on_change` gets the key of one that may not be as
	 * compiled any more, from any thread, until the next call; a NULL set only ends it. The set must
	 * outlive it. May be NULL: watch_paths says what to watch.
	 */
	err *(*follow)(struct target *target, const struct object_set *set,
	               void (*on_change)(void *context, const char *key), void *context);

	/*
	 * Records kept by the target. state_load appends the newest image of `project` (nothing: there is
	 * none); with `for_change` it also takes the project for this process (CONFLICT names the holder).
	 * state_save stores one, durably, CONFLICT when another process stored one since. All NULL: the
	 * records are a file of this machine.
	 */
	err *(*state_load)(struct target *target, const char *project, const char *command,
	                   bool for_change, struct str *ret_image);
	err *(*state_save)(struct target *target, const struct target_state *state);

	void (*close)(struct target *target);
};

/* Drivers embed this first. */
struct target {
	const struct target_ops *ops;
	const struct target_context *context;
	const char *identity;          /* "host:/srv/sandbox": which target this is, for records */
	const struct map *claims;      /* while planning: locations that others own, or that stay as
	                                  they are, though no object of the set names them; or NULL */
};

const char *plan_action_name(enum plan_action action); /* "create", … stable, used in JSON */

/* Add a difference at the end of item->changes; texts are copied into item->arena. */
struct plan_change *plan_change_add(struct plan_item *item, const char *path, struct view before,
                                    struct view after);
/* As above with printf on both sides; pass NULL text for "absent". */
struct plan_change *plan_change_text(struct plan_item *item, const char *path, const char *before,
                                     const char *after);
void plan_item_clear(struct plan_item *item);

#endif
