#include "base/base.h"

#include "crypto/agekey.h"
#include "test.h"

/* Made by age-keygen; the file by age itself. */
static const char identity[] =
	"AGE-SECRET-KEY-1FMYJJ2XAKRHS2XUMS6GG07JCA26CPRKNC23E7Y4P0FMLGE87HP9Q2QXN4H";
static const char recipient[] = "age19ezptpa26rezvnfvd86jrem9pp28f088v78y9m22dpq5ewnujvfqpd42vg";
static const char file[] = "-----BEGIN AGE ENCRYPTED FILE-----\n"
			   "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBmQnFBVGtlKzZCWVhEUThh\n"
			   "bE9HbGROQUh3NU1TRCtMejN4VmpaNVpIcUNVCmhmNDJ5UUphbEplTlFsZE42MVNM\n"
			   "SldDbkJhenJxUElGNDZiM2pEWEVmeWMKLS0tIE5COVNCSXZnbGVOdmxoNjdKNFNn\n"
			   "eG1IdTVIM2I0UzE1ZkFaaCtueWY2YncKMXQvrr95X/vBWltgoY0a9ifJPETXpenK\n"
			   "27XhV8bwPe8Q9vIEUJHG/GOskQ==\n"
			   "-----END AGE ENCRYPTED FILE-----\n";

TEST(crypto_agekey, knows_the_recipient_of_an_identity)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) text = STR_INIT;
	CHECK_OK(agekey_parse(view_of(identity), &key));
	CHECK_OK(agekey_recipient(&key, &text));
	CHECK_STR(text.ptr, recipient);
	AUTOFREE char *damaged = mem_strdup(identity);
	damaged[30] = damaged[30] == 'Q' ? 'P' : 'Q';
	CHECK_ERR(agekey_parse(view_of(damaged), &key), ERR_INVALID, "AGE-SECRET-KEY");
}

TEST(crypto_agekey, opens_what_age_made)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(secret) found = SECRET_INIT;
	CHECK_OK(agekey_parse(view_of(identity), &key));
	CHECK_OK(agekey_unwrap(&key, view_of(file), &found));
	CHECK_INT(found.len, 11);
	CHECK(memcmp(found.ptr, "hello world", 11) == 0);
}

TEST(crypto_agekey, wraps_for_one_and_nobody_else)
{
	AUTO(secret) identity_a = SECRET_INIT;
	AUTO(secret) a = SECRET_INIT;
	AUTO(secret) b = SECRET_INIT;
	AUTO(secret) value = SECRET_INIT;
	AUTO(secret) back = SECRET_INIT;
	AUTO(str) to_a = STR_INIT;
	AUTO(str) wrapped = STR_INIT;
	CHECK_OK(agekey_new(&identity_a, &to_a));
	CHECK_OK(agekey_parse((struct view){ (char *)identity_a.ptr, identity_a.len }, &a));
	CHECK_OK(agekey_parse(view_of(identity), &b));
	CHECK_OK(secret_copy(&value, "0123456789abcdef0123456789abcdef", 32));
	CHECK_OK(agekey_wrap(to_a.ptr, &value, &wrapped));
	CHECK_OK(agekey_unwrap(&a, view_str(&wrapped), &back));
	CHECK(secret_equal(&value, &back));
	CHECK_ERR(agekey_unwrap(&b, view_str(&wrapped), &back), ERR_NOT_FOUND, "somebody else");
	CHECK_ERR(agekey_wrap("age1nonsense", &value, &wrapped), ERR_INVALID,
	          "not an age recipient");
	CHECK_ERR(agekey_wrap("ssh-ed25519 AAAA", &value, &wrapped), ERR_UNSUPPORTED, "X25519");
}

TEST(crypto_agekey, notices_every_flipped_byte)
{
	AUTO(secret) key = SECRET_INIT;
	CHECK_OK(agekey_parse(view_of(identity), &key));
	for (size_t i = 0; i < strlen(file); i++) {
		AUTO(secret) found = SECRET_INIT;
		AUTOFREE char *damaged = mem_strdup(file);
		if (damaged[i] == '\n')
			continue;
		damaged[i] = damaged[i] == 'B' ? 'C' : 'B';
		err *e = agekey_unwrap(&key, view_of(damaged), &found);
		CHECK(e);
		err_free(e);
	}
}
