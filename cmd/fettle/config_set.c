/* fettle config set: change one key. */
#include "base/base.h"

#include "base/limits.h"
#include "config_common.h"
#include "crypto/secret.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/term.h"

struct set_args {
	const char *key, *value_file;
	int64_t version;
	bool exact;
	struct config_source_args source;
};

enum { NOT_GIVEN = -1 };

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct set_args, key), .arg = "key", .help = "its path below the source: db/host",
	  .flags = CLI_REQUIRED },
	{ CLI_STR(struct set_args, value_file), .name = "value-file", .arg = "file",
	  .help = "read the value from this file instead of the terminal or standard input",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct set_args, exact), .name = "exact",
	  .help = "keep a line end at the end of the value", .flags = CLI_NO_NEGATION },
	{ CLI_INT(struct set_args, version), .name = "if-version", .arg = "n",
	  .help = "only if it has this version still; 0: if there is no such key", .def = "-1",
	  .min = -1, .max = INT64_MAX },
	CONFIG_SOURCE_OPTS(struct set_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "from standard input",
	  "printf 10 | fettle config set pool/size --from etcd://127.0.0.1:2379/shop" },
	{ "only if nobody was faster",
	  "fettle config set a --if-version 42 --value-file a.txt --from main" },
	{ NULL, NULL }
};

static err *read_value(const struct set_args *args, struct str *value)
{
	if (args->value_file)
		TRY(fs_read_file(args->value_file, KV_MAX_VALUE_BYTES, value));
	else if (term_is_terminal(0))
		return err_hint(err_new(ERR_USAGE, "the value comes from standard input or a file"),
		                "printf VALUE | fettle config set %s", args->key);
	else
		TRY(fs_read_stdin(KV_MAX_VALUE_BYTES, value));
	if (!args->exact && value->len && value->ptr[value->len - 1] == '\n')
		str_truncate(value, value->len - 1);
	return NULL;
}

static err *run_set(struct cli_ctx *ctx, const void *data)
{
	const struct set_args *args = data;
	AUTO(config_source) source = { 0 };
	AUTO(str) value = STR_INIT;
	TRY(config_source_open(ctx, &args->source, &source));
	TRY(read_value(args, &value));
	struct kv_change change = { .path = args->key,
		                    .value = view_str(&value),
		                    .version = args->version == NOT_GIVEN
		                                       ? KV_ANY_VERSION
		                                       : (uint64_t)args->version };
	err *e = kv_change(source.kv, &change, 1, deadline_after(source.timeout_ms));
	secret_wipe(value.ptr, value.len);
	if (!e)
		ui_info(ctx->ui, "set '%s' in '%s'", args->key, kv_display(source.kv));
	return e;
}

const struct cli_cmd cmd_config_set = {
	.name = "set",
	.brief = "change the value of one key",
	.about =
		"Write a value from standard input or a file. It cannot be given as an argument: those can be "
		"seen by everybody on the machine. With --if-version it is written only if nobody changed it "
		"since that version, which `config get --output json` shows. One line end at the end of the "
		"value is cut off.",
	.examples = examples,
	.opts = opts,
	.exits = config_exits,
	.see_also = "config get, config rm",
	.args_size = sizeof(struct set_args),
	.run = run_set,
};
