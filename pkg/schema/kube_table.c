#include "base/base.h"

#include "schema/kube_table.h"

/* The strings are one text longer than ISO C obliges compilers to take; all of ours do. */
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "schema/kube_table.inc"

const struct kube_table kube_table = {
	.strings = strings,
	.enums = enums,
	.keys = keys,
	.types = types,
	.properties = properties,
	.definitions = definitions,
	.kinds = kinds,
	.n_kinds = ARRAY_LEN(kinds),
	.first_minor = KUBE_MINOR_FIRST,
	.n_minors = KUBE_MINOR_COUNT,
};
