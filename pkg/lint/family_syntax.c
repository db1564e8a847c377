/* Can the documents be read at all? */
#include "base/base.h"

#include "lint/lint_families.h"

static const struct lint_rule rules[] = {
	{ "syntax", LINT_ERROR, 0, "a YAML or JSON document cannot be read",
	  "Tools refuse the whole file, or read something else than what is meant: two equal keys, a "
	  "tab in the indentation, a quote without end.",
	  "a: 1\na: 2\n", "a: 1\nb: 2\n", "yamllint:syntax kube-linter:schema-validation" },
};

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	for (size_t i = 0; i < file->n_load_errors; i++) {
		const struct lint_load_error *error = &file->load_errors[i];
		const struct lint_hit hit = { .rule = &rules[0],
			                      .start = error->start,
			                      .end = error->end };
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
	.kinds = LINT_ANY_YAML | LINT_JSON,
	.check_file = check_file,
};
