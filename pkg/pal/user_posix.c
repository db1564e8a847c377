#include "base/base.h"

#include "pal/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/num.h"
#include "pal/fault.h"
#include "pal/root.h"

enum { ACCOUNT_FILE_MAX = 16 << 20, ENTRY_BUF = 16 << 10 };

struct account {
	struct view name;
	uint32_t id;
};

static bool parse_id(struct view text, uint32_t *ret_id)
{
	uint64_t id;
	/* the highest number means "keep" in chown */
	if (text.len == 0 || !num_parse_u64(text.ptr, text.len, 10, &id) || id >= UINT32_MAX)
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

/* passwd and group begin alike: name:password:number:… */
static bool parse_line(struct view line, struct account *ret_account)
{
	struct view password, id;
	return view_split(&line, ':', &ret_account->name) && view_split(&line, ':', &password) &&
	       view_split(&line, ':', &id) && parse_id(id, &ret_account->id);
}

/*
 * The account file of a root folder, when it has its own. The machine's own root asks the C library
 * instead, which knows more sources than files.
 */
static err *read_accounts(struct fs_root *root, const char *file, struct str *text, bool *ret_has)
{
	*ret_has = false;
	if (!root || fs_root_is_machine(root))
		return NULL;
	err *e = fs_root_read(root, file, ACCOUNT_FILE_MAX, text, NULL);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "a root without accounts uses those of the machine");
		return NULL;
	}
	TRY(e);
	*ret_has = true;
	return NULL;
}

static bool find_name(const struct str *text, const char *name, uint32_t *ret_id)
{
	struct view rest = view_str(text), line;
	struct account account;
	while (view_split(&rest, '\n', &line)) {
		if (parse_line(line, &account) && view_is(account.name, name)) {
			*ret_id = account.id;
			return true;
		}
	}
	return false;
}

static bool find_id(const struct str *text, uint32_t id, struct str *ret_name)
{
	struct view rest = view_str(text), line;
	struct account account;
	while (view_split(&rest, '\n', &line)) {
		if (parse_line(line, &account) && account.id == id) {
			str_add(ret_name, account.name.ptr, account.name.len);
			return true;
		}
	}
	return false;
}

static bool system_user(const char *name, uint32_t *ret_uid)
{
	char buf[ENTRY_BUF];
	struct passwd entry, *found = NULL;
	if (FAULT("getpwnam") || getpwnam_r(name, &entry, buf, sizeof(buf), &found) != 0 || !found)
		return false;
	*ret_uid = (uint32_t)found->pw_uid;
	return true;
}

static bool system_group(const char *name, uint32_t *ret_gid)
{
	char buf[ENTRY_BUF];
	struct group entry, *found = NULL;
	if (FAULT("getgrnam") || getgrnam_r(name, &entry, buf, sizeof(buf), &found) != 0 || !found)
		return false;
	*ret_gid = (uint32_t)found->gr_gid;
	return true;
}

static err *resolve(struct fs_root *root, const char *file, const char *kind, const char *name,
                    bool (*system_lookup)(const char *, uint32_t *), uint32_t *ret_id)
{
	AUTO(str) text = STR_INIT;
	bool has_own;
	if (parse_id(view_of(name), ret_id))
		return NULL;
	TRY(read_accounts(root, file, &text, &has_own));
	if (has_own ? find_name(&text, name, ret_id) : system_lookup(name, ret_id))
		return NULL;
	return err_new(ERR_NOT_FOUND, "there is no %s '%s' %s", kind, name,
	               has_own ? "in the root's own account files" : "on this machine");
}

err *user_id(struct fs_root *root, const char *name, uint32_t *ret_uid)
{
	return resolve(root, "etc/passwd", "user", name, system_user, ret_uid);
}

err *user_group_id(struct fs_root *root, const char *name, uint32_t *ret_gid)
{
	return resolve(root, "etc/group", "group", name, system_group, ret_gid);
}

static bool own_name(struct fs_root *root, const char *file, uint32_t id, struct str *ret_name,
                     bool *ret_has_own)
{
	AUTO(str) text = STR_INIT;
	err_ignore(read_accounts(root, file, &text, ret_has_own), "then it is shown as a number");
	return *ret_has_own && find_id(&text, id, ret_name);
}

void user_name(struct fs_root *root, uint32_t uid, struct str *ret_name)
{
	char buf[ENTRY_BUF];
	struct passwd entry, *found = NULL;
	bool has_own;
	str_reset(ret_name);
	if (own_name(root, "etc/passwd", uid, ret_name, &has_own))
		return;
	if (!has_own && getpwuid_r((uid_t)uid, &entry, buf, sizeof(buf), &found) == 0 && found)
		str_addz(ret_name, found->pw_name);
	else
		str_addf(ret_name, "%" PRIu32, uid);
}

void user_group_name(struct fs_root *root, uint32_t gid, struct str *ret_name)
{
	char buf[ENTRY_BUF];
	struct group entry, *found = NULL;
	bool has_own;
	str_reset(ret_name);
	if (own_name(root, "etc/group", gid, ret_name, &has_own))
		return;
	if (!has_own && getgrgid_r((gid_t)gid, &entry, buf, sizeof(buf), &found) == 0 && found)
		str_addz(ret_name, found->gr_name);
	else
		str_addf(ret_name, "%" PRIu32, gid);
}

uint32_t user_self(void)
{
	return (uint32_t)geteuid();
}

uint32_t user_group_self(void)
{
	return (uint32_t)getegid();
}

bool user_is_admin(void)
{
	return geteuid() == 0;
}

void user_host_name(struct str *ret_name)
{
	char name[256] = "";
	if (gethostname(name, sizeof(name) - 1) != 0 || !name[0])
		(void)snprintf(name, sizeof(name), "localhost");
	str_reset(ret_name);
	str_addz(ret_name, name);
}
