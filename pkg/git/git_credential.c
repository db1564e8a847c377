#include "base/base.h"

#include "git/git_private.h"

#include "pal/proc.h"

/* Helpers may open a window or ask a token service; a person needs time. */
static const int64_t helper_timeout_ms = 120000;

void repo_wipe(char **text)
{
	if (!*text)
		return;
	mem_wipe(*text, strlen(*text));
	mem_free(*text);
	*text = NULL;
}

static void wipe_str(struct str *text)
{
	volatile char *bytes = text->ptr;
	for (size_t i = 0; i < text->len; i++)
		bytes[i] = 0;
	str_clear(text);
}

/* What git-credential(1) wants to know; values with newlines cannot occur (repo_url_parse). */
static void describe(const struct repo_session *session, const char *url, struct str *text)
{
	const char *host = strstr(url, "://");
	if (!host)
		return;
	str_addf(text, "protocol=%.*s\n", (int)(host - url), url);
	host += 3;
	size_t host_len = strcspn(host, "/");
	const char *at = memchr(host, '@', host_len);
	if (at) {
		host_len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	str_addf(text, "host=%.*s\n", (int)host_len, host);
	if (host[host_len] == '/')
		str_addf(text, "path=%s\n", host + host_len + 1);
	if (session->user)
		str_addf(text, "username=%s\n", session->user);
}

static err *run_git(const struct repo_session *session, const char *verb, const struct str *input,
                    struct proc_result *ret_result)
{
	const char *const argv[] = { "git", "credential", verb, NULL };
	static const char *const silent[] = { "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=",
		                              "SSH_ASKPASS=", "GCM_INTERACTIVE=never", NULL };
	bool no_input = session->options->no_input;
	struct proc_opts opts = {
		.argv = argv,
		.env = no_input ? silent : NULL,
		.input = { input->ptr, input->len },
		.timeout_ms = repo_time_left_ms(session->options, helper_timeout_ms),
		.cancel = session->options->cancel,
		/* in our process group it may ask on the terminal */
		.flags = no_input ? 0 : PROC_INHERIT_STDIN,
	};
	return proc_run(&opts, ret_result);
}

static void take_answer(struct repo_session *session, struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line)) {
		const char *equals = memchr(line.ptr, '=', line.len);
		if (!equals)
			continue;
		size_t name_len = (size_t)(equals - line.ptr);
		struct view name = { line.ptr, name_len };
		char **field = view_is(name, "username")   ? &session->user
		               : view_is(name, "password") ? &session->password
		                                           : NULL;
		if (!field)
			continue;
		repo_wipe(field);
		*field = mem_strndup(equals + 1, line.len - name_len - 1);
	}
}

err *repo_credential_fill(struct repo_session *session, const char *url)
{
	AUTO(str) input = STR_INIT;
	describe(session, url, &input);
	struct proc_result result = PROC_RESULT_INIT;
	err *e = run_git(session, "fill", &input, &result);
	if (!e && result.exit_code == 0) {
		take_answer(session, view_str(&result.out));
		session->has_asked = session->user && session->password;
	}
	bool is_cancelled = result.cancelled;
	wipe_str(&result.out);
	proc_result_clear(&result);
	if (is_cancelled)
		e = err_join(e,
		             err_new(ERR_CANCELLED, "asking git for credentials was interrupted"));
	if (err_is(e, ERR_CANCELLED))
		return e;
	err_ignore(e, "without git, or without a helper, the request fails as unauthorised");
	return NULL;
}

void repo_credential_tell(struct repo_session *session, const char *url, bool is_good)
{
	if (!session->has_asked || !session->user || !session->password)
		return;
	session->has_asked = false;
	AUTO(str) input = STR_INIT;
	describe(session, url, &input);
	str_addf(&input, "password=%s\n", session->password);
	struct proc_result result = PROC_RESULT_INIT;
	err_ignore(run_git(session, is_good ? "approve" : "reject", &input, &result),
	           "the helper only misses a hint");
	proc_result_clear(&result);
	wipe_str(&input);
}
