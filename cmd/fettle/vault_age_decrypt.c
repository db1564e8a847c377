/* fettle vault age decrypt: an age file into what it was. */
#include "base/base.h"

#include "vault_age_common.h"

struct decrypt_args {
	struct strs identities;
	const char *passphrase_file, *output, *input;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct decrypt_args, input), .arg = "file",
	  .help = "the age file, armored or not; standard input without it",
	  .words = CLI_WORDS_FILES },
	{ CLI_STRS(struct decrypt_args, identities), .letter = 'i', .name = "identity",
	  .arg = "file", .help = "an identity file, or an SSH private key",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	AGE_PASSPHRASE_FILE_OPT(struct decrypt_args),
	{ CLI_STR(struct decrypt_args, output), .letter = 'o', .name = "output", .arg = "file",
	  .help = "write here, all or nothing; standard output without it",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "with an age key", "fettle vault age decrypt -i key.txt -o plan.pdf plan.age" },
	{ "with an SSH key", "fettle vault age decrypt -i ~/.ssh/id_ed25519 notes.age" },
	{ "with a passphrase", "fettle vault age decrypt folder.tgz.age | tar xz" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "decrypted" },
	{ 2, "bad usage, or no age file" },
	{ 3, "reading or writing failed, or the file was changed or cut" },
	{ 4, "no identity opens it, or the passphrase is wrong" },
	{ 5, "binary output to a terminal" },
	{ 0, NULL }
};

struct work {
	struct age_identities *identities;
	const struct age_talk *talk;
	bool has_identities;
};

static err *decrypt(void *data, const struct age_source *source, const struct age_sink *sink)
{
	const struct work *work = data;
	err *e = age_decrypt_stream(work->identities, work->talk, source, sink);
	if (!e || !err_is(e, ERR_NOT_FOUND))
		return e;
	e = err_as(e, ERR_AUTH);
	return work->has_identities ? e : err_hint(e, "give the identity file with --identity");
}

static err *run_session(struct age_session *session, const struct decrypt_args *args)
{
	AUTOPTR(age_identities) identities = age_identities_new();
	TRY(age_session_identities(session, &args->identities, identities));
	age_identities_ask_passphrase(identities); /* of a file that has one */
	struct work work = { identities, &session->talk, args->identities.len > 0 };
	const struct age_session_files files = { args->input, args->output, 0600 };
	err *e = age_session_stream(session, &files, decrypt, &work);
	bool is_stdin = !args->input || str_equal(args->input, "-");
	return e ? err_wrap(e, "cannot decrypt '%s'", is_stdin ? "standard input" : args->input)
	         : NULL;
}

static err *run_decrypt(struct cli_ctx *ctx, const void *data)
{
	const struct decrypt_args *args = data;
	struct age_session session;
	TRY(age_session_check_stdin(args->input, &args->identities, NULL));
	err *e = age_session_start(ctx, args->passphrase_file, &session);
	if (!e)
		e = run_session(&session, args);
	age_session_clear(&session);
	return e;
}

const struct cli_cmd cmd_vault_age_decrypt = {
	.name = "decrypt",
	.brief = "decrypt an age file",
	.about =
		"Decrypts an age file with the identity it was made for, or with its passphrase. Every "
		"piece is proved before it is written; a named output file appears only when all of "
		"it is genuine, while a pipe may get a beginning before an error tells that the "
		"rest is missing: so look at the exit code.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault age encrypt, vault age keygen",
	.args_size = sizeof(struct decrypt_args),
	.has_own_letters = true,
	.run = run_decrypt,
};
