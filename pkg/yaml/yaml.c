/*
 * Documents from libyaml's events. One pass builds the tree; children are collected on two
 * stacks and moved to the arena at their exact size when their list or map ends.
 */
#include "base/base.h"

#include <yaml.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "yaml/yaml.h"
#include "yaml/yaml_internal.h"
#include "yaml/yaml_loader.h"

/* --- errors --- */

static err *at_mark(const struct yaml_loader *l, err *take_e, struct val_mark mark)
{
	return take_e ? err_source(take_e, l->source->name, l->source->text, l->source->len,
	                           mark.start, MAX(mark.end, mark.start))
	              : NULL;
}

/*
 * What the strict loader refuses and the lenient one only reports. After a NULL the caller goes on
 * with what it can make of the text.
 */
static err *flaw_at(struct yaml_loader *l, enum yaml_flaw_kind kind, err *take_e,
                    struct val_mark mark)
{
	return take_e ? yaml_forgive(l, kind, at_mark(l, take_e, mark), mark.start, mark.end) : NULL;
}

static err *libyaml_error(struct yaml_loader *l)
{
	const yaml_parser_t *parser = &l->parser;
	struct yaml_problem problem = {
		.problem = parser->problem,
		.context = parser->context,
		.context_line = parser->context_mark.line + 1 + l->first_line,
	};
	if (parser->error == YAML_READER_ERROR) {
		problem.at = problem.context_at =
			MIN(parser->problem_offset + l->bom, l->source->len);
		return yaml_explain(l->source, &problem);
	}
	problem.at = yaml_byte_offset(l, parser->problem_mark.index);
	problem.context_at = yaml_byte_offset(l, parser->context_mark.index);
	return yaml_explain(l->source, &problem);
}

static err *next_event(struct yaml_loader *l)
{
	if (l->has_event)
		yaml_event_delete(&l->event);
	l->has_event = yaml_parser_parse(&l->parser, &l->event) == 1;
	return l->has_event ? NULL : libyaml_error(l);
}

static err *count_nodes(struct yaml_loader *l, uint64_t count)
{
	l->nodes += count;
	if (l->nodes <= LIMIT_NODES)
		return NULL;
	err *e = err_new(ERR_LIMIT, "more than %u values, with every alias counted in full",
	                 LIMIT_NODES);
	return at_mark(l, e, yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index));
}

static err *check_depth(struct yaml_loader *l, size_t depth, struct val_mark mark)
{
	if (depth > l->deepest)
		l->deepest = depth;
	if (depth <= LIMIT_DEPTH)
		return NULL;
	return at_mark(l, err_new(ERR_LIMIT, "nested deeper than %u levels", LIMIT_DEPTH), mark);
}

/* --- texts --- */

/* Small texts share chunks: an arena allocation each would round up to 16 bytes. */
static const char *add_text(struct yaml_loader *l, const char *text, size_t len)
{
	enum { CHUNK = 4096 };
	if (len >= CHUNK / 8)
		return arena_strndup(l->arena, text, len);
	if (l->text_left < len + 1) {
		l->text_next = arena_alloc(l->arena, CHUNK);
		l->text_left = CHUNK;
	}
	char *copy = l->text_next;
	memcpy(copy, text, len);
	copy[len] = '\0';
	l->text_next += len + 1;
	l->text_left -= len + 1;
	return copy;
}

/* Keys come again and again: keep one copy of those seen lately. */
static const char *add_key_text(struct yaml_loader *l, const char *text, size_t len)
{
	if (len == 0 || len > 64)
		return add_text(l, text, len);
	size_t hash = len * 7 + (unsigned char)text[0] * 31u + (unsigned char)text[len / 2] * 17u +
	              (unsigned char)text[len - 1];
	struct view *seen = &l->seen_keys[hash % ARRAY_LEN(l->seen_keys)];
	if (seen->len != len || memcmp(seen->ptr, text, len) != 0)
		*seen = (struct view){ add_text(l, text, len), len };
	return seen->ptr;
}

/* --- scalars --- */

static enum val_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return VAL_STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return VAL_STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return VAL_STYLE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return VAL_STYLE_FOLDED;
	default:
		return VAL_STYLE_PLAIN;
	}
}

static void set_scalar(struct val *v, const struct yaml_scalar *scalar)
{
	v->kind = (uint8_t)scalar->kind;
	switch (scalar->kind) {
	case VAL_BOOL:
		v->as.boolean = scalar->boolean;
		break;
	case VAL_INT:
		v->as.integer = scalar->integer;
		break;
	case VAL_FLOAT:
		v->as.number = scalar->number;
		break;
	default:
		break;
	}
}

static struct val_mark scalar_mark(struct yaml_loader *l, enum val_style style)
{
	struct val_mark mark = yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index);
	char first = mark.start < mark.end ? l->source->text[mark.start] : '\0';
	if (first == '&' || first == '!')
		yaml_skip_properties(l, &mark);
	if (style == VAL_STYLE_LITERAL || style == VAL_STYLE_FOLDED)
		yaml_trim_end(l, &mark);
	return mark;
}

/* The scalar of the current event, resolved; VAL_STR means: the text as it is. */
static err *resolve_event(struct yaml_loader *l, struct val_mark mark, struct yaml_scalar *out)
{
	const char *text = (const char *)l->event.data.scalar.value;
	size_t len = l->event.data.scalar.length;
	const char *tag = (const char *)l->event.data.scalar.tag;
	*out = (struct yaml_scalar){ .kind = VAL_STR };
	if (tag) {
		TRY(flaw_at(l, YAML_FLAW_TAG, yaml_resolve_tagged(tag, text, len, out), mark));
		return NULL;
	}
	if (!l->event.data.scalar.plain_implicit)
		return NULL;
	yaml_resolve(text, len, out);
	if (l->lenient && l->lenient->is_core && out->kind == VAL_BOOL && !yaml_is_core_bool(text))
		out->kind = VAL_STR;
	return NULL;
}

static err *load_scalar(struct yaml_loader *l, struct val *v)
{
	const char *text = (const char *)l->event.data.scalar.value;
	size_t len = l->event.data.scalar.length;
	v->style = (uint8_t)style_of(l->event.data.scalar.style);
	v->mark = scalar_mark(l, v->style);
	v->flags = l->event.data.scalar.tag ? VAL_HAS_TAG : 0;
	struct yaml_scalar scalar;
	TRY(resolve_event(l, v->mark, &scalar));
	if (scalar.is_special) {
		err *e = err_new(ERR_INVALID, "'%s' is no number that JSON can hold", text);
		e = err_hint(e, "put it in quotes if it is a text");
		TRY(flaw_at(l, YAML_FLAW_NUMBER, e, v->mark));
		scalar.kind = VAL_STR;
	}
	if (scalar.kind != VAL_STR) {
		set_scalar(v, &scalar);
		return NULL;
	}
	v->kind = VAL_STR;
	if (yaml_tag_is_binary((const char *)l->event.data.scalar.tag)) {
		AUTO(str) bytes = STR_INIT;
		TRY(flaw_at(l, YAML_FLAW_TAG, yaml_decode_binary(text, len, &bytes), v->mark));
		v->as.str.ptr = arena_strndup(l->arena, bytes.ptr, bytes.len);
		v->as.str.len = bytes.len;
		return NULL;
	}
	v->as.str.ptr = add_text(l, text, len);
	v->as.str.len = len;
	return NULL;
}

/* --- anchors --- */

static struct yaml_anchor *find_anchor(struct yaml_loader *l, const char *name)
{
	size_t position = (size_t)(uintptr_t)map_get(&l->anchor_names, name);
	return position ? &l->anchors.ptr[position - 1] : NULL;
}

static err *load_alias(struct yaml_loader *l, size_t depth, struct val *v)
{
	const char *name = (const char *)l->event.data.alias.anchor;
	struct val_mark mark = yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index);
	const struct yaml_anchor *anchor = find_anchor(l, name);
	if (!anchor) {
		err *e = err_new(ERR_INVALID, "there is no anchor '&%s' above this alias", name);
		e = err_hint(e, "quote a text that begins with '*'");
		v->mark = mark;
		return flaw_at(l, YAML_FLAW_ALIAS, e, mark);
	}
	if (anchor->is_open) {
		v->mark = mark;
		return flaw_at(l, YAML_FLAW_CIRCLE,
		               err_new(ERR_INVALID, "the anchor '&%s' contains itself", name),
		               mark);
	}
	TRY(count_nodes(l, anchor->nodes));
	TRY(check_depth(l, depth + anchor->height, mark));
	*v = *anchor->value;
	v->mark = mark;
	v->flags = (uint8_t)((v->flags & ~(unsigned)VAL_HAS_ANCHOR) | VAL_IS_ALIAS);
	return NULL;
}

static const char *event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static void open_anchor(struct yaml_loader *l, const char *name, struct val *v)
{
	struct yaml_anchor anchor = { .value = v, .is_open = true };
	vec_push(&l->anchors, anchor);
	map_set(&l->anchor_names, name, (void *)(uintptr_t)l->anchors.len);
}

/* --- collections --- */

static err *load_event(struct yaml_loader *l, size_t depth, struct val *v);

static err *load_node(struct yaml_loader *l, size_t depth, struct val *v)
{
	const char *name = event_anchor(&l->event);
	if (!name)
		return load_event(l, depth, v);
	open_anchor(l, name, v);
	size_t position = l->anchors.len - 1;
	size_t deepest = l->deepest;
	uint64_t nodes = l->nodes;
	l->deepest = depth;
	TRY(load_event(l, depth, v));
	v->flags |= VAL_HAS_ANCHOR;
	struct yaml_anchor *anchor = &l->anchors.ptr[position];
	anchor->is_open = false;
	anchor->height = l->deepest - depth;
	anchor->nodes = l->nodes - nodes;
	l->deepest = MAX(l->deepest, deepest);
	return NULL;
}

static struct val *new_child(struct yaml_loader *l)
{
	struct val *v = ARENA_NEW(l->arena, struct val);
	v->source = l->source;
	return v;
}

/* The end of a collection: its bracket, or the end of its last child. */
static void close_mark(struct yaml_loader *l, struct val *v, const struct val *last)
{
	if (v->style == VAL_STYLE_FLOW)
		v->mark.end = (uint32_t)yaml_byte_offset(l, l->event.end_mark.index);
	else if (last)
		v->mark.end = MAX(last->mark.end, v->mark.start);
}

static err *start_collection(struct yaml_loader *l, struct val *v, const char *tag,
                             const char *accepted, bool is_flow)
{
	v->mark = yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index);
	char first = v->mark.start < l->source->len ? l->source->text[v->mark.start] : '\0';
	if (first == '&' || first == '!')
		yaml_skip_properties(l, &v->mark);
	v->style = is_flow ? VAL_STYLE_FLOW : VAL_STYLE_BLOCK;
	if (!tag)
		return NULL;
	v->flags |= VAL_HAS_TAG;
	if (strcmp(tag, accepted) == 0)
		return NULL;
	return flaw_at(l, YAML_FLAW_TAG, yaml_refuse_tag(tag), v->mark);
}

static err *load_list(struct yaml_loader *l, size_t depth, struct val *v)
{
	v->kind = VAL_LIST;
	TRY(start_collection(l, v, (const char *)l->event.data.sequence_start.tag, YAML_SEQ_TAG,
	                     l->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE));
	TRY(check_depth(l, depth, v->mark));
	size_t base = l->items.len;
	struct val *item = NULL;
	for (;;) {
		TRY(next_event(l));
		if (l->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		item = new_child(l);
		TRY(load_node(l, depth + 1, item));
		vec_push(&l->items, item);
	}
	close_mark(l, v, item);
	val_fill_list(l->arena, v, l->items.ptr ? l->items.ptr + base : NULL, l->items.len - base);
	l->items.len = base;
	return NULL;
}

static err *key_of_scalar(struct yaml_loader *l, struct val_entry *entry)
{
	const char *text = (const char *)l->event.data.scalar.value;
	size_t len = l->event.data.scalar.length;
	struct yaml_scalar scalar;
	TRY(resolve_event(l, entry->key_mark, &scalar));
	if (len > LIMIT_KEY_BYTES)
		return at_mark(l,
		               err_new(ERR_LIMIT, "a key has %zu bytes, more than the %u accepted",
		                       len, LIMIT_KEY_BYTES),
		               entry->key_mark);
	AUTO(str) converted = STR_INIT;
	if (scalar.kind != VAL_STR) {
		if (!yaml_key_text(&scalar, &converted)) {
			err *e = err_new(ERR_INVALID,
			                 scalar.kind == VAL_NULL
			                         ? "a key must not be empty or null"
			                         : "this number is too large for a key");
			e = err_hint(e, "put the key in quotes");
			TRY(flaw_at(l, YAML_FLAW_KEY, e, entry->key_mark));
			str_add(&converted, text, len);
		}
		text = converted.ptr;
		len = converted.len;
	} else if (yaml_tag_is_binary((const char *)l->event.data.scalar.tag)) {
		TRY(flaw_at(l, YAML_FLAW_TAG, yaml_decode_binary(text, len, &converted),
		            entry->key_mark));
		text = converted.ptr;
		len = converted.len;
	}
	entry->key = add_key_text(l, text, len);
	entry->key_len = (uint32_t)len;
	return NULL;
}

/* A key that is no text: its source stands for it. */
static void set_source_key(struct yaml_loader *l, struct val_entry *entry)
{
	struct val_mark mark = entry->key_mark;
	size_t len = MIN((size_t)(MAX(mark.end, mark.start) - mark.start), (size_t)LIMIT_KEY_BYTES);
	entry->key = add_text(l, l->source->text + mark.start, len);
	entry->key_len = (uint32_t)len;
}

static err *key_of_alias(struct yaml_loader *l, struct val_entry *entry)
{
	struct val v = { .source = l->source };
	TRY(load_alias(l, 0, &v));
	entry->key_mark = v.mark;
	if (v.kind != VAL_STR) {
		TRY(flaw_at(l, YAML_FLAW_KEY,
		            err_new(ERR_INVALID, "a key must be a text, found %s",
		                    val_kind_text(&v)),
		            v.mark));
		set_source_key(l, entry);
		return NULL;
	}
	entry->key = v.as.str.ptr;
	entry->key_len = (uint32_t)v.as.str.len;
	return NULL;
}

static err *key_of_collection(struct yaml_loader *l, size_t depth, struct val_entry *entry)
{
	struct val_mark mark = yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index);
	bool is_list = l->event.type == YAML_SEQUENCE_START_EVENT;
	err *e = err_new(ERR_INVALID, "a key must be a text, found %s",
	                 is_list ? "a list" : "a map");
	if (!is_list)
		e = err_hint(e, "quote a template: \"{{ ... }}\"");
	TRY(flaw_at(l, YAML_FLAW_KEY, e, mark));
	struct val *key = new_child(l);
	TRY(load_node(l, depth + 1, key));
	entry->key_mark = key->mark;
	set_source_key(l, entry);
	return NULL;
}

/* The key of the current event. */
static err *load_key(struct yaml_loader *l, size_t depth, struct val_entry *entry,
                     bool *ret_is_merge)
{
	*ret_is_merge = false;
	if (l->event.type == YAML_ALIAS_EVENT)
		return key_of_alias(l, entry);
	if (l->event.type != YAML_SCALAR_EVENT)
		return key_of_collection(l, depth, entry);
	entry->key_style = (uint8_t)style_of(l->event.data.scalar.style);
	entry->key_mark = scalar_mark(l, entry->key_style);
	const char *tag = (const char *)l->event.data.scalar.tag;
	*ret_is_merge = l->event.data.scalar.length == 2 &&
	                memcmp(l->event.data.scalar.value, "<<", 2) == 0 &&
	                (tag ? yaml_tag_is_merge(tag) : l->event.data.scalar.plain_implicit);
	const char *name = event_anchor(&l->event);
	if (!*ret_is_merge) {
		TRY(key_of_scalar(l, entry));
	} else {
		entry->key = "<<";
		entry->key_len = 2;
	}
	if (name) {
		/* A key may carry an anchor; what it names is the key's text. */
		struct val *v = new_child(l);
		v->kind = VAL_STR;
		v->style = entry->key_style;
		v->mark = entry->key_mark;
		v->as.str.ptr = entry->key;
		v->as.str.len = entry->key_len;
		open_anchor(l, name, v);
		l->anchors.ptr[l->anchors.len - 1].is_open = false;
		l->anchors.ptr[l->anchors.len - 1].nodes = 1;
	}
	return NULL;
}

static err *duplicate_key(struct yaml_loader *l, const struct val *v, size_t position)
{
	const struct val_entry *second = &v->as.map.entries[position];
	const struct val_entry *first = &v->as.map.entries[0];
	while (first->key_len != second->key_len ||
	       memcmp(first->key, second->key, first->key_len) != 0)
		first++;
	return at_mark(l,
	               err_new(ERR_INVALID, "the key '%.64s' is already set on line %u, column %u",
	                       second->key, first->key_mark.line, first->key_mark.column),
	               second->key_mark);
}

/* Fill the map from the entries collected since `base`. */
static err *fill_map(struct yaml_loader *l, struct val *v, size_t base, bool has_merges)
{
	struct val_entry *entries = l->entries.ptr ? l->entries.ptr + base : NULL;
	size_t len = l->entries.len - base, duplicate = 0;
	if (l->lenient && has_merges)
		return yaml_merge_lenient(l, v, entries, len);
	if (has_merges)
		return yaml_merge_entries(l->arena, v, entries, len);
	if (val_fill_map(l->arena, v, entries, len, &duplicate))
		return NULL;
	if (!l->lenient)
		return duplicate_key(l, v, duplicate);
	len = yaml_drop_duplicates(l, entries, len);
	v->as.map = (__typeof__(v->as.map)){ 0 };
	return val_fill_map(l->arena, v, entries, len, &duplicate)
	               ? NULL
	               : err_new(ERR_INTERNAL, "a key is still twice in a map");
}

static err *load_map(struct yaml_loader *l, size_t depth, struct val *v)
{
	v->kind = VAL_MAP;
	TRY(start_collection(l, v, (const char *)l->event.data.mapping_start.tag, YAML_MAP_TAG,
	                     l->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE));
	TRY(check_depth(l, depth, v->mark));
	size_t base = l->entries.len;
	size_t merges = 0;
	const struct val *last = NULL;
	for (;;) {
		TRY(next_event(l));
		if (l->event.type == YAML_MAPPING_END_EVENT)
			break;
		struct val_entry entry = { 0 };
		bool is_merge;
		TRY(load_key(l, depth, &entry, &is_merge));
		merges += is_merge;
		entry.flags = is_merge ? VAL_IS_MERGED : 0;
		entry.value = new_child(l);
		TRY(next_event(l));
		TRY(load_node(l, depth + 1, entry.value));
		last = entry.value;
		vec_push(&l->entries, entry);
	}
	close_mark(l, v, last);
	TRY(fill_map(l, v, base, merges > 0));
	l->entries.len = base;
	return NULL;
}

static err *load_event(struct yaml_loader *l, size_t depth, struct val *v)
{
	if (l->event.type == YAML_ALIAS_EVENT)
		return load_alias(l, depth, v);
	TRY(count_nodes(l, 1));
	if (l->event.type == YAML_SEQUENCE_START_EVENT)
		return load_list(l, depth, v);
	if (l->event.type == YAML_MAPPING_START_EVENT)
		return load_map(l, depth, v);
	return load_scalar(l, v);
}

/* --- documents --- */

static err *load_document(struct yaml_loader *l, struct yaml_doc *doc)
{
	if (l->docs.len >= LIMIT_DOCS_PER_FILE)
		return at_mark(l, err_new(ERR_LIMIT, "more than %u documents", LIMIT_DOCS_PER_FILE),
		               yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index));
	doc->start = l->event.data.document_start.implicit
	                     ? (l->docs.len ? l->docs.ptr[l->docs.len - 1].end : l->bom)
	                     : yaml_byte_offset(l, l->event.end_mark.index);
	l->open_doc = doc->start;
	doc->root = new_child(l);
	TRY(next_event(l));
	TRY(load_node(l, 1, doc->root));
	TRY(next_event(l)); /* always DOCUMENT-END */
	doc->end = yaml_byte_offset(l, l->event.start_mark.index);
	map_clear(&l->anchor_names);
	l->anchors.len = 0;
	l->open_doc = SIZE_MAX;
	return NULL;
}

static err *load_stream(struct yaml_loader *l)
{
	for (;;) {
		TRY(next_event(l));
		if (l->event.type == YAML_STREAM_END_EVENT)
			return NULL;
		if (l->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		struct yaml_doc doc = { 0 };
		TRY(load_document(l, &doc));
		vec_push(&l->docs, doc);
	}
}

static void close_parser(struct yaml_loader *l)
{
	if (l->has_event)
		yaml_event_delete(&l->event);
	l->has_event = false;
	yaml_parser_delete(&l->parser);
}

static void yaml_loader_clear(struct yaml_loader *l)
{
	close_parser(l);
	vec_clear(&l->items);
	vec_clear(&l->entries);
	vec_clear(&l->docs);
	vec_clear(&l->anchors);
	map_clear(&l->anchor_names);
}

static struct val_source *new_source(struct arena *a, const char *text, size_t len,
                                     const char *name)
{
	struct val_source *source = ARENA_NEW(a, struct val_source);
	source->name = arena_strdup(a, name);
	source->text = arena_strndup(a, text, len);
	source->len = len;
	return source;
}

/* Read on from the byte `from`, which begins a document on line `first_line` (from 0). */
static err *open_parser(struct yaml_loader *l, size_t from, size_t first_line)
{
	l->bom = from;
	l->first_line = first_line;
	l->here = l->line_start = (struct yaml_cursor){ 0, from };
	l->items.len = l->entries.len = l->anchors.len = 0;
	l->open_doc = SIZE_MAX;
	l->deepest = 0;
	map_clear(&l->anchor_names);
	if (!yaml_parser_initialize(&l->parser))
		return err_new(ERR_INTERNAL, "libyaml cannot start");
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, (const unsigned char *)l->source->text + from,
	                             l->source->len - from);
	return NULL;
}

err *yaml_loader_open(struct yaml_loader *l, const char *text, size_t len, const char *name,
                      struct arena *a)
{
	*l = (struct yaml_loader){ .arena = a, .anchor_names = MAP_INIT };
	struct val_source given = { name, text, len };
	size_t bom;
	TRY(yaml_check_bytes(&given, &bom, &l->is_ascii));
	l->source = new_source(a, text, len, name);
	return open_parser(l, bom, 0);
}

void yaml_loader_close(struct yaml_loader *l)
{
	yaml_loader_clear(l);
}

err *yaml_next_event(struct yaml_loader *l)
{
	return next_event(l);
}

static void hand_over(struct yaml_loader *l, struct yaml_docs *ret_docs)
{
	struct yaml_docs docs = { NULL, l->docs.len };
	if (docs.len) {
		docs.ptr = arena_alloc(l->arena, docs.len * sizeof(*docs.ptr));
		memcpy(docs.ptr, l->docs.ptr, docs.len * sizeof(*docs.ptr));
	}
	*ret_docs = docs;
}

err *yaml_load(const char *text, size_t len, const char *name, struct arena *a,
               struct yaml_docs *ret_docs)
{
	AUTO(yaml_loader) l = { 0 };
	TRY(yaml_loader_open(&l, text, len, name, a));
	TRY(load_stream(&l));
	hand_over(&l, ret_docs);
	return NULL;
}

/* The documents up to the broken one, then those behind it. */
static err *load_around_errors(struct yaml_loader *l, size_t from)
{
	size_t line = 0;
	for (unsigned broken = 0; broken < YAML_BROKEN_MAX; broken++) {
		TRY(open_parser(l, from, line));
		err *e = load_stream(l);
		size_t next = e ? yaml_next_document(l, from) : l->source->len;
		TRY(yaml_report_broken(l, e));
		if (next >= l->source->len)
			return NULL;
		line += yaml_count_lines(l->source->text + from, next - from);
		from = next;
		close_parser(l);
	}
	return NULL;
}

void yaml_load_lenient(const char *text, size_t len, const char *name, struct arena *a,
                       const struct yaml_lenient *how, struct yaml_docs *ret_docs)
{
	AUTO(yaml_loader) l = { .arena = a, .anchor_names = MAP_INIT, .lenient = how };
	struct val_source given = { name, text, len };
	size_t bom;
	l.source = &given;
	err *e = yaml_check_bytes(&given, &bom, &l.is_ascii);
	if (!e) {
		l.source = new_source(a, text, len, name);
		e = load_around_errors(&l, bom);
	}
	e = yaml_report_broken(&l, e);
	err_ignore(e, "only a limit of the whole file gets here, and it was reported");
	hand_over(&l, ret_docs);
}

err *yaml_load_one(const char *text, size_t len, const char *name, struct arena *a,
                   struct val **ret_root)
{
	struct yaml_docs docs;
	TRY(yaml_load(text, len, name, a, &docs));
	if (docs.len == 0)
		return err_at(err_new(ERR_INVALID, "the file is empty"), name, 1, 1);
	if (docs.len > 1)
		return val_place(err_new(ERR_INVALID, "expected one document, found %zu", docs.len),
		                 docs.ptr[1].root);
	*ret_root = docs.ptr[0].root;
	return NULL;
}
