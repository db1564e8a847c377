#include "base/base.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "test.h"
#include "vault/sops.h"
#include "vault/sops_shamir.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"
#include "vault_sops_cases.h"

/* "Wraps" a key as hex behind the recipient's name; opens only what is for `data`. */
static err *fake_wrap(void *data, const char *recipient, const struct secret *key, struct str *out)
{
	(void)data;
	str_addf(out, "%s ", recipient);
	hex_add(out, key->ptr, key->len);
	return NULL;
}

static err *fake_unwrap(void *data, const char *recipient, struct view wrapped,
                        struct secret *ret_key)
{
	AUTO(str) bytes = STR_INIT;
	size_t skip = strlen(recipient) + 1;
	if (!str_equal(recipient, data))
		return err_new(ERR_NOT_FOUND, "not ours");
	TRY(hex_decode((struct view){ wrapped.ptr + skip, wrapped.len - skip }, &bytes));
	return secret_copy(ret_key, bytes.ptr, bytes.len);
}

static char me[] = "age1me";
static const struct sops_keyring keyring = { me, fake_unwrap, fake_wrap, NULL };

static err *fixture_unwrap(void *data, const char *recipient, struct view wrapped,
                           struct secret *ret_key)
{
	AUTO(str) bytes = STR_INIT;
	(void)data;
	(void)recipient;
	(void)wrapped;
	TRY(hex_decode(view_of(fixture_key), &bytes));
	return secret_copy(ret_key, bytes.ptr, bytes.len);
}
static const struct sops_keyring fixture_keyring = { NULL, fixture_unwrap, fake_wrap, NULL };

static err *encrypt(enum sops_format format, const char *text, struct sops_rules rules,
                    struct str *out)
{
	struct sops_key keys[] = { { SOPS_KEY_AGE, "age1you", { "", 0 }, NULL },
		                   { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL } };
	struct sops_key_group group = { keys, 2 };
	const struct sops_encrypt how = { .rules = rules,
		                          .recipients = { &group, 1, 0 },
		                          .now = "2026-11-27T08:00:00Z",
		                          .keyring = &keyring };
	AUTOPTR(sops_doc) doc = NULL;
	if (format == SOPS_BINARY)
		return sops_encrypt_binary(view_of(text), "test", &how, out);
	TRY(sops_open(format, view_of(text), "test", &doc));
	return sops_encrypt(doc, &how, out);
}

static err *unlock(enum sops_format format, const char *text, const struct sops_keyring *ring,
                   struct sops_doc **ret_doc, struct secret *ret_key)
{
	TRY(sops_open(format, view_of(text), "test", ret_doc));
	TRY(sops_data_key(*ret_doc, ring, ret_key));
	return sops_unlock(*ret_doc, ret_key, 0);
}

static err *decrypt(enum sops_format format, const char *text, const struct sops_keyring *ring,
                    struct str *out)
{
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(secret) key = SECRET_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	TRY(unlock(format, text, ring, &doc, &key));
	TRY(sops_plain(doc, &plain));
	str_add_str(out, &plain.text);
	return NULL;
}

#define COMES_BACK(format, text)                                                        \
	do {                                                                            \
		AUTO(str) sealed = STR_INIT;                                            \
		AUTO(str) opened = STR_INIT;                                            \
		CHECK_OK(encrypt((format), (text), (struct sops_rules){ 0 }, &sealed)); \
		CHECK(!strstr(sealed.ptr, "hunter2"));                                  \
		CHECK_OK(decrypt((format), sealed.ptr, &keyring, &opened));             \
		CHECK_STR(opened.ptr, (text));                                          \
	} while (0)

TEST(vault_sops, opens_what_sops_made)
{
	AUTO(str) text = STR_INIT;
	CHECK_OK(decrypt(SOPS_YAML, fixture_yaml, &fixture_keyring, &text));
	CHECK_STR(text.ptr, "# about the database\n"
	                    "db:\n"
	                    "    password: hunter2 # inline\n"
	                    "    port: 5432\n"
	                    "    ratio: 2.5\n"
	                    "    \"on\": true\n"
	                    "    since: 2024-01-05T00:00:00Z\n"
	                    "    empty: \"\"\n"
	                    "    none: null\n"
	                    "users:\n"
	                    "    - name: alice\n"
	                    "      note: |\n"
	                    "        two\n"
	                    "        lines\n");
}

TEST(vault_sops, yaml_keeps_every_other_byte)
{
	COMES_BACK(SOPS_YAML, "# head\n"
	                      "\n"
	                      "a:   hunter2   # inline\n"
	                      "list:\n"
	                      "- x\n"
	                      "-   yy\n"
	                      "# foot\n"
	                      "\n"
	                      "map: { b: 12, \"c\": [true, 1.5] } # flow\n"
	                      "text: |\n"
	                      "  two\n"
	                      "  lines\n"
	                      "plain_unencrypted: as it is\n"
	                      "nothing:\n"
	                      "# last\n"
	                      "---\n"
	                      "second: document\n");
}

TEST(vault_sops, other_stores_keep_every_other_byte)
{
	COMES_BACK(SOPS_JSON, "{\n  \"a\": \"hunter2\",\n  \"n\": [1, 2.5, null, true, \"\"]\n}\n");
	COMES_BACK(SOPS_JSON, "{\"a\": \"hunter2\", \"b\": {}}");
	COMES_BACK(SOPS_DOTENV, "# comment\n\nA=hunter2\nB=two\\nlines\nC=\nD_unencrypted=plain\n");
	COMES_BACK(SOPS_INI, "; about a\n[a]\nx = hunter2\ny: `semi;colon`\n\n[b]\n# z\nz = 1\n");
	COMES_BACK(SOPS_BINARY, "hunter2\n\ttabs and \"quotes\" and \\ and \xc3\xa9\n");
}

static size_t differing_lines(const char *a, const char *b)
{
	struct view x = view_of(a), y = view_of(b), left, right;
	size_t count = 0;
	while (view_split(&x, '\n', &left) && view_split(&y, '\n', &right))
		count += !view_equal(left, right);
	return count;
}

TEST(vault_sops, setting_a_value_changes_three_lines)
{
	AUTO(str) sealed = STR_INIT;
	AUTO(str) changed = STR_INIT;
	AUTO(str) opened = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(secret) key = SECRET_INIT;
	bool is_changed;
	CHECK_OK(encrypt(SOPS_YAML, "a: 1 # c\nb:\n    - {x: old,   k: z}\n\nc: |\n  t\n  u\n",
	                 (struct sops_rules){ 0 }, &sealed));
	CHECK_OK(unlock(SOPS_YAML, sealed.ptr, &keyring, &doc, &key));
	struct sops_change change = { .path = "b[0].x", .type = SOPS_STR, .plain = view_of("new") };
	CHECK_OK(sops_change(doc, &key, &change, "2027-01-01T00:00:00Z", &is_changed, &changed));
	CHECK(is_changed);
	CHECK_INT(differing_lines(sealed.ptr, changed.ptr), 3);
	CHECK_OK(decrypt(SOPS_YAML, changed.ptr, &keyring, &opened));
	CHECK_STR(opened.ptr, "a: 1 # c\nb:\n    - {x: new,   k: z}\n\nc: |\n  t\n  u\n");
	change.plain = view_of("old");
	CHECK_OK(sops_change(doc, &key, &change, "2027-01-01T00:00:00Z", &is_changed, &changed));
	CHECK(!is_changed);
}

static void change_is(enum sops_format format, const char *before, const char *path,
                      const char *value, const char *expected)
{
	AUTO(str) sealed = STR_INIT;
	AUTO(str) changed = STR_INIT;
	AUTO(str) opened = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(secret) key = SECRET_INIT;
	bool is_changed;
	CHECK_OK(encrypt(format, before, (struct sops_rules){ 0 }, &sealed));
	CHECK_OK(unlock(format, sealed.ptr, &keyring, &doc, &key));
	const struct sops_change change = { .path = path,
		                            .type = SOPS_STR,
		                            .plain = value ? view_of(value)
		                                           : (struct view){ NULL, 0 } };
	CHECK_OK(sops_change(doc, &key, &change, "2027-01-01T00:00:00Z", &is_changed, &changed));
	CHECK_OK(decrypt(format, changed.ptr, &keyring, &opened));
	CHECK_STR(opened.ptr, expected);
}

TEST(vault_sops, adds_and_removes_values)
{
	change_is(SOPS_YAML, "a: x\n", "b.c", "new", "a: x\nb:\n  c: new\n");
	change_is(SOPS_YAML, "a:\n    b: x\nz: w\n", "a.c", "new",
	          "a:\n    b: x\n    c: new\nz: w\n");
	change_is(SOPS_YAML, "l:\n- x\n", "l[1]", "new", "l:\n- x\n- new\n");
	change_is(SOPS_YAML, "a: x\nb: w\n", "a", NULL, "b: w\n");
	change_is(SOPS_YAML, "a:\nb: w\n", "a", "new", "a: new\nb: w\n");
	change_is(SOPS_YAML, "a: x\n", "plain_unencrypted", "new",
	          "a: x\nplain_unencrypted: new\n");
	change_is(SOPS_JSON, "{\n\t\"a\": \"x\"\n}\n", "b", "new",
	          "{\n\t\"a\": \"x\",\n\t\"b\": \"new\"\n}\n");
	change_is(SOPS_DOTENV, "A=x\n", "B", "two\nlines", "A=x\nB=two\\nlines\n");
	change_is(SOPS_DOTENV, "A=x\nB=y\n", "A", NULL, "B=y\n");
	change_is(SOPS_INI, "[s]\na = x\n", "s.b", "new", "[s]\na = x\nb = new\n");
	change_is(SOPS_INI, "[s]\na = x\n", "t.b", "new;2", "[s]\na = x\n\n[t]\nb = `new;2`\n");
}

TEST(vault_sops, notices_every_kind_of_damage)
{
	AUTO(str) sealed = STR_INIT;
	AUTO(str) out = STR_INIT;
	CHECK_OK(encrypt(SOPS_YAML, "a: hunter2\nb_unencrypted: open\n", (struct sops_rules){ 0 },
	                 &sealed));
	char *unencrypted = strstr(sealed.ptr, "open");
	memcpy(unencrypted, "OPEN", 4);
	CHECK_ERR(decrypt(SOPS_YAML, sealed.ptr, &keyring, &out), ERR_CORRUPT, "MAC");
	memcpy(unencrypted, "open", 4);
	char *data = strstr(sealed.ptr, "data:") + 5;
	data[0] = data[0] == 'A' ? 'B' : 'A';
	CHECK_ERR(decrypt(SOPS_YAML, sealed.ptr, &keyring, &out), ERR_CORRUPT, "changed");
	memcpy(sealed.ptr, "a: fresh #", 10);
	CHECK_ERR(decrypt(SOPS_YAML, sealed.ptr, &keyring, &out), ERR_CORRUPT, "not encrypted");
}

TEST(vault_sops, names_whom_a_file_is_for)
{
	static char other[] = "age1other";
	const struct sops_keyring stranger = { other, fake_unwrap, fake_wrap, NULL };
	AUTO(str) sealed = STR_INIT;
	AUTO(str) out = STR_INIT;
	CHECK_OK(encrypt(SOPS_JSON, "{\"a\": 1}", (struct sops_rules){ 0 }, &sealed));
	CHECK_ERR(decrypt(SOPS_JSON, sealed.ptr, &stranger, &out), ERR_AUTH, "age1you, age1me");
	CHECK_ERR(encrypt(SOPS_JSON, sealed.ptr, (struct sops_rules){ 0 }, &out), ERR_REFUSED,
	          "encrypted already");
}

TEST(vault_sops, follows_all_rules)
{
	static const struct {
		struct sops_rules rules;
		const char *secret, *plain;
	} table[] = {
		{ { .unencrypted_suffix = "_p" }, "\"a\"", "\"b_p\"" },
		{ { .encrypted_suffix = "_p" }, "\"b_p\"", "\"a\"" },
		{ { .unencrypted_regex = "^b" }, "\"a\"", "\"b_p\"" },
		{ { .encrypted_regex = "^(?i)B" }, "\"b_p\"", "\"a\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO(str) sealed = STR_INIT;
		AUTO(str) opened = STR_INIT;
		const char *text = "{\"a\": \"x\", \"b_p\": [{\"c\": \"x\"}]}";
		CHECK_OK(encrypt(SOPS_JSON, text, table[i].rules, &sealed));
		const char *secret = strstr(sealed.ptr, table[i].secret);
		const char *plain = strstr(sealed.ptr, table[i].plain);
		CHECK(secret && plain);
		CHECK(strstr(secret, "ENC[") - secret < 20);
		CHECK(strstr(plain, "\"x\"") && strstr(plain, "\"x\"") - plain < 20);
		CHECK_OK(decrypt(SOPS_JSON, sealed.ptr, &keyring, &opened));
		CHECK_STR(opened.ptr, text);
	}
}

TEST(vault_sops, comment_rules_cover_what_stands_below)
{
	AUTO(str) sealed = STR_INIT;
	CHECK_OK(encrypt(SOPS_YAML,
	                 "a: x\n# secret\nb:\n  c: hunter2\n  # more\n  d: hunter2\ne: y\n",
	                 (struct sops_rules){ .encrypted_comment_regex = "^ secret" }, &sealed));
	CHECK_HAS(sealed.ptr, "a: x\n# secret\nb:\n  c: ENC[");
	CHECK_HAS(sealed.ptr, "\ne: y\n");
	CHECK_HAS(sealed.ptr, "  #ENC[");
	CHECK(!strstr(sealed.ptr, "hunter2"));
}

TEST(vault_sops, groups_open_with_a_threshold)
{
	struct sops_key first = { SOPS_KEY_AGE, "age1a", { "", 0 }, NULL };
	struct sops_key second = { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL };
	struct sops_key third = { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL };
	struct sops_key_group groups[] = { { &first, 1 }, { &second, 1 }, { &third, 1 } };
	struct sops_encrypt how = { .recipients = { groups, 3, 2 },
		                    .now = "2026-11-27T08:00:00Z",
		                    .keyring = &keyring };
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(str) sealed = STR_INIT;
	AUTO(str) opened = STR_INIT;
	CHECK_OK(sops_open(SOPS_INI, view_of("[a]\nb = c\n"), "test", &doc));
	CHECK_OK(sops_encrypt(doc, &how, &sealed));
	CHECK_HAS(sealed.ptr, "shamir_threshold = 2");
	CHECK_OK(decrypt(SOPS_INI, sealed.ptr, &keyring, &opened));
	CHECK_STR(opened.ptr, "[a]\nb = c\n");
	how.recipients.threshold = 3;
	str_reset(&sealed);
	AUTOPTR(sops_doc) again = NULL;
	CHECK_OK(sops_open(SOPS_INI, view_of("[a]\nb = c\n"), "test", &again));
	CHECK_OK(sops_encrypt(again, &how, &sealed));
	CHECK_ERR(decrypt(SOPS_INI, sealed.ptr, &keyring, &opened), ERR_AUTH, "2 of the 3");
}

TEST(vault_sops, like_keeps_ciphertexts)
{
	AUTO(str) sealed = STR_INIT;
	AUTOPTR(sops_doc) before = NULL;
	AUTO(secret) key = SECRET_INIT;
	CHECK_OK(encrypt(SOPS_YAML, "a: x\nb: y # c\n", (struct sops_rules){ 0 }, &sealed));
	CHECK_OK(unlock(SOPS_YAML, sealed.ptr, &keyring, &before, &key));
	struct sops_key keys[] = { { SOPS_KEY_AGE, "age1you", { "", 0 }, NULL },
		                   { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL } };
	struct sops_key_group group = { keys, 2 };
	const struct sops_encrypt how = { .recipients = { &group, 1, 0 },
		                          .now = "2030-01-01T00:00:00Z",
		                          .keyring = &keyring,
		                          .like = before,
		                          .like_key = &key };
	AUTOPTR(sops_doc) same = NULL;
	AUTOPTR(sops_doc) other = NULL;
	AUTO(str) again = STR_INIT;
	CHECK_OK(sops_open(SOPS_YAML, view_of("a: x\nb: y # c\n"), "test", &same));
	CHECK_OK(sops_encrypt(same, &how, &again));
	CHECK_STR(again.ptr, sealed.ptr);
	str_reset(&again);
	CHECK_OK(sops_open(SOPS_YAML, view_of("a: x\nb: z # c\n"), "test", &other));
	CHECK_OK(sops_encrypt(other, &how, &again));
	CHECK_INT(differing_lines(again.ptr, sealed.ptr), 3);
}

TEST(vault_sops, rekey_takes_the_old_key_away)
{
	AUTO(str) sealed = STR_INIT;
	AUTO(str) changed = STR_INIT;
	AUTO(str) opened = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(secret) key = SECRET_INIT;
	struct sops_key only = { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL };
	struct sops_key_group group = { &only, 1 };
	const struct sops_recipients recipients = { &group, 1, 0 };
	CHECK_OK(encrypt(SOPS_YAML, "a: hunter2 # c\n", (struct sops_rules){ 0 }, &sealed));
	CHECK_OK(unlock(SOPS_YAML, sealed.ptr, &keyring, &doc, &key));
	CHECK_OK(sops_rekey(doc, &key, &recipients, &keyring, true, "2030-01-01T00:00:00Z",
	                    &changed));
	CHECK(!strstr(changed.ptr, "age1you"));
	AUTOPTR(sops_doc) after = NULL;
	CHECK_OK(sops_open(SOPS_YAML, view_of(changed.ptr), "test", &after));
	CHECK_ERR(sops_unlock(after, &key, 0), ERR_CORRUPT, "another key");
	CHECK_OK(decrypt(SOPS_YAML, changed.ptr, &keyring, &opened));
	CHECK_STR(opened.ptr, "a: hunter2 # c\n");
}

TEST(vault_sops, canonical_forms_are_those_of_go)
{
	static const struct {
		const char *text;
		enum sops_type type;
		const char *canonical;
	} table[] = {
		{ "12", SOPS_INT, "12" },
		{ "-0x1F", SOPS_INT, "-31" },
		{ "010", SOPS_INT, "8" },
		{ "08", SOPS_FLOAT, "8" },
		{ "0b101", SOPS_INT, "5" },
		{ "1_000", SOPS_INT, "1000" },
		{ "1.50", SOPS_FLOAT, "1.5" },
		{ "1e3", SOPS_FLOAT, "1000" },
		{ ".5", SOPS_FLOAT, "0.5" },
		{ "1e-7", SOPS_FLOAT, "0.0000001" },
		{ "6.02e23", SOPS_FLOAT, "602000000000000000000000" },
		{ "1e400", SOPS_STR, "1e400" },
		{ "yes", SOPS_STR, "yes" },
		{ "True", SOPS_BOOL, "True" },
		{ "~", SOPS_NULL, "" },
		{ ".inf", SOPS_FLOAT, "+Inf" },
		{ "-0", SOPS_INT, "0" },
		{ "2024-1-5", SOPS_TIME, "2024-01-05T00:00:00Z" },
		{ "2024-02-30", SOPS_STR, "2024-02-30" },
		{ "2001-12-14t21:59:43.10-05:00", SOPS_TIME, "2001-12-14T21:59:43.1-05:00" },
		{ "2001-12-15 2:59:43.1", SOPS_TIME, "2001-12-15T02:59:43.1Z" },
		{ "1.2.3", SOPS_STR, "1.2.3" },
		{ "0x", SOPS_STR, "0x" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO(str) canonical = STR_INIT;
		enum sops_type type;
		CHECK(sops_yaml_resolve(view_of(table[i].text), &type, &canonical));
		CHECK_STR(sops_type_name(type), sops_type_name(table[i].type));
		CHECK_STR(canonical.ptr, table[i].canonical);
	}
	AUTO(str) canonical = STR_INIT;
	enum sops_type type;
	CHECK(!sops_yaml_resolve(view_of("18446744073709551615"), &type, &canonical));
}

TEST(vault_shamir, any_two_of_three_shares_do)
{
	AUTO(secret) key = SECRET_INIT;
	struct secret shares[3] = { SECRET_INIT, SECRET_INIT, SECRET_INIT };
	CHECK_OK(secret_copy(&key, "0123456789abcdef0123456789abcdef", 32));
	CHECK_OK(shamir_split(&key, 3, 2, shares));
	for (size_t skip = 0; skip < 3; skip++) {
		AUTO(secret) back = SECRET_INIT;
		const struct secret two[2] = { shares[skip == 0], shares[skip == 2 ? 1 : 2] };
		CHECK_OK(shamir_combine(two, 2, &back));
		CHECK(secret_equal(&back, &key));
	}
	for (size_t i = 0; i < 3; i++)
		secret_clear(&shares[i]);
}
