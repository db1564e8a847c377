/*
 * apply --watch: the pull agent. Joins source, planner, executor and file watching in one loop.
 */
#ifndef FETTLE_APPLY_WATCH_H
#define FETTLE_APPLY_WATCH_H

#include "session.h"

struct apply_watch_options {
	struct plan_options plan;
	int64_t interval_ms;
	bool detect_only; /* tell, change nothing */
	int64_t timeout_ms;  /* deadline of one fetch-and-apply; 0: none */
	const char *metrics; /* NULL: none */
	enum ui_log_format log_format;
	unsigned threads;
};

/* Runs until it is told to stop, which is success. */
NODISCARD err *apply_watch(struct session *session, struct cli_ctx *ctx,
                           const struct apply_watch_options *options);

#endif
