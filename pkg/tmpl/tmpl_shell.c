/*
 * ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error}, ${NAME?error}, ${NAME:+other}: the parameter
 * expansion of POSIX shells that people use for files; $$ is a dollar, a dollar before anything else stays.
 * Names come from the data (a map), else from the environment.
 */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include <ctype.h>

struct part {
	struct view name, word;
	char operator;     /* '-', '?', '+'; '\0': none */
	bool counts_empty; /* with ':' an empty value is none */
	size_t end;
};

static err *parse_part(const struct tmpl *tmpl, size_t start, struct part *part)
{
	struct view text = tmpl->text;
	size_t pos = start + 2;
	*part = (struct part){ .name = { text.ptr + pos, 0 } };
	while (pos < text.len && (isalnum((unsigned char)text.ptr[pos]) || text.ptr[pos] == '_'))
		pos++;
	part->name.len = pos - start - 2;
	if (part->name.len == 0 || isdigit((unsigned char)part->name.ptr[0]))
		return tmpl_error(tmpl, start,
		                  "expected a name behind '${' (write $${ for the text itself)");
	part->counts_empty = pos < text.len && text.ptr[pos] == ':';
	pos += part->counts_empty;
	if (pos < text.len && text.ptr[pos] && strchr("-?+", text.ptr[pos])) {
		part->operator= text.ptr[pos++];
		part->word.ptr = text.ptr + pos;
		while (pos < text.len && text.ptr[pos] != '}' && text.ptr[pos] != '\n')
			pos++;
		part->word.len = (size_t)(text.ptr + pos - part->word.ptr);
	} else if (part->counts_empty) {
		return tmpl_error(tmpl, pos,
		                  "this expansion is not supported: -, + or ? behind ':'");
	}
	if (pos >= text.len || text.ptr[pos] != '}')
		return tmpl_error(tmpl, start,
		                  "'${' without '}', or an expansion that is not supported");
	if (str_find(part->word.ptr ? part->word.ptr : "", part->word.len, "${", 2))
		return tmpl_error(tmpl, start, "an expansion inside a default is not supported");
	part->end = pos + 1;
	return NULL;
}

static err *find_value(struct exec *x, const struct val *data, size_t at, struct view name,
                       const struct val **ret)
{
	const struct tmpl_func env = { "env", "s", NULL, 0 };
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *known = val_getn(data, name.ptr, name.len);
	*ret = known;
	if (known || !x->host || !x->host->lookup)
		return NULL;
	struct tmpl_call call = { x, &env, at, NULL, 0 };
	return call_lookup(&call, "env", arena_strndup(&x->arena, name.ptr, name.len), &state, ret);
}

static err *expand(struct exec *x, const struct tmpl *tmpl, const struct val *data, size_t at,
                   const struct part *part, struct str *out)
{
	AUTO(str) text = STR_INIT;
	const struct val *value = NULL;
	TRY(find_value(x, data, at, part->name, &value));
	if (value && value->kind != VAL_NULL)
		tmpl_print(value, &text);
	bool is_set = value && value->kind != VAL_NULL && (text.len || !part->counts_empty);
	if (part->operator== '+')
		str_add(out, part->word.ptr, is_set ? part->word.len : 0);
	else if (is_set)
		str_add_str(out, &text);
	else if (part->operator== '-')
		str_add(out, part->word.ptr, part->word.len);
	else if (part->operator== '?' || tmpl->options.missing == TMPL_MISSING_ERROR)
		return tmpl_error(tmpl, at, "%.*s: %.*s", (int)part->name.len, part->name.ptr,
		                  part->word.len ? (int)part->word.len : 10,
		                  part->word.len ? part->word.ptr : "is not set");
	return NULL;
}

err *tmpl_shell(struct exec *x, const struct tmpl *tmpl, const struct val *data, struct str *out)
{
	struct view text = tmpl->text;
	for (size_t i = 0; i < text.len;) {
		char next = i + 1 < text.len ? text.ptr[i + 1] : '\0';
		struct part part;
		if (text.ptr[i] != '$' || (next != '$' && next != '{')) {
			if (out)
				str_addch(out, text.ptr[i]);
			i++;
			continue;
		}
		if (next == '$') {
			if (out)
				str_addch(out, '$');
			i += 2;
			continue;
		}
		TRY(parse_part(tmpl, i, &part));
		if (x)
			TRY(tmpl_step(x, i));
		if (out)
			TRY(expand(x, tmpl, data, i, &part, out));
		i = part.end;
	}
	return NULL;
}
