#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/path.h"
#include "kube/kube_config_private.h"
#include "pal/fs.h"

/* Write a file of this test; its path lives in the arena. */
static const char *put(struct arena *a, const char *name, const char *text)
{
	AUTOFREE char *path = path_join(test_dir(), name);
	AUTOFREE char *dir = path_dir(path);
	err_ignore(fs_mkdir_all(dir, 0700), "the checks see it");
	err_ignore(fs_write_atomic(path, view_of(text), 0600), "the checks see it");
	return arena_strdup(a, path);
}

/* Nothing of the machine the tests run on. */
static void forget_machine(void)
{
	setenv("HOME", test_dir(), 1);
	unsetenv("KUBECONFIG");
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
	unsetenv("FETTLE_TEST_SERVICEACCOUNT");
}

static err *load_with(struct arena *a, struct kube_config_options options, const char *text,
                      const struct kube_config **ret_config)
{
	forget_machine();
	options.kubeconfig = put(a, "config", text);
	return kube_config_load(&options, a, ret_config);
}

static err *load(struct arena *a, const char *text, const struct kube_config **ret_config)
{
	return load_with(a, (struct kube_config_options){ 0 }, text, ret_config);
}

/* A kubeconfig of one context whose cluster and user say this, in flow style. */
static const char *one(struct arena *a, const char *cluster, const char *user)
{
	return arena_printf(a,
	                    "current-context: c\n"
	                    "contexts: [{name: c, context: {cluster: k, user: u, namespace: ns}}]\n"
	                    "clusters: [{name: k, cluster: {%s}}]\n"
	                    "users: [{name: u, user: {%s}}]\n",
	                    cluster, user);
}

static const char *with_user(struct arena *a, const char *user)
{
	return one(a, "server: 'https://x:6443'", user);
}

static size_t header_count(const struct kube_config *config)
{
	size_t count = 0;
	while (config->headers && config->headers[count])
		count++;
	return count;
}

/* --- which files --- */

TEST(kube_config, the_first_file_that_has_a_name_wins)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	const struct kube_config_options options = { 0 };
	const char *first = put(&a, "a/config",
	                        "current-context: one\n"
	                        "users: [{name: u, user: {client-certificate: c.pem, client-key: /k.pem}}]\n"
	                        "contexts: [{name: one, context: {cluster: k, user: u}}]\n");
	const char *second = put(&a, "b/config",
	                         "current-context: two\n"
	                         "users: [{name: u, user: {token: other}}]\n"
	                         "clusters: [{name: k, cluster: {server: 'https://second/base/', "
	                         "certificate-authority: ca.pem}}]\n"
	                         "contexts: [{name: one, context: {namespace: other}},\n"
	                         "  {name: two, context: {cluster: k, user: u, namespace: n2}}]\n");
	(void)put(&a, "b/ca.pem", "CA");
	forget_machine();
	setenv("KUBECONFIG", arena_printf(&a, ":%s/missing::%s:%s:", test_dir(), first, second), 1);
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_STR(kube_config_context(config), "one");
	CHECK_STR(kube_config_server(config), "https://second/base");
	CHECK_STR(kube_config_namespace(config), "default");
	CHECK(!config->token);
	CHECK_STR(config->cert_file, arena_printf(&a, "%s/a/c.pem", test_dir()));
	CHECK_STR(config->key_file, "/k.pem");
	CHECK(view_is(config->ca_pem, "CA"));

	const struct kube_config_options other = { .context = "two", .name_space = "mine" };
	CHECK_OK(kube_config_load(&other, &a, &config));
	CHECK_STR(kube_config_namespace(config), "mine");
	unsetenv("KUBECONFIG");
	arena_clear(&a);
}

TEST(kube_config, home_is_read_without_the_variable)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	const struct kube_config_options options = { 0 };
	forget_machine();
	CHECK_ERR(kube_config_load(&options, &a, &config), ERR_NOT_FOUND, "KUBECONFIG");
	(void)put(&a, ".kube/config", with_user(&a, "token: t"));
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_STR(config->token, "t");
	CHECK_STR(kube_config_namespace(config), "ns");
	arena_clear(&a);
}

TEST(kube_config, a_named_file_must_be_there_and_say_something)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config = NULL;
	AUTOFREE char *missing = path_join(test_dir(), "missing");
	const struct kube_config_options options = { .kubeconfig = missing };
	forget_machine();
	CHECK_ERR(kube_config_load(&options, &a, &config), ERR_NOT_FOUND, "missing");
	CHECK(!config); /* untouched on failure */
	/* Nobody who named a file wants to be somebody else. */
	(void)put(&a, "pod/token", "t");
	AUTOFREE char *pod = path_join(test_dir(), "pod");
	forget_machine();
	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	setenv("FETTLE_TEST_SERVICEACCOUNT", pod, 1);
	const struct kube_config_options empty = { .kubeconfig = put(&a, "empty", "# nothing\n---\n") };
	CHECK_ERR(kube_config_load(&empty, &a, &config), ERR_USAGE, "current-context");
	forget_machine();
	arena_clear(&a);
}

TEST(kube_config, json_is_read_and_unknown_fields_are_not)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	CHECK_OK(load(&a, "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"preferences\":{},\"current-context\":\"c\","
	                  "\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"new\":1}}],"
	                  "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"http://localhost:8080\","
	                  "\"disable-compression\":true}}]}", &config));
	CHECK_STR(kube_config_server(config), "http://localhost:8080");
	CHECK(!config->token && !config->exec);
	arena_clear(&a);
}

TEST(kube_config, a_pod_knows_itself)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	const struct kube_config_options options = { 0 };
	(void)put(&a, "pod/token", "t");
	(void)put(&a, "pod/ca.crt", "CA");
	(void)put(&a, "pod/namespace", "shop\n");
	AUTOFREE char *pod = path_join(test_dir(), "pod");
	forget_machine();
	setenv("FETTLE_TEST_SERVICEACCOUNT", pod, 1);
	CHECK_ERR(kube_config_load(&options, &a, &config), ERR_NOT_FOUND, "no pod");
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_STR(kube_config_server(config), "https://[fd00::1]:443");
	CHECK_STR(kube_config_namespace(config), "shop");
	CHECK_STR(kube_config_context(config), "");
	CHECK(view_is(config->ca_pem, "CA"));
	forget_machine();
	arena_clear(&a);
}

/* --- what can be wrong --- */

TEST(kube_config, unknown_names_are_explained)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	static const char text[] = "contexts:\n- name: staging\n  context: {cluster: k, user: u}\n"
	                           "- {name: production, context: {cluster: x}}\n"
	                           "clusters: [{name: k, cluster: {server: 'https://x'}}, {name: n, cluster: {}}]\n";
	struct kube_config_options options = { .context = "stagin" };
	CHECK_ERR(load_with(&a, options, text, &config), ERR_USAGE, "did you mean 'staging'");
	CHECK_ERR(load_with(&a, options, text, &config), ERR_USAGE, "staging, production");
	CHECK_ERR(load(&a, text, &config), ERR_USAGE, "current-context");
	options.context = "production";
	CHECK_ERR(load_with(&a, options, text, &config), ERR_INVALID, "cluster 'x'");
	options.context = "staging";
	AUTOERR err *e = load_with(&a, options, text, &config);
	CHECK(err_is(e, ERR_INVALID));
	CHECK_HAS(err_message(e), "user 'u'");
	CHECK(err_place(e) && err_place(e)->line == 2);
	CHECK_ERR(load(&a, one(&a, "certificate-authority: x", ""), &config), ERR_INVALID, "no server");
	arena_clear(&a);
}

TEST(kube_config, values_of_another_kind_are_refused_not_ignored)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	/* Else a password that looks like a number would be an empty one. */
	CHECK_ERR(load(&a, with_user(&a, "token: 12345"), &config), ERR_INVALID, "token");
	CHECK_ERR(load(&a, with_user(&a, "username: a, password: 12345"), &config), ERR_INVALID, "password");
	CHECK_ERR(load(&a, with_user(&a, "as: [a]"), &config), ERR_INVALID, "as");
	CHECK_ERR(load(&a, with_user(&a, "as: a, as-groups: [1]"), &config), ERR_INVALID, "as-groups");
	CHECK_ERR(load(&a, one(&a, "server: 'https://x', insecure-skip-tls-verify: 'true'", ""), &config),
	          ERR_INVALID, "insecure-skip-tls-verify");
	CHECK_ERR(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
	                                 "args: [1]}"), &config), ERR_INVALID, "args");
	CHECK_ERR(load(&a, "[]", &config), ERR_INVALID, "map");
	AUTOERR err *e = load(&a, "a: 1\nb: [\n", &config);
	CHECK(e && err_place(e) && err_place(e)->line == 3);
	CHECK_OK(load(&a, with_user(&a, "token: null, password: null"), &config));
	arena_clear(&a);
}

TEST(kube_config, an_error_never_shows_a_secret)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	static const char *const users[] = {
		"token: hunter2, auth-provider: {name: gcp}",
		"token: hunter2, exec: {apiVersion: client.authentication.k8s.io/v1}",
		"token: hunter2, exec: {apiVersion: v1alpha1, command: x}",
		"token: [hunter2]",
		"token: hunter2, client-key-data: '*'",
		"client-key-data: hunter2*",
		"token: hunter2, tokenFile: {}",
		"token: hunter2, token: hunter2",
		"token: hunter2 }} ]",
		"token: \"hunter2\nx",
		"token: \"hunter2\\q\"",
		"token: *hunter2",
		"token: !hunter2 x",
		"hunter2: &x {<<: hunter2}",
	};
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		AUTOERR err *e = load(&a, with_user(&a, users[i]), &config);
		CHECK(e);
		CHECK(!strstr(err_message(e), "hunter2"));
		CHECK(!err_place(e) || !err_place(e)->snippet);
		for (size_t k = 0; k < err_hint_count(e); k++)
			CHECK(!strstr(err_hint_text(e, k), "hunter2"));
	}
	arena_clear(&a);
}

TEST(kube_config, base64_stands_above_the_file)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	CHECK_OK(load(&a, one(&a, "server: 'https://x', certificate-authority-data: 'Q0E=', "
	                          "certificate-authority: /missing",
	                      "client-certificate-data: \"Q0\\nVS\", client-key-data: S0VZ, client-key: /missing"),
	              &config));
	CHECK(view_is(config->ca_pem, "CA"));
	CHECK(view_is(config->cert_pem, "CER"));
	CHECK(view_is(config->key_pem, "KEY"));
	CHECK(!config->key_file && !config->ca_file);
	CHECK_ERR(load(&a, one(&a, "server: 'https://x', certificate-authority-data: '*'", ""), &config),
	          ERR_INVALID, "certificate-authority-data");
	CHECK_ERR(load(&a, one(&a, "server: 'https://x', certificate-authority: missing.pem", ""), &config),
	          ERR_NOT_FOUND, "missing.pem");
	CHECK_ERR(load(&a, with_user(&a, "client-certificate-data: Q0VS"), &config), ERR_INVALID, "client-key");
	CHECK_ERR(load(&a, with_user(&a, "client-key-data: Q0VS"), &config), ERR_INVALID,
	          "client-certificate");
	arena_clear(&a);
}

TEST(kube_config, what_is_not_safe_is_told)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	CHECK_OK(load(&a, one(&a, "server: 'https://x', insecure-skip-tls-verify: true", ""), &config));
	CHECK_INT(kube_config_warning_count(config), 1);
	CHECK_HAS(kube_config_warning(config, 0), "insecure-skip-tls-verify");
	CHECK_ERR(load(&a, one(&a, "server: 'https://x', insecure-skip-tls-verify: true, "
	                          "certificate-authority: x", ""), &config), ERR_INVALID, "only one");

	const char *path = put(&a, "config", with_user(&a, "token: t"));
	const struct kube_config_options options = { .kubeconfig = path };
	CHECK(chmod(path, 0644) == 0);
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_INT(kube_config_warning_count(config), 1);
	CHECK_HAS(kube_config_warning(config, 0), "chmod go-r");
	CHECK(chmod(path, 0600) == 0);
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_INT(kube_config_warning_count(config), 0);
	/* Without anything secret in it everybody may read it. */
	path = put(&a, "config", with_user(&a, "tokenFile: /run/token"));
	CHECK(chmod(path, 0644) == 0);
	CHECK_OK(kube_config_load(&options, &a, &config));
	CHECK_INT(kube_config_warning_count(config), 0);
	arena_clear(&a);
}

/* --- who --- */

TEST(kube_config, impersonation_becomes_headers)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	static const char user[] = "as: jane, as-uid: '7', as-groups: [dev, ops], "
	                           "as-user-extra: {\"a/b%c D\": [v, w]}";
	CHECK_OK(load(&a, with_user(&a, user), &config));
	CHECK_INT(header_count(config), 6);
	CHECK_STR(config->headers[0], "Impersonate-User: jane");
	CHECK_STR(config->headers[1], "Impersonate-Uid: 7");
	CHECK_STR(config->headers[2], "Impersonate-Group: dev");
	CHECK_STR(config->headers[4], "Impersonate-Extra-a%2Fb%25c%20D: v");
	CHECK_STR(config->headers[5], "Impersonate-Extra-a%2Fb%25c%20D: w");

	static const char *const groups[] = { "g", NULL };
	struct kube_config_options options = { .as_user = "joe" };
	CHECK_OK(load_with(&a, options, with_user(&a, user), &config));
	CHECK_INT(header_count(config), 1);
	CHECK_STR(config->headers[0], "Impersonate-User: joe");
	/* Groups asked for replace those of the file: nobody gets more than they asked for. */
	options = (struct kube_config_options){ .as_groups = groups };
	CHECK_OK(load_with(&a, options, with_user(&a, user), &config));
	CHECK_INT(header_count(config), 5);
	CHECK_STR(config->headers[2], "Impersonate-Group: g");
	CHECK_ERR(load_with(&a, options, with_user(&a, "token: t"), &config), ERR_USAGE, "--as");
	CHECK_ERR(load(&a, with_user(&a, "as-groups: [g]"), &config), ERR_INVALID, "as-groups");
	options = (struct kube_config_options){ .as_user = "a\r\nAuthorization: b" };
	CHECK_ERR(load_with(&a, options, with_user(&a, "token: t"), &config), ERR_USAGE, "control character");
	arena_clear(&a);
}

TEST(kube_config, exec_is_taken_apart)
{
	struct arena a = ARENA_INIT;
	const struct kube_config *config;
	CHECK_OK(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/x, "
	                                "args: [a, ''], env: [{name: NAME, value: v}], installHint: get it, "
	                                "provideClusterInfo: true, interactiveMode: Always}"), &config));
	CHECK_STR(config->exec->command, arena_printf(&a, "%s/bin/x", test_dir()));
	CHECK_STR(config->exec->args[1], "");
	CHECK_STR(config->exec->env[0], "NAME=v");
	CHECK(config->exec->provides_cluster && config->exec->must_ask);
	CHECK_OK(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
	                                "args: null, env: null, interactiveMode: Never}"), &config));
	CHECK_STR(config->exec->command, "x");
	CHECK(!config->exec->may_ask && !config->exec->must_ask);
	CHECK_ERR(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
	                                 "interactiveMode: never}"), &config), ERR_INVALID, "IfAvailable");
	CHECK_ERR(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, "
	                                 "command: x}"), &config), ERR_INVALID, "update the plugin");
	CHECK_ERR(load(&a, with_user(&a, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
	                                 "env: [{value: v}]}"), &config), ERR_INVALID, "name");
	CHECK_ERR(load(&a, with_user(&a, "auth-provider: {name: gcp}"), &config), ERR_UNSUPPORTED, "exec");
	arena_clear(&a);
}

/* --- completion --- */

static void collect(void *context, const char *name)
{
	str_addf(context, "%s ", name);
}

TEST(kube_config, contexts_are_listed_once_each)
{
	struct arena a = ARENA_INIT;
	AUTO(str) names = STR_INIT;
	const char *first = put(&a, "a", "contexts: [{name: a}, {name: b}, {}, 7]\n");
	const char *second = put(&a, "b", "contexts: [{name: b}, {name: c}]\n");
	forget_machine();
	setenv("KUBECONFIG", arena_printf(&a, "%s:%s", first, second), 1);
	CHECK_OK(kube_config_contexts(NULL, &a, collect, &names));
	CHECK_STR(names.ptr, "a b c ");
	forget_machine();
	arena_clear(&a);
}
