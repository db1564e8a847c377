/*
 * The tables of the manifests the host target understands: they check manifests (schema_check) and
 * print the JSON Schemas under docs/schemas.
 */
#ifndef TARGET_HOST_SPECS_H
#define TARGET_HOST_SPECS_H

#include "base/base.h"
#include "schema/schema.h"

extern const struct schema host_schema_file, host_schema_directory, host_schema_symlink,
	host_schema_unit, host_schema_command, host_schema_config_map, host_schema_secret;

/* spec.onChange, also in the annotation host.fettle.dev/onChange. */
extern const struct schema host_schema_on_change;

/* Annotations of a projected ConfigMap or Secret. */
#define HOST_ANNOTATION_PATH      "host.fettle.dev/path"
#define HOST_ANNOTATION_MODE      "host.fettle.dev/mode"
#define HOST_ANNOTATION_OWNER     "host.fettle.dev/owner"
#define HOST_ANNOTATION_GROUP     "host.fettle.dev/group"
#define HOST_ANNOTATION_ON_CHANGE "host.fettle.dev/onChange"

#endif
