#include "base/base.h"

#include "db/private.h"
#include "pal/fault.h"

#ifndef FETTLE_TEST_HOOKS

const char *db_vfs_name(void)
{
	return NULL;
}

#else

/*
 * SQLite calls the operating system itself, past pal. In test builds this layer over its own VFS
 * lets the N-th write, sync, open… fail or kill the process, as everywhere else.
 */
struct file {
	sqlite3_file base; /* first: SQLite sees only this */
	sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct file *)(void *)file)->real;
}

static sqlite3_vfs *under(void)
{
	return sqlite3_vfs_find(NULL);
}

static int file_close(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xClose(real);
}

static int file_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
	if (FAULT("db_read"))
		return SQLITE_IOERR_READ;
	sqlite3_file *real = real_of(file);
	return real->pMethods->xRead(real, bytes, len, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	if (FAULT("db_write"))
		return SQLITE_IOERR_WRITE;
	sqlite3_file *real = real_of(file);
	return real->pMethods->xWrite(real, bytes, len, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (FAULT("db_truncate"))
		return SQLITE_IOERR_TRUNCATE;
	sqlite3_file *real = real_of(file);
	return real->pMethods->xTruncate(real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	if (FAULT("db_sync"))
		return SQLITE_IOERR_FSYNC;
	sqlite3_file *real = real_of(file);
	return real->pMethods->xSync(real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xFileSize(real, ret_size);
}

static int file_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xUnlock(real, level);
}

static int file_check_lock(sqlite3_file *file, int *ret_is_reserved)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xCheckReservedLock(real, ret_is_reserved);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xFileControl(real, op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xDeviceCharacteristics(real);
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend,
                        void volatile **ret_ptr)
{
	if (FAULT("db_map"))
		return SQLITE_IOERR_SHMMAP;
	sqlite3_file *real = real_of(file);
	return real->pMethods->xShmMap(real, region, size, extend, ret_ptr);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xShmLock(real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);
	real->pMethods->xShmBarrier(real);
}

static int file_shm_unmap(sqlite3_file *file, int delete_flag)
{
	sqlite3_file *real = real_of(file);
	return real->pMethods->xShmUnmap(real, delete_flag);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* no memory-mapped reading */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                    int *ret_flags)
{
	(void)vfs;
	struct file *ours = (struct file *)(void *)file;
	ours->base.pMethods = NULL;
	ours->real = (sqlite3_file *)(void *)(ours + 1);
	if (FAULT("db_open"))
		return SQLITE_CANTOPEN;
	int code = under()->xOpen(under(), name, ours->real, flags, ret_flags);
	if (code == SQLITE_OK || ours->real->pMethods)
		ours->base.pMethods = &methods;
	return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	(void)vfs;
	if (FAULT("db_delete"))
		return SQLITE_IOERR_DELETE;
	return under()->xDelete(under(), name, sync_dir);
}

const char *db_vfs_name(void)
{
	static sqlite3_vfs layer; /* SQLite keeps it: the one mutable global, in test builds only */
	if (!sqlite3_vfs_find("fettle-fault")) {
		layer = *under();
		layer.pNext = NULL;
		layer.zName = "fettle-fault";
		layer.szOsFile = (int)sizeof(struct file) + layer.szOsFile;
		layer.xOpen = vfs_open;
		layer.xDelete = vfs_delete;
		if (sqlite3_vfs_register(&layer, 0) != SQLITE_OK)
			return NULL;
	}
	return "fettle-fault";
}

#endif
