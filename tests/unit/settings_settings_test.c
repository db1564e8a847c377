#include "test.h"

#include "base/path.h"
#include "pal/fs.h"
#include "settings/settings.h"

/* Folders system/, user/ and repo/sub/ in the test's own; a missing text is a missing file. */
struct place {
	const char *system, *user, *project;
	const char *variable, *value;
	bool is_not_repository;
};

static const char *get_env(void *data, const char *name)
{
	const struct place *place = data;
	return place->variable && str_equal(place->variable, name) ? place->value : NULL;
}

static err *put(const char *name, const char *text, struct str *ret_path)
{
	AUTOFREE char *path = path_join(test_dir(), name);
	AUTOFREE char *dir = path_dir(path);
	TRY(fs_mkdir_all(dir, 0755));
	if (text)
		TRY(fs_write_atomic(path, view_of(text), 0644));
	str_addz(ret_path, path);
	return NULL;
}

static err *load(struct place *place, struct settings **ret)
{
	AUTO(str) system = STR_INIT;
	AUTO(str) user = STR_INIT;
	AUTO(str) project = STR_INIT;
	AUTO(str) start = STR_INIT;
	AUTO(str) git = STR_INIT;
	TRY(put("system/settings.yaml", place->system, &system));
	TRY(put("user/settings.yaml", place->user, &user));
	TRY(put("repo/fettle.yaml", place->project, &project));
	TRY(put("repo/sub/x", "", &start));
	if (!place->is_not_repository)
		TRY(put("repo/.git/HEAD", "", &git));
	AUTOFREE char *start_dir = path_dir(start.ptr);
	const struct settings_sources sources = { system.ptr, user.ptr, start_dir, place, get_env };
	return settings_load(&sources, ret);
}

/* Is this value, from this origin, what settings_load gives? */
static bool gives(struct place place, enum setting id, const char *text, enum setting_origin origin)
{
	AUTOPTR(settings) settings = NULL;
	AUTOERR err *e = load(&place, &settings);
	if (e) {
		test_fail(__FILE__, __LINE__, "%s", err_message(e));
		return false;
	}
	const char *found = settings_text(settings, id);
	if (!found || !str_equal(found, text) || settings_place(settings, id).origin != origin)
		test_fail(__FILE__, __LINE__, "got '%s' from %s", found ? found : "(null)",
		          setting_origin_name(settings_place(settings, id).origin));
	return true;
}

static bool refuses(struct place place, enum err_kind kind, const char *part)
{
	AUTOPTR(settings) settings = NULL;
	AUTOERR err *e = load(&place, &settings);
	return test_error_is(__FILE__, __LINE__, part, e, kind, part);
}

TEST(settings, defaults_hold_without_files)
{
	gives((struct place){ 0 }, SETTING_GIT_TIMEOUT, "2m", SETTING_FROM_DEFAULT);
}

TEST(settings, each_source_wins_over_the_weaker_ones)
{
	struct place place = { .system = "git: {timeout: 1s}" };
	gives(place, SETTING_GIT_TIMEOUT, "1s", SETTING_FROM_SYSTEM);
	place.user = "git.timeout: 2s";
	gives(place, SETTING_GIT_TIMEOUT, "2s", SETTING_FROM_USER);
	place.project = "apiVersion: fettle.dev/v1\nsettings:\n  git:\n    timeout: 3s\n";
	gives(place, SETTING_GIT_TIMEOUT, "3s", SETTING_FROM_PROJECT);
	place.variable = "FETTLE_GIT_TIMEOUT";
	place.value = "4s";
	gives(place, SETTING_GIT_TIMEOUT, "4s", SETTING_FROM_ENV);
}

TEST(settings, numbers_are_parsed)
{
	AUTOPTR(settings) settings = NULL;
	struct place place = { .user = "{git.timeout: 1h30m, apply.concurrency: 7}" };
	CHECK_OK(load(&place, &settings));
	CHECK_INT(settings_int(settings, SETTING_GIT_TIMEOUT), 5400000);
	CHECK_INT(settings_int(settings, SETTING_APPLY_CONCURRENCY), 7);
	CHECK_INT(settings_place(settings, SETTING_APPLY_CONCURRENCY).line, 1);
}

TEST(settings, limits_are_counts_or_shares)
{
	gives((struct place){ .user = "prune: {maxDeletions: 20%}" }, SETTING_PRUNE_MAX_DELETIONS,
	      "20%", SETTING_FROM_USER);
	gives((struct place){ .user = "prune: {maxDeletions: 5}" }, SETTING_PRUNE_MAX_DELETIONS,
	      "5", SETTING_FROM_USER);
	CHECK(refuses((struct place){ .user = "prune: {maxDeletions: 120%}" }, ERR_INVALID,
	              "a count such as 10 or a share such as 20%"));
}

TEST(settings, relative_paths_start_at_the_file)
{
	AUTOFREE char *expected = path_join(test_dir(), "user/certs/ca.pem");
	gives((struct place){ .user = "tls: {caFile: certs/ca.pem}" }, SETTING_TLS_CA_FILE,
	      expected, SETTING_FROM_USER);
}

TEST(settings, unknown_keys_name_the_nearest)
{
	CHECK(refuses((struct place){ .user = "git:\n  timeot: 3s\n" }, ERR_INVALID,
	              "did you mean 'git.timeout'?"));
	CHECK(refuses((struct place){ .user = "zzzzzz: 1\n" }, ERR_INVALID,
	              "'fettle settings show' lists them"));
}

TEST(settings, wrong_values_say_what_was_expected)
{
	CHECK(refuses((struct place){ .user = "git: {timeout: 5}" }, ERR_INVALID,
	              "bad value '5' for setting 'git.timeout': expected a duration such as"));
	CHECK(refuses((struct place){ .user = "git: {timeout: 100d}" }, ERR_INVALID,
	              "from 1s to 1d"));
	CHECK(refuses((struct place){ .user = "color: maybe" }, ERR_INVALID,
	              "expected auto, always or never"));
	CHECK(refuses((struct place){ .user = "apply: {concurrency: [1]}" }, ERR_INVALID, "found a list"));
	CHECK(refuses((struct place){ .user = "http: {proxy: 8080}" }, ERR_INVALID,
	              "expected a text, found"));
	CHECK(refuses((struct place){ .user = "git: fast" }, ERR_INVALID, "'git' must be a map"));
	CHECK(refuses((struct place){ .user = "- a" }, ERR_INVALID, "settings must be a map"));
	CHECK(refuses((struct place){ .user = "a: 1\n---\nb: 2\n" }, ERR_INVALID,
	              "expected one YAML document, found 2"));
	CHECK(refuses((struct place){ .user = "a: [1" }, ERR_INVALID, ""));
}

TEST(settings, all_mistakes_are_told_at_once)
{
	AUTOPTR(settings) settings = NULL;
	struct place place = { .user = "color: maybe\napply: {concurrency: x}\n", .system = "a: 1\n" };
	AUTOERR err *e = load(&place, &settings);
	CHECK_INT(err_count(e), 3);
	const struct err_place *where = err_place(err_next(e));
	CHECK(where && where->line == 1 && where->column == 8);
	CHECK(str_ends(where->file, "user/settings.yaml"));
}

TEST(settings, a_wrong_variable_is_named)
{
	CHECK(refuses((struct place){ .variable = "FETTLE_APPLY_CONCURRENCY", .value = "many" }, ERR_USAGE,
	              "cannot use FETTLE_APPLY_CONCURRENCY"));
}

TEST(settings, a_project_cannot_harm_who_cloned_it)
{
	CHECK(refuses((struct place){ .project = "settings: {tls: {caFile: x}}" }, ERR_INVALID,
	              "a project may not set 'tls.caFile'"));
	CHECK(refuses((struct place){ .project = "settings: {cache.dir: /x}" }, ERR_INVALID,
	              "put it into your own settings.yaml"));
	CHECK(refuses((struct place){ .project = "settings: {http: {proxy: x}}" }, ERR_INVALID,
	              "a project may not"));
}

TEST(settings, other_parts_of_the_project_file_are_not_looked_at)
{
	gives((struct place){ .project = "anything: [1, 2]\n" }, SETTING_APPLY_CONCURRENCY, "0",
	      SETTING_FROM_DEFAULT);
	gives((struct place){ .project = "# nothing\n" }, SETTING_APPLY_CONCURRENCY, "0",
	      SETTING_FROM_DEFAULT);
	gives((struct place){ .user = "# nothing\n" }, SETTING_APPLY_CONCURRENCY, "0",
	      SETTING_FROM_DEFAULT);
}

TEST(settings, a_project_file_above_the_folder_counts_only_in_a_repository)
{
	const char *project = "settings: {apply: {concurrency: 9}}";
	gives((struct place){ .project = project }, SETTING_APPLY_CONCURRENCY, "9", SETTING_FROM_PROJECT);
}

TEST(settings, a_project_file_in_a_foreign_parent_is_ignored)
{
	gives((struct place){ .project = "settings: {apply: {concurrency: 9}}", .is_not_repository = true },
	      SETTING_APPLY_CONCURRENCY, "0", SETTING_FROM_DEFAULT);
}

TEST(settings, every_key_has_help_and_a_variable)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_key *key = settings_key((enum setting)i);
		enum setting id;
		CHECK(settings_find(key->name, &id) && id == (enum setting)i);
		CHECK(key->help && str_starts(key->env, "FETTLE_"));
	}
}
