#!/usr/bin/env python3
"""Stands in for HashiCorp Vault: KV version 2 under /v1/secret, tokens, AppRole, as their API documents them.

vault.py PORT STATE    STATE is a JSON file read at every request: {"secrets": {"a/b": {"field": "value"}},
                       "tokens": ["…"], "roles": {"role": "secret_id"}, "forbidden_lists": ["…"]}
"""
import http.server
import json
import os
import secrets
import sys

issued = set()


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

    def state(self):
        with open(sys.argv[2]) as f:
            return json.load(f)

    def change(self, state, body):
        """Write a secret over the version that "cas" names, or delete it with body None."""
        token = self.headers.get("X-Vault-Token")
        if token not in state.get("tokens", []) and token not in issued:
            return self.answer(403, {"errors": ["permission denied"]})
        name, versions = self.path[len("/v1/secret/data/"):], state.setdefault("versions", {})
        version = versions.get(name, 1 if name in state["secrets"] else 0)
        if body is None:
            state["secrets"].pop(name, None)
        else:
            cas = body.get("options", {}).get("cas")
            if cas is not None and cas != version:
                return self.answer(400, {"errors": ["check-and-set parameter did not match the current version"]})
            state["secrets"][name] = body["data"]
            versions[name] = version + 1
        with open(sys.argv[2] + ".new", "w") as f:
            json.dump(state, f)
        os.rename(sys.argv[2] + ".new", sys.argv[2])
        self.answer(200, {"data": {"version": versions.get(name, version)}})

    def do_DELETE(self):
        self.change(self.state(), None)

    def do_POST(self):
        state = self.state()
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.startswith("/v1/secret/data/"):
            return self.change(state, body)
        if self.path != "/v1/auth/approle/login" or state.get("roles", {}).get(body.get("role_id")) != body.get("secret_id"):
            return self.answer(400, {"errors": ["invalid role or secret ID"]})
        token = secrets.token_hex(8)
        issued.add(token)
        self.answer(200, {"auth": {"client_token": token, "lease_duration": 60, "renewable": True}})

    def do_GET(self):
        state = self.state()
        path, _, query = self.path.partition("?")
        token = self.headers.get("X-Vault-Token")
        if token in state.get("revoked", []):
            issued.discard(token)
        if state.get("revoke_all"):
            issued.clear()
        if token not in state.get("tokens", []) and token not in issued:
            return self.answer(403, {"errors": ["permission denied"]})
        known = state["secrets"]
        if path.startswith("/v1/secret/data/"):
            name = path[len("/v1/secret/data/"):]
            if name not in known and name in state.get("versions", {}):
                return self.answer(404, {"data": {"data": None, "metadata": {"version": state["versions"][name]}}})
            if name not in known:
                return self.answer(404, {"errors": []})
            return self.answer(200, {"data": {"data": known[name], "metadata": {"version": state.get("versions", {}).get(name, 1)}}})
        if path.startswith("/v1/secret/metadata") and "list=true" in query:
            base = path[len("/v1/secret/metadata"):].strip("/")
            if base in state.get("forbidden_lists", []):
                return self.answer(403, {"errors": ["permission denied"]})
            prefix = base + "/" if base else ""
            names = {n[len(prefix):].split("/")[0] + ("/" if "/" in n[len(prefix):] else "") for n in known if n.startswith(prefix)}
            return self.answer(200, {"data": {"keys": sorted(names)}}) if names else self.answer(404, {"errors": []})
        self.answer(404, {"errors": ["no handler for route"]})


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
