#include "base/base.h"

#include "lint/secret_scan.h"

#include <math.h>

#include "crypto/deflate.h"
#include "crypto/encode.h"

/*
 * The search is Wu's and Manber's: two bytes at a time say how far the next literal can begin at the
 * earliest. Literals have four bytes, or three and any character of a token, so that most looks skip
 * three. The table is small enough to stay near the processor: bytes above 0x7f share its rows.
 */
#define WINDOW       4u
#define SHIFT_MAX    (WINDOW - 1)
#define ROWS         (1u << 14)
#define LITERALS_MAX 1024u

struct literal {
	const char *text;
	uint16_t len;
	uint16_t detector;
	uint16_t next;  /* of the same row; 0: none */
	int16_t offset; /* of the window in the literal; -1: one byte before it */
};

struct secret_search {
	uint8_t shift[ROWS];
	uint16_t first[ROWS]; /* literal + 1 with this end of its window */
	struct literal literals[LITERALS_MAX];
	size_t n_literals;
	uint8_t classes[256]; /* enum secret_charset */
};

static size_t row(char a, char b)
{
	return ((size_t)(unsigned char)a & 0x7f) << 7 | ((unsigned char)b & 0x7f);
}

static void lower_shift(struct secret_search *search, size_t key, uint8_t shift)
{
	search->shift[key] = MIN(search->shift[key], shift);
}

/* How often two bytes stand side by side in code and prose, roughly. */
static unsigned commonness(char a, char b)
{
	static const char frequent[] =
		"th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io "
		"le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ct tr pt rt ut ss pa ke ca";
	bool is_lower = a >= 'a' && a <= 'z' && b >= 'a' && b <= 'z';
	const char both[] = { a, b, '\0' };
	if (is_lower)
		return strstr(frequent, both) ? 30 : 12;
	bool is_word = a == '_' || b == '_' || a == '-' || b == '-';
	return is_word ? 8 : 3;
}

/* The four bytes of the literal that are seen least. */
static int rarest_window(const char *text, size_t len)
{
	int best = 0;
	unsigned least = UINT_MAX;
	for (int i = 0; i + (int)WINDOW <= (int)len; i++) {
		unsigned score = 10 * commonness(text[i + 2], text[i + 3]) +
		                 3 * commonness(text[i + 1], text[i + 2]) +
		                 2 * commonness(text[i], text[i + 1]);
		if (score < least) {
			least = score;
			best = i;
		}
	}
	return best;
}

static void add_literal(struct secret_search *search, const char *text, size_t len, size_t detector)
{
	assert(len >= WINDOW - 1 && search->n_literals + 1 < LITERALS_MAX);
	/* Three bytes are looked for with any byte before them. */
	int offset = len < WINDOW ? -1 : rarest_window(text, len);
	const char *window = text + offset;
	struct literal *literal = &search->literals[++search->n_literals];
	size_t key = row(window[2], window[3]);
	*literal = (struct literal){ text, (uint16_t)len, (uint16_t)detector, search->first[key],
		                     (int16_t)offset };
	search->first[key] = (uint16_t)search->n_literals;
	lower_shift(search, key, 0);
	lower_shift(search, row(window[1], window[2]), 1);
	for (unsigned any = 0; offset < 0 && any < 128; any++)
		lower_shift(search, row((char)any, window[1]), 2);
	if (offset >= 0)
		lower_shift(search, row(window[0], window[1]), 2);
}

static void add_classes(struct secret_search *search)
{
	for (unsigned c = 0; c < 256; c++) {
		bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
		bool is_digit = c >= '0' && c <= '9', is_alnum = is_upper || is_lower || is_digit;
		bool is_hex = is_digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		search->classes[c] =
			(uint8_t)((is_alnum ? SECRET_ALNUM : 0u) | (is_hex ? SECRET_HEX : 0u) |
		                  (is_alnum || c == '-' || c == '_' ? SECRET_URL64 : 0u) |
		                  (is_alnum || c == '+' || c == '/' || c == '=' ? SECRET_BASE64
		                                                                : 0u) |
		                  (is_alnum || c == '_' ? SECRET_WORD : 0u) |
		                  (is_alnum || c == '-' || c == '_' || c == '.' ? SECRET_DOTTED
		                                                                : 0u) |
		                  (is_upper || (c >= '2' && c <= '7') ? SECRET_BASE32 : 0u) |
		                  (is_upper || is_digit ? SECRET_UPPER : 0u));
	}
}

struct secret_search *secret_search_new(void)
{
	struct secret_search *search = MEM_NEW(struct secret_search);
	memset(search->shift, SHIFT_MAX, sizeof(search->shift));
	for (size_t d = 0; d < secret_n_detectors; d++) {
		struct view rest = view_of(secret_detectors[d].literals), part;
		while (view_split(&rest, ' ', &part))
			if (part.len)
				add_literal(search, part.ptr, part.len, d);
	}
	add_classes(search);
	return search;
}

/* --- what looks random, and what does not --- */

double secret_entropy(const char *text, size_t len)
{
	unsigned counts[256] = { 0 };
	double bits = 0;
	for (size_t i = 0; i < len; i++)
		counts[(unsigned char)text[i]]++;
	for (size_t c = 0; c < 256; c++)
		if (counts[c]) {
			double share = (double)counts[c] / (double)len;
			bits -= share * log2(share);
		}
	return bits;
}

static bool has_fold(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	for (size_t i = 0; i + word_len <= len; i++) {
		size_t k = 0;
		while (k < word_len && (text[i + k] | 0x20) == word[k])
			k++;
		if (k == word_len)
			return true;
	}
	return false;
}

bool secret_is_placeholder(const char *text, size_t len)
{
	static const char *const words[] = {
		"example",  "changeme", "change-me",  "change_me", "placeholder", "redacted",
		"dummy",    "xxxx",     "sample",     "insert",    "replace",     "your-",
		"your_",    "yourkey",  "yourtoken",  "secret123", "notreal",     "not-a-real",
		"foobar",   "deadbeef", "test-token", "0000000",   "1111111",     "abcdefgh",
		"12345678", "aaaaaaa",  "qwerty",     "lorem",     "fake",        "mock",
	};
	static const char *const marks[] = {
		"${", "{{", "$(", "<", "%(", "...", "***", "[[", "%s"
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (has_fold(text, len, words[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_find(text, len, marks[i], strlen(marks[i])))
			return true;
	size_t different = 0;
	bool seen[256] = { false };
	for (size_t i = 0; i < len; i++) {
		different += !seen[(unsigned char)text[i]];
		seen[(unsigned char)text[i]] = true;
	}
	return different < 5;
}

/* --- checks --- */

struct scan {
	const struct secret_search *search;
	const char *text;
	size_t len;
	size_t done; /* secrets found so far end here */
};

static size_t run_of(const struct scan *s, size_t at, unsigned charset)
{
	size_t start = at;
	while (at < s->len && (s->search->classes[(unsigned char)s->text[at]] & charset))
		at++;
	return at - start;
}

static bool is_alnum_at(const struct scan *s, size_t at)
{
	return at < s->len && (s->search->classes[(unsigned char)s->text[at]] & SECRET_ALNUM);
}

static bool has_crc62(const char *text, size_t len)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc = crc32_of(text, len - 6);
	for (size_t i = 0; i < 6; i++, crc /= 62)
		if (text[len - 1 - i] != digits[crc % 62])
			return false;
	return true;
}

static bool is_jwt(const char *text, size_t len, size_t *ret_len)
{
	size_t parts = 1, at = 0, header = 0;
	for (; at < len && parts <= 3; at++)
		if (text[at] == '.') {
			header = header ? header : at;
			if (++parts > 3)
				break;
		}
	if (parts < 3 || header < 10)
		return false;
	*ret_len = at;
	AUTO(str) json = STR_INIT;
	err *e =
		base64_decode((struct view){ text, header }, BASE64_URL | BASE64_NO_PADDING, &json);
	if (e) {
		err_ignore(e, "no token");
		return false;
	}
	return json.len > 2 && json.ptr[0] == '{' && strstr(json.ptr, "\"alg\"") &&
	       json.ptr[json.len - 1] == '}';
}

/* -----BEGIN … PRIVATE KEY-----, and enough behind it to be one. */
static bool is_pem(const char *text, size_t len, size_t *ret_len)
{
	const char *newline = memchr(text, '\n', MIN(len, (size_t)200));
	size_t line = newline ? (size_t)(newline - text) : MIN(len, (size_t)200);
	const char *mark = str_find(text, line, "PRIVATE KEY", 11);
	if (!mark)
		return false;
	size_t behind = (size_t)(mark - text) + 11;
	behind += line - behind >= 6 && memcmp(text + behind, " BLOCK", 6) == 0 ? 6 : 0;
	if (line - behind < 5 || memcmp(text + behind, "-----", 5) != 0)
		return false;
	if (behind + 5 >= len || !text[behind + 5] || !strchr("\n\r\\ \"'", text[behind + 5]))
		return false;
	const char *end = str_find(text, len, "-----END", 8);
	*ret_len = end ? (size_t)(end - text) : MIN(len, (size_t)4096);
	size_t body = 0, from = (size_t)(mark - text) + 11;
	for (size_t i = from; i < *ret_len; i++)
		body += text[i] != '-' && text[i] != ' ' && text[i] != '\n' && text[i] != '\r';
	return body >= 40 && !secret_is_placeholder(text + from, MIN(*ret_len - from, (size_t)120));
}

static bool is_pem_base64(const char *text, size_t len)
{
	AUTO(str) pem = STR_INIT;
	size_t whole = len / 4 * 4, pem_len;
	err *e = base64_decode((struct view){ text, MIN(whole, (size_t)4096) }, 0, &pem);
	if (e) {
		err_ignore(e, "no key");
		return false;
	}
	return is_pem(pem.ptr, pem.len, &pem_len);
}

/* Behind "://": user:password@host, the password not made of a variable. */
static bool find_url_password(const struct scan *s, size_t at, size_t *ret_start, size_t *ret_end)
{
	size_t end = at, colon = 0;
	while (end < s->len && !strchr(" \t\r\n\"'`<>,;|\\)(", s->text[end]) &&
	       s->text[end] != '/' && s->text[end] != '?' && s->text[end] != '#' &&
	       end - at < 300 && s->text[end] != '@') {
		if (s->text[end] == ':' && !colon)
			colon = end;
		end++;
	}
	if (!colon || end >= s->len || s->text[end] != '@' || colon == at ||
	    !is_alnum_at(s, end + 1))
		return false;
	*ret_start = colon + 1;
	*ret_end = end;
	size_t len = end - colon - 1;
	const char *password = s->text + colon + 1;
	/* $VAR, {var}, :password, the name of the field, the user again: written for people. */
	bool is_written = password[0] == '$' || password[0] == '{' || password[0] == ':' ||
	                  password[0] == '%' || password[0] == '[' ||
	                  has_fold(password, len, "pass") || has_fold(password, len, "secret") ||
	                  has_fold(password, len, "token") ||
	                  (len == colon - at && memcmp(password, s->text + at, len) == 0);
	return len >= 4 && !is_written && !secret_is_placeholder(password, len);
}

static bool is_docker_auth(const struct scan *s, size_t at, size_t *ret_start, size_t *ret_end)
{
	while (at < s->len && strchr(" \t\r\n:", s->text[at]))
		at++;
	if (at >= s->len || s->text[at] != '"')
		return false;
	size_t len = run_of(s, at + 1, SECRET_BASE64);
	AUTO(str) login = STR_INIT;
	err *e = base64_decode((struct view){ s->text + at + 1, len }, 0, &login);
	if (e) {
		err_ignore(e, "no login");
		return false;
	}
	*ret_start = at + 1;
	*ret_end = at + 1 + len;
	const char *colon = memchr(login.ptr, ':', login.len);
	bool has_password = colon && colon[1] && login.ptr + login.len - colon > 4;
	return len >= 12 && has_password && !secret_is_placeholder(login.ptr, login.len);
}

/* --- values of words --- */

/* Skip `"`, blanks, `=`, `:`, `=>` and so on; false when nothing is assigned. */
static bool find_value(const struct scan *s, size_t at, size_t *ret_start, size_t *ret_end)
{
	size_t limit = MIN(at + 40, s->len);
	/* the rest of the name: password_hash, tokenValue */
	while (at < limit && (s->search->classes[(unsigned char)s->text[at]] & SECRET_DOTTED))
		at++;
	if (at < s->len && (s->text[at] == '"' || s->text[at] == '\'' || s->text[at] == ']'))
		at++;
	while (at < limit && (s->text[at] == ' ' || s->text[at] == '\t'))
		at++;
	if (at >= s->len || (s->text[at] != '=' && s->text[at] != ':'))
		return false;
	while (at < limit && s->text[at] && strchr("=:> \t", s->text[at]))
		at++;
	char quote =
		at < s->len && (s->text[at] == '"' || s->text[at] == '\'' || s->text[at] == '`')
			? s->text[at]
			: '\0';
	at += quote != '\0';
	size_t end = at;
	while (end < s->len && end - at < 400) {
		char c = s->text[end];
		if (quote ? c == quote || c == '\n' : c == '\0' || strchr(" \t\r\n,;\"'`)}]&", c))
			break;
		end++;
	}
	*ret_start = at;
	*ret_end = end;
	return end > at;
}

static bool is_uuid(const char *text, size_t len)
{
	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool is_hex = (text[i] >= '0' && text[i] <= '9') ||
		              ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'f');
		if (is_dash ? text[i] != '-' : !is_hex)
			return false;
	}
	return true;
}

/* Words joined by - _ . : names of things, not random. */
static bool is_made_of_words(const char *text, size_t len)
{
	size_t digits = 0, uppers = 0, lowers = 0, turns = 0, longest = 0, letters = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool is_digit = c >= '0' && c <= '9', is_upper = c >= 'A' && c <= 'Z';
		bool is_lower = c >= 'a' && c <= 'z';
		digits += is_digit;
		uppers += is_upper;
		lowers += is_lower;
		letters = is_lower || is_upper ? letters + 1 : 0;
		longest = MAX(longest, letters);
		if (i > 0) {
			bool was_digit = text[i - 1] >= '0' && text[i - 1] <= '9';
			turns += is_digit != was_digit;
		}
	}
	if (digits == 0)
		return true;
	/* camelCaseName2, some-service-v1: few digits, long words. */
	return digits <= 2 && longest >= 5 && turns <= 3 && (uppers == 0 || lowers > uppers * 3);
}

bool secret_is_random(const char *text, size_t len)
{
	size_t hex = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c <= ' ' || c >= 0x7f || strchr("(){}<>\\\"'`|;", c))
			return false;
		hex += (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
	}
	bool is_path = text[0] == '/' || text[0] == '.' || text[0] == '~' || text[0] == '$' ||
	               text[0] == '@' || text[0] == '%' || str_find(text, len, "://", 3) ||
	               str_find(text, len, "ENC[", 4) || (len > 4 && text[len - 4] == '.') ||
	               (len > 5 && text[len - 5] == '.');
	if (is_path || is_uuid(text, len) || is_made_of_words(text, len) ||
	    secret_is_placeholder(text, len))
		return false;
	double entropy = secret_entropy(text, len);
	return hex == len ? len >= 32 && entropy >= 3.0 : entropy >= 3.5;
}

/* --- one candidate --- */

static bool check_before(const struct scan *s, const struct secret_detector *d, size_t at,
                         struct secret_hit *hit)
{
	size_t back = at;
	switch (d->check) {
	case SECRET_OPENAI:
		while (back > s->done &&
		       (s->search->classes[(unsigned char)s->text[back - 1]] & SECRET_URL64))
			back--;
		hit->start = back;
		return at - back >= 20 && strncmp(s->text + back, "sk-", 3) == 0;
	case SECRET_TELEGRAM:
		while (back > s->done && s->text[back - 1] >= '0' && s->text[back - 1] <= '9')
			back--;
		hit->start = back;
		return at - back >= 8 && at - back <= 10;
	case SECRET_MAILCHIMP:
		while (back > s->done && at - back < 33 &&
		       (s->search->classes[(unsigned char)s->text[back - 1]] & SECRET_HEX))
			back--;
		hit->start = back;
		return at - back == 32;
	case SECRET_TERRAFORM:
		while (back > s->done && at - back < 15 && is_alnum_at(s, back - 1))
			back--;
		hit->start = back;
		return at - back == 14;
	default:
		return at == 0 || !is_alnum_at(s, at - 1);
	}
}

static bool check_body(const struct scan *s, const struct secret_detector *d, size_t at,
                       size_t literal_len, struct secret_hit *hit)
{
	size_t body = at + literal_len;
	size_t run = run_of(s, body, d->charset), used = MIN(run, (size_t)d->max);
	if (run < d->min || run > d->max)
		return false;
	while (used > d->min && (d->charset & SECRET_DOTTED) && s->text[body + used - 1] == '.')
		used--; /* the end of a sentence */
	hit->end = body + used;
	const char *text = s->text + body;
	switch (d->check) {
	case SECRET_CRC62:
		return has_crc62(text, used);
	case SECRET_GRAFANA:
		return text[32] == '_' && strspn(text + 33, "0123456789abcdef") >= 8;
	case SECRET_SENDGRID:
		return text[22] == '.' && !memchr(text, '.', 22) && !memchr(text + 23, '.', 43);
	case SECRET_MAILCHIMP:
		return strspn(text, "0123456789") == used;
	case SECRET_PEM_BASE64:
		hit->end = body + run;
		return is_pem_base64(s->text + at, literal_len + run);
	default:
		return !secret_is_placeholder(text, used) && secret_entropy(text, used) >= 2.5;
	}
}

static bool examine(const struct scan *s, const struct literal *literal, size_t at,
                    struct secret_hit *hit)
{
	const struct secret_detector *d = &secret_detectors[literal->detector];
	size_t behind = at + literal->len, len;
	*hit = (struct secret_hit){ .detector = d, .start = at };
	switch (d->check) {
	case SECRET_PEM:
		hit->end = at + literal->len;
		if (!is_pem(s->text + at, s->len - at, &len))
			return false;
		hit->end = at + len;
		return true;
	case SECRET_URL:
		return find_url_password(s, behind, &hit->start, &hit->end);
	case SECRET_DOCKER_AUTH:
		return is_docker_auth(s, behind, &hit->start, &hit->end);
	case SECRET_JWT:
		len = literal->len + run_of(s, behind, d->charset);
		if (len < d->min || (at > 0 && is_alnum_at(s, at - 1)) ||
		    !is_jwt(s->text + at, len, &len))
			return false;
		hit->end = at + len;
		return true;
	case SECRET_ASSIGNED:
		if (!find_value(s, behind - 1, &hit->start, &hit->end))
			return false;
		len = hit->end - hit->start;
		return len >= d->min && len <= d->max &&
		       run_of(s, hit->start, SECRET_BASE64 | SECRET_DOTTED) == len &&
		       !secret_is_placeholder(s->text + hit->start, len);
	case SECRET_AWS:
		if (!find_value(s, behind, &hit->start, &hit->end))
			return false;
		len = run_of(s, hit->start, SECRET_BASE64);
		return len == 40 && hit->end - hit->start == 40 &&
		       !secret_is_placeholder(s->text + hit->start, len) &&
		       secret_entropy(s->text + hit->start, len) >= 3.5;
	case SECRET_GENERIC:
		if (!find_value(s, behind, &hit->start, &hit->end))
			return false;
		len = hit->end - hit->start;
		return len >= d->min && len <= d->max &&
		       secret_is_random(s->text + hit->start, len);
	default:
		return check_before(s, d, at, hit) && check_body(s, d, at, literal->len, hit);
	}
}

/* All literals whose window is here; the longest secret of them. */
static bool examine_all(const struct scan *s, size_t window, size_t first,
                        struct secret_hit *ret_hit)
{
	bool is_found = false;
	for (size_t i = first; i; i = s->search->literals[i].next) {
		const struct literal *literal = &s->search->literals[i];
		struct secret_hit hit;
		/* Before the first byte there is only the window of short ones. */
		if (literal->offset >= 0 &&
		    (window == SIZE_MAX || (size_t)literal->offset > window))
			continue;
		size_t at = literal->offset < 0 ? window + 1 : window - (size_t)literal->offset;
		if (s->len - at < literal->len ||
		    memcmp(s->text + at, literal->text, literal->len) != 0)
			continue;
		if (!examine(s, literal, at, &hit) || hit.start < s->done)
			continue;
		bool is_better = !is_found || (ret_hit->detector->check == SECRET_GENERIC) ||
		                 (hit.detector->check != SECRET_GENERIC && hit.end > ret_hit->end);
		if (is_better)
			*ret_hit = hit;
		is_found = true;
	}
	return is_found;
}

void secret_search_free(struct secret_search *search)
{
	mem_free(search);
}

/*
 * A look waits for the one before it, so four lanes of a block are looked through side by side. What
 * they stop at is examined afterwards, in order.
 */
#define LANES      4u
#define LANE_BYTES 2048u

struct stops {
	uint32_t at[LANES][LANE_BYTES]; /* from the start of the block */
	size_t len[LANES];
};

static void look(const struct secret_search *search, const char *block, size_t lane_len,
                 struct stops *stops)
{
	const uint8_t *shift = search->shift;
	size_t at[LANES], end[LANES], n[LANES] = { 0 };
	bool is_open = true;
	for (size_t l = 0; l < LANES; l++) {
		at[l] = l * lane_len;
		end[l] = at[l] + lane_len;
	}
	while (is_open) {
		is_open = true;
		for (size_t l = 0; l < LANES; l++) {
			size_t skip = shift[row(block[at[l] + 2], block[at[l] + 3])];
			stops->at[l][n[l]] = (uint32_t)at[l];
			n[l] += skip == 0;
			at[l] += skip + (skip == 0);
			is_open &= at[l] < end[l];
		}
	}
	for (size_t l = 0; l < LANES; l++) {
		while (at[l] < end[l]) {
			size_t skip = shift[row(block[at[l] + 2], block[at[l] + 3])];
			stops->at[l][n[l]] = (uint32_t)at[l];
			n[l] += skip == 0;
			at[l] += skip + (skip == 0);
		}
		stops->len[l] = n[l];
	}
}

/* Hits in order; a generic value is held back: a known token inside of it says more. */
struct sink {
	void (*hit)(void *context, const struct secret_hit *hit);
	void *context;
	struct secret_hit held;
};

static void sink_flush(struct sink *sink, size_t before)
{
	if (sink->held.detector && sink->held.end <= before)
		sink->hit(sink->context, &sink->held);
	sink->held.detector = NULL;
}

static void sink_add(struct sink *sink, struct scan *s, const struct secret_hit *found)
{
	if (found->detector->check == SECRET_GENERIC) {
		if (sink->held.detector && found->start < sink->held.end)
			return;
		sink_flush(sink, SIZE_MAX);
		sink->held = *found;
		return;
	}
	sink_flush(sink, found->start);
	sink->hit(sink->context, found);
	s->done = found->end;
}

static void examine_stop(struct scan *s, struct sink *sink, size_t at, size_t key)
{
	struct secret_hit found;
	if (examine_all(s, at, s->search->first[key], &found))
		sink_add(sink, s, &found);
}

static void examine_at(struct scan *s, struct sink *sink, size_t at)
{
	size_t key = row(s->text[at + 2], s->text[at + 3]);
	if (at >= s->done && s->search->shift[key] == 0)
		examine_stop(s, sink, at, key);
}

void secret_scan(const struct secret_search *search, const char *text, size_t len,
                 void (*hit)(void *context, const struct secret_hit *hit), void *context)
{
	struct scan s = { .search = search, .text = text, .len = len };
	struct sink sink = { hit, context, { NULL, 0, 0 } };
	struct stops stops;
	if (len < WINDOW)
		return;
	examine_stop(&s, &sink, SIZE_MAX, row(text[1], text[2]));
	size_t at = 0;
	for (; at + LANES * LANE_BYTES + WINDOW <= len; at += LANES * LANE_BYTES) {
		look(search, text + at, LANE_BYTES, &stops);
		for (size_t l = 0; l < LANES; l++)
			for (size_t i = 0; i < stops.len[l]; i++)
				examine_at(&s, &sink, at + stops.at[l][i]);
	}
	for (; at + WINDOW <= len; at++) {
		size_t skip = search->shift[row(text[at + 2], text[at + 3])];
		if (skip == 0)
			examine_at(&s, &sink, at);
		else
			at += skip - 1;
	}
	sink_flush(&sink, SIZE_MAX);
}
