/* Reading on after errors, and the tokens of a text. */
#include "base/base.h"

#include "test.h"
#include "yaml/yaml.h"
#include "yaml/yaml_tokens.h"

struct seen {
	size_t len;
	struct yaml_flaw flaws[200];
};

static void note(void *ctx, const struct yaml_flaw *flaw)
{
	struct seen *seen = ctx;
	if (seen->len < ARRAY_LEN(seen->flaws))
		seen->flaws[seen->len++] = *flaw;
}

static struct yaml_docs load(const char *text, bool is_core, struct arena *a, struct seen *seen)
{
	const struct yaml_lenient how = { .is_core = is_core, .report = note, .ctx = seen };
	struct yaml_docs docs;
	seen->len = 0;
	yaml_load_lenient(text, strlen(text), "x.yaml", a, &how, &docs);
	return docs;
}

TEST(yaml_lenient, a_key_again_is_reported_and_the_last_one_counts)
{
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs = load("a: 1\nb: 2\na: 3\n", false, &a, &seen);
	CHECK_INT(docs.len, 1);
	CHECK_INT(seen.len, 1);
	CHECK_INT(seen.flaws[0].kind, YAML_FLAW_DUPLICATE);
	CHECK_INT(seen.flaws[0].start, 10);
	CHECK(strstr(seen.flaws[0].message, "line 1, column 1"));
	CHECK_INT(val_len(docs.ptr[0].root), 2);
	CHECK_INT(val_get(docs.ptr[0].root, "a")->as.integer, 3);
}

TEST(yaml_lenient, broken_documents_do_not_hide_the_others)
{
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs =
		load("a: 1\n---\nb: [1\n---\nc: 3\n---\n\"d\n---\ne: 5\nf: é\n---\ng: [\n", false,
	             &a, &seen);
	CHECK_INT(docs.len, 3);
	CHECK_INT(seen.len, 3);
	CHECK(val_get(docs.ptr[0].root, "a"));
	CHECK(val_get(docs.ptr[1].root, "c"));
	CHECK(val_get(docs.ptr[2].root, "e"));
	CHECK_INT(val_get(docs.ptr[2].root, "f")->mark.line, 10);
	CHECK_INT(val_get(docs.ptr[1].root, "c")->mark.start, 22);
}

TEST(yaml_lenient, flaws_leave_something_to_look_at)
{
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs =
		load("a: *x\nb: !odd 1\n[1, 2]: c\n~: d\ne: .inf\nf: &f [*f]\n<<: 1\n", false, &a,
	             &seen);
	static const enum yaml_flaw_kind kinds[] = { YAML_FLAW_ALIAS,  YAML_FLAW_TAG,
		                                     YAML_FLAW_KEY,    YAML_FLAW_KEY,
		                                     YAML_FLAW_NUMBER, YAML_FLAW_CIRCLE,
		                                     YAML_FLAW_MERGE };
	CHECK_INT(docs.len, 1);
	CHECK_INT(seen.len, ARRAY_LEN(kinds));
	for (size_t i = 0; i < MIN(seen.len, ARRAY_LEN(kinds)); i++)
		CHECK_INT(seen.flaws[i].kind, kinds[i]);
	CHECK(val_is(val_get(docs.ptr[0].root, "a"), VAL_NULL));
	CHECK_STR(val_get_str(docs.ptr[0].root, "[1, 2]", ""), "c");
	CHECK_STR(val_get_str(docs.ptr[0].root, "e", ""), ".inf");
}

TEST(yaml_lenient, yaml_1_2_has_no_yes_and_on)
{
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs = load("on: yes\nb: True\n", true, &a, &seen);
	CHECK_STR(val_get_str(docs.ptr[0].root, "on", ""), "yes");
	CHECK(val_is(val_get(docs.ptr[0].root, "b"), VAL_BOOL));
	docs = load("on: yes\n", false, &a, &seen);
	CHECK(val_is(val_get(docs.ptr[0].root, "true"), VAL_BOOL));
}

TEST(yaml_lenient, many_broken_documents_are_read_in_one_pass_each)
{
	AUTO(str) text = STR_INIT;
	for (int i = 0; i < 90; i++)
		str_addz(&text, "---\na: [\n");
	for (int i = 0; i < 20000; i++)
		str_addz(&text, "---\nb: 1\n");
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs = load(text.ptr, false, &a, &seen);
	CHECK_INT(seen.len, 90);
	CHECK_INT(docs.len, 20000);
}

TEST(yaml_lenient, bytes_that_are_no_text_are_one_flaw)
{
	AUTO(arena) a = ARENA_INIT;
	struct seen seen;
	struct yaml_docs docs = load("a: \xff\n---\nb: 1\n", false, &a, &seen);
	CHECK_INT(docs.len, 0);
	CHECK_INT(seen.len, 1);
	CHECK_INT(seen.flaws[0].kind, YAML_FLAW_BROKEN);
	CHECK_INT(seen.flaws[0].start, 3);
}

static void dump(const char *text, struct str *out)
{
	AUTOPTR(yaml_tokens) tokens = yaml_tokens_new(text, strlen(text));
	struct yaml_token token;
	str_reset(out);
	while (tokens && yaml_tokens_next(tokens, &token))
		str_addf(out, "%d@%u-%u/%u:%u ", (int)token.kind, token.start, token.end,
		         token.line, token.column);
	if (tokens && !yaml_tokens_are_whole(tokens))
		str_addz(out, "lost");
}

TEST(yaml_tokens, places_are_bytes_and_columns_characters)
{
	AUTO(str) out = STR_INIT;
	dump("é: [中, *b]", &out);
	CHECK_STR(out.ptr, "1@0-0/0:0 8@0-0/0:0 16@0-0/0:0 21@0-2/0:0 17@2-3/0:1 10@4-5/0:3 "
	                   "21@5-8/0:4 15@8-9/0:5 18@10-12/0:7 11@12-13/0:9 9@13-13/0:10 "
	                   "2@13-13/0:10 ");
}

TEST(yaml_tokens, the_end_of_a_text_without_a_line_end_stays_on_its_line)
{
	AUTO(str) out = STR_INIT;
	dump("a", &out);
	CHECK_STR(out.ptr, "1@0-0/0:0 21@0-1/0:0 2@1-1/0:1 ");
	dump("a\n", &out);
	CHECK_STR(out.ptr, "1@0-0/0:0 21@0-1/0:0 2@2-2/1:0 ");
}

TEST(yaml_tokens, end_where_the_text_is_broken_or_too_deep)
{
	AUTO(str) out = STR_INIT;
	dump("a: 'b", &out);
	CHECK(str_ends(out.ptr, "lost"));
	AUTO(str) deep = STR_INIT;
	for (int i = 0; i < 100000; i++)
		str_addz(&deep, "[");
	dump(deep.ptr, &out);
	CHECK(str_ends(out.ptr, "lost"));
	CHECK(out.len < 10000);
	CHECK(!yaml_tokens_new("\xff", 1));
}
