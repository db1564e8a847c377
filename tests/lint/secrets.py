"""Plants made-up secrets in the formats of their makers, and things that look like secrets but are
none, and counts what `fettle lint` (and gitleaks, when its path is given) finds of them.

Nothing here is a real secret, and none is written in this file: all are made at run time from a seed.

usage: secrets.py FETTLE FOLDER [GITLEAKS]
"""
import base64
import json
import os
import random
import string
import subprocess
import sys
import uuid
import zlib

fettle, folder = sys.argv[1:3]
gitleaks = sys.argv[3] if len(sys.argv) > 3 else None
rng = random.Random(20261127)
ALNUM = string.ascii_letters + string.digits
URL64 = ALNUM + "-_"
B64 = ALNUM + "+/"
HEX = "0123456789abcdef"
B32 = string.ascii_uppercase + "234567"
UPPER = string.ascii_uppercase + string.digits


def some(chars, n):
    return "".join(rng.choice(chars) for _ in range(n))


def crc62(body):
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    crc, out = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        out = digits[digit] + out
    return out


def with_crc(prefix):
    body = some(ALNUM, 30)
    return prefix + body + crc62(body)


def jwt():
    part = lambda data: base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
    return ".".join([part({"alg": "HS256", "typ": "JWT"}), part({"sub": some(ALNUM, 12), "iat": rng.randrange(10**9)}),
                     some(URL64, 43)])


def pem(kind):
    lines = "\n".join(some(B64, 64) for _ in range(8))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def b64(text):
    return base64.b64encode(text.encode()).decode()


# each makes one secret; the text around it is chosen below
FORMATS = [
    lambda: with_crc("ghp_"), lambda: with_crc("gho_"), lambda: with_crc("ghs_"), lambda: with_crc("npm_"),
    lambda: "github_pat_" + some(ALNUM, 22) + "_" + some(ALNUM, 59), lambda: "glpat-" + some(URL64, 20),
    lambda: "glrt-" + some(URL64, 20), lambda: "pypi-AgEIcHlwaS5vcmc" + some(URL64, 90),
    lambda: "rubygems_" + some(HEX, 48), lambda: "dckr_pat_" + some(URL64, 27),
    lambda: "SWMTKN-1-" + some(ALNUM, 50) + "-" + some(ALNUM, 25), lambda: "PMAK-" + some(HEX, 24) + "-" + some(HEX, 34),
    lambda: "AKIA" + some(B32, 16), lambda: "ASIA" + some(B32, 16), lambda: "AIza" + some(URL64, 35),
    lambda: "GOCSPX-" + some(URL64, 28), lambda: "AccountKey=" + some(B64, 86) + "==",
    lambda: "dop_v1_" + some(HEX, 64), lambda: "LTAI" + some(ALNUM, 20), lambda: "tskey-auth-" + some(ALNUM, 16) + "-" + some(ALNUM, 32),
    lambda: "fm2_" + some(B64, 120), lambda: "sbp_" + some(HEX, 40), lambda: "pscale_tkn_" + some(URL64, 43),
    lambda: "dapi" + some(HEX, 32), lambda: "HRKU-" + some(URL64, 58), lambda: "sha256~" + some(URL64, 43),
    lambda: "hvs." + some(URL64, 90), lambda: some(ALNUM, 14) + ".atlasv1." + some(URL64, 65), lambda: "pul-" + some(HEX, 40),
    lambda: "dp.pt." + some(ALNUM, 43), lambda: "AGE-SECRET-KEY-1" + some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    lambda: "xoxb-" + some(string.digits, 12) + "-" + some(string.digits, 12) + "-" + some(ALNUM, 24),
    lambda: "xapp-1-" + some(UPPER, 11) + "-" + some(string.digits, 12) + "-" + some(HEX, 64),
    lambda: "https://hooks.slack.com/services/T" + some(UPPER, 10) + "/B" + some(UPPER, 10) + "/" + some(ALNUM, 24),
    lambda: "https://discord.com/api/webhooks/" + some(string.digits, 18) + "/" + some(URL64, 68),
    lambda: some(string.digits, 10) + ":AA" + some(URL64, 33), lambda: "sk_live_" + some(ALNUM, 24), lambda: "rk_live_" + some(ALNUM, 30),
    lambda: "shpat_" + some(HEX, 32), lambda: "SG." + some(URL64, 22) + "." + some(URL64, 43),
    lambda: "xkeysib-" + some(HEX, 64) + "-" + some(ALNUM, 16), lambda: some(HEX, 32) + "-us" + str(rng.randrange(1, 21)),
    lambda: "ntn_" + some(ALNUM, 46), lambda: "lin_api_" + some(ALNUM, 40), lambda: "figd_" + some(URL64, 40),
    lambda: "glsa_" + some(ALNUM, 32) + "_" + some(HEX, 8), lambda: "NRAK-" + some(UPPER, 27),
    lambda: "dt0c01." + some(UPPER, 24) + "." + some(UPPER, 64), lambda: "phx_" + some(URL64, 43),
    lambda: "shippo_live_" + some(HEX, 40), lambda: "EZAK" + some(ALNUM, 54), lambda: "duffel_live_" + some(URL64, 43),
    lambda: "sk-proj-" + some(URL64, 74) + "T3BlbkFJ" + some(URL64, 74), lambda: "sk-ant-api03-" + some(URL64, 93) + "AA",
    lambda: "hf_" + some(string.ascii_letters, 34), lambda: "gsk_" + some(ALNUM, 52), lambda: "r8_" + some(ALNUM, 37),
    lambda: "sk-or-v1-" + some(HEX, 64), jwt, lambda: pem("RSA "), lambda: pem("EC "), lambda: b64(pem("")),
    lambda: "postgres://app:" + some(ALNUM, 16) + "@db.internal:5432/shop",
]

LOOKALIKES = [
    lambda: "ghp_" + some(ALNUM, 36),  # the checksum is wrong
    lambda: "token: ${GITHUB_TOKEN}", lambda: "password: {{ .Values.password }}", lambda: "password: <your password here>",
    lambda: "secret: changeme-changeme-1", lambda: "id: " + str(uuid.UUID(int=rng.getrandbits(128))),
    lambda: "commit: " + some(HEX, 40), lambda: "digest: sha256:" + some(HEX, 64), lambda: "integrity: sha512-" + some(B64, 86) + "==",
    lambda: "AKIAIOSFODNN7EXAMPLE", lambda: "image: registry.example.com/app@sha256:" + some(HEX, 64),
    lambda: "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token", lambda: "passwordSecretName: db-credentials-v2",
    lambda: "the password must have 12 characters, a digit and a sign", lambda: "-----BEGIN PUBLIC KEY-----\n" + some(B64, 64) + "\n-----END PUBLIC KEY-----",
    lambda: "postgres://user:password@localhost/db", lambda: "https://user:$PASSWORD@example.com/", lambda: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + some(B64, 43),
    lambda: "apiKey: xxxxxxxxxxxxxxxxxxxxxxxxxxxx", lambda: "secretKeyRef: {name: app-secret, key: api-token-v1}",
]


def write(name, text):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "w") as out:
        out.write(text)


AROUND = ["{}\n", "key: {}\n", "KEY='{}'\n", '{{"value": "{}"}}\n', "run --with {} now\n"]
planted, innocent = {}, {}
for i in range(200):
    secret = FORMATS[i % len(FORMATS)]()
    around = "{}\n" if "\n" in secret else AROUND[i // len(FORMATS) % len(AROUND)]
    planted[f"planted/f{i}.txt"] = secret
    write(f"{folder}/planted/f{i}.txt", "# a line\n" + around.format(secret) + "# the end\n")
for i in range(200):
    innocent[f"innocent/f{i}.txt"] = LOOKALIKES[i % len(LOOKALIKES)]()
    write(f"{folder}/innocent/f{i}.txt", innocent[f"innocent/f{i}.txt"] + "\n")


def report(name, found):
    hit = [f for f in planted if f in found]
    false = [f for f in innocent if f in found]
    print(f"{name}: {len(hit)} of {len(planted)} planted, {len(false)} of {len(innocent)} innocent")
    return hit, false


done = subprocess.run([fettle, "lint", "--no-config", "--select", "secrets", "-o", "json", "."], cwd=folder,
                      capture_output=True, text=True)
ours, false = report("fettle", {finding["path"] for finding in json.loads(done.stdout)["findings"]})
for name in planted:
    if name not in ours:
        print(f"# missed {name}: {planted[name][:30]}")
for name in false:
    print(f"# false {name}: {innocent[name][:60]}")
leaked = [name for name in planted if planted[name] in done.stdout]
if leaked:
    print(f"# {len(leaked)} secrets are in the report")
fewer = False
if gitleaks:
    subprocess.run([gitleaks, "dir", folder, "-r", folder + "/gitleaks.json", "--no-banner", "-l", "error"])
    with open(folder + "/gitleaks.json") as text:
        theirs, _ = report("gitleaks", {os.path.relpath(f["File"], folder) for f in json.load(text)})
    fewer = len(ours) < len(theirs)
sys.exit(len(ours) != len(planted) or bool(false) or bool(leaked) or fewer)
