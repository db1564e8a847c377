/*
 * Comments of YAML documents. SOPS encrypts each line as a value of its own, bound to the map or list
 * that go-yaml hands the comment to; to encrypt, that place must be known exactly. (To decrypt, the
 * reader also tries the neighbours.) The rules below were found by asking sops:
 *   - behind a value or a `key:`: the map or list the entry is in; behind a `}` or `]`: inside that value;
 *   - on a line of its own, not deeper than what follows: where that is;
 *   - above a dash with nothing behind it: where that is which comes next;
 *   - right below a value and set apart from what follows by a blank line: where that value is;
 *   - deeper: the deepest open map or list that does not begin right of it; every blank line between
 *     such comments climbs one level.
 */
#include "base/base.h"

#include "vault/sops_yaml.h"

/* --- finding --- */

struct scan {
	struct sops_yaml *y;
	const char *text;
	size_t len, at;
	size_t line, line_start;
	bool is_blank;      /* nothing but blanks on this line so far */
	size_t blank_lines; /* right before this line */
};

static void pass_line(struct scan *s)
{
	s->blank_lines = s->is_blank ? s->blank_lines + 1 : 0;
	s->line++;
	s->line_start = s->at + 1;
	s->is_blank = true;
}

static void add_comment(struct scan *s)
{
	size_t end = s->at;
	while (end < s->len && s->text[end] != '\n' && s->text[end] != '\r')
		end++;
	const struct sops_yaml_comment comment = {
		.start = (uint32_t)s->at + 1,
		.end = (uint32_t)end,
		.line = (uint32_t)s->line,
		.column = (uint32_t)(s->at - s->line_start) + 1,
		.is_own_line = s->is_blank,
		.after_blank = s->is_blank && s->blank_lines > 0,
	};
	vec_push(&s->y->comments, comment);
	s->at = end;
	s->is_blank = false;
}

/* A comment begins a line or stands behind a blank. */
static bool begins_comment(const struct scan *s)
{
	if (s->text[s->at] != '#')
		return false;
	return s->at == s->line_start || s->text[s->at - 1] == ' ' || s->text[s->at - 1] == '\t';
}

static void skip_to(struct scan *s, size_t end)
{
	for (; s->at < end; s->at++) {
		if (s->text[s->at] == '\n')
			pass_line(s);
		else
			s->is_blank = false;
	}
}

/* Between two scalars: every `#` that can begin a comment does. */
static void scan_gap(struct scan *s, size_t end)
{
	while (s->at < end) {
		char c = s->text[s->at];
		if (begins_comment(s)) {
			add_comment(s);
			continue;
		}
		if (c == '%' && s->at == s->line_start) {
			while (s->at < end && s->text[s->at] != '\n')
				s->at++;
			s->is_blank = false;
			continue;
		}
		if (c == '\n')
			pass_line(s);
		else if (c != ' ' && c != '\t' && c != '\r')
			s->is_blank = false;
		s->at++;
	}
}

static void find_comments(struct sops_yaml *y)
{
	struct scan s = {
		.y = y, .text = y->doc->text, .len = y->doc->len, .line = 1, .is_blank = true
	};
	for (size_t i = 0; i < y->nodes.len; i++) {
		const struct yaml_node *node = &y->nodes.ptr[i];
		if (node->kind != YAML_AT_SCALAR && node->kind != YAML_AT_ALIAS)
			continue;
		scan_gap(&s, node->mark.start);
		if (node->style == VAL_STYLE_LITERAL || node->style == VAL_STYLE_FOLDED) {
			const char *feed = memchr(s.text + s.at, '\n', s.len - s.at);
			size_t stop = feed ? (size_t)(feed - s.text) : s.len;
			s.is_blank = false;
			scan_gap(&s, MIN(stop, (size_t)node->mark.end));
		}
		skip_to(&s, node->mark.end);
	}
	scan_gap(&s, s.len);
}

static bool is_blank_line(const struct sops_doc *doc, size_t at)
{
	while (at < doc->len && strchr(" \t\r", doc->text[at]))
		at++;
	return at >= doc->len || doc->text[at] == '\n';
}

/* Is the line above the one that begins at `line_start` a bare `---`? */
static bool follows_marker(const struct sops_doc *doc, uint32_t line_start)
{
	size_t above = line_start > 0 ? line_start - 1 : 0;
	while (above > 0 && doc->text[above - 1] != '\n')
		above--;
	return above + 3 < doc->len && memcmp(doc->text + above, "---", 3) == 0 &&
	       is_blank_line(doc, above + 3);
}

/* Lines of comments right below a value, with a blank line below them. */
static void find_feet(struct sops_yaml *y)
{
	const struct sops_doc *doc = y->doc;
	for (size_t first = 0, last; first < y->comments.len; first = last + 1) {
		struct sops_yaml_comment *c = y->comments.ptr;
		last = first;
		while (c[first].is_own_line && last + 1 < y->comments.len &&
		       c[last + 1].line == c[last].line + 1 && c[last + 1].is_own_line &&
		       c[last + 1].column == c[first].column)
			last++;
		size_t below = c[last].end;
		while (below < doc->len && doc->text[below] != '\n')
			below++;
		bool is_under_comment = first > 0 && c[first - 1].is_own_line &&
		                        c[first - 1].line + 1 == c[first].line;
		bool is_foot = c[first].is_own_line && !c[first].after_blank && c[first].line > 1 &&
		               !is_under_comment && below + 1 < doc->len &&
		               is_blank_line(doc, below + 1);
		bool is_under_marker =
			is_foot && follows_marker(doc, c[first].start - c[first].column);
		for (size_t i = first; i <= last; i++) {
			c[i].is_foot = is_foot;
			c[i].is_under_marker = is_under_marker;
		}
	}
}

/* --- placing --- */

struct order {
	VEC(struct sops_item *) items; /* with bytes, in the order of the text */
};

static void collect(struct order *order, struct sops_item *item)
{
	for (; item; item = item->next) {
		if (item->flags & SOPS_NO_BYTES)
			continue;
		vec_push(&order->items, item);
		collect(order, item->first);
	}
}

/* How many items begin before byte `at`. */
static size_t count_before(const struct order *order, uint32_t at)
{
	size_t low = 0, high = order->items.len;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (order->items.ptr[middle]->key_start < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_flow(const struct sops_item *item)
{
	return item->kind != SOPS_VALUE && item->style == VAL_STYLE_FLOW;
}

/* The innermost { } or [ ] around byte `at`, seen from an item before it. */
static struct sops_item *flow_around(struct sops_item *before, uint32_t at)
{
	for (struct sops_item *item = before; item; item = item->parent)
		if (is_flow(item) && item->start < at && at < item->end)
			return item;
	return NULL;
}

/* The flow value that ends at byte `end`. */
static struct sops_item *flow_ending(struct sops_item *before, uint32_t end)
{
	for (struct sops_item *item = before; item; item = item->parent)
		if (is_flow(item) && item->end == end)
			return item;
	return NULL;
}

struct spot {
	struct sops_item *container;
	uint32_t at; /* it stands before the first entry that begins here or later */
	bool is_inline;
};

/* Its dash or key has been read, but not what it is. */
static bool is_announced(const struct sops_item *item, uint32_t at)
{
	return item && item->parent && item->key_start < at && item->start > at &&
	       (item->kind != SOPS_VALUE || item->end > item->start);
}

static struct spot place_inline(const struct sops_yaml *y, const struct sops_yaml_comment *comment,
                                struct sops_item *before)
{
	const char *text = y->doc->text;
	uint32_t end = comment->start - 1;
	while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	char last = end > 0 ? text[end - 1] : '\0';
	struct sops_item *closed = last == '}' || last == ']' ? flow_ending(before, end) : NULL;
	if (closed && closed->parent && closed->parent->kind == SOPS_LIST)
		return (struct spot){ closed->parent, closed->key_start, true };
	if (closed)
		return (struct spot){ closed, 0, false };
	/* Behind a dash alone it is as on the next line; behind `key:` it belongs to the key. */
	if (is_announced(before, comment->start) && before->kind != SOPS_VALUE &&
	    before->parent->kind == SOPS_LIST)
		return (struct spot){ before, 0, false };
	if (is_announced(before, comment->start))
		return (struct spot){ before->parent, before->key_start, false };
	struct sops_item *flow = flow_around(before, comment->start);
	bool in_value = before->kind == SOPS_VALUE && before->start < comment->start;
	if (flow && !(in_value && before->end == end))
		return (struct spot){ flow, comment->start, false };
	return (struct spot){ before->parent ? before->parent : before, before->key_start,
		              in_value };
}

static bool is_bare_dash(const struct sops_item *item)
{
	return item && item->kind == SOPS_VALUE && item->start == item->end && item->parent &&
	       item->parent->kind == SOPS_LIST;
}

/*
 * go-yaml hands a comment above a dash with nothing behind it on: to the next item, or out of the list and
 * of all lists that end with it.
 */
static struct spot above_dash(struct sops_item *dash, uint32_t at)
{
	struct sops_item *next = dash, *holder = dash->parent;
	while (next && (is_bare_dash(next) || next->kind == SOPS_COMMENT))
		next = next->next;
	while (!next && holder->kind == SOPS_LIST && holder->parent) {
		next = holder->next;
		holder = holder->parent;
	}
	return (struct spot){ holder, next ? MAX(at, next->key_start) : at, false };
}

static struct sops_item *first_entry(const struct sops_item *container)
{
	struct sops_item *first = container->first;
	while (first && first->kind == SOPS_COMMENT)
		first = first->next;
	return first;
}

/* Below a dash and set apart from what follows, it is handed to the end of the first entry in there. */
static uint32_t below_dash(const struct sops_yaml_comment *comment,
                           const struct sops_item *announced)
{
	const struct sops_item *first = first_entry(announced);
	bool is_handed_on = comment->is_foot && announced->parent->kind == SOPS_LIST && first;
	return is_handed_on ? first->key_start + 1 : 0;
}

/*
 * Below an item of a list whose end it is, and set apart from the next one, it is handed to the end of the
 * first entry in there.
 */
static struct spot in_next_item(struct sops_item *next, uint32_t at)
{
	struct sops_item *into = next;
	while (into && (is_bare_dash(into) || into->kind == SOPS_COMMENT))
		into = into->next;
	if (!into)
		return above_dash(next, at);
	while (into->kind == SOPS_LIST && !is_flow(into) && first_entry(into))
		into = first_entry(into);
	if (into->kind == SOPS_MAP && !is_flow(into) && first_entry(into))
		into = first_entry(into);
	else if (into->kind != SOPS_VALUE)
		return (struct spot){ next->parent, at, false };
	return (struct spot){ into->parent, into->key_start + 1, false };
}

/* The { } or [ ] that is the first entry below a dash and has been handed the comment above it. */
static bool has_foot_already(const struct sops_item *flow)
{
	const struct sops_item *foot = flow->next;
	return is_flow(flow) && foot && foot->kind == SOPS_COMMENT && foot->start < flow->start;
}

/* Below a value and set apart from what follows; no container: as any other. */
static struct spot place_foot(const struct sops_yaml_comment *comment, struct sops_item *root,
                              struct sops_item *before, struct sops_item *next)
{
	struct sops_item *holder = before;
	while (holder->flags & SOPS_IN_FLOW && holder->parent &&
	       (holder->parent->flags & SOPS_IN_FLOW))
		holder = holder->parent;
	if (holder->flags & SOPS_IN_FLOW && is_flow(holder->parent ? holder->parent : root))
		holder = holder->parent;
	if (has_foot_already(holder))
		return (struct spot){ holder, comment->start, false };
	if (!(next && is_bare_dash(before)) && holder->parent &&
	    comment->column >= holder->parent->column)
		return (struct spot){ holder->parent, comment->start, false };
	if (next && next->parent->kind == SOPS_LIST && holder->parent != next->parent)
		return in_next_item(next, comment->start);
	return (struct spot){ NULL, 0, false };
}

static struct spot place_own(const struct sops_yaml_comment *comment, struct sops_item *root,
                             const struct order *order, size_t count, size_t climbs)
{
	struct sops_item *before = count ? order->items.ptr[count - 1] : NULL;
	struct sops_item *after = count < order->items.len ? order->items.ptr[count] : NULL;
	struct sops_item *flow = flow_around(before, comment->start);
	if (flow)
		return (struct spot){ flow, comment->start, false };
	/* Between `key:` or a dash and a list or map below it: the first thing in there. */
	if (is_announced(before, comment->start))
		return before->kind != SOPS_VALUE
		               ? (struct spot){ before, below_dash(comment, before), false }
		               : (struct spot){ before->parent, before->key_start, false };
	/* Of a list that is not indented and the map it is in, the deeper one. */
	bool is_after = after && after->parent && comment->column <= after->parent->column;
	if (comment->is_foot && before) {
		const struct spot spot = place_foot(comment, root, before, is_after ? after : NULL);
		if (spot.container)
			return spot;
	}
	if (is_after && is_bare_dash(after))
		return above_dash(after, comment->start);
	if (is_after)
		return (struct spot){ after->parent, comment->start, false };
	/* Behind the last entry comes the metadata, at the level of the root. */
	if (!after && comment->column <= root->column)
		return (struct spot){ root, comment->start, false };
	struct sops_item *container = before ? before : root;
	if (container->kind == SOPS_VALUE || is_flow(container) ||
	    (container->flags & SOPS_IN_FLOW))
		container = container->parent ? container->parent : root;
	while (container->parent &&
	       (container->column > comment->column || (container->flags & SOPS_IN_FLOW)))
		container = container->parent;
	while (climbs-- > 0 && container->parent)
		container = container->parent;
	return (struct spot){ container, comment->start, false };
}

static bool is_meta(const struct sops_part *part, const struct sops_item *item)
{
	for (; item; item = item->parent)
		if (item == part->meta)
			return true;
	return false;
}

static void place(struct sops_yaml *y, const struct sops_part *part, const struct order *order,
                  const struct sops_yaml_comment *comment, size_t climbs)
{
	size_t count = count_before(order, comment->start);
	struct sops_item *before = count ? order->items.ptr[count - 1] : NULL;
	struct spot spot = comment->is_own_line || !before || before == part->root
	                           ? place_own(comment, part->root, order, count, climbs)
	                           : place_inline(y, comment, before);
	if (is_meta(part, spot.container))
		return;
	struct sops_item *item = sops_item_new(y->doc, SOPS_COMMENT, spot.container);
	item->flags = spot.is_inline ? SOPS_INLINE : 0;
	if (comment->is_under_marker && part != y->doc->parts.ptr)
		item->flags |= SOPS_OF_BEFORE;
	item->start = comment->start;
	item->end = comment->end;
	item->line = comment->line;
	item->column = comment->column;
	item->text = (struct view){ y->doc->text + comment->start, comment->end - comment->start };
	item->key_start = comment->start;
	sops_item_insert(spot.container, item, spot.at);
}

/* A value of several lines with a comment in its first: the other lines go when it is encrypted. */
static void split_header(const struct sops_yaml *y, struct sops_item *item)
{
	if (item->kind != SOPS_VALUE ||
	    (item->style != VAL_STYLE_LITERAL && item->style != VAL_STYLE_FOLDED))
		return;
	const char *text = y->doc->text;
	uint32_t feed = item->start;
	while (feed < item->end && text[feed] != '\n')
		feed++;
	for (size_t i = 0; i < y->comments.len; i++) {
		const struct sops_yaml_comment *comment = &y->comments.ptr[i];
		if (comment->start <= item->start || comment->start > feed)
			continue;
		item->drop_start = feed;
		item->drop_end = item->end;
		item->end = comment->start - 1;
		while (item->end > item->start && strchr(" \t", text[item->end - 1]))
			item->end--;
		return;
	}
}

static void place_part(struct sops_yaml *y, struct sops_part *part, bool is_last, size_t *next)
{
	struct order order = { VEC_INIT };
	size_t climbs = 0;
	uint32_t stop = is_last ? UINT32_MAX : part->end;
	collect(&order, part->root);
	if (*next < y->comments.len)
		for (size_t i = 0; i < order.items.len; i++)
			split_header(y, order.items.ptr[i]);
	struct sops_item *seen = NULL;
	for (; *next < y->comments.len && y->comments.ptr[*next].start <= stop; (*next)++) {
		const struct sops_yaml_comment *comment = &y->comments.ptr[*next];
		size_t count = count_before(&order, comment->start);
		struct sops_item *before = count ? order.items.ptr[count - 1] : NULL;
		bool same_gap = *next > 0 && before == seen && comment->is_own_line &&
		                y->comments.ptr[*next - 1].is_own_line;
		climbs = same_gap ? climbs + comment->after_blank : 0;
		seen = before;
		place(y, part, &order, comment, climbs);
	}
	vec_clear(&order.items);
}

err *sops_yaml_comments(struct sops_yaml *y)
{
	size_t next = 0;
	find_comments(y);
	find_feet(y);
	for (size_t i = 0; i < y->doc->parts.len; i++)
		place_part(y, &y->doc->parts.ptr[i], i + 1 == y->doc->parts.len, &next);
	return NULL;
}
