#include "base/base.h"
#include "pal/notify.h"

#include "base/num.h"
#include "pal/argv.h"
#include "pal/clock.h"
#include "pal/notify_os.h"

struct notify {
	char *socket_path; /* NULL: say nothing */
	int64_t watchdog_ms;
};

struct notify *notify_new(const char *socket_path)
{
	struct notify *notify = MEM_NEW(struct notify);

	if (socket_path && (socket_path[0] == '/' || socket_path[0] == '@'))
		notify->socket_path = mem_strdup(socket_path);
	return notify;
}

/* Is this variable our process's number (or, when `if_unset`, absent)? */
static bool is_for_us(const char *name, bool if_unset)
{
	const char *text = env_get_nonempty(name);
	uint64_t pid;

	if (!text)
		return if_unset;
	return num_parse_u64(text, strlen(text), 10, &pid) && pid == notify_os_pid();
}

struct notify *notify_from_env(void)
{
	struct notify *notify = notify_new(env_get_nonempty("NOTIFY_SOCKET"));
	const char *text = env_get_nonempty("WATCHDOG_USEC");
	uint64_t usec;

	if (text && num_parse_u64(text, strlen(text), 10, &usec) && usec <= INT64_MAX &&
	    is_for_us("WATCHDOG_PID", true))
		notify->watchdog_ms = MAX((int64_t)(usec / 2000), 1);
	return notify;
}

void notify_free(struct notify *notify)
{
	if (!notify)
		return;
	mem_free(notify->socket_path);
	mem_free(notify);
}

bool notify_is_on(const struct notify *notify)
{
	return notify->socket_path != NULL;
}

static void send_text(const struct notify *notify, const struct str *text)
{
	if (notify->socket_path)
		notify_os_send(notify->socket_path, text->ptr, text->len);
}

/* One line: a newline would begin another assignment. */
static void add_status(struct str *text, const char *status)
{
	str_addz(text, "STATUS=");
	for (const char *c = status; *c; c++)
		str_addch(text, *c == '\n' || *c == '\r' ? ' ' : *c);
	str_addch(text, '\n');
}

void notify_ready(struct notify *notify, const char *status)
{
	AUTO(str) text = STR_INIT;

	str_addz(&text, "READY=1\n");
	if (status)
		add_status(&text, status);
	send_text(notify, &text);
}

void notify_reloading(struct notify *notify)
{
	AUTO(str) text = STR_INIT;

	/* In one datagram: Type=notify-reload needs the time to tell this reload from another. */
	str_addf(&text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n", clock_monotonic_ns() / 1000);
	send_text(notify, &text);
}

void notify_stopping(struct notify *notify)
{
	AUTO(str) text = STR_INIT;

	str_addz(&text, "STOPPING=1\n");
	send_text(notify, &text);
}

void notify_status(struct notify *notify, const char *status)
{
	AUTO(str) text = STR_INIT;

	add_status(&text, status);
	send_text(notify, &text);
}

int64_t notify_watchdog_ms(const struct notify *notify)
{
	return notify->watchdog_ms;
}

void notify_watchdog(struct notify *notify)
{
	AUTO(str) text = STR_INIT;

	str_addz(&text, "WATCHDOG=1\n");
	send_text(notify, &text);
}

size_t notify_listeners(pal_handle *ret_handles, size_t cap)
{
	const char *text = env_get_nonempty("LISTEN_FDS");
	uint64_t count;

	if (!text || !num_parse_u64(text, strlen(text), 10, &count) ||
	    !is_for_us("LISTEN_PID", false))
		return 0;
	return notify_os_listeners((size_t)MIN(count, cap), ret_handles);
}
