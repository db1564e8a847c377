#!/usr/bin/env bats
# What is released is what was promised.

@test "every executable is static or needs the system's libraries only, and names no build path" {
	found=0
	for target in x86_64-linux-musl aarch64-linux-musl x86_64-macos aarch64-macos x86_64-windows; do
		[ -d "${BUILD_DIR:-build}/$target" ] || continue
		packaging/bin/check-binary "$target" "${BUILD_DIR:-build}/$target"
		found=$((found + 1))
	done
	[ "$found" -gt 0 ] || skip "nothing cross-built: make dist"
}

@test "no executable is larger than 10 MB" {
	for file in "${BUILD_DIR:-build}"/{x86_64,aarch64}-*/fettle "${BUILD_DIR:-build}"/x86_64-windows/fettle.exe; do
		[ -f "$file" ] || continue
		echo "$file $(stat -c %s "$file")"
		[ "$(stat -c %s "$file")" -le $((10 * 1024 * 1024)) ]
	done
}

@test "the checksums are those of the archives, and each holds the licences of what is inside" {
	[ -f dist/SHA256SUMS ] || skip "nothing packed: make dist"
	(cd dist && sha256sum --check --quiet SHA256SUMS)
	for archive in dist/fettle-"$(cat VERSION)"-*.tar.gz; do
		tar -tzf "$archive" | grep -q '/licenses/openssl.txt$'
		tar -tzf "$archive" | grep -q '/LICENSE$'
	done
}
