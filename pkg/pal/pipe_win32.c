#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/pipe.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/proc_os_win32.h"

enum {
	ERRORS_MAX = 64 << 10,
	CANCEL_MS = 50, /* how often to look at the cancel flag */
	CHUNK = 16 << 10,
	KILLED_CODE = 137,
};

/* One pipe with at most one operation under way. */
struct stream {
	HANDLE pipe, event;
	OVERLAPPED state;
	char *buf;
	DWORD len, taken; /* bytes in `buf`, and how many of them were handed out */
	bool is_busy;
};

struct pipe_child {
	struct child child;
	struct stream in, out, err;
	char *name;
	int64_t deadline_ns;
	const atomic_int *cancel;
	struct str errors;
	bool is_over;
	int exit_code;
};

static void stream_init(struct stream *stream, HANDLE *take_pipe)
{
	stream->pipe = win32_steal(take_pipe);
	stream->event = CreateEventW(NULL, TRUE, FALSE, NULL);
	stream->state.hEvent = stream->event;
	stream->buf = mem_alloc(CHUNK);
}

static void stream_close(struct stream *stream)
{
	DWORD got;
	if (stream->is_busy) {
		CancelIoEx(stream->pipe, &stream->state);
		(void)GetOverlappedResult(stream->pipe, &stream->state, &got, TRUE);
		stream->is_busy = false;
	}
	win32_close(win32_steal(&stream->pipe));
}

static void stream_clear(struct stream *stream)
{
	stream_close(stream);
	win32_close(stream->event);
	mem_free(stream->buf);
}

/* Ask for the next bytes; at the end of the pipe it is closed. */
static void start_read(struct stream *stream)
{
	if (stream->pipe == INVALID_HANDLE_VALUE || stream->is_busy || stream->taken < stream->len)
		return;
	stream->len = stream->taken = 0;
	stream->is_busy = true;
	if (!FAULT("ReadFile") && ReadFile(stream->pipe, stream->buf, CHUNK, NULL, &stream->state))
		return; /* the event is set, finish_read takes it */
	if (GetLastError() == ERROR_IO_PENDING)
		return;
	stream->is_busy = false;
	stream_close(stream);
}

static void finish_read(struct stream *stream)
{
	if (!stream->is_busy)
		return;
	if (!GetOverlappedResult(stream->pipe, &stream->state, &stream->len, FALSE)) {
		if (GetLastError() == ERROR_IO_INCOMPLETE)
			return;
		stream->len = 0;
		stream->is_busy = false;
		stream_close(stream);
		return;
	}
	stream->is_busy = false;
}

/* Keep the tail of stderr; a full pipe would stop the child. */
static void take_errors(struct pipe_child *child)
{
	struct stream *stream = &child->err;
	finish_read(stream);
	while (stream->taken < stream->len) {
		str_add(&child->errors, stream->buf, stream->len);
		stream->taken = stream->len;
		start_read(stream);
		finish_read(stream);
	}
	if (child->errors.len <= ERRORS_MAX)
		return;
	size_t cut = child->errors.len - ERRORS_MAX / 2;
	memmove(child->errors.ptr, child->errors.ptr + cut, child->errors.len - cut);
	str_truncate(&child->errors, child->errors.len - cut);
}

err *pipe_open(const struct pipe_opts *opts, struct pipe_child **ret_child)
{
	/* A first byte to write makes proc_os_spawn open a pipe; it is ours to fill. */
	struct proc_opts spawn = {
		.argv = opts->argv,
		.env = opts->env,
		.input = { "", 1 },
		.flags = opts->may_ask ? PROC_INHERIT_STDIN : 0,
	};
	struct child started;
	TRY(proc_os_spawn(&spawn, &started));
	struct pipe_child *child = MEM_NEW(struct pipe_child);
	child->child = started;
	child->name = mem_strdup(opts->argv[0]);
	child->deadline_ns = opts->deadline_ns;
	child->cancel = opts->cancel;
	str_init(&child->errors);
	stream_init(&child->in, &child->child.in);
	stream_init(&child->out, &child->child.out);
	stream_init(&child->err, &child->child.err);
	start_read(&child->err);
	*ret_child = child;
	return NULL;
}

static err *check_time(const struct pipe_child *child)
{
	if (child->cancel && atomic_load(child->cancel) != 0)
		return err_new(ERR_CANCELLED, "'%s' was interrupted", child->name);
	if (child->deadline_ns && clock_monotonic_ns() >= child->deadline_ns)
		return err_new(ERR_TIMEOUT, "'%s' did not answer in time", child->name);
	return NULL;
}

static DWORD wait_ms(const struct pipe_child *child)
{
	int64_t wait = child->cancel ? CANCEL_MS : INFINITE;
	if (child->deadline_ns) {
		int64_t left = (child->deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS + 1;
		wait = MIN(wait, MAX(left, 0));
	}
	return (DWORD)wait;
}

/* Wait until the operation of `stream` is done, keeping stderr empty meanwhile. */
static err *wait_for(struct pipe_child *child, struct stream *stream)
{
	for (;;) {
		TRY(check_time(child));
		HANDLE events[2] = { stream->event, child->err.event };
		DWORD count = child->err.is_busy ? 2 : 1;
		DWORD woken = FAULT("Wait") ? WAIT_FAILED
		                            : WaitForMultipleObjects(count, events, FALSE,
		                                                     wait_ms(child));
		if (woken == WAIT_FAILED)
			return win32_error(0, "cannot watch '%s'", child->name);
		take_errors(child);
		if (woken == WAIT_OBJECT_0)
			return NULL;
	}
}

static err *write_some(struct pipe_child *child, const char *bytes, DWORD len, DWORD *ret_put)
{
	struct stream *in = &child->in;
	in->is_busy = true;
	if (!WriteFile(in->pipe, bytes, len, NULL, &in->state) &&
	    GetLastError() != ERROR_IO_PENDING) {
		in->is_busy = false;
		return win32_error(0, "cannot write to '%s'", child->name);
	}
	TRY(wait_for(child, in)); /* when it fails, closing the stream takes the write back */
	BOOL is_done = GetOverlappedResult(in->pipe, &in->state, ret_put, FALSE);
	in->is_busy = false;
	return is_done ? NULL : win32_error(0, "cannot write to '%s'", child->name);
}

err *pipe_write(struct pipe_child *child, const char *bytes, size_t len)
{
	while (len > 0) {
		DWORD put = 0;
		DWORD chunk = (DWORD)MIN(len, (size_t)CHUNK);
		/* the operating system reads from our copy, which outlives a cancelled write */
		memcpy(child->in.buf, bytes, chunk);
		TRY(write_some(child, child->in.buf, chunk, &put));
		bytes += put;
		len -= put;
	}
	return NULL;
}

err *pipe_read(struct pipe_child *child, char *buf, size_t buf_size, size_t *ret_len)
{
	struct stream *out = &child->out;
	start_read(out);
	while (out->is_busy) {
		TRY(wait_for(child, out));
		finish_read(out);
	}
	size_t len = MIN((size_t)(out->len - out->taken), buf_size);
	memcpy(buf, out->buf + out->taken, len);
	out->taken += (DWORD)len;
	*ret_len = len;
	return NULL;
}

static void end(struct pipe_child *child)
{
	if (!child->child.job || !TerminateJobObject(child->child.job, KILLED_CODE))
		(void)TerminateProcess(child->child.process, KILLED_CODE);
	(void)WaitForSingleObject(child->child.process, 5000);
}

/* Wait for its end while taking what it still says; false when it takes longer. */
static bool wait_for_end(struct pipe_child *child, int64_t grace_ms)
{
	int64_t give_up = clock_monotonic_ms() + grace_ms;
	for (;;) {
		int64_t left = give_up - clock_monotonic_ms();
		HANDLE events[2] = { child->child.process, child->err.event };
		DWORD count = child->err.is_busy ? 2 : 1;
		DWORD woken = WaitForMultipleObjects(count, events, FALSE, (DWORD)MAX(left, 0));
		take_errors(child);
		if (woken == WAIT_OBJECT_0)
			return true;
		if (left <= 0 || woken == WAIT_FAILED)
			return false;
	}
}

int pipe_finish(struct pipe_child *child, int64_t grace_ms, struct str *ret_errors)
{
	stream_close(&child->in);
	stream_close(&child->out);
	if (!child->is_over) {
		DWORD code = 0;
		bool has_ended = wait_for_end(child, grace_ms);
		if (!has_ended)
			end(child);
		bool is_known = has_ended && GetExitCodeProcess(child->child.process, &code);
		child->exit_code = is_known ? (int)code : -1;
		child->is_over = true;
	}
	take_errors(child);
	str_reset(ret_errors);
	str_add_str(ret_errors, &child->errors);
	return child->exit_code;
}

void pipe_free(struct pipe_child *child)
{
	if (!child)
		return;
	AUTO(str) errors = STR_INIT;
	if (!child->is_over)
		(void)pipe_finish(child, 0, &errors);
	stream_clear(&child->in);
	stream_clear(&child->out);
	stream_clear(&child->err);
	child_clear(&child->child);
	str_clear(&child->errors);
	mem_free(child->name);
	mem_free(child);
}
