#include "test.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/num.h"
#include "base/path.h"
#include "base/utf8.h"
#include "base/vec.h"

TEST(base_num, parsing_is_strict)
{
	int64_t value = 42;
	CHECK(num_parse_i64("-9223372036854775808", 20, &value) && value == INT64_MIN);
	CHECK(!num_parse_i64("9223372036854775808", 19, &value));
	CHECK(!num_parse_i64("", 0, &value) && !num_parse_i64("1 ", 2, &value));
	uint64_t octal;
	CHECK(num_parse_u64("0644", 4, 8, &octal) && octal == 0644);
	CHECK(!num_parse_u64("9", 1, 8, &octal));
}

TEST(base_num, overflow_is_reported_not_wrapped)
{
	size_t result = 7;
	CHECK(!num_mul(SIZE_MAX, 2, &result) && result == 7);
	CHECK(!num_add(SIZE_MAX, 1, &result) && result == 7);
}

static bool cleans_to(const char *path, const char *expected)
{
	AUTOFREE char *clean = path_clean(path);
	return str_equal(clean, expected);
}

TEST(base_path, clean_resolves_dots_without_leaving_the_root)
{
	CHECK(cleans_to("a//b/./c/../d/", "a/b/d"));
	CHECK(cleans_to("/../etc", "/etc"));
	CHECK(cleans_to("../a/../../b", "../../b"));
	CHECK(cleans_to("a/..", "."));
	CHECK(cleans_to("", "."));
	CHECK(cleans_to("C:/x/../y", "C:/y"));
	CHECK(cleans_to("C:\\x\\..\\y", "C:/y"));
	CHECK(cleans_to("a\\b", "a\\b"));
}

TEST(base_path, inside_means_below_the_start)
{
	CHECK(path_is_inside("a/../b"));
	CHECK(!path_is_inside("a/../../b"));
	CHECK(!path_is_inside("/a"));
	CHECK(!path_is_inside("C:a"));
}

TEST(base_path, dir_and_base_split_at_the_last_slash)
{
	AUTOFREE char *root = path_dir("/x");
	AUTOFREE char *here = path_dir("x");
	CHECK_STR(root, "/");
	CHECK_STR(here, ".");
	CHECK_STR(path_base("a/b.c"), "b.c");
	CHECK_STR(path_extension("a.d/b"), "");
	CHECK_STR(path_extension("a/b.yaml"), ".yaml");
}

TEST(base_map, keeps_insertion_order_through_removal_and_growth)
{
	struct map m = MAP_INIT;
	int values[500];
	for (int i = 0; i < 500; i++) {
		AUTOFREE char *key = str_format("k%d", i);
		map_set(&m, key, &values[i]);
	}
	for (int i = 0; i < 500; i += 2) {
		AUTOFREE char *key = str_format("k%d", i);
		map_remove(&m, key);
	}
	map_set(&m, "k0", &values[0]);
	bool is_ok = m.len == 251 && map_get(&m, "k2") == NULL && map_get(&m, "k3") == &values[3];
	is_ok = is_ok && str_equal(map_first(&m)->key, "k1");
	size_t count = 0;
	for (struct map_entry *e = map_first(&m); e; e = map_next(&m, e))
		count++;
	map_clear(&m);
	CHECK(is_ok);
	CHECK_INT(count, 251);
}

TEST(base_arena, large_and_small_allocations_live_together)
{
	struct arena a = ARENA_INIT;
	char *small = arena_strdup(&a, "x");
	char *large = arena_alloc(&a, 3 << 20);
	memset(large, 1, 3 << 20);
	bool is_ok = str_equal(small, "x") && (uintptr_t)large % 16 == 0;
	arena_reset(&a);
	is_ok = is_ok && a.left == a.total_bytes;
	arena_clear(&a);
	CHECK(is_ok);
}

TEST(base_utf8, rejects_what_rfc_3629_rejects)
{
	size_t bad = 0;
	CHECK(utf8_valid("plain ascii text \xc3\xa9 \xf0\x9f\x98\x80", 24, NULL));
	CHECK(!utf8_valid("ab\xc0\x80", 4, &bad) && bad == 2);
	CHECK(!utf8_valid("\xed\xa0\x80", 3, NULL));
	CHECK(!utf8_valid("\xf4\x90\x80\x80", 4, NULL));
	CHECK(!utf8_valid("\xe2\x82", 2, NULL));
}

TEST(base_utf8, encode_and_decode_agree)
{
	static const uint32_t codes[] = { 0x41, 0xe9, 0x20ac, 0x1f600, 0x10ffff };
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		char out[4];
		uint32_t code = 0;
		size_t len = utf8_encode(codes[i], out);
		CHECK_INT(utf8_decode(out, len, &code), len);
		CHECK_INT(code, codes[i]);
	}
}
