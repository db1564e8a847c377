#include "test.h"

#include <stdlib.h>

#include "base/path.h"
#include "kube/kube_config_private.h"
#include "kube/kube_credentials.h"
#include "pal/fs.h"
#include "pal/pool.h"
#include "val/val.h"

#define V1 "client.authentication.k8s.io/v1"

/* One plugin, one client and what it got last. */
struct rig {
	struct arena arena;
	struct kube_exec exec;
	struct kube_config config;
	struct kube_credentials *credentials;
	struct kube_auth auth;
};

static const char *in_dir(struct rig *rig, const char *name)
{
	return arena_printf(&rig->arena, "%s/%s", test_dir(), name);
}

static const char *put(struct rig *rig, const char *name, const char *text, uint32_t mode)
{
	const char *path = in_dir(rig, name);
	err_ignore(fs_write_atomic(path, view_of(text), mode), "the checks see it");
	return path;
}

/* A plugin that notes each run in the file "runs", then does this. */
static void plugin(struct rig *rig, const char *script)
{
	static const char *const none[] = { NULL };
	const char *text = arena_printf(&rig->arena, "#!/bin/sh\ncd '%s' || exit\necho run >>runs\n%s\n",
	                                test_dir(), script);
	rig->exec.api_version = V1;
	rig->exec.command = put(rig, "plugin", text, 0700);
	rig->exec.args = rig->exec.args ? rig->exec.args : none;
	rig->exec.env = rig->exec.env ? rig->exec.env : none;
	rig->config.server = "https://x:6443";
	rig->config.password = "";
	rig->config.exec = &rig->exec;
}

/* What a plugin says whose status is this. */
static const char *answer(struct rig *rig, const char *status)
{
	return arena_printf(&rig->arena,
	                    "cat <<'END'\n{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
	                    "\",\"status\":{%s}}\nEND",
	                    status);
}

static void start(struct rig *rig)
{
	if (!rig->config.password)
		rig->config.password = "";
	err_ignore(kube_credentials_new(&rig->config, NULL, &rig->credentials), "the checks see it");
}

static err *get(struct rig *rig)
{
	return kube_credentials_get(rig->credentials, 0, &rig->arena, &rig->auth);
}

/* A fresh client of the same configuration. */
static err *get_anew(struct rig *rig)
{
	kube_credentials_free(rig->credentials);
	start(rig);
	return get(rig);
}

static size_t runs(struct rig *rig)
{
	AUTO(str) text = STR_INIT;
	err_ignore(fs_read_file(in_dir(rig, "runs"), 4096, &text), "never run");
	return text.len / strlen("run\n");
}

static void rig_clear(struct rig *rig)
{
	kube_credentials_free(rig->credentials);
	arena_clear(&rig->arena);
	unsetenv("FETTLE_TEST_NOW");
}

/* --- what the kubeconfig says itself --- */

TEST(kube_credentials, token_and_password_make_a_header)
{
	AUTO(rig) rig = { .config = { .token = "t" } };
	start(&rig);
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer t");
	CHECK(!kube_credentials_refresh(rig.credentials, rig.auth.generation));
	rig.config = (struct kube_config){ .user = "jane", .password = "a:b" };
	CHECK_OK(get_anew(&rig));
	CHECK_STR(rig.auth.authorization, "Basic amFuZTphOmI=");
	rig.config = (struct kube_config){ .cert_pem = { "C", 1 }, .key_pem = { "K", 1 } };
	CHECK_OK(get_anew(&rig));
	CHECK(!rig.auth.authorization);
	CHECK(view_is(rig.auth.cert_pem, "C") && view_is(rig.auth.key_pem, "K"));
}

TEST(kube_credentials, files_are_read_again_after_a_401)
{
	AUTO(rig) rig = { .config = { .token = "old" } };
	rig.config.token_file = put(&rig, "token", "one\n", 0600);
	rig.config.cert_file = put(&rig, "cert", "C1\n", 0600);
	rig.config.key_file = put(&rig, "key", "K1\n", 0600);
	start(&rig);
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer one");
	CHECK(view_is(rig.auth.cert_pem, "C1\n"));
	(void)put(&rig, "token", "two", 0600);
	(void)put(&rig, "key", "K2\n", 0600);
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer one");
	CHECK(kube_credentials_refresh(rig.credentials, rig.auth.generation));
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer two");
	CHECK(view_is(rig.auth.key_pem, "K2\n"));
	/* Never the other token instead, which may be of somebody else. */
	(void)put(&rig, "token", "\n", 0600);
	CHECK(kube_credentials_refresh(rig.credentials, rig.auth.generation));
	CHECK_ERR(get(&rig), ERR_AUTH, "no token in");
	(void)put(&rig, "token", "a\nX-Remote-User: b", 0600);
	CHECK_ERR(get(&rig), ERR_AUTH, "no token in");
	rig.config.token_file = in_dir(&rig, "missing");
	CHECK_ERR(get(&rig), ERR_AUTH, "missing");
}

/* --- plugins --- */

TEST(kube_credentials, a_plugin_runs_once_until_it_expires)
{
	AUTO(rig) rig = { 0 };
	plugin(&rig, answer(&rig, "\"token\":\"t1\",\"expirationTimestamp\":\"2026-11-20T12:00:00+01:00\""));
	start(&rig);
	CHECK(setenv("FETTLE_TEST_NOW", "2026-11-20T10:00:00Z", 1) == 0);
	CHECK_OK(get(&rig));
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer t1");
	CHECK_INT(runs(&rig), 1);
	CHECK(setenv("FETTLE_TEST_NOW", "2026-11-20T10:59:55Z", 1) == 0);
	plugin(&rig, answer(&rig, "\"token\":\"t2\""));
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer t2");
	CHECK(setenv("FETTLE_TEST_NOW", "2027-11-20T10:59:55Z", 1) == 0);
	CHECK_OK(get(&rig));
	CHECK_INT(runs(&rig), 2);
	/* An expired token is not kept when the plugin fails. */
	plugin(&rig, "exit 1");
	CHECK(kube_credentials_refresh(rig.credentials, rig.auth.generation));
	CHECK_ERR(get(&rig), ERR_AUTH, "failed");
}

static void get_in_thread(void *context, size_t index)
{
	struct rig *rig = context;
	struct arena arena = ARENA_INIT;
	struct kube_auth auth = { 0 };
	(void)index;
	err_ignore(kube_credentials_get(rig->credentials, 0, &arena, &auth),
	           "the count of runs tells");
	arena_clear(&arena);
}

static void refuse_in_thread(void *context, size_t index)
{
	struct rig *rig = context;
	(void)kube_credentials_refresh(rig->credentials, rig->auth.generation);
	get_in_thread(context, index);
}

TEST(kube_credentials, many_threads_run_a_plugin_once)
{
	AUTO(rig) rig = { 0 };
	plugin(&rig, answer(&rig, "\"token\":\"t\""));
	start(&rig);
	pool_for_each(8, 16, get_in_thread, &rig);
	CHECK_INT(runs(&rig), 1);
	CHECK_OK(get(&rig));
	/* All of them were refused with the same token. */
	pool_for_each(8, 16, refuse_in_thread, &rig);
	CHECK_INT(runs(&rig), 2);
}

TEST(kube_credentials, a_plugin_may_give_a_certificate)
{
	AUTO(rig) rig = { .config = { .cert_pem = { "old", 3 }, .key_pem = { "old", 3 } } };
	plugin(&rig, answer(&rig, "\"clientCertificateData\":\"C\\n\",\"clientKeyData\":\"K\""));
	start(&rig);
	CHECK_OK(get(&rig));
	CHECK(!rig.auth.authorization);
	CHECK(view_is(rig.auth.cert_pem, "C\n") && view_is(rig.auth.key_pem, "K"));
	plugin(&rig, answer(&rig, "\"token\":\"t\",\"clientCertificateData\":\"C\""));
	CHECK_ERR(get_anew(&rig), ERR_AUTH, "only one of");
}

TEST(kube_credentials, a_plugin_is_told_about_the_cluster)
{
	AUTO(rig) rig = { .config = { .ca_pem = { "CA", 2 }, .tls_server_name = "name" } };
	static const char *const args[] = { "a b", "$HOME", NULL };
	static const char *const env[] = { "EXTRA=x y", NULL };
	struct val *extension = val_new_map(&rig.arena);
	AUTO(str) text = STR_INIT;
	val_set_str(&rig.arena, extension, "audience", "me");
	rig.exec = (struct kube_exec){ .args = args, .env = env };
	plugin(&rig, arena_printf(&rig.arena,
	                          "printf '%%s|' \"$@\" \"$EXTRA\" \"$(cat)\" >seen\n"
	                          "printf %%s \"$KUBERNETES_EXEC_INFO\" >>seen\n%s",
	                          answer(&rig, "\"token\":\"t\"")));
	start(&rig);
	CHECK_OK(get(&rig));
	CHECK_OK(fs_read_file(in_dir(&rig, "seen"), 4096, &text));
	CHECK_HAS(text.ptr, "a b|$HOME|x y||{");
	CHECK_HAS(text.ptr, "\"kind\":\"ExecCredential\"");
	CHECK_HAS(text.ptr, "\"interactive\":false");
	CHECK(!strstr(text.ptr, "cluster"));
	rig.exec.provides_cluster = true;
	rig.config.exec_cluster_config = extension;
	CHECK_OK(get_anew(&rig));
	CHECK_OK(fs_read_file(in_dir(&rig, "seen"), 4096, &text));
	CHECK_HAS(text.ptr, "\"server\":\"https://x:6443\"");
	CHECK_HAS(text.ptr, "\"certificate-authority-data\":\"Q0E=\"");
	CHECK_HAS(text.ptr, "\"tls-server-name\":\"name\"");
	CHECK_HAS(text.ptr, "\"audience\":\"me\"");
}

TEST(kube_credentials, a_plugin_that_fails_is_quoted_but_not_its_secrets)
{
	AUTO(rig) rig = { 0 };
	static const char *const answers[] = {
		"echo hunter2",
		"echo '{\"kind\":\"hunter2\"}'",
		"echo '[\"hunter2\"]'",
		"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"hunter2\"}'",
		"printf 'hunter2\\0'",
		"yes hunter2 | head -c 3000000",
		"echo hunter2; exit 3",
		"echo hunter2; kill -9 $$",
		":",
	};
	plugin(&rig, "echo hunter2; echo first >&2; echo 'log in first' >&2; exit 1");
	start(&rig);
	CHECK_ERR(get(&rig), ERR_AUTH, "failed: log in first");
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		plugin(&rig, answers[i]);
		AUTOERR err *e = get_anew(&rig);
		CHECK(e && err_is(e, ERR_AUTH));
		CHECK(!strstr(err_message(e), "hunter2"));
	}
	plugin(&rig, answer(&rig, "\"token\":\"hunter2\",\"expirationTimestamp\":\"soon\""));
	AUTOERR err *e = get_anew(&rig);
	CHECK(e && !strstr(err_message(e), "hunter2"));
	plugin(&rig, answer(&rig, "\"token\":\"a\\r\\nX: hunter2\""));
	CHECK_ERR(get_anew(&rig), ERR_AUTH, "control characters");
	plugin(&rig, answer(&rig, "\"token\":\"\""));
	CHECK_ERR(get_anew(&rig), ERR_AUTH, "neither");
}

TEST(kube_credentials, a_plugin_that_is_not_there_is_explained)
{
	AUTO(rig) rig = { 0 };
	plugin(&rig, ":");
	rig.exec.command = "fettle-no-such-plugin";
	start(&rig);
	CHECK_ERR(get(&rig), ERR_AUTH, "PATH");
	rig.exec.install_hint = "apt install it";
	CHECK_ERR(get_anew(&rig), ERR_AUTH, "apt install it");
	rig.exec.must_ask = true;
	rig.config.no_input = true;
	CHECK_ERR(get_anew(&rig), ERR_AUTH, "no terminal");
}

TEST(kube_credentials, whatever_makes_the_header_stands_above_a_plugin)
{
	AUTO(rig) rig = { 0 };
	plugin(&rig, answer(&rig, "\"token\":\"t\""));
	rig.config.user = "jane";
	rig.config.password = "p";
	start(&rig);
	CHECK_OK(get(&rig));
	CHECK_STR(rig.auth.authorization, "Basic amFuZTpw");
	rig.config.token = "mine";
	CHECK_OK(get_anew(&rig));
	CHECK_STR(rig.auth.authorization, "Bearer mine");
	CHECK_INT(runs(&rig), 0);
}
