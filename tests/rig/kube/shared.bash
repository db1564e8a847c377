# A Kubernetes cluster for the tests of a bats file, shared by all files of a run:
#
#   load ../e2e/helpers
#   load ../rig/kube/shared
#   setup_file() { kube_rig; }    # more goes after: kube_rig; [ -z "$KUBE_SKIP" ] || return 0; ...
#   teardown_file() { kube_rig_done; }
#   setup() { fettle_setup; kube_test; }
#
# Gives KUBECONFIG (contexts: see tests/rig/kube/rig), whose contexts of admin and reader are in the
# namespace KUBE_NS, which is the file's own, and kubectl in PATH. What is not in a namespace is
# shared with the other files: name it after KUBE_NS. Without Go, kube_test skips every test.

RIG=$BATS_TEST_DIRNAME/../rig/kube/rig

kube_rig() {
	local status=0
	export KUBE_SKIP=
	RIG_DIR=$("$RIG" share $$ 3>&-) || status=$?
	if [ "$status" = 77 ]; then
		echo "# $BATS_TEST_FILENAME: SKIPPED, NO KUBERNETES TEST CLUSTER ON THIS MACHINE" >&3
		KUBE_SKIP="no Kubernetes test cluster on this machine (tests/rig/kube/build says why)"
		return 0 # bats 1.8 can skip in a test only
	fi
	[ "$status" = 0 ] || return "$status"
	export RIG_DIR KUBE_FILE_KUBECONFIG=$BATS_FILE_TMPDIR/kubeconfig.yaml KUBE_FRONTS=$BATS_FILE_TMPDIR/fronts
	# shellcheck disable=SC1091
	. "$RIG_DIR/env"
	install -m 600 "$KUBECONFIG" "$KUBE_FILE_KUBECONFIG" # else fettle warns
	KUBE_NS=$(basename "$BATS_TEST_FILENAME" .bats | tr _ -)-$RANDOM$RANDOM
	export KUBE_NS
	kube_test
	kube_namespace "$KUBE_NS"
	kube_in "$KUBE_FILE_KUBECONFIG"
	touch "$KUBE_FRONTS"
}

# For setup(): skip without a cluster; the kubeconfig anew, should a test have changed it.
kube_test() {
	[ -z "$KUBE_SKIP" ] || skip "$KUBE_SKIP"
	export KUBECONFIG=$KUBE_FILE_KUBECONFIG
}

kube_rig_done() {
	[ -e "${KUBE_FRONTS:-}" ] || return 0
	local front
	while read -r front; do "$RIG" end "$front"; done <"$KUBE_FRONTS"
	kubectl delete namespace,mutatingwebhookconfigurations,validatingwebhookconfigurations \
		-l rig.fettle.dev/file="$KUBE_NS" --wait=false >/dev/null
}

# kube_namespace NAME: one that goes with the file, ready for Pods.
kube_namespace() {
	kubectl create namespace "$1" >/dev/null
	kubectl label namespace "$1" rig.fettle.dev/file="$KUBE_NS" >/dev/null
	wait_until kubectl get -n "$1" serviceaccount default >/dev/null 2>&1
}

# kube_grant NAMESPACE: let the user restricted edit it.
kube_grant() {
	kubectl create rolebinding -n "$1" rig-restricted --clusterrole=edit --user=restricted >/dev/null
}

# kube_proxy [--rtt 44ms] / kube_faults [RULES]: set FRONT to the kubeconfig of a line or server in
# front, which ends with the file or by `"$RIG" end "$FRONT"`. kube_tell WHAT [RULES] controls it.
kube_proxy() { kube_front proxy "$@"; }
kube_faults() { kube_front faults "$@"; }
kube_tell() { "$RIG" tell "$FRONT" "$@"; }

kube_front() {
	local kind=$1
	shift
	FRONT=$("$RIG" "$kind" "$RIG_DIR" "$@" 3>&-)
	echo "$FRONT" >>"$KUBE_FRONTS"
	kube_in "$FRONT"
}

# kube_webhook Mutating|Validating PATH RESOURCE [Fail|Ignore]: in the namespaces of the file, show what
# is created and changed to a webhook that does as PATH says (tool/webhook.go). Sets FRONT, for kube_tell.
kube_webhook() {
	FRONT=$("$RIG" webhook "$RIG_DIR" 3>&-)
	echo "$FRONT" >>"$KUBE_FRONTS"
	kubectl create -f - >/dev/null <<-END
		apiVersion: admissionregistration.k8s.io/v1
		kind: $1WebhookConfiguration
		metadata: {generateName: rig-, labels: {rig.fettle.dev/file: "$KUBE_NS"}}
		webhooks:
		- name: hook.rig.fettle.dev
		  clientConfig: {url: "https://$(cat "${FRONT%/*}/address")$2", caBundle: $(base64 -w0 "$RIG_CA")}
		  rules: [{apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: ["$3"]}]
		  namespaceSelector: {matchLabels: {rig.fettle.dev/file: "$KUBE_NS"}}
		  failurePolicy: ${4:-Fail}
		  sideEffects: None
		  timeoutSeconds: 2
		  admissionReviewVersions: [v1]
	END
}

# The namespace of the file for the contexts that may see it.
kube_in() {
	local context
	for context in admin admin-token reader; do
		kubectl --kubeconfig "$1" config set-context "$context" --namespace "$KUBE_NS" >/dev/null
	done
}
