/*
 * How a group is written down: the members check, reload, health, preset and generation of a unit of
 * configuration, as tables for pkg/schema and a reader of what they accept.
 */
#ifndef SWAP_SWAP_CONFIG_H
#define SWAP_SWAP_CONFIG_H

#include "base/arena.h"
#include "schema/schema.h"
#include "swap/swap.h"
#include "val/val.h"

/* The rows for the table of whoever embeds a group. */
#define SWAP_CONFIG_FIELDS                                                                               \
	{ .name = "preset",                                                                              \
	  .kind = SCHEMA_STR,                                                                            \
	  .choices = swap_preset_names,                                                                  \
	  .about = "check, reload and health of a well-known daemon; each can be set here, too" },       \
		{ .name = "check",                                                                       \
		  .kind = SCHEMA_LIST,                                                                   \
		  .min_len = 1,                                                                          \
		  .of = &swap_check_schema,                                                              \
		  .about =                                                                               \
		          "programs that must accept the new files: words, or one list of words each" }, \
		{ .name = "reload",                                                                      \
		  .kind = SCHEMA_OBJECT,                                                                 \
		  .fields = swap_reload_fields,                                                          \
		  .groups = swap_reload_groups,                                                          \
		  .about = "how the daemon is told, once for all files" },                               \
		{ .name = "health",                                                                      \
		  .kind = SCHEMA_OBJECT,                                                                 \
		  .fields = swap_health_fields,                                                          \
		  .groups = swap_health_groups,                                                          \
		  .about = "what must be true afterwards, or all goes back" },                           \
	{                                                                                                \
		.name = "generation", .kind = SCHEMA_STR, .format = &schema_not_empty,                   \
		.about = "a symlink led to a new folder with all files, each time"                       \
	}

extern const char *const swap_preset_names[];
extern const struct schema swap_check_schema;
extern const struct schema swap_reload_fields[], swap_health_fields[];
extern const struct schema_group swap_reload_groups[], swap_health_groups[];

/*
 * Read the members of `v`, which the tables accepted, into the group's checks, reload, health and
 * generation; relative paths are taken from `dir`. Everything lives in the arena or in `v`. INVALID with
 * place.
 */
NODISCARD err *swap_config_read(const struct val *v, const char *dir, struct arena *a,
                                struct swap_group *group);

enum swap_syntax swap_syntax_named(const char *name);

#endif
