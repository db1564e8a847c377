/* fettle config: configuration that stays hot in running processes. */
#include "base/base.h"

#include "cmds.h"

static const struct cli_cmd *const subcommands[] = {
	&cmd_config_run,
	&cmd_config_exec,
	&cmd_config_render,
	&cmd_config_explain,
	&cmd_config_get,
	&cmd_config_list,
	&cmd_config_set,
	&cmd_config_rm,
	&cmd_config_watch,
	&cmd_config_diff,
	&cmd_config_import,
	&cmd_config_history,
	NULL,
};

static const struct cli_example examples[] = {
	{ "the agent of a server", "fettle config run /etc/fettle/config.d" },
	{ "all keys below a path of etcd", "fettle config list --from etcd://127.0.0.1:2379/shop" },
	{ "what changes, as it changes",
	  "fettle config watch --from consul://127.0.0.1:8500/shop" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_config = {
	.name = "config",
	.group = "Keep configuration hot",
	.brief = "keep configuration hot, and change it at its source",
	.about =
		"Keep files of running programs as configuration centers say, and work with configuration "
		"where it lives: folders and documents, environment, HTTP, etcd, Consul and others. A source "
		"is a URL, or a name under `sources:` of a configuration file.",
	.examples = examples,
	.subcommands = subcommands,
};
