# shellcheck shell=bash
# What the benchmarks share. Each prints one line per figure:
#   name  ours  peer  ratio  cpu  rss  target
# `ours` and `peer` are medians of interleaved runs, `ratio` is ours to peer, `cpu` and `rss` are ours.
# A line ends in "ok" or "MISSED"; a missed target is not a failed benchmark (the neighbours of a busy
# machine decide too), a command that fails is.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$bench/../.." && pwd)
export FETTLE=${FETTLE:-${BUILD_DIR:-$repository/build}/fettle}
[ -x "$FETTLE" ] || { echo "$0: no $FETTLE: run make first" >&2; exit 2; }

# The same compiler and C library as the release, so that only the programs differ.
compiler=${BENCH_CC:-$(make -s -C "$repository" print-deps 2>/dev/null)/bin/cc}
[ -x "$compiler" ] || compiler=cc

# On a disk, not on a tmpfs: durable writes are to cost what they cost.
work=$(mktemp -d "${BENCH_DIR:-${BUILD_DIR:-$repository/build}}/bench.XXXXXX")
background=()
clean_up() {
	local pid
	for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

export HOME=$work/home XDG_STATE_HOME=$work/state XDG_CACHE_HOME=$work/cache
export XDG_CONFIG_HOME=$work/settings LC_ALL=C NO_COLOR=1
unset FETTLE_STATE_DIR
mkdir -p "$HOME"

# build NAME: the helper program tests/bench/NAME.c, as small as it gets
build() { "$compiler" -std=gnu17 -O2 -static -s -o "$work/$1" "$bench/$1.c"; }

build measure

# measure ROUNDS -- CMD… -- CMD…: fills the arrays wall, cpu (µs) and rss (KiB)
measure() {
	local wall_us cpu_us rss_kib failures
	wall=() cpu=() rss=()
	while read -r wall_us cpu_us rss_kib failures; do
		wall+=("$wall_us") cpu+=("$cpu_us") rss+=("$rss_kib")
		[ "$failures" = 0 ] || { echo "$0: $failures runs of command ${#wall[@]} failed" >&2; exit 1; }
	done < <("$work/measure" "$@")
	[ "${#wall[@]}" -gt 0 ] || { echo "$0: nothing was measured" >&2; exit 1; }
}

time_text() {
	awk -v us="$1" 'BEGIN {
		if (us < 1000) printf "%d us", us
		else if (us < 1e6) printf "%.2f ms", us / 1e3
		else printf "%.2f s", us / 1e6
	}'
}

head_line() { printf '%-44s %10s %10s %7s %10s %9s  %s\n' name ours peer ratio cpu rss target; }

# row NAME OURS_US PEER_US CPU_US RSS_KIB MAX_RATIO MAX_RSS_MIB: the ratio or size may be "-"
row() {
	local ratio target='' verdict=ok
	ratio=$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", a / b }')
	if [ "$6" != - ]; then
		target="<= ${6}x"
		awk -v a="$ratio" -v b="$6" 'BEGIN { exit !(a > b) }' && verdict=MISSED
	fi
	if [ "$7" != - ]; then
		target="$target${target:+, }<= $7 MiB"
		awk -v a="$5" -v b="$7" 'BEGIN { exit !(a > b * 1024) }' && verdict=MISSED
	fi
	[ -n "$target" ] || verdict=''
	printf '%-44s %10s %10s %6sx %10s %9s  %s\n' "$1" "$(time_text "$2")" "$(time_text "$3")" \
		"$ratio" "$(time_text "$4")" "$(awk -v k="$5" 'BEGIN { printf "%.1f MiB", k / 1024 }')" \
		"$target${verdict:+ $verdict}"
}
