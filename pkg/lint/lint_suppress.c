/*
 * What the author of a file says need not be reported. Our own form is a comment:
 *
 *	# fettle: ignore[slug, …] until=2027-01-31 reason     behind a line: that line;
 *	                                                      on its own line: what follows, with
 *	                                                      everything nested in it
 *	# fettle: ignore-file[slug, …] reason                 the whole file
 *
 * and an annotation of an object, `lint.fettle.dev/ignore.SLUG: "@container reason"`. The forms of
 * the tools people come from count, too. What is never used, has expired or names nothing is told.
 */
#include "base/base.h"

#include "lint/lint_suppress.h"

#include "lint/lint_families.h"
#include "lint/lint_private.h"

#include "base/vec.h"
#include "pal/clock.h"

#define OWN_ANNOTATION "lint.fettle.dev/ignore."

enum { UNUSED_SUPPRESSION, EXPIRED_SUPPRESSION, UNKNOWN_SUPPRESSION };

static const struct lint_rule rules[] = {
	[UNUSED_SUPPRESSION] = { "unused-suppression", LINT_INFO, 0,
	                         "a suppression that hides nothing",
	                         "What it hid was mended or moved; left alone it will hide the next mistake of the same kind.",
	                         "image: app:1.2 # fettle: ignore[latest-tag]\n",
	                         "image: app:1.2\n", NULL },
	[EXPIRED_SUPPRESSION] = { "expired-suppression", LINT_WARNING, 0,
	                          "a suppression whose date has passed",
	                          "It was meant to last until that day; the finding is reported again.",
	                          "# fettle: ignore[latest-tag] until=2020-01-01 after the move\n",
	                          "# fettle: ignore[latest-tag] until=2099-01-01 after the move\n",
	                          NULL },
	[UNKNOWN_SUPPRESSION] = { "unknown-suppression", LINT_WARNING, 0,
	                          "a suppression that names no rule",
	                          "It hides nothing, whatever its author thinks.",
	                          "# fettle: ignore[latest-tga]\n",
	                          "# fettle: ignore[latest-tag]\n", NULL },
};

const struct lint_family lint_family_suppressions = {
	.name = "suppressions",
	.brief = "comments that hide findings",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
};

/* --- reading comments --- */

struct reader {
	struct lint_file *file;
	struct lint_suppressions *list;
	int64_t now_ns;
};

static size_t line_start(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct lint_file *file, size_t at)
{
	const char *newline = memchr(file->text + at, '\n', file->len - at);
	return newline ? (size_t)(newline - file->text) : file->len;
}

static size_t indent_of(const struct lint_file *file, size_t line)
{
	return strspn(file->text + line, " \t");
}

static bool is_blank_or_comment(const struct lint_file *file, size_t line)
{
	size_t at = line + indent_of(file, line);
	return at >= file->len || strchr("\r\n#", file->text[at]) != NULL;
}

/* The bytes a comment on a line of its own covers: what follows and everything nested in it. */
static void cover_below(const struct lint_file *file, size_t comment_line,
                        struct lint_suppression *s)
{
	size_t line = comment_line;
	do
		line = line_end(file, line) + 1;
	while (line < file->len && is_blank_or_comment(file, line));
	if (line >= file->len)
		return;
	s->start = line;
	s->end = line_end(file, line);
	size_t indent = indent_of(file, line);
	bool continues = file->kind == LINT_DOCKERFILE;
	for (size_t next = s->end + 1; next < file->len; next = line_end(file, next) + 1) {
		bool is_more = continues ? s->end > 0 && file->text[s->end - 1] == '\\'
		                         : is_blank_or_comment(file, next) ||
		                                   indent_of(file, next) > indent;
		if (!is_more)
			return;
		s->end = line_end(file, next);
	}
}

/* The `#` that begins the comment around `at`; SIZE_MAX when it is something else. */
static size_t comment_start(const struct lint_file *file, size_t at)
{
	size_t line = line_start(file->text, at), hash = at;
	while (hash > line && strchr(" \t", file->text[hash - 1]))
		hash--;
	while (hash > line && file->text[hash - 1] == '#')
		hash--;
	if (hash >= file->len || file->text[hash] != '#')
		return SIZE_MAX;
	return hash == line || strchr(" \t", file->text[hash - 1]) ? hash : SIZE_MAX;
}

static struct lint_suppression *add(struct reader *reader, size_t start, size_t end)
{
	struct lint_suppression s = { .at_start = start, .at_end = end };
	vec_push(reader->list, s);
	return &reader->list->ptr[reader->list->len - 1];
}

/* Where it counts, from where the comment stands. */
static void cover(struct reader *reader, struct lint_suppression *s, size_t hash)
{
	const struct lint_file *file = reader->file;
	size_t line = line_start(file->text, hash);
	if (line + indent_of(file, line) == hash) {
		cover_below(file, line, s);
	} else {
		s->start = line;
		s->end = line_end(file, hash);
	}
}

static const char *keep_list(struct reader *reader, const char *text, size_t len)
{
	char *copy = arena_strndup(reader->file->keep, text, len);
	char *to = copy;
	for (const char *from = copy; *from; from++)
		if (*from != ' ' && *from != '\t' && *from != '"' && *from != '\'')
			*to++ = *from;
	*to = '\0';
	return copy;
}

/* "2027-01-31": the day itself is included. */
static bool has_passed(const struct reader *reader, const char *date)
{
	AUTO(str) text = STR_INIT;
	str_addf(&text, "%sT23:59:59Z", date);
	int64_t until_ns;
	err *e = clock_parse(text.ptr, &until_ns);
	if (!e)
		return until_ns < reader->now_ns;
	err_ignore(e, "no date: it does not expire");
	return false;
}

static void read_until(struct reader *reader, struct lint_suppression *s, size_t from, size_t to)
{
	const char *text = reader->file->text;
	const char *at = to > from ? str_find(text + from, to - from, "until=", 6) : NULL;
	if (!at)
		return;
	at += 6;
	size_t len = strspn(at, "0123456789-");
	s->until = arena_strndup(reader->file->keep, at, MIN(len, (size_t)10));
	s->has_expired = has_passed(reader, s->until);
}

/* `ignore[…]` or `ignore-file[…]` at `at`, behind "fettle:". */
static void read_own(struct reader *reader, size_t at)
{
	const struct lint_file *file = reader->file;
	size_t hash = comment_start(file, at), end = line_end(file, at);
	if (hash == SIZE_MAX)
		return;
	size_t word = at + strlen("fettle:");
	word += strspn(file->text + word, " \t");
	bool is_file = strncmp(file->text + word, "ignore-file", 11) == 0;
	size_t open = word + (is_file ? 11 : 6);
	if (!is_file && strncmp(file->text + word, "ignore", 6) != 0)
		return;
	const char *close = memchr(file->text + open, ']', end - open);
	struct lint_suppression *s = add(reader, hash, end);
	s->is_own = true;
	s->names = "";
	if (file->text[open] == '[' && close)
		s->names = keep_list(reader, file->text + open + 1,
		                     (size_t)(close - file->text) - open - 1);
	read_until(reader, s, open, end);
	if (is_file)
		s->end = file->len;
	else
		cover(reader, s, hash);
}

/* Names up to the end of the word list: letters, digits, `_-,` and, behind a comma, blanks. */
static size_t list_end(const char *text, size_t at, size_t end)
{
	while (at < end &&
	       (strchr("_-,:/", text[at]) || (text[at] >= '0' && text[at] <= '9') ||
	        (text[at] >= 'A' && text[at] <= 'Z') || (text[at] >= 'a' && text[at] <= 'z') ||
	        (text[at] == ' ' && at > 0 && text[at - 1] == ',')))
		at++;
	return at;
}

static void read_foreign(struct reader *reader, size_t at, size_t names, bool is_file)
{
	const struct lint_file *file = reader->file;
	size_t hash = comment_start(file, at), end = line_end(file, at);
	if (hash == SIZE_MAX)
		return;
	size_t stop = list_end(file->text, names, end);
	struct lint_suppression *s = add(reader, hash, end);
	s->names = keep_list(reader, file->text + names, stop - names);
	if (is_file)
		s->end = file->len;
	else
		cover(reader, s, hash);
}

static void read_hadolint(struct reader *reader, size_t at)
{
	const char *text = reader->file->text;
	bool is_global = strncmp(text + at, "hadolint global ignore=", 23) == 0;
	if (is_global || strncmp(text + at, "hadolint ignore=", 16) == 0)
		read_foreign(reader, at, at + (is_global ? 23 : 16), is_global);
}

/* `checkov:skip=CKV_K8S_1:reason`: an id up to the colon; for the whole file. */
static void read_checkov(struct reader *reader, size_t at)
{
	size_t names = at + strlen("checkov:skip=");
	read_foreign(reader, at, names, true);
	struct lint_suppressions *list = reader->list;
	if (list->len && list->ptr[list->len - 1].names) {
		struct lint_suppression *s = &list->ptr[list->len - 1];
		s->names = arena_strndup(reader->file->keep, s->names, strcspn(s->names, ":"));
	}
}

static void read_trivy(struct reader *reader, size_t at)
{
	read_foreign(reader, at, at + strlen("trivy:ignore:"), false);
}

static void read_zizmor(struct reader *reader, size_t at)
{
	read_foreign(reader, at, at + strlen("zizmor: ignore["), false);
}

/* --- annotations --- */

static struct lint_suppression *add_annotation(struct reader *reader, const struct val *object,
                                               const struct val_entry *entry, const char *names)
{
	const struct val *metadata = val_get(object, "metadata");
	struct arena *keep = reader->file->keep;
	struct lint_suppression *s = add(reader, entry->key_mark.start, entry->key_mark.end);
	s->names = names;
	s->is_object = true;
	s->kind = arena_strdup(keep, val_get_str(object, "kind", ""));
	s->name = arena_strdup(keep, val_get_str(metadata, "name", ""));
	s->namespace_ = arena_strdup(keep, val_get_str(metadata, "namespace", ""));
	return s;
}

static void read_own_annotation(struct reader *reader, const struct val *object,
                                const struct val_entry *entry)
{
	struct arena *keep = reader->file->keep;
	const char *slug = arena_strdup(keep, entry->key + strlen(OWN_ANNOTATION));
	struct lint_suppression *s = add_annotation(reader, object, entry, slug);
	const char *value = val_is(entry->value, VAL_STR) ? entry->value->as.str.ptr : "";
	s->is_own = true;
	if (*value == '@')
		s->container = arena_strndup(keep, value + 1, strcspn(value + 1, " \t"));
	const char *until = strstr(value, "until=");
	if (until) {
		s->until = arena_strndup(keep, until + 6,
		                         MIN(strspn(until + 6, "0123456789-"), (size_t)10));
		s->has_expired = has_passed(reader, s->until);
	}
}

static void read_annotation(struct reader *reader, const struct val *object,
                            const struct val_entry *entry)
{
	static const char kube_linter[] = "ignore-check.kube-linter.io/";
	static const char polaris[] = "polaris.fairwinds.com/";
	struct arena *keep = reader->file->keep;
	const char *key = entry->key;
	const char *value = val_is(entry->value, VAL_STR) ? entry->value->as.str.ptr : "";
	if (str_starts(key, OWN_ANNOTATION)) {
		read_own_annotation(reader, object, entry);
	} else if (str_starts(key, kube_linter)) {
		add_annotation(reader, object, entry,
		               arena_strdup(keep, key + strlen(kube_linter)));
	} else if (str_equal(key, "kube-linter.io/ignore-all") ||
	           str_equal(key, "polaris.fairwinds.com/exempt")) {
		add_annotation(reader, object, entry, "");
	} else if (str_equal(key, "kube-score/ignore")) {
		add_annotation(reader, object, entry, keep_list(reader, value, strlen(value)));
	} else if (str_starts(key, "checkov.io/skip")) {
		add_annotation(reader, object, entry,
		               arena_strndup(keep, value, strcspn(value, "=")));
	} else if (str_starts(key, polaris) && str_ends(key, "-exempt")) {
		size_t len = strlen(key) - strlen(polaris) - strlen("-exempt");
		add_annotation(reader, object, entry,
		               arena_strndup(keep, key + strlen(polaris), len));
	}
}

static void read_annotations(struct reader *reader)
{
	struct lint_objects it = { 0 };
	const struct val *object;
	const struct val_entry *entry;
	while (lint_next_object(reader->file, &it, &object))
		for (VAL_EACH_ENTRY(i, entry, val_path(object, "metadata.annotations")))
			read_annotation(reader, object, entry);
}

/* What a comment may begin with; whose, and what reads it. */
static const struct {
	const char *text;
	void (*read)(struct reader *reader, size_t at);
} markers[] = {
	{ "fettle:", read_own },           { "hadolint ", read_hadolint },
	{ "checkov:skip=", read_checkov }, { "trivy:ignore:", read_trivy },
	{ "zizmor: ignore[", read_zizmor },
};

static void read_comments(struct reader *reader)
{
	const struct lint_file *file = reader->file;
	const char *end = file->text + file->len;
	for (const char *hash = file->text; (hash = memchr(hash, '#', (size_t)(end - hash))); hash++) {
		const char *word = hash + strspn(hash, "# \t");
		for (size_t i = 0; i < ARRAY_LEN(markers); i++)
			if (*word == *markers[i].text && str_starts(word, markers[i].text))
				markers[i].read(reader, (size_t)(word - file->text));
		hash = MAX(word, hash + 1) - 1;
	}
}

void lint_read_suppressions(struct lint_file *file, struct lint_suppressions *list)
{
	struct reader reader = { .file = file, .list = list, .now_ns = clock_wall_ns() };
	if (!file->is_json)
		read_comments(&reader);
	if (file->kind & (LINT_KUBERNETES | LINT_SOPS))
		read_annotations(&reader);
}

/* --- using them --- */

static bool names_finding(const struct lint_suppression *s, const struct lint_finding *finding)
{
	if (!*s->names)
		return true;
	struct strs one = { (char *[]){ (char *)(uintptr_t)s->names, NULL }, 1, 1 };
	if (lint_names_rule(&one, finding->rule))
		return true;
	struct view rest = view_of(s->names), part;
	while (view_split(&rest, ',', &part))
		if (view_is(part, lint_rule_family(finding->rule)->name))
			return true;
	return false;
}

static bool same(const char *mine, const char *theirs)
{
	return str_equal(mine, theirs ? theirs : "");
}

static bool covers(const struct lint_suppression *s, const struct lint_finding *finding)
{
	if (!s->is_object)
		return finding->at.start >= s->start && finding->at.start <= s->end && s->end > 0;
	if (s->container && !same(s->container, finding->container))
		return false;
	return same(s->kind, finding->object_kind) && same(s->name, finding->object_name) &&
	       same(s->namespace_, finding->object_namespace);
}

static bool is_suppressed(const struct lint_suppressions *list, const struct lint_finding *finding)
{
	bool is_hidden = false;
	for (size_t i = 0; i < list->len; i++) {
		struct lint_suppression *s = &list->ptr[i];
		if (covers(s, finding) && names_finding(s, finding)) {
			s->is_used = true;
			is_hidden |= !s->has_expired;
		}
	}
	return is_hidden;
}

size_t lint_suppress(struct lint_result *result, const struct lint_suppressions *list)
{
	size_t kept = 0, before = result->len;
	for (size_t i = 0; i < result->len; i++)
		if (!is_suppressed(list, &result->findings[i]))
			result->findings[kept++] = result->findings[i];
	result->len = kept;
	return before - kept;
}

/* Names of a suppression that no rule and no family has; and are all that exist on? */
static bool check_names(const struct lint_run *run, const struct lint_suppression *s,
                        bool *ret_all_on, const char **ret_unknown, struct arena *keep)
{
	struct view rest = view_of(s->names), part;
	*ret_all_on = true;
	while (view_split(&rest, ',', &part)) {
		const char *name = arena_strndup(keep, part.ptr, part.len);
		const struct lint_rule *rule = *name ? lint_rule_find(name) : NULL;
		bool is_family = false;
		for (size_t f = 0; f < lint_family_count() && !rule; f++)
			is_family |= str_equal(lint_family_at(f)->name, name);
		*ret_all_on &= rule ? lint_run_is_on(run, rule) : is_family;
		if (!rule && !is_family && *name) {
			*ret_unknown = name;
			return false;
		}
	}
	return true;
}

void lint_judge_suppressions(struct lint_run *run, uint32_t file_index,
                             const struct lint_suppressions *list, struct arena *keep)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct lint_suppression *s = &list->ptr[i];
		if (!s->is_own)
			continue;
		struct lint_hit hit = { .start = s->at_start, .end = s->at_end };
		bool all_on;
		const char *unknown = NULL;
		if (!check_names(run, s, &all_on, &unknown, keep)) {
			hit.rule = &rules[UNKNOWN_SUPPRESSION];
			lint_report_late(run, file_index, &hit, "there is no rule '%s'", unknown);
		} else if (s->has_expired && s->is_used) {
			hit.rule = &rules[EXPIRED_SUPPRESSION];
			lint_report_late(run, file_index, &hit, "the suppression expired on %s",
			                 s->until);
		} else if (!s->is_used && all_on) {
			hit.rule = &rules[UNUSED_SUPPRESSION];
			lint_report_late(run, file_index, &hit, "nothing to suppress here%s%s",
			                 *s->names ? ": " : "", s->names);
		}
	}
}
