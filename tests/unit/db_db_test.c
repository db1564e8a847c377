#include "test.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "pal/fault.h"
#include "pal/fs.h"

static const char *const steps[] = {
	"CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, bytes BLOB) STRICT;"
	"CREATE TABLE other(id INTEGER PRIMARY KEY) STRICT",
	"ALTER TABLE item ADD COLUMN size INTEGER",
};
static const struct db_schema schema_1 = { 0x74657374, "test file", steps, 1 };
static const struct db_schema schema_2 = { 0x74657374, "test file", steps, 2 };
static const struct db_schema foreign = { 0x66726e67, "other file", steps, 1 };

static char *path_of(const char *name)
{
	return str_format("%s/%s", test_dir(), name);
}

static err *make(const char *path, const struct db_schema *schema)
{
	AUTOPTR(db) db = NULL;
	TRY(db_open(path, DB_READ_WRITE, schema, &db));
	return db_exec(db, "INSERT INTO item(name) VALUES('one')");
}

/* How many rows are there, seen by a fresh reader. */
static err *count_items(const char *path, int64_t *ret_count)
{
	AUTOPTR(db) db = NULL;
	TRY(db_open(path, DB_READ_ONLY, &schema_1, &db));
	TRY(db_check(db));
	return db_query_int(db, "SELECT count(*) FROM item", ret_count);
}

TEST(db, makes_a_private_file_and_leaves_nothing_beside_it)
{
	AUTOFREE char *path = path_of("a b%20?#.db");
	CHECK_OK(make(path, &schema_1));
	struct fs_stat stat;
	CHECK_OK(fs_stat(path, &stat));
	CHECK_INT(stat.mode, 0600);
	AUTO(fs_list) list = { 0 };
	CHECK_OK(fs_list(test_dir(), &list));
	CHECK_INT(list.len, 1);
	int64_t count = 0;
	CHECK_OK(count_items(path, &count));
	CHECK_INT(count, 1);
}

TEST(db, gives_back_what_was_bound)
{
	AUTOFREE char *path = path_of("a.db");
	AUTOPTR(db) db = NULL;
	AUTOPTR(db_stmt) put = NULL;
	AUTOPTR(db_stmt) get = NULL;
	CHECK_OK(db_open(path, DB_READ_WRITE, &schema_1, &db));
	CHECK_STR(db_path(db), path);
	CHECK_OK(db_prepare(db, "INSERT INTO item(name, bytes) VALUES(?1, ?2)", &put));
	db_bind_text(put, 1, "näme");
	db_bind_blob(put, 2, "a\0b", 3);
	CHECK_OK(db_run(put));
	CHECK_INT(db_last_insert_id(db), 1);
	CHECK_INT(db_changes(db), 1);
	db_bind_null(put, 1);
	db_bind_blob(put, 2, "", 0);
	CHECK_OK(db_run(put));
	CHECK_OK(db_prepare(db, "SELECT name, bytes, id FROM item ORDER BY id", &get));
	bool has_row = false;
	CHECK_OK(db_step(get, &has_row));
	CHECK(has_row);
	CHECK_STR(db_column_text(get, 0), "näme");
	struct view bytes = db_column_blob(get, 1);
	CHECK_INT(bytes.len, 3);
	CHECK(memcmp(bytes.ptr, "a\0b", 3) == 0);
	CHECK_OK(db_step(get, &has_row));
	CHECK(db_column_is_null(get, 0) && !db_column_text(get, 0));
	CHECK(db_column_blob(get, 1).ptr != NULL);
	CHECK_INT(db_column_blob(get, 1).len, 0);
	CHECK_OK(db_step(get, &has_row));
	CHECK(!has_row);
	db_bind_int(put, 7, 1);
	CHECK_ERR(db_run(put), ERR_INTERNAL, "cannot write test file");
	db_bind_text(put, 1, "after a failed bind");
	CHECK_OK(db_run(put));
}

TEST(db, rolls_back_what_was_not_committed)
{
	AUTOFREE char *path = path_of("a.db");
	AUTOPTR(db) db = NULL;
	CHECK_OK(db_open(path, DB_READ_WRITE, &schema_1, &db));
	{
		AUTO(db_tx) tx = DB_TX_INIT;
		CHECK_OK(db_begin(db, &tx));
		CHECK_OK(db_exec(db, "INSERT INTO item(name) VALUES('lost')"));
	}
	AUTO(db_tx) tx = DB_TX_INIT;
	CHECK_OK(db_begin(db, &tx));
	CHECK_OK(db_exec(db, "INSERT INTO item(name) VALUES('kept')"));
	CHECK_OK(db_commit(&tx));
	int64_t count = 0;
	CHECK_OK(db_query_int(db, "SELECT count(*) FROM item", &count));
	CHECK_INT(count, 1);
}

TEST(db, migrates_step_by_step_and_refuses_a_newer_version)
{
	AUTOFREE char *path = path_of("a.db");
	CHECK_OK(make(path, &schema_1));
	AUTOPTR(db) db = NULL;
	CHECK_ERR(db_open(path, DB_READ_ONLY, &schema_2, &db), ERR_UNSUPPORTED, "older fettle");
	CHECK_OK(db_open(path, DB_READ_WRITE, &schema_2, &db));
	CHECK_OK(db_exec(db, "UPDATE item SET size=1"));
	db_free(steal(&db));
	CHECK_ERR(db_open(path, DB_READ_WRITE, &schema_1, &db), ERR_UNSUPPORTED, "newer fettle");
	CHECK_ERR(db_open(path, DB_READ_ONLY, &schema_1, &db), ERR_UNSUPPORTED, "newer fettle");
}

/* Both ways in fail with CORRUPT and the file is byte for byte what it was. */
static bool is_left_alone(const char *path)
{
	AUTO(str) before = STR_INIT;
	AUTO(str) after = STR_INIT;
	struct db *db = NULL;
	err_ignore(fs_read_file(path, 1 << 20, &before), "an empty text fails below");
	AUTOERR err *reading = db_open(path, DB_READ_ONLY, &schema_1, &db);
	AUTOERR err *writing = db_open(path, DB_READ_WRITE, &schema_1, &db);
	err_ignore(fs_read_file(path, 1 << 20, &after), "an empty text fails below");
	return err_is(reading, ERR_CORRUPT) && err_is(writing, ERR_CORRUPT) && before.len &&
	       err_hint_count(writing) == 1 && view_equal(view_str(&before), view_str(&after));
}

TEST(db, refuses_what_is_not_its_file_and_leaves_it_alone)
{
	AUTOFREE char *text = path_of("notes.txt");
	AUTOFREE char *long_text = path_of("long.txt");
	AUTOFREE char *other = path_of("other.db");
	AUTO(str) bytes = STR_INIT;
	str_add_repeat(&bytes, 'x', 20000);
	CHECK_OK(fs_write_atomic(text, view_of("buy milk\n"), 0600));
	CHECK_OK(fs_write_atomic(long_text, view_str(&bytes), 0600));
	CHECK_OK(make(other, &foreign));
	CHECK(is_left_alone(text));
	CHECK(is_left_alone(long_text));
	CHECK(is_left_alone(other));
}

TEST(db, finds_damage)
{
	AUTOFREE char *path = path_of("a.db");
	AUTO(str) bytes = STR_INIT;
	CHECK_OK(make(path, &schema_1));
	CHECK_OK(fs_read_file(path, 1 << 20, &bytes));
	memset(bytes.ptr + 4096, 0xa5, 4096);
	CHECK_OK(fs_write_atomic(path, view_str(&bytes), 0600));
	int64_t count = 0;
	CHECK_ERR(count_items(path, &count), ERR_CORRUPT, "restore");
	str_truncate(&bytes, 1000);
	CHECK_OK(fs_write_atomic(path, view_str(&bytes), 0600));
	AUTOPTR(db) db = NULL;
	CHECK_ERR(db_open(path, DB_READ_WRITE, &schema_1, &db), ERR_CORRUPT, path);
}

TEST(db, reading_makes_no_file)
{
	AUTOFREE char *path = path_of("a.db");
	AUTOFREE char *deep = path_of("no/such/folder.db");
	AUTOPTR(db) db = NULL;
	CHECK_ERR(db_open(path, DB_READ_ONLY, &schema_1, &db), ERR_NOT_FOUND, path);
	CHECK_ERR(db_open(deep, DB_READ_ONLY, &schema_1, &db), ERR_NOT_FOUND, deep);
	CHECK_ERR(db_open(deep, DB_READ_WRITE, &schema_1, &db), ERR_NOT_FOUND, deep);
	CHECK(!fs_exists(path));
	CHECK_OK(fs_write_atomic(path, view_of(""), 0600));
	CHECK_ERR(db_open(path, DB_READ_ONLY, &schema_1, &db), ERR_NOT_FOUND, "it is empty");
	CHECK_OK(db_open(path, DB_READ_WRITE, &schema_1, &db));
	db_free(steal(&db));
	CHECK_OK(db_open(path, DB_READ_ONLY, &schema_1, &db));
	CHECK_ERR(db_exec(db, "INSERT INTO item(name) VALUES('x')"), ERR_IO, "read-only");
}

TEST(db, a_folder_is_no_database)
{
	AUTOPTR(db) db = NULL;
	AUTOERR err *e = db_open(test_dir(), DB_READ_WRITE, &schema_1, &db);
	CHECK(e != NULL);
	CHECK_HAS(err_message(e), test_dir());
}

/* As somebody who may read the file and may not write beside it. */
static int read_as_nobody(const char *path)
{
	pid_t child = fork();
	if (child == 0) {
		struct db *db = NULL;
		int64_t count = 0;
		bool is_right = seteuid(65534) == 0;
		AUTOERR err *writing = db_open(path, DB_READ_WRITE, &schema_1, &db);
		AUTOERR err *reading = count_items(path, &count);
		is_right = is_right && !reading && count == 1;
		is_right = is_right && (err_is(writing, ERR_IO) || err_is(writing, ERR_DENIED));
		if (!is_right && reading)
			printf("# %s\n", err_message(reading));
		if (!is_right && writing)
			printf("# %s\n", err_message(writing));
		fflush(stdout);
		_exit(is_right ? 0 : 1);
	}
	int status = -1;
	(void)waitpid(child, &status, 0);
	return status;
}

TEST(db, reads_where_it_cannot_write)
{
	if (geteuid() != 0) {
		test_skip("needs root to become somebody else");
		return;
	}
	AUTOFREE char *path = path_of("a.db");
	CHECK_OK(make(path, &schema_1));
	CHECK_INT(chmod(path, 0644), 0);
	CHECK_INT(chmod(test_dir(), 0755), 0);
	CHECK_INT(read_as_nobody(path), 0);
}

/* A small disk of its own; false where that is not allowed. */
static bool mount_small(const char *dir)
{
	return mkdir(dir, 0700) == 0 && mount("none", dir, "tmpfs", 0, "size=1m") == 0;
}

static err *fill(struct db *db)
{
	AUTOPTR(db_stmt) stmt = NULL;
	AUTO(str) bytes = STR_INIT;
	str_add_repeat(&bytes, 'x', 100000);
	TRY(db_prepare(db, "INSERT INTO item(bytes) VALUES(?1)", &stmt));
	for (int i = 0; i < 20; i++) {
		db_bind_blob(stmt, 1, bytes.ptr, bytes.len);
		TRY(db_run(stmt));
	}
	return NULL;
}

static void fill_the_disk(const char *path)
{
	AUTOPTR(db) db = NULL;
	CHECK_OK(make(path, &schema_1));
	CHECK_OK(db_open(path, DB_READ_WRITE, &schema_1, &db));
	CHECK_ERR(fill(db), ERR_IO, path);
	db_free(steal(&db));
	int64_t count = 0;
	CHECK_OK(count_items(path, &count));
	CHECK(count >= 1);
}

TEST(db, a_full_disk_is_an_error_that_damages_nothing)
{
	AUTOFREE char *dir = path_of("small");
	if (!mount_small(dir)) {
		test_skip("needs root to mount a small tmpfs");
		return;
	}
	AUTOFREE char *path = path_of("small/a.db");
	fill_the_disk(path);
	CHECK_INT(umount2(dir, MNT_DETACH), 0);
}

static void write_read_only(const char *dir, const char *path)
{
	CHECK_OK(make(path, &schema_1));
	CHECK_INT(mount("none", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m"), 0);
	AUTOPTR(db) db = NULL;
	CHECK_ERR(db_open(path, DB_READ_WRITE, &schema_1, &db), ERR_IO, "read-only");
	int64_t count = 0;
	CHECK_OK(count_items(path, &count));
	CHECK_INT(count, 1);
}

TEST(db, a_read_only_disk_can_be_read_and_says_so_to_writers)
{
	AUTOFREE char *dir = path_of("small");
	if (!mount_small(dir)) {
		test_skip("needs root to mount a small tmpfs");
		return;
	}
	AUTOFREE char *path = path_of("small/a.db");
	write_read_only(dir, path);
	CHECK_INT(umount2(dir, MNT_DETACH), 0);
}

/* --- two processes --- */

TEST(db, processes_that_open_a_new_file_at_once_all_succeed)
{
	AUTOFREE char *path = path_of("a.db");
	enum { CHILDREN = 6 };
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0) {
			AUTOERR err *e = make(path, &schema_1);
			if (e)
				printf("# %s\n", err_message(e));
			fflush(stdout);
			_exit(e ? 1 : 0);
		}
	int failed = 0;
	for (int i = 0; i < CHILDREN; i++) {
		int status = 1;
		(void)wait(&status);
		failed += status != 0;
	}
	CHECK_INT(failed, 0);
	int64_t count = 0;
	CHECK_OK(count_items(path, &count));
	CHECK_INT(count, CHILDREN);
}

/* --- every call into the operating system fails or is the last one --- */

static err *work(const char *path)
{
	AUTOPTR(db) db = NULL;
	TRY(db_open(path, DB_READ_WRITE, &schema_1, &db));
	for (int i = 0; i < 3; i++) {
		AUTO(db_tx) tx = DB_TX_INIT;
		TRY(db_begin(db, &tx));
		TRY(db_exec(db, "INSERT INTO item(name) VALUES('a'), ('b')"));
		TRY(db_commit(&tx));
	}
	return NULL;
}

#ifdef FETTLE_TEST_HOOKS

TEST(db, survives_the_failure_of_every_single_call)
{
	AUTOFREE char *path = path_of("a.db");
	bool was_hit = true;
	for (unsigned long n = 1; was_hit; n++) {
		CHECK(n < 1000);
		CHECK_OK(fs_remove_tree(path));
		fault_arm(n);
		AUTOERR err *e = work(path);
		was_hit = fault_count() >= n;
		fault_arm(0);
		if (e && (err_kind(e) != ERR_IO || !strstr(err_message(e), path)))
			CHECK_STR(err_message(e), "an IO error that names the file");
		CHECK_OK(work(path));
		int64_t count = 0;
		CHECK_OK(count_items(path, &count));
		CHECK(count % 2 == 0 && count >= 6 && count <= 12);
		CHECK(e || count == 12);
	}
}

TEST(db, survives_a_kill_at_every_single_call)
{
	AUTOFREE char *path = path_of("a.db");
	for (unsigned long n = 1;; n++) {
		CHECK(n < 1000);
		CHECK_OK(fs_remove_tree(path));
		pid_t child = fork();
		if (child == 0) {
			fault_arm_kill(n);
			err_ignore(work(path), "the parent looks");
			_exit(0);
		}
		int status = 0;
		(void)waitpid(child, &status, 0);
		CHECK_OK(work(path));
		int64_t count = 0;
		CHECK_OK(count_items(path, &count));
		CHECK(count % 2 == 0 && count >= 6 && count <= 12);
		if (WIFEXITED(status))
			break;
	}
}

#else

TEST(db, survives_the_failure_of_every_single_call)
{
	AUTOFREE char *path = path_of("a.db");
	CHECK_OK(work(path));
	test_skip("needs a build with test hooks");
}

#endif
