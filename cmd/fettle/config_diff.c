/* fettle config diff: what two sources do not have in common. */
#include "base/base.h"

#include "config_common.h"
#include "json/json.h"
#include "pal/clock.h"

struct diff_args {
	const char *other, *path;
	int output;
	bool show_secrets;
	struct config_source_args source;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct diff_args, other), .arg = "source",
	  .help = "URL or name of the source to compare with", .flags = CLI_REQUIRED },
	{ CLI_ARG(struct diff_args, path), .arg = "path", .help = "only what is below this path" },
	{ CLI_FLAG(struct diff_args, show_secrets), .name = "show-secrets",
	  .help = "show values of keys that look secret", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct diff_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CONFIG_SOURCE_OPTS(struct diff_args, source),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "is what is committed what is live",
	  "fettle config diff etcd://127.0.0.1:2379/shop --from file:conf.d" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "they are the same" },
	                                 { 1, "they differ" },
	                                 { 2, "bad usage" },
	                                 { 3, "a source cannot be read" },
	                                 { 4, "a source refuses the credentials" },
	                                 { 124, "no answer in time" },
	                                 { 0, NULL } };

struct comparison {
	struct ui *ui;
	const struct diff_args *args;
	struct json_writer *json;
	size_t count;
};

static void add_json(struct comparison *c, const char *change, const char *key,
                     const struct kv_pair *before, const struct kv_pair *after)
{
	bool shows = c->args->show_secrets || !config_is_secret(key);
	json_begin_object(c->json);
	json_key_string(c->json, "change", change);
	json_key_string(c->json, "key", key);
	if (before && shows) {
		json_key(c->json, "before");
		json_textn(c->json, before->value, before->len);
	}
	if (after && shows) {
		json_key(c->json, "after");
		json_textn(c->json, after->value, after->len);
	}
	json_end_object(c->json);
}

static void add_text(struct comparison *c, const struct kv_pair *pair, char sign,
                     enum ui_style style)
{
	AUTO(str) value = STR_INIT;
	if (!pair)
		return;
	config_add_value(&value, pair, c->args->show_secrets);
	ui_out_styled(c->ui, style, "%c %s = %s", sign, pair->key, value.ptr);
	ui_out(c->ui, "\n");
}

static void compare_pair(struct comparison *c, const struct kv_pair *before,
                         const struct kv_pair *after)
{
	if (before && after &&
	    view_equal((struct view){ before->value, before->len },
	               (struct view){ after->value, after->len }))
		return;
	c->count++;
	if (c->json) {
		add_json(c,
		         !before  ? "added"
		         : !after ? "removed"
		                  : "changed",
		         (before ? before : after)->key, before, after);
		return;
	}
	add_text(c, before, '-', UI_STYLE_REMOVED);
	add_text(c, after, '+', UI_STYLE_ADDED);
}

/* Both are sorted: one walk. */
static void compare(struct comparison *c, const struct kv_set *before, const struct kv_set *after)
{
	size_t i = 0, k = 0;
	while (i < kv_set_len(before) || k < kv_set_len(after)) {
		const struct kv_pair *a = i < kv_set_len(before) ? kv_set_at(before, i) : NULL;
		const struct kv_pair *b = k < kv_set_len(after) ? kv_set_at(after, k) : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->key, b->key);
		compare_pair(c, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}

static err *read_one(struct cli_ctx *ctx, const struct diff_args *args, const char *name,
                     struct kv_set **ret_set)
{
	AUTO(config_source) source = { 0 };
	struct config_source_args named = args->source;
	if (name)
		named.from = name;
	TRY(config_source_open(ctx, &named, &source));
	return kv_read(source.kv, KV_TREE, args->path ? args->path : "",
	               deadline_after(source.timeout_ms), ret_set);
}

static err *run_diff(struct cli_ctx *ctx, const void *data)
{
	const struct diff_args *args = data;
	AUTO(str) text = STR_INIT;
	AUTOPTR(kv_set) before = NULL;
	AUTOPTR(kv_set) after = NULL;
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	struct comparison c = { ctx->ui, args, args->output == OUT_JSON ? &json : NULL, 0 };
	TRY(read_one(ctx, args, args->other, &before));
	TRY(read_one(ctx, args, NULL, &after));
	if (c.json)
		json_begin_array(c.json);
	compare(&c, before, after);
	if (c.json)
		json_end_array(c.json);
	ui_out_bytes(ctx->ui, text.ptr, text.len);
	if (c.count)
		ctx->exit_code = EXIT_CODE_NO;
	return NULL;
}

const struct cli_cmd cmd_config_diff = {
	.name = "diff",
	.brief = "show how two sources differ",
	.about =
		"Compare all keys below a path: what would have to change in SOURCE to be as --from is. Values of "
		"keys that look secret are hidden unless --show-secrets is given; a line still tells that they "
		"differ.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config list, config set",
	.args_size = sizeof(struct diff_args),
	.run = run_diff,
};
