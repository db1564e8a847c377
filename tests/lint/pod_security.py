"""Every fixture of a Pod Security data set, as `fettle lint` judges it: no finding in pass/, the check
the file is named after in fail/. Prints "N of M"; exits with 1 when they differ.

usage: pod_security.py FETTLE FOLDER   (FOLDER/{baseline,restricted}/vMAJOR.MINOR/{pass,fail}/*.yaml)
"""
import collections
import glob
import json
import os
import subprocess
import sys

fettle, folder = sys.argv[1], os.path.normpath(sys.argv[2])


def run(*args):
    return subprocess.run([fettle, "lint", *args], capture_output=True, text=True)


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
                print(f"# {level} {version} {'/'.join(name.split('/')[-2:])}: {sorted(found[name])}")
print(f"{right} of {total}")
sys.exit(right != total)
