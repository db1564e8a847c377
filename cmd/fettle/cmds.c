#include "base/base.h"

#include "cmds.h"

/* The order is the order of the overview; a command's group is in its own table. */
/* clang-format off */
static const struct cli_cmd *const cmds[] = {
	&cmd_init,
	&cmd_lint,
	&cmd_render,
	&cmd_diff,
	&cmd_apply,
	&cmd_adopt,
	&cmd_status,
	&cmd_history,
	&cmd_rollback,
	&cmd_config,
	&cmd_vault,
	&cmd_doctor,
	&cmd_settings,
	&cmd_completion,
	&cmd_help,
	&cmd_version,
	&cmd_check,
	&cmd_complete,
	&cmd_gen,
	&cmd_spec,
	NULL,
};
/* clang-format on */

static const struct cli_example examples[] = {
	{ "a project that works at once, then what it would do here",
	  "fettle init shop && cd shop && fettle diff" },
	{ "make the machine match, after showing the plan", "fettle apply" },
	{ "from a git repository, into a folder, without asking",
	  "fettle apply https://example.com/ops.git?ref=main --root ./sandbox --yes" },
	{ NULL, NULL },
};

const struct cli_program fettle_program = {
	.name = "fettle",
	.version = FETTLE_VERSION,
	.brief = "make a machine match what is in a repository",
	.cmds = cmds,
	.globals = global_opts,
	.globals_size = sizeof(struct globals),
	.examples = examples,
};
