#include "base/base.h"

#include "target_host/specs.h"

#include "target_host/host.h"
#include "target_host/internal.h"

/* --- formats --- */

static const char *refuses_data_key(const char *text, size_t len)
{
	if (len == 0)
		return "it is empty";
	if (len > 253)
		return "it is longer than 253 bytes";
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		               (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
		if (!is_word)
			return "only letters, digits, '-', '_' and '.' are allowed";
	}
	if ((len == 1 && text[0] == '.') || (len >= 2 && text[0] == '.' && text[1] == '.'))
		return "it may not be '.' or begin with '..'";
	return NULL;
}

static const struct schema_format data_key_format = {
	.expected = "a file name as Kubernetes allows it in a ConfigMap",
	.pattern = "^[-._a-zA-Z0-9]{1,253}$",
	.refuses = refuses_data_key,
};

static const char *refuses_env_name(const char *text, size_t len)
{
	if (len == 0 || memchr(text, '=', len) || memchr(text, '\0', len))
		return "it may not be empty or contain '='";
	return NULL;
}

static const struct schema_format env_name_format = {
	.expected = "the name of an environment variable",
	.pattern = "^[^=]+$",
	.refuses = refuses_env_name,
};

static const char *refuses_signal(const char *text, size_t len)
{
	(void)len;
	int number;
	err *e = proc_signal_number(text, &number);
	if (!e)
		return NULL;
	err_ignore(e, "the format says what was expected");
	return "";
}

static const struct schema_format signal_format = {
	.expected = "a signal such as HUP or USR1",
	.refuses = refuses_signal,
};

/* --- common pieces --- */

static const struct schema any_string = { .kind = SCHEMA_STR };
static const struct schema any_integer = { .kind = SCHEMA_INT };

static const struct schema argument = { .kind = SCHEMA_STR };

#define ARGV(name_, about_)                                                                 \
	.name = name_, .kind = SCHEMA_LIST, .of = &argument, .min_len = 1, .max_len = 4096, \
	.about = about_

#define PATH_FIELD(about_)                                                        \
	{                                                                         \
		.name = "path", .kind = SCHEMA_STR, .required = true,             \
		.format = &schema_absolute_path, .max_len = 4095, .about = about_ \
	}

#define MODE_FIELD(about_)                                                        \
	{                                                                         \
		.name = "mode", .kind = SCHEMA_STR, .format = &schema_octal_mode, \
		.also = &any_integer, .about = about_                             \
	}

#define OWNER_FIELDS                                                                           \
	{ .name = "owner",                                                                     \
	  .kind = SCHEMA_STR,                                                                  \
	  .format = &schema_user_name,                                                         \
	  .also = &any_integer,                                                                \
	  .about = "user name or number; left alone when missing" },                           \
	{                                                                                      \
		.name = "group", .kind = SCHEMA_STR, .format = &schema_user_name,              \
		.also = &any_integer, .about = "group name or number; left alone when missing" \
	}

static const struct schema metadata_fields[] = {
	{ .name = "name", .kind = SCHEMA_STR, .required = true, .about = "name of the object" },
	{ .name = "namespace", .kind = SCHEMA_STR },
	{ .name = "labels", .kind = SCHEMA_MAP, .of = &any_string },
	{ .name = "annotations", .kind = SCHEMA_MAP, .of = &any_string },
	SCHEMA_END,
};

#define METADATA                                                             \
	{                                                                    \
		.name = "metadata", .kind = SCHEMA_OBJECT, .required = true, \
		.fields = metadata_fields, .is_open = true                   \
	}

static const char *const host_version[] = { HOST_GROUP "/v1", NULL };
static const char *const core_version[] = { "v1", NULL };

#define HEADER(version_, kind_)                                                              \
	{ .name = "apiVersion", .kind = SCHEMA_STR, .required = true, .choices = version_ }, \
	{                                                                                    \
		.name = "kind", .kind = SCHEMA_STR, .required = true,                        \
		.choices = (const char *const[])                                             \
		{                                                                            \
			kind_, NULL                                                          \
		}                                                                            \
	}

#define SPEC(fields_, groups_)                                                              \
	{                                                                                   \
		.name = "spec", .kind = SCHEMA_OBJECT, .required = true, .fields = fields_, \
		.groups = groups_                                                           \
	}

/* --- onChange --- */

static const struct schema on_change_fields[] = {
	{ .name = "signal",
	  .kind = SCHEMA_STR,
	  .format = &signal_format,
	  .about = "send this signal to the process in pidFile; nothing when it is not running" },
	{ .name = "pidFile",
	  .kind = SCHEMA_STR,
	  .format = &schema_absolute_path,
	  .about = "file with the process number, inside the root" },
	{ ARGV("command", "run this program; a list of arguments, no shell") },
	{ .name = "timeout",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .fallback = "\"30s\"",
	  .about = "time limit of the command" },
	{ .name = "reloadUnit",
	  .kind = SCHEMA_STR,
	  .format = &schema_unit_name,
	  .about = "reload this systemd unit when it runs" },
	{ .name = "restartUnit",
	  .kind = SCHEMA_STR,
	  .format = &schema_unit_name,
	  .about = "restart this systemd unit when it runs" },
	SCHEMA_END,
};

static const struct schema_group on_change_groups[] = {
	{ SCHEMA_EXACTLY_ONE,
	  (const char *const[]){ "signal", "command", "reloadUnit", "restartUnit", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "signal", "pidFile", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "pidFile", "signal", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "timeout", "command", NULL } },
	SCHEMA_GROUP_END,
};

#define ON_CHANGE_RULES                                                                \
	.kind = SCHEMA_OBJECT, .fields = on_change_fields, .groups = on_change_groups, \
	.about = "what to do, once, after the change; when it fails the old content comes back"

const struct schema host_schema_on_change = { ON_CHANGE_RULES };

/* --- File --- */

static const struct schema file_fields[] = {
	PATH_FIELD("where the file goes"),
	{ .name = "content", .kind = SCHEMA_STR, .about = "the content, as text" },
	{ .name = "contentFrom",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "file of the repository with the content, relative to this manifest" },
	{ .name = "contentBase64",
	  .kind = SCHEMA_STR,
	  .format = &schema_base64,
	  .about = "the content, as base64" },
	MODE_FIELD("permissions such as \"0644\"; left alone when missing, 0644 for a new file"),
	OWNER_FIELDS,
	{ ARGV("check", "program that must accept the staged copy ({} in an argument) first") },
	{ .name = "checkTimeout",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .fallback = "\"30s\"",
	  .about = "time limit of the check" },
	{ .name = "onChange", ON_CHANGE_RULES },
	{ .name = "source", .kind = SCHEMA_ANY, .instead = "use contentFrom" },
	{ .name = "permissions", .kind = SCHEMA_ANY, .instead = "use mode" },
	SCHEMA_END,
};

static const struct schema_group file_groups[] = {
	{ SCHEMA_EXACTLY_ONE,
	  (const char *const[]){ "content", "contentFrom", "contentBase64", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "checkTimeout", "check", NULL } },
	SCHEMA_GROUP_END,
};

static const struct schema file_manifest[] = {
	HEADER(host_version, "File"),
	METADATA,
	SPEC(file_fields, file_groups),
	SCHEMA_END,
};

const struct schema host_schema_file = {
	.name = "File",
	.kind = SCHEMA_OBJECT,
	.fields = file_manifest,
	.about = "a file with this content, replaced in one step when it differs",
};

/* --- Directory --- */

static const struct schema directory_fields[] = {
	PATH_FIELD("where the folder is"),
	MODE_FIELD("permissions such as \"0755\"; left alone when missing, 0755 for a new folder"),
	OWNER_FIELDS,
	{ .name = "purge",
	  .kind = SCHEMA_BOOL,
	  .fallback = "false",
	  .about = "remove what is in the folder and not managed; never a folder with content" },
	SCHEMA_END,
};

static const struct schema directory_manifest[] = {
	HEADER(host_version, "Directory"),
	METADATA,
	SPEC(directory_fields, NULL),
	SCHEMA_END,
};

const struct schema host_schema_directory = {
	.name = "Directory",
	.kind = SCHEMA_OBJECT,
	.fields = directory_manifest,
	.about = "a folder with these permissions",
};

/* --- Symlink --- */

static const struct schema symlink_fields[] = {
	PATH_FIELD("where the symlink is"),
	{ .name = "target",
	  .kind = SCHEMA_STR,
	  .required = true,
	  .format = &schema_not_empty,
	  .max_len = 4095,
	  .about = "what it points to, exactly as it is stored" },
	SCHEMA_END,
};

static const struct schema symlink_manifest[] = {
	HEADER(host_version, "Symlink"),
	METADATA,
	SPEC(symlink_fields, NULL),
	SCHEMA_END,
};

const struct schema host_schema_symlink = {
	.name = "Symlink",
	.kind = SCHEMA_OBJECT,
	.fields = symlink_manifest,
	.about = "a symbolic link",
};

/* --- Unit --- */

static const struct schema reference = {
	.kind = SCHEMA_STR,
	.format = &schema_not_empty,
	.about = "an object, as Kind/name",
};

static const struct schema unit_fields[] = {
	{ .name = "name",
	  .kind = SCHEMA_STR,
	  .format = &schema_unit_name,
	  .about = "name of the unit with its suffix; metadata.name when missing" },
	{ .name = "content",
	  .kind = SCHEMA_STR,
	  .about = "the unit file; without it only the state of the unit is managed" },
	{ .name = "contentFrom",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "file of the repository with the unit file, relative to this manifest" },
	{ .name = "enabled", .kind = SCHEMA_BOOL, .about = "started at boot, or not" },
	{ .name = "state",
	  .kind = SCHEMA_STR,
	  .choices = (const char *const[]){ "started", "stopped", NULL },
	  .about = "running now, or not" },
	{ .name = "restartOn",
	  .kind = SCHEMA_LIST,
	  .of = &reference,
	  .about = "objects whose change restarts the unit" },
	{ .name = "reloadOn",
	  .kind = SCHEMA_LIST,
	  .of = &reference,
	  .about = "objects whose change reloads the unit" },
	{ .name = "masked",
	  .kind = SCHEMA_ANY,
	  .instead = "use a Symlink from /etc/systemd/system/NAME to /dev/null" },
	SCHEMA_END,
};

static const struct schema_group unit_groups[] = {
	{ SCHEMA_AT_MOST_ONE, (const char *const[]){ "content", "contentFrom", NULL } },
	{ SCHEMA_AT_LEAST_ONE, (const char *const[]){ "content", "contentFrom", "enabled", "state",
	                                              "restartOn", "reloadOn", NULL } },
	SCHEMA_GROUP_END,
};

static const struct schema unit_manifest[] = {
	HEADER(host_version, "Unit"),
	METADATA,
	SPEC(unit_fields, unit_groups),
	SCHEMA_END,
};

const struct schema host_schema_unit = {
	.name = "Unit",
	.kind = SCHEMA_OBJECT,
	.fields = unit_manifest,
	.about = "a systemd unit: its file, whether it is enabled, whether it runs",
};

/* --- Command --- */

static const struct schema command_fields[] = {
	{ ARGV("check", "in sync when this exits with 0; must change nothing") },
	{ ARGV("apply", "makes it so; without a check it runs once for each change of `spec`"),
	  .required = true },
	{ ARGV("remove", "undoes it when the manifest is gone") },
	{ .name = "timeout",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .fallback = "\"5m\"",
	  .about = "time limit of each of the programs" },
	{ .name = "workingDirectory",
	  .kind = SCHEMA_STR,
	  .format = &schema_absolute_path,
	  .about = "folder inside the root to run in" },
	{ .name = "env",
	  .kind = SCHEMA_MAP,
	  .of = &any_string,
	  .key_format = &env_name_format,
	  .about = "environment besides fettle's own and FETTLE_ROOT" },
	SCHEMA_END,
};

static const struct schema command_manifest[] = {
	HEADER(host_version, "Command"),
	METADATA,
	SPEC(command_fields, NULL),
	SCHEMA_END,
};

const struct schema host_schema_command = {
	.name = "Command",
	.kind = SCHEMA_OBJECT,
	.fields = command_manifest,
	.about = "a state that programs check and make; arguments, never a shell",
};

/* --- ConfigMap and Secret --- */

static const struct schema secret_string = { .kind = SCHEMA_STR, .is_secret = true };
static const struct schema secret_base64 = {
	.kind = SCHEMA_STR,
	.format = &schema_base64,
	.is_secret = true,
};
static const struct schema plain_base64 = { .kind = SCHEMA_STR, .format = &schema_base64 };

#define DATA(name_, of_, about_)                                                              \
	{                                                                                     \
		.name = name_, .kind = SCHEMA_MAP, .of = of_, .key_format = &data_key_format, \
		.about = about_                                                               \
	}

static const struct schema config_map_manifest[] = {
	HEADER(core_version, "ConfigMap"),
	METADATA,
	DATA("data", &any_string, "file name → text"),
	DATA("binaryData", &plain_base64, "file name → base64"),
	{ .name = "immutable", .kind = SCHEMA_BOOL },
	SCHEMA_END,
};

const struct schema host_schema_config_map = {
	.name = "ConfigMap",
	.kind = SCHEMA_OBJECT,
	.fields = config_map_manifest,
	.about = "files that change together in the folder named by host.fettle.dev/path",
};

static const struct schema secret_manifest[] = {
	HEADER(core_version, "Secret"),
	METADATA,
	DATA("data", &secret_base64, "file name → base64"),
	DATA("stringData", &secret_string, "file name → text"),
	{ .name = "type", .kind = SCHEMA_STR },
	{ .name = "immutable", .kind = SCHEMA_BOOL },
	SCHEMA_END,
};

const struct schema host_schema_secret = {
	.name = "Secret",
	.kind = SCHEMA_OBJECT,
	.fields = secret_manifest,
	.about = "secret files that change together in the folder named by host.fettle.dev/path",
};

err *host_schemas_to_json(err *(*each)(void *context, const char *name, struct view json),
                          void *context)
{
	static const struct {
		const struct schema *schema;
		const char *name;
	} files[] = {
		{ &host_schema_file, "host.fettle.dev_file_v1.json" },
		{ &host_schema_directory, "host.fettle.dev_directory_v1.json" },
		{ &host_schema_symlink, "host.fettle.dev_symlink_v1.json" },
		{ &host_schema_unit, "host.fettle.dev_unit_v1.json" },
		{ &host_schema_command, "host.fettle.dev_command_v1.json" },
		{ &host_schema_config_map, "host.fettle.dev_configmap_v1.json" },
		{ &host_schema_secret, "host.fettle.dev_secret_v1.json" },
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(str) text = STR_INIT;
		schema_to_json(files[i].schema, files[i].name, &text);
		TRY(each(context, files[i].name, view_str(&text)));
	}
	return NULL;
}
