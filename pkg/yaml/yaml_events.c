#include "base/base.h"

#include <yaml.h>

#include "base/limits.h"
#include "base/vec.h"
#include "yaml/yaml_events.h"
#include "yaml/yaml_loader.h"

struct reader {
	struct yaml_loader *loader;
	VEC(struct yaml_node) nodes;
	size_t depth;
};

static void reader_clear(struct reader *reader)
{
	vec_clear(&reader->nodes);
}

static const char *copy(struct reader *r, const yaml_char_t *text)
{
	return text ? arena_strdup(r->loader->arena, (const char *)text) : NULL;
}

static enum val_style scalar_style(yaml_scalar_style_t style)
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

static void add_scalar(struct reader *r, struct yaml_node *node)
{
	const yaml_event_t *event = &r->loader->event;
	node->kind = YAML_AT_SCALAR;
	node->style = (uint8_t)scalar_style(event->data.scalar.style);
	node->len = event->data.scalar.length;
	node->text =
		arena_strndup(r->loader->arena, (const char *)event->data.scalar.value, node->len);
	node->tag = copy(r, event->data.scalar.tag);
	node->anchor = copy(r, event->data.scalar.anchor);
	yaml_skip_properties(r->loader, &node->mark);
	if (node->style == VAL_STYLE_LITERAL || node->style == VAL_STYLE_FOLDED)
		yaml_trim_end(r->loader, &node->mark);
}

static void add_list(struct reader *r, struct yaml_node *node)
{
	const yaml_event_t *event = &r->loader->event;
	node->kind = YAML_AT_LIST;
	node->style = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
	                      ? VAL_STYLE_FLOW
	                      : VAL_STYLE_BLOCK;
	node->tag = copy(r, event->data.sequence_start.tag);
	node->anchor = copy(r, event->data.sequence_start.anchor);
	yaml_skip_properties(r->loader, &node->mark);
}

static void add_map(struct reader *r, struct yaml_node *node)
{
	const yaml_event_t *event = &r->loader->event;
	node->kind = YAML_AT_MAP;
	node->style = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? VAL_STYLE_FLOW
	                                                                         : VAL_STYLE_BLOCK;
	node->tag = copy(r, event->data.mapping_start.tag);
	node->anchor = copy(r, event->data.mapping_start.anchor);
	yaml_skip_properties(r->loader, &node->mark);
}

/* False for the ends of the stream. */
static bool fill(struct reader *r, struct yaml_node *node)
{
	const yaml_event_t *event = &r->loader->event;
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		node->kind = YAML_AT_DOCUMENT;
		node->is_explicit = !event->data.document_start.implicit;
		return true;
	case YAML_DOCUMENT_END_EVENT:
		node->kind = YAML_AT_DOCUMENT_END;
		node->is_explicit = !event->data.document_end.implicit;
		return true;
	case YAML_ALIAS_EVENT:
		node->kind = YAML_AT_ALIAS;
		node->text = copy(r, event->data.alias.anchor);
		return true;
	case YAML_SCALAR_EVENT:
		add_scalar(r, node);
		return true;
	case YAML_SEQUENCE_START_EVENT:
		add_list(r, node);
		return true;
	case YAML_SEQUENCE_END_EVENT:
		node->kind = YAML_AT_LIST_END;
		return true;
	case YAML_MAPPING_START_EVENT:
		add_map(r, node);
		return true;
	case YAML_MAPPING_END_EVENT:
		node->kind = YAML_AT_MAP_END;
		return true;
	default:
		return false;
	}
}

static err *check(struct reader *r, const struct yaml_node *node)
{
	err *e = NULL;
	if (node->kind == YAML_AT_LIST || node->kind == YAML_AT_MAP)
		r->depth++;
	else if (node->kind == YAML_AT_LIST_END || node->kind == YAML_AT_MAP_END)
		r->depth--;
	if (r->depth > LIMIT_DEPTH)
		e = err_new(ERR_LIMIT, "nested deeper than %u levels", LIMIT_DEPTH);
	else if (r->nodes.len > LIMIT_NODES)
		e = err_new(ERR_LIMIT, "more than %u values", LIMIT_NODES);
	return e ? err_source(e, r->loader->source->name, r->loader->source->text,
	                      r->loader->source->len, node->mark.start, node->mark.end)
	         : NULL;
}

static err *read_stream(struct reader *r)
{
	struct yaml_loader *l = r->loader;
	for (;;) {
		TRY(yaml_next_event(l));
		if (l->event.type == YAML_STREAM_END_EVENT)
			return NULL;
		struct yaml_node node = { 0 };
		node.mark = yaml_mark_of(l, &l->event.start_mark, l->event.end_mark.index);
		node.properties = node.mark.start;
		if (!fill(r, &node))
			continue;
		TRY(check(r, &node));
		vec_push(&r->nodes, node);
	}
}

err *yaml_read_nodes(const char *text, size_t len, const char *name, struct arena *a,
                     struct yaml_nodes *ret_nodes)
{
	struct yaml_loader loader;
	AUTO(reader) r = { .loader = &loader };
	TRY(yaml_loader_open(&loader, text, len, name, a));
	err *e = read_stream(&r);
	ret_nodes->source = loader.source;
	yaml_loader_close(&loader);
	TRY(e);
	ret_nodes->len = r.nodes.len;
	ret_nodes->ptr = arena_alloc(a, r.nodes.len * sizeof(*r.nodes.ptr) + 1);
	if (r.nodes.len)
		memcpy(ret_nodes->ptr, r.nodes.ptr, r.nodes.len * sizeof(*r.nodes.ptr));
	return NULL;
}
