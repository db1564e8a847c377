/* fettle vault age keygen: a new identity, or the recipients of one. */
#include "base/base.h"

#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/stream.h"
#include "pal/term.h"
#include "vault/sops.h"
#include "vault_age_common.h"

struct keygen_args {
	bool is_pq, to_recipients;
	const char *passphrase_file, *output, *input;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct keygen_args, input), .arg = "file",
	  .help = "with --public: the identity file; standard input without it",
	  .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct keygen_args, is_pq), .name = "pq",
	  .help = "a post-quantum key (age 1.3 and newer)", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct keygen_args, to_recipients), .letter = 'y', .name = "public",
	  .help = "print the recipients of an identity file instead", .flags = CLI_NO_NEGATION },
	AGE_PASSPHRASE_FILE_OPT(struct keygen_args),
	{ CLI_STR(struct keygen_args, output), .letter = 'o', .name = "output", .arg = "file",
	  .help = "write here; a new file, readable only by you", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a new key; its public half is shown", "fettle vault age keygen -o key.txt" },
	{ "the public half again", "fettle vault age keygen -y key.txt" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "made, or printed" },
	                                 { 2, "bad usage, or a file that holds no identity" },
	                                 { 3, "reading or writing failed, or the file exists" },
	                                 { 4, "no permission, or the passphrase is wrong" },
	                                 { 0, NULL } };

static err *write_text(struct age_session *session, const char *path, uint32_t mode,
                       const char *ptr, size_t len)
{
	AUTOPTR(stream_out) out = NULL;
	bool is_file = path && !str_equal(path, "-");
	if (is_file && fs_exists(path))
		return err_hint(
			err_new(ERR_EXISTS, "'%s' exists already", path),
			"a key that is overwritten opens nothing any more; choose another name");
	TRY(stream_out_open(path, mode, session->cancel, &out));
	TRY(stream_out_write(out, (const uint8_t *)ptr, len));
	return stream_out_commit(out);
}

static err *write_key(struct age_session *session, const struct keygen_args *args,
                      const struct secret *key, const char *recipient)
{
	AUTO(secret) text = SECRET_INIT;
	AUTO(str) now = STR_INIT;
	sops_now(&now);
	AUTOFREE char *head = str_format("# created: %s\n# public key: %s\n", now.ptr, recipient);
	size_t head_len = strlen(head);
	TRY(secret_init(&text, head_len + key->len + 1));
	memcpy(text.ptr, head, head_len);
	memcpy(text.ptr + head_len, key->ptr, key->len);
	text.ptr[head_len + key->len] = '\n';
	return write_text(session, args->output, 0600, (const char *)text.ptr, text.len);
}

static err *make_key(struct age_session *session, const struct keygen_args *args)
{
	AUTO(secret) key = SECRET_INIT;
	AUTOPTR(age_identities) identities = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	if (args->input)
		return err_hint(err_new(ERR_USAGE, "a new key is made from nothing"),
		                "give --public to print the recipients of '%s'", args->input);
	TRY(age_keygen(args->is_pq, &key));
	TRY(age_identities_add_file(identities, (struct view){ (const char *)key.ptr, key.len },
	                            "the new key"));
	TRY(age_recipients_add_identities(recipients, identities, NULL));
	TRY(write_key(session, args, &key, age_recipients_text(recipients, 0)));
	if (args->output || !term_is_terminal(1))
		ui_info(session->ui, "public key: %s", age_recipients_text(recipients, 0));
	return NULL;
}

static err *print_recipients(struct age_session *session, const struct keygen_args *args)
{
	AUTOPTR(age_identities) identities = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(strs) files = STRS_INIT;
	AUTO(str) text = STR_INIT;
	strs_push(&files, args->input ? args->input : "-");
	TRY(age_session_identities(session, &files, identities));
	TRY(age_recipients_add_identities(recipients, identities, &session->talk));
	for (size_t i = 0; i < age_recipients_count(recipients); i++)
		str_addf(&text, "%s\n", age_recipients_text(recipients, i));
	return write_text(session, args->output, 0644, text.ptr, text.len);
}

static err *run_keygen(struct cli_ctx *ctx, const void *data)
{
	const struct keygen_args *args = data;
	struct age_session session;
	err *e = age_session_start(ctx, args->passphrase_file, &session);
	if (!e)
		e = args->to_recipients ? print_recipients(&session, args)
		                        : make_key(&session, args);
	age_session_clear(&session);
	return e;
}

const struct cli_cmd cmd_vault_age_keygen = {
	.name = "keygen",
	.brief = "make an age key",
	.about =
		"Makes a new identity (a secret key) and shows its recipient (the public key), which "
		"others need to encrypt for you. A named file is readable only by its owner and "
		"never overwritten.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault age encrypt, vault age decrypt",
	.args_size = sizeof(struct keygen_args),
	.has_own_letters = true,
	.run = run_keygen,
};
