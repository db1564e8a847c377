/*
 * Planner and executor of pkg/apply over a driver made for tests: a map from key to text is the
 * target, manifests say what fails and what reacts to what, and a log tells what was called in which
 * order. The inventory is a real one in the folder of the test.
 */
#ifndef TESTS_UNIT_APPLY_RIG_H
#define TESTS_UNIT_APPLY_RIG_H

#include "test.h"

#include "apply/execute.h"
#include "apply/manifests.h"

struct apply_rig {
	struct target target; /* first */
	struct target_context context;
	struct manifests manifests;
	struct inv *inv;
	struct inv_project *project;
	struct records records;
	struct plan *plan;
	struct execute_result result;
	struct map live;            /* key → text */
	struct arena arena;         /* of the texts */
	struct str log;             /* "apply a\nhandler reload\n" */
	struct cancel *cancel;
	const char *cancel_after;   /* name of the object whose apply asks for the stop */
	const char *failing_handler;
};

void apply_rig_open(struct apply_rig *rig);
void apply_rig_clear(struct apply_rig *rig);

/*
 * Objects as YAML documents in short: "a: one" is {kind: Note, metadata: {name: a}, spec: {text:
 * one}}; further words set more: "b: two fails", "c: x onChange=reload", "d: x reactsTo=a",
 * "e: x after=a", "f: x keep". One per line.
 */
err *apply_rig_load(struct apply_rig *rig, const char *lines);
/* Read the records anew and compare. */
err *apply_rig_plan(struct apply_rig *rig, struct plan_options options);
/* Carry the plan out on one thread, so that the log has one order. */
err *apply_rig_execute(struct apply_rig *rig);
/* All three, without pruning. */
err *apply_rig_run(struct apply_rig *rig, const char *lines);

/* The action of the object or removal `name` in the plan: "create", …; "absent". */
const char *apply_rig_action(const struct apply_rig *rig, const char *name);
struct plan_item *apply_rig_item(const struct apply_rig *rig, const char *name);
/* Text on the target, "(nothing)" when there is none. */
const char *apply_rig_live(const struct apply_rig *rig, const char *name);
void apply_rig_put(struct apply_rig *rig, const char *name, const char *text);
/* What the inventory says now: "applied", "pending-update", …; "(none)". Lives in the rig. */
const char *apply_rig_state(struct apply_rig *rig, const char *name);

#endif
