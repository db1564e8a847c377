/*
 * Last known good: what each source said last, on disk and encrypted, so that an agent starts with every
 * source down. Written after content was applied, not when it came.
 */
#ifndef AGENT_AGENT_CACHE_H
#define AGENT_AGENT_CACHE_H

#include "kv/kv.h"

struct agent_cache;

/* `dir` is made when missing; its key file is made on first use (0600). */
NODISCARD err *agent_cache_open(const char *dir, struct agent_cache **ret_cache);
void agent_cache_free(struct agent_cache *cache);
AUTOPTR_DEFINE(agent_cache)

/* NOT_FOUND; CORRUPT for a file that is damaged or was sealed with another key. */
NODISCARD err *agent_cache_get(struct agent_cache *cache, const char *source, enum kv_scope scope,
                               const char *path, struct kv_set **ret_set, int64_t *ret_saved_ns);
NODISCARD err *agent_cache_put(struct agent_cache *cache, const char *source, enum kv_scope scope,
                               const char *path, const struct kv_set *set);

#endif
