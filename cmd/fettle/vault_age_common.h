/*
 * What the commands of `fettle vault age` share: passphrases, questions of plugins, files of keys, and
 * the streams in and out.
 */
#ifndef FETTLE_VAULT_AGE_COMMON_H
#define FETTLE_VAULT_AGE_COMMON_H

#include "base/base.h"

#include "cmds.h"
#include "vault/age.h"

#define AGE_PASSPHRASE_FILE_OPT(args_type)                                                    \
	{                                                                                     \
		CLI_STR(args_type, passphrase_file),                                          \
			.name = "passphrase-file", .arg = "file",                             \
			.help = "read the passphrase from this file instead of the terminal", \
			.env = "FETTLE_PASSPHRASE_FILE", .words = CLI_WORDS_FILES,            \
			.flags = CLI_NOT_EMPTY                                                \
	}

struct age_session {
	struct ui *ui;
	bool no_input;
	const char *passphrase_file; /* may be NULL */
	struct age_talk talk;
	struct cancel *cancel; /* of the signals */
};

/* Signals end the work cleanly from now on: no half file is left behind. */
NODISCARD err *age_session_start(struct cli_ctx *ctx, const char *passphrase_file,
                                 struct age_session *ret_session);
void age_session_clear(struct age_session *session);

/* From the file, or asked. */
NODISCARD err *age_session_passphrase(struct age_session *session, const char *prompt,
                                      struct secret *ret_passphrase);

/* Files of identities; '-' is standard input. Warns of those that others can read. */
NODISCARD err *age_session_identities(struct age_session *session, const struct strs *files,
                                      struct age_identities *list);
NODISCARD err *age_session_recipients(struct age_session *session, const struct strs *files,
                                      struct age_recipients *list);

/* Is standard input named more than once? */
NODISCARD err *age_session_check_stdin(const char *input, const struct strs *a,
                                       const struct strs *b);

/*
 * Run `work` between the input (NULL or '-': standard input) and the output. To a terminal only text is
 * written, unless `output` is '-'.
 */
typedef err *age_session_work(void *data, const struct age_source *source,
                              const struct age_sink *sink);
struct age_session_files {
	const char *input, *output;
	uint32_t mode; /* of a new file */
};
NODISCARD err *age_session_stream(struct age_session *session,
                                  const struct age_session_files *files, age_session_work *work,
                                  void *data);

#endif
