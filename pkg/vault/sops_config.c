#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "pal/fs.h"
#include "regex/regex.h"
#include "val/val.h"
#include "vault/sops_config.h"
#include "vault/sops_tree.h"
#include "yaml/yaml.h"

enum { MOST_RULES = 10000, MOST_LEVELS = 100, MOST_MERGES = 10 };

struct rule {
	struct regex *path; /* NULL: every file */
	struct sops_creation creation;
};

struct sops_config {
	struct arena arena;
	char *path, *folder; /* absolute */
	VEC(struct rule) rules;
};

/* --- finding --- */

err *sops_config_find(const char *file, struct str *ret_path)
{
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(file, &absolute));
	AUTOFREE char *folder = path_dir(absolute.ptr);
	for (int level = 0; level < MOST_LEVELS; level++) {
		AUTOFREE char *candidate = path_join(folder, SOPS_CONFIG_NAME);
		if (fs_exists(candidate)) {
			str_reset(ret_path);
			str_addz(ret_path, candidate);
			return NULL;
		}
		char *above = path_dir(folder);
		bool is_top = str_equal(above, folder);
		mem_free(folder);
		folder = above;
		if (is_top)
			break;
	}
	return err_hint(
		err_new(ERR_NOT_FOUND, "there is no %s at or above '%s'", SOPS_CONFIG_NAME, file),
		"make one with 'fettle vault init', or name recipients with --recipient");
}

/* --- keys --- */

typedef VEC(struct sops_key) sops_key_list;

static void add_key(sops_key_list *keys, enum sops_key_type type, const char *id)
{
	for (size_t i = 0; i < keys->len; i++)
		if (keys->ptr[i].type == type && str_equal(keys->ptr[i].id, id))
			return;
	const struct sops_key key = { .type = type, .id = id, .wrapped = { "", 0 } };
	vec_push(keys, key);
}

/* https://host:8200/v1/ENGINE/keys/NAME; also with encrypt or decrypt, as sops takes it. */
static err *add_transit(struct arena *a, sops_key_list *keys, const char *uri)
{
	const char *scheme = strstr(uri, "://");
	const char *root = scheme ? strchr(scheme + 3, '/') : NULL;
	size_t len = strlen(uri);
	while (len > 0 && uri[len - 1] == '/')
		len--;
	char *path = root && str_starts(root, "/v1/") && root + 4 < uri + len
	                     ? arena_strndup(a, root + 4, (size_t)(uri + len - root) - 4)
	                     : NULL;
	char *name = path ? strrchr(path, '/') : NULL;
	if (name)
		*name++ = '\0';
	char *verb = name ? strrchr(path, '/') : NULL;
	if (verb)
		*verb++ = '\0';
	if (!verb || !*path || (!str_equal(verb, "keys") && !str_equal(verb, "encrypt") &&
	                        !str_equal(verb, "decrypt")))
		return err_hint(err_new(ERR_INVALID, "'%s' is no address of a transit key", uri),
		                "write it like https://vault.example.com:8200/v1/transit/keys/app");
	const struct sops_transit transit = { arena_strndup(a, uri, (size_t)(root - uri)), path,
		                              name };
	size_t before = keys->len;
	add_key(keys, SOPS_KEY_HC_VAULT, sops_transit_id(a, &transit));
	if (keys->len > before)
		keys->ptr[before].transit = transit;
	return NULL;
}

/* "a, b" */
static err *add_keys_text(struct arena *a, sops_key_list *keys, enum sops_key_type type,
                          const char *text)
{
	struct view rest = view_of(text), part;
	while (view_split(&rest, ',', &part)) {
		while (part.len && strchr(" \t\n", part.ptr[0])) {
			part.ptr++;
			part.len--;
		}
		while (part.len && strchr(" \t\n", part.ptr[part.len - 1]))
			part.len--;
		if (part.len && type == SOPS_KEY_HC_VAULT)
			TRY(add_transit(a, keys, arena_strndup(a, part.ptr, part.len)));
		else if (part.len)
			add_key(keys, type, arena_strndup(a, part.ptr, part.len));
	}
	return NULL;
}

/* The name of a key written as a map, as key groups have them. */
static const char *map_id(struct arena *a, const struct val *v, enum sops_key_type type)
{
	switch (type) {
	case SOPS_KEY_KMS:
		return val_get_str(v, "arn", "?");
	case SOPS_KEY_GCP_KMS:
		return val_get_str(v, "resource_id", "?");
	case SOPS_KEY_HCKMS:
		return val_get_str(v, "key_id", "?");
	case SOPS_KEY_AZURE_KV:
		return arena_printf(a, "%s/%s/%s", val_get_str(v, "vaultUrl", "?"),
		                    val_get_str(v, "key", "?"), val_get_str(v, "version", ""));
	default:
		return "?";
	}
}

static err *add_keys(struct arena *a, sops_key_list *keys, enum sops_key_type type,
                     const struct val *v)
{
	const struct val *item;
	if (!v || val_is(v, VAL_NULL))
		return NULL;
	if (val_is(v, VAL_STR))
		return val_place(add_keys_text(a, keys, type, v->as.str.ptr), v);
	if (!val_is(v, VAL_LIST))
		return val_error(v, "expected recipients as a text or a list, found %s",
		                 val_kind_text(v));
	for (VAL_EACH_ITEM(i, item, v)) {
		if (val_is(item, VAL_STR))
			TRY(val_place(add_keys_text(a, keys, type, item->as.str.ptr), item));
		else if (val_is(item, VAL_MAP))
			add_key(keys, type, map_id(a, item, type));
		else
			return val_error(item, "expected a recipient, found %s",
			                 val_kind_text(item));
	}
	return NULL;
}

static const struct {
	const char *name;
	enum sops_key_type type;
} key_fields[] = {
	{ "age", SOPS_KEY_AGE },           { "pgp", SOPS_KEY_PGP },
	{ "kms", SOPS_KEY_KMS },           { "gcp_kms", SOPS_KEY_GCP_KMS },
	{ "hckms", SOPS_KEY_HCKMS },       { "azure_keyvault", SOPS_KEY_AZURE_KV },
	{ "hc_vault", SOPS_KEY_HC_VAULT }, { "hc_vault_transit_uri", SOPS_KEY_HC_VAULT },
};

static err *add_all_keys(struct arena *a, sops_key_list *keys, const struct val *map)
{
	for (size_t i = 0; i < ARRAY_LEN(key_fields); i++)
		TRY(add_keys(a, keys, key_fields[i].type, val_get(map, key_fields[i].name)));
	return NULL;
}

static err *add_group(struct arena *a, sops_key_list *keys, const struct val *group, int depth)
{
	const struct val *merge = val_get(group, "merge"), *item;
	if (!val_is(group, VAL_MAP))
		return val_error(group, "expected a key group, found %s", val_kind_text(group));
	if (depth > MOST_MERGES)
		return val_error(group, "key groups are merged more than %d levels deep",
		                 MOST_MERGES);
	for (VAL_EACH_ITEM(i, item, merge))
		TRY(add_group(a, keys, item, depth + 1));
	return add_all_keys(a, keys, group);
}

static void finish_group(struct arena *a, sops_key_list *keys, struct sops_key_group *ret_group)
{
	ret_group->len = keys->len;
	ret_group->keys = arena_zalloc(a, keys->len + 1, sizeof(*keys->ptr));
	if (keys->len)
		memcpy(ret_group->keys, keys->ptr, keys->len * sizeof(*keys->ptr));
	vec_clear(keys);
}

static err *read_groups(struct arena *a, const struct val *rule, struct sops_recipients *out)
{
	const struct val *list = val_get(rule, "key_groups"), *item;
	size_t count = val_is(list, VAL_LIST) && val_len(list) ? val_len(list) : 1;
	if (count > 255)
		return val_error(list, "more than 255 key groups");
	struct sops_key_group *groups = arena_zalloc(a, count, sizeof(*groups));
	sops_key_list keys = VEC_INIT;
	err *e = NULL;
	if (!val_len(list)) {
		e = add_all_keys(a, &keys, rule);
		finish_group(a, &keys, &groups[0]);
	}
	for (VAL_EACH_ITEM(i, item, list)) {
		if (!e)
			e = add_group(a, &keys, item, 0);
		finish_group(a, &keys, &groups[i]);
	}
	int64_t threshold = val_get_int(rule, "shamir_threshold", 0);
	if (!e && (threshold < 0 || threshold > (int64_t)count))
		e = val_error(val_get(rule, "shamir_threshold"),
		              "a threshold of %" PRId64 " for %zu key groups", threshold, count);
	out->groups = groups;
	out->group_count = count;
	out->threshold = (unsigned)threshold;
	return e;
}

/* --- rules --- */

static err *read_selection(const struct val *rule, struct sops_rules *rules)
{
	const struct {
		const char *name;
		const char **value;
	} table[] = {
		{ "unencrypted_suffix", &rules->unencrypted_suffix },
		{ "encrypted_suffix", &rules->encrypted_suffix },
		{ "unencrypted_regex", &rules->unencrypted_regex },
		{ "encrypted_regex", &rules->encrypted_regex },
		{ "unencrypted_comment_regex", &rules->unencrypted_comment_regex },
		{ "encrypted_comment_regex", &rules->encrypted_comment_regex },
	};
	size_t given = 0;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *text = val_get_str(rule, table[i].name, "");
		if (!*text)
			continue;
		*table[i].value = text;
		given++;
		if (!strstr(table[i].name, "regex"))
			continue;
		AUTOPTR(regex) regex = NULL;
		err *e = regex_new(text, &regex);
		if (e)
			return val_place(e, val_get(rule, table[i].name));
	}
	rules->mac_only_encrypted = val_get_bool(rule, "mac_only_encrypted", false);
	return given <= 1 ? NULL
	                  : val_error(rule,
	                              "%zu rules about what is encrypted; one is "
	                              "possible",
	                              given);
}

static err *read_rule(struct sops_config *config, const struct val *v)
{
	struct rule rule = { 0 };
	if (!val_is(v, VAL_MAP))
		return val_error(v, "expected a creation rule, found %s", val_kind_text(v));
	const char *path = val_get_str(v, "path_regex", "");
	rule.creation.has_path = *path != '\0';
	rule.creation.line = v->mark.line;
	TRY(read_selection(v, &rule.creation.rules));
	TRY(read_groups(&config->arena, v, &rule.creation.recipients));
	if (*path) {
		err *e = regex_new(path, &rule.path);
		if (e)
			return val_place(e, val_get(v, "path_regex"));
	}
	vec_push(&config->rules, rule);
	return NULL;
}

static err *read_rules(struct sops_config *config, struct view text)
{
	struct val *root;
	const struct val *item;
	TRY(yaml_load_one(text.ptr, text.len, config->path, &config->arena, &root));
	const struct val *list = val_get(root, "creation_rules");
	if (list && !val_is(list, VAL_LIST) && !val_is(list, VAL_NULL))
		return val_error(list, "expected a list of rules, found %s", val_kind_text(list));
	if (val_len(list) > MOST_RULES)
		return val_error(list, "more than %d rules", MOST_RULES);
	for (VAL_EACH_ITEM(i, item, list))
		TRY(read_rule(config, item));
	return NULL;
}

err *sops_config_parse(struct view text, const char *path, struct sops_config **ret_config)
{
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(path, &absolute));
	struct sops_config *config = MEM_NEW(struct sops_config);
	arena_init(&config->arena);
	config->path = mem_strdup(path);
	config->folder = path_dir(absolute.ptr);
	err *e = read_rules(config, text);
	if (e) {
		sops_config_free(config);
		return e;
	}
	*ret_config = config;
	return NULL;
}

err *sops_config_load(const char *path, struct sops_config **ret_config)
{
	AUTO(str) text = STR_INIT;
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	return sops_config_parse(view_str(&text), path, ret_config);
}

void sops_config_free(struct sops_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->rules.len; i++)
		regex_free(config->rules.ptr[i].path);
	vec_clear(&config->rules);
	arena_clear(&config->arena);
	mem_free(config->path);
	mem_free(config->folder);
	mem_free(config);
}

err *sops_config_match(const struct sops_config *config, const char *file,
                       const struct sops_creation **ret_creation)
{
	AUTO(str) absolute = STR_INIT;
	*ret_creation = NULL;
	TRY(fs_absolute(file, &absolute));
	for (size_t i = 0; i < absolute.len; i++)
		if (path_drive_len(absolute.ptr) && absolute.ptr[i] == '\\')
			absolute.ptr[i] = '/';
	const char *relative = absolute.ptr;
	size_t len = strlen(config->folder);
	if (str_starts(relative, config->folder) && relative[len] == '/')
		relative += len + 1;
	else if (str_equal(config->folder, "/"))
		relative++;
	for (size_t i = 0; i < config->rules.len; i++) {
		bool matches = true;
		if (config->rules.ptr[i].path)
			TRY(regex_matches(config->rules.ptr[i].path, view_of(relative), &matches));
		if (matches) {
			*ret_creation = &config->rules.ptr[i].creation;
			return NULL;
		}
	}
	return NULL;
}
