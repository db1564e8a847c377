#include "base/base.h"

#include "agent/agent_check.h"

#include "base/limits.h"
#include "base/path.h"
#include "lint/lint.h"
#include "lint/lint_config.h"
#include "lint/lint_input.h"
#include "lint/lint_rule.h"
#include "pal/fs.h"
#include "schema/json_schema.h"
#include "yaml/yaml.h"

enum { MAX_FINDINGS = 5 };

struct agent_check {
	struct json_schema *schema; /* NULL: none */
	struct arena arena;         /* of the schema */
	int profile;                /* of lint; -1: not asked for */
};

static err *read_schema(struct agent_check *check, const char *file)
{
	AUTO(str) text = STR_INIT;
	struct val *root;
	TRY(fs_read_file(file, LIMIT_DOC_BYTES, &text));
	/* JSON is YAML, too. */
	TRY(yaml_load_one(text.ptr, text.len, file, &check->arena, &root));
	return json_schema_new(root, &check->schema);
}

err *agent_check_new(const struct agent_template *config, struct agent_check **ret_check)
{
	const char *profile = val_get_str(config->settings, "lint", NULL);
	*ret_check = NULL;
	if (!config->schema && !profile)
		return NULL;
	struct agent_check *check = MEM_NEW(struct agent_check);
	check->profile = -1;
	err *e = NULL;
	if (profile && !lint_profile_find(profile, &check->profile))
		e = val_error(val_get(config->settings, "lint"), "lint has no profile '%s'",
		              profile);
	if (!e && config->schema)
		e = read_schema(check, config->schema);
	if (e) {
		agent_check_free(check);
		return e;
	}
	*ret_check = check;
	return NULL;
}

void agent_check_free(struct agent_check *check)
{
	if (!check)
		return;
	json_schema_free(check->schema);
	arena_clear(&check->arena);
	mem_free(check);
}

static err *check_schema(const struct agent_check *check, const struct swap_file *file)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root;
	err *e = kv_parse_document(path_base(file->path), file->content, &arena, &root);
	if (!e)
		e = json_schema_check(check->schema, root);
	e = e ? err_without_snippet(e) : NULL; /* the line may hold a secret */
	arena_wipe(&arena);
	return e;
}

/* The worst first: only errors refuse. */
static err *tell_findings(const struct lint_report *report)
{
	AUTO(str) text = STR_INIT;
	size_t told = 0;
	for (size_t i = 0; i < report->len; i++)
		for (size_t k = 0; k < report->files[i].len && told < MAX_FINDINGS; k++) {
			const struct lint_finding *finding = &report->files[i].findings[k];
			if (finding->severity != LINT_ERROR)
				continue;
			str_addf(&text, "%s%u:%u %s [%s]", told++ ? "; " : "", finding->at.line,
			         finding->at.column, finding->message, finding->rule->slug);
		}
	if (report->counts[LINT_ERROR] > told)
		str_addf(&text, "; and %zu more", report->counts[LINT_ERROR] - told);
	return err_new(ERR_INVALID, "lint: %s", text.ptr);
}

static err *check_lint(const struct agent_check *check, const struct swap_file *file)
{
	struct lint_options options = { .profile = check->profile, .threads = 1 };
	struct lint_report report = { 0 };
	options.input = lint_input_text(path_base(file->path), file->content);
	err *e = lint_run(&options, NULL, &report);
	if (!e && report.unreadable)
		e = err_new(ERR_INVALID, "%s", err_message(report.unreadable));
	if (!e && report.counts[LINT_ERROR])
		e = tell_findings(&report);
	lint_report_clear(&report);
	lint_input_free(options.input);
	return e;
}

err *agent_check_file(const struct agent_check *check, const struct swap_file *file)
{
	err *e = check->schema ? check_schema(check, file) : NULL;
	if (!e && check->profile >= 0)
		e = check_lint(check, file);
	return e ? err_wrap(e, "%s", file->path) : NULL;
}
