/* Recipients: from text, from files, from identities; and the way from them to stanzas. */
#include "base/base.h"

#include "vault/age_keys.h"

#include "base/limits.h"
#include "crypto/x25519.h"
#include "vault/bech32.h"

enum { PLUGIN_DATA_MAX = 8192 };

struct age_recipients *age_recipients_new(void)
{
	return MEM_NEW(struct age_recipients);
}

static void recipient_clear(struct age_recipient *recipient)
{
	mem_free(recipient->text);
	mem_free(recipient->plugin);
	str_clear(&recipient->key);
	secret_clear(&recipient->identity);
	secret_clear(&recipient->passphrase);
}

void age_recipients_free(struct age_recipients *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->items.len; i++)
		recipient_clear(&list->items.ptr[i]);
	vec_clear(&list->items);
	mem_free(list);
}

size_t age_recipients_count(const struct age_recipients *list)
{
	return list->items.len;
}

const char *age_recipients_text(const struct age_recipients *list, size_t index)
{
	return list->items.ptr[index].text;
}

bool age_recipients_have(const struct age_recipients *list, const char *text)
{
	for (size_t i = 0; i < list->items.len; i++)
		if (str_equal(list->items.ptr[i].text, text))
			return true;
	return false;
}

static void add(struct age_recipients *list, enum age_key_type type, const char *text,
                struct str *take_key)
{
	struct age_recipient recipient = { .type = type,
		                           .text = mem_strdup(text),
		                           .key = STR_INIT };
	if (take_key) {
		recipient.key = *take_key;
		str_init(take_key);
	}
	vec_push(&list->items, recipient);
}

/* --- from text --- */

static err *add_ssh(struct age_recipients *list, const char *text)
{
	AUTO(str) wire = STR_INIT;
	AUTO(str) shown = STR_INIT;
	TRY(ssh_public_line(view_of(text), &wire));
	ssh_public_text(view_str(&wire), &shown);
	add(list, AGE_KEY_SSH, shown.ptr, &wire);
	return NULL;
}

bool age_plugin_name(const char *text, struct str *ret_name)
{
	const char *const prefixes[] = { "age1", "AGE-PLUGIN-" };
	const char *last = strrchr(text, '1');
	str_reset(ret_name);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t start = strlen(prefixes[i]), tail = i ? 1 : 0; /* "NAME-1…", "name1…" */
		if (!str_starts(text, prefixes[i]) || !last ||
		    (size_t)(last - text) <= start + tail || (tail && last[-1] != '-'))
			continue;
		for (const char *c = text + start; c < last - tail; c++) {
			char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.+", lower))
				return false;
			str_addch(ret_name, lower);
		}
		return ret_name->len > 0;
	}
	return false;
}

static err *add_plugin(struct age_recipients *list, const char *text)
{
	AUTO(str) name = STR_INIT;
	if (!age_plugin_name(text, &name))
		return err_new(ERR_INVALID, "not a recipient age knows");
	add(list, AGE_KEY_PLUGIN, text, NULL);
	list->items.ptr[list->items.len - 1].plugin = str_detach(&name);
	return NULL;
}

static err *add_bech32(struct age_recipients *list, const char *text)
{
	uint8_t buf[PLUGIN_DATA_MAX];
	size_t len;
	AUTO(str) prefix = STR_INIT;
	AUTO(str) key = STR_INIT;
	TRY(bech32_decode(view_of(text), &prefix, buf, sizeof(buf), &len));
	bool is_x25519 = str_equal(prefix.ptr, "age"), is_pq = str_equal(prefix.ptr, "age1pq");
	if (!is_x25519 && !is_pq)
		return add_plugin(list, text);
	if (len != (is_x25519 ? X25519_BYTES : XWING_PUB_BYTES))
		return err_new(ERR_INVALID, "not a valid key: it has %zu bytes", len);
	str_add(&key, buf, len);
	add(list, is_x25519 ? AGE_KEY_X25519 : AGE_KEY_PQ, text, &key);
	return NULL;
}

static bool is_secret_key(const char *text)
{
	return str_starts(text, "AGE-SECRET-KEY-") || str_starts(text, "AGE-PLUGIN-") ||
	       str_starts(text, "-----BEGIN ");
}

/* The text is not in the messages: it may be a secret key that ended up in the wrong place. */
static err *add_text(struct age_recipients *list, const char *text)
{
	if (is_secret_key(text))
		return err_hint(err_new(ERR_INVALID, "this is an identity (a secret key), "
		                                     "not a recipient"),
		                "give its file with --identity");
	if (str_starts(text, "age1"))
		return add_bech32(list, text);
	if (str_starts(text, "ssh-") || str_starts(text, "ecdsa-") || str_starts(text, "sk-"))
		return add_ssh(list, text);
	return err_hint(err_new(ERR_INVALID, "not a recipient age knows"),
	                "a recipient begins with age1, ssh-ed25519 or ssh-rsa");
}

err *age_recipients_add(struct age_recipients *list, const char *text)
{
	err *e = add_text(list, text);
	if (!e)
		return NULL;
	return is_secret_key(text) ? err_wrap(e, "cannot use a recipient")
	                           : err_wrap(e, "cannot use the recipient '%.80s'", text);
}

static err *add_line(struct age_recipients *list, const char *line, const char *name, size_t number,
                     const struct age_talk *talk)
{
	err *e = add_text(list, line);
	if (e && err_is(e, ERR_UNSUPPORTED)) {
		AUTOFREE char *warning =
			str_format("%s:%zu is left out: %s", name, number, err_message(e));
		if (talk && talk->say)
			talk->say(talk->data, warning);
		err_ignore(e, "said as a warning");
		return NULL;
	}
	return e ? err_at(err_wrap(e, "cannot use a recipient"), name, number, 1) : NULL;
}

err *age_recipients_add_file(struct age_recipients *list, struct view text, const char *name,
                             const struct age_talk *talk)
{
	struct view rest = text, line;
	size_t before = list->items.len;
	for (size_t number = 1; view_split(&rest, '\n', &line); number++) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		AUTOFREE char *copy = mem_strndup(line.ptr, line.len);
		TRY(add_line(list, copy, name, number, talk));
		if (list->items.len > LIMIT_AGE_STANZAS)
			return err_new(ERR_LIMIT, "more than %u recipients", LIMIT_AGE_STANZAS);
	}
	if (list->items.len == before)
		return err_new(ERR_INVALID, "no recipient in '%s'", name);
	return NULL;
}

err *age_recipients_add_passphrase(struct age_recipients *list, const struct secret *passphrase,
                                   unsigned log_n)
{
	if (log_n > AGE_SCRYPT_LOG_N_MAX)
		return err_new(ERR_USAGE, "a scrypt work factor of %u; at most %d", log_n,
		               AGE_SCRYPT_LOG_N_MAX);
	if (passphrase->len == 0)
		return err_new(ERR_USAGE, "the passphrase is empty");
	add(list, AGE_KEY_SCRYPT, "a passphrase", NULL);
	struct age_recipient *recipient = &list->items.ptr[list->items.len - 1];
	recipient->log_n = log_n ? log_n : AGE_SCRYPT_LOG_N;
	return secret_copy(&recipient->passphrase, passphrase->ptr, passphrase->len);
}

/* --- from identities --- */

static err *add_public(struct age_recipients *list, const struct age_identity *identity)
{
	const char *prefix = identity->type == AGE_KEY_PQ ? "age1pq" : "age";
	AUTO(str) text = STR_INIT;
	AUTO(str) key = STR_INIT;
	str_reserve(&text, bech32_len(prefix, identity->key.len) + 1);
	bech32_encode(prefix, (const uint8_t *)identity->key.ptr, identity->key.len, text.ptr);
	str_add_str(&key, &identity->key);
	add(list, identity->type, text.ptr, &key);
	return NULL;
}

static err *add_plugin_identity(struct age_recipients *list, const struct age_identity *identity)
{
	add(list, AGE_KEY_PLUGIN, identity->name, NULL);
	struct age_recipient *added = &list->items.ptr[list->items.len - 1];
	added->plugin = mem_strdup(identity->plugin);
	return secret_copy(&added->identity, identity->secret.ptr, identity->secret.len);
}

static err *add_identity(struct age_recipients *list, struct age_identities *identities,
                         size_t index, const struct age_talk *talk)
{
	const struct age_identity *identity = &identities->items.ptr[index];
	AUTO(str) text = STR_INIT;
	AUTO(str) key = STR_INIT;
	switch (identity->type) {
	case AGE_KEY_X25519:
	case AGE_KEY_PQ:
		return add_public(list, identity);
	case AGE_KEY_SSH:
		ssh_public_text(view_str(&identity->key), &text);
		str_add_str(&key, &identity->key);
		add(list, AGE_KEY_SSH, text.ptr, &key);
		return NULL;
	case AGE_KEY_PLUGIN:
		return add_plugin_identity(list, identity);
	case AGE_KEY_FILE: /* appends what is in it to the list, where the loop finds it */
		return identity->is_locked ? age_identity_unlock(identities, index, talk) : NULL;
	case AGE_KEY_SCRYPT:
		break;
	}
	return err_new(ERR_UNSUPPORTED, "a passphrase stands for no recipient");
}

err *age_recipients_add_identities(struct age_recipients *list, struct age_identities *identities,
                                   const struct age_talk *talk)
{
	for (size_t i = 0; i < identities->items.len; i++)
		TRY(add_identity(list, identities, i, talk));
	return NULL;
}

/* --- to stanzas --- */

void age_stanzas_clear(age_stanzas *stanzas)
{
	for (size_t i = 0; i < stanzas->len; i++)
		age_stanza_clear(&stanzas->ptr[i]);
	vec_clear(stanzas);
}

/*
 * Each recipient has labels, and all must have the same: a post-quantum file would be worth nothing
 * with a classic way in, and a passphrase must be the only way.
 */
static err *check_labels(struct strs *all, bool is_first, struct strs *labels)
{
	strs_sort(labels);
	bool is_same = is_first || all->len == labels->len;
	for (size_t i = 0; is_same && !is_first && i < labels->len; i++)
		is_same = str_equal(all->ptr[i], labels->ptr[i]);
	if (!is_same)
		return err_hint(
			err_new(ERR_INVALID, "these recipients cannot be mixed in one file"),
			"post-quantum recipients (age1pq) and classic ones go into files of "
			"their own, and a passphrase goes with no other");
	for (size_t i = 0; is_first && i < labels->len; i++)
		strs_push(all, labels->ptr[i]);
	return NULL;
}

static err *wrap_native(const struct age_recipients *recipients, const struct secret *file_key,
                        age_stanzas *stanzas, struct strs *all)
{
	for (size_t i = 0; i < recipients->items.len; i++) {
		const struct age_recipient *recipient = &recipients->items.ptr[i];
		struct age_stanza stanza = AGE_STANZA_INIT;
		AUTO(strs) labels = STRS_INIT;
		if (recipient->type == AGE_KEY_PLUGIN)
			continue;
		if (recipient->type == AGE_KEY_SCRYPT)
			strs_pushf(&labels, "only %zu", i);
		if (recipient->type == AGE_KEY_PQ)
			strs_push(&labels, "postquantum");
		TRY(check_labels(all, stanzas->len == 0, &labels));
		err *e = age_wrap(recipient, file_key, &stanza);
		vec_push(stanzas, stanza);
		TRY(e);
	}
	return NULL;
}

static err *wrap_plugins(const struct age_recipients *recipients, const struct age_talk *talk,
                         const struct secret *file_key, age_stanzas *stanzas, struct strs *all)
{
	AUTO(strs) done = STRS_INIT;
	for (size_t i = 0; i < recipients->items.len; i++) {
		const char *plugin = recipients->items.ptr[i].plugin;
		AUTO(strs) labels = STRS_INIT;
		if (!plugin || strs_contains(&done, plugin))
			continue;
		bool is_first = stanzas->len == 0;
		strs_push(&done, plugin);
		TRY(age_plugin_wrap(plugin, recipients, talk, file_key, stanzas, &labels));
		TRY(check_labels(all, is_first, &labels));
	}
	return NULL;
}

err *age_wrap_all(const struct age_recipients *recipients, const struct age_talk *talk,
                  const struct secret *file_key, age_stanzas *ret_stanzas)
{
	AUTO(strs) all = STRS_INIT;
	if (recipients->items.len == 0)
		return err_new(ERR_INVALID, "no recipient to encrypt to");
	if (recipients->items.len > LIMIT_AGE_STANZAS)
		return err_new(ERR_LIMIT, "more than %u recipients", LIMIT_AGE_STANZAS);
	TRY(wrap_native(recipients, file_key, ret_stanzas, &all));
	return wrap_plugins(recipients, talk, file_key, ret_stanzas, &all);
}
