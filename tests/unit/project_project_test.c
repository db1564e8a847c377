#include "test.h"

#include "base/path.h"
#include "pal/fs.h"
#include "project/project.h"

#define HEAD "apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: shop}\n"

static err *load(const char *text, struct arena *arena, struct project *ret_project)
{
	AUTOFREE char *file = path_join(test_dir(), PROJECT_FILE);
	TRY(fs_write_atomic(file, view_of(text), 0644));
	return project_load(file, arena, ret_project);
}

/* What `path: text` becomes, without the folder of the file. */
static const char *path_from(const char *text, struct arena *arena)
{
	struct project project;
	AUTOFREE char *yaml = str_format(HEAD "environments: {dev: {path: '%s'}}\n", text);
	AUTOERR err *e = load(yaml, arena, &project);
	if (e)
		return arena_strdup(arena, err_message(e));
	const char *path = project.environments[0].path;
	size_t len = strlen(test_dir());
	return strncmp(path, test_dir(), len) == 0 ? path + len : path;
}

TEST(project, environments_come_in_the_order_of_the_file)
{
	AUTO(arena) arena = ARENA_INIT;
	struct project project;
	CHECK_OK(load(HEAD "environments:\n"
	                   "  prod: {path: p, timeout: 5m, prune: {enabled: true, maxDeletions: 20%}}\n"
	                   "  dev: {path: d, target: {host: {root: sandbox}}}\n",
	              &arena, &project));
	CHECK_STR(project.name, "shop");
	CHECK_INT(project.environment_count, 2);
	const struct environment *prod = &project.environments[0], *dev = &project.environments[1];
	CHECK_STR(prod->name, "prod");
	CHECK_INT(prod->timeout_ms, 300000);
	CHECK(prod->prune && prod->has_max_deletions && !prod->host_root);
	CHECK_INT(prod->max_deletions.percent, 20);
	CHECK_INT(prod->max_deletions.count, -1);
	CHECK_STR(dev->host_root + strlen(test_dir()), "/sandbox");
	CHECK(!dev->prune && !dev->has_max_deletions && dev->timeout_ms == 0);
}

TEST(project, local_paths_are_relative_to_the_file_and_urls_stay)
{
	AUTO(arena) arena = ARENA_INIT;
	CHECK_STR(path_from("envs/dev", &arena), "/envs/dev");
	CHECK_STR(path_from("./envs//dev/", &arena), "/envs/dev");
	CHECK_STR(path_from("a@b:c/d", &arena), "a@b:c/d");
	CHECK_STR(path_from("/srv/x", &arena), "/srv/x");
	CHECK_STR(path_from("https://h/t/r.git//x?ref=main", &arena), "https://h/t/r.git//x?ref=main");
	CHECK_STR(path_from("host:x", &arena), "/host:x"); /* no user: a file name, as in sources */
	CHECK_STR(path_from("repo?ref=main", &arena), "/repo?ref=main");
	CHECK_STR(path_from("sub/../repo//envs/prod?ref=v1", &arena), "/repo//envs/prod?ref=v1");
	CHECK_STR(path_from("repo?ref=a//b", &arena), "/repo?ref=a//b");
}

TEST(project, all_mistakes_are_told_with_their_places)
{
	AUTO(arena) arena = ARENA_INIT;
	struct project project;
	AUTOERR err *e = load(HEAD "environments:\n  dev:\n    pth: x\n    timeout: soon\n"
	                           "    prune: {maxDeletions: some}\n",
	                      &arena, &project);
	CHECK(err_is(e, ERR_INVALID));
	CHECK(err_count(e) >= 4); /* pth, no path, timeout, maxDeletions */
	CHECK_INT(err_place(e)->line, 6);
}

TEST(project, the_only_environment_needs_no_name)
{
	AUTO(arena) arena = ARENA_INIT;
	struct project project;
	const struct environment *found;
	CHECK_OK(load(HEAD "environments: {dev: {path: d}}\n", &arena, &project));
	CHECK_OK(project_environment(&project, NULL, &found));
	CHECK_STR(found->name, "dev");
	CHECK_ERR(project_environment(&project, "dve", &found), ERR_USAGE, "did you mean 'dev'?");
	CHECK_OK(load(HEAD "environments: {dev: {path: d}, prod: {path: p}}\n", &arena, &project));
	CHECK_ERR(project_environment(&project, NULL, &found), ERR_USAGE, "choose one with --env");
	CHECK_OK(project_environment(&project, "prod", &found));
	CHECK_STR(found->name, "prod");
	CHECK_OK(load(HEAD, &arena, &project));
	CHECK_ERR(project_environment(&project, NULL, &found), ERR_USAGE, "has no environments");
}

TEST(project, deletion_limits_are_counts_or_shares)
{
	struct deletion_limit limit;
	CHECK(deletion_limit_parse("25", &limit) && limit.count == 25 && limit.percent == -1);
	CHECK(deletion_limit_parse("20%", &limit) && limit.count == -1 && limit.percent == 20);
	CHECK(deletion_limit_parse("0", &limit) && limit.count == 0);
	static const char *const wrong[] = { "", "%", "-1", "101%", "1.5", "x", "10 %", "99999999999" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK(!deletion_limit_parse(wrong[i], &limit));
}

TEST(project, whichever_of_count_and_share_allows_more_counts)
{
	CHECK_INT(deletion_limit_allows(DELETION_LIMIT_DEFAULT, 3), 10);
	CHECK_INT(deletion_limit_allows(DELETION_LIMIT_DEFAULT, 1000), 200);
	CHECK_INT(deletion_limit_allows((struct deletion_limit){ 0, -1 }, 1000), 0);
	CHECK_INT(deletion_limit_allows((struct deletion_limit){ -1, 100 }, 7), 7);
}
