#include "base/base.h"

#include "target_kube/tree.h"

#include "pal/clock.h"

enum { MAX_DEPTH = 8 };

/* Kinds that are looked through. A replica set that is scaled to nothing is only history. */
static const char *const kinds[][2] = {
	{ "apps", "Deployment" },
	{ "apps", "StatefulSet" },
	{ "apps", "DaemonSet" },
	{ "apps", "ReplicaSet" },
	{ "batch", "CronJob" },
	{ "batch", "Job" },
	{ "", "Pod" },
};

struct node {
	const char *display, *note;
	bool is_trouble;
	const char *uid;
	struct node *next; /* of the same owner */
};

struct tree {
	const struct kube_resource *resource; /* that is being listed */
	struct kube_target *kt;
	struct arena arena;
	struct map namespaces; /* listed ones */
	struct map by_owner; /* by uid: the last struct node * of a ring, so that the order stays */
};

/* --- lists --- */

static const char *note_of(struct tree *tree, const struct val *item, bool *ret_is_trouble)
{
	AUTO(str) text = STR_INIT;
	const char *container;
	struct health health;
	struct health_options options = { .jobs_may_run = true,
		                          .now_ms = clock_wall_ns() / CLOCK_NS_PER_MS };
	bool is_pod = str_equal(tree->resource->kind, "Pod");
	if (is_pod && health_pod_trouble(item, options.now_ms, &text, &container)) {
		*ret_is_trouble = true;
		return arena_strdup(&tree->arena, text.ptr);
	}
	health_of(item, &options, &health);
	*ret_is_trouble = health.state == HEALTH_FAILED;
	return arena_printf(&tree->arena, "%s%s%s", health_state_name(health.state),
	                    *health.text ? ": " : "", health.text);
}

static bool is_history(const struct tree *tree, const struct val *item)
{
	return str_equal(tree->resource->kind, "ReplicaSet") &&
	       val_get_int(val_get(item, "spec"), "replicas", 1) == 0;
}

static void add_node(struct tree *tree, const char *owner, struct node *node)
{
	struct node *last = map_get(&tree->by_owner, owner);
	node->next = last ? last->next : node;
	if (last)
		last->next = node;
	map_set(&tree->by_owner, owner, node);
}

static err *take_item(void *context, const struct val *item)
{
	struct tree *tree = context;
	const struct val *metadata = val_get(item, "metadata"), *owner;
	if (is_history(tree, item))
		return NULL;
	for (VAL_EACH_ITEM(i, owner, val_get(metadata, "ownerReferences"))) {
		struct node *node = ARENA_NEW(&tree->arena, struct node);
		node->uid = arena_strdup(&tree->arena, val_get_str(metadata, "uid", ""));
		node->display = arena_printf(&tree->arena, "%s/%s", tree->resource->kind,
		                             val_get_str(metadata, "name", ""));
		node->note = note_of(tree, item, &node->is_trouble);
		add_node(tree, val_get_str(owner, "uid", ""), node);
		break; /* one place in the tree is enough */
	}
	return NULL;
}

/* What we may not see, or what the server does not have, is not in the tree. */
static err *list_kind(struct tree *tree, const char *const kind[2], const char *name_space)
{
	struct kube_selection selection = { .name_space = name_space };
	err *e = kube_resource_find(tree->kt->kube, kind[0], NULL, kind[1], &tree->resource);
	selection.resource = tree->resource;
	if (!e)
		e = kube_list(tree->kt->kube, &selection, take_item, NULL, tree, NULL);
	if (err_is(e, ERR_DENIED) || err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "a smaller tree");
		return NULL;
	}
	return e;
}

static err *list_namespace(struct tree *tree, const char *name_space)
{
	if (map_get(&tree->namespaces, name_space))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		TRY(list_kind(tree, kinds[i], name_space));
	map_set(&tree->namespaces, name_space, tree);
	return NULL;
}

/* --- the walk --- */

struct walk {
	const struct tree *tree;
	void (*each)(void *context, const struct target_child *child);
	void *context;
};

static void tell(const struct walk *walk, const char *owner, unsigned depth)
{
	const struct node *last = map_get(&walk->tree->by_owner, owner), *node = last;
	if (!last || depth > MAX_DEPTH)
		return;
	do {
		node = node->next;
		const struct target_child child = { node->display, node->note, depth,
			                            node->is_trouble };
		walk->each(walk->context, &child);
		tell(walk, node->uid, depth + 1);
	} while (node != last);
}

/* Kinds of Kubernetes itself whose objects are what they are; custom ones may be behind anything. */
static bool may_have_children(const struct kube_resource *resource)
{
	const char *group = resource->group;
	bool is_custom = strchr(group, '.') && !str_ends(group, ".k8s.io");
	return resource->is_namespaced &&
	       (str_equal(group, "apps") || str_equal(group, "batch") || is_custom ||
	        str_equal(resource->kind, "ReplicationController"));
}

err *tree_children(struct target *target, const struct target_record *record,
                   void (*each)(void *context, const struct target_child *child), void *context)
{
	struct kube_target *kt = kube_of(target);
	const struct kube_resource *resource;
	struct live *live;
	AUTO(str) path = STR_INIT;
	TRY(kube_look_removal(kt, record, &live));
	if (live->state == LIVE_ABSENT)
		return NULL;
	TRY(kube_record_path(kt, record->key, &resource, &path));
	if (!may_have_children(resource))
		return NULL;
	if (!kt->tree) {
		kt->tree = MEM_NEW(struct tree);
		kt->tree->kt = kt;
	}
	TRY(list_namespace(kt->tree,
	                   val_get_str(val_get(live->object, "metadata"), "namespace", "")));
	struct walk walk = { kt->tree, each, context };
	tell(&walk, live->uid, 1);
	return NULL;
}

void tree_free(struct kube_target *kt)
{
	if (!kt->tree)
		return;
	map_clear(&kt->tree->namespaces);
	map_clear(&kt->tree->by_owner);
	arena_clear(&kt->tree->arena);
	mem_free(kt->tree);
	kt->tree = NULL;
}
