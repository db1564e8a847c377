/* Compose files: keys, references between services, and what is risky or surprising. */
#include "base/base.h"

#include "base/num.h"
#include "base/suggest.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"

enum {
	UNKNOWN_KEY,
	REFERENCE,
	DUPLICATE,
	PORT_QUOTES,
	PRIVILEGED,
	SOCKET,
	LATEST,
	NO_RESTART,
	NO_HEALTH,
	NO_LIMITS,
	VERSION,
	NOTHING_TO_RUN
};

#define SERVICE(body) "services:\n  web:\n    image: nginx:1.27\n" body

/* clang-format off */
static const struct lint_rule rules[] = {
	[UNKNOWN_KEY] = { "compose-key", LINT_ERROR, 0,
	  "a key Compose does not know", "Compose refuses the file.",
	  SERVICE("    enviroment: {A: b}\n"), SERVICE("    environment: {A: b}\n"), "dclint:invalid-schema" },
	[REFERENCE] = { "compose-reference", LINT_ERROR, 0,
	  "a service, network, volume, secret or config that is not there", "Compose refuses the file.",
	  SERVICE("    depends_on: [db]\n"), SERVICE("    depends_on: [db]\n") "  db: {image: 'postgres:17'}\n", NULL },
	[DUPLICATE] = { "compose-duplicate", LINT_ERROR, 0,
	  "a container name or host port twice", "The second one does not start.",
	  SERVICE("    ports: ['80:80']\n") "  b: {image: 'a:1', ports: ['80:8080']}\n",
	  SERVICE("    ports: ['80:80']\n") "  b: {image: 'a:1', ports: ['81:8080']}\n",
	  "dclint:no-duplicate-container-names dclint:no-duplicate-exported-ports" },
	[PORT_QUOTES] = { "compose-port-quotes", LINT_WARNING, LINT_FIXABLE,
	  "a port mapping without quotes", "YAML 1.1 readers take 22:22 for the number 1342.",
	  SERVICE("    ports:\n    - 22:22\n"), SERVICE("    ports:\n    - \"22:22\"\n"),
	  "dclint:no-quotes-in-ports yamllint:octal" },
	[PRIVILEGED] = { "compose-privileged", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a service is privileged", "Whoever controls it controls the host.",
	  SERVICE("    privileged: true\n"), SERVICE("    cap_add: [NET_ADMIN]\n"), NULL },
	[SOCKET] = { "compose-docker-socket", LINT_ERROR, 0,
	  "a service gets the socket of Docker", "Whoever controls it can start any container, and so controls the host.",
	  SERVICE("    volumes: ['/var/run/docker.sock:/var/run/docker.sock']\n"), SERVICE("    volumes: ['./data:/data']\n"), NULL },
	[LATEST] = { "compose-latest", LINT_WARNING, 0,
	  "an image without tag, or with latest", "It is another image tomorrow.",
	  "services: {web: {image: nginx}}\n", "services: {web: {image: 'nginx:1.27'}}\n",
	  "dclint:service-image-require-explicit-tag" },
	[NO_RESTART] = { "compose-restart", LINT_INFO, LINT_OFF,
	  "no restart policy", "After a crash or a reboot the service stays down.",
	  SERVICE(""), SERVICE("    restart: unless-stopped\n"), NULL },
	[NO_HEALTH] = { "compose-healthcheck", LINT_INFO, LINT_OFF,
	  "no health check", "Nobody notices when the process hangs.",
	  SERVICE(""), SERVICE("    healthcheck: {test: [CMD, true]}\n"), NULL },
	[NO_LIMITS] = { "compose-limits", LINT_INFO, LINT_OFF,
	  "no memory limit", "A leak takes the memory of the whole host.",
	  SERVICE(""), SERVICE("    mem_limit: 256m\n"), NULL },
	[VERSION] = { "compose-version", LINT_INFO, LINT_FIXABLE,
	  "the key version", "Compose ignores it, and says so each time.",
	  "version: '3'\n" SERVICE(""), SERVICE(""), "dclint:no-version-field" },
	[NOTHING_TO_RUN] = { "compose-image", LINT_ERROR, 0,
	  "a service with neither image nor build", "Compose refuses the file.",
	  "services: {web: {command: x}}\n", "services: {web: {build: .}}\n", NULL },
};

static const char service_keys[] =
	"annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs container_name "
	"cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset "
	"credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname "
	"driver_opts entrypoint env_file environment expose extends external_links extra_hosts gpus group_add "
	"healthcheck hostname image init ipc isolation label_file labels links logging mac_address mem_limit "
	"mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable oom_score_adj "
	"pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy read_only "
	"restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal "
	"storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir";
static const char top_keys[] = "version name include services networks volumes configs secrets models";
/* clang-format on */

struct check {
	struct lint_file *file;
	const struct val *root, *services;
};

PRINTF_LIKE(6, 7)
static void report_bytes(const struct check *c, int rule, size_t start, size_t end,
                         const struct lint_fix *fix, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = {
		.rule = &rules[rule], .start = start, .end = end, .fix = fix
	};
	lint_report_hit(c->file, &hit, "%s", message.ptr);
}

#define report(c, rule, at, fix, ...) \
	report_bytes((c), (rule), (at)->mark.start, (at)->mark.end, (fix), __VA_ARGS__)
#define report_key(c, rule, entry, fix, ...)                                             \
	report_bytes((c), (rule), (entry)->key_mark.start, (entry)->key_mark.end, (fix), \
	             __VA_ARGS__)

static void check_keys(const struct check *c, const struct val *map, const char *known)
{
	AUTO(strs) names = STRS_INIT;
	struct view rest = view_of(known), part;
	while (view_split(&rest, ' ', &part))
		strs_push_take(&names, mem_strndup(part.ptr, part.len));
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		if (str_starts(entry->key, "x-") || strs_contains(&names, entry->key) ||
		    (entry->flags & VAL_IS_MERGED))
			continue;
		const char *nearest =
			suggest_nearest(entry->key, (const char *const *)names.ptr, names.len);
		if (nearest)
			report_key(c, UNKNOWN_KEY, entry, NULL,
			           "there is no key '%s': did you mean '%s'?", entry->key, nearest);
		else
			report_key(c, UNKNOWN_KEY, entry, NULL, "there is no key '%s'", entry->key);
	}
}

/* --- references --- */

static void check_reference(const struct check *c, const char *section, const char *name,
                            size_t start, size_t end)
{
	if (strchr(name, '$') || val_get(val_get(c->root, section), name))
		return;
	/* What is included may have it. */
	if (val_get(c->root, "include") ||
	    (str_equal(section, "networks") && str_equal(name, "default")))
		return;
	report_bytes(c, REFERENCE, start, end, NULL, "there is no '%s' among the %s", name,
	             section);
}

/* A list of names, a map by names, or a list of maps with `source`. */
static void check_references(const struct check *c, const char *section, const struct val *v)
{
	const struct val *item;
	const struct val_entry *entry;
	for (VAL_EACH_ITEM(i, item, v)) {
		const struct val *name = val_is(item, VAL_STR) ? item : val_get(item, "source");
		if (val_is(name, VAL_STR))
			check_reference(c, section, name->as.str.ptr, name->mark.start,
			                name->mark.end);
	}
	for (VAL_EACH_ENTRY(k, entry, v))
		check_reference(c, section, entry->key, entry->key_mark.start, entry->key_mark.end);
}

/* `name:/path`: a volume of the file, unless it is a path. */
static void check_volume(const struct check *c, const struct val *volume)
{
	const char *text =
		val_is(volume, VAL_STR) ? volume->as.str.ptr : val_get_str(volume, "source", "");
	if (strstr(text, "docker.sock"))
		report(c, SOCKET, volume, NULL,
		       "whoever controls the service can start any container");
	size_t len = strcspn(text, ":");
	bool is_path = !len || strchr("./~$\\", text[0]) || (len == 1 && text[1] == ':');
	bool is_volume = val_is(volume, VAL_STR)
	                         ? text[len] == ':'
	                         : str_equal(val_get_str(volume, "type", "volume"), "volume");
	if (is_path || !is_volume)
		return;
	AUTOFREE char *name = mem_strndup(text, len);
	check_reference(c, "volumes", name, volume->mark.start, volume->mark.end);
}

/* --- ports --- */

/* "80" of "127.0.0.1:80:8080/tcp", with what stands before it; NULL: the host chooses. */
static char *host_port(const struct val *port)
{
	if (val_is(port, VAL_MAP)) {
		const struct val *published = val_get(port, "published");
		AUTO(str) text = STR_INIT;
		if (!published)
			return NULL;
		yaml_write(published, &text);
		return mem_strndup(text.ptr, strcspn(text.ptr, "\n"));
	}
	const char *text = val_is(port, VAL_STR) ? port->as.str.ptr : "";
	const char *colon = strrchr(text, ':');
	return colon && !strchr(text, '$') ? mem_strndup(text, (size_t)(colon - text)) : NULL;
}

static const char *protocol_of(const struct val *port)
{
	if (val_is(port, VAL_MAP))
		return val_get_str(port, "protocol", "tcp");
	return val_is(port, VAL_STR) && str_ends(port->as.str.ptr, "/udp") ? "udp" : "tcp";
}

static void check_port(const struct check *c, const struct val *port)
{
	if (!val_is(port, VAL_STR) || port->style != VAL_STYLE_PLAIN ||
	    !strchr(port->as.str.ptr, ':'))
		return;
	AUTO(str) quoted = STR_INIT;
	str_addf(&quoted, "\"%s\"", port->as.str.ptr);
	const struct lint_edit edit = { port->mark.start, port->mark.end, quoted.ptr, quoted.len };
	report(c, PORT_QUOTES, port,
	       lint_fix_edits(c->file, false, &edit, 1, "put it in quotes: %s", quoted.ptr),
	       "YAML 1.1 readers may take %s for a number", port->as.str.ptr);
}

/* Against all services before this one. */
static void check_duplicates(const struct check *c, size_t index)
{
	const struct val *own = val_entry_at(c->services, index)->value, *port, *other_port;
	const struct val *name = val_get(own, "container_name");
	for (size_t i = 0; i < index; i++) {
		const struct val_entry *other = val_entry_at(c->services, i);
		/* Services of profiles need not run together. */
		if (val_get(own, "profiles") || val_get(other->value, "profiles"))
			continue;
		if (val_is(name, VAL_STR) &&
		    val_equal(val_get(other->value, "container_name"), name))
			report(c, DUPLICATE, name, NULL,
			       "service '%s' has this container name already", other->key);
		for (VAL_EACH_ITEM(k, port, val_get(own, "ports"))) {
			AUTOFREE char *mine = host_port(port);
			for (VAL_EACH_ITEM(n, other_port, val_get(other->value, "ports"))) {
				AUTOFREE char *theirs = host_port(other_port);
				if (mine && theirs && str_equal(mine, theirs) &&
				    str_equal(protocol_of(port), protocol_of(other_port)))
					report(c, DUPLICATE, port, NULL,
					       "service '%s' takes port %s already", other->key,
					       mine);
			}
		}
	}
}

/* --- services --- */

static void check_image(const struct check *c, const struct val_entry *service)
{
	const struct val *image = val_get(service->value, "image");
	bool has_source = image || val_get(service->value, "build") ||
	                  val_get(service->value, "extends") ||
	                  val_get(service->value, "provider") || val_len(service->value) == 0;
	if (!has_source)
		report_key(c, NOTHING_TO_RUN, service, NULL,
		           "service '%s' has neither image nor build", service->key);
	if (!val_is(image, VAL_STR) || strchr(image->as.str.ptr, '$') ||
	    val_get(service->value, "build"))
		return;
	const char *text = image->as.str.ptr, *slash = strrchr(text, '/');
	const char *tag = strchr(slash ? slash : text, ':');
	if (!strchr(text, '@') && (!tag || str_equal(tag, ":latest")))
		report(c, LATEST, image, NULL, "'%s' is another image tomorrow", text);
}

static void check_privileged(const struct check *c, const struct val *service)
{
	static const char *const keys[] = { "privileged", NULL };
	const struct val *value = val_get(service, keys[0]);
	if (!val_is(value, VAL_BOOL) || !value->as.boolean)
		return;
	const struct lint_change change = { .kind = LINT_REMOVE, .at = service, .path = keys };
	report(c, PRIVILEGED, value, lint_fix_make(c->file, true, &change, 1, "remove privileged"),
	       "whoever controls the service controls the host");
}

static void check_service(const struct check *c, size_t index)
{
	const struct val_entry *service = val_entry_at(c->services, index);
	const struct val *v = service->value, *item;
	check_keys(c, v, service_keys);
	check_image(c, service);
	check_privileged(c, v);
	check_references(c, "services", val_get(v, "depends_on"));
	check_references(c, "networks", val_get(v, "networks"));
	check_references(c, "secrets", val_get(v, "secrets"));
	check_references(c, "configs", val_get(v, "configs"));
	for (VAL_EACH_ITEM(i, item, val_get(v, "volumes")))
		check_volume(c, item);
	for (VAL_EACH_ITEM(k, item, val_get(v, "ports")))
		check_port(c, item);
	check_duplicates(c, index);
	if (!val_get(v, "restart") && !val_path(v, "deploy.restart_policy"))
		report_key(c, NO_RESTART, service, NULL, "service '%s' has no restart policy",
		           service->key);
	if (!val_get(v, "healthcheck"))
		report_key(c, NO_HEALTH, service, NULL, "service '%s' has no health check",
		           service->key);
	if (!val_get(v, "mem_limit") && !val_path(v, "deploy.resources.limits.memory"))
		report_key(c, NO_LIMITS, service, NULL, "service '%s' has no memory limit",
		           service->key);
}

static void check_file(struct lint_file *file, void *state)
{
	static const char *const version[] = { "version", NULL };
	(void)state;
	if (file->n_docs == 0 || !val_is(file->docs[0].root, VAL_MAP))
		return;
	struct check c = { .file = file, .root = file->docs[0].root };
	c.services = val_get(c.root, "services");
	const struct val_entry *entry = val_entry(c.root, version[0]);
	check_keys(&c, c.root, top_keys);
	if (entry) {
		const struct lint_change change = { .kind = LINT_REMOVE,
			                            .at = c.root,
			                            .path = version };
		report_key(&c, VERSION, entry,
		           lint_fix_make(file, false, &change, 1, "remove version"),
		           "Compose ignores the version");
	}
	for (size_t i = 0; val_is(c.services, VAL_MAP) && i < val_len(c.services); i++)
		if (val_is(val_entry_at(c.services, i)->value, VAL_MAP))
			check_service(&c, i);
}

const struct lint_family lint_family_compose = {
	.name = "compose",
	.brief = "Compose files",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_COMPOSE,
	.check_file = check_file,
};
