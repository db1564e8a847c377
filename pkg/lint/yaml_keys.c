/* Rules about the keys of maps: key-duplicates and key-ordering. */
#include "base/base.h"

#include "lint/family_yaml.h"

/* From so many keys on, a map has a table of them. */
#define TABLE_FROM 32u

static void open_level(struct yaml_check *c, bool is_map)
{
	struct yaml_keys level = { .is_map = is_map, .first = c->keys.len };
	vec_push(&c->open, level);
}

static void close_level(struct yaml_check *c)
{
	if (c->open.len == 0)
		return;
	struct yaml_keys *level = &c->open.ptr[--c->open.len];
	c->keys.len = level->first;
	mem_free(level->places);
}

void yaml_keys_clear(struct yaml_check *c)
{
	while (c->open.len)
		close_level(c);
	vec_clear(&c->open);
	vec_clear(&c->keys);
}

static void enter(struct yaml_keys *level, const struct yaml_key *keys, size_t at)
{
	size_t slot = keys[at].hash & (level->n_places - 1);
	while (level->places[slot])
		slot = (slot + 1) & (level->n_places - 1);
	level->places[slot] = (uint32_t)at + 1;
}

static void grow(struct yaml_check *c, struct yaml_keys *level)
{
	level->n_places = level->n_places ? level->n_places * 2 : 4 * (size_t)TABLE_FROM;
	mem_free(level->places);
	level->places = mem_zalloc(level->n_places, sizeof(*level->places));
	for (size_t i = level->first; i < c->keys.len; i++)
		enter(level, c->keys.ptr, i);
}

static const struct yaml_key *find(const struct yaml_check *c, const struct yaml_keys *level,
                                   struct view text, uint32_t hash)
{
	if (!level->places) {
		for (size_t i = level->first; i < c->keys.len; i++)
			if (c->keys.ptr[i].hash == hash && view_equal(c->keys.ptr[i].text, text))
				return &c->keys.ptr[i];
		return NULL;
	}
	size_t slot = hash & (level->n_places - 1);
	for (; level->places[slot]; slot = (slot + 1) & (level->n_places - 1)) {
		const struct yaml_key *key = &c->keys.ptr[level->places[slot] - 1];
		if (key->hash == hash && view_equal(key->text, text))
			return key;
	}
	return NULL;
}

static void add(struct yaml_check *c, struct yaml_keys *level, struct yaml_key key)
{
	vec_push(&c->keys, key);
	size_t count = c->keys.len - level->first;
	if (count >= TABLE_FROM && count * 2 > level->n_places)
		grow(c, level);
	else if (level->places)
		enter(level, c->keys.ptr, c->keys.len - 1);
}

/* Where the text of a key stays: in the file when it is written there as it is. */
static struct view keep_text(const struct yaml_check *c, const struct yaml_token *token)
{
	struct view text = token->value;
	if (token->style == '\0' && token->end - token->start == text.len)
		return (struct view){ c->file->text + token->start, text.len };
	return (struct view){ arena_strndup(c->file->arena, text.ptr, text.len), text.len };
}

static size_t line_of(const struct yaml_check *c, size_t at)
{
	size_t line = 1;
	const char *text = c->file->text, *newline;
	for (size_t from = 0; (newline = memchr(text + from, '\n', at - from)); line++)
		from = (size_t)(newline - text) + 1;
	return line;
}

static void check_duplicate(struct yaml_check *c, struct yaml_keys *level, struct yaml_key key)
{
	const struct yaml_key *first = find(c, level, key.text, key.hash);
	bool may_repeat = view_is(key.text, "<<") && !yaml_option(c, YO_DUPLICATES_MERGE);
	if (!first || may_repeat) {
		add(c, level, key);
		return;
	}
	yaml_hit(c, YR_KEY_DUPLICATES, key.start, c->next.end, NULL,
	         "the key '%.*s' is already set on line %zu, column %zu",
	         (int)MIN(key.text.len, (size_t)64), key.text.ptr, line_of(c, first->start),
	         first->start - yaml_start_of_line(c, first->start) + 1);
}

static int compare(struct view a, struct view b)
{
	int order = memcmp(a.ptr, b.ptr, MIN(a.len, b.len));
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Only the highest so far matters: a key below any of them is below that one. */
static void check_order(struct yaml_check *c, struct yaml_keys *level, struct yaml_key key)
{
	if (yaml_patterns_find(&c->style->order_ignored, key.text))
		return;
	if (!level->has_highest || compare(key.text, level->highest.text) >= 0) {
		level->has_highest = true;
		level->highest = key;
		return;
	}
	yaml_hit(c, YR_KEY_ORDERING, key.start, c->next.end, NULL,
	         "the key '%.*s' should stand in front of '%.*s'",
	         (int)MIN(key.text.len, (size_t)64), key.text.ptr,
	         (int)MIN(level->highest.text.len, (size_t)64), level->highest.text.ptr);
}

static void check_key(struct yaml_check *c)
{
	if (c->open.len == 0 || !c->open.ptr[c->open.len - 1].is_map)
		return;
	struct yaml_keys *level = &c->open.ptr[c->open.len - 1];
	struct view text = keep_text(c, &c->next);
	struct yaml_key key = { text, map_hash(text.ptr, text.len), c->next.start };
	if (yaml_is_on(c, YR_KEY_DUPLICATES))
		check_duplicate(c, level, key);
	if (yaml_is_on(c, YR_KEY_ORDERING))
		check_order(c, level, key);
}

void yaml_check_keys(struct yaml_check *c)
{
	switch (c->token.kind) {
	case YAML_T_BLOCK_MAP:
	case YAML_T_FLOW_MAP:
		open_level(c, true);
		break;
	case YAML_T_BLOCK_LIST:
	case YAML_T_FLOW_LIST:
		open_level(c, false);
		break;
	case YAML_T_BLOCK_END:
	case YAML_T_FLOW_MAP_END:
	case YAML_T_FLOW_LIST_END:
		close_level(c);
		break;
	case YAML_T_KEY:
		if (c->next.kind == YAML_T_SCALAR)
			check_key(c);
		break;
	default:
		break;
	}
}
