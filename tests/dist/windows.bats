#!/usr/bin/env bats
# The Windows executable does real work, in wine: with paths as Windows writes them.

setup_file() {
	load site.bash
	# One wine prefix for all runs: making one takes ten seconds.
	export WINEPREFIX=${BUILD_DIR:-$PWD/build}/wine WINEDEBUG=-all WINEARCH=win64
	command -v wine >/dev/null || return 0
	[ -d "$WINEPREFIX/drive_c" ] || wine wineboot --init >/dev/null 2>&1 || true
}

teardown_file() {
	if command -v wineserver >/dev/null; then wineserver -k || true; fi
}

setup() {
	load site.bash
	BINARY=${BUILD_DIR:-build}/x86_64-windows/fettle.exe
	[ -f "$BINARY" ] || skip "no Windows build: make dist TARGETS=x86_64-windows"
	command -v wine >/dev/null || skip "no wine"
	site_make
	WIN_SITE=$(windows_path "$SITE") WIN_SANDBOX=$(windows_path "$SANDBOX")
}

# Wine shows the whole file system as drive Z:.
windows_path() { echo "Z:${1//\//\\}"; }
fettle() { wine "$BINARY" "$@"; }

@test "windows: version and help" {
	run_split fettle version
	[ "$status" = 0 ]
	[[ $output == "fettle $(cat VERSION)"* ]]
	run_split fettle --help
	[ "$status" = 0 ]
	[[ $output == *Usage:* ]]
}

@test "windows: renders manifests" {
	run_split fettle render "$WIN_SITE"
	[ "$status" = 0 ]
	[[ $output == *'path: /etc/motd'* ]]
}

@test "windows: shows a difference, removes it, and shows none" {
	run_split fettle diff "$WIN_SITE" --root "$WIN_SANDBOX"
	[ "$status" = 1 ]
	[[ $output == *motd* ]]
	run_split fettle apply "$WIN_SITE" --root "$WIN_SANDBOX" --yes
	[ "$status" = 0 ]
	[ "$(cat "$SANDBOX/etc/motd")" = hello ]
	[ -d "$SANDBOX/srv/data" ]
	run_split fettle diff "$WIN_SITE" --root "$WIN_SANDBOX"
	[ "$status" = 0 ]
}

@test "windows: notices drift and repairs it" {
	run_split fettle apply "$WIN_SITE" --root "$WIN_SANDBOX" --yes
	[ "$status" = 0 ]
	echo changed >"$SANDBOX/etc/motd"
	run_split fettle diff "$WIN_SITE" --root "$WIN_SANDBOX"
	[ "$status" = 1 ]
	run_split fettle apply "$WIN_SITE" --root "$WIN_SANDBOX" --yes
	[ "$status" = 0 ]
	[ "$(cat "$SANDBOX/etc/motd")" = hello ]
}

@test "windows: names beyond ASCII survive" {
	cat >"$SITE/umlaut.yaml" <<-'END'
		apiVersion: host.fettle.dev/v1
		kind: File
		metadata: {name: umlaut}
		spec: {path: /srv/grüße.txt, content: "naïve\n"}
	END
	run_split fettle apply "$WIN_SITE" --root "$WIN_SANDBOX" --yes
	[ "$status" = 0 ]
	[ "$(cat "$SANDBOX/srv/grüße.txt")" = naïve ]
}

@test "windows: a systemd unit is refused, with the reason" {
	cat >"$SITE/unit.yaml" <<-'END'
		apiVersion: host.fettle.dev/v1
		kind: Unit
		metadata: {name: web}
		spec: {name: web.service, enabled: true, state: started}
	END
	run_split fettle diff "$WIN_SITE" --root "$WIN_SANDBOX"
	[ "$status" != 0 ]
	[[ $errors$output == *systemd* ]]
	run_split fettle apply "$WIN_SITE" --root "$WIN_SANDBOX" --yes
	[ "$status" != 0 ]
	[[ $errors$output == *systemd* ]]
}

@test "windows: a broken manifest is one error with its place" {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: x}\nspec: {pth: /etc/x}\n' >"$SITE/bad.yaml"
	run_split fettle diff "$WIN_SITE" --root "$WIN_SANDBOX"
	[ "$status" = 2 ]
	[[ $errors == *bad.yaml:4:* ]]
}

@test "windows: keys in Credential Manager" {
	BINARY=$(realpath "$BINARY")
	cd "$BATS_TEST_TMPDIR"
	fettle vault age keygen -o key.txt
	recipient=$(grep -o 'age1[0-9a-z]*' key.txt | head -1)
	fettle vault keychain add key.txt
	echo 'a: planted' >x.yaml
	fettle vault encrypt -q -i -r "$recipient" x.yaml
	rm key.txt
	run_split fettle vault get x.yaml:a
	[ "$status" = 0 ]
	[[ $output == planted* ]]
	fettle vault keychain remove
	run_split fettle vault get x.yaml:a
	[ "$status" = 4 ]
	run_split fettle vault keychain remove
	[ "$status" = 3 ]
}
