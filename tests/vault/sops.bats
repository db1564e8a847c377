#!/usr/bin/env bats
# Real sops and fettle read what the other wrote. VAULT_DOCUMENTS (200) of each sort; the release run
# takes 2000. Skipped, loudly, where sops cannot be built.

load ../e2e/helpers

setup_file() {
	rig=$("$BATS_TEST_DIRNAME/../rig/sops/build") || {
		[ $? -eq 77 ] && { echo "# no sops on this machine" >&3; export NO_SOPS=1; return 0; }
		return 1
	}
	export RIG=$rig
}

setup() {
	[ -z "${NO_SOPS:-}" ] || skip "no sops to compare with"
	fettle_setup
	for name in $(compgen -e | grep '^SOPS_'); do unset "$name"; done
	fettle vault init -q
	RECIPIENT=$(sed -n 's/^      - //p' .sops.yaml)
	export RECIPIENT ORACLE_RECIPIENTS=$RECIPIENT
	export SOPS_AGE_KEY_FILE=$XDG_CONFIG_HOME/sops/age/keys.txt
	rm .sops.yaml
	count=${VAULT_DOCUMENTS:-200}
}

compare() {
	run python3 "$BATS_TEST_DIRNAME/compare.py" "$FETTLE" "$RIG/oracle" "$1" "$2" "$count" "$PWD/$1" "${@:3}"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}

@test "sops and fettle agree on JSON documents" { compare json 1; }
@test "sops and fettle agree on dotenv documents" { compare dotenv 1; }
@test "sops and fettle agree on INI documents" { compare ini 1; }
@test "sops and fettle agree on binary files" { compare binary 1; }
@test "sops and fettle agree on JSON documents with rules" { compare json 100000 rules; }
@test "sops and fettle agree on dotenv documents with rules" { compare dotenv 100000 rules; }
@test "sops and fettle agree on INI documents with rules" { compare ini 100000 rules; }
@test "sops and fettle agree on YAML documents" { compare yaml 1; }
@test "sops and fettle agree on YAML documents with rules" { compare yaml 100000 rules; }

@test "sops and fettle agree on documents of key groups" {
	export ORACLE_RECIPIENTS="$RECIPIENT;$RECIPIENT;$RECIPIENT" ORACLE_THRESHOLD=2
	count=$((count / 4))
	for kind in yaml json dotenv ini binary; do compare "$kind" 500000; done
}

@test "one value set in YAML files of both changes its line, lastmodified and mac" {
	run python3 "$BATS_TEST_DIRNAME/churn.py" "$FETTLE" "$RIG/oracle" "${VAULT_CHURN:-100}" "$PWD/churn"
	echo "$output"
	echo "# ${lines[-1]}" >&3
	[ "$status" -eq 0 ]
}

@test "sops opens comments above and below dashes with nothing behind them" {
	mkdir in trees
	printf 'm:\n  v:\n    - a\n    # c\n    -\n  k: 1\n' >in/1.yaml
	printf 'm:\n  v:\n    - - a\n    # c\n\n    -\n  k: 1\n' >in/2.yaml
	printf 'm:\n  v:\n    - x: a\n    # c\n\n    -\nk: 1\n' >in/3.yaml
	printf 'm:\n  v:\n    - - a\n    # c\n\n    -\n    # d\n    -\n    - e\n  k: 1\n' >in/4.yaml
	printf 'm:\n  -\n    - a\n    - - q\n    # c\n    -\n  - b\nl: 1\n' >in/5.yaml
	printf 'm:\n  -\n    - a\n    - - q\n    # c\n    -\nl: 1\n' >in/6.yaml
	printf 'm:\n  v:\n    - - a\n    # c\n\n    -\n' >in/7.yaml
	"$FETTLE" vault encrypt -q -i -r "$RECIPIENT" in/*.yaml
	"$RIG/oracle" decrypt in trees
	[ "$(cat trees/* | grep -c '^# " [cd]"')" -ge 7 ]
	! grep '"ENC\[' trees/*
}

@test "sops finds comments where fettle bound them: end of a list's item, behind a flow value, under ---" {
	mkdir in trees
	printf 'a:\n  - b: 1\n  # c\n\n  -\n    x: {z: 1}\n    # d\n\n    y: 1\n' >in/1.yaml
	printf 'a:\n  -\n    # c\n\n    x: [1]\n    # d\n\n    y: 2\n' >in/2.yaml
	printf 'creation_rules:\n  - age: %s\n    encrypted_comment_regex: secret\n' "$RECIPIENT" >.sops.yaml
	printf 'a: 1\n---\n# secret c\n\nb: d\n' >in/3.yaml
	printf 'a:\n  - b: 1\n  # secret c\n\n  - x: 1\n    y: d\n' >in/4.yaml
	printf 'a:\n  - 1\n  # secret c\n  -\n  - d\n' >in/5.yaml
	"$FETTLE" vault encrypt -q -i -r "$RECIPIENT" in/[12].yaml
	"$FETTLE" vault encrypt -q -i in/[345].yaml
	"$RIG/oracle" decrypt in trees
	[ "$(cat trees/[12].yaml | grep -c '^# " [cd]"')" = 4 ]
	[ "$(cat trees/[345].yaml | grep -c '^# " secret c"')" = 3 ]
	! grep -E '"ENC\[|^error' trees/*
	[ "$(grep -l 'ENC\[AES256_GCM,data:[^,]*,[^]]*type:str\]' in/[45].yaml | wc -l)" = 2 ]
}

@test "a comment that sops left behind sops: stays when it is decrypted" {
	printf 'a: 1\n' >x.yaml
	"$FETTLE" vault encrypt -q -i -r "$RECIPIENT" x.yaml
	sed -i 's/^sops:$/sops: # a comment/' x.yaml
	[ "$(fettle vault decrypt x.yaml)" = $'a: 1\n# a comment' ]
	echo 2 | fettle vault set x.yaml:a
	[ "$(fettle vault get x.yaml:a)" = 2 ]
	grep -q '# a comment' x.yaml
}

@test "sops opens what was merged, and its MAC fits there too" {
	mkdir kept trees
	MERGE_KEEP=$PWD/kept run python3 "$BATS_TEST_DIRNAME/merge.py" "$FETTLE" "${VAULT_MERGES:-100}" "$PWD/merges" 7
	echo "$output"
	[ "$status" -eq 0 ]
	"$RIG/oracle" decrypt kept trees
	[ "$(ls kept | wc -l)" -gt 20 ]
	[ "$(ls kept | wc -l)" -eq "$(ls trees | wc -l)" ]
	! grep -l '^error:' trees/*
}

@test "key groups of sops open here, and ours there" {
	echo '{"a": "hunter2"}' >plain.json
	mkdir in out tree
	cp plain.json in/a.json
	ORACLE_RECIPIENTS="$RECIPIENT;$RECIPIENT;$RECIPIENT" ORACLE_THRESHOLD=2 "$RIG/oracle" encrypt in out
	[ "$(fettle vault get out/a.json:a)" = hunter2 ]
	printf 'creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n' >.sops.yaml
	for _ in 1 2 3; do printf '      - age: [%s]\n' "$RECIPIENT" >>.sops.yaml; done
	fettle vault encrypt -q -i in/a.json
	"$RIG/oracle" decrypt in tree
	grep -q 'string "hunter2"' tree/a.json
}
