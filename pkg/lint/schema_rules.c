#include "base/base.h"

#include "lint/schema_rules.h"

const struct lint_rule schema_rules[] = {
	[SCHEMA_RULE_UNKNOWN_FIELD] = { "schema-unknown-field", LINT_ERROR,
	                                LINT_FIXABLE | LINT_UNSAFE_FIX,
	                                "a field that the kind does not have",
	                                "The API server refuses it, or, without strict validation, drops it without a word: "
	                                "what was meant never takes effect.",
	                                "apiVersion: v1\nkind: Pod\nspec:\n"
	                                "  containers: []\n  restartPolicyy: Never\n",
	                                "apiVersion: v1\nkind: Pod\nspec:\n"
	                                "  containers: []\n  restartPolicy: Never\n",
	                                "kube-linter:schema-validation kubeconform:additionalProperties" },
	[SCHEMA_RULE_TYPE] = { "schema-type", LINT_ERROR, LINT_FIXABLE,
	                       "a value of another type than the field's",
	                       "The API server refuses the object. Most often a number or true stands where a "
	                       "string is asked for, and must be quoted.",
	                       "apiVersion: v1\nkind: ConfigMap\ndata:\n  port: 8080\n",
	                       "apiVersion: v1\nkind: ConfigMap\ndata:\n  port: \"8080\"\n",
	                       "kubeconform:type" },
	[SCHEMA_RULE_REQUIRED] = { "schema-required", LINT_ERROR, 0,
	                           "a field that must be there is not",
	                           "The API server refuses the object.",
	                           "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template: {}\n",
	                           "apiVersion: apps/v1\nkind: Deployment\nspec:\n"
	                           "  selector: {matchLabels: {app: web}}\n  template: {}\n",
	                           "kubeconform:required" },
	[SCHEMA_RULE_ENUM] = { "schema-enum", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	                       "a value that is none of those allowed",
	                       "The API server refuses the object.",
	                       "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
	                       "  - name: app\n    imagePullPolicy: always\n",
	                       "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
	                       "  - name: app\n    imagePullPolicy: Always\n",
	                       "kubeconform:enum" },
	[SCHEMA_RULE_FORMAT] = { "schema-format", LINT_ERROR, 0,
	                         "a value that does not have the form or size it must have",
	                         "Quantities, times, base64, patterns, ranges: the API server refuses what does not "
	                         "fit.",
	                         "apiVersion: v1\nkind: Secret\ndata:\n  password: plain text\n",
	                         "apiVersion: v1\nkind: Secret\ndata:\n"
	                         "  password: cGxhaW4gdGV4dA==\n",
	                         "kubeconform:format" },
	[SCHEMA_RULE_DUPLICATE_ITEM] = { "schema-duplicate-item", LINT_WARNING, 0,
	                                 "two items of a list have the same key",
	                                 "Server-side apply refuses such a list; other ways of applying keep one of the two, "
	                                 "or both in an order that decides. For custom kinds it is an error always.",
	                                 "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
	                                 "  - name: app\n    env:\n    - {name: A, value: x}\n    - {name: A, value: y}\n",
	                                 "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
	                                 "  - name: app\n    env:\n    - {name: A, value: y}\n",
	                                 "kube-linter:duplicate-env-var" },
	[SCHEMA_RULE_MISSING] = { "schema-missing", LINT_WARNING, 0,
	                          "no schema is known for a custom kind",
	                          "Nothing can be said about the object. Its CustomResourceDefinition is looked for in "
	                          "the files checked and in what --crds names.",
	                          "apiVersion: example.com/v1\nkind: Widget\n",
	                          "fettle lint --crds vendor/crds\n",
	                          "kubeconform:missing-schema" },
	[SCHEMA_RULE_STATUS] = { "schema-status", LINT_INFO, LINT_FIXABLE,
	                         "fields that only the API server writes",
	                         "They were copied from a live object. At best they are ignored; resourceVersion and "
	                         "uid make applying fail.",
	                         "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n"
	                         "  resourceVersion: \"123\"\n",
	                         "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n",
	                         NULL },
	[SCHEMA_RULE_KIND_TYPO] = { "kind-typo", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	                            "Kubernetes has no such kind in this API version",
	                            "The API server answers that it does not know the resource.",
	                            "apiVersion: apps/v1\nkind: Deploymnet\n",
	                            "apiVersion: apps/v1\nkind: Deployment\n",
	                            "kubeconform:missing-schema" },
	[SCHEMA_RULE_REMOVED_API] = { "removed-api", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	                              "an API version that the Kubernetes version does not serve",
	                              "It was removed, or came only with a later version; --kubernetes-version says which "
	                              "one the cluster has. The object cannot be applied there.",
	                              "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n",
	                              "apiVersion: policy/v1\nkind: PodDisruptionBudget\n",
	                              "kube-linter:no-extensions-v1beta pluto:removed kubent" },
	[SCHEMA_RULE_DEPRECATED_API] = { "deprecated-api", LINT_WARNING,
	                                 LINT_FIXABLE | LINT_UNSAFE_FIX,
	                                 "an API version that will be removed",
	                                 "It still works in the Kubernetes version checked for, and stops to in a later one.",
	                                 "apiVersion: v1\nkind: Endpoints\n",
	                                 "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n",
	                                 "pluto:deprecated" },
};
