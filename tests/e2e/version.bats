load helpers
setup() { fettle_setup; }

@test "version: the first line is the name and the version" {
	run --separate-stderr -0 fettle version
	[[ $output =~ ^fettle\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ "$stderr" = "" ]
}

@test "version: the option, before and after a command, says the same" {
	expected=$(fettle version)
	[ "$(fettle --version)" = "$expected" ]
	[ "$(fettle -V)" = "$expected" ]
	[ "$(fettle help --version)" = "$expected" ]
}

@test "version: verbose lists the libraries" {
	run --separate-stderr -0 fettle version --verbose
	[ "${lines[0]}" = "$(fettle version)" ]
	assert_has "libgit2"
	assert_has "libcurl"
	run --separate-stderr -0 fettle --version --verbose
	assert_has "libgit2"
}

@test "version: json has a schema" {
	run --separate-stderr -0 fettle version -o json
	assert_has '"schema": "fettle.version/1"'
	assert_has "\"version\": \"$(fettle version | cut -d' ' -f2)\""
}

@test "version: reads no settings, so broken ones do not matter" {
	mkdir -p "$XDG_CONFIG_HOME/fettle"
	echo '{' >"$XDG_CONFIG_HOME/fettle/settings.yaml"
	run --separate-stderr -0 fettle version
	[ "$stderr" = "" ]
	run --separate-stderr -0 fettle version --verbose
	[ "$stderr" = "" ]
}

@test "version: opens no file at all" {
	command -v strace >/dev/null || skip "no strace here"
	[ "${FETTLE_VARIANT:-release}" = release ] || skip "only the release is static"
	strace -f -e trace=file -o trace "$FETTLE" version
	grep -q 'exited with 0' trace
	run -1 grep -vE 'execve|exited' trace
}
