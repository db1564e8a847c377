#!/usr/bin/env bats
# Age files between fettle and other programs, both ways. AGE_ROUNDS random files for each.

load ../e2e/helpers

setup() {
	tests=$BATS_TEST_DIRNAME
	real_home=$HOME
	fettle_setup
	rounds=${AGE_ROUNDS:-400}
}

@test "age: Debian's program opens what fettle writes, and the reverse" {
	command -v age || skip "no age"
	run -0 python3 "$tests/age_interop.py" "$FETTLE" age "$rounds" "$PWD"
	assert_has "$rounds files"
}

@test "age: post-quantum files between fettle and a newer age" {
	age=${AGE_NEW:-}
	if [ -z "$age" ]; then
		command -v go || skip "no go to build age 1.3 with"
		HOME=$real_home GOBIN=$PWD/bin GOFLAGS=-mod=mod timeout 300 go install filippo.io/age/cmd/...@v1.3.1 ||
			skip "age 1.3 cannot be built here"
		age=$PWD/bin/age
	fi
	head -c 70000 /dev/urandom >data
	fettle vault age keygen -q --pq -o ours
	"$age-keygen" -pq -o theirs
	[ "$("$age-keygen" -y ours)" = "$(fettle vault age keygen -y ours)" ]
	[ "$("$age-keygen" -y theirs)" = "$(fettle vault age keygen -y theirs)" ]
	fettle vault age encrypt -i ours -i theirs -a data >data.age
	"$age" -d -i ours data.age | cmp - data
	"$age" -d -i theirs data.age | cmp - data
	"$age" -r "$(fettle vault age keygen -y ours)" data | fettle vault age decrypt -i ours | cmp - data
}

@test "age: a passphrase-protected identity file of fettle serves age, which asks for it" {
	command -v age || skip "no age"
	echo 'correct horse' >pass
	fettle vault age keygen -q -o key
	fettle vault age encrypt -p --passphrase-file pass -o locked key
	echo hello | fettle vault age encrypt -i key -o hello.age
	(sleep 1; cat pass; sleep 3) | script -qec "age -d -i locked -o out hello.age" /dev/null >talk
	[ "$(cat out)" = hello ]
}

@test "age: a plugin is spoken to as age speaks" {
	command -v age || skip "no age"
	PATH=$tests:$PATH
	recipient=age1fettletest1qqqqqqqqqqqqqqqqqqqqqqqqqqn9l5ju
	echo AGE-PLUGIN-FETTLETEST-1QQQQQQQQQQQQQQQQQQQQQQQQQQ4CQAG3 >key
	echo hello | fettle vault age encrypt -r $recipient | age -d -i key | grep -qx hello
	echo hello | age -r $recipient | fettle vault age decrypt -i key | grep -qx hello
}

@test "age: age-encryption of npm opens what fettle writes, and the reverse" {
	command -v node && command -v npm || skip "no node"
	cp "$tests/age_npm.mjs" .
	echo '{"private": true}' >package.json
	HOME=$real_home timeout 200 npm install --no-audit --no-fund --silent age-encryption@0.3.1 ||
		skip "age-encryption cannot be installed here"
	run -0 node age_npm.mjs "$FETTLE" "$((rounds / 4))"
	assert_has "files"
}

@test "age: no flipped byte of any file is accepted" {
	run -0 python3 "$tests/age_mutate.py" "$FETTLE" "${AGE_MUTATED:-12}" "$PWD"
	assert_has "none accepted"
}

# each_fault VARIABLE COMMAND…: the command with each of its system calls failing (or killing it); `out` must
# then be the old file or what the command makes, and after a failure nothing else is left.
each_fault() {
	local variable=$1 at total code left
	shift
	echo old >out
	rm -f ../calls
	FETTLE_TEST_FAULT_LOG=$PWD/../calls "$@" 2>../talk
	total=$(wc -l <../calls)
	[ "$total" -gt 10 ] || fail_with "calls" "$total" "expected" "more than 10"
	for ((at = 1; at <= total; at++)); do
		rm -f .out.fettle-* && echo old >out
		code=0
		env "$variable=$at" "$@" 2>../talk || code=$?
		left=$(ls -A | tr '\n' ' ')
		if [ "$code" = 0 ]; then
			good out || fail_with "call $at: exit 0, but" "$(head -c 100 out)" expected "the new file"
		else
			[ "$(head -c 10 out)" = old ] || good out || fail_with "call $at: half of" out "exit" "$code"
		fi
		if [ "$variable" = FETTLE_TEST_FAIL_AT ]; then
			[ "$left" = "out " ] || fail_with "call $at left" "$left" expected out
			[ "$code" = 0 ] || [ -s ../talk ] || fail_with "call $at" silent "exit" "$code"
			[ "$code" -lt 128 ] || fail_with "call $at" crashed "exit" "$code"
		fi
	done
	echo "# $total calls" >&3
}

@test "age: whatever system call fails or kills it, the output is the old file or the whole new one" {
	[ -x "$FETTLE_DEBUG" ] || skip "no debug build with test hooks"
	fettle vault age keygen -q -o key
	head -c 2000000 /dev/urandom >data
	fettle vault age encrypt -i key -o data.age data
	mkdir d && cd d
	good() { cmp -s out ../data; }
	each_fault FETTLE_TEST_FAIL_AT "$FETTLE_DEBUG" vault age decrypt -i ../key -o out ../data.age
	each_fault FETTLE_TEST_KILL_AT "$FETTLE_DEBUG" vault age decrypt -i ../key -o out ../data.age
	rm -f .out.fettle-*
	good() { fettle vault age decrypt -i ../key out 2>/dev/null | cmp -s - ../data; }
	each_fault FETTLE_TEST_FAIL_AT "$FETTLE_DEBUG" vault age encrypt -i ../key -o out ../data
}
