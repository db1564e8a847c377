/* File keys for SSH keys: Ed25519 by way of X25519, RSA by OAEP. */
#include "base/base.h"

#include "vault/age_keys.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/rsa.h"
#include "crypto/x25519.h"
#include "pal/random.h"

#define ED25519_INFO "age-encryption.org/v1/ssh-ed25519"
#define RSA_LABEL    "age-encryption.org/v1/ssh-rsa"

enum { TAG_BYTES = 4 };

static struct view bytes_of(const void *ptr, size_t len)
{
	return (struct view){ ptr, len };
}

static void tag_of(struct view wire, uint8_t ret_tag[TAG_BYTES])
{
	uint8_t digest[SHA256_BYTES];
	sha256(wire.ptr, wire.len, digest);
	memcpy(ret_tag, digest, TAG_BYTES);
}

bool age_ssh_is_meant(struct view wire, const struct age_stanza *stanza)
{
	struct ssh_public key;
	uint8_t mine[TAG_BYTES], theirs[TAG_BYTES];
	err *e = ssh_public_read(wire, &key);
	if (e) {
		err_ignore(e, "it was read before");
		return false;
	}
	const char *type = key.type == SSH_RSA ? "ssh-rsa" : "ssh-ed25519";
	tag_of(wire, mine);
	return str_equal(stanza->args.ptr[0], type) &&
	       age_stanza_arg(stanza, 1, theirs, TAG_BYTES) && memcmp(mine, theirs, TAG_BYTES) == 0;
}

/* The key that wraps the file key, from the secret both sides have. */
static err *derive(struct view wire, const uint8_t shared[32], const uint8_t share[32],
                   const uint8_t point[32], uint8_t ret_key[32])
{
	uint8_t tweak[32], tweaked[32], salt[64];
	hkdf_sha256(view_of(""), wire, view_of(ED25519_INFO), tweak, sizeof(tweak));
	TRY(x25519_shared(tweak, shared, tweaked));
	memcpy(salt, share, 32);
	memcpy(salt + 32, point, 32);
	hkdf_sha256(bytes_of(tweaked, 32), bytes_of(salt, 64), view_of(ED25519_INFO), ret_key, 32);
	secret_wipe(tweaked, sizeof(tweaked));
	return NULL;
}

static err *wrap_ed25519(struct view wire, const struct ssh_public *to,
                         const struct secret *file_key, struct age_stanza *stanza)
{
	uint8_t secret[32], share[32], shared[32], point[32], key[32], tag[TAG_BYTES];
	TRY(ed25519_public_to_x25519((const uint8_t *)to->ed25519.ptr, point));
	random_bytes(secret, sizeof(secret));
	x25519_public(secret, share);
	err *e = x25519_shared(secret, point, shared);
	if (!e)
		e = derive(wire, shared, share, point, key);
	secret_wipe(secret, sizeof(secret));
	secret_wipe(shared, sizeof(shared));
	if (e)
		return e;
	tag_of(wire, tag);
	struct age_stanza second = AGE_STANZA_INIT;
	age_stanza_start(stanza, "ssh-ed25519", tag, sizeof(tag));
	age_stanza_start(&second, "", share, sizeof(share));
	strs_push(&stanza->args, second.args.ptr[1]);
	age_stanza_clear(&second);
	age_seal_key(key, file_key, &stanza->body);
	secret_wipe(key, sizeof(key));
	return NULL;
}

err *age_ssh_wrap(const struct age_recipient *recipient, const struct secret *file_key,
                  struct age_stanza *ret_stanza)
{
	struct view wire = view_str(&recipient->key);
	struct ssh_public to;
	uint8_t tag[TAG_BYTES];
	TRY(ssh_public_read(wire, &to));
	err *e;
	if (to.type == SSH_ED25519) {
		e = wrap_ed25519(wire, &to, file_key, ret_stanza);
	} else {
		const struct rsa_key key = { .n = to.n, .e = to.e };
		e = rsa_oaep_seal(&key, view_of(RSA_LABEL), bytes_of(file_key->ptr, file_key->len),
		                  &ret_stanza->body);
		tag_of(wire, tag);
		age_stanza_start(ret_stanza, "ssh-rsa", tag, sizeof(tag));
	}
	return e ? err_wrap(e, "cannot encrypt to '%s'", recipient->text) : NULL;
}

static err *unwrap_ed25519(const struct age_identity *with, const struct ssh_public *mine,
                           const struct age_stanza *stanza, struct secret *ret_file_key,
                           bool *ret_is_open)
{
	uint8_t secret[32], share[32], shared[32], point[32], key[32];
	if (!age_stanza_arg(stanza, 2, share, sizeof(share)))
		return err_new(ERR_INTERNAL, "a stanza was not checked");
	TRY(ed25519_public_to_x25519((const uint8_t *)mine->ed25519.ptr, point));
	ed25519_seed_to_x25519(with->secret.ptr, secret);
	err *e = x25519_shared(secret, share, shared);
	if (!e)
		e = derive(view_str(&with->key), shared, share, point, key);
	secret_wipe(secret, sizeof(secret));
	secret_wipe(shared, sizeof(shared));
	if (e)
		return err_wrap(e, "the header is damaged");
	e = age_open_key(key, view_str(&stanza->body), ret_file_key, ret_is_open);
	secret_wipe(key, sizeof(key));
	return e;
}

static err *unwrap_rsa(const struct age_identity *with, const struct ssh_public *mine,
                       const struct age_stanza *stanza, struct secret *ret_file_key,
                       bool *ret_is_open)
{
	const struct rsa_key key = { mine->n, mine->e,
		                     bytes_of(with->secret.ptr, with->secret.len) };
	uint8_t plain[AGE_FILE_KEY_BYTES];
	size_t len = 0;
	TRY(rsa_oaep_open(&key, view_of(RSA_LABEL), view_str(&stanza->body), plain, sizeof(plain),
	                  &len, ret_is_open));
	*ret_is_open = *ret_is_open && len == AGE_FILE_KEY_BYTES;
	err *e = *ret_is_open ? secret_copy(ret_file_key, plain, sizeof(plain)) : NULL;
	secret_wipe(plain, sizeof(plain));
	return e;
}

err *age_ssh_unwrap(const struct age_identity *identity, const struct age_stanza *stanza,
                    struct secret *ret_file_key, bool *ret_is_open)
{
	struct ssh_public mine;
	if (!age_ssh_is_meant(view_str(&identity->key), stanza))
		return NULL;
	TRY(ssh_public_read(view_str(&identity->key), &mine));
	if (mine.type == SSH_ED25519)
		TRY(unwrap_ed25519(identity, &mine, stanza, ret_file_key, ret_is_open));
	else
		TRY(unwrap_rsa(identity, &mine, stanza, ret_file_key, ret_is_open));
	if (!*ret_is_open)
		return err_new(ERR_INVALID,
		               "the header is damaged: a stanza for the SSH key '%s' "
		               "does not open with it",
		               identity->name);
	return NULL;
}
