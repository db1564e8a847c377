#!/bin/bash
# No function of ours has the name of one in a library that is linked in: the linker would take ours
# for theirs and say nothing. As TAP.
cd "$(dirname "$0")/../.." || exit 1
objects=${BUILD_DIR:-build}/release/obj
libraries=$(make -s print-deps) || exit 1

names() { nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u; }

echo 1..1
if [ -z "$(find "$objects/pkg" -name '*.o' 2>/dev/null | head -1)" ]; then
	echo 'ok 1 - no name is also a library function # SKIP no release build'
	exit
fi
mapfile -t ours < <(find "$objects/pkg" "$objects/cmd" -name '*.o')
both=$(LC_ALL=C comm -12 <(names "$libraries"/lib/*.a) <(names "${ours[@]}") | grep -vx main | tr '\n' ' ')
if [ -z "$both" ]; then
	echo 'ok 1 - no name is also a library function'
else
	echo "not ok 1 - no name is also a library function"
	echo "# $both"
fi
