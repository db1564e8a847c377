/* Read like the API server: against the answers of sigs.k8s.io/yaml (tests/diff/yaml_dialect.sh). */
#include "test.h"

#include "json/json.h"
#include "yaml/yaml.h"

#include "yaml_dialect_cases.h"

/* Documents that sigs.k8s.io/yaml reads and we refuse on purpose, by a part of our message. */
static const char *const refusals[] = {
	"brings",              /* a key set above and by << : the tools disagree */
	"end of the document", /* it stops reading after the first document */
	"is not supported",    /* tags it ignores */
};

static bool is_refused_on_purpose(const err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (strstr(err_message(e), refusals[i]))
			return true;
	return false;
}

/* NULL when our answer agrees; else what is wrong. */
static const char *compare(struct arena *a, const char *text, const char *json)
{
	struct yaml_docs docs;
	AUTOERR err *e = yaml_load(text, strlen(text), "case", a, &docs);
	if (!json) /* the escape \/ is JSON's and harmless; only go-yaml v2 does not know it */
		return e || strstr(text, "\\/") ? NULL : "accepted";
	if (e)
		return is_refused_on_purpose(e) ? NULL : arena_strdup(a, err_message(e));
	struct val *expected = NULL;
	AUTOERR err *bad_case = json_load(json, strlen(json), "golden", a, &expected);
	if (bad_case)
		return "bad golden";
	struct val *nothing = val_new_null(a);
	const struct val *root = docs.len ? docs.ptr[0].root : nothing;
	if (!val_equal(root, expected))
		return "different";
	AUTO(str) written = STR_INIT;
	struct yaml_docs again;
	yaml_write(root, &written);
	AUTOERR err *unreadable = yaml_load(written.ptr, written.len, "written", a, &again);
	if (unreadable)
		return "unreadable when written";
	return val_equal(again.ptr[0].root, expected) ? NULL : "different when written";
}

TEST(yaml_dialect, agrees_with_the_reader_of_kubernetes)
{
	for (size_t i = 0; i < ARRAY_LEN(dialect_cases); i++) {
		AUTO(arena) a = ARENA_INIT;
		const char *problem = compare(&a, dialect_cases[i].yaml, dialect_cases[i].json);
		if (problem) {
			test_fail(__FILE__, __LINE__, "%s: <<%s>> expected %s", problem,
			          dialect_cases[i].yaml,
			          dialect_cases[i].json ? dialect_cases[i].json : "an error");
			return;
		}
	}
}
