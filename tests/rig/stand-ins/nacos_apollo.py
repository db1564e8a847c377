#!/usr/bin/env python3
"""Stands in for Nacos (HTTP v1) and Apollo's config service, as their interfaces are documented; holds requests.

nacos_apollo.py PORT STATE    STATE is a JSON file looked at all the time: {"nacos": {"GROUP/ID": "text"},
                              "user": ["name", "password"], "apollo": {"app/cluster/namespace": {"k": "v"}}, "keys": {"app": "access key"}}
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import time
import urllib.parse

HOLD_S = 5
tokens = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def state(self):
        with open(sys.argv[2]) as f:
            return json.load(f)

    def is_allowed(self, query):
        return not self.state().get("user") or query.get("accessToken", [""])[0] in tokens

    def is_signed(self, app):
        """As Apollo asks for it when the app has an access key."""
        key = self.state().get("keys", {}).get(app)
        if key is None:
            return True
        now = self.headers.get("Timestamp", "0")
        wanted = base64.b64encode(hmac.new(key.encode(), f"{now}\n{self.path}".encode(), hashlib.sha1).digest()).decode()
        return abs(time.time() - int(now) / 1000) < 60 and self.headers.get("Authorization") == f"Apollo {app}:{wanted}"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        state = self.state()
        if url.path == "/nacos/v1/cs/configs":
            if not self.is_allowed(query):
                return self.answer(403, "unknown user!")
            if "search" in query:
                size, page = int(query["pageSize"][0]), int(query["pageNo"][0])
                mine = [(k.split("/", 1)[1], v) for k, v in sorted(state["nacos"].items()) if k.startswith(query["group"][0] + "/")]
                items = [{"dataId": k, "group": query["group"][0], "content": v} for k, v in mine[(page - 1) * size:page * size]]
                return self.answer(200, json.dumps({"totalCount": len(mine), "pageNumber": page, "pagesAvailable": -(-len(mine) // size),
                                                    "pageItems": items}))
            text = state["nacos"].get(query["group"][0] + "/" + query["dataId"][0])
            if text is None:
                return self.answer(404, "config data not exist")
            return self.answer(200, text, [("Content-MD5", hashlib.md5(text.encode()).hexdigest())])
        if url.path.startswith("/configs/"):
            if not self.is_signed(urllib.parse.unquote(url.path.split("/")[2])):
                return self.answer(401, "Unauthorized")
            items = state["apollo"].get(urllib.parse.unquote(url.path[len("/configs/"):]))
            if items is None:
                return self.answer(404, "{}")
            return self.answer(200, json.dumps({"configurations": items, "releaseKey": "r"}))
        if url.path == "/notifications/v2":
            if not self.is_signed(query["appId"][0]):
                return self.answer(401, "Unauthorized")
            wanted = json.loads(query["notifications"][0])[0]
            name = "/".join([query["appId"][0], query["cluster"][0], wanted["namespaceName"]])
            until = time.monotonic() + HOLD_S
            while time.monotonic() < until:
                now = int(hashlib.md5(json.dumps(self.state()["apollo"].get(name)).encode()).hexdigest()[:8], 16)
                if now != wanted["notificationId"]:
                    return self.answer(200, json.dumps([{"namespaceName": wanted["namespaceName"], "notificationId": now}]))
                time.sleep(0.02)
            return self.answer(304, "")
        self.answer(404, "")

    def change(self, query, names, content):
        """Publish, or with content None delete, a configuration."""
        if not self.is_allowed(query):
            return self.answer(403, "unknown user!")
        if content == "":
            return self.answer(400, "Param 'content' is required.")
        state = self.state()
        key = names["group"][0] + "/" + names["dataId"][0]
        if content is None:
            state["nacos"].pop(key, None)
        else:
            state["nacos"][key] = content
        with open(sys.argv[2] + ".new", "w") as f:
            json.dump(state, f)
        os.rename(sys.argv[2] + ".new", sys.argv[2])
        self.answer(200, "true")

    def do_DELETE(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.change(query, query, None)

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        if url.path == "/nacos/v1/cs/configs":
            return self.change(urllib.parse.parse_qs(url.query), form, form.get("content", [""])[0])
        if url.path == "/nacos/v1/auth/login":
            if self.state().get("user") != [form["username"][0], form["password"][0]]:
                return self.answer(403, "unknown user!")
            tokens.add("token%d" % len(tokens))
            return self.answer(200, json.dumps({"accessToken": sorted(tokens)[-1], "tokenTtl": 18000}))
        if url.path == "/nacos/v1/cs/configs/listener":
            if not self.is_allowed(urllib.parse.parse_qs(url.query)):
                return self.answer(403, "unknown user!")
            name, group, md5 = form["Listening-Configs"][0].rstrip("\1").split("\2")[:3]
            until = time.monotonic() + min(HOLD_S, int(self.headers["Long-Pulling-Timeout"]) / 1000)
            while time.monotonic() < until:
                text = self.state()["nacos"].get(group + "/" + name)
                if (hashlib.md5(text.encode()).hexdigest() if text is not None else "") != md5:
                    return self.answer(200, urllib.parse.quote(name + "\2" + group + "\1"))
                time.sleep(0.02)
            return self.answer(200, "")
        self.answer(404, "")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
