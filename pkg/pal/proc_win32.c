#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/proc.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/proc_os_win32.h"

enum {
	OUTPUT_LIMIT_DEFAULT = 64 << 10,
	GRACE_MS_DEFAULT = 2000,
	CANCEL_MS = 20,
	DRAIN_MAX = 4 << 20,
	CHUNK = 16 << 10,
	KILLED_CODE = 137,
};

/* One pipe with at most one operation under way. */
struct stream {
	HANDLE pipe, event;
	OVERLAPPED state;
	char *buf; /* readers only */
	struct str *text;
	bool *is_truncated;
	bool is_busy;
	DWORD error;
};

struct run {
	const struct proc_opts *opts;
	struct proc_result *result;
	struct child child;
	struct stream in, out, err;
	size_t limit, written;
	int64_t end_at, kill_at; /* or -1 */
	bool is_ending;
};

/* --- streams --- */

static void stream_init(struct stream *stream, HANDLE *take_pipe, struct str *text,
                        bool *is_truncated)
{
	stream->pipe = win32_steal(take_pipe);
	stream->event = CreateEventW(NULL, TRUE, FALSE, NULL);
	stream->state.hEvent = stream->event;
	stream->buf = mem_alloc(CHUNK);
	stream->text = text;
	stream->is_truncated = is_truncated;
}

static void stream_clear(struct stream *stream)
{
	DWORD got;
	if (stream->is_busy) {
		CancelIoEx(stream->pipe, &stream->state);
		(void)GetOverlappedResult(stream->pipe, &stream->state, &got, TRUE);
	}
	win32_close(stream->pipe);
	win32_close(stream->event);
	mem_free(stream->buf);
}

static void stream_end(struct stream *stream, DWORD code)
{
	bool is_end =
		code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA || code == ERROR_HANDLE_EOF;
	stream->error = is_end ? 0 : code;
	win32_close(win32_steal(&stream->pipe));
}

static void cut_to_limit(struct stream *stream, size_t limit)
{
	struct str *text = stream->text;
	if (text->len <= limit)
		return;
	memmove(text->ptr, text->ptr + text->len - limit, limit);
	str_truncate(text, limit);
	*stream->is_truncated = true;
}

/* Ask for the next bytes. */
static void start_read(struct stream *stream)
{
	if (stream->pipe == INVALID_HANDLE_VALUE || stream->is_busy)
		return;
	if (FAULT("ReadFile")) {
		stream_end(stream, GetLastError());
		return;
	}
	stream->is_busy = true;
	if (!ReadFile(stream->pipe, stream->buf, CHUNK, NULL, &stream->state) &&
	    GetLastError() != ERROR_IO_PENDING) {
		stream->is_busy = false;
		stream_end(stream, GetLastError());
	}
}

/* Take what has come; false when nothing has, or the stream is at its end. */
static bool finish_read(struct stream *stream, size_t limit, size_t *ret_got)
{
	DWORD got = 0;
	if (!stream->is_busy)
		return false;
	if (!GetOverlappedResult(stream->pipe, &stream->state, &got, FALSE)) {
		if (GetLastError() == ERROR_IO_INCOMPLETE)
			return false;
		stream->is_busy = false;
		stream_end(stream, GetLastError());
		return false;
	}
	stream->is_busy = false;
	str_add(stream->text, stream->buf, got);
	if (stream->text->len / 2 > limit)
		cut_to_limit(stream, limit);
	*ret_got = got;
	return true;
}

static void pump(struct stream *stream, size_t limit)
{
	size_t got;
	while (finish_read(stream, limit, &got))
		start_read(stream);
}

static void drain(struct stream *stream, size_t limit)
{
	size_t total = 0, got = 0;
	start_read(stream);
	while (total < DRAIN_MAX && finish_read(stream, limit, &got)) {
		total += got;
		start_read(stream);
	}
	cut_to_limit(stream, limit);
}

static void feed(struct run *run)
{
	struct stream *in = &run->in;
	DWORD put = 0;
	if (in->is_busy) {
		if (!GetOverlappedResult(in->pipe, &in->state, &put, FALSE)) {
			if (GetLastError() == ERROR_IO_INCOMPLETE)
				return;
			in->is_busy = false;
			stream_end(in, ERROR_BROKEN_PIPE); /* it has read what it wanted */
			return;
		}
		in->is_busy = false;
		run->written += put;
	}
	if (in->pipe == INVALID_HANDLE_VALUE)
		return;
	size_t left = run->opts->input.len - run->written;
	if (left == 0) {
		stream_end(in, ERROR_BROKEN_PIPE);
		return;
	}
	in->is_busy = true;
	if (!WriteFile(in->pipe, run->opts->input.ptr + run->written, (DWORD)MIN(left, CHUNK), NULL,
	               &in->state) &&
	    GetLastError() != ERROR_IO_PENDING) {
		in->is_busy = false;
		stream_end(in, ERROR_BROKEN_PIPE);
	}
}

/* --- the end of the child --- */

static void end_all(const struct run *run)
{
	if (!run->child.job || !TerminateJobObject(run->child.job, KILLED_CODE))
		(void)TerminateProcess(run->child.process, KILLED_CODE);
}

static void begin_end(struct run *run, int64_t now, bool *reason)
{
	int64_t grace = run->opts->grace_ms ? run->opts->grace_ms : GRACE_MS_DEFAULT;
	*reason = true;
	run->is_ending = true;
	run->end_at = -1;
	run->kill_at = now + grace;
	/* the polite way exists only for console programs that share our console */
	if (!GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, run->child.pid))
		run->kill_at = now;
}

static void check_time(struct run *run)
{
	int64_t now = clock_monotonic_ms();
	const atomic_int *cancel = run->opts->cancel;
	if (!run->is_ending && cancel && atomic_load(cancel) != 0)
		begin_end(run, now, &run->result->cancelled);
	else if (!run->is_ending && run->end_at >= 0 && now >= run->end_at)
		begin_end(run, now, &run->result->timed_out);
	if (run->kill_at >= 0 && now >= run->kill_at) {
		end_all(run);
		run->kill_at = -1;
	}
}

static DWORD wait_ms(const struct run *run)
{
	int64_t wait = INFINITE;
	int64_t next = run->is_ending ? run->kill_at : run->end_at;
	if (next >= 0)
		wait = MAX(next - clock_monotonic_ms(), 0);
	if (run->opts->cancel && !run->is_ending)
		wait = MIN(wait, CANCEL_MS);
	return (DWORD)MIN(wait, (int64_t)INFINITE);
}

static err *watch(struct run *run)
{
	for (;;) {
		HANDLE events[4] = { run->child.process };
		DWORD count = 1;
		struct stream *const streams[] = { &run->in, &run->out, &run->err };
		for (size_t i = 0; i < ARRAY_LEN(streams); i++)
			if (streams[i]->is_busy)
				events[count++] = streams[i]->event;
		DWORD woken = FAULT("Wait")
		                      ? WAIT_FAILED
		                      : WaitForMultipleObjects(count, events, FALSE, wait_ms(run));
		if (woken == WAIT_FAILED) {
			end_all(run);
			return win32_error(0, "cannot watch '%s'", run->opts->argv[0]);
		}
		pump(&run->out, run->limit);
		pump(&run->err, run->limit);
		if (run->in.is_busy)
			feed(run);
		if (woken == WAIT_OBJECT_0)
			return NULL;
		check_time(run);
	}
}

static err *finish(struct run *run)
{
	DWORD code = 0;
	if (run->is_ending)
		end_all(run); /* its own children too */
	drain(&run->out, run->limit);
	drain(&run->err, run->limit);
	if (!GetExitCodeProcess(run->child.process, &code))
		return win32_error(0, "cannot tell how '%s' ended", run->opts->argv[0]);
	run->result->exit_code = (int)code;
	DWORD error = run->out.error ? run->out.error : run->err.error;
	return error ? win32_error(error, "cannot read what '%s' wrote", run->opts->argv[0]) : NULL;
}

err *proc_run(const struct proc_opts *opts, struct proc_result *ret_result)
{
	proc_result_clear(ret_result);
	struct run run = { .opts = opts, .result = ret_result, .end_at = -1, .kill_at = -1 };
	run.limit = opts->output_limit ? opts->output_limit : OUTPUT_LIMIT_DEFAULT;
	TRY(proc_os_spawn(opts, &run.child));
	if (opts->timeout_ms > 0)
		run.end_at = clock_monotonic_ms() + opts->timeout_ms;
	stream_init(&run.in, &run.child.in, NULL, NULL);
	stream_init(&run.out, &run.child.out, &ret_result->out, &ret_result->out_truncated);
	stream_init(&run.err, &run.child.err, &ret_result->err, &ret_result->err_truncated);
	feed(&run);
	start_read(&run.out);
	start_read(&run.err);
	err *e = watch(&run);
	if (!e)
		e = finish(&run);
	stream_clear(&run.in);
	stream_clear(&run.out);
	stream_clear(&run.err);
	child_clear(&run.child);
	return e;
}

/* --- other processes --- */

err *proc_self_path(struct str *ret_path)
{
	wchar_t path[4096];
	DWORD len = GetModuleFileNameW(NULL, path, ARRAY_LEN(path));
	if (len == 0 || len >= ARRAY_LEN(path))
		return err_new(ERR_LIMIT, "the path of fettle's own executable is too long");
	AUTOFREE char *text = win32_path_utf8(path);
	str_addz(ret_path, text);
	return NULL;
}

int64_t proc_self(void)
{
	return (int64_t)GetCurrentProcessId();
}

bool proc_is_alive(int64_t pid)
{
	if (pid <= 0 || pid > UINT32_MAX)
		return false;
	WIN32_HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid);
	if (!process)
		return GetLastError() == ERROR_ACCESS_DENIED;
	return WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
}

/* There are no signals; TERM and KILL both end the process. */
static err *check_signal(const char *name)
{
	int number;
	TRY(proc_signal_number(name, &number));
	const char *plain = proc_signal_name(number);
	if (!str_equal(plain, "TERM") && !str_equal(plain, "KILL"))
		return err_hint(err_new(ERR_UNSUPPORTED, "cannot send %s: not on Windows", plain),
		                "use a command instead");
	return NULL;
}

/* 100 ns units since 1601, 0 when unknown. */
static uint64_t start_time(HANDLE process)
{
	FILETIME start, end, kernel, user;
	if (!GetProcessTimes(process, &start, &end, &kernel, &user))
		return 0;
	return (uint64_t)start.dwHighDateTime << 32 | start.dwLowDateTime;
}

/* `written_ns`: the process must not have started clearly after it; INT64_MAX for any. */
static err *end_process(int64_t pid, const char *name, int64_t written_ns)
{
	const int64_t slack_ns = 5 * CLOCK_NS_PER_S;
	WIN32_HANDLE process =
		FAULT("OpenProcess")
			? NULL
			: OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE,
	                              (DWORD)pid);
	if (!process && GetLastError() == ERROR_INVALID_PARAMETER)
		return err_new(ERR_NOT_FOUND, "cannot send %s to process %" PRId64 ": it is gone",
		               name, pid);
	if (!process)
		return win32_error(0, "cannot send %s to process %" PRId64, name, pid);
	int64_t started_ns = ((int64_t)start_time(process) - INT64_C(116444736000000000)) * 100;
	if (written_ns != INT64_MAX && started_ns > written_ns + slack_ns)
		return err_new(ERR_NOT_FOUND, "process %" PRId64 " is another one", pid);
	if (!TerminateProcess(process, KILLED_CODE))
		return win32_error(0, "cannot send %s to process %" PRId64, name, pid);
	return NULL;
}

err *proc_signal(int64_t pid, const char *name)
{
	TRY(check_signal(name));
	if (pid <= 1 || pid > UINT32_MAX)
		return err_new(ERR_INVALID, "cannot send %s to process %" PRId64, name, pid);
	return end_process(pid, name, INT64_MAX);
}

err *proc_signal_pid_file(const char *path, const char *name)
{
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	int64_t pid;
	TRY(check_signal(name));
	TRY(fs_read_file(path, 4096, &text));
	TRY(fs_stat(path, &st));
	err *e = proc_parse_pid(view_str(&text), &pid);
	if (e)
		return err_wrap(e, "cannot use the pid file '%s'", path);
	e = end_process(pid, name, st.mtime_ns);
	return e ? err_wrap(e, "stale pid file '%s'", path) : NULL;
}
