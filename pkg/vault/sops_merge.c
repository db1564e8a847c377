/*
 * Merging goes two ways, and the result of each is held against what the three trees ask for. First line by
 * line, which keeps comments and layout of both sides. Where their lines touch, the values one side
 * changed are set in the text of the other.
 */
#include "base/base.h"

#include "vault/sops_merge.h"

#include "base/arena.h"
#include "vault/sops_tree.h"

struct change {
	size_t document;
	const char *path;
	const struct sops_item *item; /* NULL: it goes */
};

struct work {
	const struct sops_merge *in;
	struct arena arena;
	struct strs *conflicts;
	VEC(struct change) changes; /* theirs, to be made in ours; of values only */
	bool is_too_deep;           /* a change that cannot be made value by value */
	size_t document;
};

static void work_clear(struct work *w)
{
	arena_wipe(&w->arena);
	vec_clear(&w->changes);
}

/* --- trees --- */

/* The next entry that is data. */
static const struct sops_item *skip(const struct sops_item *at, const struct sops_item *meta)
{
	while (at && (at->kind == SOPS_COMMENT || at == meta))
		at = at->next;
	return at;
}

static size_t count(const struct sops_item *item, const struct sops_item *meta)
{
	size_t n = 0;
	for (const struct sops_item *at = skip(item->first, meta); at; at = skip(at->next, meta))
		n++;
	return n;
}

static const struct sops_item *entry(const struct sops_item *map, struct view key,
                                     const struct sops_item *meta)
{
	const struct sops_item *found = map ? sops_item_childn(map, key) : NULL;
	return found == meta ? NULL : found;
}

static bool same(const struct sops_item *a, const struct sops_item *b);

static bool same_list(const struct sops_item *a, const struct sops_item *b)
{
	const struct sops_item *x = skip(a->first, NULL), *y = skip(b->first, NULL);
	for (; x && y; x = skip(x->next, NULL), y = skip(y->next, NULL))
		if (!same(x, y))
			return false;
	return x == y;
}

static bool same_map(const struct sops_item *a, const struct sops_item *b)
{
	if (count(a, NULL) != count(b, NULL))
		return false;
	for (const struct sops_item *x = skip(a->first, NULL); x; x = skip(x->next, NULL))
		if (!same(x, entry(b, x->key, NULL)))
			return false;
	return true;
}

/* Equal values? Either may be NULL: not there. Roots are compared entry by entry, by the caller. */
static bool same(const struct sops_item *a, const struct sops_item *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind == SOPS_LIST)
		return same_list(a, b);
	if (a->kind == SOPS_MAP)
		return same_map(a, b);
	return a->type == b->type && view_equal(a->plain, b->plain);
}

static bool is_kind(const struct sops_item *item, enum sops_kind kind)
{
	return item && item->kind == kind;
}

/* --- what one side changed --- */

struct three {
	const struct sops_item *base, *ours, *theirs;
	const struct sops_item *metas[3]; /* of the documents they are in */
};

static void note_conflict(struct work *w, const struct sops_item *item)
{
	AUTO(str) path = STR_INIT;
	sops_item_add_path(item, &path);
	if (w->document)
		str_addf(&path, " of document %zu", w->document + 1);
	strs_push(w->conflicts, path.ptr);
}

static void note_change(struct work *w, const struct sops_item *at, const struct sops_item *item)
{
	AUTO(str) path = STR_INIT;
	if (item && item->kind == SOPS_MAP && item->first) {
		for (const struct sops_item *in = skip(item->first, NULL); in;
		     in = skip(in->next, NULL))
			note_change(w, in, in);
		return;
	}
	if (item && item->kind != SOPS_VALUE) {
		w->is_too_deep = true;
		return;
	}
	sops_item_add_path(at, &path);
	const struct change change = { w->document, arena_strdup(&w->arena, path.ptr), item };
	vec_push(&w->changes, change);
}

/*
 * Items added at the end of a list, or some of it gone, can be done one by one; else lines must tell. Those
 * behind go first, so that the numbers of the others stay.
 */
static void note_list(struct work *w, const struct sops_item *before, const struct sops_item *now)
{
	const struct sops_item *x = skip(before->first, NULL), *y = skip(now->first, NULL);
	struct change gone[64];
	size_t count_gone = 0;
	for (; x; x = skip(x->next, NULL)) {
		if (y && same(x, y)) {
			y = skip(y->next, NULL);
		} else if (count_gone < ARRAY_LEN(gone)) {
			AUTO(str) path = STR_INIT;
			sops_item_add_path(x, &path);
			gone[count_gone++] =
				(struct change){ w->document, arena_strdup(&w->arena, path.ptr),
				                 NULL };
		} else {
			w->is_too_deep = true;
		}
	}
	w->is_too_deep |= y && count_gone;
	while (count_gone > 0)
		vec_push(&w->changes, gone[--count_gone]);
	for (; y; y = skip(y->next, NULL))
		note_change(w, y, y);
}

static void look(struct work *w, struct three t);

static struct three into(const struct three *t, const struct sops_item *base,
                         const struct sops_item *ours, const struct sops_item *theirs)
{
	return (struct three){ base, ours, theirs, { t->metas[0], t->metas[1], t->metas[2] } };
}

static void look_in_maps(struct work *w, const struct three *t)
{
	const struct sops_item *base = is_kind(t->base, SOPS_MAP) ? t->base : NULL;
	const struct sops_item *const *metas = t->metas;
	const struct sops_item *at;
	for (at = skip(t->ours->first, metas[1]); at; at = skip(at->next, metas[1]))
		look(w, into(t, entry(base, at->key, metas[0]), at,
		             entry(t->theirs, at->key, metas[2])));
	for (at = skip(t->theirs->first, metas[2]); at; at = skip(at->next, metas[2]))
		if (!entry(t->ours, at->key, metas[1]))
			look(w, into(t, entry(base, at->key, metas[0]), NULL, at));
}

static void look_in_lists(struct work *w, const struct three *t)
{
	const struct sops_item *o = skip(t->base->first, NULL), *a = skip(t->ours->first, NULL);
	const struct sops_item *b = skip(t->theirs->first, NULL);
	for (; o && a && b;
	     o = skip(o->next, NULL), a = skip(a->next, NULL), b = skip(b->next, NULL))
		look(w, into(t, o, a, b));
}

static bool are_like_lists(const struct three *t)
{
	return is_kind(t->base, SOPS_LIST) && is_kind(t->ours, SOPS_LIST) &&
	       is_kind(t->theirs, SOPS_LIST) && count(t->base, NULL) == count(t->ours, NULL) &&
	       count(t->base, NULL) == count(t->theirs, NULL);
}

static void look(struct work *w, struct three t)
{
	bool are_roots = is_kind(t.ours, SOPS_MAP) && !t.ours->parent;
	if (!are_roots && (same(t.ours, t.theirs) || same(t.base, t.theirs)))
		return;
	if (!are_roots && same(t.base, t.ours) && !is_kind(t.theirs, SOPS_LIST) &&
	    !(is_kind(t.ours, SOPS_MAP) && is_kind(t.theirs, SOPS_MAP)))
		note_change(w, t.theirs ? t.theirs : t.ours, t.theirs);
	else if (is_kind(t.ours, SOPS_MAP) && is_kind(t.theirs, SOPS_MAP))
		look_in_maps(w, &t);
	else if (are_like_lists(&t))
		look_in_lists(w, &t);
	else if (same(t.base, t.ours) && is_kind(t.base, SOPS_LIST) && is_kind(t.theirs, SOPS_LIST))
		note_list(w, t.base, t.theirs);
	else if (same(t.base, t.ours))
		w->is_too_deep = true;
	else
		note_conflict(w, t.theirs ? t.theirs : t.ours);
}

/* --- does a result have what all three ask for? --- */

static bool fits(const struct three *t, const struct sops_item *result,
                 const struct sops_item *result_meta);

static bool maps_fit(const struct three *t, const struct sops_item *result,
                     const struct sops_item *result_meta)
{
	const struct sops_item *base = is_kind(t->base, SOPS_MAP) ? t->base : NULL;
	const struct sops_item *sides[] = { t->ours, t->theirs, result };
	const struct sops_item *metas[] = { t->metas[1], t->metas[2], result_meta };
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		for (const struct sops_item *at = skip(sides[i]->first, metas[i]); at;
		     at = skip(at->next, metas[i])) {
			const struct three in = into(t, entry(base, at->key, t->metas[0]),
			                             entry(t->ours, at->key, t->metas[1]),
			                             entry(t->theirs, at->key, t->metas[2]));
			if (!fits(&in, entry(result, at->key, result_meta), result_meta))
				return false;
		}
	return true;
}

static bool fits(const struct three *t, const struct sops_item *result,
                 const struct sops_item *result_meta)
{
	bool are_maps = is_kind(t->ours, SOPS_MAP) && is_kind(t->theirs, SOPS_MAP);
	if (are_maps && is_kind(result, SOPS_MAP) && !t->ours->parent)
		return maps_fit(t, result, result_meta);
	if (same(t->ours, t->theirs) || same(t->base, t->theirs))
		return same(result, t->ours);
	if (same(t->base, t->ours))
		return same(result, t->theirs);
	if (are_maps && is_kind(result, SOPS_MAP))
		return maps_fit(t, result, result_meta);
	/* Lines of lists were merged as lines: there is no better truth about them. */
	return is_kind(t->ours, SOPS_LIST) && is_kind(t->theirs, SOPS_LIST) &&
	       is_kind(result, SOPS_LIST);
}

static struct three roots(const struct sops_merge *in, size_t document)
{
	const struct sops_doc *docs[] = { in->base.doc, in->ours.doc, in->theirs.doc };
	const struct sops_item *items[3] = { NULL };
	struct three t = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		if (docs[i] && document < docs[i]->parts.len) {
			items[i] = docs[i]->parts.ptr[document].root;
			t.metas[i] = docs[i]->parts.ptr[document].meta;
		}
	t.base = items[0];
	t.ours = items[1];
	t.theirs = items[2];
	return t;
}

static bool have_same_shape(const struct sops_merge *in)
{
	size_t n = in->ours.doc->parts.len;
	return in->theirs.doc->parts.len == n && (!in->base.doc || in->base.doc->parts.len == n);
}

static bool result_fits(const struct sops_merge *in, const struct sops_doc *result)
{
	if (!have_same_shape(in))
		return true; /* documents came or went: only lines can tell */
	if (result->parts.len != in->ours.doc->parts.len)
		return false;
	for (size_t i = 0; i < result->parts.len; i++) {
		const struct three t = roots(in, i);
		if (!fits(&t, result->parts.ptr[i].root, result->parts.ptr[i].meta))
			return false;
	}
	return true;
}

/* --- comments --- */

static void add_comments(const struct sops_doc *doc, struct strs *list)
{
	for (size_t i = 0; doc && i < doc->parts.len; i++) {
		const struct sops_item *root = doc->parts.ptr[i].root;
		for (const struct sops_item *at = root; at; at = sops_item_next(root, at))
			if (at->kind == SOPS_COMMENT)
				strs_push_take(list, mem_strndup(at->plain.ptr, at->plain.len));
	}
	strs_sort(list);
}

static size_t times(const struct strs *list, const char *text)
{
	size_t n = 0;
	for (size_t i = 0; i < list->len; i++)
		n += str_equal(list->ptr[i], text);
	return n;
}

/* Each comment is there as often as both sides want it. */
static bool comments_fit(const struct sops_merge *in, const struct sops_doc *result)
{
	AUTO(strs) o = STRS_INIT;
	AUTO(strs) a = STRS_INIT;
	AUTO(strs) b = STRS_INIT;
	AUTO(strs) m = STRS_INIT;
	add_comments(in->base.doc, &o);
	add_comments(in->ours.doc, &a);
	add_comments(in->theirs.doc, &b);
	add_comments(result, &m);
	const struct strs *all[] = { &a, &b, &m };
	for (size_t k = 0; k < ARRAY_LEN(all); k++)
		for (size_t i = 0; i < all[k]->len; i++) {
			const char *text = all[k]->ptr[i];
			size_t before = times(&o, text), ours = times(&a, text);
			size_t theirs = times(&b, text), merged = times(&m, text);
			/* Of like ones, both sides may have changed the same, or different ones. */
			size_t both = ours + theirs > before ? ours + theirs - before : 0;
			if (merged != both && !(ours == theirs && merged == ours))
				return false;
		}
	return true;
}

/* --- line by line --- */

static err *reopen(const struct sops_side *side, struct view text, struct sops_doc **ret_doc)
{
	TRY(sops_open(side->doc->format, text, side->doc->name, ret_doc));
	return sops_unlock(*ret_doc, side->key, 0);
}

static err *seal_plain(const struct sops_merge *in, const struct sops_side *side, struct view plain,
                       struct str *ret_text)
{
	AUTOPTR(sops_doc) doc = NULL;
	const struct sops_meta *meta = side->doc->meta;
	const struct sops_encrypt how = {
		.rules = meta->rules,
		.recipients = { meta->groups, meta->group_count, meta->threshold },
		.now = in->now,
		.keyring = in->keyring,
		.like = side->doc,
		.like_key = side->key,
	};
	if (side->doc->format == SOPS_BINARY)
		return sops_encrypt_binary(plain, side->doc->name, &how, ret_text);
	TRY(sops_open(side->doc->format, plain, side->doc->name, &doc));
	return sops_encrypt(doc, &how, ret_text);
}

static err *take_lines(const struct sops_merge *in, const struct sops_side *side, struct view plain,
                       struct str *ret_text, bool *ret_is_done)
{
	AUTOPTR(sops_doc) result = NULL;
	err *e = seal_plain(in, side, plain, ret_text);
	if (!e)
		e = reopen(side, view_str(ret_text), &result);
	if (e) {
		err_ignore(e, "lines that fit together need not make a document");
		return NULL;
	}
	*ret_is_done = in->ours.doc->format == SOPS_BINARY ||
	               (result_fits(in, result) && comments_fit(in, result));
	return NULL;
}

static err *merge_lines(const struct sops_merge *in, const struct sops_side *side,
                        struct str *ret_text, bool *ret_is_done)
{
	AUTO(plain_text) base = PLAIN_TEXT_INIT;
	AUTO(plain_text) ours = PLAIN_TEXT_INIT;
	AUTO(plain_text) theirs = PLAIN_TEXT_INIT;
	AUTO(str) merged = STR_INIT;
	bool is_clean = false;
	if (in->base.doc)
		TRY(sops_plain(in->base.doc, &base));
	TRY(sops_plain(in->ours.doc, &ours));
	TRY(sops_plain(in->theirs.doc, &theirs));
	TRY(in->merge_lines(view_str(&base.text), view_str(&ours.text), view_str(&theirs.text),
	                    &merged, &is_clean));
	err *e = is_clean ? take_lines(in, side, view_str(&merged), ret_text, ret_is_done) : NULL;
	if (merged.len)
		secret_wipe(merged.ptr, merged.len);
	return e;
}

/* --- value by value --- */

/* Make the changes in the text of `side`; those that cannot be made are left out and counted. */
static err *set_values(struct work *w, const struct sops_side *side, struct str *text,
                       size_t *ret_failed)
{
	str_reset(text);
	str_add(text, side->doc->text, side->doc->len);
	for (size_t i = 0; i < w->changes.len; i++) {
		const struct change *change = &w->changes.ptr[i];
		const struct sops_change one = {
			.document = change->document,
			.path = change->path,
			.type = change->item ? change->item->type : SOPS_STR,
			.plain = change->item ? change->item->plain : (struct view){ NULL, 0 },
		};
		AUTOPTR(sops_doc) doc = NULL;
		AUTO(str) changed = STR_INIT;
		bool is_changed = false;
		TRY(reopen(side, view_str(text), &doc));
		err *e = sops_change(doc, side->key, &one, w->in->now, &is_changed, &changed);
		if (e) {
			err_ignore(e, "the caller says that it could not be merged");
			(*ret_failed)++;
		} else if (is_changed) {
			str_reset(text);
			str_add_str(text, &changed);
		}
	}
	return NULL;
}

static struct sops_merge turned(const struct sops_merge *in)
{
	struct sops_merge other = *in;
	other.ours = in->theirs;
	other.theirs = in->ours;
	return other;
}

static void look_at_all(struct work *w)
{
	w->changes.len = 0;
	w->is_too_deep = false;
	for (w->document = 0; w->document < w->in->ours.doc->parts.len; w->document++)
		look(w, roots(w->in, w->document));
}

/* The values that the other side changed go into the text of `in->ours`. */
static err *merge_values(struct work *w, const struct sops_merge *in, struct str *ret_text,
                         bool *ret_is_done)
{
	AUTOPTR(sops_doc) result = NULL;
	size_t failed = 0;
	w->in = in;
	look_at_all(w);
	TRY(set_values(w, &in->ours, ret_text, &failed));
	if (failed || w->is_too_deep || w->conflicts->len)
		return NULL;
	TRY(reopen(&in->ours, view_str(ret_text), &result));
	*ret_is_done = result_fits(in, result) && comments_fit(in, result);
	return NULL;
}

/* --- recipients and rules --- */

static bool has_key(const struct sops_meta *meta, const struct sops_key *key)
{
	return meta && sops_find_key(meta->groups, MIN(meta->group_count, (size_t)1), key);
}

/* Of `from`, those who stay: in both, or added by one. */
static void add_staying(struct arena *a, const struct sops_meta *from,
                        const struct sops_meta *other, const struct sops_meta *base,
                        struct sops_key_group *out)
{
	for (size_t i = 0; i < from->groups[0].len; i++) {
		const struct sops_key *key = &from->groups[0].keys[i];
		bool stays = has_key(other, key) || !has_key(base, key);
		if (stays && !sops_find_key(out, 1, key))
			out->keys[out->len++] = (struct sops_key){ .type = key->type,
				                                   .id = arena_strdup(a, key->id) };
	}
}

static bool has_lost(const struct sops_meta *meta, const struct sops_key_group *now)
{
	for (size_t i = 0; i < meta->groups[0].len; i++)
		if (!sops_find_key(now, 1, &meta->groups[0].keys[i]))
			return true;
	return false;
}

static bool same_groups(const struct sops_meta *a, const struct sops_meta *b)
{
	return a->threshold == b->threshold &&
	       sops_recipients_equal(
		       a, &(struct sops_recipients){ b->groups, b->group_count, b->threshold });
}

/* Others with groups, or with none in common: who changed them is right. */
static bool one_changed_groups(const struct sops_merge *in, const struct sops_side *side,
                               struct sops_recipients *ret_wanted)
{
	const struct sops_meta *o = in->base.doc ? in->base.doc->meta : NULL;
	const struct sops_meta *a = in->ours.doc->meta, *b = in->theirs.doc->meta;
	const struct sops_meta *wanted = side->doc->meta;
	if (!same_groups(a, b)) {
		if (!o || (!same_groups(o, a) && !same_groups(o, b)))
			return false;
		wanted = same_groups(o, a) ? b : a;
	}
	*ret_wanted =
		(struct sops_recipients){ wanted->groups, wanted->group_count, wanted->threshold };
	return true;
}

/* The other side has another data key than before: perhaps because this one is known to somebody. */
static bool was_renewed(const struct sops_merge *in, const struct sops_side *side)
{
	const struct sops_side *other = side == &in->ours ? &in->theirs : &in->ours;
	return in->base.doc && !secret_equal(other->key, in->base.key) &&
	       secret_equal(side->key, in->base.key);
}

static err *merge_recipients(struct work *w, const struct sops_merge *in,
                             const struct sops_side *side, struct str *text)
{
	const struct sops_meta *a = in->ours.doc->meta, *b = in->theirs.doc->meta;
	const struct sops_meta *own = side->doc->meta;
	struct sops_key_group group = { 0 };
	struct sops_recipients wanted = { &group, 1, 0 };
	bool needs_new_key = was_renewed(in, side), has_changed;
	if (a->group_count == 1 && b->group_count == 1) {
		group.keys = arena_zalloc(&w->arena, a->groups[0].len + b->groups[0].len,
		                          sizeof(*group.keys));
		const struct sops_meta *base = in->base.doc ? in->base.doc->meta : NULL;
		add_staying(&w->arena, own, own == a ? b : a, base, &group);
		add_staying(&w->arena, own == a ? b : a, own, base, &group);
		needs_new_key |= has_lost(own, &group);
		has_changed = !sops_recipients_equal(own, &wanted);
	} else if (one_changed_groups(in, side, &wanted)) {
		has_changed = !sops_recipients_equal(own, &wanted);
		needs_new_key |= has_changed;
	} else {
		strs_push(w->conflicts, "the key groups");
		return NULL;
	}
	if (group.keys && group.len == 0) {
		strs_push(w->conflicts, "the recipients: nobody would be left");
		return NULL;
	}
	if (!has_changed && !needs_new_key)
		return NULL;
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(str) sealed = STR_INIT;
	TRY(reopen(side, view_str(text), &doc));
	TRY(sops_rekey(doc, side->key, &wanted, in->keyring, needs_new_key, in->now, &sealed));
	str_reset(text);
	str_add_str(text, &sealed);
	return NULL;
}

/* Which sides may lend their metadata: those whose rules are the newest. */
static err *check_rules(const struct sops_merge *in, bool *ret_ours, bool *ret_theirs)
{
	const struct sops_rules *a = &in->ours.doc->meta->rules, *b = &in->theirs.doc->meta->rules;
	const struct sops_rules *o = in->base.doc ? &in->base.doc->meta->rules : NULL;
	*ret_ours = *ret_theirs = true;
	if (sops_rules_equal(a, b))
		return NULL;
	*ret_ours = o && sops_rules_equal(o, b);
	*ret_theirs = o && sops_rules_equal(o, a);
	return NULL;
}

/* A name that stands twice in one place, as dotenv and INI allow: which is which cannot be told. */
static const struct sops_item *find_twice(const struct sops_item *map)
{
	for (const struct sops_item *at = map->first; at; at = at->next) {
		const struct sops_item *deeper = at->kind == SOPS_MAP ? find_twice(at) : NULL;
		if (deeper)
			return deeper;
		if (at->kind != SOPS_COMMENT && sops_item_childn(map, at->key) != at)
			return at;
	}
	return NULL;
}

static bool add_twice(const struct sops_doc *doc, struct strs *conflicts)
{
	bool may_be = doc && (doc->format == SOPS_DOTENV || doc->format == SOPS_INI);
	const struct sops_item *twice = may_be ? find_twice(doc->parts.ptr[0].root) : NULL;
	if (twice)
		strs_push_take(conflicts, str_format("%.*s, which stands there twice",
		                                     (int)twice->key.len, twice->key.ptr));
	return twice != NULL;
}

/* --- all of it --- */

static err *merge_content(struct work *w, const struct sops_side **ret_side, struct str *ret_text,
                          bool *ret_is_done)
{
	const struct sops_merge *in = w->in;
	const struct sops_merge other = turned(in);
	bool with_ours, with_theirs;
	TRY(check_rules(in, &with_ours, &with_theirs));
	*ret_side = with_ours ? &in->ours : &in->theirs;
	if (!with_ours && !with_theirs) {
		strs_push(w->conflicts, "the rules of what is encrypted");
		str_add(ret_text, in->ours.doc->text, in->ours.doc->len);
		return NULL;
	}
	if (add_twice(in->base.doc, w->conflicts) || add_twice(in->ours.doc, w->conflicts) ||
	    add_twice(in->theirs.doc, w->conflicts))
		return NULL;
	TRY(merge_lines(in, *ret_side, ret_text, ret_is_done));
	if (!*ret_is_done && !have_same_shape(in))
		strs_push(w->conflicts, "the documents of the file");
	if (*ret_is_done || w->conflicts->len)
		return NULL;
	str_reset(ret_text);
	if (with_ours)
		TRY(merge_values(w, in, ret_text, ret_is_done));
	if (with_theirs && !*ret_is_done && w->conflicts->len == 0) {
		AUTO(str) turned_text = STR_INIT;
		TRY(merge_values(w, &other, &turned_text, ret_is_done));
		*ret_side = *ret_is_done ? &in->theirs : *ret_side;
		if (*ret_is_done) {
			str_reset(ret_text);
			str_add_str(ret_text, &turned_text);
		}
	}
	w->in = in;
	if (!*ret_is_done && w->conflicts->len == 0)
		strs_push(w->conflicts, "comments, or lists, that stand next to each other");
	return NULL;
}

err *sops_merge(const struct sops_merge *in, struct str *ret_text, struct strs *conflicts)
{
	AUTO(work)
	w = { .in = in, .arena = ARENA_INIT, .conflicts = conflicts, .changes = VEC_INIT };
	const struct sops_side *side = &in->ours;
	bool is_done = false;
	str_reset(ret_text);
	if (in->ours.doc->format != in->theirs.doc->format)
		return err_new(ERR_INVALID, "the two sides are documents of different formats");
	TRY(merge_content(&w, &side, ret_text, &is_done));
	if (!is_done) {
		if (ret_text->len == 0)
			str_add(ret_text, in->ours.doc->text, in->ours.doc->len);
		return NULL;
	}
	return merge_recipients(&w, in, side, ret_text);
}
