#!/usr/bin/env python3
"""Packs the published OpenAPI v3 documents of several Kubernetes minors into one C table.

usage: generate.py (MINOR KUBERNETES_DIR API_DIR)...

KUBERNETES_DIR holds the module k8s.io/kubernetes (api/openapi-spec/v3 for the structure, and
pkg/generated/openapi for the enums, which the documents leave out), API_DIR the module k8s.io/api
(when an API version was introduced, deprecated and removed). The table goes to stdout; see
pkg/schema/kube_table.h for what its rows mean. The same input gives the same bytes.
"""
import collections
import glob
import json
import os
import re
import sys

# Versions that are gone from k8s.io/api, or never were in it: introduced, deprecated, removed,
# what to use instead.
GONE = {
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"):
        (7, 16, 22, "apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1beta1", "APIService"):
        (7, 19, 22, "apiregistration.k8s.io/v1", "APIService"),
    ("policy/v1beta1", "PodSecurityPolicy"): (10, 21, 25, "", ""),
    ("extensions/v1beta1", "PodSecurityPolicy"): (3, 11, 16, "", ""),
    ("extensions/v1beta1", "ReplicationController"): (2, 8, 16, "v1", "ReplicationController"),
    ("batch/v2alpha1", "CronJob"): (5, 8, 21, "batch/v1", "CronJob"),
    ("autoscaling/v2alpha1", "HorizontalPodAutoscaler"):
        (6, 8, 13, "autoscaling/v2", "HorizontalPodAutoscaler"),
    ("settings.k8s.io/v1alpha1", "PodPreset"): (6, 20, 20, "", ""),
    ("auditregistration.k8s.io/v1alpha1", "AuditSink"): (13, 19, 19, "", ""),
    ("admissionregistration.k8s.io/v1alpha1", "InitializerConfiguration"): (7, 13, 14, "", ""),
    ("scheduling.k8s.io/v1alpha1", "PriorityClass"):
        (8, 14, 23, "scheduling.k8s.io/v1", "PriorityClass"),
}

# Groups of what the server and others say to each other.
MESSAGES = ("admission.k8s.io", "imagepolicy.k8s.io")

# Deprecated by a warning of the server only: since, what to use instead.
WARNED = {
    ("v1", "ComponentStatus"): (19, "", ""),
    ("v1", "Endpoints"): (33, "discovery.k8s.io/v1", "EndpointSlice"),
}

# Marked required in the documents, yet the API server does without: it has a default, or zero is
# as good. Found by leaving each required field away and asking a real server.
NOT_NEEDED = {
    "io.k8s.api.apps.v1.ControllerRevision": {"revision"},
    "io.k8s.api.apps.v1.StatefulSetSpec": {"serviceName"},
    "io.k8s.api.batch.v1.PodFailurePolicy": {"rules"},
    "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern": {"status"},
    "io.k8s.api.core.v1.Event": {"involvedObject", "metadata"},
    "io.k8s.api.core.v1.HTTPHeader": {"value"},
    "io.k8s.api.core.v1.ISCSIPersistentVolumeSource": {"lun"},
    "io.k8s.api.core.v1.ISCSIVolumeSource": {"lun"},
    "io.k8s.api.core.v1.LimitRangeSpec": {"limits"},
    "io.k8s.api.core.v1.PreferredSchedulingTerm": {"preference"},
    "io.k8s.api.core.v1.SleepAction": {"seconds"},
    "io.k8s.api.core.v1.Sysctl": {"value"},
    "io.k8s.api.discovery.v1.EndpointSlice": {"endpoints"},
    "io.k8s.api.networking.v1.NetworkPolicySpec": {"podSelector"},
    "io.k8s.api.rbac.v1.RoleRef": {"apiGroup"},
    "io.k8s.api.resource.v1.DeviceClass": {"spec"},
    "io.k8s.api.resource.v1.ResourceClaim": {"spec"},
    "io.k8s.api.resource.v1.ResourcePool": {"generation"},
    "io.k8s.api.resource.v1beta1.DeviceClass": {"spec"},
    "io.k8s.api.resource.v1beta1.ResourceClaim": {"spec"},
    "io.k8s.api.resource.v1beta1.ResourcePool": {"generation"},
    "io.k8s.api.resource.v1beta2.DeviceClass": {"spec"},
    "io.k8s.api.resource.v1beta2.ResourceClaim": {"spec"},
    "io.k8s.api.resource.v1beta2.ResourcePool": {"generation"},
    "io.k8s.api.scheduling.v1.PriorityClass": {"value"},
    "io.k8s.api.storage.v1.CSIDriver": {"spec"},
    "io.k8s.api.storage.v1.CSINodeSpec": {"drivers"},
    "io.k8s.api.storage.v1.TokenRequest": {"audience"},
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion":
        {"served", "storage"},
}

# Choices the server insists on, which its types do not mark as such.
CHOICES = {
    "io.k8s.api.admissionregistration.v1.MutatingWebhook":
        {"reinvocationPolicy": ("IfNeeded", "Never")},
    "io.k8s.api.admissionregistration.v1.RuleWithOperations":
        {"scope": ("*", "Cluster", "Namespaced")},
    "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy":
        {"whenDeleted": ("Delete", "Retain"), "whenScaled": ("Delete", "Retain")},
    "io.k8s.api.autoscaling.v2.HPAScalingPolicy": {"type": ("Percent", "Pods")},
    "io.k8s.api.autoscaling.v2.HPAScalingRules": {"selectPolicy": ("Disabled", "Max", "Min")},
    "io.k8s.api.autoscaling.v2.MetricSpec":
        {"type": ("ContainerResource", "External", "Object", "Pods", "Resource")},
    "io.k8s.api.autoscaling.v2.MetricTarget": {"type": ("AverageValue", "Utilization", "Value")},
    "io.k8s.api.core.v1.PodSecurityContext": {"seLinuxChangePolicy": ("MountOption", "Recursive")},
    "io.k8s.api.rbac.v1.Subject": {"kind": ("Group", "ServiceAccount", "User")},
    "io.k8s.api.rbac.v1.RoleRef": {"kind": ("ClusterRole", "Role")},
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion":
        {"strategy": ("None", "Webhook")},
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec":
        {"scope": ("Cluster", "Namespaced")},
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement":
        {"operator": ("DoesNotExist", "Exists", "In", "NotIn")},
}

KINDS = ["ANY", "OBJECT", "OPEN", "MAP", "LIST", "STR", "INT", "NUMBER", "BOOL", "INT_OR_STR",
         "QUANTITY"]
FORMATS = {None: 0, "int32": 1, "int64": 2, "double": 3, "byte": 4, "date-time": 5}
LISTS = {None: 0, "atomic": 0, "map": 1, "set": 2}
ANY_VALUE = ("apiextensions.v1.JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool",
             "JSONSchemaPropsOrStringArray")


class Pool:
    """Numbers for equal things, in order of arrival."""

    def __init__(self):
        self.ids, self.items = {}, []

    def add(self, item):
        if item not in self.ids:
            self.ids[item] = len(self.items)
            self.items.append(item)
        return self.ids[item]


class Strings:
    def __init__(self):
        self.offsets, self.list, self.size = {}, [], 0

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.list.append(text)
            self.size += len(text.encode()) + 1
            if self.size > 0xFFFF:
                sys.exit("the strings no longer fit 16 bit offsets")
        return self.offsets[text]


def read_definitions(folder):
    definitions = {}
    for path in sorted(glob.glob(os.path.join(folder, "api/openapi-spec/v3/*.json"))):
        with open(path) as file:
            schemas = json.load(file).get("components", {}).get("schemas", {})
        for name, schema in schemas.items():
            definitions.setdefault(name, schema)
    return definitions


def read_enums(folder):
    """{normalised definition: {property: values}} from the generated Go source."""
    enums, function, prop, nested = {}, None, None, False
    path = os.path.join(folder, "pkg/generated/openapi/zz_generated.openapi.go")
    with open(path) as file:
        for line in file:
            match = re.match(r"func schema_(\w+)\(ref", line)
            if match:
                function, prop = re.sub(r"^k8sio_", "", match[1]), None
                continue
            match = re.match(r"\t{5}\"([^\"]+)\": \{$", line)
            if match:
                prop, nested = match[1], False
            elif re.match(r"\t+(Items|AdditionalProperties):", line):
                nested = True
            match = re.match(r"\t+Enum:\s+\[\]interface\{\}\{(.*)\},$", line)
            if match and prop:
                values = tuple(sorted(json.loads("[" + match[1] + "]")))
                enums.setdefault(function, {})[prop, nested] = values
    return enums


def normalise(name):
    return re.sub(r"^io\.k8s\.", "", name).replace("-", "").replace(".", "_")


def enums_by_definition(definitions, folder):
    by_function = read_enums(folder)
    found = {}
    for name in definitions:
        normal = normalise(name)
        for function in by_function:
            if normal == function or normal.endswith("_" + function):
                found[name] = dict(by_function[function])
    for name, choices in CHOICES.items():
        for prop, values in choices.items():
            found.setdefault(name, {}).setdefault((prop, False), values)
    return found


class Packer:
    def __init__(self):
        self.strings = Strings()
        self.strings.add("")
        self.enums, self.keys, self.types = Pool(), Pool(), Pool()
        self.enums.add(())
        self.keys.add(())
        self.types.add(("ANY", 0, 0, 0, 0, 0))
        self.definitions = collections.OrderedDict()  # name -> {property: {(type, required): mask}}
        self.numbers = {}
        self.kinds = {}  # (apiVersion, kind) -> [type, mask]

    def number(self, name):
        return self.numbers.setdefault(name, len(self.numbers))

    def type(self, kind, ref=0, format=None, list_type=None, enum=(), keys=()):
        return self.types.add((kind, ref, FORMATS[format], LISTS[list_type], self.enums.add(enum),
                               self.keys.add(keys)))

    def key_defaults(self, items, keys, minor):
        schema, name = self.resolve(items, minor)
        props = schema.get("properties", {})
        return tuple((key, str(props.get(key, {}).get("default", ""))) for key in keys)

    def resolve(self, schema, minor):
        name = None
        ref = schema.get("$ref") or next((s["$ref"] for s in schema.get("allOf", []) if "$ref" in s),
                                         None)
        if ref:
            name = ref.rsplit("/", 1)[1]
            schema = minor.definitions[name]
        return schema, name

    def type_of(self, schema, minor, enums, prop, nested=False):
        outer = schema
        schema, name = self.resolve(schema, minor)
        if name:
            if name.endswith(ANY_VALUE):
                return self.type("ANY")
            if name.endswith("api.resource.Quantity"):
                return self.type("QUANTITY")
            if "properties" in schema:
                return self.type("OBJECT", self.number(name))
        if schema.get("format") == "int-or-string":
            return self.type("INT_OR_STR")
        kind = schema.get("type")
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            item = self.type_of(schema["additionalProperties"], minor, enums, prop, True)
            return self.type("MAP", item)
        if kind == "object":
            return self.type("OPEN")
        if kind == "array":
            item = self.type_of(schema["items"], minor, enums, prop, True)
            keys = tuple(outer.get("x-kubernetes-list-map-keys", ()))
            pairs = self.key_defaults(schema["items"], keys, minor) if keys else ()
            return self.type("LIST", item, None, outer.get("x-kubernetes-list-type"), (), pairs)
        simple = {"string": "STR", "integer": "INT", "number": "NUMBER", "boolean": "BOOL"}
        if kind not in simple:
            return self.type("ANY")
        enum = enums.get((prop, nested), ()) if kind == "string" else ()
        return self.type(simple[kind], 0, schema.get("format"), None, enum)

    def add_definition(self, name, schema, minor):
        self.number(name)
        enums = minor.enums.get(name, {})
        required = set(schema.get("required", ())) - NOT_NEEDED.get(name, set())
        props = self.definitions.setdefault(name, {})
        for prop, inner in schema["properties"].items():
            key = (self.type_of(inner, minor, enums, prop), prop in required)
            variants = props.setdefault(prop, {})
            variants[key] = variants.get(key, 0) | minor.bit

    def add_kinds(self, minor):
        for name, schema in sorted(minor.definitions.items()):
            kinds = schema.get("x-kubernetes-group-version-kind", [])
            if len(kinds) != 1:
                continue
            kind = kinds[0]
            version = "/".join(filter(None, [kind["group"], kind["version"]]))
            type_id = self.type("OBJECT", self.number(name)) if "properties" in schema \
                else self.type("OPEN")
            row = self.kinds.setdefault((version, kind["kind"]), [type_id, 0])
            row[1] |= minor.bit

    def add(self, minor):
        for name, schema in sorted(minor.definitions.items()):
            if "properties" in schema:
                self.add_definition(name, schema, minor)
        self.add_kinds(minor)


class Minor:
    def __init__(self, number, bit, folder):
        self.number, self.bit = number, bit
        self.definitions = read_definitions(folder)
        self.enums = enums_by_definition(self.definitions, folder)


def read_lifecycle(folder, lifecycle):
    pattern = re.compile(r"func \(in \*(\w+)\) APILifecycle(\w+)\(\) [^{]*\{\n\treturn ([^\n]*)")
    for path in glob.glob(os.path.join(folder, "*/*/zz_generated.prerelease-lifecycle.go")):
        with open(os.path.join(os.path.dirname(path), "register.go")) as file:
            group = re.search(r'GroupName\s*=\s*"([^"]*)"', file.read())[1]
        version = os.path.basename(os.path.dirname(path))
        version = "/".join(filter(None, [group, version]))
        if group in MESSAGES:
            continue
        with open(path) as file:
            for kind, what, value in pattern.findall(file.read()):
                row = lifecycle.setdefault((version, kind), {})
                if what == "Replacement":
                    parts = dict(re.findall(r'(\w+): "([^"]*)"', value))
                    row[what] = ("/".join(filter(None, [parts["Group"], parts["Version"]])),
                                 parts["Kind"])
                else:
                    row[what] = int(value.split(", ")[1])


def all_kinds(packer, lifecycle, minors):
    """Rows of the kind table: version, kind, type, mask, introduced, deprecated, removed, instead."""
    rows = {}
    for key, (type_id, mask) in packer.kinds.items():
        rows[key] = [type_id, mask, 0, 0, 0, "", ""]
    for key, life in lifecycle.items():
        row = rows.setdefault(key, [0, 0, 0, 0, 0, "", ""])
        row[2:5] = [life.get(what, 0) for what in ("Introduced", "Deprecated", "Removed")]
        row[5:7] = life.get("Replacement", ("", ""))
    for key, (introduced, deprecated, removed, version, kind) in GONE.items():
        rows[key] = [0, 0, introduced, deprecated, removed, version, kind]
    for key, (deprecated, version, kind) in WARNED.items():
        rows[key][3], rows[key][5], rows[key][6] = deprecated, version, kind
    newest = minors[-1]
    for key, row in rows.items():
        served = [minor.number for minor in minors if row[1] & minor.bit]
        if not served:
            continue
        if served[0] > minors[0].number:
            row[2] = served[0]
        if served[-1] < newest.number:
            row[4] = served[-1] + 1
        elif row[4] and row[4] <= newest.number:
            row[4] = 0  # planned, but still there
    # A kind that was never in a release we know, and is not known to have gone, says nothing.
    return {key: row for key, row in rows.items() if row[1] or (row[4] and not key[1].endswith("List"))}


def wrap(out, cells):
    line = ""
    for cell in cells:
        if len(line) + len(cell) > 118:
            out.append(line)
            line = ""
        line += cell
    if line:
        out.append(line)


def emit(packer, kinds, minors):
    strings, out = packer.strings, []
    enum_at, enum_cells = [0], [0]
    for values in packer.enums.items[1:]:
        enum_at.append(len(enum_cells))
        enum_cells += [len(values)] + [strings.add(value) for value in values]
    key_at, key_cells = [0], [0]
    for pairs in packer.keys.items[1:]:
        key_at.append(len(key_cells))
        key_cells.append(len(pairs))
        for name, default in pairs:
            key_cells += [strings.add(name), strings.add(default)]
    props, defs = [], []
    for name, number in sorted(packer.numbers.items(), key=lambda item: item[1]):
        first = len(props)
        for prop, variants in sorted(packer.definitions.get(name, {}).items(),
                                     key=lambda item: item[0].encode()):
            for (type_id, required), mask in variants.items():
                props.append((strings.add(prop), type_id, mask | (0x8000 if required else 0)))
        defs.append((first, len(props) - first))
    rows = []
    for (version, kind), row in sorted(kinds.items(), key=lambda item: (item[0][1].encode(),
                                                                        item[0][0].encode())):
        rows.append((strings.add(kind), strings.add(version), row[0], row[1], strings.add(row[5]),
                     strings.add(row[6]), *row[2:5]))
    if max(len(props), len(packer.types.items), len(defs), len(enum_cells), len(key_cells)) > 0xFFFF:
        sys.exit("a table no longer fits 16 bit numbers")

    def table(declaration, cells):
        out.append("static const %s = {" % declaration)
        wrap(out, cells)
        out.append("};\n")

    out.append("/* Generated by packaging/schema/generate.py: do not edit. */\n")
    out.append("#define KUBE_MINOR_FIRST %du" % minors[0].number)
    out.append("#define KUBE_MINOR_COUNT %du\n" % len(minors))
    table("char strings[]", ['"%s\\0"' % json.dumps(text)[1:-1] for text in strings.list])
    table("uint16_t enums[]", ["%d," % cell for cell in enum_cells])
    table("uint16_t keys[]", ["%d," % cell for cell in key_cells])
    table("struct kube_type types[]",
          ["{%d,%d,%d,%d,%d,%d}," % (KINDS.index(kind), format, list_type, ref, enum_at[enum],
                                     key_at[key])
           for kind, ref, format, list_type, enum, key in packer.types.items])
    table("struct kube_property properties[]", ["{%d,%d,%d}," % prop for prop in props])
    table("struct kube_definition definitions[]", ["{%d,%d}," % d for d in defs])
    table("struct kube_kind_row kinds[]", ["{%d,%d,%d,%d,%d,%d,%d,%d,%d}," % row for row in rows])
    print("\n".join(out))
    size = (strings.size + 2 * len(enum_cells) + 2 * len(key_cells) + 10 * len(packer.types.items) +
            6 * len(props) + 4 * len(defs) + 16 * len(rows))
    print("%d bytes: %d strings (%d bytes), %d types, %d properties, %d definitions, %d kinds" %
          (size, len(strings.list), strings.size, len(packer.types.items), len(props), len(defs),
           len(rows)), file=sys.stderr)


def main(arguments):
    packer, minors, lifecycle = Packer(), [], {}
    for i in range(0, len(arguments), 3):
        number, spec, api = arguments[i:i + 3]
        minor = Minor(int(number), 1 << (i // 3), spec)
        packer.add(minor)
        read_lifecycle(api, lifecycle)
        minors.append(minor)
        minor.definitions = None
    emit(packer, all_kinds(packer, lifecycle, minors), minors)


if __name__ == "__main__":
    main(sys.argv[1:])
