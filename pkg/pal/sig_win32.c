#include "base/base.h"
#include "pal/sig.h"

#include "pal/sig_impl.h"

#include <windows.h>

/* The console handler gets no context: what it reaches is global, as on the other systems. */
static _Atomic(struct cancel *) signal_cancel;

err *cancel_os_open(struct cancel *cancel)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!event)
		return err_new(ERR_IO, "cannot make a wake-up event: error %lu", GetLastError());

	cancel->wait_handle = (pal_handle)event;
	atomic_store(&cancel->wake_fd, 1);
	return NULL;
}

void cancel_os_close(struct cancel *cancel)
{
	if (cancel->wait_handle != PAL_HANDLE_NONE)
		CloseHandle((HANDLE)cancel->wait_handle);
}

void cancel_os_wake(struct cancel *cancel)
{
	SetEvent((HANDLE)cancel->wait_handle);
}

void cancel_os_drain(struct cancel *cancel)
{
	ResetEvent((HANDLE)cancel->wait_handle);
}

/* Runs on a thread of its own that the system makes. */
static BOOL WINAPI on_event(DWORD event)
{
	struct cancel *cancel = atomic_load(&signal_cancel);
	if (!cancel)
		return FALSE;

	if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT) {
		if (cancel_is_set(cancel))
			ExitProcess(130);
		cancel_request(cancel, 130);
		return TRUE;
	}
	/*
	 * Closing the window, logging off, shutting down: the process is killed when this returns,
	 * so give the main thread the time the system grants to end by itself.
	 */
	cancel_request(cancel, 143);
	Sleep(5000);
	return TRUE;
}

err *sig_install(struct cancel *cancel, bool hup_is_reload)
{
	(void)hup_is_reload;
	atomic_store(&signal_cancel, cancel);
	if (!SetConsoleCtrlHandler(on_event, TRUE))
		return err_new(ERR_IO, "cannot handle Ctrl-C: error %lu", GetLastError());
	return NULL;
}

void sig_uninstall(void)
{
	SetConsoleCtrlHandler(on_event, FALSE);
	atomic_store(&signal_cancel, NULL);
}

void sig_ignore_pipe(void)
{
}
