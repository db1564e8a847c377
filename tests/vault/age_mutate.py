#!/usr/bin/env python3
"""Every byte of small age files flipped: none is accepted. age_mutate.py FETTLE FILES DIR

A byte is one random bit of it; headers, tags, nonces, chunks and armor are all in reach. The last line end
of armor may become other white space, so it is left out."""
import os
import random
import subprocess
import sys

fettle, files, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rand = random.Random(20)
os.chdir(folder)


def run(*argv, data):
    return subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


for name, more in (("mutate1", []), ("mutate2", []), ("mutatepq", ["--pq"])):
    subprocess.run([fettle, "vault", "age", "keygen", "-q", "-o", name] + more, check=True)
flips = 0
for number in range(files):
    options = [["-i", "mutate1"], ["-i", "mutate1", "-i", "mutate2"], ["-i", "mutatepq"]][number % 3]
    armor = ["-a"] if number % 2 else []
    key = options[-1]
    sealed = run(fettle, "vault", "age", "encrypt", *options, *armor, data=rand.randbytes(number)).stdout
    end = len(sealed) - (1 if armor else 0)
    for at in range(0, end, 13 if key == "mutatepq" else 1):
        broken = bytearray(sealed)
        broken[at] ^= 1 << rand.randrange(8)
        done = run(fettle, "vault", "age", "decrypt", "-i", key, data=bytes(broken))
        flips += 1
        if done.returncode not in (2, 3, 4):
            sys.exit("file %d, byte %d: exit %d" % (number, at, done.returncode))
print("%d files, %d flips, none accepted" % (files, flips))
