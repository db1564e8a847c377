#include "base/base.h"

#include "tmpl/tmpl_text.h"

#include "base/utf8.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "pal/clock.h"
#include "regex/regex.h"
#include "yaml/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* --- letters --- */

/* Letters beyond ASCII that have two cases would need Unicode's tables: better refused than wrong. */
static bool has_cases(uint32_t rune)
{
	return (rune >= 0xb5 && rune <= 0x24f) || (rune >= 0x370 && rune <= 0x587) ||
	       rune >= 0x10a0;
}

static err *refuse_letters(const struct tmpl_call *call, struct view text)
{
	for (size_t i = 0; i < text.len;) {
		uint32_t rune = 0;
		size_t used = utf8_decode(text.ptr + i, text.len - i, &rune);
		bool is_cased = has_cases(rune) && !(rune >= 0x2e80 && rune <= 0xa63f) &&
		                !(rune >= 0xac00 && rune <= 0xd7ff);
		if (used > 1 && is_cased)
			return call_error(call, "%s: letters beyond ASCII are not supported",
			                  call->func->name);
		i += used ? used : 1;
	}
	return NULL;
}

err *text_case(const struct tmpl_call *call, struct view text, bool is_upper, struct str *out)
{
	TRY(refuse_letters(call, text));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		str_addch(out, c >= 0x80 ? (char)c : (char)(is_upper ? toupper(c) : tolower(c)));
	}
	return NULL;
}

static bool divides_words(unsigned char c)
{
	return c < 0x80 && !isalnum(c) && c != '_' ? true : false;
}

err *text_title(const struct tmpl_call *call, struct view text, struct str *out)
{
	bool is_start = true;
	TRY(refuse_letters(call, text));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		str_addch(out, is_start && c < 0x80 ? (char)toupper(c) : (char)c);
		is_start = divides_words(c);
	}
	return NULL;
}

/* --- parts --- */

void text_replace(struct view text, struct view from, struct view to, struct str *out)
{
	size_t pos = 0;
	if (from.len == 0) { /* before every character and at the end, as strings.Replace */
		while (pos < text.len) {
			uint32_t rune;
			size_t used = utf8_decode(text.ptr + pos, text.len - pos, &rune);
			used = used ? used : 1;
			str_add(out, to.ptr, to.len);
			str_add(out, text.ptr + pos, used);
			pos += used;
		}
		str_add(out, to.ptr, to.len);
		return;
	}
	for (;;) {
		const char *found = str_find(text.ptr + pos, text.len - pos, from.ptr, from.len);
		if (!found)
			break;
		str_add(out, text.ptr + pos, (size_t)(found - text.ptr) - pos);
		str_add(out, to.ptr, to.len);
		pos = (size_t)(found - text.ptr) + from.len;
	}
	str_add(out, text.ptr + pos, text.len - pos);
}

struct val *text_split(struct arena *a, struct view text, struct view separator)
{
	struct val *list = val_new_list(a);
	size_t pos = 0;
	while (separator.len == 0 && pos < text.len) {
		uint32_t rune;
		size_t used = utf8_decode(text.ptr + pos, text.len - pos, &rune);
		used = used ? used : 1;
		val_push(a, list, val_new_strn(a, text.ptr + pos, used));
		pos += used;
	}
	while (separator.len > 0) {
		const char *found =
			str_find(text.ptr + pos, text.len - pos, separator.ptr, separator.len);
		size_t end = found ? (size_t)(found - text.ptr) : text.len;
		val_push(a, list, val_new_strn(a, text.ptr + pos, end - pos));
		if (!found)
			break;
		pos = end + separator.len;
	}
	return list;
}

void text_join(const struct val *list, struct view separator, struct str *out)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		if (i)
			str_add(out, separator.ptr, separator.len);
		tmpl_print(item, out);
	}
}

struct view text_trim(struct view text, const char *set)
{
	while (text.len && strchr(set, text.ptr[0]) && text.ptr[0])
		text = (struct view){ text.ptr + 1, text.len - 1 };
	while (text.len && strchr(set, text.ptr[text.len - 1]) && text.ptr[text.len - 1])
		text.len--;
	return text;
}

void text_indent(struct view text, size_t spaces, bool skips_empty, struct str *out)
{
	struct view rest = text, line;
	for (bool is_first = true; view_split(&rest, '\n', &line); is_first = false) {
		if (!is_first)
			str_addch(out, '\n');
		if (line.len || !skips_empty)
			str_add_repeat(out, ' ', spaces);
		str_add(out, line.ptr, line.len);
	}
}

/* --- regular expressions --- */

/* The pattern is the first argument of all that take one. */
static err *compile(const struct tmpl_call *call, const char *pattern, struct regex **ret)
{
	if (strlen(pattern) != call_view(call, 0).len)
		return call_error(call, "error calling %s: a NUL in the pattern is not supported",
		                  call->func->name);
	err *e = regex_new(pattern, ret);
	return e ? err_source(e, call->x->tmpl->name, call->x->tmpl->text.ptr,
	                      call->x->tmpl->text.len, call->at, call->at)
	         : NULL;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Regexp.Expand: $name is the longest word, ${name}; $$ is $; what there is not, is empty. */
static void expand(const struct regex *regex, struct view text, const struct regex_span *spans,
                   size_t count, struct view with, struct str *out)
{
	for (size_t i = 0; i < with.len; i++) {
		if (with.ptr[i] != '$' || i + 1 >= with.len) {
			str_addch(out, with.ptr[i]);
			continue;
		}
		bool has_brace = with.ptr[i + 1] == '{';
		size_t start = i + 1 + has_brace, end = start;
		if (with.ptr[i + 1] == '$') {
			str_addch(out, '$');
			i++;
			continue;
		}
		while (end < with.len && is_name(with.ptr[end]))
			end++;
		if (end == start || (has_brace && (end >= with.len || with.ptr[end] != '}'))) {
			str_addch(out, '$');
			continue;
		}
		AUTOFREE char *name = mem_strndup(with.ptr + start, end - start);
		char *rest;
		long number = strtol(name, &rest, 10);
		long group = *rest == '\0' ? number : regex_group(regex, name);
		if (group >= 0 && (size_t)group < count && spans[group].start != REGEX_NO_GROUP)
			str_add(out, text.ptr + spans[group].start,
			        spans[group].end - spans[group].start);
		i = end - 1 + has_brace;
	}
}

err *text_regex_replace(const struct tmpl_call *call, const char *pattern, struct view text,
                        struct view with, bool is_literal, struct str *out)
{
	AUTOPTR(regex) regex = NULL;
	struct regex_span spans[REGEX_MAX_GROUPS];
	size_t pos = 0, from = 0, count = 0;
	bool was_match = false;
	TRY(compile(call, pattern, &regex));
	while (from <= text.len) {
		TRY(regex_find(regex, text, from, spans, &count));
		if (count == 0)
			break;
		bool is_empty = spans[0].start == spans[0].end;
		str_add(out, text.ptr + pos, spans[0].start - pos);
		/* An empty match right behind a match is none. */
		if (!is_empty || !was_match || spans[0].start != pos) {
			if (is_literal)
				str_add(out, with.ptr, with.len);
			else
				expand(regex, text, spans, count, with, out);
		}
		pos = from = spans[0].end;
		was_match = true;
		if (is_empty) {
			uint32_t rune;
			size_t used = pos < text.len
			                      ? utf8_decode(text.ptr + pos, text.len - pos, &rune)
			                      : 1;
			used = used ? used : 1;
			if (pos < text.len)
				str_add(out, text.ptr + pos, used);
			pos = from = pos + used;
			was_match = false;
		}
		TRY(tmpl_step(call->x, call->at));
	}
	if (pos < text.len)
		str_add(out, text.ptr + pos, text.len - pos);
	return NULL;
}

/* --- time --- */

struct date {
	int64_t year;
	int month, day, hour, minute, second, weekday;
};

static struct date date_of(int64_t unix_s)
{
	int64_t days = unix_s / 86400, rest = unix_s % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	struct date d = { .hour = (int)(rest / 3600),
		          .minute = (int)(rest / 60 % 60),
		          .second = (int)(rest % 60),
		          .weekday = (int)(((days + 4) % 7 + 7) % 7) };
	/* Civil date of a day count: years that begin in March, eras of 400 of them. */
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	d.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = yoe + era * 400 + (d.month <= 2);
	return d;
}

static const char *const months[] = { "January",   "February", "March",    "April",
	                              "May",       "June",     "July",     "August",
	                              "September", "October",  "November", "December" };
static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                                "Thursday", "Friday", "Saturday" };

enum date_part {
	YEAR4,
	YEAR2,
	MONTH_NAME,
	MONTH_ABBR,
	MONTH2,
	MONTH1,
	WEEKDAY,
	WEEKDAY_ABBR,
	DAY2,
	DAY1,
	DAY_SPACE,
	HOUR24,
	HOUR12_2,
	HOUR12,
	MINUTE2,
	MINUTE1,
	SECOND2,
	SECOND1,
	PM_UPPER,
	PM_LOWER,
	ZONE_NAME,
	ZONE_Z_COLON,
	ZONE_Z,
	ZONE_COLON,
	ZONE
};

/* Longer ones first. */
static const struct {
	const char *text;
	enum date_part part;
} layout_parts[] = { { "January", MONTH_NAME }, { "Monday", WEEKDAY },
	             { "2006", YEAR4 },         { "Z07:00", ZONE_Z_COLON },
	             { "-07:00", ZONE_COLON },  { "Z0700", ZONE_Z },
	             { "-0700", ZONE },         { "Jan", MONTH_ABBR },
	             { "Mon", WEEKDAY_ABBR },   { "MST", ZONE_NAME },
	             { "01", MONTH2 },          { "02", DAY2 },
	             { "03", HOUR12_2 },        { "04", MINUTE2 },
	             { "05", SECOND2 },         { "06", YEAR2 },
	             { "15", HOUR24 },          { "PM", PM_UPPER },
	             { "pm", PM_LOWER },        { "_2", DAY_SPACE },
	             { "1", MONTH1 },           { "2", DAY1 },
	             { "3", HOUR12 },           { "4", MINUTE1 },
	             { "5", SECOND1 } };

static void add_part(const struct date *d, enum date_part part, struct str *out)
{
	int hour12 = d->hour % 12 ? d->hour % 12 : 12;
	switch (part) {
	case YEAR4:
		str_addf(out, "%04" PRId64, d->year);
		break;
	case YEAR2:
		str_addf(out, "%02d", (int)(d->year % 100));
		break;
	case MONTH_NAME:
		str_addz(out, months[d->month - 1]);
		break;
	case MONTH_ABBR:
		str_addf(out, "%.3s", months[d->month - 1]);
		break;
	case MONTH2:
		str_addf(out, "%02d", d->month);
		break;
	case MONTH1:
		str_addf(out, "%d", d->month);
		break;
	case WEEKDAY:
		str_addz(out, weekdays[d->weekday]);
		break;
	case WEEKDAY_ABBR:
		str_addf(out, "%.3s", weekdays[d->weekday]);
		break;
	case DAY2:
		str_addf(out, "%02d", d->day);
		break;
	case DAY1:
		str_addf(out, "%d", d->day);
		break;
	case DAY_SPACE:
		str_addf(out, "%2d", d->day);
		break;
	case HOUR24:
		str_addf(out, "%02d", d->hour);
		break;
	case HOUR12_2:
		str_addf(out, "%02d", hour12);
		break;
	case HOUR12:
		str_addf(out, "%d", hour12);
		break;
	case MINUTE2:
		str_addf(out, "%02d", d->minute);
		break;
	case MINUTE1:
		str_addf(out, "%d", d->minute);
		break;
	case SECOND2:
		str_addf(out, "%02d", d->second);
		break;
	case SECOND1:
		str_addf(out, "%d", d->second);
		break;
	case PM_UPPER:
		str_addz(out, d->hour >= 12 ? "PM" : "AM");
		break;
	case PM_LOWER:
		str_addz(out, d->hour >= 12 ? "pm" : "am");
		break;
	case ZONE_NAME:
		str_addz(out, "UTC");
		break;
	case ZONE_Z_COLON:
	case ZONE_Z:
		str_addch(out, 'Z');
		break;
	case ZONE_COLON:
		str_addz(out, "+00:00");
		break;
	case ZONE:
		str_addz(out, "+0000");
		break;
	}
}

err *text_time(const struct tmpl_call *call, int64_t unix_s, const char *layout, struct str *out)
{
	struct date date = date_of(unix_s);
	if (strstr(layout, ".0") || strstr(layout, ".9") || strstr(layout, ",0") ||
	    strstr(layout, ",9") || strstr(layout, "002") || strstr(layout, "__2"))
		return call_error(call, "%s: fractions and days of the year are not supported",
		                  call->func->name);
	for (const char *c = layout; *c;) {
		size_t i = 0;
		while (i < ARRAY_LEN(layout_parts) && !str_starts(c, layout_parts[i].text))
			i++;
		if (i == ARRAY_LEN(layout_parts)) {
			str_addch(out, *c++);
			continue;
		}
		add_part(&date, layout_parts[i].part, out);
		c += strlen(layout_parts[i].text);
	}
	return NULL;
}

/* --- documents --- */

static void json_string_of(const char *text, size_t len, bool is_plain, struct str *out)
{
	AUTO(str) quoted = STR_INIT;
	json_write_string(text, len, &quoted);
	for (size_t i = 0; i < quoted.len; i++) {
		char c = quoted.ptr[i];
		if (!is_plain && (c == '<' || c == '>' || c == '&'))
			str_addf(out, "\\u%04x", (unsigned char)c);
		else
			str_addch(out, c);
	}
}

/* encoding/json's float: 'f' from 1e-6 up to 1e21, else 'e' with a short exponent. */
static void json_float(double number, struct str *out)
{
	AUTO(str) text = STR_INIT;
	val_format_float(number, &text);
	str_add_str(out, &text);
}

static void new_line(const char *indent, unsigned depth, struct str *out)
{
	if (!indent)
		return;
	str_addch(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		str_addz(out, indent);
}

static void add_json(const struct val *v, bool is_plain, const char *indent, unsigned depth,
                     struct str *out)
{
	AUTO(arena) arena = ARENA_INIT;
	bool is_list = val_is(v, VAL_LIST);
	if (!is_list && !val_is(v, VAL_MAP)) {
		if (val_is(v, VAL_STR))
			json_string_of(v->as.str.ptr, v->as.str.len, is_plain, out);
		else if (val_is(v, VAL_FLOAT))
			json_float(v->as.number, out);
		else if (v && v->kind != VAL_NULL)
			tmpl_print(v, out);
		else
			str_addz(out, "null");
		return;
	}
	const struct val_entry **entries = is_list ? NULL : tmpl_sorted(&arena, v);
	str_addch(out, is_list ? '[' : '{');
	for (size_t i = 0; i < val_len(v); i++) {
		if (i)
			str_addch(out, ',');
		new_line(indent, depth + 1, out);
		if (!is_list) {
			json_string_of(entries[i]->key, entries[i]->key_len, is_plain, out);
			str_addz(out, indent ? ": " : ":");
		}
		add_json(is_list ? v->as.list.items[i] : entries[i]->value, is_plain, indent,
		         depth + 1, out);
	}
	if (val_len(v))
		new_line(indent, depth, out);
	str_addch(out, is_list ? ']' : '}');
}

void text_json(const struct val *v, bool is_plain, const char *indent, struct str *out)
{
	add_json(v, is_plain, indent, 0, out);
}

/* encoding/json makes every number a float64. */
static void make_floats(struct val *v)
{
	if (v->kind == VAL_INT) {
		double number = (double)v->as.integer;
		v->kind = VAL_FLOAT;
		v->as.number = number;
	}
	for (size_t i = 0; v->kind == VAL_LIST && i < v->as.list.len; i++)
		make_floats(v->as.list.items[i]);
	for (size_t i = 0; v->kind == VAL_MAP && i < v->as.map.len; i++)
		make_floats(v->as.map.entries[i].value);
}

err *text_parse_json(const struct tmpl_call *call, struct view text, const struct val **ret)
{
	struct val *root = NULL;
	err *e = json_read(text.ptr, text.len, call->func->name, &call->x->arena, &root);
	if (e) {
		err *placed = call_error(call, "%s: %s", call->func->name, err_message(e));
		err_free(e);
		return placed;
	}
	make_floats(root);
	*ret = root;
	return NULL;
}

err *text_parse_yaml(const struct tmpl_call *call, struct view text, const struct val **ret)
{
	struct val *root = NULL;
	err *e = yaml_load_one(text.ptr, text.len, call->func->name, &call->x->arena, &root);
	if (e) {
		err *placed = call_error(call, "%s: %s", call->func->name, err_message(e));
		err_free(e);
		return placed;
	}
	*ret = root;
	return NULL;
}

/* --- YAML as gopkg.in/yaml.v2 writes it --- */

static err *yaml_scalar(const struct tmpl_call *call, const struct val *v, struct str *out)
{
	AUTO(str) text = STR_INIT;
	if (val_is(v, VAL_FLOAT)) {
		tmpl_print_float(v->as.number, out);
		return NULL;
	}
	if (!v || v->kind != VAL_STR) {
		str_addz(out, !v || v->kind == VAL_NULL ? "null" : "");
		if (v && v->kind != VAL_NULL)
			tmpl_print(v, out);
		return NULL;
	}
	yaml_write(v, &text);
	while (text.len && text.ptr[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	if (v->as.str.len && strchr("'\"|>", text.ptr[0]))
		return call_error(call, "%s: a text that must be quoted is not supported",
		                  call->func->name);
	str_addz(out, v->as.str.len ? text.ptr : "\"\"");
	return NULL;
}

static bool is_leaf(const struct val *v)
{
	return !(val_is(v, VAL_MAP) || val_is(v, VAL_LIST)) || val_len(v) == 0;
}

static err *yaml_leaf(const struct tmpl_call *call, const struct val *v, struct str *out)
{
	if (val_is(v, VAL_MAP) || val_is(v, VAL_LIST)) {
		str_addz(out, v->kind == VAL_MAP ? "{}" : "[]");
		return NULL;
	}
	return yaml_scalar(call, v, out);
}

/* The cursor stands where the first line begins; lists in maps are not indented. */
static err *yaml_block(const struct tmpl_call *call, const struct val *v, size_t indent,
                       struct str *out)
{
	const struct val_entry **entries =
		v->kind == VAL_MAP ? tmpl_sorted(&call->x->arena, v) : NULL;
	TRY(tmpl_step(call->x, call->at));
	for (size_t i = 0; i < val_len(v); i++) {
		const struct val *item = entries ? entries[i]->value : v->as.list.items[i];
		if (i)
			str_add_repeat(out, ' ', indent);
		if (entries) {
			struct val key = { .kind = VAL_STR };
			key.as.str.ptr = entries[i]->key;
			key.as.str.len = entries[i]->key_len;
			TRY(yaml_scalar(call, &key, out));
			str_addch(out, ':');
		} else {
			str_addz(out, "-");
		}
		if (is_leaf(item)) {
			str_addch(out, ' ');
			TRY(yaml_leaf(call, item, out));
			str_addch(out, '\n');
			continue;
		}
		size_t inner = entries && item->kind == VAL_LIST ? indent : indent + 2;
		if (entries) {
			str_addch(out, '\n');
			str_add_repeat(out, ' ', inner);
		} else {
			str_addch(out, ' ');
		}
		TRY(yaml_block(call, item, inner, out));
	}
	return NULL;
}

err *text_yaml(const struct tmpl_call *call, const struct val *v, struct str *out)
{
	return is_leaf(v) ? yaml_leaf(call, v, out) : yaml_block(call, v, 0, out);
}

/* --- functions of several flavours --- */

err *text_parse_bool(const struct tmpl_call *call, const struct val **ret)
{
	static const char *const words[] = { "1", "t", "T", "true",  "TRUE",  "True",
		                             "0", "f", "F", "false", "FALSE", "False" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], call_str(call, 0)) == 0) {
			*ret = call_bool(call, i < ARRAY_LEN(words) / 2);
			return NULL;
		}
	return call_error(call, "%s: parsing '%.60s': invalid syntax", call->func->name,
	                  call_str(call, 0));
}

err *text_base64(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	struct view bytes = call_view(call, 0);
	base64_add(&text, bytes.ptr, bytes.len, (unsigned)call->func->tag);
	*ret = call_str_result(call, &text);
	return NULL;
}

err *text_base64_decode(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) bytes = STR_INIT;
	err *e = base64_decode(call_view(call, 0), (unsigned)call->func->tag, &bytes);
	if (e) {
		err_free(e);
		return call_error(call, "%s: that is no base64", call->func->name);
	}
	*ret = call_str_result(call, &bytes);
	return NULL;
}

err *text_sha256(const struct tmpl_call *call, const struct val **ret)
{
	char hex[SHA256_HEX_SIZE];
	struct view text = call_view(call, 0);
	sha256_hex(text.ptr, text.len, hex);
	*ret = call_text(call, hex, SHA256_HEX_SIZE - 1);
	return NULL;
}

err *text_regex_match(const struct tmpl_call *call, const struct val **ret)
{
	AUTOPTR(regex) regex = NULL;
	bool matches = false;
	TRY(compile(call, call_str(call, 0), &regex));
	TRY(regex_matches(regex, call_view(call, 1), &matches));
	*ret = call_bool(call, matches);
	return NULL;
}
