#include "base/base.h"

#include "target_host/internal.h"

#include "base/utf8.h"
#include "crypto/encode.h"
#include "json/json.h"
#include "target_host/file.h"

/* What was read from the repository goes in line: as text where JSON can hold it. */
static void inline_content(struct arena *arena, const struct object *object, struct val *spec)
{
	const struct host_object *base = object->compiled;
	if (base->kind != &host_kind_file && base->kind != &host_kind_unit)
		return;
	if (!val_remove(spec, "contentFrom"))
		return;
	const struct file *file = object->compiled;
	struct view content = file->content;
	if (utf8_valid(content.ptr, content.len, NULL)) {
		val_set(arena, spec, "content", val_new_strn(arena, content.ptr, content.len));
		return;
	}
	AUTO(str) text = STR_INIT;
	base64_add(&text, content.ptr, content.len, 0);
	val_set(arena, spec, "contentBase64", val_new_strn(arena, text.ptr, text.len));
}

/* A mode written 0644 is the number 420 in JSON; only the text says octal. */
static void quote_mode(struct arena *arena, struct val *spec)
{
	const struct val *mode = val_get(spec, "mode");
	if (val_is(mode, VAL_INT))
		val_set(arena, spec, "mode",
		        val_new_str(arena,
		                    arena_printf(arena, "%04" PRIo64, (uint64_t)mode->as.integer)));
}

err *host_snapshot(struct target *target, const struct object *object, struct str *out)
{
	(void)target;
	AUTO(arena) arena = ARENA_INIT;
	struct val *doc = val_new_map(&arena);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, object->doc)) {
		struct val *value = val_copy(&arena, entry->value);
		if (str_equal(entry->key, "spec")) {
			inline_content(&arena, object, value);
			quote_mode(&arena, value);
		}
		val_set(&arena, doc, entry->key, value);
	}
	json_write(doc, JSON_ONE_LINE, out);
	return NULL;
}
