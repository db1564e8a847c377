#include "base/base.h"

#include <float.h>
#include <math.h>

#include "val/val.h"

/* A number as 0.DIGITS times ten to the power of `point`. */
struct decimal {
	char digits[24];
	int count;
	int point;
	bool is_negative;
};

/* The fewest digits that read back as the same number: 15 nearly always do, 17 always. */
static void to_decimal(double number, struct decimal *out)
{
	char text[64];
	int least = fabs(number) < DBL_MIN ? 1 : 15; /* tiny ones have fewer digits to give */
	for (int precision = least; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, number);
		double back = strtod(text, NULL);
		if (memcmp(&back, &number, sizeof(back)) == 0)
			break;
	}
	const char *at = text;
	out->is_negative = *at == '-';
	at += out->is_negative;
	out->count = 0;
	for (; *at && *at != 'e'; at++)
		if (*at != '.')
			out->digits[out->count++] = *at;
	while (out->count > 1 && out->digits[out->count - 1] == '0')
		out->count--;
	out->point = (*at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0) + 1;
}

/* 1e+21, 1.5e-7 */
static void add_exponent_form(const struct decimal *d, struct str *out)
{
	str_addch(out, d->digits[0]);
	if (d->count > 1) {
		str_addch(out, '.');
		str_add(out, d->digits + 1, (size_t)d->count - 1);
	}
	str_addf(out, "e%c%d", d->point > 0 ? '+' : '-', abs(d->point - 1));
}

/* 1200, 1.5, 0.00015 */
static void add_plain_form(const struct decimal *d, struct str *out)
{
	int whole = MIN(MAX(d->point, 0), d->count);
	if (whole == 0)
		str_addch(out, '0');
	str_add(out, d->digits, (size_t)whole);
	str_add_repeat(out, '0', (size_t)MAX(d->point - d->count, 0));
	if (whole == d->count)
		return;
	str_addch(out, '.');
	str_add_repeat(out, '0', (size_t)MAX(-d->point, 0));
	str_add(out, d->digits + whole, (size_t)(d->count - whole));
}

void val_format_float(double number, struct str *out)
{
	struct decimal d;
	if (number >= 0 && number <= 0) {
		str_addz(out, signbit(number) ? "-0" : "0");
		return;
	}
	/* Exact digits where the text will be read as an integer: it must be the same number. */
	if (fabs(number) < 9223372036854775808.0 && trunc(number) >= number &&
	    number >= trunc(number)) {
		str_addf(out, "%" PRId64, (int64_t)number);
		return;
	}
	to_decimal(number, &d);
	if (d.is_negative)
		str_addch(out, '-');
	if (d.point - 1 < -6 || d.point - 1 >= 21)
		add_exponent_form(&d, out);
	else
		add_plain_form(&d, out);
}
