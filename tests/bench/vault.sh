#!/bin/bash
# One value of an encrypted file, and many files, beside sops and age.
# Before lib.bash sets a home of its own: sops is built once, into the cache of the user.
rig=$("$(dirname "$0")/../rig/sops/build") || { echo "$0: no sops to compare with" >&2; exit 0; }
# shellcheck source=tests/bench/lib.bash
. "$(dirname "$0")/lib.bash"
rounds=${BENCH_ROUNDS:-30}
count=${BENCH_FILES:-10000}

cd "$work"
"$FETTLE" vault init -q 2>/dev/null
export SOPS_AGE_KEY_FILE=$XDG_CONFIG_HOME/sops/age/keys.txt
recipient=$(sed -n 's/^      - //p' .sops.yaml)
mkdir files secrets
printf 'db:\n  password: hunter2\n' >secrets/one.yaml
"$FETTLE" vault encrypt -q -i secrets/one.yaml
printf 'hunter2' >plain

head_line
measure "$rounds" -- "$FETTLE" vault get secrets/one.yaml:db.password \
	-- "$rig/sops" -d --extract '["db"]["password"]' secrets/one.yaml
row 'start and one value / sops' "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" 0.3 -
sops_one=${wall[1]}
if command -v age >/dev/null; then
	age -a -r "$recipient" -o plain.age plain
	measure "$rounds" -- "$FETTLE" vault get secrets/one.yaml:db.password -- age -d -i "$SOPS_AGE_KEY_FILE" plain.age
	row 'start and one value / age' "${wall[0]}" "${wall[1]}" "${cpu[0]}" "${rss[0]}" 0.7 -
fi

# 10,000 different files of one value: every one has its own data key.
for ((i = 0; i < count; i++)); do printf 'value%d: hunter%d\n' "$i" "$i"; done | split -l 1 -a 5 -d --additional-suffix=.yaml - files/
cp -r files again
measure 1 -- "$FETTLE" vault encrypt -q -i -r "$recipient" files/
row "encrypt $count files / sops for each" "${wall[0]}" "$((sops_one * count))" "${cpu[0]}" "${rss[0]}" - -
printf 'creation_rules:\n  - age: %s\n' "$recipient" >.sops.yaml
measure 3 -- "$FETTLE" vault check -q --mac files
row "open $count files and check their MAC / sops" "${wall[0]}" "$((sops_one * count))" "${cpu[0]}" "${rss[0]}" 0.02 -
measure 1 -- "$FETTLE" vault decrypt -q -i files
row "decrypt $count files in place (flushed) / sops" "${wall[0]}" "$((sops_one * count))" "${cpu[0]}" "${rss[0]}" - -

# Somebody leaves: every file gets a new data key, wrapped for nineteen others. No peer does this in one operation: sops
# takes two runs for each file, so it is set beside one of them.
mkdir crowd
for ((i = 0; i < 20; i++)); do "$FETTLE" vault age keygen -o "crowd/$i.txt" 2>/dev/null; done
crowd=$(cat crowd/*.txt | grep -o 'age1[a-z0-9]*' | paste -sd,)
last=$(grep -o 'age1[a-z0-9]*' crowd/19.txt | head -1)
printf 'creation_rules:\n  - path_regex: \\.yaml$\n    age: %s,%s\n' "$recipient" "$(printf %s "$crowd" | sed "s/$last,\\?//; s/,\$//"),$last" >.sops.yaml
rm -rf files && mv again files
"$FETTLE" vault encrypt -q -i files
measure 1 -- "$FETTLE" vault recipients remove -q "$last"
row "offboarding: $count files, 20 left / sops once for each" "${wall[0]}" "$((sops_one * count))" "${cpu[0]}" "${rss[0]}" - -
