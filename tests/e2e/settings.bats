load helpers
setup() {
	fettle_setup
	mkdir -p "$XDG_CONFIG_HOME/fettle"
	user=$XDG_CONFIG_HOME/fettle/settings.yaml
}

@test "settings show: prints every key, unset ones as a dash" {
	run --separate-stderr -0 fettle settings show
	[ "${lines[0]}" = "KEY                 VALUE" ] || [[ ${lines[0]} == KEY*VALUE ]]
	assert_has "git.timeout         2m"
	assert_has "tls.caFile          -"
	[ "$stderr" = "" ]
}

@test "settings show: one key prints the bare value, exit 1 when it has none" {
	run --separate-stderr -0 fettle settings show apply.concurrency
	assert_output 0
	run --separate-stderr -1 fettle settings show http.proxy
	assert_output ""
	[ "$stderr" = "" ]
}

@test "settings show: a variable wins over the project, the project over the user" {
	mkdir .git
	echo '{apply.concurrency: 2, git.timeout: 9s}' >"$user"
	printf 'settings:\n  apply:\n    concurrency: 3\n' >fettle.yaml
	run --separate-stderr -0 fettle settings show --origin
	[[ $output =~ git\.timeout\ +9s\ +user\ .*settings\.yaml:1 ]]
	[[ $output =~ apply\.concurrency\ +3\ +project\ .*fettle\.yaml:3 ]]
	FETTLE_APPLY_CONCURRENCY=4 run --separate-stderr -0 fettle settings show apply.concurrency --origin
	assert_output $'4\tenvironment FETTLE_APPLY_CONCURRENCY'
}

@test "settings show: json has a schema, numbers and origins" {
	echo 'git: {timeout: 1m30s}' >"$user"
	run --separate-stderr -0 fettle settings show -o json
	assert_has '{"schema": "fettle.settings/1"'
	assert_has '{"key": "git.timeout", "value": 90, "origin": "user"'
	assert_has '{"key": "apply.concurrency", "value": 0, "origin": "default", "source": null, "line": null}'
	run --separate-stderr -1 fettle settings show http.proxy -o json
	assert_has '"value": null'
}

@test "settings show: folders follow the XDG variables" {
	run --separate-stderr -0 fettle settings show cache.dir
	assert_output "$XDG_CACHE_HOME/fettle"
	XDG_CACHE_HOME=/elsewhere run --separate-stderr -0 fettle settings show cache.dir
	assert_output /elsewhere/fettle
}

@test "settings: a wrong value has its place, a caret and exit 2" {
	printf 'git:\n  timeout: 3x\n' >"$user"
	run --separate-stderr -2 fettle settings show
	[ "$output" = "" ]
	assert_talk "fettle: error: bad value '3x' for setting 'git.timeout': expected a duration such as 30s, 5m or 1h30m, from 1s to 1d
  --> $user:2:12
  |
2 |   timeout: 3x
  |            ^^"
}

@test "settings: an unknown key names the nearest" {
	echo 'git: {timeot: 3s}' >"$user"
	run --separate-stderr -2 fettle settings show
	assert_talk_has "unknown setting 'git.timeot'"
	assert_talk_has "hint: did you mean 'git.timeout'?"
}

@test "settings: a project may not set what could harm" {
	mkdir .git
	echo 'settings: {tls: {caFile: evil.pem}}' >fettle.yaml
	run --separate-stderr -2 fettle settings show
	assert_talk_has "a project may not set 'tls.caFile'"
	assert_talk_has "fettle.yaml:1:"
}

@test "settings: all mistakes are told, then counted" {
	printf 'color: pink\nzzz: 1\ngit: 5\n' >"$user"
	run --separate-stderr -2 fettle settings show
	[ "${stderr_lines[-1]}" = "fettle: 3 errors" ]
}

@test "settings: broken yaml and odd files are one clear error" {
	echo '{' >"$user"
	run --separate-stderr -2 fettle settings show
	assert_talk_has "$user:"
	printf 'color: \xff\n' >"$user"
	run --separate-stderr -2 fettle settings show
	rm "$user" && mkdir "$user"
	run --separate-stderr -2 fettle settings show
	assert_talk_has "it is a folder"
	rmdir "$user"
	head -c 2000000 /dev/zero | tr '\0' '#' >"$user"
	run --separate-stderr -3 fettle settings show
	assert_talk_has "settings.yaml"
}

@test "settings: an unknown key on the command line is wrong usage" {
	run --separate-stderr -2 fettle settings show git.timeot
	assert_talk "fettle: error: unknown setting 'git.timeot'
  hint: did you mean 'git.timeout'?"
}

@test "settings: alone it asks for a subcommand" {
	run --separate-stderr -2 fettle settings
	assert_talk_has "'settings' needs a subcommand: show"
}

@test "settings: git.timeout ends a fetch, http.proxy is what is asked" {
	python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
print(s.getsockname()[1], flush=True)
time.sleep(60)' >port 3>&- &
	local server=$!
	wait_until test -s port
	FETTLE_GIT_TIMEOUT=1s run --separate-stderr -124 fettle diff "http://127.0.0.1:$(cat port)/x.git" --root r
	kill "$server"
	FETTLE_HTTP_PROXY=http://127.0.0.1:1 run --separate-stderr -3 fettle diff https://fettle.invalid/x.git --root r
	assert_talk_has "127.0.0.1"
}
