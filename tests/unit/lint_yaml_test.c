/* The family yaml: each rule on bad, good and odd text, with options; its fixes; its configuration. */
#include "base/base.h"

#include "lint/lint_rule.h"
#include "pal/fs.h"
#include "test.h"

struct sample {
	const char *config; /* of one rule: "braces: {forbid: true}" */
	const char *text;
	const char *places; /* "2:3 4:1", as yamllint says them */
	const char *fixed;  /* after --fix; NULL: as it was */
};

static err *write_file(const char *name, const char *text)
{
	AUTOFREE char *path = str_format("%s/%s", test_dir(), name);
	return fs_write_atomic(path, view_of(text), 0644);
}

static struct lint_options options_for(const char *name)
{
	struct lint_options options = { .threads = 1 };
	AUTOFREE char *path = str_format("%s/%s", test_dir(), name);
	strs_push(&options.paths, path);
	return options;
}

static void options_end(struct lint_options *options)
{
	strs_clear(&options->paths);
	strs_clear(&options->select);
	strs_clear(&options->ignore);
}

/* Places and, where there are several rules, names: "1:2 rule". */
static void places_of(const struct lint_report *report, bool has_names, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; i < report->len; i++)
		for (size_t k = 0; k < report->files[i].len; k++) {
			const struct lint_finding *finding = &report->files[i].findings[k];
			str_addf(out, "%s%u:%u", out->len ? " " : "", finding->at.line,
			         finding->at.column);
			if (has_names)
				str_addf(out, " %s", finding->rule->slug);
		}
}

static err *lint(const char *name, const char *select, struct str *out)
{
	struct lint_options options = options_for(name);
	struct lint_report report = { 0 };
	if (select)
		strs_push(&options.select, select);
	err *e = lint_run(&options, NULL, &report);
	places_of(&report, !select, out);
	lint_report_clear(&report);
	options_end(&options);
	return e;
}

static err *mend(const char *name, const char *select, struct str *out)
{
	struct lint_options options = options_for(name);
	struct lint_mends mends = { 0 };
	strs_push(&options.select, select);
	err *e = lint_mend_all(&options, false, NULL, &mends);
	str_reset(out);
	if (mends.len)
		str_add_str(out, &mends.ptr[0].after);
	lint_mends_clear(&mends);
	options_end(&options);
	return e;
}

static void check_samples(const char *rule, const struct sample *samples, size_t n)
{
	AUTO(str) out = STR_INIT;
	for (size_t i = 0; i < n; i++) {
		const struct sample *sample = &samples[i];
		AUTOFREE char *config = str_format("rules:\n  %s\n", sample->config);
		CHECK_OK(write_file(".yamllint", config));
		CHECK_OK(write_file("a.yaml", sample->text));
		CHECK_OK(lint("a.yaml", rule, &out));
		if (!str_equal(out.len ? out.ptr : "", sample->places))
			test_fail(__FILE__, __LINE__, "%s with %s: %s is at '%s', not at '%s'",
			          rule, sample->config, sample->text, out.len ? out.ptr : "",
			          sample->places);
		CHECK_OK(mend("a.yaml", rule, &out));
		const char *fixed = out.len ? out.ptr : sample->text;
		const char *wanted = sample->fixed ? sample->fixed : sample->text;
		if (!str_equal(fixed, wanted))
			test_fail(__FILE__, __LINE__, "%s with %s: %s became %s", rule,
			          sample->config, sample->text, fixed);
	}
}
#define SAMPLES(rule, ...)                                              \
	do {                                                            \
		static const struct sample samples[] = { __VA_ARGS__ }; \
		check_samples(rule, samples, ARRAY_LEN(samples));       \
	} while (0)

TEST(lint_yaml, anchors)
{
	SAMPLES("anchors", { "anchors: enable", "a: &x 1\nb: *x\nc: *y\n", "3:4", NULL },
	        { "anchors: {forbid-duplicated-anchors: true}", "a: &x 1\nb: &x 2\n", "2:4", NULL },
	        { "anchors: {forbid-unused-anchors: true}", "a: &x 1\nb: &y 2\nc: *x\n---\nd: *y\n",
	          "2:4 5:4", NULL },
	        { "anchors: {forbid-undeclared-aliases: false}", "a: *x\n", "", NULL });
}

TEST(lint_yaml, spaces_in_brackets_and_around_signs)
{
	SAMPLES("braces", { "braces: enable", "a: { b: 1 }\n", "1:5 1:10", "a: {b: 1}\n" },
	        { "braces: {min-spaces-inside: 1, max-spaces-inside: 1}", "a: {b: 1}\n", "1:5 1:9",
	          "a: { b: 1 }\n" },
	        { "braces: {min-spaces-inside-empty: 0, max-spaces-inside-empty: 0, "
	          "max-spaces-inside: 1}",
	          "a: { }\n", "1:5", "a: {}\n" },
	        { "braces: enable", "x: &x 1\na: {b: *x }\nc: {d: }\n", "2:10 3:7",
	          "x: &x 1\na: {b: *x}\nc: {d: }\n" },
	        { "braces: {forbid: non-empty}", "a: {}\nb: {c: 1}\n", "2:5", NULL },
	        { "braces: enable", "a: {\n  b: 1\n}\n", "", NULL });
	SAMPLES("brackets", { "brackets: enable", "a: [ 1, é ]\n", "1:5 1:10", "a: [1, é]\n" },
	        { "brackets: {forbid: true}", "a: []\n", "1:5", NULL });
	SAMPLES("colons", { "colons: enable", "a :   1\n", "1:2 1:6", "a: 1\n" },
	        { "colons: enable", "x: &x 1\n*x : 2\n", "", NULL },
	        { "colons: enable", "?  a\n:  b\n", "1:3 2:3", "? a\n: b\n" },
	        { "colons: {max-spaces-after: -1}", "a:    1\n", "", NULL });
	SAMPLES("commas", { "commas: enable", "a: [1 ,2,  3]\n", "1:6 1:8 1:11", "a: [1, 2, 3]\n" },
	        { "commas: enable", "a: {b: , c: 1}\n", "1:7", NULL },
	        { "commas: enable", "a: [1\n  , 2]\n", "2:2", NULL });
	SAMPLES("hyphens", { "hyphens: enable", "-   a\n- b\n", "1:4", "- a\n- b\n" },
	        { "hyphens: {max-spaces-after: 3}", "-   a\n", "", NULL });
}

TEST(lint_yaml, comments)
{
	SAMPLES("comments",
	        { "comments: enable", "#!x\n#a\na: 1 # b\n#\n##\n", "2:2 3:6",
	          "#!x\n# a\na: 1  # b\n#\n##\n" },
	        { "comments: {ignore-shebangs: false}", "#!x\n", "1:2", "# !x\n" },
	        { "comments: {min-spaces-from-content: -1}", "a: 1 # b\n", "", NULL },
	        { "comments: enable", "a: |\n  #b\nc: '#d'\n", "", NULL });
	SAMPLES("comments-indentation",
	        { "comments-indentation: enable", "a:\n    # x\n  b: 1\n  # y\nc: 1\n", "2:5",
	          "a:\n  # x\n  b: 1\n  # y\nc: 1\n" },
	        { "comments-indentation: enable", " # x\na: 1\n", "1:2", "# x\na: 1\n" });
}

TEST(lint_yaml, documents)
{
	SAMPLES("document-start",
	        { "document-start: enable", "# x\na: 1\n", "2:1", "# x\n---\na: 1\n" },
	        { "document-start: {present: false}", "---\na: 1\n", "1:1", "a: 1\n" },
	        { "document-start: enable", "", "", NULL },
	        { "document-start: enable", "%YAML 1.1\n---\na: 1\n", "", NULL });
	SAMPLES("document-end",
	        { "document-end: enable", "a: 1\n---\nb: 1\n", "2:1 3:1",
	          "a: 1\n...\n---\nb: 1\n...\n" },
	        { "document-end: {present: false}", "a: 1\n...\n", "2:1", "a: 1\n" });
}

TEST(lint_yaml, lines)
{
	SAMPLES("empty-lines",
	        { "empty-lines: enable", "a: 1\n\n\n\n\nb: 1\n\n", "5:1 7:1", "a: 1\n\n\nb: 1\n" },
	        { "empty-lines: {max-start: 1}", "\n\na: 1\n", "2:1", "\na: 1\n" },
	        { "empty-lines: {max: 0}", "a: |\n  x\n\n  y\n\nb: 1\n", "3:1 5:1",
	          "a: |\n  x\n\n  y\nb: 1\n" },
	        { "empty-lines: enable", "a: 1\r\n\r\n\r\n\r\nb: 1\r\n", "4:1",
	          "a: 1\r\n\r\n\r\nb: 1\r\n" });
	SAMPLES("line-length",
	        { "line-length: {max: 9}", "a: b c d e\na: bcdefghij\n- bcdefghij\n", "1:10 2:10",
	          NULL },
	        { "line-length: {max: 9, allow-non-breakable-inline-mappings: true}",
	          "a: bcdefghij\na: 'b cdefg'\n", "2:10", NULL },
	        { "line-length: {max: 9}", "a: é é é é\n", "1:10", NULL },
	        { "line-length: {max: 10}", "a: é é é é\n", "", NULL },
	        { "line-length: {max: 9}", "# bcdefghijk\n###########\n", "", NULL });
	SAMPLES("new-line-at-end-of-file",
	        { "new-line-at-end-of-file: enable", "a: 1", "1:5", "a: 1\n" },
	        { "new-line-at-end-of-file: enable", "a: 1\r\nb: 1", "2:5", "a: 1\r\nb: 1\r\n" },
	        { "new-line-at-end-of-file: enable", "", "", NULL });
	SAMPLES("new-lines", { "new-lines: enable", "a: 1\r\nb: 2\r\n", "1:5", "a: 1\nb: 2\n" },
	        { "new-lines: {type: dos}", "a: 1\nb: 2\n", "1:5", "a: 1\r\nb: 2\r\n" });
	SAMPLES("trailing-spaces",
	        { "trailing-spaces: enable", "a: 1  \nb: |\n  x \nc: 'y \n  z'\n", "1:5 3:4 4:6",
	          "a: 1\nb: |\n  x \nc: 'y \n  z'\n" },
	        { "trailing-spaces: enable", "a: 1 \r\n", "1:5", "a: 1\r\n" });
}

TEST(lint_yaml, values)
{
	SAMPLES("empty-values", { "empty-values: enable", "a:\nb: {c: , d: }\ne:\n  -\n  - 1\n",
	                          "1:3 2:7 2:12 4:4", NULL });
	SAMPLES("float-values",
	        { "float-values: {require-numeral-before-decimal: true, forbid-nan: true, "
	          "forbid-inf: true, forbid-scientific-notation: true}",
	          "- .5\n- 1e3\n- .nan\n- -.inf\n- 1.5\n- '.5'\n- 1.e2\n- 12e\n",
	          "1:3 2:3 3:3 4:3 7:3", NULL });
	SAMPLES("octal-values", { "octal-values: enable",
	                          "- 010\n- 0o17\n- '010'\n- 08\n- !!str 010\n", "1:6 2:7", NULL });
	SAMPLES("truthy",
	        { "truthy: enable", "a: True\nb: 'yes'\nc: NO\nd: true\n", "1:4 3:4",
	          "a: true\nb: 'yes'\nc: false\nd: true\n" },
	        { "truthy: {allowed-values: ['yes', 'no']}", "a: yes\nb: true\n", "2:4", NULL },
	        { "truthy: enable", "on: 1\n", "1:1", NULL },
	        { "truthy: {check-keys: false}", "on: 1\n", "", NULL },
	        { "truthy: enable", "%YAML 1.2\n---\na: yes\nb: TRUE\n", "4:4",
	          "%YAML 1.2\n---\na: yes\nb: true\n" });
}

TEST(lint_yaml, keys)
{
	SAMPLES("key-duplicates",
	        { "key-duplicates: enable", "a: 1\nb: {c: 1, c: 2}\na: 2\n", "2:11 3:1", NULL },
	        { "key-duplicates: enable", "x: &x {y: 1}\na:\n  <<: *x\n  <<: *x\n", "", NULL },
	        { "key-duplicates: {forbid-duplicated-merge-keys: true}",
	          "x: &x {y: 1}\na:\n  <<: *x\n  <<: *x\n", "4:3", NULL });
	SAMPLES("key-ordering",
	        { "key-ordering: enable", "a: 1\nc: 1\nb: 1\nd:\n  f: 1\n  e: 1\n", "3:1 6:3",
	          NULL },
	        { "key-ordering: {ignored-keys: [\"^n(ame)?$\", '^x-[a-z]+']}",
	          "b: 1\nname: 1\nn: 1\nx-yz: 1\nc: 1\na: 1\n", "6:1", NULL });
	AUTO(str) text = STR_INIT;
	AUTO(str) out = STR_INIT;
	for (int i = 0; i < 5000; i++)
		str_addf(&text, "k%d: 1\n", i);
	str_addz(&text, "k17: 2\n");
	CHECK_OK(write_file(".yamllint", "rules: {key-duplicates: enable}\n"));
	CHECK_OK(write_file("a.yaml", text.ptr));
	CHECK_OK(lint("a.yaml", "key-duplicates", &out));
	CHECK_STR(out.ptr, "5001:1");
}

TEST(lint_yaml, quotes)
{
	SAMPLES("quoted-strings",
	        { "quoted-strings: enable", "a: b\nc: 'd'\ne: 1\n", "1:4",
	          "a: \"b\"\nc: 'd'\ne: 1\n" },
	        { "quoted-strings: {quote-type: single}", "a: \"b\"\nc: \"d'\"\n", "1:4 2:4",
	          "a: 'b'\nc: \"d'\"\n" },
	        { "quoted-strings: {required: only-when-needed}",
	          "a: 'b'\nc: 'yes'\nd: '1'\ne: 'f: g'\nh: [',']\ni: \"\\n\"\n", "1:4",
	          "a: b\nc: 'yes'\nd: '1'\ne: 'f: g'\nh: [',']\ni: \"\\n\"\n" },
	        { "quoted-strings: {required: only-when-needed, extra-required: [^http], "
	          "extra-allowed: ['^ftp://']}",
	          "a: http://x\nb: 'ftp://y'\nc: 'z'\n", "1:4 3:4",
	          "a: \"http://x\"\nb: 'ftp://y'\nc: z\n" },
	        { "quoted-strings: {required: false, quote-type: consistent}",
	          "a: 'b'\nc: \"d\"\ne: f\n", "2:4", "a: 'b'\nc: 'd'\ne: f\n" },
	        { "quoted-strings: {check-keys: true, required: only-when-needed}", "'a': 1\n",
	          "1:1", "a: 1\n" });
}

TEST(lint_yaml, indentation)
{
	SAMPLES("indentation", { "indentation: enable", "a:\n  b: 1\nc:\n   d: 1\n", "4:4", NULL },
	        { "indentation: {spaces: 4}", "a:\n  b: 1\n", "2:3", NULL },
	        { "indentation: {indent-sequences: false}", "a:\n  - 1\nb:\n- 1\n", "2:3", NULL },
	        { "indentation: {indent-sequences: consistent}", "a:\n  - 1\nb:\n- 1\n", "4:1",
	          NULL },
	        { "indentation: enable", "a:\n- 1\n", "2:1", NULL },
	        { "indentation: {check-multi-line-strings: true}", "a: |\n  x\n   y\n", "3:4",
	          NULL },
	        { "indentation: enable", "a: {\n  b: 1\n  }\n", "3:3", NULL },
	        { "indentation: enable", "? a\n: b\n", "", NULL });
}

TEST(lint_yaml, comments_switch_rules_off_and_on)
{
	SAMPLES("trailing-spaces",
	        { "trailing-spaces: enable",
	          "a: 1 \n# yamllint disable rule:trailing-spaces\nb: 1 \n"
	          "# yamllint enable\nc: 1 \nd: 1  # yamllint disable-line \n"
	          "# yamllint disable-line rule:trailing-spaces\ne: 1 \nf: 1 \n",
	          "1:5 5:5 9:5",
	          "a: 1\n# yamllint disable rule:trailing-spaces\nb: 1 \n"
	          "# yamllint enable\nc: 1\nd: 1  # yamllint disable-line \n"
	          "# yamllint disable-line rule:trailing-spaces\ne: 1 \nf: 1\n" },
	        { "trailing-spaces: enable", "# yamllint disable rule:colons\na: 1 \n", "2:5",
	          "# yamllint disable rule:colons\na: 1\n" },
	        { "trailing-spaces: enable", "# yamllint disable-file\na: 1 \n", "", NULL });
}

TEST(lint_yaml, the_configuration_extends_and_ignores)
{
	AUTO(str) out = STR_INIT;
	AUTOFREE char *folder = str_format("%s/sub", test_dir());
	CHECK_OK(fs_mkdir_all(folder, 0755));
	CHECK_OK(write_file("base.yml",
	                    "extends: relaxed\nrules: {line-length: {max: 20, level: error}}\n"));
	CHECK_OK(write_file(
		".yamllint.yaml",
		"extends: base.yml\nyaml-files: ['*.yaml']\nignore: |\n  # none\n"
		"  sub/no.yaml\nrules:\n  line-length: {allow-non-breakable-inline-mappings: "
		"false, allow-non-breakable-words: false}\n  colons: {ignore: [sub/]}\n"));
	static const char text[] = "a:  1\nb: 12345678901234567890\n";
	CHECK_OK(write_file("a.yaml", text));
	CHECK_OK(write_file("a.yml", text));
	CHECK_OK(write_file("sub/b.yaml", text));
	CHECK_OK(write_file("sub/no.yaml", text));
	CHECK_OK(lint("a.yaml", NULL, &out));
	CHECK_STR(out.ptr, "1:4 colons 2:21 line-length");
	CHECK_OK(lint("sub/b.yaml", NULL, &out));
	CHECK_STR(out.ptr, "2:21 line-length");
	CHECK_OK(lint("sub/no.yaml", NULL, &out));
	CHECK_STR(out.len ? out.ptr : "", "");
	CHECK_OK(lint("a.yml", NULL, &out));
	CHECK_STR(out.len ? out.ptr : "", "");
	CHECK_OK(lint("a.yaml", "colons", &out));
	CHECK_STR(out.ptr, "1:4");
}

TEST(lint_yaml, a_wrong_configuration_is_a_finding)
{
	static const struct {
		const char *config, *message;
	} cases[] = {
		{ "rules: {brace: enable}\n", "there is no rule 'brace'" },
		{ "rules: {braces: {min-space: 1}}\n", "has no option 'min-space'" },
		{ "rules: {braces: {forbid: 3}}\n", "must be one of: true, false, non-empty" },
		{ "rules: {braces: {level: info}}\n", "must be 'error' or 'warning'" },
		{ "rules: {key-ordering: {ignored-keys: ['(']}}\n", "" },
		{ "- a\n", "must be a map" },
		{ "extends: nowhere.yaml\n", "nowhere.yaml" },
		{ "ignore: a\nignore-from-file: b\n", "exclude each other" },
		{ "rules: {quoted-strings: {extra-allowed: [a]}}\n", "only-when-needed" },
	};
	CHECK_OK(write_file("a.yaml", "a: 1\n"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_OK(write_file(".yamllint", cases[i].config));
		struct lint_options options = options_for("a.yaml");
		struct lint_report report = { 0 };
		CHECK_OK(lint_run(&options, NULL, &report));
		CHECK_INT(report.counts[LINT_ERROR], 1);
		const char *message = report.len ? report.files[0].findings[0].message : "";
		if (!strstr(message, cases[i].message))
			test_fail(__FILE__, __LINE__, "%s: %s", cases[i].config, message);
		lint_report_clear(&report);
		options_end(&options);
	}
}

TEST(lint_yaml, by_default_only_mistakes_are_found)
{
	AUTO(str) out = STR_INIT;
	CHECK_OK(write_file("a.yaml", "a:   { b: yes }  \nc: 1\nc: 2\nd: &x 1\nmode: 644\n"
	                              "e:\t1\nf: \"g\xe2\x80\xae\"\nh: *no\n<<: 1"));
	CHECK_OK(lint("a.yaml", NULL, &out));
	CHECK_STR(out.ptr, "1:16 trailing-spaces 3:1 key-duplicates 4:4 anchors 5:7 file-mode "
	                   "6:3 tabs 7:6 invisible-characters 8:4 anchors 9:1 merge-keys "
	                   "9:6 new-line-at-end-of-file");
	CHECK_OK(write_file("a.yaml", "\xef\xbb\xbf"
	                              "a: {{ b }}: c\n"));
	CHECK_OK(lint("a.yaml", NULL, &out));
}
