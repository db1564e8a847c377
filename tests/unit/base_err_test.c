#include "test.h"

#include <errno.h>

static err *fail_deep(void)
{
	return err_sys(ENOENT, "cannot open '%s'", "x");
}

static err *fail_outer(void)
{
	TRY(NULL);
	err *e = fail_deep();
	return err_hint(err_wrap(e, "cannot load 'y'"), "try 'z'");
}

TEST(base_err, wrap_puts_the_context_first_and_keeps_the_kind)
{
	AUTOERR err *e = fail_outer();
	CHECK_INT(err_kind(e), ERR_NOT_FOUND);
	CHECK_HAS(err_message(e), "cannot load 'y': cannot open 'x': ");
	CHECK_STR(err_hint_text(e, 0), "try 'z'");
	CHECK_INT(err_code(e), ENOENT);
}

TEST(base_err, source_finds_line_column_and_snippet)
{
	const char text[] = "a: 1\nbb: [\r\nc: 2\n";
	AUTOERR err *e = err_source(err_new(ERR_INVALID, "bad"), "f.yaml", text, sizeof(text) - 1,
	                            9, 10);
	CHECK_INT(err_place(e)->line, 2);
	CHECK_INT(err_place(e)->column, 5);
	CHECK_INT(err_place(e)->end_column, 6);
	CHECK_STR(err_place(e)->snippet, "bb: [");
}

TEST(base_err, the_innermost_place_wins)
{
	AUTOERR err *e = err_at(err_at(err_new(ERR_INVALID, "bad"), "in", 1, 2), "out", 3, 4);
	CHECK_STR(err_place(e)->file, "in");
}

TEST(base_err, source_accepts_the_end_of_the_text)
{
	AUTOERR err *e = err_source(err_new(ERR_INVALID, "bad"), "f", "a\nb", 3, 99, 100);
	CHECK_INT(err_place(e)->line, 2);
	CHECK_STR(err_place(e)->snippet, "b");
}

TEST(base_err, joined_errors_are_counted)
{
	AUTOERR err *e = err_join(NULL, err_new(ERR_IO, "one"));
	e = err_join(e, err_new(ERR_IO, "two"));
	CHECK_INT(err_count(e), 2);
	CHECK_STR(err_message(err_next(e)), "two");
}
