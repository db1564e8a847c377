#include "base/base.h"

#include "kv/kv_resp.h"

#include "base/num.h"
#include "base/vec.h"

void resp_add(struct str *out, const struct view *words, size_t count)
{
	str_addf(out, "*%zu\r\n", count);
	for (size_t i = 0; i < count; i++) {
		str_addf(out, "$%zu\r\n", words[i].len);
		str_add(out, words[i].ptr, words[i].len);
		str_addz(out, "\r\n");
	}
}

struct reader {
	struct view text;
	size_t pos, items;
	struct arena *arena;
};

/* The rest of the line, without its end; false: not there yet. */
static bool take_line(struct reader *r, struct view *line)
{
	const char *end = str_find(r->text.ptr + r->pos, r->text.len - r->pos, "\r\n", 2);
	if (!end)
		return false;
	*line = (struct view){ r->text.ptr + r->pos, (size_t)(end - r->text.ptr) - r->pos };
	r->pos += line->len + 2;
	return true;
}

static enum resp_state read_value(struct reader *r, unsigned depth, struct val **ret);

static enum resp_state read_bulk(struct reader *r, int64_t len, struct val **ret)
{
	if (len == -1) {
		*ret = val_new_null(r->arena);
		return RESP_VALUE;
	}
	if (len < 0 || len > (int64_t)RESP_MAX_BYTES)
		return RESP_BROKEN;
	if (r->text.len - r->pos < (size_t)len + 2)
		return RESP_MORE;
	if (memcmp(r->text.ptr + r->pos + len, "\r\n", 2) != 0)
		return RESP_BROKEN;
	*ret = val_new_strn(r->arena, r->text.ptr + r->pos, (size_t)len);
	r->pos += (size_t)len + 2;
	return RESP_VALUE;
}

static enum resp_state read_list(struct reader *r, int64_t count, unsigned depth, struct val **ret)
{
	struct val *list = val_new_list(r->arena);
	if (count == -1) {
		*ret = val_new_null(r->arena);
		return RESP_VALUE;
	}
	if (count < 0 || count > (int64_t)RESP_MAX_ITEMS)
		return RESP_BROKEN;
	for (int64_t i = 0; i < count; i++) {
		struct val *item = NULL;
		enum resp_state state = read_value(r, depth + 1, &item);
		if (state != RESP_VALUE && state != RESP_ERROR)
			return state;
		val_push(r->arena, list, item);
	}
	*ret = list;
	return RESP_VALUE;
}

static enum resp_state read_value(struct reader *r, unsigned depth, struct val **ret)
{
	struct view line;
	int64_t number = 0;
	if (depth > RESP_MAX_DEPTH || ++r->items > RESP_MAX_ITEMS)
		return RESP_BROKEN;
	if (!take_line(r, &line))
		return r->text.len - r->pos > RESP_MAX_BYTES ? RESP_BROKEN : RESP_MORE;
	if (line.len < 1)
		return RESP_BROKEN;
	struct view rest = { line.ptr + 1, line.len - 1 };
	bool is_number = num_parse_i64(rest.ptr, rest.len, &number);
	switch (line.ptr[0]) {
	case '+':
		*ret = val_new_strn(r->arena, rest.ptr, rest.len);
		return RESP_VALUE;
	case '-':
		*ret = val_new_strn(r->arena, rest.ptr, rest.len);
		return RESP_ERROR;
	case ':':
		*ret = val_new_int(r->arena, number);
		return is_number ? RESP_VALUE : RESP_BROKEN;
	case '$':
		return is_number ? read_bulk(r, number, ret) : RESP_BROKEN;
	case '*':
		return is_number ? read_list(r, number, depth, ret) : RESP_BROKEN;
	default:
		return RESP_BROKEN;
	}
}

enum resp_state resp_read(struct view text, struct arena *a, struct val **ret_value,
                          size_t *ret_len)
{
	struct reader r = { .text = text, .arena = a };
	enum resp_state state = read_value(&r, 0, ret_value);
	*ret_len = r.pos;
	return state;
}
