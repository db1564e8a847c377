/*
 * From a source to objects: reads every manifest file of a snapshot, or the manifests a run
 * recorded, into one object_set, and answers the driver's questions about repository files.
 */
#ifndef APPLY_MANIFESTS_H
#define APPLY_MANIFESTS_H

#include "base/base.h"
#include "source/source.h"
#include "target/target.h"

/*
 * Opens encrypted files on the way in; handed in, because no room at this level knows the other. `text`
 * is replaced by the plain text (and wiped) when it is such a document; *ret_is_decrypted says so.
 */
struct manifests_opener {
	void *data;
	err *(*open)(void *data, const char *name, struct str *text, bool *ret_is_decrypted);
};

struct manifests {
	struct arena documents; /* loaded trees and texts */
	struct object_set objects;
	const struct source *source; /* NULL for recorded manifests */
	struct map references; /* files of the source that manifests refer to, by path in it */
	struct manifests_opener opener; /* `open` NULL: encrypted files are taken as they are */
	bool has_secrets;               /* some file was encrypted: wipe the texts */
};

void manifests_init(struct manifests *manifests);
void manifests_clear(struct manifests *manifests);

/*
 * Load every manifest file of `source`, which must outlive `manifests`. All broken files are
 * reported at once (INVALID, LIMIT, IO), each with its place. Empty documents are skipped.
 */
NODISCARD err *manifests_load(struct manifests *manifests, const struct source *source);

/* Add one recorded manifest (JSON text, from an inventory); `name` is used in messages. */
NODISCARD err *manifests_add_recorded(struct manifests *manifests, struct view text,
                                      const char *name);

/*
 * Let the driver check every object and add its edges, then put them in order. All errors joined.
 * UNSUPPORTED kinds are INVALID here, with the place. May be called again: drivers keep one set, so
 * going back to an earlier one means compiling it anew.
 */
NODISCARD err *manifests_compile(struct manifests *manifests, struct target *target);

/* For struct target_context: `context` is the struct manifests. */
err *manifests_read_source(void *context, const struct object *object, const char *reference,
                           size_t limit, struct str *ret_text);

#endif
