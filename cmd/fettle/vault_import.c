/* fettle vault import: values from elsewhere become one encrypted file. */
#include "base/base.h"

#include "base/arena.h"
#include "base/limits.h"
#include "config_common.h"
#include "crypto/encode.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "vault_common.h"
#include "yaml/yaml.h"

#include <ctype.h>

struct import_args {
	const char *from, *target, *path;
	struct strs recipients;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct import_args, from), .arg = "source",
	  .help = "a .env file, a Secret manifest, a folder, or the URL of a source",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_ARG(struct import_args, target), .arg = "file",
	  .help = "the new encrypted file: .yaml, .json or .env", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_STR(struct import_args, path), .name = "path", .arg = "path",
	  .help = "only keys below this path of the source", .def = "" },
	{ CLI_STRS(struct import_args, recipients), .letter = 'r', .name = "recipient",
	  .arg = "key",
	  .help = "encrypt for this age recipient; without it .sops.yaml says for whom" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a dotenv file", "fettle vault import .env secrets/app.yaml" },
	{ "Secret manifests of a cluster",
	  "kubectl get secret app -o yaml | fettle vault import - secrets/app.yaml" },
	{ "what is in HashiCorp Vault",
	  "fettle vault import vaults://vault.example/secret/app secrets/app.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "imported" },
	{ 2, "bad usage, a source that cannot be read as values, or no rule for the file" },
	{ 3, "reading or writing failed" },
	{ 4, "a source refuses the credentials" },
	{ 5, "the file is there already" },
	{ 0, NULL }
};

/* --- what is imported --- */

/* data and stringData of Secrets; of several, below the name of each. */
static err *add_secret(const struct val *secret, bool is_one, struct kv_set *set)
{
	const char *name = val_get_str(val_get(secret, "metadata"), "name", "secret");
	const struct val_entry *entry;
	if (strcmp(val_get_str(secret, "kind", ""), "Secret") != 0)
		return val_error(secret, "expected a manifest of a Secret");
	for (VAL_EACH_ENTRY(i, entry, val_get(secret, "data"))) {
		AUTO(str) plain = STR_INIT;
		AUTOFREE char *key = kv_join(is_one ? "" : name, entry->key);
		if (!val_is(entry->value, VAL_STR))
			return val_error(entry->value, "expected base64");
		TRY(base64_decode(
			(struct view){ entry->value->as.str.ptr, entry->value->as.str.len },
			BASE64_LINES, &plain));
		err *e = kv_set_add(set, key, strlen(key), view_str(&plain), 0);
		secret_wipe(plain.ptr, plain.len);
		TRY(e);
	}
	for (VAL_EACH_ENTRY(i, entry, val_get(secret, "stringData"))) {
		AUTOFREE char *key = kv_join(is_one ? "" : name, entry->key);
		if (!val_is(entry->value, VAL_STR))
			return val_error(entry->value, "expected a string");
		TRY(kv_set_add(set, key, strlen(key),
		               (struct view){ entry->value->as.str.ptr, entry->value->as.str.len },
		               0));
	}
	return NULL;
}

static bool is_manifest(const struct val *root)
{
	return val_is(root, VAL_MAP) && val_get(root, "apiVersion") && val_get(root, "kind");
}

static err *read_text(const char *name, struct view text, struct kv_set *set)
{
	AUTO(arena) arena = ARENA_INIT;
	struct yaml_docs docs = { 0 };
	struct val *root = NULL;
	err *e = NULL;
	bool is_yaml = str_ends(name, ".yaml") || str_ends(name, ".yml") || strcmp(name, "-") == 0;
	if (is_yaml)
		e = yaml_load(text.ptr, text.len, name, &arena, &docs);
	if (!e && docs.len > 0 && is_manifest(docs.ptr[0].root)) {
		for (size_t i = 0; i < docs.len && !e; i++)
			e = add_secret(docs.ptr[i].root, docs.len == 1, set);
	} else if (!e) {
		e = kv_parse_document(name, text, &arena, &root);
		e = e ? e : kv_add_document(set, "", root);
	}
	arena_wipe(&arena);
	return e ? err_without_snippet(e) : NULL;
}

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL || str_starts(text, "file:") || str_starts(text, "env:");
}

static err *read_source(struct cli_ctx *ctx, const struct import_args *args,
                        struct kv_set **ret_set)
{
	AUTO(config_source) source = { 0 };
	AUTOFREE char *url =
		is_url(args->from) ? mem_strdup(args->from) : str_format("file:%s", args->from);
	struct config_source_args named = args->source;
	named.from = url;
	named.timeout = 30000;
	TRY(config_source_open(ctx, &named, &source));
	return kv_read(source.kv, KV_TREE, args->path, deadline_after(source.timeout_ms), ret_set);
}

static err *read_values(struct cli_ctx *ctx, const struct import_args *args,
                        struct kv_set **ret_set)
{
	AUTO(str) text = STR_INIT;
	AUTOPTR(kv_set) set = kv_set_new();
	if (is_url(args->from) || (strcmp(args->from, "-") != 0 && fs_is_dir(args->from)))
		return read_source(ctx, args, ret_set);
	TRY(vault_read(args->from, &text));
	err *e = read_text(args->from, view_str(&text), set);
	secret_wipe(text.ptr, text.len);
	TRY(e);
	kv_set_seal(set);
	*ret_set = steal(&set);
	return NULL;
}

/* --- the file --- */

static void add_nested(struct arena *a, struct val *root, const struct kv_pair *pair)
{
	struct view rest = view_of(pair->key), part;
	struct val *map = root;
	while (view_split(&rest, '/', &part)) {
		bool is_last = rest.len == 0;
		struct val *known = (struct val *)(uintptr_t)val_getn(map, part.ptr, part.len);
		const char *key = arena_strndup(a, part.ptr, part.len);
		if (is_last) {
			val_setn(a, map, key, part.len, val_new_strn(a, pair->value, pair->len));
			return;
		}
		if (!val_is(known, VAL_MAP)) {
			known = val_new_map(a);
			val_setn(a, map, key, part.len, known);
		}
		map = known;
	}
}

static err *add_line(const struct kv_pair *pair, struct str *out)
{
	for (const char *c = pair->key; *c; c++)
		str_addch(out, isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_');
	if (memchr(pair->value, '\0', pair->len))
		return err_new(ERR_INVALID, "the value of '%s' cannot stand in a dotenv file",
		               pair->key);
	str_addch(out, '=');
	for (size_t i = 0; i < pair->len; i++)
		if (pair->value[i] == '\n')
			str_addz(out, "\\n");
		else
			str_addch(out, pair->value[i]);
	str_addch(out, '\n');
	return NULL;
}

static err *write_plain(const char *target, const struct kv_set *set, struct str *out)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = val_new_map(&arena);
	err *e = NULL;
	for (size_t i = 0; i < kv_set_len(set) && !e; i++) {
		if (str_ends(target, ".env"))
			e = add_line(kv_set_at(set, i), out);
		else
			add_nested(&arena, root, kv_set_at(set, i));
	}
	if (str_ends(target, ".json"))
		json_write(root, JSON_PRETTY, out);
	else if (!str_ends(target, ".env"))
		yaml_write(root, out);
	arena_wipe(&arena);
	return e;
}

static err *encrypt(struct cli_ctx *ctx, const struct import_args *args, struct view plain,
                    struct str *out)
{
	AUTOPTR(vault_rules) rules = vault_rules_new();
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(str) now = STR_INIT;
	struct sops_key_group group = { 0 };
	struct sops_creation own = { .recipients = { &group, 1, 0 } };
	const struct sops_creation *creation = &own;
	group.len = args->recipients.len;
	group.keys = mem_zalloc(group.len + 1, sizeof(*group.keys));
	for (size_t i = 0; i < group.len; i++)
		group.keys[i].id = args->recipients.ptr[i];
	err *e = group.len ? NULL : vault_rule(rules, args->target, &creation);
	if (!e && !creation)
		e = err_hint(
			err_new(ERR_INVALID, "no rule of .sops.yaml is for '%s'", args->target),
			"add one to its creation_rules, or name recipients with --recipient");
	sops_now(&now);
	if (!e)
		e = sops_open(vault_format(VAULT_TYPE_BY_NAME, args->target), plain, args->target,
		              &doc);
	if (!e) {
		const struct sops_encrypt how = { .rules = creation->rules,
			                          .recipients = creation->recipients,
			                          .now = now.ptr,
			                          .keyring = vault_keyring(keys) };
		e = sops_encrypt(doc, &how, out);
	}
	mem_free(group.keys);
	return e;
}

static err *run_import(struct cli_ctx *ctx, const void *data)
{
	const struct import_args *args = data;
	AUTO(str) plain = STR_INIT;
	AUTO(str) sealed = STR_INIT;
	AUTOPTR(kv_set) set = NULL;
	if (fs_exists(args->target))
		return err_hint(err_new(ERR_REFUSED, "'%s' is there already", args->target),
		                "change single values with 'fettle vault set', or remove it first");
	TRY(read_values(ctx, args, &set));
	if (kv_set_len(set) == 0)
		return err_new(ERR_INVALID, "there are no values in '%s'", args->from);
	str_reserve(&plain, LIMIT_SETTINGS_BYTES);
	err *e = write_plain(args->target, set, &plain);
	if (!e)
		e = encrypt(ctx, args, view_str(&plain), &sealed);
	secret_wipe(plain.ptr, plain.len);
	TRY(e);
	TRY(fs_write_atomic(args->target, view_str(&sealed), 0644));
	ui_info(ctx->ui, "imported %zu values into '%s'", kv_set_len(set), args->target);
	return NULL;
}

const struct cli_cmd cmd_vault_import = {
	.name = "import",
	.brief = "import values into a new encrypted file",
	.about =
		"Read values from a .env file, Kubernetes Secret manifests (base64 taken off), a folder of files, a "
		"document, or any source `fettle config` can read, and write them as one new SOPS document. "
		"db/host becomes db: host: in YAML and JSON, DB_HOST in a .env file. The plain text never lies on "
		"a disk.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault export, vault encrypt",
	.args_size = sizeof(struct import_args),
	.run = run_import,
};
