#!/usr/bin/env bats
# Units of the host target on a real systemd, booted in namespaces of its own on a copy-on-write
# view of this machine (tests/rig/systemd). Skipped, with the reason, where that is not possible.

load helpers

RIG=$BATS_TEST_DIRNAME/../rig/systemd/systemd

setup_file() {
	mkdir "$BATS_FILE_TMPDIR/rig"
	reason=$("$RIG" start "$BATS_FILE_TMPDIR/rig" 2>&1) || export RIG_MISSING=$reason
}

teardown_file() {
	"$RIG" stop "$BATS_FILE_TMPDIR/rig"
}

setup() {
	[ -z "${RIG_MISSING:-}" ] || skip "$RIG_MISSING"
	fettle_setup
	SHARE=$BATS_FILE_TMPDIR/rig/share
	cp "$FETTLE" "$SHARE/fettle"
	rm -rf "$SHARE/repo"
	mkdir "$SHARE/repo"
}

inside() {
	"$RIG" run "$BATS_FILE_TMPDIR/rig" env HOME=/root XDG_STATE_HOME=/var/tmp/state NO_COLOR=1 "$@"
}

apply() {
	inside /share/fettle apply /share/repo --no-input --yes "$@"
}

# unit NAME PROGRAM [SPEC LINE…]: write repo/NAME.yaml
unit() {
	local name=$1 program=$2 line
	shift 2
	cat >"$SHARE/repo/$name.yaml" <<-EOT
		apiVersion: host.fettle.dev/v1
		kind: Unit
		metadata: {name: $name.service}
		spec:
		  content: |
		    [Service]
		    ExecStart=$program
		    ExecReload=/bin/touch /var/tmp/$name.reloaded
		    [Install]
		    WantedBy=rig.target
	EOT
	for line; do echo "  $line" >>"$SHARE/repo/$name.yaml"; done
}

conf() {
	cat >"$SHARE/repo/conf.yaml" <<-EOT
		apiVersion: host.fettle.dev/v1
		kind: File
		metadata: {name: conf}
		spec: {path: /etc/app.conf, content: "$1"}
	EOT
}

pid_of() {
	inside systemctl show --property=MainPID --value "$1.service"
}

@test "units: written, enabled, started; stopped ones are started again" {
	unit one '/bin/sleep infinity' 'enabled: true' 'state: started'
	run --separate-stderr -0 apply
	run -0 inside systemctl is-active one
	run -0 inside systemctl is-enabled one
	run -0 inside /share/fettle diff /share/repo
	inside systemctl stop one
	inside systemctl disable one 2>/dev/null
	run -1 inside /share/fettle diff /share/repo
	assert_has 'state: inactive -> started'
	assert_has 'enabled: no -> yes'
	run --separate-stderr -0 apply
	run -0 inside systemctl is-active one
	run -0 inside systemctl is-enabled one
}

@test "units: a new unit file restarts the unit, once" {
	unit two '/bin/sleep 1000' 'state: started'
	apply
	local before
	before=$(pid_of two)
	run --separate-stderr -0 apply
	[ "$(pid_of two)" = "$before" ]
	unit two '/bin/sleep 2000' 'state: started'
	run --separate-stderr -0 apply
	[ "$(pid_of two)" != "$before" ]
	run -0 inside systemctl show --property=NeedDaemonReload --value two
	assert_output no
	run -0 inside systemctl show --property=ExecStart two
	assert_has 2000
}

@test "units: restartOn restarts and reloadOn reloads when the file changes" {
	conf first
	unit three '/bin/sleep infinity' 'state: started' 'restartOn: [File/conf]'
	unit four '/bin/sleep infinity' 'state: started' 'reloadOn: [File/conf]'
	apply
	local three four
	three=$(pid_of three)
	four=$(pid_of four)
	conf second
	run -1 inside /share/fettle diff /share/repo
	assert_has 'File/conf changes'
	run --separate-stderr -0 apply
	[ "$(pid_of three)" != "$three" ]
	[ "$(pid_of four)" = "$four" ]
	run -0 inside test -e /var/tmp/four.reloaded
}

@test "units: one that does not start leaves the old one running, with its log in the error" {
	unit five '/bin/sleep infinity' 'state: started'
	apply
	unit five '/bin/sh -c "echo cannot bind; exit 3"' 'state: started' 'enabled: true'
	run --separate-stderr -3 apply
	assert_talk_has 'the old unit file is back'
	assert_talk_has 'cannot bind'
	run -0 inside systemctl is-active five
	run -0 inside systemctl show --property=ExecStart five
	assert_has 'sleep infinity'
}

@test "units: onChange reloads a running unit and leaves a stopped one alone" {
	unit six '/bin/sleep infinity' 'state: started'
	apply
	cat >"$SHARE/repo/conf.yaml" <<-EOT
		apiVersion: host.fettle.dev/v1
		kind: File
		metadata: {name: six}
		spec: {path: /etc/six.conf, content: x, onChange: {reloadUnit: six.service}}
	EOT
	run --separate-stderr -0 apply
	run -0 inside test -e /var/tmp/six.reloaded
	rm "$SHARE/repo/six.yaml"
	inside systemctl stop six
	inside rm /var/tmp/six.reloaded
	sed -i 's/content: x/content: z/' "$SHARE/repo/conf.yaml"
	run --separate-stderr -0 apply
	run -1 inside test -e /var/tmp/six.reloaded
}

@test "units: prune stops, disables and removes what fettle made" {
	unit seven '/bin/sleep infinity' 'state: started' 'enabled: true'
	conf there
	apply --prune --prune-changed --max-deletions 20
	rm "$SHARE/repo/seven.yaml"
	run --separate-stderr -0 apply --prune --max-deletions 20
	run -3 inside systemctl is-active seven
	run -0 inside find /etc/systemd/system
	assert_lacks seven
}

@test "units: state of a unit that fettle did not make can be managed alone" {
	inside sh -c 'printf "[Service]\nExecStart=/bin/sleep infinity\n" >/etc/systemd/system/theirs.service; systemctl daemon-reload'
	cat >"$SHARE/repo/theirs.yaml" <<-EOT
		apiVersion: host.fettle.dev/v1
		kind: Unit
		metadata: {name: theirs}
		spec: {name: theirs.service, state: started}
	EOT
	run --separate-stderr -0 apply
	run -0 inside systemctl is-active theirs
	conf there
	rm "$SHARE/repo/theirs.yaml"
	run --separate-stderr -0 apply --prune --max-deletions 20
	run -0 inside systemctl is-active theirs
}

@test "units: a drop-in that comes as a File is heard of and restarts the unit" {
	unit eight '/bin/sleep infinity' 'state: started'
	apply
	local before
	before=$(pid_of eight)
	cat >"$SHARE/repo/dropin.yaml" <<-EOT
		apiVersion: host.fettle.dev/v1
		kind: File
		metadata: {name: dropin}
		spec: {path: /etc/systemd/system/eight.service.d/x.conf, content: "[Service]\\nEnvironment=A=b\\n"}
	EOT
	run --separate-stderr -0 apply
	[ "$(pid_of eight)" != "$before" ]
	run -0 inside systemctl show --property=Environment --value eight
	assert_output A=b
	run -0 inside systemctl show --property=NeedDaemonReload --value eight
	assert_output no
}

# gate COMMAND: a file that a unit may wait for
gate() {
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: gate}\nspec: {path: /etc/gate, content: "%s", check: ["%s"]}\n' "$1" "$2" >"$SHARE/repo/gate.yaml"
}

@test "units: a restart that an earlier run owes is made up for, whatever else changes" {
	conf first
	gate one true
	unit owing '/bin/sleep infinity' 'state: started' 'restartOn: [File/conf]'
	sed -i 's|{name: owing.service}|{name: owing.service, annotations: {fettle.dev/depends-on: File/gate}}|' "$SHARE/repo/owing.yaml"
	apply
	local before
	before=$(pid_of owing)
	conf second
	gate two false
	run --separate-stderr apply
	[ "$status" -ne 0 ]
	[ "$(pid_of owing)" = "$before" ]
	gate two true
	echo '  enabled: true' >>"$SHARE/repo/owing.yaml"
	run --separate-stderr -0 apply
	[ "$(pid_of owing)" != "$before" ]
	run --separate-stderr -0 apply
	assert_lacks owing
}
