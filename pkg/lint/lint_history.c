/* Secrets of the git history: each blob is scanned once, hits are attributed to their first commit. */
#include "base/base.h"

#include "base/map.h"
#include "base/vec.h"
#include "git/git.h"
#include "lint/family_secrets.h"
#include "lint/lint_private.h"
#include "lint/secret_allow.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/sig.h"

#define BINARY_PROBE 8192u

/* One secret of a blob. */
struct found {
	struct secret_hit hit;
	struct lint_span at;
	char *message, *fingerprint;
	struct secret_allowed allowed;
};

struct blob {
	char *id;
	VEC(struct found) hits;
	bool has_generic; /* some count only when the path allows */
};

struct history {
	struct lint_run *run;
	struct secret_search *search;
	struct secret_allow *allow;
	struct map known; /* fingerprints of the files checked, and of earlier blobs */
	VEC(struct blob) blobs;
	struct blob *blob; /* being scanned */
	const char *text;
	size_t len;
};

static void place(const struct history *h, struct lint_span *at)
{
	uint32_t line = 1;
	size_t start = 0;
	for (size_t i = 0; i < at->start; i++)
		if (h->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	at->line = at->end_line = line;
	at->column = (uint32_t)(at->start - start) + 1;
	at->end_column = at->column + (uint32_t)(at->end - at->start);
}

static void note(void *context, const struct secret_hit *hit)
{
	struct history *h = context;
	AUTO(str) message = STR_INIT;
	AUTO(str) fingerprint = STR_INIT;
	if (secret_allowed_on_line(h->text, h->len, hit->start))
		return;
	secret_describe(hit, h->text, &message, &fingerprint);
	if (map_has(&h->known, fingerprint.ptr))
		return;
	map_set(&h->known, fingerprint.ptr, h);
	struct found found = { .hit = *hit, .at = { .start = hit->start, .end = hit->end } };
	place(h, &found.at);
	found.allowed = secret_allowed_content(h->allow, h->text, h->len, hit->start, hit->end);
	found.message = str_detach(&message);
	found.fingerprint = str_detach(&fingerprint);
	vec_push(&h->blob->hits, found);
}

static bool scan_blob(void *context, const char *id, const char *ptr, size_t len)
{
	struct history *h = context;
	if (cancel_is_set(h->run->cancel))
		return false;
	if (memchr(ptr, '\0', MIN(len, (size_t)BINARY_PROBE)))
		return true;
	struct blob blob = { .id = NULL };
	h->blob = &blob;
	h->text = ptr;
	h->len = len;
	secret_scan(h->search, ptr, len, note, h);
	if (blob.hits.len) {
		blob.id = mem_strdup(id);
		vec_push(&h->blobs, blob);
	}
	return true;
}

/* What the files of the work tree have is told with them. */
static void know_present(struct history *h)
{
	for (size_t i = 0; i < h->run->paths.len; i++)
		for (size_t k = 0; k < h->run->results[i].len; k++) {
			const char *fingerprint = h->run->results[i].findings[k].fingerprint_text;
			if (fingerprint)
				map_set(&h->known, fingerprint, h);
		}
}

static void report_blob(struct history *h, const struct blob *blob,
                        const struct repo_origin *origin, struct lint_result *result,
                        struct arena *keep)
{
	char when[CLOCK_TEXT_SIZE];
	clock_format(origin->time_s * CLOCK_NS_PER_S, when);
	when[10] = '\0'; /* the day */
	result->path = arena_strdup(keep, origin->path ? origin->path : "(no commit)");
	result->kind = LINT_TEXT;
	for (size_t i = 0; i < blob->hits.len; i++) {
		const struct found *found = &blob->hits.ptr[i];
		bool is_generic = found->hit.detector->check == SECRET_GENERIC;
		const struct lint_hit hit = { .rule = secret_rule(&found->hit),
			                      .start = found->at.start,
			                      .end = found->at.end,
			                      .is_redacted = true,
			                      .fingerprint_text = found->fingerprint };
		if (is_generic && !secret_may_be_generic(result->path, LINT_TEXT))
			continue;
		if (secret_is_allowed(h->allow, hit.rule->slug, result->path, found->at.line,
		                      origin->commit, found->allowed))
			continue;
		if (!h->run->selection.is_on[lint_rule_index(h->run, hit.rule)])
			continue;
		AUTO(str) message = STR_INIT;
		if (origin->commit)
			str_addf(&message, "%s; since commit %.10s of %s by %s", found->message,
			         origin->commit, when, origin->author);
		else
			str_addf(&message, "%s; in blob %.10s, which no commit has", found->message,
			         blob->id);
		lint_add_finding(h->run, &h->run->selection, result, keep, &hit, message.ptr);
		result->findings[result->len - 1].at = found->at;
	}
}

static int by_path(const void *a, const void *b)
{
	const struct lint_result *x = a, *y = b;
	int order = strcmp(x->path, y->path);
	if (order || !x->len || !y->len)
		return order;
	return strcmp(x->findings[0].message, y->findings[0].message);
}

static err *report_all(struct history *h, struct repo *repo)
{
	AUTO(strs) ids = STRS_INIT;
	struct lint_run *run = h->run;
	for (size_t i = 0; i < h->blobs.len; i++)
		strs_push(&ids, h->blobs.ptr[i].id);
	struct repo_origin *origins = mem_zalloc(h->blobs.len + 1, sizeof(*origins));
	err *e = repo_find_origins(repo, &ids, origins);
	run->history = mem_zalloc(h->blobs.len + 1, sizeof(*run->history));
	for (size_t i = 0; i < h->blobs.len && !e; i++)
		report_blob(h, &h->blobs.ptr[i], &origins[i], &run->history[run->n_history++],
		            &run->paths.arena);
	if (run->n_history)
		qsort(run->history, run->n_history, sizeof(run->history[0]), by_path);
	for (size_t i = 0; i < h->blobs.len; i++)
		repo_origin_clear(&origins[i]);
	mem_free(origins);
	return e;
}

static void history_clear(struct history *h)
{
	for (size_t i = 0; i < h->blobs.len; i++) {
		struct blob *blob = &h->blobs.ptr[i];
		for (size_t k = 0; k < blob->hits.len; k++) {
			mem_free(blob->hits.ptr[k].message);
			mem_free(blob->hits.ptr[k].fingerprint);
		}
		vec_clear(&blob->hits);
		mem_free(blob->id);
	}
	vec_clear(&h->blobs);
	map_clear(&h->known);
	secret_allow_free(h->allow);
	secret_search_free(h->search);
}

err *lint_history(struct lint_run *run)
{
	AUTO(str) here = STR_INIT;
	AUTOFREE char *top = NULL;
	struct repo *repo = NULL;
	TRY(fs_real_path(".", &here));
	TRY(repo_open_around(here.ptr, &repo, &top));
	struct history h = { .run = run, .search = secret_search_new(), .known = MAP_INIT };
	know_present(&h);
	err *e = secret_allow_load(&h.allow);
	size_t max = run->options->max_bytes ? run->options->max_bytes : 16u << 20, n_too_large = 0;
	if (!e)
		e = repo_each_blob(repo, max, scan_blob, &h, &n_too_large);
	if (!e) {
		run->n_too_large += n_too_large;
		e = report_all(&h, repo);
	}
	history_clear(&h);
	repo_free(repo);
	return e;
}
