#!/bin/bash
# Every header compiles alone, under every warning: as TAP. CC and CPPFLAGS come from make.
cd "$(dirname "$0")/../.." || exit 1
CC=${TEST_CC:-gcc-12}
read -ra flags <<<"${TEST_CPPFLAGS:--D_GNU_SOURCE -Ipkg}"

check() {
	local source
	source=$(mktemp --suffix=.c)
	# base/base.h gathers the headers of base, which lean on each other.
	case $1 in
	pkg/base/*) printf '#include "base/base.h"\n' ;;
	esac >"$source"
	printf '#include "%s"\n#include "%s"\nextern int unused;\n' "$1" "$1" >>"$source"
	"$CC" -std=c17 "${flags[@]}" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I. "$source" 2>&1
	local status=$?
	rm -f "$source"
	return $status
}

mapfile -t headers < <(find pkg cmd -name '*.h' | LC_ALL=C sort)
echo "1..${#headers[@]}"
number=0
for header in "${headers[@]}"; do
	number=$((number + 1))
	case $header in
	*_win32.h | *_darwin.h)
		echo "ok $number - $header # SKIP for another platform"
		continue
		;;
	esac
	if problems=$(check "$header"); then
		echo "ok $number - $header"
	else
		echo "not ok $number - $header"
		echo "# ${problems//$'\n'/$'\n'# }"
	fi
done
