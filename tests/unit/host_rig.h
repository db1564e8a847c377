/*
 * A small stand-in for the planner and executor of pkg/apply: loads manifests, plans them against a
 * root folder of the test, applies them in order, and remembers records as the inventory would.
 */
#ifndef TESTS_UNIT_HOST_RIG_H
#define TESTS_UNIT_HOST_RIG_H

#include "test.h"

#include "target/target.h"
#include "target_host/host.h"

#define RIG_RECORDS 64

struct rig {
	struct target_context context;
	struct target *target;
	struct object_set set;
	struct arena docs;  /* of the set */
	struct arena arena; /* of the records */
	struct plan_item *items;
	size_t len;
	struct target_record records[RIG_RECORDS];
	size_t record_count;
	char root[256];
	bool fail_handlers; /* act as if every handler had failed: revert */
	size_t handler_runs;
};

/* A rig on the folder "root" of the test. */
void rig_open(struct rig *rig);
void rig_clear(struct rig *rig);

/* Load, compile, link and order; replaces the set. */
err *rig_load(struct rig *rig, const char *yaml);
/* Load and compare; items of recorded objects that are gone follow those of the set. */
err *rig_plan(struct rig *rig, const char *yaml);
/* Carry out what was planned: apply, remove, flush, handlers; records the results. */
err *rig_apply(struct rig *rig);
/* All of it. */
err *rig_run(struct rig *rig, const char *yaml);

/* The item of "Kind/name"; aborts when there is none. */
struct plan_item *rig_item(struct rig *rig, const char *display);
/* "create", "unchanged", … of it. */
const char *rig_action(struct rig *rig, const char *display);
struct target_record *rig_record(struct rig *rig, const char *display);

/* Files of the root, by their path in it. */
void rig_write(struct rig *rig, const char *rel, const char *text);
/* The content, or "(nothing)"; lives in the rig. */
const char *rig_read(struct rig *rig, const char *rel);
/* Permission bits, 0 when nothing is there. */
unsigned rig_mode(struct rig *rig, const char *rel);
bool rig_exists(struct rig *rig, const char *rel);
const char *rig_path(struct rig *rig, const char *rel);

#endif
