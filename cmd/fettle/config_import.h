/* What the converters of `config import` share: the configuration they build, and what they must tell. */
#ifndef FETTLE_CONFIG_IMPORT_H
#define FETTLE_CONFIG_IMPORT_H

#include "base/base.h"

#include "base/arena.h"
#include "val/val.h"

struct import {
	struct arena arena;
	struct val *sources, *units;
	struct strs notes; /* what has no counterpart, or is still to be done by hand */
};

void import_note(struct import *import, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "app.conf", "/etc/x/app.conf": a name for a unit that none has yet. */
const char *import_unit_name(struct import *import, const char *file);

/* `words` of a program: as a list, or for a shell as sh -c. */
struct val *import_command(struct import *import, const struct val *command);
struct val *import_shell(struct import *import, const char *text);

/*
 * An address as their settings have it ("http://host:8500", "host:8500") as URL of a source of `kind`
 * ("consul"), with an 's' when TLS is meant.
 */
const char *import_url(struct import *import, const char *kind, const char *address, bool is_tls,
                       const char *path);

/* Texts that are there and not empty, under our names: { theirs, ours }. */
void import_texts(struct import *import, const struct val *from, const char *const names[][2],
                  size_t count, struct val *to);

/* A number from a file mode, "0644" from either. NULL: none given. */
const char *import_mode(struct import *import, const struct val *mode);

/* A secret that stands in their file: told, and to be put into a file of its own. */
void import_secret(struct import *import, struct val *source, const char *member, const char *what,
                   const char *file);

/* Names of members that no converter looked at. */
void import_note_others(struct import *import, const struct val *map, const char *where,
                        const char *const *known);

/* consul-template: one document in HCL or JSON. */
NODISCARD err *import_consul_template(struct import *import, const char *path, struct view text);
/* confd: a folder with conf.d, templates and perhaps confd.toml; or one resource. */
NODISCARD err *import_confd(struct import *import, const char *path);

#endif
