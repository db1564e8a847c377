#include "apply_rig.h"

#include "apply/plan_file.h"
#include "pal/fs.h"

static const struct plan_options with_prints = { .wants_fingerprints = true };

/* Save the rig's plan and read it back. */
static err *round_trip(const struct apply_rig *rig, struct arena *arena, struct saved_plan *ret)
{
	const struct saved_plan saved = { .project = "p",
		                          .target = "test:rig",
		                          .path = "repo//x?ref=main",
		                          .commit = "c0ffee",
		                          .prune = true };
	AUTOFREE char *file = str_format("%s/plan.json", test_dir());
	TRY(plan_file_write(file, rig->plan, &saved));
	return plan_file_read(file, arena, ret);
}

TEST(apply_plan_file, what_is_written_is_read)
{
	struct apply_rig rig;
	AUTO(arena) arena = ARENA_INIT;
	struct saved_plan saved;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_load(&rig, "a: one\nb: two"));
	CHECK_OK(apply_rig_plan(&rig, with_prints));
	CHECK_OK(round_trip(&rig, &arena, &saved));
	CHECK_STR(saved.project, "p");
	CHECK_STR(saved.target, "test:rig");
	CHECK_STR(saved.path, "repo//x?ref=main");
	CHECK_STR(saved.commit, "c0ffee");
	CHECK(!saved.root);
	CHECK(saved.prune && !saved.prune_changed);
	CHECK_INT(saved.len, 2);
	CHECK_STR(saved.items[0].action, "create");
	CHECK_OK(plan_file_verify(&saved, rig.plan));
	apply_rig_clear(&rig);
}

TEST(apply_plan_file, any_deviation_is_named)
{
	static const struct {
		const char *lines, *put, *message;
	} cases[] = {
		{ "a: uno\nb: two", NULL, "Note/a: the manifest changed" },
		{ "a: one\nb: two", "theirs", "Note/a: was to create, is now update" },
		{ "a: one", NULL, "Note/b: no longer in the source" },
		{ "a: one\nb: two\nc: three", NULL, "Note/c: not in the saved plan" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct apply_rig rig;
		AUTO(arena) arena = ARENA_INIT;
		struct saved_plan saved;
		apply_rig_open(&rig);
		CHECK_OK(apply_rig_load(&rig, "a: one\nb: two"));
		CHECK_OK(apply_rig_plan(&rig, with_prints));
		CHECK_OK(round_trip(&rig, &arena, &saved));
		apply_rig_put(&rig, "a", cases[i].put);
		CHECK_OK(apply_rig_load(&rig, cases[i].lines));
		CHECK_OK(apply_rig_plan(&rig, with_prints));
		CHECK_ERR(plan_file_verify(&saved, rig.plan), ERR_CONFLICT, cases[i].message);
		apply_rig_clear(&rig);
	}
}

TEST(apply_plan_file, a_change_on_the_target_of_what_was_in_sync_is_a_deviation)
{
	struct apply_rig rig;
	AUTO(arena) arena = ARENA_INIT;
	struct saved_plan saved;
	apply_rig_open(&rig);
	CHECK_OK(apply_rig_run(&rig, "a: one"));
	apply_rig_put(&rig, "a", "x");
	CHECK_OK(apply_rig_plan(&rig, with_prints));
	CHECK_OK(round_trip(&rig, &arena, &saved));
	apply_rig_put(&rig, "a", "y");
	CHECK_OK(apply_rig_plan(&rig, with_prints));
	CHECK_ERR(plan_file_verify(&saved, rig.plan), ERR_CONFLICT, "the target changed");
	apply_rig_clear(&rig);
}

TEST(apply_plan_file, anything_else_is_no_plan)
{
	static const char *const texts[] = { "", "[]", "{\"schema\": \"fettle.plan/1\"}",
		                             "{\"schema\": \"fettle.saved-plan/1\"}",
		                             "{\"schema\": \"fettle.saved-plan/1\", \"project\": 1}" };
	AUTOFREE char *file = str_format("%s/plan.json", test_dir());
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(arena) arena = ARENA_INIT;
		struct saved_plan saved;
		CHECK_OK(fs_write_atomic(file, view_of(texts[i]), 0600));
		CHECK_ERR(plan_file_read(file, &arena, &saved), ERR_INVALID, "");
	}
	AUTO(arena) arena = ARENA_INIT;
	struct saved_plan saved;
	CHECK_ERR(plan_file_read("no/such", &arena, &saved), ERR_NOT_FOUND, "no/such");
}
