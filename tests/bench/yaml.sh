#!/bin/bash
# Reading YAML into value trees, beside a bare loop over libyaml's events on the same text.
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
rounds=${BENCH_ROUNDS:-15}
deps=$(dirname "$(dirname "$compiler")") # where the release's compiler and libraries are

cd "$repository"
"$compiler" -std=c17 -D_GNU_SOURCE -DYAML_DECLARE_STATIC -O2 -DNDEBUG -static -Ipkg -isystem "$deps/include" \
	-o "$work/bench_yaml" tests/bench/bench_yaml.c pkg/base/*.c pkg/val/*.c pkg/yaml/*.c pkg/json/*.c \
	-L"$deps/lib" -Wl,--whole-archive -lmimalloc -Wl,--no-whole-archive -lyaml -ljansson -lm -lpthread

awk 'BEGIN {
	for (i = 0; i < 8000; i++) {
		printf "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-%d\n  labels:\n", i
		printf "    app.kubernetes.io/name: web-%d\n  annotations:\n    note: \"number %d\"\n", i, i
		printf "spec:\n  replicas: %d\n  template:\n    spec:\n      containers:\n        - name: web\n", i % 7
		printf "          image: web:1.%d\n          args: [\"--port\", \"8080\", --verbose]\n", i % 30
		printf "          ports:\n            - containerPort: 8080\n              name: http\n"
		printf "          resources:\n            requests: { cpu: 100m, memory: 128Mi }\n---\n"
		printf "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-%d\ndata:\n  app.conf: |\n", i
		printf "    listen 8080\n    # a comment inside\n    gzip on\n---\n"
	}
}' >"$work/big.yaml"

read -r ours loop memory < <("$work/bench_yaml" "$work/big.yaml" "$rounds")
printf '%-34s %10s %10s %7s  %s\n' name ours peer ratio note
awk -v a="$ours" -v b="$loop" -v m="$memory" 'BEGIN {
	printf "%-34s %5.1f MB/s %5.1f MB/s %6.2fx  %.1f bytes per byte of text, target >= 0.7x %s\n",
		"yaml_load / libyaml event loop", a, b, a / b, m, (a / b >= 0.7 ? "ok" : "MISSED")
}'
