#include "base/base.h"

#include "prune_args.h"

err *prune_options(const struct prune_args *args, const struct session *session,
                   struct plan_options *options)
{
	const struct environment *environment = session->environment;
	bool is_said = cli_is_given(session->parsed, "prune");
	options->prune = args->prune || (!is_said && environment && environment->prune);
	options->prune_changed = args->prune_changed;
	options->max_deletions = DELETION_LIMIT_DEFAULT;
	bool environment_decides =
		environment && environment->has_max_deletions &&
		!session_overrides(session, "max-deletions", SETTING_PRUNE_MAX_DELETIONS);
	if (environment_decides)
		options->max_deletions = environment->max_deletions;
	else if (args->max_deletions &&
	         !deletion_limit_parse(args->max_deletions, &options->max_deletions))
		return err_hint(err_new(ERR_USAGE, "'%s' is no limit for --max-deletions",
		                        args->max_deletions),
		                "write a number such as 25, or a percentage such as 20%%");
	if (args->prune_changed && !options->prune)
		return err_hint(err_new(ERR_USAGE, "--prune-changed goes with --prune"),
		                "add --prune");
	return NULL;
}
