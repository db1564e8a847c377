#!/usr/bin/env python3
"""Random sequences of what programs do to files, followed by `config watch`: files.py FETTLE COUNT FOLDER [SEED]

After each sequence of writes, renames, editors' and kubelets' tricks, checkouts and removals, what was told must come
to be what a plain reading of the folder finds (no change is lost), and nothing may be told that was known already (no
duplicate). Every hundredth sequence overflows the queue of events. Prints one line of figures; exit status 1 when
something was lost or told twice.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

WAIT_S = 20
NAMES = ["app.conf", "db", "list.yaml", "x", "y"]
FOLDERS = ["", "", "sub", "sub/deep", "other"]


def read(top):
    """The oracle: keys and values as they are now; names that begin with a dot are nobody's."""
    found = {}
    for folder, folders, files in os.walk(top, followlinks=True):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for name in files:
            if name.startswith(".") or name.endswith("~"):
                continue
            path = os.path.join(folder, name)
            try:
                with open(path, encoding="utf-8") as f:
                    found[os.path.relpath(path, top)] = f.read()
            except FileNotFoundError:
                pass
    return found


class Told(threading.Thread):
    """What the watch has said so far."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.state, self.lines, self.twice = stream, {}, 0, []
        self.changed = threading.Condition()
        self.start()

    def run(self):
        for line in self.stream:
            event = json.loads(line)
            with self.changed:
                self.lines += 1
                key, before = event["key"], self.state.get(event["key"])
                if event["change"] == "removed":
                    if self.state.pop(key, None) is None:
                        self.twice.append(line)
                else:
                    if before == event["value"]:
                        self.twice.append(line)
                    self.state[key] = event["value"]
                self.changed.notify()

    def becomes(self, top):
        end = time.monotonic() + WAIT_S
        with self.changed:
            while self.state != read(top):
                if time.monotonic() > end:
                    return False
                self.changed.wait(0.05)
        return True


class Disk:
    def __init__(self, r, top):
        self.r, self.top, self.n = r, top, 0

    def text(self):
        self.n += 1
        return f"v{self.n}\n" * self.r.choice([1, 1, 1, 50])

    def path(self):
        folder = os.path.join(self.top, self.r.choice(FOLDERS))
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, self.r.choice(NAMES))

    def write(self, path, mode="w"):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        with open(path, mode, encoding="utf-8") as f:
            f.write(self.text())

    # --- what programs do ---

    def plain(self):
        self.write(self.path())

    def in_parts(self):
        path = self.path()
        if os.path.isdir(path):
            return
        with open(path, "w", encoding="utf-8") as f:
            for _ in range(3):
                f.write(self.text())
                f.flush()

    def append(self):
        path = self.path()
        if not os.path.isdir(path):
            self.write(path, "a")

    def atomic(self):
        path = self.path()
        new = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{self.r.randrange(999)}")
        self.write(new)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        os.replace(new, path)

    def vim(self):
        path = self.path()
        if not os.path.isfile(path):
            return self.plain()
        swap = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.swp")
        self.write(swap)
        os.replace(path, path + "~")
        self.write(path)
        os.unlink(path + "~")
        os.unlink(swap)

    def emacs(self):
        path = self.path()
        lock = os.path.join(os.path.dirname(path), f".#{os.path.basename(path)}")
        os.symlink("me@here.1:1", lock)
        self.write(path)
        os.unlink(lock)

    def kubelet(self):
        """..data leads to a folder of a moment; names lead through it."""
        folder = os.path.join(self.top, "mounted")
        os.makedirs(folder, exist_ok=True)
        new = f"..{self.n}_{self.r.randrange(9999)}"
        os.makedirs(os.path.join(folder, new))
        for name in ("a", "b"):
            self.write(os.path.join(folder, new, name))
            if not os.path.islink(os.path.join(folder, name)):
                os.symlink(f"..data/{name}", os.path.join(folder, name))
        old = os.path.join(folder, "..data")
        before = os.readlink(old) if os.path.islink(old) else None
        os.symlink(new, old + "_tmp")
        os.replace(old + "_tmp", old)
        if before:
            shutil.rmtree(os.path.join(folder, before))

    def checkout(self):
        """As git: every file of a folder removed and made anew, folders with them."""
        folder = os.path.join(self.top, "sub")
        shutil.rmtree(folder, ignore_errors=True)
        if self.r.random() < 0.8:
            os.makedirs(os.path.join(folder, "deep"))
            for name in self.r.sample(NAMES, 3):
                self.write(os.path.join(folder, self.r.choice(["", "deep"]), name))

    def remove(self):
        path = self.path()
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def move(self):
        a, b = self.path(), self.path()
        if a != b and os.path.isfile(a) and not os.path.isdir(b):
            os.replace(a, b)

    def move_folder(self):
        a, b = os.path.join(self.top, "other"), os.path.join(self.top, self.r.choice(["moved", "sub/moved"]))
        if os.path.isdir(a) and os.path.isdir(os.path.dirname(b)) and not os.path.exists(b):
            os.rename(a, b)
        elif os.path.isdir(b) and not os.path.exists(a):
            os.rename(b, a)

    def link(self):
        path = self.path()
        if os.path.isdir(path):
            return
        target = os.path.join(self.top, f".hidden{self.r.randrange(3)}")
        self.write(target)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def same_again(self):
        path = self.path()
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    def overflow(self):
        path = self.path()
        if os.path.isdir(path):
            return
        for i in range(9000):
            with open(path, "w", encoding="utf-8") as f:
                f.write(str(i))


WAYS = [Disk.plain, Disk.in_parts, Disk.append, Disk.atomic, Disk.atomic, Disk.vim, Disk.emacs, Disk.kubelet, Disk.checkout,
        Disk.remove, Disk.remove, Disk.move, Disk.move_folder, Disk.link, Disk.same_again]


def main():
    fettle, count, top = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seed = sys.argv[4] if len(sys.argv) > 4 else "1"
    os.makedirs(top)
    with open(f"{top}/always", "w", encoding="utf-8") as f:
        f.write("here\n")  # an empty folder would be refused
    watch = subprocess.Popen([fettle, "config", "watch", "--show-secrets", "-o", "json", "--from", f"file:{top}"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told = Told(watch.stdout)
    r = random.Random(f"files {seed}")
    disk, bad = Disk(r, top), None
    for number in range(count):
        ways = [Disk.overflow] if number % 100 == 99 else [r.choice(WAYS) for _ in range(r.randrange(1, 7))]
        for way in ways:
            way(disk)
            if r.random() < 0.2:
                time.sleep(r.random() * 0.003)
        if not told.becomes(top):
            found = read(top)
            wrong = {k: (found.get(k), told.state.get(k)) for k in set(found) | set(told.state) if found.get(k) != told.state.get(k)}
            bad = f"sequence {number} ({', '.join(w.__name__ for w in ways)}): found and told: {wrong}"
            break
    watch.terminate()
    watch.wait()
    if told.twice:
        bad = f"told twice: {told.twice[:3]}"
    print(f"files: {number + 1} sequences, {told.lines} changes told, {'none lost, none twice' if not bad else bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
