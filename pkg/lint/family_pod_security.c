/*
 * The Pod Security Standards, check for check and version for version as the admission controller
 * of Kubernetes has them. Names are those of Kyverno's policies; the first origin is upstream's id.
 */
#include "base/base.h"

#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"

/* The newest version with a rule of its own; a later one would need its breakpoints here. */
#define NEWEST 37u

enum {
	PRIVILEGED,
	HOST_NAMESPACES,
	HOST_PATH,
	HOST_PORTS,
	HOST_PROCESS,
	CAPABILITIES,
	CAPABILITIES_STRICT,
	ESCALATION,
	NONROOT,
	NONROOT_USER,
	PROC_MOUNT,
	SELINUX,
	SECCOMP,
	SECCOMP_STRICT,
	APPARMOR,
	SYSCTLS,
	VOLUME_TYPES,
	HOST_PROBES,
	PROC_MOUNT_STRICT,
};

#define POD(body) "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n" body
#define ONE(body) POD("  containers:\n  - name: app\n    image: app:1\n" body)

/* clang-format off */
static const struct lint_rule rules[] = {
	[PRIVILEGED] = { "disallow-privileged-containers", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container is privileged",
	  "A privileged container has every right of the host: whoever controls it controls the node.",
	  ONE("    securityContext: {privileged: true}\n"), ONE("    securityContext: {privileged: false}\n"),
	  "privileged CIS-5.2.2 CKV_K8S_16 KSV-0017 kube-linter:privileged-container privileged-container" },
	[HOST_NAMESPACES] = { "disallow-host-namespaces", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "the pod shares a namespace of the host",
	  "It sees the network, the processes or the shared memory of the host.",
	  POD("  hostNetwork: true\n  containers: [{name: a, image: 'a:1'}]\n"),
	  POD("  hostNetwork: false\n  containers: [{name: a, image: 'a:1'}]\n"),
	  "hostNamespaces CIS-5.2.3 CIS-5.2.4 CIS-5.2.5 CKV_K8S_17 CKV_K8S_18 CKV_K8S_19 host-network host-pid host-ipc" },
	[HOST_PATH] = { "disallow-host-path", LINT_ERROR, 0,
	  "a volume is a folder of the host",
	  "Files of the host can be read, and often changed to take over the node.",
	  POD("  volumes: [{name: v, hostPath: {path: /}}]\n  containers: [{name: a, image: 'a:1'}]\n"),
	  POD("  volumes: [{name: v, emptyDir: {}}]\n  containers: [{name: a, image: 'a:1'}]\n"),
	  "hostPathVolumes CIS-5.2.12 sensitive-host-mounts docker-sock" },
	[HOST_PORTS] = { "disallow-host-ports", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container takes a port of the host",
	  "It is reachable past services and network policies, and only one pod fits on a node.",
	  ONE("    ports: [{containerPort: 80, hostPort: 80}]\n"), ONE("    ports: [{containerPort: 80}]\n"),
	  "hostPorts CIS-5.2.13 privileged-ports" },
	[HOST_PROCESS] = { "disallow-host-process", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a Windows container runs as a process of the host",
	  "It has the rights of the host.",
	  ONE("    securityContext: {windowsOptions: {hostProcess: true}}\n"),
	  ONE("    securityContext: {windowsOptions: {hostProcess: false}}\n"),
	  "windowsHostProcess CIS-5.2.11" },
	[CAPABILITIES] = { "disallow-capabilities", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container gets capabilities beyond the default",
	  "NET_RAW, SYS_ADMIN and their like open ways to the host or its network.",
	  ONE("    securityContext: {capabilities: {add: [SYS_ADMIN]}}\n"),
	  ONE("    securityContext: {capabilities: {add: [CHOWN]}}\n"),
	  "capabilities_baseline CIS-5.2.9" },
	[CAPABILITIES_STRICT] = { "disallow-capabilities-strict", LINT_ERROR,
	  LINT_RESTRICTED | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container keeps capabilities",
	  "A process that binds a port above 1024 needs none: drop ALL, add NET_BIND_SERVICE at most.",
	  ONE(""), ONE("    securityContext: {capabilities: {drop: [ALL]}}\n"),
	  "capabilities_restricted CIS-5.2.8 CIS-5.2.10 CKV_K8S_28 CKV_K8S_37 drop-net-raw-capability" },
	[ESCALATION] = { "disallow-privilege-escalation", LINT_ERROR,
	  LINT_RESTRICTED | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a process may get more rights than its parent",
	  "A setuid program in the image makes whoever starts it root.",
	  ONE(""), ONE("    securityContext: {allowPrivilegeEscalation: false}\n"),
	  "allowPrivilegeEscalation CIS-5.2.6 CKV_K8S_20 KSV-0001 privilege-escalation-container" },
	[NONROOT] = { "require-run-as-nonroot", LINT_ERROR,
	  LINT_RESTRICTED | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container may run as root",
	  "Whoever breaks out of a root process is root on the node, unless user namespaces are used.",
	  ONE(""), ONE("    securityContext: {runAsNonRoot: true}\n"),
	  "runAsNonRoot CIS-5.2.7 CKV_K8S_23 KSV-0012 run-as-non-root" },
	[NONROOT_USER] = { "require-run-as-non-root-user", LINT_ERROR, LINT_RESTRICTED,
	  "a container runs as user 0",
	  "User 0 is root.",
	  ONE("    securityContext: {runAsUser: 0}\n"), ONE("    securityContext: {runAsUser: 1000}\n"),
	  "runAsUser CIS-5.2.7 CKV_K8S_40" },
	[PROC_MOUNT] = { "disallow-proc-mount", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container sees all of /proc",
	  "The masks hide what helps to attack the kernel.",
	  ONE("    securityContext: {procMount: Unmasked}\n"), ONE("    securityContext: {procMount: Default}\n"),
	  "procMount unsafe-proc-mount" },
	[SELINUX] = { "disallow-selinux", LINT_ERROR, 0,
	  "SELinux options of one's own",
	  "Another type, user or role can lift the separation of containers.",
	  ONE("    securityContext: {seLinuxOptions: {type: spc_t}}\n"),
	  ONE("    securityContext: {seLinuxOptions: {type: container_t}}\n"), "seLinuxOptions KSV-0025" },
	[SECCOMP] = { "restrict-seccomp", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "system calls are not filtered",
	  "Unconfined opens some 400 system calls, many with a history of holes.",
	  ONE("    securityContext: {seccompProfile: {type: Unconfined}}\n"),
	  ONE("    securityContext: {seccompProfile: {type: RuntimeDefault}}\n"),
	  "seccompProfile_baseline CIS-5.7.2" },
	[SECCOMP_STRICT] = { "restrict-seccomp-strict", LINT_ERROR,
	  LINT_RESTRICTED | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "no seccomp profile is set",
	  "Without one the default of the node counts, which is often no filter at all.",
	  ONE(""), ONE("    securityContext: {seccompProfile: {type: RuntimeDefault}}\n"),
	  "seccompProfile_restricted CIS-5.7.2 CKV_K8S_31" },
	[APPARMOR] = { "restrict-apparmor-profiles", LINT_ERROR, 0,
	  "the default AppArmor profile is switched off",
	  "Only RuntimeDefault and profiles of the node (Localhost) confine the container.",
	  ONE("    securityContext: {appArmorProfile: {type: Unconfined}}\n"),
	  ONE("    securityContext: {appArmorProfile: {type: RuntimeDefault}}\n"), "appArmorProfile KSV-0002" },
	[SYSCTLS] = { "restrict-sysctls", LINT_ERROR, 0,
	  "a sysctl that is not safe",
	  "It works on the whole node, or switches a protection off.",
	  POD("  securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}\n  containers: [{name: a, image: 'a:1'}]\n"),
	  POD("  securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '1'}]}\n  containers: [{name: a, image: 'a:1'}]\n"),
	  "sysctls unsafe-sysctls" },
	[VOLUME_TYPES] = { "restrict-volume-types", LINT_ERROR, LINT_RESTRICTED,
	  "a volume of a kind that is not allowed",
	  "Kinds that reach out of the cluster's own storage go past its rules: take a claim.",
	  POD("  volumes: [{name: v, nfs: {server: a, path: /}}]\n  containers: [{name: a, image: 'a:1'}]\n"),
	  POD("  volumes: [{name: v, persistentVolumeClaim: {claimName: a}}]\n  containers: [{name: a, image: 'a:1'}]\n"),
	  "restrictedVolumes CIS-5.2.12" },
	[HOST_PROBES] = { "disallow-host-probes", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a probe or lifecycle handler names a host",
	  "The kubelet then asks a host of the author's choice, from the node's network.",
	  ONE("    livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}\n"),
	  ONE("    livenessProbe: {httpGet: {port: 80}}\n"), "hostProbesAndHostLifecycle" },
	[PROC_MOUNT_STRICT] = { "disallow-proc-mount-strict", LINT_ERROR,
	  LINT_RESTRICTED | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a container sees all of /proc, if in a user namespace",
	  "The masks hide what helps to attack the kernel.",
	  POD("  hostUsers: false\n  containers: [{name: a, image: 'a:1', securityContext: {procMount: Unmasked}}]\n"),
	  POD("  hostUsers: false\n  containers: [{name: a, image: 'a:1', securityContext: {procMount: Default}}]\n"),
	  "procMount_restricted" },
};
/* clang-format on */

/* --- what checks share --- */

struct check {
	struct lint_file *file;
	struct kube_pod pod;
	unsigned minor; /* of the policy */
};

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* "spec.containers[name=app].securityContext.x", from `keys`. */
static void add_path(const struct check *c, const struct kube_container *container,
                     const char *const *keys, struct str *out)
{
	if (container)
		kube_add_container_path(&c->pod, container, out);
	else
		str_addz(out, c->pod.path);
	for (; *keys; keys++)
		str_addf(out, ".%s", *keys);
}

static const struct lint_fix *fix_set(const struct check *c, const struct kube_container *container,
                                      const char *const *keys, const struct val *value)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) text = STR_INIT;
	add_path(c, container, keys, &path);
	yaml_write(value, &text);
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = container ? container->v : c->pod.spec,
		                            .path = keys,
		                            .value = value };
	return lint_fix_make(c->file, true, &change, 1, "set %s to %.*s", path.ptr,
	                     (int)(text.len - 1), text.ptr);
}

static const struct lint_fix *fix_remove(const struct check *c,
                                         const struct kube_container *container,
                                         const char *const *keys)
{
	AUTO(str) path = STR_INIT;
	add_path(c, container, keys, &path);
	const struct lint_change change = { .kind = LINT_REMOVE,
		                            .at = container ? container->v : c->pod.spec,
		                            .path = keys };
	return lint_fix_make(c->file, true, &change, 1, "remove %s", path.ptr);
}

/* The place of what is missing: the security context, or the first key of its holder. */
static void place_missing(const struct val *holder, struct lint_hit *hit)
{
	const struct val_entry *context = val_entry(holder, "securityContext");
	const struct val_entry *first = val_entry(holder, "name");
	first = first ? first : val_entry_at(holder, 0);
	const struct val_entry *entry = context ? context : first;
	hit->start = entry ? entry->key_mark.start : holder->mark.start;
	hit->end = entry ? MAX(entry->key_mark.end, entry == first ? entry->value->mark.end : 0)
	                 : holder->mark.end;
}

static void report(const struct check *c, int rule, const struct val *at,
                   const struct kube_container *container, const struct lint_fix *fix,
                   const char *message)
{
	struct lint_hit hit = { .rule = &rules[rule],
		                .object = c->pod.object,
		                .fix = fix,
		                .container = container ? container->name : NULL };
	if (at) {
		hit.start = at->mark.start;
		hit.end = at->mark.end;
	} else {
		place_missing(container ? container->v : c->pod.spec, &hit);
	}
	lint_report_hit(c->file, &hit, "%s", message);
}

PRINTF_LIKE(6, 7)
static void reportf(const struct check *c, int rule, const struct val *at,
                    const struct kube_container *container, const struct lint_fix *fix,
                    const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	report(c, rule, at, container, fix, message.ptr);
}

static bool is_true(const struct val *v)
{
	return val_is(v, VAL_BOOL) && v->as.boolean;
}

static bool is_false(const struct val *v)
{
	return val_is(v, VAL_BOOL) && !v->as.boolean;
}

/* Is it written, and not null? */
static bool is_set(const struct val *v)
{
	return v && v->kind != VAL_NULL;
}

static bool is_windows(const struct check *c)
{
	return c->minor >= 25 &&
	       str_equal(val_get_str(val_get(c->pod.spec, "os"), "name", ""), "windows");
}

/* The pod's root is no root of the host: some checks are of no use then. */
static bool has_user_namespace(const struct check *c)
{
	return c->minor >= 35 && is_false(val_get(c->pod.spec, "hostUsers"));
}

static struct val *text_value(const struct check *c, const char *text)
{
	return val_new_str(c->file->arena, text);
}

static struct val *bool_value(const struct check *c, bool boolean)
{
	return val_new_bool(c->file->arena, boolean);
}

static bool is_one_of(const char *text, const char *list)
{
	struct view rest = view_of(list), part;
	while (view_split(&rest, ' ', &part))
		if (view_is(part, text))
			return true;
	return false;
}

#define EACH_CONTAINER(c, name)                \
	struct kube_containers it_ = { 0, 0 }; \
	struct kube_container name;            \
	while (kube_next_container(&(c)->pod, &it_, &name))

/* --- baseline --- */

static void check_privileged(const struct check *c)
{
	EACH_CONTAINER(c, container)
	{
		const struct val *value = val_path(container.v, "securityContext.privileged");
		if (is_true(value))
			report(c, PRIVILEGED, value, &container,
			       fix_set(c, &container, KEYS("securityContext", "privileged"),
			               bool_value(c, false)),
			       "the container is privileged: it has every right of the host");
	}
}

static void check_host_namespaces(const struct check *c)
{
	static const char *const fields[] = { "hostNetwork", "hostPID", "hostIPC" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct val *value = val_get(c->pod.spec, fields[i]);
		if (is_true(value))
			reportf(c, HOST_NAMESPACES, value, NULL,
			        fix_remove(c, NULL, KEYS(fields[i])),
			        "%s shares a namespace of the host with the pod", fields[i]);
	}
}

static void check_host_path(const struct check *c)
{
	const struct val *volume;
	for (VAL_EACH_ITEM(i, volume, val_get(c->pod.spec, "volumes"))) {
		const struct val *path = val_get(volume, "hostPath");
		if (is_set(path))
			reportf(c, HOST_PATH, path, NULL, NULL,
			        "volume '%s' is the folder '%s' of the host",
			        val_get_str(volume, "name", ""), val_get_str(path, "path", ""));
	}
}

static void check_host_ports(const struct check *c)
{
	EACH_CONTAINER(c, container)
	{
		const struct val *port;
		for (VAL_EACH_ITEM(i, port, val_get(container.v, "ports"))) {
			const struct val *host = val_get(port, "hostPort");
			if (!val_is(host, VAL_INT) || host->as.integer == 0)
				continue;
			const struct lint_change change = { .kind = LINT_REMOVE,
				                            .at = port,
				                            .path = KEYS("hostPort") };
			AUTO(str) path = STR_INIT;
			kube_add_container_path(&c->pod, &container, &path);
			reportf(c, HOST_PORTS, host, &container,
			        lint_fix_make(c->file, true, &change, 1,
			                      "remove %s.ports[%zu].hostPort", path.ptr, i),
			        "the container takes port %" PRId64 " of the host",
			        host->as.integer);
		}
	}
}

static void check_host_process(const struct check *c)
{
	static const char path[] = "securityContext.windowsOptions.hostProcess";
	const char *const *keys = KEYS("securityContext", "windowsOptions", "hostProcess");
	const struct val *value = val_path(c->pod.spec, path);
	if (is_true(value))
		report(c, HOST_PROCESS, value, NULL, fix_set(c, NULL, keys, bool_value(c, false)),
		       "the pod runs as processes of the host");
	EACH_CONTAINER(c, container)
	{
		value = val_path(container.v, path);
		if (is_true(value))
			report(c, HOST_PROCESS, value, &container,
			       fix_set(c, &container, keys, bool_value(c, false)),
			       "the container runs as a process of the host");
	}
}

static const char default_capabilities[] =
	"AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID "
	"SETPCAP SETUID SYS_CHROOT";

static void check_added(const struct check *c, int rule, const struct kube_container *container,
                        const char *allowed)
{
	const struct val *add = val_path(container->v, "securityContext.capabilities.add"), *item;
	for (VAL_EACH_ITEM(i, item, add)) {
		if (!val_is(item, VAL_STR) || is_one_of(item->as.str.ptr, allowed))
			continue;
		const struct lint_change change = { .kind = LINT_REMOVE, .at = add, .item = item };
		AUTO(str) path = STR_INIT;
		kube_add_container_path(&c->pod, container, &path);
		reportf(c, rule, item, container,
		        lint_fix_make(c->file, true, &change, 1,
		                      "remove %s from %s.securityContext.capabilities.add",
		                      item->as.str.ptr, path.ptr),
		        "the container gets the capability %s", item->as.str.ptr);
	}
}

static void check_capabilities(const struct check *c)
{
	EACH_CONTAINER(c, container)
	check_added(c, CAPABILITIES, &container, default_capabilities);
}

static void check_proc_mounts(const struct check *c, int rule)
{
	EACH_CONTAINER(c, container)
	{
		const struct val *value = val_path(container.v, "securityContext.procMount");
		if (is_set(value) &&
		    !(val_is(value, VAL_STR) && str_equal(value->as.str.ptr, "Default")))
			report(c, rule, value, &container,
			       fix_remove(c, &container, KEYS("securityContext", "procMount")),
			       "the container sees all of /proc");
	}
}

static void check_proc_mount(const struct check *c)
{
	if (!has_user_namespace(c))
		check_proc_mounts(c, PROC_MOUNT);
}

static void check_selinux_options(const struct check *c, const struct val *options,
                                  const struct kube_container *container)
{
	static const char *const forbidden[] = { "user", "role" };
	const char *allowed =
		c->minor >= 31 ? "container_t container_init_t container_kvm_t container_engine_t"
			       : "container_t container_init_t container_kvm_t";
	const struct val *type = val_get(options, "type");
	if (val_is(type, VAL_STR) && *type->as.str.ptr && !is_one_of(type->as.str.ptr, allowed))
		reportf(c, SELINUX, type, container, NULL,
		        "the SELinux type '%s' is not allowed; there are: %s", type->as.str.ptr,
		        allowed);
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		const struct val *value = val_get(options, forbidden[i]);
		if (val_is(value, VAL_STR) && *value->as.str.ptr)
			reportf(c, SELINUX, value, container, NULL, "an SELinux %s may not be set",
			        forbidden[i]);
	}
}

static void check_selinux(const struct check *c)
{
	check_selinux_options(c, val_path(c->pod.spec, "securityContext.seLinuxOptions"), NULL);
	EACH_CONTAINER(c, container)
	check_selinux_options(c, val_path(container.v, "securityContext.seLinuxOptions"),
	                      &container);
}

/* --- seccomp, AppArmor --- */

static const char *const seccomp_keys[] = { "securityContext", "seccompProfile", "type", NULL };

static bool is_profile(const struct val *profile)
{
	return is_one_of(val_get_str(profile, "type", ""), "Localhost RuntimeDefault");
}

static const struct lint_fix *fix_seccomp(const struct check *c,
                                          const struct kube_container *container)
{
	return fix_set(c, container, seccomp_keys, text_value(c, "RuntimeDefault"));
}

static void check_seccomp_value(const struct check *c, int rule, const struct val *holder,
                                const struct kube_container *container)
{
	const struct val *profile = val_path(holder, "securityContext.seccompProfile");
	if (!is_set(profile) || is_profile(profile))
		return;
	const struct val *type = val_get(profile, "type");
	reportf(c, rule, type ? type : profile, container, fix_seccomp(c, container),
	        "the seccomp profile '%s' does not filter system calls",
	        val_get_str(profile, "type", ""));
}

static bool is_seccomp_annotation(const char *value)
{
	return is_one_of(value, "runtime/default docker/default") ||
	       str_starts(value, "localhost/");
}

static void check_seccomp_annotation(const struct check *c, const char *key,
                                     const struct kube_container *container)
{
	const struct val *value = val_get(val_get(c->pod.metadata, "annotations"), key);
	if (val_is(value, VAL_STR) && !is_seccomp_annotation(value->as.str.ptr))
		reportf(c, SECCOMP, value, container, NULL,
		        "the seccomp profile '%s' does not filter system calls", value->as.str.ptr);
}

static void check_seccomp(const struct check *c)
{
	if (c->minor < 19)
		check_seccomp_annotation(c, "seccomp.security.alpha.kubernetes.io/pod", NULL);
	else
		check_seccomp_value(c, SECCOMP, c->pod.spec, NULL);
	EACH_CONTAINER(c, container)
	{
		AUTOFREE char *key = str_format("container.seccomp.security.alpha.kubernetes.io/%s",
		                                container.name);
		if (c->minor < 19)
			check_seccomp_annotation(c, key, &container);
		else
			check_seccomp_value(c, SECCOMP, container.v, &container);
	}
}

static void check_apparmor_value(const struct check *c, const struct val *holder,
                                 const struct kube_container *container)
{
	const struct val *profile = val_path(holder, "securityContext.appArmorProfile");
	if (is_set(profile) && !is_profile(profile))
		reportf(c, APPARMOR, profile, container, NULL,
		        "the AppArmor profile '%s' does not confine the container",
		        val_get_str(profile, "type", ""));
}

static void check_apparmor(const struct check *c)
{
	const struct val_entry *entry;
	check_apparmor_value(c, c->pod.spec, NULL);
	EACH_CONTAINER(c, container)
	check_apparmor_value(c, container.v, &container);
	for (VAL_EACH_ENTRY(i, entry, val_get(c->pod.metadata, "annotations"))) {
		const char *value = val_is(entry->value, VAL_STR) ? entry->value->as.str.ptr : "";
		bool is_fine = !*value || str_equal(value, "runtime/default") ||
		               str_starts(value, "localhost/");
		if (str_starts(entry->key, "container.apparmor.security.beta.kubernetes.io/") &&
		    !is_fine)
			reportf(c, APPARMOR, entry->value, NULL, NULL,
			        "the AppArmor profile '%s' does not confine the container", value);
	}
}

/* --- sysctls, volumes, probes --- */

static const struct {
	unsigned since;
	const char *names;
} safe_sysctls[] = {
	{ 0, "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies "
	     "net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start" },
	{ 27, "net.ipv4.ip_local_reserved_ports" },
	{ 29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl "
	      "net.ipv4.tcp_keepalive_probes" },
	{ 32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem" },
	{ 37, "net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_notsent_lowat" },
};

static void check_sysctls(const struct check *c)
{
	const struct val *sysctl;
	for (VAL_EACH_ITEM(i, sysctl, val_path(c->pod.spec, "securityContext.sysctls"))) {
		const char *name = val_get_str(sysctl, "name", "");
		bool is_safe = false;
		for (size_t k = 0; k < ARRAY_LEN(safe_sysctls); k++)
			is_safe |= c->minor >= safe_sysctls[k].since &&
			           is_one_of(name, safe_sysctls[k].names);
		if (!is_safe)
			reportf(c, SYSCTLS, sysctl, NULL, NULL,
			        "the sysctl '%s' is not among the safe ones", name);
	}
}

static void check_volume_types(const struct check *c)
{
	static const char *const allowed[] = {
		"configMap", "csi",   "downwardAPI",           "emptyDir",
		"ephemeral", "image", "persistentVolumeClaim", "projected",
		"secret"
	};
	const struct val *volume;
	const struct val_entry *entry;
	for (VAL_EACH_ITEM(i, volume, val_get(c->pod.spec, "volumes"))) {
		bool is_allowed = false;
		const char *kind = NULL; /* a volume of no kind becomes an emptyDir */
		for (size_t k = 0; k < ARRAY_LEN(allowed); k++)
			is_allowed |= is_set(val_get(volume, allowed[k]));
		for (VAL_EACH_ENTRY(e, entry, volume))
			if (!str_equal(entry->key, "name") && is_set(entry->value))
				kind = entry->key;
		if (!is_allowed && kind)
			reportf(c, VOLUME_TYPES, volume, NULL, NULL,
			        "volume '%s' is a %s, which is not allowed",
			        val_get_str(volume, "name", ""), kind);
	}
}

static void check_probes(const struct check *c)
{
	static const char *const handlers[][3] = { { "livenessProbe" },
		                                   { "readinessProbe" },
		                                   { "startupProbe" },
		                                   { "lifecycle", "postStart" },
		                                   { "lifecycle", "preStop" } };
	static const char *const actions[] = { "httpGet", "tcpSocket" };
	if (c->minor < 34)
		return;
	EACH_CONTAINER(c, container)
	for (size_t i = 0; i < ARRAY_LEN(handlers) * ARRAY_LEN(actions); i++) {
		const char *const *handler = handlers[i / 2];
		const struct val *probe = val_get(container.v, handler[0]);
		probe = handler[1] ? val_get(probe, handler[1]) : probe;
		const struct val *action = val_get(probe, actions[i % 2]);
		const struct val *host = val_get(action, "host");
		if (!val_is(host, VAL_STR) || !*host->as.str.ptr)
			continue;
		const struct lint_change change = { .kind = LINT_REMOVE,
			                            .at = action,
			                            .path = KEYS("host") };
		AUTO(str) path = STR_INIT;
		add_path(c, &container, handler, &path);
		reportf(c, HOST_PROBES, host, &container,
		        lint_fix_make(c->file, true, &change, 1, "remove %s.%s.host", path.ptr,
		                      actions[i % 2]),
		        "the probe asks the host '%s'", host->as.str.ptr);
	}
}

/* --- restricted --- */

static bool drops_all(const struct kube_container *container)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_path(container->v, "securityContext.capabilities.drop")))
		if (val_is(item, VAL_STR) && str_equal(item->as.str.ptr, "ALL"))
			return true;
	return false;
}

static void check_capabilities_strict(const struct check *c)
{
	if (c->minor < 22 || is_windows(c))
		return;
	EACH_CONTAINER(c, container)
	{
		check_added(c, CAPABILITIES_STRICT, &container, "NET_BIND_SERVICE");
		if (drops_all(&container))
			continue;
		struct val *list = val_new_list(c->file->arena);
		val_push(c->file->arena, list, text_value(c, "ALL"));
		AUTO(str) path = STR_INIT;
		kube_add_container_path(&c->pod, &container, &path);
		const char *const *keys = KEYS("securityContext", "capabilities", "drop");
		const struct lint_change change = {
			.kind = LINT_SET, .at = container.v, .path = keys, .value = list
		};
		report(c, CAPABILITIES_STRICT,
		       val_path(container.v, "securityContext.capabilities.drop"), &container,
		       lint_fix_make(c->file, true, &change, 1,
		                     "set %s.securityContext.capabilities.drop to [ALL]", path.ptr),
		       "the container does not drop all capabilities");
	}
}

static void check_escalation(const struct check *c)
{
	if (c->minor < 8 || is_windows(c))
		return;
	EACH_CONTAINER(c, container)
	{
		const struct val *value =
			val_path(container.v, "securityContext.allowPrivilegeEscalation");
		if (!is_false(value))
			report(c, ESCALATION, is_set(value) ? value : NULL, &container,
			       fix_set(c, &container,
			               KEYS("securityContext", "allowPrivilegeEscalation"),
			               bool_value(c, false)),
			       "a process of the container may get more rights than its parent");
	}
}

static void check_nonroot(const struct check *c)
{
	const char *const *keys = KEYS("securityContext", "runAsNonRoot");
	if (has_user_namespace(c))
		return;
	const struct val *pod = val_path(c->pod.spec, "securityContext.runAsNonRoot");
	if (is_false(pod))
		report(c, NONROOT, pod, NULL, fix_set(c, NULL, keys, bool_value(c, true)),
		       "the pod may run as root");
	EACH_CONTAINER(c, container)
	{
		const struct val *own = val_path(container.v, "securityContext.runAsNonRoot");
		if (is_false(own))
			report(c, NONROOT, own, &container,
			       fix_set(c, &container, keys, bool_value(c, true)),
			       "the container may run as root");
		else if (!is_set(own) && !is_set(pod))
			report(c, NONROOT, NULL, &container,
			       fix_set(c, NULL, keys, bool_value(c, true)),
			       "neither the pod nor the container says runAsNonRoot: it may run as root");
	}
}

static void check_nonroot_user(const struct check *c)
{
	if (c->minor < 23 || has_user_namespace(c))
		return;
	const struct val *value = val_path(c->pod.spec, "securityContext.runAsUser");
	if (val_is(value, VAL_INT) && value->as.integer == 0)
		report(c, NONROOT_USER, value, NULL, NULL, "the pod runs as user 0, which is root");
	EACH_CONTAINER(c, container)
	{
		value = val_path(container.v, "securityContext.runAsUser");
		if (val_is(value, VAL_INT) && value->as.integer == 0)
			report(c, NONROOT_USER, value, &container, NULL,
			       "the container runs as user 0, which is root");
	}
}

static void check_seccomp_strict(const struct check *c)
{
	if (c->minor < 19 || is_windows(c))
		return;
	const struct val *pod = val_path(c->pod.spec, "securityContext.seccompProfile");
	check_seccomp_value(c, SECCOMP_STRICT, c->pod.spec, NULL);
	EACH_CONTAINER(c, container)
	{
		const struct val *own = val_path(container.v, "securityContext.seccompProfile");
		check_seccomp_value(c, SECCOMP_STRICT, container.v, &container);
		if (!is_set(own) && !is_set(pod))
			report(c, SECCOMP_STRICT, NULL, &container, fix_seccomp(c, NULL),
			       "neither the pod nor the container has a seccomp profile");
	}
}

static void check_proc_mount_strict(const struct check *c)
{
	/* Before, and outside of user namespaces, the baseline rule says it. */
	if (c->minor >= 35 && has_user_namespace(c))
		check_proc_mounts(c, PROC_MOUNT_STRICT);
}

/* --- the family --- */

static void (*const checks[])(const struct check *c) = {
	[PRIVILEGED] = check_privileged,
	[HOST_NAMESPACES] = check_host_namespaces,
	[HOST_PATH] = check_host_path,
	[HOST_PORTS] = check_host_ports,
	[HOST_PROCESS] = check_host_process,
	[CAPABILITIES] = check_capabilities,
	[CAPABILITIES_STRICT] = check_capabilities_strict,
	[ESCALATION] = check_escalation,
	[NONROOT] = check_nonroot,
	[NONROOT_USER] = check_nonroot_user,
	[PROC_MOUNT] = check_proc_mount,
	[SELINUX] = check_selinux,
	[SECCOMP] = check_seccomp,
	[SECCOMP_STRICT] = check_seccomp_strict,
	[APPARMOR] = check_apparmor,
	[SYSCTLS] = check_sysctls,
	[VOLUME_TYPES] = check_volume_types,
	[HOST_PROBES] = check_probes,
	[PROC_MOUNT_STRICT] = check_proc_mount_strict,
};

static err *begin(struct lint_run *run, void **ret_state)
{
	const char *version = lint_run_options(run)->pod_security_version;
	unsigned minor = NEWEST;
	if (version && (!kube_parse_minor(version, &minor) || minor > NEWEST))
		return err_hint(err_new(ERR_USAGE,
		                        "'%s' is no known version of the Pod Security Standards",
		                        version),
		                "write it as v1.31; the newest is v1.%u, or latest", NEWEST);
	unsigned *state = MEM_NEW(unsigned);
	*state = minor;
	*ret_state = state;
	return NULL;
}

static void check_file(struct lint_file *file, void *state)
{
	struct check c = { .file = file, .minor = *(const unsigned *)state };
	struct lint_objects it = { 0 };
	const struct val *object;
	while (lint_next_object(file, &it, &object))
		if (kube_pod_of(object, &c.pod))
			for (size_t i = 0; i < ARRAY_LEN(checks); i++)
				if (lint_is_on(file, &rules[i]))
					checks[i](&c);
}

const struct lint_family lint_family_pod_security = {
	.name = "pod-security",
	.brief = "the Pod Security Standards, baseline and restricted",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES | LINT_SOPS,
	.begin = begin,
	.check_file = check_file,
	.end = mem_free,
};
