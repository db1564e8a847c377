#include "apply_rig.h"

#include "apply/plan_report.h"
#include "json/json.h"
#include "val/val.h"

static const struct plan_subject subject = { .project = "p", .target = "test:rig" };

TEST(apply_report, a_summary_counts_what_is_not_zero)
{
	struct apply_rig rig;
	AUTO(str) text = STR_INIT;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_load(&rig, "a: one\nb: two"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	plan_summary(rig.plan, &text);
	CHECK_STR(text.ptr, "2 to create");
	CHECK_OK(apply_rig_execute(&rig));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	str_reset(&text);
	plan_summary(rig.plan, &text);
	CHECK_STR(text.ptr, "2 unchanged");
	apply_rig_clear(&rig);
}

TEST(apply_report, json_has_its_schema_and_every_object)
{
	struct apply_rig rig;
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	struct val *root;
	apply_rig_open(&rig);
	apply_rig_put(&rig, "a", "old");
	CHECK_OK(apply_rig_load(&rig, "a: one\nb: two"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	plan_to_json(rig.plan, &subject, &text);
	CHECK_OK(json_load(text.ptr, text.len, "plan", &arena, &root));
	CHECK_STR(val_get_str(root, "schema", ""), "fettle.plan/1");
	const struct val *a = val_at(val_get(root, "objects"), 0);
	CHECK_STR(val_get_str(a, "key", ""), "/Note//a");
	CHECK_STR(val_get_str(a, "action", ""), "update");
	const struct val *change = val_at(val_get(a, "changes"), 0);
	CHECK_STR(val_get_str(change, "before", ""), "old");
	CHECK_HAS(val_get_str(change, "diff", ""), "+one");
	CHECK_INT(val_len(val_get(root, "objects")), 2);
	apply_rig_clear(&rig);
}

TEST(apply_report, markdown_cannot_be_left_by_content)
{
	struct apply_rig rig;
	AUTO(str) text = STR_INIT;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_load(&rig, "a|<b>: ````"));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	plan_to_markdown(rig.plan, &subject, &text);
	CHECK_HAS(text.ptr, "a\\|&lt;b>");
	CHECK_HAS(text.ptr, "\n`````diff\n");
	apply_rig_clear(&rig);
}

TEST(apply_report, markdown_stays_below_what_a_comment_may_hold)
{
	struct apply_rig rig;
	AUTO(str) lines = STR_INIT;
	AUTO(str) text = STR_INIT;
	apply_rig_open(&rig);
	for (int i = 0; i < 3000; i++)
		str_addf(&lines, "object-number-%d: some-text-that-takes-some-room\n", i);
	CHECK_OK(apply_rig_load(&rig, lines.ptr));
	CHECK_OK(apply_rig_plan(&rig, (struct plan_options){ 0 }));
	plan_to_markdown(rig.plan, &subject, &text);
	CHECK(text.len < 61000);
	CHECK_HAS(text.ptr, "more objects are not listed");
	CHECK_HAS(text.ptr, "Some diffs are left out");
	apply_rig_clear(&rig);
}
