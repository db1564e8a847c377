# shellcheck shell=bash disable=SC2154
# only: linux-musl
# One object that replaces musl's malloc, which is several times slower. Secure mode is off: the
# sanitizer builds look for heap errors, this one is for speed.
archive mimalloc '-DMI_MALLOC_OVERRIDE -DNDEBUG -Iinclude -ftls-model=local-exec -fno-builtin-malloc' src/static.c
mkdir -p "$out/include"
cp include/mimalloc.h "$out/include"
