#!/usr/bin/env bats
# init, render, doctor, and projects with environments.

load helpers
load manifests

setup() {
	fettle_setup
}

@test "init: makes a project that works at once" {
	run --separate-stderr -0 fettle init shop
	assert_talk_has "fettle apply shop"
	cd shop
	run --separate-stderr -1 fettle diff
	run --separate-stderr -0 fettle apply --yes
	assert_has "shop/dev: 4 done"
	[ "$(cat sandbox/etc/app/features/banner)" = hello ]
	run --separate-stderr -0 fettle status
	run --separate-stderr -0 fettle diff -e dev
}

@test "init: refuses to touch a project, and keeps files that exist" {
	mkdir shop && echo mine >shop/.gitignore
	fettle init shop
	[ "$(cat shop/.gitignore)" = mine ]
	run --separate-stderr -5 fettle init shop
	assert_talk_has "exists already"
}

@test "init: a folder's name becomes a valid project name" {
	fettle init "My Shop (2)"
	grep -q 'name: my-shop--2' "My Shop (2)/fettle.yaml"
	run --separate-stderr -0 fettle apply "My Shop (2)" --yes
}

@test "project: works from a folder below, paths are relative to fettle.yaml" {
	fettle init shop
	git init -q shop
	mkdir -p shop/a/b && cd shop/a/b
	run --separate-stderr -0 fettle apply --yes
	[ -f ../../sandbox/etc/motd ]
}

@test "project: unknown and missing environments list what there is" {
	fettle init shop && cd shop
	run --separate-stderr -2 fettle diff -e prdo
	assert_talk_has "dev"
	cat >>fettle.yaml <<-'END'
	  prod:
	    path: envs/dev
	END
	run --separate-stderr -2 fettle diff
	assert_talk_has "choose one with --env"
}

@test "project: nothing to work on says what to do" {
	run --separate-stderr -2 fettle diff
	assert_talk_has "fettle init"
}

@test "project: mistakes have places and suggestions" {
	fettle init shop && cd shop
	sed -i 's/maxDeletions/maxDeletion/' fettle.yaml
	run --separate-stderr -2 fettle diff
	assert_talk_has "fettle.yaml:14:"
	assert_talk_has "maxDeletions"
}

@test "render: prints every object with files in line and secrets hidden" {
	fettle init shop && cd shop
	run --separate-stderr -0 fettle render
	assert_has "listen = 127.0.0.1:8080"
	assert_lacks "contentFrom"
	fettle render | "$FETTLE" apply - --root ../again --yes
	[ "$(cat ../again/etc/app/app.conf)" = "$(cat envs/dev/files/app.conf)" ]
	run --separate-stderr -0 fettle render -o json
	echo "$output" | python3 -c 'import json,sys; assert len(json.load(sys.stdin))==4'
}

@test "doctor: says what is there and exits 0 when nothing is wrong" {
	run --separate-stderr -0 fettle doctor
	assert_has "ok    settings"
	run --separate-stderr -0 fettle doctor -o json
	echo "$output" | python3 -c 'import json,sys; assert json.load(sys.stdin)["schema"]=="fettle.doctor/1"'
}

@test "project: the environment's timeout is kept, but --timeout is stronger" {
	mkdir m && printf 'apiVersion: host.fettle.dev/v1\nkind: Command\nmetadata: {name: slow}\nspec: {apply: [sleep, "3"]}\n' >m/a.yaml
	printf 'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: p}\nenvironments:\n  dev:\n    path: m\n    target: {host: {root: root}}\n    timeout: 200ms\n' >fettle.yaml
	run --separate-stderr -124 fettle apply --yes
	run --separate-stderr -0 fettle apply --yes --timeout 1m
}

@test "init: names that YAML takes for something else are quoted, impossible ones are refused" {
	for name in 2024 null 1e3; do
		fettle init "$name"
		run --separate-stderr -0 fettle apply "$name" --yes
	done
	run --separate-stderr -2 fettle init x --name 'A b: c'
	assert_talk_has "cannot be the name of a project"
	[ ! -e x ]
}

@test "doctor: looks at the folders that the settings name" {
	FETTLE_CACHE_DIR=$PWD/my-cache FETTLE_STATE_DIR=$PWD/my-state run --separate-stderr -0 fettle doctor
	assert_has "$PWD/my-cache"
	assert_has "$PWD/my-state"
	touch file
	FETTLE_STATE_DIR=$PWD/file/x run --separate-stderr -1 fettle doctor
	assert_has "wrong state folder"
}
