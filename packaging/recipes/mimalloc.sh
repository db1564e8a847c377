# shellcheck shell=bash disable=SC2154
# only: linux-musl
# One object that replaces musl's malloc, which is several times slower. Secure mode is off: the
# sanitizer builds look for heap errors, this one is for speed.
# Start-up is part of the product: read no environment, no /proc and no /sys before main.
sed -i 's/{ 0,    UNINIT, MI_OPTION(use_numa_nodes)/{ 1,    UNINIT, MI_OPTION(use_numa_nodes)/' src/options.c
sed -i 's/^  os_detect_overcommit();/  (void)os_detect_overcommit;/' src/os.c

archive mimalloc '-DMI_MALLOC_OVERRIDE -DMI_NO_GETENV -DNDEBUG -Iinclude -ftls-model=local-exec -fno-builtin-malloc' src/static.c
mkdir -p "$out/include"
cp include/mimalloc.h "$out/include"
