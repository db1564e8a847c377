#include "test.h"

#include "json/json.h"
#include "schema/schema.h"
#include "yaml/yaml.h"

static const char *const signals[] = { "hup", "usr1", NULL };
static const char *const kinds[] = { "File", NULL };
static const struct schema any_string = { .kind = SCHEMA_STR };
static const struct schema any_int = { .kind = SCHEMA_INT };
static const struct schema signal_item = { .kind = SCHEMA_STR, .choices = signals };

static const struct schema spec_fields[] = {
	{ .name = "path",
	  .kind = SCHEMA_STR,
	  .required = true,
	  .format = &schema_absolute_path,
	  .about = "where the file goes" },
	{ .name = "mode", .kind = SCHEMA_STR, .format = &schema_octal_mode },
	{ .name = "owner", .kind = SCHEMA_STR, .format = &schema_user_name, .also = &any_int },
	{ .name = "content", .kind = SCHEMA_STR },
	{ .name = "contentFrom", .kind = SCHEMA_STR, .format = &schema_relative_path },
	{ .name = "size", .kind = SCHEMA_INT, .min = 0, .max = 10 },
	{ .name = "purge", .kind = SCHEMA_BOOL },
	{ .name = "signals", .kind = SCHEMA_LIST, .of = &signal_item, .min_len = 1, .max_len = 2 },
	{ .name = "labels",
	  .kind = SCHEMA_MAP,
	  .of = &any_string,
	  .key_format = &schema_label_name },
	{ .name = "token", .kind = SCHEMA_STR, .is_secret = true, .format = &schema_base64 },
	{ .name = "until", .kind = SCHEMA_STR, .format = &schema_duration, .fallback = "\"30s\"" },
	{ .name = "user", .kind = SCHEMA_STR, .instead = "use 'owner'" },
	SCHEMA_END,
};

static const struct schema_group spec_groups[] = {
	{ SCHEMA_EXACTLY_ONE, (const char *const[]){ "content", "contentFrom", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "size", "purge", NULL } },
	SCHEMA_GROUP_END,
};

static const struct schema file_fields[] = {
	{ .name = "kind", .kind = SCHEMA_STR, .required = true, .choices = kinds },
	{ .name = "spec",
	  .kind = SCHEMA_OBJECT,
	  .required = true,
	  .fields = spec_fields,
	  .groups = spec_groups },
	SCHEMA_END,
};

static const struct schema file = {
	.name = "File", .kind = SCHEMA_OBJECT, .fields = file_fields, .about = "a file on the host"
};

static err *check(struct arena *a, const char *spec)
{
	AUTO(str) text = STR_INIT;
	struct val *root = NULL;
	str_addf(&text, "kind: File\nspec: %s\n", spec);
	TRY(yaml_load_one(text.ptr, text.len, "file.yaml", a, &root));
	return schema_check(&file, root);
}

TEST(schema, accepts_what_fits)
{
	AUTO(arena) a = ARENA_INIT;
	CHECK_OK(check(
		&a, "{path: /etc/motd, mode: '0644', owner: 0, content: x, size: 10, purge: true, "
		    "signals: [hup], labels: {a: b}, until: 1h30m, token: aGk=}"));
	CHECK_OK(check(&a, "{path: /x, owner: www-data, contentFrom: a/b}"));
}

TEST(schema, each_mistake_is_named)
{
	static const struct {
		const char *spec, *part;
		size_t column;
	} cases[] = {
		{ "{path: /x, content: a, pth: /y}", "unknown field 'spec.pth'", 30 },
		{ "{path: /x, content: a, mdoe: '0644'}", "did you mean 'mode'?", 30 },
		{ "{content: a}", "'spec.path' is missing", 7 },
		{ "{path: /x, content: a, mode: 0644}",
		  "expected a string for 'spec.mode', found a number", 36 },
		{ "{path: /x, content: a, mode: 0644}", "put it in quotes: \"0644\"", 36 },
		{ "{path: /x, content: yes}", "put it in quotes: \"yes\"", 27 },
		{ "{path: /x, content: ~}", "found nothing", 27 },
		{ "{path: /x, content: a, mode: '9'}",
		  "an octal mode such as \"0644\" for 'spec.mode', found '9'", 36 },
		{ "{path: x, content: a}", "found 'x': it does not begin with '/'", 14 },
		{ "{path: /a/../b, content: a}", "it contains '..'", 14 },
		{ "{path: /x, contentFrom: /y}", "it is absolute", 31 },
		{ "{path: /x, content: a, owner: [1]}",
		  "expected a string or a whole number for 'spec.owner', found a list", 37 },
		{ "{path: /x, content: a, size: 11, purge: true}",
		  "from 0 to 10 for 'spec.size', found 11", 36 },
		{ "{path: /x, content: a, size: '1', purge: true}", "remove the quotes", 36 },
		{ "{path: /x, content: a, signals: hup}", "write a list, also for one item: [hup]",
		  39 },
		{ "{path: /x, content: a, signals: [hub]}",
		  "expected one of 'hup', 'usr1' for 'spec.signals[0]', found 'hub'", 40 },
		{ "{path: /x, content: a, signals: [hub]}", "did you mean 'hup'?", 40 },
		{ "{path: /x, content: a, signals: []}",
		  "at least 1 items for 'spec.signals', found 0", 39 },
		{ "{path: /x, content: a, signals: [hup, hup, hup]}", "at most 2", 39 },
		{ "{path: /x, content: a, labels: {A_b: c}}", "as key, found 'A_b'", 39 },
		{ "{path: /x, content: a, labels: {a: 1}}", "'spec.labels.a'", 42 },
		{ "{path: /x, content: a, until: 5 minutes}", "a duration such as", 37 },
		{ "{path: /x, content: a, user: me}", "use 'owner'", 30 },
		{ "{path: /x}", "expected one of 'content', 'contentFrom' for 'spec', found none",
		  7 },
		{ "{path: /x, content: a, contentFrom: b}",
		  "expected only one of 'content', 'contentFrom'", 30 },
		{ "{path: /x, content: a, size: 1}", "'size' needs 'purge' beside it", 30 },
		{ "[]", "expected a map for 'spec', found a list", 7 },
		{ "{path: /x, content: a, purge: 1}", "expected true or false", 37 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTOERR err *e = check(&a, cases[i].spec);
		if (!test_error_is(__FILE__, __LINE__, cases[i].spec, e, ERR_INVALID,
		                   cases[i].part))
			return;
		CHECK_INT(err_count(e), 1);
		CHECK(err_place(e) != NULL);
		CHECK_INT(err_place(e)->line, 2);
		if (err_place(e)->column != cases[i].column)
			test_fail(__FILE__, __LINE__, "<<%s>> at column %zu", cases[i].spec,
			          err_place(e)->column);
	}
}

TEST(schema, all_mistakes_come_at_once)
{
	AUTO(arena) a = ARENA_INIT;
	AUTOERR err *e = check(&a, "{pth: /x, mode: 0644, signals: [a, b], size: 99}");
	CHECK_INT(err_count(e), 8);
}

TEST(schema, mistakes_are_limited)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) spec = STR_INIT;
	str_addz(&spec, "{path: /x, content: a");
	for (unsigned i = 0; i < 500; i++)
		str_addf(&spec, ", unknown%u: 1", i);
	str_addch(&spec, '}');
	AUTOERR err *e = check(&a, spec.ptr);
	CHECK_INT(err_count(e), 50);
}

TEST(schema, a_constant_is_named)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *root = val_new_map(&a);
	val_set_str(&a, root, "kind", "Fil");
	AUTOERR err *e = schema_check(&file, root);
	CHECK_INT(err_count(e), 2);
	CHECK_STR(err_message(e), "'spec' is missing");
	CHECK_STR(err_message(err_next(e)), "expected 'File' for 'kind', found 'Fil'");
	CHECK_ERR(schema_check(&file, NULL), ERR_INVALID, "expected a map, found nothing");
}

TEST(schema, secrets_reach_no_message)
{
	AUTO(arena) a = ARENA_INIT;
	AUTOERR err *e = check(&a, "{path: /x, content: a, token: 'hunter2!'}");
	CHECK(e != NULL);
	CHECK(strstr(err_message(e), "hunter2") == NULL);
	CHECK(err_place(e)->snippet == NULL);
	CHECK_INT(err_place(e)->line, 2);
}

TEST(schema, prints_json_schema)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	struct val *root = NULL;
	schema_to_json(&file, "https://fettle.dev/schemas/file.json", &out);
	CHECK_OK(json_load(out.ptr, out.len, "schema", &a, &root));
	CHECK_STR(val_get_str(root, "title", ""), "File");
	CHECK_STR(val_get_str(root, "$schema", ""), "https://json-schema.org/draft/2020-12/schema");
	CHECK_STR(val_get_str(val_path(root, "properties.kind"), "const", ""), "File");
	const struct val *spec = val_path(root, "properties.spec");
	CHECK(!val_get_bool(spec, "additionalProperties", true));
	CHECK_STR(val_at(val_get(spec, "required"), 0)->as.str.ptr, "path");
	CHECK_STR(val_get_str(val_path(spec, "properties.until"), "default", ""), "30s");
	CHECK_INT(val_len(val_path(spec, "properties.owner.anyOf")), 2);
	CHECK_INT(val_len(val_path(spec, "properties.signals.items.enum")), 2);
	CHECK(val_path(spec, "properties.user") == NULL);
	CHECK_INT(val_len(val_path(spec, "allOf[0].oneOf")), 2);
	CHECK_STR(val_at(val_path(spec, "allOf[1].dependentRequired.size"), 0)->as.str.ptr,
	          "purge");
	CHECK(val_get_bool(val_path(spec, "properties.token"), "writeOnly", false));
}

/* --- formats --- */

static bool accepts(const struct schema_format *format, const char *text)
{
	return format->refuses(text, strlen(text)) == NULL;
}

TEST(schema, formats_accept_and_refuse)
{
	static const struct {
		const struct schema_format *format;
		const char *good[6], *bad[8];
	} cases[] = {
		{ &schema_absolute_path,
		  { "/", "/etc/motd", "C:\\x", "C:/x", "/a/..b" },
		  { "", "x", "./x", "/a/../b", "/..", "C:\\..\\x", "/a\nb" } },
		{ &schema_relative_path,
		  { "a", "a/b", "./a", "..a" },
		  { "", "/a", "..", "../a", "a/..", "\\a", "C:/x" } },
		{ &schema_octal_mode,
		  { "0644", "755", "04755", "000", "7777" },
		  { "", "64", "0888", "10000", "0o644", "-644", "rw-r--r--" } },
		{ &schema_duration,
		  { "0", "30s", "1h30m", "500ms", "7d" },
		  { "", "5", "s", "1h30", "-1s", "1.5h", "99999999999d", "9999999999999999999s" } },
		{ &schema_unit_name,
		  { "nginx.service", "a@b.timer", "x-y_z.socket" },
		  { "", "nginx", ".service", "a b.service", "a/b.service", "a.conf" } },
		{ &schema_object_name,
		  { "a", "a-b.c", "0" },
		  { "", "A", "a_b", "-a", "a-", "a..b", "a.", ".a" } },
		{ &schema_label_name, { "a", "a-b" }, { "", "a.b", "-a", "A" } },
		{ &schema_user_name,
		  { "root", "0", "www-data", "1000", "_apt" },
		  { "", "-x", "a b", "a:b", "a/b", "4294967295", "99999999999" } },
		{ &schema_base64,
		  { "", "aGk=", "aGVs", "aGVs\nbG8=" },
		  { "a", "aGk", "aG=k", "====", "a-_=", "aGk= " } },
		{ &schema_not_empty, { "a", " " }, { "" } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t j = 0; j < 6 && cases[i].good[j]; j++)
			if (!accepts(cases[i].format, cases[i].good[j]))
				test_fail(__FILE__, __LINE__, "%s refuses '%s'",
				          cases[i].format->expected, cases[i].good[j]);
		for (size_t j = 0; j < 8 && cases[i].bad[j]; j++)
			if (accepts(cases[i].format, cases[i].bad[j]))
				test_fail(__FILE__, __LINE__, "%s accepts '%s'",
				          cases[i].format->expected, cases[i].bad[j]);
	}
}

TEST(schema, durations_are_parsed)
{
	int64_t ms = 0;
	CHECK(schema_parse_duration("1h30m5s250ms", 12, &ms));
	CHECK_INT(ms, 5405250);
	CHECK(!schema_parse_duration("36601d", 6, &ms));
	unsigned mode = 0;
	CHECK(schema_parse_octal_mode("04755", 5, &mode));
	CHECK_INT(mode, 04755);
}
