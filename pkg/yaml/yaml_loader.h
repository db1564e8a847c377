/*
 * The state of one yaml_load, and the parts of it that have their own files: tags and merge keys.
 */
#ifndef YAML_YAML_LOADER_H
#define YAML_YAML_LOADER_H

#include <yaml.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/map.h"
#include "base/vec.h"
#include "yaml/yaml.h"
#include "yaml/yaml_internal.h"

struct yaml_anchor {
	const struct val *value;
	bool is_open;   /* still being read: an alias to it would be a circle */
	size_t height;  /* levels below it */
	uint64_t nodes; /* values in it, aliases counted expanded */
};

/* The byte of a character: walks from where it was last. */
struct yaml_cursor {
	size_t chars, bytes;
};

struct yaml_loader {
	struct arena *arena;
	const struct val_source *source;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;

	const struct yaml_lenient *lenient; /* NULL: refuse */

	size_t bom;        /* bytes in front of what libyaml reads */
	size_t first_line; /* lines in front of it */
	size_t open_doc;   /* start of the document being read; SIZE_MAX: none */
	bool is_ascii;
	struct yaml_cursor here, line_start;

	VEC(struct val *) items;
	VEC(struct val_entry) entries;
	VEC(struct yaml_doc) docs;
	VEC(struct yaml_anchor) anchors; /* of this document */
	struct map anchor_names;         /* name → position + 1 in `anchors` */

	uint64_t nodes;
	size_t deepest;

	char *text_next;
	size_t text_left;
	struct view seen_keys[256];
};

/* Check the bytes, copy the text, start libyaml. After a failure there is nothing to close. */
NODISCARD err *yaml_loader_open(struct yaml_loader *l, const char *text, size_t len,
                                const char *name, struct arena *a);
void yaml_loader_close(struct yaml_loader *l);
/* The next event into l->event, or what libyaml complains about. */
NODISCARD err *yaml_next_event(struct yaml_loader *l);

size_t yaml_byte_offset(struct yaml_loader *l, size_t chars);
/* From a mark of libyaml to the `end_chars`th character. */
struct val_mark yaml_mark_of(struct yaml_loader *l, const yaml_mark_t *start, size_t end_chars);
/* Leave `&anchor` and `!tag` in front of a value out of its range. */
void yaml_skip_properties(const struct yaml_loader *l, struct val_mark *mark);
/* Cut white space off the end: libyaml lets a block scalar reach up to the next token. */
void yaml_trim_end(const struct yaml_loader *l, struct val_mark *mark);

/* Resolve with an explicit tag; errors have no place yet. Unknown tags are refused. */
NODISCARD err *yaml_resolve_tagged(const char *tag, const char *text, size_t len,
                                   struct yaml_scalar *out);
bool yaml_tag_is_binary(const char *tag);
bool yaml_tag_is_merge(const char *tag);
NODISCARD err *yaml_refuse_tag(const char *tag);
/* Append the bytes of a !!binary text; INVALID unless they are base64 of UTF-8. */
NODISCARD err *yaml_decode_binary(const char *text, size_t len, struct str *out);

/*
 * Fill `map` from entries of which some (flagged VAL_IS_MERGED, key "<<") name maps to merge in.
 * Own keys win over merged ones, earlier maps of a list over later ones.
 */
NODISCARD err *yaml_merge_entries(struct arena *a, struct val *map, const struct val_entry *entries,
                                  size_t len);

/* --- reading on (yaml_lenient.c) --- */

/* After so many broken documents the rest of the file is not looked at. */
#define YAML_BROKEN_MAX 100u

/* Report it and return NULL when the loader is lenient and it is no limit; else give it back. */
NODISCARD err *yaml_forgive(struct yaml_loader *l, enum yaml_flaw_kind kind, err *take_e,
                            size_t start, size_t end);
/* The same for an error that ends a document; its place is taken from the error. NULL is fine. */
NODISCARD err *yaml_report_broken(struct yaml_loader *l, err *take_e);
/* Start of the first document behind the broken one; the end of the text when there is none. */
size_t yaml_next_document(const struct yaml_loader *l, size_t from);
size_t yaml_count_lines(const char *text, size_t len);
/* Report entries whose key came before and drop the earlier ones; how many are left. */
size_t yaml_drop_duplicates(struct yaml_loader *l, struct val_entry *entries, size_t len);
/* yaml_merge_entries, but what is wrong is reported, and `<<` then brings nothing. */
NODISCARD err *yaml_merge_lenient(struct yaml_loader *l, struct val *map,
                                  struct val_entry *entries, size_t len);
/* true and false as YAML 1.2 has them. */
bool yaml_is_core_bool(const char *text);

#endif
