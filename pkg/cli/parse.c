#include "base/base.h"

#include "cli/cli.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "cli/internal.h"

struct parser {
	const struct cli_program *program;
	const struct cli_values *values;
	struct cli_parsed *parsed;
	const char *const *words;
	size_t count, at;
	bool is_options_done; /* behind "--" */
	bool is_question;     /* -h or --version: what is missing does not matter */
	size_t next_arg;      /* row of the next positional argument */
};

/* A row together with the struct it fills. */
struct slot {
	const struct cli_opt *opt;
	void *fields;
	enum cli_origin *origin;
};

static err *usage_hint(const struct parser *p, err *take_e)
{
	AUTO(str) name = STR_INIT;
	cli_add_full_name(p->program, p->parsed, &name);
	return err_hint(take_e, "see '%s --help'", name.ptr);
}

/* What was typed: a long name, or one letter. */
struct typed {
	const char *name;
	size_t len;
	char letter; /* '\0': the name counts */
};

static bool is_typed(const struct cli_opt *opt, const struct typed *typed)
{
	if (!opt->name)
		return false;
	if (typed->letter)
		return opt->letter == typed->letter;
	return strlen(opt->name) == typed->len && memcmp(opt->name, typed->name, typed->len) == 0;
}

static bool find_in(const struct cli_opt *opts, void *fields, enum cli_origin *origins,
                    const struct typed *typed, struct slot *ret_slot)
{
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if (is_typed(&opts[i], typed)) {
			*ret_slot = (struct slot){ &opts[i], fields, &origins[i] };
			return true;
		}
	return false;
}

/* An option of the command or a global one. */
static bool find_slot(const struct parser *p, const struct typed *typed, struct slot *ret_slot)
{
	const struct cli_parsed *parsed = p->parsed;
	struct cli_store *store = parsed->store;
	if (parsed->args &&
	    find_in(parsed->cmd->opts, parsed->args, store->origins, typed, ret_slot))
		return true;
	return find_in(p->program->globals, parsed->globals, store->global_origins, typed,
	               ret_slot);
}

static const char *nearest_option(const struct parser *p, const char *name)
{
	VEC(const char *) names = VEC_INIT;
	const struct cli_opt *tables[] = { p->parsed->cmd ? p->parsed->cmd->opts : NULL,
		                           p->program->globals };
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t i = 0, count = cli_opt_count(tables[t]); i < count; i++)
			if (tables[t][i].name && !(tables[t][i].flags & CLI_HIDDEN))
				vec_push(&names, tables[t][i].name);
	const char *nearest = suggest_nearest(name, names.ptr, names.len);
	vec_clear(&names);
	return nearest;
}

/* The first command that knows an option, for people who write it before the command. */
static const struct cli_cmd *owner_of(const struct parser *p, const struct typed *typed)
{
	for (const struct cli_cmd *const *cmd = p->program->cmds; *cmd; cmd++)
		for (size_t i = 0, count = cli_opt_count((*cmd)->opts); i < count; i++)
			if (!(*cmd)->is_hidden && is_typed(&(*cmd)->opts[i], typed))
				return *cmd;
	return NULL;
}

static err *unknown_option(const struct parser *p, const char *shown, const struct typed *typed)
{
	const struct cli_cmd *owner = p->parsed->cmd ? NULL : owner_of(p, typed);
	if (owner)
		return err_hint(
			err_new(ERR_USAGE, "option '%s' must come after the command", shown),
			"as in '%s %s %s'", p->program->name, owner->name, shown);
	err *e = err_new(ERR_USAGE, "unknown option '%s'", shown);
	AUTOFREE char *name = typed->letter ? NULL : mem_strndup(typed->name, typed->len);
	bool is_negated = name && str_starts(name, "no-");
	const char *nearest = name ? nearest_option(p, name + (is_negated ? 3 : 0)) : NULL;
	if (!nearest)
		return usage_hint(p, e);
	return err_hint(e, "did you mean '--%s%s'?", is_negated ? "no-" : "", nearest);
}

static err *set(const struct slot *slot, const char *text, const char *label)
{
	TRY(cli_value_set(slot->opt, slot->fields, text, label));
	*slot->origin = CLI_FROM_FLAG;
	return NULL;
}

static void *field_of(const struct slot *slot)
{
	return (char *)slot->fields + slot->opt->off;
}

/* Options that take no value: `is_letter` tells -h from --help. */
static void set_bare(struct parser *p, const struct slot *slot, bool value, bool is_letter)
{
	int number;
	switch (slot->opt->type) {
	case CLI_TYPE_COUNT:
		memcpy(&number, field_of(slot), sizeof(number));
		number++;
		memcpy(field_of(slot), &number, sizeof(number));
		break;
	case CLI_TYPE_HELP:
		number = is_letter ? 1 : 2;
		memcpy(field_of(slot), &number, sizeof(number));
		p->is_question = true;
		break;
	default:
		memcpy(field_of(slot), &value, sizeof(value));
		if (str_equal(slot->opt->name, "version"))
			p->is_question = p->is_question || value;
	}
	*slot->origin = CLI_FROM_FLAG;
}

/* The word behind an option, as its value. */
static err *take_value(struct parser *p, const struct slot *slot, const char *shown)
{
	const char *arg = slot->opt->arg ? slot->opt->arg : "value";
	if (p->at == p->count)
		return err_hint(err_new(ERR_USAGE, "option '%s' needs a value", shown),
		                "write '%s <%s>'", shown, arg);
	const char *text = p->words[p->at];
	if (text[0] == '-' && text[1] && slot->opt->type != CLI_TYPE_INT)
		return err_hint(
			err_new(ERR_USAGE, "option '%s' needs a value, found '%s'", shown, text),
			"write '--%s=%s' if that is the value", slot->opt->name, text);
	p->at++;
	return set(slot, text, shown);
}

static err *parse_bare_long(struct parser *p, const struct slot *slot, const char *word,
                            const char *equals, bool is_negated)
{
	if (!equals) {
		set_bare(p, slot, !is_negated, false);
		return NULL;
	}
	AUTOFREE char *shown = mem_strndup(word, (size_t)(equals - word));
	err *e = err_new(ERR_USAGE, "option '%s' takes no value, found '%s'", shown, equals + 1);
	if (cli_opt_is_negatable(slot->opt))
		return err_hint(e, "write --%s or --no-%s", slot->opt->name, slot->opt->name);
	return e;
}

static bool find_negated(const struct parser *p, const struct typed *typed, struct slot *ret_slot)
{
	const struct typed plain = { typed->name + 3, typed->len - 3, '\0' };
	return typed->len > 3 && memcmp(typed->name, "no-", 3) == 0 &&
	       find_slot(p, &plain, ret_slot) && cli_opt_is_negatable(ret_slot->opt);
}

static err *parse_long(struct parser *p, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	const struct typed typed = { name, equals ? (size_t)(equals - name) : strlen(name), '\0' };
	AUTOFREE char *shown = mem_strndup(word, typed.len + 2);
	struct slot slot;
	bool is_plain = find_slot(p, &typed, &slot);
	if (!is_plain && !find_negated(p, &typed, &slot))
		return unknown_option(p, shown, &typed);
	if (!cli_opt_takes_value(slot.opt))
		return parse_bare_long(p, &slot, word, equals, !is_plain);
	if (equals)
		return set(&slot, equals + 1, shown);
	return take_value(p, &slot, shown);
}

/* -abc, -ofile, -o file */
static err *parse_letters(struct parser *p, const char *word)
{
	for (const char *at = word + 1; *at; at++) {
		bool is_ascii = (unsigned char)*at < 0x80;
		char shown[] = { '-', *at, '\0' };
		const struct typed typed = { NULL, 0, *at };
		struct slot slot;
		if (!is_ascii || !find_slot(p, &typed, &slot))
			return unknown_option(p, is_ascii ? shown : word, &typed);
		if (!cli_opt_takes_value(slot.opt))
			set_bare(p, &slot, true, true);
		else if (at[1])
			return set(&slot, at + 1, shown);
		else
			return take_value(p, &slot, shown);
	}
	return NULL;
}

static err *unknown_command(const struct parser *p, const char *word)
{
	const struct cli_cmd *above = p->parsed->cmd;
	const struct cli_cmd *const *cmds = above ? above->subcommands : p->program->cmds;
	const char *nearest = cli_suggest_command(cmds, word);
	err *e = above ? err_new(ERR_USAGE, "unknown command '%s %s'", above->name, word)
	               : err_new(ERR_USAGE, "unknown command '%s'", word);
	if (!nearest)
		return usage_hint(p, e);
	AUTO(str) name = STR_INIT;
	cli_add_full_name(p->program, p->parsed, &name);
	return err_hint(e, "did you mean '%s %s'?", name.ptr, nearest);
}

static err *parse_command(struct parser *p, const char *word)
{
	struct cli_parsed *parsed = p->parsed;
	const struct cli_cmd *cmd =
		cli_cmd_by_name(parsed->cmd ? parsed->cmd->subcommands : p->program->cmds, word);
	if (!cmd || parsed->depth == CLI_MAX_DEPTH)
		return unknown_command(p, word);
	parsed->path[parsed->depth++] = parsed->cmd = cmd;
	mem_free(parsed->args);
	parsed->args = NULL;
	if (cli_is_group(cmd))
		return NULL;
	parsed->args = mem_zalloc(1, cmd->args_size ? cmd->args_size : 1);
	parsed->store->origins = arena_zalloc(&parsed->store->arena, cli_opt_count(cmd->opts) + 1,
	                                      sizeof(*parsed->store->origins));
	return NULL;
}

static err *parse_argument(struct parser *p, const char *word)
{
	const struct cli_parsed *parsed = p->parsed;
	const struct cli_opt *opts = parsed->cmd->opts;
	size_t count = cli_opt_count(opts);
	while (p->next_arg < count && !cli_opt_is_positional(&opts[p->next_arg]))
		p->next_arg++;
	if (p->next_arg == count)
		return usage_hint(p, err_new(ERR_USAGE, "unexpected argument '%s'", word));
	size_t row = p->next_arg;
	if (opts[row].type == CLI_TYPE_ARG)
		p->next_arg++;
	struct slot slot = { &opts[row], parsed->args, &parsed->store->origins[row] };
	AUTO(str) label = STR_INIT;
	cli_opt_add_name(&opts[row], &label);
	return set(&slot, word, label.ptr);
}

/* A command that runs by itself and has subcommands: the first word decides, unless something came. */
static bool is_subcommand(const struct parser *p, const char *word)
{
	const struct cli_cmd *cmd = p->parsed->cmd;
	if (!cmd->subcommands || !cli_cmd_by_name(cmd->subcommands, word))
		return false;
	for (size_t i = 0, count = cli_opt_count(cmd->opts); i < count; i++)
		if (p->parsed->store->origins[i] != CLI_FROM_DEFAULT)
			return false;
	return true;
}

static err *parse_word(struct parser *p, const char *word)
{
	const struct cli_cmd *cmd = p->parsed->cmd;
	if (!p->is_options_done && str_equal(word, "--")) {
		p->is_options_done = true;
		return NULL;
	}
	if (!p->is_options_done && str_starts(word, "--"))
		return parse_long(p, word);
	if (!p->is_options_done && word[0] == '-' && word[1])
		return parse_letters(p, word);
	if (!cmd || cli_is_group(cmd) || is_subcommand(p, word))
		return parse_command(p, word);
	return parse_argument(p, word);
}

static err *ask_variable(const struct parser *p, const struct slot *slot)
{
	const char *name = slot->opt->env;
	const char *text = name && p->values->env ? p->values->env(p->values->data, name) : NULL;
	if (!text || !*text)
		return NULL;
	/* The environment may be translated into a buffer that does not last. */
	text = arena_strdup(&p->parsed->store->arena, text);
	TRY(cli_value_set(slot->opt, slot->fields, text, name));
	*slot->origin = CLI_FROM_ENV;
	return NULL;
}

static err *ask_setting(const struct parser *p, const struct slot *slot)
{
	const char *key = slot->opt->setting, *text = NULL;
	if (!key || !p->values->setting || (slot->opt->flags & CLI_LATE_SETTING))
		return NULL;
	TRY(p->values->setting(p->values->data, key, &text));
	if (!text)
		return NULL;
	text = arena_strdup(&p->parsed->store->arena, text);
	AUTO(str) label = STR_INIT;
	str_addf(&label, "setting '%s'", key);
	TRY(cli_value_set(slot->opt, slot->fields, text, label.ptr));
	*slot->origin = CLI_FROM_SETTING;
	return NULL;
}

/* Variable, then setting, then default, for all that the command line did not say. */
static err *fill(const struct parser *p, const struct cli_opt *opts, void *fields,
                 enum cli_origin *origins)
{
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++) {
		struct slot slot = { &opts[i], fields, &origins[i] };
		if (*slot.origin == CLI_FROM_DEFAULT)
			TRY(ask_variable(p, &slot));
		if (*slot.origin == CLI_FROM_DEFAULT)
			TRY(ask_setting(p, &slot));
		if (*slot.origin == CLI_FROM_DEFAULT && opts[i].def)
			TRY(cli_value_set(&opts[i], fields, opts[i].def, "the default"));
	}
	return NULL;
}

static err *check_complete(const struct parser *p)
{
	const struct cli_parsed *parsed = p->parsed;
	if (!parsed->cmd)
		return NULL;
	if (cli_is_group(parsed->cmd)) {
		AUTO(str) names = STR_INIT;
		for (const struct cli_cmd *const *sub = parsed->cmd->subcommands; *sub; sub++)
			str_addf(&names, "%s%s", names.len ? ", " : "", (*sub)->name);
		return usage_hint(p, err_new(ERR_USAGE, "'%s' needs a subcommand: %s",
		                             parsed->cmd->name, names.ptr));
	}
	const struct cli_opt *opts = parsed->cmd->opts;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if ((opts[i].flags & CLI_REQUIRED) && parsed->store->origins[i] == CLI_FROM_DEFAULT)
			return usage_hint(p,
			                  err_new(ERR_USAGE, "missing argument <%s>", opts[i].arg));
	return NULL;
}

static bool asks_for_json(const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && !str_equal(words[i], "--"); i++) {
		bool is_output = str_equal(words[i], "-o") || str_equal(words[i], "--output");
		if (str_equal(words[i], "--output=json") || str_equal(words[i], "-ojson") ||
		    (is_output && i + 1 < count && str_equal(words[i + 1], "json")))
			return true;
	}
	return false;
}

static err *parse_all(struct parser *p)
{
	while (p->at < p->count)
		TRY(parse_word(p, p->words[p->at++]));
	return NULL;
}

err *cli_parse(const struct cli_program *program, const struct cli_values *values, int argc,
               const char *const *argv, struct cli_parsed *ret)
{
	static const struct cli_values nowhere = { 0 };
	*ret = (struct cli_parsed){ 0 };
	struct cli_store *store = ret->store = MEM_NEW(struct cli_store);
	store->program = program;
	ret->globals = mem_zalloc(1, program->globals_size);
	store->global_origins = arena_zalloc(&store->arena, cli_opt_count(program->globals) + 1,
	                                     sizeof(*store->global_origins));
	struct parser p = { .program = program,
		            .values = values ? values : &nowhere,
		            .parsed = ret,
		            .words = argc > 0 ? argv + 1 : argv,
		            .count = argc > 0 ? (size_t)argc - 1 : 0 };
	ret->wants_json = asks_for_json(p.words, p.count);
	err *e = parse_all(&p);
	/* Also after a mistake: the message itself is shown the way the globals say. */
	err *global_error = fill(&p, program->globals, ret->globals, store->global_origins);
	if (e)
		err_ignore(global_error, "the first mistake is the one to report");
	else
		e = global_error;
	if (e || p.is_question)
		return e;
	TRY(check_complete(&p));
	return ret->args ? fill(&p, ret->cmd->opts, ret->args, store->origins) : NULL;
}

void cli_parsed_clear(struct cli_parsed *parsed)
{
	if (!parsed->store)
		return;
	if (parsed->cmd)
		cli_values_clear(parsed->cmd->opts, parsed->args);
	cli_values_clear(parsed->store->program->globals, parsed->globals);
	mem_free(parsed->args);
	mem_free(parsed->globals);
	arena_clear(&parsed->store->arena);
	mem_free(parsed->store);
	*parsed = (struct cli_parsed){ 0 };
}
