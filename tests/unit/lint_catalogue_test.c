/*
 * The examples of the catalogue are true: what a rule calls bad it finds, what it calls good it does
 * not. A family whose rules need more than one small file has tests of its own.
 */
#include "base/base.h"

#include "lint/lint_rule.h"
#include "pal/fs.h"
#include "test.h"

struct sample {
	const char *family, *file;
};

static const struct sample samples[] = {
	{ "pod-security", "pod.yaml" },
	{ "rbac", "rbac.yaml" },
	{ "validity", "object.yaml" },
	{ "kube-secrets", "secret.yaml" },
	{ "reliability", "app.yaml" },
	{ "references", "set.yaml" },
	{ "syntax", "syntax.yaml" },
	{ "yaml", "style.yaml" },
	{ "addresses", "config.yaml" },
	{ "dockerfile", "Dockerfile" },
	{ "workflow", ".github/workflows/ci.yml" },
	{ "compose", "compose.yaml" },
	{ "schema", "object.yaml" },
};

/* Rules whose examples need a configuration or another file. */
static const char *const apart[] = { "dockerfile-registry", "yamllint-config", "schema-missing" };

static const char *file_of(const struct lint_family *family)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		if (str_equal(samples[i].family, family->name))
			return samples[i].file;
	return NULL;
}

/* How often the rule is found in the text. */
static err *count(const struct lint_rule *rule, const char *file, const char *text, size_t *ret_n)
{
	AUTOFREE char *path = str_format("%s/%s", test_dir(), file);
	AUTOFREE char *folder = str_format("%s/.github/workflows", test_dir());
	TRY(fs_mkdir_all(folder, 0755));
	TRY(fs_write_atomic(path, view_of(text), 0644));
	struct lint_options options = { .threads = 1 };
	strs_push(&options.paths, path);
	strs_push(&options.select, rule->slug);
	struct lint_report report = { 0 };
	err *e = lint_run(&options, NULL, &report);
	*ret_n = report.counts[0] + report.counts[1] + report.counts[2];
	lint_report_clear(&report);
	strs_clear(&options.paths);
	strs_clear(&options.select);
	return e;
}

static bool is_apart(const char *slug)
{
	for (size_t i = 0; i < ARRAY_LEN(apart); i++)
		if (str_equal(apart[i], slug))
			return true;
	return false;
}

TEST(lint_catalogue, bad_examples_are_found_and_good_ones_are_not)
{
	for (size_t f = 0; f < lint_family_count(); f++) {
		const struct lint_family *family = lint_family_at(f);
		const char *file = file_of(family);
		for (size_t i = 0; file && i < family->n_rules; i++) {
			const struct lint_rule *rule = &family->rules[i];
			size_t bad = 0, good = 0;
			if (is_apart(rule->slug))
				continue;
			CHECK_OK(count(rule, file, rule->bad, &bad));
			CHECK_OK(count(rule, file, rule->good, &good));
			if (bad == 0 || good != 0)
				test_fail(__FILE__, __LINE__,
				          "%s: %zu in the bad example, %zu in the good one",
				          rule->slug, bad, good);
		}
	}
}

TEST(lint_catalogue, every_rule_is_explained_and_has_a_name_of_its_own)
{
	for (size_t f = 0; f < lint_family_count(); f++) {
		const struct lint_family *family = lint_family_at(f);
		for (size_t i = 0; i < family->n_rules; i++) {
			const struct lint_rule *rule = &family->rules[i];
			CHECK(rule->slug && rule->brief && rule->why && rule->bad && rule->good);
			CHECK(lint_rule_find(rule->slug) == rule);
			CHECK(!(rule->flags & LINT_UNSAFE_FIX) || (rule->flags & LINT_FIXABLE));
			CHECK(!str_ends(rule->brief, "."));
		}
	}
}
