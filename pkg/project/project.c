#include "base/base.h"

#include "project/project.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/path.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "git/git.h"
#include "pal/fs.h"
#include "schema/schema.h"
#include "yaml/yaml.h"

bool deletion_limit_parse(const char *text, struct deletion_limit *ret_limit)
{
	size_t len = strlen(text);
	bool is_percent = len > 0 && text[len - 1] == '%';
	uint64_t number;
	if (!num_parse_u64(text, len - is_percent, 10, &number) || number > INT32_MAX ||
	    (is_percent && number > 100))
		return false;
	*ret_limit = is_percent ? (struct deletion_limit){ -1, (int64_t)number }
	                        : (struct deletion_limit){ (int64_t)number, -1 };
	return true;
}

size_t deletion_limit_allows(struct deletion_limit limit, size_t recorded)
{
	size_t by_count = limit.count > 0 ? (size_t)limit.count : 0;
	size_t by_percent = limit.percent > 0 ? recorded * (size_t)limit.percent / 100 : 0;
	return MAX(by_count, by_percent);
}

static const char *refuse_limit(const char *text, size_t len)
{
	struct deletion_limit limit;
	(void)len;
	return deletion_limit_parse(text, &limit) ? NULL : "";
}

static const struct schema_format deletion_limit_format = {
	.expected = "a number of objects, or a percentage such as \"20%\"",
	.pattern = "^[0-9]+%?$",
	.refuses = refuse_limit,
};

static const struct schema host_fields[] = {
	{ .name = "root", .kind = SCHEMA_STR, .format = &schema_not_empty,
	  .about = "folder that stands for the machine; relative to this file" },
	SCHEMA_END
};

static const struct schema cluster_schema = {
	.kind = SCHEMA_OBJECT,
	.fields =
		(const struct schema[]){
			{ .name = "context",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_not_empty,
	                  .about = "context of the kubeconfig; the cluster's name when absent" },
			{ .name = "namespace",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_not_empty,
	                  .about = "in place of the environment's" },
			{ .name = "kubeconfig",
	                  .kind = SCHEMA_STR,
	                  .format = &schema_not_empty,
	                  .about = "in place of the environment's" },
			SCHEMA_END },
};

static const struct schema kubernetes_fields[] = {
	{ .name = "clusters",
	  .kind = SCHEMA_MAP,
	  .of = &cluster_schema,
	  .key_format = &schema_label_name,
	  .about = "several clusters by name, all of which get the same; in place of context" },
	{ .name = "context",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "context of the kubeconfig; its current one when absent" },
	{ .name = "namespace",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "of objects that name none, and of the records; the context's when absent" },
	{ .name = "kubeconfig",
	  .kind = SCHEMA_STR,
	  .format = &schema_not_empty,
	  .about = "file, relative to this one; found as kubectl does when absent" },
	SCHEMA_END
};

static const struct schema center_fields[] = {
	{ .name = "source",
	  .kind = SCHEMA_STR,
	  .required = true,
	  .format = &schema_not_empty,
	  .about = "name of a source under config.sources, or a URL: etcd://host:2379/shop" },
	SCHEMA_END
};

static const struct schema target_fields[] = { { .name = "center",
	                                         .kind = SCHEMA_OBJECT,
	                                         .fields = center_fields,
	                                         .about = "a configuration center" },
	                                       { .name = "host",
	                                         .kind = SCHEMA_OBJECT,
	                                         .fields = host_fields,
	                                         .about = "this machine, or a folder" },
	                                       { .name = "kubernetes",
	                                         .kind = SCHEMA_OBJECT,
	                                         .fields = kubernetes_fields,
	                                         .about = "a cluster" },
	                                       SCHEMA_END };

static const struct schema prune_fields[] = {
	{ .name = "enabled", .kind = SCHEMA_BOOL, .fallback = "false",
	  .about = "delete what is no longer in the source, as --prune does" },
	{ .name = "maxDeletions", .kind = SCHEMA_INT, .min = 0, .max = 1000000,
	  .fallback = "10",
	  .also = &(const struct schema){ .kind = SCHEMA_STR, .format = &deletion_limit_format },
	  .about = "refuse to delete more objects than this, or more than this share" },
	SCHEMA_END
};

static const struct schema environment_schema = {
	.kind = SCHEMA_OBJECT,
	.fields = (const struct schema[]){
		{ .name = "path", .kind = SCHEMA_STR, .required = true,
		  .format = &schema_not_empty,
		  .about = "folder or file relative to this file, or a git URL" },
		{ .name = "target", .kind = SCHEMA_OBJECT, .fields = target_fields,
		  .about = "where the objects belong; this machine when absent" },
		{ .name = "timeout", .kind = SCHEMA_STR, .format = &schema_duration,
		  .about = "deadline of a whole apply" },
		{ .name = "prune", .kind = SCHEMA_OBJECT, .fields = prune_fields },
		SCHEMA_END },
};

static const struct schema project_schema = {
	.name = "Project",
	.kind = SCHEMA_OBJECT,
	.about = "A fettle project: a name and its environments.",
	.fields = (const struct schema[]){
		{ .name = "apiVersion", .kind = SCHEMA_STR, .required = true,
		  .choices = (const char *const[]){ PROJECT_API_VERSION, NULL } },
		{ .name = "kind", .kind = SCHEMA_STR, .required = true,
		  .choices = (const char *const[]){ "Project", NULL } },
		{ .name = "metadata", .kind = SCHEMA_OBJECT, .required = true,
		  .fields = (const struct schema[]){
			  { .name = "name", .kind = SCHEMA_STR, .required = true,
			    .format = &schema_object_name },
			  SCHEMA_END } },
		{ .name = "environments", .kind = SCHEMA_MAP, .of = &environment_schema,
		  .key_format = &schema_label_name },
		{ .name = "config", .kind = SCHEMA_MAP,
		  .about = "sources and units of 'fettle config run'; see docs/config.md" },
		{ .name = "settings", .kind = SCHEMA_MAP,
		  .about = "fettle's own settings for this project; see 'fettle settings show'" },
		SCHEMA_END },
};

void project_schema_to_json(struct str *out)
{
	schema_to_json(&project_schema, "https://fettle.dev/schemas/project.json", out);
}

static const char *resolve_folder(struct arena *a, const char *dir, const char *path)
{
	AUTOFREE char *found = path_resolve(dir, path);
	return arena_strdup(a, found);
}

/* A local path is meant relative to the file; "//subdir?ref=x" behind it and remote URLs stay. */
static const char *resolve_source(struct arena *a, const char *dir, const char *path)
{
	if (repo_url_is_remote(path))
		return path;
	const char *subdir = strstr(path, "//"), *query = strchr(path, '?');
	const char *end = subdir && subdir > path && (!query || subdir < query) ? subdir : query;
	if (!query || !end)
		return resolve_folder(a, dir, path);
	AUTOFREE char *place = mem_strndup(path, (size_t)(end - path));
	return arena_printf(a, "%s%s", resolve_folder(a, dir, place), end);
}

static void read_kubernetes(struct arena *a, const char *dir, const struct val *v,
                            struct environment *environment)
{
	environment->is_kubernetes = v != NULL;
	const char *file = val_get_str(v, "kubeconfig", NULL);
	environment->kubeconfig = file ? resolve_folder(a, dir, file) : NULL;
	environment->context = val_get_str(v, "context", NULL);
	environment->name_space = val_get_str(v, "namespace", NULL);
	const struct val *map = val_get(v, "clusters");
	struct cluster *clusters = arena_zalloc(a, val_len(map) + 1, sizeof(*clusters));
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		const char *own = val_get_str(entry->value, "kubeconfig", NULL);
		clusters[i] = (struct cluster){
			.name = entry->key,
			.kubeconfig = own ? resolve_folder(a, dir, own) : environment->kubeconfig,
			.context = val_get_str(entry->value, "context", entry->key),
			.name_space =
				val_get_str(entry->value, "namespace", environment->name_space),
		};
	}
	environment->clusters = clusters;
	environment->cluster_count = val_len(map);
}

static err *check_target(const struct val *target)
{
	const struct val *cluster = val_get(target, "kubernetes");
	if (val_get(cluster, "clusters") && val_get(cluster, "context"))
		return val_error(val_get(cluster, "context"),
		                 "context and clusters cannot both say where the objects go");
	if (!target || val_len(target) == 1)
		return NULL;
	return err_hint(val_error(target, "target must be one of host, kubernetes and center"),
	                "make an environment of its own for each of them");
}

static void read_environment(struct arena *a, const char *dir, const struct val_entry *entry,
                             struct environment *environment)
{
	const struct val *v = entry->value, *prune = val_get(v, "prune");
	read_kubernetes(a, dir, val_path(v, "target.kubernetes"), environment);
	environment->name = entry->key;
	environment->path = resolve_source(a, dir, val_get_str(v, "path", ""));
	const char *root = val_get_str(val_path(v, "target.host"), "root", NULL);
	environment->host_root = root ? resolve_folder(a, dir, root) : NULL;
	environment->center = val_get_str(val_path(v, "target.center"), "source", NULL);
	environment->timeout_ms = schema_duration_of(v, "timeout");
	environment->prune = val_get_bool(prune, "enabled", false);
	const struct val *limit = val_get(prune, "maxDeletions");
	environment->has_max_deletions = limit != NULL;
	if (val_is(limit, VAL_INT))
		environment->max_deletions = (struct deletion_limit){ limit->as.integer, -1 };
	else if (val_is(limit, VAL_STR))
		(void)deletion_limit_parse(limit->as.str.ptr, &environment->max_deletions);
}

err *project_load(const char *file, struct arena *arena, struct project *ret_project)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(file, LIMIT_SETTINGS_BYTES, &text));
	struct val *root;
	TRY(yaml_load_one(text.ptr, text.len, file, arena, &root));
	TRY(schema_check(&project_schema, root));

	AUTOFREE char *dir = path_dir(file);
	struct project project = { .file = arena_strdup(arena, file),
		                   .dir = arena_strdup(arena, dir) };
	project.name = val_get_str(val_get(root, "metadata"), "name", "");
	const struct val *map = val_get(root, "environments");
	project.environment_count = val_len(map);
	project.environments = arena_zalloc(arena, project.environment_count + 1,
	                                    sizeof(*project.environments));
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		TRY(check_target(val_get(entry->value, "target")));
		read_environment(arena, project.dir, entry, &project.environments[i]);
	}
	*ret_project = project;
	return NULL;
}

static err *with_names(err *e, const struct project *project)
{
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < project->environment_count; i++)
		str_addf(&names, "%s%s", i ? ", " : "", project->environments[i].name);
	return names.len ? err_hint(e, "environments of '%s': %s; choose one with --env",
	                            project->name, names.ptr)
	                 : err_hint(e, "add one under 'environments:' in %s, or name a PATH",
	                            project->file);
}

err *project_environment(const struct project *project, const char *name,
                         const struct environment **ret_environment)
{
	if (!name && project->environment_count == 1) {
		*ret_environment = &project->environments[0];
		return NULL;
	}
	if (!name && project->environment_count == 0)
		return with_names(err_new(ERR_USAGE, "'%s' has no environments", project->file),
		                  project);
	if (!name)
		return with_names(err_new(ERR_USAGE, "'%s' has several environments",
		                          project->file), project);
	VEC(const char *) names = VEC_INIT;
	for (size_t i = 0; i < project->environment_count; i++) {
		if (str_equal(project->environments[i].name, name)) {
			vec_clear(&names);
			*ret_environment = &project->environments[i];
			return NULL;
		}
		vec_push(&names, project->environments[i].name);
	}
	const char *nearest = suggest_nearest(name, names.ptr, names.len);
	vec_clear(&names);
	err *e = err_new(ERR_USAGE, "there is no environment '%s' in '%s'", name, project->file);
	if (nearest)
		e = err_hint(e, "did you mean '%s'?", nearest);
	return with_names(e, project);
}

err *project_cluster(const struct environment *environment, const char *name,
                     const struct cluster **ret_cluster)
{
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < environment->cluster_count; i++) {
		const struct cluster *cluster = &environment->clusters[i];
		if (name && str_equal(cluster->name, name)) {
			*ret_cluster = cluster;
			return NULL;
		}
		str_addf(&names, "%s%s", i ? ", " : "", cluster->name);
	}
	if (!name)
		return err_hint(err_new(ERR_USAGE, "environment '%s' has several clusters: %s",
		                        environment->name, names.ptr),
		                "choose one with --cluster");
	err *e =
		err_new(ERR_USAGE, "environment '%s' has no cluster '%s'", environment->name, name);
	return names.len
	               ? err_hint(e, "its clusters are %s", names.ptr)
	               : err_hint(e, "fettle.yaml names several under target.kubernetes.clusters");
}
