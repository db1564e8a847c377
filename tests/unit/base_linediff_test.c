#include "test.h"

#include "base/limits.h"
#include "base/linediff.h"

static void make(const char *old_text, const char *new_text, size_t context, struct arena *a,
                 struct linediff *diff)
{
	linediff_make(view_of(old_text), view_of(new_text), context, a, diff);
}

static void check_text(const char *old_text, const char *new_text, size_t context,
                       const char *expected)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	struct linediff diff;
	make(old_text, new_text, context, &a, &diff);
	linediff_write(&diff, NULL, NULL, &out);
	CHECK_STR(out.ptr, expected);
}

TEST(linediff, shows_changes_as_diff_does)
{
	check_text("a\nb\nc\n", "a\nx\nc\n", 3, "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	check_text("", "a\nb\n", 3, "@@ -0,0 +1,2 @@\n+a\n+b\n");
	check_text("a\n", "", 3, "@@ -1 +0,0 @@\n-a\n");
	check_text("a\nb\n", "a\nb\nc\n", 1, "@@ -2 +2,2 @@\n b\n+c\n");
	check_text("a\nb\nc\n", "b\nc\n", 0, "@@ -1 +0,0 @@\n-a\n");
	check_text("a\nb", "a\nb\n", 1,
	           "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	check_text("a\nb", "c\nb", 1,
	           "@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n");
}

TEST(linediff, near_changes_share_a_hunk_and_far_ones_do_not)
{
	check_text("1\n2\n3\n4\n5\n6\n7\n", "x\n2\n3\n4\n5\n6\ny\n", 3,
	           "@@ -1,7 +1,7 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n-7\n+y\n");
	check_text("1\n2\n3\n4\n5\n6\n7\n", "x\n2\n3\n4\n5\n6\ny\n", 1,
	           "@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -6,2 +6,2 @@\n 6\n-7\n+y\n");
}

TEST(linediff, an_added_block_is_shown_as_people_wrote_it)
{
	check_text("- name: a\n  port: 1\n- name: c\n  port: 1\n",
	           "- name: a\n  port: 1\n- name: b\n  port: 1\n- name: c\n  port: 1\n", 0,
	           "@@ -2,0 +3,2 @@\n+- name: b\n+  port: 1\n");
	check_text("{\n}\n", "{\n}\n{\n}\n", 0, "@@ -2,0 +3,2 @@\n+{\n+}\n");
	check_text("a\nx\nx\nb\n", "a\nx\nb\n", 0, "@@ -3 +2,0 @@\n-x\n");
}

TEST(linediff, knows_equal_and_binary_texts)
{
	AUTO(arena) a = ARENA_INIT;
	struct linediff diff;
	make("a\n", "a\n", 3, &a, &diff);
	CHECK(diff.is_equal && diff.hunk_count == 0);
	linediff_make((struct view){ "a\0b", 3 }, view_of("x"), 3, &a, &diff);
	CHECK(diff.is_binary && !diff.is_equal && diff.hunk_count == 0);
	make("", "", 3, &a, &diff);
	CHECK(diff.is_equal);
}

TEST(linediff, names_the_files_when_asked)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	struct linediff diff;
	make("a\n", "b\n", 3, &a, &diff);
	linediff_write(&diff, "a/x", "b/x", &out);
	CHECK_STR(out.ptr, "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n");
	CHECK_INT(diff.removed, 1);
	CHECK_INT(diff.added, 1);
}

/* --- any texts: the hunks must turn one into the other --- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static void random_text(uint32_t *state, unsigned alphabet, struct str *out)
{
	unsigned lines = next_random(state) % 40;
	for (unsigned i = 0; i < lines; i++)
		str_addf(out, "%u\n", next_random(state) % alphabet);
	if (next_random(state) % 4 == 0)
		str_addz(out, "end");
}

static const char *line_at(const struct str *text, size_t number)
{
	const char *at = text->ptr;
	for (size_t i = 1; i < number; i++)
		at = strchr(at, '\n') + 1;
	return at;
}

static void add_line(const struct linediff_line *line, struct str *out)
{
	str_add(out, line->text.ptr, line->text.len);
	if (!line->is_missing_newline)
		str_addch(out, '\n');
}

/* `text` with the hunks applied; `wanted` is the side that is kept. */
static void apply(const struct linediff *diff, const struct str *text, enum linediff_kind wanted,
                  struct str *out)
{
	const char *at = text->ptr;
	bool is_forward = wanted == LINEDIFF_ADDED;
	for (size_t i = 0; i < diff->hunk_count; i++) {
		const struct linediff_hunk *hunk = &diff->hunks[i];
		size_t start = is_forward ? hunk->old_start : hunk->new_start;
		size_t count = is_forward ? hunk->old_count : hunk->new_count;
		const char *from = line_at(text, start + (count == 0));
		str_add(out, at, (size_t)(from - at));
		at = from;
		for (size_t j = 0; j < hunk->line_count; j++) {
			const struct linediff_line *line = &hunk->lines[j];
			if (line->kind == LINEDIFF_SAME || line->kind == wanted)
				add_line(line, out);
			if (line->kind != wanted)
				at += line->text.len + !line->is_missing_newline;
		}
	}
	str_add(out, at, (size_t)(text->ptr + text->len - at));
}

TEST(linediff, hunks_turn_either_text_into_the_other)
{
	uint32_t state = 7;
	for (unsigned i = 0; i < 3000; i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) old_text = STR_INIT;
		AUTO(str) new_text = STR_INIT;
		AUTO(str) there = STR_INIT;
		AUTO(str) back = STR_INIT;
		struct linediff diff;
		unsigned alphabet = 1 + next_random(&state) % 12;
		random_text(&state, alphabet, &old_text);
		random_text(&state, alphabet, &new_text);
		linediff_make(view_str(&old_text), view_str(&new_text), i % 5, &a, &diff);
		apply(&diff, &old_text, LINEDIFF_ADDED, &there);
		apply(&diff, &new_text, LINEDIFF_REMOVED, &back);
		CHECK_STR(there.ptr, new_text.ptr);
		CHECK_STR(back.ptr, old_text.ptr);
		CHECK(!diff.is_coarse);
	}
}

/* Longest common subsequence by the textbook, for the number of changes. */
static size_t shortest_edit(const char *x, size_t x_len, const char *y, size_t y_len)
{
	size_t table[32][32] = { { 0 } };
	for (size_t i = 1; i <= x_len; i++)
		for (size_t j = 1; j <= y_len; j++)
			table[i][j] = x[i - 1] == y[j - 1] ? table[i - 1][j - 1] + 1
			                                   : MAX(table[i - 1][j], table[i][j - 1]);
	return x_len + y_len - 2 * table[x_len][y_len];
}

TEST(linediff, finds_a_shortest_difference)
{
	uint32_t state = 3;
	for (unsigned i = 0; i < 2000; i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) old_text = STR_INIT;
		AUTO(str) new_text = STR_INIT;
		char x[32], y[32];
		size_t x_len = next_random(&state) % 30, y_len = next_random(&state) % 30;
		for (size_t j = 0; j < x_len; j++)
			str_addf(&old_text, "%c\n", x[j] = (char)('a' + next_random(&state) % 4));
		for (size_t j = 0; j < y_len; j++)
			str_addf(&new_text, "%c\n", y[j] = (char)('a' + next_random(&state) % 4));
		struct linediff diff;
		linediff_make(view_str(&old_text), view_str(&new_text), 3, &a, &diff);
		CHECK_INT(diff.added + diff.removed, shortest_edit(x, x_len, y, y_len));
	}
}

TEST(linediff, huge_texts_are_answered_coarsely)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) old_text = STR_INIT;
	AUTO(str) new_text = STR_INIT;
	struct linediff diff;
	uint32_t state = 1;
	for (unsigned i = 0; i < 20000; i++) {
		str_addf(&old_text, "%u\n", next_random(&state) % 300);
		str_addf(&new_text, "%u\n", next_random(&state) % 300);
	}
	linediff_make(view_str(&old_text), view_str(&new_text), 3, &a, &diff);
	CHECK(diff.is_coarse);
	for (unsigned i = 0; i < LIMIT_DIFF_LINES; i++)
		str_addz(&old_text, "x\n");
	linediff_make(view_str(&old_text), view_str(&new_text), 3, &a, &diff);
	CHECK(diff.is_coarse);
	CHECK_INT(diff.removed, LIMIT_DIFF_LINES + 20000);
}
