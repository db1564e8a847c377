#include "base/base.h"

#include "inventory/private.h"

/* --- statements --- */

#define KEY_IS    "project=?1 AND key=?2"
#define CHANGE_IS "project=?1 AND run=?2 AND seq=?3"

static const char find_sql[] =
	"SELECT digest IS NOT NULL, origin, version_run, version_seq, pending_run, pending_seq, before"
	" FROM object WHERE " KEY_IS;

static const char set_outcome_sql[] =
	"UPDATE change SET outcome=?4, error=?5, until_run=?6, manifest=?7, before=NULL"
	" WHERE " CHANGE_IS;

static const char close_version_sql[] = "UPDATE change SET until_run=?4 WHERE " CHANGE_IS;

static const char drop_manifest_sql[] =
	"DELETE FROM text WHERE id=(SELECT manifest FROM change WHERE " CHANGE_IS ")";

static const char drop_text_sql[] = "DELETE FROM text WHERE id=?1";

static const char put_object_sql[] =
	"INSERT INTO object(project, key, location, uid, origin, state, is_sensitive, digest,"
	" version_run, version_seq, before, run, time_ms)"
	" VALUES(?1, ?2, ?3, ?4, ?5, 'applied', ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	" ON CONFLICT(project, key) DO UPDATE SET location=excluded.location,"
	" uid=coalesce(excluded.uid, uid), origin=excluded.origin, state='applied',"
	" is_sensitive=excluded.is_sensitive, digest=excluded.digest, pending_digest=NULL,"
	" version_run=excluded.version_run, version_seq=excluded.version_seq, pending_run=NULL,"
	" pending_seq=NULL, before=excluded.before, run=excluded.run, time_ms=excluded.time_ms";

/* An object that was applied before keeps its place: what is there must stay findable. */
static const char set_pending_sql[] =
	"INSERT INTO object(project, key, location, uid, origin, state, is_sensitive, pending_digest,"
	" pending_run, pending_seq, run, time_ms, before)"
	" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?11, ?12)"
	" ON CONFLICT(project, key) DO UPDATE SET"
	" location=iif(digest IS NULL, excluded.location, location),"
	" state=excluded.state, is_sensitive=max(is_sensitive, excluded.is_sensitive),"
	" pending_digest=excluded.pending_digest, pending_run=excluded.pending_run,"
	" pending_seq=excluded.pending_seq, run=excluded.run, time_ms=excluded.time_ms,"
	" before=excluded.before";

static const char remove_object_sql[] = "DELETE FROM object WHERE " KEY_IS;

static err *prepare_all(struct recorder *recorder)
{
	struct db *db = recorder->db;
	TRY(db_prepare(db, find_sql, &recorder->find));
	TRY(db_prepare(db, set_outcome_sql, &recorder->set_outcome));
	TRY(db_prepare(db, close_version_sql, &recorder->close_version));
	TRY(db_prepare(db, drop_manifest_sql, &recorder->drop_manifest));
	TRY(db_prepare(db, drop_text_sql, &recorder->drop_text));
	TRY(db_prepare(db, put_object_sql, &recorder->put_object));
	TRY(db_prepare(db, set_pending_sql, &recorder->set_pending));
	return db_prepare(db, remove_object_sql, &recorder->remove_object);
}

err *recorder_init(struct recorder *recorder, struct db *db, int64_t project)
{
	*recorder = (struct recorder){ .db = db, .project = project };
	err *e = prepare_all(recorder);
	if (e)
		recorder_clear(recorder);
	return e;
}

void recorder_clear(struct recorder *recorder)
{
	db_stmt_free(recorder->find);
	db_stmt_free(recorder->set_outcome);
	db_stmt_free(recorder->close_version);
	db_stmt_free(recorder->drop_manifest);
	db_stmt_free(recorder->drop_text);
	db_stmt_free(recorder->put_object);
	db_stmt_free(recorder->set_pending);
	db_stmt_free(recorder->remove_object);
	*recorder = (struct recorder){ 0 };
}

err *recorder_find(struct recorder *recorder, const char *key, struct known *ret_known)
{
	struct db_stmt *stmt = recorder->find;
	struct known known = { 0 };
	db_bind_int(stmt, 1, recorder->project);
	db_bind_text(stmt, 2, key);
	err *e = db_step(stmt, &known.exists);
	if (!e && known.exists) {
		known.has_digest = db_column_int(stmt, 0) != 0;
		e = inv_parse_origin(db_column_text(stmt, 1), &known.origin);
		known.version =
			(struct change_id){ db_column_int(stmt, 2), db_column_int(stmt, 3) };
		known.pending =
			(struct change_id){ db_column_int(stmt, 4), db_column_int(stmt, 5) };
		known.before = db_column_int(stmt, 6);
	}
	db_reset(stmt);
	if (!e)
		*ret_known = known;
	return e;
}

/* --- single steps --- */

static void bind_change(struct recorder *recorder, struct db_stmt *stmt, struct change_id id)
{
	db_bind_int(stmt, 1, recorder->project);
	db_bind_int(stmt, 2, id.run);
	db_bind_int(stmt, 3, id.seq);
}

static void bind_id_or_null(struct db_stmt *stmt, int index, int64_t id)
{
	if (id)
		db_bind_int(stmt, index, id);
	else
		db_bind_null(stmt, index);
}

static err *drop_text(struct recorder *recorder, int64_t id)
{
	if (!id)
		return NULL;
	db_bind_int(recorder->drop_text, 1, id);
	return db_run(recorder->drop_text);
}

/* From `run` on, the change `id` is not what is there any more. */
static err *close_version(struct recorder *recorder, struct change_id id, int64_t run)
{
	if (!id.run)
		return NULL;
	bind_change(recorder, recorder->close_version, id);
	db_bind_int(recorder->close_version, 4, run);
	return db_run(recorder->close_version);
}

/* The outcome of an earlier change is known now; it never became a version. */
static err *settle_pending(struct recorder *recorder, const struct record *record)
{
	struct change_id id = record->known.pending;
	if (!id.run)
		return NULL;
	bind_change(recorder, recorder->drop_manifest, id);
	TRY(db_run(recorder->drop_manifest));
	bind_change(recorder, recorder->set_outcome, id);
	db_bind_text(recorder->set_outcome, 4, inv_outcome_name(INV_UNKNOWN));
	db_bind_null(recorder->set_outcome, 5);
	db_bind_int(recorder->set_outcome, 6, record->id.run);
	db_bind_null(recorder->set_outcome, 7);
	return db_run(recorder->set_outcome);
}

/* `until` 0: it is the present version, or still open. */
static err *set_outcome(struct recorder *recorder, const struct record *record, int64_t until,
                        int64_t manifest)
{
	struct db_stmt *stmt = recorder->set_outcome;
	bind_change(recorder, stmt, record->id);
	db_bind_text(stmt, 4, inv_outcome_name(record->outcome));
	db_bind_text(stmt, 5, record->error);
	bind_id_or_null(stmt, 6, until);
	bind_id_or_null(stmt, 7, manifest);
	return db_run(stmt);
}

static enum inv_origin origin_of(const struct record *record)
{
	if (record->known.exists)
		return record->known.origin;
	return record->action == INV_CREATE ? INV_CREATED : INV_ADOPTED;
}

/* --- outcomes --- */

/* What was there first is kept once, at the object. */
static int64_t before_of(const struct record *record)
{
	return record->known.before ? record->known.before : record->before;
}

static err *put_object(struct recorder *recorder, const struct record *record)
{
	struct db_stmt *stmt = recorder->put_object;
	struct change_id version = record->has_same_manifest ? record->known.version : record->id;
	db_bind_int(stmt, 1, recorder->project);
	db_bind_text(stmt, 2, record->key);
	db_bind_text(stmt, 3, record->location);
	db_bind_text(stmt, 4, record->uid);
	db_bind_text(stmt, 5, inv_origin_name(origin_of(record)));
	db_bind_int(stmt, 6, record->is_sensitive);
	db_bind_blob(stmt, 7, record->digest, INV_DIGEST_BYTES);
	db_bind_int(stmt, 8, version.run);
	db_bind_int(stmt, 9, version.seq);
	bind_id_or_null(stmt, 10, before_of(record));
	db_bind_int(stmt, 11, record->id.run);
	db_bind_int(stmt, 12, inv_now_ms());
	return db_run(stmt);
}

static err *write_applied(struct recorder *recorder, const struct record *record)
{
	int64_t until = record->has_same_manifest ? record->id.run : 0;
	TRY(settle_pending(recorder, record));
	TRY(set_outcome(recorder, record, until, record->manifest));
	if (!record->has_same_manifest)
		TRY(close_version(recorder, record->known.version, record->id.run));
	return put_object(recorder, record);
}

static err *write_removed(struct recorder *recorder, const struct record *record)
{
	TRY(settle_pending(recorder, record));
	TRY(close_version(recorder, record->known.version, record->id.run));
	TRY(drop_text(recorder, record->known.before));
	TRY(set_outcome(recorder, record, record->id.run, 0));
	db_bind_int(recorder->remove_object, 1, recorder->project);
	db_bind_text(recorder->remove_object, 2, record->key);
	return db_run(recorder->remove_object);
}

/* Nothing happened: the row stays for the history, its texts do not. */
static err *write_without_effect(struct recorder *recorder, const struct record *record)
{
	TRY(drop_text(recorder, record->manifest));
	TRY(drop_text(recorder, record->before));
	return set_outcome(recorder, record, record->id.run, 0);
}

enum inv_state inv_pending_state(enum inv_action action, bool has_digest, enum inv_origin origin)
{
	if (action == INV_DELETE)
		return INV_PENDING_DELETE;
	return has_digest || origin == INV_ADOPTED ? INV_PENDING_UPDATE : INV_PENDING_CREATE;
}

static err *write_unknown(struct recorder *recorder, const struct record *record)
{
	struct db_stmt *stmt = recorder->set_pending;
	enum inv_origin origin = origin_of(record);
	enum inv_state state = inv_pending_state(record->action, record->known.has_digest, origin);
	TRY(settle_pending(recorder, record));
	TRY(set_outcome(recorder, record, 0, record->manifest));
	db_bind_int(stmt, 1, recorder->project);
	db_bind_text(stmt, 2, record->key);
	db_bind_text(stmt, 3, record->location);
	db_bind_text(stmt, 4, record->uid);
	db_bind_text(stmt, 5, inv_origin_name(origin));
	db_bind_text(stmt, 6, inv_state_name(state));
	db_bind_int(stmt, 7, record->is_sensitive);
	db_bind_blob(stmt, 8, record->digest, INV_DIGEST_BYTES);
	if (state == INV_PENDING_DELETE)
		db_bind_null(stmt, 8);
	db_bind_int(stmt, 9, record->id.run);
	db_bind_int(stmt, 10, record->id.seq);
	db_bind_int(stmt, 11, inv_now_ms());
	bind_id_or_null(stmt, 12, before_of(record));
	return db_run(stmt);
}

err *recorder_write(struct recorder *recorder, const struct record *record)
{
	bool removes = record->action == INV_DELETE || record->action == INV_FORGET;
	switch (record->outcome) {
	case INV_DONE:
		return removes ? write_removed(recorder, record) : write_applied(recorder, record);
	case INV_UNKNOWN:
		if (record->action == INV_FORGET)
			return write_without_effect(recorder, record); /* nothing was at stake */
		return write_unknown(recorder, record);
	case INV_FAILED:
	case INV_SKIPPED:
		return write_without_effect(recorder, record);
	case INV_PENDING:
		break;
	}
	return err_new(ERR_INTERNAL, "cannot record '%s': its outcome is not known yet",
	               record->key);
}
