#include "base/base.h"

#include "target_host/internal.h"

#include "base/vec.h"

#define SYSTEMCTL_TIMEOUT_MS (3 * 60 * 1000)
#define NAMES_PER_CALL       500

static const char *const not_linux[] = { "systemd units exist on Linux only",
	                                 "leave out state, restartOn and reloadOn here" };
static const char *const not_the_machine[] = {
	"units can be started, stopped and reloaded on the machine only, not in a folder",
	"leave out state, restartOn, reloadOn and reloadUnit, or apply without a root"
};
static const char *const not_running[] = {
	"systemd does not run here: /run/systemd/system is missing",
	"leave out state, restartOn, reloadOn and reloadUnit on such a machine"
};

const char *host_units_refusal(const struct host *host, const char **ret_hint)
{
	const char *const *reason = NULL;
	if (!host_platform.has_units)
		reason = not_linux;
	else if (!host->is_machine)
		reason = not_the_machine;
	else if (!fs_is_dir("/run/systemd/system"))
		reason = not_running;
	*ret_hint = reason ? reason[1] : NULL;
	return reason ? reason[0] : NULL;
}

/* --- changing --- */

err *host_unit_log(const struct host *host, err *take_e, const char *unit)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *argv[] = { "journalctl", "--no-pager", "--quiet", "--output=cat",
		               "--lines=5",  "--unit",     unit,      NULL };
	struct host_program program = { .argv = argv, .timeout_ms = 10 * 1000 };
	err_ignore(host_run(host, &program, &result), "only more words for the error");
	if (result.exit_code != 0 || result.out.len == 0)
		return take_e;
	while (result.out.len && result.out.ptr[result.out.len - 1] == '\n')
		str_truncate(&result.out, result.out.len - 1);
	err *e = err_new(err_kind(take_e), "%s; the log of %s ends with:\n%s", err_message(take_e),
	                 unit, result.out.ptr);
	err_free(take_e);
	return e;
}

static err *run_systemctl(const struct host *host, const char *action, const char *unit,
                          struct proc_result *ret_result)
{
	const char *hint;
	bool is_offline = host_units_refusal(host, &hint) != NULL;
	AUTOFREE char *root = str_format("--root=%s", fs_root_path(host->root));
	VEC(const char *) argv = VEC_INIT;
	vec_push(&argv, "systemctl");
	vec_push(&argv, "--no-pager");
	vec_push(&argv, "--no-ask-password");
	if (is_offline)
		vec_push(&argv, root);
	vec_push(&argv, action);
	if (unit) {
		vec_push(&argv, "--");
		vec_push(&argv, unit);
	}
	vec_push(&argv, NULL);
	struct host_program program = { .argv = argv.ptr, .timeout_ms = SYSTEMCTL_TIMEOUT_MS };
	err *e = host_run(host, &program, ret_result);
	vec_clear(&argv);
	return e;
}

static err *is_running(struct host *host, const char *unit, bool *ret_is_running)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(map) units = MAP_INIT;
	TRY(host_units_read(host, &unit, 1, &units, &arena));
	const struct unit_live *live = map_get(&units, unit);
	*ret_is_running = live && (str_equal(live->active, "active") ||
	                           str_equal(live->active, "activating") ||
	                           str_equal(live->active, "reloading"));
	return NULL;
}

err *host_systemctl(struct host *host, const char *action, const char *unit)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	if (str_equal(action, "reload-if-running")) {
		bool runs = false;
		TRY(is_running(host, unit, &runs));
		if (!runs)
			return NULL;
		action = "reload";
	}
	TRY(run_systemctl(host, action, unit, &result));
	err *e = host_run_err(host, &result, "systemctl");
	if (!e)
		return NULL;
	e = err_wrap(e, "cannot %s %s", action, unit ? unit : "systemd");
	return unit ? host_unit_log(host, e, unit) : e;
}

/* --- looking --- */

static const char *property(struct view block, const char *name, struct arena *arena)
{
	struct view line;
	size_t len = strlen(name);
	while (view_split(&block, '\n', &line))
		if (line.len > len && memcmp(line.ptr, name, len) == 0 && line.ptr[len] == '=')
			return arena_strndup(arena, line.ptr + len + 1, line.len - len - 1);
	return "";
}

/* Where the first empty line of `text` begins, NULL when there is none. */
static const char *find_gap(struct view text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.ptr[i] == '\n' && text.ptr[i + 1] == '\n')
			return text.ptr + i;
	return NULL;
}

/* Blocks of NAME=value lines with an empty line between them, in the order asked for. */
static void parse_show(struct view text, const char *const *names, size_t count,
                       struct map *ret_units, struct arena *arena)
{
	for (size_t i = 0; i < count && text.len; i++) {
		const char *gap = find_gap(text);
		struct view block = { text.ptr, gap ? (size_t)(gap + 1 - text.ptr) : text.len };
		struct unit_live *live = ARENA_NEW(arena, struct unit_live);
		live->load = property(block, "LoadState", arena);
		live->active = property(block, "ActiveState", arena);
		live->sub = property(block, "SubState", arena);
		live->file_state = property(block, "UnitFileState", arena);
		map_set(ret_units, names[i], live);
		size_t used = MIN(block.len + 1, text.len);
		text.ptr += used;
		text.len -= used;
	}
}

/* Lines "app.service enabled preset"; units that do not exist are left out. */
static void parse_list(struct view text, struct map *ret_units, struct arena *arena)
{
	struct view line, name, state;
	while (view_split(&text, '\n', &line)) {
		if (!view_split(&line, ' ', &name) || name.len == 0)
			continue;
		while (line.len && line.ptr[0] == ' ')
			line = (struct view){ line.ptr + 1, line.len - 1 };
		if (!view_split(&line, ' ', &state))
			continue;
		struct unit_live *live = ARENA_NEW(arena, struct unit_live);
		AUTOFREE char *key = mem_strndup(name.ptr, name.len);
		*live = (struct unit_live){ "loaded", "inactive", "dead", NULL };
		live->file_state = arena_strndup(arena, state.ptr, state.len);
		map_set(ret_units, key, live);
	}
}

static err *read_some(struct host *host, const char *const *names, size_t count,
                      struct map *ret_units, struct arena *arena)
{
	const char *hint;
	bool is_offline = host_units_refusal(host, &hint) != NULL;
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOFREE char *root = str_format("--root=%s", fs_root_path(host->root));
	static const char *const show[] = {
		"show", "--property=LoadState,ActiveState,SubState,UnitFileState"
	};
	static const char *const list[] = { "list-unit-files", "--no-legend", "--plain", "--full" };
	VEC(const char *) argv = VEC_INIT;
	vec_push(&argv, "systemctl");
	vec_push(&argv, "--no-pager");
	if (is_offline)
		vec_push(&argv, root);
	for (size_t i = 0; !is_offline && i < ARRAY_LEN(show); i++)
		vec_push(&argv, show[i]);
	for (size_t i = 0; is_offline && i < ARRAY_LEN(list); i++)
		vec_push(&argv, list[i]);
	vec_push(&argv, "--");
	for (size_t i = 0; i < count; i++)
		vec_push(&argv, names[i]);
	vec_push(&argv, NULL);
	struct host_program program = { .argv = argv.ptr, .timeout_ms = SYSTEMCTL_TIMEOUT_MS };
	err *e = host_run(host, &program, &result);
	vec_clear(&argv);
	TRY(e);
	if (is_offline)
		parse_list(view_str(&result.out), ret_units, arena);
	else if (result.exit_code == 0 && !result.signal && !result.timed_out)
		parse_show(view_str(&result.out), names, count, ret_units, arena);
	else
		return err_wrap(host_run_err(host, &result, "systemctl"), "cannot ask systemd");
	return NULL;
}

err *host_units_read(struct host *host, const char *const *names, size_t count,
                     struct map *ret_units, struct arena *arena)
{
	for (size_t i = 0; i < count; i += NAMES_PER_CALL)
		TRY(read_some(host, names + i, MIN(count - i, NAMES_PER_CALL), ret_units, arena));
	return NULL;
}
