/* fettle vault recipients list: everybody, and how many files they can open. */
#include "base/base.h"

#include "base/map.h"
#include "base/vec.h"
#include "json/json.h"
#include "ui/table.h"
#include "vault_common.h"
#include "vault_names.h"

struct list_args {
	struct strs files;
	int output;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct list_args, files), .arg = "path",
	  .help = "files, folders or patterns; this folder without", .words = CLI_WORDS_FILES },
	{ CLI_ENUM(struct list_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = { { "who can read what is in this repository",
	                                         "fettle vault recipients list" },
	                                       { NULL, NULL } };

static const struct cli_exit exits[] = { { 0, "listed" },
	                                 { 2, "bad usage, or a file that is no such document" },
	                                 { 3, "no encrypted file, or reading failed" },
	                                 { 0, NULL } };

struct reader {
	const char *type;
	size_t files;
};

struct count {
	struct map readers; /* id → struct reader */
	struct arena arena;
};

static err *count_file(struct count *count, const char *path)
{
	AUTO(str) text = STR_INIT;
	AUTO(map) seen = MAP_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	TRY(vault_read(path, &text));
	TRY(sops_open(sops_format_of(path), view_str(&text), path, &doc));
	const struct sops_meta *meta = sops_meta_of(doc);
	for (size_t g = 0; meta && g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++) {
			const struct sops_key *key = &meta->groups[g].keys[i];
			struct reader *reader = map_get(&count->readers, key->id);
			if (!reader) {
				reader = ARENA_NEW(&count->arena, struct reader);
				reader->type = sops_key_type_name(key->type);
				map_set(&count->readers, key->id, reader);
			}
			if (!map_has(&seen, key->id))
				reader->files++;
			map_set(&seen, key->id, NULL);
		}
	return NULL;
}

static void print(struct ui *ui, const struct count *count, struct vault_policy *policy,
                  bool is_json)
{
	static const char *const headings[] = { "NAME", "FILES", "TYPE", "RECIPIENT" };
	AUTOPTR(ui_table) table = ui_table_new(4, headings);
	AUTO(str) text = STR_INIT;
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	json_begin_array(&json);
	for (struct map_entry *e = map_first(&count->readers); e;
	     e = map_next(&count->readers, e)) {
		const struct reader *reader = e->value;
		const char *name = policy ? vault_policy_name(policy, e->key) : NULL;
		ui_table_add(table, UI_PLAIN, "%s", name ? name : "-");
		ui_table_add(table, UI_PLAIN, "%zu", reader->files);
		ui_table_add(table, UI_PLAIN, "%s", reader->type);
		ui_table_add(table, UI_PLAIN, "%s", e->key);
		json_begin_object(&json);
		json_key_string(&json, "name", name);
		json_key_string(&json, "type", reader->type);
		json_key_string(&json, "id", e->key);
		json_key_int(&json, "files", (int64_t)reader->files);
		json_end_object(&json);
	}
	json_end_array(&json);
	if (is_json)
		ui_out_bytes(ui, text.ptr, text.len);
	else
		ui_table_print(ui, table);
}

static err *run_list(struct cli_ctx *ctx, const void *data)
{
	const struct list_args *args = data;
	AUTO(strs) files = STRS_INIT;
	AUTO(strs) here = STRS_INIT;
	struct vault_policy policy = VAULT_POLICY_INIT;
	struct count count = { MAP_INIT, ARENA_INIT };
	strs_push(&here, ".");
	TRY(vault_files(args->files.len ? &args->files : &here, 0, &files, NULL));
	err *all = NULL, *e = vault_policy_load(&policy);
	bool has_policy = !e;
	err_ignore(e, "names are only for people");
	for (size_t i = 0; i < files.len; i++)
		all = err_join(all, count_file(&count, files.ptr[i]));
	if (!all)
		print(ctx->ui, &count, has_policy ? &policy : NULL, args->output == OUT_JSON);
	vault_policy_clear(&policy);
	map_clear(&count.readers);
	arena_clear(&count.arena);
	TRY(all);
	return ui_flush(ctx->ui);
}

const struct cli_cmd cmd_vault_recipients_list = {
	.name = "list",
	.brief = "show who can open how many files",
	.about =
		"List the recipients of all encrypted files, with their names from .sops-names.yaml. Needs "
		"no key.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault list, vault check",
	.args_size = sizeof(struct list_args),
	.run = run_list,
};
