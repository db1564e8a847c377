/*
 * ReadDirectoryChangesW, one request per folder, all with one event. It names the files, but in 8.3
 * or another case as it likes, so it only says "something in this folder" here and signatures say
 * what. An open folder keeps those above it from being renamed, so only the last one is watched.
 */
#include "base/base.h"
#include "pal/watch.h"

#include "base/path.h"
#include "pal/os_win32.h"
#include "pal/watch_impl.h"

#define FILTER                                                        \
	(FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | \
	 FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE)

const bool watch_os_needs_steps = false;
const bool watch_os_has_contents = true;
const bool watch_os_has_names = false;

struct watch_os {
	HANDLE event; /* manual reset; some request ended */
};

/* One request; lives until the kernel is done with it. */
struct request {
	HANDLE dir;
	OVERLAPPED overlapped;
	DWORD buf[1024]; /* overflow is no harm: we look anyway */
};

void watch_os_new(struct watch *watch, struct watch_os **ret_os)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!event) {
		watch_set_note(watch, str_format("there is no event left, so paths are polled"));
		return;
	}
	*ret_os = MEM_NEW(struct watch_os);
	(*ret_os)->event = event;
}

void watch_os_free(struct watch_os *os)
{
	if (!os)
		return;
	CloseHandle(os->event);
	mem_free(os);
}

pal_handle watch_os_handle(const struct watch_os *os)
{
	return (pal_handle)os->event;
}

size_t watch_os_root_len(const char *full)
{
	/* "\\server\share" has no drive: polled, as Windows watches shares only now and then. */
	return path_drive_len(full) == 2 && (full[2] == '/' || full[2] == '\\') ? 3 : 0;
}

static bool start_request(const struct watch_os *os, struct request *request)
{
	memset(&request->overlapped, 0, sizeof(request->overlapped));
	request->overlapped.hEvent = os->event;
	return ReadDirectoryChangesW(request->dir, request->buf, sizeof(request->buf), FALSE,
	                             FILTER, NULL, &request->overlapped, NULL) != 0;
}

void watch_os_disarm(struct watch *watch, struct watch_dir *dir)
{
	struct request *request = dir->state;

	(void)watch;
	CancelIoEx(request->dir, &request->overlapped);
	CloseHandle(request->dir);
	/* The kernel still writes into it until then; better to lose 4 KB than to be written over. */
	for (int i = 0; i < 1000 && !HasOverlappedIoCompleted(&request->overlapped); i++)
		Sleep(1);
	if (HasOverlappedIoCompleted(&request->overlapped))
		mem_free(request);
	dir->state = NULL;
	dir->id = -1;
}

static HANDLE open_dir(const char *path, DWORD *ret_code)
{
	AUTOFREE wchar_t *wide = NULL;
	err *e = win32_path(path, &wide);

	if (e) {
		err_ignore(e, "a name that Windows does not allow is never there");
		*ret_code = ERROR_FILE_NOT_FOUND;
		return INVALID_HANDLE_VALUE;
	}
	HANDLE dir = CreateFileW(
		wide, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
		NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
	*ret_code = GetLastError();
	return dir;
}

static bool is_same(HANDLE a, HANDLE b)
{
	BY_HANDLE_FILE_INFORMATION info_a, info_b;

	return GetFileInformationByHandle(a, &info_a) && GetFileInformationByHandle(b, &info_b) &&
	       info_a.dwVolumeSerialNumber == info_b.dwVolumeSerialNumber &&
	       info_a.nFileIndexHigh == info_b.nFileIndexHigh &&
	       info_a.nFileIndexLow == info_b.nFileIndexLow;
}

static enum watch_arm arm_error(struct watch *watch, DWORD code)
{
	if (wfs_is_missing(code) || code == ERROR_DIRECTORY)
		return WATCH_ARM_GONE;
	if (code == ERROR_ACCESS_DENIED)
		return WATCH_ARM_DENIED;
	watch_set_note(watch,
	               str_format("a folder cannot be watched (error %lu), so some paths are "
	                          "polled",
	                          code));
	return WATCH_ARM_FAILED;
}

enum watch_arm watch_os_arm(struct watch *watch, struct watch_dir *dir)
{
	struct request *old = dir->state;
	DWORD code;

	HANDLE handle = open_dir(dir->path, &code);
	if (handle != INVALID_HANDLE_VALUE && old && is_same(old->dir, handle)) {
		CloseHandle(handle);
		return WATCH_ARM_OK;
	}
	if (old)
		watch_os_disarm(watch, dir);
	if (handle == INVALID_HANDLE_VALUE)
		return arm_error(watch, code);

	struct request *request = MEM_NEW(struct request);
	request->dir = handle;
	if (!start_request(watch->os, request)) {
		code = GetLastError();
		CloseHandle(handle);
		mem_free(request);
		return arm_error(watch, code);
	}
	dir->state = request;
	dir->id = 0;
	return WATCH_ARM_OK;
}

/* True when its request had ended. */
static bool take_result(struct watch *watch, struct watch_dir *dir)
{
	struct request *request = dir->state;
	DWORD len;

	if (!request || !HasOverlappedIoCompleted(&request->overlapped))
		return false;
	bool is_fine = GetOverlappedResult(request->dir, &request->overlapped, &len, FALSE) ||
	               GetLastError() == ERROR_NOTIFY_ENUM_DIR;
	if (is_fine && start_request(watch->os, request)) {
		watch_event(watch, dir, NULL, WATCH_EVENT_NAME);
		return true;
	}
	/* The folder is gone, or going as soon as we let go of it. */
	watch_event(watch, dir, NULL, WATCH_EVENT_SELF);
	watch_os_disarm(watch, dir);
	return true;
}

err *watch_os_drain(struct watch *watch)
{
	bool is_any = true;

	ResetEvent(watch->os->event);
	/*
	 * A new request resets the event they share, and with it the news of another one that just
	 * ended: go round until there is nothing new.
	 */
	while (is_any) {
		is_any = false;
		for (struct map_entry *item = map_first(&watch->dirs); item;
		     item = map_next(&watch->dirs, item))
			is_any |= take_result(watch, item->value);
	}
	return NULL;
}

err *watch_os_wait(struct watch_os *os, int timeout_ms)
{
	DWORD wait_ms = timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms;

	if (!os)
		Sleep(wait_ms);
	else if (WaitForSingleObject(os->event, wait_ms) == WAIT_FAILED)
		return win32_error(0, "cannot wait for file events");
	return NULL;
}
