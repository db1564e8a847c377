#include "base/base.h"

#include "vault_transit.h"

#include "base/limits.h"
#include "base/path.h"
#include "crypto/encode.h"
#include "http/http.h"
#include "json/json.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "val/val.h"

#include <ctype.h>

enum { TIMEOUT_MS = 30000, ANSWER_BYTES = 1 << 16 };

struct vault_transit {
	struct http_client *client; /* NULL: not asked yet */
	char *address;              /* without '/' at the end */
	struct str token;           /* wiped */
};

struct vault_transit *vault_transit_new(void)
{
	return MEM_NEW(struct vault_transit);
}

void vault_transit_free(struct vault_transit *transit)
{
	if (!transit)
		return;
	http_client_free(transit->client);
	mem_free(transit->address);
	if (transit->token.len)
		secret_wipe(transit->token.ptr, transit->token.len);
	str_clear(&transit->token);
	mem_free(transit);
}

/* --- the user's own settings --- */

static const char *setting(const char *name)
{
	AUTOFREE char *vault = str_format("VAULT_%s", name), *bao = str_format("BAO_%s", name);
	const char *value = env_get(vault);
	return value && *value ? value : env_get(bao);
}

/* VAULT_TOKEN, or what `vault login` left. */
static err *find_token(struct str *ret_token)
{
	const char *token = setting("TOKEN");
	AUTO(str) home = STR_INIT;
	if (token && *token) {
		str_addz(ret_token, token);
		return NULL;
	}
	TRY(dirs_home(&home));
	AUTOFREE char *path = path_join(home.ptr, ".vault-token");
	err *e = fs_read_file(path, LIMIT_SETTINGS_BYTES, ret_token);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		return err_new(ERR_AUTH,
		               "no token for Vault: neither VAULT_TOKEN nor ~/.vault-token");
	}
	TRY(e);
	while (ret_token->len && isspace((unsigned char)ret_token->ptr[ret_token->len - 1]))
		str_truncate(ret_token, ret_token->len - 1);
	return NULL;
}

static err *connect_once(struct vault_transit *transit)
{
	const char *address = setting("ADDR");
	struct http_options options = { .ca_file = setting("CACERT") };
	if (transit->client)
		return NULL;
	if (!address || !*address)
		return err_new(ERR_NOT_FOUND, "no Vault to ask: VAULT_ADDR is not set");
	str_reset(&transit->token);
	TRY(find_token(&transit->token));
	for (size_t i = 0; i < transit->token.len; i++)
		if (!isprint((unsigned char)transit->token.ptr[i]))
			return err_new(ERR_AUTH, "the token for Vault is not one line of text");
	mem_free(transit->address);
	transit->address = mem_strdup(address);
	for (size_t len = strlen(address); len && address[len - 1] == '/'; len--)
		transit->address[len - 1] = '\0';
	return http_client_new(&options, &transit->client);
}

/* --- requests --- */

/* The name comes from a document: it must not lead to another place of the API. */
static bool is_safe(const char *path, bool may_have_folders)
{
	if (!*path || *path == '/' || strstr(path, "..") || strstr(path, "//"))
		return false;
	for (const char *p = path; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p) &&
		    !(*p == '/' && may_have_folders && p[1]))
			return false;
	return true;
}

static err *check_status(const struct http_response *response, const char *url)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	if (response->status == 200)
		return NULL;
	err *bad = json_read(response->body.ptr, response->body.len, url, &arena, &root);
	err_ignore(bad, "the status says enough");
	const struct val *first = root ? val_at(val_get(root, "errors"), 0) : NULL;
	const char *said = first && val_is(first, VAL_STR) ? first->as.str.ptr : "";
	enum err_kind kind = response->status == 403   ? ERR_AUTH
	                     : response->status >= 500 ? ERR_UNAVAILABLE
	                                               : ERR_INVALID;
	return err_new(kind, "'%s' answers %d%s%.200s", url, response->status, *said ? ": " : "",
	               said);
}

/* POST {field: value}; the member `wanted` of the answer's data. */
static err *ask(struct vault_transit *transit, const char *verb, const struct sops_transit *key,
                const char *field, const char *value, const char *wanted, struct arena *a,
                const char **ret_text)
{
	AUTO(str) body = STR_INIT;
	struct http_response response = { .body = STR_INIT, .headers = STR_INIT };
	struct val *root = NULL;
	if (!is_safe(key->engine, true) || !is_safe(key->name, false))
		return err_new(ERR_INVALID, "'%.100s' in '%.100s' cannot be a transit key",
		               key->name, key->engine);
	TRY(connect_once(transit));
	AUTOFREE char *url =
		str_format("%s/v1/%s/%s/%s", transit->address, key->engine, verb, key->name);
	const char *name_space = setting("NAMESPACE");
	const struct http_header headers[] = { { "X-Vault-Request", "true" },
		                               { "Content-Type", "application/json" },
		                               { "X-Vault-Token", transit->token.ptr },
		                               { "X-Vault-Namespace", name_space } };
	str_reserve(&body, strlen(value) + 64);
	struct json_writer json = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&json);
	json_key_string(&json, field, value);
	json_end_object(&json);
	const struct http_request request = { .method = "POST",
		                              .url = url,
		                              .headers = headers,
		                              .header_count = ARRAY_LEN(headers) -
		                                              (name_space && *name_space ? 0 : 1),
		                              .body = body.ptr,
		                              .body_len = body.len,
		                              .timeout_ms = TIMEOUT_MS,
		                              .retries = 2 };
	err *e = http_do(transit->client, &request, ANSWER_BYTES, &response);
	secret_wipe(body.ptr, body.len);
	if (!e)
		e = check_status(&response, url);
	if (!e)
		e = json_read(response.body.ptr, response.body.len, url, a, &root);
	if (response.body.len)
		secret_wipe(response.body.ptr, response.body.len);
	http_response_clear(&response);
	TRY(e ? err_without_snippet(e) : NULL);
	*ret_text = val_get_str(val_get(root, "data"), wanted, NULL);
	return *ret_text ? NULL : err_new(ERR_INVALID, "'%s' answers without a %s", url, wanted);
}

err *vault_transit_decrypt(struct vault_transit *transit, const struct sops_transit *key,
                           struct view wrapped, struct secret *ret_plain)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) bytes = STR_INIT;
	const char *text = NULL;
	const char *sealed = arena_strndup(&arena, wrapped.ptr, wrapped.len);
	err *e = ask(transit, "decrypt", key, "ciphertext", sealed, "plaintext", &arena, &text);
	if (!e)
		e = base64_decode(view_of(text), 0, &bytes);
	if (!e)
		e = secret_copy(ret_plain, bytes.ptr, bytes.len);
	if (bytes.len)
		secret_wipe(bytes.ptr, bytes.len);
	arena_wipe(&arena);
	return e;
}

err *vault_transit_encrypt(struct vault_transit *transit, const struct sops_transit *key,
                           const struct secret *plain, struct str *ret_wrapped)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	const char *sealed = NULL;
	base64_add(&text, plain->ptr, plain->len, 0);
	err *e = ask(transit, "encrypt", key, "plaintext", text.ptr, "ciphertext", &arena, &sealed);
	secret_wipe(text.ptr, text.len);
	if (!e)
		str_addz(ret_wrapped, sealed);
	return e;
}
