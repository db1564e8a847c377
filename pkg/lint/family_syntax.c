/* Can the documents be read at all? */
#include "base/base.h"

#include "lint/family_yaml.h"
#include "lint/lint_families.h"

static const struct lint_rule rules[] = {
	{ "syntax", LINT_ERROR, 0, "a YAML, JSON or TOML document cannot be read",
	  "Tools refuse the whole file, or read something else than what is meant: a wrong "
	  "indentation, a tab in it, a quote without end, a template without quotes.",
	  "a: 'text\n", "a: 'text'\n", "yamllint:syntax kube-linter:schema-validation" },
};

/* Kinds whose reader is known to refuse what others may accept. */
#define STRICT_KINDS                                                                      \
	(LINT_KUBERNETES | LINT_KUSTOMIZATION | LINT_SOPS | LINT_WORKFLOW | LINT_ACTION | \
	 LINT_JSON | LINT_TOML)

/* The rest is for the family yaml. */
static bool is_syntax(const struct lint_file *file, const struct lint_load_error *error)
{
	switch (error->kind) {
	case YAML_FLAW_BROKEN:
	case YAML_FLAW_CIRCLE:
		return true;
	case YAML_FLAW_KEY:
		/* YAML has keys that are lists and maps; but "{{" is a template without quotes. */
		return (file->kind & STRICT_KINDS) != 0 ||
		       strncmp(file->text + error->start, "{{", 2) == 0 ||
		       (error->start > 0 && file->text[error->start - 1] == '{' &&
		        file->text[error->start] == '{');
	case YAML_FLAW_TAG:
	case YAML_FLAW_NUMBER:
		return (file->kind & STRICT_KINDS) != 0;
	default:
		return false;
	}
}

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	if (!file->is_json && yaml_is_disabled(file))
		return;
	for (size_t i = 0; i < file->n_load_errors; i++) {
		const struct lint_load_error *error = &file->load_errors[i];
		const struct lint_hit hit = { .rule = &rules[0],
			                      .start = error->start,
			                      .end = error->end };
		if (!is_syntax(file, error))
			continue;
		if (error->hint)
			lint_report_hit(file, &hit, "%s: %s", error->message, error->hint);
		else
			lint_report_hit(file, &hit, "%s", error->message);
	}
}

const struct lint_family lint_family_syntax = {
	.name = "syntax",
	.brief = "can the file be read",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_ANY_YAML | LINT_JSON | LINT_TOML,
	.check_file = check_file,
};
