/* One struct for each source, in the file kv_<driver>.c. A new source: its file, a line here and in
 * kv_drivers.c, its chapter in docs/config-sources.md. */
#ifndef KV_KV_ALL_DRIVERS_H
#define KV_KV_ALL_DRIVERS_H

#include "kv/kv_driver.h"

extern const struct kv_driver kv_driver_file;
extern const struct kv_driver kv_driver_env;
extern const struct kv_driver kv_driver_http;
extern const struct kv_driver kv_driver_etcd;
extern const struct kv_driver kv_driver_consul;
extern const struct kv_driver kv_driver_redis;
extern const struct kv_driver kv_driver_vault;
extern const struct kv_driver kv_driver_nacos;
extern const struct kv_driver kv_driver_apollo;
extern const struct kv_driver kv_driver_kube;
extern const struct kv_driver kv_driver_git;

#endif
