#include "base/base.h"

#include "git/git_private.h"

#include "pal/clock.h"

/* Enough for the trees of a big repository; blobs are read once and need no cache. */
static const ssize_t cache_bytes = 16 << 20;

static err *start_first_time(void)
{
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, cache_bytes);
	git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, (size_t)0);
	return NULL;
}

err *repo_start(void)
{
	int count = git_libgit2_init();
	if (count < 0)
		return repo_failure(count, "cannot start libgit2");
	if (count == 1)
		return start_first_time();
	git_libgit2_shutdown(); /* only the count: the first start stays */
	return NULL;
}

const char *repo_library_version(void)
{
	return LIBGIT2_VERSION;
}

static enum err_kind kind_of(int code, const git_error *last)
{
	switch (code) {
	case GIT_ENOTFOUND:
	case GIT_EUNBORNBRANCH:
		return ERR_NOT_FOUND;
	case GIT_EAMBIGUOUS:
	case GIT_EINVALIDSPEC:
		return ERR_INVALID;
	case GIT_EAUTH:
	case GIT_ECERTIFICATE:
		return ERR_AUTH;
	case GIT_ELOCKED:
	case GIT_ECONFLICT:
		return ERR_CONFLICT;
	case GIT_TIMEOUT:
		return ERR_TIMEOUT;
	case GIT_EUSER:
		return ERR_CANCELLED;
	case GIT_EOWNER:
		return ERR_REFUSED;
	case GIT_EMISMATCH:
		return ERR_CORRUPT;
	default:
		break;
	}
	switch (last ? last->klass : 0) {
	case GIT_ERROR_NET:
	case GIT_ERROR_SSH:
	case GIT_ERROR_HTTP:
		return ERR_UNAVAILABLE;
	case GIT_ERROR_SSL:
		return ERR_AUTH;
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_ODB:
	case GIT_ERROR_INDEXER:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_TREE:
		return ERR_CORRUPT;
	default:
		return ERR_IO;
	}
}

err *repo_failure(int code, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	AUTO(str) what = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&what, fmt, args);
	va_end(args);

	bool has_text = last && last->message && *last->message;
	if (has_text && strstr(last->message, "No space left"))
		return err_new(ERR_IO, "%s: %s", what.ptr, last->message);
	if (has_text && strstr(last->message, "object format"))
		return err_new(ERR_UNSUPPORTED, "%s: %s: only SHA-1 repositories can be read",
		               what.ptr, last->message);
	if (code == GIT_EOWNER)
		return err_new(ERR_REFUSED, "%s: the repository belongs to another user", what.ptr);
	return err_new(kind_of(code, last), "%s: %s", what.ptr,
	               has_text ? last->message : "no reason given");
}

err *repo_check_time(const struct repo_options *options, const char *what)
{
	if (options->cancel && atomic_load(options->cancel))
		return err_new(ERR_CANCELLED, "%s was interrupted", what);
	if (options->deadline_ns && clock_monotonic_ns() >= options->deadline_ns)
		return err_new(ERR_TIMEOUT, "%s did not finish in time", what);
	return NULL;
}

int64_t repo_time_left_ms(const struct repo_options *options, int64_t fallback_ms)
{
	if (!options->deadline_ns)
		return fallback_ms;
	int64_t left = (options->deadline_ns - clock_monotonic_ns()) / 1000000;
	return left < 1 ? 1 : left;
}
