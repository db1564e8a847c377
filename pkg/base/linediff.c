/*
 * Myers, "An O(ND) difference algorithm and its variations" (1986), linear space, with the two
 * shortcuts every practical diff takes: common ends are cut off first, and lines that exist on
 * one side only never reach the algorithm.
 */
#include "base/base.h"

#include "base/limits.h"
#include "base/linediff.h"

enum {
	EXPENSIVE = 1024,        /* steps of one search before the best split so far is taken */
	BINARY_LOOK = 64 * 1024, /* bytes searched for a NUL */
};

struct line {
	const char *ptr;
	size_t len; /* with its line feed */
	uint32_t id;
	bool is_changed;
};

struct side {
	struct line *lines;
	size_t count;
	uint32_t *kept; /* positions of the lines that exist on the other side too */
	size_t kept_count;
};

struct differ {
	struct side old, new;
	long *forward, *backward; /* furthest x per diagonal, indexed from -new .. old */
	bool is_coarse;
};

/* --- lines --- */

static void split(struct view text, struct side *side)
{
	size_t count = 0;
	for (const char *at = text.ptr, *end = text.ptr + text.len; at < end; count++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		at = feed ? feed + 1 : end;
	}
	side->lines = mem_zalloc(count + 1, sizeof(*side->lines));
	side->kept = mem_zalloc(count + 1, sizeof(*side->kept));
	for (const char *at = text.ptr, *end = text.ptr + text.len; at < end; side->count++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *next = feed ? feed + 1 : end;
		side->lines[side->count].ptr = at;
		side->lines[side->count].len = (size_t)(next - at);
		at = next;
	}
}

static int compare_lines(const struct line *a, const struct line *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->ptr, b->ptr, a->len);
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_lines(*(struct line *const *)a, *(struct line *const *)b);
}

/* Equal lines get equal ids. Sorting, not hashing: no input can make it slow. */
static void number_lines(struct line **lines, size_t count)
{
	qsort(lines, count, sizeof(struct line *), compare_pointers);
	uint32_t id = 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare_lines(lines[i - 1], lines[i]) != 0)
			id++;
		lines[i]->id = id;
	}
}

static void keep_shared(struct side *side, const uint32_t *other_counts, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (other_counts[side->lines[i].id] > 0)
			side->kept[side->kept_count++] = (uint32_t)i;
		else
			side->lines[i].is_changed = true;
	}
}

/* Number the lines between the common ends and sort out those of one side only. */
static void prepare(struct differ *d, size_t prefix, size_t old_end, size_t new_end)
{
	size_t old_len = old_end - prefix, new_len = new_end - prefix;
	size_t count = old_len + new_len;
	struct line **all = mem_zalloc(count + 1, sizeof(struct line *));
	for (size_t i = 0; i < old_len; i++)
		all[i] = &d->old.lines[prefix + i];
	for (size_t i = 0; i < new_len; i++)
		all[old_len + i] = &d->new.lines[prefix + i];
	number_lines(all, count);
	mem_free(all);
	uint32_t *old_counts = mem_zalloc(count + 1, sizeof(*old_counts));
	uint32_t *new_counts = mem_zalloc(count + 1, sizeof(*new_counts));
	for (size_t i = prefix; i < old_end; i++)
		old_counts[d->old.lines[i].id]++;
	for (size_t i = prefix; i < new_end; i++)
		new_counts[d->new.lines[i].id]++;
	keep_shared(&d->old, new_counts, prefix, old_end);
	keep_shared(&d->new, old_counts, prefix, new_end);
	mem_free(old_counts);
	mem_free(new_counts);
}

/* --- Myers over the kept lines; x counts old lines, y new ones, diagonal = x - y --- */

struct box {
	long x0, x1, y0, y1;
};

struct point {
	long x, y;
};

struct range {
	long min, max;
};

static struct line *old_line(const struct differ *d, long x)
{
	return &d->old.lines[d->old.kept[x]];
}

static struct line *new_line(const struct differ *d, long y)
{
	return &d->new.lines[d->new.kept[y]];
}

static bool same(const struct differ *d, long x, long y)
{
	return old_line(d, x)->id == new_line(d, y)->id;
}

/* Widen a range of diagonals by one on both sides, or narrow it where the box ends. */
static void widen(struct range *range, struct range limit, long *reach, long unreached)
{
	if (range->min > limit.min)
		reach[--range->min - 1] = unreached;
	else
		range->min++;
	if (range->max < limit.max)
		reach[++range->max + 1] = unreached;
	else
		range->max--;
}

/* One more step from the start of the box; true when it meets the other search. */
static bool search_forward(struct differ *d, const struct box *box, struct range mine,
                           struct range other, struct point *meet)
{
	bool is_odd = (((box->x0 - box->y0) - (box->x1 - box->y1)) & 1) != 0;
	for (long k = mine.max; k >= mine.min; k -= 2) {
		long below = d->forward[k - 1], above = d->forward[k + 1];
		long x = below < above ? above : below + 1;
		long y = x - k;
		while (x < box->x1 && y < box->y1 && same(d, x, y)) {
			x++;
			y++;
		}
		d->forward[k] = x;
		if (is_odd && other.min <= k && k <= other.max && d->backward[k] <= x) {
			*meet = (struct point){ x, y };
			return true;
		}
	}
	return false;
}

static bool search_backward(struct differ *d, const struct box *box, struct range mine,
                            struct range other, struct point *meet)
{
	bool is_odd = (((box->x0 - box->y0) - (box->x1 - box->y1)) & 1) != 0;
	for (long k = mine.max; k >= mine.min; k -= 2) {
		long below = d->backward[k - 1], above = d->backward[k + 1];
		long x = below < above ? below : above - 1;
		long y = x - k;
		while (x > box->x0 && y > box->y0 && same(d, x - 1, y - 1)) {
			x--;
			y--;
		}
		d->backward[k] = x;
		if (!is_odd && other.min <= k && k <= other.max && x <= d->forward[k]) {
			*meet = (struct point){ x, y };
			return true;
		}
	}
	return false;
}

/* The point the forward search got furthest to. */
static struct point furthest(const struct differ *d, const struct box *box, struct range mine)
{
	struct point best = { box->x0, box->y0 };
	for (long k = mine.max; k >= mine.min; k -= 2) {
		long x = MIN(d->forward[k], box->x1);
		long y = x - k;
		if (y > box->y1) {
			y = box->y1;
			x = y + k;
		}
		if (x + y > best.x + best.y)
			best = (struct point){ x, y };
	}
	return best;
}

/* A point on a shortest path through the box (or near it, when that takes too long). */
static struct point find_middle(struct differ *d, const struct box *box)
{
	struct range limit = { box->x0 - box->y1, box->x1 - box->y0 };
	struct range forward = { box->x0 - box->y0, box->x0 - box->y0 };
	struct range backward = { box->x1 - box->y1, box->x1 - box->y1 };
	struct point meet;
	d->forward[forward.min] = box->x0;
	d->backward[backward.min] = box->x1;
	for (long cost = 1;; cost++) {
		widen(&forward, limit, d->forward, -1);
		if (search_forward(d, box, forward, backward, &meet))
			return meet;
		widen(&backward, limit, d->backward, LONG_MAX);
		if (search_backward(d, box, backward, forward, &meet))
			return meet;
		if (cost >= EXPENSIVE) {
			d->is_coarse = true;
			return furthest(d, box, forward);
		}
	}
}

static void compare_box(struct differ *d, struct box box)
{
	for (;;) {
		while (box.x0 < box.x1 && box.y0 < box.y1 && same(d, box.x0, box.y0)) {
			box.x0++;
			box.y0++;
		}
		while (box.x0 < box.x1 && box.y0 < box.y1 && same(d, box.x1 - 1, box.y1 - 1)) {
			box.x1--;
			box.y1--;
		}
		if (box.x0 == box.x1 || box.y0 == box.y1)
			break;
		struct point middle = find_middle(d, &box);
		compare_box(d, (struct box){ box.x0, middle.x, box.y0, middle.y });
		box.x0 = middle.x;
		box.y0 = middle.y;
	}
	for (long x = box.x0; x < box.x1; x++)
		old_line(d, x)->is_changed = true;
	for (long y = box.y0; y < box.y1; y++)
		new_line(d, y)->is_changed = true;
}

static void compare_kept(struct differ *d)
{
	size_t diagonals = d->old.kept_count + d->new.kept_count + 3;
	long *reach = mem_zalloc(diagonals * 2, sizeof(*reach));
	d->forward = reach + d->new.kept_count + 1;
	d->backward = d->forward + diagonals;
	compare_box(d, (struct box){ 0, (long)d->old.kept_count, 0, (long)d->new.kept_count });
	mem_free(reach);
}

static void mark_changes(struct differ *d)
{
	size_t prefix = 0, old_end = d->old.count, new_end = d->new.count;
	while (prefix < old_end && prefix < new_end &&
	       compare_lines(&d->old.lines[prefix], &d->new.lines[prefix]) == 0)
		prefix++;
	while (old_end > prefix && new_end > prefix &&
	       compare_lines(&d->old.lines[old_end - 1], &d->new.lines[new_end - 1]) == 0) {
		old_end--;
		new_end--;
	}
	if (old_end - prefix > LIMIT_DIFF_LINES || new_end - prefix > LIMIT_DIFF_LINES) {
		d->is_coarse = true;
		for (size_t i = prefix; i < old_end; i++)
			d->old.lines[i].is_changed = true;
		for (size_t i = prefix; i < new_end; i++)
			d->new.lines[i].is_changed = true;
		return;
	}
	prepare(d, prefix, old_end, new_end);
	compare_kept(d);
}

/* --- where several places would do, put a change as far down as it goes, as people expect --- */

static size_t run_end(const struct side *side, size_t at)
{
	while (at < side->count && side->lines[at].is_changed)
		at++;
	return at;
}

/*
 * The changed lines [*at, end) of `side`, with none on the other side: move down line by line
 * while the line above equals the one below. The unchanged lines keep their texts and order.
 */
static void slide(struct side *side, size_t *at, const struct side *other, size_t *other_at)
{
	size_t start = *at, end = run_end(side, start);
	while (end < side->count && *other_at < other->count &&
	       !other->lines[*other_at].is_changed &&
	       compare_lines(&side->lines[start], &side->lines[end]) == 0) {
		side->lines[start++].is_changed = false;
		side->lines[end].is_changed = true;
		end = run_end(side, end);
		(*other_at)++;
	}
	*at = end;
}

static void slide_changes(struct differ *d)
{
	size_t old_at = 0, new_at = 0;
	while (old_at < d->old.count || new_at < d->new.count) {
		size_t old_end = run_end(&d->old, old_at), new_end = run_end(&d->new, new_at);
		if (old_end == old_at && new_end == new_at) {
			old_at++;
			new_at++;
		} else if (new_end == new_at) {
			slide(&d->old, &old_at, &d->new, &new_at);
		} else if (old_end == old_at) {
			slide(&d->new, &new_at, &d->old, &old_at);
		} else {
			old_at = old_end;
			new_at = new_end;
		}
	}
}

/* --- hunks --- */

struct writer {
	const struct differ *d;
	struct linediff_line *lines; /* all hunks, one behind the other */
	size_t line_count;
	struct linediff_hunk *hunks;
	size_t hunk_count;
};

static bool is_changed_at(const struct side *side, size_t at)
{
	return at < side->count && side->lines[at].is_changed;
}

static void add_line(struct writer *w, enum linediff_kind kind, const struct line *line)
{
	bool has_feed = line->ptr[line->len - 1] == '\n';
	w->lines[w->line_count++] = (struct linediff_line){
		.kind = kind,
		.text = { line->ptr, line->len - has_feed },
		.is_missing_newline = !has_feed,
	};
}

/* All changed lines at this point: removed ones first. */
static void add_changes(struct writer *w, size_t *old_at, size_t *new_at)
{
	while (is_changed_at(&w->d->old, *old_at))
		add_line(w, LINEDIFF_REMOVED, &w->d->old.lines[(*old_at)++]);
	while (is_changed_at(&w->d->new, *new_at))
		add_line(w, LINEDIFF_ADDED, &w->d->new.lines[(*new_at)++]);
}

/* Unchanged lines from here to the next change, at most `limit`. */
static size_t count_same(const struct differ *d, size_t old_at, size_t new_at, size_t limit)
{
	size_t count = 0;
	while (count < limit && old_at + count < d->old.count &&
	       !is_changed_at(&d->old, old_at + count) && !is_changed_at(&d->new, new_at + count))
		count++;
	return count;
}

static void add_same(struct writer *w, size_t *old_at, size_t *new_at, size_t count)
{
	for (; count > 0; count--, (*new_at)++)
		add_line(w, LINEDIFF_SAME, &w->d->old.lines[(*old_at)++]);
}

/* One hunk: begins `before` lines above the change at old_at/new_at. */
static void add_hunk(struct writer *w, size_t *old_at, size_t *new_at, size_t before,
                     size_t context)
{
	const struct differ *d = w->d;
	struct linediff_hunk *hunk = &w->hunks[w->hunk_count++];
	size_t first_line = w->line_count;
	*old_at -= before;
	*new_at -= before;
	size_t old_start = *old_at, new_start = *new_at;
	add_same(w, old_at, new_at, before);
	for (;;) {
		add_changes(w, old_at, new_at);
		size_t gap = count_same(d, *old_at, *new_at, context * 2 + 1);
		bool goes_on = is_changed_at(&d->old, *old_at + gap) ||
		               is_changed_at(&d->new, *new_at + gap);
		if (gap <= context * 2 && goes_on) {
			add_same(w, old_at, new_at, gap);
			continue;
		}
		add_same(w, old_at, new_at, MIN(gap, context));
		break;
	}
	hunk->lines = w->lines + first_line;
	hunk->line_count = w->line_count - first_line;
	hunk->old_count = *old_at - old_start;
	hunk->new_count = *new_at - new_start;
	/* An empty side names the line before it, as diff does. */
	hunk->old_start = old_start + (hunk->old_count > 0);
	hunk->new_start = new_start + (hunk->new_count > 0);
}

static void build_hunks(const struct differ *d, size_t context, struct arena *a,
                        struct linediff *diff)
{
	size_t changes = diff->removed + diff->added;
	size_t most_lines = MIN(d->old.count + d->new.count, changes + changes * context * 2);
	struct writer w = {
		.d = d,
		.lines = arena_zalloc(a, most_lines + 1, sizeof(*w.lines)),
		.hunks = arena_zalloc(a, changes + 1, sizeof(*w.hunks)),
	};
	size_t old_at = 0, new_at = 0, unchanged = 0;
	while (old_at < d->old.count || new_at < d->new.count) {
		if (is_changed_at(&d->old, old_at) || is_changed_at(&d->new, new_at)) {
			add_hunk(&w, &old_at, &new_at, MIN(unchanged, context), context);
			unchanged = 0;
			continue;
		}
		old_at++;
		new_at++;
		unchanged++;
	}
	diff->hunks = w.hunks;
	diff->hunk_count = w.hunk_count;
}

static bool has_nul(struct view text)
{
	return text.len && memchr(text.ptr, '\0', MIN(text.len, (size_t)BINARY_LOOK)) != NULL;
}

static size_t count_changed(const struct side *side)
{
	size_t count = 0;
	for (size_t i = 0; i < side->count; i++)
		count += side->lines[i].is_changed;
	return count;
}

void linediff_make(struct view old_text, struct view new_text, size_t context, struct arena *a,
                   struct linediff *ret_diff)
{
	*ret_diff = (struct linediff){ .is_equal = view_equal(old_text, new_text) };
	if (ret_diff->is_equal)
		return;
	if (has_nul(old_text) || has_nul(new_text)) {
		ret_diff->is_binary = true;
		return;
	}
	struct differ d = { .is_coarse = false };
	split(old_text, &d.old);
	split(new_text, &d.new);
	mark_changes(&d);
	slide_changes(&d);
	ret_diff->is_coarse = d.is_coarse;
	ret_diff->removed = count_changed(&d.old);
	ret_diff->added = count_changed(&d.new);
	build_hunks(&d, MIN(context, (size_t)1000), a, ret_diff);
	mem_free(d.old.lines);
	mem_free(d.old.kept);
	mem_free(d.new.lines);
	mem_free(d.new.kept);
}

/* --- text --- */

static void write_range(size_t start, size_t count, struct str *out)
{
	str_addf(out, "%zu", start);
	if (count != 1)
		str_addf(out, ",%zu", count);
}

void linediff_write(const struct linediff *diff, const char *old_name, const char *new_name,
                    struct str *out)
{
	if (old_name && new_name && !diff->is_equal)
		str_addf(out, "--- %s\n+++ %s\n", old_name, new_name);
	for (size_t i = 0; i < diff->hunk_count; i++) {
		const struct linediff_hunk *hunk = &diff->hunks[i];
		str_addz(out, "@@ -");
		write_range(hunk->old_start, hunk->old_count, out);
		str_addz(out, " +");
		write_range(hunk->new_start, hunk->new_count, out);
		str_addz(out, " @@\n");
		for (size_t j = 0; j < hunk->line_count; j++) {
			const struct linediff_line *line = &hunk->lines[j];
			str_addch(out, " -+"[line->kind]);
			str_add(out, line->text.ptr, line->text.len);
			str_addch(out, '\n');
			if (line->is_missing_newline)
				str_addz(out, "\\ No newline at end of file\n");
		}
	}
}
