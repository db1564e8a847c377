/* fettle vault age encrypt: any bytes into an age file. */
#include "base/base.h"

#include "pal/random.h"
#include "pal/term.h"
#include "vault_age_common.h"

struct encrypt_args {
	struct strs recipients, recipients_files, identities;
	bool has_passphrase, armor;
	const char *passphrase_file, *output, *input;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct encrypt_args, input), .arg = "file",
	  .help = "what to encrypt; standard input without it", .words = CLI_WORDS_FILES },
	{ CLI_STRS(struct encrypt_args, recipients), .letter = 'r', .name = "recipient",
	  .arg = "key", .help = "a public key that may open it: age1…, ssh-ed25519 …, ssh-rsa …",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STRS(struct encrypt_args, recipients_files), .letter = 'R', .name = "recipients-file",
	  .arg = "file", .help = "public keys, one on each line", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STRS(struct encrypt_args, identities), .letter = 'i', .name = "identity",
	  .arg = "file", .help = "for the owner of this identity file", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct encrypt_args, has_passphrase), .letter = 'p', .name = "passphrase",
	  .help = "with a passphrase instead of keys", .flags = CLI_NO_NEGATION,
	  .details = "An empty one at the terminal makes a new random one and shows it." },
	AGE_PASSPHRASE_FILE_OPT(struct encrypt_args),
	{ CLI_FLAG(struct encrypt_args, armor), .letter = 'a', .name = "armor",
	  .help = "write text, for mail and terminals" },
	{ CLI_STR(struct encrypt_args, output), .letter = 'o', .name = "output", .arg = "file",
	  .help = "write here, all or nothing; standard output without it",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "for two people", "fettle vault age encrypt -r age1… -r age1… -o plan.age plan.pdf" },
	{ "for a team, as text", "fettle vault age encrypt -R team.txt -a notes.txt" },
	{ "with a passphrase", "tar cz folder | fettle vault age encrypt -p >folder.tgz.age" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "encrypted" },
	{ 2, "bad usage, or a key that is none" },
	{ 3, "reading or writing failed" },
	{ 4, "no permission, no passphrase, or a plugin that refuses" },
	{ 5, "binary output to a terminal" },
	{ 0, NULL }
};

/* 120 bits, in groups that can be typed. */
static err *make_passphrase(struct ui *ui, struct secret *ret_passphrase)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	enum { GROUPS = 6, GROUP = 4 };
	AUTO(secret) text = SECRET_INIT;
	TRY(secret_init(&text, GROUPS * (GROUP + 1) - 1));
	for (size_t i = 0; i < text.len; i++)
		text.ptr[i] = i % (GROUP + 1) == GROUP ? '-' : (uint8_t)letters[random_below(32)];
	ui_info(ui, "using this new passphrase: %s", (const char *)text.ptr);
	secret_clear(ret_passphrase);
	*ret_passphrase = text;
	text = (struct secret)SECRET_INIT;
	return NULL;
}

static err *choose_passphrase(struct age_session *session, struct secret *ret_passphrase)
{
	AUTO(secret) again = SECRET_INIT;
	if (session->passphrase_file)
		return age_session_passphrase(session, "", ret_passphrase);
	TRY(age_session_passphrase(session, "Passphrase (leave empty for a new random one)",
	                           ret_passphrase));
	if (ret_passphrase->len == 0)
		return make_passphrase(session->ui, ret_passphrase);
	TRY(age_session_passphrase(session, "The same passphrase again", &again));
	if (!secret_equal(ret_passphrase, &again))
		return err_new(ERR_USAGE, "the two passphrases are not the same");
	return NULL;
}

static err *collect(struct age_session *session, const struct encrypt_args *args,
                    struct age_recipients *recipients)
{
	AUTOPTR(age_identities) identities = age_identities_new();
	AUTO(secret) passphrase = SECRET_INIT;
	for (size_t i = 0; i < args->recipients.len; i++)
		TRY(age_recipients_add(recipients, args->recipients.ptr[i]));
	TRY(age_session_recipients(session, &args->recipients_files, recipients));
	TRY(age_session_identities(session, &args->identities, identities));
	TRY(age_recipients_add_identities(recipients, identities, &session->talk));
	if (!args->has_passphrase)
		return NULL;
	TRY(choose_passphrase(session, &passphrase));
	return age_recipients_add_passphrase(recipients, &passphrase, 0);
}

struct work {
	const struct age_recipients *recipients;
	const struct age_talk *talk;
	unsigned flags;
};

static err *encrypt(void *data, const struct age_source *source, const struct age_sink *sink)
{
	const struct work *work = data;
	return age_encrypt_stream(work->recipients, work->talk, work->flags, source, sink);
}

static err *check(const struct encrypt_args *args)
{
	bool has_keys = args->recipients.len || args->recipients_files.len || args->identities.len;
	if (args->has_passphrase && has_keys)
		return err_new(ERR_USAGE, "--passphrase goes with no other key");
	if (!args->has_passphrase && !has_keys)
		return err_hint(err_new(ERR_USAGE, "nobody to encrypt for"),
		                "give --recipient, --recipients-file, --identity or --passphrase");
	if (!args->armor && !args->output && term_is_terminal(1))
		return err_hint(err_new(ERR_REFUSED,
		                        "an age file is binary: it is not written to a "
		                        "terminal"),
		                "give --armor, --output FILE, or '--output -'");
	return age_session_check_stdin(args->input, &args->recipients_files, &args->identities);
}

static err *run_session(struct age_session *session, const struct encrypt_args *args)
{
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	TRY(collect(session, args, recipients));
	struct work work = { recipients, &session->talk, args->armor ? AGE_ARMOR : 0 };
	const struct age_session_files files = { args->input, args->output, 0644 };
	return age_session_stream(session, &files, encrypt, &work);
}

static err *run_encrypt(struct cli_ctx *ctx, const void *data)
{
	const struct encrypt_args *args = data;
	struct age_session session;
	TRY(check(args));
	err *e = age_session_start(ctx, args->passphrase_file, &session);
	if (!e)
		e = run_session(&session, args);
	age_session_clear(&session);
	return e;
}

const struct cli_cmd cmd_vault_age_encrypt = {
	.name = "encrypt",
	.brief = "encrypt a file for people or with a passphrase",
	.about =
		"Encrypts any bytes into an age file, with the options of age. Everybody named may open "
		"it. A named output file appears only when all of it is there.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault age decrypt, vault age keygen",
	.args_size = sizeof(struct encrypt_args),
	.has_own_letters = true,
	.run = run_encrypt,
};
