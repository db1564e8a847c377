#include "base/base.h"

#include "pal/fs.h"

void fs_write_many(struct fs_new_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		files[i].error = fs_write_atomic(files[i].path, files[i].bytes, files[i].mode);
}
