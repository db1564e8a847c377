/*
 * Which values are encrypted. A suffix or regular expression looks at every name on the way to a value;
 * a comment rule at the comments right above it and above all that it is part of.
 */
#include "base/base.h"

#include "regex/regex.h"
#include "vault/sops_tree.h"

struct walk {
	struct sops_doc *doc;
	const struct sops_rules *rules;
	struct regex *regex;
	bool active_at_end; /* of the document before: one of its last comments matches */
	sops_walker *visit;
	void *data;
};

static bool ends_with(struct view text, const char *suffix)
{
	size_t len = strlen(suffix);
	return text.len >= len && memcmp(text.ptr + text.len - len, suffix, len) == 0;
}

static err *name_matches(const struct walk *w, struct view name, bool *ret_matches)
{
	const struct sops_rules *rules = w->rules;
	const char *suffix =
		rules->unencrypted_suffix ? rules->unencrypted_suffix : rules->encrypted_suffix;
	if (suffix)
		*ret_matches = ends_with(name, suffix);
	else if (rules->unencrypted_regex || rules->encrypted_regex)
		TRY(regex_matches(w->regex, name, ret_matches));
	return NULL;
}

/* What holds for everything below a place. */
struct below {
	bool name_hit, comment_hit;
};

static bool is_secret(const struct sops_rules *rules, const struct below *below)
{
	if (rules->unencrypted_suffix || rules->unencrypted_regex)
		return !below->name_hit;
	if (rules->encrypted_suffix || rules->encrypted_regex)
		return below->name_hit;
	if (rules->unencrypted_comment_regex)
		return !below->comment_hit;
	if (rules->encrypted_comment_regex)
		return below->comment_hit;
	return true;
}

static err *leaf(const struct walk *w, struct sops_item *item, const struct below *below)
{
	item->flags &= (uint16_t)~SOPS_SECRET;
	if (is_secret(w->rules, below))
		item->flags |= SOPS_SECRET;
	return w->visit ? w->visit(w->data, w->doc, item) : NULL;
}

/* A comment: `active` is whether one of those right above matches; an own match comes after it. */
static err *comment(const struct walk *w, struct sops_item *item, const struct below *below,
                    bool *active)
{
	bool matches = false;
	if (w->rules->unencrypted_comment_regex || w->rules->encrypted_comment_regex)
		TRY(regex_matches(w->regex, item->text, &matches));
	bool counts_itself = w->rules->unencrypted_comment_regex != NULL;
	const struct below here = {
		.name_hit = below->name_hit,
		.comment_hit = below->comment_hit || *active || (counts_itself && matches),
	};
	*active |= matches;
	return leaf(w, item, &here);
}

static err *walk_items(struct walk *w, struct sops_item *container, const struct below *below)
{
	bool active = false;
	for (struct sops_item *item = container->first, *next; item; item = next) {
		next = item->next;
		if (item->kind == SOPS_COMMENT) {
			bool is_before = item->flags & SOPS_OF_BEFORE;
			TRY(comment(w, item, below, is_before ? &w->active_at_end : &active));
			continue;
		}
		bool hit = below->name_hit;
		if (container->kind == SOPS_MAP && !hit)
			TRY(name_matches(w, item->key, &hit));
		const struct below here = { hit, below->comment_hit || active };
		active = false;
		if (item->kind == SOPS_VALUE)
			TRY(leaf(w, item, &here));
		else
			TRY(walk_items(w, item, &here));
	}
	if (!container->parent)
		w->active_at_end = active;
	return NULL;
}

err *sops_walk(struct sops_doc *doc, const struct sops_rules *rules, sops_walker *visit, void *data)
{
	struct walk w = { doc, rules, NULL, false, visit, data };
	const char *pattern = rules->unencrypted_regex           ? rules->unencrypted_regex
	                      : rules->encrypted_regex           ? rules->encrypted_regex
	                      : rules->unencrypted_comment_regex ? rules->unencrypted_comment_regex
	                                                         : rules->encrypted_comment_regex;
	err *e = pattern ? regex_new(pattern, &w.regex) : NULL;
	for (size_t i = 0; i < doc->parts.len && !e; i++) {
		struct sops_part *part = &doc->parts.ptr[i];
		const struct below below = { false, false };
		/* Stores other than INI and dotenv have the metadata among the entries. */
		bool is_inside = part->meta && part->meta->parent == part->root;
		struct sops_item *before = NULL, *meta = part->meta;
		if (is_inside) {
			for (struct sops_item *at = part->root->first; at != meta; at = at->next)
				before = at;
			sops_item_unlink(meta);
		}
		e = walk_items(&w, part->root, &below);
		if (is_inside) {
			meta->next = before ? before->next : part->root->first;
			*(before ? &before->next : &part->root->first) = meta;
			if (!meta->next)
				part->root->last = meta;
		}
	}
	regex_free(w.regex);
	return e;
}
