#!/usr/bin/env bats
# vault:// against a stand-in that follows the documented API (tests/rig/stand-ins/vault.py).

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent=
	port=$(free_port)
	url=vault://127.0.0.1:$port/secret
	printf '%s' '{"tokens": ["t0"], "roles": {"r1": "s1"}, "secrets": {"db": {"user": "u", "password": "p4ssword"},
		"team/api": {"key": "k", "port": 80}}}' >vault.json
	python3 "$BATS_TEST_DIRNAME/../rig/stand-ins/vault.py" "$port" vault.json >vault.log 2>&1 3>&- &
	vault=$!
	wait_until sh -c "curl -s http://127.0.0.1:$port/ | grep -q errors"
	printf 't0\n' >token
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	kill -KILL "$vault" 2>/dev/null || true
}

@test "vault: fields of secrets are keys, folders are followed" {
	run "$FETTLE" config list --names --from "$url" --token-file token
	[ "$output" = $'db/password\ndb/user\nteam/api/key\nteam/api/port' ]
	[ "$("$FETTLE" config get team/api/port --from "$url" --token-file token)" = 80 ]
	[ "$("$FETTLE" config get user --from "$url/db" --token-file token)" = u ]
	run "$FETTLE" config get db/nope --from "$url" --token-file token
	[ "$status" = 1 ]
	[ "$(VAULT_TOKEN=t0 "$FETTLE" config get db/user --from "$url")" = u ]
	run "$FETTLE" config get db/user --from "$url"
	[ "$status" = 4 ]
}

@test "vault: templates of consul-template find their secrets, and changes are seen" {
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { v: { url: "$url", tokenFile: token, poll: 100ms } }
		units:
		  u:
		    templates:
		      - { text: '{{ with secret "secret/data/db" }}{{ .Data.data.user }}:{{ .Data.data.password }}{{ end }}', flavour: consul-template, to: out }
	YAML
	agent_start
	wait_until holds out u:p4ssword
	sed 's/p4ssword/fresh0ne/' vault.json >new && mv new vault.json
	wait_until holds out u:fresh0ne
	kill -KILL "$vault"
	wait_until grep -q 'the source fails' log
	holds out u:fresh0ne
	! grep -rq 'p4ssword\|fresh0ne' log state
}

@test "vault: AppRole signs in, and again when its token ran out" {
	printf s1 >secret-id
	printf s2 >wrong-id
	[ "$("$FETTLE" config get db/user --from "$url" --user r1 --password-file secret-id)" = u ]
	run "$FETTLE" config get db/user --from "$url" --user r1 --password-file wrong-id
	[ "$status" = 4 ]
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { v: { url: "$url", user: r1, passwordFile: secret-id, poll: 100ms } }
		units: { u: { templates: [ { text: '{{ key "db/user" }}', flavour: consul-template, to: out } ] } }
	YAML
	agent_start
	wait_until holds out u
	sed 's/"tokens"/"revoke_all": true, "tokens"/; s/"user": "u"/"user": "later"/' vault.json >new && mv new vault.json
	wait_until grep -q 'the source fails' log
	sed 's/"revoke_all": true, //' vault.json >new && mv new vault.json
	wait_until holds out later
}

@test "vault: a folder that may not be listed is told as such, not taken for empty" {
	sed 's/"roles"/"forbidden_lists": [""], "roles"/' vault.json >new && mv new vault.json
	run "$FETTLE" config list --from "$url" --token-file token
	[ "$status" = 4 ]
	[ "$("$FETTLE" config get db/user --from "$url" --token-file token)" = u ]
}

@test "vault: fields are changed, all of a secret at once, and only what nobody changed" {
	as=(--from "$url" --token-file token)
	printf new | "$FETTLE" config set db/password "${as[@]}" -q
	[ "$("$FETTLE" config get db/password "${as[@]}")" = new ]
	[ "$("$FETTLE" config get db/user "${as[@]}")" = u ]
	printf x | "$FETTLE" config set fresh/a "${as[@]}" -q
	version=$("$FETTLE" config get db/user "${as[@]}" -o json | jq .version)
	run "$FETTLE" config set db/user "${as[@]}" --if-version "$((version - 1))" <<<y
	[ "$status" = 5 ]
	"$FETTLE" config set db/user "${as[@]}" --if-version "$version" <<<y
	run "$FETTLE" config set db/user "${as[@]}" --if-version 0 <<<z
	[ "$status" = 5 ]
	run -0 fettle config history db/password "${as[@]}" --show-secrets
	"$FETTLE" config rm fresh/a "${as[@]}" -q
	run "$FETTLE" config get fresh/a "${as[@]}"
	[ "$status" = 1 ]
	printf again | "$FETTLE" config set fresh/a "${as[@]}" -q
	[ "$("$FETTLE" config get fresh/a "${as[@]}")" = again ]
	run "$FETTLE" config set lonely "${as[@]}" <<<x
	[ "$status" = 2 ]
	# Signed in by role, and as a center.
	printf s1 >secret
	printf role | "$FETTLE" config set db/by --from "$url" --user r1 --password-file secret -q
	[ "$("$FETTLE" config get db/by "${as[@]}")" = role ]
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: app}\nspec: {path: app, data: {db: {host: h, port: 1}, web: {port: 2}}}\n' >m.yaml
	export VAULT_TOKEN=t0
	run -0 fettle apply m.yaml --name shop --center "$url" --yes
	[ "$("$FETTLE" config get app/db/port --from "$url")" = 1 ]
	sed -i 's/, port: 1//' m.yaml
	run -0 fettle apply m.yaml --name shop --center "$url" --yes
	run "$FETTLE" config list --names app --from "$url"
	[ "$output" = $'db/host\nweb/port' ]
	run -0 fettle apply m.yaml --name shop --center "$url" --yes
	assert_has "1 unchanged"
}
