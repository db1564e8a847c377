#!/usr/bin/env bats
# The kinds of the host target from the command line, over a root folder. Units with a real
# systemd are in host_units.bats.
# shellcheck disable=SC2119,SC2120

load helpers

setup() {
	fettle_setup
	mkdir repo
}

# manifest KIND NAME <<spec: append to repo/all.yaml
manifest() {
	{
		printf -- '---\napiVersion: host.fettle.dev/v1\nkind: %s\nmetadata: {name: %s}\nspec:\n' \
			"$1" "$2"
		sed 's/^/  /'
	} >>repo/all.yaml
}

fresh() {
	rm -f repo/all.yaml
}

apply() {
	"$FETTLE" apply repo --root sand --yes --no-input "$@"
}

@test "host: makes files, folders, links, commands and projections, then is in sync" {
	printf 'from the repository\n' >repo/data.txt
	manifest File motd <<<$'path: /etc/motd\ncontent: "hello\\n"\nmode: "0640"'
	manifest File data <<<$'path: /srv/app/data.txt\ncontentFrom: data.txt'
	manifest File bin <<<$'path: /srv/app/bin\ncontentBase64: AAH/'
	manifest Directory app <<<$'path: /srv/app\nmode: "0750"'
	manifest Symlink link <<<$'path: /srv/current\ntarget: app'
	manifest Command mark <<<$'check: [test, -e, mark]\napply: [touch, mark]\nworkingDirectory: /srv/app'
	cat >>repo/all.yaml <<-'EOT'
		---
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: conf, annotations: {host.fettle.dev/path: /etc/conf}}
		data: {a.conf: "one\n", b.conf: "two\n"}
	EOT
	run --separate-stderr -0 apply
	[ "$(cat sand/etc/motd)" = hello ]
	[ "$(stat -c %a sand/etc/motd)" = 640 ]
	[ "$(cat sand/srv/current/data.txt)" = 'from the repository' ]
	[ "$(od -An -tx1 sand/srv/app/bin | tr -d ' ')" = 0001ff ]
	[ "$(stat -c %a sand/srv/app)" = 750 ]
	[ -e sand/srv/app/mark ]
	[ "$(cat sand/etc/conf/a.conf sand/etc/conf/b.conf)" = $'one\ntwo' ]
	[ "$(readlink sand/etc/conf/a.conf)" = ..data/a.conf ]
	run --separate-stderr -0 fettle diff repo --root sand
	assert_has '7 unchanged'
}

@test "host: drift of content, mode, link and command is seen and put right" {
	manifest File motd <<<$'path: /etc/motd\ncontent: "hello\\n"\nmode: "0640"'
	manifest Symlink link <<<$'path: /l\ntarget: a'
	manifest Command mark <<<$'check: [test, -e, mark]\napply: [touch, mark]\nworkingDirectory: /w'
	manifest Directory w <<<'path: /w'
	apply
	chmod 666 sand/etc/motd
	ln -sfn b sand/l
	rm sand/w/mark
	run --separate-stderr -1 fettle diff repo --root sand
	assert_has 'mode: 0666 -> 0640'
	assert_has 'target: b -> a'
	assert_has '3 to update'
	run --separate-stderr -0 apply
	[ "$(stat -c %a sand/etc/motd)" = 640 ]
	[ "$(readlink sand/l)" = a ]
	[ -e sand/w/mark ]
}

@test "host: a failing check leaves the old file and repeats the program's words" {
	manifest File conf <<<$'path: /etc/app.conf\ncontent: good'
	apply
	fresh
	manifest File conf <<<$'path: /etc/app.conf\ncontent: bad\ncheck: [sh, -c, "grep -q good $0 || { echo line 1: no good >&2; exit 4; }", "{}"]'
	run --separate-stderr -3 apply
	assert_talk_has "the check of '/etc/app.conf' failed"
	assert_talk_has 'line 1: no good'
	[ "$(cat sand/etc/app.conf)" = good ]
	[ "$(ls -A sand/etc)" = app.conf ]
}

@test "host: a failing onChange puts all its files back" {
	manifest File one <<<$'path: /etc/one\ncontent: old'
	manifest File two <<<$'path: /etc/two\ncontent: old'
	apply
	fresh
	manifest File one <<<$'path: /etc/one\ncontent: new\nonChange: {command: [sh, -c, "echo no reload; exit 1"]}'
	manifest File two <<<$'path: /etc/two\ncontent: new\nonChange: {command: [sh, -c, "echo no reload; exit 1"]}'
	run --separate-stderr -3 apply
	assert_talk_has 'the old state is back'
	assert_talk_has 'no reload'
	[ "$(cat sand/etc/one sand/etc/two)" = oldold ]
}

@test "host: onChange runs once for many files" {
	manifest File one <<<"path: /one
content: x
onChange: {command: [sh, -c, 'echo ran >>$PWD/log']}"
	manifest File two <<<"path: /two
content: x
onChange: {command: [sh, -c, 'echo ran >>$PWD/log']}"
	run --separate-stderr -0 apply
	[ "$(cat log)" = ran ]
	run --separate-stderr -0 apply
	[ "$(cat log)" = ran ]
}

@test "host: onChange sends a signal to the process of a pid file" {
	bash -c 'trap "echo got >>got; exit" HUP; while :; do sleep 0.05; done' &
	local daemon=$!
	mkdir -p sand/run
	sleep 0.2
	echo "$daemon" >sand/run/d.pid
	manifest File conf <<<$'path: /conf\ncontent: x\nonChange: {signal: HUP, pidFile: /run/d.pid}'
	run --separate-stderr -0 apply
	wait_until test -s got
}

@test "host: nothing outside of the root can be reached" {
	mkdir outside sand
	ln -s ../outside sand/etc
	manifest File motd <<<$'path: /etc/motd\ncontent: x'
	run --separate-stderr -1 fettle diff repo --root sand
	assert_has 'refused'
	run --separate-stderr -5 apply
	[ -z "$(ls -A outside)" ]
}

@test "host: purge removes strangers, shows them first, and keeps what is managed" {
	manifest Directory d <<<$'path: /d\npurge: true'
	manifest File f <<<$'path: /d/f\ncontent: x'
	mkdir -p sand/d/empty
	touch sand/d/stranger
	run --separate-stderr -1 fettle diff repo --root sand
	assert_has 'stranger'
	assert_has 'empty'
	run --separate-stderr -0 apply
	[ "$(ls -A sand/d)" = f ]
	mkdir sand/d/full
	touch sand/d/full/precious
	run --separate-stderr -5 apply
	assert_talk_has 'full'
	[ -e sand/d/full/precious ]
}

@test "host: secrets never appear in a plan, a diff, JSON or the state file" {
	cat >repo/all.yaml <<-'EOT'
		apiVersion: v1
		kind: Secret
		metadata: {name: s, annotations: {host.fettle.dev/path: /etc/keys}}
		stringData: {password: correct-horse}
	EOT
	run -1 fettle diff repo --root sand
	assert_lacks correct-horse
	assert_has sensitive
	run -1 fettle diff repo --root sand --output json
	assert_lacks correct-horse
	run -0 apply
	assert_lacks correct-horse
	[ "$(cat sand/etc/keys/password)" = correct-horse ]
	[ "$(stat -Lc %a sand/etc/keys/password)" = 600 ]
	sed -i s/correct/battery/ repo/all.yaml
	run -1 fettle diff repo --root sand
	assert_lacks correct-horse
	assert_lacks battery-horse
	run -0 apply
	run ! grep -rq 'correct-horse\|battery-horse' "$HOME" sand/.fettle
}

@test "host: prune takes what fettle made, asks for what changed, keeps folders of others" {
	manifest File a <<<$'path: /made/deep/a\ncontent: x'
	manifest File b <<<$'path: /b\ncontent: x'
	manifest File c <<<$'path: /c\ncontent: x'
	apply
	fresh
	manifest File c <<<$'path: /c\ncontent: x'
	echo edited >sand/b
	run --separate-stderr -5 apply --prune
	assert_talk_has 'changed since fettle wrote it'
	[ -e sand/b ]
	run --separate-stderr -0 apply --prune --prune-changed --max-deletions 5
	[ ! -e sand/b ]
	[ ! -e sand/made ]
	[ -e sand/c ]
}

@test "host: a Command is undone by its remove, and only forgotten without one" {
	manifest Command with <<<$'check: [test, -e, with]\napply: [touch, with]\nremove: [rm, with]\nworkingDirectory: /w'
	manifest Command without <<<$'check: [test, -e, without]\napply: [touch, without]\nworkingDirectory: /w'
	manifest Directory w <<<'path: /w'
	apply
	fresh
	manifest Directory w <<<'path: /w'
	run --separate-stderr -0 apply --prune --max-deletions 5
	[ "$(ls sand/w)" = without ]
}

@test "host: a Command that fails says so with its last lines" {
	manifest Command c <<<$'apply: [sh, -c, "echo first; echo the real reason; exit 9"]'
	run --separate-stderr -3 apply
	assert_talk_has 'exited with 9'
	assert_talk_has 'the real reason'
}

@test "host: units are written to a folder, but not started there" {
	manifest Unit app.service <<<$'content: |\n  [Service]\n  ExecStart=/bin/true'
	run --separate-stderr -0 apply
	grep -q ExecStart sand/etc/systemd/system/app.service
	fresh
	manifest Unit app.service <<<$'content: "[Service]"\nstate: started'
	run --separate-stderr -5 apply
	assert_talk_has 'on the machine only'
}

@test "host: a unit is enabled in a folder by systemctl" {
	command -v systemctl >/dev/null || skip 'no systemctl'
	manifest Unit app.service <<<$'content: |\n  [Service]\n  ExecStart=/bin/true\n  [Install]\n  WantedBy=multi-user.target\nenabled: true'
	run --separate-stderr -0 apply
	[ -L sand/etc/systemd/system/multi-user.target.wants/app.service ]
	run --separate-stderr -0 fettle diff repo --root sand
	rm sand/etc/systemd/system/multi-user.target.wants/app.service
	run --separate-stderr -1 fettle diff repo --root sand
	assert_has 'enabled: no -> yes'
	rm repo/all.yaml
	manifest File keep <<<$'path: /keep\ncontent: x'
	run --separate-stderr -0 apply --prune --prune-changed --max-deletions 5
	[ ! -e sand/etc/systemd/system/app.service ]
}

@test "host: mistakes in manifests name file, line and what was meant" {
	manifest File a <<<$'path: /a\ncontnet: x'
	run --separate-stderr -2 fettle diff repo --root sand
	assert_talk_has 'all.yaml:7'
	assert_talk_has content
	fresh
	manifest File a <<<$'path: /same\ncontent: x'
	manifest File b <<<$'path: /same\ncontent: y z'
	run --separate-stderr -2 fettle diff repo --root sand
	assert_talk_has "both manage '/same'"
	assert_talk_has 'all.yaml:6'
	fresh
	manifest File a <<<$'path: /a\ncontent: x\nmode: 644'
	run --separate-stderr -2 fettle diff repo --root sand
	assert_talk_has 'mode: "0644"'
	fresh
	manifest Flie a <<<$'path: /a\ncontent: x'
	run --separate-stderr -2 fettle diff repo --root sand
	assert_talk_has 'File'
}

@test "host: where systemd does not run, a unit says so and nothing else is done" {
	[ ! -d /run/systemd/system ] || skip 'systemd runs here'
	manifest Unit fettle-e2e.service <<<$'content: "[Service]"\nstate: started'
	run --separate-stderr -1 fettle diff repo
	assert_has 'refused'
	assert_has 'systemd does not run here'
}
