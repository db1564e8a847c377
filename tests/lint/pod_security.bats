#!/usr/bin/env bats
# The Pod Security Standards: upstream's own fixtures, and one command that makes a workload pass.

load ../e2e/helpers

setup() {
	SHARED=$BATS_TEST_DIRNAME/../../../shared/data/pod-security
	GO_HOME=$HOME
	fettle_setup
}

@test "pod-security: the 856 verdicts of the shared data, and the named check" {
	[ -d "$SHARED" ] || skip "there is no shared data beside the repository"
	run -0 python3 "$BATS_TEST_DIRNAME/pod_security.py" "$FETTLE" "$SHARED"
	assert_has "856 of 856"
}

@test "pod-security: upstream's fixtures of every version" {
	command -v go >/dev/null || skip "there is no Go"
	local module=k8s.io/pod-security-admission@v0.34.1 folder
	HOME=$GO_HOME go mod download "$module" || skip "the module cannot be had"
	folder=$(HOME=$GO_HOME go env GOMODCACHE)/$module/test/testdata
	run -0 python3 "$BATS_TEST_DIRNAME/pod_security.py" "$FETTLE" "$folder"
	[[ $output =~ ^([0-9]+)\ of\ ([0-9]+)$ ]]
	[ "${BASH_REMATCH[1]}" -gt 3000 ]
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
