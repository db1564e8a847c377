/*
 * The custom kinds of one run: definitions found in the repository and those of --crds. Adding is
 * safe from all threads; finding starts when all files were seen and is the same in any order.
 */
#ifndef LINT_LINT_CRDS_H
#define LINT_LINT_CRDS_H

#include "lint/lint_rule.h"
#include "schema/crd.h"

struct lint_crds;

struct lint_crds *lint_crds_new(void);
void lint_crds_free(struct lint_crds *crds);

/*
 * Read the definitions of the files and folders; also the JSON Schemas of a catalogue, named
 * GROUP/KIND_VERSION.json with the kind in small letters. NOT_FOUND for a path without a single one, or
 * what reading fails with.
 */
NODISCARD err *lint_crds_read(struct lint_crds *crds, const struct lint_options *options);

/* The definitions of a file of the run; `file_path` and what is compiled live in file->keep. */
void lint_crds_add(struct lint_crds *crds, const struct lint_file *file, const struct val *object);

struct lint_crd_match {
	const struct crd *crd;             /* NULL: no definition of the kind */
	const struct crd_version *version; /* NULL: the definition has no such version */
	const char *path;                  /* where the definition is */
};

/* The definition nearest to the file: those of its folders first, those of --crds last. */
struct lint_crd_match lint_crds_find(struct lint_crds *crds, const char *path,
                                     const char *api_version, const char *kind);

/* The nearest kind of the group that is defined; NULL: none is near. */
const char *lint_crds_nearest(struct lint_crds *crds, const char *api_version, const char *kind);

#endif
