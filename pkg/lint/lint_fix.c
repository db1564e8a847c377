#include "base/base.h"

#include "lint/lint_fix.h"

static struct lint_fix *new_fix(struct lint_file *file, bool is_unsafe, const char *fmt, va_list args)
{
	AUTO(str) text = STR_INIT;
	str_addvf(&text, fmt, args);
	struct lint_fix *fix = ARENA_NEW(file->keep, struct lint_fix);
	fix->text = arena_strndup(file->keep, text.ptr, text.len);
	fix->is_unsafe = is_unsafe;
	return fix;
}

static void keep_edits(struct lint_file *file, struct lint_fix *fix, const struct lint_edit *edits,
                       size_t n_edits)
{
	struct lint_edit *copy = arena_zalloc(file->keep, n_edits + 1, sizeof(*copy));
	for (size_t i = 0; i < n_edits; i++) {
		copy[i] = edits[i];
		copy[i].text = arena_strndup(file->keep, edits[i].text ? edits[i].text : "",
		                             edits[i].len);
	}
	fix->edits = copy;
	fix->n_edits = n_edits;
}

const struct lint_fix *lint_fix_make(struct lint_file *file, bool is_unsafe,
                                     const struct lint_change *changes, size_t n_changes,
                                     const char *fmt, ...)
{
	(void)changes;
	(void)n_changes;
	va_list args;
	va_start(args, fmt);
	struct lint_fix *fix = new_fix(file, is_unsafe, fmt, args);
	va_end(args);
	return fix;
}

const struct lint_fix *lint_fix_edits(struct lint_file *file, bool is_unsafe,
                                      const struct lint_edit *edits, size_t n_edits,
                                      const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct lint_fix *fix = new_fix(file, is_unsafe, fmt, args);
	va_end(args);
	if (file->options->wants_fixes)
		keep_edits(file, fix, edits, n_edits);
	return fix;
}
