/* Which rules run: the profile first, then --select and --ignore. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/glob.h"
#include "base/path.h"
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

static err *set_severities(const struct lint_run *run, const struct lint_severity_of *list,
                           size_t n_list, struct lint_selection *selection)
{
	AUTOFREE bool *marks = mem_zalloc(selection->n + 1, sizeof(bool));
	for (size_t i = 0; i < n_list; i++) {
		memset(marks, 0, selection->n * sizeof(bool));
		if (!mark(run, list[i].name, -1, marks))
			return unknown_name(list[i].name);
		for (size_t r = 0; r < selection->n; r++)
			if (marks[r])
				selection->severity[r] = (uint8_t)list[i].severity;
	}
	return NULL;
}

static err *apply_override(const struct lint_run *run, const struct lint_override *override,
                           struct lint_selection *selection)
{
	AUTOFREE bool *on = mem_zalloc(selection->n + 1, sizeof(bool));
	AUTOFREE bool *off = mem_zalloc(selection->n + 1, sizeof(bool));
	TRY(mark_all(run, &override->select, run->options->profile, on));
	TRY(mark_all(run, &override->ignore, -1, off));
	for (size_t r = 0; r < selection->n; r++)
		selection->is_on[r] = (selection->is_on[r] || on[r]) && !off[r];
	return set_severities(run, override->severities, override->n_severities, selection);
}

static struct lint_selection copy_selection(struct arena *a, const struct lint_selection *from)
{
	struct lint_selection copy = { arena_alloc(a, from->n + 1), arena_alloc(a, from->n + 1),
		                       from->n };
	memcpy(copy.is_on, from->is_on, from->n);
	memcpy(copy.severity, from->severity, from->n);
	return copy;
}

static bool names_path(const struct lint_run *run, const struct lint_override *override,
                       const char *path)
{
	const char *prefix = run->options->config_prefix;
	AUTOFREE char *full = path_join(prefix ? prefix : "", path);
	return glob_verdict(&override->paths, full, false) == GLOB_IGNORED;
}

/* `dir/` or `dir` names what is below it, too: each folder of the path is asked. */
static bool names_path_or_above(const struct lint_run *run, const struct lint_override *override,
                                const char *path)
{
	if (names_path(run, override, path))
		return true;
	const char *prefix = run->options->config_prefix;
	AUTOFREE char *full = path_join(prefix ? prefix : "", path);
	for (char *slash = strrchr(full, '/'); slash && slash > full; slash = strrchr(full, '/')) {
		*slash = '\0';
		if (glob_verdict(&override->paths, full, true) == GLOB_IGNORED)
			return true;
	}
	return false;
}

const struct lint_selection *lint_selection_for(const struct lint_run *run, const char *path,
                                                struct arena *a)
{
	const struct lint_options *options = run->options;
	struct lint_selection *own = NULL;
	for (size_t i = 0; i < options->n_overrides; i++) {
		if (!names_path_or_above(run, &options->overrides[i], path))
			continue;
		if (!own) {
			own = ARENA_NEW(a, struct lint_selection);
			*own = copy_selection(a, &run->selection);
		}
		err_ignore(apply_override(run, &options->overrides[i], own),
		           "the names were checked by lint_select");
	}
	return own ? own : &run->selection;
}

/* 0: not named, 1: its family or `all` is, 2: itself. */
static int how_named(const struct strs *names, const struct lint_rule *rule)
{
	int how = 0;
	for (size_t i = 0; i < names->len; i++) {
		struct view rest = view_of(names->ptr[i]), part;
		while (view_split(&rest, ',', &part)) {
			AUTOFREE char *name = mem_strndup(part.ptr, part.len);
			if (*name && is_rule(rule, name))
				return 2;
			if (str_equal(name, "all") || str_equal(name, lint_rule_family(rule)->name))
				how = 1;
		}
	}
	return how;
}

static enum lint_choice choice_of_options(const struct lint_options *options,
                                          const struct lint_rule *rule)
{
	static const enum lint_choice choices[] = { LINT_REFUSED, LINT_BY_PROFILE, LINT_CHOSEN };
	if (how_named(&options->ignore, rule))
		return LINT_REFUSED;
	return options->select.len ? choices[how_named(&options->select, rule)] : LINT_BY_PROFILE;
}

enum lint_choice lint_choice_of(const struct lint_file *file, const struct lint_rule *rule)
{
	const struct lint_options *options = file->options;
	enum lint_choice choice = (enum lint_choice)file->run->choices[lint_rule_index(file->run, rule)];
	for (size_t i = 0; i < options->n_overrides; i++) {
		const struct lint_override *override = &options->overrides[i];
		if (!names_path_or_above(file->run, override, file->path))
			continue;
		int how = how_named(&override->select, rule);
		if (how)
			choice = how == 2 ? LINT_CHOSEN : LINT_BY_PROFILE;
		if (how_named(&override->ignore, rule))
			choice = LINT_REFUSED;
	}
	return choice;
}

void lint_set_rule(struct lint_file *file, const struct lint_rule *rule, bool is_on,
                   enum lint_severity severity)
{
	size_t r = lint_rule_index(file->run, rule);
	if (!file->own_selection) {
		file->own_selection = ARENA_NEW(file->arena, struct lint_selection);
		*file->own_selection = copy_selection(file->arena, file->selection);
		file->selection = file->own_selection;
	}
	file->own_selection->is_on[r] = is_on;
	if (file->selection->severity[r] == rule->severity)
		file->own_selection->severity[r] = (uint8_t)severity;
}

static err *check_overrides(const struct lint_run *run)
{
	AUTO(arena) a = ARENA_INIT;
	struct lint_selection trial = copy_selection(&a, &run->selection);
	for (size_t i = 0; i < run->options->n_overrides; i++)
		TRY(apply_override(run, &run->options->overrides[i], &trial));
	return NULL;
}

static void number_rules(struct lint_run *run)
{
	size_t n = 0;
	for (size_t f = 0; f < lint_n_families; f++) {
		run->first_rule[f] = n;
		n += lint_families[f]->n_rules;
	}
	run->first_rule[lint_n_families] = n;
	run->choices = mem_zalloc(n + 1, 1);
	run->selection = (struct lint_selection){ mem_zalloc(n + 1, 1), mem_zalloc(n + 1, 1), n };
}

err *lint_select(struct lint_run *run)
{
	number_rules(run);
	const struct lint_options *options = run->options;
	struct lint_selection *selection = &run->selection;
	AUTOFREE bool *selected = mem_zalloc(selection->n + 1, sizeof(bool));
	AUTOFREE bool *ignored = mem_zalloc(selection->n + 1, sizeof(bool));
	TRY(mark_all(run, &options->select, options->profile, selected));
	TRY(mark_all(run, &options->ignore, -1, ignored));
	for (size_t f = 0; f < lint_n_families; f++)
		for (size_t i = 0; i < lint_families[f]->n_rules; i++) {
			const struct lint_rule *rule = &lint_families[f]->rules[i];
			size_t r = run->first_rule[f] + i;
			bool is_in = options->select.len ? selected[r]
			                                 : is_in_profile(rule, options->profile);
			selection->is_on[r] = is_in && !ignored[r];
			selection->severity[r] = severity_in_profile(rule, options->profile);
			run->choices[r] = (uint8_t)choice_of_options(options, rule);
		}
	TRY(set_severities(run, options->severities, options->n_severities, selection));
	return check_overrides(run);
}
