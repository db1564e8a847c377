#include "base/base.h"

#include "apply/plan.h"

static const char *digest_to_fingerprint(struct arena *a, bool has_digest,
                                         const uint8_t digest[INV_DIGEST_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	if (!has_digest)
		return "";
	char *text = arena_alloc(a, 2 * INV_DIGEST_BYTES + 1);
	for (size_t i = 0; i < INV_DIGEST_BYTES; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[2 * INV_DIGEST_BYTES] = '\0';
	return text;
}

static uint8_t hex_value(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void fingerprint_to_digest(const char *fingerprint, uint8_t ret_digest[INV_DIGEST_BYTES])
{
	memset(ret_digest, 0, INV_DIGEST_BYTES);
	if (!*fingerprint)
		return;
	assert(strlen(fingerprint) == 2 * INV_DIGEST_BYTES);
	for (size_t i = 0; i < INV_DIGEST_BYTES; i++)
		ret_digest[i] = (uint8_t)(hex_value(fingerprint[2 * i]) << 4 |
		                          hex_value(fingerprint[2 * i + 1]));
}

/* Before a driver's uid in the inventory: a sensitive object that is never to be pruned. */
#define KEEP_MARK "keep "

static bool needs_mark(const struct object *object)
{
	return object && object->is_sensitive && object->keep_on_prune;
}

const char *record_uid(const struct records *records, const struct plan_item *item,
                       struct arena *arena)
{
	const struct target_record *record = records_find(records, item->key);
	const char *uid = item->uid ? item->uid : record ? record->uid : NULL;
	if (needs_mark(item->object))
		return arena_printf(arena, KEEP_MARK "%s", uid ? uid : "");
	/* NULL would leave an old mark where it is. */
	return record && record->keep_on_prune && !uid ? "" : uid;
}

static void take_uid(struct target_record *record, const char *uid)
{
	record->keep_on_prune = uid && str_starts(uid, KEEP_MARK);
	record->uid = record->keep_on_prune ? uid + strlen(KEEP_MARK) : uid;
}

void records_init(struct records *records)
{
	*records = (struct records){ 0 };
}

void records_clear(struct records *records)
{
	map_clear(&records->by_key);
	map_clear(&records->kept);
	arena_clear(&records->arena);
	records_init(records);
}

err *records_load(struct records *records, struct inv_project *project)
{
	struct arena *a = &records->arena;
	struct inv_object_list list = { 0 };
	if (project)
		TRY(inv_objects(project, a, &list));
	records->items = arena_zalloc(a, list.len + 1, sizeof(*records->items));
	records->objects = arena_zalloc(a, list.len + 1, sizeof(*records->objects));
	records->len = list.len;
	for (size_t i = 0; i < list.len; i++) {
		const struct inv_object *object = &list.ptr[i];
		records->objects[i] = object;
		records->items[i] = (struct target_record){
			.key = object->key,
			.location = object->location,
			.fingerprint = digest_to_fingerprint(a, object->has_digest,
			                                     object->digest),
			.pending_fingerprint = digest_to_fingerprint(
				a, object->has_pending_digest, object->pending_digest),
			.is_pending = object->state != INV_APPLIED,
			.is_sensitive = object->is_sensitive,
		};
		take_uid(&records->items[i], object->uid);
		map_set(&records->by_key, object->key, &records->items[i]);
	}
	return NULL;
}

const struct target_record *records_find(const struct records *records, const char *key)
{
	return map_get(&records->by_key, key);
}

err *record_load_manifest(struct inv_project *project, struct arena *arena,
                          struct target_record *record)
{
	AUTO(str) text = STR_INIT;
	if (record->is_sensitive)
		return NULL;
	err *e = inv_manifest(project, record->key, &text);
	if (err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_UNSUPPORTED)) {
		err_ignore(e, "what the record itself says has to do");
		return NULL;
	}
	TRY(e);
	record->manifest = arena_strndup(arena, text.ptr, text.len);
	return NULL;
}
