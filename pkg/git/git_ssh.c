/*
 * git over the user's own ssh: one child whose stdin and stdout are the conversation. ssh checks
 * the host key and finds the user's keys; what it says goes into our error.
 */
#include "base/base.h"

#include "git/git_private.h"

#include "base/path.h"
#include "pal/pipe.h"

struct ssh_transport {
	git_smart_subtransport parent; /* first: libgit2 knows us by it */
	struct repo_session *session;
	struct pipe_child *child;
	git_smart_subtransport_stream stream;
};

/* Where to connect and what to open there. */
struct ssh_address {
	char *target; /* [user@]host */
	char *port;   /* NULL: ssh's own */
	char *path;
};

static void ssh_address_clear(struct ssh_address *address)
{
	mem_free(address->target);
	mem_free(address->port);
	mem_free(address->path);
}

static void parse_authority(const char *text, size_t len, struct ssh_address *address)
{
	AUTO(str) target = STR_INIT;
	size_t host = 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '@')
			host = i + 1;
	if (host > 0) { /* a password in the address is of no use to ssh */
		repo_url_decode(text, MIN(strcspn(text, ":@"), host - 1), &target);
		str_addch(&target, '@');
	}
	size_t end = host;
	bool is_literal = end < len && text[end] == '[';
	while (end < len && text[end] != (is_literal ? ']' : ':'))
		end++;
	str_add(&target, text + host + is_literal, end - host - is_literal);
	end += is_literal;
	if (end + 1 < len && text[end] == ':')
		address->port = mem_strndup(text + end + 1, len - end - 1);
	address->target = str_detach(&target);
}

/* repo_url_parse has checked it: ssh://authority/path or user@host:path. */
static void parse_address(const char *url, struct ssh_address *address)
{
	if (str_starts(url, "ssh://")) {
		const char *start = url + strlen("ssh://");
		size_t len = strcspn(start, "/");
		parse_authority(start, len, address);
		const char *path = start + len;
		AUTO(str) decoded = STR_INIT;
		path += str_starts(path, "/~");
		repo_url_decode(path, strlen(path), &decoded);
		address->path = str_detach(&decoded);
		return;
	}
	size_t colon = strcspn(url, "@");
	colon += strcspn(url + colon, "[:") == 1 ? strcspn(url + colon, "]") : 0;
	colon += strcspn(url + colon, ":");
	parse_authority(url, colon, address);
	address->path = mem_strdup(url + colon + (url[colon] == ':'));
}

/* The user's ssh: a command line for the shell, or one program. */
static err *find_command(char **ret_command, bool *ret_is_shell)
{
	const char *line = getenv("GIT_SSH_COMMAND");
	const char *program = getenv("GIT_SSH");
	*ret_is_shell = false;
	if (line && *line) {
		*ret_is_shell = true;
		*ret_command = mem_strdup(line);
	} else if (program && *program) {
		*ret_command = mem_strdup(program);
	} else {
		TRY(repo_user_setting("core.sshCommand", ret_command));
		*ret_is_shell = *ret_command != NULL;
		if (!*ret_command)
			*ret_command = mem_strdup("ssh");
	}
	return NULL;
}

static bool needs_shell(const char *line)
{
	return strpbrk(line, "|&;<>()$`\\\"'\t\n*?[#~=%") != NULL;
}

/*
 * git hands such a line to the shell, so quotes in it work; it is the user's own setting, never
 * part of a repository. Lines without special characters need no shell.
 */
static void add_command(struct strs *argv, const char *command, bool is_shell)
{
	if (!is_shell) {
		strs_push(argv, command);
	} else if (needs_shell(command)) {
		strs_push(argv, "sh");
		strs_push(argv, "-c");
		strs_pushf(argv, "%s \"$@\"", command);
		strs_push(argv, command);
	} else {
		struct view rest = view_of(command), word;
		while (view_split(&rest, ' ', &word))
			if (word.len > 0)
				strs_push_take(argv, mem_strndup(word.ptr, word.len));
	}
}

static bool is_openssh(const char *command)
{
	AUTOFREE char *program = mem_strndup(command, strcspn(command, " "));
	for (char *c = program; *c; c++)
		if (*c == '\\')
			*c = '/';
	const char *name = path_base(program);
	return str_equal(name, "ssh") || str_equal(name, "ssh.exe");
}

static void add_options(struct strs *argv, const struct repo_session *session, const char *command,
                        const struct ssh_address *address)
{
	const struct repo_options *options = session->options;
	bool is_plink = strstr(command, "plink") || strstr(command, "putty");
	if (is_openssh(command) && options->no_input)
		strs_push(argv, "-oBatchMode=yes");
	if (is_openssh(command) && !options->deadline_ns) {
		strs_push(argv, "-oConnectTimeout=30");
		strs_push(argv, "-oServerAliveInterval=30");
	}
	if (address->port) {
		strs_push(argv, is_plink ? "-P" : "-p");
		strs_push(argv, address->port);
	}
	strs_push(argv, address->target);
}

/* The other side hands this to a shell: the path in single quotes, as git quotes it. */
static char *remote_command(const char *path)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, "git-upload-pack '");
	for (; *path; path++) {
		if (*path == '\'' || *path == '!')
			str_addf(&text, "'\\%c'", *path);
		else
			str_addch(&text, *path);
	}
	str_addch(&text, '\'');
	return str_detach(&text);
}

static err *start(struct ssh_transport *transport)
{
	struct repo_session *session = transport->session;
	struct ssh_address address __attribute__((cleanup(ssh_address_clear))) = { 0 };
	AUTOFREE char *command = NULL;
	bool is_shell = false;
	TRY(find_command(&command, &is_shell));
	parse_address(session->url, &address);
	if (address.path[0] == '-' || address.target[0] == '-')
		return err_new(ERR_REFUSED, "the address looks like an option of ssh");

	AUTO(strs) argv = STRS_INIT;
	add_command(&argv, command, is_shell);
	add_options(&argv, session, command, &address);
	strs_push_take(&argv, remote_command(address.path));

	const char *const env[] = { "GIT_DIR", "GIT_PROTOCOL", NULL };
	const char **list = mem_zalloc(argv.len + 1, sizeof *list);
	for (size_t i = 0; i < argv.len; i++)
		list[i] = argv.ptr[i];
	struct pipe_opts opts = {
		.argv = list,
		.env = env,
		.deadline_ns = session->options->deadline_ns,
		.cancel = session->options->cancel,
		.may_ask = !session->options->no_input,
	};
	err *e = pipe_open(&opts, &transport->child);
	mem_free(list);
	if (err_is(e, ERR_NOT_FOUND))
		e = err_hint(err_as(e, ERR_UNSUPPORTED), "install ssh, or use an https:// address");
	return e;
}

struct ssh_message {
	const char *part; /* of what ssh or git on the other side say */
	enum err_kind kind;
	const char *text;
	const char *hint;
};

static const struct ssh_message messages[] = {
	{ "REMOTE HOST IDENTIFICATION HAS CHANGED", ERR_AUTH,
	  "the host key is not the one known from before: somebody may be in between",
	  "if the host was really set up anew, remove its old key with 'ssh-keygen -R <host>'" },
	{ "Host key verification failed", ERR_AUTH, "the host key is not known",
	  "connect once with 'ssh' and compare the fingerprint, or add the key to known_hosts" },
	{ "Permission denied (", ERR_AUTH, "the server did not accept any of your keys",
	  "'ssh-add -l' lists the keys that are offered; the server must know one of them" },
	{ "Could not resolve hostname", ERR_UNAVAILABLE, "the host name cannot be resolved", NULL },
	{ "Connection refused", ERR_UNAVAILABLE, "the connection was refused", NULL },
	{ "Connection timed out", ERR_UNAVAILABLE, "the host does not answer", NULL },
	{ "No route to host", ERR_UNAVAILABLE, "there is no way to the host", NULL },
	{ "Network is unreachable", ERR_UNAVAILABLE, "there is no network", NULL },
	{ "does not appear to be a git repository", ERR_NOT_FOUND,
	  "there is no repository at this path",
	  "check the address; servers also say this to those who may not read it" },
	{ "epository not found", ERR_NOT_FOUND, "there is no repository at this path",
	  "check the address; servers also say this to those who may not read it" },
	{ "dubious ownership", ERR_DENIED, "on the server the repository belongs to another user",
	  NULL },
};

/* The last line ssh wrote that is not decoration, cut to what fits into a message. */
static struct view last_line(const struct str *text)
{
	struct view rest = view_str(text), line, last = { "", 0 };
	while (view_split(&rest, '\n', &line)) {
		while (line.len > 0 &&
		       (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == ' '))
			line.len--;
		if (line.len > 0 && line.ptr[0] != '@')
			last = line;
	}
	last.len = MIN(last.len, (size_t)300);
	return last;
}

static err *explain(const struct str *errors, int exit_code)
{
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		if (!strstr(errors->ptr, messages[i].part))
			continue;
		err *e = err_new(messages[i].kind, "%s", messages[i].text);
		return messages[i].hint ? err_hint(e, "%s", messages[i].hint) : e;
	}
	struct view line = last_line(errors);
	if (line.len > 0)
		return err_new(ERR_UNAVAILABLE, "ssh said: %.*s", (int)line.len, line.ptr);
	return err_new(ERR_UNAVAILABLE, "ssh ended with status %d and said nothing", exit_code);
}

/* The child closed its end although more was expected: it has said why on stderr. */
static err *ended_early(struct ssh_transport *transport)
{
	AUTO(str) errors = STR_INIT;
	int exit_code = pipe_finish(transport->child, 2000, &errors);
	pipe_free(steal(&transport->child));
	return explain(&errors, exit_code);
}

static struct ssh_transport *transport_of(git_smart_subtransport_stream *stream)
{
	return (struct ssh_transport *)(void *)stream->subtransport;
}

static int stream_read(git_smart_subtransport_stream *stream, char *buffer, size_t buffer_size,
                       size_t *ret_len)
{
	struct ssh_transport *transport = transport_of(stream);
	struct repo_session *session = transport->session;
	if (!transport->child)
		return repo_session_fail(session, err_new(ERR_UNAVAILABLE, "ssh has ended"));
	err *e = pipe_read(transport->child, buffer, buffer_size, ret_len);
	if (!e && *ret_len == 0)
		e = ended_early(transport);
	return e ? repo_session_fail(session, e) : 0;
}

static int stream_write(git_smart_subtransport_stream *stream, const char *buffer, size_t len)
{
	struct ssh_transport *transport = transport_of(stream);
	struct repo_session *session = transport->session;
	if (!transport->child)
		return repo_session_fail(session, err_new(ERR_UNAVAILABLE, "ssh has ended"));
	err *e = pipe_write(transport->child, buffer, len);
	if (!e)
		return 0;
	if (err_is(e, ERR_TIMEOUT) || err_is(e, ERR_CANCELLED))
		return repo_session_fail(session, e);
	err_ignore(e, "ssh itself knows better why it does not read any more");
	return repo_session_fail(session, ended_early(transport));
}

static void stream_free(git_smart_subtransport_stream *stream)
{
	(void)stream; /* part of the transport */
}

static int transport_action(git_smart_subtransport_stream **ret_stream,
                            git_smart_subtransport *parent, const char *url,
                            git_smart_service_t service)
{
	(void)url;
	struct ssh_transport *transport = (struct ssh_transport *)(void *)parent;
	if (service == GIT_SERVICE_UPLOADPACK_LS) {
		err *e = start(transport);
		if (e)
			return repo_session_fail(transport->session, e);
	} else if (service != GIT_SERVICE_UPLOADPACK) {
		return repo_session_fail(transport->session,
		                         err_new(ERR_INTERNAL, "fettle does not push"));
	}
	*ret_stream = &transport->stream;
	return 0;
}

static int transport_close(git_smart_subtransport *parent)
{
	struct ssh_transport *transport = (struct ssh_transport *)(void *)parent;
	AUTO(str) errors = STR_INIT;
	if (transport->child)
		(void)pipe_finish(transport->child, 200, &errors);
	pipe_free(steal(&transport->child));
	return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
	struct ssh_transport *transport = (struct ssh_transport *)(void *)parent;
	pipe_free(transport->child);
	mem_free(transport);
}

int repo_ssh_subtransport(git_smart_subtransport **ret_transport, git_transport *owner,
                          void *session)
{
	(void)owner;
	struct ssh_transport *transport = MEM_NEW(struct ssh_transport);
	transport->parent.action = transport_action;
	transport->parent.close = transport_close;
	transport->parent.free = transport_free;
	transport->stream.subtransport = &transport->parent;
	transport->stream.read = stream_read;
	transport->stream.write = stream_write;
	transport->stream.free = stream_free;
	transport->session = session;
	*ret_transport = &transport->parent;
	return 0;
}
