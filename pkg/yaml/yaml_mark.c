/*
 * Places: libyaml counts characters, we count bytes.
 */
#include "base/base.h"

#include "yaml/yaml_loader.h"

/* Move to the `chars`th character; libyaml's marks are never far from each other. */
static size_t seek(const struct yaml_loader *l, struct yaml_cursor *cursor, size_t chars)
{
	const char *text = l->source->text;
	while (cursor->chars < chars && cursor->bytes < l->source->len) {
		cursor->bytes++;
		while (cursor->bytes < l->source->len && (text[cursor->bytes] & 0xc0) == 0x80)
			cursor->bytes++;
		cursor->chars++;
	}
	while (cursor->chars > chars && cursor->bytes > l->bom) {
		cursor->bytes--;
		while (cursor->bytes > l->bom && (text[cursor->bytes] & 0xc0) == 0x80)
			cursor->bytes--;
		cursor->chars--;
	}
	return cursor->bytes;
}

size_t yaml_byte_offset(struct yaml_loader *l, size_t chars)
{
	if (l->is_ascii)
		return MIN(chars + l->bom, l->source->len);
	return seek(l, &l->here, chars);
}

struct val_mark yaml_mark_of(struct yaml_loader *l, const yaml_mark_t *start, size_t end_chars)
{
	struct val_mark mark;
	mark.start = (uint32_t)yaml_byte_offset(l, start->index);
	mark.end = (uint32_t)yaml_byte_offset(l, end_chars);
	mark.line = (uint32_t)(start->line + l->first_line) + 1;
	mark.column = (uint32_t)start->column + 1;
	if (!l->is_ascii)
		mark.column = mark.start -
		              (uint32_t)seek(l, &l->line_start, start->index - start->column) + 1;
	return mark;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* libyaml's idea of a name: what follows it directly is the value. */
static bool is_anchor_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* Bytes of a line end: \n, \r, \r\n, and U+0085, U+2028, U+2029, which YAML 1.1 counts too. */
static uint32_t line_end_len(const char *text, uint32_t at, uint32_t end)
{
	uint32_t left = end - at;
	if (left >= 2 && memcmp(text + at, "\r\n", 2) == 0)
		return 2;
	if (left >= 1 && (text[at] == '\n' || text[at] == '\r'))
		return 1;
	if (left >= 2 && memcmp(text + at, "\xc2\x85", 2) == 0)
		return 2;
	if (left >= 3 && memcmp(text + at, "\xe2\x80", 2) == 0 && (text[at + 2] & 0xfe) == 0xa8)
		return 3;
	return 0;
}

static uint32_t skip_property(const char *text, uint32_t at, uint32_t end)
{
	bool is_anchor = text[at++] == '&';
	while (at < end && (is_anchor ? is_anchor_char(text[at])
	                              : !is_space(text[at]) && line_end_len(text, at, end) == 0))
		at++;
	return at;
}

void yaml_skip_properties(const struct yaml_loader *l, struct val_mark *mark)
{
	const char *text = l->source->text;
	uint32_t at = mark->start;
	uint32_t line_start = mark->start - (mark->column - 1);
	bool is_comment = false;
	while (at < mark->end) {
		uint32_t feed = line_end_len(text, at, mark->end);
		if (feed > 0) {
			at += feed;
			line_start = at;
			mark->line++;
			is_comment = false;
		} else if (is_comment || text[at] == ' ' || text[at] == '\t') {
			at++;
		} else if (text[at] == '#') {
			is_comment = true;
		} else if (text[at] == '&' || text[at] == '!') {
			at = skip_property(text, at, mark->end);
		} else {
			break;
		}
	}
	mark->start = at;
	mark->column = at - line_start + 1;
}

void yaml_trim_end(const struct yaml_loader *l, struct val_mark *mark)
{
	while (mark->end > mark->start && is_space(l->source->text[mark->end - 1]))
		mark->end--;
}
