/* Which rules run: the profile first, then --select and --ignore. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/suggest.h"
#include "base/vec.h"

size_t lint_family_count(void)
{
	return lint_n_families;
}

const struct lint_family *lint_family_at(size_t index)
{
	return lint_families[index];
}

/* Is `word` one of the blank-separated words of `list`? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; at && len > 0; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strncmp(at, word, len) == 0 && (!at[len] || at[len] == ' '))
			return true;
	}
	return false;
}

static bool is_rule(const struct lint_rule *rule, const char *name)
{
	return str_equal(rule->slug, name) || (rule->origins && has_word(rule->origins, name));
}

const struct lint_rule *lint_rule_find(const char *slug)
{
	for (size_t f = 0; f < lint_n_families; f++)
		for (size_t i = 0; i < lint_families[f]->n_rules; i++)
			if (is_rule(&lint_families[f]->rules[i], slug))
				return &lint_families[f]->rules[i];
	return NULL;
}

const struct lint_family *lint_rule_family(const struct lint_rule *rule)
{
	for (size_t f = 0; f < lint_n_families; f++) {
		const struct lint_family *family = lint_families[f];
		if (rule >= family->rules && rule < family->rules + family->n_rules)
			return family;
	}
	return NULL;
}

size_t lint_rule_index(const struct lint_run *run, const struct lint_rule *rule)
{
	for (size_t f = 0; f < lint_n_families; f++) {
		const struct lint_family *family = lint_families[f];
		if (rule >= family->rules && rule < family->rules + family->n_rules)
			return run->first_rule[f] + (size_t)(rule - family->rules);
	}
	return SIZE_MAX;
}

static bool is_in_profile(const struct lint_rule *rule, int profile)
{
	if (profile == LINT_PROFILE_ALL)
		return true;
	if (rule->flags & LINT_OFF)
		return false;
	if (rule->flags & LINT_STYLE)
		return profile == LINT_PROFILE_STYLE;
	return !(rule->flags & LINT_RESTRICTED) || profile != LINT_PROFILE_BASELINE;
}

static uint8_t severity_in_profile(const struct lint_rule *rule, int profile)
{
	bool is_lowered = (rule->flags & LINT_RESTRICTED) && profile != LINT_PROFILE_RESTRICTED;
	return is_lowered ? MIN(rule->severity, (uint8_t)LINT_WARNING) : rule->severity;
}

static err *unknown_name(const char *name)
{
	VEC(const char *) names = VEC_INIT;
	for (size_t f = 0; f < lint_n_families; f++) {
		vec_push(&names, lint_families[f]->name);
		for (size_t i = 0; i < lint_families[f]->n_rules; i++)
			vec_push(&names, lint_families[f]->rules[i].slug);
	}
	const char *nearest = suggest_nearest(name, names.ptr, names.len);
	vec_clear(&names);
	err *e = err_new(ERR_USAGE, "there is no rule or family '%s'", name);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest)
	               : err_hint(e, "'fettle lint rules' lists them");
}

/* Mark what `name` names; `is_selected` at the rules it names. */
static bool mark(const struct lint_run *run, const char *name, int profile, bool *marks)
{
	bool is_known = str_equal(name, "all");
	for (size_t f = 0; f < lint_n_families; f++) {
		const struct lint_family *family = lint_families[f];
		bool is_all = str_equal(name, "all") || str_equal(name, family->name);
		is_known |= is_all;
		for (size_t i = 0; i < family->n_rules; i++) {
			bool is_it = is_rule(&family->rules[i], name);
			/* A family named brings what its profile has of it; a rule named always runs. */
			if (is_it ||
			    (is_all && (profile < 0 || is_in_profile(&family->rules[i], profile))))
				marks[run->first_rule[f] + i] = true;
			is_known |= is_it;
		}
	}
	return is_known;
}

static err *mark_all(const struct lint_run *run, const struct strs *names, int profile, bool *marks)
{
	for (size_t i = 0; i < names->len; i++) {
		struct view rest = view_of(names->ptr[i]), part;
		while (view_split(&rest, ',', &part)) {
			AUTOFREE char *name = mem_strndup(part.ptr, part.len);
			if (*name && !mark(run, name, profile, marks))
				return unknown_name(name);
		}
	}
	return NULL;
}

bool lint_names_rule(const struct strs *names, const struct lint_rule *rule)
{
	for (size_t i = 0; i < names->len; i++) {
		struct view rest = view_of(names->ptr[i]), part;
		while (view_split(&rest, ',', &part)) {
			AUTOFREE char *name = mem_strndup(part.ptr, part.len);
			if (*name && is_rule(rule, name))
				return true;
		}
	}
	return false;
}

err *lint_select(struct lint_run *run)
{
	size_t n = 0;
	for (size_t f = 0; f < lint_n_families; f++) {
		run->first_rule[f] = n;
		n += lint_families[f]->n_rules;
	}
	run->first_rule[lint_n_families] = n;
	run->is_on = mem_zalloc(n + 1, 1);
	run->severity = mem_zalloc(n + 1, 1);
	const struct lint_options *options = run->options;
	AUTOFREE bool *selected = mem_zalloc(n + 1, sizeof(bool));
	AUTOFREE bool *ignored = mem_zalloc(n + 1, sizeof(bool));
	TRY(mark_all(run, &options->select, options->profile, selected));
	TRY(mark_all(run, &options->ignore, -1, ignored));
	for (size_t f = 0; f < lint_n_families; f++)
		for (size_t i = 0; i < lint_families[f]->n_rules; i++) {
			const struct lint_rule *rule = &lint_families[f]->rules[i];
			size_t r = run->first_rule[f] + i;
			bool is_in = options->select.len ? selected[r]
			                                 : is_in_profile(rule, options->profile);
			run->is_on[r] = is_in && !ignored[r];
			run->severity[r] = severity_in_profile(rule, options->profile);
		}
	return NULL;
}
