/* fettle vault exec: run a program with secrets in its environment. */
#include "base/base.h"

#include "pal/loop.h"
#include "pal/proc_child.h"
#include "pal/term.h"
#include "vault/mask.h"
#include "vault_common.h"
#include "vault_deliver.h"

struct exec_args {
	struct strs places, command;
	int type, into;
	bool no_mask, mask_terminal;
};

static const struct cli_choice deliveries[] = {
	{ "env", DELIVER_ENV, "a variable for each value" },
	{ "files", DELIVER_FILES, "a file in memory for each value, named by NAME_FILE" },
	{ "fd", DELIVER_FD, "one JSON object on descriptor 3" },
	{ NULL, 0, NULL }
};

static const struct cli_opt opts[] = {
	{ CLI_STRS(struct exec_args, places), .letter = 'f', .name = "file", .arg = "file[:path]",
	  .help = "the values of this encrypted file, or of one map in it" },
	{ CLI_ENUM(struct exec_args, into, deliveries), .name = "into", .arg = "way",
	  .help = "how the program gets the values", .def = "env",
	  .details =
	          "files: CREDENTIALS_DIRECTORY names the folder, as with systemd; it is removed when "
	          "the program ends. fd: FETTLE_SECRETS_FD is its number; not on Windows." },
	{ CLI_FLAG(struct exec_args, mask_terminal), .name = "mask-terminal",
	  .help = "hide secrets on a terminal, too; the program then writes to a pipe",
	  .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct exec_args, no_mask), .name = "no-mask",
	  .help = "let the program's output pass as it is", .flags = CLI_NO_NEGATION },
	{ CLI_ARGS(struct exec_args, command), .arg = "command",
	  .help = "behind --: the program and its arguments", .flags = CLI_REQUIRED },
	VAULT_TYPE_OPT(struct exec_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a program that reads DB_PASSWORD", "fettle vault exec -f secrets/app.env -- ./server" },
	{ "nothing in the environment: POSTGRES_PASSWORD_FILE names a file in memory",
	  "fettle vault exec --into files -f secrets/db.env -- docker-entrypoint.sh postgres" },
	{ "one map of a file", "fettle vault exec -f prod.yaml:env -- make deploy" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "the program ended well; any other code of it is passed on, 128 + N for signal N" },
	{ 2, "bad usage, or a name that cannot be given this way" },
	{ 3, "no such value, a damaged file, or a program that cannot be run" },
	{ 4, "no key opens it" },
	{ 0, NULL }
};

struct source {
	struct vault_delivery *delivery;
	size_t prefix_len; /* of the path that was asked for */
	const char *prefix, *file;
};

/* `["odd.key"]` is a name by itself: odd.key. */
static char *name_of(const char *path)
{
	size_t len = strlen(path);
	bool is_quoted = len > 4 && str_starts(path, "[\"") && str_ends(path, "\"]");
	if (!is_quoted || strcspn(path + 2, "\"\\") != len - 4)
		return mem_strdup(path);
	return mem_strndup(path + 2, len - 4);
}

static err *add_value(void *data, size_t document, const char *path, enum sops_type type,
                      bool is_encrypted, struct view plain)
{
	struct source *source = data;
	(void)is_encrypted;
	if (document > 0 || strncmp(path, source->prefix, source->prefix_len) != 0)
		return NULL;
	const char *name = path + source->prefix_len;
	if (source->prefix_len && *name++ != '.')
		return NULL;
	if (type == SOPS_BOOL)
		plain = view_of(view_is(plain, "True") ? "true" : "false");
	AUTOFREE char *plain_name = name_of(name);
	return vault_delivery_add(source->delivery, plain_name, plain, source->file);
}

static err *add_place(const struct exec_args *args, const char *place, struct vault_keys *keys,
                      struct vault_delivery *delivery)
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
	struct source source = { delivery, strlen(path), path, file.ptr };
	return sops_each(doc.doc, add_value, &source);
}

/* --- running it, its output masked --- */

struct runner {
	struct ui *ui;
	struct loop *loop;
	struct proc_family *family;
	struct proc_child *child;
	struct mask *masks[2]; /* of stdout and stderr */
	unsigned open_streams;
	bool has_ended;
	int exit_code;
	err *error; /* of writing */
};

static void runner_clear(struct runner *r)
{
	proc_child_free(r->child);
	proc_family_free(r->family);
	loop_free(r->loop);
	mask_free(r->masks[0]);
	mask_free(r->masks[1]);
	err_free(r->error);
}

static void stop_when_done(struct runner *r)
{
	if (r->has_ended && r->open_streams == 0)
		loop_stop(r->loop);
}

static void write_out(struct runner *r, int stream, const struct str *text)
{
	err *e = text->len && !r->error ? term_write(stream, text->ptr, text->len) : NULL;
	if (e)
		r->error = e; /* the program goes on; nobody reads it any more */
}

static void on_output(void *ctx, struct proc_child *child, int stream, struct view bytes)
{
	struct runner *r = ctx;
	AUTO(str) text = STR_INIT;
	(void)child;
	if (bytes.len > 0) {
		mask_feed(r->masks[stream - 1], bytes, &text);
	} else {
		mask_flush(r->masks[stream - 1], &text);
		r->open_streams--;
	}
	write_out(r, stream, &text);
	stop_when_done(r);
}

static void on_end(void *ctx, struct proc_child *child, int exit_code, int signal)
{
	struct runner *r = ctx;
	(void)child;
	r->has_ended = true;
	r->exit_code = signal ? 128 + signal : exit_code;
	stop_when_done(r);
}

static void on_signal(void *ctx, const char *name)
{
	struct runner *r = ctx;
	bool is_known_there = proc_child_shares_group(r->child) &&
	                      (strcmp(name, "INT") == 0 || strcmp(name, "QUIT") == 0 ||
	                       strcmp(name, "WINCH") == 0);
	if (!is_known_there)
		err_ignore(proc_child_signal(r->child, name), "it is gone then");
}

static void add_secrets(struct runner *r, const struct vault_delivery *delivery)
{
	for (size_t stream = 0; stream < 2; stream++) {
		r->masks[stream] = mask_new();
		for (size_t i = 0; i < delivery->values.len; i++) {
			const char *value = delivery->values.ptr[i];
			if (!mask_add(r->masks[stream], view_of(value)) && *value && stream == 0)
				ui_debug(r->ui, "a value is too short to be hidden in output");
		}
	}
}

static err *run_child(struct cli_ctx *ctx, const struct exec_args *args,
                      const struct vault_delivery *delivery, bool is_masked)
{
	AUTO(runner) r = { .ui = ctx->ui, .open_streams = is_masked ? 2 : 0 };
	struct proc_family_opts family = { .on_signal = on_signal, .ctx = &r };
	struct proc_child_opts child = { .argv = (const char *const *)args->command.ptr,
		                         .env = (const char *const *)delivery->env.ptr,
		                         .gift = view_str(&delivery->gift),
		                         .on_output = is_masked ? on_output : NULL,
		                         .on_end = on_end,
		                         .ctx = &r };
	if (is_masked)
		add_secrets(&r, delivery);
	TRY(loop_new(NULL, &r.loop));
	TRY(proc_family_new(r.loop, &family, &r.family));
	TRY(proc_child_start(r.family, &child, &r.child));
	TRY(loop_run(r.loop));
	ctx->exit_code = r.exit_code;
	return NULL;
}

static err *run_with(struct cli_ctx *ctx, const struct exec_args *args,
                     struct vault_delivery *delivery)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	for (size_t i = 0; i < args->places.len; i++)
		TRY(add_place(args, args->places.ptr[i], keys, delivery));
	TRY(vault_delivery_prepare(delivery));
	if (args->no_mask && args->mask_terminal)
		return err_new(ERR_USAGE, "--no-mask and --mask-terminal exclude each other");
	/* A program on a terminal keeps it: what it shows there is for who may see the secrets. */
	if (args->no_mask || (ui_out_is_terminal(ctx->ui) && !args->mask_terminal))
		return run_child(ctx, args, delivery, false);
	err *e = run_child(ctx, args, delivery, true);
	if (!e || !err_is(e, ERR_UNSUPPORTED) || delivery->kind == DELIVER_FD)
		return e;
	ui_warn(ctx->ui, "%s: secrets in it are not hidden", err_message(e));
	err_free(e);
	return run_child(ctx, args, delivery, false);
}

static err *run_exec(struct cli_ctx *ctx, const void *data)
{
	const struct exec_args *args = data;
	struct vault_delivery delivery = VAULT_DELIVERY_INIT((enum vault_delivery_kind)args->into);
	if (args->places.len == 0)
		return err_new(ERR_USAGE, "no --file to take secrets from");
	err *e = run_with(ctx, args, &delivery);
	vault_delivery_clear(&delivery);
	return e;
}

const struct cli_cmd cmd_vault_exec = {
	.name = "exec",
	.brief = "run a program with secrets",
	.about =
		"Open encrypted files in memory and run a program, without a shell, with one variable (or file in "
		"memory, or member of an object on a descriptor) for each value of the file, or of the map "
		"named. Signals go to the program and its exit code is "
		"ours. In output that is not a terminal's the secrets are hidden: as they are, in base64, hex, "
		"URL and JSON escapes, and wrapped. Variables can be read by other programs of the same user "
		"while it runs, and by what it starts.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault get",
	.args_size = sizeof(struct exec_args),
	.run = run_exec,
};
