#!/bin/bash
# A plan that finds nothing to do, beside reading and hashing the same files.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
rounds=${BENCH_ROUNDS:-15}

compare() { # compare NAME KIND COUNT TARGET RSS
	local in=$work/in-$2-$3 root=$work/root-$2-$3
	"$bench/manifests" "$in" "$3" 1024 "$2"
	"$FETTLE" apply "$in" --root "$root" --yes >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	mapfile -t files < <(find "$root/data" -type f | sort)
	measure "$rounds" -- "$FETTLE" diff "$in" --root "$root" -- sha256sum "${files[@]}"
	row "$1" "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" "$4" "$5"
}

head_line
compare 'diff 1,000 unchanged / sha256sum' inline 1000 3 24
compare 'diff 1,000 contentFrom / sha256sum' from 1000 3 24
compare 'diff 10,000 unchanged / sha256sum' inline 10000 - -
