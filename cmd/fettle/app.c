#include "base/base.h"

#include "cmds.h"

#include "base/path.h"
#include "pal/argv.h"
#include "pal/dirs.h"

static const char *get_env(void *data, const char *name)
{
	(void)data;
	return env_get(name);
}

/* A folder the system cannot tell is a source the less. */
static char *settings_file(err *(*find_dir)(struct str *))
{
	AUTO(str) dir = STR_INIT;
	err *e = find_dir(&dir);
	if (e) {
		err_ignore(e, "no home, no settings of one's own");
		return NULL;
	}
	return path_join(dir.ptr, "settings.yaml");
}

err *app_settings(struct app *app, const struct settings **ret_settings)
{
	if (!app->settings) {
		AUTOFREE char *system = settings_file(dirs_system_settings);
		AUTOFREE char *user = settings_file(dirs_settings);
		const struct settings_sources sources = {
			.system_file = system, .user_file = user, .start_dir = ".", .env = get_env
		};
		TRY(settings_load(&sources, &app->settings));
	}
	*ret_settings = app->settings;
	return NULL;
}

static err *get_setting(void *data, const char *key, const char **ret_value)
{
	const struct settings *settings;
	enum setting id;
	TRY(app_settings(data, &settings));
	if (!settings_find(key, &id))
		return err_new(ERR_INTERNAL, "an option names the setting '%s'", key);
	*ret_value = settings_text(settings, id);
	return NULL;
}

struct cli_values app_values(struct app *app)
{
	return (struct cli_values){ app, get_env, get_setting };
}

enum ui_when app_color(void *data)
{
	const struct settings *settings;
	err *e = app_settings(data, &settings);
	if (e) {
		err_ignore(e, "colour is not worth an error; the command says it if it matters");
		return UI_AUTO;
	}
	return str_equal(settings_text(settings, SETTING_COLOR), "never") ? UI_NEVER : UI_AUTO;
}
