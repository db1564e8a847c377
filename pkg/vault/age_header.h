/*
 * The text head of an age file: stanzas, one for each way to the file key, and the tag that binds them
 * to it. The same stanzas carry the conversation with plugins.
 */
#ifndef VAULT_AGE_HEADER_H
#define VAULT_AGE_HEADER_H

#include "base/base.h"
#include "base/vec.h"

#define AGE_MAC_BYTES 32

struct age_stanza {
	struct strs args; /* the first one is the type */
	struct str body;
};
#define AGE_STANZA_INIT             \
	{                           \
		STRS_INIT, STR_INIT \
	}
void age_stanza_clear(struct age_stanza *stanza);
/* "-> type args…", the body in lines of 64 characters, the last one shorter. */
void age_stanza_add_text(const struct age_stanza *stanza, struct str *out);
/* The type, then base64 of `ptr` as an argument when it is not NULL. */
void age_stanza_start(struct age_stanza *stanza, const char *type, const void *ptr, size_t len);

/*
 * Cut one stanza off the beginning of `rest`. *ret_is_whole false: more bytes are needed, nothing was
 * cut. INVALID for what is none.
 */
NODISCARD err *age_stanza_read(struct view *rest, struct age_stanza *ret_stanza,
                               bool *ret_is_whole);

struct age_header {
	VEC(struct age_stanza) stanzas;
	uint8_t mac[AGE_MAC_BYTES];
	size_t signed_len; /* bytes the tag is about */
};
#define AGE_HEADER_INIT  \
	{                \
		VEC_INIT \
	}
void age_header_clear(struct age_header *header);

/* Exactly a header. INVALID, also for a stanza of a known type that is not as it must be. */
NODISCARD err *age_header_parse(struct view bytes, struct age_header *ret_header);
/* Does the tag fit? */
bool age_header_is_genuine(const struct age_header *header, struct view bytes,
                           const uint8_t *file_key);
void age_header_write(const struct age_stanza *stanzas, size_t count, const uint8_t *file_key,
                      struct str *out);

#endif
