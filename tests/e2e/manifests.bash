# Manifests for the tests around apply; `load manifests` after helpers.

# file_object NAME PATH CONTENT [EXTRA-SPEC-LINES]
file_object() {
	printf -- '---\napiVersion: host.fettle.dev/v1\nkind: File\nmetadata:\n  name: %s\nspec:\n  path: %s\n  content: "%s"\n' "$1" "$2" "$3"
	[ $# -lt 4 ] || printf '  %s\n' "${@:4}"
}

# A folder m/ with three files below /etc, and root/ as their machine.
three_files() {
	mkdir -p m
	{
		file_object a /etc/a 'one\n'
		file_object b /etc/b 'two\n'
		file_object c /etc/sub/c 'three\n'
	} >m/all.yaml
}

apply_m() {
	"$FETTLE" apply m --root root --yes "$@"
}

# inventory objects of project m under root/
recorded() {
	"$FETTLE" status --name m --root root --exit-zero -o json | grep -c '"key"' || true
}
