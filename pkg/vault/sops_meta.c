/* Metadata of documents of every sops since 3.7, read liberally. */
#include "base/base.h"

#include "base/num.h"
#include "vault/sops_tree.h"

enum { MOST_KEYS = 10000, MOST_GROUPS = 255 };

static const struct {
	enum sops_key_type type;
	const char *name;
	const char *id[3]; /* fields the name of the key is made of */
} key_types[] = {
	{ SOPS_KEY_AGE, "age", { "recipient", NULL, NULL } },
	{ SOPS_KEY_PGP, "pgp", { "fp", NULL, NULL } },
	{ SOPS_KEY_KMS, "kms", { "arn", NULL, NULL } },
	{ SOPS_KEY_GCP_KMS, "gcp_kms", { "resource_id", NULL, NULL } },
	{ SOPS_KEY_HCKMS, "hckms", { "key_id", NULL, NULL } },
	{ SOPS_KEY_AZURE_KV, "azure_kv", { "vault_url", "name", "version" } },
	{ SOPS_KEY_HC_VAULT, "hc_vault", { NULL, NULL, NULL } }, /* transit_id */
};

const char *sops_key_type_name(enum sops_key_type type)
{
	return key_types[type].name;
}

const char *sops_transit_id(struct arena *a, const struct sops_transit *key)
{
	return arena_printf(a, "%s/v1/%s/keys/%s", key->address, key->engine, key->name);
}

static struct view text_of(const struct sops_item *map, const char *key)
{
	const struct sops_item *item = sops_item_child(map, key);
	return item && item->kind == SOPS_VALUE ? item->text : (struct view){ "", 0 };
}

/* NULL when it is missing or empty. */
static const char *string_of(struct sops_doc *doc, const struct sops_item *map, const char *key)
{
	struct view text = text_of(map, key);
	return text.len ? arena_strndup(&doc->arena, text.ptr, text.len) : NULL;
}

/* As .sops.yaml writes it. */
static const char *transit_id(struct sops_doc *doc, const struct sops_item *map,
                              struct sops_transit *transit)
{
	const char *address = string_of(doc, map, "vault_address");
	const char *engine = string_of(doc, map, "engine_path");
	const char *name = string_of(doc, map, "key_name");
	*transit = (struct sops_transit){ address ? address : "", engine ? engine : "",
		                          name ? name : "" };
	return sops_transit_id(&doc->arena, transit);
}

static const char *id_of(struct sops_doc *doc, const struct sops_item *map, size_t type)
{
	AUTO(str) id = STR_INIT;
	for (size_t i = 0; i < 3 && key_types[type].id[i]; i++) {
		struct view part = text_of(map, key_types[type].id[i]);
		str_addz(&id, i && part.len ? "/" : "");
		str_add(&id, part.ptr, part.len);
	}
	return arena_strdup(&doc->arena, id.ptr);
}

static size_t count_keys(const struct sops_item *map)
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(key_types); i++) {
		const struct sops_item *list = sops_item_child(map, key_types[i].name);
		for (const struct sops_item *at = list ? list->first : NULL; at; at = at->next)
			n += at->kind == SOPS_MAP;
	}
	return n;
}

static err *read_group(struct sops_doc *doc, const struct sops_item *map,
                       struct sops_key_group *group)
{
	size_t count = count_keys(map);
	if (count > MOST_KEYS)
		return err_as(sops_item_error(doc, map, "more than %d recipients", MOST_KEYS),
		              ERR_LIMIT);
	group->keys = arena_zalloc(&doc->arena, count + 1, sizeof(*group->keys));
	group->len = 0;
	for (size_t i = 0; i < ARRAY_LEN(key_types); i++) {
		const struct sops_item *list = sops_item_child(map, key_types[i].name);
		for (const struct sops_item *at = list ? list->first : NULL; at; at = at->next) {
			if (at->kind != SOPS_MAP)
				continue;
			struct sops_key *key = &group->keys[group->len++];
			key->type = key_types[i].type;
			key->id = key->type == SOPS_KEY_HC_VAULT ? transit_id(doc, at, &key->transit)
			                                         : id_of(doc, at, i);
			key->wrapped = text_of(at, "enc");
			key->item = at;
		}
	}
	return NULL;
}

static err *read_groups(struct sops_doc *doc, const struct sops_item *map, struct sops_meta *meta)
{
	const struct sops_item *list = sops_item_child(map, "key_groups");
	size_t count = 0;
	if (count_keys(map) > 0 || !list) {
		meta->group_count = 1;
		meta->groups = ARENA_NEW(&doc->arena, struct sops_key_group);
		TRY(read_group(doc, map, meta->groups));
		return meta->groups->len ? NULL
		                         : sops_item_error(doc, map,
		                                           "the SOPS metadata names "
		                                           "nobody who can open the file");
	}
	for (const struct sops_item *at = list->first; at; at = at->next)
		count += at->kind == SOPS_MAP;
	if (count == 0 || count > MOST_GROUPS)
		return sops_item_error(doc, list, "%zu key groups; 1 to %d are possible", count,
		                       MOST_GROUPS);
	meta->groups = arena_zalloc(&doc->arena, count, sizeof(*meta->groups));
	for (const struct sops_item *at = list->first; at; at = at->next)
		if (at->kind == SOPS_MAP)
			TRY(read_group(doc, at, &meta->groups[meta->group_count++]));
	return NULL;
}

static bool is_yes(struct view text)
{
	return view_is(text, "True") || view_is(text, "true") || view_is(text, "1");
}

static err *read_rules(struct sops_doc *doc, const struct sops_item *map, struct sops_rules *rules)
{
	const struct {
		const char *key;
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
		*table[i].value = string_of(doc, map, table[i].key);
		given += *table[i].value != NULL;
	}
	if (given > 1)
		return sops_item_error(doc, map,
		                       "the SOPS metadata has %zu rules about what is "
		                       "encrypted; one is possible",
		                       given);
	if (given == 0)
		rules->unencrypted_suffix = "_unencrypted";
	rules->mac_only_encrypted = is_yes(text_of(map, "mac_only_encrypted"));
	return NULL;
}

err *sops_meta_read(struct sops_doc *doc)
{
	const struct sops_item *map = doc->parts.len ? doc->parts.ptr[0].meta : NULL;
	if (!map)
		return NULL;
	if (map->kind != SOPS_MAP)
		return sops_item_error(doc, map, "`sops` is not a map of SOPS metadata");
	struct sops_meta *meta = ARENA_NEW(&doc->arena, struct sops_meta);
	uint64_t threshold = 0;
	struct view text = text_of(map, "shamir_threshold");
	if (text.len && (!num_parse_u64(text.ptr, text.len, 10, &threshold) || threshold > 255))
		return sops_item_error(doc, map, "`shamir_threshold` is no number up to 255");
	meta->threshold = (unsigned)threshold;
	meta->last_modified = string_of(doc, map, "lastmodified");
	meta->version = string_of(doc, map, "version");
	meta->mac = text_of(map, "mac");
	if (!meta->last_modified)
		return sops_item_error(doc, map, "the SOPS metadata has no `lastmodified`");
	TRY(read_groups(doc, map, meta));
	TRY(read_rules(doc, map, &meta->rules));
	doc->meta = meta;
	return NULL;
}
