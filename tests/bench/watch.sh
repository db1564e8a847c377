#!/bin/bash
# An owned file is damaged 200 times under `apply --watch`: how long until it is back?
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
build bench_watch
count=${BENCH_ROUNDS:-200}
in=$work/in root=$work/root

wait_for() { # wait_for FILE: at most ten seconds
	local tries
	for ((tries = 0; tries < 1000; tries++)); do
		[ -s "$1" ] && return
		sleep 0.01
	done
	echo "$0: $1 did not appear" >&2
	exit 1
}

"$bench/manifests" "$in" 100 1024
"$FETTLE" apply "$in" --root "$root" --yes --watch --interval 1h >"$work/log" 2>&1 &
agent=$!
background+=("$agent")
wait_for "$root/data/000/file-000099"
sleep 0.5 # let it finish the first run and set its watches
read -r p50 p99 worst < <("$work/bench_watch" measure "$root/data/000/file-000050" "$count") ||
	{ tail -20 "$work/log" >&2; exit 1; }
agent_rss=$(awk '/^VmHWM/ { print $2 }' "/proc/$agent/status")
ticks=$(awk '{ print $14 + $15 }' "/proc/$agent/stat")
kill "$agent"

mkdir -p "$work/peer"
cp "$root/data/000/file-000050" "$work/peer/"
"$work/bench_watch" restore "$work/peer/file-000050" &
background+=($!)
sleep 0.2
read -r peer50 peer99 _ < <("$work/bench_watch" measure "$work/peer/file-000050" "$count")

head_line
agent_cpu=$((ticks * 1000000 / $(getconf CLK_TCK)))
row "restore, p50 of $count / minimal" "$p50" "$peer50" "$agent_cpu" "$agent_rss" - -
row "restore, p99 of $count / minimal" "$p99" "$peer99" "$agent_cpu" "$agent_rss" - -
row "restore, p99 of $count / 50 ms" "$p99" 50000 "$agent_cpu" "$agent_rss" 1 -
printf 'largest: %s\n' "$(time_text "$worst")"
