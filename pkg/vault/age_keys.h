/*
 * Inside of recipients and identities, shared by the files that make, use and ask them.
 */
#ifndef VAULT_AGE_KEYS_H
#define VAULT_AGE_KEYS_H

#include "base/base.h"
#include "base/vec.h"
#include "vault/age.h"
#include "vault/age_header.h"
#include "vault/ssh_key.h"

enum age_key_type {
	AGE_KEY_X25519,
	AGE_KEY_PQ,
	AGE_KEY_SCRYPT,
	AGE_KEY_SSH,
	AGE_KEY_PLUGIN,
	AGE_KEY_FILE, /* identities inside an age file */
};

struct age_recipient {
	enum age_key_type type;
	char *text;             /* for people and files; of a plugin's identity its file's name */
	struct str key;         /* public key; of SSH in wire form */
	char *plugin;           /* its name */
	struct secret identity; /* encrypt to what a plugin's identity stands for */
	struct secret passphrase;
	unsigned log_n;
};

struct age_recipients {
	VEC(struct age_recipient) items;
};

struct age_identity {
	enum age_key_type type;
	char *name;           /* of the file it came from */
	struct str key;       /* public key, as of a recipient */
	struct secret secret; /* empty while locked; of a plugin its text; a passphrase */
	char *plugin;
	struct ssh_private ssh; /* a locked SSH key */
	struct str file;        /* a locked identity file */
	bool is_locked;
	bool has_failed; /* it could not be unlocked: not tried again */
};

struct age_identities {
	VEC(struct age_identity) items;
};

/* INVALID for a stanza of a type we know that is not as it must be. */
NODISCARD err *age_stanza_check(const struct age_stanza *stanza);

/* --- one key, one stanza: not for plugins --- */

NODISCARD err *age_wrap(const struct age_recipient *recipient, const struct secret *file_key,
                        struct age_stanza *ret_stanza);
/* *ret_is_open false: it is not meant for this identity. The stanza has been checked. */
NODISCARD err *age_unwrap(const struct age_identity *identity, const struct age_stanza *stanza,
                          struct secret *ret_file_key, bool *ret_is_open);
NODISCARD err *age_ssh_wrap(const struct age_recipient *recipient, const struct secret *file_key,
                            struct age_stanza *ret_stanza);
NODISCARD err *age_ssh_unwrap(const struct age_identity *identity, const struct age_stanza *stanza,
                              struct secret *ret_file_key, bool *ret_is_open);
/* Is it an SSH stanza for this key? Known without the secret. */
bool age_ssh_is_meant(struct view wire, const struct age_stanza *stanza);

/* Sealed with a key that is used once, hence the fixed nonce. */
void age_seal_key(const uint8_t key[32], const struct secret *file_key, struct str *out);
NODISCARD err *age_open_key(const uint8_t key[32], struct view sealed, struct secret *ret_file_key,
                            bool *ret_is_open);
/* Decode the base64 argument `index` of exactly `len` bytes. */
NODISCARD bool age_stanza_arg(const struct age_stanza *stanza, size_t index, uint8_t *buf,
                              size_t len);

/* --- many --- */

typedef VEC(struct age_stanza) age_stanzas;
void age_stanzas_clear(age_stanzas *stanzas);

/* All stanzas for a file key, in the order of the recipients (plugins behind the others). */
NODISCARD err *age_wrap_all(const struct age_recipients *recipients, const struct age_talk *talk,
                            const struct secret *file_key, age_stanzas *ret_stanzas);

/* One file to find the key of. */
struct age_lock {
	const struct age_header *header;
	struct secret file_key; /* result */
	err *error;             /* result; the caller's */
};
static inline bool age_lock_is_pending(const struct age_lock *lock)
{
	return !lock->file_key.ptr && !lock->error;
}
/* Every lock ends with a key or an error (NOT_FOUND: no identity is meant). */
void age_unwrap_all(struct age_identities *identities, const struct age_talk *talk,
                    struct age_lock *locks, size_t count);

/* --- plugins --- */

/* "age1name1…" or "AGE-PLUGIN-NAME-1…": the name, lower case. False when it is neither. */
bool age_plugin_name(const char *text, struct str *ret_name);
/* Append the stanzas of all recipients of this plugin; `labels` gets what they ask for. */
NODISCARD err *age_plugin_wrap(const char *name, const struct age_recipients *recipients,
                               const struct age_talk *talk, const struct secret *file_key,
                               age_stanzas *stanzas, struct strs *labels);
/* Let all identities of this plugin from `first` on try the locks that are still shut. */
NODISCARD err *age_plugin_unwrap(const char *name, const struct age_identities *identities,
                                 size_t first, const struct age_talk *talk, struct age_lock *locks,
                                 size_t count);

/* --- files --- */

void age_identity_clear(struct age_identity *identity);
/* Lines of an identity file; `text` is not kept. */
NODISCARD err *age_identities_read(struct age_identities *list, struct view text, const char *name);
/* Unlock an identity with a passphrase from `talk`; identities of a file are appended to the list. */
NODISCARD err *age_identity_unlock(struct age_identities *list, size_t index,
                                   const struct age_talk *talk);
/* Ask for a secret; AUTH when nobody is there to answer. */
NODISCARD err *age_ask(const struct age_talk *talk, enum age_ask kind, struct secret *ret_answer,
                       const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
