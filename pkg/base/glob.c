#include "base/base.h"

#include "base/glob.h"

#include "base/path.h"

/* One character of a pattern against `c`: how many bytes of the pattern it takes, 0 for no match. */
static size_t match_class(const char *pattern, char c)
{
	const char *p = pattern + 1;
	bool is_negated = *p == '!' || *p == '^', is_in = false;
	p += is_negated;
	for (const char *first = p; *p && (*p != ']' || p == first); p++) {
		if (p[1] == '-' && p[2] && p[2] != ']') {
			is_in |= (unsigned char)c >= (unsigned char)p[0] &&
			         (unsigned char)c <= (unsigned char)p[2];
			p += 2;
		} else {
			is_in |= *p == c;
		}
	}
	if (!*p)
		return c == '[' ? 1 : 0; /* no end: an ordinary bracket */
	return c != '/' && is_in != is_negated ? (size_t)(p - pattern) + 1 : 0;
}

static size_t match_one(const char *pattern, char c)
{
	switch (*pattern) {
	case '\0':
		return 0;
	case '?':
		return c != '/';
	case '[':
		return match_class(pattern, c);
	case '\\':
		if (pattern[1])
			return pattern[1] == c ? 2 : 0;
		return c == '\\';
	default:
		return *pattern == c;
	}
}

/*
 * Only the last `*` and the last `**` can be worth a second try, so the time is bounded by the
 * product of the lengths.
 */
bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *star_text = NULL, *deep = NULL, *deep_text = NULL;
	while (*text) {
		size_t taken;
		if (pattern[0] == '*' && pattern[1] == '*') {
			pattern += strspn(pattern, "*");
			if (!*pattern)
				return true;
			pattern += *pattern == '/';
			deep = pattern;
			deep_text = text;
			star = NULL;
		} else if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
		} else if ((taken = match_one(pattern, *text)) > 0) {
			pattern += taken;
			text++;
		} else if (star && *star_text != '/') {
			text = ++star_text;
			pattern = star;
		} else if (deep && (deep_text = strchr(deep_text, '/')) != NULL) {
			text = ++deep_text;
			pattern = deep;
			star = NULL;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

bool glob_matches_path(const char *pattern, const char *path, bool is_folder)
{
	size_t len = strlen(pattern);
	bool folders_only = len > 1 && pattern[len - 1] == '/';
	if (folders_only && !is_folder)
		return false;
	AUTOFREE char *text = mem_strndup(pattern, len - folders_only);
	bool is_tied = strchr(text, '/') != NULL;
	return glob_matches(text + (*text == '/'), is_tied ? path : path_base(path));
}

bool glob_parse_lines(const char *text, size_t len, size_t max, struct strs *patterns)
{
	struct view rest = { text, len }, line;
	while (view_split(&rest, '\n', &line)) {
		while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]))
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (patterns->len == max)
			return false;
		strs_push_take(patterns, mem_strndup(line.ptr, line.len));
	}
	return true;
}

enum glob_verdict glob_verdict(const struct strs *patterns, const char *path, bool is_folder)
{
	for (size_t i = patterns->len; i-- > 0;) {
		const char *pattern = patterns->ptr[i];
		bool is_back = *pattern == '!';
		if (glob_matches_path(pattern + is_back, path, is_folder))
			return is_back ? GLOB_TAKEN_BACK : GLOB_IGNORED;
	}
	return GLOB_NO_MATCH;
}
