#include "base/base.h"

#include "test.h"

#include "base/arena.h"
#include "kv/kv_resp.h"

static enum resp_state read_text(const char *text, struct arena *a, struct val **value, size_t *len)
{
	return resp_read(view_of(text), a, value, len);
}

TEST(resp, every_kind_of_answer)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *v = NULL;
	size_t len;
	CHECK_INT(read_text("+OK\r\nrest", &a, &v, &len), RESP_VALUE);
	CHECK_STR(v->as.str.ptr, "OK");
	CHECK_INT(len, 5);
	CHECK_INT(read_text("-ERR no\r\n", &a, &v, &len), RESP_ERROR);
	CHECK_STR(v->as.str.ptr, "ERR no");
	CHECK_INT(read_text(":-12\r\n", &a, &v, &len), RESP_VALUE);
	CHECK_INT(v->as.integer, -12);
	CHECK_INT(read_text("$3\r\na\r\n\r\n", &a, &v, &len), RESP_VALUE);
	CHECK_STR(v->as.str.ptr, "a\r\n");
	CHECK_INT(read_text("*3\r\n$-1\r\n*1\r\n:1\r\n-E\r\n", &a, &v, &len), RESP_VALUE);
	CHECK_INT(val_len(v), 3);
	CHECK_INT(val_at(v, 0)->kind, VAL_NULL);
}

TEST(resp, what_is_not_whole_is_waited_for)
{
	static const char whole[] = "*2\r\n$3\r\nabc\r\n:5\r\n";
	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		AUTO(arena) a = ARENA_INIT;
		struct val *v = NULL;
		size_t len;
		CHECK_INT(resp_read((struct view){ whole, i }, &a, &v, &len), RESP_MORE);
	}
}

TEST(resp, nonsense_is_refused)
{
	static const char *const bad[] = {
		"HTTP/1.1 400\r\n",
		"$x\r\n",
		"$-2\r\n",
		":a\r\n",
		"*-5\r\n",
		"$1\r\nab\r\n",
		"\r\n",
		"$99999999999\r\n",
		"*99999999\r\n",
		"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = ARENA_INIT;
		struct val *v = NULL;
		size_t len;
		CHECK_INT(read_text(bad[i], &a, &v, &len), RESP_BROKEN);
	}
}

TEST(resp, a_command_is_an_array_of_its_words)
{
	AUTO(str) out = STR_INIT;
	resp_add(&out, (struct view[]){ view_of("SET"), view_of("k"), { "a\0b", 3 } }, 3);
	CHECK_INT(out.len, 4 + 9 + 7 + 9);
	CHECK(memcmp(out.ptr, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na\0b\r\n", out.len) == 0);
}
