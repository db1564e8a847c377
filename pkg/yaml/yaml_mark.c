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
	mark.line = (uint32_t)start->line + 1;
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

static uint32_t skip_property(const char *text, uint32_t at, uint32_t end)
{
	bool is_anchor = text[at++] == '&';
	while (at < end && (is_anchor ? is_anchor_char(text[at]) : !is_space(text[at])))
		at++;
	return at;
}

void yaml_skip_properties(const struct yaml_loader *l, struct val_mark *mark)
{
	const char *text = l->source->text;
	uint32_t at = mark->start;
	uint32_t line_start = mark->start - (mark->column - 1);
	while (at < mark->end && (text[at] == '&' || text[at] == '!')) {
		at = skip_property(text, at, mark->end);
		while (at < mark->end && (is_space(text[at]) || text[at] == '#')) {
			if (text[at] == '#')
				while (at + 1 < mark->end && text[at + 1] != '\n')
					at++;
			if (text[at] == '\n') {
				mark->line++;
				line_start = at + 1;
			}
			at++;
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
