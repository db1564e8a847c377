#!/usr/bin/env python3
"""An agent whose sources go and come for a day, with time compressed by the pauses between attempts.

flap.py FETTLE SECONDS REDIS_PORT ETCD_PORT    a pause of up to 60 s becomes one of up to 60 ms, so 86 seconds are a day

Lines to a real etcd and a real Redis are cut, refused, silent, or cut off in the middle of an answer, at random; a
document on a web server is whole, cut, empty, garbage, or an error. Meanwhile the values change. Every file must
always hold a value there was, never an older one than before, and the agent must live; in the end all converge.
"""
import http.server
import os
import random
import re
import select
import socket
import subprocess
import sys
import threading
import time

FETTLE, SECONDS = sys.argv[1], float(sys.argv[2])
PORTS = {"redis": int(sys.argv[3]), "etcd": int(sys.argv[4])}
RNG = random.Random(4)


class Line:
    """A TCP line to `port` that can be told how to behave: up, down (refuses), silent, short (cuts after some bytes)."""

    def __init__(self, port):
        self.to, self.mode, self.open = port, "up", []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.mode == "down":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
                continue
            self.connections += 1
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            client.close()
            return
        pair = {client: server, server: client}
        self.open.append(pair)
        left = RNG.randrange(1, 400)
        try:
            while True:
                for end in select.select(list(pair), [], [], 0.05)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    if self.mode == "silent":
                        continue
                    if self.mode == "short" and end is server:
                        data = data[:left]
                        left -= len(data)
                        if left <= 0:
                            pair[end].sendall(data)
                            return
                    pair[end].sendall(data)
                if self.mode == "down":
                    return
        except OSError:
            pass
        finally:
            client.close()
            server.close()
            if pair in self.open:
                self.open.remove(pair)

    def cut(self):
        for pair in list(self.open):
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Web(http.server.BaseHTTPRequestHandler):
    value, mode, asked = 0, "up", 0
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        Web.asked += 1
        mode = Web.mode
        body = b'{"v": "%d"}' % Web.value
        status = 200
        if mode == "error":
            status, body = RNG.choice((404, 429, 500, 502, 503)), b"oops"
        elif mode == "garbage":
            body = bytes(RNG.randrange(256) for _ in range(RNG.randrange(1, 200)))
        elif mode == "empty":
            body = b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + (50 if mode == "cut" else 0)))
        self.end_headers()
        self.wfile.write(body)
        if mode == "cut":
            self.close_connection = True


def put(kind, value):
    if kind == "web":
        Web.value = value
        return
    url = f"etcd://127.0.0.1:{PORTS['etcd']}/flap" if kind == "etcd" else f"redis://127.0.0.1:{PORTS['redis']}/0"
    subprocess.run([FETTLE, "config", "set", "v", "--from", url, "-q"], input=str(value).encode(), check=True)


def shown(kind):
    with open(f"out/{kind}") as f:
        return f.read()


def main():
    lines = {kind: Line(port) for kind, port in PORTS.items()}
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    kinds = ("etcd", "redis", "web")
    for kind in kinds:
        put(kind, 0)
    urls = {"etcd": f"etcd://127.0.0.1:{lines['etcd'].port}/flap", "redis": f"redis://127.0.0.1:{lines['redis'].port}/0",
            "web": f"http://127.0.0.1:{web.server_address[1]}/v.json"}
    with open("agent.yaml", "w") as f:
        f.write("apiVersion: config.fettle.dev/v1\nkind: Agent\nsources:\n")
        for kind in kinds:
            f.write(f'  {kind}: {{ url: "{urls[kind]}", poll: 30ms, timeout: 200ms, retry: {{ first: 1ms, longest: 60ms }} }}\n')
        f.write("units:\n")
        for kind in kinds:
            f.write(f'  {kind}: {{ source: {kind}, templates: [ {{ text: "{{{{ key \\"v\\" }}}}", flavour: consul-template, to: out/{kind} }} ] }}\n')
    os.makedirs("out", exist_ok=True)
    agent = subprocess.Popen([FETTLE, "config", "run", "agent.yaml"], stdout=subprocess.DEVNULL, stderr=open("log", "w"))
    try:
        end = time.monotonic() + 20
        while not all(os.path.exists(f"out/{k}") for k in kinds):
            if time.monotonic() > end or agent.poll() is not None:
                sys.exit("it does not start")
            time.sleep(0.05)
        last, value, flaps, looks = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0), 0, 0
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            what = RNG.random()
            if what < 0.75:
                flaps += 1
                for line in RNG.sample(list(lines.values()), RNG.randrange(1, 3)):
                    line.mode = RNG.choice(("up", "up", "down", "silent", "short"))
                    line.cut()
                Web.mode = RNG.choice(("up", "up", "error", "garbage", "empty", "cut"))
            else:
                kind = RNG.choice(kinds)
                value[kind] += 1
                put(kind, value[kind])
            time.sleep(RNG.random() * 0.12)
            if agent.poll() is not None:
                sys.exit(f"the agent ended with {agent.returncode}")
            for kind in kinds:
                looks += 1
                text = shown(kind)
                if not re.fullmatch(r"\d+", text) or not last[kind] <= int(text) <= value[kind]:
                    sys.exit(f"{kind} shows {text!r} after {last[kind]}; there is {value[kind]}")
                last[kind] = int(text)
        for line in lines.values():
            line.mode = "up"
        Web.mode = "up"
        for kind in kinds:
            value[kind] += 1
            put(kind, value[kind])
        end = time.monotonic() + 5
        while any(shown(k) != str(value[k]) for k in kinds):
            if time.monotonic() > end:
                sys.exit(f"it does not converge: {[(k, shown(k), value[k]) for k in kinds]}")
            time.sleep(0.02)
        came = ", ".join(f"{k} {line.connections} times" for k, line in lines.items())
        print(f"{flaps} changes of the lines in {SECONDS:.0f} s, connected anew: {came}, asked the web {Web.asked} times; "
              f"{looks} looks at files: always whole and never older; all converged")
    finally:
        agent.terminate()
        agent.wait()


main()
