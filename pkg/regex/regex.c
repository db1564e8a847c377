#include "base/base.h"
#include "regex/regex.h"

#include <pcre2.h>

enum { PATTERN_MAX = 64 << 10, MATCH_STEPS = 1000000, MATCH_HEAP_KIB = 32 << 10 };

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	char *pattern;
};

static err *compile_error(const char *pattern, int code)
{
	PCRE2_UCHAR message[256];
	pcre2_get_error_message(code, message, sizeof(message));
	return err_new(ERR_INVALID, "cannot use the regular expression '%s': %s", pattern,
	               (const char *)message);
}

static err *compile(const char *pattern, const struct str *translated, pcre2_code **ret_code)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	int code = 0;
	PCRE2_SIZE at = 0;
	if (!context)
		return err_new(ERR_LIMIT, "no memory for a regular expression");
	/* Go: a dot is anything but \n, and $ is the very end. */
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	*ret_code = pcre2_compile((PCRE2_SPTR)translated->ptr, translated->len,
	                          PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
	                                  PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C,
	                          &code, &at, context);
	pcre2_compile_context_free(context);
	return *ret_code ? NULL : compile_error(pattern, code);
}

err *regex_new(const char *pattern, struct regex **ret_regex)
{
	AUTO(str) translated = STR_INIT;
	pcre2_code *code = NULL;
	if (strlen(pattern) > PATTERN_MAX)
		return err_new(ERR_LIMIT, "a regular expression of more than %d bytes",
		               PATTERN_MAX);
	TRY(regex_translate(pattern, &translated));
	TRY(compile(pattern, &translated, &code));
	struct regex *regex = MEM_NEW(struct regex);
	regex->code = code;
	regex->pattern = mem_strdup(pattern);
	regex->limits = pcre2_match_context_create(NULL);
	if (!regex->limits) {
		regex_free(regex);
		return err_new(ERR_LIMIT, "no memory for a regular expression");
	}
	pcre2_set_match_limit(regex->limits, MATCH_STEPS);
	pcre2_set_heap_limit(regex->limits, MATCH_HEAP_KIB);
	*ret_regex = regex;
	return NULL;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	pcre2_match_context_free(regex->limits);
	mem_free(regex->pattern);
	mem_free(regex);
}

static err *match(const struct regex *regex, struct view text, size_t from, pcre2_match_data *data,
                  int *ret_code)
{
	if (!data)
		return err_new(ERR_LIMIT, "no memory for a regular expression");
	*ret_code = pcre2_match(regex->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, from, 0, data,
	                        regex->limits);
	if (*ret_code < 0 && *ret_code != PCRE2_ERROR_NOMATCH)
		return err_hint(err_new(ERR_LIMIT,
		                        "matching the regular expression '%s' takes too long",
		                        regex->pattern),
		                "write it without repetitions inside repetitions");
	return NULL;
}

err *regex_matches(const struct regex *regex, struct view text, bool *ret_matches)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int code = 0;
	err *e = match(regex, text, 0, data, &code);
	pcre2_match_data_free(data);
	if (!e)
		*ret_matches = code >= 0;
	return e;
}

err *regex_find(const struct regex *regex, struct view text, size_t from,
                struct regex_span spans[REGEX_MAX_GROUPS], size_t *ret_count)
{
	pcre2_match_data *data = pcre2_match_data_create(REGEX_MAX_GROUPS, NULL);
	int code = 0;
	err *e = match(regex, text, from, data, &code);
	*ret_count = e || code < 0 ? 0 : code == 0 ? REGEX_MAX_GROUPS : (size_t)code;
	const PCRE2_SIZE *found = data ? pcre2_get_ovector_pointer(data) : NULL;
	for (size_t i = 0; i < *ret_count; i++)
		spans[i] = (struct regex_span){ found[2 * i], found[2 * i + 1] };
	pcre2_match_data_free(data);
	return e;
}

int regex_group(const struct regex *regex, const char *name)
{
	int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
	return number > 0 ? number : -1;
}
