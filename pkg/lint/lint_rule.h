/*
 * What a rule family sees. A family is a table of rules and a function that checks one file; it
 * reports hits by rule. To add a rule: its row in the family's table, its code in the family's
 * file, its test. To add a family: its file and its row in lint_registry.c.
 *
 * check_file runs in any thread, for one file at a time, and must not keep pointers into the file.
 * What a family must remember across files (cross references) it keeps in what `begin` returns,
 * under a lock of its own; `finish` runs once at the end in one thread and must not depend on the
 * order in which files came (sort by lint_file.index).
 */
#ifndef LINT_LINT_RULE_H
#define LINT_LINT_RULE_H

#include "lint/lint.h"

#include "val/val.h"
#include "yaml/yaml.h"

enum lint_rule_flags {
	LINT_OFF = 1u << 0,        /* only when selected */
	LINT_STYLE = 1u << 1,      /* profile style */
	LINT_RESTRICTED = 1u << 2, /* asked for by the restricted Pod Security level only */
	LINT_FIXABLE = 1u << 3,
	LINT_UNSAFE_FIX = 1u << 4, /* its fix changes what the file means */
};

struct lint_rule {
	const char *slug;  /* "disallow-privilege-escalation" */
	uint8_t severity;  /* enum lint_severity */
	uint8_t flags;     /* enum lint_rule_flags */
	const char *brief; /* one line, lower case, no full stop */
	const char *why;   /* one to three sentences */
	const char *bad;   /* a snippet, lines separated by '\n' */
	const char *good;
	const char *origins; /* ids elsewhere, blank-separated: "CIS-5.2.6 CKV_K8S_20"; or NULL */
};

struct lint_run;
struct lint_file;

struct lint_family {
	const char *name; /* "pod-security": may be selected as a whole */
	const char *brief;
	const struct lint_rule *rules;
	size_t n_rules;
	unsigned kinds; /* enum lint_kind: which files it wants */
	/* All but check_file may be NULL. `state` is what begin gave, NULL without. */
	err *(*begin)(struct lint_run *run, void **ret_state);
	void (*check_file)(struct lint_file *file, void *state);
	/* For files given to lint_revisit, when all files were checked once. */
	void (*revisit_file)(struct lint_file *file, void *state);
	void (*finish)(struct lint_run *run, void *state);
	void (*end)(void *state);
};

struct lint_file {
	struct lint_run *run;
	const struct lint_options *options;
	const char *path;
	uint32_t index; /* position among all files: deterministic */
	uint32_t kind;  /* enum lint_kind */
	bool is_json;
	const char *text; /* NUL-terminated */
	size_t len;
	/*
	 * Documents of YAML and JSON kinds. A document with a syntax error is not here (family
	 * syntax reports it); the others of the file are. Places are bytes of `text`. In workflows,
	 * actions and Compose files yes, no, on and off are texts, elsewhere booleans.
	 */
	struct yaml_doc *docs;
	size_t n_docs;
	struct arena *arena; /* gone after the file */
	struct arena *keep;  /* lives as long as the report: for messages, fixes, facts */
	struct lint_load_error *load_errors; /* for the families syntax and yaml */
	size_t n_load_errors;
	/* private to the engine */
	struct lint_result *result;
	const struct lint_selection *selection;
	struct lint_selection *own_selection; /* a copy for this file alone; NULL: none */
	uint64_t revisit; /* bit per family */
	size_t family;    /* whose turn it is */
};

/* Why a document cannot be read, or what a strict reader would refuse. */
struct lint_load_error {
	enum yaml_flaw_kind kind;
	const char *message, *hint; /* hint may be NULL */
	size_t start, end;
};

/* Is the rule on for this file? Skip costly work when it is not; lint_report asks again itself. */
bool lint_is_on(const struct lint_file *file, const struct lint_rule *rule);
bool lint_is_any_on(const struct lint_file *file, const struct lint_rule *rules, size_t n_rules);

/* What the command line and the configuration say about one rule for this file. */
enum lint_choice {
	LINT_BY_PROFILE, /* nothing, or its family was named */
	LINT_CHOSEN,     /* named itself: it runs */
	LINT_REFUSED,    /* it does not run */
};
enum lint_choice lint_choice_of(const struct lint_file *file, const struct lint_rule *rule);
/*
 * For a family that reads the configuration of another tool: set whether a rule runs for this file,
 * and how hard, unless the severity was set by name.
 */
void lint_set_rule(struct lint_file *file, const struct lint_rule *rule, bool is_on,
                   enum lint_severity severity);

/* What is wrong, and where. Strings need not outlive the call, fix edits must live in `keep`. */
struct lint_hit {
	const struct lint_rule *rule;
	size_t start, end; /* bytes of the text; of the file's start for things that are missing */
	const struct val *object; /* the Kubernetes object, for its identity; NULL: none */
	const char *container;
	const char *fingerprint_text;
	const struct lint_fix *fix;
	bool is_redacted;
	bool has_severity; /* else the rule's own */
	uint8_t severity;
};

void lint_report_hit(struct lint_file *file, const struct lint_hit *hit, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * The same in `finish`, for a file checked before: `file_index` and the places the family noted.
 * The engine reads the file again for lines and columns.
 */
void lint_report_late(struct lint_run *run, uint32_t file_index, const struct lint_hit *hit,
                      const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Have revisit_file called for this file when all were checked. */
void lint_revisit(struct lint_file *file);

const struct lint_options *lint_run_options(const struct lint_run *run);
/* Path of a file by its index. */
const char *lint_run_path(const struct lint_run *run, uint32_t index);
bool lint_run_is_on(const struct lint_run *run, const struct lint_rule *rule);

/* --- Kubernetes objects of a file: every document, and the items of lists. --- */

/*
 * For each map with apiVersion and kind (items of a List in its place). `index` starts at 0; false
 * when there are no more.
 *
 *	struct lint_objects it = { 0 };
 *	const struct val *object;
 *	while (lint_next_object(file, &it, &object)) ...
 */
struct lint_objects {
	size_t doc, item;
};
bool lint_next_object(const struct lint_file *file, struct lint_objects *it,
                      const struct val **ret_object);

#endif
