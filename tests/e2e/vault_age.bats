#!/usr/bin/env bats
# Plain age files from the command line; what other programs say about them is in tests/vault/age.bats.

load helpers

setup() {
	fettle_setup
	fettle vault age keygen -q -o key.txt
	public=$(fettle vault age keygen -y key.txt)
	head -c 100000 /dev/urandom >data
	printf 'correct horse\n' >passphrase
}

nothing_else_but() {
	local names
	names=$(LC_ALL=C ls -A | tr '\n' ' ')
	[ "$names" = "$1 " ] || fail_with "in the folder" "$names" "expected" "$1"
}

@test "vault age keygen: a private file with the public key in it, which is also shown" {
	run --separate-stderr -0 fettle vault age keygen -o new.txt
	[ "$(stat -c %a new.txt)" = 600 ]
	[ "$stderr" = "public key: $(sed -n 's/# public key: //p' new.txt)" ]
	grep -q '^AGE-SECRET-KEY-1[0-9A-Z]*$' new.txt
	run --separate-stderr -3 fettle vault age keygen -o new.txt
	assert_talk_has "exists already"
}

@test "vault age keygen: post-quantum keys, and the recipients of any key" {
	fettle vault age keygen -q --pq >pq.txt
	run --separate-stderr -0 fettle vault age keygen -y pq.txt
	[[ $output == age1pq1* ]]
	ssh-keygen -q -t ed25519 -N '' -C '' -f ssh
	run --separate-stderr -0 fettle vault age keygen --public ssh
	assert_output "$(cut -d' ' -f1,2 ssh.pub)"
}

@test "vault age: warns of an identity that others can read, unless it is locked" {
	fettle vault age encrypt -r "$public" -o data.age data
	chmod 644 key.txt
	run --separate-stderr -0 fettle vault age decrypt -i key.txt -o out data.age
	assert_talk_has "'key.txt' holds secret keys and is open to others: chmod 600"
	fettle vault age encrypt -p --passphrase-file passphrase -o locked.txt key.txt
	run --separate-stderr -0 fettle vault age decrypt -i locked.txt --passphrase-file passphrase -o out data.age
	assert_talk ""
}

@test "vault age: bytes come back, by key, file, armor, pipe" {
	fettle vault age encrypt -r "$public" -o data.age data
	fettle vault age decrypt -i key.txt data.age | cmp - data
	echo "# team"$'\n'"$public" >team.txt
	fettle vault age encrypt -R team.txt -a <data >data.age
	[ "$(head -n 1 data.age)" = "-----BEGIN AGE ENCRYPTED FILE-----" ]
	[ "$(awk 'length > 64' data.age)" = "" ]
	fettle vault age decrypt -i key.txt -o out <data.age
	cmp out data
	[ "$(stat -c %a out)" = 600 ]
	fettle vault age encrypt -i key.txt data | fettle vault age decrypt -i key.txt - | cmp - data
}

@test "vault age: a passphrase from a file or FETTLE_PASSPHRASE_FILE" {
	fettle vault age encrypt -p --passphrase-file passphrase -o data.age data
	FETTLE_PASSPHRASE_FILE=passphrase fettle vault age decrypt data.age | cmp - data
	echo wrong >wrong
	run --separate-stderr -4 fettle vault age decrypt --passphrase-file wrong data.age
	assert_talk_has "the passphrase is wrong"
	assert_output ""
	run --separate-stderr -4 fettle vault age decrypt --no-input data.age
	assert_talk_has "FETTLE_PASSPHRASE_FILE"
	run --separate-stderr -2 fettle vault age encrypt -p -r "$public" data
	assert_talk_has "goes with no other key"
}

@test "vault age: the passphrase is asked for at the terminal, twice, and not shown" {
	type() { sleep 0.3; printf 'staple\n'; sleep 0.3; printf '%s\n' "$1"; sleep 2; }
	type staple | script -qec "$FETTLE vault age encrypt -p -o data.age data" /dev/null >talk
	[ -s data.age ]
	! grep -q staple talk
	echo staple >given
	fettle vault age decrypt --passphrase-file given data.age | cmp - data
	rm data.age
	type other | script -qec "$FETTLE vault age encrypt -p -o data.age data" /dev/null >talk || true
	grep -q 'not the same' talk
	[ ! -e data.age ]
}

@test "vault age: an identity file protected by a passphrase" {
	fettle vault age encrypt -q -p --passphrase-file passphrase -a -o locked.txt key.txt
	fettle vault age encrypt -r "$public" -o data.age data
	fettle vault age decrypt --passphrase-file passphrase -i locked.txt data.age | cmp - data
	run -0 fettle vault age keygen -y --passphrase-file passphrase locked.txt
	assert_output "$public"
}

@test "vault age: ssh keys, also with a passphrase" {
	local type
	for type in ed25519 rsa; do
		ssh-keygen -q -t $type -N '' -f $type
		ssh-keygen -q -t $type -N 'correct horse' -f $type.locked
		fettle vault age encrypt -R $type.pub -R $type.locked.pub -o data.age data
		fettle vault age decrypt -i $type data.age | cmp - data
		fettle vault age decrypt -i $type.locked --passphrase-file passphrase data.age | cmp - data
	done
	run --separate-stderr -4 fettle vault age decrypt -i rsa.locked --no-input data.age
	assert_talk_has "Passphrase of the SSH key rsa.locked"
}

@test "vault age decrypt: nobody else's key, no age file, a damaged one" {
	fettle vault age encrypt -r "$public" -o data.age data
	fettle vault age keygen -q -o other.txt
	run --separate-stderr -4 fettle vault age decrypt -i other.txt data.age
	assert_talk_has "no identity matches"
	run --separate-stderr -4 fettle vault age decrypt data.age
	assert_talk_has "give the identity file with --identity"
	run --separate-stderr -2 fettle vault age decrypt -i key.txt data
	assert_talk_has "not an age file"
}

@test "vault age decrypt: never half a file, and an old one stays as it was" {
	fettle vault age encrypt -r "$public" -o data.age data
	mkdir d && cd d
	head -c 70000 ../data.age >cut.age
	echo old >old
	run --separate-stderr -3 fettle vault age decrypt -i ../key.txt -o new cut.age
	assert_talk_has "damaged"
	run --separate-stderr -3 fettle vault age decrypt -i ../key.txt -o old cut.age
	[ "$(cat old)" = old ]
	nothing_else_but "cut.age old"
	mkfifo slow
	(exec env --default-signal=INT "$FETTLE" vault age decrypt -i ../key.txt -o new slow) & child=$!
	exec 7>slow
	head -c 70000 ../data.age >&7
	wait_until sh -c 'ls -A | grep -q "^.new.fettle-"'
	kill -INT $child
	status=0
	wait $child || status=$?
	[ "$status" = 130 ]
	exec 7>&-
	nothing_else_but "cut.age old slow"
}

@test "vault age: a file may be encrypted onto itself, its mode stays" {
	chmod 640 data
	cp data before
	fettle vault age encrypt -r "$public" -o data data
	[ "$(stat -c %a data)" = 640 ]
	fettle vault age decrypt -i key.txt -o data data
	cmp data before
}

@test "vault age: binary does not go to a terminal, text does" {
	on_terminal "$FETTLE" vault age encrypt -r "$public" data >talk || true
	grep -q 'give --armor' talk
	fettle vault age encrypt -r "$public" -o data.age data
	on_terminal "$FETTLE" vault age decrypt -i key.txt data.age >talk || true
	grep -q 'this is not text' talk
	echo hello | fettle vault age encrypt -r "$public" -o text.age
	on_terminal "$FETTLE" vault age decrypt -i key.txt text.age >talk
	grep -q '^hello' talk
}

@test "vault age encrypt: bad recipients are named, secrets in their place are not shown" {
	run --separate-stderr -2 fettle vault age encrypt -r age1nonsense data
	assert_talk_has "age1nonsense"
	key=$(grep AGE-SECRET key.txt)
	run --separate-stderr -2 fettle vault age encrypt -r "$key" data
	assert_talk_has "not a recipient"
	[[ $stderr != *"$key"* ]]
	run --separate-stderr -2 fettle vault age encrypt -R key.txt data
	assert_talk_has "key.txt:3"
	[[ $stderr != *"${key:20:20}"* ]]
	run --separate-stderr -2 fettle vault age encrypt data
	assert_talk_has "nobody to encrypt for"
	fettle vault age keygen -q --pq >pq.txt
	run --separate-stderr -2 fettle vault age encrypt -i pq.txt -i key.txt data
	assert_talk_has "cannot be mixed"
}

@test "vault age: plugins, their questions and their failures" {
	PATH=$BATS_TEST_DIRNAME/../vault:$PATH
	echo AGE-PLUGIN-FETTLETEST-1QQQQQQQQQQQQQQQQQQQQQQQQQQ4CQAG3 >plugin.txt
	fettle vault age encrypt -r age1fettletest1qqqqqqqqqqqqqqqqqqqqqqqqqqn9l5ju -r "$public" -o data.age data
	fettle vault age decrypt -i plugin.txt data.age | cmp - data
	fettle vault age decrypt -i key.txt data.age | cmp - data
	fettle vault age encrypt -i plugin.txt data | fettle vault age decrypt -i plugin.txt | cmp - data
	FETTLETEST_MODE=fail run --separate-stderr -4 fettle vault age decrypt -i plugin.txt data.age
	assert_talk_has 'no token in the slot\x1b'
	FETTLETEST_MODE=gone run --separate-stderr -3 fettle vault age decrypt -i plugin.txt data.age
	assert_talk_has "the token was pulled out"
	FETTLETEST_MODE=garbage run --separate-stderr -2 fettle vault age decrypt -i plugin.txt data.age
	assert_talk_has "does not keep to the protocol"
	FETTLETEST_MODE=silent run --separate-stderr -4 fettle vault age decrypt -i plugin.txt data.age
	assert_talk_has "no identity matches"
	FETTLETEST_MODE=labels run --separate-stderr -2 fettle vault age encrypt -i plugin.txt -i key.txt data
	assert_talk_has "cannot be mixed"
	# A PIN is the token's: the passphrase file is not tried as one.
	FETTLETEST_PIN=1234 run --separate-stderr -4 fettle vault age decrypt --no-input --passphrase-file passphrase -i plugin.txt data.age
	assert_talk_has "wrong PIN"
	PATH=/usr/bin:/bin run --separate-stderr -3 fettle vault age decrypt -i plugin.txt data.age
	assert_talk_has "install age-plugin-fettletest"
}
