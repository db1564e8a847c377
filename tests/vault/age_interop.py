#!/usr/bin/env python3
"""Files of random size around the chunk borders, for 1 to 50 random recipients, armored or not: what fettle
writes the other program opens, and the reverse. age_interop.py FETTLE PEER ROUNDS DIR"""
import os
import random
import subprocess
import sys

fettle, peer, rounds, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
seed = int(os.environ.get("AGE_SEED", "0")) or random.randrange(1 << 32)
rand = random.Random(seed)
os.chdir(folder)


def run(*argv, data=None):
    done = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit("seed %d: %s: %s" % (seed, " ".join(argv)[:300], done.stderr.decode()))
    return done.stdout


keys = []  # (identity file, recipient)
for i in range(50):
    name = "key%d" % i
    run(fettle, "vault", "age", "keygen", "-o", name)
    keys.append((name, run(fettle, "vault", "age", "keygen", "-y", name).decode().strip()))
for kind in ("ed25519", "rsa"):
    for i in range(3):
        name = "%s%d" % (kind, i)
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", name)
        keys.append((name, open(name + ".pub").read().strip()))

CHUNK = 65536
data = rand.randbytes(4 * CHUNK + 64)
for number in range(rounds):
    border = rand.choice([0, 0, 1, 1, 2, 3, 4]) * CHUNK
    size = max(0, border + rand.choice([-17, -16, -1, 0, 1, 15, 16, 17, rand.randrange(-3000, 60)]))
    plain = data[:size]
    chosen = rand.sample(keys, rand.choice([1, 1, 1, 2, 3, rand.randint(1, 50)]))
    options = [word for _, recipient in chosen for word in ("-r", recipient)]
    if rand.random() < 0.5:
        options.append("-a")
    identity = rand.choice(chosen)[0]
    if number % 2:
        sealed = run(fettle, "vault", "age", "encrypt", *options, data=plain)
        opened = run(peer, "-d", "-i", identity, data=sealed)
    else:
        sealed = run(peer, *options, data=plain)
        opened = run(fettle, "vault", "age", "decrypt", "-i", identity, data=sealed)
    if opened != plain:
        sys.exit("seed %d: round %d, %d bytes: not the same" % (seed, number, size))
print("%d files, seed %d" % (rounds, seed))
