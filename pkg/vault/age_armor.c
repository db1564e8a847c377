#include "base/base.h"

#include "vault/age_armor.h"

#include "crypto/encode.h"

#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END   "-----END AGE ENCRYPTED FILE-----"

enum {
	COLUMNS = 64,
	LINE_BYTES = 48,
	BLOCK_LINES = 1024,
	MARGIN = 1024, /* white space before and after */
	INPUT = 64 << 10,
};

/* --- writing --- */

static err *put(struct age_writer *writer, const char *ptr, size_t len)
{
	return writer->sink->write(writer->sink->data, (const uint8_t *)ptr, len);
}

err *age_writer_start(struct age_writer *writer, const struct age_sink *sink, unsigned flags)
{
	*writer = (struct age_writer){ .sink = sink, .pending = STR_INIT, .text = STR_INIT };
	writer->is_armored = flags & AGE_ARMOR;
	return writer->is_armored ? put(writer, BEGIN "\n", sizeof(BEGIN)) : NULL;
}

void age_writer_clear(struct age_writer *writer)
{
	str_clear(&writer->pending);
	str_clear(&writer->text);
}

static void add_line(struct age_writer *writer, const void *ptr, size_t len)
{
	base64_add(&writer->text, ptr, len, 0);
	str_addch(&writer->text, '\n');
}

err *age_writer_add(struct age_writer *writer, const uint8_t *ptr, size_t len)
{
	if (!writer->is_armored)
		return writer->sink->write(writer->sink->data, ptr, len);
	if (writer->pending.len > 0) {
		size_t take = MIN(len, LINE_BYTES - writer->pending.len);
		str_add(&writer->pending, ptr, take);
		ptr += take;
		len -= take;
		if (writer->pending.len < LINE_BYTES)
			return NULL;
		add_line(writer, writer->pending.ptr, LINE_BYTES);
		str_reset(&writer->pending);
	}
	for (; len >= LINE_BYTES; ptr += LINE_BYTES, len -= LINE_BYTES)
		add_line(writer, ptr, LINE_BYTES);
	str_add(&writer->pending, ptr, len);
	err *e = writer->text.len ? put(writer, writer->text.ptr, writer->text.len) : NULL;
	str_reset(&writer->text);
	return e;
}

err *age_writer_end(struct age_writer *writer)
{
	if (!writer->is_armored)
		return NULL;
	if (writer->pending.len > 0)
		add_line(writer, writer->pending.ptr, writer->pending.len);
	str_addz(&writer->text, END "\n");
	return put(writer, writer->text.ptr, writer->text.len);
}

/* --- reading --- */

struct age_reader {
	const struct age_source *source;
	size_t start, end; /* unread bytes in `buf` */
	bool is_source_done, is_armored;
	bool is_last;       /* the last line of the text was read */
	bool is_done;       /* and what stands behind it */
	struct str text;    /* lines to decode */
	struct str decoded; /* bytes, given out from `given` on */
	size_t given;
	uint8_t buf[INPUT]; /* last, and never zeroed: most files are a line long */
};

static err *bad(const char *why)
{
	return err_new(ERR_INVALID, "the armor is damaged: %s", why);
}

/* Have at least `need` unread bytes, unless the source ends. */
static err *fill(struct age_reader *r, size_t need)
{
	if (r->end - r->start >= need || r->is_source_done)
		return NULL;
	memmove(r->buf, r->buf + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	while (r->end < need && !r->is_source_done) {
		size_t len = 0;
		TRY(r->source->read(r->source->data, r->buf + r->end, INPUT - r->end, &len));
		r->is_source_done = len == 0;
		r->end += len;
	}
	return NULL;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One line without its end; `ret_line` is valid until the next call. */
static err *read_line(struct age_reader *r, struct view *ret_line)
{
	TRY(fill(r, COLUMNS + 16));
	const char *ptr = (const char *)r->buf + r->start;
	size_t len = MIN(r->end - r->start, (size_t)COLUMNS + 16);
	const char *end = len ? memchr(ptr, '\n', len) : NULL;
	if (!end && (len > COLUMNS || !r->is_source_done))
		return bad("a line is too long");
	size_t line = end ? (size_t)(end - ptr) : len;
	r->start += end ? line + 1 : line;
	if (end && line > 0 && ptr[line - 1] == '\r')
		line--;
	*ret_line = (struct view){ ptr, line };
	return NULL;
}

/* Only white space may follow, and not much of it. */
static err *read_rest(struct age_reader *r)
{
	TRY(fill(r, MARGIN + 1));
	if (r->end - r->start > MARGIN)
		return bad("something follows its end");
	for (size_t i = r->start; i < r->end; i++)
		if (!is_blank(r->buf[i]))
			return bad("something follows its end");
	r->start = r->end;
	r->is_done = true;
	return NULL;
}

/* Lines until there is a block of them, or the END line. */
static err *read_block(struct age_reader *r)
{
	struct view line;
	str_reset(&r->text);
	for (int i = 0; i < BLOCK_LINES && !r->is_done; i++) {
		TRY(read_line(r, &line));
		if (view_is(line, END)) {
			TRY(read_rest(r));
			break;
		}
		if (line.len == 0)
			return bad(r->is_source_done && r->start == r->end ? "it is cut off"
			                                                   : "an empty line");
		if (r->is_last || line.len > COLUMNS)
			return bad("a line is too short or too long");
		str_add(&r->text, line.ptr, line.len);
		r->is_last = line.len < COLUMNS || line.ptr[COLUMNS - 1] == '=';
	}
	str_reset(&r->decoded);
	r->given = 0;
	err *e = base64_decode(view_str(&r->text), 0, &r->decoded);
	if (!e)
		return NULL;
	err_ignore(e, "said in the words of the format");
	return bad("it is not base64");
}

static err *find_begin(struct age_reader *r)
{
	struct view line;
	TRY(fill(r, MARGIN + sizeof(BEGIN)));
	size_t at = r->start;
	while (at < r->end && at - r->start < MARGIN && is_blank(r->buf[at]))
		at++;
	if (r->end - at < 11 || memcmp(r->buf + at, "-----BEGIN ", 11) != 0)
		return NULL;
	r->is_armored = true;
	r->start = at;
	TRY(read_line(r, &line));
	return view_is(line, BEGIN) ? NULL : bad("its first line is not '" BEGIN "'");
}

err *age_reader_open(const struct age_source *source, struct age_reader **ret_reader)
{
	AUTOPTR(age_reader) reader = mem_alloc(sizeof(*reader));
	memset(reader, 0, offsetof(struct age_reader, buf));
	reader->source = source;
	str_init(&reader->text);
	str_init(&reader->decoded);
	TRY(find_begin(reader));
	*ret_reader = steal(&reader);
	return NULL;
}

void age_reader_free(struct age_reader *reader)
{
	if (!reader)
		return;
	str_clear(&reader->text);
	str_clear(&reader->decoded);
	mem_free(reader);
}

bool age_reader_is_armored(const struct age_reader *reader)
{
	return reader->is_armored;
}

static err *read_armored(struct age_reader *r, uint8_t *buf, size_t cap, size_t *ret_len)
{
	size_t len = 0;
	while (len < cap) {
		if (r->given == r->decoded.len) {
			if (r->is_done)
				break;
			TRY(read_block(r));
			continue;
		}
		size_t take = MIN(cap - len, r->decoded.len - r->given);
		memcpy(buf + len, r->decoded.ptr + r->given, take);
		r->given += take;
		len += take;
	}
	*ret_len = len;
	return NULL;
}

err *age_reader_read(struct age_reader *r, uint8_t *buf, size_t cap, size_t *ret_len)
{
	if (r->is_armored)
		return read_armored(r, buf, cap, ret_len);
	size_t len = MIN(cap, r->end - r->start);
	memcpy(buf, r->buf + r->start, len);
	r->start += len;
	while (len < cap && !r->is_source_done) {
		size_t more = 0;
		TRY(r->source->read(r->source->data, buf + len, cap - len, &more));
		r->is_source_done = more == 0;
		len += more;
	}
	*ret_len = len;
	return NULL;
}
