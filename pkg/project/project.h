/*
 * fettle.yaml, the one optional file of our own: a project's name and its environments, each a
 * source of manifests and the target they belong to. Also the small language of deletion limits
 * ("10", "20%") that the file and the command line share. Settings in the same file belong to
 * pkg/settings; this module only knows that they may stand there.
 */
#ifndef PROJECT_PROJECT_H
#define PROJECT_PROJECT_H

#include "base/base.h"
#include "base/arena.h"

#define PROJECT_FILE "fettle.yaml"
#define PROJECT_API_VERSION "fettle.dev/v1"

/* How many objects one apply may delete: whichever of the two allows more. */
struct deletion_limit {
	int64_t count;   /* -1: not given */
	int64_t percent; /* of the recorded objects; -1: not given */
};
#define DELETION_LIMIT_DEFAULT ((struct deletion_limit){ 10, 20 })

/* One of the clusters of an environment; what it does not say, its environment says, or the kubeconfig. */
struct cluster {
	const char *name;
	const char *kubeconfig, *context, *name_space; /* each may be NULL */
};

struct environment {
	const char *name;
	const char *path;      /* source, a relative folder made relative to the file's folder */
	const char *host_root; /* folder that stands for the machine, made absolute likewise;
	                          NULL: this machine */
	bool is_kubernetes;    /* the target is a cluster; all of these may be NULL then */
	const char *kubeconfig, *context, *name_space;
	const char *
		center; /* the target is a configuration center: URL, or name of a source; or NULL */
	const struct cluster *clusters; /* several of them, in the order of the file; else none */
	size_t cluster_count;
	int64_t timeout_ms;    /* 0: not given */
	bool prune;
	bool has_max_deletions;
	struct deletion_limit max_deletions;
};

struct project {
	const char *file; /* as found */
	const char *dir;  /* its folder */
	const char *name;
	struct environment *environments; /* in the order of the file */
	size_t environment_count;
};

/*
 * Read and check `file` into the arena. All mistakes at once, each INVALID with its place;
 * NOT_FOUND, DENIED, IO.
 */
NODISCARD err *project_load(const char *file, struct arena *arena, struct project *ret_project);

/*
 * The environment `name`; NULL means the only one there is. USAGE with the list of names when it
 * is unknown or when there are several to choose from.
 */
NODISCARD err *project_environment(const struct project *project, const char *name,
                                   const struct environment **ret_environment);

/*
 * The cluster `name` of an environment of several. USAGE with the list of names when it is unknown;
 * a NULL `name` too: one has to be chosen.
 */
NODISCARD err *project_cluster(const struct environment *environment, const char *name,
                               const struct cluster **ret_cluster);

/* "10", "20%"; false when it is neither. */
bool deletion_limit_parse(const char *text, struct deletion_limit *ret_limit);
/* How many of `recorded` objects may go. */
size_t deletion_limit_allows(struct deletion_limit limit, size_t recorded);

/* The table behind fettle.yaml, for docs/schemas. */
void project_schema_to_json(struct str *out);

#endif
