# Real git servers on loopback ports, for bats files: `load ../rig/git/rig`.
# Everything lives below $RIG, a folder the caller makes; rig_stop ends what was started.

# rig_wait FILE: until it is there, ten seconds at most
rig_wait() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ -s "$1" ] && return 0
		sleep 0.02
	done
	echo "nothing came up: $1" >&2
	return 1
}

# rig_git ARGS...: git, whatever the user's own settings are
rig_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org \
		GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org git "$@"
}

# rig_commit FOLDER FILE TEXT MESSAGE
rig_commit() {
	mkdir -p "$1/$(dirname "$2")"
	printf '%s' "$3" >"$1/$2"
	rig_git -C "$1" add -A
	rig_git -C "$1" commit -q -m "$4"
}

# rig_motd TEXT: a manifest of the host target
rig_motd() {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata:\n  name: motd\nspec:\n  path: /etc/motd\n  content: "%s"\n' "$1"
}

# rig_repo: a work tree in $RIG/work, published as $RIG/repos/shop.git
# main has three commits, tag v1 (annotated) the first of them, tag light the second, branch dev one more
rig_repo() {
	mkdir -p "$RIG/repos"
	rig_git init -q -b main "$RIG/work"
	rig_commit "$RIG/work" envs/prod/motd.yaml "$(rig_motd one)" first
	rig_git -C "$RIG/work" tag -a v1 -m v1
	rig_commit "$RIG/work" envs/prod/motd.yaml "$(rig_motd two)" second
	rig_git -C "$RIG/work" tag light
	rig_commit "$RIG/work" envs/prod/motd.yaml "$(rig_motd three)" third
	rig_git -C "$RIG/work" branch dev v1
	rig_git -C "$RIG/work" checkout -q dev
	rig_commit "$RIG/work" envs/prod/motd.yaml "$(rig_motd dev)" develop
	rig_git -C "$RIG/work" checkout -q main
	rig_git clone -q --bare "$RIG/work" "$RIG/repos/shop.git"
	rig_git -C "$RIG/work" remote add origin "$RIG/repos/shop.git"
}

# rig_push: what is in the work tree, to the published repository
rig_push() {
	rig_git -C "$RIG/work" push -q --force origin main
}

# rig_certificates: a CA in $RIG/ca.pem, and another one that nobody trusts; a server certificate
rig_certificates() {
	(
		cd "$RIG" || exit 1
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=rig CA" \
			-keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=other CA" \
			-keyout other.key -out other.pem -addext basicConstraints=critical,CA:TRUE
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
			-keyout server.key -out server.csr
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem \
			-extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE')
	) >"$RIG/openssl.log" 2>&1
}

# rig_https: sets RIG_HTTPS=https://127.0.0.1:PORT
rig_https() {
	rig_certificates
	python3 "$(dirname "${BASH_SOURCE[0]}")/https_server.py" "$RIG/repos" "$RIG/https.port" "$RIG/https.log" \
		"$RIG/server.pem" "$RIG/server.key" >"$RIG/https.out" 2>&1 3>&- &
	echo $! >>"$RIG/pids"
	rig_wait "$RIG/https.port"
	RIG_HTTPS=https://127.0.0.1:$(cat "$RIG/https.port")
	export RIG_HTTPS
}

# rig_http: the same without TLS, RIG_HTTP
rig_http() {
	python3 "$(dirname "${BASH_SOURCE[0]}")/https_server.py" "$RIG/repos" "$RIG/http.port" "$RIG/http.log" \
		>"$RIG/http.out" 2>&1 3>&- &
	echo $! >>"$RIG/pids"
	rig_wait "$RIG/http.port"
	RIG_HTTP=http://127.0.0.1:$(cat "$RIG/http.port")
	export RIG_HTTP
}

# rig_free_port: a port nobody listens on
rig_free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# rig_sshd: a real sshd; sets RIG_SSH_PORT and RIG_SSH_USER. $RIG/ssh_config and $RIG/known_hosts are
# for the client: GIT_SSH_COMMAND="ssh -F $RIG/ssh_config".
rig_sshd() {
	local sshd
	sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd) || return 1
	RIG_SSH_USER=$(id -un)
	ssh-keygen -q -t ed25519 -N '' -f "$RIG/host_key" -C host
	ssh-keygen -q -t ed25519 -N '' -f "$RIG/other_host_key" -C other
	ssh-keygen -q -t ed25519 -N '' -f "$RIG/user_key" -C user
	ssh-keygen -q -t ed25519 -N '' -f "$RIG/stranger_key" -C stranger
	cp "$RIG/user_key.pub" "$RIG/authorized_keys"
	chmod 600 "$RIG/authorized_keys"
	for _ in 1 2 3; do
		RIG_SSH_PORT=$(rig_free_port)
		cat >"$RIG/sshd_config" <<-END
			ListenAddress 127.0.0.1
			Port $RIG_SSH_PORT
			HostKey $RIG/host_key
			AuthorizedKeysFile $RIG/authorized_keys
			PidFile $RIG/sshd.pid
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			UsePAM no
			StrictModes no
			PermitRootLogin yes
		END
		[ "$(id -u)" = 0 ] && mkdir -p /run/sshd
		"$sshd" -f "$RIG/sshd_config" -E "$RIG/sshd.log" -D 3>&- &
		echo $! >>"$RIG/pids"
		rig_wait "$RIG/sshd.pid" && break
	done
	printf '[127.0.0.1]:%s %s\n' "$RIG_SSH_PORT" "$(cut -d' ' -f1,2 "$RIG/host_key.pub")" >"$RIG/known_hosts"
	cat >"$RIG/ssh_config" <<-END
		IdentityFile $RIG/user_key
		IdentitiesOnly yes
		IdentityAgent none
		UserKnownHostsFile $RIG/known_hosts
		GlobalKnownHostsFile /dev/null
		StrictHostKeyChecking yes
		BatchMode yes
	END
	export RIG_SSH_PORT RIG_SSH_USER
}

# rig_client: what a fettle needs to trust the rig; call it in setup, after fettle_setup
rig_client() {
	unset SSL_CERT_DIR CURL_CA_BUNDLE SSH_AUTH_SOCK SSH_ASKPASS
	export SSL_CERT_FILE=$RIG/ca.pem
	export GIT_SSH_COMMAND="ssh -F $RIG/ssh_config"
	export SSH=ssh://${RIG_SSH_USER:-}@127.0.0.1:${RIG_SSH_PORT:-}$RIG/repos
	export CACHE=$XDG_CACHE_HOME/fettle/git
}

# render ARGS...: what would be applied from there; the sandbox keeps the machine out of it
render() {
	"$FETTLE" render --no-input --root "$PWD/sand" "$@"
}

# rig_stop: only what this rig started
rig_stop() {
	local pid
	[ -f "$RIG/pids" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$RIG/pids"
	rm -f "$RIG/pids"
}
