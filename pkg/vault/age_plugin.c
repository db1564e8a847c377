/*
 * Plugins: programs named age-plugin-NAME, spoken to in stanzas. We send all we have, then the
 * plugin asks and answers until it says done. One session serves many files, so that one PIN or one
 * touch does.
 */
#include "base/base.h"

#include "vault/age_keys.h"

#include "base/limits.h"
#include "base/num.h"
#include "crypto/encode.h"
#include "pal/pipe.h"
#include "pal/proc.h"

enum { GRACE_MS = 5000, ERROR_BYTES = 400 };

struct plugin {
	const char *name;
	const struct age_talk *talk;
	struct pipe_child *child;
	struct str input; /* wiped: file keys come this way */
	size_t taken, total;
};

/* --- stanzas over the pipe --- */

static err *send(struct plugin *plugin, const struct age_stanza *stanza)
{
	struct str text = STR_INIT;
	str_reserve(&text, 256 + stanza->body.len * 2);
	age_stanza_add_text(stanza, &text);
	err *e = pipe_write(plugin->child, text.ptr, text.len);
	secret_wipe(text.ptr, text.len);
	str_clear(&text);
	return e;
}

/* One word or two (`more` may be NULL), and a body. */
static err *say(struct plugin *plugin, struct view body, const char *word, const char *more)
{
	__attribute__((cleanup(age_stanza_clear))) struct age_stanza stanza = AGE_STANZA_INIT;
	strs_push(&stanza.args, word);
	if (more)
		strs_push(&stanza.args, more);
	str_add(&stanza.body, body.ptr, body.len);
	err *e = send(plugin, &stanza);
	secret_wipe(stanza.body.ptr, stanza.body.len);
	for (size_t i = 0; i < stanza.args.len; i++) /* an identity may be among them */
		secret_wipe(stanza.args.ptr[i], strlen(stanza.args.ptr[i]));
	return e;
}

static err *reply(struct plugin *plugin, const char *word)
{
	return say(plugin, view_of(""), word, NULL);
}

static void drop_taken(struct plugin *plugin)
{
	size_t left = plugin->input.len - plugin->taken;
	memmove(plugin->input.ptr, plugin->input.ptr + plugin->taken, left);
	secret_wipe(plugin->input.ptr + left, plugin->taken);
	str_truncate(&plugin->input, left);
	plugin->taken = 0;
}

static err *receive(struct plugin *plugin, struct age_stanza *ret_stanza)
{
	char buf[4096];
	for (;;) {
		struct view rest = { plugin->input.ptr + plugin->taken,
			             plugin->input.len - plugin->taken };
		size_t before = rest.len, len = 0;
		bool is_whole;
		err *e = age_stanza_read(&rest, ret_stanza, &is_whole);
		if (e) {
			err_ignore(e, "said in other words");
			return err_new(ERR_INVALID,
			               "the plugin age-plugin-%s does not keep to the "
			               "protocol",
			               plugin->name);
		}
		plugin->taken += before - rest.len;
		if (is_whole)
			return NULL;
		drop_taken(plugin);
		TRY(pipe_read(plugin->child, buf, sizeof(buf), &len));
		if (len == 0)
			return err_new(ERR_IO, "the plugin age-plugin-%s ended too early",
			               plugin->name);
		plugin->total += len;
		if (plugin->total > LIMIT_AGE_PLUGIN_BYTES)
			return err_new(ERR_LIMIT, "the plugin age-plugin-%s says too much",
			               plugin->name);
		str_add(&plugin->input, buf, len);
		secret_wipe(buf, len);
	}
}

static err *start(struct plugin *plugin, const char *name, const char *protocol,
                  const struct age_talk *talk)
{
	AUTOFREE char *program = str_format("age-plugin-%s", name);
	AUTO(str) path = STR_INIT;
	*plugin = (struct plugin){ .name = name, .talk = talk, .input = STR_INIT };
	err *e = proc_find(program, &path);
	if (e)
		return err_hint(err_as(err_wrap(e, "cannot use a key of the age plugin '%s'", name),
		                       ERR_UNSUPPORTED),
		                "install %s into a folder of PATH", program);
	AUTOFREE char *option = str_format("--age-plugin=%s", protocol);
	const char *const argv[] = { path.ptr, option, NULL };
	const struct pipe_opts opts = { .argv = argv, .may_ask = true };
	return pipe_open(&opts, &plugin->child);
}

/* Adds what the plugin wrote to stderr to an error. */
static err *finish(struct plugin *plugin, err *take_e)
{
	AUTO(str) errors = STR_INIT;
	if (!plugin->child)
		return take_e;
	(void)pipe_finish(plugin->child, take_e ? 0 : GRACE_MS, &errors);
	pipe_free(plugin->child);
	secret_wipe(plugin->input.ptr, plugin->input.len);
	str_clear(&plugin->input);
	while (errors.len > 0 && strchr("\r\n ", errors.ptr[errors.len - 1]))
		str_truncate(&errors, errors.len - 1);
	const char *last = strrchr(errors.ptr, '\n');
	if (take_e && errors.len > 0)
		take_e = err_hint(take_e, "it said: %.*s", ERROR_BYTES,
		                  last ? last + 1 : errors.ptr);
	return take_e;
}

/* --- what a plugin may ask in either protocol --- */

static char *body_text(const struct age_stanza *stanza)
{
	return mem_strndup(stanza->body.ptr, strnlen(stanza->body.ptr, stanza->body.len));
}

static err *answer_message(struct plugin *plugin, const char *text)
{
	if (!plugin->talk || !plugin->talk->say)
		return reply(plugin, "fail");
	plugin->talk->say(plugin->talk->data, text);
	return reply(plugin, "ok");
}

static err *answer_confirm(struct plugin *plugin, const struct age_stanza *stanza, const char *text)
{
	AUTO(str) yes = STR_INIT;
	AUTO(str) no = STR_INIT;
	bool is_yes = false;
	size_t args = stanza->args.len;
	err *e = args < 2 ? err_new(ERR_INVALID, "no choice")
	                  : base64_decode(view_of(stanza->args.ptr[1]), BASE64_NO_PADDING, &yes);
	if (!e && args > 2)
		e = base64_decode(view_of(stanza->args.ptr[2]), BASE64_NO_PADDING, &no);
	if (e || !plugin->talk || !plugin->talk->confirm) {
		err_ignore(e, "a question that cannot be understood");
		return reply(plugin, "fail");
	}
	e = plugin->talk->confirm(plugin->talk->data, text, yes.ptr, args > 2 ? no.ptr : NULL,
	                          &is_yes);
	if (e) {
		err_ignore(e, "the plugin decides what it means");
		return reply(plugin, "fail");
	}
	return say(plugin, view_of(""), "ok", is_yes ? "yes" : "no");
}

static err *answer_request(struct plugin *plugin, bool is_secret, const char *text)
{
	AUTO(secret) answer = SECRET_INIT;
	err *e = age_ask(plugin->talk, is_secret ? AGE_ASK_SECRET : AGE_ASK_TEXT, &answer, "%s",
	                 text);
	if (e) {
		err_ignore(e, "the plugin decides what it means");
		return reply(plugin, "fail");
	}
	return say(plugin, (struct view){ (const char *)answer.ptr, answer.len }, "ok", NULL);
}

static err *answer(struct plugin *plugin, const struct age_stanza *stanza)
{
	const char *word = stanza->args.ptr[0];
	AUTOFREE char *text = body_text(stanza);
	if (str_equal(word, "msg"))
		return answer_message(plugin, text);
	if (str_equal(word, "confirm"))
		return answer_confirm(plugin, stanza, text);
	if (str_equal(word, "request-public") || str_equal(word, "request-secret"))
		return answer_request(plugin, str_equal(word, "request-secret"), text);
	return reply(plugin, "unsupported");
}

static err *add_error(struct plugin *plugin, const struct age_stanza *stanza, err *take_before)
{
	AUTOFREE char *text = body_text(stanza);
	return err_join(take_before, err_new(ERR_AUTH, "the plugin age-plugin-%s failed: %.*s",
	                                     plugin->name, ERROR_BYTES, text));
}

static bool read_index(const struct age_stanza *stanza, size_t arg, size_t count, size_t *ret_index)
{
	uint64_t number;
	if (stanza->args.len <= arg)
		return false;
	const char *text = stanza->args.ptr[arg];
	if (!num_parse_u64(text, strlen(text), 10, &number) || number >= count)
		return false;
	*ret_index = (size_t)number;
	return true;
}

/* --- recipient-v1: wrap a file key --- */

static err *send_recipients(struct plugin *plugin, const struct age_recipients *recipients,
                            const struct secret *file_key)
{
	for (size_t i = 0; i < recipients->items.len; i++) {
		const struct age_recipient *recipient = &recipients->items.ptr[i];
		if (!recipient->plugin || !str_equal(recipient->plugin, plugin->name))
			continue;
		bool is_identity = recipient->identity.len > 0;
		TRY(say(plugin, view_of(""), is_identity ? "add-identity" : "add-recipient",
		        is_identity ? (const char *)recipient->identity.ptr : recipient->text));
	}
	TRY(say(plugin, (struct view){ (const char *)file_key->ptr, file_key->len },
	        "wrap-file-key", NULL));
	TRY(reply(plugin, "extension-labels"));
	return reply(plugin, "done");
}

/* "recipient-stanza 0 TYPE ARGS…" */
static err *take_stanza(struct plugin *plugin, const struct age_stanza *stanza,
                        age_stanzas *stanzas)
{
	size_t index;
	struct age_stanza copy = AGE_STANZA_INIT;
	if (!read_index(stanza, 1, 1, &index) || stanza->args.len < 3)
		return err_new(ERR_INVALID,
		               "the plugin age-plugin-%s does not keep to the protocol",
		               plugin->name);
	for (size_t i = 2; i < stanza->args.len; i++)
		strs_push(&copy.args, stanza->args.ptr[i]);
	str_add_str(&copy.body, &stanza->body);
	vec_push(stanzas, copy);
	if (stanzas->len > LIMIT_AGE_STANZAS)
		return err_new(ERR_LIMIT, "more than %u recipients", LIMIT_AGE_STANZAS);
	return reply(plugin, "ok");
}

static err *run_wrap(struct plugin *plugin, age_stanzas *stanzas, struct strs *labels)
{
	err *failure = NULL;
	for (bool is_done = false; !is_done;) {
		__attribute__((cleanup(age_stanza_clear))) struct age_stanza stanza =
			AGE_STANZA_INIT;
		err *e = receive(plugin, &stanza);
		const char *word = e ? "" : stanza.args.ptr[0];
		is_done = str_equal(word, "done");
		if (!e && str_equal(word, "recipient-stanza")) {
			e = take_stanza(plugin, &stanza, stanzas);
		} else if (!e && str_equal(word, "labels")) {
			for (size_t i = 1; i < stanza.args.len; i++)
				strs_push(labels, stanza.args.ptr[i]);
			e = reply(plugin, "ok");
		} else if (!e && str_equal(word, "error")) {
			failure = add_error(plugin, &stanza, failure);
			e = reply(plugin, "ok");
		} else if (!e && !is_done) {
			e = answer(plugin, &stanza);
		}
		if (e)
			return err_join(failure, e);
	}
	return failure;
}

err *age_plugin_wrap(const char *name, const struct age_recipients *recipients,
                     const struct age_talk *talk, const struct secret *file_key,
                     age_stanzas *stanzas, struct strs *labels)
{
	struct plugin plugin;
	size_t before = stanzas->len;
	TRY(start(&plugin, name, "recipient-v1", talk));
	err *e = send_recipients(&plugin, recipients, file_key);
	if (!e)
		e = run_wrap(&plugin, stanzas, labels);
	if (!e && stanzas->len == before)
		e = err_new(ERR_INVALID, "the plugin age-plugin-%s gave no stanza", name);
	return finish(&plugin, e);
}

/* --- identity-v1: unwrap file keys --- */

static err *send_locks(struct plugin *plugin, const struct age_lock *locks, const size_t *indexes,
                       size_t count)
{
	for (size_t file = 0; file < count; file++) {
		const struct age_header *header = locks[indexes[file]].header;
		AUTOFREE char *number = str_format("%zu", file);
		for (size_t i = 0; i < header->stanzas.len; i++) {
			const struct age_stanza *stanza = &header->stanzas.ptr[i];
			__attribute__((cleanup(age_stanza_clear))) struct age_stanza out =
				AGE_STANZA_INIT;
			strs_push(&out.args, "recipient-stanza");
			strs_push(&out.args, number);
			for (size_t j = 0; j < stanza->args.len; j++)
				strs_push(&out.args, stanza->args.ptr[j]);
			str_add_str(&out.body, &stanza->body);
			TRY(send(plugin, &out));
		}
	}
	return NULL;
}

static err *send_identities(struct plugin *plugin, const struct age_identities *identities,
                            size_t first)
{
	for (size_t i = first; i < identities->items.len; i++) {
		const struct age_identity *identity = &identities->items.ptr[i];
		if (identity->plugin && str_equal(identity->plugin, plugin->name))
			TRY(say(plugin, view_of(""), "add-identity",
			        (const char *)identity->secret.ptr));
	}
	return NULL;
}

static err *take_key(struct plugin *plugin, struct age_stanza *stanza, struct age_lock *locks,
                     const size_t *indexes, size_t count)
{
	size_t file;
	if (!read_index(stanza, 1, count, &file) || stanza->body.len != AGE_FILE_KEY_BYTES)
		return err_new(ERR_INVALID,
		               "the plugin age-plugin-%s does not keep to the protocol",
		               plugin->name);
	TRY(secret_copy(&locks[indexes[file]].file_key, stanza->body.ptr, AGE_FILE_KEY_BYTES));
	secret_wipe(stanza->body.ptr, stanza->body.len);
	return reply(plugin, "ok");
}

static err *run_unwrap(struct plugin *plugin, struct age_lock *locks, const size_t *indexes,
                       size_t count)
{
	err *failure = NULL;
	for (bool is_done = false; !is_done;) {
		__attribute__((cleanup(age_stanza_clear))) struct age_stanza stanza =
			AGE_STANZA_INIT;
		err *e = receive(plugin, &stanza);
		const char *word = e ? "" : stanza.args.ptr[0];
		is_done = str_equal(word, "done");
		if (!e && str_equal(word, "file-key")) {
			e = take_key(plugin, &stanza, locks, indexes, count);
		} else if (!e && str_equal(word, "error")) {
			failure = add_error(plugin, &stanza, failure);
			e = reply(plugin, "ok");
		} else if (!e && !is_done) {
			e = answer(plugin, &stanza);
		}
		if (e)
			return err_join(failure, e);
	}
	return failure;
}

err *age_plugin_unwrap(const char *name, const struct age_identities *identities, size_t first,
                       const struct age_talk *talk, struct age_lock *locks, size_t count)
{
	AUTOFREE size_t *indexes = mem_zalloc(count + 1, sizeof(size_t));
	size_t files = 0;
	struct plugin plugin;
	for (size_t i = 0; i < count; i++)
		if (age_lock_is_pending(&locks[i]))
			indexes[files++] = i;
	TRY(start(&plugin, name, "identity-v1", talk));
	err *e = send_identities(&plugin, identities, first);
	if (!e)
		e = send_locks(&plugin, locks, indexes, files);
	if (!e)
		e = reply(&plugin, "done");
	if (!e)
		e = run_unwrap(&plugin, locks, indexes, files);
	return finish(&plugin, e);
}
