/* What an API server sends: events of a watch, statuses, field sets. */
#include "base/base.h"

#include "kube/kube_private.h"
#include "target_kube/fields.h"
#include "target_kube/health.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	enum kube_event event;
	const struct val *item = NULL;
	const char *why, *container;
	AUTO(str) text = STR_INIT;
	struct kube_response response = { .status = 409 };
	struct kube_status status;
	struct health health;
	const struct health_options options = { .now_ms = 1 };
	str_add(&response.body, (const char *)data, size);
	kube_status_parse(&response, &a, &status);
	err_ignore(kube_status_error(&status, "fuzz"), "only made");
	if (kube_watch_line((struct view){ (const char *)data, size }, &a, &event, &item) ==
	    KUBE_LINE_EVENT) {
		struct field_owner owners[2];
		(void)fields_prove_unchanged(item, item, &why);
		fields_owned_text(item, &text);
		(void)fields_owners(item, "spec.c[name=\"a\"].x", owners, 2);
		(void)fields_predict(&a, item, item);
		health_of(item, &options, &health);
		(void)health_pod_trouble(item, 1, &text, &container);
	}
	kube_response_clear(&response);
	arena_clear(&a);
	return 0;
}
