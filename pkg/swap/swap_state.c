/*
 * What survives a crash, in <state_dir>/<group>: journal.json, written before the first file is moved and
 * removed after the last answer; old-N, the content that was there; rejected, one revision a line.
 */
#include "base/base.h"

#include "swap/swap_private.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/path.h"
#include "json/json.h"
#include "pal/fs.h"
#include "val/val.h"

enum {
	PRIVATE_DIR = 0700,
	PRIVATE_FILE = 0600,
	REJECTED_BYTES = 1 << 16, /* the oldest are forgotten */
};

static char *state_path(const struct swap_group *group, const char *name)
{
	AUTOFREE char *dir = path_join(group->state_dir, group->name);
	return path_join(dir, name);
}

static err *make_state_dir(const struct swap_group *group)
{
	AUTOFREE char *dir = path_join(group->state_dir, group->name);
	return fs_mkdir_all(dir, PRIVATE_DIR);
}

static err *read_optional(const char *path, size_t limit, struct str *text)
{
	err *e = fs_read_file(path, limit, text);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		str_reset(text);
		return NULL;
	}
	return e;
}

static err *remove_optional(const char *path)
{
	err *e = fs_remove(path);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		return NULL;
	}
	return e;
}

/* --- journal --- */

static err *keep_old(const struct swap_run *run, size_t index, struct json_writer *w)
{
	AUTO(str) old = STR_INIT;
	AUTOFREE char *path = swap_visible_path(run->group, index);
	AUTOFREE char *name = str_format("old-%zu", index);
	AUTOFREE char *copy = state_path(run->group, name);
	bool was_there = fs_exists(path);
	json_begin_object(w);
	json_key_string(w, "path", path);
	if (was_there) {
		TRY(swap_current(run->group, index, &old));
		TRY(fs_write_atomic(copy, view_str(&old), PRIVATE_FILE));
		json_key_string(w, "old", name);
	}
	json_end_object(w);
	return NULL;
}

static err *add_generation(const struct swap_run *run, struct json_writer *w)
{
	AUTO(str) target = STR_INIT;
	err *e = fs_readlink(run->group->generation, &target);
	if (e && !err_is(e, ERR_NOT_FOUND))
		return e;
	err_free(e);
	json_key_string(w, "link", run->group->generation);
	json_key_string(w, "target", target.len ? target.ptr : NULL);
	json_key_string(w, "made", run->staged_dir);
	return NULL;
}

err *swap_journal_write(const struct swap_run *run)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *path = state_path(run->group, "journal.json");
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	TRY(make_state_dir(run->group));
	json_begin_object(&w);
	json_key_string(&w, "revision", run->report->revision);
	if (run->group->generation)
		TRY(add_generation(run, &w));
	json_key(&w, "files");
	json_begin_array(&w);
	for (size_t i = 0; i < run->group->file_count && !run->group->generation; i++)
		if (run->differs[i])
			TRY(keep_old(run, i, &w));
	json_end_array(&w);
	json_end_object(&w);
	return fs_write_atomic(path, view_str(&text), PRIVATE_FILE);
}

static err *put_back(const struct swap_group *group, const struct val *file)
{
	AUTO(str) old = STR_INIT;
	AUTOPTR(fs_root) root = NULL;
	struct fs_stage_opts keep = FS_STAGE_KEEP;
	const char *path, *name = val_get_str(file, "old", NULL);
	TRY(val_need_str(file, "path", &path));
	if (!name)
		return remove_optional(path);
	AUTOFREE char *copy = state_path(group, name);
	TRY(fs_read_file(copy, LIMIT_CONTENT_BYTES, &old));
	TRY(swap_open_dir(path, true, &root));
	return fs_root_write(root, path_base(path), &keep, view_str(&old), 0);
}

static err *lead_back(const struct val *journal)
{
	const char *link = val_get_str(journal, "link", NULL),
		   *target = val_get_str(journal, "target", NULL);
	const char *made = val_get_str(journal, "made", NULL);
	AUTOPTR(fs_root) root = NULL;
	if (!link)
		return NULL;
	TRY(swap_open_dir(link, true, &root));
	if (target)
		TRY(fs_root_symlink_atomic(root, target, path_base(link), 0));
	else
		TRY(remove_optional(link));
	return made ? fs_remove_tree(made) : NULL;
}

err *swap_journal_undo(const struct swap_group *group, bool *ret_was_there)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	AUTOFREE char *path = state_path(group, "journal.json");
	const struct val *file;
	struct val *journal = NULL;
	TRY(read_optional(path, LIMIT_DOC_BYTES, &text));
	*ret_was_there = text.len > 0;
	if (!*ret_was_there)
		return NULL;
	TRY(json_load(text.ptr, text.len, path, &arena, &journal));
	for (VAL_EACH_ITEM(i, file, val_get(journal, "files")))
		TRY(put_back(group, file));
	return lead_back(journal);
}

err *swap_journal_end(const struct swap_group *group)
{
	AUTOFREE char *path = state_path(group, "journal.json");
	AUTOFREE char *dir = path_join(group->state_dir, group->name);
	AUTO(fs_list) names = { 0 };
	TRY(remove_optional(path));
	err *e = fs_list(dir, &names);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		return NULL;
	}
	TRY(e);
	for (size_t i = 0; i < names.len; i++)
		if (str_starts(names.ptr[i].name, "old-")) {
			AUTOFREE char *copy = path_join(dir, names.ptr[i].name);
			TRY(remove_optional(copy));
		}
	return NULL;
}

/* --- what was rejected --- */

err *swap_reject(const struct swap_group *group, const char *revision, const char *reason)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) line = STR_INIT;
	AUTOFREE char *path = state_path(group, "rejected");
	TRY(make_state_dir(group));
	TRY(read_optional(path, 4 * REJECTED_BYTES, &text));
	str_addf(&line, "%s ", revision);
	for (const char *c = reason; *c; c++)
		str_addch(&line, (unsigned char)*c < ' ' ? ' ' : *c);
	str_addch(&line, '\n');
	str_add_str(&text, &line);
	size_t start = 0;
	while (text.len - start > REJECTED_BYTES)
		start = (size_t)(strchr(text.ptr + start, '\n') - text.ptr) + 1;
	return fs_write_atomic(path, (struct view){ text.ptr + start, text.len - start },
	                       PRIVATE_FILE);
}

err *swap_rejected(const struct swap_group *group, const char *revision, char **ret_reason)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *path = state_path(group, "rejected");
	struct view rest, line;
	size_t len = strlen(revision);
	TRY(read_optional(path, 4 * REJECTED_BYTES, &text));
	*ret_reason = NULL;
	rest = view_str(&text);
	while (view_split(&rest, '\n', &line))
		if (line.len > len && memcmp(line.ptr, revision, len) == 0 &&
		    line.ptr[len] == ' ') {
			mem_free(*ret_reason);
			*ret_reason = mem_strndup(line.ptr + len + 1, line.len - len - 1);
		}
	return NULL;
}

err *swap_forget(const struct swap_group *group)
{
	AUTOFREE char *path = state_path(group, "rejected");
	return remove_optional(path);
}
