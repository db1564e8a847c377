#!/usr/bin/env python3
"""Random plain documents for the comparison with sops: generate.py FORMAT SEED COUNT FOLDER [RULES]

Each is made from its own number, so a failure can be made again alone. With RULES the documents
carry a FILE.rules that says what is encrypted; else the default (suffix _unencrypted) holds.
"""
import random
import sys

WORDS = ("db password token url host port user key cert private api secret name value mode ttl alpha "
         "beta data stringData _x x_unencrypted y_encrypted plain a b c").split()
ODD = ["ünï", "日本", "with space", "semi;colon", "a:b", "dots.in.it", "-dash", "0lead", "quote\"d", "it's", "{x}"]


def word(r):
    return r.choice(WORDS) + (str(r.randrange(30)) if r.random() < 0.6 else "")


def text(r):
    kind = r.randrange(14)
    if kind < 5:
        return "".join(r.choice("abcdefghijklmnopqrstuvwxyz0123456789-_./+=@ ") for _ in range(r.randrange(1, 24)))
    return [
        "", "true", "no", "123", "1.5", "null", "2024-01-01", "ünïcödé ✓ 日本", "tab\there", "line one\nline two\n",
        "first\n\n  indented\nlast", " leading", "trailing ", "#hash", "a # b", "a: b", "- x", "[x]", "{y}", "&a", "*b",
        "%c", "@d", "`e`", "!f", "|", ">", "'", "\"q\"", "back\\slash", "~", "0x1f", "1e3", "\u00a0nbsp", "ends:", "<<",
        "multi\nline", "trail\n\n", "emoji 😀", "==", "=", "x" * 300, "a\\nb", "\u2028sep", "\x7f",
    ][r.randrange(45)]


def comment(r):
    return r.choice(["", " a comment", "no space", "  two spaces", " # nested", " ünï ✓", " key: value", " x" * r.randrange(1, 9)])


# --- YAML ---

def quoted(s):
    out = '"'
    for c in s:
        if c in '"\\':
            out += "\\" + c
        elif c == "\n":
            out += "\\n"
        elif c == "\t":
            out += "\\t"
        elif ord(c) < 32 or ord(c) == 127 or c in "\u0085\u2028\u2029\ufeff":
            out += "\\u%04x" % ord(c)
        else:
            out += c
    return out + '"'


PLAIN = ["plain text", "v1.2.3", "http://x.y/z", "true", "False", "TRUE", "yes", "no", "on", "null", "~", "Null", "12", "-7",
         "+3", "0", "007", "010", "0x1F", "0o17", "0b101", "1_000", "1.5", "-.5", ".5", "1e3", "1.0", "6.02e23", ".inf", "-.Inf",
         ".nan", "2024-01-05", "2001-12-14t21:59:43.10-05:00", "2001-12-15 2:59:43.10", "2024-1-5", "2024-13-01",
         "9007199254740993", "-9223372036854775808", "9223372036854775807", "1e-7", "123456789.123456789", "08", "1__0", "0.1",
         "a b:c", "x#y", "100000000000000000000.5", "3.14159265358979", "0x", "1e400", "+.inf", "-0", "-0.0", "12e03", "+12.5"]


def scalar(r, indent, flow):
    kind = r.randrange(10)
    if kind < 4:
        return r.choice(PLAIN)
    if kind < 7 or flow:
        return quoted(text(r))
    if kind < 8:
        return "'" + text(r).replace("\n", " ").replace("\x7f", "").replace("\u2028", "").replace("'", "''") + "'"
    lines = [r.choice(["line", "  more", "x: y", "# no comment", "ünï", "end"]) for _ in range(r.randrange(1, 5))]
    lines[0] = "first"
    if r.random() < 0.3:
        lines.insert(1, "")
    pad = " " * (indent + 2)
    head = r.choice("|>") + r.choice(["", "-", "+"]) + ("  #" + comment(r) if r.random() < 0.15 else "")
    return head + "".join("\n" + (pad + x if x else "") for x in lines)


def key_text(r, used):
    while True:
        k = r.choice(ODD) if r.random() < 0.1 else word(r)
        if k not in used and k != "sops":
            used.add(k)
            return quoted(k) if k in ODD or r.random() < 0.05 else k


def flow(r, depth):
    if depth > 2 or r.random() < 0.5:
        return scalar(r, 0, True)
    if r.random() < 0.5:
        return "[" + ", ".join(flow(r, depth + 1) for _ in range(r.randrange(0, 4))) + "]"
    used = set()
    return "{" + ", ".join(quoted(key_text(r, used).strip('"').replace('\\"', "")) + ": " + flow(r, depth + 1)
                           for _ in range(r.randrange(0, 4))) + "}"


FLOW_PLAIN = set(PLAIN)


class Yaml:
    def __init__(self, r, comments):
        self.r, self.out, self.comments, self.anchors = r, [], comments, []

    def maybe_comment(self, indent):
        r = self.r
        if self.comments and r.random() < 0.18:
            for _ in range(r.randrange(1, 3)):
                self.out.append(" " * indent + "#" + comment(r))
            if r.random() < 0.2:
                self.out.append("")
        elif r.random() < 0.05:
            self.out.append("")

    def inline(self, value):
        if self.comments and "\n" not in value and not value[:1] in "|>" and self.r.random() < 0.12:
            return value + "  #" + comment(self.r)
        return value

    def value(self, prefix, indent, depth, in_list):
        r = self.r
        roll = r.random()
        child = indent + 2
        if depth < 4 and roll < 0.2:
            start = len(self.out)
            head = prefix + (" # on key" if self.comments and not in_list and r.random() < 0.1 else "")
            self.out.append(head)
            self.map(child, depth + 1)
            if len(self.out) == start + 1:
                self.out[-1] = prefix + " {}"
        elif depth < 4 and roll < 0.32:
            self.out.append(prefix)
            self.list(child if in_list or r.random() < 0.5 else indent, depth + 1)
        elif roll < 0.38:
            self.out.append(prefix + " " + self.inline(flow(r, 0)))
        elif roll < 0.42:
            name = "an%d" % len(self.anchors)
            self.anchors.append(name)
            self.out.append(prefix + " &" + name + " " + quoted(text(r)))
        elif roll < 0.45 and self.anchors:
            self.out.append(prefix + " *" + r.choice(self.anchors))
        elif roll < 0.47:
            self.out.append(prefix + r.choice([" !!str 123", " !!str true", " !!int \"5\"", " !!float 7", " !custom x"]))
        elif roll < 0.49:
            self.out.append(prefix)
        else:
            self.out.append(self.inline(prefix + " " + scalar(r, indent, False)))

    def map(self, indent, depth):
        used = set()
        for _ in range(self.r.randrange(1, 6)):
            self.maybe_comment(indent)
            self.value(" " * indent + key_text(self.r, used) + ":", indent, depth, False)

    def list(self, indent, depth):
        for i in range(self.r.randrange(1, 4)):
            if i:
                self.maybe_comment(indent)
            self.value(" " * indent + "-", indent, depth, True)


def yaml(r):
    docs = []
    comments = r.random() < 0.7
    for _ in range(1 if r.random() < 0.85 else r.randrange(2, 4)):
        y = Yaml(r, comments)
        y.map(0, 0)
        if comments and r.random() < 0.3:
            y.out.append("#" + comment(r))
        docs.append("\n".join(y.out) + "\n")
    return "---\n".join(docs)


# --- JSON ---

def json_value(r, depth):
    import json
    kind = r.randrange(12 if depth < 4 else 9)
    if kind < 4:
        return json.dumps(text(r), ensure_ascii=r.random() < 0.5)
    if kind < 9:
        return r.choice(["true", "false", "null", "0", "-5", "12345678901", "9007199254740993", "1.5", "1.0", "1e3", "-0.25", "1e-9",
                         "123456789012345678901234567890", "6.02e23", "0.1", "-0"])
    if kind < 10:
        return "[" + ", ".join(json_value(r, depth + 1) for _ in range(r.randrange(0, 4))) + "]"
    return json_map(r, depth + 1)


def json_map(r, depth):
    import json
    used, parts = set(), []
    for _ in range(r.randrange(0 if depth else 1, 6)):
        k = r.choice(ODD) if r.random() < 0.15 else word(r)
        if k in used or k == "sops":
            continue
        used.add(k)
        parts.append(json.dumps(k, ensure_ascii=r.random() < 0.5) + ":" + " " * r.randrange(0, 2) + json_value(r, depth))
    if depth == 0 and r.random() < 0.8:
        return "{\n" + ",\n".join("  " + p for p in parts) + "\n}\n"
    return "{" + ", ".join(parts) + "}"


def json(r):
    return json_map(r, 0)


# --- flat ---

def dotenv(r):
    out, used = [], set()
    for _ in range(r.randrange(1, 12)):
        if r.random() < 0.2:
            out.append("#" + comment(r))
        if r.random() < 0.1:
            out.append("")
        k = word(r).upper() + r.choice(["", "_unencrypted", ".x"])
        if k in used:
            continue
        used.add(k)
        v = text(r).replace("\n", "\\n")
        out.append(k + "=" + r.choice([v, v, v, '"' + v + '"', "a=b", "'x y' # z"]))
    return "\n".join(out) + ("\n" if r.random() < 0.9 else "")


def ini_value(r):
    v = text(r)
    kind = r.randrange(8)
    if "\n" in v:
        return '"""' + v.replace("\\", "/") + '"""'
    v = v.replace("`", "").replace("\u2028", "").replace("\u00a0", "").rstrip("\\")
    if kind == 0 and v:
        return "`" + v + "`"
    if kind == 1:
        return '"' + v.replace('"', "").replace("#", "").replace(";", "") + '"'
    return v.replace("#", "").replace(";", "").strip() or "v"


def ini(r):
    out = []
    sections = ["s%d" % i for i in range(r.randrange(1, 4))]
    if r.random() < 0.4:
        sections.insert(0, None)
    for s in sections:
        if s:
            if r.random() < 0.3:
                out.append(r.choice(";#") + comment(r))
            out.append("[" + s + r.choice(["", "", " x", "_unencrypted"]) + "]" + ("  ; about it" if r.random() < 0.15 else ""))
        used = set()
        for _ in range(r.randrange(1, 6)):
            if r.random() < 0.25:
                for _ in range(r.randrange(1, 3)):
                    out.append(r.choice(";#") + comment(r))
            k = word(r)
            if k in used or k == "-dash":
                continue
            used.add(k)
            line = k + r.choice([" = ", "=", ": ", "  =  "]) + ini_value(r)
            if r.random() < 0.1 and "`" not in line and '"' not in line:
                line += " ; behind"
            elif r.random() < 0.05 and "`" not in line and '"' not in line:
                line += " \\\n   continued"
            out.append(line)
        if r.random() < 0.6:
            out.append("")
    return "\n".join(out).rstrip("\n") + "\n"


def binary(r):
    return "".join(r.choice("ab\n\t\"\\{}é😀 ") for _ in range(r.choice([1, 5, 100, 3000])))


RULES = ["unencrypted_suffix=_unencrypted", "encrypted_suffix=_encrypted", "unencrypted_regex=^(name|value|alpha)",
         "encrypted_regex=(?i)^(PASSWORD|secret|data)\\d*$", "encrypted_regex=[aeiou]{2}|^x", "unencrypted_comment_regex=x",
         "encrypted_comment_regex=comment|✓"]
ENDINGS = {"yaml": ".yaml", "json": ".json", "dotenv": ".env", "ini": ".ini", "binary": ".bin"}


def main():
    kind, seed, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with_rules = len(sys.argv) > 5
    for i in range(count):
        r = random.Random(f"{kind} {seed + i}")
        name = "%s/%05d%s" % (folder, seed + i, ENDINGS[kind])
        with open(name, "w", encoding="utf-8", newline="") as f:
            f.write(globals()[kind](r))
        if with_rules and kind != "binary":
            with open(name + ".rules", "w", encoding="utf-8") as f:
                f.write(r.choice(RULES) + "\n" + ("mac_only_encrypted=true\n" if r.random() < 0.3 else ""))


if __name__ == "__main__":
    main()
