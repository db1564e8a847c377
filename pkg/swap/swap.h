/*
 * Validated reload: new content of a group of files becomes visible only after it was checked, and is put
 * back when what reads it does not get well. stage -> syntax -> the daemon's own check -> journal -> swap ->
 * one reload -> health -> good, or back, reload, health. Blocking: agents call it on a thread of their own.
 */
#ifndef SWAP_SWAP_H
#define SWAP_SWAP_H

#include "base/base.h"

#include <stdatomic.h>

#define SWAP_MAX_FILES        1000u
#define SWAP_MAX_OUTPUT_BYTES (64u << 10) /* of a check or reload, the last ones */

enum swap_syntax {
	SWAP_SYNTAX_AUTO, /* by the file's ending */
	SWAP_SYNTAX_NONE,
	SWAP_SYNTAX_JSON,
	SWAP_SYNTAX_YAML,
	SWAP_SYNTAX_TOML,
	SWAP_SYNTAX_INI,
	SWAP_SYNTAX_DOTENV,
};

struct swap_file {
	const char *path; /* absolute; with a generation folder: relative to it */
	struct view content;
	uint32_t mode, uid,
		gid; /* FS_KEEP: as the file that is replaced, 0640 and ours for a new one */
	enum swap_syntax syntax;
};

struct swap_command {
	/*
	 * NULL-terminated. In its words {file} is the (first changed) file to be checked, {file:NAME} the one
	 * of that base name, {dir} the generation folder.
	 */
	const char *const *argv;
	int64_t timeout_ms; /* 0: 30 s */
};

enum swap_reload_kind {
	SWAP_RELOAD_NONE,
	SWAP_RELOAD_SIGNAL, /* to the process of a pid file; there being none is fine */
	SWAP_RELOAD_COMMAND,
	SWAP_RELOAD_HTTP,   /* POST, or the method given; 2xx is success */
	SWAP_RELOAD_SOCKET, /* send text to a Unix or TCP socket */
	SWAP_RELOAD_UNIT,   /* systemctl reload */
	SWAP_RELOAD_CALL,   /* the caller's function */
};

struct swap_reload {
	enum swap_reload_kind kind;
	const char *signal, *pid_file;
	struct swap_command command;
	const char *url, *method;
	const char *address, *text;
	const char *unit;
	int64_t timeout_ms; /* 0: 30 s */
	err *(*call)(void *ctx);
	void *ctx;
};

enum swap_health_kind {
	SWAP_HEALTH_NONE,
	SWAP_HEALTH_COMMAND,
	SWAP_HEALTH_HTTP,
	SWAP_HEALTH_TCP,
	SWAP_HEALTH_ALIVE, /* the process of a pid file */
	SWAP_HEALTH_UNIT,  /* systemctl is-active */
	SWAP_HEALTH_CALL,
};

struct swap_health {
	enum swap_health_kind kind;
	struct swap_command command;
	const char *url, *address, *pid_file, *unit;
	int64_t within_ms; /* it must become healthy in this time; 0: 10 s */
	int64_t for_ms;    /* and stay so for this time */
	int64_t every_ms;  /* between two looks; 0: 100 ms */
	err *(*call)(void *ctx);
	void *ctx;
};

struct swap_group {
	const char *name;
	const char *state_dir; /* journal, old content, rejected revisions; made when missing */
	const char *
		generation; /* a symlink that is led to a new folder each time; NULL: files one by one */
	const struct swap_file *files;
	size_t file_count;
	const struct swap_command *checks;
	size_t check_count;
	struct swap_reload reload;
	struct swap_health health;
	/* Further checks of the content, such as a schema; NULL is fine. May be NULL. */
	err *(*check)(void *ctx, const struct swap_file *file);
	void *check_ctx;
	bool no_reload_first_time; /* nothing runs yet: files only */
};

enum swap_outcome {
	SWAP_UNCHANGED,
	SWAP_COMMITTED,
	SWAP_REJECTED,    /* a check failed: nothing became visible */
	SWAP_ROLLED_BACK, /* it was visible, and is no more */
	SWAP_HELD,        /* back, and still not well: a person is needed */
};
const char *swap_outcome_name(enum swap_outcome outcome);

struct swap_report {
	enum swap_outcome outcome;
	const char *stage;  /* "syntax", "check", "swap", "reload", "health"; NULL: none failed */
	err *error;         /* what went wrong */
	struct str output;  /* what the daemon said, untrusted bytes */
	bool was_known;     /* rejected before: not tried again */
	bool was_recovered; /* an earlier run had been killed: it was undone first */
	size_t changed;     /* files that differ */
	char revision[65];  /* fingerprint of paths and content */
	int64_t check_ns, swap_ns, reload_ns, health_ns;
};
#define SWAP_REPORT_INIT           \
	{                          \
		.output = STR_INIT \
	}
void swap_report_clear(struct swap_report *report);

/*
 * Make it so. Only what prevents an answer is an error (IO of our own state, CANCELLED, USAGE); what the
 * daemon thinks of the content is in the report.
 */
NODISCARD err *swap_apply(const struct swap_group *group, const atomic_int *cancel,
                          struct swap_report *ret_report);

/* Undo what a killed run left behind; true when there was something. swap_apply does it by itself. */
NODISCARD err *swap_recover(const struct swap_group *group, bool *ret_recovered);

/* Which files differ from what is on disk: differs[file_count]. */
NODISCARD err *swap_compare(const struct swap_group *group, bool *differs);
/* Content that is there now; empty for a file that is not. */
NODISCARD err *swap_current(const struct swap_group *group, size_t index, struct str *ret_text);

/* Forget that content was rejected, so that it is tried again. */
NODISCARD err *swap_forget(const struct swap_group *group);

#endif
