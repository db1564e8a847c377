#include "base/base.h"
#include "pal/term.h"

#include "pal/argv.h"
#include "pal/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536u

bool term_is_terminal(int stream)
{
	return isatty(stream) == 1;
}

bool term_has_color(int stream)
{
	const char *name = env_get_nonempty("TERM");

	return name && !str_equal(name, "dumb") && term_is_terminal(stream);
}

size_t term_columns(int stream)
{
	struct winsize size = { 0 };

	if (ioctl(stream, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

bool term_is_foreground(int stream)
{
	pid_t group = tcgetpgrp(stream);

	/* Not our controlling terminal: nobody there to be disturbed. */
	return group < 0 || group == getpgrp();
}

bool term_is_utf8(void)
{
	/* The precedence of setlocale(3), which would load tables we do not need. */
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = env_get_nonempty(names[i]);
		if (!value)
			continue;
		const char *charset = strchr(value, '.');
		return charset && (strncasecmp(charset, ".utf-8", 6) == 0 ||
		                   strncasecmp(charset, ".utf8", 5) == 0);
	}
	return false;
}

/* Somebody else made the stream non-blocking (a shell job, ssh): wait as a blocking one would. */
static void wait_writable(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLOUT };

	poll(&entry, 1, -1);
}

static err *write_all(int fd, const void *ptr, size_t len, const char *name)
{
	const char *at = ptr;

	while (len > 0) {
		ssize_t written = FAULT("write") ? -1 : write(fd, at, len);
		if (written >= 0) {
			at += written;
			len -= (size_t)written;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			wait_writable(fd);
		} else if (errno != EINTR) {
			return err_as(err_sys(errno, "cannot write to %s", name), ERR_IO);
		}
	}
	return NULL;
}

err *term_write(int stream, const void *ptr, size_t len)
{
	return write_all(stream, ptr, len, stream == 2 ? "stderr" : "stdout");
}

/* ---- asking ------------------------------------------------------------------------------- */

struct asking {
	int fd;
	bool is_hidden;
	struct termios before;
};

static void asking_clear(struct asking *asking)
{
	if (asking->is_hidden) {
		tcsetattr(asking->fd, TCSAFLUSH, &asking->before);
		/* The Enter that ended the line was not echoed either. */
		err_ignore(write_all(asking->fd, "\n", 1, "the terminal"), "only looks");
	}
	if (asking->fd >= 0)
		close(asking->fd);
	asking->fd = -1;
}

static err *asking_open(const char *prompt, bool is_hidden, struct asking *asking)
{
	asking->fd = FAULT("open tty") ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (asking->fd < 0)
		return err_new(ERR_UNSUPPORTED, "cannot ask: there is no terminal");
	if (is_hidden) {
		struct termios quiet;
		if (tcgetattr(asking->fd, &asking->before) != 0)
			return err_sys(errno, "cannot switch off the echo of the terminal");
		quiet = asking->before;
		quiet.c_lflag &= (tcflag_t)~ECHO;
		/* TCSAFLUSH: what was typed before the prompt is not an answer. */
		if (tcsetattr(asking->fd, TCSAFLUSH, &quiet) != 0)
			return err_sys(errno, "cannot switch off the echo of the terminal");
		asking->is_hidden = true;
	}
	return write_all(asking->fd, prompt, strlen(prompt), "the terminal");
}

/* One byte at a time: what comes behind the line belongs to the next reader. */
static err *read_char(int fd, char *ret_char, bool *ret_is_end)
{
	ssize_t count = FAULT("read tty") ? -1 : read(fd, ret_char, 1);

	if (count < 0 && errno == EINTR)
		return err_new(ERR_CANCELLED, "interrupted");
	if (count < 0)
		return err_sys(errno, "cannot read from the terminal");
	*ret_is_end = count == 0;
	return NULL;
}

err *term_ask(const char *prompt, struct str *ret_line, bool *ret_is_end)
{
	AUTO(asking) asking = { .fd = -1 };
	AUTO(str) line = STR_INIT;
	bool is_end;
	char c = '\n';

	TRY(asking_open(prompt, false, &asking));
	for (;;) {
		TRY(read_char(asking.fd, &c, &is_end));
		if (is_end || c == '\n')
			break;
		if (line.len >= LINE_MAX_BYTES)
			return err_new(ERR_LIMIT, "cannot read the answer: longer than %u bytes",
			               LINE_MAX_BYTES);
		str_addch(&line, c);
	}
	*ret_is_end = is_end && line.len == 0;
	str_reset(ret_line);
	str_add_str(ret_line, &line);
	return NULL;
}

err *term_ask_hidden(const char *prompt, char *buf, size_t cap, size_t *ret_len)
{
	AUTO(asking) asking = { .fd = -1 };
	size_t len = 0;
	bool is_end;
	char c = '\n';
	err *e = NULL;

	TRY(asking_open(prompt, true, &asking));
	while (!(e = read_char(asking.fd, &c, &is_end)) && !is_end && c != '\n') {
		if (len < cap)
			buf[len] = c;
		len++;
	}
	c = 0;
	__asm__ volatile("" : : "r"(&c) : "memory");
	if (!e && len > cap)
		e = err_new(ERR_LIMIT, "cannot read the passphrase: longer than %zu bytes", cap);
	if (!e)
		*ret_len = len;
	return e;
}
