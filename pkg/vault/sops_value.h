/*
 * One value of a SOPS document: the text ENC[AES256_GCM,data:…,iv:…,tag:…,type:…], and the canonical
 * form of each type, which is what is encrypted and what the integrity check hashes.
 */
#ifndef VAULT_SOPS_VALUE_H
#define VAULT_SOPS_VALUE_H

#include "base/base.h"
#include "crypto/aes_gcm.h"
#include "vault/sops.h"

#define SOPS_IV_BYTES 32

/* The parts of an encrypted text; views into it, still in base64. */
struct sops_enc {
	struct view data, iv, tag, type;
};

bool sops_enc_split(struct view text, struct sops_enc *ret_enc);
/* Does it look like one (also a damaged one)? */
bool sops_enc_looks(struct view text);

/*
 * Decrypt into `ret_plain`, which has room for text.len bytes, and put it into canonical form there.
 * *ret_is_genuine false: this key and `aad` do not open it. INVALID for a text that is none, an
 * unknown type, or a plain text that is not of its type.
 */
NODISCARD err *sops_enc_open(struct aes_gcm *gcm, struct view text, struct view aad,
                             char *ret_plain, size_t *ret_len, enum sops_type *ret_type,
                             bool *ret_is_comment, bool *ret_is_genuine);

/* Append the encrypted text; `type_name` is "str", "comment", …; NULL `iv`: a fresh random one. */
NODISCARD err *sops_enc_seal(struct aes_gcm *gcm, struct view plain, struct view aad,
                             const char *type_name, const uint8_t *iv, struct str *out);
/* The 32 bytes of iv; false when it has another length. */
bool sops_enc_iv(struct view text, uint8_t ret_iv[SOPS_IV_BYTES]);

const char *sops_type_name(enum sops_type type);

/* --- canonical forms --- */

/* Append the shortest decimal form without exponent that reads back the same; +Inf, -Inf, NaN. */
void sops_float_text(double number, struct str *out);
/* As Go's ParseFloat on decimal texts. */
bool sops_float_parse(struct view text, double *ret_number);
/* As Go's ParseInt with base 0: 0x, 0o, 0b, leading zero; false also beyond int64. */
bool sops_int_parse(struct view text, int64_t *ret_number, bool *ret_is_beyond);
/*
 * A timestamp as go-yaml knows them; appends RFC 3339 with the zone it was given. `is_strict`:
 * only RFC 3339 itself.
 */
bool sops_time_parse(struct view text, bool is_strict, struct str *out);
/* Bring a plain text of this type into canonical form; false when it is not of the type. */
bool sops_canonical(enum sops_type type, struct view text, struct str *out);

#endif
