/* fettle rollback: apply the state that an earlier run recorded. */
#include "base/base.h"

#include "run_plan.h"

struct rollback_args {
	struct where_args where;
	int64_t to;
	bool dry_run;
	bool yes;
	bool prune_changed;
	int output;
	int64_t timeout_ms;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct rollback_args),
	WHERE_OPTS(struct rollback_args),
	{ CLI_INT(struct rollback_args, to), .name = "to", .arg = "run",
	  .help = "run to go back to; without it the last good one before the newest",
	  .min = 0, .max = INT64_MAX },
	{ CLI_FLAG(struct rollback_args, dry_run), .letter = 'n', .name = "dry-run",
	  .help = "show the plan, change nothing", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct rollback_args, yes), .letter = 'y', .name = "yes",
	  .help = "go back without asking" },
	{ CLI_FLAG(struct rollback_args, prune_changed), .name = "prune-changed",
	  .help = "delete newer objects also when somebody changed them since" },
	{ CLI_ENUM(struct rollback_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_DURATION(struct rollback_args, timeout_ms), .name = "timeout", .arg = "duration",
	  .help = "deadline for the whole run", .setting = "apply.timeout" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "see what going back would change", "fettle rollback --env prod --dry-run" },
	{ "back to the state after run 12", "fettle rollback --env prod --to 12" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "went back, or nothing to do" },
	{ 1, "--dry-run: there are differences" },
	{ 2, "bad usage or settings" },
	{ 3, "something failed; what was done is listed" },
	{ 4, "permission" },
	{ 5, "refused by a guard, locked, or changed underneath" },
	{ 124, "the deadline passed" },
	{ 130, "interrupted" },
	{ 0, NULL }
};

/*
 * The newest run that went well before the one to go back from: the newest that changed what is
 * wanted (after it came only repairs and failures).
 */
static err *choose_run(struct session *session, int64_t wanted, struct inv_run_record *ret_run)
{
	if (wanted)
		return inv_run_get(session->owned, wanted, &session->arena, ret_run);
	struct inv_run_list runs;
	TRY(inv_runs(session->owned, 0, &session->arena, &runs));
	size_t from = 0;
	while (from < runs.len && !runs.ptr[from].is_lasting)
		from++;
	for (size_t i = from + 1; i < runs.len; i++)
		if (runs.ptr[i].result == INV_OK) {
			*ret_run = runs.ptr[i];
			return NULL;
		}
	return err_hint(err_new(ERR_NOT_FOUND, "project '%s' has no earlier run to go back to",
	                        session->name), "see 'fettle history'");
}

/*
 * Sensitive objects leave no manifest behind. They stay as they are when their state is still that
 * of the run; else only the source can bring them back.
 */
static err *check_sensitive(struct session *session, const struct inv_snapshot_entry *entry,
                            const struct inv_run_record *run)
{
	const struct target_record *record = records_find(&session->records, entry->key);
	uint8_t digest[INV_DIGEST_BYTES] = { 0 };
	if (record)
		fingerprint_to_digest(record->fingerprint, digest);
	if (record && memcmp(digest, entry->digest, sizeof(digest)) == 0)
		return NULL;
	AUTO(str) name = STR_INIT;
	object_key_display(entry->key, &name);
	err *e = err_new(ERR_REFUSED, "%s is sensitive, so run %" PRId64 " recorded no content of it",
	                 name.ptr, run->number);
	return run->commit ? err_hint(e, "apply the commit instead: fettle apply '%s?ref=%.10s'",
	                              run->source, run->commit)
	                   : err_hint(e, "apply the source of that time instead");
}

/*
 * Sensitive objects of the snapshot stay as they are, so they must not be planned as deletions, nor
 * taken for strangers in a folder that is purged.
 */
static void drop_sensitive(struct records *records, const struct inv_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->len; i++)
		if (snapshot->ptr[i].is_sensitive) {
			map_remove(&records->by_key, snapshot->ptr[i].key);
			map_set(&records->kept, snapshot->ptr[i].location, NULL);
		}
	size_t kept = 0;
	for (size_t i = 0; i < records->len; i++) {
		if (!map_has(&records->by_key, records->items[i].key))
			continue;
		records->objects[kept] = records->objects[i];
		records->items[kept] = records->items[i];
		map_set(&records->by_key, records->items[kept].key, &records->items[kept]);
		kept++;
	}
	records->len = kept;
}

static err *load_snapshot(struct session *session, const struct inv_run_record *run)
{
	struct inv_snapshot snapshot;
	TRY(inv_snapshot(session->owned, run->number, &session->arena, &snapshot));
	const char *name = arena_printf(&session->arena, "run %" PRId64, run->number);
	err *all = NULL;
	for (size_t i = 0; i < snapshot.len; i++) {
		const struct inv_snapshot_entry *entry = &snapshot.ptr[i];
		if (entry->is_sensitive)
			all = err_join(all, check_sensitive(session, entry, run));
		else
			all = err_join(all, manifests_add_recorded(&session->manifests,
			                                           entry->manifest, name));
	}
	drop_sensitive(&session->records, &snapshot);
	return all;
}

static err *go_back(struct session *session, struct cli_ctx *ctx, const struct rollback_args *args)
{
	TRY(session_open_target(session, args->dry_run ? INV_READ_ONLY : INV_READ_WRITE,
	                        "fettle rollback"));
	struct inv_run_record run;
	TRY(choose_run(session, args->to, &run));
	TRY(records_load(&session->records, session->owned));
	TRY(load_snapshot(session, &run));
	TRY(session_compile(session));
	session->source_identity = inv_project_source(session->owned);
	struct plan_options options = { .prune = true,
		                        .checks_records = true,
		                        .prune_changed = args->prune_changed,
		                        .max_deletions = { INT64_MAX, -1 },
		                        .project = session->owned };
	AUTOPTR(plan) plan = NULL;
	TRY(plan_make(session->target, &session->manifests.objects, &session->records, &options,
	              &plan));
	struct run_plan_options carry_out = {
		.command = arena_printf(&session->arena, "rollback %" PRId64, run.number),
		.dry_run = args->dry_run,
		.yes = args->yes,
		.wants_json = args->output == OUT_JSON,
	};
	return run_plan(session, ctx, plan, &carry_out);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct rollback_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, args->timeout_ms);
	if (!e)
		e = go_back(&session, ctx, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_rollback = {
	.name = "rollback",
	.group = "Afterwards",
	.brief = "go back to the state of an earlier apply",
	.about = "Apply again what an earlier run recorded, and delete what was created after it. "
	         "Works without the source. Content of sensitive objects is never recorded: when such "
	         "an object changed since, rollback says so and names the commit to apply.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "history, apply",
	.args_size = sizeof(struct rollback_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
