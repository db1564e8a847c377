/*
 * The options that decide what may be deleted, the same for diff, apply and rollback.
 */
#ifndef FETTLE_PRUNE_ARGS_H
#define FETTLE_PRUNE_ARGS_H

#include "session.h"

struct prune_args {
	bool prune;
	bool prune_changed;
	const char *max_deletions;
};

#define PRUNE_OPTS(args_type)                                                                      \
	{ CLI_FLAG(args_type, prune.prune), .name = "prune",                                       \
	  .help = "delete recorded objects that are no longer in the source" },                    \
	{ CLI_FLAG(args_type, prune.prune_changed), .name = "prune-changed",                       \
	  .help = "delete them also when somebody changed them since" },                           \
	{ CLI_STR(args_type, prune.max_deletions), .name = "max-deletions", .arg = "limit",        \
	  .help = "refuse to delete more: a number or a percentage",                               \
	  .details = "Without it 10 objects or 20 % of the recorded ones may go, whichever is "    \
	             "more.",                                                                      \
	  .setting = "prune.maxDeletions" }

/*
 * Command line and variables, then the environment, then settings files, then the defaults. USAGE for
 * a bad limit.
 */
NODISCARD err *prune_options(const struct prune_args *args, const struct session *session,
                             struct plan_options *options);

#endif
