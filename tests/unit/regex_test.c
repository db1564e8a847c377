#include "base/base.h"

#include "regex/regex.h"
#include "test.h"

/* 1 yes, 0 no, -1 refused or given up. */
static int matches(const char *pattern, const char *text)
{
	AUTOPTR(regex) regex = NULL;
	bool is_match = false;
	err *e = regex_new(pattern, &regex);
	if (!e)
		e = regex_matches(regex, view_of(text), &is_match);
	if (e) {
		err_free(e);
		return -1;
	}
	return is_match;
}

struct sample {
	const char *pattern, *text;
	int expected;
};

static void check(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int found = matches(samples[i].pattern, samples[i].text);
		if (found != samples[i].expected)
			fprintf(stderr, "/%s/ on '%s': %d\n", samples[i].pattern, samples[i].text,
			        found);
		CHECK_INT(found, samples[i].expected);
	}
}

TEST(regex, searches_as_go_does)
{
	static const struct sample samples[] = {
		{ "^(data|stringData)$", "data", 1 },
		{ "^(data|stringData)$", "metadata", 0 },
		{ "pass", "my_password", 1 },
		{ "(?i)secret", "TopSECRET", 1 },
		{ "^\\d{3,5}$", "1234", 1 },
		{ "^\\d{3,5}$", "123456", 0 },
		{ "^a$", "a\n", 0 },
		{ "(?m)^b$", "a\nb\nc", 1 },
		{ "a.c", "a\nc", 0 },
		{ "(?s)a.c", "a\nc", 1 },
		{ "^\\s$", "\v", 0 },
		{ "^[\\s]$", "\v", 0 },
		{ "^\\S$", "\v", 1 },
		{ "^\\v$", "\v", 1 },
		{ "^x{,5}$", "x{,5}", 1 },
		{ "^x{a}$", "x{a}", 1 },
		{ "^\\Qa.b*\\E$", "a.b*", 1 },
		{ "^\\pL+$", "\xc3\xa9t\xc3\xa9", 1 },
		{ "^\\p{Greek}$", "\xce\xb1", 1 },
		{ "^[[:alpha:]_]+$", "ab_c", 1 },
		{ "^(?P<n>a)(?:b)$", "ab", 1 },
		{ "^\\x41\\x{42}\\103$", "ABC", 1 },
		{ "^[]a]+$", "]a", 1 },
		{ "^[^]a]$", "]", 0 },
		{ "a||b", "", 1 },
		{ "\\.dec(rypted)?\\.ya?ml$", "x.dec.yml", 1 },
		{ "", "anything", 1 },
		{ "^.$", "\xc3\xa9", 1 },
	};
	check(samples, ARRAY_LEN(samples));
}

TEST(regex, refuses_what_go_does_not_have)
{
	static const struct sample samples[] = {
		{ "a(?=b)", "ab", -1 }, { "a(?!b)", "ac", -1 },  { "(?<=a)b", "ab", -1 },
		{ "(?<!a)b", "b", -1 }, { "(a)\\1", "aa", -1 },  { "a++", "aa", -1 },
		{ "a**", "aa", -1 },    { "a{2}{3}", "aa", -1 }, { "(?>a)", "a", -1 },
		{ "(?R)", "a", -1 },    { "(*FAIL)", "a", -1 },  { "\\K", "a", -1 },
		{ "\\h", " ", -1 },     { "\\R", "\n", -1 },     { "(?x)a", "a", -1 },
		{ "\\C", "a", -1 },     { "(?P=n)", "a", -1 },   { "(", "a", -1 },
		{ "[a", "a", -1 },      { "*a", "a", -1 },       { "a\\", "a", -1 },
		{ "a{1001}", "a", -1 }, { "(?#c)a", "a", -1 },   { "(?|a)", "a", -1 },
		{ "\\Z", "a", -1 },     { "\\9", "a", -1 },      { "|*", "a", -1 },
	};
	check(samples, ARRAY_LEN(samples));
}

TEST(regex, gives_up_on_explosive_patterns)
{
	CHECK_INT(matches("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), -1);
}
