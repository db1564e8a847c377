/* The rule `quoted-strings`: which texts have quotes, which need them. */
#include "base/base.h"

#include "lint/family_yaml.h"

/* --- what a plain text would be, as YAML 1.1 resolves it --- */

struct scan {
	const char *at, *end;
};

static size_t skip_class(struct scan *s, const char *class)
{
	const char *start = s->at;
	while (s->at < s->end && strchr(class, *s->at) && *s->at)
		s->at++;
	return (size_t)(s->at - start);
}

static bool skip_char(struct scan *s, const char *class)
{
	bool is_it = s->at < s->end && *s->at && strchr(class, *s->at);
	s->at += is_it;
	return is_it;
}

#define DIGITS "0123456789"

/* `:` and one or two digits, again and again. */
static size_t skip_sixties(struct scan *s)
{
	size_t n = 0;
	while (s->at + 1 < s->end && *s->at == ':' && strchr(DIGITS, s->at[1]) && s->at[1]) {
		s->at += 2;
		if (s->at[-1] <= '5')
			skip_char(s, DIGITS);
		n++;
	}
	return n;
}

static bool is_int(struct view v)
{
	struct scan s = { v.ptr, v.ptr + v.len };
	skip_char(&s, "+-");
	if (s.at == s.end)
		return false;
	const char *first = s.at;
	if (skip_char(&s, "0")) {
		if (s.at == s.end)
			return true;
		if (skip_char(&s, "b"))
			return skip_class(&s, "01_") && s.at == s.end;
		if (skip_char(&s, "x"))
			return skip_class(&s, DIGITS "abcdefABCDEF_") && s.at == s.end;
		skip_char(&s, "o");
		return skip_class(&s, "01234567_") && s.at == s.end;
	}
	if (*first < '1' || *first > '9')
		return false;
	skip_class(&s, DIGITS "_");
	skip_sixties(&s);
	return s.at == s.end;
}

static bool skip_exponent(struct scan *s)
{
	if (!skip_char(s, "eE"))
		return true;
	return skip_char(s, "+-") && skip_class(s, DIGITS);
}

static bool is_float(struct view v)
{
	static const char *const infs[] = { ".inf", ".Inf", ".INF" };
	static const char *const nans[] = { ".nan", ".NaN", ".NAN" };
	struct scan s = { v.ptr, v.ptr + v.len };
	bool has_sign = skip_char(&s, "+-");
	struct view rest = { s.at, (size_t)(s.end - s.at) };
	for (size_t i = 0; i < ARRAY_LEN(infs); i++)
		if (view_is(rest, infs[i]) || (!has_sign && view_is(rest, nans[i])))
			return true;
	if (s.at < s.end && *s.at == '.') {
		s.at++;
		return !has_sign && skip_char(&s, DIGITS) && (skip_class(&s, DIGITS "_"), true) &&
		       skip_exponent(&s) && s.at == s.end;
	}
	if (!skip_char(&s, DIGITS))
		return false;
	skip_class(&s, DIGITS "_");
	bool has_sixties = skip_sixties(&s) > 0;
	if (!skip_char(&s, "."))
		return false;
	skip_class(&s, DIGITS "_");
	return (has_sixties || skip_exponent(&s)) && s.at == s.end;
}

/* So many digits, at least `min`. */
static bool skip_number(struct scan *s, size_t min, size_t max)
{
	size_t n = 0;
	while (n < max && skip_char(s, DIGITS))
		n++;
	return n >= min;
}

static bool is_time(struct view v)
{
	struct scan s = { v.ptr, v.ptr + v.len };
	const char *start = s.at;
	if (!skip_number(&s, 4, 4) || !skip_char(&s, "-") || !skip_number(&s, 1, 2) ||
	    !skip_char(&s, "-") || !skip_number(&s, 1, 2))
		return false;
	if (s.at == s.end)
		return s.at - start == 10;
	if (!skip_char(&s, "Tt") && !skip_class(&s, " \t"))
		return false;
	if (!skip_number(&s, 1, 2) || !skip_char(&s, ":") || !skip_number(&s, 2, 2) ||
	    !skip_char(&s, ":") || !skip_number(&s, 2, 2))
		return false;
	if (skip_char(&s, "."))
		skip_class(&s, DIGITS);
	if (s.at == s.end)
		return true;
	skip_class(&s, " \t");
	if (skip_char(&s, "Z"))
		return s.at == s.end;
	if (!skip_char(&s, "+-") || !skip_number(&s, 1, 2))
		return false;
	if (skip_char(&s, ":") && !skip_number(&s, 2, 2))
		return false;
	return s.at == s.end;
}

static bool is_word(struct view v)
{
	static const char *const words[] = { "yes",  "Yes",  "YES",  "no",    "No",    "NO",
		                             "true", "True", "TRUE", "false", "False", "FALSE",
		                             "on",   "On",   "ON",   "off",   "Off",   "OFF",
		                             "null", "Null", "NULL", "~",     "<<",    "=",
		                             "!",    "&",    "*" };
	if (v.len == 0)
		return true;
	if (v.len > 5 || !strchr("yYnNtTfFoO~<=!&*", v.ptr[0]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (view_is(v, words[i]))
			return true;
	return false;
}

/* Does it stay a text without quotes and tags? */
static bool is_text(struct view v)
{
	if (v.len && v.ptr[v.len - 1] == '\n')
		v.len--;
	if (is_word(v))
		return false;
	char first = v.ptr[0];
	bool may_be_number =
		(first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.';
	return !may_be_number || (!is_int(v) && !is_float(v) && !is_time(v));
}

/* --- are quotes needed? --- */

static bool has_any(struct view v, const char *chars)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] && strchr(chars, v.ptr[i]))
			return true;
	return false;
}

/* Control characters must be escapes, and those need double quotes. */
static bool has_unprintable(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char ch = (unsigned char)v.ptr[i];
		if ((ch < 0x20 && ch != '\t' && ch != '\n' && ch != '\r') || ch == 0x7f)
			return true;
		if (ch == 0xc2 && i + 1 < v.len) {
			unsigned char low = (unsigned char)v.ptr[i + 1];
			if (low < 0xa0 && low != 0x85)
				return true;
		}
		if (ch == 0xef && i + 2 < v.len && (unsigned char)v.ptr[i + 1] == 0xbf &&
		    (unsigned char)v.ptr[i + 2] >= 0xbe)
			return true;
	}
	return false;
}

/* A backslash at the end of a line joins the lines. */
static bool joins_lines(const struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	if (token->line == token->end_line)
		return false;
	const char *text = c->file->text;
	for (size_t i = token->start + 1; i + 1 < token->end; i++)
		if (text[i] == '\\' &&
		    (text[i + 1] == '\n' || (text[i + 1] == '\r' && text[i + 2] == '\n')))
			return true;
	return false;
}

static bool is_simple(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char ch = v.ptr[i];
		bool is_letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		                 (ch >= '0' && ch <= '9');
		if (!is_letter && (i == 0 || !strchr("_-./", ch) || !ch))
			return false;
	}
	return v.len > 0;
}

/* Would the scanner read the same text as the value of a key? */
static bool reads_plain(struct view v)
{
	if (is_simple(v))
		return true;
	AUTO(str) text = STR_INIT;
	str_addz(&text, "key: ");
	str_add(&text, v.ptr, v.len);
	AUTOPTR(yaml_tokens) tokens = yaml_tokens_new(text.ptr, text.len);
	struct yaml_token token = { 0 }, scalar = { 0 };
	for (int i = 0; i < 7; i++) {
		if (!tokens || !yaml_tokens_next(tokens, &token))
			return false;
		if (i == 5)
			scalar = token;
	}
	return scalar.kind == YAML_T_SCALAR && scalar.style == '\0' &&
	       token.kind == YAML_T_BLOCK_END && view_equal(scalar.value, v);
}

static bool are_quotes_needed(const struct yaml_check *c)
{
	struct view v = c->token.value;
	if (c->flow_depth > 0 && has_any(v, ",[]{}"))
		return true;
	if (c->token.style == '"' && (has_unprintable(v) || joins_lines(c)))
		return true;
	return !reads_plain(v);
}

/* --- the rule --- */

static bool is_wanted_quote(struct yaml_check *c)
{
	char style = c->token.style;
	switch (yaml_option(c, YO_QUOTES_TYPE)) {
	case YAML_QUOTES_SINGLE:
		return style == '\'';
	case YAML_QUOTES_DOUBLE:
		return style == '"';
	case YAML_QUOTES_CONSISTENT:
		if (style == '\0')
			return false;
		c->quote = c->quote ? c->quote : style;
		return style == c->quote;
	default:
		return true;
	}
}

static bool is_quote_allowed(struct yaml_check *c)
{
	if (is_wanted_quote(c))
		return true;
	if (!yaml_option(c, YO_QUOTES_QUOTED))
		return false;
	char style = c->token.style;
	return (style == '\'' && has_any(c->token.value, "\"")) ||
	       (style == '"' && has_any(c->token.value, "'"));
}

static const char *quote_name(const struct yaml_check *c)
{
	static const char *const names[] = { "", "single ", "double ", "consistent " };
	return names[yaml_option(c, YO_QUOTES_TYPE) - YAML_QUOTES_ANY];
}

static char wanted_quote(const struct yaml_check *c)
{
	switch (yaml_option(c, YO_QUOTES_TYPE)) {
	case YAML_QUOTES_SINGLE:
		return '\'';
	case YAML_QUOTES_CONSISTENT:
		return c->quote ? c->quote : '"';
	default:
		return '"';
	}
}

/* Other quotes, or quotes around a plain text: only where nothing has to be escaped. */
static const struct lint_fix *fix_quote(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	size_t quotes = token->style ? 1 : 0;
	struct view inside = { c->file->text + token->start + quotes,
		               token->end - token->start - 2 * quotes };
	if (token->line != token->end_line || has_any(inside, "\\\"'"))
		return NULL;
	AUTO(str) text = STR_INIT;
	char quote = wanted_quote(c);
	str_add(&text, &quote, 1);
	str_add(&text, inside.ptr, inside.len);
	str_add(&text, &quote, 1);
	return yaml_fix(c, token->start, token->end, (struct view){ text.ptr, text.len },
	                quote == '"' ? "put it in double quotes" : "put it in single quotes");
}

static const struct lint_fix *fix_redundant(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	struct view inside = { c->file->text + token->start + 1, token->end - token->start - 2 };
	if (!view_equal(inside, token->value) || token->line != token->end_line ||
	    yaml_plain_kind(inside.ptr, inside.len) != VAL_STR)
		return NULL;
	return yaml_fix(c, token->start, token->end, inside, "remove the quotes");
}

static void hit_wrong(struct yaml_check *c, const char *node)
{
	yaml_hit(c, YR_QUOTED_STRINGS, c->token.start, c->token.end, fix_quote(c),
	         "this %s is not in %squotes", node, quote_name(c));
}

static bool is_required(const struct yaml_check *c)
{
	return yaml_patterns_find(&c->style->extra_required, c->token.value);
}

static bool is_position(enum yaml_token_kind prev)
{
	return prev == YAML_T_BLOCK_ENTRY || prev == YAML_T_FLOW_ENTRY ||
	       prev == YAML_T_FLOW_LIST || prev == YAML_T_TAG || prev == YAML_T_VALUE ||
	       prev == YAML_T_KEY;
}

static void check_text(struct yaml_check *c, const char *node, bool is_plain_text)
{
	int32_t required = yaml_option(c, YO_QUOTES_REQUIRED);
	char style = c->token.style;
	if (required == 1) {
		if (style == '\0' || !is_quote_allowed(c))
			hit_wrong(c, node);
		return;
	}
	bool is_redundant = required == YAML_ONLY_WHEN_NEEDED && style && is_plain_text &&
	                    c->token.value.len && !are_quotes_needed(c);
	if (is_redundant) {
		if (!is_required(c) &&
		    !yaml_patterns_find(&c->style->extra_allowed, c->token.value))
			yaml_hit(c, YR_QUOTED_STRINGS, c->token.start, c->token.end,
			         fix_redundant(c), "this %s needs no %squotes", node,
			         quote_name(c));
	} else if (style) {
		if (!is_quote_allowed(c))
			hit_wrong(c, node);
	} else if (is_required(c)) {
		yaml_hit(c, YR_QUOTED_STRINGS, c->token.start, c->token.end, fix_quote(c),
		         "this %s is not in quotes", node);
	}
}

void yaml_check_quotes(struct yaml_check *c)
{
	const struct yaml_token *token = &c->token;
	enum yaml_token_kind kind = token->kind;
	c->flow_depth += kind == YAML_T_FLOW_LIST || kind == YAML_T_FLOW_MAP;
	c->flow_depth -=
		(kind == YAML_T_FLOW_LIST_END || kind == YAML_T_FLOW_MAP_END) && c->flow_depth > 0;
	if (kind != YAML_T_SCALAR || !is_position(c->prev.kind))
		return;
	bool is_key = c->prev.kind == YAML_T_KEY;
	if (is_key && !yaml_option(c, YO_QUOTES_KEYS))
		return;
	if (c->prev.kind == YAML_T_TAG && c->prev.has_long_handle)
		return;
	bool is_plain_text = is_text(token->value);
	if ((token->style == '\0' && !is_plain_text) || token->style == '|' || token->style == '>')
		return;
	check_text(c, is_key ? "key" : "value", is_plain_text);
}
