#!/usr/bin/env bats
# vault import and export: values from elsewhere into an encrypted file, and out again.

load ../e2e/helpers

setup() {
	fettle_setup
	"$FETTLE" vault init >/dev/null 2>&1
	mkdir -p secrets
}

# The plain text is nowhere but where it came from.
assert_sealed() {
	! grep -q "$1" secrets/* || fail_with "in plain" "$1" "in" "$(cat secrets/*)"
}

@test "vault import: a dotenv file becomes a YAML document, and goes back" {
	printf 'DB_HOST=h1\nexport DB_PASSWORD="planted value"\n# note\n' >.env
	"$FETTLE" vault import .env secrets/app.yaml
	assert_sealed planted
	[ "$("$FETTLE" vault get secrets/app.yaml:DB_PASSWORD)" = "planted value" ]
	"$FETTLE" vault check
	[ "$("$FETTLE" vault export secrets/app.yaml)" = $'DB_HOST=h1\nDB_PASSWORD=planted value' ]
}

@test "vault import: Secret manifests lose their base64, and export makes one again" {
	cat >secret.yaml <<-YAML
		apiVersion: v1
		kind: Secret
		metadata: { name: app }
		data: { user: $(printf 'planted-user' | base64), bin: $(printf 'a\377b' | base64) }
		stringData: { token: planted-token }
	YAML
	sed -i '/bin/s/, bin: [^ ]*//' secret.yaml
	"$FETTLE" vault import - secrets/app.yaml <secret.yaml
	assert_sealed planted
	"$FETTLE" vault export secrets/app.yaml --format secret --name app --namespace shop >out.json
	python3 - out.json <<-'PY'
		import base64, json, sys
		secret = json.load(open(sys.argv[1]))
		assert secret["kind"] == "Secret" and secret["metadata"] == {"name": "app", "namespace": "shop"}, secret
		assert {k: base64.b64decode(v) for k, v in secret["data"].items()} == {"user": b"planted-user", "token": b"planted-token"}, secret
	PY
	printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {x: "1"}\n' | cat secret.yaml - >two.yaml
	"$FETTLE" vault import two.yaml secrets/two.yaml
	[ "$("$FETTLE" vault get secrets/two.yaml:b.x)" = 1 ]
	[ "$("$FETTLE" vault get secrets/two.yaml:app.user)" = planted-user ]
}

@test "vault import: a folder of files, one line feed and all, into JSON and back into a folder" {
	mkdir -p in/db
	printf 'planted\nlines\n' >in/db/cert
	printf 1 >in/n
	"$FETTLE" vault import in secrets/app.json
	assert_sealed planted
	"$FETTLE" vault export secrets/app.json --format folder --out out
	diff -r in out
	[ "$(stat -c %a out/db/cert)" = 600 ]
	run "$FETTLE" vault export secrets/app.json
	[ "$status" = 2 ]
	[[ $output == *"several lines"* ]]
}

@test "vault import: refuses what is there, what is empty, and what is no Secret" {
	printf 'A=1\n' >.env
	"$FETTLE" vault import .env secrets/a.yaml
	cp secrets/a.yaml before
	run "$FETTLE" vault import .env secrets/a.yaml
	[ "$status" = 5 ] || [ "$status" = 3 ]
	cmp secrets/a.yaml before
	: >empty.env
	run "$FETTLE" vault import empty.env secrets/b.yaml
	[ "$status" = 2 ]
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n' >cm.yaml
	run "$FETTLE" vault import cm.yaml secrets/c.yaml
	[ "$status" = 2 ]
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: "planted!"}\n' >bad.yaml
	run "$FETTLE" vault import bad.yaml secrets/d.yaml
	[ "$status" = 2 ]
	[[ $output != *planted* ]]
	[ ! -e secrets/d.yaml ]
}

@test "vault export: not onto a terminal, and nothing is replaced unasked" {
	printf 'A=planted\n' >.env
	"$FETTLE" vault import .env secrets/a.yaml
	run on_terminal "$FETTLE" vault export secrets/a.yaml
	[[ $output == *"on the terminal"* ]]
	[[ $output != *planted* ]]
	echo mine >out
	run "$FETTLE" vault export secrets/a.yaml --out out
	[ "$status" = 5 ]
	[ "$(cat out)" = mine ]
	"$FETTLE" vault export secrets/a.yaml --out out --force
	[ "$(cat out)" = A=planted ]
	[ "$(stat -c %a out)" = 600 ]
}
