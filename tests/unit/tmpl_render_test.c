#include "base/base.h"

#include "test.h"

#include "base/arena.h"
#include "json/json.h"
#include "tmpl/tmpl.h"

/* A little world: what each function answers. "wait/..." is not there yet. */
static err *lookup(void *ctx, const struct tmpl_query *query, struct arena *a,
                   enum tmpl_state *ret_state, const struct val **ret_value)
{
	(void)ctx;
	*ret_state = TMPL_KNOWN;
	if (str_starts(query->path, "wait")) {
		*ret_state = TMPL_PENDING;
	} else if (str_starts(query->path, "none")) {
		*ret_state = TMPL_ABSENT;
	} else if (strcmp(query->function, "ls") == 0 || strcmp(query->function, "tree") == 0) {
		struct val *list = val_new_list(a);
		static const char *const keys[] = { "db/host", "db/port", "name" };
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			struct val *pair = val_new_map(a);
			val_set_str(a, pair, "Key", keys[i]);
			val_set_str(a, pair, "Value", keys[i] + 1);
			val_push(a, list, pair);
		}
		*ret_value = list;
	} else {
		*ret_value = val_new_str(a, arena_printf(a, "<%s>", query->path));
	}
	return NULL;
}

static err *render(enum tmpl_flavour flavour, const char *text, const char *json, struct str *out,
                   size_t *ret_pending)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(tmpl) tmpl = NULL;
	struct val *data = NULL;
	struct tmpl_options options = { .flavour = flavour };
	struct tmpl_host host = { .lookup = lookup, .now_s = 1700000000 };
	TRY(json_load(json, strlen(json), "data", &arena, &data));
	TRY(tmpl_parse(&options, "t", view_of(text), &tmpl));
	return tmpl_render(tmpl, data, &host, out, ret_pending);
}

#define CHECK_RENDERS(flavour, text, json, expected)                     \
	do {                                                             \
		AUTO(str) out_ = STR_INIT;                               \
		size_t pending_ = 0;                                     \
		CHECK_OK(render(flavour, text, json, &out_, &pending_)); \
		CHECK_STR(out_.ptr, expected);                           \
		CHECK_INT(pending_, 0);                                  \
	} while (0)

#define CHECK_FAILS(flavour, text, json, part)                                               \
	do {                                                                                 \
		AUTO(str) out_ = STR_INIT;                                                   \
		size_t pending_ = 0;                                                         \
		CHECK_ERR(render(flavour, text, json, &out_, &pending_), ERR_INVALID, part); \
	} while (0)

TEST(tmpl, text_fields_and_trim_markers)
{
	CHECK_RENDERS(TMPL_PLAIN, "a {{ .x }} b", "{\"x\": 1}", "a 1 b");
	CHECK_RENDERS(TMPL_PLAIN, "a \n{{- .x.y -}}\n b", "{\"x\": {\"y\": \"q\"}}", "aqb");
	CHECK_RENDERS(TMPL_PLAIN, "{{/* c */}}x{{- /* d */ -}} y", "{}", "xy");
	CHECK_RENDERS(TMPL_PLAIN,
	              "{{ \"a\\tb\" }}{{ `r\\` }}{{ 'x' }}{{ 0x10 }}{{ 1.5 }}{{ true }}", "{}",
	              "a\tbr\\120161.5true");
	CHECK_RENDERS(TMPL_PLAIN, "{{ . }}", "{\"b\": [1, \"z\"], \"a\": null}",
	              "map[a:<nil> b:[1 z]]");
}

TEST(tmpl, control_structures)
{
	CHECK_RENDERS(TMPL_PLAIN, "{{if .a}}1{{else if .b}}2{{else}}3{{end}}",
	              "{\"a\": 0, \"b\": \"x\"}", "2");
	CHECK_RENDERS(TMPL_PLAIN, "{{range $i, $v := .l}}{{$i}}={{$v}} {{else}}none{{end}}",
	              "{\"l\": [\"a\", \"b\"]}", "0=a 1=b ");
	CHECK_RENDERS(TMPL_PLAIN, "{{range $k, $v := .}}{{$k}}{{$v}}{{end}}",
	              "{\"b\": 1, \"a\": 2}", "a2b1");
	CHECK_RENDERS(
		TMPL_PLAIN,
		"{{range .l}}{{if eq . 2}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}",
		"{\"l\": [1, 2, 3, 4, 5]}", "13");
	CHECK_RENDERS(TMPL_PLAIN, "{{with .x}}{{.}}{{else with .y}}y{{.}}{{else}}no{{end}}",
	              "{\"x\": \"\", \"y\": 2}", "y2");
	CHECK_RENDERS(TMPL_PLAIN, "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "{}", "2");
	CHECK_RENDERS(
		TMPL_PLAIN,
		"{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .a}}{{block \"b\" 3}}[{{.}}]{{end}}",
		"{\"a\": 7}", "<7>[3]");
	CHECK_RENDERS(TMPL_PLAIN, "{{range 3}}{{.}}{{end}}", "{}", "012");
}

TEST(tmpl, pipelines_and_builtins)
{
	CHECK_RENDERS(TMPL_PLAIN, "{{ 5 | printf \"%03d-%s\" 7 }}", "{}", "007-%!s(int=5)");
	CHECK_RENDERS(TMPL_PLAIN,
	              "{{ printf \"%q %v %5.2f|%-4s|%x\" \"a\" .l 3.14159 \"b\" \"hi\" }}",
	              "{\"l\": [1]}", "\"a\" [1]  3.14|b   |6869");
	CHECK_RENDERS(TMPL_PLAIN, "{{ and 1 0 2 }} {{ or 0 \"\" 3 }} {{ not 1 }}", "{}",
	              "0 3 false");
	CHECK_RENDERS(TMPL_PLAIN, "{{ index .m \"k\" 1 }}{{ len .m }}{{ slice \"abcd\" 1 3 }}",
	              "{\"m\": {\"k\": [1, 9]}}", "91bc");
	CHECK_RENDERS(TMPL_PLAIN,
	              "{{ eq 1 2 1 }} {{ lt \"a\" \"b\" }} {{ ge 1.5 1.5 }} {{ ne 1 2 }}", "{}",
	              "true true true true");
	CHECK_RENDERS(TMPL_PLAIN, "{{ html \"<a&'>\" }} {{ urlquery \"a b&\" }} {{ js \"<'\" }}",
	              "{}", "&lt;a&amp;&#39;&gt; a+b%26 \\u003C\\'");
	CHECK_RENDERS(TMPL_PLAIN, "{{ (index .l 0).x }}", "{\"l\": [{\"x\": 4}]}", "4");
	CHECK_RENDERS(TMPL_PLAIN, "{{ print 1 2 \"a\" \"b\" 3 }}{{ println 1 \"x\" }}", "{}",
	              "1 2ab31 x\n");
}

TEST(tmpl, floats_print_as_in_go)
{
	CHECK_RENDERS(TMPL_PLAIN, "{{range .}}{{.}} {{end}}",
	              "[1.5, 1000000.0, 123456789.5, 1e21, 0.0001, 0.00001, 100000.5]",
	              "1.5 1e+06 1.234567895e+08 1e+21 0.0001 1e-05 100000.5 ");
}

TEST(tmpl, a_missing_key_is_an_error_or_no_value)
{
	CHECK_FAILS(TMPL_PLAIN, "x\n {{ .nope }}", "{}", "no entry for key 'nope'");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE, "{{ .nope }}{{ .a.b }}", "{}", "<no value><no value>");
}

TEST(tmpl, mistakes_have_a_place)
{
	static const char *const bad[][2] = {
		{ "{{ if }}x{{ end }}", "missing value for if" },
		{ "{{ range .x }}", "unexpected end" },
		{ "{{ .x", "unclosed action" },
		{ "{{ end }}", "unexpected {{end}}" },
		{ "{{ nope 1 }}", "'nope' is not defined" },
		{ "{{ $x }}", "undefined variable '$x'" },
		{ "{{ break }}", "outside {{range}}" },
		{ "{{ \"a }}", "unterminated quoted string" },
		{ "{{ 1 | 2 }}", "non executable command" },
		{ "{{ template \"x\" }}", "not defined" },
		{ "{{/* x }}", "unclosed comment" },
		{ "{{ call .x }}", "not supported" },
		{ "{{ lenn 1 }}", "did you mean 'len'?" },
		{ "{{ 1 2 }}", "can't give argument" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_FAILS(TMPL_PLAIN, bad[i][0], "{}", bad[i][1]);
}

TEST(tmpl, what_is_not_there_yet_is_counted)
{
	AUTO(str) out = STR_INIT;
	size_t pending = 0;
	CHECK_OK(render(TMPL_CONSUL_TEMPLATE,
	                "{{ key \"wait/a\" | toUpper }}{{ range ls \"wait/b\" }}{{ .Key }}{{ end }}"
	                "{{ with key \"wait/c\" | parseJSON }}{{ .x.y }}{{ end }}",
	                "{}", &out, &pending));
	CHECK_INT(pending, 3);
}

TEST(tmpl, functions_of_consul_template)
{
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE,
	              "{{ key \"a\" }} {{ keyOrDefault \"none\" \"d\" }} {{ keyExists \"none\" }}",
	              "{}", "<a> d false");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE, "{{ range ls \"x\" }}{{ .Key }}={{ .Value }};{{ end }}",
	              "{}", "db/host=b/host;db/port=b/port;name=ame;");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE,
	              "{{ with tree \"x\" | explode }}{{ .db.host }} {{ .name }}{{ end }}", "{}",
	              "b/host ame");
	CHECK_RENDERS(
		TMPL_CONSUL_TEMPLATE,
		"{{ \"a,b\" | split \",\" | join \"-\" }} {{ 5 | subtract 2 }} {{ 7 | divide 2 }}",
		"{}", "a-b 3 3");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE, "{{ \"{\\\"a\\\": [1, 2.5]}\" | parseJSON | toJSON }}",
	              "{}", "{\"a\":[1,2.5]}");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE,
	              "{{ \"foo-bar\" | regexReplaceAll \"(o+)-(?P<r>b)\" \"$1:${r}$$\" }}", "{}",
	              "foo:b$ar");
	CHECK_RENDERS(TMPL_CONSUL_TEMPLATE,
	              "{{ \"a\\n\\nb\" | indent 2 }}|{{ timestamp \"2006-01-02 15:04:05 Mon\" }}",
	              "{}", "  a\n\n  b|2023-11-14 22:13:20 Tue");
	CHECK_FAILS(TMPL_CONSUL_TEMPLATE, "{{ service \"web\" }}", "{}", "not supported");
}

TEST(tmpl, functions_of_confd_and_sprig)
{
	CHECK_RENDERS(
		TMPL_CONFD,
		"{{ getv \"/a\" }} {{ getv \"none\" \"d\" }} {{ base \"/x/y\" }} {{ dir \"/x/y\" }} {{ add 1 2 }}",
		"{}", "</a> d y /x 3");
	CHECK_FAILS(TMPL_CONFD, "{{ getv \"none\" }}", "{}", "key does not exist: none");
	CHECK_RENDERS(
		TMPL_PLAIN,
		"{{ \"\" | default \"d\" }} {{ list 1 2 | join \"-\" }} {{ dict \"a\" 1 \"b\" 2 | toJson }} {{ \"x\" | quote }} {{ add \"1\" 2.9 }}",
		"{}", "d 1-2 {\"a\":1,\"b\":2} \"x\" 3");
	CHECK_RENDERS(
		TMPL_PLAIN,
		"{{ \"a\\nb\" | nindent 2 }} {{ ternary 1 2 true }} {{ until 3 }} {{ list 3 1 3 | uniq }}",
		"{}", "\n  a\n  b 1 [0 1 2] [3 1]");
}

TEST(tmpl, shell_variables)
{
	CHECK_RENDERS(TMPL_SHELL, "a ${x} $$x ${y:-d e} ${z-} ${x:+set} $HOME",
	              "{\"x\": \"1\", \"y\": \"\"}", "a 1 $x d e <z> set $HOME");
	CHECK_FAILS(TMPL_SHELL, "${none:?must be set}", "{}", "must be set");
	CHECK_FAILS(TMPL_SHELL, "${none}", "{}", "is not set");
	CHECK_FAILS(TMPL_SHELL, "x\n${a", "{}", "without '}'");
}

TEST(tmpl, mustache)
{
	CHECK_RENDERS(TMPL_MUSTACHE, "Hi {{n}} {{{n}}} {{&n}}", "{\"n\": \"<b>\"}",
	              "Hi &lt;b&gt; <b> <b>");
	CHECK_RENDERS(TMPL_MUSTACHE, "{{#l}}\n  {{.}},\n{{/l}}\n{{^none}}empty{{/none}}",
	              "{\"l\": [1, 2]}", "  1,\n  2,\nempty");
	CHECK_RENDERS(TMPL_MUSTACHE, "{{=<% %>=}}<%a.b%>{{x}}", "{\"a\": {\"b\": 3}}", "3{{x}}");
	CHECK_RENDERS(TMPL_MUSTACHE, " {{>p}}\n|", "{}", " <p>|");
	CHECK_FAILS(TMPL_MUSTACHE, "{{#a}}", "{}", "not closed");
}

TEST(tmpl, endless_work_is_cut_off)
{
	AUTO(str) out = STR_INIT;
	size_t pending = 0;
	CHECK_ERR(render(TMPL_PLAIN, "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
	                 "{}", &out, &pending),
	          ERR_LIMIT, "depth");
	CHECK_ERR(render(TMPL_PLAIN, "{{range 1000000}}{{range 1000000}}{{end}}{{end}}", "{}", &out,
	                 &pending),
	          ERR_LIMIT, "steps");
}
