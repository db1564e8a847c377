/* fettle doctor: does this machine have what fettle needs, and what will it use? */
#include "base/base.h"

#include "base/path.h"
#include "cmds.h"
#include "json/json.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/user.h"

struct doctor_args {
	int output;
};

static const struct cli_opt opts[] = {
	{ CLI_ENUM(struct doctor_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "before asking for help", "fettle doctor" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "nothing is wrong" },
	{ 1, "something needs attention" },
	{ 0, NULL }
};

enum verdict { FINE, NOTE, WRONG };

struct doctor {
	struct ui *ui;
	struct json_writer *json; /* NULL: text */
	size_t wrong;
};

static void say(struct doctor *doctor, enum verdict verdict, const char *what, const char *detail,
                const char *hint)
{
	static const char *const words[] = { "ok", "note", "wrong" };
	static const enum ui_style styles[] = { UI_STYLE_SUCCESS, UI_STYLE_WARNING, UI_STYLE_ERROR };
	doctor->wrong += verdict == WRONG;
	if (doctor->json) {
		json_begin_object(doctor->json);
		json_key_string(doctor->json, "check", what);
		json_key_string(doctor->json, "verdict", words[verdict]);
		json_key_string(doctor->json, "detail", detail);
		json_key_string(doctor->json, "hint", hint);
		json_end_object(doctor->json);
		return;
	}
	ui_out_styled(doctor->ui, styles[verdict], "%-5s", words[verdict]);
	ui_out(doctor->ui, " %s: %s\n", what, detail);
	if (hint)
		ui_out(doctor->ui, "      hint: %s\n", hint);
}

static void check_settings(struct doctor *doctor, struct app *app)
{
	const struct settings *settings;
	AUTOERR err *e = app_settings(app, &settings);
	if (e) {
		say(doctor, WRONG, "settings", err_message(e),
		    err_hint_count(e) ? err_hint_text(e, 0) : "see 'fettle settings show'");
		return;
	}
	const char *project = settings_project_file(settings);
	say(doctor, FINE, "settings", "readable", NULL);
	say(doctor, project ? FINE : NOTE, "project", project ? project : "no fettle.yaml here or above",
	    project ? NULL : "start one with 'fettle init', or name a PATH");
}

static void check_program(struct doctor *doctor, const char *name, const char *use)
{
	AUTO(str) path = STR_INIT;
	AUTOERR err *e = proc_find(name, &path);
	AUTOFREE char *detail = e ? str_format("not in PATH; needed for %s", use)
	                          : str_format("%s, for %s", path.ptr, use);
	say(doctor, e ? NOTE : FINE, name, detail, NULL);
}

static err *try_dir(const char *dir)
{
	TRY(fs_mkdir_all(dir, 0700));
	AUTOFREE char *probe = path_join(dir, ".doctor");
	TRY(fs_write_atomic(probe, view_of(""), 0600));
	return fs_remove(probe);
}

/* It must take files: say it before an apply finds out. `set_dir` is what the settings say, or NULL. */
static void check_dir(struct doctor *doctor, const char *what, const char *set_dir,
                      err *(*find)(struct str *))
{
	AUTO(str) dir = STR_INIT;
	AUTOERR err *e = NULL;
	if (set_dir)
		str_addz(&dir, set_dir);
	else
		e = find(&dir);
	if (e) {
		say(doctor, WRONG, what, err_message(e), "set HOME or the XDG variables");
		return;
	}
	e = try_dir(dir.ptr);
	say(doctor, e ? WRONG : FINE, what, e ? err_message(e) : dir.ptr,
	    e ? "make the folder writable, or set another one; see 'fettle settings show'" : NULL);
}

static void check_dirs(struct doctor *doctor, struct app *app)
{
	const struct settings *settings = NULL;
	const char *cache = NULL, *state = NULL;
	err *e = app_settings(app, &settings);
	if (e) {
		err_ignore(e, "said by check_settings; the usual folders are looked at");
	} else {
		cache = settings_text(settings, SETTING_CACHE_DIR);
		if (settings_place(settings, SETTING_STATE_DIR).origin != SETTING_FROM_DEFAULT)
			state = settings_text(settings, SETTING_STATE_DIR);
	}
	check_dir(doctor, "cache folder", cache, dirs_cache);
	check_dir(doctor, "state folder", state,
	          user_is_admin() ? dirs_system_state : dirs_state);
}

static void check_all(struct doctor *doctor, struct app *app)
{
	AUTO(str) host = STR_INIT;
	user_host_name(&host);
	say(doctor, FINE, "host", host.ptr, NULL);
	check_settings(doctor, app);
	check_dirs(doctor, app);
	check_program(doctor, "git", "credential helpers of https:// sources");
	check_program(doctor, "ssh", "ssh:// sources");
	bool has_systemd = fs_is_dir("/run/systemd/system");
	say(doctor, has_systemd ? FINE : NOTE, "systemd",
	    has_systemd ? "running" : "not running here: Unit objects will be refused", NULL);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct doctor_args *args = data;
	struct doctor doctor = { .ui = ctx->ui };
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	if (args->output == OUT_JSON) {
		doctor.json = &w;
		json_begin_object(&w);
		json_key_string(&w, "schema", "fettle.doctor/1");
		json_key(&w, "checks");
		json_begin_array(&w);
	}
	check_all(&doctor, ctx->app);
	if (doctor.json) {
		json_end_array(&w);
		json_end_object(&w);
		ui_out_bytes(ctx->ui, text.ptr, text.len);
	}
	ctx->exit_code = doctor.wrong ? EXIT_CODE_NO : EXIT_CODE_OK;
	return ui_flush(ctx->ui);
}

const struct cli_cmd cmd_doctor = {
	.name = "doctor",
	.group = "Help",
	.brief = "check what fettle needs on this machine",
	.about = "Look at settings, folders and the programs fettle would run, and say what is "
	         "missing and what for. Changes nothing but making fettle's own folders.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "settings show, version",
	.args_size = sizeof(struct doctor_args),
	.run = run,
};
