#!/usr/bin/env bats
# vault exec --into: files in memory and a descriptor instead of variables.

load ../e2e/helpers

setup() {
	fettle_setup
	"$FETTLE" vault init -q
	mkdir -p secrets
	cat >secrets/db.yaml <<-'YAML'
		user: planted-user
		pass.word: |
		  planted
		  lines
		tls:
		  key: planted-key
	YAML
	"$FETTLE" vault encrypt -q -i secrets/db.yaml
	XDG_RUNTIME_DIR=/dev/shm/fettle-test-$$-$BATS_TEST_NUMBER
	export XDG_RUNTIME_DIR
	mkdir -m 700 "$XDG_RUNTIME_DIR"
}

teardown() {
	[ -z "${XDG_RUNTIME_DIR:-}" ] || rm -rf "$XDG_RUNTIME_DIR"
}

@test "vault exec --into files: one for each value, in memory, named by _FILE variables, then gone" {
	cat >program <<-'SH'
		cat "$USER_FILE"; echo
		cat "$TLS_KEY_FILE"; echo
		ls "$CREDENTIALS_DIRECTORY" | paste -sd' '
		stat -c %a "$USER_FILE" "$CREDENTIALS_DIRECTORY" | paste -sd' '
		stat -f -c %T "$CREDENTIALS_DIRECTORY"
		env | grep -c planted
	SH
	run "$FETTLE" vault exec --no-mask --into files -f secrets/db.yaml -- sh program
	[ "${lines[0]}" = planted-user ]
	[ "${lines[1]}" = planted-key ]
	[ "${lines[2]}" = 'pass.word tls.key user' ]
	[ "${lines[3]}" = "400 700" ]
	[ "${lines[4]}" = tmpfs ]
	[ "${lines[5]}" = 0 ]
	[ -z "$(ls "$XDG_RUNTIME_DIR")" ]
	# Masked as ever.
	[ "$("$FETTLE" vault exec --into files -f secrets/db.yaml -- sh -c 'cat $USER_FILE')" = "(hidden)" ]
}

@test "vault exec --into files: gone also when the program is ended by a signal, or cannot be run" {
	"$FETTLE" vault exec --into files -f secrets/db.yaml -- sh -c 'echo up >said; exec sleep 60' 3>&- &
	child=$!
	wait_until test -s said
	[ -n "$(ls "$XDG_RUNTIME_DIR")" ]
	kill -TERM "$child"
	status=0
	wait "$child" || status=$?
	[ "$status" = 143 ]
	[ -z "$(ls "$XDG_RUNTIME_DIR")" ]
	run "$FETTLE" vault exec --into files -f secrets/db.yaml -- nosuchprogram
	[ "$status" = 3 ]
	[ -z "$(ls "$XDG_RUNTIME_DIR")" ]
}

@test "vault exec --into fd: an object on a descriptor, and nothing in the environment" {
	run "$FETTLE" vault exec --no-mask --into fd -f secrets/db.yaml -- \
		sh -c 'echo "$FETTLE_SECRETS_FD"; env | grep -c planted; cat <&3'
	[ "${lines[0]}" = 3 ]
	[ "${lines[1]}" = 0 ]
	python3 -c 'import json, sys; d = json.loads(sys.argv[1]); assert d["user"] == "planted-user" and d["tls.key"] == "planted-key", d' "${lines[2]}"
	# Masks hide it there too.
	run "$FETTLE" vault exec --into fd -f secrets/db.yaml -- sh -c 'cat <&3'
	assert_lacks planted
	# More than a pipe holds is refused before the program runs.
	head -c 200000 /dev/zero | tr '\0' x | "$FETTLE" vault set -q secrets/db.yaml:user
	run "$FETTLE" vault exec --into fd -f secrets/db.yaml -- touch ran
	[ "$status" != 0 ]
	assert_has "fit into a pipe"
	[ ! -e ran ]
}
