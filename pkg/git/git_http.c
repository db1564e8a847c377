/*
 * git's smart HTTP protocol over the HTTP client we are given: one GET for the
 * refs, then POSTs. See gitprotocol-http(5). Version 0, which libgit2 speaks.
 */
#include "base/base.h"

#include "git/git_private.h"

#include <git2/sys/errors.h>

#define SERVICE "git-upload-pack"

struct http_subtransport {
	git_smart_subtransport parent; /* first: libgit2 knows us by it */
	struct repo_session *session;
};

struct http_stream {
	git_smart_subtransport_stream parent; /* first */
	struct repo_session *session;
	void *response; /* NULL: not sent yet */
	struct str body;
	bool is_post;
};

static const char *base_of(const struct repo_session *session)
{
	return session->base_url ? session->base_url : session->url;
}

/* The session's error names the repository; these say what the server did. */
static err *unauthorised(struct repo_session *session, const char *base)
{
	bool had = session->user && session->password;
	repo_credential_tell(session, base, false);
	err *e = err_new(ERR_AUTH, had ? "the server did not accept the user name and password"
	                               : "the server wants a user name and password");
	return err_hint(
		e, "store them with a git credential helper (gitcredentials(7)) or in ~/.netrc");
}

static err *status_error(int status)
{
	switch (status) {
	case 403:
		return err_hint(err_new(ERR_AUTH, "the server forbids reading it"),
		                "the account needs read access to this repository");
	case 404:
	case 410:
		return err_hint(
			err_new(ERR_NOT_FOUND, "there is no repository at this address"),
			"check the address; servers also say this to those who may not read it");
	case 407:
		return err_new(ERR_AUTH, "the proxy wants a user name and password");
	case 429:
	case 502:
	case 503:
	case 504:
		return err_new(ERR_UNAVAILABLE, "the server is busy or down (HTTP %d)", status);
	default:
		return err_new(ERR_UNAVAILABLE, "the server answered with HTTP %d", status);
	}
}

static err *send_once(struct http_stream *stream, const char *url, int *ret_status)
{
	const struct repo_session *session = stream->session;
	const struct repo_http *http = session->options->http;
	struct repo_http_request request = {
		.url = url,
		.content_type = stream->is_post ? "application/x-" SERVICE "-request" : NULL,
		.accept = stream->is_post ? "application/x-" SERVICE "-result" : "*/*",
		.body = stream->body.ptr,
		.body_len = stream->body.len,
		.user = session->password ? session->user : NULL,
		.password = session->password,
	};
	/* cppcheck-suppress returnDanglingLifetime ; the request is not kept */
	return http->open(http->client, &request, &stream->response, ret_status);
}

static void close_response(struct http_stream *stream)
{
	if (stream->response)
		stream->session->options->http->close(stream->response);
	stream->response = NULL;
}

static bool same_host(const char *a, const char *b)
{
	const char *host_a = strstr(a, "://"), *host_b = strstr(b, "://");
	if (!host_a || !host_b)
		return false;
	size_t len_a = (size_t)(host_a - a) + 3, len_b = (size_t)(host_b - b) + 3;
	len_a += strcspn(a + len_a, "/");
	len_b += strcspn(b + len_b, "/");
	return len_a == len_b && strncmp(a, b, len_a) == 0;
}

/* Where the refs came from is where the rest is asked for, as git does after a redirect. */
static err *follow_redirect(struct repo_session *session, const char *suffix, const char *answered)
{
	if (!answered || !str_ends(answered, suffix))
		return err_new(ERR_UNAVAILABLE,
		               "the server redirects to a page that is no repository");
	if (!same_host(base_of(session), answered)) {
		repo_wipe(&session->user);
		repo_wipe(&session->password);
		session->has_asked = false;
	}
	mem_free(session->base_url);
	session->base_url = mem_strndup(answered, strlen(answered) - strlen(suffix));
	return NULL;
}

static err *check_answer(struct http_stream *stream, const char *url, const char *suffix)
{
	struct repo_session *session = stream->session;
	const struct repo_http *http = session->options->http;
	const char *answered = http->url(stream->response);
	if (!stream->is_post && answered && !str_equal(answered, url))
		TRY(follow_redirect(session, suffix, answered));

	const char *type = http->header(stream->response, "content-type");
	const char *expected = stream->is_post ? "application/x-" SERVICE "-result"
	                                       : "application/x-" SERVICE "-advertisement";
	if (!type || !str_starts(type, expected))
		return err_hint(
			err_new(ERR_NOT_FOUND, "there is no git repository at this address"),
			"the server answered with '%s' where git was expected",
			type ? type : "nothing");
	repo_credential_tell(session, base_of(session), true);
	return NULL;
}

/*
 * Send, and once more with credentials when the server asks for them; redirects to another host
 * are asked there again, so that no password goes where it does not belong.
 */
static err *send_request(struct http_stream *stream)
{
	struct repo_session *session = stream->session;
	const char *suffix = stream->is_post ? "/" SERVICE : "/info/refs?service=" SERVICE;
	for (unsigned attempt = 0; attempt < 3; attempt++) {
		AUTOFREE char *base = mem_strdup(base_of(session));
		size_t base_len = strlen(base);
		AUTOFREE char *url =
			str_format("%.*s%s", (int)(base_len - str_ends(base, "/")), base, suffix);
		int status = 0;
		TRY(repo_check_time(session->options, "fetching"));
		/* cppcheck-suppress returnDanglingLifetime ; errors hold copies */
		TRY(send_once(stream, url, &status));
		if (status == 200)
			return check_answer(stream, url, suffix);
		if (status != 401)
			return status_error(status);
		const char *answered = session->options->http->url(stream->response);
		if (!stream->is_post && answered && !same_host(url, answered))
			TRY(follow_redirect(session, suffix, answered));
		else if (session->password)
			return unauthorised(session, base);
		close_response(stream);
		if (!session->password)
			TRY(repo_credential_fill(session, base_of(session)));
		if (!session->password)
			return unauthorised(session, base);
	}
	return unauthorised(session, base_of(session));
}

static int stream_write(git_smart_subtransport_stream *parent, const char *buffer, size_t len)
{
	struct http_stream *stream = (struct http_stream *)(void *)parent;
	str_add(&stream->body, buffer, len);
	return 0;
}

static int stream_read(git_smart_subtransport_stream *parent, char *buffer, size_t buffer_size,
                       size_t *ret_len)
{
	struct http_stream *stream = (struct http_stream *)(void *)parent;
	struct repo_session *session = stream->session;
	err *e = stream->response ? NULL : send_request(stream);
	if (!e)
		e = session->options->http->read(stream->response, buffer, buffer_size, ret_len);
	if (e)
		return repo_session_fail(session, e);
	return 0;
}

static void stream_free(git_smart_subtransport_stream *parent)
{
	struct http_stream *stream = (struct http_stream *)(void *)parent;
	close_response(stream);
	str_clear(&stream->body);
	mem_free(stream);
}

static int transport_action(git_smart_subtransport_stream **ret_stream,
                            git_smart_subtransport *parent, const char *url,
                            git_smart_service_t service)
{
	(void)url; /* the session's, which may hold the user info that libgit2 removed */
	struct http_subtransport *transport = (struct http_subtransport *)(void *)parent;
	if (service != GIT_SERVICE_UPLOADPACK_LS && service != GIT_SERVICE_UPLOADPACK)
		return repo_session_fail(transport->session,
		                         err_new(ERR_INTERNAL, "fettle does not push"));
	struct http_stream *stream = MEM_NEW(struct http_stream);
	stream->parent.subtransport = parent;
	stream->parent.read = stream_read;
	stream->parent.write = stream_write;
	stream->parent.free = stream_free;
	stream->session = transport->session;
	stream->is_post = service == GIT_SERVICE_UPLOADPACK;
	str_init(&stream->body);
	*ret_stream = &stream->parent;
	return 0;
}

static int transport_close(git_smart_subtransport *parent)
{
	(void)parent;
	return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
	mem_free(parent);
}

int repo_http_subtransport(git_smart_subtransport **ret_transport, git_transport *owner,
                           void *session)
{
	(void)owner;
	struct http_subtransport *transport = MEM_NEW(struct http_subtransport);
	transport->parent.action = transport_action;
	transport->parent.close = transport_close;
	transport->parent.free = transport_free;
	transport->session = session;
	*ret_transport = &transport->parent;
	return 0;
}
