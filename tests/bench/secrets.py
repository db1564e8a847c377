#!/usr/bin/env python3
"""fettle lint --select secrets: bytes per CPU second on text without secrets, beside reading it.

Clean text is this repository's own documentation, repeated. With GITLEAKS=path, gitleaks on the same text.

usage: secrets.py [FETTLE]
"""
import glob
import os
import statistics
import subprocess
import sys
import tempfile

fettle = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FETTLE", "build/fettle"))
SIZE, FILES = 15 << 20, 16


def cpu(*argv, runs=5):
    times = []
    for _ in range(runs):
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        times.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(times)


with tempfile.TemporaryDirectory() as folder:
    text = "".join(open(name, errors="replace").read() for name in sorted(glob.glob("docs/*.md")))
    text = (text * (SIZE // len(text) + 1))[:SIZE]
    for i in range(FILES):
        with open(f"{folder}/f{i}.txt", "w") as out:
            out.write(text)
    total = sum(os.path.getsize(f"{folder}/f{i}.txt") for i in range(FILES))
    scan = cpu(fettle, "lint", "--no-config", "--select", "secrets", "--threads", "1", folder)
    read = cpu(fettle, "lint", "--no-config", "--select", "syntax", "--threads", "1", folder)
    print(f"fettle: {total / scan / 1e9:.2f} GB a CPU second, reading included; "
          f"{total / max(scan - read, 1e-9) / 1e9:.2f} without; reading alone {total / read / 1e9:.2f}")
    if os.environ.get("GITLEAKS"):
        theirs = cpu(os.environ["GITLEAKS"], "dir", folder, "--no-banner", "-l", "fatal", "--exit-code", "0", runs=1)
        print(f"gitleaks: {total / theirs / 1e9:.3f} GB a CPU second: {theirs / scan:.0f} x")
