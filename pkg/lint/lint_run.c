/* The run: files go through all families, in threads; results stay in the order of the paths. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/vec.h"
#include "lint/lint_input.h"
#include "pal/fs.h"
#include "pal/sig.h"

#define DEFAULT_MAX_BYTES (16u << 20)
#define BINARY_PROBE      8192u

static const char *const severity_names[] = { "info", "warning", "error" };

const char *lint_severity_name(enum lint_severity severity)
{
	return severity_names[severity];
}

const char *lint_kind_name(enum lint_kind kind)
{
	static const char *const names[] = { "kubernetes", "kustomization", "sops",
		                             "compose",    "workflow",      "action",
		                             "dockerfile", "template",      "yaml",
		                             "json",       "text",          "toml" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (kind == 1u << i)
			return names[i];
	return "unknown";
}

/* --- workers --- */

static struct lint_worker *take_worker(struct lint_run *run)
{
	AUTO(mutex_hold) hold = mutex_hold(run->mutex);
	struct lint_worker *worker = run->free_workers;
	if (worker) {
		run->free_workers = worker->next;
		return worker;
	}
	worker = MEM_NEW(struct lint_worker);
	str_init(&worker->text);
	run->all_workers = mem_realloc(run->all_workers, run->n_workers + 1, sizeof(worker));
	run->all_workers[run->n_workers++] = worker;
	return worker;
}

static void give_worker(struct lint_run *run, struct lint_worker *worker)
{
	AUTO(mutex_hold) hold = mutex_hold(run->mutex);
	worker->next = run->free_workers;
	run->free_workers = worker;
}

enum outcome { CHECKED, BINARY, TOO_LARGE, UNREADABLE };

static void count(struct lint_run *run, enum outcome outcome)
{
	AUTO(mutex_hold) hold = mutex_hold(run->mutex);
	run->n_checked += outcome == CHECKED;
	run->n_binary += outcome == BINARY;
	run->n_too_large += outcome == TOO_LARGE;
}

/* --- one file --- */

static bool is_binary(const struct str *text)
{
	return memchr(text->ptr, '\0', MIN(text->len, (size_t)BINARY_PROBE)) != NULL;
}

static enum outcome read_file(struct lint_run *run, size_t index, struct str *text)
{
	const struct lint_path *path = &run->paths.ptr[index];
	const struct lint_overlay *overlay = run->options->overlay;
	if (overlay && str_equal(overlay->path, path->path)) {
		str_reset(text);
		str_add(text, overlay->text.ptr, overlay->text.len);
		return CHECKED;
	}
	size_t max = run->options->max_bytes ? run->options->max_bytes : DEFAULT_MAX_BYTES;
	err *e = run->options->input ? lint_input_read(run->options->input, path->path, max, text)
	                             : fs_read_file(path->path, max, text);
	if (e && err_is(e, ERR_LIMIT) && !path->is_named) {
		err_ignore(e, "counted");
		return TOO_LARGE;
	}
	if (e) {
		run->errors[index] = e;
		return UNREADABLE;
	}
	return is_binary(text) ? BINARY : CHECKED;
}

static void check_with_families(struct lint_run *run, struct lint_file *file)
{
	for (size_t f = 0; f < lint_n_families; f++) {
		const struct lint_family *family = lint_families[f];
		file->family = f;
		if (!(family->kinds & file->kind))
			continue;
		if (!lint_is_any_on(file, family->rules, family->n_rules))
			continue;
		if (!run->is_second_round && family->check_file)
			family->check_file(file, run->states[f]);
		if (run->is_second_round && family->revisit_file &&
		    (run->revisit[file->index] & (UINT64_C(1) << f)))
			family->revisit_file(file, run->states[f]);
	}
}

/*
 * `{{` outside of a folder for templates may be a text in a block, or of a program that fills it in
 * later: when all of it reads as YAML, it is YAML.
 */
static void load_docs(struct lint_file *file)
{
	bool is_json;
	uint32_t by_name = lint_classify_name(file->path, &is_json);
	bool is_doubtful =
		file->kind == LINT_TEMPLATE && !lint_is_in_folder(file->path, "templates/");
	if (!is_doubtful && !(file->kind & (LINT_ANY_YAML | LINT_JSON | LINT_TOML)))
		return;
	file->kind = by_name;
	lint_load_docs(file);
	bool is_whole = true;
	for (size_t i = 0; i < file->n_load_errors; i++)
		is_whole &= file->load_errors[i].kind != YAML_FLAW_BROKEN &&
		            file->load_errors[i].kind != YAML_FLAW_KEY;
	if (is_doubtful && !is_whole) {
		file->kind = LINT_TEMPLATE;
		file->n_docs = file->n_load_errors = 0;
		return;
	}
	file->kind = lint_classify_docs(file->path, file->docs, file->n_docs, file->kind);
}

static void check_text(struct lint_run *run, size_t index, struct lint_worker *worker)
{
	struct lint_file file = {
		.run = run,
		.options = run->options,
		.path = run->paths.ptr[index].path,
		.index = (uint32_t)index,
		.text = worker->text.ptr,
		.len = worker->text.len,
		.arena = &worker->scratch,
		.keep = &worker->keep,
		.result = &run->results[index],
		.selection = lint_selection_for(run, run->paths.ptr[index].path, &worker->scratch),
	};
	file.kind = lint_classify(file.path, file.text, file.len, &file.is_json);
	load_docs(&file);
	file.result->kind = file.kind;
	if (!run->is_second_round)
		lint_read_suppressions(&file, &run->suppressions[index]);
	check_with_families(run, &file);
	if (!run->is_second_round)
		run->revisit[index] = file.revisit;
	lint_finish_result(file.result, file.text, file.len, file.keep);
}

static void check_path(void *ctx, size_t index)
{
	struct lint_run *run = ctx;
	if (cancel_is_set(run->cancel))
		return;
	if (run->is_second_round && !run->revisit[index])
		return;
	struct lint_worker *worker = take_worker(run);
	enum outcome outcome = read_file(run, index, &worker->text);
	if (outcome == CHECKED)
		check_text(run, index, worker);
	if (!run->is_second_round)
		count(run, outcome);
	arena_reset(&worker->scratch);
	give_worker(run, worker);
}

/* --- what families use --- */

bool lint_run_is_on(const struct lint_run *run, const struct lint_rule *rule)
{
	return run->selection.is_on[lint_rule_index(run, rule)];
}

bool lint_is_on(const struct lint_file *file, const struct lint_rule *rule)
{
	return file->selection->is_on[lint_rule_index(file->run, rule)];
}

bool lint_is_any_on(const struct lint_file *file, const struct lint_rule *rules, size_t n_rules)
{
	size_t first = n_rules ? lint_rule_index(file->run, rules) : 0;
	return n_rules && memchr(file->selection->is_on + first, 1, n_rules) != NULL;
}

void lint_revisit(struct lint_file *file)
{
	file->revisit |= UINT64_C(1) << file->family;
}

const struct lint_options *lint_run_options(const struct lint_run *run)
{
	return run->options;
}

const char *lint_run_path(const struct lint_run *run, uint32_t index)
{
	return run->paths.ptr[index].path;
}

static const char *keep_text(struct arena *keep, const char *text)
{
	return text && *text ? arena_strdup(keep, text) : NULL;
}

void lint_add_finding(const struct lint_run *run, const struct lint_selection *selection,
                      struct lint_result *result, struct arena *keep, const struct lint_hit *hit,
                      const char *message)
{
	const struct val *metadata = val_get(hit->object, "metadata");
	struct lint_finding finding = {
		.rule = hit->rule,
		.severity = hit->has_severity
		                    ? hit->severity
		                    : selection->severity[lint_rule_index(run, hit->rule)],
		.is_redacted = hit->is_redacted,
		.at = { .start = hit->start, .end = MAX(hit->end, hit->start) },
		.message = arena_strdup(keep, message),
		.object_kind = keep_text(keep, val_get_str(hit->object, "kind", NULL)),
		.object_namespace = keep_text(keep, val_get_str(metadata, "namespace", NULL)),
		.object_name = keep_text(keep, val_get_str(metadata, "name", NULL)),
		.container = keep_text(keep, hit->container),
		.fingerprint_text = keep_text(keep, hit->fingerprint_text),
		.fix = hit->fix,
	};
	if (result->len == result->cap) {
		result->cap = MAX(result->cap * 2, (size_t)8);
		result->findings = mem_realloc(result->findings, result->cap, sizeof(finding));
	}
	result->findings[result->len++] = finding;
}

void lint_report_hit(struct lint_file *file, const struct lint_hit *hit, const char *fmt, ...)
{
	if (!lint_is_on(file, hit->rule))
		return;
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	lint_add_finding(file->run, file->selection, file->result, file->keep, hit, message.ptr);
}

void lint_report_late(struct lint_run *run, uint32_t file_index, const struct lint_hit *hit,
                      const char *fmt, ...)
{
	AUTO(arena) a = ARENA_INIT;
	const struct lint_selection *selection =
		lint_selection_for(run, run->paths.ptr[file_index].path, &a);
	if (!selection->is_on[lint_rule_index(run, hit->rule)])
		return;
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	struct lint_worker *worker = take_worker(run);
	lint_add_finding(run, selection, &run->results[file_index], &worker->keep, hit,
	                 message.ptr);
	give_worker(run, worker);
}

/* Lines and columns of what was reported late: each such file is read once more. */
static void place_late(void *ctx, size_t index)
{
	struct lint_run *run = ctx;
	struct lint_result *result = &run->results[index];
	bool is_placed = true;
	for (size_t i = 0; i < result->len; i++)
		is_placed &= result->findings[i].at.line != 0;
	if (is_placed)
		return;
	struct lint_worker *worker = take_worker(run);
	enum outcome outcome = read_file(run, index, &worker->text);
	if (outcome != CHECKED)
		str_reset(&worker->text);
	lint_finish_result(result, worker->text.ptr, worker->text.len, &worker->keep);
	give_worker(run, worker);
}

/* --- the whole --- */

static err *begin_families(struct lint_run *run)
{
	for (size_t f = 0; f < lint_n_families; f++)
		if (lint_families[f]->begin)
			TRY(lint_families[f]->begin(run, &run->states[f]));
	return NULL;
}

static void finish_families(struct lint_run *run)
{
	for (size_t f = 0; f < lint_n_families; f++)
		if (lint_families[f]->finish)
			lint_families[f]->finish(run, run->states[f]);
}

static void suppress_all(struct lint_run *run)
{
	AUTO(arena) scratch = ARENA_INIT;
	for (size_t i = 0; i < run->paths.len; i++) {
		const struct lint_suppressions *list = &run->suppressions[i];
		if (list->len == 0)
			continue;
		run->n_suppressed += lint_suppress(&run->results[i], list);
		/* Other texts may speak of suppressions without meaning one. */
		if (run->results[i].kind != LINT_TEXT)
			lint_judge_suppressions(run, (uint32_t)i, list, &scratch);
	}
}

static bool needs_second_round(const struct lint_run *run)
{
	for (size_t i = 0; i < run->paths.len; i++)
		if (run->revisit[i])
			return true;
	return false;
}

static err *check_all(struct lint_run *run)
{
	TRY(begin_families(run));
	pool_for_each(run->options->threads, run->paths.len, check_path, run);
	if (needs_second_round(run)) {
		run->is_second_round = true;
		pool_for_each(run->options->threads, run->paths.len, check_path, run);
	}
	TRY(cancel_check(run->cancel));
	finish_families(run);
	pool_for_each(run->options->threads, run->paths.len, place_late, run);
	suppress_all(run);
	pool_for_each(run->options->threads, run->paths.len, place_late, run);
	return run->options->history ? lint_history(run) : NULL;
}

static void hand_over(struct lint_run *run, err *take_unreadable, struct lint_report *report)
{
	*report = (struct lint_report){ .unreadable = take_unreadable };
	report->files = mem_zalloc(run->paths.len + run->n_history + 1, sizeof(*report->files));
	for (size_t i = 0; i < run->paths.len; i++) {
		if (run->errors[i]) {
			report->unreadable = err_join(report->unreadable, steal(&run->errors[i]));
			report->n_unreadable++;
		}
		struct lint_result *result = &run->results[i];
		if (!result->len)
			continue;
		for (size_t k = 0; k < result->len; k++)
			report->counts[result->findings[k].severity]++;
		report->files[report->len++] = *result;
		*result = (struct lint_result){ 0 };
	}
	for (size_t i = 0; i < run->n_history; i++) {
		for (size_t k = 0; k < run->history[i].len; k++)
			report->counts[run->history[i].findings[k].severity]++;
		if (run->history[i].len)
			report->files[report->len++] = run->history[i];
		else
			mem_free(run->history[i].findings);
	}
	run->n_history = 0;
	report->n_checked = run->n_checked;
	report->n_suppressed = run->n_suppressed;
	report->n_binary = run->n_binary;
	report->n_too_large = run->n_too_large;
	report->n_symlinks = run->paths.n_symlinks;
	report->arenas = mem_zalloc(run->n_workers + 1, sizeof(*report->arenas));
	for (size_t i = 0; i < run->n_workers; i++) {
		report->arenas[i] = run->all_workers[i]->keep;
		run->all_workers[i]->keep = (struct arena)ARENA_INIT;
	}
	/* The paths live with the report, too. */
	report->arenas[run->n_workers] = run->paths.arena;
	run->paths.arena = (struct arena)ARENA_INIT;
	report->n_arenas = run->n_workers + 1;
}

static void run_clear(struct lint_run *run)
{
	for (size_t f = 0; f < lint_n_families; f++)
		if (lint_families[f]->end)
			lint_families[f]->end(run->states[f]);
	for (size_t i = 0; i < run->n_workers; i++) {
		arena_clear(&run->all_workers[i]->scratch);
		arena_clear(&run->all_workers[i]->keep);
		str_clear(&run->all_workers[i]->text);
		mem_free(run->all_workers[i]);
	}
	for (size_t i = 0; run->results && i < run->paths.len; i++) {
		mem_free(run->results[i].findings);
		err_free(run->errors[i]);
		vec_clear(&run->suppressions[i]);
	}
	for (size_t i = 0; i < run->n_history; i++)
		mem_free(run->history[i].findings);
	mem_free(run->history);
	mem_free(run->suppressions);
	mem_free(run->all_workers);
	mem_free(run->results);
	mem_free(run->errors);
	mem_free(run->revisit);
	mem_free(run->selection.is_on);
	mem_free(run->choices);
	mem_free(run->selection.severity);
	mutex_free(run->mutex);
	lint_paths_clear(&run->paths);
}

err *lint_run(const struct lint_options *options, const struct cancel *cancel,
              struct lint_report *ret_report)
{
	struct lint_run run = { .options = options, .cancel = cancel };
	err *unreadable = NULL;
	err *e = lint_select(&run);
	if (!e)
		e = lint_walk(options, cancel, &run.paths, &unreadable);
	if (!e) {
		run.mutex = mutex_new();
		run.results = mem_zalloc(run.paths.len + 1, sizeof(*run.results));
		run.errors = mem_zalloc(run.paths.len + 1, sizeof(*run.errors));
		run.suppressions = mem_zalloc(run.paths.len + 1, sizeof(*run.suppressions));
		run.revisit = mem_zalloc(run.paths.len + 1, sizeof(*run.revisit));
		for (size_t i = 0; i < run.paths.len; i++)
			run.results[i].path = run.paths.ptr[i].path;
		e = check_all(&run);
	}
	if (!e)
		hand_over(&run, steal(&unreadable), ret_report);
	err_free(unreadable);
	run_clear(&run);
	return e;
}

void lint_report_clear(struct lint_report *report)
{
	for (size_t i = 0; i < report->len; i++)
		mem_free(report->files[i].findings);
	for (size_t i = 0; i < report->n_arenas; i++)
		arena_clear(&report->arenas[i]);
	mem_free(report->files);
	mem_free(report->arenas);
	err_free(report->unreadable);
	*report = (struct lint_report){ 0 };
}
