#include "base/base.h"

#include "lint/cron.h"

#include <ctype.h>

#include "base/num.h"

struct cron_field {
	uint64_t min, max;
	const char *names; /* blank-separated, from `min` on; NULL: none */
};

static bool cron_number(struct view text, const struct cron_field *field, uint64_t *ret_number)
{
	if (num_parse_u64(text.ptr, text.len, 10, ret_number))
		return *ret_number >= field->min && *ret_number <= field->max;
	struct view rest = view_of(field->names ? field->names : ""), name;
	AUTOFREE char *wanted = mem_strndup(text.ptr, text.len);
	for (char *c = wanted; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	for (*ret_number = field->min; view_split(&rest, ' ', &name); (*ret_number)++)
		if (*wanted && view_is(name, wanted))
			return true;
	return false;
}

/* `*`, `a`, `a-b`, each with `/step`. */
static bool cron_part(struct view part, const struct cron_field *field)
{
	struct view rest = part, range, first;
	uint64_t from, to, step;
	if (!view_split(&rest, '/', &range) || range.len == 0)
		return false;
	if (range.len < part.len && (!num_parse_u64(rest.ptr, rest.len, 10, &step) || step == 0))
		return false;
	if (view_is(range, "*"))
		return true;
	rest = range;
	view_split(&rest, '-', &first);
	if (!cron_number(first, field, &from))
		return false;
	return first.len == range.len || (cron_number(rest, field, &to) && from <= to);
}

bool cron_is_valid(const char *text)
{
	static const struct cron_field fields[] = {
		{ 0, 59, NULL },
		{ 0, 23, NULL },
		{ 1, 31, NULL },
		{ 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC" },
		{ 0, 6, "SUN MON TUE WED THU FRI SAT" },
	};
	size_t n = 0;
	struct view rest = view_of(text), field, part;
	while (view_split(&rest, ' ', &field)) {
		if (field.len == 0)
			continue;
		if (n == ARRAY_LEN(fields))
			return false;
		for (struct view parts = field; view_split(&parts, ',', &part);)
			if (!cron_part(part, &fields[n]))
				return false;
		n++;
	}
	return n == ARRAY_LEN(fields);
}
