/* From key groups to the data key and back. */
#include "base/base.h"

#include "crypto/aes_gcm.h"
#include "vault/sops_shamir.h"
#include "vault/sops_tree.h"

const struct sops_key *sops_find_key(const struct sops_key_group *groups, size_t count,
                                     const struct sops_key *key)
{
	for (size_t g = 0; g < count; g++)
		for (size_t i = 0; i < groups[g].len; i++)
			if (groups[g].keys[i].type == key->type &&
			    str_equal(groups[g].keys[i].id, key->id))
				return &groups[g].keys[i];
	return NULL;
}

/* --- opening --- */

/* One key of a group; *ret_is_open says whether it gave the data key (or share). */
static err *open_key(const struct sops_key *key, const struct sops_keyring *keyring,
                     struct secret *ret_part, bool *ret_is_open)
{
	err *e = NULL;
	if (key->wrapped.len == 0)
		return NULL;
	if (key->type == SOPS_KEY_AGE)
		e = keyring->unwrap(keyring->data, key->id, key->wrapped, ret_part);
	else if (key->type == SOPS_KEY_HC_VAULT && keyring->unwrap_transit)
		e = keyring->unwrap_transit(keyring->data, &key->transit, key->wrapped, ret_part);
	else
		return NULL;
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "a recipient that is somebody else");
		return NULL;
	}
	*ret_is_open = e == NULL;
	return e;
}

/* Own keys first: the others would cost a try each. A failing one is told only if none opens. */
static err *open_group(const struct sops_key_group *group, const struct sops_keyring *keyring,
                       struct secret *ret_part, bool *ret_is_open)
{
	err *all = NULL;
	for (int round = keyring->owns ? 0 : 1; round < 2; round++)
		for (size_t i = 0; i < group->len && !*ret_is_open; i++) {
			const struct sops_key *key = &group->keys[i];
			bool is_own = keyring->owns && key->type == SOPS_KEY_AGE &&
			              keyring->owns(keyring->data, key->id);
			if (keyring->owns && is_own != (round == 0))
				continue;
			all = err_join(all, open_key(key, keyring, ret_part, ret_is_open));
		}
	if (!*ret_is_open)
		return all;
	err_ignore(all, "another key opened it");
	return NULL;
}

static void add_recipients(const struct sops_meta *meta, struct str *out)
{
	size_t named = 0;
	for (size_t g = 0; g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++) {
			const struct sops_key *key = &meta->groups[g].keys[i];
			if (named++ == 8) {
				str_addz(out, ", …");
				return;
			}
			str_addz(out, named > 1 ? ", " : "");
			if (key->type != SOPS_KEY_AGE)
				str_addf(out, "%s ", sops_key_type_name(key->type));
			str_addf(out, "%.*s%s", (int)MIN(strlen(key->id), (size_t)70), key->id,
			         strlen(key->id) > 70 ? "…" : "");
		}
}

static bool has_type(const struct sops_meta *meta, enum sops_key_type type)
{
	for (size_t g = 0; g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++)
			if (meta->groups[g].keys[i].type == type)
				return true;
	return false;
}

static err *cannot_open(const struct sops_doc *doc, size_t opened, size_t needed, err *take_cause)
{
	AUTO(str) names = STR_INIT;
	add_recipients(doc->meta, &names);
	err *e = take_cause;
	if (e)
		e = err_wrap(e, "cannot open '%s'", doc->name);
	else if (needed > 1)
		e = err_new(ERR_AUTH,
		            "cannot open '%s': the keys here open %zu of the %zu key "
		            "groups it takes",
		            doc->name, opened, needed);
	else
		e = err_new(ERR_AUTH, "cannot open '%s': no key here is meant by it", doc->name);
	return err_hint(err_hint(err_as(e, ERR_AUTH), "it is encrypted for %s", names.ptr),
	                "keys come from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, "
	                "the user's sops/age/keys.txt, and ssh keys%s",
	                has_type(doc->meta, SOPS_KEY_HC_VAULT)
	                        ? "; VAULT_ADDR and VAULT_TOKEN say whom to ask for transit keys"
	                        : "");
}

err *sops_data_key(const struct sops_doc *doc, const struct sops_keyring *keyring,
                   struct secret *ret_key)
{
	const struct sops_meta *meta = doc->meta;
	if (!meta)
		return err_new(ERR_INVALID, "'%s' is not encrypted", doc->name);
	size_t needed = meta->group_count == 1 ? 1
	                : meta->threshold      ? MIN(meta->threshold, meta->group_count)
	                                       : meta->group_count;
	struct secret *shares = mem_zalloc(meta->group_count, sizeof(*shares));
	size_t opened = 0;
	err *cause = NULL, *e = NULL;
	for (size_t i = 0; i < meta->group_count && opened < needed; i++) {
		bool is_open = false;
		cause = err_join(cause,
		                 open_group(&meta->groups[i], keyring, &shares[opened], &is_open));
		opened += is_open;
	}
	if (opened < needed) {
		e = cannot_open(doc, opened, needed, cause);
	} else {
		err_ignore(cause, "enough other groups are open");
		if (meta->group_count == 1)
			e = secret_copy(ret_key, shares[0].ptr, shares[0].len);
		else
			e = shamir_combine(shares, opened, ret_key);
	}
	if (!e && ret_key->len != SOPS_DATA_KEY_BYTES)
		e = err_new(ERR_CORRUPT, "the data key of '%s' has %zu bytes instead of %d",
		            doc->name, ret_key->len, SOPS_DATA_KEY_BYTES);
	for (size_t i = 0; i < meta->group_count; i++)
		secret_clear(&shares[i]);
	mem_free(shares);
	return e;
}

/* --- wrapping --- */

static err *wrap_one(struct arena *a, const struct sops_keyring *keyring, const struct secret *part,
                     const struct sops_meta *before, struct sops_key *key)
{
	AUTO(str) wrapped = STR_INIT;
	const struct sops_key *known =
		before ? sops_find_key(before->groups, before->group_count, key) : NULL;
	if (known && known->wrapped.len) {
		key->wrapped = known->wrapped;
		key->item = known->item;
		return NULL;
	}
	bool is_transit = key->type == SOPS_KEY_HC_VAULT && keyring->wrap_transit;
	if (key->type != SOPS_KEY_AGE && !is_transit)
		return err_hint(
			err_new(ERR_UNSUPPORTED, "cannot encrypt for the %s key '%s'",
		                sops_key_type_name(key->type), key->id),
			"fettle wraps data keys for age recipients and Vault's transit engine; add the "
			"others with sops");
	if (is_transit)
		TRY(keyring->wrap_transit(keyring->data, &key->transit, part, &wrapped));
	else
		TRY(keyring->wrap(keyring->data, key->id, part, &wrapped));
	key->wrapped = (struct view){ arena_strndup(a, wrapped.ptr, wrapped.len), wrapped.len };
	return NULL;
}

static err *wrap_groups(struct arena *a, const struct sops_recipients *recipients,
                        const struct sops_keyring *keyring, const struct secret *parts,
                        bool is_shared, const struct sops_meta *before,
                        struct sops_key_group *groups)
{
	for (size_t g = 0; g < recipients->group_count; g++) {
		const struct sops_key_group *from = &recipients->groups[g];
		if (from->len == 0)
			return err_new(ERR_INVALID, "a key group without recipients");
		groups[g].len = from->len;
		groups[g].keys = arena_zalloc(a, from->len, sizeof(*groups[g].keys));
		for (size_t i = 0; i < from->len; i++) {
			struct sops_key *key = &groups[g].keys[i];
			key->type = from->keys[i].type;
			key->id = arena_strdup(a, from->keys[i].id);
			key->transit = from->keys[i].transit; /* lives as long as the recipients */
			TRY(wrap_one(a, keyring, &parts[is_shared ? g : 0], before, key));
		}
	}
	return NULL;
}

err *sops_wrap_key(struct arena *a, const struct sops_recipients *recipients,
                   const struct sops_keyring *keyring, const struct secret *key,
                   const struct sops_meta *before, bool keep_before, struct sops_meta_new *ret_meta)
{
	size_t count = recipients->group_count;
	bool is_shared = count > 1;
	size_t threshold = recipients->threshold ? recipients->threshold : count;
	if (count == 0)
		return err_new(ERR_INVALID, "nobody to encrypt for");
	struct sops_key_group *groups = arena_zalloc(a, count, sizeof(*groups));
	struct secret *shares = mem_zalloc(count, sizeof(*shares));
	err *e = is_shared ? shamir_split(key, count, threshold, shares) : NULL;
	/* Shares are new with every split, so what was wrapped before is of no use. */
	const struct sops_meta *reusable =
		keep_before && !is_shared && before && before->group_count == 1 ? before : NULL;
	if (!e)
		e = wrap_groups(a, recipients, keyring, is_shared ? shares : key, is_shared,
		                reusable, groups);
	for (size_t i = 0; i < count; i++)
		secret_clear(&shares[i]);
	mem_free(shares);
	TRY(e);
	ret_meta->groups = groups;
	ret_meta->group_count = count;
	ret_meta->threshold = is_shared ? (unsigned)threshold : 0;
	return NULL;
}
