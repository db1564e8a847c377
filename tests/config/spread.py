#!/usr/bin/env python3
"""A thousand sources of an agent lose their server and find it again: spread.py FETTLE COUNT OUTAGE_S

They must not come back at one moment: of the time from the first to the last, no tenth may see more than its share
by far. Prints the figures; exit status 1 when they came in a crowd or did not all come.
"""
import http.server
import os
import socketserver
import subprocess
import sys
import threading
import time


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024


class Handler(http.server.BaseHTTPRequestHandler):
    seen = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.seen.setdefault(self.path, time.monotonic())
        body = b"k: v\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def serve(port):
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def wait_for(count, seconds):
    end = time.monotonic() + seconds
    while len(Handler.seen) < count and time.monotonic() < end:
        time.sleep(0.05)
    return len(Handler.seen) >= count


def main():
    fettle, count, outage_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    server = serve(0)
    port = server.server_address[1]
    with open("agent.yaml", "w", encoding="utf-8") as f:
        f.write("apiVersion: config.fettle.dev/v1\nkind: Agent\nsources:\n")
        f.writelines(f'  s{i}: {{ url: "http://127.0.0.1:{port}/{i}.yaml", poll: 1s }}\n' for i in range(count))
        f.write("units:\n")
        f.writelines(f'  u{i}: {{ source: s{i}, templates: [ {{ text: "{{{{ key \\"k\\" }}}}", flavour: consul-template, to: "out/{i}" }} ] }}\n'
                     for i in range(count))
    os.makedirs("out", exist_ok=True)
    agent = subprocess.Popen([fettle, "config", "run", "agent.yaml", "--no-cache"], stderr=subprocess.DEVNULL)
    try:
        if not wait_for(count, 60):
            print(f"spread: only {len(Handler.seen)} of {count} ever asked")
            return 1
        server.shutdown()
        server.server_close()
        time.sleep(outage_s)
        Handler.seen.clear()
        server = serve(port)
        complete = wait_for(count, 90)
    finally:
        agent.terminate()
        agent.wait()
    times = sorted(Handler.seen.values())
    if not complete:
        print(f"spread: {len(times)} of {count} came back")
        return 1
    # The slowest few make the time long; the bulk is what the server feels.
    span = times[int(count * 0.95)] - times[0]
    tenths = [0] * 10
    for t in times[:int(count * 0.95)]:
        tenths[min(9, int((t - times[0]) / span * 10))] += 1
    peak = max(tenths) / (sum(tenths) / 10)
    print(f"spread: {count} back in {times[-1] - times[0]:.1f} s, the fullest tenth has {peak:.1f} times its share {tenths}")
    return 1 if peak > 4 else 0


if __name__ == "__main__":
    sys.exit(main())
