#include "test.h"
#include "pal/argv.h"

TEST(argv, copies_the_arguments)
{
	char name[] = "fettle", word[] = "wörd";
	char *argv[] = { name, word, NULL };
	AUTO(strs) args = STRS_INIT;

	argv_get(2, argv, &args);
	CHECK_INT(args.len, 2);
	CHECK_STR(args.ptr[1], "wörd");
	CHECK(args.ptr[1] != word);
	CHECK(args.ptr[2] == NULL);
}

TEST(argv, has_a_name_even_when_the_caller_gave_none)
{
	char *argv[] = { NULL };
	AUTO(strs) args = STRS_INIT;

	argv_get(0, argv, &args);
	CHECK_INT(args.len, 1);
	CHECK_STR(args.ptr[0], "fettle");
}

TEST(env, tells_unset_from_empty)
{
	CHECK(setenv("FETTLE_UNIT_TEST", "", 1) == 0);
	CHECK_STR(env_get("FETTLE_UNIT_TEST"), "");
	CHECK(!env_get_nonempty("FETTLE_UNIT_TEST"));
	CHECK(setenv("FETTLE_UNIT_TEST", "x", 1) == 0);
	CHECK_STR(env_get_nonempty("FETTLE_UNIT_TEST"), "x");
	CHECK(unsetenv("FETTLE_UNIT_TEST") == 0);
	CHECK(!env_get("FETTLE_UNIT_TEST"));
}
