#!/usr/bin/env bats
# vault exec: secrets in the program's output are hidden, its end and its signals are its own.

load ../e2e/helpers

setup() {
	fettle_setup
	"$FETTLE" vault init >/dev/null 2>&1
	mkdir -p secrets
	printf 'TOKEN=planted-s3cret/x\nPIN=12\n' >.env
	"$FETTLE" vault import .env secrets/app.yaml 2>/dev/null
}

@test "vault exec: hides a secret as it is, in base64, hex, URL and JSON, and wrapped" {
	cat >program <<-'SH'
		echo "plain $TOKEN."
		printf %s "$TOKEN" | base64
		printf 'x%s' "$TOKEN" | base64
		printf 'xx%sy' "$TOKEN" | base64 -w 8
		printf %s "$TOKEN" | od -An -tx1 | tr -d ' \n'; echo
		python3 -c 'import json, os, urllib.parse; t = os.environ["TOKEN"]; print(urllib.parse.quote(t, safe="")); print(json.dumps({"a": t}))'
		echo "on stderr: $TOKEN" >&2
		echo "pin $PIN"
		exit 9
	SH
	run --separate-stderr "$FETTLE" vault exec -f secrets/app.yaml -- sh program
	[ "$status" = 9 ]
	[[ $output != *planted* && $output != *s3cret* && $stderr != *planted* ]]
	[ "$(grep -c '(hidden)' <<<"$output")" -ge 7 ]
	[[ $output == *"plain (hidden)."* ]]
	[[ $output == *"pin 12"* ]]
	[[ $stderr == *"on stderr: (hidden)"* ]]
	# Nothing that decodes to it is left.
	[[ "$(tr -d '\n' <<<"$output" | grep -o '[A-Za-z0-9+/=]\{8,\}' | while read -r word; do base64 -d <<<"$word" 2>/dev/null; done)" != *planted* ]]
}

@test "vault exec: everything else of a large output passes unchanged" {
	head -c 3000000 /dev/urandom | base64 >big
	run bash -c "'$FETTLE' vault exec -f secrets/app.yaml -- cat big | cmp - big"
	[ "$status" = 0 ]
}

@test "vault exec: --mask-terminal hides secrets on a terminal, too" {
	run script -qec "'$FETTLE' vault exec -f secrets/app.yaml -- sh -c 'echo at \$TOKEN'" /dev/null
	[[ $output == *planted-s3cret/x* ]]
	run script -qec "'$FETTLE' vault exec --mask-terminal -f secrets/app.yaml -- sh -c 'echo at \$TOKEN'" /dev/null
	[[ $output == *"at (hidden)"* && $output != *planted* ]]
	run "$FETTLE" vault exec --mask-terminal --no-mask -f secrets/app.yaml -- true
	[ "$status" = 2 ]
}

@test "vault exec: --no-mask, signals and exit codes" {
	[ "$("$FETTLE" vault exec --no-mask -f secrets/app.yaml -- sh -c 'echo $TOKEN')" = planted-s3cret/x ]
	"$FETTLE" vault exec -f secrets/app.yaml -- sh -c 'trap "exit 5" TERM; echo up >said; while :; do sleep 0.05; done' >out 3>&- &
	child=$!
	wait_until test -s said
	kill -TERM "$child"
	status=0
	wait "$child" || status=$?
	[ "$status" = 5 ]
	run "$FETTLE" vault exec -f secrets/app.yaml -- sh -c 'kill -9 $$'
	[ "$status" = 137 ]
	run "$FETTLE" vault exec -f secrets/app.yaml -- nosuchprogram
	[ "$status" != 0 ]
}

@test "vault exec: a reader that goes away does not hang it" {
	run timeout 20 bash -c "'$FETTLE' vault exec -f secrets/app.yaml -- sh -c 'yes \$TOKEN | head -n 200000' | head -n 1"
	[ "$status" = 0 ]
	[ "$output" = "(hidden)" ]
}
