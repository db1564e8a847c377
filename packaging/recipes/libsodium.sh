# shellcheck shell=bash disable=SC2154
# By file list, not by its configure script: that takes minutes with a cross compiler and finds the
# same. The macros follow its own build.zig.
cp builds/msvc/version.h src/libsodium/include/sodium/version.h
cd src/libsodium

flags='-D_GNU_SOURCE=1 -DCONFIGURED=1 -DDEV_MODE=1 -DHAVE_ATOMIC_OPS=1 -DHAVE_C11_MEMORY_FENCES=1
	-DHAVE_GCC_MEMORY_FENCES=1 -DHAVE_INLINE_ASM=1 -DHAVE_INTTYPES_H=1 -DHAVE_STDINT_H=1 -DHAVE_TI_MODE=1
	-DNATIVE_LITTLE_ENDIAN=1 -DSODIUM_STATIC=1 -fvisibility=hidden -fno-strict-aliasing
	-fno-strict-overflow -fwrapv -flax-vector-conversions -Iinclude -Iinclude/sodium'
posix='-DTLS=_Thread_local -DHAVE_CATCHABLE_ABRT=1 -DHAVE_CATCHABLE_SEGV=1 -DHAVE_CLOCK_GETTIME=1
	-DHAVE_GETPID=1 -DHAVE_MADVISE=1 -DHAVE_MLOCK=1 -DHAVE_MMAP=1 -DHAVE_MPROTECT=1 -DHAVE_NANOSLEEP=1
	-DHAVE_POSIX_MEMALIGN=1 -DHAVE_PTHREAD_PRIO_INHERIT=1 -DHAVE_PTHREAD=1 -DHAVE_RAISE=1
	-DHAVE_SYSCONF=1 -DHAVE_SYS_MMAN_H=1 -DHAVE_SYS_PARAM_H=1 -DHAVE_SYS_RANDOM_H=1 -DHAVE_WEAK_SYMBOLS=1'
case $os in
linux) flags+=" $posix -DASM_HIDE_SYMBOL=.hidden -DHAVE_SYS_AUXV_H=1 -DHAVE_GETENTROPY=1 -DHAVE_EXPLICIT_BZERO=1" ;;
macos) flags+=" $posix -DASM_HIDE_SYMBOL=.private_extern -DHAVE_ARC4RANDOM=1 -DHAVE_ARC4RANDOM_BUF=1
	-DHAVE_GETENTROPY=1 -DHAVE_MEMSET_S=1" ;;
windows) flags+=' -DHAVE_RAISE=1 -DHAVE_SYS_PARAM_H=1' ;;
esac
if [ "$arch" = x86_64 ]; then
	flags+=' -DHAVE_CPUID=1 -DHAVE_MMINTRIN_H=1 -DHAVE_EMMINTRIN_H=1 -DHAVE_PMMINTRIN_H=1
		-DHAVE_TMMINTRIN_H=1 -DHAVE_SMMINTRIN_H=1 -DHAVE_AVXINTRIN_H=1 -DHAVE_AVX2INTRIN_H=1
		-DHAVE_AVX512FINTRIN_H=1 -DHAVE_WMMINTRIN_H=1 -DHAVE_RDRAND=1'
	if [ "$os" != windows ]; then flags+=' -DHAVE_AMD64_ASM=1 -DHAVE_AVX_ASM=1'; fi
else
	flags+=' -DHAVE_ARMCRYPTO=1'
fi
flags=$(echo $flags)

mapfile -t files < <(find . -name '*.c' -o -name '*.S' | sort)
archive sodium "$flags" "${files[@]}"
mkdir -p "$out/include"
cp -r include/sodium include/sodium.h "$out/include"
