#!/usr/bin/env python3
"""Stands in for the transit engine of HashiCorp Vault, as its API documents it: transit.py PORT TOKEN LOG

Keys are made at their first use; ciphertexts are `vault:v1:` and base64 of a keyed stream, good for tests only.
Each request is a line of LOG: method, path, token.
"""
import base64
import hashlib
import http.server
import json
import sys


def stream(name, data):
    pad = hashlib.sha256(name.encode()).digest() * (len(data) // 32 + 1)
    return bytes(a ^ b for a, b in zip(data, pad))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        token = self.headers.get("X-Vault-Token")
        with open(sys.argv[3], "a") as log:
            print(self.command, self.path, token, file=log)
        if token != sys.argv[2]:
            return self.answer(403, {"errors": ["permission denied"]})
        parts = self.path.split("/")
        if len(parts) != 5 or parts[:3] != ["", "v1", "transit"] or parts[3] not in ("encrypt", "decrypt"):
            return self.answer(404, {"errors": ["no handler for route"]})
        verb, name = parts[3:]
        if verb == "encrypt":
            sealed = stream(name, b"ok" + base64.b64decode(body["plaintext"], validate=True))
            return self.answer(200, {"data": {"ciphertext": "vault:v1:" + base64.b64encode(sealed).decode(), "key_version": 1}})
        plain = stream(name, base64.b64decode(body["ciphertext"].removeprefix("vault:v1:")))
        if not plain.startswith(b"ok"):
            return self.answer(400, {"errors": ["cipher: message authentication failed"]})
        self.answer(200, {"data": {"plaintext": base64.b64encode(plain[2:]).decode()}})

    do_PUT = do_POST


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
