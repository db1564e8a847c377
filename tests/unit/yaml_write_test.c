#include "test.h"

#include "yaml/yaml.h"

static void check_written(struct val *v, const char *expected)
{
	AUTO(str) out = STR_INIT;
	yaml_write(v, &out);
	CHECK_STR(out.ptr, expected);
}

TEST(yaml_write, writes_clean_blocks)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = val_new_map(&a);
	struct val *list = val_new_list(&a);
	struct val *item = val_new_map(&a);
	val_set_str(&a, item, "name", "web");
	val_set(&a, item, "port", val_new_int(&a, 80));
	val_push(&a, list, item);
	val_push(&a, list, val_new_str(&a, "x"));
	struct val *inner = val_new_list(&a);
	val_push(&a, inner, val_new_bool(&a, true));
	val_push(&a, list, inner);
	val_set_str(&a, root, "kind", "File");
	val_set(&a, root, "items", list);
	val_set(&a, root, "empty", val_new_map(&a));
	val_set(&a, root, "none", val_new_list(&a));
	val_set(&a, root, "nil", val_new_null(&a));
	val_set_str(&a, root, "text", "one\n  two\n");
	check_written(root, "kind: File\nitems:\n  - name: web\n    port: 80\n  - x\n  - - true\n"
	                    "empty: {}\nnone: []\nnil: null\ntext: |\n  one\n    two\n");
}

TEST(yaml_write, quotes_what_would_read_as_something_else)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{ "plain", "plain" },
		{ "with space", "with space" },
		{ "", "\"\"" },
		{ "yes", "\"yes\"" },
		{ "N", "\"N\"" },
		{ "null", "\"null\"" },
		{ "~", "\"~\"" },
		{ "0644", "\"0644\"" },
		{ "1.5", "\"1.5\"" },
		{ "1_000", "\"1_000\"" },
		{ "12:30", "\"12:30\"" },
		{ "2001-01-01", "\"2001-01-01\"" },
		{ "10.0.0.1", "10.0.0.1" },
		{ "1.2.3", "1.2.3" },
		{ "/etc/motd", "/etc/motd" },
		{ "-", "\"-\"" },
		{ "- a", "\"- a\"" },
		{ "--flag", "--flag" },
		{ "-x", "-x" },
		{ "---", "\"---\"" },
		{ "a: b", "\"a: b\"" },
		{ "a:", "\"a:\"" },
		{ "a:b", "a:b" },
		{ "a #b", "\"a #b\"" },
		{ "#a", "\"#a\"" },
		{ "a#b", "a#b" },
		{ "*a", "\"*a\"" },
		{ "&a", "\"&a\"" },
		{ "!a", "\"!a\"" },
		{ "{a", "\"{a\"" },
		{ "[a", "\"[a\"" },
		{ "%a", "\"%a\"" },
		{ "@a", "\"@a\"" },
		{ "`a", "\"`a\"" },
		{ "|", "\"|\"" },
		{ " a", "\" a\"" },
		{ "a ", "\"a \"" },
		{ "a\tb", "\"a\\tb\"" },
		{ "<<", "\"<<\"" },
		{ "say \"hi\": x", "'say \"hi\": x'" },
		{ "it's", "it's" },
		{ "'a'", "\"'a'\"" },
		{ "\"a", "'\"a'" },
		{ "a\x01", "\"a\\x01\"" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x80\xa8", "\"\\u2028\"" },
		{ "\n", "\"\\n\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) out = STR_INIT;
		yaml_write(val_new_str(&a, cases[i].text), &out);
		str_truncate(&out, out.len - 1);
		CHECK_STR(out.ptr, cases[i].written);
	}
}

TEST(yaml_write, keeps_every_line_feed_of_a_text)
{
	static const char *const texts[] = {
		"a\nb",           "a\nb\n",        "a\nb\n\n",
		"a\n\n\n",        "\na",           "\n\n",
		" a\nb",          "a\n b\n",       "a\n  \nb\n",
		"a\n  ",          "a \nb",         "\ta\nb",
		"a\n\tb\n",       "# a\n# b\n",    "- a\n- b",
		"a: b\n---\nc\n", "...\n---\n",    "a\r\nb\r\n",
		"x\n\n\ny\n",     "key: |\n  z\n", "\xc3\xa9\n\xe4\xb8\xad\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) out = STR_INIT;
		struct val *root = val_new_map(&a), *list = val_new_list(&a), *again = NULL;
		val_set_str(&a, root, texts[i], texts[i]);
		val_push(&a, list, val_new_str(&a, texts[i]));
		val_push(&a, list, list->as.list.items[0]);
		val_set(&a, root, "list", list);
		val_set_str(&a, root, "last", texts[i]);
		yaml_write(root, &out);
		CHECK_OK(yaml_load_one(out.ptr, out.len, "written", &a, &again));
		if (!val_equal(root, again)) {
			test_fail(__FILE__, __LINE__, "differs: <<%s>>", out.ptr);
			return;
		}
	}
}

TEST(yaml_write, long_keys_and_numbers_read_back)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	AUTO(str) key = STR_INIT;
	struct val *root = val_new_map(&a), *inner = val_new_map(&a), *again = NULL;
	str_add_repeat(&key, 'k', 3000);
	val_set(&a, inner, key.ptr, val_new_float(&a, 0.1));
	val_set(&a, inner, "big", val_new_float(&a, 18446744073709551615.0));
	val_set(&a, inner, "small", val_new_float(&a, 5e-324));
	val_set(&a, inner, "min", val_new_int(&a, INT64_MIN));
	val_set(&a, inner, "1", val_new_int(&a, 1));
	val_set(&a, root, "inner", inner);
	yaml_write(root, &out);
	CHECK_OK(yaml_load_one(out.ptr, out.len, "written", &a, &again));
	CHECK(val_equal(root, again));
}
