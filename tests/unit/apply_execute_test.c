#include "apply_rig.h"

#include "pal/sig.h"

TEST(apply_execute, what_others_need_comes_first)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one after=b\nb: two after=c\nc: three"));
	CHECK_STR(rig.log.ptr, "apply c\napply b\napply a\n");
	CHECK_INT(rig.result.done, 3);
	CHECK_INT(rig.result.result, INV_OK);
	CHECK_STR(apply_rig_state(&rig, "a"), "applied");
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_failure_holds_what_needs_it_and_nothing_else)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_ERR(apply_rig_run(&rig, "a: one fails\nb: two after=a\nc: three after=b\nd: four"),
	          ERR_INVALID, "Note/a: its check says no");
	CHECK_STR(rig.log.ptr, "apply a\napply d\n");
	CHECK_INT(rig.result.failed, 1);
	CHECK_INT(rig.result.skipped, 2);
	CHECK_INT(rig.result.done, 1);
	CHECK_INT(rig.result.result, INV_PARTIAL);
	CHECK_STR(apply_rig_state(&rig, "a"), "pending-create");
	CHECK_STR(apply_rig_state(&rig, "b"), "(none)");
	CHECK_STR(apply_rig_state(&rig, "d"), "applied");
	apply_rig_clear(&rig);
}

TEST(apply_execute, nothing_is_removed_after_a_failure)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nb: two"));
	CHECK_OK(apply_rig_load(&rig, "a: uno fails"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .prune = true,
	                                                     .max_deletions = { 9, -1 } }));
	CHECK_ERR(apply_rig_execute(&rig), ERR_INVALID, "Note/a");
	CHECK_STR(apply_rig_live(&rig, "b"), "two");
	CHECK_INT(rig.result.waiting, 1);
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_handler_runs_once_for_all_that_name_it)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one onChange=reload\nb: two onChange=reload"));
	CHECK_STR(rig.log.ptr, "apply a\napply b\nhandler reload\n");
	CHECK_INT(rig.result.done, 2);
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_failed_handler_puts_back_what_named_it_and_the_next_run_tries_again)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one onChange=reload\nb: two\nc: x onChange=reload"));
	str_reset(&rig.log);
	rig.failing_handler = "reload";
	CHECK_ERR(apply_rig_run(&rig, "a: uno onChange=reload\nb: due\nc: y onChange=reload"), ERR_IO,
	          "the old state is back");
	CHECK_STR(rig.log.ptr, "apply a\napply b\napply c\nhandler reload\nrevert a\nrevert c\n"
	                       "handler reload\n");
	CHECK_STR(apply_rig_live(&rig, "a"), "one");
	CHECK_STR(apply_rig_live(&rig, "b"), "due");
	CHECK_INT(rig.result.failed, 2);
	CHECK_INT(rig.result.reverted, 2);
	CHECK_STR(apply_rig_state(&rig, "a"), "applied");
	rig.failing_handler = NULL;
	CHECK_OK(apply_rig_run(&rig, "a: uno onChange=reload\nb: due\nc: y onChange=reload"));
	CHECK_STR(apply_rig_live(&rig, "a"), "uno");
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_stop_attempts_nothing_more_and_the_next_run_continues)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	rig.cancel_after = "a";
	CHECK_ERR(apply_rig_run(&rig, "a: one\nb: two after=a\nc: three after=b"), ERR_CANCELLED,
	          "interrupted");
	CHECK_STR(rig.log.ptr, "apply a\n");
	CHECK_INT(rig.result.waiting, 2);
	CHECK_INT(rig.result.result, INV_INTERRUPTED);
	CHECK_STR(apply_rig_state(&rig, "a"), "applied");
	CHECK_STR(apply_rig_state(&rig, "b"), "(none)");
	cancel_free(rig.cancel);
	rig.cancel = cancel_new();
	str_reset(&rig.log);
	CHECK_OK(apply_rig_run(&rig, "a: one\nb: two after=a\nc: three after=b"));
	CHECK_STR(rig.log.ptr, "apply b\napply c\n");
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_stop_between_a_change_and_the_reaction_to_it_loses_no_reaction)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nunit: x reactsTo=a"));
	rig.cancel_after = "a";
	CHECK_ERR(apply_rig_run(&rig, "a: uno\nunit: x reactsTo=a"), ERR_CANCELLED, "interrupted");
	CHECK_STR(apply_rig_state(&rig, "unit"), "pending-update");
	cancel_free(rig.cancel);
	rig.cancel = cancel_new();
	str_reset(&rig.log);
	CHECK_OK(apply_rig_run(&rig, "a: uno\nunit: x reactsTo=a"));
	CHECK_STR(rig.log.ptr, "run unit\n");
	CHECK_STR(apply_rig_state(&rig, "unit"), "applied");
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_failure_elsewhere_loses_no_reaction_either)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nb: two\nunit: x reactsTo=a after=b"));
	CHECK_ERR(apply_rig_run(&rig, "a: uno\nb: due fails\nunit: x reactsTo=a after=b"),
	          ERR_INVALID, "Note/b");
	str_reset(&rig.log);
	CHECK_OK(apply_rig_run(&rig, "a: uno\nb: two\nunit: x reactsTo=a after=b"));
	CHECK_HAS(rig.log.ptr, "run unit\n");
	apply_rig_clear(&rig);
}

TEST(apply_execute, a_refused_plan_changes_nothing_and_says_failed)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nb: two"));
	apply_rig_put(&rig, "b", "theirs");
	CHECK_OK(apply_rig_load(&rig, "a: uno"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .prune = true,
	                                                     .max_deletions = { 9, -1 } }));
	CHECK_ERR(apply_rig_execute(&rig), ERR_REFUSED, "Note/b");
	CHECK_INT(rig.result.result, INV_RUN_FAILED);
	CHECK_INT(rig.result.run, 0);
	CHECK_STR(apply_rig_live(&rig, "a"), "one");
	apply_rig_clear(&rig);
}

TEST(apply_execute, what_a_killed_run_left_pending_is_settled_by_the_next)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one onChange=reload\nb: two"));
	CHECK_OK(apply_rig_load(&rig, "a: uno onChange=reload\nb: due"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	struct inv_item intents[2] = { 0 };
	for (size_t i = 0; i < 2; i++) {
		intents[i] = (struct inv_item){ .key = rig.plan->items[i].key,
			                        .action = INV_UPDATE };
		fingerprint_to_digest(rig.plan->items[i].desired, intents[i].digest);
	}
	struct inv_run *killed;
	const struct inv_run_info info = { .command = "apply", .source = "test" };
	CHECK_OK(inv_run_begin(rig.project, &info, intents, 2, &killed));
	apply_rig_put(&rig, "a", "uno"); /* it came as far as this: written, no handler */
	inv_run_free(killed);
	CHECK_STR(apply_rig_state(&rig, "a"), "pending-update");
	str_reset(&rig.log);
	rig.failing_handler = "reload";
	CHECK_ERR(apply_rig_run(&rig, "a: uno onChange=reload\nb: two"), ERR_IO,
	          "Note/a: 'reload' failed: it exited with 1");
	CHECK_STR(apply_rig_state(&rig, "a"), "pending-update");
	CHECK_INT(rig.result.reverted, 0);
	CHECK_STR(rig.log.ptr, "run a\nhandler reload\n");
	rig.failing_handler = NULL;
	str_reset(&rig.log);
	CHECK_OK(apply_rig_run(&rig, "a: uno onChange=reload\nb: due"));
	CHECK_STR(rig.log.ptr, "run a\napply b\nhandler reload\n");
	CHECK_STR(apply_rig_state(&rig, "a"), "applied");
	CHECK_STR(apply_rig_state(&rig, "b"), "applied");
	apply_rig_clear(&rig);
}

TEST(apply_execute, what_does_not_get_ready_is_recorded_and_holds_only_who_needs_it_ready)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_ERR(apply_rig_run(&rig, "a: one unready\nb: two after=a\nc: x reactsTo=a"),
	          ERR_UNHEALTHY, "Note/a: 0 of 1 ready");
	CHECK_STR(rig.log.ptr, "apply a\nawait a\napply c\n");
	CHECK_INT(rig.result.unready, 1);
	CHECK_INT(rig.result.failed, 1);
	CHECK_INT(rig.result.skipped, 1);
	CHECK_INT(rig.result.done, 1);
	CHECK_STR(apply_rig_state(&rig, "a"), "applied");
	CHECK_STR(apply_rig_state(&rig, "b"), "(none)");
	CHECK_STR(apply_rig_state(&rig, "c"), "applied");
	apply_rig_clear(&rig);
}

TEST(apply_execute, what_is_in_sync_but_not_ready_is_waited_for_again)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_ERR(apply_rig_run(&rig, "a: one unready"), ERR_UNHEALTHY, "Note/a");
	CHECK_OK(apply_rig_load(&rig, "a: one unready"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	CHECK_STR(apply_rig_action(&rig, "a"), "unchanged");
	CHECK(!plan_has_changes(rig.plan));
	CHECK(plan_has_work(rig.plan));
	str_reset(&rig.log);
	CHECK_ERR(apply_rig_execute(&rig), ERR_UNHEALTHY, "Note/a");
	CHECK_STR(rig.log.ptr, "await a\n");
	apply_rig_clear(&rig);
}
