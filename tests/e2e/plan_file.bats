#!/usr/bin/env bats
# A saved plan is carried out exactly, or refused.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
	run -1 fettle diff m --root root --save-plan plan.json
}

@test "apply --plan: carries out what was saved" {
	run --separate-stderr -0 fettle apply --plan plan.json --yes
	[ "$(cat root/etc/a)" = one ]
	assert_has "3 done"
}

@test "apply --plan: refuses when a manifest changed" {
	sed -i 's/one/uno/' m/all.yaml
	run --separate-stderr -5 fettle apply --plan plan.json --yes
	assert_talk_has "File/a: the manifest changed"
	[ ! -e root/etc/a ]
}

@test "apply --plan: refuses when the target moved" {
	mkdir -p root/etc && echo theirs >root/etc/b
	run --separate-stderr -5 fettle apply --plan plan.json --yes
	assert_talk_has "File/b"
	[ "$(cat root/etc/b)" = theirs ]
}

@test "apply --plan: refuses when the commit moved" {
	git init -q -b main repo && cp -r m repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	run -1 fettle diff "repo//m?ref=main" --root root2 --save-plan plan2.json
	git -C repo -c user.name=t -c user.email=t@e commit -q --allow-empty -m two
	run --separate-stderr -5 fettle apply --plan plan2.json --yes
	assert_talk_has "commit"
}

@test "apply --plan: an added object is refused" {
	file_object d /etc/d 'four\n' >m/d.yaml
	run --separate-stderr -5 fettle apply --plan plan.json --yes
	assert_talk_has "File/d: not in the saved plan"
}

@test "apply --plan: something else is no plan, with its place" {
	echo '{"schema": "x"}' >plan.json
	run --separate-stderr -2 fettle apply --plan plan.json --yes
	assert_talk_has "plan.json:1:1"
	run --separate-stderr -3 fettle apply --plan missing.json --yes
}

@test "apply --plan: holds no content" {
	run -1 grep -c uno plan.json
	run -1 grep one plan.json
}

@test "apply --plan: a variable that names an environment is not in the way, the option is" {
	FETTLE_ENV=prod run --separate-stderr -0 fettle apply --plan plan.json --yes
	run --separate-stderr -2 fettle apply --plan plan.json --yes --env prod
	assert_talk_has "leave out --env"
}

@test "apply --plan: a secret that was never applied is recognised again" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations: {host.fettle.dev/path: /etc/db}\nstringData: {password: hunter2}\n' >m/s.yaml
	run -1 fettle diff m --root fresh --save-plan plan.json
	run --separate-stderr -0 fettle apply --plan plan.json --yes
	[ "$(cat fresh/etc/db/password)" = hunter2 ]
}

@test "apply --plan: works for a project whose manifests lie beside its fettle.yaml, from elsewhere" {
	printf 'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: p}\nenvironments:\n  one: {path: ., target: {host: {root: one}}}\n  two: {path: ., target: {host: {root: two}}}\n' >m/fettle.yaml
	run -1 fettle diff m -e two --save-plan plan.json
	mkdir elsewhere && cd elsewhere
	run --separate-stderr -0 fettle apply --plan ../plan.json --yes
	[ "$(cat ../m/two/etc/a)" = one ]
	[ ! -e ../m/one ]
}

@test "apply --plan: finds a local repository from elsewhere" {
	git init -q -b main repo && cp -r m repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	run -1 fettle diff "repo//m?ref=main" --root root2 --save-plan plan.json
	mkdir elsewhere && cd elsewhere
	run --separate-stderr -0 fettle apply --plan ../plan.json --yes
	[ "$(cat ../root2/etc/a)" = one ]
}
