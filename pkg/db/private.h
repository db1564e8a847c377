/*
 * What the files of pkg/db share and nobody else sees: the connection itself, the translation of
 * SQLite's result codes, and the test VFS.
 */
#ifndef DB_PRIVATE_H
#define DB_PRIVATE_H

#include "base/base.h"

#include <sqlite3.h>

struct db {
	sqlite3 *handle;
	char *path;
	const char *what; /* of the schema: "fettle state file" */
	bool is_read_only;
};

/* The last failure of `db` as an error: "cannot <verb> <what> '<path>': <cause>". */
NODISCARD err *db_error(const struct db *db, int code, const char *verb);

/* Name of the VFS to open with: NULL is SQLite's own, test builds count and break its calls. */
const char *db_vfs_name(void);

#endif
