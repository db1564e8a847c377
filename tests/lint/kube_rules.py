"""The cases of a rule family: what is found in each must be what its line says.

usage: kube_rules.py FETTLE FAMILY CASES [OPTION...]
A case of CASES begins with `### NAME: RULE RULE…` (a rule once for each finding; nothing: none) and is
one file of YAML. OPTIONs go to `fettle lint`. Prints "N cases"; exits with 1 when one differs.
"""
import json
import os
import subprocess
import sys
import tempfile

fettle, family, path, options = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]


def read_cases():
    cases = []
    with open(path) as lines:
        for line in lines:
            if line.startswith("### "):
                name, _, rules = line[4:].partition(":")
                cases.append((name.strip(), rules.split(), []))
            elif cases:
                cases[-1][2].append(line)
    return cases


def judge(body):
    """The rules that find something in one file; alone, for what it says of other files."""
    with tempfile.TemporaryDirectory() as scratch:
        with open(f"{scratch}/case.yaml", "w") as out:
            out.writelines(body)
        done = subprocess.run([fettle, "lint", "--no-config", "--select", family, "--exit-zero",
                               "-o", "json", *options, "case.yaml"],
                              cwd=scratch, capture_output=True, text=True)
    return sorted(finding["rule"] for finding in json.loads(done.stdout)["findings"])


def main():
    cases, wrong = read_cases(), 0
    for name, rules, body in cases:
        found = judge(body)
        if sorted(rules) != found:
            wrong += 1
            print(f"# {name}: expected {sorted(rules)}, found {found}")
    print(f"{len(cases) - wrong} of {len(cases)} cases")
    return wrong != 0


sys.exit(main())
