#include "base/base.h"

#include "session.h"

#include "base/path.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/random.h"
#include "kube/kube.h"
#include "pal/pool.h"
#include "pal/user.h"
#include "target_center/center_target.h"
#include "target_host/host.h"
#include "vault_common.h"

/* Each kept run makes what a target stores larger. */
enum { KEPT_RUNS_OF_IMAGE = 10 };

/* --- names --- */

/* The project around here, for completion, which never fails. */
static bool project_at_hand(struct app *app, struct arena *arena, struct project *project)
{
	const struct settings *settings;
	err *e = app_settings(app, &settings);
	const char *file = e ? NULL : settings_project_file(settings);
	if (!e && file)
		e = project_load(file, arena, project);
	bool is_there = !e && file;
	err_ignore(e, "completion never fails");
	return is_there;
}

void complete_environments(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)prefix;
	AUTO(arena) arena = ARENA_INIT;
	struct project project;
	if (!project_at_hand(app, &arena, &project))
		return;
	for (size_t i = 0; i < project.environment_count; i++)
		cli_candidate(out, project.environments[i].name, project.environments[i].path);
}

void complete_clusters(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)prefix;
	AUTO(arena) arena = ARENA_INIT;
	struct project project;
	if (!project_at_hand(app, &arena, &project))
		return;
	for (size_t i = 0; i < project.environment_count; i++)
		for (size_t k = 0; k < project.environments[i].cluster_count; k++)
			cli_candidate(out, project.environments[i].clusters[k].name,
			              project.environments[i].name);
}

static void add_context(void *context, const char *name)
{
	cli_candidate(context, name, NULL);
}

void complete_contexts(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)app, (void)prefix;
	struct arena arena = ARENA_INIT;
	err_ignore(kube_config_contexts(NULL, &arena, add_context, out), "completion never fails");
	arena_clear(&arena);
}

/* A folder named on the command line that has its own fettle.yaml is that project. */
static const char *project_file_in(struct arena *a, const char *path)
{
	if (str_equal(path, "-") || !fs_is_dir(path))
		return NULL;
	AUTOFREE char *file = path_join(path, PROJECT_FILE);
	return fs_exists(file) ? arena_strdup(a, file) : NULL;
}

/* As a person standing here would write it: messages name files by it. */
static const char *seen_from_here(struct arena *a, const char *path)
{
	AUTO(str) here = STR_INIT;
	err *e = fs_current_dir(&here);
	if (e) {
		err_ignore(e, "the absolute path does as well");
		return path;
	}
	if (str_equal(path, here.ptr))
		return ".";
	str_addch(&here, '/');
	return str_starts(path, here.ptr) ? arena_strdup(a, path + here.len) : path;
}

static err *use_one_cluster(struct session *session, const char *name)
{
	TRY(project_cluster(session->environment, name, &session->cluster));
	session->kube.kubeconfig = session->cluster->kubeconfig;
	session->kube.context = session->cluster->context;
	session->kube.name_space = session->cluster->name_space;
	return NULL;
}

static err *use_project(struct session *session, const char *file, const struct where_args *where)
{
	TRY(project_load(file, &session->arena, &session->project));
	session->has_project = true;
	TRY(project_environment(&session->project, where->env, &session->environment));
	session->name = arena_printf(&session->arena, "%s/%s", session->project.name,
	                             session->environment->name);
	session->path = seen_from_here(&session->arena, session->environment->path);
	session->root = session->environment->host_root;
	session->is_kubernetes = session->environment->is_kubernetes;
	session->center = session->environment->center;
	session->kube.kubeconfig = session->environment->kubeconfig;
	session->kube.context = session->environment->context;
	session->kube.name_space = session->environment->name_space;
	return where->cluster ? use_one_cluster(session, where->cluster) : NULL;
}

/* What is no part of the name: ".git" of a repository, ".yaml" of a file, nothing of a folder. */
static const char *name_suffix(const struct source_spec *spec, const char *base)
{
	if (spec->kind == SOURCE_GIT)
		return str_ends(base, ".git") ? ".git" : "";
	bool is_file = spec->kind == SOURCE_FILE || !fs_is_dir(spec->location);
	return is_file ? path_extension(base) : "";
}

/* "https://host/team/shop.git//envs/prod?ref=v1" → "shop/envs/prod"; "./deploy/" → "deploy". */
static err *name_from_path(struct session *session, const char *path)
{
	struct source_spec spec;
	TRY(source_parse(path, &spec));
	AUTO(str) absolute = STR_INIT;
	err *e = NULL;
	if (spec.kind == SOURCE_FOLDER || spec.kind == SOURCE_FILE)
		e = fs_absolute(spec.location, &absolute);
	else
		str_addz(&absolute, spec.location);
	while (absolute.len > 1 && str_ends(absolute.ptr, "/"))
		str_truncate(&absolute, absolute.len - 1);
	const char *base = spec.kind == SOURCE_STDIN ? "stdin" : path_base(absolute.ptr);
	size_t len = strlen(base) - strlen(name_suffix(&spec, base));
	session->name = arena_printf(&session->arena, "%.*s%s%s", (int)len, base,
	                             *spec.subdir ? "/" : "", spec.subdir);
	source_spec_clear(&spec);
	return e;
}

static err *no_source(const char *env)
{
	if (env)
		return err_hint(err_new(ERR_USAGE, "there is no %s here or above", PROJECT_FILE),
		                "'--env %s' names an environment of that file", env);
	return err_hint(err_new(ERR_USAGE, "nothing to work on: no PATH, and no %s here or above",
	                        PROJECT_FILE),
	                "name a folder, or start a project with 'fettle init'");
}

/* Exactly one kind of target may be named; --center stands above the environment. */
static err *use_center(struct session *session, const struct where_args *where, bool names_cluster)
{
	if (where->center && (where->root || names_cluster || where->cluster))
		return err_hint(err_new(ERR_USAGE,
		                        "a configuration center and another target cannot both be "
		                        "the target"),
		                "leave out --center, or --root, --context and its like");
	if (where->root || names_cluster)
		session->center = NULL;
	if (!where->center)
		return NULL;
	session->center = where->center;
	session->root = NULL;
	session->is_kubernetes = false;
	return NULL;
}

/* What the command line says of a cluster stands above the environment. */
static err *use_cluster(struct session *session, const struct where_args *where)
{
	struct kube_target_options *kube = &session->kube;
	bool is_said = where->context || where->name_space || where->kubeconfig || where->as_user ||
	               where->as_groups.len;
	if (is_said && session->root)
		return err_hint(err_new(ERR_USAGE, "a folder and a cluster cannot both be the target"),
		                where->root ? "leave out --root, or --context and its like"
		                            : "the environment's target is a folder; choose another one");
	if (where->cluster && !session->cluster)
		return err_hint(err_new(ERR_USAGE,
		                        "--cluster goes with an environment of several clusters"),
		                "--context names one of the kubeconfig");
	if (where->context && session->environment && session->environment->cluster_count)
		return err_hint(err_new(ERR_USAGE,
		                        "--context does not go with an environment of several "
		                        "clusters"),
		                "choose one of them with --cluster");
	if (where->as_groups.len && !where->as_user)
		return err_hint(err_new(ERR_USAGE, "--as-group goes with --as"), "name the user, too");
	TRY(use_center(session, where, is_said));
	if (where->root)
		session->is_kubernetes = false;
	session->is_kubernetes = session->is_kubernetes || is_said;
	if (where->context)
		kube->context = where->context;
	if (where->name_space)
		kube->name_space = where->name_space;
	if (where->kubeconfig)
		kube->kubeconfig = where->kubeconfig;
	kube->as_user = where->as_user;
	kube->as_groups = (const char *const *)where->as_groups.ptr;
	return NULL;
}

static err *resolve_names(struct session *session, const struct where_args *where)
{
	const char *file = where->is_literal ? NULL
	                   : where->path     ? project_file_in(&session->arena, where->path)
	                                     : settings_project_file(session->settings);
	if (file) {
		TRY(use_project(session, file, where));
	} else if (where->path && !where->env) {
		session->path = where->path;
		TRY(name_from_path(session, where->path));
	} else if (where->path) {
		return err_hint(err_new(ERR_USAGE, "--env goes with a %s, and '%s' has none",
		                        PROJECT_FILE, where->path), "leave one of the two out");
	} else if (!where->name) {
		return no_source(where->env);
	}
	if (where->root)
		session->root = where->root;
	if (where->name)
		session->name = where->name;
	return use_cluster(session, where);
}

static err *find_state_dir(struct session *session)
{
	AUTO(str) dir = STR_INIT;
	bool is_set = settings_place(session->settings, SETTING_STATE_DIR).origin !=
	              SETTING_FROM_DEFAULT;
	if (is_set) {
		str_addz(&dir, settings_text(session->settings, SETTING_STATE_DIR));
	} else if (session->root) {
		AUTOFREE char *joined = path_join(session->root, ".fettle");
		str_addz(&dir, joined);
	} else if (user_is_admin()) {
		TRY(dirs_system_state(&dir));
	} else {
		TRY(dirs_state(&dir));
	}
	session->state_dir = arena_strndup(&session->arena, dir.ptr, dir.len);
	return NULL;
}

static err *make_root_absolute(struct session *session)
{
	if (!session->root)
		return NULL;
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(session->root, &absolute));
	session->root = str_equal(absolute.ptr, "/")
	                        ? NULL
	                        : arena_strndup(&session->arena, absolute.ptr, absolute.len);
	return NULL;
}

bool session_overrides(const struct session *session, const char *option, enum setting setting)
{
	return cli_is_given(session->parsed, option) ||
	       settings_place(session->settings, setting).origin == SETTING_FROM_ENV;
}

static void set_deadline(struct session *session, int64_t timeout_ms)
{
	const struct environment *environment = session->environment;
	session->timeout_ms = timeout_ms;
	if (timeout_ms > 0 && environment && environment->timeout_ms > 0 &&
	    !session_overrides(session, "timeout", SETTING_APPLY_TIMEOUT))
		session->timeout_ms = environment->timeout_ms;
	session->deadline = session->timeout_ms > 0 ? deadline_after(session->timeout_ms)
	                                            : DEADLINE_NEVER;
}

err *session_begin(struct session *session, const struct cli_ctx *ctx,
                   const struct where_args *where, int64_t timeout_ms)
{
	*session = (struct session){ .app = ctx->app, .ui = ctx->ui, .parsed = ctx->parsed };
	manifests_init(&session->manifests);
	session->vault_keys = vault_keys_new(ctx);
	session->manifests.opener = vault_opener(session->vault_keys);
	records_init(&session->records);
	session->cancel = cancel_new();
	session->note_mutex = mutex_new();
	TRY(sig_install(session->cancel, false));
	TRY(app_settings(ctx->app, &session->settings));
	TRY(resolve_names(session, where));
	TRY(make_root_absolute(session));
	set_deadline(session, timeout_ms);
	return find_state_dir(session);
}

void session_clear(struct session *session)
{
	records_clear(&session->records);
	manifests_clear(&session->manifests);
	vault_keys_free(session->vault_keys);
	inv_project_free(session->owned);
	inv_free(session->inv);
	if (session->target)
		session->target->ops->close(session->target);
	config_source_clear(&session->center_source);
	source_free(session->source);
	source_spec_clear(&session->spec);
	mutex_free(session->note_mutex);
	lock_free(session->lock);
	sig_uninstall();
	session->app->stop_code = cancel_exit_code(session->cancel);
	cancel_free(session->cancel);
	arena_clear(&session->arena);
}

/* --- source --- */

static void show_progress(void *context, const struct source_progress *progress)
{
	struct session *session = context;
	ui_phase(session->ui, "%s %s", progress->phase, session->spec.display);
	ui_progress(session->ui, progress->done, progress->total);
}

struct source_options session_source_options(struct session *session, struct deadline deadline)
{
	int64_t fetch_ms = settings_int(session->settings, SETTING_GIT_TIMEOUT);
	int64_t fetch_end_ns = deadline_after(fetch_ms).at_ns;
	bool is_sooner = !deadline.at_ns || fetch_end_ns < deadline.at_ns;
	return (struct source_options){
		.cache_dir = session->cache_dir,
		.ca_file = settings_text(session->settings, SETTING_TLS_CA_FILE),
		.proxy = settings_text(session->settings, SETTING_HTTP_PROXY),
		.deadline_ns = session->spec.kind == SOURCE_GIT && is_sooner ? fetch_end_ns
		                                                             : deadline.at_ns,
		.identify = session->must_identify,
		.no_input = session->app->globals->no_input,
		.cancel = cancel_flag(session->cancel),
		.on_progress = show_progress,
		.context = session,
	};
}

/* The same for every spelling of one place, and for every commit of one repository. */
static err *identify_source(struct session *session)
{
	const struct source_spec *spec = &session->spec;
	AUTO(str) place = STR_INIT;
	if (spec->kind == SOURCE_FOLDER || spec->kind == SOURCE_FILE)
		TRY(fs_absolute(spec->location, &place));
	else
		str_addz(&place, spec->kind == SOURCE_STDIN ? "-" : spec->display);
	char *query = strchr(place.ptr, '?');
	session->source_identity = arena_strndup(&session->arena, place.ptr,
	                                         query ? (size_t)(query - place.ptr) : place.len);
	return NULL;
}

static err *find_cache_dir(struct session *session)
{
	session->cache_dir = settings_text(session->settings, SETTING_CACHE_DIR);
	if (session->cache_dir)
		return NULL;
	AUTO(str) dir = STR_INIT;
	TRY(dirs_cache(&dir));
	session->cache_dir = arena_strndup(&session->arena, dir.ptr, dir.len);
	return NULL;
}

err *session_parse_source(struct session *session)
{
	if (!session->path)
		return no_source(NULL);
	TRY(source_parse(session->path, &session->spec));
	TRY(identify_source(session));
	return find_cache_dir(session);
}

err *session_open_source(struct session *session)
{
	TRY(session_parse_source(session));
	struct source_options options = session_source_options(session, session->deadline);
	err *e = source_open(&session->spec, &options, &session->source);
	ui_phase_end(session->ui);
	TRY(e);
	for (size_t i = 0; i < source_note_count(session->source); i++)
		ui_warn(session->ui, "%s", source_note(session->source, i));
	return manifests_load(&session->manifests, session->source);
}

/* --- target and inventory --- */

static const char *lock_path(struct session *session)
{
	char *path = arena_printf(&session->arena, "%s/%s.lock", session->state_dir, session->name);
	for (char *at = path + strlen(session->state_dir) + 1; *at; at++)
		if (*at == '/' || *at == '\\' || *at == ':')
			*at = '-';
	return path;
}

static err *take_lock(struct session *session, const char *command)
{
	struct lock_opts opts = {
		.what = arena_printf(&session->arena, "project '%s'", session->name),
		.command = command,
		.cancel = cancel_flag(session->cancel),
	};
	TRY(fs_mkdir_all(session->state_dir, 0700));
	return lock_take(lock_path(session), &opts, &session->lock);
}

static const char *state_file(struct session *session)
{
	return arena_printf(&session->arena, "%s/state.db", session->state_dir);
}

static err *read_tag_key(struct session *session)
{
	err *e = inv_secret_key(session->inv, session->tag_key);
	if (!err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "nothing is recorded yet, so any key will do");
	random_bytes(session->tag_key, sizeof(session->tag_key));
	session->is_key_temporary = true;
	return NULL;
}

static err *open_state_file(struct session *session, enum inv_mode mode, const char *command)
{
	if (mode == INV_READ_WRITE)
		TRY(take_lock(session, command));
	TRY(inv_open(state_file(session), mode, &session->inv));
	return inv_project(session->inv, session->name, session->target->identity, &session->owned);
}

/* --- records that the target keeps --- */

/* The target's own name may differ from machine to machine; its records are with it anyway. */
#define TARGET_OF_IMAGE "the target itself"

/* Of what is recorded and of what is about to be: an object may be made at any moment from now on. */
static void list_keys(const struct session *session, const struct inv_object_list *owned,
                      const char **keys, size_t *ret_count)
{
	const struct object_set *set = &session->manifests.objects;
	size_t count = 0;
	for (size_t i = 0; i < owned->len; i++)
		keys[count++] = owned->ptr[i].key;
	for (size_t i = 0; i < set->len; i++)
		keys[count++] = set->items[i]->key;
	*ret_count = count;
}

static err *flush_image(void *context)
{
	struct session *session = context;
	struct arena arena = ARENA_INIT;
	AUTO(str) image = STR_INIT;
	struct inv_object_list owned = { 0 };
	struct target_state state = { .project = session->name };
	err *e = inv_objects(session->owned, &arena, &owned);
	const char **keys = arena_zalloc(
		&arena, owned.len + session->manifests.objects.len + 1, sizeof(*keys));
	list_keys(session, &owned, keys, &state.key_count);
	state.keys = keys;
	if (!e)
		e = inv_image(session->inv, &image);
	state.image = view_str(&image);
	if (!e)
		e = session->target->ops->state_save(session->target, &state);
	arena_clear(&arena);
	return e;
}

static err *open_image(struct session *session, enum inv_mode mode, const char *command)
{
	AUTO(str) image = STR_INIT;
	TRY(session->target->ops->state_load(session->target, session->name, command,
	                                     mode == INV_READ_WRITE, &image));
	TRY(inv_open_image(view_str(&image), session->target->identity, mode, &session->inv));
	inv_set_keep_runs(session->inv, KEPT_RUNS_OF_IMAGE);
	inv_on_flush(session->inv, flush_image, session);
	return inv_project(session->inv, session->name, TARGET_OF_IMAGE, &session->owned);
}

/* The key lives in the state file; a key of our own would make every secret look changed later. */
static err *keep_tag_key(struct session *session)
{
	bool has_secret = false;
	for (size_t i = 0; i < session->manifests.objects.len; i++)
		has_secret = has_secret || session->manifests.objects.items[i]->is_sensitive;
	if (!session->must_keep_key || !session->is_key_temporary || !has_secret)
		return NULL;
	if (session->target->ops->state_load)
		return err_hint(err_new(ERR_REFUSED, "the plan has secrets, and nothing was applied to "
		                        "this target yet: their fingerprints need its key"),
		                "apply once, or leave the secrets out of the first plan");
	AUTOPTR(inv) inv = NULL;
	TRY(fs_mkdir_all(session->state_dir, 0700));
	TRY(inv_open(state_file(session), INV_READ_WRITE, &inv));
	return inv_secret_key(inv, session->tag_key);
}

static void print_note(void *context, const struct target_note *note)
{
	struct session *session = context;
	AUTO(mutex_hold) hold = mutex_hold(session->note_mutex);
	if (note->kind == TARGET_NOTE_WARNING)
		ui_warn(session->ui, "%s", note->text);
	else if (note->kind == TARGET_NOTE_TROUBLE)
		ui_warn(session->ui, "%s: %s", note->display, note->text);
	else
		ui_info(session->ui, "%s: %s", note->display, note->text);
}

static err *open_center(struct session *session)
{
	const char *file = session->has_project ? session->project.file
	                                        : settings_project_file(session->settings);
	const struct config_source_args args = { .from = session->center, .config = file };
	TRY(config_source_open_with(session->app, &args, session->cancel, session->vault_keys,
	                            &session->center_source));
	return center_target_open(session->center_source.kv, &session->context, &session->target);
}

static err *open_driver(struct session *session, enum inv_mode mode)
{
	if (session->is_kubernetes) {
		session->kube.project = session->name;
		session->kube.no_input = session->app->globals->no_input;
		session->kube.cache_dir = settings_text(session->settings, SETTING_CACHE_DIR);
		session->kube.proxy = settings_text(session->settings, SETTING_HTTP_PROXY);
		return kube_target_open(&session->kube, &session->context, &session->target);
	}
	if (session->center)
		return open_center(session);
	struct host_options options = { .root = session->root,
		                        .create_root = mode == INV_READ_WRITE };
	return host_open(&options, &session->context, &session->target);
}

err *session_open_target(struct session *session, enum inv_mode mode, const char *command)
{
	if (session->environment && session->environment->cluster_count && !session->cluster)
		TRY(project_cluster(session->environment, NULL, &session->cluster));
	session->context = (struct target_context){ .read_source = manifests_read_source,
		                                    .context = &session->manifests,
		                                    .deadline_ns = session->deadline.at_ns,
		                                    .cancel = session->cancel,
		                                    .tag_key = session->tag_key,
		                                    .on_note = print_note,
		                                    .note_context = session };
	TRY(open_driver(session, mode));
	if (session->target->ops->state_load)
		TRY(open_image(session, mode, command));
	else
		TRY(open_state_file(session, mode, command));
	return read_tag_key(session);
}

err *session_compile(struct session *session)
{
	return manifests_compile(&session->manifests, session->target);
}

err *session_check_prune(const struct session *session)
{
	const char *before = inv_project_source(session->owned);
	const char *now = session->source_identity;
	if (!before || !now || session->environment || str_equal(before, now))
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
	                        "project '%s' was applied from '%s' before; pruning with '%s' could "
	                        "delete what belongs to that", session->name, before, now),
	                "pass --name to choose another project name, or apply once without --prune");
}

err *session_plan(struct session *session, struct plan_options options, struct plan **ret_plan)
{
	TRY(session_compile(session));
	TRY(keep_tag_key(session));
	TRY(records_load(&session->records, session->owned));
	if (options.prune)
		TRY(session_check_prune(session));
	options.project = session->owned;
	return plan_make(session->target, &session->manifests.objects, &session->records, &options,
	                 ret_plan);
}

const char *session_time_text(struct session *session, int64_t wall_ms)
{
	if (wall_ms == 0)
		return "";
	char text[CLOCK_TEXT_SIZE];
	clock_format(wall_ms * CLOCK_NS_PER_MS, text);
	return arena_strdup(&session->arena, text);
}

struct plan_subject session_subject(const struct session *session)
{
	return (struct plan_subject){
		.project = session->name,
		.target = session->target->identity,
		.source = session->source ? source_info(session->source) : NULL,
	};
}
