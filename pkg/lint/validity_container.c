/* Containers as the API server checks them when it takes a pod. */
#include "base/base.h"

#include <ctype.h>
#include <math.h>

#include "lint/family_validity.h"
#include "lint/lint_fix.h"

/* Equal mounts further apart are not told: no list of people is so long. */
#define LOOK_BACK 500u
#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool is_true(const struct val *v)
{
	return val_is(v, VAL_BOOL) && v->as.boolean;
}

/* --- image, ports, environment --- */

static void check_image(const struct validity *c, const struct val *image)
{
	const char *text = validity_text(image);
	if (!text)
		return;
	if (!*text)
		validity_report(c, INVALID_IMAGE, image, "a container needs an image");
	else if (isspace((unsigned char)*text) || isspace((unsigned char)text[strlen(text) - 1]))
		validity_report(c, INVALID_IMAGE, image, "the image has a blank at one end");
	else if (!kube_is_image(text))
		validity_report(c, INVALID_IMAGE, image,
		                "'%s' is no image: [registry/]name in lower case[:tag][@sha256:…]",
		                text);
}

static void check_port(const struct validity *c, const struct val *port)
{
	const struct val *container = val_get(port, "containerPort");
	const struct val *host = val_get(port, "hostPort"), *name = val_get(port, "name");
	bool is_host_network = is_true(val_get(c->pod.spec, "hostNetwork"));
	validity_range(c, INVALID_PORT, container, 1, 65535);
	validity_range(c, INVALID_PORT, host, 0, 65535);
	if (is_host_network && val_is(host, VAL_INT) && host->as.integer != 0 &&
	    val_is(container, VAL_INT) && host->as.integer != container->as.integer)
		validity_report(c, INVALID_PORT, host,
		                "with hostNetwork, hostPort is containerPort or nothing");
	const char *text = validity_text(name);
	if (text && *text && !kube_is_port_name(text))
		validity_report(c, INVALID_PORT_NAME, name,
		                "'%s' is no name of a port: at most 15 lower-case letters, digits "
		                "and '-', one letter at least",
		                text);
}

static void check_variable(const struct validity *c, const struct val *variable)
{
	static const char *const sources[] = { "fieldRef",        "resourceFieldRef",
		                               "configMapKeyRef", "secretKeyRef",
		                               "fileKeyRef",      NULL };
	const struct val *name = val_get(variable, "name"), *from = val_get(variable, "valueFrom");
	const char *text = val_is(name, VAL_STR) ? name->as.str.ptr : "x";
	bool is_fine = *text && !strchr(text, '=');
	for (const char *at = text; *at; at++)
		is_fine &= *at >= ' ' && *at <= '~';
	if (!is_fine && !kube_is_open(text))
		validity_report(c, INVALID_ENV, name,
		                "'%s' is no name of a variable: printable ASCII without '='", text);
	const struct val *value = val_get(variable, "value"), *last;
	if (!validity_is_set(from))
		return;
	if (val_is(value, VAL_STR) && value->as.str.len)
		validity_report(c, INVALID_ENV, value, "value and valueFrom exclude each other");
	if (val_is(from, VAL_MAP) && validity_count(from, sources, &last) != 1)
		validity_report(c, INVALID_ENV, from, "valueFrom names one source, and only one");
}

static void check_env(const struct validity *c, const struct val *container)
{
	const struct val *item, *last;
	for (VAL_EACH_ITEM(i, item, val_get(container, "env")))
		check_variable(c, item);
	for (VAL_EACH_ITEM(k, item, val_get(container, "envFrom")))
		if (val_is(item, VAL_MAP) &&
		    validity_count(item, KEYS("configMapRef", "secretRef"), &last) != 1)
			validity_report(c, INVALID_ENV, item,
			                "envFrom names configMapRef or secretRef, and only one");
}

/* --- probes and hooks --- */

static void check_handler(const struct validity *c, const struct val *probe, const char *name,
                          const char *const *handlers, bool is_whole)
{
	const struct val *last = NULL;
	size_t n = validity_count(probe, handlers, &last);
	if (n > 1)
		validity_report(c, INVALID_PROBE, last, "%s has %zu handlers; one is allowed", name,
		                n);
	if (n == 0 && is_whole)
		validity_report(c, INVALID_PROBE, probe,
		                "%s has no handler: it never does anything", name);
	const char *const actions[] = { "httpGet", "tcpSocket", "grpc" };
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		const struct val *port = val_get(val_get(probe, actions[i]), "port");
		const char *text = validity_text(port);
		validity_range(c, INVALID_PORT, port, 1, 65535);
		if (text && !kube_is_port_name(text))
			validity_report(c, INVALID_PORT_NAME, port,
			                "'%s' is no name of a port; a number stands without quotes",
			                text);
	}
}

static void check_probe(const struct validity *c, const struct val *container, const char *name)
{
	static const char *const numbers[] = { "initialDelaySeconds", "timeoutSeconds",
		                               "periodSeconds", "successThreshold",
		                               "failureThreshold" };
	const struct val *probe = val_get(container, name);
	const struct val *successes = val_get(probe, "successThreshold");
	const struct val *grace = val_get(probe, "terminationGracePeriodSeconds");
	bool is_readiness = str_equal(name, "readinessProbe");
	if (!val_is(probe, VAL_MAP))
		return;
	check_handler(c, probe, name, KEYS("exec", "httpGet", "tcpSocket", "grpc"),
	              val_get(container, "image") != NULL);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		validity_range(c, INVALID_PROBE, val_get(probe, numbers[i]), 0, INT32_MAX);
	if (!is_readiness && val_is(successes, VAL_INT) && successes->as.integer > 1)
		validity_report(c, INVALID_PROBE, successes, "successThreshold of a %s is 1", name);
	if (is_readiness && validity_is_set(grace))
		validity_report(c, INVALID_PROBE, grace,
		                "a readiness probe ends nothing: it takes no "
		                "terminationGracePeriodSeconds");
	else
		validity_range(c, INVALID_PROBE, grace, 1, INT32_MAX);
}

static void check_probes(const struct validity *c, const struct kube_container *container)
{
	static const char *const probes[] = { "livenessProbe", "readinessProbe", "startupProbe" };
	static const char *const hooks[] = { "postStart", "preStop" };
	bool is_plain_init = str_equal(container->list, "initContainers") &&
	                     !str_equal(val_get_str(container->v, "restartPolicy", ""), "Always");
	const struct val *lifecycle = val_get(container->v, "lifecycle");
	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		const struct val_entry *probe = val_entry(container->v, probes[i]);
		if (probe && is_plain_init && validity_is_set(probe->value))
			validity_report_key(c, INVALID_PROBE, probe,
			                    "an init container has no probes, unless its "
			                    "restartPolicy is Always");
		else
			check_probe(c, container->v, probes[i]);
	}
	for (size_t k = 0; k < ARRAY_LEN(hooks); k++) {
		const struct val *hook = val_get(lifecycle, hooks[k]);
		if (val_is(hook, VAL_MAP))
			check_handler(c, hook, hooks[k],
			              KEYS("exec", "httpGet", "tcpSocket", "sleep"),
			              val_get(container->v, "image") != NULL);
	}
}

/* --- resources --- */

static bool is_hugepages(const char *name)
{
	return str_starts(name, "hugepages-");
}

static bool is_standard(const char *name)
{
	return str_equal(name, "cpu") || str_equal(name, "memory") ||
	       str_equal(name, "ephemeral-storage") || is_hugepages(name);
}

static bool is_in_bytes(const char *name)
{
	return str_equal(name, "memory") || str_equal(name, "ephemeral-storage");
}

/* "512m" of memory is half a byte. */
static void check_milli(struct validity *c, const struct val *amounts,
                        const struct val_entry *entry, double amount)
{
	const struct val *v = entry->value;
	if (!is_in_bytes(entry->key) || !val_is(v, VAL_STR) || amount == floor(amount) ||
	    !str_ends(v->as.str.ptr, "m"))
		return;
	const char *const path[] = { entry->key, NULL };
	const char *value =
		arena_printf(c->file->arena, "%.*sMi", (int)v->as.str.len - 1, v->as.str.ptr);
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = amounts,
		                            .path = path,
		                            .value = val_new_str(c->file->arena, value) };
	c->fix = lint_fix_make(c->file, true, &change, 1, "set %s to %s", entry->key, value);
	validity_report(c, BAD_QUANTITY, v,
	                "'%s' of %s is less than a byte each: m is a thousandth", v->as.str.ptr,
	                entry->key);
	c->fix = NULL;
}

static void check_amount(struct validity *c, const struct val *amounts,
                         const struct val_entry *entry)
{
	double amount;
	if (!strchr(entry->key, '/') && !is_standard(entry->key) && !kube_is_open(entry->key))
		validity_report_key(c, BAD_QUANTITY, entry,
		                    "there is no resource '%s': cpu, memory, ephemeral-storage, "
		                    "hugepages-SIZE or domain/name",
		                    entry->key);
	/* The schema tells what is no quantity. */
	if (!kube_quantity(entry->value, &amount))
		return;
	if (amount < 0)
		validity_report(c, BAD_QUANTITY, entry->value, "%s is negative", entry->key);
	else if (strchr(entry->key, '/') && amount != floor(amount))
		validity_report(c, BAD_QUANTITY, entry->value, "%s is a whole number", entry->key);
	check_milli(c, amounts, entry, amount);
}

static void check_resources(struct validity *c, const struct val *resources)
{
	const struct val *requests = val_get(resources, "requests");
	const struct val *limits = val_get(resources, "limits");
	const struct val_entry *entry;
	double request, limit;
	for (VAL_EACH_ENTRY(i, entry, limits))
		check_amount(c, limits, entry);
	for (VAL_EACH_ENTRY(k, entry, requests)) {
		const struct val *most = val_get(limits, entry->key);
		bool is_extended = strchr(entry->key, '/') || is_hugepages(entry->key);
		check_amount(c, requests, entry);
		if (!kube_quantity(entry->value, &request) || !kube_quantity(most, &limit))
			continue;
		if (request > limit)
			validity_report(c, REQUEST_EXCEEDS_LIMIT, entry->value,
			                "the request of %s is above its limit", entry->key);
		else if (is_extended && request < limit)
			validity_report(c, REQUEST_EXCEEDS_LIMIT, entry->value,
			                "the request of %s must be its limit", entry->key);
	}
}

/* --- mounts --- */

static bool leaves_folder(const char *path)
{
	struct view rest = view_of(path), part;
	while (view_split(&rest, '/', &part))
		if (view_is(part, ".."))
			return true;
	return *path == '/';
}

static void check_mounts(const struct validity *c, const struct val *container)
{
	const struct val *mounts = val_get(container, "volumeMounts");
	bool is_privileged = is_true(val_path(container, "securityContext.privileged"));
	for (size_t i = 0; i < val_len(mounts); i++) {
		const struct val *mount = val_at(mounts, i), *at = val_get(mount, "mountPath");
		const struct val *sub = val_get(mount, "subPath");
		const char *text = validity_text(sub);
		for (size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0; k < i && val_is(at, VAL_STR);
		     k++)
			if (val_equal(val_get(val_at(mounts, k), "mountPath"), at)) {
				validity_report(c, INVALID_MOUNT, at,
				                "something is mounted at '%s' already",
				                at->as.str.ptr);
				break;
			}
		if (text && leaves_folder(text))
			validity_report(c, INVALID_MOUNT, sub,
			                "subPath stays in its volume: no '..', no '/' in front");
		if (text && *text && validity_is_set(val_get(mount, "subPathExpr")))
			validity_report(c, INVALID_MOUNT, sub,
			                "subPath and subPathExpr exclude each other");
		const struct val *how = val_get(mount, "mountPropagation");
		if (val_is(how, VAL_STR) && str_equal(how->as.str.ptr, "Bidirectional") &&
		    !is_privileged)
			validity_report(c, INVALID_MOUNT, how,
			                "Bidirectional needs a privileged container");
	}
}

/* --- security context --- */

static void check_profile(const struct validity *c, const struct val *context, const char *key)
{
	const struct val *profile = val_get(context, key), *type = val_get(profile, "type");
	const struct val *local = val_get(profile, "localhostProfile");
	if (!val_is(type, VAL_STR))
		return;
	bool is_local = str_equal(type->as.str.ptr, "Localhost");
	if (is_local && !(val_is(local, VAL_STR) && local->as.str.len))
		validity_report(c, INVALID_SECURITY_CONTEXT, type,
		                "%s of type Localhost needs localhostProfile", key);
	if (!is_local && validity_is_set(local))
		validity_report(c, INVALID_SECURITY_CONTEXT, local,
		                "localhostProfile goes with the type Localhost only");
}

static void check_context(const struct validity *c, const struct val *context)
{
	static const char *const users[] = { "runAsUser", "runAsGroup", "fsGroup" };
	const struct val *escalation = val_get(context, "allowPrivilegeEscalation"), *item;
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		validity_range(c, INVALID_SECURITY_CONTEXT, val_get(context, users[i]), 0,
		               INT32_MAX);
	check_profile(c, context, "seccompProfile");
	check_profile(c, context, "appArmorProfile");
	if (!val_is(escalation, VAL_BOOL) || escalation->as.boolean)
		return;
	if (is_true(val_get(context, "privileged")))
		validity_report(c, INVALID_SECURITY_CONTEXT, escalation,
		                "a privileged container has allowPrivilegeEscalation true");
	for (VAL_EACH_ITEM(k, item, val_path(context, "capabilities.add")))
		if (val_is(item, VAL_STR) && str_equal(item->as.str.ptr, "CAP_SYS_ADMIN"))
			validity_report(c, INVALID_SECURITY_CONTEXT, escalation,
			                "with CAP_SYS_ADMIN allowPrivilegeEscalation is true");
}

/* --- all containers --- */

static void check_container(struct validity *c, const struct kube_container *container)
{
	const struct val *name = val_get(container->v, "name"), *port;
	const char *text = validity_text(name);
	if (text && !kube_is_label(text))
		validity_report(c, INVALID_CONTAINER, name,
		                "'%s' is no name of a container: at most 63 lower-case letters, "
		                "digits and '-'",
		                text);
	check_image(c, val_get(container->v, "image"));
	for (VAL_EACH_ITEM(i, port, val_get(container->v, "ports")))
		check_port(c, port);
	check_env(c, container->v);
	check_probes(c, container);
	check_resources(c, val_get(container->v, "resources"));
	check_mounts(c, container->v);
	check_context(c, val_get(container->v, "securityContext"));
}

void validity_check_containers(struct validity *c)
{
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	check_context(c, val_get(c->pod.spec, "securityContext"));
	while (kube_next_container(&c->pod, &it, &container)) {
		c->container = container.name;
		check_container(c, &container);
	}
	c->container = NULL;
}
