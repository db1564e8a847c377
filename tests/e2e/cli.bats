load helpers
setup() { fettle_setup; }

@test "cli: the command tables have no mistakes" {
	run --separate-stderr -0 fettle __check
	assert_output ""
}

@test "cli: an unknown command names the nearest" {
	run --separate-stderr -2 fettle aply
	[ "$output" = "" ]
	assert_talk "fettle: error: unknown command 'aply'
  hint: did you mean 'fettle apply'?"
}

@test "cli: an unknown option names the nearest" {
	run --separate-stderr -2 fettle apply --yse
	assert_talk "fettle: error: unknown option '--yse'
  hint: did you mean '--yes'?"
}

@test "cli: an option with nothing near points to the help" {
	run --separate-stderr -2 fettle apply --zzzzzz
	assert_talk "fettle: error: unknown option '--zzzzzz'
  hint: see 'fettle apply --help'"
}

@test "cli: an option of a command must come after it" {
	run --separate-stderr -2 fettle --dry-run apply
	assert_talk_has "option '--dry-run' must come after the command"
}

@test "cli: a missing value says how to write it" {
	run --separate-stderr -2 fettle diff --env
	assert_talk "fettle: error: option '--env' needs a value
  hint: write '--env <name>'"
}

@test "cli: a wrong word lists the right ones" {
	run --separate-stderr -2 fettle version --output jsno
	assert_talk "fettle: error: bad value 'jsno' for --output: expected text or json
  hint: did you mean 'json'?"
}

@test "cli: a wrong variable is named" {
	FETTLE_COLOR=pink run --separate-stderr -2 fettle version
	assert_talk "fettle: error: bad value 'pink' for FETTLE_COLOR: expected auto, always or never"
}

@test "cli: errors are one json object when json was asked for" {
	run --separate-stderr -2 fettle settings show nope.nope -o json
	[ "$output" = "" ]
	[ "${#stderr_lines[@]}" = 1 ]
	assert_talk_has '{"error":{"kind":"usage","message":"unknown setting '
	run --separate-stderr -2 fettle version --bogus --output=json
	assert_talk_has '{"error":{"kind":"usage","message":"unknown option '
}

@test "cli: -C starts in another folder" {
	mkdir -p a/.git
	echo 'settings: {apply: {concurrency: 77}}' >a/fettle.yaml
	run --separate-stderr -0 fettle -C a settings show apply.concurrency
	assert_output 77
	run --separate-stderr -3 fettle -C missing settings show
	assert_talk_has "cannot change to 'missing'"
}

@test "cli: a full disk is an error" {
	[ -e /dev/full ] || skip "no /dev/full here"
	run -3 --separate-stderr bash -c '"$FETTLE" version >/dev/full'
	assert_talk "fettle: error: cannot write to standard output: No space left on device"
}

@test "cli: a reader that goes away is no error" {
	run --separate-stderr -0 bash -c 'set -o pipefail; "$FETTLE" help apply | true; exit ${PIPESTATUS[0]}'
	[ "$stderr" = "" ]
}

@test "cli: control characters in what was typed are shown escaped" {
	run --separate-stderr -2 fettle $'a\e[2J\nfettle: error: forged'
	[[ $stderr == "fettle: error: unknown command 'a\\x1b[2J
    fettle: error: forged'"* ]]
}

@test "cli: colour only on a terminal, and as the options and variables say" {
	run -2 --separate-stderr env -u NO_COLOR "$FETTLE" aply
	[[ $stderr != *$'\e'* ]]
	run -2 --separate-stderr env -u NO_COLOR "$FETTLE" --color always aply
	[[ $stderr == *$'\e[1;31merror: \e[0m'* ]]
	run -2 --separate-stderr env -u NO_COLOR CLICOLOR_FORCE=1 "$FETTLE" aply
	[[ $stderr == *$'\e[1;31m'* ]]
	NO_COLOR=1 CLICOLOR_FORCE=1 run -2 --separate-stderr fettle aply
	[[ $stderr != *$'\e'* ]]
	NO_COLOR=1 run -2 --separate-stderr fettle --color=always aply
	[[ $stderr == *$'\e[1;31m'* ]]
}

@test "cli: on a terminal errors are red unless the settings say never" {
	command -v script >/dev/null || skip "no script here"
	unset NO_COLOR
	run on_terminal "$FETTLE" aply
	[[ $output == *$'\e[1;31merror: '* ]]
	mkdir -p "$XDG_CONFIG_HOME/fettle"
	echo 'color: never' >"$XDG_CONFIG_HOME/fettle/settings.yaml"
	run on_terminal "$FETTLE" aply
	[[ $output != *$'\e'* ]]
}

@test "cli: quiet and verbose do not disturb data" {
	[ "$(fettle -q version)" = "$(fettle version)" ]
	[ "$(fettle -vv settings show apply.concurrency 2>/dev/null)" = 0 ]
}
