#include "base/base.h"

#include "inventory/private.h"

static const char *const action_names[] = {
	[INV_CREATE] = "create", [INV_UPDATE] = "update", [INV_ADOPT] = "adopt",
	[INV_RECORD] = "record", [INV_DELETE] = "delete", [INV_FORGET] = "forget",
};
static const char *const state_names[] = {
	[INV_APPLIED] = "applied",
	[INV_PENDING_CREATE] = "pending-create",
	[INV_PENDING_UPDATE] = "pending-update",
	[INV_PENDING_DELETE] = "pending-delete",
};
static const char *const result_names[] = {
	[INV_RUNNING] = "running",         [INV_OK] = "ok",
	[INV_PARTIAL] = "partial",         [INV_RUN_FAILED] = "failed",
	[INV_INTERRUPTED] = "interrupted",
};
static const char *const outcome_names[] = {
	[INV_PENDING] = "pending", [INV_DONE] = "done",       [INV_FAILED] = "failed",
	[INV_UNKNOWN] = "unknown", [INV_SKIPPED] = "skipped",
};
static const char *const origin_names[] = {
	[INV_CREATED] = "created",
	[INV_ADOPTED] = "adopted",
};

const char *inv_action_name(enum inv_action action)
{
	return action_names[action];
}

const char *inv_state_name(enum inv_state state)
{
	return state_names[state];
}

const char *inv_result_name(enum inv_result result)
{
	return result_names[result];
}

const char *inv_outcome_name(enum inv_outcome outcome)
{
	return outcome_names[outcome];
}

const char *inv_origin_name(enum inv_origin origin)
{
	return origin_names[origin];
}

static err *parse(const char *name, const char *const *names, size_t count, int *ret_index)
{
	for (size_t i = 0; i < count; i++)
		if (name && str_equal(name, names[i])) {
			*ret_index = (int)i;
			return NULL;
		}
	return err_new(ERR_CORRUPT, "cannot read the state file: it contains the unknown word '%s'",
	               name ? name : "NULL");
}

#define DEFINE_PARSE(what, type)                                                 \
	err *inv_parse_##what(const char *name, enum type *ret_value)            \
	{                                                                        \
		int index = 0;                                                   \
		TRY(parse(name, what##_names, ARRAY_LEN(what##_names), &index)); \
		*ret_value = (enum type)index;                                   \
		return NULL;                                                     \
	}

DEFINE_PARSE(action, inv_action)
DEFINE_PARSE(state, inv_state)
DEFINE_PARSE(result, inv_result)
DEFINE_PARSE(outcome, inv_outcome)
DEFINE_PARSE(origin, inv_origin)
