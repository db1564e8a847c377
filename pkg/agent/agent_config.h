/*
 * What the configuration agent is told: sources of keys, and units that turn them into files and
 * reloads. Read from the `config:` member of fettle.yaml, from a file of `kind: Agent`, or from a folder
 * of such files taken together.
 */
#ifndef AGENT_AGENT_CONFIG_H
#define AGENT_AGENT_CONFIG_H

#include "base/base.h"

#include "base/arena.h"
#include "kv/kv.h"
#include "tmpl/tmpl.h"
#include "val/val.h"

#define AGENT_API_VERSION "config.fettle.dev/v1"

struct agent_source {
	const char *name;
	const char *file; /* that says so, for messages */
	const struct val *settings;
	const char *dir; /* relative files are meant from here */
	const char *password_file, *token_file, *ca_file, *cert_file, *key_file; /* NULL: none */
	struct kv_options options; /* without what the files hold: agent_source_open reads them */
};

struct agent_template {
	const char *from; /* file; NULL: `text` */
	const char *text;
	const char *to;
	const char *source; /* name; NULL: the unit's */
	const char *schema; /* file with the JSON Schema of the result; NULL: none */
	const char *left_delim, *right_delim;
	enum tmpl_flavour flavour;
	enum tmpl_missing missing;
	const struct val *settings; /* mode, owner, group, syntax */
};

struct agent_unit {
	const char *name;
	const char *file, *dir;
	const struct val *settings; /* whole, for swap and children */
	const char *source;         /* default of its templates; NULL when there is no source */
	const char *data_file;      /* YAML or JSON as the templates' dot; NULL: none */
	const struct val *data;     /* the same, written in place */
	struct agent_template *templates;
	size_t template_count;
	int64_t quiet_ms, quiet_max_ms, min_interval_ms, splay_ms;
};

struct agent_config {
	struct arena arena;
	struct agent_source *sources;
	size_t source_count;
	struct agent_unit *units;
	size_t unit_count;
};

/*
 * From a file, a folder (all *.yaml and *.yml in it), or fettle.yaml. NOT_FOUND; INVALID with every
 * mistake at its place; a name twice is one.
 */
NODISCARD err *agent_config_load(const char *path, struct agent_config **ret_config);
/* Only a source: for commands that name a URL. */
NODISCARD err *agent_config_of_url(const char *url, struct agent_config **ret_config);
/* Words as in the configuration; all but path may be NULL. */
struct agent_template_file {
	const char *path, *data_file, *flavour, *missing_key;
};
/*
 * Add a unit of one template file, for commands that are given one: its result is for agent_output. The
 * source is the only one there is, if any. INVALID for an unknown flavour.
 */
NODISCARD err *agent_config_add_template(struct agent_config *config,
                                         const struct agent_template_file *file);
/* Empty: no sources, no units. */
struct agent_config *agent_config_new(void);
void agent_config_free(struct agent_config *config);
AUTOPTR_DEFINE(agent_config)

/* USAGE with the names there are. */
NODISCARD err *agent_config_source(const struct agent_config *config, const char *name,
                                   struct agent_source **ret_source);

/* Reads the files of keys and certificates and opens it. `more` may be NULL: the decryption to use. */
NODISCARD err *agent_source_open(const struct agent_source *source, struct loop *loop,
                                 const struct kv_options *more, struct kv **ret_kv);

/* The table behind it, for docs/schemas. */
void agent_schema_to_json(struct str *out);

#endif
