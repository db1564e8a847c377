#include "base/base.h"

#include "test.h"
#include "yaml/yaml_edit.h"

/* Make the change in `before`; empty, with the reason in `why`, when it is refused. */
struct edited {
	struct arena arena;
	struct str text, why;
};

static void edited_clear(struct edited *edited)
{
	arena_clear(&edited->arena);
	str_clear(&edited->text);
	str_clear(&edited->why);
}

#define EDITED                                                                             \
	__attribute__((cleanup(edited_clear))) struct edited now = { ARENA_INIT, STR_INIT, \
		                                                     STR_INIT }

static void edit(struct edited *now, const char *before, const struct yaml_change *changes,
                 size_t n)
{
	struct yaml_docs docs = { NULL, 0 };
	struct yaml_edit change;
	bool is_json = before[0] == '{';
	err *e = yaml_load(before, strlen(before), "test", &now->arena, &docs);
	if (!e)
		e = yaml_edit(before, strlen(before), &docs.ptr[docs.len - 1], is_json, changes, n,
		              &now->arena, &change);
	if (e) {
		str_addz(&now->why, err_message(e));
		err_ignore(e, "the test looks at the text");
		return;
	}
	str_add(&now->text, before, change.start);
	str_add(&now->text, change.text, change.len);
	str_addz(&now->text, before + change.end);
}

static const struct val *value(struct edited *now, const char *text)
{
	struct val *root = NULL;
	err_ignore(yaml_load_one(text, strlen(text), "value", &now->arena, &root), "a constant");
	return val_copy(&now->arena, root);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SET(now, before, at_, value_, ...)                              \
	edit(&(now), (before),                                          \
	     &(struct yaml_change){ .kind = YAML_SET,                   \
	                            .at = (at_),                        \
	                            .keys = KEYS(__VA_ARGS__),          \
	                            .value = value(&(now), (value_)) }, \
	     1)
#define APPEND(now, before, at_, value_, ...)                           \
	edit(&(now), (before),                                          \
	     &(struct yaml_change){ .kind = YAML_APPEND,                \
	                            .at = (at_),                        \
	                            .keys = KEYS(__VA_ARGS__),          \
	                            .value = value(&(now), (value_)) }, \
	     1)
#define REMOVE(now, before, at_, ...)                                                              \
	edit(&(now), (before),                                                                     \
	     &(struct yaml_change){ .kind = YAML_REMOVE, .at = (at_), .keys = KEYS(__VA_ARGS__) }, \
	     1)

#define SHOWS(set_, expected)                      \
	do {                                       \
		EDITED;                            \
		set_;                              \
		CHECK_STR(now.why.ptr, "");        \
		CHECK_STR(now.text.ptr, expected); \
	} while (0)
#define REFUSES(set_, part)                   \
	do {                                  \
		EDITED;                       \
		set_;                         \
		CHECK_STR(now.text.ptr, "");  \
		CHECK_HAS(now.why.ptr, part); \
	} while (0)

TEST(yaml_edit, a_scalar_keeps_its_place_quotes_and_comment)
{
	SHOWS(SET(now, "a: true   # why\nb: 2\n", "", "false", "a"), "a: false   # why\nb: 2\n");
	SHOWS(SET(now, "a: 'x'\n", "", "\"it's\"", "a"), "a: 'it''s'\n");
	SHOWS(SET(now, "a: \"x\"\n", "", "z", "a"), "a: \"z\"\n");
	SHOWS(SET(now, "a: x\n", "", "\"true\"", "a"), "a: \"true\"\n");
	SHOWS(SET(now, "a: {b: 1, c: 2}\n", "a", "3", "b"), "a: {b: 3, c: 2}\n");
	SHOWS(SET(now, "a: |\n  text\n\nb: 1\n", "", "short", "a"), "a: short\n\nb: 1\n");
}

TEST(yaml_edit, a_new_member_comes_last_with_the_layout_of_the_others)
{
	SHOWS(SET(now, "a:\n    b: 1 # x\n# tail\nc: 2\n", "a", "true", "new"),
	      "a:\n    b: 1 # x\n    new: true\n# tail\nc: 2\n");
	SHOWS(SET(now, "- name: x\n  image: y\n- name: z\n", "[0]", "false", "securityContext",
	          "p"),
	      "- name: x\n  image: y\n  securityContext:\n    p: false\n- name: z\n");
	SHOWS(SET(now, "a: 1", "", "2", "b"), "a: 1\nb: 2");
	SHOWS(SET(now, "a: 1\r\nc: 2\r\n", "", "2", "b"), "a: 1\r\nc: 2\r\nb: 2\r\n");
	SHOWS(SET(now, "a: {b: 1}\n", "a", "[x]", "c"), "a: {b: 1, c: [x]}\n");
	SHOWS(SET(now, "{\n  \"a\": 1\n}\n", "", "x", "b"), "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n");
	SHOWS(SET(now, "{\"a\": {}}\n", "", "x", "a", "b"), "{\"a\": {\"b\": \"x\"}}\n");
}

TEST(yaml_edit, a_missing_parent_is_made)
{
	SHOWS(SET(now, "s:\nb: 1\n", "", "1", "s", "x", "z"), "s:\n  x:\n    z: 1\nb: 1\n");
	SHOWS(SET(now, "s: {}  # none\nb: 1\n", "", "1", "s", "x"), "s:  # none\n  x: 1\nb: 1\n");
	SHOWS(SET(now, "s: null\n", "", "1", "s", "x"), "s:\n  x: 1\n");
	SHOWS(SET(now, "l:\n- a\nc: 1\n", "", "[ALL]", "drop"), "l:\n- a\nc: 1\ndrop:\n- ALL\n");
	SHOWS(SET(now, "l:\n  - a\nc: 1\n", "", "[ALL]", "d", "drop"),
	      "l:\n  - a\nc: 1\nd:\n  drop:\n    - ALL\n");
}

TEST(yaml_edit, items_are_added_and_removed)
{
	SHOWS(APPEND(now, "l:\n- a # x\nc: 1\n", "", "b", "l"), "l:\n- a # x\n- b\nc: 1\n");
	SHOWS(APPEND(now, "l: [a]\n", "", "b", "l"), "l: [a, b]\n");
	SHOWS(APPEND(now, "l: []\n", "", "b", "l"), "l: [b]\n");
	SHOWS(APPEND(now, "c: 1\n", "", "b", "l"), "c: 1\nl:\n  - b\n");
	SHOWS(APPEND(now, "l:\n  - a: 1\n    b: 2\n", "", "{a: 2, b: {c: 3}}", "l"),
	      "l:\n  - a: 1\n    b: 2\n  - a: 2\n    b:\n      c: 3\n");
	const struct yaml_change second = { .kind = YAML_REMOVE, .at = "l", .index = 1 };
	SHOWS(edit(&now, "l:\n- a\n- b # x\n- c\n", &second, 1), "l:\n- a\n- c\n");
	SHOWS(edit(&now, "l: [a, b, c]\n", &second, 1), "l: [a, c]\n");
	SHOWS(edit(&now, "l: [a, b]\n", &second, 1), "l: [a]\n");
	const struct yaml_change first = { .kind = YAML_REMOVE, .at = "l", .index = 0 };
	SHOWS(edit(&now, "l:\n- a\nb: 1\n", &first, 1), "l: []\nb: 1\n");
	SHOWS(edit(&now, "l: [a]\n", &first, 1), "l: []\n");
}

TEST(yaml_edit, a_member_goes_with_its_comments)
{
	SHOWS(REMOVE(now, "a: 1\n# of b\nb: 2 # x\nc: 3\n", "", "b"), "a: 1\nc: 3\n");
	SHOWS(REMOVE(now, "# head\na: 1\nb: 2\n", "", "a"), "# head\nb: 2\n");
	SHOWS(REMOVE(now, "s:\n  a: 1\nb: 2\n", "", "s", "a"), "s: {}\nb: 2\n");
	SHOWS(REMOVE(now, "- a: 1\n  b: 2\n", "[0]", "a"), "- b: 2\n");
	SHOWS(REMOVE(now, "s: {a: 1, b: 2}\n", "s", "a"), "s: {b: 2}\n");
	SHOWS(REMOVE(now, "s: {a: 1, b: 2}\n", "s", "b"), "s: {a: 1}\n");
	SHOWS(REMOVE(now, "s: {a: 1}\n", "s", "a"), "s: {}\n");
	SHOWS(REMOVE(now, "{\n  \"a\": 1,\n  \"b\": 2\n}\n", "", "a"), "{\n  \"b\": 2\n}\n");
	SHOWS(REMOVE(now, "a: 1\nb: 2", "", "b"), "a: 1");
	REFUSES(REMOVE(now, "a: 1\n", "", "b"), "there is no 'b'");
}

TEST(yaml_edit, keys_are_renamed)
{
	const struct yaml_change rename = {
		.kind = YAML_RENAME, .at = "", .keys = KEYS("a"), .key = "b"
	};
	SHOWS(edit(&now, "a:   1 # x\n", &rename, 1), "b:   1 # x\n");
	SHOWS(edit(&now, "{\"a\":1}", &rename, 1), "{\"b\":1}");
}

TEST(yaml_edit, several_changes_are_one_edit)
{
	EDITED;
	const struct yaml_change changes[] = {
		{ .kind = YAML_SET, .at = "", .keys = KEYS("s", "a"), .value = value(&now, "1") },
		{ .kind = YAML_SET, .at = "", .keys = KEYS("s", "b"), .value = value(&now, "2") },
	};
	edit(&now, "x: 1\n---\n# second\nc: 3\n", changes, 2);
	CHECK_STR(now.text.ptr, "x: 1\n---\n# second\nc: 3\ns:\n  a: 1\n  b: 2\n");
}

TEST(yaml_edit, what_others_share_is_refused)
{
	REFUSES(SET(now, "a: &x\n  b: 1\nc: *x\n", "a", "2", "b"), "anchor");
	REFUSES(SET(now, "a: &x\n  b: 1\nc: *x\n", "", "2", "c", "b"), "anchor");
	REFUSES(SET(now, "a: &x {b: 1}\nc:\n  <<: *x\n", "c", "2", "b"), "anchor");
	SHOWS(SET(now, "a: &x 1\nc: *x\n", "", "2", "c"), "a: &x 1\nc: 2\n");
}

TEST(yaml_edit, a_comment_that_would_be_lost_is_refused)
{
	REFUSES(SET(now, "a:\n  # why\n  b: 1\n", "", "x", "a"), "a comment would be lost");
	REFUSES(REMOVE(now, "s:\n  # why\n  a: 1\n", "", "s", "a"), "a comment would be lost");
}
