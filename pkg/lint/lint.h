/*
 * Checks every file of a tree in one pass and says what is wrong, where, why and how to mend it.
 * This is what commands see: options in, a report out. What a rule sees is lint_rule.h; the list of
 * rule families is lint_registry.c. Output does not depend on the number of threads.
 */
#ifndef LINT_LINT_H
#define LINT_LINT_H

#include "base/arena.h"
#include "base/base.h"

struct cancel;
struct lint_input;
struct lint_rule;
struct lint_family;

enum lint_severity { LINT_INFO, LINT_WARNING, LINT_ERROR };

const char *lint_severity_name(enum lint_severity severity);

/* What a file is, by content and name; one bit each, so that families can name several. */
enum lint_kind {
	LINT_KUBERNETES = 1u << 0,    /* YAML or JSON with an object that has apiVersion and kind */
	LINT_KUSTOMIZATION = 1u << 1, /* kustomization.yaml */
	LINT_SOPS = 1u << 2,          /* a document with sops metadata */
	LINT_COMPOSE = 1u << 3,       /* compose.yaml, docker-compose*.yml */
	LINT_WORKFLOW = 1u << 4,      /* .github/workflows/x.yml */
	LINT_ACTION = 1u << 5,        /* action.yml */
	LINT_DOCKERFILE = 1u << 6,
	LINT_TEMPLATE = 1u << 7, /* Helm or other template: not YAML before it is rendered */
	LINT_YAML = 1u << 8,     /* other YAML */
	LINT_JSON = 1u << 9,     /* other JSON */
	LINT_TEXT = 1u << 10,    /* any other text */
	LINT_TOML = 1u << 11,
};

/* Kinds whose text is YAML (a Kubernetes object may be JSON: lint_file.is_json). */
#define LINT_ANY_YAML                                                                      \
	(LINT_KUBERNETES | LINT_KUSTOMIZATION | LINT_SOPS | LINT_COMPOSE | LINT_WORKFLOW | \
	 LINT_ACTION | LINT_YAML)
#define LINT_ANY_TEXT ((1u << 12) - 1)

const char *lint_kind_name(enum lint_kind kind);

/* Which rules run, as a starting point; `select` and `ignore` change it. */
enum lint_profile {
	LINT_PROFILE_DEFAULT,    /* correctness and security; restricted Pod Security as warnings */
	LINT_PROFILE_BASELINE,   /* without what only the restricted Pod Security level asks for */
	LINT_PROFILE_RESTRICTED, /* restricted Pod Security as errors */
	LINT_PROFILE_STYLE,      /* the default and YAML style */
	LINT_PROFILE_ALL,
};

/* The severity of a rule, or of all rules of a family. */
struct lint_severity_of {
	const char *name;
	int severity; /* enum lint_severity */
};

/* What differs for some paths. */
struct lint_override {
	struct strs paths; /* patterns as in .gitignore, from the folder of the configuration */
	struct strs select, ignore;
	struct lint_severity_of *severities;
	size_t n_severities;
};

struct lint_options {
	struct strs paths;          /* files and folders; empty: "." */
	struct strs select;         /* slugs or families: only these run */
	struct strs ignore;         /* slugs or families that do not run */
	struct strs exclude;        /* patterns as in .gitignore, from the working directory */
	struct strs config_exclude; /* the same from the folder of the configuration */
	const char *config_prefix;  /* way from there down to the working directory; NULL: "" */
	const struct lint_severity_of *severities;
	size_t n_severities;
	const struct lint_override *overrides;
	size_t n_overrides;
	int profile;                        /* enum lint_profile */
	bool no_gitignore;                  /* read what .gitignore names, too */
	bool history;       /* secrets of every blob of the repository around the working directory */
	bool wants_fixes;                   /* compute the edits of fixes */
	size_t threads;                     /* 0: one per CPU */
	size_t max_bytes;                   /* larger files are counted, not read; 0: 16 MiB */
	const char *pod_security_version;   /* "v1.25" or NULL: the newest known */
	const char *kubernetes_version;     /* "1.31" or NULL: the newest known */
	struct strs crds;                   /* files and folders with CustomResourceDefinitions */
	const struct lint_overlay *overlay; /* text to take in place of a file's; NULL: none */
	struct lint_input
		*input; /* files of a commit or the index; NULL: of the disk (lint_input.h) */
};

struct lint_overlay {
	const char *path;
	struct view text;
};

/* A place: bytes, and lines and columns (code points) from 1. The end is exclusive. */
struct lint_span {
	size_t start, end;
	uint32_t line, column, end_line, end_column;
};

/* Replace text[start..end) by `text`. Bytes of the file. */
struct lint_edit {
	size_t start, end;
	const char *text;
	size_t len;
	struct lint_span at; /* the same with lines and columns; filled by the engine */
};

struct yaml_change;

struct lint_fix {
	const char *text;              /* "set spec.containers[name=app].x to false" */
	bool is_unsafe;                /* changes what the file means, as intended */
	const struct lint_edit *edits; /* in order, not overlapping; none: the user must do it */
	size_t n_edits;
	/* What the edits do to the tree of document `doc`; none: edits of the text itself. */
	const struct yaml_change *changes;
	size_t n_changes, doc;
};


struct lint_finding {
	const struct lint_rule *rule;
	uint8_t severity; /* enum lint_severity */
	bool is_redacted; /* the line must not be shown: it holds a secret */
	struct lint_span at;
	const char *message;
	const char *object_kind, *object_namespace, *object_name; /* NULL: none */
	const char *container;                                    /* name; NULL: none */
	const char *
		fingerprint_text; /* what identifies it besides its rule and object; NULL: message */
	const char *line_text;    /* the first line of the place; NULL when redacted */
	const struct lint_fix *fix; /* NULL: none */
};

/* What was found in one file, by place. */
struct lint_result {
	const char *path; /* as found: relative to the working directory, '/'-separated */
	uint32_t kind;    /* enum lint_kind */
	struct lint_finding *findings;
	size_t len, cap;
};

struct lint_report {
	struct lint_result *files; /* those with findings, sorted by path */
	size_t len;
	size_t n_checked, n_binary, n_too_large, n_symlinks;
	size_t n_unreadable;
	size_t n_known;       /* taken out by a baseline */
	size_t n_suppressed;  /* findings hidden by comments and annotations */
	size_t counts[3];     /* findings by severity */
	err *unreadable;      /* joined, in order of paths; NULL: none */
	struct arena *arenas; /* what the strings live in */
	size_t n_arenas;
};

/*
 * Check everything under the paths. Fails with USAGE (unknown rule or family), NOT_FOUND or DENIED
 * for a path given by name, LIMIT, CANCELLED. A file that cannot be read is no failure: see
 * `unreadable`. The caller clears the report.
 */
NODISCARD err *lint_run(const struct lint_options *options, const struct cancel *cancel,
                        struct lint_report *ret_report);
void lint_report_clear(struct lint_report *report);

/* --- Mending --- */

/* What fixes made of one file. */
struct lint_mend {
	const char *path; /* lives as long as the mends */
	struct str before, after;
	size_t n_fixed;
};

struct lint_mends {
	struct lint_mend *ptr;
	size_t len, cap;
	size_t n_fixed;
	size_t n_dropped; /* fixes that could not be made without changing something else */
	struct arena arena;
};

/*
 * Check, and apply the safe fixes (all, with `with_unsafe`) to the texts in memory, again and again
 * until nothing more can be fixed. Every result is read again and compared: a fix that changes more
 * than it says is dropped. Nothing is written. Fails as lint_run; clear `ret_mends` also then.
 */
NODISCARD err *lint_mend_all(const struct lint_options *options, bool with_unsafe,
                             const struct cancel *cancel, struct lint_mends *ret_mends);
void lint_mends_clear(struct lint_mends *mends);

/* --- The catalogue --- */

size_t lint_family_count(void);
const struct lint_family *lint_family_at(size_t index);
/* By slug or by one of its origin ids; NULL: none. */
const struct lint_rule *lint_rule_find(const char *slug);
const struct lint_family *lint_rule_family(const struct lint_rule *rule);

#endif
