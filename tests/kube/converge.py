#!/usr/bin/env python3
"""What apply promises, many times over on a real API server: converge.py WHAT FETTLE COUNT

  chain      COUNT objects, each depending on the one before; prints the time of one apply
  scratch    a definition, its object, their namespace and a Deployment from nothing, COUNT times: first try
  histories  COUNT random edit histories with --prune: what is there is what was asked for and strangers, no more
  kills      an apply of 200 objects killed COUNT times: the next run converges, and nothing is left unrecorded

Namespace and project come from KUBE_NS and PROJECT. Prints one line of figures; exit status 1 when one is wrong.
"""
import json
import os
import random
import subprocess
import sys
import time

NS, PROJECT = os.environ["KUBE_NS"], os.environ["PROJECT"]
CONTEXT = ["--context", "admin"]


def kubectl(*args, text=None):
    return subprocess.run(["kubectl", *CONTEXT, *args], input=text, capture_output=True, text=True, check=True).stdout


def config_map(name, value="x", annotations=None):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": annotations or {}},
            "data": {"k": value}}


def write(objects):
    with open("m.json", "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, f)


class Fettle:
    def __init__(self, path):
        self.path = path

    def command(self, project, *more):
        return [self.path, "apply", "m.json", "--name", project, *CONTEXT, "--yes", "--timeout", "60s", *more]

    def apply(self, project, *more):
        return subprocess.run(self.command(project, *more), capture_output=True, text=True, check=False)


def present(prefix):
    names = kubectl("get", "configmap", "-n", NS, "-o", "name").split()
    return {n.split("/", 1)[1] for n in names if n.split("/", 1)[1].startswith(prefix)}


def chain(fettle, count):
    times = []
    for run in range(5):
        write([config_map(f"{PROJECT}-{run}-{i}", annotations={
            "fettle.dev/depends-on": f"ConfigMap/{PROJECT}-{run}-{i - 1}"} if i else None) for i in range(count)])
        begin = time.monotonic()
        done = fettle.apply(f"{PROJECT}-{run}")
        times.append(time.monotonic() - begin)
        if done.returncode:
            return f"run {run}: {done.stderr}"
    print(f"chain: {count} deep, median {sorted(times)[2] * 1000:.0f} ms of 5")
    return None


def scratch(fettle, count):
    for i in range(count):
        group, space = f"g{i}.{NS}.example.com", f"{NS}-s{i}"
        schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
        write([
            {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": space}, "spec": {"size": i}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": space}, "spec": {
                "selector": {"matchLabels": {"a": "d"}}, "template": {"metadata": {"labels": {"a": "d"}}, "spec": {
                    "containers": [{"name": "c", "image": "x:1"}]}}}},
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": {"rig.fettle.dev/file": NS}}},
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}"},
             "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": [
                 {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}},
        ])
        done = fettle.apply(f"{PROJECT}-{i}")
        kubectl_done = subprocess.run(["kubectl", *CONTEXT, "get", f"widgets.{group}/w", "-n", space], capture_output=True,
                                      text=True, check=False)
        subprocess.run(["kubectl", *CONTEXT, "delete", "crd", f"widgets.{group}", "--wait=false"], capture_output=True, check=False)
        subprocess.run(["kubectl", *CONTEXT, "delete", "namespace", space, "--wait=false"], capture_output=True, check=False)
        if done.returncode or kubectl_done.returncode:
            return f"try {i}: {done.stdout}{done.stderr}{kubectl_done.stderr}"
    print(f"scratch: {count} of {count} at the first try")
    return None


def histories(fettle, count):
    strangers = {f"{PROJECT}-stranger-{i}" for i in range(3)}
    for name in strangers:
        kubectl("create", "configmap", name, "-n", NS)
    steps = 0
    for number in range(count):
        r = random.Random(f"history {number}")
        prefix = f"{PROJECT}-h-"
        left_alone = set()
        for _ in range(r.randrange(2, 5)):
            names = {f"{prefix}{i}" for i in range(10) if r.random() < 0.5} or {f"{prefix}0"}
            write([config_map(n, str(r.randrange(3))) for n in sorted(names)])
            done = fettle.apply(f"{PROJECT}-h", "--prune", "--max-deletions", "100%")
            steps += 1
            if done.returncode:
                return f"history {number}: {done.stdout}{done.stderr}"
            found = present(prefix)
            if found != names | left_alone:
                return f"history {number}: wanted {sorted(names | left_alone)}, found {sorted(found)}"
            # Now and then somebody deletes one by hand, or makes one of a name that will be asked for later.
            if r.random() < 0.2:
                kubectl("delete", "configmap", r.choice(sorted(names)), "-n", NS)
        if not strangers <= present(f"{PROJECT}-stranger"):
            return f"history {number}: a stranger is gone"
    print(f"histories: {count} of {steps} applies, nothing deleted or left that should not be")
    return None


def kills(fettle, count):
    r = random.Random("kills")
    while_running = 0
    for number in range(count):
        names = [f"{PROJECT}-k-{i}" for i in range(200) if r.random() < 0.9]
        write([config_map(n, str(number)) for n in names])
        prune = ["--prune", "--max-deletions", "100%"]
        process = subprocess.Popen(fettle.command(f"{PROJECT}-k", *prune), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(r.uniform(0.005, 0.5))
        except subprocess.TimeoutExpired:
            while_running += 1
        process.kill()
        process.wait()
        done = fettle.apply(f"{PROJECT}-k", *prune)
        if done.returncode:
            return f"kill {number}: {done.stdout}{done.stderr}"
        found = present(f"{PROJECT}-k-")
        if found != set(names):
            return f"kill {number}: {sorted(found ^ set(names))[:5]}"
    write([config_map(f"{PROJECT}-k-0", "end")])
    done = fettle.apply(f"{PROJECT}-k", "--prune", "--max-deletions", "100%")
    left = present(f"{PROJECT}-k-")
    if done.returncode or left != {f"{PROJECT}-k-0"}:
        return f"after the kills: {done.stderr}, {sorted(left)[:5]}"
    print(f"kills: {count}, {while_running} while it ran, every next run converged, nothing orphaned")
    return None


def main():
    what, fettle, count = sys.argv[1], Fettle(sys.argv[2]), int(sys.argv[3])
    problem = {"chain": chain, "scratch": scratch, "histories": histories, "kills": kills}[what](fettle, count)
    if problem:
        print(f"{what}: {problem}")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
