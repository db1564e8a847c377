#!/usr/bin/env bats
# What may be deleted, and what refuses.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
	apply_m >/dev/null
}

drop_b() {
	{ file_object a /etc/a 'one\n'; file_object c /etc/sub/c 'three\n'; } >m/all.yaml
}

@test "prune: without it what is gone from the source stays and is told" {
	drop_b
	run --separate-stderr -0 fettle apply m --root root --yes
	[ -f root/etc/b ]
	run --separate-stderr -0 fettle diff m --root root
	assert_has "1 recorded object is no longer in the source"
}

@test "prune: deletes what fettle made and nobody changed" {
	drop_b
	run --separate-stderr -0 fettle apply m --root root --yes --prune
	assert_has "File/b deleted"
	[ ! -e root/etc/b ]
	[ "$(recorded)" = 2 ]
}

@test "prune: refuses what somebody changed since, and nothing is attempted" {
	drop_b
	echo mine >root/etc/b
	file_object a /etc/a 'new\n' >>m/more.yaml && sed -i '/name: a$/d' m/more.yaml && rm m/more.yaml
	run --separate-stderr -5 fettle apply m --root root --yes --prune
	assert_talk_has "--prune-changed"
	[ "$(cat root/etc/b)" = mine ]
	run --separate-stderr -0 fettle apply m --root root --yes --prune --prune-changed
	[ ! -e root/etc/b ]
}

@test "prune: refuses an empty source" {
	rm m/all.yaml
	run --separate-stderr -5 fettle apply m --root root --yes --prune
	assert_talk_has "no objects"
	[ -f root/etc/a ]
}

@test "prune: refuses more deletions than allowed, and says how to insist" {
	for i in $(seq 30); do file_object "f$i" "/etc/f$i" "$i\n"; done >m/many.yaml
	apply_m >/dev/null
	rm m/many.yaml
	run --separate-stderr -5 fettle apply m --root root --yes --prune
	assert_talk_has "30 of 33"
	assert_talk_has "--max-deletions 30"
	[ -f root/etc/f1 ]
	run --separate-stderr -0 fettle apply m --root root --yes --prune --max-deletions 100%
	[ ! -e root/etc/f1 ]
}

@test "prune: files that others put into an owned folder survive" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec: {path: /srv/d}\n' >m/d.yaml
	apply_m >/dev/null
	touch root/srv/d/theirs
	rm m/d.yaml
	run --separate-stderr -0 fettle apply m --root root --yes --prune
	[ -e root/srv/d/theirs ]
	assert_has "Directory/d forgotten (left alone: it still holds theirs)"
	run --separate-stderr -0 fettle history m --root root --run 3
	assert_has "left alone: it still holds theirs"
}

@test "prune: an object marked never to be pruned stays" {
	sed 's|  name: b$|  name: b\n  annotations: {fettle.dev/prune: disabled}|' -i m/all.yaml
	apply_m >/dev/null
	drop_b
	run --separate-stderr -0 fettle apply m --root root --yes --prune
	[ -f root/etc/b ]
}

@test "prune: refuses when the name belongs to another source" {
	mkdir other && file_object z /etc/z 'z\n' >other/z.yaml
	run --separate-stderr -5 fettle apply other --name m --root root --yes --prune
	assert_talk_has "was applied from"
	[ -f root/etc/a ]
}

@test "prune: what is gone already is only forgotten" {
	drop_b
	rm root/etc/b
	run --separate-stderr -0 fettle apply m --root root --yes --prune
	assert_has "File/b forgotten"
	[ "$(recorded)" = 2 ]
}

@test "prune: two projects on one machine cannot own one file" {
	mkdir other && file_object z /etc/a 'z\n' >other/z.yaml
	run --separate-stderr -5 fettle apply other --root root --yes
	assert_talk_has "belongs to"
}

# A project with one environment that prunes, applied once; then one of its three files is dropped.
pruning_project() {
	printf 'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: {name: p}\nenvironments:\n  dev:\n    path: m\n    target: {host: {root: proot}}\n    prune: {enabled: true, maxDeletions: %s}\n' "$1" >fettle.yaml
	fettle apply --yes >/dev/null
	drop_b
}

@test "prune: --no-prune is stronger than the environment" {
	pruning_project 10
	run --separate-stderr -0 fettle apply --no-prune --yes
	[ -f proot/etc/b ]
	run --separate-stderr -0 fettle apply --yes
	[ ! -e proot/etc/b ]
}

@test "prune: the environment's limit is stronger than a settings file, a variable than both" {
	pruning_project 0
	mkdir -p "$XDG_CONFIG_HOME/fettle"
	echo 'prune.maxDeletions: 50' >"$XDG_CONFIG_HOME/fettle/settings.yaml"
	run --separate-stderr -5 fettle apply --yes
	assert_talk_has "more than the 0 allowed"
	FETTLE_PRUNE_MAX_DELETIONS=1 run --separate-stderr -0 fettle apply --yes
	[ ! -e proot/etc/b ]
}

@test "prune: a Secret marked never to be pruned stays, too" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations: {host.fettle.dev/path: /etc/db, fettle.dev/prune: disabled}\nstringData: {password: hunter2}\n' >m/s.yaml
	apply_m >/dev/null
	rm m/s.yaml
	run --separate-stderr -0 fettle apply m --root root --yes --prune
	[ "$(cat root/etc/db/password)" = hunter2 ]
}

@test "purge: leaves alone what another project owns" {
	mkdir other
	printf 'apiVersion: host.fettle.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec: {path: /etc/sub, purge: true}\n' >other/d.yaml
	touch root/etc/sub/nobodys
	run --separate-stderr -0 fettle apply other --root root --yes
	[ -f root/etc/sub/c ]
	[ ! -e root/etc/sub/nobodys ]
}
