#!/usr/bin/env python3
"""Generated three-way merges of encrypted files: merge.py FETTLE COUNT FOLDER [SEED]

Two sides change different values of one random document: every merge must succeed, hold what both wanted, every
comment, and a right MAC. Every fourth time both change one value too: then that one is named and ours, and the
rest is merged all the same. Formats take turns; keys and recipients are merged in sops.bats.
"""
import json
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402

FORMATS = [("yaml", ".yaml"), ("json", ".json"), ("yaml", ".yaml"), ("dotenv", ".env"), ("ini", ".ini")]
GONE = object()
KEPT = os.environ.get("MERGE_KEEP")  # a folder for what was merged
# Why a place cannot be edited; such documents are left out.
REASONS = [b"alias", b"flow", b"anchor", b"is not supported", b"no number that JSON can hold"]


def steps(path):
    out = []
    for name, quoted, index in re.findall(r'([^.\[\]]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]', path):
        out.append(int(index) if index else name or re.sub(r"\\(.)", r"\1", quoted))
    return out


class Run:
    def __init__(self, fettle, top):
        self.fettle, self.top = fettle, top

    def __call__(self, *args, text=None):
        return subprocess.run([self.fettle, "vault", *args], input=text, capture_output=True)

    def must(self, *args, text=None):
        done = self(*args, text=text)
        if done.returncode:
            raise RuntimeError(f"{args}: {done.stderr.decode(errors='replace')}")
        return done.stdout


def tree(run, path):
    return json.loads(run.must("get", path))


def change(tree, path, value):
    """Change one place of a tree."""
    at = tree
    way = steps(path)
    for step in way[:-1]:
        at = at[step]
    if value is GONE:
        del at[way[-1]]
    else:
        at[way[-1]] = value


def maps(node, path=""):
    """Paths of maps that take a new entry."""
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
                yield from maps(value, f"{path}.{key}" if path else key)


def edits(r, kind, whole, places, side):
    """Changes of one side: [(path, value)]."""
    out = []
    for place in places:
        in_list = place.endswith("]") and isinstance(steps(place)[-1], int)
        value = GONE if r.random() < 0.2 and not in_list else f"{side} {r.randrange(10**6)}"
        out.append((place, value))
    if r.random() < 0.6:
        where = [m for m in maps(whole) if kind in ("yaml", "json") or (kind == "ini") == bool(m)]
        if where:
            at = r.choice(where)
            out.append((f"{at}.new_{side}" if at else f"new_{side}", "added " + side))
    return out


def parents_left(whole, changes):
    """No map may lose its last entry: an empty one is written in another way."""
    counts = {}
    for path, value in changes:
        if value is GONE:
            parent = json.dumps(steps(path)[:-1])
            counts[parent] = counts.get(parent, 0) + 1
    for parent, gone in counts.items():
        at = whole
        for step in json.loads(parent):
            at = at[step]
        if len(at) <= gone:
            return False
    return True


def one(run, number, seed):
    kind, ending = FORMATS[number % len(FORMATS)]
    r = random.Random(f"merge {seed} {number}")
    base, ours, theirs = (f"{run.top}/{x}{ending}" for x in ("base", "ours", "theirs"))
    with open(base, "w", encoding="utf-8", newline="") as f:
        f.write(getattr(generate, kind)(r))
    done = run("encrypt", "-q", "-i", "-r", os.environ["RECIPIENT"], base)
    if done.returncode:
        return None  # a document of a sort that cannot be encrypted
    for path in (ours, theirs):
        with open(base, "rb") as src, open(path, "wb") as dst:
            dst.write(src.read())
    whole = tree(run, base)
    listing = json.loads(run.must("list", "-o", "json", base))[0]["values"]
    places = [v["path"] for v in listing if v.get("document", 0) == 0]
    if len(places) < 3 or len(set(places)) != len(places):
        return None
    r.shuffle(places)
    cut = r.randrange(1, min(4, len(places) - 1))
    end = min(len(places), cut + r.randrange(1, 4))
    sides = {"ours": edits(r, kind, whole, places[:cut], "ours"), "theirs": edits(r, kind, whole, places[cut:end], "theirs")}
    both = places[end] if number % 4 == 3 and end < len(places) else None
    if not parents_left(whole, sides["ours"] + sides["theirs"]):
        return None
    expected = json.loads(json.dumps(whole))
    for side, path in (("ours", ours), ("theirs", theirs)):
        for place, value in sides[side] + ([(both, "both " + side)] if both else []):
            if value is GONE:
                done = run("rm", "-q", f"{path}:{place}")
            else:
                done = run("set", "-q", f"{path}:{place}", text=value.encode())
            if done.returncode == 0:
                if place != both or side == "ours":
                    change(expected, place, value)
            elif any(reason in done.stderr for reason in REASONS):
                return None
            else:
                raise RuntimeError(f"{place}: {done.stderr.decode(errors='replace')}")
    done = run("git", "merge", "--path", "file" + ending, base, ours, theirs)
    wanted = 1 if both else 0
    if done.returncode != wanted:
        return f"exit {done.returncode} instead of {wanted}: {done.stderr.decode(errors='replace')}"
    if both and both.encode() not in done.stderr:
        return f"'{both}' is not named: {done.stderr.decode(errors='replace')}"
    if any(v is not GONE and v.encode() in done.stderr + done.stdout for s in sides.values() for _, v in s if v is not GONE):
        return "a value is shown"
    found = tree(run, ours)  # opens it, so its MAC fits
    if found != expected:
        return f"differs:\n  {json.dumps(expected)}\n  {json.dumps(found)}"
    if KEPT:
        os.rename(ours, f"{KEPT}/{number}{ending}")
    return True


def main():
    fettle, count, top = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seed = sys.argv[4] if len(sys.argv) > 4 else "1"
    os.makedirs(top, exist_ok=True)
    run = Run(fettle, top)
    merged = conflicts = bad = number = 0
    while merged + conflicts + bad < count and number < 4 * count:
        try:
            verdict = one(run, number, seed)
        except RuntimeError as error:
            verdict = str(error)
        if verdict is True:
            merged += number % 4 != 3
            conflicts += number % 4 == 3
        elif verdict is not None:
            bad += 1
            print(f"{number}: {verdict}")
            for name in ("base", "ours", "theirs"):
                ending = FORMATS[number % len(FORMATS)][1]
                os.rename(f"{top}/{name}{ending}", f"{top}/{number}-{name}{ending}")
        number += 1
    print(f"merge: {merged} merged, {conflicts} with a conflict too, {bad} wrong")
    return 1 if bad or merged + conflicts < count else 0


if __name__ == "__main__":
    sys.exit(main())
