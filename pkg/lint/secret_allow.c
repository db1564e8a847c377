#include "base/base.h"

#include "lint/secret_allow.h"

#include <ctype.h>

#include "base/limits.h"
#include "base/vec.h"
#include "pal/fs.h"
#include "regex/regex.h"
#include "toml/toml.h"

#define IGNORE_FILE ".gitleaksignore"
#define CONFIG_FILE ".gitleaks.toml"

/* One allowlist: any of its ways allows, or with `needs_all` all that it has. */
struct allowlist {
	VEC(struct regex *) regexes;
	VEC(struct regex *) paths;
	struct strs words, commits;
	struct strs rules; /* names of gitleaks' rules; empty: all */
	bool on_line;      /* regexes look at the line, not at the secret alone */
	bool needs_all;
};

struct secret_allow {
	struct strs ignored; /* "path:line" */
	VEC(struct allowlist) lists;
};

/* --- .gitleaksignore --- */

/* "path:rule:line", or with a commit in front. */
static void add_ignored(struct secret_allow *allow, struct view line)
{
	VEC(struct view) parts = VEC_INIT;
	struct view rest = line, part;
	while (view_split(&rest, ':', &part))
		vec_push(&parts, part);
	if (parts.len == 3 || parts.len == 4) {
		const struct view *path = &parts.ptr[parts.len - 3], *number = path + 2;
		strs_pushf(&allow->ignored, "%.*s:%.*s", (int)path->len, path->ptr,
		           (int)number->len, number->ptr);
	}
	vec_clear(&parts);
}

static err *read_ignored(struct secret_allow *allow)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(IGNORE_FILE, LIMIT_SETTINGS_BYTES, &text));
	struct view rest = view_str(&text), line;
	while (view_split(&rest, '\n', &line)) {
		line.len -= line.len && line.ptr[line.len - 1] == '\r';
		if (line.len && line.ptr[0] != '#')
			add_ignored(allow, line);
	}
	return NULL;
}

/* --- .gitleaks.toml --- */

static err *read_texts(const struct val *map, const char *key, struct strs *out)
{
	const struct val *list = val_get(map, key), *item;
	if (list && !val_is(list, VAL_LIST))
		return val_error(list, "'%s' is a list of strings", key);
	for (VAL_EACH_ITEM(i, item, list)) {
		const char *text;
		TRY(val_str(item, &text));
		strs_push(out, text);
	}
	return NULL;
}

static err *read_regexes(const struct val *map, const char *key, struct allowlist *list,
                         bool is_path)
{
	AUTO(strs) patterns = STRS_INIT;
	TRY(read_texts(map, key, &patterns));
	for (size_t i = 0; i < patterns.len; i++) {
		struct regex *regex = NULL;
		err *e = regex_new(patterns.ptr[i], &regex);
		if (e)
			return val_place(e, val_at(val_get(map, key), i));
		if (is_path)
			vec_push(&list->paths, regex);
		else
			vec_push(&list->regexes, regex);
	}
	return NULL;
}

static err *read_list(struct secret_allow *allow, const struct val *map, const char *rule)
{
	if (!val_is(map, VAL_MAP))
		return val_error(map, "an allowlist is a table");
	if (allow->lists.len >= SECRET_MAX_ALLOWLISTS)
		return err_as(val_error(map, "more than %u allowlists", SECRET_MAX_ALLOWLISTS),
		              ERR_LIMIT);
	vec_push(&allow->lists, (struct allowlist){ .regexes = VEC_INIT });
	struct allowlist *list = &allow->lists.ptr[allow->lists.len - 1];
	const char *target = val_get_str(map, "regexTarget", "secret");
	list->on_line = str_equal(target, "line") || str_equal(target, "match");
	list->needs_all = str_equal(val_get_str(map, "condition", ""), "AND");
	if (rule)
		strs_push(&list->rules, rule);
	TRY(read_texts(map, "targetRules", &list->rules));
	TRY(read_texts(map, "commits", &list->commits));
	TRY(read_texts(map, "stopwords", &list->words));
	TRY(read_regexes(map, "regexes", list, false));
	return read_regexes(map, "paths", list, true);
}

/* [allowlist] as it was, [[allowlists]] as it is; globally and in a rule. */
static err *read_lists(struct secret_allow *allow, const struct val *map, const char *rule)
{
	const struct val *one = val_get(map, "allowlist"), *many = val_get(map, "allowlists"),
			 *item;
	if (one)
		TRY(read_list(allow, one, rule));
	if (many && !val_is(many, VAL_LIST))
		return val_error(many, "'allowlists' are tables, [[allowlists]]");
	for (VAL_EACH_ITEM(i, item, many))
		TRY(read_list(allow, item, rule));
	return NULL;
}

static err *read_config(struct secret_allow *allow)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	const struct val *rule;
	TRY(fs_read_file(CONFIG_FILE, LIMIT_SETTINGS_BYTES, &text));
	TRY(toml_load(text.ptr, text.len, CONFIG_FILE, &arena, &root));
	TRY(read_lists(allow, root, NULL));
	for (VAL_EACH_ITEM(i, rule, val_get(root, "rules")))
		TRY(read_lists(allow, rule, val_get_str(rule, "id", "")));
	return NULL;
}

/* --- life --- */

err *secret_allow_load(struct secret_allow **ret_allow)
{
	AUTOPTR(secret_allow) allow = MEM_NEW(struct secret_allow);
	if (fs_exists(IGNORE_FILE))
		TRY(read_ignored(allow));
	if (fs_exists(CONFIG_FILE))
		TRY(read_config(allow));
	*ret_allow = steal(&allow);
	return NULL;
}

void secret_allow_free(struct secret_allow *allow)
{
	if (!allow)
		return;
	for (size_t i = 0; i < allow->lists.len; i++) {
		struct allowlist *list = &allow->lists.ptr[i];
		for (size_t k = 0; k < list->regexes.len; k++)
			regex_free(list->regexes.ptr[k]);
		for (size_t k = 0; k < list->paths.len; k++)
			regex_free(list->paths.ptr[k]);
		vec_clear(&list->regexes);
		vec_clear(&list->paths);
		strs_clear(&list->words);
		strs_clear(&list->commits);
		strs_clear(&list->rules);
	}
	vec_clear(&allow->lists);
	strs_clear(&allow->ignored);
	mem_free(allow);
}

/* --- what is allowed --- */

static struct view line_around(const char *text, size_t len, size_t at)
{
	size_t start = at, end = at;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	while (end < len && text[end] != '\n')
		end++;
	return (struct view){ text + start, end - start };
}

bool secret_allow_has_lines(const struct secret_allow *allow)
{
	return allow->ignored.len > 0;
}

bool secret_allowed_on_line(const char *text, size_t len, size_t at)
{
	static const char *const marks[] = { "gitleaks:allow", "pragma: allowlist secret",
		                             "betterleaks:allow" };
	const struct view line = line_around(text, len, at);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_find(line.ptr, line.len, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static bool any_matches(struct regex *const *regexes, size_t n, struct view text)
{
	for (size_t i = 0; i < n; i++) {
		bool matches = false;
		err *e = regex_matches(regexes[i], text, &matches);
		if (e)
			err_ignore(e, "then nothing is allowed by it");
		else if (matches)
			return true;
	}
	return false;
}

/* As gitleaks: in any case. */
static bool has_word(const struct strs *words, struct view secret)
{
	AUTO(str) lower = STR_INIT;
	for (size_t i = 0; i < secret.len; i++)
		str_addch(&lower, (char)tolower((unsigned char)secret.ptr[i]));
	for (size_t i = 0; i < words->len; i++) {
		AUTO(str) word = STR_INIT;
		for (const char *c = words->ptr[i]; *c; c++)
			str_addch(&word, (char)tolower((unsigned char)*c));
		if (word.len && str_find(lower.ptr, lower.len, word.ptr, word.len))
			return true;
	}
	return false;
}

struct secret_allowed secret_allowed_content(const struct secret_allow *allow, const char *text,
                                             size_t len, size_t at, size_t end)
{
	struct secret_allowed content = { 0, 0 };
	const struct view secret = { text + at, end - at };
	for (size_t i = 0; i < allow->lists.len; i++) {
		const struct allowlist *list = &allow->lists.ptr[i];
		struct view target = list->on_line ? line_around(text, len, at) : secret;
		if (any_matches(list->regexes.ptr, list->regexes.len, target))
			content.by_regex |= UINT64_C(1) << i;
		if (list->words.len && has_word(&list->words, secret))
			content.by_word |= UINT64_C(1) << i;
	}
	return content;
}

/* "gitlab-pat" is for secret-gitlab-token. */
static bool is_for_rule(const struct allowlist *list, const char *slug)
{
	const char *ours = slug + strlen("secret-");
	for (size_t i = 0; i < list->rules.len; i++) {
		const char *id = list->rules.ptr[i];
		size_t len = strcspn(id, "-");
		struct view maker = { id, len };
		if (view_is(maker, "gcp"))
			maker = view_of("google");
		if (strncmp(ours, maker.ptr, maker.len) == 0 &&
		    (ours[maker.len] == '-' || !ours[maker.len]))
			return true;
	}
	return list->rules.len == 0;
}

static bool list_allows(const struct allowlist *list, const char *path, const char *commit,
                        bool by_regex, bool by_word)
{
	const struct {
		bool is_there, holds;
	} ways[] = {
		{ list->regexes.len > 0, by_regex },
		{ list->words.len > 0, by_word },
		{ list->paths.len > 0,
		  any_matches(list->paths.ptr, list->paths.len, view_of(path)) },
		{ list->commits.len > 0, commit && strs_contains(&list->commits, commit) },
	};
	size_t n_there = 0, n_hold = 0;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		n_there += ways[i].is_there;
		n_hold += ways[i].is_there && ways[i].holds;
	}
	return n_hold > 0 && (!list->needs_all || n_hold == n_there);
}

bool secret_is_allowed(const struct secret_allow *allow, const char *slug, const char *path,
                       size_t line, const char *commit, struct secret_allowed content)
{
	if (secret_allow_has_lines(allow) && line) {
		AUTOFREE char *key = str_format("%s:%zu", path, line);
		if (strs_contains(&allow->ignored, key))
			return true;
	}
	for (size_t i = 0; i < allow->lists.len; i++) {
		const struct allowlist *list = &allow->lists.ptr[i];
		uint64_t bit = UINT64_C(1) << i;
		if (is_for_rule(list, slug) &&
		    list_allows(list, path, commit, content.by_regex & bit, content.by_word & bit))
			return true;
	}
	return false;
}
