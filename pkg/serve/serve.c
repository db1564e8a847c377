#include "base/base.h"
#include "serve/serve.h"

#include "base/limits.h"
#include "base/vec.h"
#include "pal/loop.h"
#include "pal/sock.h"
#include "serve/head.h"

#define MAX_CONNECTIONS  64
#define HEAD_TIMEOUT_MS  5000
#define IDLE_TIMEOUT_MS  15000
#define WRITE_TIMEOUT_MS 10000
#define LINGER_MS        1000
#define ACCEPT_AT_ONCE   16  /* then the others get their turn */
#define ACCEPT_PAUSE_MS  100 /* after an error: out of descriptors, most likely */

enum conn_state {
	CONN_READING,   /* a request, or nothing yet */
	CONN_WRITING,   /* the reply */
	CONN_LINGERING, /* the last reply is out; wait for the other side to have read it */
};

struct conn {
	struct serve *serve;
	pal_handle handle;
	struct loop_io *io;
	struct loop_timer *timer;
	enum conn_state state;
	struct str in, out;
	size_t written; /* of `out` */
	bool keep_alive;
};

struct serve {
	struct loop *loop;
	struct serve_opts opts;
	serve_fn *fn;
	void *ctx;
	pal_handle listener;
	struct loop_io *listener_io;
	struct loop_timer *accept_timer;
	struct str address;
	VEC(struct conn *) conns;
};

static void on_ready(void *ctx, unsigned ready);
static void on_timeout(void *ctx);

/* ---- connections -------------------------------------------------------------------------- */

static void conn_free(struct conn *conn)
{
	loop_io_free(conn->io);
	loop_timer_free(conn->timer);
	sock_close(conn->handle);
	str_clear(&conn->in);
	str_clear(&conn->out);
	mem_free(conn);
}

static void conn_close(struct conn *conn)
{
	struct serve *serve = conn->serve;

	for (size_t i = 0; i < serve->conns.len; i++) {
		if (serve->conns.ptr[i] == conn) {
			serve->conns.ptr[i] = serve->conns.ptr[--serve->conns.len];
			break;
		}
	}
	conn_free(conn);
}

static struct conn *conn_new(struct serve *serve, pal_handle handle)
{
	struct conn *conn = MEM_NEW(struct conn);

	conn->serve = serve;
	conn->handle = handle;
	str_init(&conn->in);
	str_init(&conn->out);
	conn->io = loop_add_socket(serve->loop, handle, LOOP_READ, on_ready, conn);
	conn->timer = loop_timer_new(serve->loop, on_timeout, conn);
	loop_timer_set(conn->timer, serve->opts.head_timeout_ms);
	vec_push(&serve->conns, conn);
	return conn;
}

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Content Too Large" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

static void add_reply(struct conn *conn, int status, const char *content_type, struct view body,
                      bool with_body)
{
	struct str *out = &conn->out;

	str_addf(out, "HTTP/1.1 %d %s\r\n", status, status_text(status));
	str_addf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", content_type, body.len);
	str_addz(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	if (status == 405)
		str_addz(out, "Allow: GET, HEAD\r\n");
	str_addf(out, "Connection: %s\r\n\r\n", conn->keep_alive ? "keep-alive" : "close");
	if (with_body)
		str_add(out, body.ptr, body.len);
}

static void begin_writing(struct conn *conn)
{
	conn->state = CONN_WRITING;
	conn->written = 0;
	loop_timer_set(conn->timer, conn->serve->opts.write_timeout_ms);
}

static void refuse(struct conn *conn, int status)
{
	AUTO(str) body = STR_INIT;

	str_addf(&body, "%s\n", status_text(status));
	conn->keep_alive = false;
	add_reply(conn, status, "text/plain; charset=utf-8", view_str(&body), true);
	begin_writing(conn);
}

static void answer(struct conn *conn, const struct serve_head *head)
{
	struct serve *serve = conn->serve;
	struct serve_request request = { head->method, head->path.ptr, view_str(&head->query) };
	struct serve_reply reply = { 200, "text/plain; charset=utf-8", STR_INIT };

	serve->fn(serve->ctx, &request, &reply);
	conn->keep_alive = head->keep_alive;
	add_reply(conn, reply.status, reply.content_type, view_str(&reply.body),
	          str_equal(head->method, "GET"));
	str_clear(&reply.body);
	begin_writing(conn);
}

/* Handle the request at the start of `in` when it is complete. */
static void take_request(struct conn *conn)
{
	struct serve_head head = SERVE_HEAD_INIT;
	size_t len = serve_head_find(view_str(&conn->in));
	if (len == 0) {
		if (conn->in.len >= LIMIT_HTTP_HEAD_BYTES)
			refuse(conn, 431);
		return;
	}

	int status = serve_head_read((struct view){ conn->in.ptr, len }, &head);
	if (status == 200)
		answer(conn, &head);
	else
		refuse(conn, status);
	serve_head_clear(&head);
	memmove(conn->in.ptr, conn->in.ptr + len, conn->in.len - len);
	str_truncate(&conn->in, conn->in.len - len);
}

/* ---- what the loop calls; false: the connection is to be closed ----------------------------- */

static bool receive(struct conn *conn)
{
	char buf[LIMIT_HTTP_HEAD_BYTES];
	size_t len = 0, room = LIMIT_HTTP_HEAD_BYTES - MIN(conn->in.len, LIMIT_HTTP_HEAD_BYTES);
	enum sock_state state;

	err *e = sock_read(conn->handle, buf, room, &len, &state);
	if (e) {
		err_ignore(e, "a broken connection is the client's affair");
		return false;
	}
	if (state != SOCK_OK)
		return state == SOCK_AGAIN;
	/* The whole head must come in time, however slowly its bytes do. */
	if (conn->in.len == 0)
		loop_timer_set(conn->timer, conn->serve->opts.head_timeout_ms);
	str_add(&conn->in, buf, len);
	take_request(conn);
	return true;
}

/* The reply is out: the next request, or the end. */
static bool finish(struct conn *conn)
{
	str_clear(&conn->out);
	if (!conn->keep_alive) {
		/* Closing with unread bytes resets the connection and may cost the client the reply. */
		sock_finish(conn->handle);
		conn->state = CONN_LINGERING;
		loop_timer_set(conn->timer, LINGER_MS);
		return true;
	}
	conn->state = CONN_READING;
	loop_timer_set(conn->timer, conn->serve->opts.idle_timeout_ms);
	take_request(conn); /* it may have come together with the one before */
	return true;
}

static bool transmit(struct conn *conn)
{
	size_t len = 0;
	enum sock_state state;

	err *e = sock_write(conn->handle, conn->out.ptr + conn->written,
	                    conn->out.len - conn->written, &len, &state);
	if (e) {
		err_ignore(e, "a broken connection is the client's affair");
		return false;
	}
	conn->written += len;
	if (state == SOCK_END)
		return false;
	return conn->written < conn->out.len || finish(conn);
}

static bool drain(struct conn *conn)
{
	char buf[4096];
	size_t len;
	enum sock_state state;

	err *e = sock_read(conn->handle, buf, sizeof(buf), &len, &state);
	if (e)
		err_ignore(e, "it is being closed anyway");
	return !e && state != SOCK_END;
}

static bool advance(struct conn *conn, unsigned ready)
{
	if (conn->state == CONN_LINGERING)
		return drain(conn);
	if (conn->state == CONN_READING && !receive(conn))
		return false;
	if (conn->state == CONN_WRITING && !transmit(conn))
		return false;
	/* An error that neither reading nor writing reported would come back for ever. */
	return !(ready & LOOP_ERROR) || (ready & (LOOP_READ | LOOP_WRITE));
}

static void on_ready(void *ctx, unsigned ready)
{
	struct conn *conn = ctx;

	if (!advance(conn, ready)) {
		conn_close(conn);
		return;
	}
	loop_io_set(conn->io, conn->state == CONN_WRITING ? LOOP_WRITE : LOOP_READ);
}

static void on_timeout(void *ctx)
{
	conn_close(ctx);
}

/* ---- listening ---------------------------------------------------------------------------- */

static void turn_away(pal_handle handle)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	size_t len;
	enum sock_state state;

	err_ignore(sock_write(handle, text, strlen(text), &len, &state), "only a courtesy");
	sock_close(handle);
}

static void on_accept(void *ctx, unsigned ready)
{
	struct serve *serve = ctx;

	(void)ready;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		pal_handle handle = PAL_HANDLE_NONE;
		enum sock_state state = SOCK_AGAIN;
		err *e = sock_accept(serve->listener, &handle, &state);
		if (e) {
			err_ignore(e, "it comes back; trying at once again would burn the CPU");
			loop_io_set(serve->listener_io, 0);
			loop_timer_set(serve->accept_timer, ACCEPT_PAUSE_MS);
			return;
		}
		if (state == SOCK_AGAIN)
			return;
		if (serve->conns.len >= serve->opts.max_connections)
			turn_away(handle);
		else
			conn_new(serve, handle);
	}
}

static void on_accept_again(void *ctx)
{
	struct serve *serve = ctx;

	loop_io_set(serve->listener_io, LOOP_READ);
}

static struct serve_opts with_defaults(const struct serve_opts *opts)
{
	struct serve_opts result = opts ? *opts : (struct serve_opts){ 0 };

	if (result.max_connections == 0)
		result.max_connections = MAX_CONNECTIONS;
	if (result.head_timeout_ms <= 0)
		result.head_timeout_ms = HEAD_TIMEOUT_MS;
	if (result.idle_timeout_ms <= 0)
		result.idle_timeout_ms = IDLE_TIMEOUT_MS;
	if (result.write_timeout_ms <= 0)
		result.write_timeout_ms = WRITE_TIMEOUT_MS;
	return result;
}

err *serve_new(struct loop *loop, const char *address, const struct serve_opts *opts, serve_fn *fn,
               void *ctx, struct serve **ret_serve)
{
	pal_handle listener;

	TRY(sock_listen(address, &listener));
	struct serve *serve = MEM_NEW(struct serve);
	serve->loop = loop;
	serve->opts = with_defaults(opts);
	serve->fn = fn;
	serve->ctx = ctx;
	serve->listener = listener;
	str_init(&serve->address);
	serve->listener_io = loop_add_socket(loop, listener, LOOP_READ, on_accept, serve);
	serve->accept_timer = loop_timer_new(loop, on_accept_again, serve);
	err *e = sock_local_address(listener, &serve->address);
	if (e) {
		serve_free(serve);
		return e;
	}
	*ret_serve = serve;
	return NULL;
}

void serve_free(struct serve *serve)
{
	if (!serve)
		return;
	for (size_t i = 0; i < serve->conns.len; i++)
		conn_free(serve->conns.ptr[i]);
	vec_clear(&serve->conns);
	loop_io_free(serve->listener_io);
	loop_timer_free(serve->accept_timer);
	sock_listen_close(serve->listener);
	str_clear(&serve->address);
	mem_free(serve);
}

const char *serve_address(const struct serve *serve)
{
	return serve->address.ptr;
}

size_t serve_connections(const struct serve *serve)
{
	return serve->conns.len;
}
