/*
 * What a result must be beyond its syntax: valid by a JSON Schema (`schema:`), and without errors of `fettle
 * lint` (`lint:`). For swap_group.check, from any thread.
 */
#ifndef AGENT_AGENT_CHECK_H
#define AGENT_AGENT_CHECK_H

#include "base/base.h"

#include "agent/agent_config.h"
#include "swap/swap.h"

struct agent_check;

/* Reads the schema. *ret_check is NULL when nothing is asked for. INVALID with its place, NOT_FOUND. */
NODISCARD err *agent_check_new(const struct agent_template *config, struct agent_check **ret_check);
void agent_check_free(struct agent_check *check); /* NULL is fine */

/* INVALID with what is wrong; values are not shown. */
NODISCARD err *agent_check_file(const struct agent_check *check, const struct swap_file *file);

#endif
