#!/bin/bash
# Apply and plan on Kubernetes beside kubectl, against the same real server: on loopback and over a line
# of 44 ms. kubectl is measured on a tenth of the objects and scaled, because it goes one by one.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
count=${BENCH_OBJECTS:-1000}
rig=$repository/tests/rig/kube/rig

# The home of lib.bash has no cache of built servers.
export HOME=${BENCH_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
unset XDG_CACHE_HOME
status=0
"$rig" start "$work/rig" || status=$?
[ "$status" != 77 ] || { echo "kube: SKIPPED, no Kubernetes test cluster on this machine" >&2; exit 0; }
[ "$status" = 0 ] || exit "$status"
trap '"$rig" stop "$work/rig"; clean_up' EXIT
# shellcheck disable=SC1091
. "$work/rig/env"
export KUBECONFIG=$work/rig/kubeconfig.yaml

objects() { # objects COUNT VALUE
	local i
	for ((i = 1; i <= $1; i++)); do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b%d, labels: {x: "%d"}}\ndata: {k: "%s"}\n' "$i" "$i" "$2"
	done
}

ours() { "$FETTLE" apply "$work/b.yaml" --name b --context admin --yes; }

# once NAME TARGET: what both take for the same change of values, ours on all, kubectl on a tenth
once() {
	objects "$count" "$RANDOM" >"$work/b.yaml"
	measure 1 -- "$FETTLE" apply "$work/b.yaml" --name b --context admin --yes
	local wall_us=${wall[0]} cpu_us=${cpu[0]} rss_kib=${rss[0]}
	objects "$((count / 10))" "$RANDOM" >"$work/c.yaml"
	measure 1 -- kubectl --context admin apply --server-side --force-conflicts -f "$work/c.yaml"
	printf '%-44s %10s %10s %6.1fx %10s %6d KiB  %s\n' "$1" "$(time_text "$wall_us")" \
		"$(time_text "$((wall[0] * 10))")" "$(awk "BEGIN { print ${wall[0]} * 10 / $wall_us }")" \
		"$(time_text "$((cpu_us / count))")" "$rss_kib" "$2"
	"$FETTLE" apply "$work/b.yaml" --name b --context admin --yes --take-over '*' >"$work/log" 2>&1
}

printf '%-44s %10s %10s %7s %10s %10s  %s\n' "$count objects" ours kubectl faster cpu/object rss target
objects "$count" one >"$work/b.yaml"
ours >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
once 'change, loopback' '1x'
far=$("$rig" proxy "$work/rig" --rtt 44ms)
KUBECONFIG=$far once 'change, 44 ms' '40x'
measure 3 -- "$FETTLE" diff "$work/b.yaml" --name b --context admin -- \
	curl -s --cacert "$RIG_CA" -H 'Authorization: Bearer admin-token' -o /dev/null \
	"$RIG_SERVER/api/v1/namespaces/default/configmaps?limit=$count"
printf '%-44s %10s %10s %7s %10s %6d KiB  %s\n' 'plan of unchanged / curl of the list' \
	"$(time_text "${wall[0]}")" "$(time_text "${wall[1]}")" - "$(time_text "$((cpu[0] / count))")" "${rss[0]}" -
