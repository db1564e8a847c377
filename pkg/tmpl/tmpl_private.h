/*
 * What the files of this module share: the parsed form, the running state, and how a function is
 * declared. A new function: one row and one C function in the table of its flavour.
 */
#ifndef TMPL_TMPL_PRIVATE_H
#define TMPL_TMPL_PRIVATE_H

#include "tmpl/tmpl.h"

#define TMPL_MAX_BYTES  (16u << 20) /* of a template */
#define TMPL_MAX_OUTPUT (256u << 20)
#define TMPL_MAX_STEPS  20000000u
#define TMPL_MAX_DEPTH  100u /* templates that call templates, parentheses, nesting */

/* --- parsed --- */

enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_TEMPLATE,
	NODE_BREAK,
	NODE_CONTINUE,
};

enum operand_kind {
	OPERAND_DOT,
	OPERAND_NIL,
	OPERAND_VALUE,    /* constant */
	OPERAND_FIELD,    /* .a.b: names */
	OPERAND_VARIABLE, /* $x.a: name, names */
	OPERAND_CALL,     /* function */
	OPERAND_PIPE,     /* (pipeline).a */
};

struct pipe;
struct tmpl_func;

struct operand {
	enum operand_kind kind;
	size_t at;
	const char *name;             /* VARIABLE */
	const struct val *value;      /* VALUE */
	const struct tmpl_func *func; /* CALL */
	struct pipe *pipe;            /* PIPE */
	const char **names;           /* fields behind it */
	size_t name_count;
};

struct command {
	struct operand *operands;
	size_t count;
};

struct pipe {
	size_t at;
	const char *variables[2];
	size_t variable_count;
	bool is_assignment; /* '=', not ':=' */
	struct command *commands;
	size_t count;
};

struct node_list;

struct node {
	enum node_kind kind;
	size_t at;
	struct view text; /* TEXT */
	struct pipe *pipe;
	const char *name; /* TEMPLATE */
	struct node_list *body, *otherwise;
};

struct node_list {
	struct node *ptr;
	size_t len, cap;
};

struct definition {
	const char *name;
	struct node_list *body;
};

struct tmpl {
	struct arena arena;
	struct tmpl_options options;
	const char *name;
	struct view text;
	struct node_list *body;
	struct definition *definitions;
	size_t definition_count, definition_cap;
};

NODISCARD err *tmpl_parse_go(struct tmpl *tmpl);
NODISCARD err *tmpl_error(const struct tmpl *tmpl, size_t at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
const struct node_list *tmpl_definition(const struct tmpl *tmpl, const char *name);

/* mustache and ${VAR}: no tree of Go's kind; they check and render the text. `out` NULL: only check. */
struct exec;
NODISCARD err *tmpl_mustache(struct exec *x, const struct tmpl *tmpl, const struct val *data,
                             struct str *out);
NODISCARD err *tmpl_shell(struct exec *x, const struct tmpl *tmpl, const struct val *data,
                          struct str *out);

/* --- running --- */

struct variable {
	const char *name;
	const struct val *value;
};

struct exec {
	const struct tmpl *tmpl;
	const struct tmpl_host *host;
	struct arena arena; /* of this rendering: values, texts */
	struct str *out;
	size_t steps, pending;
	struct variable *variables;
	size_t variable_count, variable_cap;
	unsigned depth;
	struct val *scratch; /* consul-template's scratch: a map; NULL until used */
};

/* A missing value is NULL, Go's nil a VAL_NULL. */
struct tmpl_call {
	struct exec *x;
	const struct tmpl_func *func;
	size_t at;
	const struct val *const *args;
	size_t count;
};

struct tmpl_func {
	const char *name;
	/*
	 * One letter for each argument: s string, i whole number, f number, b bool, l list, m map, . anything;
	 * behind '?' they may be left out, a last '*' repeats the letter before it. "!": known and refused.
	 */
	const char *args;
	err *(*call)(const struct tmpl_call *call, const struct val **ret_value);
	int tag; /* for functions that share code */
};

/* Tables end with a NULL name. */
extern const struct tmpl_func tmpl_builtins[], tmpl_sprig_functions[], tmpl_consul_functions[],
	tmpl_confd_functions[];
const struct tmpl_func *tmpl_find_function(enum tmpl_flavour flavour, const char *name);

/* --- for functions --- */

NODISCARD err *call_error(const struct tmpl_call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text of argument i, which the letters say is a string. */
const char *call_str(const struct tmpl_call *call, size_t i);
struct view call_view(const struct tmpl_call *call, size_t i);
int64_t call_int(const struct tmpl_call *call, size_t i);
double call_number(const struct tmpl_call *call, size_t i);
const struct val *call_text(const struct tmpl_call *call, const char *text, size_t len);
const struct val *call_str_result(const struct tmpl_call *call, const struct str *text);
const struct val *call_bool(const struct tmpl_call *call, bool boolean);
const struct val *call_integer(const struct tmpl_call *call, int64_t integer);
/* Ask the host. *ret_value NULL unless KNOWN; PENDING is counted. */
NODISCARD err *call_lookup(const struct tmpl_call *call, const char *function, const char *path,
                           enum tmpl_state *ret_state, const struct val **ret_value);
NODISCARD err *tmpl_step(struct exec *x, size_t at);

/* --- Go's meaning of values --- */

bool tmpl_truth(const struct val *v);
/* As fmt.Sprint has one operand: %v. */
void tmpl_print(const struct val *v, struct str *out);
/* Sprint (spaces between operands that are no strings), Sprintln. */
void tmpl_sprint(const struct val *const *args, size_t count, bool is_line, struct str *out);
NODISCARD err *tmpl_sprintf(const struct tmpl_call *call, struct str *out);
/* "int", "string", "map[string]interface {}" …; for messages. */
const char *tmpl_type(const struct val *v);
/* Shortest digits that read back, as Go's 'g' (and %v) has them. */
void tmpl_print_float(double number, struct str *out);
/* Entries of a map by key; in the arena. */
const struct val_entry **tmpl_sorted(struct arena *a, const struct val *map);

#endif
