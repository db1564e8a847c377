#!/usr/bin/env python3
"""Kills validated reloads at random moments: no file is ever cut, and the next run puts everything right.

crash.py FETTLE ROUNDS FOLDER [SEED]    prints how many were killed while they ran
"""
import os
import random
import subprocess
import sys
import time

FETTLE, ROUNDS, FOLDER = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
FILES = ("a.txt", "b.txt", "c.txt")
LINES = 2000

AGENT = """apiVersion: config.fettle.dev/v1
kind: Agent
sources: { c: { url: "file:conf" } }
units:
  u:
    %s
    templates:
%s    check: [sh, -c, 'grep -q "^end" "$0"', "{file}"]
    reload: { command: [sh, -c, 'echo x >>reloads'] }
    health: { command: [sh, -c, 'test ! -e sick'], within: 40ms }
"""
TEMPLATE = '      - { text: "{{ range $i := loop %d }}{{ key \\"v\\" }}\\n{{ end }}end {{ key \\"v\\" }}\\n", flavour: consul-template, to: %s, syntax: none }\n'


class Case:
    def __init__(self, name, generation):
        self.dir = os.path.join(FOLDER, name)
        self.out = os.path.join(self.dir, "live") if generation else self.dir
        os.makedirs(os.path.join(self.dir, "conf"))
        with open(os.path.join(self.dir, "agent.yaml"), "w") as f:
            f.write(AGENT % ("generation: live" if generation else "", "".join(TEMPLATE % (LINES, "live/" + n if generation else n) for n in FILES)))
        self.good, self.next, self.generation = None, 0, generation

    def offer(self):
        self.next += 1
        part = os.path.join(self.dir, "conf", ".v")
        with open(part, "w") as f:
            f.write(str(self.next))
        os.rename(part, os.path.join(self.dir, "conf", "v"))

    def start(self):
        return subprocess.Popen([FETTLE, "config", "render", "agent.yaml", "-q"], cwd=self.dir, env={
            **os.environ, "FETTLE_STATE_DIR": os.path.join(self.dir, "state")},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)

    def versions(self):
        """Of the visible files; a file that is not whole ends the test."""
        found = []
        for name in FILES:
            try:
                with open(os.path.join(self.out, name)) as f:
                    lines = f.read().splitlines()
            except FileNotFoundError:
                found.append(None)
                continue
            version = lines[-1].removeprefix("end ") if lines else ""
            if lines != [version] * LINES + ["end " + version]:
                sys.exit(f"{self.dir}/{name} is not whole: {len(lines)} lines, last {lines[-1:]}")
            found.append(int(version))
        return found

    def leftovers(self):
        if self.generation:
            # The one that is visible, and the one to go back to.
            return [n for n in os.listdir(self.dir) if ".fettle-" in n and os.path.isdir(os.path.join(self.dir, n))][2:]
        return [n for n in os.listdir(self.dir) if ".fettle-" in n]


def finish(case, sick):
    flag = os.path.join(case.dir, "sick")
    if sick:
        open(flag, "w").close()
    elif os.path.exists(flag):
        os.unlink(flag)
    run = case.start()
    _, said = run.communicate(timeout=60)
    return run.returncode, said.decode(errors="replace")


def main():
    rng = random.Random(SEED)
    killed = 0
    cases = [Case("files", False), Case("generation", True)]
    for case in cases:
        case.offer()
        began = time.monotonic()
        code, said = finish(case, False)
        if code != 0:
            sys.exit(f"the first run failed: {said}")
        case.usual = time.monotonic() - began
        case.good = case.next
    for number in range(ROUNDS):
        case = rng.choice(cases)
        case.offer()
        sick = rng.random() < 0.3
        flag = os.path.join(case.dir, "sick")
        if sick:
            open(flag, "w").close()
        run = case.start()
        time.sleep(rng.random() * case.usual * (2 if sick else 1.1))
        if run.poll() is None:
            killed += 1
            os.killpg(run.pid, 9)
        run.wait()
        run.stderr.close()
        seen = case.versions()
        if any(v not in (case.good, case.next) for v in seen):
            sys.exit(f"round {number}: {case.dir} shows {seen}, good was {case.good}, offered {case.next}")
        if case.generation and len(set(seen)) != 1:
            sys.exit(f"round {number}: a mixed generation {seen}")
        # While it is ill nothing new may stay; well again, the content of the source must come.
        if sick:
            code, said = finish(case, True)
            if case.versions() != [case.good] * 3:
                sys.exit(f"round {number}: ill, and {case.versions()} instead of {case.good}: {said}")
        if os.path.exists(flag):
            os.unlink(flag)
        case.offer()
        code, said = finish(case, False)
        if code != 0 or case.versions() != [case.next] * 3:
            sys.exit(f"round {number}: exit {code}, {case.versions()} instead of {case.next}: {said}")
        if case.leftovers():
            sys.exit(f"round {number}: left behind: {case.leftovers()}")
        case.good = case.next
    print(f"{ROUNDS} reloads, {killed} killed while they ran: no file cut, each next run put it right")


main()
