#include "base/base.h"

#include "target_host/internal.h"

#include "json/json.h"

#define COMMAND_TIMEOUT_MS (30 * 1000)

/*
 * A handler is known by its key alone, so that a run which was cut off can be finished by the next
 * one: "signal HUP /run/x.pid", "command [\"nginx\",\"-s\",\"reload\"]", "unit reload x.service",
 * "unit restart x.service", "daemon-reload". Only time limits are remembered beside it.
 */

static const char *signal_key(struct arena *arena, const struct val *on_change)
{
	return arena_printf(arena, "signal %s %s", val_get_str(on_change, "signal", ""),
	                    val_get_str(on_change, "pidFile", ""));
}

static const char *command_key(struct host *host, struct arena *arena, const struct val *on_change)
{
	AUTO(str) key = STR_INIT;
	str_addz(&key, "command ");
	host_argv_text(host_argv(arena, val_get(on_change, "command")), &key);
	int64_t timeout_ms = host_duration(on_change, "timeout", COMMAND_TIMEOUT_MS);
	const int64_t *known = host ? map_get(&host->timeouts, key.ptr) : NULL;
	if (host && (!known || *known < timeout_ms)) {
		int64_t *longer = ARENA_NEW(&host->arena, int64_t);
		*longer = timeout_ms;
		map_set(&host->timeouts, key.ptr, longer);
	}
	return arena_strndup(arena, key.ptr, key.len);
}

const char **host_handlers_compile(struct host *host, const struct val *on_change,
                                   struct arena *arena)
{
	if (!on_change)
		return NULL;
	const char **keys = arena_zalloc(arena, 2, sizeof(*keys));
	if (val_get(on_change, "signal"))
		keys[0] = signal_key(arena, on_change);
	else if (val_get(on_change, "command"))
		keys[0] = command_key(host, arena, on_change);
	else if (val_get(on_change, "reloadUnit"))
		keys[0] = arena_printf(arena, "unit reload %s",
		                       val_get_str(on_change, "reloadUnit", ""));
	else
		keys[0] = arena_printf(arena, "unit restart %s",
		                       val_get_str(on_change, "restartUnit", ""));
	return keys;
}

/* A process that does not run will read the new content when it starts: nothing to do. */
static err *run_signal(struct host *host, const char *words)
{
	const char *space = strchr(words, ' ');
	AUTOFREE char *name = mem_strndup(words, (size_t)(space - words));
	AUTO(arena) arena = ARENA_INIT;
	const char *rel;
	TRY(host_path(host, space + 1, &arena, &rel));
	struct fs_stat stat;
	TRY(fs_root_probe(host->root, rel, &stat));
	if (stat.type == FS_NONE)
		return NULL;
	if (stat.type != FS_FILE)
		return err_new(ERR_INVALID, "pid file '%s' is a %s", space + 1,
		               fs_type_name(stat.type));
	AUTO(str) path = STR_INIT;
	fs_root_os_path(host->root, rel, &path);
	err *e = proc_signal_pid_file(path.ptr, name);
	if (!err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "not running");
	return NULL;
}

static err *run_command(struct host *host, const char *key, const char *argv_text)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *list;
	TRY(json_load(argv_text, strlen(argv_text), "handler", &arena, &list));
	const int64_t *timeout_ms = map_get(&host->timeouts, key);
	struct host_program program = {
		.argv = host_argv(&arena, list),
		.timeout_ms = timeout_ms ? *timeout_ms : COMMAND_TIMEOUT_MS,
	};
	if (!program.argv || !program.argv[0])
		return err_new(ERR_CORRUPT, "the handler '%s' names no program", key);
	return host_run_ok(host, &program);
}

/* A unit that does not run has nothing to reload; it starts with the new content. */
static err *run_unit(struct host *host, const char *words)
{
	TRY(host_daemon_reload(host));
	if (str_starts(words, "reload "))
		return host_systemctl(host, "reload-if-running", words + strlen("reload "));
	return host_systemctl(host, "try-restart", words + strlen("restart "));
}

err *host_run_handler(struct target *target, const char *handler)
{
	struct host *host = host_of(target);
	err *e;
	if (str_starts(handler, "signal ") && strchr(handler + 7, ' '))
		e = run_signal(host, handler + strlen("signal "));
	else if (str_starts(handler, "command "))
		e = run_command(host, handler, handler + strlen("command "));
	else if (str_starts(handler, "unit reload ") || str_starts(handler, "unit restart "))
		e = run_unit(host, handler + strlen("unit "));
	else if (str_equal(handler, "daemon-reload"))
		e = host_daemon_reload(host); /* of this run's changes, or those of one cut off */
	else
		return err_new(ERR_CORRUPT, "unknown handler '%s'", handler);
	return e ? err_wrap(e, "onChange failed") : NULL;
}

bool host_handlers_need_units(const char *const *handlers)
{
	for (; handlers && *handlers; handlers++)
		if (str_starts(*handlers, "unit "))
			return true;
	return false;
}
