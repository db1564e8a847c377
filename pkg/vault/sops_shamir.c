#include "base/base.h"

#include "crypto/aes_soft.h"
#include "pal/random.h"
#include "vault/sops_shamir.h"

err *shamir_split(const struct secret *secret, size_t count, size_t threshold,
                  struct secret *ret_shares)
{
	AUTO(secret) coefficients = SECRET_INIT;
	if (threshold < 2 || threshold > count || count > 255 || secret->len == 0)
		return err_new(ERR_INVALID,
		               "cannot split a key in %zu shares of which %zu open it: "
		               "at least 2, at most 255",
		               count, threshold);
	TRY(secret_init(&coefficients, threshold));
	for (size_t s = 0; s < count; s++) {
		TRY(secret_init(&ret_shares[s], secret->len + 1));
		ret_shares[s].ptr[secret->len] = (uint8_t)(s + 1);
	}
	for (size_t i = 0; i < secret->len; i++) {
		random_bytes(coefficients.ptr, threshold);
		coefficients.ptr[0] = secret->ptr[i];
		for (size_t s = 0; s < count; s++) {
			uint8_t value = 0;
			for (size_t power = threshold; power-- > 0;)
				value = gf256_mul(value, (uint8_t)(s + 1)) ^
				        coefficients.ptr[power];
			ret_shares[s].ptr[i] = value;
		}
	}
	return NULL;
}

static err *check(const struct secret *shares, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (shares[i].len != shares[0].len || shares[i].len < 2)
			return err_new(ERR_CORRUPT, "the shares of the data key differ in length");
		for (size_t j = 0; j < i; j++)
			if (shares[i].ptr[shares[i].len - 1] == shares[j].ptr[shares[j].len - 1])
				return err_new(ERR_CORRUPT,
				               "two shares of the data key are the same");
	}
	return NULL;
}

err *shamir_combine(const struct secret *shares, size_t count, struct secret *ret_secret)
{
	if (count < 2 || count > 255)
		return err_new(ERR_INVALID, "cannot put %zu shares together", count);
	TRY(check(shares, count));
	size_t len = shares[0].len - 1;
	TRY(secret_init(ret_secret, len));
	for (size_t i = 0; i < count; i++) {
		uint8_t x = shares[i].ptr[len], weight = 1;
		for (size_t j = 0; j < count; j++) {
			uint8_t other = shares[j].ptr[len];
			if (j != i)
				weight = gf256_mul(weight,
				                   gf256_mul(other, gf256_inverse(x ^ other)));
		}
		for (size_t at = 0; at < len; at++)
			ret_secret->ptr[at] ^= gf256_mul(weight, shares[i].ptr[at]);
	}
	return NULL;
}
