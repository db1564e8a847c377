#include "base/base.h"

#include "target_host/internal.h"

const struct host_platform host_platform = {
	.name = "Windows",
	.has_units = false,
	.has_modes = false,
	.has_owners = false,
};
