#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "pal/sig.h"
#include "pal/stream.h"

static size_t count_entries(void)
{
	AUTO(fs_list) list = { 0 };
	err_ignore(fs_list(test_dir(), &list), "a test looks at the count");
	return list.len;
}

static err *put(struct stream_out *out, const char *text)
{
	return stream_out_write(out, (const uint8_t *)text, strlen(text));
}

TEST(stream, a_file_appears_when_it_is_whole)
{
	AUTOFREE char *path = path_join(test_dir(), "f");
	AUTO(str) text = STR_INIT;
	struct stat st;
	struct stream_out *out = NULL;
	CHECK_OK(stream_out_open(path, 0600, NULL, &out));
	CHECK_OK(put(out, "one "));
	CHECK(!fs_exists(path));
	CHECK_OK(put(out, "two"));
	CHECK_OK(stream_out_commit(out));
	stream_out_free(out);
	CHECK_OK(fs_read_file(path, 100, &text));
	CHECK_STR(text.ptr, "one two");
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(count_entries(), 1);
}

TEST(stream, without_a_commit_nothing_changes_and_nothing_remains)
{
	AUTOFREE char *path = path_join(test_dir(), "f");
	AUTO(str) text = STR_INIT;
	struct stream_out *out = NULL;
	CHECK_OK(fs_write_atomic(path, view_of("old"), 0640));
	CHECK_OK(stream_out_open(path, 0600, NULL, &out));
	CHECK_OK(put(out, "new"));
	CHECK_INT(count_entries(), 2);
	stream_out_free(out);
	CHECK_OK(fs_read_file(path, 100, &text));
	CHECK_STR(text.ptr, "old");
	CHECK_INT(count_entries(), 1);
}

TEST(stream, a_replaced_file_keeps_its_mode_and_a_symlink_stays_one)
{
	AUTOFREE char *path = path_join(test_dir(), "f"), *link = path_join(test_dir(), "l");
	AUTO(str) text = STR_INIT;
	AUTO(str) target = STR_INIT;
	struct stat st;
	struct stream_out *out = NULL;
	CHECK_OK(fs_write_atomic(path, view_of("old"), 0640));
	CHECK(symlink("f", link) == 0);
	CHECK_OK(stream_out_open(link, 0600, NULL, &out));
	CHECK_OK(put(out, "new"));
	CHECK_OK(stream_out_commit(out));
	stream_out_free(out);
	CHECK_OK(fs_readlink(link, &target));
	CHECK_STR(target.ptr, "f");
	CHECK_OK(fs_read_file(path, 100, &text));
	CHECK_STR(text.ptr, "new");
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0640);
}

TEST(stream, reads_what_is_there_and_says_what_cannot_be_read)
{
	AUTOFREE char *path = path_join(test_dir(), "f");
	uint8_t buf[10];
	size_t len;
	struct stream_in *in = NULL;
	CHECK_ERR(stream_in_open(path, NULL, &in), ERR_NOT_FOUND, "cannot read");
	CHECK_ERR(stream_in_open(test_dir(), NULL, &in), ERR_INVALID, "folder");
	CHECK_OK(fs_write_atomic(path, view_of("0123456789ab"), 0600));
	CHECK_OK(stream_in_open(path, NULL, &in));
	CHECK_OK(stream_in_read(in, buf, sizeof(buf), &len));
	CHECK_INT(len, 10);
	CHECK_OK(stream_in_read(in, buf, sizeof(buf), &len));
	CHECK_INT(len, 2);
	CHECK_OK(stream_in_read(in, buf, sizeof(buf), &len));
	CHECK_INT(len, 0);
	stream_in_free(in);
}

TEST(stream, a_stop_ends_reading_and_writing)
{
	AUTOFREE char *path = path_join(test_dir(), "f"), *other = path_join(test_dir(), "g");
	AUTOPTR(cancel) cancel = cancel_new();
	AUTOPTR(stream_in) in = NULL;
	uint8_t buf[10];
	size_t len;
	struct stream_out *out = NULL;
	CHECK_OK(fs_write_atomic(path, view_of("x"), 0600));
	CHECK_OK(stream_in_open(path, cancel, &in));
	CHECK_OK(stream_out_open(other, 0600, cancel, &out));
	CHECK_OK(put(out, "half"));
	cancel_request(cancel, 130);
	CHECK_ERR(stream_in_read(in, buf, sizeof(buf), &len), ERR_CANCELLED, "interrupted");
	CHECK_ERR(put(out, "more"), ERR_CANCELLED, "interrupted");
	CHECK_ERR(stream_out_commit(out), ERR_CANCELLED, "interrupted");
	stream_out_free(out);
	CHECK_INT(count_entries(), 1);
}
