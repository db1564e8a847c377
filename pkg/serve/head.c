#include "base/base.h"
#include "serve/head.h"

#include "base/utf8.h"

#define MAX_FIELDS 64

void serve_head_clear(struct serve_head *head)
{
	str_clear(&head->path);
	str_clear(&head->query);
}

static size_t skip_empty_lines(struct view bytes)
{
	size_t at = 0;

	/* RFC 9112 2.2: some clients send one after a request. */
	while (at + 1 < bytes.len && bytes.ptr[at] == '\r' && bytes.ptr[at + 1] == '\n')
		at += 2;
	return at;
}

size_t serve_head_find(struct view bytes)
{
	for (size_t at = skip_empty_lines(bytes); at + 3 < bytes.len; at++) {
		if (memcmp(bytes.ptr + at, "\r\n\r\n", 4) == 0)
			return at + 4;
	}
	return 0;
}

/* The line up to CR LF; false when there is none. A CR or LF alone stays in it and is refused. */
static bool next_line(struct view *rest, struct view *ret_line)
{
	for (size_t i = 0; i + 1 < rest->len; i++) {
		if (rest->ptr[i] != '\r' || rest->ptr[i + 1] != '\n')
			continue;
		*ret_line = (struct view){ rest->ptr, i };
		*rest = (struct view){ rest->ptr + i + 2, rest->len - i - 2 };
		return true;
	}
	return false;
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char(text.ptr[i]))
			return false;
	return text.len > 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* `word` is in lower case. */
static bool equals_word(struct view text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (lower(text.ptr[i]) != word[i])
			return false;
	return true;
}

static struct view trim(struct view text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
		text.ptr++;
		text.len--;
	}
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* ---- target ------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct view text, struct str *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%') {
			if (text.len - i < 3)
				return false;
			int high = hex_value(text.ptr[i + 1]), low = hex_value(text.ptr[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7f || text.ptr[i] == '#')
			return false;
		str_addch(out, c);
	}
	return utf8_valid(out->ptr, out->len, NULL);
}

/* No "." or ".." as a part: a handler may take the path for that of a file. */
static bool has_dot_part(const struct str *path)
{
	struct view rest = view_str(path), part;

	while (view_split(&rest, '/', &part))
		if (view_is(part, ".") || view_is(part, ".."))
			return true;
	return false;
}

static bool read_target(struct view target, struct serve_head *head)
{
	const char *mark = memchr(target.ptr, '?', target.len);
	struct view path = target, query = { "", 0 };

	if (target.len == 0 || target.ptr[0] != '/')
		return false;
	if (mark) {
		path.len = (size_t)(mark - target.ptr);
		query = (struct view){ mark + 1, target.len - path.len - 1 };
	}
	for (size_t i = 0; i < query.len; i++)
		if (query.ptr[i] <= 0x20 || query.ptr[i] == 0x7f || query.ptr[i] == '#')
			return false;
	str_add(&head->query, query.ptr, query.len);
	return decode(path, &head->path) && !has_dot_part(&head->path) &&
	       !memchr(head->path.ptr, '\\', head->path.len);
}

/* ---- request line and fields -------------------------------------------------------------- */

struct fields {
	int count, hosts;
	bool has_close, has_keep_alive;
};

static int read_request_line(struct view line, struct serve_head *head, bool *ret_is_1_1)
{
	struct view method, target, version = line;

	if (!view_split(&version, ' ', &method) || !view_split(&version, ' ', &target))
		return 400;
	if (!is_token(method) || version.len != 8 || memcmp(version.ptr, "HTTP/", 5) != 0)
		return 400;
	if (!view_is(version, "HTTP/1.1") && !view_is(version, "HTTP/1.0"))
		return 505;
	*ret_is_1_1 = version.ptr[7] == '1';
	if (!view_is(method, "GET") && !view_is(method, "HEAD"))
		return 405;
	head->method = method.len == 3 ? "GET" : "HEAD";
	return read_target(target, head) ? 200 : 400;
}

static void read_connection(struct view value, struct fields *fields)
{
	struct view rest = value, part;

	while (view_split(&rest, ',', &part)) {
		fields->has_close |= equals_word(trim(part), "close");
		fields->has_keep_alive |= equals_word(trim(part), "keep-alive");
	}
}

/* We take no bodies: whatever announces one ends the connection. */
static int check_length(struct view value)
{
	if (value.len == 0)
		return 400;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return 400;
	return view_is(value, "0") ? 200 : 413;
}

static int read_field(struct view line, struct fields *fields)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	if (!colon)
		return 400;
	struct view name = { line.ptr, (size_t)(colon - line.ptr) };
	/* A blank before the colon, or at the start (a folded line), is no token. */
	if (!is_token(name))
		return 400;
	struct view value = trim((struct view){ colon + 1, line.len - name.len - 1 });
	for (size_t i = 0; i < value.len; i++)
		if (((unsigned char)value.ptr[i] < 0x20 && value.ptr[i] != '\t') ||
		    value.ptr[i] == 0x7f)
			return 400;
	if (++fields->count > MAX_FIELDS)
		return 431;

	if (equals_word(name, "host"))
		fields->hosts++;
	else if (equals_word(name, "connection"))
		read_connection(value, fields);
	else if (equals_word(name, "content-length"))
		return check_length(value);
	else if (equals_word(name, "transfer-encoding"))
		return 501;
	else if (equals_word(name, "expect"))
		return 417;
	return 200;
}

static int read_all(struct view bytes, struct serve_head *head)
{
	size_t start = skip_empty_lines(bytes);
	struct view rest = { bytes.ptr + start, bytes.len - start }, line;
	struct fields fields = { 0 };
	bool is_1_1 = false;

	if (!next_line(&rest, &line))
		return 400;
	int status = read_request_line(line, head, &is_1_1);
	if (status != 200)
		return status;
	while (next_line(&rest, &line) && line.len > 0) {
		status = read_field(line, &fields);
		if (status != 200)
			return status;
	}
	if (fields.hosts > 1 || (is_1_1 && fields.hosts == 0))
		return 400;
	head->keep_alive = !fields.has_close && (is_1_1 || fields.has_keep_alive);
	return 200;
}

int serve_head_read(struct view bytes, struct serve_head *head)
{
	struct serve_head found = SERVE_HEAD_INIT;
	int status = read_all(bytes, &found);

	if (status != 200) {
		serve_head_clear(&found);
		return status;
	}
	serve_head_clear(head);
	*head = found;
	return 200;
}
