#include "base/base.h"

#include "vault/ssh_key.h"

#include "crypto/aes_soft.h"
#include "crypto/encode.h"
#include "crypto/kdf.h"

#define MAGIC     "openssh-key-v1" /* and its NUL */
#define PEM_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define PEM_END   "-----END OPENSSH PRIVATE KEY-----"

enum { ROUNDS_MAX = 4096, SALT_MAX = 64, AES_BLOCK = 16, AES_KEY = 32 };

static err *bad(const char *why)
{
	return err_new(ERR_INVALID, "not a valid SSH key: %s", why);
}

/* --- the wire: 32-bit numbers, and strings behind their length --- */

static bool take_number(struct view *rest, uint32_t *ret_number)
{
	const uint8_t *p = (const uint8_t *)rest->ptr;
	if (rest->len < 4)
		return false;
	*ret_number = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*rest = (struct view){ rest->ptr + 4, rest->len - 4 };
	return true;
}

static bool take_string(struct view *rest, struct view *ret_string)
{
	uint32_t len;
	if (!take_number(rest, &len) || len > rest->len)
		return false;
	*ret_string = (struct view){ rest->ptr, len };
	*rest = (struct view){ rest->ptr + len, rest->len - len };
	return true;
}

/* A number that is not negative, without its leading zeros. */
static bool take_big(struct view *rest, struct view *ret_number)
{
	if (!take_string(rest, ret_number) || ret_number->len == 0 || (ret_number->ptr[0] & 0x80))
		return false;
	while (ret_number->len > 0 && ret_number->ptr[0] == 0)
		*ret_number = (struct view){ ret_number->ptr + 1, ret_number->len - 1 };
	return true;
}

/* --- public keys --- */

static size_t bit_count(struct view number)
{
	size_t bits = number.len * 8;
	for (uint8_t top = number.len ? (uint8_t)number.ptr[0] : 0; bits && !(top & 0x80);
	     top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

err *ssh_public_read(struct view wire, struct ssh_public *ret_key)
{
	struct view rest = wire, type;
	struct ssh_public key = { 0 };
	if (!take_string(&rest, &type))
		return bad("it is cut off");
	if (view_is(type, "ssh-ed25519")) {
		key.type = SSH_ED25519;
		if (!take_string(&rest, &key.ed25519) || key.ed25519.len != 32 || rest.len > 0)
			return bad("its Ed25519 part is damaged");
	} else if (view_is(type, "ssh-rsa")) {
		key.type = SSH_RSA;
		if (!take_big(&rest, &key.e) || !take_big(&rest, &key.n) || rest.len > 0)
			return bad("its RSA part is damaged");
		if (bit_count(key.n) < SSH_RSA_BITS_MIN)
			return bad("RSA keys of less than 2048 bits are not secure");
	} else {
		return err_new(ERR_UNSUPPORTED, "age cannot use SSH keys of this type; "
		                                "only ssh-ed25519 and ssh-rsa");
	}
	*ret_key = key;
	return NULL;
}

static bool is_other_type(struct view type)
{
	static const char *const others[] = { "ssh-dss", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (type.len >= strlen(others[i]) &&
		    memcmp(type.ptr, others[i], strlen(others[i])) == 0)
			return true;
	return false;
}

err *ssh_public_line(struct view line, struct str *ret_wire)
{
	AUTO(str) wire = STR_INIT;
	struct view rest = line, type, text, named;
	struct ssh_public key;
	(void)view_split(&rest, ' ', &type);
	if (is_other_type(type))
		return err_new(ERR_UNSUPPORTED,
		               "age cannot use SSH keys of type %.*s; only ssh-ed25519 and ssh-rsa",
		               (int)type.len, type.ptr);
	if (!view_split(&rest, ' ', &text) || text.len == 0)
		return bad("it is cut off");
	err *e = base64_decode(text, 0, &wire);
	if (e) {
		err_ignore(e, "said in other words");
		return bad("it is not base64");
	}
	struct view inside = view_str(&wire);
	if (!take_string(&inside, &named) || !view_equal(named, type))
		return bad("it is not of the type it says");
	TRY(ssh_public_read(view_str(&wire), &key));
	str_reset(ret_wire);
	str_add_str(ret_wire, &wire);
	return NULL;
}

void ssh_public_text(struct view wire, struct str *out)
{
	struct view rest = wire, type = { "", 0 };
	(void)take_string(&rest, &type);
	str_add(out, type.ptr, type.len);
	str_addch(out, ' ');
	base64_add(out, wire.ptr, wire.len, 0);
}

/* --- private keys --- */

void ssh_private_clear(struct ssh_private *key)
{
	str_clear(&key->wire);
	secret_clear(&key->sealed);
	str_clear(&key->salt);
}

static struct view trimmed(struct view text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	return text;
}

static bool has_prefix(struct view text, const char *prefix)
{
	return text.len >= strlen(prefix) && memcmp(text.ptr, prefix, strlen(prefix)) == 0;
}

bool ssh_private_is_file(struct view text)
{
	text = trimmed(text);
	return has_prefix(text, "-----BEGIN ") && !has_prefix(text, "-----BEGIN AGE ");
}

static err *decode_pem(struct view text, struct str *bytes)
{
	text = trimmed(text);
	if (!has_prefix(text, PEM_BEGIN))
		return err_hint(
			err_new(ERR_UNSUPPORTED, "this private key is not in OpenSSH's own format"),
			"'ssh-keygen -p -f FILE' on a copy of it converts it");
	size_t begin = strlen(PEM_BEGIN), end = strlen(PEM_END);
	if (text.len < begin + end || memcmp(text.ptr + text.len - end, PEM_END, end) != 0)
		return bad("it is cut off");
	err *e = base64_decode(trimmed((struct view){ text.ptr + begin, text.len - begin - end }),
	                       BASE64_LINES, bytes);
	err_ignore(e, "said in other words");
	return e ? bad("it is not base64") : NULL;
}

static err *read_cipher(struct view *rest, struct ssh_private *key)
{
	struct view cipher, kdf, options, salt;
	uint32_t rounds;
	if (!take_string(rest, &cipher) || !take_string(rest, &kdf) || !take_string(rest, &options))
		return bad("it is cut off");
	if (view_is(cipher, "none") && view_is(kdf, "none"))
		return NULL;
	key->is_encrypted = true;
	if (!view_is(cipher, "aes256-ctr") || !view_is(kdf, "bcrypt"))
		return err_hint(err_new(ERR_UNSUPPORTED, "this SSH key is encrypted in a way "
		                                         "fettle does not know"),
		                "'ssh-keygen -p -Z aes256-ctr -f FILE' changes that");
	if (!take_string(&options, &salt) || !take_number(&options, &rounds) || options.len > 0 ||
	    salt.len == 0 || salt.len > SALT_MAX || rounds == 0)
		return bad("its encryption is damaged");
	if (rounds > ROUNDS_MAX)
		return err_new(ERR_LIMIT, "this SSH key asks for %u rounds of bcrypt; at most %d",
		               rounds, ROUNDS_MAX);
	str_add(&key->salt, salt.ptr, salt.len);
	key->rounds = rounds;
	return NULL;
}

static err *read_file(struct view bytes, struct ssh_private *key)
{
	struct view rest = bytes, wire, sealed;
	struct ssh_public public_key;
	uint32_t count;
	if (rest.len < sizeof(MAGIC) || memcmp(rest.ptr, MAGIC, sizeof(MAGIC)) != 0)
		return bad("it is not in OpenSSH's own format");
	rest = (struct view){ rest.ptr + sizeof(MAGIC), rest.len - sizeof(MAGIC) };
	TRY(read_cipher(&rest, key));
	if (!take_number(&rest, &count) || count != 1 || !take_string(&rest, &wire) ||
	    !take_string(&rest, &sealed) || rest.len > 0)
		return bad("it is cut off");
	TRY(ssh_public_read(wire, &public_key));
	str_add(&key->wire, wire.ptr, wire.len);
	return secret_copy(&key->sealed, sealed.ptr, sealed.len);
}

err *ssh_private_read(struct view text, struct ssh_private *ret_key)
{
	struct ssh_private key = SSH_PRIVATE_INIT;
	struct str bytes = STR_INIT;
	err *e = decode_pem(text, &bytes);
	if (!e)
		e = read_file(view_str(&bytes), &key);
	secret_wipe(bytes.ptr, bytes.len);
	str_clear(&bytes);
	if (e)
		ssh_private_clear(&key);
	else
		*ret_key = key;
	return e;
}

static void aes_ctr(const uint8_t key[AES_KEY], uint8_t counter[AES_BLOCK], uint8_t *buf,
                    size_t len)
{
	struct aes_soft aes;
	uint8_t block[AES_BLOCK];
	aes_soft_start(&aes, key);
	for (size_t i = 0; i < len; i++) {
		if (i % AES_BLOCK == 0) {
			aes_soft_block(&aes, counter, block);
			for (int j = AES_BLOCK - 1; j >= 0 && ++counter[j] == 0; j--)
				;
		}
		buf[i] ^= block[i % AES_BLOCK];
	}
	secret_wipe(&aes, sizeof(aes));
	secret_wipe(block, sizeof(block));
}

static err *decrypt(const struct ssh_private *key, const struct secret *passphrase,
                    struct secret *plain)
{
	uint8_t derived[AES_KEY + AES_BLOCK];
	if (!passphrase)
		return err_new(ERR_AUTH, "this SSH key needs its passphrase");
	TRY(bcrypt_pbkdf((struct view){ (const char *)passphrase->ptr, passphrase->len },
	                 view_str(&key->salt), key->rounds, derived, sizeof(derived)));
	aes_ctr(derived, derived + AES_KEY, plain->ptr, plain->len);
	secret_wipe(derived, sizeof(derived));
	return NULL;
}

/* Behind the two equal numbers: type, the key's own fields, comment, padding 1, 2, 3… */
static err *find_secret(struct view rest, const struct ssh_public *public_key,
                        struct view *ret_secret)
{
	struct view type, a, b, private_part, n;
	if (!take_string(&rest, &type))
		return bad("it is damaged");
	if (public_key->type == SSH_ED25519) {
		if (!view_is(type, "ssh-ed25519") || !take_string(&rest, &a) ||
		    !take_string(&rest, &private_part) || private_part.len != 64 ||
		    !view_equal(a, public_key->ed25519))
			return bad("it is damaged");
		*ret_secret = (struct view){ private_part.ptr, 32 };
		return NULL;
	}
	if (!view_is(type, "ssh-rsa") || !take_big(&rest, &n) || !take_big(&rest, &b) ||
	    !take_big(&rest, &private_part) || !view_equal(n, public_key->n))
		return bad("it is damaged");
	*ret_secret = private_part;
	return NULL;
}

err *ssh_private_open(const struct ssh_private *key, const struct secret *passphrase,
                      struct secret *ret_secret)
{
	AUTO(secret) plain = SECRET_INIT;
	struct ssh_public public_key;
	struct view found;
	uint32_t first, second;
	TRY(ssh_public_read(view_str(&key->wire), &public_key));
	TRY(secret_copy(&plain, key->sealed.ptr, key->sealed.len));
	if (key->is_encrypted)
		TRY(decrypt(key, passphrase, &plain));
	struct view rest = { (const char *)plain.ptr, plain.len };
	if (!take_number(&rest, &first) || !take_number(&rest, &second))
		return bad("it is cut off");
	if (first != second)
		return key->is_encrypted ? err_new(ERR_AUTH, "the passphrase is wrong")
		                         : bad("it is damaged");
	TRY(find_secret(rest, &public_key, &found));
	return secret_copy(ret_secret, found.ptr, found.len);
}
