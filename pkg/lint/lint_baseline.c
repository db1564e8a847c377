#include "base/base.h"

#include "lint/lint_baseline.h"

#include "base/map.h"
#include "lint/lint_rule.h"
#include "lint/report.h"

#define FINGERPRINT_DIGITS 32u

/* How often each fingerprint may be met: the count is the pointer. */
struct lint_baseline {
	struct map counts;
	size_t n_left;
};

static void count_one(struct lint_baseline *baseline, const char *fingerprint)
{
	uintptr_t count = (uintptr_t)map_get(&baseline->counts, fingerprint);
	map_set(&baseline->counts, fingerprint, (void *)(count + 1));
	baseline->n_left++;
}

static err *parse_line(struct lint_baseline *baseline, struct view line, const char *name,
                       size_t number)
{
	while (line.len && strchr(" \t\r", line.ptr[line.len - 1]))
		line.len--;
	if (line.len == 0 || line.ptr[0] == '#')
		return NULL;
	AUTOFREE char *text = mem_strndup(line.ptr, line.len);
	size_t digits = strspn(text, "0123456789abcdef");
	if (digits != FINGERPRINT_DIGITS || text[digits] != ' ')
		return err_hint(err_at(err_new(ERR_INVALID, "this is no line of a baseline"), name,
		                       number, 1),
		                "make the file anew with --update-baseline");
	text[digits] = '\0';
	count_one(baseline, text);
	return NULL;
}

err *lint_baseline_parse(const char *text, size_t len, const char *name,
                         struct lint_baseline **ret_baseline)
{
	struct lint_baseline *baseline = MEM_NEW(struct lint_baseline);
	struct view rest = { text, len }, line;
	err *e = NULL;
	for (size_t number = 1; !e && view_split(&rest, '\n', &line); number++)
		e = parse_line(baseline, line, name, number);
	if (e)
		lint_baseline_free(baseline);
	else
		*ret_baseline = baseline;
	return e;
}

void lint_baseline_free(struct lint_baseline *baseline)
{
	if (!baseline)
		return;
	map_clear(&baseline->counts);
	mem_free(baseline);
}

struct lint_baseline *lint_baseline_of(const struct lint_report *report)
{
	struct lint_baseline *baseline = MEM_NEW(struct lint_baseline);
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++) {
			AUTO(str) fingerprint = STR_INIT;
			lint_fingerprint(&report->files[f], i, &fingerprint);
			count_one(baseline, fingerprint.ptr);
		}
	return baseline;
}

void lint_baseline_write(const struct lint_report *report, struct str *out)
{
	AUTO(strs) lines = STRS_INIT;
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++) {
			AUTO(str) fingerprint = STR_INIT;
			lint_fingerprint(&report->files[f], i, &fingerprint);
			strs_pushf(&lines, "%s %s %s", fingerprint.ptr,
			           report->files[f].findings[i].rule->slug, report->files[f].path);
		}
	strs_sort(&lines);
	str_addz(
		out,
		"# Known findings of 'fettle lint --baseline'. Lines may be removed, and merged.\n");
	for (size_t i = 0; i < lines.len; i++)
		str_addf(out, "%s\n", lines.ptr[i]);
}

static bool take(struct lint_baseline *baseline, const char *fingerprint)
{
	uintptr_t count = (uintptr_t)map_get(&baseline->counts, fingerprint);
	if (count == 0)
		return false;
	map_set(&baseline->counts, fingerprint, (void *)(count - 1));
	baseline->n_left--;
	return true;
}

static void apply_to_file(struct lint_baseline *baseline, struct lint_report *report,
                          struct lint_result *file)
{
	AUTOFREE bool *is_known = mem_zalloc(file->len + 1, sizeof(bool));
	for (size_t i = 0; i < file->len; i++) {
		AUTO(str) fingerprint = STR_INIT;
		lint_fingerprint(file, i, &fingerprint);
		is_known[i] = take(baseline, fingerprint.ptr);
	}
	size_t kept = 0;
	for (size_t i = 0; i < file->len; i++) {
		if (is_known[i])
			report->counts[file->findings[i].severity]--;
		else
			file->findings[kept++] = file->findings[i];
	}
	report->n_known += file->len - kept;
	file->len = kept;
}

size_t lint_baseline_apply(struct lint_baseline *baseline, struct lint_report *report)
{
	for (size_t f = 0; f < report->len; f++)
		apply_to_file(baseline, report, &report->files[f]);
	return baseline->n_left;
}
