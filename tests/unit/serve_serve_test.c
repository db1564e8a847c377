#include "test.h"
#include "serve/serve.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/loop.h"
#include "pal/sock.h"

#define WAIT_MS 5000
#define GET     "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

static void reply_with_path(void *ctx, const struct serve_request *request,
                            struct serve_reply *reply)
{
	int *count = ctx;

	(*count)++;
	if (str_equal(request->path, "/missing"))
		reply->status = 404;
	if (str_equal(request->path, "/large")) {
		str_add_repeat(&reply->body, 'x', 3000000);
		return;
	}
	str_addf(&reply->body, "%s %s", request->method, request->path);
}

struct server {
	struct loop *loop;
	struct serve *serve;
	int requests;
};

static void server_clear(struct server *server)
{
	serve_free(server->serve);
	loop_free(server->loop);
}

static err *server_start(struct server *server, const struct serve_opts *opts)
{
	TRY(loop_new(NULL, &server->loop));
	return serve_new(server->loop, "127.0.0.1:0", opts, reply_with_path, &server->requests,
	                 &server->serve);
}

struct client {
	pal_handle handle;
	struct str got;
	bool is_closed;
};

#define CLIENT_INIT                              \
	{                                        \
		PAL_HANDLE_NONE, STR_INIT, false \
	}

static void client_clear(struct client *client)
{
	sock_close(client->handle);
	str_clear(&client->got);
}

static err *client_open(struct client *client, const struct server *server)
{
	return sock_connect(serve_address(server->serve), WAIT_MS, &client->handle);
}

static err *client_send(const struct client *client, const char *text)
{
	size_t len = 0;
	enum sock_state state;

	TRY(sock_write(client->handle, text, strlen(text), &len, &state));
	return len == strlen(text) ? NULL : err_new(ERR_IO, "short write");
}

static err *client_receive(struct client *client)
{
	char buf[65536];
	size_t len = 0;
	enum sock_state state = SOCK_AGAIN;

	TRY(sock_read(client->handle, buf, sizeof(buf), &len, &state));
	str_add(&client->got, buf, len);
	client->is_closed |= state == SOCK_END;
	return NULL;
}

/* Run the server until the client has seen `end`, or (NULL) the close. */
static err *run_until(struct server *server, struct client *client, const char *end)
{
	struct deadline deadline = deadline_after(WAIT_MS);

	while (end ? !strstr(client->got.ptr, end) : !client->is_closed) {
		if (deadline_is_over(deadline))
			return err_new(ERR_TIMEOUT, "got only: %s", client->got.ptr);
		TRY(loop_step(server->loop, 5));
		TRY(client_receive(client));
	}
	return NULL;
}

TEST(serve, answers_and_keeps_the_connection)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	CHECK_OK(client_send(&client, GET));
	CHECK_OK(run_until(&server, &client, "GET /metrics"));
	CHECK_HAS(client.got.ptr, "HTTP/1.1 200 OK\r\n");
	CHECK_HAS(client.got.ptr, "Content-Length: 12\r\n");
	CHECK_HAS(client.got.ptr, "Connection: keep-alive\r\n");
	str_reset(&client.got);
	CHECK_OK(client_send(&client,
	                     "GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	CHECK_OK(run_until(&server, &client, NULL));
	CHECK_HAS(client.got.ptr, "HTTP/1.1 404 Not Found\r\n");
	CHECK_HAS(client.got.ptr, "Connection: close\r\n");
	CHECK_INT(server.requests, 2);
}

TEST(serve, answers_a_head_request_without_body)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	CHECK_OK(client_send(&client, "HEAD /x HTTP/1.0\r\n\r\n"));
	CHECK_OK(run_until(&server, &client, NULL));
	CHECK_HAS(client.got.ptr, "Content-Length: 7\r\n");
	CHECK(str_ends(client.got.ptr, "\r\n\r\n"));
}

TEST(serve, takes_requests_byte_by_byte_and_many_at_once)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	for (const char *c = GET; *c; c++) {
		char text[2] = { *c, '\0' };
		CHECK_OK(client_send(&client, text));
		CHECK_OK(loop_step(server.loop, 20));
	}
	CHECK_OK(run_until(&server, &client, "GET /metrics"));
	str_reset(&client.got);
	CHECK_OK(client_send(&client, GET GET "GET /last HTTP/1.1\r\nHost: x\r\n\r\n"));
	CHECK_OK(run_until(&server, &client, "GET /last"));
	CHECK_INT(server.requests, 4);
}

TEST(serve, sends_replies_larger_than_the_socket_takes_at_once)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	CHECK_OK(client_send(&client, "GET /large HTTP/1.0\r\n\r\n"));
	CHECK_OK(run_until(&server, &client, NULL));
	CHECK(client.got.len > 3000000);
	CHECK_HAS(client.got.ptr, "Content-Length: 3000000\r\n");
}

TEST(serve, refuses_bad_requests_and_closes)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	CHECK_OK(client_send(&client,
	                     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" GET));
	CHECK_OK(run_until(&server, &client, NULL));
	CHECK_HAS(client.got.ptr, "HTTP/1.1 405 Method Not Allowed\r\n");
	CHECK_HAS(client.got.ptr, "Allow: GET, HEAD\r\n");
	CHECK_INT(server.requests, 0);
	CHECK(!strstr(client.got.ptr, "200 OK"));
}

TEST(serve, refuses_a_head_that_never_ends)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;
	AUTO(str) text = STR_INIT;

	CHECK_OK(server_start(&server, NULL));
	CHECK_OK(client_open(&client, &server));
	str_addz(&text, "GET / HTTP/1.1\r\nX: ");
	str_add_repeat(&text, 'x', 9000);
	CHECK_OK(client_send(&client, text.ptr));
	CHECK_OK(run_until(&server, &client, NULL));
	CHECK_HAS(client.got.ptr, "HTTP/1.1 431 ");
}

TEST(serve, closes_who_is_too_slow)
{
	struct serve_opts opts = { .head_timeout_ms = 20, .idle_timeout_ms = 20 };
	AUTO(server) server = { 0 };
	AUTO(client) silent = CLIENT_INIT;
	AUTO(client) idle = CLIENT_INIT;

	CHECK_OK(server_start(&server, &opts));
	CHECK_OK(client_open(&silent, &server));
	CHECK_OK(client_send(&silent, "GET /"));
	CHECK_OK(run_until(&server, &silent, NULL));
	CHECK_INT(silent.got.len, 0);
	CHECK_OK(client_open(&idle, &server));
	CHECK_OK(client_send(&idle, GET));
	CHECK_OK(run_until(&server, &idle, NULL));
	CHECK_HAS(idle.got.ptr, "200 OK");
	CHECK_INT(serve_connections(server.serve), 0);
}

TEST(serve, turns_away_more_than_it_may_hold)
{
	struct serve_opts opts = { .max_connections = 1 };
	AUTO(server) server = { 0 };
	AUTO(client) first = CLIENT_INIT;
	AUTO(client) second = CLIENT_INIT;

	CHECK_OK(server_start(&server, &opts));
	CHECK_OK(client_open(&first, &server));
	CHECK_OK(client_send(&first, GET));
	CHECK_OK(run_until(&server, &first, "GET /metrics"));
	CHECK_OK(client_open(&second, &server));
	CHECK_OK(run_until(&server, &second, NULL));
	CHECK_HAS(second.got.ptr, "503");
	CHECK_INT(serve_connections(server.serve), 1);
}

TEST(serve, forgets_clients_that_vanish)
{
	AUTO(server) server = { 0 };

	CHECK_OK(server_start(&server, NULL));
	for (int i = 0; i < 100; i++) {
		AUTO(client) client = CLIENT_INIT;
		CHECK_OK(client_open(&client, &server));
		CHECK_OK(client_send(&client,
		                     i % 2 ? "GET /large HTTP/1.1\r\nHost: x\r\n\r\n" : "GE"));
		CHECK_OK(loop_step(server.loop, 100));
	}
	struct deadline end = deadline_after(WAIT_MS);
	while (serve_connections(server.serve) > 0 && !deadline_is_over(end))
		CHECK_OK(loop_step(server.loop, 5));
	CHECK_INT(serve_connections(server.serve), 0);
}

TEST(serve, says_when_the_address_is_taken)
{
	AUTO(server) server = { 0 };
	struct serve *second = NULL;

	CHECK_OK(server_start(&server, NULL));
	CHECK_ERR(serve_new(server.loop, serve_address(server.serve), NULL, reply_with_path, NULL,
	                    &second),
	          ERR_EXISTS, "cannot listen on");
}

static void live(void)
{
	AUTO(server) server = { 0 };
	AUTO(client) client = CLIENT_INIT;

	err *e = server_start(&server, NULL);
	if (!e)
		e = client_open(&client, &server);
	if (!e)
		e = client_send(&client, "GET /large HTTP/1.0\r\n\r\n");
	for (int i = 0; i < 10 && !e && !client.is_closed; i++) {
		e = loop_step(server.loop, 5);
		if (!e)
			e = client_receive(&client);
	}
	err_free(e);
}

TEST(serve, survives_any_call_that_fails)
{
	for (unsigned long i = 1; i < 60; i++) {
		fault_arm(i);
		live();
	}
	fault_arm(0);
}
