#include "base/base.h"

#include "target_host/internal.h"

#include "json/json.h"

/* Letters of the shape in the record; part of what is stored, so never change them. */
static const struct {
	unsigned flag;
	char letter;
} letters[] = {
	{ SHAPE_MODE, 'm' },    { SHAPE_OWNER, 'o' },   { SHAPE_GROUP, 'g' }, { SHAPE_KEYED, 'k' },
	{ SHAPE_CONTENT, 'c' }, { SHAPE_ENABLED, 'e' }, { SHAPE_STATE, 's' },
};

void host_uid_parse(const char *uid, struct arena *arena, struct host_uid *ret_uid)
{
	*ret_uid = (struct host_uid){ 0 };
	struct val *root;
	if (!uid || !*uid)
		return;
	err *e = json_load(uid, strlen(uid), "record", arena, &root);
	if (e) {
		err_ignore(e, "a record without our words says nothing of shape and folders");
		return;
	}
	const char *shape = val_get_str(root, "shape", NULL);
	ret_uid->has_shape = shape != NULL;
	for (size_t i = 0; shape && i < ARRAY_LEN(letters); i++)
		if (strchr(shape, letters[i].letter))
			ret_uid->shape |= letters[i].flag;
	const struct val *dirs = val_get(root, "made"), *item;
	ret_uid->dirs = arena_zalloc(arena, val_len(dirs) + 1, sizeof(*ret_uid->dirs));
	for (VAL_EACH_ITEM(i, item, dirs))
		if (val_is(item, VAL_STR))
			ret_uid->dirs[ret_uid->dir_count++] = item->as.str.ptr;
}

static bool is_among(const char *const *dirs, size_t count, const char *dir)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(dirs[i], dir))
			return true;
	return false;
}

const char *host_uid_make(struct plan_item *item, unsigned shape,
                          const struct target_record *record, const char *const *dirs,
                          size_t dir_count)
{
	struct host_uid old = { 0 };
	host_uid_parse(record ? record->uid : NULL, &item->arena, &old);
	char shape_text[ARRAY_LEN(letters) + 1];
	size_t len = 0;
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (shape & letters[i].flag)
			shape_text[len++] = letters[i].letter;
	shape_text[len] = '\0';
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key_string(&w, "shape", shape_text);
	if (old.dir_count || dir_count) {
		json_key(&w, "made");
		json_begin_array(&w);
		for (size_t i = 0; i < old.dir_count; i++)
			json_text(&w, old.dirs[i]);
		for (size_t i = 0; i < dir_count; i++)
			if (!is_among(old.dirs, old.dir_count, dirs[i]))
				json_text(&w, dirs[i]);
		json_end_array(&w);
	}
	json_end_object(&w);
	return arena_strndup(&item->arena, text.ptr, text.len);
}

err *host_remove_dirs(struct host *host, const char *uid)
{
	AUTO(arena) arena = ARENA_INIT;
	struct host_uid record;
	host_uid_parse(uid, &arena, &record);
	for (size_t i = record.dir_count; i > 0; i--) {
		const char *dir = record.dirs[i - 1];
		if (map_has(&host->by_path, dir) || map_has(&host->above, dir))
			return NULL;
		err *e = fs_root_rmdir(host->root, dir, FS_NO_DIR_SYNC);
		bool is_in_use = err_is(e, ERR_EXISTS) || err_is(e, ERR_INVALID);
		if (e && (is_in_use || err_is(e, ERR_NOT_FOUND)))
			err_ignore(e, "others use the folder, or it is gone already");
		else
			TRY(e);
		if (is_in_use)
			return NULL;
		host_touch(host, dir);
	}
	return NULL;
}
