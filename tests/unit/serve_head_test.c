#include "test.h"
#include "serve/head.h"

#define OK_FIELDS "Host: a\r\n"

static int status_of(const char *text)
{
	AUTO(serve_head) head = SERVE_HEAD_INIT;

	return serve_head_read(view_of(text), &head);
}

TEST(serve_head, finds_the_end)
{
	CHECK_INT(serve_head_find(view_of("GET / HTTP/1.1\r\n\r")), 0);
	CHECK_INT(serve_head_find(view_of("GET / HTTP/1.1\r\n\r\nrest")), 18);
	CHECK_INT(serve_head_find(view_of("\r\n\r\n")), 0);
	CHECK_INT(serve_head_find(view_of("\r\nGET / HTTP/1.1\r\n\r\n")), 20);
	CHECK_INT(serve_head_find(view_of("GET / HTTP/1.1\n\n")), 0);
	CHECK_INT(serve_head_find(view_of("")), 0);
}

TEST(serve_head, reads_a_request)
{
	AUTO(serve_head) head = SERVE_HEAD_INIT;

	CHECK_INT(serve_head_read(view_of("GET /a%20b/%c3%a9?x=1&y HTTP/1.1\r\nhost: x\r\n\r\n"),
	                          &head),
	          200);
	CHECK_STR(head.method, "GET");
	CHECK_STR(head.path.ptr, "/a b/\xc3\xa9");
	CHECK_STR(head.query.ptr, "x=1&y");
	CHECK(head.keep_alive);
}

TEST(serve_head, decides_whether_the_connection_stays_open)
{
	AUTO(serve_head) head = SERVE_HEAD_INIT;

	CHECK_INT(serve_head_read(
			  view_of("GET / HTTP/1.1\r\n" OK_FIELDS "Connection: x, Close\r\n\r\n"),
			  &head),
	          200);
	CHECK(!head.keep_alive);
	CHECK_INT(serve_head_read(view_of("HEAD / HTTP/1.0\r\n\r\n"), &head), 200);
	CHECK(!head.keep_alive);
	CHECK_STR(head.method, "HEAD");
	CHECK_INT(
		serve_head_read(view_of("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), &head),
		200);
	CHECK(head.keep_alive);
}

TEST(serve_head, refuses_what_is_unclear)
{
	static const char *const bad[] = {
		"GET /\r\n\r\n",
		"GET  / HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET / HTTP/1.1 \r\n" OK_FIELDS "\r\n",
		"G\x01T / HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET x HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET * HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET http://a/ HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%00 HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%0a HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%zz HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%4 HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%ff HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /a#b HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /a/../b HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /%2e%2e/b HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET /a\\b HTTP/1.1\r\n" OK_FIELDS "\r\n",
		"GET / HTTX/1.1\r\n" OK_FIELDS "\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS OK_FIELDS "\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS "no colon\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS "blank : x\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS " folded: x\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS "a: b\nc: d\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS "a: b\rc\r\n\r\n",
		"GET / HTTP/1.1\r\n" OK_FIELDS "Content-Length: +1\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int status = status_of(bad[i]);
		if (status != 400)
			test_fail(__FILE__, __LINE__, "%d for: %s", status, bad[i]);
	}
}

TEST(serve_head, says_what_it_does_not_do)
{
	CHECK_INT(status_of("POST / HTTP/1.1\r\n" OK_FIELDS "\r\n"), 405);
	CHECK_INT(status_of("get / HTTP/1.1\r\n" OK_FIELDS "\r\n"), 405);
	CHECK_INT(status_of("GET / HTTP/2.0\r\n" OK_FIELDS "\r\n"), 505);
	CHECK_INT(status_of("GET / HTTP/1.1\r\n" OK_FIELDS "Content-Length: 5\r\n\r\n"), 413);
	CHECK_INT(status_of("GET / HTTP/1.1\r\n" OK_FIELDS "Content-Length: 0\r\n\r\n"), 200);
	CHECK_INT(status_of("GET / HTTP/1.1\r\n" OK_FIELDS "Transfer-Encoding: chunked\r\n\r\n"),
	          501);
	CHECK_INT(status_of("GET / HTTP/1.1\r\n" OK_FIELDS "Expect: 100-continue\r\n\r\n"), 417);
}

TEST(serve_head, limits_the_number_of_fields)
{
	AUTO(str) text = STR_INIT;

	str_addz(&text, "GET / HTTP/1.1\r\n" OK_FIELDS);
	for (int i = 0; i < 63; i++)
		str_addz(&text, "a: b\r\n");
	size_t len = text.len;
	str_addz(&text, "\r\n");
	CHECK_INT(status_of(text.ptr), 200);
	str_truncate(&text, len);
	str_addz(&text, "a: b\r\n\r\n");
	CHECK_INT(status_of(text.ptr), 431);
}
