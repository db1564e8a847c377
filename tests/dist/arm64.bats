#!/usr/bin/env bats
# The Linux arm64 executable does real work, in qemu's user emulation.

setup() {
	load site.bash
	BINARY=${BUILD_DIR:-build}/aarch64-linux-musl/fettle
	[ -x "$BINARY" ] || skip "no arm64 build: make dist TARGETS=aarch64-linux-musl"
	command -v qemu-aarch64 >/dev/null || skip "no qemu-aarch64"
	site_make
}

fettle() { qemu-aarch64 "$BINARY" "$@"; }

@test "arm64: version and help" {
	run_split fettle version
	[ "$status" = 0 ]
	[[ $output == "fettle $(cat VERSION)"* ]]
	run_split fettle --help
	[ "$status" = 0 ]
	[[ $output == *Usage:* ]]
}

@test "arm64: renders manifests" {
	run_split fettle render "$SITE"
	[ "$status" = 0 ]
	[[ $output == *'path: /etc/motd'* ]]
}

@test "arm64: shows a difference, removes it, and shows none" {
	run_split fettle diff "$SITE" --root "$SANDBOX"
	[ "$status" = 1 ]
	run_split fettle apply "$SITE" --root "$SANDBOX" --yes
	[ "$status" = 0 ]
	[ "$(cat "$SANDBOX/etc/motd")" = hello ]
	[ -d "$SANDBOX/srv/data" ]
	run_split fettle diff "$SITE" --root "$SANDBOX"
	[ "$status" = 0 ]
}

@test "arm64: notices drift and repairs it" {
	fettle apply "$SITE" --root "$SANDBOX" --yes
	echo changed >"$SANDBOX/etc/motd"
	run_split fettle diff "$SITE" --root "$SANDBOX"
	[ "$status" = 1 ]
	fettle apply "$SITE" --root "$SANDBOX" --yes
	[ "$(cat "$SANDBOX/etc/motd")" = hello ]
}

@test "arm64: applies a git repository" {
	git -C "$SITE" init -q
	git -C "$SITE" add .
	git -C "$SITE" -c user.name=t -c user.email=t@example.org commit -qm first
	run_split fettle apply "file://$SITE" --root "$SANDBOX" --yes
	[ "$status" = 0 ]
	[ "$(cat "$SANDBOX/etc/motd")" = hello ]
}

@test "arm64: a broken manifest is one error with its place" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: x}\nspec: {pth: /etc/x}\n' >"$SITE/bad.yaml"
	run_split fettle diff "$SITE" --root "$SANDBOX"
	[ "$status" = 2 ]
	[[ $errors == *bad.yaml:4:* ]]
}
