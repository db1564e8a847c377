#include "base/base.h"

#include "git/git_private.h"

#include <git2/sys/errors.h>

/* Let the user's url.<base>.insteadOf speak, as git would. */
static err *apply_instead_of(const char *url, char **ret_url)
{
	git_remote_create_options options;
	git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	git_remote *remote = NULL;
	int code = git_remote_create_with_opts(&remote, url, &options);
	if (code < 0)
		return repo_failure(code, "cannot use the address of the repository");
	*ret_url = mem_strdup(git_remote_url(remote));
	git_remote_free(remote);
	return NULL;
}

/* Move "user:password" out of an http address, so that it is sent only where it belongs. */
static void take_user_info(struct repo_session *session)
{
	char *host = strstr(session->url, "://");
	if (!host || !str_starts(session->url, "http"))
		return;
	host += 3;
	char *end = host + strcspn(host, "/");
	char *at = NULL;
	for (char *c = host; c < end; c++)
		if (*c == '@')
			at = c;
	if (!at)
		return;
	const char *colon = memchr(host, ':', (size_t)(at - host));
	size_t user_len = (size_t)((colon ? colon : at) - host);
	AUTO(str) user = STR_INIT;
	repo_url_decode(host, user_len, &user);
	session->user = str_detach(&user);
	if (colon) {
		repo_url_decode(colon + 1, (size_t)(at - colon - 1), &user);
		session->password = str_detach(&user);
	} else if (user_len >= 20) {
		/* Tokens are often written alone, in place of the user. */
		session->password = mem_strdup("");
	}
	memmove(host, at + 1, strlen(at + 1) + 1);
}

err *repo_session_init(struct repo_session *session, const char *url,
                       const struct repo_options *options)
{
	*session = (struct repo_session){ .options = options };
	TRY(repo_start());
	AUTOFREE char *real = NULL;
	TRY(apply_instead_of(url, &real));

	struct repo_url parts = { 0 };
	TRY(repo_url_parse(real, &parts));
	session->url = steal(&parts.url);
	session->display = steal(&parts.display);
	session->is_local = parts.is_local;
	repo_url_clear(&parts);
	take_user_info(session);
	return NULL;
}

void repo_session_clear(struct repo_session *session)
{
	repo_wipe(&session->url);
	mem_free(session->display);
	mem_free(session->base_url);
	repo_wipe(&session->user);
	repo_wipe(&session->password);
	err_free(session->failure);
	*session = (struct repo_session){ 0 };
}

int repo_session_fail(struct repo_session *session, err *take_e)
{
	git_error_set_str(GIT_ERROR_NET, err_message(take_e));
	session->has_failed = true;
	if (session->failure)
		err_free(take_e);
	else
		session->failure = take_e;
	return -1;
}

err *repo_session_error(struct repo_session *session, int code, const char *verb)
{
	if (session->failure)
		return err_wrap(steal(&session->failure), "cannot %s '%s'", verb, session->display);
	return repo_failure(code, "cannot %s '%s'", verb, session->display);
}

static int choose_transport(git_transport **ret_transport, git_remote *owner, void *payload)
{
	struct repo_session *session = payload;
	if (session->is_local)
		return git_transport_local(ret_transport, owner, NULL);
	bool is_http = str_starts(session->url, "http");
	if (is_http && !session->options->http)
		return repo_session_fail(
			session, err_new(ERR_UNSUPPORTED, "there is no HTTP client at hand"));
	git_smart_subtransport_definition definition = { is_http ? repo_http_subtransport
		                                                 : repo_ssh_subtransport,
		                                         is_http, session };
	return git_transport_smart(ret_transport, owner, &definition);
}

static int on_transfer(const git_indexer_progress *stats, void *payload)
{
	struct repo_session *session = payload;
	const struct repo_options *options = session->options;
	err *e = repo_check_time(options, "fetching");
	if (e)
		return repo_session_fail(session, e);
	if (!options->on_progress)
		return 0;
	bool is_resolving =
		stats->total_deltas > 0 && stats->received_objects == stats->total_objects;
	struct repo_progress progress = {
		.phase = is_resolving ? "resolving" : "receiving",
		.done = is_resolving ? stats->indexed_deltas : stats->received_objects,
		.total = is_resolving ? stats->total_deltas : stats->total_objects,
		.received_bytes = stats->received_bytes,
	};
	options->on_progress(options->context, &progress);
	return 0;
}

static int on_sideband(const char *text, int len, void *payload)
{
	(void)text;
	(void)len;
	struct repo_session *session = payload;
	err *e = repo_check_time(session->options, "fetching");
	return e ? repo_session_fail(session, e) : 0;
}

void repo_session_callbacks(struct repo_session *session, git_remote_callbacks *callbacks)
{
	callbacks->transport = choose_transport;
	callbacks->transfer_progress = on_transfer;
	callbacks->sideband_progress = on_sideband;
	callbacks->payload = session;
}

err *repo_session_connect(struct repo_session *session, git_repository *repository,
                          git_remote **ret_remote)
{
	const struct repo_options *options = session->options;
	TRY(repo_check_time(options, "connecting"));
	if (options->on_progress)
		options->on_progress(options->context,
		                     &(struct repo_progress){ .phase = "connecting" });

	git_remote_create_options create;
	git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	create.repository = repository;
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	git_remote *remote = NULL;
	int code = git_remote_create_with_opts(&remote, session->url, &create);
	if (code < 0)
		return repo_failure(code, "cannot use the address '%s'", session->display);

	git_remote_connect_options connect;
	git_remote_connect_options_init(&connect, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
	repo_session_callbacks(session, &connect.callbacks);
	code = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connect);
	if (code < 0) {
		err *e = repo_session_error(session, code, "connect to");
		git_remote_free(remote);
		return e;
	}
	*ret_remote = remote;
	return NULL;
}

err *repo_session_choose(struct repo_session *session, git_remote *remote, const char *ref,
                         struct repo_choice *ret_choice)
{
	const git_remote_head **heads = NULL;
	size_t count = 0;
	int code = git_remote_ls(&heads, &count, remote);
	if (code < 0)
		return repo_session_error(session, code, "list the refs of");
	struct repo_ref *refs = mem_zalloc(count + 1, sizeof *refs);
	for (size_t i = 0; i < count; i++)
		refs[i] = (struct repo_ref){ heads[i]->name, &heads[i]->oid,
			                     heads[i]->symref_target };
	err *e = repo_choose(refs, count, ref, session->display, ret_choice);
	mem_free(refs);
	return e;
}

static err *ask(struct repo_session *session, const char *ref, struct repo_choice *ret_choice)
{
	git_remote *remote = NULL;
	TRY(repo_session_connect(session, NULL, &remote));
	err *e = repo_session_choose(session, remote, ref, ret_choice);
	if (!e && ret_choice->is_prefix)
		e = err_new(ERR_NOT_FOUND, "no branch or tag of '%s' stands on commit '%s'",
		            session->display, ref);
	git_remote_free(remote);
	return e;
}

err *repo_ask(const char *url, const char *ref, const struct repo_options *options,
              char **ret_commit)
{
	if (ref && repo_is_full_id(ref)) { /* it is what it is */
		*ret_commit = mem_strdup(ref);
		return NULL;
	}
	struct repo_session session;
	struct repo_choice choice = { 0 };
	err *e = repo_session_init(&session, url, options);
	if (!e)
		e = ask(&session, ref, &choice);
	repo_session_clear(&session);
	if (!e) {
		*ret_commit = mem_alloc(GIT_OID_SHA1_HEXSIZE + 1);
		git_oid_tostr(*ret_commit, GIT_OID_SHA1_HEXSIZE + 1, &choice.commit);
	}
	repo_choice_clear(&choice);
	return e;
}
