/* fettle render: the manifests as they would be applied. */
#include "base/base.h"

#include "json/json.h"
#include "pal/fs.h"
#include "session.h"
#include "yaml/yaml.h"

struct render_args {
	struct where_args where;
	int output;
	int64_t timeout_ms;
	bool show_secrets;
	const char *out;
};

static const struct cli_choice formats[] = {
	{ "yaml", OUT_YAML, "one document per object" },
	{ "json", OUT_JSON, "one list" },
	{ NULL, 0, NULL }
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct render_args),
	WHERE_OPTS(struct render_args),
	{ CLI_ENUM(struct render_args, output, formats), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "yaml" },
	{ CLI_STR(struct render_args, out), .letter = 'O', .name = "out", .arg = "file",
	  .help = "write here instead of standard output; only the owner can read it",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct render_args, show_secrets), .name = "show-secrets",
	  .help = "do not hide values; on a terminal, or with --out", .flags = CLI_NO_NEGATION },
	{ CLI_DURATION(struct render_args, timeout_ms), .name = "timeout", .arg = "duration",
	  .help = "deadline for the whole run", .setting = "apply.timeout" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "what would be applied, with every content in line", "fettle render ./manifests" },
	{ "the same with the values of secrets, into a file of your own",
	  "fettle render ./manifests --show-secrets --out rendered.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "rendered" },
	{ 2, "bad usage, settings or manifests" },
	{ 3, "reading failed" },
	{ 4, "permission or authentication" },
	{ 5, "the source is refused" },
	{ 124, "the deadline passed" },
	{ 0, NULL }
};

static struct val *masked(struct arena *a, const struct val *v);

static struct val *masked_map(struct arena *a, const struct val *v)
{
	struct val *copy = val_new_map(a);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, v))
		val_setn(a, copy, entry->key, entry->key_len, masked(a, entry->value));
	return copy;
}

/* Every scalar below becomes the mark for a hidden value; keys stay. */
static struct val *masked(struct arena *a, const struct val *v)
{
	if (val_is(v, VAL_MAP))
		return masked_map(a, v);
	return val_new_str(a, UI_HIDDEN);
}

/* What was encrypted in a file is not known any more: all but the identity is hidden. */
static void mask_all(struct arena *a, struct val *doc)
{
	for (size_t i = 0; i < val_len(doc); i++) {
		const struct val_entry *entry = val_entry_at(doc, i);
		if (!str_equal(entry->key, "apiVersion") && !str_equal(entry->key, "kind") &&
		    !str_equal(entry->key, "metadata"))
			val_set(a, doc, entry->key, masked(a, entry->value));
	}
}

static void mask(struct arena *a, struct val *doc)
{
	static const char *const fields[] = { "data", "stringData", "spec" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (val_get(doc, fields[i]))
			val_set(a, doc, fields[i], masked(a, val_get(doc, fields[i])));
}

static err *render_object(struct session *session, const struct object *object, bool shows_secrets,
                          struct arena *arena, struct val **ret_doc)
{
	AUTO(str) text = STR_INIT;
	TRY(session->target->ops->snapshot(session->target, object, &text));
	TRY(json_load(text.ptr, text.len, object->display, arena, ret_doc));
	bool is_secret = str_equal(object->kind, "Secret") && !*object->group;
	if (shows_secrets)
		return NULL;
	if (object->is_decrypted && !is_secret)
		mask_all(arena, *ret_doc);
	else if (object->is_sensitive)
		mask(arena, *ret_doc);
	return NULL;
}

static err *write_out(struct session *session, const struct render_args *args, struct view text)
{
	if (args->out)
		return fs_write_atomic(args->out, text, 0600);
	ui_out_bytes(session->ui, text.ptr, text.len);
	return ui_flush(session->ui);
}

static err *print(struct session *session, const struct render_args *args)
{
	const struct object_set *set = &session->manifests.objects;
	struct arena arena = ARENA_INIT;
	struct val *list = val_new_list(&arena);
	err *e = NULL;
	for (size_t i = 0; i < set->len && !e; i++) {
		struct val *doc;
		e = render_object(session, set->items[i], args->show_secrets, &arena, &doc);
		if (!e)
			val_push(&arena, list, doc);
	}
	AUTO(str) text = STR_INIT;
	const struct val *doc;
	if (!e && args->output == OUT_JSON)
		json_write(list, JSON_PRETTY, &text);
	if (!e && args->output == OUT_YAML)
		for (VAL_EACH_ITEM(i, doc, list)) {
			str_addz(&text, i ? "---\n" : "");
			yaml_write(doc, &text);
		}
	arena_clear(&arena);
	if (!e)
		e = write_out(session, args, view_str(&text));
	mem_wipe(text.ptr, text.len);
	return e;
}

static err *render(struct session *session, const struct render_args *args)
{
	if (args->show_secrets && !args->out && !ui_out_is_terminal(session->ui))
		return err_hint(err_new(ERR_USAGE, "--show-secrets is for a terminal or a file"),
		                "name the file with --out");
	TRY(session_open_source(session));
	TRY(session_open_target(session, INV_READ_ONLY, NULL));
	TRY(session_compile(session));
	return print(session, args);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct render_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, args->timeout_ms);
	if (!e)
		e = render(&session, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_render = {
	.name = "render",
	.group = "See and change",
	.brief = "print the manifests as they would be applied",
	.about =
		"Read, check and print every object of a source in the order of its files, with the "
		"content of referenced files in line. Values of secrets are hidden unless "
		"--show-secrets is given. The target is "
		"not compared.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "diff, apply",
	.args_size = sizeof(struct render_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
