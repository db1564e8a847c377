#include "base/base.h"
#include "pal/term.h"

#include "pal/argv.h"

#include <errno.h>
#include <windows.h>

static HANDLE stream_handle(int stream)
{
	static const DWORD ids[] = { STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE };

	return GetStdHandle(ids[stream]);
}

bool term_is_terminal(int stream)
{
	DWORD mode;

	/* Not _isatty, for which NUL is a terminal too. */
	return GetConsoleMode(stream_handle(stream), &mode) != 0;
}

bool term_has_color(int stream)
{
	HANDLE handle = stream_handle(stream);
	const char *name = env_get_nonempty("TERM");
	DWORD mode;

	if (name && str_equal(name, "dumb"))
		return false;
	if (!GetConsoleMode(handle, &mode))
		return false;
	return (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) ||
	       SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

size_t term_columns(int stream)
{
	CONSOLE_SCREEN_BUFFER_INFO info;

	if (!GetConsoleScreenBufferInfo(stream_handle(stream), &info))
		return 0;
	int columns = info.srWindow.Right - info.srWindow.Left + 1;
	return columns > 0 ? (size_t)columns : 0;
}

bool term_is_foreground(int stream)
{
	(void)stream;
	return true;
}

bool term_is_utf8(void)
{
	return GetConsoleOutputCP() == CP_UTF8;
}

static err *write_all(HANDLE handle, const char *at, size_t len, const char *name)
{
	while (len > 0) {
		DWORD part = len > 32768 ? 32768 : (DWORD)len, written = 0;
		if (!WriteFile(handle, at, part, &written, NULL)) {
			DWORD code = GetLastError();
			if (code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA)
				return err_as(err_sys(EPIPE, "cannot write to %s", name), ERR_IO);
			return err_as(err_sys(code == ERROR_DISK_FULL ? ENOSPC : EIO,
			                      "cannot write to %s", name),
			              ERR_IO);
		}
		at += written;
		len -= written;
	}
	return NULL;
}

err *term_write(int stream, const void *ptr, size_t len)
{
	return write_all(stream_handle(stream), ptr, len, stream == 2 ? "stderr" : "stdout");
}

/* ---- asking ------------------------------------------------------------------------------- */

struct asking {
	HANDLE in, out;
	bool is_hidden;
	DWORD before;
};

#define ASKING_INIT                                                  \
	{                                                            \
		INVALID_HANDLE_VALUE, INVALID_HANDLE_VALUE, false, 0 \
	}

static void asking_clear(struct asking *asking)
{
	if (asking->is_hidden) {
		SetConsoleMode(asking->in, asking->before);
		err_ignore(write_all(asking->out, "\r\n", 2, "the console"), "only looks");
	}
	if (asking->in != INVALID_HANDLE_VALUE)
		CloseHandle(asking->in);
	if (asking->out != INVALID_HANDLE_VALUE)
		CloseHandle(asking->out);
}

static HANDLE open_console(const wchar_t *name)
{
	return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
	                   NULL, OPEN_EXISTING, 0, NULL);
}

static err *asking_open(const char *prompt, bool is_hidden, struct asking *asking)
{
	asking->in = open_console(L"CONIN$");
	asking->out = open_console(L"CONOUT$");
	if (asking->in == INVALID_HANDLE_VALUE || asking->out == INVALID_HANDLE_VALUE ||
	    !GetConsoleMode(asking->in, &asking->before))
		return err_new(ERR_UNSUPPORTED, "cannot ask: there is no console");
	if (is_hidden) {
		FlushConsoleInputBuffer(asking->in);
		if (!SetConsoleMode(asking->in, asking->before & ~(DWORD)ENABLE_ECHO_INPUT))
			return err_new(ERR_IO, "cannot switch off the echo of the console");
		asking->is_hidden = true;
	}
	return write_all(asking->out, prompt, strlen(prompt), "the console");
}

/* One line as UTF-16, its CR LF cut off; `cap` units. */
static err *read_wide(HANDLE in, wchar_t *line, DWORD cap, DWORD *ret_len)
{
	DWORD len = 0;

	if (!ReadConsoleW(in, line, cap, &len, NULL))
		return err_new(ERR_IO, "cannot read from the console: error %lu", GetLastError());
	if (len == 0)
		return err_new(ERR_CANCELLED, "interrupted");
	if (len == cap && line[len - 1] != L'\n')
		return err_new(ERR_LIMIT, "cannot read the answer: longer than %lu characters",
		               cap);
	while (len > 0 && (line[len - 1] == L'\n' || line[len - 1] == L'\r'))
		len--;
	*ret_len = len;
	return NULL;
}

err *term_ask(const char *prompt, struct str *ret_line, bool *ret_is_end)
{
	AUTO(asking) asking = ASKING_INIT;
	wchar_t line[4096];
	char text[3 * ARRAY_LEN(line)];
	DWORD len;

	TRY(asking_open(prompt, false, &asking));
	TRY(read_wide(asking.in, line, ARRAY_LEN(line), &len));
	int size = len ? WideCharToMultiByte(CP_UTF8, 0, line, (int)len, text, sizeof(text), NULL,
	                                     NULL)
	               : 0;
	str_reset(ret_line);
	str_add(ret_line, text, (size_t)size);
	*ret_is_end = len == 1 && line[0] == 0x1a; /* Ctrl-Z, Enter */
	return NULL;
}

err *term_ask_hidden(const char *prompt, char *buf, size_t cap, size_t *ret_len)
{
	AUTO(asking) asking = ASKING_INIT;
	wchar_t line[1024];
	DWORD len = 0;

	TRY(asking_open(prompt, true, &asking));
	err *e = read_wide(asking.in, line, ARRAY_LEN(line), &len);
	int size = 0;
	if (!e && len > 0) {
		size = WideCharToMultiByte(CP_UTF8, 0, line, (int)len, buf, (int)cap, NULL, NULL);
		if (size == 0)
			e = err_new(ERR_LIMIT, "cannot read the passphrase: longer than %zu bytes",
			            cap);
	}
	SecureZeroMemory(line, sizeof(line));
	if (!e)
		*ret_len = (size_t)size;
	return e;
}
