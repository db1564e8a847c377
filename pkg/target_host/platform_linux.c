#include "base/base.h"

#include "target_host/internal.h"

const struct host_platform host_platform = {
	.name = "Linux",
	.has_units = true,
	.has_modes = true,
	.has_owners = true,
};
