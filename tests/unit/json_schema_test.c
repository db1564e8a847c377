#include "base/base.h"

#include "base/arena.h"
#include "json/json.h"
#include "pal/argv.h"
#include "pal/fs.h"
#include "schema/json_schema.h"
#include "test.h"

static err *judge(const char *schema_text, const char *text)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(json_schema) schema = NULL;
	struct val *root, *document;
	TRY(json_load(schema_text, strlen(schema_text), "schema.json", &arena, &root));
	TRY(json_load(text, strlen(text), "doc.json", &arena, &document));
	TRY(json_schema_new(root, &schema));
	return json_schema_check(schema, document);
}

TEST(json_schema, tells_mistakes_with_their_places)
{
	static const char schema[] =
		"{\"type\":\"object\",\"required\":[\"name\"],\"additionalProperties\":false,\"properties\":{"
		"\"name\":{\"type\":\"string\",\"minLength\":2},\"port\":{\"type\":\"integer\",\"minimum\":1,"
		"\"maximum\":65535},\"tags\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/tag\"},"
		"\"uniqueItems\":true}},\"$defs\":{\"tag\":{\"enum\":[\"a\",\"b\"]}}}";
	CHECK_OK(judge(schema, "{\"name\":\"ab\",\"port\":80,\"tags\":[\"a\",\"b\"]}"));
	CHECK_ERR(judge(schema, "{}"), ERR_INVALID, "'name' is missing");
	CHECK_ERR(judge(schema, "{\"name\":\"a\"}"), ERR_INVALID, "name: needs at least 2 characters");
	CHECK_ERR(judge(schema, "{\"name\":\"ab\",\"port\":0}"), ERR_INVALID, "port: must be at least 1");
	CHECK_ERR(judge(schema, "{\"name\":\"ab\",\"port\":\"x\"}"), ERR_INVALID,
	          "port: expected integer, found a string");
	CHECK_ERR(judge(schema, "{\"name\":\"ab\",\"tags\":[\"a\",\"c\"]}"), ERR_INVALID, "tags[1]: none of the 2");
	CHECK_ERR(judge(schema, "{\"name\":\"ab\",\"tags\":[\"a\",\"a\"]}"), ERR_INVALID, "there twice");
	CHECK_ERR(judge(schema, "{\"name\":\"ab\",\"nmae\":1}"), ERR_INVALID, "nmae: is not allowed here");
}

TEST(json_schema, refuses_what_it_does_not_support)
{
	CHECK_ERR(judge("{\"unevaluatedProperties\":false}", "{}"), ERR_INVALID, "is not supported");
	CHECK_ERR(judge("{\"$ref\":\"http://example.com/other\"}", "{}"), ERR_INVALID, "not in this document");
	CHECK_ERR(judge("{\"pattern\":\"(?=x)\"}", "{}"), ERR_INVALID, "");
	CHECK_ERR(judge("{\"properties\":{\"a\":3}}", "{}"), ERR_INVALID, "expected a schema");
	CHECK_ERR(judge("{\"$ref\":\"#\"}", "{}"), ERR_LIMIT, "deeper than");
}

/* --- JSON-Schema-Test-Suite: the files named in JSON_SCHEMA_SUITE, one in a line --- */

struct tally {
	size_t right, refused, wrong;
};

static void judge_group(const char *file, const struct val *group, const char *dialect, struct tally *tally)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(json_schema) schema = NULL;
	const struct val *test, *root = val_get(group, "schema"), *tests = val_get(group, "tests");
	if (val_is(root, VAL_MAP) && !val_get(root, "$schema")) {
		struct val *copy = val_shallow_copy(&arena, root);
		val_set_str(&arena, copy, "$schema", dialect);
		root = copy;
	}
	err *e = json_schema_new(root, &schema);
	if (e) {
		err_ignore(e, "counted");
		tally->refused += val_len(tests);
		return;
	}
	for (VAL_EACH_ITEM(i, test, tests)) {
		err *no = json_schema_check(schema, val_get(test, "data"));
		bool is_right = (no == NULL) == val_get_bool(test, "valid", false);
		tally->right += is_right;
		tally->wrong += !is_right;
		if (!is_right)
			printf("# %s: %s: %s: %s\n", file, val_get_str(group, "description", ""),
			          val_get_str(test, "description", ""), no ? err_message(no) : "accepted");
		err_free(no);
	}
}

TEST(json_schema, judges_as_the_test_suite)
{
	const char *files = env_get_nonempty("JSON_SCHEMA_SUITE");
	struct tally tally = { 0, 0, 0 };
	struct view rest = view_of(files ? files : ""), line;
	while (view_split(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		AUTO(arena) arena = ARENA_INIT;
		AUTO(str) text = STR_INIT;
		AUTOFREE char *file = mem_strndup(line.ptr, line.len);
		const struct val *group;
		struct val *root;
		const char *dialect = strstr(file, "draft4/")        ? "http://json-schema.org/draft-04/schema#"
		                      : strstr(file, "draft6/")      ? "http://json-schema.org/draft-06/schema#"
		                      : strstr(file, "draft7/")      ? "http://json-schema.org/draft-07/schema#"
		                      : strstr(file, "draft2019-09/") ? "https://json-schema.org/draft/2019-09/schema"
		                                                     : "https://json-schema.org/draft/2020-12/schema";
		CHECK_OK(fs_read_file(file, 1 << 24, &text));
		CHECK_OK(json_load(text.ptr, text.len, file, &arena, &root));
		for (VAL_EACH_ITEM(i, group, root))
			judge_group(file, group, dialect, &tally);
	}
	if (files)
		printf("# %zu right, %zu in schemas that are refused, %zu wrong\n", tally.right, tally.refused,
		          tally.wrong);
	CHECK_INT((int)tally.wrong, 0);
}
