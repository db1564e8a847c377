#!/bin/bash
# Removing a recipient from many files is killed at random moments: every file is the old one or the new one,
# all open, and one more run finishes the work.
set -uo pipefail
fettle=${FETTLE:?}
rounds=${VAULT_KILLS:-40} files=${VAULT_KILL_FILES:-500}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config NO_COLOR=1
for name in $(compgen -e | grep '^SOPS_'); do unset "$name"; done
mkdir -p "$HOME" "$work/start/secrets"
cd "$work/start" || exit 1
XDG_CONFIG_HOME=$work/alice "$fettle" vault init -q "$work/alice.repo"
alice=$(sed -n 's/^      - //p' "$work/alice.repo/.sops.yaml")
"$fettle" vault init -q -r "$alice"
for ((i = 0; i < files; i++)); do printf 'a: hunter%d\nb: [1, two] # c\n' "$i" >"secrets/$i.yaml"; done
"$fettle" vault encrypt -q -i .
printf '# names\nalice: %s\n' "$alice" >.sops-names.yaml

# How long it takes when nobody disturbs.
cp -r "$work/start" "$work/run"
cd "$work/run" || exit 1
begin=$(date +%s%N)
"$fettle" vault recipients remove alice -q
took=$(((($(date +%s%N) - begin)) / 1000000))
echo "# $files files take $took ms"

mixed=0 unreadable=0 unfinished=0 cut=0
for ((round = 0; round < rounds; round++)); do
	rm -rf "$work/run"
	cp -r "$work/start" "$work/run"
	cd "$work/run" || exit 1
	"$fettle" vault recipients remove alice -q 2>/dev/null &
	pid=$!
	sleep "$(awk -v ms="$took" -v r="$RANDOM" 'BEGIN { printf "%.3f", ms * r / 32768 / 1000 }')"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	old=$(grep -lF "$alice" secrets/*.yaml | wc -l)
	[ "$old" -gt 0 ] && [ "$old" -lt "$files" ] && cut=$((cut + 1))
	"$fettle" vault check -q --mac secrets >"$work/check" 2>&1
	grep -vq 'not in .sops.yaml' "$work/check" && { unreadable=$((unreadable + 1)); sed 's/^/# /' "$work/check" | head -3; }
	if grep -qF "$alice" .sops.yaml; then
		[ "$old" -eq "$files" ] || mixed=$((mixed + 1))
		"$fettle" vault recipients remove alice -q
	else
		"$fettle" vault recipients sync -q
	fi
	"$fettle" vault check -q --mac >/dev/null 2>&1 || unfinished=$((unfinished + 1))
	grep -qF "$alice" secrets/*.yaml && unfinished=$((unfinished + 1))
done
echo "# $rounds kills, $cut of them between the first and the last file"
echo "1..3"
ok() { if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1 ($2 times)"; fi; }
ok "1 - every file opens after a kill" "$unreadable"
ok "2 - no file is changed before .sops.yaml is" "$mixed"
ok "3 - one more run finishes the work" "$unfinished"
