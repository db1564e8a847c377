#!/usr/bin/env python3
"""Templates for tests/tmpl/differential.bats: one JSON object a line with Flavour, Template, Data.

cases.py write COUNT SEED   the table below and COUNT random ones from a grammar
cases.py compare CASES PEER FETTLE
                            render CASES with FETTLE and compare with the lines PEER answered
"""
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

DATA = {
    "s": "hello world", "e": "", "n": 5, "neg": -3, "z": 0, "f": 1.5, "big": 1e21, "m6": 1000000.0, "t": True,
    "no": False, "nil": None, "l": [3, 1, 2], "ls": ["b", "a", "c"], "lm": [{"k": 1}, {"k": 2}], "le": [],
    "m": {"b": 2, "a": 1, "c": {"d": "x"}}, "me": {}, "html": "<a href='x'>&\"</a>", "u": "grüße €", "multi": "a\nb\n",
}

PLAIN = r'''
plain text
{{ .s }}
{{.s}}{{.n}}{{.neg}}{{.f}}{{.t}}{{.no}}
{{ .big }} {{ .m6 }} {{ .z }}
{{ .l }} {{ .ls }} {{ .m }} {{ .le }} {{ .me }} {{ .lm }}
{{ . }}
{{ $ }}
{{ .m.c.d }} {{ .m.a }}
{{ (.m).c }}
{{- .s -}}
a  {{- .s }}  b
a  {{ .s -}}  b
a {{- " x " -}} b
{{/* comment */}}x
a {{- /* comment */ -}} b
{{ "quoted \"str\" \n \t \x41 \u00e9 \101" }}
{{ `raw \n "x"` }}
{{ 'a' }} {{ '\n' }} {{ '\x41' }} {{ 'é' }}
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ -5 }} {{ +5 }} {{ 1e3 }} {{ 1.5e-3 }} {{ .5 }}
{{ true }} {{ false }}
{{ nil }}
{{ printf "%v" nil }}
{{ 1 | printf "%d" }}
{{ printf "%d %5d %-5d| %05d %+d %x %X %o %b %c %q %U" 42 42 42 42 42 255 255 8 5 65 65 65 }}
{{ printf "%s %10s %-10s| %q %x %X %.3s %5.1s|" "go" "go" "go" "go" "go" "go" "golang" "go" }}
{{ printf "%f %.2f %8.3f %e %E %g %G %v" 3.14159 3.14159 3.14159 314.159 314.159 314.159 1e-7 2.5 }}
{{ printf "%t %v %v" true false true }}
{{ printf "%d" "x" }} {{ printf "%s" 5 }} {{ printf "%d" 1.5 }} {{ printf "%t" 1 }}
{{ printf "%d %d" 1 }} {{ printf "%d" 1 2 }} {{ printf "%" }} {{ printf "%z" 1 }} {{ printf "100%%" }}
{{ printf "%v %v %v" .l .m .nil }}
{{ printf "%d" .l }} {{ printf "%s" .ls }} {{ printf "%q" .ls }} {{ printf "%5d|" .l }} {{ printf "%x" .ls }}
{{ printf "%*d" 5 42 }} {{ printf "%-*d|" 5 42 }} {{ printf "%.*f" 2 3.14159 }}
{{ printf "%T %T %T %T" 1 "a" 1.5 true }}
{{ printf "%6.2f|%-8.1f|%+.1f" 1.25 2.5 3.5 }}
{{ printf "%08.3f" -3.14159 }} {{ printf "% d" 5 }} {{ printf "%#x %#o %#b" 255 8 5 }} {{ printf "%#q" "a" }}
{{ print 1 2 "a" "b" 3 4 }} {{ print }} {{ println "a" 1 }}
{{ print .nil }} {{ print .l .m }}
{{ len .s }} {{ len .l }} {{ len .m }} {{ len .le }} {{ len "é" }}
{{ index .l 0 }} {{ index .m "a" }} {{ index .m "c" "d" }} {{ index .lm 1 "k" }} {{ index "abc" 1 }}
{{ index .m "nope" }}
{{ index .l 9 }}
{{ index .l -1 }}
{{ slice .l 1 }} {{ slice .l }} {{ slice .l 1 2 }}
{{ slice .l 3 1 }}
{{ html .html }} {{ .html | html }} {{ js .html }} {{ urlquery "a b/c?d=é&" }}
{{ and 1 2 }} {{ and 0 2 }} {{ or 0 3 }} {{ or 1 3 }} {{ not 0 }} {{ not "x" }} {{ and .s .e }} {{ or .e .s .n }}
{{ and .no (index .l 99) }} {{ or .t (index .l 99) }}
{{ eq 1 1 }} {{ eq "a" "b" }} {{ eq 1 2 3 1 }} {{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt "b" "a" }} {{ ge 1.5 2.5 }}
{{ eq .n 5 }} {{ eq .s "hello world" }} {{ eq .t true }} {{ eq .f 1.5 }}
{{ eq 1 1.0 }}
{{ eq "1" 1 }}
{{ lt "a" 1 }}
{{ lt .t .t }}
{{ eq .l .l }}
{{ eq .nil nil }} {{ eq .nil 1 }}
{{ if .t }}yes{{ else }}no{{ end }}
{{ if .e }}yes{{ else if .n }}n{{ else }}no{{ end }}
{{ if not .e }}empty{{ end }}{{ if .le }}x{{ end }}{{ if .me }}y{{ end }}{{ if .z }}z{{ end }}{{ if .nil }}w{{ end }}
{{ if and .t (gt .n 3) }}both{{ end }}
{{ with .s }}[{{ . }}]{{ end }}{{ with .e }}x{{ else }}none{{ end }}
{{ with .e }}x{{ else with .n }}n={{ . }}{{ else }}none{{ end }}
{{ with $x := .n }}{{ $x }}{{ . }}{{ end }}
{{ with .m }}{{ .a }}{{ $.n }}{{ end }}
{{ range .l }}{{ . }},{{ end }}
{{ range $i, $v := .l }}{{ $i }}:{{ $v }} {{ end }}
{{ range $v := .ls }}<{{ $v }}>{{ end }}
{{ range .m }}{{ . }};{{ end }}
{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}
{{ range .le }}x{{ else }}empty{{ end }}{{ range .nil }}x{{ else }}nil{{ end }}
{{ range .lm }}{{ .k }}{{ end }}
{{ range 3 }}{{ . }}{{ end }} {{ range $i := 3 }}{{ $i }}{{ end }}
{{ range .l }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}
{{ range .l }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }}
{{ range .l }}{{ range $.ls }}{{ . }}{{ break }}{{ end }}{{ . }}{{ end }}
{{ range .s }}x{{ end }}
{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}
{{ $x := 1 }}{{ if true }}{{ $x := 5 }}{{ $x }}{{ end }}{{ $x }}
{{ $x := 0 }}{{ range .l }}{{ $x = . }}{{ end }}{{ $x }}
{{ $m := .m }}{{ $m.c.d }} {{ $m.a }}
{{ define "a" }}A{{ . }}{{ end }}{{ template "a" }}{{ template "a" .n }}
{{ define "r" }}{{ if gt . 0 }}{{ . }}{{ end }}{{ end }}{{ template "r" 3 }}
{{ block "b" .s }}<{{ . }}>{{ end }}
{{ define "x" }}{{ template "y" . }}{{ end }}{{ define "y" }}Y{{ . }}{{ end }}{{ template "x" 1 }}
{{ define "v" }}{{ $ }}{{ end }}{{ template "v" "q" }}
{{ .s | printf "%s-%s" "a" | printf "%q" }}
{{ (print "a" 1) | len }}
{{ print (len .l) (index .l 0) }}
{{ .nope }}
{{ .m.nope }}
{{ .nil.x }}
{{ .s.x }}
{{ .l.x }}
{{ nope }}
{{ .s
{{ if }}x{{ end }}
{{ end }}
{{ else }}
{{ range .l }}
{{ "unclosed }}
{{ 1 2 }}
{{ .s 1 }}
{{ | len }}
{{ len }}
{{ len 1 2 }}
{{ $undefined }}
{{ template "missing" }}
{{ break }}
{{ 1 | 2 }}
{{ print 1 | 2 }}
{{ ( 1 }}
{{ 1 ) }}
{{ . . }}
{{ "a" | . }}
{{ 'ab' }}
{{ 1.2.3 }}
{{ 9223372036854775808 }}
{{ define "a" }}1{{ end }}{{ define "a" }}2{{ end }}{{ template "a" }}
{{ if .t }}{{ define "q" }}{{ end }}{{ end }}
{{ /* not a comment */ }}
{{/* unclosed }}
{{ .s }} }} {{ "{{" }}
{{ "a" -}}

   {{- "b" }}
{{range .l}}
 - {{.}}
{{- end}}
{{ $a := 1 }}{{ $b := 2 }}{{ $a }}{{ $b }}
{{ with $y := .s }}{{ len $y }}{{ end }}
{{ not .t | not }}
{{ .u }} {{ len .u }} {{ printf "%q" .u }} {{ printf "%+v" .m }} {{ printf "%.4s" .u }} {{ printf "%10.4s|" .u }}
{{ print 1.0 2.50 1e100 1e-10 100000.0 123456.789 1234567.0 }}
{{ default "d" .e }} {{ default "d" .s }} {{ .e | default 5 }} {{ empty .e }} {{ empty .l }}
{{ coalesce .e .z .s }} {{ ternary "a" "b" .t }} {{ ternary 1 2 .no }}
{{ upper .s }} {{ lower "ABC" }} {{ title .s }} {{ untitle "Hello World" }} {{ trim "  x " }} {{ nospace .s }}
{{ quote .s .n }} {{ squote .s }} {{ quote .nil }} {{ quote "a\"b" }}
{{ trimAll "$" "$5.00$" }} {{ trimPrefix "he" .s }} {{ trimSuffix "ld" .s }} {{ hasPrefix "he" .s }} {{ hasSuffix "x" .s }}
{{ contains "wor" .s }} {{ replace " " "-" .s }} {{ repeat 3 "ab" }} {{ substr 0 5 .s }} {{ substr 2 -1 .s }}
{{ trunc 5 .s }} {{ trunc -5 .s }} {{ trunc 100 .s }} {{ cat "a" 1 .s }} {{ plural "one" "many" 2 }}
{{ indent 4 .multi }}|{{ nindent 2 .s }}|{{ indent 2 "" }}|
{{ b64enc .s }} {{ b64dec "aGVsbG8=" }} {{ sha256sum .s }}
{{ toJson .m }} {{ toJson .html }} {{ toRawJson .html }} {{ toPrettyJson .m }} {{ toJson .nil }} {{ toJson .l }}
{{ (fromJson "{\"a\": [1, 2.5, \"x\"]}").a }}
{{ int "5" }} {{ int 5.9 }} {{ int64 "x" }} {{ float64 "1.5" }} {{ atoi "7" }} {{ toString 5 }}
{{ add 1 2 3 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 2 }} {{ add1 5 }} {{ max 1 5 3 }} {{ min 4 2 8 }}
{{ add "1" 2.9 }} {{ floor 5.7 }} {{ ceil 5.1 }} {{ round 3.14159 2 }} {{ div 7 0 }}
{{ until 4 }} {{ untilStep 1 10 3 }} {{ untilStep 5 0 -2 }} {{ until -2 }}
{{ list 1 "a" .t }} {{ first .l }} {{ last .l }} {{ rest .l }} {{ initial .l }} {{ append .l 9 }} {{ prepend .l 0 }}
{{ concat .l .ls }} {{ reverse .l }} {{ uniq (list 1 1 2) }} {{ compact (list 0 1 "" "a") }} {{ without .l 1 }}
{{ has 3 .l }} {{ has "3" .l }} {{ sortAlpha .ls }} {{ join "-" .ls }} {{ join "," .l }} {{ splitList "," "a,b,c" }}
{{ dict "a" 1 "b" "x" }} {{ get .m "a" }} {{ get (dict "a" "1") "nope" }} {{ hasKey .m "a" }} {{ hasKey .m "q" }}
{{ $d := dict "a" 1 }}{{ $_ := set $d "b" 2 }}{{ $d }} {{ $_ := unset $d "a" }}{{ $d }}
{{ keys (dict "a" 1) }} {{ values (dict "a" 1) }} {{ pick .m "a" "b" }} {{ omit .m "c" }}
{{ kindOf .s }} {{ kindOf .l }} {{ kindOf .m }} {{ kindIs "string" .s }} {{ typeOf .n }} {{ typeOf .s }}
{{ regexMatch "^h.*d$" .s }} {{ regexReplaceAll "o(.)" .s "0$1" }} {{ regexReplaceAll "(?P<x>l+)" .s "<${x}>" }}
{{ regexReplaceAll "a*" "baac" "-" }} {{ regexReplaceAllLiteral "o" .s "$1" }} {{ regexMatch "[" .s }}
{{ all 1 2 }} {{ any 0 "" }} {{ deepEqual .l .l }} {{ merge (dict "a" 1) (dict "a" 2 "b" 3) }}
{{ fail "no" }}
{{ title "ab-cd ef_gh i'j" }}
{{ .ls | join ", " | quote }}
{{ range $i, $e := splitList "/" "a/b/c" }}{{ $i }}{{ $e }}{{ end }}
'''

CONSUL = r'''
{{ env "A" }}|{{ env "NOPE" }}|{{ envOrDefault "NOPE" "d" }}
{{ "a,b,c" | split "," }} {{ "a,b" | split "," | join ":" }} {{ "" | split "," }} {{ split "," " a,b " }}
{{ trim "!" "!!x!!" }} {{ "  x " | trimSpace }} {{ "abc" | trimPrefix "a" }} {{ "abc" | trimSuffix "c" }}
{{ "foo bar" | replaceAll " " "_" }} {{ "Foo" | toUpper }} {{ "Foo" | toLower }} {{ "foo bar" | toTitle }}
{{ "foo" | regexMatch "f.o" }} {{ "foobar" | regexReplaceAll "o+(b)" "0$1" }} {{ "x" | regexReplaceAll "y" "z" }}
{{ add 1 2 }} {{ subtract 2 5 }} {{ multiply 2 3 }} {{ divide 2 7 }} {{ modulo 2 7 }} {{ minimum 2 7 }} {{ maximum 2 7 }}
{{ 5 | subtract 2 }} {{ 7 | divide 2 }} {{ 1.5 | add 2 }} {{ 3 | multiply 1.5 }} {{ 7.0 | divide 2 }}
{{ divide 0 7 }}
{{ "{\"a\": {\"b\": [1, \"x\"]}}" | parseJSON }}
{{ with "{\"a\": {\"b\": [true, \"x\"]}}" | parseJSON }}{{ .a.b }}{{ index .a.b 1 }}{{ end }}
{{ "" | parseJSON }} {{ "5" | parseInt }} {{ "" | parseInt }} {{ "1.5" | parseFloat }} {{ "true" | parseBool }} {{ "" | parseBool }}
{{ "x" | parseInt }}
{{ "a: 1\nb: [x, y]" | parseYAML }}
{{ "{\"b\": \"<x>\", \"a\": [1, 2]}" | parseJSON | toJSON }}
{{ "{\"b\": \"<x>\", \"a\": [\"q\", 2]}" | parseJSON | toJSONPretty }}
{{ "{\"b\": \"<x>\"}" | parseJSON | toUnescapedJSON }} {{ "{\"b\": \"<x>&\"}" | parseJSON | toUnescapedJSONPretty }}
{{ "{\"b\": \"x\", \"a\": [\"q\", \"r\"], \"c\": {\"d\": true, \"e\": \"\"}}" | parseJSON | toYAML }}
{{ "hello" | base64Encode }} {{ "aGVsbG8=" | base64Decode }} {{ "a?b>" | base64URLEncode }} {{ "%" | base64Decode }}
{{ "x" | sha256Hex }} {{ hmacSHA256Hex "m" "k" }}
{{ "a\nb\n\nc" | indent 4 }}|
{{ range loop 3 }}{{ . }}{{ end }} {{ range loop 2 5 }}{{ . }}{{ end }} {{ range $i := loop 5 2 }}{{ $i }}{{ end }}
{{ in "abc" "b" }} {{ "abc" | contains "b" }} {{ if "a,b" | split "," | contains "a" }}yes{{ end }}
{{ $l := "a,b,c" | split "," }}{{ in $l "b" }}{{ in $l "z" }}{{ containsAny $l $l }}{{ containsAll $l $l }}{{ containsNone $l $l }}
{{ "a:1,b:2" | splitToMap "," ":" }}
{{ sprig_upper "x" }} {{ sprig_default "d" "" }} {{ sprig_list 1 2 }}
{{ .nope }}
{{ nope }}
{{ mustEnv "NOPE" }}
{{ $x := "5" | parseInt }}{{ if gt $x 3 }}big{{ end }}
{{ range $k, $v := "{\"b\": 1, \"a\": 2}" | parseJSON }}{{ $k }}={{ $v }} {{ end }}
{{ "{\"a\": 1.0, \"b\": 1e6, \"c\": 0.5, \"d\": 12345678}" | parseJSON }}
{{ mergeMap ("{\"a\": 1}" | parseJSON) ("{\"a\": 2, \"b\": 3}" | parseJSON) }}
{{ mergeMapWithOverride ("{\"a\": 1}" | parseJSON) ("{\"a\": 2, \"b\": 3}" | parseJSON) }}
'''


def lines(text):
    return [line for line in text.split("\n") if line]


def random_template(rng, depth=0):
    """From a small grammar: mostly right, sometimes a mistake."""
    paths = [".s", ".n", ".f", ".t", ".l", ".m", ".m.a", ".m.c", ".e", ".nil", "$", ".u", ".multi", ".neg", ".ls", ".nope"]
    unary = ["len", "not", "print", "html", "js", "urlquery", "upper", "quote", "toJson", "toString", "trim", "kindOf", "first"]
    binary = ["eq", "ne", "lt", "printf \"%v-%v\"", "printf \"%5v|%-4v\"", "print", "index", "add", "default", "and", "or"]

    def term():
        kind = rng.randrange(8)
        if kind < 4:
            return rng.choice(paths)
        if kind == 4:
            return str(rng.randrange(-3, 12))
        if kind == 5:
            return json.dumps(rng.choice(["", "a", "x y", "é", "1"]))
        if kind == 6:
            return rng.choice(["true", "false", "1.5", "1e6", "0x1f", "'c'", "nil"])
        return "(" + pipe() + ")"

    def pipe():
        text = rng.choice([term(), f"{rng.choice(unary)} {term()}", f"{rng.choice(binary)} {term()} {term()}"])
        while rng.random() < 0.3:
            text += " | " + rng.choice(unary)
        return text

    out = ""
    for _ in range(rng.randrange(1, 4)):
        kind = rng.randrange(10)
        left, right = rng.choice(["{{ ", "{{- "]), rng.choice([" }}", " -}}"])
        if kind < 4 or depth > 2:
            out += f"{left}{pipe()}{right}"
        elif kind == 4:
            out += rng.choice(["text ", "\n", "  \n x", "}", "{", "$"])
        elif kind == 5:
            out += f"{left}if {pipe()}{right}{random_template(rng, depth + 1)}{{{{ else }}}}{random_template(rng, depth + 1)}{{{{ end }}}}"
        elif kind == 6:
            out += f"{left}range {term()}{right}{random_template(rng, depth + 1)}{{{{ else }}}}E{{{{ end }}}}"
        elif kind == 7:
            out += f"{left}range $i, $v := {term()}{right}{{{{ $i }}}}{random_template(rng, depth + 1)}{{{{ $v }}}}{{{{ end }}}}"
        elif kind == 8:
            out += f"{left}with {pipe()}{right}{random_template(rng, depth + 1)}{{{{ else }}}}W{{{{ end }}}}"
        else:
            out += f"{left}$x := {pipe()}{right}{{{{ $x }}}}"
    return out


# Texts that are numbers to some: each function that reads one gets each of them.
NUMBERS = ['010', '0x1f', '1_000', '08', '1.0', '1.5', '0b11', '0o17', ' 5', '+5', '-0x10', '1e3', '12.00', '', 'abc',
           '9223372036854775808', '-010', '00', '.0', '5.', '0x1.0', '1_0.0', '0x1p4', '1__0', '_1', '0x_1f', 'inf', '1e999']
READERS = ["int", "int64", "atoi", "float64", "add 1", "mul 2", "max 1", "sub 10", "add1", "mod 7", "div 100", "ceil", "floor"]


def write(count, seed):
    rng = random.Random(seed)
    for template in lines(PLAIN) + [random_template(rng) for _ in range(count)]:
        for flavour in ("plain", "go"):
            print(json.dumps({"Flavour": flavour, "Template": template, "Data": DATA}))
    for template in lines(CONSUL):
        print(json.dumps({"Flavour": "consul-template", "Template": template, "Data": {}}))
    for number in [json.dumps(text) for text in NUMBERS] + ["1e19", "-1e19", "9.3e18", "9223372036854775807.0", "1.9", "-1.9"]:
        for reader in READERS:
            template = "{{ %s %s }}" % (reader, number)
            print(json.dumps({"Flavour": "go", "Template": template, "Data": DATA}))
    for template in ['{{ regexMatch "a\\x00b" "a" }}', '{{ regexReplaceAll "\\x00" "a\\x00b" "Z" }}']:
        print(json.dumps({"Flavour": "go", "Template": template, "Data": DATA}))


def render(fettle, folder, number, case):
    template, data = os.path.join(folder, f"{number}.tmpl"), os.path.join(folder, f"{number}.json")
    with open(template, "w", newline="") as f:
        f.write(case["Template"])
    with open(data, "w") as f:
        json.dump(case["Data"], f)
    flavour = {"plain": "plain", "go": "plain", "consul-template": "consul-template"}[case["Flavour"]]
    missing = ["--missing-key", "no-value"] if case["Flavour"] == "go" else []
    done = subprocess.run([fettle, "config", "render", "--template", template, "--data", data, "--flavour", flavour, *missing],
                          capture_output=True, env={"A": "b", "HOME": folder, "PATH": os.environ["PATH"]})
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def compare(cases, peer, fettle):
    counts = {"same": 0, "both refuse": 0, "refused by us": 0, "DIFFERENT": 0, "TAKEN BY US ONLY": 0}
    with open(cases) as f:
        cases = [json.loads(line) for line in f]
    with open(peer) as f:
        peers = [json.loads(line) for line in f]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        ours = list(pool.map(lambda item: render(fettle, folder, *item), enumerate(cases)))
    for case, theirs, (code, out, talk) in zip(cases, peers, ours):
        if code not in (0, 2):
            kind = "DIFFERENT"
        elif theirs["err"]:
            kind = "both refuse" if code else "TAKEN BY US ONLY"
        elif code:
            kind = "refused by us"
        else:
            kind = "same" if out == theirs["out"] else "DIFFERENT"
        counts[kind] += 1
        if kind.isupper() or (kind == "refused by us" and os.environ.get("VERBOSE")):
            print(f"# {kind} [{case['Flavour']}] {case['Template']!r}\n#   theirs {theirs['out']!r} {theirs['err']!r}\n"
                  f"#   ours   {out!r} {talk.splitlines()[:1]}")
    print("# " + ", ".join(f"{value} {key}" for key, value in counts.items()))
    return 1 if counts["DIFFERENT"] else 0


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(compare(*sys.argv[2:5]))
