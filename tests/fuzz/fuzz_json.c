/*
 * Any bytes as JSON: an error with a place, or a tree whose marks name exactly its text, and which
 * is equal after being written and read again.
 */
#include "base/base.h"

#include "json/json.h"
#include "val/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* The text of a value, read alone, is the value. */
static void check_value(struct arena *a, const struct val *v, unsigned depth)
{
	struct view text = val_source_text(v);
	require(text.len > 0 && v->mark.end <= v->source->len && v->mark.column >= 1);
	if (depth < 3) {
		struct val *alone = NULL;
		err *e = json_load(text.ptr, text.len, "alone", a, &alone);
		require(e == NULL && val_equal(v, alone));
	}
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, v))
		check_value(a, item, depth + 1);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(j, entry, v)) {
		require(v->source->text[entry->key_mark.start] == '"');
		require(v->source->text[entry->key_mark.end - 1] == '"');
		check_value(a, entry->value, depth + 1);
	}
}

static void check_written(struct arena *a, const struct val *root, unsigned flags)
{
	AUTO(str) text = STR_INIT;
	struct val *again = NULL;
	json_write(root, flags, &text);
	err *e = json_load(text.ptr, text.len, "written", a, &again);
	require(e == NULL && val_equal(root, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = NULL;
	AUTOERR err *e = json_load((const char *)data, size, "input", &a, &root);
	if (e) {
		require(err_is(e, ERR_INVALID) || err_is(e, ERR_LIMIT));
		require(err_place(e) != NULL);
		return 0;
	}
	check_value(&a, root, 0);
	check_written(&a, root, JSON_ONE_LINE);
	check_written(&a, root, JSON_PRETTY | JSON_SORTED);
	return 0;
}
