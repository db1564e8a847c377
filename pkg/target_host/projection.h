/*
 * A folder that a ConfigMap or Secret is projected into, laid out as a kubelet does, so that all
 * files change in one instant:
 *
 *	folder/..fettle-<digest>/KEY   the files of one generation
 *	folder/..data                  symlink to the generation; moved in one step
 *	folder/KEY                     symlink to ..data/KEY
 */
#ifndef TARGET_HOST_PROJECTION_H
#define TARGET_HOST_PROJECTION_H

#include "base/base.h"
#include "base/vec.h"
#include "target_host/internal.h"

#define PROJECTION_DATA       "..data"
#define PROJECTION_GENERATION "..fettle-"

struct projected {
	const char *key;
	struct view bytes;
	uint32_t mode, uid, gid;
};

/* Order of files, for qsort and bsearch; and one of a sorted list, or NULL. */
int projected_by_key(const void *a, const void *b);
const struct projected *projected_find(const struct projected *files, size_t count,
                                       const char *key);

/* A ConfigMap or Secret as compiled. */
struct projection {
	struct host_object base; /* first */
	struct projected *files; /* sorted by key; owner and mode from base.attributes */
	size_t count;
};

NODISCARD err *projection_compile(struct host *host, struct object_set *set, struct object *object);

/* What is in the folder now; everything lives in one arena. */
struct projection_scan {
	enum fs_type folder_type;
	const char *generation;  /* name behind ..data; NULL when there is none of ours */
	struct projected *files; /* of that generation, by key */
	size_t file_count;
	const char **links; /* KEY → ..data/KEY */
	size_t link_count;
	const char **generations; /* all folders ..fettle-* */
	size_t generation_count;
	struct fs_entry *others; /* all else */
	size_t other_count;
	bool is_tidy; /* links and generations are as they should be for `files` */
};

/* Look at the folder `rel`. */
NODISCARD err *projection_scan(struct host *host, const char *rel, struct arena *arena,
                               struct projection_scan *ret_scan);

/*
 * Make the folder hold exactly `files` (sorted by key) of ours, through a new generation whose name
 * begins with `digest`; what others have put there stays. Durable after a flush.
 */
NODISCARD err *projection_write(struct host *host, const char *rel, const char *digest,
                                const struct projected *files, size_t count);

/* Take away everything of ours; the folder itself stays. */
NODISCARD err *projection_erase(struct host *host, const char *rel);

#endif
