#include "base/base.h"

#include "base/num.h"
#include "base/path.h"
#include "schema/schema.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool has_nul(const char *text, size_t len)
{
	return memchr(text, '\0', len) != NULL;
}

/* A ".." between separators. */
static bool has_dot_dot(const char *text)
{
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "/\\");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

static const char *refuses_any_path(const char *text, size_t len)
{
	if (len == 0)
		return "";
	if (has_nul(text, len))
		return "it contains a zero byte";
	if (strpbrk(text, "\r\n"))
		return "it contains a line feed";
	return has_dot_dot(text) ? "it contains '..'" : NULL;
}

static const char *refuses_absolute_path(const char *text, size_t len)
{
	const char *reason = refuses_any_path(text, len);
	if (reason)
		return reason;
	return path_is_absolute(text) ? NULL : "it does not begin with '/'";
}

static const char *refuses_relative_path(const char *text, size_t len)
{
	const char *reason = refuses_any_path(text, len);
	if (reason)
		return reason;
	return path_is_absolute(text) || text[0] == '\\' ? "it is absolute" : NULL;
}

bool schema_parse_octal_mode(const char *text, size_t len, unsigned *ret_mode)
{
	uint64_t mode;
	if (len < 3 || len > 5 || !num_parse_u64(text, len, 8, &mode) || mode > 07777)
		return false;
	*ret_mode = (unsigned)mode;
	return true;
}

static const char *refuses_octal_mode(const char *text, size_t len)
{
	return schema_parse_octal_mode(text, len, &(unsigned){ 0 }) ? NULL : "";
}

/* --- durations --- */

static size_t unit_ms(const char *text, size_t len, int64_t *ret_ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }
	};
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t unit_len = strlen(units[i].name);
		if (len < unit_len || memcmp(text, units[i].name, unit_len) != 0)
			continue;
		*ret_ms = units[i].ms;
		return unit_len;
	}
	return 0;
}

int64_t schema_duration_of(const struct val *map, const char *name)
{
	const char *text = val_get_str(map, name, NULL);
	int64_t ms = 0;
	return text && schema_parse_duration(text, strlen(text), &ms) ? ms : 0;
}

bool schema_parse_duration(const char *text, size_t len, int64_t *ret_ms)
{
	const int64_t longest = INT64_C(100) * 366 * 86400000;
	int64_t total = 0;
	size_t at = 0;
	if (len == 1 && text[0] == '0') {
		*ret_ms = 0;
		return true;
	}
	while (at < len) {
		size_t start = at;
		int64_t count, unit;
		while (at < len && is_digit(text[at]))
			at++;
		if (at == start || !num_parse_i64(text + start, at - start, &count))
			return false;
		size_t unit_len = unit_ms(text + at, len - at, &unit);
		if (unit_len == 0 || count > longest / unit)
			return false;
		at += unit_len;
		total += count * unit;
		if (total > longest)
			return false;
	}
	if (len == 0)
		return false;
	*ret_ms = total;
	return true;
}

static const char *refuses_duration(const char *text, size_t len)
{
	return schema_parse_duration(text, len, &(int64_t){ 0 }) ? NULL : "";
}

/* --- names --- */

/* RFC 1123: lower-case letters, digits and '-', a letter or digit at both ends. */
static bool is_label(const char *text, size_t len)
{
	if (len == 0 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '-')
			return false;
	return true;
}

static const char *refuses_label_name(const char *text, size_t len)
{
	return is_label(text, len) ? NULL : "";
}

static const char *refuses_object_name(const char *text, size_t len)
{
	struct view rest = { text, len }, part;
	if (len == 0 || len > 253)
		return "it must have 1 to 253 characters";
	if (text[len - 1] == '.')
		return "";
	while (view_split(&rest, '.', &part))
		if (!is_label(part.ptr, part.len))
			return "";
	return NULL;
}

static const char *refuses_unit_name(const char *text, size_t len)
{
	static const char *const suffixes[] = { ".service", ".socket",    ".timer",
		                                ".path",    ".mount",     ".target",
		                                ".slice",   ".automount", ".swap" };
	if (len > 255)
		return "it is longer than 255 bytes";
	for (size_t i = 0; i < len; i++) {
		bool allowed = is_lower(text[i]) || is_upper(text[i]) || is_digit(text[i]) ||
		               (text[i] != '\0' && strchr(":-_.\\@", text[i]));
		if (!allowed)
			return "only letters, digits and ':', '-', '_', '.', '@' are allowed";
	}
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_ends(text, suffixes[i]) && len > strlen(suffixes[i]))
			return NULL;
	return "it must end with a unit type";
}

static const char *refuses_user_name(const char *text, size_t len)
{
	uint64_t number;
	if (num_parse_u64(text, len, 10, &number))
		return number < UINT32_MAX ? NULL : "the number is too large";
	if (len == 0 || len > 256)
		return "";
	if (text[0] == '-' || has_nul(text, len) || strpbrk(text, ":/ \t\r\n"))
		return "it must not begin with '-' or contain ':', '/' or spaces";
	return NULL;
}

static const char *refuses_base64(const char *text, size_t len)
{
	size_t digits = 0, padding = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '\n' || c == '\r')
			continue;
		if (c == '=')
			padding++;
		else if (padding ||
		         !(is_lower(c) || is_upper(c) || is_digit(c) || c == '+' || c == '/'))
			return "";
		digits++;
	}
	return digits % 4 == 0 && padding <= 2 ? NULL : "its length is wrong";
}

static const char *refuses_empty(const char *text, size_t len)
{
	(void)text;
	return len ? NULL : "";
}

const struct schema_format schema_absolute_path = {
	.expected = "an absolute path such as /etc/motd",
	.pattern = "^(/|[A-Za-z]:[/\\\\])",
	.refuses = refuses_absolute_path,
};

const struct schema_format schema_relative_path = {
	.expected = "a path relative to this file, inside the repository",
	.pattern = "^[^/\\\\]",
	.refuses = refuses_relative_path,
};

const struct schema_format schema_octal_mode = {
	.expected = "an octal mode such as \"0644\"",
	.pattern = "^0?[0-7]{3,4}$",
	.refuses = refuses_octal_mode,
};

const struct schema_format schema_duration = {
	.expected = "a duration such as 30s, 5m or 1h30m",
	.pattern = "^(0|([0-9]+(ms|s|m|h|d))+)$",
	.refuses = refuses_duration,
};

const struct schema_format schema_unit_name = {
	.expected = "a systemd unit such as nginx.service",
	.pattern =
		"^[A-Za-z0-9:_.@\\\\-]+\\.(service|socket|timer|path|mount|target|slice|automount|swap)$",
	.refuses = refuses_unit_name,
};

const struct schema_format schema_object_name = {
	.expected = "a name of lower-case letters, digits, '-' and '.'",
	.pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
	.refuses = refuses_object_name,
};

const struct schema_format schema_label_name = {
	.expected = "a name of at most 63 lower-case letters, digits and '-'",
	.pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
	.refuses = refuses_label_name,
};

const struct schema_format schema_user_name = {
	.expected = "a user or group name or number",
	.pattern = "^[^-:/ ][^:/ ]*$",
	.refuses = refuses_user_name,
};

const struct schema_format schema_base64 = {
	.expected = "base64",
	.pattern = "^[A-Za-z0-9+/\\r\\n]*={0,2}[\\r\\n]*$",
	.refuses = refuses_base64,
};

const struct schema_format schema_not_empty = {
	.expected = "a text that is not empty",
	.pattern = "[\\s\\S]",
	.refuses = refuses_empty,
};
