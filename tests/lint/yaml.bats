#!/usr/bin/env bats
# The family yaml of fettle lint: configuration files of yamllint, mending, and yamllint itself
# beside it.

load ../e2e/helpers

setup() {
	fettle_setup
	mkdir -p tree/sub
}

found() { fettle lint --select yaml "$@" 2>/dev/null | grep -v '^ '; }

@test "lint yaml: without a configuration only mistakes are found" {
	printf 'a:   {  b: yes }\nc: 1\nc: 2\nd: *none\nmode: 644\n' >tree/a.yaml
	run -1 fettle lint tree
	assert_has "tree/a.yaml:3:1: error[key-duplicates] the key 'c' is already set on line 2, column 1"
	assert_has 'tree/a.yaml:4:4: error[anchors]'
	assert_has 'tree/a.yaml:5:7: warning[file-mode]'
	assert_lacks braces
	run -1 fettle lint --profile style tree
	assert_has 'tree/a.yaml:1:8: warning[braces]'
	assert_has 'tree/a.yaml:1:12: warning[truthy]'
}

@test "lint yaml: the nearest .yamllint upwards decides, with levels, options and ignored files" {
	printf 'extends: relaxed\nignore: |\n  sub/skipped.yaml\nrules:\n  braces: {level: error}\n' >tree/.yamllint
	printf 'rules: {truthy: {level: warning}}\n' >tree/sub/.yamllint.yml
	printf 'a: {   b: yes}\n' | tee tree/a.yaml tree/skipped.yaml tree/sub/b.yaml >tree/sub/skipped.yaml
	run -1 fettle lint tree
	assert_has 'tree/a.yaml:1:7: error[braces]'
	assert_has 'tree/sub/b.yaml:1:11: warning[truthy]'
	assert_lacks 'tree/sub/b.yaml:1:7'
	assert_lacks 'tree/a.yaml:1:11'
	cd tree/sub
	rm .yamllint.yml
	run -1 fettle lint .
	assert_has 'b.yaml:1:7: error[braces]'
	assert_lacks skipped.yaml
}

@test "lint yaml: the command line stands above .yamllint" {
	printf 'rules: {braces: enable, truthy: enable}\n' >tree/.yamllint
	printf 'a: { b: yes}\n' >tree/a.yaml
	run found --ignore braces tree
	assert_output 'tree/a.yaml:1:9: error[truthy] "yes" should be one of [true, false], or in quotes if it is a text'
	run found --select colons tree
	assert_has '[truthy]'
	run fettle lint --select braces tree
	assert_lacks truthy
	printf 'severity: {truthy: info}\noverrides: [{paths: [tree], ignore: [braces]}]\n' >.fettle-lint.yaml
	run found tree
	assert_has 'info[truthy]'
	assert_lacks braces
}

@test "lint yaml: a configuration that cannot be read is told once, with its place" {
	printf 'rules:\n  brace: enable\n' >tree/.yamllint
	printf 'a: 1\n' | tee tree/a.yaml >tree/b.yaml
	run -1 fettle lint tree
	assert_has "error[yamllint-config] tree/.yamllint:2: there is no rule 'brace'"
	[ "$(grep -c yamllint-config <<<"$output")" = 1 ]
}

@test "lint yaml --fix: what can be mended is, values stay, a second run changes nothing" {
	printf 'rules:\n  quoted-strings: {required: only-when-needed}\n  document-end: enable\nextends: default\n' >tree/.yamllint
	printf '#!x\n#y\na :   { b: "c" ,d: True }   \n\n\n\n\ne:\n    # f\n  -   1 #g\nt: |\n  u  \n\n\n' >tree/a.yaml
	run -0 fettle lint --select yaml --exit-zero --fix tree
	cat >wanted <<-'END'
		#!x
		# y
		---
		a: {b: c, d: true}


		e:
		  # f
		  - 1  # g
		t: |
		  u  
		...
	END
	diff -u wanted tree/a.yaml
	cp tree/a.yaml once
	run -0 fettle lint --select yaml --exit-zero --fix tree
	cmp once tree/a.yaml
}

@test "lint yaml --fix: line ends of a whole file, a missing one, a byte order mark" {
	printf 'rules: {new-lines: enable, new-line-at-end-of-file: enable}\n' >tree/.yamllint
	printf '\xef\xbb\xbfa: |\r\n  b\r\nc: 1' >tree/a.yaml
	run -0 fettle lint --exit-zero --fix tree
	printf 'a: |\n  b\nc: 1\n' | cmp - tree/a.yaml
}

@test "lint yaml: comments of yamllint are obeyed, also by syntax" {
	printf '# yamllint disable-file\na: [\n' >tree/a.yaml
	printf 'a: 1\na: 2  # yamllint disable-line rule:key-duplicates\na: 3\n' >tree/b.yaml
	run -1 fettle lint tree
	assert_lacks a.yaml
	assert_lacks b.yaml:2
	assert_has b.yaml:3:1
}

@test "lint yaml: yamllint finds the same in the same places" {
	# /usr/bin first: the Debian package
	python=/usr/bin/python3
	"$python" -c 'import yamllint' 2>/dev/null || python=python3
	run "$python" "$BATS_TEST_DIRNAME/../diff/lint_yaml.py" "$FETTLE" 1000
	[[ $output != *SKIP* ]] || skip 'no yamllint'
	echo "$output"
	[ "$status" = 0 ]
}
