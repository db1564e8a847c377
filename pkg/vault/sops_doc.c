/* Documents as a whole: reading, the plain text, encrypting. */
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/clock.h"
#include "pal/random.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"

static const char *const format_names[] = {
	[SOPS_YAML] = "yaml", [SOPS_JSON] = "json",     [SOPS_DOTENV] = "dotenv",
	[SOPS_INI] = "ini",   [SOPS_BINARY] = "binary",
};

enum sops_format sops_format_of(const char *path)
{
	static const struct {
		const char *ending;
		enum sops_format format;
	} endings[] = { { ".yaml", SOPS_YAML },
		        { ".yml", SOPS_YAML },
		        { ".json", SOPS_JSON },
		        { ".env", SOPS_DOTENV },
		        { ".ini", SOPS_INI } };
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (str_ends(path, endings[i].ending))
			return endings[i].format;
	return SOPS_BINARY;
}

const char *sops_format_name(enum sops_format format)
{
	return format_names[format];
}

bool sops_format_parse(const char *name, enum sops_format *ret_format)
{
	for (unsigned i = 0; i < ARRAY_LEN(format_names); i++)
		if (str_equal(name, format_names[i])) {
			*ret_format = (enum sops_format)i;
			return true;
		}
	return false;
}

void sops_now(struct str *ret_text)
{
	char now[CLOCK_TEXT_SIZE];
	clock_format(clock_wall_ns(), now);
	str_addz(ret_text, now);
}

/* --- plain text --- */

void plain_text_add(struct plain_text *plain, const void *ptr, size_t len)
{
	struct str *text = &plain->text;
	if (text->len + len + 1 > text->cap) {
		struct str larger = STR_INIT;
		str_reserve(&larger, (text->len + len) * 2 + 256);
		str_add(&larger, text->ptr, text->len);
		if (text->cap)
			secret_wipe(text->ptr, text->cap);
		str_clear(text);
		*text = larger;
	}
	str_add(text, ptr, len);
}

void plain_text_clear(struct plain_text *plain)
{
	if (plain->text.cap)
		secret_wipe(plain->text.ptr, plain->text.cap);
	str_clear(&plain->text);
}

/* --- patches --- */

void sops_patches_clear(struct sops_patches *patches)
{
	vec_clear(&patches->list);
	plain_text_clear(&patches->texts);
}

void sops_patch_add(struct sops_patches *patches, size_t start, size_t end, struct view text)
{
	const struct sops_patch patch = { (uint32_t)start, (uint32_t)end, patches->texts.text.len,
		                          text.len, (uint32_t)patches->list.len };
	plain_text_add(&patches->texts, text.ptr, text.len);
	vec_push(&patches->list, patch);
}

static int by_place(const void *a, const void *b)
{
	const struct sops_patch *one = a, *two = b;
	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	return one->order < two->order ? -1 : one->order > two->order;
}

void sops_patches_apply(struct sops_patches *patches, struct view text, struct plain_text *out)
{
	size_t at = 0;
	if (patches->list.len)
		qsort(patches->list.ptr, patches->list.len, sizeof(*patches->list.ptr), by_place);
	for (size_t i = 0; i < patches->list.len; i++) {
		const struct sops_patch *patch = &patches->list.ptr[i];
		if (patch->start > at)
			plain_text_add(out, text.ptr + at, patch->start - at);
		plain_text_add(out, patches->texts.text.ptr + patch->text_start, patch->text_len);
		at = MAX(at, (size_t)patch->end);
	}
	plain_text_add(out, text.ptr + at, text.len - at);
}

/* --- reading --- */

static err *read_parts(struct sops_doc *doc)
{
	switch (doc->format) {
	case SOPS_YAML:
		return sops_yaml_read(doc);
	case SOPS_DOTENV:
		return sops_dotenv_read(doc);
	case SOPS_INI:
		return sops_ini_read(doc);
	default:
		return sops_json_read(doc);
	}
}

static err *read_document(struct sops_doc *doc)
{
	TRY(read_parts(doc));
	TRY(sops_meta_read(doc));
	if (doc->format != SOPS_BINARY)
		return NULL;
	const struct sops_item *data = sops_item_child(doc->parts.ptr[0].root, "data");
	if (doc->meta && (!data || data->kind != SOPS_VALUE || data->type != SOPS_STR))
		return sops_error_at(doc, 1, 1, "an encrypted file without its `data`");
	return NULL;
}

err *sops_open(enum sops_format format, struct view text, const char *name,
               struct sops_doc **ret_doc)
{
	if (text.len > LIMIT_DOC_BYTES)
		return err_new(ERR_LIMIT, "'%s' has %zu bytes, more than the %u accepted", name,
		               text.len, LIMIT_DOC_BYTES);
	struct sops_doc *doc = MEM_NEW(struct sops_doc);
	arena_init(&doc->arena);
	doc->format = format;
	doc->name = mem_strdup(name);
	doc->text = arena_strndup(&doc->arena, text.ptr, text.len);
	doc->len = text.len;
	err *e = read_document(doc);
	if (e) {
		sops_doc_free(doc);
		return e;
	}
	*ret_doc = doc;
	return NULL;
}

void sops_doc_free(struct sops_doc *doc)
{
	if (!doc)
		return;
	secret_clear(&doc->plain);
	arena_wipe(&doc->arena);
	vec_clear(&doc->parts);
	mem_free(doc->name);
	mem_free(doc);
}

bool sops_is_encrypted(const struct sops_doc *doc)
{
	return doc->meta != NULL;
}

const struct sops_meta *sops_meta_of(const struct sops_doc *doc)
{
	return doc->meta;
}

static bool has(struct view text, const char *word)
{
	return str_find(text.ptr, text.len, word, strlen(word)) != NULL;
}

bool sops_may_be_encrypted(enum sops_format format, struct view text)
{
	if (format == SOPS_DOTENV)
		return has(text, "sops_lastmodified=");
	return has(text, "sops") && has(text, "lastmodified") && has(text, "mac");
}

/* --- the plain document --- */

static err *plain_binary(const struct sops_doc *doc, struct plain_text *ret_text)
{
	const struct sops_item *data = sops_item_child(doc->parts.ptr[0].root, "data");
	plain_text_add(ret_text, data->plain.ptr, data->plain.len);
	return NULL;
}

/* The lines of an INI comment behind the first must be comments too. */
static void add_ini_comment(struct view plain, struct str *out)
{
	struct view line;
	for (bool is_first = true; view_split(&plain, '\n', &line); is_first = false) {
		if (!is_first)
			str_addz(out, line.len && strchr(";#", line.ptr[0]) ? "\n" : "\n; ");
		str_add(out, line.ptr, line.len);
	}
}

static void reveal(const struct sops_doc *doc, const struct sops_item *item,
                   struct sops_patches *patches)
{
	AUTO(str) text = STR_INIT;
	str_reserve(&text, item->plain.len * 2 + 64);
	if (item->kind == SOPS_COMMENT && doc->format == SOPS_INI)
		add_ini_comment(item->plain, &text);
	else if (item->kind == SOPS_COMMENT)
		str_add(&text, item->plain.ptr, item->plain.len);
	else if (doc->format == SOPS_YAML)
		sops_yaml_write(doc, item, item->type, item->plain, &text);
	else if (doc->format == SOPS_DOTENV)
		sops_dotenv_write(item->plain, &text);
	else if (doc->format == SOPS_INI)
		sops_ini_write(item->plain, &text);
	else
		sops_json_write(item->type, item->plain, &text);
	size_t start = item->start;
	if (item->flags & SOPS_LISTED) {
		while (start > 0 && doc->text[start - 1] == ' ')
			start--;
		start -= start > 0;
		sops_patch_add(patches, start, start, view_of("#"));
	}
	sops_patch_add(patches, start, item->end, view_str(&text));
	secret_wipe(text.ptr, text.len);
}

err *sops_plain(const struct sops_doc *doc, struct plain_text *ret_text)
{
	if (!doc->is_open)
		return err_new(ERR_INTERNAL, "a document that was not opened");
	if (doc->format == SOPS_BINARY)
		return plain_binary(doc, ret_text);
	struct sops_patches patches = SOPS_PATCHES_INIT;
	for (size_t i = 0; i < doc->parts.len; i++) {
		const struct sops_item *root = doc->parts.ptr[i].root;
		for (const struct sops_item *at = root; at; at = sops_item_next(root, at))
			if ((at->flags & SOPS_SEALED) && !(at->flags & SOPS_NO_BYTES))
				reveal(doc, at, &patches);
	}
	sops_meta_remove(doc, &patches);
	sops_patches_apply(&patches, (struct view){ doc->text, doc->len }, ret_text);
	sops_patches_clear(&patches);
	return NULL;
}

/* A word in the place of a secret. */
static void cover(const struct sops_doc *doc, const struct sops_item *item, sops_cover *word,
                  void *data, struct sops_patches *patches)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) shown = STR_INIT;
	bool is_sealed = doc->is_open && (item->flags & SOPS_SEALED);
	word(data, is_sealed ? item->plain : item->text, is_sealed, &text);
	if (doc->format == SOPS_JSON || doc->format == SOPS_BINARY)
		sops_json_write(SOPS_STR, view_str(&text), &shown);
	sops_patch_add(patches, item->start, item->end, view_str(shown.len ? &shown : &text));
}

err *sops_covered(const struct sops_doc *doc, sops_cover *word, void *data,
                  struct plain_text *ret_text)
{
	struct sops_patches patches = SOPS_PATCHES_INIT;
	for (size_t i = 0; i < doc->parts.len; i++) {
		const struct sops_part *part = &doc->parts.ptr[i];
		for (const struct sops_item *at = part->root; at; at = sops_item_next(part->root, at)) {
			struct sops_enc enc;
			bool is_secret = (at->flags & SOPS_SEALED) ||
			                 (at->kind != SOPS_MAP && at->kind != SOPS_LIST &&
			                  sops_enc_split(at->text, &enc));
			bool is_meta = false;
			for (const struct sops_item *up = at; up && !is_meta; up = up->parent)
				is_meta = up == part->meta;
			if (is_secret && !is_meta && !(at->flags & SOPS_NO_BYTES))
				cover(doc, at, word, data, &patches);
		}
	}
	sops_meta_remove(doc, &patches);
	sops_patches_apply(&patches, (struct view){ doc->text, doc->len }, ret_text);
	sops_patches_clear(&patches);
	return NULL;
}

/* --- encrypting --- */

bool sops_recipients_equal(const struct sops_meta *meta, const struct sops_recipients *wanted)
{
	if (meta->group_count != wanted->group_count)
		return false;
	for (size_t g = 0; g < meta->group_count; g++) {
		const struct sops_key_group *a = &meta->groups[g], *b = &wanted->groups[g];
		if (a->len != b->len)
			return false;
		for (size_t i = 0; i < a->len; i++)
			if (!sops_find_key(b, 1, &a->keys[i]))
				return false;
	}
	return meta->threshold == wanted->threshold || meta->group_count == 1;
}

bool sops_rules_equal(const struct sops_rules *a, const struct sops_rules *b)
{
#define SAME(field) str_equal(a->field ? a->field : "", b->field ? b->field : "")
	return SAME(unencrypted_suffix) && SAME(encrypted_suffix) && SAME(unencrypted_regex) &&
	       SAME(encrypted_regex) && SAME(unencrypted_comment_regex) &&
	       SAME(encrypted_comment_regex) && a->mac_only_encrypted == b->mac_only_encrypted;
#undef SAME
}

static void use_before(const struct sops_meta *before, struct sops_meta_new *meta)
{
	meta->groups = before->groups;
	meta->group_count = before->group_count;
	meta->threshold = before->threshold;
}

static err *fresh_key(struct secret *ret_key)
{
	TRY(secret_init(ret_key, SOPS_DATA_KEY_BYTES));
	random_bytes(ret_key->ptr, ret_key->len);
	return NULL;
}

static err *refuse_encrypted(const struct sops_doc *doc)
{
	if (!doc->meta && !doc->parts.len)
		return err_new(ERR_INVALID, "'%s' holds no document", doc->name);
	for (size_t i = 0; i < doc->parts.len; i++)
		if (doc->parts.ptr[i].meta)
			return err_hint(
				err_new(ERR_REFUSED, "'%s' is encrypted already", doc->name),
				"fettle vault set changes it; a plain document must "
				"not have a key `sops` of its own");
	return NULL;
}

struct encryption {
	const struct sops_encrypt *how;
	struct sops_doc *like; /* NULL unless its key can stay */
	struct sops_rules rules;
	struct secret key;
	struct sops_meta_new meta;
	struct str mac;
};

static err *choose_key(struct arena *a, const struct sops_encrypt *how, struct encryption *x)
{
	bool is_like =
		how->like && how->like_key && sops_recipients_equal(how->like->meta, &how->recipients);
	if (is_like) {
		x->like = how->like;
		use_before(how->like->meta, &x->meta);
		return secret_copy(&x->key, how->like_key->ptr, how->like_key->len);
	}
	TRY(fresh_key(&x->key));
	return sops_wrap_key(a, &how->recipients, how->keyring, &x->key, NULL, false, &x->meta);
}

/* Nothing secret changed: then the old MAC, which fits, and its date stay. */
static err *finish_mac(const struct sops_doc *doc, struct encryption *x)
{
	const struct sops_doc *like = x->like;
	x->meta.version = SOPS_VERSION;
	x->meta.last_modified = x->how->now;
	if (like && str_equal(like->digest, doc->digest) &&
	    sops_rules_equal(&like->meta->rules, &x->rules)) {
		str_add(&x->mac, like->meta->mac.ptr, like->meta->mac.len);
		x->meta.last_modified = like->meta->last_modified;
		x->meta.version = like->meta->version;
	} else {
		TRY(sops_seal_mac(doc, &x->key, x->how->now, &x->mac));
	}
	x->meta.mac = x->mac.ptr;
	x->meta.rules = &x->rules;
	return NULL;
}

static bool has_rule(const struct sops_rules *r)
{
	return r->unencrypted_suffix || r->encrypted_suffix || r->unencrypted_regex ||
	       r->encrypted_regex || r->unencrypted_comment_regex || r->encrypted_comment_regex;
}

static err *run_encryption(struct sops_doc *doc, struct encryption *x, struct sops_patches *patches)
{
	TRY(choose_key(&doc->arena, x->how, x));
	TRY(sops_seal_all(doc, &x->rules, &x->key, x->like, patches));
	TRY(finish_mac(doc, x));
	bool is_done = false;
	if (x->like && sops_rules_equal(&x->like->meta->rules, &x->rules))
		TRY(sops_meta_copy(doc, x->like, x->meta.last_modified, x->meta.mac, patches,
		                   &is_done));
	return is_done ? NULL : sops_meta_write(doc, &x->meta, patches);
}

/*
 * YAML can be written in ways where one text beside another means something else. What was made is read
 * again with the key: it opens with the same values, or is not given out.
 */
static err *prove(const struct sops_doc *doc, const struct encryption *x, const struct str *text)
{
	AUTOPTR(sops_doc) again = NULL;
	if (doc->format != SOPS_YAML && doc->format != SOPS_INI)
		return NULL;
	err *e = sops_open(doc->format, view_str(text), doc->name, &again);
	if (!e)
		e = sops_unlock(again, &x->key, 0);
	bool is_same =
		!e && str_equal(again->digest, doc->digest) && again->parts.len == doc->parts.len;
	if (is_same)
		return NULL;
	err_ignore(e, "what matters is that it cannot be written");
	return err_hint(err_new(ERR_UNSUPPORTED,
	                        "'%s' is written in a way that cannot be encrypted in place",
	                        doc->name),
	                "put blanks around values and comments, or format the file anew");
}

static err *encrypt(struct sops_doc *doc, const struct sops_encrypt *how, bool is_binary,
                    struct str *ret_text)
{
	struct encryption x = { .how = how, .rules = how->rules, .mac = STR_INIT };
	struct sops_patches patches = SOPS_PATCHES_INIT;
	struct plain_text out = PLAIN_TEXT_INIT;
	if (is_binary)
		x.rules = (struct sops_rules){ 0 };
	else if (!has_rule(&x.rules))
		x.rules.unencrypted_suffix = "_unencrypted";
	err *e = run_encryption(doc, &x, &patches);
	if (!e) {
		sops_patches_apply(&patches, (struct view){ doc->text, doc->len }, &out);
		e = is_binary ? NULL : prove(doc, &x, &out.text);
	}
	if (!e)
		str_add_str(ret_text, &out.text);
	plain_text_clear(&out);
	sops_patches_clear(&patches);
	secret_clear(&x.key);
	str_clear(&x.mac);
	return e;
}

err *sops_encrypt(struct sops_doc *doc, const struct sops_encrypt *how, struct str *ret_text)
{
	TRY(refuse_encrypted(doc));
	return encrypt(doc, how, false, ret_text);
}

err *sops_encrypt_binary(struct view bytes, const char *name, const struct sops_encrypt *how,
                         struct str *ret_text)
{
	static const char frame[] = "{\n\t\"data\": \"\"\n}\n";
	AUTOPTR(sops_doc) doc = NULL;
	if (bytes.len > LIMIT_DOC_BYTES / 2)
		return err_new(ERR_LIMIT, "'%s' has %zu bytes, more than the %u accepted", name,
		               bytes.len, LIMIT_DOC_BYTES / 2);
	TRY(sops_open(SOPS_BINARY, view_of(frame), name, &doc));
	sops_item_child(doc->parts.ptr[0].root, "data")->text = bytes;
	return encrypt(doc, how, true, ret_text);
}
