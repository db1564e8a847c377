/* fettle vault get: one value. */
#include "base/base.h"

#include "ui/json_text.h"
#include "json/json.h"
#include "vault_common.h"

struct get_args {
	const char *place;
	int64_t document;
	int output, type;
	bool ignore_mac;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct get_args, place), .arg = "file:path",
	  .help = "a value in a file: prod.yaml:db.password", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_ENUM(struct get_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_INT(struct get_args, document), .name = "document", .arg = "n",
	  .help = "which document of a YAML stream, from 0", .def = "0", .min = 0, .max = 100000 },
	{ CLI_FLAG(struct get_args, ignore_mac), .name = "ignore-mac",
	  .help = "open a file though its values were changed by other hands",
	  .flags = CLI_NO_NEGATION },
	VAULT_TYPE_OPT(struct get_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "for a script", "password=$(fettle vault get prod.yaml:db.password)" },
	{ "a whole map, as JSON", "fettle vault get prod.yaml:db" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "printed" },
	                                 { 2, "bad usage" },
	                                 { 3, "no such value, reading failed, or a damaged file" },
	                                 { 4, "no key opens it" },
	                                 { 0, NULL } };

static bool is_bare(enum sops_type type)
{
	return type == SOPS_INT || type == SOPS_FLOAT || type == SOPS_BOOL || type == SOPS_NULL;
}

/* true instead of True; JSON gets quotes around texts. */
static void add_value(const struct sops_value *value, bool is_json, struct plain_text *out)
{
	AUTO(str) text = STR_INIT;
	struct view plain = value->plain;
	if (value->is_tree)
		plain = view_str(&value->tree.text);
	else if (value->type == SOPS_BOOL)
		plain = view_of(view_is(plain, "True") ? "true" : "false");
	else if (value->type == SOPS_NULL)
		plain = view_of(is_json ? "null" : "");
	str_reserve(&text, plain.len * 6 + 8);
	if (is_json && !value->is_tree && !is_bare(value->type))
		json_write_string(plain.ptr, plain.len, &text);
	else
		str_add(&text, plain.ptr, plain.len);
	plain_text_add(out, text.ptr, text.len);
	secret_wipe(text.ptr, text.len);
}

static err *run_get(struct cli_ctx *ctx, const void *data)
{
	const struct get_args *args = data;
	AUTO(str) file = STR_INIT;
	const char *path;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	AUTO(plain_text) text = PLAIN_TEXT_INIT;
	struct sops_value value = { .tree = PLAIN_TEXT_INIT };
	TRY(vault_place(args->place, &file, &path));
	TRY(vault_open(file.ptr, args->type, keys, args->ignore_mac ? SOPS_IGNORE_MAC : 0, &doc));
	TRY(sops_get(doc.doc, (size_t)args->document, path, &value));
	add_value(&value, args->output == OUT_JSON, &text);
	sops_value_clear(&value);
	bool ends_line = text.text.len && text.text.ptr[text.text.len - 1] == '\n';
	if (!ends_line && (ui_out_is_terminal(ctx->ui) || args->output == OUT_JSON))
		plain_text_add(&text, "\n", 1);
	return vault_write_out(ctx->ui, NULL, view_str(&text.text));
}

const struct cli_cmd cmd_vault_get = {
	.name = "get",
	.brief = "print one value of an encrypted file",
	.about =
		"Decrypt a file in memory and print the value at a path, exactly, with a line end only "
		"on a terminal. A list or map is printed as JSON. A path is written like "
		"db.password, users[0].name or [\"odd.key\"].x; in INI files section.name.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault set, vault list",
	.args_size = sizeof(struct get_args),
	.run = run_get,
};
