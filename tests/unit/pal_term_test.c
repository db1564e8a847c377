#include "test.h"
#include "pal/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define WAIT_MS 5000

/* A child process whose terminal we hold the other end of; its exit code is the answer. */
struct session {
	pid_t pid;
	int master;
	struct str screen;
};

static void session_clear(struct session *session)
{
	if (session->pid > 0) {
		kill(session->pid, SIGKILL);
		waitpid(session->pid, NULL, 0);
	}
	close(session->master);
	str_clear(&session->screen);
}

static bool session_start(struct session *session, int (*run)(void))
{
	str_init(&session->screen);
	session->master = posix_openpt(O_RDWR | O_NOCTTY);
	if (session->master < 0 || grantpt(session->master) != 0 || unlockpt(session->master) != 0)
		return false;
	const char *name = ptsname(session->master);
	fflush(stdout);
	session->pid = fork();
	if (session->pid == 0) {
		setsid();
		/* The first terminal a session leader opens becomes its own. */
		int slave = open(name, O_RDWR);
		if (slave < 0)
			_exit(90);
		_exit(run());
	}
	return session->pid > 0;
}

/* Read the screen until `text` is on it. */
static bool wait_for(struct session *session, const char *text)
{
	char buf[256];

	while (!strstr(session->screen.ptr, text)) {
		struct pollfd entry = { .fd = session->master, .events = POLLIN };
		if (poll(&entry, 1, WAIT_MS) != 1)
			return false;
		ssize_t len = read(session->master, buf, sizeof(buf));
		if (len <= 0)
			return false;
		str_add(&session->screen, buf, (size_t)len);
	}
	return true;
}

static void type(const struct session *session, const char *text)
{
	if (write(session->master, text, strlen(text)) < 0)
		abort();
}

static int session_end(struct session *session)
{
	int status = 0;

	waitpid(session->pid, &status, 0);
	session->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 80;
}

static int ask(void)
{
	AUTO(str) line = STR_INIT;
	bool is_end = true;
	err *e = term_ask("name? ", &line, &is_end);

	if (e || is_end)
		return 1;
	if (!str_equal(line.ptr, "fettle"))
		return 2;
	e = term_ask("more? ", &line, &is_end);
	return !e && is_end && line.len == 0 ? 0 : 3;
}

TEST(term, asks_on_the_terminal_itself)
{
	AUTO(session) session = { .master = -1 };

	CHECK(session_start(&session, ask));
	CHECK(wait_for(&session, "name? "));
	type(&session, "fettle\n");
	CHECK(wait_for(&session, "more? "));
	type(&session, "\x04");
	CHECK_INT(session_end(&session), 0);
}

static int ask_hidden(void)
{
	char buf[8];
	size_t len = 0;
	err *e = term_ask_hidden("secret? ", buf, sizeof(buf), &len);

	if (e || len != 7 || memcmp(buf, "hunter2", 7) != 0)
		return 1;
	e = term_ask_hidden("again? ", buf, sizeof(buf), &len);
	if (err_kind(e) != ERR_LIMIT)
		return 2;
	AUTO(str) line = STR_INIT;
	bool is_end;
	/* The echo is back. */
	return term_ask("name? ", &line, &is_end) ? 3 : 0;
}

TEST(term, hides_what_is_typed_and_gives_the_echo_back)
{
	AUTO(session) session = { .master = -1 };

	CHECK(session_start(&session, ask_hidden));
	CHECK(wait_for(&session, "secret? "));
	type(&session, "hunter2\n");
	CHECK(wait_for(&session, "again? "));
	type(&session, "longer than the buffer\n");
	CHECK(wait_for(&session, "name? "));
	type(&session, "visible\n");
	CHECK(wait_for(&session, "visible"));
	CHECK_INT(session_end(&session), 0);
	CHECK(!strstr(session.screen.ptr, "hunter2"));
	CHECK(!strstr(session.screen.ptr, "longer"));
}

static int ask_nobody(void)
{
	AUTO(str) line = STR_INIT;
	bool is_end;

	if (ioctl(open("/dev/tty", O_RDWR), TIOCNOTTY) != 0)
		return 1;
	err *e = term_ask("? ", &line, &is_end);
	return err_kind(e) == ERR_UNSUPPORTED ? 0 : 2;
}

TEST(term, says_when_there_is_nobody_to_ask)
{
	AUTO(session) session = { .master = -1 };

	CHECK(session_start(&session, ask_nobody));
	/* SIGHUP comes with giving up the terminal; some shells block it. */
	int code = session_end(&session);
	CHECK(code == 0 || code == 80);
}

static int look_around(void)
{
	int tty = open("/dev/tty", O_RDWR);
	struct winsize size = { .ws_row = 30, .ws_col = 123 };

	if (!term_is_terminal(tty) || !term_is_foreground(tty))
		return 1;
	ioctl(tty, TIOCSWINSZ, &size);
	if (term_columns(tty) != 123)
		return 2;
	setenv("TERM", "xterm", 1);
	if (!term_has_color(tty))
		return 3;
	setenv("TERM", "dumb", 1);
	if (term_has_color(tty))
		return 4;
	unsetenv("TERM");
	return term_has_color(tty) ? 5 : 0;
}

TEST(term, knows_a_terminal)
{
	AUTO(session) session = { .master = -1 };

	CHECK(session_start(&session, look_around));
	CHECK_INT(session_end(&session), 0);
}

TEST(term, a_file_is_no_terminal)
{
	int fd = open("/dev/null", O_RDWR);

	CHECK(!term_is_terminal(fd));
	CHECK(!term_has_color(fd));
	CHECK_INT(term_columns(fd), 0);
	CHECK(term_is_foreground(fd));
	close(fd);
}

TEST(term, utf8_is_what_the_locale_says)
{
	static const struct {
		const char *all, *ctype, *lang;
		bool is_utf8;
	} cases[] = {
		{ "", "", "", false },
		{ "", "", "C", false },
		{ "", "", "en_US.UTF-8", true },
		{ "", "de_DE.utf8@euro", "C", true },
		{ "C", "", "en_US.UTF-8", false },
		{ "C.UTF-8", "C", "C", true },
		{ "", "", "de_DE.ISO-8859-1", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setenv("LC_ALL", cases[i].all, 1);
		setenv("LC_CTYPE", cases[i].ctype, 1);
		setenv("LANG", cases[i].lang, 1);
		CHECK_INT(term_is_utf8(), cases[i].is_utf8);
	}
}

TEST(term, write_waits_for_a_slow_reader)
{
	AUTO(str) text = STR_INIT;
	int fds[2];

	str_add_repeat(&text, 'x', 300000);
	CHECK(pipe(fds) == 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		err *e = term_write(fds[1], text.ptr, text.len);
		_exit(e ? 1 : 0);
	}
	close(fds[1]);
	char buf[4096];
	size_t total = 0;
	ssize_t len;
	while ((len = read(fds[0], buf, sizeof(buf))) > 0)
		total += (size_t)len;
	close(fds[0]);
	int status = 1;
	waitpid(pid, &status, 0);
	CHECK_INT(total, text.len);
	CHECK_INT(status, 0);
}

TEST(term, write_tells_a_broken_pipe_from_a_full_disk)
{
	int fds[2], full = open("/dev/full", O_WRONLY);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);

	CHECK(pipe(fds) == 0);
	close(fds[0]);
	err *broken = term_write(fds[1], "x", 1);
	close(fds[1]);
	signal(SIGPIPE, before);
	int code = err_code(broken);
	CHECK_INT(err_kind(broken), ERR_IO);
	err_free(broken);
	CHECK_INT(code, EPIPE);
	if (full < 0)
		return;
	err *no_space = term_write(full, "x", 1);
	close(full);
	code = err_code(no_space);
	err_free(no_space);
	CHECK_INT(code, ENOSPC);
}
