#include "base/base.h"

#include "lint/family_dockerfile.h"

#include "base/limits.h"
#include "pal/fs.h"

static void add_ids(struct strs *ids, const struct val *list)
{
	const struct val *id;
	for (VAL_EACH_ITEM(i, id, list))
		if (val_is(id, VAL_STR))
			strs_push(ids, id->as.str.ptr);
}

static err *read_config(const char *path, struct dockerfile_config *config)
{
	static const char *const levels[] = { "info", "warning", "error" };
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct val *root;
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	if (text.len == 0)
		return NULL;
	TRY(yaml_load_one(text.ptr, text.len, path, &a, &root));
	add_ids(&config->ignored, val_get(root, "ignored"));
	add_ids(&config->registries, val_get(root, "trustedRegistries"));
	const struct val *override = val_get(root, "override");
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		add_ids(&config->levels[i], val_get(override, levels[i]));
	add_ids(&config->levels[LINT_INFO], val_get(override, "style"));
	return NULL;
}

err *dockerfile_config_load(struct dockerfile_config **ret_config)
{
	static const char *const names[] = { ".hadolint.yaml", ".hadolint.yml" };
	struct dockerfile_config *config = MEM_NEW(struct dockerfile_config);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!fs_exists(names[i]))
			continue;
		err *e = read_config(names[i], config);
		if (e) {
			dockerfile_config_free(config);
			return e;
		}
		break;
	}
	*ret_config = config;
	return NULL;
}

void dockerfile_config_free(struct dockerfile_config *config)
{
	if (!config)
		return;
	strs_clear(&config->ignored);
	strs_clear(&config->registries);
	for (size_t i = 0; i < ARRAY_LEN(config->levels); i++)
		strs_clear(&config->levels[i]);
	mem_free(config);
}

bool dockerfile_config_names(const struct strs *ids, const struct lint_rule *rule)
{
	struct view rest = view_of(rule->origins ? rule->origins : ""), part;
	while (ids->len && view_split(&rest, ' ', &part)) {
		AUTOFREE char *id = mem_strndup(part.ptr, part.len);
		if (strs_contains(ids, id))
			return true;
	}
	return ids->len && strs_contains(ids, rule->slug);
}
