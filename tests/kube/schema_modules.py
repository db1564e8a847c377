"""fettle lint beside a real API server over the YAML of well-known Go modules: a run by hand.

    tests/rig/kube/rig start DIR; . DIR/env; python3 tests/kube/schema_modules.py [MODULE@VERSION...]

Installs the CustomResourceDefinitions of each module, dry-runs each of its objects with strict
validation, and compares with the findings of fettle. Prints what fettle calls an error although the
server accepts it (FALSE), and what the server cannot decode although fettle says nothing (MISSED).
Needs Go, PyYAML, and RIG_SERVER and RIG_CA of a rig that nobody else uses.
"""
import collections
import json
import os
import subprocess
import sys
import time

import yaml

import schema

MODULES = """
github.com/argoproj/argo-cd/v2@v2.14.21 github.com/cert-manager/cert-manager@v1.21.2 github.com/cilium/cilium@v1.20.2
github.com/fluxcd/flux2/v2@v2.9.5 github.com/kedacore/keda/v2@v2.21.0 github.com/kyverno/kyverno@v1.19.1
github.com/projectcontour/contour@v1.33.8 github.com/prometheus-operator/prometheus-operator@v0.85.0
github.com/traefik/traefik/v3@v3.7.13 istio.io/api@v1.32.0 k8s.io/kubernetes@v1.34.4
knative.dev/serving@v0.51.0 sigs.k8s.io/cluster-api@v1.14.2 sigs.k8s.io/gateway-api@v1.7.0
sigs.k8s.io/kueue@v0.17.0
""".split()
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVERS = ("namespace", "resourceVersion", "uid", "managedFields", "generation")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Times stay texts, as for the server."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def objects_of(path):
    try:
        with open(path) as file:
            documents = [d for d in yaml.load_all(file, Loader) if isinstance(d, dict)]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return []
    objects = []
    for document in documents:
        is_list = str(document.get("kind", "")).endswith("List") and "items" in document
        objects += [o for o in document["items"] or [] if isinstance(o, dict)] if is_list else [document]
    return objects


def read(root):
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".yaml", ".yml")):
                path = os.path.join(folder, name)
                found[path] = objects_of(path)
    return dict(sorted(found.items()))


def install(server, files):
    made = set()
    for objects in files.values():
        for crd in objects:
            if crd.get("kind") != "CustomResourceDefinition" or crd.get("apiVersion") != "apiextensions.k8s.io/v1":
                continue
            crd = json.loads(json.dumps(crd, default=str))
            name = crd.get("metadata", {}).get("name")
            crd.pop("status", None)
            crd.get("spec", {}).pop("conversion", None)
            crd["metadata"] = {"name": name, "annotations": {"api-approved.kubernetes.io": "https://x/pull/1"}}
            if name not in made and server.ask("POST", CRDS, json.dumps(crd))[0] < 300:
                made.add(name)
    return made


def findings_of(root):
    fettle = os.environ.get("FETTLE", "build/fettle")
    run = subprocess.run([fettle, "lint", "--select", "schema", "--kubernetes-version", "1.34", "--no-gitignore",
                          "--exit-zero", "--output", "jsonl", root], stdout=subprocess.PIPE, text=True, check=False)
    found = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        finding = json.loads(line)
        if finding["severity"] == "error" and finding["rule"] != "removed-api":
            found[os.path.normpath(finding["path"])].append(finding)
    return found


def name_of(obj):
    metadata = obj.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else "None"


def judge(server, resources, obj, told):
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        metadata = obj["metadata"] = {k: v for k, v in metadata.items() if k not in SERVERS}
        if isinstance(metadata.get("name", ""), str):
            metadata["name"] = "x"
    verdict = schema.judge(server, resources, json.loads(json.dumps(obj, default=str)))
    if told:
        return "FALSE" if verdict["status"] < 300 else "both refuse", verdict
    if schema.is_undecodable(verdict):
        return "MISSED", verdict
    return "both accept" if verdict["status"] < 300 else "refused by other checks", verdict


def compare(module):
    answer = subprocess.run(["go", "mod", "download", "-json", module], stdout=subprocess.PIPE, text=True, check=False)
    root = json.loads(answer.stdout or "{}").get("Dir")
    if not root:
        print("%s: not to be had" % module)
        return collections.Counter()
    server, files = schema.Server(), read(root)
    made = install(server, files)
    time.sleep(3)
    resources, findings = server.resources(), findings_of(root)
    counts = collections.Counter()
    for path, objects in files.items():
        for obj in objects:
            kind = (obj.get("apiVersion"), obj.get("kind"))
            if not all(isinstance(part, str) for part in kind) or kind not in resources:
                continue
            told = [f for f in findings[os.path.normpath(path)]
                    if f["object"]["kind"] == kind[1] and str(f["object"]["name"]) == name_of(obj)]
            what, verdict = judge(server, resources, obj, told)
            counts[what] += 1
            if what in ("FALSE", "MISSED"):
                print(what, path[len(root):], *kind, [f["message"] for f in told][:2] or verdict["why"][:200])
    for name in made:
        server.ask("DELETE", CRDS + "/" + name)
    print("%s: %d files, %s" % (module, len(files), dict(counts)), flush=True)
    return counts


if __name__ == "__main__":
    total = collections.Counter()
    for module in sys.argv[1:] or MODULES:
        total += compare(module)
    print("all: %d objects, %s" % (sum(total.values()), dict(total)))
    sys.exit(1 if total["FALSE"] else 0)
