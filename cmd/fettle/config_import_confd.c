/* confd's configuration: confd.toml, and the resources of conf.d. */
#include "base/base.h"

#include "config_import.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/fs.h"
#include "toml/toml.h"

struct confd {
	struct import *import;
	const char *dir;            /* with conf.d and templates; NULL: one resource alone */
	const struct val *settings; /* confd.toml; may be NULL */
};

/* etcd and Redis have the '/' in front of keys, Consul and Vault have not. */
static const struct backend {
	const char *name, *kind, *address;
	bool has_slash;
	const char *query;
} backends[] = {
	{ "etcd", "etcd", "127.0.0.1:2379", true, "" },
	{ "etcdv3", "etcd", "127.0.0.1:2379", true, "" },
	{ "consul", "consul", "127.0.0.1:8500", false, "" },
	{ "redis", "redis", "127.0.0.1:6379", true, "?separator=/" },
	{ "vault", "vault", "127.0.0.1:8200", false, "" },
};

static err *load(struct import *import, const char *path, struct val **ret_root)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	return toml_load(text.ptr, text.len, path, &import->arena, ret_root);
}

/* --- sources: one for each prefix --- */

static void take_credentials(const struct confd *confd, struct val *source)
{
	static const char *const texts[][2] = { { "client_cakeys", "ca" },
		                                { "client_cert", "cert" },
		                                { "client_key", "key" },
		                                { "username", "user" } };
	struct import *import = confd->import;
	import_texts(import, confd->settings, texts, ARRAY_LEN(texts), source);
	if (*val_get_str(confd->settings, "password", ""))
		import_secret(import, source, "passwordFile", "the password of the backend",
		              "confd.password");
	if (*val_get_str(confd->settings, "auth_token", ""))
		import_secret(import, source, "tokenFile", "the token of the backend",
		              "confd.token");
	if (val_get_bool(confd->settings, "client_insecure", false))
		val_set(&import->arena, source, "insecure", val_new_bool(&import->arena, true));
	int64_t interval = val_get_int(confd->settings, "interval", 0);
	if (interval > 0)
		val_set_str(&import->arena, source, "poll",
		            arena_printf(&import->arena, "%" PRId64 "s", interval));
}

static err *source_url(const struct confd *confd, const char *prefix, const char **ret_url)
{
	const char *name = val_get_str(confd->settings, "backend", "etcd");
	const struct val *nodes = val_get(confd->settings, "nodes"), *node = val_at(nodes, 0);
	bool is_tls = str_equal(val_get_str(confd->settings, "scheme", ""), "https");
	if (val_len(nodes) > 1)
		import_note(confd->import, "only the first of %zu nodes is used", val_len(nodes));
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		const struct backend *backend = &backends[i];
		if (!str_equal(name, backend->name))
			continue;
		const char *address = val_is(node, VAL_STR) ? node->as.str.ptr : backend->address;
		const char *path = backend->has_slash ? prefix : prefix + strspn(prefix, "/");
		*ret_url = arena_printf(
			&confd->import->arena, "%s%s",
			import_url(confd->import, backend->kind, address, is_tls, path),
			backend->query);
		return NULL;
	}
	if (str_equal(name, "env")) {
		import_note(
			confd->import,
			"keys are names of variables as they are: \"/db/host\" there is \"DB_HOST\"");
		*ret_url = "env:";
		return NULL;
	}
	const struct val *file = val_get(confd->settings, "file");
	file = val_is(file, VAL_LIST) ? val_at(file, 0) : file;
	if (str_equal(name, "file") && val_is(file, VAL_STR)) {
		*ret_url = arena_printf(&confd->import->arena, "file:%s", file->as.str.ptr);
		return NULL;
	}
	return val_error(confd->settings, "the backend '%s' has no counterpart", name);
}

/* The name of the source that has `prefix` at its top. */
static err *need_source(const struct confd *confd, const char *prefix, const char **ret_name)
{
	struct import *import = confd->import;
	const struct val_entry *entry;
	const char *url;
	TRY(source_url(confd, prefix, &url));
	for (VAL_EACH_ENTRY(i, entry, import->sources))
		if (str_equal(val_get_str(entry->value, "url", ""), url)) {
			*ret_name = entry->key;
			return NULL;
		}
	size_t count = val_len(import->sources);
	struct val *source = val_new_map(&import->arena);
	*ret_name = count ? arena_printf(&import->arena, "center-%zu", count + 1) : "center";
	val_set_str(&import->arena, source, "url", url);
	take_credentials(confd, source);
	val_set(&import->arena, import->sources, *ret_name, source);
	return NULL;
}

/* --- resources --- */

/* {{.src}} and {{ .src }} become the place of what is checked. */
static const char *with_path(struct import *import, const char *command, const char *field,
                             const char *path)
{
	AUTO(str) text = STR_INIT;
	for (const char *c = command; *c;) {
		size_t skipped = 0;
		if (str_starts(c, "{{")) {
			const char *in = c + 2 + strspn(c + 2, " "), *end = in + strlen(field);
			end += str_starts(in, field) ? strspn(end, " ") : 0;
			if (str_starts(in, field) && str_starts(end, "}}"))
				skipped = (size_t)(end + 2 - c);
		}
		if (skipped)
			str_addz(&text, path);
		else
			str_addch(&text, *c);
		c += skipped ? skipped : 1;
	}
	return arena_strdup(&import->arena, text.ptr);
}

static const char *number_or_name(struct import *import, const struct val *v)
{
	if (val_is(v, VAL_INT))
		return arena_printf(&import->arena, "%" PRId64, v->as.integer);
	return val_is(v, VAL_STR) && v->as.str.len ? v->as.str.ptr : NULL;
}

static struct val *make_template(const struct confd *confd, const struct val *resource,
                                 const char *path)
{
	struct import *import = confd->import;
	struct arena *a = &import->arena;
	struct val *ours = val_new_map(a);
	AUTOFREE char *parent = confd->dir ? NULL : path_dir(path);
	AUTOFREE char *above = parent ? path_dir(parent) : NULL;
	AUTOFREE char *folder = path_join(confd->dir ? confd->dir : above, "templates");
	AUTOFREE char *from = path_join(folder, val_get_str(resource, "src", ""));
	val_set_str(a, ours, "from", arena_strdup(a, from));
	val_set_str(a, ours, "to", val_get_str(resource, "dest", ""));
	val_set_str(a, ours, "flavour", "confd");
	val_set_str(a, ours, "mode", import_mode(import, val_get(resource, "mode")));
	const struct val *uid =
		val_get(resource, "owner") ? val_get(resource, "owner") : val_get(resource, "uid");
	const struct val *gid =
		val_get(resource, "group") ? val_get(resource, "group") : val_get(resource, "gid");
	val_set_str(a, ours, "owner", number_or_name(import, uid));
	val_set_str(a, ours, "group", number_or_name(import, gid));
	return ours;
}

static err *add_resource(const struct confd *confd, const char *path)
{
	static const char *const known[] = { "src",   "dest",      "keys",       "prefix",
		                             "mode",  "uid",       "gid",        "owner",
		                             "group", "check_cmd", "reload_cmd", NULL };
	struct import *import = confd->import;
	struct arena *a = &import->arena;
	struct val *root = NULL, *unit = val_new_map(a), *templates = val_new_list(a);
	const struct val *resource;
	const char *source, *dest;
	TRY(load(import, path, &root));
	TRY(val_need(root, "template", VAL_MAP, &resource));
	TRY(val_need_str(resource, "dest", &dest));
	TRY(val_need_str(resource, "src", &source));
	/* As there: that of confd.toml stands above the resource's own. */
	const char *of_all = val_get_str(confd->settings, "prefix", "");
	const char *own = *of_all ? of_all : val_get_str(resource, "prefix", "");
	AUTOFREE char *prefix = str_format("%s%s", *own == '/' ? "" : "/", own);
	TRY(need_source(confd, prefix, &source));
	val_set_str(a, unit, "source", source);
	val_push(a, templates, make_template(confd, resource, path));
	val_set(a, unit, "templates", templates);
	const char *check = val_get_str(resource, "check_cmd", "");
	const char *reload = val_get_str(resource, "reload_cmd", "");
	if (*check)
		val_set(a, unit, "check",
		        import_shell(import, with_path(import, check, ".src", "{file}")));
	if (*reload) {
		struct val *how = val_new_map(a);
		val_set(a, how, "command",
		        import_shell(import, with_path(import, reload, ".dest", dest)));
		val_set(a, unit, "reload", how);
	}
	import_note_others(import, resource, "template: ", known);
	val_set(a, import->units, import_unit_name(import, path_base(path)), unit);
	return NULL;
}

static err *add_resources(const struct confd *confd)
{
	AUTO(fs_list) names = { 0 };
	AUTOFREE char *folder = path_join(confd->dir, "conf.d");
	TRY(fs_list(folder, &names));
	for (size_t i = 0; i < names.len; i++) {
		AUTOFREE char *path = path_join(folder, names.ptr[i].name);
		if (str_ends(path, ".toml"))
			TRY(add_resource(confd, path));
	}
	return NULL;
}

err *import_confd(struct import *import, const char *path)
{
	static const char *const known[] = {
		"backend",  "nodes",         "scheme",      "prefix",     "interval",
		"watch",    "client_cakeys", "client_cert", "client_key", "client_insecure",
		"username", "password",      "basic_auth",  "auth_token", "auth_type",
		"file",     "confdir",       "log-level",   "onetime",    "noop",
		NULL
	};
	struct confd confd = { .import = import };
	struct val *settings = NULL;
	if (!fs_is_dir(path)) {
		import_note(import, "the source was guessed: confd.toml was not among it");
		return add_resource(&confd, path);
	}
	AUTOFREE char *file = path_join(path, "confd.toml");
	if (fs_exists(file))
		TRY(load(import, file, &settings));
	else
		import_note(import,
		            "there is no '%s': etcd on this machine is taken for the source", file);
	confd.dir = path;
	confd.settings = settings;
	import_note_others(import, settings, "confd.toml: ", known);
	return add_resources(&confd);
}
