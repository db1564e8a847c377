/*
 * Private to pkg/pal: how watch.c (paths, reporting, polling), watch_index.c (which folders a path
 * depends on) and the kernel's half (watch_linux.c and its like) fit together.
 *
 * A path depends on one link per step: "this name in that folder", through every symlink on the way
 * and down to the last step that exists. A folder is armed at the kernel before the next step is
 * looked at, so nothing that appears meanwhile is missed.
 */
#ifndef PAL_WATCH_IMPL_H
#define PAL_WATCH_IMPL_H

#include "base/base.h"
#include "base/map.h"
#include "base/vec.h"
#include "pal/watch.h"

struct watch_dir;
struct watch_entry;

enum watch_arm {
	WATCH_ARM_OK,
	WATCH_ARM_GONE,   /* no such folder (any more): the step before tells when it comes */
	WATCH_ARM_DENIED, /* not readable for us */
	WATCH_ARM_FAILED, /* limits, or a file system without events; the note says which */
};

/* The entry depends on a name in a folder. Linked with the others of the same name. */
struct watch_link {
	struct watch_link *next, **before; /* `before` points to what points to this one */
	struct watch_dir *dir;
	struct watch_entry *entry;
	char *name;   /* NULL: any name */
	bool is_last; /* the path itself or what is in it, not a step on the way */
};

struct watch_links {
	struct watch_link **ptr;
	size_t len, cap;
};

struct watch_entry {
	char *path; /* as the caller wrote it */
	char *full; /* absolute */
	void *cookie;
	unsigned flags;
	unsigned changes;   /* of enum watch_change; not 0: in watch->dirty */
	bool must_resolve;  /* something on the way changed: find the links again */
	bool must_compare;  /* something in its folder changed: only the signature tells */
	bool is_queued;     /* in watch->touched */
	bool is_polled;     /* the kernel does not tell */
	bool is_removed;    /* waits for the end of the report */
	uint64_t signature; /* kept up to date while it decides */
	struct watch_links links;
};

struct watch_dir {
	char *path;
	struct map names;       /* name -> first struct watch_link */
	struct watch_link *any; /* links without a name */
	size_t link_count;
	uint64_t armed_epoch; /* in which round it was armed last; 0: never */
	enum watch_arm arm;   /* and with what result */
	bool arm_contents;    /* and was that for contents too? */
	bool wants_contents;  /* some link is the last one: writes count too, not only names */
	/* For the kernel's half: */
	intptr_t id;             /* -1: not armed */
	struct watch_dir *alias; /* next folder with the same id (the same inode by another path) */
	void *state;
};

struct watch_entries {
	struct watch_entry **ptr;
	size_t len, cap;
};

struct watch {
	struct watch_opts opts;
	struct watch_os *os;          /* NULL: everything is polled */
	struct map entries;           /* path -> struct watch_entry */
	struct map dirs;              /* path -> struct watch_dir */
	struct watch_entries touched; /* something must be looked at */
	struct watch_entries dirty;   /* to be reported */
	struct watch_entries removed; /* freed after the report */
	uint64_t epoch;               /* grows with every batch of events */
	uint64_t activity;            /* grows with every mark */
	size_t polled;
	int64_t next_poll_ns;
	char *note;
	bool is_reporting;
};

/* ---- watch.c ------------------------------------------------------------------------------ */

/* The entry may have changed. */
void watch_mark(struct watch *watch, struct watch_entry *entry, unsigned changes);
/* Keep the first reason why something is polled. */
void watch_set_note(struct watch *watch, char *take_note);
/* What tells two states of a path apart: type, inode, size, times, owner; of a folder its names. */
uint64_t watch_signature(const struct watch_entry *entry);
void watch_set_polled(struct watch *watch, struct watch_entry *entry, bool is_polled);

/* ---- watch_index.c ------------------------------------------------------------------------ */

/* Find and arm the folders the entry depends on now. */
void watch_resolve(struct watch *watch, struct watch_entry *entry);
void watch_unlink(struct watch *watch, struct watch_entry *entry);

enum watch_event {
	WATCH_EVENT_CONTENT, /* written, or its mode or owner changed */
	WATCH_EVENT_NAME,    /* came, went or was replaced */
	WATCH_EVENT_SELF,    /* the folder itself went; its id is void */
};

/* `name` NULL: the kernel did not say which. */
void watch_event(struct watch *watch, struct watch_dir *dir, const char *name,
                 enum watch_event event);
/* Events were lost. */
void watch_lost(struct watch *watch);

/* ---- the kernel's half -------------------------------------------------------------------- */

extern const bool watch_os_needs_steps;  /* arm every folder on the way, not only the last one */
extern const bool watch_os_has_contents; /* tells about writes in place */
extern const bool watch_os_has_names;    /* tells which name in a folder; else signatures do */

/* NULL in `*ret_os`, and a note, when the kernel gives us none. */
void watch_os_new(struct watch *watch, struct watch_os **ret_os);
void watch_os_free(struct watch_os *os);
pal_handle watch_os_handle(const struct watch_os *os);
/* Arm, or check that what is armed is still the folder of that path. */
enum watch_arm watch_os_arm(struct watch *watch, struct watch_dir *dir);
void watch_os_disarm(struct watch *watch, struct watch_dir *dir);
/* Hand all waiting events to watch_event. */
NODISCARD err *watch_os_drain(struct watch *watch);
/* Sleep until there are events; `os` may be NULL. */
NODISCARD err *watch_os_wait(struct watch_os *os, int timeout_ms);
/* Length of "/" or "C:/" at the start of an absolute path; 0: cannot be watched (\\server). */
size_t watch_os_root_len(const char *full);

#endif
