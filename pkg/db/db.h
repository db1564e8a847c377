/*
 * A small, careful door to SQLite: one file, write-ahead log, every commit flushed unless told
 * otherwise, private to its owner. A file that is damaged, foreign or newer than this fettle is
 * refused and never written to. A `struct db` is for one thread at a time.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/base.h"

struct db;
struct db_stmt;

enum db_mode {
	DB_READ_ONLY,  /* the file must exist (NOT_FOUND); no file is made that stays */
	DB_READ_WRITE, /* made when missing, 0600; its folder must exist */
};

/*
 * What the file is and how it came to be: `steps[i]` is the SQL that leads from version i to
 * version i + 1 (several statements are fine). Steps are only ever appended.
 */
struct db_schema {
	uint32_t application_id; /* tells our files from other SQLite files */
	const char *what;        /* for messages: "fettle state file" */
	const char *const *steps;
	size_t step_count;
};

/*
 * Open `path`, and in DB_READ_WRITE bring it to the newest version of `schema`. Fails with
 * NOT_FOUND, DENIED, IO (read-only or full disk too), CORRUPT (damaged, or not such a file),
 * UNSUPPORTED (written by a newer fettle; or read-only and older than this one), CONFLICT (another
 * process kept it locked for five seconds).
 */
NODISCARD err *db_open(const char *path, enum db_mode mode, const struct db_schema *schema,
                       struct db **ret_db);

/*
 * The same in memory: from an image that db_image made, or new when `image` is empty. CORRUPT when it is
 * damaged or something else; `name` is used in messages.
 */
NODISCARD err *db_open_image(struct view image, const char *name, enum db_mode mode,
                             const struct db_schema *schema, struct db **ret_db);
/* Append the whole database of db_open_image as bytes, without free space in it. */
NODISCARD err *db_image(struct db *db, struct str *out);

/*
 * Move the log into the main file and close; NULL is fine. A failure here loses nothing: the log
 * stays and the next open reads it. Statements must have been freed.
 */
void db_free(struct db *db);
AUTOPTR_DEFINE(db)

/* For messages; belongs to the db. */
const char *db_path(const struct db *db);

/*
 * Are commits flushed to the disk (the default)? When not, a power cut may undo the newest ones,
 * in order, but never damages the file; the next durable commit covers them too.
 */
NODISCARD err *db_set_durable(struct db *db, bool is_durable);

/* Read everything and verify structure and indexes: CORRUPT with the first finding. Slow. */
NODISCARD err *db_check(struct db *db);

/* Run statements that return nothing and take no values. */
NODISCARD err *db_exec(struct db *db, const char *sql);

/* First column of the first row; 0 when there is no row or it is NULL. */
NODISCARD err *db_query_int(struct db *db, const char *sql, int64_t *ret_value);

/* --- prepared statements --- */

NODISCARD err *db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt);
void db_stmt_free(struct db_stmt *stmt);
AUTOPTR_DEFINE(db_stmt)

/*
 * Values for ?1, ?2… A failed bind is remembered and returned by the next db_step. Text and bytes
 * are borrowed until db_run returns or db_reset; a NULL pointer binds NULL.
 */
void db_bind_int(struct db_stmt *stmt, int index, int64_t value);
void db_bind_text(struct db_stmt *stmt, int index, const char *text);
void db_bind_blob(struct db_stmt *stmt, int index, const void *bytes, size_t len);
void db_bind_null(struct db_stmt *stmt, int index);

/* One row further; `ret_has_row` false at the end. */
NODISCARD err *db_step(struct db_stmt *stmt, bool *ret_has_row);

/* Forget the rows and the values, ready for the next use. */
void db_reset(struct db_stmt *stmt);

/* For statements without rows: step to the end, then reset, also on failure. */
NODISCARD err *db_run(struct db_stmt *stmt);

/* Columns of the current row from 0. Text and bytes live until the next step, run or reset. */
int64_t db_column_int(struct db_stmt *stmt, int column);
const char *db_column_text(struct db_stmt *stmt, int column); /* NULL for NULL */
struct view db_column_blob(struct db_stmt *stmt, int column); /* ptr NULL for NULL */
bool db_column_is_null(struct db_stmt *stmt, int column);

int64_t db_last_insert_id(const struct db *db);
/* Rows the last insert, update or delete touched. */
int64_t db_changes(const struct db *db);

/* --- transactions: AUTO(db_tx) tx = DB_TX_INIT; rolls back unless committed --- */

struct db_tx {
	struct db *db; /* NULL: not running */
};

#define DB_TX_INIT   \
	{            \
		NULL \
	}

/* Takes the write lock at once (a read transaction on a read-only db). They don't nest. */
NODISCARD err *db_begin(struct db *db, struct db_tx *tx);
/* On failure the transaction is rolled back. */
NODISCARD err *db_commit(struct db_tx *tx);
void db_tx_clear(struct db_tx *tx);

#endif
