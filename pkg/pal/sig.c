#include "base/base.h"
#include "pal/sig.h"

#include "pal/sig_impl.h"

struct cancel *cancel_new(void)
{
	struct cancel *cancel = MEM_NEW(struct cancel);

	cancel->wait_handle = PAL_HANDLE_NONE;
	return cancel;
}

void cancel_free(struct cancel *cancel)
{
	if (!cancel)
		return;
	cancel_os_close(cancel);
	mem_free(cancel);
}

/* Called by signal handlers: nothing here but atomics and write(2). */
static void wake(struct cancel *cancel)
{
	if (atomic_load(&cancel->wake_fd))
		cancel_os_wake(cancel);
}

void cancel_request(struct cancel *cancel, int exit_code)
{
	int none = 0;

	atomic_compare_exchange_strong(&cancel->exit_code, &none, exit_code);
	wake(cancel);
}

void cancel_note_hup(struct cancel *cancel)
{
	atomic_store(&cancel->hup, 1);
	wake(cancel);
}

bool cancel_is_set(const struct cancel *cancel)
{
	return cancel && atomic_load(&cancel->exit_code) != 0;
}

const atomic_int *cancel_flag(const struct cancel *cancel)
{
	return cancel ? &cancel->exit_code : NULL;
}

int cancel_exit_code(const struct cancel *cancel)
{
	return cancel ? atomic_load(&cancel->exit_code) : 0;
}

err *cancel_check(const struct cancel *cancel)
{
	return cancel_is_set(cancel) ? err_new(ERR_CANCELLED, "interrupted") : NULL;
}

bool cancel_take_hup(struct cancel *cancel)
{
	return atomic_exchange(&cancel->hup, 0) != 0;
}

err *cancel_handle(struct cancel *cancel, pal_handle *ret_handle)
{
	if (cancel->wait_handle == PAL_HANDLE_NONE) {
		TRY(cancel_os_open(cancel));
		/* What came before there was anything to wake. */
		if (cancel_is_set(cancel) || atomic_load(&cancel->hup))
			cancel_os_wake(cancel);
	}
	*ret_handle = cancel->wait_handle;
	return NULL;
}

void cancel_drain(struct cancel *cancel)
{
	if (cancel->wait_handle == PAL_HANDLE_NONE)
		return;
	cancel_os_drain(cancel);
	/* The stop keeps the handle readable: every waiter must see it. */
	if (cancel_is_set(cancel))
		cancel_os_wake(cancel);
}
