#!/usr/bin/env bats
# Broken input of every kind: one clear error with its place, the documented exit code, nothing
# changed. Each `refused` line is a case; the names of the tests are their families.

load helpers
load manifests

setup() {
	fettle_setup
	mkdir -p m
}

# refused CODE PART... <<manifest: the manifest as m/x.yaml; every PART must be in the message.
refused() {
	cat >m/x.yaml
	refused_as_it_is "$@"
}

refused_as_it_is() {
	local code=$1 part
	shift
	run --separate-stderr timeout 60 "$FETTLE" apply m --root root --yes
	[ "$status" = "$code" ] || fail_with "exit code $status, stderr" "$stderr" "expected code" "$code"
	for part in "$@"; do assert_talk_has "$part"; done
	assert_talk_has "fettle: error: "
	[[ $stderr != *Sanitizer* ]]
	[ -z "$(find root/ -path root/.fettle -prune -o -type f -print 2>/dev/null)" ] || fail_with "changed" "$(find root)" "by" "$*"
	rm -rf m root
	mkdir m
}

file() {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata:\n  name: a\nspec:\n'
	printf '  %s\n' "$@"
}

@test "bad YAML: syntax, with line and column" {
	refused 2 "m/x.yaml:1:" <<<'a: b: c'
	refused 2 "m/x.yaml:2:" <<<$'a:\n\t- tab'
	refused 2 "m/x.yaml:" <<<'key: "unclosed'
	refused 2 "m/x.yaml:" <<<'a: [1, 2'
	refused 2 "m/x.yaml:" <<<'{a: 1}}'
	refused 2 "m/x.yaml:2:" <<<$'a: 1\n  b: 2'
	refused 2 "m/x.yaml:1:" <<<'a: *nowhere'
	refused 2 "m/x.yaml:1:" <<<'a: !!python/object x'
	refused 2 "m/x.yaml:2:1" "a" <<<$'a: 1\na: 2'
	refused 2 "m/x.yaml:" <<<'? [a, b] : c'
}

@test "bad YAML: bytes that are no text" {
	printf 'a: \xff\xfe\n' >m/x.yaml
	refused_as_it_is 2 "m/x.yaml:1:4" "UTF-8"
	printf 'a: \xc0\xaf\n' >m/x.yaml
	refused_as_it_is 2 "m/x.yaml:1:4"
	printf '\xff\xfea\x00:\x00' >m/x.yaml
	refused_as_it_is 2 "UTF-16"
	printf 'a: x\x00y\n' >m/x.yaml
	refused_as_it_is 2 "m/x.yaml:1:"
	printf 'a: x\x07y\n' >m/x.yaml
	refused_as_it_is 2 "m/x.yaml:1:"
}

@test "bombs: aliases, depth, keys and size are limited" {
	{
		echo 'a: &a [x,x,x,x,x,x,x,x,x,x]'
		previous=a
		for name in b c d e f g h i j; do
			printf '%s: &%s [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n' $name $name $previous $previous $previous $previous $previous $previous $previous $previous $previous
			previous=$name
		done
	} >m/x.yaml
	refused_as_it_is 3 "m/x.yaml:"
	head -c 100000 /dev/zero | tr '\0' '[' >m/x.yaml
	refused_as_it_is 3 "m/x.yaml:1:" "nest"
	{ printf '{"'; head -c 5000 /dev/zero | tr '\0' 'k'; echo '": 1}'; } >m/x.json
	refused_as_it_is 3 "m/x.json:1:"
	for i in $(seq 200); do printf '%*s- a:\n' $((i * 2)) ''; done >m/x.yaml
	refused_as_it_is 3 "m/x.yaml:"
	printf '{%s' "$(head -c 50000 /dev/zero | sed 's/\x00/{"a":/g')" >m/x.json
	refused_as_it_is 2 "m/x.json:1:"
}

@test "a manifest of 1 GB is refused by its size, without reading it" {
	truncate -s 1G m/x.yaml
	refused_as_it_is 3 "m/x.yaml" "1073741824"
}

@test "bad JSON: places too" {
	echo '{"a": 1,}' >m/x.json && refused_as_it_is 2 "m/x.json:1:8"
	echo '{"a": 1, "a": 2}' >m/x.json && refused_as_it_is 2 "m/x.json:1:10"
	echo '{"a": 01}' >m/x.json && refused_as_it_is 2 "m/x.json:1:"
	echo '{"a": 1} x' >m/x.json && refused_as_it_is 2 "m/x.json:1:10"
	: >m/x.json && refused_as_it_is 2 "m/x.json"
}

@test "no manifest: what every object must have" {
	refused 2 "m/x.yaml:1:1" "a string" <<<'just text'
	refused 2 "m/x.yaml:1:1" "apiVersion" <<<'kind: File'
	refused 2 "m/x.yaml:1:1" "kind" <<<'apiVersion: v1'
	refused 2 "m/x.yaml:3:11" "name" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {}'
	refused 2 "m/x.yaml:1:13" "group/version" <<<$'apiVersion: a/b/c\nkind: File\nmetadata: {name: a}'
	refused 2 "m/x.yaml:3:18" "a string" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}'
	refused 2 "metadata.name" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a/b}'
	refused 2 "m/x.yaml:2:7" "Deployment" <<<$'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}'
	refused 2 "did you mean 'File'" <<<$'apiVersion: host.fettle.dev/v1\nkind: Fil\nmetadata: {name: a}'
	refused 2 "m/x.yaml:3:" "annotations" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {x: 1}}'
}

@test "bad fields: type, unknown name, missing, both, value" {
	file 'path: /etc/a' 'contents: x' | refused 2 "m/x.yaml:7:3" "did you mean 'content'"
	file 'path: /etc/a' | refused 2 "m/x.yaml:" "content"
	file 'path: /etc/a' 'content: x' 'contentFrom: y' | refused 2 "content"
	file 'path: etc/a' 'content: x' | refused 2 "m/x.yaml:6:9" "absolute"
	file 'path: /etc/../../a' 'content: x' | refused 2 "m/x.yaml:6:9"
	file 'path: [a]' 'content: x' | refused 2 "m/x.yaml:6:9" "a list"
	file 'path: /etc/a' 'content: 5' | refused 2 "m/x.yaml:7:12" "a number"
	file 'path: /etc/a' 'content: x' 'mode: "0999"' | refused 2 "m/x.yaml:8:9"
	file 'path: /etc/a' 'content: x' 'mode: 644' | refused 2 "m/x.yaml:8:9"
	file 'path: /etc/a' 'content: x' 'check: "nginx -t"' | refused 2 "m/x.yaml:8:10" "a list"
	file 'path: /etc/a' 'content: x' 'check: []' | refused 2 "m/x.yaml:8:10"
	file 'path: /etc/a' 'content: x' 'onChange: {signal: HUP}' | refused 2 "m/x.yaml:8:"
	file 'path: /etc/a' 'content: x' 'onChange: {}' | refused 2 "m/x.yaml:8:"
	file 'path: /etc/a' 'contentBase64: "###"' | refused 2 "m/x.yaml:7:18"
	file 'path: /etc/a' 'content: x' 'owner: ""' | refused 2 "m/x.yaml:8:10"
	file 'path: /etc/a' 'content: null' | refused 2 "m/x.yaml:7:"
	file 'path: /' 'content: x' | refused 2 "m/x.yaml:6:9"
}

@test "bad kinds: directory, symlink, command, unit, projections" {
	local head=$'apiVersion: host.fettle.dev/v1\nmetadata: {name: a}\n'
	refused 2 "m/x.yaml:4:" <<<"${head}kind: Directory"$'\nspec: {purge: maybe, path: /a}'
	refused 2 "target" <<<"${head}kind: Symlink"$'\nspec: {path: /a}'
	refused 2 "apply" <<<"${head}kind: Command"$'\nspec: {check: ["true"]}'
	refused 2 "m/x.yaml:4:" <<<"${head}kind: Command"$'\nspec: {apply: ["true"], timeout: soon}'
	refused 2 "m/x.yaml:4:" <<<"${head}kind: Unit"$'\nspec: {state: up}'
	refused 2 "host.fettle.dev/path" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {}'
	refused 2 "m/x.yaml:4:" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {host.fettle.dev/path: /a}}\ndata: {"../x": y}'
	refused 2 "m/x.yaml:4:" <<<$'apiVersion: v1\nkind: Secret\nmetadata: {name: a, annotations: {host.fettle.dev/path: /a}}\ndata: {k: "not base64!"}'
	refused 2 "m/x.yaml:" <<<$'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {host.fettle.dev/path: relative}}\ndata: {k: v}'
}

@test "secrets: a broken one is refused without its value" {
	refused 2 "m/x.yaml:4:" <<<$'apiVersion: v1\nkind: Secret\nmetadata: {name: a, annotations: {host.fettle.dev/path: /a}}\ndata: {k: "hunter2!hunter2"}'
	[[ $stderr != *hunter2* ]]
	refused 2 "m/x.yaml:4:" <<<$'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: "hunter2hunter2" x}'
	[[ $stderr != *hunter2* ]]
}

@test "objects together: duplicates, one path twice, cycles, unknown references" {
	{ file 'path: /etc/a' 'content: x'; echo ---; file 'path: /etc/b' 'content: x'; } | refused 2 "twice" "m/x.yaml:2"
	{ file 'path: /etc/a' 'content: x'; echo ---; file 'path: /etc/a' 'content: x' | sed 's/name: a/name: b/'; } | refused 2 "/etc/a" "m/x.yaml:"
	{
		file_object a /etc/a x | sed 's|  name: a|  name: a\n  annotations: {fettle.dev/depends-on: File/b}|'
		file_object b /etc/b x | sed 's|  name: b|  name: b\n  annotations: {fettle.dev/depends-on: File/a}|'
	} | refused 2 "depends on itself"
	file_object motd /etc/a x | sed 's|  name: motd|  name: motd\n  annotations: {fettle.dev/depends-on: File/mtod}|' | refused 2 "did you mean 'File/motd'"
	{ file 'path: /etc/a' 'content: x'; echo ---; file 'path: /etc/a/b' 'content: x' | sed 's/name: a/name: b/'; } | refused 2 "/etc/a"
}

@test "all mistakes of a file come at once" {
	file 'path: etc/a' 'contents: x' 'mode: "9"' >m/x.yaml
	run --separate-stderr -2 fettle diff m --root root
	[ "$(grep -c -- '-->' <<<"$stderr")" -ge 3 ]
}

@test "repository files: missing, outside, a folder, through a link" {
	file 'path: /etc/a' 'contentFrom: missing' | refused 2 "m/x.yaml:7:"
	file 'path: /etc/a' 'contentFrom: ../../etc/passwd' | refused 5 "m/x.yaml:7:"
	file 'path: /etc/a' 'contentFrom: /etc/passwd' | refused 5 "m/x.yaml:7:"
	mkdir m/dir && file 'path: /etc/a' 'contentFrom: dir' >m/x.yaml
	run --separate-stderr fettle apply m --root root --yes
	[ "$status" -ge 2 ] && [ ! -e root/etc/a ]
	rm -r m && mkdir m && ln -s /etc/passwd m/link
	file 'path: /etc/a' 'contentFrom: link' >m/x.yaml
	run --separate-stderr fettle apply m --root root --yes
	[ "$status" -ge 2 ] && [ ! -e root/etc/a ]
}

@test "the root: a link that leads out is refused by name, nothing outside is touched" {
	mkdir -p outside root
	ln -s ../outside root/etc
	file_object a /etc/a 'x\n' >m/x.yaml
	run --separate-stderr -5 fettle apply m --root root --yes
	assert_talk_has "etc"
	[ ! -e outside/a ]
	rm root/etc && ln -s "$PWD/outside" root/etc
	run --separate-stderr -5 fettle apply m --root root --yes
	[ ! -e outside/a ]
}

@test "the root: a folder in the way is refused, its content stays" {
	mkdir -p root/etc/a && touch root/etc/a/keep
	file_object a /etc/a 'x\n' >m/x.yaml
	run --separate-stderr -5 fettle apply m --root root --yes
	[ -e root/etc/a/keep ]
	touch notadir
	run --separate-stderr fettle apply m --root notadir --yes
	[ "$status" -ge 2 ]
}

@test "places: paths, refs and repositories that are not there" {
	run --separate-stderr -3 fettle diff nowhere --root root
	assert_talk_has "nowhere"
	run --separate-stderr -3 fettle diff "nowhere?ref=main" --root root
	git init -q -b main repo && git -C repo -c user.name=t -c user.email=t@e commit -q --allow-empty -m x
	run --separate-stderr -3 fettle diff "repo?ref=mian" --root root
	assert_talk_has "main"
	run --separate-stderr -3 fettle diff "repo//no/such?ref=main" --root root
	run --separate-stderr -3 fettle diff "file://$PWD/void.git?ref=main" --root root
	run --separate-stderr fettle diff "http://127.0.0.1:9/x.git?ref=main" --root root
	[ "$status" = 3 ]
	run --separate-stderr -3 fettle diff "https://127.0.0.1:9/x.git?ref=main" --root root
	assert_talk_has "127.0.0.1"
	run --separate-stderr fettle diff "http://example.com/x.git" --root root
	[ "$status" -ge 2 ]
}

@test "settings and projects: wrong ones are refused with their place" {
	mkdir -p "$XDG_CONFIG_HOME/fettle" && echo 'colour: auto' >"$XDG_CONFIG_HOME/fettle/settings.yaml"
	run --separate-stderr -2 fettle diff m --root root
	assert_talk_has "settings.yaml:1:1"
	assert_talk_has "color"
	rm "$XDG_CONFIG_HOME/fettle/settings.yaml"
	for bad in 'a: [' 'apiVersion: v2' $'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: x}\nenvironments: {a: {path: 1}}' \
		$'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: X_Y}' \
		$'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: x}\nenvironments: {a: {path: m, timeout: never}}' \
		$'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: x}\nenvironments: {a: {path: m, prune: {maxDeletions: lots}}}'; do
		printf '%s\n' "$bad" >fettle.yaml
		run --separate-stderr -2 fettle diff
		assert_talk_has "fettle.yaml:"
	done
}

@test "the command line: unknown words, bad values, impossible combinations" {
	run --separate-stderr -2 fettle aplly
	assert_talk_has "apply"
	run --separate-stderr -2 fettle apply --yess m
	assert_talk_has "--yes"
	run --separate-stderr -2 fettle apply m extra
	run --separate-stderr -2 fettle apply m --timeout soon
	assert_talk_has "soon"
	run --separate-stderr -2 fettle diff m -o xml
	assert_talk_has "json"
	run --separate-stderr -2 fettle diff m --env
	run --separate-stderr -2 fettle apply m --watch
	assert_talk_has "--yes"
	run --separate-stderr -2 fettle apply - --watch --yes
	run --separate-stderr -2 fettle apply m --max-deletions lots --prune --yes
	run --separate-stderr -2 fettle apply m --prune-changed --yes --root root
	run --separate-stderr -2 fettle apply m --dry-run --watch --yes
}

@test "a state file that is damaged, foreign or newer is refused and kept" {
	file_object a /etc/a 'x\n' >m/x.yaml
	apply_m
	cp root/.fettle/state.db good
	printf 'garbage garbage garbage' >root/.fettle/state.db
	rm -f root/.fettle/state.db-wal root/.fettle/state.db-shm
	run --separate-stderr -3 fettle apply m --root root --yes
	assert_talk_has "state.db"
	[ "$(cat root/.fettle/state.db)" = "garbage garbage garbage" ]
}

@test "a read-only disk: permission denied, nothing half written" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount"
	mkdir -p root && mount -t tmpfs -o size=4m tmpfs root || skip "cannot mount here"
	mkdir -p root/etc root/.fettle && mount -o remount,ro root
	file_object a /etc/a 'x\n' >m/x.yaml
	run --separate-stderr fettle apply m --root root --yes
	umount root
	[ "$status" = 4 ] || [ "$status" = 3 ] || fail_with "exit $status" "$stderr" "expected" "3 or 4"
	assert_talk_has "fettle: error: "
}

# full_disk STATE_DIR: nine files of 100 kB into 700 kB, then again with more room.
full_disk() {
	[ "$(id -u)" = 0 ] || skip "needs root to mount"
	export FETTLE_STATE_DIR=$1
	mkdir -p root && mount -t tmpfs -o size=700k tmpfs root || skip "cannot mount here"
	big=$(head -c 100000 /dev/zero | tr '\0' x)
	for i in 1 2 3 4 5 6 7 8 9; do file_object "f$i" "/etc/f$i" "$big"; done >m/x.yaml
	run --separate-stderr fettle apply m --root root --yes
	first=$status talk=$stderr
	partial=$(find root/ -path root/.fettle -prune -o -type f \( ! -size 100000c -o -name '.*' \) -print)
	mount -o remount,size=8m root
	run --separate-stderr fettle apply m --root root --yes
	second=$status talk2=$stderr
	count=$(find root/etc -type f -size 100000c | wc -l)
	umount root
	[ "$first" = 3 ] || fail_with "exit $first" "$talk" "expected" 3
	[[ $talk == *"full"* || $talk == *"No space"* ]] || fail_with "stderr" "$talk" "expected" "full"
	[ -z "$partial" ] || fail_with partial "$partial" after "$talk"
	[ "$second" = 0 ] || fail_with "exit $second" "$talk2" "expected" 0
	[ "$count" = 9 ]
}

@test "a full disk under the files: one error, no partial file, and it continues when there is room" {
	full_disk "$PWD/state"
}

@test "a full disk under the state file: the same" {
	full_disk "$PWD/root/.fettle"
}

@test "control characters in content cannot reach a terminal" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: a}\nspec: {path: /etc/a, content: "\\e]0;owned\\a\\e[2J"}\n' >m/x.yaml
	run -1 on_terminal "$FETTLE" diff m --root root
	[[ $output != *$'\e]0;'* ]]
}
