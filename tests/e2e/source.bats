#!/usr/bin/env bats
# Where manifests come from, with real servers: git-http-backend behind TLS with a private CA, and
# sshd. See tests/rig/git.

load helpers
load ../rig/git/rig

setup_file() {
	export RIG=$BATS_FILE_TMPDIR
	rig_repo
	rig_https
	rig_http
	rig_sshd
}

teardown_file() {
	rig_stop
}

setup() {
	fettle_setup
	rig_client
}

commit_of() {
	"$FETTLE" diff --no-input --root "$PWD/sand" -o json "$1" >plan.json || [ $? = 1 ]
	jq -r .source.commit plan.json
}

git_in_rig() {
	rig_git -C "$RIG/work" "$@"
}

@test "source: a folder and a file are read as they are on disk" {
	mkdir -p envs
	rig_motd here >envs/a.yaml
	run --separate-stderr -0 render envs
	assert_has "content: here"
	run --separate-stderr -0 render envs/a.yaml
	assert_has "content: here"
}

@test "source: standard input is a manifest" {
	run --separate-stderr -0 bash -c "$(declare -f rig_motd); rig_motd piped | '$FETTLE' render --root '$PWD/sand' -"
	assert_has "content: piped"
}

@test "source: a folder in a repository names its commit and whether it is dirty" {
	rig_git clone -q "$RIG/repos/shop.git" shop
	[ "$(commit_of shop/envs/prod)" = "$(git_in_rig rev-parse main)" ]
	[ "$(jq -r .source.dirty plan.json)" = false ]
	rig_motd changed >shop/envs/prod/motd.yaml
	[ "$(commit_of shop/envs/prod)" = "$(git_in_rig rev-parse main)" ]
	[ "$(jq -r .source.dirty plan.json)" = true ]
}

@test "source: a path with ?ref= is read from the commit, never from the dirty work tree" {
	rig_git clone -q "$RIG/repos/shop.git" shop
	rig_motd dirty >shop/envs/prod/motd.yaml
	run --separate-stderr -0 render "shop//envs/prod?ref=main"
	assert_has "content: three"
	run --separate-stderr -0 render "file://$PWD/shop//envs/prod?ref=v1"
	assert_has "content: one"
	run --separate-stderr -0 render "$RIG/repos/shop.git//envs/prod?ref=dev"
	assert_has "content: dev"
}

@test "source: https takes a branch, a tag, an annotated tag, a commit and the default branch" {
	local id
	id=$(git_in_rig rev-parse light)
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod"
	assert_has "content: three"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=dev"
	assert_has "content: dev"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=light"
	assert_has "content: two"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=$id"
	assert_has "content: two"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=${id:0:8}"
	assert_has "content: two"
	[ "$(commit_of "$RIG_HTTPS/git/shop.git//envs/prod?ref=v1")" = "$(git_in_rig rev-parse 'v1^{commit}')" ]
}

@test "source: fetches without history where the server can, with it where not" {
	render "$RIG_HTTPS/git/shop.git//envs/prod" >/dev/null
	[ "$(cat "$CACHE"/*/shallow)" = "$(git_in_rig rev-parse main)" ]
	rm -r "$CACHE"
	run --separate-stderr -0 render "$RIG_HTTPS/plain/shop.git//envs/prod?ref=light"
	assert_has "content: two"
	[ ! -e "$CACHE"/*/shallow ]
}

@test "source: a commit that no branch shows is found in the history" {
	local id
	rig_git clone -q "$RIG/repos/shop.git" other
	rig_commit other envs/prod/motd.yaml "$(rig_motd hidden)" hidden
	id=$(git -C other rev-parse HEAD)
	rig_commit other envs/prod/motd.yaml "$(rig_motd shown)" shown
	rig_git -C other push -q origin HEAD:refs/heads/deep
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=$id"
	assert_has "content: hidden"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=${id:0:9}"
	assert_has "content: hidden"
	run --separate-stderr -0 render "$SSH/shop.git//envs/prod?ref=$id"
	assert_has "content: hidden"
	rig_git -C other push -q origin :refs/heads/deep
}

@test "source: a cached commit needs no network" {
	local id
	id=$(git_in_rig rev-parse main)
	render "$RIG_HTTPS/git/shop.git//envs/prod?ref=$id" >/dev/null
	: >"$RIG/https.log"
	run --separate-stderr -0 render "$RIG_HTTPS/git/shop.git//envs/prod?ref=$id"
	assert_has "content: three"
	[ ! -s "$RIG/https.log" ]
}

@test "source: a new commit of a branch is fetched, an old one is not fetched again" {
	rig_git clone -q --bare "$RIG/repos/shop.git" "$RIG/repos/moving.git"
	rig_git clone -q "$RIG/repos/moving.git" moving
	local word
	for word in alpha beta gamma; do
		rig_commit moving envs/prod/motd.yaml "$(rig_motd "$word")" "$word"
		rig_git -C moving push -q
		run --separate-stderr -0 render "$RIG_HTTPS/git/moving.git//envs/prod?ref=main"
		assert_has "content: $word"
	done
	: >"$RIG/https.log"
	run --separate-stderr -0 render "$RIG_HTTPS/git/moving.git//envs/prod?ref=main"
	assert_has "content: gamma"
	[ "$(wc -l <"$RIG/https.log")" = 1 ]
}

@test "source: an untrusted certificate is refused, with the way to trust it" {
	export SSL_CERT_FILE=$RIG/other.pem
	run --separate-stderr -4 render "$RIG_HTTPS/git/shop.git"
	assert_talk_has "certificate"
	assert_talk_has "SSL_CERT_FILE"
	assert_output ""
}

@test "source: a CA file that is missing is named" {
	export SSL_CERT_FILE=$PWD/nothing.pem
	run --separate-stderr -4 render "$RIG_HTTPS/git/shop.git"
	assert_talk_has "nothing.pem"
}

@test "source: git's own http.sslCAInfo and insteadOf are honoured" {
	unset SSL_CERT_FILE
	printf '[http]\n\tsslCAInfo = %s\n[url "%s/git/"]\n\tinsteadOf = https://example.test/\n' \
		"$RIG/ca.pem" "$RIG_HTTPS" >"$HOME/.gitconfig"
	run --separate-stderr -0 render "https://example.test/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
}

@test "source: git's credential helper is asked, and told that it was right" {
	printf '#!/bin/sh\necho "$1" >>"%s/helper.log"\ncat >/dev/null\n[ "$1" != get ] || printf "username=bob\\npassword=s3cret\\n"\n' \
		"$HOME" >"$HOME/helper"
	chmod +x "$HOME/helper"
	export GIT_CONFIG_GLOBAL=$HOME/.gitconfig
	printf '[credential]\n\thelper = "!%s"\n' "$HOME/helper" >"$HOME/.gitconfig"
	run --separate-stderr -0 render "$RIG_HTTPS/auth/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	[ "$(cat "$HOME/helper.log")" = "get
store" ]
}

@test "source: a wrong password is told to the helper and never shown" {
	printf '#!/bin/sh\necho "$1" >>"%s/helper.log"\ncat >/dev/null\n[ "$1" != get ] || printf "username=bob\\npassword=wr0ng\\n"\n' \
		"$HOME" >"$HOME/helper"
	chmod +x "$HOME/helper"
	export GIT_CONFIG_GLOBAL=$HOME/.gitconfig
	printf '[credential]\n\thelper = "!%s"\n' "$HOME/helper" >"$HOME/.gitconfig"
	run --separate-stderr -4 render -vv "$RIG_HTTPS/auth/shop.git//envs/prod?ref=v1"
	assert_talk_has "did not accept"
	[[ $stderr != *wr0ng* ]]
	[ "$(cat "$HOME/helper.log")" = "get
erase" ]
}

@test "source: netrc gives the credentials" {
	printf 'machine 127.0.0.1 login bob password s3cret\n' >"$HOME/.netrc"
	chmod 600 "$HOME/.netrc"
	run --separate-stderr -0 render "$RIG_HTTPS/auth/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
}

@test "source: on a terminal git asks for the password, and does not show it" {
	run -0 python3 "$BATS_TEST_DIRNAME/../rig/git/on_terminal.py" Username bob Password s3cret -- \
		"$FETTLE" render --root "$PWD/sand" "$RIG_HTTPS/auth/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	assert_lacks "s3cret"
}

@test "source: without credentials the error says how to give them" {
	run --separate-stderr -4 render "$RIG_HTTPS/auth/shop.git//envs/prod?ref=v1"
	assert_talk_has "wants a user name and password"
	assert_talk_has "credential helper"
}

@test "source: a password in the address works and is never shown" {
	local address=${RIG_HTTPS/:\/\//:\/\/bob:s3cret@}
	run --separate-stderr -0 render "$address/auth/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	"$FETTLE" diff --no-input --root "$PWD/sand" -o json "$address/auth/shop.git//envs/prod?ref=v1" >plan.json || true
	! grep -r s3cret plan.json
	! grep -rq s3cret "$CACHE"
	run --separate-stderr -3 render -vv "$address/auth/shop.git//envs/prod?ref=none-such"
	[[ $stderr != *s3cret* ]]
}

@test "source: credentials do not follow a redirect to another host" {
	local address=${RIG_HTTPS/:\/\//:\/\/bob:s3cret@}
	: >"$RIG/https.log"
	run --separate-stderr -4 render "$address/elsewhere/shop.git//envs/prod?ref=v1"
	[ "$(grep -c ' auth$' "$RIG/https.log")" -le 1 ]
	! grep -q '/auth/.* auth$' "$RIG/https.log"
	run --separate-stderr -0 render "$RIG_HTTPS/redirect/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
}

@test "source: http without TLS is for this machine only" {
	run --separate-stderr -0 render "$RIG_HTTP/git/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	run --separate-stderr -5 render "http://example.test/shop.git"
	assert_talk_has "https://"
}

@test "source: ssh runs the user's ssh, by URL and by user@host:path" {
	run --separate-stderr -0 render "$SSH/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
	run --separate-stderr -0 render "$SSH/shop.git//envs/prod"
	assert_has "content: three"
	export GIT_SSH_COMMAND="ssh -F $RIG/ssh_config -p $RIG_SSH_PORT"
	run --separate-stderr -0 render "$RIG_SSH_USER@127.0.0.1:$RIG/repos/shop.git//envs/prod?ref=dev"
	assert_has "content: dev"
	[ -z "$stderr" ]
}

@test "source: core.sshCommand is honoured" {
	unset GIT_SSH_COMMAND
	printf '[core]\n\tsshCommand = ssh -F "%s"\n' "$RIG/ssh_config" >"$HOME/.gitconfig"
	run --separate-stderr -0 render "$SSH/shop.git//envs/prod?ref=v1"
	assert_has "content: one"
}

@test "source: an unknown ssh host key is refused" {
	export GIT_SSH_COMMAND="ssh -F $RIG/ssh_config -o UserKnownHostsFile=$PWD/none"
	run --separate-stderr -4 render "$SSH/shop.git//envs/prod?ref=v1"
	assert_talk_has "host key is not known"
}

@test "source: a changed ssh host key is refused" {
	printf '[127.0.0.1]:%s %s\n' "$RIG_SSH_PORT" "$(cut -d' ' -f1,2 "$RIG/other_host_key.pub")" >known_hosts
	export GIT_SSH_COMMAND="ssh -F $RIG/ssh_config -o UserKnownHostsFile=$PWD/known_hosts"
	run --separate-stderr -4 render "$SSH/shop.git//envs/prod?ref=v1"
	assert_talk_has "host key is not the one known"
	assert_talk_has "ssh-keygen -R"
}

@test "source: a key the server does not know is refused" {
	sed "s|$RIG/user_key|$RIG/stranger_key|" "$RIG/ssh_config" >ssh_config
	export GIT_SSH_COMMAND="ssh -F $PWD/ssh_config"
	run --separate-stderr -4 render "$SSH/shop.git//envs/prod?ref=v1"
	assert_talk_has "did not accept any of your keys"
}

@test "source: a repository that is not there is said so, by https and by ssh" {
	run --separate-stderr -3 render "$RIG_HTTPS/git/none.git"
	assert_talk_has "there is no repository"
	run --separate-stderr -3 render "$SSH/none.git"
	assert_talk_has "there is no repository"
	run --separate-stderr -3 render "$PWD/none.git?ref=main"
	assert_talk_has "there is no git repository"
	run --separate-stderr -3 render "$RIG_HTTPS/html/shop.git"
	assert_talk_has "text/html"
}

@test "source: a missing ref lists near names, a missing folder is named" {
	run --separate-stderr -3 render "$RIG_HTTPS/git/shop.git?ref=mian"
	assert_talk_has "did you mean 'main'"
	run --separate-stderr -3 render "$SSH/shop.git?ref=0123456789012345678901234567890123456789"
	assert_talk_has "0123456789012345678901234567890123456789"
	run --separate-stderr -3 render "$RIG_HTTPS/git/shop.git//envs/none?ref=main"
	assert_talk_has "envs/none"
}

@test "source: no network is an error with the host in it" {
	local port
	port=$(rig_free_port)
	run --separate-stderr -3 render "https://127.0.0.1:$port/shop.git"
	assert_talk_has "127.0.0.1:$port"
	run --separate-stderr -3 render "ssh://git@127.0.0.1:$port/shop.git"
	assert_talk_has "connection was refused"
	run --separate-stderr -3 render "$RIG_HTTPS/down/shop.git"
	assert_talk_has "busy or down"
}

@test "source: the deadline holds against servers that hang" {
	run --separate-stderr -124 render --timeout 1s "$RIG_HTTPS/hang/shop.git"
	assert_talk_has "in time"
	run --separate-stderr -124 render --timeout 1s "$RIG_HTTPS/stall/shop.git"
	assert_talk_has "in time"
	export GIT_SSH_COMMAND="sleep 600; true"
	run --separate-stderr -124 render --timeout 1s "$SSH/shop.git"
	assert_talk_has "in time"
}

@test "source: an interruption ends a fetch at once" {
	"$FETTLE" render --no-input --root "$PWD/sand" "$RIG_HTTPS/hang/shop.git" >out 2>talk 3>&- &
	local pid=$!
	wait_until test -e "$CACHE"
	: >"$RIG/https.log"
	kill -TERM "$pid"
	local code=0
	wait "$pid" || code=$?
	[ "$code" = 143 ] || [ "$code" = 130 ]
}

@test "source: files of a commit may be named by manifests, but nothing outside" {
	rig_git init -q -b main inside
	mkdir -p inside/envs/files
	echo hello >inside/envs/files/motd
	echo secret >inside/secret
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: m}\nspec: {path: /etc/motd, contentFrom: files/motd}\n' >inside/envs/m.yaml
	rig_git -C inside add -A
	rig_git -C inside commit -q -m ok
	run --separate-stderr -0 render "inside//envs?ref=main"
	assert_has "hello"
	sed -i 's|files/motd|../secret|' inside/envs/m.yaml
	rig_git -C inside commit -q -a -m bad
	run --separate-stderr render "inside//envs?ref=main"
	[ "$status" != 0 ]
	assert_talk_has "outside"
	sed -i 's|\.\./secret|link|' inside/envs/m.yaml
	ln -s ../secret inside/envs/link
	rig_git -C inside add -A
	rig_git -C inside commit -q -m worse
	run --separate-stderr render "inside//envs?ref=main"
	[ "$status" != 0 ]
	assert_talk_has "leads out"
}

@test "source: an LFS pointer is not taken for the file" {
	mkdir lfs
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n' >lfs/motd
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: m}\nspec: {path: /etc/motd, contentFrom: motd}\n' >lfs/m.yaml
	run --separate-stderr render lfs
	[ "$status" != 0 ]
	assert_talk_has "LFS"
}

@test "source: dangerous addresses are refused before anything runs" {
	local address
	for address in "ssh://-oProxyCommand=touch%20$PWD/owned/x" "git@-oProxyCommand=touch:x" "ext::sh -c touch" \
		"git://127.0.0.1/shop.git" "ftp://127.0.0.1/shop.git" "$RIG_HTTPS/git/shop.git//../../etc"; do
		run --separate-stderr render "$address"
		[ "$status" != 0 ] || fail_with "accepted" "$address" "" ""
	done
	[ ! -e owned ]
}

@test "source: a repository of somebody else is refused with git's own way out" {
	[ "$(id -u)" = 0 ] || skip "needs root to make somebody else's repository"
	rig_git clone -q "$RIG/repos/shop.git" theirs
	chown -R 12345 theirs
	run --separate-stderr -5 render "theirs//envs/prod?ref=main"
	assert_talk_has "safe.directory"
	run --separate-stderr -0 render theirs/envs/prod
	assert_has "content: three"
}
