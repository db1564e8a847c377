#!/bin/bash
# kill -9 at 200 random moments of an apply of 300 objects: nothing is torn, and the next run
# converges. Then, with the debug build, the same at numbered operating system calls.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
. ./lib.sh
fettle=${FETTLE:?} debug=${FETTLE_DEBUG:-}
rounds=${FETTLE_KILL_ROUNDS:-200} calls=${FETTLE_KILL_CALLS:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state NO_COLOR=1
make_manifests "$work/v1" v1 300
make_manifests "$work/v2" v2 300
root=$work/root
apply() { "$1" apply "$2" --name crash --root "$root" --yes --prune --max-deletions 100 >"$work/out" 2>&1; }
# Two folders are two sources; one path that is switched is one.
use() { ln -sfn "$work/$1" "$work/now"; }

use v1
start=$(date +%s%N)
apply "$fettle" "$work/now" || { cat "$work/out"; echo "Bail out! apply fails"; exit 1; }
took=$(((($(date +%s%N) - start)) / 1000))
echo "# one apply takes $took us"

killed=0 torn=0 diverged=0
for ((i = 0; i < rounds; i++)); do
	use v$((i % 2 == 0 ? 2 : 1))
	# A quarter of the rounds starts from nothing.
	((i % 4 == 3)) && rm -rf "$root"
	# Not through a function: what is killed must be fettle itself, not a shell that has yet to start it.
	"$fettle" apply "$work/now" --name crash --root "$root" --yes --prune --max-deletions 100 >"$work/out" 2>&1 &
	pid=$!
	delay=$(((RANDOM * 32768 + RANDOM) % took))
	sleep "$(printf '0.%06d' $((delay < 999999 ? delay : 999999)))"
	if kill -9 $pid 2>/dev/null; then killed=$((killed + 1)); fi
	wait $pid 2>/dev/null
	check_whole "$root" || torn=$((torn + 1))
	if ! apply "$fettle" "$work/now" || ! check_clean "$root" "$work/now" "$fettle"; then
		sed 's/^/# /' "$work/out" >&2 # prove shows it
		diverged=$((diverged + 1))
	fi
done
echo "# $killed of $rounds rounds were killed in time"
verdict() { if [ "$2" = 0 ]; then echo "ok $1 - $3"; else echo "not ok $1 - $3 ($2 times not)"; fi; }
verdict 1 $torn "kill -9 at $rounds random moments tears nothing"
verdict 2 $diverged "the run after each converges, nothing lost or duplicated"

torn=0 diverged=0 done_calls=0
if [ -x "$debug" ]; then
	use v1
	rm -rf "$root"
	FETTLE_TEST_FAULT_LOG=$work/count apply "$debug" "$work/now"
	total=$(wc -l <"$work/count")
	echo "# one apply makes ${total:-?} calls"
	for ((i = 0; i < calls; i++)); do
		use v$((i % 2 == 0 ? 2 : 1))
		at=$(((RANDOM * 32768 + RANDOM) % ${total:-1000} + 1))
		FETTLE_TEST_KILL_AT=$at apply "$debug" "$work/now"
		done_calls=$((done_calls + 1))
		check_whole "$root" || torn=$((torn + 1))
		if ! apply "$fettle" "$work/now" || ! check_clean "$root" "$work/now" "$fettle"; then
			echo "# killed at call $at"
			sed 's/^/# /' "$work/out"
			diverged=$((diverged + 1))
		fi
	done
	verdict 3 $((torn + diverged)) "killed at $done_calls numbered calls, the same holds"
else
	echo "ok 3 # SKIP no debug build with test hooks"
fi
echo 1..3
