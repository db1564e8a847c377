/* Identities: from files, locked ones too; and which of them opens which file. */
#include "base/base.h"

#include "vault/age_keys.h"

#include "base/limits.h"
#include "crypto/x25519.h"
#include "pal/random.h"
#include "vault/bech32.h"

#define X25519_PREFIX "AGE-SECRET-KEY-"
#define PQ_PREFIX     "AGE-SECRET-KEY-PQ-"

enum { PLUGIN_DATA_MAX = 8192 };

struct age_identities *age_identities_new(void)
{
	return MEM_NEW(struct age_identities);
}

void age_identity_clear(struct age_identity *identity)
{
	mem_free(identity->name);
	mem_free(identity->plugin);
	str_clear(&identity->key);
	str_clear(&identity->file);
	secret_clear(&identity->secret);
	ssh_private_clear(&identity->ssh);
}

void age_identities_free(struct age_identities *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->items.len; i++)
		age_identity_clear(&list->items.ptr[i]);
	vec_clear(&list->items);
	mem_free(list);
}

size_t age_identities_count(const struct age_identities *list)
{
	return list->items.len;
}

bool age_identities_is_locked(const struct age_identities *list, size_t index)
{
	return list->items.ptr[index].is_locked;
}

bool age_identities_are_ready(const struct age_identities *list)
{
	for (size_t i = 0; i < list->items.len; i++)
		if (list->items.ptr[i].is_locked || list->items.ptr[i].type == AGE_KEY_PLUGIN ||
		    list->items.ptr[i].type == AGE_KEY_FILE)
			return false;
	return true;
}

static struct age_identity *add(struct age_identities *list, enum age_key_type type,
                                const char *name)
{
	const struct age_identity identity = { .type = type,
		                               .name = mem_strdup(name),
		                               .key = STR_INIT,
		                               .file = STR_INIT,
		                               .ssh = SSH_PRIVATE_INIT };
	vec_push(&list->items, identity);
	return &list->items.ptr[list->items.len - 1];
}

/* --- making --- */

err *age_keygen(bool is_post_quantum, struct secret *ret_identity)
{
	const char *prefix = is_post_quantum ? PQ_PREFIX : X25519_PREFIX;
	AUTO(secret) key = SECRET_INIT;
	AUTO(secret) text = SECRET_INIT;
	TRY(secret_init(&key, 32));
	TRY(secret_init(&text, bech32_len(prefix, 32)));
	random_bytes(key.ptr, key.len);
	bech32_encode(prefix, key.ptr, key.len, (char *)text.ptr);
	secret_clear(ret_identity);
	*ret_identity = text;
	text = (struct secret)SECRET_INIT;
	return NULL;
}

/* --- files --- */

static err *set_native(struct age_identity *identity, const uint8_t bytes[32])
{
	uint8_t key[XWING_PUB_BYTES];
	size_t len = X25519_BYTES;
	if (identity->type == AGE_KEY_PQ) {
		TRY(xwing_public(bytes, key));
		len = XWING_PUB_BYTES;
	} else {
		x25519_public(bytes, key);
	}
	str_add(&identity->key, key, len);
	return secret_copy(&identity->secret, bytes, 32);
}

static err *add_native(struct age_identities *list, struct view line, const char *name)
{
	uint8_t bytes[64];
	size_t len;
	AUTO(str) prefix = STR_INIT;
	err *e = bech32_decode(line, &prefix, bytes, sizeof(bytes), &len);
	bool is_pq = !e && str_equal(prefix.ptr, PQ_PREFIX);
	if (!e && (len != 32 || (!is_pq && !str_equal(prefix.ptr, X25519_PREFIX))))
		e = err_new(ERR_INVALID, "not a valid key: it is of an unknown type or length");
	if (!e)
		e = set_native(add(list, is_pq ? AGE_KEY_PQ : AGE_KEY_X25519, name), bytes);
	secret_wipe(bytes, sizeof(bytes));
	return e;
}

static err *check_bech32(struct view line)
{
	uint8_t bytes[PLUGIN_DATA_MAX];
	size_t len = 0;
	AUTO(str) prefix = STR_INIT;
	err *e = bech32_decode(line, &prefix, bytes, sizeof(bytes), &len);
	secret_wipe(bytes, sizeof(bytes));
	return e;
}

static err *add_plugin(struct age_identities *list, struct view line, const char *name)
{
	AUTO(secret) text = SECRET_INIT;
	AUTO(str) plugin = STR_INIT;
	TRY(check_bech32(line));
	TRY(secret_copy(&text, line.ptr, line.len));
	if (!age_plugin_name((const char *)text.ptr, &plugin))
		return err_new(ERR_INVALID, "not a valid plugin identity");
	struct age_identity *identity = add(list, AGE_KEY_PLUGIN, name);
	identity->plugin = str_detach(&plugin);
	identity->secret = text;
	text = (struct secret)SECRET_INIT;
	return NULL;
}

static bool starts(struct view line, const char *prefix)
{
	return line.len >= strlen(prefix) && memcmp(line.ptr, prefix, strlen(prefix)) == 0;
}

static err *add_line(struct age_identities *list, struct view line, const char *name)
{
	if (starts(line, X25519_PREFIX))
		return add_native(list, line, name);
	if (starts(line, "AGE-PLUGIN-"))
		return add_plugin(list, line, name);
	if (starts(line, "age1"))
		return err_hint(err_new(ERR_INVALID, "this is a recipient (a public key), "
		                                     "not an identity"),
		                "give it with --recipient");
	return err_new(ERR_INVALID, "not an identity age knows");
}

err *age_identities_read(struct age_identities *list, struct view text, const char *name)
{
	struct view rest = text, line;
	size_t before = list->items.len;
	for (size_t number = 1; view_split(&rest, '\n', &line); number++) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		err *e = add_line(list, line, name);
		if (e)
			return err_at(err_wrap(e, "cannot use an identity"), name, number, 1);
		if (list->items.len > LIMIT_AGE_STANZAS)
			return err_new(ERR_LIMIT, "more than %u identities", LIMIT_AGE_STANZAS);
	}
	if (list->items.len == before)
		return err_new(ERR_INVALID, "no identity in '%s'", name);
	return NULL;
}

static err *add_ssh(struct age_identities *list, struct view text, const char *name)
{
	struct ssh_private ssh = SSH_PRIVATE_INIT;
	err *e = ssh_private_read(text, &ssh);
	if (e)
		return err_wrap(e, "cannot use the identity '%s'", name);
	struct age_identity *identity = add(list, AGE_KEY_SSH, name);
	identity->ssh = ssh;
	str_add_str(&identity->key, &ssh.wire);
	identity->is_locked = ssh.is_encrypted;
	if (identity->is_locked)
		return NULL;
	e = ssh_private_open(&identity->ssh, NULL, &identity->secret);
	return e ? err_wrap(e, "cannot use the identity '%s'", name) : NULL;
}

err *age_identities_add_file(struct age_identities *list, struct view text, const char *name)
{
	if (ssh_private_is_file(text))
		return add_ssh(list, text, name);
	if (!age_is_file(text))
		return age_identities_read(list, text, name);
	struct age_identity *identity = add(list, AGE_KEY_FILE, name);
	identity->is_locked = true;
	str_add(&identity->file, text.ptr, text.len);
	return NULL;
}

err *age_identities_add_passphrase(struct age_identities *list, const struct secret *passphrase)
{
	struct age_identity *identity = add(list, AGE_KEY_SCRYPT, "passphrase");
	return secret_copy(&identity->secret, passphrase->ptr, passphrase->len);
}

void age_identities_ask_passphrase(struct age_identities *list)
{
	add(list, AGE_KEY_SCRYPT, "passphrase")->is_locked = true;
}

/* --- unlocking --- */

err *age_ask(const struct age_talk *talk, enum age_ask kind, struct secret *ret_answer,
             const char *fmt, ...)
{
	AUTO(str) prompt = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&prompt, fmt, args);
	va_end(args);
	if (!talk || !talk->ask)
		return err_new(ERR_AUTH, "nobody to ask: %s", prompt.ptr);
	return talk->ask(talk->data, prompt.ptr, kind, ret_answer);
}

static err *unlock_ssh(struct age_identity *identity, const struct age_talk *talk)
{
	AUTO(secret) passphrase = SECRET_INIT;
	TRY(age_ask(talk, AGE_ASK_PASSPHRASE, &passphrase, "Passphrase of the SSH key %s",
	            identity->name));
	err *e = ssh_private_open(&identity->ssh, &passphrase, &identity->secret);
	return e ? err_wrap(e, "cannot use the identity '%s'", identity->name) : NULL;
}

/* Which age file holds identities is no secret; what is in it stays in locked memory. */
static err *unlock_file(struct age_identities *list, size_t index, const struct age_talk *talk)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTO(secret) passphrase = SECRET_INIT;
	AUTO(secret) plain = SECRET_INIT;
	AUTOFREE char *name = mem_strdup(list->items.ptr[index].name);
	TRY(age_ask(talk, AGE_ASK_PASSPHRASE, &passphrase, "Passphrase of the identity file %s",
	            name));
	TRY(age_identities_add_passphrase(keys, &passphrase));
	err *e = age_decrypt(keys, NULL, view_str(&list->items.ptr[index].file),
	                     LIMIT_AGE_KEY_FILE_BYTES, &plain);
	if (e && err_is(e, ERR_NOT_FOUND))
		e = err_as(e, ERR_AUTH);
	if (e)
		return err_wrap(e, "cannot use the identity file '%s'", name);
	return age_identities_read(list, (struct view){ (const char *)plain.ptr, plain.len }, name);
}

err *age_identity_unlock(struct age_identities *list, size_t index, const struct age_talk *talk)
{
	struct age_identity *identity = &list->items.ptr[index];
	err *e = NULL;
	if (identity->type == AGE_KEY_SSH)
		e = unlock_ssh(identity, talk);
	else if (identity->type == AGE_KEY_FILE)
		e = unlock_file(list, index, talk);
	else
		e = age_ask(talk, AGE_ASK_PASSPHRASE, &identity->secret, "Passphrase");
	identity = &list->items.ptr[index]; /* the list may have moved */
	identity->is_locked = e != NULL;
	identity->has_failed = e != NULL;
	return e;
}

/* --- opening many --- */

static void try_lock(const struct age_identity *identity, struct age_lock *lock)
{
	for (size_t i = 0; i < lock->header->stanzas.len && age_lock_is_pending(lock); i++) {
		bool is_open = false;
		lock->error = age_unwrap(identity, &lock->header->stanzas.ptr[i], &lock->file_key,
		                         &is_open);
	}
}

/* One error for many files: what it says, and how to mend it. */
static err *error_copy(const err *e)
{
	err *copy = err_new(err_kind(e), "%s", err_message(e));
	for (size_t i = 0; i < err_hint_count(e); i++)
		copy = err_hint(copy, "%s", err_hint_text(e, i));
	return copy;
}

/* All that is not locked, from `first` on. */
static void try_all(struct age_identities *list, size_t first, const struct age_talk *talk,
                    struct age_lock *locks, size_t count)
{
	AUTO(strs) plugins = STRS_INIT;
	for (size_t i = first; i < list->items.len; i++) {
		const struct age_identity *identity = &list->items.ptr[i];
		if (identity->plugin && !strs_contains(&plugins, identity->plugin))
			strs_push(&plugins, identity->plugin);
		for (size_t j = 0; j < count; j++)
			if (age_lock_is_pending(&locks[j]))
				try_lock(identity, &locks[j]);
	}
	for (size_t i = 0; i < plugins.len; i++) {
		bool is_needed = false;
		for (size_t j = 0; j < count; j++)
			is_needed |= age_lock_is_pending(&locks[j]);
		err *e = is_needed ? age_plugin_unwrap(plugins.ptr[i], list, first, talk, locks,
		                                       count)
		                   : NULL;
		for (size_t j = 0; e && j < count; j++)
			if (age_lock_is_pending(&locks[j]))
				locks[j].error = error_copy(e);
		err_ignore(e, "each file has it");
	}
}

/* Can this locked identity be what the file waits for? Nobody is to be asked in vain. */
static bool may_open(const struct age_identity *identity, const struct age_header *header)
{
	for (size_t i = 0; i < header->stanzas.len; i++) {
		const struct age_stanza *stanza = &header->stanzas.ptr[i];
		bool is_scrypt = str_equal(stanza->args.ptr[0], "scrypt");
		if (identity->type == AGE_KEY_SSH
		            ? age_ssh_is_meant(view_str(&identity->key), stanza)
		            : is_scrypt == (identity->type == AGE_KEY_SCRYPT))
			return true;
	}
	return false;
}

static void unlock_and_try(struct age_identities *list, size_t index, const struct age_talk *talk,
                           struct age_lock *locks, size_t count)
{
	size_t before = list->items.len;
	bool is_needed = false;
	const struct age_identity *identity = &list->items.ptr[index];
	for (size_t i = 0; i < count; i++)
		is_needed |= age_lock_is_pending(&locks[i]) && may_open(identity, locks[i].header);
	if (!is_needed)
		return;
	err *e = age_identity_unlock(list, index, talk);
	for (size_t i = 0; i < count; i++) {
		identity = &list->items.ptr[index]; /* unlocking may have moved the list */
		if (!age_lock_is_pending(&locks[i]) || !may_open(identity, locks[i].header))
			continue;
		if (!e)
			try_lock(identity, &locks[i]);
		else
			locks[i].error = error_copy(e);
	}
	err_ignore(e, "each file has it");
	try_all(list, before, talk, locks, count);
}

static err *no_match(const struct age_identities *list, const struct age_header *header)
{
	bool is_scrypt = str_equal(header->stanzas.ptr[0].args.ptr[0], "scrypt");
	bool has_passphrase = false;
	for (size_t i = 0; i < list->items.len; i++)
		has_passphrase |= list->items.ptr[i].type == AGE_KEY_SCRYPT;
	if (is_scrypt && has_passphrase)
		return err_new(ERR_AUTH, "the passphrase is wrong");
	if (is_scrypt)
		return err_new(ERR_NOT_FOUND,
		               "no identity matches: it was encrypted with a passphrase");
	return err_new(ERR_NOT_FOUND, "no identity matches any of its recipients");
}

void age_unwrap_all(struct age_identities *identities, const struct age_talk *talk,
                    struct age_lock *locks, size_t count)
{
	size_t given = identities->items.len;
	try_all(identities, 0, talk, locks, count);
	for (size_t i = 0; i < given; i++)
		if (identities->items.ptr[i].is_locked && !identities->items.ptr[i].has_failed)
			unlock_and_try(identities, i, talk, locks, count);
	for (size_t i = 0; i < count; i++)
		if (age_lock_is_pending(&locks[i]))
			locks[i].error = no_match(identities, locks[i].header);
}
