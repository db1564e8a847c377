#include "base/base.h"

#include "inventory/inventory.h"
#include "inventory/private.h"

enum {
	FLUSH_ITEMS = 1024,
	FLUSH_AFTER_MS = 200,
};

struct inv_run {
	struct inv_project *project;
	int64_t number;
	const struct inv_item *items; /* borrowed */
	struct record *records;       /* one per item */
	size_t count;
	struct recorder recorder;

	struct mutex *mutex; /* guards what follows; taken before inv->mutex, never after it */
	struct arena arena;  /* texts of the results */
	size_t *reported;    /* indexes in the order of their reports */
	size_t reported_count, written_count;
	int64_t written_ns;
	bool is_writing;
};

/* --- begin --- */

static err *put_project(struct inv_project *project, const char *source)
{
	struct db *db = project->inv->db;
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(
		db,
		"INSERT INTO project(name, target, source, created_ms) VALUES(?1, ?2, ?3, ?4)"
		" ON CONFLICT(name, target) DO UPDATE SET source=excluded.source RETURNING id",
		&stmt));
	db_bind_text(stmt, 1, project->name);
	db_bind_text(stmt, 2, project->target);
	db_bind_text(stmt, 3, source);
	db_bind_int(stmt, 4, inv_now_ms());
	TRY(db_step(stmt, &has_row));
	project->id = db_column_int(stmt, 0);
	return db_step(stmt, &has_row);
}

static err *next_number(struct inv_project *project, int64_t *ret_number)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(project->inv->db,
	               "SELECT coalesce(max(number), 0) + 1 FROM run WHERE project=?1", &stmt));
	db_bind_int(stmt, 1, project->id);
	TRY(db_step(stmt, &has_row));
	*ret_number = db_column_int(stmt, 0);
	return NULL;
}

static err *put_run(const struct inv_run *run, const struct inv_run_info *info)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(run->project->inv->db,
	               "INSERT INTO run(project, number, started_ms, result, command, source,"
	               " git_commit, author, subject, user, host, unchanged)"
	               " VALUES(?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	               &stmt));
	db_bind_int(stmt, 1, run->project->id);
	db_bind_int(stmt, 2, run->number);
	db_bind_int(stmt, 3, inv_now_ms());
	db_bind_text(stmt, 4, info->command ? info->command : "");
	db_bind_text(stmt, 5, info->source ? info->source : "");
	db_bind_text(stmt, 6, info->commit);
	db_bind_text(stmt, 7, info->author);
	db_bind_text(stmt, 8, info->subject);
	db_bind_text(stmt, 9, info->user ? info->user : "");
	db_bind_text(stmt, 10, info->host ? info->host : "");
	db_bind_int(stmt, 11, (int64_t)info->unchanged);
	return db_run(stmt);
}

/* Statements that write down what is intended; they live for the begin only. */
struct intent {
	struct db *db;
	struct db_stmt *put_text, *put_change, *same;
};

static void intent_clear(struct intent *intent)
{
	db_stmt_free(intent->put_text);
	db_stmt_free(intent->put_change);
	db_stmt_free(intent->same);
}

static err *intent_init(struct intent *intent, struct db *db)
{
	intent->db = db;
	TRY(db_prepare(db, "INSERT INTO text(bytes) VALUES(?1)", &intent->put_text));
	TRY(db_prepare(db,
	               "SELECT 1 FROM change LEFT JOIN text ON text.id=change.manifest"
	               " WHERE project=?1 AND run=?2 AND seq=?3 AND is_sensitive=?4 AND digest=?5"
	               " AND location=?6 AND (is_sensitive OR bytes=?7)",
	               &intent->same));
	return db_prepare(db,
	                  "INSERT INTO change(project, run, seq, key, location, action, outcome,"
	                  " is_sensitive, digest, manifest, before, reason)"
	                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9, ?10, ?11)",
	                  &intent->put_change);
}

static err *put_text(struct intent *intent, struct view bytes, int64_t *ret_id)
{
	db_bind_blob(intent->put_text, 1, bytes.len ? bytes.ptr : "", bytes.len);
	TRY(db_run(intent->put_text));
	*ret_id = db_last_insert_id(intent->db);
	return NULL;
}

static bool is_removal(enum inv_action action)
{
	return action == INV_DELETE || action == INV_FORGET;
}

/* Repairing drift gives the text we have already: the present version stays the version. */
static err *compare_version(struct intent *intent, int64_t project, const struct inv_item *item,
                            struct record *record)
{
	struct db_stmt *stmt = intent->same;
	if (!record->known.version.run || is_removal(item->action))
		return NULL;
	db_bind_int(stmt, 1, project);
	db_bind_int(stmt, 2, record->known.version.run);
	db_bind_int(stmt, 3, record->known.version.seq);
	db_bind_int(stmt, 4, item->is_sensitive);
	db_bind_blob(stmt, 5, item->digest, INV_DIGEST_BYTES);
	db_bind_text(stmt, 6, item->location);
	db_bind_blob(stmt, 7, item->manifest.len ? item->manifest.ptr : "", item->manifest.len);
	err *e = db_step(stmt, &record->has_same_manifest);
	db_reset(stmt);
	return e;
}

static err *put_texts(struct intent *intent, const struct inv_item *item, struct record *record)
{
	bool keeps_manifest = !item->is_sensitive && !is_removal(item->action);
	if (keeps_manifest && !record->has_same_manifest)
		TRY(put_text(intent, item->manifest, &record->manifest));
	if (item->has_before && !item->is_sensitive && !record->known.before)
		TRY(put_text(intent, item->before, &record->before));
	return NULL;
}

static void bind_text_id(struct db_stmt *stmt, int index, int64_t id)
{
	if (id)
		db_bind_int(stmt, index, id);
	else
		db_bind_null(stmt, index);
}

static err *put_change(struct intent *intent, int64_t project, const struct record *record,
                       const char *reason)
{
	struct db_stmt *stmt = intent->put_change;
	db_bind_int(stmt, 1, project);
	db_bind_int(stmt, 2, record->id.run);
	db_bind_int(stmt, 3, record->id.seq);
	db_bind_text(stmt, 4, record->key);
	db_bind_text(stmt, 5, record->location);
	db_bind_text(stmt, 6, inv_action_name(record->action));
	db_bind_int(stmt, 7, record->is_sensitive);
	db_bind_blob(stmt, 8, record->digest, INV_DIGEST_BYTES);
	if (is_removal(record->action))
		db_bind_null(stmt, 8);
	bind_text_id(stmt, 9, record->manifest);
	bind_text_id(stmt, 10, record->before);
	db_bind_text(stmt, 11, reason);
	return db_run(stmt);
}

static err *put_item(struct inv_run *run, struct intent *intent, size_t index)
{
	const struct inv_item *item = &run->items[index];
	struct record *record = &run->records[index];
	*record = (struct record){
		.id = { run->number, (int64_t)index },
		.key = item->key,
		.location = item->location ? item->location : "",
		.action = item->action,
		.is_sensitive = item->is_sensitive,
		.digest = item->digest,
	};
	TRY(recorder_find(&run->recorder, item->key, &record->known));
	TRY(compare_version(intent, run->project->id, item, record));
	TRY(put_texts(intent, item, record));
	return put_change(intent, run->project->id, record, item->reason);
}

static err *put_items(struct inv_run *run)
{
	struct intent intent = { 0 };
	err *e = intent_init(&intent, run->project->inv->db);
	for (size_t i = 0; i < run->count && !e; i++)
		e = put_item(run, &intent, i);
	intent_clear(&intent);
	return e;
}

static err *write_begin(struct inv_run *run, const struct inv_run_info *info)
{
	struct inv_project *project = run->project;
	HOLD(project->inv->mutex);
	AUTO(db_tx) tx = DB_TX_INIT;
	TRY(db_begin(project->inv->db, &tx));
	TRY(put_project(project, info->source ? info->source : ""));
	TRY(inv_recover_project(project->inv->db, project->id));
	TRY(next_number(project, &run->number));
	TRY(recorder_init(&run->recorder, project->inv->db, project->id));
	TRY(put_run(run, info));
	TRY(put_items(run));
	TRY(db_commit(&tx));
	return db_set_durable(project->inv->db, false);
}

err *inv_run_begin(struct inv_project *project, const struct inv_run_info *info,
                   const struct inv_item *items, size_t count, struct inv_run **ret_run)
{
	AUTOPTR(inv_run) run = MEM_NEW(struct inv_run);
	run->project = project;
	run->items = items;
	run->count = count;
	run->records = mem_zalloc(count + 1, sizeof(*run->records));
	run->reported = mem_zalloc(count + 1, sizeof(*run->reported));
	run->mutex = mutex_new();
	run->written_ns = clock_monotonic_ns();
	arena_init(&run->arena);
	TRY(write_begin(run, info));
	char *source = mem_strdup(info->source ? info->source : ""); /* may be the one below */
	mem_free(project->source);
	project->source = source;
	TRY(inv_flush(project->inv));
	*ret_run = steal(&run);
	return NULL;
}

int64_t inv_run_number(const struct inv_run *run)
{
	return run->number;
}

/* --- results --- */

/* Store the reports [written_count, end). Without run->mutex: they don't change any more. */
static err *write_reports(struct inv_run *run, size_t end)
{
	HOLD(run->project->inv->mutex);
	AUTO(db_tx) tx = DB_TX_INIT;
	TRY(db_begin(run->project->inv->db, &tx));
	for (size_t i = run->written_count; i < end; i++)
		TRY(recorder_write(&run->recorder, &run->records[run->reported[i]]));
	return db_commit(&tx);
}

static bool is_flush_due(const struct inv_run *run)
{
	size_t waiting = run->reported_count - run->written_count;
	int64_t waited_ms = (clock_monotonic_ns() - run->written_ns) / 1000000;
	return !run->is_writing && (waiting >= FLUSH_ITEMS || waited_ms >= FLUSH_AFTER_MS);
}

static bool note_report(struct inv_run *run, size_t index, const struct inv_outcome_info *info,
                        size_t *ret_end)
{
	HOLD(run->mutex);
	struct record *record = &run->records[index];
	assert(record->outcome == INV_PENDING && info->outcome != INV_PENDING);
	record->outcome = info->outcome;
	record->uid = info->uid ? arena_strdup(&run->arena, info->uid) : NULL;
	record->error = info->error ? arena_strdup(&run->arena, info->error) : NULL;
	run->reported[run->reported_count++] = index;
	if (!is_flush_due(run))
		return false;
	run->is_writing = true;
	*ret_end = run->reported_count;
	return true;
}

err *inv_run_result(struct inv_run *run, size_t index, const struct inv_outcome_info *info)
{
	size_t end = 0;
	if (!note_report(run, index, info, &end))
		return NULL;
	err *e = write_reports(run, end);
	HOLD(run->mutex);
	if (!e)
		run->written_count = end;
	run->written_ns = clock_monotonic_ns();
	run->is_writing = false;
	return e;
}

/* --- finish --- */

static err *put_result(struct inv_run *run, enum inv_result result, const char *message)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(run->project->inv->db,
	               "UPDATE run SET result=?3, message=?4, finished_ms=?5"
	               " WHERE project=?1 AND number=?2",
	               &stmt));
	db_bind_int(stmt, 1, run->project->id);
	db_bind_int(stmt, 2, run->number);
	db_bind_text(stmt, 3, inv_result_name(result));
	db_bind_text(stmt, 4, message);
	db_bind_int(stmt, 5, inv_now_ms());
	return db_run(stmt);
}

static void skip_the_rest(struct inv_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (run->records[i].outcome == INV_PENDING) {
			run->records[i].outcome = INV_SKIPPED;
			run->reported[run->reported_count++] = i;
		}
}

static err *write_finish(struct inv_run *run, enum inv_result result, const char *message)
{
	struct inv *inv = run->project->inv;
	HOLD(inv->mutex);
	TRY(db_set_durable(inv->db, true));
	AUTO(db_tx) tx = DB_TX_INIT;
	TRY(db_begin(inv->db, &tx));
	for (size_t i = run->written_count; i < run->reported_count; i++)
		TRY(recorder_write(&run->recorder, &run->records[run->reported[i]]));
	TRY(inv_summarize_run(inv->db, run->project->id, run->number));
	TRY(put_result(run, result, message));
	TRY(inv_prune_history(inv->db, run->project->id, inv->keep_runs));
	return db_commit(&tx);
}

err *inv_run_finish(struct inv_run *run, enum inv_result result, const char *message)
{
	assert(result != INV_RUNNING);
	HOLD(run->mutex);
	assert(!run->is_writing);
	skip_the_rest(run);
	TRY(write_finish(run, result, message));
	run->written_count = run->reported_count;
	return inv_flush(run->project->inv);
}

void inv_run_free(struct inv_run *run)
{
	if (!run)
		return;
	recorder_clear(&run->recorder);
	if (run->project->inv->db)
		err_ignore(db_set_durable(run->project->inv->db, true),
		           "opening sets it too, and nothing was promised in between");
	arena_clear(&run->arena);
	mutex_free(run->mutex);
	mem_free(run->reported);
	mem_free(run->records);
	mem_free(run);
}
