#include "base/base.h"

#include "lint/report.h"

#include "json/json.h"
#include "lint/lint_rule.h"

static void add_fix(struct json_writer *w, const struct lint_fix *fix)
{
	json_key(w, "fix");
	if (!fix) {
		json_nil(w);
		return;
	}
	json_begin_object(w);
	json_key_string(w, "text", fix->text);
	json_key_bool(w, "unsafe", fix->is_unsafe);
	json_key(w, "edits");
	json_begin_array(w);
	for (size_t i = 0; i < fix->n_edits; i++) {
		json_begin_object(w);
		json_key_int(w, "start", (int64_t)fix->edits[i].start);
		json_key_int(w, "end", (int64_t)fix->edits[i].end);
		json_key(w, "text");
		json_textn(w, fix->edits[i].text, fix->edits[i].len);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void add_object(struct json_writer *w, const struct lint_finding *finding)
{
	json_key(w, "object");
	if (!finding->object_kind) {
		json_nil(w);
		return;
	}
	json_begin_object(w);
	json_key_string(w, "kind", finding->object_kind);
	json_key_string(w, "namespace", finding->object_namespace);
	json_key_string(w, "name", finding->object_name);
	json_key_string(w, "container", finding->container);
	json_end_object(w);
}

static void add_finding(struct json_writer *w, const struct lint_result *file, size_t index)
{
	const struct lint_finding *finding = &file->findings[index];
	AUTO(str) fingerprint = STR_INIT;
	lint_fingerprint(file, index, &fingerprint);
	json_begin_object(w);
	json_key_string(w, "rule", finding->rule->slug);
	json_key_string(w, "family", lint_rule_family(finding->rule)->name);
	json_key_string(w, "severity", lint_severity_name(finding->severity));
	json_key_string(w, "path", file->path);
	json_key_int(w, "line", finding->at.line);
	json_key_int(w, "column", finding->at.column);
	json_key_int(w, "end_line", finding->at.end_line);
	json_key_int(w, "end_column", finding->at.end_column);
	json_key_string(w, "message", finding->message);
	json_key_string(w, "reason", finding->rule->why);
	add_object(w, finding);
	json_key_string(w, "fingerprint", fingerprint.ptr);
	add_fix(w, finding->fix);
	json_end_object(w);
}

static void add_unreadable(struct json_writer *w, const struct lint_report *report)
{
	json_key(w, "unreadable");
	json_begin_array(w);
	for (const err *e = report->unreadable; e; e = err_next(e))
		json_text(w, err_message(e));
	json_end_array(w);
}

void lint_write_json(const struct lint_report *report, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.lint/1");
	json_key(&w, "findings");
	json_begin_array(&w);
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++)
			add_finding(&w, &report->files[f], i);
	json_end_array(&w);
	add_unreadable(&w, report);
	json_key(&w, "summary");
	json_begin_object(&w);
	json_key_int(&w, "files", (int64_t)report->n_checked);
	json_key_int(&w, "binary", (int64_t)report->n_binary);
	json_key_int(&w, "too_large", (int64_t)report->n_too_large);
	json_key_int(&w, "symlinks", (int64_t)report->n_symlinks);
	json_key_int(&w, "unreadable", (int64_t)report->n_unreadable);
	json_key_int(&w, "known", (int64_t)report->n_known);
	json_key_int(&w, "suppressed", (int64_t)report->n_suppressed);
	json_key_int(&w, "errors", (int64_t)report->counts[LINT_ERROR]);
	json_key_int(&w, "warnings", (int64_t)report->counts[LINT_WARNING]);
	json_key_int(&w, "infos", (int64_t)report->counts[LINT_INFO]);
	json_end_object(&w);
	json_end_object(&w);
}

void lint_write_jsonl(const struct lint_report *report, struct str *out)
{
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++) {
			struct json_writer w = json_writer_init(out, JSON_ONE_LINE);
			add_finding(&w, &report->files[f], i);
			str_addch(out, '\n');
		}
}
