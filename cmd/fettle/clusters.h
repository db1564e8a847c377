/*
 * An environment of several clusters: the command runs once for each, side by side and each in a process of its
 * own, so that whatever happens to one cluster, the others are not touched by it.
 */
#ifndef FETTLE_CLUSTERS_H
#define FETTLE_CLUSTERS_H

#include "session.h"

struct clusters_run {
	bool asks;       /* it changes something: show the plans of all first, then ask once */
	bool wants_json; /* one object "fettle.clusters/1" with what each of them would print */
};

/*
 * Does the environment have several, and did nobody choose? Then clusters_run is the command. The exit code
 * is the worst of them.
 */
bool clusters_are_many(const struct session *session);
NODISCARD err *clusters_run(struct session *session, struct cli_ctx *ctx,
                            const struct clusters_run *how);

#endif
