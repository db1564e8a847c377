/* What the files of this module share. */
#ifndef SWAP_SWAP_PRIVATE_H
#define SWAP_SWAP_PRIVATE_H

#include "swap/swap.h"

#include "base/vec.h"
#include "pal/root.h"

enum { SWAP_TIMEOUT_MS = 30000 };

/* One run. */
struct swap_run {
	const struct swap_group *group;
	const atomic_int *cancel;
	struct swap_report *report;
	bool *differs;
	struct fs_stage **stages; /* by file; NULL: unchanged, or moved into place */
	char *staged_dir;         /* of a generation */
	bool is_down;             /* nothing runs that could be told */
};

/* --- swap_check.c --- */
NODISCARD err *swap_check_syntax(const struct swap_file *file);
/* Where a check finds the file: its staged copy, or the file itself when unchanged. */
const char *swap_staged_path(const struct swap_run *run, size_t index, struct str *text);
/* Runs a command with its placeholders replaced; its output is kept in the report. */
NODISCARD err *swap_run_command(struct swap_run *run, const struct swap_command *command,
                                const char *what);

/* --- swap_reload.c --- */
NODISCARD err *swap_do_reload(struct swap_run *run);
NODISCARD err *swap_wait_health(struct swap_run *run);

/* --- swap_state.c: what survives a crash --- */
/* Old content of what will change, and the list of it, flushed before anything is moved. */
NODISCARD err *swap_journal_write(const struct swap_run *run);
/* Put everything back that the journal names; false: there is none. */
NODISCARD err *swap_journal_undo(const struct swap_group *group, bool *ret_was_there);
NODISCARD err *swap_journal_end(const struct swap_group *group);
NODISCARD err *swap_reject(const struct swap_group *group, const char *revision,
                           const char *reason);
/* *ret_reason NULL: never rejected. Caller frees. */
NODISCARD err *swap_rejected(const struct swap_group *group, const char *revision,
                             char **ret_reason);

/* --- paths --- */
/* The root of a file's folder and its name in it. */
NODISCARD err *swap_open_dir(const char *path, bool create, struct fs_root **ret_root);
/* Absolute path of a file of the group as readers see it. Caller frees. */
char *swap_visible_path(const struct swap_group *group, size_t index);

#endif
