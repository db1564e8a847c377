#!/usr/bin/env python3
"""fettle on the cases of toml-test: suite.py FETTLE SUITE

Every valid document is accepted and has the values that the suite says; every invalid one is refused. Prints one
line of figures; exit status 1 when one is wrong.
"""
import json
import os
import subprocess
import sys


def moment(text):
    """As written: 't', ' ' and 'z' may be small or blank, zeros behind a fraction do not count."""
    text = text.upper().replace(" ", "T")
    if "." in text:
        head, rest = text.split(".", 1)
        digits = rest[:len(rest) - len(rest.lstrip("0123456789"))]
        zone = rest[len(digits):]
        text = head + ("." + digits.rstrip("0") if digits.rstrip("0") else "") + zone
    return text


def same(kind, wanted, found):
    if kind == "float" and wanted.lstrip("+-") not in ("inf", "nan"):
        return float(wanted) == float(found)
    if kind in ("datetime", "datetime-local", "date-local", "time-local"):
        return moment(wanted) == moment(found)
    if kind == "float":
        return wanted.lstrip("+") == found.lstrip("+") or wanted.lstrip("+-") == found.lstrip("+-") == "nan"
    return wanted == found


def leaves(node, path, out):
    """As `config list` names them: a/b/0."""
    if isinstance(node, dict) and set(node) == {"type", "value"} and isinstance(node["value"], str):
        out[path] = (node["type"], node["value"])
    elif not node and path:
        out[path] = ("string", "")
    else:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            leaves(value, f"{path}/{key}" if path else str(key), out)
    return out


def check_values(fettle, path):
    with open(path[:-len(".toml")] + ".json", encoding="utf-8") as f:
        wanted = leaves(json.load(f), "", {})
    run = subprocess.run([fettle, "config", "list", "--show-secrets", "-o", "json", "--from", f"file:{path}"],
                         capture_output=True)
    if run.returncode:
        return run.stderr.decode()
    found = {pair["key"]: pair["value"] for pair in json.loads(run.stdout)}
    if set(wanted) != set(found):
        return f"keys {sorted(set(wanted) ^ set(found))}"
    wrong = [key for key in wanted if not same(*wanted[key], found[key])]
    return f"{wrong[0]}: {wanted[wrong[0]]} is {found[wrong[0]]!r}" if wrong else None


def main():
    fettle, top = sys.argv[1:3]
    with open(f"{top}/tests/files-toml-1.0.0", encoding="utf-8") as f:
        names = [line.strip() for line in f if line.strip().endswith(".toml")]
    bad = []
    # A name that is a NUL cannot be listed; that is not about TOML.
    unnamed = {"valid/key/quoted-unicode.toml"}
    n_values = 0
    for name in names:
        path = f"{top}/tests/{name}"
        run = subprocess.run([fettle, "lint", "--select", "syntax", path], capture_output=True)
        accepted = run.returncode == 0 and b"binary" not in run.stderr + run.stdout
        if accepted != name.startswith("valid/"):
            bad.append(f"{name}: {run.stdout.decode()}")
        elif accepted and name not in unnamed:
            n_values += 1
            wrong = check_values(fettle, path)
            if wrong:
                bad.append(f"{name}: {wrong}")
    print(f"{len(names)} documents, values of {n_values}, {len(bad)} wrong")
    for line in bad[:20]:
        print("  " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
