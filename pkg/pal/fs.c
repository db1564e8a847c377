#include "base/base.h"

#include "pal/fs.h"

void fs_list_clear(struct fs_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		mem_free(list->ptr[i].name);
	mem_free(list->ptr);
	*list = (struct fs_list){ 0 };
}

const char *fs_type_name(enum fs_type type)
{
	switch (type) {
	case FS_FILE:
		return "file";
	case FS_DIR:
		return "folder";
	case FS_SYMLINK:
		return "symlink";
	case FS_OTHER:
		return "special file";
	case FS_NONE:
		break;
	}
	return "nothing";
}

bool fs_exists(const char *path)
{
	struct fs_stat st;
	err *e = fs_lstat(path, &st);
	bool is_there = e == NULL;
	err_ignore(e, "the question is only whether something can be seen there");
	return is_there;
}

bool fs_is_dir(const char *path)
{
	struct fs_stat st;
	err *e = fs_stat(path, &st);
	bool is_dir = e == NULL && st.type == FS_DIR;
	err_ignore(e, "what cannot be looked at is no folder for us");
	return is_dir;
}
