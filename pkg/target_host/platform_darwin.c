#include "base/base.h"

#include "target_host/internal.h"

const struct host_platform host_platform = {
	.name = "macOS",
	.has_units = false,
	.has_modes = true,
	.has_owners = true,
};
