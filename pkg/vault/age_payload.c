#include "base/base.h"

#include "vault/age_payload.h"

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "pal/clock.h"
#include "pal/pool.h"
#include "pal/random.h"

enum {
	CHUNK = 64 << 10,
	SEALED = CHUNK + AEAD_TAG_BYTES,
	BATCH = 8, /* chunks for one job of a thread */
	BATCH_BYTES = BATCH * SEALED + 1,
	NONCE = 16,
	SLOTS_MAX = 34,
};

struct stream;

/* Some chunks that are read, worked on, and written together. */
struct batch {
	struct stream *stream;
	uint8_t *in, *out; /* BATCH chunks, and the byte that tells whether more follows */
	size_t in_len, out_len;
	size_t touched; /* bytes of `in` that were ever written; of `out`, tags more */
	uint64_t first; /* number of the first chunk */
	bool has_last, is_done;
	struct aead *aead;
	err *error;
};

struct stream {
	bool is_decrypt;
	uint8_t key[AEAD_KEY_BYTES];
	size_t piece;  /* bytes of a whole chunk as they come */
	uint8_t ahead; /* the byte read too many */
	bool has_ahead, is_ended;
	uint64_t next;                   /* number of the next chunk to read */
	const struct age_source *source; /* encrypting */
	struct age_reader *reader;       /* decrypting */
	struct age_writer *writer;
	const struct age_sink *sink;
	struct batch slots[SLOTS_MAX];
	size_t slot_count;
	struct pool *pool;
};

/* --- one batch --- */

static void make_nonce(uint64_t number, bool is_last, uint8_t nonce[AEAD_NONCE_BYTES])
{
	memset(nonce, 0, AEAD_NONCE_BYTES);
	for (int i = 0; i < 8; i++)
		nonce[10 - i] = (uint8_t)(number >> 8 * i);
	nonce[AEAD_NONCE_BYTES - 1] = is_last;
}

static err *damaged(const char *why)
{
	return err_new(ERR_CORRUPT, "the payload is damaged: %s", why);
}

/* One chunk is not worth what OpenSSL takes to start. */
static bool is_alone(const struct batch *b)
{
	return b->first == 0 && b->has_last && b->in_len <= b->stream->piece;
}

static err *seal_chunk(struct batch *b, uint64_t number, struct view chunk, bool is_last)
{
	uint8_t nonce[AEAD_NONCE_BYTES], *out = b->out + b->out_len;
	make_nonce(number, is_last, nonce);
	if (is_alone(b)) {
		memcpy(out, chunk.ptr, chunk.len);
		aead_seal(b->stream->key, nonce, out, chunk.len);
	} else {
		TRY(aead_seal_piece(b->aead, nonce, chunk, out));
	}
	b->out_len += chunk.len + AEAD_TAG_BYTES;
	return NULL;
}

static err *try_open(struct batch *b, uint64_t number, struct view chunk, bool is_last,
                     bool *ret_is_genuine)
{
	uint8_t nonce[AEAD_NONCE_BYTES], *out = b->out + b->out_len;
	make_nonce(number, is_last, nonce);
	if (is_alone(b)) {
		memcpy(out, chunk.ptr, chunk.len);
		*ret_is_genuine = aead_open(b->stream->key, nonce, out, chunk.len);
	} else {
		TRY(aead_open_piece(b->aead, nonce, chunk, out, ret_is_genuine));
	}
	if (*ret_is_genuine)
		b->out_len += chunk.len - AEAD_TAG_BYTES;
	return NULL;
}

static err *open_chunk(struct batch *b, uint64_t number, struct view chunk, bool is_last)
{
	bool is_genuine = false;
	if (chunk.len < AEAD_TAG_BYTES)
		return damaged("it is cut off");
	if (is_last && chunk.len == AEAD_TAG_BYTES && number > 0)
		return damaged("its last chunk is empty");
	TRY(try_open(b, number, chunk, is_last, &is_genuine));
	if (is_genuine)
		return NULL;
	/* Genuine, but in the wrong place: the others go with it only so far. */
	if (chunk.len == SEALED)
		TRY(try_open(b, number, chunk, !is_last, &is_genuine));
	if (is_genuine)
		return damaged(is_last ? "it is cut off" : "something follows its end");
	return damaged("it was changed or cut off");
}

static err *work_on(struct batch *b)
{
	size_t piece = b->stream->piece, at = 0;
	uint64_t number = b->first;
	if (!b->aead && !is_alone(b))
		TRY(aead_new(b->stream->key, &b->aead));
	do {
		size_t len = MIN(piece, b->in_len - at);
		const struct view chunk = { (const char *)b->in + at, len };
		at += len;
		bool is_last = b->has_last && at == b->in_len;
		TRY(b->stream->is_decrypt ? open_chunk(b, number, chunk, is_last)
		                          : seal_chunk(b, number, chunk, is_last));
		number++;
	} while (at < b->in_len);
	return NULL;
}

static void run_batch(void *data)
{
	struct batch *b = data;
	b->error = work_on(b);
}

static err *read_bytes(struct stream *s, uint8_t *buf, size_t cap, size_t *ret_len)
{
	size_t len = 0;
	if (s->is_decrypt)
		return age_reader_read(s->reader, buf, cap, ret_len);
	while (len < cap) {
		size_t more = 0;
		TRY(s->source->read(s->source->data, buf + len, cap - len, &more));
		if (more == 0)
			break;
		len += more;
	}
	*ret_len = len;
	return NULL;
}

/* Some chunks and one byte more: without it, the last of these was the last of all. */
static err *read_batch(struct stream *s, struct batch *b)
{
	size_t have = s->has_ahead ? 1 : 0, more = 0, size = BATCH * s->piece;
	b->is_done = false;
	b->out_len = 0;
	b->in[0] = s->ahead;
	size_t before = b->touched;
	b->touched = BATCH_BYTES; /* until it is known how many came */
	TRY(read_bytes(s, b->in + have, size + 1 - have, &more));
	b->touched = MAX(before, have + more);
	s->has_ahead = have + more > size;
	s->is_ended = !s->has_ahead;
	s->ahead = s->has_ahead ? b->in[size] : 0;
	b->in_len = MIN(have + more, size);
	b->has_last = s->is_ended;
	b->first = s->next;
	s->next += BATCH;
	return NULL;
}

static err *write_batch(struct stream *s, struct batch *b)
{
	if (b->out_len > 0)
		TRY(s->is_decrypt ? s->sink->write(s->sink->data, b->out, b->out_len)
		                  : age_writer_add(s->writer, b->out, b->out_len));
	err *e = b->error;
	b->error = NULL;
	return e;
}

/* --- all of them --- */

static err *wait_for(struct stream *s, const struct batch *wanted)
{
	while (!wanted->is_done) {
		void *job = NULL;
		TRY(pool_next(s->pool, DEADLINE_NEVER, NULL, &job));
		if (!job)
			return err_new(ERR_INTERNAL, "a job was lost");
		((struct batch *)job)->is_done = true;
	}
	return NULL;
}

/* Read ahead as far as there are slots; write in order as they get done. */
static err *run_parallel(struct stream *s)
{
	size_t head = 0, tail = 1;
	s->slots[0].is_done = true; /* it waits to be written */
	while (head < tail || !s->is_ended) {
		while (tail - head < s->slot_count && !s->is_ended) {
			struct batch *b = &s->slots[tail % s->slot_count];
			TRY(read_batch(s, b));
			tail++;
			pool_submit(s->pool, run_batch, b);
		}
		struct batch *first = &s->slots[head % s->slot_count];
		TRY(wait_for(s, first));
		TRY(write_batch(s, first));
		head++;
	}
	return NULL;
}

static void add_slot(struct stream *s)
{
	struct batch *b = &s->slots[s->slot_count++];
	b->stream = s;
	b->in = mem_alloc(BATCH_BYTES);
	b->out = mem_alloc(BATCH_BYTES);
}

/* The first batch here and now; threads only when there is more. */
static err *run(struct stream *s)
{
	add_slot(s);
	TRY(read_batch(s, &s->slots[0]));
	run_batch(&s->slots[0]);
	if (s->is_ended)
		return write_batch(s, &s->slots[0]);
	size_t threads = MIN(pool_cpu_count(), (size_t)(SLOTS_MAX - 2) / 2);
	for (size_t i = 0; i < 2 * threads + 1; i++)
		add_slot(s);
	s->pool = pool_new(threads);
	return run_parallel(s);
}

static void clear(struct stream *s)
{
	pool_free(s->pool);
	for (size_t i = 0; i < s->slot_count; i++) {
		struct batch *b = &s->slots[i];
		size_t dirty = MIN(b->touched + BATCH * AEAD_TAG_BYTES, (size_t)BATCH_BYTES);
		secret_wipe(b->in, dirty);
		secret_wipe(b->out, dirty);
		mem_free(b->in);
		mem_free(b->out);
		aead_free(b->aead);
		err_ignore(b->error, "an earlier one ended it");
	}
	secret_wipe(s->key, sizeof(s->key));
}

static void derive(const struct secret *file_key, const uint8_t nonce[NONCE], uint8_t *ret_key)
{
	hkdf_sha256((struct view){ (const char *)file_key->ptr, file_key->len },
	            (struct view){ (const char *)nonce, NONCE }, view_of("payload"), ret_key,
	            AEAD_KEY_BYTES);
}

err *age_payload_encrypt(const struct secret *file_key, const struct age_source *source,
                         struct age_writer *writer)
{
	struct stream s = { .piece = CHUNK, .source = source, .writer = writer };
	uint8_t nonce[NONCE];
	random_bytes(nonce, sizeof(nonce));
	TRY(age_writer_add(writer, nonce, sizeof(nonce)));
	derive(file_key, nonce, s.key);
	err *e = run(&s);
	clear(&s);
	return e;
}

err *age_payload_decrypt(const struct secret *file_key, struct age_reader *reader,
                         const struct age_sink *sink)
{
	struct stream s = { .is_decrypt = true, .piece = SEALED, .reader = reader, .sink = sink };
	uint8_t nonce[NONCE];
	size_t len;
	TRY(age_reader_read(reader, nonce, sizeof(nonce), &len));
	if (len < sizeof(nonce))
		return err_new(ERR_INVALID, "the header is damaged: nothing follows it");
	derive(file_key, nonce, s.key);
	err *e = run(&s);
	clear(&s);
	return e;
}
