"""The cases of a rule family: what is found in each must be what its line says.

usage: kube_rules.py FETTLE FAMILY CASES [OPTION...]
A case of CASES begins with `### NAME: RULE RULE…` (a rule once for each finding; nothing: none) and is
one file of YAML. OPTIONs go to `fettle lint`. Prints "N cases"; exits with 1 when one differs.
"""
import collections
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


def main():
    cases = read_cases()
    with tempfile.TemporaryDirectory() as scratch:
        for number, (_, _, body) in enumerate(cases):
            os.mkdir(f"{scratch}/{number}")
            with open(f"{scratch}/{number}/case.yaml", "w") as out:
                out.writelines(body)
        done = subprocess.run([fettle, "lint", "--no-config", "--select", family, "--exit-zero",
                               "-o", "json", *options, "."],
                              cwd=scratch, capture_output=True, text=True)
        found = collections.defaultdict(list)
        for finding in json.loads(done.stdout)["findings"]:
            found[int(finding["path"].split("/")[0])].append(finding["rule"])
    wrong = 0
    for number, (name, rules, _) in enumerate(cases):
        if sorted(rules) != sorted(found[number]):
            wrong += 1
            print(f"# {name}: expected {sorted(rules)}, found {sorted(found[number])}")
    print(f"{len(cases) - wrong} of {len(cases)} cases")
    return wrong != 0


sys.exit(main())
