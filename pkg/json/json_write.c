#include "base/base.h"

#include <math.h>

#include "base/utf8.h"
#include "json/json.h"

/* --- strings --- */

static void add_escape(unsigned char c, struct str *out)
{
	switch (c) {
	case '"':
		str_addz(out, "\\\"");
		return;
	case '\\':
		str_addz(out, "\\\\");
		return;
	case '\b':
		str_addz(out, "\\b");
		return;
	case '\f':
		str_addz(out, "\\f");
		return;
	case '\n':
		str_addz(out, "\\n");
		return;
	case '\r':
		str_addz(out, "\\r");
		return;
	case '\t':
		str_addz(out, "\\t");
		return;
	default:
		str_addf(out, "\\u%04x", c);
	}
}

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

void json_write_string(const char *text, size_t len, struct str *out)
{
	str_addch(out, '"');
	size_t copied = 0, at = 0;
	while (at < len) {
		unsigned char c = (unsigned char)text[at];
		size_t code_len = 1;
		if (c < 0x80 && !needs_escape(c)) {
			at++;
			continue;
		}
		if (c >= 0x80) {
			uint32_t code;
			code_len = utf8_decode(text + at, len - at, &code);
			if (code_len > 0) {
				at += code_len;
				continue;
			}
		}
		str_add(out, text + copied, at - copied);
		if (c >= 0x80)
			str_addz(out, "\xef\xbf\xbd");
		else
			add_escape(c, out);
		at++;
		copied = at;
	}
	str_add(out, text + copied, len - copied);
	str_addch(out, '"');
}

/* --- structure --- */

struct json_writer json_writer_init(struct str *out, unsigned flags)
{
	return (struct json_writer){ .out = out, .flags = flags };
}

static void new_line(struct json_writer *w)
{
	if (!(w->flags & JSON_PRETTY))
		return;
	str_addch(w->out, '\n');
	str_add_repeat(w->out, ' ', (size_t)w->depth * 2);
}

/* What comes before a key, or before a value that has none. */
static void begin_item(struct json_writer *w)
{
	if (w->has_key) {
		w->has_key = false;
		return;
	}
	if (w->has_items)
		str_addch(w->out, ',');
	if (w->depth > 0)
		new_line(w);
}

static void end_item(struct json_writer *w)
{
	w->has_items = true;
	if (w->depth == 0 && (w->flags & JSON_PRETTY))
		str_addch(w->out, '\n');
}

static void begin(struct json_writer *w, char bracket)
{
	begin_item(w);
	str_addch(w->out, bracket);
	w->depth++;
	w->has_items = false;
}

static void end(struct json_writer *w, char bracket)
{
	assert(w->depth > 0 && !w->has_key);
	w->depth--;
	if (w->has_items)
		new_line(w);
	str_addch(w->out, bracket);
	end_item(w);
}

void json_begin_object(struct json_writer *w)
{
	begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
	end(w, ']');
}

static void write_key(struct json_writer *w, const char *key, size_t len)
{
	assert(w->depth > 0 && !w->has_key);
	begin_item(w);
	json_write_string(key, len, w->out);
	str_addch(w->out, ':');
	if (w->flags & JSON_PRETTY)
		str_addch(w->out, ' ');
	w->has_key = true;
}

void json_key(struct json_writer *w, const char *key)
{
	write_key(w, key, strlen(key));
}

/* --- values --- */

void json_textn(struct json_writer *w, const char *text, size_t len)
{
	begin_item(w);
	json_write_string(text, len, w->out);
	end_item(w);
}

void json_text(struct json_writer *w, const char *text)
{
	if (text)
		json_textn(w, text, strlen(text));
	else
		json_nil(w);
}

void json_int(struct json_writer *w, int64_t number)
{
	begin_item(w);
	str_addf(w->out, "%" PRId64, number);
	end_item(w);
}

void json_uint(struct json_writer *w, uint64_t number)
{
	begin_item(w);
	str_addf(w->out, "%" PRIu64, number);
	end_item(w);
}

void json_number(struct json_writer *w, double number)
{
	if (!isfinite(number)) {
		json_nil(w);
		return;
	}
	begin_item(w);
	val_format_float(number, w->out);
	end_item(w);
}

void json_bool(struct json_writer *w, bool boolean)
{
	begin_item(w);
	str_addz(w->out, boolean ? "true" : "false");
	end_item(w);
}

void json_nil(struct json_writer *w)
{
	begin_item(w);
	str_addz(w->out, "null");
	end_item(w);
}

void json_key_string(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_text(w, text);
}

void json_key_int(struct json_writer *w, const char *key, int64_t number)
{
	json_key(w, key);
	json_int(w, number);
}

void json_key_bool(struct json_writer *w, const char *key, bool boolean)
{
	json_key(w, key);
	json_bool(w, boolean);
}

void json_key_val(struct json_writer *w, const char *key, const struct val *v)
{
	json_key(w, key);
	json_val(w, v);
}

/* --- trees --- */

static int compare_keys(const void *a, const void *b)
{
	const struct val_entry *x = *(const struct val_entry *const *)a;
	const struct val_entry *y = *(const struct val_entry *const *)b;
	int order = memcmp(x->key, y->key, MIN(x->key_len, y->key_len));
	if (order != 0)
		return order;
	return x->key_len < y->key_len ? -1 : x->key_len > y->key_len;
}

static void write_entry(struct json_writer *w, const struct val_entry *entry)
{
	write_key(w, entry->key, entry->key_len);
	json_val(w, entry->value);
}

static void write_map(struct json_writer *w, const struct val *v)
{
	const struct val_entry *entry;
	json_begin_object(w);
	if (!(w->flags & JSON_SORTED)) {
		for (VAL_EACH_ENTRY(i, entry, v))
			write_entry(w, entry);
		json_end_object(w);
		return;
	}
	const struct val_entry **sorted = mem_zalloc(val_len(v) + 1, sizeof(*sorted));
	for (VAL_EACH_ENTRY(j, entry, v))
		sorted[j] = entry;
	qsort(sorted, val_len(v), sizeof(*sorted), compare_keys);
	for (size_t i = 0; i < val_len(v); i++)
		write_entry(w, sorted[i]);
	mem_free(sorted);
	json_end_object(w);
}

static void write_list(struct json_writer *w, const struct val *v)
{
	const struct val *item;
	json_begin_array(w);
	for (VAL_EACH_ITEM(i, item, v))
		json_val(w, item);
	json_end_array(w);
}

void json_val(struct json_writer *w, const struct val *v)
{
	if (!v) {
		json_nil(w);
		return;
	}
	switch ((enum val_kind)v->kind) {
	case VAL_NULL:
		json_nil(w);
		return;
	case VAL_BOOL:
		json_bool(w, v->as.boolean);
		return;
	case VAL_INT:
		json_int(w, v->as.integer);
		return;
	case VAL_FLOAT:
		json_number(w, v->as.number);
		return;
	case VAL_STR:
		json_textn(w, v->as.str.ptr, v->as.str.len);
		return;
	case VAL_LIST:
		write_list(w, v);
		return;
	case VAL_MAP:
		write_map(w, v);
		return;
	}
}

void json_write(const struct val *v, unsigned flags, struct str *out)
{
	struct json_writer w = json_writer_init(out, flags);
	json_val(&w, v);
}
