#!/bin/bash
# Bulk encryption and decryption of age files beside Debian's age: wall clock, CPU time, memory.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
rounds=${BENCH_ROUNDS:-5}
size=${BENCH_AGE_BYTES:-1073741824}
command -v age >/dev/null || { echo "$0: no age: apt install age" >&2; exit 2; }

cd "$work"
"$FETTLE" vault age keygen -q -o key
recipient=$("$FETTLE" vault age keygen -y key)
head -c "$size" /dev/zero >plain
"$FETTLE" vault age encrypt -r "$recipient" -o sealed plain
echo tiny >small
"$FETTLE" vault age encrypt -r "$recipient" -o small.age small

# pair NAME MAX_RATIO -- OURS… -- PEER…
pair() {
	local name=$1 most=$2
	shift 2
	measure "$rounds" "$@"
	row "$name" "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" "$most" 64
	printf '%-44s cpu %s, memory %s MiB\n' "  peer" "$(time_text "${cpu[1]}")" "$((rss[1] / 1024))"
}

head_line
out=/dev/null
pair "encrypt $((size >> 20)) MiB" 0.83 \
	-- "$FETTLE" vault age encrypt -r "$recipient" -o $out plain -- age -r "$recipient" -o $out plain
pair "decrypt $((size >> 20)) MiB" 0.83 \
	-- "$FETTLE" vault age decrypt -i key -o $out sealed -- age -d -i key -o $out sealed
rounds=$((rounds * 40))
pair "cold start, decrypt 5 bytes" 0.7 \
	-- "$FETTLE" vault age decrypt -i key -o $out small.age -- age -d -i key -o $out small.age
