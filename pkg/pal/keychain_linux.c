/*
 * The Secret Service is D-Bus, a key agreement and windows that ask for passwords: libsecret does all of it, and
 * its program takes and gives secrets by pipe.
 */
#include "base/base.h"

#include "pal/keychain.h"

#include "pal/argv.h"
#include "pal/proc.h"

enum { TIMEOUT_MS = 120000 }; /* somebody may have to type a password */

static err *run(const char *const *argv, struct view input, struct proc_result *result)
{
	const char *bus = env_get("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = env_get("XDG_RUNTIME_DIR");
	if ((!bus || !*bus) && (!runtime || !*runtime))
		return err_new(ERR_UNSUPPORTED,
		               "no session bus, so no keychain to be reached from here");
	const struct proc_opts opts = { .argv = argv,
		                        .input = input,
		                        .output_limit = KEYCHAIN_MAX_BYTES + 1,
		                        .timeout_ms = TIMEOUT_MS };
	err *e = proc_run(&opts, result);
	if (e && err_is(e, ERR_NOT_FOUND))
		return err_hint(err_as(e, ERR_UNSUPPORTED),
		                "install secret-tool (Debian: libsecret-tools)");
	return e;
}

/* secret-tool says nothing when there is no such item, and something when the service fails. */
static err *failure(const struct proc_result *result, const char *account)
{
	if (result->exit_code == 0)
		return NULL;
	if (result->exit_code == 1 && result->err.len == 0)
		return err_new(ERR_NOT_FOUND, "the keychain has no '%s' of fettle", account);
	return err_as(proc_result_err(result, "secret-tool"), ERR_DENIED);
}

err *keychain_get(const char *account, char *buf, size_t size, size_t *ret_len)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *const argv[] = { "secret-tool", "lookup", "service", "fettle",
		                     "account",     account,  NULL };
	TRY(run(argv, (struct view){ "", 0 }, &result));
	err *e = failure(&result, account);
	if (!e && result.out.len > size)
		e = err_new(ERR_LIMIT, "what the keychain has is larger than %zu bytes", size);
	if (!e) {
		memcpy(buf, result.out.ptr, result.out.len);
		*ret_len = result.out.len;
	}
	mem_wipe(result.out.ptr, result.out.len);
	return e;
}

err *keychain_set(const char *account, struct view secret)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *const argv[] = { "secret-tool", "store",  "--label=fettle vault keys",
		                     "service",     "fettle", "account",
		                     account,       NULL };
	if (secret.len > KEYCHAIN_MAX_BYTES)
		return err_new(ERR_LIMIT, "a keychain takes %d bytes", KEYCHAIN_MAX_BYTES);
	TRY(run(argv, secret, &result));
	err *e = proc_result_err(&result, "secret-tool");
	return e ? err_as(e, ERR_DENIED) : NULL;
}

err *keychain_remove(const char *account)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *const argv[] = { "secret-tool", "clear", "service", "fettle",
		                     "account",     account, NULL };
	TRY(run(argv, (struct view){ "", 0 }, &result));
	return failure(&result, account);
}
