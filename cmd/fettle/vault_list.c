/* fettle vault list: what is in encrypted files, and for whom, without any key. */
#include "base/base.h"

#include "json/json.h"
#include "ui/table.h"
#include "vault_common.h"

struct list_args {
	struct strs files;
	bool recipients;
	int output, type;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct list_args, files), .arg = "path",
	  .help = "files, folders or patterns; this folder without", .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct list_args, recipients), .name = "recipients",
	  .help = "who can open each file instead of what is in it" },
	{ CLI_ENUM(struct list_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	VAULT_TYPE_OPT(struct list_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "all names in this repository", "fettle vault list" },
	{ "who can read production", "fettle vault list --recipients prod.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "listed" },
	                                 { 2, "bad usage, or a file that is no such document" },
	                                 { 3, "reading failed" },
	                                 { 0, NULL } };

struct listing {
	struct ui_table *table;
	struct json_writer *json;
	const char *file;
};

static const char *kind(enum sops_type type, bool is_encrypted)
{
	static const char *const sealed[] = {
		"null", "str", "int", "float", "bool", "time", "bytes"
	};
	return is_encrypted ? sealed[type] : "plain";
}

static err *add_value(void *data, size_t document, const char *path, enum sops_type type,
                      bool is_encrypted, struct view plain)
{
	struct listing *l = data;
	(void)plain;
	if (l->json) {
		json_begin_object(l->json);
		json_key_int(l->json, "document", (int64_t)document);
		json_key_string(l->json, "path", path);
		json_key_bool(l->json, "encrypted", is_encrypted);
		json_end_object(l->json);
		return NULL;
	}
	ui_table_add(l->table, UI_STYLE_PATH, "%s", l->file);
	ui_table_add(l->table, UI_PLAIN, document ? "%s  (document %zu)" : "%s", path, document);
	ui_table_add(l->table, UI_PLAIN, "%s", kind(type, is_encrypted));
	return NULL;
}

static void add_recipients(struct listing *l, const struct sops_meta *meta)
{
	if (l->json) {
		json_key(l->json, "recipients");
		json_begin_array(l->json);
	}
	for (size_t g = 0; g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++) {
			const struct sops_key *key = &meta->groups[g].keys[i];
			const char *type = sops_key_type_name(key->type);
			if (l->json) {
				json_begin_object(l->json);
				json_key_int(l->json, "group", (int64_t)g);
				json_key_string(l->json, "type", type);
				json_key_string(l->json, "id", key->id);
				json_end_object(l->json);
				continue;
			}
			ui_table_add(l->table, UI_STYLE_PATH, "%s", l->file);
			ui_table_add(l->table, UI_PLAIN, "%s", type);
			ui_table_add(l->table, UI_PLAIN, "%s", key->id);
		}
	if (l->json)
		json_end_array(l->json);
}

static err *add_json_file(struct listing *l, const struct sops_doc *doc, enum sops_format format)
{
	const struct sops_meta *meta = sops_meta_of(doc);
	json_begin_object(l->json);
	json_key_string(l->json, "file", l->file);
	json_key_string(l->json, "format", sops_format_name(format));
	json_key_string(l->json, "lastModified", meta->last_modified);
	add_recipients(l, meta);
	json_key(l->json, "values");
	json_begin_array(l->json);
	TRY(sops_each(doc, add_value, l));
	json_end_array(l->json);
	json_end_object(l->json);
	return NULL;
}

static err *add_file(struct listing *l, const struct list_args *args)
{
	AUTO(str) text = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	enum sops_format format = vault_format(args->type, l->file);
	TRY(vault_read(l->file, &text));
	TRY(sops_open(format, view_str(&text), l->file, &doc));
	if (!sops_is_encrypted(doc))
		return err_new(ERR_INVALID, "'%s' is not encrypted", l->file);
	if (l->json)
		return add_json_file(l, doc, format);
	if (args->recipients)
		add_recipients(l, sops_meta_of(doc));
	else
		return sops_each(doc, add_value, l);
	return NULL;
}

static err *list_files(struct cli_ctx *ctx, const struct list_args *args, const struct strs *files)
{
	static const char *const values[] = { "FILE", "VALUE", "TYPE" };
	static const char *const keys[] = { "FILE", "TYPE", "RECIPIENT" };
	AUTO(str) text = STR_INIT;
	AUTOPTR(ui_table) table = ui_table_new(3, args->recipients ? keys : values);
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	bool is_json = args->output == OUT_JSON;
	struct listing listing = { table, is_json ? &json : NULL, NULL };
	err *all = NULL;
	if (is_json)
		json_begin_array(&json);
	for (size_t i = 0; i < files->len; i++) {
		listing.file = files->ptr[i];
		all = err_join(all, add_file(&listing, args));
	}
	if (is_json) {
		json_end_array(&json);
		if (!all)
			ui_out_bytes(ctx->ui, text.ptr, text.len);
	} else {
		ui_table_print(ctx->ui, table);
	}
	err *e = ui_flush(ctx->ui);
	return all ? err_join(all, e) : e;
}

static err *run_list(struct cli_ctx *ctx, const void *data)
{
	const struct list_args *args = data;
	AUTO(strs) files = STRS_INIT;
	AUTO(strs) here = STRS_INIT;
	strs_push(&here, ".");
	TRY(vault_files(args->files.len ? &args->files : &here, 0, &files, NULL));
	return list_files(ctx, args, &files);
}

const struct cli_cmd cmd_vault_list = {
	.name = "list",
	.brief = "show names and recipients of encrypted files",
	.about =
		"List the values in encrypted files by name, or with --recipients who can open them. "
		"Needs no key and shows no value.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault get, vault check",
	.args_size = sizeof(struct list_args),
	.run = run_list,
};
