#!/usr/bin/env bats
# SOPS documents from the command line.

load helpers

setup() {
	fettle_setup
	for name in $(compgen -e | grep '^SOPS_'); do unset "$name"; done
	fettle vault init -q
	mkdir secrets
	printf '# about\ndb:\n  password: hunter2   # inline\n  port: 5432\nlist: [a, "b"]\n' >secrets/prod.yaml
	cp secrets/prod.yaml plain.yaml
}

@test "vault init: makes a private key and rules that sops can read" {
	[ "$(stat -c %a "$XDG_CONFIG_HOME/sops/age/keys.txt")" = 600 ]
	grep -q '^AGE-SECRET-KEY-1' "$XDG_CONFIG_HOME/sops/age/keys.txt"
	grep -q "age1" .sops.yaml
	run --separate-stderr fettle vault init
	[ "$status" -eq 5 ]
	assert_talk_has "is there already"
}

@test "vault encrypt: hides values, keeps names and comments' places, and decrypts to the same bytes" {
	fettle vault encrypt -q --in-place secrets/prod.yaml
	run grep -c 'hunter2\|5432\|about\|inline' secrets/prod.yaml
	[ "$output" = 0 ]
	grep -q '^  password: ENC\[AES256_GCM,data:' secrets/prod.yaml
	run fettle vault decrypt secrets/prod.yaml
	[ "$output" = "$(sed 's/"b"/b/' plain.yaml)" ]
}

@test "vault encrypt: takes the files of a folder that the rules name, once" {
	echo 'x=1' >secrets/app.env
	echo 'not a secret' >readme.txt
	run --separate-stderr fettle vault encrypt -i .
	[ "$status" -eq 0 ]
	assert_talk_has "encrypted 2 files"
	[ "$(cat readme.txt)" = "not a secret" ]
	before=$(cat secrets/prod.yaml)
	run --separate-stderr fettle vault encrypt -i .
	assert_talk_has "nothing to encrypt"
	[ "$before" = "$(cat secrets/prod.yaml)" ]
	run --separate-stderr fettle vault encrypt -i secrets/prod.yaml
	[ "$status" -eq 5 ]
}

@test "vault encrypt: --like leaves an unchanged file byte by byte as it was" {
	fettle vault encrypt -q -i secrets/prod.yaml
	fettle vault encrypt --like secrets/prod.yaml -O again.yaml secrets/../plain.yaml -r "$(sed -n 's/^      - //p' .sops.yaml)"
	cmp again.yaml secrets/prod.yaml
}

in_git() {
	git init -q -b main .
	git add .sops.yaml secrets
	git -c user.name=t -c user.email=t@e commit -qm one
}

@test "vault encrypt: in place, what did not change keeps the ciphertext git has" {
	fettle vault encrypt -q -i secrets/prod.yaml
	in_git
	fettle vault decrypt -i secrets/prod.yaml
	fettle vault encrypt -q -i .
	git diff --exit-code
	fettle vault decrypt -i secrets/prod.yaml
	sed -i 's/hunter2/hunter3/' secrets/prod.yaml
	(cd secrets && fettle vault encrypt -q -i prod.yaml)
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = hunter3 ]
	# `lastmodified` changes too, unless all this was within a second.
	changed=$(git diff -U0 | sed -n 's/^+ *\([a-z]*\):.*/\1/p' | grep -v lastmodified)
	[ "$changed" = $'password\nmac' ]
}

@test "vault encrypt: in place, --fresh and other recipients make every ciphertext new" {
	fettle vault encrypt -q -i secrets/prod.yaml
	in_git
	port=$(grep port: secrets/prod.yaml)
	fettle vault decrypt -i secrets/prod.yaml
	fettle vault encrypt -q -i --fresh secrets/prod.yaml
	run grep -cF "$port" secrets/prod.yaml
	[ "$output" = 0 ]
	fettle vault decrypt -i secrets/prod.yaml
	other=$(fettle vault age keygen | sed -n 's/^# public key: //p')
	[ -n "$other" ]
	sed -i "s/^      - age1.*/&\n      - $other/" .sops.yaml
	fettle vault encrypt -q -i secrets/prod.yaml
	run grep -cF "$port" secrets/prod.yaml
	[ "$output" = 0 ]
	fettle vault decrypt -i secrets/prod.yaml
	run --separate-stderr fettle vault encrypt -i --fresh --like secrets/prod.yaml secrets/prod.yaml
	[ "$status" -eq 2 ]
}

@test "vault encrypt: in place, a version in git that no key opens is no obstacle" {
	fettle vault encrypt -q -i secrets/prod.yaml
	in_git
	fettle vault decrypt -i secrets/prod.yaml
	mv "$XDG_CONFIG_HOME/sops/age/keys.txt" aside
	fettle vault encrypt -q -i secrets/prod.yaml
	mv aside "$XDG_CONFIG_HOME/sops/age/keys.txt"
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = hunter2 ]
}

@test "vault set: changes three lines, takes no value from the command line" {
	fettle vault encrypt -q -i secrets/prod.yaml
	cp secrets/prod.yaml before.yaml
	sleep 1.1
	echo s3cret | fettle vault set secrets/prod.yaml:db.password
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = s3cret ]
	[ "$(diff before.yaml secrets/prod.yaml | grep -c '^>')" -eq 3 ]
	run --separate-stderr fettle vault set secrets/prod.yaml:db.password s3cret
	[ "$status" -eq 2 ]
	cp secrets/prod.yaml before.yaml
	run --separate-stderr bash -c 'echo s3cret | "$FETTLE" vault set secrets/prod.yaml:db.password'
	assert_talk_has "has this value already"
	cmp before.yaml secrets/prod.yaml
}

@test "vault set and rm: new paths, types, lists" {
	fettle vault encrypt -q -i secrets/prod.yaml
	echo 8443 | fettle vault set -q -t int secrets/prod.yaml:web.tls.port
	echo c | fettle vault set -q 'secrets/prod.yaml:list[2]'
	run fettle vault get secrets/prod.yaml:
	[ "$status" -eq 0 ]
	assert_output '{"db":{"password":"hunter2","port":5432},"list":["a","b","c"],"web":{"tls":{"port":8443}}}'
	fettle vault rm -q secrets/prod.yaml:web
	fettle vault rm -q 'secrets/prod.yaml:list[0]'
	run fettle vault get secrets/prod.yaml:list
	assert_output '["b","c"]'
	run --separate-stderr bash -c 'echo x | "$FETTLE" vault set -t int secrets/prod.yaml:db.port'
	[ "$status" -eq 2 ]
	assert_talk_has "not of the type"
}

@test "vault get: names what is near, never a value" {
	fettle vault encrypt -q -i secrets/prod.yaml
	run --separate-stderr fettle vault get secrets/prod.yaml:db.passwort
	[ "$status" -ne 0 ]
	assert_talk_has "did you mean 'password'?"
	[[ $stderr != *hunter2* ]]
}

@test "vault decrypt: notices foreign changes, and opens all the same with --ignore-mac" {
	fettle vault encrypt -q -i secrets/prod.yaml
	sed -i '/port:/d' secrets/prod.yaml
	run --separate-stderr fettle vault decrypt secrets/prod.yaml
	[ "$status" -eq 3 ]
	assert_output ""
	assert_talk_has "the MAC of 'secrets/prod.yaml' does not fit"
	run fettle vault decrypt --ignore-mac secrets/prod.yaml
	[ "$status" -eq 0 ]
	assert_has "hunter2"
}

@test "vault decrypt: without a key it says whom the file is for" {
	fettle vault encrypt -q -i secrets/prod.yaml
	rm "$XDG_CONFIG_HOME/sops/age/keys.txt"
	run --separate-stderr fettle vault decrypt secrets/prod.yaml
	[ "$status" -eq 4 ]
	assert_talk_has "it is encrypted for age1"
	SOPS_AGE_KEY=AGE-SECRET-KEY-1NONSENSE run --separate-stderr fettle vault decrypt secrets/prod.yaml
	[ "$status" -eq 4 ]
	assert_talk_has "SOPS_AGE_KEY:1:1"
	[[ $stderr != *NONSENSE* ]]
}

@test "vault: keys from a variable, a file and a command" {
	fettle vault encrypt -q -i secrets/prod.yaml
	mv "$XDG_CONFIG_HOME/sops/age/keys.txt" key.txt
	export key=$PWD/key.txt
	SOPS_AGE_KEY_FILE=$key fettle vault get secrets/prod.yaml:db.port
	SOPS_AGE_KEY_CMD="cat '$key'" fettle vault get secrets/prod.yaml:db.port
	SOPS_AGE_KEY=$(grep AGE- "$key") fettle vault get secrets/prod.yaml:db.port
}

@test "vault list: names and recipients without a key" {
	fettle vault encrypt -q -i secrets/prod.yaml
	rm -r "$XDG_CONFIG_HOME/sops"
	run fettle vault list
	assert_has "secrets/prod.yaml  db.port      int"
	assert_lacks "sops"
	run fettle vault list --recipients
	assert_has "age   age1"
	run fettle vault list -o json
	[ "$(jq -r '.[0].values[] | select(.path == "list[1]").encrypted' <<<"$output")" = true ]
}

@test "vault check: finds plain files, plain values and foreign recipients without a key" {
	run fettle vault check
	[ "$status" -eq 1 ]
	assert_has "secrets/prod.yaml:1:1: the file is not encrypted"
	fettle vault encrypt -q -i .
	rm -r "$XDG_CONFIG_HOME/sops"
	run fettle vault check
	[ "$status" -eq 0 ]
	sed -i 's/^  password:.*/  password: fresh/' secrets/prod.yaml
	sed -i 's/      - age1.*/      - age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqs3290gq/' .sops.yaml
	run fettle vault check
	[ "$status" -eq 1 ]
	assert_has "secrets/prod.yaml:3:13: db.password: the value is not encrypted"
	assert_has "can be opened by one not in .sops.yaml: age age1"
	assert_lacks fresh
	run fettle vault check -o json
	[ "$(jq length <<<"$output")" -eq 3 ]
}

@test "vault check --mac: finds values that were exchanged" {
	fettle vault encrypt -q -i .
	fettle vault check -q --mac
	sed -i 's/^  port:/  prot:/' secrets/prod.yaml
	fettle vault check -q
	run fettle vault check --mac
	[ "$status" -eq 1 ]
	assert_has "db.prot"
}

@test "vault: other formats come back as they were" {
	printf 'A=hunter2\n# c\nB=two\\nlines\n' >secrets/a.env
	printf '; c\n[s]\nk = v ; behind\nq: `a;b`\n' >secrets/b.ini
	printf '{"a": [1, 2.5, null, true], "b": {"c": "hunter2"}}' >secrets/c.json
	head -c 3000 /dev/urandom | base64 >secrets/d.bin
	cp -r secrets before
	fettle vault encrypt -q -i .
	run grep -rc hunter2 secrets
	[[ $output != *:1* ]]
	fettle vault decrypt -q -i secrets
	cmp secrets/a.env before/a.env
	cmp secrets/c.json before/c.json
	cmp secrets/d.bin before/d.bin
	printf '; c\n[s]\n; behind\nk = v\nq: `a;b`\n' >expected
	cmp secrets/b.ini expected
}

@test "vault: several documents, and a place in the second one" {
	printf 'a: 1\n---\na: 2\n' >secrets/two.yaml
	fettle vault encrypt -q -i secrets/two.yaml
	[ "$(fettle vault get --document 1 secrets/two.yaml:a)" = 2 ]
	echo new | fettle vault set -q --document 1 secrets/two.yaml:b
	run fettle vault decrypt secrets/two.yaml
	assert_output "$(printf 'a: 1\n---\na: 2\nb: new')"
}

@test "vault: encrypted manifests are applied from memory and never shown" {
	mkdir m
	cat >m/app.yaml <<-'M'
	apiVersion: host.fettle.dev/v1
	kind: File
	metadata:
	  name: app
	spec:
	  path: /etc/app.conf
	  mode: "0600"
	  content: |
	    password = hunter2
	M
	fettle vault encrypt -q -i -r "$(sed -n 's/^      - //p' .sops.yaml)" --encrypted-regex '^content$' m/app.yaml
	run cat m/app.yaml
	assert_lacks hunter2
	run fettle render m
	[ "$status" -eq 0 ]
	assert_lacks hunter2
	assert_has "(hidden)"
	run -2 fettle render --show-secrets m
	assert_has "terminal or a file"
	assert_lacks hunter2
	fettle render --show-secrets --out shown.yaml m
	grep -q 'password = hunter2' shown.yaml
	[ "$(stat -c %a shown.yaml)" = 600 ]
	rm shown.yaml
	run fettle diff --root sandbox m
	[ "$status" -eq 1 ]
	assert_lacks hunter2
	run fettle diff -o json --root sandbox m
	assert_lacks hunter2
	fettle apply --yes -q --root sandbox m
	[ "$(cat sandbox/etc/app.conf)" = "password = hunter2" ]
	run grep -rl hunter2 "$HOME" m
	[ "$status" -ne 0 ]
	run fettle diff --root sandbox m
	[ "$status" -eq 0 ]
	sed -i 's/0600/0644/' m/app.yaml
	run --separate-stderr fettle diff --root sandbox m
	[ "$status" -eq 3 ]
	assert_talk_has "the MAC of 'm/app.yaml' does not fit"
	rm "$XDG_CONFIG_HOME/sops/age/keys.txt"
	run --separate-stderr fettle apply --yes --root sandbox m
	[ "$status" -eq 4 ]
	assert_talk_has "no key here is meant by it"
}

@test "vault edit: through an editor in memory, only what changed is written anew" {
	[ -w /dev/shm ] || skip "no folder in memory"
	fettle vault encrypt -q -i secrets/prod.yaml
	cp secrets/prod.yaml before.yaml
	cat >editor <<-'M'
	#!/bin/sh
	echo "$1" >>"$HOME/seen"
	stat -f -c %T "$1" >>"$HOME/seen"
	stat -c %a "$1" >>"$HOME/seen"
	sed -i 's/hunter2/s3cret/' "$1"
	M
	chmod +x editor
	EDITOR=true run --separate-stderr fettle vault edit secrets/prod.yaml
	assert_talk_has "nothing changed"
	cmp before.yaml secrets/prod.yaml
	sleep 1.1
	EDITOR=$PWD/editor fettle vault edit secrets/prod.yaml
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = s3cret ]
	[ "$(diff before.yaml secrets/prod.yaml | grep -c '^>')" -eq 3 ]
	grep -q tmpfs "$HOME/seen"
	grep -q 600 "$HOME/seen"
	[ ! -e "$(head -n 1 "$HOME/seen")" ]
	[ ! -e "$(dirname "$(head -n 1 "$HOME/seen")")" ]
}

@test "vault edit: a broken text changes nothing, and no plain text is left behind" {
	[ -w /dev/shm ] || skip "no folder in memory"
	fettle vault encrypt -q -i secrets/prod.yaml
	cp secrets/prod.yaml before.yaml
	printf '#!/bin/sh\necho "$1" >"$HOME/seen"; echo "[" >>"$1"\n' >editor
	chmod +x editor
	EDITOR=$PWD/editor run --separate-stderr fettle --no-input vault edit secrets/prod.yaml
	[ "$status" -eq 2 ]
	[[ $stderr != *hunter2* ]]
	cmp before.yaml secrets/prod.yaml
	[ ! -e "$(cat "$HOME/seen")" ]
}

@test "vault exec: variables, arguments, exit code; nothing in the arguments" {
	printf 'A=hunter2\nB=two words\n' >secrets/app.env
	fettle vault encrypt -q -i .
	run fettle vault exec --no-mask -f secrets/app.env -- sh -c 'echo "$A/$B/$1"; tr "\0" " " </proc/$PPID/cmdline; exit 7' x 'a b'
	[ "$status" -eq 7 ]
	assert_has "hunter2/two words/a b"
	[ "$(grep -c hunter2 <<<"$output")" -eq 1 ]
	run fettle vault exec --no-mask -f secrets/prod.yaml:db -- sh -c 'echo "$password $port"'
	assert_output "hunter2 5432"
	run --separate-stderr fettle vault exec -f secrets/prod.yaml -- true
	[ "$status" -eq 2 ]
	assert_talk_has "cannot be a variable"
	run fettle vault exec -f secrets/app.env -- sh -c 'kill -TERM $$'
	[ "$status" -eq 143 ]
}

@test "vault recipients: adding wraps for the new one only, removing means new data keys" {
	printf 'x=1\n' >secrets/app.env
	fettle vault encrypt -q -i .
	own=$(sed -n 's/^      - //p' .sops.yaml)
	mkdir -p "$HOME/alice"
	XDG_CONFIG_HOME=$HOME/alice fettle vault init -q "$HOME/alice/repo"
	alice=$(sed -n 's/^      - //p' "$HOME/alice/repo/.sops.yaml")
	cp secrets/prod.yaml before.yaml
	run --separate-stderr fettle vault recipients add "alice=$alice"
	[ "$status" -eq 0 ]
	assert_talk_has "added to 2 files"
	[ "$(XDG_CONFIG_HOME=$HOME/alice fettle vault get secrets/prod.yaml:db.password)" = hunter2 ]
	diff <(grep -v sops: before.yaml | grep 'ENC\[') <(grep 'ENC\[' secrets/prod.yaml)
	run fettle vault recipients list
	assert_has "alice  2      age   $alice"
	fettle vault check
	cp secrets/prod.yaml before.yaml
	run --separate-stderr fettle vault recipients remove alice
	[ "$status" -eq 0 ]
	assert_talk_has "2 files have a new data key"
	run --separate-stderr env XDG_CONFIG_HOME="$HOME/alice" "$FETTLE" vault get secrets/prod.yaml:db.password
	[ "$status" -eq 4 ]
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = hunter2 ]
	run bash -c "grep -F -f <(grep -o 'data:[^,]*' before.yaml) secrets/prod.yaml"
	assert_output ""
	! grep -q "$alice" .sops.yaml .sops-names.yaml secrets/prod.yaml
	grep -q "$own" .sops.yaml
	run --separate-stderr fettle vault recipients remove "$own"
	[ "$status" -eq 5 ]
	assert_talk_has "without recipients"
}

@test "vault recipients remove: a file that cannot be opened stops all of it" {
	fettle vault encrypt -q -i .
	XDG_CONFIG_HOME=$HOME/alice fettle vault init -q "$HOME/alice/repo"
	alice=$(sed -n 's/^      - //p' "$HOME/alice/repo/.sops.yaml")
	fettle vault recipients add -q "alice=$alice"
	printf 'y: 1\n' >foreign.yaml
	fettle vault encrypt -q -i -r "$alice" foreign.yaml
	mv foreign.yaml secrets/
	cp -r . "$HOME/before"
	run --separate-stderr fettle vault recipients remove alice
	[ "$status" -eq 4 ]
	assert_talk_has "nothing was changed"
	diff -r . "$HOME/before"
}

@test "vault: ssh keys open files too" {
	command -v ssh-keygen >/dev/null || skip "no ssh-keygen"
	mkdir -m 700 "$HOME/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	fettle vault encrypt -q -i -r "$(cut -d' ' -f1-2 "$HOME/.ssh/id_ed25519.pub")" secrets/prod.yaml
	rm "$XDG_CONFIG_HOME/sops/age/keys.txt"
	[ "$(fettle vault get secrets/prod.yaml:db.password)" = hunter2 ]
}
