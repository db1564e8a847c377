#!/bin/bash
# The configuration agent: from a rename to a signal in another process, beside the least inotify program;
# from an etcd put to the same; and what an idle agent with 50 templates costs. entr and consul-template stand
# beside it where they can be had.
# Before lib.bash sets a home of its own: it is built once, into the cache of the user.
consul_template=$("$(dirname "$0")/../rig/consul-template/build") || consul_template=
. "$(dirname "$0")/lib.bash"
rounds=${ROUNDS:-200}
build bench_inotify
build bench_signal
cd "$work"

quantile() { sort -n | awk -v q="$1" '{ v[NR] = $1 } END { i = int(NR * q + 0.999); print v[i < 1 ? 1 : i] }'; }

# --- rename -> signal ---
mkdir -p peer conf
"$work/bench_signal" "$rounds" peer/.new peer/file peer.pid >peer.times &
waiter=$!
until [ -s peer.pid ]; do sleep 0.05; done
"$work/bench_inotify" peer "$(cat peer.pid)" &
background+=($!)
wait "$waiter"

# Where the agent's own result is written: no fsync noise of a busy disk decides.
fast=$(mktemp -d /dev/shm/fettle-bench.XXXXXX)
trap 'rm -rf "$fast"; clean_up' EXIT
agent_yaml() { # SOURCE-URL TEMPLATE
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { s: { url: "$1" } }
		units: { u: { templates: [ { text: '$2', flavour: consul-template, to: "$fast/out" } ],
		              reload: { signal: USR1, pidFile: "$work/ours.pid" } } }
	YAML
}
echo start >conf/file
agent_yaml "file:$work/conf" '{{ key "file" }}'
"$work/bench_signal" "$rounds" conf/.new conf/file ours.pid >ours.times &
waiter=$!
until [ -s ours.pid ]; do sleep 0.05; done
FETTLE_STATE_DIR=$fast/state "$FETTLE" config run agent.yaml --no-cache 2>run.log &
agent=$!
background+=("$agent")
wait "$waiter"
for q in 0.5 0.99; do
	ours=$(quantile "$q" <ours.times) peer=$(quantile "$q" <peer.times)
	printf 'rename to signal, p%-4s  ours %6s us  inotify program %6s us  ratio %s\n' "$(awk "BEGIN { print $q * 100 }")" "$ours" "$peer" \
		"$(awk "BEGIN { printf \"%.1f\", $ours / $peer }")"
done
kill "$agent"

# measure_peer NAME COMMAND...: as above, fewer rounds; the command sends USR1 to the process of other.pid.
measure_peer() {
	local name=$1 waiter peer
	shift
	# Unhurried: entr misses what changes while it waits for more.
	"$work/bench_signal" "${PEER_ROUNDS:-20}" other/.new other/file other.pid 300 >other.times &
	waiter=$!
	until [ -s other.pid ]; do sleep 0.05; done
	setsid "$@" >other.log 2>&1 &
	peer=$!
	background+=("$peer")
	if wait "$waiter"; then
		printf 'rename to signal, %-16s p50 %6s us  p99 %6s us  (%s rounds)\n' "$name" "$(quantile 0.5 <other.times)" \
			"$(quantile 0.99 <other.times)" "$(wc -l <other.times)"
	else
		printf 'rename to signal, %-16s a signal did not come within 5 s\n' "$name"
	fi
	{ kill -KILL -- "-$peer" && wait "$peer"; } 2>/dev/null || true
	rm -f other.pid
}
mkdir -p other
echo start >other/file
if command -v entr >/dev/null; then
	# shellcheck disable=SC2016
	measure_peer entr sh -c 'echo other/file | entr -n -p sh -c "kill -USR1 \$(cat other.pid)"'
fi
if [ -n "$consul_template" ]; then
	cat >ct.hcl <<-HCL
		template {
		  contents = "{{ file \"$work/other/file\" }}"
		  destination = "$fast/ct-out"
		  command = ["sh", "-c", "kill -USR1 \$(cat $work/other.pid)"]
		}
	HCL
	PEER_ROUNDS=5 measure_peer consul-template "$consul_template" -config ct.hcl
fi

# --- etcd put -> signal ---
if command -v etcd >/dev/null; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	etcd --data-dir "$fast/etcd" --listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
		--listen-peer-urls http://127.0.0.1:0 >etcd.log 2>&1 &
	background+=($!)
	until curl -fsS -o /dev/null "http://127.0.0.1:$port/health" 2>/dev/null; do sleep 0.1; done
	printf x | "$FETTLE" config set k --from "etcd://127.0.0.1:$port" -q
	agent_yaml "etcd://127.0.0.1:$port" '{{ key "k" }}'
	ROUNDS=$rounds python3 - "$port" "$FETTLE" "$fast/state2" >etcd.times <<-'PY'
		import base64, http.client, json, os, signal, subprocess, sys, time
		port, fettle, state = sys.argv[1:4]
		signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
		open("ours.pid", "w").write(str(os.getpid()))
		agent = subprocess.Popen([fettle, "config", "run", "agent.yaml", "--no-cache"], env={**os.environ, "FETTLE_STATE_DIR": state},
		                         stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1}))
		signal.sigtimedwait({signal.SIGUSR1}, 10)
		connection = http.client.HTTPConnection("127.0.0.1", int(port))
		for i in range(int(os.environ["ROUNDS"])):
		    body = json.dumps({"key": base64.b64encode(b"k").decode(), "value": base64.b64encode(b"v%d" % i).decode()})
		    begin = time.monotonic()
		    connection.request("POST", "/v3/kv/put", body)
		    connection.getresponse().read()
		    if not signal.sigtimedwait({signal.SIGUSR1}, 10):
		        sys.exit("no signal")
		    print(int((time.monotonic() - begin) * 1e6))
		    time.sleep(0.12)
		agent.terminate()
		agent.wait()
	PY
	printf 'etcd put to signal       p50 %6s us  p99 %6s us  (wanted: p99 25000)\n' "$(quantile 0.5 <etcd.times)" "$(quantile 0.99 <etcd.times)"
fi

# --- start while the source is down: what was good last is there at once ---
if command -v etcd >/dev/null; then
	sed -i '/reload:/d; s/ } \],$/ } ] } }/' agent.yaml # nobody is there to be signalled
	rm -f "$fast/out"
	FETTLE_STATE_DIR=$fast/state4 "$FETTLE" config run agent.yaml 2>run.log &
	agent=$!
	until [ -s "$fast/out" ] && ls "$fast"/state4/config/known-good/* >/dev/null 2>&1; do sleep 0.05; done
	sleep 0.5
	{ kill "$agent" && wait "$agent"; } 2>/dev/null || true
	{ kill -KILL "${background[-1]}" && wait "${background[-1]}"; } 2>/dev/null || true
	python3 - "$FETTLE" "$fast/out" "$fast/state4" <<-'PY'
		import os, subprocess, sys, time
		fettle, out, state = sys.argv[1:4]
		times = []
		for _ in range(20):
		    os.unlink(out)
		    begin = time.monotonic()
		    agent = subprocess.Popen([fettle, "config", "run", "agent.yaml"], env={**os.environ, "FETTLE_STATE_DIR": state},
		                             stderr=subprocess.DEVNULL)
		    while not os.path.exists(out) and time.monotonic() - begin < 10:
		        time.sleep(0.0005)
		    times.append(time.monotonic() - begin)
		    agent.kill()
		    agent.wait()
		times.sort()
		print(f"start while the source is down, to the file  p50 {times[10] * 1e3:5.1f} ms  max {times[-1] * 1e3:5.1f} ms  (wanted: 50)")
	PY
fi

# --- idle ---
ticks() { awk '{ print $14 + $15 }' "/proc/$agent/stat"; }
switches() { awk '/^voluntary/ { s += $2 } END { print s }' /proc/"$agent"/task/*/status; }

# idle NAME: of the process $agent, when all files of $fast/idle are there
idle() {
	local before cpu_before
	until [ "$(ls "$fast/idle" 2>/dev/null | grep -cv '^\.')" = 50 ]; do sleep 0.1; done
	sleep 4
	before=$(switches) cpu_before=$(ticks)
	sleep 10
	printf 'idle, 50 templates, %-15s RSS %6s KiB  threads %2s  wake-ups %4s and CPU %s ticks in 10 s\n' "$1" \
		"$(awk '/^VmRSS/ { print $2 }' "/proc/$agent/status")" "$(ls "/proc/$agent/task" | wc -l)" "$(($(switches) - before))" \
		"$(($(ticks) - cpu_before))"
	# consul-template does not end by TERM.
	{ kill -KILL "$agent" && wait "$agent"; } 2>/dev/null || true
	rm -rf "$fast/idle"
}
{
	printf 'apiVersion: config.fettle.dev/v1\nkind: Agent\nsources: { s: { url: "file:%s/conf" } }\nunits:\n' "$work"
	for i in $(seq 50); do
		printf '  u%d: { templates: [ { text: "{{ key \\"file\\" }} %d", flavour: consul-template, to: "%s/idle/%d" } ] }\n' "$i" "$i" "$fast" "$i"
	done
} >agent.yaml
FETTLE_STATE_DIR=$fast/state3 "$FETTLE" config run agent.yaml 2>run.log &
agent=$!
background+=("$agent")
idle 'ours (8192)'
if [ -n "$consul_template" ]; then
	for i in $(seq 50); do
		printf 'template {\n contents = "{{ file \\"%s/conf/file\\" }} %d"\n destination = "%s/idle/%d"\n}\n' "$work" "$i" "$fast" "$i"
	done >ct.hcl
	"$consul_template" -config ct.hcl >other.log 2>&1 &
	agent=$!
	background+=("$agent")
	idle consul-template
fi
