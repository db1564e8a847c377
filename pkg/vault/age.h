/*
 * age files (age-encryption.org/v1): who may open them (recipients), what opens them (identities),
 * and the way there and back, in memory or streaming on all cores. Recipients and identities are
 * X25519, post-quantum (age1pq), passphrases, SSH keys and plugins. Nothing here knows a terminal: questions
 * go through `struct age_talk`.
 */
#ifndef VAULT_AGE_H
#define VAULT_AGE_H

#include "base/base.h"
#include "crypto/secret.h"

#define AGE_FILE_KEY_BYTES   16
#define AGE_SCRYPT_LOG_N     18 /* what is written: a second on the machines of today */
#define AGE_SCRYPT_LOG_N_MAX 22 /* what is read */
#define AGE_PASSPHRASE_MAX   4096

enum age_ask {
	AGE_ASK_PASSPHRASE, /* of a file or key of ours */
	AGE_ASK_SECRET,     /* by a plugin, such as the PIN of a token: not shown while typed */
	AGE_ASK_TEXT,       /* by a plugin */
};

/*
 * Questions and remarks on the way. Each may be NULL: then what needs it fails. `ask` fills
 * `ret_answer`; `confirm` chooses between two words, `no` may be NULL; `say` shows a line (a plugin's, or
 * a warning). Texts come from outside: they are not to be trusted.
 */
struct age_talk {
	void *data;
	err *(*ask)(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer);
	err *(*confirm)(void *data, const char *text, const char *yes, const char *no,
	                bool *ret_is_yes);
	void (*say)(void *data, const char *text);
};

/* --- keys --- */

/* A new X25519 identity, or a post-quantum one, as text ("AGE-SECRET-KEY-1…"). */
NODISCARD err *age_keygen(bool is_post_quantum, struct secret *ret_identity);

struct age_recipients;

struct age_recipients *age_recipients_new(void);
void age_recipients_free(struct age_recipients *list); /* NULL is fine */
AUTOPTR_DEFINE(age_recipients)
size_t age_recipients_count(const struct age_recipients *list);

/* "age1…", "age1pq1…", "age1name1…" or an SSH public key. INVALID; UNSUPPORTED for other SSH keys. */
NODISCARD err *age_recipients_add(struct age_recipients *list, const char *text);
/*
 * A recipients file: one on each line, blank lines and those that begin with '#' left out. SSH keys of
 * other types are told to `talk` (may be NULL) and left out. INVALID with name and line.
 */
NODISCARD err *age_recipients_add_file(struct age_recipients *list, struct view text,
                                       const char *name, const struct age_talk *talk);
/* Must stay alone. `log_n` 0: AGE_SCRYPT_LOG_N. The passphrase is copied. */
NODISCARD err *age_recipients_add_passphrase(struct age_recipients *list,
                                             const struct secret *passphrase, unsigned log_n);

struct age_identities;

struct age_identities *age_identities_new(void);
void age_identities_free(struct age_identities *list); /* wipes; NULL is fine */
AUTOPTR_DEFINE(age_identities)
size_t age_identities_count(const struct age_identities *list);

/* Is it protected by a passphrase that was not given yet? */
bool age_identities_is_locked(const struct age_identities *list, size_t index);

/*
 * Needs none of them a question or a plugin? Then age_decrypt may be called with them from several
 * threads at once.
 */
bool age_identities_are_ready(const struct age_identities *list);

/*
 * An identity file: lines as of a recipients file, or an OpenSSH private key, or an age file that
 * holds identities; what is protected by a passphrase is asked for when it is needed.
 * INVALID with name and line, and never with text of the file.
 */
NODISCARD err *age_identities_add_file(struct age_identities *list, struct view text,
                                       const char *name);
/* Opens files made with a passphrase; without one `talk` is asked. */
NODISCARD err *age_identities_add_passphrase(struct age_identities *list,
                                             const struct secret *passphrase);
/* Ask `talk` for the passphrase of such a file. */
void age_identities_ask_passphrase(struct age_identities *list);

/* The recipient each identity stands for; locked files are opened (`talk`). UNSUPPORTED: passphrases. */
NODISCARD err *age_recipients_add_identities(struct age_recipients *list,
                                             struct age_identities *identities,
                                             const struct age_talk *talk);
/* The text of a recipient, as it is written into a recipients file; belongs to the list. */
const char *age_recipients_text(const struct age_recipients *list, size_t index);
/* Is this recipient (text) one of the list? */
bool age_recipients_have(const struct age_recipients *list, const char *text);

/* --- in memory --- */

enum age_flags {
	AGE_ARMOR = 1u << 0, /* text between BEGIN and END lines */
};

/* INVALID when there is no recipient, or some that cannot be together. */
NODISCARD err *age_encrypt(const struct age_recipients *recipients, const struct age_talk *talk,
                           unsigned flags, struct view plain, struct str *ret_bytes);
/*
 * Armored or not. NOT_FOUND when no identity is meant, AUTH for a wrong passphrase, INVALID for what is
 * no age file, CORRUPT when it was changed or cut, LIMIT beyond `limit` bytes of plain text.
 */
NODISCARD err *age_decrypt(struct age_identities *identities, const struct age_talk *talk,
                           struct view bytes, size_t limit, struct secret *ret_plain);

/* One of many files for age_decrypt_all. */
struct age_job {
	struct view bytes;
	struct secret plain; /* result */
	err *error;          /* result; the caller's */
};
/*
 * Many small files with as few questions as possible: each plugin is started once for all of them, each
 * passphrase asked once.
 */
void age_decrypt_all(struct age_identities *identities, const struct age_talk *talk, size_t limit,
                     struct age_job *jobs, size_t count);

/* --- streaming --- */

/* `read` gives at least one byte, or 0 at the end; `write` takes all. */
struct age_source {
	void *data;
	err *(*read)(void *data, uint8_t *buf, size_t cap, size_t *ret_len);
};
struct age_sink {
	void *data;
	err *(*write)(void *data, const uint8_t *ptr, size_t len);
};

NODISCARD err *age_encrypt_stream(const struct age_recipients *recipients,
                                  const struct age_talk *talk, unsigned flags,
                                  const struct age_source *source, const struct age_sink *sink);
/*
 * As age_decrypt. Only what is genuine reaches the sink, but a file may turn out to be cut after that: the
 * sink's owner throws away what it got when this fails.
 */
NODISCARD err *age_decrypt_stream(struct age_identities *identities, const struct age_talk *talk,
                                  const struct age_source *source, const struct age_sink *sink);

/* Does it begin as an age file does, armored or not? */
bool age_is_file(struct view bytes);

#endif
