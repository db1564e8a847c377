#include "base/base.h"

#include "val/val.h"

static const char *const kind_texts[] = {
	[VAL_NULL] = "nothing",   [VAL_BOOL] = "a boolean", [VAL_INT] = "a number",
	[VAL_FLOAT] = "a number", [VAL_STR] = "a string",   [VAL_LIST] = "a list",
	[VAL_MAP] = "a map",
};

const char *val_kind_text(const struct val *v)
{
	return v ? kind_texts[v->kind] : "nothing";
}

size_t val_len(const struct val *v)
{
	if (val_is(v, VAL_LIST))
		return v->as.list.len;
	if (val_is(v, VAL_MAP))
		return v->as.map.len;
	return 0;
}

const struct val *val_at(const struct val *list, size_t index)
{
	if (!val_is(list, VAL_LIST) || index >= list->as.list.len)
		return NULL;
	return list->as.list.items[index];
}

const struct val *val_get(const struct val *map, const char *key)
{
	return val_getn(map, key, strlen(key));
}

const struct val_entry *val_entry_at(const struct val *map, size_t index)
{
	if (!val_is(map, VAL_MAP) || index >= map->as.map.len)
		return NULL;
	return &map->as.map.entries[index];
}

const char *val_get_str(const struct val *map, const char *key, const char *fallback)
{
	const struct val *v = val_get(map, key);
	return val_is(v, VAL_STR) ? v->as.str.ptr : fallback;
}

int64_t val_get_int(const struct val *map, const char *key, int64_t fallback)
{
	const struct val *v = val_get(map, key);
	return val_is(v, VAL_INT) ? v->as.integer : fallback;
}

bool val_get_bool(const struct val *map, const char *key, bool fallback)
{
	const struct val *v = val_get(map, key);
	return val_is(v, VAL_BOOL) ? v->as.boolean : fallback;
}

/* --- strict access --- */

static err *wrong_kind(const struct val *v, const char *expected)
{
	return val_error(v, "expected %s, found %s", expected, val_kind_text(v));
}

err *val_str(const struct val *v, const char **ret_text)
{
	if (!val_is(v, VAL_STR))
		return wrong_kind(v, "a string");
	if (strlen(v->as.str.ptr) != v->as.str.len)
		return val_error(v, "expected a text, found a string with a zero byte");
	*ret_text = v->as.str.ptr;
	return NULL;
}

err *val_int(const struct val *v, int64_t *ret_integer)
{
	if (val_is(v, VAL_FLOAT))
		return val_error(v, "expected a whole number of 64 bits, found another number");
	if (!val_is(v, VAL_INT))
		return wrong_kind(v, "a whole number");
	*ret_integer = v->as.integer;
	return NULL;
}

err *val_bool(const struct val *v, bool *ret_boolean)
{
	if (!val_is(v, VAL_BOOL))
		return wrong_kind(v, "true or false");
	*ret_boolean = v->as.boolean;
	return NULL;
}

err *val_need(const struct val *map, const char *key, enum val_kind kind,
              const struct val **ret_value)
{
	if (!val_is(map, VAL_MAP))
		return val_error(map, "expected a map with '%s', found %s", key,
		                 val_kind_text(map));
	const struct val *v = val_get(map, key);
	if (!v)
		return val_error(map, "'%s' is missing", key);
	if (v->kind != kind)
		return val_error(v, "expected %s for '%s', found %s", kind_texts[kind], key,
		                 val_kind_text(v));
	*ret_value = v;
	return NULL;
}

err *val_need_str(const struct val *map, const char *key, const char **ret_text)
{
	const struct val *v = NULL;
	TRY(val_need(map, key, VAL_STR, &v));
	return val_str(v, ret_text);
}

/* --- errors --- */

static err *place(err *take_e, const struct val_source *source, const struct val_mark *mark)
{
	if (!source || mark->line == 0)
		return take_e;
	return err_source(take_e, source->name, source->text, source->len, mark->start, mark->end);
}

err *val_place(err *take_e, const struct val *v)
{
	return take_e && v ? place(take_e, v->source, &v->mark) : take_e;
}

PRINTF_LIKE(1, 0)
static err *error_v(const char *fmt, va_list args)
{
	AUTO(str) text = STR_INIT;
	str_addvf(&text, fmt, args);
	return err_new(ERR_INVALID, "%s", text.ptr);
}

err *val_error(const struct val *v, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err *e = error_v(fmt, args);
	va_end(args);
	return val_place(e, v);
}

err *val_key_error(const struct val *map, const struct val_entry *entry, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err *e = error_v(fmt, args);
	va_end(args);
	/* A merged entry was written in another map of the same text. */
	const struct val_source *source = map->source ? map->source : entry->value->source;
	return place(e, source, &entry->key_mark);
}

struct view val_source_text(const struct val *v)
{
	if (!v || !v->source || v->mark.line == 0)
		return (struct view){ "", 0 };
	return (struct view){ v->source->text + v->mark.start, v->mark.end - v->mark.start };
}
