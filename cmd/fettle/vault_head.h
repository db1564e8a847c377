/*
 * What git has of a file: its bytes in the commit HEAD, so that encrypting it again can keep the
 * ciphertexts that are committed. Nothing here fails: without git there is only nothing to keep.
 */
#ifndef FETTLE_VAULT_HEAD_H
#define FETTLE_VAULT_HEAD_H

#include "base/base.h"

struct vault_head;

struct vault_head *vault_head_new(void);
void vault_head_free(struct vault_head *head); /* NULL is fine */
AUTOPTR_DEFINE(vault_head)

/*
 * The bytes HEAD has of this file. False, and nothing read, when there is no repository, no commit or
 * no such file in it. One thread at a time; files of one folder after another are quickest.
 */
bool vault_head_read(struct vault_head *head, const char *path, struct str *ret_text);

#endif
