#include "base/base.h"

#include "test.h"

#include "http/http.h"
#include "pal/clock.h"
#include "pal/pipe.h"

/* A server of one answer on a loopback port: what it reads ends at the first empty line. */
static const char server_code[] =
	"import socket,sys,time\n"
	"s=socket.socket();s.bind(('127.0.0.1',0));s.listen(9)\n"
	"print(s.getsockname()[1],flush=True)\n"
	"answers=[a.replace('\\\\r',chr(13)).replace('\\\\n',chr(10)) for a in sys.argv[1:]]\n"
	"for a in answers:\n"
	" c,_=s.accept();d=b''\n"
	" while b'\\r\\n\\r\\n' not in d:\n"
	"  p=c.recv(4096)\n"
	"  if not p: break\n"
	"  d+=p\n"
	" print(d.decode().replace(chr(13)+chr(10),'|'),flush=True)\n"
	" if a=='hang': time.sleep(600)\n"
	" c.sendall(a.encode());c.close()\n"
	"time.sleep(600)\n";

struct server {
	struct pipe_child *child;
	char *url;
};

static void server_clear(struct server *server)
{
	pipe_free(server->child);
	mem_free(server->url);
}

static void read_line(struct pipe_child *child, struct str *line)
{
	char c = 0;
	size_t len = 1;
	str_reset(line);
	while (len > 0) {
		CHECK_OK(pipe_read(child, &c, 1, &len));
		if (len == 0 || c == '\n')
			return;
		str_addch(line, c);
	}
}

static bool server_start(struct server *server, const char *first, const char *second)
{
	const char *const argv[] = { "python3", "-c", server_code, first, second, NULL };
	struct pipe_opts opts = { .argv = argv,
		                  .deadline_ns = clock_monotonic_ns() + 30 * CLOCK_NS_PER_S };
	err *e = pipe_open(&opts, &server->child);
	if (e) {
		err_free(e);
		test_skip("python3 is not installed");
		return false;
	}
	AUTO(str) line = STR_INIT;
	read_line(server->child, &line);
	server->url = str_format("http://127.0.0.1:%s/x", line.ptr);
	return true;
}

#define OK_HELLO                                                                          \
	"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nX-Word:  hi there\\r\\nConnection: " \
	"close\\r\\n\\r\\nhello"

static err *get(const char *url, const struct http_options *options, struct http_request request,
                size_t limit, struct http_response *ret_response)
{
	struct http_client *client = NULL;
	TRY(http_client_new(options, &client));
	request.url = url;
	err *e = http_do(client, &request, limit, ret_response);
	http_client_free(client);
	return e;
}

static const struct http_options plain = { 0 };

TEST(http, gets_status_headers_and_body)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, OK_HELLO, NULL))
		return;
	CHECK_OK(get(server.url, &plain, (struct http_request){ 0 }, 100, &response));
	CHECK_INT(response.status, 200);
	CHECK_STR(response.body.ptr, "hello");
	AUTOFREE char *word = http_response_header(&response, "x-word");
	CHECK_STR(word, "hi there");
	CHECK(!http_response_header(&response, "x-wor"));
	AUTO(str) line = STR_INIT;
	read_line(server.child, &line);
	CHECK_HAS(line.ptr, "GET /x HTTP/1.1|");
	CHECK_HAS(line.ptr, "User-Agent: fettle");
	CHECK(!strstr(line.ptr, "Authorization"));
}

TEST(http, sends_credentials_and_body)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, OK_HELLO, NULL))
		return;
	struct http_request request = {
		.body = "a=1", .body_len = 3, .user = "bob", .password = "pw"
	};
	CHECK_OK(get(server.url, &plain, request, 100, &response));
	AUTO(str) line = STR_INIT;
	read_line(server.child, &line);
	CHECK_HAS(line.ptr, "POST /x HTTP/1.1|");
	CHECK_HAS(line.ptr, "Authorization: Basic Ym9iOnB3|");
}

TEST(http, a_body_over_the_limit_is_an_error)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, OK_HELLO, NULL))
		return;
	CHECK_ERR(get(server.url, &plain, (struct http_request){ 0 }, 4, &response), ERR_LIMIT,
	          "4 bytes");
	CHECK_INT(response.status, 0);
}

TEST(http, a_body_cut_short_is_an_error)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, "HTTP/1.1 200 OK\\r\\nContent-Length: 50\\r\\n\\r\\nhello",
	                  NULL))
		return;
	CHECK_ERR(get(server.url, &plain, (struct http_request){ 0 }, 100, &response),
	          ERR_UNAVAILABLE, "127.0.0.1");
}

TEST(http, tries_again_only_when_told_to)
{
	static const char busy[] = "HTTP/1.1 503 Busy\\r\\nContent-Length: 0\\r\\nConnection: "
				   "close\\r\\n\\r\\n";
	AUTO(server) server = { 0 };
	AUTO(server) other = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, busy, OK_HELLO))
		return;
	CHECK_OK(get(server.url, &plain, (struct http_request){ 0 }, 100, &response));
	CHECK_INT(response.status, 503);
	http_response_clear(&response);
	CHECK(server_start(&other, busy, OK_HELLO));
	CHECK_OK(get(other.url, &plain, (struct http_request){ .retries = 2 }, 100, &response));
	CHECK_INT(response.status, 200);
}

TEST(http, a_redirect_never_leads_to_a_file)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(
		    &server,
		    "HTTP/1.1 302 Found\\r\\nLocation: file:///etc/passwd\\r\\nContent-Length: "
		    "0\\r\\n\\r\\n",
		    NULL))
		return;
	CHECK_ERR(get(server.url, &plain, (struct http_request){ 0 }, 1000, &response), ERR_REFUSED,
	          "");
}

TEST(http, a_server_that_hangs_meets_the_deadline)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	if (!server_start(&server, "hang", NULL))
		return;
	int64_t start = clock_monotonic_ms();
	CHECK_ERR(
		get(server.url, &plain, (struct http_request){ .timeout_ms = 150 }, 100, &response),
		ERR_TIMEOUT, "in time");
	CHECK(clock_monotonic_ms() - start < 5000);
	struct http_options over = { .deadline_ns = clock_monotonic_ns() };
	CHECK_ERR(get(server.url, &over, (struct http_request){ 0 }, 100, &response), ERR_TIMEOUT,
	          "");
	atomic_int cancel = 1;
	struct http_options cancelled = { .cancel = &cancel };
	CHECK_ERR(get(server.url, &cancelled, (struct http_request){ 0 }, 100, &response),
	          ERR_CANCELLED, "");
}

TEST(http, refuses_other_schemes_and_broken_headers)
{
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	CHECK_ERR(get("file:///etc/passwd", &plain, (struct http_request){ 0 }, 100, &response),
	          ERR_USAGE, "http");
	struct http_header bad = { "X-A", "1\r\nX-B: 2" };
	struct http_request request = { .headers = &bad, .header_count = 1 };
	CHECK_ERR(get("http://127.0.0.1:1/", &plain, request, 100, &response), ERR_USAGE,
	          "line break");
	CHECK_ERR(get("http://127.0.0.1:1/", &plain, (struct http_request){ 0 }, 100, &response),
	          ERR_UNAVAILABLE, "127.0.0.1:1");
}

TEST(http, says_which_certificates_it_trusts)
{
	AUTO(str) text = STR_INIT;
	http_describe_ca("/some/ca.pem", &text);
	CHECK_STR(text.ptr, "/some/ca.pem (the settings)");
	CHECK(http_library_version()[0] == '8');
}

TEST(http, a_proxy_of_the_settings_is_asked)
{
	AUTO(server) server = { 0 };
	AUTO(http_response) response = { .body = STR_INIT, .headers = STR_INIT };
	AUTO(str) line = STR_INIT;
	if (!server_start(&server, OK_HELLO, NULL))
		return;
	const struct http_options options = { .proxy = server.url };
	CHECK_OK(get("http://fettle.invalid/y", &options, (struct http_request){ 0 }, 100, &response));
	CHECK_STR(response.body.ptr, "hello");
	read_line(server.child, &line);
	CHECK_HAS(line.ptr, "GET http://fettle.invalid/y HTTP/1.1|");
}
