# shellcheck shell=bash disable=SC2034,SC2154
# The machine's own gcc and glibc: for sanitizers, fuzzing and quick development builds.
# The flags keep frame pointers so that sanitizer reports show whole stacks.
compiler_id=$(gcc-12 --version 2>/dev/null | head -1 || true)
base_cflags+=' -fPIC -fno-omit-frame-pointer'

toolchain() {
	mkdir -p "$out/bin"
	ln -s /usr/bin/gcc-12 "$out/bin/cc"
	ln -s /usr/bin/gcc-ar-12 "$out/bin/ar"
	ln -s /usr/bin/gcc-ranlib-12 "$out/bin/ranlib"
	ln -s /usr/bin/strip "$out/bin/strip"
}
