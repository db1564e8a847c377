/* What the files of the lint engine share; rule families include lint_rule.h instead. */
#ifndef LINT_LINT_PRIVATE_H
#define LINT_LINT_PRIVATE_H

#include "lint/lint_rule.h"
#include "lint/lint_suppress.h"

#include "pal/pool.h"

/* All families, in the order of the catalogue. */
extern const struct lint_family *const lint_families[];
extern const size_t lint_n_families;
#define LINT_FAMILIES_MAX 64u

/* The byte of a place of an error in this file; 0 when there is none. */
size_t lint_place_offset(const struct lint_file *file, const struct err_place *place);

struct lint_path {
	const char *path;
	bool is_named; /* given on the command line: must be readable, is never ignored */
};

struct lint_paths {
	struct lint_path *ptr;
	size_t len, cap;
	size_t n_symlinks;
	struct arena arena;
};

/* Every file under the paths, sorted, each once. Clear it also after a failure. */
NODISCARD err *lint_walk(const struct lint_options *options, const struct cancel *cancel,
                         struct lint_paths *paths, err **unreadable);
void lint_paths_clear(struct lint_paths *paths);

/* A worker's own memory; one file at a time. */
struct lint_worker {
	struct arena scratch; /* reset for each file */
	struct arena keep;
	struct str text;
	struct lint_worker *next; /* of the free ones */
};

/* What runs, and how hard, by index of the catalogue. */
struct lint_selection {
	uint8_t *is_on;
	uint8_t *severity;
	size_t n;
};

struct lint_run {
	const struct lint_options *options;
	const struct cancel *cancel;
	struct lint_paths paths;
	struct lint_result *results;            /* per path */
	struct lint_suppressions *suppressions; /* per path */
	uint64_t *revisit;                      /* per path: bit per family */
	bool is_second_round;
	void *states[LINT_FAMILIES_MAX];
	struct lint_selection selection; /* of files that no override names */
	uint8_t *choices;                /* enum lint_choice of each rule, without overrides */
	size_t first_rule[LINT_FAMILIES_MAX + 1];
	struct mutex *mutex; /* guards what follows */
	struct lint_worker *free_workers, **all_workers;
	size_t n_workers;
	struct lint_result *history; /* files of earlier commits */
	size_t n_history;
	err **errors; /* per path: why it could not be read */
	size_t n_checked, n_binary, n_too_large, n_suppressed;
};

/* Secrets of the git history; fills run->history. Fails as opening a repository does. */
NODISCARD err *lint_history(struct lint_run *run);

/* Add a finding, without places yet. */
void lint_add_finding(const struct lint_run *run, const struct lint_selection *selection,
                      struct lint_result *result, struct arena *keep,
                      const struct lint_hit *hit, const char *message);

/* By content and name; `docs` may be empty. */
uint32_t lint_classify_name(const char *path, bool *ret_is_json);
uint32_t lint_classify(const char *path, const char *text, size_t len, bool *ret_is_json);
/* Is `folder` ("templates/") one of the folders of the path? */
bool lint_is_in_folder(const char *path, const char *folder);
uint32_t lint_classify_docs(const char *path, const struct yaml_doc *docs, size_t n_docs,
                            uint32_t kind);

/* Read the documents of a YAML or JSON file; what cannot be read becomes a load error. */
void lint_load_docs(struct lint_file *file);

/*
 * Which rules are on, by profile, select and ignore; names in overrides are checked, too. USAGE for a
 * name nothing has.
 */
NODISCARD err *lint_select(struct lint_run *run);

/* The selection for a path: the run's own, or one in the arena where overrides apply. */
const struct lint_selection *lint_selection_for(const struct lint_run *run, const char *path,
                                                struct arena *a);

/* Is the rule itself, not only its family, among the names (each a list separated by commas)? */
bool lint_names_rule(const struct strs *names, const struct lint_rule *rule);

/* Index of a rule in the catalogue. */
size_t lint_rule_index(const struct lint_run *run, const struct lint_rule *rule);

/* Lines and columns of places; findings by place. */
void lint_finish_result(struct lint_result *result, const char *text, size_t len,
                        struct arena *keep);

#endif
