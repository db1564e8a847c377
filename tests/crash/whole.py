#!/usr/bin/env python3
"""Is every file below ROOT/srv entirely of one version, and do both keys of a projection agree?"""
import os
import sys

srv = os.path.join(sys.argv[1], "srv")


def torn(path):
    with open(path, "rb") as file:
        content = file.read()
    if len(content) == 3000:
        return len(set(content)) != 1 or content[:1] not in (b"1", b"2")
    lines = content.split(b"\n")
    versions = {line.split(b" ")[0] for line in lines[:-1]}
    return len(lines) != 3 or lines[-1] != b"" or len(versions) != 1


bad = []
for folder, folders, files in os.walk(srv):
    name = os.path.basename(folder)
    if folder != srv and name.startswith("c"):
        folders.clear()
        data = os.path.join(folder, "..data")
        if os.path.exists(data):
            keys = [open(os.path.join(data, key)).read() for key in ("a", "b")]
            bad += [folder] if keys[0] != keys[1] else []
        continue
    # Names that begin with a dot are staged copies: nobody sees them.
    bad += [os.path.join(folder, f) for f in files
            if not f.startswith(".") and not os.path.islink(os.path.join(folder, f))
            and torn(os.path.join(folder, f))]
for path in bad:
    print("# torn:", path)
sys.exit(bool(bad))
