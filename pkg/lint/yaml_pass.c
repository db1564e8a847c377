/* One pass over a YAML file: tokens, comments and lines in the order of the text. */
#include "base/base.h"

#include "lint/family_yaml.h"

/* --- findings wait for the end of their line --- */

void yaml_hit(struct yaml_check *c, enum yaml_rule rule, size_t start, size_t end,
              const struct lint_fix *fix, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	struct yaml_pending pending = { .rule = rule, .start = start, .end = end, .fix = fix };
	pending.message = arena_strndup(c->file->arena, message.ptr, message.len);
	vec_push(&c->pending, pending);
}

static bool is_pending(const struct yaml_check *c, enum yaml_rule rule, size_t start)
{
	for (size_t i = 0; i < c->pending.len; i++)
		if (c->pending.ptr[i].rule == rule && c->pending.ptr[i].start == start)
			return true;
	return false;
}

/*
 * Keys that are written in two ways and read as one (yes and true, 1 and "1"): yamllint does not
 * see them, so under its configuration they count only where the reader is known to refuse them.
 */
static bool counts_duplicate(const struct yaml_check *c)
{
	const unsigned strict = LINT_KUBERNETES | LINT_KUSTOMIZATION | LINT_SOPS;
	return yaml_is_on(c, YR_KEY_DUPLICATES) && (!c->style->path || (c->file->kind & strict));
}

/* What the loader noticed up to the end of this line. */
static void add_flaws(struct yaml_check *c, size_t end)
{
	const struct lint_file *file = c->file;
	for (; c->next_flaw < file->n_load_errors; c->next_flaw++) {
		const struct lint_load_error *flaw = &file->load_errors[c->next_flaw];
		if (flaw->start > end)
			return;
		if (flaw->kind == YAML_FLAW_DUPLICATE && counts_duplicate(c) &&
		    !is_pending(c, YR_KEY_DUPLICATES, flaw->start))
			yaml_hit(c, YR_KEY_DUPLICATES, flaw->start, flaw->end, NULL, "%s",
			         flaw->message);
		if (flaw->kind == YAML_FLAW_ALIAS && yaml_is_on(c, YR_ANCHORS) &&
		    yaml_option(c, YO_ANCHORS_UNDECLARED) &&
		    !is_pending(c, YR_ANCHORS, flaw->start))
			yaml_hit(c, YR_ANCHORS, flaw->start, flaw->end, NULL, "%s", flaw->message);
		if (flaw->kind == YAML_FLAW_MERGE)
			yaml_hit(c, YR_MERGE_KEYS, flaw->start, flaw->end, NULL, "%s",
			         flaw->message);
	}
}

/* Where the text cannot be read, nothing else is worth saying. */
static bool is_broken_at(const struct yaml_check *c, size_t start)
{
	const struct lint_file *file = c->file;
	for (size_t i = 0; i < file->n_load_errors; i++)
		if (file->load_errors[i].kind == YAML_FLAW_BROKEN &&
		    file->load_errors[i].start == start)
			return true;
	return false;
}

static void flush(struct yaml_check *c)
{
	uint32_t disabled = c->disabled | c->disabled_line;
	for (size_t i = 0; i < c->pending.len; i++) {
		const struct yaml_pending *pending = &c->pending.ptr[i];
		if ((disabled & YR_BIT(pending->rule)) || is_broken_at(c, pending->start))
			continue;
		const struct lint_hit hit = { .rule = &yaml_rules[pending->rule],
			                      .start = pending->start,
			                      .end = pending->end,
			                      .fix = pending->fix,
			                      .has_severity = pending->has_severity,
			                      .severity = pending->severity };
		lint_report_hit(c->file, &hit, "%s", pending->message);
	}
	c->pending.len = 0;
	c->disabled_line = c->disabled_next;
	c->disabled_next = 0;
}

/* --- fixes --- */

const struct lint_fix *yaml_fix(struct yaml_check *c, size_t start, size_t end, struct view text,
                                const char *what)
{
	const struct lint_edit edit = { start, end, text.ptr, text.len };
	return lint_fix_edits(c->file, false, &edit, 1, "%s", what);
}

const struct lint_fix *yaml_fix_spaces(struct yaml_check *c, size_t start, size_t end,
                                       size_t spaces)
{
	static const char blanks[] =
		"                                                                ";
	for (size_t i = start; i < end; i++)
		if (c->file->text[i] != ' ' && c->file->text[i] != '\t')
			return NULL;
	bool is_same = end - start == spaces && !memchr(c->file->text + start, '\t', end - start);
	if (spaces >= sizeof(blanks) || is_same)
		return NULL;
	const struct lint_edit edit = { start, end, blanks, spaces };
	return lint_fix_edits(c->file, false, &edit, 1, "%s",
	                      spaces == 0   ? "remove the space"
	                      : spaces == 1 ? "make it one space"
	                                    : "make it as many spaces as are asked for");
}

size_t yaml_start_of_line(const struct yaml_check *c, size_t at)
{
	while (at > 0 && c->file->text[at - 1] != '\n')
		at--;
	return at;
}

bool yaml_is_explicit_key(const struct yaml_check *c, const struct yaml_token *token)
{
	return token->start < token->end && c->file->text[token->start] == '?';
}

/* --- comments that switch rules off and on --- */

static uint32_t rule_bit(const char *name, size_t len)
{
	for (unsigned i = 0; i < YR_N_STYLE; i++)
		if (strlen(yaml_rules[i].slug) == len && memcmp(yaml_rules[i].slug, name, len) == 0)
			return YR_BIT(i);
	return 0;
}

/* ` rule:a rule:b` up to the end: their bits, all of them without names. False: something else. */
static bool read_rules(struct view rest, uint32_t *ret_rules)
{
	uint32_t rules = 0;
	size_t at = 0;
	bool has_names = false;
	while (rest.len - at > 6 && memcmp(rest.ptr + at, " rule:", 6) == 0) {
		size_t start = at += 6;
		while (at < rest.len && !strchr(" \t\r\v\f", rest.ptr[at]))
			at++;
		if (at == start)
			return false;
		rules |= rule_bit(rest.ptr + start, at - start);
		has_names = true;
	}
	for (; at < rest.len; at++)
		if (!strchr(" \t\r\v\f", rest.ptr[at]))
			return false;
	*ret_rules = has_names ? rules : UINT32_MAX;
	return true;
}

static bool read_directive(struct view text, const char *word, uint32_t *ret_rules)
{
	size_t len = strlen(word);
	if (text.len < len || memcmp(text.ptr, word, len) != 0)
		return false;
	return read_rules((struct view){ text.ptr + len, text.len - len }, ret_rules);
}

static void obey(struct yaml_check *c, const struct yaml_comment *comment)
{
	const char *start = c->file->text + comment->start;
	size_t left = c->file->len - comment->start;
	const char *newline = memchr(start, '\n', left);
	struct view text = { start, newline ? (size_t)(newline - start) : left };
	uint32_t rules;
	if (read_directive(text, "# yamllint disable-line", &rules)) {
		if (comment->is_inline)
			c->disabled_line |= rules;
		else
			c->disabled_next |= rules;
	} else if (read_directive(text, "# yamllint disable", &rules)) {
		c->disabled |= rules;
	} else if (read_directive(text, "# yamllint enable", &rules)) {
		c->disabled &= ~rules;
	}
}

bool yaml_is_disabled(const struct lint_file *file)
{
	static const char words[] = "yamllint disable-file";
	const char *text = file->text;
	size_t bom = file->len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	if (text[bom] != '#')
		return false;
	size_t at = bom + 1 + strspn(text + bom + 1, " \t");
	if (strncmp(text + at, words, sizeof(words) - 1) != 0)
		return false;
	at += sizeof(words) - 1;
	at += strspn(text + at, " \t\r\v\f");
	return text[at] == '\n' || at >= file->len;
}

/* --- lines --- */

struct lines {
	struct yaml_check *c;
	struct yaml_line line;
	bool is_over;
};

static void find_line_end(struct lines *lines)
{
	const struct lint_file *file = lines->c->file;
	struct yaml_line *line = &lines->line;
	const char *newline = memchr(file->text + line->start, '\n', file->len - line->start);
	line->end = newline ? (size_t)(newline - file->text) : file->len;
	if (newline && line->end > 0 && file->text[line->end - 1] == '\r')
		line->end = MAX(line->end - 1, line->start);
}

static void end_line(struct lines *lines)
{
	struct yaml_check *c = lines->c;
	const struct lint_file *file = c->file;
	struct yaml_line *line = &lines->line;
	if (c->on & YR_LINE_RULES)
		yaml_check_line(c, line);
	add_flaws(c, line->end);
	flush(c);
	size_t next = line->end;
	if (next < file->len && file->text[next] == '\r')
		next++;
	lines->is_over = next >= file->len || file->text[next] != '\n';
	if (lines->is_over)
		return;
	line->start = next + 1;
	line->number++;
	find_line_end(lines);
}

static void end_lines_before(struct lines *lines, size_t number)
{
	while (!lines->is_over && lines->line.number < number)
		end_line(lines);
}

/* --- tokens and the comments between them --- */

static void check_token(struct yaml_check *c)
{
	const uint32_t spaces = YR_BIT(YR_BRACES) | YR_BIT(YR_BRACKETS) | YR_BIT(YR_COLONS) |
	                        YR_BIT(YR_COMMAS) | YR_BIT(YR_HYPHENS) | YR_BIT(YR_TABS);
	const uint32_t scalars = YR_BIT(YR_EMPTY_VALUES) | YR_BIT(YR_FLOAT_VALUES) |
	                         YR_BIT(YR_OCTAL_VALUES) | YR_BIT(YR_TRUTHY);
	if (yaml_is_on(c, YR_ANCHORS))
		yaml_check_anchors(c);
	if (c->on & spaces)
		yaml_check_spaces(c);
	if (c->on & (YR_BIT(YR_DOCUMENT_START) | YR_BIT(YR_DOCUMENT_END)))
		yaml_check_documents(c);
	if (c->on & scalars)
		yaml_check_scalars(c);
	if (yaml_is_on(c, YR_INDENTATION))
		yaml_check_indentation(c);
	if (c->on & (YR_BIT(YR_KEY_DUPLICATES) | YR_BIT(YR_KEY_ORDERING)))
		yaml_check_keys(c);
	if (yaml_is_on(c, YR_QUOTED_STRINGS))
		yaml_check_quotes(c);
	if (c->token.kind == YAML_T_SCALAR && c->token.line != c->token.end_line)
		c->text = c->token;
}

static bool is_comment_inline(const struct yaml_check *c, size_t number)
{
	const struct yaml_token *before = &c->token;
	return before->kind != YAML_T_STREAM_START && number == before->end_line + 1 &&
	       (before->end == 0 || c->file->text[before->end - 1] != '\n');
}

static void comment_at(struct lines *lines, struct yaml_comment *comment, size_t start)
{
	struct yaml_check *c = lines->c;
	size_t from = MAX(yaml_start_of_line(c, start), (size_t)c->token.end);
	comment->start = start;
	comment->column = start - from;
	if (comment->number == c->token.end_line + 1)
		comment->column += c->token.end_column;
	comment->is_inline = is_comment_inline(c, comment->number);
	end_lines_before(lines, comment->number);
	yaml_check_comment(c, comment);
	obey(c, comment);
	comment->has_before = true;
	comment->is_before_inline = comment->is_inline;
	comment->before_column = comment->column;
}

/* Between two tokens are only blanks, line ends and comments. */
static void check_comments(struct lines *lines)
{
	struct yaml_check *c = lines->c;
	const struct yaml_token *token = &c->token, *next = &c->next;
	bool is_border = token->kind == YAML_T_STREAM_START || next->kind == YAML_T_STREAM_END;
	if (token->end_line == next->line && !is_border)
		return;
	struct yaml_comment comment = { .number = token->end_line + 1 };
	const char *text = c->file->text;
	size_t at = token->end;
	while (at < next->start) {
		const char *newline = memchr(text + at, '\n', next->start - at);
		size_t end = newline ? (size_t)(newline - text) : next->start;
		const char *hash = memchr(text + at, '#', end - at);
		if (hash)
			comment_at(lines, &comment, (size_t)(hash - text));
		comment.number++;
		at = end + 1;
	}
}

/* A token counts when the two behind it could be read, too: that is how far yamllint looks. */
static void check_tokens(struct lines *lines, struct yaml_tokens *tokens)
{
	struct yaml_check *c = lines->c;
	bool has_token = yaml_tokens_next(tokens, &c->token);
	bool has_next = has_token && yaml_tokens_next(tokens, &c->next);
	while (has_token) {
		bool is_last = c->token.kind == YAML_T_STREAM_END;
		bool is_last_but_one = !is_last && has_next && c->next.kind == YAML_T_STREAM_END;
		bool has_after =
			has_next && !is_last_but_one && yaml_tokens_next(tokens, &c->after);
		if (!is_last && !is_last_but_one && !has_after)
			break;
		if (!has_after)
			c->after = (struct yaml_token){ 0 };
		if (is_last)
			c->next = (struct yaml_token){ 0 };
		end_lines_before(lines, c->token.line + 1);
		check_token(c);
		if (is_last)
			return;
		check_comments(lines);
		c->prev = c->token;
		c->token = c->next;
		c->next = c->after;
		has_next = has_after;
	}
	c->is_lost = true;
}

void yaml_check_text(struct yaml_check *c)
{
	const uint32_t line_only = YR_LINE_RULES | YR_BIT(YR_MERGE_KEYS);
	struct lines lines = { .c = c, .line = { .number = 1 } };
	size_t bom = c->file->len >= 3 && memcmp(c->file->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	lines.line.start = bom;
	find_line_end(&lines);
	/* Which lines are inside of texts matters for fixes only. */
	bool needs_tokens = (c->on & ~line_only) || c->file->options->wants_fixes ||
	                    str_find(c->file->text, c->file->len, "yamllint", 8);
	AUTOPTR(yaml_tokens)
	tokens = needs_tokens ? yaml_tokens_new(c->file->text, c->file->len) : NULL;
	c->is_lost = !tokens;
	if (tokens)
		check_tokens(&lines, tokens);
	while (!lines.is_over)
		end_line(&lines);
	add_flaws(c, SIZE_MAX);
	flush(c);
	yaml_keys_clear(c);
	map_clear(&c->anchors);
	vec_clear(&c->indentation.levels);
	vec_clear(&c->pending);
}
