#include "base/base.h"

#include "agent/agent_config.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/path.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "crypto/secret.h"
#include "pal/argv.h"
#include "pal/fs.h"
#include "schema/schema.h"
#include "swap/swap_config.h"
#include "yaml/yaml.h"

enum { LIMIT_CREDENTIAL_BYTES = 1 << 20 };

/* --- tables --- */

static const char *refuse_percent(const char *text, size_t len)
{
	uint64_t number;
	bool is_fine = len > 1 && text[len - 1] == '%' &&
	               num_parse_u64(text, len - 1, 10, &number) && number >= 1 && number <= 100;
	return is_fine ? NULL : "";
}

static const struct schema_format percent_format = {
	.expected = "a share such as \"30%\"",
	.pattern = "^[0-9]+%$",
	.refuses = refuse_percent,
};

static const struct schema retry_fields[] = {
	{ .name = "first",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about =
	          "the first pause lasts up to this, each further one up to twice the one before; 250ms" },
	{ .name = "longest",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "no pause lasts longer; 60s" },
	SCHEMA_END
};

static const struct schema guard_fields[] = {
	{ .name = "allowEmpty",
	  .kind = SCHEMA_BOOL,
	  .fallback = "false",
	  .about = "believe an answer without any key after one with keys" },
	{ .name = "allowFiltered",
	  .kind = SCHEMA_BOOL,
	  .fallback = "false",
	  .about = "believe an answer the server says it left keys out of for lack of rights" },
	{ .name = "minEntries",
	  .kind = SCHEMA_INT,
	  .min = 0,
	  .max = 200000,
	  .about = "refuse an answer with fewer keys" },
	{ .name = "maxRemoved",
	  .kind = SCHEMA_STR,
	  .format = &percent_format,
	  .about = "refuse an answer that lacks more of the keys at once" },
	SCHEMA_END
};

#define FILE_FIELD(name_, about_)                                                 \
	{                                                                         \
		.name = (name_), .kind = SCHEMA_STR, .format = &schema_not_empty, \
		.about = (about_)                                                 \
	}

static const struct schema source_schema = {
	.kind = SCHEMA_OBJECT,
	.fields =
		(const struct schema[]){
			{ .name = "url",
	                  .kind = SCHEMA_STR,
	                  .required = true,
	                  .format = &schema_not_empty,
	                  .about = "where it is: etcd://host:2379/prefix, file:conf.d, …" },
			{ .name = "user", .kind = SCHEMA_STR, .about = "name to sign in with" },
			{ .name = "password",
	                  .kind = SCHEMA_STR,
	                  .is_secret = true,
	                  .instead = "a password does not belong in this file: use passwordFile" },
			{ .name = "token",
	                  .kind = SCHEMA_STR,
	                  .is_secret = true,
	                  .instead = "a token does not belong in this file: use tokenFile" },
			FILE_FIELD("passwordFile", "file with the password; relative to this one"),
			FILE_FIELD("tokenFile", "file with the token; relative to this one"),
			FILE_FIELD("ca", "file with the certificate authorities to trust (PEM)"),
			FILE_FIELD("cert", "file with the client certificate (PEM)"),
			FILE_FIELD("key", "file with its key (PEM)"),
			FILE_FIELD("serverName", "name the server's certificate must carry"),
			FILE_FIELD("proxy", "proxy to go through; the environment's when absent"),
			{ .name = "insecure",
	                  .kind = SCHEMA_BOOL,
	                  .fallback = "false",
	                  .about = "do not verify the server's certificate" },
			{ .name = "poll",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_duration,
	                  .about =
	                          "between two looks at a source that cannot tell of changes; 30s" },
			{ .name = "timeout",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_duration,
	                  .about = "for one answer; 30s" },
			{ .name = "retry",
	                  .kind = SCHEMA_OBJECT,
	                  .fields = retry_fields,
	                  .about = "pauses between attempts when it does not answer" },
			{ .name = "guards",
	                  .kind = SCHEMA_OBJECT,
	                  .fields = guard_fields,
	                  .about = "which content is believed" },
			{ .name = "options",
	                  .kind = SCHEMA_MAP,
	                  .about = "of this kind of source" },
			SCHEMA_END },
};

static const char *const flavours[] = { "plain",    "consul-template", "confd",
	                                "mustache", "shell",           NULL };

static const struct schema template_schema = {
	.kind = SCHEMA_OBJECT,
	.groups = (const struct schema_group[]){ { SCHEMA_EXACTLY_ONE,
	                                           (const char *const[]){ "from", "text", NULL } },
	                                         SCHEMA_GROUP_END },
	.fields =
		(const struct schema[]){
			FILE_FIELD("from", "the template; relative to this file"),
			{ .name = "text", .kind = SCHEMA_STR, .about = "the template itself" },
			{ .name = "to",
	                  .kind = SCHEMA_STR,
	                  .required = true,
	                  .format = &schema_not_empty,
	                  .about = "the file it makes; relative to this file" },
			FILE_FIELD("source", "name of its source; the unit's when absent"),
			{ .name = "flavour",
	                  .kind = SCHEMA_STR,
	                  .choices = flavours,
	                  .about =
	                          "language of the template; by its ending when absent: .ctmpl is consul-template" },
			{ .name = "missingKey",
	                  .kind = SCHEMA_STR,
	                  .choices = (const char *const[]){ "error", "no-value", NULL },
	                  .about = "what a key that a map does not have is" },
			{ .name = "delimiters",
	                  .kind = SCHEMA_LIST,
	                  .min_len = 2,
	                  .max_len = 2,
	                  .of = &(const struct schema){ .kind = SCHEMA_STR,
	                                                .format = &schema_not_empty },
	                  .about = "instead of {{ and }}" },
			{ .name = "mode",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_octal_mode,
	                  .about =
	                          "permissions; those of the file that is replaced, 0640 for a new one" },
			{ .name = "owner", .kind = SCHEMA_STR, .format = &schema_user_name },
			{ .name = "group", .kind = SCHEMA_STR, .format = &schema_user_name },
			{ .name = "syntax",
	                  .kind = SCHEMA_STR,
	                  .choices = (const char *const[]){ "auto", "none", "json", "yaml", "toml",
	                                                    "ini", "dotenv", NULL },
	                  .about = "what the result must be; by its ending when absent" },
			FILE_FIELD("schema",
	                           "JSON Schema the result must fit; relative to this file"),
			{ .name = "lint",
	                  .kind = SCHEMA_STR,
	                  .choices = (const char *const[]){ "default", "baseline", "restricted",
	                                                    "style", "all", NULL },
	                  .about =
	                          "profile of 'fettle lint' under which the result must have no errors" },
			SCHEMA_END },
};

static const struct schema wait_fields[] = {
	{ .name = "quiet",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "render when nothing changed for so long" },
	{ .name = "max",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "but no later than that" },
	{ .name = "interval",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "at least so long between two reloads" },
	{ .name = "splay",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "wait up to so long before a change is taken, different on each machine" },
	SCHEMA_END
};

static const struct schema slot_fields[] = {
	FILE_FIELD(
		"source",
		"name of the source that keeps the slots: etcd or Consul; the unit's when absent"),
	{ .name = "key",
	  .kind = SCHEMA_STR,
	  .required = true,
	  .format = &schema_not_empty,
	  .about = "where it keeps them; the same on all machines" },
	{ .name = "count",
	  .kind = SCHEMA_INT,
	  .min = 1,
	  .max = 10000,
	  .fallback = "1",
	  .about = "so many machines may reload at the same time" },
	{ .name = "for",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "a slot that is not given back ends after this time; 2m" },
	SCHEMA_END
};

static const struct schema run_fields[] = {
	{ .name = "command",
	  .kind = SCHEMA_LIST,
	  .required = true,
	  .min_len = 1,
	  .of = &(const struct schema){ .kind = SCHEMA_STR },
	  .about = "the program and its arguments; no shell" },
	{ .name = "onChange",
	  .kind = SCHEMA_STR,
	  .choices = (const char *const[]){ "restart", "signal", "nothing", NULL },
	  .about = "what new content does to it; restart when absent" },
	{ .name = "signal", .kind = SCHEMA_STR, .about = "with onChange: signal; HUP when absent" },
	{ .name = "restart",
	  .kind = SCHEMA_STR,
	  .choices = (const char *const[]){ "always", "on-failure", "never", NULL },
	  .about = "when it ended by itself; always when absent, with growing pauses" },
	{ .name = "killSignal",
	  .kind = SCHEMA_STR,
	  .about = "how it is asked to end; TERM when absent" },
	{ .name = "killTimeout",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "KILL follows after this time; 30s" },
	{ .name = "aliveFor",
	  .kind = SCHEMA_STR,
	  .format = &schema_duration,
	  .about = "so long it must run with new content, or that goes back; 1s" },
	SCHEMA_END
};

static const struct schema unit_schema = {
	.kind = SCHEMA_OBJECT,
	.fields =
		(const struct schema[]){
			FILE_FIELD("source", "name of the source its templates read"),
			{ .name = "slots",
	                  .kind = SCHEMA_OBJECT,
	                  .fields = slot_fields,
	                  .about = "few machines of a fleet reload at a time" },
			{ .name = "run",
	                  .kind = SCHEMA_OBJECT,
	                  .fields = run_fields,
	                  .about =
	                          "a program that 'config run' starts when the files are there, and keeps running" },
			{ .name = "templates",
	                  .kind = SCHEMA_LIST,
	                  .required = true,
	                  .min_len = 1,
	                  .of = &template_schema },
			FILE_FIELD("dataFile", "YAML or JSON file that is the templates' dot"),
			{ .name = "data", .kind = SCHEMA_MAP, .about = "the same, written here" },
			{ .name = "wait",
	                  .kind = SCHEMA_OBJECT,
	                  .fields = wait_fields,
	                  .about = "when changes are taken" },
			SWAP_CONFIG_FIELDS,
			SCHEMA_END },
};

static const struct schema agent_schema = {
	.name = "Agent",
	.kind = SCHEMA_OBJECT,
	.about =
		"What 'fettle config run' keeps hot: sources of keys, and units that make files of them.",
	.fields = (const struct schema[]){ { .name = "apiVersion",
	                                     .kind = SCHEMA_STR,
	                                     .required = true,
	                                     .choices = (const char *const[]){ AGENT_API_VERSION,
	                                                                       NULL } },
	                                   { .name = "kind",
	                                     .kind = SCHEMA_STR,
	                                     .required = true,
	                                     .choices = (const char *const[]){ "Agent", NULL } },
	                                   { .name = "metadata", .kind = SCHEMA_MAP },
	                                   { .name = "sources",
	                                     .kind = SCHEMA_MAP,
	                                     .of = &source_schema,
	                                     .key_format = &schema_label_name },
	                                   { .name = "units",
	                                     .kind = SCHEMA_MAP,
	                                     .of = &unit_schema,
	                                     .key_format = &schema_label_name },
	                                   SCHEMA_END },
};

/* The `config:` member of fettle.yaml. */
static const struct schema member_schema = {
	.kind = SCHEMA_OBJECT,
	.fields = (const struct schema[]){ { .name = "sources",
	                                     .kind = SCHEMA_MAP,
	                                     .of = &source_schema,
	                                     .key_format = &schema_label_name },
	                                   { .name = "units",
	                                     .kind = SCHEMA_MAP,
	                                     .of = &unit_schema,
	                                     .key_format = &schema_label_name },
	                                   SCHEMA_END },
};

void agent_schema_to_json(struct str *out)
{
	schema_to_json(&agent_schema, "https://fettle.dev/schemas/agent.json", out);
}

/* --- reading --- */

struct reader {
	struct agent_config *config;
	struct arena *arena;
	VEC(struct agent_source) sources;
	VEC(struct agent_unit) units;
	const char *file, *dir; /* of the document being read */
};

static const char *resolve(const struct reader *r, const char *path)
{
	if (!path)
		return path;
	AUTOFREE char *found = path_resolve(r->dir, path);
	return arena_strdup(r->arena, found);
}

static struct kv_policy read_policy(const struct val *v)
{
	const struct val *guards = val_get(v, "guards");
	const char *removed = val_get_str(guards, "maxRemoved", NULL);
	uint64_t percent = 0;
	if (removed)
		(void)num_parse_u64(removed, strlen(removed) - 1, 10, &percent);
	return (struct kv_policy){
		.base_ms = schema_duration_of(val_get(v, "retry"), "first"),
		.cap_ms = schema_duration_of(val_get(v, "retry"), "longest"),
		.poll_ms = schema_duration_of(v, "poll"),
		.request_ms = schema_duration_of(v, "timeout"),
		.allows_empty = val_get_bool(guards, "allowEmpty", false),
		.allows_filtered = val_get_bool(guards, "allowFiltered", false),
		.min_entries = (size_t)val_get_int(guards, "minEntries", 0),
		.max_removed_percent = (unsigned)percent,
	};
}

static struct agent_source read_source(const struct reader *r, const char *name,
                                       const struct val *v)
{
	return (struct agent_source){
		.name = name,
		.file = r->file,
		.settings = v,
		.dir = r->dir,
		.password_file = resolve(r, val_get_str(v, "passwordFile", NULL)),
		.token_file = resolve(r, val_get_str(v, "tokenFile", NULL)),
		.ca_file = resolve(r, val_get_str(v, "ca", NULL)),
		.cert_file = resolve(r, val_get_str(v, "cert", NULL)),
		.key_file = resolve(r, val_get_str(v, "key", NULL)),
		.options = { .url = val_get_str(v, "url", ""),
		             .user = val_get_str(v, "user", NULL),
		             .tls_server_name = val_get_str(v, "serverName", NULL),
		             .proxy = val_get_str(v, "proxy", NULL),
		             .is_insecure = val_get_bool(v, "insecure", false),
		             .base_dir = r->dir,
		             .extra = val_get(v, "options"),
		             .policy = read_policy(v) },
	};
}

static enum tmpl_flavour flavour_of(const struct val *v)
{
	static const enum tmpl_flavour known[] = { TMPL_PLAIN, TMPL_CONSUL_TEMPLATE, TMPL_CONFD,
		                                   TMPL_MUSTACHE, TMPL_SHELL };
	const char *name = val_get_str(v, "flavour", NULL), *from = val_get_str(v, "from", "");
	for (size_t i = 0; name && flavours[i]; i++)
		if (strcmp(flavours[i], name) == 0)
			return known[i];
	return str_ends(from, ".ctmpl")      ? TMPL_CONSUL_TEMPLATE
	       : str_ends(from, ".mustache") ? TMPL_MUSTACHE
	                                     : TMPL_PLAIN;
}

static struct agent_template read_template(const struct reader *r, const struct val *v)
{
	const struct val *delimiters = val_get(v, "delimiters"), *left = val_at(delimiters, 0);
	const char *missing = val_get_str(v, "missingKey", NULL);
	return (struct agent_template){
		.from = resolve(r, val_get_str(v, "from", NULL)),
		.text = val_get_str(v, "text", NULL),
		.to = resolve(r, val_get_str(v, "to", "")),
		.source = val_get_str(v, "source", NULL),
		.schema = resolve(r, val_get_str(v, "schema", NULL)),
		.left_delim = left ? left->as.str.ptr : NULL,
		.right_delim = left ? val_at(delimiters, 1)->as.str.ptr : NULL,
		.flavour = flavour_of(v),
		.missing = !missing                        ? TMPL_MISSING_BY_FLAVOUR
		           : strcmp(missing, "error") == 0 ? TMPL_MISSING_ERROR
		                                           : TMPL_MISSING_NO_VALUE,
		.settings = v,
	};
}

static err *read_unit(struct reader *r, const char *name, const struct val *v)
{
	const struct val *wait = val_get(v, "wait"), *templates = val_get(v, "templates"), *item;
	struct agent_unit unit = {
		.name = name,
		.file = r->file,
		.dir = r->dir,
		.settings = v,
		.source = val_get_str(v, "source", NULL),
		.data_file = resolve(r, val_get_str(v, "dataFile", NULL)),
		.data = val_get(v, "data"),
		.templates =
			arena_zalloc(r->arena, val_len(templates), sizeof(struct agent_template)),
		.quiet_ms = schema_duration_of(wait, "quiet"),
		.quiet_max_ms = schema_duration_of(wait, "max"),
		.min_interval_ms = schema_duration_of(wait, "interval"),
		.splay_ms = schema_duration_of(wait, "splay"),
	};
	for (VAL_EACH_ITEM(i, item, templates))
		unit.templates[unit.template_count++] = read_template(r, item);
	vec_push(&r->units, unit);
	return NULL;
}

static err *refuse_double(const struct val *map, const struct val_entry *entry, const char *what,
                          const char *file)
{
	return val_key_error(map, entry, "the %s '%s' is there already, in '%s'", what, entry->key,
	                     file);
}

static err *read_members(struct reader *r, const struct val *v)
{
	const struct val *sources = val_get(v, "sources"), *units = val_get(v, "units");
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, sources)) {
		for (size_t k = 0; k < r->sources.len; k++)
			if (strcmp(r->sources.ptr[k].name, entry->key) == 0)
				return refuse_double(sources, entry, "source",
				                     r->sources.ptr[k].file);
		vec_push(&r->sources, read_source(r, entry->key, entry->value));
	}
	for (VAL_EACH_ENTRY(i, entry, units)) {
		for (size_t k = 0; k < r->units.len; k++)
			if (strcmp(r->units.ptr[k].name, entry->key) == 0)
				return refuse_double(units, entry, "unit", r->units.ptr[k].file);
		TRY(read_unit(r, entry->key, entry->value));
	}
	return NULL;
}

static err *read_file(struct reader *r, const char *path)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *dir = path_dir(path);
	struct val *root = NULL;
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	TRY(yaml_load_one(text.ptr, text.len, path, r->arena, &root));
	r->file = arena_strdup(r->arena, path);
	r->dir = arena_strdup(r->arena, dir);
	if (strcmp(val_get_str(root, "kind", ""), "Project") != 0) {
		TRY(schema_check(&agent_schema, root));
		return read_members(r, root);
	}
	const struct val *member = val_get(root, "config");
	if (!member)
		return err_hint(val_error(root, "there is no 'config:' in this project"),
		                "add config: with sources: and units:, see 'man fettle-config'");
	TRY(schema_check(&member_schema, member));
	return read_members(r, member);
}

static err *read_folder(struct reader *r, const char *path)
{
	AUTO(fs_list) names = { 0 };
	size_t count = 0;
	TRY(fs_list(path, &names));
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.ptr[i].name;
		if (*name == '.' || !(str_ends(name, ".yaml") || str_ends(name, ".yml")))
			continue;
		AUTOFREE char *file = path_join(path, name);
		TRY(read_file(r, file));
		count++;
	}
	return count ? NULL : err_new(ERR_NOT_FOUND, "there is no .yaml file in '%s'", path);
}

/* --- what refers to what --- */

static err *check_source_name(const struct agent_config *config, const struct val *at,
                              const char *name)
{
	struct agent_source *source;
	err *e = name ? agent_config_source(config, name, &source) : NULL;
	return e ? val_place(err_as(e, ERR_INVALID), val_get(at, "source")) : NULL;
}

static err *check_unit(const struct agent_config *config, struct agent_unit *unit)
{
	TRY(check_source_name(config, unit->settings, unit->source));
	if (!unit->source && config->source_count == 1)
		unit->source = config->sources[0].name;
	for (size_t i = 0; i < unit->template_count; i++)
		TRY(check_source_name(config, unit->templates[i].settings,
		                      unit->templates[i].source));
	return NULL;
}

static err *finish(struct reader *r)
{
	struct agent_config *config = r->config;
	config->sources = r->sources.ptr;
	config->source_count = r->sources.len;
	config->units = r->units.ptr;
	config->unit_count = r->units.len;
	for (size_t i = 0; i < config->unit_count; i++)
		TRY(check_unit(config, &config->units[i]));
	return NULL;
}

struct agent_config *agent_config_new(void)
{
	struct agent_config *config = MEM_NEW(struct agent_config);
	arena_init(&config->arena);
	return config;
}

err *agent_config_load(const char *path, struct agent_config **ret_config)
{
	AUTOPTR(agent_config) config = agent_config_new();
	struct reader reader = { .config = config, .arena = &config->arena };
	err *e = fs_is_dir(path) ? read_folder(&reader, path) : read_file(&reader, path);
	err *unfit = finish(&reader); /* also hands over what must be freed */
	if (e) {
		err_free(unfit);
		return e;
	}
	TRY(unfit);
	*ret_config = steal(&config);
	return NULL;
}

err *agent_config_of_url(const char *url, struct agent_config **ret_config)
{
	AUTOPTR(agent_config) config = agent_config_new();
	config->sources = mem_zalloc(1, sizeof(struct agent_source));
	config->source_count = 1;
	config->sources[0] =
		(struct agent_source){ .name = "url",
		                       .options = { .url = arena_strdup(&config->arena, url) } };
	*ret_config = steal(&config);
	return NULL;
}

err *agent_config_add_template(struct agent_config *config, const struct agent_template_file *file)
{
	struct arena *a = &config->arena;
	struct agent_template *template = ARENA_NEW(a, struct agent_template);
	struct val *settings = val_new_map(a);
	val_set_str(a, settings, "from", file->path);
	val_set_str(a, settings, "flavour", file->flavour);
	val_set_str(a, settings, "missingKey", file->missing_key);
	val_set_str(a, settings, "to", "-");
	TRY(schema_check(&template_schema, settings));
	struct reader reader = { .config = config, .arena = a, .file = file->path, .dir = "." };
	*template = read_template(&reader, settings);
	config->units = mem_zalloc(1, sizeof(struct agent_unit));
	config->unit_count = 1;
	config->units[0] = (struct agent_unit){
		.name = "template",
		.file = arena_strdup(a, file->path),
		.dir = ".",
		.settings = val_new_map(a),
		.source = config->source_count ? config->sources[0].name : NULL,
		.data_file = file->data_file ? arena_strdup(a, file->data_file) : NULL,
		.templates = template,
		.template_count = 1
	};
	return NULL;
}

void agent_config_free(struct agent_config *config)
{
	if (!config)
		return;
	mem_free(config->sources);
	mem_free(config->units);
	arena_clear(&config->arena);
	mem_free(config);
}

err *agent_config_source(const struct agent_config *config, const char *name,
                         struct agent_source **ret_source)
{
	AUTO(str) known = STR_INIT;
	VEC(const char *) names = VEC_INIT;
	for (size_t i = 0; i < config->source_count; i++) {
		if (strcmp(config->sources[i].name, name) == 0) {
			vec_clear(&names);
			*ret_source = &config->sources[i];
			return NULL;
		}
		vec_push(&names, config->sources[i].name);
		str_addf(&known, "%s%s", i ? ", " : "", config->sources[i].name);
	}
	const char *nearest = suggest_nearest(name, names.ptr, names.len);
	vec_clear(&names);
	err *e = err_new(ERR_USAGE, "there is no source '%s'", name);
	if (nearest)
		e = err_hint(e, "did you mean '%s'?", nearest);
	return known.len ? err_hint(e, "there are: %s", known.ptr)
	                 : err_hint(e, "add it under sources:, or name a URL");
}

/* --- opening a source --- */

static err *read_secret(const char *path, struct str *text)
{
	if (!path)
		return NULL;
	TRY(fs_read_file(path, LIMIT_CREDENTIAL_BYTES, text));
	while (text->len && (text->ptr[text->len - 1] == '\n' || text->ptr[text->len - 1] == '\r'))
		str_truncate(text, text->len - 1);
	return NULL;
}

static void wipe(struct str *text)
{
	secret_wipe(text->ptr, text->len);
	str_clear(text);
}

/* Where the tools of each center look for a token. */
static const char *token_of_environment(const char *url)
{
	static const struct {
		const char *scheme, *variable;
	} known[] = { { "consul:", "CONSUL_HTTP_TOKEN" },
		      { "consuls:", "CONSUL_HTTP_TOKEN" },
		      { "vault:", "VAULT_TOKEN" },
		      { "vaults:", "VAULT_TOKEN" } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(url, known[i].scheme))
			return env_get_nonempty(known[i].variable);
	return NULL;
}

err *agent_source_open(const struct agent_source *source, struct loop *loop,
                       const struct kv_options *more, struct kv **ret_kv)
{
	struct kv_options options = source->options;
	struct str password = STR_INIT, token = STR_INIT, key = STR_INIT;
	AUTO(str) ca = STR_INIT;
	AUTO(str) cert = STR_INIT;
	const char *given = source->token_file ? NULL : token_of_environment(options.url);
	err *e = read_secret(source->password_file, &password);
	e = e ? e : read_secret(source->token_file, &token);
	e = e ? e : read_secret(source->key_file, &key);
	e = e ? e : read_secret(source->ca_file, &ca);
	e = e ? e : read_secret(source->cert_file, &cert);
	options.password = view_str(&password);
	options.token = given ? view_of(given) : view_str(&token);
	options.key_pem = view_str(&key);
	options.ca_pem = view_str(&ca);
	options.cert_pem = view_str(&cert);
	if (more) {
		options.decrypt = more->decrypt;
		options.decrypt_ctx = more->decrypt_ctx;
	}
	e = e ? e : kv_open(loop, &options, ret_kv);
	wipe(&password);
	wipe(&token);
	wipe(&key);
	return e;
}
