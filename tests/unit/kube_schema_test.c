#include "test.h"

#include "schema/crd.h"
#include "schema/kube_schema.h"
#include "schema/kube_walk.h"
#include "yaml/yaml.h"

/* --- minors and API versions --- */

TEST(kube_schema, knows_at_least_nine_minors)
{
	unsigned minor;
	CHECK(kube_minor_newest() - kube_minor_oldest() >= 8);
	CHECK(kube_minor_parse("1.31", &minor));
	CHECK_INT(minor, 31);
	CHECK(kube_minor_parse("v1.33.7", &minor));
	CHECK_INT(minor, 33);
	CHECK(!kube_minor_parse("1.2", &minor));
	CHECK(!kube_minor_parse("2.31", &minor));
	CHECK(!kube_minor_parse("1.", &minor));
	CHECK(!kube_minor_parse("1.999999999999999999999", &minor));
}

TEST(kube_schema, knows_what_was_removed_and_what_came)
{
	struct kube_api api;
	CHECK(kube_api_find("apps/v1", "Deployment", &api));
	CHECK(kube_api_is_served(&api, 29));
	CHECK(kube_api_find("policy/v1beta1", "PodSecurityPolicy", &api));
	CHECK(!kube_api_is_served(&api, 29));
	CHECK_INT(api.removed, 25);
	CHECK(kube_api_find("extensions/v1beta1", "Ingress", &api));
	CHECK_INT(api.removed, 22);
	CHECK_STR(api.instead_version, "networking.k8s.io/v1");
	CHECK(kube_api_find("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", &api));
	CHECK(kube_api_is_served(&api, 31));
	CHECK(!kube_api_is_served(&api, 32));
	CHECK_INT(api.deprecated, 29);
	CHECK(kube_api_find("resource.k8s.io/v1", "ResourceClaim", &api));
	CHECK(!kube_api_is_served(&api, 33));
	CHECK(kube_api_is_served(&api, 34));
	CHECK_INT(api.introduced, 34);
	CHECK(!kube_api_find("apps/v9", "Deployment", &api));
	CHECK(kube_api_has_group("apps/v9"));
	CHECK(kube_api_has_group("v1"));
	CHECK(!kube_api_has_group("builtin"));
	CHECK(!kube_api_has_group("example.com/v1"));
	CHECK_STR(kube_kind_nearest("v1", "Pood"), "Pod");
	CHECK_STR(kube_kind_version("HorizontalPodAutoscaler", 30), "autoscaling/v2");
	CHECK(!kube_kind_version("Widget", 30));
}

/* --- problems --- */

static void note(void *ctx, const struct kube_problem *problem)
{
	struct str *out = ctx;
	str_addf(out, "%s%s", out->len ? "\n" : "", problem->message);
	if (problem->container)
		str_addf(out, " (%s)", problem->container);
}

struct check_case {
	unsigned minor; /* 0: 34 */
	const char *yaml;
	const char *problems;
	bool is_patch, is_encrypted;
};

#define POD(spec)         "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n" spec
#define CONTAINER(fields) POD(" containers:\n - name: c\n" fields)

static const struct check_case built_in[] = {
	{ 0, CONTAINER("   image: x\n"), "" },
	{ 0, CONTAINER("   imag: x\n"),
	  "spec.containers[name=c].imag: unknown field: did you mean 'image'? (c)" },
	{ 0, CONTAINER("   zzz: x\n"), "spec.containers[name=c].zzz: unknown field (c)" },
	{ 0, POD(" containers:\n - image: x\n"),
	  "spec.containers[0]: the field 'name' is required" },
	/* a field in the wrong place */
	{ 0, CONTAINER("   volumes: []\n"),
	  "spec.containers[name=c].volumes: unknown field: spec has it (c)" },
	{ 0,
	  "apiVersion: apps/v1\nkind: Deployment\nspec:\n  selector: {}\n  template: {}\n  containers: []\n",
	  "spec.containers: unknown field: spec.template.spec has it" },
	{ 0, "apiVersion: v1\nkind: Pod\nannotations: {}\n",
	  "annotations: unknown field: metadata has it" },
	{ 0, POD(" {}\n"), "spec: the field 'containers' is required" },
	{ 0, POD(" containers: null\n"), "spec: the field 'containers' is required" },
	{ 0, POD(" containers: {}\n"), "spec.containers: expected a list, found a map" },
	{ 0, POD(" [a]\n"), "spec: expected an object, found a list" },
	/* the server reads null as nothing */
	{ 0, CONTAINER("   image: null\n   env: null\n   resources: null\n"), "" },
	{ 0, CONTAINER("   env:\n   - {name: A, value: 1}\n"),
	  "spec.containers[name=c].env[name=A].value: expected a string, found a number (c)" },
	{ 0, CONTAINER("   args: [yes]\n"),
	  "spec.containers[name=c].args[0]: expected a string, found a boolean (c)" },
	{ 0, CONTAINER("   stdin: \"true\"\n"),
	  "spec.containers[name=c].stdin: expected true or false, found a string (c)" },
	{ 0, CONTAINER("   imagePullPolicy: always\n"),
	  "spec.containers[name=c].imagePullPolicy: 'always' is none of Always, IfNotPresent, Never: "
	  "did you mean 'Always'? (c)" },
	/* an optional choice may be empty, one that is asked for may not */
	{ 0, CONTAINER("   imagePullPolicy: \"\"\n"), "" },
	/* numbers */
	{ 0, POD(" containers: []\n terminationGracePeriodSeconds: 1.0\n"), "" },
	{ 0, POD(" containers: []\n terminationGracePeriodSeconds: 1.5\n"),
	  "spec.terminationGracePeriodSeconds: expected an integer, found a number" },
	{ 0, POD(" containers: []\n priority: 2147483648\n"),
	  "spec.priority: expected an integer of 32 bits" },
	{ 0, CONTAINER("   livenessProbe: {tcpSocket: {port: http}}\n"), "" },
	{ 0, CONTAINER("   livenessProbe: {tcpSocket: {port: true}}\n"),
	  "spec.containers[name=c].livenessProbe.tcpSocket.port: expected an integer or a string, "
	  "found a boolean (c)" },
	/* quantities */
	{ 0,
	  CONTAINER("   resources: {limits: {cpu: 1, memory: 1.5Gi, x: 1e3, y: \"-1\", z: .5}}\n"),
	  "" },
	{ 0, CONTAINER("   resources: {limits: {cpu: 1 m}}\n"),
	  "spec.containers[name=c].resources.limits.cpu: expected a quantity such as 500m, 1.5 or 128Mi "
	  "(c)" },
	{ 0, CONTAINER("   resources: {limits: {cpu: [1]}}\n"),
	  "spec.containers[name=c].resources.limits.cpu: expected a quantity, found a list (c)" },
	/* lists that are maps */
	{ 0, CONTAINER("   env: [{name: A}, {name: B}, {name: A}]\n"),
	  "spec.containers[name=c].env[2]: another item of the list has name \"A\", too (c)" },
	{ 0, CONTAINER("   ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}]\n"), "" },
	{ 0, CONTAINER("   ports: [{containerPort: 1}, {containerPort: 1, protocol: TCP}]\n"),
	  "spec.containers[name=c].ports[1]: another item of the list has containerPort 1, protocol "
	  "\"TCP\", too (c)" },
	/* formats */
	{ 0,
	  "apiVersion: v1\nkind: Secret\nmetadata: {creationTimestamp: null}\ndata: {a: YQ==, b: \"\"}\n",
	  "" },
	{ 0, "apiVersion: v1\nkind: Secret\ndata: {a: plain!}\n", "data.a: expected base64" },
	{ 0,
	  "apiVersion: v1\nkind: Secret\ndata: {a: \"ENC[AES256_GCM,data:x]\"}\nsops: {mac: x}\n",
	  "", .is_encrypted = true },
	{ 0,
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {deletionTimestamp: 2026-02-30T00:00:00Z}\n",
	  "metadata.deletionTimestamp: expected a time such as 2026-01-31T10:00:00Z" },
	/* the server throws the status away: nothing is asked of it, but what it has must be known */
	{ 0, "apiVersion: apps/v1\nkind: StatefulSet\nstatus: {}\n", "" },
	{ 0, "apiVersion: apps/v1\nkind: StatefulSet\nstatus: {replica: 1}\n",
	  "status.replica: unknown field: did you mean 'replicas'?" },
	/* minors */
	{ 29, POD(" containers: []\n resources: {}\n"),
	  "spec.resources: unknown field: Kubernetes 1.29 does not have it, 1.32 was the first to" },
	{ 34, POD(" containers: []\n resources: {}\n"), "" },
	/* patches */
	{ 0,
	  POD(" $setElementOrder/containers: []\n containers:\n - $patch: delete\n   image: x\n"),
	  "", .is_patch = true },
	{ 0, POD(" containres: []\n"), "spec.containres: unknown field: did you mean 'containers'?",
	  .is_patch = true },
	{ 0,
	  "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec:\n  maxReplicas: 2\n"
	  "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}\n  metrics:\n"
	  "  - type: Resource\n    resource: {name: cpu, target: {type: Utilization, "
	  "averageUtilization: 80}}\n",
	  "" },
	{ 0,
	  "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n"
	  "  group: a.b\n  scope: Namespaced\n  names: {kind: A, plural: as}\n  versions:\n"
	  "  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n"
	  "        properties: {a: {enum: [1, x], default: {any: thing}, itemss: {}}}\n",
	  "spec.versions[0].schema.openAPIV3Schema.properties.a.itemss: unknown field: did you mean "
	  "'items'?" },
};

static const struct val *load(struct arena *a, const char *yaml)
{
	struct val *root = NULL;
	err *e = yaml_load_one(yaml, strlen(yaml), "test.yaml", a, &root);
	if (e)
		test_fail(__FILE__, __LINE__, "%s: %s", yaml, err_message(e));
	err_free(e);
	return root;
}

TEST(kube_schema, built_in_kinds_by_table)
{
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
		const struct check_case *row = &built_in[i];
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) out = STR_INIT;
		struct kube_api api;
		const struct val *object = load(&a, row->yaml);
		const struct kube_check check = { .minor = row->minor ? row->minor : 34,
			                          .is_patch = row->is_patch,
			                          .is_encrypted = row->is_encrypted,
			                          .report = note,
			                          .ctx = &out };
		CHECK(kube_api_find(val_get_str(object, "apiVersion", ""),
		                    val_get_str(object, "kind", ""), &api));
		kube_check_object(&check, &api, object);
		CHECK_STR(out.ptr, row->problems);
	}
}

TEST(kube_schema, tells_at_most_a_hundred_problems)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) yaml = STR_INIT;
	AUTO(str) out = STR_INIT;
	struct kube_api api;
	str_addz(&yaml, "apiVersion: v1\nkind: ConfigMap\n");
	for (size_t i = 0; i < 1000; i++)
		str_addf(&yaml, "zz%zu: 1\n", i);
	const struct kube_check check = { .minor = 34, .report = note, .ctx = &out };
	CHECK(kube_api_find("v1", "ConfigMap", &api));
	kube_check_object(&check, &api, load(&a, yaml.ptr));
	size_t lines = 1;
	for (const char *at = out.ptr; (at = strchr(at, '\n')); at++)
		lines++;
	CHECK_INT(lines, 100);
}

/* --- custom kinds --- */

#define CRD(schema)                                                                            \
	"spec:\n  group: example.com\n  names: {kind: Widget, plural: widgets}\n  versions:\n" \
	"  - name: v1\n    served: true\n    subresources: {status: {}}\n    schema:\n"        \
	"      openAPIV3Schema:\n        type: object\n        properties:\n"                  \
	"          status: {type: object, required: [x], properties: {x: {type: string}}}\n"   \
	"          spec:\n            type: object\n" schema

#define FIELDS(fields) CRD("            properties:\n" fields)
#define WIDGET(spec)   "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n" spec

struct custom_case {
	const char *crd, *yaml, *problems;
};

static const struct custom_case custom[] = {
	{ FIELDS("              size: {type: integer}\n"), WIDGET("  size: 1\n"), "" },
	{ FIELDS("              size: {type: integer}\n"), WIDGET("  sise: 1\n"),
	  "spec.sise: unknown field: did you mean 'size'?" },
	{ FIELDS("              size: {type: integer}\n"), WIDGET("  size: a\n"),
	  "spec.size: expected an integer, found a string" },
	{ FIELDS("              size: {type: integer, minimum: 1, maximum: 9}\n"),
	  WIDGET("  size: 10\n"), "spec.size: must be at most 9" },
	{ FIELDS("              size: {type: integer, minimum: 1, exclusiveMinimum: true}\n"),
	  WIDGET("  size: 1\n"), "spec.size: must be greater than 1" },
	{ FIELDS("              size: {type: number, multipleOf: 0.1}\n"), WIDGET("  size: 0.3\n"),
	  "" },
	{ FIELDS("              size: {type: number, multipleOf: 3}\n"), WIDGET("  size: 4\n"),
	  "spec.size: must be a multiple of 3" },
	{ FIELDS("              a: {type: string, enum: [one, two]}\n"), WIDGET("  a: on\n"),
	  "spec.a: expected a string, found a boolean" },
	{ FIELDS("              a: {type: string, enum: [one, two]}\n"), WIDGET("  a: onee\n"),
	  "spec.a: 'onee' is none of one, two: did you mean 'one'?" },
	{ FIELDS("              a: {type: string, maxLength: 2}\n"), WIDGET("  a: \"äö\"\n"), "" },
	{ FIELDS("              a: {type: string, minLength: 3}\n"), WIDGET("  a: \"äö\"\n"),
	  "spec.a: 2 characters, at least 3 are needed" },
	{ FIELDS("              a: {type: string, pattern: '^[a-z]+$'}\n"), WIDGET("  a: b1\n"),
	  "spec.a: must match the pattern ^[a-z]+$" },
	{ FIELDS("              a: {type: string, pattern: '[a-z]'}\n"), WIDGET("  a: 1b1\n"), "" },
	{ FIELDS("              a: {type: string, format: date-time}\n"), WIDGET("  a: now\n"),
	  "spec.a: expected a time such as 2026-01-31T10:00:00Z" },
	{ FIELDS("              a: {type: string, format: something}\n"), WIDGET("  a: now\n"),
	  "" },
	/* nulls are as good as nothing, but for items and where nullable */
	{ FIELDS("              a: {type: string}\n"), WIDGET("  a: null\n"), "" },
	{ FIELDS("              a: {type: array, items: {type: string}}\n"),
	  WIDGET("  a: [null]\n"), "spec.a[0]: expected a string, found null" },
	{ FIELDS("              a: {type: array, items: {type: string, nullable: true}}\n"),
	  WIDGET("  a: [null]\n"), "" },
	{ CRD("            required: [a]\n            properties:\n              a: {type: string}\n"),
	  WIDGET("  a: null\n"), "spec: the field 'a' is required" },
	{ CRD("            required: [a]\n            properties:\n              a: {type: string, nullable: true}\n"),
	  WIDGET("  a: null\n"), "" },
	{ CRD("            properties: {a: {type: string, default: x}}\n            oneOf: [{properties: {a: {enum: "
	      "[x]}}}, {not: {properties: {a: {enum: [x]}}}}]\n"),
	  WIDGET("  {}\n"), "" },
	{ FIELDS("              a: {type: string, nullable: true}\n"), WIDGET("  a: null\n"), "" },
	{ FIELDS("              a: {type: string, default: x}\n"), WIDGET("  a: null\n"), "" },
	{ CRD("            required: [a]\n            properties:\n              a: {type: string}\n"),
	  WIDGET("  {}\n"), "spec: the field 'a' is required" },
	{ CRD("            required: [a]\n            properties:\n              a: {type: string, default: x}\n"),
	  WIDGET("  {}\n"), "" },
	{ FIELDS("              a: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}\n"),
	  WIDGET("  a: 80%\n"), "" },
	{ FIELDS("              a: {x-kubernetes-int-or-string: true}\n"), WIDGET("  a: 1.5\n"),
	  "spec.a: expected an integer or a string, found a number" },
	{ FIELDS("              a: {type: object, x-kubernetes-preserve-unknown-fields: true, "
	         "properties: {b: {type: string}}}\n"),
	  WIDGET("  a: {c: {d: 1}, b: 1}\n"), "spec.a.b: expected a string, found a number" },
	{ FIELDS("              a: {type: object, additionalProperties: {type: integer}}\n"),
	  WIDGET("  a: {x: 1, z: z}\n"), "spec.a.z: expected an integer, found a string" },
	{ FIELDS("              a: {type: object, x-kubernetes-embedded-resource: true, "
	         "x-kubernetes-preserve-unknown-fields: true}\n"),
	  WIDGET("  a: {apiVersion: v1, metadata: {nam: x}, spec: {}}\n"),
	  "spec.a.metadata.nam: unknown field: did you mean 'name'?\nspec.a: the field 'kind' is required" },
	{ FIELDS("              a: {type: array, items: {type: string}, maxItems: 1}\n"),
	  WIDGET("  a: [x, 1]\n"),
	  "spec.a[1]: expected a string, found a number\nspec.a: 2 items, at most 1 are allowed" },
	{ FIELDS("              a: {type: array, x-kubernetes-list-type: set, items: {type: string}}\n"),
	  WIDGET("  a: [x, z, x]\n"), "spec.a[2]: the same item is in the list already" },
	{ FIELDS("              a: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: "
	         "[k], items: {type: object, properties: {k: {type: string}, v: {type: integer}}}}\n"),
	  WIDGET("  a: [{k: x}, {k: x, v: 1}, {k: w, v: z}]\n"),
	  "spec.a[k=w].v: expected an integer, found a string\n"
	  "spec.a[1]: another item of the list has k \"x\", too" },
	/* alternatives judge values; the fields in them are not what makes a field known */
	{ CRD("            properties: {a: {type: string}, b: {type: string}}\n"
	      "            oneOf: [{required: [a]}, {required: [b]}]\n"),
	  WIDGET("  {}\n"), "spec: exactly one must be set: 'a' or 'b'" },
	{ CRD("            properties: {a: {type: string}, b: {type: string}}\n"
	      "            oneOf: [{required: [a]}, {required: [b]}]\n"),
	  WIDGET("  {a: x, b: x}\n"), "spec: exactly one must be set: 'a' or 'b'" },
	{ CRD("            properties: {a: {type: string}, b: {type: string}}\n"
	      "            oneOf: [{required: [a]}, {required: [b]}]\n"),
	  WIDGET("  {b: x}\n"), "" },
	{ CRD("            properties: {a: {type: string, default: x}, b: {type: string}}\n"
	      "            anyOf: [{required: [a]}, {required: [b]}]\n"),
	  WIDGET("  {}\n"), "" },
	{ CRD("            properties: {a: {type: string}}\n"
	      "            not: {properties: {a: {enum: [bad]}}, required: [a]}\n"),
	  WIDGET("  a: bad\n"), "spec: has what is ruled out here" },
	{ CRD("            properties: {a: {type: string}}\n"
	      "            allOf: [{properties: {a: {minLength: 2}, c: {}}}]\n"),
	  WIDGET("  {a: x, c: 1}\n"),
	  "spec.c: unknown field\nspec.a: 1 characters, at least 2 are needed" },
	/* the status is a subresource: what is written in it must be known, no more */
	{ FIELDS("              a: {type: string}\n"), WIDGET("  a: x\nstatus: {xx: 1}\n"),
	  "status.xx: unknown field: did you mean 'x'?" },
	{ FIELDS("              a: {type: string}\n"), WIDGET("  a: x\nstat: {}\n"),
	  "stat: unknown field" },
	{ FIELDS("              a: {type: string}\n"),
	  "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a, labels: {x: 1}}\n",
	  "metadata.labels.x: expected a string, found a number" },
};

TEST(kube_schema, custom_kinds_by_table)
{
	for (size_t i = 0; i < ARRAY_LEN(custom); i++) {
		AUTO(arena) a = ARENA_INIT;
		AUTO(str) out = STR_INIT;
		const struct crd *crd;
		const struct kube_check check = { .minor = 34, .report = note, .ctx = &out };
		CHECK_OK(crd_compile(load(&a, custom[i].crd), &a, &crd));
		CHECK(!crd_find_version(crd, "v2"));
		crd_check_object(&check, crd_find_version(crd, "v1"), load(&a, custom[i].yaml));
		CHECK_STR(out.ptr, custom[i].problems);
		crd_release(crd);
	}
}

TEST(kube_schema, a_definition_of_v1beta1_says_it_once_for_all_versions)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	const struct crd *crd;
	const struct kube_check check = { .minor = 34, .report = note, .ctx = &out };
	CHECK_OK(crd_compile(load(&a, "apiVersion: apiextensions.k8s.io/v1beta1\n"
	                              "kind: CustomResourceDefinition\n"
	                              "spec:\n  group: a.b\n  version: v1\n  names: {kind: A}\n"
	                              "  validation: {openAPIV3Schema: {properties: {spec: "
	                              "{properties: {m: {type: integer}}}}}}\n"),
	                     &a, &crd));
	crd_check_object(&check, crd_find_version(crd, "v1"),
	                 load(&a, "spec: {m: x, unknown: z}\n"));
	CHECK_STR(out.ptr, "spec.m: expected an integer, found a string");
}

TEST(kube_schema, what_is_no_definition_is_refused)
{
	AUTO(arena) a = ARENA_INIT;
	const struct crd *crd;
	CHECK_ERR(crd_compile(load(&a, "spec: {group: a}\n"), &a, &crd), ERR_INVALID, "group");
	CHECK_ERR(crd_compile(load(&a, "spec: {group: a, names: {kind: A}, versions: []}\n"), &a,
	                      &crd),
	          ERR_INVALID, "no versions");
}

/* --- formats --- */

struct format_case {
	bool (*is_one)(const char *text, size_t len);
	const char *text;
	bool is_fine;
};

static const struct format_case formats[] = {
	{ kube_is_quantity, "1", true },
	{ kube_is_quantity, "+1.", true },
	{ kube_is_quantity, ".5Ki", true },
	{ kube_is_quantity, "1E", true },
	{ kube_is_quantity, "1E3", true },
	{ kube_is_quantity, "1e-3", true },
	{ kube_is_quantity, "", false },
	{ kube_is_quantity, ".", false },
	{ kube_is_quantity, "1e", false },
	{ kube_is_quantity, "1K", false },
	{ kube_is_quantity, "1MB", false },
	{ kube_is_quantity, "0x10", false },
	{ kube_is_date_time, "2026-01-31T10:00:00Z", true },
	{ kube_is_date_time, "2026-01-31T10:00:00.5+01:00", true },
	{ kube_is_date_time, "2026-01-31T10:00:00", false },
	{ kube_is_date_time, "2026-01-31 10:00:00Z", false },
	{ kube_is_date_time, "2026-13-31T10:00:00Z", false },
	{ kube_is_date_time, "2025-02-29T10:00:00Z", false },
	{ kube_is_date, "2024-02-29", true },
	{ kube_is_base64, "YWI=", true },
	{ kube_is_base64, "YW\nI=", true },
	{ kube_is_base64, "YWI", false },
	{ kube_is_base64, "YW-=", false },
	{ kube_is_base64, "=YWI", false },
	{ kube_is_duration, "1h30m", true },
	{ kube_is_duration, "1.5s", true },
	{ kube_is_duration, "0", true },
	{ kube_is_duration, "5", false },
	{ kube_is_duration, "", false },
	{ kube_is_ipv4, "10.0.0.255", true },
	{ kube_is_ipv4, "10.0.0.256", false },
	{ kube_is_ipv4, "10.0.01.1", false },
	{ kube_is_ipv4, "10.0.0", false },
	{ kube_is_ipv6, "::", true },
	{ kube_is_ipv6, "fe80::1", true },
	{ kube_is_ipv6, "1:2:3:4:5:6:7:8", true },
	{ kube_is_ipv6, "1:2:3:4:5:6:7", false },
	{ kube_is_ipv6, "1:2:3:4:5:6:7:", false },
	{ kube_is_ipv6, "::ffff:1.2.3.4", true },
	{ kube_is_ipv6, "1::2::3", false },
	{ kube_is_cidr, "10.0.0.0/8", true },
	{ kube_is_cidr, "fe80::/10", true },
	{ kube_is_cidr, "10.0.0.0/33", false },
	{ kube_is_cidr, "10.0.0.0", false },
	{ kube_is_uuid, "123e4567-e89b-12d3-a456-426614174000", true },
	{ kube_is_uuid, "123e4567", false },
	{ crd_is_date_time, "2026-01-31t10:00:00z", true },
	{ crd_is_duration, "2 weeks 3h", true },
	{ crd_is_duration, "1d", true },
	{ crd_is_duration, "5", false },
	{ crd_is_duration, "", false },
	{ crd_is_byte, "", false },
	{ crd_is_ipv4, "010.1.1.1", true },
	{ crd_is_cidr, "010.1.1.1/08", true },
	{ crd_is_email, "a@b", true },
	{ crd_is_email, "ab", false },
	{ crd_is_hostname, "a b", false },
	{ crd_is_uri, ":", false },
	{ crd_is_uri, "https://a", true },
};

TEST(kube_schema, formats_by_table)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].is_one(formats[i].text, strlen(formats[i].text)) !=
		    formats[i].is_fine)
			CHECK_STR(formats[i].text, formats[i].is_fine ? "accepted" : "refused");
}
