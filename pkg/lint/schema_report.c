#include "base/base.h"

#include "lint/schema_report.h"

#include "base/suggest.h"
#include "lint/lint_fix.h"
#include "lint/schema_rules.h"
#include "yaml/yaml.h"

static struct lint_hit hit_at(const struct schema_reporting *reporting, enum schema_rule rule,
                              const struct val_mark *mark)
{
	return (struct lint_hit){
		.rule = &schema_rules[rule],
		.start = mark->start,
		.end = mark->end,
		.object = reporting->object,
	};
}

static struct lint_hit hit_at_value(const struct schema_reporting *reporting, enum schema_rule rule,
                                    const struct val *v)
{
	return hit_at(reporting, rule, v ? &v->mark : &reporting->object->mark);
}

static struct lint_hit hit_at_member(const struct schema_reporting *reporting,
                                     enum schema_rule rule, const char *key)
{
	return hit_at_value(reporting, rule, val_get(reporting->object, key));
}

/* --- problems of fields --- */

static const enum schema_rule rule_of[] = {
	[KUBE_UNKNOWN_FIELD] = SCHEMA_RULE_UNKNOWN_FIELD,
	[KUBE_WRONG_TYPE] = SCHEMA_RULE_TYPE,
	[KUBE_MISSING_FIELD] = SCHEMA_RULE_REQUIRED,
	[KUBE_NOT_IN_ENUM] = SCHEMA_RULE_ENUM,
	[KUBE_BAD_FORMAT] = SCHEMA_RULE_FORMAT,
	[KUBE_DUPLICATE_ITEM] = SCHEMA_RULE_DUPLICATE_ITEM,
};

/* A missing field is shown at the field it is missing in, an unknown one at its name. */
static struct val_mark place_of(const struct schema_reporting *reporting,
                                const struct kube_problem *problem)
{
	bool is_key = problem->kind == KUBE_UNKNOWN_FIELD || problem->kind == KUBE_MISSING_FIELD;
	if (problem->entry && (is_key || !problem->at->mark.line))
		return problem->entry->key_mark;
	if (problem->at == reporting->object)
		return val_get(reporting->object, "kind")->mark;
	if (problem->kind == KUBE_MISSING_FIELD || problem->kind == KUBE_DUPLICATE_ITEM) {
		const struct val_entry *first = val_entry_at(problem->at, 0);
		return first ? first->key_mark : problem->at->mark;
	}
	return problem->at->mark;
}

static bool is_own_text(const struct val *v)
{
	return v->mark.line && !(v->flags & (VAL_IS_ALIAS | VAL_HAS_ANCHOR | VAL_HAS_TAG));
}

static bool is_own_entry(const struct kube_problem *problem)
{
	return problem->entry && !(problem->entry->flags & VAL_IS_MERGED);
}

static const struct lint_fix *fix_name(struct lint_file *file, const struct kube_problem *problem)
{
	if (!is_own_entry(problem) || !problem->suggestion)
		return NULL;
	const char *path[] = { problem->entry->key, NULL };
	const struct lint_change change = {
		.kind = LINT_RENAME, .at = problem->map, .path = path, .key = problem->suggestion
	};
	return lint_fix_make(file, true, &change, 1, "rename %s to '%s'", problem->path,
	                     problem->suggestion);
}

static const struct lint_fix *set_value(struct lint_file *file, const struct kube_problem *problem,
                                        bool is_unsafe, const struct val *value, const char *shown)
{
	const char *path[] = { problem->entry->key, NULL };
	const struct lint_change change = {
		.kind = LINT_SET, .at = problem->map, .path = path, .value = value
	};
	return lint_fix_make(file, is_unsafe, &change, 1, "set %s to %s", problem->path, shown);
}

/* 8080 where a string belongs: exactly what is written, in quotes. */
static const struct lint_fix *fix_quotes(struct lint_file *file, const struct kube_problem *problem)
{
	const struct val *v = problem->at;
	struct view text = val_source_text(v);
	bool is_scalar = v->kind == VAL_INT || v->kind == VAL_FLOAT || v->kind == VAL_BOOL;
	if (!is_scalar || !is_own_text(v) || !text.len || memchr(text.ptr, '\n', text.len))
		return NULL;
	const char *quoted = arena_printf(file->keep, "\"%.*s\"", (int)text.len, text.ptr);
	const struct val *value = val_new_strn(file->arena, text.ptr, text.len);
	if (is_own_entry(problem))
		return set_value(file, problem, false, value, quoted);
	if (problem->entry)
		return NULL;
	const struct lint_change change = { .kind = LINT_SET, .at = v, .value = value };
	return lint_fix_make(file, false, &change, 1, "set %s to %s", problem->path, quoted);
}

/* "8080" where a number belongs, "true" where a boolean does. */
static const struct lint_fix *fix_no_quotes(struct lint_file *file,
                                            const struct kube_problem *problem)
{
	const struct val *v = problem->at;
	if (v->kind != VAL_STR || !is_own_text(v) || !is_own_entry(problem))
		return NULL;
	const char *text = v->as.str.ptr;
	size_t len = v->as.str.len;
	bool is_true = str_equal(text, "true");
	if (problem->wanted == VAL_BOOL && (is_true || str_equal(text, "false")))
		return set_value(file, problem, false, val_new_bool(file->arena, is_true), text);
	bool is_decimal = len > 0 && len < 10 && strspn(text, "0123456789") == len &&
	                  (len == 1 || *text != '0');
	if (problem->wanted != VAL_INT || !is_decimal)
		return NULL;
	return set_value(file, problem, false, val_new_int(file->arena, strtoll(text, NULL, 10)),
	                 text);
}

static const struct lint_fix *fix_of(struct lint_file *file, const struct kube_problem *problem)
{
	switch (problem->kind) {
	case KUBE_UNKNOWN_FIELD:
		return fix_name(file, problem);
	case KUBE_WRONG_TYPE:
		return problem->wanted == VAL_STR ? fix_quotes(file, problem)
		                                  : fix_no_quotes(file, problem);
	case KUBE_NOT_IN_ENUM:
		if (!problem->suggestion || !is_own_entry(problem) || !is_own_text(problem->at))
			return NULL;
		return set_value(file, problem, true, val_new_str(file->arena, problem->suggestion),
		                 problem->suggestion);
	case KUBE_MISSING_FIELD:
	case KUBE_BAD_FORMAT:
	case KUBE_DUPLICATE_ITEM:
		break;
	}
	return NULL;
}

/* Has the family reliability a rule of its own for items of this list, and is it on? */
static bool is_told_elsewhere(const struct lint_file *file, const struct kube_problem *problem)
{
	static const struct {
		const char *list, *slug;
	} rules[] = {
		{ "env", "duplicate-env" },
		{ "ports", "duplicate-port" },
		{ "containers", "duplicate-container" },
		{ "initContainers", "duplicate-container" },
		{ "volumes", "duplicate-volume" },
	};
	const char *end = strrchr(problem->path, '['), *start = end;
	bool is_pod = problem->container || strstr(problem->path, "spec.volumes[");
	while (start && start > problem->path && start[-1] != '.')
		start--;
	for (size_t i = 0; end && is_pod && i < ARRAY_LEN(rules); i++) {
		const struct lint_rule *rule = lint_rule_find(rules[i].slug);
		if (view_is((struct view){ start, (size_t)(end - start) }, rules[i].list))
			return rule && lint_is_on(file, rule);
	}
	return false;
}

void schema_report_problem(void *ctx, const struct kube_problem *problem)
{
	const struct schema_reporting *reporting = ctx;
	const struct val_mark mark = place_of(reporting, problem);
	struct lint_hit hit = hit_at(reporting, rule_of[problem->kind], &mark);
	if (!lint_is_on(reporting->file, hit.rule))
		return;
	if (problem->kind == KUBE_DUPLICATE_ITEM && !problem->is_custom &&
	    is_told_elsewhere(reporting->file, problem))
		return;
	hit.container = problem->container;
	if (problem->kind == KUBE_DUPLICATE_ITEM && problem->is_custom) {
		hit.has_severity = true;
		hit.severity = LINT_ERROR;
	}
	hit.fix = fix_of(reporting->file, problem);
	lint_report_hit(reporting->file, &hit, "%s", problem->message);
}

void schema_report_lack(const struct schema_reporting *reporting, const char *name)
{
	const char *other = str_equal(name, "kind") ? "apiVersion" : "kind";
	const struct val *root = reporting->object;
	const struct lint_hit hit = hit_at_member(reporting, SCHEMA_RULE_REQUIRED, other);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, root))
		if (suggest_distance(entry->key, name, 2) <= 2) {
			lint_report_hit(reporting->file, &hit,
			                "the field '%s' is required: is '%s' meant to be it?", name,
			                entry->key);
			return;
		}
	lint_report_hit(reporting->file, &hit, "the field '%s' is required", name);
}

/* --- API versions --- */

static void ignore(void *ctx, const struct kube_problem *problem)
{
	(void)problem;
	++*(size_t *)ctx;
}

/* The object fits the version that takes the place of its own: the name alone must change. */
static const struct lint_fix *fix_version(const struct schema_reporting *reporting,
                                          const char *version, const char *kind, unsigned minor)
{
	struct kube_api api;
	size_t n_problems = 0;
	const struct kube_check check = { .minor = minor, .report = ignore, .ctx = &n_problems };
	if (!str_equal(kind, val_get_str(reporting->object, "kind", "")) ||
	    !kube_api_find(version, kind, &api) || !kube_api_is_served(&api, minor))
		return NULL;
	kube_check_object(&check, &api, reporting->object);
	if (n_problems)
		return NULL;
	const char *path[] = { "apiVersion", NULL };
	const struct lint_change change = {
		.kind = LINT_SET,
		.at = reporting->object,
		.path = path,
		.value = val_new_str(reporting->file->arena, version),
	};
	return lint_fix_make(reporting->file, true, &change, 1, "set apiVersion to %s", version);
}

static void add_instead(const struct kube_api *api, const char *version, struct str *text)
{
	if (!version)
		return;
	const char *kind = api->instead_kind ? api->instead_kind : api->kind;
	if (str_equal(kind, api->kind))
		str_addf(text, "; use %s", version);
	else
		str_addf(text, "; use %s %s", version, kind);
}

/* What to use: what Kubernetes says, else the version that serves the kind now. */
static const char *instead_of(const struct kube_api *api, unsigned minor)
{
	struct kube_api other;
	const char *kind = api->instead_kind ? api->instead_kind : api->kind;
	if (api->instead_version && kube_api_find(api->instead_version, kind, &other) &&
	    kube_api_is_served(&other, minor))
		return api->instead_version;
	return kube_kind_version(api->kind, minor);
}

static void add_why_unserved(const struct kube_api *api, unsigned minor, struct str *text)
{
	if (api->removed && api->removed <= minor)
		str_addf(text, "was removed in Kubernetes 1.%u", api->removed);
	else if (api->introduced > minor)
		str_addf(text, "is not in Kubernetes 1.%u, it came with 1.%u", minor,
		         api->introduced);
	else
		str_addf(text, "is not in Kubernetes 1.%u", minor);
}

void schema_report_version(const struct schema_reporting *reporting, const struct schema_kind *kind,
                           unsigned minor)
{
	const struct kube_api *api = &kind->api;
	bool is_served = kind->verdict == SCHEMA_KIND_SERVED;
	if (is_served && !kind->is_deprecated)
		return;
	AUTO(str) text = STR_INIT;
	const char *instead = instead_of(api, minor);
	if (str_equal(instead ? instead : "", api->version))
		instead = NULL;
	if (!is_served)
		add_why_unserved(api, minor, &text);
	else
		str_addf(&text, "is deprecated since Kubernetes 1.%u", api->deprecated);
	if (is_served && api->removed)
		str_addf(&text, " and will be removed in 1.%u", api->removed);
	add_instead(api, instead, &text);
	struct lint_hit hit = hit_at_member(
		reporting, is_served ? SCHEMA_RULE_DEPRECATED_API : SCHEMA_RULE_REMOVED_API,
		"apiVersion");
	if (instead && lint_is_on(reporting->file, hit.rule))
		hit.fix = fix_version(reporting, instead,
		                      api->instead_kind ? api->instead_kind : api->kind, minor);
	lint_report_hit(reporting->file, &hit, "%s %s %s", api->version, api->kind, text.ptr);
}

static const struct lint_fix *fix_kind(const struct schema_reporting *reporting, const char *key,
                                       const char *text)
{
	const char *path[] = { key, NULL };
	const struct lint_change change = {
		.kind = LINT_SET,
		.at = reporting->object,
		.path = path,
		.value = val_new_str(reporting->file->arena, text),
	};
	return lint_fix_make(reporting->file, true, &change, 1, "set %s to %s", key, text);
}

bool schema_report_typo(const struct schema_reporting *reporting, const struct schema_kind *kind,
                        unsigned minor)
{
	const char *version = kube_kind_version(kind->kind, minor);
	bool is_custom = kind->verdict == SCHEMA_KIND_CUSTOM;
	if (is_custom && !version)
		return false;
	if (version) {
		struct lint_hit hit = hit_at_member(reporting, SCHEMA_RULE_KIND_TYPO, "apiVersion");
		if (lint_is_on(reporting->file, hit.rule))
			hit.fix = fix_kind(reporting, "apiVersion", version);
		lint_report_hit(reporting->file, &hit, "%s has no %s: did you mean %s?",
		                kind->version, kind->kind, version);
		return true;
	}
	const char *nearest = kube_kind_nearest(kind->version, kind->kind);
	struct lint_hit hit = hit_at_member(reporting, SCHEMA_RULE_KIND_TYPO, "kind");
	if (nearest && lint_is_on(reporting->file, hit.rule))
		hit.fix = fix_kind(reporting, "kind", nearest);
	if (nearest)
		lint_report_hit(reporting->file, &hit, "%s has no kind '%s': did you mean '%s'?",
		                kind->version, kind->kind, nearest);
	else
		lint_report_hit(reporting->file, &hit, "%s has no kind '%s'", kind->version,
		                kind->kind);
	return true;
}

/* --- custom kinds --- */

static void add_versions(const struct crd *crd, struct str *text)
{
	for (size_t i = 0; i < crd->n_versions; i++)
		str_addf(text, "%s%s", i ? ", " : "", crd->versions[i].name);
}

void schema_report_missing(const struct schema_reporting *reporting, const struct schema_kind *kind,
                           const struct lint_crd_match *match, const char *nearest)
{
	struct lint_hit hit = hit_at_member(reporting, SCHEMA_RULE_MISSING, "kind");
	if (match->crd) {
		AUTO(str) versions = STR_INIT;
		add_versions(match->crd, &versions);
		lint_report_hit(reporting->file, &hit,
		                "no schema for %s %s: its definition in %s has only %s",
		                kind->version, kind->kind, match->path, versions.ptr);
	} else if (nearest) {
		lint_report_hit(reporting->file, &hit, "no schema for %s %s: did you mean '%s'?",
		                kind->version, kind->kind, nearest);
	} else {
		lint_report_hit(reporting->file, &hit,
		                "no schema for %s %s: name its CustomResourceDefinition with "
		                "--crds",
		                kind->version, kind->kind);
	}
}

void schema_report_custom_version(const struct schema_reporting *reporting,
                                  const struct schema_kind *kind,
                                  const struct lint_crd_match *match)
{
	const struct crd_version *version = match->version;
	struct lint_hit hit = hit_at_member(reporting, SCHEMA_RULE_REMOVED_API, "apiVersion");
	if (!version->is_served) {
		lint_report_hit(reporting->file, &hit,
		                "%s %s is not served, its definition in %s says", kind->version,
		                kind->kind, match->path);
	} else if (version->is_deprecated) {
		hit.rule = &schema_rules[SCHEMA_RULE_DEPRECATED_API];
		if (version->deprecation)
			lint_report_hit(reporting->file, &hit, "%s", version->deprecation);
		else
			lint_report_hit(reporting->file, &hit, "%s %s is deprecated", kind->version,
			                kind->kind);
	}
}

/* --- what the server writes; a `status` may be there on purpose, as data of a test --- */

static void report_server_field(const struct schema_reporting *reporting, const struct val *map,
                                const char *key, const char *where, bool is_unsafe)
{
	const struct val_entry *entry = val_entry(map, key);
	if (!entry || schema_is_empty(entry->value))
		return;
	struct lint_hit hit = hit_at(reporting, SCHEMA_RULE_STATUS, &entry->key_mark);
	if (!lint_is_on(reporting->file, hit.rule))
		return;
	const char *path[] = { key, NULL };
	const struct lint_change change = { .kind = LINT_REMOVE, .at = map, .path = path };
	if (!(entry->flags & VAL_IS_MERGED))
		hit.fix = lint_fix_make(reporting->file, is_unsafe, &change, 1, "remove %s%s", where,
		                        key);
	lint_report_hit(reporting->file, &hit, "%s%s is the server's to write", where, key);
}

void schema_report_server_fields(const struct schema_reporting *reporting, bool status_is_servers)
{
	const struct val *metadata = val_get(reporting->object, "metadata");
	if (status_is_servers)
		report_server_field(reporting, reporting->object, "status", "", true);
	for (const char *const *name = schema_server_metadata; *name; name++)
		report_server_field(reporting, metadata, *name, "metadata.", false);
}
