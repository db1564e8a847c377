#include "apply_rig.h"

static const struct plan_options pruning = { .prune = true, .max_deletions = { 9, -1 } };

TEST(apply_plan, compares_every_object)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	apply_rig_put(&rig, "b", "other");
	apply_rig_put(&rig, "c", "three");
	CHECK_OK(apply_rig_load(&rig, "a: one\nb: two\nc: three"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	CHECK_STR(apply_rig_action(&rig, "a"), "create");
	CHECK_STR(apply_rig_action(&rig, "b"), "update");
	CHECK_STR(apply_rig_action(&rig, "c"), "unchanged");
	CHECK_INT(rig.plan->counts[PLAN_CREATE], 1);
	CHECK(plan_has_changes(rig.plan));
	CHECK_INT(rig.plan->unrecorded, 1); /* c is there, but not in the records yet */
	apply_rig_clear(&rig);
}

TEST(apply_plan, a_trigger_wakes_what_reacts_to_it_and_that_what_reacts_to_that)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "z: x reactsTo=m\nm: y reactsTo=a\na: one\nq: other"));
	CHECK_OK(apply_rig_load(&rig, "z: x reactsTo=m\nm: y reactsTo=a\na: uno\nq: other"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	CHECK_STR(apply_rig_action(&rig, "a"), "update");
	CHECK_STR(apply_rig_action(&rig, "m"), "run");
	CHECK_STR(apply_rig_action(&rig, "z"), "run");
	CHECK_STR(apply_rig_action(&rig, "q"), "unchanged");
	CHECK_STR(apply_rig_item(&rig, "z")->reason, "Note/m changes");
	apply_rig_clear(&rig);
}

TEST(apply_plan, comparing_some_also_compares_what_reacts_to_them)
{
	struct apply_rig rig;
	const bool only[] = { true, false, false };
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nunit: x reactsTo=a\nb: two"));
	apply_rig_put(&rig, "a", "drift");
	apply_rig_put(&rig, "b", "drift");
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .only = only }));
	CHECK_STR(apply_rig_action(&rig, "b"), "unchanged");
	CHECK_STR(apply_rig_action(&rig, "unit"), "run");
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_OK(records_load(&rig.records, rig.project));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .wants_fingerprints = true }));
	CHECK_STR(apply_rig_item(&rig, "unit")->desired,
	          records_find(&rig.records, "/Note//unit")->fingerprint);
	apply_rig_clear(&rig);
}

TEST(apply_plan, without_prune_what_is_gone_is_only_counted)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one\nb: two"));
	CHECK_OK(apply_rig_load(&rig, "a: one"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	CHECK_INT(rig.plan->unlisted, 1);
	CHECK(!plan_has_work(rig.plan));
	CHECK_OK(apply_rig_plan(&rig, pruning));
	CHECK_STR(apply_rig_action(&rig, "b"), "delete");
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_STR(apply_rig_live(&rig, "b"), "(nothing)");
	CHECK_STR(apply_rig_state(&rig, "b"), "(none)");
	apply_rig_clear(&rig);
}

TEST(apply_plan, prune_refuses_an_empty_source_and_too_many_deletions)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1\nb: 2\nc: 3\nd: 4"));
	CHECK_OK(apply_rig_load(&rig, ""));
	CHECK_ERR(apply_rig_plan(&rig, pruning), ERR_REFUSED, "would delete all 4");
	CHECK_OK(apply_rig_load(&rig, "a: 1"));
	struct plan_options options = pruning;
	options.max_deletions = (struct deletion_limit){ 2, 50 };
	CHECK_ERR(apply_rig_plan(&rig, options), ERR_REFUSED, "3 of 4 objects, more than the 2");
	options.max_deletions = (struct deletion_limit){ -1, 75 };
	CHECK_OK(apply_rig_plan(&rig, options));
	apply_rig_clear(&rig);
}

TEST(apply_plan, prune_leaves_what_says_so)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1\nb: 2 keep"));
	CHECK_OK(apply_rig_load(&rig, "a: 1"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	CHECK_INT(rig.plan->unlisted, 0); /* prune would not delete it */
	CHECK_OK(apply_rig_plan(&rig, pruning));
	CHECK_STR(apply_rig_action(&rig, "b"), "absent");
	apply_rig_clear(&rig);
}

TEST(apply_plan, prune_leaves_secrets_that_say_so_although_their_manifests_are_not_recorded)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1\nb: 2 secret keep\nc: 3 secret\nd: 4 secret keep"));
	/* The word comes and goes while the object stays in sync. */
	CHECK_OK(apply_rig_load(&rig, "a: 1\nb: 2 secret keep\nc: 3 secret keep\nd: 4 secret"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .checks_records = true }));
	CHECK_INT(rig.plan->unrecorded, 2);
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_OK(apply_rig_load(&rig, "a: 1"));
	CHECK_OK(apply_rig_plan(&rig, pruning));
	CHECK_STR(apply_rig_action(&rig, "b"), "absent");
	CHECK_STR(apply_rig_action(&rig, "c"), "absent");
	CHECK_STR(apply_rig_action(&rig, "d"), "delete");
	apply_rig_clear(&rig);
}

TEST(apply_plan, prune_deletes_what_somebody_changed_only_on_demand)
{
	struct apply_rig rig;
	struct plan_options forced = pruning;
	forced.prune_changed = true;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1\nb: 2"));
	apply_rig_put(&rig, "b", "mine");
	CHECK_OK(apply_rig_load(&rig, "a: 1"));
	CHECK_OK(apply_rig_plan(&rig, pruning));
	CHECK_STR(apply_rig_action(&rig, "b"), "refused");
	CHECK_OK(apply_rig_plan(&rig, forced));
	CHECK_STR(apply_rig_action(&rig, "b"), "delete");
	apply_rig_clear(&rig);
}

TEST(apply_plan, prune_never_deletes_what_an_apply_wanted_to_replace_and_could_not)
{
	struct apply_rig rig;
	struct plan_options forced = pruning;
	forced.prune_changed = true;
	apply_rig_open(&rig);
	apply_rig_put(&rig, "b", "theirs");
	CHECK_ERR(apply_rig_run(&rig, "a: 1\nb: mine fails"), ERR_INVALID, "Note/b");
	CHECK_STR(apply_rig_state(&rig, "b"), "pending-update");
	CHECK_OK(apply_rig_load(&rig, "a: 1"));
	CHECK_OK(apply_rig_plan(&rig, forced));
	CHECK_STR(apply_rig_action(&rig, "b"), "forget");
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_STR(apply_rig_live(&rig, "b"), "theirs");
	CHECK_STR(apply_rig_state(&rig, "b"), "(none)");
	apply_rig_clear(&rig);
}

TEST(apply_plan, a_place_of_another_project_is_refused)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1"));
	inv_project_free(rig.project);
	CHECK_OK(inv_project(rig.inv, "q", rig.target.identity, &rig.project));
	CHECK_ERR(apply_rig_plan(&rig, (struct plan_options){ 0 }), ERR_REFUSED,
	          "of project 'p'");
	apply_rig_clear(&rig);
}

TEST(apply_plan, finds_records_whose_manifest_is_older_than_the_source)
{
	struct apply_rig rig;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: 1\nb: 2"));
	CHECK_OK(apply_rig_load(&rig, "a: 1 keep\nb: 2"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .checks_records = true }));
	CHECK(!plan_has_changes(rig.plan));
	CHECK_INT(rig.plan->unrecorded, 1);
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ .checks_records = true,
	                                                     .wants_fingerprints = true }));
	CHECK(!plan_has_work(rig.plan));
	CHECK_STR(records_find(&rig.records, "/Note//a")->fingerprint,
	          apply_rig_item(&rig, "a")->live);
	apply_rig_clear(&rig);
}
