#include "base/base.h"

#include "pal/lock.h"

#include "pal/clock.h"
#include "pal/lock_os.h"
#include "pal/proc.h"
#include "pal/user.h"

enum { HOLDER_MAX = 1024, WAIT_STEP_MS = 25 };

struct lock {
	intptr_t handle;
	char *path;
};

/* Line by line, so that it can be read by eye too: pid, host, since, command. */
static void describe_us(const struct lock_opts *opts, struct str *text)
{
	AUTO(str) host = STR_INIT;
	char now[CLOCK_TEXT_SIZE];
	user_host_name(&host);
	clock_format(clock_wall_ns(), now);
	str_addf(text, "pid %" PRId64 "\nhost %s\nsince %s\n", proc_self(), host.ptr, now);
	if (opts->command)
		str_addf(text, "command %s\n", opts->command);
}

/* The rest of the line that starts with `key`. */
static bool field(const char *text, const char *key, struct view *ret_value)
{
	struct view rest = view_of(text), line;
	size_t len = strlen(key);
	while (view_split(&rest, '\n', &line)) {
		if (line.len > len && memcmp(line.ptr, key, len) == 0) {
			*ret_value = (struct view){ line.ptr + len, line.len - len };
			return true;
		}
	}
	return false;
}

static void add_field(struct str *out, const char *text, const char *key, const char *before,
                      const char *after)
{
	struct view value;
	if (!field(text, key, &value))
		return;
	str_addz(out, before);
	str_add(out, value.ptr, value.len);
	str_addz(out, after);
}

static err *conflict(const struct lock *lock, const struct lock_opts *opts)
{
	char text[HOLDER_MAX];
	AUTO(str) holder = STR_INIT;
	lock_os_read(lock->handle, text, sizeof(text));
	add_field(&holder, text, "pid ", "pid ", "");
	add_field(&holder, text, "host ", " on ", "");
	add_field(&holder, text, "since ", " since ", "");
	add_field(&holder, text, "command ", " (", ")");
	err *e = err_new(ERR_CONFLICT, "cannot lock %s: locked by %s",
	                 opts->what ? opts->what : lock->path,
	                 holder.len ? holder.ptr : "another process");
	return err_hint(e, "wait until it is done; the lock goes away with that process");
}

static bool is_cancelled(const struct lock_opts *opts)
{
	return opts->cancel && atomic_load(opts->cancel) != 0;
}

static err *wait_for(struct lock *lock, const struct lock_opts *opts)
{
	int64_t waited = 0;
	for (;;) {
		bool is_taken = false;
		TRY(lock_os_try(lock->handle, lock->path, &is_taken));
		if (is_taken)
			return NULL;
		if (is_cancelled(opts))
			return err_new(ERR_CANCELLED, "cancelled while waiting for the lock of %s",
			               opts->what ? opts->what : lock->path);
		if (opts->wait_ms >= 0 && waited >= opts->wait_ms)
			return conflict(lock, opts);
		clock_sleep_ms(WAIT_STEP_MS);
		waited += WAIT_STEP_MS;
	}
}

err *lock_take(const char *path, const struct lock_opts *opts, struct lock **ret_lock)
{
	intptr_t handle;
	TRY(lock_os_open(path, &handle));
	AUTOPTR(lock) lock = MEM_NEW(struct lock);
	lock->handle = handle;
	lock->path = mem_strdup(path);
	err *e = wait_for(lock, opts);
	if (e)
		return e;
	AUTO(str) text = STR_INIT;
	describe_us(opts, &text);
	TRY(lock_os_write(handle, path, view_str(&text)));
	*ret_lock = steal(&lock);
	return NULL;
}

void lock_free(struct lock *lock)
{
	if (!lock)
		return;
	lock_os_close(lock->handle);
	mem_free(lock->path);
	mem_free(lock);
}
