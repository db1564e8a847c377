/*
 * Templates: the language of Go's text/template on value trees, with the functions of consul-template,
 * confd or Sprig; also mustache and ${VAR}. A template is parsed once and rendered as often as its data
 * changes. What a flavour does not support is refused when it is parsed, at its place: never silently
 * different.
 */
#ifndef TMPL_TMPL_H
#define TMPL_TMPL_H

#include "base/base.h"
#include "base/arena.h"
#include "val/val.h"

enum tmpl_flavour {
	TMPL_PLAIN,           /* Go's builtins and Sprig; a missing key is an error */
	TMPL_CONSUL_TEMPLATE, /* its functions; Sprig as sprig_x */
	TMPL_CONFD,
	TMPL_MUSTACHE,
	TMPL_SHELL, /* ${NAME}, ${NAME:-default}, ${NAME:?error} */
};

enum tmpl_missing {
	TMPL_MISSING_BY_FLAVOUR,
	TMPL_MISSING_ERROR,
	TMPL_MISSING_NO_VALUE, /* prints <no value> as Go does */
};

struct tmpl_options {
	enum tmpl_flavour flavour;
	enum tmpl_missing missing;
	const char *left_delim, *right_delim; /* NULL: {{ and }} */
};

struct tmpl;

/*
 * Parse `text` (copied); `name` is for messages. INVALID with place: syntax, an unknown function or one
 * we do not have. LIMIT: nesting, size.
 */
NODISCARD err *tmpl_parse(const struct tmpl_options *options, const char *name, struct view text,
                          struct tmpl **ret_tmpl);
void tmpl_free(struct tmpl *tmpl);
AUTOPTR_DEFINE(tmpl)

enum tmpl_state {
	TMPL_KNOWN,
	TMPL_ABSENT,  /* the source says that there is no such thing */
	TMPL_PENDING, /* not answered yet: the pass goes on with an empty value */
};

/* What a template asks of the outside: `key "app/db"` is function "key", path "app/db". */
struct tmpl_query {
	const char *function;
	const char *path;
	size_t out_offset;   /* bytes of output written before it */
	size_t line, column; /* in the template */
};

/*
 * Answers by function: key, get, getv, file, env: a string; ls, tree, gets and their like: a list of maps
 * with Key (relative), Path, Value; secret: a map with Data; others as the flavour has them.
 */
struct tmpl_host {
	void *ctx;
	/* May be NULL: functions that ask are refused. *ret_value lives in the arena. */
	err *(*lookup)(void *ctx, const struct tmpl_query *query, struct arena *a,
	               enum tmpl_state *ret_state, const struct val **ret_value);
	int64_t now_s; /* since 1970, for the functions that ask the time */
};

/*
 * Append the output. `data` is the dot. A PENDING answer is Go's empty value and counted in
 * *ret_pending; the output is then of no use and the caller renders again when the answer came.
 * INVALID with place; LIMIT: steps, output, depth.
 */
NODISCARD err *tmpl_render(const struct tmpl *tmpl, const struct val *data,
                           const struct tmpl_host *host, struct str *out, size_t *ret_pending);

/* Names of the functions of a flavour, sorted, for docs and messages. */
void tmpl_list_functions(enum tmpl_flavour flavour, struct strs *names);

#endif
