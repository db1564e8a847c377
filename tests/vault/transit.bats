#!/usr/bin/env bats
# SOPS documents with Vault transit keys, beside a stand-in that follows the documented API
# (tests/rig/stand-ins/transit.py); real sops reads and writes the same documents where it can be built.

load ../e2e/helpers
load ../config/centers

setup() {
	fettle_setup
	local name
	for name in $(compgen -e | grep -E '^(SOPS|VAULT|BAO)_'); do unset "$name"; done
	port=$(free_port)
	python3 "$BATS_TEST_DIRNAME/../rig/stand-ins/transit.py" "$port" t0ken log >server.log 2>&1 3>&- &
	server=$!
	wait_until curl -s -o answer "http://127.0.0.1:$port/"
	export VAULT_ADDR=http://127.0.0.1:$port VAULT_TOKEN=t0ken
	mkdir secrets
	printf 'creation_rules:\n  - path_regex: ^secrets/\n    hc_vault_transit_uri: http://127.0.0.1:%s/v1/transit/keys/app\n' "$port" >.sops.yaml
	echo 'db: { password: planted }' >secrets/a.yaml
}

teardown() {
	kill -KILL "$server" 2>/dev/null || true
}

@test "transit: encrypt, open, set, check, and a new data key" {
	"$FETTLE" vault encrypt -q -i secrets/a.yaml
	grep -q 'engine_path: transit' secrets/a.yaml
	grep -q 'enc: vault:v1:' secrets/a.yaml
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	printf other | "$FETTLE" vault set -q secrets/a.yaml:db.password
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = other ]
	"$FETTLE" vault check
	# Another key: the old one is gone, so the data key is a new one.
	before=$(grep 'enc: ' secrets/a.yaml)
	sed -i 's|keys/app|keys/next|' .sops.yaml
	run "$FETTLE" vault check
	[ "$status" = 1 ]
	"$FETTLE" vault recipients sync -q
	grep -q 'key_name: next' secrets/a.yaml
	[ "$(grep 'enc: ' secrets/a.yaml)" != "$before" ]
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = other ]
	! grep -q planted log
}

@test "transit: the server is the user's, never the document's" {
	"$FETTLE" vault encrypt -q -i secrets/a.yaml
	: >log
	# The same document with another address opens by the user's server; without one nothing is asked.
	sed -i 's|vault_address: .*|vault_address: http://127.0.0.1:1|' secrets/a.yaml
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	sed -i "s|vault_address: .*|vault_address: http://127.0.0.1:$port|" secrets/a.yaml
	: >log
	VAULT_ADDR='' run "$FETTLE" vault get secrets/a.yaml:db.password
	[ "$status" = 4 ]
	assert_has "VAULT_ADDR"
	[ ! -s log ]
	# Nor does it choose the place of the API.
	sed -i 's|key_name: app|key_name: ../../sys/seal|' secrets/a.yaml
	run "$FETTLE" vault get secrets/a.yaml:db.password
	[ "$status" = 4 ]
	[ ! -s log ]
}

@test "transit: tokens, and what the server refuses" {
	"$FETTLE" vault encrypt -q -i secrets/a.yaml
	VAULT_TOKEN=wrong run "$FETTLE" vault get secrets/a.yaml:db.password
	[ "$status" = 4 ]
	assert_has "permission denied"
	unset VAULT_TOKEN
	run "$FETTLE" vault get secrets/a.yaml:db.password
	[ "$status" = 4 ]
	assert_has ".vault-token"
	echo t0ken >"$HOME/.vault-token"
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	unset VAULT_ADDR
	[ "$(BAO_ADDR=http://127.0.0.1:$port "$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	printf 'creation_rules:\n  - hc_vault_transit_uri: http://127.0.0.1/transit/app\n' >.sops.yaml
	run "$FETTLE" vault check
	[ "$status" = 2 ]
	assert_has "/v1/transit/keys/app"
	assert_has ".sops.yaml:2:"
}

@test "transit: with an age recipient beside it no server is needed" {
	"$FETTLE" vault age keygen -o key.txt 2>/dev/null
	sed -i "s|    hc_vault|    age: $(grep -o 'age1.*' key.txt | head -1)\n    hc_vault|" .sops.yaml
	"$FETTLE" vault encrypt -q -i secrets/a.yaml
	: >log
	[ "$(SOPS_AGE_KEY_FILE=$PWD/key.txt VAULT_ADDR='' "$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	[ ! -s log ]
	[ "$("$FETTLE" vault get secrets/a.yaml:db.password)" = planted ]
	[ -s log ]
}

@test "transit: real sops opens ours, and ours opens its" {
	rig=$(HOME=$(getent passwd "$(id -u)" | cut -d: -f6) XDG_CACHE_HOME='' "$BATS_TEST_DIRNAME/../rig/sops/build") || skip "no sops to compare with"
	"$FETTLE" vault encrypt -q -i secrets/a.yaml
	[ "$("$rig/sops" -d --extract '["db"]["password"]' secrets/a.yaml)" = planted ]
	echo 'token: planted-2' >secrets/b.yaml
	"$rig/sops" -e -i secrets/b.yaml
	[ "$("$FETTLE" vault get secrets/b.yaml:token)" = planted-2 ]
	"$FETTLE" vault check
	printf x | "$FETTLE" vault set -q secrets/b.yaml:more
	[ "$("$rig/sops" -d --extract '["more"]' secrets/b.yaml)" = x ]
}
