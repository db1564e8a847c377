#include "base/base.h"

#include "base/num.h"

char str_empty_[1] = "";

void str_init(struct str *s)
{
	*s = (struct str)STR_INIT;
}

void str_clear(struct str *s)
{
	if (s->cap)
		mem_free(s->ptr);
	str_init(s);
}

void str_reset(struct str *s)
{
	s->len = 0;
	if (s->cap)
		s->ptr[0] = '\0';
}

void str_truncate(struct str *s, size_t len)
{
	assert(len <= s->len);
	s->len = len;
	if (s->cap)
		s->ptr[len] = '\0';
}

void str_reserve(struct str *s, size_t extra)
{
	size_t need;
	if (!num_add(s->len, extra, &need) || !num_add(need, 1, &need))
		abort();
	if (need <= s->cap)
		return;
	size_t cap = s->cap ? s->cap : 32;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	s->ptr = mem_realloc(s->cap ? s->ptr : NULL, cap, 1);
	s->cap = cap;
	s->ptr[s->len] = '\0';
}

void str_add(struct str *s, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	str_reserve(s, len);
	memcpy(s->ptr + s->len, bytes, len);
	s->len += len;
	s->ptr[s->len] = '\0';
}

void str_addz(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void str_addch(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_add_repeat(struct str *s, char c, size_t count)
{
	if (count == 0)
		return;
	str_reserve(s, count);
	memset(s->ptr + s->len, c, count);
	s->len += count;
	s->ptr[s->len] = '\0';
}

void str_add_str(struct str *s, const struct str *other)
{
	str_add(s, other->ptr, other->len);
}

void str_addvf(struct str *s, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	char small[256];
	int wanted = vsnprintf(small, sizeof(small), fmt, args);
	if (wanted < 0)
		abort();
	size_t len = (size_t)wanted;
	if (len < sizeof(small)) {
		str_add(s, small, len);
	} else {
		str_reserve(s, len);
		(void)vsnprintf(s->ptr + s->len, len + 1, fmt, again);
		s->len += len;
	}
	va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_addvf(s, fmt, args);
	va_end(args);
}

char *str_detach(struct str *s)
{
	char *ptr = s->cap ? s->ptr : mem_strdup("");
	str_init(s);
	return ptr;
}

char *str_format(const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&s, fmt, args);
	va_end(args);
	return str_detach(&s);
}

/* Not every system has memmem, and where one has it memchr is often the faster way. */
const char *str_find(const char *text, size_t len, const char *needle, size_t needle_len)
{
	if (needle_len == 0)
		return text;
	const char *end = text + len;
	while ((size_t)(end - text) >= needle_len) {
		text = memchr(text, needle[0], (size_t)(end - text) - needle_len + 1);
		if (!text)
			return NULL;
		if (memcmp(text, needle, needle_len) == 0)
			return text;
		text++;
	}
	return NULL;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);
	return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

struct view view_of(const char *text)
{
	return (struct view){ text, strlen(text) };
}

struct view view_str(const struct str *s)
{
	return (struct view){ s->ptr, s->len };
}

bool view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool view_is(struct view a, const char *text)
{
	return view_equal(a, view_of(text));
}

bool view_split(struct view *rest, char separator, struct view *ret_part)
{
	if (!rest->ptr)
		return false;
	const char *found = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
	if (!found) {
		*ret_part = *rest;
		*rest = (struct view){ NULL, 0 };
		return true;
	}
	size_t len = (size_t)(found - rest->ptr);
	*ret_part = (struct view){ rest->ptr, len };
	*rest = (struct view){ found + 1, rest->len - len - 1 };
	return true;
}

void strs_clear(struct strs *list)
{
	for (size_t i = 0; i < list->len; i++)
		mem_free(list->ptr[i]);
	mem_free(list->ptr);
	*list = (struct strs)STRS_INIT;
}

void strs_push_take(struct strs *list, char *take_text)
{
	if (list->len + 2 > list->cap) {
		list->cap = list->cap ? list->cap * 2 : 8;
		list->ptr = mem_realloc(list->ptr, list->cap, sizeof(*list->ptr));
	}
	list->ptr[list->len++] = take_text;
	list->ptr[list->len] = NULL;
}

void strs_push(struct strs *list, const char *text)
{
	strs_push_take(list, mem_strdup(text));
}

void strs_pushf(struct strs *list, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&s, fmt, args);
	va_end(args);
	strs_push_take(list, str_detach(&s));
}

bool strs_contains(const struct strs *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (str_equal(list->ptr[i], text))
			return true;
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strs_sort(struct strs *list)
{
	if (list->len > 1)
		qsort(list->ptr, list->len, sizeof(*list->ptr), compare_strings);
}
