#include "base/base.h"

#include "lint/workflow_expression.h"

#include <ctype.h>

#include "base/vec.h"

#define DEPTH_MAX 50u
#define NODES_MAX 1000u

struct parser {
	const char *text;
	size_t len, at;
	struct arena *arena;
	unsigned depth;
	const char *problem;
	size_t problem_at;
	VEC(struct workflow_reference) references;
	VEC(struct workflow_call) calls;
};

static void fail(struct parser *p, size_t at, const char *problem)
{
	if (!p->problem) {
		p->problem = problem;
		p->problem_at = at;
	}
}

static char peek(struct parser *p)
{
	while (p->at < p->len && (p->text[p->at] == ' ' || p->text[p->at] == '\t' ||
	                          p->text[p->at] == '\n' || p->text[p->at] == '\r'))
		p->at++;
	return p->at < p->len ? p->text[p->at] : '\0';
}

static bool accept(struct parser *p, const char *operator_)
{
	size_t len = strlen(operator_);
	peek(p);
	if (p->len - p->at < len || memcmp(p->text + p->at, operator_, len) != 0)
		return false;
	p->at += len;
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static const char *read_word(struct parser *p)
{
	size_t start = p->at;
	while (p->at < p->len && is_word(p->text[p->at]))
		p->at++;
	return arena_strndup(p->arena, p->text + start, p->at - start);
}

/* '...' with '' inside for a quote. */
static const char *read_text(struct parser *p)
{
	AUTO(str) text = STR_INIT;
	size_t start = p->at++;
	for (;; p->at++) {
		if (p->at >= p->len) {
			fail(p, start, "this text is never closed");
			break;
		}
		if (p->text[p->at] == '\'') {
			p->at++;
			if (p->at >= p->len || p->text[p->at] != '\'')
				break;
		}
		str_addch(&text, p->text[p->at]);
	}
	return arena_strndup(p->arena, text.ptr, text.len);
}

static void parse_or(struct parser *p);

static void add_step(struct workflow_reference *reference, const char *step)
{
	if (reference->n_steps < WORKFLOW_STEPS_MAX)
		reference->steps[reference->n_steps++] = step;
	else
		reference->is_longer = true;
}

/* `.name`, `.*`, `[index]` behind a value. */
static void parse_steps(struct parser *p, struct workflow_reference *reference)
{
	while (!p->problem) {
		char c = peek(p);
		if (c == '.') {
			p->at++;
			if (peek(p) == '*') {
				p->at++;
				add_step(reference, "*");
			} else if (is_word(peek(p))) {
				add_step(reference, read_word(p));
			} else {
				fail(p, p->at, "a name is expected behind the dot");
			}
		} else if (c == '[') {
			p->at++;
			if (peek(p) == '*') {
				p->at++;
				add_step(reference, "*");
			} else if (peek(p) == '\'') {
				const char *text = read_text(p);
				add_step(reference, peek(p) == ']' ? text : NULL);
				if (peek(p) != ']')
					parse_or(p);
			} else {
				add_step(reference, NULL);
				parse_or(p);
			}
			if (!accept(p, "]"))
				fail(p, p->at, "a ']' is expected");
		} else {
			break;
		}
		reference->end = p->at;
	}
}

static void parse_call(struct parser *p, size_t start, size_t end, const char *name)
{
	struct workflow_call call = { .start = start, .end = end, .name = name };
	p->at++; /* ( */
	if (peek(p) == ')') {
		p->at++;
	} else {
		do {
			size_t n_references = p->references.len, before = p->at;
			bool is_text = peek(p) == '\'';
			size_t text_at = p->at;
			parse_or(p);
			if (call.n_args == 0 && is_text) {
				struct parser again = { .text = p->text,
					                .len = p->len,
					                .at = text_at,
					                .arena = p->arena };
				call.first_text = read_text(&again);
			}
			if (call.n_args == 0 && p->references.len == n_references + 1)
				call.first_reference = p->references.len;
			call.n_args++;
			if (p->at == before)
				break;
		} while (!p->problem && accept(p, ","));
		if (!accept(p, ")"))
			fail(p, p->at, "a ')' is expected");
	}
	if (p->calls.len < NODES_MAX)
		vec_push(&p->calls, call);
	struct workflow_reference ignored = { .start = start };
	parse_steps(p, &ignored); /* fromJSON(x).y */
}

static void parse_name(struct parser *p)
{
	size_t start = p->at;
	const char *name = read_word(p);
	size_t end = p->at;
	if (peek(p) == '(') {
		parse_call(p, start, end, name);
		return;
	}
	if (str_equal(name, "true") || str_equal(name, "false") || str_equal(name, "null") ||
	    str_equal(name, "NaN") || str_equal(name, "Infinity"))
		return;
	struct workflow_reference reference = { .start = start, .end = end };
	add_step(&reference, name);
	/* Its index may hold references of its own: keep the place. */
	if (p->references.len >= NODES_MAX) {
		fail(p, start, "the expression is too long");
		return;
	}
	size_t index = p->references.len;
	vec_push(&p->references, reference);
	parse_steps(p, &reference);
	p->references.ptr[index] = reference;
}

static void parse_value(struct parser *p)
{
	char c = peek(p);
	if (c == '(') {
		p->at++;
		parse_or(p);
		if (!accept(p, ")"))
			fail(p, p->at, "a ')' is expected");
		struct workflow_reference ignored = { .start = p->at };
		parse_steps(p, &ignored);
	} else if (c == '\'') {
		read_text(p);
	} else if (c == '"') {
		fail(p, p->at, "texts are written in single quotes");
	} else if (isdigit((unsigned char)c) || c == '-' || c == '+' || c == '.') {
		size_t start = p->at++;
		while (p->at < p->len &&
		       (isalnum((unsigned char)p->text[p->at]) || p->text[p->at] == '.' ||
		        ((p->text[p->at] == '-' || p->text[p->at] == '+') &&
		         (p->text[p->at - 1] == 'e' || p->text[p->at - 1] == 'E'))))
			p->at++;
		if (!isdigit((unsigned char)p->text[p->at - 1]) &&
		    !(p->at - start > 2 && p->text[start + 1] == 'x'))
			fail(p, start, "this is no number");
	} else if (isalpha((unsigned char)c) || c == '_') {
		parse_name(p);
	} else if (!c) {
		fail(p, p->at, "a value is expected before the end");
	} else {
		fail(p, p->at, "a value is expected here");
	}
}

static void parse_not(struct parser *p)
{
	peek(p);
	while (p->at + 1 < p->len && p->text[p->at] == '!' && p->text[p->at + 1] != '=') {
		p->at++;
		peek(p);
	}
	parse_value(p);
}

static void parse_compare(struct parser *p)
{
	static const char *const operators[] = { "==", "!=", "<=", ">=", "<", ">" };
	parse_not(p);
	for (bool is_more = true; is_more && !p->problem;) {
		is_more = false;
		for (size_t i = 0; i < ARRAY_LEN(operators) && !is_more; i++)
			is_more = accept(p, operators[i]);
		if (is_more)
			parse_not(p);
	}
}

static void parse_and(struct parser *p)
{
	parse_compare(p);
	while (!p->problem && accept(p, "&&"))
		parse_compare(p);
}

static void parse_or(struct parser *p)
{
	if (++p->depth > DEPTH_MAX) {
		fail(p, p->at, "the expression is nested too deeply");
		return;
	}
	parse_and(p);
	while (!p->problem && accept(p, "||"))
		parse_and(p);
	p->depth--;
}

void workflow_expression_parse(const char *text, size_t len, struct arena *a,
                               struct workflow_expression *ret_expression)
{
	struct parser p = { .text = text, .len = len, .arena = a };
	parse_or(&p);
	if (!p.problem && peek(&p)) {
		bool is_assignment = p.text[p.at] == '=';
		fail(&p, p.at,
		     is_assignment                ? "'==' compares; there is no '='"
		     : strchr("&|", p.text[p.at]) ? "'&&' and '||' join conditions"
		                                  : "the expression should end here");
	}
	*ret_expression = (struct workflow_expression){
		.references = arena_zalloc(a, p.references.len + 1, sizeof(*p.references.ptr)),
		.n_references = p.references.len,
		.calls = arena_zalloc(a, p.calls.len + 1, sizeof(*p.calls.ptr)),
		.n_calls = p.calls.len,
		.is_constant = p.references.len == 0 && p.calls.len == 0,
		.problem = p.problem,
		.problem_at = p.problem_at,
	};
	if (p.references.len)
		memcpy(ret_expression->references, p.references.ptr,
		       p.references.len * sizeof(*p.references.ptr));
	if (p.calls.len)
		memcpy(ret_expression->calls, p.calls.ptr, p.calls.len * sizeof(*p.calls.ptr));
	vec_clear(&p.references);
	vec_clear(&p.calls);
}
