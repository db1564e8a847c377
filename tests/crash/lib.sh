# Shared by the crash and fault tests: two versions of a tree of manifests, and a check that what
# is on disk is whole.
# shellcheck shell=bash

# make_manifests DIR VERSION FILES [FOLDERS [OTHERS]]: files in so many folders (10), and so many links
# and projections (5); some files only in one version.
make_manifests() {
	local dir=$1 version=$2 count=$3 folders=${4:-10} others=${5:-5} i
	mkdir -p "$dir/files"
	head -c 3000 /dev/zero | tr '\0' "${version: -1}" >"$dir/files/blob"
	{
		for ((i = 0; i < folders; i++)); do
			printf -- '---\napiVersion: host.fettle.dev/v1\nkind: Directory\nmetadata: {name: d%d}\nspec: {path: /srv/d%d, mode: "0755"}\n' $i $i
		done
		for ((i = 0; i < count; i++)); do
			# Every tenth file belongs to one version only.
			if ((i % 10 == 9)) && (((i / 10) % 2 == ${version#v} % 2)); then continue; fi
			printf -- '---\napiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: f%d}\n' $i
			if ((i % 7 == 0)); then
				printf 'spec: {path: /srv/d%d/f%d, mode: "0600", contentFrom: files/blob}\n' $((i % folders)) $i
			else
				printf 'spec:\n  path: /srv/d%d/f%d\n  content: |\n    %s line one of %d\n    %s line two of %d\n' $((i % folders)) $i "$version" $i "$version" $i
			fi
		done
		for ((i = 0; i < others; i++)); do
			printf -- '---\napiVersion: host.fettle.dev/v1\nkind: Symlink\nmetadata: {name: l%d}\nspec: {path: /srv/l%d, target: %s}\n' $i $i "$version"
			printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\n  annotations: {host.fettle.dev/path: /srv/c%d}\ndata: {a: %s, b: %s}\n' $i $i "$version" "$version"
		done
	} >"$dir/all.yaml"
}

# check_whole ROOT: every file is entirely of one version, both keys of a projection agree.
check_whole() {
	python3 whole.py "$1"
}

# check_clean ROOT MANIFESTS EXPECTED: nothing left over, nothing missing, records agree.
check_clean() {
	local root=$1 manifests=$2 fettle=$3 left
	left=$(find "$root/srv" -name '.*fettle-*' -not -name '..fettle-*' | head -3)
	[ -z "$left" ] || { echo "# left over: $left"; return 1; }
	"$fettle" diff "$manifests" --name crash --root "$root" --prune >/dev/null || { echo "# diff is not empty"; return 1; }
	"$fettle" status "$manifests" --name crash --root "$root" >/dev/null || { echo "# status is not clean"; return 1; }
	local wanted recorded
	wanted=$(grep -c '^kind:' "$manifests/all.yaml")
	recorded=$("$fettle" status "$manifests" --name crash --root "$root" -o json | grep -c '"key":')
	[ "$wanted" = "$recorded" ] || { echo "# $wanted objects, $recorded records"; return 1; }
	local files
	files=$(grep -c '^kind: File' "$manifests/all.yaml")
	[ "$(find "$root/srv"/d* -type f | wc -l)" = "$files" ] || { echo "# files lost or duplicated"; return 1; }
}
