#!/bin/bash
# The examples in README.md and docs/ work: as TAP.
#   ```yaml with a fettle manifest in it     must render
#   ```sh run                                is run in an empty folder, with fettle in the PATH
# All other blocks are only read by people.
cd "$(dirname "$0")/../.." || exit 1
FETTLE=$(realpath "${FETTLE:-build/fettle}")
source_folder=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/bin" "$work/home" "$work/blocks"
ln -s "$FETTLE" "$work/bin/fettle"
export PATH=$work/bin:$PATH HOME=$work/home NO_COLOR=1 GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR

# One file per block, named FILE:LINE.KIND with slashes as commas.
find README.md docs -name '*.md' 2>/dev/null | LC_ALL=C sort | while read -r file; do
	awk -v prefix="$work/blocks/${file//\//,}" '
		/^ *```/ && open { open = 0; close(out); next }
		/^ *```(yaml|sh run) *$/ {
			open = 1
			kind = $0 ~ /yaml/ ? "yaml" : "sh"
			out = sprintf("%s:%05d.%s", prefix, FNR, kind)
			match($0, /^ */); indent = RLENGTH
			next
		}
		open { print substr($0, indent + 1) > out }' "$file"
done

mapfile -t blocks < <(find "$work/blocks" -name '*.sh' | LC_ALL=C sort
	grep -rlE 'apiVersion: *host\.fettle\.dev/' --include='*.yaml' "$work/blocks" | LC_ALL=C sort)
echo "1..${#blocks[@]}"
number=0
for block in "${blocks[@]}"; do
	number=$((number + 1))
	name=${block##*/}
	name=${name//,//}
	folder=$work/run$number
	mkdir -p "$folder"
	case $block in
	*.yaml)
		cp "$block" "$folder/example.yaml"
		# The files an example takes its content from are not in the document.
		sed -n 's/^ *contentFrom: *//p' "$block" | while read -r file; do
			mkdir -p "$folder/$(dirname "$file")"
			: >"$folder/$file"
		done
		output=$(cd "$folder" && fettle render . 2>&1 </dev/null)
		;;
	*.sh)
		output=$(cd "$folder" && SOURCE=$source_folder timeout 60 bash -eux "$block" 2>&1 </dev/null)
		;;
	esac
	status=$?
	if [ $status = 0 ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# status $status"
		echo "# ${output//$'\n'/$'\n'# }"
	fi
done
