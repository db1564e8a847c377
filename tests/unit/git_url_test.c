#include "base/base.h"

#include "test.h"

#include "git/git.h"

struct sample {
	const char *text, *url, *display, *subdir, *ref;
	bool is_local;
};

static const struct sample samples[] = {
	{ "https://host/team/shop.git", "https://host/team/shop.git", "https://host/team/shop.git",
	  "", NULL, false },
	{ "https://host/team/shop.git//envs/prod?ref=v1.2", "https://host/team/shop.git",
	  "https://host/team/shop.git", "envs/prod", "v1.2", false },
	{ "https://host/team/shop//envs/./prod//x/", "https://host/team/shop",
	  "https://host/team/shop", "envs/prod/x", NULL, false },
	{ "https://host/team/shop.git/envs?ref=main", "https://host/team/shop.git",
	  "https://host/team/shop.git", "envs", "main", false },
	{ "git::https://host/shop?ref=feature/x", "https://host/shop", "https://host/shop", "",
	  "feature/x", false },
	{ "https://bob:secret@host:8443/shop", "https://bob:secret@host:8443/shop",
	  "https://***@host:8443/shop", "", NULL, false },
	{ "https://ghp_token@host/shop", "https://ghp_token@host/shop", "https://***@host/shop", "",
	  NULL, false },
	{ "ssh://git@host:2222/team/shop.git//a?ref=dev", "ssh://git@host:2222/team/shop.git",
	  "ssh://git@host:2222/team/shop.git", "a", "dev", false },
	{ "ssh://git:pw@host/shop", "ssh://git:pw@host/shop", "ssh://git:***@host/shop", "", NULL,
	  false },
	{ "git@host:team/shop.git", "git@host:team/shop.git", "git@host:team/shop.git", "", NULL,
	  false },
	{ "git@host:team/shop.git//envs?ref=1234567", "git@host:team/shop.git",
	  "git@host:team/shop.git", "envs", "1234567", false },
	{ "http://127.0.0.1:8080/shop", "http://127.0.0.1:8080/shop", "http://127.0.0.1:8080/shop",
	  "", NULL, false },
	{ "http://[::1]:8080/shop", "http://[::1]:8080/shop", "http://[::1]:8080/shop", "", NULL,
	  false },
	{ "file:///srv/my%20shop.git//envs?ref=main", "/srv/my shop.git", "/srv/my shop.git",
	  "envs", "main", true },
	{ "file:///C:/shop", "C:/shop", "C:/shop", "", NULL, true },
	{ "./shop//envs?ref=v1", "./shop", "./shop", "envs", "v1", true },
	{ "../shop?ref=feature%2Fx", "../shop", "../shop", "", "feature/x", true },
	{ "https://host/shop?", "https://host/shop", "https://host/shop", "", NULL, false },
};

TEST(git_url, takes_every_form_of_address_apart)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *sample = &samples[i];
		struct repo_url url = { 0 };
		CHECK_OK(repo_url_parse(sample->text, &url));
		CHECK_STR(url.url, sample->url);
		CHECK_STR(url.display, sample->display);
		CHECK_STR(url.subdir, sample->subdir);
		CHECK_STR(url.ref ? url.ref : "(none)", sample->ref ? sample->ref : "(none)");
		CHECK_INT(url.is_local, sample->is_local);
		repo_url_clear(&url);
	}
}

static const struct {
	const char *text;
	enum err_kind kind;
} bad[] = {
	{ "", ERR_USAGE },
	{ "git::", ERR_USAGE },
	{ "https://", ERR_USAGE },
	{ "https://host", ERR_USAGE },
	{ "https://host/", ERR_USAGE },
	{ "https:///shop", ERR_USAGE },
	{ "https://ho st/shop", ERR_USAGE },
	{ "https://host:80x/shop", ERR_USAGE },
	{ "https://host:123456/shop", ERR_USAGE },
	{ "ftp://host/shop", ERR_USAGE },
	{ "ext::sh -c id% //x?ref=a b", ERR_USAGE },
	{ "http://host/shop", ERR_REFUSED },
	{ "http://127.0.0.1.evil.example/shop", ERR_REFUSED },
	{ "http://localhost@evil.example/shop", ERR_REFUSED },
	{ "git://host/shop", ERR_REFUSED },
	{ "ssh://-oProxyCommand=id/shop", ERR_REFUSED },
	{ "ssh://-oProxyCommand=id@host/shop", ERR_REFUSED },
	{ "-oProxyCommand=id@host:shop", ERR_REFUSED },
	{ "git@-oProxyCommand=id:shop", ERR_REFUSED },
	{ "git@host:-shop", ERR_REFUSED },
	{ "git@host:", ERR_USAGE },
	{ "https://host/shop//../../etc", ERR_REFUSED },
	{ "https://host/shop//a/../../b", ERR_REFUSED },
	{ "https://host/shop?ref=", ERR_USAGE },
	{ "https://host/shop?ref=a..b", ERR_USAGE },
	{ "https://host/shop?ref=-a", ERR_USAGE },
	{ "https://host/shop?ref=a%00b", ERR_USAGE },
	{ "https://host/shop?ref=HEAD~1", ERR_USAGE },
	{ "https://host/shop?ref=a&ref=b", ERR_USAGE },
	{ "https://host/shop?depth=1", ERR_USAGE },
	{ "file://relative/path", ERR_USAGE },
	{ "https://host/a\nb", ERR_REFUSED },
};

TEST(git_url, refuses_what_is_wrong_or_dangerous)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct repo_url url = { 0 };
		err *e = repo_url_parse(bad[i].text, &url);
		if (!e)
			repo_url_clear(&url);
		if (!err_is(e, bad[i].kind))
			test_fail(__FILE__, __LINE__, "'%s' is %s", bad[i].text,
			          e ? err_message(e) : "accepted");
		err_free(e);
	}
}

TEST(git_url, never_shows_a_password_in_an_error)
{
	struct repo_url url = { 0 };
	err *e = repo_url_parse("http://bob:s3cret@host/shop", &url);
	CHECK(e != NULL);
	CHECK(!strstr(err_message(e), "s3cret"));
	err_free(e);
}

TEST(git_url, tells_remotes_from_paths)
{
	CHECK(repo_url_is_remote("https://host/x"));
	CHECK(repo_url_is_remote("git@host:x"));
	CHECK(repo_url_is_remote("file:///x"));
	CHECK(!repo_url_is_remote("./a@b:c"));
	CHECK(!repo_url_is_remote("C:/x"));
	CHECK(!repo_url_is_remote("C:\\a@b:c"));
	CHECK(!repo_url_is_remote("envs/prod"));
	CHECK(!repo_url_is_remote("-"));
}

static void check_normal(const char *text, const char *expected)
{
	AUTOFREE char *normal = repo_url_normalise(text);
	CHECK_STR(normal, expected);
}

TEST(git_url, one_remote_has_one_spelling)
{
	check_normal("HTTPS://bob:pw@Host.Example:443/Team/Shop/",
	             "https://host.example/Team/Shop");
	check_normal("https://host:8443/shop", "https://host:8443/shop");
	check_normal("ssh://Git@HOST:22/Shop", "ssh://Git@host/Shop");
	check_normal("git@HOST:Team/Shop.git", "git@host:Team/Shop.git");
}
