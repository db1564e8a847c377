#include "base/base.h"

#include "inventory/private.h"
#include "base/vec.h"

/* --- runs that never finished --- */

static err *load_open_change(struct db_stmt *stmt, struct arena *arena, struct record *ret_record)
{
	struct record record = {
		.id = { db_column_int(stmt, 0), db_column_int(stmt, 1) },
		.key = inv_column_copy(stmt, 2, arena),
		.location = inv_column_copy(stmt, 3, arena),
		.is_sensitive = db_column_int(stmt, 5) != 0,
		.manifest = db_column_int(stmt, 7),
		.before = db_column_int(stmt, 8),
		.outcome = INV_UNKNOWN,
	};
	uint8_t *digest = arena_zalloc(arena, 1, INV_DIGEST_BYTES);
	(void)inv_column_digest(stmt, 6, digest);
	record.digest = digest;
	TRY(inv_parse_action(db_column_text(stmt, 4), &record.action));
	*ret_record = record;
	return NULL;
}

static const char open_changes_sql[] =
	"SELECT run, seq, key, location, action, is_sensitive, digest, manifest, before FROM change"
	" WHERE project=?1 AND outcome='pending' AND run IN"
	" (SELECT number FROM run WHERE project=?1 AND result='running') ORDER BY run, seq";

/* Read all before writing: the query runs over the rows that are about to change. */
static err *list_open_changes(struct db *db, int64_t project, struct arena *arena,
                              struct record **ret_records, size_t *ret_count)
{
	VEC(struct record) records = VEC_INIT;
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	err *e = db_prepare(db, open_changes_sql, &stmt);
	if (!e) {
		db_bind_int(stmt, 1, project);
		e = db_step(stmt, &has_row);
	}
	while (!e && has_row) {
		struct record record;
		e = load_open_change(stmt, arena, &record);
		if (!e) {
			vec_push(&records, record);
			e = db_step(stmt, &has_row);
		}
	}
	*ret_records = records.ptr;
	*ret_count = records.len;
	return e;
}

static err *write_open_changes(struct db *db, int64_t project, struct record *records, size_t count)
{
	struct recorder recorder;
	TRY(recorder_init(&recorder, db, project));
	err *e = NULL;
	for (size_t i = 0; i < count && !e; i++) {
		e = recorder_find(&recorder, records[i].key, &records[i].known);
		if (!e)
			e = recorder_write(&recorder, &records[i]);
	}
	recorder_clear(&recorder);
	return e;
}

/* 0: there is none. */
static err *find_running(struct db *db, int64_t project, int64_t *ret_number)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db, "SELECT number FROM run WHERE project=?1 AND result='running' LIMIT 1",
	               &stmt));
	db_bind_int(stmt, 1, project);
	TRY(db_step(stmt, &has_row));
	*ret_number = has_row ? db_column_int(stmt, 0) : 0;
	return NULL;
}

static err *interrupt_run(struct db *db, int64_t project, int64_t number)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(db,
	               "UPDATE run SET result='interrupted', finished_ms=?3"
	               " WHERE project=?1 AND number=?2",
	               &stmt));
	db_bind_int(stmt, 1, project);
	db_bind_int(stmt, 2, number);
	db_bind_int(stmt, 3, inv_now_ms());
	TRY(db_run(stmt));
	return inv_summarize_run(db, project, number);
}

err *inv_recover_project(struct db *db, int64_t project)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOFREE struct record *records = NULL;
	size_t count = 0;
	TRY(list_open_changes(db, project, &arena, &records, &count));
	if (count)
		TRY(write_open_changes(db, project, records, count));
	for (int64_t number = 0;;) {
		TRY(find_running(db, project, &number));
		if (!number)
			return NULL;
		TRY(interrupt_run(db, project, number));
	}
}

/* --- summary --- */

static const char summarize_sql[] =
	"UPDATE run SET created=s.created, updated=s.updated, adopted=s.adopted,"
	" recorded=s.recorded, deleted=s.deleted, forgotten=s.forgotten, failed=s.failed,"
	" skipped=s.skipped, unknown=s.unknown, is_lasting=s.lasting>0 FROM (SELECT"
	" count(*) FILTER (WHERE outcome='done' AND action='create') AS created,"
	" count(*) FILTER (WHERE outcome='done' AND action='update') AS updated,"
	" count(*) FILTER (WHERE outcome='done' AND action='adopt') AS adopted,"
	" count(*) FILTER (WHERE outcome='done' AND action='record') AS recorded,"
	" count(*) FILTER (WHERE outcome='done' AND action='delete') AS deleted,"
	" count(*) FILTER (WHERE outcome='done' AND action='forget') AS forgotten,"
	" count(*) FILTER (WHERE outcome='failed') AS failed,"
	" count(*) FILTER (WHERE outcome='skipped') AS skipped,"
	" count(*) FILTER (WHERE outcome='unknown') AS unknown,"
	" count(*) FILTER (WHERE outcome IN ('done', 'unknown')"
	" AND (until_run IS NULL OR action IN ('delete', 'forget'))) AS lasting"
	" FROM change WHERE project=?1 AND run=?2) AS s WHERE project=?1 AND number=?2";

err *inv_summarize_run(struct db *db, int64_t project, int64_t number)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(db, summarize_sql, &stmt));
	db_bind_int(stmt, 1, project);
	db_bind_int(stmt, 2, number);
	return db_run(stmt);
}

/* --- old history --- */

/*
 * A run is lasting when it changed what is recorded as the state of an object. Repairs of drift and
 * failed attempts are not: however many an agent makes in a night, they must not push out the runs
 * that a rollback wants to go back to. So both kinds have their own number to keep.
 */

/* Number of the oldest of the newest `keep` runs of that kind; 0 when there are not more. */
static err *oldest_to_keep(struct db *db, int64_t project, bool is_lasting, size_t keep,
                           int64_t *ret_number)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db,
	               "SELECT number FROM run WHERE project=?1 AND is_lasting=?2"
	               " ORDER BY number DESC LIMIT 2 OFFSET ?3",
	               &stmt));
	db_bind_int(stmt, 1, project);
	db_bind_int(stmt, 2, is_lasting);
	db_bind_int(stmt, 3, (int64_t)keep - 1);
	TRY(db_step(stmt, &has_row));
	int64_t oldest = has_row ? db_column_int(stmt, 0) : 0;
	if (has_row)
		TRY(db_step(stmt, &has_row));
	*ret_number = has_row ? oldest : 0;
	return NULL;
}

static err *remove_before(struct db *db, int64_t project, int64_t oldest, const char *const *sql,
                          size_t count)
{
	for (size_t i = 0; i < count && oldest; i++) {
		AUTOPTR(db_stmt) stmt = NULL;
		TRY(db_prepare(db, sql[i], &stmt));
		db_bind_int(stmt, 1, project);
		db_bind_int(stmt, 2, oldest);
		TRY(db_run(stmt));
	}
	return NULL;
}

/*
 * Of runs before ?2 only those changes are needed that are still the version of their object at
 * run ?2, or whose outcome is still open.
 */
#define NOT_NEEDED                                                                     \
	"project=?1 AND run<?2 AND (until_run<=?2 OR outcome IN ('failed', 'skipped')" \
	" OR action IN ('delete', 'forget'))"

static const char *const prune_lasting_sql[] = {
	"DELETE FROM text WHERE id IN (SELECT manifest FROM change WHERE " NOT_NEEDED ")",
	"DELETE FROM change WHERE " NOT_NEEDED,
	"DELETE FROM run WHERE project=?1 AND number<?2",
};

/* Their changes are no version of anything and have no text. */
static const char *const prune_others_sql[] = {
	("DELETE FROM change WHERE project=?1 AND run IN"
	 " (SELECT number FROM run WHERE project=?1 AND is_lasting=0 AND number<?2)"),
	"DELETE FROM run WHERE project=?1 AND is_lasting=0 AND number<?2",
};

err *inv_prune_history(struct db *db, int64_t project, size_t keep)
{
	int64_t oldest = 0;
	TRY(oldest_to_keep(db, project, true, keep, &oldest));
	TRY(remove_before(db, project, oldest, prune_lasting_sql, ARRAY_LEN(prune_lasting_sql)));
	TRY(oldest_to_keep(db, project, false, keep, &oldest));
	return remove_before(db, project, oldest, prune_others_sql, ARRAY_LEN(prune_others_sql));
}
