/*
 * The unit test harness: TEST(suite, sentence_name) { … } registers itself; the program speaks
 * TAP. A failed CHECK prints file:line and leaves the test (cleanup attributes still run).
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include "base/base.h"

struct test_case {
	const char *suite, *name;
	void (*run)(void);
	struct test_case *next;
};

void test_register(struct test_case *test);
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Mark the running test as skipped, saying why; return from the test after it. */
void test_skip(const char *reason);
/* A fresh, empty folder of this test; removed at the end. Borrowed. */
const char *test_dir(void);

#define TEST(suite_, name_)                                                                        \
	static void test_##suite_##_##name_(void);                                                 \
	static struct test_case case_##suite_##_##name_ = { #suite_, #name_,                       \
		                                            test_##suite_##_##name_, NULL };       \
	__attribute__((constructor)) static void register_##suite_##_##name_(void)                 \
	{                                                                                          \
		test_register(&case_##suite_##_##name_);                                           \
	}                                                                                          \
	static void test_##suite_##_##name_(void)

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			test_fail(__FILE__, __LINE__, "%s", #condition);                           \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define CHECK_INT(actual, expected)                                                                \
	do {                                                                                       \
		long long actual_ = (long long)(actual), expected_ = (long long)(expected);        \
		if (actual_ != expected_) {                                                        \
			test_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #actual,        \
			          actual_, expected_);                                             \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define CHECK_STR(actual, expected)                                                                \
	do {                                                                                       \
		const char *actual_ = (actual), *expected_ = (expected);                           \
		if (!actual_ || strcmp(actual_, expected_) != 0) {                                 \
			test_fail(__FILE__, __LINE__, "%s is '%s', expected '%s'", #actual,        \
			          actual_ ? actual_ : "(null)", expected_);                        \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define CHECK_HAS(text, part)                                                                      \
	do {                                                                                       \
		const char *text_ = (text), *part_ = (part);                                       \
		if (!strstr(text_, part_)) {                                                       \
			test_fail(__FILE__, __LINE__, "'%s' does not contain '%s'", text_, part_); \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define CHECK_OK(expr)                                                                             \
	do {                                                                                       \
		AUTOERR err *error_ = (expr);                                                      \
		if (error_) {                                                                      \
			test_fail(__FILE__, __LINE__, "%s: %s", #expr, err_message(error_));       \
			return;                                                                    \
		}                                                                                  \
	} while (0)
/* Fails with this kind, and the message (or a hint) contains `part`. */
#define CHECK_ERR(expr, kind, part)                                                                \
	do {                                                                                       \
		AUTOERR err *error_ = (expr);                                                      \
		if (!test_error_is(__FILE__, __LINE__, #expr, error_, (kind), (part)))             \
			return;                                                                    \
	} while (0)
bool test_error_is(const char *file, int line, const char *expr, const err *e, enum err_kind kind,
                   const char *part);

#endif
