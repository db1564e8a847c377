#!/bin/bash
# All rules on a tree of manifests, beside kubeconform (schemas only, from the disk) and yamllint (style
# only): CPU time and memory. And one file, cold. Peers run on a part of the tree and are scaled:
# kubeconform on a fifth, yamllint on a fiftieth; both get what they need to run without a network.
#
# BENCH_FILES (35000); KUBECONFORM and YAMLLINT name the peers.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
count=${BENCH_FILES:-35000}

# The home of lib.bash has no Go.
go_home=$(getent passwd "$(id -u)" | cut -d: -f6)
kubeconform=${KUBECONFORM:-$work/bin/kubeconform}
if [ ! -x "$kubeconform" ]; then
	HOME=$go_home XDG_CACHE_HOME='' GOBIN=$work/bin GOFLAGS=-trimpath \
		go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0 >&2 || kubeconform=
fi
yamllint=${YAMLLINT:-$(PATH=$PATH:/usr/bin command -v yamllint || true)}
module=$(cd "$work" && HOME=$go_home XDG_CACHE_HOME='' go mod download -json k8s.io/kubernetes@v1.34.4 2>/dev/null |
	sed -n 's/.*"Dir": "\(.*\)".*/\1/p') || module=

py() { python3 "$bench/lint_kube.py" "$@"; }
py tree "$work/all" "$count"
py tree "$work/fifth" "$((count / 5))"
py tree "$work/fiftieth" "$((count / 50))"
bytes=$(find "$work/all" -name '*.yaml' -printf '%s\n' | awk '{ n += $1 } END { print n }')
echo "# $count files, $((bytes / 1000)) kB"

# cpu_row NAME OURS PEER CPU RSS TIMES MIB: more times the peer's CPU time is better
cpu_row() {
	local times verdict=ok
	times=$(awk "BEGIN { printf \"%.0f\", $3 / $2 }")
	[ "$times" -ge "$6" ] && [ "$5" -le $(($7 * 1024)) ] || verdict=MISSED
	printf '%-44s %10s %10s %6sx %10s %9s  >= %sx, <= %s MiB %s\n' "$1" "$(time_text "$2")" "$(time_text "$3")" \
		"$times" "$(time_text "$4")" "$(awk "BEGIN { printf \"%.1f MiB\", $5 / 1024 }")" "$6" "$7" "$verdict"
}

lint=(lint --no-config --exit-zero)
export MEASURE_MAX_EXIT=1
head_line
if [ -x "$kubeconform" ] && [ -n "$module" ]; then
	py schemas "$module/api/openapi-spec/swagger.json" "$work/schemas"
	where="$work/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json"
	MEASURE_MAX_EXIT=0 measure 3 -- "$FETTLE" "${lint[@]}" "$work/all" -- \
		"$kubeconform" -strict -schema-location "$where" "$work/fifth"
	cpu_row "all rules: CPU, kubeconform" "${cpu[0]}" "$((cpu[1] * 5))" "${cpu[0]}" "${rss[0]}" 20 64
else
	echo "# kubeconform: skipped, it cannot be built here"
fi
if [ -n "$yamllint" ]; then
	measure 3 -- "$FETTLE" "${lint[@]}" "$work/all" -- "$yamllint" -d default "$work/fiftieth"
	cpu_row "all rules: CPU, yamllint" "${cpu[0]}" "$((cpu[1] * 50))" "${cpu[0]}" "${rss[0]}" 200 64
	measure 3 -- "$FETTLE" "${lint[@]}" --select all --profile all "$work/all" -- \
		"$yamllint" -d default "$work/fiftieth"
	cpu_row "every rule there is: CPU, yamllint" "${cpu[0]}" "$((cpu[1] * 50))" "${cpu[0]}" "${rss[0]}" 200 256
else
	echo "# yamllint: skipped, it is not installed"
fi
measure 21 -- "$FETTLE" "${lint[@]}" "$work/all/team-0/app-0/workload.yaml" -- "$FETTLE" --version
row "one file: wall, beside --version" "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" - 16
awk -v us="${wall[0]}" 'BEGIN { printf "# one file: %.2f ms, <= 5 ms %s\n", us / 1000, us <= 5000 ? "ok" : "MISSED" }'
