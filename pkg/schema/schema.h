/*
 * Validation of our own kinds by tables: the same table checks a value tree (all mistakes at once,
 * each at its place, with "did you mean") and prints the JSON Schema for docs and editors.
 *
 *	static const struct schema file_spec[] = {
 *		{ .name = "path", .kind = SCHEMA_STR, .required = true,
 *		  .format = &schema_absolute_path, .about = "where the file goes" },
 *		{ .name = "mode", .kind = SCHEMA_STR, .format = &schema_octal_mode },
 *		{ .name = "notify", .kind = SCHEMA_LIST, .of = &(const struct schema){
 *			.kind = SCHEMA_STR, .choices = (const char *const[]){ "hup", "usr1", NULL } } },
 *		SCHEMA_END
 *	};
 *	const struct schema file = { .kind = SCHEMA_OBJECT, .fields = file_spec, .about = "..." };
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include "base/base.h"
#include "val/val.h"

enum schema_kind {
	SCHEMA_ANY,
	SCHEMA_BOOL,
	SCHEMA_INT,
	SCHEMA_NUMBER,
	SCHEMA_STR,
	SCHEMA_LIST,   /* items are `of` */
	SCHEMA_OBJECT, /* members are `fields` */
	SCHEMA_MAP,    /* any keys; values are `of`, keys obey `key_format` */
};

/* A rule for strings beyond their type. */
struct schema_format {
	const char *expected; /* completes "expected ...", for example: an absolute path */
	const char *pattern;  /* ECMA regular expression for the JSON Schema, or NULL */
	/* NULL when accepted, else a static text that says what is wrong, or "" for nothing more. */
	const char *(*refuses)(const char *text, size_t len);
};

/* How many members of a group must be set. */
enum schema_group_kind {
	SCHEMA_EXACTLY_ONE,
	SCHEMA_AT_MOST_ONE,
	SCHEMA_AT_LEAST_ONE,
	SCHEMA_REQUIRES, /* the first name may only be set together with all the others */
};

struct schema_group {
	enum schema_group_kind kind;
	const char *const *names; /* NULL-terminated; NULL ends the list of groups */
};

/* One type; inside `fields` it also has a name. Zero means "no such rule" everywhere. */
struct schema {
	const char *name; /* field name; for a root: the title in the JSON Schema */
	enum schema_kind kind;
	bool required;
	const char *about;                      /* one sentence, for the JSON Schema */
	const struct schema *fields;            /* OBJECT: ends with SCHEMA_END */
	const struct schema_group *groups;      /* OBJECT: ends with SCHEMA_GROUP_END, or NULL */
	bool is_open;                           /* OBJECT: unknown members are accepted */
	const struct schema *of;                /* LIST, MAP: NULL = anything */
	const struct schema_format *key_format; /* MAP */
	const char *const *choices;             /* STR: NULL-terminated; one name = constant */
	const struct schema_format *format;     /* STR */
	int64_t min, max;                       /* INT, NUMBER: used when max > min */
	size_t min_len, max_len;                /* STR in bytes, LIST, MAP; 0 = no limit */
	const struct schema *also;              /* accepted instead when the kind does not fit */
	bool is_secret;                         /* STR: never show the value in messages */
	const char *fallback;                   /* default, for the JSON Schema (JSON text) */
	const char *instead; /* hint for a name that is gone or often mistaken; refuses */
};

/* clang-format off */
#define SCHEMA_END { .name = NULL }
#define SCHEMA_GROUP_END { .names = NULL }
/* clang-format on */

/*
 * Check `v` against the table. All mistakes (at most 50) come back joined, in the order of the
 * document, each INVALID with its place; NULL when there is none. An explicit null is a mistake.
 */
NODISCARD err *schema_check(const struct schema *schema, const struct val *v);

/* Append the JSON Schema (draft 2020-12) of the table, pretty, with a final newline. */
void schema_to_json(const struct schema *schema, const char *id, struct str *out);

/* Ready-made formats. */
extern const struct schema_format schema_absolute_path; /* "/etc/motd", "C:\\x" too; no ".." part */
extern const struct schema_format schema_relative_path; /* inside the repository; no ".." part */
extern const struct schema_format schema_octal_mode;    /* "0644", "755", "04755" */
extern const struct schema_format schema_duration;      /* "30s", "1m30s", "500ms", "2h" */
extern const struct schema_format schema_unit_name;     /* "nginx.service" */
extern const struct schema_format schema_object_name;   /* DNS subdomain, 253 bytes */
extern const struct schema_format schema_label_name;    /* DNS label, 63 bytes */
extern const struct schema_format schema_user_name;     /* owner or group: name or number */
extern const struct schema_format schema_base64;        /* standard alphabet, padding */
extern const struct schema_format schema_not_empty;

/* Parse what schema_duration accepts; false otherwise (also above 100 years). */
bool schema_parse_duration(const char *text, size_t len, int64_t *ret_ms);
/* A member that the format schema_duration let through, in milliseconds; 0: absent. */
int64_t schema_duration_of(const struct val *map, const char *name);
/* Parse what schema_octal_mode accepts. */
bool schema_parse_octal_mode(const char *text, size_t len, unsigned *ret_mode);

#endif
