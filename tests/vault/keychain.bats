#!/usr/bin/env bats
# Keys in a real GNOME Keyring, on a session bus of the test's own. Windows: tests/dist/windows.bats.

load ../e2e/helpers

setup() {
	fettle_setup
	local name
	for name in $(compgen -e | grep '^SOPS_'); do unset "$name"; done
	for name in dbus-run-session gnome-keyring-daemon secret-tool; do
		command -v "$name" >/dev/null || skip "no $name"
	done
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
}

# Run a script beside an unlocked keyring.
with_keyring() {
	cat >script
	timeout 60 dbus-run-session -- sh -c 'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec sh -eu script' 3>&-
}

@test "vault keychain: keys are in no file, and found" {
	run with_keyring <<-'SH'
		"$FETTLE" vault age keygen -o key.txt 2>/dev/null
		"$FETTLE" vault keychain add -q key.txt
		echo 'a: planted' >x.yaml
		"$FETTLE" vault encrypt -q -i -r "$(grep -o 'age1.*' key.txt | head -1)" x.yaml
		rm key.txt
		"$FETTLE" vault get x.yaml:a
		secret-tool lookup service fettle account age | grep -c AGE-SECRET-KEY
		! grep -r AGE-SECRET-KEY "$XDG_CONFIG_HOME"
		"$FETTLE" vault keychain remove -q
		"$FETTLE" vault get x.yaml:a || echo "exit $?"
		"$FETTLE" vault keychain remove || echo "exit $?"
	SH
	echo "$output"
	[ "$status" -eq 0 ]
	assert_has planted1
	assert_has "exit 4"
	assert_has "has no 'age' of fettle"
}

@test "vault keychain: what holds no identity is refused; without a bus it says so" {
	echo nonsense >key.txt
	run "$FETTLE" vault keychain add key.txt
	[ "$status" -eq 2 ]
	"$FETTLE" vault age keygen -o good.txt 2>/dev/null
	unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR
	run "$FETTLE" vault keychain add good.txt
	[ "$status" -eq 3 ]
	assert_has "no session bus"
}
