#include "base/base.h"

#include "inventory/inventory.h"
#include "inventory/private.h"
#include "base/vec.h"

/* --- runs --- */

#define RUN_COLUMNS                                                                              \
	"number, started_ms, finished_ms, result, command, source, git_commit, author, subject," \
	" user, host, message, created, updated, adopted, recorded, deleted, forgotten, failed," \
	" skipped, unknown, unchanged, is_lasting"

static size_t column_count(struct db_stmt *stmt, int column)
{
	return (size_t)db_column_int(stmt, column);
}

static err *load_run(struct db_stmt *stmt, struct arena *arena, struct inv_run_record *ret_record)
{
	struct inv_run_record record = {
		.number = db_column_int(stmt, 0),
		.started_ms = db_column_int(stmt, 1),
		.finished_ms = db_column_int(stmt, 2),
		.command = inv_column_copy(stmt, 4, arena),
		.source = inv_column_copy(stmt, 5, arena),
		.commit = inv_column_copy(stmt, 6, arena),
		.author = inv_column_copy(stmt, 7, arena),
		.subject = inv_column_copy(stmt, 8, arena),
		.user = inv_column_copy(stmt, 9, arena),
		.host = inv_column_copy(stmt, 10, arena),
		.message = inv_column_copy(stmt, 11, arena),
		.created = column_count(stmt, 12),
		.updated = column_count(stmt, 13),
		.adopted = column_count(stmt, 14),
		.recorded = column_count(stmt, 15),
		.deleted = column_count(stmt, 16),
		.forgotten = column_count(stmt, 17),
		.failed = column_count(stmt, 18),
		.skipped = column_count(stmt, 19),
		.unknown = column_count(stmt, 20),
		.unchanged = column_count(stmt, 21),
		.is_lasting = db_column_int(stmt, 22) != 0,
	};
	TRY(inv_parse_result(db_column_text(stmt, 3), &record.result));
	*ret_record = record;
	return NULL;
}

static err *load_runs(struct inv_project *project, size_t limit, struct arena *arena,
                      struct inv_run_list *ret_list)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(project->inv->db,
	               "SELECT " RUN_COLUMNS
	               " FROM run WHERE project=?1 ORDER BY number DESC LIMIT ?2",
	               &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_int(stmt, 2, limit ? (int64_t)limit : -1);
	VEC(struct inv_run_record) runs = VEC_INIT;
	bool has_row = false;
	err *e = db_step(stmt, &has_row);
	while (!e && has_row) {
		struct inv_run_record record;
		e = load_run(stmt, arena, &record);
		if (!e) {
			vec_push(&runs, record);
			e = db_step(stmt, &has_row);
		}
	}
	if (!e && runs.len) {
		ret_list->ptr = arena_zalloc(arena, runs.len, sizeof(*runs.ptr));
		memcpy(ret_list->ptr, runs.ptr, runs.len * sizeof(*runs.ptr));
		ret_list->len = runs.len;
	}
	vec_clear(&runs);
	return e;
}

err *inv_runs(struct inv_project *project, size_t limit, struct arena *arena,
              struct inv_run_list *ret_list)
{
	*ret_list = (struct inv_run_list){ NULL, 0 };
	if (!project->id)
		return NULL;
	HOLD(project->inv->mutex);
	return load_runs(project, limit, arena, ret_list);
}

static err *unknown_run(struct inv_project *project, int64_t number)
{
	err *e = err_new(ERR_NOT_FOUND, "cannot find run %" PRId64 " of project '%s'", number,
	                 project->name);
	if (!project->id)
		return err_hint(e, "nothing was applied yet");
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	err *other = db_prepare(project->inv->db,
	                        "SELECT min(number), max(number) FROM run WHERE project=?1", &stmt);
	if (!other) {
		db_bind_int(stmt, 1, project->id);
		other = db_step(stmt, &has_row);
	}
	if (other)
		return err_join(e, other);
	return err_hint(e, "runs %" PRId64 " to %" PRId64 " are kept; 'fettle history' lists them",
	                db_column_int(stmt, 0), db_column_int(stmt, 1));
}

static err *find_run(struct inv_project *project, int64_t number, struct arena *arena,
                     struct inv_run_record *ret_record)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(project->inv->db,
	               "SELECT " RUN_COLUMNS " FROM run WHERE project=?1 AND number=?2", &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_int(stmt, 2, number);
	TRY(db_step(stmt, &has_row));
	return has_row ? load_run(stmt, arena, ret_record) : unknown_run(project, number);
}

err *inv_run_get(struct inv_project *project, int64_t number, struct arena *arena,
                 struct inv_run_record *ret_record)
{
	if (!project->id)
		return unknown_run(project, number);
	HOLD(project->inv->mutex);
	return find_run(project, number, arena, ret_record);
}

/* --- changes of one run --- */

static err *load_change(struct db_stmt *stmt, struct arena *arena, struct inv_change *ret_change)
{
	struct inv_change change = {
		.key = inv_column_copy(stmt, 0, arena),
		.location = inv_column_copy(stmt, 1, arena),
		.reason = inv_column_copy(stmt, 4, arena),
		.error = inv_column_copy(stmt, 5, arena),
	};
	TRY(inv_parse_action(db_column_text(stmt, 2), &change.action));
	TRY(inv_parse_outcome(db_column_text(stmt, 3), &change.outcome));
	*ret_change = change;
	return NULL;
}

static err *count_rows(struct inv_project *project, const char *sql, int64_t number,
                       size_t *ret_count)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(project->inv->db, sql, &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_int(stmt, 2, number);
	TRY(db_step(stmt, &has_row));
	*ret_count = (size_t)db_column_int(stmt, 0);
	return NULL;
}

#define OF_RUN " FROM change WHERE project=?1 AND run=?2"

static err *load_changes(struct inv_project *project, int64_t number, struct arena *arena,
                         struct inv_change_list *ret_list)
{
	size_t count = 0;
	AUTOPTR(db_stmt) stmt = NULL;
	struct inv_run_record unused;
	TRY(find_run(project, number, arena, &unused));
	TRY(count_rows(project, "SELECT count(*)" OF_RUN, number, &count));
	TRY(db_prepare(project->inv->db,
	               "SELECT key, location, action, outcome, reason, error" OF_RUN
	               " ORDER BY seq",
	               &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_int(stmt, 2, number);
	struct inv_change *items = arena_zalloc(arena, count + 1, sizeof(*items));
	size_t len = 0;
	for (bool has_row = true; len < count;) {
		TRY(db_step(stmt, &has_row));
		if (!has_row)
			break;
		TRY(load_change(stmt, arena, &items[len++]));
	}
	*ret_list = (struct inv_change_list){ items, len };
	return NULL;
}

err *inv_run_changes(struct inv_project *project, int64_t number, struct arena *arena,
                     struct inv_change_list *ret_list)
{
	if (!project->id)
		return unknown_run(project, number);
	HOLD(project->inv->mutex);
	return load_changes(project, number, arena, ret_list);
}

/* --- snapshot --- */

#define AS_OF_RUN                                                                                   \
	" FROM change AS c LEFT JOIN text AS t ON t.id=c.manifest WHERE c.project=?1 AND c.run<=?2" \
	" AND c.outcome='done' AND c.action NOT IN ('delete', 'forget')"                            \
	" AND (c.until_run IS NULL OR c.until_run>?2)"

static err *load_entry(struct db_stmt *stmt, struct arena *arena,
                       struct inv_snapshot_entry *ret_entry)
{
	struct inv_snapshot_entry entry = {
		.key = inv_column_copy(stmt, 0, arena),
		.location = inv_column_copy(stmt, 1, arena),
		.is_sensitive = db_column_int(stmt, 2) != 0,
	};
	struct view bytes = db_column_blob(stmt, 4);
	if (!inv_column_digest(stmt, 3, entry.digest) || (!bytes.ptr && !entry.is_sensitive))
		return err_new(ERR_CORRUPT,
		               "cannot read the state file: the recorded version of '%s' is "
		               "incomplete",
		               entry.key);
	if (bytes.ptr)
		entry.manifest =
			(struct view){ arena_strndup(arena, bytes.ptr, bytes.len), bytes.len };
	*ret_entry = entry;
	return NULL;
}

static err *load_snapshot(struct inv_project *project, int64_t number, struct arena *arena,
                          struct inv_snapshot *ret_snapshot)
{
	size_t count = 0;
	AUTOPTR(db_stmt) stmt = NULL;
	struct inv_run_record unused;
	TRY(find_run(project, number, arena, &unused));
	TRY(count_rows(project, "SELECT count(*)" AS_OF_RUN, number, &count));
	TRY(db_prepare(project->inv->db,
	               "SELECT c.key, c.location, c.is_sensitive, c.digest, t.bytes" AS_OF_RUN
	               " ORDER BY c.key",
	               &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_int(stmt, 2, number);
	struct inv_snapshot_entry *items = arena_zalloc(arena, count + 1, sizeof(*items));
	size_t len = 0;
	for (bool has_row = true; len < count;) {
		TRY(db_step(stmt, &has_row));
		if (!has_row)
			break;
		TRY(load_entry(stmt, arena, &items[len++]));
	}
	*ret_snapshot = (struct inv_snapshot){ items, len };
	return NULL;
}

err *inv_snapshot(struct inv_project *project, int64_t number, struct arena *arena,
                  struct inv_snapshot *ret_snapshot)
{
	if (!project->id)
		return unknown_run(project, number);
	HOLD(project->inv->mutex);
	return load_snapshot(project, number, arena, ret_snapshot);
}
