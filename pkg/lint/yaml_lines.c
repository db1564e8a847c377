/* Rules about lines and comments. */
#include "base/base.h"

#include "lint/family_yaml.h"

static size_t count_chars(const char *text, size_t len)
{
	size_t chars = 0;
	for (size_t i = 0; i < len; i++)
		chars += ((unsigned char)text[i] & 0xc0) != 0x80;
	return chars;
}

/* Inside of a text of several lines, or where nobody knows: blanks may count. */
static bool is_in_text(const struct yaml_check *c, size_t at)
{
	bool is_in = c->text.kind == YAML_T_SCALAR && at > c->text.start && at < c->text.end;
	return c->is_lost || (is_in && c->text.style != '\0');
}

/* --- trailing-spaces, new-line-at-end-of-file, new-lines --- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void check_trailing_spaces(struct yaml_check *c, const struct yaml_line *line)
{
	const char *text = c->file->text;
	size_t at = line->end;
	while (at > line->start && is_space(text[at - 1]))
		at--;
	if (at == line->end || (text[at] != ' ' && text[at] != '\t'))
		return;
	const struct lint_fix *fix = NULL;
	bool is_quoted = c->text.style == '"' || c->text.style == '\'';
	if (!is_in_text(c, is_quoted ? at : line->start))
		fix = yaml_fix(c, at, line->end, view_of(""), "remove the spaces");
	yaml_hit(c, YR_TRAILING_SPACES, at, line->end, fix, "spaces at the end of the line");
}

static bool uses_crlf(const struct yaml_check *c)
{
	const char *newline = memchr(c->file->text, '\n', c->file->len);
	return newline && newline > c->file->text && newline[-1] == '\r';
}

static void check_new_line_at_end(struct yaml_check *c, const struct yaml_line *line)
{
	if (line->end != c->file->len || line->end == line->start)
		return;
	/* A block text that ends here would get a line end. */
	bool is_block = (c->text.style == '|' || c->text.style == '>') && c->text.end == line->end;
	const char *end = uses_crlf(c) ? "\r\n" : "\n";
	const struct lint_edit edit = { line->end, line->end, end, strlen(end) };
	yaml_hit(c, YR_NEW_LINE_AT_END, line->end, line->end,
	         lint_fix_edits(c->file, is_block, &edit, 1, "end the last line"),
	         "the last line has no line end");
}

/* All line ends of the file in one edit. */
static const struct lint_fix *fix_new_lines(struct yaml_check *c, const char *end)
{
	if (!c->file->options->wants_fixes)
		return lint_fix_edits(c->file, false, NULL, 0, "end all lines alike");
	AUTO(str) now = STR_INIT;
	struct view rest = { c->file->text, c->file->len };
	while (rest.len) {
		const char *newline = memchr(rest.ptr, '\n', rest.len);
		size_t len = newline ? (size_t)(newline - rest.ptr) : rest.len;
		size_t content = len - (newline && len > 0 && rest.ptr[len - 1] == '\r');
		str_add(&now, rest.ptr, content);
		if (newline)
			str_addz(&now, end);
		size_t used = len + (newline != NULL);
		rest = (struct view){ rest.ptr + used, rest.len - used };
	}
	const struct lint_edit edit = { 0, c->file->len, now.ptr, now.len };
	return lint_fix_edits(c->file, false, &edit, 1, "end all lines alike");
}

static void check_new_lines(struct yaml_check *c, const struct yaml_line *line)
{
	if (line->number != 1 || line->end >= c->file->len)
		return;
	bool is_dos = c->file->text[line->end] == '\r', wants_dos;
	wants_dos = yaml_option(c, YO_NEW_LINES_TYPE) == YAML_DOS;
	if (is_dos == wants_dos)
		return;
	yaml_hit(c, YR_NEW_LINES, line->end, line->end, fix_new_lines(c, wants_dos ? "\r\n" : "\n"),
	         "lines should end with %s", wants_dos ? "\\r\\n" : "\\n");
}

/* --- empty-lines --- */

/* Blank lines behind a block text belong to it, but count only where it says `+`. */
static bool are_free(const struct yaml_check *c, size_t start)
{
	if (!is_in_text(c, start))
		return c->text.kind != YAML_T_SCALAR || start <= c->text.start ||
		       start >= c->text.end;
	if (c->is_lost || (c->text.style != '|' && c->text.style != '>'))
		return false;
	const char *text = c->file->text;
	for (size_t i = c->text.start; text[i] != '\n' && text[i] != '#' && i < c->text.end; i++)
		if (text[i] == '+')
			return false;
	for (size_t i = start; i < c->text.end; i++)
		if (!is_space(text[i]))
			return false;
	return true;
}

static void check_empty_lines(struct yaml_check *c, const struct yaml_line *line)
{
	const char *text = c->file->text;
	size_t len = c->file->len, end = line->end;
	if (line->start != end || end >= len)
		return;
	const char *here = text + end;
	if ((len - end >= 2 && memcmp(here, "\n\n", 2) == 0) ||
	    (len - end >= 4 && memcmp(here, "\r\n\r\n", 4) == 0))
		return; /* the last one of a row is reported */
	int64_t blank = 0;
	size_t start = line->start;
	while (start >= 2 && memcmp(text + start - 2, "\r\n", 2) == 0) {
		blank++;
		start -= 2;
	}
	while (start >= 1 && text[start - 1] == '\n') {
		blank++;
		start--;
	}
	int32_t max = yaml_option(c, YO_EMPTY_MAX);
	if (start == 0) {
		blank++;
		max = yaml_option(c, YO_EMPTY_MAX_START);
	}
	bool is_last = (end == len - 1 && here[0] == '\n') ||
	               (len >= 2 && end == len - 2 && memcmp(here, "\r\n", 2) == 0);
	if (is_last && end == 0)
		return;
	if (is_last)
		max = yaml_option(c, YO_EMPTY_MAX_END);
	if (blank <= max)
		return;
	/* Keep the line end of the last line with content, and as many lines as may be. */
	size_t from = line->start;
	for (int64_t i = 0; i < blank - max - 1 && from > 0; i++)
		from = yaml_start_of_line(c, from - 1);
	size_t to = end + (here[0] == '\r' ? 2 : 1);
	yaml_hit(c, YR_EMPTY_LINES, line->start, end,
	         are_free(c, from) ? yaml_fix(c, from, to, view_of(""), "remove the blank lines")
	                           : NULL,
	         "too many blank lines (%lld, at most %d)", (long long)blank, (int)max);
}

/* --- line-length --- */

/* `key: value` where the value has no blank. */
static bool is_unbreakable_map(const struct yaml_check *c, const struct yaml_line *line)
{
	const char *text = c->file->text + line->start;
	AUTOPTR(yaml_tokens) tokens = yaml_tokens_new(text, line->end - line->start);
	struct yaml_token token;
	bool has_map = false, has_value = false;
	while (tokens && yaml_tokens_next(tokens, &token)) {
		if (has_value && token.kind == YAML_T_SCALAR)
			return !memchr(text + token.start, ' ',
			               line->end - line->start - token.start);
		has_map |= token.kind == YAML_T_BLOCK_MAP;
		has_value = has_map && token.kind == YAML_T_VALUE;
	}
	return false;
}

static bool may_be_long(const struct yaml_check *c, const struct yaml_line *line)
{
	const char *text = c->file->text;
	bool maps = yaml_option(c, YO_LENGTH_MAPS);
	if (!maps && !yaml_option(c, YO_LENGTH_WORDS))
		return false;
	size_t at = line->start;
	while (at < line->end && text[at] == ' ')
		at++;
	if (at == line->end)
		return false;
	if (text[at] == '#') {
		while (text[at] == '#')
			at++;
		at++;
	} else if (text[at] == '-') {
		at += 2;
	}
	if (at >= line->end || !memchr(text + at, ' ', line->end - at))
		return true;
	return maps && is_unbreakable_map(c, line);
}

static void check_line_length(struct yaml_check *c, const struct yaml_line *line)
{
	int64_t max = yaml_option(c, YO_LENGTH_MAX);
	if ((int64_t)(line->end - line->start) <= max)
		return;
	const char *text = c->file->text;
	int64_t len = (int64_t)count_chars(text + line->start, line->end - line->start);
	if (len <= max || may_be_long(c, line))
		return;
	size_t at = line->start;
	for (int64_t i = 0; i < max && at < line->end; i++) {
		at++;
		while (at < line->end && ((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
	}
	yaml_hit(c, YR_LINE_LENGTH, at, line->end, NULL,
	         "the line has %lld characters, at most %lld are asked for", (long long)len,
	         (long long)max);
}

void yaml_check_line(struct yaml_check *c, const struct yaml_line *line)
{
	if (yaml_is_on(c, YR_EMPTY_LINES))
		check_empty_lines(c, line);
	if (yaml_is_on(c, YR_LINE_LENGTH))
		check_line_length(c, line);
	if (yaml_is_on(c, YR_NEW_LINE_AT_END))
		check_new_line_at_end(c, line);
	if (yaml_is_on(c, YR_NEW_LINES))
		check_new_lines(c, line);
	if (yaml_is_on(c, YR_TRAILING_SPACES))
		check_trailing_spaces(c, line);
}

/* --- comments --- */

static void check_distance(struct yaml_check *c, const struct yaml_comment *comment)
{
	int32_t min = yaml_option(c, YO_COMMENTS_DISTANCE);
	int64_t gap = (int64_t)comment->start - c->token.end;
	if (min == -1 || !comment->is_inline || gap >= min)
		return;
	yaml_hit(c, YR_COMMENTS, comment->start, comment->start,
	         yaml_fix_spaces(c, c->token.end, comment->start, (size_t)min),
	         "too few spaces before the comment, %d are asked for", (int)min);
}

static void check_starting_space(struct yaml_check *c, const struct yaml_comment *comment)
{
	const char *text = c->file->text;
	size_t at = comment->start + 1;
	while (at < c->file->len && text[at] == '#')
		at++;
	bool is_first = comment->number == 1 && comment->column == 0;
	if (at >= c->file->len || strchr(" \n\r", text[at]))
		return;
	if (is_first && text[at] == '!' && yaml_option(c, YO_COMMENTS_SHEBANGS))
		return;
	yaml_hit(c, YR_COMMENTS, at, at,
	         yaml_fix(c, at, at, view_of(" "), "put a space behind the '#'"),
	         "the comment does not begin with a space");
}

static size_t line_indent(const struct yaml_check *c, size_t at)
{
	return strspn(c->file->text + yaml_start_of_line(c, at), " ");
}

static void check_comment_indentation(struct yaml_check *c, const struct yaml_comment *comment)
{
	const struct yaml_token *before = &c->token, *after = &c->next;
	bool is_first = before->kind == YAML_T_STREAM_START;
	if (!is_first && before->end_line + 1 == comment->number)
		return;
	size_t next = after->kind == YAML_T_STREAM_END ? 0 : after->column;
	size_t prev = MAX(is_first ? 0 : line_indent(c, before->start), next);
	if (comment->has_before && !comment->is_before_inline)
		prev = comment->before_column;
	if (comment->column == prev || comment->column == next)
		return;
	size_t line = yaml_start_of_line(c, comment->start);
	yaml_hit(c, YR_COMMENTS_INDENTATION, comment->start, comment->start,
	         yaml_fix_spaces(c, line, comment->start, next),
	         "the comment is not indented like what is around it");
}

void yaml_check_comment(struct yaml_check *c, const struct yaml_comment *comment)
{
	if (yaml_is_on(c, YR_COMMENTS)) {
		check_distance(c, comment);
		if (yaml_option(c, YO_COMMENTS_SPACE))
			check_starting_space(c, comment);
	}
	if (yaml_is_on(c, YR_COMMENTS_INDENTATION))
		check_comment_indentation(c, comment);
}
