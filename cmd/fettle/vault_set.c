/* fettle vault set: put one value into an encrypted file. */
#include "base/base.h"

#include "base/limits.h"
#include "pal/fs.h"
#include "pal/term.h"
#include "vault/sops_value.h"
#include "vault_common.h"

struct set_args {
	const char *place, *value_file;
	int64_t document;
	int value_type, type;
	bool exact;
};

static const struct cli_choice value_types[] = { { "str", SOPS_STR, "a text" },
	                                         { "int", SOPS_INT, "a whole number" },
	                                         { "float", SOPS_FLOAT, "a number" },
	                                         { "bool", SOPS_BOOL, "true or false" },
	                                         { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct set_args, place), .arg = "file:path",
	  .help = "a value in a file: prod.yaml:db.password", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_STR(struct set_args, value_file), .name = "value-file", .arg = "file",
	  .help = "read the value from this file instead of the terminal or standard input",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	{ CLI_ENUM(struct set_args, value_type, value_types), .letter = 't', .name = "value-type",
	  .arg = "type", .help = "type of the value", .def = "str" },
	{ CLI_FLAG(struct set_args, exact), .name = "exact",
	  .help = "keep a line end at the end of the value", .flags = CLI_NO_NEGATION },
	{ CLI_INT(struct set_args, document), .name = "document", .arg = "n",
	  .help = "which document of a YAML stream, from 0", .def = "0", .min = 0, .max = 100000 },
	VAULT_TYPE_OPT(struct set_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "typed at the terminal, without echo", "fettle vault set prod.yaml:db.password" },
	{ "a new random one", "openssl rand -base64 24 | fettle vault set prod.yaml:db.password" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "set, or it was so already" },
	{ 2, "bad usage, or a place that cannot be" },
	{ 3, "no such value or place, reading or writing failed, or a damaged file" },
	{ 4, "no key opens it" },
	{ 0, NULL }
};

enum { TYPED_MAX = 64 << 10 };

/* From the terminal; never from the command line, which others can see. */
static err *ask(const struct set_args *args, struct ui *ui, struct plain_text *value)
{
	AUTO(secret) typed = SECRET_INIT;
	size_t len = 0;
	AUTOFREE char *prompt = str_format("new value of %s: ", args->place);
	(void)ui;
	TRY(secret_init(&typed, TYPED_MAX));
	TRY(term_ask_hidden(prompt, (char *)typed.ptr, TYPED_MAX, &len));
	plain_text_add(value, typed.ptr, len);
	return NULL;
}

static err *read_value(const struct set_args *args, struct ui *ui, struct plain_text *value)
{
	AUTO(str) text = STR_INIT;
	if (!args->value_file && term_is_terminal(0))
		return ask(args, ui, value);
	if (args->value_file)
		TRY(fs_read_file(args->value_file, LIMIT_DOC_BYTES / 4, &text));
	else
		TRY(fs_read_stdin(LIMIT_DOC_BYTES / 4, &text));
	size_t len = text.len;
	if (!args->exact && len && text.ptr[len - 1] == '\n')
		len -= len > 1 && text.ptr[len - 2] == '\r' ? 2 : 1;
	plain_text_add(value, text.ptr, len);
	secret_wipe(text.ptr, text.len);
	return NULL;
}

/* The value in the form its type is stored in. */
static err *convert(enum sops_type type, struct plain_text *value)
{
	AUTO(str) canonical = STR_INIT;
	if (type == SOPS_STR)
		return NULL;
	bool is_right = sops_canonical(type, view_str(&value->text), &canonical);
	plain_text_clear(value);
	if (!is_right)
		return err_new(ERR_INVALID, "the value is not of the type '%s'",
		               sops_type_name(type));
	plain_text_add(value, canonical.ptr, canonical.len);
	secret_wipe(canonical.ptr, canonical.len);
	return NULL;
}

static err *run_set(struct cli_ctx *ctx, const void *data)
{
	const struct set_args *args = data;
	AUTO(str) file = STR_INIT;
	AUTO(str) now = STR_INIT;
	AUTO(str) text = STR_INIT;
	AUTO(plain_text) value = PLAIN_TEXT_INIT;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	const char *path;
	bool is_changed = false;
	TRY(vault_place(args->place, &file, &path));
	TRY(vault_open(file.ptr, args->type, keys, 0, &doc));
	TRY(read_value(args, ctx->ui, &value));
	TRY(convert((enum sops_type)args->value_type, &value));
	plain_text_add(&value, "", 0);
	const struct sops_change change = {
		.document = (size_t)args->document,
		.path = path,
		.type = (enum sops_type)args->value_type,
		.plain = view_str(&value.text),
	};
	sops_now(&now);
	TRY(sops_change(doc.doc, &doc.key, &change, now.ptr, &is_changed, &text));
	if (!is_changed) {
		ui_info(ctx->ui, "'%s' has this value already", args->place);
		return NULL;
	}
	TRY(vault_replace(file.ptr, view_str(&text)));
	ui_info(ctx->ui, "set '%s'", args->place);
	return NULL;
}

const struct cli_cmd cmd_vault_set = {
	.name = "set",
	.brief = "set one value of an encrypted file",
	.about =
		"Put a value from the terminal, standard input or a file into an encrypted file; a new "
		"path is made. Only that value, `lastmodified` and `mac` change in the file, which is "
		"replaced in one step. One line end at the end of the value is cut off. The value "
		"cannot be given as an argument: those can be seen by everybody on the machine.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault get, vault rm, vault edit",
	.args_size = sizeof(struct set_args),
	.run = run_set,
};
