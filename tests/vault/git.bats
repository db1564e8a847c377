#!/usr/bin/env bats
# vault git: real git merges, rebases and shows encrypted files through fettle's drivers.

load ../e2e/helpers

setup() {
	fettle_setup
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(realpath "$FETTLE")" "$BATS_TEST_TMPDIR/bin/fettle"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@example.org GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@example.org
	git init -q -b main
	command fettle vault init -q
	mkdir secrets
	cat >secrets/app.yaml <<-'YAML'
		# accounts
		db:
		  user: planted-user
		  password: planted-password
		  host: planted-host
		list:
		  - planted-a
		  - planted-b
	YAML
	command fettle vault encrypt -q -i secrets/app.yaml
	command fettle vault git install -q
	git add -A
	git commit -qm base
}

set_value() {
	printf '%s' "$2" | "$FETTLE" vault set -q "secrets/app.yaml:$1"
}

# Change values on a branch and commit: branch NAME path value...
branch() {
	git checkout -qb "$1" main
	shift
	while [ $# -gt 0 ]; do set_value "$1" "$2"; shift 2; done
	git commit -qam "on a branch"
	git checkout -q main
}

value() {
	"$FETTLE" vault get "secrets/app.yaml:$1"
}

@test "vault git: two branches that change neighbouring values merge, the MAC fits" {
	branch other db.user planted-user-2 db.more planted-more
	set_value db.password planted-password-2
	set_value db.extra planted-extra
	git commit -qam ours
	git merge -q -m both other
	[ "$(value db.user)" = planted-user-2 ]
	[ "$(value db.password)" = planted-password-2 ]
	[ "$(value db.more)" = planted-more ]
	[ "$(value db.extra)" = planted-extra ]
	"$FETTLE" vault check --mac
	"$FETTLE" vault decrypt secrets/app.yaml | grep -q '^# accounts$'
	run grep -r planted secrets
	[ "$status" -eq 1 ]
}

@test "vault git: rebase and cherry-pick go the same way" {
	branch other db.user planted-user-2
	set_value db.password planted-password-2
	git commit -qam ours
	git checkout -q other
	git rebase -q main
	[ "$(value db.user) $(value db.password)" = "planted-user-2 planted-password-2" ]
	branch picked db.host planted-host-2
	git checkout -q other
	git cherry-pick picked >/dev/null
	[ "$(value db.user) $(value db.host)" = "planted-user-2 planted-host-2" ]
	"$FETTLE" vault check --mac
}

@test "vault git: what both sides changed is named, not shown, and can be taken from theirs" {
	branch other db.password planted-theirs db.host planted-host-2
	set_value db.password planted-ours
	git commit -qam ours
	run git merge -m both other
	[ "$status" -ne 0 ]
	assert_has "'db.password'"
	assert_lacks planted-
	[ "$(git status --short secrets)" = "UU secrets/app.yaml" ]
	[ "$(value db.password)" = planted-ours ]
	[ "$(value db.host)" = planted-host-2 ]
	"$FETTLE" vault git theirs -q secrets/app.yaml:db.password
	[ "$(value db.password)" = planted-theirs ]
	git add -A
	git commit -qm settled
	run "$FETTLE" vault git theirs secrets/app.yaml:db.password
	[ "$status" -eq 3 ]
	assert_has "not in conflict"
}

@test "vault git: who was removed on one side stays removed, and the data key is a new one" {
	"$FETTLE" vault age keygen -o "$BATS_TEST_TMPDIR/bob.txt" 2>/dev/null
	bob=$(grep -o 'age1.*' "$BATS_TEST_TMPDIR/bob.txt" | head -1)
	"$FETTLE" vault recipients add -q "bob=$bob"
	git add -A
	git commit -qm bob
	branch other db.user planted-user-2
	git checkout -q other
	git checkout -q main
	"$FETTLE" vault recipients remove -q bob
	git commit -qam "bob leaves"
	git merge -q -m both other
	run env SOPS_AGE_KEY_FILE="$BATS_TEST_TMPDIR/bob.txt" XDG_CONFIG_HOME="$BATS_TEST_TMPDIR/none" "$FETTLE" vault get secrets/app.yaml:db.user
	[ "$status" -eq 4 ]
	[ "$(value db.user)" = planted-user-2 ]
	"$FETTLE" vault check --mac
	# And the other way round: the edit is ours, the removal theirs.
	git checkout -q other
	git merge -q -m both main~1
	run env SOPS_AGE_KEY_FILE="$BATS_TEST_TMPDIR/bob.txt" XDG_CONFIG_HOME="$BATS_TEST_TMPDIR/none" "$FETTLE" vault get secrets/app.yaml:db.user
	[ "$status" -eq 4 ]
	[ "$(value db.user)" = planted-user-2 ]
}

@test "vault git: without a key nothing is merged and git says that it is a conflict" {
	branch other db.user planted-user-2
	set_value db.password planted-password-2
	git commit -qam ours
	XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/none run git merge -m both other
	[ "$status" -ne 0 ]
	[ "$(git status --short secrets)" = "UU secrets/app.yaml" ]
	assert_has "no key"
}

@test "vault git: other files of the folder merge as git merges them" {
	printf 'one\ntwo\nthree\nfour\nfive\n' >secrets/notes.txt
	git add -A
	git commit -qm notes
	git checkout -qb other
	sed -i 's/five/FIVE/' secrets/notes.txt
	git commit -qam other
	git checkout -q main
	sed -i 's/one/ONE/' secrets/notes.txt
	git commit -qam ours
	git merge -q -m both other
	[ "$(paste -sd' ' secrets/notes.txt)" = "ONE two three four FIVE" ]
	git checkout -qb third
	sed -i 's/two/2/' secrets/notes.txt
	git commit -qam third
	git checkout -q main
	sed -i 's/two/zwei/' secrets/notes.txt
	git commit -qam ours
	run git merge -m both third
	[ "$status" -ne 0 ]
	grep -q '^<<<<<<< ' secrets/notes.txt
}

@test "vault git: diff and log tell which value changed and show none" {
	set_value db.password planted-password-2
	run git diff
	assert_lacks planted
	assert_lacks ENC
	assert_lacks lastmodified
	[ "$(grep -c '^[-+] ' <<<"$output")" -eq 2 ]
	assert_has "  password: <secret "
	git commit -qam changed
	run git log -p --all
	assert_lacks planted
	# A new data key changes no value.
	"$FETTLE" vault age keygen -o "$BATS_TEST_TMPDIR/bob.txt" 2>/dev/null
	"$FETTLE" vault recipients add -q "bob=$(grep -o 'age1.*' "$BATS_TEST_TMPDIR/bob.txt" | head -1)"
	git commit -qam bob
	"$FETTLE" vault recipients remove -q bob
	run git diff -- secrets
	[ "$(grep -c '^[-+] ' <<<"$output")" -eq 0 ]
	assert_has "-# age: age1"
	# Without a key the ciphertexts stand for the values.
	git checkout -q .
	set_value db.user other
	XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/none run git diff
	assert_lacks planted
	assert_has "+  user: <sealed "
}

@test "vault git: install is idempotent, names patterns, and can be taken back" {
	before=$(cat .gitattributes .git/config)
	"$FETTLE" vault git install -q
	[ "$(cat .gitattributes .git/config)" = "$before" ]
	grep -qx '/secrets/\* merge=fettle diff=fettle' .gitattributes
	"$FETTLE" vault git install -q '*.enc.json' 'with blank/*'
	grep -qx '"with blank/\*" merge=fettle diff=fettle' .gitattributes
	[ "$(git check-attr merge 'with blank/x')" = '"with blank/x": merge: fettle' ] || [ "$(git check-attr merge 'with blank/x')" = 'with blank/x: merge: fettle' ]
	"$FETTLE" vault git install -q --remove
	run git config --get-regexp fettle
	[ "$status" -eq 1 ]
	cd "$BATS_TEST_TMPDIR"
	run "$FETTLE" vault git install
	[ "$status" -eq 3 ]
	assert_has "no git repository"
}

@test "vault git: generated merges, VAULT_MERGES of them (200)" {
	RECIPIENT=$(sed -n 's/^      - //p' .sops.yaml)
	export RECIPIENT SOPS_AGE_KEY_FILE=$XDG_CONFIG_HOME/sops/age/keys.txt
	rm .sops.yaml
	run python3 "$BATS_TEST_DIRNAME/merge.py" "$FETTLE" "${VAULT_MERGES:-200}" "$PWD/merges" "${VAULT_SEED:-1}"
	echo "$output"
	echo "# ${lines[-1]}" >&3
	[ "$status" -eq 0 ]
}
