#include "base/base.h"

#include "vault_names.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/fs.h"
#include "vault/sops_config.h"
#include "yaml/yaml.h"
#include "yaml/yaml_edit.h"

err *vault_policy_load(struct vault_policy *policy)
{
	AUTO(str) path = STR_INIT;
	TRY(sops_config_find(SOPS_CONFIG_NAME, &path));
	AUTOFREE char *folder = path_dir(path.ptr);
	policy->config_path = mem_strdup(path.ptr);
	policy->names_path = path_join(folder, VAULT_NAMES_FILE);
	TRY(fs_read_file(policy->config_path, LIMIT_SETTINGS_BYTES, &policy->config));
	if (fs_exists(policy->names_path))
		TRY(fs_read_file(policy->names_path, LIMIT_SETTINGS_BYTES, &policy->names));
	return NULL;
}

void vault_policy_clear(struct vault_policy *policy)
{
	arena_clear(&policy->arena);
	mem_free(policy->config_path);
	mem_free(policy->names_path);
	str_clear(&policy->config);
	str_clear(&policy->names);
}

err *vault_policy_write(void *data)
{
	const struct vault_policy *policy = data;
	return fs_write_atomic(policy->config_path, view_str(&policy->config), 0644);
}

err *vault_policy_write_names(const struct vault_policy *policy)
{
	return policy->names.len
	               ? fs_write_atomic(policy->names_path, view_str(&policy->names), 0644)
	               : NULL;
}

/* --- names --- */

static err *read_names(struct vault_policy *policy, struct yaml_docs *docs)
{
	*docs = (struct yaml_docs){ NULL, 0 };
	TRY(yaml_load(policy->names.ptr, policy->names.len, policy->names_path, &policy->arena,
	              docs));
	if (docs->len && !val_is(docs->ptr[0].root, VAL_MAP))
		return val_error(docs->ptr[0].root, "expected `name: recipient` lines, found %s",
		                 val_kind_text(docs->ptr[0].root));
	return NULL;
}

static bool is_recipient(const char *text)
{
	return str_starts(text, "age1") || str_starts(text, "ssh-");
}

err *vault_policy_resolve(struct vault_policy *policy, const char *who, const char **ret_recipient)
{
	struct yaml_docs docs;
	TRY(read_names(policy, &docs));
	const struct val *found = docs.len ? val_get(docs.ptr[0].root, who) : NULL;
	if (found)
		return val_str(found, ret_recipient);
	if (!is_recipient(who))
		return err_hint(
			err_new(ERR_NOT_FOUND, "'%s' is neither a name nor a recipient", who),
			"'fettle vault recipients list' shows the names of %s", VAULT_NAMES_FILE);
	*ret_recipient = who;
	return NULL;
}

const char *vault_policy_name(struct vault_policy *policy, const char *recipient)
{
	struct yaml_docs docs;
	const struct val_entry *entry;
	err *e = read_names(policy, &docs);
	if (e) {
		err_ignore(e, "names are only for people");
		return NULL;
	}
	if (docs.len)
		for (VAL_EACH_ENTRY(i, entry, docs.ptr[0].root))
			if (val_is(entry->value, VAL_STR) &&
			    str_equal(entry->value->as.str.ptr, recipient))
				return entry->key;
	return NULL;
}

/* --- edits --- */

static err *edit(struct vault_policy *policy, struct str *text, const char *name,
                 const struct yaml_change *change)
{
	struct yaml_docs docs;
	struct yaml_edit result;
	AUTO(str) changed = STR_INIT;
	TRY(yaml_load(text->ptr, text->len, name, &policy->arena, &docs));
	if (docs.len != 1)
		return err_new(ERR_INVALID, "'%s' must be one YAML document", name);
	err *e = yaml_edit(text->ptr, text->len, &docs.ptr[0], false, change, 1, &policy->arena,
	                   &result);
	if (e)
		return err_hint(err_wrap(e, "cannot edit '%s'", name),
		                "edit it by hand, then run 'fettle vault recipients sync'");
	str_add(&changed, text->ptr, result.start);
	str_add(&changed, result.text, result.len);
	str_add(&changed, text->ptr + result.end, text->len - result.end);
	str_reset(text);
	str_add_str(text, &changed);
	return NULL;
}

err *vault_policy_set_name(struct vault_policy *policy, const char *name, const char *recipient)
{
	if (recipient && policy->names.len == 0) {
		str_addf(&policy->names, "# Who is who among the recipients of %s.\n%s: %s\n",
		         SOPS_CONFIG_NAME, name, recipient);
		return NULL;
	}
	const char *const keys[] = { name, NULL };
	const struct yaml_change change = {
		.kind = recipient ? YAML_SET : YAML_REMOVE,
		.at = "",
		.keys = keys,
		.value = recipient ? val_new_str(&policy->arena, recipient) : NULL,
	};
	return edit(policy, &policy->names, policy->names_path, &change);
}

static err *load_rules(struct vault_policy *policy, const struct val **ret_rules)
{
	struct val *root;
	TRY(yaml_load_one(policy->config.ptr, policy->config.len, policy->config_path,
	                  &policy->arena, &root));
	*ret_rules = val_get(root, "creation_rules");
	if (val_len(*ret_rules) == 0)
		return err_new(ERR_INVALID, "'%s' has no creation_rules", policy->config_path);
	return NULL;
}

/* "a, b" without `recipient`, with it at the end when it is to be added. */
static const char *change_text(struct vault_policy *policy, const char *text, const char *recipient,
                               bool is_added, bool *ret_had_it)
{
	AUTO(str) out = STR_INIT;
	struct view rest = view_of(text), part;
	*ret_had_it = false;
	while (view_split(&rest, ',', &part)) {
		while (part.len && strchr(" \n\t", part.ptr[0]))
			part = (struct view){ part.ptr + 1, part.len - 1 };
		while (part.len && strchr(" \n\t", part.ptr[part.len - 1]))
			part.len--;
		bool is_it = view_is(part, recipient);
		*ret_had_it |= is_it;
		if (part.len == 0 || (is_it && !is_added))
			continue;
		str_addz(&out, out.len ? "," : "");
		str_add(&out, part.ptr, part.len);
	}
	if (is_added && !*ret_had_it)
		str_addf(&out, "%s%s", out.len ? "," : "", recipient);
	return arena_strdup(&policy->arena, out.ptr);
}

static size_t find_in(const struct val *list, const char *recipient)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (val_is(item, VAL_STR) && str_equal(item->as.str.ptr, recipient))
			return i;
	return SIZE_MAX;
}

/* One rule, or group of one; *ret_is_changed says whether the text was edited. */
static err *change_age(struct vault_policy *policy, const char *at, const struct val *age,
                       const char *recipient, bool is_added, bool *ret_is_changed)
{
	const char *path = arena_printf(&policy->arena, "%s.age", at);
	struct yaml_change change = { .at = path };
	bool had_it;
	if (val_is(age, VAL_LIST)) {
		size_t index = find_in(age, recipient);
		if ((index != SIZE_MAX) == is_added)
			return NULL;
		if (!is_added && val_len(age) == 1)
			return err_new(ERR_REFUSED, "'%s' would be left without recipients", path);
		change.kind = is_added ? YAML_APPEND : YAML_REMOVE;
		change.value = is_added ? val_new_str(&policy->arena, recipient) : NULL;
		change.index = is_added ? 0 : index;
	} else if (val_is(age, VAL_STR)) {
		const char *text =
			change_text(policy, age->as.str.ptr, recipient, is_added, &had_it);
		if (had_it == is_added)
			return NULL;
		if (!*text)
			return err_new(ERR_REFUSED, "'%s' would be left without recipients", path);
		static const char *const keys[] = { "age", NULL };
		change.kind = YAML_SET;
		change.at = at;
		change.keys = keys;
		change.value = val_new_str(&policy->arena, text);
	} else {
		return NULL;
	}
	*ret_is_changed = true;
	return edit(policy, &policy->config, policy->config_path, &change);
}

/* Edits move what stands behind them, so the text is read again for each. */
static err *change_rules(struct vault_policy *policy, const char *recipient, bool is_added,
                         size_t *ret_changes)
{
	const struct val *rules;
	TRY(load_rules(policy, &rules));
	size_t count = val_len(rules);
	for (size_t i = 0; i < count; i++) {
		TRY(load_rules(policy, &rules));
		const struct val *rule = val_at(rules, i), *groups = val_get(rule, "key_groups");
		const char *at = arena_printf(&policy->arena, "creation_rules[%zu]", i);
		bool is_changed = false;
		if (val_len(groups) == 0)
			TRY(change_age(policy, at, val_get(rule, "age"), recipient, is_added,
			               &is_changed));
		*ret_changes += is_changed;
		size_t group_count = is_added ? 0 : val_len(groups);
		for (size_t g = 0; g < group_count; g++) {
			TRY(load_rules(policy, &rules));
			groups = val_get(val_at(rules, i), "key_groups");
			const char *in = arena_printf(&policy->arena, "%s.key_groups[%zu]", at, g);
			is_changed = false;
			TRY(change_age(policy, in, val_get(val_at(groups, g), "age"), recipient,
			               false, &is_changed));
			*ret_changes += is_changed;
		}
	}
	return NULL;
}

err *vault_policy_add(struct vault_policy *policy, const char *recipient)
{
	size_t changes = 0;
	TRY(change_rules(policy, recipient, true, &changes));
	return changes ? NULL
	               : err_hint(
				 err_new(ERR_REFUSED, "no rule of '%s' takes '%.60s' in",
	                                 policy->config_path, recipient),
				 "it is there already, or the rules have key groups: choose one by "
				 "hand, then run 'fettle vault recipients sync'");
}

err *vault_policy_remove(struct vault_policy *policy, const char *recipient)
{
	size_t changes = 0;
	TRY(change_rules(policy, recipient, false, &changes));
	return changes ? NULL
	               : err_new(ERR_NOT_FOUND, "'%.60s' is in no rule of '%s'", recipient,
	                         policy->config_path);
}
