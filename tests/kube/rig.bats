#!/usr/bin/env bats
# The test cluster itself: what the other files in this folder rely on.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
}

# deployment NAME [WHAT BECOMES OF ITS PODS]
deployment() {
	kubectl apply -f - >/dev/null <<-END
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  replicas: 2
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}, annotations: {rig.fettle.dev/pod: "${2:-}"}}
		    spec: {containers: [{name: app, image: none}]}
	END
}

# pod NAME WHAT BECOMES OF IT
pod() {
	kubectl apply -f - >/dev/null <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, annotations: {rig.fettle.dev/pod: "$2"}}
		spec: {containers: [{name: app, image: none}], initContainers: [{name: before, image: none}]}
	END
}

# has PATH VALUE OBJECT...: what jsonpath finds in the object is VALUE
has() {
	local path=$1 value=$2
	shift 2
	[ "$(kubectl get "$@" -o jsonpath="{$path}" 2>/dev/null)" = "$value" ]
}

# get PATH [CURL'S OPTIONS]: its status, version of HTTP and time, through FRONT; leaves body and head
get() {
	local server path=$1
	shift
	server=$(kubectl --kubeconfig "$FRONT" config view -o jsonpath='{.clusters[0].cluster.server}')
	curl -s --max-time 5 --cacert "$RIG_CA" -H 'Authorization: Bearer admin-token' -o body -D head \
		-w '%{http_code} %{http_version} %{time_total}\n' "$@" "$server$path"
}

@test "rig: the server tells its version" {
	run -0 kubectl version
	assert_has "Server Version: v1.3"
}

@test "rig: a deployment becomes ready, and its endpoints are known" {
	deployment web
	kubectl expose deployment web --port 80
	run -0 kubectl rollout status deployment/web --timeout 30s
	wait_until has '.items[0].endpoints[1].conditions.ready' true \
		endpointslice -l kubernetes.io/service-name=web
}

@test "rig: stateful sets and daemon sets become ready" {
	local kind
	for kind in StatefulSet DaemonSet; do
		kubectl apply -f - <<-END
			apiVersion: apps/v1
			kind: $kind
			metadata: {name: all}
			spec:
			  selector: {matchLabels: {app: $kind}}
			  template:
			    metadata: {labels: {app: $kind}}
			    spec: {containers: [{name: app, image: none}]}
		END
		run -0 kubectl rollout status "$kind/all" --timeout 30s
	done
}

@test "rig: pods fail as their annotation says, and recover" {
	deployment broken crash
	wait_until has '.items[0].status.containerStatuses[0].state.waiting.reason' CrashLoopBackOff pod -l app=broken
	run -0 kubectl get pod -l app=broken -o jsonpath='{.items[0].status.containerStatuses[0].restartCount}'
	[ "$output" -gt 0 ]
	pod image pull-error
	wait_until has .status.containerStatuses[0].state.waiting.reason ImagePullBackOff pod image
	pod homeless unschedulable
	wait_until has '.status.conditions[?(@.type=="PodScheduled")].reason' Unschedulable pod homeless
	pod busy hang
	wait_until has '.status.conditions[?(@.type=="Ready")].status' False pod busy
	pod late slow:1s
	wait_until has .status.containerStatuses[0].state.waiting.reason ContainerCreating pod late
	wait_until has .status.containerStatuses[0].ready true pod late
	kubectl annotate pod busy --overwrite rig.fettle.dev/pod=ready
	run -0 kubectl wait pod/busy --for condition=Ready --timeout 10s
}

@test "rig: jobs complete, and fail when told to" {
	kubectl create job good --image none
	run -0 kubectl wait job/good --for condition=Complete --timeout 20s
	kubectl apply -f - <<-END
		apiVersion: batch/v1
		kind: Job
		metadata: {name: bad}
		spec:
		  backoffLimit: 0
		  template:
		    metadata: {annotations: {rig.fettle.dev/pod: fail}}
		    spec: {restartPolicy: Never, containers: [{name: app, image: none}]}
	END
	run -0 kubectl wait job/bad --for condition=Failed --timeout 20s
}

@test "rig: a deleted namespace goes with all that is in it" {
	kube_namespace "$KUBE_NS-gone"
	kubectl create configmap -n "$KUBE_NS-gone" one
	run -0 kubectl delete namespace "$KUBE_NS-gone" --timeout 30s
	run -1 kubectl get namespace "$KUBE_NS-gone"
}

@test "rig: owned objects go with their owner" {
	deployment owner
	wait_until has '.items[0].kind' ReplicaSet replicaset -l app=owner
	kubectl delete deployment owner
	wait_until has '.items' '[]' replicaset,pod -l app=owner
}

@test "rig: roles are enforced" {
	kubectl create configmap seen
	run -0 kubectl --context reader get configmap seen
	run -1 kubectl --context reader label configmap seen a=b
	assert_has Forbidden
	run -1 kubectl --context nobody get configmap seen -n "$KUBE_NS"
	assert_has Forbidden
	run -0 kubectl --context restricted create configmap "$KUBE_NS"
	run -1 kubectl --context restricted create configmap mine -n "$KUBE_NS"
	kube_grant "$KUBE_NS"
	wait_until kubectl --context restricted create configmap mine -n "$KUBE_NS"
}

@test "rig: a line is as slow as it is told to be, and can be cut" {
	local code time
	kube_proxy --rtt 60ms
	# TCP, TLS 1.3 and the request: three round trips
	read -r code _ time < <(get /livez)
	[ "$code" = 200 ]
	[ "${time#*.}" -ge 180000 ] || [ "${time%.*}" -gt 0 ]
	kube_tell 'rtt?is=0s'
	run -0 kubectl --kubeconfig "$FRONT" get namespace default
	kubectl --kubeconfig "$FRONT" get configmap --watch >watch 2>&1 3>&- &
	wait_until grep -q kube-root-ca.crt watch
	kube_tell down
	wait "$!" || true
	run ! get /livez # kubectl would try for ten seconds
	kube_tell up
	run -0 kubectl --kubeconfig "$FRONT" get namespace default
	run -0 kube_tell stats
	assert_has '"open":'
}

@test "rig: faults: refusals" {
	kube_faults '429 path=/configmaps retry-after=7 times=1
		500 path=/secrets
		401 path=/pods after=1 times=1'
	run get /api/v1/configmaps
	assert_has "429 2"
	grep -qi '^retry-after: 7' head
	grep -q TooManyRequests body
	run get /api/v1/configmaps
	assert_has "200 2"
	run get /api/v1/secrets
	assert_has "500 2"
	local answers=
	for _ in 1 2 3; do answers+=" $(get /api/v1/pods?limit=1 | cut -d' ' -f1)"; done
	[ "$answers" = " 200 401 200" ]
	run -0 kube_tell fired
	assert_has "429 path=/configmaps retry-after=7 times=1: GET /api/v1/configmaps"
	run -0 kube_tell requests
	assert_has "GET /api/v1/pods?limit=1"
}

@test "rig: faults: a list and a watch expire" {
	local token
	kube_faults expired
	get "/api/v1/namespaces?limit=1" >/dev/null
	token=$(jq -r .metadata.continue body)
	run get "/api/v1/namespaces?limit=1&continue=$token"
	assert_has "410 2"
	[ "$(jq -r .reason body)" = Expired ]
	token=$(jq -r .metadata.continue body)
	kube_tell rules ''
	run get "/api/v1/namespaces?limit=1&continue=$token"
	assert_has "200 2"
	kube_tell rules expired
	run get "/api/v1/namespaces?watch=1&resourceVersion=1"
	assert_has "200 2"
	[ "$(jq -r .object.code body)" = 410 ]
}

@test "rig: faults: discovery without a group, or with a stale one" {
	local want='Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
	local freshness='.items[] | select(.metadata.name == "apps") | .versions[0].freshness'
	kube_faults 'stale group=apps'
	get /apis -H "$want" >/dev/null
	[ "$(jq -r "$freshness" body)" = Stale ]
	run get /apis/apps/v1/deployments
	assert_has 503
	kube_tell rules 'missing group=apps'
	get /apis -H "$want" >/dev/null
	[ "$(jq -r "$freshness" body)" = "" ]
	get /apis >/dev/null
	[ "$(jq -r '.groups[] | select(.name == "apps")' body)" = "" ]
	run get /apis/apps/v1
	assert_has 404
	[ "$(cat body)" = "404 page not found" ]
}

@test "rig: faults: answers that are late, broken or do not come" {
	kube_faults 'hang times=1'
	run -28 get /api --max-time 1
	kube_tell rules 'delay by=200ms'
	run get /api
	[[ $output =~ ^200\ 2\ 0\.[2-9] ]]
	kube_tell rules stall
	run -28 get /api/v1 --max-time 1
	[ -s body ]
	kube_tell rules truncate
	run -92 get /api/v1
	kube_tell rules cut
	run -92 get /api/v1
	kube_tell rules html
	run get /api/v1
	assert_has "502 2"
	kube_tell rules garble
	get /api/v1 >/dev/null
	run ! jq . body
	kube_tell rules warning
	get /api/v1 >/dev/null
	grep -qi '^warning: 299 - "the rig warns"' head
	run ! kube_tell rules nonsense
	run ! "$RIG" faults "$RIG_DIR" nonsense
}

@test "rig: faults: an answer is lost, a connection ends" {
	kube_faults 'lost method=POST'
	run -92 get "/api/v1/namespaces/$KUBE_NS/configmaps" -H 'Content-Type: application/json' \
		-d '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lost"}}'
	run -0 kubectl get configmap lost
	kube_tell rules goaway
	run -0 get /api/v1
	assert_has "200 2"
}

@test "rig: webhooks see, change and refuse objects" {
	kube_webhook Mutating /annotate configmaps
	# servers learn of a webhook a moment after it exists
	wait_until eval 'kubectl delete configmap hooked --ignore-not-found && kubectl create configmap hooked &&
		has ".metadata.annotations.rig\.fettle\.dev/hook" "was here" configmap hooked'
	run -0 kube_tell reviews
	assert_has "/annotate CREATE ConfigMap $KUBE_NS/hooked dryRun=false"
	kube_webhook Validating /deny secrets
	wait_until eval '! kubectl create secret generic "hooked-$RANDOM" 2>refusal'
	grep -q "the rig's webhook says no" refusal
}

@test "rig: service accounts have tokens" {
	local token
	token=$(kubectl create token default)
	run -0 kubectl --context nobody --token "$token" auth whoami -o jsonpath='{.status.userInfo.username}'
	assert_has "system:serviceaccount:$KUBE_NS:default"
}

@test "rig: a second user joins the shared cluster" {
	local dir
	dir=$("$RIG" share $$)
	[ "$dir" = "$RIG_DIR" ]
	"$RIG" unshare
	run -0 kubectl get namespace default
}
