#include "base/base.h"

#include "vault/sops_check.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"

struct checker {
	sops_report *report;
	void *data;
};

static void tell(const struct checker *c, const struct sops_item *item, const char *text)
{
	AUTO(str) path = STR_INIT;
	sops_item_add_path(item, &path);
	const struct sops_problem problem = { path.ptr, item ? item->line : 1,
		                              item ? item->column : 1, text };
	c->report(c->data, &problem);
}

static err *check_item(void *data, struct sops_doc *doc, struct sops_item *item)
{
	const struct checker *c = data;
	struct sops_enc enc;
	(void)doc;
	if (item->kind != SOPS_VALUE || item->type == SOPS_NULL || item->text.len == 0)
		return NULL;
	bool is_sealed = item->type == SOPS_STR && sops_enc_split(item->text, &enc);
	if ((item->flags & SOPS_SECRET) && !is_sealed)
		tell(c, item,
		     sops_enc_looks(item->text) ? "a damaged encrypted value"
		                                : "the value is not encrypted");
	else if (!(item->flags & SOPS_SECRET) && is_sealed)
		tell(c, item, "the value is encrypted, but the rules of the file say it is not");
	return NULL;
}

/* Everybody in `these` who is not in `those`. */
static void compare(const struct checker *c, const struct sops_item *meta,
                    const struct sops_key_group *these, size_t count,
                    const struct sops_key_group *those, size_t other_count, const char *text)
{
	for (size_t g = 0; g < count; g++)
		for (size_t i = 0; i < these[g].len; i++) {
			const struct sops_key *key = &these[g].keys[i];
			if (sops_find_key(those, other_count, key))
				continue;
			AUTOFREE char *line = str_format("%s: %s %s", text,
			                                 sops_key_type_name(key->type), key->id);
			tell(c, meta, line);
		}
}

static void check_keys(const struct checker *c, const struct sops_meta *meta,
                       const struct sops_item *place)
{
	static const char armor[] = "-----BEGIN AGE ENCRYPTED FILE-----";
	for (size_t g = 0; g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++) {
			const struct sops_key *key = &meta->groups[g].keys[i];
			bool is_whole = key->wrapped.len > sizeof(armor) &&
			                memcmp(key->wrapped.ptr, armor, sizeof(armor) - 1) == 0;
			if (key->type == SOPS_KEY_AGE && !is_whole)
				tell(c, key->item ? key->item : place,
				     "the data key of a recipient is missing or damaged");
		}
	struct sops_enc enc;
	if (!sops_enc_split(meta->mac, &enc))
		tell(c, place, "the MAC is missing or damaged");
	if (meta->group_count > 1 && meta->threshold > meta->group_count)
		tell(c, place, "the threshold is larger than the number of key groups");
}

err *sops_check(struct sops_doc *doc, const struct sops_creation *creation, sops_report *report,
                void *data)
{
	struct checker c = { report, data };
	const struct sops_item *place = doc->parts.len ? doc->parts.ptr[0].meta : NULL;
	if (!doc->meta) {
		tell(&c, NULL, "the file is not encrypted");
		return NULL;
	}
	check_keys(&c, doc->meta, place);
	TRY(sops_walk(doc, &doc->meta->rules, check_item, &c));
	if (!creation)
		return NULL;
	const struct sops_recipients *wanted = &creation->recipients;
	compare(&c, place, wanted->groups, wanted->group_count, doc->meta->groups,
	        doc->meta->group_count, "cannot be opened by one of .sops.yaml");
	compare(&c, place, doc->meta->groups, doc->meta->group_count, wanted->groups,
	        wanted->group_count, "can be opened by one not in .sops.yaml");
	return NULL;
}
