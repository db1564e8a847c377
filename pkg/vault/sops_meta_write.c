/* Metadata into the text of a document: the whole map, or the two fields every edit changes. */
#include "base/base.h"

#include "json/json.h"
#include "val/val.h"
#include "vault/sops_tree.h"
#include "yaml/yaml.h"

/* --- the map --- */

/* A list or map of the document as a value, with nothing lost that we do not know. */
static struct val *item_val(struct arena *a, const struct sops_item *item)
{
	if (item->kind == SOPS_VALUE) {
		if (item->type == SOPS_NULL)
			return val_new_null(a);
		if (item->type == SOPS_BOOL)
			return val_new_bool(a, view_is(item->text, "True"));
		return val_new_strn(a, item->text.ptr, item->text.len);
	}
	struct val *v = item->kind == SOPS_LIST ? val_new_list(a) : val_new_map(a);
	for (const struct sops_item *at = item->first; at; at = at->next) {
		if (at->kind == SOPS_COMMENT)
			continue;
		if (item->kind == SOPS_LIST)
			val_push(a, v, item_val(a, at));
		else
			val_setn(a, v, at->key.ptr, at->key.len, item_val(a, at));
	}
	return v;
}

static struct val *key_val(struct arena *a, const struct sops_key *key, const char *now)
{
	if (key->type != SOPS_KEY_AGE && key->item)
		return item_val(a, key->item);
	struct val *v = val_new_map(a);
	bool is_transit = key->type == SOPS_KEY_HC_VAULT;
	if (is_transit)
		val_set_str(a, v, "created_at", now);
	val_set(a, v, "enc", val_new_strn(a, key->wrapped.ptr, key->wrapped.len));
	if (is_transit) {
		val_set_str(a, v, "engine_path", key->transit.engine);
		val_set_str(a, v, "key_name", key->transit.name);
		val_set_str(a, v, "vault_address", key->transit.address);
		return v;
	}
	val_set_str(a, v, "recipient", key->id);
	return v;
}

static struct val *keys_val(struct arena *a, const struct sops_key_group *group,
                            enum sops_key_type type, const char *now)
{
	struct val *list = val_new_list(a);
	for (size_t i = 0; i < group->len; i++)
		if (group->keys[i].type == type)
			val_push(a, list, key_val(a, &group->keys[i], now));
	return val_len(list) ? list : NULL;
}

/* The keys of a group into `map`, those whose names lie between `from` and `to`. */
static void set_keys(struct arena *a, struct val *map, const struct sops_key_group *group,
                     const char *now, const char *from, const char *to)
{
	static const enum sops_key_type sorted[] = {
		SOPS_KEY_AGE,   SOPS_KEY_AZURE_KV, SOPS_KEY_GCP_KMS, SOPS_KEY_HC_VAULT,
		SOPS_KEY_HCKMS, SOPS_KEY_KMS,      SOPS_KEY_PGP,
	};
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		const char *name = sops_key_type_name(sorted[i]);
		struct val *list = keys_val(a, group, sorted[i], now);
		if (list && strcmp(name, from) > 0 && strcmp(name, to) < 0)
			val_set(a, map, name, list);
	}
}

static void set_groups(struct arena *a, struct val *map, const struct sops_meta_new *meta)
{
	struct val *groups = val_new_list(a);
	for (size_t i = 0; i < meta->group_count; i++) {
		struct val *group = val_new_map(a);
		set_keys(a, group, &meta->groups[i], meta->last_modified, "", "~");
		/* sops wants both lists, however empty. */
		if (!val_get(group, "age"))
			val_set(a, group, "age", val_new_list(a));
		if (!val_get(group, "hc_vault"))
			val_set(a, group, "hc_vault", val_new_list(a));
		val_push(a, groups, group);
	}
	val_set(a, map, "key_groups", groups);
}

/* In the order of sops: by name. */
static struct val *meta_val(struct arena *a, const struct sops_meta_new *meta, bool is_flat)
{
	const struct sops_rules *rules = meta->rules;
	struct val *map = val_new_map(a);
	bool is_one = meta->group_count == 1;
	if (is_one)
		set_keys(a, map, &meta->groups[0], meta->last_modified, "", "b");
	val_set_str(a, map, "encrypted_comment_regex", rules->encrypted_comment_regex);
	val_set_str(a, map, "encrypted_regex", rules->encrypted_regex);
	val_set_str(a, map, "encrypted_suffix", rules->encrypted_suffix);
	if (is_one)
		set_keys(a, map, &meta->groups[0], meta->last_modified, "f", "i");
	else
		set_groups(a, map, meta);
	if (is_one)
		set_keys(a, map, &meta->groups[0], meta->last_modified, "k", "l");
	val_set_str(a, map, "lastmodified", meta->last_modified);
	val_set_str(a, map, "mac", meta->mac);
	if (rules->mac_only_encrypted)
		val_set(a, map, "mac_only_encrypted", val_new_bool(a, true));
	if (is_one)
		set_keys(a, map, &meta->groups[0], meta->last_modified, "o", "q");
	if (meta->threshold && is_flat)
		val_set_str(a, map, "shamir_threshold", arena_printf(a, "%u", meta->threshold));
	else if (meta->threshold)
		val_set(a, map, "shamir_threshold", val_new_int(a, meta->threshold));
	val_set_str(a, map, "unencrypted_comment_regex", rules->unencrypted_comment_regex);
	val_set_str(a, map, "unencrypted_regex", rules->unencrypted_regex);
	val_set_str(a, map, "unencrypted_suffix", rules->unencrypted_suffix);
	val_set_str(a, map, "version", meta->version ? meta->version : SOPS_VERSION);
	return map;
}

/* --- JSON --- */

/* As sops writes it: `"key": value`, one level of `unit` each; NULL: on one line. */
static void add_json(const struct val *v, const char *unit, size_t depth, struct str *out)
{
	bool is_map = val_is(v, VAL_MAP);
	if (!is_map && !val_is(v, VAL_LIST)) {
		json_write(v, JSON_ONE_LINE, out);
		return;
	}
	size_t len = val_len(v);
	str_addch(out, is_map ? '{' : '[');
	for (size_t i = 0; i < len; i++) {
		str_addz(out, i ? "," : "");
		str_addz(out, unit ? "\n" : i ? " " : "");
		for (size_t d = 0; unit && d <= depth; d++)
			str_addz(out, unit);
		if (is_map) {
			const struct val_entry *entry = val_entry_at(v, i);
			json_write_string(entry->key, entry->key_len, out);
			str_addz(out, ": ");
			add_json(entry->value, unit, depth + 1, out);
		} else {
			add_json(val_at(v, i), unit, depth + 1, out);
		}
	}
	if (unit && len)
		str_addch(out, '\n');
	for (size_t d = 0; unit && len && d < depth; d++)
		str_addz(out, unit);
	str_addch(out, is_map ? '}' : ']');
}

/* The white space before the first entry of a map when it begins a line; else NULL. Caller frees. */
static char *indent_of(const struct sops_doc *doc, const struct sops_item *root)
{
	const struct sops_item *first = root->first;
	while (first && first->kind == SOPS_COMMENT)
		first = first->next;
	if (!first)
		return NULL;
	size_t start = first->key_start;
	while (start > root->start && strchr(" \t", doc->text[start - 1]))
		start--;
	if (start == root->start || doc->text[start - 1] != '\n')
		return NULL;
	return mem_strndup(doc->text + start, first->key_start - start);
}

/* The last entry but `except`. */
static const struct sops_item *last_entry(const struct sops_item *root,
                                          const struct sops_item *except)
{
	const struct sops_item *last = NULL;
	for (const struct sops_item *at = root->first; at; at = at->next)
		if (at->kind != SOPS_COMMENT && at != except)
			last = at;
	return last;
}

static void write_flow(const struct sops_doc *doc, const struct sops_part *part,
                       const struct val *meta, struct sops_patches *patches)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *unit = indent_of(doc, part->root);
	const struct sops_item *last = last_entry(part->root, part->meta);
	if (part->meta) {
		add_json(meta, unit, 1, &text);
		sops_patch_add(patches, part->meta->start, part->meta->end, view_str(&text));
		return;
	}
	str_addz(&text, last ? "," : "");
	if (unit)
		str_addf(&text, "\n%s", unit);
	else
		str_addz(&text, last ? " " : "");
	str_addz(&text, "\"sops\": ");
	add_json(meta, unit, 1, &text);
	size_t at = last ? last->end : part->root->start + 1;
	sops_patch_add(patches, at, at, view_str(&text));
}

/* --- YAML --- */

static size_t line_start(const struct sops_doc *doc, size_t at)
{
	while (at > 0 && doc->text[at - 1] != '\n')
		at--;
	return at;
}

/* Behind the line end at or after `at`. */
static size_t next_line(const struct sops_doc *doc, size_t at)
{
	const char *feed = memchr(doc->text + at, '\n', doc->len - at);
	return feed ? (size_t)(feed - doc->text) + 1 : doc->len;
}

static uint32_t last_byte(const struct sops_item *item)
{
	uint32_t last =
		item->kind == SOPS_VALUE || (item->flags & SOPS_IN_FLOW) ? item->end : item->start;
	last = MAX(last, item->drop_end);
	for (const struct sops_item *at = item->first; at; at = at->next)
		if (!(at->flags & SOPS_NO_BYTES))
			last = MAX(last, last_byte(at));
	return last;
}

/* Where the lines of the metadata begin: a comment behind `sops:` stays as a line of its own above them. */
static size_t block_start(const struct sops_doc *doc, const struct sops_part *part,
                          struct sops_patches *patches)
{
	size_t key = part->meta->key_start, feed = next_line(doc, key);
	for (const struct sops_item *at = part->root->first; at; at = at->next) {
		if (at->kind != SOPS_COMMENT || at->start <= key || at->start >= feed)
			continue;
		sops_patch_add(patches, key, at->start - 1, (struct view){ "", 0 });
		return feed;
	}
	return line_start(doc, key);
}

static void write_block(const struct sops_doc *doc, const struct sops_part *part,
                        const struct val *meta, struct arena *a, struct sops_patches *patches)
{
	AUTO(str) yaml = STR_INIT;
	AUTO(str) text = STR_INIT;
	struct val *holder = val_new_map(a);
	size_t start = part->end, end = part->end;
	if (part->meta) {
		start = block_start(doc, part, patches);
		end = next_line(doc, last_byte(part->meta));
	}
	val_set(a, holder, "sops", val_copy(a, meta));
	yaml_write(holder, &yaml);
	size_t indent = part->root->column > 1 ? part->root->column - 1 : 0;
	if (start > 0 && doc->text[start - 1] != '\n')
		str_addch(&text, '\n');
	struct view rest = view_str(&yaml), line;
	while (view_split(&rest, '\n', &line)) {
		if (line.len)
			str_add_repeat(&text, ' ', indent);
		str_add(&text, line.ptr, line.len);
		if (line.len || rest.len)
			str_addch(&text, '\n');
	}
	sops_patch_add(patches, start, end, view_str(&text));
}

/* --- flat stores --- */

static void add_flat(const struct val *v, const char *name, bool is_ini, struct str *out)
{
	if (val_is(v, VAL_MAP) || val_is(v, VAL_LIST)) {
		for (size_t i = 0; i < val_len(v); i++) {
			AUTO(str) child = STR_INIT;
			const struct val_entry *entry = val_entry_at(v, i);
			if (entry)
				str_addf(&child, "%s%s%s", name, *name ? "__map_" : "", entry->key);
			else
				str_addf(&child, "%s__list_%zu", name, i);
			add_flat(entry ? entry->value : val_at(v, i), child.ptr, is_ini, out);
		}
		return;
	}
	str_addf(out, is_ini ? "%s = " : "sops_%s=", name);
	if (val_is(v, VAL_STR))
		sops_dotenv_write((struct view){ v->as.str.ptr, v->as.str.len }, out);
	else
		json_write(v, JSON_ONE_LINE, out);
	str_addch(out, '\n');
}

static void each_flat(const struct sops_doc *doc, const struct sops_item *item,
                      struct sops_patches *patches)
{
	if (item->kind == SOPS_VALUE)
		sops_patch_add(patches, item->key_start, next_line(doc, item->end),
		               (struct view){ "", 0 });
	for (const struct sops_item *at = item->first; at; at = at->next)
		each_flat(doc, at, patches);
}

static void remove_flat(const struct sops_doc *doc, const struct sops_part *part,
                        struct sops_patches *patches)
{
	if (doc->format == SOPS_DOTENV) {
		each_flat(doc, part->meta, patches);
		return;
	}
	size_t start = line_start(doc, part->meta->start);
	/* The blank line that set the section apart. */
	if (part->meta->end >= doc->len && start >= 2 && doc->text[start - 1] == '\n' &&
	    doc->text[start - 2] == '\n')
		start--;
	sops_patch_add(patches, start, part->meta->end, (struct view){ "", 0 });
}

static void write_flat(const struct sops_doc *doc, const struct sops_part *part,
                       const struct val *meta, struct sops_patches *patches)
{
	AUTO(str) text = STR_INIT;
	bool is_ini = doc->format == SOPS_INI;
	bool is_at_end = !part->meta || !is_ini || part->meta->end >= doc->len;
	size_t at = is_at_end ? doc->len : part->meta->end;
	if (part->meta)
		remove_flat(doc, part, patches);
	if (doc->len && doc->text[doc->len - 1] != '\n' && !part->meta)
		str_addch(&text, '\n');
	if (is_ini)
		str_addz(&text, doc->len && is_at_end ? "\n[sops]\n" : "[sops]\n");
	add_flat(meta, "", is_ini, &text);
	sops_patch_add(patches, at, at, view_str(&text));
}

/* --- all stores --- */

static bool is_flat(const struct sops_doc *doc)
{
	return doc->format == SOPS_DOTENV || doc->format == SOPS_INI;
}

err *sops_meta_write(const struct sops_doc *doc, const struct sops_meta_new *meta,
                     struct sops_patches *patches)
{
	struct arena arena = ARENA_INIT;
	const struct val *map = meta_val(&arena, meta, is_flat(doc));
	for (size_t i = 0; i < doc->parts.len; i++) {
		const struct sops_part *part = &doc->parts.ptr[i];
		if (is_flat(doc))
			write_flat(doc, part, map, patches);
		else if (part->root->style == VAL_STYLE_FLOW)
			write_flow(doc, part, map, patches);
		else
			write_block(doc, part, map, &arena, patches);
	}
	arena_clear(&arena);
	return NULL;
}

static void touch(const struct sops_doc *doc, const struct sops_item *meta, const char *name,
                  const char *text, struct sops_patches *patches)
{
	const struct sops_item *item = sops_item_child(meta, name);
	if (!item)
		return;
	const char *quote = is_flat(doc)                                               ? ""
	                    : item->style == VAL_STYLE_SINGLE                          ? "'"
	                    : item->style == VAL_STYLE_PLAIN && str_equal(name, "mac") ? ""
	                                                                               : "\"";
	AUTOFREE char *quoted = str_format("%s%s%s", quote, text, quote);
	sops_patch_add(patches, item->start, item->end, view_of(quoted));
}

void sops_meta_touch(const struct sops_doc *doc, const char *last_modified, const char *mac,
                     struct sops_patches *patches)
{
	for (size_t i = 0; i < doc->parts.len; i++) {
		touch(doc, doc->parts.ptr[i].meta, "lastmodified", last_modified, patches);
		touch(doc, doc->parts.ptr[i].meta, "mac", mac, patches);
	}
}

/* --- the metadata of an earlier version --- */

/* What of a part is metadata; false when it cannot be lifted out as it is. */
static bool meta_range(const struct sops_doc *doc, const struct sops_part *part, size_t *start,
                       size_t *end)
{
	const struct sops_item *meta = part->meta;
	if (!meta || doc->format == SOPS_DOTENV)
		return false;
	if (doc->format == SOPS_INI) {
		*start = meta->start;
		*end = meta->end;
		return meta->end >= doc->len;
	}
	if (part->root->style == VAL_STYLE_FLOW) {
		*start = meta->start;
		*end = meta->end;
		return true;
	}
	*start = line_start(doc, meta->key_start);
	*end = next_line(doc, last_byte(meta));
	return part->root->column <= 1;
}

/* Where it goes in a plain part, with what must stand in front of it. */
static size_t copy_place(const struct sops_doc *doc, const struct sops_part *part,
                         struct str *before)
{
	bool needs_feed;
	if (part->root->style == VAL_STYLE_FLOW) {
		AUTOFREE char *unit = indent_of(doc, part->root);
		const struct sops_item *last = last_entry(part->root, NULL);
		str_addz(before, last ? "," : "");
		if (unit)
			str_addf(before, "\n%s", unit);
		else
			str_addz(before, last ? " " : "");
		str_addz(before, "\"sops\": ");
		return last ? last->end : part->root->start + 1;
	}
	size_t at = doc->format == SOPS_INI ? doc->len : part->end;
	needs_feed = at > 0 && doc->text[at - 1] != '\n';
	str_addz(before, needs_feed ? "\n" : "");
	if (doc->format == SOPS_INI && doc->len)
		str_addch(before, '\n');
	return at;
}

err *sops_meta_copy(const struct sops_doc *doc, const struct sops_doc *like,
                    const char *last_modified, const char *mac, struct sops_patches *patches,
                    bool *ret_is_done)
{
	struct sops_patches touches = SOPS_PATCHES_INIT;
	struct plain_text touched = PLAIN_TEXT_INIT;
	AUTOPTR(sops_doc) source = NULL;
	size_t start, end;
	*ret_is_done = false;
	if (doc->format != like->format || like->parts.len == 0)
		return NULL;
	sops_meta_touch(like, last_modified, mac, &touches);
	sops_patches_apply(&touches, (struct view){ like->text, like->len }, &touched);
	sops_patches_clear(&touches);
	err *e = sops_open(like->format, view_str(&touched.text), like->name, &source);
	plain_text_clear(&touched);
	TRY(e);
	const struct sops_part *from = &source->parts.ptr[0];
	bool is_flow = from->root->style == VAL_STYLE_FLOW;
	if (!meta_range(source, from, &start, &end))
		return NULL;
	for (size_t i = 0; i < doc->parts.len; i++)
		if ((doc->parts.ptr[i].root->style == VAL_STYLE_FLOW) != is_flow ||
		    doc->parts.ptr[i].meta)
			return NULL;
	for (size_t i = 0; i < doc->parts.len; i++) {
		AUTO(str) text = STR_INIT;
		size_t at = copy_place(doc, &doc->parts.ptr[i], &text);
		str_add(&text, source->text + start, end - start);
		sops_patch_add(patches, at, at, view_str(&text));
	}
	*ret_is_done = true;
	return NULL;
}

static void remove_flow(const struct sops_part *part, struct sops_patches *patches)
{
	const struct sops_item *before = NULL, *after = part->meta->next;
	for (const struct sops_item *at = part->root->first; at != part->meta; at = at->next)
		if (at->kind != SOPS_COMMENT)
			before = at;
	while (after && after->kind == SOPS_COMMENT)
		after = after->next;
	size_t start = before ? before->end : part->meta->key_start;
	size_t end = before || !after ? part->meta->end : after->key_start;
	sops_patch_add(patches, start, end, (struct view){ "", 0 });
}

void sops_meta_remove(const struct sops_doc *doc, struct sops_patches *patches)
{
	for (size_t i = 0; i < doc->parts.len; i++) {
		const struct sops_part *part = &doc->parts.ptr[i];
		if (!part->meta)
			continue;
		if (is_flat(doc))
			remove_flat(doc, part, patches);
		else if (part->root->style == VAL_STYLE_FLOW)
			remove_flow(part, patches);
		else
			sops_patch_add(patches, block_start(doc, part, patches),
			               next_line(doc, last_byte(part->meta)),
			               (struct view){ "", 0 });
	}
}
