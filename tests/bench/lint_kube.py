"""What tests/bench/lint_kube.sh runs on.

lint_kube.py tree FOLDER COUNT             COUNT manifests, as repositories have them: applications of
                                           six files each, in 40 namespaces
lint_kube.py schemas SWAGGER FOLDER        the schemas of the kinds in that tree, as kubeconform reads them
"""
import json
import os
import random
import sys

rng = random.Random(1)


def workload(name, ns):
    kind = rng.choice(["Deployment", "Deployment", "StatefulSet", "DaemonSet"])
    return f"""apiVersion: apps/v1
kind: {kind}
metadata:
  name: {name}
  namespace: {ns}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: shop
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
{"  serviceName: " + name if kind == "StatefulSet" else "  revisionHistoryLimit: 5"}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      serviceAccountName: {name}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: app
          image: registry.example.com/shop/{name}:1.{rng.randrange(40)}.{rng.randrange(9)}
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: DB_HOST
              valueFrom:
                configMapKeyRef:
                  name: {name}
                  key: db-host
          resources:
            requests:
              cpu: {rng.choice(["100m", "250m", "1"])}
              memory: {rng.choice(["64Mi", "256Mi", "1Gi"])}
            limits:
              memory: 1Gi
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
          securityContext:
            allowPrivilegeEscalation: {"true" if rng.random() < .1 else "false"}
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: config
              mountPath: /etc/app
      volumes:
        - name: config
          configMap:
            name: {name}
"""


def service(name, ns):
    return f"""apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {ns}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
"""


def config(name, ns):
    lines = "\n".join(f"  key-{i}: \"{rng.randrange(10**9)}\"" for i in range(12))
    return f"""apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {ns}
data:
  db-host: db.{ns}.svc
{lines}
  app.properties: |
    server.port=8080
    cache.size={rng.randrange(1000)}
"""


def account(name, ns):
    return f"""apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
  namespace: {ns}
"""


def ingress(name, ns):
    return f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: {ns}
spec:
  ingressClassName: nginx
  tls:
    - hosts:
        - {name}.example.com
      secretName: {name}-tls
  rules:
    - host: {name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
"""


def policy(name, ns):
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: {ns}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {name}
  policyTypes:
    - Ingress
  ingress:
    - ports:
        - port: 8080
"""


def tree(folder, count):
    kinds = [account, config, workload, service, ingress, policy]
    for number in range(count):
        app = number // len(kinds)
        make = kinds[number % len(kinds)]
        ns, name = f"team-{app % 40}", f"app-{app}"
        where = f"{folder}/{ns}/{name}"
        os.makedirs(where, exist_ok=True)
        with open(f"{where}/{make.__name__}.yaml", "w") as out:
            out.write("---\n" + make(name, ns))


KINDS = {"deployment-apps-v1": "apps.v1.Deployment", "statefulset-apps-v1": "apps.v1.StatefulSet",
         "daemonset-apps-v1": "apps.v1.DaemonSet", "service-v1": "core.v1.Service",
         "configmap-v1": "core.v1.ConfigMap", "serviceaccount-v1": "core.v1.ServiceAccount",
         "ingress-networking-v1": "networking.v1.Ingress",
         "networkpolicy-networking-v1": "networking.v1.NetworkPolicy"}


def schemas(swagger, folder):
    with open(swagger) as source:
        definitions = json.load(source)["definitions"]

    def whole(node):
        if isinstance(node, list):
            return [whole(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.get("$ref", "").endswith(".Quantity"):
            return {"oneOf": [{"type": "string"}, {"type": "number"}]}
        if "$ref" in node:
            return whole(definitions[node["$ref"].rsplit("/", 1)[1]])
        copy = {key: whole(value) for key, value in node.items()
                if not key.startswith("x-kubernetes-")}
        if "properties" in copy:
            copy["additionalProperties"] = False
        if copy.get("format") == "int-or-string":
            copy = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
        return copy

    os.makedirs(folder, exist_ok=True)
    for name, definition in KINDS.items():
        with open(f"{folder}/{name}.json", "w") as out:
            json.dump(whole(definitions["io.k8s.api." + definition]), out)


if sys.argv[1] == "tree":
    tree(sys.argv[2], int(sys.argv[3]))
else:
    schemas(sys.argv[2], sys.argv[3])
