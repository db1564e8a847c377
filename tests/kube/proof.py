"""Random edits of manifests and of live objects, for proof.bats.

proof.py make COUNT FILE PREFIX      write manifests of COUNT objects
proof.py mutate FILE SEED SHARE      change some of them, SHARE of them per cent
proof.py live SEED SHARE             change some of the live objects, by merge patch as "someone"
proof.py heal FILE GOOD ERRORS         put back objects that the errors name
proof.py compare AUTO ALWAYS         two plans as JSON: is what the one calls unchanged so for the other?
"""
import json
import os
import random
import ssl
import subprocess
import sys
import urllib.request


def make(number, prefix):
    name = f"{prefix}{number}"
    if number % 3 == 0:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"a": "1"}},
                "data": {"one": "1", "two": "2"}}
    if number % 3 == 1:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                "spec": {"selector": {"app": name}, "ports": [
                    {"name": "a", "port": 80, "targetPort": 8080}, {"name": "b", "port": 81, "protocol": "UDP"}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "annotations": {"n": "x"}},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [
                    {"name": "a", "image": "x:1", "args": ["1", "2"], "env": [{"name": "E", "value": "1"}],
                     "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}, "ports": [{"containerPort": 80}]},
                    {"name": "b", "image": "y:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
                    "volumes": [{"name": "v", "emptyDir": {}}]}}}}


def places(value, found):
    """Every map and list inside, with what contains it."""
    if isinstance(value, dict):
        found.append(value)
        for inner in value.values():
            places(inner, found)
    elif isinstance(value, list):
        found.append(value)
        for inner in value:
            places(inner, found)
    return found


def edit(rng, obj):
    """One random edit that leaves something a server may still accept."""
    inside = obj.get("data") if obj["kind"] == "ConfigMap" else obj["spec"]
    where = rng.choice(places(inside, []) + [obj["metadata"].setdefault("labels", {})])
    if isinstance(where, list):
        kind = rng.randrange(3)
        if kind == 0 and len(where) > 1:
            where.reverse()
        elif kind == 1 and len(where) > 1:
            where.pop(rng.randrange(len(where)))
        elif where and isinstance(where[0], str):
            where.append(str(rng.randrange(9)))
        return
    keys = [key for key in where if key not in ("name", "app", "matchLabels", "selector", "template", "metadata",
                                                "spec", "containers", "port", "containerPort")]
    kind = rng.randrange(4)
    if kind == 0 and keys and isinstance(where, dict):
        where.pop(rng.choice(keys))
    elif kind == 1 and keys:
        key = rng.choice(keys)
        if isinstance(where[key], str):
            where[key] = rng.choice(["1", "2", "1000m", "1", "x:1", "", where[key] + "z"])
        elif isinstance(where[key], int):
            where[key] = where[key] + rng.randrange(2)
    elif kind == 2 and all(isinstance(v, str) for v in where.values()):
        where[f"k{rng.randrange(4)}"] = str(rng.randrange(3))
    elif keys and where is not obj["metadata"].get("labels") and rng.randrange(4) == 0:
        where[rng.choice(keys)] = None


def mutate(path, seed, share):
    rng = random.Random(seed)
    objects = json.load(open(path))["items"]
    for obj in objects:
        if rng.randrange(100) < share:
            edit(rng, obj)
    json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, open(path, "w"))


def live(seed, share):
    rng = random.Random(seed)
    context = ssl.create_default_context(cafile=os.environ["RIG_CA"])
    base = f"{os.environ['RIG_SERVER']}"
    space = os.environ["KUBE_NS"]
    for plural, group in (("configmaps", "/api/v1"), ("services", "/api/v1"), ("deployments", "/apis/apps/v1")):
        names = subprocess.run(["kubectl", "get", plural, "-o", "name"], check=True, capture_output=True, text=True)
        for name in sorted(names.stdout.split()):
            name = name.split("/")[1]
            if not name.startswith("p") or rng.randrange(100) >= share:
                continue
            patch = rng.choice([
                {"metadata": {"labels": {"a": str(rng.randrange(3))}}}, {"metadata": {"annotations": {"n": "y"}}},
                {"metadata": {"labels": {"other": "1"}}}]
                + ([{"data": {"one": str(rng.randrange(3))}}, {"data": {"two": None}}, {"data": {"new": "1"}}]
                   if plural == "configmaps" else [{"spec": {"sessionAffinity": "ClientIP"}}]
                   if plural == "services" else [{"spec": {"replicas": 0, "paused": True}}]))
            request = urllib.request.Request(
                f"{base}{group}/namespaces/{space}/{plural}/{name}?fieldManager=someone", method="PATCH",
                data=json.dumps(patch).encode(),
                headers={"Content-Type": "application/merge-patch+json", "Authorization": "Bearer admin-token"})
            urllib.request.urlopen(request, context=context).read()


def heal(path, good, errors):
    """Objects the server refuses become what they were."""
    text = open(errors).read()
    before = {obj["metadata"]["name"]: obj for obj in json.load(open(good))["items"]}
    objects = json.load(open(path))["items"]
    healed = []
    for obj in objects:
        name = obj["metadata"]["name"]
        if f"/{name}:" not in text and not (json.dumps(None) in json.dumps(obj.get("metadata"))):
            healed.append(obj)
        elif before[name] != obj:
            healed.append(before[name])  # and when that does not go with what is live, it is left out
    json.dump({"apiVersion": "v1", "kind": "List", "items": healed}, open(path, "w"))
    return 0 if healed != objects else 1


def compare(auto, always):
    first = {item["key"]: item["action"] for item in json.load(open(auto))["objects"]}
    second = {item["key"]: item["action"] for item in json.load(open(always))["objects"]}
    wrong = [key for key, action in second.items()
             if first.get(key, "unchanged") == "unchanged" and action != "unchanged"]
    print(f"{len(first)} {len(second)} objects, wrong: {wrong}")
    return 1 if wrong or not second else 0


if sys.argv[1] == "make":
    json.dump({"apiVersion": "v1", "kind": "List", "items": [make(n, sys.argv[4]) for n in range(int(sys.argv[2]))]},
              open(sys.argv[3], "w"))
elif sys.argv[1] == "mutate":
    mutate(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
elif sys.argv[1] == "live":
    live(int(sys.argv[2]), int(sys.argv[3]))
elif sys.argv[1] == "heal":
    sys.exit(heal(*sys.argv[2:5]))
else:
    sys.exit(compare(sys.argv[2], sys.argv[3]))
