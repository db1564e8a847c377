/*
 * YAML documents from their events. Types are go-yaml's, aliases are expanded as sops does it, tags are
 * followed and dropped. Where comments belong is a science of its own: sops_yaml_comment.c.
 */
#include "base/base.h"

#include "base/limits.h"
#include "base/map.h"
#include "crypto/encode.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"
#include "vault/sops_yaml.h"

static err *node_error(const struct sops_yaml *y, const struct yaml_node *node, const char *what)
{
	return sops_error_at(y->doc, node->mark.line, node->mark.column, "%s", what);
}

/* --- scalars --- */

static const char *const tag_prefix = "tag:yaml.org,2002:";

static bool has_tag(const struct yaml_node *node, const char *name)
{
	return node->tag && str_starts(node->tag, tag_prefix) &&
	       str_equal(node->tag + strlen(tag_prefix), name);
}

static bool is_typed(const struct yaml_node *node)
{
	return has_tag(node, "int") || has_tag(node, "float") || has_tag(node, "bool") ||
	       has_tag(node, "null") || has_tag(node, "timestamp");
}

static struct view keep(struct sops_yaml *y, const struct str *text)
{
	return (struct view){ arena_strndup(&y->doc->arena, text->ptr, text->len), text->len };
}

static err *binary(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	AUTO(str) bytes = STR_INIT;
	err *e = base64_decode((struct view){ node->text, node->len }, BASE64_LINES, &bytes);
	if (e)
		return err_at(err_wrap(e, "a !!binary value"), y->doc->name, node->mark.line,
		              node->mark.column);
	item->type = SOPS_STR;
	item->text = keep(y, &bytes);
	return NULL;
}

static err *typed(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	AUTO(str) canonical = STR_INIT;
	enum sops_type type;
	if (!sops_yaml_resolve(item->text, &type, &canonical))
		return err_hint(
			node_error(y, node, "this integer is too large for a SOPS document"),
			"put it in quotes");
	if (has_tag(node, "float") && type == SOPS_INT)
		type = SOPS_FLOAT;
	const char *expected = type == SOPS_INT     ? "int"
	                       : type == SOPS_FLOAT ? "float"
	                       : type == SOPS_BOOL  ? "bool"
	                       : type == SOPS_NULL  ? "null"
	                       : type == SOPS_TIME  ? "timestamp"
	                                            : "str";
	if (node->tag && is_typed(node) && !has_tag(node, expected))
		return node_error(y, node, "the value is not of the type its tag says");
	item->type = (uint8_t)type;
	item->text = keep(y, &canonical);
	secret_wipe(canonical.ptr, canonical.len);
	return NULL;
}

static err *read_scalar(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	item->kind = SOPS_VALUE;
	item->type = SOPS_STR;
	item->style = node->style;
	item->text = (struct view){ node->text, node->len };
	item->start = node->mark.start;
	item->end = node->mark.end;
	if (node->tag && node->properties < node->mark.start) {
		/* A tag would say of ENC[...] that it is a number: it goes, the anchor stays. */
		item->start = node->properties;
		item->anchor = node->anchor;
	}
	if (has_tag(node, "binary"))
		return binary(y, node, item);
	bool is_plain = node->style == VAL_STYLE_PLAIN && !node->tag;
	return is_plain || is_typed(node) ? typed(y, node, item) : NULL;
}

/* --- aliases --- */

/* The tree below an anchor once more, without bytes of its own. */
static err *copy_tree(struct sops_yaml *y, const struct sops_item *from, struct sops_item *to)
{
	struct sops_doc *doc = y->doc;
	to->kind = from->kind;
	to->type = from->type;
	to->text = from->text;
	TRY(sops_count(doc, to));
	for (const struct sops_item *at = from->first; at; at = at->next) {
		if (at->kind == SOPS_COMMENT)
			continue;
		struct sops_item *child = sops_item_new(doc, at->kind, to);
		child->flags |= SOPS_NO_BYTES | SOPS_IN_FLOW;
		child->key = at->key;
		child->line = to->line;
		child->column = to->column;
		sops_item_add(to, child);
		TRY(copy_tree(y, at, child));
	}
	return NULL;
}

static err *read_alias(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	const struct sops_item *from = map_get(&y->anchors, node->text);
	if (!from)
		return node_error(y, node, "there is no such anchor above this alias");
	for (const struct sops_item *at = item; at; at = at->parent)
		if (at == from)
			return node_error(y, node, "the anchor contains itself");
	item->start = node->mark.start;
	item->end = node->mark.end;
	item->flags |= SOPS_EXPANDED;
	item->style = VAL_STYLE_PLAIN;
	return copy_tree(y, from, item);
}

/* --- trees --- */

static err *read_node(struct sops_yaml *y, struct sops_item *item);

static void place(struct sops_item *item, const struct yaml_node *node)
{
	item->line = node->mark.line;
	item->column = node->mark.column;
	if (!item->parent || item->parent->kind != SOPS_MAP)
		item->key_start = node->properties;
}

/* sops writes the encrypted comments of a list as if they were items of it. */
static void find_comment(struct sops_item *item)
{
	struct sops_enc enc;
	if (item->kind != SOPS_VALUE || item->type != SOPS_STR || (item->flags & SOPS_IN_FLOW) ||
	    !sops_enc_split(item->text, &enc) || !view_is(enc.type, "comment"))
		return;
	item->kind = SOPS_COMMENT;
	item->flags |= SOPS_LISTED;
}

/* The dash of the next item: behind the last token come blanks and comments only. */
static uint32_t find_dash(const struct sops_yaml *y, const struct sops_item *list)
{
	const struct yaml_node *last = &y->nodes.ptr[y->at - 1];
	const struct sops_doc *doc = y->doc;
	size_t at = last->kind == YAML_AT_LIST ? list->start : last->mark.end;
	if (list->style == VAL_STYLE_FLOW)
		return UINT32_MAX;
	while (at < doc->len && doc->text[at] != '-') {
		if (doc->text[at] == '#')
			while (at < doc->len && doc->text[at] != '\n')
				at++;
		else
			at++;
	}
	return (uint32_t)at;
}

static err *read_list(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	item->kind = SOPS_LIST;
	item->style = node->style;
	item->start = node->mark.start;
	if (node->style == VAL_STYLE_FLOW)
		item->flags |= SOPS_IN_FLOW;
	while (y->nodes.ptr[y->at].kind != YAML_AT_LIST_END) {
		struct sops_item *child = sops_item_new(y->doc, SOPS_VALUE, item);
		sops_item_add(item, child);
		uint32_t dash = find_dash(y, item);
		TRY(read_node(y, child));
		child->key_start = MIN(child->key_start, dash);
		find_comment(child);
	}
	item->end = y->nodes.ptr[y->at].mark.end;
	y->at++;
	return NULL;
}

static err *read_key(struct sops_yaml *y, struct sops_item *child)
{
	const struct yaml_node *node = &y->nodes.ptr[y->at++];
	AUTO(str) canonical = STR_INIT;
	enum sops_type type = SOPS_STR;
	if (node->kind == YAML_AT_ALIAS)
		return node_error(y, node, "a key must not be an alias in a SOPS document");
	if (node->kind != YAML_AT_SCALAR)
		return node_error(y, node, "a key must be a text");
	if (node->style == VAL_STYLE_PLAIN && !has_tag(node, "str") &&
	    (!sops_yaml_resolve((struct view){ node->text, node->len }, &type, &canonical) ||
	     type != SOPS_STR))
		return err_hint(node_error(y, node, "SOPS documents have texts as keys only"),
		                "put the key in quotes");
	if (node->len > LIMIT_KEY_BYTES)
		return err_as(node_error(y, node, "the key is too long"), ERR_LIMIT);
	child->key = (struct view){ node->text, node->len };
	child->key_start = node->properties;
	return NULL;
}

static err *check_unique(struct sops_yaml *y, const struct map *seen, const struct sops_item *child)
{
	const struct sops_item *other = map_get(seen, child->key.ptr);
	if (!other)
		return NULL;
	return sops_error_at(y->doc, child->line, child->column,
	                     "the key '%.64s' is already set on line %u", child->key.ptr,
	                     other->line);
}

static err *read_map(struct sops_yaml *y, const struct yaml_node *node, struct sops_item *item)
{
	AUTO(map) seen = MAP_INIT;
	item->kind = SOPS_MAP;
	item->style = node->style;
	item->start = node->mark.start;
	if (node->style == VAL_STYLE_FLOW)
		item->flags |= SOPS_IN_FLOW;
	while (y->nodes.ptr[y->at].kind != YAML_AT_MAP_END) {
		struct sops_item *child = sops_item_new(y->doc, SOPS_VALUE, item);
		const struct yaml_node *key = &y->nodes.ptr[y->at];
		child->line = key->mark.line;
		child->column = key->mark.column;
		TRY(read_key(y, child));
		TRY(check_unique(y, &seen, child));
		map_set(&seen, child->key.ptr, child);
		sops_item_add(item, child);
		TRY(read_node(y, child));
	}
	item->end = y->nodes.ptr[y->at].mark.end;
	y->at++;
	return NULL;
}

static err *read_node(struct sops_yaml *y, struct sops_item *item)
{
	const struct yaml_node *node = &y->nodes.ptr[y->at++];
	place(item, node);
	TRY(sops_count(y->doc, item));
	if (node->anchor)
		map_set(&y->anchors, node->anchor, item);
	switch (node->kind) {
	case YAML_AT_ALIAS:
		return read_alias(y, node, item);
	case YAML_AT_LIST:
		return read_list(y, node, item);
	case YAML_AT_MAP:
		return read_map(y, node, item);
	default:
		return read_scalar(y, node, item);
	}
}

/* --- documents --- */

static err *read_root(struct sops_yaml *y, struct sops_part *part)
{
	const struct yaml_node *node = &y->nodes.ptr[y->at];
	TRY(read_node(y, part->root));
	if (part->root->kind == SOPS_MAP)
		return NULL;
	bool is_empty = part->root->kind == SOPS_VALUE && part->root->type == SOPS_NULL &&
	                node->mark.start == node->mark.end;
	if (!is_empty)
		return err_hint(
			node_error(y, node, "a SOPS document must be a map"),
			"put it below a key, or encrypt the file as a whole: --type binary");
	part->root->kind = SOPS_MAP;
	return NULL;
}

static err *read_document(struct sops_yaml *y)
{
	struct sops_doc *doc = y->doc;
	const struct yaml_node *begin = &y->nodes.ptr[y->at++];
	struct sops_part part = { 0 };
	part.start = begin->is_explicit ? begin->mark.end
	             : doc->parts.len   ? doc->parts.ptr[doc->parts.len - 1].end
	                                : 0;
	part.root = sops_item_new(doc, SOPS_MAP, NULL);
	map_clear(&y->anchors);
	TRY(read_root(y, &part));
	part.end = y->nodes.ptr[y->at++].mark.start;
	part.meta = sops_item_child(part.root, "sops");
	vec_push(&doc->parts, part);
	return NULL;
}

/* U+0085, U+2028 and U+2029 end lines in YAML 1.1 and are characters in 1.2. */
static bool is_old_line_end(const char *text, size_t left)
{
	return (left >= 2 && memcmp(text, "\xc2\x85", 2) == 0) ||
	       (left >= 3 && memcmp(text, "\xe2\x80", 2) == 0 &&
	        ((unsigned char)text[2] & 0xfe) == 0xa8);
}

/* Only between quotes does it not matter what they are; elsewhere no edit would be safe. */
static err *refuse_old_line_ends(const struct sops_yaml *y)
{
	const struct sops_doc *doc = y->doc;
	size_t node = 0, line = 1, line_start = 0;
	for (size_t at = 0; at < doc->len; at++) {
		if (doc->text[at] == '\n') {
			line++;
			line_start = at + 1;
		}
		if (!((unsigned char)doc->text[at] & 0x80) ||
		    !is_old_line_end(doc->text + at, doc->len - at))
			continue;
		while (node < y->nodes.len && (y->nodes.ptr[node].kind != YAML_AT_SCALAR ||
		                               y->nodes.ptr[node].mark.end <= at))
			node++;
		const struct yaml_node *in = node < y->nodes.len ? &y->nodes.ptr[node] : NULL;
		bool is_quoted = in && in->mark.start < at &&
		                 (in->style == VAL_STYLE_DOUBLE || in->style == VAL_STYLE_SINGLE);
		if (!is_quoted)
			return err_hint(
				sops_error_at(doc, line, at - line_start + 1,
			                      "a line end of YAML 1.1 (U+0085, U+2028 or U+2029)"),
				"replace it, or write the text in double quotes with \\u0085");
	}
	return NULL;
}

static void yaml_state_clear(struct sops_yaml *y)
{
	map_clear(&y->anchors);
	vec_clear(&y->comments);
}

err *sops_yaml_read(struct sops_doc *doc)
{
	struct sops_yaml y = { .doc = doc, .anchors = MAP_INIT };
	err *e = yaml_read_nodes(doc->text, doc->len, doc->name, &doc->arena, &y.nodes);
	/* The line in question may hold a password. */
	e = e ? err_without_snippet(e) : NULL;
	if (!e)
		e = refuse_old_line_ends(&y);
	while (!e && y.at < y.nodes.len)
		e = read_document(&y);
	if (!e)
		e = sops_yaml_comments(&y);
	yaml_state_clear(&y);
	return e;
}
