/* fettle history: past applies of a project. */
#include "base/base.h"

#include "json/json.h"
#include "session.h"
#include "ui/table.h"

struct history_args {
	struct where_args where;
	int64_t run;
	int64_t limit;
	int output;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct history_args),
	WHERE_OPTS(struct history_args),
	{ CLI_INT(struct history_args, run), .name = "run", .arg = "number",
	  .help = "show what this run changed", .min = 0, .max = INT64_MAX },
	{ CLI_INT(struct history_args, limit), .name = "limit", .arg = "number",
	  .help = "how many runs to list; 0 lists all", .def = "20", .min = 0, .max = 1000000 },
	{ CLI_ENUM(struct history_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "the newest runs of an environment", "fettle history --env prod" },
	{ "what run 12 changed", "fettle history --env prod --run 12" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "listed" },
	{ 2, "bad usage or settings" },
	{ 3, "reading failed, or there is no such run" },
	{ 0, NULL }
};

static void add_count(struct str *out, size_t count, const char *word)
{
	if (count)
		str_addf(out, "%s%zu %s", out->len ? ", " : "", count, word);
}

static const char *changes_text(struct session *session, const struct inv_run_record *run)
{
	AUTO(str) text = STR_INIT;
	add_count(&text, run->created, "created");
	add_count(&text, run->updated, "updated");
	add_count(&text, run->adopted, "adopted");
	add_count(&text, run->deleted, "deleted");
	add_count(&text, run->forgotten, "forgotten");
	add_count(&text, run->failed, "failed");
	add_count(&text, run->unknown, "unfinished");
	add_count(&text, run->skipped, "skipped");
	return arena_strdup(&session->arena, text.len ? text.ptr : "-");
}

static void print_runs(struct session *session, const struct inv_run_list *runs)
{
	static const char *const headings[] = { "RUN", "WHEN", "RESULT", "COMMAND", "COMMIT", "BY",
		                                "CHANGES" };
	AUTOPTR(ui_table) table = ui_table_new(ARRAY_LEN(headings), headings);
	for (size_t i = 0; i < runs->len; i++) {
		const struct inv_run_record *run = &runs->ptr[i];
		bool is_ok = run->result == INV_OK;
		ui_table_add(table, UI_PLAIN, "%" PRId64, run->number);
		ui_table_add(table, UI_PLAIN, "%s", session_time_text(session, run->started_ms));
		ui_table_add(table, is_ok ? UI_STYLE_SUCCESS : UI_STYLE_ERROR, "%s",
		             inv_result_name(run->result));
		ui_table_add(table, UI_PLAIN, "%s", run->command);
		ui_table_add(table, UI_PLAIN, "%.10s", run->commit ? run->commit : "-");
		ui_table_add(table, UI_PLAIN, "%s@%s", run->user ? run->user : "?",
		             run->host ? run->host : "?");
		ui_table_add(table, UI_PLAIN, "%s", changes_text(session, run));
	}
	ui_table_print(session->ui, table);
	if (runs->len == 0)
		ui_out(session->ui, "%s: no runs are recorded on %s\n", session->name,
		       session->target->identity);
}

static void write_run(struct session *session, struct json_writer *w,
                      const struct inv_run_record *run)
{
	json_key_int(w, "run", run->number);
	json_key_string(w, "started", session_time_text(session, run->started_ms));
	json_key_string(w, "finished", run->finished_ms
	                                       ? session_time_text(session, run->finished_ms)
	                                       : NULL);
	json_key_string(w, "result", inv_result_name(run->result));
	json_key_string(w, "command", run->command);
	json_key_string(w, "source", run->source);
	json_key_string(w, "commit", run->commit);
	json_key_string(w, "author", run->author);
	json_key_string(w, "subject", run->subject);
	json_key_string(w, "user", run->user);
	json_key_string(w, "host", run->host);
	json_key_string(w, "message", run->message);
	json_key_int(w, "created", (int64_t)run->created);
	json_key_int(w, "updated", (int64_t)run->updated);
	json_key_int(w, "adopted", (int64_t)run->adopted);
	json_key_int(w, "recorded", (int64_t)run->recorded);
	json_key_int(w, "deleted", (int64_t)run->deleted);
	json_key_int(w, "forgotten", (int64_t)run->forgotten);
	json_key_int(w, "failed", (int64_t)run->failed);
	json_key_int(w, "unknown", (int64_t)run->unknown);
	json_key_int(w, "skipped", (int64_t)run->skipped);
	json_key_int(w, "unchanged", (int64_t)run->unchanged);
}

static void print_runs_json(struct session *session, const struct inv_run_list *runs)
{
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.history/1");
	json_key_string(&w, "project", session->name);
	json_key_string(&w, "target", session->target->identity);
	json_key(&w, "runs");
	json_begin_array(&w);
	for (size_t i = 0; i < runs->len; i++) {
		json_begin_object(&w);
		write_run(session, &w, &runs->ptr[i]);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	ui_out_bytes(session->ui, text.ptr, text.len);
}

static void print_changes(struct session *session, const struct inv_run_record *run,
                          const struct inv_change_list *changes)
{
	ui_out(session->ui, "run %" PRId64 ", %s, %s, %s\n", run->number,
	       session_time_text(session, run->started_ms), run->command,
	       inv_result_name(run->result));
	if (run->source)
		ui_out(session->ui, "source %s\n", run->source);
	if (run->commit)
		ui_out(session->ui, "commit %s %s (%s)\n", run->commit,
		       run->subject ? run->subject : "", run->author ? run->author : "");
	if (run->message)
		ui_out(session->ui, "%s\n", run->message);
	for (size_t i = 0; i < changes->len; i++) {
		const struct inv_change *change = &changes->ptr[i];
		ui_out(session->ui, "%-7s %s %s", inv_action_name(change->action),
		       object_key_text(&session->arena, change->key),
		       inv_outcome_name(change->outcome));
		if (change->reason)
			ui_out(session->ui, " (%s)", change->reason);
		ui_out(session->ui, "\n");
		if (change->error)
			ui_out(session->ui, "    %s\n", change->error);
	}
}

static void print_changes_json(struct session *session, const struct inv_run_record *run,
                               const struct inv_change_list *changes)
{
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.run/1");
	json_key_string(&w, "project", session->name);
	write_run(session, &w, run);
	json_key(&w, "objects");
	json_begin_array(&w);
	for (size_t i = 0; i < changes->len; i++) {
		const struct inv_change *change = &changes->ptr[i];
		json_begin_object(&w);
		json_key_string(&w, "key", change->key);
		json_key_string(&w, "action", inv_action_name(change->action));
		json_key_string(&w, "outcome", inv_outcome_name(change->outcome));
		json_key_string(&w, "location", change->location);
		json_key_string(&w, "reason", change->reason);
		json_key_string(&w, "error", change->error);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	ui_out_bytes(session->ui, text.ptr, text.len);
}

static err *show(struct session *session, const struct history_args *args)
{
	TRY(session_open_target(session, INV_READ_ONLY, NULL));
	if (args->run == 0) {
		struct inv_run_list runs;
		TRY(inv_runs(session->owned, (size_t)args->limit, &session->arena, &runs));
		if (args->output == OUT_JSON)
			print_runs_json(session, &runs);
		else
			print_runs(session, &runs);
		return ui_flush(session->ui);
	}
	struct inv_run_record run;
	struct inv_change_list changes;
	TRY(inv_run_get(session->owned, args->run, &session->arena, &run));
	TRY(inv_run_changes(session->owned, args->run, &session->arena, &changes));
	if (args->output == OUT_JSON)
		print_changes_json(session, &run, &changes);
	else
		print_changes(session, &run, &changes);
	return ui_flush(session->ui);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct history_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, 0);
	if (!e)
		e = show(&session, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_history = {
	.name = "history",
	.group = "Afterwards",
	.brief = "list past applies",
	.about = "List the runs recorded for a project on its target, newest first, or what one of "
	         "them changed. The target keeps the last 50 runs.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "rollback, status",
	.args_size = sizeof(struct history_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
