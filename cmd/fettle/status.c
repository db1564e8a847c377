/* fettle status: what is recorded on a target, and whether it is still so. */
#include "base/base.h"

#include "base/vec.h"
#include "clusters.h"
#include "json/json.h"
#include "session.h"
#include "ui/table.h"

struct status_args {
	struct where_args where;
	int output;
	bool exit_zero;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct status_args),
	WHERE_OPTS(struct status_args),
	{ CLI_ENUM(struct status_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_FLAG(struct status_args, exit_zero), .name = "exit-zero",
	  .help = "exit with 0 also when something drifted" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "the environment prod of this project", "fettle status --env prod" },
	{ "by name, on a sandbox folder", "fettle status --name shop/dev --root ./sandbox" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "everything is as it was applied" },
	{ 1, "something drifted, is missing or was never finished" },
	{ 2, "bad usage or settings" },
	{ 3, "looking failed" },
	{ 4, "permission" },
	{ 0, NULL }
};

enum health { HEALTH_SYNCED, HEALTH_DRIFTED, HEALTH_MISSING, HEALTH_PENDING, HEALTH_COUNT };
static const char *const health_names[] = { "in sync", "drifted", "missing", "unfinished" };

static const char *const headings[] = { "OBJECT", "STATE", "RUN", "CHANGED", "LOCATION" };

struct object_status {
	enum health health;
	const char *note;
	VEC(struct target_child) children;
};

static void add_child(void *context, const struct target_child *child)
{
	struct object_status *status = context;
	vec_push(&status->children, *child);
}

static err *judge(struct session *session, const struct target_record *record,
                  struct object_status *ret_status)
{
	const char *live = "", *note = NULL;
	TRY(session->target->ops->inspect(session->target, record, &session->arena, &live, &note));
	enum health health = HEALTH_SYNCED;
	if (record->is_pending)
		health = HEALTH_PENDING;
	else if (!*live)
		health = HEALTH_MISSING;
	else if (!str_equal(live, record->fingerprint))
		health = HEALTH_DRIFTED;
	*ret_status = (struct object_status){ .health = health, .note = note };
	if (!session->target->ops->children || !*live)
		return NULL;
	return session->target->ops->children(session->target, record, add_child, ret_status);
}

static void print_children(struct ui_table *table, const struct object_status *status)
{
	for (size_t i = 0; i < status->children.len; i++) {
		const struct target_child *child = &status->children.ptr[i];
		ui_table_add(table, UI_PLAIN, "%*s%s", (int)child->depth * 2, "", child->display);
		ui_table_add(table, child->is_trouble ? UI_STYLE_ERROR : UI_PLAIN, "%s",
		             child->note);
		for (size_t column = 2; column < ARRAY_LEN(headings); column++)
			ui_table_add(table, UI_PLAIN, "%s", "");
	}
}

static void print_text(struct session *session, const struct object_status *status)
{
	static const enum ui_style styles[] = { UI_STYLE_SUCCESS, UI_STYLE_WARNING,
		                                UI_STYLE_ERROR, UI_STYLE_WARNING };
	AUTOPTR(ui_table) table = ui_table_new(ARRAY_LEN(headings), headings);
	for (size_t i = 0; i < session->records.len; i++) {
		const struct inv_object *object = session->records.objects[i];
		enum health health = status[i].health;
		ui_table_add(table, UI_PLAIN, "%s", object_key_text(&session->arena, object->key));
		ui_table_add(table, styles[health], "%s%s%s%s", health_names[health],
		             status[i].note ? " (" : "", status[i].note ? status[i].note : "",
		             status[i].note ? ")" : "");
		ui_table_add(table, UI_PLAIN, "%" PRId64, object->run);
		ui_table_add(table, UI_PLAIN, "%s", session_time_text(session, object->time_ms));
		ui_table_add(table, UI_STYLE_PATH, "%s", object->location ? object->location : "");
		print_children(table, &status[i]);
	}
	ui_table_print(session->ui, table);
}

/* Children of one object from the one at *i on; each with its own inside. */
static void write_children(struct json_writer *w, const struct object_status *status, size_t *i)
{
	unsigned depth = status->children.ptr[*i].depth;
	json_key(w, "children");
	json_begin_array(w);
	while (*i < status->children.len && status->children.ptr[*i].depth == depth) {
		const struct target_child *child = &status->children.ptr[(*i)++];
		json_begin_object(w);
		json_key_string(w, "object", child->display);
		json_key_string(w, "note", child->note);
		json_key_bool(w, "trouble", child->is_trouble);
		if (*i < status->children.len && status->children.ptr[*i].depth > depth)
			write_children(w, status, i);
		json_end_object(w);
	}
	json_end_array(w);
}

static void print_json(struct session *session, const struct object_status *status)
{
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.status/1");
	json_key_string(&w, "project", session->name);
	json_key_string(&w, "target", session->target->identity);
	json_key_string(&w, "source", inv_project_source(session->owned));
	json_key(&w, "objects");
	json_begin_array(&w);
	for (size_t i = 0; i < session->records.len; i++) {
		const struct inv_object *object = session->records.objects[i];
		json_begin_object(&w);
		json_key_string(&w, "key", object->key);
		json_key_string(&w, "object", object_key_text(&session->arena, object->key));
		json_key_string(&w, "state", health_names[status[i].health]);
		json_key_string(&w, "note", status[i].note);
		json_key_string(&w, "origin", inv_origin_name(object->origin));
		json_key_string(&w, "location", object->location);
		json_key_int(&w, "run", object->run);
		json_key_string(&w, "changed", session_time_text(session, object->time_ms));
		size_t child = 0;
		if (status[i].children.len)
			write_children(&w, &status[i], &child);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	ui_out_bytes(session->ui, text.ptr, text.len);
}

static void print_summary(struct session *session, const size_t counts[HEALTH_COUNT])
{
	if (session->records.len == 0) {
		ui_out(session->ui, "%s: nothing is recorded on %s\n", session->name,
		       session->target->identity);
		return;
	}
	ui_out(session->ui, "\n%s on %s:", session->name, session->target->identity);
	const char *separator = " ";
	for (size_t i = 0; i < HEALTH_COUNT; i++)
		if (counts[i] || i == HEALTH_SYNCED) {
			ui_out(session->ui, "%s%zu %s", separator, counts[i], health_names[i]);
			separator = ", ";
		}
	ui_out(session->ui, "\n");
}

/* What many looks have in common, at once: a list instead of a request for each. */
static err *prepare(struct session *session)
{
	struct object_set none;
	size_t len = session->records.len;
	const struct target_record **all = arena_zalloc(&session->arena, len + 1, sizeof(*all));
	if (!session->target->ops->prepare)
		return NULL;
	for (size_t i = 0; i < len; i++)
		all[i] = &session->records.items[i];
	object_set_init(&none);
	err *e = session->target->ops->prepare(session->target, &none, NULL, all, len);
	object_set_clear(&none);
	return e;
}

static err *judge_all(struct session *session, struct object_status *status,
                      size_t counts[HEALTH_COUNT])
{
	TRY(prepare(session));
	for (size_t i = 0; i < session->records.len; i++) {
		TRY(cancel_check(session->cancel));
		TRY(record_load_manifest(session->owned, &session->arena,
		                         &session->records.items[i]));
		TRY(judge(session, &session->records.items[i], &status[i]));
		counts[status[i].health]++;
	}
	return NULL;
}

static err *look(struct session *session, struct cli_ctx *ctx, const struct status_args *args)
{
	TRY(session_open_target(session, INV_READ_ONLY, NULL));
	TRY(records_load(&session->records, session->owned));
	struct object_status *status =
		arena_zalloc(&session->arena, session->records.len + 1, sizeof(*status));
	size_t counts[HEALTH_COUNT] = { 0 };
	err *e = judge_all(session, status, counts);
	if (!e && args->output == OUT_JSON) {
		print_json(session, status);
	} else if (!e) {
		print_text(session, status);
		print_summary(session, counts);
	}
	if (counts[HEALTH_SYNCED] < session->records.len && !args->exit_zero)
		ctx->exit_code = EXIT_CODE_NO;
	for (size_t i = 0; i < session->records.len; i++)
		vec_clear(&status[i].children);
	return e ? e : ui_flush(session->ui);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct status_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, 0);
	const struct clusters_run many = { .wants_json = args->output == OUT_JSON };
	if (!e && clusters_are_many(&session))
		e = clusters_run(&session, ctx, &many);
	else if (!e)
		e = look(&session, ctx, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_status = {
	.name = "status",
	.group = "Afterwards",
	.brief = "show health and drift of what was applied",
	.about = "Compare every object recorded for a project with what is on the target now. The "
	         "source is not read: this tells what others changed since the last apply.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "diff, history",
	.args_size = sizeof(struct status_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
