/*
 * The host target: makes this machine, or a folder given as root, match manifests of
 * host.fettle.dev/v1 (File, Directory, Symlink, Unit, Command) and projects core ConfigMaps and
 * Secrets into folders as a kubelet does. No path of a manifest can lead out of the root.
 */
#ifndef TARGET_HOST_HOST_H
#define TARGET_HOST_HOST_H

#include "base/base.h"
#include "target/target.h"

struct host_options {
	const char *root; /* folder to manage; NULL or "/": this machine */
	bool create_root; /* make `root` (0755) when it is missing; without it a missing root is
	                     an empty one, for looking only */
};

/*
 * Open the target; `context` is borrowed for its whole life. Its identity is "host:" and the real
 * path of the root. DENIED, or INVALID when the root is not a folder.
 */
NODISCARD err *host_open(const struct host_options *options, const struct target_context *context,
                         struct target **ret_target);

/*
 * The JSON Schema of each kind, one call of `each` per file: `name` is a file name such as
 * "host.fettle.dev_file_v1.json". Ends with the first error of `each`.
 */
NODISCARD err *host_schemas_to_json(err *(*each)(void *context, const char *name, struct view json),
                                    void *context);

#endif
