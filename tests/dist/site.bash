# A small project for the executables of other machines.

site_make() {
	SITE=$BATS_TEST_TMPDIR/site SANDBOX=$BATS_TEST_TMPDIR/sandbox
	mkdir -p "$SITE" "$SANDBOX"
	cat >"$SITE/motd.yaml" <<-'END'
		apiVersion: host.fettle.dev/v1
		kind: File
		metadata: {name: motd}
		spec: {path: /etc/motd, content: "hello\n", mode: "0644"}
		---
		apiVersion: host.fettle.dev/v1
		kind: Directory
		metadata: {name: data}
		spec: {path: /srv/data}
	END
	# Nothing of the user who runs the tests: no settings, no state.
	export HOME=$BATS_TEST_TMPDIR/home
	export XDG_CONFIG_HOME=$HOME/config XDG_STATE_HOME=$HOME/state XDG_CACHE_HOME=$HOME/cache XDG_DATA_HOME=$HOME/data
	mkdir -p "$HOME"
}

# run_split COMMAND...: like bats' run, with stdout in $output, stderr in $errors, carriage returns gone.
run_split() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null || status=$?
	output=$(tr -d '\r' <"$BATS_TEST_TMPDIR/stdout")
	errors=$(tr -d '\r' <"$BATS_TEST_TMPDIR/stderr")
	echo "status $status"
	echo "stdout: $output"
	echo "stderr: $errors"
}
