#!/usr/bin/env bats
# The proof that nothing would change, against what the server says when it is asked: random edits of
# manifests and live objects. FETTLE_PROOF_ROUNDS=N asks for more of them (some 100 edits each).

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	PROOF=$BATS_TEST_DIRNAME/proof.py
}

plan() { # plan OUT [OPTION...]
	local out=$1 status=0
	shift
	fettle diff m.json --name proof --context admin -o json "$@" >"$out" 2>errors || status=$?
	[ "$status" = 0 ] || [ "$status" = 1 ]
}

@test "proof: what is proved unchanged, the server would not change" {
	python3 "$PROOF" make 90 m.json p
	fettle apply m.json --name proof --context admin --yes --no-wait >/dev/null 2>&1
	for round in $(seq "${FETTLE_PROOF_ROUNDS:-12}"); do
		cp m.json good.json
		python3 "$PROOF" mutate m.json "$round" 60
		python3 "$PROOF" live "$round" 40
		for try in 1 2 3 4 5 6; do
			plan always.json --verify always && break
			[ "$try" != 6 ] || { cat errors; return 1; }
			python3 "$PROOF" heal m.json good.json errors || { cat errors; return 1; }
		done
		plan auto.json
		python3 "$PROOF" compare auto.json always.json || { echo "round $round"; return 1; }
		fettle apply m.json --name proof --context admin --yes --no-wait --take-over '*' >/dev/null 2>errors || true
	done
}

@test "proof: untouched objects cost no request each" {
	python3 "$PROOF" make 300 m.json q
	fettle apply m.json --name proof2 --context admin --yes --no-wait >/dev/null 2>&1
	kube_faults ""
	KUBECONFIG=$FRONT fettle diff m.json --name proof2 --context admin >/dev/null
	requests=$(kube_tell requests | wc -l)
	proved=$((300 - $(kube_tell requests | grep -c dryRun || true)))
	echo "requests: $requests, proved: $proved of 300"
	[ "$proved" -ge 294 ]
	[ "$(kube_tell requests | grep -cE '^(PATCH|POST|PUT|DELETE)' || true)" = 0 ]
}
