#include "base/base.h"

#include "lint/dockerfile.h"

#include <ctype.h>

#include "base/path.h"
#include "base/vec.h"

#define INSTRUCTIONS_MAX 20000u

struct words {
	struct dockerfile_word *ptr;
	size_t len, cap;
};

struct commands {
	struct dockerfile_command *ptr;
	size_t len, cap;
};

struct parser {
	struct arena *arena;
	char *text; /* joined */
	size_t len;
	char escape;
	struct dockerfile *file;
	VEC(struct dockerfile_instruction) instructions;
	size_t stage;
};

/* strchr would find the end of the list for a NUL. */
static bool is_any(char c, const char *list)
{
	return c && strchr(list, c);
}

static size_t line_end(const struct parser *p, size_t at)
{
	const char *newline = memchr(p->text + at, '\n', p->len - at);
	return newline ? (size_t)(newline - p->text) : p->len;
}

static size_t skip_blanks(const struct parser *p, size_t at, size_t end)
{
	while (at < end && is_any(p->text[at], " \t\r\n"))
		at++;
	return at;
}

/* `# escape=`` in the first lines. */
static char find_escape(const char *text, size_t len)
{
	struct view rest = { text, len }, line;
	while (view_split(&rest, '\n', &line)) {
		AUTOFREE char *copy = mem_strndup(line.ptr, line.len);
		char name[32], value;
		if (copy[0] != '#' || sscanf(copy, "# %31[a-z] = %c", name, &value) != 2)
			return '\\';
		if (str_equal(name, "escape"))
			return value;
	}
	return '\\';
}

static bool is_comment_line(const struct parser *p, size_t line)
{
	size_t at = line;
	while (at < p->len && (p->text[at] == ' ' || p->text[at] == '\t'))
		at++;
	return at < p->len && p->text[at] == '#';
}

static bool is_empty_line(const struct parser *p, size_t line)
{
	return skip_blanks(p, line, line_end(p, line)) == line_end(p, line);
}

static void blank(struct parser *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p->text[i] = ' ';
}

/* Where the escape that continues the line stands; SIZE_MAX when it does not go on. */
static size_t continuation(const struct parser *p, size_t line, size_t end)
{
	size_t at = end;
	while (at > line && is_any(p->text[at - 1], " \t\r"))
		at--;
	return at > line && p->text[at - 1] == p->escape ? at - 1 : SIZE_MAX;
}

/* Join the lines of the instruction that begins at `start`; its end. */
static size_t join_lines(struct parser *p, size_t start)
{
	size_t line = start, end = line_end(p, line), at;
	while ((at = continuation(p, line, end)) != SIZE_MAX && end < p->len) {
		blank(p, at, end + 1);
		line = end + 1;
		while (line < p->len && (is_comment_line(p, line) || is_empty_line(p, line))) {
			size_t stop = line_end(p, line);
			if (!is_comment_line(p, line) && p->file->empty_continuation == SIZE_MAX)
				p->file->empty_continuation = line;
			blank(p, line, MIN(stop + 1, p->len));
			line = stop + 1;
		}
		if (line >= p->len)
			return p->len;
		end = line_end(p, line);
	}
	return end;
}

/* --- words --- */

static void add_word(struct parser *p, struct words *words, const struct str *text, size_t start,
                     size_t end)
{
	struct dockerfile_word word = { arena_strndup(p->arena, text->ptr, text->len), start, end };
	vec_push(words, word);
}

/* One word of shell or instruction text: up to a blank or, for the shell, an operator. */
static size_t read_word(struct parser *p, size_t at, size_t end, bool is_shell, struct str *text)
{
	char quote = '\0';
	for (; at < end; at++) {
		char c = p->text[at];
		if (quote) {
			if (c == quote)
				quote = '\0';
			else
				str_addch(text, c);
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == p->escape && at + 1 < end) {
			str_addch(text, p->text[++at]);
		} else if (c == '$' && at + 1 < end && p->text[at + 1] == '(') {
			size_t depth = 0;
			for (; at < end; at++) {
				depth += p->text[at] == '(';
				str_addch(text, p->text[at]);
				if (p->text[at] == ')' && --depth == 0)
					break;
			}
		} else if (is_any(c, " \t\r\n") || (is_shell && is_any(c, ";&|()<>"))) {
			return at;
		} else {
			str_addch(text, c);
		}
	}
	return MIN(at, end); /* an open $( goes one too far */
}

static void read_words(struct parser *p, size_t at, size_t end, struct words *words)
{
	while ((at = skip_blanks(p, at, end)) < end) {
		AUTO(str) text = STR_INIT;
		size_t start = at;
		at = read_word(p, at, end, false, &text);
		add_word(p, words, &text, start, at);
	}
}

/* ["a", "b"]: false when it is no such array, and then it is shell form. */
static bool read_json(struct parser *p, size_t at, size_t end, struct words *words)
{
	if (at >= end || p->text[at] != '[')
		return false;
	bool is_due = true; /* a string */
	for (at++; (at = skip_blanks(p, at, end)) < end; at++) {
		char c = p->text[at];
		if (c == ']')
			return skip_blanks(p, at + 1, end) == end;
		if (c == ',' && !is_due) {
			is_due = true;
			continue;
		}
		if (c != '"' || !is_due)
			return false;
		AUTO(str) text = STR_INIT;
		size_t start = at;
		for (at++; at < end && p->text[at] != '"'; at++) {
			at += p->text[at] == '\\' && at + 1 < end;
			str_addch(&text, p->text[at]);
		}
		add_word(p, words, &text, start, MIN(at + 1, end));
		is_due = false;
	}
	return false;
}

/* --- shell --- */

static void end_command(struct parser *p, struct words *words, struct commands *commands,
                        bool is_piped)
{
	size_t skip = 0;
	/* `A=b cmd`, and the words of control structures: what counts is what runs. */
	static const char *const control[] = { "if",    "then",  "else", "elif", "do",
		                               "while", "until", "!",    "{",    "time" };
	for (bool is_more = true; is_more && skip < words->len;) {
		const char *text = words->ptr[skip].text;
		size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
		                           "0123456789");
		is_more = name > 0 && text[name] == '=';
		for (size_t i = 0; i < ARRAY_LEN(control) && !is_more; i++)
			is_more = str_equal(text, control[i]);
		skip += is_more;
	}
	if (skip < words->len) {
		size_t n = words->len - skip;
		struct dockerfile_word *copy = arena_alloc(p->arena, n * sizeof(*copy));
		memcpy(copy, words->ptr + skip, n * sizeof(*copy));
		struct dockerfile_command command = { copy, n, is_piped, copy[0].start,
			                              copy[n - 1].end };
		vec_push(commands, command);
	}
	words->len = 0;
}

static void read_commands(struct parser *p, size_t at, size_t end, struct commands *commands)
{
	struct words words = VEC_INIT;
	bool is_redirect = false;
	while (at < end) {
		char c = p->text[at];
		if (c == ' ' || c == '\t' || c == '\r') {
			at++;
		} else if (c == '#' && (at == 0 || is_any(p->text[at - 1], " \t\n;"))) {
			at = MIN(line_end(p, at), end);
		} else if (is_any(c, "\n;&|()")) {
			bool is_or = c == '|' && at + 1 < end && p->text[at + 1] == '|';
			bool is_fd = c == '&' && at > 0 && p->text[at - 1] == '>';
			if (!is_fd)
				end_command(p, &words, commands, c == '|' && !is_or);
			at += is_or || (c == '&' && at + 1 < end && p->text[at + 1] == '&') ? 2 : 1;
		} else if (c == '<' || c == '>') {
			is_redirect = true;
			at++;
		} else {
			AUTO(str) text = STR_INIT;
			size_t start = at;
			at = read_word(p, at, end, true, &text);
			if (at == start)
				at++;
			if (!is_redirect)
				add_word(p, &words, &text, start, at);
			is_redirect = false;
		}
	}
	end_command(p, &words, commands, false);
	vec_clear(&words);
}

/* --- instructions --- */

/* `<<EOF`, `<<-"EOF"`: the lines up to the delimiter belong to the instruction. */
static size_t skip_heredocs(struct parser *p, size_t start, size_t end, bool *ret_has)
{
	for (size_t at = start; at + 2 < end; at++) {
		if (p->text[at] != '<' || p->text[at + 1] != '<' || p->text[at + 2] == '<')
			continue;
		size_t word = at + 2;
		word += word < end && p->text[word] == '-';
		size_t quote = word < end && is_any(p->text[word], "'\"") ? 1 : 0;
		size_t len = 0;
		while (word + quote + len < end &&
		       (isalnum((unsigned char)p->text[word + quote + len]) ||
		        p->text[word + quote + len] == '_'))
			len++;
		if (len == 0)
			continue;
		AUTOFREE char *delimiter = mem_strndup(p->text + word + quote, len);
		size_t line = line_end(p, end) + 1;
		while (line < p->len) {
			size_t stop = line_end(p, line);
			size_t first = line + strspn(p->text + line, "\t");
			bool is_end =
				stop - first == len && memcmp(p->text + first, delimiter, len) == 0;
			end = stop;
			line = stop + 1;
			if (is_end)
				break;
		}
		*ret_has = true;
		return end;
	}
	return end;
}

static const char *upper(struct parser *p, size_t start, size_t end)
{
	char *name = arena_strndup(p->arena, p->text + start, end - start);
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return name;
}

static size_t word_end(const struct parser *p, size_t at, size_t end)
{
	while (at < end && !is_any(p->text[at], " \t\r\n"))
		at++;
	return at;
}

static void read_flags(struct parser *p, struct dockerfile_instruction *in)
{
	struct words flags = VEC_INIT;
	size_t at = in->args;
	while ((at = skip_blanks(p, at, in->end)) + 2 < in->end &&
	       memcmp(p->text + at, "--", 2) == 0) {
		size_t stop = word_end(p, at, in->end);
		struct dockerfile_word word = { arena_strndup(p->arena, p->text + at, stop - at),
			                        at, stop };
		vec_push(&flags, word);
		at = stop;
	}
	in->args = at;
	in->n_flags = flags.len;
	struct dockerfile_word *copy = arena_zalloc(p->arena, flags.len + 1, sizeof(*copy));
	if (flags.len)
		memcpy(copy, flags.ptr, flags.len * sizeof(*copy));
	in->flags = copy;
	vec_clear(&flags);
}

static void read_arguments(struct parser *p, struct dockerfile_instruction *in, size_t line_stop)
{
	struct words words = VEC_INIT;
	in->is_json = read_json(p, in->args, line_stop, &words);
	if (!in->is_json) {
		words.len = 0;
		read_words(p, in->args, line_stop, &words);
	}
	struct dockerfile_word *copy = arena_zalloc(p->arena, words.len + 1, sizeof(*copy));
	if (words.len)
		memcpy(copy, words.ptr, words.len * sizeof(*copy));
	in->words = copy;
	in->n_words = words.len;
	vec_clear(&words);
	if (!str_equal(in->name, "RUN") || in->is_json)
		return;
	struct commands commands = VEC_INIT;
	read_commands(p, in->args, in->end, &commands);
	struct dockerfile_command *kept = arena_zalloc(p->arena, commands.len + 1, sizeof(*kept));
	if (commands.len)
		memcpy(kept, commands.ptr, commands.len * sizeof(*kept));
	in->commands = kept;
	in->n_commands = commands.len;
	vec_clear(&commands);
}

static size_t read_instruction(struct parser *p, size_t at)
{
	struct dockerfile_instruction in = { .start = at };
	size_t end = join_lines(p, at), line_stop = end;
	in.name_end = word_end(p, at, end);
	in.name = upper(p, at, in.name_end);
	in.args = skip_blanks(p, in.name_end, end);
	bool may_heredoc = str_equal(in.name, "RUN") || str_equal(in.name, "COPY") ||
	                   str_equal(in.name, "ADD");
	if (may_heredoc)
		end = skip_heredocs(p, in.args, end, &in.has_heredoc);
	in.end = end;
	while (in.end > in.name_end && is_any(p->text[in.end - 1], " \t\r\n"))
		in.end--;
	if (str_equal(in.name, "ONBUILD"))
		in.inner = upper(p, in.args, word_end(p, in.args, end));
	p->stage += str_equal(in.name, "FROM");
	in.stage = p->stage;
	read_flags(p, &in);
	read_arguments(p, &in, MIN(line_stop, in.end));
	vec_push(&p->instructions, in);
	return end + 1;
}

void dockerfile_parse(const char *text, size_t len, struct arena *a, struct dockerfile *ret_file)
{
	struct parser p = { .arena = a,
		            .text = arena_strndup(a, text, len),
		            .len = len,
		            .escape = find_escape(text, len),
		            .file = ret_file };
	*ret_file =
		(struct dockerfile){ .text = p.text, .len = len, .empty_continuation = SIZE_MAX };
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	while (at < len && p.instructions.len < INSTRUCTIONS_MAX) {
		at = skip_blanks(&p, at, len);
		if (at < len && p.text[at] == '#')
			at = line_end(&p, at) + 1;
		else if (at < len)
			at = read_instruction(&p, at);
	}
	struct dockerfile_instruction *copy =
		arena_zalloc(a, p.instructions.len + 1, sizeof(*copy));
	if (p.instructions.len)
		memcpy(copy, p.instructions.ptr, p.instructions.len * sizeof(*copy));
	ret_file->instructions = copy;
	ret_file->n_instructions = p.instructions.len;
	vec_clear(&p.instructions);
}

const struct dockerfile_word *dockerfile_flag(const struct dockerfile_instruction *instruction,
                                              const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < instruction->n_flags; i++)
		if (strncmp(instruction->flags[i].text, name, len) == 0 &&
		    instruction->flags[i].text[len] == '=')
			return &instruction->flags[i];
	return NULL;
}

bool dockerfile_is_command(const struct dockerfile_command *command, const char *name,
                           const char *sub)
{
	if (!str_equal(path_base(command->words[0].text), name))
		return false;
	if (!sub)
		return true;
	for (size_t i = 1; i < command->n_words; i++)
		if (command->words[i].text[0] != '-')
			return str_equal(command->words[i].text, sub);
	return false;
}

bool dockerfile_has_option(const struct dockerfile_command *command, const char *option)
{
	bool is_letter = option[0] == '-' && option[1] != '-' && !option[2];
	size_t len = strlen(option);
	for (size_t i = 1; i < command->n_words; i++) {
		const char *word = command->words[i].text;
		bool is_short = word[0] == '-' && word[1] != '-';
		if (is_letter && is_short && strchr(word + 1, option[1]))
			return true;
		if (strncmp(word, option, len) == 0 && (!word[len] || word[len] == '='))
			return true;
	}
	return false;
}
