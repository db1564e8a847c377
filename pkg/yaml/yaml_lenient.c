/* Reading on after what yaml_load refuses: see yaml_load_lenient. */
#include "base/base.h"

#include "base/map.h"
#include "yaml/yaml_loader.h"

static void report(struct yaml_loader *l, enum yaml_flaw_kind kind, const err *e, size_t start,
                   size_t end)
{
	struct yaml_flaw flaw = { .kind = kind, .start = start, .end = MAX(start, end) };
	flaw.message = arena_strdup(l->arena, err_message(e));
	if (err_hint_count(e))
		flaw.hint = arena_strdup(l->arena, err_hint_text(e, 0));
	l->lenient->report(l->lenient->ctx, &flaw);
}

err *yaml_forgive(struct yaml_loader *l, enum yaml_flaw_kind kind, err *take_e, size_t start,
                  size_t end)
{
	if (!take_e || !l->lenient || err_is(take_e, ERR_LIMIT))
		return take_e;
	report(l, kind, take_e, start, end);
	err_ignore(take_e, "reported");
	return NULL;
}

/* The byte of a line and column; columns of errors are bytes, too. */
static size_t offset_of(const struct val_source *source, const struct err_place *place)
{
	const char *at = source->text, *end = source->text + source->len;
	for (size_t line = 1; place && line < place->line; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break;
		at = newline + 1;
	}
	size_t column = place && place->column ? place->column - 1 : 0;
	return MIN((size_t)(at - source->text) + column, source->len);
}

err *yaml_report_broken(struct yaml_loader *l, err *take_e)
{
	if (!take_e)
		return NULL;
	const struct err_place *place = err_place(take_e);
	size_t start = offset_of(l->source, place), end = start;
	if (place && place->end_column > place->column)
		end = MIN(start + place->end_column - place->column, l->source->len);
	report(l, YAML_FLAW_BROKEN, take_e, start, end);
	err_ignore(take_e, "reported");
	return NULL;
}

/* A `---` at the start of a line is never part of a value. */
size_t yaml_next_document(const struct yaml_loader *l, size_t from)
{
	const char *text = l->source->text;
	size_t len = l->source->len, at = l->open_doc;
	if (at == SIZE_MAX) /* broken between documents */
		at = l->docs.len ? MAX(from, l->docs.ptr[l->docs.len - 1].end) : from;
	while (at < len) {
		const char *newline = memchr(text + at, '\n', len - at);
		if (!newline)
			return len;
		at = (size_t)(newline - text) + 1;
		bool is_marker = len - at >= 3 && memcmp(text + at, "---", 3) == 0;
		if (is_marker && (len - at == 3 || strchr(" \t\r\n", text[at + 3])))
			return at;
	}
	return len;
}

size_t yaml_count_lines(const char *text, size_t len)
{
	size_t lines = 0;
	const char *end = text + len, *newline;
	while ((newline = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		lines++;
		text = newline + 1;
	}
	return lines;
}

static err *duplicate(const struct val_entry *first, const struct val_entry *second)
{
	return err_new(ERR_INVALID, "the key '%.64s' is already set on line %u, column %u",
	               second->key, first->key_mark.line, first->key_mark.column);
}

size_t yaml_drop_duplicates(struct yaml_loader *l, struct val_entry *entries, size_t len)
{
	struct map places = MAP_INIT; /* key → position + 1 */
	size_t kept = 0;
	for (size_t i = 0; i < len; i++) {
		const struct val_entry *entry = &entries[i];
		if (entry->flags & VAL_IS_MERGED) {
			entries[kept++] = *entry;
			continue;
		}
		size_t place = (size_t)(uintptr_t)map_get(&places, entry->key);
		if (place == 0) {
			map_set(&places, entry->key, (void *)(uintptr_t)(kept + 1));
			entries[kept++] = *entry;
			continue;
		}
		err *e = duplicate(&entries[place - 1], entry);
		report(l, YAML_FLAW_DUPLICATE, e, entry->key_mark.start, entry->key_mark.end);
		err_ignore(e, "reported");
		entries[place - 1] = *entry;
	}
	map_clear(&places);
	return kept;
}

static size_t without_merges(struct val_entry *entries, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < len; i++)
		if (!(entries[i].flags & VAL_IS_MERGED))
			entries[kept++] = entries[i];
	return kept;
}

err *yaml_merge_lenient(struct yaml_loader *l, struct val *map, struct val_entry *entries,
                        size_t len)
{
	len = yaml_drop_duplicates(l, entries, len);
	err *e = yaml_merge_entries(l->arena, map, entries, len);
	if (!e || err_is(e, ERR_INTERNAL))
		return e;
	size_t merge = 0;
	while (!(entries[merge].flags & VAL_IS_MERGED))
		merge++;
	e = yaml_forgive(l, YAML_FLAW_MERGE, e, entries[merge].key_mark.start,
	                 entries[merge].key_mark.end);
	TRY(e);
	size_t unused;
	len = without_merges(entries, len);
	return val_fill_map(l->arena, map, entries, len, &unused)
	               ? NULL
	               : err_new(ERR_INTERNAL, "a key is still twice in a map");
}

bool yaml_is_core_bool(const char *text)
{
	static const char *const words[] = { "true", "True", "TRUE", "false", "False", "FALSE" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_equal(text, words[i]))
			return true;
	return false;
}
