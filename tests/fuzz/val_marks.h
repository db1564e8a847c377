/* For targets that read value trees: every mark lies in the text. */
#ifndef FUZZ_VAL_MARKS_H
#define FUZZ_VAL_MARKS_H

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

#endif
