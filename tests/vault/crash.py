#!/usr/bin/env python3
"""`kill -9` at random moments of edits, merges and a recipient's removal: crash.py FETTLE KILLS BOBS-KEY

In a repository whose files bob can read (bob is a name in .sops-names.yaml). After each kill every file is the old one
or a whole new one; after `recipients remove bob --resume` bob reads none of them, and all others read all. Edits and
merges leave the old or the new file.
"""
import os
import random
import shutil
import subprocess
import sys
import time


class Run:
    def __init__(self, fettle, bobs_key):
        self.fettle = fettle
        self.bob = dict(os.environ, SOPS_AGE_KEY_FILE=bobs_key, XDG_CONFIG_HOME="/nonexistent")

    def __call__(self, *args, env=None, text=None):
        return subprocess.run([self.fettle, "vault", *args], env=env, input=text, capture_output=True)

    def killed(self, args, after, text=None):
        """Start, kill after some seconds; True when it was still running."""
        child = subprocess.Popen([self.fettle, "vault", *args], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        if text:
            child.stdin.write(text)
        child.stdin.close()
        time.sleep(after)
        was_running = child.poll() is None
        child.kill()
        child.wait()
        return was_running


def duration(run, args, text=None):
    start = time.monotonic()
    done = run(*args, text=text)
    if done.returncode:
        raise RuntimeError(f"{args}: {done.stderr.decode()}")
    return time.monotonic() - start


def restore(saved):
    for name in os.listdir("."):
        if name != ".git" and name != saved:
            shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    shutil.copytree(saved, ".", dirs_exist_ok=True)


def leftovers():
    return [f for folder, _, files in os.walk("secrets") for f in files if ".fettle-" in f]


def must(condition, what):
    if not condition:
        raise AssertionError(what)


def check_removal(run, files):
    """Old or new, each of them whole; then finished."""
    for path in files:
        must(run("get", f"{path}:v").returncode == 0, f"{path} does not open any more")
    done = run("recipients", "remove", "-q", "--resume", "bob")
    must(done.returncode == 0 or b"neither a name" in done.stderr, done.stderr.decode())
    check = run("check", "--mac")
    must(check.returncode == 0, check.stdout.decode() + check.stderr.decode())
    for path in files[:: max(1, len(files) // 20)]:
        must(run("get", f"{path}:v", env=run.bob).returncode == 4, f"bob still reads {path}")


def kill_removals(run, count, r, saved, files):
    whole = duration(run, ["recipients", "remove", "-q", "bob"])
    hits = 0
    for _ in range(count):
        restore(saved)
        hits += run.killed(["recipients", "remove", "-q", "bob"], r.uniform(0, whole))
        check_removal(run, files)
    return hits


def kill_edits(run, count, r, saved, path):
    """One file is set or merged while it is killed."""
    hits = 0
    restore(saved)
    with open(path, "rb") as f:
        base = f.read()
    duration(run, ["set", "-q", f"{path}:v"], text=b"ours")
    whole = duration(run, ["set", "-q", f"{path}:other"], text=b"ours")
    with open(path, "rb") as f:
        ours = f.read()
    for i in range(count):
        with open(path, "wb") as f:
            f.write(ours if i % 2 else base)
        before = run("get", path).stdout
        if i % 2:
            for name, content in (("base", base), ("theirs", base)):
                with open(f"{saved}.{name}.yaml", "wb") as f:
                    f.write(content)
            args = ["git", "merge", "--path", "x.yaml", f"{saved}.base.yaml", path, f"{saved}.theirs.yaml"]
            wanted = [before]
        else:
            args = ["set", "-q", f"{path}:v"]
            wanted = [before, b'{"v":"new"}', b'{"v":"new"}\n']
        hits += run.killed(args, r.uniform(0, 2 * whole), text=b"new")
        after = run("get", path)
        must(after.returncode == 0 and after.stdout in wanted, f"{args}: {after.stdout} {after.stderr}")
    return hits


def main():
    fettle, kills, bobs_key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    r = random.Random(kills)
    run = Run(fettle, bobs_key)
    files = sorted("secrets/" + name for name in os.listdir("secrets"))
    saved = os.path.abspath("../saved")
    shutil.copytree(".", saved, ignore=shutil.ignore_patterns(".git"))
    removals = kill_removals(run, kills // 2, r, saved, files)
    edits = kill_edits(run, kills - kills // 2, r, saved, files[0])
    print(f"crash: {kills} kills, {removals + edits} while it ran, over {len(files)} files: nothing mixed, nothing lost")
    must(kills < 10 or removals + edits > 0, "no kill came in time")


if __name__ == "__main__":
    main()
