"""Objects and their mutants, judged by a real API server and by fettle lint, for lint_schema.bats.

schema.py make SEED COUNT OUT FILE...   mutants of the objects in the JSON files, one file each, in
                                        OUT; COUNT of them for each object, 0 for all there are
schema.py split FILE OUT                one file for each object of a file with one in each line
schema.py ask OUT                       dry-run them with strict validation: OUT/verdicts.json
schema.py compare OUT FINDINGS          the verdicts beside `fettle lint --output jsonl`
schema.py all OUT FINDINGS WHAT         all are "accepted", or "refused", by both

What must agree: fettle tells of unknown fields, types or formats if and only if the server cannot
decode the object; what fettle tells of required fields and choices, the server refuses (its
hand-written checks may refuse more). Needs RIG_SERVER and RIG_CA.
"""
import collections
import copy
import http.client
import json
import os
import random
import ssl
import sys
import threading
import urllib.parse

# ---- mutants -------------------------------------------------------------------------------------


def places(value, path=()):
    """(path, value) of everything inside."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path + (key,), inner
            yield from places(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield path + (index,), inner
            yield from places(inner, path + (index,))


def container(obj, path):
    for step in path[:-1]:
        obj = obj[step]
    return obj


def edits_of(path, value):
    """(name, function on a copy) for one place."""
    def put(new):
        return lambda obj: container(obj, path).__setitem__(path[-1], new)

    def rename(obj):
        where = container(obj, path)
        where[path[-1] + "x"] = where.pop(path[-1])

    def remove(obj):
        del container(obj, path)[path[-1]]

    if isinstance(path[-1], str):
        yield "rename", rename
        yield "remove", remove
    yield "null", put(None)
    if isinstance(value, bool):
        others = ["true", 1, {}]
    elif isinstance(value, int):
        others = [str(value), 1.5, 2 ** 40, 2 ** 70, True, []]
    elif isinstance(value, str):
        others = [1, True, {}, ["x"], "no such value", ""]
    elif isinstance(value, list):
        others = [{}, "x", 1]
    else:
        others = [[], "x", True]
    for other in others:
        yield "set " + json.dumps(other), put(other)
    if isinstance(value, dict):
        yield "add", lambda obj: container(obj, path)[path[-1]].__setitem__("zzUnknown", 1)


def mutants(obj, rng, count):
    found = [(path, name, edit) for path, value in places(obj) if path[0] not in ("apiVersion", "kind")
             for name, edit in edits_of(path, value)]
    if count and len(found) > count:
        found = rng.sample(found, count)
    for path, name, edit in found:
        mutant = copy.deepcopy(obj)
        edit(mutant)
        yield mutant, "%s %s" % (".".join(map(str, path)), name)


def prepare(obj, number):
    """What a server would refuse for other reasons, in every object of the test data."""
    metadata = obj.setdefault("metadata", {})
    for key in ("resourceVersion", "uid", "namespace", "generateName", "managedFields", "generation",
                "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences"):
        metadata.pop(key, None)
    if str(metadata.get("name", "")).endswith("Value"):
        metadata["name"] = "x%d" % number


def make(seed, count, out, paths):
    rng, number, about = random.Random(int(seed)), 0, {}
    os.makedirs(out, exist_ok=True)

    def write(obj, what):
        nonlocal number
        name = "%06d.json" % number
        number += 1
        about[name] = what
        with open(os.path.join(out, name), "w") as file:
            json.dump(obj, file)

    for path in paths:
        with open(path) as file:
            obj = json.load(file)
        if "apiVersion" not in obj:
            continue
        prepare(obj, number)
        label = "%s %s: " % (obj["apiVersion"], obj["kind"])
        write(obj, label + "as it is")
        for mutant, what in mutants(obj, rng, int(count)):
            write(mutant, label + what)
    with open(os.path.join(out, "about"), "w") as file:
        json.dump(about, file)


def split(path, out):
    os.makedirs(out, exist_ok=True)
    about = {}
    with open(path) as file:
        for number, line in enumerate(file):
            name = "%06d.json" % number
            about[name] = "line %d" % (number + 1)
            with open(os.path.join(out, name), "w") as copied:
                copied.write(line)
    with open(os.path.join(out, "about"), "w") as file:
        json.dump(about, file)


# ---- the server ----------------------------------------------------------------------------------


class Server:
    def __init__(self):
        self.url = urllib.parse.urlparse(os.environ["RIG_SERVER"])
        self.context = ssl.create_default_context(cafile=os.environ["RIG_CA"])
        self.connection = None

    def ask(self, method, path, body=None):
        if not self.connection:
            self.connection = http.client.HTTPSConnection(self.url.netloc, context=self.context, timeout=60)
        self.connection.request(method, path, body, {"Authorization": "Bearer admin-token",
                                                     "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body.startswith(b"{") else {"message": body.decode()}

    def resources(self):
        found, groups = {}, ["/api/v1"]
        for group in self.ask("GET", "/apis")[1]["groups"]:
            groups += ["/apis/" + version["groupVersion"] for version in group["versions"]]
        for root in groups:
            listing = self.ask("GET", root)[1]
            for resource in listing.get("resources", []):
                if "/" not in resource["name"] and "create" in resource["verbs"]:
                    space = "/namespaces/default" if resource["namespaced"] else ""
                    found[listing["groupVersion"], resource["kind"]] = \
                        "%s%s/%s" % (root, space, resource["name"])
        return found


def judge(server, resources, obj):
    path = resources.get((obj["apiVersion"], obj["kind"]))
    if not path:
        return None
    status, answer = server.ask("POST", path + "?dryRun=All&fieldValidation=Strict", json.dumps(obj))
    if status < 300:
        return {"status": status, "why": ""}
    return {"status": status, "why": answer.get("message", "")}


def ask(out):
    names = sorted(name for name in os.listdir(out) if name.endswith(".json") and name[0].isdigit())
    resources, verdicts, position, lock = Server().resources(), {}, iter(names), threading.Lock()

    def work():
        server = Server()
        while True:
            with lock:
                name = next(position, None)
            if name is None:
                return
            with open(os.path.join(out, name)) as file:
                verdicts[name] = judge(server, resources, json.load(file))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(os.path.join(out, "verdicts"), "w") as file:
        json.dump(verdicts, file)


# ---- both ----------------------------------------------------------------------------------------


# Answers of the decoder and of the conversion to the internal types.
UNDECODABLE = ("strict decoding error", "cannot unmarshal", "unable to parse", "illegal base64",
               "parsing time", "json:", "quantities must match", "cannot be handled as", "cannot restore slice",
               "cannot restore map", "unrecognized type", "error decoding", "expected", "string is too long",
               "couldn't be converted", "fail to decode", "could not", "invalid character")


# What fettle tells of, then.
DECODING = ("schema-unknown-field", "schema-type", "schema-format")


def is_undecodable(verdict):
    return verdict["status"] == 400 and any(text in verdict["why"] for text in UNDECODABLE)


def read(out, findings):
    with open(os.path.join(out, "about")) as file:
        about = json.load(file)
    with open(os.path.join(out, "verdicts")) as file:
        verdicts = json.load(file)
    errors = collections.defaultdict(list)
    with open(findings) as file:
        for line in file:
            finding = json.loads(line)
            if finding.get("severity") == "error":
                errors[os.path.basename(finding["path"])].append(
                    "%s %s" % (finding["rule"], finding["message"]))
    return about, verdicts, errors


def all_are(out, findings, what):
    about, verdicts, errors = read(out, findings)
    wrong = 0
    for name, verdict in sorted(verdicts.items()):
        accepted = verdict and verdict["status"] < 300
        if accepted != (what == "accepted") or bool(errors.get(name)) == accepted:
            print("%s: the server: %s; fettle: %s" % (about[name], verdict, errors.get(name)))
            wrong += 1
    print("%d %s, disagreements: %d" % (len(verdicts), what, wrong))
    return 1 if wrong else 0


def compare(out, findings):
    about, verdicts, errors = read(out, findings)
    counts, wrong = collections.Counter(), []
    for name, verdict in sorted(verdicts.items()):
        if not verdict:
            counts["not served here"] += 1
            continue
        told = errors.get(name, [])
        counts["asked"] += 1
        counts["refused by the server"] += verdict["status"] >= 300
        counts["not decoded by the server"] += is_undecodable(verdict)
        counts["reported by fettle"] += bool(told)
        decoding = [text for text in told if text.startswith(DECODING)]
        if verdict["status"] == 400 and not is_undecodable(verdict):
            counts["refused in other words"] += 1
            if "-v" in sys.argv:
                print(name, about[name], verdict["why"][:300])
        elif is_undecodable(verdict) and not decoding:
            wrong.append("%s %s: missed: %s" % (name, about[name], verdict["why"]))
        elif decoding and not is_undecodable(verdict):
            wrong.append("%s %s: decoded by the server (%s): %s" %
                         (name, about[name], verdict["why"], "; ".join(decoding)))
        elif verdict["status"] < 300 and told:
            wrong.append("%s %s: accepted by the server: %s" % (name, about[name], "; ".join(told)))
    for what, count in sorted(counts.items()):
        print("%s: %d" % (what, count))
    print("disagreements: %d" % len(wrong))
    for line in wrong:
        print(line[:400])
    return 1 if wrong else 0


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "make":
        make(arguments[0], arguments[1], arguments[2], arguments[3:])
    elif command == "split":
        split(arguments[0], arguments[1])
    elif command == "ask":
        ask(arguments[0])
    elif command == "all":
        sys.exit(all_are(arguments[0], arguments[1], arguments[2]))
    else:
        sys.exit(compare(arguments[0], arguments[1]))
