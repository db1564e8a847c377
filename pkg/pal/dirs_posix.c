#include "base/base.h"

#include "pal/dirs.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "pal/fault.h"

#ifdef __APPLE__
#define HOME_SETTINGS   "Library/Application Support"
#define HOME_DATA       "Library/Application Support"
#define HOME_CACHE      "Library/Caches"
#define HOME_STATE      "Library/Application Support"
#define SYSTEM_SETTINGS "/Library/Application Support/fettle"
#else
#define HOME_SETTINGS   ".config"
#define HOME_DATA       ".local/share"
#define HOME_CACHE      ".cache"
#define HOME_STATE      ".local/state"
#define SYSTEM_SETTINGS "/etc/fettle"
#endif

static void set(struct str *ret_path, const char *text)
{
	str_reset(ret_path);
	str_addz(ret_path, text);
}

/* XDG says that relative values are to be ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] == '/' ? value : NULL;
}

err *dirs_home(struct str *ret_path)
{
	const char *home = absolute_env("HOME");
	if (home) {
		set(ret_path, home);
		return NULL;
	}
	char buf[4096];
	struct passwd entry, *found = NULL;
	int code = FAULT("getpwuid") ? EIO : getpwuid_r(getuid(), &entry, buf, sizeof(buf), &found);
	if (code != 0 || !found || found->pw_dir[0] != '/')
		return err_hint(err_new(ERR_NOT_FOUND, "cannot tell the home folder"),
		                "set the environment variable HOME");
	set(ret_path, found->pw_dir);
	return NULL;
}

static err *xdg(const char *variable, const char *below_home, struct str *ret_path)
{
	AUTO(str) path = STR_INIT;
	const char *value = absolute_env(variable);
	if (value) {
		str_addz(&path, value);
	} else {
		TRY(dirs_home(&path));
		str_addf(&path, "%s%s", str_ends(path.ptr, "/") ? "" : "/", below_home);
	}
	str_addz(&path, str_ends(path.ptr, "/") ? "fettle" : "/fettle");
	set(ret_path, path.ptr);
	return NULL;
}

err *dirs_settings(struct str *ret_path)
{
	return xdg("XDG_CONFIG_HOME", HOME_SETTINGS, ret_path);
}

err *dirs_data(struct str *ret_path)
{
	return xdg("XDG_DATA_HOME", HOME_DATA, ret_path);
}

err *dirs_cache(struct str *ret_path)
{
	return xdg("XDG_CACHE_HOME", HOME_CACHE, ret_path);
}

err *dirs_state(struct str *ret_path)
{
	return xdg("XDG_STATE_HOME", HOME_STATE, ret_path);
}

err *dirs_runtime(struct str *ret_path)
{
	if (absolute_env("XDG_RUNTIME_DIR"))
		return xdg("XDG_RUNTIME_DIR", "", ret_path);
	if (geteuid() == 0) {
		set(ret_path, "/run/fettle");
		return NULL;
	}
	AUTO(str) path = STR_INIT;
	TRY(dirs_state(&path));
	str_addz(&path, "/run");
	set(ret_path, path.ptr);
	return NULL;
}

err *dirs_system_settings(struct str *ret_path)
{
	set(ret_path, SYSTEM_SETTINGS);
	return NULL;
}

err *dirs_system_state(struct str *ret_path)
{
	set(ret_path, "/var/lib/fettle");
	return NULL;
}

err *dirs_temp(struct str *ret_path)
{
	const char *temp = absolute_env("TMPDIR");
	set(ret_path, temp ? temp : "/tmp");
	if (ret_path->len > 1 && str_ends(ret_path->ptr, "/"))
		str_truncate(ret_path, ret_path->len - 1);
	return NULL;
}
