#include "base/base.h"

#include <sodium.h>

#include "crypto/agekey.h"
#include "crypto/encode.h"
#include "crypto/hash.h"

enum { FILE_KEY = 16, NONCE = 16, TAG = 16, MOST = 64 << 10 };

#define BEGIN   "-----BEGIN AGE ENCRYPTED FILE-----"
#define END     "-----END AGE ENCRYPTED FILE-----"
#define VERSION "age-encryption.org/v1\n"

/* --- Bech32 (BIP 173, any length) --- */

static const char letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t polymod_step(uint32_t sum)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
		                              0x2a1462b3 };
	uint32_t top = sum >> 25;
	sum = (sum & 0x1ffffff) << 5;
	for (unsigned i = 0; i < 5; i++)
		sum ^= (top >> i & 1) ? generator[i] : 0;
	return sum;
}

static uint32_t prefix_sum(const char *prefix)
{
	uint32_t sum = 1;
	for (const char *p = prefix; *p; p++)
		sum = polymod_step(sum) ^ ((uint32_t)*p >> 5);
	sum = polymod_step(sum);
	for (const char *p = prefix; *p; p++)
		sum = polymod_step(sum) ^ ((uint32_t)*p & 31);
	return sum;
}

/* 32 bytes behind `prefix` "age" or "age-secret-key-" (lower case here; the text may be upper). */
static bool decode(struct view text, const char *prefix, uint8_t out[32])
{
	size_t prefix_len = strlen(prefix), at = 0;
	uint32_t sum = prefix_sum(prefix), bits = 0;
	unsigned bit_count = 0;
	bool has_upper = false, has_lower = false;
	if (text.len != prefix_len + 1 + 52 + 6)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		has_upper |= c >= 'A' && c <= 'Z';
		has_lower |= c >= 'a' && c <= 'z';
		char lower = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (i < prefix_len ? lower != prefix[i] : i == prefix_len && lower != '1')
			return false;
		if (i <= prefix_len)
			continue;
		const char *found = lower ? strchr(letters, lower) : NULL;
		if (!found)
			return false;
		uint32_t value = (uint32_t)(found - letters);
		sum = polymod_step(sum) ^ value;
		if (i + 6 >= text.len)
			continue;
		bits = (bits << 5 | value) & 0xfff;
		bit_count += 5;
		if (bit_count >= 8) {
			bit_count -= 8;
			if (at < 32)
				out[at++] = (uint8_t)(bits >> bit_count);
		}
	}
	return sum == 1 && at == 32 && !(has_upper && has_lower) &&
	       (bits & ((1u << bit_count) - 1)) == 0;
}

static void encode(const char *prefix, const uint8_t bytes[32], char out[80])
{
	size_t len = strlen(prefix);
	uint32_t sum = prefix_sum(prefix), bits = 0;
	unsigned bit_count = 0;
	memcpy(out, prefix, len);
	out[len++] = '1';
	for (size_t i = 0; i < 33; i++) {
		bits = (bits << 8 | (i < 32 ? bytes[i] : 0)) & 0xfff;
		bit_count += 8;
		while (bit_count >= 5 && (i < 32 || bit_count > 8 - 1)) {
			bit_count -= 5;
			uint32_t value = bits >> bit_count & 31;
			sum = polymod_step(sum) ^ value;
			out[len++] = letters[value];
			if (len == strlen(prefix) + 1 + 52)
				break;
		}
		if (len == strlen(prefix) + 1 + 52)
			break;
	}
	for (unsigned i = 0; i < 6; i++)
		sum = polymod_step(sum);
	sum ^= 1;
	for (unsigned i = 0; i < 6; i++)
		out[len++] = letters[sum >> (5 * (5 - i)) & 31];
	out[len] = '\0';
}

err *agekey_parse(struct view identity, struct secret *ret_key)
{
	TRY(secret_init(ret_key, AGEKEY_BYTES));
	if (decode(identity, "age-secret-key-", ret_key->ptr))
		return NULL;
	secret_clear(ret_key);
	return err_new(ERR_INVALID, "not an identity of the form AGE-SECRET-KEY-1…");
}

err *agekey_recipient(const struct secret *key, struct str *ret_recipient)
{
	uint8_t public[32];
	char text[80];
	if (key->len != AGEKEY_BYTES || crypto_scalarmult_base(public, key->ptr) != 0)
		return err_new(ERR_INVALID, "not an X25519 identity");
	encode("age", public, text);
	str_addz(ret_recipient, text);
	return NULL;
}

err *agekey_new(struct secret *ret_identity, struct str *ret_recipient)
{
	AUTO(secret) key = SECRET_INIT;
	char text[80];
	TRY(secret_init(&key, AGEKEY_BYTES));
	if (sodium_init() < 0)
		return err_new(ERR_INTERNAL, "cannot start libsodium");
	randombytes_buf(key.ptr, key.len);
	encode("age-secret-key-", key.ptr, text);
	for (char *p = text; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 32);
	err *e = secret_copy(ret_identity, text, strlen(text));
	sodium_memzero(text, sizeof(text));
	TRY(e);
	return agekey_recipient(&key, ret_recipient);
}

/* --- keys --- */

static void hkdf(struct view input, struct view salt, const char *info, uint8_t out[32])
{
	static const char zero[32];
	uint8_t extracted[32], text[96];
	size_t len = strlen(info);
	hmac_sha256(salt.len ? salt : (struct view){ zero, 32 }, input, extracted);
	memcpy(text, info, len);
	text[len] = 1;
	hmac_sha256((struct view){ (char *)extracted, 32 }, (struct view){ (char *)text, len + 1 },
	            out);
	sodium_memzero(extracted, sizeof(extracted));
}

/* The key that wraps the file key: of the shared secret, the share and the recipient. */
static bool wrap_key(const uint8_t mine[32], const uint8_t theirs[32], const uint8_t share[32],
                     const uint8_t recipient[32], uint8_t out[32])
{
	uint8_t shared[32], salt[64];
	if (crypto_scalarmult(shared, mine, theirs) != 0)
		return false;
	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	hkdf((struct view){ (char *)shared, 32 }, (struct view){ (char *)salt, 64 },
	     "age-encryption.org/v1/X25519", out);
	sodium_memzero(shared, sizeof(shared));
	return true;
}

static void header_mac(const uint8_t file_key[FILE_KEY], struct view header, uint8_t out[32])
{
	uint8_t key[32];
	hkdf((struct view){ (const char *)file_key, FILE_KEY }, (struct view){ "", 0 }, "header",
	     key);
	hmac_sha256((struct view){ (char *)key, 32 }, header, out);
	sodium_memzero(key, sizeof(key));
}

/* --- writing --- */

static err *bad_recipient(const char *recipient)
{
	bool is_other = str_starts(recipient, "ssh-") || str_starts(recipient, "age1pq") ||
	                (str_starts(recipient, "age1") && strchr(recipient + 4, '1'));
	return is_other ? err_new(ERR_UNSUPPORTED,
	                          "cannot encrypt for '%.60s': only X25519 recipients (age1…) are "
	                          "possible yet",
	                          recipient)
	                : err_new(ERR_INVALID, "'%.60s' is not an age recipient", recipient);
}

static void add_header(const uint8_t share[32], const uint8_t body[32],
                       const uint8_t file_key[FILE_KEY], struct str *out)
{
	uint8_t mac[32];
	str_addz(out, VERSION "-> X25519 ");
	base64_add(out, share, 32, BASE64_NO_PADDING);
	str_addch(out, '\n');
	base64_add(out, body, 32, BASE64_NO_PADDING);
	str_addz(out, "\n---");
	header_mac(file_key, view_str(out), mac);
	str_addch(out, ' ');
	base64_add(out, mac, 32, BASE64_NO_PADDING);
	str_addch(out, '\n');
}

static void add_payload(const uint8_t file_key[FILE_KEY], const struct secret *secret,
                        struct str *out)
{
	uint8_t nonce[NONCE], key[32], counter[12] = { 0 };
	AUTOFREE uint8_t *cipher = mem_alloc(secret->len + TAG);
	counter[11] = 1; /* the only chunk is the last one */
	randombytes_buf(nonce, sizeof(nonce));
	hkdf((struct view){ (const char *)file_key, FILE_KEY },
	     (struct view){ (char *)nonce, NONCE }, "payload", key);
	crypto_aead_chacha20poly1305_ietf_encrypt(cipher, NULL, secret->ptr, secret->len, NULL, 0,
	                                          NULL, counter, key);
	str_add(out, nonce, sizeof(nonce));
	str_add(out, cipher, secret->len + TAG);
	sodium_memzero(key, sizeof(key));
}

static void add_armor(const struct str *bytes, struct str *out)
{
	AUTO(str) text = STR_INIT;
	base64_add(&text, bytes->ptr, bytes->len, 0);
	str_addz(out, BEGIN "\n");
	for (size_t at = 0; at < text.len; at += 64) {
		str_add(out, text.ptr + at, MIN(text.len - at, (size_t)64));
		str_addch(out, '\n');
	}
	str_addz(out, END "\n");
}

err *agekey_wrap(const char *recipient, const struct secret *secret, struct str *out)
{
	static const uint8_t zero[12];
	uint8_t public[32], share[32], body[FILE_KEY + TAG];
	AUTO(secret) keys = SECRET_INIT; /* file key, own scalar, wrapping key */
	AUTO(str) file = STR_INIT;
	if (!decode(view_of(recipient), "age", public))
		return bad_recipient(recipient);
	if (secret->len > 1024)
		return err_new(ERR_LIMIT, "a secret of %zu bytes is not a key", secret->len);
	TRY(secret_init(&keys, FILE_KEY + 64));
	uint8_t *file_key = keys.ptr, *scalar = keys.ptr + FILE_KEY, *key = scalar + 32;
	randombytes_buf(keys.ptr, FILE_KEY + 32);
	if (crypto_scalarmult_base(share, scalar) != 0 ||
	    !wrap_key(scalar, public, share, public, key))
		return bad_recipient(recipient);
	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key, FILE_KEY, NULL, 0, NULL,
	                                          zero, key);
	add_header(share, body, file_key, &file);
	add_payload(file_key, secret, &file);
	add_armor(&file, out);
	return NULL;
}

/* --- reading --- */

static err *damaged(const char *what)
{
	return err_new(ERR_CORRUPT, "a damaged age file: %s", what);
}

static err *take_armor(struct view text, struct str *out)
{
	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	while (text.len && strchr(" \t\r\n", text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	size_t begin = strlen(BEGIN), end = strlen(END);
	if (text.len > MOST)
		return err_new(ERR_LIMIT, "an age file of %zu bytes is no wrapped key", text.len);
	if (text.len < begin + end || memcmp(text.ptr, BEGIN, begin) != 0 ||
	    memcmp(text.ptr + text.len - end, END, end) != 0)
		return damaged("no armor");
	err *e = base64_decode((struct view){ text.ptr + begin, text.len - begin - end },
	                       BASE64_LINES, out);
	return e ? err_as(err_wrap(e, "a damaged age file"), ERR_CORRUPT) : NULL;
}

struct stanza {
	struct view first; /* what follows "-> " */
	struct str body;
};

static bool take_line(struct view *rest, struct view *ret_line)
{
	const char *feed = memchr(rest->ptr, '\n', rest->len);
	if (!feed)
		return false;
	*ret_line = (struct view){ rest->ptr, (size_t)(feed - rest->ptr) };
	rest->len -= ret_line->len + 1;
	rest->ptr = feed + 1;
	return true;
}

static err *take_stanza(struct view *rest, struct view first, struct stanza *stanza)
{
	struct view line;
	str_reset(&stanza->body);
	stanza->first = (struct view){ first.ptr + 3, first.len - 3 };
	do {
		if (!take_line(rest, &line) || line.len > 64)
			return damaged("a stanza has no end");
		err *e = base64_decode(line, BASE64_NO_PADDING, &stanza->body);
		if (e)
			return err_as(err_wrap(e, "a damaged age file"), ERR_CORRUPT);
	} while (line.len == 64);
	return NULL;
}

/* The file key of an X25519 stanza, if it is for `key`. */
static err *open_stanza(const struct stanza *stanza, const struct secret *key,
                        uint8_t file_key[FILE_KEY], bool *ret_is_open)
{
	static const uint8_t zero[12];
	static const char type[] = "X25519 ";
	uint8_t recipient[32], wrap[32];
	AUTO(str) share = STR_INIT;
	size_t len = strlen(type);
	if (stanza->first.len < len || memcmp(stanza->first.ptr, type, len) != 0)
		return NULL;
	err *e = base64_decode((struct view){ stanza->first.ptr + len, stanza->first.len - len },
	                       BASE64_NO_PADDING, &share);
	if (e || share.len != 32 || stanza->body.len != FILE_KEY + TAG) {
		err_free(e);
		return damaged("an X25519 stanza of the wrong size");
	}
	if (crypto_scalarmult_base(recipient, key->ptr) != 0 ||
	    !wrap_key(key->ptr, (const uint8_t *)share.ptr, (const uint8_t *)share.ptr, recipient,
	              wrap))
		return damaged("a share that is no point");
	*ret_is_open = crypto_aead_chacha20poly1305_ietf_decrypt(
			       file_key, NULL, NULL, (const uint8_t *)stanza->body.ptr,
			       stanza->body.len, NULL, 0, zero, wrap) == 0;
	sodium_memzero(wrap, sizeof(wrap));
	return NULL;
}

static err *open_payload(const uint8_t file_key[FILE_KEY], struct view payload,
                         struct secret *ret_secret)
{
	uint8_t key[32], counter[12] = { 0 };
	counter[11] = 1;
	if (payload.len < NONCE + TAG)
		return damaged("it is cut off");
	hkdf((struct view){ (const char *)file_key, FILE_KEY }, (struct view){ payload.ptr, NONCE },
	     "payload", key);
	err *e = secret_init(ret_secret, payload.len - NONCE - TAG);
	bool is_open =
		!e && crypto_aead_chacha20poly1305_ietf_decrypt(
			      ret_secret->ptr, NULL, NULL, (const uint8_t *)payload.ptr + NONCE,
			      payload.len - NONCE, NULL, 0, counter, key) == 0;
	sodium_memzero(key, sizeof(key));
	TRY(e);
	return is_open ? NULL : damaged("its content was changed");
}

static err *read_header(struct view *rest, const struct secret *key, uint8_t file_key[FILE_KEY],
                        bool *ret_is_open, struct view *ret_mac)
{
	struct stanza stanza = { .body = STR_INIT };
	struct view line;
	err *e = NULL;
	while (!e) {
		if (!take_line(rest, &line)) {
			e = damaged("the header has no end");
		} else if (line.len > 4 && memcmp(line.ptr, "--- ", 4) == 0) {
			*ret_mac = (struct view){ line.ptr + 4, line.len - 4 };
			break;
		} else if (line.len < 4 || memcmp(line.ptr, "-> ", 3) != 0) {
			e = damaged("not a stanza");
		} else {
			e = take_stanza(rest, line, &stanza);
			if (!e && !*ret_is_open)
				e = open_stanza(&stanza, key, file_key, ret_is_open);
		}
	}
	str_clear(&stanza.body);
	return e;
}

err *agekey_unwrap(const struct secret *key, struct view armored, struct secret *ret_secret)
{
	AUTO(str) file = STR_INIT;
	AUTO(str) mac = STR_INIT;
	AUTO(secret) file_key = SECRET_INIT;
	uint8_t expected[32];
	struct view mac_text = { "", 0 };
	bool is_open = false;
	TRY(take_armor(armored, &file));
	TRY(secret_init(&file_key, FILE_KEY));
	size_t version = strlen(VERSION);
	if (file.len < version || memcmp(file.ptr, VERSION, version) != 0)
		return damaged("not version 1");
	struct view rest = { file.ptr + version, file.len - version };
	TRY(read_header(&rest, key, file_key.ptr, &is_open, &mac_text));
	if (!is_open)
		return err_new(ERR_NOT_FOUND, "the age file is for somebody else");
	size_t header_len = (size_t)(mac_text.ptr - file.ptr) - 1;
	header_mac(file_key.ptr, (struct view){ file.ptr, header_len }, expected);
	err *e = base64_decode(mac_text, BASE64_NO_PADDING, &mac);
	if (e || mac.len != 32 || !crypto_equal(mac.ptr, expected, 32)) {
		err_free(e);
		return damaged("its header was changed");
	}
	return open_payload(file_key.ptr, rest, ret_secret);
}
