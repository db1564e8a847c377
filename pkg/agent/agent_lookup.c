/* What templates ask, as dependencies on sources, and answers in the shape the functions expect. */
#include "base/base.h"

#include "agent/agent_private.h"

#include "base/glob.h"
#include "base/path.h"
#include "pal/argv.h"

enum answer {
	ANSWER_VALUE,
	ANSWER_EXISTS,
	ANSWER_CHILDREN,
	ANSWER_TREE,
	ANSWER_MAP,
	ANSWER_NAMES,
	ANSWER_DIRS,
	ANSWER_PAIRS,
	ANSWER_VALUES
};

static const struct {
	const char *function;
	enum answer answer;
	bool is_confd;
} functions[] = {
	{ "key", ANSWER_VALUE, false },        { "keyOrDefault", ANSWER_VALUE, false },
	{ "keyExists", ANSWER_EXISTS, false }, { "ls", ANSWER_CHILDREN, false },
	{ "safeLs", ANSWER_CHILDREN, false },  { "tree", ANSWER_TREE, false },
	{ "safeTree", ANSWER_TREE, false },    { "secret", ANSWER_MAP, false },
	{ "secrets", ANSWER_NAMES, false },    { "exists", ANSWER_EXISTS, true },
	{ "get", ANSWER_VALUE, true },         { "getv", ANSWER_VALUE, true },
	{ "gets", ANSWER_PAIRS, true },        { "getvs", ANSWER_VALUES, true },
	{ "ls", ANSWER_NAMES, true },          { "lsdir", ANSWER_DIRS, true },
};

struct question {
	struct unit *unit;
	const struct tmpl_query *query;
	struct arena *a;
	enum tmpl_state *state;
	const struct val **value;
};

static struct val *value_of(struct arena *a, const struct kv_pair *pair)
{
	return val_new_strn(a, pair->value, pair->len);
}

/* The answers to one key. */
static void answer_key(const struct question *q, const struct kv_set *set)
{
	const struct kv_pair *pair = kv_set_find(set, "");
	*q->state = pair ? TMPL_KNOWN : TMPL_ABSENT;
	*q->value = pair ? value_of(q->a, pair) : NULL;
}

static struct val *pair_of(const struct question *q, const struct kv_pair *pair, const char *key)
{
	struct val *map = val_new_map(q->a);
	AUTOFREE char *path = kv_join(q->query->path, pair->key);
	val_set_str(q->a, map, "Key", key);
	val_set_str(q->a, map, "Path", path);
	val_set(q->a, map, "Value", value_of(q->a, pair));
	return map;
}

static void answer_tree(const struct question *q, const struct kv_set *set, bool is_deep)
{
	struct val *list = val_new_list(q->a);
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		if (*pair->key && (is_deep || !strchr(pair->key, '/')))
			val_push(q->a, list, pair_of(q, pair, pair->key));
	}
	*q->value = list;
	*q->state = TMPL_KNOWN;
}

/* Version 2 of Vault's KV has the fields one level deeper: .Data.data.x for a path with "/data/". */
static void answer_map(const struct question *q, const struct kv_set *set)
{
	struct val *fields = val_new_map(q->a), *data = fields, *map = val_new_map(q->a);
	for (size_t i = 0; i < kv_set_len(set); i++)
		if (!strchr(kv_set_at(set, i)->key, '/'))
			val_set(q->a, fields, arena_strdup(q->a, kv_set_at(set, i)->key),
			        value_of(q->a, kv_set_at(set, i)));
	if (strstr(q->query->path, "/data/")) {
		data = val_new_map(q->a);
		val_set(q->a, data, "data", fields);
	}
	val_set(q->a, map, "Data", data);
	*q->value = map;
	*q->state = kv_set_len(set) ? TMPL_KNOWN : TMPL_ABSENT;
}

/* First parts of the keys, each once; `only_dirs`: those that have something below. */
static void answer_names(const struct question *q, const struct kv_set *set, bool only_dirs)
{
	struct val *list = val_new_list(q->a);
	AUTO(str) last = STR_INIT;
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const char *key = kv_set_at(set, i)->key, *slash = strchr(key, '/');
		size_t len = slash ? (size_t)(slash - key) : strlen(key);
		if (len == 0 || (only_dirs && !slash) ||
		    (last.len == len && memcmp(last.ptr, key, len) == 0))
			continue;
		str_reset(&last);
		str_add(&last, key, len);
		val_push(q->a, list, val_new_strn(q->a, key, len));
	}
	*q->value = list;
	*q->state = TMPL_KNOWN;
}

/* confd's patterns: the part before the first wildcard is read, the whole decides. */
static void answer_pattern(const struct question *q, const struct kv_set *set, const char *base,
                           bool only_values)
{
	struct val *list = val_new_list(q->a);
	const char *pattern = q->query->path + (*q->query->path == '/');
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		AUTOFREE char *key =
			str_format("%s%s%s", base, *base && *pair->key ? "/" : "", pair->key);
		if (!glob_matches(pattern, key))
			continue;
		AUTOFREE char *shown = str_format("/%s", key);
		val_push(q->a, list, only_values ? value_of(q->a, pair) : pair_of(q, pair, shown));
	}
	*q->value = list;
	*q->state = TMPL_KNOWN;
}

static char *pattern_base(const char *pattern)
{
	size_t end = strcspn(pattern, "*?[");
	while (end > 0 && pattern[end - 1] != '/' && pattern[end])
		end--;
	while (end > 0 && pattern[end - 1] == '/')
		end--;
	return mem_strndup(pattern, end);
}

static void note(struct unit *unit, const struct tmpl_query *query, const char *source,
                 bool is_absent)
{
	struct lookup_note note = { .template_index = unit->rendering,
		                    .function = mem_strdup(query->function),
		                    .path = mem_strdup(query->path),
		                    .source = source,
		                    .line = query->line,
		                    .offset = query->out_offset,
		                    .is_absent = is_absent };
	vec_push(&unit->notes, note);
}

static err *answer_env(const struct question *q)
{
	const char *value = env_get(q->query->path);
	*q->state = value ? TMPL_KNOWN : TMPL_ABSENT;
	*q->value = value ? val_new_str(q->a, value) : NULL;
	note(q->unit, q->query, "env", !value);
	return NULL;
}

/* Relative paths are meant from the template, or from the configuration for one written there. */
static err *answer_file(const struct question *q)
{
	const struct agent_template *template = q->unit->templates[q->unit->rendering].config;
	AUTOFREE char *dir =
		template->from ? path_dir(template->from) : mem_strdup(q->unit->config->dir);
	AUTOFREE char *name = strcmp(q->query->function, "partial") == 0
	                              ? str_format("%s.mustache", q->query->path)
	                              : mem_strdup(q->query->path);
	AUTOFREE char *path = path_is_absolute(name) ? mem_strdup(name) : path_join(dir, name);
	struct dependency *dependency;
	TRY(agent_depend_file(q->unit, path, &dependency));
	struct kv_set *set = kv_watch_current(dependency->watch);
	*q->state = TMPL_PENDING;
	if (set)
		answer_key(q, set);
	note(q->unit, q->query, "file", set && *q->state == TMPL_ABSENT);
	return NULL;
}

static err *answer(const struct question *q, enum answer kind, bool is_confd)
{
	struct unit *unit = q->unit;
	const struct agent_template *template = unit->templates[unit->rendering].config;
	const char *source = template->source ? template->source : unit->config->source;
	const char *path = q->query->path + (is_confd && *q->query->path == '/');
	bool is_key = kind == ANSWER_VALUE || kind == ANSWER_EXISTS;
	bool is_pattern = kind == ANSWER_PAIRS || kind == ANSWER_VALUES;
	AUTOFREE char *base = is_pattern ? pattern_base(path) : mem_strdup(path);
	struct dependency *dependency;
	if (!source)
		return err_hint(err_new(ERR_INVALID, "unit '%s' has no source", unit->config->name),
		                "name one under 'source:'");
	TRY(agent_depend(unit, source, is_key ? KV_KEY : KV_TREE, base, &dependency));
	struct kv_set *set = kv_watch_current(dependency->watch);
	*q->state = TMPL_PENDING;
	if (set) {
		switch (kind) {
		case ANSWER_VALUE:
		case ANSWER_EXISTS:
			answer_key(q, set);
			break;
		case ANSWER_CHILDREN:
			answer_tree(q, set, false);
			break;
		case ANSWER_TREE:
			answer_tree(q, set, true);
			break;
		case ANSWER_MAP:
			answer_map(q, set);
			break;
		case ANSWER_NAMES:
			answer_names(q, set, false);
			break;
		case ANSWER_DIRS:
			answer_names(q, set, true);
			break;
		case ANSWER_PAIRS:
			answer_pattern(q, set, base, false);
			break;
		case ANSWER_VALUES:
			answer_pattern(q, set, base, true);
			break;
		}
	}
	/* consul-template's `key` waits for a key that is not there. */
	if (*q->state == TMPL_ABSENT && strcmp(q->query->function, "key") == 0)
		*q->state = TMPL_PENDING;
	note(unit, q->query, source, *q->state == TMPL_ABSENT);
	return NULL;
}

err *agent_lookup_answer(void *ctx, const struct tmpl_query *query, struct arena *a,
                         enum tmpl_state *ret_state, const struct val **ret_value)
{
	struct unit *unit = ctx;
	const struct question q = { unit, query, a, ret_state, ret_value };
	bool is_confd = unit->templates[unit->rendering].config->flavour == TMPL_CONFD;
	if (strcmp(query->function, "env") == 0)
		return answer_env(&q);
	if (strcmp(query->function, "file") == 0 || strcmp(query->function, "partial") == 0)
		return answer_file(&q);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].function, query->function) == 0 &&
		    functions[i].is_confd == is_confd)
			return answer(&q, functions[i].answer, is_confd);
	return err_new(ERR_INVALID, "the function '%s' asks something no source has",
	               query->function);
}
