#include "base/base.h"

#include "db/db.h"
#include "db/private.h"

struct db_stmt {
	struct db *db;
	sqlite3_stmt *handle;
	int bind_code; /* the first failed bind */
};

err *db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt)
{
	sqlite3_stmt *handle = NULL;
	int code =
		sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
	if (code != SQLITE_OK)
		return db_error(db, code, "read");
	struct db_stmt *stmt = MEM_NEW(struct db_stmt);
	stmt->db = db;
	stmt->handle = handle;
	*ret_stmt = stmt;
	return NULL;
}

void db_stmt_free(struct db_stmt *stmt)
{
	if (!stmt)
		return;
	(void)sqlite3_finalize(stmt->handle); /* repeats the error of the last step */
	mem_free(stmt);
}

static void note_bind(struct db_stmt *stmt, int code)
{
	if (stmt->bind_code == SQLITE_OK)
		stmt->bind_code = code;
}

void db_bind_int(struct db_stmt *stmt, int index, int64_t value)
{
	note_bind(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void db_bind_text(struct db_stmt *stmt, int index, const char *text)
{
	note_bind(stmt, sqlite3_bind_text(stmt->handle, index, text, -1, SQLITE_STATIC));
}

void db_bind_blob(struct db_stmt *stmt, int index, const void *bytes, size_t len)
{
	note_bind(stmt, sqlite3_bind_blob64(stmt->handle, index, bytes, len, SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *stmt, int index)
{
	note_bind(stmt, sqlite3_bind_null(stmt->handle, index));
}

err *db_step(struct db_stmt *stmt, bool *ret_has_row)
{
	int code = stmt->bind_code == SQLITE_OK ? sqlite3_step(stmt->handle) : stmt->bind_code;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return db_error(stmt->db, code,
		                sqlite3_stmt_readonly(stmt->handle) ? "read" : "write");
	*ret_has_row = code == SQLITE_ROW;
	return NULL;
}

void db_reset(struct db_stmt *stmt)
{
	(void)sqlite3_reset(stmt->handle); /* repeats the error of the last step */
	(void)sqlite3_clear_bindings(stmt->handle);
	stmt->bind_code = SQLITE_OK;
}

err *db_run(struct db_stmt *stmt)
{
	bool has_row = true;
	err *e = NULL;
	while (has_row && !e)
		e = db_step(stmt, &has_row);
	db_reset(stmt);
	return e;
}

int64_t db_column_int(struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->handle, column);
}

const char *db_column_text(struct db_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt->handle, column);
	return (const char *)text;
}

struct view db_column_blob(struct db_stmt *stmt, int column)
{
	const char *bytes = sqlite3_column_blob(stmt->handle, column);
	size_t len = (size_t)sqlite3_column_bytes(stmt->handle, column);
	bool is_null = sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
	return (struct view){ bytes || is_null ? bytes : "", len };
}

bool db_column_is_null(struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}
