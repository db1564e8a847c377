/*
 * dotenv documents as sops reads them: a line is `NAME=value`, everything behind the first `=` belongs to
 * the value (quotes and blanks too), `\n` in a value is a line end, `#` in the first column a comment.
 */
#include "base/base.h"

#include "vault/sops_tree.h"
#include "vault/sops_value.h"

#define PREFIX "sops_"

static struct view unescape(struct sops_doc *doc, struct view raw)
{
	char *text = arena_strndup(&doc->arena, raw.ptr, raw.len);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		bool is_feed = raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1] == 'n';
		text[len++] = is_feed ? '\n' : raw.ptr[i];
		i += is_feed;
	}
	text[len] = '\0';
	return (struct view){ text, len };
}

static err *read_line(struct sops_doc *doc, struct sops_item *root, struct sops_item *flat,
                      struct view line, uint32_t number)
{
	uint32_t start = (uint32_t)(line.ptr - doc->text);
	const char *equals = memchr(line.ptr, '=', line.len);
	bool is_comment = line.ptr[0] == '#';
	if (!is_comment && !equals)
		return sops_error_at(doc, number, 1, "neither NAME=value nor a comment");
	bool is_meta = !is_comment && line.len >= strlen(PREFIX) &&
	               memcmp(line.ptr, PREFIX, strlen(PREFIX)) == 0;
	struct sops_item *item = sops_item_new(doc, is_comment ? SOPS_COMMENT : SOPS_VALUE, root);
	item->type = SOPS_STR;
	item->line = number;
	item->column = 1;
	item->key_start = start;
	item->end = start + (uint32_t)line.len;
	item->start = start + 1;
	item->text = (struct view){ line.ptr + 1, line.len - 1 };
	if (!is_comment) {
		size_t key_len = (size_t)(equals - line.ptr);
		item->key = (struct view){ line.ptr, key_len };
		item->start = start + (uint32_t)key_len + 1;
		item->text = unescape(doc, (struct view){ equals + 1, line.len - key_len - 1 });
	}
	if (is_meta)
		item->flags |= SOPS_IS_META;
	sops_item_add(is_meta ? flat : root, item);
	return sops_count(doc, item);
}

err *sops_dotenv_read(struct sops_doc *doc)
{
	struct sops_part part = { .end = (uint32_t)doc->len };
	struct view rest = { doc->text, doc->len }, line;
	uint32_t number = 0;
	part.root = sops_item_new(doc, SOPS_MAP, NULL);
	struct sops_item *flat = sops_item_new(doc, SOPS_MAP, NULL);
	while (view_split(&rest, '\n', &line)) {
		number++;
		if (line.len > 0)
			TRY(read_line(doc, part.root, flat, line, number));
	}
	if (flat->first) {
		part.meta = sops_item_new(doc, SOPS_MAP, NULL);
		TRY(sops_unflatten(doc, flat, strlen(PREFIX), part.meta));
	}
	vec_push(&doc->parts, part);
	return NULL;
}

void sops_dotenv_write(struct view plain, struct str *out)
{
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.ptr[i] == '\n')
			str_addz(out, "\\n");
		else
			str_addch(out, plain.ptr[i]);
	}
}
