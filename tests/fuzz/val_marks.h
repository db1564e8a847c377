/* For targets that read value trees: they end with one whose marks lie in the text, or an error with a place. */
#ifndef FUZZ_VAL_MARKS_H
#define FUZZ_VAL_MARKS_H

#include "base/base.h"

#include "base/arena.h"
#include "val/val.h"

static inline void check_marks(const struct val *v, size_t size)
{
	const struct val_entry *entry;
	const struct val *item;
	if (v->mark.start > v->mark.end || v->mark.end > size || v->flags)
		abort();
	for (VAL_EACH_ENTRY(i, entry, v)) {
		if (entry->key_mark.end > size)
			abort();
		check_marks(entry->value, size);
	}
	for (VAL_EACH_ITEM(i, item, v))
		check_marks(item, size);
}

static inline void check_reader(err *(*load)(const char *text, size_t len, const char *name,
                                             struct arena *a, struct val **ret_root),
                                const uint8_t *data, size_t size)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	err *e = load((const char *)data, size, "fuzz", &arena, &root);
	if (!e)
		check_marks(root, size);
	else if (!err_place(e))
		abort();
	err_free(e);
}

#endif
