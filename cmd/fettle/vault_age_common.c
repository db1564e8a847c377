#include "base/base.h"

#include "vault_age_common.h"

#include "base/limits.h"
#include "pal/fs.h"
#include "pal/sig.h"
#include "pal/stream.h"
#include "pal/term.h"

/* --- questions --- */

static err *read_passphrase(const char *path, struct secret *ret_passphrase)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(path, AGE_PASSPHRASE_MAX + 2, &text);
	if (e)
		return err_wrap(e, "cannot read the passphrase");
	size_t len = text.len;
	if (len > 0 && text.ptr[len - 1] == '\n')
		len -= len > 1 && text.ptr[len - 2] == '\r' ? 2 : 1;
	if (len == 0)
		e = err_new(ERR_USAGE, "the passphrase in '%s' is empty", path);
	else if (memchr(text.ptr, '\n', len))
		e = err_new(ERR_USAGE, "the passphrase in '%s' is more than one line", path);
	else
		e = secret_copy(ret_passphrase, text.ptr, len);
	secret_wipe(text.ptr, text.len);
	return e;
}

/* What a plugin says may hold anything; on the terminal it must be text. */
static char *harmless(const char *text)
{
	char *copy = mem_strdup(text);
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return copy;
}

static err *check_can_ask(const struct age_session *session, const char *prompt)
{
	err *e = NULL;
	if (session->no_input)
		e = err_new(ERR_AUTH, "cannot ask '%s': --no-input forbids it", prompt);
	return e ? err_hint(e, "give --passphrase-file or FETTLE_PASSPHRASE_FILE") : NULL;
}

static err *ask_terminal(struct age_session *session, const char *prompt, enum age_ask kind,
                         struct secret *ret_answer)
{
	AUTO(secret) typed = SECRET_INIT;
	AUTO(str) line = STR_INIT;
	AUTOFREE char *shown = harmless(prompt);
	AUTOFREE char *question = str_format("%s: ", shown);
	size_t len = 0;
	bool is_end = false;
	TRY(check_can_ask(session, shown));
	err *e;
	if (kind == AGE_ASK_TEXT) {
		e = term_ask(question, &line, &is_end);
		if (!e)
			return secret_copy(ret_answer, line.ptr, line.len);
	} else {
		TRY(secret_init(&typed, AGE_PASSPHRASE_MAX));
		e = term_ask_hidden(question, (char *)typed.ptr, typed.len, &len);
	}
	if (e && err_is(e, ERR_UNSUPPORTED))
		e = err_hint(err_as(err_wrap(e, "cannot ask '%s'", shown), ERR_AUTH),
		             "give --passphrase-file or FETTLE_PASSPHRASE_FILE");
	TRY(e);
	secret_truncate(&typed, len);
	secret_clear(ret_answer);
	*ret_answer = typed;
	typed = (struct secret)SECRET_INIT;
	return NULL;
}

err *age_session_passphrase(struct age_session *session, const char *prompt,
                            struct secret *ret_passphrase)
{
	if (session->passphrase_file)
		return read_passphrase(session->passphrase_file, ret_passphrase);
	return ask_terminal(session, prompt, AGE_ASK_PASSPHRASE, ret_passphrase);
}

/* The passphrase file is for our own: a token would lock itself after three wrong PINs. */
static err *answer_ask(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer)
{
	struct age_session *session = data;
	if (kind == AGE_ASK_PASSPHRASE)
		return age_session_passphrase(session, prompt, ret_answer);
	return ask_terminal(session, prompt, kind, ret_answer);
}

static err *answer_confirm(void *data, const char *text, const char *yes, const char *no,
                           bool *ret_is_yes)
{
	AUTO(secret) answer = SECRET_INIT;
	AUTOFREE char *prompt = no ? str_format("%s (1: %s, 2: %s) [1/2]", text, yes, no)
	                           : str_format("%s (%s) [Enter]", text, yes);
	TRY(ask_terminal(data, prompt, AGE_ASK_TEXT, &answer));
	*ret_is_yes = !no || (answer.len == 1 && answer.ptr[0] == '1');
	return NULL;
}

static void say(void *data, const char *text)
{
	struct age_session *session = data;
	ui_info(session->ui, "%s", text);
}

err *age_session_start(struct cli_ctx *ctx, const char *passphrase_file,
                       struct age_session *ret_session)
{
	*ret_session = (struct age_session){ .ui = ctx->ui,
		                             .no_input = ctx->app->globals->no_input,
		                             .passphrase_file = passphrase_file,
		                             .cancel = cancel_new() };
	ret_session->talk = (struct age_talk){ ret_session, answer_ask, answer_confirm, say };
	return sig_install(ret_session->cancel, false);
}

void age_session_clear(struct age_session *session)
{
	sig_uninstall();
	cancel_free(session->cancel);
}

/* --- files of keys --- */

static err *read_keys(const char *path, struct str *ret_text)
{
	if (str_equal(path, "-"))
		return fs_read_stdin(LIMIT_AGE_KEY_FILE_BYTES, ret_text);
	return fs_read_file(path, LIMIT_AGE_KEY_FILE_BYTES, ret_text);
}

err *age_session_identities(struct age_session *session, const struct strs *files,
                            struct age_identities *list)
{
	for (size_t i = 0; i < files->len; i++) {
		AUTO(str) text = STR_INIT;
		const char *path = files->ptr[i];
		size_t before = age_identities_count(list);
		err *e = read_keys(path, &text);
		if (!e)
			e = age_identities_add_file(list, view_str(&text), path);
		secret_wipe(text.ptr, text.len);
		TRY(e);
		if (!age_identities_is_locked(list, before) && fs_is_shared(path))
			ui_warn(session->ui,
			        "'%s' holds secret keys and is open to others: chmod 600", path);
	}
	return NULL;
}

err *age_session_recipients(struct age_session *session, const struct strs *files,
                            struct age_recipients *list)
{
	for (size_t i = 0; i < files->len; i++) {
		AUTO(str) text = STR_INIT;
		TRY(read_keys(files->ptr[i], &text));
		TRY(age_recipients_add_file(list, view_str(&text), files->ptr[i], &session->talk));
	}
	return NULL;
}

static size_t count_stdin(const struct strs *files)
{
	size_t count = 0;
	for (size_t i = 0; files && i < files->len; i++)
		count += str_equal(files->ptr[i], "-");
	return count;
}

err *age_session_check_stdin(const char *input, const struct strs *a, const struct strs *b)
{
	size_t count = (!input || str_equal(input, "-")) + count_stdin(a) + count_stdin(b);
	if (count > 1)
		return err_new(ERR_USAGE, "standard input is asked for %zu times", count);
	return NULL;
}

/* --- streams --- */

struct pipes {
	struct stream_in *in;
	struct stream_out *out;
	bool only_text; /* the output is a terminal */
};

static err *read_piece(void *data, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct pipes *pipes = data;
	return stream_in_read(pipes->in, buf, cap, ret_len);
}

static bool is_text(const uint8_t *ptr, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((ptr[i] < 0x20 && !strchr("\t\n\r", ptr[i])) || ptr[i] == 0 || ptr[i] == 0x7f)
			return false;
	return true;
}

static err *write_piece(void *data, const uint8_t *ptr, size_t len)
{
	struct pipes *pipes = data;
	if (pipes->only_text && !is_text(ptr, len))
		return err_hint(
			err_new(ERR_REFUSED, "this is not text: it is not written to a terminal"),
			"give --output FILE, or '--output -' to write it all the same");
	return stream_out_write(pipes->out, ptr, len);
}

err *age_session_stream(struct age_session *session, const struct age_session_files *files,
                        age_session_work *work, void *data)
{
	AUTOPTR(stream_in) in = NULL;
	AUTOPTR(stream_out) out = NULL;
	TRY(stream_in_open(files->input, session->cancel, &in));
	TRY(ui_flush(session->ui));
	TRY(stream_out_open(files->output, files->mode, session->cancel, &out));
	struct pipes pipes = { in, out, !files->output && term_is_terminal(1) };
	const struct age_source source = { &pipes, read_piece };
	const struct age_sink sink = { &pipes, write_piece };
	TRY(work(data, &source, &sink));
	return stream_out_commit(out);
}
