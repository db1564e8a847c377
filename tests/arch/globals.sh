#!/bin/bash
# No mutable global state outside pkg/pal (which must talk to signal handlers), seen in the objects
# of the release build: as TAP.
cd "$(dirname "$0")/../.." || exit 1
objects=${BUILD_DIR:-build}/release/obj

echo 1..1
if [ -z "$(find "$objects/pkg" -name '*.o' 2>/dev/null | head -1)" ]; then
	echo 'ok 1 - no mutable globals # SKIP no release build'
	exit
fi
found=$(find "$objects/pkg" "$objects/cmd" -name '*.o' ! -path '*/pkg/pal/*' -exec nm -A {} + |
	grep -v 'pkg/base/str.o:.* str_empty_$' | # what an empty str points to; nobody writes there
	grep -v 'pkg/crypto/secret.o:.* \(classes\|slabs_lock\)$' | # locked memory is allocated for the process
	awk '$(NF - 1) ~ /^[bBdDC]$/ { sub(/^.*\/obj\//, "", $1); print $1, $NF }')
if [ -z "$found" ]; then
	echo 'ok 1 - no mutable globals'
else
	echo 'not ok 1 - no mutable globals'
	echo "# ${found//$'\n'/$'\n'# }"
fi
