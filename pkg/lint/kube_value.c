#include "base/base.h"

#include "lint/kube_value.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"
#include "schema/kube_walk.h"
#include "val/val.h"

#define LABEL_MAX     63u
#define SUBDOMAIN_MAX 253u

bool kube_is_open(const char *text)
{
	return strpbrk(text, "$<{") || strstr(text, "%%");
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

/* --- names --- */

static bool is_label(struct view text)
{
	if (text.len == 0 || text.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_lower_alnum(text.ptr[i]) && text.ptr[i] != '-')
			return false;
	return text.ptr[0] != '-' && text.ptr[text.len - 1] != '-';
}

bool kube_is_label(const char *text)
{
	return is_label(view_of(text));
}

bool kube_is_label_1035(const char *text)
{
	return kube_is_label(text) && isalpha((unsigned char)*text);
}

static bool is_subdomain(struct view text)
{
	struct view rest = text, part;
	if (text.len == 0 || text.len > SUBDOMAIN_MAX || text.ptr[text.len - 1] == '.')
		return false;
	while (view_split(&rest, '.', &part)) {
		/* Only the whole is limited, a part may be longer than a label. */
		if (part.len == 0 || part.ptr[0] == '-' || part.ptr[part.len - 1] == '-')
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (!is_lower_alnum(part.ptr[i]) && part.ptr[i] != '-')
				return false;
	}
	return true;
}

bool kube_is_subdomain(const char *text)
{
	return is_subdomain(view_of(text));
}

/* Letters, digits, '-', '_', '.'; the first and the last a letter or digit. */
static bool is_name(struct view text)
{
	if (text.len == 0 || text.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.ptr[i]) && !memchr("-_.", text.ptr[i], 3))
			return false;
	return is_alnum(text.ptr[0]) && is_alnum(text.ptr[text.len - 1]);
}

bool kube_is_qualified_name(const char *text)
{
	const char *slash = strchr(text, '/');
	if (!slash)
		return is_name(view_of(text));
	return is_subdomain((struct view){ text, (size_t)(slash - text) }) &&
	       is_name(view_of(slash + 1));
}

bool kube_is_label_value(const char *text)
{
	return !*text || is_name(view_of(text));
}

bool kube_is_port_name(const char *text)
{
	bool has_letter = false;
	size_t len = strlen(text);
	for (const char *c = text; *c; c++) {
		if ((!is_lower_alnum(*c) && *c != '-') || (*c == '-' && c[1] == '-'))
			return false;
		has_letter |= isalpha((unsigned char)*c) != 0;
	}
	return has_letter && len <= 15 && *text != '-' && text[len - 1] != '-';
}

bool kube_is_data_key(const char *text)
{
	size_t len = strlen(text);
	for (const char *c = text; *c; c++)
		if (!is_alnum(*c) && !strchr("-_.", *c))
			return false;
	return len > 0 && len <= SUBDOMAIN_MAX && !str_equal(text, ".") && !str_starts(text, "..");
}

bool kube_is_path_segment(const char *text)
{
	return !str_equal(text, ".") && !str_equal(text, "..") && !strpbrk(text, "/%");
}

/* --- amounts --- */

static bool suffix_factor(struct view suffix, double *ret_factor)
{
	static const struct {
		const char *name;
		double factor;
	} suffixes[] = { { "", 1 },        { "n", 1e-9 },    { "u", 1e-6 },    { "m", 1e-3 },
		         { "k", 1e3 },     { "M", 1e6 },     { "G", 1e9 },     { "T", 1e12 },
		         { "P", 1e15 },    { "E", 1e18 },    { "Ki", 0x1p10 }, { "Mi", 0x1p20 },
		         { "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "Ei", 0x1p60 } };
	int64_t exponent;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (view_is(suffix, suffixes[i].name)) {
			*ret_factor = suffixes[i].factor;
			return true;
		}
	if (suffix.len < 2 || suffix.len > 4 || (suffix.ptr[0] != 'e' && suffix.ptr[0] != 'E') ||
	    !num_parse_i64(suffix.ptr + 1, suffix.len - 1, &exponent))
		return false;
	*ret_factor = pow(10, (double)exponent);
	return true;
}

static bool parse_quantity(struct view text, double *ret_amount)
{
	bool is_negative = text.len && text.ptr[0] == '-';
	if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	double amount = 0, unit = 1, factor;
	size_t i = 0, digits = 0;
	bool is_fraction = false;
	for (; i < text.len; i++) {
		if (text.ptr[i] == '.' && !is_fraction) {
			is_fraction = true;
			continue;
		}
		if (!isdigit((unsigned char)text.ptr[i]))
			break;
		digits++;
		amount = amount * 10 + (text.ptr[i] - '0');
		unit *= is_fraction ? 10 : 1;
	}
	if (!digits || !suffix_factor((struct view){ text.ptr + i, text.len - i }, &factor))
		return false;
	*ret_amount = (is_negative ? -amount : amount) / unit * factor;
	return true;
}

bool kube_quantity(const struct val *v, double *ret_amount)
{
	if (val_is(v, VAL_INT))
		*ret_amount = (double)v->as.integer;
	else if (val_is(v, VAL_FLOAT))
		*ret_amount = v->as.number;
	else
		return val_is(v, VAL_STR) &&
		       parse_quantity((struct view){ v->as.str.ptr, v->as.str.len }, ret_amount);
	return true;
}

bool kube_int_or_percent(const struct val *v, int64_t *ret_number, bool *ret_is_percent)
{
	*ret_is_percent = val_is(v, VAL_STR);
	if (val_is(v, VAL_INT)) {
		*ret_number = v->as.integer;
		return true;
	}
	size_t len = val_is(v, VAL_STR) ? v->as.str.len : 0;
	return len > 1 && v->as.str.ptr[len - 1] == '%' &&
	       num_parse_i64(v->as.str.ptr, len - 1, ret_number);
}

/* --- addresses --- */

bool kube_is_ip(const char *text)
{
	size_t len = strlen(text);
	return kube_is_ipv4(text, len) || kube_is_ipv6(text, len);
}

/* --- images --- */

/* Lower-case letters and digits with '.', '_', '__' or dashes between. */
static bool is_image_part(struct view text)
{
	if (text.len == 0 || !is_lower_alnum(text.ptr[0]) ||
	    !is_lower_alnum(text.ptr[text.len - 1]))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i], before = i ? text.ptr[i - 1] : 'a';
		if (is_lower_alnum(c) || c == '-')
			continue;
		if ((c != '.' && c != '_') || before == '.' || before == '-' ||
		    (before == '_' && (c != '_' || (i > 1 && text.ptr[i - 2] == '_'))))
			return false;
	}
	return true;
}

/* "registry.example.com:5000", "localhost": what stands before the first '/' when it is a host. */
static bool is_registry(struct view text)
{
	return memchr(text.ptr, '.', text.len) || memchr(text.ptr, ':', text.len) ||
	       view_is(text, "localhost");
}

static bool is_host_and_port(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.ptr[i]) && !memchr(".-:[]", text.ptr[i], 5))
			return false;
	return text.len > 0 && text.ptr[text.len - 1] != ':';
}

static bool is_tag(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.ptr[i]) && text.ptr[i] != '_' &&
		    (i == 0 || !memchr(".-", text.ptr[i], 2)))
			return false;
	return text.len > 0 && text.len <= 128;
}

static bool is_digest(struct view text)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	size_t hex = colon ? text.len - (size_t)(colon - text.ptr) - 1 : 0;
	for (size_t i = 0; i < hex; i++)
		if (!isxdigit((unsigned char)colon[1 + i]))
			return false;
	return hex >= 32;
}

bool kube_is_image(const char *text)
{
	struct view name = view_of(text), part;
	const char *at = strchr(text, '@');
	if (at) {
		if (!is_digest(view_of(at + 1)))
			return false;
		name.len = (size_t)(at - text);
	}
	size_t slash = name.len;
	while (slash > 0 && name.ptr[slash - 1] != '/')
		slash--;
	const char *colon = memchr(name.ptr + slash, ':', name.len - slash);
	if (colon) {
		size_t start = (size_t)(colon - name.ptr) + 1;
		if (!is_tag((struct view){ name.ptr + start, name.len - start }))
			return false;
		name.len = start - 1;
	}
	const char *first = memchr(name.ptr, '/', name.len);
	if (first && is_registry((struct view){ name.ptr, (size_t)(first - name.ptr) })) {
		struct view host = { name.ptr, (size_t)(first - name.ptr) };
		if (!is_host_and_port(host))
			return false;
		name = (struct view){ first + 1, name.len - host.len - 1 };
	}
	if (name.len == 0 || name.ptr[name.len - 1] == '/')
		return false;
	while (view_split(&name, '/', &part))
		if (!is_image_part(part))
			return false;
	return true;
}
