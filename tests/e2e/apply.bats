#!/usr/bin/env bats
# fettle apply, diff and what they leave behind.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
}

@test "apply: creates what is missing and says so, then has nothing to do" {
	run --separate-stderr -0 fettle apply m --root root --yes
	assert_has "File/a created"
	assert_has "m: 3 done (run 1)"
	[ "$(cat root/etc/a)" = one ]
	run --separate-stderr -0 fettle apply m --root root --yes
	assert_output "m: 3 unchanged"
}

@test "apply: asks on a terminal, and without one names --yes and changes nothing" {
	run --separate-stderr -2 fettle apply m --root root
	assert_talk_has "--yes"
	[ ! -e root/etc ]
	run -0 bash -c "echo y | script -qec '$FETTLE apply m --root root' /dev/null"
	[ -f root/etc/a ]
}

@test "apply: the answer no changes nothing" {
	run bash -c "echo n | script -qec '$FETTLE apply m --root root' /dev/null"
	[ "$status" -ne 0 ]
	[ ! -e root/etc/a ]
}

@test "apply --dry-run: shows the plan, exits 1, makes nothing, not even the root" {
	run --separate-stderr -1 fettle apply m --root root --dry-run
	assert_has "create  File/a /etc/a"
	[ ! -e root ]
}

@test "diff: exits 1 with a unified diff, 0 when in sync, and changes nothing" {
	apply_m
	run --separate-stderr -0 fettle diff m --root root
	printf 'drift\n' >root/etc/a
	before=$(find root/etc -printf '%p %T@ %s\n' | sort)
	run --separate-stderr -1 fettle diff m --root root
	assert_has "-drift"
	assert_has "+one"
	assert_has "changed since the last apply"
	[ "$before" = "$(find root/etc -printf '%p %T@ %s\n' | sort)" ]
}

@test "diff: an unreadable live file is an error, never no difference" {
	apply_m
	rm root/etc/a && mkdir root/etc/a && touch root/etc/a/x
	run --separate-stderr fettle diff m --root root
	[ "$status" -ne 0 ]
}

@test "diff --output json: a versioned schema with counts and changes" {
	apply_m
	printf 'drift\n' >root/etc/a
	run --separate-stderr -1 fettle diff m --root root -o json
	echo "$output" | python3 -c '
import json, sys
plan = json.load(sys.stdin)
assert plan["schema"] == "fettle.plan/1"
assert plan["summary"]["update"] == 1 and plan["summary"]["unchanged"] == 2
item = [o for o in plan["objects"] if o["action"] == "update"][0]
assert item["object"] == "File/a" and item["drifted"] and item["line"] == 3
assert item["changes"][0]["before"] == "drift\n"'
}

@test "diff --output markdown: fits a comment and cannot be broken out of" {
	{ file_object a /etc/a '```\n</details>\n'; } >m/all.yaml
	run --separate-stderr -1 fettle diff m --root root -o markdown
	assert_has "| create | File/a | /etc/a |"
	assert_has '````diff'
	mkdir big && for i in $(seq 2000); do file_object "f$i" "/etc/f$i" "$(head -c 200 /dev/zero | tr '\0' x)"; done >big/all.yaml
	run --separate-stderr -1 fettle diff big --root root -o markdown
	[ ${#output} -lt 65000 ]
	assert_has "more objects are not listed"
}

@test "diff --exit-zero: differences are told, not in the exit code" {
	run --separate-stderr -0 fettle diff m --root root --exit-zero
	assert_has "3 to create"
}

@test "apply -o json: one object with every outcome" {
	run --separate-stderr -0 fettle apply m --root root --yes -o json
	echo "$output" | python3 -c '
import json, sys
result = json.load(sys.stdin)
assert result["schema"] == "fettle.apply/1" and result["result"] == "ok" and result["done"] == 3
assert {o["outcome"] for o in result["objects"]} == {"done"}'
}

@test "apply: a failing check leaves the old file, the rest is done, exit is not 0" {
	apply_m
	file_object a /etc/a 'bad\n' 'check: ["false"]' >m/a2.yaml
	sed -i '/name: a$/,/content/d' m/all.yaml
	{ file_object b /etc/b 'new\n'; file_object c /etc/sub/c 'three\n'; } >m/all.yaml
	run --separate-stderr -3 fettle apply m --root root --yes
	[ "$(cat root/etc/a)" = one ]
	[ "$(cat root/etc/b)" = new ]
	assert_has "File/a failed"
	assert_talk_has "File/a"
}

@test "apply: what depends on a failed object is skipped and named" {
	{
		file_object a /etc/a 'x\n' 'check: ["false"]'
		file_object b /etc/b 'y\n' | sed 's|  name: b|  name: b\n  annotations: {fettle.dev/depends-on: File/a}|'
	} >m/all.yaml
	run --separate-stderr fettle apply m --root root --yes
	[ "$status" -ne 0 ]
	assert_has "File/b skipped (File/a was not applied)"
	[ ! -e root/etc/b ]
}

@test "apply: a failing onChange puts the old content back and says so" {
	file_object a /etc/a 'one\n' >m/all.yaml
	apply_m
	file_object a /etc/a 'two\n' 'onChange: {command: ["false"]}' >m/all.yaml
	run --separate-stderr fettle apply m --root root --yes
	[ "$status" -ne 0 ]
	assert_talk_has "the old state is back"
	[ "$(cat root/etc/a)" = one ]
}

@test "apply: onChange runs once for many files" {
	local command="onChange: {command: [sh, -c, 'echo x >>$PWD/ran']}"
	{ file_object a /etc/a 'x\n' "$command"; file_object b /etc/b 'y\n' "$command"; } >m/all.yaml
	apply_m
	[ "$(wc -l <ran)" = 1 ]
	apply_m
	[ "$(wc -l <ran)" = 1 ]
}

@test "apply --timeout: one deadline for the whole run, exit 124" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: Command\nmetadata: {name: slow}\nspec: {apply: [sleep, "30"]}\n' >m/all.yaml
	run --separate-stderr -124 timeout 20 "$FETTLE" apply m --root root --yes --timeout 300ms
	assert_talk_has "deadline"
}

@test "apply: Ctrl-C stops cleanly, reports, and a second run continues" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: Command\nmetadata: {name: slow}\nspec: {apply: [sh, -c, "touch %s/started; sleep 30"]}\n' "$PWD" >m/slow.yaml
	# A shell's background jobs ignore Ctrl-C, and fettle respects that.
	env --default-signal=INT "$FETTLE" apply m --root root --yes >out 2>err 3>&- &
	pid=$!
	wait_until test -e started
	kill -INT $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 130 ]
	grep -q "interrupted" err
	rm m/slow.yaml
	apply_m
	run --separate-stderr -0 fettle diff m --root root
}

@test "apply: one lock per project, the holder is named, exit 5" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: Command\nmetadata: {name: slow}\nspec: {apply: [sh, -c, "touch %s/started; sleep 30"]}\n' "$PWD" >m/slow.yaml
	"$FETTLE" apply m --root root --yes >out 2>err 3>&- &
	pid=$!
	wait_until test -e started
	run --separate-stderr -5 fettle apply m --root root --yes
	assert_talk_has "locked by pid $pid"
	kill -TERM $pid
	wait $pid || true
}

@test "apply -: manifests from standard input" {
	file_object a /etc/a 'stdin\n' >a.yaml
	run --separate-stderr -0 bash -c "'$FETTLE' apply - --root root --yes <a.yaml"
	[ "$(cat root/etc/a)" = stdin ]
}

@test "apply: a file fettle did not make is taken over, and the plan says so" {
	mkdir -p root/etc && echo theirs >root/etc/a
	run --separate-stderr -1 fettle diff m --root root
	assert_has "update  File/a"
	apply_m
	[ "$(cat root/etc/a)" = one ]
	run --separate-stderr -0 fettle history --name m --root root --run 1
	assert_has "File/a"
}

@test "apply: 300 objects, then from a git commit, plan and history name the commit" {
	git init -q -b main repo
	mkdir repo/m && for i in $(seq 300); do file_object "f$i" "/etc/f$i" "$i\n"; done >repo/m/all.yaml
	git -C repo add -A
	git -C repo -c user.name=t -c user.email=t@e commit -q -m "three hundred"
	commit=$(git -C repo rev-parse HEAD)
	echo broken >repo/m/dirty.yaml
	run --separate-stderr -0 fettle apply "repo//m?ref=main" --root root --yes
	assert_has "300 done"
	run --separate-stderr -0 fettle history "repo//m?ref=main" --root root
	assert_has "${commit:0:10}"
	run --separate-stderr -0 fettle diff "repo//m?ref=main" --root root
	assert_has "at ${commit:0:10}"
}

@test "apply: folders that differ behind a dot are two projects" {
	cp -r m site.v1 && mkdir site.v2
	file_object z /etc/z 'z\n' >site.v2/z.yaml
	run --separate-stderr -0 fettle apply site.v1 --root root --yes
	assert_has "site.v1: 3 done"
	run --separate-stderr -0 fettle apply site.v2 --root root --yes
	assert_has "site.v2: 1 done (run 1)"
}

@test "apply: a refused plan says failed in JSON" {
	apply_m
	file_object a /etc/a 'one\n' >m/all.yaml
	echo theirs >root/etc/b
	run --separate-stderr -5 fettle apply m --root root --yes --prune --max-deletions 9 -o json
	assert_has '"result": "failed"'
}
