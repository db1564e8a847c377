/* Where the HTTP client and git meet: neither knows the other. */
#include "base/base.h"

#include "source/source_private.h"

#include "http/http.h"

#ifndef FETTLE_VERSION
#define FETTLE_VERSION "0"
#endif

static err *http_open(void *client, const struct repo_http_request *request, void **ret_stream,
                      int *ret_status)
{
	struct http_header headers[] = {
		{ "Accept", request->accept },
		{ "Content-Type", request->content_type },
	};
	bool is_post = request->content_type != NULL;
	struct http_request http = {
		.url = request->url,
		.headers = headers,
		.header_count = is_post ? 2 : 1,
		.body = is_post ? request->body : NULL,
		.body_len = request->body_len,
		.user = request->user,
		.password = request->password,
	};
	struct http_stream *stream = NULL;
	TRY(http_stream_open(client, &http, &stream));
	*ret_status = http_stream_status(stream);
	*ret_stream = stream;
	return NULL;
}

static const char *http_header(void *stream, const char *name)
{
	return http_stream_header(stream, name);
}

static const char *http_url(void *stream)
{
	return http_stream_url(stream);
}

static err *http_read(void *stream, char *buf, size_t buf_size, size_t *ret_len)
{
	return http_stream_read(stream, buf, buf_size, ret_len);
}

static void http_close(void *stream)
{
	http_stream_close(stream);
}

static void on_progress(void *context, const struct repo_progress *progress)
{
	const struct source_net *net = context;
	struct source_progress shown = { progress->phase, progress->done, progress->total,
		                         progress->received_bytes };
	net->caller->on_progress(net->caller->context, &shown);
}

/* fettle's setting, then the environment (in pkg/http), then git's, then the system's. */
static err *choose_ca(const struct source_options *options, char **ret_file)
{
	static const char *const names[] = { "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
		                             "GIT_SSL_CAINFO" };
	*ret_file = options->ca_file ? mem_strdup(options->ca_file) : NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (*ret_file || (value && *value))
			return NULL;
	}
	return repo_user_setting("http.sslCAInfo", ret_file);
}

err *source_net_init(struct source_net *net, const struct source_spec *spec,
                     const struct source_options *options)
{
	*net = (struct source_net){ .caller = options };
	net->options = (struct repo_options){
		.deadline_ns = options->deadline_ns,
		.cancel = options->cancel,
		.refresh = options->refresh,
		.no_input = options->no_input,
		.on_progress = options->on_progress ? on_progress : NULL,
		.context = net,
	};
	if (!repo_url_is_remote(spec->location))
		return NULL;
	AUTOFREE char *ca_file = NULL;
	TRY(choose_ca(options, &ca_file));
	struct http_options http = {
		.ca_file = ca_file,
		.proxy = options->proxy,
		/* some servers speak git only to those who call themselves git */
		.user_agent = "git/2.0 (fettle " FETTLE_VERSION ")",
		.deadline_ns = options->deadline_ns,
		.cancel = options->cancel,
		.use_netrc = true,
	};
	TRY(http_client_new(&http, &net->client));
	net->http = (struct repo_http){ net->client, http_open, http_header,
		                        http_url,    http_read, http_close };
	net->options.http = &net->http;
	return NULL;
}

void source_net_clear(struct source_net *net)
{
	http_client_free(net->client);
	net->client = NULL;
	net->options.http = NULL;
}
