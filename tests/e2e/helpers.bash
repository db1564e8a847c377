# Shared by the command line tests: `load helpers`, then `setup() { fettle_setup; }`.
# Each test runs in its own empty folder with its own home and a fixed environment.

bats_require_minimum_version 1.8.0

fettle_setup() {
	FETTLE=${FETTLE:-$BATS_TEST_DIRNAME/../../build/fettle}
	export FETTLE
	local name
	for name in $(compgen -e | grep -E '^(FETTLE_|XDG_|GIT_|CLICOLOR)|_proxy$|_PROXY$'); do
		case $name in FETTLE_DEBUG | FETTLE_VARIANT) ;; *) unset "$name" ;; esac
	done
	export HOME=$BATS_TEST_TMPDIR/home
	export XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache
	export XDG_STATE_HOME=$HOME/.local/state XDG_DATA_HOME=$HOME/.local/share
	export NO_COLOR=1 TZ=UTC LC_ALL=C.UTF-8 TERM=xterm
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	mkdir -p "$HOME" "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
}

fettle() {
	"$FETTLE" "$@"
}

# assert_output "exactly this" / assert_has "a part" / assert_lacks "a part": of stdout
assert_output() {
	[ "$output" = "$1" ] || fail_with "stdout is" "$output" "expected" "$1"
}

assert_has() {
	[[ $output == *"$1"* ]] || fail_with "stdout is" "$output" "expected in it" "$1"
}

assert_lacks() {
	[[ $output != *"$1"* ]] || fail_with "stdout is" "$output" "not expected in it" "$1"
}

# The same for stderr; needs `run --separate-stderr`.
assert_talk() {
	[ "$stderr" = "$1" ] || fail_with "stderr is" "$stderr" "expected" "$1"
}

assert_talk_has() {
	[[ $stderr == *"$1"* ]] || fail_with "stderr is" "$stderr" "expected in it" "$1"
}

fail_with() {
	printf '%s:\n%s\n%s:\n%s\n' "$@"
	return 1
}

# Wait for a condition, at most 10 seconds: wait_until test -f ready
wait_until() {
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "gave up waiting for: $*"
	return 1
}

# Run a command on a terminal of its own; its output (both streams) goes to stdout.
on_terminal() {
	local quoted
	printf -v quoted '%q ' "$@"
	script --quiet --return --command "$quoted" /dev/null </dev/null
}
