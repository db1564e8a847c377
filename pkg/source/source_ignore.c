/*
 * .fettleignore at the top of a source: which files are no manifests. Lines as in .gitignore:
 * `*`, `?`, `**`, a `/` that is not at the end ties the pattern to the top, a `/` at the end means
 * folders only, `!` takes back, `#` is a comment, the last line that matches decides.
 */
#include "base/base.h"

#include "source/source_private.h"

#include "base/path.h"

#define PATTERNS_MAX 1000u

/*
 * Does all of `text` match? Only the last `*` and the last `**` can be worth a second try, so the
 * time is bounded by the product of the lengths.
 */
static bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *star_text = NULL, *deep = NULL, *deep_text = NULL;
	while (*text) {
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
		} else if (*pattern && (*pattern == *text || (*pattern == '?' && *text != '/'))) {
			pattern++;
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

static bool pattern_matches(const char *pattern, const char *path, bool is_folder)
{
	size_t len = strlen(pattern);
	bool folders_only = len > 1 && pattern[len - 1] == '/';
	if (folders_only && !is_folder)
		return false;
	AUTOFREE char *text = mem_strndup(pattern, len - folders_only);
	bool is_tied = strchr(text, '/') != NULL;
	return glob_matches(text + (*text == '/'), is_tied ? path : path_base(path));
}

err *source_parse_ignore(struct source *source, struct str *text)
{
	struct view rest = view_str(text), line;
	while (view_split(&rest, '\n', &line)) {
		while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]))
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (source->ignored.len == PATTERNS_MAX)
			return err_new(ERR_LIMIT, "'%s' has more than %u patterns",
			               SOURCE_IGNORE_FILE, PATTERNS_MAX);
		strs_push_take(&source->ignored, mem_strndup(line.ptr, line.len));
	}
	return NULL;
}

bool source_is_ignored(const struct source *source, const char *path, bool is_folder)
{
	for (size_t i = source->ignored.len; i-- > 0;) {
		const char *pattern = source->ignored.ptr[i];
		bool is_back = *pattern == '!';
		if (pattern_matches(pattern + is_back, path, is_folder))
			return !is_back;
	}
	return false;
}
