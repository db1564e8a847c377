/*
 * The configuration center target: `config.fettle.dev/v1` ConfigSet, keys and values below a path of any
 * source that fettle config can change (etcd, Consul, Redis, Kubernetes ConfigMaps, Vault, Nacos, files).
 * A ConfigSet owns the keys it names and no others; keys it named before and names no more go with the
 * next apply. The records are kept in the center too, under fettle-records/PROJECT.
 */
#ifndef TARGET_CENTER_CENTER_TARGET_H
#define TARGET_CENTER_CENTER_TARGET_H

#include "base/base.h"
#include "target/target.h"

#define CENTER_API_VERSION "config.fettle.dev/v1"

struct kv;

/*
 * `kv` and the loop below it are borrowed, and driven by whichever thread calls, one at a time. USAGE
 * when the source cannot be changed.
 */
NODISCARD err *center_target_open(struct kv *kv, const struct target_context *context,
                                  struct target **ret_target);

/* The table behind ConfigSet, for docs/schemas. */
void center_schema_to_json(struct str *out);

#endif
