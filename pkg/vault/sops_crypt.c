/* Opening all values of a document, and sealing them. */
#include "base/base.h"

#include "base/map.h"
#include "crypto/aes_gcm.h"
#include "crypto/hash.h"
#include "crypto/sha512.h"
#include "regex/regex.h"
#include "vault/sops_tree.h"
#include "val/val.h"
#include "vault/sops_value.h"

struct opener {
	struct aes_gcm *gcm;
	struct sha512 mac;
	bool only_secret;
	struct str aad;
};

static void opener_clear(struct opener *o)
{
	aes_gcm_free(o->gcm);
	str_clear(&o->aad);
}

static void start_mac(struct sha512 *mac, bool only_secret)
{
	uint8_t start[SHA256_BYTES];
	sha512_start(mac);
	if (!only_secret)
		return;
	sha256("sops", 4, start);
	sha512_add(mac, start, sizeof(start));
}

static void add_to_mac(struct sha512 *mac, bool only_secret, const struct sops_item *item)
{
	if (item->kind != SOPS_COMMENT && (!only_secret || (item->flags & SOPS_SECRET)))
		sha512_add(mac, item->plain.ptr, item->plain.len);
}

static void end_mac(struct sha512 *mac, struct sops_doc *doc)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t digest[SHA512_BYTES];
	sha512_end(mac, digest);
	for (size_t i = 0; i < SHA512_BYTES; i++) {
		doc->digest[2 * i] = digits[digest[i] >> 4];
		doc->digest[2 * i + 1] = digits[digest[i] & 15];
	}
	doc->digest[2 * SHA512_BYTES] = '\0';
}

/* --- opening --- */

static err *place_of(const struct sops_doc *doc, const struct sops_item *item, err *take_e)
{
	AUTO(str) path = STR_INIT;
	sops_item_add_path(item, &path);
	return err_at(err_wrap(take_e, "cannot decrypt '%s'", path.ptr), doc->name, item->line,
	              item->column);
}

/* Open with the name of `place`; *ret_is_genuine tells whether it was that one. */
static err *open_as(struct opener *o, struct sops_doc *doc, struct sops_item *item,
                    const struct sops_item *place, bool *ret_is_genuine)
{
	size_t len = 0;
	enum sops_type type = SOPS_STR;
	bool is_comment = false;
	char *plain = (char *)doc->plain.ptr + doc->plain_used;
	if (item->text.len > doc->plain.len - doc->plain_used)
		return err_new(ERR_LIMIT, "aliases make the document larger than it is");
	str_reset(&o->aad);
	sops_item_add_aad(place, &o->aad);
	TRY(sops_enc_open(o->gcm, item->text, view_str(&o->aad), plain, &len, &type, &is_comment,
	                  ret_is_genuine));
	if (!*ret_is_genuine)
		return NULL;
	if (is_comment != (item->kind == SOPS_COMMENT))
		return err_new(ERR_CORRUPT, "a comment stands in the place of a value");
	doc->plain_used += len;
	item->plain = (struct view){ plain, len };
	item->type = (uint8_t)type;
	item->flags |= SOPS_SEALED;
	return NULL;
}

static err *not_encrypted(const struct sops_doc *doc, const struct sops_item *item)
{
	AUTO(str) path = STR_INIT;
	sops_item_add_path(item, &path);
	err *e = sops_item_error(doc, item, "'%s' is not encrypted, but should be", path.ptr);
	return err_hint(err_as(e, ERR_CORRUPT),
	                "somebody edited the file without SOPS; take the value out and set it "
	                "with 'fettle vault set'");
}

static err *open_value(struct opener *o, struct sops_doc *doc, struct sops_item *item)
{
	bool is_genuine = false;
	item->plain = item->text;
	if (item->type == SOPS_NULL)
		item->plain = (struct view){ "", 0 };
	else if ((item->flags & SOPS_SECRET) && !(item->type == SOPS_STR && item->text.len == 0)) {
		if (item->type != SOPS_STR || !sops_enc_looks(item->text))
			return not_encrypted(doc, item);
		err *e = open_as(o, doc, item, item, &is_genuine);
		if (!e && !is_genuine)
			e = err_new(ERR_CORRUPT, "the value was changed, moved, or made with "
			                         "another key");
		if (e)
			return place_of(doc, item, e);
	}
	add_to_mac(&o->mac, o->only_secret, item);
	return NULL;
}

/* Try the names of `place` and all above it. */
static err *open_upwards(struct opener *o, struct sops_doc *doc, struct sops_item *item,
                         const struct sops_item *place, bool *ret_is_genuine)
{
	for (; place && !*ret_is_genuine; place = place->parent)
		if (place->kind == SOPS_MAP || place->kind == SOPS_LIST)
			TRY(open_as(o, doc, item, place, ret_is_genuine));
	return NULL;
}

/*
 * Other programs hand a comment to another map or list than it stood in when it was encrypted: sops
 * itself moves them when it writes. So the neighbours are tried too; what nothing opens is plain.
 */
static err *open_comment(struct opener *o, struct sops_doc *doc, struct sops_item *item)
{
	bool is_genuine = false;
	item->plain = item->text;
	struct sops_enc enc;
	if (!(item->flags & SOPS_SECRET) || !sops_enc_split(item->text, &enc))
		return NULL;
	struct sops_item *container = item->parent, *before = NULL, *after = item->next;
	for (struct sops_item *at = container->first; at && at != item; at = at->next)
		before = at;
	while (before && before->last)
		before = before->last;
	while (after && after->first)
		after = after->first;
	err *e = open_as(o, doc, item, container, &is_genuine);
	if (!e)
		e = open_upwards(o, doc, item, before, &is_genuine);
	if (!e)
		e = open_upwards(o, doc, item, after ? after : container, &is_genuine);
	return e ? place_of(doc, item, e) : NULL;
}

static err *open_item(void *data, struct sops_doc *doc, struct sops_item *item)
{
	return item->kind == SOPS_COMMENT ? open_comment(data, doc, item)
	                                  : open_value(data, doc, item);
}

static err *check_mac(struct opener *o, const struct sops_doc *doc)
{
	const struct sops_meta *meta = doc->meta;
	AUTO(secret) found = SECRET_INIT;
	size_t len = 0;
	enum sops_type type;
	bool is_comment, is_genuine = false;
	if (meta->mac.len == 0)
		return err_hint(err_new(ERR_CORRUPT,
		                        "'%s' has no MAC: nobody can tell whether its "
		                        "values were changed",
		                        doc->name),
		                "use --ignore-mac to open it all the same");
	TRY(secret_init(&found, meta->mac.len));
	TRY(sops_enc_open(o->gcm, meta->mac, view_of(meta->last_modified), (char *)found.ptr, &len,
	                  &type, &is_comment, &is_genuine));
	if (is_genuine && len == strlen(doc->digest) && crypto_equal(found.ptr, doc->digest, len))
		return NULL;
	return err_hint(err_new(ERR_CORRUPT,
	                        "the MAC of '%s' does not fit: values were added, removed or "
	                        "changed without SOPS",
	                        doc->name),
	                "compare with its last version in git; --ignore-mac opens it all the same");
}

err *sops_unlock(struct sops_doc *doc, const struct secret *key, unsigned flags)
{
	AUTO(opener) o = { .aad = STR_INIT };
	if (!doc->meta)
		return err_new(ERR_INVALID, "'%s' is not encrypted", doc->name);
	if (key->len != AES_GCM_KEY_BYTES)
		return err_new(ERR_CORRUPT, "the data key of '%s' has %zu bytes instead of %d",
		               doc->name, key->len, AES_GCM_KEY_BYTES);
	o.only_secret = doc->meta->rules.mac_only_encrypted;
	TRY(secret_init(&doc->plain, doc->len + 64));
	TRY(aes_gcm_new(key->ptr, &o.gcm));
	start_mac(&o.mac, o.only_secret);
	doc->plain_used = 0;
	TRY(sops_walk(doc, &doc->meta->rules, open_item, &o));
	end_mac(&o.mac, doc);
	if (!(flags & SOPS_IGNORE_MAC))
		TRY(check_mac(&o, doc));
	doc->is_open = true;
	return NULL;
}

/* --- sealing --- */

struct sealer {
	struct opener base;
	struct sops_patches *patches;
	const struct sops_rules *rules;
	struct regex *regex; /* of a rule that comments ask for plain text with */
	struct map ivs;      /* fingerprint of (type, name, plain text) → iv */
	struct arena arena;
};

static void sealer_clear(struct sealer *s)
{
	opener_clear(&s->base);
	regex_free(s->regex);
	map_clear(&s->ivs);
	arena_wipe(&s->arena);
}

static void fingerprint(const struct sops_item *item, struct str *aad, char out[SHA256_HEX_SIZE])
{
	struct sha256 hash;
	uint8_t digest[SHA256_BYTES];
	AUTO(str) text = STR_INIT;
	const uint8_t kind = item->kind == SOPS_COMMENT ? 99 : item->type;
	str_reset(aad);
	sops_item_add_aad(item->kind == SOPS_COMMENT ? item->parent : item, aad);
	const uint64_t len = aad->len;
	sha256_start(&hash);
	sha256_add(&hash, &kind, 1);
	sha256_add(&hash, &len, sizeof(len));
	sha256_add(&hash, aad->ptr, aad->len);
	sha256_add(&hash, item->plain.ptr, item->plain.len);
	sha256_end(&hash, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static err *remember_iv(void *data, struct sops_doc *doc, struct sops_item *item)
{
	struct sealer *s = data;
	(void)doc;
	char name[SHA256_HEX_SIZE];
	uint8_t *iv = arena_alloc(&s->arena, SOPS_IV_BYTES);
	if ((item->flags & SOPS_SEALED) && sops_enc_iv(item->text, iv)) {
		fingerprint(item, &s->base.aad, name);
		map_set(&s->ivs, name, iv);
	}
	return NULL;
}

err *sops_write_value(const struct sops_doc *doc, const struct sops_item *item, struct aes_gcm *gcm,
                      const uint8_t *iv, enum sops_type type, struct view plain, struct str *out)
{
	AUTO(str) aad = STR_INIT;
	AUTO(str) sealed = STR_INIT;
	bool is_comment = item->kind == SOPS_COMMENT;
	if ((item->flags & SOPS_SECRET) && type != SOPS_NULL && plain.len > 0) {
		sops_item_add_aad(is_comment ? item->parent : item, &aad);
		TRY(sops_enc_seal(gcm, plain, view_str(&aad),
		                  is_comment ? "comment" : sops_type_name(type), iv, &sealed));
		type = SOPS_STR;
		plain = view_str(&sealed);
	}
	if (is_comment)
		str_add(out, plain.ptr, plain.len);
	else if (doc->format == SOPS_YAML)
		sops_yaml_write(doc, item, type, plain, out);
	else if (doc->format == SOPS_DOTENV)
		sops_dotenv_write(plain, out);
	else if (doc->format == SOPS_INI)
		sops_ini_write(plain, out);
	else
		sops_json_write(type, plain, out);
	return NULL;
}

static void patch(struct sealer *s, const struct sops_doc *doc, const struct sops_item *item,
                  struct str *text)
{
	bool is_new_line = item->kind == SOPS_COMMENT && doc->format == SOPS_INI &&
	                   item->style == VAL_STYLE_BLOCK;
	if (item->anchor) {
		AUTOFREE char *anchored = str_format("&%s ", item->anchor);
		sops_patch_add(s->patches, item->start, item->start, view_of(anchored));
	}
	/* "text"# comment: without the quotes the mark would belong to the value. */
	if (doc->format == SOPS_YAML && item->kind == SOPS_VALUE && item->end < doc->len &&
	    doc->text[item->end] == '#')
		str_addch(text, ' ');
	if (is_new_line) {
		AUTOFREE char *line = str_format("; %s\n", text->ptr);
		sops_patch_add(s->patches, item->start, item->end, view_of(line));
	} else {
		sops_patch_add(s->patches, item->start, item->end, view_str(text));
	}
	if (item->drop_end > item->drop_start)
		sops_patch_add(s->patches, item->drop_start, item->drop_end,
		               (struct view){ "", 0 });
}

static err *check_comment(const struct sops_doc *doc, const struct sops_item *item)
{
	if (item->kind == SOPS_COMMENT && sops_enc_looks(item->text))
		return sops_item_error(doc, item,
		                       "a comment that looks encrypted in a plain "
		                       "document");
	return NULL;
}

/* The rule must not take an encrypted comment for one that asks for plain text. */
static err *avoid_match(const struct sealer *s, const struct sops_doc *doc,
                        const struct sops_item *item, struct str *text)
{
	bool matches = false;
	TRY(regex_matches(s->regex, view_str(text), &matches));
	for (int i = 0; i < 500 && matches; i++) {
		str_reset(text);
		TRY(sops_write_value(doc, item, s->base.gcm, NULL, item->type, item->plain, text));
		TRY(regex_matches(s->regex, view_str(text), &matches));
	}
	if (!matches)
		return NULL;
	return err_hint(sops_item_error(doc, item,
	                                "the rule unencrypted_comment_regex matches "
	                                "encrypted comments too"),
	                "write a stricter one, with ^ or a longer word");
}

static err *seal_item(void *data, struct sops_doc *doc, struct sops_item *item)
{
	struct sealer *s = data;
	if (!doc->is_open)
		item->plain = item->type == SOPS_NULL ? (struct view){ "", 0 } : item->text;
	add_to_mac(&s->base.mac, s->base.only_secret, item);
	/* An empty comment in a list would be an empty value of it to sops. */
	if (item->kind == SOPS_COMMENT && item->plain.len == 0 && item->parent->kind == SOPS_LIST)
		item->plain = view_of(" ");
	bool is_sealed = (item->flags & SOPS_SECRET) && item->type != SOPS_NULL && item->plain.len;
	if (!is_sealed)
		return NULL;
	if (!doc->is_open)
		TRY(check_comment(doc, item));
	char name[SHA256_HEX_SIZE];
	const uint8_t *iv = NULL;
	if (s->ivs.len) {
		fingerprint(item, &s->base.aad, name);
		iv = map_get(&s->ivs, name);
	}
	AUTO(str) text = STR_INIT;
	TRY(sops_write_value(doc, item, s->base.gcm, iv, item->type, item->plain, &text));
	if (s->regex && item->kind == SOPS_COMMENT)
		TRY(avoid_match(s, doc, item, &text));
	item->flags |= SOPS_SEALED;
	if (item->flags & SOPS_NO_BYTES)
		item->text = (struct view){ arena_strdup(&doc->arena, text.ptr), text.len };
	else
		patch(s, doc, item, &text);
	return NULL;
}

static err *write_expanded(void *data, const struct sops_item *value, struct str *out)
{
	const struct sops_doc *doc = data;
	if (value->flags & SOPS_SEALED)
		str_add(out, value->text.ptr, value->text.len);
	else
		sops_yaml_write(doc, value, value->type, value->plain, out);
	return NULL;
}

/* An alias becomes what it stands for: each place has its own ciphertext. */
static err *expand_aliases(struct sealer *s, struct sops_doc *doc)
{
	for (size_t i = 0; i < doc->parts.len; i++) {
		struct sops_item *root = doc->parts.ptr[i].root;
		for (struct sops_item *at = root; at; at = sops_item_next(root, at)) {
			bool is_done = at->kind == SOPS_VALUE && (at->flags & SOPS_SEALED);
			if (!(at->flags & SOPS_EXPANDED) || (at->flags & SOPS_NO_BYTES) || is_done)
				continue;
			AUTO(str) text = STR_INIT;
			TRY(sops_yaml_write_flow(at, write_expanded, doc, &text));
			sops_patch_add(s->patches, at->start, at->end, view_str(&text));
		}
	}
	return NULL;
}

err *sops_seal_all(struct sops_doc *doc, const struct sops_rules *rules, const struct secret *key,
                   struct sops_doc *like, struct sops_patches *patches)
{
	AUTO(sealer)
	s = { .base = { .aad = STR_INIT, .only_secret = rules->mac_only_encrypted },
	      .patches = patches,
	      .rules = rules,
	      .ivs = MAP_INIT,
	      .arena = ARENA_INIT };
	TRY(aes_gcm_new(key->ptr, &s.base.gcm));
	if (rules->unencrypted_comment_regex)
		TRY(regex_new(rules->unencrypted_comment_regex, &s.regex));
	if (like)
		TRY(sops_walk(like, &like->meta->rules, remember_iv, &s));
	start_mac(&s.base.mac, s.base.only_secret);
	TRY(sops_walk(doc, rules, seal_item, &s));
	end_mac(&s.base.mac, doc);
	return doc->format == SOPS_YAML ? expand_aliases(&s, doc) : NULL;
}

err *sops_seal_mac(const struct sops_doc *doc, const struct secret *key, const char *last_modified,
                   struct str *out)
{
	AUTOPTR(aes_gcm) gcm = NULL;
	TRY(aes_gcm_new(key->ptr, &gcm));
	return sops_enc_seal(gcm, view_of(doc->digest), view_of(last_modified), "str", NULL, out);
}
