#include "test.h"

#include "base/suggest.h"

TEST(suggest, counts_steps)
{
	CHECK_INT(suggest_distance("path", "path", 3), 0);
	CHECK_INT(suggest_distance("pth", "path", 3), 1);
	CHECK_INT(suggest_distance("ptah", "path", 3), 1);
	CHECK_INT(suggest_distance("Path", "path", 3), 1);
	CHECK_INT(suggest_distance("kitten", "sitting", 5), 3);
	CHECK_INT(suggest_distance("kitten", "sitting", 2), 3);
	CHECK_INT(suggest_distance("", "abc", 5), 3);
	CHECK_INT(suggest_distance("abc", "", 5), 3);
	char long_word[200] = { 0 };
	memset(long_word, 'a', sizeof(long_word) - 1);
	CHECK_INT(suggest_distance(long_word, long_word, 5), 6);
}

TEST(suggest, names_the_nearest_or_nothing)
{
	static const char *const names[] = { "content", "contentFrom", "mode", "owner" };
	CHECK_STR(suggest_nearest("contnet", names, 4), "content");
	CHECK_STR(suggest_nearest("contentfrom", names, 4), "contentFrom");
	CHECK_STR(suggest_nearest("mod", names, 4), "mode");
	CHECK(suggest_nearest("zebra", names, 4) == NULL);
	CHECK(suggest_nearest("x", names, 0) == NULL);
}
