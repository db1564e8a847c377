#include "base/base.h"

#include "pal/proc.h"

#include <signal.h>

#include "base/num.h"
#include "pal/fs.h"

void proc_result_clear(struct proc_result *result)
{
	str_clear(&result->out);
	str_clear(&result->err);
	*result = (struct proc_result)PROC_RESULT_INIT;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct view trim(struct view text)
{
	while (text.len && is_blank(text.ptr[text.len - 1]))
		text.len--;
	while (text.len && is_blank(text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	return text;
}

/* The last line that says something: programs put the reason there. */
static struct view last_line(const struct str *text)
{
	enum { SHOWN_MAX = 400 };
	struct view line = trim(view_str(text));
	for (size_t i = line.len; i > 0; i--) {
		if (line.ptr[i - 1] == '\n') {
			line.ptr += i;
			line.len -= i;
			break;
		}
	}
	line = trim(line);
	if (line.len > SHOWN_MAX)
		line.len = SHOWN_MAX;
	return line;
}

static err *with_last_line(const struct proc_result *result, err *take_e)
{
	struct view line = last_line(result->err.len ? &result->err : &result->out);
	if (line.len == 0)
		return take_e;
	err *e =
		err_new(err_kind(take_e), "%s: %.*s", err_message(take_e), (int)line.len, line.ptr);
	err_free(take_e);
	return e;
}

err *proc_result_err(const struct proc_result *result, const char *name)
{
	err *e;
	if (result->cancelled)
		return err_new(ERR_CANCELLED, "'%s' was stopped", name);
	if (result->timed_out)
		e = err_new(ERR_TIMEOUT, "'%s' did not end in time", name);
	else if (result->signal)
		e = err_new(ERR_INVALID, "'%s' was ended by signal %s", name,
		            proc_signal_name(result->signal));
	else if (result->exit_code != 0)
		e = err_new(ERR_INVALID, "'%s' exited with %d", name, result->exit_code);
	else
		return NULL;
	return with_last_line(result, e);
}

err *proc_parse_pid(struct view text, int64_t *ret_pid)
{
	struct view rest = trim(text), line = { "", 0 };
	view_split(&rest, '\n', &line);
	struct view digits = trim(line);
	int64_t pid;
	if (digits.len == 0 || !num_parse_i64(digits.ptr, digits.len, &pid) || pid <= 1 ||
	    pid > INT32_MAX)
		return err_new(ERR_INVALID, "'%.*s' is no process id", (int)MIN(digits.len, 40),
		               digits.len ? digits.ptr : "");
	*ret_pid = pid;
	return NULL;
}

/* --- signal names; numbers differ between systems, so they come from <signal.h> --- */

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "INT", SIGINT },   { "TERM", SIGTERM },   { "ABRT", SIGABRT },     { "FPE", SIGFPE },
	{ "ILL", SIGILL },   { "SEGV", SIGSEGV },
#ifndef _WIN32
	{ "HUP", SIGHUP },   { "KILL", SIGKILL },   { "QUIT", SIGQUIT },     { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 }, { "ALRM", SIGALRM },   { "PIPE", SIGPIPE },     { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "STOP", SIGSTOP },   { "TSTP", SIGTSTP },     { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "WINCH", SIGWINCH }, { "BUS", SIGBUS },       { "TRAP", SIGTRAP },
	{ "URG", SIGURG },   { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },     { "IO", SIGIO },
	{ "SYS", SIGSYS },   { "PROF", SIGPROF },   { "VTALRM", SIGVTALRM },
#else
	/* only KILL and TERM do something there; the others are known so that we can say so */
	{"HUP", 1}, {"QUIT", 3}, {"KILL", 9}, {"USR1", 10}, {"USR2", 12},
#endif
};

err *proc_signal_number(const char *name, int *ret_number)
{
	const char *bare = str_starts(name, "SIG") ? name + 3 : name;
	uint64_t number = 0;
	bool is_number = num_parse_u64(name, strlen(name), 10, &number) && *name;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		bool is_it = is_number ? (uint64_t)signals[i].number == number
		                       : str_equal(signals[i].name, bare);
		if (is_it) {
			*ret_number = signals[i].number;
			return NULL;
		}
	}
	return err_hint(err_new(ERR_INVALID, "there is no signal '%s'", name),
	                "use a name such as HUP, TERM or USR1");
}

const char *proc_signal_name(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "?";
}
