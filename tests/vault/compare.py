#!/usr/bin/env python3
"""fettle and sops on the same random documents: compare.py FETTLE ORACLE FORMAT SEED COUNT FOLDER [RULES]

For each document:
  - what fettle encrypts, sops reads with the same values, types and order, and all its comments;
  - what sops encrypts, fettle reads so (and what sops cannot read of its own, is counted);
  - what fettle encrypts, fettle reads so.
With ORACLE_THRESHOLD, ORACLE_RECIPIENTS (groups apart by ';') are key groups of both.
Prints one line of figures; exit status 1 when there is a difference.
"""
import os
import subprocess
import sys


def tree(folder, name):
    """Lines of a tree; empty comments, which sops loses or moves, do not count."""
    with open(f"{folder}/{name}", "rb") as f:
        return [line for line in f.read().split(b"\n") if line not in (b'# ""', b'# " "')]


def failed(lines):
    return lines[0].startswith(b"error")


def values(lines):
    return [line for line in lines if not line.startswith(b"#")]


def texts(lines):
    return sum(line.endswith(b' string ""') for line in lines)


def same(wanted, found):
    """The same values; every comment is there (sops drops some when it loads a plain file)."""
    return (not failed(found) and values(wanted) == values(found) and set(wanted) <= set(found)
            and not any(b"ENC[AES256_GCM" in line for line in found))


def recipients():
    """For .sops.yaml, as the oracle takes them."""
    if "ORACLE_THRESHOLD" not in os.environ:
        return f"    age: {os.environ['RECIPIENT']}\n"
    groups = os.environ["ORACLE_RECIPIENTS"].split(";")
    return (f"    shamir_threshold: {os.environ['ORACLE_THRESHOLD']}\n    key_groups:\n" +
            "".join(f"      - age: [{group}]\n" for group in groups))


def main():
    fettle, oracle, kind, seed, count, top = sys.argv[1:7]
    here = os.path.dirname(os.path.abspath(__file__))
    folders = {name: f"{top}/{name}" for name in
               ("plain", "t_plain", "theirs", "t_theirs", "ours", "t_ours", "dec_ours", "t_dec_ours", "dec_theirs",
                "t_dec_theirs")}
    for folder in folders.values():
        os.makedirs(folder)
    subprocess.run([sys.executable, f"{here}/generate.py", kind, seed, count, folders["plain"]] + sys.argv[7:], check=True)

    def ask(what, source, target):
        subprocess.run([oracle, what, folders[source], folders[target]], check=True)

    def copy(source, target, wanted):
        for name in wanted:
            with open(f"{folders[source]}/{name}", "rb") as f, open(f"{folders[target]}/{name}", "wb") as g:
                g.write(f.read())

    names = sorted(n for n in os.listdir(folders["plain"]) if not n.endswith(".rules"))
    ask("load", "plain", "t_plain")
    ask("encrypt", "plain", "theirs")
    usable = [n for n in names if not failed(tree(folders["t_plain"], n)) and
              not open(f"{folders['theirs']}/{n}", "rb").read(6).startswith(b"error:")]
    bad = []

    def note(name, what):
        bad.append(f"{name}: {what}")

    # fettle works on whole folders; rules differ from file to file, so .sops.yaml names each.
    copy("plain", "ours", usable)
    with open(f"{top}/.sops.yaml", "w") as f:
        f.write("creation_rules:\n")
        for name in usable:
            f.write(f"  - path_regex: ours/{name}$\n{recipients()}")
            try:
                with open(f"{folders['plain']}/{name}.rules") as rules:
                    for line in rules.read().splitlines():
                        key, value = line.split("=", 1)
                        f.write(f"    {key}: {value}\n" if value == "true" else f"    {key}: '{value}'\n")
            except FileNotFoundError:
                pass
    run = subprocess.run([fettle, "vault", "encrypt", "-q", "--in-place", "ours"], cwd=top, capture_output=True, text=True)
    if run.returncode:
        note("encrypt", run.stderr)
    ask("decrypt", "ours", "t_ours")
    ask("decrypt", "theirs", "t_theirs")
    copy("ours", "dec_ours", usable)
    copy("theirs", "dec_theirs", usable)
    for folder in ("dec_ours", "dec_theirs"):
        run = subprocess.run([fettle, "vault", "decrypt", "-q", "--in-place", folder], cwd=top, capture_output=True, text=True)
        if run.returncode and folder == "dec_ours":
            note("decrypt", run.stderr)
    ask("load", "dec_ours", "t_dec_ours")
    ask("load", "dec_theirs", "t_dec_theirs")

    unreadable = 0
    for name in usable:
        plain = tree(folders["t_plain"], name)
        if not same(plain, tree(folders["t_ours"], name)):
            note(name, "sops reads what fettle wrote differently")
        if not same(plain, tree(folders["t_dec_ours"], name)):
            note(name, "fettle reads what fettle wrote differently")
        theirs = tree(folders["t_theirs"], name)
        # An empty comment in a list is an empty value of it when sops reads its own file.
        if failed(theirs) or texts(theirs) > texts(plain):
            unreadable += 1
        elif any(b"ENC[AES256_GCM" in line for line in theirs):
            # sops leaves a comment of its own encrypted, because it takes it for one of another place.
            unreadable += 1
            if not same(plain, tree(folders["t_dec_theirs"], name)):
                note(name, "fettle reads what sops wrote differently, and so does sops")
        elif tree(folders["t_dec_theirs"], name) != theirs:
            note(name, "fettle reads what sops wrote differently")
    print(f"{kind}: {len(usable)} documents, {len(bad)} differences; sops refused {len(names) - len(usable)} "
          f"and cannot read {unreadable} of its own")
    for line in bad[:20]:
        print("  " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
