/* Objects of custom kinds: what the server would prune, then what it would refuse. */
#include "base/base.h"

#include "schema/crd_node.h"

#include "base/suggest.h"
#include "base/utf8.h"
#include "schema/kube_walk.h"

#include <math.h>

#define FIELDS_MAX 512u

struct check {
	struct kube_walk *walk;
	const struct crd_version *version;
	/*
	 * Inside of allOf, anyOf, oneOf and not: fields are only looked at, never unknown. The schema
	 * proper at the same place, for its defaults, is handed along as `base`.
	 */
	bool is_branch;
};

static void check_node(const struct check *c, const struct kube_frame *frame,
                       const struct crd_node *node, const struct crd_node *base,
                       const struct val *v);

static bool judges_values(const struct check *c)
{
	return !c->walk->is_in_status;
}

static bool asks_for_fields(const struct check *c)
{
	return judges_values(c) && !c->walk->check->is_patch;
}

static void tell_value(const struct check *c, const struct kube_frame *frame, const struct val *v,
                       const char *fmt, ...) PRINTF_LIKE(4, 5);
static void tell_value(const struct check *c, const struct kube_frame *frame, const struct val *v,
                       const char *fmt, ...)
{
	const struct kube_tell what = { .kind = KUBE_BAD_FORMAT, .at = v };
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	kube_tell(c->walk, frame, &what, "%s", message.ptr);
}

/* --- types --- */

struct type_text {
	enum val_kind kind;
	const char *expected;
};

static const struct type_text type_texts[] = {
	[CRD_ANY] = { VAL_NULL, "" },
	[CRD_OBJECT] = { VAL_MAP, "an object" },
	[CRD_ARRAY] = { VAL_LIST, "a list" },
	[CRD_STRING] = { VAL_STR, "a string" },
	[CRD_INTEGER] = { VAL_INT, "an integer" },
	[CRD_NUMBER] = { VAL_FLOAT, "a number" },
	[CRD_BOOLEAN] = { VAL_BOOL, "true or false" },
};

static bool is_of_type(const struct crd_node *node, const struct val *v)
{
	if (node->flags & CRD_INT_OR_STRING)
		return v->kind == VAL_STR || kube_is_whole(v, INT64_MIN, INT64_MAX);
	if (node->type == CRD_ANY)
		return true;
	if (node->type == CRD_INTEGER)
		return kube_is_whole(v, INT64_MIN, INT64_MAX);
	if (node->type == CRD_NUMBER)
		return v->kind == VAL_INT || v->kind == VAL_FLOAT;
	return v->kind == type_texts[node->type].kind;
}

static void tell_type(const struct check *c, const struct kube_frame *frame,
                      const struct crd_node *node, const struct val *v)
{
	if (node->flags & CRD_INT_OR_STRING)
		kube_tell_type(c->walk, frame, v, VAL_NULL, "an integer or a string");
	else
		kube_tell_type(c->walk, frame, v, type_texts[node->type].kind,
		               type_texts[node->type].expected);
}

/* --- values --- */

static bool is_in_enum(const struct crd_node *node, const struct val *v)
{
	const struct val *choice;
	for (VAL_EACH_ITEM(i, choice, node->enumeration))
		if (val_equal(choice, v))
			return true;
	return false;
}

static void check_enum(const struct check *c, const struct kube_frame *frame,
                       const struct crd_node *node, const struct val *v)
{
	if (!node->enumeration || is_in_enum(node, v))
		return;
	const char *choices[FIELDS_MAX];
	size_t n = 0;
	const struct val *choice;
	for (VAL_EACH_ITEM(i, choice, node->enumeration))
		if (choice->kind == VAL_STR && n < FIELDS_MAX)
			choices[n++] = choice->as.str.ptr;
	if (n) {
		kube_tell_choice(c->walk, frame, v, choices, n);
		return;
	}
	const struct kube_tell what = { .kind = KUBE_NOT_IN_ENUM, .at = v };
	kube_tell(c->walk, frame, &what, "not one of the values allowed");
}

static void check_size(const struct check *c, const struct kube_frame *frame,
                       const struct crd_node *node, const struct val *v)
{
	const char *unit = v->kind == VAL_STR    ? "characters"
	                   : v->kind == VAL_LIST ? "items"
	                                         : "fields";
	size_t size = v->kind == VAL_STR ? utf8_count(v->as.str.ptr, v->as.str.len) : val_len(v);
	if (size < node->min_size)
		tell_value(c, frame, v, "%zu %s, at least %zu are needed", size, unit,
		           node->min_size);
	if (size > node->max_size)
		tell_value(c, frame, v, "%zu %s, at most %zu are allowed", size, unit,
		           node->max_size);
}

static void check_number(const struct check *c, const struct kube_frame *frame,
                         const struct crd_node *node, const struct val *v)
{
	double number = v->kind == VAL_INT ? (double)v->as.integer : v->as.number;
	bool is_above = node->flags & CRD_ABOVE_MINIMUM, is_below = node->flags & CRD_BELOW_MAXIMUM;
	if ((node->flags & CRD_HAS_MINIMUM) &&
	    (is_above ? number <= node->minimum : number < node->minimum))
		tell_value(c, frame, v, "must be %s %.17g", is_above ? "greater than" : "at least",
		           node->minimum);
	if ((node->flags & CRD_HAS_MAXIMUM) &&
	    (is_below ? number >= node->maximum : number > node->maximum))
		tell_value(c, frame, v, "must be %s %.17g", is_below ? "less than" : "at most",
		           node->maximum);
	if (node->multiple_of > 0 && fabs(remainder(number, node->multiple_of)) > 1e-9)
		tell_value(c, frame, v, "must be a multiple of %.17g", node->multiple_of);
}

/*
 * As the server reads them for custom kinds, which is laxer than for its own. Formats it does not
 * check either are not in here.
 */
static void check_format(const struct check *c, const struct kube_frame *frame,
                         const struct crd_node *node, const struct val *v)
{
	static const struct {
		const char *name, *expected;
		bool (*is_one)(const char *text, size_t len);
	} formats[] = {
		{ "date-time", "a time such as 2026-01-31T10:00:00Z", crd_is_date_time },
		{ "datetime", "a time such as 2026-01-31T10:00:00Z", crd_is_date_time },
		{ "date", "a date such as 2026-01-31", kube_is_date },
		{ "byte", "base64", crd_is_byte },
		{ "ipv4", "an IPv4 address", crd_is_ipv4 },
		{ "ipv6", "an IPv6 address", kube_is_ipv6 },
		{ "cidr", "a network such as 10.0.0.0/8", crd_is_cidr },
		{ "uuid", "a UUID", kube_is_uuid },
		{ "duration", "a duration such as 1h30m", crd_is_duration },
		{ "email", "an e-mail address", crd_is_email },
		{ "hostname", "a host name", crd_is_hostname },
		{ "uri", "a URI", crd_is_uri },
	};
	for (size_t i = 0; node->format && i < ARRAY_LEN(formats); i++)
		if (str_equal(node->format, formats[i].name) &&
		    !formats[i].is_one(v->as.str.ptr, v->as.str.len))
			tell_value(c, frame, v, "expected %s", formats[i].expected);
}

/* NULL for a pattern that our engine refuses: then nothing can be said. */
static const struct regex *regex_of(struct crd_pattern *pattern)
{
	struct regex *regex = atomic_load(&pattern->regex), *made = NULL;
	if (regex)
		return regex;
	err *e = regex_new(pattern->text, &made);
	if (e) {
		err_ignore(e, "the server is the judge of such patterns");
		return NULL;
	}
	if (atomic_compare_exchange_strong(&pattern->regex, &regex, made))
		return made;
	regex_free(made);
	return regex;
}

static void check_pattern(const struct check *c, const struct kube_frame *frame,
                          const struct crd_node *node, const struct val *v)
{
	const struct regex *regex = node->pattern ? regex_of(node->pattern) : NULL;
	bool is_match = true;
	if (!regex)
		return;
	err *e = regex_matches(regex, (struct view){ v->as.str.ptr, v->as.str.len }, &is_match);
	if (e)
		err_ignore(e, "too costly to tell");
	else if (!is_match)
		tell_value(c, frame, v, "must match the pattern %s", node->pattern->text);
}

static void check_value(const struct check *c, const struct kube_frame *frame,
                        const struct crd_node *node, const struct val *v)
{
	check_enum(c, frame, node, v);
	if (v->kind == VAL_INT || v->kind == VAL_FLOAT)
		check_number(c, frame, node, v);
	if (v->kind == VAL_STR) {
		check_format(c, frame, node, v);
		check_pattern(c, frame, node, v);
	}
	if (v->kind == VAL_STR || v->kind == VAL_LIST || v->kind == VAL_MAP)
		check_size(c, frame, node, v);
}

/* --- alternatives --- */

static bool matches(const struct check *c, const struct kube_frame *frame,
                    const struct crd_node *node, const struct crd_node *base, const struct val *v)
{
	struct check branch = *c;
	size_t before = c->walk->n_problems;
	branch.is_branch = true;
	c->walk->silent++;
	check_node(&branch, frame, node, base, v);
	c->walk->silent--;
	bool is_match = c->walk->n_problems == before;
	c->walk->n_problems = before;
	return is_match;
}

static size_t count_matches(const struct check *c, const struct kube_frame *frame,
                            const struct crd_nodes *nodes, const struct crd_node *base,
                            const struct val *v)
{
	size_t n = 0;
	for (size_t i = 0; i < nodes->len; i++)
		n += matches(c, frame, nodes->ptr[i], base, v);
	return n;
}

/* "'a' or 'b' and 'c'", when alternatives are told by the fields they require. */
static bool describe_alternatives(const struct crd_nodes *nodes, struct str *text)
{
	for (size_t i = 0; i < nodes->len; i++) {
		const struct crd_names *required = &nodes->ptr[i]->required;
		if (!required->len)
			return false;
		str_addz(text, i ? " or " : "");
		for (size_t k = 0; k < required->len; k++)
			str_addf(text, "%s'%s'", k ? " and " : "", required->ptr[k]);
	}
	return nodes->len > 0;
}

static void tell_alternatives(const struct check *c, const struct kube_frame *frame,
                              const struct crd_nodes *nodes, const struct val *v,
                              const char *how_many)
{
	AUTO(str) text = STR_INIT;
	if (describe_alternatives(nodes, &text))
		tell_value(c, frame, v, "%s must be set: %s", how_many, text.ptr);
	else
		tell_value(c, frame, v, "%s of %zu alternatives must fit", how_many, nodes->len);
}

static void check_alternatives(const struct check *c, const struct kube_frame *frame,
                               const struct crd_node *node, const struct crd_node *base,
                               const struct val *v)
{
	struct check branch = *c;
	branch.is_branch = true;
	for (size_t i = 0; i < node->all_of.len; i++)
		check_node(&branch, frame, node->all_of.ptr[i], base, v);
	if (node->any_of.len && !count_matches(c, frame, &node->any_of, base, v))
		tell_alternatives(c, frame, &node->any_of, v, "at least one");
	if (node->one_of.len && count_matches(c, frame, &node->one_of, base, v) != 1)
		tell_alternatives(c, frame, &node->one_of, v, "exactly one");
	if (node->negated && matches(c, frame, node->negated, base, v))
		tell_value(c, frame, v, "has what is ruled out here");
}

/* --- objects and lists --- */

static bool is_implicit(const struct crd_node *node, const struct kube_frame *frame,
                        const char *name)
{
	bool is_object = !frame || (node->flags & CRD_EMBEDDED);
	return is_object && (str_equal(name, "apiVersion") || str_equal(name, "kind") ||
	                     str_equal(name, "metadata"));
}

static void check_unknown(const struct check *c, const struct kube_frame *member,
                          const struct crd_node *node)
{
	const char *names[FIELDS_MAX];
	size_t n = 0;
	bool is_open = c->is_branch || c->version->is_open || (node->flags & CRD_PRESERVE) ||
	               (node->flags & CRD_OPEN) || kube_is_directive(c->walk, member->entry->key);
	if (is_open)
		return;
	for (size_t i = 0; i < node->n_properties && n < FIELDS_MAX; i++)
		if (!val_get(member->map, node->properties[i].name))
			names[n++] = node->properties[i].name;
	kube_tell_unknown(c->walk, member, suggest_nearest(member->entry->key, names, n), NULL);
}

static void check_member(const struct check *c, const struct kube_frame *frame,
                         const struct kube_frame *member, const struct crd_node *node,
                         const struct crd_node *base)
{
	const char *name = member->entry->key;
	const struct val *v = member->entry->value;
	const struct crd_node *inner = crd_property(node, name);
	const struct crd_node *below = base ? crd_property(base, name) : NULL;
	if (is_implicit(node, frame, name) && !c->is_branch) {
		if (str_equal(name, "metadata"))
			kube_check_metadata(c->walk, member, v);
		else if (v->kind != VAL_STR)
			kube_tell_type(c->walk, member, v, VAL_STR, "a string");
	} else if (inner) {
		check_node(c, member, inner, below, v);
	} else if (node->additional) {
		check_node(c, member, node->additional, base ? base->additional : NULL, v);
	} else {
		check_unknown(c, member, node);
	}
}

/* Written, or there by its default; a null counts where it is a value. */
static bool has_member(const struct val *map, const char *name, const struct crd_node *node)
{
	const struct val *v = val_get(map, name);
	if (node && node->fallback)
		return true;
	return v && (v->kind != VAL_NULL || !node || (node->flags & CRD_NULLABLE));
}

static void check_identity(const struct check *c, const struct kube_frame *frame,
                           const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);
	if (!v || v->kind == VAL_NULL)
		kube_tell_missing(c->walk, frame, map, name);
	else if (v->kind == VAL_STR && !v->as.str.len)
		tell_value(c, frame, map, "%s must not be empty", name);
}

static void check_required(const struct check *c, const struct kube_frame *frame,
                           const struct crd_node *node, const struct crd_node *base,
                           const struct val *map)
{
	if (!asks_for_fields(c))
		return;
	for (size_t i = 0; i < node->required.len; i++) {
		const char *name = node->required.ptr[i];
		const struct crd_node *inner = base ? crd_property(base, name) : NULL;
		if (!has_member(map, name, inner))
			kube_tell_missing(c->walk, frame, map, name);
	}
	if ((node->flags & CRD_EMBEDDED) && !c->is_branch) {
		check_identity(c, frame, map, "apiVersion");
		check_identity(c, frame, map, "kind");
	}
}

/* To alternatives, a default is there as if it were written. */
static void check_defaults(const struct check *c, const struct kube_frame *frame,
                           const struct crd_node *node, const struct crd_node *base,
                           const struct val *map)
{
	for (size_t i = 0; c->is_branch && base && i < node->n_properties; i++) {
		const char *name = node->properties[i].name;
		const struct crd_node *inner = crd_property(base, name);
		if (inner && inner->fallback && !val_get(map, name))
			check_node(c, frame, node->properties[i].node, inner, inner->fallback);
	}
}

static void check_members(const struct check *c, const struct kube_frame *frame,
                          const struct crd_node *node, const struct crd_node *base,
                          const struct val *map)
{
	const struct val_entry *entry;
	bool was_in_status = c->walk->is_in_status;
	const struct kube_check *check = c->walk->check;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		const struct kube_frame member = { .up = frame, .map = map, .entry = entry };
		if (!frame && check->is_encrypted && str_equal(entry->key, "sops"))
			continue;
		if (!frame && c->version->has_status && str_equal(entry->key, "status"))
			c->walk->is_in_status = true;
		check_member(c, frame, &member, node, base);
		c->walk->is_in_status = was_in_status;
	}
	check_defaults(c, frame, node, base, map);
	check_required(c, frame, node, base, map);
}

static void check_items(const struct check *c, const struct kube_frame *frame,
                        const struct crd_node *node, const struct crd_node *base,
                        const struct val *list)
{
	const struct val *item;
	const char *item_key = node->keys.len == 1 ? node->keys.ptr[0] : NULL;
	for (VAL_EACH_ITEM(i, item, list)) {
		const struct kube_frame at = {
			.up = frame, .item = item, .index = i, .item_key = item_key
		};
		if (node->items)
			check_node(c, &at, node->items, base ? base->items : NULL, item);
	}
	if (!asks_for_fields(c) || !(node->flags & (CRD_LIST_MAP | CRD_LIST_SET)))
		return;
	const struct kube_unique unique = { node->keys.ptr, node->key_defaults, node->keys.len };
	if (node->keys.len || (node->flags & CRD_LIST_SET))
		kube_check_unique(c->walk, frame, list, &unique);
}

/* A null member is as good as none; a null item is a value. */
static void check_null(const struct check *c, const struct kube_frame *frame,
                       const struct crd_node *node, const struct val *v)
{
	bool is_fine = (node->flags & CRD_NULLABLE) ||
	               (node->type == CRD_ANY && !(node->flags & CRD_INT_OR_STRING));
	bool is_item = frame && !frame->map;
	if (is_item && !is_fine && asks_for_fields(c) && !c->is_branch)
		tell_type(c, frame, node, v);
}

static void check_node(const struct check *c, const struct kube_frame *frame,
                       const struct crd_node *node, const struct crd_node *base,
                       const struct val *v)
{
	if (kube_is_opaque(c->walk, v))
		return;
	if (v->kind == VAL_NULL) {
		check_null(c, frame, node, v);
		return;
	}
	if (!is_of_type(node, v)) {
		if (judges_values(c))
			tell_type(c, frame, node, v);
		return;
	}
	if (v->kind == VAL_MAP)
		check_members(c, frame, node, base, v);
	if (v->kind == VAL_LIST)
		check_items(c, frame, node, base, v);
	if (judges_values(c))
		check_value(c, frame, node, v);
	/* A part of an object says nothing about alternatives of the whole. */
	if (judges_values(c) && !(c->walk->check->is_patch && v->kind == VAL_MAP))
		check_alternatives(c, frame, node, base, v);
}

void crd_check_object(const struct kube_check *check, const struct crd_version *version,
                      const struct val *object)
{
	struct kube_walk walk = { .check = check, .root = object, .is_custom = true };
	const struct check c = { .walk = &walk, .version = version };
	if (version->root)
		check_node(&c, NULL, version->root, version->root, object);
}
