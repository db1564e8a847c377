/* fettle config rm: remove keys. */
#include "base/base.h"

#include "base/vec.h"
#include "config_common.h"
#include "pal/clock.h"

struct rm_args {
	struct strs keys;
	struct config_source_args source;
};

static const struct cli_opt opts[] = { { CLI_ARGS(struct rm_args, keys), .arg = "key",
	                                 .help = "paths below the source", .flags = CLI_REQUIRED },
	                               CONFIG_SOURCE_OPTS(struct rm_args, source),
	                               CLI_END };

static const struct cli_example examples[] = {
	{ "two keys at once", "fettle config rm old/a old/b --from etcd://127.0.0.1:2379/shop" },
	{ NULL, NULL }
};

static err *run_rm(struct cli_ctx *ctx, const void *data)
{
	const struct rm_args *args = data;
	AUTO(config_source) source = { 0 };
	VEC(struct kv_change) changes = VEC_INIT;
	TRY(config_source_open(ctx, &args->source, &source));
	for (size_t i = 0; i < args->keys.len; i++)
		vec_push(&changes, ((struct kv_change){ .path = args->keys.ptr[i],
		                                        .is_removal = true,
		                                        .version = KV_ANY_VERSION }));
	err *e = kv_change(source.kv, changes.ptr, changes.len, deadline_after(source.timeout_ms));
	if (!e)
		ui_info(ctx->ui, "removed %zu key%s from '%s'", changes.len,
		        changes.len == 1 ? "" : "s", kv_display(source.kv));
	vec_clear(&changes);
	return e;
}

const struct cli_cmd cmd_config_rm = {
	.name = "rm",
	.brief = "remove keys",
	.about = "Remove keys from a source, all or none where the source can do that.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config set, config list",
	.args_size = sizeof(struct rm_args),
	.run = run_rm,
};
