"""Every fixture of a Pod Security data set, as `fettle lint` judges it: no finding in pass/, the check
the file is named after in fail/. Prints "N of M"; exits with 1 when they differ.

usage: pod_security.py FETTLE SET
SET is a folder {baseline,restricted}/vMAJOR.MINOR/{pass,fail}/*.yaml, or a file as in
tests/data/pod-security.
"""
import collections
import glob
import json
import os
import subprocess
import sys
import tempfile

fettle, data = sys.argv[1], os.path.normpath(sys.argv[2])


def run(*args):
    return subprocess.run([fettle, "lint", *args], capture_output=True, text=True)


def minors(text):
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def unpack(path, folder):
    """The folder that the lines of `path` describe."""
    places, body = [], []

    def flush():
        for level, verdict, name, listed in places:
            for minor in minors(listed):
                where = f"{folder}/{level}/v1.{minor}/{verdict}"
                os.makedirs(where, exist_ok=True)
                with open(f"{where}/{name}.yaml", "w") as out:
                    out.writelines(body)

    with open(path) as lines:
        for line in lines:
            if not line.startswith("### "):
                body.append(line)
                continue
            if body:
                flush()
                places, body = [], []
            places.append(line.split()[1:])
    flush()


def judge(folder):
    rules = json.loads(run("rules", "-o", "json").stdout)["rules"]
    upstream = {rule["rule"]: (rule["origins"] or "").split(" ")[0].lower() for rule in rules}
    right = total = 0
    for level in ("baseline", "restricted"):
        for version in sorted(os.listdir(f"{folder}/{level}")):
            files = sorted(glob.glob(f"{folder}/{level}/{version}/*/*.yaml"))
            done = run("--no-config", "--select", "pod-security", "--profile", level,
                       "--pod-security-version", version, "-o", "json", *files)
            found = collections.defaultdict(set)
            for finding in json.loads(done.stdout)["findings"]:
                found[finding["path"]].add(upstream[finding["rule"]])
            for name in files:
                check = os.path.basename(name)[:-len(".yaml")].rstrip("0123456789")
                names = {check, check + "_restricted"}
                is_right = not found[name] if "/pass/" in name else bool(names & found[name])
                total += 1
                right += is_right
                if not is_right:
                    place = "/".join(name.split("/")[-2:])
                    print(f"# {level} {version} {place}: {sorted(found[name])}")
    return right, total


with tempfile.TemporaryDirectory() as scratch:
    if os.path.isfile(data):
        unpack(data, scratch)
        data = scratch
    right, total = judge(data)
print(f"{right} of {total}")
sys.exit(right != total)
