#!/bin/bash
# Objects against the schemas of Kubernetes, beside kubeconform on the same tree with the same schemas
# on the disk: files per second of CPU time, memory, and one file from a cold start of the program.
go_home=$HOME
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
files=${BENCH_FILES:-6000} # 35000 takes kubeconform a minute a round
rounds=${BENCH_ROUNDS:-3}

go_tool() { HOME=$go_home GOBIN=$work/bin GOFLAGS=-mod=mod go "$@"; }

python3 "$bench/lint_schema.py" tree "$work/tree" "$files"
mkdir "$work/go"
cd "$work/go"
peer=true
if ! { go mod init bench.test/x && go_tool install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0 &&
	specs=$(go_tool mod download -json k8s.io/kubernetes@v1.34.4 | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'); } >/dev/null 2>&1; then
	peer=false
fi
head_line
ours() { "$FETTLE" lint --select schema --kubernetes-version 1.34 "$@"; }
if ! $peer; then
	measure "$rounds" -- "$FETTLE" lint --select schema --kubernetes-version 1.34 "$work/tree" 2>/dev/null
	printf '%-44s %10s %10s %7s %10s %6d KiB  no kubeconform here\n' "lint schema, $files files" "$(time_text "${wall[0]}")" - - "$(time_text "${cpu[0]}")" "${rss[0]}"
	exit 0
fi
python3 "$bench/lint_schema.py" schemas "$specs/api/openapi-spec/v3" "$work/schemas"
location=$work/schemas/{{.ResourceKind}}{{.KindSuffix}}.json
kubeconform=("$work/bin/kubeconform" -strict -schema-location "$location")

# Both must find nothing in the tree, and what is wrong in one more file.
ours "$work/tree" 2>/dev/null
"${kubeconform[@]}" "$work/tree"
sed 's/replicas:/replicaz:/' "$work/tree/team-000/m00000.yaml" >"$work/bad.yaml"
if ours "$work/bad.yaml" >/dev/null 2>&1 || "${kubeconform[@]}" "$work/bad.yaml" >/dev/null 2>&1; then
	echo "$0: the two do not check the same" >&2
	exit 1
fi

line() { # NAME TARGET
	awk -v name="$1" -v a="$(time_text "${cpu[0]}")" -v b="$(time_text "${cpu[1]}")" -v x="${cpu[0]}" -v y="${cpu[1]}" \
		-v w="$(time_text "${wall[0]}")" -v m="${rss[0]}" -v n="${rss[1]}" -v t="$2" 'BEGIN {
		printf "%-44s %10s %10s %6.1fx %10s %6d KiB  CPU time; peer %d KiB; target >= %dx %s\n", name, a, b, y / x, w, m, n, t, (y / x >= t ? "ok" : "MISSED")
	}'
}

measure "$rounds" -- "$FETTLE" lint --select schema --kubernetes-version 1.34 "$work/tree" -- "${kubeconform[@]}" "$work/tree" 2>/dev/null
line "lint schema / kubeconform, $files files" 20
awk -v n="$files" -v c="${cpu[0]}" -v d="${cpu[1]}" 'BEGIN { printf "  files per second of CPU time: %d, kubeconform %d\n", n / c * 1e6, n / d * 1e6 }'
measure 20 -- "$FETTLE" lint --select schema --kubernetes-version 1.34 "$work/tree/team-000/m00000.yaml" -- "${kubeconform[@]}" "$work/tree/team-000/m00000.yaml" 2>/dev/null
line "lint schema / kubeconform, one Deployment" 5
