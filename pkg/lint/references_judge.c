/* Everything was seen: which wishes are fulfilled? */
#include "base/base.h"

#include "lint/references.h"

#include "base/path.h"

struct reference_list {
	const struct reference_fact *fact;
	struct reference_list *next;
};

struct judge {
	struct lint_run *run;
	struct references *state;
	const struct lint_rule *rules;
};

/* --- order and indexes --- */

static int by_place(uint32_t file_a, uint32_t start_a, uint32_t file_b, uint32_t start_b)
{
	if (file_a != file_b)
		return file_a < file_b ? -1 : 1;
	return start_a < start_b ? -1 : start_a > start_b;
}

static int facts_by_place(const void *a, const void *b)
{
	const struct reference_fact *x = a, *y = b;
	int order = by_place(x->file, x->start, y->file, y->start);
	return order ? order : strcmp(x->kind, y->kind);
}

static int wishes_by_place(const void *a, const void *b)
{
	const struct reference_wish *x = a, *y = b;
	int order = by_place(x->file, x->start, y->file, y->start);
	return order ? order : x->rule - y->rule;
}

static void add_to(struct references *state, struct map *map, const char *key,
                   const struct reference_fact *fact)
{
	struct reference_list *node = ARENA_NEW(&state->arena, struct reference_list);
	*node = (struct reference_list){ fact, map_get(map, key) };
	map_set(map, key, node);
}

static void index_facts(struct references *state)
{
	AUTO(str) key = STR_INIT;
	for (size_t i = 0; i < state->facts.len; i++) {
		const struct reference_fact *fact = &state->facts.ptr[i];
		str_reset(&key);
		str_addf(&key, "%s/%s", fact->kind, fact->name);
		add_to(state, &state->objects, key.ptr, fact);
		for (reference_texts label = fact->pods; label && *label; label++)
			add_to(state, &state->pods, *label, fact);
		for (reference_texts label = fact->labels; label && *label; label++)
			add_to(state, &state->services, *label, fact);
	}
}

/* --- what is there --- */

/* Names without a namespace get one later: they may be anywhere. */
static bool may_share_namespace(const char *a, const char *b)
{
	return !*a || !*b || str_equal(a, b);
}

static bool has_text(reference_texts list, const char *text)
{
	for (; list && *list; list++)
		if (*list == text || str_equal(*list, text))
			return true;
	return false;
}

/* Labels that controllers give to pods. */
static bool is_given(const char *label)
{
	static const char *const given[] = { "statefulset.kubernetes.io/pod-name=",
		                             "apps.kubernetes.io/pod-index=",
		                             "batch.kubernetes.io/",
		                             "job-name=",
		                             "controller-uid=",
		                             "pod-template-hash=",
		                             "controller-revision-hash=" };
	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (str_starts(label, given[i]))
			return true;
	return false;
}

static bool selects(reference_texts selector, reference_texts labels)
{
	for (; *selector; selector++)
		if (!is_given(*selector) && !has_text(labels, *selector))
			return false;
	return true;
}

/* The label to look things up by; NULL when all are given by controllers. */
static const char *first_label(reference_texts selector)
{
	while (*selector && is_given(*selector))
		selector++;
	return *selector;
}

static bool has_labelled(const struct judge *j, const struct reference_wish *wish)
{
	bool is_service = wish->need == NEED_SERVICE;
	const char *first = first_label(wish->selector);
	const struct reference_list *node =
		first ? map_get(is_service ? &j->state->services : &j->state->pods, first) : NULL;
	for (; node; node = node->next)
		if ((wish->is_anywhere ||
		     may_share_namespace(wish->by_namespace, node->fact->namespace_)) &&
		    selects(wish->selector, is_service ? node->fact->labels : node->fact->pods))
			return true;
	return !first;
}

/* The object asked for; one with the key when a key is asked for and any object is there. */
static bool has_object(const struct judge *j, const struct reference_wish *wish)
{
	AUTO(str) key = STR_INIT;
	str_addf(&key, "%s/%s", wish->kind, wish->name);
	bool is_there = false;
	for (const struct reference_list *node = map_get(&j->state->objects, key.ptr); node;
	     node = node->next) {
		if (!may_share_namespace(wish->by_namespace, node->fact->namespace_) &&
		    !str_equal(wish->kind, "PriorityClass"))
			continue;
		if (wish->need == NEED_OBJECT || !node->fact->keys ||
		    has_text(node->fact->keys, wish->key))
			return true;
		is_there = true;
	}
	/* One that is nowhere is told by its own rule. */
	return wish->need == NEED_KEY && !is_there;
}

/* --- judging --- */

PRINTF_LIKE(6, 7)
static void report(const struct judge *j, enum reference_rule rule,
                   const struct reference_fact *place, const char *by_kind, const char *by_name,
                   const char *fmt, ...)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *object = val_new_map(&a), *metadata = val_new_map(&a);
	val_set_str(&a, object, "kind", by_kind);
	val_set_str(&a, metadata, "name", by_name);
	if (*place->namespace_)
		val_set_str(&a, metadata, "namespace", place->namespace_);
	val_set(&a, object, "metadata", metadata);
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = {
		.rule = &j->rules[rule], .start = place->start, .end = place->end, .object = object
	};
	lint_report_late(j->run, place->file, &hit, "%s", message.ptr);
}

static bool has_workloads(const struct judge *j, uint32_t file)
{
	AUTOFREE char *folder = path_dir(lint_run_path(j->run, file));
	return map_has(&j->state->folders, folder);
}

static bool is_part(const struct judge *j, uint32_t file)
{
	return lint_patches_find(j->state->patches, lint_run_path(j->run, file)) != LINT_WHOLE;
}

static void judge_wish(const struct judge *j, const struct reference_wish *wish)
{
	const struct reference_fact at = { .file = wish->file,
		                           .start = wish->start,
		                           .end = wish->end,
		                           .namespace_ = wish->by_namespace };
	bool is_labelled = wish->need == NEED_PODS || wish->need == NEED_SERVICE;
	if (is_labelled ? has_labelled(j, wish) : has_object(j, wish))
		return;
	/* A patch says a part of the labels only. */
	if (!has_workloads(j, wish->file) || (is_labelled && is_part(j, wish->file)))
		return;
	if (is_labelled)
		report(j, wish->rule, &at, wish->by_kind, wish->by_name,
		       "no %s of what was checked has these labels",
		       wish->need == NEED_SERVICE ? "service" : "pod");
	else if (wish->need == NEED_OBJECT)
		report(j, wish->rule, &at, wish->by_kind, wish->by_name,
		       "there is no %s '%s' in what was checked",
		       *wish->kind ? wish->kind : "object", wish->name);
	else
		report(j, wish->rule, &at, wish->by_kind, wish->by_name,
		       "the %s '%s' has no key '%s'", wish->kind, wish->name, wish->key);
}

static bool is_same_folder(const struct judge *j, uint32_t a, uint32_t b)
{
	AUTOFREE char *folder_a = path_dir(lint_run_path(j->run, a));
	AUTOFREE char *folder_b = path_dir(lint_run_path(j->run, b));
	return str_equal(folder_a, folder_b);
}

static void judge_duplicate(const struct judge *j, const struct reference_fact *fact)
{
	AUTO(str) key = STR_INIT;
	str_addf(&key, "%s/%s", fact->kind, fact->name);
	const struct reference_list *node = map_get(&j->state->objects, key.ptr);
	for (; node; node = node->next) {
		const struct reference_fact *other = node->fact;
		if (other >= fact || other->is_generated || other->group != fact->group ||
		    other->namespace_ != fact->namespace_ ||
		    !is_same_folder(j, fact->file, other->file) || is_part(j, fact->file) ||
		    is_part(j, other->file))
			continue;
		report(j, DUPLICATE_OBJECT, fact, fact->kind, fact->name,
		       "%s '%s' is there already, in '%s'", fact->kind, fact->name,
		       lint_run_path(j->run, other->file));
		return;
	}
}

/* Its selector takes the pods of another workload of the same folder. */
static void judge_overlap(const struct judge *j, const struct reference_fact *fact)
{
	const char *first = fact->selector ? first_label(fact->selector) : NULL;
	if (!first || !str_equal(fact->group, "apps"))
		return;
	const struct reference_list *node = map_get(&j->state->pods, first);
	for (; node; node = node->next) {
		const struct reference_fact *other = node->fact;
		bool is_itself = str_equal(other->name, fact->name) && other->kind == fact->kind;
		if (is_itself || other->namespace_ != fact->namespace_ ||
		    !str_equal(other->group, "apps") || !selects(fact->selector, other->pods) ||
		    !is_same_folder(j, fact->file, other->file) || is_part(j, other->file) ||
		    is_part(j, fact->file))
			continue;
		report(j, SELECTOR_OVERLAP, fact, fact->kind, fact->name,
		       "its selector also takes the pods of %s '%s'", other->kind, other->name);
		return;
	}
}

static void judge_fact(const struct judge *j, const struct reference_fact *fact)
{
	if (fact->is_generated)
		return;
	judge_duplicate(j, fact);
	judge_overlap(j, fact);
	if (str_equal(fact->kind, "ConfigMap") && !*fact->group &&
	    !map_has(&j->state->used_maps, fact->name) && has_workloads(j, fact->file))
		report(j, UNUSED_CONFIG_MAP, fact, fact->kind, fact->name,
		       "nothing that was checked uses this ConfigMap");
}

/*
 * Namespaces with pods and without a network policy, told at the first workload. Where there is no
 * policy at all, they live elsewhere.
 */
static void judge_policies(const struct judge *j)
{
	struct map covered = MAP_INIT;
	for (size_t i = 0; i < j->state->facts.len; i++)
		if (str_ends(j->state->facts.ptr[i].kind, "NetworkPolicy"))
			map_set(&covered, j->state->facts.ptr[i].namespace_, j->state);
	/* One without a namespace gets it later; one for the cluster covers all. */
	bool is_told = covered.len > 0 && !map_has(&covered, "");
	for (size_t k = 0; k < j->state->facts.len && is_told; k++) {
		const struct reference_fact *fact = &j->state->facts.ptr[k];
		if (!fact->pods || !*fact->namespace_ || map_has(&covered, fact->namespace_))
			continue;
		map_set(&covered, fact->namespace_, j->state);
		report(j, NO_NETWORK_POLICY, fact, fact->kind, fact->name,
		       "the namespace '%s' has pods and no network policy", fact->namespace_);
	}
	map_clear(&covered);
}

void references_judge(struct lint_run *run, struct references *state, const struct lint_rule *rules)
{
	const struct judge j = { run, state, rules };
	if (state->facts.len)
		qsort(state->facts.ptr, state->facts.len, sizeof(state->facts.ptr[0]),
		      facts_by_place);
	if (state->wishes.len)
		qsort(state->wishes.ptr, state->wishes.len, sizeof(state->wishes.ptr[0]),
		      wishes_by_place);
	index_facts(state);
	for (size_t i = 0; i < state->wishes.len; i++)
		judge_wish(&j, &state->wishes.ptr[i]);
	for (size_t k = 0; k < state->facts.len; k++)
		judge_fact(&j, &state->facts.ptr[k]);
	judge_policies(&j);
}
