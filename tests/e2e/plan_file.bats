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
