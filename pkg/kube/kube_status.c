/* metav1.Status, and answers that should be one. */
#include "base/base.h"

#include "json/json.h"
#include "kube/kube_private.h"

static void take_causes(const struct val *causes, struct arena *arena, struct kube_status *status)
{
	const struct val *cause;
	struct kube_cause *list = arena_zalloc(arena, val_len(causes) + 1, sizeof(*list));
	for (VAL_EACH_ITEM(i, cause, causes))
		list[status->cause_count++] = (struct kube_cause){
			.reason = val_get_str(cause, "reason", ""),
			.field = val_get_str(cause, "field", ""),
			.message = val_get_str(cause, "message", ""),
		};
	status->causes = list;
}

/* "404 page not found", or a proxy's page: its first line has to do. */
static void take_text(const struct kube_response *response, struct arena *arena,
                      struct kube_status *status)
{
	struct view rest = view_str(&response->body), line = { "", 0 };
	view_split(&rest, '\n', &line);
	size_t len = MIN(line.len, (size_t)200);
	status->message = len ? arena_strndup(arena, line.ptr, len)
	                      : arena_printf(arena, "the server answered %d", response->status);
}

void kube_status_parse(const struct kube_response *response, struct arena *arena,
                       struct kube_status *ret_status)
{
	struct val *root = NULL;
	*ret_status = (struct kube_status){ .code = response->status, .reason = "", .details_kind = "",
		                            .details_name = "", .details_group = "", .message = "" };
	if (response->status / 100 == 2)
		return;
	err *e = json_read(response->body.ptr ? response->body.ptr : "", response->body.len, "status",
	                   arena, &root);
	err_ignore(e, "then it is text");
	if (!str_equal(val_get_str(root, "kind", ""), "Status")) {
		take_text(response, arena, ret_status);
		return;
	}
	const struct val *details = val_get(root, "details");
	ret_status->reason = val_get_str(root, "reason", "");
	ret_status->message = val_get_str(root, "message", "");
	ret_status->details_kind = val_get_str(details, "kind", "");
	ret_status->details_name = val_get_str(details, "name", "");
	ret_status->details_group = val_get_str(details, "group", "");
	ret_status->retry_after_s = (int)val_get_int(details, "retryAfterSeconds", 0);
	take_causes(val_get(details, "causes"), arena, ret_status);
}

static enum err_kind kind_of(int code)
{
	switch (code) {
	case 400:
	case 422:
		return ERR_INVALID;
	case 401:
		return ERR_AUTH;
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 429:
		return ERR_UNAVAILABLE;
	default:
		return code >= 500 ? ERR_UNAVAILABLE : ERR_IO;
	}
}

err *kube_status_error(const struct kube_status *status, const char *what)
{
	err *e = err_new(kind_of(status->code), "%s: %s", what, status->message);
	if (status->code == 401)
		return err_hint(e, "the credentials of this context are missing or have expired");
	return e;
}
