#include "base/base.h"

#include "git/git_private.h"

#include "base/limits.h"
#include "base/path.h"

/* A half-open range of the text being parsed. */
struct part {
	const char *ptr;
	size_t len;
};

void repo_url_clear(struct repo_url *url)
{
	mem_free(url->url);
	mem_free(url->display);
	mem_free(url->subdir);
	mem_free(url->ref);
	*url = (struct repo_url){ 0 };
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of "scheme" when `text` starts with "scheme://", else 0. */
static size_t scheme_len(const char *text)
{
	size_t len = 0;
	while (is_alnum(text[len]) || (len > 0 && strchr("+-.", text[len]) && text[len]))
		len++;
	return len > 0 && strncmp(text + len, "://", 3) == 0 ? len : 0;
}

static bool scheme_is(const char *text, const char *scheme)
{
	size_t len = scheme_len(text);
	if (len != strlen(scheme))
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(text[i]) != scheme[i])
			return false;
	return true;
}

/* Offset of the ':' in `user@host:path`, 0 when `text` is not of that form. */
static size_t scp_colon(const char *text)
{
	size_t at = strcspn(text, "@:/\\");
	if (text[at] != '@')
		return 0;
	size_t colon = at + 1;
	if (text[colon] == '[') {
		const char *end = strchr(text, ']');
		if (!end)
			return 0;
		colon = (size_t)(end - text);
	}
	colon += strcspn(text + colon, ":/\\");
	return text[colon] == ':' ? colon : 0;
}

bool repo_url_is_remote(const char *text)
{
	return scheme_len(text) > 0 || str_starts(text, "git::") || scp_colon(text) > 0;
}

static err *check_text(const char *text)
{
	size_t len = strlen(text);
	if (len == 0)
		return err_new(ERR_USAGE, "the address of the repository is empty");
	if (len > LIMIT_PATH_BYTES)
		return err_new(ERR_LIMIT, "the address of the repository is longer than %u bytes",
		               LIMIT_PATH_BYTES);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return err_new(ERR_REFUSED,
			               "the address of the repository holds a control character");
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void repo_url_decode(const char *text, size_t len, struct str *out)
{
	for (size_t i = 0; i < len; i++) {
		int high = i + 2 < len && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
		int lowest = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (lowest >= 0) {
			str_addch(out, (char)(high * 16 + lowest));
			i += 2;
		} else {
			str_addch(out, text[i]);
		}
	}
}

/* The rules of git-check-ref-format, plus no leading '-' and nothing of the revision syntax. */
static bool ref_is_valid(const char *ref)
{
	size_t len = strlen(ref);
	if (len == 0 || len > 250 || ref[0] == '-' || ref[0] == '/' || ref[0] == '.')
		return false;
	if (ref[len - 1] == '/' || ref[len - 1] == '.' || str_ends(ref, ".lock") ||
	    str_equal(ref, "@"))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)ref[i] <= 0x20 || ref[i] == 0x7f || strchr("~^:?*[\\", ref[i]))
			return false;
	return !strstr(ref, "..") && !strstr(ref, "@{") && !strstr(ref, "//") && !strstr(ref, "/.");
}

static err *parse_parameter(struct part parameter, struct repo_url *url)
{
	struct view rest = { parameter.ptr, parameter.len };
	struct view name;
	if (!view_split(&rest, '=', &name))
		return NULL;
	if (!view_is(name, "ref"))
		return err_hint(err_new(ERR_USAGE,
		                        "unknown parameter '%.*s' in the repository address",
		                        (int)name.len, name.ptr),
		                "only '?ref=<branch, tag or commit>' is understood");
	if (url->ref)
		return err_new(ERR_USAGE, "the repository address names two refs");

	AUTO(str) ref = STR_INIT;
	size_t skip = name.len < parameter.len ? name.len + 1 : name.len;
	repo_url_decode(parameter.ptr + skip, parameter.len - skip, &ref);
	if (strlen(ref.ptr) != ref.len || !ref_is_valid(ref.ptr))
		return err_new(ERR_USAGE, "'%s' is not the name of a branch, tag or commit",
		               ref.ptr);
	url->ref = str_detach(&ref);
	return NULL;
}

/* Cut `?a=b&c=d` off `address` and read it. */
static err *take_query(struct part *address, struct repo_url *url)
{
	const char *mark = memchr(address->ptr, '?', address->len);
	if (!mark)
		return NULL;
	struct view rest = { mark + 1, address->len - (size_t)(mark + 1 - address->ptr) };
	address->len = (size_t)(mark - address->ptr);

	struct view parameter;
	while (view_split(&rest, '&', &parameter))
		if (parameter.len > 0)
			TRY(parse_parameter((struct part){ parameter.ptr, parameter.len }, url));
	return NULL;
}

static err *set_subdir(struct part subdir, struct repo_url *url)
{
	AUTOFREE char *text = mem_strndup(subdir.ptr, subdir.len);
	const char *start = text;
	while (*start == '/')
		start++;
	AUTOFREE char *clean = path_clean(start);
	if (*start && !path_is_inside(clean))
		return err_new(ERR_REFUSED, "the folder '%s' is outside of the repository", start);
	url->subdir = mem_strdup(*start && !str_equal(clean, ".") ? clean : "");
	return NULL;
}

/*
 * Cut the folder inside the repository off: behind the first "//" of the path, or behind a
 * ".git/" as kustomize does. `path_start` is where the path begins in `address`.
 */
static err *take_subdir(struct part *address, size_t path_start, struct repo_url *url)
{
	for (size_t i = path_start; i + 1 < address->len; i++) {
		const char *at = address->ptr + i;
		bool is_double = at[0] == '/' && at[1] == '/' && i > path_start;
		bool is_dot_git = !url->is_local && i >= path_start + 5 && at[0] == '/' &&
		                  strncmp(at - 4, ".git", 4) == 0 && at[-5] != '/';
		if (!is_double && !is_dot_git)
			continue;
		struct part subdir = { at + 1, address->len - i - 1 };
		address->len = i;
		return set_subdir(subdir, url);
	}
	url->subdir = mem_strdup("");
	return NULL;
}

static bool host_is_loopback(struct part host)
{
	struct view name = { host.ptr, host.len };
	if (view_is(name, "localhost") || view_is(name, "[::1]"))
		return true;
	if (host.len < 4 || strncmp(host.ptr, "127.", 4) != 0)
		return false;
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] != '.' && !(host.ptr[i] >= '0' && host.ptr[i] <= '9'))
			return false;
	return true;
}

/* What lies between "://" and the path: user info, host, port. */
struct authority {
	struct part user; /* with password, without '@' */
	struct part host;
	struct part port; /* digits */
	size_t end;       /* offset of the path */
};

static err *check_host(struct part host)
{
	bool is_literal = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
	if (host.len == 0)
		return err_new(ERR_USAGE, "the repository address names no host");
	if (host.ptr[0] == '-')
		return err_new(ERR_REFUSED, "the host '%.*s' looks like an option", (int)host.len,
		               host.ptr);
	for (size_t i = is_literal ? 1 : 0; i < host.len - (is_literal ? 1 : 0); i++) {
		char c = host.ptr[i];
		if (!is_alnum(c) && !strchr(is_literal ? ".:%" : ".-_", c) && !(c & 0x80))
			return err_new(ERR_USAGE, "'%.*s' is not the name of a host", (int)host.len,
			               host.ptr);
	}
	return NULL;
}

static err *check_user(struct part user)
{
	if (user.len > 0 && user.ptr[0] == '-')
		return err_new(ERR_REFUSED, "the user name in the address looks like an option");
	return NULL;
}

static err *parse_authority(struct part address, size_t start, struct authority *ret)
{
	struct authority found = { 0 };
	size_t end = start;
	while (end < address.len && address.ptr[end] != '/')
		end++;
	found.end = end;

	size_t host = start;
	for (size_t i = start; i < end; i++)
		if (address.ptr[i] == '@')
			host = i + 1;
	if (host > start)
		found.user = (struct part){ address.ptr + start, host - 1 - start };

	size_t colon = host;
	if (host < end && address.ptr[host] == '[')
		while (colon < end && address.ptr[colon] != ']')
			colon++;
	while (colon < end && address.ptr[colon] != ':')
		colon++;
	found.host = (struct part){ address.ptr + host, colon - host };
	if (colon < end)
		found.port = (struct part){ address.ptr + colon + 1, end - colon - 1 };
	for (size_t i = 0; i < found.port.len; i++)
		if (found.port.ptr[i] < '0' || found.port.ptr[i] > '9' || i > 4)
			return err_new(ERR_USAGE, "'%.*s' is not a port", (int)found.port.len,
			               found.port.ptr);
	TRY(check_host(found.host));
	TRY(check_user(found.user));
	*ret = found;
	return NULL;
}

static err *check_scheme(const char *address, struct part host)
{
	if (scheme_is(address, "https") || scheme_is(address, "ssh"))
		return NULL;
	if (scheme_is(address, "http")) {
		if (host_is_loopback(host))
			return NULL;
		return err_hint(err_new(ERR_REFUSED,
		                        "http:// is neither private nor safe from changes "
		                        "on the way"),
		                "use https:// or ssh://");
	}
	if (scheme_is(address, "git"))
		return err_hint(err_new(ERR_REFUSED,
		                        "git:// is neither private nor safe from changes "
		                        "on the way"),
		                "use https:// or ssh://");
	return err_hint(err_new(ERR_USAGE, "'%.*s://' is not a scheme for repositories",
	                        (int)scheme_len(address), address),
	                "use https://, ssh://, file:// or user@host:path");
}

/* `address` as people may see it: of http the whole user info hidden, of ssh the password. */
static char *redact(struct part address, struct part user, bool keep_name)
{
	if (user.len == 0)
		return mem_strndup(address.ptr, address.len);
	const char *colon = memchr(user.ptr, ':', user.len);
	if (keep_name && !colon)
		return mem_strndup(address.ptr, address.len);

	AUTO(str) text = STR_INIT;
	str_add(&text, address.ptr, (size_t)(user.ptr - address.ptr));
	if (keep_name)
		str_add(&text, user.ptr, (size_t)(colon + 1 - user.ptr));
	str_addz(&text, "***");
	size_t rest = (size_t)(user.ptr + user.len - address.ptr);
	str_add(&text, address.ptr + rest, address.len - rest);
	return str_detach(&text);
}

static err *parse_network(struct part address, struct repo_url *url)
{
	size_t start = scheme_len(address.ptr) + 3;
	struct authority authority;
	TRY(parse_authority(address, start, &authority));
	TRY(check_scheme(address.ptr, authority.host));
	TRY(take_subdir(&address, authority.end, url));
	if (address.len <= authority.end + 1)
		return err_new(ERR_USAGE, "the address names a host, but no repository on it");
	url->url = mem_strndup(address.ptr, address.len);
	url->display = redact(address, authority.user, scheme_is(address.ptr, "ssh"));
	return NULL;
}

static err *parse_scp(struct part address, struct repo_url *url)
{
	size_t colon = scp_colon(address.ptr);
	const char *at = memchr(address.ptr, '@', address.len);
	struct part host = { at + 1, (size_t)(address.ptr + colon - at - 1) };
	if (colon >= address.len)
		return err_new(ERR_USAGE, "the address names a host, but no repository on it");
	TRY(check_host(host));
	TRY(check_user((struct part){ address.ptr, (size_t)(at - address.ptr) }));
	TRY(take_subdir(&address, colon + 1, url));
	if (address.len <= colon + 1)
		return err_new(ERR_USAGE, "the address names a host, but no repository on it");
	if (address.ptr[colon + 1] == '-')
		return err_new(ERR_REFUSED, "the path of the repository looks like an option");
	url->url = mem_strndup(address.ptr, address.len);
	url->display = mem_strndup(address.ptr, address.len);
	return NULL;
}

static err *parse_local(struct part address, struct repo_url *url)
{
	url->is_local = true;
	TRY(take_subdir(&address, 0, url));
	if (address.len == 0)
		return err_new(ERR_USAGE, "the address names no folder");
	url->url = mem_strndup(address.ptr, address.len);
	url->display = mem_strndup(address.ptr, address.len);
	return NULL;
}

/* file:///path, file://localhost/path; file:///C:/path is C:/path. */
static err *parse_file(struct part address, struct repo_url *url)
{
	size_t start = strlen("file://");
	if (strncmp(address.ptr + start, "localhost/", 10) == 0)
		start += strlen("localhost");
	if (start >= address.len || address.ptr[start] != '/')
		return err_hint(err_new(ERR_USAGE, "file:// needs an absolute path"),
		                "write file:///path/to/repository, or just the path");
	AUTO(str) path = STR_INIT;
	repo_url_decode(address.ptr + start, address.len - start, &path);
	if (strlen(path.ptr) != path.len)
		return err_new(ERR_USAGE, "the path of the repository holds a NUL byte");
	size_t drive = path_drive_len(path.ptr + 1) > 0 ? 1 : 0;
	return parse_local((struct part){ path.ptr + drive, path.len - drive }, url);
}

static err *parse_address(struct part address, struct repo_url *url)
{
	if (scheme_is(address.ptr, "file"))
		return parse_file(address, url);
	if (scheme_len(address.ptr) > 0)
		return parse_network(address, url);
	return scp_colon(address.ptr) > 0 ? parse_scp(address, url) : parse_local(address, url);
}

err *repo_url_parse(const char *text, struct repo_url *ret_url)
{
	TRY(check_text(text));
	if (str_starts(text, "git::"))
		text += strlen("git::");
	if (!*text)
		return err_new(ERR_USAGE, "the address of the repository is empty");

	struct repo_url url = { 0 };
	struct part address = { text, strlen(text) };
	err *e = take_query(&address, &url);
	if (!e)
		e = parse_address(address, &url);
	if (e) {
		repo_url_clear(&url);
		return e;
	}
	*ret_url = url;
	return NULL;
}

char *repo_url_normalise(const char *url)
{
	AUTO(str) text = STR_INIT;
	size_t scheme = scheme_len(url);
	size_t start = scheme > 0 ? scheme + 3 : 0;
	size_t end = scheme > 0 ? start + strcspn(url + start, "/") : scp_colon(url);
	size_t host = start;
	for (size_t i = start; i < end; i++)
		if (url[i] == '@')
			host = i + 1;

	for (size_t i = 0; i < start; i++)
		str_addch(&text, lower(url[i]));
	if (host > start && !scheme_is(url, "https") && !scheme_is(url, "http")) {
		str_add(&text, url + start, strcspn(url + start, ":@"));
		str_addch(&text, '@');
	}
	for (size_t i = host; i < end; i++)
		str_addch(&text, lower(url[i]));
	if ((scheme_is(url, "https") && str_ends(text.ptr, ":443")) ||
	    (scheme_is(url, "http") && str_ends(text.ptr, ":80")) ||
	    (scheme_is(url, "ssh") && str_ends(text.ptr, ":22")))
		str_truncate(&text, text.len - strlen(strrchr(text.ptr, ':')));
	str_addz(&text, url + end);
	while (text.len > 1 && text.ptr[text.len - 1] == '/')
		str_truncate(&text, text.len - 1);
	return str_detach(&text);
}
