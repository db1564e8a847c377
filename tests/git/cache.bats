#!/usr/bin/env bats
# The cache of repositories: many processes, kills, damage, a full disk. The rest is in
# tests/e2e/source.bats.

load ../e2e/helpers
load ../rig/git/rig

setup_file() {
	export RIG=$BATS_FILE_TMPDIR
	rig_repo
	rig_https
}

teardown_file() {
	rig_stop
}

setup() {
	fettle_setup
	rig_client
}

@test "cache: many processes share one cache" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		render "$RIG_HTTPS/git/shop.git//envs/prod?ref=$([ $((i % 2)) = 0 ] && echo main || echo dev)" >"out.$i" 2>&1 3>&- &
	done
	wait
	[ "$(grep -l 'content: three' out.? | wc -l)" = 4 ]
	[ "$(grep -l 'content: dev' out.? | wc -l)" = 4 ]
}

@test "cache: a fetch killed at any moment leaves a cache that works" {
	local i pid address=$RIG_HTTPS/git/shop.git//envs/prod?ref=main
	for i in 0 5 10 20 30 40 50 60 80 100 120 150; do
		rm -rf "$CACHE"
		render "$address" >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.$(printf %03d "$i")"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
		run --separate-stderr -0 render "$address"
		assert_has "content: three"
	done
}

@test "cache: a damaged cache is mended" {
	local address=$RIG_HTTPS/git/shop.git//envs/prod?ref=main damage cache
	local harm=(
		'rm "$cache/HEAD"'
		'echo garbage >"$cache/HEAD"'
		'printf "[core\nbare = tru" >"$cache/config"'
		'rm -r "$cache/refs"'
		'rm -r "$cache/objects"'
		'truncate -s 100 "$cache"/objects/pack/*.pack'
		'dd if=/dev/urandom of="$(echo "$cache"/objects/pack/*.pack)" bs=1 seek=30 count=200 conv=notrunc status=none'
		': >"$(echo "$cache"/objects/pack/*.idx)"'
		'rm "$cache"/objects/pack/*.idx'
		'rm -f "$cache/shallow"'
		'echo junk >"$cache/shallow"'
		'for f in "$cache"/refs/fettle/commits/*; do echo junk >"$f"; done'
		'touch "$cache/shallow.lock"; rm "$cache"/objects/pack/*.pack'
		'rm -r "$cache"; echo file >"$cache"'
	)
	for damage in "${harm[@]}"; do
		render "$address" >/dev/null
		cache=$(find "$CACHE" -mindepth 1 -maxdepth 1 -type d)
		chmod -R u+w "$cache"
		eval "$damage"
		run --separate-stderr -0 render "$address"
		assert_has "content: three"
		[ -z "$stderr" ] || fail_with "after" "$damage" "said" "$stderr"
	done
}

@test "cache: a folder that cannot be written is named" {
	mkdir -p locked
	if [ "$(id -u)" = 0 ]; then
		echo file >locked/cache
	else
		mkdir locked/cache && chmod 500 locked/cache
	fi
	export XDG_CACHE_HOME=$PWD/locked/cache
	run --separate-stderr render "$RIG_HTTPS/git/shop.git//envs/prod?ref=main"
	[ "$status" != 0 ]
	assert_talk_has "locked/cache"
}

@test "cache: a full disk is said, and room helps" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir small
	mount -t tmpfs -o size=200k none small || skip "cannot mount here"
	export XDG_CACHE_HOME=$PWD/small
	rig_git clone -q "$RIG/repos/shop.git" big
	head -c 600000 /dev/urandom >big/envs/prod/noise.bin
	rig_git -C big add -A
	rig_git -C big commit -q -m big
	rig_git -C big push -q origin HEAD:refs/heads/big
	run --separate-stderr render "$RIG_HTTPS/git/shop.git//envs/prod?ref=big"
	local failed=$status said=$stderr
	mount -o remount,size=20m small
	run --separate-stderr render "$RIG_HTTPS/git/shop.git//envs/prod?ref=big"
	umount small
	rig_git -C big push -q origin :refs/heads/big
	[ "$failed" = 3 ] || fail_with "status" "$failed" "said" "$said"
	[[ $said == *"space"* ]] || fail_with "said" "$said" "not" "space"
	[ "$status" = 0 ]
	assert_has "content: three"
}

@test "cache: seventy updates do not pile up seventy packs" {
	rig_git clone -q --bare "$RIG/repos/shop.git" "$RIG/repos/busy.git"
	rig_git clone -q "$RIG/repos/busy.git" busy
	local number
	for ((number = 1; number <= 70; number++)); do
		rig_commit busy envs/prod/motd.yaml "$(rig_motd "number $number")" "$number"
		rig_git -C busy push -q
		render "$RIG_HTTPS/git/busy.git//envs/prod?ref=main" >out
		grep -q "number $number\b" out || fail_with "number" "$number" "rendered" "$(cat out)"
	done
	[ "$(find "$CACHE" -name '*.pack' | wc -l)" -le 65 ]
}

@test "cache: who waits for the lock learns who holds it" {
	"$FETTLE" render --no-input --root "$PWD/sand" "$RIG_HTTPS/hang/shop.git" >out 2>&1 3>&- &
	local holder=$!
	wait_until test -s "$(find "$CACHE" -name '*.lock' 2>/dev/null | head -1)" || true
	wait_until grep -q hang "$RIG/https.log"
	run --separate-stderr render --timeout 1s "$RIG_HTTPS/hang/shop.git"
	kill "$holder"
	[ "$status" = 5 ]
	assert_talk_has "pid $holder"
	assert_talk_has "the cache of 'https://127.0.0.1"
}
