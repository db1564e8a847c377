#!/usr/bin/env bats
# diff, apply, status, rollback and the agent against a real API server.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	NAME=t$BATS_TEST_NUMBER # names the objects and the project of this test
}

config_map() { printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: "%s"}\n' "$1" "$2"; }

# deployment NAME REPLICAS IMAGE [WHAT BECOMES OF ITS PODS]
deployment() {
	cat <<-END
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  replicas: $2
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}, annotations: {rig.fettle.dev/pod: "${4:-}"}}
		    spec: {containers: [{name: app, image: $3}]}
	END
}

apply() { fettle apply --name "$NAME" --context admin --yes --timeout 60s "$@"; }
diff_() { fettle diff --name "$NAME" --context admin "$@"; }
value() { kubectl get configmap "$1" -o jsonpath='{.data.k}'; }

@test "kube: create, wait, no-op, update" {
	{ config_map "$NAME" one; deployment "$NAME" 2 x:1; } >m.yaml
	run -1 diff_ m.yaml
	assert_has "create  ConfigMap/$KUBE_NS/$NAME"
	assert_lacks applyset
	run -0 apply m.yaml
	assert_has "$NAME: 2 done (run 1)"
	[ "$(kubectl get deployment "$NAME" -o jsonpath='{.status.readyReplicas}')" = 2 ]
	run -0 apply m.yaml
	assert_output "$NAME: 2 unchanged"
	run -0 diff_ m.yaml
	sed -i 's/x:1/x:2/' m.yaml
	run -1 diff_ m.yaml
	assert_has 'spec.template.spec.containers[name="app"].image: x:1 -> x:2'
	run -0 apply m.yaml
	run -0 diff_ m.yaml
	run -0 fettle status --name "$NAME" --context admin
	assert_has "in sync (ready: 2 ready)"
}

@test "kube: a plan needs no more than reading, and says what is predicted" {
	config_map "$NAME" one >m.yaml
	run -1 fettle diff m.yaml --name "$NAME" --context reader
	assert_has "predicted"
	apply m.yaml
	run -0 fettle diff m.yaml --name "$NAME" --context reader
	sed -i 's/one/two/' m.yaml
	run -1 fettle diff m.yaml --name "$NAME" --context reader
	assert_has "data.k: one -> two"
	assert_has predicted
	run -4 --separate-stderr fettle apply m.yaml --name "$NAME" --context nobody --yes
	assert_talk_has forbidden
}

@test "kube: a conflict names field, owner and the ways out, and changes nothing" {
	deployment "$NAME" 1 x:1 >m.yaml
	apply m.yaml
	kubectl scale deployment "$NAME" --replicas=3 >/dev/null
	sed -i 's/replicas: 1/replicas: 2/; s/x:1/x:9/' m.yaml
	run -5 --separate-stderr apply m.yaml
	assert_talk_has 'spec.replicas is owned by "kubectl" with subresource "scale"'
	assert_talk_has "--take-over 'spec.replicas'"
	[ "$(kubectl get deployment "$NAME" -o jsonpath='{.spec.template.spec.containers[0].image}')" = x:1 ]
	run -0 apply m.yaml --take-over spec.replicas
	[ "$(kubectl get deployment "$NAME" -o jsonpath='{.spec.replicas}')" = 2 ]
}

@test "kube: an immutable field is only changed by making the object anew, when asked" {
	deployment "$NAME" 1 x:1 >m.yaml
	apply m.yaml
	uid=$(kubectl get deployment "$NAME" -o jsonpath='{.metadata.uid}')
	sed -i "s/app: $NAME}/app: other}/" m.yaml
	run -5 --separate-stderr apply m.yaml
	assert_talk_has "field is immutable"
	assert_talk_has "--replace Deployment/$KUBE_NS/$NAME"
	run -0 apply m.yaml --replace "Deployment/$NAME"
	assert_has "replaced"
	[ "$(kubectl get deployment "$NAME" -o jsonpath='{.metadata.uid}')" != "$uid" ]
}

@test "kube: definition, its resource, namespace and members in one run, first try" {
	group=$NAME.$KUBE_NS.example.com
	cat >m.yaml <<-END
		apiVersion: $group/v1
		kind: Widget
		metadata: {name: w, namespace: $KUBE_NS-new}
		spec: {size: 3}
		---
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: c, namespace: $KUBE_NS-new}
		---
		apiVersion: v1
		kind: Namespace
		metadata: {name: $KUBE_NS-new, labels: {rig.fettle.dev/file: $KUBE_NS}}
		---
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: widgets.$group}
		spec:
		  group: $group
		  scope: Namespaced
		  names: {plural: widgets, kind: Widget}
		  versions:
		  - name: v1
		    served: true
		    storage: true
		    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
	END
	run -1 diff_ m.yaml
	assert_has "its namespace is made by the same apply"
	run -0 apply m.yaml
	assert_has "$NAME: 4 done"
	run -0 diff_ m.yaml
	config_map "$NAME" one >m.yaml
	run -5 --separate-stderr apply m.yaml --prune --max-deletions 10
	assert_talk_has "deleting a CustomResourceDefinition deletes what is in it, too"
	run -0 apply m.yaml --prune --max-deletions 10 --allow-delete '*'
	run -1 kubectl get crd "widgets.$group"
}

@test "kube: what does not get ready is told with its reason, exit code 6" {
	deployment "$NAME" 1 x:1 pull-error >m.yaml
	run -6 --separate-stderr fettle apply m.yaml --name "$NAME" --context admin --yes --timeout 4s
	assert_has "Deployment/$KUBE_NS/$NAME not ready"
	assert_talk_has ImagePullBackOff
	assert_talk_has "it was not ready in time"
	run -6 --separate-stderr fettle apply m.yaml --name "$NAME" --context admin --yes --timeout 2s
	run -0 apply m.yaml --no-wait
	sed -i 's/pull-error/ready/' m.yaml
	run -0 apply m.yaml
}

@test "kube: a job is waited for until it has completed or failed" {
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec:\n  backoffLimit: 0\n  template:\n    metadata: {annotations: {rig.fettle.dev/pod: "%s"}}\n    spec: {restartPolicy: Never, containers: [{name: app, image: x}]}\n' "$NAME" succeed >m.yaml
	run -0 apply m.yaml
	[ "$(kubectl get job "$NAME" -o jsonpath='{.status.succeeded}')" = 1 ]
	sed "s/name: $NAME/name: $NAME-b/; s/succeed/fail/" m.yaml >n.yaml
	run -6 --separate-stderr fettle apply n.yaml --name "$NAME-b" --context admin --yes --timeout 30s
	assert_talk_has "it failed"
}

@test "kube: prune deletes what was applied, by its uid, and nothing else" {
	{ config_map "$NAME-a" one; config_map "$NAME-b" one; config_map "$NAME-c" one; config_map "$NAME-d" one; } >m.yaml
	apply m.yaml
	kubectl create configmap "$NAME-stranger" >/dev/null
	kubectl delete configmap "$NAME-b" >/dev/null
	kubectl create configmap "$NAME-b" >/dev/null # another one of that name
	kubectl annotate configmap "$NAME-d" helm.sh/resource-policy=keep >/dev/null
	config_map "$NAME-a" one >m.yaml
	run -1 diff_ m.yaml --prune
	assert_has "delete  ConfigMap/$KUBE_NS/$NAME-c"
	run -0 apply m.yaml --prune
	run -1 kubectl get configmap "$NAME-c"
	run -0 kubectl get configmap "$NAME-a" "$NAME-b" "$NAME-d" "$NAME-stranger"
	: >m.yaml
	run -5 --separate-stderr apply m.yaml --prune
	assert_talk_has "the source has no objects"
}

@test "kube: what does not go is told with what holds it" {
	{ config_map "$NAME-a" one; config_map "$NAME-b" one; } >m.yaml
	apply m.yaml
	kubectl patch configmap "$NAME-b" --type merge -p '{"metadata":{"finalizers":["example.com/hold"]}}' >/dev/null
	config_map "$NAME-a" one >m.yaml
	run -6 fettle apply m.yaml --name "$NAME" --context admin --yes --prune --prune-changed --timeout 4s
	assert_has "it was not gone in time: finalizers: example.com/hold"
	kubectl patch configmap "$NAME-b" --type merge -p '{"metadata":{"finalizers":null}}' >/dev/null
}

@test "kube: prune leaves what somebody changed, unless told" {
	{ config_map "$NAME-a" one; config_map "$NAME-b" one; } >m.yaml
	apply m.yaml
	kubectl patch configmap "$NAME-b" --type merge -p '{"data":{"k":"mine"}}' >/dev/null
	config_map "$NAME-a" one >m.yaml
	run -5 --separate-stderr apply m.yaml --prune
	assert_talk_has "somebody changed it"
	run -0 apply m.yaml --prune --prune-changed
	run -1 kubectl get configmap "$NAME-b"
}

@test "kube: the records are an ApplySet as kubectl makes it" {
	config_map "$NAME" one >m.yaml
	apply m.yaml
	run -0 kubectl get secret "fettle-$NAME" -o jsonpath='{.metadata.annotations}'
	assert_has '"applyset.kubernetes.io/contains-group-kinds":"ConfigMap"'
	assert_has '"applyset.kubernetes.io/tooling":"fettle/'
	id=$(kubectl get secret "fettle-$NAME" -o jsonpath='{.metadata.labels.applyset\.kubernetes\.io/id}')
	want=applyset-$(printf 'fettle-%s.%s.Secret.' "$NAME" "$KUBE_NS" | openssl dgst -sha256 -binary | base64 -w0 | tr +/ -_ | tr -d =)-v1
	[ "$id" = "$want" ]
	run -0 kubectl get configmap -l "applyset.kubernetes.io/part-of=$id" -o name
	assert_output "configmap/$NAME"
}

@test "kube: history and rollback work from any machine" {
	config_map "$NAME" one >m.yaml
	apply m.yaml
	config_map "$NAME" two >m.yaml
	apply m.yaml
	export HOME=$BATS_TEST_TMPDIR/elsewhere XDG_STATE_HOME=$BATS_TEST_TMPDIR/elsewhere
	run -0 fettle history --name "$NAME" --context admin
	assert_has "1 created"
	run -0 fettle rollback --name "$NAME" --context admin --yes
	[ "$(value "$NAME")" = one ]
}

@test "kube: no planted secret in any output, file or record" {
	secret='Sup3r/s3cret+value?0815'
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData: {password: "%s"}\n' "$NAME" "$secret" >m.yaml
	{
		diff_ m.yaml || true
		diff_ m.yaml -o json || true
		apply m.yaml
		diff_ m.yaml --save-plan first.plan || true
		sed -i "s|$secret|$secret-new|" m.yaml
		diff_ m.yaml --save-plan second.plan || true
		diff_ m.yaml || true
		diff_ m.yaml -o markdown || true
		apply m.yaml -o json
		printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s-bad}\ndata: {password: "%s"}\n' "$NAME" "$secret" >bad.yaml
		apply bad.yaml || true
		fettle status --name "$NAME" --context admin
		fettle history --name "$NAME" --context admin
	} >out 2>&1
	base=$(printf %s "$secret" | base64 -w0)
	url=$(jq -rn --arg s "$secret" '$s | @uri')
	ls first.plan second.plan >/dev/null
	run -1 grep -rF -e "$secret" -e "${base%%[A-Za-z0-9]=*}" -e "$url" out first.plan second.plan "$HOME" /dev/shm
	kubectl get secret "fettle-$NAME" -o jsonpath='{.data.records}' | base64 -d >packed
	python3 -c 'import sys,zlib; sys.stdout.buffer.write(zlib.decompress(open("packed","rb").read()))' >image
	run -1 grep -aF -e "$secret" -e "${base%%[A-Za-z0-9]=*}" -e "$url" image
}

@test "kube: unknown fields, kinds and contexts are errors with a place" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndatta: {k: v}\n' "$NAME" >m.yaml
	run -2 --separate-stderr diff_ m.yaml
	assert_talk_has datta
	printf 'apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: %s}\n' "$NAME" >m.yaml
	run -2 --separate-stderr diff_ m.yaml
	assert_talk_has "did you mean 'Deployment'?"
	assert_talk_has "m.yaml:2:"
	run -2 --separate-stderr fettle diff m.yaml --context admim
	assert_talk_has "did you mean 'admin'?"
}

@test "kube: the agent puts drift back within a second of the event" {
	config_map "$NAME" one >m.yaml
	"$FETTLE" apply m.yaml --name "$NAME" --context admin --yes --watch --interval 1m >log 2>&1 3>&- &
	agent=$!
	wait_until kubectl get configmap "$NAME" >/dev/null 2>&1
	sleep 1
	kubectl patch configmap "$NAME" --type merge -p '{"data":{"k":"evil"}}' >/dev/null
	wait_until sh -c "[ \"\$(kubectl get configmap $NAME -o jsonpath='{.data.k}')\" = one ]"
	kubectl delete configmap "$NAME" >/dev/null
	wait_until kubectl get configmap "$NAME" >/dev/null 2>&1
	kill "$agent"
	wait "$agent" || true
}

@test "kube: 429, 500, broken connections and an expired list are got over" {
	for i in $(seq 40); do config_map "$NAME-$i" one; done >m.yaml
	kube_faults "429 method=PATCH times=5 retry-after=1"
	KUBECONFIG=$FRONT run -0 apply m.yaml
	kube_tell rules "500 method=GET path=/api/v1/namespaces/$KUBE_NS/configmaps times=1
503 method=PATCH times=2
expired path=/api/v1/namespaces/$KUBE_NS/configmaps times=1
cut method=PATCH times=2"
	sed -i 's/one/two/' m.yaml
	KUBECONFIG=$FRONT run -0 apply m.yaml
	[ "$(value "$NAME-40")" = two ]
	kube_tell rules "hang method=PATCH"
	sed -i 's/two/three/' m.yaml
	KUBECONFIG=$FRONT run -124 --separate-stderr timeout 30 "$FETTLE" apply m.yaml --name "$NAME" --context admin --yes --timeout 3s
	kube_tell rules ""
	KUBECONFIG=$FRONT run -0 apply m.yaml
	[ "$(value "$NAME-1")" = three ]
}

@test "kube: a stale group is not taken for an absent one" {
	deployment "$NAME" 0 x:1 >m.yaml
	apply m.yaml --no-wait
	kube_faults "missing group=apps"
	config_map "$NAME" one >m.yaml
	kube_tell rules "stale group=apps"
	KUBECONFIG=$FRONT run -3 --separate-stderr diff_ m.yaml --prune
	assert_talk_has "cannot list deployments"
	run -0 kubectl get deployment "$NAME"
}

@test "kube: kill -9 in the middle, and the next run converges" {
	for i in $(seq 60); do config_map "$NAME-$i" one; done >m.yaml
	for delay in 0.03 0.06 0.09 0.12 0.2; do
		sed -i "s/k: \"[^\"]*\"/k: \"$delay\"/" m.yaml
		"$FETTLE" apply m.yaml --name "$NAME" --context admin --yes >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "$delay"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
		run -0 apply m.yaml
		[ "$(value "$NAME-60")" = "$delay" ]
	done
	config_map "$NAME-1" end >m.yaml
	run -0 apply m.yaml --prune --max-deletions 100
	run -0 kubectl get configmap -l applyset.kubernetes.io/part-of -o name
	run -0 sh -c "kubectl get configmap -o name | grep -c 'configmap/$NAME-'"
	assert_output 1
}
