/*
 * Which kinds the server has: aggregated discovery in two requests (KEP-3352), else group by group. What
 * could not be read, or is marked stale, is remembered as unknown: never as absent.
 */
#include "base/base.h"

#include "base/path.h"
#include "base/vec.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "kube/kube_private.h"
#include "pal/clock.h"
#include "pal/fs.h"

#define ACCEPT_AGGREGATED                                                                          \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"                    \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"               \
	"application/json"

enum { ASK_AGAIN_MS = 1000 };

struct kube_discovery {
	struct mutex *mutex;     /* guards all; held while the server is asked */
	struct arena arena;      /* resources: they live as long as the client */
	bool is_done;
	int64_t asked_ns;
	VEC(const struct kube_resource *) preferred;
	struct map by_kind;      /* "group/version/Kind" and "group//Kind" (preferred) */
	struct map groups;       /* known groups */
	struct map unknown;      /* groups that did not answer: why */
};

struct kube_discovery *kube_discovery_new(void)
{
	struct kube_discovery *d = MEM_NEW(struct kube_discovery);
	d->mutex = mutex_new();
	return d;
}

static void forget(struct kube_discovery *d)
{
	map_clear(&d->by_kind);
	map_clear(&d->groups);
	map_clear(&d->unknown);
	d->preferred.len = 0;
	d->is_done = false;
}

void kube_discovery_free(struct kube_discovery *d)
{
	if (!d)
		return;
	forget(d);
	vec_clear(&d->preferred);
	arena_clear(&d->arena);
	mutex_free(d->mutex);
	mem_free(d);
}

/* --- filling --- */

static void add_resource(struct kube_discovery *d, const char *group, const char *version,
                         const char *kind, const char *plural, bool is_namespaced,
                         const struct val *verbs, bool is_preferred)
{
	const struct val *verb;
	AUTO(str) list = STR_INIT;
	AUTOFREE char *exact = str_format("%s/%s/%s", group, version, kind);
	AUTOFREE char *any = str_format("%s//%s", group, kind);
	if (!*kind || strchr(plural, '/') || map_has(&d->by_kind, exact))
		return;
	str_addch(&list, ',');
	for (VAL_EACH_ITEM(i, verb, verbs))
		if (val_is(verb, VAL_STR))
			str_addf(&list, "%s,", verb->as.str.ptr);
	struct kube_resource *resource = ARENA_NEW(&d->arena, struct kube_resource);
	*resource = (struct kube_resource){
		.group = arena_strdup(&d->arena, group),
		.version = arena_strdup(&d->arena, version),
		.kind = arena_strdup(&d->arena, kind),
		.plural = arena_strdup(&d->arena, plural),
		.is_namespaced = is_namespaced,
		.is_preferred = is_preferred,
		.verbs = arena_strdup(&d->arena, list.ptr),
	};
	map_set(&d->by_kind, exact, resource);
	if (map_has(&d->by_kind, any)) /* versions come in the server's order of preference */
		return;
	map_set(&d->by_kind, any, resource);
	vec_push(&d->preferred, resource);
}

static void set_unknown(struct kube_discovery *d, const char *group, const char *why)
{
	map_set(&d->unknown, group, arena_strdup(&d->arena, why));
}

static void add_aggregated(struct kube_discovery *d, const struct val *root)
{
	const struct val *item, *version, *resource;
	for (VAL_EACH_ITEM(i, item, val_get(root, "items"))) {
		const char *group = val_get_str(val_get(item, "metadata"), "name", "");
		bool is_first = true;
		map_set(&d->groups, group, d);
		for (VAL_EACH_ITEM(v, version, val_get(item, "versions"))) {
			const char *name = val_get_str(version, "version", "");
			if (str_equal(val_get_str(version, "freshness", ""), "Stale"))
				set_unknown(d, group, "its server does not answer");
			for (VAL_EACH_ITEM(r, resource, val_get(version, "resources"))) {
				const struct val *kind = val_get(resource, "responseKind");
				add_resource(d, group, name, val_get_str(kind, "kind", ""),
				             val_get_str(resource, "resource", ""),
				             str_equal(val_get_str(resource, "scope", ""), "Namespaced"),
				             val_get(resource, "verbs"), is_first);
			}
			is_first = false;
		}
	}
}

static void add_version(struct kube_discovery *d, const char *group, const char *version,
                        const struct val *root, bool is_preferred)
{
	const struct val *resource;
	map_set(&d->groups, group, d);
	for (VAL_EACH_ITEM(i, resource, val_get(root, "resources")))
		add_resource(d, group, version, val_get_str(resource, "kind", ""),
		             val_get_str(resource, "name", ""), val_get_bool(resource, "namespaced", false),
		             val_get(resource, "verbs"), is_preferred);
}

/* --- asking --- */

static err *get(struct kube *kube, const char *path, const char *accept, struct arena *arena,
                const struct val **ret_root)
{
	const struct kube_request request = { .path = path, .accept = accept };
	return kube_get_json(kube, &request, "cannot ask which kinds there are", arena, ret_root);
}

/* An old server, or one whose aggregation is off: every group by itself. */
static err *ask_version(struct kube *kube, const char *group, const char *version, bool is_preferred,
                        struct arena *arena)
{
	struct kube_discovery *d = kube->discovery;
	const struct val *root = NULL;
	AUTOFREE char *path = *group ? str_format("/apis/%s/%s", group, version)
	                             : str_format("/api/%s", version);
	err *e = get(kube, path, NULL, arena, &root);
	if (e && !err_is(e, ERR_CANCELLED) && !err_is(e, ERR_TIMEOUT) && *group) {
		set_unknown(d, group, err_message(e));
		err_ignore(e, "the group is unknown now, the others are not");
		return NULL;
	}
	TRY(e);
	add_version(d, group, version, root, is_preferred);
	return NULL;
}

static err *ask_groups(struct kube *kube, const struct val *core, const struct val *groups,
                       struct arena *arena)
{
	const struct val *item, *version;
	for (VAL_EACH_ITEM(i, version, val_get(core, "versions")))
		if (val_is(version, VAL_STR))
			TRY(ask_version(kube, "", version->as.str.ptr, i == 0, arena));
	for (VAL_EACH_ITEM(i, item, val_get(groups, "groups"))) {
		const char *preferred = val_get_str(val_get(item, "preferredVersion"), "version", "");
		const char *group = val_get_str(item, "name", "");
		TRY(ask_version(kube, group, preferred, true, arena));
		for (VAL_EACH_ITEM(v, version, val_get(item, "versions")))
			if (!str_equal(val_get_str(version, "version", ""), preferred))
				TRY(ask_version(kube, group, val_get_str(version, "version", ""), false,
				                arena));
	}
	return NULL;
}

/* --- the copy on disk: an answer with its ETag, so that an unchanged one is not sent again --- */

static char *cache_file(const struct kube *kube, const char *path)
{
	char hex[SHA256_HEX_SIZE];
	if (!kube->cache_dir)
		return NULL;
	AUTOFREE char *name = str_format("%s%s", kube->config->server, path);
	sha256_hex(name, strlen(name), hex);
	return str_format("%s/discovery/%.32s", kube->cache_dir, hex);
}

/* First line: the ETag. */
static bool read_cache(const char *file, struct str *etag, struct str *body)
{
	AUTO(str) text = STR_INIT;
	err *e = file ? fs_read_file(file, 16u << 20, &text) : err_new(ERR_NOT_FOUND, "none");
	const char *end = e || !text.len ? NULL : memchr(text.ptr, '\n', text.len);
	err_ignore(e, "it is only a copy");
	if (!end)
		return false;
	str_add(etag, text.ptr, (size_t)(end - text.ptr));
	str_add(body, end + 1, text.len - (size_t)(end - text.ptr) - 1);
	return true;
}

static void write_cache(const char *file, const struct kube_response *response)
{
	AUTO(str) text = STR_INIT;
	if (!file || !response->etag)
		return;
	AUTOFREE char *dir = path_dir(file);
	str_addf(&text, "%s\n", response->etag);
	str_add_str(&text, &response->body);
	err *e = fs_mkdir_all(dir, 0700);
	if (!e)
		e = fs_write_atomic(file, view_str(&text), 0600);
	err_ignore(e, "it is only a copy");
}

static err *ask_list(struct kube *kube, const char *path, struct arena *arena,
                     const struct val **ret_root)
{
	AUTOFREE char *file = cache_file(kube, path);
	AUTO(str) etag = STR_INIT;
	AUTO(str) body = STR_INIT;
	struct kube_response response = { 0 };
	struct kube_status status;
	struct val *root = NULL;
	bool has_copy = read_cache(file, &etag, &body);
	const struct kube_request request = { .path = path, .accept = ACCEPT_AGGREGATED,
		                              .if_none_match = has_copy ? etag.ptr : NULL };
	err *e = kube_do(kube, &request, &response);
	TRY(e);
	if (response.status == 304) {
		e = json_read(body.ptr, body.len, "copy of the API server's kinds", arena, &root);
	} else if (response.status == 200) {
		e = json_read(response.body.ptr, response.body.len, "answer of the API server", arena,
		              &root);
		if (!e)
			write_cache(file, &response);
	} else {
		kube_status_parse(&response, arena, &status);
		e = kube_status_error(&status, "cannot ask which kinds there are");
	}
	kube_response_clear(&response);
	*ret_root = root;
	return e;
}

static bool is_aggregated(const struct val *root)
{
	return str_equal(val_get_str(root, "kind", ""), "APIGroupDiscoveryList");
}

static err *ask(struct kube *kube, struct arena *arena)
{
	struct kube_discovery *d = kube->discovery;
	const struct val *core = NULL, *groups = NULL;
	TRY(ask_list(kube, "/api", arena, &core));
	TRY(ask_list(kube, "/apis", arena, &groups));
	forget(d);
	if (is_aggregated(core) && is_aggregated(groups)) {
		add_aggregated(d, core);
		add_aggregated(d, groups);
	} else {
		TRY(ask_groups(kube, core, groups, arena));
	}
	d->is_done = true;
	return NULL;
}

/* Hold the mutex. */
static err *ask_now(struct kube *kube)
{
	struct arena arena = ARENA_INIT;
	kube->discovery->asked_ns = clock_monotonic_ns();
	err *e = ask(kube, &arena);
	arena_clear(&arena);
	return e;
}

err *kube_discover(struct kube *kube)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->discovery->mutex);
	return kube->discovery->is_done ? NULL : ask_now(kube);
}

err *kube_rediscover(struct kube *kube)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->discovery->mutex);
	return ask_now(kube);
}

/* --- lookups --- */

static bool may_ask_again(const struct kube_discovery *d)
{
	return clock_monotonic_ns() - d->asked_ns > (int64_t)ASK_AGAIN_MS * CLOCK_NS_PER_MS;
}

static err *not_found(const struct kube_discovery *d, const char *group, const char *version,
                      const char *kind)
{
	const char *why = map_get(&d->unknown, group);
	if (why)
		return err_hint(err_new(ERR_UNAVAILABLE, "nobody knows whether the server has kind '%s': "
		                        "group '%s' cannot be read (%s)", kind, group, why),
		                "'kubectl get apiservices' shows which server behind it is down");
	return err_new(ERR_NOT_FOUND, "the server has no kind '%s' in %s%s%s", kind, group,
	               *group && version ? "/" : "", version ? version : "");
}

err *kube_resource_find(struct kube *kube, const char *group, const char *version,
                        const char *kind, const struct kube_resource **ret_resource)
{
	struct kube_discovery *d = kube->discovery;
	AUTOFREE char *key = str_format("%s/%s/%s", group, version ? version : "", kind);
	AUTO(mutex_hold) hold = mutex_hold(d->mutex);
	if (!d->is_done)
		TRY(ask_now(kube));
	*ret_resource = map_get(&d->by_kind, key);
	if (!*ret_resource && may_ask_again(d)) {
		TRY(ask_now(kube));
		*ret_resource = map_get(&d->by_kind, key);
	}
	return *ret_resource ? NULL : not_found(d, group, version, kind);
}

size_t kube_resource_count(struct kube *kube)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->discovery->mutex);
	return kube->discovery->preferred.len;
}

const struct kube_resource *kube_resource_at(struct kube *kube, size_t index)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->discovery->mutex);
	return index < kube->discovery->preferred.len ? kube->discovery->preferred.ptr[index] : NULL;
}

err *kube_group_is_known(struct kube *kube, const char *group, bool *ret_is_known)
{
	TRY(kube_discover(kube));
	AUTO(mutex_hold) hold = mutex_hold(kube->discovery->mutex);
	*ret_is_known = map_has(&kube->discovery->groups, group);
	return map_has(&kube->discovery->unknown, group)
	               ? not_found(kube->discovery, group, NULL, "of that group")
	               : NULL;
}
