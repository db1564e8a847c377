/*
 * A SOPS document as all stores see it: maps, lists, values and comments in the order SOPS walks over
 * them, each with the bytes of the file it stands for. Reading, hashing and editing work on this
 * tree; only the stores (YAML, JSON, dotenv, INI) know how a value is written.
 */
#ifndef VAULT_SOPS_TREE_H
#define VAULT_SOPS_TREE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/vec.h"
#include "vault/sops.h"

struct aes_gcm;

enum sops_kind { SOPS_MAP, SOPS_LIST, SOPS_VALUE, SOPS_COMMENT };

enum sops_item_flags {
	SOPS_INLINE = 1u << 0,   /* a comment behind a value, on its line */
	SOPS_IN_FLOW = 1u << 1,  /* inside { } or [ ] */
	SOPS_NO_BYTES = 1u << 2, /* came in through an alias: it has no bytes of its own */
	SOPS_EXPANDED = 1u << 3, /* an alias of a list or map; its range is `*name` */
	SOPS_SEALED = 1u << 4,   /* was ENC[...] and has been opened, or is to be sealed */
	SOPS_IS_META = 1u << 5,  /* the `sops` entry or part of it */
	SOPS_SECRET = 1u << 6,   /* the rules say that it is encrypted */
	SOPS_LISTED = 1u << 7,   /* a comment that sops made an item of a list: `- ENC[…]` */
	SOPS_OF_BEFORE =
		1u << 8, /* a comment that go-yaml takes for the end of the document before */
};

struct sops_item {
	uint8_t kind;  /* enum sops_kind */
	uint8_t type;  /* enum sops_type of a value */
	uint8_t style; /* enum val_style */
	uint16_t flags;
	struct sops_item *parent, *next, *first, *last;
	struct view key; /* in a map */
	struct view
		text; /* as the file has it, escapes undone; of a plain value in canonical form */
	struct view plain;             /* canonical plain text, once known */
	const char *anchor;            /* with a tag that goes: the anchor that stays */
	uint32_t start, end;           /* what is replaced when the value changes */
	uint32_t key_start;            /* of the entry */
	uint32_t drop_start, drop_end; /* bytes that go when the value becomes one line */
	uint32_t line, column;         /* of the value, 1-based; of a list or map its first token */
};

/* One document of the file. */
struct sops_part {
	struct sops_item *root; /* a map */
	struct sops_item *meta; /* its `sops` entry, or the map made of flat ones; NULL: none */
	uint32_t start, end;    /* of the document's text */
};

struct sops_doc {
	enum sops_format format;
	char *name;
	const char *text; /* a copy of the file, in the arena */
	size_t len;
	struct arena arena;
	VEC(struct sops_part) parts;
	struct sops_meta *meta; /* of the first part; NULL: a plain document */
	struct secret plain;    /* what `plain` of opened values points into */
	size_t plain_used;
	bool is_open;
	char digest[129]; /* of the plain values, upper-case hex; once open */
	size_t nodes;
};

struct sops_item *sops_item_new(struct sops_doc *doc, enum sops_kind kind,
                                struct sops_item *parent);
/* At the end of its parent. */
void sops_item_add(struct sops_item *parent, struct sops_item *item);
/* Before the first sibling that begins behind byte `at`. */
void sops_item_insert(struct sops_item *parent, struct sops_item *item, uint32_t at);
/* Take an entry out of its map. */
void sops_item_unlink(struct sops_item *item);
struct sops_item *sops_item_child(const struct sops_item *map, const char *key);
struct sops_item *sops_item_childn(const struct sops_item *map, struct view key);
/* Next in the order of SOPS; `root` itself is the last to be left. */
struct sops_item *sops_item_next(const struct sops_item *root, const struct sops_item *item);

/* "a:b:" as it is authenticated; a list adds nothing. */
void sops_item_add_aad(const struct sops_item *item, struct str *out);
/* a.b[2] for messages. */
void sops_item_add_path(const struct sops_item *item, struct str *out);
/* INVALID at the item. The source line is shown only when it cannot hold a secret. */
NODISCARD err *sops_item_error(const struct sops_doc *doc, const struct sops_item *item,
                               const char *fmt, ...) PRINTF_LIKE(3, 4);
NODISCARD err *sops_error_at(const struct sops_doc *doc, size_t line, size_t column,
                             const char *fmt, ...) PRINTF_LIKE(4, 5);
/* LIMIT when the document has too many values. */
NODISCARD err *sops_count(struct sops_doc *doc, const struct sops_item *item);

/* --- the stores: read the text of `doc` into parts; write one value --- */

NODISCARD err *sops_yaml_read(struct sops_doc *doc);
NODISCARD err *sops_json_read(struct sops_doc *doc);
NODISCARD err *sops_dotenv_read(struct sops_doc *doc);
NODISCARD err *sops_ini_read(struct sops_doc *doc);

/* Text of a value, as it must be written in the place of `item`. */
void sops_yaml_write(const struct sops_doc *doc, const struct sops_item *item, enum sops_type type,
                     struct view plain, struct str *out);
void sops_json_write(enum sops_type type, struct view plain, struct str *out);
void sops_dotenv_write(struct view plain, struct str *out);
void sops_ini_write(struct view plain, struct str *out);

/* A list or map on one line; values by `write`. */
typedef err *sops_value_writer(void *data, const struct sops_item *value, struct str *out);
NODISCARD err *sops_yaml_write_flow(const struct sops_item *item, sops_value_writer *write,
                                    void *data, struct str *out);

/* What a plain scalar is to go-yaml; `canonical` gets the text that is hashed. */
NODISCARD bool sops_yaml_resolve(struct view text, enum sops_type *ret_type, struct str *canonical);

/* --- rules --- */

/*
 * Walk over all values and comments of a part in the order of SOPS, flag those the rules encrypt with
 * SOPS_SECRET, and call `visit` (may be NULL) for each. Metadata is left out.
 */
typedef err *sops_walker(void *data, struct sops_doc *doc, struct sops_item *item);
NODISCARD err *sops_walk(struct sops_doc *doc, const struct sops_rules *rules, sops_walker *visit,
                         void *data);

/* --- metadata --- */

/* Read the metadata of the first part into doc->meta. */
NODISCARD err *sops_meta_read(struct sops_doc *doc);
/* A shared or whole metadata map, ready to be written; `mac` is the encrypted text. */
struct sops_meta_new {
	const struct sops_rules *rules;
	const struct sops_key_group *groups; /* with wrapped keys */
	size_t group_count;
	unsigned threshold;
	const char *last_modified, *mac, *version;
};
/* Replace or append the metadata of every part: patches of doc->text. */
struct sops_patches;
NODISCARD err *sops_meta_write(const struct sops_doc *doc, const struct sops_meta_new *meta,
                               struct sops_patches *patches);
/*
 * The metadata as `like` has it, byte by byte but for the two fields, at the end of a plain document of
 * the same format. False, and nothing done, when that is not possible.
 */
NODISCARD err *sops_meta_copy(const struct sops_doc *doc, const struct sops_doc *like,
                              const char *last_modified, const char *mac,
                              struct sops_patches *patches, bool *ret_is_done);
/* Only the two fields that change with every edit. */
void sops_meta_touch(const struct sops_doc *doc, const char *last_modified, const char *mac,
                     struct sops_patches *patches);
/* Take the metadata out of every part. */
void sops_meta_remove(const struct sops_doc *doc, struct sops_patches *patches);

/* --- patches: replacements in the text of a document --- */

struct sops_patch {
	uint32_t start, end;
	size_t text_start, text_len; /* in `texts` */
	uint32_t order;
};
struct sops_patches {
	VEC(struct sops_patch) list;
	struct plain_text texts;
};
#define SOPS_PATCHES_INIT                 \
	{                                 \
		VEC_INIT, PLAIN_TEXT_INIT \
	}
void sops_patches_clear(struct sops_patches *patches);
void sops_patch_add(struct sops_patches *patches, size_t start, size_t end, struct view text);
/* The text with all of them made. */
void sops_patches_apply(struct sops_patches *patches, struct view text, struct plain_text *out);

/* --- encryption --- */

/* Decide and seal every value with `key` into patches; `like` as in struct sops_encrypt. */
NODISCARD err *sops_seal_all(struct sops_doc *doc, const struct sops_rules *rules,
                             const struct secret *key, struct sops_doc *like,
                             struct sops_patches *patches);
/* The MAC of doc->digest as it is written. */
NODISCARD err *sops_seal_mac(const struct sops_doc *doc, const struct secret *key,
                             const char *last_modified, struct str *out);
/* One value in its place: sealed when the rules say so, else plain. */
NODISCARD err *sops_write_value(const struct sops_doc *doc, const struct sops_item *item,
                                struct aes_gcm *gcm, const uint8_t *iv, enum sops_type type,
                                struct view plain, struct str *out);

/* Wrap `key` for all groups; the result's groups live in the arena. */
NODISCARD err *sops_wrap_key(struct arena *a, const struct sops_recipients *recipients,
                             const struct sops_keyring *keyring, const struct secret *key,
                             const struct sops_meta *before, bool keep_before,
                             struct sops_meta_new *ret_meta);

/* ADDRESS/v1/ENGINE/keys/NAME, which is how .sops.yaml and sops write it. */
const char *sops_transit_id(struct arena *a, const struct sops_transit *key);

/* In whatever order; the threshold counts only with several groups. */
bool sops_recipients_equal(const struct sops_meta *meta, const struct sops_recipients *wanted);
bool sops_rules_equal(const struct sops_rules *a, const struct sops_rules *b);

/* --- paths --- */

struct sops_step {
	struct view name;
	size_t index;
	bool is_index;
};
struct sops_steps {
	struct sops_step *ptr;
	size_t len;
};
/* a.b[2]["odd.key"] into steps that live in the arena; INVALID with the position. */
NODISCARD err *sops_path_parse(struct arena *a, const char *path, struct sops_steps *ret_steps);
/* The deepest item on the way, and how many steps lead to it. */
struct sops_item *sops_path_follow(const struct sops_part *part, const struct sops_steps *steps,
                                   size_t *ret_found);
/* NOT_FOUND, naming what there is. */
NODISCARD err *sops_path_missing(const struct sops_doc *doc, const char *path,
                                 const struct sops_item *deepest, const struct sops_step *step);

/* --- metadata of flat stores --- */

/* Build the map of entries named "a__list_0__map_b" below `meta` from the children of `flat`. */
NODISCARD err *sops_unflatten(struct sops_doc *doc, const struct sops_item *flat, size_t prefix_len,
                              struct sops_item *meta);

#endif
