/*
 * What the commands around apply share: from PATH, --env, --root and fettle.yaml to an opened
 * source, target, inventory and plan. Each step is a function of its own, so that a command takes
 * only the steps it needs; session_clear undoes whatever was opened.
 */
#ifndef FETTLE_SESSION_H
#define FETTLE_SESSION_H

#include "base/base.h"

#include "apply/manifests.h"
#include "apply/plan.h"
#include "apply/plan_report.h"
#include "cmds.h"
#include "config_common.h"
#include "pal/clock.h"
#include "pal/lock.h"
#include "pal/sig.h"
#include "project/project.h"
#include "target_kube/kube_target.h"

/* Options every one of these commands has; embedded in its args as `where`. */
struct where_args {
	const char *path;  /* NULL: the environment of the nearest fettle.yaml */
	const char *env;
	const char *root;
	const char *name;
	const char *center;  /* URL of a configuration center, or name of a source */
	const char *cluster; /* one of the environment's */
	const char *context, *name_space, *kubeconfig, *as_user; /* any of them: a cluster */
	struct strs as_groups;
	bool is_literal;   /* PATH is the source itself, even when a fettle.yaml lies in it */
};

/* Rows for the option table of a command whose args embed `struct where_args where`. */
#define WHERE_PATH(args_type)                                                                      \
	{                                                                                          \
		CLI_ARG(args_type, where.path), .arg = "path",                                     \
		.help = "folder, file, '-' or git URL with ?ref=", .words = CLI_WORDS_FILES        \
	}
#define WHERE_OPTS(args_type)                                                                     \
	{ CLI_STR(args_type, where.env),                                                          \
	  .letter = 'e',                                                                          \
	  .name = "env",                                                                          \
	  .arg = "name",                                                                          \
	  .help = "environment of the nearest fettle.yaml",                                       \
	  .env = "FETTLE_ENV",                                                                    \
	  .flags = CLI_NOT_EMPTY,                                                                 \
	  .complete = complete_environments },                                                    \
		{ CLI_STR(args_type, where.root),                                                 \
		  .name = "root",                                                                 \
		  .arg = "dir",                                                                   \
		  .help = "folder that stands for the machine",                                   \
		  .env = "FETTLE_ROOT",                                                           \
		  .flags = CLI_NOT_EMPTY,                                                         \
		  .words = CLI_WORDS_DIRS },                                                      \
		{ CLI_STR(args_type, where.center), .name = "center", .arg = "source",            \
		  .help = "configuration center: a URL, or a source of fettle.yaml",              \
		  .flags = CLI_NOT_EMPTY },                                                       \
		{ CLI_STR(args_type, where.cluster),                                              \
		  .name = "cluster",                                                              \
		  .arg = "name",                                                                  \
		  .help = "only this cluster of an environment that has several",                 \
		  .flags = CLI_NOT_EMPTY | CLI_RARE,                                              \
		  .complete = complete_clusters },                                                \
		{ CLI_STR(args_type, where.context),                                              \
		  .name = "context",                                                              \
		  .arg = "name",                                                                  \
		  .help = "cluster to work on: a context of the kubeconfig",                      \
		  .flags = CLI_NOT_EMPTY,                                                         \
		  .complete = complete_contexts },                                                \
		{ CLI_STR(args_type, where.name_space), .name = "namespace", .arg = "name",       \
		  .help = "namespace of objects that name none, and of the records",              \
		  .flags = CLI_NOT_EMPTY },                                                       \
		{ CLI_STR(args_type, where.kubeconfig),                                           \
		  .name = "kubeconfig",                                                           \
		  .arg = "file",                                                                  \
		  .help = "for a cluster: this kubeconfig and no other",                          \
		  .flags = CLI_NOT_EMPTY | CLI_RARE,                                              \
		  .words = CLI_WORDS_FILES },                                                     \
		{ CLI_STR(args_type, where.as_user), .name = "as", .arg = "user",                 \
		  .help = "for a cluster: act as this user", .flags = CLI_NOT_EMPTY | CLI_RARE }, \
		{ CLI_STRS(args_type, where.as_groups), .name = "as-group", .arg = "group",       \
		  .help = "for a cluster: and as a member of this group",                         \
		  .flags = CLI_NOT_EMPTY | CLI_RARE },                                            \
	{                                                                                         \
		CLI_STR(args_type, where.name),                                                   \
			.name = "name", .arg = "project",                                         \
			.help = "project name for the records on the target",                     \
			.flags = CLI_NOT_EMPTY                                                    \
	}

void complete_environments(struct app *app, const char *prefix, struct cli_candidates *out);
void complete_clusters(struct app *app, const char *prefix, struct cli_candidates *out);
void complete_contexts(struct app *app, const char *prefix, struct cli_candidates *out);

struct session {
	struct app *app;
	struct ui *ui;
	const struct cli_parsed *parsed;
	struct arena arena;
	const struct settings *settings;
	bool has_project;
	struct project project;
	const struct environment *environment; /* NULL: PATH was given */
	const struct cluster *cluster;         /* chosen among those of the environment; or NULL */
	const char *name;   /* project name in the inventory: "shop/dev", or made from PATH */
	const char *path;   /* what the source is; NULL when the command needs none */
	const char *root;   /* NULL: this machine */
	const char *center; /* the target is a configuration center; or NULL */
	bool is_kubernetes; /* the target is a cluster, as `kube` says; commands add to it */
	struct kube_target_options kube;
	const char *state_dir;
	const char *cache_dir;
	struct cancel *cancel;
	int64_t timeout_ms;     /* as option, environment and settings say; 0: none */
	struct deadline deadline;
	bool must_identify; /* also name the commit around a folder: costs a look at the repository */
	bool must_keep_key; /* fingerprints of secrets will be compared by a later command */

	struct source_spec spec;
	const char *source_identity; /* absolute path or URL without ref; what records say */
	struct source *source;
	struct manifests manifests;
	struct vault_keys *vault_keys; /* for encrypted manifests; loaded when there are some */
	uint8_t tag_key[INV_DIGEST_BYTES];
	bool is_key_temporary;     /* nothing is recorded yet, so nobody knows this key */
	struct target_context context;
	struct config_source center_source; /* behind the target, when `center` is set */
	struct target *target;
	struct mutex *note_mutex; /* notes of the target come from its threads */
	struct lock *lock;
	struct inv *inv;
	struct inv_project *owned; /* the project in the inventory */
	struct records records;
	const char *user, *host;   /* who runs it and where; filled by session_run_info */
};

/*
 * From options and fettle.yaml to names; installs the signal handlers. `timeout_ms` is the value of
 * --timeout, 0 for commands that have none; the environment's own may take its place.
 */
NODISCARD err *session_begin(struct session *session, const struct cli_ctx *ctx,
                             const struct where_args *where, int64_t timeout_ms);
void session_clear(struct session *session);

/*
 * Was `option` given on the command line, or its setting by a variable? Then it stands above what an
 * environment of fettle.yaml says; a value from a settings file stands below.
 */
bool session_overrides(const struct session *session, const char *option, enum setting setting);

/* Take the source's name apart, touch nothing. */
NODISCARD err *session_parse_source(struct session *session);
/* Fetch the source and load its manifests. */
NODISCARD err *session_open_source(struct session *session);
/* Options for source_open and its like: until `deadline`, or as long as one fetch may take. */
struct source_options session_source_options(struct session *session, struct deadline deadline);

/*
 * Open the target and, read-only or for a change (then locked, and the root made when missing),
 * the inventory.
 */
NODISCARD err *session_open_target(struct session *session, enum inv_mode mode,
                                   const char *command);

/*
 * REFUSED when the project's name was used for another source on this target: pruning would then
 * delete what belongs to that one.
 */
NODISCARD err *session_check_prune(const struct session *session);

/* Compile the loaded manifests against the target. */
NODISCARD err *session_compile(struct session *session);
/* Read what is recorded, compile, and plan. `options->project` is filled in. */
NODISCARD err *session_plan(struct session *session, struct plan_options options,
                            struct plan **ret_plan);

/* A time of the records as RFC 3339 in UTC; "" for 0. Lives in the session. */
const char *session_time_text(struct session *session, int64_t wall_ms);

struct plan_subject session_subject(const struct session *session);

#endif
