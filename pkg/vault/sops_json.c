/* JSON documents, and the JSON that stands around an encrypted binary file. */
#include "base/base.h"

#include "json/json.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"

static struct view source_text(const struct val *v)
{
	return (struct view){ v->source->text + v->mark.start, v->mark.end - v->mark.start };
}

static bool is_whole(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(".eE", text.ptr[i]))
			return false;
	return true;
}

static void read_number(struct sops_doc *doc, const struct val *v, struct sops_item *item)
{
	struct view text = source_text(v);
	AUTO(str) canonical = STR_INIT;
	item->type = SOPS_FLOAT;
	if (is_whole(text) && sops_canonical(SOPS_INT, text, &canonical)) {
		item->type = SOPS_INT;
	} else {
		str_reset(&canonical);
		double number = v->kind == VAL_INT ? (double)v->as.integer : v->as.number;
		sops_float_text(number, &canonical);
	}
	item->text = (struct view){ arena_strndup(&doc->arena, canonical.ptr, canonical.len),
		                    canonical.len };
}

static void read_value(struct sops_doc *doc, const struct val *v, struct sops_item *item);

static void read_list(struct sops_doc *doc, const struct val *v, struct sops_item *item)
{
	const struct val *child;
	item->kind = SOPS_LIST;
	for (VAL_EACH_ITEM(i, child, v)) {
		struct sops_item *next = sops_item_new(doc, SOPS_VALUE, item);
		next->key_start = child->mark.start;
		sops_item_add(item, next);
		read_value(doc, child, next);
	}
}

static void read_map(struct sops_doc *doc, const struct val *v, struct sops_item *item)
{
	const struct val_entry *entry;
	item->kind = SOPS_MAP;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		struct sops_item *next = sops_item_new(doc, SOPS_VALUE, item);
		next->key = (struct view){ entry->key, entry->key_len };
		next->key_start = entry->key_mark.start;
		sops_item_add(item, next);
		read_value(doc, entry->value, next);
	}
}

static void read_value(struct sops_doc *doc, const struct val *v, struct sops_item *item)
{
	item->style = VAL_STYLE_FLOW;
	item->flags |= SOPS_IN_FLOW;
	item->start = v->mark.start;
	item->end = v->mark.end;
	item->line = v->mark.line;
	item->column = v->mark.column;
	switch (v->kind) {
	case VAL_MAP:
		read_map(doc, v, item);
		break;
	case VAL_LIST:
		read_list(doc, v, item);
		break;
	case VAL_STR:
		item->style = VAL_STYLE_DOUBLE;
		item->type = SOPS_STR;
		item->text = (struct view){ v->as.str.ptr, v->as.str.len };
		break;
	case VAL_BOOL:
		item->type = SOPS_BOOL;
		item->text = view_of(v->as.boolean ? "True" : "False");
		break;
	case VAL_NULL:
		item->type = SOPS_NULL;
		break;
	default:
		read_number(doc, v, item);
		break;
	}
}

err *sops_json_read(struct sops_doc *doc)
{
	struct val *root;
	err *e = json_load(doc->text, doc->len, doc->name, &doc->arena, &root);
	if (e)
		return err_without_snippet(e);
	if (!val_is(root, VAL_MAP))
		return err_hint(
			sops_error_at(doc, root->mark.line, root->mark.column,
		                      "a SOPS document must be an object, found %s",
		                      val_kind_text(root)),
			"put it below a key, or encrypt the file as a whole: --type binary");
	struct sops_part part = { .end = (uint32_t)doc->len };
	part.root = sops_item_new(doc, SOPS_MAP, NULL);
	part.root->kind = SOPS_MAP;
	read_value(doc, root, part.root);
	part.meta = sops_item_child(part.root, "sops");
	vec_push(&doc->parts, part);
	return NULL;
}

void sops_json_write(enum sops_type type, struct view plain, struct str *out)
{
	bool is_bare = type == SOPS_INT ||
	               (type == SOPS_FLOAT && plain.len && !memchr(plain.ptr, 'N', plain.len) &&
	                !memchr(plain.ptr, 'I', plain.len));
	if (type == SOPS_NULL)
		str_addz(out, "null");
	else if (type == SOPS_BOOL)
		str_addz(out, view_is(plain, "True") ? "true" : "false");
	else if (is_bare) {
		str_add(out, plain.ptr, plain.len);
		/* So that it stays a float when it is read again. */
		if (type == SOPS_FLOAT && !memchr(plain.ptr, '.', plain.len))
			str_addz(out, ".0");
	} else
		json_write_string(plain.ptr, plain.len, out);
}
