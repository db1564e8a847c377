#include "test.h"

#include "crypto/deflate.h"
#include "crypto/hash.h"
#include "pal/fs.h"
#include "pal/random.h"
#include "vault/age.h"
#include "vault/age_header.h"
#include "vault/bech32.h"

#define VECTORS "tests/data/age-vectors"

/* --- the test kit --- */

struct vector {
	char *expect, *payload;
	struct strs passphrases;
	struct str identities;
	bool is_armored, is_compressed;
	struct view file;
};

static void vector_clear(struct vector *v)
{
	mem_free(v->expect);
	mem_free(v->payload);
	strs_clear(&v->passphrases);
	str_clear(&v->identities);
}

static void read_field(struct vector *v, struct view line)
{
	AUTOFREE char *text = mem_strndup(line.ptr, line.len);
	char *value = strstr(text, ": ");
	if (!value)
		return;
	*value = '\0';
	value += 2;
	if (str_equal(text, "expect"))
		v->expect = mem_strdup(value);
	else if (str_equal(text, "payload"))
		v->payload = mem_strdup(value);
	else if (str_equal(text, "passphrase"))
		strs_push(&v->passphrases, value);
	else if (str_equal(text, "identity"))
		str_addf(&v->identities, "%s\n", value);
	else if (str_equal(text, "armored"))
		v->is_armored = true;
	else if (str_equal(text, "compressed"))
		v->is_compressed = true;
}

static void read_vector(struct view text, struct vector *v)
{
	struct view line;
	*v = (struct vector){ .identities = STR_INIT };
	v->file = text;
	while (view_split(&v->file, '\n', &line) && line.len > 0)
		read_field(v, line);
}

static err *take(void *data, const uint8_t *ptr, size_t len)
{
	str_add(data, ptr, len);
	return NULL;
}

/* A few bytes at a time, as a slow pipe gives them. */
static err *give(void *data, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct view *rest = data;
	*ret_len = MIN(MIN(cap, rest->len), 1 + rest->len % 70000);
	memcpy(buf, rest->ptr, *ret_len);
	*rest = (struct view){ rest->ptr + *ret_len, rest->len - *ret_len };
	return NULL;
}

static const char *class_of(const struct vector *v, const err *e)
{
	if (!e)
		return "success";
	if (strstr(err_message(e), "HMAC"))
		return "HMAC failure";
	if (err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_AUTH))
		return "no match";
	if (strstr(err_message(e), "payload"))
		return "payload failure";
	if (strstr(err_message(e), "armor"))
		return "armor failure";
	/* What does not even begin as armor is read as a bare file. */
	if (v->is_armored && strstr(err_message(e), "no age header") && !age_is_file(v->file))
		return "armor failure";
	return "header failure";
}

static err *decrypt_vector(const struct vector *v, struct str *out)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTO(secret) passphrase = SECRET_INIT;
	struct view rest = v->file;
	const struct age_source source = { &rest, give };
	const struct age_sink sink = { out, take };
	if (v->identities.len > 0)
		TRY(age_identities_add_file(keys, view_str(&v->identities), "identities"));
	for (size_t i = 0; i < v->passphrases.len; i++) {
		const char *text = v->passphrases.ptr[i];
		TRY(secret_copy(&passphrase, text, strlen(text)));
		TRY(age_identities_add_passphrase(keys, &passphrase));
	}
	return age_decrypt_stream(keys, NULL, &source, &sink);
}

static bool run_vector(const char *name)
{
	AUTOFREE char *path = str_format(VECTORS "/%s", name);
	AUTO(str) text = STR_INIT;
	AUTO(str) plain = STR_INIT;
	AUTO(str) inflated = STR_INIT;
	__attribute__((cleanup(vector_clear))) struct vector v;
	char digest[SHA256_HEX_SIZE];
	AUTOERR err *e = fs_read_file(path, 1 << 20, &text);
	if (e) {
		test_fail(__FILE__, __LINE__, "%s", err_message(e));
		return false;
	}
	read_vector(view_str(&text), &v);
	if (v.is_compressed) {
		err_ignore(inflate_add(&inflated, v.file, 64 << 20), "seen below");
		v.file = view_str(&inflated);
	}
	AUTOERR err *outcome = decrypt_vector(&v, &plain);
	sha256_hex(plain.ptr, plain.len, digest);
	if (!str_equal(class_of(&v, outcome), v.expect)) {
		test_fail(__FILE__, __LINE__, "%s: %s (%s), expected %s", name,
		          class_of(&v, outcome), outcome ? err_message(outcome) : "", v.expect);
		return false;
	}
	if (v.payload && !str_equal(digest, v.payload)) {
		test_fail(__FILE__, __LINE__, "%s: the payload is %s", name, digest);
		return false;
	}
	return true;
}

TEST(age_vectors, all_come_out_as_the_test_kit_says)
{
	AUTO(fs_list) list = { 0 };
	size_t good = 0, bad = 0;
	CHECK_OK(fs_list(VECTORS, &list));
	for (size_t i = 0; i < list.len; i++)
		if (run_vector(list.ptr[i].name))
			good++;
		else
			bad++;
	CHECK_INT(good, 100);
	CHECK_INT(bad, 0);
}

/* --- round trips --- */

static struct str pattern(size_t len)
{
	struct str text = STR_INIT;
	str_reserve(&text, len);
	for (size_t i = 0; i < len; i++)
		str_addch(&text, (char)(i * 131 + (i >> 9)));
	return text;
}

static err *new_pair(bool is_pq, struct age_identities *keys, struct age_recipients *recipients)
{
	AUTO(secret) key = SECRET_INIT;
	AUTOPTR(age_identities) one = age_identities_new();
	TRY(age_keygen(is_pq, &key));
	const struct view text = { (const char *)key.ptr, key.len };
	TRY(age_identities_add_file(keys, text, "key"));
	TRY(age_identities_add_file(one, text, "key"));
	return age_recipients_add_identities(recipients, one, NULL);
}

static void round_trip(size_t len, unsigned flags, bool is_pq)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(str) plain = pattern(len);
	AUTO(str) sealed = STR_INIT;
	AUTO(str) out = STR_INIT;
	AUTO(secret) again = SECRET_INIT;
	CHECK_OK(new_pair(is_pq, keys, recipients));
	CHECK_OK(age_encrypt(recipients, NULL, flags, view_str(&plain), &sealed));
	CHECK_OK(age_decrypt(keys, NULL, view_str(&sealed), len, &again));
	CHECK_INT(again.len, len);
	CHECK(len == 0 || memcmp(again.ptr, plain.ptr, len) == 0);
	struct view rest = view_str(&sealed);
	const struct age_source source = { &rest, give };
	const struct age_sink sink = { &out, take };
	CHECK_OK(age_decrypt_stream(keys, NULL, &source, &sink));
	CHECK(view_equal(view_str(&out), view_str(&plain)));
	if (len > 0)
		CHECK_ERR(age_decrypt(keys, NULL, view_str(&sealed), len - 1, &again), ERR_LIMIT,
		          "larger");
}

TEST(age, round_trips_around_the_borders_of_chunks)
{
	static const size_t sizes[] = {
		0,     1,      47,     48,        65535,         65536,
		65537, 131072, 131073, 8 * 65536, 8 * 65536 + 1, 40 * 65536 + 5
	};
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		round_trip(sizes[i], 0, false);
		round_trip(sizes[i], AGE_ARMOR, i % 2);
	}
}

TEST(age, every_recipient_opens_and_nobody_else)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_identities) stranger = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTOPTR(age_recipients) other = age_recipients_new();
	AUTO(str) sealed = STR_INIT;
	AUTO(secret) plain = SECRET_INIT;
	for (int i = 0; i < 5; i++)
		CHECK_OK(new_pair(false, keys, recipients));
	CHECK_OK(new_pair(false, stranger, other));
	CHECK_OK(age_encrypt(recipients, NULL, AGE_ARMOR, view_of("hello"), &sealed));
	CHECK_OK(age_decrypt(keys, NULL, view_str(&sealed), 100, &plain));
	CHECK_STR((const char *)plain.ptr, "hello");
	CHECK_ERR(age_decrypt(stranger, NULL, view_str(&sealed), 100, &plain), ERR_NOT_FOUND,
	          "no identity matches");
}

TEST(age, post_quantum_and_classic_recipients_are_not_mixed)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(str) sealed = STR_INIT;
	CHECK_OK(new_pair(true, keys, recipients));
	CHECK_OK(new_pair(false, keys, recipients));
	CHECK_ERR(age_encrypt(recipients, NULL, 0, view_of("x"), &sealed), ERR_INVALID, "mixed");
	CHECK_INT(sealed.len, 0);
}

TEST(age, a_passphrase_goes_alone)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(secret) passphrase = SECRET_INIT;
	AUTO(secret) plain = SECRET_INIT;
	AUTO(str) sealed = STR_INIT;
	CHECK_OK(secret_copy(&passphrase, "correct horse", 13));
	CHECK_OK(age_recipients_add_passphrase(recipients, &passphrase, 10));
	CHECK_OK(age_encrypt(recipients, NULL, 0, view_of("x"), &sealed));
	CHECK_OK(age_identities_add_passphrase(keys, &passphrase));
	CHECK_OK(age_decrypt(keys, NULL, view_str(&sealed), 100, &plain));
	CHECK_STR((const char *)plain.ptr, "x");
	CHECK_OK(age_recipients_add_passphrase(recipients, &passphrase, 10));
	CHECK_ERR(age_encrypt(recipients, NULL, 0, view_of("x"), &sealed), ERR_INVALID, "mixed");
	CHECK_ERR(age_recipients_add_passphrase(recipients, &passphrase, 23), ERR_USAGE, "23");
}

/* --- locked identity files, and what is asked --- */

static err *answer(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer)
{
	int *asked = data;
	(void)kind;
	(*asked)++;
	return strstr(prompt, "identity file") ? secret_copy(ret_answer, "open", 4)
	                                       : secret_copy(ret_answer, "wrong", 5);
}

static err *lock_keys(const struct secret *key, struct str *ret_file)
{
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(secret) passphrase = SECRET_INIT;
	TRY(secret_copy(&passphrase, "open", 4));
	TRY(age_recipients_add_passphrase(recipients, &passphrase, 10));
	return age_encrypt(recipients, NULL, AGE_ARMOR,
	                   (struct view){ (const char *)key->ptr, key->len }, ret_file);
}

TEST(age, a_locked_identity_file_is_asked_for_once_and_only_when_needed)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_identities) locked = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) file = STR_INIT;
	AUTO(str) sealed = STR_INIT;
	int asked = 0;
	const struct age_talk talk = { .data = &asked, .ask = answer };
	CHECK_OK(age_keygen(false, &key));
	CHECK_OK(age_identities_add_file(keys, (struct view){ (const char *)key.ptr, key.len },
	                                 "k"));
	CHECK_OK(age_recipients_add_identities(recipients, keys, NULL));
	CHECK_OK(lock_keys(&key, &file));
	CHECK_OK(age_identities_add_file(locked, view_str(&file), "locked"));
	CHECK_OK(age_encrypt(recipients, NULL, 0, view_of("x"), &sealed));
	struct age_job jobs[3] = { { view_str(&sealed) },
		                   { view_str(&sealed) },
		                   { view_of("junk") } };
	age_decrypt_all(locked, &talk, 100, jobs, 3);
	CHECK_INT(asked, 1);
	CHECK_OK(jobs[0].error);
	CHECK_OK(jobs[1].error);
	CHECK_ERR(jobs[2].error, ERR_INVALID, "not an age file");
	CHECK_STR((const char *)jobs[1].plain.ptr, "x");
	secret_clear(&jobs[0].plain);
	secret_clear(&jobs[1].plain);
	AUTO(secret) plain = SECRET_INIT;
	CHECK_OK(age_decrypt(locked, &talk, view_str(&sealed), 100, &plain));
	CHECK_INT(asked, 1);
}

/* --- plugins: tests/vault/age-plugin-fettletest --- */

static err *plugin_pair(struct age_recipients *recipients, struct age_identities *keys)
{
	TRY(age_identities_add_file(
		keys, view_of("AGE-PLUGIN-FETTLETEST-1QQQQQQQQQQQQQQQQQQQQQQQQQQ4CQAG3"),
		"plugin.txt"));
	return age_recipients_add_identities(recipients, keys, NULL);
}

static err *answer_pin(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer)
{
	int *asked = data;
	(*asked)++;
	if (kind != AGE_ASK_SECRET || !strstr(prompt, "PIN"))
		return err_new(ERR_INTERNAL, "not the question that was expected: %s", prompt);
	return secret_copy(ret_answer, "1234", 4);
}

TEST(age_plugin, one_session_and_one_pin_serve_all_files)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	struct str sealed[20];
	struct age_job jobs[ARRAY_LEN(sealed)];
	AUTOFREE char *log = str_format("%s/log", test_dir());
	AUTO(str) logged = STR_INIT;
	AUTO(str) path = STR_INIT;
	int asked = 0;
	const struct age_talk talk = { .data = &asked, .ask = answer_pin };
	CHECK_OK(fs_absolute("tests/vault", &path));
	str_addf(&path, ":%s", getenv("PATH"));
	setenv("PATH", path.ptr, 1);
	CHECK_OK(plugin_pair(recipients, keys));
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		str_init(&sealed[i]);
		CHECK_OK(age_encrypt(recipients, &talk, 0, view_of("x"), &sealed[i]));
		jobs[i] = (struct age_job){ .bytes = view_str(&sealed[i]) };
	}
	setenv("FETTLETEST_LOG", log, 1);
	setenv("FETTLETEST_PIN", "1234", 1);
	age_decrypt_all(keys, &talk, 100, jobs, ARRAY_LEN(jobs));
	unsetenv("FETTLETEST_LOG");
	unsetenv("FETTLETEST_PIN");
	CHECK_OK(fs_read_file(log, 1000, &logged));
	CHECK_STR(logged.ptr, "identity-v1 20 files\n");
	CHECK_INT(asked, 1);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		CHECK_OK(jobs[i].error);
		CHECK_STR((const char *)jobs[i].plain.ptr, "x");
		secret_clear(&jobs[i].plain);
		str_clear(&sealed[i]);
	}
}

/* --- damage --- */

TEST(age, no_flipped_byte_goes_unnoticed)
{
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) recipients = age_recipients_new();
	AUTO(str) sealed = STR_INIT;
	AUTO(secret) plain = SECRET_INIT;
	size_t accepted = 0;
	CHECK_OK(new_pair(false, keys, recipients));
	CHECK_OK(new_pair(false, keys, recipients));
	for (unsigned flags = 0; flags < 2; flags++) {
		CHECK_OK(age_encrypt(recipients, NULL, flags, view_of("attack at dawn"), &sealed));
		for (size_t i = 0; i < sealed.len; i++) {
			for (unsigned bit = 1; bit < 256; bit <<= 1) {
				sealed.ptr[i] = (char)((unsigned char)sealed.ptr[i] ^ bit);
				err *e = age_decrypt(keys, NULL, view_str(&sealed), 100, &plain);
				/* The armor's last line end may become other white space. */
				accepted += !e && !(flags && i + 1 == sealed.len);
				err_free(e);
				sealed.ptr[i] = (char)((unsigned char)sealed.ptr[i] ^ bit);
			}
		}
		for (size_t len = 0; len + 1 < sealed.len; len++) {
			err *e = age_decrypt(keys, NULL, (struct view){ sealed.ptr, len }, 100,
			                     &plain);
			accepted += !e;
			err_free(e);
		}
	}
	CHECK_INT(accepted, 0);
}

/* --- keys as text --- */

TEST(age_keys, bad_keys_are_refused_without_being_shown)
{
	AUTOPTR(age_recipients) to = age_recipients_new();
	AUTOPTR(age_identities) keys = age_identities_new();
	static const char secret_key[] =
		"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
	static const char mistyped[] =
		"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LMQ";
	CHECK_ERR(age_recipients_add(to, secret_key), ERR_INVALID, "not a recipient");
	AUTOERR err *e = age_recipients_add_file(to, view_of(secret_key), "r.txt", NULL);
	CHECK(e && !strstr(err_message(e), "EGTZ"));
	CHECK_ERR(age_identities_add_file(keys, view_of(mistyped), "k"), ERR_INVALID, "checksum");
	CHECK_ERR(age_identities_add_file(keys, view_of("# only\n\n"), "k"), ERR_INVALID,
	          "no identity");
	CHECK_ERR(age_recipients_add(to, "age1notvalid"), ERR_INVALID, "not a valid key");
	CHECK_ERR(age_recipients_add_file(to, view_of("# a\n\nage1x\n"), "r.txt", NULL),
	          ERR_INVALID, "cannot use a recipient");
	CHECK_ERR(age_recipients_add(to, "ecdsa-sha2-nistp256 AAAA"), ERR_UNSUPPORTED,
	          "ssh-ed25519");
	CHECK_INT(age_recipients_count(to), 0);
}

TEST(bech32, goes_both_ways_and_notices_every_wrong_letter)
{
	uint8_t bytes[40], again[64];
	char text[160];
	AUTO(str) prefix = STR_INIT;
	size_t len, accepted = 0;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		random_bytes(bytes, sizeof(bytes));
		bech32_encode("AGE-TEST-", bytes, n, text);
		CHECK_INT(strlen(text), bech32_len("AGE-TEST-", n));
		CHECK_OK(bech32_decode(view_of(text), &prefix, again, sizeof(again), &len));
		CHECK_STR(prefix.ptr, "AGE-TEST-");
		CHECK_INT(len, n);
		CHECK(memcmp(bytes, again, n) == 0);
	}
	size_t size = strlen(text);
	for (size_t i = 0; i < size; i++) {
		char kept = text[i];
		text[i] = kept == 'Q' ? 'P' : 'Q';
		err *e = bech32_decode(view_of(text), &prefix, again, sizeof(again), &len);
		accepted += !e;
		err_free(e);
		text[i] = kept;
	}
	CHECK_INT(accepted, 0);
}
