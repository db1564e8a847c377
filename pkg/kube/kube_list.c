/* Consistent lists in pages; each page is read, handed out and gone. */
#include "base/base.h"

#include "json/json.h"
#include "kube/kube_private.h"

#define ACCEPT_METADATA                                                                            \
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

enum { DEFAULT_PAGE = 500, MOST_RESTARTS = 5 };

struct lister {
	struct kube *kube;
	const struct kube_selection *selection;
	err *(*on_item)(void *context, const struct val *item);
	void *context;
	struct str next;    /* continue token */
	struct str version;
};

void kube_selection_path(const struct kube_selection *selection, struct str *path)
{
	kube_resource_path(selection->resource, selection->name_space, NULL, path);
	if (selection->label_selector)
		kube_query_add(path, "labelSelector", selection->label_selector);
	if (selection->field_selector)
		kube_query_add(path, "fieldSelector", selection->field_selector);
}

/* Items of a list name neither apiVersion nor kind: their place says it. */
static const struct val *complete(const struct lister *l, struct arena *arena, const struct val *item)
{
	const struct kube_resource *r = l->selection->resource;
	if (l->selection->is_metadata_only || !val_is(item, VAL_MAP) || val_get(item, "kind"))
		return item;
	struct val *whole = (struct val *)(uintptr_t)item; /* built by us a moment ago */
	AUTOFREE char *api = *r->group ? str_format("%s/%s", r->group, r->version)
	                               : mem_strdup(r->version);
	val_set_str(arena, whole, "apiVersion", api);
	val_set_str(arena, whole, "kind", r->kind);
	return whole;
}

static err *take_page(struct lister *l, const struct kube_response *response, struct arena *arena)
{
	struct val *root = NULL;
	const struct val *item;
	TRY(json_read(response->body.ptr, response->body.len, "list of the API server", arena, &root));
	const struct val *metadata = val_get(root, "metadata");
	if (!val_is(val_get(root, "items"), VAL_LIST) && !val_is(metadata, VAL_MAP))
		return err_new(ERR_INVALID, "the API server answered with something that is no list");
	str_reset(&l->next);
	str_addz(&l->next, val_get_str(metadata, "continue", ""));
	str_reset(&l->version);
	str_addz(&l->version, val_get_str(metadata, "resourceVersion", ""));
	for (VAL_EACH_ITEM(i, item, val_get(root, "items")))
		TRY(l->on_item(l->context, complete(l, arena, item)));
	return NULL;
}

static err *get_page(struct lister *l, struct arena *arena, bool *ret_is_expired)
{
	AUTO(str) path = STR_INIT;
	struct kube_response response = { 0 };
	struct kube_status status;
	size_t size = l->selection->page_size ? l->selection->page_size : DEFAULT_PAGE;
	AUTOFREE char *limit = str_format("%zu", size);
	kube_selection_path(l->selection, &path);
	kube_query_add(&path, "limit", limit);
	if (l->next.len)
		kube_query_add(&path, "continue", l->next.ptr);
	const struct kube_request request = {
		.path = path.ptr,
		.accept = l->selection->is_metadata_only ? ACCEPT_METADATA : NULL,
	};
	TRY(kube_do(l->kube, &request, &response));
	err *e = NULL;
	*ret_is_expired = response.status == 410;
	if (response.status == 200) {
		e = take_page(l, &response, arena);
	} else if (!*ret_is_expired) {
		AUTOFREE char *what = str_format("cannot list %s", l->selection->resource->plural);
		kube_status_parse(&response, arena, &status);
		e = kube_status_error(&status, what);
	}
	kube_response_clear(&response);
	return e;
}

/* An expired token starts the list again: an inconsistent rest is no base for deleting anything. */
static err *list(struct lister *l, void (*on_restart)(void *context))
{
	unsigned restarts = 0;
	for (;;) {
		struct arena arena = ARENA_INIT;
		bool is_expired = false;
		err *e = get_page(l, &arena, &is_expired);
		arena_clear(&arena);
		TRY(e);
		if (!is_expired && !l->next.len)
			return NULL;
		if (!is_expired)
			continue;
		if (++restarts > MOST_RESTARTS)
			return err_new(ERR_UNAVAILABLE, "cannot list %s: the list expires again and again",
			               l->selection->resource->plural);
		str_reset(&l->next);
		if (on_restart)
			on_restart(l->context);
	}
}

err *kube_list(struct kube *kube, const struct kube_selection *selection,
               err *(*on_item)(void *context, const struct val *item),
               void (*on_restart)(void *context), void *context, struct str *ret_version)
{
	struct lister l = { .kube = kube, .selection = selection, .on_item = on_item,
		            .context = context };
	err *e = list(&l, on_restart);
	if (!e && ret_version) {
		str_reset(ret_version);
		str_add_str(ret_version, &l.version);
	}
	str_clear(&l.next);
	str_clear(&l.version);
	return e;
}
