#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/stream.h"

#include "pal/fault.h"
#include "pal/fs.h"
#include "pal/os_win32.h"
#include "pal/sig.h"
#include "pal/stage_win32.h"

static bool is_standard(const char *path)
{
	return !path || str_equal(path, "-");
}

/* --- reading --- */

struct stream_in {
	HANDLE file;
	bool is_own;
	char *name;
	const struct cancel *cancel;
};

err *stream_in_open(const char *path, const struct cancel *cancel, struct stream_in **ret_in)
{
	AUTOPTR(stream_in) in = MEM_NEW(struct stream_in);
	AUTOFREE wchar_t *wide = NULL;
	struct fs_stat st;
	in->name = mem_strdup(is_standard(path) ? "standard input" : path);
	in->cancel = cancel;
	if (is_standard(path)) {
		in->file = GetStdHandle(STD_INPUT_HANDLE);
		*ret_in = steal(&in);
		return NULL;
	}
	TRY(win32_path(path, &wide));
	DWORD code = wfs_look(wide, true, &st);
	if (code)
		return win32_error(code, "cannot read '%s'", path);
	if (st.type == FS_DIR)
		return err_new(ERR_INVALID, "cannot read '%s': it is a folder", path);
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	in->file = FAULT("CreateFile")
	                   ? INVALID_HANDLE_VALUE
	                   : CreateFileW(wide, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
	if (in->file == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot read '%s'", path);
	in->is_own = true;
	*ret_in = steal(&in);
	return NULL;
}

err *stream_in_read(struct stream_in *in, uint8_t *buf, size_t cap, size_t *ret_len)
{
	DWORD got = 0;
	TRY(cancel_check(in->cancel));
	bool is_read = !FAULT("ReadFile") &&
	               ReadFile(in->file, buf, (DWORD)MIN(cap, (size_t)1 << 20), &got, NULL);
	/* the other end of a pipe is closed: that is its end */
	if (!is_read && GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_HANDLE_EOF)
		return win32_error(0, "cannot read '%s'", in->name);
	*ret_len = got;
	return NULL;
}

void stream_in_free(struct stream_in *in)
{
	if (!in)
		return;
	if (in->is_own)
		(void)CloseHandle(in->file);
	mem_free(in->name);
	mem_free(in);
}

/* --- writing --- */

struct stream_out {
	HANDLE file;
	char *name;
	const struct cancel *cancel;
	struct fs_stage *stage; /* NULL: standard output */
};

err *stream_out_open(const char *path, uint32_t mode, const struct cancel *cancel,
                     struct stream_out **ret_out)
{
	AUTOPTR(stream_out) out = MEM_NEW(struct stream_out);
	AUTOFREE wchar_t *wide = NULL;
	struct fs_stat st;
	out->name = mem_strdup(is_standard(path) ? "standard output" : path);
	out->cancel = cancel;
	out->file = GetStdHandle(STD_OUTPUT_HANDLE);
	if (!is_standard(path)) {
		TRY(win32_path(path, &wide));
		bool is_there = wfs_look(wide, true, &st) == 0;
		const struct fs_stage_opts opts = { .mode = is_there ? FS_KEEP : mode,
			                            .uid = FS_KEEP,
			                            .gid = FS_KEEP,
			                            .keep_xattrs = is_there };
		TRY(stage_begin_wide(wide, path, &opts, (struct view){ "", 0 }, &out->stage));
		TRY(stage_open_copy(out->stage, &out->file));
	}
	*ret_out = steal(&out);
	return NULL;
}

err *stream_out_write(struct stream_out *out, const uint8_t *ptr, size_t len)
{
	TRY(cancel_check(out->cancel));
	return wfs_write_all(out->file, out->name, (struct view){ (const char *)ptr, len });
}

err *stream_out_commit(struct stream_out *out)
{
	if (!out->stage)
		return NULL;
	TRY(cancel_check(out->cancel));
	if (FAULT("FlushFileBuffers") || !FlushFileBuffers(out->file))
		return win32_error(0, "cannot write '%s'", out->name);
	(void)CloseHandle(out->file);
	out->file = NULL;
	return fs_stage_commit(steal(&out->stage), 0);
}

void stream_out_free(struct stream_out *out)
{
	if (!out)
		return;
	if (out->stage && out->file && out->file != GetStdHandle(STD_OUTPUT_HANDLE))
		(void)CloseHandle(out->file);
	fs_stage_free(out->stage);
	mem_free(out->name);
	mem_free(out);
}
