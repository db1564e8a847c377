"""For lint_schema.sh.

lint_schema.py tree FOLDER COUNT     so many manifests of six kinds
lint_schema.py schemas SPECS FOLDER  what kubeconform reads, from the OpenAPI v3 documents of the
                                     module k8s.io/kubernetes: one JSON Schema for each of the kinds
"""
import glob
import json
import os
import sys

KINDS = {"Deployment": "deployment-apps-v1", "Service": "service-v1", "ConfigMap": "configmap-v1",
         "Ingress": "ingress-networking-v1", "CronJob": "cronjob-batch-v1",
         "RoleBinding": "rolebinding-rbac-v1"}

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{i}
  namespace: shop
  labels: {{app.kubernetes.io/name: web-{i}, app.kubernetes.io/part-of: shop}}
spec:
  replicas: {n}
  selector:
    matchLabels: {{app.kubernetes.io/name: web-{i}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: web-{i}}}
      annotations:
        checksum/config: "{i:064d}"
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      containers:
        - name: web
          image: registry.example.com/shop/web:1.{n}
          args: ["--port", "8080", --verbose]
          env:
            - name: NUMBER
              value: "{i}"
            - name: PASSWORD
              valueFrom: {{secretKeyRef: {{name: web, key: password}}}}
          ports:
            - containerPort: 8080
              name: http
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
            periodSeconds: 5
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
          volumeMounts:
            - {{name: config, mountPath: /etc/web, readOnly: true}}
      volumes:
        - name: config
          configMap: {{name: web-{i}}}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: web-{i}
spec:
  type: ClusterIP
  selector: {{app.kubernetes.io/name: web-{i}}}
  ports:
    - {{name: http, port: 80, targetPort: http}}
"""
CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{i}
data:
  app.conf: |
    listen 8080
    number {i}
    gzip on
"""
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web-{i}
spec:
  rules:
    - host: web-{i}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {{service: {{name: web-{i}, port: {{name: http}}}}}}
"""
CRON_JOB = """apiVersion: batch/v1
kind: CronJob
metadata:
  name: clean-{i}
spec:
  schedule: "{n} * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: clean
              image: registry.example.com/shop/clean:1.{n}
              command: [clean, --all]
"""
ROLE_BINDING = """apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web-{i}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: web
subjects:
  - kind: ServiceAccount
    name: web-{i}
    namespace: shop
"""


def tree(folder, count):
    texts = [DEPLOYMENT, SERVICE, CONFIG_MAP, INGRESS, CRON_JOB, ROLE_BINDING]
    for i in range(int(count)):
        place = os.path.join(folder, "team-%03d" % (i // 200))
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "m%05d.yaml" % i), "w") as file:
            file.write(texts[i % len(texts)].format(i=i, n=i % 60))


def expand(schema, definitions):
    """One document without references, strict: what nothing is said of is refused."""
    if not isinstance(schema, dict):
        return schema
    ref = schema.get("$ref") or next((s["$ref"] for s in schema.get("allOf", []) if "$ref" in s), None)
    if ref:
        return expand(definitions[ref.rsplit("/", 1)[1]], definitions)
    out = {key: schema[key] for key in ("type", "format", "required", "enum", "oneOf") if key in schema}
    if "items" in schema:
        out["items"] = expand(schema["items"], definitions)
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = expand(schema["additionalProperties"], definitions)
    if "properties" in schema:
        out["properties"] = {key: expand(inner, definitions) for key, inner in schema["properties"].items()}
        out["additionalProperties"] = False
    return out


def schemas(specs, folder):
    definitions = {}
    for path in sorted(glob.glob(os.path.join(specs, "*.json"))):
        with open(path) as file:
            definitions.update(json.load(file).get("components", {}).get("schemas", {}))
    os.makedirs(folder, exist_ok=True)
    for name, schema in definitions.items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1 or kinds[0]["kind"] not in KINDS:
            continue
        kind = kinds[0]
        parts = [kind["kind"].lower()] + [part.split(".")[0] for part in [kind["group"]] if part] + [kind["version"]]
        if "-".join(parts) != KINDS[kind["kind"]]:
            continue
        with open(os.path.join(folder, "-".join(parts) + ".json"), "w") as file:
            json.dump(expand(schema, definitions), file)


if __name__ == "__main__":
    {"tree": tree, "schemas": schemas}[sys.argv[1]](*sys.argv[2:])
