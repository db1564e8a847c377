/* Documents of a file: one that cannot be read does not hide the others. */
#include "base/base.h"

#include "lint/lint_private.h"

#include "base/vec.h"
#include "json/json.h"

/* After so many broken documents the rest of the file is not looked at. */
#define LOAD_ERRORS_MAX 100u

struct loading {
	struct lint_file *file;
	VEC(struct yaml_doc) docs;
	VEC(struct lint_load_error) errors;
};

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

static size_t add_error(struct loading *loading, err *take_e)
{
	const struct lint_file *file = loading->file;
	const struct err_place *place = err_place(take_e);
	struct lint_load_error error = { .message = arena_strdup(file->keep, err_message(take_e)) };
	if (err_hint_count(take_e))
		error.hint = arena_strdup(file->keep, err_hint_text(take_e, 0));
	error.start = error.end = lint_place_offset(file, place);
	if (place && place->end_column > place->column)
		error.end = MIN(error.start + place->end_column - place->column, file->len);
	vec_push(&loading->errors, error);
	size_t at = error.start;
	err_ignore(take_e, "kept as a finding");
	return at;
}

/* Start of the next line that begins a document behind `from`; `len` when there is none. */
static size_t next_document(const char *text, size_t len, size_t from)
{
	while (from < len) {
		const char *newline = memchr(text + from, '\n', len - from);
		if (!newline)
			return len;
		from = (size_t)(newline - text) + 1;
		bool is_marker = len - from >= 3 && memcmp(text + from, "---", 3) == 0;
		if (is_marker && (len - from == 3 || strchr(" \t\r\n", text[from + 3])))
			return from;
	}
	return len;
}

/* Everything before `from` as blanks: places stay what they are. */
static char *blanked(const struct lint_file *file, size_t from)
{
	char *copy = arena_strndup(file->arena, file->text, file->len);
	for (size_t i = 0; i < from; i++)
		if (copy[i] != '\n' && copy[i] != '\r')
			copy[i] = ' ';
	return copy;
}

static size_t add_docs(struct loading *loading, const char *text, size_t len)
{
	const struct lint_file *file = loading->file;
	struct yaml_docs docs;
	err *e = yaml_load(text, len, file->path, file->arena, &docs);
	if (e)
		return add_error(loading, e);
	for (size_t i = 0; i < docs.len; i++)
		vec_push(&loading->docs, docs.ptr[i]);
	return SIZE_MAX;
}

/* The documents before the broken one, then those behind it. */
static void recover(struct loading *loading, size_t from, size_t broken_at)
{
	const struct lint_file *file = loading->file;
	while (loading->errors.len < LOAD_ERRORS_MAX) {
		size_t start = from, next;
		while ((next = next_document(file->text, file->len, start)) < broken_at &&
		       next < file->len)
			start = next;
		const char *text = blanked(file, from);
		if (start > from) {
			size_t known = loading->errors.len;
			add_docs(loading, text, start);
			loading->errors.len = known;
		}
		if (next >= file->len)
			return;
		from = next;
		broken_at = add_docs(loading, blanked(file, from), file->len);
		if (broken_at == SIZE_MAX)
			return;
	}
}

static void load_yaml(struct loading *loading)
{
	size_t broken_at = add_docs(loading, loading->file->text, loading->file->len);
	if (broken_at != SIZE_MAX)
		recover(loading, 0, broken_at);
}

static void load_json(struct loading *loading)
{
	const struct lint_file *file = loading->file;
	struct yaml_doc doc = { .start = 0, .end = file->len };
	err *e = json_load(file->text, file->len, file->path, file->arena, &doc.root);
	if (e)
		add_error(loading, e);
	else
		vec_push(&loading->docs, doc);
}

void lint_load_docs(struct lint_file *file)
{
	struct loading loading = { .file = file };
	if (file->is_json)
		load_json(&loading);
	else
		load_yaml(&loading);
	file->docs = arena_zalloc(file->arena, loading.docs.len + 1, sizeof(*file->docs));
	file->n_docs = loading.docs.len;
	if (loading.docs.len)
		memcpy(file->docs, loading.docs.ptr, loading.docs.len * sizeof(*file->docs));
	file->load_errors =
		arena_zalloc(file->arena, loading.errors.len + 1, sizeof(*file->load_errors));
	file->n_load_errors = loading.errors.len;
	if (loading.errors.len)
		memcpy(file->load_errors, loading.errors.ptr,
		       loading.errors.len * sizeof(*file->load_errors));
	vec_clear(&loading.docs);
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
