/*
 * SARIF 2.1.0 (OASIS), with what code scanning services ask for: relative URIs, all four region
 * coordinates, `results` also when empty, partialFingerprints, security-severity.
 */
#include "base/base.h"

#include "lint/report.h"

#include "base/path.h"
#include "base/vec.h"
#include "json/json.h"
#include "lint/lint_rule.h"

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static const char *const levels[] = { "note", "warning", "error" };
static const char *const security_severities[] = { "3.0", "5.5", "8.0" };

/* Percent-encoding of everything a URI path does not take as it is. */
static void add_uri(struct str *out, const char *path)
{
	for (const char *at = path; *at; at++) {
		unsigned char c = (unsigned char)*at;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		                (c >= '0' && c <= '9') || strchr("/-._~:", c);
		if (is_plain)
			str_addch(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

static void add_location(struct json_writer *w, const char *path)
{
	AUTO(str) uri = STR_INIT;
	bool is_absolute = path_is_absolute(path);
	if (is_absolute)
		str_addz(&uri, *path == '/' ? "file://" : "file:///");
	add_uri(&uri, path);
	json_key(w, "artifactLocation");
	json_begin_object(w);
	json_key_string(w, "uri", uri.ptr);
	if (!is_absolute)
		json_key_string(w, "uriBaseId", "%SRCROOT%");
	json_end_object(w);
}

static void add_region(struct json_writer *w, const char *key, const struct lint_span *at)
{
	json_key(w, key);
	json_begin_object(w);
	json_key_int(w, "startLine", at->line);
	json_key_int(w, "startColumn", at->column);
	json_key_int(w, "endLine", at->end_line);
	json_key_int(w, "endColumn", at->end_column);
	json_end_object(w);
}

static void add_message(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_begin_object(w);
	json_key_string(w, "text", text);
	json_end_object(w);
}

static void add_fixes(struct json_writer *w, const char *path, const struct lint_fix *fix)
{
	if (!fix || fix->n_edits == 0)
		return;
	json_key(w, "fixes");
	json_begin_array(w);
	json_begin_object(w);
	add_message(w, "description", fix->text);
	json_key(w, "artifactChanges");
	json_begin_array(w);
	json_begin_object(w);
	add_location(w, path);
	json_key(w, "replacements");
	json_begin_array(w);
	for (size_t i = 0; i < fix->n_edits; i++) {
		json_begin_object(w);
		add_region(w, "deletedRegion", &fix->edits[i].at);
		json_key(w, "insertedContent");
		json_begin_object(w);
		json_key(w, "text");
		json_textn(w, fix->edits[i].text, fix->edits[i].len);
		json_end_object(w);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
	json_end_array(w);
}

static void add_result(struct json_writer *w, const struct lint_result *file, size_t index,
                       size_t rule_index)
{
	const struct lint_finding *finding = &file->findings[index];
	AUTO(str) fingerprint = STR_INIT;
	lint_fingerprint(file, index, &fingerprint);
	json_begin_object(w);
	json_key_string(w, "ruleId", finding->rule->slug);
	json_key_int(w, "ruleIndex", (int64_t)rule_index);
	json_key_string(w, "level", levels[finding->severity]);
	add_message(w, "message", finding->message);
	json_key(w, "locations");
	json_begin_array(w);
	json_begin_object(w);
	json_key(w, "physicalLocation");
	json_begin_object(w);
	add_location(w, file->path);
	add_region(w, "region", &finding->at);
	json_end_object(w);
	if (finding->object_kind) {
		AUTO(str) object = STR_INIT;
		lint_add_object(finding, &object);
		json_key(w, "logicalLocations");
		json_begin_array(w);
		json_begin_object(w);
		json_key_string(w, "fullyQualifiedName", object.ptr);
		json_end_object(w);
		json_end_array(w);
	}
	json_end_object(w);
	json_end_array(w);
	json_key(w, "partialFingerprints");
	json_begin_object(w);
	json_key_string(w, "fettle/v1", fingerprint.ptr);
	json_key_string(w, "primaryLocationLineHash", fingerprint.ptr);
	json_end_object(w);
	add_fixes(w, file->path, finding->fix);
	json_end_object(w);
}

static void add_rule(struct json_writer *w, const struct lint_rule *rule)
{
	json_begin_object(w);
	json_key_string(w, "id", rule->slug);
	add_message(w, "shortDescription", rule->brief);
	add_message(w, "fullDescription", rule->why);
	AUTO(str) help = STR_INIT;
	str_addf(&help, "%s\n\nBad:\n\n%s\nGood:\n\n%s", rule->why, rule->bad, rule->good);
	add_message(w, "help", help.ptr);
	json_key(w, "defaultConfiguration");
	json_begin_object(w);
	json_key_string(w, "level", levels[rule->severity]);
	json_end_object(w);
	json_key(w, "properties");
	json_begin_object(w);
	json_key(w, "tags");
	json_begin_array(w);
	json_text(w, lint_rule_family(rule)->name);
	json_end_array(w);
	json_key_string(w, "security-severity", security_severities[rule->severity]);
	json_end_object(w);
	json_end_object(w);
}

struct used_rules {
	const struct lint_rule **ptr;
	size_t len, cap;
};

static size_t rule_index(struct used_rules *used, const struct lint_rule *rule)
{
	for (size_t i = 0; i < used->len; i++)
		if (used->ptr[i] == rule)
			return i;
	vec_push(used, rule);
	return used->len - 1;
}

void lint_write_sarif(const struct lint_report *report, const char *version, struct str *out)
{
	struct used_rules used = VEC_INIT;
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++)
			rule_index(&used, report->files[f].findings[i].rule);
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "$schema", SARIF_SCHEMA);
	json_key_string(&w, "version", "2.1.0");
	json_key(&w, "runs");
	json_begin_array(&w);
	json_begin_object(&w);
	json_key(&w, "tool");
	json_begin_object(&w);
	json_key(&w, "driver");
	json_begin_object(&w);
	json_key_string(&w, "name", "fettle");
	json_key_string(&w, "semanticVersion", version);
	json_key(&w, "rules");
	json_begin_array(&w);
	for (size_t i = 0; i < used.len; i++)
		add_rule(&w, used.ptr[i]);
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
	json_key_string(&w, "columnKind", "unicodeCodePoints");
	json_key(&w, "results");
	json_begin_array(&w);
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++)
			add_result(&w, &report->files[f], i,
			           rule_index(&used, report->files[f].findings[i].rule));
	json_end_array(&w);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	vec_clear(&used);
}
