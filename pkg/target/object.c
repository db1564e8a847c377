#include "base/base.h"

#include "target/object.h"

#include "base/limits.h"
#include "base/suggest.h"
#include "base/vec.h"

void object_set_init(struct object_set *set)
{
	*set = (struct object_set){ 0 };
}

void object_set_clear(struct object_set *set)
{
	map_clear(&set->by_key);
	map_clear(&set->by_display);
	mem_free(set->items);
	arena_clear(&set->arena);
	arena_clear(&set->names);
	object_set_init(set);
}

const char *object_annotation(const struct object *object, const char *name)
{
	const struct val *metadata = val_get(object->doc, "metadata");
	return val_get_str(val_get(metadata, "annotations"), name, NULL);
}

err *object_error(const struct object *object, enum err_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO(str) text = STR_INIT;
	str_addvf(&text, fmt, args);
	va_end(args);
	err *e = err_new(kind, "%s: %s", object->display, text.ptr);
	const struct val *place = val_get(object->doc, "kind");
	return val_place(e, place ? place : object->doc);
}

/* A name that can stand in a key, a path and a message: no '/', no control characters. */
static err *check_name(const struct val *v, const char *what, size_t limit)
{
	const char *text;
	TRY(val_str(v, &text));
	size_t len = strlen(text);
	if (len == 0)
		return val_error(v, "%s is empty", what);
	if (len > limit)
		return val_error(v, "%s is longer than %zu bytes", what, limit);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '/' || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return val_error(v, "%s may not contain '/' or control characters", what);
	return NULL;
}

static err *check_strings_map(const struct val *metadata, const char *field)
{
	const struct val *map = val_get(metadata, field);
	if (!map || map->kind == VAL_NULL)
		return NULL;
	if (map->kind != VAL_MAP)
		return val_error(map, "metadata.%s must be a map, found %s", field,
		                 val_kind_text(map));
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map))
		if (!val_is(entry->value, VAL_STR))
			return err_hint(val_error(entry->value,
			                          "metadata.%s: expected a string, found %s", field,
			                          val_kind_text(entry->value)),
			                "put the value in quotes");
	return NULL;
}

static err *check_identity(const struct val *doc)
{
	const struct val *api_version, *kind, *metadata, *name;
	TRY(val_need(doc, "apiVersion", VAL_STR, &api_version));
	TRY(val_need(doc, "kind", VAL_STR, &kind));
	TRY(check_name(kind, "kind", 128));
	TRY(val_need(doc, "metadata", VAL_MAP, &metadata));
	TRY(val_need(metadata, "name", VAL_STR, &name));
	TRY(check_name(name, "metadata.name", 253));
	if (val_get(metadata, "namespace"))
		TRY(check_name(val_get(metadata, "namespace"), "metadata.namespace", 253));
	TRY(check_strings_map(metadata, "annotations"));
	TRY(check_strings_map(metadata, "labels"));
	const char *text = api_version->as.str.ptr, *slash = strchr(text, '/');
	if (!*text || (slash && (slash == text || !slash[1] || strchr(slash + 1, '/'))))
		return val_error(api_version, "apiVersion '%s' is not of the form group/version",
		                 text);
	return NULL;
}

static void identify(struct arena *a, struct object *object)
{
	object->key = arena_printf(a, "%s/%s/%s/%s", object->group, object->kind,
	                           object->name_space, object->name);
	object->display = *object->name_space
	                          ? arena_printf(a, "%s/%s/%s", object->kind, object->name_space,
	                                         object->name)
	                          : arena_printf(a, "%s/%s", object->kind, object->name);
}

static void name_object(struct arena *a, struct object *object)
{
	const char *api_version = val_get_str(object->doc, "apiVersion", "");
	const char *slash = strchr(api_version, '/');
	const struct val *metadata = val_get(object->doc, "metadata");
	object->group = slash ? arena_strndup(a, api_version, (size_t)(slash - api_version)) : "";
	object->version = slash ? slash + 1 : api_version;
	object->kind = val_get_str(object->doc, "kind", "");
	object->name_space = val_get_str(metadata, "namespace", "");
	object->name = val_get_str(metadata, "name", "");
	identify(a, object);
	const char *prune = object_annotation(object, ANNOTATION_PRUNE);
	object->keep_on_prune = prune && str_equal(prune, "disabled");
}

static err *add_items_of_list(struct object_set *set, const struct val *doc, const char *file)
{
	const struct val *items, *item;
	TRY(val_need(doc, "items", VAL_LIST, &items));
	for (VAL_EACH_ITEM(i, item, items))
		TRY(object_set_add(set, item, file));
	return NULL;
}

/* Into the maps, unless another one has that key. */
static err *enter(struct object_set *set, struct object *object)
{
	const struct object *other = map_get(&set->by_key, object->key);
	if (other) {
		const struct val *place = val_get(other->doc, "kind");
		return err_hint(object_error(object, ERR_INVALID, "this object is defined twice"),
		                "the first one is at %s:%" PRIu32,
		                place->source ? place->source->name : "?", place->mark.line);
	}
	map_set(&set->by_key, object->key, object);
	if (!map_has(&set->by_display, object->display))
		map_set(&set->by_display, object->display, object);
	return NULL;
}

err *object_set_move(struct object_set *set, struct object *object, const char *name_space)
{
	if (str_equal(object->name_space, name_space))
		return NULL;
	map_remove(&set->by_key, object->key);
	if (map_get(&set->by_display, object->display) == object)
		map_remove(&set->by_display, object->display);
	object->name_space = arena_strdup(&set->names, name_space);
	identify(&set->names, object);
	return enter(set, object);
}

err *object_set_add(struct object_set *set, const struct val *doc, const char *file)
{
	if (!val_is(doc, VAL_MAP))
		return val_error(doc, "expected a manifest (a map with apiVersion and kind), found %s",
		                 val_kind_text(doc));
	if (str_equal(val_get_str(doc, "kind", ""), "List") && val_get(doc, "items"))
		return add_items_of_list(set, doc, file);
	TRY(check_identity(doc));
	if (set->len >= LIMIT_OBJECTS)
		return val_place(err_new(ERR_LIMIT, "more than %u objects", LIMIT_OBJECTS), doc);
	struct object *object = ARENA_NEW(&set->names, struct object);
	object->doc = doc;
	object->file = file;
	object->index = set->len;
	name_object(&set->names, object);
	TRY(enter(set, object));
	if (set->len == set->cap) {
		set->cap = set->cap ? set->cap * 2 : 64;
		set->items = mem_realloc(set->items, set->cap, sizeof(*set->items));
	}
	set->items[set->len++] = object;
	return NULL;
}

void object_set_uncompile(struct object_set *set)
{
	for (size_t i = 0; i < set->len; i++) {
		struct object *object = set->items[i];
		object->compiled = NULL;
		object->is_sensitive = object->is_decrypted;
		object->edges = NULL;
		object->edge_count = object->edge_cap = 0;
	}
	arena_clear(&set->arena);
}

struct object *object_set_find(const struct object_set *set, const char *key)
{
	return map_get(&set->by_key, key);
}

/* The parts between '/' as strings; more than five is no reference. */
static size_t split_reference(struct view reference, char *parts[5])
{
	size_t count = 0;
	struct view part;
	while (view_split(&reference, '/', &part)) {
		if (count == 5)
			return 0;
		parts[count++] = mem_strndup(part.ptr, part.len);
	}
	return count;
}

static struct object *find_parts(const struct object_set *set, const struct object *from,
                                 char *parts[5], size_t count)
{
	AUTOFREE char *first = NULL;
	AUTOFREE char *second = NULL;
	if (count == 2) {
		first = str_format("%s/%s/%s", parts[0], from ? from->name_space : "", parts[1]);
		second = str_format("%s/%s", parts[0], parts[1]);
	} else if (count == 3) {
		first = str_format("%s/%s/%s", parts[0], parts[1], parts[2]);
		second = str_format("%s/%s//%s", parts[0], parts[1], parts[2]);
	} else if (count == 5 && str_equal(parts[1], "namespaces")) {
		first = str_format("%s/%s/%s/%s", parts[0], parts[3], parts[2], parts[4]);
		second = mem_strdup("");
	} else {
		return NULL;
	}
	struct object *found = map_get(&set->by_display, first);
	found = found ? found : map_get(&set->by_display, second);
	found = found ? found : map_get(&set->by_key, first);
	return found ? found : map_get(&set->by_key, second);
}

struct object *object_set_resolve(const struct object_set *set, const struct object *from,
                                  struct view reference)
{
	char *parts[5] = { NULL };
	size_t count = split_reference(reference, parts);
	struct object *found = find_parts(set, from, parts, count);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		mem_free(parts[i]);
	return found;
}

err *object_set_refer(const struct object_set *set, const struct object *from,
                      const struct val *at, struct view reference, struct object **ret_object)
{
	struct object *found = object_set_resolve(set, from, reference);
	if (found) {
		*ret_object = found;
		return NULL;
	}
	AUTOFREE char *text = mem_strndup(reference.ptr, reference.len);
	VEC(const char *) names = VEC_INIT;
	for (size_t i = 0; i < set->len; i++)
		vec_push(&names, set->items[i]->display);
	const char *nearest = suggest_nearest(text, names.ptr, names.len);
	vec_clear(&names);
	err *e = val_place(err_new(ERR_INVALID, "%s: there is no object '%s'", from->display, text),
	                   at);
	if (nearest)
		e = err_hint(e, "did you mean '%s'?", nearest);
	else
		e = err_hint(e, "write it as Kind/name or group/Kind/name of an object in this source");
	*ret_object = NULL;
	return e;
}

/* The edge there is, or a new one. */
static struct object_edge *edge_to(struct object_set *set, struct object *from, struct object *to)
{
	for (size_t i = 0; i < from->edge_count; i++)
		if (from->edges[i].to == to)
			return &from->edges[i];
	if (from->edge_count == from->edge_cap) {
		size_t cap = from->edge_cap ? from->edge_cap * 2 : 2;
		struct object_edge *grown = arena_zalloc(&set->arena, cap, sizeof(*grown));
		if (from->edge_count)
			memcpy(grown, from->edges, from->edge_count * sizeof(*grown));
		from->edges = grown;
		from->edge_cap = cap;
	}
	from->edges[from->edge_count] = (struct object_edge){ .to = to };
	return &from->edges[from->edge_count++];
}

void object_edge_add(struct object_set *set, struct object *from, struct object *to,
                     bool is_trigger)
{
	struct object_edge *edge = edge_to(set, from, to);
	edge->is_trigger = edge->is_trigger || is_trigger;
}

void object_edge_add_ready(struct object_set *set, struct object *from, struct object *to)
{
	edge_to(set, from, to)->needs_ready = true;
}

static struct view trim(struct view text)
{
	while (text.len && (*text.ptr == ' ' || *text.ptr == '\n' || *text.ptr == '\t')) {
		text.ptr++;
		text.len--;
	}
	while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\n' ||
	                    text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static err *add_annotated_edges(struct object_set *set, struct object *object,
                                const char *annotation)
{
	const struct val *annotations = val_get(val_get(object->doc, "metadata"), "annotations");
	const struct val *value = val_get(annotations, annotation);
	if (!value)
		return NULL;
	struct view rest = { value->as.str.ptr, value->as.str.len }, part;
	while (view_split(&rest, ',', &part)) {
		part = trim(part);
		if (part.len == 0)
			continue;
		struct object *to;
		TRY(object_set_refer(set, object, value, part, &to));
		object_edge_add_ready(set, object, to);
	}
	return NULL;
}

/*
 * Kahn's algorithm: count what each object waits for; whatever never becomes ready is on a cycle
 * or behind one.
 */
static size_t find_waiting(const struct object_set *set, size_t *waiting_for)
{
	struct object **ready = mem_zalloc(set->len + 1, sizeof(struct object *));
	size_t *first = mem_zalloc(set->len + 2, sizeof(size_t)), edges = 0, ready_count = 0;
	for (size_t i = 0; i < set->len; i++) {
		waiting_for[i] = set->items[i]->edge_count;
		edges += waiting_for[i];
		for (size_t e = 0; e < set->items[i]->edge_count; e++)
			first[set->items[i]->edges[e].to->index + 2]++;
		if (waiting_for[i] == 0)
			ready[ready_count++] = set->items[i];
	}
	for (size_t i = 2; i < set->len + 2; i++)
		first[i] += first[i - 1];
	struct object **followers = mem_zalloc(edges + 1, sizeof(struct object *));
	for (size_t i = 0; i < set->len; i++)
		for (size_t e = 0; e < set->items[i]->edge_count; e++)
			followers[first[set->items[i]->edges[e].to->index + 1]++] = set->items[i];
	size_t done = 0;
	for (; done < ready_count; done++) {
		size_t index = ready[done]->index;
		for (size_t f = first[index]; f < first[index + 1]; f++)
			if (--waiting_for[followers[f]->index] == 0)
				ready[ready_count++] = followers[f];
	}
	mem_free(ready);
	mem_free(first);
	mem_free(followers);
	return set->len - done;
}

static struct object *waiting_predecessor(const struct object *object, const size_t *waiting_for)
{
	for (size_t e = 0; e < object->edge_count; e++)
		if (waiting_for[object->edges[e].to->index] > 0)
			return object->edges[e].to;
	return NULL;
}

/* Walk from a waiting object to a waiting predecessor until one repeats: that is the cycle. */
static err *cycle_error(const struct object_set *set, const size_t *waiting_for)
{
	size_t *seen_at = mem_zalloc(set->len, sizeof(size_t)), step = 0;
	struct object *at = set->items[0];
	for (size_t i = 0; i < set->len; i++)
		if (waiting_for[i] > 0)
			at = set->items[i];
	while (!seen_at[at->index]) {
		seen_at[at->index] = ++step;
		at = waiting_predecessor(at, waiting_for);
	}
	mem_free(seen_at);
	struct object *start = at;
	AUTO(str) text = STR_INIT;
	size_t shown = 0;
	do {
		str_addf(&text, "%s -> ", at->display);
		at = waiting_predecessor(at, waiting_for);
	} while (at != start && ++shown < 20);
	str_addz(&text, at == start ? start->display : "…");
	return err_hint(object_error(start, ERR_INVALID, "depends on itself: %s", text.ptr),
	                "remove one of these dependencies");
}

err *object_set_order(struct object_set *set)
{
	err *all = NULL;
	for (size_t i = 0; i < set->len; i++) {
		all = err_join(all, add_annotated_edges(set, set->items[i], ANNOTATION_DEPENDS_ON));
		all = err_join(all, add_annotated_edges(set, set->items[i], ANNOTATION_AFTER));
	}
	if (all)
		return all;
	size_t *waiting_for = mem_zalloc(set->len + 1, sizeof(size_t));
	if (find_waiting(set, waiting_for) > 0)
		all = cycle_error(set, waiting_for);
	mem_free(waiting_for);
	return all;
}

void object_key_display(const char *key, struct str *out)
{
	struct view rest = view_of(key), part;
	for (size_t i = 0; view_split(&rest, '/', &part); i++) {
		if (i == 0 || (i == 2 && part.len == 0))
			continue;
		if (i > 1)
			str_addch(out, '/');
		str_add(out, part.ptr, part.len);
	}
}

const char *object_key_text(struct arena *arena, const char *key)
{
	AUTO(str) text = STR_INIT;
	object_key_display(key, &text);
	return arena_strndup(arena, text.ptr, text.len);
}
