#!/bin/bash
# The family yaml with all of yamllint's rules beside yamllint itself, on the same files with the same
# configuration: CPU time on one thread, on many small files and on a large one.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
count=${BENCH_OBJECTS:-3000}

python=/usr/bin/python3
"$python" -c 'import yamllint' 2>/dev/null || python=python3
"$python" -c 'import yamllint' 2>/dev/null || { echo 'lint_yaml: SKIPPED, no yamllint' >&2; exit 0; }

mkdir -p "$work/many" "$work/one"
awk -v n="$count" -v folder="$work/many" 'BEGIN {
	for (i = 0; i < n; i++) {
		file = folder "/m" i ".yaml"
		printf "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-%d\n  labels:\n", i >file
		printf "    app.kubernetes.io/name: web-%d\n  annotations:\n    note: \"number %d\"\nspec:\n", i, i >file
		printf "  replicas: %d\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: web-%d\n", i % 7, i >file
		printf "  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: web-%d\n", i >file
		printf "    spec:\n      containers:\n        - name: web\n          image: web:1.%d\n", i % 30 >file
		printf "          args: [\"--port\", \"8080\", --verbose]\n          ports:\n" >file
		printf "            - containerPort: 8080\n              name: http\n          resources:\n" >file
		printf "            requests: {cpu: 100m, memory: 128Mi}\n---\napiVersion: v1\nkind: ConfigMap\n" >file
		printf "metadata:\n  name: web-%d\ndata:\n  app.conf: |\n    listen 8080\n    # inside\n    gzip on\n", i >file
		close(file)
	}
}'
cat "$work"/many/*.yaml >"$work/one/big.yaml"
for folder in many one; do
	cat >"$work/$folder/.yamllint" <<-'END'
		extends: default
		rules:
		  document-end: {present: false}
		  empty-values: enable
		  float-values: {forbid-inf: true, forbid-nan: true}
		  indentation: {check-multi-line-strings: true}
		  key-ordering: enable
		  octal-values: enable
		  quoted-strings: {required: false}
	END
done

# CPU time, in µs, of a command that may find something but must not give up (yamllint: 255)
cpu_of() {
	local TIMEFORMAT='%U %S'
	{ time run_quietly "$@"; } 2>&1 | awk 'NF != 2 { exit 1 } { printf "%d\n", ($1 + $2) * 1e6 }'
}
run_quietly() {
	"$@" >/dev/null 2>&1 || [ $? = 1 ] || echo "$1 failed"
}
ours() { "$FETTLE" lint --select yaml,syntax --threads 1 --exit-zero .; }
peer() { "$python" -m yamllint .; }

printf '%-34s %10s %10s %7s  %s\n' name ours peer ratio target
for folder in many one; do
	cd "$work/$folder"
	mine=$(for _ in 1 2 3 4 5; do cpu_of ours; done | sort -n | sed -n 3p)
	theirs=$(cpu_of peer)
	awk -v a="$mine" -v b="$theirs" -v name="lint yaml, all rules, $folder" -v size="$(cat ./*.yaml | wc -c)" \
		-v at="$(time_text "$mine")" -v bt="$(time_text "$theirs")" 'BEGIN {
		printf "%-34s %10s %10s %6.0fx  %.1f MB/s a core, target >= 200x %s\n",
			name, at, bt, b / a, size / a, (b / a >= 200 ? "ok" : "MISSED")
	}'
done
