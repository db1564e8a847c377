#!/bin/bash
# Every operating system call of one apply fails once: it exits with an error and a message (or did
# not need that call), leaves no partial file, and the next run converges.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
. ./lib.sh
debug=${FETTLE_DEBUG:?} fettle=${FETTLE:?}
[ -x "$debug" ] || { echo "1..0 # SKIP no debug build with test hooks"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state NO_COLOR=1
make_manifests "$work/v1" v1 10 2 1
make_manifests "$work/v2" v2 10 2 1
root=$work/root
apply() { "$1" apply "$work/now" --name crash --root "$root" --yes --prune --max-deletions 100 --concurrency 1 >"$work/out" 2>"$work/err"; }
use() { ln -sfn "$work/$1" "$work/now"; }

use v1
apply "$fettle" || { sed 's/^/# /' "$work/err"; echo "Bail out! a clean apply fails"; exit 1; }
cp -a "$root" "$work/before"
start_over() {
	rm -rf "$root"
	cp -a "$work/before" "$root"
	use v2
}
start_over
FETTLE_TEST_FAULT_LOG=$work/count apply "$debug"
total=$(wc -l <"$work/count")
echo "# one apply makes $total calls"
step=$(((total - 1) / ${FETTLE_FAULT_POINTS:-100000} + 1))
silent=0 torn=0 stuck=0 crashed=0 points=0 absorbed=0
for ((at = 1; at <= total; at += step)); do
	start_over
	FETTLE_TEST_FAIL_AT=$at apply "$debug"
	code=$?
	points=$((points + 1))
	if ((code >= 128 || code == 99)); then
		crashed=$((crashed + 1))
		echo "# call $at: crashed with $code"
	elif ((code != 0)) && [ ! -s "$work/err" ]; then
		silent=$((silent + 1))
		echo "# call $at: exit $code without a message"
	elif ((code == 0)); then
		absorbed=$((absorbed + 1))
		check_clean "$root" "$work/now" "$fettle" || { silent=$((silent + 1)); echo "# call $at: exit 0, but not done"; }
	fi
	check_whole "$root" || torn=$((torn + 1))
	if ! apply "$fettle" || ! check_clean "$root" "$work/now" "$fettle"; then
		echo "# after call $at failed, the next run does not converge"
		sed 's/^/# /' "$work/err"
		stuck=$((stuck + 1))
	fi
done
echo "# $points calls made to fail, $absorbed of them needed no error"
verdict() { if [ "$2" = 0 ]; then echo "ok $1 - $3"; else echo "not ok $1 - $3 ($2 times not)"; fi; }
verdict 1 $crashed "no failing call crashes it"
verdict 2 $silent "every failure is told, and success is real"
verdict 3 $torn "no partial file"
verdict 4 $stuck "the next run converges"
echo 1..4
