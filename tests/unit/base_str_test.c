#include "test.h"

TEST(base_str, detach_leaves_an_empty_string)
{
	struct str s = STR_INIT;
	str_addf(&s, "%s-%d", "a", 7);
	AUTOFREE char *text = str_detach(&s);
	CHECK_STR(text, "a-7");
	CHECK_INT(s.len, 0);
	CHECK_STR(s.ptr, "");
}

TEST(base_str, long_formats_are_not_cut)
{
	AUTO(str) s = STR_INIT;
	AUTO(str) long_text = STR_INIT;
	str_add_repeat(&long_text, 'x', 5000);
	str_addf(&s, "<%s>", long_text.ptr);
	CHECK_INT(s.len, 5002);
	CHECK(s.ptr[5001] == '>');
}

TEST(base_str, truncate_and_reset_keep_the_terminator)
{
	AUTO(str) s = STR_INIT;
	str_reset(&s);
	str_truncate(&s, 0);
	str_addz(&s, "hello");
	str_truncate(&s, 4);
	CHECK_STR(s.ptr, "hell");
	str_reset(&s);
	CHECK_STR(s.ptr, "");
}

TEST(base_str, views_split_into_parts_including_empty_ones)
{
	struct view rest = view_of("a,,b"), part;
	CHECK(view_split(&rest, ',', &part) && view_is(part, "a"));
	CHECK(view_split(&rest, ',', &part) && view_is(part, ""));
	CHECK(view_split(&rest, ',', &part) && view_is(part, "b"));
	CHECK(!view_split(&rest, ',', &part));
}

TEST(base_str, lists_are_terminated_and_sorted_bytewise)
{
	AUTO(strs) list = STRS_INIT;
	strs_push(&list, "b");
	strs_pushf(&list, "a%d", 1);
	strs_sort(&list);
	CHECK_STR(list.ptr[0], "a1");
	CHECK(list.ptr[2] == NULL);
	CHECK(strs_contains(&list, "b") && !strs_contains(&list, "c"));
}
