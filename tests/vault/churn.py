#!/usr/bin/env python3
"""One value set in many YAML files changes three lines of each: churn.py FETTLE ORACLE COUNT FOLDER

Half of the files were encrypted by sops, half by fettle. Lines are counted for each document of a stream:
every one has its own `lastmodified` and `mac`.
"""
import json
import os
import subprocess
import sys
import time


def main():
    fettle, oracle, count, top = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    here = os.path.dirname(os.path.abspath(__file__))
    os.makedirs(top + "/plain")
    os.makedirs(top + "/work")
    subprocess.run([sys.executable, here + "/generate.py", "yaml", "50000", str(count), top + "/plain"], check=True)
    subprocess.run([oracle, "encrypt", top + "/plain", top + "/work"], check=True)
    names = sorted(os.listdir(top + "/plain"))
    for name in names[::2]:
        subprocess.run([fettle, "vault", "encrypt", "-q", "-r", os.environ["RECIPIENT"], "-O", f"{top}/work/{name}",
                        f"{top}/plain/{name}"], check=True)
    time.sleep(1.1)  # `lastmodified` must be another second
    done = bad = 0
    for name in names:
        path = f"{top}/work/{name}"
        with open(path, "rb") as f:
            before = f.read()
        listing = subprocess.run([fettle, "vault", "list", "-o", "json", path], capture_output=True, text=True)
        if listing.returncode:
            continue
        places = [v["path"] for v in json.loads(listing.stdout)[0]["values"] if v["encrypted"] and v["document"] == 0]
        if not places:
            continue
        place = places[len(places) // 2]
        for value, changes in (("a new value", 3), ("a new value", 0)):
            run = subprocess.run([fettle, "vault", "set", "-q", f"{path}:{place}"], input=value, capture_output=True, text=True)
            with open(path, "rb") as f:
                after = f.read()
            old, new = before.split(b"\n"), after.split(b"\n")
            documents = max(1, sum(line.lstrip().startswith(b"lastmodified:") for line in old))
            wanted = changes and 1 + 2 * documents
            differing = sum(a != b for a, b in zip(old, new)) + abs(len(old) - len(new))
            if run.returncode or differing != wanted:
                # A value that was a block of lines becomes one: sops keeps none, so this is an error.
                bad += 1
                print(f"  {name}: {place}: {differing} lines instead of {wanted} {run.stderr}")
                break
            before = after
        done += 1
    print(f"churn: {done} files, {bad} with other changes than the value, lastmodified and mac")
    return 1 if bad or not done else 0


if __name__ == "__main__":
    sys.exit(main())
