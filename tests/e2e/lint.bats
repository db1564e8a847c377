#!/usr/bin/env bats
# fettle lint: walking, formats, configuration, suppressions, exit codes. Rules have their own tests.

load helpers

setup() {
	fettle_setup
	mkdir -p tree/sub
	printf 'a: 1\na: 2\n---\nb: 1\n' >tree/twice.yaml
	printf 'fine: true\n' >tree/sub/fine.yaml
}

lint() { fettle lint --select syntax,key-duplicates,suppressions "$@"; }

@test "lint: each finding has its place, and the exit code says that there are some" {
	run --separate-stderr -1 lint tree
	assert_has "tree/twice.yaml:2:1: error[key-duplicates] the key 'a' is already set"
	assert_talk_has "2 files checked: 1 error, 0 warnings, 0 infos"
	run --separate-stderr -0 lint tree/sub
	assert_talk_has "1 file checked: nothing found"
	run -0 lint --exit-zero tree
}

@test "lint: a broken document does not hide the others" {
	printf 'a: [\n---\nb: 1\nb: 2\n---\nc: "\n' >tree/three.yaml
	run --separate-stderr -1 lint tree/three.yaml
	assert_has "tree/three.yaml:2:1: error[syntax]"
	assert_has "tree/three.yaml:4:1: error[key-duplicates]"
	[ "$(grep -c three.yaml <<<"$output")" = 3 ]
}

@test "lint: what cannot be read is an error of its own, never success" {
	run --separate-stderr -3 lint nowhere
	assert_talk_has "nowhere"
	if [ "$(id -u)" != 0 ]; then
		chmod 0 tree/sub/fine.yaml
		run --separate-stderr -3 lint tree/sub
	fi
	run --separate-stderr -2 lint --select no-such-rule tree
	assert_talk_has "there is no rule or family 'no-such-rule'"
}

@test "lint: .gitignore, --exclude and symlinks keep files out, and they are counted" {
	git init -q tree
	printf 'twice.yaml\n' >tree/.gitignore
	run -0 lint tree
	run -1 lint --no-gitignore tree
	rm tree/.gitignore
	run -0 lint --exclude 'twice.*' tree
	ln -s ../twice.yaml tree/sub/link.yaml
	run --separate-stderr -0 lint tree/sub
	assert_talk_has "1 symlinks"
	# the ignore file of the repository counts below it, too
	printf 'twice.yaml\n' >tree/.gitignore
	mkdir tree/deep && cp tree/twice.yaml tree/deep/
	run -0 lint tree/deep
}

@test "lint: binary and oversized files are counted" {
	printf 'a\0b' >tree/sub/blob.bin
	head -c 2000000 /dev/zero | tr '\0' a >tree/sub/big.txt
	run --separate-stderr -0 lint --max-bytes 1000000 tree/sub
	assert_talk_has "1 binary"
	assert_talk_has "1 too large"
}

@test "lint: output is the same for any number of threads" {
	for i in $(seq 50); do printf 'k: %s\nk: 1\n' "$i" >"tree/sub/f$i.yaml"; done
	run -1 lint --threads 1 -o json tree
	one=$output
	for threads in 2 3 8; do
		run -1 lint --threads $threads -o json tree
		[ "$output" = "$one" ]
	done
}

@test "lint --output json, jsonl, sarif, gitlab: readable by a JSON reader" {
	for format in json sarif gitlab; do
		run -1 lint -o $format tree
		python3 -c 'import json,sys; json.loads(sys.argv[1])' "$output"
	done
	run -1 lint -o jsonl tree
	python3 -c 'import json,sys; [json.loads(l) for l in sys.argv[1].splitlines()]' "$output"
	run -0 lint -o sarif tree/sub
	python3 -c 'import json,sys; assert json.loads(sys.argv[1])["runs"][0]["results"] == []' "$output"
}

@test "lint --output junit: XML with a case per finding, and one that passes when there are none" {
	run -1 lint -o junit tree
	python3 - "$output" <<-'PY'
	import sys, xml.etree.ElementTree as tree
	root = tree.fromstring(sys.argv[1])
	assert root.get("failures") == "1" and len(root.findall(".//failure")) == 1
	PY
	run -0 lint -o junit tree/sub
	python3 -c 'import sys,xml.etree.ElementTree as t; assert len(t.fromstring(sys.argv[1]).findall(".//testcase")) == 1' "$output"
}

@test "lint --output github: one command per finding, escaped" {
	printf 'k: 1\nk: 2\n' >'tree/odd,name:.yaml'
	run -1 lint -o github tree
	assert_has "::error file=tree/odd%2Cname%3A.yaml,line=2,endLine=2,col=1,endColumn=2,title=key-duplicates::the key 'k'"
}

@test "lint: suppressions hide findings on their line, below them and in their file" {
	printf 'a: 1\na: 2 # fettle: ignore[key-duplicates] generated\n' >s.yaml
	run --separate-stderr -0 lint s.yaml
	assert_talk_has "1 suppressed"
	printf '# fettle: ignore-file[key-duplicates]\na: 1\na: 2\n' >s.yaml
	run -0 lint s.yaml
	printf 'x:\n  # fettle: ignore[key-duplicates]\n  y:\n    a: 1\n    a: 2\n' >s.yaml
	run -0 lint s.yaml
	printf 'a: 1\na: 2 # fettle: ignore[key-duplicates] until=2020-01-01 later\n' >s.yaml
	run -1 lint s.yaml
	assert_has "warning[expired-suppression] the suppression expired on 2020-01-01"
	printf '# fettle: ignore[key-duplicates]\na: 1\n# fettle: ignore[syntaks]\nb: 1\n' >s.yaml
	run -0 lint s.yaml
	assert_has "s.yaml:1:1: info[unused-suppression]"
	assert_has "s.yaml:3:1: warning[unknown-suppression] there is no rule 'syntaks'"
}

@test "lint: .fettle-lint.yaml is found upwards, and the command line stands above it" {
	cat >.fettle-lint.yaml <<-'YAML'
	severity: { key-duplicates: warning }
	exclude: [ "tree/sub/" ]
	overrides:
	  - paths: [ "tree/quiet/" ]
	    ignore: [ key-duplicates ]
	profiles:
	  ci: { extends: baseline, failOn: warning }
	YAML
	mkdir tree/quiet && cp tree/twice.yaml tree/quiet/
	run --separate-stderr -0 fettle lint --select key-duplicates tree
	assert_has "tree/twice.yaml:2:1: warning[key-duplicates]"
	assert_talk_has "2 files checked: 0 errors, 1 warning"
	cd tree
	run -0 fettle lint --select key-duplicates twice.yaml quiet
	run -1 fettle lint --select key-duplicates --fail-on warning .
	run -1 fettle lint --select key-duplicates --profile ci .
	run -1 fettle lint --select key-duplicates --no-config .
	run --separate-stderr -2 fettle lint --profile cj .
	assert_talk_has "did you mean 'ci'?"
}

@test "lint: mistakes in .fettle-lint.yaml are told with their place" {
	printf 'severity:\n  syntax: fatal\nselct: []\n' >.fettle-lint.yaml
	run --separate-stderr -2 fettle lint tree
	assert_talk_has ".fettle-lint.yaml:2:11"
	assert_talk_has "did you mean 'select'?"
}

@test "lint rules, lint explain: the catalogue" {
	run -0 fettle lint rules
	assert_has "unused-suppression"
	run -0 fettle lint rules -o json
	python3 -c 'import json,sys; assert json.load(sys.stdin)["schema"] == "fettle.lint-rules/1"' <<<"$output"
	run -0 fettle lint explain syntax
	assert_has "a YAML, JSON or TOML document cannot be read"
	run --separate-stderr -2 fettle lint explain syntx
	assert_talk_has "did you mean 'syntax'?"
}

commit_all() {
	git -C tree add -A && git -C tree -c user.name=t -c user.email=t@t commit -qm "$1"
}

@test "lint --baseline: known findings stay known when lines move, new ones are told" {
	run --separate-stderr -0 lint --baseline known.txt --update-baseline tree
	assert_talk_has "'known.txt' knows 1 finding now"
	run --separate-stderr -0 lint --baseline known.txt tree
	assert_talk_has "1 known"
	printf '# a line more\n\na: 1\na: 2\n---\nb: 1\nc: 1\nc: 2\n' >tree/twice.yaml
	run --separate-stderr -1 lint --baseline known.txt tree
	assert_has "tree/twice.yaml:8:1: error[key-duplicates]"
	assert_lacks "twice.yaml:4"
	printf 'a: 1\n' >tree/twice.yaml
	run --separate-stderr -0 lint --baseline known.txt tree
	assert_talk_has "1 of the baseline were not met"
	printf 'nonsense\n' >known.txt
	run --separate-stderr -2 lint --baseline known.txt tree
	assert_talk_has "known.txt:1:1"
	run --separate-stderr -2 lint --update-baseline tree
	assert_talk_has "--update-baseline needs --baseline"
}

@test "lint --new-from: only what the commit did not have" {
	git init -q -b main tree
	commit_all one
	cd tree
	run --separate-stderr -0 lint --new-from main
	assert_talk_has "1 known"
	printf 'x: 1\nx: 2\n' >sub/more.yaml
	printf '\n\na: 1\na: 2\n' >twice.yaml
	run -1 lint --new-from HEAD sub .
	assert_has "sub/more.yaml:2:1"
	assert_lacks "twice.yaml"
	run --separate-stderr -3 lint --new-from no-such-branch
	assert_talk_has "no-such-branch"
}

@test "lint --staged: the index decides, not the work tree" {
	git init -q -b main tree
	commit_all one
	cd tree
	printf 'x: 1\nx: 2\n' >staged.yaml
	printf 'y: 1\ny: 2\n' >unstaged.yaml
	git add staged.yaml
	printf 'x: 1\n' >staged.yaml
	run -1 lint --staged
	assert_has "staged.yaml:2:1"
	assert_lacks "unstaged.yaml"
	assert_lacks "twice.yaml"
	run --separate-stderr -2 lint --staged --fix
	assert_talk_has "--staged cannot be combined"
}

@test "lint: Dockerfiles, with hadolint's comments and configuration" {
	printf 'FROM debian\n# hadolint ignore=DL3004\nRUN sudo x\nRUN sudo y\nCMD node a.js\n' >Dockerfile
	run -1 fettle lint --select dockerfile
	assert_has "Dockerfile:4:5: error[dockerfile-sudo]"
	assert_lacks "Dockerfile:3:5"
	printf 'ignored: [DL3004]\noverride: { error: [DL3025] }\ntrustedRegistries: ["*.example.com"]\n' >.hadolint.yaml
	run -1 fettle lint --select dockerfile
	assert_lacks "dockerfile-sudo"
	assert_has "Dockerfile:5:1: error[dockerfile-json-args]"
	assert_has "Dockerfile:1:6: error[dockerfile-registry] 'docker.io' is not among the trusted registries"
	run -0 fettle lint --fix --select DL3025 --no-config
	grep -q '^CMD \["node", "a.js"\]' Dockerfile
}

@test "lint --diff: shows what --fix would do, and writes nothing" {
	printf 'FROM debian:12\nADD app /app\n' >Dockerfile
	cp Dockerfile before
	run --separate-stderr -1 fettle lint --diff --select dockerfile
	assert_has "-ADD app /app"
	assert_has "+COPY app /app"
	assert_talk_has "would fix 1 finding in 1 file"
	cmp Dockerfile before
	chmod 0640 Dockerfile
	run --separate-stderr -0 fettle lint --fix --select dockerfile
	assert_talk_has "fixed 1 finding in 1 file"
	[ "$(stat -c %a Dockerfile)" = 640 ]
	run -0 fettle lint --diff --select dockerfile
}
