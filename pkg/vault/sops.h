/*
 * SOPS documents: readable keys, encrypted values, in YAML, JSON, dotenv, INI or around any bytes. What
 * is written here, sops opens with the same values, types, order and comments, and the reverse.
 * Everything works on the text of a file and changes only the bytes that must change: comments,
 * quotes and blank lines stay as they are. No command, no terminal, no file is known here.
 */
#ifndef VAULT_SOPS_H
#define VAULT_SOPS_H

#include "base/base.h"
#include "crypto/secret.h"

enum sops_format { SOPS_YAML, SOPS_JSON, SOPS_DOTENV, SOPS_INI, SOPS_BINARY };

enum sops_type { SOPS_NULL, SOPS_STR, SOPS_INT, SOPS_FLOAT, SOPS_BOOL, SOPS_TIME, SOPS_BYTES };

#define SOPS_DATA_KEY_BYTES 32
/* What is written into `version`: the newest sops whose documents ours are like. */
#define SOPS_VERSION "3.13.2"

/* By the ending of the name, as sops does; SOPS_BINARY for all others. */
enum sops_format sops_format_of(const char *path);
const char *sops_format_name(enum sops_format format);
/* "yaml", "json", "dotenv", "ini", "binary"; false when it is none of them. */
bool sops_format_parse(const char *name, enum sops_format *ret_format);

/* Growing text that is wiped when it moves and when it is cleared; for plain documents. */
struct plain_text {
	struct str text;
};
#define PLAIN_TEXT_INIT  \
	{                \
		STR_INIT \
	}
void plain_text_add(struct plain_text *plain, const void *ptr, size_t len);
void plain_text_clear(struct plain_text *plain);

/* --- documents --- */

struct sops_doc;

/*
 * Read a document; `text` is copied. INVALID or LIMIT with the place; values are never in messages.
 * A binary file is a document only when it is encrypted (JSON); a plain one is any bytes.
 */
NODISCARD err *sops_open(enum sops_format format, struct view text, const char *name,
                         struct sops_doc **ret_doc);
void sops_doc_free(struct sops_doc *doc); /* wipes; NULL is fine */
AUTOPTR_DEFINE(sops_doc)

/* Has it SOPS metadata? */
bool sops_is_encrypted(const struct sops_doc *doc);
/*
 * A quick look at a text that may be anything: can it be an encrypted document of this format? False
 * is certain, true only likely.
 */
bool sops_may_be_encrypted(enum sops_format format, struct view text);

/* --- who can open it --- */

struct sops_item;

enum sops_key_type {
	SOPS_KEY_AGE,
	SOPS_KEY_PGP,
	SOPS_KEY_KMS,
	SOPS_KEY_GCP_KMS,
	SOPS_KEY_HCKMS,
	SOPS_KEY_AZURE_KV,
	SOPS_KEY_HC_VAULT,
};

/* A key in the transit engine of HashiCorp Vault or OpenBao. */
struct sops_transit {
	const char *address; /* what the document says; never asked */
	const char *engine, *name;
};

struct sops_key {
	enum sops_key_type type;
	const char *id;               /* recipient, fingerprint, ARN, URL */
	struct view wrapped;          /* the data key, or a share of it; an armored age file */
	const struct sops_item *item; /* where the document has it; NULL for a new one */
	struct sops_transit transit;  /* of SOPS_KEY_HC_VAULT */
};

struct sops_key_group {
	struct sops_key *keys;
	size_t len;
};

/* Which values are encrypted; at most one of the six is not NULL. */
struct sops_rules {
	const char *unencrypted_suffix, *encrypted_suffix;
	const char *unencrypted_regex, *encrypted_regex;
	const char *unencrypted_comment_regex, *encrypted_comment_regex;
	bool mac_only_encrypted;
};

/* The same key among those of groups, or NULL. */
const struct sops_key *sops_find_key(const struct sops_key_group *groups, size_t count,
                                     const struct sops_key *key);

/* What the document says about itself; belongs to it. */
struct sops_meta {
	struct sops_key_group *groups;
	size_t group_count;
	unsigned threshold; /* of groups; 0: not given */
	struct sops_rules rules;
	const char *last_modified, *version;
	struct view mac;
};
/* NULL for a plain document. */
const struct sops_meta *sops_meta_of(const struct sops_doc *doc);
/* "age", "pgp", "kms", … as the metadata names them. */
const char *sops_key_type_name(enum sops_key_type type);

/*
 * What wraps and opens data keys. `unwrap` of one age file: NOT_FOUND when none of the keys at hand
 * is meant. `owns` (may be NULL) says whether a recipient is one of them, so that it is tried first. The
 * two for transit keys (may be NULL) ask a server of the user's choice; NOT_FOUND when there is none.
 */
struct sops_keyring {
	void *data;
	err *(*unwrap)(void *data, const char *recipient, struct view wrapped,
	               struct secret *ret_key);
	err *(*wrap)(void *data, const char *recipient, const struct secret *key,
	             struct str *ret_wrapped);
	bool (*owns)(void *data, const char *recipient);
	err *(*unwrap_transit)(void *data, const struct sops_transit *key, struct view wrapped,
	                       struct secret *ret_key);
	err *(*wrap_transit)(void *data, const struct sops_transit *key, const struct secret *part,
	                     struct str *ret_wrapped);
};

/*
 * The data key of an encrypted document, from as many key groups as its threshold asks for. AUTH when
 * no key at hand opens it, naming whom it is encrypted for.
 */
NODISCARD err *sops_data_key(const struct sops_doc *doc, const struct sops_keyring *keyring,
                             struct secret *ret_key);

/* --- reading --- */

enum sops_open_flags {
	SOPS_IGNORE_MAC = 1u << 0, /* open it though its values were changed by other hands */
};

/* Decrypt all values in memory and check them against the MAC: CORRUPT when it does not fit. */
NODISCARD err *sops_unlock(struct sops_doc *doc, const struct secret *key, unsigned flags);

/* The plain document: metadata gone, every other byte as it is. Needs sops_unlock. */
NODISCARD err *sops_plain(const struct sops_doc *doc, struct plain_text *ret_text);

/*
 * The document with a word for each secret in its place and without metadata: for diffs that people look
 * at. `word` gets the plain value, or of an unopened document the ciphertext.
 */
typedef void sops_cover(void *data, struct view value, bool is_plain, struct str *ret_word);
NODISCARD err *sops_covered(const struct sops_doc *doc, sops_cover *word, void *data,
                            struct plain_text *ret_text);

/* One place in a document: "db.password", "list[2]", `["odd.key"]`; for INI section.key. */
struct sops_value {
	enum sops_type type; /* of a value; a list or map is SOPS_STR in JSON */
	bool is_tree;
	bool is_encrypted;
	struct view plain;      /* belongs to the document */
	struct plain_text tree; /* of a list or map: JSON */
};
void sops_value_clear(struct sops_value *value);
/* NOT_FOUND with the nearest name. `document` counts from 0 in YAML streams. */
NODISCARD err *sops_get(const struct sops_doc *doc, size_t document, const char *path,
                        struct sops_value *ret_value);

/* Every value in order; `path` is valid during the call. An unopened document lists names only. */
typedef err *sops_visit(void *data, size_t document, const char *path, enum sops_type type,
                        bool is_encrypted, struct view plain);
NODISCARD err *sops_each(const struct sops_doc *doc, sops_visit *visit, void *data);
size_t sops_document_count(const struct sops_doc *doc);

/* --- writing --- */

/* What a new document is encrypted with; recipients in key groups (one group is the usual). */
struct sops_recipients {
	const struct sops_key_group *groups;
	size_t group_count;
	unsigned threshold;
};

struct sops_encrypt {
	struct sops_rules rules;
	struct sops_recipients recipients;
	const char *now; /* RFC 3339, seconds, UTC; becomes `lastmodified` */
	const struct sops_keyring *keyring;
	/*
	 * An unlocked earlier version and its data key, or NULL: its key is used again, and values
	 * that did not change keep their ciphertext.
	 */
	struct sops_doc *like;
	const struct secret *like_key;
};

/* Encrypt a plain document; REFUSED when it is encrypted already. */
NODISCARD err *sops_encrypt(struct sops_doc *doc, const struct sops_encrypt *how,
                            struct str *ret_text);
/* The same for any bytes. */
NODISCARD err *sops_encrypt_binary(struct view bytes, const char *name,
                                   const struct sops_encrypt *how, struct str *ret_text);

struct sops_change {
	size_t document;
	const char *path;
	enum sops_type type;
	struct view plain; /* NULL ptr: remove the value */
};

/*
 * The text of an unlocked document with one value set (made when missing) or removed: besides it
 * only `lastmodified` and `mac` change. *ret_is_changed false, and no text, when it is so already.
 */
NODISCARD err *sops_change(const struct sops_doc *doc, const struct secret *key,
                           const struct sops_change *change, const char *now, bool *ret_is_changed,
                           struct str *ret_text);

/*
 * The same document for other recipients. With `new_key` every value is encrypted anew; otherwise
 * the data key stays, and those who could open it before get the very text they had.
 */
NODISCARD err *sops_rekey(const struct sops_doc *doc, const struct secret *key,
                          const struct sops_recipients *recipients,
                          const struct sops_keyring *keyring, bool new_key, const char *now,
                          struct str *ret_text);

/* Now, for `lastmodified`. */
void sops_now(struct str *ret_text);

#endif
