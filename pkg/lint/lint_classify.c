/* What a file is: first by its name, then by the keys of its documents. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/path.h"

static bool starts_with_word(const char *name, const char *word)
{
	size_t len = strlen(word);
	return strncmp(name, word, len) == 0 &&
	       (!name[len] || name[len] == '.' || name[len] == '-');
}

static bool is_dockerfile(const char *name)
{
	/* What speaks of Dockerfiles, or makes them, is none. */
	static const char *const others[] = { ".md", ".rst", ".txt", ".tmpl", ".template", ".j2", ".in",
		                              ".erb", ".tpl", ".go", ".dockerignore", ".sh", ".py" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_ends(name, others[i]))
			return false;
	return starts_with_word(name, "Dockerfile") || starts_with_word(name, "Containerfile") ||
	       str_ends(name, ".Dockerfile") || str_ends(name, ".dockerfile");
}

static bool is_compose(const char *name)
{
	static const char *const stems[] = { "compose", "docker-compose" };
	for (size_t i = 0; i < ARRAY_LEN(stems); i++)
		if (starts_with_word(name, stems[i]))
			return true;
	return false;
}

bool lint_is_in_folder(const char *path, const char *folder)
{
	const char *at = strstr(path, folder);
	return at && (at == path || at[-1] == '/');
}

static uint32_t classify_yaml_name(const char *path, const char *name)
{
	if (str_equal(name, "kustomization.yaml") || str_equal(name, "kustomization.yml"))
		return LINT_KUSTOMIZATION;
	if (lint_is_in_folder(path, ".github/workflows/"))
		return LINT_WORKFLOW;
	if (str_equal(name, "action.yml") || str_equal(name, "action.yaml"))
		return LINT_ACTION;
	if (is_compose(name))
		return LINT_COMPOSE;
	return LINT_YAML;
}

uint32_t lint_classify_name(const char *path, bool *ret_is_json)
{
	const char *name = path_base(path), *extension = path_extension(path);
	*ret_is_json = str_equal(extension, ".json");
	if (*ret_is_json)
		return LINT_JSON;
	if (str_equal(extension, ".yaml") || str_equal(extension, ".yml"))
		return classify_yaml_name(path, name);
	if (str_equal(extension, ".toml"))
		return LINT_TOML;
	if (str_equal(name, ".yamllint"))
		return LINT_YAML;
	if (str_equal(name, "Kustomization"))
		return LINT_KUSTOMIZATION;
	return is_dockerfile(name) ? LINT_DOCKERFILE : LINT_TEXT;
}

/* `{{ … }}` outside of comments and quotes: a template that must be rendered first. */
static bool has_template_lines(const char *text, size_t len)
{
	struct view rest = { text, len }, line;
	while (view_split(&rest, '\n', &line)) {
		const char *at = str_find(line.ptr, line.len, "{{", 2);
		if (!at || at + 2 == line.ptr + line.len)
			continue;
		bool is_action = at[2] == '-' || at[2] == ' ' || at[2] == '.' || at[2] == '$' ||
		                 at[2] == '/' || (at[2] >= 'a' && at[2] <= 'z');
		size_t before = (size_t)(at - line.ptr);
		bool is_quoted = memchr(line.ptr, '"', before) || memchr(line.ptr, '\'', before) ||
		                 memchr(line.ptr, '#', before);
		if (is_action && !is_quoted)
			return true;
	}
	return false;
}

uint32_t lint_classify(const char *path, const char *text, size_t len, bool *ret_is_json)
{
	uint32_t kind = lint_classify_name(path, ret_is_json);
	bool may_be_template = kind == LINT_YAML || kind == LINT_KUSTOMIZATION ||
	                       kind == LINT_COMPOSE || kind == LINT_TOML;
	if (may_be_template && (lint_is_in_folder(path, "templates/") || str_find(text, len, "{{", 2)) &&
	    has_template_lines(text, len))
		return LINT_TEMPLATE;
	return kind;
}

static bool is_sops(const struct val *root)
{
	const struct val *sops = val_get(root, "sops");
	return val_get(sops, "mac") || (val_get(sops, "version") && val_get(sops, "lastmodified"));
}

static bool is_kubernetes(const struct val *root)
{
	return val_is(val_get(root, "apiVersion"), VAL_STR) &&
	       val_is(val_get(root, "kind"), VAL_STR);
}

static bool is_kustomization(const struct val *root)
{
	return str_starts(val_get_str(root, "apiVersion", ""), "kustomize.config.k8s.io/");
}

uint32_t lint_classify_docs(const char *path, const struct yaml_doc *docs, size_t n_docs,
                            uint32_t kind)
{
	(void)path;
	bool has_object = false;
	for (size_t i = 0; i < n_docs; i++) {
		const struct val *root = docs[i].root;
		if (is_sops(root))
			return LINT_SOPS;
		if (is_kustomization(root))
			return LINT_KUSTOMIZATION;
		has_object |= is_kubernetes(root);
	}
	bool is_plain = kind == LINT_YAML || kind == LINT_JSON;
	return is_plain && has_object ? LINT_KUBERNETES : kind;
}
