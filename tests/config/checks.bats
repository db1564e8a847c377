#!/usr/bin/env bats
# What a result must be beyond its syntax: JSON Schema and fettle lint.

load ../e2e/helpers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	mkdir conf
	echo 80 >conf/port
	cat >agent.yaml <<-'END'
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { c: { url: "file:conf" } }
		units:
		  u:
		    templates:
		      - { text: "port: {{ key \"port\" }}\n", flavour: consul-template, to: out.yaml, schema: schema.json }
		      - { from: pod.ctmpl, to: pod.yaml, lint: default }
	END
	echo '{"type":"object","properties":{"port":{"type":"integer","maximum":100}}}' >schema.json
	pod command '["{{ key "port" }}"]'
}

pod() {
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: "x:1", %s: %s}]}\n' "$1" "$2" >pod.ctmpl
}

@test "checks: what does not fit its JSON Schema is not swapped" {
	run -0 fettle config render agent.yaml
	[ "$(head -n 1 out.yaml)" = "port: 80" ]
	echo 4711 >conf/port
	run -5 --separate-stderr fettle config render agent.yaml
	assert_talk_has "out.yaml: port: must be at most 100"
	[[ $stderr != *4711* ]]
	[ "$(head -n 1 out.yaml)" = "port: 80" ]
}

@test "checks: what lint finds wrong is not swapped" {
	pod comand '["x"]'
	run -5 --separate-stderr fettle config render agent.yaml
	assert_talk_has "did you mean 'command'"
	assert_talk_has "[schema-unknown-field]"
	[ ! -e pod.yaml ]
	[ ! -e out.yaml ]
	pod command '["x"]'
	run -0 fettle config render agent.yaml
	[ -e pod.yaml ]
}

@test "checks: a schema that is none is told when the configuration is read" {
	echo '{"properties": {"port": 3}}' >schema.json
	run -2 --separate-stderr fettle config render agent.yaml
	assert_talk_has "schema.json:1:25"
	echo '{"$ref": "https://example.com/other.json"}' >schema.json
	run -2 --separate-stderr fettle config render agent.yaml
	assert_talk_has "is not in this document"
	sed -i 's/lint: default/lint: loud/' agent.yaml
	run -2 --separate-stderr fettle config render agent.yaml
	assert_talk_has "agent.yaml:8:48"
}
