#include "test.h"

#include <unistd.h>

#include "base/path.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/root.h"
#include "pal/user.h"

TEST(user, names_and_numbers_of_this_machine)
{
	AUTO(str) name = STR_INIT;
	uint32_t id = 99;
	CHECK_OK(user_id(NULL, "root", &id));
	CHECK_INT(id, 0);
	CHECK_OK(user_id(NULL, "1234", &id));
	CHECK_INT(id, 1234);
	user_name(NULL, 0, &name);
	CHECK_STR(name.ptr, "root");
	user_name(NULL, 3999999999u, &name);
	CHECK_STR(name.ptr, "3999999999");
	user_group_name(NULL, 3999999999u, &name);
	CHECK_STR(name.ptr, "3999999999");
	CHECK_ERR(user_id(NULL, "no-such-user", &id), ERR_NOT_FOUND, "no user 'no-such-user'");
	CHECK_ERR(user_group_id(NULL, "no-such-group", &id), ERR_NOT_FOUND, "no group");
	CHECK_ERR(user_id(NULL, "4294967295", &id), ERR_NOT_FOUND, "no user");
	CHECK_ERR(user_id(NULL, "-1", &id), ERR_NOT_FOUND, "no user");
	CHECK_ERR(user_id(NULL, "", &id), ERR_NOT_FOUND, "no user");
	CHECK_INT(user_is_admin(), geteuid() == 0);
	user_host_name(&name);
	CHECK(name.len > 0);
}

TEST(user, a_root_with_accounts_of_its_own_decides)
{
	AUTOFREE char *path = path_join(test_dir(), "root");
	struct fs_root *opened = NULL;
	CHECK_OK(fs_root_open(path, true, &opened));
	AUTOPTR(fs_root) root = opened;
	AUTO(str) name = STR_INIT;
	uint32_t id = 99;
	CHECK_OK(user_id(root, "root", &id));
	CHECK_INT(id, 0);
	const struct fs_stage_opts opts = { 0644, FS_KEEP, FS_KEEP, false };
	CHECK_OK(fs_root_mkdir(root, "etc", 0755));
	CHECK_OK(fs_root_write(root, "etc/passwd", &opts,
	                       view_of("broken\nwww:x:77:88:web:/:/bin/false\nbad:x:-3:1::\n"), 0));
	CHECK_OK(fs_root_write(root, "etc/group", &opts, view_of("web:x:88:\n"), 0));
	CHECK_OK(user_id(root, "www", &id));
	CHECK_INT(id, 77);
	CHECK_OK(user_group_id(root, "web", &id));
	CHECK_INT(id, 88);
	user_name(root, 77, &name);
	CHECK_STR(name.ptr, "www");
	user_group_name(root, 88, &name);
	CHECK_STR(name.ptr, "web");
	user_name(root, 0, &name);
	CHECK_STR(name.ptr, "0");
	CHECK_ERR(user_id(root, "root", &id), ERR_NOT_FOUND, "the root's own account files");
	CHECK_ERR(user_id(root, "bad", &id), ERR_NOT_FOUND, "no user 'bad'");
}

/* Runs `look` with one variable set, or unset for NULL, and puts the old value back. */
static err *with_env(const char *name, const char *value, err *(*look)(struct str *),
                     struct str *ret_path)
{
	const char *now = getenv(name);
	AUTOFREE char *old = now ? mem_strdup(now) : NULL;
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
	err *e = look(ret_path);
	if (old)
		setenv(name, old, 1);
	else
		unsetenv(name);
	return e;
}

TEST(dirs, follow_xdg_and_ignore_relative_values)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) home = STR_INIT;
	CHECK_OK(dirs_home(&home));
	CHECK_OK(with_env("XDG_CONFIG_HOME", "/xdg/conf", dirs_settings, &path));
	CHECK_STR(path.ptr, "/xdg/conf/fettle");
	CHECK_OK(with_env("XDG_CONFIG_HOME", "relative", dirs_settings, &path));
	CHECK(str_starts(path.ptr, home.ptr));
	CHECK_OK(with_env("XDG_CACHE_HOME", NULL, dirs_cache, &path));
	CHECK_HAS(path.ptr, "ache");
	CHECK_OK(with_env("XDG_STATE_HOME", "/s/", dirs_state, &path));
	CHECK_STR(path.ptr, "/s/fettle");
	CHECK_OK(with_env("XDG_DATA_HOME", "/d", dirs_data, &path));
	CHECK_STR(path.ptr, "/d/fettle");
	CHECK_OK(with_env("XDG_RUNTIME_DIR", "/run/user/5", dirs_runtime, &path));
	CHECK_STR(path.ptr, "/run/user/5/fettle");
	CHECK_OK(dirs_system_settings(&path));
	CHECK(str_ends(path.ptr, "/fettle"));
}

TEST(dirs, home_is_known_without_the_variable)
{
	AUTO(str) path = STR_INIT;
	CHECK_OK(with_env("HOME", "/somewhere", dirs_home, &path));
	CHECK_STR(path.ptr, "/somewhere");
	CHECK_OK(with_env("HOME", NULL, dirs_home, &path));
	CHECK(path.ptr[0] == '/');
	CHECK_OK(with_env("TMPDIR", "/t/", dirs_temp, &path));
	CHECK_STR(path.ptr, "/t");
}
