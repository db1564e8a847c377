/* fettle vault recipients exposure: what somebody could read, by the history of the repository. */
#include "base/base.h"

#include "vault_exposed.h"
#include "vault_names.h"

struct exposure_args {
	const char *who;
	int output;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct exposure_args, who), .arg = "name",
	  .help = "name from .sops-names.yaml, or the recipient itself", .flags = CLI_REQUIRED },
	{ CLI_ENUM(struct exposure_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = { { "what must be changed after a laptop was lost",
	                                         "fettle vault recipients exposure alice" },
	                                       { NULL, NULL } };

static const struct cli_exit exits[] = { { 0, "written" },
	                                 { 2, "bad usage, or a broken .sops.yaml" },
	                                 { 3, "no such name, no repository, or reading failed" },
	                                 { 0, NULL } };

static err *report(struct cli_ctx *ctx, const struct exposure_args *args,
                   struct vault_policy *policy)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	const char *recipient = args->who, *name = NULL;
	err *e = vault_policy_load(policy);
	if (!e) {
		TRY(vault_policy_resolve(policy, args->who, &recipient));
		name = vault_policy_name(policy, recipient);
	}
	err_ignore(e, "without names it must be the recipient");
	return vault_exposed_print(ctx, keys, recipient, name, args->output == OUT_JSON);
}

static err *run_exposure(struct cli_ctx *ctx, const void *data)
{
	struct vault_policy policy = VAULT_POLICY_INIT;
	err *e = report(ctx, data, &policy);
	vault_policy_clear(&policy);
	return e;
}

const struct cli_cmd cmd_vault_recipients_exposure = {
	.name = "exposure",
	.brief = "show what somebody could read, from which commit to which",
	.about =
		"Go through all commits of all branches and list every value that was encrypted for somebody, "
		"the first and the last commit in which they could read it, and whether it is the same today: "
		"those secrets must be changed where they are used. Values are compared in memory where a key "
		"at hand opens them, and are never shown.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault recipients remove",
	.args_size = sizeof(struct exposure_args),
	.run = run_exposure,
};
