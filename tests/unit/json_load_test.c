#include "test.h"

#include "base/limits.h"
#include "json/json.h"

static err *load(struct arena *a, const char *text, struct val **root)
{
	return json_load(text, strlen(text), "file.json", a, root);
}

TEST(json, reads_every_kind)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	CHECK_OK(load(
		&a, "{\"s\":\"x\",\"i\":-5,\"f\":1.5,\"t\":true,\"n\":null,\"l\":[1,[]],\"m\":{}}",
		&root));
	CHECK_STR(val_get_str(root, "s", ""), "x");
	CHECK_INT(val_get_int(root, "i", 0), -5);
	CHECK(val_get(root, "f")->as.number > 1.4);
	CHECK(val_get_bool(root, "t", false));
	CHECK(val_is(val_get(root, "n"), VAL_NULL));
	CHECK_INT(val_len(val_get(root, "l")), 2);
	CHECK(val_is(val_get(root, "m"), VAL_MAP));
	CHECK_STR(val_entry_at(root, 4)->key, "n");
	CHECK_OK(load(&a, " \"alone\" ", &root));
	CHECK_STR(root->as.str.ptr, "alone");
	CHECK_OK(load(&a, "\xef\xbb\xbf[1]", &root));
	CHECK_INT(root->mark.start, 3);
}

TEST(json, numbers_keep_64_bits_and_larger_ones_are_floats)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	CHECK_OK(load(&a, "[9223372036854775807,-9223372036854775808,9223372036854775808,1.0]",
	              &root));
	CHECK(val_at(root, 0)->as.integer == INT64_MAX);
	CHECK(val_at(root, 1)->as.integer == INT64_MIN);
	CHECK(val_is(val_at(root, 2), VAL_FLOAT));
	CHECK(val_is(val_at(root, 3), VAL_FLOAT));
}

TEST(json, strings_are_decoded)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	CHECK_OK(load(
		&a, "[\"\\u00e9\\ud83d\\ude00\\n\\/\\\\\\\"\", \"a\\u0000b\", {\"k\\u0065y\": 1}]",
		&root));
	CHECK_STR(val_at(root, 0)->as.str.ptr, "\xc3\xa9\xf0\x9f\x98\x80\n/\\\"");
	CHECK_INT(val_at(root, 1)->as.str.len, 3);
	CHECK_INT(val_get_int(val_at(root, 2), "key", 0), 1);
}

TEST(json, marks_name_the_bytes_of_every_value)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	CHECK_OK(load(&a, "{\n  \"a\": [1, {\"b\": \"x,]\\\"\"}],\n  \"c\" : true\n}\n", &root));
	const struct val *b = val_path(root, "a[1].b");
	CHECK(view_is(val_source_text(b), "\"x,]\\\"\""));
	CHECK_INT(b->mark.line, 2);
	CHECK_INT(b->mark.column, 18);
	CHECK(view_is(val_source_text(val_path(root, "a[1]")), "{\"b\": \"x,]\\\"\"}"));
	CHECK(view_is(val_source_text(val_get(root, "c")), "true"));
	CHECK_INT(val_entry(root, "c")->key_mark.line, 3);
	CHECK_INT(val_entry(root, "c")->key_mark.column, 3);
	CHECK_INT(root->mark.start, 0);
	CHECK_INT(root->style, VAL_STYLE_FLOW);
}

TEST(json, mistakes_are_explained_at_their_place)
{
	static const struct {
		const char *text;
		size_t line, column;
		const char *part;
	} cases[] = {
		{ "", 1, 1, "the file is empty" },
		{ "{", 1, 2, "found the end of the text" },
		{ "{\"a\":1", 1, 7, "not closed" },
		{ "{\"a\":1,}", 1, 7, "trailing commas" },
		{ "[1,\n]", 1, 3, "trailing commas" },
		{ "{a: 1}", 1, 2, "a key in double quotes" },
		{ "{'a': 1}", 1, 2, "JSON strings are written in double quotes" },
		{ "{\"a\" 1}", 1, 6, "':' behind the key" },
		{ "[1 2]", 1, 4, "',' or ']'" },
		{ "[yes]", 1, 2, "put the text in double quotes" },
		{ "[1] x", 1, 5, "the end of the text" },
		{ "// c\n1", 1, 1, "no comments" },
		{ "[01]", 1, 2, "not a JSON number" },
		{ "[1.]", 1, 2, "not a JSON number" },
		{ "[-]", 1, 2, "not a JSON number" },
		{ "[0x1F]", 1, 2, "not a JSON number" },
		{ "[1e400]", 1, 2, "too large" },
		{ "[NaN]", 1, 2, "expected a value" },
		{ "[\"a\nb\"]", 1, 2, "not closed on its line" },
		{ "[\"a\tb\"]", 1, 4, "control character" },
		{ "[\"a", 1, 2, "never closed" },
		{ "[\"\\x\"]", 1, 3, "unknown escape" },
		{ "[\"\\u12\"]", 1, 3, "unknown escape" },
		{ "[\"\\ud800\"]", 1, 2, "not valid JSON" },
		{ "{\"a\":1,\n \"a\":2}", 2, 2, "set twice" },
		{ "{\"a\\\"\":1, \"a\\\"\":2}", 1, 11, "set twice" },
		{ "{\"\\u0000\":1}", 1, 2, "zero character" },
		{ "[\"\xff\"]", 1, 3, "not valid UTF-8" },
		{ "\xff\xfe[", 1, 1, "not valid UTF-8" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = ARENA_INIT;
		struct val *root = NULL;
		AUTOERR err *e = load(&a, cases[i].text, &root);
		if (!test_error_is(__FILE__, __LINE__, cases[i].text, e, ERR_INVALID,
		                   cases[i].part))
			return;
		const struct err_place *place = err_place(e);
		CHECK(place != NULL);
		if (place->line != cases[i].line || place->column != cases[i].column) {
			test_fail(__FILE__, __LINE__, "<<%s>> at %zu:%zu, expected %zu:%zu",
			          cases[i].text, place->line, place->column, cases[i].line,
			          cases[i].column);
			return;
		}
	}
}

TEST(json, limits_hold)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct val *root = NULL;
	str_add_repeat(&text, '[', LIMIT_DEPTH + 1);
	CHECK_ERR(load(&a, text.ptr, &root), ERR_LIMIT, "nested deeper than 100");
	str_reset(&text);
	str_add_repeat(&text, '[', LIMIT_DEPTH);
	str_add_repeat(&text, ']', LIMIT_DEPTH);
	CHECK_OK(load(&a, text.ptr, &root));
	str_reset(&text);
	str_addz(&text, "{\"");
	str_add_repeat(&text, 'k', LIMIT_KEY_BYTES + 1);
	str_addz(&text, "\":1}");
	CHECK_ERR(load(&a, text.ptr, &root), ERR_LIMIT, "a key has more than");
	CHECK_ERR(json_load(text.ptr, (size_t)LIMIT_DOC_BYTES + 1, "f", &a, &root), ERR_LIMIT,
	          "67108865 bytes");
	str_reset(&text);
	str_addch(&text, '[');
	for (size_t i = 0; i < LIMIT_NODES; i++)
		str_addz(&text, "1,");
	CHECK_ERR(load(&a, text.ptr, &root), ERR_LIMIT, "more than 2000000 values");
	CHECK_ERR(json_load("[\"a\0b\"]", 7, "f", &a, &root), ERR_INVALID, "control character");
}
