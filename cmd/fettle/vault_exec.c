/* fettle vault exec: run a program with secrets in its environment. */
#include "base/base.h"

#include "pal/proc.h"
#include "vault_common.h"

struct exec_args {
	struct strs places, command;
	int type;
};

static const struct cli_opt opts[] = {
	{ CLI_STRS(struct exec_args, places), .letter = 'f', .name = "file", .arg = "file[:path]",
	  .help = "the values of this encrypted file, or of one map in it" },
	{ CLI_ARGS(struct exec_args, command), .arg = "command",
	  .help = "behind --: the program and its arguments", .flags = CLI_REQUIRED },
	VAULT_TYPE_OPT(struct exec_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a program that reads DB_PASSWORD", "fettle vault exec -f secrets/app.env -- ./server" },
	{ "one map of a file", "fettle vault exec -f prod.yaml:env -- make deploy" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "the program ended well; any other code of it is passed on, 128 + N for signal N" },
	{ 2, "bad usage, or a name that cannot be a variable" },
	{ 3, "no such value, a damaged file, or a program that cannot be run" },
	{ 4, "no key opens it" },
	{ 0, NULL }
};

struct environment {
	struct strs variables;
	size_t prefix_len; /* of the path that was asked for */
	const char *prefix, *file;
};

static void environment_clear(struct environment *environment)
{
	for (size_t i = 0; i < environment->variables.len; i++)
		secret_wipe(environment->variables.ptr[i], strlen(environment->variables.ptr[i]));
	strs_clear(&environment->variables);
}

static bool is_name(const char *text)
{
	for (const char *p = text; *p; p++) {
		bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
		if (!is_letter && !(p > text && *p >= '0' && *p <= '9'))
			return false;
	}
	return *text != '\0';
}

static err *add_variable(void *data, size_t document, const char *path, enum sops_type type,
                         bool is_encrypted, struct view plain)
{
	struct environment *environment = data;
	(void)is_encrypted;
	if (document > 0 || strncmp(path, environment->prefix, environment->prefix_len) != 0)
		return NULL;
	const char *name = path + environment->prefix_len;
	if (environment->prefix_len && *name++ != '.')
		return NULL;
	if (!is_name(name))
		return err_hint(err_new(ERR_INVALID, "'%s' in '%s' cannot be a variable", path,
		                        environment->file),
		                "name a map of plain values: --file %s:PATH", environment->file);
	if (memchr(plain.ptr, '\0', plain.len))
		return err_new(ERR_INVALID, "'%s' in '%s' holds a NUL, which no variable can", path,
		               environment->file);
	if (type == SOPS_BOOL)
		plain = view_of(view_is(plain, "True") ? "true" : "false");
	strs_pushf(&environment->variables, "%s=%.*s", name, (int)plain.len, plain.ptr);
	return NULL;
}

static err *add_place(const struct exec_args *args, const char *place, struct vault_keys *keys,
                      struct environment *environment)
{
	AUTO(str) file = STR_INIT;
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	struct sops_value value = { .tree = PLAIN_TEXT_INIT };
	const char *path;
	TRY(vault_place(place, &file, &path));
	TRY(vault_open(file.ptr, args->type, keys, 0, &doc));
	TRY(sops_get(doc.doc, 0, path, &value));
	bool is_tree = value.is_tree;
	sops_value_clear(&value);
	if (!is_tree)
		return err_new(ERR_INVALID, "'%s' is one value, not a map of them", place);
	environment->file = file.ptr;
	environment->prefix = path;
	environment->prefix_len = strlen(path);
	return sops_each(doc.doc, add_variable, environment);
}

static err *run_exec(struct cli_ctx *ctx, const void *data)
{
	const struct exec_args *args = data;
	AUTO(environment) environment = { .variables = STRS_INIT };
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	if (args->places.len == 0)
		return err_new(ERR_USAGE, "no --file to take secrets from");
	for (size_t i = 0; i < args->places.len; i++)
		TRY(add_place(args, args->places.ptr[i], keys, &environment));
	const struct proc_opts proc = {
		.argv = (const char *const *)args->command.ptr,
		.env = (const char *const *)environment.variables.ptr,
		.flags = PROC_INHERIT_STDIN | PROC_INHERIT_OUTPUT,
	};
	TRY(proc_run(&proc, &result));
	ctx->exit_code = result.signal ? 128 + result.signal : result.exit_code;
	return NULL;
}

const struct cli_cmd cmd_vault_exec = {
	.name = "exec",
	.brief = "run a program with secrets in its environment",
	.about =
		"Open encrypted files in memory and run a program, without a shell, with one variable for "
		"each value of the file, or of the map named. The program sees the terminal, signals "
		"from the keyboard and fettle's exit code are its own. Variables can be read by other "
		"programs of the same user while it runs, and by what it starts.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault get",
	.args_size = sizeof(struct exec_args),
	.run = run_exec,
};
