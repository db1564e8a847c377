#include "base/base.h"
#include "crypto/rsa.h"

static err *refused(void)
{
	return err_hint(err_new(ERR_UNSUPPORTED, "RSA keys are not supported on Windows"),
	                "use an age key (fettle vault age keygen) or an ssh-ed25519 key");
}

err *rsa_oaep_seal(const struct rsa_key *key, struct view label, struct view plain, struct str *out)
{
	(void)key;
	(void)label;
	(void)plain;
	(void)out;
	return refused();
}

err *rsa_oaep_open(const struct rsa_key *key, struct view label, struct view sealed, uint8_t *buf,
                   size_t cap, size_t *ret_len, bool *ret_is_genuine)
{
	(void)key;
	(void)label;
	(void)sealed;
	(void)buf;
	(void)cap;
	(void)ret_len;
	(void)ret_is_genuine;
	return refused();
}
