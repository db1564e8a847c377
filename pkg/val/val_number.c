#include "base/base.h"

#include <math.h>

#include "val/val.h"

/* 15 digits nearly always suffice; 17 always do. */
static int shortest_digits(double number, char *text, size_t size)
{
	int digits = 15;
	for (; digits < 17; digits++) {
		snprintf(text, size, "%.*e", digits - 1, number);
		double back = strtod(text, NULL);
		if (memcmp(&back, &number, sizeof(back)) == 0)
			return digits;
	}
	snprintf(text, size, "%.*e", digits - 1, number);
	return digits;
}

/* d.ddde±xx without needless zeros: 1e+21, 1.5e-7 */
static void add_exponent_form(const char *text, long exponent, struct str *out)
{
	size_t mantissa = strcspn(text, "e");
	while (mantissa > 1 && text[mantissa - 1] == '0')
		mantissa--;
	if (text[mantissa - 1] == '.')
		mantissa--;
	str_add(out, text, mantissa);
	str_addf(out, "e%c%ld", exponent < 0 ? '-' : '+', labs(exponent));
}

void val_format_float(double number, struct str *out)
{
	char text[64];
	if (number >= 0 && number <= 0) {
		str_addz(out, signbit(number) ? "-0" : "0");
		return;
	}
	int digits = shortest_digits(number, text, sizeof(text));
	const char *mark = strchr(text, 'e');
	long exponent = mark ? strtol(mark + 1, NULL, 10) : 0;
	if (exponent < -6 || exponent >= 21) {
		add_exponent_form(text, exponent, out);
		return;
	}
	size_t before = out->len;
	str_addf(out, "%.*f", (int)MAX(digits - 1 - exponent, 0), number);
	if (!strchr(out->ptr + before, '.'))
		return;
	size_t len = out->len;
	while (out->ptr[len - 1] == '0')
		len--;
	if (out->ptr[len - 1] == '.')
		len--;
	str_truncate(out, len);
}
