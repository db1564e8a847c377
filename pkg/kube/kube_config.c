/* kubeconfig as kubectl reads it: the first file that says something wins. */
#include "base/base.h"

#include <ctype.h>

#include "base/limits.h"
#include "base/path.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "kube/kube_config_private.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "yaml/yaml.h"

/* One file of the list. */
struct layer {
	const char *path, *dir;
	const struct val *root;
	bool is_public; /* anybody on this machine may read it */
};

struct loader {
	struct arena *arena;
	const struct kube_config_options *options;
	VEC(struct layer) layers;
	struct kube_config *config;
	VEC(const char *) warnings;
};

/* --- files --- */

static void warn(struct loader *l, const char *text)
{
	vec_push(&l->warnings, text);
}

/* Windows has no such bits: what stands in their place says nothing. */
static bool is_public(const char *path)
{
	struct fs_stat stat;
	err *e = fs_stat(path, &stat);
	bool answer = !e && stat.type == FS_FILE && (stat.mode & 04) && env_list_separator() == ':';
	err_ignore(e, "only a warning depends on it");
	return answer;
}

/* The reader quotes what it does not understand: a password that begins with '!' or '*'. */
static err *not_yaml(err *take_e)
{
	const struct err_place *place = err_place(take_e);
	err *e = err_new(err_kind(take_e), "the kubeconfig cannot be read as YAML or JSON");
	e = err_hint(e, "its text is not shown, as it may hold secrets; strings with special characters "
	             "need quotes");
	if (place)
		e = err_at(e, place->file, place->line, place->column);
	err_free(take_e);
	return e;
}

static err *load_layer(struct loader *l, const char *path, bool must_exist)
{
	AUTO(str) text = STR_INIT;
	struct val *root = NULL;
	err *e = fs_read_file(path, LIMIT_SETTINGS_BYTES, &text);
	if (err_is(e, ERR_NOT_FOUND) && !must_exist) {
		err_ignore(e, "files of the list may be missing");
		return NULL;
	}
	TRY(e);
	e = yaml_load_one(text.ptr, text.len, path, l->arena, &root);
	secret_wipe(text.ptr, text.len);
	if (e)
		return not_yaml(e);
	if (val_is(root, VAL_NULL))
		return NULL;
	if (!val_is(root, VAL_MAP))
		return val_error(root, "a kubeconfig is a map, found %s", val_kind_text(root));
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(path, &absolute));
	AUTOFREE char *dir = path_dir(absolute.ptr);
	struct layer layer = { arena_strdup(l->arena, path), arena_strdup(l->arena, dir), root,
		               is_public(path) };
	vec_push(&l->layers, layer);
	return NULL;
}

static err *load_list(struct loader *l, const char *list)
{
	struct view rest = view_of(list), part;
	while (view_split(&rest, env_list_separator(), &part)) {
		if (part.len == 0)
			continue;
		AUTOFREE char *path = mem_strndup(part.ptr, part.len);
		TRY(load_layer(l, path, false));
	}
	return NULL;
}

static err *load_layers(struct loader *l)
{
	const char *list = env_get_nonempty("KUBECONFIG");
	AUTO(str) home = STR_INIT;
	if (l->options->kubeconfig)
		return load_layer(l, l->options->kubeconfig, true);
	if (list)
		return load_list(l, list);
	err *e = dirs_home(&home);
	if (e) {
		err_ignore(e, "without a home there is no file in it");
		return NULL;
	}
	AUTOFREE char *path = path_join(home.ptr, ".kube/config");
	return load_layer(l, path, false);
}

/* --- kinds of values --- */

static const char *const context_texts[] = { "cluster", "user", "namespace", NULL };
static const char *const cluster_texts[] = { "server", "certificate-authority",
	                                     "certificate-authority-data", "tls-server-name",
	                                     "proxy-url", NULL };
static const char *const user_texts[] = { "token", "tokenFile", "username", "password",
	                                  "client-certificate", "client-certificate-data",
	                                  "client-key", "client-key-data", "as", "as-uid", NULL };
static const char *const exec_texts[] = { "apiVersion", "command", "installHint", "interactiveMode",
	                                  NULL };

/* Most of it ends in headers, where a line break would begin another one. */
static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

static err *check_text(const struct val *v, const char *key)
{
	bool is_free = str_ends(key, "-data") || str_equal(key, "installHint");
	if (!v || val_is(v, VAL_NULL))
		return NULL;
	if (!val_is(v, VAL_STR))
		return err_hint(val_error(v, "%s has to be a string, found %s", key, val_kind_text(v)),
		                "put it in quotes");
	if (!is_free && has_control(v->as.str.ptr, v->as.str.len))
		return val_error(v, "%s holds a line break or another control character", key);
	return NULL;
}

/* An unquoted 12345 or `no` is no string: taken for missing it would change who we are. */
static err *check_texts(const struct val *map, const char *const *keys)
{
	for (; *keys; keys++)
		TRY(check_text(val_get(map, *keys), *keys));
	return NULL;
}

static err *check_list(const struct val *list, const char *key)
{
	const struct val *item;
	if (list && !val_is(list, VAL_NULL) && !val_is(list, VAL_LIST))
		return val_error(list, "%s has to be a list, found %s", key, val_kind_text(list));
	for (VAL_EACH_ITEM(i, item, list)) {
		if (val_is(item, VAL_NULL))
			return val_error(item, "%s has an empty item", key);
		TRY(check_text(item, key));
	}
	return NULL;
}

static err *check_bool(const struct val *map, const char *key)
{
	const struct val *v = val_get(map, key);
	if (!v || val_is(v, VAL_NULL) || val_is(v, VAL_BOOL))
		return NULL;
	return val_error(v, "%s has to be true or false, found %s", key, val_kind_text(v));
}

/* --- finding --- */

/* clusters, users or contexts: the entry `name` of the first file that has it. */
static const struct val *find_entry(const struct loader *l, const char *list, const char *name,
                                    const struct layer **ret_layer)
{
	const struct val *entry;
	for (size_t i = 0; i < l->layers.len; i++)
		for (VAL_EACH_ITEM(k, entry, val_get(l->layers.ptr[i].root, list)))
			if (str_equal(val_get_str(entry, "name", ""), name)) {
				*ret_layer = &l->layers.ptr[i];
				return entry;
			}
	return NULL;
}

static err *current_context(const struct loader *l, const char **ret_name)
{
	static const char *const texts[] = { "current-context", NULL };
	*ret_name = "";
	for (size_t i = 0; i < l->layers.len && !**ret_name; i++) {
		TRY(check_texts(l->layers.ptr[i].root, texts));
		*ret_name = val_get_str(l->layers.ptr[i].root, "current-context", "");
	}
	return NULL;
}

static err *unknown_context(const struct loader *l, const char *name)
{
	const struct val *entry;
	VEC(const char *) names = VEC_INIT;
	AUTO(str) list = STR_INIT;
	for (size_t i = 0; i < l->layers.len; i++)
		for (VAL_EACH_ITEM(k, entry, val_get(l->layers.ptr[i].root, "contexts"))) {
			vec_push(&names, val_get_str(entry, "name", ""));
			str_addf(&list, "%s%s", list.len ? ", " : "", val_get_str(entry, "name", ""));
		}
	const char *nearest = suggest_nearest(name, names.ptr, names.len);
	err *e = *name ? err_new(ERR_USAGE, "there is no context '%s'", name)
	               : err_hint(err_new(ERR_USAGE, "the kubeconfig names no current-context"),
	                          "set it with 'kubectl config use-context', or pass --context NAME");
	if (nearest)
		e = err_hint(e, "did you mean '%s'?", nearest);
	e = err_hint(e, "the contexts are: %s", list.len ? list.ptr : "none");
	vec_clear(&names);
	return e;
}

/* --- values --- */

static const char *text_of(const struct val *map, const char *key)
{
	const char *text = val_get_str(map, key, "");
	return *text ? text : NULL;
}

static const char *path_in(struct loader *l, const struct layer *layer, const char *path)
{
	if (!path)
		return NULL;
	AUTOFREE char *joined = path_join(layer->dir, path);
	return arena_strdup(l->arena, joined);
}

/* Base64 in the file itself stands above the name of a file. */
static err *read_data(struct loader *l, const struct layer *layer, const struct val *map,
                      const char *key, struct view *ret_bytes, const char **ret_file)
{
	AUTOFREE char *data_key = str_format("%s-data", key);
	const struct val *data = val_get(map, data_key);
	AUTO(str) bytes = STR_INIT;
	if (!data || !*val_get_str(map, data_key, "")) {
		*ret_file = path_in(l, layer, text_of(map, key));
		return NULL;
	}
	err *e = base64_decode((struct view){ data->as.str.ptr, data->as.str.len }, BASE64_LINES, &bytes);
	if (e)
		return err_without_snippet(val_place(err_wrap(e, "%s is not base64", data_key), data));
	*ret_bytes = (struct view){ arena_strndup(l->arena, bytes.ptr, bytes.len), bytes.len };
	return NULL;
}

static err *take_cluster(struct loader *l, const char *name)
{
	const struct layer *layer = NULL;
	struct kube_config *config = l->config;
	const struct val *entry = find_entry(l, "clusters", name, &layer);
	const struct val *cluster = val_get(entry, "cluster");
	if (!cluster)
		return err_new(ERR_INVALID, "context '%s' names cluster '%s', which is not there",
		               config->context, name);
	TRY(check_texts(cluster, cluster_texts));
	TRY(check_bool(cluster, "insecure-skip-tls-verify"));
	config->server = text_of(cluster, "server");
	if (!config->server)
		return val_place(err_new(ERR_INVALID, "cluster '%s' has no server", name), cluster);
	if (!str_starts(config->server, "https://") && !str_starts(config->server, "http://"))
		config->server = arena_printf(l->arena, "https://%s", config->server);
	TRY(read_data(l, layer, cluster, "certificate-authority", &config->ca_pem, &config->ca_file));
	config->tls_server_name = text_of(cluster, "tls-server-name");
	config->proxy_url = text_of(cluster, "proxy-url");
	config->is_insecure = val_get_bool(cluster, "insecure-skip-tls-verify", false);
	if (config->is_insecure && (config->ca_pem.len || config->ca_file))
		return val_place(err_new(ERR_INVALID, "cluster '%s' has a certificate authority and "
		                         "insecure-skip-tls-verify; only one can be meant", name),
		                 cluster);
	if (config->is_insecure)
		warn(l, arena_printf(l->arena, "the certificate of %s is not verified "
		                     "(insecure-skip-tls-verify)", config->server));
	const struct val *extension;
	for (VAL_EACH_ITEM(i, extension, val_get(cluster, "extensions")))
		if (str_equal(val_get_str(extension, "name", ""), "client.authentication.k8s.io/exec"))
			config->exec_cluster_config = val_get(extension, "extension");
	return NULL;
}

/* --- users --- */

static err *check_exec(const struct val *exec)
{
	static const char *const variable[] = { "name", "value", NULL };
	const struct val *item, *env = val_get(exec, "env"), *args = val_get(exec, "args");
	const char *mode = val_get_str(exec, "interactiveMode", "IfAvailable");
	TRY(check_texts(exec, exec_texts));
	TRY(check_bool(exec, "provideClusterInfo"));
	if (args && !val_is(args, VAL_NULL) && !val_is(args, VAL_LIST))
		return val_error(args, "args has to be a list, found %s", val_kind_text(args));
	for (VAL_EACH_ITEM(i, item, args))
		if (!val_is(item, VAL_STR) || strlen(item->as.str.ptr) != item->as.str.len)
			return val_error(item, "args has to be strings, found %s", val_kind_text(item));
	for (VAL_EACH_ITEM(k, item, env)) {
		TRY(check_texts(item, variable));
		if (!*val_get_str(item, "name", "") || strchr(val_get_str(item, "name", ""), '='))
			return val_error(item, "a variable of env needs a name");
	}
	if (!str_equal(mode, "Never") && !str_equal(mode, "IfAvailable") && !str_equal(mode, "Always"))
		return val_error(val_get(exec, "interactiveMode"),
		                 "interactiveMode is Never, IfAvailable or Always, found '%s'", mode);
	return NULL;
}

static const char *const *list_of(struct loader *l, const struct val *list, const char *value_key)
{
	const struct val *item;
	const char **texts = arena_zalloc(l->arena, val_len(list) + 1, sizeof(*texts));
	size_t count = 0;
	for (VAL_EACH_ITEM(i, item, list))
		texts[count++] = value_key ? arena_printf(l->arena, "%s=%s", val_get_str(item, "name", ""),
		                                          val_get_str(item, value_key, ""))
		                           : val_is(item, VAL_STR) ? item->as.str.ptr : "";
	return texts;
}

static err *take_exec(struct loader *l, const struct layer *layer, const struct val *exec)
{
	TRY(check_exec(exec));
	struct kube_exec *plugin = ARENA_NEW(l->arena, struct kube_exec);
	const char *mode = val_get_str(exec, "interactiveMode", "IfAvailable");
	plugin->api_version = val_get_str(exec, "apiVersion", "");
	plugin->command = text_of(exec, "command");
	plugin->install_hint = text_of(exec, "installHint");
	plugin->args = list_of(l, val_get(exec, "args"), NULL);
	plugin->env = list_of(l, val_get(exec, "env"), "value");
	plugin->provides_cluster = val_get_bool(exec, "provideClusterInfo", false);
	plugin->may_ask = !str_equal(mode, "Never") && !l->options->no_input;
	plugin->must_ask = str_equal(mode, "Always");
	if (!plugin->command)
		return val_error(exec, "exec has no command");
	if (!str_equal(plugin->api_version, "client.authentication.k8s.io/v1") &&
	    !str_equal(plugin->api_version, "client.authentication.k8s.io/v1beta1"))
		return err_hint(val_error(exec, "exec has apiVersion '%s', which is not supported",
		                          plugin->api_version),
		                "client.authentication.k8s.io/v1 and v1beta1 are; update the plugin");
	if (strchr(plugin->command, '/'))
		plugin->command = path_in(l, layer, plugin->command);
	l->config->exec = plugin;
	return NULL;
}

/* Either alone would fail in the handshake only, where nobody can tell why. */
static err *check_pair(const struct kube_config *config, const struct val *user)
{
	bool has_cert = config->cert_pem.len || config->cert_file;
	bool has_key = config->key_pem.len || config->key_file;
	if (has_cert == has_key)
		return NULL;
	return val_error(user, "the user has %s and no %s", has_cert ? "a client-certificate" : "a client-key",
	                 has_cert ? "client-key" : "client-certificate");
}

static void warn_if_public(struct loader *l, const struct layer *layer)
{
	const struct kube_config *config = l->config;
	if (layer->is_public && (config->token || *config->password || config->key_pem.len))
		warn(l, arena_printf(l->arena, "everybody on this machine can read the credentials in %s "
		                     "(chmod go-r)", layer->path));
}

static err *take_user(struct loader *l, const char *name)
{
	const struct layer *layer = NULL;
	struct kube_config *config = l->config;
	const struct val *entry = find_entry(l, "users", name, &layer);
	const struct val *user = val_get(entry, "user");
	if (!entry)
		return err_new(ERR_INVALID, "context '%s' names user '%s', who is not there",
		               config->context, name);
	if (val_get(user, "auth-provider"))
		return err_hint(val_place(err_new(ERR_UNSUPPORTED, "user '%s' has an auth-provider, which "
		                                  "Kubernetes removed in 1.26", name), user),
		                "use an exec plugin, such as gke-gcloud-auth-plugin or kubelogin");
	TRY(check_texts(user, user_texts));
	config->token = text_of(user, "token");
	config->token_file = path_in(l, layer, text_of(user, "tokenFile"));
	config->user = text_of(user, "username");
	config->password = val_get_str(user, "password", "");
	TRY(read_data(l, layer, user, "client-certificate", &config->cert_pem, &config->cert_file));
	TRY(read_data(l, layer, user, "client-key", &config->key_pem, &config->key_file));
	TRY(check_pair(config, user));
	warn_if_public(l, layer);
	const struct val *exec = val_get(user, "exec");
	return exec && !val_is(exec, VAL_NULL) ? take_exec(l, layer, exec) : NULL;
}

/* --- impersonation --- */

/* Bytes that may not stand in a header's name, percent-encoded. */
static void add_extra_name(struct str *header, const char *key)
{
	for (; *key; key++) {
		bool is_plain = isalnum((unsigned char)*key) || strchr("!#$&'*+-.^_`|~", *key);
		if (is_plain)
			str_addch(header, *key);
		else
			str_addf(header, "%%%02X", (unsigned char)*key);
	}
}

static void add_header(struct loader *l, struct strs *headers, const char *name, const char *value)
{
	strs_push(headers, arena_printf(l->arena, "%s: %s", name, value));
}

static err *check_impersonation(const struct loader *l, const struct val *user)
{
	const struct val_entry *extra;
	const struct val *extras = val_get(user, "as-user-extra");
	const struct kube_config_options *options = l->options;
	const char *const *groups = options->as_groups;
	TRY(check_list(val_get(user, "as-groups"), "as-groups"));
	for (VAL_EACH_ENTRY(k, extra, extras))
		TRY(check_list(extra->value, "as-user-extra"));
	for (; groups && *groups; groups++)
		if (has_control(*groups, strlen(*groups)))
			return err_new(ERR_USAGE, "the group to act as holds a control character");
	if (options->as_user && has_control(options->as_user, strlen(options->as_user)))
		return err_new(ERR_USAGE, "the user to act as holds a control character");
	if (options->as_user || text_of(user, "as"))
		return NULL;
	if (options->as_groups && *options->as_groups)
		return err_new(ERR_USAGE, "a group to act as needs a user to act as: pass --as too");
	if (text_of(user, "as-uid") || val_len(val_get(user, "as-groups")) || val_len(extras))
		return val_error(user, "as-uid, as-groups and as-user-extra need 'as'");
	return NULL;
}

static void add_groups(struct loader *l, struct strs *headers, const struct val *user)
{
	const struct val *item;
	const char *const *groups = l->options->as_groups;
	for (; groups && *groups; groups++)
		add_header(l, headers, "Impersonate-Group", *groups);
	if (l->options->as_user || (l->options->as_groups && *l->options->as_groups))
		return; /* they replace those of the file: nobody gets more than was asked for */
	for (VAL_EACH_ITEM(i, item, val_get(user, "as-groups")))
		add_header(l, headers, "Impersonate-Group", item->as.str.ptr);
}

static void add_extras(struct loader *l, struct strs *headers, const struct val *user)
{
	const struct val *item;
	const struct val_entry *extra;
	for (VAL_EACH_ENTRY(k, extra, val_get(user, "as-user-extra"))) {
		AUTO(str) name = STR_INIT;
		str_addz(&name, "Impersonate-Extra-");
		add_extra_name(&name, extra->key);
		for (VAL_EACH_ITEM(v, item, extra->value))
			add_header(l, headers, name.ptr, item->as.str.ptr);
	}
}

static err *take_impersonation(struct loader *l, const struct val *user)
{
	struct strs headers = { 0 };
	const char *other = l->options->as_user;
	TRY(check_impersonation(l, user));
	if (other || text_of(user, "as"))
		add_header(l, &headers, "Impersonate-User", other ? other : text_of(user, "as"));
	if (text_of(user, "as-uid") && !other)
		add_header(l, &headers, "Impersonate-Uid", text_of(user, "as-uid"));
	add_groups(l, &headers, user);
	if (!other)
		add_extras(l, &headers, user);
	const char **list = arena_zalloc(l->arena, headers.len + 1, sizeof(*list));
	for (size_t i = 0; i < headers.len; i++)
		list[i] = arena_strdup(l->arena, headers.ptr[i]);
	l->config->headers = headers.len ? list : NULL;
	strs_clear(&headers);
	return NULL;
}

/* --- in a pod --- */

static const char *pod_folder(void)
{
	const char *folder = "/var/run/secrets/kubernetes.io/serviceaccount";
#ifdef FETTLE_TEST_HOOKS
	if (env_get_nonempty("FETTLE_TEST_SERVICEACCOUNT"))
		folder = env_get_nonempty("FETTLE_TEST_SERVICEACCOUNT");
#endif
	return folder;
}

static err *no_config(void)
{
	return err_hint(err_new(ERR_NOT_FOUND, "there is no kubeconfig, and this is no pod"),
	                "set KUBECONFIG or pass --kubeconfig FILE");
}

static err *take_pod(struct loader *l)
{
	struct kube_config *config = l->config;
	const char *host = env_get_nonempty("KUBERNETES_SERVICE_HOST");
	const char *port = env_get_nonempty("KUBERNETES_SERVICE_PORT");
	AUTOFREE char *token = path_join(pod_folder(), "token");
	AUTOFREE char *name_space = path_join(pod_folder(), "namespace");
	AUTOFREE char *ca = path_join(pod_folder(), "ca.crt");
	AUTO(str) text = STR_INIT;
	if (!host || !port || !fs_exists(token))
		return no_config();
	bool is_v6 = strchr(host, ':') != NULL;
	config->context = "";
	config->server = arena_printf(l->arena, "https://%s%s%s:%s", is_v6 ? "[" : "", host,
	                              is_v6 ? "]" : "", port);
	config->token_file = arena_strdup(l->arena, token);
	config->ca_file = arena_strdup(l->arena, ca);
	err *e = fs_read_file(name_space, LIMIT_KEY_BYTES, &text);
	size_t len = e ? 0 : strcspn(text.ptr, " \r\n");
	if (len)
		config->name_space = arena_strndup(l->arena, text.ptr, len);
	err_ignore(e, "the default is 'default'");
	return NULL;
}

/* --- the whole --- */

static err *take_context(struct loader *l)
{
	struct kube_config *config = l->config;
	const struct layer *layer = NULL;
	const char *name = l->options->context;
	if (!name)
		TRY(current_context(l, &name));
	/* Who names a file, and be it empty, does not want to be the pod. */
	if (!*name && l->layers.len == 0 && !l->options->kubeconfig)
		return take_pod(l);
	const struct val *entry = *name ? find_entry(l, "contexts", name, &layer) : NULL;
	if (!entry)
		return unknown_context(l, name);
	const struct val *context = val_get(entry, "context");
	TRY(check_texts(context, context_texts));
	config->context = arena_strdup(l->arena, name);
	config->name_space = text_of(context, "namespace");
	const char *user = val_get_str(context, "user", "");
	err *e = take_cluster(l, val_get_str(context, "cluster", ""));
	if (!e && *user)
		e = take_user(l, user);
	return e ? val_place(e, entry) : NULL; /* unless it knows a better place */
}

static const struct val *user_of_context(const struct loader *l)
{
	const struct layer *layer;
	const struct val *context = find_entry(l, "contexts", l->config->context, &layer);
	const char *name = val_get_str(val_get(context, "context"), "user", "");
	return val_get(find_entry(l, "users", name, &layer), "user");
}

static err *read_ca(struct loader *l)
{
	AUTO(str) text = STR_INIT;
	struct kube_config *config = l->config;
	if (config->ca_pem.len || !config->ca_file)
		return NULL;
	err *e = fs_read_file(config->ca_file, LIMIT_SETTINGS_BYTES, &text);
	if (e)
		return err_wrap(e, "cannot read the certificate authority");
	config->ca_pem = (struct view){ arena_strndup(l->arena, text.ptr, text.len), text.len };
	return NULL;
}

static void trim_slash(struct loader *l)
{
	size_t len = strlen(l->config->server);
	while (len > 0 && l->config->server[len - 1] == '/')
		len--;
	l->config->server = arena_strndup(l->arena, l->config->server, len);
}

static err *load(struct loader *l)
{
	struct kube_config *config = l->config;
	TRY(load_layers(l));
	TRY(take_context(l));
	TRY(read_ca(l));
	trim_slash(l);
	TRY(take_impersonation(l, user_of_context(l)));
	if (l->options->name_space)
		config->name_space = arena_strdup(l->arena, l->options->name_space);
	if (!config->name_space)
		config->name_space = "default";
	if (!config->proxy_url && l->options->proxy)
		config->proxy_url = arena_strdup(l->arena, l->options->proxy);
	config->no_input = l->options->no_input;
	config->warnings = arena_zalloc(l->arena, l->warnings.len + 1, sizeof(*config->warnings));
	config->warning_count = l->warnings.len;
	for (size_t i = 0; i < l->warnings.len; i++)
		config->warnings[i] = l->warnings.ptr[i];
	return NULL;
}

err *kube_config_load(const struct kube_config_options *options, struct arena *arena,
                      const struct kube_config **ret_config)
{
	struct loader l = { .arena = arena, .options = options };
	l.config = ARENA_NEW(arena, struct kube_config);
	err *e = load(&l);
	vec_clear(&l.layers);
	vec_clear(&l.warnings);
	if (e)
		return err_without_snippet(e); /* written on one line, the file is all in it */
	*ret_config = l.config;
	return NULL;
}

err *kube_config_contexts(const char *kubeconfig, struct arena *arena,
                          void (*each)(void *context, const char *name), void *context)
{
	const struct kube_config_options options = { .kubeconfig = kubeconfig };
	struct loader l = { .arena = arena, .options = &options };
	const struct layer *layer;
	const struct val *entry;
	err *e = load_layers(&l);
	for (size_t i = 0; !e && i < l.layers.len; i++)
		for (VAL_EACH_ITEM(k, entry, val_get(l.layers.ptr[i].root, "contexts"))) {
			const char *name = val_get_str(entry, "name", "");
			if (*name && find_entry(&l, "contexts", name, &layer) == entry)
				each(context, name);
		}
	vec_clear(&l.layers);
	vec_clear(&l.warnings);
	return e ? err_without_snippet(e) : NULL;
}

const char *kube_config_namespace(const struct kube_config *config)
{
	return config->name_space;
}

struct kube_endpoint kube_config_endpoint(const struct kube_config *config)
{
	return (struct kube_endpoint){ .server = config->server,
		                       .ca_pem = config->ca_pem,
		                       .tls_server_name = config->tls_server_name,
		                       .proxy = config->proxy_url,
		                       .is_insecure = config->is_insecure };
}

const char *kube_config_server(const struct kube_config *config)
{
	return config->server;
}

const char *kube_config_context(const struct kube_config *config)
{
	return config->context;
}

size_t kube_config_warning_count(const struct kube_config *config)
{
	return config->warning_count;
}

const char *kube_config_warning(const struct kube_config *config, size_t index)
{
	return config->warnings[index];
}
