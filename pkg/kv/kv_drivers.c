#include "base/base.h"

#include "kv/kv_all_drivers.h"

/* The help and messages list the schemes in this order. */
const struct kv_driver *const kv_drivers[] = {
	&kv_driver_file,  &kv_driver_env,    &kv_driver_git,   &kv_driver_http,
	&kv_driver_etcd,  &kv_driver_consul, &kv_driver_redis, &kv_driver_vault,
	&kv_driver_nacos, &kv_driver_apollo, &kv_driver_kube,
};

const size_t kv_driver_count = ARRAY_LEN(kv_drivers);
