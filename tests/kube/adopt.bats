#!/usr/bin/env bats
# fettle adopt: what kubectl, Helm, Argo CD, Flux and kapp applied becomes ours, on a real API server.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() {
	kube_rig
	HELM=$([ -n "$KUBE_SKIP" ] || "$BATS_TEST_DIRNAME/../rig/helm/build" 3>&-) || HELM=
	export HELM
	[ -n "$HELM$KUBE_SKIP" ] || echo "# $BATS_TEST_FILENAME: HELM IS NOT THERE, ITS TEST IS SKIPPED" >&3
}
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	NAME=a$BATS_TEST_NUMBER
}

adopt() { fettle adopt --name "$NAME" --context admin --timeout 60s "$@"; }
diff_() { fettle diff --name "$NAME" --context admin "$@"; }
json() { kubectl get "$1" -o json --show-managed-fields | jq -c "$2"; }
# Of the object itself, not of its status.
managers() { json "$1" '[.metadata.managedFields[] | select(.subresource == null) | .manager + " " + .operation] | sort'; }

# deployment NAME IMAGE ENV...
deployment() {
	local name=$1 image=$2 env
	shift 2
	env=$(printf '{name: %s, value: x}, ' "$@")
	cat <<-END
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $name, labels: {app: $name}}
		spec:
		  selector: {matchLabels: {app: $name}}
		  template:
		    metadata: {labels: {app: $name}}
		    spec: {containers: [{name: app, image: $image, env: [${env%, }]}]}
	END
}

@test "adopt: what kubectl apply wrote, with the fields that are gone since" {
	deployment "$NAME" x:1 A B C >old.yaml
	kubectl apply -f old.yaml >/dev/null
	kubectl scale deployment "$NAME" --replicas 3 >/dev/null
	deployment "$NAME" x:2 A C >m.yaml
	run -5 --separate-stderr fettle apply m.yaml --name "$NAME" --context admin --yes
	assert_talk_has "is owned by \"kubectl-client-side-apply\""
	run -1 adopt m.yaml --dry-run
	assert_has "taken over from kubectl-client-side-apply"
	assert_has 'image: x:1 -> x:2'
	assert_has 'env[name="B"]'
	assert_lacks terminationMessagePath # a default, which kubectl owns as well
	run -0 managers deployment/"$NAME"
	assert_output '["kubectl-client-side-apply Update"]'
	run -0 adopt m.yaml --yes
	run -0 managers deployment/"$NAME"
	assert_output '["fettle Apply"]'
	run -0 json deployment/"$NAME" '[.spec.template.spec.containers[0].env[].name, .spec.replicas, .metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]]'
	assert_output '["A","C",3,null]'
	run -0 diff_ m.yaml --verify always
	run -0 adopt m.yaml --yes
	assert_has "1 unchanged"
	run -0 fettle history --name "$NAME" --context admin
	assert_has adopt
	deployment "$NAME-other" x:1 A >m.yaml
	run -0 fettle apply m.yaml --name "$NAME" --context admin --yes --prune
	run -1 kubectl get deployment "$NAME"
}

@test "adopt: kubectl apply --server-side, and a tool of one's own" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: one, gone: x}\n' "$NAME" >old.yaml
	kubectl apply --server-side -f old.yaml >/dev/null
	kubectl apply --server-side -f old.yaml --field-manager deployer >/dev/null
	sed 's/one, gone: x/two/' old.yaml >m.yaml
	run -5 --separate-stderr adopt m.yaml --yes
	assert_talk_has 'data.k is owned by "deployer"'
	run -1 adopt m.yaml --dry-run --take-over data.k
	run -0 adopt m.yaml --yes --from deployer
	run -0 managers configmap/"$NAME"
	assert_output '["fettle Apply"]'
	run -0 json configmap/"$NAME" .data
	assert_output '{"k":"two"}'
}

@test "adopt: a Helm release, from what the chart renders" {
	[ -n "$HELM" ] || skip "no Helm on this machine"
	export HELM_CACHE_HOME=$PWD/helm HELM_CONFIG_HOME=$PWD/helm HELM_DATA_HOME=$PWD/helm
	mkdir -p chart/templates
	printf 'apiVersion: v2\nname: web\nversion: 0.1.0\n' >chart/Chart.yaml
	printf 'image: x:1\nextra: true\n' >chart/values.yaml
	deployment "$NAME" '{{ .Values.image }}' A >chart/templates/d.yaml
	sed -i "s/app: $NAME}\$/app: $NAME, app.kubernetes.io\/managed-by: {{ .Release.Service }}}/" chart/templates/d.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: one{{ if .Values.extra }}, old: x{{ end }}}\n' "$NAME" >chart/templates/c.yaml
	"$HELM" install "$NAME" chart -n "$KUBE_NS" >/dev/null
	"$HELM" template "$NAME" chart --set extra=false --set image=x:2 >m.yaml
	run -5 --separate-stderr fettle apply m.yaml --name "$NAME" --context admin --yes
	assert_talk_has "Helm release $KUBE_NS/$NAME"
	run -0 --separate-stderr adopt m.yaml --yes
	assert_talk_has "kubectl -n $KUBE_NS delete secret -l owner=helm,name=$NAME"
	run -0 managers configmap/"$NAME"
	assert_output '["fettle Apply"]'
	run -0 json configmap/"$NAME" '[.data, .metadata.annotations]'
	assert_output '[{"k":"one"},null]'
	run -0 diff_ m.yaml --verify always
	kubectl -n "$KUBE_NS" delete secret -l "owner=helm,name=$NAME" >/dev/null
	run -1 "$HELM" status "$NAME" -n "$KUBE_NS"
	run -0 kubectl get deployment "$NAME"
}

# Without the tool itself: the same field manager, the marks it leaves.
@test "adopt: marks of Argo CD, Flux and kapp go, and their owners hear how to let go" {
	mark() { # MANAGER LABELS ANNOTATIONS
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: {%s}, annotations: {%s}}\ndata: {k: one}\n' \
			"$NAME-$1" "$2" "$3" | kubectl apply --server-side --field-manager "$1" -f - >/dev/null
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: one}\n' "$NAME-$1" >>m.yaml
	}
	mark argocd-controller '' 'argocd.argoproj.io/tracking-id: "shop:/ConfigMap:x/y"'
	mark kustomize-controller 'kustomize.toolkit.fluxcd.io/name: shop, kustomize.toolkit.fluxcd.io/namespace: flux-system' ''
	mark kapp 'kapp.k14s.io/app: "17"' 'kapp.k14s.io/identity: v1'
	run -5 --separate-stderr fettle apply m.yaml --name "$NAME" --context admin --yes
	assert_talk_has "move it here with 'fettle adopt'"
	run -0 --separate-stderr adopt m.yaml --yes
	assert_talk_has 'argocd app delete shop --cascade=false'
	assert_talk_has 'kubectl -n flux-system delete kustomizations.kustomize.toolkit.fluxcd.io shop'
	assert_talk_has "kapp still has a record of app 17"
	for manager in argocd-controller kustomize-controller kapp; do
		run -0 json configmap/"$NAME-$manager" '[(.metadata.labels | keys), .metadata.annotations]'
		assert_output '[["applyset.kubernetes.io/part-of"],null]'
	done
}

@test "adopt: a status and the entries of controllers stay whose they are" {
	deployment "$NAME" x:1 A >m.yaml
	kubectl apply -f m.yaml >/dev/null
	kubectl rollout status deployment "$NAME" --timeout 30s >/dev/null
	run -0 adopt m.yaml --yes
	run -0 json deployment/"$NAME" '[.metadata.managedFields[] | .manager + "/" + (.subresource // "")] | sort'
	assert_output '["fettle/","kube-controller-manager/status"]'
}

@test "adopt: two projects cannot both have an object" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: one}\n' "$NAME" >m.yaml
	fettle apply m.yaml --name first --context admin --yes
	run -5 --separate-stderr fettle apply m.yaml --name second --context admin --yes
	run -0 fettle adopt m.yaml --name second --context admin --yes
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-other}\n' "$NAME" >m.yaml
	run -0 fettle apply m.yaml --name first --context admin --yes --prune
	assert_has "another project"
	run -0 kubectl get configmap "$NAME"
}

@test "adopt: only a cluster has other tools" {
	mkdir empty
	run -2 --separate-stderr fettle adopt empty --root root --yes
	assert_talk_has "only objects of a cluster"
}
