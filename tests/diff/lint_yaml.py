#!/usr/bin/env python3
"""The family yaml of fettle lint beside yamllint itself: YAML put together from pieces, rules with
options chosen at random (from a seed), places and rules equal. As TAP.

Usage: lint_yaml.py FETTLE [CASES [SEED]]. Needs the module yamllint, any version: rules and options
it does not have yet are left out.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    import yaml
    from yamllint import config, linter, rules as yamllint_rules
except ImportError:
    print('1..0 # SKIP no yamllint')
    sys.exit(0)

PIECES = [
    'a: 1\n', 'a:  1\n', 'b :   x\n', 'c: {d: 1, e: 2}\n', 'c: { d: 1 ,e: [ 1,  2 ] }\n', 'f: {}\n',
    'f: { }\n', 'g: []\n', 'g: [ ]\n', 'h:\n  - 1\n  -   2\n', 'h:\n- 1\n- a: 1\n  b: 2\n',
    'i:\n    j:\n        k: 1\n', 'i:\n  j:\n     k: 1\n', '# comment\n', '#comment\n', '#!shebang\n',
    'l: 1 # near\n', 'm: 1  #far\n', 'n: |\n  text\n   more \n\n  end\n', 'n: >-\n   folded\n   text\n',
    'o: "double"\n', "o: 'single'\n", "o: 'it''s'\n", 'o: "x\'y"\n', 'o: "a\\nb"\n', "o: 'a: b'\n",
    "o: 'yes'\n", "o: '1'\n", 'o: "2020-01-01"\n', 'p: yes\n', 'p: True\n', 'on: Off\n', 'q: 010\n',
    'q: 0o17\n', 'r: .5\n', 'r: 1e3\n', 'r: -.inf\n', 'r: .nan\n', 's: &x 1\nt: *x\n',
    'u: &x 2\nv: &y 3\n', 'w: *z\n', '"quoted": 1\n', "'k': 1\n", '? a\n: b\n', '? a\n', 'x: !!str 1\n',
    'x: !t yes\n', 'y:\n', 'y: {z: , a: }\n', 'z:\n  -\n  - 1\n', '\n', '\n\n', '\n\n\n', '   \n',
    'trailing:   1   \n', '---\n', '...\n---\n', '--- # x\n', '<<: {a: 1}\n', 'http: http://x.y\n',
    'long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n',
    'long: a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r\n',
    'é: "中 文"  # ünï\n', '# yamllint disable-line\n', '# yamllint disable rule:colons rule:braces\n',
    '# yamllint enable\n', 'a: b  # yamllint disable-line rule:truthy\n', '# yamllint disable\n',
    'flow: [\n  1,\n  2\n  ]\n', 'flow: {\n  a: 1\n}\n', 'multi: "one\n  two"\n', 'multi: one\n  two\n',
    '  # indented\n', '      # deeply\n', 'list:\n  - - 1\n    - 2\n', 'list:\n  - a: 1\n    b:\n      - c\n',
    'anchor: &m\n  b: 1\nuse:\n  <<: *m\n  <<: *m\n', '%YAML 1.2\n---\np: yes\n', 'tag: !!map\n  a: 1\n',
]


def boolean(pick):
    return pick.choice([True, False])


def number(pick, low=-1, high=3):
    return pick.randint(low, high)


def brackets(pick):
    return {'forbid': pick.choice([False, False, True, 'non-empty']),
            'min-spaces-inside': number(pick, -1, 1), 'max-spaces-inside': number(pick),
            'min-spaces-inside-empty': number(pick, -1, 1), 'max-spaces-inside-empty': number(pick)}


def quotes(pick):
    options = {'quote-type': pick.choice(['any', 'single', 'double', 'consistent']),
               'allow-quoted-quotes': boolean(pick), 'check-keys': boolean(pick),
               'required': pick.choice([True, False, 'only-when-needed'])}
    if options['required'] is not True:
        options['extra-required'] = pick.choice([[], ['^http'], ['[0-9]$', 'x.*y']])
    if options['required'] == 'only-when-needed':
        options['extra-allowed'] = pick.choice([[], ['^d(ou)?'], ['gle|ted']])
    return options


def flags(*names):
    return lambda pick: {name: boolean(pick) for name in names}


OPTIONS = {
    'anchors': flags('forbid-undeclared-aliases', 'forbid-duplicated-anchors', 'forbid-unused-anchors'),
    'braces': brackets,
    'brackets': brackets,
    'colons': lambda pick: {'max-spaces-before': number(pick), 'max-spaces-after': number(pick)},
    'commas': lambda pick: {'max-spaces-before': number(pick), 'min-spaces-after': number(pick),
                            'max-spaces-after': number(pick)},
    'comments': lambda pick: {'require-starting-space': boolean(pick), 'ignore-shebangs': boolean(pick),
                              'min-spaces-from-content': number(pick)},
    'comments-indentation': flags(),
    'document-end': flags('present'),
    'document-start': flags('present'),
    'empty-lines': lambda pick: {name: number(pick, 0, 2) for name in ('max', 'max-start', 'max-end')},
    'empty-values': flags('forbid-in-block-mappings', 'forbid-in-flow-mappings',
                          'forbid-in-block-sequences'),
    'float-values': flags('require-numeral-before-decimal', 'forbid-scientific-notation', 'forbid-nan',
                          'forbid-inf'),
    'hyphens': lambda pick: {'max-spaces-after': number(pick)},
    'indentation': lambda pick: {'spaces': pick.choice(['consistent', 1, 2, 4]),
                                 'indent-sequences': pick.choice([True, False, 'whatever', 'consistent']),
                                 'check-multi-line-strings': boolean(pick)},
    'key-duplicates': flags('forbid-duplicated-merge-keys'),
    'key-ordering': lambda pick: {'ignored-keys': pick.choice([[], ['^n.*e$'], ['[A-Z]+', 'kind|a']])},
    'line-length': lambda pick: {'max': pick.choice([10, 20, 80]),
                                 'allow-non-breakable-words': boolean(pick),
                                 'allow-non-breakable-inline-mappings': boolean(pick)},
    'new-line-at-end-of-file': flags(),
    'new-lines': lambda pick: {'type': pick.choice(['unix', 'dos'])},
    'octal-values': flags('forbid-implicit-octal', 'forbid-explicit-octal'),
    'quoted-strings': quotes,
    'trailing-spaces': flags(),
    'truthy': lambda pick: {'allowed-values': pick.choice([['true', 'false'], ['yes', 'no'], ['True', 'on'], []]),
                            'check-keys': boolean(pick)},
}
IS_OLD = not hasattr(yamllint_rules, 'anchors')  # before 1.30
OWN = {'tabs', 'byte-order-mark', 'invisible-characters', 'file-mode', 'merge-keys', 'yamllint-config'}


def make_text(pick):
    pieces = [piece for piece in PIECES if not (IS_OLD and '%YAML' in piece)]
    text = ''.join(pick.choice(pieces) for _ in range(pick.randint(1, 9)))
    if pick.random() < .15:
        text = text.replace('\n', '\r\n')
    if pick.random() < .15:
        text = text.rstrip('\r\n')
    if pick.random() < .3:
        at = pick.randrange(len(text) + 1)
        text = text[:at] + pick.choice([' ', '  ', '\n', ',', ': ', '#', ' #', '[', '"', '- ', '&a ']) + text[at:]
    return re.sub('\r(?!\n)', '', text)


def make_rules(pick):
    chosen = {}
    for name, options in OPTIONS.items():
        try:
            known = getattr(yamllint_rules.get(name), 'CONF', {})
        except ValueError:
            continue
        if pick.random() < .7:
            chosen[name] = {key: value for key, value in options(pick).items() if key in known}
            chosen[name]['level'] = pick.choice(['error', 'warning'])
    return chosen


def for_fettle(chosen):
    """An option that this yamllint does not have yet is off, whatever newer ones begin with."""
    rules = {name: dict(options) for name, options in chosen.items()}
    if IS_OLD and 'empty-values' in rules:
        rules['empty-values']['forbid-in-block-sequences'] = False
    return rules


def judge(text, chosen):
    """What yamllint says, without the one problem it drops for each syntax error."""
    conf = config.YamlLintConfig(yaml.safe_dump({'rules': chosen}))
    found = {(max(p.line, 1), p.column, p.rule, p.level)
             for p in linter.get_cosmetic_problems(text, conf, None)}
    return found, linter.get_syntax_error(text) is not None


def main():
    fettle = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    pick = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    cases = []
    with tempfile.TemporaryDirectory() as root:
        while len(cases) < count:
            text, chosen = make_text(pick), make_rules(pick)
            try:
                expected, is_broken = judge(text, chosen)
            except Exception:  # yamllint itself gives up on some
                continue
            folder = f'{root}/{len(cases):05d}'
            os.mkdir(folder)
            with open(f'{folder}/.yamllint', 'w', encoding='utf8') as file:
                yaml.safe_dump({'rules': for_fettle(chosen)}, file)
            with open(f'{folder}/a.yaml', 'w', encoding='utf8', newline='') as file:
                file.write(text)
            cases.append((text, chosen, expected, is_broken))
        run = subprocess.run([fettle, 'lint', '--select', 'yaml,syntax', '-o', 'jsonl', '--exit-zero', '.'],
                             cwd=root, stdout=subprocess.PIPE, check=True)
        found = [set() for _ in cases]
        for line in run.stdout.decode('utf8').splitlines():
            one = json.loads(line)
            if one['rule'] not in OWN and one['path'].endswith('/a.yaml'):
                found[int(one['path'].split('/')[0])].add(
                    (one['line'], one['column'], one['rule'], one['severity']))
    equal = broken = 0
    print('1..1')
    for (text, chosen, expected, is_broken), ours in zip(cases, found):
        if is_broken or any(rule == 'syntax' for _, _, rule, _ in ours):
            broken += 1  # which tokens are still read differs from reader to reader
            continue
        if expected == ours:
            equal += 1
            continue
        print(f'# text {text!r}\n# with {json.dumps(chosen)}')
        print(f'# only yamllint: {sorted(expected - ours)}\n# only fettle: {sorted(ours - expected)}')
    total = count - broken
    print(f'# {equal} of {total} equal, {broken} more are no YAML for one of the two')
    print(f'{"ok" if equal == total else "not ok"} 1 - yamllint finds the same in the same places')
    return 0 if equal == total else 1


sys.exit(main())
