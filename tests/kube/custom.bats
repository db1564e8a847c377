#!/usr/bin/env bats
# Objects of a kind whose definition stands in the same set, before the server knows it, and the tree of status.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	NAME=x$BATS_TEST_NUMBER
	GROUP=$NAME-$KUBE_NS.example.org
}

teardown() { [ -n "$KUBE_SKIP" ] || kubectl delete crd --ignore-not-found "widgets.$GROUP" >/dev/null; }

# definition PROPERTIES
definition() {
	cat <<-END
		---
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: widgets.$GROUP}
		spec:
		  group: $GROUP
		  scope: Namespaced
		  names: {plural: widgets, kind: Widget}
		  versions:
		  - name: v1
		    served: true
		    storage: true
		    schema:
		      openAPIV3Schema:
		        type: object
		        properties:
		          spec: {type: object, required: [size], properties: {$1}}
	END
}

# widget SPEC
widget() { printf -- '---\napiVersion: %s/v1\nkind: Widget\nmetadata: {name: %s}\nspec: {%s}\n' "$GROUP" "$NAME" "$1"; }

apply() { fettle apply m.yaml --name "$NAME" --context admin --yes --timeout 60s "$@"; }
diff_() { fettle diff m.yaml --name "$NAME" --context admin "$@"; }

@test "custom: an object that does not fit the definition beside it is told before anything is made" {
	{ definition 'size: {type: integer}'; widget 'size: big, sise: 1'; } >m.yaml
	run -2 --separate-stderr diff_
	assert_talk_has "m.yaml:22:8"
	assert_talk_has "m.yaml:22:19"
	run -2 --separate-stderr apply
	run -1 kubectl get crd "widgets.$GROUP"
	{ definition 'size: {type: integer}'; widget 'size: 1'; } >m.yaml
	run -1 diff_
	assert_has "its kind is made by the same apply"
	run -0 apply
	run -0 diff_
	{ definition 'size: {type: integer}'; widget 'size: 1' | sed 's,/v1$,/v2,'; } >m.yaml
	run -2 --separate-stderr diff_
}

@test "custom: a field that the definition of the same set has only now" {
	{ definition 'size: {type: integer}'; widget 'size: 1'; } >m.yaml
	apply
	{ definition 'size: {type: integer}, colour: {type: string, enum: [red, blue]}'; widget 'size: 1, colour: red'; } >m.yaml
	run -1 diff_
	assert_has "its definition is changed by the same apply"
	run -0 apply
	[ "$(kubectl get "widgets.$GROUP" "$NAME" -o jsonpath='{.spec.colour}')" = red ]
	run -0 diff_
	{ definition 'size: {type: integer}, colour: {type: string, enum: [red, blue]}, x: {type: string}'; widget 'size: 1, colour: green'; } >m.yaml
	run -2 --separate-stderr apply
	assert_talk_has colour
}

@test "custom: status shows what grew out of an object" {
	cat >m.yaml <<-END
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $NAME}
		spec:
		  replicas: 2
		  selector: {matchLabels: {app: $NAME}}
		  template:
		    metadata: {labels: {app: $NAME}}
		    spec: {containers: [{name: app, image: x:1}]}
	END
	apply
	sed -i 's/x:1/x:2/; s/labels: {app: \(.*\)}}/labels: {app: \1}, annotations: {rig.fettle.dev\/pod: crash}}/' m.yaml
	run -6 apply --timeout 10s
	run -0 fettle status --name "$NAME" --context admin
	assert_has "  ReplicaSet/$NAME-"
	assert_has "    Pod/$NAME-"
	assert_has "CrashLoopBackOff"
	run -0 fettle status --name "$NAME" --context admin -o json
	run -0 jq -c '[.objects[0].children[].children[] | .trouble] | sort | unique' <<<"$output"
	assert_output '[false,true]'
}

@test "custom: a saved plan knows its cluster" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: one}\n' "$NAME" >m.yaml
	cp "$KUBECONFIG" kc
	chmod 600 kc
	run -1 diff_ --kubeconfig kc --save-plan plan.json
	assert_has create
	mkdir other
	cd other
	unset KUBECONFIG
	run -0 fettle apply --plan ../plan.json --yes
	export KUBECONFIG=$KUBE_FILE_KUBECONFIG
	[ "$(kubectl get configmap "$NAME" -o jsonpath='{.data.k}')" = one ]
}
