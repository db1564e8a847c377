/*
 * An automaton after Aho and Corasick over all forms of all secrets. Line ends are skipped, in secrets and in
 * the stream, so a secret that is wrapped is found too. A byte leaves once no form can begin at it any more.
 */
#include "base/base.h"

#include "vault/mask.h"

#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

#include <ctype.h>

enum { MIN_FORM_BYTES = 4, ALIGNMENTS = 3 };

#define NO_NODE UINT32_MAX

struct node {
	uint32_t child, sibling; /* NO_NODE: none */
	uint32_t fail;
	uint32_t depth;
	uint32_t match; /* length of the longest form that ends here; 0: none */
	unsigned char byte;
};

struct held {
	char byte;
	bool is_hidden;
};

struct mask {
	VEC(struct node) nodes;
	bool is_linked;
	uint32_t state;
	VEC(struct held) held; /* from `first` on; what is before has left */
	size_t first;
	size_t visible;  /* held bytes that are no line ends */
	bool was_hidden; /* the last byte that left */
};

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* --- the automaton --- */

static uint32_t node_new(struct mask *mask, unsigned char byte, uint32_t depth)
{
	struct node node = { NO_NODE, NO_NODE, 0, depth, 0, byte };
	vec_push(&mask->nodes, node);
	return (uint32_t)(mask->nodes.len - 1);
}

static uint32_t child_of(const struct mask *mask, uint32_t node, unsigned char byte)
{
	uint32_t child = mask->nodes.ptr[node].child;
	while (child != NO_NODE && mask->nodes.ptr[child].byte != byte)
		child = mask->nodes.ptr[child].sibling;
	return child;
}

static void add_form(struct mask *mask, struct view form)
{
	uint32_t node = 0;
	for (size_t i = 0; i < form.len; i++) {
		unsigned char byte = (unsigned char)form.ptr[i];
		if (is_line_end(form.ptr[i]))
			continue;
		uint32_t child = child_of(mask, node, byte);
		if (child == NO_NODE) {
			child = node_new(mask, byte, mask->nodes.ptr[node].depth + 1);
			mask->nodes.ptr[child].sibling = mask->nodes.ptr[node].child;
			mask->nodes.ptr[node].child = child;
		}
		node = child;
	}
	if (mask->nodes.ptr[node].depth >= MIN_FORM_BYTES)
		mask->nodes.ptr[node].match = mask->nodes.ptr[node].depth;
}

static uint32_t step(const struct mask *mask, uint32_t state, unsigned char byte)
{
	for (;;) {
		uint32_t child = child_of(mask, state, byte);
		if (child != NO_NODE)
			return child;
		if (state == 0)
			return 0;
		state = mask->nodes.ptr[state].fail;
	}
}

/* Where to go on when a byte does not fit: breadth first. */
static void link_nodes(struct mask *mask)
{
	VEC(uint32_t) queue = VEC_INIT;
	vec_push(&queue, 0);
	for (size_t i = 0; i < queue.len; i++) {
		uint32_t parent = queue.ptr[i];
		for (uint32_t child = mask->nodes.ptr[parent].child; child != NO_NODE;
		     child = mask->nodes.ptr[child].sibling) {
			struct node *node = &mask->nodes.ptr[child];
			node->fail = parent == 0
			                     ? 0
			                     : step(mask, mask->nodes.ptr[parent].fail, node->byte);
			node->match = MAX(node->match, mask->nodes.ptr[node->fail].match);
			vec_push(&queue, child);
		}
	}
	vec_clear(&queue);
	mask->is_linked = true;
}

/* --- forms of a secret --- */

/* What base64 makes of it behind 0, 1 or 2 other bytes, without the digits its neighbours decide, too. */
static void add_base64(struct mask *mask, struct view secret, unsigned flags)
{
	for (size_t before = 0; before < ALIGNMENTS; before++) {
		AUTO(str) bytes = STR_INIT;
		AUTO(str) text = STR_INIT;
		str_add_repeat(&bytes, '\0', before);
		str_add(&bytes, secret.ptr, secret.len);
		base64_add(&text, bytes.ptr, bytes.len, flags | BASE64_NO_PADDING);
		size_t skip = (before * 8 + 5) / 6, whole = bytes.len * 8 / 6;
		if (whole > skip)
			add_form(mask, (struct view){ text.ptr + skip, whole - skip });
		secret_wipe(bytes.ptr, bytes.len);
		secret_wipe(text.ptr, text.len);
	}
}

static void add_hex(struct mask *mask, struct view secret, bool is_upper)
{
	AUTO(str) text = STR_INIT;
	hex_add(&text, secret.ptr, secret.len);
	for (char *c = text.ptr; is_upper && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	add_form(mask, view_str(&text));
	secret_wipe(text.ptr, text.len);
}

/* Percent escapes: of all but the unreserved characters, with ' ' as %20 or '+', in both cases of hex. */
static void add_percent(struct mask *mask, struct view secret, bool is_upper, const char *space)
{
	AUTO(str) text = STR_INIT;
	str_reserve(&text, secret.len * 3 + 1);
	for (size_t i = 0; i < secret.len; i++) {
		unsigned char c = (unsigned char)secret.ptr[i];
		if (isalnum(c) || (c && strchr("-._~", c)))
			str_addch(&text, (char)c);
		else if (c == ' ')
			str_addz(&text, space);
		else
			str_addf(&text, is_upper ? "%%%02X" : "%%%02x", c);
	}
	add_form(mask, view_str(&text));
	secret_wipe(text.ptr, text.len);
}

static void add_json_escape(unsigned char c, bool escapes_html, bool escapes_slash,
                            struct str *text)
{
	static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *known = c ? strchr(bytes, c) : NULL;
	if (c == '"' || c == '\\' || (c == '/' && escapes_slash))
		str_addf(text, "\\%c", c);
	else if (known)
		str_addf(text, "\\%c", letters[known - bytes]);
	else if (c < ' ' || (escapes_html && strchr("<>&", c)))
		str_addf(text, "\\u%04x", c);
	else
		str_addch(text, (char)c);
}

static void add_json(struct mask *mask, struct view secret, bool escapes_html, bool escapes_slash)
{
	AUTO(str) text = STR_INIT;
	str_reserve(&text, secret.len * 6 + 1);
	for (size_t i = 0; i < secret.len; i++)
		add_json_escape((unsigned char)secret.ptr[i], escapes_html, escapes_slash, &text);
	add_form(mask, view_str(&text));
	secret_wipe(text.ptr, text.len);
}

bool mask_add(struct mask *mask, struct view secret)
{
	size_t visible = 0;
	assert(!mask->is_linked);
	while (secret.len && is_line_end(secret.ptr[secret.len - 1]))
		secret.len--;
	for (size_t i = 0; i < secret.len; i++)
		visible += !is_line_end(secret.ptr[i]);
	if (visible < MASK_MIN_BYTES)
		return false;
	add_form(mask, secret);
	add_base64(mask, secret, 0);
	add_base64(mask, secret, BASE64_URL);
	add_hex(mask, secret, false);
	add_hex(mask, secret, true);
	add_percent(mask, secret, true, "%20");
	add_percent(mask, secret, false, "%20");
	add_percent(mask, secret, true, "+");
	add_json(mask, secret, false, false);
	add_json(mask, secret, true, false);
	add_json(mask, secret, false, true);
	return true;
}

/* --- the stream --- */

/* Hide the last `count` visible bytes that are held, and line ends between them. */
static void hide(struct mask *mask, uint32_t count)
{
	for (size_t i = mask->held.len; i > mask->first && count > 0; i--) {
		struct held *held = &mask->held.ptr[i - 1];
		held->is_hidden = true;
		count -= !is_line_end(held->byte);
	}
}

/* Let go until only `keep` visible bytes are held. */
static void let_go(struct mask *mask, size_t keep, struct str *out)
{
	while (mask->first < mask->held.len && mask->visible >= keep) {
		const struct held *held = &mask->held.ptr[mask->first];
		if (mask->visible == keep && !is_line_end(held->byte))
			break;
		if (!held->is_hidden)
			str_addch(out, held->byte);
		else if (!mask->was_hidden)
			str_addz(out, MASK_TEXT);
		mask->was_hidden = held->is_hidden;
		mask->visible -= !is_line_end(held->byte);
		mask->first++;
	}
	if (mask->first == mask->held.len)
		mask->first = mask->held.len = 0;
}

/* What has left moves out of the array now and then. */
static void compact(struct mask *mask)
{
	if (mask->first < 4096)
		return;
	memmove(mask->held.ptr, mask->held.ptr + mask->first,
	        (mask->held.len - mask->first) * sizeof(*mask->held.ptr));
	mask->held.len -= mask->first;
	mask->first = 0;
}

void mask_feed(struct mask *mask, struct view bytes, struct str *out)
{
	if (!mask->is_linked)
		link_nodes(mask);
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];
		vec_push(&mask->held, ((struct held){ c, false }));
		if (!is_line_end(c)) {
			mask->visible++;
			mask->state = step(mask, mask->state, (unsigned char)c);
			const struct node *node = &mask->nodes.ptr[mask->state];
			if (node->match)
				hide(mask, node->match);
		}
		let_go(mask, mask->nodes.ptr[mask->state].depth, out);
		compact(mask);
	}
}

void mask_flush(struct mask *mask, struct str *out)
{
	let_go(mask, 0, out);
	mask->state = 0;
	mask->was_hidden = false;
}

/* --- life --- */

struct mask *mask_new(void)
{
	struct mask *mask = MEM_NEW(struct mask);
	(void)node_new(mask, 0, 0);
	return mask;
}

void mask_free(struct mask *mask)
{
	if (!mask)
		return;
	secret_wipe(mask->nodes.ptr, mask->nodes.len * sizeof(*mask->nodes.ptr));
	secret_wipe(mask->held.ptr, mask->held.len * sizeof(*mask->held.ptr));
	vec_clear(&mask->nodes);
	vec_clear(&mask->held);
	mem_free(mask);
}
