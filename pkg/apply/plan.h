/*
 * What would change: one item per object and per recorded object whose manifest is gone, made by
 * comparing concurrently, then judged by the prune guards. A plan is only data; printing it, saving
 * it and carrying it out are elsewhere (plan_report.h, plan_file.h, execute.h).
 */
#ifndef APPLY_PLAN_H
#define APPLY_PLAN_H

#include "base/base.h"
#include "inventory/inventory.h"
#include "pal/pool.h"
#include "project/project.h"
#include "target/target.h"

/* Recorded objects of the project, in the driver's terms. */
struct records {
	struct arena arena;
	struct target_record *items; /* in the order of the inventory: by key */
	const struct inv_object **objects;
	size_t len;
	struct map by_key;           /* of struct target_record */
	struct map kept;             /* by location: owned, but none of this plan's business */
};

void records_init(struct records *records);
void records_clear(struct records *records);
/* Read what `project` owns; a NULL project owns nothing. */
NODISCARD err *records_load(struct records *records, struct inv_project *project);
const struct target_record *records_find(const struct records *records, const char *key);
/* Fill record->manifest, in the arena; it stays NULL for what has none or is sensitive. */
NODISCARD err *record_load_manifest(struct inv_project *project, struct arena *arena,
                                    struct target_record *record);
/*
 * What is recorded as uid of `item`: the driver's own text behind our mark of "never prune", which for
 * a sensitive object cannot be read from a recorded manifest. In `arena`.
 */
const char *record_uid(const struct records *records, const struct plan_item *item,
                       struct arena *arena);
/* The digest of the inventory from a driver's fingerprint; all zero for "". */
void fingerprint_to_digest(const char *fingerprint, uint8_t ret_digest[INV_DIGEST_BYTES]);

struct plan_options {
	bool prune;
	bool prune_changed;             /* also delete what somebody changed since */
	struct deletion_limit max_deletions;
	bool wants_fingerprints;        /* for a saved plan: also of what is in sync */
	bool checks_records;            /* before a change: also find records whose manifest text is
	                                   older than the source (annotations, checks, handlers) */
	unsigned threads;               /* 0: as many as there are processors */
	struct inv_project *project;    /* for manifests of removals; NULL: nothing recorded */
	const bool *only;               /* by object index: compare just these, the rest is taken
	                                   to be in sync unless it reacts to one of them; NULL: all */
};

struct plan {
	struct plan_item *items;
	size_t len;
	size_t object_count;            /* the first so many items are objects of the set, in its order */
	size_t counts[PLAN_REFUSED + 1];
	size_t unrecorded;              /* in sync, but not (or not fully) in the inventory yet */
	size_t unready;                 /* in sync, but an apply would wait for them */
	size_t unlisted;                /* prune would delete so many, but is off */
	struct arena arena;
	struct map claims;              /* by location: struct inv_claim of other projects, or NULL */
	const struct object_set *set;
	const struct records *records;
	bool *compared;                 /* by object index */
};

/*
 * Compare. Everything passed is borrowed and must outlive the plan. Errors of single objects come
 * back joined: a plan with a hole is no plan. REFUSED when a prune guard says no to the whole.
 */
NODISCARD err *plan_make(struct target *target, const struct object_set *set,
                         const struct records *records, const struct plan_options *options,
                         struct plan **ret_plan);
void plan_free(struct plan *plan);
AUTOPTR_DEFINE(plan)

/* Does carrying it out change the target? */
bool plan_has_changes(const struct plan *plan);
/* Is there anything to do at all, records included? */
bool plan_has_work(const struct plan *plan);
/* Is the object in sync, but its record missing, unfinished or older than its manifest? */
bool plan_needs_record(const struct plan *plan, const struct plan_item *item);
/* Was it looked at, or left out because of plan_options.only? */
bool plan_compared(const struct plan *plan, const struct plan_item *item);
/* Record of the item, NULL when there is none. */
const struct target_record *plan_record(const struct plan *plan, const struct plan_item *item);

#endif
