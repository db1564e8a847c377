/* Documents of a file: one that cannot be read does not hide the others. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/vec.h"
#include "json/json.h"
#include "toml/toml.h"

struct loading {
	struct lint_file *file;
	VEC(struct lint_load_error) errors;
};

static void add_flaw(void *ctx, const struct yaml_flaw *flaw)
{
	struct loading *loading = ctx;
	struct arena *keep = loading->file->keep;
	struct lint_load_error error = {
		.kind = flaw->kind,
		.message = arena_strdup(keep, flaw->message),
		.hint = flaw->hint ? arena_strdup(keep, flaw->hint) : NULL,
		.start = flaw->start,
		.end = flaw->end,
	};
	vec_push(&loading->errors, error);
}

static void load_yaml(struct loading *loading)
{
	struct lint_file *file = loading->file;
	const struct yaml_lenient how = {
		.is_core = (file->kind & (LINT_WORKFLOW | LINT_ACTION | LINT_COMPOSE)) != 0,
		.report = add_flaw,
		.ctx = loading,
	};
	struct yaml_docs docs;
	yaml_load_lenient(file->text, file->len, file->path, file->arena, &how, &docs);
	file->docs = docs.ptr;
	file->n_docs = docs.len;
}

size_t lint_place_offset(const struct lint_file *file, const struct err_place *place)
{
	const char *at = file->text, *end = file->text + file->len;
	for (size_t line = 1; place && line < place->line; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break;
		at = newline + 1;
	}
	size_t column = place && place->column ? place->column - 1 : 0;
	return MIN((size_t)(at - file->text) + column, file->len);
}

static void add_error(struct loading *loading, err *take_e)
{
	const struct lint_file *file = loading->file;
	const struct err_place *place = err_place(take_e);
	struct yaml_flaw flaw = { .kind = YAML_FLAW_BROKEN, .message = err_message(take_e) };
	flaw.start = flaw.end = lint_place_offset(file, place);
	if (place && place->end_column > place->column)
		flaw.end = MIN(flaw.start + place->end_column - place->column, file->len);
	if (err_hint_count(take_e))
		flaw.hint = err_hint_text(take_e, 0);
	add_flaw(loading, &flaw);
	err_ignore(take_e, "kept as a finding");
}

static void load_json(struct loading *loading)
{
	struct lint_file *file = loading->file;
	struct yaml_doc doc = { .start = 0, .end = file->len };
	err *e = json_load(file->text, file->len, file->path, file->arena, &doc.root);
	if (e) {
		add_error(loading, e);
		return;
	}
	file->docs = ARENA_NEW(file->arena, struct yaml_doc);
	file->docs[0] = doc;
	file->n_docs = 1;
}

/* Rules read no TOML: whether it can be read is all that is asked. */
static void load_toml(struct loading *loading)
{
	const struct lint_file *file = loading->file;
	struct val *root = NULL;
	err *e = toml_load(file->text, file->len, file->path, file->arena, &root);
	if (e)
		add_error(loading, e);
}

static int by_start(const void *a, const void *b)
{
	const struct lint_load_error *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

void lint_load_docs(struct lint_file *file)
{
	struct loading loading = { .file = file };
	if (file->kind == LINT_TOML)
		load_toml(&loading);
	else if (file->is_json)
		load_json(&loading);
	else
		load_yaml(&loading);
	file->load_errors =
		arena_zalloc(file->arena, loading.errors.len + 1, sizeof(*file->load_errors));
	file->n_load_errors = loading.errors.len;
	if (loading.errors.len)
		memcpy(file->load_errors, loading.errors.ptr,
		       loading.errors.len * sizeof(*file->load_errors));
	if (loading.errors.len > 1)
		qsort(file->load_errors, file->n_load_errors, sizeof(*file->load_errors),
		      by_start);
	vec_clear(&loading.errors);
}

bool lint_next_object(const struct lint_file *file, struct lint_objects *it,
                      const struct val **ret_object)
{
	for (; it->doc < file->n_docs; it->doc++, it->item = 0) {
		const struct val *root = file->docs[it->doc].root;
		const char *kind = val_get_str(root, "kind", NULL);
		if (!kind || !val_get_str(root, "apiVersion", NULL))
			continue;
		const struct val *items = str_ends(kind, "List") ? val_get(root, "items") : NULL;
		if (!items) {
			*ret_object = root;
			it->doc++;
			return true;
		}
		while (it->item < val_len(items)) {
			const struct val *item = val_at(items, it->item++);
			if (val_get_str(item, "kind", NULL) &&
			    val_get_str(item, "apiVersion", NULL)) {
				*ret_object = item;
				return true;
			}
		}
	}
	return false;
}
