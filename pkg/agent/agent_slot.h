/*
 * A fleet that reloads few at a time: a key at a source holds who is at it (`slots:` of a unit), by
 * compare-and-set. A slot that is not given back ends by itself.
 */
#ifndef AGENT_AGENT_SLOT_H
#define AGENT_AGENT_SLOT_H

#include "base/base.h"

#include "agent/agent_config.h"

#include <stdatomic.h>

struct agent_slot;

struct agent_slot_options {
	const struct agent_source *source;
	const struct kv_options *decrypt; /* may be NULL */
	const struct val *settings;       /* key, count, for */
	const char *unit;
	const atomic_int *cancel;
};

/*
 * Wait for a slot and take it; blocking, on a thread of the caller's, with a loop of its own. UNSUPPORTED when
 * the source cannot compare and set; UNAVAILABLE and the like when it cannot be asked, TIMEOUT after ten times the
 * time of a slot, CANCELLED.
 */
NODISCARD err *agent_slot_take(const struct agent_slot_options *options,
                               struct agent_slot **ret_slot);
/* Give it back, as far as that is possible. NULL is fine. */
void agent_slot_give(struct agent_slot *slot);

#endif
