/*
 * Names of users and groups, this machine's and, for a root folder with its own etc/passwd and
 * etc/group, that root's. Numbers are always accepted as names. Windows knows only numbers.
 */
#ifndef PAL_USER_H
#define PAL_USER_H

#include "base/base.h"

struct fs_root;

/*
 * Number for a name or a decimal number. With `root` (may be NULL), its etc/passwd or etc/group
 * decides when there is one. NOT_FOUND; UNSUPPORTED for a name on Windows.
 */
NODISCARD err *user_id(struct fs_root *root, const char *name, uint32_t *ret_uid);
NODISCARD err *user_group_id(struct fs_root *root, const char *name, uint32_t *ret_gid);

/* Name for a number, or the number as text when it has none. */
void user_name(struct fs_root *root, uint32_t uid, struct str *ret_name);
void user_group_name(struct fs_root *root, uint32_t gid, struct str *ret_name);

uint32_t user_self(void); /* effective uid; 0 on Windows */
uint32_t user_group_self(void);

/* May we change owners and system files? root, or an elevated administrator. */
bool user_is_admin(void);

/* Name of this machine; "localhost" when it has none. */
void user_host_name(struct str *ret_name);

#endif
