#include "base/base.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "vault/sops_tree.h"

#include "val/val.h"

struct sops_item *sops_item_new(struct sops_doc *doc, enum sops_kind kind, struct sops_item *parent)
{
	struct sops_item *item = ARENA_NEW(&doc->arena, struct sops_item);
	item->kind = (uint8_t)kind;
	item->type = kind == SOPS_COMMENT ? SOPS_STR : SOPS_NULL;
	item->text = item->plain = item->key = (struct view){ "", 0 };
	item->parent = parent;
	if (parent)
		item->flags = parent->flags & (SOPS_IN_FLOW | SOPS_NO_BYTES | SOPS_IS_META);
	doc->nodes++;
	return item;
}

err *sops_count(struct sops_doc *doc, const struct sops_item *item)
{
	if (doc->nodes <= LIMIT_NODES)
		return NULL;
	return err_as(sops_item_error(doc, item, "more than %u values, aliases counted in full",
	                              LIMIT_NODES),
	              ERR_LIMIT);
}

void sops_item_add(struct sops_item *parent, struct sops_item *item)
{
	item->parent = parent;
	item->next = NULL;
	if (parent->last)
		parent->last->next = item;
	else
		parent->first = item;
	parent->last = item;
}

void sops_item_insert(struct sops_item *parent, struct sops_item *item, uint32_t at)
{
	struct sops_item **link = &parent->first;
	while (*link && ((*link)->kind == SOPS_COMMENT ? (*link)->start < item->start
	                                               : (*link)->key_start < at))
		link = &(*link)->next;
	item->parent = parent;
	item->next = *link;
	*link = item;
	if (!item->next)
		parent->last = item;
}

void sops_item_unlink(struct sops_item *item)
{
	struct sops_item *parent = item->parent, *before = NULL;
	for (struct sops_item *at = parent->first; at && at != item; at = at->next)
		before = at;
	if (before)
		before->next = item->next;
	else
		parent->first = item->next;
	if (parent->last == item)
		parent->last = before;
	item->next = NULL;
}

struct sops_item *sops_item_childn(const struct sops_item *map, struct view key)
{
	if (!map || map->kind != SOPS_MAP)
		return NULL;
	for (struct sops_item *at = map->first; at; at = at->next)
		if (at->kind != SOPS_COMMENT && view_equal(at->key, key))
			return at;
	return NULL;
}

struct sops_item *sops_item_child(const struct sops_item *map, const char *key)
{
	return sops_item_childn(map, view_of(key));
}

struct sops_item *sops_item_next(const struct sops_item *root, const struct sops_item *item)
{
	if (item->first)
		return item->first;
	while (item != root && !item->next)
		item = item->parent;
	return item == root ? NULL : item->next;
}

static void add_components(const struct sops_item *item, struct str *out)
{
	if (!item || !item->parent)
		return;
	add_components(item->parent, out);
	if (item->parent->kind == SOPS_MAP && item->kind != SOPS_COMMENT) {
		str_add(out, item->key.ptr, item->key.len);
		str_addch(out, ':');
	}
}

void sops_item_add_aad(const struct sops_item *item, struct str *out)
{
	size_t before = out->len;
	add_components(item, out);
	if (out->len == before)
		str_addch(out, ':');
}

static size_t position_of(const struct sops_item *item)
{
	size_t position = 0;
	for (const struct sops_item *at = item->parent->first; at && at != item; at = at->next)
		position += at->kind != SOPS_COMMENT;
	return position;
}

void sops_item_add_path(const struct sops_item *item, struct str *out)
{
	if (!item || !item->parent)
		return;
	sops_item_add_path(item->parent, out);
	if (item->kind == SOPS_COMMENT)
		return;
	if (item->parent->kind == SOPS_MAP)
		val_path_add_key(out, item->key.ptr, item->key.len);
	else
		val_path_add_index(out, position_of(item));
}

err *sops_error_at(const struct sops_doc *doc, size_t line, size_t column, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return err_at(err_new(ERR_INVALID, "%s", text.ptr), doc->name, line, column);
}

err *sops_item_error(const struct sops_doc *doc, const struct sops_item *item, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return err_at(err_new(ERR_INVALID, "%s", text.ptr), doc->name, item->line, item->column);
}
