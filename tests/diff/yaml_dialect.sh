#!/usr/bin/env bash
# Ask the reader of Kubernetes itself, and write the answers down for tests/unit. Needs Go and its
# module proxy; run by hand when a case is added.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tests/diff/yaml_dialect.go "$work/main.go"
(cd "$work" && go mod init dialect && go get sigs.k8s.io/yaml@v1.4.0) >/dev/null 2>&1
(cd "$work" && go run .) >"$work/cases.h"
mv "$work/cases.h" tests/unit/yaml_dialect_cases.h
