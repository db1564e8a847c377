/*
 * Applying fixes, in rounds: first the changes of the trees, one after the other, each proved by
 * pkg/yaml; then the edits of the text that do not touch each other; then the file is checked again.
 */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/limits.h"
#include "base/vec.h"
#include "pal/fs.h"
#include "pal/sig.h"
#include "yaml/yaml_edit.h"

#define ROUNDS_MAX 20u

struct mending {
	const struct lint_options *options; /* of the whole run */
	const struct cancel *cancel;
	bool with_unsafe;
	struct lint_mends *mends;
};

/* Naming a rule is asking for its fix, whatever it changes. */
static bool is_wanted(const struct mending *mending, const struct lint_finding *finding)
{
	const struct lint_fix *fix = finding->fix;
	if (!fix || fix->n_edits == 0)
		return false;
	return !fix->is_unsafe || mending->with_unsafe ||
	       lint_names_rule(&mending->options->select, finding->rule);
}

/* --- trees --- */

static bool removes_item(const struct lint_fix *fix)
{
	return fix->changes[0].kind == YAML_REMOVE && !fix->changes[0].keys;
}

/* The last document first, so that the places of the others stay; items of a list from its end. */
static int by_document(const void *a, const void *b)
{
	const struct lint_fix *x = *(const struct lint_fix *const *)a;
	const struct lint_fix *y = *(const struct lint_fix *const *)b;
	if (x->doc != y->doc)
		return x->doc > y->doc ? -1 : 1;
	if (removes_item(x) != removes_item(y))
		return removes_item(x) ? 1 : -1;
	size_t at_x = x->edits[0].start, at_y = y->edits[0].start;
	return at_x > at_y ? -1 : at_x < at_y;
}

struct fixes {
	const struct lint_fix **ptr;
	size_t len, cap;
};

static void splice(struct str *text, const struct yaml_edit *edit)
{
	AUTO(str) now = STR_INIT;
	str_add(&now, text->ptr, edit->start);
	str_add(&now, edit->text, edit->len);
	str_add(&now, text->ptr + edit->end, text->len - edit->end);
	struct str old = *text;
	*text = now;
	now = old;
}

/* Make the changes of all fixes in `text`; how many could be made. */
static size_t apply_trees(struct mending *mending, const struct fixes *fixes, bool is_json,
                          const struct yaml_docs *docs, struct str *text)
{
	size_t n_made = 0, doc_index = SIZE_MAX;
	struct yaml_doc doc = { NULL, 0, 0 };
	for (size_t i = 0; i < fixes->len; i++) {
		const struct lint_fix *fix = fixes->ptr[i];
		if (fix->doc >= docs->len)
			continue;
		if (fix->doc != doc_index)
			doc = docs->ptr[doc_index = fix->doc];
		AUTO(arena) a = ARENA_INIT;
		struct yaml_edit edit;
		err *e = yaml_edit(text->ptr, text->len, &doc, is_json, fix->changes,
		                   fix->n_changes, &a, &edit);
		if (e) {
			mending->mends->n_dropped++;
			err_ignore(e, "counted; the finding stays");
			continue;
		}
		doc.end = doc.end + edit.len - (edit.end - edit.start);
		splice(text, &edit);
		n_made++;
	}
	return n_made;
}

/* --- texts --- */

static bool touches(const struct lint_fix *fix, const struct lint_fix *taken)
{
	for (size_t i = 0; i < fix->n_edits; i++)
		for (size_t k = 0; k < taken->n_edits; k++)
			if (fix->edits[i].start <= taken->edits[k].end &&
			    taken->edits[k].start <= fix->edits[i].end)
				return true;
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct lint_edit *x = *(const struct lint_edit *const *)a;
	const struct lint_edit *y = *(const struct lint_edit *const *)b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void apply_edits(const struct fixes *fixes, struct str *text)
{
	VEC(const struct lint_edit *) edits = VEC_INIT;
	for (size_t i = 0; i < fixes->len; i++)
		for (size_t k = 0; k < fixes->ptr[i]->n_edits; k++)
			vec_push(&edits, &fixes->ptr[i]->edits[k]);
	if (edits.len)
		qsort(edits.ptr, edits.len, sizeof(edits.ptr[0]), by_place);
	AUTO(str) now = STR_INIT;
	size_t at = 0;
	for (size_t i = 0; i < edits.len; i++) {
		str_add(&now, text->ptr + at, edits.ptr[i]->start - at);
		str_add(&now, edits.ptr[i]->text, edits.ptr[i]->len);
		at = edits.ptr[i]->end;
	}
	str_add(&now, text->ptr + at, text->len - at);
	vec_clear(&edits);
	struct str old = *text;
	*text = now;
	now = old;
}

static void count_flaw(void *ctx, const struct yaml_flaw *flaw)
{
	size_t *n_flaws = ctx;
	(void)flaw;
	(*n_flaws)++;
}

/* Does the new text still read as the same values? Files that are no YAML have nothing to compare. */
static bool is_same_data(const struct str *before, const struct str *after, uint32_t kind)
{
	if (!(kind & (LINT_ANY_YAML | LINT_JSON)))
		return true;
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs x, y;
	size_t n_x = 0, n_y = 0;
	const struct yaml_lenient how_x = { .report = count_flaw, .ctx = &n_x };
	const struct yaml_lenient how_y = { .report = count_flaw, .ctx = &n_y };
	yaml_load_lenient(before->ptr, before->len, "before", &a, &how_x, &x);
	yaml_load_lenient(after->ptr, after->len, "after", &a, &how_y, &y);
	for (size_t i = 0; i < MIN(x.len, y.len); i++)
		if (!val_equal(x.ptr[i].root, y.ptr[i].root))
			return false;
	return x.len == y.len && n_x == n_y;
}

/* How often one round may read a file again to find the fixes that change a value. */
#define PROOFS_MAX 400u

struct proving {
	struct mending *mending;
	const struct fixes *fixes;
	const struct str *before;
	uint32_t kind;
	struct fixes good; /* change nothing, together */
	unsigned proofs;
};

static void make_text(const struct proving *proving, struct str *ret_text)
{
	str_reset(ret_text);
	str_add_str(ret_text, proving->before);
	apply_edits(&proving->good, ret_text);
}

/* Take the fixes from `low` to `high` that change no value: all, or look at each half. */
static void prove(struct proving *proving, size_t low, size_t high)
{
	size_t known = proving->good.len;
	for (size_t i = low; i < high; i++)
		vec_push(&proving->good, proving->fixes->ptr[i]);
	AUTO(str) after = STR_INIT;
	make_text(proving, &after);
	if (proving->proofs++ < PROOFS_MAX && is_same_data(proving->before, &after, proving->kind))
		return;
	proving->good.len = known;
	if (high - low == 1 || proving->proofs >= PROOFS_MAX) {
		proving->mending->mends->n_dropped += high - low;
		return;
	}
	size_t middle = low + (high - low) / 2;
	prove(proving, low, middle);
	prove(proving, middle, high);
}

/* All at once; those that change a value though they say that they do not are dropped. */
static size_t apply_texts(struct mending *mending, const struct fixes *fixes, uint32_t kind,
                          struct str *text)
{
	bool may_change = false;
	for (size_t i = 0; i < fixes->len; i++)
		may_change |= fixes->ptr[i]->is_unsafe;
	if (may_change) {
		apply_edits(fixes, text);
		return fixes->len;
	}
	AUTO(str) before = STR_INIT;
	str_add_str(&before, text);
	struct proving proving = {
		.mending = mending, .fixes = fixes, .before = &before, .kind = kind
	};
	prove(&proving, 0, fixes->len);
	make_text(&proving, text);
	size_t n_made = proving.good.len;
	vec_clear(&proving.good);
	return n_made;
}

/* --- rounds --- */

static void collect(const struct mending *mending, const struct lint_result *file, bool has_changes,
                    struct fixes *fixes)
{
	size_t taken_to = 0; /* behind it all is free */
	for (size_t i = 0; i < file->len; i++) {
		const struct lint_fix *fix = file->findings[i].fix;
		if (!is_wanted(mending, &file->findings[i]) || (fix->n_changes > 0) != has_changes)
			continue;
		bool is_free = fixes->len == 0 || fix->edits[0].start > taken_to;
		if (!is_free) {
			is_free = true;
			for (size_t k = 0; k < fixes->len && is_free && !has_changes; k++)
				is_free = !touches(fix, fixes->ptr[k]);
		}
		if (!is_free)
			continue;
		taken_to = MAX(taken_to, fix->edits[fix->n_edits - 1].end);
		vec_push(fixes, fix);
	}
}

/* One round over one file; how many fixes were made. */
static size_t mend_once(struct mending *mending, const struct lint_result *file, struct str *text)
{
	size_t n_made = 0;
	struct fixes fixes = VEC_INIT;
	collect(mending, file, true, &fixes);
	if (fixes.len) {
		AUTO(arena) a = ARENA_INIT;
		struct yaml_docs docs = { NULL, 0 };
		struct lint_file view = { .path = file->path,
			                  .kind = file->kind,
			                  .text = text->ptr,
			                  .len = text->len,
			                  .arena = &a,
			                  .keep = &a };
		lint_classify_name(file->path, &view.is_json);
		lint_load_docs(&view);
		docs.ptr = view.docs;
		docs.len = view.n_docs;
		qsort(fixes.ptr, fixes.len, sizeof(fixes.ptr[0]), by_document);
		n_made = apply_trees(mending, &fixes, view.is_json, &docs, text);
	}
	fixes.len = 0;
	if (n_made == 0) {
		collect(mending, file, false, &fixes);
		if (fixes.len)
			n_made = apply_texts(mending, &fixes, file->kind, text);
	}
	vec_clear(&fixes);
	return n_made;
}

static err *check_again(struct mending *mending, const char *path, const struct str *text,
                        struct lint_report *ret_report)
{
	const struct lint_overlay overlay = { path, view_str(text) };
	struct lint_options options = *mending->options;
	options.paths = (struct strs)STRS_INIT;
	strs_push(&options.paths, path);
	options.overlay = &overlay;
	options.wants_fixes = true;
	options.threads = 1;
	err *e = lint_run(&options, mending->cancel, ret_report);
	strs_clear(&options.paths);
	return e;
}

static err *mend_rounds(struct mending *mending, const struct lint_result *first,
                        struct lint_mend *mend)
{
	size_t n_dropped = mending->mends->n_dropped;
	mend->n_fixed = mend_once(mending, first, &mend->after);
	size_t n_made = mend->n_fixed;
	for (size_t round = 1; round < ROUNDS_MAX && n_made > 0; round++) {
		struct lint_report report = { 0 };
		TRY(check_again(mending, mend->path, &mend->after, &report));
		mending->mends->n_dropped = n_dropped; /* what is dropped in the last round */
		n_made = report.len ? mend_once(mending, &report.files[0], &mend->after) : 0;
		mend->n_fixed += n_made;
		lint_report_clear(&report);
	}
	return NULL;
}

static bool has_wanted(const struct mending *mending, const struct lint_result *file)
{
	for (size_t i = 0; i < file->len; i++)
		if (is_wanted(mending, &file->findings[i]))
			return true;
	return false;
}

static err *mend_file(struct mending *mending, const struct lint_result *file)
{
	struct lint_mends *mends = mending->mends;
	struct lint_mend mend = { .path = arena_strdup(&mends->arena, file->path) };
	str_init(&mend.before);
	str_init(&mend.after);
	err *e = cancel_check(mending->cancel);
	if (!e)
		e = fs_read_file(file->path, LIMIT_DOC_BYTES, &mend.before);
	if (!e) {
		str_add_str(&mend.after, &mend.before);
		e = mend_rounds(mending, file, &mend);
	}
	if (e || mend.n_fixed == 0) {
		str_clear(&mend.before);
		str_clear(&mend.after);
		return e;
	}
	mends->n_fixed += mend.n_fixed;
	vec_push(mends, mend);
	return NULL;
}

err *lint_mend_all(const struct lint_options *options, bool with_unsafe,
                   const struct cancel *cancel, struct lint_mends *ret_mends)
{
	struct lint_options all = *options;
	all.wants_fixes = true;
	struct mending mending = {
		.options = &all, .cancel = cancel, .with_unsafe = with_unsafe, .mends = ret_mends
	};
	struct lint_report report = { 0 };
	TRY(lint_run(&all, cancel, &report));
	err *e = NULL;
	for (size_t i = 0; i < report.len && !e; i++)
		if (has_wanted(&mending, &report.files[i]))
			e = mend_file(&mending, &report.files[i]);
	lint_report_clear(&report);
	return e;
}

void lint_mends_clear(struct lint_mends *mends)
{
	for (size_t i = 0; i < mends->len; i++) {
		str_clear(&mends->ptr[i].before);
		str_clear(&mends->ptr[i].after);
	}
	vec_clear(mends);
	arena_clear(&mends->arena);
}
