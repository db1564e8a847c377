#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_private.h"

#include "pal/argv.h"
#include "pal/random.h"

enum {
	TRACE_BYTES = 16,
	SPAN_BYTES = 8,
	PARENT_CHARS = 55, /* "00-" 32 digits "-" 16 digits "-" 2 digits */
};

err *http_check_headers(const struct http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strpbrk(request->headers[i].value, "\r\n"))
			return err_new(ERR_USAGE, "the header '%s' holds a line break",
			               request->headers[i].name);
	return NULL;
}

/* --- W3C Trace Context --- */

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

/* "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" */
static bool is_parent(const char *text)
{
	return strlen(text) == PARENT_CHARS && is_hex(text, 2) && text[2] == '-' &&
	       is_hex(text + 3, 32) && text[35] == '-' && is_hex(text + 36, 16) &&
	       text[52] == '-' && is_hex(text + 53, 2) && strspn(text + 3, "0") < 32 &&
	       !str_starts(text, "ff");
}

static void add_random(struct str *out, size_t len)
{
	uint8_t bytes[TRACE_BYTES];
	random_bytes(bytes, len);
	bytes[0] |= 1; /* all zeros would be none */
	for (size_t i = 0; i < len; i++)
		str_addf(out, "%02x", bytes[i]);
}

/* Within the trace of whoever started us, or in one of its own. */
static void add_traceparent(struct str *out)
{
	const char *parent = env_get_nonempty("TRACEPARENT");
	bool has_parent = parent && is_parent(parent);
	str_addz(out, "traceparent: 00-");
	if (has_parent)
		str_add(out, parent + 3, 32);
	else
		add_random(out, TRACE_BYTES);
	str_addch(out, '-');
	add_random(out, SPAN_BYTES);
	str_addf(out, "-%s", has_parent ? parent + 53 : "01");
}

static bool has_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (str_equal(request->headers[i].name, name))
			return true;
	return false;
}

struct curl_slist *http_header_list(const struct http_request *request)
{
	struct curl_slist *list = NULL;
	const char *state = env_get_nonempty("TRACESTATE");
	for (size_t i = 0; i < request->header_count; i++) {
		AUTOFREE char *line =
			str_format("%s: %s", request->headers[i].name, request->headers[i].value);
		list = curl_slist_append(list, line);
	}
	if (!has_header(request, "traceparent")) {
		AUTO(str) trace = STR_INIT;
		add_traceparent(&trace);
		list = curl_slist_append(list, trace.ptr);
		AUTOFREE char *more = state && !strpbrk(state, "\r\n")
		                              ? str_format("tracestate: %s", state)
		                              : NULL;
		if (more && env_get_nonempty("TRACEPARENT"))
			list = curl_slist_append(list, more);
	}
	return curl_slist_append(list, "Expect:");
}
