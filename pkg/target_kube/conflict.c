#include "base/base.h"

#include "target_kube/conflict.h"

bool conflict_is_fields(const struct kube_status *status)
{
	if (status->code != 409 || status->cause_count == 0)
		return false;
	for (size_t i = 0; i < status->cause_count; i++)
		if (!str_equal(status->causes[i].reason, "FieldManagerConflict"))
			return false;
	return true;
}

/* ".spec.replicas" → "spec.replicas" */
static const char *plain_field(const struct kube_cause *cause)
{
	return *cause->field == '.' ? cause->field + 1 : cause->field;
}

/* `conflict with "kubectl-edit" using apps/v1 at 2026-…` → what stands behind "with". */
static const char *owner_text(const struct kube_cause *cause)
{
	static const char prefix[] = "conflict with ";
	return str_starts(cause->message, prefix) ? cause->message + sizeof(prefix) - 1
	                                          : cause->message;
}

/* `"kubectl-edit" using apps/v1 at 2026-…` */
void conflict_manager(const struct kube_cause *cause, struct str *out)
{
	const char *text = owner_text(cause), *end = *text == '"' ? strchr(text + 1, '"') : NULL;
	if (end)
		str_add(out, text + 1, (size_t)(end - text) - 1);
}

static bool is_autoscaled(const struct kube_cause *cause)
{
	return str_ends(cause->field, "replicas") &&
	       (strstr(cause->message, "subresource \"scale\"") != NULL ||
	        strstr(cause->message, "horizontal-pod-autoscaler") != NULL ||
	        strstr(cause->message, "kube-controller-manager") != NULL);
}

err *conflict_error(const struct object *object, const struct kube_status *status)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) fields = STR_INIT;
	bool has_autoscaler = false;
	for (size_t i = 0; i < status->cause_count; i++) {
		const struct kube_cause *cause = &status->causes[i];
		str_addf(&text, "%s%s is owned by %s", i ? "; " : "", plain_field(cause),
		         owner_text(cause));
		str_addf(&fields, "%s--take-over '%s'", i ? " " : "", plain_field(cause));
		has_autoscaler = has_autoscaler || is_autoscaled(cause);
	}
	err *e = object_error(object, ERR_CONFLICT, "%s", text.ptr);
	if (has_autoscaler)
		e = err_hint(e, "an autoscaler, or 'kubectl scale', sets the replicas: remove the field from "
		             "the manifest, and it keeps them");
	return err_hint(e, "remove the field from the manifest, or write the live value to own it "
	                "together, or take it with %s", fields.ptr);
}

static bool is_covered(const char *field, const char *const *take_over)
{
	for (const char *const *at = take_over; at && *at; at++) {
		size_t len = strlen(*at);
		if (str_equal(*at, "*"))
			return true;
		if (strncmp(field, *at, len) == 0 &&
		    (field[len] == '\0' || field[len] == '.' || field[len] == '['))
			return true;
	}
	return false;
}

bool conflict_is_covered(const struct kube_status *status, const char *const *take_over)
{
	for (size_t i = 0; i < status->cause_count; i++)
		if (!is_covered(plain_field(&status->causes[i]), take_over))
			return false;
	return status->cause_count > 0;
}

/* What API servers say of fields that cannot change; there is no reason of its own for it. */
static const char *const immutable_texts[] = {
	"field is immutable", "is immutable", "updates to statefulset spec for fields other than",
	"may not be changed", "may not change once set", "cannot be changed", "can not be changed",
	"cannot change roleRef", "is immutable after creation",
	"spec is immutable", "pod updates may not change fields other than", "is forbidden after creation",
};

bool conflict_is_immutable(const struct kube_status *status)
{
	if (status->code != 422 || status->cause_count == 0)
		return false;
	for (size_t i = 0; i < status->cause_count; i++) {
		bool is_known = false;
		for (size_t k = 0; k < ARRAY_LEN(immutable_texts); k++)
			is_known = is_known || strstr(status->causes[i].message, immutable_texts[k]);
		if (!is_known)
			return false;
	}
	return true;
}
