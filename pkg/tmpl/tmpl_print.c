/* Values as Go's fmt prints them: Print, Println, Printf. */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum {
	MAX_WIDTH = 1000000,
	DIGITS = 17,    /* that always read back */
	FIRST_LARGE = 6 /* exponent that is written as one */
};

bool tmpl_truth(const struct val *v)
{
	if (!v)
		return false;
	switch ((enum val_kind)v->kind) {
	case VAL_NULL:
		return false;
	case VAL_BOOL:
		return v->as.boolean;
	case VAL_INT:
		return v->as.integer != 0;
	case VAL_FLOAT:
		return v->as.number != 0;
	case VAL_STR:
		return v->as.str.len > 0;
	default:
		return val_len(v) > 0;
	}
}

const char *tmpl_type(const struct val *v)
{
	if (!v)
		return "<nil>";
	switch ((enum val_kind)v->kind) {
	case VAL_NULL:
		return "<nil>";
	case VAL_BOOL:
		return "bool";
	case VAL_INT:
		return "int";
	case VAL_FLOAT:
		return "float64";
	case VAL_STR:
		return "string";
	case VAL_LIST:
		return "[]interface {}";
	default:
		return "map[string]interface {}";
	}
}

/* --- floats --- */

/* Go's exponent has at least two digits, as C's; the mantissa of %g is C's, too, but for its threshold. */
void tmpl_print_float(double number, struct str *out)
{
	char text[40];
	if (isnan(number) || isinf(number)) {
		str_addz(out, isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
		return;
	}
	int precision = 0;
	do
		snprintf(text, sizeof(text), "%.*e", precision, number);
	while (strtod(text, NULL) != number && ++precision < DIGITS);
	const char *e = strchr(text, 'e');
	long exponent = strtol(e + 1, NULL, 10);
	if (exponent < -4 || exponent >= FIRST_LARGE)
		str_addz(out, text);
	else
		str_addf(out, "%.*f", (int)MAX(precision - exponent, 0L), number);
}

/* --- %v --- */

void tmpl_print(const struct val *v, struct str *out)
{
	AUTO(arena) arena = ARENA_INIT;
	if (!v || v->kind == VAL_NULL) {
		str_addz(out, "<nil>");
		return;
	}
	switch ((enum val_kind)v->kind) {
	case VAL_BOOL:
		str_addz(out, v->as.boolean ? "true" : "false");
		return;
	case VAL_INT:
		str_addf(out, "%" PRId64, v->as.integer);
		return;
	case VAL_FLOAT:
		tmpl_print_float(v->as.number, out);
		return;
	case VAL_STR:
		str_add(out, v->as.str.ptr, v->as.str.len);
		return;
	default:
		break;
	}
	if (v->kind == VAL_LIST) {
		str_addch(out, '[');
		for (size_t i = 0; i < v->as.list.len; i++) {
			if (i)
				str_addch(out, ' ');
			tmpl_print(v->as.list.items[i], out);
		}
		str_addch(out, ']');
		return;
	}
	const struct val_entry **entries = tmpl_sorted(&arena, v);
	str_addz(out, "map[");
	for (size_t i = 0; i < val_len(v); i++) {
		str_addf(out, "%s%s:", i ? " " : "", entries[i]->key);
		tmpl_print(entries[i]->value, out);
	}
	str_addch(out, ']');
}

void tmpl_sprint(const struct val *const *args, size_t count, bool is_line, struct str *out)
{
	for (size_t i = 0; i < count; i++) {
		bool divides = is_line || (!val_is(args[i], VAL_STR) && i > 0 &&
		                           !val_is(args[i - 1], VAL_STR));
		if (i > 0 && divides)
			str_addch(out, ' ');
		tmpl_print(args[i], out);
	}
	if (is_line)
		str_addch(out, '\n');
}

/* --- Printf --- */

struct spec {
	bool plus, minus, sharp, space, zero;
	bool has_width, has_precision;
	int width, precision;
	char verb;
};

static void pad(const struct spec *spec, const char *text, size_t len, struct str *out)
{
	size_t count = utf8_count(text, len), width = spec->has_width ? (size_t)spec->width : 0;
	size_t fill = width > count ? width - count : 0;
	if (!spec->minus)
		str_add_repeat(out, spec->zero ? '0' : ' ', fill);
	str_add(out, text, len);
	if (spec->minus)
		str_add_repeat(out, ' ', fill);
}

static bool is_printable(uint32_t rune)
{
	return rune >= 0x20 && rune != 0x7f && !(rune >= 0x80 && rune < 0xa1) && rune != 0xad;
}

static void add_escape(uint32_t rune, char quote, struct str *out)
{
	static const char letters[] = "\a\b\f\n\r\t\v";
	static const char names[] = "abfnrtv";
	const char *known = rune && rune < 0x20 ? strchr(letters, (int)rune) : NULL;
	char bytes[4];
	if (known)
		str_addf(out, "\\%c", names[known - letters]);
	else if (rune == (uint32_t)quote || rune == '\\')
		str_addf(out, "\\%c", (char)rune);
	else if (is_printable(rune))
		str_add(out, bytes, utf8_encode(rune, bytes));
	else if (rune < 0x80)
		str_addf(out, "\\x%02x", rune);
	else if (rune < 0x10000)
		str_addf(out, "\\u%04x", rune);
	else
		str_addf(out, "\\U%08x", rune);
}

static void print_quoted(const char *text, size_t len, struct str *out)
{
	str_addch(out, '"');
	for (size_t i = 0; i < len;) {
		uint32_t rune;
		size_t used = utf8_decode(text + i, len - i, &rune);
		if (used == 0) {
			str_addf(out, "\\x%02x", (unsigned char)text[i]);
			used = 1;
		} else {
			add_escape(rune, '"', out);
		}
		i += used;
	}
	str_addch(out, '"');
}

static void add_hex(const struct spec *spec, const char *text, size_t len, struct str *out)
{
	AUTO(str) hex = STR_INIT;
	size_t count = spec->has_precision ? MIN((size_t)spec->precision, len) : len;
	for (size_t i = 0; i < count; i++) {
		if (spec->space && i)
			str_addch(&hex, ' ');
		if (spec->sharp && (spec->space || i == 0))
			str_addf(&hex, "0%c", spec->verb);
		str_addf(&hex, spec->verb == 'x' ? "%02x" : "%02X", (unsigned char)text[i]);
	}
	pad(spec, hex.ptr, hex.len, out);
}

/* The first `count` characters. */
static size_t cut(const char *text, size_t len, size_t count)
{
	size_t pos = 0;
	for (; count > 0 && pos < len; count--) {
		uint32_t rune;
		size_t used = utf8_decode(text + pos, len - pos, &rune);
		pos += used ? used : 1;
	}
	return pos;
}

static bool print_str(const struct spec *spec, const struct val *v, struct str *out)
{
	AUTO(str) quoted = STR_INIT;
	struct spec plain = *spec;
	const char *text = v->as.str.ptr;
	size_t len = v->as.str.len;
	if (spec->verb == 'x' || spec->verb == 'X') {
		add_hex(spec, text, len, out);
		return true;
	}
	if (!strchr("vsq", spec->verb))
		return false;
	if (spec->has_precision)
		len = cut(text, len, (size_t)spec->precision);
	if (spec->verb == 'q') {
		bool is_raw = spec->sharp && utf8_valid(text, len, NULL) && !memchr(text, '`', len);
		for (size_t i = 0; i < len && is_raw; i++)
			is_raw = (unsigned char)text[i] >= ' ' || text[i] == '\t';
		if (is_raw) {
			str_addch(&quoted, '`');
			str_add(&quoted, text, len);
			str_addch(&quoted, '`');
		} else {
			print_quoted(text, len, &quoted);
		}
		text = quoted.ptr;
		len = quoted.len;
	}
	pad(&plain, text, len, out);
	return true;
}

static void add_digits(uint64_t number, unsigned base, bool is_upper, struct str *out)
{
	char text[65];
	size_t pos = sizeof(text);
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	do
		text[--pos] = digits[number % base];
	while ((number /= base) > 0);
	str_add(out, text + pos, sizeof(text) - pos);
}

static void print_number(const struct spec *spec, int64_t integer, unsigned base, struct str *out)
{
	AUTO(str) digits = STR_INIT;
	AUTO(str) text = STR_INIT;
	struct spec plain = *spec;
	bool is_negative = integer < 0;
	uint64_t size = is_negative ? 0 - (uint64_t)integer : (uint64_t)integer;
	if (!(spec->has_precision && spec->precision == 0 && size == 0))
		add_digits(size, base, spec->verb == 'X', &digits);
	const char *sign = is_negative ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	const char *prefix = spec->verb == 'O' ? "0o"
	                     : !spec->sharp    ? ""
	                     : base == 2       ? "0b"
	                     : base == 8       ? "0"
	                     : base == 16      ? (spec->verb == 'X' ? "0X" : "0x")
	                                       : "";
	size_t wanted = spec->has_precision ? (size_t)spec->precision : 0;
	if (spec->zero && !spec->minus && spec->has_width && !spec->has_precision) {
		size_t taken = *sign != '\0';
		wanted = (size_t)spec->width > taken ? (size_t)spec->width - taken : 0;
	}
	str_addz(&text, sign);
	str_addz(&text, prefix);
	if (wanted > digits.len)
		str_add_repeat(&text, '0', wanted - digits.len);
	str_add_str(&text, &digits);
	plain.zero = false;
	pad(&plain, text.ptr, text.len, out);
}

static bool print_int(const struct spec *spec, int64_t integer, struct str *out)
{
	AUTO(str) text = STR_INIT;
	char bytes[4];
	uint32_t rune = integer < 0 || integer > 0x10ffff ? 0xfffd : (uint32_t)integer;
	switch (spec->verb) {
	case 'v':
	case 'd':
		print_number(spec, integer, 10, out);
		return true;
	case 'b':
		print_number(spec, integer, 2, out);
		return true;
	case 'o':
	case 'O':
		print_number(spec, integer, 8, out);
		return true;
	case 'x':
	case 'X':
		print_number(spec, integer, 16, out);
		return true;
	case 'c':
		str_add(&text, bytes, utf8_encode(rune, bytes));
		pad(spec, text.ptr, text.len, out);
		return true;
	case 'q':
		str_addch(&text, '\'');
		add_escape(rune, '\'', &text);
		str_addch(&text, '\'');
		pad(spec, text.ptr, text.len, out);
		return true;
	case 'U':
		str_addf(&text, "U+%04" PRIX64, (uint64_t)integer);
		if (spec->sharp && is_printable(rune)) {
			str_addz(&text, " '");
			str_add(&text, bytes, utf8_encode(rune, bytes));
			str_addch(&text, '\'');
		}
		pad(spec, text.ptr, text.len, out);
		return true;
	default:
		return false;
	}
}

static void float_text(const struct spec *spec, double number, struct str *text)
{
	char verb = spec->verb == 'v' ? 'g' : spec->verb;
	if (!isfinite(number) || ((verb == 'g' || verb == 'G') && !spec->has_precision)) {
		tmpl_print_float(number, text);
		if (verb == 'G')
			for (char *c = text->ptr; *c; c++)
				*c = *c == 'e' ? 'E' : *c;
		return;
	}
	int precision = spec->has_precision ? spec->precision : 6;
	switch (verb) {
	case 'e':
		str_addf(text, "%.*e", precision, number);
		break;
	case 'E':
		str_addf(text, "%.*E", precision, number);
		break;
	case 'g':
		str_addf(text, "%.*g", precision, number);
		break;
	case 'G':
		str_addf(text, "%.*G", precision, number);
		break;
	default:
		str_addf(text, "%.*f", precision, number);
		break;
	}
}

static bool print_float(const struct spec *spec, double number, struct str *out)
{
	AUTO(str) text = STR_INIT;
	struct spec plain = *spec;
	if (!strchr("veEfFgG", spec->verb))
		return false;
	float_text(spec, number, &text);
	bool is_signed = text.ptr[0] == '-' || text.ptr[0] == '+';
	AUTO(str) full = STR_INIT;
	if (!is_signed && (spec->plus || spec->space))
		str_addch(&full, spec->plus ? '+' : ' ');
	str_addz(&full, text.ptr);
	size_t width = spec->has_width ? (size_t)spec->width : 0;
	bool has_sign = full.ptr[0] == '-' || full.ptr[0] == '+' || full.ptr[0] == ' ';
	if (spec->zero && !spec->minus && width > full.len && isfinite(number)) {
		AUTO(str) padded = STR_INIT;
		str_add(&padded, full.ptr, has_sign);
		str_add_repeat(&padded, '0', width - full.len);
		str_addz(&padded, full.ptr + has_sign);
		str_add_str(out, &padded);
		return true;
	}
	plain.zero = false;
	pad(&plain, full.ptr, full.len, out);
	return true;
}

static void print_bad(const struct spec *spec, const struct val *v, struct str *out)
{
	if (!v || v->kind == VAL_NULL) {
		str_addf(out, "%%!%c(<nil>)", spec->verb);
		return;
	}
	str_addf(out, "%%!%c(%s=", spec->verb, tmpl_type(v));
	tmpl_print(v, out);
	str_addch(out, ')');
}

static void print_verb(const struct spec *spec, const struct val *v, struct str *out);

/* Lists and maps: the verb goes to the elements. */
static void print_parts(const struct spec *spec, const struct val *v, struct str *out)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val key = { .kind = VAL_STR };
	if (v->kind == VAL_LIST) {
		str_addch(out, '[');
		for (size_t i = 0; i < v->as.list.len; i++) {
			if (i)
				str_addch(out, ' ');
			print_verb(spec, v->as.list.items[i], out);
		}
		str_addch(out, ']');
		return;
	}
	const struct val_entry **entries = tmpl_sorted(&arena, v);
	str_addz(out, "map[");
	for (size_t i = 0; i < val_len(v); i++) {
		key.as.str.ptr = entries[i]->key;
		key.as.str.len = entries[i]->key_len;
		if (i)
			str_addch(out, ' ');
		print_verb(spec, &key, out);
		str_addch(out, ':');
		print_verb(spec, entries[i]->value, out);
	}
	str_addch(out, ']');
}

static void print_verb(const struct spec *spec, const struct val *v, struct str *out)
{
	struct spec plain = *spec;
	bool is_done = false;
	if (spec->verb == 'T') {
		const char *type = tmpl_type(v);
		pad(&plain, type, strlen(type), out);
		return;
	}
	if (!v || v->kind == VAL_NULL) {
		if (spec->verb == 'v')
			pad(&plain, "<nil>", 5, out);
		else
			print_bad(spec, v, out);
		return;
	}
	switch ((enum val_kind)v->kind) {
	case VAL_STR:
		is_done = print_str(spec, v, out);
		break;
	case VAL_INT:
		is_done = print_int(spec, v->as.integer, out);
		break;
	case VAL_FLOAT:
		is_done = print_float(spec, v->as.number, out);
		break;
	case VAL_BOOL:
		is_done = spec->verb == 'v' || spec->verb == 't';
		if (is_done)
			pad(&plain, v->as.boolean ? "true" : "false", v->as.boolean ? 4 : 5, out);
		break;
	default:
		print_parts(spec, v, out);
		is_done = true;
	}
	if (!is_done)
		print_bad(spec, v, out);
}

struct format {
	const struct tmpl_call *call;
	const char *text;
	size_t len, pos, arg;
};

static bool take_flag(struct format *f, struct spec *spec)
{
	switch (f->pos < f->len ? f->text[f->pos] : '\0') {
	case '+':
		spec->plus = true;
		break;
	case '-':
		spec->minus = true;
		break;
	case '#':
		spec->sharp = true;
		break;
	case ' ':
		spec->space = true;
		break;
	case '0':
		spec->zero = true;
		break;
	default:
		return false;
	}
	f->pos++;
	return true;
}

/* Digits or '*'. */
static err *take_number(struct format *f, bool *has, int *number)
{
	const struct tmpl_call *call = f->call;
	*number = 0;
	if (f->pos < f->len && f->text[f->pos] == '*') {
		f->pos++;
		if (f->arg >= call->count || !val_is(call->args[f->arg], VAL_INT) ||
		    call_int(call, f->arg) > MAX_WIDTH || call_int(call, f->arg) < -MAX_WIDTH)
			return call_error(call, "printf: '*' needs a whole number");
		*number = (int)call_int(call, f->arg++);
		*has = true;
		return NULL;
	}
	while (f->pos < f->len && isdigit((unsigned char)f->text[f->pos])) {
		*has = true;
		*number = *number * 10 + (f->text[f->pos++] - '0');
		if (*number > MAX_WIDTH)
			return call_error(call, "printf: a width over %d", MAX_WIDTH);
	}
	return NULL;
}

static err *take_spec(struct format *f, struct spec *spec)
{
	while (take_flag(f, spec))
		;
	if (f->pos < f->len && f->text[f->pos] == '[')
		return call_error(f->call, "printf: argument indexes ('%%[1]d') are not supported");
	TRY(take_number(f, &spec->has_width, &spec->width));
	if (spec->width < 0) {
		spec->minus = true;
		spec->width = -spec->width;
	}
	if (f->pos < f->len && f->text[f->pos] == '.') {
		f->pos++;
		spec->has_precision = true;
		TRY(take_number(f, &spec->has_precision, &spec->precision));
		if (spec->precision < 0)
			spec->has_precision = false;
	}
	return NULL;
}

static err *format_one(struct format *f, struct str *out)
{
	struct spec spec = { 0 };
	TRY(take_spec(f, &spec));
	if (f->pos >= f->len) {
		str_addz(out, "%!(NOVERB)");
		return NULL;
	}
	spec.verb = f->text[f->pos++];
	if (spec.verb == '%') {
		str_addch(out, '%');
		return NULL;
	}
	if ((unsigned char)spec.verb >= 0x80 || spec.verb == 'p' || spec.verb == 'w' ||
	    (spec.verb == 'v' && spec.sharp) || (spec.verb == 'q' && spec.plus) ||
	    (spec.sharp && f->arg < f->call->count && val_is(f->call->args[f->arg], VAL_FLOAT)) ||
	    (strchr("xXb", spec.verb) && f->arg < f->call->count &&
	     val_is(f->call->args[f->arg], VAL_FLOAT)))
		return call_error(f->call, "printf: this verb or flag is not supported");
	spec.plus &= spec.verb != 'v'; /* there it asks for the names of fields */
	if (f->arg >= f->call->count)
		str_addf(out, "%%!%c(MISSING)", spec.verb);
	else
		print_verb(&spec, f->call->args[f->arg++], out);
	return NULL;
}

err *tmpl_sprintf(const struct tmpl_call *call, struct str *out)
{
	struct view text = call_view(call, 0);
	struct format f = { call, text.ptr, text.len, 0, 1 };
	while (f.pos < f.len) {
		if (f.text[f.pos] == '%') {
			f.pos++;
			TRY(format_one(&f, out));
		} else {
			str_addch(out, f.text[f.pos++]);
		}
		if (out->len > TMPL_MAX_OUTPUT)
			return call_error(call, "printf: the text is too large");
	}
	if (f.arg >= call->count)
		return NULL;
	str_addz(out, "%!(EXTRA ");
	for (size_t i = f.arg; i < call->count; i++) {
		if (i > f.arg)
			str_addz(out, ", ");
		str_addf(out, "%s", tmpl_type(call->args[i]));
		if (call->args[i] && call->args[i]->kind != VAL_NULL) {
			str_addch(out, '=');
			tmpl_print(call->args[i], out);
		}
	}
	str_addch(out, ')');
	return NULL;
}
