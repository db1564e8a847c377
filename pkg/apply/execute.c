#include "base/base.h"

#include "apply/execute.h"

#include "apply/journal.h"
#include "base/vec.h"

/* One item of the plan on its way through the DAG. */
struct step {
	struct execution *execution;
	struct plan_item *item;
	size_t index;
	size_t waiting_for;      /* predecessors that are not done yet */
	bool is_applied;         /* what is left is to get ready */
	bool is_held;            /* a predecessor failed */
	bool was_left;           /* a removal that found the object had better stay */
	enum step_outcome outcome;
	err *error;
};

struct follower {
	size_t index;
	bool needs_ready;
};

struct execution {
	struct target *target;
	struct plan *plan;
	const struct execute_options *options;
	struct execute_result *result;
	struct journal journal;
	struct step *steps;      /* by plan item */
	size_t *first_follower;  /* followers of i: followers[first[i] .. first[i + 1]) */
	struct follower *followers;
	VEC(size_t) ready;       /* may start; a queue from `next_ready` on */
	size_t next_ready;
	size_t running;          /* on threads of the pool */
	size_t awaited;          /* applied, not ready yet */
	bool is_stopping;        /* start nothing new */
	struct pool *pool;
	err *stop_error;         /* why: deadline, signal, results cannot be stored */
};

const char *step_outcome_name(enum step_outcome outcome)
{
	static const char *const names[] = { "not attempted", "done",     "failed",
		                             "not ready",     "reverted", "skipped" };
	return names[outcome];
}

static bool needs_target(const struct plan_item *item)
{
	return item->action == PLAN_CREATE || item->action == PLAN_UPDATE ||
	       item->action == PLAN_REPLACE || item->action == PLAN_RUN ||
	       item->action == PLAN_DELETE || item->is_unready;
}

/* Something a person would call done or not done. */
static bool has_work(const struct plan_item *item)
{
	return needs_target(item) || item->action == PLAN_FORGET;
}

static bool is_removal(const struct plan_item *item)
{
	return item->object == NULL;
}

/* --- telling the journal and the caller --- */

static void count_outcome(struct execute_result *result, enum step_outcome outcome)
{
	switch (outcome) {
	case STEP_DONE:
		result->done++;
		break;
	case STEP_REVERTED:
		result->reverted++;
		result->failed++;
		break;
	case STEP_FAILED:
		result->failed++;
		break;
	case STEP_UNREADY:
		result->unready++;
		result->failed++;
		break;
	case STEP_SKIPPED:
		result->skipped++;
		break;
	case STEP_WAITING:
		result->waiting++;
		break;
	}
}

/* Not attempted, although something it reacts to has changed: the next run has to make up for it. */
static bool owes_reaction(const struct execution *run, const struct step *step)
{
	if (step->item->action == PLAN_CREATE)
		return false;
	for (const struct object **at = step->item->triggers; at && *at; at++)
		if (run->steps[(*at)->index].outcome == STEP_DONE)
			return true;
	return false;
}

static enum inv_outcome outcome_to_record(const struct execution *run, const struct step *step)
{
	switch (step->outcome) {
	case STEP_DONE:
	case STEP_UNREADY:
		return INV_DONE;
	case STEP_FAILED:
		return INV_UNKNOWN;
	case STEP_REVERTED:
		return INV_FAILED;
	case STEP_WAITING:
	case STEP_SKIPPED:
		return owes_reaction(run, step) ? INV_UNKNOWN : INV_SKIPPED;
	}
	return INV_UNKNOWN;
}

static const char *text_to_record(const struct step *step)
{
	if (step->error)
		return err_message(step->error);
	return step->was_left ? step->item->reason : NULL;
}

/* Only the first report of a step counts. */
static void record(struct execution *run, struct step *step)
{
	const struct inv_outcome_info info = {
		.outcome = outcome_to_record(run, step),
		.uid = record_uid(run->plan->records, step->item, &run->plan->arena),
		.error = text_to_record(step),
	};
	err *e = journal_report(&run->journal, step->index, &info);
	if (e) {
		run->is_stopping = true;
		run->stop_error = err_join(run->stop_error, e);
	}
}

static void tell(struct execution *run, struct step *step)
{
	record(run, step);
	if (!has_work(step->item))
		return;
	count_outcome(run->result, step->outcome);
	if (run->options->on_step)
		run->options->on_step(run->options->context, step->item, step->outcome,
		                      step->error);
}

static bool waits_for_handler(const struct step *step)
{
	return step->outcome == STEP_DONE && step->item->handlers && step->item->handlers[0];
}

/* Items whose handlers still have to run are told after them. */
static void settle(struct execution *run, struct step *step)
{
	if (!waits_for_handler(step))
		tell(run, step);
}

/* --- the DAG --- */

/* Say which object it was, unless the driver did. */
static err *name_object(err *take_e, const struct plan_item *item)
{
	if (!take_e || str_starts(err_message(take_e), item->display))
		return take_e;
	return err_wrap(take_e, "%s", item->display);
}

static void link_followers(struct execution *run)
{
	size_t count = run->plan->object_count, edges = 0;
	run->first_follower = mem_zalloc(count + 2, sizeof(size_t));
	for (size_t i = 0; i < count; i++) {
		const struct object *object = run->plan->items[i].object;
		edges += run->steps[i].waiting_for = object->edge_count;
		for (size_t e = 0; e < object->edge_count; e++)
			run->first_follower[object->edges[e].to->index + 2]++;
	}
	for (size_t i = 2; i < count + 2; i++)
		run->first_follower[i] += run->first_follower[i - 1];
	run->followers = mem_zalloc(edges + 1, sizeof(*run->followers));
	for (size_t i = 0; i < count; i++) {
		const struct object *object = run->plan->items[i].object;
		for (size_t e = 0; e < object->edge_count; e++)
			run->followers[run->first_follower[object->edges[e].to->index + 1]++] =
				(struct follower){ i, object->edges[e].needs_ready };
	}
}

/* Those that need it ready, or those that only need it to be there. */
static void release(struct execution *run, const struct step *step, bool needs_ready)
{
	if (is_removal(step->item))
		return;
	for (size_t f = run->first_follower[step->index]; f < run->first_follower[step->index + 1];
	     f++) {
		if (run->followers[f].needs_ready != needs_ready)
			continue;
		struct step *follower = &run->steps[run->followers[f].index];
		follower->is_held = follower->is_held || step->outcome != STEP_DONE;
		if (--follower->waiting_for == 0)
			vec_push(&run->ready, follower->index);
	}
}

static void work(void *context)
{
	struct step *step = context;
	struct execution *run = step->execution;
	const struct target_ops *ops = run->target->ops;
	step->error = is_removal(step->item)
	                      ? ops->remove(run->target, step->item,
	                                    plan_record(run->plan, step->item))
	                      : ops->apply(run->target, step->item);
	step->error = name_object(step->error, step->item);
	step->was_left = step->item->action == PLAN_FORGET;
}

static void finish_step(struct execution *run, struct step *step)
{
	settle(run, step);
	if (!step->is_applied)
		release(run, step, false);
	release(run, step, true);
}

/* --- getting ready --- */

static bool has_ready_follower(const struct execution *run, const struct step *step)
{
	if (is_removal(step->item))
		return false;
	for (size_t f = run->first_follower[step->index]; f < run->first_follower[step->index + 1]; f++)
		if (run->followers[f].needs_ready)
			return true;
	return false;
}

static bool must_await(const struct execution *run, const struct step *step)
{
	if (!run->target->ops->await || step->was_left)
		return false;
	return !run->options->no_wait || has_ready_follower(run, step);
}

/* From any thread, also from within await. */
static void got_ready(void *context, err *take_error)
{
	struct step *step = context;
	step->error = name_object(take_error, step->item);
	pool_deliver(step->execution->pool, step);
}

/* It is there: recorded at once, so that a kill while it gets ready loses nothing. */
static void await(struct execution *run, struct step *step)
{
	step->outcome = STEP_DONE;
	step->is_applied = true;
	if (!waits_for_handler(step))
		record(run, step);
	release(run, step, false);
	run->awaited++;
	pool_expect(run->pool);
	run->target->ops->await(run->target, step->item, got_ready, step);
}

static err *held_error(const struct execution *run, const struct step *step)
{
	const struct object *object = step->item->object;
	for (size_t e = 0; e < object->edge_count; e++) {
		const struct step *before = &run->steps[object->edges[e].to->index];
		if (before->outcome != STEP_DONE)
			return err_new(ERR_CANCELLED, "%s was not applied",
			               before->item->display);
	}
	return NULL;
}

/* Start one ready step; those without work on the target are done on the spot. */
static void start(struct execution *run, struct step *step)
{
	if (step->is_held) {
		step->outcome = STEP_SKIPPED;
		step->error = needs_target(step->item) ? held_error(run, step) : NULL;
		finish_step(run, step);
		return;
	}
	if (!needs_target(step->item)) {
		step->outcome = STEP_DONE;
		finish_step(run, step);
		return;
	}
	if (step->item->action == PLAN_NONE && must_await(run, step)) {
		await(run, step);
		return;
	}
	if (step->item->action == PLAN_NONE) {
		step->outcome = STEP_DONE;
		finish_step(run, step);
		return;
	}
	run->running++;
	pool_submit(run->pool, work, step);
}

static void check_limits(struct execution *run)
{
	if (run->is_stopping)
		return;
	if (cancel_is_set(run->options->cancel)) {
		run->is_stopping = true;
		run->stop_error = cancel_check(run->options->cancel);
	} else if (deadline_is_over(run->options->deadline)) {
		run->is_stopping = true;
		run->stop_error = err_new(ERR_TIMEOUT, "the deadline passed");
	}
}

static void start_ready(struct execution *run, size_t threads)
{
	while (run->next_ready < run->ready.len && run->running < threads) {
		check_limits(run);
		if (run->is_stopping)
			return;
		start(run, &run->steps[run->ready.ptr[run->next_ready++]]);
	}
}

static void handed_back(struct execution *run, struct step *step)
{
	if (step->is_applied) {
		run->awaited--;
		step->outcome = step->error ? STEP_UNREADY : STEP_DONE;
		finish_step(run, step);
		return;
	}
	run->running--;
	step->outcome = step->error ? STEP_FAILED : STEP_DONE;
	if (!step->error && must_await(run, step))
		await(run, step);
	else
		finish_step(run, step);
}

/*
 * Run everything that is or becomes ready, to the end or until something stops it. What runs is
 * always waited for: drivers watch deadline and signal themselves.
 */
static void drain(struct execution *run, size_t threads)
{
	for (;;) {
		start_ready(run, threads);
		if (run->running + run->awaited == 0)
			return;
		void *job = NULL;
		err_ignore(pool_next(run->pool, DEADLINE_NEVER, NULL, &job), "waits for ever");
		handed_back(run, job);
	}
}

/* --- removals --- */

static int removal_rank(const struct execution *run, const struct plan_item *item)
{
	const struct target_ops *ops = run->target->ops;
	return ops->removal_rank ? ops->removal_rank(plan_record(run->plan, item)) : 0;
}

static int next_rank(const struct execution *run, int below)
{
	int best = INT_MIN;
	for (size_t i = run->plan->object_count; i < run->plan->len; i++) {
		int rank = removal_rank(run, &run->plan->items[i]);
		if (rank < below && rank > best)
			best = rank;
	}
	return best;
}

static void remove_by_rank(struct execution *run, size_t threads)
{
	int rank = next_rank(run, INT_MAX);
	while (rank > INT_MIN && !run->is_stopping) {
		for (size_t i = run->plan->object_count; i < run->plan->len; i++)
			if (removal_rank(run, &run->plan->items[i]) == rank)
				vec_push(&run->ready, i);
		drain(run, threads);
		rank = next_rank(run, rank);
	}
}

static bool has_failures(const struct execution *run)
{
	return run->result->failed + run->result->skipped > 0;
}

/* --- handlers: what must run once after a change --- */

static bool names_handler(const struct step *step, const char *handler)
{
	for (const char **at = step->item->handlers; at && *at; at++)
		if (str_equal(*at, handler))
			return true;
	return false;
}

/* The change is there but what it needed failed: put the old state back and say so. */
static void revert_step(struct execution *run, struct step *step, const char *handler,
                        const err *cause)
{
	if (step->item->action == PLAN_RUN) { /* changed by an earlier run; stays pending */
		step->outcome = STEP_FAILED;
		step->error = err_new(err_kind(cause), "%s: '%s' failed: %s", step->item->display,
		                      handler, err_message(cause));
		return;
	}
	err *e = run->target->ops->revert ? run->target->ops->revert(run->target, step->item)
	                                  : err_new(ERR_UNSUPPORTED, "nothing to go back to");
	step->outcome = e ? STEP_FAILED : STEP_REVERTED;
	AUTO(str) text = STR_INIT;
	if (e)
		str_addf(&text, "and the old state could not be put back: %s", err_message(e));
	else
		str_addz(&text, "the old state is back");
	err_free(e);
	step->error = err_new(err_kind(cause), "%s: '%s' failed after the change, %s: %s",
	                      step->item->display, handler, text.ptr, err_message(cause));
}

static void handler_failed(struct execution *run, const char *handler, err *take_cause)
{
	bool has_reverted = false;
	for (size_t i = 0; i < run->plan->len; i++) {
		struct step *step = &run->steps[i];
		if (step->outcome != STEP_DONE || !names_handler(step, handler))
			continue;
		revert_step(run, step, handler, take_cause);
		has_reverted = has_reverted || step->outcome == STEP_REVERTED;
	}
	if (!has_reverted) {
		err_free(take_cause);
		return;
	}
	if (run->target->ops->flush)
		err_ignore(run->target->ops->flush(run->target),
		           "the failure that is reported is the handler's");
	err_ignore(run->target->ops->run_handler(run->target, handler),
	           "with the old state back it is a courtesy; the first failure is reported");
	err_free(take_cause);
}

static void run_handlers(struct execution *run)
{
	struct map seen = MAP_INIT;
	for (size_t i = 0; i < run->plan->len; i++) {
		struct step *step = &run->steps[i];
		const char **handlers = step->outcome == STEP_DONE ? step->item->handlers : NULL;
		for (; handlers && *handlers && step->outcome == STEP_DONE; handlers++) {
			if (map_has(&seen, *handlers))
				continue;
			map_set(&seen, *handlers, step);
			err *e = run->target->ops->run_handler(run->target, *handlers);
			if (e)
				handler_failed(run, *handlers, e);
		}
	}
	map_clear(&seen);
	for (size_t i = 0; i < run->plan->len; i++) {
		struct step *step = &run->steps[i];
		if (step->item->handlers && step->item->handlers[0] &&
		    (step->outcome == STEP_DONE || step->outcome == STEP_REVERTED ||
		     (step->outcome == STEP_FAILED && !run->journal.is_reported[i])))
			tell(run, step);
	}
}

/* --- the whole --- */

static err *refuse(const struct plan *plan)
{
	err *all = NULL;
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		if (item->action != PLAN_REFUSED)
			continue;
		err *e = err_new(ERR_REFUSED, "%s: %s", item->display,
		                 item->reason ? item->reason : "refused");
		if (item->hint)
			e = err_hint(e, "%s", item->hint);
		if (item->object)
			e = val_place(e, val_get(item->object->doc, "kind"));
		all = err_join(all, e);
	}
	return all;
}

static void prepare_steps(struct execution *run)
{
	run->steps = mem_zalloc(run->plan->len + 1, sizeof(*run->steps));
	for (size_t i = 0; i < run->plan->len; i++)
		run->steps[i] = (struct step){ .execution = run,
			                       .item = &run->plan->items[i],
			                       .index = i };
	link_followers(run);
	for (size_t i = 0; i < run->plan->object_count; i++)
		if (run->steps[i].waiting_for == 0)
			vec_push(&run->ready, i);
}

/* What a killed run left half made goes before anything new is made. */
static err *clean_up(struct execution *run)
{
	const struct records *records = run->plan->records;
	err *all = NULL;
	if (!run->target->ops->clean_up)
		return NULL;
	for (size_t i = 0; i < records->len; i++)
		if (records->items[i].is_pending)
			all = err_join(all, run->target->ops->clean_up(run->target,
			                                               &records->items[i]));
	return all;
}

static void run_phases(struct execution *run, size_t threads)
{
	drain(run, threads);
	if (!has_failures(run) && !run->is_stopping)
		remove_by_rank(run, threads);
	if (run->target->ops->flush) {
		err *e = run->target->ops->flush(run->target);
		run->stop_error = err_join(run->stop_error, e);
	}
	run_handlers(run);
}

/* Everything that was not attempted is told too, then all errors become one. */
static err *collect(struct execution *run)
{
	err *all = NULL;
	for (size_t i = 0; i < run->plan->len; i++) {
		struct step *step = &run->steps[i];
		if (step->outcome == STEP_WAITING && needs_target(step->item))
			tell(run, step);
		if (step->outcome == STEP_SKIPPED)
			err_free(step->error);
		else
			all = err_join(all, step->error);
		step->error = NULL;
	}
	return err_join(steal(&run->stop_error), all);
}

static enum inv_result result_of(const struct execution *run, const err *all)
{
	if (!all && run->result->skipped + run->result->waiting == 0)
		return INV_OK;
	if (err_is(all, ERR_CANCELLED) && run->result->failed == 0)
		return INV_INTERRUPTED;
	return run->result->done > 0 ? INV_PARTIAL : INV_RUN_FAILED;
}

static void execution_clear(struct execution *run)
{
	pool_free(run->pool);
	journal_clear(&run->journal);
	mem_free(run->steps);
	mem_free(run->first_follower);
	mem_free(run->followers);
	vec_clear(&run->ready);
	err_free(run->stop_error);
}

static err *execute(struct execution *run, size_t threads)
{
	TRY(clean_up(run));
	TRY(journal_begin(&run->journal, run->target, run->plan, run->options));
	run->result->run = run->journal.run ? inv_run_number(run->journal.run) : 0;
	prepare_steps(run);
	run->pool = pool_new(threads);
	run_phases(run, threads);
	/* Not ready in time is the deadline's doing, and says so itself. */
	if (has_failures(run) && run->result->failed > run->result->unready)
		check_limits(run);
	err *all = collect(run);
	run->result->result = result_of(run, all);
	err *e = journal_finish(&run->journal, run->result->result,
	                        all ? err_message(all) : NULL);
	return err_join(all, e);
}

err *execute_plan(struct target *target, struct plan *plan, const struct execute_options *options,
                  struct execute_result *ret_result)
{
	*ret_result = (struct execute_result){ .result = INV_RUN_FAILED };
	TRY(refuse(plan));
	struct execution run = { .target = target,
		                 .plan = plan,
		                 .options = options,
		                 .result = ret_result };
	size_t threads = options->threads ? options->threads : target->ops->concurrency;
	threads = threads ? threads : MAX(4, 2 * pool_cpu_count());
	err *e = execute(&run, threads);
	execution_clear(&run);
	return e;
}
