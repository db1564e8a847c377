#!/bin/bash
# Durable writing of new files, beside the least program that writes them as durably.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
build bench_write
rounds=${BENCH_ROUNDS:-5}

compare() { # compare NAME KIND COUNT TARGET; leaves ours in $took
	local in=$work/in-$2-$3
	[ -d "$in" ] || "$bench/manifests" "$in" "$3" 1024 "$2"
	export MEASURE_PREPARE="rm -rf '$work/root' '$work/peer' '$work/state'; sync -f '$work'"
	measure "$rounds" -- "$FETTLE" apply "$in" --root "$work/root" --yes \
		-- "$work/bench_write" "$work/peer" "$3" 1024 each \
		-- "$work/bench_write" "$work/peer" "$3" 1024 end
	row "$1 / flush folder each" "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" "$4" -
	row "$1 / flush folder once" "${wall[0]}" "${wall[2]}" "${cpu[0]}" "${rss[0]}" - -
	took=${wall[0]}
}

head_line
compare 'apply 1,000 new' inline 1000 1.5
small=$took small_cpu=${cpu[0]}
compare 'apply 1,000 contentFrom' from 1000 1.5
compare 'apply 10,000 new' inline 10000 1.5
large=$took
row '10,000 new / 10 times 1,000 new' "$large" "$((small * 10))" "$((cpu[0]))" "${rss[0]}" 1.3 -
row '  the same in cpu time' "${cpu[0]}" "$((small_cpu * 10))" "${cpu[0]}" "${rss[0]}" 1.3 -
