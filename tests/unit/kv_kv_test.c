#include "base/base.h"

#include "test.h"

#include "base/arena.h"
#include "base/path.h"
#include "kv/kv_driver.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/loop.h"

enum { PATIENCE_MS = 20000 };

/* --- sets --- */

static void add(struct kv_set *set, const char *key, const char *value)
{
	CHECK_OK(kv_set_add(set, key, strlen(key), view_of(value), 0));
}

static struct kv_set *set_of(const char *const *pairs)
{
	struct kv_set *set = kv_set_new();
	for (; *pairs; pairs += 2)
		add(set, pairs[0], pairs[1]);
	kv_set_seal(set);
	return set;
}

TEST(kv, a_set_is_sorted_and_the_last_of_a_key_counts)
{
	const char *const pairs[] = { "b", "2", "a", "1", "b", "3", "a/c", "x", NULL };
	AUTOPTR(kv_set) set = set_of(pairs);
	CHECK_INT(kv_set_len(set), 3);
	CHECK_STR(kv_set_at(set, 0)->key, "a");
	CHECK_STR(kv_set_at(set, 1)->key, "a/c");
	CHECK_STR(kv_set_find(set, "b")->value, "3");
	CHECK(!kv_set_find(set, "c"));
}

TEST(kv, the_fingerprint_tells_keys_from_values)
{
	const char *const one[] = { "a", "bc", NULL }, *const two[] = { "ab", "c", NULL };
	const char *const three[] = { "a", "bc", NULL };
	AUTOPTR(kv_set) a = set_of(one);
	AUTOPTR(kv_set) b = set_of(two);
	AUTOPTR(kv_set) c = set_of(three);
	CHECK(!kv_set_equal(a, b));
	CHECK(kv_set_equal(a, c));
	CHECK_INT(kv_set_removed(a, b), 1);
}

TEST(kv, a_part_of_a_set_is_relative_to_its_path)
{
	const char *const pairs[] = { "app", "root",  "app/db/host", "h", "app/db/port",
		                      "1",   "apple", "no",          NULL };
	AUTOPTR(kv_set) all = set_of(pairs);
	AUTOPTR(kv_set) tree = NULL;
	AUTOPTR(kv_set) key = NULL;
	CHECK_OK(kv_select(all, KV_TREE, "app/", &tree));
	CHECK_INT(kv_set_len(tree), 2);
	CHECK_STR(kv_set_find(tree, "db/port")->value, "1");
	CHECK_OK(kv_select(all, KV_KEY, "app/db", &key));
	CHECK_INT(kv_set_len(key), 0);
}

/* --- URLs --- */

TEST(kv, a_url_is_taken_apart)
{
	struct kv_url url = { 0 };
	CHECK_OK(kv_url_parse("etcd://[::1]:2379/a%20b/c?dc=x%26y&z=1", &url));
	CHECK_STR(url.scheme, "etcd");
	CHECK_STR(url.host, "[::1]");
	CHECK_INT(url.port, 2379);
	CHECK_STR(url.path, "a b/c");
	AUTOFREE char *dc = kv_url_get(&url, "dc");
	CHECK_STR(dc, "x&y");
	CHECK(!kv_url_get(&url, "d"));
	kv_url_clear(&url);
}

TEST(kv, a_url_with_a_password_or_a_wrong_port_is_refused)
{
	const char *const bad[] = { "etcd://user:secret@host/", "etcd://host:0/", "etcd://host:x/",
		                    "nothing", "" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct kv_url url = { 0 };
		CHECK_ERR(kv_url_parse(bad[i], &url), ERR_USAGE, "");
		kv_url_clear(&url);
	}
}

/* --- documents --- */

static struct kv_set *document(const char *name, const char *text)
{
	AUTO(arena) arena = ARENA_INIT;
	struct kv_set *set = kv_set_new();
	struct val *root = NULL;
	err *e = kv_parse_document(name, view_of(text), &arena, &root);
	if (!e)
		e = kv_add_document(set, "", root);
	if (e)
		test_fail(__FILE__, __LINE__, "%s", err_message(e));
	err_free(e);
	kv_set_seal(set);
	return set;
}

TEST(kv, leaves_of_a_document_are_keys)
{
	AUTOPTR(kv_set)
	yaml = document("x.yaml",
	                "db:\n  port: 5432\n  list: [a, {b: 1.5}]\n  none:\n  is: true\n");
	CHECK_STR(kv_set_find(yaml, "db/port")->value, "5432");
	CHECK_STR(kv_set_find(yaml, "db/list/0")->value, "a");
	CHECK_STR(kv_set_find(yaml, "db/list/1/b")->value, "1.5");
	CHECK_STR(kv_set_find(yaml, "db/none")->value, "");
	AUTOPTR(kv_set) env = document("x.env", "# c\nexport A='b c'\nD=\"e\"\n\nF= g \n");
	CHECK_STR(kv_set_find(env, "A")->value, "b c");
	CHECK_STR(kv_set_find(env, "D")->value, "e");
	CHECK_STR(kv_set_find(env, "F")->value, "g");
	AUTOPTR(kv_set) empty = document("x.yaml", "# nothing\n{}\n");
	CHECK_INT(kv_set_len(empty), 0);
	AUTOPTR(kv_set) json = document("page", " {\"a\": {\"b\": null}}");
	CHECK_STR(kv_set_find(json, "a/b")->value, "");
}

/* --- files, for real --- */

struct seen {
	size_t sets, errors;
	enum err_kind kind;
	struct kv_set *last;
};

static void on_set(void *ctx, struct kv_watch *watch, struct kv_set *set)
{
	struct seen *seen = ctx;
	(void)watch;
	kv_set_free(seen->last);
	seen->last = kv_set_ref(set);
	seen->sets++;
}

static void on_error(void *ctx, struct kv_watch *watch, const err *e, int64_t retry_ms)
{
	struct seen *seen = ctx;
	(void)watch, (void)retry_ms;
	seen->kind = err_kind(e);
	seen->errors++;
}

static void run_until(struct loop *loop, const size_t *count, size_t wanted)
{
	struct deadline deadline = deadline_after(PATIENCE_MS);
	while (*count < wanted && !deadline_is_over(deadline))
		CHECK_OK(loop_step(loop, 50));
	CHECK_INT(*count, wanted);
}

struct place {
	struct str dir;
	struct loop *loop;
	struct kv *kv;
	struct kv_watch *watch;
	struct seen seen;
};

static void write_file(const struct place *place, const char *name, const char *text)
{
	AUTOFREE char *path = path_join(place->dir.ptr, name);
	CHECK_OK(fs_write_atomic(path, view_of(text), 0600));
}

static void open_place(struct place *place, const struct kv_policy *policy, enum kv_scope scope,
                       const char *path)
{
	struct kv_events events = { on_set, on_error, &place->seen };
	str_init(&place->dir);
	CHECK_OK(fs_mkdtemp("fettle-kv-", &place->dir));
	AUTOFREE char *url = str_format("file:%s", place->dir.ptr);
	struct kv_options options = { .url = url, .policy = *policy };
	CHECK_OK(loop_new(NULL, &place->loop));
	CHECK_OK(kv_open(place->loop, &options, &place->kv));
	place->watch = kv_watch_new(place->kv, scope, path, &events);
}

static void close_place(struct place *place)
{
	kv_free(place->kv);
	loop_free(place->loop);
	kv_set_free(place->seen.last);
	CHECK_OK(fs_remove_tree(place->dir.ptr));
	str_clear(&place->dir);
}

TEST(kv, a_folder_tells_of_new_content_and_of_nothing_else)
{
	struct place place = { 0 };
	struct kv_policy policy = { .base_ms = 1 };
	open_place(&place, &policy, KV_TREE, "");
	write_file(&place, "a", "1");
	write_file(&place, ".hidden", "x");
	run_until(place.loop, &place.seen.sets, 1);
	CHECK_INT(kv_set_len(place.seen.last), 1);
	write_file(&place, "a", "1"); /* the same again: nobody is told */
	write_file(&place, "b", "2");
	run_until(place.loop, &place.seen.sets, 2);
	CHECK_STR(kv_set_find(place.seen.last, "b")->value, "2");
	AUTOFREE char *sub = path_join(place.dir.ptr, "sub");
	CHECK_OK(fs_mkdir_all(sub, 0755));
	write_file(&place, "sub/c", "3");
	run_until(place.loop, &place.seen.sets, 3);
	CHECK_STR(kv_set_find(place.seen.last, "sub/c")->value, "3");
	write_file(&place, "sub/c", "4");
	run_until(place.loop, &place.seen.sets, 4);
	CHECK_INT(place.seen.errors, 0);
	close_place(&place);
}

TEST(kv, content_that_vanishes_is_refused_until_it_comes_back)
{
	struct place place = { 0 };
	struct kv_policy policy = { .base_ms = 1 };
	open_place(&place, &policy, KV_TREE, "");
	write_file(&place, "a", "1");
	run_until(place.loop, &place.seen.sets, 1);
	AUTOFREE char *file = path_join(place.dir.ptr, "a");
	CHECK_OK(fs_remove(file));
	run_until(place.loop, &place.seen.errors, 1);
	CHECK_INT(place.seen.kind, ERR_REFUSED);
	CHECK_STR(kv_set_find(kv_watch_current(place.watch), "a")->value, "1");
	write_file(&place, "a", "2");
	run_until(place.loop, &place.seen.sets, 2);
	close_place(&place);
}

TEST(kv, too_few_and_too_many_removed_are_refused)
{
	struct place place = { 0 };
	struct kv_policy policy = { .base_ms = 1, .min_entries = 2, .max_removed_percent = 40 };
	open_place(&place, &policy, KV_TREE, "");
	write_file(&place, "a", "1");
	run_until(place.loop, &place.seen.errors, 1);
	write_file(&place, "b", "1");
	write_file(&place, "c", "1");
	write_file(&place, "d", "1");
	run_until(place.loop, &place.seen.sets, 1);
	while (kv_set_len(place.seen.last) < 4)
		run_until(place.loop, &place.seen.sets, place.seen.sets + 1);
	size_t errors = place.seen.errors;
	AUTOFREE char *one = path_join(place.dir.ptr, "a");
	CHECK_OK(fs_remove(one));
	run_until(place.loop, &place.seen.sets, place.seen.sets + 1);
	AUTOFREE char *two = path_join(place.dir.ptr, "b");
	AUTOFREE char *three = path_join(place.dir.ptr, "c");
	CHECK_OK(fs_remove(two));
	CHECK_OK(fs_remove(three));
	while (place.seen.errors == errors)
		run_until(place.loop, &place.seen.errors, errors + 1);
	CHECK_INT(place.seen.kind, ERR_REFUSED);
	close_place(&place);
}

TEST(kv, a_folder_that_comes_late_is_found_soon)
{
	struct place place = { 0 };
	struct kv_policy policy = { 0 };
	AUTO(str) gone = STR_INIT;
	open_place(&place, &policy, KV_TREE, "");
	str_addz(&gone, place.dir.ptr);
	CHECK_OK(fs_remove_tree(place.dir.ptr));
	struct deadline deadline = deadline_after(PATIENCE_MS);
	while (place.seen.errors < 5 && !deadline_is_over(deadline))
		CHECK_OK(loop_step(place.loop, 50));
	CHECK_INT(place.seen.kind, ERR_NOT_FOUND);
	CHECK_OK(fs_mkdir_all(gone.ptr, 0755));
	write_file(&place, "a", "1");
	int64_t start_ms = clock_monotonic_ms();
	run_until(place.loop, &place.seen.sets, 1);
	CHECK(clock_monotonic_ms() - start_ms < PATIENCE_MS / 2);
	close_place(&place);
}

TEST(kv, a_key_can_be_read_and_changed_at_once)
{
	struct place place = { 0 };
	struct kv_policy policy = { 0 };
	AUTOPTR(kv_set) set = NULL;
	open_place(&place, &policy, KV_KEY, "x");
	const struct kv_change changes[] = {
		{ .path = "deep/x", .value = { "v", 1 }, .version = KV_ANY_VERSION },
	};
	CHECK_OK(kv_change(place.kv, changes, 1, deadline_after(PATIENCE_MS)));
	CHECK_OK(kv_read(place.kv, KV_KEY, "deep/x", deadline_after(PATIENCE_MS), &set));
	CHECK_STR(kv_set_find(set, "")->value, "v");
	const struct kv_change bad = { .path = "../x",
		                       .value = { "v", 1 },
		                       .version = KV_ANY_VERSION };
	CHECK_ERR(kv_change(place.kv, &bad, 1, deadline_after(PATIENCE_MS)), ERR_REFUSED,
	          "is no key");
	close_place(&place);
}

TEST(kv, an_unknown_scheme_names_those_there_are)
{
	AUTOPTR(loop) loop = NULL;
	struct kv *kv = NULL;
	CHECK_OK(loop_new(NULL, &loop));
	struct kv_options options = { .url = "zookeeper://x/" };
	CHECK_ERR(kv_open(loop, &options, &kv), ERR_USAGE, "unknown scheme 'zookeeper'");
}
