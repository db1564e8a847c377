/*
 * The programs that units of an agent run (`run:`): started when a unit stands on good content for the first
 * time, restarted or signalled at each reload, started again when they die, ended with the agent.
 */
#ifndef FETTLE_CONFIG_CHILDREN_H
#define FETTLE_CONFIG_CHILDREN_H

#include "base/base.h"

#include "agent/agent.h"
#include "ui/ui.h"

struct children;
struct loop;

/* HUP comes to on_hup; INT and TERM end the programs, then the loop; other signals are passed on. */
struct children_options {
	struct loop *loop;
	const struct agent_config *config;
	struct ui *ui;
	void (*on_hup)(void *ctx);
	void *ctx;
};

/* Does any unit run a program? */
bool children_are_wanted(const struct agent_config *config);
/* INVALID with place for a signal there is none of. Nothing runs yet. */
NODISCARD err *children_new(const struct children_options *options, struct children **ret_children);
/* From now on children_reload fails; before agent_free, which waits for reloads. */
void children_end(struct children *children);
void children_free(struct children *children); /* NULL is fine; ends what still runs */

/* For agent_options, from the thread of a reload. */
NODISCARD err *children_reload(void *children, const char *unit);
NODISCARD err *children_is_alive(void *children, const char *unit);
/* The unit stands on good content; from the loop. */
void children_settled(struct children *children, const char *unit);

size_t children_count(const struct children *children);
/* Name of its unit; *ret_pid 0: it does not run. */
const char *children_at(struct children *children, size_t index, int64_t *ret_pid);

#endif
