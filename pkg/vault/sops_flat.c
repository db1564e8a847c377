/*
 * Metadata of the flat stores: "age__list_0__map_enc" stands for age[0].enc. In dotenv the names have
 * the prefix "sops_", in INI they are the section [sops].
 */
#include "base/base.h"

#include "base/num.h"
#include "vault/sops_tree.h"

enum { MOST_ITEMS = 10000 };

#define MAP_MARK  "__map_"
#define LIST_MARK "__list_"

static bool begins(struct view text, const char *word)
{
	size_t len = strlen(word);
	return text.len >= len && memcmp(text.ptr, word, len) == 0;
}

/* The name up to the next mark; cut off. */
static struct view take_name(struct view *rest)
{
	struct view name = { rest->ptr, 0 };
	while (rest->len && !begins(*rest, MAP_MARK) && !begins(*rest, LIST_MARK)) {
		rest->ptr++;
		rest->len--;
		name.len++;
	}
	return name;
}

static struct sops_item *child_at(const struct sops_item *list, size_t position)
{
	struct sops_item *at = list->first;
	while (at && position-- > 0)
		at = at->next;
	return at;
}

static size_t count(const struct sops_item *item)
{
	size_t n = 0;
	for (const struct sops_item *at = item->first; at; at = at->next)
		n++;
	return n;
}

static struct sops_item *add_child(struct sops_doc *doc, struct sops_item *parent, struct view name)
{
	struct sops_item *child = sops_item_new(doc, SOPS_VALUE, parent);
	child->type = SOPS_NULL;
	child->key = name;
	child->flags |= SOPS_IS_META;
	sops_item_add(parent, child);
	return child;
}

/* The entry of this name or position below `parent`, made when missing; positions in any order. */
static struct sops_item *enter(struct sops_doc *doc, struct sops_item *parent, struct view name,
                               bool is_position)
{
	uint64_t position = 0;
	enum sops_kind kind = is_position ? SOPS_LIST : SOPS_MAP;
	if (parent->first && parent->kind != kind)
		return NULL;
	parent->kind = (uint8_t)kind;
	if (!is_position) {
		struct sops_item *child = sops_item_childn(parent, name);
		return child ? child : add_child(doc, parent, name);
	}
	if (!num_parse_u64(name.ptr, name.len, 10, &position) || position > MOST_ITEMS)
		return NULL;
	for (size_t n = count(parent); n <= position; n++)
		add_child(doc, parent, (struct view){ "", 0 });
	return child_at(parent, position);
}

/* `\n` in a value is a line end; INI files of all ages have it, or real line ends in """. */
static struct view unescape(struct sops_doc *doc, struct view raw)
{
	char *text = arena_strndup(&doc->arena, raw.ptr, raw.len);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		bool is_feed = raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1] == 'n';
		text[len++] = is_feed ? '\n' : raw.ptr[i];
		i += is_feed;
	}
	text[len] = '\0';
	return (struct view){ text, len };
}

static err *add(struct sops_doc *doc, const struct sops_item *from, struct view rest,
                struct sops_item *meta)
{
	struct sops_item *at = enter(doc, meta, take_name(&rest), false);
	while (at && rest.len) {
		bool is_list = begins(rest, LIST_MARK);
		size_t len = strlen(is_list ? LIST_MARK : MAP_MARK);
		rest.ptr += len;
		rest.len -= len;
		at = enter(doc, at, take_name(&rest), is_list);
	}
	if (!at || at->first || at->type != SOPS_NULL)
		return sops_item_error(doc, from, "cannot make sense of the SOPS metadata '%.*s'",
		                       (int)MIN(from->key.len, (size_t)80), from->key.ptr);
	at->kind = SOPS_VALUE;
	at->type = SOPS_STR;
	at->text = unescape(doc, from->text);
	at->start = from->start;
	at->end = from->end;
	at->key_start = from->key_start;
	at->line = from->line;
	at->column = from->column;
	return NULL;
}

err *sops_unflatten(struct sops_doc *doc, const struct sops_item *flat, size_t prefix_len,
                    struct sops_item *meta)
{
	meta->flags |= SOPS_IS_META;
	for (const struct sops_item *at = flat->first; at; at = at->next) {
		if (at->kind == SOPS_COMMENT)
			continue;
		struct view rest = { at->key.ptr + prefix_len, at->key.len - prefix_len };
		TRY(add(doc, at, rest, meta));
	}
	return NULL;
}
