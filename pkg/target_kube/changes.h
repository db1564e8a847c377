/*
 * Differences between two Kubernetes objects as people want to see them: list items matched by their
 * keys (name, containerPort+protocol, …), paths as `spec.containers[name="app"].image`, noise left out,
 * Secret values and other sensitive paths as keyed tags. Pure.
 */
#ifndef TARGET_KUBE_CHANGES_H
#define TARGET_KUBE_CHANGES_H

#include "base/base.h"
#include "target/target.h"
#include "val/val.h"

/*
 * Add the changes from `live` (NULL: nothing is there) to `next` (NULL: it goes) to item->changes.
 * Texts with several lines are marked is_text. `tag_key`: 32 bytes for tags of sensitive values.
 * With `explains`, each change's `note` says who owns the live field and since when.
 */
void changes_add(struct plan_item *item, const struct val *live, const struct val *next,
                 const unsigned char *tag_key, bool explains);

/* Is this a kind whose data must never be shown (Secret), or has it sensitive paths by annotation
 * (fettle.dev/sensitive: "spec.password,data.x")? */
bool changes_is_sensitive(const char *group, const char *kind, const struct val *doc);
/* Replace every sensitive string of an object in a text (server messages quote values): in place. */
void changes_redact(const struct val *object, struct str *text);

#endif
