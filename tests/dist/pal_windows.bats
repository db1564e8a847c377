#!/usr/bin/env bats
# The Windows half of the platform layer, in wine, by a program that speaks TAP itself.

teardown() {
	if command -v wineserver >/dev/null; then wineserver -k || true; fi
}

@test "windows: files, roots, locks and processes do what their headers say" {
	build=${BUILD_DIR:-build}
	[ -d "$build/x86_64-windows/obj/pkg/pal" ] || skip "no Windows build: make dist TARGETS=x86_64-windows"
	command -v wine >/dev/null || skip "no wine"
	export WINEPREFIX=$build/wine WINEDEBUG=-all WINEARCH=win64
	[[ $WINEPREFIX == /* ]] || WINEPREFIX=$PWD/$WINEPREFIX
	deps=$(packaging/deps prefix x86_64-windows)
	"$deps/bin/ar" rcs "$BATS_TEST_TMPDIR/libpal.a" "$build"/x86_64-windows/obj/pkg/{base,pal}/*.o
	"$deps/bin/cc" -std=c17 -O1 -D_GNU_SOURCE -DBASE_ALLOW_BANNED= -Ipkg -o "$BATS_TEST_TMPDIR/check.exe" \
		tests/dist/pal_win32_check.c "$BATS_TEST_TMPDIR/libpal.a" \
		-lshell32 -lbcrypt -ladvapi32 -lws2_32
	run wine "$BATS_TEST_TMPDIR/check.exe"
	echo "$output" | grep -v '^ok' || true
	[ "$status" = 0 ]
	[[ $output == *1..9* ]]
}
