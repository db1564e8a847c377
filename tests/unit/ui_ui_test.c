#include "test.h"

#include <errno.h>

#include "base/linediff.h"
#include "ui/diff.h"
#include "ui/table.h"
#include "ui_fake.h"

#define AUTOFAKE(name, init)                                   \
	__attribute__((cleanup(fake_clear))) struct fake name; \
	init(&name)

TEST(ui, data_waits_for_flush)
{
	AUTOFAKE(fake, fake_init);
	ui_out(fake.ui, "%d files\n", 3);
	CHECK_INT(fake.out.len, 0);
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "3 files\n");
}

TEST(ui, bytes_into_a_pipe_are_unchanged)
{
	AUTOFAKE(fake, fake_init);
	ui_out_bytes(fake.ui, "\x1b[0m\xff", 5);
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "\x1b[0m\xff");
}

TEST(ui, control_characters_on_a_terminal_are_escaped)
{
	AUTOFAKE(fake, fake_init_terminal);
	ui_out(fake.ui, "a\x1b[2J\n");
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "a\\x1b[2J\n");
}

TEST(ui, forced_colour_into_a_pipe_also_escapes)
{
	AUTOFAKE(fake, fake_init);
	ui_set_color(fake.ui, UI_ALWAYS);
	ui_out_styled(fake.ui, UI_STYLE_ADDED, "+ %s", "\x1b]0;x");
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "\x1b[32m+ \\x1b]0;x\x1b[0m");
}

static const char *styled(struct fake *fake)
{
	str_reset(&fake->out);
	ui_out_styled(fake->ui, UI_STYLE_ADDED, "x");
	err_ignore(ui_flush(fake->ui), "test");
	return fake->out.ptr;
}

TEST(ui, colour_follows_the_terminal)
{
	AUTOFAKE(pipe, fake_init);
	AUTOFAKE(terminal, fake_init_terminal);
	CHECK_STR(styled(&pipe), "x");
	CHECK_STR(styled(&terminal), "\x1b[32mx\x1b[0m");
}

TEST(ui, no_color_wins_over_the_terminal_unless_empty)
{
	AUTOFAKE(fake, fake_init_terminal);
	fake.no_color = "1";
	CHECK_STR(styled(&fake), "x");
	AUTOFAKE(empty, fake_init_terminal);
	empty.no_color = "";
	CHECK_STR(styled(&empty), "\x1b[32mx\x1b[0m");
}

TEST(ui, no_color_wins_over_clicolor_force)
{
	AUTOFAKE(fake, fake_init);
	fake.no_color = fake.clicolor_force = "1";
	CHECK_STR(styled(&fake), "x");
	AUTOFAKE(forced, fake_init);
	forced.clicolor_force = "1";
	CHECK_STR(styled(&forced), "\x1b[32mx\x1b[0m");
	AUTOFAKE(zero, fake_init);
	zero.clicolor_force = "0";
	CHECK_STR(styled(&zero), "x");
}

TEST(ui, the_option_wins_over_no_color)
{
	AUTOFAKE(fake, fake_init);
	fake.no_color = "1";
	ui_set_color(fake.ui, UI_ALWAYS);
	CHECK_STR(styled(&fake), "\x1b[32mx\x1b[0m");
	ui_set_color(fake.ui, UI_NEVER);
	CHECK_STR(styled(&fake), "x");
}

TEST(ui, a_full_disk_is_an_error_said_once)
{
	AUTOFAKE(fake, fake_init);
	fake.write_error = ENOSPC;
	ui_out(fake.ui, "x\n");
	CHECK_ERR(ui_flush(fake.ui), ERR_IO, "cannot write to standard output");
	CHECK(ui_out_is_closed(fake.ui));
	CHECK_OK(ui_flush(fake.ui));
}

TEST(ui, a_broken_pipe_is_quiet)
{
	AUTOFAKE(fake, fake_init);
	fake.write_error = EPIPE;
	ui_out(fake.ui, "x\n");
	CHECK_OK(ui_flush(fake.ui));
	CHECK(ui_out_is_closed(fake.ui));
}

TEST(ui, messages_say_what_they_are)
{
	AUTOFAKE(fake, fake_init);
	ui_info(fake.ui, "File/motd created");
	ui_warn(fake.ui, "no index, ignoring");
	ui_hint(fake.ui, "run 'fettle init'");
	ui_debug(fake.ui, "not shown");
	ui_error(fake.ui, "cannot");
	CHECK_STR(fake.talk.ptr, "File/motd created\n"
	                         "fettle: warning: no index, ignoring\n"
	                         "  hint: run 'fettle init'\n"
	                         "fettle: error: cannot\n");
}

TEST(ui, quiet_says_only_errors)
{
	AUTOFAKE(fake, fake_init);
	ui_set_level(fake.ui, UI_LEVEL_ERROR);
	ui_info(fake.ui, "a");
	ui_warn(fake.ui, "b");
	ui_hint(fake.ui, "c");
	ui_error(fake.ui, "d");
	CHECK_STR(fake.talk.ptr, "fettle: error: d\n");
}

TEST(ui, content_cannot_pose_as_a_message)
{
	AUTOFAKE(fake, fake_init);
	ui_info(fake.ui, "daemon said: %s", "x\nfettle: error: fake\r");
	CHECK_STR(fake.talk.ptr, "daemon said: x\n    fettle: error: fake\\r\n");
}

TEST(ui, json_log_lines_carry_fields)
{
	AUTOFAKE(fake, fake_init);
	ui_set_log_format(fake.ui, UI_LOG_JSON);
	const struct ui_field fields[] = { { "commit", "abc" }, { "changed", "2" } };
	ui_log(fake.ui, UI_LEVEL_INFO, fields, ARRAY_LEN(fields), "applied");
	CHECK_STR(fake.talk.ptr, "{\"time\":\"2026-11-20T20:00:00.000Z\",\"level\":\"info\","
	                         "\"message\":\"applied\",\"commit\":\"abc\",\"changed\":\"2\"}\n");
}

TEST(ui, text_log_lines_carry_fields)
{
	AUTOFAKE(fake, fake_init);
	const struct ui_field fields[] = { { "commit", "a\nb" } };
	ui_log(fake.ui, UI_LEVEL_INFO, fields, ARRAY_LEN(fields), "applied");
	CHECK_STR(fake.talk.ptr, "applied commit=a\\nb\n");
}

TEST(ui, an_error_shows_place_line_and_caret)
{
	AUTOFAKE(fake, fake_init);
	static const char text[] = "a: 1\n\tkey: [x\n";
	AUTOERR err *e = err_hint(err_source(err_new(ERR_INVALID, "cannot parse 'x.yaml': no end"),
	                                     "x.yaml", text, strlen(text), 11, 13),
	                          "close the bracket");
	ui_print_err(fake.ui, e);
	CHECK_STR(fake.talk.ptr, "fettle: error: cannot parse 'x.yaml': no end\n"
	                         "  --> x.yaml:2:7\n"
	                         "  |\n"
	                         "2 | \tkey: [x\n"
	                         "  | \t     ^^\n"
	                         "  hint: close the bracket\n");
}

TEST(ui, columns_count_characters_not_bytes)
{
	AUTOFAKE(fake, fake_init);
	static const char text[] = "\xc3\xbc\xc3\xbc\x01: x";
	AUTOERR err *e = err_source(err_new(ERR_INVALID, "bad"), "f", text, strlen(text), 7, 8);
	ui_print_err(fake.ui, e);
	CHECK_STR(fake.talk.ptr, "fettle: error: bad\n"
	                         "  --> f:1:6\n"
	                         "  |\n"
	                         "1 | \xc3\xbc\xc3\xbc\\x01: x\n"
	                         "  |         ^\n");
}

TEST(ui, a_long_line_is_shown_around_its_column)
{
	AUTOFAKE(fake, fake_init);
	AUTO(str) text = STR_INIT;
	str_add_repeat(&text, 'a', 200);
	str_addch(&text, '!');
	str_add_repeat(&text, 'b', 150);
	AUTOERR err *e = err_source(err_new(ERR_INVALID, "bad"), "f", text.ptr, text.len, 200, 201);
	ui_print_err(fake.ui, e);
	CHECK_HAS(fake.talk.ptr, "  --> f:1:201\n");
	const char *line = strstr(fake.talk.ptr, "1 | ..."), *caret = strchr(fake.talk.ptr, '^');
	CHECK(line && caret);
	const char *caret_line = caret;
	while (caret_line[-1] != '\n')
		caret_line--;
	CHECK_INT(line[caret - caret_line], '!');
}

TEST(ui, several_errors_end_with_their_number)
{
	AUTOFAKE(fake, fake_init);
	AUTOERR err *e = err_join(err_new(ERR_INVALID, "one"), err_new(ERR_INVALID, "two"));
	ui_print_err(fake.ui, e);
	CHECK_STR(fake.talk.ptr, "fettle: error: one\nfettle: error: two\nfettle: 2 errors\n");
}

TEST(ui, errors_can_be_one_json_object)
{
	AUTOFAKE(fake, fake_init);
	ui_set_json_errors(fake.ui, true);
	AUTOERR err *e = err_hint(err_at(err_new(ERR_INVALID, "a \"b\""), "f", 3, 4), "do");
	ui_print_err(fake.ui, e);
	CHECK_STR(fake.talk.ptr,
	          "{\"error\":{\"kind\":\"invalid\",\"message\":\"a \\\"b\\\"\",\"file\":\"f\","
	          "\"line\":3,\"column\":4,\"hints\":[\"do\"]}}\n");
	str_reset(&fake.talk);
	AUTOERR err *two = err_join(err_new(ERR_IO, "a"), err_new(ERR_IO, "b"));
	ui_print_err(fake.ui, two);
	CHECK_STR(fake.talk.ptr,
	          "{\"error\":{\"kind\":\"io\",\"message\":\"a\",\"file\":null,\"line\":null,"
	          "\"column\":null,\"hints\":[],\"others\":[{\"kind\":\"io\",\"message\":\"b\","
	          "\"file\":null,\"line\":null,\"column\":null,\"hints\":[]}]}}\n");
}

TEST(ui, progress_is_drawn_after_a_second_and_erased_by_messages)
{
	AUTOFAKE(fake, fake_init_terminal);
	ui_phase(fake.ui, "fetching %s", "x");
	ui_progress(fake.ui, 1, 4);
	CHECK_STR(fake.talk.ptr, "");
	fake.now_ms += 1000;
	ui_progress(fake.ui, 2, 4);
	ui_progress(fake.ui, 3, 4); /* too soon */
	CHECK_STR(fake.talk.ptr, "fetching x 50% (2/4)");
	ui_info(fake.ui, "note");
	CHECK_STR(fake.talk.ptr, "fetching x 50% (2/4)\r\x1b[Knote\n");
	ui_phase_end(fake.ui);
	CHECK_STR(fake.talk.ptr, "fetching x 50% (2/4)\r\x1b[Knote\n");
}

TEST(ui, progress_off_a_terminal_is_one_line)
{
	AUTOFAKE(fake, fake_init);
	ui_phase(fake.ui, "fetching");
	fake.now_ms += 1500;
	ui_progress(fake.ui, 2, 4);
	fake.now_ms += 1500;
	ui_progress(fake.ui, 3, 4);
	ui_phase_end(fake.ui);
	CHECK_STR(fake.talk.ptr, "fetching\n");
}

TEST(ui, a_phase_said_again_goes_on)
{
	AUTOFAKE(fake, fake_init_terminal);
	for (uint64_t i = 0; i < 3; i++) {
		ui_phase(fake.ui, "receiving %s", "x");
		ui_progress(fake.ui, i, 4);
		fake.now_ms += 600;
	}
	CHECK_STR(fake.talk.ptr, "receiving x 50% (2/4)");
}

TEST(ui, quick_phases_say_nothing)
{
	AUTOFAKE(fake, fake_init);
	ui_phase(fake.ui, "fetching");
	fake.now_ms += 100;
	ui_phase(fake.ui, "reading");
	ui_phase_end(fake.ui);
	CHECK_STR(fake.talk.ptr, "");
}

TEST(ui, a_question_needs_a_clear_yes)
{
	static const char *const answers[] = { "maybe", "YES" };
	AUTOFAKE(fake, fake_init_terminal);
	fake.answers = answers;
	fake.n_answers = 2;
	bool is_yes = false;
	CHECK_OK(ui_confirm(fake.ui, "--yes", &is_yes, "apply %d changes?", 3));
	CHECK(is_yes);
	CHECK_HAS(fake.talk.ptr, "apply 3 changes? [y/N] ");
}

TEST(ui, no_answer_is_no)
{
	static const char *const answers[] = { "" };
	AUTOFAKE(fake, fake_init_terminal);
	bool is_yes = true;
	CHECK_OK(ui_confirm(fake.ui, "--yes", &is_yes, "go?"));
	CHECK(!is_yes);
	fake.answers = answers;
	fake.n_answers = 1;
	is_yes = true;
	CHECK_OK(ui_confirm(fake.ui, "--yes", &is_yes, "go?"));
	CHECK(!is_yes);
}

TEST(ui, a_question_without_terminal_names_the_option)
{
	AUTOFAKE(fake, fake_init);
	bool is_yes;
	CHECK_ERR(ui_confirm(fake.ui, "--yes", &is_yes, "go?"), ERR_USAGE, "pass --yes");
	AUTOFAKE(forbidden, fake_init_terminal);
	ui_set_no_input(forbidden.ui, true);
	CHECK_ERR(ui_confirm(forbidden.ui, "--yes", &is_yes, "go?"), ERR_USAGE, "--no-input");
}

TEST(ui, tables_align_by_columns_and_escape_cells)
{
	static const char *const headings[] = { "NAME", "STATE" };
	AUTOFAKE(fake, fake_init);
	AUTOPTR(ui_table) table = ui_table_new(2, headings);
	ui_table_add(table, UI_PLAIN, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	ui_table_add(table, UI_STYLE_ADDED, "a\nb");
	ui_table_add(table, UI_PLAIN, "x");
	ui_table_add(table, UI_PLAIN, "y");
	CHECK_INT(ui_table_rows(table), 2);
	ui_table_print(fake.ui, table);
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "NAME    STATE\n"
	                        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  a\\nb\n"
	                        "x       y\n");
}

TEST(ui, tables_cut_the_last_column_on_a_terminal)
{
	static const char *const headings[] = { "A", "B" };
	AUTOFAKE(fake, fake_init_terminal);
	fake.columns = 20;
	AUTOPTR(ui_table) table = ui_table_new(2, headings);
	ui_table_add(table, UI_PLAIN, "x");
	ui_table_add(table, UI_PLAIN, "0123456789012345678901234567890");
	ui_table_print(fake.ui, table);
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "A  B\nx  01234567890123...\n");
}

TEST(ui, diffs_are_unified_and_escaped)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOFAKE(fake, fake_init);
	ui_set_color(fake.ui, UI_ALWAYS);
	struct linediff diff;
	linediff_make(view_of("a\nb\n"), view_of("a\n\x1b[2J"), 3, &arena, &diff);
	ui_diff(fake.ui, &diff, "old", "new");
	CHECK_OK(ui_flush(fake.ui));
	CHECK_STR(fake.out.ptr, "\x1b[31m--- old\x1b[0m\n\x1b[32m+++ new\x1b[0m\n"
	                        "\x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n a\n\x1b[31m-b\x1b[0m\n"
	                        "\x1b[32m+\\x1b[2J\x1b[0m\n\\ No newline at end of file\n");
}
