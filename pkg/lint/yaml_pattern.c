/* The patterns in a configuration of yamllint: `extra-required`, `extra-allowed`, `ignored-keys`. */
#include "base/base.h"

#include "lint/family_yaml.h"

#include "regex/regex.h"

err *yaml_patterns_compile(const struct strs *patterns, struct yaml_patterns *ret_patterns)
{
	for (size_t i = 0; i < patterns->len; i++) {
		struct regex *regex;
		TRY(regex_new(patterns->ptr[i], &regex));
		vec_push(ret_patterns, regex);
	}
	return NULL;
}

void yaml_patterns_clear(struct yaml_patterns *patterns)
{
	for (size_t i = 0; i < patterns->len; i++)
		regex_free(patterns->ptr[i]);
	vec_clear(patterns);
}

bool yaml_patterns_find(const struct yaml_patterns *patterns, struct view text)
{
	for (size_t i = 0; i < patterns->len; i++) {
		bool is_match = false;
		err *e = regex_matches(patterns->ptr[i], text, &is_match);
		err_ignore(e, "a pattern that takes too long does not match");
		if (is_match)
			return true;
	}
	return false;
}
