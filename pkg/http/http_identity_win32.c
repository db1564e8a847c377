#define BASE_ALLOW_BANNED /* curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_private.h"

/* Schannel wants PKCS#12, and a key in PEM cannot be made into that without another library. */
err *http_set_identity(CURL *easy, struct view cert_pem, struct view key_pem)
{
	(void)easy, (void)cert_pem, (void)key_pem;
	return err_hint(err_new(ERR_UNSUPPORTED, "client certificates cannot be used on Windows"),
	                "use a token or an exec plugin");
}
