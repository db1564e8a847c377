#include "base/base.h"

#include "kv/kv_driver.h"

#include "base/limits.h"
#include "base/num.h"

#include <ctype.h>

static const char *const unreserved = "-._~";

static void add_encoded(struct str *out, const char *text, const char *kept)
{
	for (const char *c = text; *c; c++)
		if (isalnum((unsigned char)*c) || strchr(unreserved, *c) || strchr(kept, *c))
			str_addch(out, *c);
		else
			str_addf(out, "%%%02X", (unsigned char)*c);
}

void kv_add_path(struct str *out, const char *text)
{
	add_encoded(out, text, "/");
}

void kv_add_query(struct str *out, const char *text)
{
	add_encoded(out, text, "");
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *decode(struct view text)
{
	AUTO(str) out = STR_INIT;
	for (size_t i = 0; i < text.len; i++) {
		int high = i + 2 < text.len && text.ptr[i] == '%' ? hex_value(text.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
		if (low >= 0 && (high || low)) {
			str_addch(&out, (char)(high * 16 + low));
			i += 2;
		} else {
			str_addch(&out, text.ptr[i]);
		}
	}
	return str_detach(&out);
}

static struct view cut_before(struct view *text, char separator)
{
	struct view part = *text;
	const char *at = text->len ? memchr(text->ptr, separator, text->len) : NULL;
	if (at)
		part.len = (size_t)(at - text->ptr);
	*text = at ? (struct view){ at + 1, text->len - part.len - 1 } : (struct view){ "", 0 };
	return part;
}

/* "host", "host:1", "[::1]:1"; credentials do not belong here. */
static err *parse_authority(struct view text, struct kv_url *url)
{
	size_t host_len = text.len;
	if (text.len && memchr(text.ptr, '@', text.len))
		return err_hint(
			err_new(ERR_USAGE, "a source's URL must not contain a user or password"),
			"use user and passwordFile (or tokenFile) beside url");
	for (size_t i = text.len; i > 0 && text.ptr[i - 1] != ']'; i--)
		if (text.ptr[i - 1] == ':') {
			host_len = i - 1;
			break;
		}
	url->host = decode((struct view){ text.ptr, host_len });
	if (host_len == text.len)
		return NULL;
	struct view digits = { text.ptr + host_len + 1, text.len - host_len - 1 };
	int64_t port = 0;
	if (!num_parse_i64(digits.ptr, digits.len, &port) || port < 1 || port > 65535)
		return err_new(ERR_USAGE, "'%.*s' is no port", (int)digits.len, digits.ptr);
	url->port = (unsigned)port;
	return NULL;
}

err *kv_url_parse(const char *text, struct kv_url *ret_url)
{
	struct view rest = view_of(text), before_query;
	const char *colon = strchr(text, ':');
	if (!colon || colon == text || strlen(text) > LIMIT_PATH_BYTES)
		return err_hint(
			err_new(ERR_USAGE, "'%.200s' is no source", text),
			"a source is a URL such as etcd://127.0.0.1:2379/app or file:conf.d");
	ret_url->scheme = mem_strndup(text, (size_t)(colon - text));
	rest = view_of(colon + 1);
	before_query = cut_before(&rest, '?');
	ret_url->query = mem_strndup(rest.ptr, rest.len);
	rest = before_query;
	if (rest.len < 2 || memcmp(rest.ptr, "//", 2) != 0) {
		ret_url->host = mem_strdup("");
		ret_url->path = decode(rest);
		return NULL;
	}
	rest = (struct view){ rest.ptr + 2, rest.len - 2 };
	TRY(parse_authority(cut_before(&rest, '/'), ret_url));
	ret_url->path = decode(rest);
	return NULL;
}

void kv_url_clear(struct kv_url *url)
{
	mem_free(url->scheme);
	mem_free(url->host);
	mem_free(url->path);
	mem_free(url->query);
	*url = (struct kv_url){ 0 };
}

char *kv_url_get(const struct kv_url *url, const char *name)
{
	struct view rest = view_of(url->query ? url->query : "");
	while (rest.len > 0) {
		struct view pair = cut_before(&rest, '&');
		struct view key = cut_before(&pair, '=');
		if (view_is(key, name))
			return decode(pair);
	}
	return NULL;
}

char *kv_join(const char *a, const char *b)
{
	return str_format("%s%s%s", a, *a && *b && a[strlen(a) - 1] != '/' ? "/" : "", b);
}
