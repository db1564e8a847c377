#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/dirs.h"

#include "base/path.h"
#include "pal/argv.h"
#include "pal/fault.h"

static void set(struct str *ret_path, const char *text)
{
	AUTOFREE char *copy = mem_strdup(text);
	for (char *at = copy; *at; at++)
		if (*at == '\\')
			*at = '/';
	size_t len = strlen(copy);
	if (len > 3 && copy[len - 1] == '/')
		copy[len - 1] = '\0';
	str_reset(ret_path);
	str_addz(ret_path, copy);
}

static const char *absolute_env(const char *name)
{
	const char *value = FAULT("getenv") ? NULL : env_get_nonempty(name);
	return value && path_is_absolute(value) ? value : NULL;
}

static err *known(const char *variable, struct str *ret_path)
{
	const char *value = absolute_env(variable);
	if (!value)
		return err_hint(err_new(ERR_NOT_FOUND, "cannot tell the folder %%%s%%", variable),
		                "set the environment variable %s", variable);
	set(ret_path, value);
	return NULL;
}

/* The XDG variable, when somebody sets it here too, else a known folder and what is below it. */
static err *own(const char *xdg, const char *variable, const char *below, struct str *ret_path)
{
	AUTO(str) path = STR_INIT;
	const char *value = absolute_env(xdg);
	if (value)
		set(&path, value);
	else
		TRY(known(variable, &path));
	str_addz(&path, "/fettle");
	if (!value)
		str_addz(&path, below);
	set(ret_path, path.ptr);
	return NULL;
}

err *dirs_settings(struct str *ret_path)
{
	return own("XDG_CONFIG_HOME", "APPDATA", "", ret_path);
}

err *dirs_data(struct str *ret_path)
{
	return own("XDG_DATA_HOME", "LOCALAPPDATA", "/data", ret_path);
}

err *dirs_cache(struct str *ret_path)
{
	return own("XDG_CACHE_HOME", "LOCALAPPDATA", "/cache", ret_path);
}

err *dirs_state(struct str *ret_path)
{
	return own("XDG_STATE_HOME", "LOCALAPPDATA", "/state", ret_path);
}

err *dirs_runtime(struct str *ret_path)
{
	return own("XDG_RUNTIME_DIR", "LOCALAPPDATA", "/run", ret_path);
}

err *dirs_system_settings(struct str *ret_path)
{
	return own("", "ProgramData", "", ret_path);
}

err *dirs_system_state(struct str *ret_path)
{
	return own("", "ProgramData", "/state", ret_path);
}

err *dirs_home(struct str *ret_path)
{
	return known("USERPROFILE", ret_path);
}

err *dirs_temp(struct str *ret_path)
{
	const char *temp = absolute_env("TMP");
	temp = temp ? temp : absolute_env("TEMP");
	if (!temp)
		return known("LOCALAPPDATA", ret_path);
	set(ret_path, temp);
	return NULL;
}
