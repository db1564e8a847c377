/*
 * What the files of this module share: starting libgit2, turning its errors
 * into ours, and the state of one exchange with a remote.
 */
#ifndef GIT_GIT_PRIVATE_H
#define GIT_GIT_PRIVATE_H

#include "git/git.h"

#include <git2.h>
#include <git2/sys/transport.h>

struct repo {
	git_repository *handle;
	char *path;
};

/* Start libgit2, once per process; cheap when it runs already. */
NODISCARD err *repo_start(void);

/* An error from libgit2's return code and last message: "<format>: <libgit2's text>". */
NODISCARD err *repo_failure(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* NULL while the operation may go on, else TIMEOUT or CANCELLED. */
NODISCARD err *repo_check_time(const struct repo_options *options, const char *what);

/* Milliseconds left until the deadline: at least 1; `fallback_ms` when there is none. */
int64_t repo_time_left_ms(const struct repo_options *options, int64_t fallback_ms);

struct repo_choice;

/* One conversation with a remote. Callbacks of libgit2 leave their error in `failure`. */
struct repo_session {
	const struct repo_options *options;
	char *url;     /* as git's settings rewrite it, without the user info of http */
	char *display; /* without password */
	err *failure;
	bool has_failed; /* there was a failure at some time: the other side or the way to it is at fault */
	char *base_url; /* http: after redirects; NULL = url */
	char *user;
	char *password;
	bool has_asked; /* credentials came from the helper: approve or reject them */
	bool is_local;
};

NODISCARD err *repo_session_init(struct repo_session *session, const char *url,
                                 const struct repo_options *options);
void repo_session_clear(struct repo_session *session);

/* Keep `take_e` as the reason unless there is one already; returns -1 for libgit2. */
int repo_session_fail(struct repo_session *session, err *take_e);

/* `session->failure` when there is one, else libgit2's; "cannot <verb> '<url>': …". */
NODISCARD err *repo_session_error(struct repo_session *session, int code, const char *verb);

/* Our transports, progress, deadline and cancellation. */
void repo_session_callbacks(struct repo_session *session, git_remote_callbacks *callbacks);

/* Connect and learn the refs; `repository` may be NULL when nothing is fetched. */
NODISCARD err *repo_session_connect(struct repo_session *session, git_repository *repository,
                                    git_remote **ret_remote);
/* repo_choose among the refs of a connected remote. */
NODISCARD err *repo_session_choose(struct repo_session *session, git_remote *remote,
                                   const char *ref, struct repo_choice *ret_choice);

/* The http(s) subtransport; `session` is a struct repo_session. */
int repo_http_subtransport(git_smart_subtransport **ret_transport, git_transport *owner,
                           void *session);
int repo_ssh_subtransport(git_smart_subtransport **ret_transport, git_transport *owner,
                          void *session);

/* Ask git's credential helpers; leaves user and password NULL when there are none. */
NODISCARD err *repo_credential_fill(struct repo_session *session, const char *url);
/* Tell the helpers whether what they gave was right. */
void repo_credential_tell(struct repo_session *session, const char *url, bool is_good);

/* Append with %41 decoded. */
void repo_url_decode(const char *text, size_t len, struct str *out);

/* Overwrite and free. */
void repo_wipe(char **text);

/* A ref as a remote, or a repository, advertises it. */
struct repo_ref {
	const char *name;   /* full: refs/heads/main, HEAD */
	const git_oid *id;  /* of a tag: the tag object */
	const char *target; /* of a symbolic ref, else NULL */
};

struct repo_choice {
	char *name;     /* full name; NULL when a commit id was given */
	git_oid id;     /* what to fetch; for an annotated tag the tag object */
	git_oid commit; /* peeled */
	bool is_prefix; /* nothing advertised: `ref` may be the beginning of a commit id */
};
void repo_choice_clear(struct repo_choice *choice);

/*
 * Which of `refs` does `ref` name (NULL: HEAD)? NOT_FOUND with near names, INVALID when a branch
 * and a tag share the name.
 */
NODISCARD err *repo_choose(const struct repo_ref *refs, size_t count, const char *ref,
                           const char *display, struct repo_choice *ret_choice);

/* repo_choose among the refs of a repository on this machine. */
NODISCARD err *repo_find(git_repository *repository, const char *ref, const char *display,
                         struct repo_commit *ret_commit);

/* Is it 40 hex digits? And: 7 to 40? */
bool repo_is_full_id(const char *ref);
bool repo_is_short_id(const char *ref);

/* "main" for refs/heads/main; NULL for NULL, HEAD and what is neither branch nor tag. */
const char *repo_short_ref(const char *name);

/* Author, date, subject of a commit. */
NODISCARD err *repo_read_commit(git_repository *repository, const git_oid *id, const char *ref,
                                struct repo_commit *ret_info);

#endif
