#!/usr/bin/env bats
# The Pod Security Standards: upstream's own fixtures, and one command that makes a workload pass.

load ../e2e/helpers

setup() {
	SHARED=$BATS_TEST_DIRNAME/../../../shared/data/pod-security
	fettle_setup
}

@test "pod-security: the 856 verdicts of the shared data, and the named check" {
	[ -d "$SHARED" ] || skip "there is no shared data beside the repository"
	run -0 python3 "$BATS_TEST_DIRNAME/pod_security.py" "$FETTLE" "$SHARED"
	assert_has "856 of 856"
}

@test "pod-security: upstream's 4537 fixtures of every version, and the named check" {
	run -0 python3 "$BATS_TEST_DIRNAME/pod_security.py" "$FETTLE" "$BATS_TEST_DIRNAME/../data/pod-security/fixtures.txt"
	assert_has "4537 of 4537"
}

@test "pod-security: exit codes as CI sees them, and versions nobody knows" {
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true, containers: [{name: a, image: "a:1"}]}\n' >bad.yaml
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "a:1"}]}\n' >good.yaml
	run -1 fettle lint --select pod-security --profile baseline --pod-security-version v1.25 bad.yaml
	run -0 fettle lint --select pod-security --profile baseline --pod-security-version v1.25 good.yaml
	run -1 fettle lint --select pod-security --profile restricted --pod-security-version latest good.yaml
	local version
	for version in v1 1.x v1.25.x v2.1 v1.99 newest; do
		run -2 fettle lint --select pod-security --pod-security-version "$version" good.yaml
		assert_has "$version"
	done
}

deployment() {
	cat <<-'YAML'
	# the shop
	apiVersion: apps/v1
	kind: Deployment
	metadata: { name: web, namespace: shop }   # one line
	spec:
	  template:
	    spec:
	      hostNetwork: true
	      containers:
	      # the app
	      - name: app
	        image: app:1        # pinned
	        ports:
	        - containerPort: 80
	          hostPort: 80
	      - {name: side, image: "side:2", securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}}
	YAML
}

@test "lint --fix: a workload passes the restricted level after one command, comments and all" {
	deployment >app.yaml
	run -1 fettle lint --select pod-security --profile restricted app.yaml
	assert_has "✅ Fix: set spec.template.spec.containers[name=app].securityContext.allowPrivilegeEscalation to false"
	assert_has "fettle lint --fix --select disallow-privilege-escalation app.yaml"
	run -0 fettle lint --fix --unsafe-fixes --select pod-security --profile restricted app.yaml
	run -0 fettle lint --select pod-security --profile restricted app.yaml
	[ "$(grep -c '#' app.yaml)" = 4 ]
	grep -qF 'metadata: { name: web, namespace: shop }   # one line' app.yaml
	cp app.yaml once
	run -0 fettle lint --fix --unsafe-fixes --select pod-security --profile restricted app.yaml
	cmp once app.yaml
}

@test "lint --fix: without --unsafe-fixes behaviour stays, a rule named is mended" {
	deployment >app.yaml
	cp app.yaml before
	run -1 fettle lint --fix --select pod-security app.yaml
	cmp before app.yaml
	run -0 fettle lint --fix --select disallow-host-ports app.yaml
	[ "$(diff before app.yaml | grep -c '^[<>]')" = 1 ]
}

@test "lint --fix: values others share are left alone, and told" {
	cat >shared.yaml <<-'YAML'
	apiVersion: v1
	kind: Pod
	metadata: {name: a, annotations: {x: &c "y"}}
	spec:
	  containers:
	  - &one {name: a, image: "a:1", securityContext: {privileged: true}}
	  initContainers:
	  - <<: *one
	    name: b
	YAML
	cp shared.yaml before
	run fettle lint --fix --select disallow-privileged-containers shared.yaml
	cmp before shared.yaml
	[ "$status" = 1 ]
}

@test "pod-security: suppressed for one container" {
	deployment | sed 's/metadata: .*/metadata: {name: web, annotations: {lint.fettle.dev\/ignore.disallow-privilege-escalation: "@app legacy"}}/' >app.yaml
	run -1 fettle lint --select disallow-privilege-escalation --profile restricted app.yaml
	assert_lacks "container app"
	assert_has "container side"
}
