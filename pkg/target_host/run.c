#include "base/base.h"

#include "target_host/internal.h"

#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/sig.h"

const char *const *host_argv(struct arena *arena, const struct val *list)
{
	if (!list)
		return NULL;
	const char **argv = arena_zalloc(arena, val_len(list) + 1, sizeof(*argv));
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		argv[i] = item->as.str.ptr;
	return argv;
}

int64_t host_duration(const struct val *spec, const char *name, int64_t fallback_ms)
{
	const struct val *v = val_get(spec, name);
	int64_t ms;
	if (val_is(v, VAL_STR) && schema_parse_duration(v->as.str.ptr, v->as.str.len, &ms))
		return ms;
	return fallback_ms;
}

/* The program's own limit or what is left of the whole run, whichever is shorter. */
static int64_t time_left_ms(const struct host *host, int64_t timeout_ms)
{
	int64_t deadline_ns = host->target.context->deadline_ns;
	if (!deadline_ns)
		return timeout_ms;
	/* Rounded up: a program that ends with the run must not seem to end before it. */
	int64_t left_ms = (deadline_ns - clock_monotonic_ns() + 999999) / 1000000;
	left_ms = MAX(left_ms, 1);
	return timeout_ms ? MIN(timeout_ms, left_ms) : left_ms;
}

err *host_run(const struct host *host, const struct host_program *program,
              struct proc_result *ret_result)
{
	VEC(const char *) env = VEC_INIT;
	AUTOFREE char *root = str_format("FETTLE_ROOT=%s", fs_root_path(host->root));
	for (size_t i = 0; program->env && program->env[i]; i++)
		vec_push(&env, program->env[i]);
	vec_push(&env, root);
	vec_push(&env, NULL);
	struct proc_opts opts = {
		.argv = program->argv,
		.env = env.ptr,
		.dir = program->dir,
		.timeout_ms = time_left_ms(host, program->timeout_ms),
		.cancel = cancel_flag(host->target.context->cancel),
		.flags = PROC_MERGE_STDERR,
	};
	err *e = proc_run(&opts, ret_result);
	vec_clear(&env);
	return e;
}

/* The last few lines that are not blank; people need more than one to see what was wrong. */
static void add_last_lines(const struct str *output, size_t limit, struct str *out)
{
	const char *end = output->ptr + output->len;
	while (end > output->ptr && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		end--;
	const char *start = end;
	for (size_t lines = 0; start > output->ptr; start--)
		if (start[-1] == '\n' && ++lines == limit)
			break;
	if (start == end)
		return;
	struct view rest = { start, (size_t)(end - start) }, line;
	bool has_several = memchr(rest.ptr, '\n', rest.len) != NULL;
	str_addz(out, ":");
	while (view_split(&rest, '\n', &line)) {
		str_addz(out, has_several ? "\n  " : " ");
		str_add(out, line.ptr, line.len);
	}
}

/* Its own limit is the program's failure; the deadline of the whole run is the run's. */
static bool is_run_over(const struct host *host)
{
	int64_t deadline_ns = host->target.context->deadline_ns;
	return deadline_ns && clock_monotonic_ns() >= deadline_ns;
}

err *host_run_err(const struct host *host, const struct proc_result *result, const char *name)
{
	if (!result->timed_out && !result->cancelled && !result->signal && result->exit_code == 0)
		return NULL;
	AUTO(str) words = STR_INIT;
	add_last_lines(&result->out, 6, &words);
	if (result->timed_out)
		return err_new(is_run_over(host) ? ERR_TIMEOUT : ERR_IO, "'%s' took too long%s",
		               name, words.ptr);
	if (result->cancelled)
		return err_new(ERR_CANCELLED, "'%s' was stopped", name);
	if (result->signal)
		return err_new(ERR_IO, "'%s' was ended by signal %s%s", name,
		               proc_signal_name(result->signal), words.ptr);
	return err_new(ERR_IO, "'%s' exited with %d%s", name, result->exit_code, words.ptr);
}

err *host_run_ok(const struct host *host, const struct host_program *program)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	TRY(host_run(host, program, &result));
	return host_run_err(host, &result, program->argv[0]);
}

void host_argv_text(const char *const *argv, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_ONE_LINE);
	json_begin_array(&w);
	for (size_t i = 0; argv[i]; i++)
		json_text(&w, argv[i]);
	json_end_array(&w);
}
