/*
 * Hard-coded addresses: what should be a name or a setting. Told once per value, with how often it
 * is there; what is documentation, loopback, a range of a policy or a version is left alone.
 */
#include "base/base.h"

#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"
#include "lint/lint_families.h"
#include "pal/pool.h"

enum { PUBLIC, PRIVATE, METADATA };

/* clang-format off */
static const struct lint_rule rules[] = {
	[PUBLIC] = { "hardcoded-address", LINT_INFO, 0,
	  "a public IP address in a file", "Addresses change hands; a name, or a setting, follows.",
	  "upstream: 8.26.56.10\n", "upstream: resolver.example.com\n", NULL },
	[PRIVATE] = { "hardcoded-private-address", LINT_INFO, LINT_OFF,
	  "a private IP address in a file", "It is right in one network only.",
	  "upstream: 10.1.2.3\n", "upstream: db.internal\n", NULL },
	[METADATA] = { "metadata-address", LINT_WARNING, 0,
	  "the metadata service of a cloud", "It hands out credentials of the machine to whoever can ask.",
	  "url: http://169.254.169.254/latest\n", "url: http://example.com/latest\n", NULL },
};
/* clang-format on */

struct place {
	uint32_t file, start, end;
	char value[16];
	int rule;
	struct place *next; /* of the same value */
};

struct state {
	struct mutex *mutex;
	struct arena arena;
	VEC(struct place *) places;
};

/* --- one address --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Four numbers of 0 to 255 at `at`; how many bytes they take, 0 when it is something else. */
static size_t parse_quad(const char *text, size_t len, size_t at, uint8_t ret_quad[4])
{
	size_t start = at;
	for (size_t i = 0; i < 4; i++) {
		unsigned number = 0, digits = 0;
		while (at < len && is_digit(text[at]) && digits < 3) {
			number = number * 10 + (unsigned)(text[at++] - '0');
			digits++;
		}
		bool has_zero = digits > 1 && text[at - digits] == '0';
		if (digits == 0 || number > 255 || has_zero ||
		    (i < 3 && (at >= len || text[at] != '.')))
			return 0;
		ret_quad[i] = (uint8_t)number;
		at += i < 3;
	}
	return at - start;
}

/* Versions and object identifiers: a letter or sign before, a fifth part behind. */
static bool is_part_of_more(const char *text, size_t len, size_t start, size_t end)
{
	char before = start ? text[start - 1] : ' ', behind = end < len ? text[end] : ' ';
	bool is_word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
	               strchr("._-~^=@<>+/", before);
	/* //1.2.3.4 and =1.2.3.4 are addresses, v1.2.3.4 and >=1.2.3.4 versions. */
	if (before == '/' && start > 1 && text[start - 2] == '/')
		is_word = false;
	if (before == '@' || (before == '=' && start > 1 && !strchr("<>=~!^", text[start - 2])))
		is_word = false;
	bool is_longer = (behind == '.' && end + 1 < len && is_digit(text[end + 1])) ||
	                 (behind >= 'a' && behind <= 'z') || (behind >= 'A' && behind <= 'Z') ||
	                 behind == '-' || behind == '_' || behind == '+' ||
	                 (behind == '/' && end + 1 < len && is_digit(text[end + 1]));
	return is_word || is_longer;
}

/* Not for one machine: this host, netmasks, documentation, multicast, benchmarks, resolvers all know. */
static bool is_special(const uint8_t q[4])
{
	static const uint8_t resolvers[][4] = {
		{ 1, 1, 1, 1 }, { 1, 0, 0, 1 }, { 8, 8, 8, 8 }, { 8, 8, 4, 4 }, { 9, 9, 9, 9 }
	};
	for (size_t i = 0; i < ARRAY_LEN(resolvers); i++)
		if (memcmp(q, resolvers[i], 4) == 0)
			return true;
	return q[0] == 0 || q[0] == 127 || q[0] >= 224 || (q[0] == 192 && q[1] == 0 && q[2] == 2) ||
	       (q[0] == 198 && q[1] == 51 && q[2] == 100) ||
	       (q[0] == 203 && q[1] == 0 && q[2] == 113) ||
	       (q[0] == 198 && (q[1] == 18 || q[1] == 19)) || (q[0] == 169 && q[1] == 254) ||
	       (q[3] == 0 && q[2] == 0) || (q[0] < 4 && q[1] < 30); /* 1.2.3.4: a version */
}

static int rule_of(const uint8_t q[4])
{
	static const uint8_t metadata[] = { 169, 254, 169, 254 };
	if (memcmp(q, metadata, 4) == 0)
		return METADATA;
	if (is_special(q))
		return -1;
	bool is_private = q[0] == 10 || (q[0] == 172 && q[1] >= 16 && q[1] < 32) ||
	                  (q[0] == 192 && q[1] == 168) || (q[0] == 100 && q[1] >= 64 && q[1] < 128);
	return is_private ? PRIVATE : PUBLIC;
}

/* The line speaks of versions or of ranges. */
static bool is_other_line(const char *text, size_t len, size_t at)
{
	static const char *const words[] = {
		"ersion", "ERSION", "image:",  "tag:",  "cidr",   "CIDR",
		"ubnet",  "chart:", "release", "range", "digest", "CHANGELOG"
	};
	size_t start = at, end = at;
	while (start > 0 && text[start - 1] != '\n' && at - start < 200)
		start--;
	while (end < len && text[end] != '\n' && end - at < 100)
		end++;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_find(text + start, end - start, words[i], strlen(words[i])))
			return true;
	return false;
}

/* --- files --- */

static void note(struct lint_file *file, struct state *state, int rule, size_t start, size_t end)
{
	AUTO(mutex_hold) hold = mutex_hold(state->mutex);
	struct place *place = ARENA_NEW(&state->arena, struct place);
	*place = (struct place){
		.file = file->index, .start = (uint32_t)start, .end = (uint32_t)end, .rule = rule
	};
	memcpy(place->value, file->text + start, MIN(end - start, sizeof(place->value) - 1));
	vec_push(&state->places, place);
}

static bool is_infrastructure(const char *path)
{
	static const char *const parts[] = { "hosts",     "inventory", "dns",  "zone",
		                             "CHANGELOG", "LICENSE",   "test", "fixture",
		                             "example",   "docs/" };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(path, parts[i]))
			return true;
	static const char *const ends[] = { ".md",  ".rst", ".svg", ".lock",
		                            ".sum", ".csv", ".txt", ".html" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(path, ends[i]))
			return true;
	return false;
}

static void check_file(struct lint_file *file, void *state)
{
	const char *text = file->text;
	if (is_infrastructure(file->path))
		return;
	for (const char *dot = text; (dot = memchr(dot, '.', file->len - (size_t)(dot - text)));
	     dot++) {
		size_t at = (size_t)(dot - text);
		if (at == 0 || !is_digit(text[at - 1]))
			continue;
		size_t start = at;
		while (start > 0 && at - start < 3 && is_digit(text[start - 1]))
			start--;
		uint8_t quad[4];
		size_t len = parse_quad(text, file->len, start, quad);
		if (len == 0)
			continue;
		int rule = rule_of(quad);
		if (rule >= 0 && !is_part_of_more(text, file->len, start, start + len) &&
		    !is_other_line(text, file->len, start))
			note(file, state, rule, start, start + len);
		dot = text + start + len - 1;
	}
}

/* --- grouped by value --- */

static int by_place(const void *a, const void *b)
{
	const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void finish(struct lint_run *run, void *state_)
{
	struct state *state = state_;
	struct map firsts = MAP_INIT;
	if (state->places.len)
		qsort(state->places.ptr, state->places.len, sizeof(state->places.ptr[0]), by_place);
	for (size_t i = 0; i < state->places.len; i++) {
		struct place *place = state->places.ptr[i], *first = map_get(&firsts, place->value);
		if (first) {
			place->next = first->next;
			first->next = place;
		} else {
			map_set(&firsts, place->value, place);
		}
	}
	for (struct map_entry *e = map_first(&firsts); e; e = map_next(&firsts, e)) {
		const struct place *first = e->value;
		size_t n_others = 0;
		for (const struct place *other = first->next; other; other = other->next)
			n_others++;
		const struct lint_hit hit = { .rule = &rules[first->rule],
			                      .start = first->start,
			                      .end = first->end,
			                      .fingerprint_text = first->value };
		if (n_others)
			lint_report_late(run, first->file, &hit,
			                 "the address %s is hard-coded here, and in %zu "
			                 "more place%s",
			                 first->value, n_others, n_others == 1 ? "" : "s");
		else
			lint_report_late(run, first->file, &hit, "the address %s is hard-coded",
			                 first->value);
	}
	map_clear(&firsts);
}

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct state *state = MEM_NEW(struct state);
	state->mutex = mutex_new();
	*ret_state = state;
	return NULL;
}

static void end(void *state_)
{
	struct state *state = state_;
	if (!state)
		return;
	vec_clear(&state->places);
	arena_clear(&state->arena);
	mutex_free(state->mutex);
	mem_free(state);
}

const struct lint_family lint_family_addresses = {
	.name = "addresses",
	.brief = "hard-coded IP addresses",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_ANY_YAML | LINT_JSON | LINT_TEMPLATE | LINT_DOCKERFILE,
	.begin = begin,
	.check_file = check_file,
	.finish = finish,
	.end = end,
};
