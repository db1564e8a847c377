#!/usr/bin/env bats
# Secrets: planted ones of 60 formats, look-alikes, redaction, history.

load ../e2e/helpers

setup() {
	GO_HOME=$HOME
	fettle_setup
}

@test "secrets: 200 planted ones are found, 200 look-alikes are not, none is shown" {
	run -0 python3 "$BATS_TEST_DIRNAME/secrets.py" "$FETTLE" "$PWD/set"
	assert_has "fettle: 200 of 200 planted, 0 of 200 innocent"
}

# A token with a right checksum, made here so that none is written in this file.
token() {
	python3 - <<-'PY'
	import zlib
	digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body = "Zq8vT2mXw4Rk7Pn1Ls6Hd3Bf9Gj5Cy"
	crc, tail = zlib.crc32(body.encode()), ""
	for _ in range(6):
	    crc, digit = divmod(crc, 62)
	    tail = digits[digit] + tail
	print("gh" + "p_" + body + tail)
	PY
}

@test "secrets: the report shows neither the secret nor its line, in no format" {
	local secret
	secret=$(token)
	printf 'token: %s\n' "$secret" >a.yaml
	for format in text json jsonl sarif junit github gitlab; do
		run -1 fettle lint --select secrets -o $format a.yaml
		assert_has "secret-github-token"
		assert_lacks "$secret"
		assert_lacks "${secret:6:20}"
	done
	run -1 bash -c "script -qec '$FETTLE lint --select secrets a.yaml' /dev/null"
	assert_lacks "${secret:6:20}"
}

@test "secrets: base64 in the data of a Kubernetes Secret hides nothing" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  token: %s\n' "$(token | base64 -w0)" >a.yaml
	run -1 fettle lint --select secrets a.yaml
	assert_has "a.yaml:5:10: error[secret-github-token]"
	assert_has "in base64"
}

@test "secrets: what the line, .gitleaksignore or a suppression allows is not told" {
	printf 'token: %s # gitleaks:allow\n' "$(token)" >a.yaml
	run -0 fettle lint --select secrets .
	printf 'token: %s # fettle: ignore[secrets] rotated\n' "$(token)" >a.yaml
	run -0 fettle lint --select secrets .
	printf '\ntoken: %s\n' "$(token)" >a.yaml
	run -1 fettle lint --select secrets .
	echo "a.yaml:github-pat:2" >.gitleaksignore
	run -0 fettle lint --select secrets .
}

@test "secrets: the allowlists of .gitleaks.toml hold" {
	printf 'token: %s\n' "$(token)" >a.yaml
	mkdir -p vendor && cp a.yaml vendor/b.yaml
	cat >.gitleaks.toml <<-'T'
	[extend]
	useDefault = true
	[[allowlists]]
	description = "code of others"
	paths = ['''^vendor/''']
	T
	run -1 fettle lint --select secrets .
	assert_has "a.yaml:1:8"
	assert_lacks "vendor"
	printf '[[allowlists]]\nregexTarget = "line"\nregexes = ["^token: ghp_"]\npaths = ["b.yaml$"]\ncondition = "AND"\n' >.gitleaks.toml
	run -1 fettle lint --select secrets .
	assert_has "a.yaml:1:8"
	assert_lacks "vendor"
	printf '[[rules]]\nid = "gitlab-pat"\n[rules.allowlist]\nregexes = ["."]\n' >.gitleaks.toml
	run -1 fettle lint --select secrets a.yaml
	printf '[[rules]]\nid = "github-pat"\n[[rules.allowlists]]\nstopwords = ["%s"]\n' "$(token | cut -c8-16 | tr a-z A-Z)" >.gitleaks.toml
	run -0 fettle lint --select secrets a.yaml
	printf '[allowlist]\nregexes = ["("]\n' >.gitleaks.toml
	run -2 fettle lint --select secrets a.yaml
	assert_has ".gitleaks.toml:2:12"
}

@test "secrets: the history is told without what .gitleaks.toml allows" {
	local commit="git -c user.name=Ann -c user.email=ann@example.com commit -q"
	git init -q -b main .
	printf 'token: %s\n' "$(token)" >a.yaml && git add -A && $commit -m one
	git rm -q a.yaml && $commit -m two
	run -1 fettle lint --select secrets --history
	printf '[allowlist]\ncommits = ["%s"]\n' "$(git rev-parse HEAD~1)" >.gitleaks.toml
	run -0 fettle lint --select secrets --history
	printf '[allowlist]\npaths = ["^a.yaml$"]\n' >.gitleaks.toml
	run -0 fettle lint --select secrets --history
	printf '[allowlist]\npaths = ["^b.yaml$"]\n' >.gitleaks.toml
	run -1 fettle lint --select secrets --history
}

@test "lint --history: a secret that was removed is told with its commit, once" {
	local commit="git -c user.name=Ann -c user.email=ann@example.com commit -q"
	git init -q -b main .
	echo 'fine: true' >a.yaml && git add -A && $commit -m one
	mkdir -p conf && printf 'token: %s\n' "$(token)" >conf/b.yaml && git add -A && $commit -m two
	git mv conf/b.yaml conf/c.yaml && echo '# moved' >>conf/c.yaml && git add -A && $commit -m three
	git rm -qr conf && $commit -m four
	run -0 fettle lint --select secrets
	run -1 fettle lint --select secrets --history
	assert_has "conf/b.yaml:1:8: error[secret-github-token]"
	assert_has "since commit $(git rev-parse --short=10 HEAD~2)"
	assert_has "Ann <ann@example.com>"
	[ "$(grep -c secret-github <<<"$output")" = 1 ]
	assert_lacks "$(token)"
}
