#!/usr/bin/env python3
"""A git server for tests: git-http-backend behind HTTPS (or HTTP) on a loopback port.

  https_server.py ROOT PORT_FILE LOG [CERT KEY]

ROOT holds bare repositories. The first folder of the address says how they are served:

  /git/REPO        to everybody
  /auth/REPO       to user "bob" with password "s3cret"
  /plain/REPO      without the capability to cut off history
  /redirect/REPO   after a redirect to /git/REPO
  /elsewhere/REPO  after a redirect to /auth/REPO under the other name of this machine
  /hang/REPO       connection taken, nothing answered
  /stall/REPO      refs answered, then silence in the middle of the pack
  /html/REPO       a web page
  /down/REPO       503
  /missing/REPO    404
Each request is one line in LOG: method, path, "auth" or "-".
"""
import base64
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time

ROOT, PORT_FILE, LOG = sys.argv[1:4]
GOOD = "Basic " + base64.b64encode(b"bob:s3cret").decode()
lock = threading.Lock()


def without_shallow(refs):
    """The advertisement without the shallow capabilities, lengths set right."""
    out, rest = b"", refs
    while rest:
        size = int(rest[:4], 16)
        line, rest = (rest[:4], rest[4:]) if size == 0 else (rest[4:size], rest[size:])
        if size == 0:
            out += line
            continue
        for word in (b" shallow", b" deepen-since", b" deepen-not", b" deepen-relative"):
            line = line.replace(word, b"")
        out += b"%04x" % (len(line) + 4) + line
    return out


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self):
        auth = "auth" if self.headers.get("Authorization") else "-"
        with lock, open(LOG, "a") as log:
            log.write(f"{self.command} {self.path} {auth}\n")

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def backend(self, path, query, body):
        env = dict(
            os.environ,
            GIT_PROJECT_ROOT=ROOT,
            GIT_HTTP_EXPORT_ALL="1",
            PATH_INFO=path,
            QUERY_STRING=query,
            REQUEST_METHOD=self.command,
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            CONTENT_LENGTH=str(len(body)),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
            REMOTE_ADDR="127.0.0.1",
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0="safe.directory",
            GIT_CONFIG_VALUE_0="*",
        )
        done = subprocess.run(["git", "http-backend"], input=body, env=env, stdout=subprocess.PIPE)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        return status, headers, rest

    def serve(self):
        self.note()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        mode, _, rest = path.lstrip("/").partition("/")
        host = self.headers.get("Host", "")
        port = host.rpartition(":")[2]
        if mode == "hang":
            time.sleep(600)
        elif mode == "redirect":
            self.answer(302, [("Location", f"/git/{rest}?{query}")])
        elif mode == "elsewhere":
            scheme = "https" if len(sys.argv) > 4 else "http"
            other = "localhost" if host.startswith("127.") else "127.0.0.1"
            self.answer(302, [("Location", f"{scheme}://{other}:{port}/auth/{rest}?{query}")])
        elif mode == "html":
            self.answer(200, [("Content-Type", "text/html")], b"<html>sign in</html>")
        elif mode == "down":
            self.answer(503)
        elif mode == "auth" and self.headers.get("Authorization") != GOOD:
            self.answer(401, [("WWW-Authenticate", 'Basic realm="git"')])
        elif mode in ("git", "auth", "plain", "stall"):
            status, headers, content = self.backend("/" + rest, query, body)
            if mode == "plain" and query:
                content = without_shallow(content)
            if mode == "stall" and not query:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                time.sleep(600)
            else:
                self.answer(status, headers, content)
        else:
            self.answer(404)

    do_GET = do_POST = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that go away in the middle are part of the tests


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(PORT_FILE + ".tmp", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".tmp", PORT_FILE)
server.serve_forever()
