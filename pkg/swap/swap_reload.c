#include "base/base.h"

#include "swap/swap_private.h"

#include "http/http.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/sock.h"

enum {
	WITHIN_MS = 10000,
	EVERY_MS = 100,
	LOOK_MS = 3000, /* one look at the health */
	ANSWER_BYTES = 1 << 16,
};

static bool is_cancelled(const struct swap_run *run)
{
	return run->cancel && atomic_load(run->cancel);
}

/* --- by HTTP and sockets --- */

static err *ask_http(const struct swap_run *run, const char *url, const char *method,
                     int64_t timeout_ms)
{
	struct http_client *client = NULL;
	struct http_response response = { .body = STR_INIT, .headers = STR_INIT };
	struct http_options options = { .cancel = run->cancel };
	struct http_request request = { .url = url, .method = method, .timeout_ms = timeout_ms };
	TRY(http_client_new(&options, &client));
	err *e = http_do(client, &request, ANSWER_BYTES, &response);
	if (!e && (response.status < 200 || response.status > 299)) {
		str_reset(&run->report->output);
		str_add_str(&run->report->output, &response.body);
		e = err_new(ERR_INVALID, "'%s' answers %d", url, response.status);
	}
	http_response_clear(&response);
	http_client_free(client);
	return e;
}

/* What the other side says until it closes or stops talking. */
static void read_answer(pal_handle conn, struct str *answer, int64_t timeout_ms)
{
	struct deadline deadline = deadline_after(timeout_ms);
	char buf[4096];
	for (;;) {
		size_t len = 0;
		enum sock_state state = SOCK_END;
		err *e = sock_read(conn, buf, sizeof(buf), &len, &state);
		if (e || state == SOCK_END || answer->len > SWAP_MAX_OUTPUT_BYTES) {
			err_free(e);
			return;
		}
		if (state == SOCK_OK)
			str_add(answer, buf, len);
		else if (deadline_is_over(deadline) || answer->len)
			return;
		else
			clock_sleep_ms(5);
	}
}

static err *send_text(const struct swap_run *run, const char *address, const char *text,
                      int64_t timeout_ms)
{
	pal_handle conn;
	size_t sent = 0, len = strlen(text);
	struct deadline deadline = deadline_after(timeout_ms);
	TRY(sock_connect(address, (int)MIN(timeout_ms, (int64_t)INT32_MAX), &conn));
	err *e = NULL;
	while (sent < len && !e) {
		size_t count = 0;
		enum sock_state state;
		e = sock_write(conn, text + sent, len - sent, &count, &state);
		sent += count;
		if (!e && count == 0 && (state == SOCK_END || deadline_is_over(deadline)))
			e = err_new(ERR_UNAVAILABLE, "'%s' does not take the text", address);
		if (!e && count == 0)
			clock_sleep_ms(5);
	}
	if (!e) {
		str_reset(&run->report->output);
		read_answer(conn, &run->report->output, timeout_ms);
	}
	sock_close(conn);
	return e;
}

static err *check_tcp(const char *address)
{
	pal_handle conn;
	TRY(sock_connect(address, LOOK_MS, &conn));
	sock_close(conn);
	return NULL;
}

/* --- reload --- */

/* No such process: the daemon finds the new files when it starts. */
static err *send_signal(struct swap_run *run, const struct swap_reload *reload)
{
	err *e = proc_signal_pid_file(reload->pid_file, reload->signal);
	run->is_down = e && err_is(e, ERR_NOT_FOUND);
	if (!run->is_down)
		return e;
	err_ignore(e, "nothing runs yet");
	return NULL;
}

static err *run_systemctl(struct swap_run *run, const char *verb, const char *unit,
                          int64_t timeout_ms)
{
	const char *const argv[] = { "systemctl", verb, "--", unit, NULL };
	struct swap_command command = { argv, timeout_ms };
	return swap_run_command(run, &command, verb);
}

err *swap_do_reload(struct swap_run *run)
{
	const struct swap_reload *reload = &run->group->reload;
	int64_t timeout_ms = reload->timeout_ms ? reload->timeout_ms : SWAP_TIMEOUT_MS;
	const char *method = reload->method ? reload->method : "POST";
	switch (reload->kind) {
	case SWAP_RELOAD_NONE:
		return NULL;
	case SWAP_RELOAD_SIGNAL:
		return send_signal(run, reload);
	case SWAP_RELOAD_COMMAND:
		return swap_run_command(run, &reload->command, "reload");
	case SWAP_RELOAD_HTTP:
		return ask_http(run, reload->url, method, timeout_ms);
	case SWAP_RELOAD_SOCKET:
		return send_text(run, reload->address, reload->text, timeout_ms);
	case SWAP_RELOAD_UNIT:
		return run_systemctl(run, "reload-or-restart", reload->unit, timeout_ms);
	case SWAP_RELOAD_CALL:
		return reload->call(reload->ctx);
	}
	return NULL;
}

/* --- health --- */

static err *check_alive(const char *pid_file)
{
	AUTO(str) text = STR_INIT;
	int64_t pid = 0;
	TRY(fs_read_file(pid_file, 64, &text));
	TRY(proc_parse_pid(view_str(&text), &pid));
	return proc_is_alive(pid) ? NULL
	                          : err_new(ERR_UNHEALTHY, "process %" PRId64 " of '%s' is gone",
	                                    pid, pid_file);
}

static err *look(struct swap_run *run)
{
	const struct swap_health *health = &run->group->health;
	struct swap_command command = health->command;
	switch (health->kind) {
	case SWAP_HEALTH_NONE:
		return NULL;
	case SWAP_HEALTH_COMMAND:
		command.timeout_ms = command.timeout_ms ? command.timeout_ms : LOOK_MS;
		return swap_run_command(run, &command, "health check");
	case SWAP_HEALTH_HTTP:
		return ask_http(run, health->url, "GET", LOOK_MS);
	case SWAP_HEALTH_TCP:
		return check_tcp(health->address);
	case SWAP_HEALTH_ALIVE:
		return check_alive(health->pid_file);
	case SWAP_HEALTH_UNIT:
		return run_systemctl(run, "is-active", health->unit, LOOK_MS);
	case SWAP_HEALTH_CALL:
		return health->call(health->ctx);
	}
	return NULL;
}

/* Well for its time without a break, which must begin within its time. */
err *swap_wait_health(struct swap_run *run)
{
	const struct swap_health *health = &run->group->health;
	struct deadline within = deadline_after(health->within_ms ? health->within_ms : WITHIN_MS);
	int64_t every_ms = health->every_ms ? health->every_ms : EVERY_MS, well_since_ms = 0;
	if (health->kind == SWAP_HEALTH_NONE || run->is_down)
		return NULL;
	for (;;) {
		err *e = look(run);
		int64_t now_ms = clock_monotonic_ms();
		if (!e) {
			well_since_ms = well_since_ms ? well_since_ms : now_ms;
			if (now_ms - well_since_ms >= health->for_ms)
				return NULL;
		} else if (deadline_is_over(within) || is_cancelled(run)) {
			return err_as(err_wrap(e, "'%s' is not healthy", run->group->name),
			              ERR_UNHEALTHY);
		} else {
			err_ignore(e, "it may take a moment, and an old process may still answer");
			well_since_ms = 0;
		}
		clock_sleep_ms(every_ms);
	}
}
