#include "base/base.h"

#include "vault/bech32.h"

enum { CHECKSUM = 6 };

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t checksum_step(uint32_t sum, unsigned value)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
		                              0x2a1462b3 };
	uint32_t top = sum >> 25;
	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (size_t i = 0; i < ARRAY_LEN(generator); i++)
		sum ^= (top >> i & 1) ? generator[i] : 0;
	return sum;
}

static uint32_t checksum_prefix(const char *prefix, size_t len)
{
	uint32_t sum = 1;
	for (size_t i = 0; i < len; i++)
		sum = checksum_step(sum, (unsigned char)lower(prefix[i]) >> 5);
	sum = checksum_step(sum, 0);
	for (size_t i = 0; i < len; i++)
		sum = checksum_step(sum, (unsigned char)lower(prefix[i]) & 31);
	return sum;
}

size_t bech32_len(const char *prefix, size_t len)
{
	return strlen(prefix) + 1 + (len * 8 + 4) / 5 + CHECKSUM;
}

void bech32_encode(const char *prefix, const uint8_t *bytes, size_t len, char *ret_text)
{
	size_t at = strlen(prefix), groups = (len * 8 + 4) / 5;
	bool is_upper = prefix[0] >= 'A' && prefix[0] <= 'Z';
	uint32_t sum = checksum_prefix(prefix, at);
	memcpy(ret_text, prefix, at);
	ret_text[at++] = '1';
	for (size_t i = 0; i < groups; i++) {
		size_t bit = i * 5, byte = bit / 8;
		unsigned pair =
			(unsigned)bytes[byte] << 8 | (byte + 1 < len ? bytes[byte + 1] : 0u);
		unsigned value = pair >> (11 - bit % 8) & 31;
		sum = checksum_step(sum, value);
		ret_text[at++] = alphabet[value];
	}
	for (int i = 0; i < CHECKSUM; i++)
		sum = checksum_step(sum, 0);
	sum ^= 1;
	for (int i = 0; i < CHECKSUM; i++)
		ret_text[at++] = alphabet[sum >> 5 * (5 - i) & 31];
	ret_text[at] = '\0';
	for (char *c = ret_text; is_upper && *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
}

static err *wrong(const char *why)
{
	return err_new(ERR_INVALID, "not a valid key: %s", why);
}

/* One case only, printable, and where the prefix ends. */
static err *look(struct view text, size_t *ret_separator)
{
	bool has_lower = false, has_upper = false;
	size_t separator = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c < 33 || c > 126)
			return wrong("it has characters that no key has");
		has_lower |= c >= 'a' && c <= 'z';
		has_upper |= c >= 'A' && c <= 'Z';
		separator = c == '1' ? i : separator;
	}
	if (has_lower && has_upper)
		return wrong("upper and lower case are mixed");
	if (separator == 0 || text.len - separator - 1 < CHECKSUM)
		return wrong("it is cut off");
	*ret_separator = separator;
	return NULL;
}

err *bech32_decode(struct view text, struct str *ret_prefix, uint8_t *buf, size_t cap,
                   size_t *ret_len)
{
	size_t separator, len = 0;
	unsigned bits = 0, count = 0;
	TRY(look(text, &separator));
	uint32_t sum = checksum_prefix(text.ptr, separator);
	for (size_t i = separator + 1; i < text.len; i++) {
		const char *found = strchr(alphabet, lower(text.ptr[i]));
		if (!found)
			return wrong("it has characters that no key has");
		unsigned value = (unsigned)(found - alphabet);
		sum = checksum_step(sum, value);
		if (i >= text.len - CHECKSUM)
			continue;
		bits = bits << 5 | value;
		count += 5;
		if (count < 8)
			continue;
		if (len == cap)
			return wrong("it is too long");
		count -= 8;
		buf[len++] = (uint8_t)(bits >> count);
		bits &= (1u << count) - 1;
	}
	if (sum != 1)
		return wrong("its checksum does not fit (mistyped?)");
	if (count >= 5 || bits != 0)
		return wrong("it does not end as it must");
	str_reset(ret_prefix);
	str_add(ret_prefix, text.ptr, separator);
	*ret_len = len;
	return NULL;
}
