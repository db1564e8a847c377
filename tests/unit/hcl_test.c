#include "base/base.h"

#include "base/arena.h"
#include "hcl/hcl.h"
#include "json/json.h"
#include "test.h"

/* The document in one line of JSON, or "line:column message". */
static void check(const char *text, const char *expected)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) found = STR_INIT;
	struct val *root = NULL;
	err *e = hcl_load(text, strlen(text), "a.hcl", &arena, &root);
	if (e)
		str_addf(&found, "%zu:%zu %s", err_place(e) ? err_place(e)->line : 0,
		         err_place(e) ? err_place(e)->column : 0, err_message(e));
	else
		json_write(root, JSON_ONE_LINE, &found);
	err_free(e);
	CHECK_STR(found.ptr, expected);
}

TEST(hcl, reads_attributes)
{
	check("", "{}");
	check("# c\n// d\n/* e\n*/ a = 1 b = \"x\"\n", "{\"a\":1,\"b\":\"x\"}");
	check("a = 0600\nb = -0x1f\nc = 1.5e3\nd = true\n\"e f\" = []",
	      "{\"a\":384,\"b\":-31,\"c\":1500,\"d\":true,\"e f\":[]}");
	check("a = [1, \"b\", [true], {c = 1, d = 2}, ]",
	      "{\"a\":[1,\"b\",[true],{\"c\":1,\"d\":2}]}");
	check("a = \"\\t\\\"\\u00e9\\x41\\101${x(\"y\")}\"",
	      "{\"a\":\"\\t\\\"éAA${x(\\\"y\\\")}\"}");
	check("a = <<EOF\n x\ny\n EOF\nb = <<-END\n    p\n      q\n  END\n",
	      "{\"a\":\" x\\ny\\n\",\"b\":\"  p\\n    q\\n\"}");
}

TEST(hcl, reads_blocks)
{
	check("t { a = 1 }\nt { a = 2 }", "{\"t\":[{\"a\":1},{\"a\":2}]}");
	check("a \"b\" \"c\" { d = 1 }", "{\"a\":[{\"b\":[{\"c\":[{\"d\":1}]}]}]}");
	check("consul {\n  auth { enabled = true }\n}",
	      "{\"consul\":[{\"auth\":[{\"enabled\":true}]}]}");
	check("env = { A = \"1\" }", "{\"env\":{\"A\":\"1\"}}");
}

TEST(hcl, says_where_it_is_wrong)
{
	check("a = ", "1:5 expected a value");
	check("a = yes", "1:5 'yes' is no number or boolean; texts are quoted");
	check("a = \"x\nb\"", "1:5 a string that does not end on its line");
	check("a {\n b = 1\n", "3:1 a block that is not closed");
	check("a = 1\na = 2", "2:1 'a' is there twice");
	check("a = 1\na { }", "2:3 'a' has a value already");
	check("a = <<X\nb\n", "1:5 the text does not end with a line 'X'");
	check("a b", "1:3 expected '=' or '{' behind 'a'");
	check("a = \"\\q\"", "1:7 unknown escape; a backslash itself is written twice");
	check("/* x", "1:1 a comment that is not closed");
	check("= 1", "1:1 expected a name");
	check("a = \"${b\"", "1:6 '${' without '}'");
}

TEST(hcl, has_a_limit_of_depth)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	str_addz(&text, "a=");
	for (unsigned i = 0; i < 5000; i++)
		str_addch(&text, '[');
	err *e = hcl_load(text.ptr, text.len, "a", &arena, &root);
	CHECK(err_is(e, ERR_LIMIT));
	err_free(e);
	str_reset(&text);
	str_addz(&text, "a");
	for (unsigned i = 0; i < 5000; i++)
		str_addz(&text, " \"b\"");
	e = hcl_load(text.ptr, text.len, "a", &arena, &root);
	CHECK(err_is(e, ERR_LIMIT));
	err_free(e);
}
