#!/usr/bin/env bats
# The state file: who may read it, what it survives, and what must never be in it.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
	apply_m >/dev/null
	state=root/.fettle/state.db
}

@test "state: is private, alone in its folder, and opens with sqlite3" {
	[ "$(stat -c %a $state)" = 600 ]
	[ ! -e $state-wal ]
	[ ! -e $state-shm ]
	command -v sqlite3 >/dev/null || skip "no sqlite3"
	[ "$(sqlite3 -readonly $state 'SELECT count(*) FROM object')" = 3 ]
	[ "$(sqlite3 -readonly $state 'SELECT result FROM run')" = ok ]
}

@test "state: diff and status make no file" {
	rm -rf root/.fettle
	run --separate-stderr fettle diff m --root root
	run --separate-stderr fettle status m --root root
	[ ! -e $state ]
}

@test "state: lost, the next apply adopts what is there" {
	rm -rf root/.fettle
	run --separate-stderr -0 fettle apply m --root root --yes
	run --separate-stderr -0 fettle status m --root root
	assert_has "3 in sync"
}

@test "state: damaged, every command says so, and nothing is touched" {
	for damage in "head -c 5000 /dev/zero" "echo something else entirely"; do
		$damage >$state
		before=$(sha256sum $state root/etc/a)
		for command in "diff m" "status m" "history m" "apply m --yes" "rollback --name m --yes"; do
			# shellcheck disable=SC2086
			run --separate-stderr -3 fettle $command --root root
			assert_talk_has "state.db"
			assert_talk_has "move it away"
		done
		[ "$(sha256sum $state root/etc/a)" = "$before" ]
	done
}

@test "state: of a newer fettle is refused by name" {
	command -v sqlite3 >/dev/null || skip "no sqlite3"
	sqlite3 $state 'PRAGMA user_version = 99'
	run --separate-stderr -3 fettle apply m --root root --yes
	assert_talk_has "newer fettle"
}

@test "state: rollback goes back past repairs of drift" {
	sed -i 's/one/uno/' m/all.yaml
	apply_m >/dev/null
	for i in 1 2 3; do
		echo "drift $i" >root/etc/a
		apply_m >/dev/null
	done
	[ "$(cat root/etc/a)" = uno ]
	run --separate-stderr -0 fettle rollback --name m --root root --yes
	[ "$(cat root/etc/a)" = one ]
}

@test "state: a secret is never in it" {
	cat >m/secret.yaml <<-END
		apiVersion: v1
		kind: Secret
		metadata: { name: db, annotations: { host.fettle.dev/path: /etc/db } }
		stringData: { password: correct-horse-battery }
	END
	run --separate-stderr fettle apply m --root root --yes
	[ "$status" = 0 ] || skip "projection of secrets is not as this test writes it"
	! grep -rqa correct-horse root/.fettle
	! grep -rqa "$(printf correct-horse-battery | base64)" root/.fettle
}
