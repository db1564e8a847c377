#!/usr/bin/env bats
# A fleet that reloads few at a time: slots at etcd.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	etcd_pid= agents=
}

teardown() {
	local pid
	for pid in $agents; do kill -KILL "$pid" 2>/dev/null || true; done
	etcd_stop
}

# machine NAME COUNT: an agent whose reload takes a while and is noted
machine() {
	mkdir -p "$1"
	cat >"$1/agent.yaml" <<-END
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { c: { url: "$etcd_url" } }
		units:
		  u:
		    templates: [ { text: '{{ key "a" }}', flavour: consul-template, to: out } ]
		    slots: { key: fleet/u, count: $2, for: 20s }
		    reload: { command: [sh, -c, 'echo + >>$PWD/all; sleep 0.4; echo - >>$PWD/all'] }
	END
	(cd "$1" && FETTLE_STATE_DIR=$PWD/state exec "$FETTLE" config run agent.yaml >log 2>&1 3>&-) &
	agents+=" $!"
}

# The most that were at it at one time.
most() { awk '{ n += $1 == "+" ? 1 : -1; if (n > m) m = n } END { print m + 0 }' all; }
all_have() { for m in "${machines[@]}"; do holds "$m/out" "$1" || return 1; done; }

fleet() { # COUNT
	etcd_start a
	put a one
	>all
	machines=(m1 m2 m3 m4)
	for m in "${machines[@]}"; do machine "$m" "$1"; done
	wait_until all_have one
	put a two
	wait_until all_have two
	wait_until sh -c "[ \$(grep -c -- - all) = 8 ]"
}

@test "slots: one machine at a time" {
	fleet 1
	[ "$(most)" = 1 ]
	[ "$("$FETTLE" config get fleet/u --from "$etcd_url")" = '{}' ]
}

@test "slots: two at a time, and one that is gone keeps none for ever" {
	etcd_start a
	now=$(date +%s%3N)
	printf '{"dead:1:u":%s,"old:1:u":1}' "$((now + 2500))" | "$FETTLE" config set fleet/u --from "$etcd_url" -q
	put a one
	>all
	machines=(m1)
	machine m1 1
	sleep 1
	[ ! -e m1/out ]
	wait_until all_have one
	[ "$(date +%s%3N)" -ge "$((now + 2500))" ]
}

@test "slots: a source that cannot keep them is told" {
	etcd_start a
	put a one
	mkdir conf
	machine m1 1
	kill -KILL $agents
	cd m1
	sed -i 's#sources: .*#sources: { c: { url: "file:../conf" } }#' agent.yaml
	echo x >../conf/a
	run -3 --separate-stderr fettle config render agent.yaml
	assert_talk_has "cannot keep slots"
	sed -i 's/slots: {/slots: { source: nothing,/' agent.yaml
	run -2 --separate-stderr fettle config render agent.yaml
	assert_talk_has "agent.yaml:7:"
}
