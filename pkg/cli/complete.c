#include "base/base.h"

#include "cli/complete.h"

#include "cli/internal.h"

struct cli_candidates {
	struct str *out;
	const char *prefix; /* what the word must begin with */
	const char *before; /* put in front of every value: "--output=" */
};

/* What is known about the words in front of the one being completed. */
struct position {
	const struct cli_cmd *cmd;         /* NULL: still choosing */
	const struct cli_cmd *const *cmds; /* to choose from; NULL: none */
	const struct cli_opt *waits_for_value;
	size_t n_args;
	bool is_options_done;
};

/* A tab or line feed would break the protocol; such names are rare and not offered. */
static bool is_one_line(const char *text)
{
	return !strpbrk(text, "\t\n\r");
}

void cli_candidate(struct cli_candidates *out, const char *value, const char *description)
{
	if (!str_starts(value, out->prefix) || !is_one_line(value))
		return;
	str_addf(out->out, "%s%s", out->before, value);
	if (description && is_one_line(description))
		str_addf(out->out, "\t%s", description);
	str_addch(out->out, '\n');
}

static const struct cli_opt *find_long(const struct cli_program *program, const struct position *at,
                                       const char *name, size_t len)
{
	const struct cli_opt *opt = at->cmd ? cli_opt_by_name(at->cmd->opts, name, len) : NULL;
	return opt ? opt : cli_opt_by_name(program->globals, name, len);
}

/* The option whose value is the next word, after a cluster such as -ve. */
static const struct cli_opt *find_letters(const struct cli_program *program,
                                          const struct position *at, const char *letters)
{
	for (; *letters; letters++) {
		const struct cli_opt *opt =
			at->cmd ? cli_opt_by_letter(at->cmd->opts, *letters) : NULL;
		if (!opt)
			opt = cli_opt_by_letter(program->globals, *letters);
		if (!opt)
			return NULL;
		if (cli_opt_takes_value(opt))
			return letters[1] ? NULL : opt;
	}
	return NULL;
}

static void step(const struct cli_program *program, struct position *at, const char *word)
{
	const struct cli_opt *opt = NULL;
	if (at->waits_for_value) {
		at->waits_for_value = NULL;
	} else if (!at->is_options_done && str_equal(word, "--")) {
		at->is_options_done = true;
	} else if (!at->is_options_done && str_starts(word, "--")) {
		opt = strchr(word, '=') ? NULL : find_long(program, at, word + 2, strlen(word + 2));
		at->waits_for_value = opt && cli_opt_takes_value(opt) ? opt : NULL;
	} else if (!at->is_options_done && word[0] == '-' && word[1]) {
		at->waits_for_value = find_letters(program, at, word + 1);
	} else if (at->cmds && (!at->cmd || cli_is_group(at->cmd) || cli_cmd_by_name(at->cmds, word))) {
		at->cmd = cli_cmd_by_name(at->cmds, word);
		at->cmds = at->cmd ? at->cmd->subcommands : NULL;
	} else {
		at->cmds = NULL;
		at->n_args++;
	}
}

static const char *offer_values(const struct cli_opt *opt, struct app *app,
                                struct cli_candidates *out)
{
	for (const struct cli_choice *choice = opt->choices; choice && choice->name; choice++)
		cli_candidate(out, choice->name, choice->help);
	if (opt->complete)
		opt->complete(app, out->prefix, out);
	switch (opt->words) {
	case CLI_WORDS_FILES:
		return ":files";
	case CLI_WORDS_DIRS:
		return ":dirs";
	case CLI_WORDS_NONE:
		break;
	}
	return ":none";
}

static void offer_option(const struct cli_opt *opt, struct cli_candidates *out)
{
	if (!opt->name || (opt->flags & CLI_HIDDEN))
		return;
	AUTO(str) name = STR_INIT;
	str_addf(&name, "--%s", opt->name);
	cli_candidate(out, name.ptr, opt->help);
	if (!cli_opt_is_negatable(opt) || !str_starts(out->prefix, "--no-"))
		return;
	str_reset(&name);
	str_addf(&name, "--no-%s", opt->name);
	cli_candidate(out, name.ptr, opt->help);
}

static const char *offer_options(const struct cli_program *program, const struct position *at,
                                 struct cli_candidates *out)
{
	const struct cli_opt *opts = at->cmd ? at->cmd->opts : NULL;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		offer_option(&opts[i], out);
	for (size_t i = 0, count = cli_opt_count(program->globals); i < count; i++)
		offer_option(&program->globals[i], out);
	return ":none";
}

static const char *offer_argument(const struct position *at, struct app *app,
                                  struct cli_candidates *out)
{
	const struct cli_opt *opts = at->cmd ? at->cmd->opts : NULL;
	size_t skip = at->n_args;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++) {
		if (!cli_opt_is_positional(&opts[i]))
			continue;
		if (skip == 0 || opts[i].type == CLI_TYPE_ARGS)
			return offer_values(&opts[i], app, out);
		skip--;
	}
	return ":none";
}

static const char *offer(const struct cli_program *program, struct app *app,
                         const struct position *at, struct cli_candidates *out)
{
	if (at->waits_for_value)
		return offer_values(at->waits_for_value, app, out);
	const char *equals = strchr(out->prefix, '=');
	if (!at->is_options_done && str_starts(out->prefix, "--") && equals) {
		const char *name = out->prefix + 2;
		const struct cli_opt *opt = find_long(program, at, name, (size_t)(equals - name));
		if (!opt || !cli_opt_takes_value(opt))
			return ":none";
		AUTOFREE char *before =
			mem_strndup(out->prefix, (size_t)(equals + 1 - out->prefix));
		struct cli_candidates values = { out->out, equals + 1, before };
		return offer_values(opt, app, &values);
	}
	if (!at->is_options_done && out->prefix[0] == '-')
		return offer_options(program, at, out);
	if (!at->cmds)
		return offer_argument(at, app, out);
	for (const struct cli_cmd *const *cmd = at->cmds; *cmd; cmd++)
		if (!(*cmd)->is_hidden)
			cli_candidate(out, (*cmd)->name, (*cmd)->brief);
	return at->cmd && !cli_is_group(at->cmd) ? offer_argument(at, app, out) : ":none";
}

void cli_complete(const struct cli_program *program, struct app *app, const char *const *words,
                  size_t n_words, struct str *out)
{
	struct position at = { .cmds = program->cmds };
	for (size_t i = 0; i + 1 < n_words; i++)
		step(program, &at, words[i]);
	struct cli_candidates candidates = { out, n_words > 0 ? words[n_words - 1] : "", "" };
	const char *directive = offer(program, app, &at, &candidates);
	str_addf(out, "%s\n", directive);
}
