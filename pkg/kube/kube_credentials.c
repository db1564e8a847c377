#include "base/base.h"

#include "kube/kube_credentials.h"

#include "base/limits.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "kube/kube_config_private.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/pool.h"
#include "pal/proc.h"
#include "pal/sig.h"
#include "pal/term.h"

enum {
	READ_AGAIN_MS = 60000,     /* files with tokens and certificates rotate */
	EXPIRES_EARLY_MS = 10000,  /* a token that ends so soon is not used any more */
	PLUGIN_TIMEOUT_MS = 300000, /* somebody may have to log in in a browser */
};

/* What files or a plugin gave. */
struct given {
	struct str token, cert, key;
	int64_t expires_ms; /* wall clock; 0: never */
};

struct kube_credentials {
	const struct kube_config *config;
	const struct cancel *cancel;
	struct mutex *mutex;   /* guards the rest; held while a plugin runs: the others wait for it */
	struct given given;
	bool has_read;
	int64_t read_ns;       /* monotonic */
	uint64_t generation;
};

err *kube_credentials_new(const struct kube_config *config, const struct cancel *cancel,
                          struct kube_credentials **ret_credentials)
{
	struct kube_credentials *c = MEM_NEW(struct kube_credentials);
	c->config = config;
	c->cancel = cancel;
	c->mutex = mutex_new();
	*ret_credentials = c;
	return NULL;
}

static void wipe(struct str *text)
{
	if (text->ptr && text->len)
		secret_wipe(text->ptr, text->len);
	str_clear(text);
}

static void given_clear(struct given *given)
{
	wipe(&given->token);
	wipe(&given->cert);
	wipe(&given->key);
}

void kube_credentials_free(struct kube_credentials *c)
{
	if (!c)
		return;
	given_clear(&c->given);
	mutex_free(c->mutex);
	mem_free(c);
}

/* --- files --- */

static err *read_secret_file(const char *path, const char *what, struct str *text)
{
	err *e = fs_read_file(path, LIMIT_SETTINGS_BYTES, text);
	return e ? err_as(err_wrap(e, "cannot read the %s", what), ERR_AUTH) : NULL;
}

static void trim(struct str *text)
{
	while (text->len && (text->ptr[text->len - 1] == '\n' || text->ptr[text->len - 1] == '\r' ||
	                     text->ptr[text->len - 1] == ' '))
		str_truncate(text, text->len - 1);
}

/* A line break would begin another header. */
static bool is_usable(const struct str *token)
{
	for (size_t i = 0; i < token->len; i++)
		if ((unsigned char)token->ptr[i] <= ' ' || token->ptr[i] == 0x7f)
			return false;
	return token->len > 0;
}

static err *read_files(const struct kube_config *config, struct given *given)
{
	if (config->token_file) {
		TRY(read_secret_file(config->token_file, "token", &given->token));
		trim(&given->token);
		if (!is_usable(&given->token))
			return err_new(ERR_AUTH, "there is no token in '%s'", config->token_file);
	}
	if (config->cert_file)
		TRY(read_secret_file(config->cert_file, "client certificate", &given->cert));
	if (config->key_file)
		TRY(read_secret_file(config->key_file, "client key", &given->key));
	return NULL;
}

/* --- exec plugins (client.authentication.k8s.io) --- */

static void write_cluster(const struct kube_config *config, struct json_writer *w)
{
	AUTO(str) ca = STR_INIT;
	json_key(w, "cluster");
	json_begin_object(w);
	json_key_string(w, "server", config->server);
	if (config->tls_server_name)
		json_key_string(w, "tls-server-name", config->tls_server_name);
	if (config->is_insecure)
		json_key_bool(w, "insecure-skip-tls-verify", true);
	base64_add(&ca, config->ca_pem.ptr, config->ca_pem.len, 0);
	if (ca.len)
		json_key_string(w, "certificate-authority-data", ca.ptr);
	if (config->proxy_url)
		json_key_string(w, "proxy-url", config->proxy_url);
	if (config->exec_cluster_config)
		json_key_val(w, "config", config->exec_cluster_config);
	json_end_object(w);
}

static void write_info(const struct kube_config *config, bool is_interactive, struct str *text)
{
	str_addz(text, "KUBERNETES_EXEC_INFO=");
	struct json_writer w = json_writer_init(text, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key_string(&w, "kind", "ExecCredential");
	json_key_string(&w, "apiVersion", config->exec->api_version);
	json_key(&w, "spec");
	json_begin_object(&w);
	json_key_bool(&w, "interactive", is_interactive);
	if (config->exec->provides_cluster)
		write_cluster(config, &w);
	json_end_object(&w);
	json_end_object(&w);
}

static size_t list_len(const char *const *list)
{
	size_t len = 0;
	while (list[len])
		len++;
	return len;
}

static int64_t plugin_timeout_ms(int64_t deadline_ns)
{
	if (!deadline_ns)
		return PLUGIN_TIMEOUT_MS;
	int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
	return left_ms < 1 ? 1 : left_ms < PLUGIN_TIMEOUT_MS ? left_ms : PLUGIN_TIMEOUT_MS;
}

static err *run_plugin(struct kube_credentials *c, int64_t deadline_ns, struct proc_result *result)
{
	const struct kube_exec *exec = c->config->exec;
	bool can_ask = !c->config->no_input && term_is_terminal(0);
	bool is_interactive = exec->may_ask && can_ask;
	size_t arg_count = list_len(exec->args), env_count = list_len(exec->env);
	AUTO(str) info = STR_INIT;
	if (exec->must_ask && !can_ask)
		return err_new(ERR_AUTH, "the credential plugin '%s' has to ask, and there is no terminal",
		               exec->command);
	write_info(c->config, is_interactive, &info);
	const char **argv = mem_zalloc(arg_count + 2, sizeof(*argv));
	const char **env = mem_zalloc(env_count + 2, sizeof(*env));
	argv[0] = exec->command;
	memcpy(argv + 1, exec->args, arg_count * sizeof(*argv));
	memcpy(env, exec->env, env_count * sizeof(*env));
	env[env_count] = info.ptr;
	const struct proc_opts opts = { .argv = argv,
		                        .env = env,
		                        .output_limit = LIMIT_SETTINGS_BYTES,
		                        .timeout_ms = plugin_timeout_ms(deadline_ns),
		                        .cancel = cancel_flag(c->cancel),
		                        .flags = is_interactive
		                                         ? PROC_INHERIT_STDIN | PROC_INHERIT_STDERR
		                                         : 0 };
	err *e = proc_run(&opts, result);
	mem_free(argv);
	mem_free(env);
	return e;
}

/* What it wrote to stdout is a secret and stays out of messages; stderr is for people. */
static err *plugin_failed(const struct kube_exec *exec, const struct proc_result *result)
{
	struct view rest = view_str(&result->err), line, last = { "", 0 };
	while (view_split(&rest, '\n', &line))
		if (line.len)
			last = line;
	return err_new(result->timed_out ? ERR_TIMEOUT : ERR_AUTH,
	               "the credential plugin '%s' %s%s%.*s", exec->command,
	               result->timed_out ? "did not answer in time" : "failed",
	               last.len ? ": " : "", (int)last.len, last.ptr);
}

static err *bad_answer(const struct kube_exec *exec, const char *what)
{
	return err_new(ERR_AUTH, "the credential plugin '%s' answered %s", exec->command, what);
}

static err *take_answer(const struct kube_exec *exec, const struct val *root, struct given *given)
{
	const struct val *status = val_get(root, "status");
	const char *expires = val_get_str(status, "expirationTimestamp", "");
	int64_t ns = 0;
	if (!str_equal(val_get_str(root, "kind", ""), "ExecCredential") ||
	    !str_equal(val_get_str(root, "apiVersion", ""), exec->api_version))
		return bad_answer(exec, "no ExecCredential of the version that was asked for");
	/* A certificate in a file of the kubeconfig gives way to the plugin's, whole. */
	const char *cert = val_get_str(status, "clientCertificateData", "");
	const char *key = val_get_str(status, "clientKeyData", "");
	if (!*cert != !*key)
		return bad_answer(exec, "only one of a certificate and its key");
	str_addz(&given->token, val_get_str(status, "token", ""));
	trim(&given->token);
	if (given->token.len && !is_usable(&given->token))
		return bad_answer(exec, "a token with blanks or control characters in it");
	if (!given->token.len && !*cert)
		return bad_answer(exec, "neither a token nor a certificate with its key");
	if (*cert) {
		wipe(&given->cert);
		wipe(&given->key);
		str_addz(&given->cert, cert);
		str_addz(&given->key, key);
	}
	err *e = *expires ? clock_parse(expires, &ns) : NULL;
	if (e) {
		err_free(e);
		return bad_answer(exec, "an expirationTimestamp that is no time");
	}
	given->expires_ms = ns / CLOCK_NS_PER_MS;
	return NULL;
}

static err *ask_plugin(struct kube_credentials *c, int64_t deadline_ns, struct given *given)
{
	const struct kube_exec *exec = c->config->exec;
	struct proc_result result = PROC_RESULT_INIT;
	struct arena arena = ARENA_INIT;
	struct val *root = NULL;
	err *e = run_plugin(c, deadline_ns, &result);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		e = err_new(ERR_AUTH, "the credential plugin '%s' is not installed", exec->command);
		e = err_hint(e, "%s", exec->install_hint ? exec->install_hint
		                                         : "install it, or put it into your PATH");
	} else if (!e && result.cancelled) {
		e = cancel_check(c->cancel);
	} else if (!e && result.exit_code != 0) {
		e = plugin_failed(exec, &result);
	}
	if (!e) {
		err *bad = json_read(result.out.ptr, result.out.len, "answer of the plugin", &arena, &root);
		e = bad ? bad_answer(exec, "something that is no JSON") : take_answer(exec, root, given);
		err_free(bad);
	}
	wipe(&result.out);
	proc_result_clear(&result);
	arena_clear(&arena);
	return e;
}

/* --- for requests --- */

static bool is_stale(const struct kube_credentials *c)
{
	const struct kube_config *config = c->config;
	bool has_files = config->token_file || (!config->exec && (config->cert_file || config->key_file));
	if (!c->has_read)
		return true;
	if (c->given.expires_ms)
		return clock_wall_ns() / CLOCK_NS_PER_MS > c->given.expires_ms - EXPIRES_EARLY_MS;
	return has_files &&
	       clock_monotonic_ns() - c->read_ns > (int64_t)READ_AGAIN_MS * CLOCK_NS_PER_MS;
}

static err *obtain(struct kube_credentials *c, int64_t deadline_ns, struct given *given)
{
	const struct kube_config *config = c->config;
	TRY(read_files(config, given));
	/* As kubectl: whatever else makes an Authorization header stands above the plugin. */
	return config->exec && !config->token && !config->token_file && !config->user
	               ? ask_plugin(c, deadline_ns, given)
	               : NULL;
}

static err *renew(struct kube_credentials *c, int64_t deadline_ns)
{
	struct given given = { 0 };
	bool may_keep = c->has_read && !c->given.expires_ms;
	err *e = obtain(c, deadline_ns, &given);
	if (e) {
		given_clear(&given);
		if (!may_keep)
			return e;
		err_ignore(e, "a file on the point of being replaced: what we have may still do");
	} else {
		given_clear(&c->given);
		c->given = given;
		c->generation++;
	}
	c->has_read = true;
	c->read_ns = clock_monotonic_ns();
	return NULL;
}

static struct view choose(struct arena *a, const struct str *read, struct view given)
{
	if (!read->len)
		return given;
	return (struct view){ arena_strndup(a, read->ptr, read->len), read->len };
}

err *kube_credentials_get(struct kube_credentials *c, int64_t deadline_ns, struct arena *a,
                          struct kube_auth *ret_auth)
{
	const struct kube_config *config = c->config;
	AUTO(mutex_hold) hold = mutex_hold(c->mutex);
	if (is_stale(c))
		TRY(renew(c, deadline_ns));
	*ret_auth = (struct kube_auth){ .headers = config->headers, .generation = c->generation };
	ret_auth->cert_pem = choose(a, &c->given.cert, config->cert_pem);
	ret_auth->key_pem = choose(a, &c->given.key, config->key_pem);
	if (c->given.token.len) {
		ret_auth->authorization = arena_printf(a, "Bearer %s", c->given.token.ptr);
	} else if (config->token) {
		ret_auth->authorization = arena_printf(a, "Bearer %s", config->token);
	} else if (config->user) {
		AUTO(str) pair = STR_INIT;
		AUTO(str) text = STR_INIT;
		str_addf(&pair, "%s:%s", config->user, config->password);
		base64_add(&text, pair.ptr, pair.len, 0);
		ret_auth->authorization = arena_printf(a, "Basic %s", text.ptr);
		wipe(&pair);
	}
	return NULL;
}

bool kube_credentials_refresh(struct kube_credentials *c, uint64_t generation)
{
	const struct kube_config *config = c->config;
	AUTO(mutex_hold) hold = mutex_hold(c->mutex);
	if (generation == c->generation)
		c->has_read = false;
	return config->exec || config->token_file || config->cert_file;
}
