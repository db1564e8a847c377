/*
 * Thousands of seeded random changes of random documents: what the editor accepts reads back as
 * exactly the tree with the change, keeps every comment, and made again changes nothing.
 */
#include "base/base.h"

#include "test.h"
#include "yaml/yaml_edit.h"

#define DOCUMENTS 4000u
#define CHANGES   5u

static uint64_t state;

static unsigned pick(unsigned n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % n;
}

/* --- documents as people write them --- */

static const char *const names[] = { "name", "image", "spec", "ports", "env", "labels", "limits",
	                             "odd.key/x", "data", "args" };
static const char *const scalars[] = { "web", "1", "true", "null", "~", "\"two words\"", "'single'",
	                               "3.5", "nginx:1.27", "a # no comment", "'#1'", "\"\\u00e9\\n\"",
	                               "2026-11-27", "\"\"", "café" };

static void add_comment(struct str *out)
{
	if (pick(5) == 0)
		str_addf(out, "%s# c%u", pick(2) ? " " : "   ", pick(1000));
}

static void add_end(struct str *out, const char *newline)
{
	add_comment(out);
	str_addz(out, newline);
	if (pick(12) == 0)
		str_addz(out, newline);
}

static void add_own_comment(struct str *out, unsigned indent, const char *newline)
{
	if (pick(8) > 0)
		return;
	str_add_repeat(out, ' ', indent);
	str_addf(out, "# own %u%s", pick(1000), newline);
}

static const char *scalar(void)
{
	const char *text = scalars[pick(ARRAY_LEN(scalars))];
	return strchr(text, '#') && text[0] == 'a' ? "plain" : text;
}

static void add_flow(struct str *out, unsigned depth)
{
	unsigned n = pick(4);
	bool is_map = pick(2);
	str_addch(out, is_map ? '{' : '[');
	for (unsigned i = 0; i < n; i++) {
		str_addz(out, i ? ", " : "");
		if (is_map)
			str_addf(out, "k%u: ", i);
		if (depth > 0 && pick(4) == 0)
			add_flow(out, depth - 1);
		else
			str_addz(out, scalar());
	}
	str_addch(out, is_map ? '}' : ']');
}

static void add_map(struct str *out, unsigned indent, unsigned depth, bool is_behind_dash,
                    const char *newline, unsigned step);

static void add_value(struct str *out, unsigned indent, unsigned depth, const char *newline,
                      unsigned step)
{
	switch (depth > 0 ? pick(6) : pick(3)) {
	case 0:
		str_addch(out, ' ');
		add_flow(out, 2);
		add_end(out, newline);
		break;
	case 3:
		add_end(out, newline);
		add_map(out, indent + step, depth - 1, false, newline, step);
		break;
	case 4: {
		unsigned dash = pick(2) ? indent : indent + step;
		add_end(out, newline);
		for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
			add_own_comment(out, dash, newline);
			str_add_repeat(out, ' ', dash);
			str_addz(out, "- ");
			if (pick(2)) {
				add_map(out, dash + 2, depth - 1, true, newline, step);
			} else {
				str_addz(out, scalar());
				add_end(out, newline);
			}
		}
		break;
	}
	case 5:
		str_addf(out, " |%s", newline);
		for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
			str_add_repeat(out, ' ', indent + step);
			str_addf(out, "line %u # text%s", i, newline);
		}
		break;
	default:
		if (pick(10) > 0)
			str_addf(out, " %s", scalar());
		add_end(out, newline);
	}
}

static void add_map(struct str *out, unsigned indent, unsigned depth, bool is_behind_dash,
                    const char *newline, unsigned step)
{
	unsigned first = pick(ARRAY_LEN(names)), n = 1 + pick(4);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0 || !is_behind_dash) {
			add_own_comment(out, indent, newline);
			str_add_repeat(out, ' ', indent);
		}
		str_addf(out, "%s:", names[(first + i) % ARRAY_LEN(names)]);
		add_value(out, indent, depth, newline, step);
	}
}

/* --- changes --- */

/* A random node: the way to it is `path`. */
static const struct val *walk(const struct val *v, struct str *path)
{
	while (val_len(v) > 0 && pick(4) > 0) {
		unsigned i = pick((unsigned)val_len(v));
		if (val_is(v, VAL_MAP)) {
			const struct val_entry *entry = val_entry_at(v, i);
			val_path_add_key(path, entry->key, entry->key_len);
			v = entry->value;
		} else {
			val_path_add_index(path, i);
			v = val_at(v, i);
		}
	}
	return v;
}

static struct val *random_value(struct arena *a)
{
	struct val *list = val_new_list(a), *map = val_new_map(a);
	switch (pick(6)) {
	case 0: return val_new_bool(a, pick(2));
	case 1: return val_new_int(a, pick(100));
	case 2: return val_new_str(a, pick(2) ? "new: value, #1" : "yes");
	case 3:
		val_push(a, list, val_new_str(a, "ALL"));
		return list;
	case 4:
		val_set(a, map, "type", val_new_str(a, "RuntimeDefault"));
		val_set(a, map, "more", list);
		return map;
	default: return val_new_str(a, "plain");
	}
}

static const char *const new_keys[] = { "added", "name", "securityContext", "image", "x y" };

static struct yaml_change random_change(struct arena *a, const struct val *root)
{
	AUTO(str) path = STR_INIT;
	const struct val *at = walk(root, &path);
	struct yaml_change change = { .kind = (enum yaml_change_kind)pick(4), .key = "renamed" };
	const char **keys = arena_zalloc(a, 4, sizeof(*keys));
	unsigned n = 1 + pick(2);
	for (unsigned i = 0; i < n; i++)
		keys[i] = new_keys[pick(ARRAY_LEN(new_keys))];
	if (val_is(at, VAL_MAP) && val_len(at) > 0 && pick(2)) {
		keys[0] = val_entry_at(at, pick((unsigned)val_len(at)))->key;
		keys[1] = NULL;
	}
	if (val_is(at, VAL_LIST) && val_len(at) > 0) {
		keys[0] = NULL;
		change.kind = pick(2) ? YAML_REMOVE : YAML_APPEND;
		change.index = pick((unsigned)val_len(at));
	}
	change.at = arena_strdup(a, path.ptr);
	change.keys = keys;
	change.value = random_value(a);
	return change;
}

/* --- what must hold --- */

/* Comments of the old text that the new one lacks. */
static size_t lost_comments(const struct str *before, const struct str *after)
{
	size_t lost = 0;
	for (const char *at = strstr(before->ptr, "# "); at; at = strstr(at + 1, "# ")) {
		if (at[2] == 't')
			continue; /* "# text" in a block scalar */
		AUTOFREE char *comment = mem_strndup(at, strcspn(at, "\r\n"));
		lost += strstr(after->ptr, comment) == NULL;
	}
	return lost;
}

static err *load(struct arena *a, const struct str *text, struct yaml_docs *docs)
{
	return yaml_load(text->ptr, text->len, "random", a, docs);
}

static void apply(const struct str *before, const struct yaml_edit *edit, struct str *after)
{
	str_add(after, before->ptr, edit->start);
	str_add(after, edit->text, edit->len);
	str_add(after, before->ptr + edit->end, before->len - edit->end);
}

static void try_change(struct str *text, size_t *n_made, size_t *n_refused)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) after = STR_INIT;
	struct yaml_docs docs, again;
	struct yaml_edit edit;
	const struct val *expected;
	CHECK_OK(load(&a, text, &docs));
	const struct yaml_change change = random_change(&a, docs.ptr[0].root);
	err *e = yaml_edit(text->ptr, text->len, &docs.ptr[0], false, &change, 1, &a, &edit);
	if (e) {
		*n_refused += err_is(e, ERR_UNSUPPORTED);
		err_ignore(e, "counted");
		return;
	}
	(*n_made)++;
	apply(text, &edit, &after);
	CHECK_OK(load(&a, &after, &again));
	CHECK_OK(yaml_change_tree(&a, docs.ptr[0].root, &change, &expected));
	CHECK(val_equal(again.ptr[0].root, expected));
	bool may_lose = change.kind == YAML_REMOVE; /* comments go with what they speak of */
	if (!may_lose)
		CHECK_INT(lost_comments(text, &after), 0);
	if (change.kind == YAML_SET) {
		struct yaml_edit second;
		CHECK_OK(yaml_edit(after.ptr, after.len, &again.ptr[0], false, &change, 1, &a, &second));
		CHECK_INT(second.end - second.start, 0);
		CHECK_INT(second.len, 0);
	}
	str_reset(text);
	str_add_str(text, &after);
}

TEST(yaml_edit_random, five_thousand_changes_keep_everything_else)
{
	size_t n_made = 0, n_refused = 0;
	for (unsigned seed = 1; seed <= DOCUMENTS; seed++) {
		AUTO(str) text = STR_INIT;
		state = seed;
		if (pick(3) == 0)
			str_addz(&text, "# head\n");
		add_map(&text, 0, 4, false, pick(5) ? "\n" : "\r\n", pick(3) ? 2 : 4);
		for (unsigned i = 0; i < CHANGES; i++)
			try_change(&text, &n_made, &n_refused);
	}
	CHECK(n_made >= 5000);
	/* Most changes can be made; what is refused has a reason, as a comment that would go. */
	CHECK(n_refused * 5 < n_made);
}
