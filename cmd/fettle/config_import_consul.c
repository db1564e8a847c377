/* consul-template's configuration, in HCL or JSON. */
#include "base/base.h"

#include "config_import.h"

#include "base/limits.h"
#include "hcl/hcl.h"
#include "json/json.h"
#include "pal/fs.h"

/* A block, which JSON may have as one object and HCL has as a list: its first, or NULL. */
static const struct val *block(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);
	return val_is(v, VAL_LIST) ? val_at(v, 0) : v;
}

static void take_tls(struct import *import, const struct val *ssl, struct val *source)
{
	static const char *const texts[][2] = { { "ca_cert", "ca" },
		                                { "cert", "cert" },
		                                { "key", "key" },
		                                { "server_name", "serverName" } };
	import_texts(import, ssl, texts, ARRAY_LEN(texts), source);
	if (!val_get_bool(ssl, "verify", true))
		val_set(&import->arena, source, "insecure", val_new_bool(&import->arena, true));
}

/* Their file with it, or one that is still to be written. */
static void take_token(struct import *import, const struct val *map, const char *file_member,
                       struct val *source, const char *what, const char *file)
{
	const char *theirs = val_get_str(map, file_member, "");
	if (*theirs)
		val_set_str(&import->arena, source, "tokenFile", theirs);
	else if (*val_get_str(map, "token", ""))
		import_secret(import, source, "tokenFile", what, file);
}

static void add_consul(struct import *import, const struct val *root)
{
	static const char *const known[] = { "address", "token", "token_file", "ssl",
		                             "auth",    "retry", "transport",  NULL };
	const struct val *consul = block(root, "consul"), *ssl = block(consul, "ssl");
	const struct val *auth = block(consul, "auth");
	struct val *source = val_new_map(&import->arena);
	val_set_str(&import->arena, source, "url",
	            import_url(import, "consul", val_get_str(consul, "address", "127.0.0.1:8500"),
	                       val_get_bool(ssl, "enabled", false), ""));
	take_tls(import, ssl, source);
	take_token(import, consul, "token_file", source, "Consul's token", "consul.token");
	if (val_get_bool(auth, "enabled", false)) {
		val_set_str(&import->arena, source, "user", val_get_str(auth, "username", ""));
		import_secret(import, source, "passwordFile", "the password for Consul",
		              "consul.password");
	}
	import_note_others(import, consul, "consul: ", known);
	val_set(&import->arena, import->sources, "consul", source);
}

/* The mount is the first part of the path of a secret: `secret "kv/app"`. */
static void add_vault(struct import *import, const struct val *root, const char *mount)
{
	static const char *const known[] = { "address",   "token", "vault_agent_token_file",
		                             "ssl",       "retry", "renew_token",
		                             "transport", NULL };
	const struct val *vault = block(root, "vault"), *ssl = block(vault, "ssl");
	struct val *source = val_new_map(&import->arena);
	const char *address = val_get_str(vault, "address", "https://127.0.0.1:8200");
	val_set_str(
		&import->arena, source, "url",
		import_url(import, "vault", address, val_get_bool(ssl, "enabled", false), mount));
	take_tls(import, ssl, source);
	take_token(import, vault, "vault_agent_token_file", source, "Vault's token", "vault.token");
	import_note_others(import, vault, "vault: ", known);
	import_note(import,
	            "paths of secrets begin behind the mount: secret \"%s/app\" is secret \"app\"",
	            mount);
	val_set(&import->arena, import->sources, "vault", source);
}

/* --- templates --- */

static bool uses(struct view text, const char *function)
{
	size_t len = strlen(function);
	const char *at = text.ptr, *end = text.ptr + text.len;
	while ((at = str_find(at, (size_t)(end - at), function, len))) {
		char before = at > text.ptr ? at[-1] : ' ', after = at + len < end ? at[len] : ' ';
		if (strchr(" ({|\t", before) && strchr(" \"\t", after))
			return true;
		at += len;
	}
	return false;
}

/* "kv" of the first `secret "kv/…"`. */
static const char *mount_of(struct import *import, struct view text)
{
	const char *at = str_find(text.ptr, text.len, "secret \"", 8);
	if (!at)
		return "secret";
	at += 8;
	return arena_strndup(&import->arena, at, strcspn(at, "/\""));
}

/* Which source it reads, by the functions in it. */
static err *add_source(struct import *import, const struct val *root, const struct val *template,
                       struct val *unit)
{
	static const char *const of_consul[] = { "key",  "keyOrDefault", "keyExists", "ls",
		                                 "tree", "safeLs",       "safeTree" };
	AUTO(str) text = STR_INIT;
	const char *source = val_get_str(template, "source", "");
	str_addz(&text, val_get_str(template, "contents", ""));
	if (*source && fs_exists(source))
		TRY(fs_read_file(source, LIMIT_SETTINGS_BYTES, &text));
	else if (*source)
		import_note(import,
		            "the template '%s' is not here: which source it reads was guessed",
		            source);
	bool is_vault = uses(view_str(&text), "secret"), is_consul = !is_vault;
	for (size_t i = 0; i < ARRAY_LEN(of_consul); i++)
		is_consul |= uses(view_str(&text), of_consul[i]);
	if (is_vault && is_consul)
		import_note(
			import,
			"'%s' reads Consul and Vault: a template reads one source, so make two of it",
			*source ? source : val_get_str(template, "destination", ""));
	if (is_vault && !val_get(import->sources, "vault"))
		add_vault(import, root, mount_of(import, view_str(&text)));
	if (is_consul && !val_get(import->sources, "consul"))
		add_consul(import, root);
	val_set_str(&import->arena, unit, "source", is_consul ? "consul" : "vault");
	return NULL;
}

static void take_wait(struct import *import, const struct val *template, const struct val *root,
                      struct val *unit)
{
	const struct val *wait =
		block(template, "wait") ? block(template, "wait") : block(root, "wait");
	struct val *ours = val_new_map(&import->arena);
	const char *least = val_get_str(wait, "min", ""), *most = val_get_str(wait, "max", "");
	if (val_is(wait, VAL_STR)) {
		const char *colon = strchr(wait->as.str.ptr, ':');
		size_t len = colon ? (size_t)(colon - wait->as.str.ptr) : wait->as.str.len;
		least = arena_strndup(&import->arena, wait->as.str.ptr, len);
		most = colon ? colon + 1 : "";
	}
	if (*least)
		val_set_str(&import->arena, ours, "quiet", least);
	if (*most)
		val_set_str(&import->arena, ours, "max", most);
	if (val_len(ours))
		val_set(&import->arena, unit, "wait", ours);
}

static void take_reload(struct import *import, const struct val *template, struct val *unit)
{
	const struct val *exec = block(template, "exec");
	const struct val *command = val_get(template, "command") ? val_get(template, "command")
	                                                         : val_get(exec, "command");
	const char *timeout =
		val_get_str(template, "command_timeout", val_get_str(exec, "timeout", ""));
	struct val *reload = val_new_map(&import->arena);
	struct val *words = import_command(import, command);
	if (!words)
		return;
	val_set(&import->arena, reload, "command", words);
	if (*timeout)
		val_set_str(&import->arena, reload, "timeout", timeout);
	val_set(&import->arena, unit, "reload", reload);
}

static struct val *make_template(struct import *import, const struct val *template)
{
	static const char *const texts[][2] = { { "source", "from" },
		                                { "contents", "text" },
		                                { "destination", "to" } };
	struct arena *a = &import->arena;
	struct val *ours = val_new_map(a);
	import_texts(import, template, texts, ARRAY_LEN(texts), ours);
	val_set_str(a, ours, "flavour", "consul-template");
	val_set_str(a, ours, "mode", import_mode(import, val_get(template, "perms")));
	if (val_get(template, "error_on_missing_key"))
		val_set_str(a, ours, "missingKey",
		            val_get_bool(template, "error_on_missing_key", false) ? "error"
		                                                                  : "no-value");
	const char *left = val_get_str(template, "left_delimiter", "");
	if (*left) {
		struct val *delimiters = val_new_list(a);
		val_push(a, delimiters, val_new_str(a, left));
		val_push(a, delimiters,
		         val_new_str(a, val_get_str(template, "right_delimiter", "}}")));
		val_set(a, ours, "delimiters", delimiters);
	}
	val_set_str(a, ours, "owner", val_get_str(template, "user", NULL));
	val_set_str(a, ours, "group", val_get_str(template, "group", NULL));
	return ours;
}

static err *add_unit(struct import *import, const struct val *root, const struct val *template)
{
	static const char *const known[] = { "source",
		                             "contents",
		                             "destination",
		                             "perms",
		                             "user",
		                             "group",
		                             "command",
		                             "command_timeout",
		                             "exec",
		                             "wait",
		                             "left_delimiter",
		                             "right_delimiter",
		                             "error_on_missing_key",
		                             "create_dest_dirs",
		                             "backup",
		                             "error_fatal",
		                             NULL };
	struct arena *a = &import->arena;
	const char *destination = val_get_str(template, "destination", "");
	if (!*destination)
		return val_error(template, "a template without destination");
	struct val *unit = val_new_map(a), *templates = val_new_list(a);
	TRY(add_source(import, root, template, unit));
	val_push(a, templates, make_template(import, template));
	val_set(a, unit, "templates", templates);
	take_wait(import, template, root, unit);
	take_reload(import, template, unit);
	import_note_others(import, template, "template: ", known);
	val_set(a, import->units, import_unit_name(import, destination), unit);
	return NULL;
}

err *import_consul_template(struct import *import, const char *path, struct view text)
{
	/* Retries without end, pid files, logging and the like are the agent's own or systemd's. */
	static const char *const known[] = {
		"consul",           "vault",       "template",  "wait",
		"reload_signal",    "kill_signal", "max_stale", "log_level",
		"block_query_wait", "exec",        NULL
	};
	struct val *root = NULL;
	const struct val *templates, *template;
	TRY(str_ends(path, ".json") ? json_load(text.ptr, text.len, path, &import->arena, &root)
	                            : hcl_load(text.ptr, text.len, path, &import->arena, &root));
	if (!val_is(root, VAL_MAP))
		return val_error(root, "expected the settings of consul-template");
	templates = val_get(root, "template");
	if (val_is(templates, VAL_MAP))
		TRY(add_unit(import, root, templates));
	for (VAL_EACH_ITEM(i, template, templates))
		TRY(add_unit(import, root, template));
	if (block(root, "exec"))
		import_note(
			import,
			"exec: run the program by 'fettle config exec', or by systemd beside the agent");
	import_note_others(import, root, "", known);
	return NULL;
}
