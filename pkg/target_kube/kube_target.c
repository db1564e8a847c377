#include "base/base.h"

#include "target_kube/internal.h"

#include "target_kube/applyset.h"
#include "target_kube/custom.h"
#include "target_kube/order.h"
#include "target_kube/state.h"
#include "target_kube/tree.h"

enum { CONCURRENCY = 100 };

static int removal_rank(const struct target_record *record)
{
	const char *key = record->key, *slash = strchr(key, '/'), *end = slash ? strchr(slash + 1, '/') : NULL;
	if (!end)
		return 0;
	AUTOFREE char *group = mem_strndup(key, (size_t)(slash - key));
	AUTOFREE char *kind = mem_strndup(slash + 1, (size_t)(end - slash - 1));
	return order_removal_rank(group, kind);
}

static void close_target(struct target *target)
{
	if (!target)
		return;
	struct kube_target *kt = kube_of(target);
	follow_free(kt->follow);
	ready_free(kt->ready);
	kube_state_free(kt->state);
	kube_close(kt->kube);
	map_clear(&kt->removals);
	map_clear(&kt->told);
	custom_forget(kt);
	tree_free(kt);
	arena_clear(&kt->live_arena);
	mutex_free(kt->mutex);
	arena_clear(&kt->arena);
	mem_free(kt);
}

static const struct target_ops kube_ops = {
	.name = "kubernetes",
	.concurrency = CONCURRENCY,
	.handles = kube_handles,
	.compile = kube_compile,
	.link = kube_link,
	.prepare = kube_prepare,
	.plan = kube_plan,
	.plan_removal = kube_plan_removal,
	.apply = kube_apply,
	.remove = kube_remove,
	.await = kube_await,
	.snapshot = kube_snapshot,
	.removal_rank = removal_rank,
	.inspect = kube_inspect,
	.children = tree_children,
	.follow = kube_follow,
	.state_load = kube_state_load,
	.state_save = kube_state_save,
	.close = close_target,
};

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

static const char *const *copy_list(struct arena *a, const char *const *list)
{
	size_t count = 0;
	while (list && list[count])
		count++;
	if (count == 0)
		return NULL;
	const char **copies = arena_zalloc(a, count + 1, sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_strdup(a, list[i]);
	return copies;
}

static void copy_options(struct kube_target *kt, const struct kube_target_options *options)
{
	struct arena *a = &kt->arena;
	kt->options = *options;
	kt->options.kubeconfig = copy(a, options->kubeconfig);
	kt->options.context = copy(a, options->context);
	kt->options.name_space = copy(a, options->name_space);
	kt->options.as_user = copy(a, options->as_user);
	kt->options.as_groups = copy_list(a, options->as_groups);
	kt->options.take_over = copy_list(a, options->take_over);
	kt->options.replace = copy_list(a, options->replace);
	kt->options.allow_delete = copy_list(a, options->allow_delete);
	kt->options.adopt_from = copy_list(a, options->adopt_from);
	kt->options.proxy = copy(a, options->proxy);
	kt->options.cache_dir = copy(a, options->cache_dir);
	kt->options.project = copy(a, options->project);
}

static void on_warning(void *context, const char *text)
{
	const struct target_context *outer = ((struct kube_target *)context)->target.context;
	const struct target_note note = { TARGET_NOTE_WARNING, NULL, NULL, text };
	if (outer->on_note)
		outer->on_note(outer->note_context, &note);
}

static err *connect(struct kube_target *kt)
{
	const struct kube_target_options *options = &kt->options;
	const struct target_context *context = kt->target.context;
	const struct kube_config_options where = { .kubeconfig = options->kubeconfig,
		                                   .context = options->context,
		                                   .name_space = options->name_space,
		                                   .as_user = options->as_user,
		                                   .as_groups = options->as_groups,
		                                   .proxy = options->proxy,
		                                   .no_input = options->no_input };
	TRY(kube_config_load(&where, &kt->arena, &kt->config));
	for (size_t i = 0; i < kube_config_warning_count(kt->config); i++)
		on_warning(kt, kube_config_warning(kt->config, i));
	const struct kube_options how = { .deadline_ns = context->deadline_ns,
		                          .cancel = context->cancel,
		                          .on_warning = on_warning,
		                          .context = kt,
		                          .cache_dir = options->cache_dir };
	return kube_open(kt->config, &how, &kt->kube);
}

static void name_set(struct kube_target *kt)
{
	AUTO(str) parent = STR_INIT;
	AUTO(str) id = STR_INIT;
	kt->name_space = kube_config_namespace(kt->config);
	kube_state_parent(kt->options.project, &parent);
	kt->parent = arena_strdup(&kt->arena, parent.ptr);
	applyset_id(kt->parent, kt->name_space, "Secret", "", &id);
	kt->set_id = arena_strdup(&kt->arena, id.ptr);
	kt->target.identity = arena_printf(&kt->arena, "kubernetes:%s/%s",
	                                   kube_config_server(kt->config), kt->name_space);
}

err *kube_target_open(const struct kube_target_options *options,
                      const struct target_context *context, struct target **ret_target)
{
	struct kube_target *kt = MEM_NEW(struct kube_target);
	kt->target.ops = &kube_ops;
	kt->target.context = context;
	kt->mutex = mutex_new();
	copy_options(kt, options);
	err *e = connect(kt);
	if (e) {
		close_target(&kt->target);
		return e;
	}
	kt->ready = ready_new(kt);
	name_set(kt);
	*ret_target = &kt->target;
	return NULL;
}
