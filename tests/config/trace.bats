#!/usr/bin/env bats
# W3C Trace Context on outgoing requests.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	port=$(free_port)
	python3 - "$port" >seen 3>&- <<-'END' &
		import http.server, sys
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(s):
		        print(s.headers.get("traceparent"), s.headers.get("tracestate"), flush=True)
		        s.send_response(200)
		        s.send_header("Content-Length", "7")
		        s.end_headers()
		        s.wfile.write(b'{"a":1}')
		    def log_message(s, *a): pass
		http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
	END
	server=$!
	wait_until curl -fsS -o /dev/null "http://127.0.0.1:$port/"
	>seen
}

teardown() { kill -KILL "$server" 2>/dev/null || true; }

get() { [ "$("$FETTLE" config get a --from "http://127.0.0.1:$port/x.json")" = 1 ]; }

@test "trace: a request is in the trace of whoever started us, else in one of its own" {
	get
	TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00 TRACESTATE=a=b get
	TRACEPARENT=00-00000000000000000000000000000000-00f067aa0ba902b7-00 get
	grep -Eq '^00-[0-9a-f]{32}-[0-9a-f]{16}-01 None$' <(sed -n 1p seen)
	grep -Eq '^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00 a=b$' <(sed -n 2p seen)
	! grep -q 00f067aa0ba902b7 seen
	! grep -q 0000000000000000000000 seen
}
