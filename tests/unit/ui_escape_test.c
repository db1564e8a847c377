#include "test.h"

#include "ui/escape.h"
#include "ui/json_text.h"

static const char *escaped(struct str *out, const char *text, unsigned flags)
{
	str_reset(out);
	escape_add(out, text, strlen(text), flags);
	return out->ptr;
}

TEST(ui_escape, plain_text_stays)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(escaped(&out, "a b~", 0), "a b~");
	CHECK_STR(escaped(&out, "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5", 0),
	          "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5");
	CHECK_STR(escaped(&out, "", 0), "");
}

TEST(ui_escape, escape_sequences_become_visible)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(escaped(&out, "\x1b[2Jx\x07", 0), "\\x1b[2Jx\\x07");
	CHECK_STR(escaped(&out, "a\rb", ESCAPE_KEEP_NEWLINES), "a\\rb");
	CHECK_STR(escaped(&out, "\x7f", 0), "\\x7f");
	/* CSI as one character */
	CHECK_STR(escaped(&out, "\xc2\x9b", 0), "\\u009b");
}

TEST(ui_escape, newlines_and_tabs_stay_only_when_asked)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(escaped(&out, "a\n\tb", 0), "a\\n\\tb");
	CHECK_STR(escaped(&out, "a\n\tb", ESCAPE_KEEP_NEWLINES), "a\n\\tb");
	CHECK_STR(escaped(&out, "a\n\tb", ESCAPE_KEEP_NEWLINES | ESCAPE_KEEP_TABS), "a\n\tb");
}

TEST(ui_escape, text_that_turns_direction_becomes_visible)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(escaped(&out,
	                  "a\xe2\x80\xae"
	                  "b",
	                  0),
	          "a\\u202eb");
	CHECK_STR(escaped(&out, "\xf3\xa0\x81\x81", 0), "\\U000e0041");
}

TEST(ui_escape, broken_utf8_is_shown_byte_by_byte)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(escaped(&out, "a\xff\xc3", 0), "a\\xff\\xc3");
	CHECK_STR(escaped(&out, "\xed\xa0\x80", 0), "\\xed\\xa0\\x80");
}

TEST(ui_escape, width_counts_columns)
{
	CHECK_INT(escape_width("abc", 3), 3);
	CHECK_INT(escape_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4);
	CHECK_INT(escape_width("e\xcc\x81", 3), 1);
	CHECK_INT(escape_fit("\xe6\x97\xa5\xe6\x9c\xac", 6, 3), 3);
	CHECK_INT(escape_fit("abc", 3, 10), 3);
}

TEST(ui_escape, json_strings_are_quoted)
{
	AUTO(str) out = STR_INIT;
	json_text_add(&out, "a\"b\\c\n\x01\xff");
	CHECK_STR(out.ptr, "\"a\\\"b\\\\c\\n\\u0001\xef\xbf\xbd\"");
	str_reset(&out);
	json_text_add(&out, NULL);
	CHECK_STR(out.ptr, "null");
}
