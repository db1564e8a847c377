load helpers
setup() {
	fettle_setup
	mkdir bin
	ln -s "$(realpath "$FETTLE")" bin/fettle
	PATH=$PWD/bin:$PATH
	unset -f fettle
}

# What bash would offer for these words; the last one is being typed.
complete_in_bash() {
	bash --norc -c '
		source <(fettle completion bash)
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
		compopt() { :; }
		_fettle
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$@"
}

@test "completion: commands with their descriptions" {
	run --separate-stderr -0 fettle __complete -- ap
	assert_output $'apply\tmake the target match the source\n:none'
}

@test "completion: hidden commands are never offered" {
	run --separate-stderr -0 fettle __complete -- ""
	assert_lacks "__"
	assert_has $'settings\t'
}

@test "completion: values of an option, also behind an equals sign" {
	run -0 fettle __complete -- diff -o j
	[ "${lines[0]%%$'\t'*}" = json ]
	run -0 fettle __complete -- diff --output=mark
	[ "${lines[0]%%$'\t'*}" = "--output=markdown" ]
}

@test "completion: topics, settings keys and shells" {
	run -0 fettle __complete -- help exit
	[ "${lines[0]%%$'\t'*}" = exit-codes ]
	run -0 fettle __complete -- settings show git.t
	[ "${lines[0]%%$'\t'*}" = git.timeout ]
	run -0 fettle __complete -- completion fi
	[ "${lines[0]%%$'\t'*}" = fish ]
}

@test "completion: nothing that is typed is ever run" {
	run -0 complete_in_bash fettle comp
	assert_output completion
	run --separate-stderr -0 complete_in_bash fettle '$(touch owned)' '`touch owned`' '; touch owned'
	[ ! -e owned ]
}

@test "completion: bash offers commands, options and values" {
	run -0 complete_in_bash fettle comp
	assert_output completion
	run -0 complete_in_bash fettle settings show --orig
	assert_output --origin
	run -0 complete_in_bash fettle version --output = js
	assert_output json
}

@test "completion: bash offers files where files are meant" {
	touch "a file.yaml" apart.yaml
	run -0 complete_in_bash fettle diff ap
	assert_output apart.yaml
	run -0 complete_in_bash fettle diff a
	assert_has "a file.yaml"
}

@test "completion: the scripts are valid in their shells" {
	fettle completion bash >script
	bash -n script
	for shell in zsh fish; do
		command -v "$shell" >/dev/null || continue
		fettle completion "$shell" >script
		"$shell" -n script
	done
}

@test "completion: every shell has its script" {
	run -0 fettle completion zsh
	[ "${lines[0]}" = "#compdef fettle" ]
	run -0 fettle completion fish
	assert_has "complete -c fettle"
	run -0 fettle completion powershell
	assert_has "Register-ArgumentCompleter"
}

@test "completion: an unknown shell lists the known ones" {
	run --separate-stderr -2 fettle completion ksh
	assert_talk_has "expected bash, zsh, fish or powershell"
	run --separate-stderr -2 fettle completion
	assert_talk_has "missing argument <shell>"
}
