#!/usr/bin/env bats
# fettle lint, family schema: kinds of Kubernetes and of the repository, versions, patches, fixes.

load helpers

setup() { fettle_setup; }

lint() { fettle lint --select schema "$@"; }

config_map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {port: %s}\n' "$1"; }

widget_crd() {
	cat <<-END
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: widgets.example.com}
		spec:
		  group: example.com
		  scope: Namespaced
		  names: {kind: Widget, plural: widgets}
		  versions:
		  - name: v1
		    served: true
		    storage: true
		    schema:
		      openAPIV3Schema:
		        type: object
		        properties:
		          spec: {type: object, properties: {$1: {type: integer}}}
		  - name: v1alpha1
		    served: ${2:-true}
		    storage: false
		    deprecated: true
		    deprecationWarning: use v1 of Widget
		    schema: {openAPIV3Schema: {type: object}}
	END
}

widget() { printf 'apiVersion: example.com/%s\nkind: Widget\nmetadata: {name: w}\nspec: {%s: 1}\n' "$@"; }

@test "lint schema: a problem has its place, its container and its fix" {
	cat >pod.yaml <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: {name: p}
		spec:
		  containers:
		  - name: app
		    imag: nginx # keep me
		    env: [{name: PORT, value: 8080}]
	END
	run --separate-stderr -1 lint pod.yaml
	assert_has "pod.yaml:7:5: error[schema-unknown-field] spec.containers[name=app].imag: unknown field: did you mean 'image'? (Pod/p, container app)"
	assert_has "pod.yaml:8:31: error[schema-type] spec.containers[name=app].env[name=PORT].value: expected a string, found a number"
	# quoting is safe, a new name is not
	run -1 lint --fix pod.yaml
	grep -q 'value: "8080"' pod.yaml
	grep -q '    imag: nginx # keep me' pod.yaml
	run -0 lint --unsafe-fixes pod.yaml
	grep -q '    image: nginx # keep me' pod.yaml
}

@test "lint schema: JSON and lists are looked into" {
	printf '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","dta":{}}]}' >list.json
	run -1 lint list.json
	assert_has "list.json:1:81: error[schema-unknown-field] dta: unknown field: did you mean 'data'?"
}

@test "lint schema: the version of the cluster decides" {
	printf 'apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n' >flow.yaml
	run -0 lint --kubernetes-version 1.31 flow.yaml
	assert_has "warning[deprecated-api] flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema is deprecated since Kubernetes 1.29 and will be removed in 1.32; use flowcontrol.apiserver.k8s.io/v1"
	run -1 lint --kubernetes-version v1.32.4 flow.yaml
	assert_has "error[removed-api] flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema was removed in Kubernetes 1.32; use flowcontrol.apiserver.k8s.io/v1"
	printf 'apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: a}\nspec: {}\n' >class.yaml
	run -1 lint --kubernetes-version 1.33 class.yaml
	assert_has "is not in Kubernetes 1.33, it came with 1.34"
	run -0 lint class.yaml
	run --separate-stderr -2 lint --kubernetes-version 1.12 flow.yaml
	assert_talk_has "there are no schemas of Kubernetes '1.12'"
	assert_talk_has "known are 1.29 to 1."
}

@test "lint schema: an apiVersion is replaced when all else fits" {
	printf 'apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1}\n' >pdb.yaml
	printf 'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: {serviceName: a, servicePort: 1}}\n' >ingress.yaml
	run -1 lint --unsafe-fixes .
	grep -q '^apiVersion: policy/v1$' pdb.yaml
	grep -q '^apiVersion: extensions/v1beta1$' ingress.yaml
	assert_has "extensions/v1beta1 Ingress was removed in Kubernetes 1.22; use networking.k8s.io/v1"
}

@test "lint schema: misspelled kinds and groups" {
	printf 'apiVersion: v1\nkind: LimitRangeeee\n---\napiVersion: app/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: Zebra\n' >typo.yaml
	run -1 lint typo.yaml
	assert_has "typo.yaml:2:7: error[kind-typo] v1 has no kind 'LimitRangeeee': did you mean 'LimitRange'?"
	assert_has "typo.yaml:4:13: error[kind-typo] app/v1 has no Deployment: did you mean apps/v1?"
	assert_has "typo.yaml:8:7: error[kind-typo] apps/v1 has no kind 'Zebra'"
}

@test "lint schema: settings of tools are no objects" {
	printf 'apiVersion: v1\nkind: Config\nclusters: []\n---\napiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n---\napiVersion: fettle.dev/v1\nkind: Project\n' >tools.yaml
	run --separate-stderr -0 lint tools.yaml
	assert_talk_has "nothing found"
}

@test "lint schema: custom kinds are judged by the definition in the repository, wherever it comes" {
	mkdir z
	widget_crd size >z/crd.yaml
	widget v1 sise >a.yaml
	run -1 lint .
	assert_has "a.yaml:4:8: error[schema-unknown-field] spec.sise: unknown field: did you mean 'size'? (Widget/w)"
	widget v1alpha1 anything >a.yaml
	run lint .
	assert_has "a.yaml:1:13: warning[deprecated-api] use v1 of Widget"
	widget v2 size >a.yaml
	run -0 lint .
	assert_has "warning[schema-missing] no schema for example.com/v2 Widget: its definition in z/crd.yaml has only v1, v1alpha1"
	widget_crd size false >z/crd.yaml
	widget v1alpha1 size >a.yaml
	run -1 lint .
	assert_has "error[removed-api] example.com/v1alpha1 Widget is not served"
}

@test "lint schema: of several definitions the nearest counts" {
	mkdir -p one two
	widget_crd size >one/crd.yaml
	widget_crd count >two/crd.yaml
	widget v1 count >two/w.yaml
	widget v1 size >one/w.yaml
	run -0 lint --threads 4 .
	widget v1 size >two/w.yaml
	run -1 lint .
	assert_has "two/w.yaml:4:8: error[schema-unknown-field] spec.size: unknown field"
}

@test "lint schema: --crds names definitions outside, and must find some" {
	mkdir -p crds/deep empty
	widget_crd size >crds/deep/crd.yml
	echo 'a: 1' >empty/a.yaml
	mkdir in
	widget v1 size >in/w.yaml
	run -0 lint in
	assert_has "in/w.yaml:2:7: warning[schema-missing] no schema for example.com/v1 Widget: name its CustomResourceDefinition with --crds"
	run --separate-stderr -0 lint --crds crds in
	assert_talk_has "nothing found"
	run --separate-stderr -3 lint --crds empty in
	assert_talk_has "no CustomResourceDefinition in 'empty'"
	run --separate-stderr -3 lint --crds nowhere in
}

@test "lint schema: a missing schema is told once per file and kind" {
	{ widget v1 a; echo ---; widget v1 b; } >w.yaml
	run -0 lint w.yaml
	[ "$(grep -c schema-missing <<<"$output")" = 1 ]
}

@test "lint schema: patches of a kustomization need not be whole, but right" {
	mkdir -p base over
	printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template: {spec: {containers: [{name: a, imag: x}]}}\n' >over/patch.yaml
	run -1 lint .
	assert_has "schema-required"
	printf 'patches:\n- path: ../over/./patch.yaml\n' >base/kustomization.yaml
	run -1 lint .
	assert_lacks schema-required
	assert_has "over/patch.yaml:5:44: error[schema-unknown-field] spec.template.spec.containers[name=a].imag"
	# what a test of Chainsaw asserts is not looked at
	printf 'apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nspec: {steps: [{try: [{assert: {file: patch.yaml}}]}]}\n' >over/test.yaml
	mv base/kustomization.yaml base/off
	run --separate-stderr -0 lint .
	assert_talk_has "nothing found"
	mv base/off base/kustomization.yaml
	rm over/test.yaml
	# a file with directives is a patch, whoever names it
	printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {strategy: {$patch: delete}}\n' >over/patch.yaml
	rm base/kustomization.yaml
	run --separate-stderr -0 lint .
}

@test "lint schema: encrypted values are not judged, the rest of the object is" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, lables: {}}\ndata: {a: "ENC[AES256_GCM,data:x]"}\nsops: {mac: "ENC[x]", version: 3.9.0, lastmodified: "2026-01-01T00:00:00Z"}\n' >s.yaml
	run -1 lint s.yaml
	[ "$(grep -c 's.yaml:' <<<"$output")" -ge 1 ]
	assert_has "metadata.lables: unknown field"
	assert_lacks base64
}

@test "lint schema: what the server writes is taken out" {
	printf 'apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  uid: abc\n  creationTimestamp: null\nspec: {}\nstatus:\n  loadBalancer: {}\n' >s.yaml
	run -0 lint s.yaml
	assert_has "s.yaml:5:3: info[schema-status] metadata.uid is the server's to write"
	assert_lacks "status is"
	run -0 lint --fix s.yaml
	grep -q '  name: s' s.yaml
	run -1 grep uid s.yaml
}

@test "lint schema: a status copied from a live object goes only when asked for" {
	printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: "x:1"}]}\nstatus:\n  replicas: 1\n' >d.yaml
	run lint --select schema-status d.yaml
	assert_has "schema-status"
	run lint --fix d.yaml
	grep -q '^status:' d.yaml
	run lint --fix --unsafe-fixes --select schema-status d.yaml
	run -1 grep '^status:' d.yaml
}

@test "lint schema: the output is the same for any number of threads" {
	mkdir many
	for i in $(seq 60); do
		config_map "$i" >many/m"$i".yaml
		widget v1 sise >many/w"$i".yaml
	done
	widget_crd size >many/crd.yaml
	run lint --threads 1 many
	local one=$output
	run lint --threads 8 many
	[ "$output" = "$one" ]
	[ "$(grep -c 'error\[' <<<"$one")" = 120 ]
}

@test "lint schema: a document with only one of apiVersion and kind is not passed over" {
	printf 'apiversion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: apps/v1\nmetadata: {name: a}\n' >half.yaml
	run -1 lint half.yaml
	assert_has "half.yaml:2:7: error[schema-required] the field 'apiVersion' is required: is 'apiversion' meant to be it?"
	assert_has "half.yaml:5:13: error[schema-required] the field 'kind' is required"
	printf 'kind: Widget\nmetadata: {a: 1}\n' >half.yaml
	run -0 lint half.yaml
}

@test "lint schema: --crds reads a catalogue of JSON Schemas, too" {
	mkdir -p catalogue/example.com in
	printf '{"type":"object","properties":{"spec":{"type":"object","additionalProperties":false,"properties":{"size":{"type":"integer"}}}}}' \
		>catalogue/example.com/widget_v1.json
	widget v1 sise >in/w.yaml
	run -1 lint --crds catalogue in
	assert_has "in/w.yaml:4:8: error[schema-unknown-field] spec.sise: unknown field: did you mean 'size'?"
	widget v1 size >in/w.yaml
	run --separate-stderr -0 lint --crds catalogue in
	assert_talk_has "nothing found"
	widget v2 size >in/w.yaml
	run -0 lint --crds catalogue in
	assert_has "no schema for example.com/v2 Widget: its definition in catalogue/example.com/widget_v1.json has only v1"
}

@test "lint schema: what a rule of its own tells is told once" {
	cat >twice.yaml <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: {name: p, finalizers: [a/b, a/b]}
		spec:
		  containers:
		  - {name: app, image: "x:1", env: [{name: A}, {name: A}], ports: [{containerPort: 1}, {containerPort: 1}]}
	END
	run -0 fettle lint --select schema,duplicate-env,duplicate-port twice.yaml
	[ "$(grep -c 'warning\[' <<<"$output")" = 3 ]
	assert_has "[schema-duplicate-item] metadata.finalizers[1]"
	run -0 lint twice.yaml
	[ "$(grep -c 'warning\[schema-duplicate-item' <<<"$output")" = 3 ]
}
