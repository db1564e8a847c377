#!/usr/bin/env bats
# status, history and rollback.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
	apply_m >/dev/null
}

@test "status: in sync exits 0, drift and loss exit 1 and are named" {
	run --separate-stderr -0 fettle status m --root root
	assert_has "3 in sync"
	echo drift >root/etc/a
	rm root/etc/b
	run --separate-stderr -1 fettle status m --root root
	assert_has "1 in sync, 1 drifted, 1 missing"
	run --separate-stderr -1 fettle status m --root root -o json
	echo "$output" | python3 -c 'import json,sys; s=json.load(sys.stdin); assert sorted(o["state"] for o in s["objects"])==["drifted","in sync","missing"]'
}

@test "status: an unknown project has nothing recorded" {
	run --separate-stderr -0 fettle status --name nobody --root root
	assert_has "nothing is recorded"
}

@test "history: lists runs, newest first, and what one changed" {
	sed -i 's/one/uno/' m/all.yaml
	apply_m >/dev/null
	run --separate-stderr -0 fettle history m --root root
	assert_has "1 updated"
	assert_has "3 created"
	run --separate-stderr -0 fettle history m --root root --run 2
	assert_has "update  File/a done"
	run --separate-stderr -3 fettle history m --root root --run 99
	run --separate-stderr -0 fettle history m --root root -o json
	echo "$output" | python3 -c 'import json,sys; h=json.load(sys.stdin); assert [r["run"] for r in h["runs"]]==[2,1]'
}

@test "history: a run that changes nothing is not recorded" {
	apply_m >/dev/null
	run --separate-stderr -0 fettle history m --root root -o json
	[ "$(grep -c '"run":' <<<"$output")" = 1 ]
}

@test "rollback: brings content back, deletes what is newer, works without the source" {
	sed -i 's/one/uno/' m/all.yaml
	file_object d /etc/d 'four\n' >m/d.yaml
	apply_m >/dev/null
	mv m gone
	run --separate-stderr -1 fettle rollback --name m --root root --dry-run
	assert_has "delete  File/d"
	[ -f root/etc/d ]
	run --separate-stderr -0 fettle rollback --name m --root root --yes
	[ "$(cat root/etc/a)" = one ]
	[ ! -e root/etc/d ]
	run --separate-stderr -0 fettle status --name m --root root
}

@test "rollback --to: a numbered run; an unknown one names what there is" {
	for word in uno eins; do
		sed -i "2,9s/content: .*/content: \"$word\\\\n\"/" m/all.yaml
		apply_m >/dev/null
	done
	run --separate-stderr -0 fettle rollback --name m --root root --to 1 --yes
	[ "$(cat root/etc/a)" = one ]
	run --separate-stderr -3 fettle rollback --name m --root root --to 77 --yes
}

@test "rollback: with nothing to go back to says so" {
	run --separate-stderr -3 fettle rollback --name m --root root --yes
	assert_talk_has "no earlier run"
}

@test "rollback: repository files are recorded, not referred to" {
	mkdir -p m/files && echo v1 >m/files/x
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: x}\nspec: {path: /etc/x, contentFrom: files/x}\n' >m/x.yaml
	apply_m >/dev/null
	echo v2 >m/files/x
	apply_m >/dev/null
	rm -r m
	run --separate-stderr -0 fettle rollback --name m --root root --yes
	[ "$(cat root/etc/x)" = v1 ]
}

@test "secrets: no value in plan, output, state or history" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations: {host.fettle.dev/path: /etc/db}\nstringData: {password: hunter2hunter2}\n' >m/s.yaml
	b64=$(printf hunter2hunter2 | base64)
	run fettle diff m --root root --save-plan plan.json
	printf '%s' "$output" >all.txt
	fettle apply m --root root --yes -v >>all.txt 2>&1
	[ "$(cat root/etc/db/password)" = hunter2hunter2 ]
	[ "$(stat -c %a root/etc/db/..data/password)" = 600 ]
	fettle render m --root root >>all.txt
	fettle history m --root root --run 2 -o json >>all.txt
	sed -i 's/hunter2hunter2/correcthorse99/' m/s.yaml
	run fettle diff m --root root -o json
	printf '%s' "$output" >>all.txt
	assert_lacks correcthorse
	run -1 grep -E "hunter2|$b64|correcthorse" all.txt plan.json
	run -1 grep -rlE "hunter2|$b64" root/.fettle
}

@test "status: a manifest that changed in words only leaves the object in sync" {
	sed -i 's/  name: a$/  name: a\n  annotations: {team: web}/' m/all.yaml
	apply_m >/dev/null
	run --separate-stderr -0 fettle status m --root root
	assert_has "3 in sync"
}

@test "rollback: secrets in a purged folder stay, and are not in the way" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec: {path: /etc/sub, purge: true}\n' >m/d.yaml
	printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations: {host.fettle.dev/path: /etc/sub/db}\nstringData: {password: hunter2}\n' >m/s.yaml
	apply_m >/dev/null
	sed -i 's/one/uno/' m/all.yaml
	apply_m >/dev/null
	run --separate-stderr -0 fettle rollback m --root root --yes
	[ "$(cat root/etc/a)" = one ]
	[ "$(cat root/etc/sub/db/password)" = hunter2 ]
}
