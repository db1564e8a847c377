#!/usr/bin/env bats
# vault recipients exposure and remove: what somebody could read, and runs that are cut off.

load ../e2e/helpers

setup() {
	fettle_setup
	export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@example.org GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@example.org
	git init -q -b main
	"$FETTLE" vault init -q
	mkdir secrets
	"$FETTLE" vault age keygen -o "$BATS_TEST_TMPDIR/bob.txt" 2>/dev/null
	BOB=$(grep -o 'age1.*' "$BATS_TEST_TMPDIR/bob.txt" | head -1)
}

commit() {
	git add -A
	git commit -qm "$1"
	git rev-parse HEAD
}

seal() {
	mkdir -p secrets
	cat >"secrets/$1"
	"$FETTLE" vault encrypt -q -i "secrets/$1"
}

set_value() {
	printf '%s' "$2" | "$FETTLE" vault set -q "$1"
}

as_bob() {
	env SOPS_AGE_KEY_FILE="$BATS_TEST_TMPDIR/bob.txt" XDG_CONFIG_HOME="$BATS_TEST_TMPDIR/none" "$FETTLE" "$@"
}

@test "exposure: values, first and last commit, and whether they are the same today" {
	seal a.yaml <<<$'db: planted-1\nuser: planted-2\nold: planted-3\nname_unencrypted: shown'
	seal before.yaml <<<'x: planted-4'
	commit one >/dev/null
	"$FETTLE" vault recipients add -q "bob=$BOB" secrets/a.yaml
	first=$(commit bob)
	set_value secrets/a.yaml:user planted-5
	"$FETTLE" vault rm -q secrets/a.yaml:old
	last=$(commit changed)
	run --separate-stderr "$FETTLE" vault recipients remove -o json bob
	[ "$status" -eq 0 ]
	grep -q planted <<<"$output$stderr" && return 1
	gone=$(commit "bob leaves")
	set_value secrets/a.yaml:db planted-6
	commit later >/dev/null
	"$FETTLE" vault recipients exposure -o json "$BOB" >report.json
	python3 - report.json "$first" "$last" <<-'PY'
		import json, sys
		report = json.load(open(sys.argv[1]))
		[file] = report["files"]
		assert file["path"] == "secrets/a.yaml" and not file["current"], file
		assert (file["from"]["commit"], file["until"]["commit"]) == (sys.argv[2], sys.argv[3]), file
		today = {v["path"]: v["today"] for v in file["values"]}
		assert today == {"db": "changed", "user": "same", "old": "gone"}, today
		assert report["versions"] == 2
	PY
	[ -n "$gone" ]
	XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/none run "$FETTLE" vault recipients exposure "$BOB"
	[ "$status" -eq 0 ]
	assert_has unknown
	assert_lacks planted
}

@test "exposure: of a file that was deleted, and of a branch that was never merged" {
	"$FETTLE" vault recipients add -q "bob=$BOB"
	seal a.yaml <<<'gone: planted'
	commit one >/dev/null
	git rm -q secrets/a.yaml
	git commit -qm two
	git checkout -qb side
	seal b.yaml <<<'side: planted'
	commit three >/dev/null
	git checkout -q main
	run --separate-stderr "$FETTLE" vault recipients exposure bob
	[ "$status" -eq 0 ]
	[ "$(grep -c ' gone ' <<<"$output")" -eq 2 ]
	assert_has "secrets/b.yaml"
	run --separate-stderr "$FETTLE" vault recipients exposure nobody
	[ "$status" -eq 3 ]
}

@test "remove: the report comes with it, outside of git a hint" {
	"$FETTLE" vault recipients add -q "bob=$BOB"
	seal a.yaml <<<'token: planted'
	commit one >/dev/null
	run --separate-stderr "$FETTLE" vault recipients remove bob
	[ "$status" -eq 0 ]
	assert_has "secrets/a.yaml"
	assert_has "(HEAD)"
	assert_talk_has "1 are the same today"
	"$FETTLE" vault recipients add -q "bob=$BOB"
	rm -rf .git
	run --separate-stderr "$FETTLE" vault recipients remove bob
	[ "$status" -eq 0 ]
	assert_output ""
	assert_talk_has "copies of older versions"
}

@test "remove: a run that was cut off anywhere is finished by --resume (VAULT_KILLS, 20)" {
	for ((i = 0; i < ${VAULT_FILES:-60}; i++)); do echo "v: planted-$i" >"secrets/$i.yaml"; done
	"$FETTLE" vault encrypt -q -i .
	"$FETTLE" vault recipients add -q "bob=$BOB"
	commit one >/dev/null
	run python3 "$BATS_TEST_DIRNAME/crash.py" "$FETTLE" "${VAULT_KILLS:-20}" "$BATS_TEST_TMPDIR/bob.txt"
	echo "$output"
	echo "# ${lines[-1]}" >&3
	[ "$status" -eq 0 ]
}
