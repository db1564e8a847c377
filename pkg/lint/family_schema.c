/*
 * Are the objects what the API server would take? Most files are clean and are looked at once. Those
 * with a problem or a custom kind are looked at again when all files were seen: only then is it known
 * which files are patches, and which custom kinds the repository defines.
 */
#include "base/base.h"

#include "lint/lint_families.h"

#include "lint/lint_crds.h"
#include "lint/lint_fix.h"
#include "lint/lint_patches.h"
#include "lint/schema_kinds.h"
#include "lint/schema_report.h"
#include "lint/schema_rules.h"
#include "schema/kube_schema.h"

struct schema_state {
	unsigned minor;
	struct lint_crds *crds;
	struct lint_patches *patches;
};

/* --- one object --- */

struct looking {
	struct lint_file *file;
	const struct schema_state *state;
	bool is_patch;
};

static void count(void *ctx, const struct kube_problem *problem)
{
	(void)problem;
	++*(size_t *)ctx;
}

static struct kube_check check_of(const struct looking *looking)
{
	return (struct kube_check){
		.minor = looking->state->minor,
		.is_patch = looking->is_patch,
		.is_encrypted = looking->file->kind == LINT_SOPS,
	};
}

/* Would the second look say anything? */
static bool needs_second_look(const struct looking *looking, const struct val *object)
{
	struct schema_kind kind;
	schema_kind_of(object, looking->state->minor, &kind);
	if (kind.verdict == SCHEMA_KIND_EXEMPT)
		return false;
	if (kind.verdict != SCHEMA_KIND_SERVED || kind.is_deprecated ||
	    schema_has_server_fields(object, true))
		return true;
	size_t n = 0;
	struct kube_check check = check_of(looking);
	check.report = count;
	check.ctx = &n;
	kube_check_object(&check, &kind.api, object);
	return n > 0;
}

static void check_built_in(const struct looking *looking, const struct val *object,
                           const struct kube_api *api)
{
	struct schema_reporting reporting = { looking->file, object };
	struct kube_check check = check_of(looking);
	check.report = schema_report_problem;
	check.ctx = &reporting;
	kube_check_object(&check, api, object);
	if (!looking->is_patch)
		schema_report_server_fields(&reporting, true);
}

static void check_custom(const struct looking *looking, const struct val *object,
                         const struct schema_kind *kind)
{
	struct schema_reporting reporting = { looking->file, object };
	struct lint_crd_match match = lint_crds_find(looking->state->crds, looking->file->path,
	                                             kind->version, kind->kind);
	if (!match.version) {
		schema_report_missing(
			&reporting, kind, &match,
			lint_crds_nearest(looking->state->crds, kind->version, kind->kind));
		return;
	}
	schema_report_custom_version(&reporting, kind, &match);
	struct kube_check check = check_of(looking);
	check.report = schema_report_problem;
	check.ctx = &reporting;
	crd_check_object(&check, match.version, object);
	if (!looking->is_patch)
		schema_report_server_fields(&reporting, match.version->has_status);
}

/* Kinds that cannot be told are told once per file and kind. */
static bool was_told(const struct lint_file *file, const struct val *object)
{
	struct lint_objects it = { 0 };
	const struct val *other;
	while (lint_next_object(file, &it, &other) && other != object)
		if (str_equal(val_get_str(other, "apiVersion", ""),
		              val_get_str(object, "apiVersion", "")) &&
		    str_equal(val_get_str(other, "kind", ""), val_get_str(object, "kind", "")))
			return true;
	return false;
}

static void check_object(const struct looking *looking, const struct val *object)
{
	struct schema_reporting reporting = { looking->file, object };
	struct schema_kind kind;
	schema_kind_of(object, looking->state->minor, &kind);
	switch (kind.verdict) {
	case SCHEMA_KIND_EXEMPT:
		break;
	case SCHEMA_KIND_SERVED:
		schema_report_version(&reporting, &kind, looking->state->minor);
		check_built_in(looking, object, &kind.api);
		break;
	case SCHEMA_KIND_UNSERVED:
		schema_report_version(&reporting, &kind, looking->state->minor);
		break;
	case SCHEMA_KIND_UNKNOWN:
		schema_report_typo(&reporting, &kind, looking->state->minor);
		break;
	case SCHEMA_KIND_CUSTOM:
		if (kind.looks_custom ||
		    !schema_report_typo(&reporting, &kind, looking->state->minor)) {
			struct lint_crd_match match = lint_crds_find(
				looking->state->crds, looking->file->path, kind.version, kind.kind);
			if (match.version || !was_told(looking->file, object))
				check_custom(looking, object, &kind);
		}
		break;
	}
}

/* --- the family --- */

static err *begin(struct lint_run *run, void **ret_state)
{
	const struct lint_options *options = lint_run_options(run);
	unsigned minor = kube_minor_newest();
	if (options->kubernetes_version && !kube_minor_parse(options->kubernetes_version, &minor))
		return err_hint(err_new(ERR_USAGE, "there are no schemas of Kubernetes '%s'",
		                        options->kubernetes_version),
		                "known are 1.%u to 1.%u", kube_minor_oldest(), kube_minor_newest());
	struct schema_state *state = MEM_NEW(struct schema_state);
	state->minor = minor;
	state->crds = lint_crds_new();
	state->patches = lint_patches_new();
	*ret_state = state;
	return lint_crds_read(state->crds, options);
}

static void end(void *data)
{
	struct schema_state *state = data;
	if (!state)
		return;
	lint_crds_free(state->crds);
	lint_patches_free(state->patches);
	mem_free(state);
}

static void check_file(struct lint_file *file, void *data)
{
	const struct schema_state *state = data;
	if (file->kind == LINT_KUSTOMIZATION)
		lint_patches_add(state->patches, file);
	const struct looking looking = { .file = file, .state = state };
	struct lint_objects it = { 0 };
	const struct val *object;
	bool again = false;
	while (lint_next_object(file, &it, &object)) {
		lint_patches_add_object(state->patches, file, object);
		if (crd_is(object))
			lint_crds_add(state->crds, file, object);
		again = again || needs_second_look(&looking, object);
	}
	for (size_t i = 0; i < file->n_docs && !again; i++)
		again = schema_lacks(file->docs[i].root) != NULL;
	if (again)
		lint_revisit(file);
}

/* What no look at objects would see. */
static void check_lacks(struct lint_file *file)
{
	for (size_t i = 0; i < file->n_docs; i++) {
		const struct schema_reporting reporting = { file, file->docs[i].root };
		const char *name = schema_lacks(reporting.object);
		if (name && !schema_has_directives(reporting.object))
			schema_report_lack(&reporting, name);
	}
}

static void revisit_file(struct lint_file *file, void *data)
{
	const struct schema_state *state = data;
	enum lint_part part = lint_patches_find(state->patches, file->path);
	if (part == LINT_SETTINGS)
		return;
	if (part == LINT_WHOLE)
		check_lacks(file);
	struct lint_objects it = { 0 };
	const struct val *object;
	while (lint_next_object(file, &it, &object)) {
		const struct looking looking = {
			.file = file,
			.state = state,
			.is_patch = part == LINT_PATCH || schema_has_directives(object),
		};
		check_object(&looking, object);
	}
}

const struct lint_family lint_family_schema = {
	.name = "schema",
	.brief = "objects as the API server takes them",
	.rules = schema_rules,
	.n_rules = SCHEMA_N_RULES,
	.kinds = LINT_KUBERNETES | LINT_KUSTOMIZATION | LINT_SOPS | LINT_YAML | LINT_JSON,
	.begin = begin,
	.check_file = check_file,
	.revisit_file = revisit_file,
	.end = end,
};
