#include "test.h"

#include <math.h>

#include "json/json.h"

TEST(json_write, streams_objects_and_arrays)
{
	AUTO(str) out = STR_INIT;
	struct json_writer w = json_writer_init(&out, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key_string(&w, "name", "api");
	json_key(&w, "ports");
	json_begin_array(&w);
	json_int(&w, 80);
	json_uint(&w, UINT64_MAX);
	json_number(&w, 0.5);
	json_number(&w, (double)NAN);
	json_end_array(&w);
	json_key(&w, "empty");
	json_begin_object(&w);
	json_end_object(&w);
	json_key_bool(&w, "on", true);
	json_key_int(&w, "n", -1);
	json_key_string(&w, "nil", NULL);
	json_key(&w, "v");
	json_val(&w, NULL);
	json_end_object(&w);
	CHECK_STR(out.ptr,
	          "{\"name\":\"api\",\"ports\":[80,18446744073709551615,0.5,null],\"empty\":{},"
	          "\"on\":true,\"n\":-1,\"nil\":null,\"v\":null}");
}

TEST(json_write, pretty_has_one_member_per_line_and_a_final_newline)
{
	AUTO(str) out = STR_INIT;
	struct json_writer w = json_writer_init(&out, JSON_PRETTY);
	json_begin_object(&w);
	json_key(&w, "a");
	json_begin_array(&w);
	json_int(&w, 1);
	json_int(&w, 2);
	json_end_array(&w);
	json_key(&w, "b");
	json_begin_array(&w);
	json_end_array(&w);
	json_end_object(&w);
	CHECK_STR(out.ptr, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}\n");
}

TEST(json_write, escapes_what_it_must)
{
	AUTO(str) out = STR_INIT;
	const char text[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xe2\x80\xa8\xff\xed\xa0\x80\0z";
	json_write_string(text, sizeof(text) - 1, &out);
	CHECK_STR(out.ptr, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\xe2\x80\xa8"
	                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\u0000z\"");
}

TEST(json_write, sorted_is_the_same_for_equal_trees)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) x_text = STR_INIT;
	AUTO(str) y_text = STR_INIT;
	struct val *x = val_new_map(&a), *y = val_new_map(&a);
	val_set(&a, x, "b", val_new_int(&a, 1));
	val_set(&a, x, "a", val_new_int(&a, 2));
	val_set(&a, x, "ab", val_new_int(&a, 3));
	val_set(&a, y, "ab", val_new_float(&a, 3.0));
	val_set(&a, y, "a", val_new_int(&a, 2));
	val_set(&a, y, "b", val_new_int(&a, 1));
	json_write(x, JSON_SORTED, &x_text);
	json_write(y, JSON_SORTED, &y_text);
	CHECK_STR(x_text.ptr, "{\"a\":2,\"ab\":3,\"b\":1}");
	CHECK_STR(y_text.ptr, x_text.ptr);
	str_reset(&x_text);
	json_write(x, JSON_ONE_LINE, &x_text);
	CHECK_STR(x_text.ptr, "{\"b\":1,\"a\":2,\"ab\":3}");
}
