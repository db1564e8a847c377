#!/usr/bin/env bats
# consul:// against a real Consul (built as a Go module): blocking queries, rights, lost data.

load ../e2e/helpers
load centers

setup_file() {
	consul=$("$BATS_TEST_DIRNAME/../rig/consul/build") || { [ $? = 77 ] && consul=; }
	export consul
}

setup() {
	[ -n "$consul" ] || skip "no Consul on this machine"
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent= server=
	port=$(free_port)
	url=consul://127.0.0.1:$port/app
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	[ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
}

# consul_start [HCL]: a server with its data in ./data
consul_start() {
	cat >consul.hcl <<-HCL
		server = true
		bootstrap_expect = 1
		data_dir = "$PWD/data"
		bind_addr = "127.0.0.1"
		ports { http = $port, server = $(free_port), serf_lan = $(free_port), serf_wan = -1, dns = -1, grpc = -1, grpc_tls = -1 }
		${1:-}
	HCL
	"$consul" agent -config-file consul.hcl >consul.log 2>&1 3>&- &
	server=$!
	wait_until curl -fsS -o /dev/null "http://127.0.0.1:$port/v1/kv/x?keys" || true
	wait_until sh -c "curl -s http://127.0.0.1:$port/v1/status/leader | grep -q :"
}

set_key() {
	printf '%s' "$2" | "$FETTLE" config set "$1" --from "$url" -q "${@:3}"
}

@test "consul: keys are set, read, listed, compared and removed" {
	consul_start
	set_key db/host one
	set_key db/port 5432
	set_key 'odd name/ü' x
	[ "$("$FETTLE" config get db/host --from "$url")" = one ]
	[ "$("$FETTLE" config get 'odd name/ü' --from "$url")" = x ]
	run "$FETTLE" config list --names --from "$url"
	[ "$output" = $'db/host\ndb/port\nodd name/ü' ]
	version=$("$FETTLE" config get db/host --from "$url" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["version"])')
	set_key db/host two --if-version "$version"
	run set_key db/host three --if-version "$version"
	[ "$status" = 5 ]
	"$FETTLE" config rm db/host db/port --from "$url" -q
	run "$FETTLE" config get db/host --from "$url"
	[ "$status" = 1 ]
}

@test "consul: changes are told at once; a killed server and lost data are survived" {
	consul_start
	set_key a 1
	"$FETTLE" config watch --from "$url" >watched 2>log 3>&- &
	agent=$!
	wait_until grep -q 'is *a = 1' watched
	for i in 2 3 4 5; do
		set_key a "$i"
		wait_until grep -q "a = $i" watched
	done
	kill -KILL "$server"
	wait_until grep -q 'trying again' log
	rm -rf data
	consul_start
	wait_until grep -q 'suddenly empty' log
	set_key a reborn
	wait_until grep -q 'a = reborn' watched
	kill -0 "$agent"
}

@test "consul: what the token may not see is not taken for gone" {
	consul_start 'acl { enabled = true, default_policy = "deny", tokens { initial_management = "11111111-1111-1111-1111-111111111111" } }'
	printf '11111111-1111-1111-1111-111111111111\n' >root
	wait_until set_key a 1 --token-file root
	set_key hidden/b 2 --token-file root
	api() { curl -fsS -H "X-Consul-Token: $(cat root)" -X PUT "http://127.0.0.1:$port/v1/acl/$1" -d "$2"; }
	api policy '{"Name":"some","Rules":"key_prefix \"app/a\" { policy = \"read\" }"}' >/dev/null
	api token '{"Policies":[{"Name":"some"}]}' | python3 -c 'import json,sys; print(json.load(sys.stdin)["SecretID"])' >limited
	[ "$("$FETTLE" config get a --from "$url" --token-file limited)" = 1 ]
	run "$FETTLE" config get hidden/b --from "$url" --token-file limited
	[ "$status" = 4 ] || [ "$status" = 1 ]
	printf 'nonsense' >wrong
	run "$FETTLE" config get a --from "$url" --token-file wrong
	[ "$status" = 4 ]
	run --separate-stderr "$FETTLE" config list --names --from "$url" --token-file limited
	[ "$output" = a ]
	[[ $stderr == *"lack of rights"* ]]
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { c: { url: "$url", tokenFile: limited } }
		units: { u: { templates: [ { text: "{{ range tree \"\" }}{{ .Key }} {{ end }}", flavour: consul-template, to: out } ] } }
	YAML
	run "$FETTLE" config render --timeout 5s agent.yaml
	[ "$status" = 5 ]
	[[ $output == *"hides keys"* ]]
	[ ! -e out ]
	sed -i 's|tokenFile: limited|tokenFile: limited, guards: { allowFiltered: true }|' agent.yaml
	"$FETTLE" config render agent.yaml
	[ "$(cat out)" = "a " ]
}

@test "consul: a target of apply" {
	consul_start
	config_set 5432
	whole_life "$url"
}
