#!/bin/bash
# How long does it take until a program is there, beside the least there can be?
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
build hello

others=()
names=()
add() { # add NAME COMMAND…: a peer for comparison, when it is installed
	command -v "$2" >/dev/null || return 0
	names+=("$1")
	shift
	others+=(-- "$@")
}
add 'age --version' age --version
add 'kubectl version --client' kubectl version --client
add 'git --version' git --version
add 'sqlite3 --version' sqlite3 --version

measure "${BENCH_ROUNDS:-200}" -- "$work/hello" -- "$FETTLE" version -- "$FETTLE" help "${others[@]}"
head_line
row 'fettle version / hello world' "${wall[1]}" "${wall[0]}" "${cpu[1]}" "${rss[1]}" 3 3
row 'fettle help / hello world' "${wall[2]}" "${wall[0]}" "${cpu[2]}" "${rss[2]}" - -
for i in "${!names[@]}"; do
	row "${names[i]} / hello world" "${wall[i + 3]}" "${wall[0]}" "${cpu[i + 3]}" "${rss[i + 3]}" - -
done
