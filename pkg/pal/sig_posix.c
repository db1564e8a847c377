#include "base/base.h"
#include "pal/sig.h"

#include "pal/fault.h"
#include "pal/sig_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/*
 * Signals belong to the process, so what their handler reaches is global: against the rule, and the
 * only such state here.
 */
static _Atomic(struct cancel *) signal_cancel;
static atomic_bool hup_is_reload_now;

static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
static struct sigaction before[ARRAY_LEN(handled)];

static err *open_pipe(int fds[2])
{
	if (FAULT("pipe") || pipe(fds) != 0)
		return err_sys(errno, "cannot make a wake-up pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	return NULL;
}

err *cancel_os_open(struct cancel *cancel)
{
	int fds[2];

	TRY(open_pipe(fds));
	cancel->wait_handle = fds[0];
	atomic_store(&cancel->wake_fd, fds[1]);
	return NULL;
}

void cancel_os_close(struct cancel *cancel)
{
	if (cancel->wait_handle == PAL_HANDLE_NONE)
		return;
	close((int)cancel->wait_handle);
	close(atomic_load(&cancel->wake_fd));
}

void cancel_os_wake(struct cancel *cancel)
{
	int saved = errno;

	/* A full pipe is readable already, which is all we want. */
	ssize_t written = write(atomic_load(&cancel->wake_fd), "!", 1);
	(void)written;
	errno = saved;
}

void cancel_os_drain(struct cancel *cancel)
{
	char bytes[64];

	while (read((int)cancel->wait_handle, bytes, sizeof(bytes)) > 0) {
	}
}

static void on_signal(int number)
{
	struct cancel *cancel = atomic_load(&signal_cancel);
	if (!cancel)
		return;

	if (number == SIGHUP && atomic_load(&hup_is_reload_now)) {
		cancel_note_hup(cancel);
		return;
	}
	/* Whoever presses it twice wants out now; the kernel drops our locks. */
	if (number == SIGINT && cancel_is_set(cancel))
		_exit(128 + SIGINT);
	cancel_request(cancel, 128 + number);
}

static err *handle(size_t index)
{
	int number = handled[index];
	struct sigaction action = { .sa_handler = number == SIGPIPE ? SIG_IGN : on_signal };

	/* No SA_RESTART: a blocking call must come back so that its caller sees the flag. */
	sigemptyset(&action.sa_mask);
	if (FAULT("sigaction") || sigaction(number, NULL, &before[index]) != 0)
		return err_sys(errno, "cannot handle signal %d", number);
	if (before[index].sa_handler == SIG_IGN)
		return NULL; /* nohup, or a background job: leave it */
	if (sigaction(number, &action, NULL) != 0)
		return err_sys(errno, "cannot handle signal %d", number);
	return NULL;
}

err *sig_install(struct cancel *cancel, bool hup_is_reload)
{
	assert(!atomic_load(&signal_cancel));
	atomic_store(&hup_is_reload_now, hup_is_reload);
	atomic_store(&signal_cancel, cancel);
	for (size_t i = 0; i < ARRAY_LEN(handled); i++)
		TRY(handle(i));
	return NULL;
}

void sig_uninstall(void)
{
	for (size_t i = 0; i < ARRAY_LEN(handled); i++)
		sigaction(handled[i], &before[i], NULL);
	atomic_store(&signal_cancel, NULL);
}

void sig_ignore_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}
