/*
 * What configuration centers answer: the first byte picks the kind of source, the rest is the answer of a server on
 * loopback to each of its requests (after some of them: 404, since answers may name more to ask). Reading ends,
 * with keys or an error.
 */
#include "base/base.h"

#include "kv/kv.h"
#include "pal/clock.h"
#include "pal/loop.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ANSWERS = 6, READ_MS = 1000 };

static const char *const urls[] = {
	"etcd://127.0.0.1:%d/a",         "consul://127.0.0.1:%d/a", "vault://127.0.0.1:%d/secret/a",
	"nacos://127.0.0.1:%d/G/a.yaml", "nacos://127.0.0.1:%d/G",  "apollo://127.0.0.1:%d/app/default/ns",
	"http://127.0.0.1:%d/a.yaml",    "redis://127.0.0.1:%d/a",
};

/* The one input at hand; connections of the one before may still be there. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct str answer;
static bool is_raw;
static int asked;

static void set_answer(const char *ptr, size_t len, bool raw)
{
	pthread_mutex_lock(&mutex);
	str_reset(&answer);
	str_add(&answer, ptr, len);
	is_raw = raw;
	asked = 0;
	pthread_mutex_unlock(&mutex);
}

static void take_answer(struct str *copy, bool *ret_is_raw, bool *ret_is_enough)
{
	pthread_mutex_lock(&mutex);
	str_add(copy, answer.ptr ? answer.ptr : "", answer.len);
	*ret_is_raw = is_raw;
	*ret_is_enough = asked++ >= MOST_ANSWERS;
	pthread_mutex_unlock(&mutex);
}

static void send_all(int fd, const char *ptr, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, ptr, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		ptr += sent;
		len -= (size_t)sent;
	}
}

static void serve_one(int fd)
{
	char head[4096];
	struct timeval patience = { .tv_usec = 50000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (recv(fd, head, sizeof(head), 0) <= 0)
		return;
	AUTO(str) body = STR_INIT;
	bool raw, is_enough;
	take_answer(&body, &raw, &is_enough);
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
	                   is_enough ? "404 no" : "200 ok", is_enough ? 0 : body.len);
	if (!raw)
		send_all(fd, head, (size_t)len);
	if (!is_enough)
		send_all(fd, body.ptr, body.len);
}

static void *serve(void *listener)
{
	for (;;) {
		int fd = accept((int)(intptr_t)listener, NULL, NULL);
		if (fd < 0)
			continue;
		serve_one(fd);
		close(fd);
	}
	return NULL;
}

static int start_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&at, &len) ||
	    pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
		abort();
	return ntohs(at.sin_port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int port;
	AUTOPTR(kv_set) set = NULL;
	struct loop *loop;
	struct kv *kv = NULL;
	if (size < 1)
		return 0;
	if (!port)
		port = start_server();
	size_t kind = data[0] % ARRAY_LEN(urls);
	set_answer((const char *)data + 1, size - 1, kind == ARRAY_LEN(urls) - 1);
	char url[100];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(url, sizeof(url), urls[kind], port);
#pragma GCC diagnostic pop
	struct kv_options options = { .url = url, .policy = { .request_ms = READ_MS } };
	err *e = loop_new(NULL, &loop);
	if (e)
		abort();
	e = kv_open(loop, &options, &kv);
	if (!e)
		e = kv_read(kv, data[0] & 0x80 ? KV_KEY : KV_TREE, data[0] & 0x80 ? "b" : "", deadline_after(READ_MS),
		            &set);
	err_ignore(e, "either is fine");
	kv_free(kv);
	loop_free(loop);
	return 0;
}
