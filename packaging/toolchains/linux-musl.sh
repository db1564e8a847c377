# shellcheck shell=bash disable=SC2034,SC2154
# Debian's gcc 12 with a musl built from source: fully static executables.
#
# Executables are static at a fixed address. Static-PIE was measured too: its start relocates every
# pointer table of the libraries, touching their pages, and that costs more than all the rest of
# starting. docs/build.md has the numbers.
gcc=$arch-linux-gnu-gcc-12
compiler_id=$("$gcc" --version 2>/dev/null | head -1 || true)
base_cflags+=' -fno-pie -fstack-protector-strong'

# musl's own wrapper knows only the dynamic loader, so the specs are ours.
# The stack size is that of new threads: musl's default is 128 KB, too small for libgit2.
specs() {
	local root=$1
	cat <<-END
		%rename cpp_options old_cpp_options

		*cpp_options:
		-nostdinc -isystem $root/include -isystem include%s %(old_cpp_options)

		*cc1:
		%(cc1_cpu) -nostdinc -isystem $root/include -isystem include%s

		*link_libgcc:
		-L$root/lib -L .%s

		*libgcc:
		libgcc.a%s %:if-exists(libgcc_eh.a%s)

		*startfile:
		%{static-pie:$root/lib/rcrt1.o;:$root/lib/crt1.o} $root/lib/crti.o %{static-pie:crtbeginS.o%s;:crtbeginT.o%s}

		*endfile:
		%{static-pie:crtendS.o%s;:crtend.o%s} $root/lib/crtn.o

		*link:
		-nostdlib -static %{static-pie:-pie --no-dynamic-linker -z text} -z relro -z now -z noexecstack -z stack-size=8388608

		*esp_link:


		*esp_options:


		*esp_cpp_options:


	END
}

toolchain() {
	local root=$toolchain_dir tool kernel=/usr/include asm=/usr/include/$arch-linux-gnu
	unpack musl "$src"
	# musl chooses its own flags; those of the libraries are not for it.
	unset AR RANLIB
	CC="$gcc" CFLAGS="-g0 -fno-pie -ffile-prefix-map=${out%/out}=." ./configure --target="$arch-linux-musl" \
		--prefix="$out" --disable-shared --disable-wrapper CROSS_COMPILE="$arch-linux-gnu-"
	make -j "$jobs"
	make install

	# The kernel's own headers do not belong to a C library.
	if [ "$arch" != "$(uname -m)" ]; then
		kernel=/usr/$arch-linux-gnu/include
		asm=$kernel
	fi
	ln -s "$kernel/linux" "$kernel/asm-generic" "$asm/asm" "$out/include/"

	mkdir -p "$out/bin"
	specs "$root" >"$out/lib/fettle.specs"
	printf '#!/bin/sh\nexec %s -no-pie%s -specs %s "$@"\n' "$gcc" \
		"$([ "$arch" != aarch64 ] || echo ' -mno-outline-atomics')" "$root/lib/fettle.specs" >"$out/bin/cc"
	chmod +x "$out/bin/cc"
	for tool in ar ranlib strip objcopy; do
		ln -s "/usr/bin/$arch-linux-gnu-$tool" "$out/bin/$tool"
	done
}
