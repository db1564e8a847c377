#include "base/base.h"

#include "base/duration.h"

#include "base/num.h"

#define CENTURY_MS (INT64_C(100) * 366 * 86400000)

struct unit {
	const char *name;
	int64_t ms;
};

/* Largest first, as they must follow each other. */
static const struct unit units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

static size_t find_unit(const char *text, size_t len)
{
	size_t i = 0;
	while (i < ARRAY_LEN(units) &&
	       !(strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0))
		i++;
	return i;
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
	int64_t total = 0;
	size_t least_unit = 0;
	if (!*text)
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		size_t letters = strcspn(text + digits, "0123456789");
		int64_t count;
		if (!digits || !num_parse_i64(text, digits, &count))
			return false;
		size_t unit = find_unit(text + digits, letters);
		if (unit < least_unit || unit == ARRAY_LEN(units))
			return false;
		if (count > CENTURY_MS / units[unit].ms)
			return false;
		total += count * units[unit].ms;
		if (total > CENTURY_MS)
			return false;
		least_unit = unit + 1;
		text += digits + letters;
	}
	*ret_ms = total;
	return true;
}

void duration_add(struct str *out, int64_t ms)
{
	if (ms == 0)
		str_addz(out, "0s");
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (ms >= units[i].ms)
			str_addf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
		ms %= units[i].ms;
	}
}
