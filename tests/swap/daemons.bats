#!/usr/bin/env bats
# Broken configurations against real daemons under load: nothing broken is ever visible, no request fails, the
# daemon's own words are in the log; what its check lets through and does not get well is put back.

load ../e2e/helpers
load ../config/centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	export PATH=$PATH:/usr/sbin
	agent= daemon= load= own=
	port=$(free_port)
	here=$PWD
	mkdir -p conf
}

teardown() {
	local pid
	for pid in $load $agent $daemon; do kill -TERM "$pid" 2>/dev/null || true; done
	[ ! -s daemon.pid ] || kill -TERM "$(cat daemon.pid)" 2>/dev/null || true
	# Workers end with their master, when that is asked politely.
	for pid in $daemon; do
		wait_until sh -c "! kill -0 $pid 2>/dev/null" || kill -KILL "$pid"
	done
	for pid in $load $agent; do kill -KILL "$pid" 2>/dev/null || true; done
	[ -z "${own:-}" ] || rm -rf "$own"
}

# good CONFIG: the configuration that works, and the agent that keeps it; $check, $reload and $health are YAML
good() {
	cat >good
	cp good live.conf
	cp good conf/all
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { c: { url: "file:conf" } }
		units:
		  d:
		    templates: [ { text: '{{ key "all" }}', flavour: consul-template, to: live.conf, syntax: none } ]
		    check: $check
		    reload: $reload
		    health: $health
	YAML
}

# Requests until the end of the test; what fails is noted.
load_start() {
	while :; do
		request >/dev/null 2>>load.err || echo "$(date +%s.%N) failed" >>failed
		echo >>requests
	done 3>&- &
	load=$!
	wait_until test -s requests
}

offer() {
	cat >conf/.new
	mv conf/.new conf/all
}

events() {
	grep -Ec 'rejected unit|rolled-back unit|committed unit|held unit' log || true
}

last_event() {
	grep -E 'rejected unit|rolled-back unit|committed unit|held unit' log | tail -n 1
}

# ill SED: the check lets it through, the daemon runs with it and does not get well: it is put back
ill() {
	local before begin took
	before=$(events)
	sed "$1" good >bad
	begin=$(date +%s%N)
	offer <bad
	wait_until sh -c "[ \$(grep -Ec 'rejected unit|rolled-back unit|committed unit|held unit' log) -gt $before ]"
	took=$((($(date +%s%N) - begin) / 1000000))
	last_event | grep -q 'rolled-back unit' || fail_with "not put back" "$1" "log" "$(tail -n 5 log)"
	cmp live.conf good
	wait_until request >/dev/null
	echo "# $BATS_TEST_DESCRIPTION: ill for ${health##*within: }, put back and well after $took ms" >&3
	rm -f failed
}

# broken SED…: each makes a configuration out of the good one that must not come through
broken() {
	local change before count=0 slowest=0 begin took
	for change in "$@"; do
		sed "$change" good >bad
		! cmp -s bad good || fail_with "this changes nothing" "$change" "expected" "a broken configuration"
		before=$(events)
		begin=$(date +%s%N)
		offer <bad
		wait_until sh -c "[ \$(grep -Ec 'rejected unit|rolled-back unit|committed unit|held unit' log) -gt $before ]" ||
			fail_with "no answer to" "$change" "log" "$(tail -n 5 log)"
		took=$((($(date +%s%N) - begin) / 1000000))
		[ "$took" -le "$slowest" ] || slowest=$took
		last_event | grep -Eq 'rejected unit|rolled-back unit' || fail_with "let through" "$change" "log" "$(tail -n 5 log)"
		cmp -s live.conf good || fail_with "visible" "$change" "instead of" "the good configuration"
		count=$((count + 1))
	done
	echo "# $BATS_TEST_DESCRIPTION: $count refused, the slowest after $slowest ms, $(wc -l <requests) requests meanwhile" >&3
	[ "$count" -ge 20 ]
	grep -q '| ' log
	[ ! -e failed ] || fail_with "failed requests" "$(cat failed load.err)" "expected" none
	kill -0 "$agent"
}

# The good one with a harmless change comes through.
comes_through() {
	sed "$1" good >better
	before=$(grep -c 'committed unit' log || true)
	offer <better
	wait_until sh -c "[ \$(grep -c 'committed unit' log) -gt $before ]"  || fail_with "not committed" "$1" "log" "$(tail -n 5 log)"
	cmp live.conf better
	[ -n "${may_lose:-}" ] || [ ! -e failed ] || fail_with "failed requests" "$(cat failed load.err)" "expected" none
}

@test "nginx" {
	command -v nginx >/dev/null || skip "no nginx"
	request() { curl -fsS -m 5 "http://127.0.0.1:$port/"; }
	check="[nginx, -t, -q, -p, \"$here\", -c, '{file}']"
	reload="{signal: HUP, pidFile: \"$here/daemon.pid\"}"
	health="{url: \"http://127.0.0.1:$port/\", within: 2s, for: 200ms}"
	good <<-CONF
		daemon off;
		pid $here/daemon.pid;
		error_log $here/error.log;
		worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $here/t1; proxy_temp_path $here/t2; fastcgi_temp_path $here/t3;
			uwsgi_temp_path $here/t4; scgi_temp_path $here/t5;
			keepalive_timeout 5s;
			server {
				listen 127.0.0.1:$port;
				server_name x;
				location / { return 200 "ok"; }
			}
		}
	CONF
	nginx -p "$here" -c "$here/live.conf" >nginx.log 2>&1 3>&- &
	daemon=$!
	wait_until request
	agent_start
	load_start
	broken 's/listen/lissten/' 's/return 200 "ok";/return 200 "ok"/' 's/events {/events/' '$d' 's/server {/sever {/' \
		"s/listen 127.0.0.1:$port/listen 127.0.0.1:99999/" 's/worker_processes 1/worker_processes many/' \
		's/worker_connections 64/worker_connections -1/' 's/access_log off/access_log/' 's/keepalive_timeout 5s/keepalive_timeout 5q/' \
		's/server_name x;/server_name x; include nothere.conf;/' 's|location / {|location ~ "(" {|' \
		's/server_name x;/ssl_certificate nothere.pem;/' 's/return 200 "ok";/proxy_pass nothere;/' \
		's/return 200 "ok";/proxy_pass http:\/\/$nosuchvariable;/' 's/http {/http { upstream u { }/' \
		's/http {/http { map $x { }/' 's/server_name x;/server_name x; root;/' 's/^error_log.*/error_log \/nosuchfolder\/x\/y;/' \
		's/return 200 "ok";/return 200 "ok;/' 's/location \/ {/location \/ { } location \/ {/'
	ill 's/return 200 "ok"/return 500 "ill"/'
	comes_through 's/keepalive_timeout 5s/keepalive_timeout 6s/'
}

@test "haproxy" {
	command -v haproxy >/dev/null || skip "no haproxy"
	request() { curl -fsS -m 5 "http://127.0.0.1:$port/"; }
	check="[haproxy, -c, -f, '{file}']"
	reload="{signal: USR2, pidFile: \"$here/master.pid\"}"
	health="{url: \"http://127.0.0.1:$port/\", within: 2s, for: 300ms}"
	good <<-CONF
		global
		    maxconn 100
		defaults
		    mode http
		    timeout client 5s
		    timeout server 5s
		    timeout connect 2s
		frontend web
		    bind 127.0.0.1:$port
		    default_backend app
		backend app
		    http-request return status 200 content-type text/plain string "ok"
	CONF
	haproxy -W -f "$here/live.conf" >haproxy.log 2>&1 3>&- &
	daemon=$!
	echo "$daemon" >master.pid
	wait_until request
	agent_start
	load_start
	broken 's/maxconn 100/maxconn/' 's/mode http/mode nonsense/' 's/bind/bnd/' 's/default_backend app/default_backend nothere/' \
		's/backend app$/backend/' 's/frontend web/frontend/' 's/timeout client 5s/timeout client 5x/' 's/^global/globbal/' \
		's/http-request return/http-request retrun/' 's/status 200/status 999/' 's/string "ok"/string/' \
		's/bind 127.0.0.1:.*/bind 127.0.0.1:999999/' 's/bind 127.0.0.1:.*/bind 300.1.1.1:80/' 's/defaults/defalts/' \
		's/maxconn 100/maxconn 100\n    nbthread many/' 's/mode http/mode http\n    option nosuchoption/' \
		's/default_backend app/use_backend app if nosuchacl/' 's/default_backend app/default_backend app\n    acl bad hdr(host/' \
		's/string "ok"/string "ok/' 's/backend app$/backend app\n    server a 127.0.0.1:80 nosuchkeyword/' \
		's/backend app$/backend app\n    balance nosuchbalance/'
	ill 's/status 200/status 503/'
	comes_through 's/maxconn 100/maxconn 101/'
}

@test "prometheus" {
	command -v promtool >/dev/null || skip "no prometheus"
	request() { curl -fsS -m 5 "http://127.0.0.1:$port/-/ready"; }
	check="[promtool, check, config, '{file}']"
	reload="{url: \"http://127.0.0.1:$port/-/reload\"}"
	health="{url: \"http://127.0.0.1:$port/-/ready\", within: 3s}"
	good <<-CONF
		global:
		  scrape_interval: 30s
		  evaluation_interval: 30s
		scrape_configs:
		  - job_name: self
		    scheme: http
		    metrics_path: /metrics
		    static_configs:
		      - targets: ["127.0.0.1:$port"]
		        labels: { env: test }
		    relabel_configs:
		      - source_labels: [__address__]
		        regex: "(.*)"
		        target_label: host
	CONF
	prometheus --config.file="$here/live.conf" --web.listen-address="127.0.0.1:$port" --web.enable-lifecycle \
		--storage.tsdb.path="$here/data" >prometheus.log 2>&1 3>&- &
	daemon=$!
	wait_until request
	agent_start
	load_start
	broken 's/scrape_interval: 30s/scrape_interval: often/' 's/global:/globl:/' 's/job_name: self/job_nam: self/' 's/scheme: http/scheme: [/' \
		's/- targets:/- tragets:/' 's/regex: "(.\*)"/regex: "("/' 's/scrape_configs:/scrape_configs: 5/' 's/    metrics_path/   metrics_path/' \
		's/job_name: self/job_name: ""/' 's/static_configs:/static_config:/' 's/source_labels: \[__address__\]/source_labels: __address__: x/' \
		's/relabel_configs:/relabel_configs: {}/' 's/evaluation_interval: 30s/evaluation_interval: -1/' 's/labels: { env: test }/labels: [env]/' \
		's/target_label: host/target_label: "a b"/' 's/global:/rule_files: ["nothere\/[.yml"]\nglobal:/' 's/scrape_interval: 30s/scrape_interval: 30s\n  scrape_timeout: 60s/' \
		's/job_name: self/job_name: self\n    scrape_timeout: 5m/' 's/job_name: self/job_name: self\n    http_sd_configs: 5/' \
		's/global:/global: "/' 's/global:/alerting: { alertmanagers: 3 }\nglobal:/' 's/target_label: host/action: nosuchaction/'
	comes_through 's/env: test/env: test2/'
}

@test "sshd" {
	[ -x /usr/sbin/sshd ] || skip "no sshd"
	mkdir -p /run/sshd 2>/dev/null || skip "no /run/sshd"
	request() { timeout 5 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port && read -r line <&9 && [[ \$line == SSH-2.0* ]]"; }
	ssh-keygen -q -t ed25519 -N '' -f hostkey
	check="[/usr/sbin/sshd, -t, -f, '{file}']"
	reload="{signal: HUP, pidFile: \"$here/daemon.pid\"}"
	health="{tcp: \"127.0.0.1:$port\", within: 2s}"
	good <<-CONF
		Port $port
		ListenAddress 127.0.0.1
		HostKey $here/hostkey
		PidFile $here/daemon.pid
		PermitRootLogin no
		MaxStartups 500:30:600
		LoginGraceTime 30
		LogLevel INFO
		UsePAM no
		X11Forwarding no
		Subsystem sftp internal-sftp
		Ciphers aes256-ctr
		Match User nobody
		  ForceCommand /bin/true
	CONF
	/usr/sbin/sshd -D -f "$here/live.conf" >sshd.log 2>&1 3>&- &
	daemon=$!
	wait_until request
	agent_start
	load_start
	broken 's/^Port .*/Port 99999/' 's/^Port .*/Port abc/' 's/^Port/Prt/' 's/PermitRootLogin no/PermitRootLogin perhaps/' \
		's/MaxStartups.*/MaxStartups a:b:c/' 's/LoginGraceTime 30/LoginGraceTime soon/' 's/LogLevel INFO/LogLevel LOUD/' \
		's/X11Forwarding no/X11Forwarding/' 's/Ciphers.*/Ciphers rot13/' 's/Match User nobody/Match Nosuch nobody/' \
		's/HostKey.*/HostKey \/nothere/' 's/ForceCommand/Fourcecommand/' 's/Subsystem.*/Subsystem sftp/' 's/UsePAM no/UsePAM maybe/' \
		's/UsePAM no/UsePAM no\nKexAlgorithms none/' 's/UsePAM no/UsePAM no\nMACs nosuch/' 's/UsePAM no/UsePAM no\nMaxAuthTries many/' \
		's/UsePAM no/UsePAM no\nClientAliveInterval x/' 's/UsePAM no/UsePAM no\nSyslogFacility NOSUCH/' \
		's/UsePAM no/UsePAM no\nAddressFamily ipv9/' 's/UsePAM no/UsePAM no\nPermitTunnel sometimes/' 's/ListenAddress.*/ListenAddress 300.1.1.1/'
	# At HUP sshd closes its socket and opens it anew: that one change may cost a connection.
	may_lose=1
	comes_through 's/LoginGraceTime 30/LoginGraceTime 31/'
}

@test "redis" {
	command -v redis-server >/dev/null || skip "no redis-server"
	request() { [ "$(redis-cli -p "$port" ping)" = PONG ]; }
	# Redis has no check of its own: it is started on a socket for a moment.
	check="[sh, -c, 'timeout 0.4 redis-server \"\$0\" --port 0 --unixsocket $here/try.sock --pidfile \"\"; [ \$? = 124 ]', '{file}']"
	reload="{command: [redis-cli, -p, \"$port\", config, set, maxmemory-samples, \"5\"]}"
	health="{tcp: \"127.0.0.1:$port\", within: 2s}"
	good <<-CONF
		port $port
		bind 127.0.0.1
		dir $here
		save ""
		appendonly no
		maxmemory 100mb
		maxmemory-policy noeviction
		loglevel notice
		databases 16
		timeout 0
		tcp-keepalive 300
	CONF
	redis-server "$here/live.conf" >redis.log 2>&1 3>&- &
	daemon=$!
	wait_until request
	agent_start
	load_start
	broken 's/^port/prot/' 's/^bind 127.0.0.1/bnd 1/' 's/^dir .*/dir \/nothere/' 's/^save ""/save 5/' 's/appendonly no/appendonly perhaps/' \
		's/100mb/100xb/' 's/noeviction/nosuchpolicy/' 's/loglevel notice/loglevel loud/' 's/databases 16/databases none/' \
		's/timeout 0/timeout soon/' 's/tcp-keepalive 300/tcp-keepalive x/' 's/timeout 0/timeout 0\nnosuchdirective 1/' \
		's/timeout 0/timeout 0\nrename-command/' 's/timeout 0/timeout 0\nreplicaof onlyone/' 's/timeout 0/timeout 0\ninclude \/nothere.conf/' \
		's/timeout 0/timeout 0\nloadmodule \/nothere.so/' 's/timeout 0/timeout 0\nhz fast/' 's/timeout 0/timeout "0/' \
		's/timeout 0/timeout 0\nclient-output-buffer-limit x/' 's/timeout 0/timeout 0\nuser/' 's/timeout 0/timeout 0\nmaxclients -5/'
	comes_through 's/databases 16/databases 17/'
}

@test "postgres" {
	local bin user="runuser -u postgres --"
	bin=$(echo /usr/lib/postgresql/*/bin)
	[ -x "$bin/postgres" ] || skip "no postgres"
	# It refuses to run as root, and its user must get at the files.
	here=$(mktemp -d /tmp/fettle-postgres.XXXXXX)
	own=$here
	chmod 755 "$here"
	cd "$here"
	mkdir conf data
	chown postgres data
	$user "$bin/initdb" -D "$here/data" -A trust -U postgres >initdb.log
	request() { [ "$("$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -Atc 'select 1')" = 1 ]; }
	check="[runuser, -u, postgres, --, $bin/postgres, -D, $here/data, -C, max_connections, '--config-file={file}']"
	reload="{signal: HUP, pidFile: $here/data/postmaster.pid}"
	health="{command: [$bin/psql, -h, 127.0.0.1, -p, \"$port\", -U, postgres, -c, select 1], within: 2s}"
	good <<-CONF
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = ''
		data_directory = '$here/data'
		hba_file = '$here/data/pg_hba.conf'
		ident_file = '$here/data/pg_ident.conf'
		max_connections = 20
		shared_buffers = 16MB
		wal_level = minimal
		max_wal_senders = 0
		fsync = off
		work_mem = 4MB
		log_min_messages = warning
		timezone = 'UTC'
		datestyle = 'iso, mdy'
		statement_timeout = 0
	CONF
	$user "$bin/postgres" -D "$here/data" --config-file="$here/live.conf" >pg.log 2>&1 3>&- &
	daemon=$!
	wait_until request
	agent_start
	load_start
	broken 's/^port/prot/' 's/= 20$/= many/' 's/16MB/16XB/' 's/minimal/loud/' 's/fsync = off/fsync = perhaps/' 's/4MB/1/' \
		's/= warning/= louder/' "s/'UTC'/'Nowhere'/" "s/'iso, mdy'/'foo'/" 's/timeout = 0/timeout = soon/' 's/timeout = 0/timeout = -5/' \
		"s/'127.0.0.1'/127.0.0.1/" "s/'UTC'/'UTC/" 's/timeout = 0/= 0/' "s/timeout = 0/timeout = 0\ninclude '\/nothere.conf'/" \
		's/timeout = 0/timeout = 0\nssl = maybe/' 's/timeout = 0/timeout = 0\ncheckpoint_timeout = 1s/' \
		's/timeout = 0/timeout = 0\nsynchronous_commit = sometimes/' 's/timeout = 0/timeout = 0\nlog_statement = each/' \
		's/timeout = 0/timeout = 0\nmax_wal_size = -1/' 's/timeout = 0/timeout = 0\nautovacuum_naptime = x/'
	comes_through 's/4MB/8MB/'
	[ "$("$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -Atc 'show work_mem')" = 8MB ]
}
