#!/bin/bash
# The generated files (man pages, completions, schemas) are those the program writes today: as TAP.
cd "$(dirname "$0")/../.." || exit 1
: "${FETTLE:=build/fettle}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 1..2
if ! "$FETTLE" __gen "$work" >"$work.log" 2>&1; then
	echo 'not ok 1 - fettle __gen works'
	sed 's/^/# /' "$work.log"
	rm -f "$work.log"
	echo 'not ok 2 - nothing generated is stale'
	exit
fi
rm -f "$work.log"

stale=
while IFS= read -r file; do
	cmp -s "$work/$file" "$file" || stale+=" $file"
done < <(cd "$work" && find . -type f -printf '%P\n' | LC_ALL=C sort)
if [ -z "$stale" ]; then
	echo 'ok 1 - every generated file is committed as it is generated'
else
	echo 'not ok 1 - every generated file is committed as it is generated'
	printf "# run 'make gen':%s\n" "$stale"
fi

# What is committed in a folder that is all generated, but is generated no more.
left=
for file in $(git ls-files docs/man completions); do
	[ -f "$work/$file" ] || left+=" $file"
done
if [ -z "$left" ]; then
	echo 'ok 2 - nothing committed has lost its generator'
else
	echo 'not ok 2 - nothing committed has lost its generator'
	printf '# %s\n' "$left"
fi
