"""The cases of tests/lint/kube/validity.txt and the examples of the catalogue, held against a real API
server: what `fettle lint --select validity` finds something in, the server refuses; what it calls fine
the server takes.

usage: validity.py FETTLE CASES       Needs kubectl and KUBECONFIG. Prints "N of M"; exits with 1 when
they differ.
"""
import concurrent.futures
import json
import subprocess
import sys
import tempfile

fettle, path = sys.argv[1:3]

# The server takes these; the kubelet or common sense do not.
MILD = {"invalid-image", "bad-quantity"}
# Objects of kinds a plain server does not have, or that are filled in before it sees them.
APART = {"kinds of other groups are left alone", "names with variables are filled in later",
         "a patch of a Job says no restart policy"}


def lint(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as out:
        out.write(text)
        out.flush()
        done = subprocess.run([fettle, "lint", "--no-config", "--select", "validity", "--exit-zero",
                               "-o", "json", out.name], capture_output=True, text=True)
    return {finding["rule"] for finding in json.loads(done.stdout)["findings"]}


def ask(text):
    done = subprocess.run(["kubectl", "create", "--dry-run=server", "--validate=ignore", "-f", "-"],
                          input=text, capture_output=True, text=True)
    return done.returncode == 0, done.stderr.strip()


def cases():
    name, body = None, []
    with open(path) as lines:
        for line in list(lines) + ["### end:\n"]:
            if line.startswith("### "):
                if name and name not in APART:
                    for number, text in enumerate("".join(body).split("---\n")):
                        yield f"{name} ({number})", text
                name, body = line[4:].partition(":")[0].strip(), []
            else:
                body.append(line)
    done = subprocess.run([fettle, "lint", "rules", "-o", "json"], capture_output=True, text=True)
    for rule in json.loads(done.stdout)["rules"]:
        if rule["family"] == "validity":
            yield rule["rule"] + " bad", rule["bad"]
            yield rule["rule"] + " good", rule["good"]


def judge(case):
    name, text = case
    found, (is_taken, why) = lint(text), ask(text)
    is_right = is_taken == (not found) or (is_taken and found <= MILD)
    return name, is_right, found, why


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    verdicts = list(pool.map(judge, cases()))
for name, is_right, found, why in verdicts:
    if not is_right:
        print(f"# {name}: fettle {sorted(found)}, the server: {why or 'takes it'}")
print(f"{sum(v[1] for v in verdicts)} of {len(verdicts)}")
sys.exit(not all(v[1] for v in verdicts))
