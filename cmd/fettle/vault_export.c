/* fettle vault export: values of an encrypted file in another form. */
#include "base/base.h"

#include "base/arena.h"
#include "base/path.h"
#include "config_common.h"
#include "crypto/encode.h"
#include "json/json.h"
#include "pal/fs.h"
#include "vault_common.h"

#include <ctype.h>

enum export_format { EXPORT_DOTENV, EXPORT_JSON, EXPORT_SECRET, EXPORT_FOLDER };

struct export_args {
	const char *file, *out, *name, *name_space;
	int format;
	bool force;
};

static const struct cli_choice formats[] = { { "dotenv", EXPORT_DOTENV, "NAME=value lines" },
	                                     { "json", EXPORT_JSON, "one flat object" },
	                                     { "secret", EXPORT_SECRET,
	                                       "the manifest of a Kubernetes Secret" },
	                                     { "folder", EXPORT_FOLDER, "a file for each value" },
	                                     { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct export_args, file), .arg = "file", .help = "an encrypted file",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_ENUM(struct export_args, format, formats), .name = "format", .arg = "format",
	  .help = "what to write", .def = "dotenv" },
	{ CLI_STR(struct export_args, out), .letter = 'O', .name = "out", .arg = "path",
	  .help = "write here (0600) instead of standard output; needed for a folder",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct export_args, name), .name = "name", .arg = "name",
	  .help = "of the Secret; the file's without its ending by default",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct export_args, name_space), .name = "namespace", .arg = "name",
	  .help = "of the Secret", .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct export_args, force), .name = "force",
	  .help = "print secrets on a terminal, or replace what is at --out",
	  .flags = CLI_NO_NEGATION },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "into a cluster, without a plain copy",
	  "fettle vault export secrets/app.yaml --format secret --name app | kubectl apply -f -" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "exported" },
	{ 2, "bad usage, or values that cannot be written this way" },
	{ 3, "reading or writing failed, or a damaged file" },
	{ 4, "no key opens it" },
	{ 5, "it would print on a terminal, or replace something" },
	{ 0, NULL }
};

static void add_name(const char *key, bool is_upper, const char *kept, struct str *out)
{
	for (const char *c = key; *c; c++) {
		bool stays = isalnum((unsigned char)*c) || strchr(kept, *c);
		str_addch(out, !stays     ? (is_upper ? '_' : '.')
		               : is_upper ? (char)toupper((unsigned char)*c)
		                          : *c);
	}
}

static err *add_dotenv(const struct kv_set *set, struct str *out)
{
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		if (memchr(pair->value, '\0', pair->len) || memchr(pair->value, '\n', pair->len))
			return err_hint(err_new(ERR_INVALID, "the value of '%s' has several lines",
			                        pair->key),
			                "--format json can write it");
		add_name(pair->key, true, "_", out);
		str_addch(out, '=');
		str_add(out, pair->value, pair->len);
		str_addch(out, '\n');
	}
	return NULL;
}

static void add_json(const struct kv_set *set, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		json_key(&w, kv_set_at(set, i)->key);
		json_textn(&w, kv_set_at(set, i)->value, kv_set_at(set, i)->len);
	}
	json_end_object(&w);
}

/* JSON is YAML: the API tools take it. */
static void add_secret(const struct export_args *args, const struct kv_set *set, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	const char *base = path_base(args->file);
	AUTOFREE char *name =
		args->name ? mem_strdup(args->name) : mem_strndup(base, strcspn(base, "."));
	json_begin_object(&w);
	json_key_string(&w, "apiVersion", "v1");
	json_key_string(&w, "kind", "Secret");
	json_key(&w, "metadata");
	json_begin_object(&w);
	json_key_string(&w, "name", name);
	if (args->name_space)
		json_key_string(&w, "namespace", args->name_space);
	json_end_object(&w);
	json_key_string(&w, "type", "Opaque");
	json_key(&w, "data");
	json_begin_object(&w);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		AUTO(str) key = STR_INIT;
		AUTO(str) text = STR_INIT;
		add_name(kv_set_at(set, i)->key, false, "-_.", &key);
		base64_add(&text, kv_set_at(set, i)->value, kv_set_at(set, i)->len, 0);
		json_key_string(&w, key.ptr, text.ptr);
		secret_wipe(text.ptr, text.len);
	}
	json_end_object(&w);
	json_end_object(&w);
}

static err *write_folder(const struct export_args *args, const struct kv_set *set)
{
	if (!args->out)
		return err_new(ERR_USAGE, "a folder needs --out");
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		AUTOFREE char *path = path_join(args->out, pair->key);
		AUTOFREE char *dir = path_dir(path);
		if (!path_is_inside(pair->key))
			return err_new(ERR_REFUSED, "the name '%s' leads out of the folder",
			               pair->key);
		TRY(fs_mkdir_all(dir, 0700));
		TRY(fs_write_atomic(path, (struct view){ pair->value, pair->len }, 0600));
	}
	return NULL;
}

static err *read_file(struct cli_ctx *ctx, const char *file, struct kv_set **ret_set)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) set = kv_set_new();
	struct val *root = NULL;
	TRY(vault_open(file, VAULT_TYPE_BY_NAME, keys, 0, &doc));
	TRY(sops_plain(doc.doc, &plain));
	err *e = kv_parse_document(file, view_str(&plain.text), &arena, &root);
	e = e ? e : kv_add_document(set, "", root);
	arena_wipe(&arena);
	kv_set_seal(set);
	*ret_set = steal(&set);
	return e ? err_without_snippet(e) : NULL;
}

static err *check_usage(struct cli_ctx *ctx, const struct export_args *args)
{
	if (!args->out && ui_out_is_terminal(ctx->ui) && !args->force)
		return err_hint(err_new(ERR_REFUSED, "secrets would be printed on the terminal"),
		                "pipe them into a program, or use --out FILE or --force");
	if (args->out && fs_exists(args->out) && !args->force)
		return err_hint(err_new(ERR_REFUSED, "'%s' is there already", args->out),
		                "--force replaces it");
	return NULL;
}

static err *run_export(struct cli_ctx *ctx, const void *data)
{
	const struct export_args *args = data;
	AUTO(str) text = STR_INIT;
	AUTOPTR(kv_set) set = NULL;
	err *e = NULL;
	TRY(check_usage(ctx, args));
	TRY(read_file(ctx, args->file, &set));
	switch ((enum export_format)args->format) {
	case EXPORT_DOTENV:
		e = add_dotenv(set, &text);
		break;
	case EXPORT_JSON:
		add_json(set, &text);
		break;
	case EXPORT_SECRET:
		add_secret(args, set, &text);
		break;
	case EXPORT_FOLDER:
		return write_folder(args, set);
	}
	if (!e)
		e = args->out ? fs_write_atomic(args->out, view_str(&text), 0600)
		              : vault_write_out(ctx->ui, NULL, view_str(&text));
	secret_wipe(text.ptr, text.len);
	return e;
}

const struct cli_cmd cmd_vault_export = {
	.name = "export",
	.brief = "write the values of an encrypted file in another form",
	.about =
		"Decrypt a file in memory and write its values as dotenv lines, a JSON object, the manifest of a "
		"Kubernetes Secret, or a folder of files. Into a program or a private file; a terminal only with "
		"--force.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault import, vault decrypt",
	.args_size = sizeof(struct export_args),
	.run = run_export,
};
