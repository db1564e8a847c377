/* What CI services show: JUnit, GitHub's workflow commands, GitLab's code quality. */
#include "base/base.h"

#include "lint/report.h"

#include "base/utf8.h"
#include "json/json.h"
#include "lint/lint_rule.h"

/* --- JUnit --- */

/* XML 1.0 has no way to write most control characters: they become U+FFFD. */
static void add_xml(struct str *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;
		switch (c) {
		case '&':
			str_addz(out, "&amp;");
			break;
		case '<':
			str_addz(out, "&lt;");
			break;
		case '>':
			str_addz(out, "&gt;");
			break;
		case '"':
			str_addz(out, "&quot;");
			break;
		case '\n':
			str_addz(out, "&#10;");
			break;
		case '\t':
			str_addz(out, "&#9;");
			break;
		default:
			if (c < 0x20 || c == 0x7f)
				str_addz(out, "\xef\xbf\xbd");
			else
				str_addch(out, (char)c);
		}
	}
}

static void add_attribute(struct str *out, const char *name, const char *value)
{
	str_addf(out, " %s=\"", name);
	add_xml(out, value);
	str_addch(out, '"');
}

static void add_test_case(const struct lint_result *file, const struct lint_finding *finding,
                          struct str *out)
{
	AUTO(str) name = STR_INIT;
	str_addf(&name, "%s:%" PRIu32 ":%" PRIu32 " %s", file->path, finding->at.line,
	         finding->at.column, finding->rule->slug);
	str_addz(out, "    <testcase");
	add_attribute(out, "name", name.ptr);
	add_attribute(out, "classname", file->path);
	str_addz(out, ">\n      <failure");
	add_attribute(out, "type", lint_severity_name(finding->severity));
	add_attribute(out, "message", finding->message);
	str_addch(out, '>');
	add_xml(out, finding->rule->why);
	str_addz(out, "</failure>\n    </testcase>\n");
}

void lint_write_junit(const struct lint_report *report, struct str *out)
{
	size_t total = report->counts[0] + report->counts[1] + report->counts[2];
	str_addz(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	str_addf(out,
	         "<testsuites name=\"fettle lint\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n",
	         MAX(total, (size_t)1), total);
	for (size_t f = 0; f < report->len; f++) {
		const struct lint_result *file = &report->files[f];
		str_addz(out, "  <testsuite");
		add_attribute(out, "name", file->path);
		str_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", file->len,
		         file->len);
		for (size_t i = 0; i < file->len; i++)
			add_test_case(file, &file->findings[i], out);
		str_addz(out, "  </testsuite>\n");
	}
	if (total == 0)
		str_addz(
			out,
			"  <testsuite name=\"fettle lint\" tests=\"1\" failures=\"0\" errors=\"0\">\n"
			"    <testcase name=\"no findings\" classname=\"fettle.lint\"/>\n"
			"  </testsuite>\n");
	str_addz(out, "</testsuites>\n");
}

/* --- GitHub --- */

static void add_escaped(struct str *out, const char *text, bool is_property)
{
	for (const char *at = text; *at; at++) {
		bool is_special = *at == '%' || *at == '\r' || *at == '\n' ||
		                  (is_property && (*at == ':' || *at == ','));
		if (is_special)
			str_addf(out, "%%%02X", (unsigned)(unsigned char)*at);
		else
			str_addch(out, *at);
	}
}

static void add_command(const struct lint_result *file, const struct lint_finding *finding,
                        struct str *out)
{
	static const char *const commands[] = { "notice", "warning", "error" };
	str_addf(out, "::%s file=", commands[finding->severity]);
	add_escaped(out, file->path, true);
	str_addf(out, ",line=%" PRIu32 ",endLine=%" PRIu32, finding->at.line, finding->at.end_line);
	/* Columns of a place of several lines would be refused. */
	if (finding->at.line == finding->at.end_line)
		str_addf(out, ",col=%" PRIu32 ",endColumn=%" PRIu32, finding->at.column,
		         finding->at.end_column);
	str_addz(out, ",title=");
	add_escaped(out, finding->rule->slug, true);
	str_addz(out, "::");
	add_escaped(out, finding->message, false);
	if (finding->fix) {
		str_addz(out, "%0AFix: ");
		add_escaped(out, finding->fix->text, false);
	}
	str_addch(out, '\n');
}

void lint_write_github(const struct lint_report *report, struct str *out)
{
	for (int severity = LINT_ERROR; severity >= LINT_INFO; severity--)
		for (size_t f = 0; f < report->len; f++)
			for (size_t i = 0; i < report->files[f].len; i++)
				if (report->files[f].findings[i].severity == severity)
					add_command(&report->files[f],
					            &report->files[f].findings[i], out);
}

/* --- GitLab --- */

static void add_issue(struct json_writer *w, const struct lint_result *file, size_t index)
{
	static const char *const severities[] = { "info", "minor", "major" };
	const struct lint_finding *finding = &file->findings[index];
	AUTO(str) fingerprint = STR_INIT;
	lint_fingerprint(file, index, &fingerprint);
	json_begin_object(w);
	json_key_string(w, "description", finding->message);
	json_key_string(w, "check_name", finding->rule->slug);
	json_key_string(w, "fingerprint", fingerprint.ptr);
	json_key_string(w, "severity", severities[finding->severity]);
	json_key(w, "location");
	json_begin_object(w);
	json_key_string(w, "path", file->path);
	json_key(w, "lines");
	json_begin_object(w);
	json_key_int(w, "begin", finding->at.line);
	json_key_int(w, "end", finding->at.end_line);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
}

void lint_write_gitlab(const struct lint_report *report, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_array(&w);
	for (size_t f = 0; f < report->len; f++)
		for (size_t i = 0; i < report->files[f].len; i++)
			add_issue(&w, &report->files[f], i);
	json_end_array(&w);
}
