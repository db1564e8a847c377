/* What `vault init` and `vault git install` share: drivers in .git/config, files in .gitattributes. */
#ifndef FETTLE_VAULT_GIT_H
#define FETTLE_VAULT_GIT_H

#include "base/base.h"
#include "git/git.h"
#include "ui/ui.h"

/* Set, or take back, the drivers of this clone. */
NODISCARD err *vault_git_drivers(struct repo *repo, bool is_removed);
/* Lines for patterns that .gitattributes in `folder` does not have yet; each is told. */
NODISCARD err *vault_git_attributes(struct ui *ui, const char *folder, const struct strs *patterns);

#endif
