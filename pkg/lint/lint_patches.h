/*
 * Which files hold only parts of objects, because a kustomization names them as patches, or are
 * read by kustomize itself. Adding is safe from all threads; asking starts when all files were seen.
 */
#ifndef LINT_LINT_PATCHES_H
#define LINT_LINT_PATCHES_H

#include "lint/lint_rule.h"

struct lint_patches;

enum lint_part {
	LINT_WHOLE,
	LINT_PATCH,    /* named as a patch */
	LINT_SETTINGS, /* transformers, generators of kustomize; what a test asserts */
};

struct lint_patches *lint_patches_new(void);
void lint_patches_free(struct lint_patches *patches);

/* Every document of a kustomization file. */
void lint_patches_add(struct lint_patches *patches, const struct lint_file *file);
/* An object of the file: a Test of Chainsaw names files with parts of objects. */
void lint_patches_add_object(struct lint_patches *patches, const struct lint_file *file,
                             const struct val *object);
enum lint_part lint_patches_find(const struct lint_patches *patches, const char *path);

#endif
