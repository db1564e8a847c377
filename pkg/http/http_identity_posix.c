#include "base/base.h"

#include "http/http_private.h"

err *http_set_identity(CURL *easy, struct view cert_pem, struct view key_pem)
{
	curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
	http_set_blob(easy, CURLOPT_SSLCERT_BLOB, cert_pem);
	http_set_blob(easy, CURLOPT_SSLKEY_BLOB, key_pem);
	return NULL;
}
