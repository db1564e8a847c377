# shellcheck shell=bash disable=SC2154
flags=-DHAVE_HIDDEN
if [ "$os" != windows ]; then flags+=' -DHAVE_UNISTD_H'; fi
archive z "$flags" adler32.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c trees.c \
	zutil.c compress.c uncompr.c gzclose.c gzlib.c gzread.c gzwrite.c
mkdir -p "$out/include"
cp zlib.h zconf.h "$out/include"
