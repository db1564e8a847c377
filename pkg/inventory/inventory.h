/*
 * What fettle owns on a target, the history of its runs, and what each run put there (for
 * rollback), in one SQLite file that projects share. Intentions are on disk before the first change
 * is made, results follow in batches: after a crash at any moment, whatever a run may have touched is
 * listed as pending, with the digest it would have now.
 *
 * Protocol of a run: take the project lock (pal/lock.h), inv_objects, plan, inv_run_begin (one flush),
 * change things and report each with inv_run_result from any thread, inv_run_finish (one flush).
 */
#ifndef INVENTORY_INVENTORY_H
#define INVENTORY_INVENTORY_H

#include "base/arena.h"
#include "base/base.h"

#define INV_DIGEST_BYTES 32
#define INV_KEEP_RUNS    50 /* default of inv_set_keep_runs */

struct inv;         /* the file */
struct inv_project; /* one project in it */
struct inv_run;     /* a run that is going on */

enum inv_mode {
	INV_READ_ONLY,  /* changes nothing; a missing file reads as an empty one */
	INV_READ_WRITE, /* makes the file (0600); its folder must exist */
};

/*
 * Open the state file at `path`. Fails with CORRUPT (damaged or foreign; it is left as it is),
 * UNSUPPORTED (written by a newer fettle), DENIED, IO, CONFLICT (busy for five seconds).
 */
NODISCARD err *inv_open(const char *path, enum inv_mode mode, struct inv **ret_inv);
/*
 * The same in memory, from the bytes of inv_image (empty: nothing is recorded yet), for records that a
 * target keeps itself. CORRUPT, UNSUPPORTED.
 */
NODISCARD err *inv_open_image(struct view image, const char *name, enum inv_mode mode,
                              struct inv **ret_inv);
/* Append all of it as bytes. */
NODISCARD err *inv_image(struct inv *inv, struct str *out);
/*
 * Call `flush` whenever what is recorded must be safe before the caller goes on: at the begin and at the
 * end of a run, and after inv_forget. Its error becomes theirs.
 */
void inv_on_flush(struct inv *inv, err *(*flush)(void *context), void *context);
/* NULL is fine. Projects and runs opened from it must have been freed. */
void inv_free(struct inv *inv);
AUTOPTR_DEFINE(inv)

/*
 * A random key that lives as long as the file, for keyed digests of secrets. NOT_FOUND when the file
 * does not exist yet (read-only): nothing was recorded then, any key will do.
 */
NODISCARD err *inv_secret_key(struct inv *inv, uint8_t ret_key[INV_DIGEST_BYTES]);

/*
 * The project `name` on the target identity `target` ("host:/srv/root"); made by the first run.
 * Both are copied.
 */
NODISCARD err *inv_project(struct inv *inv, const char *name, const char *target,
                           struct inv_project **ret_project);
void inv_project_free(struct inv_project *project); /* NULL is fine */
AUTOPTR_DEFINE(inv_project)

/*
 * Source of the newest run ("https://example.com/shop.git//prod"), NULL before the first. When it
 * differs from the present one, ask before pruning: it may be another project of the same name.
 */
const char *inv_project_source(const struct inv_project *project);

/* Projects in the file, sorted by name, then target; `ret_list->ptr` lives in the arena. */
struct inv_project_info {
	const char *name, *target, *source;
	int64_t created_ms;
	size_t object_count;
};
struct inv_project_list {
	struct inv_project_info *ptr;
	size_t len;
};
NODISCARD err *inv_projects(struct inv *inv, struct arena *arena,
                            struct inv_project_list *ret_list);

/* --- what is owned --- */

enum inv_origin {
	INV_CREATED, /* was not there before fettle */
	INV_ADOPTED, /* was there; `has_before` tells whether its former content is kept */
};

/* The pending ones: a run was killed, or lost sight of the outcome. Compare live with the digests. */
enum inv_state {
	INV_APPLIED,
	INV_PENDING_CREATE, /* live is absent (nothing happened) or has `pending_digest` (it is ours) */
	INV_PENDING_UPDATE, /* live is as before (`digest`, if there is one) or has `pending_digest` */
	INV_PENDING_DELETE, /* live is as before or absent */
};

struct inv_object {
	const char *key;      /* "group/kind/namespace/name": unique in the project */
	const char *location; /* path or other place, for messages and removal */
	const char *uid;      /* the driver's own identity of the object, or NULL */
	enum inv_origin origin;
	enum inv_state state;
	bool is_sensitive; /* no manifest is kept; the digest is keyed */
	bool has_before;
	bool has_digest; /* false: a first creation or adoption is pending */
	bool has_pending_digest;
	uint8_t digest[INV_DIGEST_BYTES];         /* of what was last applied for certain */
	uint8_t pending_digest[INV_DIGEST_BYTES]; /* of what the unfinished run wanted */
	int64_t run;                              /* number of the run that last touched it */
	int64_t time_ms;                          /* when */
};

/* Sorted by key, as bytes. */
struct inv_object_list {
	struct inv_object *ptr;
	size_t len;
};

/*
 * Everything the project owns or may own. Pending work of a run that is not finished is included, so
 * hold the project lock when the answer is to be acted upon.
 */
NODISCARD err *inv_objects(struct inv_project *project, struct arena *arena,
                           struct inv_object_list *ret_list);
/* Binary search; NULL when absent. */
const struct inv_object *inv_object_find(const struct inv_object_list *list, const char *key);

/*
 * Manifest text last given for `key`, pending or applied, to know how to remove what is no longer in
 * the source. NOT_FOUND for unknown, UNSUPPORTED for sensitive objects.
 */
NODISCARD err *inv_manifest(struct inv_project *project, const char *key, struct str *ret_manifest);
/* What was there before the object was adopted; NOT_FOUND. */
NODISCARD err *inv_before(struct inv_project *project, const char *key, struct str *ret_before);

/* Places that other projects of this file own on the same target, sorted by location. */
struct inv_claim {
	const char *location, *project, *key;
};
struct inv_claim_list {
	struct inv_claim *ptr;
	size_t len;
};
NODISCARD err *inv_other_claims(struct inv_project *project, struct arena *arena,
                                struct inv_claim_list *ret_list);

/* Stop owning without touching the object, outside of a run; NOT_FOUND. Hold the project lock. */
NODISCARD err *inv_forget(struct inv_project *project, const char *key);

/* --- runs --- */

enum inv_action {
	INV_CREATE,
	INV_UPDATE, /* of an object that is not recorded yet: it becomes INV_ADOPTED */
	INV_ADOPT,  /* take over what is there; with or without changing it */
	INV_RECORD, /* live is as desired, only the record is behind (pending, or new manifest text) */
	INV_DELETE,
	INV_FORGET, /* stop owning, leave it there */
};

/* One intended change. Borrowed until inv_run_free. */
struct inv_item {
	const char *key;
	const char *location;
	enum inv_action action;
	bool is_sensitive;
	bool has_before;
	uint8_t digest[INV_DIGEST_BYTES]; /* of what is desired; ignored for delete and forget */
	struct view manifest; /* canonical text incl. content; not kept when sensitive */
	struct view before;   /* with `has_before`: what is there now; kept at the first adoption */
	const char *reason;   /* why, one line; may be NULL */
};

struct inv_run_info {
	const char *command; /* "apply", "rollback 12" */
	const char *source;  /* as shown to people; stored as the project's source */
	const char *commit, *author, *subject; /* NULL when not from git */
	const char *user, *host;
	size_t unchanged; /* objects that need nothing; for the summary */
};

/*
 * Write down, durably, what is about to happen. Runs of this project that never finished are marked
 * INV_INTERRUPTED first and their open items become pending objects: the caller holds the lock, so
 * nobody else is at work. The number of the run (inv_run_number) counts from 1 within the project.
 */
NODISCARD err *inv_run_begin(struct inv_project *project, const struct inv_run_info *info,
                             const struct inv_item *items, size_t count, struct inv_run **ret_run);
int64_t inv_run_number(const struct inv_run *run);

enum inv_outcome {
	INV_PENDING, /* nothing reported */
	INV_DONE,
	INV_FAILED,  /* tried; live is as it was before */
	INV_UNKNOWN, /* tried; live may be either: stays pending, the next run looks */
	INV_SKIPPED, /* not attempted */
};

struct inv_outcome_info {
	enum inv_outcome outcome;
	const char *uid;   /* may be NULL; copied */
	const char *error; /* one line, no secrets; may be NULL; copied */
};

/*
 * Report item `index`, once. From any thread; usually only a memory operation, every 256th or after
 * 200 ms a write. An error means that results cannot be stored (disk full): start nothing new, then
 * call inv_run_finish. Nothing is lost by that: what is not stored counts as pending.
 */
NODISCARD err *inv_run_result(struct inv_run *run, size_t index,
                              const struct inv_outcome_info *info);

enum inv_result {
	INV_RUNNING, /* going on, or killed and not noticed yet */
	INV_OK,
	INV_PARTIAL, /* some items failed or were not attempted */
	INV_RUN_FAILED,
	INV_INTERRUPTED,
};

/*
 * Store the rest, durably; items nobody reported count as INV_SKIPPED. `message` may be NULL. Also
 * removes the oldest runs beyond the number to keep. On failure the run stays INV_RUNNING on disk.
 */
NODISCARD err *inv_run_finish(struct inv_run *run, enum inv_result result, const char *message);
/* NULL is fine. Without inv_run_finish before it, the run will count as interrupted. */
void inv_run_free(struct inv_run *run);
AUTOPTR_DEFINE(inv_run)

/*
 * How many runs of each project inv_run_finish keeps, at least 1: that many that changed the recorded
 * state, and as many others (repairs of drift, failures), so that those don't push out the former.
 */
void inv_set_keep_runs(struct inv *inv, size_t count);

/* --- history --- */

struct inv_run_record {
	int64_t number;
	int64_t started_ms, finished_ms; /* since 1970 UTC; finished 0: not */
	enum inv_result result;
	const char *command, *source;
	const char *commit, *author, *subject; /* or NULL */
	const char *user, *host;
	const char *message;                                            /* or NULL */
	size_t created, updated, adopted, recorded, deleted, forgotten; /* done */
	size_t failed, skipped, unknown, unchanged;
	bool is_lasting; /* changed what is wanted; false for repairs of drift and failed attempts */
};
struct inv_run_list {
	struct inv_run_record *ptr;
	size_t len;
};

/* Newest first, at most `limit` (0: all). INV_RUNNING of a run whose lock is free means killed. */
NODISCARD err *inv_runs(struct inv_project *project, size_t limit, struct arena *arena,
                        struct inv_run_list *ret_list);
/* One of them; NOT_FOUND with the kept range as a hint. */
NODISCARD err *inv_run_get(struct inv_project *project, int64_t number, struct arena *arena,
                           struct inv_run_record *ret_record);

struct inv_change {
	const char *key, *location;
	enum inv_action action;
	enum inv_outcome outcome;
	const char *reason, *error; /* or NULL */
};
struct inv_change_list {
	struct inv_change *ptr;
	size_t len;
};

/* What one run did, in the order of its items. */
NODISCARD err *inv_run_changes(struct inv_project *project, int64_t number, struct arena *arena,
                               struct inv_change_list *ret_list);

/* One object as it was after a run. */
struct inv_snapshot_entry {
	const char *key, *location;
	bool is_sensitive; /* then `manifest.ptr` is NULL: take it from the commit of the run */
	uint8_t digest[INV_DIGEST_BYTES];
	struct view manifest; /* in the arena, NUL-terminated */
};
struct inv_snapshot {
	struct inv_snapshot_entry *ptr; /* sorted by key */
	size_t len;
};

/*
 * The state the project had recorded when run `number` finished, for rollback: re-apply the
 * manifests, delete what is owned now and not in it. NOT_FOUND when the run is no longer kept.
 */
NODISCARD err *inv_snapshot(struct inv_project *project, int64_t number, struct arena *arena,
                            struct inv_snapshot *ret_snapshot);

/* Words for tables and JSON: "create", "pending-create", "ok", "done", "created". */
const char *inv_action_name(enum inv_action action);
const char *inv_state_name(enum inv_state state);
const char *inv_result_name(enum inv_result result);
const char *inv_outcome_name(enum inv_outcome outcome);
const char *inv_origin_name(enum inv_origin origin);

#endif
