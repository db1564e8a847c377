#include "base/base.h"

#include "db/db.h"
#include "db/private.h"

enum {
	BUSY_TIMEOUT_MS = 5000,
	WAL_RETRY_MS = 10,
	CHECKPOINT_PAGES =
		4096, /* 16 MiB: larger than one usual run, so that db_free does it once */
};

/* --- opening --- */

static err *open_handle(struct db *db, const char *name, int flags)
{
	int code = sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX, db_vfs_name());
	if (code != SQLITE_OK)
		return db_error(db, code, "open");
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	(void)sqlite3_wal_autocheckpoint(db->handle, CHECKPOINT_PAGES);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return NULL;
}

static void close_handle(struct db *db)
{
	if (db->handle)
		(void)sqlite3_close_v2(db->handle);
	db->handle = NULL;
}

/*
 * A folder we cannot write to has no room for the files that coordinate readers and writers. Without
 * a log beside it the file is complete, so it can be read as something that does not change.
 */
static err *open_immutable(struct db *db)
{
	close_handle(db);
	AUTO(str) uri = STR_INIT;
	str_addz(&uri, "file:");
	for (const char *at = db->path; *at; at++) {
		if (*at == '%' || *at == '?' || *at == '#')
			str_addf(&uri, "%%%02x", (unsigned)*at);
		else
			str_addch(&uri, *at);
	}
	str_addz(&uri, "?immutable=1");
	return open_handle(db, uri.ptr, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

static bool has_log(const struct db *db)
{
	AUTO(str) path = STR_INIT;
	str_addf(&path, "%s-wal", db->path);
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	int exists = 0;
	return vfs->xAccess(vfs, path.ptr, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK || exists;
}

/* The first read of the file: whatever is wrong with it shows here, before anything is written. */
static err *check_access(struct db *db)
{
	int64_t unused = 0;
	err *e = db_query_int(db, "PRAGMA application_id", &unused);
	if (!e || !db->is_read_only || err_is(e, ERR_CORRUPT) || has_log(db))
		return e;
	err_ignore(e, "the second way in reports what is wrong");
	TRY(open_immutable(db));
	return db_query_int(db, "PRAGMA application_id", &unused);
}

static err *refuse_foreign(const struct db *db)
{
	return err_hint(err_new(ERR_CORRUPT, "cannot use '%s': it is not a %s", db->path, db->what),
	                "it was left as it is; move it away, or name another file");
}

/* Is this ours, and at which version? A file without any table is ours to fill (version 0). */
static err *identify(struct db *db, const struct db_schema *schema, int64_t *ret_version)
{
	int64_t id = 0, tables = 0;
	TRY(check_access(db));
	AUTO(db_tx) tx = { db }; /* one view of the file while another process may be making it */
	TRY(db_exec(db, "BEGIN"));
	TRY(db_query_int(db, "PRAGMA application_id", &id));
	if (id != (int64_t)schema->application_id) {
		TRY(db_query_int(db, "SELECT count(*) FROM sqlite_schema", &tables));
		if (id != 0 || tables > 0)
			return refuse_foreign(db);
		*ret_version = 0;
		return NULL;
	}
	TRY(db_query_int(db, "PRAGMA user_version", ret_version));
	if (*ret_version < 1)
		return refuse_foreign(db);
	if (*ret_version > (int64_t)schema->step_count)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
		                "cannot use %s '%s': a newer fettle wrote it (version %" PRId64
		                ", this one knows %zu)",
		                db->what, db->path, *ret_version, schema->step_count),
			"use that fettle, or a newer one");
	return NULL;
}

/*
 * The log mode is stored in the file. Two processes that open a new file at once can be told "busy"
 * here without SQLite waiting by itself.
 */
static err *use_log(struct db *db)
{
	for (int waited_ms = 0;; waited_ms += WAL_RETRY_MS) {
		err *e = db_exec(db, "PRAGMA journal_mode=WAL");
		if (!err_is(e, ERR_CONFLICT) || waited_ms >= BUSY_TIMEOUT_MS)
			return e;
		err_free(e);
		(void)sqlite3_sleep(WAL_RETRY_MS);
	}
}

/* One transaction for all missing steps: a crash leaves the old version or the new one. */
static err *migrate(struct db *db, const struct db_schema *schema)
{
	int64_t version = 0;
	AUTO(db_tx) tx = DB_TX_INIT;
	TRY(db_begin(db, &tx));
	TRY(db_query_int(db, "PRAGMA user_version", &version)); /* another process may have won */
	for (size_t i = (size_t)version; i < schema->step_count; i++)
		TRY(db_exec(db, schema->steps[i]));
	AUTO(str) stamp = STR_INIT;
	str_addf(&stamp, "PRAGMA application_id=%" PRIu32 "; PRAGMA user_version=%zu",
	         schema->application_id, schema->step_count);
	TRY(db_exec(db, stamp.ptr));
	return db_commit(&tx);
}

static err *prepare_writing(struct db *db, const struct db_schema *schema)
{
	int64_t version = 0;
	if (sqlite3_db_readonly(db->handle, "main"))
		return db_error(db, SQLITE_READONLY, "write");
	TRY(identify(db, schema, &version));
	TRY(db_exec(db, "PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY; PRAGMA fullfsync=1;"
	                "PRAGMA checkpoint_fullfsync=1"));
	TRY(use_log(db));
	TRY(db_set_durable(db, true));
	return version < (int64_t)schema->step_count ? migrate(db, schema) : NULL;
}

static err *prepare_reading(struct db *db, const struct db_schema *schema)
{
	int64_t version = 0;
	TRY(identify(db, schema, &version));
	if (version == 0)
		return err_new(ERR_NOT_FOUND, "cannot read %s '%s': it is empty", db->what,
		               db->path);
	if (version < (int64_t)schema->step_count)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
		                "cannot read %s '%s': an older fettle wrote it (version %" PRId64
		                ", needed %zu)",
		                db->what, db->path, version, schema->step_count),
			"the next 'fettle apply' brings it up to date");
	return db_exec(db,
	               "PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY; PRAGMA query_only=1");
}

err *db_open(const char *path, enum db_mode mode, const struct db_schema *schema,
             struct db **ret_db)
{
	AUTOPTR(db) db = MEM_NEW(struct db);
	db->path = mem_strdup(path);
	db->what = schema->what;
	db->is_read_only = mode == DB_READ_ONLY;
	/* Readers of a log need to write its index too; query_only keeps them from the rest. */
	int flags = SQLITE_OPEN_READWRITE | (db->is_read_only ? 0 : SQLITE_OPEN_CREATE);
	TRY(open_handle(db, path, flags));
	if (db->is_read_only)
		TRY(prepare_reading(db, schema));
	else
		TRY(prepare_writing(db, schema));
	*ret_db = steal(&db);
	return NULL;
}

/* --- in memory --- */

static err *load_image(struct db *db, struct view image)
{
	if (image.len == 0)
		return NULL;
	unsigned char *copy = sqlite3_malloc64(image.len);
	if (!copy)
		return err_new(ERR_LIMIT, "no memory for %s '%s'", db->what, db->path);
	memcpy(copy, image.ptr, image.len);
	int code = sqlite3_deserialize(db->handle, "main", copy, (sqlite3_int64)image.len,
	                               (sqlite3_int64)image.len,
	                               SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
	return code == SQLITE_OK ? NULL : db_error(db, code, "open");
}

err *db_open_image(struct view image, const char *name, enum db_mode mode,
                   const struct db_schema *schema, struct db **ret_db)
{
	AUTOPTR(db) db = MEM_NEW(struct db);
	db->path = mem_strdup(name);
	db->what = schema->what;
	TRY(open_handle(db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
	TRY(load_image(db, image));
	if (image.len)
		TRY(db_check(db));
	TRY(prepare_writing(db, schema)); /* also brings an older image up to date */
	db->is_read_only = mode == DB_READ_ONLY;
	if (db->is_read_only)
		TRY(db_exec(db, "PRAGMA query_only=1"));
	*ret_db = steal(&db);
	return NULL;
}

err *db_image(struct db *db, struct str *out)
{
	sqlite3_int64 len = 0;
	TRY(db_exec(db, "VACUUM"));
	unsigned char *bytes = sqlite3_serialize(db->handle, "main", &len, 0);
	if (!bytes)
		return err_new(ERR_INTERNAL, "cannot copy %s '%s'", db->what, db->path);
	str_add(out, (const char *)bytes, (size_t)len);
	sqlite3_free(bytes);
	return NULL;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	close_handle(db); /* the last one to close moves the log into the file and removes it */
	mem_free(db->path);
	mem_free(db);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

/* --- simple statements --- */

err *db_exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? NULL : db_error(db, code, db->is_read_only ? "read" : "write");
}

err *db_set_durable(struct db *db, bool is_durable)
{
	return db_exec(db, is_durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

err *db_query_int(struct db *db, const char *sql, int64_t *ret_value)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db, sql, &stmt));
	TRY(db_step(stmt, &has_row));
	*ret_value = has_row ? db_column_int(stmt, 0) : 0;
	return NULL;
}

err *db_check(struct db *db)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(db, "PRAGMA integrity_check(1)", &stmt));
	TRY(db_step(stmt, &has_row));
	const char *finding = has_row ? db_column_text(stmt, 0) : NULL;
	if (str_equal(finding ? finding : "", "ok"))
		return NULL;
	return err_wrap(db_error(db, SQLITE_CORRUPT, "trust"), "%s",
	                finding ? finding : "no answer");
}

int64_t db_last_insert_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

/* --- transactions --- */

err *db_begin(struct db *db, struct db_tx *tx)
{
	assert(!tx->db);
	TRY(db_exec(db, db->is_read_only ? "BEGIN" : "BEGIN IMMEDIATE"));
	tx->db = db;
	return NULL;
}

err *db_commit(struct db_tx *tx)
{
	TRY(db_exec(tx->db, "COMMIT")); /* when it fails, db_tx_clear rolls back */
	tx->db = NULL;
	return NULL;
}

void db_tx_clear(struct db_tx *tx)
{
	if (tx->db && !sqlite3_get_autocommit(tx->db->handle)) /* some failures roll back alone */
		err_ignore(db_exec(tx->db, "ROLLBACK"), "the transaction ends with the connection");
	tx->db = NULL;
}
