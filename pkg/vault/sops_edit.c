/*
 * Changing one value, and changing who can read a document. The text is edited, read again, and its MAC
 * made anew from what was read: what is written always fits together.
 */
#include "base/base.h"

#include "crypto/aes_gcm.h"
#include "json/json.h"
#include "pal/random.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"
#include "yaml/yaml_edit.h"

/* Stands where a new value will be until the rules have said whether it is encrypted. */
#define PLACEHOLDER "fettle_new_value"

struct edit {
	const struct sops_doc *doc;
	const struct secret *key;
	const struct sops_change *change;
	struct arena arena;
	struct sops_steps steps;
};

static void edit_clear(struct edit *edit)
{
	arena_wipe(&edit->arena);
}

static bool is_tree_store(const struct sops_doc *doc)
{
	return doc->format == SOPS_YAML || doc->format == SOPS_JSON;
}

static err *take_patches(const struct sops_doc *doc, struct sops_patches *patches, struct str *out)
{
	struct plain_text text = PLAIN_TEXT_INIT;
	sops_patches_apply(patches, (struct view){ doc->text, doc->len }, &text);
	str_reset(out);
	str_add_str(out, &text.text);
	plain_text_clear(&text);
	sops_patches_clear(patches);
	return NULL;
}

/* --- a new entry --- */

static const char *const *step_keys(struct edit *edit, size_t from)
{
	const char **keys = arena_zalloc(&edit->arena, edit->steps.len - from + 1, sizeof(*keys));
	for (size_t i = from; i < edit->steps.len; i++)
		keys[i - from] = edit->steps.ptr[i].name.ptr;
	return keys;
}

static struct val *nested(struct edit *edit, size_t from)
{
	if (from == edit->steps.len)
		return val_new_str(&edit->arena, PLACEHOLDER);
	struct val *map = val_new_map(&edit->arena);
	const struct view name = edit->steps.ptr[from].name;
	val_setn(&edit->arena, map, name.ptr, name.len, nested(edit, from + 1));
	return map;
}

/* Before the metadata, so that it stays the last thing of the document. */
static void insert_at_root(struct edit *edit, const struct sops_part *part,
                           struct sops_patches *patches)
{
	const struct sops_doc *doc = edit->doc;
	AUTO(str) text = STR_INIT;
	size_t at = part->meta->key_start, line = at;
	const struct val *entry = nested(edit, 0);
	while (line > 0 && strchr(" \t", doc->text[line - 1]))
		line--;
	if (part->root->style == VAL_STYLE_FLOW) {
		const struct val_entry *first = val_entry_at(entry, 0);
		json_write_string(first->key, first->key_len, &text);
		str_addz(&text, ": ");
		json_write(first->value, JSON_ONE_LINE, &text);
		str_addch(&text, ',');
		bool is_own_line = line > 0 && doc->text[line - 1] == '\n';
		if (is_own_line)
			str_addch(&text, '\n');
		str_add(&text, is_own_line ? doc->text + line : " ", is_own_line ? at - line : 1);
	} else {
		AUTO(str) yaml = STR_INIT;
		yaml_write(entry, &yaml);
		struct view rest = view_str(&yaml), one;
		while (view_split(&rest, '\n', &one)) {
			if (one.len == 0)
				continue;
			str_add(&text, one.ptr, one.len);
			str_addch(&text, '\n');
			str_add(&text, doc->text + line, at - line);
		}
	}
	sops_patch_add(patches, at, at, view_str(&text));
}

static err *edit_tree(struct edit *edit, const struct yaml_change *change,
                      struct sops_patches *patches)
{
	const struct sops_doc *doc = edit->doc;
	struct yaml_docs docs = { NULL, 0 };
	struct yaml_edit result;
	bool is_json = doc->format == SOPS_JSON;
	err *e = yaml_load(doc->text, doc->len, doc->name, &edit->arena, &docs);
	if (e)
		return err_without_snippet(e);
	if (edit->change->document >= docs.len)
		return err_new(ERR_NOT_FOUND, "'%s' has %zu documents", doc->name, docs.len);
	TRY(yaml_edit(doc->text, doc->len, &docs.ptr[edit->change->document], is_json, change, 1,
	              &edit->arena, &result));
	sops_patch_add(patches, result.start, result.end, (struct view){ result.text, result.len });
	return NULL;
}

static err *insert_in_tree(struct edit *edit, const struct sops_part *part,
                           const struct sops_item *deepest, size_t found,
                           struct sops_patches *patches)
{
	AUTO(str) at = STR_INIT;
	const struct sops_step *next = &edit->steps.ptr[found];
	bool is_append =
		next->is_index && deepest->kind == SOPS_LIST && found + 1 == edit->steps.len;
	for (size_t i = found; i < edit->steps.len; i++)
		if (edit->steps.ptr[i].is_index && !is_append)
			return sops_path_missing(edit->doc, edit->change->path, deepest, next);
	if (!is_append && deepest->kind != SOPS_MAP)
		return sops_path_missing(edit->doc, edit->change->path, deepest, next);
	size_t len = 0;
	for (const struct sops_item *item = deepest->first; item; item = item->next)
		len += item->kind != SOPS_COMMENT;
	if (is_append && next->index != len)
		return err_hint(sops_path_missing(edit->doc, edit->change->path, deepest, next),
		                "the next free place of the list is [%zu]", len);
	if (deepest == part->root) {
		insert_at_root(edit, part, patches);
		return NULL;
	}
	sops_item_add_path(deepest, &at);
	const struct yaml_change change = {
		.kind = is_append ? YAML_APPEND : YAML_SET,
		.at = arena_strdup(&edit->arena, at.ptr),
		.keys = is_append ? NULL : step_keys(edit, found),
		.value = val_new_str(&edit->arena, PLACEHOLDER),
	};
	return edit_tree(edit, &change, patches);
}

static err *insert_flat(struct edit *edit, const struct sops_part *part,
                        const struct sops_item *deepest, size_t found, struct sops_patches *patches)
{
	const struct sops_doc *doc = edit->doc;
	bool is_ini = doc->format == SOPS_INI;
	AUTO(str) line = STR_INIT;
	size_t wanted = is_ini ? 2 : 1, at = doc->len;
	if (doc->format == SOPS_BINARY || edit->steps.len != wanted)
		return err_hint(err_new(ERR_INVALID, "'%s' is no place in %s document",
		                        edit->change->path,
		                        doc->format == SOPS_BINARY ? "a binary"
		                        : is_ini                   ? "an INI"
		                                                   : "a dotenv"),
		                doc->format == SOPS_BINARY ? "its only value is `data`"
		                : is_ini                   ? "write section.name"
		                                           : "write NAME");
	const struct view name = edit->steps.ptr[wanted - 1].name;
	for (size_t i = 0; i < name.len; i++)
		if (strchr("=:\n\r#;[]\"` ", name.ptr[i]))
			return err_new(ERR_INVALID, "'%s' cannot be a name here",
			               edit->change->path);
	for (const struct sops_item *m = part->meta; m; m = sops_item_next(part->meta, m))
		if (m->kind == SOPS_VALUE && m->start)
			at = MIN(at, (size_t)m->key_start);
	if (is_ini)
		at = found ? deepest->end : part->meta->start;
	if (is_ini && !found)
		str_addf(&line, "[%.*s]\n", (int)edit->steps.ptr[0].name.len,
		         edit->steps.ptr[0].name.ptr);
	/* Behind the last line of the section, not behind the blank ones that follow. */
	while (is_ini && found && at >= 2 && doc->text[at - 1] == '\n' && doc->text[at - 2] == '\n')
		at--;
	str_addf(&line, is_ini ? "%.*s = %s\n" : "%.*s=%s\n", (int)name.len, name.ptr, PLACEHOLDER);
	if (is_ini && !found)
		str_addch(&line, '\n');
	sops_patch_add(patches, at, at, view_str(&line));
	return NULL;
}

/* --- removal --- */

/*
 * Where the lines of an entry begin. In INI files the comment above belongs to it: left alone it would become
 * one with that of the next entry, and two ciphertexts in one comment open no more.
 */
static size_t entry_start(const struct sops_doc *doc, const struct sops_item *item)
{
	const struct sops_item *comment = item->next; /* above it in the text, behind it in the tree */
	size_t start = item->key_start;
	if (doc->format == SOPS_INI && comment && comment->kind == SOPS_COMMENT)
		start = MIN(start, (size_t)comment->start);
	while (start > 0 && doc->text[start - 1] != '\n')
		start--;
	return start;
}

static err *remove_item(struct edit *edit, const struct sops_item *item,
                        struct sops_patches *patches)
{
	const struct sops_doc *doc = edit->doc;
	if (doc->format == SOPS_BINARY)
		return err_new(ERR_INVALID, "a binary document has one value only");
	if (is_tree_store(doc)) {
		AUTO(str) at = STR_INIT;
		const struct sops_step *last = &edit->steps.ptr[edit->steps.len - 1];
		sops_item_add_path(item->parent, &at);
		const struct yaml_change change = {
			.kind = YAML_REMOVE,
			.at = arena_strdup(&edit->arena, at.ptr),
			.keys = last->is_index ? NULL : step_keys(edit, edit->steps.len - 1),
			.index = last->index,
		};
		return edit_tree(edit, &change, patches);
	}
	if (item->kind != SOPS_VALUE)
		return err_new(ERR_INVALID, "'%s' is a section; remove its values",
		               edit->change->path);
	const char *feed = memchr(doc->text + item->end, '\n', doc->len - item->end);
	sops_patch_add(patches, entry_start(doc, item),
	               feed ? (size_t)(feed - doc->text) + 1 : doc->len, (struct view){ "", 0 });
	return NULL;
}

/* --- one value --- */

static err *find_part(const struct sops_doc *doc, size_t document, struct sops_part **ret_part)
{
	if (document >= doc->parts.len)
		return err_new(ERR_NOT_FOUND, "'%s' has %zu documents", doc->name, doc->parts.len);
	*ret_part = &doc->parts.ptr[document];
	return NULL;
}

/* Put the value where it stands, or where the placeholder stands by now. */
static err *write_in_place(struct edit *edit, struct sops_doc *doc, struct str *ret_text)
{
	struct sops_part *part;
	AUTO(str) text = STR_INIT;
	AUTOPTR(aes_gcm) gcm = NULL;
	struct sops_patches patches = SOPS_PATCHES_INIT;
	size_t found;
	TRY(sops_walk(doc, &doc->meta->rules, NULL, NULL));
	TRY(find_part(doc, edit->change->document, &part));
	struct sops_item *item = sops_path_follow(part, &edit->steps, &found);
	if (found < edit->steps.len)
		return err_new(ERR_INTERNAL, "the new value is not where it was put");
	if (item->kind != SOPS_VALUE)
		return err_hint(err_new(ERR_INVALID, "'%s' is a %s, not a value",
		                        edit->change->path,
		                        item->kind == SOPS_MAP ? "map" : "list"),
		                "name a value in it, or remove it first");
	if (item->flags & SOPS_NO_BYTES)
		return err_new(ERR_UNSUPPORTED, "'%s' comes in through an alias",
		               edit->change->path);
	TRY(aes_gcm_new(edit->key->ptr, &gcm));
	TRY(sops_write_value(doc, item, gcm, NULL, edit->change->type, edit->change->plain, &text));
	/* `key:` or `-` without a value has no blank behind it. */
	if (item->start == item->end && item->start && strchr(":-?", doc->text[item->start - 1]) &&
	    doc->format == SOPS_YAML)
		sops_patch_add(&patches, item->start, item->start, view_of(" "));
	sops_patch_add(&patches, item->start, item->end, view_str(&text));
	if (item->drop_end > item->drop_start)
		sops_patch_add(&patches, item->drop_start, item->drop_end, (struct view){ "", 0 });
	return take_patches(doc, &patches, ret_text);
}

/* New MAC and date for a text whose values are right. */
static err *renew_mac(const struct sops_doc *doc, const struct secret *key, const char *now,
                      struct str *text)
{
	AUTOPTR(sops_doc) changed = NULL;
	AUTO(str) mac = STR_INIT;
	struct sops_patches patches = SOPS_PATCHES_INIT;
	TRY(sops_open(doc->format, view_str(text), doc->name, &changed));
	TRY(sops_unlock(changed, key, SOPS_IGNORE_MAC));
	TRY(sops_seal_mac(changed, key, now, &mac));
	sops_meta_touch(changed, now, mac.ptr, &patches);
	return take_patches(changed, &patches, text);
}

static err *make_room(struct edit *edit, const struct sops_part *part,
                      const struct sops_item *deepest, size_t found, struct str *ret_text)
{
	struct sops_patches patches = SOPS_PATCHES_INIT;
	err *e = is_tree_store(edit->doc) ? insert_in_tree(edit, part, deepest, found, &patches)
	                                  : insert_flat(edit, part, deepest, found, &patches);
	if (e) {
		sops_patches_clear(&patches);
		return e;
	}
	return take_patches(edit->doc, &patches, ret_text);
}

static err *set_value(struct edit *edit, const struct sops_part *part,
                      const struct sops_item *deepest, size_t found, struct str *ret_text)
{
	AUTOPTR(sops_doc) room = NULL;
	AUTO(str) text = STR_INIT;
	if (found < edit->steps.len)
		TRY(make_room(edit, part, deepest, found, &text));
	else
		str_add(&text, edit->doc->text, edit->doc->len);
	TRY(sops_open(edit->doc->format, view_str(&text), edit->doc->name, &room));
	return write_in_place(edit, room, ret_text);
}

static bool is_same(const struct sops_item *item, const struct sops_change *change)
{
	return item->kind == SOPS_VALUE && item->type == change->type &&
	       view_equal(item->plain, change->plain);
}

err *sops_change(const struct sops_doc *doc, const struct secret *key,
                 const struct sops_change *change, const char *now, bool *ret_is_changed,
                 struct str *ret_text)
{
	AUTO(edit) edit = { .doc = doc, .key = key, .change = change, .arena = ARENA_INIT };
	AUTO(str) text = STR_INIT;
	struct sops_part *part;
	size_t found;
	*ret_is_changed = false;
	TRY(sops_path_parse(&edit.arena, change->path, &edit.steps));
	TRY(find_part(doc, change->document, &part));
	struct sops_item *item = sops_path_follow(part, &edit.steps, &found);
	bool is_there = found == edit.steps.len;
	if (!change->plain.ptr) {
		struct sops_patches patches = SOPS_PATCHES_INIT;
		if (!is_there)
			return sops_path_missing(doc, change->path, item, &edit.steps.ptr[found]);
		err *e = remove_item(&edit, item, &patches);
		if (e) {
			sops_patches_clear(&patches);
			return e;
		}
		TRY(take_patches(doc, &patches, &text));
	} else if (is_there && is_same(item, change)) {
		return NULL;
	} else {
		TRY(set_value(&edit, part, item, found, &text));
	}
	TRY(renew_mac(doc, key, now, &text));
	*ret_is_changed = true;
	str_add_str(ret_text, &text);
	return NULL;
}

/* --- other recipients --- */

static err *other_keys_stay(const struct sops_recipients *recipients)
{
	for (size_t g = 0; g < recipients->group_count; g++)
		for (size_t i = 0; i < recipients->groups[g].len; i++) {
			const struct sops_key *key = &recipients->groups[g].keys[i];
			if (key->type != SOPS_KEY_AGE && key->type != SOPS_KEY_HC_VAULT)
				return err_new(
					ERR_UNSUPPORTED,
					"cannot make a new data key: fettle cannot wrap it for "
					"the %s key '%s'",
					sops_key_type_name(key->type), key->id);
		}
	return NULL;
}

static err *reseal(struct sops_doc *copy, const struct secret *key, const char *now,
                   struct sops_meta_new *meta, struct str *mac, struct sops_patches *patches)
{
	TRY(sops_seal_all(copy, &copy->meta->rules, key, NULL, patches));
	TRY(sops_seal_mac(copy, key, now, mac));
	meta->mac = mac->ptr;
	meta->last_modified = now;
	return NULL;
}

err *sops_rekey(const struct sops_doc *doc, const struct secret *key,
                const struct sops_recipients *recipients, const struct sops_keyring *keyring,
                bool new_key, const char *now, struct str *ret_text)
{
	AUTOPTR(sops_doc) copy = NULL;
	AUTO(secret) fresh = SECRET_INIT;
	AUTO(str) mac = STR_INIT;
	struct sops_patches patches = SOPS_PATCHES_INIT;
	struct sops_meta_new meta = { 0 };
	if (new_key)
		TRY(other_keys_stay(recipients));
	TRY(sops_open(doc->format, (struct view){ doc->text, doc->len }, doc->name, &copy));
	TRY(sops_unlock(copy, key, 0));
	TRY(secret_init(&fresh, SOPS_DATA_KEY_BYTES));
	random_bytes(fresh.ptr, fresh.len);
	TRY(sops_wrap_key(&copy->arena, recipients, keyring, new_key ? &fresh : key, copy->meta,
	                  !new_key, &meta));
	meta.rules = &copy->meta->rules;
	meta.last_modified = copy->meta->last_modified;
	meta.version = copy->meta->version;
	str_add(&mac, copy->meta->mac.ptr, copy->meta->mac.len);
	meta.mac = mac.ptr;
	err *e = NULL;
	if (new_key) {
		str_reset(&mac);
		e = reseal(copy, &fresh, now, &meta, &mac, &patches);
	}
	if (!e)
		e = sops_meta_write(copy, &meta, &patches);
	if (e) {
		sops_patches_clear(&patches);
		return e;
	}
	return take_patches(copy, &patches, ret_text);
}
