#include "base/base.h"

#include "cli/text.h"

#include "base/utf8.h"

enum { GAP = 2 };

/* Up to the next space; a short "[…]" is one word. */
static struct view next_word(struct view *rest)
{
	enum { BRACKET_MAX = 40 };
	struct view word = { rest->ptr, 0 };
	const char *end =
		rest->len > 0 && *rest->ptr == '[' ? memchr(rest->ptr, ']', rest->len) : NULL;
	if (end && end - rest->ptr < BRACKET_MAX)
		word.len = (size_t)(end - rest->ptr);
	while (word.len < rest->len && rest->ptr[word.len] != ' ')
		word.len++;
	size_t used = MIN(word.len + 1, rest->len);
	*rest = (struct view){ rest->ptr + used, rest->len - used };
	return word;
}

static void add_line_wrapped(struct str *out, struct view line, size_t at, size_t indent,
                             size_t width)
{
	bool is_first = true;
	while (line.len > 0) {
		struct view word = next_word(&line);
		size_t columns = utf8_count(word.ptr, word.len);
		if (columns == 0)
			continue;
		if (!is_first && at + 1 + columns > width) {
			str_addch(out, '\n');
			str_add_repeat(out, ' ', indent);
			at = indent;
			is_first = true;
		}
		if (!is_first) {
			str_addch(out, ' ');
			at++;
		}
		str_add(out, word.ptr, word.len);
		at += columns;
		is_first = false;
	}
}

void text_wrap(struct str *out, const char *text, size_t at, size_t indent, size_t width)
{
	struct view rest = view_of(text), line;
	for (bool is_first = true; view_split(&rest, '\n', &line); is_first = false) {
		if (!is_first) {
			str_addch(out, '\n');
			if (line.len > 0)
				str_add_repeat(out, ' ', indent);
			at = indent;
		}
		add_line_wrapped(out, line, at, indent, width);
	}
	str_addch(out, '\n');
}

void text_columns(struct str *out, const char *left, const char *right, size_t column, size_t width)
{
	size_t used = utf8_count(left, strlen(left)) + GAP;
	str_add_repeat(out, ' ', GAP);
	str_addz(out, left);
	if (used + GAP > column) {
		str_addch(out, '\n');
		used = 0;
	}
	str_add_repeat(out, ' ', column - used);
	text_wrap(out, right, column, column, width);
}
