#include "base/base.h"

#include "cli/cli.h"

#include "base/duration.h"
#include "base/num.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "cli/internal.h"

static void *field_of(const struct cli_opt *opt, void *fields)
{
	return (char *)fields + opt->off;
}

static err *bad_value(const char *text, const char *label, const char *expected)
{
	return err_new(ERR_USAGE, "bad value '%s' for %s: expected %s", text, label, expected);
}

static err *find_choice(const struct cli_opt *opt, const char *text, const char *label,
                        const struct cli_choice **ret_choice)
{
	VEC(const char *) names = VEC_INIT;
	for (const struct cli_choice *choice = opt->choices; choice->name; choice++) {
		if (str_equal(choice->name, text)) {
			*ret_choice = choice;
			vec_clear(&names);
			return NULL;
		}
		vec_push(&names, choice->name);
	}
	const char *nearest = suggest_nearest(text, names.ptr, names.len);
	vec_clear(&names);
	AUTO(str) expected = STR_INIT;
	cli_add_choices(opt->choices, " or ", &expected);
	err *e = bad_value(text, label, expected.ptr);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest) : e;
}

static err *set_enum(const struct cli_opt *opt, void *field, const char *text, const char *label)
{
	const struct cli_choice *choice;
	TRY(find_choice(opt, text, label, &choice));
	memcpy(field, &choice->value, sizeof(choice->value));
	return NULL;
}

/* Texts may be limited to choices too. */
static err *set_text(const struct cli_opt *opt, void *field, const char *text, const char *label)
{
	const struct cli_choice *choice;
	if (opt->choices)
		TRY(find_choice(opt, text, label, &choice));
	memcpy(field, &text, sizeof(text));
	return NULL;
}

static bool is_bounded(const struct cli_opt *opt)
{
	return opt->min != 0 || opt->max != 0;
}

static err *set_int(const struct cli_opt *opt, void *field, const char *text, const char *label)
{
	int64_t value;
	int64_t min = opt->min, max = is_bounded(opt) ? opt->max : INT64_MAX;
	if (num_parse_i64(text, strlen(text), &value) && value >= min && value <= max) {
		memcpy(field, &value, sizeof(value));
		return NULL;
	}
	AUTO(str) expected = STR_INIT;
	if (max == INT64_MAX)
		str_addf(&expected, "a whole number from %" PRId64, min);
	else
		str_addf(&expected, "a whole number from %" PRId64 " to %" PRId64, min, max);
	return bad_value(text, label, expected.ptr);
}

static err *set_duration(const struct cli_opt *opt, void *field, const char *text,
                         const char *label)
{
	int64_t ms;
	if (!duration_parse(text, &ms))
		return bad_value(text, label, "a duration such as 30s, 5m or 1h30m");
	if (is_bounded(opt) && (ms < opt->min || ms > opt->max)) {
		AUTO(str) expected = STR_INIT;
		str_addz(&expected, "a duration from ");
		duration_add(&expected, opt->min);
		str_addz(&expected, " to ");
		duration_add(&expected, opt->max);
		return bad_value(text, label, expected.ptr);
	}
	memcpy(field, &ms, sizeof(ms));
	return NULL;
}

/* Only variables, settings and defaults give a flag a word. */
static err *set_flag(void *field, const char *text, const char *label)
{
	static const char *const yes[] = { "true", "1", "yes", "on" };
	static const char *const no[] = { "false", "0", "no", "off", "" };
	bool value = false, is_known = false;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (str_equal(text, yes[i]))
			value = is_known = true;
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		is_known = is_known || str_equal(text, no[i]);
	if (!is_known)
		return bad_value(text, label, "true or false");
	memcpy(field, &value, sizeof(value));
	return NULL;
}

static err *set_count(void *field, const char *text, const char *label)
{
	enum { COUNT_MAX = 9 };
	int64_t value;
	if (!num_parse_i64(text, strlen(text), &value) || value < 0 || value > COUNT_MAX)
		return bad_value(text, label, "a whole number from 0 to 9");
	int count = (int)value;
	memcpy(field, &count, sizeof(count));
	return NULL;
}

err *cli_value_set(const struct cli_opt *opt, void *fields, const char *text, const char *label)
{
	void *field = field_of(opt, fields);
	if (!*text && (opt->flags & CLI_NOT_EMPTY))
		return err_new(ERR_USAGE, "%s must not be empty", label);
	switch (opt->type) {
	case CLI_TYPE_STR:
	case CLI_TYPE_ARG:
		return set_text(opt, field, text, label);
	case CLI_TYPE_STRS:
	case CLI_TYPE_ARGS:
		strs_push(field, text);
		return NULL;
	case CLI_TYPE_FLAG:
		return set_flag(field, text, label);
	case CLI_TYPE_COUNT:
		return set_count(field, text, label);
	case CLI_TYPE_INT:
		return set_int(opt, field, text, label);
	case CLI_TYPE_DURATION:
		return set_duration(opt, field, text, label);
	case CLI_TYPE_ENUM:
		return set_enum(opt, field, text, label);
	case CLI_TYPE_HELP:
	case CLI_TYPE_END:
		break;
	}
	return err_new(ERR_INTERNAL, "%s takes no value", label);
}

void cli_values_clear(const struct cli_opt *opts, void *fields)
{
	if (!fields)
		return;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if (opts[i].type == CLI_TYPE_STRS || opts[i].type == CLI_TYPE_ARGS)
			strs_clear(field_of(&opts[i], fields));
}
