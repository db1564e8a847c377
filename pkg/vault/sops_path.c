/* Places in a document by name, and walking over all of them for readers. */
#include "base/base.h"

#include "base/num.h"
#include "base/suggest.h"
#include "json/json.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"

enum { MOST_STEPS = 200 };

/* --- paths --- */

struct parser {
	struct arena *arena;
	const char *path, *at;
	VEC(struct sops_step) steps;
};

static err *bad_path(const struct parser *p, const char *what)
{
	return err_hint(err_new(ERR_USAGE, "cannot read the path '%s': %s at position %zu", p->path,
	                        what, (size_t)(p->at - p->path) + 1),
	                "write it like db.password, users[0].name or [\"odd.key\"].x");
}

static err *quoted_step(struct parser *p, struct sops_step *step)
{
	AUTO(str) name = STR_INIT;
	char quote = p->at[1];
	p->at += 2;
	while (*p->at && *p->at != quote) {
		if (*p->at == '\\' && p->at[1])
			p->at++;
		str_addch(&name, *p->at++);
	}
	if (*p->at != quote || p->at[1] != ']')
		return bad_path(p, "the bracket is not closed");
	p->at += 2;
	step->name = (struct view){ arena_strndup(p->arena, name.ptr, name.len), name.len };
	return NULL;
}

static err *index_step(struct parser *p, struct sops_step *step)
{
	const char *end = strchr(p->at, ']');
	uint64_t index;
	if (!end || !num_parse_u64(p->at + 1, (size_t)(end - p->at) - 1, 10, &index) ||
	    index > INT32_MAX)
		return bad_path(p, "expected a number in the bracket");
	step->index = (size_t)index;
	step->is_index = true;
	p->at = end + 1;
	return NULL;
}

static err *next_step(struct parser *p)
{
	struct sops_step step = { { "", 0 }, 0, false };
	if (p->steps.len >= MOST_STEPS)
		return bad_path(p, "too many steps");
	if (*p->at == '[' && (p->at[1] == '"' || p->at[1] == '\'')) {
		TRY(quoted_step(p, &step));
	} else if (*p->at == '[') {
		TRY(index_step(p, &step));
	} else {
		if (p->steps.len && *p->at == '.')
			p->at++;
		size_t len = strcspn(p->at, ".[");
		if (len == 0)
			return bad_path(p, "expected a name");
		step.name = (struct view){ arena_strndup(p->arena, p->at, len), len };
		p->at += len;
	}
	vec_push(&p->steps, step);
	return NULL;
}

err *sops_path_parse(struct arena *a, const char *path, struct sops_steps *ret_steps)
{
	struct parser p = { .arena = a, .path = path, .at = path };
	err *e = *path ? NULL : bad_path(&p, "it is empty");
	while (!e && *p.at)
		e = next_step(&p);
	if (!e) {
		ret_steps->len = p.steps.len;
		ret_steps->ptr = arena_alloc(a, p.steps.len * sizeof(*p.steps.ptr));
		memcpy(ret_steps->ptr, p.steps.ptr, p.steps.len * sizeof(*p.steps.ptr));
	}
	vec_clear(&p.steps);
	return e;
}

static struct sops_item *step_into(const struct sops_item *item, const struct sops_step *step)
{
	if (!step->is_index)
		return sops_item_childn(item, step->name);
	if (item->kind != SOPS_LIST)
		return NULL;
	size_t left = step->index;
	for (struct sops_item *at = item->first; at; at = at->next)
		if (at->kind != SOPS_COMMENT && left-- == 0)
			return at;
	return NULL;
}

struct sops_item *sops_path_follow(const struct sops_part *part, const struct sops_steps *steps,
                                   size_t *ret_found)
{
	struct sops_item *item = part->root;
	for (*ret_found = 0; *ret_found < steps->len; (*ret_found)++) {
		struct sops_item *next = step_into(item, &steps->ptr[*ret_found]);
		if (!next || next == part->meta)
			break;
		item = next;
	}
	return item;
}

err *sops_path_missing(const struct sops_doc *doc, const char *path,
                       const struct sops_item *deepest, const struct sops_step *step)
{
	AUTO(str) at = STR_INIT;
	sops_item_add_path(deepest, &at);
	const char *kind = deepest->kind == SOPS_MAP    ? "a map"
	                   : deepest->kind == SOPS_LIST ? "a list"
	                                                : "a value";
	err *e = err_new(ERR_NOT_FOUND, "there is no '%s' in '%s'", path, doc->name);
	if (deepest->kind != SOPS_MAP || step->is_index)
		return err_hint(e, "'%s' is %s", at.len ? at.ptr : "the document", kind);
	AUTO(strs) names = STRS_INIT;
	for (const struct sops_item *child = deepest->first; child; child = child->next)
		if (child->kind != SOPS_COMMENT)
			strs_push_take(&names, mem_strndup(child->key.ptr, child->key.len));
	AUTOFREE char *wanted = mem_strndup(step->name.ptr, step->name.len);
	const char *near = suggest_nearest(wanted, (const char *const *)names.ptr, names.len);
	return near ? err_hint(e, "did you mean '%s'?", near)
	            : err_hint(e, "'fettle vault list' shows the names in a file");
}

/* --- reading --- */

void sops_value_clear(struct sops_value *value)
{
	plain_text_clear(&value->tree);
	*value = (struct sops_value){ .tree = PLAIN_TEXT_INIT };
}

static void add_json(const struct sops_item *item, const struct sops_item *meta, struct str *out)
{
	bool is_map = item->kind == SOPS_MAP, is_first = true;
	if (item->kind == SOPS_VALUE) {
		sops_json_write(item->type, item->plain, out);
		return;
	}
	str_addch(out, is_map ? '{' : '[');
	for (const struct sops_item *at = item->first; at; at = at->next) {
		if (at->kind == SOPS_COMMENT || at == meta)
			continue;
		str_addz(out, is_first ? "" : ",");
		is_first = false;
		if (is_map) {
			json_write_string(at->key.ptr, at->key.len, out);
			str_addch(out, ':');
		}
		add_json(at, meta, out);
	}
	str_addch(out, is_map ? '}' : ']');
}

size_t sops_document_count(const struct sops_doc *doc)
{
	return doc->parts.len;
}

static err *fill(const struct sops_item *item, const struct sops_item *meta,
                 struct sops_value *value)
{
	value->type = item->kind == SOPS_VALUE ? item->type : SOPS_STR;
	value->is_tree = item->kind != SOPS_VALUE;
	value->is_encrypted = item->flags & SOPS_SEALED;
	value->plain = item->plain;
	value->tree = (struct plain_text)PLAIN_TEXT_INIT;
	if (!value->is_tree)
		return NULL;
	AUTO(str) json = STR_INIT;
	add_json(item, meta, &json);
	plain_text_add(&value->tree, json.ptr, json.len);
	secret_wipe(json.ptr, json.len);
	return NULL;
}

err *sops_get(const struct sops_doc *doc, size_t document, const char *path,
              struct sops_value *ret_value)
{
	struct arena arena = ARENA_INIT;
	struct sops_steps steps = { NULL, 0 };
	size_t found = 0;
	if (document >= doc->parts.len)
		return err_new(ERR_NOT_FOUND, "'%s' has %zu documents", doc->name, doc->parts.len);
	const struct sops_part *part = &doc->parts.ptr[document];
	err *e = *path ? sops_path_parse(&arena, path, &steps) : NULL;
	if (!e) {
		const struct sops_item *item = sops_path_follow(part, &steps, &found);
		e = found < steps.len ? sops_path_missing(doc, path, item, &steps.ptr[found])
		                      : fill(item, part->meta, ret_value);
	}
	arena_clear(&arena);
	return e;
}

/* What an unopened value says of itself. */
static enum sops_type sealed_type(const struct sops_item *item, bool *ret_is_sealed)
{
	struct sops_enc enc;
	*ret_is_sealed = item->type == SOPS_STR && sops_enc_split(item->text, &enc);
	for (unsigned type = SOPS_STR; *ret_is_sealed && type <= SOPS_BYTES; type++)
		if (view_is(enc.type, sops_type_name((enum sops_type)type)))
			return (enum sops_type)type;
	return item->type;
}

err *sops_each(const struct sops_doc *doc, sops_visit *visit, void *data)
{
	AUTO(str) path = STR_INIT;
	for (size_t i = 0; i < doc->parts.len; i++) {
		const struct sops_part *part = &doc->parts.ptr[i];
		const struct sops_item *at = part->root->first;
		while (at) {
			bool is_sealed = at->flags & SOPS_SEALED;
			enum sops_type type = at->type;
			if (at == part->meta) {
				while (at != part->root && !at->next)
					at = at->parent;
				at = at == part->root ? NULL : at->next;
				continue;
			}
			if (!doc->is_open)
				type = sealed_type(at, &is_sealed);
			str_reset(&path);
			sops_item_add_path(at, &path);
			if (at->kind == SOPS_VALUE)
				TRY(visit(data, i, path.ptr, type, is_sealed, at->plain));
			at = sops_item_next(part->root, at);
		}
	}
	return NULL;
}
