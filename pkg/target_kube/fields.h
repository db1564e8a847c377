/*
 * managedFields (FieldsV1, KEP-555): who owns which field, and the proof that applying a manifest would
 * change nothing, made from a list alone (docs/kubernetes.md). Pure functions over value trees.
 */
#ifndef TARGET_KUBE_FIELDS_H
#define TARGET_KUBE_FIELDS_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

#define KUBE_FIELD_MANAGER "fettle"

/* metadata.managedFields of an object. Is an entry of them ours? */
const struct val *fields_entries(const struct val *live);
bool fields_is_ours(const struct val *entry);
/* Our entry: operation Apply, our manager, no subresource. NULL when absent. Two of them: *ret_is_unique false. */
const struct val *fields_our_entry(const struct val *live, bool *ret_is_unique);

/*
 * Would applying `body` (what we would send) as our manager leave `live` untouched? Sound: every doubt
 * (nulls, status, duplicate or ambiguous list keys, another apiVersion, two entries, quantities written
 * differently) answers false. `ret_why` (may be NULL) is a static text for --explain and tests.
 */
bool fields_prove_unchanged(const struct val *body, const struct val *live, const char **ret_why);

/*
 * Canonical JSON of what our entry owns in `live` (values at the owned leaves), for the fingerprint
 * "what we manage as it is now". Empty when there is no entry.
 */
void fields_owned_text(const struct val *live, struct str *out);

/*
 * What a server would most likely make of it, for plans without patch permission: `live` with the
 * leaves of `body` set and the leaves our entry owns but `body` no longer names removed (unless others
 * own them too), lists merged by the keys the field sets show. Lives in the arena.
 */
struct val *fields_predict(struct arena *arena, const struct val *body, const struct val *live);

/*
 * `next` without the leaves that our entry of `live` owns and `body` no longer names, unless others own
 * them too: what is left of it when `body` is applied.
 */
struct val *fields_give_up(struct arena *arena, const struct val *body, const struct val *next,
                           const struct val *live);

/* Who owns the field at `path` ("spec.replicas", `spec.template.spec.containers[name="app"].image`). */
struct field_owner {
	const char *manager, *operation, *subresource, *time; /* "" when absent */
};
/* Fills at most `max` owners, newest first; returns how many there are. */
size_t fields_owners(const struct val *live, const char *path, struct field_owner *owners, size_t max);

/*
 * The only item of a list that has these keys (with `may_omit` a key may be missing from it), or, as a
 * member of a set, is this value. NULL when there is none or more than one.
 */
const struct val *fields_find(const struct val *list, const struct val *keys, bool is_member,
                              bool may_omit);

/* Remove what never counts: managedFields, uid, resourceVersion, generation, creationTimestamp, selfLink, status. A copy. */
struct val *fields_without_noise(struct arena *arena, const struct val *object);

/* One of the keys of metadata that never count. */
bool fields_is_noise(const char *key);

#endif
