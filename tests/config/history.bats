#!/usr/bin/env bats
# The values a key had.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	etcd_pid= vault=
}

teardown() {
	etcd_stop
	[ -z "$vault" ] || kill -KILL "$vault" 2>/dev/null || true
}

@test "history: etcd, back to the deletion or the compaction" {
	etcd_start a
	put a one
	put b x
	put a two
	put a three
	run -0 fettle config history a --from "$etcd_url"
	[ "$(awk 'NR > 1 { print $2 }' <<<"$output" | tr '\n' ' ')" = "three two one " ]
	run -0 fettle config history a --from "$etcd_url" --limit 2 -o json
	run -0 jq -c 'map(.value)' <<<"$output"
	assert_output '["three","two"]'
	version=$("$FETTLE" config history a --from "$etcd_url" -o json | jq '.[1].version')
	[ "$("$FETTLE" config get a --at "$version" --from "$etcd_url")" = two ]
	run -1 fettle config history nothing --from "$etcd_url"
	curl -fsS "$etcd_at/v3/kv/compaction" -d "{\"revision\": $version}" >/dev/null
	run -0 fettle config history a --from "$etcd_url"
	assert_has "keeps no older ones"
	assert_lacks "  one"
	"$FETTLE" config rm a --from "$etcd_url"
	put a anew
	run -0 fettle config history a --from "$etcd_url"
	[ "$(awk 'NR > 1 { print $2 }' <<<"$output")" = anew ]
}

@test "history: secrets are hidden, and a source without a past says so" {
	etcd_start a
	put db/password planted
	run -0 fettle config history db/password --from "$etcd_url"
	assert_lacks planted
	run -0 fettle config history db/password --from "$etcd_url" --show-secrets
	assert_has planted
	mkdir conf
	echo x >conf/a
	run -3 --separate-stderr fettle config history a --from file:conf
	assert_talk_has "does not keep what was before"
}
