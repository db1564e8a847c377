/*
 * Runs the registered tests: `unit` all, `unit SUITE…` some, `unit --list` the suites. TAP on
 * stdout. Tests of one suite run in the order they stand in the file.
 */
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/map.h"

static struct test_case *all_tests;
static struct {
	bool has_failed;
	const char *skip_reason;
	char dir[64];
} current;

void test_register(struct test_case *test)
{
	struct test_case **at = &all_tests;
	while (*at)
		at = &(*at)->next;
	*at = test;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO(str) message = STR_INIT;
	str_addvf(&message, fmt, args);
	va_end(args);
	for (size_t i = 0; i < message.len; i++)
		if (message.ptr[i] == '\n')
			message.ptr[i] = ' ';
	printf("# %s:%d: %s\n", file, line, message.ptr);
	current.has_failed = true;
}

void test_skip(const char *reason)
{
	current.skip_reason = reason;
}

bool test_error_is(const char *file, int line, const char *expr, const err *e, enum err_kind kind,
                   const char *part)
{
	if (!e) {
		test_fail(file, line, "%s succeeded, expected %s", expr, err_kind_name(kind));
		return false;
	}
	bool has_part = strstr(err_message(e), part) != NULL;
	for (size_t i = 0; i < err_hint_count(e); i++)
		has_part = has_part || strstr(err_hint_text(e, i), part);
	if (err_kind(e) != kind || !has_part) {
		test_fail(file, line, "%s: got %s '%s', expected %s with '%s'", expr,
		          err_kind_name(err_kind(e)), err_message(e), err_kind_name(kind), part);
		return false;
	}
	return true;
}

static void remove_dir(const char *dir)
{
	pid_t child = fork();
	if (child == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	int status;
	(void)waitpid(child, &status, 0);
}

const char *test_dir(void)
{
	if (!current.dir[0]) {
		(void)snprintf(current.dir, sizeof(current.dir), "/tmp/fettle-unit-XXXXXX");
		if (!mkdtemp(current.dir))
			abort();
	}
	return current.dir;
}

static bool is_wanted(const struct test_case *test, char **suites, int count)
{
	for (int i = 0; i < count; i++)
		if (str_equal(test->suite, suites[i]))
			return true;
	return count == 0;
}

static bool run_one(const struct test_case *test, size_t number)
{
	current.has_failed = false;
	current.skip_reason = NULL;
	current.dir[0] = '\0';
	test->run();
	AUTOFREE char *name = mem_strdup(test->name);
	for (char *at = name; *at; at++)
		if (*at == '_')
			*at = ' ';
	printf("%s %zu - %s: %s", current.has_failed ? "not ok" : "ok", number, test->suite, name);
	printf(current.skip_reason ? " # SKIP %s\n" : "\n", current.skip_reason);
	fflush(stdout);
	if (current.dir[0])
		remove_dir(current.dir);
	return !current.has_failed;
}

static int list_suites(void)
{
	struct map seen = MAP_INIT;
	for (struct test_case *test = all_tests; test; test = test->next)
		if (!map_has(&seen, test->suite)) {
			map_set(&seen, test->suite, test);
			puts(test->suite);
		}
	map_clear(&seen);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && str_equal(argv[1], "--list"))
		return list_suites();
	size_t count = 0;
	bool is_ok = true;
	for (struct test_case *test = all_tests; test; test = test->next)
		if (is_wanted(test, argv + 1, argc - 1))
			is_ok = run_one(test, ++count) && is_ok;
	if (count == 0) {
		puts("Bail out! no such suite");
		return 1;
	}
	printf("1..%zu\n", count);
	return is_ok ? 0 : 1;
}
