/* Whole files: the header, its tag, the payload; in memory, streaming, many at once. */
#include "base/base.h"

#include "vault/age.h"

#include "base/limits.h"
#include "pal/random.h"
#include "vault/age_armor.h"
#include "vault/age_keys.h"
#include "vault/age_payload.h"

bool age_is_file(struct view bytes)
{
	static const char *const starts[] = { "age-encryption.org/v1\n",
		                              "-----BEGIN AGE ENCRYPTED FILE-----" };
	while (bytes.len > 0 && strchr(" \t\r\n", bytes.ptr[0]))
		bytes = (struct view){ bytes.ptr + 1, bytes.len - 1 };
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (bytes.len >= strlen(starts[i]) &&
		    memcmp(bytes.ptr, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

enum { INTRO_MAX = 32 }; /* the first line of an age file is shorter */

/* --- encrypting --- */

static err *write_all(const struct age_recipients *recipients, const struct age_talk *talk,
                      const struct age_source *source, struct age_writer *writer)
{
	__attribute__((cleanup(age_stanzas_clear))) age_stanzas stanzas = VEC_INIT;
	AUTO(secret) file_key = SECRET_INIT;
	AUTO(str) header = STR_INIT;
	TRY(secret_init(&file_key, AGE_FILE_KEY_BYTES));
	random_bytes(file_key.ptr, file_key.len);
	TRY(age_wrap_all(recipients, talk, &file_key, &stanzas));
	age_header_write(stanzas.ptr, stanzas.len, file_key.ptr, &header);
	if (header.len > LIMIT_AGE_HEADER_BYTES)
		return err_new(ERR_LIMIT,
		               "so many recipients make a header of %zu bytes; at most %u",
		               header.len, LIMIT_AGE_HEADER_BYTES);
	TRY(age_writer_add(writer, (const uint8_t *)header.ptr, header.len));
	TRY(age_payload_encrypt(&file_key, source, writer));
	return age_writer_end(writer);
}

err *age_encrypt_stream(const struct age_recipients *recipients, const struct age_talk *talk,
                        unsigned flags, const struct age_source *source,
                        const struct age_sink *sink)
{
	__attribute__((cleanup(age_writer_clear))) struct age_writer writer;
	err *e = age_writer_start(&writer, sink, flags);
	return e ? e : write_all(recipients, talk, source, &writer);
}

/* --- decrypting --- */

/* What an age file looks like until its key is known. */
struct opening {
	struct age_reader *reader;
	struct str bytes; /* of the header */
	struct age_header header;
};

static void opening_clear(struct opening *o)
{
	age_reader_free(o->reader);
	str_clear(&o->bytes);
	age_header_clear(&o->header);
}

/* Byte by byte, because the payload begins right behind the last line. What is wrong, the parser says. */
static err *read_header_bytes(struct age_reader *reader, struct str *bytes)
{
	size_t line = 0, len = 0;
	uint8_t byte;
	for (;;) {
		TRY(age_reader_read(reader, &byte, 1, &len));
		if (len == 0)
			return NULL;
		str_addch(bytes, (char)byte);
		if (bytes->len > LIMIT_AGE_HEADER_BYTES)
			return err_new(ERR_LIMIT, "the header is larger than %u bytes",
			               LIMIT_AGE_HEADER_BYTES);
		if (line == 0 && bytes->len > INTRO_MAX)
			return NULL;
		if (byte != '\n')
			continue;
		if (bytes->len - line >= 3 && memcmp(bytes->ptr + line, "---", 3) == 0)
			return NULL;
		line = bytes->len;
	}
}

static err *opening_start(const struct age_source *source, struct opening *o)
{
	TRY(age_reader_open(source, &o->reader));
	TRY(read_header_bytes(o->reader, &o->bytes));
	return age_header_parse(view_str(&o->bytes), &o->header);
}

static err *opening_finish(struct opening *o, const struct secret *file_key,
                           const struct age_sink *sink)
{
	if (!age_header_is_genuine(&o->header, view_str(&o->bytes), file_key->ptr))
		return err_new(ERR_CORRUPT, "the header was changed: its HMAC does not fit");
	return age_payload_decrypt(file_key, o->reader, sink);
}

err *age_decrypt_stream(struct age_identities *identities, const struct age_talk *talk,
                        const struct age_source *source, const struct age_sink *sink)
{
	__attribute__((cleanup(opening_clear))) struct opening o = { .bytes = STR_INIT };
	TRY(opening_start(source, &o));
	struct age_lock lock = { .header = &o.header };
	age_unwrap_all(identities, talk, &lock, 1);
	err *e = lock.error ? lock.error : opening_finish(&o, &lock.file_key, sink);
	secret_clear(&lock.file_key);
	return e;
}

/* --- in memory --- */

static err *read_view(void *data, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct view *rest = data;
	size_t len = MIN(cap, rest->len);
	if (len > 0)
		memcpy(buf, rest->ptr, len);
	*rest = (struct view){ rest->ptr + len, rest->len - len };
	*ret_len = len;
	return NULL;
}

static err *write_str(void *data, const uint8_t *ptr, size_t len)
{
	str_add(data, ptr, len);
	return NULL;
}

/* Locked memory of the size that is known before: plain text is shorter than its file. */
struct plain_sink {
	struct secret *plain;
	size_t len, limit;
};

static err *write_secret(void *data, const uint8_t *ptr, size_t len)
{
	struct plain_sink *to = data;
	if (len > to->limit - to->len)
		return err_new(ERR_LIMIT, "the plain text is larger than %zu bytes", to->limit);
	assert(to->len + len <= to->plain->len);
	memcpy(to->plain->ptr + to->len, ptr, len);
	to->len += len;
	return NULL;
}

err *age_encrypt(const struct age_recipients *recipients, const struct age_talk *talk,
                 unsigned flags, struct view plain, struct str *ret_bytes)
{
	AUTO(str) bytes = STR_INIT;
	const struct age_source source = { &plain, read_view };
	const struct age_sink sink = { &bytes, write_str };
	TRY(age_encrypt_stream(recipients, talk, flags, &source, &sink));
	str_clear(ret_bytes);
	*ret_bytes = bytes;
	str_init(&bytes);
	return NULL;
}

static err *decrypt_into(struct opening *o, struct view file, const struct secret *file_key,
                         size_t limit, struct secret *ret_plain)
{
	AUTO(secret) plain = SECRET_INIT;
	TRY(secret_init(&plain, MIN(file.len, limit)));
	struct plain_sink to = { .plain = &plain, .limit = MIN(file.len, limit) };
	const struct age_sink sink = { &to, write_secret };
	const struct age_source source = { &file, read_view };
	AUTO(str) again = STR_INIT;
	TRY(age_reader_open(&source, &o->reader));
	TRY(read_header_bytes(o->reader, &again));
	TRY(opening_finish(o, file_key, &sink));
	secret_truncate(&plain, to.len);
	secret_clear(ret_plain);
	*ret_plain = plain;
	plain = (struct secret)SECRET_INIT;
	return NULL;
}

static void decrypt_jobs(struct age_identities *identities, const struct age_talk *talk,
                         size_t limit, struct age_job *jobs, struct opening *openings,
                         struct age_lock *locks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct view bytes = jobs[i].bytes;
		const struct age_source source = { &bytes, read_view };
		str_init(&openings[i].bytes);
		locks[i].error = opening_start(&source, &openings[i]);
		age_reader_free(steal(&openings[i].reader)); /* thousands would be too many */
		locks[i].header = &openings[i].header;
	}
	age_unwrap_all(identities, talk, locks, count);
	for (size_t i = 0; i < count; i++) {
		jobs[i].error = locks[i].error;
		if (!jobs[i].error)
			jobs[i].error = decrypt_into(&openings[i], jobs[i].bytes,
			                             &locks[i].file_key, limit, &jobs[i].plain);
		secret_clear(&locks[i].file_key);
		opening_clear(&openings[i]);
	}
}

void age_decrypt_all(struct age_identities *identities, const struct age_talk *talk, size_t limit,
                     struct age_job *jobs, size_t count)
{
	AUTOFREE struct opening *openings = mem_zalloc(count + 1, sizeof(*openings));
	AUTOFREE struct age_lock *locks = mem_zalloc(count + 1, sizeof(*locks));
	decrypt_jobs(identities, talk, limit, jobs, openings, locks, count);
}

err *age_decrypt(struct age_identities *identities, const struct age_talk *talk, struct view bytes,
                 size_t limit, struct secret *ret_plain)
{
	struct age_job job = { .bytes = bytes };
	age_decrypt_all(identities, talk, limit, &job, 1);
	if (job.error)
		return job.error;
	secret_clear(ret_plain);
	*ret_plain = job.plain;
	return NULL;
}
