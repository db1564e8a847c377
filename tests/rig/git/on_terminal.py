#!/usr/bin/env python3
"""Run a command on a terminal of its own and answer what it asks.

  on_terminal.py PROMPT ANSWER [PROMPT ANSWER...] -- COMMAND...

Prints what appeared on the terminal; ends with the command's status, 97 after 30 seconds.
"""
import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
words = [word.encode() for word in sys.argv[1:split]]
answers = list(zip(words[::2], words[1::2]))
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
seen, answered, end = b"", 0, time.time() + 30
while time.time() < end:
    ready, _, _ = select.select([fd], [], [], 0.2)
    if not ready:
        continue
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if answers and answers[0][0] in seen[answered:]:
        answered = len(seen)
        os.write(fd, answers.pop(0)[1] + b"\n")
sys.stdout.write(seen.decode(errors="replace"))
if time.time() >= end:
    os.kill(pid, 9)
    sys.exit(97)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
