/*
 * Settings: the input is a settings file; its first byte says whose, and whether the rest of its
 * first line is a variable instead. Loading must end with settings that have every default, or
 * with an error of a kind that is the user's fault.
 */
#include "base/base.h"

#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get_env(void *data, const char *name)
{
	return str_starts(name, "FETTLE_G") ? data : NULL;
}

static void check(const struct settings *settings)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_key *key = settings_key((enum setting)i);
		const char *text = settings_text(settings, (enum setting)i);
		if (!text && key->def)
			abort();
		if (key->type != SETTING_INT && key->type != SETTING_DURATION)
			continue;
		int64_t number = settings_int(settings, (enum setting)i);
		if (number < key->min || number > key->max)
			abort();
	}
}

static void load(const char *file, bool is_project, char *variable)
{
	AUTOFREE char *dir = path_dir(file);
	AUTOPTR(settings) settings = NULL;
	struct settings_sources sources = { .env_data = variable, .env = get_env };
	if (is_project)
		sources.start_dir = dir;
	else
		sources.user_file = file;
	AUTOERR err *e = settings_load(&sources, &settings);
	if (!e)
		check(settings);
	else if (!err_is(e, ERR_INVALID) && !err_is(e, ERR_USAGE) && !err_is(e, ERR_LIMIT))
		abort();
}

static char dir[64];

static void remove_dir(void)
{
	err_ignore(fs_remove_tree(dir), "it is in the system's temp folder");
}

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/fettle-fuzz-settings-%ld", (long)getpid());
	err_ignore(fs_mkdir_all(dir, 0700), "writing would fail below");
	(void)atexit(remove_dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!dir[0])
		make_dir();
	if (size == 0)
		return 0;
	AUTOFREE char *file = path_join(dir, "fettle.yaml");
	AUTOFREE char *text = mem_strndup((const char *)data + 1, size - 1);
	AUTOFREE char *variable = NULL;
	if (data[0] & 2)
		variable = mem_strndup(text, strcspn(text, "\n"));
	FILE *stream = fopen(file, "wb");
	if (!stream || fwrite(data + 1, 1, size - 1, stream) != size - 1)
		abort();
	(void)fclose(stream);
	load(file, data[0] & 1, variable);
	return 0;
}
