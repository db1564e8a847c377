#include "base/base.h"

#include "base/arena.h"
#include "base/limits.h"
#include "json/json.h"
#include "test.h"
#include "toml/toml.h"

/* The document in one line of JSON, or "line:column message". */
static void read_n(const char *text, size_t len, struct str *out)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	str_reset(out);
	err *e = toml_load(text, len, "a.toml", &arena, &root);
	if (e) {
		str_addf(out, "%zu:%zu %s", err_place(e) ? err_place(e)->line : 0,
		         err_place(e) ? err_place(e)->column : 0, err_message(e));
		err_free(e);
		return;
	}
	json_write(root, JSON_ONE_LINE, out);
}

static void check(const char *text, const char *expected)
{
	AUTO(str) found = STR_INIT;
	read_n(text, strlen(text), &found);
	CHECK_STR(found.ptr, expected);
}

TEST(toml, reads_keys_and_tables)
{
	check("", "{}");
	check("# only this\n", "{}");
	check("\xef\xbb\xbf"
	      "a=1\r\n",
	      "{\"a\":1}");
	check("a.b.c = 1\na.b.d = 2\n", "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}");
	check("\"x y\" = 1\n'a.b' . c = 2", "{\"x y\":1,\"a.b\":{\"c\":2}}");
	check("[a.b]\nc=1\n[a]\nd=2\n", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}");
	check("[[l]]\na=1\n[[l]]\n[l.m]\nb=2\n[[l.n]]\nc=3\n",
	      "{\"l\":[{\"a\":1},{\"m\":{\"b\":2},\"n\":[{\"c\":3}]}]}");
	check("p = {x = 1, y.z = [ 1, # one\n 2,\n ]}\n", "{\"p\":{\"x\":1,\"y\":{\"z\":[1,2]}}}");
}

TEST(toml, reads_values)
{
	check("a=0xDEAD_beef\nb=-1_000\nc=0o17\nd=0b101\ne=+9223372036854775807",
	      "{\"a\":3735928559,\"b\":-1000,\"c\":15,\"d\":5,\"e\":9223372036854775807}");
	check("a=1.5\nb=-6.02e+23\nc=1e3\nd=inf\ne=true",
	      "{\"a\":1.5,\"b\":-6.02e+23,\"c\":1000,\"d\":\"inf\",\"e\":true}");
	check("a=1979-05-27 07:32:00.5-07:00\nb=07:32:00\nc=2024-02-29",
	      "{\"a\":\"1979-05-27 07:32:00.5-07:00\",\"b\":\"07:32:00\",\"c\":\"2024-02-29\"}");
	check("a=\"\\t\\u00e9\\U0001F600\\\"\"\nb='\\t'", "{\"a\":\"\\té😀\\\"\",\"b\":\"\\\\t\"}");
	check("a=\"\"\"\nx\\\n   \n  y \"\"\"\"\"\nb='''\n'q'\n'''",
	      "{\"a\":\"xy \\\"\\\"\",\"b\":\"'q'\\n\"}");
}

TEST(toml, says_where_it_is_wrong)
{
	check("a = 1\nb =\n", "2:4 expected a value");
	check("a = yes", "1:5 'yes' is no number, date or boolean; texts are quoted");
	check("a = \"x\n\"", "1:7 the string does not end on its line");
	check("a = '''x", "1:9 a string that is not closed");
	check("a=1\na=2", "2:1 'a' is there twice");
	check("[a]\n[a]", "2:2 'a' is defined already");
	check("a=1\n[a.b]", "2:2 'a' is a value already, not a table");
	check("[a.b]\nc=1\n[a]\nb.d=2", "4:1 'b' is defined already");
	check("a=[1]\n[[a]]", "2:3 'a' is defined already, and is no list of tables");
	check("a={b=1}\n[a.c]", "2:2 'a' is a value already, not a table");
	check("a={b=1,}", "1:8 a comma with nothing behind it");
	check("a=1 b=2", "1:5 expected the end of the line");
	check("a=01", "1:3 '01' is no number, date or boolean; texts are quoted");
	check("a=2023-02-29", "1:3 '2023-02-29' is no number, date or boolean; texts are quoted");
	check("a=\"\\q\"", "1:5 unknown escape; a backslash itself is written twice");
	check("a=\"\xff\"", "1:4 a byte that is not UTF-8");
	check("= 1", "1:1 expected a key: letters, digits, '_', '-', or a string");
}

TEST(toml, refuses_control_characters)
{
	AUTO(str) found = STR_INIT;
	read_n("a=\"\0\"", 5, &found);
	CHECK_STR(found.ptr, "1:4 a control character in a string");
	read_n("# \0", 3, &found);
	CHECK_STR(found.ptr, "1:3 a control character in a comment");
}

TEST(toml, has_a_limit_of_depth)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) found = STR_INIT;
	str_addz(&text, "a=");
	for (unsigned i = 0; i < 5000; i++)
		str_addch(&text, '[');
	read_n(text.ptr, text.len, &found);
	CHECK(str_ends(found.ptr, "nested deeper than 100 levels"));
	str_reset(&text);
	for (unsigned i = 0; i < 5000; i++)
		str_addz(&text, "a.");
	str_addz(&text, "a=1");
	read_n(text.ptr, text.len, &found);
	CHECK(str_ends(found.ptr, "is nested too deep"));
}
