#include "base/base.h"

#include "vault/exposure.h"

#include "base/limits.h"
#include "base/map.h"

struct search {
	struct repo *repo;
	const char *recipient;
	const struct sops_keyring *keyring;
	struct exposure *result;
	struct map files;  /* path → index + 1 in the result */
	struct map judged; /* blob → "" for theirs, NULL for others */
	struct str text;   /* of the blob looked at */
};

static void search_clear(struct search *s)
{
	map_clear(&s->files);
	map_clear(&s->judged);
	str_clear(&s->text);
}

static void file_clear(struct exposed_file *file)
{
	mem_free(file->path);
	mem_free(file->from);
	mem_free(file->until);
	mem_free(file->blob);
	for (size_t i = 0; i < file->values.len; i++)
		mem_free(file->values.ptr[i].path);
	vec_clear(&file->values);
}

void exposure_clear(struct exposure *exposure)
{
	for (size_t i = 0; i < exposure->files.len; i++)
		file_clear(&exposure->files.ptr[i]);
	vec_clear(&exposure->files);
	exposure->versions = 0;
}

/* --- whose is a version? --- */

static bool is_for(const struct sops_meta *meta, const char *recipient)
{
	for (size_t g = 0; meta && g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++)
			if (str_equal(meta->groups[g].keys[i].id, recipient))
				return true;
	return false;
}

/* The document in s->text when it is one for them; else NULL. */
static struct sops_doc *their_doc(struct search *s, const char *path)
{
	AUTOPTR(sops_doc) doc = NULL;
	if (!str_find(s->text.ptr, s->text.len, s->recipient, strlen(s->recipient)))
		return NULL;
	err *e = sops_open(sops_format_of(path), view_str(&s->text), path, &doc);
	err_ignore(e, "what is no document holds no secret");
	return !e && is_for(sops_meta_of(doc), s->recipient) ? steal(&doc) : NULL;
}

/* A blob a partial clone lacks, or one larger than any document, is nothing we could judge. */
static err *load(struct search *s, const char *blob)
{
	err *e = repo_read_blob(s->repo, blob, LIMIT_DOC_BYTES, &s->text);
	if (e && (err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_LIMIT))) {
		err_ignore(e, "see above");
		str_reset(&s->text);
		return NULL;
	}
	return e;
}

/* --- collecting --- */

static struct exposed_file *file_of(struct search *s, const char *path)
{
	size_t index = (size_t)(uintptr_t)map_get(&s->files, path);
	if (index)
		return &s->result->files.ptr[index - 1];
	const struct exposed_file file = { .path = mem_strdup(path), .values = VEC_INIT };
	vec_push(&s->result->files, file);
	map_set(&s->files, path, (void *)(uintptr_t)s->result->files.len);
	return &s->result->files.ptr[s->result->files.len - 1];
}

static err *add_value(void *data, size_t document, const char *path, enum sops_type type,
                      bool is_encrypted, struct view plain)
{
	struct exposed_file *file = data;
	(void)type;
	(void)plain;
	if (!is_encrypted)
		return NULL;
	for (size_t i = 0; i < file->values.len; i++)
		if (file->values.ptr[i].document == document &&
		    str_equal(file->values.ptr[i].path, path))
			return NULL;
	const struct exposed_value value = { mem_strdup(path), document, EXPOSED_UNKNOWN };
	vec_push(&file->values, value);
	return NULL;
}

static err *note_version(struct search *s, const struct repo_change *change,
                         const struct sops_doc *doc)
{
	struct exposed_file *file = file_of(s, change->path);
	if (!file->from) {
		file->from = mem_strdup(change->commit);
		file->from_s = change->time_s;
	}
	mem_free(file->until);
	mem_free(file->blob);
	file->until = NULL;
	file->blob = mem_strdup(change->after);
	s->result->versions++;
	return sops_each(doc, add_value, file);
}

static err *judge(struct search *s, const char *blob, const char *path, struct sops_doc **ret_doc)
{
	*ret_doc = NULL;
	if (map_has(&s->judged, blob) && !map_get(&s->judged, blob))
		return NULL;
	TRY(load(s, blob));
	*ret_doc = their_doc(s, path);
	map_set(&s->judged, blob, *ret_doc ? s : NULL);
	return NULL;
}

static err *look_at(void *data, const struct repo_change *change)
{
	struct search *s = data;
	AUTOPTR(sops_doc) doc = NULL;
	if (change->after)
		TRY(judge(s, change->after, change->path, &doc));
	if (doc)
		return note_version(s, change, doc);
	bool was_theirs = change->before && map_get(&s->judged, change->before);
	if (!was_theirs || !map_has(&s->files, change->path))
		return NULL;
	struct exposed_file *file = file_of(s, change->path);
	mem_free(file->until);
	file->until = mem_strdup(change->parent ? change->parent : change->commit);
	file->until_s = change->time_s;
	return NULL;
}

/* --- which values are still in use --- */

static err *open_version(const struct search *s, const char *path, struct view text,
                         struct sops_doc **ret_doc)
{
	AUTO(secret) key = SECRET_INIT;
	TRY(sops_open(sops_format_of(path), text, path, ret_doc));
	TRY(sops_data_key(*ret_doc, s->keyring, &key));
	return sops_unlock(*ret_doc, &key, SOPS_IGNORE_MAC);
}

static enum exposure_state compare(const struct sops_doc *then, const struct sops_doc *now,
                                   const struct exposed_value *value)
{
	struct sops_value old = { .tree = PLAIN_TEXT_INIT }, new = { .tree = PLAIN_TEXT_INIT };
	err *e_then = sops_get(then, value->document, value->path, &old);
	err *e_now = sops_get(now, value->document, value->path, &new);
	enum exposure_state state = EXPOSED_CHANGED;
	if (e_now)
		state = EXPOSED_GONE;
	else if (!e_then && !old.is_tree && !new.is_tree && view_equal(old.plain, new.plain))
		state = EXPOSED_SAME;
	err_ignore(e_then, "they could read it in an earlier version");
	err_ignore(e_now, "that is the answer");
	sops_value_clear(&old);
	sops_value_clear(&new);
	return state;
}

static err *compare_all(struct search *s, struct exposed_file *file, struct view head)
{
	AUTOPTR(sops_doc) then = NULL;
	AUTOPTR(sops_doc) now = NULL;
	TRY(open_version(s, file->path, head, &now));
	TRY(load(s, file->blob));
	TRY(open_version(s, file->path, view_str(&s->text), &then));
	for (size_t i = 0; i < file->values.len; i++)
		file->values.ptr[i].state = compare(then, now, &file->values.ptr[i]);
	return NULL;
}

static err *finish_file(struct search *s, struct exposed_file *file, struct repo_tree *tree,
                        const struct repo_commit *head)
{
	AUTO(str) text = STR_INIT;
	err *e = repo_tree_read(tree, file->path, LIMIT_DOC_BYTES, &text);
	if (e && !err_is(e, ERR_NOT_FOUND))
		return e;
	bool is_there = !e;
	err_ignore(e, "the file is gone");
	str_reset(&s->text);
	str_add_str(&s->text, &text);
	AUTOPTR(sops_doc) doc = is_there ? their_doc(s, file->path) : NULL;
	file->is_current = doc != NULL;
	if (file->is_current || !file->until) {
		mem_free(file->until);
		file->until = mem_strdup(head->id);
		file->until_s = head->time_s;
	}
	for (size_t i = 0; !is_there && i < file->values.len; i++)
		file->values.ptr[i].state = EXPOSED_GONE;
	if (is_there)
		err_ignore(compare_all(s, file, view_str(&text)), "then they stay unknown");
	return NULL;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct exposed_file *)a)->path,
	              ((const struct exposed_file *)b)->path);
}

err *exposure_find(struct repo *repo, const char *recipient, const struct sops_keyring *keyring,
                   struct exposure *ret_exposure)
{
	AUTO(search)
	s = { repo, recipient, keyring, ret_exposure, MAP_INIT, MAP_INIT, STR_INIT };
	struct repo_commit head = { 0 };
	struct repo_tree *tree = NULL;
	TRY(repo_each_change(repo, look_at, &s));
	if (ret_exposure->files.len == 0)
		return NULL;
	err *e = repo_resolve(repo, NULL, &head);
	if (!e)
		e = repo_tree_open(repo, head.id, "", &tree);
	for (size_t i = 0; i < ret_exposure->files.len && !e; i++)
		e = finish_file(&s, &ret_exposure->files.ptr[i], tree, &head);
	repo_tree_free(tree);
	repo_commit_clear(&head);
	qsort(ret_exposure->files.ptr, ret_exposure->files.len, sizeof(*ret_exposure->files.ptr),
	      by_path);
	return e;
}
