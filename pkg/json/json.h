/*
 * JSON text to value trees and back, and a streaming writer for outputs. Sole user of jansson.
 * Use this for everything that claims to be JSON, manifests (`*.json`) included: values carry the
 * same marks as YAML values, so errors and later edits work alike.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

/*
 * Read exactly one value into the arena; `name` is used in messages. The text is copied once into
 * the arena for marks and snippets. Strict RFC 8259; also refused: duplicate keys, bytes that are
 * not UTF-8, numbers too large for a double, more than LIMIT_DOC_BYTES, LIMIT_DEPTH, LIMIT_NODES,
 * LIMIT_KEY_BYTES. Errors are INVALID or LIMIT with file, line, column and snippet.
 */
NODISCARD err *json_load(const char *text, size_t len, const char *name, struct arena *a,
                         struct val **ret_root);

/*
 * For what a program sends us (pages of an API server): no marks, no snippets, the text is not
 * kept; keys and strings are copied into the arena. Limits and errors as json_load, except that
 * a duplicate key keeps its last value and places are byte offsets in the message.
 */
NODISCARD err *json_read(const char *text, size_t len, const char *name, struct arena *a,
                         struct val **ret_root);

enum json_flags {
	JSON_ONE_LINE = 0u,
	JSON_PRETTY = 1u << 0, /* two spaces, one member per line, final newline */
	JSON_SORTED = 1u << 1, /* keys in byte order: the canonical form for hashing */
};

/* Append `v`. Invalid UTF-8 in strings becomes U+FFFD; numbers read back exactly. */
void json_write(const struct val *v, unsigned flags, struct str *out);
/* Append one quoted, escaped string. */
void json_write_string(const char *text, size_t len, struct str *out);

/*
 * Streaming writer: call in document order; commas, indentation and escaping are its job.
 * With JSON_PRETTY a newline follows the outermost value.
 *
 *	struct json_writer w = json_writer_init(&out, JSON_PRETTY);
 *	json_begin_object(&w);
 *	json_key_string(&w, "name", "api");
 *	json_key(&w, "ports");
 *	json_begin_array(&w);
 *	json_int(&w, 80);
 *	json_end_array(&w);
 *	json_end_object(&w);
 */
struct json_writer {
	struct str *out;
	unsigned flags;
	unsigned depth;
	bool has_items; /* the open object or array has members already */
	bool has_key;   /* a key was written, its value is due */
};

struct json_writer json_writer_init(struct str *out, unsigned flags);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
/* NULL text writes null. (json_string and JSON_COMPACT are names of jansson.) */
void json_text(struct json_writer *w, const char *text);
void json_textn(struct json_writer *w, const char *text, size_t len);
void json_int(struct json_writer *w, int64_t number);
void json_uint(struct json_writer *w, uint64_t number);
void json_number(struct json_writer *w, double number);
void json_bool(struct json_writer *w, bool boolean);
void json_nil(struct json_writer *w);
void json_val(struct json_writer *w, const struct val *v);
/* Key and value in one call. */
void json_key_string(struct json_writer *w, const char *key, const char *text);
void json_key_int(struct json_writer *w, const char *key, int64_t number);
void json_key_bool(struct json_writer *w, const char *key, bool boolean);
void json_key_val(struct json_writer *w, const char *key, const struct val *v);

#endif
