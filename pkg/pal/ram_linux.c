#include "base/base.h"
#include "pal/ram.h"

#include <sys/vfs.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/argv.h"
#include "pal/fs.h"
#include "pal/random.h"

enum { TMPFS = 0x01021994, RAMFS = (int)0x858458f6 };

static bool is_memory(const char *path)
{
	struct statfs info;
	if (statfs(path, &info) != 0)
		return false;
	return (int)info.f_type == TMPFS || (int)info.f_type == RAMFS;
}

static err *make(const char *folder, const char *prefix, struct str *ret_path)
{
	uint8_t name[12];
	AUTO(str) base = STR_INIT;
	random_bytes(name, sizeof(name));
	str_addz(&base, prefix);
	for (size_t i = 0; i < sizeof(name); i++)
		str_addf(&base, "%02x", name[i]);
	AUTOFREE char *path = path_join(folder, base.ptr);
	TRY(fs_mkdir_all(path, 0700));
	str_reset(ret_path);
	str_addz(ret_path, path);
	return NULL;
}

err *ram_mkdtemp(const char *prefix, struct str *ret_path)
{
	const char *const folders[] = { env_get("XDG_RUNTIME_DIR"), "/dev/shm" };
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (folders[i] && *folders[i] && is_memory(folders[i]) &&
		    access(folders[i], W_OK) == 0)
			return make(folders[i], prefix, ret_path);
	return err_new(ERR_UNSUPPORTED,
	               "neither XDG_RUNTIME_DIR nor /dev/shm is a folder in memory");
}
