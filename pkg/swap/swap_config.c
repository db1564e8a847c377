#include "base/base.h"

#include "swap/swap_config.h"

#include "base/path.h"
#include "yaml/yaml.h"

/* --- tables --- */

static const struct schema word = { .kind = SCHEMA_STR };

const struct schema swap_check_schema = {
	.kind = SCHEMA_STR,
	.also = &(const struct schema){ .kind = SCHEMA_LIST, .min_len = 1, .of = &word },
};

#define DURATION(name_, about_)                                                                    \
	{                                                                                          \
		.name = (name_), .kind = SCHEMA_STR, .format = &schema_duration, .about = (about_) \
	}
#define TEXT(name_, about_)                                                       \
	{                                                                         \
		.name = (name_), .kind = SCHEMA_STR, .format = &schema_not_empty, \
		.about = (about_)                                                 \
	}

const struct schema swap_reload_fields[] = {
	TEXT("signal", "to the process of pidFile: HUP, USR2, …"),
	TEXT("pidFile", "file with the number of the process"),
	{ .name = "command",
	  .kind = SCHEMA_LIST,
	  .min_len = 1,
	  .of = &word,
	  .about = "a program and its arguments" },
	TEXT("url", "HTTP address to ask; an answer other than 2xx is a failure"),
	TEXT("method", "of the HTTP request; POST when absent"),
	TEXT("socket", "\"unix:/run/x.sock\" or \"host:port\" to send text to"),
	TEXT("text", "what is sent there"),
	TEXT("unit", "systemd unit to reload, or restart when it cannot"),
	DURATION("timeout", "for it; 30s"),
	SCHEMA_END
};

const struct schema_group swap_reload_groups[] = {
	{ SCHEMA_EXACTLY_ONE,
	  (const char *const[]){ "signal", "command", "url", "socket", "unit", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "signal", "pidFile", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "socket", "text", NULL } },
	SCHEMA_GROUP_END
};

const struct schema swap_health_fields[] = {
	{ .name = "command",
	  .kind = SCHEMA_LIST,
	  .min_len = 1,
	  .of = &word,
	  .about = "a program that must exit with 0" },
	TEXT("url", "HTTP address that must answer 2xx"),
	TEXT("tcp", "\"host:port\" that must take connections"),
	TEXT("pidFile", "file with the number of a process that must live"),
	TEXT("unit", "systemd unit that must be active"),
	DURATION("within", "time to become healthy; 10s"),
	DURATION("for", "time it must stay so"),
	DURATION("every", "between two looks; 100ms"),
	SCHEMA_END
};

const struct schema_group swap_health_groups[] = {
	{ SCHEMA_EXACTLY_ONE,
	  (const char *const[]){ "command", "url", "tcp", "pidFile", "unit", NULL } },
	SCHEMA_GROUP_END
};

/* --- presets: the same language --- */

static const struct {
	const char *name, *text;
} presets[] = {
	{ "nginx", "check: [[nginx, -t, -q, -c, '{file}']]\n"
	           "reload: {signal: HUP, pidFile: /run/nginx.pid}\n"
	           "health: {pidFile: /run/nginx.pid, for: 500ms}\n" },
	{ "haproxy", "check: [[haproxy, -c, -q, -f, '{file}']]\n"
	             "reload: {unit: haproxy.service}\n"
	             "health: {unit: haproxy.service, for: 500ms}\n" },
	{ "envoy", "check: [[envoy, --mode, validate, -c, '{file}']]\n" },
	{ "prometheus", "check: [[promtool, check, config, '{file}']]\n"
	                "reload: {url: 'http://127.0.0.1:9090/-/reload'}\n"
	                "health: {url: 'http://127.0.0.1:9090/-/ready'}\n" },
	{ "redis", "reload: {unit: redis-server.service}\n"
	           "health: {tcp: '127.0.0.1:6379', for: 500ms}\n" },
	{ "postgres", "reload: {unit: postgresql.service}\n"
	              "health: {tcp: '127.0.0.1:5432', for: 500ms}\n" },
	{ "sshd", "check: [[/usr/sbin/sshd, -t, -f, '{file}']]\n"
	          "reload: {signal: HUP, pidFile: /run/sshd.pid}\n"
	          "health: {tcp: '127.0.0.1:22'}\n" },
	{ "systemd", "check: [[systemd-analyze, verify, '{file}']]\n"
	             "reload: {command: [systemctl, daemon-reload]}\n" },
};

const char *const swap_preset_names[] = { "nginx",    "haproxy", "envoy",   "prometheus", "redis",
	                                  "postgres", "sshd",    "systemd", NULL };

static err *load_preset(const char *name, struct arena *a, struct val **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return yaml_load_one(presets[i].text, strlen(presets[i].text), name, a,
			                     ret);
	return err_new(ERR_USAGE, "there is no preset '%s'", name);
}

/* --- reading --- */

struct reader {
	const char *dir;
	struct arena *arena;
};

static const char *resolve(const struct reader *r, const char *path)
{
	if (!path || !r->dir)
		return path;
	AUTOFREE char *found = path_resolve(r->dir, path);
	return arena_strdup(r->arena, found);
}

static const char *const *argv_of(const struct reader *r, const struct val *list)
{
	const char **argv = arena_zalloc(r->arena, val_len(list) + 1, sizeof(*argv));
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		argv[i] = item->as.str.ptr;
	return argv;
}

static void read_checks(const struct reader *r, const struct val *list, struct swap_group *group)
{
	bool is_one = val_is(val_at(list, 0), VAL_STR);
	size_t count = !list ? 0 : is_one ? 1 : val_len(list);
	struct swap_command *checks = arena_zalloc(r->arena, count + 1, sizeof(*checks));
	for (size_t i = 0; i < count; i++)
		checks[i].argv = argv_of(r, is_one ? list : val_at(list, i));
	group->checks = checks;
	group->check_count = count;
}

/* A list of words and lists mixed. */
static err *check_shape(const struct val *list)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (item->kind != val_at(list, 0)->kind)
			return val_error(
				item, "either words of one program, or a list of words for each");
	return NULL;
}

static void read_reload(const struct reader *r, const struct val *v, struct swap_reload *reload)
{
	*reload = (struct swap_reload){ .signal = val_get_str(v, "signal", NULL),
		                        .pid_file = resolve(r, val_get_str(v, "pidFile", NULL)),
		                        .url = val_get_str(v, "url", NULL),
		                        .method = val_get_str(v, "method", NULL),
		                        .address = val_get_str(v, "socket", NULL),
		                        .text = val_get_str(v, "text", NULL),
		                        .unit = val_get_str(v, "unit", NULL),
		                        .timeout_ms = schema_duration_of(v, "timeout") };
	const struct val *command = val_get(v, "command");
	if (command)
		reload->command = (struct swap_command){ argv_of(r, command), reload->timeout_ms };
	reload->kind = command           ? SWAP_RELOAD_COMMAND
	               : reload->signal  ? SWAP_RELOAD_SIGNAL
	               : reload->url     ? SWAP_RELOAD_HTTP
	               : reload->address ? SWAP_RELOAD_SOCKET
	               : reload->unit    ? SWAP_RELOAD_UNIT
	                                 : SWAP_RELOAD_NONE;
}

static void read_health(const struct reader *r, const struct val *v, struct swap_health *health)
{
	*health = (struct swap_health){ .url = val_get_str(v, "url", NULL),
		                        .address = val_get_str(v, "tcp", NULL),
		                        .pid_file = resolve(r, val_get_str(v, "pidFile", NULL)),
		                        .unit = val_get_str(v, "unit", NULL),
		                        .within_ms = schema_duration_of(v, "within"),
		                        .for_ms = schema_duration_of(v, "for"),
		                        .every_ms = schema_duration_of(v, "every") };
	const struct val *command = val_get(v, "command");
	if (command)
		health->command = (struct swap_command){ argv_of(r, command), 0 };
	health->kind = command            ? SWAP_HEALTH_COMMAND
	               : health->url      ? SWAP_HEALTH_HTTP
	               : health->address  ? SWAP_HEALTH_TCP
	               : health->pid_file ? SWAP_HEALTH_ALIVE
	               : health->unit     ? SWAP_HEALTH_UNIT
	                                  : SWAP_HEALTH_NONE;
}

err *swap_config_read(const struct val *v, const char *dir, struct arena *a,
                      struct swap_group *group)
{
	const struct reader reader = { dir, a };
	const char *preset = val_get_str(v, "preset", NULL);
	struct val *base = NULL;
	if (preset)
		TRY(load_preset(preset, a, &base));
	const struct val *check = val_get(v, "check"), *reload = val_get(v, "reload"),
			 *health = val_get(v, "health");
	TRY(check_shape(check));
	read_checks(&reader, check ? check : val_get(base, "check"), group);
	read_reload(&reader, reload ? reload : val_get(base, "reload"), &group->reload);
	read_health(&reader, health ? health : val_get(base, "health"), &group->health);
	group->generation = resolve(&reader, val_get_str(v, "generation", NULL));
	return NULL;
}

enum swap_syntax swap_syntax_named(const char *name)
{
	static const struct {
		const char *name;
		enum swap_syntax syntax;
	} known[] = { { "none", SWAP_SYNTAX_NONE }, { "json", SWAP_SYNTAX_JSON },
		      { "yaml", SWAP_SYNTAX_YAML }, { "toml", SWAP_SYNTAX_TOML },
		      { "ini", SWAP_SYNTAX_INI },   { "dotenv", SWAP_SYNTAX_DOTENV } };
	for (size_t i = 0; name && i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].syntax;
	return SWAP_SYNTAX_AUTO;
}
