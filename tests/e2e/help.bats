load helpers
setup() { fettle_setup; }

setup_commands() {
	commands=$(fettle __complete -- '' | sed '/^:/d; s/\t.*//')
	[[ $commands == *apply*version* ]]
}

@test "help: fettle alone shows the groups and worked examples" {
	run --separate-stderr -0 fettle
	assert_has "Examples:"
	assert_has "See and change:"
	assert_has "apply       make the target match the source"
	assert_lacks "__"
	[ "$stderr" = "" ]
}

@test "help: without a topic lists commands and topics" {
	run --separate-stderr -0 fettle help
	assert_has "Topics:"
	assert_has "  exit-codes    what the exit codes mean"
}

@test "help: -h fits on a screen, --help tells everything" {
	setup_commands
	for command in $commands; do
		run --separate-stderr -0 fettle "$command" -h
		[ "${#lines[@]}" -le 40 ]
		assert_has "Usage:"
		run --separate-stderr -0 fettle "$command" --help
		assert_has "Global options:"
	done
}

@test "help: no line is wider than 80 columns off a terminal" {
	setup_commands
	for command in $commands; do
		run -0 fettle "$command" --help
		for line in "${lines[@]}"; do
			# examples are for pasting and are never broken
			[[ $line == "  fettle "* || $line == "  # "* ]] || [ "${#line}" -le 80 ]
		done
	done
}

@test "help: a command is explained as its --help does" {
	expected=$(fettle settings show --help)
	[ "$(fettle help settings show)" = "$expected" ]
	expected=$(fettle apply --help)
	[ "$(fettle help apply)" = "$expected" ]
}

@test "help: every topic has a text without wide lines" {
	for topic in environment exit-codes files host layout output sources; do
		run --separate-stderr -0 fettle help "$topic"
		[ "${#lines[@]}" -ge 5 ]
		for line in "${lines[@]}"; do [ "${#line}" -le 92 ]; done
	done
}

@test "help: the environment topic knows the variable of every setting" {
	run -0 fettle help environment
	keys=$(fettle settings show | tail -n +2 | cut -d' ' -f1)
	[[ $keys == color*watch.metrics ]]
	for key in $keys; do
		assert_has "setting: $key"
	done
}

@test "help: an unknown topic names the nearest" {
	run --separate-stderr -2 fettle help exit-code
	[ "$output" = "" ]
	assert_talk "fettle: error: no help for 'exit-code'
  hint: did you mean 'fettle help exit-codes'?"
	run --separate-stderr -2 fettle help settings hide
	assert_talk_has "no help for 'settings hide'"
}

@test "help: every example in the help begins with a command that exists" {
	setup_commands
	for command in $commands; do
		while read -r first second _; do
			[ "$first" = fettle ] || continue
			[[ $second == -* ]] || fettle help "$second" >/dev/null
		done < <(fettle "$command" --help 2>&1 | sed -n '/^Example/,/^[A-Z].*:$/p' | grep '^  fettle')
	done
}
