#include "base/base.h"

#include "lint/lint_config.h"

#include "base/limits.h"
#include "base/path.h"
#include "base/suggest.h"
#include "pal/fs.h"
#include "schema/schema.h"
#include "yaml/yaml.h"

#define UPWARDS_MAX 100u

/* --- the table --- */

static const char *const severities[] = { "info", "warning", "error", NULL };

#define RULES(name_, about_)                                                         \
	{                                                                            \
		.name = name_, .kind = SCHEMA_LIST, .of = &one_name, .about = about_ \
	}

static const struct schema one_name = { .kind = SCHEMA_STR, .format = &schema_not_empty };
static const struct schema one_severity = { .kind = SCHEMA_STR, .choices = severities };

#define SEVERITY                                                             \
	{                                                                    \
		.name = "severity", .kind = SCHEMA_MAP, .of = &one_severity, \
		.about = "rule or family to error, warning or info"          \
	}

static const struct schema override_fields[] = {
	{ .name = "paths",
	  .kind = SCHEMA_LIST,
	  .required = true,
	  .min_len = 1,
	  .of = &one_name,
	  .about = "patterns as in .gitignore, from the folder of this file" },
	RULES("select", "rules or families that run here as well"),
	RULES("ignore", "rules or families that do not run here"),
	SEVERITY,
	SCHEMA_END
};

static const struct schema profile_fields[] = {
	{ .name = "extends", .kind = SCHEMA_STR, .about = "profile to start from: default" },
	RULES("select", "only these rules or families"),
	RULES("ignore", "all but these rules or families"),
	SEVERITY,
	{ .name = "failOn",
	  .kind = SCHEMA_STR,
	  .choices = severities,
	  .about = "exit with 1 from this severity on" },
	SCHEMA_END
};

static const struct schema fields[] = {
	{ .name = "profile",
	  .kind = SCHEMA_STR,
	  .fallback = "\"default\"",
	  .about =
	          "which rules run: default, baseline, restricted, style, all, or one of 'profiles'" },
	RULES("select", "only these rules or families"),
	RULES("ignore", "all but these rules or families"),
	SEVERITY,
	{ .name = "failOn",
	  .kind = SCHEMA_STR,
	  .choices = severities,
	  .fallback = "\"error\"",
	  .about = "exit with 1 from this severity on" },
	RULES("exclude", "files and folders to skip, as in .gitignore"),
	{ .name = "kubernetesVersion", .kind = SCHEMA_STR, .about = "of the cluster: 1.31" },
	{ .name = "podSecurityVersion",
	  .kind = SCHEMA_STR,
	  .about = "of the Pod Security Standards: v1.31" },
	RULES("crds",
	      "files or folders with CustomResourceDefinitions, from the folder of this file"),
	{ .name = "baseline",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "file with the findings that are known, from the folder of this file" },
	{ .name = "overrides",
	  .kind = SCHEMA_LIST,
	  .of = &(const struct schema){ .kind = SCHEMA_OBJECT, .fields = override_fields },
	  .about = "what differs for some paths" },
	{ .name = "profiles",
	  .kind = SCHEMA_MAP,
	  .of = &(const struct schema){ .kind = SCHEMA_OBJECT, .fields = profile_fields },
	  .about = "profiles of one's own, for --profile" },
	SCHEMA_END
};

const struct schema lint_config_schema = {
	.name = "fettle lint configuration",
	.kind = SCHEMA_OBJECT,
	.fields = fields,
	.about = "What 'fettle lint' checks in this repository.",
};

/* --- profiles --- */

const char *const lint_profile_names[] = {
	"default", "baseline", "restricted", "style", "all", NULL
};

bool lint_profile_find(const char *name, int *ret_profile)
{
	for (int i = 0; lint_profile_names[i]; i++)
		if (str_equal(lint_profile_names[i], name)) {
			*ret_profile = i;
			return true;
		}
	return false;
}

/* --- reading --- */

static void add_names(struct strs *list, const struct val *names)
{
	const struct val *name;
	for (VAL_EACH_ITEM(i, name, names))
		strs_push(list, name->as.str.ptr);
}

static int severity_of(const char *name)
{
	int severity = LINT_INFO;
	while (severities[severity + 1] && !str_equal(severities[severity], name))
		severity++;
	return severity;
}

/* Appends to what is there: later ones win. */
static void add_severities(struct arena *a, const struct val *map, struct lint_severity_of **list,
                           size_t *n)
{
	if (val_len(map) == 0)
		return;
	struct lint_severity_of *all = arena_zalloc(a, *n + val_len(map), sizeof(*all));
	if (*n)
		memcpy(all, *list, *n * sizeof(*all));
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map))
		all[(*n)++] = (struct lint_severity_of){ entry->key,
			                                 severity_of(entry->value->as.str.ptr) };
	*list = all;
}

static void read_overrides(struct lint_config *config, const struct val *list)
{
	if (val_len(list) == 0)
		return;
	config->overrides = arena_zalloc(&config->arena, val_len(list), sizeof(*config->overrides));
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		struct lint_override *override = &config->overrides[config->n_overrides++];
		add_names(&override->paths, val_get(item, "paths"));
		add_names(&override->select, val_get(item, "select"));
		add_names(&override->ignore, val_get(item, "ignore"));
		add_severities(&config->arena, val_get(item, "severity"), &override->severities,
		               &override->n_severities);
	}
}

static void read_common(struct lint_config *config, const struct val *v)
{
	add_names(&config->select, val_get(v, "select"));
	add_names(&config->ignore, val_get(v, "ignore"));
	add_severities(&config->arena, val_get(v, "severity"), &config->severities,
	               &config->n_severities);
	const char *fail_on = val_get_str(v, "failOn", NULL);
	if (fail_on) {
		config->has_fail_on = true;
		config->fail_on = severity_of(fail_on);
	}
}

static err *unknown_profile(const char *name, const struct val *own)
{
	const char *names[64];
	size_t n = 0;
	for (; lint_profile_names[n]; n++)
		names[n] = lint_profile_names[n];
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, own))
		if (n < ARRAY_LEN(names))
			names[n++] = entry->key;
	const char *nearest = suggest_nearest(name, names, n);
	err *e = err_new(ERR_USAGE, "there is no profile '%s'", name);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest)
	               : err_hint(e, "default, baseline, restricted, style, all, or one of "
	                             "'profiles' in " LINT_CONFIG_NAME);
}

/* A profile of the file's own stands on another, which is built in or defined as well. */
static err *use_profile(struct lint_config *config, const char *name, const struct val *own,
                        unsigned depth)
{
	if (lint_profile_find(name, &config->profile))
		return NULL;
	const struct val *profile = val_get(own, name);
	if (!profile || depth > 10)
		return unknown_profile(name, own);
	TRY(use_profile(config, val_get_str(profile, "extends", "default"), own, depth + 1));
	read_common(config, profile);
	return NULL;
}

static err *read_root(struct lint_config *config, const struct val *root, const char *profile)
{
	if (!val_is(root, VAL_NULL))
		TRY(schema_check(&lint_config_schema, root));
	const char *named = profile ? profile : val_get_str(root, "profile", "default");
	TRY(use_profile(config, named, val_get(root, "profiles"), 0));
	read_common(config, root);
	add_names(&config->exclude, val_get(root, "exclude"));
	config->kubernetes_version = val_get_str(root, "kubernetesVersion", NULL);
	config->pod_security_version = val_get_str(root, "podSecurityVersion", NULL);
	read_overrides(config, val_get(root, "overrides"));
	AUTOFREE char *folder = path_dir(config->path);
	const struct val *crd;
	for (VAL_EACH_ITEM(i, crd, val_get(root, "crds"))) {
		AUTOFREE char *path = path_join(folder, crd->as.str.ptr);
		strs_push(&config->crds, path);
	}
	const char *baseline = val_get_str(root, "baseline", NULL);
	if (baseline) {
		AUTOFREE char *path = path_join(folder, baseline);
		config->baseline = arena_strdup(&config->arena, path);
	}
	return NULL;
}

static err *read_file(struct lint_config *config, const char *profile)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(config->path, LIMIT_SETTINGS_BYTES, &text));
	struct yaml_docs docs;
	TRY(yaml_load(text.ptr, text.len, config->path, &config->arena, &docs));
	const struct val *root = docs.len ? docs.ptr[0].root : val_new_null(&config->arena);
	return read_root(config, root, profile);
}

/* --- finding --- */

static err *set_prefix(struct lint_config *config)
{
	AUTO(str) here = STR_INIT;
	AUTO(str) there = STR_INIT;
	TRY(fs_absolute(".", &here));
	AUTOFREE char *folder = path_dir(config->path);
	TRY(fs_absolute(folder, &there));
	size_t len = there.len;
	bool is_above = strncmp(here.ptr, there.ptr, len) == 0 &&
	                (here.ptr[len] == '/' || !here.ptr[len] || str_equal(there.ptr, "/"));
	const char *rest = is_above ? here.ptr + len : "";
	config->prefix = mem_strdup(rest + (*rest == '/'));
	return NULL;
}

static char *find_upwards(void)
{
	AUTO(str) folder = STR_INIT;
	str_addz(&folder, "");
	for (unsigned i = 0; i < UPWARDS_MAX; i++) {
		AUTOFREE char *path = str_format("%s" LINT_CONFIG_NAME, folder.ptr);
		AUTOFREE char *git = str_format("%s.git", folder.ptr);
		if (fs_exists(path))
			return steal(&path);
		AUTO(str) absolute = STR_INIT;
		err *e = fs_absolute(folder.len ? folder.ptr : ".", &absolute);
		bool is_end = e || absolute.len <= 3 || fs_exists(git);
		err_ignore(e, "no way up");
		if (is_end)
			return NULL;
		str_addz(&folder, "../");
	}
	return NULL;
}

err *lint_config_load(const char *path, const char *profile, struct lint_config *ret_config)
{
	*ret_config =
		(struct lint_config){ .profile = LINT_PROFILE_DEFAULT, .fail_on = LINT_ERROR };
	ret_config->path = path ? mem_strdup(path) : find_upwards();
	if (!ret_config->path)
		return use_profile(ret_config, profile ? profile : "default", NULL, 0);
	TRY(set_prefix(ret_config));
	return read_file(ret_config, profile);
}

void lint_config_clear(struct lint_config *config)
{
	for (size_t i = 0; i < config->n_overrides; i++) {
		strs_clear(&config->overrides[i].paths);
		strs_clear(&config->overrides[i].select);
		strs_clear(&config->overrides[i].ignore);
	}
	strs_clear(&config->select);
	strs_clear(&config->ignore);
	strs_clear(&config->exclude);
	strs_clear(&config->crds);
	mem_free(config->path);
	mem_free(config->prefix);
	arena_clear(&config->arena);
	*config = (struct lint_config){ 0 };
}
