#include "base/base.h"

#include "db/private.h"
#include "pal/oserr.h"

static err *damaged(err *take_e, const struct db *db)
{
	return err_hint(take_e,
	                "restore '%s' from a backup, or move it away to start with an empty record "
	                "(see docs/state.md)",
	                db->path);
}

/* SQLite's code for trouble with the file is vague; the system's behind it says more. */
static err *from_system(const struct db *db, const char *verb)
{
	int code = db->handle ? sqlite3_system_errno(db->handle) : 0;
	if (code) {
		AUTO(str) what = STR_INIT;
		str_addf(&what, "cannot %s %s '%s'", verb, db->what, db->path);
		return os_error(code, what.ptr);
	}
	return err_new(ERR_IO, "cannot %s %s '%s': %s", verb, db->what, db->path,
	               db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
}

static enum err_kind kind_of(int primary)
{
	switch (primary) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_FULL:
	case SQLITE_READONLY:
		return ERR_IO;
	case SQLITE_TOOBIG:
	case SQLITE_NOMEM:
		return ERR_LIMIT;
	default:
		return ERR_INTERNAL;
	}
}

static const char *cause_of(const struct db *db, int primary)
{
	switch (primary) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another process is using it";
	case SQLITE_CORRUPT:
		return "it is damaged";
	case SQLITE_NOTADB:
		return "it is not a database";
	case SQLITE_FULL:
		return "the disk is full";
	case SQLITE_READONLY:
		return "it is read-only";
	default:
		return sqlite3_errmsg(db->handle);
	}
}

err *db_error(const struct db *db, int code, const char *verb)
{
	int primary = code & 0xff;
	if (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR || !db->handle)
		return from_system(db, verb);
	err *e = err_new(kind_of(primary), "cannot %s %s '%s': %s", verb, db->what, db->path,
	                 cause_of(db, primary));
	return err_is(e, ERR_CORRUPT) ? damaged(e, db) : e;
}
