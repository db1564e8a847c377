/*
 * From Go's syntax (RE2) to PCRE2's. Most of it is the same; this walks over the pattern once, copies
 * what both read alike, rewrites what PCRE2 reads differently and refuses what Go does not have.
 */
#include "base/base.h"
#include "regex/regex.h"

struct translation {
	const char *pattern;
	size_t at;
	struct str out;
	bool can_repeat;  /* something stands before that a quantifier can apply to */
	bool is_repeated; /* and it has one already */
};

static err *refuse(const struct translation *t, const char *what)
{
	return err_new(ERR_INVALID, "cannot use the regular expression '%s': %s at position %zu",
	               t->pattern, what, t->at + 1);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void copy(struct translation *t, size_t len)
{
	str_add(&t->out, t->pattern + t->at, len);
	t->at += len;
}

static err *octal_escape(struct translation *t)
{
	const char *p = t->pattern + t->at + 1;
	unsigned value = 0;
	size_t len = 0;
	if (p[0] != '0' && !is_octal(p[1]))
		return refuse(t, "back references are not possible");
	while (len < 3 && is_octal(p[len]))
		value = value * 8 + (unsigned)(p[len++] - '0');
	str_addf(&t->out, "\\x{%x}", value);
	t->at += 1 + len;
	return NULL;
}

static err *property_escape(struct translation *t)
{
	const char *p = t->pattern + t->at + 2;
	const char *end = *p == '{' ? strchr(p, '}') : NULL;
	if (*p == '\0' || (*p == '{' && !end))
		return refuse(t, "unfinished Unicode class");
	copy(t, end ? (size_t)(end - (t->pattern + t->at)) + 1 : 3);
	return NULL;
}

static err *hex_escape(struct translation *t)
{
	const char *p = t->pattern + t->at + 2;
	size_t len = 2;
	if (*p == '{') {
		const char *end = strchr(p, '}');
		if (!end || end == p + 1)
			return refuse(t, "unfinished \\x");
		len = (size_t)(end - p) + 1;
	} else if (strlen(p) < 2 || !strchr("0123456789abcdefABCDEF", p[0]) ||
	           !strchr("0123456789abcdefABCDEF", p[1])) {
		return refuse(t, "\\x needs two hex digits");
	}
	copy(t, 2 + len);
	return NULL;
}

/* White space has no vertical tab in Go. */
static void space_escape(struct translation *t, bool in_class)
{
	bool is_negated = t->pattern[t->at + 1] == 'S';
	if (in_class)
		str_addz(&t->out, is_negated ? "\\S\\x0b" : "\\t\\n\\f\\r ");
	else
		str_addz(&t->out, is_negated ? "[^\\t\\n\\f\\r ]" : "[\\t\\n\\f\\r ]");
	t->at += 2;
}

static err *escape(struct translation *t, bool in_class)
{
	char c = t->pattern[t->at + 1];
	if (c == '\0')
		return refuse(t, "a backslash at the end");
	if (c == 's' || c == 'S') {
		space_escape(t, in_class);
	} else if (c == 'v') {
		str_addz(&t->out, "\\x0b");
		t->at += 2;
	} else if (is_digit(c)) {
		return c > '7' ? refuse(t, "unknown escape") : octal_escape(t);
	} else if (c == 'x') {
		return hex_escape(t);
	} else if (c == 'p' || c == 'P') {
		return property_escape(t);
	} else if (strchr("dDwWaftrn", c) || (!in_class && strchr("bBAz", c))) {
		copy(t, 2);
	} else if (is_letter(c) || (unsigned char)c >= 0x80) {
		return refuse(t, "unknown escape");
	} else {
		copy(t, 2);
	}
	return NULL;
}

static err *class(struct translation *t)
{
	size_t open = t->at;
	copy(t, 1);
	if (t->pattern[t->at] == '^')
		copy(t, 1);
	for (bool is_first = true;; is_first = false) {
		char c = t->pattern[t->at];
		if (c == '\0') {
			t->at = open;
			return refuse(t, "the class is not closed");
		}
		if (c == ']' && !is_first) {
			copy(t, 1);
			return NULL;
		}
		if (c == '\\') {
			TRY(escape(t, true));
		} else if (c == '[' && t->pattern[t->at + 1] == ':') {
			const char *end = strstr(t->pattern + t->at + 2, ":]");
			if (end) {
				copy(t, (size_t)(end + 2 - (t->pattern + t->at)));
			} else {
				str_addz(&t->out, "\\[");
				t->at++;
			}
		} else if (c == '[' || c == ']') {
			/* PCRE2 would look for [. .] and [= =]. */
			str_addch(&t->out, '\\');
			copy(t, 1);
		} else {
			copy(t, 1);
		}
	}
}

/* Bytes of {n}, {n,} or {n,m}; 0 when the brace is just a brace, as Go has it. */
static size_t repeat_len(const char *text)
{
	size_t i = 1;
	if (!is_digit(text[i]))
		return 0;
	while (is_digit(text[i]))
		i++;
	if (text[i] == ',')
		for (i++; is_digit(text[i]);)
			i++;
	return text[i] == '}' ? i + 1 : 0;
}

static err *check_count(const struct translation *t, size_t len)
{
	const char *p = t->pattern + t->at;
	unsigned value = 0;
	for (size_t i = 1; i < len; i++) {
		value = is_digit(p[i]) ? value * 10 + (unsigned)(p[i] - '0') : 0;
		if (value > 1000)
			return refuse(t, "more than 1000 repetitions");
	}
	return NULL;
}

static err *quantifier(struct translation *t, size_t len)
{
	if (!t->can_repeat)
		return refuse(t, "nothing to repeat");
	if (t->is_repeated)
		return refuse(t, "a repetition of a repetition");
	copy(t, len);
	if (t->pattern[t->at] == '?')
		copy(t, 1);
	t->is_repeated = true;
	return NULL;
}

/* What follows "(?". */
static err *group(struct translation *t)
{
	const char *p = t->pattern + t->at + 2;
	if (*p == 'P' && p[1] == '<')
		p++;
	if (*p == '<' && p[1] != '=' && p[1] != '!') {
		const char *end = strchr(p, '>');
		if (!end || end == p + 1)
			return refuse(t, "the name of the group is not closed");
		copy(t, (size_t)(end + 1 - (t->pattern + t->at)));
		return NULL;
	}
	while (strchr("imsU-", *p) && *p)
		p++;
	if (*p != ':' && *p != ')')
		return refuse(t, "look-around, recursion and conditions are not possible");
	copy(t, (size_t)(p + 1 - (t->pattern + t->at)));
	return NULL;
}

/* \Q...\E; Go has the text literal, and PCRE2 too, but here a letter must not be mistaken. */
static void quoted(struct translation *t)
{
	t->at += 2;
	const char *end = strstr(t->pattern + t->at, "\\E");
	size_t stop = end ? (size_t)(end - t->pattern) : strlen(t->pattern);
	for (; t->at < stop; t->at++) {
		char c = t->pattern[t->at];
		if (!is_letter(c) && !is_digit(c) && (unsigned char)c < 0x80)
			str_addch(&t->out, '\\');
		str_addch(&t->out, c);
	}
	t->at += end ? 2 : 0;
}

static err *atom(struct translation *t, char c)
{
	t->can_repeat = true;
	t->is_repeated = false;
	if (c == '\\' && t->pattern[t->at + 1] == 'Q')
		quoted(t);
	else if (c == '\\')
		return escape(t, false);
	else if (c == '[')
		return class(t);
	else {
		if (c == '{' || c == '}' || c == ']')
			str_addch(&t->out, '\\');
		copy(t, 1);
	}
	return NULL;
}

static err *step(struct translation *t)
{
	char c = t->pattern[t->at];
	size_t len = c == '{' ? repeat_len(t->pattern + t->at) : 0;
	if (c == '*' || c == '+' || c == '?')
		return quantifier(t, 1);
	if (len > 0) {
		TRY(check_count(t, len));
		return quantifier(t, len);
	}
	if (c != '(' && c != '|')
		return atom(t, c);
	t->can_repeat = t->is_repeated = false;
	if (c == '(' && t->pattern[t->at + 1] == '*')
		return refuse(t, "nothing to repeat");
	if (c == '(' && t->pattern[t->at + 1] == '?')
		return group(t);
	copy(t, 1);
	return NULL;
}

err *regex_translate(const char *pattern, struct str *ret_pattern)
{
	struct translation t = { .pattern = pattern, .out = STR_INIT };
	err *e = NULL;
	while (pattern[t.at] && !e)
		e = step(&t);
	if (!e)
		str_add_str(ret_pattern, &t.out);
	str_clear(&t.out);
	return e;
}
