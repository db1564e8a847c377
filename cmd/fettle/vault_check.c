/* fettle vault check: what can be known without a key; for CI. */
#include "base/base.h"

#include "json/json.h"
#include "pal/pool.h"
#include "vault/sops_check.h"
#include "vault_common.h"

struct check_args {
	struct strs files;
	int output, type;
	bool mac;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct check_args, files), .arg = "path",
	  .help = "files, folders or patterns; this folder without", .words = CLI_WORDS_FILES },
	{ CLI_ENUM(struct check_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_FLAG(struct check_args, mac), .name = "mac",
	  .help = "also open every file in memory and check its MAC: takes a key",
	  .flags = CLI_NO_NEGATION },
	VAULT_TYPE_OPT(struct check_args),
	CLI_END
};

static const struct cli_example examples[] = { { "in a pipeline", "fettle vault check" },
	                                       { NULL, NULL } };

static const struct cli_exit exits[] = { { 0, "all is as it should be" },
	                                 { 1, "something is not" },
	                                 { 2, "bad usage, or a broken .sops.yaml" },
	                                 { 3, "reading failed" },
	                                 { 0, NULL } };

struct check {
	struct cli_ctx *ctx;
	const struct check_args *args;
	struct json_writer *json;
	const char *file;
	size_t problems, files;
	struct strs sound; /* files without a problem, to be opened */
};

struct opening {
	const struct check_args *args;
	struct vault_keys *keys;
	const struct strs *files;
	err **errors;
};

static void report(void *data, const struct sops_problem *problem)
{
	struct check *c = data;
	c->problems++;
	if (!c->json) {
		ui_out(c->ctx->ui, "%s:%zu:%zu: %s%s%s\n", c->file, problem->line, problem->column,
		       problem->path, *problem->path ? ": " : "", problem->text);
		return;
	}
	json_begin_object(c->json);
	json_key_string(c->json, "file", c->file);
	json_key_int(c->json, "line", (int64_t)problem->line);
	json_key_int(c->json, "column", (int64_t)problem->column);
	json_key_string(c->json, "path", problem->path);
	json_key_string(c->json, "problem", problem->text);
	json_end_object(c->json);
}

static void report_error(struct check *c, err *take_e)
{
	const struct err_place *place = err_place(take_e);
	const struct sops_problem problem = { "", place && place->line ? place->line : 1,
		                              place && place->column ? place->column : 1,
		                              err_message(take_e) };
	report(c, &problem);
	err_free(take_e);
}

/* A file without a rule of its own that is not encrypted is none of our business. */
static err *check_file(struct check *c, struct vault_rules *rules, bool is_from_folder)
{
	AUTO(str) text = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	const struct sops_creation *creation = NULL;
	enum sops_format format = vault_format(c->args->type, c->file);
	err *e = vault_rule(rules, c->file, &creation);
	if (e && !err_is(e, ERR_NOT_FOUND))
		return e;
	if (e)
		err_ignore(e, "encrypted files are checked without .sops.yaml too");
	TRY(vault_read(c->file, &text));
	bool may_be = sops_may_be_encrypted(format, view_str(&text));
	bool must_be = creation && creation->has_path;
	if (!may_be && is_from_folder && !must_be)
		return NULL;
	c->files++;
	if (!may_be) {
		const struct sops_problem problem = { "", 1, 1, "the file is not encrypted" };
		report(c, &problem);
		return NULL;
	}
	e = sops_open(format, view_str(&text), c->file, &doc);
	if (!e && !sops_is_encrypted(doc) && is_from_folder && !must_be) {
		c->files--;
		return NULL;
	}
	size_t problems = c->problems;
	if (!e)
		e = sops_check(doc, creation, report, c);
	if (e)
		report_error(c, e);
	if (c->problems == problems)
		strs_push(&c->sound, c->file);
	return NULL;
}

static err *check_files(struct check *c, const struct strs *files, const struct strs *marks)
{
	AUTOPTR(vault_rules) rules = vault_rules_new();
	for (size_t i = 0; i < files->len; i++) {
		c->file = files->ptr[i];
		TRY(check_file(c, rules, *marks->ptr[i] != '\0'));
	}
	return NULL;
}

static void open_file(void *data, size_t index)
{
	struct opening *opening = data;
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	opening->errors[index] =
		vault_open(opening->files->ptr[index], opening->args->type, opening->keys, 0, &doc);
}

/* The MACs of all files that look right, on all processors. */
static void check_macs(struct check *c)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(c->ctx);
	struct opening opening = { c->args, keys, &c->sound,
		                   mem_zalloc(c->sound.len + 1, sizeof(err *)) };
	pool_for_each(0, c->sound.len, open_file, &opening);
	for (size_t i = 0; i < c->sound.len; i++) {
		c->file = c->sound.ptr[i];
		if (opening.errors[i])
			report_error(c, opening.errors[i]);
	}
	mem_free(opening.errors);
}

static err *run_check(struct cli_ctx *ctx, const void *data)
{
	const struct check_args *args = data;
	AUTO(strs) files = STRS_INIT;
	AUTO(strs) marks = STRS_INIT;
	AUTO(strs) here = STRS_INIT;
	AUTO(str) text = STR_INIT;
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	struct check check = { ctx, args,     args->output == OUT_JSON ? &json : NULL, NULL, 0,
		               0,   STRS_INIT };
	strs_push(&here, ".");
	TRY(vault_files(args->files.len ? &args->files : &here, VAULT_ALL_FILES, &files, &marks));
	json_begin_array(&json);
	err *e = check_files(&check, &files, &marks);
	if (!e && args->mac)
		check_macs(&check);
	strs_clear(&check.sound);
	TRY(e);
	json_end_array(&json);
	if (check.json)
		ui_out_bytes(ctx->ui, text.ptr, text.len);
	else
		ui_info(ctx->ui, "checked %zu files, %zu problems", check.files, check.problems);
	ctx->exit_code = check.problems ? EXIT_CODE_NO : EXIT_CODE_OK;
	return ui_flush(ctx->ui);
}

const struct cli_cmd cmd_vault_check = {
	.name = "check",
	.brief = "check encrypted files without any key",
	.about =
		"For pipelines: every file that a path_regex of .sops.yaml matches is encrypted, no "
		"value in it was left or put in plain, its metadata is whole, and its recipients are "
		"those of .sops.yaml. Whether values were exchanged only the MAC can tell, which takes "
		"a key: --mac opens every file in memory and checks it.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault list, vault encrypt",
	.args_size = sizeof(struct check_args),
	.run = run_check,
};
