/*
 * Age files as text: strict PEM with the label AGE ENCRYPTED FILE. Reader and writer stand between a
 * file and its bytes; the reader also passes files through that are not armored.
 */
#ifndef VAULT_AGE_ARMOR_H
#define VAULT_AGE_ARMOR_H

#include "base/base.h"
#include "vault/age.h"

struct age_reader;

/* Looks at the first bytes, to know which of the two it is. `source` is used until free. */
NODISCARD err *age_reader_open(const struct age_source *source, struct age_reader **ret_reader);
/* Fills `buf` unless the end comes first. INVALID for armor that is not exactly as it must be. */
NODISCARD err *age_reader_read(struct age_reader *reader, uint8_t *buf, size_t cap,
                               size_t *ret_len);
bool age_reader_is_armored(const struct age_reader *reader);
void age_reader_free(struct age_reader *reader); /* NULL is fine */
AUTOPTR_DEFINE(age_reader)

/* Collects bytes and hands lines to the sink; without AGE_ARMOR it hands on what it gets. */
struct age_writer {
	const struct age_sink *sink;
	bool is_armored;
	struct str pending; /* less than a line */
	struct str text;
};
NODISCARD err *age_writer_start(struct age_writer *writer, const struct age_sink *sink,
                                unsigned flags);
NODISCARD err *age_writer_add(struct age_writer *writer, const uint8_t *ptr, size_t len);
NODISCARD err *age_writer_end(struct age_writer *writer);
void age_writer_clear(struct age_writer *writer);

#endif
