/*
 * Secrets where manifests keep them: in variables, ConfigMaps and Secrets, and what SOPS should have
 * encrypted. Tokens in any text are the family secrets'. What is found is never shown.
 */
#include "base/base.h"

#include <ctype.h>

#include "crypto/encode.h"
#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"
#include "regex/regex.h"

enum {
	ENV_VALUE,
	READ_FROM_ENV,
	IN_CONFIG_MAP,
	PLAINTEXT,
	BAD_BASE64,
	SOPS_UNENCRYPTED,
};

#define LINES_MAX 2000u      /* of a file in a ConfigMap */
#define FILE_MAX  (1u << 20) /* a ConfigMap holds no more */
#define DEPTH_MAX 200u
#define NAMES_MAX 64u

#define POD(env)                                                                 \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n" \
	"  - name: app\n    image: app:1\n    env:\n    - name: DB_PASSWORD\n      " env "\n"
#define OBJECT(kind, more) "apiVersion: v1\nkind: " kind "\nmetadata: {name: a}\n" more "\n"
#define SOPS_TAIL                                                                                 \
	"sops:\n  encrypted_regex: ^(data|stringData)$\n  lastmodified: '2026-01-01T00:00:00Z'\n" \
	"  mac: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n  version: 3.9.0\n"

/* clang-format off */
static const struct lint_rule rules[] = {
	[ENV_VALUE] = { "env-var-secret", LINT_ERROR, 0,
	  "a secret stands in a variable of a container",
	  "Everybody who may read the repository, or the pod, reads it; and it stays in the history.",
	  POD("value: s3cr3t-Pa55"), POD("valueFrom: {secretKeyRef: {name: db, key: password}}"),
	  "kube-linter:env-var-secret CKV_K8S_35" },
	[READ_FROM_ENV] = { "read-secret-from-env", LINT_INFO, LINT_OFF,
	  "a secret is given as a variable",
	  "Variables show up in crash dumps, in /proc and in child processes. A file from a volume does not.",
	  POD("valueFrom: {secretKeyRef: {name: db, key: password}}"), POD("value: ''"),
	  "CIS-5.4.1 kube-linter:read-secret-from-env-var" },
	[IN_CONFIG_MAP] = { "secret-in-config-map", LINT_WARNING, 0,
	  "a ConfigMap holds what looks like a secret",
	  "Roles give ConfigMaps away freely, and they are stored and logged readable.",
	  OBJECT("ConfigMap", "data: {DB_PASSWORD: s3cr3t-Pa55}"), OBJECT("ConfigMap", "data: {DB_HOST: db.example.com}"),
	  "CKV_SECRET_6 KSV-0109" },
	[PLAINTEXT] = { "secret-manifest-plaintext", LINT_ERROR, 0,
	  "a Secret with its values in the repository",
	  "Base64 hides nothing, and the history keeps it. Encrypt the file with SOPS, or let an operator fetch it.",
	  OBJECT("Secret", "stringData: {password: s3cr3t-Pa55}"), OBJECT("Secret", "stringData: {password: ${DB_PASSWORD}}"),
	  "CIS-5.4.2 KSV-01010" },
	[BAD_BASE64] = { "secret-base64-invalid", LINT_ERROR, LINT_FIXABLE,
	  "data of a Secret that is not base64",
	  "The API server refuses the object. Text belongs under stringData.",
	  OBJECT("Secret", "data: {user: YWRtaW4}"), OBJECT("Secret", "data: {user: YWRtaW4=}"), NULL },
	[SOPS_UNENCRYPTED] = { "sops-unencrypted-field", LINT_ERROR, 0,
	  "a value that the rule of its SOPS file says is encrypted, and is not",
	  "It was added by hand after the file was encrypted: it is readable, and the checksum is wrong.",
	  OBJECT("Secret", "stringData: {password: s3cr3t-Pa55}\n" SOPS_TAIL),
	  OBJECT("Secret", "stringData: {password: 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]'}\n" SOPS_TAIL),
	  NULL },
};
/* clang-format on */

struct check {
	struct lint_file *file;
	const struct val *object;
	const char *container;
};

PRINTF_LIKE(5, 6)
static void report(const struct check *c, int rule, const struct val *at,
                   const struct lint_fix *fix, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &rules[rule],
		                      .start = at->mark.start,
		                      .end = at->mark.end,
		                      .object = c->object,
		                      .container = c->container,
		                      .fix = fix,
		                      .is_redacted = rule != READ_FROM_ENV };
	lint_report_hit(c->file, &hit, "%s", message.ptr);
}

/* --- names and values --- */

/* "dbPassword", "DB-PASSWORD" and "db.password" to "DB_PASSWORD"; false for what is no name. */
static bool fold_name(struct view name, char ret_folded[static NAMES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		bool is_hump = i > 0 && isupper(c) && islower((unsigned char)name.ptr[i - 1]);
		if (n + 3 >= NAMES_MAX || (!isalnum(c) && !strchr("_-./", c)))
			return false;
		if (is_hump)
			ret_folded[n++] = '_';
		ret_folded[n++] = isalnum(c) ? (char)toupper(c) : '_';
	}
	ret_folded[n] = '\0';
	return n > 0;
}

static bool ends_with_one_of(const char *name, const char *const *list)
{
	for (; *list; list++) {
		size_t len = strlen(name), tail = strlen(*list);
		bool is_end = len >= tail && strcmp(name + len - tail, *list) == 0;
		if (is_end && (len == tail || name[len - tail - 1] == '_'))
			return true;
	}
	return false;
}

/* Does what has this name hold a secret itself, not a file, a switch or the name of one? */
static bool is_secret_name(struct view name)
{
	static const char *const words[] = {
		"PASSWORD",    "PASSWD",      "PASSPHRASE",     "SECRET",      "SECRET_KEY",
		"TOKEN",       "API_KEY",     "APIKEY",         "PRIVATE_KEY", "ACCESS_KEY",
		"SIGNING_KEY", "CREDENTIALS", "CLIENT_SECRET",  "PWD",         "PASS",
		"AUTH_KEY",    "MASTER_KEY",  "ENCRYPTION_KEY", NULL
	};
	char folded[NAMES_MAX];
	return fold_name(name, folded) && ends_with_one_of(folded, words) &&
	       !str_equal(folded, "PWD");
}

static bool is_switch(const char *value)
{
	static const char *const words[] = { "true", "false", "yes",  "no",  "on",   "off",
		                             "none", "null",  "auto", "nil", "basic" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_equal(value, words[i]))
			return true;
	return false;
}

/* Something others fill in: a reference, a template, a mark. Also what is too short to be one. */
static bool is_placeholder(const char *value)
{
	static const char *const marks[] = {
		"${",        "$(",        "{{",      "<",           "***",         "xxx",
		"XXX",       "ENC[",      "REPLACE", "replace",     "CHANGE",      "changeme",
		"change-me", "example",   "EXAMPLE", "placeholder", "PLACEHOLDER", "dummy",
		"redacted",  "REDACTED",  "TODO",    "your-",       "YOUR",        "your_",
		"vault:",    "secretref", "ref+",    "op://",       "%("
	};
	size_t len = strlen(value);
	if (len < 4 || *value == '$')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strstr(value, marks[i]))
			return true;
	return strspn(value, value + len - 1) == len; /* one character again and again */
}

/* "/run/secrets/x", "secret/data/x", "x.pem": where a secret is. */
static bool is_path_or_address(const char *value)
{
	static const char *const ends[] = { ".pem", ".key", ".crt",        ".json", ".yaml", ".yml",
		                            ".txt", ".env", ".properties", ".jks",  ".p12" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(value, ends[i]))
			return true;
	bool is_address = strstr(value, "://") && !strchr(value, '@');
	return *value == '/' || *value == '.' || *value == '~' || is_address;
}

/* "registry-credentials": what a secret is called. */
static bool is_object_name(const char *value)
{
	return strchr(value, '-') && strspn(value, "abcdefghijklmnopqrstuvwxyz-") == strlen(value);
}

static bool is_secret_value(const char *value)
{
	/* A sentence is no password, and a number of seconds neither. */
	return !is_switch(value) && !is_placeholder(value) && !is_path_or_address(value) &&
	       !is_object_name(value) && !strpbrk(value, " \t\n");
}

static bool has_private_key(const char *text, size_t len)
{
	const char *at = str_find(text, len, "-----BEGIN ", 11);
	const char *end =
		at ? str_find(at, len - (size_t)(at - text), "PRIVATE KEY-----", 16) : NULL;
	return end && end - at < 40;
}

/* --- containers --- */

static void check_env(const struct check *c, const struct val *env)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, env)) {
		const struct val *name = val_get(item, "name"), *value = val_get(item, "value");
		if (val_path(item, "valueFrom.secretKeyRef"))
			report(c, READ_FROM_ENV, val_path(item, "valueFrom.secretKeyRef"), NULL,
			       "a secret is given as a variable: mount it as a file");
		if (!val_is(name, VAL_STR) || !val_is(value, VAL_STR) ||
		    !is_secret_name(view_of(name->as.str.ptr)) ||
		    !is_secret_value(value->as.str.ptr))
			continue;
		report(c, ENV_VALUE, value, NULL,
		       "the value of '%s' stands here readable: take it from a Secret",
		       name->as.str.ptr);
	}
}

static void check_pod(struct check *c, const struct kube_pod *pod)
{
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	while (kube_next_container(pod, &it, &container)) {
		c->container = container.name;
		check_env(c, val_get(container.v, "env"));
	}
	c->container = NULL;
}

/* --- ConfigMaps --- */

static struct view trim(struct view text)
{
	while (text.len && strchr(" \t\r\"'`,;", text.ptr[0]))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	while (text.len && strchr(" \t\r\"'`,;", text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* `name = value`, `name: value`, `export NAME=value`: is it a secret? Its name goes to ret_name. */
static bool is_secret_line(struct view line, struct view *ret_name)
{
	struct view rest = trim(line);
	size_t at = 0;
	while (at < rest.len && !strchr("=:", rest.ptr[at]))
		at++;
	if (at == 0 || at == rest.len || strchr("#;/", rest.ptr[0]))
		return false;
	struct view name = trim((struct view){ rest.ptr, at });
	if (name.len > 7 && memcmp(name.ptr, "export ", 7) == 0)
		name = (struct view){ name.ptr + 7, name.len - 7 };
	if (!is_secret_name(name))
		return false;
	struct view value = trim((struct view){ rest.ptr + at + 1, rest.len - at - 1 });
	AUTOFREE char *text = mem_strndup(value.ptr, value.len);
	*ret_name = name;
	return is_secret_value(text);
}

static void check_config_text(const struct check *c, const struct val_entry *entry)
{
	struct view rest = { entry->value->as.str.ptr, entry->value->as.str.len }, line, name;
	if (has_private_key(rest.ptr, rest.len)) {
		report(c, IN_CONFIG_MAP, entry->value, NULL, "'%s' holds a private key",
		       entry->key);
		return;
	}
	if (!memchr(rest.ptr, '\n', rest.len)) {
		if (is_secret_name(view_of(entry->key)) && is_secret_value(rest.ptr))
			report(c, IN_CONFIG_MAP, entry->value, NULL,
			       "the value of '%s' looks like a secret", entry->key);
		return;
	}
	for (size_t i = 0; i < LINES_MAX && view_split(&rest, '\n', &line); i++)
		if (is_secret_line(line, &name)) {
			report(c, IN_CONFIG_MAP, entry->value, NULL,
			       "'%s' holds a secret in its line %zu, '%.*s'", entry->key, i + 1,
			       (int)name.len, name.ptr);
			return;
		}
}

static void check_config_map(const struct check *c)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, val_get(c->object, "data")))
		if (val_is(entry->value, VAL_STR) && entry->value->as.str.len <= FILE_MAX)
			check_config_text(c, entry);
	for (VAL_EACH_ENTRY(k, entry, val_get(c->object, "binaryData"))) {
		AUTO(str) bytes = STR_INIT;
		if (!val_is(entry->value, VAL_STR) || entry->value->as.str.len > FILE_MAX)
			continue;
		struct view text = { entry->value->as.str.ptr, entry->value->as.str.len };
		err *e = base64_decode(text, BASE64_LINES, &bytes);
		if (!e && has_private_key(bytes.ptr, bytes.len))
			report(c, IN_CONFIG_MAP, entry->value, NULL, "'%s' holds a private key",
			       entry->key);
		err_ignore(e, "the schema tells it");
	}
}

/* --- Secrets --- */

/* What Secrets hold beside their secret. */
static bool is_public_key(const char *key)
{
	static const char *const names[] = { "USERNAME", "USER",     "CA_CRT",   "TLS_CRT",
		                             "HOST",     "PORT",     "DATABASE", "DBNAME",
		                             "URL",      "ENDPOINT", "REGION",   "NAMESPACE",
		                             "NAME",     "EMAIL",    "TYPE",     "ID",
		                             "SERVER",   "CERT",     "CRT",      "PUB",
		                             "PUBLIC",   "ENABLED",  NULL };
	char folded[NAMES_MAX];
	return fold_name(view_of(key), folded) && ends_with_one_of(folded, names);
}

/* The same base64 as the API server reads it; false when it cannot be told what is meant. */
static bool mend_base64(const char *text, struct str *out)
{
	for (; *text; text++)
		if (!strchr(" \t\r\n=", *text))
			str_addch(out, *text == '-' ? '+' : *text == '_' ? '/' : *text);
	if (out->len == 0 || out->len % 4 == 1)
		return false;
	str_add_repeat(out, '=', (4 - out->len % 4) % 4);
	AUTO(str) bytes = STR_INIT;
	err *e = base64_decode(view_str(out), 0, &bytes);
	bool is_fine = !e;
	err_ignore(e, "asked only whether it can be read");
	/* Words are base64 by chance; what comes out must be text. */
	for (size_t i = 0; i < bytes.len && is_fine; i++)
		is_fine = (unsigned char)bytes.ptr[i] >= ' ' || strchr("\t\r\n", bytes.ptr[i]);
	return is_fine;
}

static void report_base64(const struct check *c, const struct val *data,
                          const struct val_entry *entry)
{
	AUTO(str) mended = STR_INIT;
	const struct lint_fix *fix = NULL;
	if (mend_base64(entry->value->as.str.ptr, &mended)) {
		const char *const path[] = { entry->key, NULL };
		const struct lint_change change = { .kind = LINT_SET,
			                            .at = data,
			                            .path = path,
			                            .value = val_new_strn(c->file->arena,
			                                                  mended.ptr, mended.len) };
		fix = lint_fix_make(c->file, false, &change, 1,
		                    "write data.%s with the padding and letters of base64",
		                    entry->key);
	}
	report(c, BAD_BASE64, entry->value, fix,
	       "data.%s is not base64: text belongs under stringData", entry->key);
}

/* What the value is, decoded; false when it is no base64, which is reported. */
static bool decode(const struct check *c, const struct val *data, const struct val_entry *entry,
                   struct str *bytes)
{
	struct view text = { entry->value->as.str.ptr, entry->value->as.str.len };
	err *e = base64_decode(text, BASE64_LINES, bytes);
	bool is_fine = !e;
	/* A value that is still to be filled in is none yet. */
	bool is_open = strpbrk(text.ptr, "$<{*") || str_starts(text.ptr, "ENC[");
	err_ignore(e, "reported here");
	if (!is_fine && !is_open)
		report_base64(c, data, entry);
	return is_fine;
}

static bool is_real(const char *key, const char *text, size_t len)
{
	if (has_private_key(text, len))
		return true;
	bool is_text = strlen(text) == len;
	if (is_public_key(key) || !is_text)
		return false;
	return !is_switch(text) && !is_placeholder(text) &&
	       (!is_path_or_address(text) || strchr(text, '@'));
}

static void check_secret(const struct check *c)
{
	static const char *const members[] = { "stringData", "data" };
	const struct val *first = NULL;
	size_t n = 0;
	if (val_get(c->object, "sops"))
		return;
	for (size_t m = 0; m < ARRAY_LEN(members); m++) {
		const struct val *data = val_get(c->object, members[m]);
		const struct val_entry *entry;
		for (VAL_EACH_ENTRY(i, entry, data)) {
			AUTO(str) bytes = STR_INIT;
			if (!val_is(entry->value, VAL_STR) || entry->value->as.str.len > FILE_MAX)
				continue;
			if (m == 0)
				str_add(&bytes, entry->value->as.str.ptr, entry->value->as.str.len);
			else if (!decode(c, data, entry, &bytes))
				continue;
			if (!is_real(entry->key, bytes.ptr, bytes.len))
				continue;
			first = first ? first : entry->value;
			n++;
		}
	}
	if (first)
		report(c, PLAINTEXT, first, NULL,
		       n == 1 ? "a value of this Secret is readable by whoever reads the file"
		              : "%zu values of this Secret are readable by whoever reads the file",
		       n);
}

/* --- SOPS --- */

/* Which keys are encrypted, as the metadata of the file say. */
struct sops_rule {
	bool is_default; /* what no name says anything of is encrypted */
	const char *suffix;
	struct regex *regex;
};

static bool is_named(const struct sops_rule *rule, const char *key)
{
	bool is_match = false;
	if (rule->suffix)
		return str_ends(key, rule->suffix);
	err_ignore(regex_matches(rule->regex, view_of(key), &is_match), "then it names nothing");
	return is_match;
}

/* False when the file has a rule nothing can be said about. */
static bool read_sops_rule(const struct val *sops, struct sops_rule *rule)
{
	const char *off = val_get_str(sops, "unencrypted_regex", NULL);
	const char *on = val_get_str(sops, "encrypted_regex", NULL);
	*rule = (struct sops_rule){ .is_default = true,
		                    .suffix = val_get_str(sops, "unencrypted_suffix", NULL) };
	if (val_get(sops, "encrypted_comment_regex") || val_get(sops, "unencrypted_comment_regex"))
		return false;
	if (val_get_str(sops, "encrypted_suffix", NULL))
		*rule = (struct sops_rule){ .suffix = val_get_str(sops, "encrypted_suffix", "") };
	else if (off || on)
		*rule = (struct sops_rule){ .is_default = !on };
	else if (!rule->suffix)
		rule->suffix = "_unencrypted";
	if (rule->suffix)
		return true;
	err *e = regex_new(on ? on : off, &rule->regex);
	bool is_fine = !e;
	err_ignore(e, "a pattern sops would refuse as well");
	return is_fine;
}

static bool is_encrypted(const struct val *v)
{
	if (v->kind == VAL_NULL)
		return true;
	return val_is(v, VAL_STR) && (!v->as.str.len || str_starts(v->as.str.ptr, "ENC["));
}

static void check_sops_value(const struct check *c, const struct sops_rule *rule,
                             const struct val *v, const char *key, bool is_wanted, unsigned depth)
{
	const struct val *item;
	const struct val_entry *entry;
	if (depth > DEPTH_MAX)
		return;
	for (VAL_EACH_ITEM(i, item, v))
		check_sops_value(c, rule, item, key, is_wanted, depth + 1);
	for (VAL_EACH_ENTRY(k, entry, v)) {
		bool is_sops = depth == 0 && str_equal(entry->key, "sops");
		bool is_other = is_wanted != rule->is_default || is_named(rule, entry->key);
		if (!is_sops)
			check_sops_value(c, rule, entry->value, entry->key,
			                 rule->is_default != is_other, depth + 1);
	}
	if (val_is(v, VAL_LIST) || val_is(v, VAL_MAP) || !is_wanted || is_encrypted(v))
		return;
	report(c, SOPS_UNENCRYPTED, v, NULL, "'%s' is not encrypted, and should be: run sops edit",
	       key);
}

static void check_sops(struct lint_file *file, const struct val *root)
{
	const struct val *sops = val_get(root, "sops");
	struct check c = { .file = file, .object = root };
	struct sops_rule rule;
	if (!val_get(sops, "mac"))
		return;
	if (read_sops_rule(sops, &rule))
		check_sops_value(&c, &rule, root, "", rule.is_default, 0);
	regex_free(rule.regex);
}

/* --- the family --- */

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	struct lint_objects it = { 0 };
	struct check c = { .file = file };
	struct kube_pod pod;
	for (size_t i = 0; file->kind == LINT_SOPS && i < file->n_docs; i++)
		check_sops(file, file->docs[i].root);
	while (lint_next_object(file, &it, &c.object)) {
		const char *kind = val_get_str(c.object, "kind", "");
		bool is_core = kube_group(c.object).len == 0;
		if (is_core && str_equal(kind, "ConfigMap"))
			check_config_map(&c);
		else if (is_core && str_equal(kind, "Secret"))
			check_secret(&c);
		else if (kube_pod_of(c.object, &pod))
			check_pod(&c, &pod);
	}
}

const struct lint_family lint_family_kube_secrets = {
	.name = "kube-secrets",
	.brief = "secrets in variables, ConfigMaps, Secrets and SOPS files",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES | LINT_SOPS,
	.check_file = check_file,
};
