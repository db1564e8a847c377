/*
 * Addresses of repositories. Besides not crashing: what is accepted is safe to hand to ssh and
 * HTTP, stays below the repository, parses again to the same, and hides its password.
 */
#include "base/base.h"

#include "base/path.h"
#include "git/git.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct repo_url *url)
{
	assert(*url->url && (url->is_local || url->url[0] != '-'));
	assert(!*url->subdir || path_is_inside(url->subdir));
	assert(!url->ref || (*url->ref && url->ref[0] != '-' && !strstr(url->ref, "..")));
	for (const char *c = url->is_local ? "" : url->url; *c; c++)
		assert((unsigned char)*c >= 0x20);
}

/* `user:password@` of a URL may not be in what is shown. */
static void check_password(const struct repo_url *url)
{
	const char *start = strstr(url->url, "://");
	if (url->is_local || !start || memchr(url->url, '@', (size_t)(start - url->url)))
		return;
	start += 3;
	const char *end = start + strcspn(start, "/");
	const char *colon = memchr(start, ':', (size_t)(end - start));
	const char *at = NULL;
	for (const char *c = start; c < end; c++)
		if (*c == '@')
			at = c;
	if (at && colon && colon < at)
		assert(strstr(url->display, "***@"));
}

static void check_again(const struct repo_url *url)
{
	struct repo_url again = { 0 };
	if (url->is_local)
		return; /* file:// is gone and decoded */
	AUTOERR err *e = repo_url_parse(url->url, &again);
	assert(!e);
	assert(str_equal(again.url, url->url) && !*again.subdir && !again.ref);
	AUTOFREE char *normal = repo_url_normalise(url->url);
	AUTOFREE char *twice = repo_url_normalise(normal);
	assert(str_equal(normal, twice));
	repo_url_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = mem_strndup((const char *)data, size);
	struct repo_url url = { 0 };
	(void)repo_url_is_remote(text);
	AUTOERR err *e = repo_url_parse(text, &url);
	if (e)
		return 0;
	check_parts(&url);
	check_password(&url);
	check_again(&url);
	repo_url_clear(&url);
	return 0;
}
