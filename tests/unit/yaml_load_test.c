#include "test.h"

#include "base/limits.h"
#include "yaml/yaml.h"

static err *load(struct arena *a, const char *text, struct yaml_docs *docs)
{
	return yaml_load(text, strlen(text), "file.yaml", a, docs);
}

/* The first document; NULL when it is refused. */
static const struct val *root_of(struct arena *a, const char *text)
{
	struct yaml_docs docs;
	AUTOERR err *e = load(a, text, &docs);
	return e || docs.len == 0 ? NULL : docs.ptr[0].root;
}

static bool text_is(const struct val *v, const char *expected)
{
	return view_is(val_source_text(v), expected);
}

TEST(yaml, marks_name_the_bytes_of_every_value)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root = root_of(&a, "a: one\nb:\n  - 'two'\n  - {c: \"three\"}\nd: ~\n");
	CHECK(root != NULL);
	CHECK(text_is(val_get(root, "a"), "one"));
	CHECK(text_is(val_path(root, "b[0]"), "'two'"));
	CHECK(text_is(val_path(root, "b[1]"), "{c: \"three\"}"));
	CHECK(text_is(val_path(root, "b[1].c"), "\"three\""));
	CHECK(text_is(val_get(root, "b"), "- 'two'\n  - {c: \"three\"}"));
	CHECK(text_is(val_get(root, "d"), "~"));
	CHECK(text_is(root, "a: one\nb:\n  - 'two'\n  - {c: \"three\"}\nd: ~"));
	const struct val *three = val_path(root, "b[1].c");
	CHECK_INT(three->mark.line, 4);
	CHECK_INT(three->mark.column, 9);
	CHECK_INT(val_entry(root, "b")->key_mark.line, 2);
	CHECK_INT(val_entry(root, "b")->key_mark.column, 1);
	CHECK_INT(val_entry(root, "b")->key_mark.end - val_entry(root, "b")->key_mark.start, 1);
}

TEST(yaml, marks_count_bytes_behind_other_letters)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root =
		root_of(&a, "\xef\xbb\xbf\xc3\xa9: \"\xc3\xbc\"\nb: [\xe4\xb8\xad, x]\nc: y\n");
	CHECK(root != NULL);
	CHECK(text_is(val_get(root, "\xc3\xa9"), "\"\xc3\xbc\""));
	CHECK_INT(val_get(root, "\xc3\xa9")->mark.column, 5);
	CHECK(text_is(val_path(root, "b[0]"), "\xe4\xb8\xad"));
	CHECK(text_is(val_path(root, "b[1]"), "x"));
	CHECK_INT(val_path(root, "b[1]")->mark.column, 10);
	CHECK_INT(val_path(root, "b[1]")->mark.line, 2);
	CHECK(text_is(val_get(root, "c"), "y"));
}

TEST(yaml, styles_are_kept)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root =
		root_of(&a, "a: p\n'b': 's'\nc: \"d\"\ne: |\n  l\nf: >\n  g\nh: []\ni:\n- 1\n");
	CHECK(root != NULL);
	CHECK_INT(val_get(root, "a")->style, VAL_STYLE_PLAIN);
	CHECK_INT(val_get(root, "b")->style, VAL_STYLE_SINGLE);
	CHECK_INT(val_entry(root, "b")->key_style, VAL_STYLE_SINGLE);
	CHECK_INT(val_get(root, "c")->style, VAL_STYLE_DOUBLE);
	CHECK_INT(val_get(root, "e")->style, VAL_STYLE_LITERAL);
	CHECK_INT(val_get(root, "f")->style, VAL_STYLE_FOLDED);
	CHECK_INT(val_get(root, "h")->style, VAL_STYLE_FLOW);
	CHECK_INT(val_get(root, "i")->style, VAL_STYLE_BLOCK);
}

TEST(yaml, block_scalars_end_with_their_last_line)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root = root_of(&a, "a: |\n  x\n\n  y\n\n\n# note\nb: 1\n");
	CHECK(root != NULL);
	CHECK(text_is(val_get(root, "a"), "|\n  x\n\n  y"));
	CHECK_STR(val_get_str(root, "a", ""), "x\n\ny\n");
}

TEST(yaml, anchors_and_tags_are_not_part_of_a_value)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root = root_of(&a, "a: &x !!str 5\nb: *x\nc: &y\n  k: 1\nd: *y\n");
	CHECK(root != NULL);
	CHECK(text_is(val_get(root, "a"), "5"));
	CHECK_INT(val_get(root, "a")->mark.column, 13);
	CHECK_INT(val_get(root, "a")->flags, VAL_HAS_ANCHOR | VAL_HAS_TAG);
	CHECK(text_is(val_get(root, "b"), "*x"));
	CHECK_INT(val_get(root, "b")->flags & VAL_IS_ALIAS, VAL_IS_ALIAS);
	CHECK_STR(val_get_str(root, "b", ""), "5");
	CHECK(text_is(val_get(root, "c"), "k: 1"));
	CHECK_INT(val_get(root, "c")->mark.line, 4);
	CHECK_INT(val_get(root, "d")->mark.line, 5);
	CHECK(val_path(root, "c.k") == val_path(root, "d.k"));
}

TEST(yaml, documents_have_their_ranges)
{
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs docs;
	const char *text = "a: 1\n---\n---\nb: 2\n...\n# end\n";
	CHECK_OK(load(&a, text, &docs));
	CHECK_INT(docs.len, 3);
	CHECK_INT(docs.ptr[0].start, 0);
	CHECK_INT(docs.ptr[0].end, 5);
	CHECK_INT(docs.ptr[1].root->kind, VAL_NULL);
	CHECK_INT(val_get_int(docs.ptr[2].root, "b", 0), 2);
	CHECK_OK(load(&a, "", &docs));
	CHECK_INT(docs.len, 0);
	CHECK_OK(load(&a, "# only a comment\n", &docs));
	CHECK_INT(docs.len, 0);
}

TEST(yaml, one_document_means_one)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	CHECK_OK(yaml_load_one("a: 1", 4, "f", &a, &root));
	CHECK_ERR(yaml_load_one("", 0, "f", &a, &root), ERR_INVALID, "the file is empty");
	CHECK_ERR(yaml_load_one("a\n---\nb\n", 8, "f", &a, &root), ERR_INVALID,
	          "expected one document, found 2");
}

TEST(yaml, merge_keeps_order_and_marks_what_came_in)
{
	AUTO(arena) a = ARENA_INIT;
	const struct val *root = root_of(&a, "b: &b {x: 1, z: 2}\nd:\n  <<: *b\n  w: 3\n  x: 4\n");
	CHECK(root != NULL);
	const struct val *d = val_get(root, "d");
	CHECK_INT(val_len(d), 3);
	CHECK_INT(val_get_int(d, "x", 0), 4);
	CHECK_INT(val_get_int(d, "z", 0), 2);
	CHECK_INT(val_entry(d, "z")->flags, VAL_IS_MERGED);
	CHECK_INT(val_entry(d, "x")->flags, 0);
}

/* --- what is refused, and how it is said --- */

struct refusal {
	const char *text;
	size_t line, column;
	const char *part; /* of the message or a hint */
};

static const struct refusal refusals[] = {
	{ "a:\n\tb: 1\n", 2, 1, "tab" },
	{ "a:\n  b: 1\n\tc: 2\n", 3, 1, "indent with spaces" },
	{ "a: b: c\n", 1, 5, "quote the text if the colon" },
	{ "a: \"x\nb: 1\n", 1, 4, "never closed" },
	{ "a: 'x\nb: 1\n", 1, 4, "never closed" },
	{ "a: 'x\n---\nb: 'y'\n", 1, 4, "not closed before the next document" },
	{ "a: [1, 2\nb: 3\n", 2, 2, "line 1" },
	{ "a: {x: 1\nb: 3\n", 2, 2, "line 1" },
	{ "a:\n  - b\n c: d\n", 3, 2, "indent this line" },
	{ "a:\n  b: 1\n c: d\n", 3, 2, "indent this line" },
	{ "- a\nb: 1\n", 2, 1, "end the list" },
	{ "a: - b\n", 1, 4, "a list item" },
	{ "a: @x\n", 1, 4, "cannot begin with '@'" },
	{ "a: `x`\n", 1, 4, "quotes" },
	{ "a: %x\n", 1, 4, "'%'" },
	{ "a: *.example.com\n", 1, 4, "begins with '*'" },
	{ "a: *b\n", 1, 4, "no anchor '&b'" },
	{ "a: &a [*a]\n", 1, 8, "contains itself" },
	{ "x: 1\ny: 2\nx: 3\n", 3, 1, "already set on line 1" },
	{ "1: a\n'1': b\n", 2, 1, "already set on line 1" },
	{ "yes: a\ntrue: b\n", 2, 1, "'true' is already set" },
	{ "a: .inf\n", 1, 4, "JSON" },
	{ "a: .nan\n", 1, 4, "quotes" },
	{ "a: !foo b\n", 1, 9, "'!foo' is not supported" },
	{ "a: !!set {b}\n", 1, 10, "!!set" },
	{ "a: !!int x\n", 1, 10, "cannot be read as !!int" },
	{ "a: !!binary '@'\n", 1, 13, "base64" },
	{ "a: !!binary /w==\n", 1, 13, "not UTF-8" },
	{ "{a: b}: c\n", 1, 1, "a key must be a text" },
	{ "[a]: c\n", 1, 1, "found a list" },
	{ "~: a\n", 1, 1, "key must not be empty" },
	{ "18446744073709551615: a\n", 1, 1, "too large for a key" },
	{ "a: {{ .Values.x }}\n", 1, 5, "template" },
	{ "a: \"\\q\"\n", 1, 5, "escape" },
	{ "a: \"\\ud83d\"\n", 1, 7, "surrogate" },
	{ "a: x\n b\n  - c: d\n", 3, 6, "colon" },
	{ "foo\nbar: 1\n", 2, 4, "colon" },
	{ "%YAML 2.0\n---\na\n", 1, 1, "version" },
	{ "d:\n  <<: 1\n", 2, 7, "'<<' needs a map" },
	{ "b: &b {x: 1}\nd:\n  x: 2\n  <<: *b\n", 4, 3, "put '<<' above" },
	{ "a: \x01\n", 1, 4, "U+0001" },
	{ "a: \x7f\n", 1, 4, "U+007F" },
	{ "a: x\xff\n", 1, 5, "not valid UTF-8" },
	{ "a: \xed\xa0\x80\n", 1, 4, "not valid UTF-8" },
	{ "a: \xef\xbb\xbfx\n", 1, 4, "U+FEFF" },
	{ "\xff\xfe"
	  "a",
	  1, 1, "UTF-16" },
	{ "\xfe\xff"
	  "a",
	  1, 1, "UTF-16" },
};

TEST(yaml, mistakes_are_explained_at_their_place)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];
		AUTO(arena) a = ARENA_INIT;
		struct yaml_docs docs;
		AUTOERR err *e = load(&a, r->text, &docs);
		if (!test_error_is(__FILE__, __LINE__, r->text, e, ERR_INVALID, r->part))
			return;
		const struct err_place *place = err_place(e);
		CHECK(place != NULL);
		CHECK_STR(place->file, "file.yaml");
		if (place->line != r->line || place->column != r->column) {
			test_fail(__FILE__, __LINE__, "<<%s>> at %zu:%zu, expected %zu:%zu: %s",
			          r->text, place->line, place->column, r->line, r->column,
			          err_message(e));
			return;
		}
	}
}

TEST(yaml, a_zero_byte_is_refused)
{
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs docs;
	CHECK_ERR(yaml_load("a: b\0c d", 8, "f", &a, &docs), ERR_INVALID, "binary file");
	CHECK_ERR(yaml_load("a\0b\0", 4, "f", &a, &docs), ERR_INVALID, "UTF-16");
}

/* --- limits --- */

TEST(yaml, depth_is_limited)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_add_repeat(&text, '[', LIMIT_DEPTH);
	str_add_repeat(&text, ']', LIMIT_DEPTH);
	CHECK_OK(load(&a, text.ptr, &docs));
	str_reset(&text);
	str_add_repeat(&text, '[', LIMIT_DEPTH + 1);
	str_add_repeat(&text, ']', LIMIT_DEPTH + 1);
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "nested deeper than 100");
	str_reset(&text);
	str_add_repeat(&text, '[', 1000000);
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "nested deeper");
	str_reset(&text);
	for (size_t i = 0; i < 300; i++) {
		str_add_repeat(&text, ' ', i);
		str_addz(&text, "a:\n");
	}
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "nested deeper");
}

TEST(yaml, depth_counts_through_aliases)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_addz(&text, "a0: &a0 [x]\n");
	for (unsigned i = 1; i < 150; i++)
		str_addf(&text, "a%u: &a%u [*a%u]\n", i, i, i - 1);
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "nested deeper");
}

TEST(yaml, a_bomb_of_aliases_is_refused)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_addz(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (unsigned i = 1; i < 10; i++) {
		str_addf(&text, "a%u: &a%u [", i, i);
		for (unsigned j = 0; j < 10; j++)
			str_addf(&text, "%s*a%u", j ? ", " : "", i - 1);
		str_addz(&text, "]\n");
	}
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "every alias counted in full");
	CHECK(a.total_bytes < (1u << 20));
}

TEST(yaml, a_bomb_of_merges_is_refused)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_addz(&text, "base: &base {");
	for (unsigned i = 0; i < 2000; i++)
		str_addf(&text, "k%u: 1, ", i);
	str_addz(&text, "}\nall:\n");
	for (unsigned i = 0; i < 2000; i++)
		str_addf(&text, "- <<: *base\n");
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "every alias counted in full");
}

TEST(yaml, sizes_are_limited)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_addz(&text, "? ");
	str_add_repeat(&text, 'k', LIMIT_KEY_BYTES + 1);
	str_addz(&text, "\n: v\n");
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "a key has 4097 bytes");
	CHECK_ERR(yaml_load(text.ptr, (size_t)LIMIT_DOC_BYTES + 1, "f", &a, &docs), ERR_LIMIT,
	          "67108865 bytes");
	str_reset(&text);
	for (size_t i = 0; i < LIMIT_DOCS_PER_FILE + 1; i++)
		str_addz(&text, "--- a\n");
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "documents");
}

TEST(yaml, values_are_limited)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	str_addz(&text, "a: &a [");
	for (size_t i = 0; i < 1000; i++)
		str_addz(&text, "1, ");
	str_addz(&text, "]\nb: [");
	for (size_t i = 0; i < LIMIT_NODES / 1000; i++)
		str_addz(&text, "*a, ");
	str_addz(&text, "]\n");
	CHECK_ERR(load(&a, text.ptr, &docs), ERR_LIMIT, "more than 2000000 values");
}

TEST(yaml, many_anchors_and_keys_stay_fast)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct yaml_docs docs;
	for (unsigned i = 0; i < 50000; i++)
		str_addf(&text, "key%u: &anchor%u %u\nalias%u: *anchor%u\n", i, i, i, i, i);
	CHECK_OK(load(&a, text.ptr, &docs));
	CHECK_INT(val_len(docs.ptr[0].root), 100000);
	CHECK_INT(val_get_int(docs.ptr[0].root, "alias49999", 0), 49999);
}

TEST(yaml, nothing_of_the_callers_text_is_kept)
{
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs docs;
	char text[] = "a: bcd\n";
	CHECK_OK(load(&a, text, &docs));
	memset(text, 'x', sizeof(text) - 1);
	CHECK_STR(val_get_str(docs.ptr[0].root, "a", ""), "bcd");
	CHECK(text_is(val_get(docs.ptr[0].root, "a"), "bcd"));
}
