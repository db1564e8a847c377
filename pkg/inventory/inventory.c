#include "base/base.h"

#include "inventory/inventory.h"
#include "inventory/private.h"

/* --- schema: docs/state.md explains it; steps are only ever appended --- */

static const char step_1[] =
	"CREATE TABLE meta("
	" name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE project("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL, target TEXT NOT NULL, source TEXT,"
	" created_ms INTEGER NOT NULL, UNIQUE(name, target)) STRICT;"

	"CREATE TABLE run("
	" project INTEGER NOT NULL REFERENCES project(id), number INTEGER NOT NULL,"
	" started_ms INTEGER NOT NULL, finished_ms INTEGER, result TEXT NOT NULL,"
	" command TEXT NOT NULL, source TEXT NOT NULL, git_commit TEXT, author TEXT, subject TEXT,"
	" user TEXT NOT NULL, host TEXT NOT NULL, message TEXT,"
	" created INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0,"
	" adopted INTEGER NOT NULL DEFAULT 0, recorded INTEGER NOT NULL DEFAULT 0,"
	" deleted INTEGER NOT NULL DEFAULT 0, forgotten INTEGER NOT NULL DEFAULT 0,"
	" failed INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,"
	" unknown INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,"
	" is_lasting INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(project, number)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE change("
	" project INTEGER NOT NULL REFERENCES project(id), run INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, key TEXT NOT NULL, location TEXT NOT NULL, action TEXT NOT NULL,"
	" outcome TEXT NOT NULL, is_sensitive INTEGER NOT NULL, digest BLOB, manifest INTEGER,"
	" before INTEGER, until_run INTEGER, reason TEXT, error TEXT,"
	" PRIMARY KEY(project, run, seq)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE object("
	" project INTEGER NOT NULL REFERENCES project(id), key TEXT NOT NULL,"
	" location TEXT NOT NULL, uid TEXT, origin TEXT NOT NULL, state TEXT NOT NULL,"
	" is_sensitive INTEGER NOT NULL, digest BLOB, pending_digest BLOB,"
	" version_run INTEGER, version_seq INTEGER, pending_run INTEGER, pending_seq INTEGER,"
	" before INTEGER, run INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
	" PRIMARY KEY(project, key)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE text(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"

	"INSERT INTO meta VALUES('secret_key', randomblob(32));";

static const char *const steps[] = { step_1 };

static const struct db_schema schema = {
	.application_id = 0x66746c31, /* "ftl1" */
	.what = "fettle state file",
	.steps = steps,
	.step_count = ARRAY_LEN(steps),
};

static struct inv *new_inv(struct db *db)
{
	struct inv *inv = MEM_NEW(struct inv);
	inv->db = db;
	inv->mutex = mutex_new();
	inv->keep_runs = INV_KEEP_RUNS;
	return inv;
}

err *inv_open(const char *path, enum inv_mode mode, struct inv **ret_inv)
{
	struct db *db = NULL;
	bool is_read_only = mode == INV_READ_ONLY;
	err *e = db_open(path, is_read_only ? DB_READ_ONLY : DB_READ_WRITE, &schema, &db);
	if (e && !(is_read_only && err_is(e, ERR_NOT_FOUND)))
		return e;
	err_free(e); /* no file: nothing is owned yet */
	*ret_inv = new_inv(db);
	return NULL;
}

err *inv_open_image(struct view image, const char *name, enum inv_mode mode, struct inv **ret_inv)
{
	struct db *db = NULL;
	if (image.len || mode == INV_READ_WRITE)
		TRY(db_open_image(image, name, mode == INV_READ_ONLY ? DB_READ_ONLY : DB_READ_WRITE,
		                  &schema, &db));
	*ret_inv = new_inv(db);
	return NULL;
}

err *inv_image(struct inv *inv, struct str *out)
{
	HOLD(inv->mutex);
	return db_image(inv->db, out);
}

void inv_on_flush(struct inv *inv, err *(*flush)(void *context), void *context)
{
	inv->flush = flush;
	inv->flush_context = context;
}

err *inv_flush(struct inv *inv)
{
	return inv->flush ? inv->flush(inv->flush_context) : NULL;
}

void inv_free(struct inv *inv)
{
	if (!inv)
		return;
	db_free(inv->db);
	mutex_free(inv->mutex);
	mem_free(inv);
}

void inv_set_keep_runs(struct inv *inv, size_t count)
{
	inv->keep_runs = MAX(count, (size_t)1);
}

static err *read_secret_key(struct db *db, uint8_t ret_key[INV_DIGEST_BYTES])
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db, "SELECT value FROM meta WHERE name='secret_key'", &stmt));
	TRY(db_step(stmt, &has_row));
	if (!has_row || !inv_column_digest(stmt, 0, ret_key))
		return err_new(ERR_CORRUPT, "cannot read '%s': its secret key is missing",
		               db_path(db));
	return NULL;
}

err *inv_secret_key(struct inv *inv, uint8_t ret_key[INV_DIGEST_BYTES])
{
	if (!inv->db)
		return err_new(ERR_NOT_FOUND,
		               "cannot read the secret key: no state is recorded yet");
	HOLD(inv->mutex);
	return read_secret_key(inv->db, ret_key);
}

/* --- projects --- */

static err *load_project(struct inv_project *project)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(project->inv->db,
	               "SELECT id, source FROM project WHERE name=?1 AND target=?2", &stmt));
	db_bind_text(stmt, 1, project->name);
	db_bind_text(stmt, 2, project->target);
	TRY(db_step(stmt, &has_row));
	if (!has_row)
		return NULL;
	project->id = db_column_int(stmt, 0);
	const char *source = db_column_text(stmt, 1);
	project->source = source ? mem_strdup(source) : NULL;
	return NULL;
}

err *inv_project(struct inv *inv, const char *name, const char *target,
                 struct inv_project **ret_project)
{
	HOLD(inv->mutex);
	AUTOPTR(inv_project) project = MEM_NEW(struct inv_project);
	project->inv = inv;
	project->name = mem_strdup(name);
	project->target = mem_strdup(target);
	if (inv->db)
		TRY(load_project(project));
	*ret_project = steal(&project);
	return NULL;
}

void inv_project_free(struct inv_project *project)
{
	if (!project)
		return;
	db_stmt_free(project->find_manifest);
	mem_free(project->name);
	mem_free(project->target);
	mem_free(project->source);
	mem_free(project);
}

const char *inv_project_source(const struct inv_project *project)
{
	return project->source;
}

static err *list_projects(struct db *db, struct arena *arena, struct inv_project_list *ret_list)
{
	int64_t count = 0;
	TRY(db_query_int(db, "SELECT count(*) FROM project", &count));
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(db,
	               "SELECT name, target, source, created_ms,"
	               " (SELECT count(*) FROM object WHERE project=project.id)"
	               " FROM project ORDER BY name, target LIMIT ?1",
	               &stmt));
	db_bind_int(stmt, 1, count);
	struct inv_project_list list = {
		arena_zalloc(arena, (size_t)count + 1, sizeof(struct inv_project_info)), 0
	};
	for (bool has_row = true;;) {
		TRY(db_step(stmt, &has_row));
		if (!has_row)
			break;
		list.ptr[list.len++] = (struct inv_project_info){
			.name = inv_column_copy(stmt, 0, arena),
			.target = inv_column_copy(stmt, 1, arena),
			.source = inv_column_copy(stmt, 2, arena),
			.created_ms = db_column_int(stmt, 3),
			.object_count = (size_t)db_column_int(stmt, 4),
		};
	}
	*ret_list = list;
	return NULL;
}

err *inv_projects(struct inv *inv, struct arena *arena, struct inv_project_list *ret_list)
{
	if (!inv->db) {
		*ret_list = (struct inv_project_list){ NULL, 0 };
		return NULL;
	}
	HOLD(inv->mutex);
	return list_projects(inv->db, arena, ret_list);
}

/* --- helpers --- */

int64_t inv_now_ms(void)
{
	return clock_wall_ns() / 1000000;
}

const char *inv_column_copy(struct db_stmt *stmt, int column, struct arena *arena)
{
	const char *text = db_column_text(stmt, column);
	return text ? arena_strdup(arena, text) : NULL;
}

bool inv_column_digest(struct db_stmt *stmt, int column, uint8_t ret_digest[INV_DIGEST_BYTES])
{
	struct view bytes = db_column_blob(stmt, column);
	if (!bytes.ptr || bytes.len != INV_DIGEST_BYTES)
		return false;
	memcpy(ret_digest, bytes.ptr, INV_DIGEST_BYTES);
	return true;
}

err *inv_read_text(struct db *db, int64_t id, struct str *ret_bytes)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db, "SELECT bytes FROM text WHERE id=?1", &stmt));
	db_bind_int(stmt, 1, id);
	TRY(db_step(stmt, &has_row));
	if (!has_row)
		return err_new(ERR_NOT_FOUND, "cannot find text %" PRId64 " in '%s'", id,
		               db_path(db));
	struct view bytes = db_column_blob(stmt, 0);
	str_reset(ret_bytes);
	str_add(ret_bytes, bytes.ptr, bytes.len);
	return NULL;
}
