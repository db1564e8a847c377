/* Bytes become lines and columns, once per file and only where something was found. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/utf8.h"

#define LINE_TEXT_MAX 400u

/* Walks forward through the text; findings come sorted, so each line is seen once. */
struct walker {
	const char *text;
	size_t len;
	size_t line_start;
	uint32_t line;
};

static void walk_to(struct walker *walker, size_t at)
{
	if (at < walker->line_start) {
		walker->line_start = 0;
		walker->line = 1;
	}
	const char *newline;
	while ((newline = memchr(walker->text + walker->line_start, '\n',
	                         at - walker->line_start)) != NULL) {
		walker->line_start = (size_t)(newline - walker->text) + 1;
		walker->line++;
	}
}

static uint32_t column_of(const struct walker *walker, size_t at)
{
	const char *start = walker->text + walker->line_start;
	size_t len = at - walker->line_start, columns = 0;
	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)start[i] & 0xc0) != 0x80;
	return (uint32_t)columns + 1;
}

static const char *line_text(const struct walker *walker, struct arena *keep)
{
	const char *start = walker->text + walker->line_start;
	const char *newline = memchr(start, '\n', walker->len - walker->line_start);
	size_t len = newline ? (size_t)(newline - start) : walker->len - walker->line_start;
	len -= len > 0 && start[len - 1] == '\r';
	if (len > LINE_TEXT_MAX) {
		len = LINE_TEXT_MAX;
		while (len > 0 && ((unsigned char)start[len] & 0xc0) == 0x80)
			len--;
	}
	return arena_strndup(keep, start, len);
}

static int by_place(const void *a, const void *b)
{
	const struct lint_finding *x = a, *y = b;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	int order = strcmp(x->rule->slug, y->rule->slug);
	if (order)
		return order;
	order = strcmp(x->message, y->message);
	if (order || x->at.end == y->at.end)
		return order;
	return x->at.end < y->at.end ? -1 : 1;
}

static void place_span(const struct walker *from, struct lint_span *at)
{
	struct walker walker = *from;
	at->start = MIN(at->start, walker.len);
	at->end = MIN(at->end, walker.len);
	walk_to(&walker, at->start);
	at->line = walker.line;
	at->column = column_of(&walker, at->start);
	walk_to(&walker, at->end);
	at->end_line = walker.line;
	at->end_column = column_of(&walker, at->end);
}

static void place(struct walker *walker, struct lint_finding *finding, struct arena *keep)
{
	place_span(walker, &finding->at);
	walk_to(walker, finding->at.start);
	if (!finding->line_text && !finding->is_redacted)
		finding->line_text = line_text(walker, keep);
	for (size_t i = 0; finding->fix && i < finding->fix->n_edits; i++) {
		/* The engine made the edits and gives them their places once. */
		struct lint_edit *edit = (struct lint_edit *)(uintptr_t)&finding->fix->edits[i];
		edit->at.start = edit->start;
		edit->at.end = edit->end;
		place_span(walker, &edit->at);
	}
}

void lint_finish_result(struct lint_result *result, const char *text, size_t len,
                        struct arena *keep)
{
	if (result->len == 0)
		return;
	qsort(result->findings, result->len, sizeof(result->findings[0]), by_place);
	struct walker walker = { .text = text, .len = len, .line = 1 };
	for (size_t i = 0; i < result->len; i++)
		if (result->findings[i].at.line == 0)
			place(&walker, &result->findings[i], keep);
}
