#include "test.h"

#include "val/val.h"

static struct val *sample(struct arena *a)
{
	struct val *root = val_new_map(a), *spec = val_new_map(a), *files = val_new_list(a);
	struct val *file = val_new_map(a), *notes = val_new_map(a);
	val_set_str(a, file, "path", "/etc/motd");
	val_push(a, files, val_new_int(a, 1));
	val_push(a, files, file);
	val_set(a, spec, "files", files);
	val_set_str(a, notes, "fettle.dev/x\"y", "note");
	val_set(a, root, "spec", spec);
	val_set(a, root, "notes", notes);
	return root;
}

TEST(val, missing_values_are_answered_not_crashed_on)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *text = val_new_str(&a, "x");
	CHECK(val_get(NULL, "a") == NULL);
	CHECK(val_get(text, "a") == NULL);
	CHECK(val_at(NULL, 0) == NULL);
	CHECK(val_at(val_new_list(&a), 0) == NULL);
	CHECK(val_entry_at(text, 0) == NULL);
	CHECK_INT(val_len(NULL), 0);
	CHECK_INT(val_len(text), 0);
	CHECK_STR(val_kind_text(NULL), "nothing");
	CHECK_STR(val_get_str(NULL, "a", "fallback"), "fallback");
	CHECK_INT(val_get_int(text, "a", 7), 7);
	CHECK(val_get_bool(NULL, "a", true));
	const struct val *item = NULL;
	for (VAL_EACH_ITEM(i, item, (const struct val *)NULL))
		CHECK(item == NULL);
	CHECK_INT(val_source_text(text).len, 0);
}

TEST(val, paths_are_followed_and_printed)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) path = STR_INIT;
	struct val *root = sample(&a);
	const struct val *motd = val_path(root, "spec.files[1].path");
	CHECK(val_is(motd, VAL_STR));
	CHECK(val_path(root, ".spec.files[1].path") == motd);
	CHECK(val_path(root, "") == root);
	CHECK(val_path(root, "spec.files[2]") == NULL);
	CHECK(val_path(root, "spec.files[x]") == NULL);
	CHECK(val_path(root, "spec.files[99999999999999999999]") == NULL);
	CHECK(val_path(root, "spec..files") == NULL);
	CHECK(val_path(root, "spec.files[1") == NULL);
	CHECK(val_path(root, "notes[\"open") == NULL);
	CHECK(val_path(root, "nothing.below") == NULL);
	CHECK(val_path_of(root, motd, &path));
	CHECK_STR(path.ptr, "spec.files[1].path");
	const struct val *note = val_path(root, "notes[\"fettle.dev/x\\\"y\"]");
	CHECK(val_is(note, VAL_STR));
	str_reset(&path);
	CHECK(val_path_of(root, note, &path));
	CHECK_STR(path.ptr, "notes[\"fettle.dev/x\\\"y\"]");
	CHECK(val_path(root, path.ptr) == note);
	str_reset(&path);
	CHECK(!val_path_of(root, val_new_null(&a), &path));
	CHECK_STR(path.ptr, "");
}

TEST(val, large_maps_keep_order_and_find_every_key)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) key = STR_INIT;
	struct val *map = val_new_map(&a);
	for (int i = 0; i < 20000; i++) {
		str_reset(&key);
		str_addf(&key, "key-%d", i);
		val_set(&a, map, key.ptr, val_new_int(&a, i));
	}
	CHECK_INT(val_len(map), 20000);
	CHECK_INT(val_get_int(map, "key-0", -1), 0);
	CHECK_INT(val_get_int(map, "key-19999", -1), 19999);
	CHECK(val_get(map, "key-20000") == NULL);
	CHECK_STR(val_entry_at(map, 12345)->key, "key-12345");
	val_set(&a, map, "key-77", val_new_int(&a, -1));
	CHECK_INT(val_len(map), 20000);
	CHECK_INT(val_get_int(map, "key-77", 0), -1);
	CHECK(val_remove(map, "key-0"));
	CHECK(!val_remove(map, "key-0"));
	CHECK_STR(val_entry_at(map, 0)->key, "key-1");
	CHECK_INT(val_get_int(map, "key-19999", -1), 19999);
	val_set(&a, map, "new", val_new_int(&a, 5));
	CHECK_INT(val_get_int(map, "new", -1), 5);
	CHECK_INT(val_get_int(map, "key-500", -1), 500);
}

TEST(val, filling_reports_the_second_of_equal_keys)
{
	AUTO(arena) a = ARENA_INIT;
	struct val_entry entries[40] = { 0 };
	size_t duplicate = 0;
	for (uint32_t i = 0; i < 40; i++) {
		entries[i].key = arena_printf(&a, "k%u", i);
		entries[i].key_len = (uint32_t)strlen(entries[i].key);
		entries[i].value = val_new_null(&a);
	}
	CHECK(val_fill_map(&a, val_new_map(&a), entries, 40, &duplicate));
	entries[30].key = "k3";
	entries[30].key_len = 2;
	CHECK(!val_fill_map(&a, val_new_map(&a), entries, 40, &duplicate));
	CHECK_INT(duplicate, 30);
	entries[5].key = "k3";
	CHECK(!val_fill_map(&a, val_new_map(&a), entries, 8, &duplicate));
	CHECK_INT(duplicate, 5);
}

TEST(val, keys_may_contain_zero_bytes)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *map = val_new_map(&a);
	val_setn(&a, map, "a\0b", 3, val_new_int(&a, 1));
	val_setn(&a, map, "a\0c", 3, val_new_int(&a, 2));
	val_set(&a, map, "a", val_new_int(&a, 3));
	CHECK_INT(val_len(map), 3);
	CHECK_INT(val_getn(map, "a\0c", 3)->as.integer, 2);
	CHECK_INT(val_get_int(map, "a", 0), 3);
}

TEST(val, equality_ignores_order_of_maps_and_spelling_of_numbers)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *x = val_new_map(&a), *y = val_new_map(&a);
	val_set(&a, x, "a", val_new_int(&a, 1));
	val_set(&a, x, "b", val_new_float(&a, 2.0));
	val_set(&a, y, "b", val_new_int(&a, 2));
	val_set(&a, y, "a", val_new_float(&a, 1.0));
	CHECK(val_equal(x, y));
	val_set(&a, y, "a", val_new_float(&a, 1.5));
	CHECK(!val_equal(x, y));
	CHECK(!val_equal(val_new_int(&a, 1), val_new_str(&a, "1")));
	CHECK(!val_equal(val_new_int(&a, 0), val_new_bool(&a, false)));
	CHECK(!val_equal(val_new_int(&a, 0), val_new_null(&a)));
	CHECK(!val_equal(val_new_int(&a, INT64_MAX), val_new_float(&a, 9223372036854775808.0)));
	CHECK(!val_equal(val_new_int(&a, 9007199254740993), val_new_float(&a, 9007199254740992.0)));
	CHECK(val_equal(NULL, NULL));
	CHECK(!val_equal(NULL, x));
}

TEST(val, a_copy_stands_alone)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(arena) other = ARENA_INIT;
	struct val *root = sample(&a);
	struct val *copy = val_copy(&other, root);
	arena_clear(&a);
	CHECK_STR(val_get_str(val_path(copy, "spec.files[1]"), "path", ""), "/etc/motd");
	CHECK(copy->source == NULL);
}

TEST(val, a_shallow_copy_can_be_changed)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = sample(&a);
	struct val *copy = val_shallow_copy(&a, root);
	val_set_str(&a, copy, "spec", "gone");
	val_remove(copy, "notes");
	CHECK(val_path(root, "spec.files") != NULL);
	CHECK(val_get(root, "notes") != NULL);
	CHECK_INT(val_len(copy), 1);
}

/* --- RFC 7396, appendix A --- */

static struct val *map_of(struct arena *a, const char *key, struct val *value)
{
	struct val *map = val_new_map(a);
	val_set(a, map, key, value);
	return map;
}

TEST(val, merge_follows_rfc_7396)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *b = val_new_str(&a, "b"), *c = val_new_str(&a, "c"), *nil = val_new_null(&a);
	struct val *ab = map_of(&a, "a", b);
	CHECK(val_equal(val_merge(&a, ab, map_of(&a, "a", c)), map_of(&a, "a", c)));
	CHECK_INT(val_len(val_merge(&a, ab, map_of(&a, "b", c))), 2);
	CHECK_INT(val_len(val_merge(&a, ab, map_of(&a, "a", nil))), 0);
	CHECK_INT(val_len(ab), 1);
	CHECK(val_equal(val_merge(&a, map_of(&a, "a", val_new_list(&a)), ab), ab));
	CHECK(val_equal(val_merge(&a, ab, c), c));
	CHECK(val_equal(val_merge(&a, ab, nil), nil));
	/* {} + {"a":{"bb":{"ccc":null}}} = {"a":{"bb":{}}} */
	struct val *deep = map_of(&a, "a", map_of(&a, "bb", map_of(&a, "ccc", nil)));
	struct val *want = map_of(&a, "a", map_of(&a, "bb", val_new_map(&a)));
	CHECK(val_equal(val_merge(&a, val_new_map(&a), deep), want));
	CHECK(val_equal(val_merge(&a, c, deep), want));
	CHECK(val_equal(val_merge(&a, NULL, deep), want));
}

TEST(val, differences_name_path_and_both_sides)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *before = sample(&a), *after = val_copy(&a, before);
	CHECK_INT(val_diff(&a, before, after).len, 0);
	struct val *spec = val_new_map(&a), *files = val_new_list(&a);
	val_push(&a, files, val_new_int(&a, 2));
	val_set(&a, spec, "files", files);
	val_set(&a, after, "spec", spec);
	val_set_str(&a, after, "added", "x");
	val_remove(after, "notes");
	struct val_changes changes = val_diff(&a, before, after);
	CHECK_INT(changes.len, 4);
	CHECK_STR(changes.ptr[0].path, "spec.files[0]");
	CHECK_INT(changes.ptr[0].before->as.integer, 1);
	CHECK_INT(changes.ptr[0].after->as.integer, 2);
	CHECK_STR(changes.ptr[1].path, "spec.files[1]");
	CHECK(changes.ptr[1].after == NULL);
	CHECK_STR(changes.ptr[2].path, "notes");
	CHECK_STR(changes.ptr[3].path, "added");
	CHECK(changes.ptr[3].before == NULL);
	CHECK_INT(val_diff(&a, NULL, after).len, 1);
}

TEST(val, strict_access_says_what_was_expected)
{
	AUTO(arena) a = ARENA_INIT;
	const char *text = "";
	int64_t number = 0;
	bool boolean = false;
	const struct val *v = NULL;
	struct val *map = map_of(&a, "a", val_new_int(&a, 5));
	CHECK_ERR(val_str(val_get(map, "a"), &text), ERR_INVALID,
	          "expected a string, found a number");
	CHECK_ERR(val_str(NULL, &text), ERR_INVALID, "found nothing");
	CHECK_ERR(val_str(val_new_strn(&a, "a\0b", 3), &text), ERR_INVALID, "zero byte");
	CHECK_OK(val_int(val_get(map, "a"), &number));
	CHECK_INT(number, 5);
	CHECK_ERR(val_int(val_new_float(&a, 1.5), &number), ERR_INVALID, "whole number");
	CHECK_ERR(val_bool(map, &boolean), ERR_INVALID, "found a map");
	CHECK_ERR(val_need(map, "b", VAL_INT, &v), ERR_INVALID, "'b' is missing");
	CHECK_ERR(val_need(map, "a", VAL_LIST, &v), ERR_INVALID, "expected a list for 'a'");
	CHECK_ERR(val_need(NULL, "a", VAL_LIST, &v), ERR_INVALID, "found nothing");
	CHECK_OK(val_need(map, "a", VAL_INT, &v));
	CHECK_ERR(val_need_str(map, "a", &text), ERR_INVALID, "expected a string");
}

TEST(val, numbers_print_short_and_exact)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{ 0.1, "0.1" },
		{ 1, "1" },
		{ -1.5, "-1.5" },
		{ 100, "100" },
		{ 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" },
		{ 1.5e300, "1.5e+300" },
		{ 1e-6, "0.000001" },
		{ 1e-7, "1e-7" },
		{ 5e-324, "5e-324" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 18446744073709551615.0, "18446744073709552000" },
		{ 125678782609531478.5, "125678782609531472" },
		{ 0.0, "0" },
		{ -0.0, "-0" },
		{ 123456.789, "123456.789" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(str) out = STR_INIT;
		val_format_float(cases[i].number, &out);
		CHECK_STR(out.ptr, cases[i].text);
		double back = strtod(out.ptr, NULL);
		CHECK(memcmp(&back, &cases[i].number, sizeof(back)) == 0);
	}
}
