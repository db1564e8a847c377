/*
 * What the files of pkg/inventory share. The mutex guards the connection: every public function
 * takes it, functions declared here expect it taken. Rows of `change` are both the history and, while
 * `until_run` is NULL, the newest version of each object (see docs/state.md).
 */
#ifndef INVENTORY_PRIVATE_H
#define INVENTORY_PRIVATE_H

#include "base/base.h"

#include "db/db.h"
#include "inventory/inventory.h"
#include "pal/clock.h"
#include "pal/pool.h"

/* HOLD(inv->mutex); takes it until the end of the scope. */
#define HOLD(mutex) UNUSED AUTO(mutex_hold) held_mutex_ = mutex_hold(mutex)

struct inv {
	struct db *db; /* NULL: read-only, and there is no file */
	struct mutex *mutex;
	size_t keep_runs;
	err *(*flush)(void *context); /* NULL: the file itself is what keeps it */
	void *flush_context;
};

/* Without the mutex. */
NODISCARD err *inv_flush(struct inv *inv);

struct inv_project {
	struct inv *inv;
	int64_t id; /* 0: not in the file yet */
	char *name, *target, *source;
	struct db_stmt *find_manifest; /* prepared by the first inv_manifest */
};

/* Primary key of a row of `change` within the project; run 0: none. */
struct change_id {
	int64_t run, seq;
};

/* The row of `object` for one key, as far as recording needs it. */
struct known {
	bool exists;
	bool has_digest;
	enum inv_origin origin;
	struct change_id version; /* the change that put it there */
	struct change_id pending; /* the change whose outcome is not known */
	int64_t before;           /* id of the text of what was there first, or 0 */
};

/* One change and what became of it: all that writing it down takes. */
struct record {
	struct change_id id;
	const char *key, *location, *uid, *error;
	enum inv_action action;
	enum inv_outcome outcome;
	bool is_sensitive;
	bool has_same_manifest; /* as the present version: the present version stays */
	const uint8_t *digest;
	int64_t manifest, before; /* ids of texts, or 0 */
	struct known known;
};

/* The statements that write records; prepared once per run. */
struct recorder {
	struct db *db;
	int64_t project;
	struct db_stmt *find, *set_outcome, *close_version, *drop_manifest, *drop_text, *put_object,
		*set_pending, *remove_object;
};

NODISCARD err *recorder_init(struct recorder *recorder, struct db *db, int64_t project);
void recorder_clear(struct recorder *recorder);
/* Look the object up; a missing one gives zeroes. */
NODISCARD err *recorder_find(struct recorder *recorder, const char *key, struct known *ret_known);
/* Bring `change`, `object` and `text` in line with the outcome. Within a transaction. */
NODISCARD err *recorder_write(struct recorder *recorder, const struct record *record);

/* Unfinished runs become INV_INTERRUPTED, their open changes pending objects. In a transaction. */
NODISCARD err *inv_recover_project(struct db *db, int64_t project);
/* Count what a run did into its row. */
NODISCARD err *inv_summarize_run(struct db *db, int64_t project, int64_t number);
/* Remove runs beyond `keep` and what only they needed. In a transaction. */
NODISCARD err *inv_prune_history(struct db *db, int64_t project, size_t keep);

/* What an open change means for the object until somebody looks. */
enum inv_state inv_pending_state(enum inv_action action, bool has_digest, enum inv_origin origin);

/* Names as stored; the parse functions give CORRUPT for what this fettle never wrote. */
NODISCARD err *inv_parse_action(const char *name, enum inv_action *ret_action);
NODISCARD err *inv_parse_state(const char *name, enum inv_state *ret_state);
NODISCARD err *inv_parse_result(const char *name, enum inv_result *ret_result);
NODISCARD err *inv_parse_outcome(const char *name, enum inv_outcome *ret_outcome);
NODISCARD err *inv_parse_origin(const char *name, enum inv_origin *ret_origin);

/* Milliseconds since 1970 UTC, as all times are stored. */
int64_t inv_now_ms(void);
/* Copy a text column into the arena; NULL stays NULL. */
const char *inv_column_copy(struct db_stmt *stmt, int column, struct arena *arena);
/* Copy a digest column; false for NULL. CORRUPT sizes count as NULL. */
bool inv_column_digest(struct db_stmt *stmt, int column, uint8_t ret_digest[INV_DIGEST_BYTES]);
/* Bytes of text `id` into `ret_bytes`; NOT_FOUND. */
NODISCARD err *inv_read_text(struct db *db, int64_t id, struct str *ret_bytes);

#endif
